"""The peer of report_reading.rs: how fast parsedmarc reads the same files, on one core.

usage: report_reading.py json|mail FOLDER SECONDS; prints reports a second, or nothing where parsedmarc is not installed.
"""

import gzip
import pathlib
import sys
import time

try:
    import parsedmarc
except ImportError:
    sys.exit(0)


def read_json(packed):
    parsedmarc.parse_smtp_tls_report_json(gzip.decompress(packed).decode())


def read_mail(mail):
    report = parsedmarc.parse_report_email(mail, offline=True)
    assert report["report_type"] == "smtp_tls", report["report_type"]


kind, folder, seconds = sys.argv[1:4]
read = {"json": read_json, "mail": read_mail}[kind]
contents = [path.read_bytes() for path in sorted(pathlib.Path(folder).iterdir())]
read(contents[0])
done, begin = 0, time.perf_counter()
while time.perf_counter() - begin < float(seconds):
    for content in contents[done % len(contents) :][:20]:
        read(content)
        done += 1
print(done / (time.perf_counter() - begin))

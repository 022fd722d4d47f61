#!/usr/bin/env python3
"""Signs the mails in independent/ with dkimpy (pip install dkimpy pynacl), an implementation that shares nothing with ours.

The keys are made anew and thrown away; only their public records are kept."""

import base64
import pathlib
import subprocess

import dkim
import nacl.signing

FOLDER = pathlib.Path(__file__).parent / "independent"
MAIL = b"""\
Date: Mon, 2 Mar 2026 00:20:00 +0000\r
From: TLS Reports <noreply@sender.example>\r
To: tlsrpt@own.example\r
Subject: Report Domain: own.example\r
  Submitter: sender.example\r
TLS-Report-Domain: own.example\r
TLS-Report-Submitter: sender.example\r
MIME-Version: 1.0\r
Content-Type: application/tlsrpt+json\r
\r
{"organization-name":  "Sender", \r
\t"report-id": "1"}\r
\r
\tthe end \r
\r
"""

FOLDER.mkdir(exist_ok=True)
run = lambda *args, **more: subprocess.run(args, check=True, capture_output=True, **more).stdout
rsa = run("openssl", "genrsa", "-traditional", "1024")
public = run("openssl", "rsa", "-pubout", "-outform", "DER", input=rsa)
(FOLDER / "rsa.txt").write_text(f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}\n")
ed25519 = nacl.signing.SigningKey.generate()
(FOLDER / "ed25519.txt").write_text(f"v=DKIM1; k=ed25519; p={base64.b64encode(bytes(ed25519.verify_key)).decode()}\n")
keys = {"rsa": (rsa, b"rsa-sha256"), "ed25519": (base64.b64encode(bytes(ed25519)), b"ed25519-sha256")}

for name, (key, algorithm) in keys.items():
    for header in (b"simple", b"relaxed"):
        for body in (b"simple", b"relaxed"):
            signature = dkim.sign(
                MAIL, name.encode(), b"sender.example", key, canonicalize=(header, body), signature_algorithm=algorithm
            )
            (FOLDER / f"{name}-{header.decode()}-{body.decode()}.eml").write_bytes(signature + MAIL)

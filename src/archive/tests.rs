use std::fs;
use std::io::Write as _;
use std::path::Path;

use super::*;

fn report(id: &str, domain: &str, failures: u64) -> String {
    format!(
        r#"{{"organization-name":"Sender Ltd","contact-info":"t@sender.example","report-id":"{id}",
        "date-range":{{"start-datetime":"2026-03-01T00:00:00Z","end-datetime":"2026-03-01T23:59:59Z"}},
        "policies":[{{"policy":{{"policy-type":"sts","policy-domain":"{domain}"}},
        "summary":{{"total-successful-session-count":9,"total-failure-session-count":{failures}}}}}]}}"#
    )
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(data).and_then(|()| packer.finish()).expect("memory")
}

fn mail(body: &str) -> String {
    format!("From: t@sender.example\r\nSubject: report\r\nContent-Type: application/tlsrpt+json\r\n\r\n{body}")
}

/// A directory with these files, read.
fn archive(files: &[(&str, &[u8])]) -> Archive {
    let folder = folder(files);
    Archive::read(&[folder.path().to_owned()]).expect("the folder exists")
}

fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, data) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("below the folder")).and_then(|()| fs::write(path, data)).expect("written");
    }
    folder
}

fn shop(archive: &Archive) -> ReportFacts {
    archive.for_domain(&Domain::from_dns("shop.example"))
}

fn ids(archive: &Archive) -> Vec<String> {
    shop(archive).reports.into_iter().map(|report| report.id).collect()
}

#[test]
fn content_decides_whatever_the_name() {
    let json = |id: &str| report(id, "shop.example", 0);
    let read = archive(&[
        ("a.txt", json("a").as_bytes()),
        ("b.json", &gzip(json("b").as_bytes())),
        ("c", mail(&json("c")).as_bytes()),
        ("d.gz", json("d").as_bytes()),
        ("e.eml.gz", &gzip(mail(&json("e")).as_bytes())),
        ("f", &gzip(&gzip(json("f").as_bytes()))),
        ("g.mbox", format!("From a Sun\n{}\n\nFrom b Mon\n{}\n", mail(&json("g1")), mail(&json("g2"))).as_bytes()),
        ("h.ndjson", format!("{}\n{}\n", json("h1").replace('\n', ""), json("h2").replace('\n', "")).as_bytes()),
        (".Folder/cur/1:2,S", mail(&json("i")).as_bytes()),
    ]);
    assert_eq!(ids(&read), ["a", "b", "c", "d", "e", "f", "g1", "g2", "h1", "h2", "i"]);
    assert_eq!(shop(&read).rejected, []);
    assert_eq!(shop(&read).files, 9);
}

#[test]
fn what_cannot_be_read_is_rejected_and_costs_nothing_else() {
    let good = report("good", "shop.example", 0);
    let packed = gzip(good.as_bytes());
    let read = archive(&[
        ("1-empty.json", b""),
        ("2-half.json", &good.as_bytes()[..good.len() / 2]),
        ("3-cut.json.gz", &packed[..packed.len() - 12]),
        ("4-bomb.json.gz", &gzip(&vec![b' '; 16 << 20])),
        ("5-zip", b"PK\x03\x04rest"),
        ("6-dmarc", b"<?xml version=\"1.0\"?><feedback></feedback>"),
        ("7-stripped.eml", b"From: a@b.example\nTLS-Report-Domain: shop.example\n\nThe attachment was removed.\n"),
        ("8-other.json", b"{\"name\":\"package\"}"),
        ("9-good.json", good.as_bytes()),
    ]);
    assert_eq!(ids(&read), ["good"]);
    let reasons: Vec<String> = shop(&read).rejected.into_iter().map(|rejected| rejected.reason).collect();
    let wanted = ["empty", "breaks off", "cut off", "200 times", "zip", "DMARC", "without a TLS report", "without `policies`"];
    assert_eq!(reasons.len(), wanted.len(), "{reasons:?}");
    for (reason, wanted) in reasons.iter().zip(wanted) {
        assert!(reason.contains(wanted), "{reason}: {wanted}");
    }
}

#[test]
fn other_peoples_files_are_counted_and_not_complained_about() {
    let read = archive(&[
        ("README", b"Reports of 2026\n"),
        (".DS_Store", b"\0\0\0\x01Bud1"),
        (".notes.json.swp", b"b0VIM 9.0"),
        ("notes.txt~", b""),
        (".half.json", b"{\"organization-name\":"),
        ("bounce.eml", b"From: a@b.example\nSubject: returned\n\nHello\n"),
        ("a.json", report("a", "shop.example", 0).as_bytes()),
    ]);
    let facts = shop(&read);
    assert_eq!((facts.ignored, facts.rejected.len(), facts.files), (6, 0, 7));
}

#[test]
fn duplicates_count_once_and_never_hide_a_failure() {
    let (clean, failed) = (report("a", "shop.example", 0), report("a", "shop.example", 3));
    for files in
        [[("1.json", clean.as_bytes()), ("2.json", failed.as_bytes())], [("1.json", failed.as_bytes()), ("2.json", clean.as_bytes())]]
    {
        let facts = shop(&archive(&files));
        assert_eq!((facts.reports.len(), facts.duplicates), (1, 1));
        assert_eq!(facts.reports[0].policies[0].failed, 3);
    }
}

#[test]
fn one_reading_serves_many_domains() {
    let read = archive(&[
        ("a.json", report("a", "shop.example", 0).as_bytes()),
        ("b.json", report("b", "Other.Example.", 0).as_bytes()),
        ("c.json", report("c", "bücher.example", 0).as_bytes()),
    ]);
    assert_eq!((ids(&read), shop(&read).other_domains), (vec!["a".to_owned()], 2));
    let of = |name: &str| read.for_domain(&Domain::parse(name).expect("a name")).reports.len();
    assert_eq!((of("other.example"), of("bücher.example"), of("nobody.example")), (1, 1, 0));
    assert_eq!(read.domains().len(), 3);
}

#[test]
fn a_policy_without_domain_takes_the_reports_subject() {
    let nameless = report("2026-03-01T00:00:00Z_shop.example", "x", 0).replace(r#","policy-domain":"x""#, "");
    assert_eq!(ids(&archive(&[("a.json", nameless.as_bytes())])).len(), 1);
    let by_name = report("1_2", "x", 0).replace(r#","policy-domain":"x""#, "");
    assert_eq!(ids(&archive(&[("sender.example!shop.example!1772323200!1772409599!1.json", by_name.as_bytes())])).len(), 1);
    assert_eq!(ids(&archive(&[("a.json", by_name.as_bytes())])).len(), 0);
}

#[test]
fn paths_that_do_not_exist_are_the_operators_mistake() {
    let missing = Path::new("/nonexistent/reports").to_owned();
    let error = Archive::read(std::slice::from_ref(&missing)).expect_err("no such path").to_string();
    assert!(error.starts_with("/nonexistent/reports: no such file"), "{error}");
}

#[cfg(unix)]
#[test]
fn links_in_a_circle_end() {
    let folder = folder(&[("sub/a.json", report("a", "shop.example", 0).as_bytes())]);
    for (target, link) in [(folder.path(), "sub/up"), (Path::new("/nonexistent"), "dangling"), (Path::new("sub"), "again")] {
        std::os::unix::fs::symlink(target, folder.path().join(link)).expect("a link");
    }
    let read = Archive::read(&[folder.path().to_owned(), folder.path().join("sub")]).expect("it exists");
    assert_eq!(ids(&read), ["a"]);
    assert_eq!(shop(&read).rejected, []);
}

#[test]
fn order_of_paths_and_number_of_files_change_nothing() {
    let files: Vec<(String, String)> = (0..64).map(|n| (format!("{n}.json"), report(&format!("r{n:02}"), "shop.example", n))).collect();
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    let folder = folder(&files);
    let mut paths: Vec<PathBuf> = files.iter().map(|(name, _)| folder.path().join(name)).collect();
    let forward = shop(&Archive::read(&paths).expect("readable"));
    paths.reverse();
    let backward = shop(&Archive::read(&paths).expect("readable"));
    assert_eq!(forward.reports, backward.reports);
    assert_eq!(forward.reports.len(), 64);
}

/// Real reports of other projects, where they are at hand: `STSREADY_SAMPLES=DIR`.
#[test]
fn samples_of_the_field_are_all_read() {
    let Some(folder) = std::env::var_os("STSREADY_SAMPLES").map(PathBuf::from).filter(|folder| folder.is_dir()) else { return };
    let archive = Archive::read(&[folder]).expect("readable");
    let lost: Vec<_> = archive.rejected.iter().map(|rejected| format!("{}: {}", rejected.source, rejected.reason)).collect();
    assert_eq!(lost, Vec::<String>::new());
    assert!(archive.reports.len() >= 10);
}

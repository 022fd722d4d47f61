use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::Mutex;

use super::*;
use crate::archive::intake::{OperatorsWord, Received};
use crate::model::facts::reports::Authenticity;
use crate::wire::name::Domain;

fn report(id: &str) -> String {
    format!(
        r#"{{"organization-name":"Sender Ltd","contact-info":"t@sender.example","report-id":"{id}",
        "date-range":{{"start-datetime":"2026-03-01T00:00:00Z","end-datetime":"2026-03-01T23:59:59Z"}},
        "policies":[{{"policy":{{"policy-type":"sts","policy-domain":"shop.example"}},
        "summary":{{"total-successful-session-count":9,"total-failure-session-count":0}}}}]}}"#
    )
}

fn mail(body: &str) -> String {
    format!("From: t@sender.example\nSubject: report\nContent-Type: application/tlsrpt+json\n\n{body}\n")
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(data).and_then(|()| packer.finish()).expect("memory")
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, data) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(data.len() as u64);
        builder.append_data(&mut header, name, *data).expect("memory");
    }
    builder.into_inner().expect("memory")
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::write::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, data) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).expect("memory");
        writer.write_all(data).expect("memory");
    }
    writer.finish().expect("memory").into_inner()
}

fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, data) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("below the folder")).and_then(|()| fs::write(path, data)).expect("written");
    }
    folder
}

fn parcels(path: &Path, options: &Options<'_>) -> (Vec<Parcel>, Totals) {
    let mut parcels = Vec::new();
    let totals = each(&[path.to_owned()], options, |parcel, _| {
        parcels.push(parcel);
        Ok::<(), Infallible>(())
    });
    (parcels, totals.expect("readable"))
}

fn reports(parcels: &[Parcel]) -> Vec<&Received> {
    let mut reports: Vec<&Received> = parcels.iter().flat_map(|parcel| &parcel.reports).collect();
    reports.sort_by(|a, b| a.report.id.cmp(&b.report.id));
    reports
}

fn ids(parcels: &[Parcel]) -> Vec<&str> {
    reports(parcels).into_iter().map(|received| received.report.id.as_str()).collect()
}

/// Takes the mail's word, and notes when it was asked.
#[derive(Default)]
struct Notary(Mutex<Vec<(usize, Option<Timestamp>)>>);

impl Verifier for Notary {
    fn verify(&self, mail: &[u8], received_at: Option<Timestamp>) -> Authenticity {
        self.0.lock().expect("no panic").push((mail.len(), received_at));
        Authenticity::Verified { domain: Domain::from_dns("mail.sender.example"), authserv: None }
    }

    fn verify_in_mailbox(&self, _: &[u8], _: Option<Timestamp>) -> Authenticity {
        Authenticity::Unverifiable { why: "it may be text".to_owned(), again: false }
    }
}

#[test]
fn reports_are_found_however_they_are_packed() {
    let json = |id: &str| report(id).into_bytes();
    let mailbox = |one: &str, two: &str| format!("From a Sun\n{}\nFrom b Mon\n{}", mail(&report(one)), mail(&report(two))).into_bytes();
    let many = tar(&[
        ("f/a.json", &json("a")),
        ("f/b.json.gz", &gzip(&json("b"))),
        ("m/cur/1772323200.x:2,S", mail(&report("c")).as_bytes()),
        ("m/._c", b"\0\x05\x16\x07 a Mac's other half"),
        ("all.mbox", &mailbox("d", "e")),
        ("z.zip", &zip(&[("g.json", &json("g")), ("h.mbox", &mailbox("h", "i"))])),
    ]);
    for (name, content) in [("all.tar", many.clone()), ("all.tgz", gzip(&many)), ("all.zip", zip(&[("all.tar", &many)]))] {
        let folder = folder(&[(name, &content)]);
        let (parcels, _) = parcels(folder.path(), &Options::new(&OperatorsWord));
        assert_eq!(ids(&parcels), ["a", "b", "c", "d", "e", "g", "h", "i"], "{name}");
        assert!(parcels.iter().all(|parcel| parcel.rejected.is_empty()), "{name}: {parcels:?}");
        assert!(reports(&parcels)[5].source.ends_with("z.zip: g.json"), "{}", reports(&parcels)[5].source);
    }
}

#[test]
fn what_is_larger_than_memory_is_read_a_piece_at_a_time() {
    let lines: String = (0..40_000).map(|number| format!("{:08x} says nothing\n", number * 2_654_435_761_u64 % 4_294_967_291)).collect();
    let filler = format!("From x Sun\nFrom: x@y.example\nTLS-Report-Domain: s.example\n\n{lines}\n");
    let mailbox = format!("From a Sun\n{}\n{}From b Mon\n{}", mail(&report("first")), filler.repeat(80), mail(&report("last")));
    assert!(mailbox.len() > 64 << 20);
    let packed = gzip(mailbox.as_bytes());
    let json = format!("{}{}", report("large"), " ".repeat(65 << 20));
    for (name, content, found, refused) in [
        ("in", mailbox.as_bytes(), &["first", "last"][..], "without a TLS report"),
        ("in.gz", &packed, &["first", "last"], "without a TLS report"),
        ("in.tar", &tar(&[("mailbox", mailbox.as_bytes())]), &["first", "last"], "without a TLS report"),
        ("in.json", json.as_bytes(), &[], "larger than 64 MiB"),
        ("in.json.gz", &gzip(json.as_bytes()), &[], "more than 64 MiB"),
    ] {
        let folder = folder(&[(name, content)]);
        let (parcels, _) = parcels(folder.path(), &Options::new(&OperatorsWord));
        assert_eq!(ids(&parcels), found, "{name}");
        let last = parcels.last().expect("a parcel");
        assert!(last.last && last.rejected[0].rejected.reason.contains(refused), "{name}: {:?}", last.rejected);
        assert!(last.rejected.len() <= 21, "a flood is told in a few lines");
    }
}

#[test]
fn a_mail_is_proven_once_for_itself_and_only_if_a_report_is_in_it() {
    let two = format!(
        "From: a@b.example\nSubject: s\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: application/json\n\n{}\n--b\nContent-Type: message/rfc822\n\n{}\n--b--\n",
        report("outer"),
        mail(&report("inner"))
    );
    let notary = Notary::default();
    let received_at = Timestamp::from_second(1_772_323_200).ok();
    let read = super::mail(two.as_bytes(), "imap", received_at, &Options::new(&notary));
    assert_eq!(read.reports.len(), 2);
    for received in &read.reports {
        assert_eq!((received.reporter.as_str(), received.received_at), ("sender.example", received_at));
        assert!(matches!(received.authenticity, Authenticity::Verified { .. }));
    }
    let asked = notary.0.lock().expect("no panic").clone();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert_eq!(asked[0], (two.len(), received_at), "the whole mail, once");
    assert_eq!(asked[1].1, None, "the attached one for itself, with nothing of what the outer one says");
    assert!(asked[1].0 < two.len() / 2);
    let none = super::mail(mail("Hello").as_bytes(), "imap", None, &Options::new(&notary));
    assert_eq!((none.reports.len(), none.rejected.len(), none.last), (0, 1, true));
    assert_eq!(notary.0.lock().expect("no panic").len(), 2, "no key is asked for a mail without a report");
}

#[test]
fn what_does_not_look_like_a_mail_is_not_salvaged_as_a_file_of_the_operators() {
    let hidden = format!("Received: from e by mx; Fri, 20 Nov 2026 12:00:00 +0000\n\n{}", report("forged"));
    let odd = format!("Return-Path: <a@b.example>\nX Odd: 1\nFrom: a@b.example\n\n{}", report("forged"));
    for (name, text) in [("in.txt", &hidden), ("in.eml", &odd)] {
        let folder = folder(&[(name, text.as_bytes())]);
        let (parcels, _) = parcels(&folder.path().join(name), &Options::new(&Notary::default()));
        assert_eq!(ids(&parcels), [""; 0], "{name}");
        assert!(parcels[0].rejected[0].rejected.reason.contains("neither a report (JSON) nor a mail"), "{name}: {:?}", parcels[0].rejected);
    }
}

#[test]
fn whatever_lies_in_a_maildir_is_a_mail_and_has_to_be_proven() {
    let forged = report("forged");
    let piped = format!("From e@evil.example Fri Nov 20 12:00:00 2026\nFrom: e@evil.example\nSubject: s\n\n{forged}");
    let texts: [Vec<u8>; 9] = [
        forged.clone().into_bytes(),
        gzip(forged.as_bytes()),
        zip(&[("r.json", forged.as_bytes())]),
        tar(&[("r.json", forged.as_bytes())]),
        gzip(&gzip(forged.as_bytes())),
        format!("\n\n{forged}").into_bytes(),
        format!("Received: from e by mx\n\n{forged}").into_bytes(),
        format!("Return-Path: <a@b.example>\nX Odd: 1\nFrom: a@b.example\n\n{forged}").into_bytes(),
        piped.into_bytes(),
    ];
    for text in &texts {
        for name in ["Maildir/new/1772323200.M1P2.host", "m/cur/x:2,S"] {
            let direct = folder(&[(name, text)]);
            let packed = folder(&[("m.tar", &tar(&[(name, text)])), ("m.zip", &zip(&[(name, text)]))]);
            for folder in [direct, packed] {
                let (parcels, _) = parcels(folder.path(), &Options::new(&Notary::default()));
                let operators = reports(&parcels).into_iter().filter(|received| received.authenticity.is_operator()).count();
                assert_eq!(operators, 0, "{name}: {}", String::from_utf8_lossy(text));
            }
        }
    }
    let kept = folder(&[("new/google.com!shop.example!1!2.json", forged.as_bytes())]);
    let (parcels, _) = parcels(kept.path(), &Options::new(&Notary::default()));
    assert_eq!(ids(&parcels), ["forged"], "a folder of the operator's that happens to be called so");
}

/// A mail whose text goes on as if another mail, with whatever its sender likes at its top, came after it.
fn two_in_one() -> String {
    format!(
        "From e@evil.example Fri Nov 20 12:00:00 2026\n{}\nFrom x@y Sun Mar  1 06:30:00 2026\n{}",
        mail("Hello"),
        mail(&report("forged"))
    )
}

#[test]
fn a_mail_with_a_postmark_is_one_mail_where_mails_are_delivered_one_by_one() {
    for content in [two_in_one().into_bytes(), gzip(two_in_one().as_bytes())] {
        let folder = folder(&[("m/new/1772323200.M1P2.host", &content)]);
        let (parcels, _) = parcels(folder.path(), &Options { quoted_mailboxes: true, ..Options::new(&Notary::default()) });
        assert_eq!(ids(&parcels), [""; 0]);
    }
}

#[test]
fn only_the_first_mail_of_a_mailbox_is_surely_one_unless_its_writer_quotes() {
    let three = format!("From a Sun\n{}\n{}", mail(&report("a")), two_in_one());
    let folder = folder(&[("in.mbox", three.as_bytes())]);
    for (quoted_mailboxes, proven) in [(false, [true, false]), (true, [true, true])] {
        let (parcels, _) = parcels(folder.path(), &Options { quoted_mailboxes, ..Options::new(&Notary::default()) });
        let found: Vec<bool> =
            reports(&parcels).iter().map(|received| matches!(received.authenticity, Authenticity::Verified { .. })).collect();
        assert_eq!((ids(&parcels), found), (vec!["a", "forged"], proven.to_vec()));
    }
}

#[test]
fn mail_between_people_is_passed_over_wherever_it_lies() {
    let lunch = "From: a@b.example\nSubject: lunch?\n\nNoon?\n";
    let dmarc = "From: a@b.example\nSubject: Report Domain: s.example\nContent-Type: application/zip; name=\"d.zip\"\n\nPK\x03\x04rest";
    let mailbox = format!("From a Sun\n{lunch}\nFrom b Mon\n{dmarc}\n");
    let folder = folder(&[
        ("m/cur/1772323200.a:2,S", lunch.as_bytes()),
        ("m/cur/1772323201.b:2,S", dmarc.as_bytes()),
        ("all.mbox", mailbox.as_bytes()),
        ("lunch.eml", lunch.as_bytes()),
    ]);
    let (parcels, _) = parcels(folder.path(), &Options::new(&OperatorsWord));
    assert!(parcels.iter().all(|parcel| parcel.ignored && parcel.last && parcel.rejected.is_empty()), "{parcels:?}");
    assert_eq!((parcels.len(), super::mail(lunch.as_bytes(), "imap", None, &Options::new(&OperatorsWord)).ignored), (4, true));
}

#[test]
fn a_bomb_in_layers_is_refused_and_costs_no_other_mail() {
    use base64::Engine as _;
    let member = gzip(format!("<html>{}", " ".repeat(2 << 20)).as_bytes());
    let padding: Vec<u8> = (0..400_000_u32).map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    let mut files: Vec<(&str, &[u8])> = vec![("r.json.gz", &member); 100];
    files.push(("padding", &padding));
    let layers = base64::engine::general_purpose::STANDARD.encode(gzip(&tar(&files)));
    let bomb = format!(
        "From: e@evil.example\nSubject: s\nContent-Type: application/tlsrpt+gzip; name=\"a!b!1!2.json.gz\"\nContent-Transfer-Encoding: base64\n\n{layers}\n"
    );
    let mailbox = format!("From a Sun\n{bomb}\nFrom b Mon\n{}", mail(&report("good")));
    let folder = folder(&[("in.mbox", mailbox.as_bytes())]);
    let (parcels, _) = parcels(folder.path(), &Options::new(&OperatorsWord));
    assert_eq!(ids(&parcels), ["good"]);
    let reasons: Vec<&str> = parcels.iter().flat_map(|parcel| &parcel.rejected).map(|refused| refused.rejected.reason.as_str()).collect();
    assert!(reasons.iter().any(|reason| reason.contains("MiB in all")), "{reasons:?}");
}

#[test]
fn delivery_is_dated_by_the_mailbox() {
    let folder = folder(&[
        ("in.mbox", format!("From a@b.example Sun Mar  1 06:30:00 2026\n{}", mail(&report("a"))).as_bytes()),
        ("Maildir/new/1772323200.M1P2.host", mail(&report("b")).as_bytes()),
        ("c.eml", mail(&report("c")).as_bytes()),
    ]);
    let (parcels, _) = parcels(folder.path(), &Options::new(&Notary::default()));
    let dates: Vec<Option<String>> = reports(&parcels).iter().map(|received| received.received_at.map(|at| at.to_string())).collect();
    assert_eq!(dates, [Some("2026-03-01T06:30:00Z".to_owned()), Some("2026-03-01T00:00:00Z".to_owned()), None]);
}

#[test]
fn what_is_still_being_delivered_is_not_read() {
    let folder = folder(&[("m/cur/x", b""), ("m/new/1.a", mail(&report("a")).as_bytes()), ("m/tmp/2.b", mail(&report("b")).as_bytes())]);
    let (parcels, totals) = parcels(folder.path(), &Options::new(&OperatorsWord));
    assert_eq!((ids(&parcels), totals.files), (vec!["a"], 2));
}

#[test]
fn the_text_of_each_report_is_kept_where_it_is_asked_for() {
    let (one, two) = (report("a"), report("b"));
    let folder = folder(&[("a.json.gz", &gzip(format!("\n{one}\n{two}\n").as_bytes()))]);
    for keep_raw in [false, true] {
        let (parcels, _) = parcels(folder.path(), &Options { keep_raw, ..Options::new(&OperatorsWord) });
        let kept: Vec<Option<Vec<u8>>> = reports(&parcels).iter().map(|received| received.raw.clone()).collect();
        assert_eq!(kept, [&one, &two].map(|text| keep_raw.then(|| text.clone().into_bytes())));
    }
}

#[test]
fn a_file_known_as_it_is_is_not_opened() {
    let folder = folder(&[("a.json", report("a").as_bytes()), ("m/cur/1.b:2,", mail(&report("b")).as_bytes())]);
    let (first, _) = parcels(folder.path(), &Options::new(&OperatorsWord));
    assert!(first.iter().all(|parcel| parcel.last), "each was read to its end");
    let known: BTreeSet<(String, u64, i64)> =
        first.iter().filter_map(|parcel| parcel.stamp.clone()).map(|stamp| (stamp.path, stamp.size, stamp.modified)).collect();
    assert_eq!(known.len(), 2);
    let unchanged = |stamp: &Stamp| known.contains(&(stamp.path.clone(), stamp.size, stamp.modified));
    fs::rename(folder.path().join("m/cur/1.b:2,"), folder.path().join("m/cur/1.b:2,S")).expect("flagged as seen");
    let (again, totals) = parcels(folder.path(), &Options { unchanged: &unchanged, ..Options::new(&OperatorsWord) });
    assert_eq!((again.len(), totals), (0, Totals { files: 0, unchanged: 2 }));
    fs::write(folder.path().join("a.json"), format!("{} ", report("a"))).expect("changed");
    let (again, totals) = parcels(folder.path(), &Options { unchanged: &unchanged, ..Options::new(&OperatorsWord) });
    assert_eq!((ids(&again), totals), (vec!["a"], Totals { files: 1, unchanged: 1 }));
}

#[test]
fn large_sources_come_in_several_parcels_and_end_with_the_last() {
    let all: String = (0..5000).map(|number| report(&format!("{number:04}"))).collect();
    let folder = folder(&[("all.json", all.as_bytes())]);
    let (parcels, _) = parcels(folder.path(), &Options { cores: 2, ..Options::new(&OperatorsWord) });
    assert_eq!(ids(&parcels).len(), 5000);
    assert!(parcels.len() > 3 && parcels.iter().all(|parcel| parcel.reports.len() < 2000));
    assert_eq!(parcels.iter().filter(|parcel| parcel.last).count(), 1);
    assert!(parcels.last().expect("a parcel").last);
}

#[test]
fn reading_ends_when_whoever_takes_cannot() {
    let files: Vec<(String, Vec<u8>)> =
        (0..3000).map(|number| (format!("{number}.json"), report(&number.to_string()).into_bytes())).collect();
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, text)| (name.as_str(), text.as_slice())).collect();
    let folder = folder(&files);
    for cores in [1, 2, 4] {
        let mut taken = 0;
        let outcome = each(&[folder.path().to_owned()], &Options { cores, ..Options::new(&OperatorsWord) }, |_, done| {
            taken += 1;
            assert_eq!((done.files, done.of), (taken, 3000));
            if taken == 10 { Err("full") } else { Ok(()) }
        });
        assert!(matches!(outcome, Err(ReadFailure::Taken("full"))), "{cores}: {outcome:?}");
        assert_eq!(taken, 10);
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_is_read_when_it_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    if !made.is_ok_and(|status| status.success()) {
        return;
    }
    std::thread::scope(|scope| {
        scope.spawn(|| fs::write(&pipe, report("piped")).expect("somebody reads"));
        let (parcels, _) = parcels(&pipe, &Options::new(&OperatorsWord));
        assert_eq!(ids(&parcels), ["piped"]);
        assert_eq!(parcels[0].stamp, None, "a pipe has no state to be known by");
    });
}

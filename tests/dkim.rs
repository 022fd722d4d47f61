//! Whether a mailed report is from whom it says: signatures made here, in every form that the standard allows and in many that it does
//! not, and the word of servers that may be forged.

mod signer;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

use jiff::Timestamp;
use proptest::prelude::*;
use stsready::archive::authenticity::{Dkim, Keys};
use stsready::archive::intake::Verifier as _;
use stsready::model::facts::reports::Authenticity;
use stsready::model::looked::{Absence, AbsenceKind, Failure, FailureKind, Looked};
use stsready::wire::name::Domain;

use self::signer::{Signer, With, bare_rsa_key};

const KEY: &str = "key._domainkey.sender.example";
/// When the mail arrived, and the seconds since 1970 of that.
const RECEIVED: &str = "2026-03-02T00:30:00Z";
const RECEIVED_SECONDS: i64 = 1_772_411_400;

/// TXT records as the test wants them; what is not there does not exist.
#[derive(Default)]
struct Zone {
    records: BTreeMap<String, Looked<Vec<String>>>,
    asked: Mutex<Vec<String>>,
}

impl Zone {
    fn of(records: &[(&str, &str)]) -> Self {
        let records = records.iter().map(|(name, record)| ((*name).to_owned(), Looked::Seen(vec![(*record).to_owned()]))).collect();
        Self { records, ..Self::default() }
    }

    fn good() -> Self {
        Self::of(&[(KEY, &With::Rsa.record())])
    }
}

impl Keys for &Zone {
    fn key(&self, name: &Domain) -> Looked<Vec<String>> {
        self.asked.lock().unwrap().push(name.to_string());
        let absent = Looked::Absent(Absence { kind: AbsenceKind::NxDomain, via: Vec::new() });
        self.records.get(name.as_str()).cloned().unwrap_or(absent)
    }
}

fn clock() -> Timestamp {
    "2026-12-22T00:00:00Z".parse().unwrap()
}

/// A report's mail as large senders write it, CRLF throughout.
fn mail() -> String {
    "Received: from out.sender.example by mx.own.example; Mon, 2 Mar 2026 00:30:00 +0000\r\n\
     Date: Mon, 2 Mar 2026 00:20:00 +0000\r\n\
     From: TLS Reports <noreply@sender.example>\r\n\
     To: tlsrpt@own.example\r\n\
     Subject: Report Domain: own.example\r\n  Submitter: sender.example\r\n\
     TLS-Report-Domain: own.example\r\n\
     TLS-Report-Submitter: sender.example\r\n\
     MIME-Version: 1.0\r\n\
     Content-Type: application/tlsrpt+json\r\n\
     \r\n\
     {\"organization-name\":  \"Sender\", \r\n\t\"report-id\": \"1\"}\r\n\
     \r\n\
     \tthe end \r\n"
        .to_owned()
}

/// `verified DOMAIN`, `failed: WHY`, `unverifiable: WHY`, `again: WHY`.
fn said(authenticity: Authenticity) -> String {
    match authenticity {
        Authenticity::Operator => "operator".to_owned(),
        Authenticity::Verified { domain, authserv: None } => format!("verified {domain}"),
        Authenticity::Verified { domain, authserv: Some(server) } => format!("verified {domain} by {server}"),
        Authenticity::Failed { why } => format!("failed: {why}"),
        Authenticity::Unverifiable { why, again: false } => format!("unverifiable: {why}"),
        Authenticity::Unverifiable { why, again: true } => format!("again: {why}"),
    }
}

fn judged(mail: &str, zone: &Zone) -> String {
    said(Dkim::new(zone, Vec::new(), clock).verify(mail.as_bytes(), None))
}

#[track_caller]
fn is(mail: &str, zone: &Zone, begins: &str, has: &str) {
    let said = judged(mail, zone);
    assert!(said.starts_with(begins) && said.contains(has), "{said:?} is not {begins:?} with {has:?}\n{mail}");
}

fn signer() -> Signer {
    Signer::new("sender.example")
}

const FORMS: [(&str, &str); 4] = [("simple", "simple"), ("simple", "relaxed"), ("relaxed", "simple"), ("relaxed", "relaxed")];

#[test]
fn every_form_verifies_with_both_kinds_of_key() {
    let folded = mail().replace("To: tlsrpt", "To:\r\n \t\r\n tlsrpt").replace("\r\n\r\n{", "\r\nX-Empty:\r\nX-Odd : a\t b \r\n\r\n{");
    let bodies = ["", "\r\n", "\r\n\r\n", "a", "a\r\n", "a \t b \r\n \r\n\r\n \t\r\n", " \r\n", "\r\n\r\na\r\n\r\n", "a\rb\r\n", "ü\r\n"];
    let head = mail().split_once("\r\n\r\n").unwrap().0.to_owned();
    let mails = bodies.iter().map(|body| format!("{head}\r\n\r\n{body}")).chain([mail(), folded, head.clone(), format!("{head}\r\n")]);
    for mail in mails {
        for (header, body) in FORMS {
            for with in [With::Rsa, With::Ed25519] {
                let signer = signer().with(with).canon(header, body).over("From:To:subject:X-Odd:x-empty:received");
                let zone = Zone::of(&[(KEY, &with.record())]);
                let signed = signer.sign(&mail);
                is(&signed, &zone, "verified sender.example", "");
                // As Maildir and mbox keep it.
                if !mail.contains("a\rb") {
                    is(&signed.replace("\r\n", "\n"), &zone, "verified sender.example", "");
                }
                is(&format!("{signed}{}", "\r\n".repeat(if mail.contains("\r\n\r\n") { 3 } else { 0 })), &zone, "verified", "");
                is(&signed.replacen("application/tlsrpt", "text/tlsrpt", 1), &zone, "verified", "");
                is(&signed.replacen("own.example\r\n  Submitter", "owm.example\r\n  Submitter", 1), &zone, "failed: the header", "");
                let (top, rest) = signed.split_once("\r\n\r\n").unwrap_or((&signed, ""));
                is(&format!("{top}\r\n\r\n!{rest}"), &zone, "failed: the body", "mailing lists");
            }
        }
    }
}

#[test]
fn white_space_matters_in_the_simple_forms_only() {
    for (header, body) in FORMS {
        let signed = signer().canon(header, body).sign(&mail());
        let verdict = |canon: &str| if canon == "simple" { "failed" } else { "verified" };
        is(&signed.replace("Subject: Report", "subject:  Report"), &Zone::good(), verdict(header), "");
        is(&signed.replace("own.example\r\n  Submitter", "own.example   \tSubmitter"), &Zone::good(), verdict(header), "");
        is(&signed.replace("\tthe end ", " the  end"), &Zone::good(), verdict(body), "");
        is(&signed.replace("the end", "theend"), &Zone::good(), "failed", "");
        is(&signed.replace("\r\n\tthe end", " the end"), &Zone::good(), "failed", "");
    }
}

#[test]
fn fields_that_come_several_times_are_taken_from_below() {
    let twice = mail().replace("Subject:", "Subject: above\r\nSubject:");
    is(&signer().sign(&twice), &Zone::good(), "verified", "");
    is(&signer().sign(&twice).replace("Subject: above\r\n", ""), &Zone::good(), "verified", "");
    let both = signer().over("from:subject:subject").sign(&twice);
    is(&both, &Zone::good(), "verified", "");
    is(&both.replace("above", "below"), &Zone::good(), "failed", "");
    // Named once more than it is there: none may be added.
    let over = signer().over("from:from:subject:subject:cc").sign(&mail());
    is(&over, &Zone::good(), "verified", "");
    is(&over.replace("Subject:", "Subject: new\r\nSubject:"), &Zone::good(), "failed", "");
    is(&over.replace("To:", "Cc: all@own.example\r\nTo:"), &Zone::good(), "failed", "");
    // Two authors: one may be signed and the other shown.
    for forged in ["From: other@evil.example\r\nFrom: TLS", "From: TLS"] {
        let forged = signer().sign(&mail()).replace("From: TLS", forged);
        let due = if forged.contains("evil") { "unverifiable: it has more than one From" } else { "verified" };
        is(&forged, &Zone::good(), due, "");
    }
    let submitters = mail().replace("TLS-Report-Sub", "TLS-Report-Submitter: evil.example\r\nTLS-Report-Sub");
    is(&signer().sign(&submitters), &Zone::good(), "unverifiable: it has more than one TLS-Report-Submitter", "");
}

#[test]
fn who_signs_must_be_who_submits() {
    let zone = |domain: &str| Zone::of(&[(&format!("key._domainkey.{domain}"), &With::Rsa.record())]);
    let by = |domain: &str| Signer::new(domain).sign(&mail());
    is(&by("corp.sender.example"), &zone("corp.sender.example"), "verified corp.sender.example", "");
    is(&by("Sender.EXAMPLE"), &zone("sender.example"), "verified sender.example", "");
    is(
        &by("evil.example"),
        &zone("evil.example"),
        "unverifiable: it is signed by evil.example, but not by its submitter sender.example",
        "",
    );
    is(&by("example"), &zone("example"), "unverifiable", "");
    // Nothing is asked for that proves nothing about the submitter.
    let nobody = zone("evil.example");
    judged(&by("evil.example"), &nobody);
    assert_eq!(nobody.asked.lock().unwrap().len(), 0);

    let forged = signer().sign(&mail()).replace("Submitter: sender.example\r\nMIME", "Submitter: evil.example\r\nMIME");
    is(&forged, &Zone::good(), "unverifiable: it is signed by sender.example", "submitter evil.example");
    let forged = signer().sign(&mail()).replace("noreply@sender", "other@sender");
    is(&forged, &Zone::good(), "failed: the header", "");
    is(
        &signer().over("subject:to").sign(&mail()),
        &Zone::good(),
        "unverifiable: the signature of sender.example does not cover the From",
        "",
    );
    // Without the report's own field the author is the submitter.
    let plain = mail().replace("TLS-Report-Submitter: sender.example\r\n", "");
    is(&signer().sign(&plain), &Zone::good(), "verified", "");
    is(&signer().sign(&plain).replace("noreply@sender", "noreply@evil"), &Zone::good(), "unverifiable", "submitter evil.example");
    is(&mail(), &Zone::good(), "unverifiable: it is not signed", "");
}

#[test]
fn one_good_signature_of_several_is_enough() {
    let zone = Zone::good();
    let ed25519 = || signer().with(With::Ed25519);
    is(&ed25519().sign(&signer().sign(&mail())), &zone, "verified", "");
    is(&signer().sign(&ed25519().sign(&mail())), &zone, "verified", "");
    is(&Signer::new("list.example").sign(&signer().sign(&mail())), &zone, "verified sender.example", "");
    // The signer of a mailing list is good, the submitter's own no more.
    let altered = signer().sign(&mail()).replace("the end", "the end\r\n-- \r\nlist");
    is(&Signer::new("list.example").sign(&altered), &zone, "failed", "mailing lists");
    let expired = signer().tags("x=1000; ");
    is(&expired.sign(&signer().sign(&mail())), &zone, "verified", "");
    is(&expired.sign(&altered), &zone, "failed", "");
    // So many and no more.
    let many = |number: usize| (0..number).fold(signer().sign(&mail()), |mail, _| expired.sign(&mail));
    is(&many(7), &zone, "verified", "");
    is(&many(8), &zone, "unverifiable: the signature of sender.example had expired", "");
    // A key that could not be asked for may yet prove the mail.
    let mut silent = Zone::good();
    let failed = Looked::Failed(Failure::new(FailureKind::ServFail, "SERVFAIL"));
    silent.records.insert("key._domainkey.corp.sender.example".to_owned(), failed);
    is(&Signer::new("corp.sender.example").sign(&altered), &silent, "again: the key key._domainkey.corp.sender.example", "SERVFAIL");
}

#[test]
fn signatures_that_prove_nothing_are_told_with_the_reason() {
    let tags = |tags: &str| signer().tags(tags).sign(&mail());
    for (mail, why) in [
        (tags("l=10; "), "covers a part of the body only (l=)"),
        (tags("l=0; "), "covers a part of the body only (l=)"),
        (tags("v=1; "), "cannot be read"),
        (tags("i=@evil.example; "), "cannot be read (i=)"),
        (tags("q=http/json; "), "another place than DNS"),
        (tags(&format!("t={}; ", clock().as_second() + 90_000)), "made in the future"),
        (tags(&format!("x={}; ", RECEIVED_SECONDS - 400)), "had expired when the mail was received"),
        (tags("t=100; x=50; "), "cannot be read (x= is not after t=)"),
        (signer().algorithm("rsa-sha1").sign(&mail()), "rsa-sha1"),
        (signer().algorithm("rsa-sha512").sign(&mail()), "not known (a=)"),
        (signer().algorithm("ed25519-sha256").sign(&mail()), "of another kind"),
        (signer().canon("relaxed", "nofws").sign(&mail()), "cannot be read (c=)"),
    ] {
        is(&mail, &Zone::good(), "unverifiable", why);
    }
    for good in ["i=reports@sub.sender.example; ", "z=From:a@b|To:c@d; ", "n=1; ", "q=dns/txt; "] {
        is(&tags(good), &Zone::good(), "verified", "");
    }
    is(&tags(&format!("t={}; x={}; ", RECEIVED_SECONDS - 60, RECEIVED_SECONDS + 60)), &Zone::good(), "verified", "");
}

#[test]
fn a_signature_must_have_been_valid_when_the_mail_was_received() {
    let zone = Zone::good();
    let short = signer().tags(&format!("x={}; ", RECEIVED_SECONDS + 3600));
    let verifier = Dkim::new(&zone, Vec::new(), clock);
    let at = |mail: &str, at: Option<&str>| said(verifier.verify(mail.as_bytes(), at.map(|at| at.parse().unwrap())));
    let signed = short.sign(&mail());
    assert_eq!(at(&signed, None), "verified sender.example", "by the topmost Received");
    assert_eq!(at(&signed, Some(RECEIVED)), "verified sender.example");
    assert!(at(&signed, Some("2026-03-02T02:00:00Z")).starts_with("unverifiable"), "by the server's word");
    let hop = "Received: by mail.own.example; Tue, 3 Mar 2026 00:00:00 +0000\r\n";
    assert!(at(&format!("{hop}{signed}"), None).starts_with("unverifiable"));
    let unmarked = signed.replacen("Received", "X-Received", 1);
    assert_eq!(at(&unmarked, None), "verified sender.example", "by Date");
    assert!(at(&unmarked.replacen("Date", "X-Date", 1), None).contains("had expired"), "as of now");
    // A server that is ahead of the clock does not make a signature older than it is.
    let future = signer().tags(&format!("x={}; ", clock().as_second() + 60)).sign(&mail());
    assert_eq!(at(&future, Some("2099-01-01T00:00:00Z")), "verified sender.example");
}

#[test]
fn the_key_decides_with_all_that_its_record_says() {
    let signed = signer().sign(&mail());
    let (p, bare) = (With::Rsa.public(), bare_rsa_key());
    for (record, due, why) in [
        (format!("p={p}"), "verified", ""),
        (format!("v=DKIM1; k=rsa; p={bare}"), "verified", ""),
        (format!("v=DKIM1; s=tlsrpt; h=sha256; n=a note; p={p}"), "verified", ""),
        (format!("v=DKIM1; s=email:x; t=s; p={p}"), "verified", ""),
        (format!("v=DKIM1; t=y; p={p}"), "unverifiable", "being tested"),
        ("v=DKIM1; p=".to_owned(), "unverifiable", "was revoked"),
        (format!("v=DKIM1; s=chat; p={p}"), "unverifiable", "not for mail (s=)"),
        (format!("v=DKIM1; h=sha1; p={p}"), "unverifiable", "does not allow SHA-256"),
        (With::Ed25519.record(), "unverifiable", "of another kind"),
        (format!("v=DKIM1; k=rsa; p={}", &p[..40]), "unverifiable", "cannot be read"),
        ("v=spf1 -all".to_owned(), "unverifiable", "no key record"),
        (format!("v=DKIM1; k=rsa; p={OTHER_RSA}"), "failed", "the header is not the one that was signed by sender.example"),
        (format!("v=DKIM1; k=rsa; p={SHORT_RSA}"), "unverifiable", "only 768 bits"),
    ] {
        is(&signed, &Zone::of(&[(KEY, &record)]), due, why);
    }
    let below = signer().tags("i=@sub.sender.example; ").sign(&mail());
    is(&below, &Zone::of(&[(KEY, &format!("t=s; p={p}"))]), "unverifiable", "for its very domain only");
    is(&signed, &Zone::default(), "unverifiable", "is not in DNS");

    let records = |records: &[&str]| {
        let seen = Looked::Seen(records.iter().map(|record| (*record).to_owned()).collect());
        Zone { records: BTreeMap::from([(KEY.to_owned(), seen)]), ..Zone::default() }
    };
    let good = With::Rsa.record();
    is(&signed, &records(&["v=spf1 -all", &good]), "verified", "");
    is(&signed, &records(&[&format!("p={OTHER_RSA}"), &good]), "verified", "");
    is(&signed, &records(&["p=", &format!("p={OTHER_RSA}")]), "failed", "");
    is(&signed, &records(&["p=", "p=", "p=", "p=", &good]), "unverifiable", "was revoked");
    for kind in [FailureKind::Timeout, FailureKind::ServFail, FailureKind::Refused] {
        let failed = Looked::Failed(Failure::new(kind, "no answer"));
        let zone = Zone { records: BTreeMap::from([(KEY.to_owned(), failed)]), ..Zone::default() };
        is(&signed, &zone, "again", "could not be asked for: no answer");
        is(&signed.replace("the end", "no end"), &zone, "again", "");
    }
}

#[test]
fn a_trusted_server_is_believed_and_a_forged_one_is_not() {
    let zone = Zone::good();
    let verifier = Dkim::new(&zone, vec!["mx.own.example".to_owned()], clock);
    let said = |mail: &str| said(verifier.verify(mail.as_bytes(), None));
    let pass = "Authentication-Results: mx.own.example;\r\n dkim=pass (2048-bit key) header.d=sender.example\r\n";
    let fail = "Authentication-Results: mx.own.example; dkim=fail header.d=sender.example\r\n";
    let expired = signer().tags("x=1000; ").sign(&mail());
    assert_eq!(said(&format!("{pass}{expired}")), "verified sender.example by mx.own.example");
    assert_eq!(zone.asked.lock().unwrap().len(), 0, "nothing has to be asked for");
    assert!(said(&format!("{}{expired}", pass.replace("mx.own", "mx.evil"))).starts_with("unverifiable"));
    assert!(said(&format!("{}{expired}", pass.replace("d=sender", "d=evil"))).starts_with("unverifiable"));
    assert_eq!(said(&format!("{fail}{expired}")), "failed: mx.own.example found its signature wrong");
    // What was seen wrong and verifies now was right.
    assert_eq!(said(&format!("{fail}{}", signer().sign(&mail()))), "verified sender.example");
    // The sender's own field lies below the mark of the server that received the mail.
    let hop = "Received: from out.evil.example by mx.own.example; Mon, 2 Mar 2026 00:31:00 +0000\r\n";
    let spf = "Authentication-Results: mx.own.example; spf=pass smtp.mailfrom=evil.example\r\n";
    assert!(said(&format!("{spf}{hop}{pass}{}", mail())).starts_with("unverifiable: it is not signed"));
    assert!(said(&format!("{fail}{hop}{pass}{}", mail())).starts_with("failed"));
    // In a mail that came attached to another nobody has taken forged fields out.
    let attached = |mail: &str| self::said(verifier.verify_attached(mail.as_bytes()));
    assert!(attached(&format!("{pass}{expired}")).starts_with("unverifiable"));
    assert_eq!(attached(&signer().sign(&mail())), "verified sender.example");
}

/// Mails that dkimpy signed (see `independent.py` beside them), with RSA of 1024 bits and with Ed25519, in every form.
#[test]
fn what_another_program_signed_verifies() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dkim/independent");
    let record = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap().trim().to_owned();
    let zone =
        Zone::of(&[("rsa._domainkey.sender.example", &record("rsa.txt")), ("ed25519._domainkey.sender.example", &record("ed25519.txt"))]);
    let mut looked_at = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "eml") {
            let mail = std::fs::read_to_string(&path).unwrap();
            is(&mail, &zone, "verified sender.example", "");
            is(&mail.replace("the end", "an end"), &zone, "failed: the body", "");
            is(&mail.replace("TLS Reports", "Others"), &zone, "failed: the header", "");
            looked_at += 1;
        }
    }
    assert_eq!(looked_at, 8);
}

const OTHER_RSA: &str = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB";
const SHORT_RSA: &str = "MHwwDQYJKoZIhvcNAQEBBQADawAwaAJhANA700AFro6vfxlRkuETE25LKZeNWbh2FFYuNJCscURHaJrWByqc87tknq4sB6gywkvqKYlxUSKuqwmbHJbnp0aJsVWFpa0mKJ8dmQF9TwYd2JD1aau7Ac9uy6ZzBiDAFQIDAQAB";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_is_signed_verifies_and_no_other_body_does(
        body in "([ab \t]{0,4}(\r\n){0,2}){0,6}",
        subject in "[ a-z]{0,10}(\r\n[ \t][a-z]{1,5}){0,2}",
        form in 0..4_usize,
        ed25519 in any::<bool>(),
    ) {
        let with = if ed25519 { With::Ed25519 } else { With::Rsa };
        let zone = Zone::of(&[(KEY, &with.record())]);
        let mail = format!("Subject: {subject}\r\nFrom: a@sender.example\r\n\r\n{body}");
        let signed = signer().with(with).canon(FORMS[form].0, FORMS[form].1).sign(&mail);
        prop_assert_eq!(judged(&signed, &zone), "verified sender.example");
        prop_assert_eq!(judged(&signed.replace("\r\n", "\n"), &zone), "verified sender.example");
        let other = format!("{signed}c");
        prop_assert!(judged(&other, &zone).starts_with("failed: the body"));
    }

    #[test]
    fn any_mail_is_answered(mail in "(DKIM-Signature: |From: a@sender.example|Authentication-Results: mx.own.example; |dkim=pass |header.d=|v=1;|a=rsa-sha256;|d=sender.example;|s=key;|h=from;|bh=AAAA;|b=BBBB;|\r\n|\n| |[a-z:;=]){0,40}") {
        let zone = Zone::good();
        let verifier = Dkim::new(&zone, vec!["mx.own.example".to_owned()], clock);
        let _ = (verifier.verify(mail.as_bytes(), None), verifier.verify_attached(mail.as_bytes()));
    }

    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let zone = Zone::good();
        let _ = Dkim::new(&zone, Vec::new(), clock).verify(&bytes, None);
    }
}

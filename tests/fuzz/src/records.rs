//! The two TXT records, one a line: what is proposed in the place of a faulty one has no fault left, and is cut into strings that DNS holds.

use stsready::wire::name::Domain;
use stsready::wire::version::{STS, TLSRPT};
use stsready::wire::{sts_record, tlsrpt_record, zone};

const ID: &str = "20261122090000Z";
const RUA: &str = "mailto:tlsrpt@example.com";

pub fn any(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let records: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let _ = (sts_record::select(&records), tlsrpt_record::select(&records), STS.select(&records), TLSRPT.select(&records));
    for record in records.iter().take(8) {
        sts(record);
        tlsrpt(record);
    }
}

fn sts(record: &str) {
    let read = sts_record::parse(record);
    assert!(read.problems.len() <= 50);
    for proposed in [read.corrected(ID), read.with_id(ID), sts_record::repaired(record, ID)] {
        let again = sts_record::parse(&proposed);
        assert_eq!(again.problems, [], "{proposed:?}");
        assert!(again.id.as_ref().is_some_and(|id| id.len() <= 32 && id.bytes().all(|byte| byte.is_ascii_alphanumeric())));
        assert_eq!(again.corrected(ID), proposed, "there is nothing left to correct");
        published(&proposed);
    }
}

fn tlsrpt(record: &str) {
    let read = tlsrpt_record::parse(record);
    assert!(read.problems.len() <= 50 && read.targets.len() <= 50);
    for proposed in [read.corrected(RUA), tlsrpt_record::repaired(record, RUA)] {
        let again = tlsrpt_record::parse(&proposed);
        assert_eq!(again.problems, [], "{proposed:?}");
        assert!(again.targets.iter().all(|target| target.uri.is_ok() && target.unencoded.is_empty()), "{proposed:?}");
        assert_eq!(again.corrected(RUA), proposed, "there is nothing left to correct");
        published(&proposed);
    }
}

/// Read as a name server reads the line, the strings are short enough and joined are the text.
fn published(text: &str) {
    let line = zone::txt_line(&Domain::from_dns("_mta-sts.example.com"), text);
    let (_, data) = line.split_once(" TXT ").expect("a TXT record");
    let (mut joined, mut length, mut quoted, mut chars) = (String::new(), 0, false, data.chars());
    while let Some(c) = chars.next() {
        match c {
            '"' => (quoted, length) = (!quoted, 0),
            ' ' if !quoted => {}
            c => {
                let c = if c == '\\' { chars.next().expect("something is escaped") } else { c };
                length += c.len_utf8();
                assert!(quoted && length <= 255, "{line}");
                joined.push(c);
            }
        }
    }
    assert_eq!((joined.as_str(), quoted), (text, false));
}

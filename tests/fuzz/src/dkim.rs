//! Signed mails: the first line is the key's record, the rest the mail.
//!
//! Nothing is authentic without a signature of its own, or a field of the server that is believed.

use jiff::Timestamp;
use stsready::archive::authenticity::{Dkim, Keys};
use stsready::archive::intake::Verifier as _;
use stsready::model::facts::reports::Authenticity;
use stsready::model::looked::Looked;
use stsready::wire::dkim::{Algorithm, Key, Signature};
use stsready::wire::header::Header;
use stsready::wire::name::Domain;

const BELIEVED: &str = "mx.example.com";

struct One(String);

impl Keys for One {
    fn key(&self, name: &Domain) -> Looked<Vec<String>> {
        assert!(name.as_str().len() <= 253, "a name that DNS cannot hold is not asked for");
        Looked::Seen(vec![self.0.clone()])
    }
}

pub fn any(bytes: &[u8]) {
    let at = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (record, mail) = (String::from_utf8_lossy(&bytes[..at]).into_owned(), bytes.get(at + 1..).unwrap_or_default());
    for algorithm in [Algorithm::Rsa, Algorithm::Ed25519] {
        let _ = Key::read(&record, algorithm);
    }
    if let Some(header) = Header::split(mail) {
        assert!(header.fields.iter().map(|field| field.raw.len()).sum::<usize>() + header.body.len() <= mail.len());
        for field in &header.fields {
            let _ = Signature::read(field);
        }
    }
    let dkim = Dkim::new(One(record), vec![BELIEVED.to_owned()], || Timestamp::from_second(1_800_000_000).expect("a time"));
    let has = |name: &str| mail.to_ascii_lowercase().windows(name.len()).any(|window| window == name.as_bytes());
    for (verdict, believed) in
        [(dkim.verify(mail, None), true), (dkim.verify_attached(mail), false), (dkim.verify_in_mailbox(mail, None), false)]
    {
        if let Authenticity::Verified { authserv, .. } = verdict {
            match authserv {
                Some(server) => assert!(believed && server.eq_ignore_ascii_case(BELIEVED) && has("authentication-results"), "{server}"),
                None => assert!(has("dkim-signature")),
            }
        }
    }
}

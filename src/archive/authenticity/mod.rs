//! Whether a mailed report is from whom it says (RFC 8460 §3, §5.3): DKIM (RFC 6376), or the word of a trusted server (RFC 8601).
//!
//! In: a mail as it lies there, and when it was received, where that is known. Out: an [`Authenticity`].
//!
//! | room | what it answers |
//! |---|---|
//! | [`submitter`] | whose signature is wanted |
//! | [`signatures`] | what the mail's own signatures prove |
//! | [`servers`] | what a trusted server found when it received the mail |
//! | [`receipt`] | as of when a signature must have been valid |
//!
//! Keys rotate and signatures expire, so an old mailbox cannot be verified again; that is no fault of the mails in it, and they are
//! unverifiable rather than failed. Failed is only what is provably not as it was signed.

mod receipt;
mod servers;
mod signatures;
mod submitter;

use jiff::Timestamp;

use self::servers::Word;
use self::signatures::Times;
use self::submitter::Submitter;
use super::intake::Verifier;
use crate::model::facts::reports::Authenticity;
use crate::model::looked::Looked;
use crate::wire::header::Header;
use crate::wire::name::Domain;

/// Who looks keys up.
pub trait Keys: Sync {
    /// The TXT records at a name such as `selector._domainkey.example.com`, the strings of each joined. May wait.
    ///
    /// The name is legal in DNS, but whoever sent the mail chose it: how often and how long is asked must be bounded here.
    fn key(&self, name: &Domain) -> Looked<Vec<String>>;
}

/// Verifies mails by their DKIM signatures and by what trusted servers said.
#[derive(Debug)]
pub struct Dkim<K> {
    keys: K,
    authserv_ids: Vec<String>,
    clock: fn() -> Timestamp,
}

impl<K: Keys> Dkim<K> {
    /// `authserv_ids`: the servers whose Authentication-Results are believed; such a server must remove those that come in under its
    /// name (RFC 8601 §5). `clock` bounds the times that mails name.
    pub fn new(keys: K, authserv_ids: Vec<String>, clock: fn() -> Timestamp) -> Self {
        Self { keys, authserv_ids, clock }
    }

    fn look(&self, mail: &[u8], received_at: Option<Timestamp>, trusted: &[String]) -> Authenticity {
        let Some(mail) = Header::split(mail) else { return unverifiable("its header is longer than is read") };
        let submitter = match Submitter::of(&mail) {
            Ok(submitter) => submitter,
            Err(why) => return unverifiable(why.to_string()),
        };
        let word = servers::word(&mail, &submitter, trusted);
        if let Word::Pass { domain, server } = word {
            return Authenticity::Verified { domain, authserv: Some(server) };
        }
        let now = (self.clock)();
        let times = Times { received: receipt::time(&mail, received_at, now), now };
        let own = signatures::judge(&mail, &submitter, times, &self.keys);
        match (own, word) {
            (own @ Authenticity::Verified { .. }, _) => own,
            // The server saw the mail when its keys were fresh.
            (_, Word::Fail { server }) => Authenticity::Failed { why: format!("{server} found its signature wrong") },
            (own, _) => own,
        }
    }
}

impl<K> Dkim<K> {
    /// Whether a trusted server seems to vouch for it.
    fn is_vouched_for(&self, mail: &[u8]) -> bool {
        let word = Header::split(mail).and_then(|mail| Some(servers::word(&mail, &Submitter::of(&mail).ok()?, &self.authserv_ids)));
        matches!(word, Some(Word::Pass { .. }))
    }
}

impl<K: Keys> Verifier for Dkim<K> {
    fn verify(&self, mail: &[u8], received_at: Option<Timestamp>) -> Authenticity {
        self.look(mail, received_at, &self.authserv_ids)
    }

    /// Whoever attached it may have written any Authentication-Results into it.
    fn verify_attached(&self, mail: &[u8]) -> Authenticity {
        self.look(mail, None, &[])
    }

    /// Whoever wrote the text that it may be wrote these fields.
    fn verify_in_mailbox(&self, mail: &[u8], received_at: Option<Timestamp>) -> Authenticity {
        match self.look(mail, received_at, &[]) {
            Authenticity::Unverifiable { why, again } if self.is_vouched_for(mail) => {
                Authenticity::Unverifiable { why: format!("{why}; {NOT_HEARD}"), again }
            }
            own => own,
        }
    }
}

/// Said where the word of a trusted server would have helped.
const NOT_HEARD: &str = "what a server found out about it is not believed out of a mailbox (mbox) in which text of one mail may look like \
                         another mail; if its writer quotes `From ` lines, --quoted-mbox says so";

fn unverifiable(why: impl Into<String>) -> Authenticity {
    Authenticity::Unverifiable { why: why.into(), again: false }
}

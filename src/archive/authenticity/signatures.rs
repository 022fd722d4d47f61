//! What the signatures of a mail prove about its submitter.
//!
//! Only the submitter's own signatures are looked at: nobody else's word is wanted, and no name is asked for in DNS that has nothing to
//! do with the mail. One that verifies is enough (RFC 6376 §6.1); where none does, one that is wrong outweighs those that say nothing.

use jiff::{SignedDuration, Timestamp};

use super::submitter::Submitter;
use super::{Keys, unverifiable};
use crate::model::facts::reports::Authenticity;
use crate::model::looked::{FailureKind, Looked};
use crate::wire::dkim::{Key, Signature, Signed, Unusable};
use crate::wire::header::Header;
use crate::wire::name::Domain;

/// How many signatures of the submitter are looked at (RFC 6376 §8.4 leaves the bound to us).
const SIGNATURE_CAP: usize = 8;
/// How many records at the name of one key are looked at; there should be one (§3.6.2.2).
const RECORD_CAP: usize = 4;
/// Names of other signers told.
const TOLD_CAP: usize = 3;
/// How far the signer's clock and the receiver's may be apart when a signature ends.
const EXPIRY_GRACE: SignedDuration = SignedDuration::from_mins(5);
/// And ours and the signer's when it begins: a clock with a wrong zone is hours ahead, and a signature from the future is worth no less.
const FUTURE_GRACE: SignedDuration = SignedDuration::from_hours(24);

/// What one signature says.
enum Outcome {
    Verified(Domain),
    /// The key could not be asked for.
    Again(String),
    Wrong(String),
    Nothing(String),
}

/// As of when a mail is judged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// When it was received.
    pub(super) received: Timestamp,
    /// The present.
    pub(super) now: Timestamp,
}

/// Judges the signatures of a mail.
pub(super) fn judge(mail: &Header<'_>, submitter: &Submitter, times: Times, keys: &impl Keys) -> Authenticity {
    let mut others: Vec<String> = Vec::new();
    let (mut again, mut wrong, mut nothing) = (None, None, None);
    let (signed, mut looked_at) = (Signed::new(mail), 0);
    for (at, field) in mail.named("DKIM-Signature") {
        let read = Signature::read(&field);
        let signer = match &read {
            Ok(signature) => Some(&signature.domain),
            Err(unusable) => unusable.domain.as_ref(),
        };
        if let Some(signer) = signer.filter(|signer| !submitter.is_aligned(signer)) {
            if others.len() < TOLD_CAP && !others.contains(&signer.to_string()) {
                others.push(signer.to_string());
            }
            continue;
        }
        looked_at += 1;
        if looked_at > SIGNATURE_CAP {
            break;
        }
        let outcome = match read {
            Ok(signature) => one(&signed, at, &signature, times, keys),
            Err(Unusable { domain, flaw }) => {
                let whose = domain.map(|domain| format!(" of {domain}")).unwrap_or_default();
                Outcome::Nothing(format!("the signature{whose} {flaw}"))
            }
        };
        match outcome {
            Outcome::Verified(domain) => return Authenticity::Verified { domain, authserv: None },
            Outcome::Again(why) => again = again.or(Some(why)),
            Outcome::Wrong(why) => wrong = wrong.or(Some(why)),
            Outcome::Nothing(why) => nothing = nothing.or(Some(why)),
        }
    }
    if let Some(why) = again {
        return Authenticity::Unverifiable { why, again: true };
    }
    if let Some(why) = wrong {
        return Authenticity::Failed { why };
    }
    unverifiable(match nothing {
        Some(why) => why,
        None if others.is_empty() => "it is not signed".to_owned(),
        None => format!("it is signed by {}, but not by its submitter {}", others.join(" and "), submitter.domain()),
    })
}

fn one(mail: &Signed<'_>, at: usize, signature: &Signature, times: Times, keys: &impl Keys) -> Outcome {
    let domain = &signature.domain;
    if signature.expires.is_some_and(|ends| ends.saturating_add(EXPIRY_GRACE.as_secs()) < times.received.as_second()) {
        return Outcome::Nothing(format!("the signature of {domain} had expired when the mail was received"));
    }
    // Not by the time of receipt: where only `Date` tells it, signing came later.
    if signature.made.is_some_and(|made| made > times.now.as_second().saturating_add(FUTURE_GRACE.as_secs())) {
        return Outcome::Nothing(format!("the signature of {domain} says that it was made in the future"));
    }
    let records = match keys.key(&signature.key) {
        Looked::Seen(records) => records,
        Looked::Absent(_) => return Outcome::Nothing(format!("the key {} is not in DNS (any more)", signature.key)),
        // Whoever switched it off does not want it tried again.
        Looked::Failed(failure) if failure.kind == FailureKind::SwitchedOff => return Outcome::Nothing(failure.detail),
        Looked::Failed(failure) => return Outcome::Again(format!("the key {} could not be asked for: {}", signature.key, failure.detail)),
    };
    let (mut wrong, mut flaw) = (None, None);
    for record in records.iter().take(RECORD_CAP) {
        match Key::read(record, signature.algorithm) {
            Ok(key) if key.strict && signature.identity.is_some() => {
                flaw = flaw.or(Some("is for its very domain only (t=s), and the signature is for a name below it".to_owned()));
            }
            Ok(key) => match mail.verify(signature, at, &key) {
                Ok(()) => return Outcome::Verified(domain.clone()),
                Err(mismatch) => wrong = wrong.or(Some(mismatch)),
            },
            Err(why) => flaw = flaw.or(Some(why.to_string())),
        }
    }
    match (wrong, flaw) {
        (Some(mismatch), _) => {
            Outcome::Wrong(format!("{mismatch} by {domain}: it was altered on the way, as mailing lists and filters do, or it is forged"))
        }
        (None, Some(flaw)) => Outcome::Nothing(format!("the key {} {flaw}", signature.key)),
        (None, None) => Outcome::Nothing(format!("the key {} is not in DNS (any more)", signature.key)),
    }
}

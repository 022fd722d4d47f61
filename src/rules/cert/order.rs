//! The order in which a chain is sent: each certificate certifies the one before it (RFC 5246 §7.4.2; a SHOULD since RFC 8446 §4.4.2).
//!
//! A root at the end is legal and common, and so are several certificates of one CA (cross-signs). A leaf that does not come first is
//! another fault, `cert-name-mismatch`; a missing or wrong intermediate is `cert-chain-incomplete`.

use super::{CHAIN_ORDER, Served};
use crate::model::finding::{Evidence, EvidenceKind, Sheet};
use crate::model::rule::Severity;
use crate::rules::chain::{describe, quoted};
use crate::wire::certificate::Certificate;
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;

pub(super) fn judge(subject: &str, host: &Domain, served: &Served, sheet: &mut Sheet) {
    let Some(leaf) = served.leaf() else { return };
    let readable = || served.certificates.iter().filter_map(|(_, read)| read.as_ref());
    if !leaf.is_for(host) && readable().any(|other| other.is_for(host)) {
        return sheet.not_applicable(&CHAIN_ORDER, subject, "the server's own certificate does not come first");
    }
    let misplaced: Vec<Misplaced<'_>> = (1..served.certificates.len())
        .filter_map(|place| misplaced(served, place))
        .filter(|it| !served.path.is_empty() || it.is_sure())
        .collect();
    if misplaced.is_empty() && served.path.is_empty() && served.certificates.len() > 1 {
        return sheet.not_applicable(&CHAIN_ORDER, subject, "the chain leads to no root, so it has no order to compare with");
    }
    let Some(first) = misplaced.first() else { return sheet.holds(&CHAIN_ORDER, subject) };
    let garbled = misplaced.iter().find(|it| matches!(it.what, What::Garbled));
    let worst = garbled.unwrap_or(first);
    let finding = sheet.broken(&CHAIN_ORDER, subject, worst.say(host), worst.evidence());
    finding.severity(if garbled.is_some() { Severity::Blocker } else { Severity::Warning });
    finding.expected("the server's certificate, then each issuer behind what it has signed, and nothing else");
    let numbered = served.certificates.iter().enumerate().map(|(place, (_, read))| {
        let name = read.as_ref().map_or_else(|| "unreadable".to_owned(), |read| quoted(read.name()));
        format!("{} {name}", place + 1)
    });
    finding.found(numbered.collect::<Vec<_>>().join(", "));
    finding.evidence.extend(misplaced.iter().filter(|it| it.place != worst.place).map(Misplaced::evidence));
    finding.fix("write the chain file anew as the CA delivers it: the server's certificate, then the intermediates upwards, each once");
}

/// A certificate that should not stand where it does.
struct Misplaced<'a> {
    /// From 0.
    place: usize,
    print: String,
    read: Option<&'a Certificate>,
    what: What,
}

enum What {
    /// It is no certificate: senders with OpenSSL break off (`d2i_X509` fails).
    Garbled,
    /// It has the outer form of a certificate; others may be able to read it.
    Unreadable,
    /// It came before.
    Again,
    /// It has signed nothing that is sent.
    Superfluous,
    /// It has signed another than the one before it.
    Late,
}

fn misplaced(served: &Served, place: usize) -> Option<Misplaced<'_>> {
    let (print, read) = served.certificates.get(place)?;
    let before = served.certificates.get(..place)?;
    let what = match read {
        _ if before.iter().any(|(known, _)| known == print) => What::Again,
        None if served.garbled.contains(print) => What::Garbled,
        None => What::Unreadable,
        Some(read) => {
            let previous = before.last().and_then(|(_, read)| read.as_ref());
            let others = || served.certificates.iter().filter_map(|(_, read)| read.as_ref()).filter(|other| other.sha256 != read.sha256);
            // What follows a duplicate or a stray may still be in its place; a cross-sign stands beside its twin.
            let is_twin = |other: &Certificate| other.subject_der == read.subject_der && other.subject_key_id == read.subject_key_id;
            // Key identifiers may be wrong; where the path goes the signatures have said.
            let in_path = |pair: &[Fingerprint]| pair.last() == Some(print) && pair.first() == previous.map(|previous| &previous.sha256);
            let follows = served.path.windows(2).any(in_path);
            if follows || previous.is_some_and(|previous| previous.is_issued_by(read) || is_twin(previous)) {
                return None;
            }
            if others().any(|other| other.is_issued_by(read)) { What::Late } else { What::Superfluous }
        }
    };
    Some(Misplaced { place, print: print.to_string(), read: read.as_ref(), what })
}

impl Misplaced<'_> {
    /// Whether it is wrong whatever the path is.
    fn is_sure(&self) -> bool {
        matches!(self.what, What::Garbled | What::Unreadable | What::Again)
    }

    fn say(&self, host: &Domain) -> String {
        let number = self.place + 1;
        let name = self.read.map_or_else(String::new, |read| format!(", {},", quoted(read.name())));
        match self.what {
            What::Garbled => format!("number {number} of the chain that {host} sends is no certificate; senders with OpenSSL break off"),
            What::Unreadable => format!("number {number} of the chain that {host} sends cannot be read as a certificate"),
            What::Again => format!("number {number} of the chain that {host} sends{name} was sent before"),
            What::Superfluous => format!("number {number} of the chain that {host} sends{name} belongs to nothing in it"),
            What::Late => format!("number {number} of the chain that {host} sends{name} has not signed the one before it"),
        }
    }

    fn evidence(&self) -> Evidence {
        self.read.map_or_else(
            || Evidence::new(EvidenceKind::Certificate, format!("SHA-256 {}: not to be read as a certificate", self.print)),
            describe,
        )
    }
}

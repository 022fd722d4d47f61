//! The order in which a chain is sent: each certificate certifies the one before it (RFC 5246 §7.4.2; a SHOULD since RFC 8446 §4.4.2).
//!
//! A root at the end is legal and common, and so are several certificates of one CA (cross-signs). A leaf that does not come first is
//! another fault, `cert-name-mismatch`; a missing or wrong intermediate is `cert-chain-incomplete`.

use super::{CHAIN_ORDER, Case, Served};
use crate::model::facts::tls::TlsFacts;
use crate::model::finding::{Evidence, EvidenceKind, Sheet};
use crate::model::rule::Severity;
use crate::rules::chain::{describe, quoted};
use crate::wire::certificate::Certificate;
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;

pub(super) fn judge(case: &Case<'_>, subject: &str, host: &Domain, tls: &TlsFacts, served: &Served, sheet: &mut Sheet) {
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
    let garbled = misplaced.iter().find(|it| matches!(it.what, What::Garbled));
    if let (None, Some(astray)) = (garbled, Astray::find(case, tls, served)) {
        return astray.tell(subject, host, served, &misplaced, sheet);
    }
    let Some(first) = misplaced.first() else { return sheet.holds(&CHAIN_ORDER, subject) };
    let worst = garbled.unwrap_or(first);
    let finding = sheet.broken(&CHAIN_ORDER, subject, worst.say(host), worst.evidence());
    finding.severity(if garbled.is_some() { Severity::Blocker } else { Severity::Warning });
    finding.expected("the server's certificate, then each issuer behind what it has signed, and nothing else");
    finding.found(numbered(served));
    finding.evidence.extend(misplaced.iter().filter(|it| it.place != worst.place).map(Misplaced::evidence));
    finding.fix("write the chain file anew as the CA delivers it: the server's certificate, then the intermediates upwards, each once");
}

/// The whole chain in one line.
fn numbered(served: &Served) -> String {
    let numbered = served.certificates.iter().enumerate().map(|(place, (_, read))| {
        let name = read.as_ref().map_or_else(|| "unreadable".to_owned(), |read| quoted(read.name()));
        format!("{} {name}", place + 1)
    });
    numbered.collect::<Vec<_>>().join(", ")
}

/// Senders that keep the first issuer that fits end nowhere, though there is a path.
struct Astray<'a> {
    /// Where they leave the path, from 0, with what stands there; `None`: they stop before its end.
    turn: Option<(usize, &'a Certificate)>,
    last: &'a Certificate,
    problem: &'a str,
}

impl<'a> Astray<'a> {
    fn find(case: &Case<'_>, tls: &'a TlsFacts, served: &'a Served) -> Option<Self> {
        let fit = tls.trust.first_fit_at(case.now)?;
        let right = &tls.trust.path_at(case.now)?.certificates;
        let read = |print: &Fingerprint| {
            let place = served.certificates.iter().position(|(known, _)| known == print)?;
            served.certificates.get(place).and_then(|(_, read)| Some((place, read.as_ref()?)))
        };
        let differs = |place: usize, print: &Fingerprint| right.get(place) != Some(print);
        let turn = fit.certificates.iter().enumerate().find(|(place, print)| differs(*place, print));
        let (_, last) = read(fit.certificates.last()?)?;
        Some(Self { turn: turn.and_then(|(_, print)| read(print)), last, problem: &fit.problem })
    }

    fn tell(&self, subject: &str, host: &Domain, served: &Served, misplaced: &[Misplaced<'_>], sheet: &mut Sheet) {
        let problem = self.problem;
        let (message, fix) = match self.turn {
            Some((place, read)) => {
                let (number, name) = (place + 1, quoted(read.name()));
                (
                    format!(
                        "senders with OpenSSL take number {number} of the chain that {host} sends, {name}, which leads nowhere: {problem}"
                    ),
                    format!("remove number {number}, {name}, from the chain file, or put it last"),
                )
            }
            None => (
                format!("senders with OpenSSL find no path from {} in the chain that {host} sends: {problem}", quoted(self.last.name())),
                "install leaf and chain anew as the CA delivers them; if the fault is in the certificate, have it issued again".to_owned(),
            ),
        };
        let evidence = describe(self.turn.map_or(self.last, |(_, read)| read));
        let finding = sheet.broken(&CHAIN_ORDER, subject, message, evidence).severity(Severity::Warning);
        finding.expected("of the issuers that fit by name and key identifier, first the one that leads to a root that senders trust");
        finding.found(numbered(served)).fix(fix);
        for other in misplaced.iter().map(Misplaced::evidence) {
            if !finding.evidence.contains(&other) {
                finding.evidence(other);
            }
        }
    }
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

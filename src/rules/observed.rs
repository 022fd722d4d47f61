//! How observations are worded as evidence: DNS answers with their TTL, lines of a policy, long text cut short.

use crate::model::facts::dns::{Elsewhere, TxtFacts, TxtRecord};
use crate::model::finding::{Evidence, EvidenceKind, Sheet};
use crate::model::looked::{Absence, Answer, Cname, Looked};
use crate::model::rule::Rule;
use crate::wire::fields::FieldFault;
use crate::wire::name::Domain;
use crate::wire::zone;

/// Longer text is of no use in a finding; hostile text may have 64 KiB.
const SHOWN: usize = 200;

/// `text`, cut after 200 characters.
pub(super) fn clip(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A line of the policy as evidence.
pub(super) fn policy_line(line: usize, raw: &str) -> Evidence {
    Evidence::new(EvidenceKind::Policy, format!("line {line}: {}", clip(raw)))
}

/// What is wrong with a field of a record.
pub(super) fn field_fault(field: &str, fault: FieldFault) -> String {
    if field.is_empty() { format!("a field {fault}") } else { format!("the field `{}` {fault}", clip(field)) }
}

/// The TXT records at one name, with what DNS said around them.
pub(super) struct TxtSeen<'a> {
    pub(super) name: &'a Domain,
    answer: Option<&'a Looked<Answer<Vec<TxtRecord>>>>,
}

impl<'a> TxtSeen<'a> {
    /// Records that DNS answered, or their absence.
    pub(super) fn of(facts: &'a TxtFacts) -> Self {
        Self { name: &facts.name, answer: Some(&facts.answer) }
    }

    /// Records that were given as text alone.
    pub(super) fn given(name: &'a Domain) -> Self {
        Self { name, answer: None }
    }

    /// One record.
    pub(super) fn record(&self, text: &str) -> Evidence {
        Evidence::new(EvidenceKind::Dns, format!("{} TXT \"{}\"{}", self.name, clip(text), self.ttl()))
    }

    /// That none of the records is the one.
    pub(super) fn nothing(&self, unrelated: usize) -> Evidence {
        let text = match self.answer {
            Some(Looked::Absent(absence)) => absent(self.name, "TXT", absence),
            _ => format!("{} TXT: {unrelated} {}, about other things{}", self.name, counted(unrelated, "record"), self.ttl()),
        };
        Evidence::new(EvidenceKind::Dns, text)
    }

    fn ttl(&self) -> String {
        let ttl = self.answer.and_then(Looked::seen).map(|answer| answer.ttl);
        ttl.map(|ttl| format!(" (TTL {ttl})")).unwrap_or_default()
    }

    /// The record stands where no sender looks; `repaired` is what to publish at the right name.
    pub(super) fn misplaced(&self, rule: &'static Rule, record: &str, other: &Elsewhere, repaired: &str, sheet: &mut Sheet) {
        let name = self.name;
        sheet
            .broken(
                rule,
                name.as_str(),
                format!("the {record} record is at {}, where no sender looks", other.name),
                Evidence::new(EvidenceKind::Dns, format!("{} TXT \"{}\"", other.name, clip(&other.text))),
            )
            .evidence(self.nothing(0))
            .expected(format!("the record at {name}"))
            .found(format!("it at {}", other.name))
            .fix_with(format!("publish the record at {name} and delete it at {}", other.name), zone::txt_line(name, repaired));
    }
}

/// `name TYPE: NXDOMAIN`, with the CNAMEs that led there.
pub(super) fn absent(name: &Domain, kind: &str, absence: &Absence) -> String {
    if absence.via.is_empty() {
        format!("{name} {kind}: {}", absence.kind.as_str())
    } else {
        format!("{}; {kind}: {}", chain(&absence.via), absence.kind.as_str())
    }
}

/// `a CNAME b (TTL 300)`, for each on the way.
pub(super) fn chain(via: &[Cname]) -> String {
    let links = via.iter().map(|link| format!("{} CNAME {} (TTL {})", link.name, link.target, link.ttl));
    links.collect::<Vec<_>>().join("; ")
}

/// `1 record`, `2 records`: the noun for a number.
pub(super) fn counted(number: usize, noun: &str) -> String {
    if number == 1 { noun.to_owned() } else { format!("{noun}s") }
}

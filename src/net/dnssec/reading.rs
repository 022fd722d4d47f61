//! What a validated answer says: the records or their absence, and the weakest proof on the way to them. Pure.

use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::dnssec::Proof;
use hickory_resolver::proto::dnssec::rdata::DNSSECRData;
use hickory_resolver::proto::op::{DnsResponse, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};

use super::ask::is_crowded;
use crate::model::facts::dane::Security;
use crate::model::looked::{Failure, FailureKind, Looked};
use crate::net::dns::{Records, answered, domain, failed};
use crate::wire::name::Domain;

/// An answer with what DNSSEC says of it.
#[derive(Clone, Debug)]
pub(super) struct Judged {
    pub(super) looked: Records,
    pub(super) security: Security,
    /// What is wrong, or why nothing can be told.
    pub(super) problem: Option<String>,
}

impl Judged {
    /// An answer of which nothing can be told.
    pub(super) fn untold(looked: Records, problem: impl Into<String>) -> Self {
        Self { looked, security: Security::Indeterminate, problem: Some(problem.into()) }
    }
}

/// Reads what the validator made of an answer. What it calls bogus is still to be looked at twice.
pub(super) fn validated(asked: &Domain, name: &Name, kind: RecordType, answer: Result<DnsResponse, NetError>) -> Judged {
    match answer {
        Ok(response) => {
            let looked = looked(asked, name, kind, &response);
            let security = security(name, kind, &response, looked.seen().is_some());
            let problem = (security == Security::Bogus).then(|| format!("a signature of {asked} {kind} is missing or does not hold"));
            Judged { looked, security, problem }
        }
        Err(NetError::Dns(DnsError::Nsec { response, proof, .. })) => unproven(asked, name, kind, &response, proof),
        Err(error) => {
            let problem = error.to_string();
            let looked = match failed(asked, kind, &error) {
                Looked::Failed(failure) if is_crowded(&error) => Looked::Failed(Failure { kind: FailureKind::TooLarge, ..failure }),
                other => other,
            };
            Judged::untold(looked, problem)
        }
    }
}

/// An answer whose proof of what is not there the library did not accept.
fn unproven(asked: &Domain, name: &Name, kind: RecordType, response: &DnsResponse, proof: Proof) -> Judged {
    let looked = looked(asked, name, kind, response);
    if proof == Proof::Insecure {
        return Judged { looked, security: Security::Insecure, problem: None };
    }
    let found = looked.seen().is_some();
    if security(name, kind, response, found) == Security::Secure && wildcards_are_right(response, found) {
        return Judged { looked, security: Security::Secure, problem: None };
    }
    // The library takes some sound proofs for broken ones, so this accuses nobody.
    Judged::untold(looked, format!("the proof of what is not there (NSEC) beside {asked} {kind} could not be followed"))
}

/// The records or their absence in an answer that was not validated here.
pub(super) fn looked(asked: &Domain, name: &Name, kind: RecordType, response: &DnsResponse) -> Records {
    answered(asked, name, kind, response.metadata.response_code, &response.answers)
}

/// The weakest proof of the CNAMEs and of the records they lead to; of the denial where there are none.
fn security(name: &Name, kind: RecordType, response: &DnsResponse, found: bool) -> Security {
    let mut weakest = Security::Secure;
    let mut owner = name.clone();
    let alias = |owner: &Name| response.answers.iter().find(|record| record.name == *owner && matches!(record.data, RData::CNAME(_)));
    let mut left = response.answers.len();
    while let Some(record) = alias(&owner).filter(|_| left > 0) {
        weakest = weakest.max(strength(record.proof));
        if let RData::CNAME(target) = &record.data {
            owner = target.0.clone();
        }
        left -= 1;
    }
    if !found {
        return weakest.max(denial(&response.authorities));
    }
    let records = response.answers.iter().filter(|record| record.name == owner && record.record_type() == kind);
    records.fold(weakest, |weakest, record| weakest.max(strength(record.proof)))
}

/// A denial is secure by its NSEC or NSEC3 records. The validator has let it pass, so without them it lies in an unsigned zone.
fn denial(authorities: &[Record]) -> Security {
    let proofs = authorities.iter().filter(|record| matches!(record.data, RData::DNSSEC(DNSSECRData::NSEC(_) | DNSSECRData::NSEC3(_))));
    if proofs.into_iter().any(|record| record.proof == Proof::Secure) { Security::Secure } else { Security::Insecure }
}

/// Whether records that a wildcard stands for are shown to have no closer match (RFC 4035 §5.3.4): an NSEC record that holds spans the
/// name, and neither of its ends lies between the wildcard's parent and the name. The library refuses the commonest of these proofs, and
/// records beside which a resolver put an NSEC record that they do not need.
fn wildcards_are_right(response: &DnsResponse, found: bool) -> bool {
    let expanded = response.answers.iter().filter_map(|record| match &record.data {
        RData::DNSSEC(DNSSECRData::RRSIG(signature)) if signature.input().num_labels < record.name.num_labels() => {
            Some((&record.name, usize::from(signature.input().num_labels)))
        }
        _ => None,
    });
    let proofs = response.authorities.iter().filter(|record| record.proof == Proof::Secure).filter_map(|record| match &record.data {
        RData::DNSSEC(DNSSECRData::NSEC(nsec)) => Some((&record.name, nsec.next_domain_name())),
        _ => None,
    });
    let proofs: Vec<(&Name, &Name)> = proofs.collect();
    let spans = |owner: &Name, next: &Name, name: &Name| owner < name && (name < next || (next <= owner && next.zone_of(name)));
    let mut expanded = expanded.peekable();
    if expanded.peek().is_none() {
        // Records that hold, and no wildcard: nothing needs proving, and what some resolvers add to it proves nothing against it.
        return found && response.answers.iter().any(|record| record.record_type() == RecordType::RRSIG);
    }
    expanded.all(|(name, labels)| {
        let shown = |(owner, next): &(&Name, &Name)| {
            spans(owner, next, name) && in_common(owner, name) <= labels && in_common(next, name) <= labels
        };
        proofs.iter().any(shown)
    })
}

/// How many labels two names share, from the right.
fn in_common(one: &Name, other: &Name) -> usize {
    let same = |(one, other): &(&[u8], &[u8])| one.eq_ignore_ascii_case(other);
    one.iter().rev().zip(other.iter().rev()).take_while(same).count()
}

fn strength(proof: Proof) -> Security {
    match proof {
        Proof::Secure => Security::Secure,
        Proof::Insecure => Security::Insecure,
        Proof::Bogus => Security::Bogus,
        Proof::Indeterminate => Security::Indeterminate,
    }
}

/// The zone that signed, or says to have signed, what does not hold; `None` if it came without a signature.
pub(super) fn signer(name: &Name, response: &DnsResponse) -> Option<Name> {
    // The records asked for may stand behind CNAMEs, so any that does not hold serves.
    let bogus = |record: &&Record| record.proof == Proof::Bogus && record.record_type() != RecordType::RRSIG;
    let own = response.answers.iter().filter(bogus).max_by_key(|record| record.name == *name)?;
    response.answers.iter().find_map(|record| match &record.data {
        RData::DNSSEC(DNSSECRData::RRSIG(signature)) if record.name == own.name && signature.input().type_covered == own.record_type() => {
            Some(signature.input().signer_name.clone())
        }
        _ => None,
    })
}

/// Where an answer breaks off at a CNAME whose target was neither answered nor denied: the resolver leaves following it to us.
pub(super) fn dangling(name: &Name, kind: RecordType, response: &DnsResponse) -> Option<Domain> {
    let denied = response.authorities.iter().any(|record| record.record_type() == RecordType::SOA);
    match looked(&domain(name), name, kind, response) {
        Looked::Absent(absence) if !denied && response.metadata.response_code == ResponseCode::NoError => {
            absence.via.last().map(|alias| alias.target.clone())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;

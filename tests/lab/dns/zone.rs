//! Zone data and the answers it gives: what exists, what is empty, what is not there, where aliases lead.

use std::collections::{BTreeMap, BTreeSet};

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::rdata::SOA;
use hickory_proto::rr::{Name, RData, Record, RecordType};

const LONGEST_CHAIN: usize = 16;
const NEGATIVE_TTL: u32 = 60;

/// All names of the lab.
#[derive(Default)]
pub(super) struct Zone {
    /// A name without records exists and is empty.
    names: BTreeMap<Name, Vec<(u32, RData)>>,
    signed: BTreeSet<Name>,
}

/// What the data says to a query.
pub(super) struct Found {
    pub(super) code: ResponseCode,
    pub(super) answers: Vec<Record>,
    /// The SOA of a negative answer.
    pub(super) authority: Option<Record>,
    /// The query name and every name that its aliases led to.
    pub(super) walked: Vec<Name>,
    /// Every name walked is in a signed zone.
    pub(super) secure: bool,
    /// Names that a wildcard spoke for, with that wildcard.
    pub(super) expanded: Vec<(Name, Name)>,
}

impl Zone {
    pub(super) fn add(&mut self, name: Name, ttl: u32, data: RData) {
        self.names.entry(name).or_default().push((ttl, data));
    }

    pub(super) fn exists(&mut self, name: Name) {
        self.names.entry(name).or_default();
    }

    pub(super) fn remove(&mut self, name: &Name, kind: RecordType) {
        if let Some(records) = self.names.get_mut(name) {
            records.retain(|(_, data)| data.record_type() != kind);
        }
    }

    pub(super) fn remove_name(&mut self, name: &Name) {
        self.names.remove(name);
    }

    pub(super) fn sign(&mut self, zone: Name) {
        self.signed.insert(zone);
    }

    /// Follows aliases as far as the data goes; RFC 2308 for what is negative, RFC 6604 for its code behind an alias.
    pub(super) fn look(&self, name: &Name, kind: RecordType) -> Found {
        let mut found = Found {
            code: ResponseCode::NoError,
            answers: Vec::new(),
            authority: None,
            walked: Vec::new(),
            secure: true,
            expanded: Vec::new(),
        };
        let mut name = name.clone();
        loop {
            let key = name.to_lowercase();
            // A circle of aliases is answered with its records: what to make of it is the resolver's business.
            if found.walked.contains(&key) || found.walked.len() == LONGEST_CHAIN {
                return found;
            }
            found.secure &= self.signed.iter().any(|zone| zone.zone_of(&key));
            found.walked.push(key.clone());
            let Some((owner, records)) = self.records(&key) else {
                found.code = ResponseCode::NXDomain;
                found.authority = Some(soa(&key));
                return found;
            };
            if owner != key {
                found.expanded.push((key.clone(), owner));
            }
            let of_kind = |wanted: RecordType| {
                let owner = name.clone();
                records
                    .iter()
                    .filter(move |(_, data)| data.record_type() == wanted)
                    .map(move |(ttl, data)| Record::from_rdata(owner.clone(), *ttl, data.clone()))
            };
            let before = found.answers.len();
            found.answers.extend(of_kind(kind));
            if found.answers.len() > before {
                return found;
            }
            let Some(alias) = of_kind(RecordType::CNAME).next() else {
                found.authority = Some(soa(&key));
                return found;
            };
            let RData::CNAME(target) = &alias.data else {
                return found;
            };
            name = target.0.clone();
            found.answers.push(alias);
        }
    }

    /// The records at a name and the name that they are kept at, empty if it merely exists, none if it does not.
    fn records(&self, name: &Name) -> Option<(Name, &[(u32, RData)])> {
        if let Some(records) = self.names.get(name) {
            return Some((name.clone(), records));
        }
        if self.has_descendant(name) {
            return Some((name.clone(), &[]));
        }
        // RFC 4592: a wildcard speaks for what is not there, from the closest name that exists.
        let mut parent = name.base_name();
        while !parent.is_root() && !self.names.contains_key(&parent) {
            let wildcard = parent.prepend_label("*").ok()?;
            if let Some(records) = self.names.get(&wildcard) {
                return Some((wildcard, records));
            }
            if self.has_descendant(&parent) {
                return None;
            }
            parent = parent.base_name();
        }
        let wildcard = parent.prepend_label("*").ok()?;
        let records = self.names.get(&wildcard)?;
        Some((wildcard, records))
    }

    /// Names sort canonically (RFC 4034 §6.1), so what is below a name follows it.
    fn has_descendant(&self, name: &Name) -> bool {
        let mut following = self.names.range(name..).map(|(other, _)| other);
        following.find(|other| *other != name).is_some_and(|other| name.zone_of(other))
    }
}

/// The SOA of the zone that a name would be in: two labels, as if every registered domain were one zone.
pub(super) fn soa(name: &Name) -> Record {
    let zone = name.trim_to(2);
    let server = Name::from_ascii("ns.lab.test.").expect("a constant name is valid");
    let data = SOA::new(server.clone(), server, 1, 3600, 600, 86_400, NEGATIVE_TTL);
    Record::from_rdata(zone, NEGATIVE_TTL, RData::SOA(data))
}

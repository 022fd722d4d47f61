//! DNSSEC in the lab: a signed root, a signed `test.`, and below it every registered domain a zone of its own, signed if a test says so.
//!
//! The server answers as a resolver does. Signatures and proofs are made when they are asked for (the DO bit). What does not exist is
//! denied by a record that claims the name and lists no such type, as large providers do it.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use hickory_proto::dnssec::crypto::EcdsaSigningKey;
use hickory_proto::dnssec::rdata::{DNSKEY, DNSSECRData, DS, NSEC, RRSIG};
use hickory_proto::dnssec::{Algorithm, DigestType, DnssecSigner, PublicKey as _, SigningKey as _};
use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::rdata::NS;
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordSet, RecordType};
use time::OffsetDateTime;

use super::Fault;
use super::zone::soa;

const TTL: u32 = 300;
const FORTNIGHT: std::time::Duration = std::time::Duration::from_hours(14 * 24);

/// The keys of all signed zones.
pub(super) struct Keys {
    zones: BTreeMap<Name, DnssecSigner>,
    /// Signed zones that their parent knows nothing of.
    islands: BTreeSet<Name>,
    /// Whether the lab's resolver says "authentic data" of what is signed; one that only forwards does not.
    pub(super) validates: bool,
}

impl Default for Keys {
    fn default() -> Self {
        let mut keys = Self { zones: BTreeMap::new(), islands: BTreeSet::new(), validates: true };
        keys.sign(Name::root());
        keys.sign(tld());
        keys
    }
}

impl Keys {
    /// Makes a key for a zone, and so signs it.
    pub(super) fn sign(&mut self, zone: Name) {
        let pkcs8 = EcdsaSigningKey::generate_pkcs8(Algorithm::ECDSAP256SHA256).expect("a key can be made");
        let key = EcdsaSigningKey::from_pkcs8(&pkcs8, Algorithm::ECDSAP256SHA256).expect("a key just made is one");
        // One key for all: a key-signing key may sign anything.
        let dnskey = DNSKEY::with_flags(257, key.to_public_key().expect("a key has a public half"));
        self.zones.insert(zone.clone(), DnssecSigner::new(dnskey, Box::new(key), zone, FORTNIGHT));
    }

    /// Signs a zone without a DS record at its parent.
    pub(super) fn sign_alone(&mut self, zone: Name) {
        self.islands.insert(zone.clone());
        self.sign(zone);
    }

    /// Whether the parent has a DS record for the zone.
    fn is_known(&self, zone: &Name) -> bool {
        self.zones.contains_key(zone) && !self.islands.contains(zone)
    }

    /// The root's key as a trust anchor file has it.
    pub(super) fn anchor(&self) -> String {
        let key = self.zones[&Name::root()].dnskey();
        let public = base64::engine::general_purpose::STANDARD.encode(key.public_key().public_bytes());
        format!(". 3600 IN DNSKEY {} 3 {} {public}\n", key.flags(), u8::from(key.public_key().algorithm()))
    }

    /// Whether a validating resolver would say "authentic data" of a name.
    pub(super) fn vouch_for(&self, name: &Name, kind: RecordType) -> bool {
        self.validates && self.is_known(&zone_of(name, kind))
    }

    /// The records that exist because there are zones: keys, delegations. `None` for all other questions.
    pub(super) fn look(&self, name: &Name, kind: RecordType) -> Option<Vec<Record>> {
        let is_zone = name.num_labels() <= 2;
        let data = match kind {
            RecordType::DNSKEY if is_zone => self.zones.get(name).map(|signer| RData::DNSSEC(DNSSECRData::DNSKEY(signer.dnskey().clone()))),
            RecordType::DS if is_zone && !name.is_root() => {
                let known = self.zones.get(name).filter(|_| self.is_known(name));
                known.map(|signer| RData::DNSSEC(DNSSECRData::DS(ds(name, signer.dnskey()))))
            }
            RecordType::NS if is_zone => Some(RData::NS(NS(Name::from_ascii("ns.lab.test.").expect("a constant name is valid")))),
            _ => return None,
        };
        Some(data.map(|data| Record::from_rdata(name.clone(), TTL, data)).into_iter().collect())
    }

    /// Adds signatures, and a proof to a denial. `expanded` are names that a wildcard spoke for: its signature stands, and a proof that
    /// nothing closer is there.
    pub(super) fn complete(&self, answer: &mut Message, name: &Name, kind: RecordType, expanded: &[(Name, Name)], fault: Option<&Fault>) {
        let denied = !answer.answers.iter().any(|record| record.record_type() == kind);
        if denied {
            let alias = answer.answers.iter().rev().find_map(|record| match &record.data {
                RData::CNAME(target) => Some(target.0.clone()),
                _ => None,
            });
            let end = alias.unwrap_or_else(|| name.clone()).to_lowercase();
            let zone = zone_of(&end, kind);
            if self.zones.contains_key(&zone) {
                answer.authorities = vec![soa_of(&zone), proof(&end, kind)];
                answer.metadata.response_code = ResponseCode::NoError;
            }
        }
        for (_, wildcard) in expanded.iter().filter(|_| !denied) {
            let zone = zone_of(wildcard, kind);
            if self.zones.contains_key(&zone) {
                let nothing_after = NSEC::new(zone, [kind, RecordType::RRSIG, RecordType::NSEC]);
                answer.authorities.push(Record::from_rdata(wildcard.clone(), TTL, RData::DNSSEC(DNSSECRData::NSEC(nothing_after))));
            }
        }
        for section in [&mut answer.answers, &mut answer.authorities] {
            let times = if matches!(fault, Some(Fault::ManySignatures)) { 300 } else { 1 };
            let signatures = self.signatures(section, expanded, fault);
            section.extend(std::iter::repeat_n(signatures, times).flatten());
        }
    }

    fn signatures(&self, section: &[Record], expanded: &[(Name, Name)], fault: Option<&Fault>) -> Vec<Record> {
        let kept_at =
            |name: &Name| expanded.iter().find(|(known, _)| known == name).map_or_else(|| name.clone(), |(_, wildcard)| wildcard.clone());
        let mut sets: BTreeMap<(Name, RecordType), RecordSet> = BTreeMap::new();
        for record in section {
            let (name, kind) = (record.name.to_lowercase(), record.record_type());
            let set = || RecordSet::with_ttl(kept_at(&name), kind, record.ttl);
            sets.entry((name.clone(), kind)).or_insert_with(set).add_rdata(record.data.clone());
        }
        sets.into_iter().filter_map(|((name, kind), set)| self.signature(&name, kind, &set, fault)).collect()
    }

    fn signature(&self, name: &Name, kind: RecordType, set: &RecordSet, fault: Option<&Fault>) -> Option<Record> {
        // The proof of an unsigned delegation is the parent's, like a DS record.
        let as_parent = kind == RecordType::NSEC && name.num_labels() == 2 && !self.is_known(name);
        let signer = self.zones.get(&zone_of(name, if as_parent { RecordType::DS } else { kind }))?;
        let now = OffsetDateTime::now_utc();
        let inception = match fault {
            Some(Fault::NoSignatures) => return None,
            Some(Fault::OldSignatures) => now - FORTNIGHT * 2,
            _ => now - time::Duration::hours(1),
        };
        let made = RRSIG::from_rrset(set, DNSClass::IN, inception, signer).expect("what is in the lab can be signed");
        let made = match fault {
            Some(Fault::BadSignatures) => RRSIG::from_sig(made.input().clone(), made.sig().iter().map(|byte| byte ^ 1).collect()),
            _ => made,
        };
        Some(Record::from_rdata(name.clone(), set.ttl(), RData::DNSSEC(DNSSECRData::RRSIG(made))))
    }
}

/// "This name is there, and has no such type." At the cut to a zone without keys it says that there is a delegation.
fn proof(name: &Name, kind: RecordType) -> Record {
    let mut types = vec![RecordType::RRSIG, RecordType::NSEC];
    if kind == RecordType::DS && name.num_labels() == 2 {
        types.push(RecordType::NS);
    }
    let next = name.prepend_label("\u{0}").unwrap_or_else(|_| name.clone());
    Record::from_rdata(name.clone(), TTL, RData::DNSSEC(DNSSECRData::NSEC(NSEC::new(next, types))))
}

fn ds(zone: &Name, key: &DNSKEY) -> DS {
    let tag = key.calculate_key_tag().expect("a key has a tag");
    let digest = key.to_digest(zone, DigestType::SHA256).expect("a key has a digest");
    DS::new(tag, key.public_key().algorithm(), DigestType::SHA256, digest.as_ref().to_vec())
}

fn tld() -> Name {
    Name::from_ascii("test.").expect("a constant name is valid")
}

/// The zone that holds the data: the last two labels, the parent's for a DS record.
fn zone_of(name: &Name, kind: RecordType) -> Name {
    let name = name.to_lowercase();
    let name = if kind == RecordType::DS { name.base_name() } else { name };
    let zone = name.trim_to(2);
    if tld().zone_of(&zone) { zone } else { Name::root() }
}

fn soa_of(zone: &Name) -> Record {
    let mut record = soa(zone);
    record.name = zone.clone();
    record
}

//! DNSSEC for DANE alone: TLSA records, and how far the MX records and addresses that they rest on can be vouched for (RFC 7672 §2).
//!
//! In: an MX host with its addresses. Out: [`DaneFacts`]. Everything else of the tool asks [`Dns`], which validates nothing.
//!
//! A verdict of "bogus" accuses somebody's zone, so it is given only where nothing speaks against it: not if the resolver passes no
//! signatures on, not if a question on the way failed, not if the resolver validates itself and found nothing wrong.

mod anchors;
mod ask;
mod reading;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::net::dnssec::DnssecDnsHandle;
use hickory_resolver::net::xfer::{DnsHandle as _, FirstAnswer as _};
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::dnssec::TrustAnchors;
use hickory_resolver::proto::op::{DnsResponse, Query};
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use tokio::sync::OnceCell;

pub use self::anchors::AnchorError;

use self::ask::{Asker, Bits, Trail};
use self::reading::Judged;
use super::dns::{CNAME_CAP, Dns, DnsSetupError, failed};
use super::memo::Memo;
use crate::model::facts::dane::{DaneFacts, Security, TlsaRecord};
use crate::model::facts::dns::AddressFacts;
use crate::model::looked::{Answer, Failure, FailureKind, Looked};
use crate::model::settings::{TLSA_CAP, TLSA_DATA_CAP};
use crate::wire::name::Domain;

/// Who vouches for what DNS says.
#[derive(Clone, Copy, Debug)]
pub enum Voucher<'a> {
    /// Validated here, with the root keys in this file or the embedded ones.
    Anchors(Option<&'a Path>),
    /// The AD bit of the resolvers: the operator says that they and the way to them can be trusted (RFC 7672 §2.1.3).
    Resolvers,
}

/// Why DNSSEC cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum DnssecSetupError {
    /// No trust anchor.
    #[error(transparent)]
    Anchors(#[from] AnchorError),
    /// No resolver.
    #[error(transparent)]
    Resolver(#[from] DnsSetupError),
}

/// What DANE hangs on, beside the host's name.
#[derive(Clone, Copy, Debug)]
pub struct Host<'a> {
    /// The MX host.
    pub name: &'a Domain,
    /// Its addresses, as looked up already.
    pub addresses: &'a AddressFacts,
    /// The domain whose MX record names it, if one does.
    pub named_by: Option<&'a Domain>,
}

/// Asks with DNSSEC, each question once a run.
pub struct Dnssec {
    asker: Asker,
    anchors: Option<Arc<TrustAnchors>>,
    by: String,
    port: u16,
    deadline: Duration,
    /// How long the root's keys are waited for: they are asked for once, and whatever rests on them waits.
    patience: Duration,
    resolver: OnceCell<Resolver>,
    memo: Memo<(Domain, RecordType), Arc<Judged>>,
}

impl std::fmt::Debug for Dnssec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dnssec").field("by", &self.by).finish_non_exhaustive()
    }
}

/// What the resolvers are good for, learned from the root's keys.
#[derive(Clone, Debug)]
struct Resolver {
    /// Why nothing can be told of DNSSEC through them, if so.
    unfit: Option<String>,
    /// They validate: what they answer without being asked to leave checking alone, they have found nothing wrong with.
    validates: bool,
}

impl Dnssec {
    /// Asks the resolvers of `dns` for the records of hosts that are connected to at `port`: the name is of that port (RFC 7672 §2.2.3).
    ///
    /// # Errors
    /// [`DnssecSetupError`] if the trust anchors cannot be loaded.
    pub fn new(dns: &Dns, voucher: Voucher<'_>, port: u16) -> Result<Self, DnssecSetupError> {
        let (anchors, by) = match voucher {
            Voucher::Anchors(file) => (Some(anchors::load(file)?), "validated here".to_owned()),
            Voucher::Resolvers => (None, format!("the AD bit of {}", dns.servers().join(", "))),
        };
        let asker = Asker::new(dns).map_err(|error| DnsSetupError::Build(error.to_string()))?;
        let (deadline, patience) = (dns.deadline(), dns.attempt() * 2);
        Ok(Self { asker, anchors, by, port, deadline, patience, resolver: OnceCell::new(), memo: Memo::default() })
    }

    /// The TLSA records of a host, with what DNSSEC says of all that a DANE-aware sender looks up on the way.
    pub async fn dane(&self, host: Host<'_>) -> DaneFacts {
        let (name, tlsa) = self.tlsa(host).await;
        let (records, left_out) = records(&tlsa.looked);
        // Senders ask for TLSA records only where the addresses are secure (RFC 7672 §2.2.3): that tells whether a failed lookup matters.
        let in_use = records.seen().is_some() && tlsa.security == Security::Secure;
        let addresses_matter = in_use || records.failure().is_some();
        let of_addresses = async { if addresses_matter { Some(self.of_addresses(host).await) } else { None } };
        let of_mx = async {
            match host.named_by.filter(|_| in_use) {
                Some(domain) => Some(self.judged(domain, RecordType::MX).await),
                None => None,
            }
        };
        let (of_addresses, of_mx) = tokio::join!(of_addresses, of_mx);
        let parts = [Some(tlsa.clone()), of_addresses.clone(), of_mx.clone()];
        let weakest = parts.into_iter().flatten().max_by_key(|part| part.security);
        DaneFacts {
            name,
            records,
            left_out,
            security: weakest.as_ref().map_or(Security::Indeterminate, |part| part.security),
            of_records: Some(tlsa.security),
            of_addresses: of_addresses.map(|part| part.security),
            of_mx: of_mx.map(|part| part.security),
            by: self.by.clone(),
            problem: weakest.and_then(|part| part.problem.clone()),
        }
    }

    /// RFC 7672 §2.2.2: for an alias the target's records come first.
    async fn tlsa(&self, host: Host<'_>) -> (Domain, Arc<Judged>) {
        let at = |base: &Domain| base.child(&format!("_{}._tcp", self.port));
        if let Some(alias) = host.addresses.via().last() {
            let name = at(&alias.target);
            let judged = self.judged(&name, RecordType::TLSA).await;
            if matches!(judged.looked, Looked::Seen(_)) {
                return (name, judged);
            }
        }
        let name = at(host.name);
        let judged = self.judged(&name, RecordType::TLSA).await;
        (name, judged)
    }

    /// The weaker of the families that the host has.
    async fn of_addresses(&self, host: Host<'_>) -> Arc<Judged> {
        let v4 = async { if host.addresses.v4.seen().is_some() { Some(self.judged(host.name, RecordType::A).await) } else { None } };
        let v6 = async { if host.addresses.v6.seen().is_some() { Some(self.judged(host.name, RecordType::AAAA).await) } else { None } };
        let (v4, v6) = tokio::join!(v4, v6);
        let untold = || {
            let failure = Failure::new(FailureKind::Other, "not asked");
            Arc::new(Judged::untold(Looked::Failed(failure), "the host has no address"))
        };
        v4.into_iter().chain(v6).max_by_key(|part| part.security).unwrap_or_else(untold)
    }

    async fn judged(&self, name: &Domain, kind: RecordType) -> Arc<Judged> {
        let judge = || async {
            // Outside the deadline of this question: whoever comes first waits for all.
            let resolver = self.resolver.get_or_init(|| self.met()).await;
            let judged = tokio::time::timeout(self.deadline, Box::pin(self.judge(resolver, name, kind))).await;
            Arc::new(judged.unwrap_or_else(|_| {
                let words = format!("no answer to {name} {kind} within {:?}", self.deadline);
                Judged::untold(Looked::Failed(Failure::new(FailureKind::Timeout, words.clone())), words)
            }))
        };
        self.memo.get((name.clone(), kind), judge).await
    }

    /// Judges an answer, and follows CNAMEs where the resolver does not: the weakest link counts.
    async fn judge(&self, resolver: &Resolver, asked: &Domain, kind: RecordType) -> Judged {
        let mut weakest: Option<Judged> = None;
        let mut via = Vec::new();
        let mut next = asked.clone();
        for _ in 0..=CNAME_CAP {
            let Some(name) = dns_name(&next) else {
                let words = format!("{next} cannot be asked for in DNS");
                return Judged::untold(Looked::Failed(Failure::new(FailureKind::DnsError, words.clone())), words);
            };
            let (mut judged, dangling) = self.judge_once(resolver, &next, &name, kind).await;
            let hop = match &mut judged.looked {
                Looked::Seen(answer) => Some(&mut answer.via),
                Looked::Absent(absence) => Some(&mut absence.via),
                Looked::Failed(_) => None,
            };
            if let Some(hop) = hop {
                via.append(hop);
                hop.clone_from(&via);
            }
            if let Some(before) = weakest.take().filter(|before| before.security > judged.security) {
                judged = Judged { looked: judged.looked, ..before };
            }
            match dangling {
                None => return judged,
                Some(target) => next = target,
            }
            weakest = Some(judged);
        }
        let words = format!("{asked}: more than {CNAME_CAP} CNAMEs in a row");
        Judged::untold(Looked::Failed(Failure::new(FailureKind::DnsError, words.clone())), words)
    }

    /// One answer, judged; and where it breaks off at a CNAME, the target to go on with.
    async fn judge_once(&self, resolver: &Resolver, asked: &Domain, name: &Name, kind: RecordType) -> (Judged, Option<Domain>) {
        let (answer, judged) = match (&self.anchors, &resolver.unfit) {
            (Some(anchors), None) => {
                let trail = Arc::new(Trail::default());
                let answer = self.validate(anchors, &trail, name, kind).await;
                let judged = reading::validated(asked, name, kind, answer.clone());
                let judged = if judged.security == Security::Bogus {
                    let signer = answer.as_ref().ok().and_then(|response| reading::signer(name, response));
                    self.second_look(resolver, anchors, &trail, signer, judged).await
                } else {
                    judged
                };
                (answer, judged)
            }
            _ => {
                let answer = self.asker.ask(name, kind, Bits::Authentic).await;
                let judged = believed(resolver, self.anchors.is_none(), asked, name, kind, answer.clone());
                (answer, judged)
            }
        };
        let judged = if judged.looked.failure().is_some() { self.twice(resolver, name, kind, judged).await } else { judged };
        (judged, answer.ok().and_then(|response| reading::dangling(name, kind, &response)))
    }

    /// One question through the library's validator.
    async fn validate(
        &self,
        anchors: &Arc<TrustAnchors>,
        trail: &Arc<Trail>,
        name: &Name,
        kind: RecordType,
    ) -> Result<DnsResponse, NetError> {
        let validator = DnssecDnsHandle::with_trust_anchor(self.asker.on(trail), Arc::clone(anchors));
        validator.lookup(Query::query(name.clone(), kind), self.asker.options()).first_answer().await
    }

    /// Before anything is called bogus: is it the zone, or the way to it, or the library?
    async fn second_look(
        &self,
        resolver: &Resolver,
        anchors: &Arc<TrustAnchors>,
        trail: &Trail,
        signer: Option<Name>,
        judged: Judged,
    ) -> Judged {
        if let Some(trouble) = trail.trouble() {
            return Judged::untold(judged.looked, format!("a lookup on the way to the trust anchor failed: {trouble}"));
        }
        if resolver.validates {
            let problem = "the signatures do not hold here, but the resolver, which validates, finds nothing wrong with them";
            return Judged::untold(judged.looked, problem);
        }
        let Some(signer) = signer else { return Judged::untold(judged.looked, "the answer comes without signatures") };
        // A zone whose parent says nothing of its keys may sign as it likes: only one that is known to be signed can be broken.
        let zone = super::dns::domain(&signer);
        let delegation = self.validate(anchors, &Arc::default(), &signer, RecordType::DS).await;
        let delegation = reading::validated(&zone, &signer, RecordType::DS, delegation);
        if signer.is_root() || (delegation.looked.seen().is_some() && delegation.security == Security::Secure) {
            return judged;
        }
        Judged::untold(judged.looked, format!("whether {zone} is a signed zone could not be proven"))
    }

    /// SERVFAIL is what a validating resolver says to signatures that do not hold; asked not to check, it answers.
    async fn twice(&self, resolver: &Resolver, name: &Name, kind: RecordType, judged: Judged) -> Judged {
        let servfail = judged.looked.failure().is_some_and(|failure| failure.kind == FailureKind::ServFail);
        if !(servfail && resolver.validates) {
            return judged;
        }
        let unchecked = self.asker.ask(name, kind, Bits::Unchecked).await;
        if !matches!(unchecked, Ok(_) | Err(NetError::Dns(DnsError::NoRecordsFound(_)))) {
            return judged;
        }
        let problem = "the resolver answers SERVFAIL, and answers when it is asked not to check signatures".to_owned();
        Judged { looked: judged.looked, security: Security::Bogus, problem: Some(problem) }
    }

    /// What the resolvers are good for, in bounded time. A resolver that does not answer is unfit for the whole run: each question that
    /// asked it again for the keys would wait as long again.
    async fn met(&self) -> Resolver {
        let met = tokio::time::timeout(self.patience, self.meet()).await;
        met.unwrap_or_else(|_| unfit(&format!("the keys of the root could not be looked up within {:?}", self.patience)))
    }

    /// Asks for the root's keys: whether signatures come with them, whether they lead to the trust anchor, whether the AD bit is set.
    async fn meet(&self) -> Resolver {
        let root = Name::root();
        let answer = match self.asker.ask(&root, RecordType::DNSKEY, Bits::Signed).await {
            Ok(answer) => answer,
            Err(error) => return unfit(&format!("the keys of the root could not be looked up: {error}")),
        };
        let validates = answer.metadata.authentic_data;
        let Some(anchors) = &self.anchors else {
            let why = "the resolver does not set the AD bit even for the root: it does not validate";
            return if validates { Resolver { unfit: None, validates } } else { unfit(why) };
        };
        if !answer.answers.iter().any(|record| record.record_type() == RecordType::RRSIG) {
            return unfit("the resolver does not pass signatures on");
        }
        let keys = self.validate(anchors, &Arc::default(), &root, RecordType::DNSKEY).await;
        let judged = reading::validated(&Domain::from_dns("."), &root, RecordType::DNSKEY, keys);
        match judged.security {
            Security::Secure => Resolver { unfit: None, validates },
            _ => unfit("the keys of the root that the resolver gives do not lead to the trust anchor"),
        }
    }
}

/// A resolver of which nothing can be believed.
fn unfit(why: &str) -> Resolver {
    Resolver { unfit: Some(why.to_owned()), validates: false }
}

/// What a resolver that is believed says by its AD bit; nothing, if it cannot be believed. Where the operator trusts it, a bit that is
/// set counts whatever it says of the root: it may validate with trust anchors of its own. A bit that is not set tells an unsigned zone
/// from a resolver that does not validate only by the root.
fn believed(
    resolver: &Resolver,
    trusted: bool,
    asked: &Domain,
    name: &Name,
    kind: RecordType,
    answer: Result<DnsResponse, NetError>,
) -> Judged {
    let authentic = answer.as_ref().is_ok_and(|response| response.metadata.authentic_data);
    let looked = match answer {
        Ok(response) => reading::looked(asked, name, kind, &response),
        Err(error) => failed(asked, kind, &error),
    };
    match (&resolver.unfit, &looked) {
        (_, Looked::Seen(_)) if trusted && authentic => Judged { looked, security: Security::Secure, problem: None },
        (Some(unfit), _) => Judged::untold(looked, unfit.clone()),
        (None, Looked::Failed(failure)) => {
            let problem = failure.detail.clone();
            Judged::untold(looked, problem)
        }
        // Of a denial the library keeps no AD bit, and nothing rests on it.
        (None, Looked::Absent(absence)) if absence.via.is_empty() => Judged::untold(looked, "a denial is not vouched for"),
        (None, _) => Judged { looked, security: if authentic { Security::Secure } else { Security::Insecure }, problem: None },
    }
}

fn dns_name(domain: &Domain) -> Option<Name> {
    let mut name = Name::from_ascii(domain.as_str()).ok()?;
    name.set_fqdn(true);
    Some(name)
}

/// The TLSA records, capped, and how many were left out.
fn records(looked: &super::dns::Records) -> (Looked<Answer<Vec<TlsaRecord>>>, usize) {
    let mut left_out = 0;
    let records = looked.clone().map(|answer| {
        let mut value: Vec<TlsaRecord> = Vec::new();
        for data in &answer.value {
            match data {
                RData::TLSA(tlsa) if tlsa.cert_data.len() <= TLSA_DATA_CAP => {
                    let (usage, selector, matching) = (tlsa.cert_usage.into(), tlsa.selector.into(), tlsa.matching.into());
                    value.push(TlsaRecord::new(usage, selector, matching, &tlsa.cert_data));
                }
                _ => left_out += 1,
            }
        }
        value.sort_unstable();
        value.dedup();
        left_out += value.len().saturating_sub(TLSA_CAP);
        value.truncate(TLSA_CAP);
        Answer { value, ttl: answer.ttl, via: answer.via }
    });
    (records, left_out)
}

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::op::{Message, MessageType, OpCode};
    use hickory_resolver::proto::rr::Record;
    use hickory_resolver::proto::rr::rdata::A;

    use super::*;

    /// An answer as it is believed: by a resolver that is fit or not, trusted by the operator or not, with the AD bit or without.
    fn said(fit: bool, trusted: bool, authentic: bool) -> Security {
        let (asked, name) = (Domain::from_dns("mx.example.com"), Name::from_ascii("mx.example.com.").expect("a name"));
        let mut message = Message::new(1, MessageType::Response, OpCode::Query);
        message.metadata.authentic_data = authentic;
        message.add_query(Query::query(name.clone(), RecordType::A));
        message.add_answer(Record::from_rdata(name.clone(), 300, RData::A(A::new(192, 0, 2, 1))));
        let answer = DnsResponse::from_message(message).expect("it can be encoded");
        let resolver = Resolver { unfit: (!fit).then(|| "no AD bit for the root".to_owned()), validates: fit };
        believed(&resolver, trusted, &asked, &name, RecordType::A, Ok(answer)).security
    }

    #[test]
    fn an_ad_bit_counts_where_the_operator_trusts_it_or_the_resolver_is_seen_to_validate() {
        use Security::{Indeterminate, Insecure, Secure};
        for (fit, trusted, authentic, security) in [
            (true, true, true, Secure),
            (true, true, false, Insecure),
            (false, true, true, Secure),
            (false, true, false, Indeterminate),
            (false, false, true, Indeterminate),
            (false, false, false, Indeterminate),
        ] {
            assert_eq!(said(fit, trusted, authentic), security, "fit {fit}, trusted {trusted}, AD {authentic}");
        }
    }
}

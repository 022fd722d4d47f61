//! DNS as it is: absent and unreachable kept apart, TTLs and CNAMEs kept, every question asked once a run.
//!
//! In: names. Out: [`Looked`] answers. The resolver's own cache is off (it can drop CNAMEs); the memo here is per run.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::Resolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts};
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};

use super::dns_transport::DnsTransport;
use super::memo::Memo;
use crate::model::facts::dns::{AddressFacts, MxRecord, TxtRecord};
use crate::model::looked::{Absence, AbsenceKind, Answer, Cname, Failure, FailureKind, Looked};
use crate::wire::name::Domain;

/// One attempt at one resolver waits this long, unless `--timeout` is shorter.
const ATTEMPT: Duration = Duration::from_secs(4);
/// Attempts after the first.
const RETRIES: usize = 2;
/// CNAMEs followed on the way to an answer.
pub(super) const CNAME_CAP: usize = 16;

pub(super) type Records = Looked<Answer<Vec<RData>>>;

/// Why there is no resolver to ask.
#[derive(Debug, thiserror::Error)]
pub enum DnsSetupError {
    /// The system names none, or unreadably.
    #[error("the system's resolver configuration cannot be used ({0}); name one with --resolver ADDRESS[:PORT]")]
    System(String),
    /// Which resolver is to be asked behind the proxy?
    #[error("DNS through a proxy needs a resolver to ask there; name one with --resolver ADDRESS[:PORT]")]
    Proxied,
    /// The resolver could not be made.
    #[error("no resolver can be set up: {0}")]
    Build(String),
}

/// A stub resolver with a memo.
pub struct Dns {
    resolver: Resolver<DnsTransport>,
    config: ResolverConfig,
    options: ResolverOpts,
    transport: DnsTransport,
    servers: Vec<String>,
    attempt: Duration,
    deadline: Duration,
    memo: Memo<(Domain, RecordType), Arc<Records>>,
}

impl std::fmt::Debug for Dns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dns").field("servers", &self.servers).finish_non_exhaustive()
    }
}

impl Dns {
    /// Asks `servers`, or the system's resolvers if none are given. `timeout` shortens each attempt.
    ///
    /// # Errors
    /// [`DnsSetupError`] if the system names no usable resolver.
    pub fn new(servers: &[SocketAddr], timeout: Option<Duration>) -> Result<Self, DnsSetupError> {
        Self::over(DnsTransport::default(), servers, timeout)
    }

    /// The same over another transport. Through a proxy only `servers` can be asked: the system's resolvers are inside.
    ///
    /// # Errors
    /// [`DnsSetupError`] if there is no usable resolver.
    pub fn over(transport: DnsTransport, servers: &[SocketAddr], timeout: Option<Duration>) -> Result<Self, DnsSetupError> {
        let proxied = transport.is_proxied();
        let config = if servers.is_empty() && proxied {
            return Err(DnsSetupError::Proxied);
        } else if servers.is_empty() {
            let (config, _) =
                hickory_resolver::system_conf::read_system_conf().map_err(|error| DnsSetupError::System(error.to_string()))?;
            ResolverConfig::from_name_servers(config.name_servers().to_vec())
        } else {
            ResolverConfig::from_name_servers(servers.iter().map(|server| name_server(*server, proxied)).collect())
        };
        if config.name_servers().is_empty() {
            return Err(DnsSetupError::System("it names no server".into()));
        }
        let names = config.name_servers().iter().map(|server| shown(server.ip, server.connections.first())).collect();
        let attempt = timeout.map_or(ATTEMPT, |timeout| timeout.min(ATTEMPT));
        let mut builder = Resolver::builder_with_config(config.clone(), transport.clone());
        let options = builder.options_mut();
        options.timeout = attempt;
        options.attempts = RETRIES;
        options.cache_size = 0;
        options.use_hosts_file = ResolveHosts::Never;
        options.preserve_intermediates = true;
        options.edns0 = true;
        options.max_active_requests = 512;
        // TTLs as they are: by default the library cuts them to a day, which would hide that they are longer.
        options.positive_max_ttl = Some(Duration::from_secs(u32::MAX.into()));
        let options = options.clone();
        let resolver = builder.build().map_err(|error| DnsSetupError::Build(error.to_string()))?;
        let retries = u32::try_from(RETRIES).unwrap_or(u32::MAX);
        let deadline = attempt * (retries + 2);
        Ok(Self { resolver, config, options, transport, servers: names, attempt, deadline, memo: Memo::default() })
    }

    /// The resolvers asked, `ADDRESS:PORT`.
    pub fn servers(&self) -> &[String] {
        &self.servers
    }

    /// The same resolvers for another way of asking, and how they are asked.
    pub(super) fn setup(&self) -> (&ResolverConfig, &ResolverOpts, &DnsTransport) {
        (&self.config, &self.options, &self.transport)
    }

    /// How long one attempt at one resolver may take.
    pub(super) fn attempt(&self) -> Duration {
        self.attempt
    }

    /// How long any one question may take.
    pub(super) fn deadline(&self) -> Duration {
        self.deadline
    }

    /// TXT records, in a stable order, each once: a set of records holds none twice (RFC 2181 §5), and resolvers see to it.
    pub async fn txt(&self, name: &Domain) -> Looked<Answer<Vec<TxtRecord>>> {
        let strings = |text: &[Box<[u8]>]| text.iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect();
        let mut answer = self
            .typed(name, RecordType::TXT, |data| match data {
                RData::TXT(txt) => Some(TxtRecord { strings: strings(&txt.txt_data) }),
                _ => None,
            })
            .await;
        if let Looked::Seen(answer) = &mut answer {
            answer.value.sort_by_cached_key(|record| (record.text(), record.strings.clone()));
            answer.value.dedup();
        }
        answer
    }

    /// MX records by preference, each once. The null MX (RFC 7505) is a record whose exchange is the root.
    pub async fn mx(&self, name: &Domain) -> Looked<Answer<Vec<MxRecord>>> {
        let mut answer = self
            .typed(name, RecordType::MX, |data| match data {
                RData::MX(mx) => Some(MxRecord { preference: mx.preference, exchange: domain(&mx.exchange) }),
                _ => None,
            })
            .await;
        if let Looked::Seen(answer) = &mut answer {
            answer.value.sort();
            answer.value.dedup();
        }
        answer
    }

    /// Both address families, asked side by side.
    pub async fn addresses(&self, name: &Domain) -> AddressFacts {
        let v4 = self.typed(name, RecordType::A, |data| match data {
            RData::A(a) => Some(a.0),
            _ => None,
        });
        let v6 = self.typed(name, RecordType::AAAA, |data| match data {
            RData::AAAA(aaaa) => Some(aaaa.0),
            _ => None,
        });
        let (mut v4, mut v6) = tokio::join!(v4, v6);
        if let Looked::Seen(answer) = &mut v4 {
            answer.value.sort_unstable();
            answer.value.dedup();
        }
        if let Looked::Seen(answer) = &mut v6 {
            answer.value.sort_unstable();
            answer.value.dedup();
        }
        AddressFacts { v4, v6 }
    }

    /// Whether the name exists at all, with whatever records.
    pub async fn exists(&self, name: &Domain) -> Looked<()> {
        // Not SOA: the resolver takes the zone's SOA beside an NXDOMAIN for an answer to that question.
        match self.typed(name, RecordType::A, |_| Some(())).await {
            Looked::Absent(absence) if absence.kind == AbsenceKind::NoData => Looked::Seen(()),
            other => other.map(|_| ()),
        }
    }

    async fn typed<T>(&self, name: &Domain, kind: RecordType, pick: impl Fn(&RData) -> Option<T>) -> Looked<Answer<Vec<T>>> {
        let records = self.memo.get((name.clone(), kind), || async { Arc::new(self.ask(name, kind).await) }).await;
        match &*records {
            Looked::Seen(answer) => {
                let value: Vec<T> = answer.value.iter().filter_map(pick).collect();
                if value.is_empty() {
                    return Looked::Failed(Failure::new(FailureKind::DnsError, format!("{name} {kind}: the records hold no data")));
                }
                Looked::Seen(Answer { value, ttl: answer.ttl, via: answer.via.clone() })
            }
            Looked::Absent(absence) => Looked::Absent(absence.clone()),
            Looked::Failed(failure) => Looked::Failed(failure.clone()),
        }
    }

    async fn ask(&self, asked: &Domain, kind: RecordType) -> Records {
        let mut name = match Name::from_ascii(asked.as_str()) {
            Ok(name) => name,
            Err(error) => {
                return Looked::Failed(Failure::new(FailureKind::DnsError, format!("{asked} cannot be asked for in DNS: {error}")));
            }
        };
        name.set_fqdn(true);
        let answer = tokio::time::timeout(self.deadline, self.resolver.lookup(name.clone(), kind)).await;
        match answer {
            Ok(Ok(lookup)) => answered(asked, &name, kind, lookup.message().metadata.response_code, lookup.answers()),
            Ok(Err(error)) => {
                let unending = if is_bare(&error) { self.circle(&name).await } else { None };
                let words = || format!("{asked}: its CNAMEs lead in a circle, or nowhere that could be looked up");
                unending
                    .map_or_else(|| self.blame_proxy(&error, failed(asked, kind, &error)), |why| Looked::Failed(Failure::new(why, words())))
            }
            Err(_) => Looked::Failed(Failure::new(FailureKind::Timeout, format!("no answer to {asked} {kind} within {:?}", self.deadline))),
        }
    }

    /// Where no resolver could be reached through a proxy, what the proxy said is the reason.
    fn blame_proxy(&self, error: &NetError, records: Records) -> Records {
        let unreached = !matches!(error, NetError::Dns(_));
        match (records, self.transport.trouble().filter(|_| unreached)) {
            (Looked::Failed(failure), Some(trouble)) => {
                Looked::Failed(Failure::new(trouble.kind, format!("{}: {}", failure.detail, trouble.detail)))
            }
            (records, _) => records,
        }
    }

    /// Whether the CNAMEs from `name` on never end, or their end cannot be found; `None` if they do end.
    async fn circle(&self, name: &Name) -> Option<FailureKind> {
        let mut aliases: BTreeMap<Name, Name> = BTreeMap::new();
        let mut met = vec![name.clone()];
        let mut next = name.clone();
        while met.len() <= CNAME_CAP {
            // One answer often holds the whole way.
            if !aliases.contains_key(&next) {
                let answer = tokio::time::timeout(self.deadline, self.resolver.lookup(next.clone(), RecordType::CNAME)).await;
                let lookup = match answer {
                    Ok(Ok(lookup)) => lookup,
                    Ok(Err(NetError::Dns(DnsError::NoRecordsFound(_)))) => return None,
                    Ok(Err(_)) => return Some(FailureKind::DnsError),
                    Err(_) => return Some(FailureKind::Timeout),
                };
                aliases.extend(lookup.answers().iter().filter_map(|record| match &record.data {
                    RData::CNAME(target) => Some((record.name.clone(), target.0.clone())),
                    _ => None,
                }));
            }
            match aliases.get(&next) {
                None => return None,
                Some(target) if met.contains(target) => return Some(FailureKind::DnsError),
                Some(target) => {
                    met.push(target.clone());
                    next = target.clone();
                }
            }
        }
        Some(FailureKind::DnsError)
    }
}

/// "No such record" without the SOA that should stand beside it (RFC 2308 §2.2): also how the library ends a chain of CNAMEs that it gave up.
fn is_bare(error: &NetError) -> bool {
    matches!(error, NetError::Dns(DnsError::NoRecordsFound(none)) if none.response_code == ResponseCode::NoError && none.soa.is_none())
}

fn name_server(server: SocketAddr, tcp_only: bool) -> NameServerConfig {
    let mut connections = if tcp_only { vec![ConnectionConfig::tcp()] } else { vec![ConnectionConfig::udp(), ConnectionConfig::tcp()] };
    for connection in &mut connections {
        connection.port = server.port();
    }
    NameServerConfig::new(server.ip(), true, connections)
}

fn shown(ip: IpAddr, connection: Option<&ConnectionConfig>) -> String {
    SocketAddr::new(ip, connection.map_or(53, |connection| connection.port)).to_string()
}

pub(super) fn domain(name: &Name) -> Domain {
    Domain::from_dns(&name.to_ascii())
}

/// Walks from the name asked through the CNAMEs to the records: an answer may hold them in any order, and records of other names.
/// `code` is what stands above them; records beside "no such name" are neither believed nor denied.
pub(super) fn answered(asked: &Domain, name: &Name, kind: RecordType, code: ResponseCode, records: &[Record]) -> Records {
    let mut owner = name.clone();
    let mut via = Vec::new();
    let mut ttl = u32::MAX;
    while via.len() < CNAME_CAP {
        let alias = records.iter().find_map(|record| match &record.data {
            RData::CNAME(target) if record.name == owner => Some((target.0.clone(), record.ttl)),
            _ => None,
        });
        let Some((target, alias_ttl)) = alias else { break };
        via.push(Cname { name: domain(&owner), target: domain(&target), ttl: alias_ttl });
        ttl = ttl.min(alias_ttl);
        owner = target;
    }
    let mut value = Vec::new();
    for record in records.iter().filter(|record| record.record_type() == kind && record.name == owner) {
        ttl = ttl.min(record.ttl);
        value.push(record.data.clone());
    }
    if value.is_empty() {
        let looping = via.len() == CNAME_CAP;
        return if looping {
            Looked::Failed(Failure::new(FailureKind::DnsError, format!("{asked}: more than {CNAME_CAP} CNAMEs in a row")))
        } else {
            let absence = if code == ResponseCode::NXDomain { AbsenceKind::NxDomain } else { AbsenceKind::NoData };
            Looked::Absent(Absence { kind: absence, via })
        };
    }
    if code == ResponseCode::NXDomain {
        let detail = format!("the resolver answered NXDOMAIN to {asked} {kind}, and gave records beside it");
        return Looked::Failed(Failure::new(FailureKind::DnsError, detail));
    }
    Looked::Seen(Answer { value, ttl, via })
}

pub(super) fn failed(asked: &Domain, kind: RecordType, error: &NetError) -> Records {
    let failure = |kind, detail: String| Looked::Failed(Failure::new(kind, detail));
    match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => {
            let absence = if none.response_code == ResponseCode::NXDomain { AbsenceKind::NxDomain } else { AbsenceKind::NoData };
            // The name that has nothing differs from the one asked where a CNAME led there.
            let end = domain(none.query.name());
            let via = if end == *asked { Vec::new() } else { vec![Cname { name: asked.clone(), target: end, ttl: 0 }] };
            Looked::Absent(Absence { kind: absence, via })
        }
        NetError::Dns(DnsError::ResponseCode(code)) => {
            let shown = format!("the resolver answered {} to {asked} {kind}", code_name(*code));
            match code {
                ResponseCode::ServFail => failure(FailureKind::ServFail, shown),
                ResponseCode::Refused => failure(FailureKind::Refused, shown),
                _ => failure(FailureKind::DnsError, shown),
            }
        }
        NetError::Timeout => failure(FailureKind::Timeout, format!("no resolver answered {asked} {kind} in time")),
        NetError::NoConnections => failure(FailureKind::Timeout, format!("no resolver could be reached to ask for {asked} {kind}")),
        other => failure(FailureKind::DnsError, format!("{asked} {kind}: {other}")),
    }
}

fn code_name(code: ResponseCode) -> String {
    match code {
        ResponseCode::ServFail => "SERVFAIL".into(),
        ResponseCode::Refused => "REFUSED".into(),
        ResponseCode::FormErr => "FORMERR".into(),
        ResponseCode::NotImp => "NOTIMP".into(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use hickory_resolver::proto::rr::rdata::{A, CNAME};

    use super::*;

    fn name(text: &str) -> Name {
        Name::from_str(text).expect("a name")
    }

    #[test]
    fn cnames_are_walked_from_the_name_asked_in_any_order() {
        let address = RData::A(A::new(192, 0, 2, 1));
        let records = [
            Record::from_rdata(name("b.example."), 30, address.clone()),
            Record::from_rdata(name("other.example."), 5, address.clone()),
            Record::from_rdata(name("a.example."), 60, RData::CNAME(CNAME(name("b.example.")))),
        ];
        let looked = answered(&Domain::from_dns("a.example"), &name("a.example."), RecordType::A, ResponseCode::NoError, &records);
        let answer = looked.seen().expect("seen");
        assert_eq!((answer.value.len(), answer.ttl), (1, 30));
        assert_eq!(answer.via, [Cname { name: Domain::from_dns("a.example"), target: Domain::from_dns("b.example"), ttl: 60 }]);
    }

    #[test]
    fn what_is_denied_and_given_at_once_is_neither() {
        let (own, alias) = (name("a.example."), RData::CNAME(CNAME(name("b.example."))));
        let looked = |code, data| {
            let records = [Record::from_rdata(own.clone(), 60, data)];
            answered(&Domain::from_dns("a.example"), &own, RecordType::A, code, &records)
        };
        let address = || RData::A(A::new(192, 0, 2, 1));
        assert!(looked(ResponseCode::NoError, address()).seen().is_some());
        assert!(looked(ResponseCode::NXDomain, address()).failure().is_some());
        // RFC 6604 §3: the code is about the end of the chain.
        let Looked::Absent(absence) = looked(ResponseCode::NXDomain, alias) else { panic!("the end of the chain is denied") };
        assert_eq!((absence.kind, absence.via.len()), (AbsenceKind::NxDomain, 1));
    }

    #[test]
    fn a_loop_of_cnames_is_a_failure_not_an_absence() {
        let records = [
            Record::from_rdata(name("a.example."), 60, RData::CNAME(CNAME(name("b.example.")))),
            Record::from_rdata(name("b.example."), 60, RData::CNAME(CNAME(name("a.example.")))),
        ];
        let looked = answered(&Domain::from_dns("a.example"), &name("a.example."), RecordType::A, ResponseCode::NoError, &records);
        assert!(looked.failure().is_some(), "{looked:?}");
    }
}

//! Questions that keep what DNSSEC needs: signatures, the AD bit, and a way to ask without being checked for. Each is asked once a run.
//!
//! One validation may ask many questions, and a hostile zone decides how many: they are counted on a [`Trail`], and from a bound on
//! refused. Answers with a crowd of records are refused, too, as each record may cost a signature check.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::stream::{self, Stream};
use hickory_resolver::net::xfer::{DnsHandle, FirstAnswer as _, RetryDnsHandle};
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::{DnsRequest, DnsRequestOptions, DnsResponse, Query};
use hickory_resolver::proto::rr::{Name, RecordType};
use hickory_resolver::{NameServerPool, PoolContext, TlsConfig};

use crate::net::dns::Dns;
use crate::net::dns_transport::DnsTransport;
use crate::net::memo::Memo;

/// Questions of one validation, memo or not. A zone six labels deep with two signatures at every step needs about sixty.
const QUESTION_CAP: usize = 300;
/// Records of one answer. The largest real ones (a hundred MX records, signed) are below.
const RECORD_CAP: usize = 256;
const CROWDED: &str = "more than 256 records in one answer";
/// Attempts after the first.
const RETRIES: usize = 1;

type Answer = Result<DnsResponse, NetError>;
type Pool = RetryDnsHandle<NameServerPool<DnsTransport>>;

/// The resolvers with a memo, as a handle that the validator asks through. Clones share the memo.
#[derive(Clone)]
pub(super) struct Asker {
    pool: Pool,
    memo: Arc<Memo<Key, Answer>>,
    options: DnsRequestOptions,
    trail: Arc<Trail>,
}

/// What makes two questions the same.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    name: Name,
    kind: RecordType,
    /// DO, CD and AD bits.
    bits: [bool; 3],
}

/// How the questions of one validation went.
#[derive(Debug, Default)]
pub(super) struct Trail {
    asked: AtomicUsize,
    trouble: Mutex<Option<String>>,
}

impl Trail {
    /// Why the way could not be walked to its end, if so: then the validator's "bogus" says nothing about the zone.
    pub(super) fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, trouble: String) {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(trouble);
    }
}

/// Which bits a question of our own carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bits {
    /// AD: "say whether you have checked it" (RFC 6840 §5.7).
    Authentic,
    /// DO and AD: signatures too.
    Signed,
    /// DO and CD: signatures, and no checking (RFC 4035 §3.2.2).
    Unchecked,
}

impl Asker {
    /// The resolvers of `dns`, asked in another way.
    pub(super) fn new(dns: &Dns) -> Result<Self, NetError> {
        let (config, options, transport) = dns.setup();
        let context = Arc::new(PoolContext::new(options.clone(), TlsConfig::new()?));
        let pool = NameServerPool::from_config(config.name_servers().to_vec(), context, transport.clone());
        let mut request = DnsRequestOptions::default();
        request.use_edns = true;
        request.edns_set_dnssec_ok = true;
        request.recursion_desired = true;
        Ok(Self { pool: RetryDnsHandle::new(pool, RETRIES), memo: Arc::default(), options: request, trail: Arc::default() })
    }

    /// The same, for one validation.
    pub(super) fn on(&self, trail: &Arc<Trail>) -> Self {
        Self { trail: Arc::clone(trail), ..self.clone() }
    }

    /// How questions are put.
    pub(super) fn options(&self) -> DnsRequestOptions {
        self.options
    }

    /// A question of our own, not validated here.
    pub(super) async fn ask(&self, name: &Name, kind: RecordType, bits: Bits) -> Answer {
        let mut options = self.options;
        options.edns_set_dnssec_ok = bits != Bits::Authentic;
        let mut request = DnsRequest::from_query(Query::query(name.clone(), kind), options);
        request.metadata.authentic_data = bits != Bits::Unchecked;
        request.metadata.checking_disabled = bits == Bits::Unchecked;
        self.on(&Arc::default()).answer(request).await
    }

    async fn answer(self, request: DnsRequest) -> Answer {
        // A zone that makes the validator run in circles must not keep this thread from its deadlines.
        tokio::task::yield_now().await;
        if self.trail.asked.fetch_add(1, Ordering::Relaxed) >= QUESTION_CAP {
            let trouble = format!("more than {QUESTION_CAP} questions on the way to the trust anchor");
            self.trail.note(trouble.clone());
            return Err(NetError::Msg(trouble));
        }
        let Some(query) = request.queries.first().cloned() else { return Err(NetError::Message("no question")) };
        let dnssec_ok = request.edns.as_ref().is_some_and(|edns| edns.flags().dnssec_ok);
        let bits = [dnssec_ok, request.metadata.checking_disabled, request.metadata.authentic_data];
        let key = Key { name: query.name.to_lowercase(), kind: query.query_type, bits };
        let ask = || async {
            let answer = capped(self.pool.send(request).first_answer().await);
            // Silence is not kept: one lost packet about `com` must not cost every domain below it.
            if let Err(error @ (NetError::Timeout | NetError::NoConnections | NetError::Io(_) | NetError::Busy)) = answer {
                Err(error)
            } else {
                Ok(answer)
            }
        };
        let answer = self.memo.try_get(key, ask).await.flatten();
        if let Err(error) = &answer
            && !matches!(error, NetError::Dns(DnsError::NoRecordsFound(_)))
        {
            self.trail.note(format!("{} {}: {error}", query.name, query.query_type));
        }
        answer
    }
}

/// Whether an answer came and was refused here for its size.
pub(super) fn is_crowded(error: &NetError) -> bool {
    matches!(error, NetError::Message(CROWDED))
}

fn capped(answer: Answer) -> Answer {
    match answer {
        Ok(response) if response.all_sections().count() > RECORD_CAP => Err(NetError::Message(CROWDED)),
        other => other,
    }
}

impl DnsHandle for Asker {
    type Response = Pin<Box<dyn Stream<Item = Answer> + Send>>;
    type Runtime = DnsTransport;

    fn send(&self, request: DnsRequest) -> Self::Response {
        Box::pin(stream::once(self.clone().answer(request)))
    }
}

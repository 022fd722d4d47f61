//! The second connection where the first handshake ended well: is there another certificate, for clients that can verify other keys
//! only? Many servers have an RSA and an ECDSA one, and one of the two is easily forgotten.

use super::opening::Steps;
use super::visit::Visit;
use crate::model::facts::servers::{OtherKey, Probe};
use crate::model::facts::tls::TlsFacts;
use crate::model::looked::{Failure, FailureKind, Looked};
use crate::net::tls::{self, keys};
use crate::wire::certificate::Certificate;
use crate::wire::hello::{Flight, Offer, alert_name};

/// Connects once more and asks for the key types that `first` did not have; `None` if its certificate cannot be read.
pub(super) async fn hold(visit: &mut Visit<'_>, first: &TlsFacts) -> Option<OtherKey> {
    let leaf = first.chain.first()?;
    let der = visit.prober.shelf.take_for(&[*leaf]);
    let kind = Certificate::parse(&der.get(leaf)?.0).ok()?.key.kind;
    let (asked, (outcome, dialogue)) = if first.version == "TLSv1.3" { by_library(visit, kind).await } else { in_clear(visit, kind).await };
    let outcome = match outcome {
        Looked::Seen(tls) if tls.chain.first() == Some(leaf) => Looked::Failed(Failure::new(FailureKind::Tls, OtherKey::SAME)),
        outcome => outcome,
    };
    Some(OtherKey { asked: asked.iter().map(|&kind| kind.to_owned()).collect(), outcome, dialogue })
}

/// A whole session, offering signatures of other keys only.
async fn by_library(visit: &mut Visit<'_>, kind: &str) -> (Vec<&'static str>, (Looked<TlsFacts>, Option<Box<Probe>>)) {
    let schemes = keys::schemes_without(kind);
    (keys::key_types(&schemes), visit.again(tls::recording_of(schemes)).await)
}

/// In TLS 1.2 the chain comes in clear, and a server may be limited to suites that the library does not have.
async fn in_clear(visit: &mut Visit<'_>, kind: &str) -> (Vec<&'static str>, (Looked<TlsFacts>, Option<Box<Probe>>)) {
    let offer = Offer::without_key(kind);
    let asked = offer.key_types().to_vec();
    let (at, mut steps) = ((visit.prober.options.clock)(), Steps::default());
    let answer = match visit.reach_tls("STARTTLS", &mut steps).await {
        Ok(ready) => visit.say_hello(ready, &offer).await,
        Err(failure) => return (asked, (Looked::Failed(failure), visit.dialogue(at, steps))),
    };
    let outcome = match answer {
        Err(failure) => Looked::Failed(failure),
        Ok(Flight::Alert(alert)) => Looked::Failed(Failure::new(FailureKind::TlsAlert, alert_name(alert))),
        Ok(Flight::Served(flight)) => Looked::Seen(visit.flight_facts(flight).await),
    };
    (asked, (outcome, None))
}

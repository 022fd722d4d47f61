//! The second connection where the modern handshake was ended by the server: a hand-written hello with old versions and wide suites. The
//! fault may be in what was offered, or the chain is still to be seen.

use super::opening::Steps;
use super::visit::Visit;
use crate::model::facts::servers::WideHello;
use crate::model::looked::{Failure, FailureKind, Looked};
use crate::wire::hello::{Flight, Offer, alert_name, group_name};

/// Connects once more and tries.
pub(super) async fn hold(visit: &mut Visit<'_>) -> WideHello {
    let failed = |failure, alert| WideHello { outcome: Looked::Failed(failure), alert, group: None };
    let ready = match visit.reach_tls("STARTTLS", &mut Steps::default()).await {
        Ok(ready) => ready,
        Err(failure) => return failed(failure, None),
    };
    match visit.say_hello(ready, &Offer::wide()).await {
        Err(failure) => failed(failure, None),
        Ok(Flight::Alert(alert)) => failed(Failure::new(FailureKind::TlsAlert, alert_name(alert)), Some(alert)),
        Ok(Flight::Served(flight)) => {
            let (group, alert) = (flight.group.map(group_name), flight.alert);
            WideHello { outcome: Looked::Seen(visit.flight_facts(flight).await), alert, group }
        }
    }
}

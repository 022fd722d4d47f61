use std::net::IpAddr;

use super::*;
use crate::model::facts::Facts;
use crate::model::facts::dns::AddressFacts;
use crate::model::finding::{Finding, Outcome};
use crate::rules::fixture::{self, POLICY, judged, seen};

const HERE: [u8; 4] = [192, 0, 2, 1];
const THERE: [u8; 4] = [192, 0, 2, 2];
const PROXY: [u8; 4] = [0, 0, 0, 0];

/// A fetch that got no further than the connection.
fn connected(address: [u8; 4]) -> Fetch {
    Fetch {
        address: IpAddr::from(address),
        at: fixture::NOW.parse().expect("a time"),
        agent: "test".to_owned(),
        elapsed_ms: 1,
        connect: Looked::Seen(1),
        tls: None,
        response: None,
    }
}

fn served(address: [u8; 4], body: &str) -> Fetch {
    Fetch { response: Some(Looked::Seen(crate::model::fixture::served(body))), ..connected(address) }
}

/// A policy host with two addresses.
fn facts(fetches: Vec<Fetch>) -> Facts {
    let mut facts = fixture::facts();
    let policy = facts.policy.as_mut().expect("a policy");
    (policy.draft, policy.fetches) = (None, fetches);
    policy.addresses = AddressFacts { v4: seen(vec![HERE.into(), THERE.into()]), v6: fixture::absent() };
    facts
}

fn findings(fetches: Vec<Fetch>) -> Vec<Finding> {
    judged(&facts(fetches), judge).into_findings()
}

#[test]
fn an_address_without_a_whole_fetch_leaves_the_answer_open() {
    for (fetches, open) in [
        (vec![served(HERE, POLICY), served(THERE, POLICY)], &[][..]),
        (vec![served(PROXY, POLICY)], &[]),
        (vec![served(HERE, POLICY)], &["mta-sts.example.com 192.0.2.2"]),
        (vec![], &["mta-sts.example.com 192.0.2.1", "mta-sts.example.com 192.0.2.2"]),
        (vec![connected(HERE), connected(THERE)], &["mta-sts.example.com 192.0.2.1", "mta-sts.example.com 192.0.2.2"]),
    ] {
        let all = findings(fetches);
        let unsettled = all.iter().filter(|finding| finding.rule == &CONNECT && finding.unsettles());
        assert_eq!(unsettled.map(|finding| finding.subject.as_str()).collect::<Vec<_>>(), open);
        assert!(!all.iter().any(|finding| finding.outcome == Outcome::Broken));
    }
}

#[test]
fn an_address_that_was_not_asked_says_why() {
    for kind in [FailureKind::NoRoute, FailureKind::SwitchedOff, FailureKind::Denied, FailureKind::Proxy, FailureKind::OutOfTime] {
        let unasked = Fetch { connect: Looked::Failed(Failure::new(kind, "its own reason")), ..connected(THERE) };
        let all = findings(vec![served(HERE, POLICY), unasked]);
        let finding = all.iter().find(|finding| finding.rule == &ADDRESS_FAILING && finding.subject.ends_with(".2.2")).expect("it is told");
        assert_eq!((finding.outcome, finding.message.contains("its own reason")), (Outcome::NotApplicable, true), "{kind:?}");
    }
}

/// Nobody knows which address a proxy chose, and 0.0.0.0 was none of them.
#[test]
fn what_a_proxy_fetched_is_called_so_everywhere() {
    let other = POLICY.replace("604800", "86400");
    let all = findings(vec![served(HERE, POLICY), served(PROXY, &other), Fetch { response: None, ..connected(PROXY) }]);
    let differ = all.iter().find(|finding| finding.rule == &ADDRESSES_DIFFER).expect("they differ");
    assert_eq!(differ.subject, "mta-sts.example.com (by the proxy)");
    assert!(differ.message.contains("(by the proxy)"), "{}", differ.message);
    assert!(!format!("{all:?}").contains("0.0.0.0"), "{all:?}");
}

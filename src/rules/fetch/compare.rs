//! What the same policy host says to different ways of asking: by address, by user agent.

use super::{ADDRESSES_DIFFER, BLOCKED_AGENT, what_failed};
use crate::model::facts::policy::{Fetch, PolicyFacts};
use crate::model::finding::{Evidence, EvidenceKind, Sheet};
use crate::rules::observed::clip;
use crate::wire::policy;

/// Whether all addresses hand out the same policy.
pub(super) fn differing(policy: &PolicyFacts, sheet: &mut Sheet) {
    let host = policy.host.as_str();
    let bodies: Vec<_> =
        policy.fetches.iter().filter_map(|fetch| Some((fetch, fetch.answered().filter(|answer| answer.status == 200)?))).collect();
    let Some((first, rest)) = bodies.split_first() else { return };
    let mut differ = false;
    for (fetch, answer) in rest {
        if same_policy(&first.1.body.text, &answer.body.text) {
            continue;
        }
        differ = true;
        sheet
            .broken(
                &ADDRESSES_DIFFER,
                format!("{host} {}", fetch.place()),
                format!("{} and {} serve different policies: which one a sender holds is chance", first.0.place(), fetch.place()),
                Evidence::at(EvidenceKind::Http, fetch.at, format!("{}: {:?}", fetch.place(), clip(&answer.body.text))),
            )
            .evidence(Evidence::at(EvidenceKind::Http, first.0.at, format!("{}: {:?}", first.0.place(), clip(&first.1.body.text))))
            .expected("the same policy from every address")
            .found(format!("SHA-256 {} and {}", first.1.body.sha256.short(), answer.body.sha256.short()))
            .fix("deploy the same file to every server behind the name");
    }
    if !differ {
        sheet.holds(&ADDRESSES_DIFFER, host);
    }
}

fn same_policy(one: &str, other: &str) -> bool {
    let read = |text| {
        let mut policy = policy::parse(text);
        policy.mx.sort();
        (policy.mode, policy.max_age, policy.mx)
    };
    one == other || read(one) == read(other)
}

/// Whether the same address answers other user agents otherwise.
pub(super) fn agents(policy: &PolicyFacts, sheet: &mut Sheet) {
    let host = policy.host.as_str();
    let Some(own) = policy.by_agent.first().and_then(|other| policy.fetches.iter().find(|fetch| fetch.address == other.address)) else {
        return;
    };
    let shown = |fetch: &Fetch| what_or_policy(fetch);
    let Some(other) = policy.by_agent.iter().find(|other| !same_answer(own, other)) else {
        sheet.holds(&BLOCKED_AGENT, host);
        return;
    };
    // Two fetches of one address that differ only because a connection failed say nothing about user agents.
    if own.answered().is_none() || other.answered().is_none() {
        sheet.not_applicable(&BLOCKED_AGENT, host, "the fetches cannot be compared");
        return;
    }
    sheet
        .broken(
            &BLOCKED_AGENT,
            host,
            format!("{host} answers by User-Agent: mail servers may not get what browsers get"),
            Evidence::at(EvidenceKind::Http, own.at, format!("User-Agent {:?}: {}", own.agent, shown(own))),
        )
        .evidence(Evidence::at(EvidenceKind::Http, other.at, format!("User-Agent {:?}: {}", other.agent, shown(other))))
        .expected("the same answer to everybody")
        .found(format!("{} and {}", shown(own), shown(other)))
        .fix("exempt /.well-known/mta-sts.txt from bot protection, challenges and user-agent filters");
}

fn same_answer(one: &Fetch, other: &Fetch) -> bool {
    match (one.answered(), other.answered()) {
        (Some(one), Some(other)) if one.status == 200 && other.status == 200 => same_policy(&one.body.text, &other.body.text),
        (Some(one), Some(other)) => one.status == other.status,
        (None, None) => true,
        _ => false,
    }
}

fn what_or_policy(fetch: &Fetch) -> String {
    match fetch.answered() {
        Some(answer) if answer.status == 200 => {
            format!("HTTP 200, a body of {} bytes, SHA-256 {}", answer.body.text.len(), answer.body.sha256.short())
        }
        _ => what_failed(fetch).1,
    }
}

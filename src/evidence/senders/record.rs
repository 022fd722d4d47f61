//! How senders read the `_mta-sts` record (RFC 8461 §3.1) and take the policy file (§3.3).

use super::{Behaviour, View, clipped};
use crate::wire::sts_record::{self, Problem, StsRecord};

pub(super) static BEHAVIOURS: &[Behaviour] = &[
    Behaviour {
        sender: "Halon's script and chasquid",
        name: "space-before-semicolon",
        source: "halon-extras mta-sts.hsl, chasquid internal/sts; RFC 8461 §3.1 and erratum 6285 disagree",
        see: Some("txt-space-before-semicolon"),
        effect: space,
    },
    Behaviour {
        sender: "foxcpp's library (maddy) and older postfix-mta-sts-resolver",
        name: "last-id-wins",
        source: "go-mtasts mtasts.go, postfix-mta-sts-resolver utils.py; by RFC 8461 §3.2 the first counts",
        see: Some("txt-duplicate-field"),
        effect: last_id,
    },
    Behaviour {
        sender: "mox",
        name: "second-id-rejected",
        source: "mox mtasts/parse.go; by RFC 8461 §3.2 the first counts",
        see: Some("txt-duplicate-field"),
        effect: |view| second_id(view).map(|_| "will reject the record for its second id, and apply no policy".to_owned()),
    },
    Behaviour {
        sender: "chasquid and postfix-mta-sts-resolver",
        name: "media-type",
        source: "chasquid internal/sts, postfix-mta-sts-resolver resolver.py; a SHOULD of RFC 8461 §3.3",
        see: Some("fetch-content-type"),
        effect: media_type,
    },
];

/// The record in force; a draft is judged without it.
fn record(view: &View<'_>) -> Option<StsRecord> {
    let policy = view.facts.policy.as_ref().filter(|policy| policy.draft.is_none())?;
    sts_record::select(&policy.txt.texts())
}

fn space(view: &View<'_>) -> Option<String> {
    let spaced = record(view)?.problems.contains(&Problem::SpaceBeforeSemicolon);
    spaced.then(|| "will not take the record for one of MTA-STS, and apply no policy".to_owned())
}

/// The second of two ids that differ.
fn second_id(view: &View<'_>) -> Option<String> {
    record(view)?.problems.into_iter().find_map(|problem| match problem {
        Problem::Duplicate { name, first, again } if name == "id" && first != again => Some(again),
        _ => None,
    })
}

fn last_id(view: &View<'_>) -> Option<String> {
    second_id(view).map(|id| format!("will take {} for the policy's id", clipped(&id)))
}

fn media_type(view: &View<'_>) -> Option<String> {
    let policy = view.facts.policy.as_ref().filter(|policy| policy.draft.is_none())?;
    let answer = policy.fetches.iter().filter_map(|fetch| fetch.answered()).find(|answer| answer.status == 200)?;
    let served = answer.content_type.as_deref().unwrap_or_default();
    let media_type = served.split(';').next().unwrap_or_default().trim();
    (!media_type.eq_ignore_ascii_case("text/plain"))
        .then(|| format!("will reject the policy, which is served as {}", if media_type.is_empty() { "nothing" } else { media_type }))
}

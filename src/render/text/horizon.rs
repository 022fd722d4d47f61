//! Until when senders may hold which policy, and the way back.

use super::{date, duration, minute, steps};
use crate::model::assessment::{Answer, Assessment, Clamp, Horizon, OlderPolicy, Question};
use crate::model::finding::Fix;
use crate::render::page::{Look, Page};

/// Older policies beyond these are counted.
const SHOWN: usize = 6;

pub(super) fn write(assessment: &Assessment, page: &mut Page) {
    let Some(horizon) = &assessment.horizon else { return };
    page.paragraph(&[(Look::Faint, "Horizon  ")], Look::Faint, &said(horizon));
    for older in horizon.older.iter().take(SHOWN) {
        page.paragraph(&[(Look::Faint, "         ")], if refuses(older) { Look::Warning } else { Look::Faint }, &held(older));
    }
    if horizon.older.len() > SHOWN {
        page.line(&[(Look::Faint, &format!("         and {} more older policies", horizon.older.len() - SHOWN))]);
    }
}

/// Until when the policy of today may be held.
pub(in crate::render) fn said(horizon: &Horizon) -> String {
    format!(
        "senders that fetch this policy may hold it until {} (record TTL {} + max_age {}){}",
        minute(horizon.held_until),
        duration(u64::from(horizon.txt_ttl)),
        duration(horizon.max_age),
        clamped(&horizon.clamped)
    )
}

/// Whether senders that still hold it refuse some MX host of today.
pub(in crate::render) fn refuses(older: &OlderPolicy) -> bool {
    older.mode == "enforce" && !older.satisfied
}

pub(super) fn way_back(assessment: &Assessment, page: &mut Page) {
    let back = roll_back(assessment);
    if !back.is_empty() {
        page.gap();
        page.line(&[(Look::Strong, "The way back")]);
        steps(back, page);
    }
}

/// The way back, where there is one to be taken or to be known before a step.
pub(in crate::render) fn roll_back(assessment: &Assessment) -> &[Fix] {
    let about_to_switch = assessment.question == Question::SwitchToEnforce && assessment.answer == Answer::Ready;
    let in_trouble = assessment.question == Question::StayInEnforce && assessment.answer == Answer::NotReady;
    match &assessment.horizon {
        Some(horizon) if about_to_switch || in_trouble => &horizon.roll_back,
        _ => &[],
    }
}

/// Until when an older policy may be held, and whether today's MX hosts satisfy it.
pub(in crate::render) fn held(older: &OlderPolicy) -> String {
    let names = |hosts: &[crate::wire::name::Domain]| hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let mut faults = Vec::new();
    if !older.uncovered.is_empty() {
        faults.push(format!("it does not cover {}", names(&older.uncovered)));
    }
    if !older.broken.is_empty() {
        faults.push(format!("{} would be refused", names(&older.broken)));
    }
    let fit = if faults.is_empty() { "today's MX hosts satisfy it".to_owned() } else { faults.join(", and ") };
    let seen =
        older.sha256.map_or_else(|| "last named in reports of".to_owned(), |sha256| format!("(SHA-256 {}) last seen on", sha256.short()));
    format!(
        "the {} policy {seen} {} may be held until {}{}: {fit}",
        older.mode,
        date(older.last_seen),
        minute(older.held_until),
        clamped(&older.clamped)
    )
}

fn clamped(clamps: &[Clamp]) -> String {
    let one = |clamp: &Clamp| format!("; {} holds it for {}, until {}", clamp.sender, duration(clamp.max_age), minute(clamp.held_until));
    clamps.iter().map(one).collect()
}

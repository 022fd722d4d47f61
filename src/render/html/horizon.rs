//! The policies that senders hold: today's and older ones as bars, each up to the instant until which it may be held.

use jiff::Timestamp;

use super::paper::{Paper, name};
use super::scale::Scale;
use super::shell::pre;
use crate::model::assessment::{Assessment, Horizon, OlderPolicy};
use crate::render::escape::html;
use crate::render::page::Look;
use crate::render::text::horizon::{held, refuses, said};

/// Older policies beyond these are counted.
const SHOWN: usize = 40;
/// The chart reaches so many days back, and forth: no policy is held longer than a year (RFC 8461 §3.2).
const DAYS: i64 = 400;

pub(super) fn write(assessment: &Assessment, paper: &mut Paper) {
    if let Some(policy) = &assessment.policy {
        paper.section("policy", "Policy", |paper| {
            let id = policy.id.as_deref().map(|id| format!("; id <code>{}</code>", html(id))).unwrap_or_default();
            let unusable = if policy.usable { "" } else { "; not usable as it is" };
            paper.line(format_args!("<p>SHA-256 <code>{}</code>{id}{unusable}</p>\n{}", policy.sha256, pre(&policy.text).trim_end()));
        });
    }
    if let Some(record) = assessment.record.as_ref().filter(|record| !record.texts.is_empty()) {
        paper.section("record", "TLS-RPT record", |paper| {
            for text in &record.texts {
                paper.put(format_args!("{}", pre(text)));
            }
        });
    }
    if let Some(horizon) = &assessment.horizon {
        paper.section("held", "What senders may still hold", |paper| chart(assessment, horizon, paper));
    }
}

fn chart(assessment: &Assessment, horizon: &Horizon, paper: &mut Paper) {
    let now = assessment.asked_at;
    let older = horizon.older.iter().flat_map(|older| [older.first_seen, older.held_until]);
    let scale = Scale::around(now, DAYS, DAYS, older.chain([horizon.held_until]));
    paper.line(format_args!("<figure>"));
    scale.now(now, paper);
    paper.line(format_args!("<ol class=\"strips\">"));
    strip(paper, &said(horizon), Look::Plain, [now, now, horizon.held_until], now, &scale);
    for policy in horizon.older.iter().take(SHOWN) {
        let look = if refuses(policy) { Look::Warning } else { Look::Plain };
        strip(paper, &held(policy), look, ends(policy), now, &scale);
    }
    paper.line(format_args!("</ol>"));
    scale.axis(paper);
    paper.line(format_args!(
        "<figcaption><span class=\"key line\"></span> now; <span class=\"key\"></span> it was served; \
         <span class=\"key open\"></span> senders may still hold it</figcaption>\n</figure>"
    ));
    if horizon.older.len() > SHOWN {
        paper.paragraph(Look::Faint, &format!("and {} more older policies", horizon.older.len() - SHOWN));
    }
}

/// When it was seen first, when last, and until when it may be held.
fn ends(policy: &OlderPolicy) -> [Timestamp; 3] {
    [policy.first_seen, policy.last_seen, policy.held_until]
}

fn strip(paper: &mut Paper, said: &str, look: Look, ends: [Timestamp; 3], now: Timestamp, scale: &Scale) {
    let [first, last, held] = ends.map(|end| scale.at(end));
    let (said, at) = (html(said), scale.at(now));
    let (warns, fill) = if look == Look::Warning { ("<b class=\"warn\">! refuses</b> ", name(look)) } else { ("", "faint") };
    paper.line(format_args!("<li class=\"strip\"><p>{warns}{said}</p>"));
    paper.line(format_args!(
        "<svg role=\"img\"><title>{said}</title><rect class=\"f-{fill}\" x=\"{first}\" y=\"20%\" width=\"{}\" height=\"60%\"/>\
         <rect class=\"f-open f-{fill}\" x=\"{last}\" y=\"20%\" width=\"{}\" height=\"60%\"/>\
         <line class=\"now\" x1=\"{at}\" x2=\"{at}\" y1=\"0\" y2=\"100%\"/></svg></li>",
        first.to(last),
        last.to(held),
    ));
}

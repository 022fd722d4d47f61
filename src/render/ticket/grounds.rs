//! What the judgement rests on besides: senders that differ, the thresholds, and from where it was looked.

use crate::model::assessment::Assessment;
use crate::model::facts::vantage::{Family, Vantage};
use crate::model::threshold;
use crate::render::markdown::{Document, Inline};
use crate::render::text::vantage::{clock, control, family, further};

pub(super) fn write(assessment: &Assessment, document: &mut Document) {
    if !assessment.senders.is_empty() {
        document.heading(2, Inline::text("Senders that differ"));
        let rows = assessment.senders.iter().map(|note| [note.sender, &note.effect, note.source].map(Inline::text));
        document.table(["Sender", "What it does here", "Source"], rows);
    }
    document.heading(2, Inline::text("How it was judged"));
    let thresholds = threshold::told(&assessment.thresholds).unwrap_or_else(|| "by the default thresholds".to_owned());
    document.list([Inline::text(thresholds)]);

    document.heading(2, Inline::text("From where it was looked"));
    let mut rows = vantage(&assessment.vantage);
    rows.extend(assessment.clock_offset_seconds.and_then(clock).map(|told| ("Clock", Inline::text(told))));
    rows.extend(assessment.vantages.iter().map(|other| ("Also looked from", Inline::text(further(other)))));
    document.table(["", "Vantage"], rows.into_iter().map(|(name, value)| [Inline::text(name), value]));
}

fn vantage(vantage: &Vantage) -> Vec<(&'static str, Inline)> {
    let means = &vantage.means;
    let known = |way: Family| Inline::text(family(way));
    let through = if means.socks5_dns { " (through SOCKS5)" } else { "" };
    let mut rows = vec![
        ("Resolvers", Inline::codes(&vantage.resolvers) + Inline::text(through)),
        (
            "Roots",
            Inline::code(&vantage.roots.name)
                + Inline::text(format!(" ({} roots, SHA-256 ", vantage.roots.count))
                + Inline::code(vantage.roots.sha256)
                + Inline::text(")"),
        ),
        ("IPv4", known(vantage.ipv4)),
        ("IPv6", known(vantage.ipv6)),
        ("EHLO", Inline::code(&vantage.helo)),
    ];
    if !means.source.is_empty() {
        rows.push(("Own addresses", Inline::codes(&means.source)));
    }
    rows.extend(means.socks5.iter().map(|proxy| ("MX hosts through SOCKS5", Inline::code(proxy))));
    rows.extend(means.proxy.iter().map(|proxy| ("Policy through proxy", Inline::code(proxy))));
    if means.deny_private {
        rows.push(("Private addresses", Inline::text("left alone")));
    }
    rows.extend(means.control.iter().map(|facts| ("Control connection", Inline::text(control(facts)))));
    rows
}

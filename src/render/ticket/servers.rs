//! The MX hosts, address by address, and every certificate with its fingerprint and its end.

use std::collections::BTreeSet;

use crate::model::assessment::{Assessment, KnownFrom, MxSummary};
use crate::model::facts::dane::Security;
use crate::render::markdown::{Document, Inline};
use crate::render::text::servers::{fared, tls};

/// Rows of one table beyond these are counted: a ticket takes only so much.
const ROWS_SHOWN: usize = 100;
/// Names of one certificate beyond these are counted.
const NAMES_SHOWN: usize = 4;

pub(super) fn write(assessment: &Assessment, document: &mut Document) {
    hosts(assessment, document);
    certificates(assessment, document);
    ends(assessment, document);
}

fn hosts(assessment: &Assessment, document: &mut Document) {
    if assessment.mx.is_empty() {
        return;
    }
    document.heading(2, Inline::text("MX hosts"));
    let mut rows = Vec::new();
    for host in &assessment.mx {
        let preference = host.preference.map_or_else(Inline::default, |preference| Inline::text(preference.to_string()));
        let row = |address: Inline, state: Inline, tls: Inline| {
            [preference.clone(), Inline::code(host.host.shown()), address, state, tls, covered(assessment, host), known_from(host)]
        };
        if host.addresses.is_empty() {
            rows.push(row(Inline::default(), Inline::text("? no address probed"), Inline::default()));
        }
        rows.extend(host.addresses.iter().map(|address| {
            let (sign, word, _) = fared(address.outcome);
            let suite = address.suite.as_ref().map(|suite| Inline::text(" ") + Inline::code(suite)).unwrap_or_default();
            row(Inline::code(address.address), Inline::text(format!("{sign} {word}")), Inline::text(tls(address)) + suite)
        }));
    }
    table(["Pref.", "Host", "Address", "State", "TLS", "Covered by", "Known from"], rows, document);
}

/// The policy's pattern, and DANE where there is any.
fn covered(assessment: &Assessment, host: &MxSummary) -> Inline {
    let pattern = match (&host.covered_by, &assessment.policy) {
        (Some(pattern), _) => Inline::code(format!("mx: {pattern}")),
        (None, Some(policy)) if !policy.mx.is_empty() => Inline::strong("not in the policy"),
        (None, _) => Inline::default(),
    };
    let secure = host.dane.as_ref().filter(|dane| dane.security == Security::Secure);
    match secure.and_then(|dane| dane.matches) {
        Some(true) => pattern + Inline::text(", DANE matches"),
        Some(false) => pattern + Inline::text(", DANE does not match"),
        None => pattern,
    }
}

fn known_from(host: &MxSummary) -> Inline {
    Inline::text(match host.known_from {
        Some(KnownFrom::Reports) => "reports",
        Some(KnownFrom::ProbeOnly) => "probe only",
        Some(KnownFrom::Neither) => "neither",
        None => "",
    })
}

/// Each leaf once, with the hosts that serve it.
fn certificates(assessment: &Assessment, document: &mut Document) {
    let mut seen = BTreeSet::new();
    let mut rows = Vec::new();
    let chains = || {
        assessment
            .mx
            .iter()
            .flat_map(|host| host.addresses.iter().flat_map(move |address| address.chains.iter().map(move |chain| (host, chain))))
    };
    for (_, chain) in chains() {
        if !seen.insert(chain.leaf.sha256) {
            continue;
        }
        let mut hosts: Vec<String> =
            chains().filter(|(_, other)| other.leaf.sha256 == chain.leaf.sha256).map(|(host, _)| host.host.shown()).collect();
        hosts.dedup();
        let names = Inline::codes(chain.leaf.names.iter().take(NAMES_SHOWN));
        let more = chain.leaf.names.len().saturating_sub(NAMES_SHOWN);
        let more = if more > 0 { Inline::text(format!(" and {more} more")) } else { Inline::default() };
        rows.push([
            Inline::code(chain.leaf.sha256),
            Inline::codes(hosts),
            Inline::text(&chain.key_type),
            names + more,
            Inline::text(&chain.leaf.issuer),
            Inline::code(chain.leaf.not_before),
            Inline::code(chain.leaf.not_after),
            Inline::text(if chain.trusted { "yes" } else { "no" }),
        ]);
    }
    if !rows.is_empty() {
        document.heading(3, Inline::text("Certificates"));
    }
    table(["SHA-256", "Served by", "Key", "Names", "Issuer", "From", "Until", "Trusted"], rows, document);
}

/// When each path ends, which may be sooner than its leaf, and those of the policy host.
fn ends(assessment: &Assessment, document: &mut Document) {
    if assessment.runway.is_empty() {
        return;
    }
    document.heading(3, Inline::text("Ends, soonest first"));
    let row = |entry: &crate::model::assessment::RunwayEntry| {
        let left = if entry.seconds_left < 0 {
            Inline::strong("over")
        } else {
            Inline::text(crate::render::text::duration(entry.seconds_left.unsigned_abs()))
        };
        [Inline::code(entry.not_after), left, Inline::code(&entry.subject), Inline::code(entry.sha256.short())]
    };
    table(["Ends", "Left", "Of", "SHA-256"], assessment.runway.iter().map(row).collect(), document);
}

fn table<const N: usize>(header: [&str; N], mut rows: Vec<[Inline; N]>, document: &mut Document) {
    let more = rows.len().saturating_sub(ROWS_SHOWN);
    rows.truncate(ROWS_SHOWN);
    document.table(header, rows);
    if more > 0 {
        document.paragraph(Inline::text(format!("and {more} more")));
    }
}

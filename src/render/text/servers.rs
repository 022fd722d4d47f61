//! The MX hosts with their addresses, side by side.

use jiff::Timestamp;

use crate::model::assessment::{AddressOutcome, AddressSummary, Assessment, ChainSummary, KnownFrom, MxSummary};
use crate::model::facts::dane::Security;
use crate::render::page::{Look, Page};

/// Rows beyond these are counted.
const ROWS_SHOWN: usize = 40;
/// Hosts beyond these are counted.
const HOSTS_SHOWN: usize = 6;

pub(super) fn write(assessment: &Assessment, page: &mut Page) {
    if assessment.mx.is_empty() {
        return;
    }
    page.gap();
    page.line(&[(Look::Strong, "MX hosts")]);
    let mut rows = Vec::new();
    for host in &assessment.mx {
        let covered = covered(assessment, host);
        if host.addresses.is_empty() {
            rows.push(vec![
                (Look::Unknown, "?".to_owned()),
                (Look::Plain, label(host)),
                (Look::Faint, "no address probed".to_owned()),
                covered.clone(),
            ]);
        }
        for (index, address) in host.addresses.iter().enumerate() {
            let name = if index == 0 { label(host) } else { String::new() };
            rows.push(row(name, address, if index == 0 { covered.clone() } else { (Look::Plain, String::new()) }, assessment));
        }
    }
    let left_out = rows.len().saturating_sub(ROWS_SHOWN);
    rows.truncate(ROWS_SHOWN);
    page.table(2, &rows);
    if left_out > 0 {
        page.line(&[(Look::Faint, &format!("  and {left_out} more"))]);
    }
    known_from(assessment, page);
}

/// How much of this rests on what senders met, and how much on probes alone; nothing where reports were not looked at.
fn known_from(assessment: &Assessment, page: &mut Page) {
    let of = |from| assessment.mx.iter().filter(|host| host.known_from == Some(from)).map(|host| host.host.shown()).collect::<Vec<_>>();
    for (words, hosts) in [("seen in reports", of(KnownFrom::Reports)), ("proven by probe only", of(KnownFrom::ProbeOnly))] {
        let more = hosts.len().saturating_sub(HOSTS_SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        if !hosts.is_empty() {
            let shown = hosts.iter().take(HOSTS_SHOWN).cloned().collect::<Vec<_>>().join(", ");
            page.line(&[(Look::Faint, &format!("  {words}: {shown}{more}"))]);
        }
    }
}

/// Preference and name.
pub(in crate::render) fn label(host: &MxSummary) -> String {
    let preference = host.preference.map(|preference| format!("{preference} ")).unwrap_or_default();
    format!("{preference}{}", host.host.shown())
}

/// What covers the host: the policy's pattern, and DANE where there is any.
pub(in crate::render) fn covered(assessment: &Assessment, host: &MxSummary) -> (Look, String) {
    let secure = host.dane.as_ref().filter(|dane| dane.security == Security::Secure);
    let dane = match secure.and_then(|dane| dane.matches) {
        Some(true) => ", DANE matches",
        Some(false) => ", DANE does not match",
        None => "",
    };
    match (&host.covered_by, &assessment.policy) {
        (Some(pattern), _) => (Look::Faint, format!("mx: {pattern}{dane}")),
        (None, Some(policy)) if !policy.mx.is_empty() => (Look::Bad, format!("not in the policy{dane}")),
        (None, _) => (Look::Faint, dane.trim_start_matches(", ").to_owned()),
    }
}

fn row(name: String, address: &AddressSummary, covered: (Look, String), assessment: &Assessment) -> Vec<(Look, String)> {
    let (sign, word, look) = outcome(address.outcome);
    vec![
        (look, sign.to_owned()),
        (Look::Plain, name),
        (Look::Plain, address.address.to_string()),
        (look, word.to_owned()),
        (Look::Plain, tls(address)),
        (Look::Plain, certificates(&address.chains, assessment.asked_at)),
        covered,
    ]
}

/// The sign, the word and the look of how an address fared.
pub(in crate::render) fn outcome(outcome: AddressOutcome) -> (&'static str, &'static str, Look) {
    match outcome {
        AddressOutcome::Proven => ("✓", "proven", Look::Good),
        AddressOutcome::Broken => ("✗", "broken", Look::Bad),
        AddressOutcome::Undetermined => ("?", "unknown", Look::Unknown),
    }
}

/// The version of TLS, or what there is in its place.
pub(in crate::render) fn tls(address: &AddressSummary) -> String {
    match (&address.tls_version, address.starttls) {
        (Some(version), _) => version.clone(),
        (None, Some("missing")) => "no STARTTLS".to_owned(),
        (None, Some("rejected")) => "STARTTLS rejected".to_owned(),
        (None, Some(_)) => "no TLS".to_owned(),
        (None, None) => "–".to_owned(),
    }
}

/// What is served, a key type each; those that end on one day share a date. Where handshakes were repeated, how many met each.
pub(in crate::render) fn certificates(chains: &[ChainSummary], now: Timestamp) -> String {
    let mut ends: Vec<(Timestamp, Vec<String>)> = Vec::new();
    for chain in chains {
        let end = chain.leaf.not_after;
        let kind = match chain.handshakes {
            Some(times) => format!("{} ×{times}", chain.key_type),
            None => chain.key_type.clone(),
        };
        match ends.iter_mut().find(|(known, _)| super::date(*known) == super::date(end)) {
            Some((_, kinds)) if kinds.contains(&kind) && chain.handshakes.is_none() => {}
            Some((_, kinds)) => kinds.push(kind),
            None => ends.push((end, vec![kind])),
        }
    }
    let said = ends.iter().map(|(end, kinds)| {
        let left = end.duration_since(now);
        let days = left.as_hours() / 24;
        let remaining = match left {
            _ if left.is_negative() => "expired".to_owned(),
            _ if days < 10 => format!("{} h left", left.as_hours()),
            _ => format!("{days} d left"),
        };
        format!("{} until {} ({remaining})", kinds.join("+"), super::date(*end))
    });
    said.collect::<Vec<_>>().join(", ")
}

//! From where it was looked: resolvers, roots, address families, proxies, own addresses, the control connection, the clock, and further
//! vantages.

use super::sessions::count;
use super::{duration, minute};
use crate::model::assessment::Assessment;
use crate::model::facts::vantage::{ControlFacts, Family, OtherVantage, Vantage};
use crate::model::looked::Looked;
use crate::render::page::{Look, Page};

/// Clocks that differ by more seconds than this are worth a word.
const NOTABLE: u64 = 30;
/// Names of one list beyond these are counted.
const NAMED: usize = 4;

pub(super) fn write(assessment: &Assessment, page: &mut Page) {
    page.paragraph(&[(Look::Faint, "Vantage  ")], Look::Faint, &words(assessment).join("; "));
    for other in &assessment.vantages {
        page.paragraph(&[(Look::Faint, "also     ")], Look::Faint, &further(other));
    }
}

/// All that is to be said of the newest vantage, and of its clock.
pub(in crate::render) fn words(assessment: &Assessment) -> Vec<String> {
    let mut words = means(&assessment.vantage);
    words.extend(assessment.clock_offset_seconds.and_then(clock));
    words
}

fn means(vantage: &Vantage) -> Vec<String> {
    let means = &vantage.means;
    let resolver = format!("resolver {}", vantage.resolvers.join(", "));
    let mut words = vec![
        if means.socks5_dns { format!("{resolver} (through SOCKS5)") } else { resolver },
        format!("trust {} ({})", vantage.roots.name, count(vantage.roots.count as u64, "root")),
        format!("IPv4 {}, IPv6 {}", family(vantage.ipv4), family(vantage.ipv6)),
    ];
    if !means.source.is_empty() {
        let addresses: Vec<String> = means.source.iter().map(ToString::to_string).collect();
        words.push(format!("from {}", addresses.join(" and ")));
    }
    words.extend(means.socks5.as_ref().map(|proxy| format!("MX hosts through SOCKS5 {proxy}")));
    words.extend(means.proxy.as_ref().map(|proxy| format!("policy through {proxy}")));
    if means.deny_private {
        words.push("private addresses left alone".to_owned());
    }
    words.push(format!("EHLO {}", vantage.helo));
    words.extend(means.control.as_ref().map(control));
    words
}

fn control(control: &ControlFacts) -> String {
    let came = match &control.outcome {
        Looked::Seen(greeting) => format!("answers {}", greeting.code),
        Looked::Absent(_) => "is not there".to_owned(),
        Looked::Failed(failure) => format!("does not answer ({})", failure.detail),
    };
    format!("control {} port {} {came}", control.target, control.port)
}

fn clock(offset: i64) -> Option<String> {
    let much = offset.unsigned_abs();
    let way = if offset > 0 { "ahead of" } else { "behind" };
    (much > NOTABLE).then(|| format!("clock {} {way} the policy host's", duration(much)))
}

/// The same of an older one, and what it gave.
pub(in crate::render) fn further(other: &OtherVantage) -> String {
    let mut words = vec![format!("{}, {}", minute(other.observed_at), means(&other.vantage).join("; "))];
    for (list, what) in [
        (&other.gave, "gave"),
        (&other.proved, "proved, though not seen since"),
        (&other.too_old, "more than 72 h before the newest look and not used"),
    ] {
        if !list.is_empty() {
            words.push(format!("{what}: {}", named(list)));
        }
    }
    words.join("; ")
}

fn named(list: &[String]) -> String {
    let shown: Vec<&str> = list.iter().take(NAMED).map(String::as_str).collect();
    let more = list.len().saturating_sub(NAMED);
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}

fn family(family: Family) -> &'static str {
    match family {
        Family::Available => "yes",
        Family::NoRoute => "no route",
        Family::SwitchedOff => "switched off",
    }
}

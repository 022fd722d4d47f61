//! How senders read the policy (RFC 8461 §3.2).

use super::{Behaviour, View, clipped, listed};
use crate::wire::policy::{Field, Key, Kind, Mode};

/// Of a policy without `max_age` in these bounds Stalwart keeps only the text.
const STALWART_TAKES: std::ops::Range<u64> = 3_600..31_557_600;
/// What Mimecast raises a shorter `max_age` to in enforce, and in testing.
const MIMECAST_AT_LEAST: (u64, u64) = (604_800, 86_400);
/// So many bytes of a policy are read by chasquid.
const CHASQUID_READS: usize = 10 * 1024;

pub(super) static BEHAVIOURS: &[Behaviour] = &[
    Behaviour {
        sender: "mox, foxcpp's library (maddy) and older postfix-tlspol",
        name: "blank-line",
        source: "mox mtasts/parse.go, go-mtasts mtasts.go, postfix-tlspol src/mta-sts.go; the grammar of RFC 8461 §3.2 has no blank line",
        see: Some("policy-blank-line"),
        effect: blank_line,
    },
    Behaviour {
        sender: "Stalwart, chasquid, foxcpp's library (maddy), ZoneMTA, Halon's script and older postfix-mta-sts-resolver",
        name: "last-field-wins",
        source: "their parsers; against RFC 8461 §3.2, by which all but the first are ignored",
        see: Some("policy-duplicate-field"),
        effect: |view| duplicates(view, Which::Last),
    },
    Behaviour {
        sender: "mox, postfix-tlspol and newer postfix-mta-sts-resolver",
        name: "first-field-wins",
        source: "their parsers; as RFC 8461 §3.2 has it",
        see: Some("policy-duplicate-field"),
        effect: |view| duplicates(view, Which::First),
    },
    Behaviour {
        sender: "Stalwart and chasquid",
        name: "none-needs-mx",
        source: "Stalwart outbound/mta_sts, chasquid internal/sts; RFC 8461 §3.2 asks for mx in testing and enforce only",
        see: Some("policy-mx-missing"),
        effect: none_without_mx,
    },
    Behaviour {
        sender: "chasquid",
        name: "max-age-zero",
        source: "chasquid internal/sts; RFC 8461 §3.2 has no minimum",
        see: Some("policy-max-age-short"),
        effect: max_age_zero,
    },
    Behaviour {
        sender: "Stalwart",
        name: "max-age-a-day",
        source: "Stalwart outbound/mta_sts/lookup.rs; RFC 8461 §3.2 has no minimum and allows 31557600",
        see: Some("policy-max-age-short"),
        effect: stalwart,
    },
    Behaviour {
        sender: "Mimecast",
        name: "max-age-raised",
        source: "Mimecast StsPolicy.java; RFC 8461 §3.2 has no minimum",
        see: Some("policy-max-age-short"),
        effect: mimecast,
    },
    Behaviour {
        sender: "foxcpp's library (maddy)",
        name: "second-colon",
        source: "go-mtasts mtasts.go; RFC 8461 §3.2 allows a colon in an extension's value",
        see: None,
        effect: second_colon,
    },
    Behaviour {
        sender: "chasquid",
        name: "ten-kibibytes",
        source: "chasquid internal/sts; RFC 8461 §3.3 suggests 64 KiB",
        see: None,
        effect: too_long,
    },
    Behaviour {
        sender: "Postfix with postfix-tlspol or postfix-mta-sts-resolver",
        name: "testing-not-applied",
        source: "both plug-ins hand Postfix a policy in enforce only; RFC 8461 §5 asks for reports in testing",
        see: None,
        effect: testing,
    },
    Behaviour {
        sender: "ZoneMTA, Mimecast and Postfix's plug-ins",
        name: "wildcard-any-depth",
        source: "mailauth mta-sts.js, Mimecast StsPolicy.java, Postfix's match of `.domain`; by RFC 8461 §4.1 a wildcard is one label",
        see: Some("mx-uncovered"),
        effect: deep_wildcard,
    },
];

fn blank_line(view: &View<'_>) -> Option<String> {
    let problems = || view.text().into_iter().flat_map(|policy| &policy.problems);
    let first = problems().find(|problem| problem.kind == Kind::BlankLine)?;
    Some(format!("will reject the whole policy for its blank line {}", first.line?))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    First,
    Last,
}

/// What the senders of one habit apply where a field stands twice with different values.
fn duplicates(view: &View<'_>, which: Which) -> Option<String> {
    let policy = view.text()?;
    let doubled = |key: &Key| {
        let of_key = |field: &&Field| field.key == Some(*key);
        let (first, last) = (policy.fields.iter().find(of_key)?, policy.fields.iter().rfind(of_key)?);
        let taken = if which == Which::First { first } else { last };
        (first.value != last.value).then(|| format!("{}: {} (line {})", taken.name, clipped(&taken.value), taken.line))
    };
    let taken: Vec<String> = [Key::Version, Key::Mode, Key::MaxAge].iter().filter_map(doubled).collect();
    let order = if which == Which::First { "first" } else { "last" };
    (!taken.is_empty()).then(|| format!("will apply {}, the {order} of its kind", listed(&taken)))
}

fn none_without_mx(view: &View<'_>) -> Option<String> {
    let policy = view.text()?;
    (policy.mode == Some(Mode::None) && policy.field(Key::Mx).is_none())
        .then(|| "will reject this policy for want of an mx, and go on with the one that they hold until it expires".to_owned())
}

fn max_age_zero(view: &View<'_>) -> Option<String> {
    (view.text()?.max_age == Some(0)).then(|| "will reject this policy for its max_age 0".to_owned())
}

fn stalwart(view: &View<'_>) -> Option<String> {
    let max_age = view.text()?.max_age.filter(|max_age| !STALWART_TAKES.contains(max_age))?;
    Some(format!("will hold this policy for a day in place of its max_age {max_age}"))
}

fn mimecast(view: &View<'_>) -> Option<String> {
    let policy = view.text()?;
    let max_age = policy.max_age?;
    let (enforce, testing) = MIMECAST_AT_LEAST;
    match policy.mode? {
        Mode::Enforce if max_age < enforce => Some(format!("will hold this policy for 7 days in place of its max_age {max_age}")),
        Mode::Testing if max_age < testing => {
            Some(format!("will hold this policy for a day in place of its max_age {max_age}, and for 7 days once it says enforce"))
        }
        Mode::Testing if max_age < enforce => {
            Some(format!("will hold this policy for 7 days once it says enforce, in place of its max_age {max_age}"))
        }
        _ => None,
    }
}

fn second_colon(view: &View<'_>) -> Option<String> {
    let field = view.text()?.fields.iter().find(|field| field.value.contains(':'))?;
    Some(format!("will reject the whole policy for the second colon on line {}", field.line))
}

fn too_long(view: &View<'_>) -> Option<String> {
    view.text()?;
    let bytes = view.body?.text.len();
    (bytes > CHASQUID_READS).then(|| format!("will read the first {CHASQUID_READS} of the policy's {bytes} bytes only"))
}

fn testing(view: &View<'_>) -> Option<String> {
    (view.text()?.mode == Some(Mode::Testing)).then(|| {
        "will not apply a testing policy: what they report about it says no-policy-found and is no evidence for the switch".to_owned()
    })
}

fn deep_wildcard(view: &View<'_>) -> Option<String> {
    let policy = view.text()?;
    let uncovered = view.live_mx().into_iter().filter(|host| !policy.mx.iter().any(|pattern| pattern.matches(host)));
    let below = |host: &crate::wire::name::Domain| {
        policy.mx.iter().find(|pattern| pattern.is_wildcard() && host != pattern.domain() && host.is_at_or_below(pattern.domain()))
    };
    let taken: Vec<String> = uncovered.filter_map(|host| below(host).map(|pattern| format!("{host} for {pattern}"))).collect();
    (!taken.is_empty()).then(|| format!("will take {}, several labels deep: their clean sessions prove nothing there", listed(&taken)))
}

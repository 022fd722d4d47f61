//! The morning's digest: for a terminal, for a mail, for programs (`stsready/digest/1`).

use serde::Serialize;

use super::breakdown::failed;
use super::escape;
use super::page::{Look, Page};
use super::text::sessions::count;
use crate::model::digest::{Digest, DomainDigest, Failing, Figures};
use crate::model::digest::{NewPolicy, Silent};

/// The schema's name and version.
pub const SCHEMA: &str = "stsready/digest/1";
/// Failures of one domain beyond these are counted.
const FAILURES_SHOWN: usize = 10;
/// Reporters of one domain beyond these are counted.
const REPORTERS_SHOWN: usize = 10;

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Digest"))]
pub(super) struct View<'a> {
    /// The schema's name and version.
    schema: &'static str,
    #[serde(flatten)]
    digest: &'a Digest,
}

/// One object.
pub fn document(digest: &Digest) -> Result<String, serde_json::Error> {
    escape::json_pretty(&View { schema: SCHEMA, digest })
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "DigestLine"))]
pub(super) struct Line<'a> {
    /// The schema's name and version.
    schema: &'static str,
    /// As of when it was summed up.
    as_of: jiff::Timestamp,
    #[serde(flatten)]
    domain: &'a DomainDigest,
}

/// One object a domain, a line each.
pub fn lines(digest: &Digest) -> Result<String, serde_json::Error> {
    let line = |domain| escape::json_line(&Line { schema: SCHEMA, as_of: digest.as_of, domain });
    digest.domains.iter().map(line).collect()
}

/// One thing to say, whatever the format says it in.
struct Item {
    look: Look,
    sign: &'static str,
    text: String,
}

fn item(look: Look, sign: &'static str, text: String) -> Item {
    Item { look, sign, text }
}

/// What is new, wrong or missing at a domain: worst first.
fn items(domain: &DomainDigest) -> Vec<Item> {
    let mut items = Vec::new();
    let shown = domain.failures.iter().take(FAILURES_SHOWN);
    items.extend(shown.map(|failing| {
        if failing.new { item(Look::Bad, "✗", failing_said(failing)) } else { item(Look::Warning, "!", failing_said(failing)) }
    }));
    if domain.failures.len() > FAILURES_SHOWN {
        items.push(item(Look::Faint, " ", format!("and {} more kinds of failure", domain.failures.len() - FAILURES_SHOWN)));
    }
    items.extend(domain.silent.iter().map(|silent| item(Look::Warning, "!", silent_said(silent))));
    items.extend(domain.policies.iter().map(|policy| item(Look::Plain, "+", policy_said(policy))));
    items.extend(
        domain.newcomers.iter().map(|reporter| item(Look::Plain, "+", format!("{reporter} reports for the first time in these weeks"))),
    );
    items.extend(domain.ended.iter().map(|failing| {
        let at = failing.mx.as_ref().map(|mx| format!(" at {mx}")).unwrap_or_default();
        item(Look::Good, "✓", format!("no longer: {}{at}, {} the day before", failing.result_type, count(failing.sessions, "session")))
    }));
    if domain.set_aside > 0 {
        items.push(item(Look::Faint, "–", format!("{} left out: nothing proves who wrote them", count(domain.set_aside, "mailed report"))));
    }
    items
}

fn failing_said(failing: &Failing) -> String {
    let at = failing.mx.as_ref().map(|mx| format!(" at {mx}")).unwrap_or_default();
    let reason = failing.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let since = if failing.new { "new".to_owned() } else { format!("since {}", failing.since) };
    format!("{}{reason}{at}: {}, {since}, by {}", failing.result_type, count(failing.sessions, "session"), failing.reporters.join(", "))
}

fn silent_said(silent: &Silent) -> String {
    let days = silent.every_days.unsigned_abs();
    let rhythm = if days == 1 { "daily".to_owned() } else { format!("every {days} days") };
    format!("{} has gone silent: it reported {rhythm}, last about {}", silent.reporter, silent.last)
}

fn policy_said(policy: &NewPolicy) -> String {
    let mode =
        policy.text.iter().find_map(|line| line.strip_prefix("mode:")).map(|mode| format!(", mode {}", mode.trim())).unwrap_or_default();
    format!("a new policy is applied since {}: {}{mode}, by {}", policy.since, policy.version, policy.reporters.join(", "))
}

/// `1200 sessions, 3 failed (0.25 %)`, and how that stands against before.
fn headline(domain: &DomainDigest) -> String {
    let said = |figures: Figures| format!("{}, {}", count(figures.sessions, "session"), failed(figures.failed, figures.sessions));
    let Some(day) = domain.day else { return "no reports in these weeks".to_owned() };
    if domain.reported.is_empty() {
        return format!("no report about the last week; the newest is about {day}");
    }
    format!(
        "{day}: {}; the day before {} and {} failed, usually {} and {}",
        said(domain.newest),
        domain.before.sessions,
        domain.before.failed,
        domain.usual.sessions,
        domain.usual.failed
    )
}

fn reported(domain: &DomainDigest) -> Option<String> {
    if domain.reported.is_empty() {
        return None;
    }
    let shown = domain.reported.iter().take(REPORTERS_SHOWN).map(|reported| {
        let late = if Some(reported.day) == domain.day { String::new() } else { format!(", about {}", reported.day) };
        format!("{} ({}{late})", reported.reporter, reported.figures.sessions)
    });
    let more = domain.reported.len().saturating_sub(REPORTERS_SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Some(format!("{}{more}", shown.collect::<Vec<_>>().join(", ")))
}

/// Domains with something to say first; among many, the quiet ones in one line.
fn sorted(digest: &Digest) -> (Vec<&DomainDigest>, Vec<&DomainDigest>) {
    let loud = |domain: &&DomainDigest| !items(domain).is_empty() || domain.day.is_none();
    if digest.domains.len() == 1 { (digest.domains.iter().collect(), Vec::new()) } else { digest.domains.iter().partition(loud) }
}

fn total(digest: &Digest) -> Figures {
    digest.domains.iter().fold(Figures::default(), |sum, domain| Figures {
        sessions: sum.sessions.saturating_add(domain.newest.sessions),
        failed: sum.failed.saturating_add(domain.newest.failed),
    })
}

/// For a terminal.
pub fn text(digest: &Digest, width: usize) -> String {
    let mut page = Page::new(width);
    let all = total(digest);
    let head = format!(
        "  {}, {}, as of {}; {}",
        count(all.sessions, "session"),
        failed(all.failed, all.sessions),
        super::text::minute(digest.as_of),
        count(digest.domains.len() as u64, "domain")
    );
    page.line(&[(Look::Strong, "TLS reports"), (Look::Faint, &head)]);
    let (loud, quiet) = sorted(digest);
    for domain in loud {
        page.gap();
        page.line(&[(Look::Strong, &domain.domain.shown())]);
        page.paragraph(&[(Look::Plain, "  ")], Look::Plain, &headline(domain));
        for item in items(domain) {
            page.paragraph(&[(item.look, &format!("  {} ", item.sign))], Look::Plain, &item.text);
        }
        if let Some(reported) = reported(domain) {
            page.paragraph(&[(Look::Faint, "  reported: ")], Look::Faint, &reported);
        }
    }
    if !quiet.is_empty() {
        page.gap();
        let names: Vec<String> = quiet.iter().map(|domain| domain.domain.shown()).collect();
        page.paragraph(
            &[(Look::Good, "✓ ")],
            Look::Plain,
            &format!("nothing new at {}: {}", count(quiet.len() as u64, "domain"), names.join(", ")),
        );
    }
    page.finish()
}

/// For a mail, a chat or a ticket.
pub fn markdown(digest: &Digest) -> String {
    let all = total(digest);
    let mut lines = vec![
        "# TLS reports".to_owned(),
        String::new(),
        format!(
            "{}, {}, as of {}; {}.",
            count(all.sessions, "session"),
            failed(all.failed, all.sessions),
            super::text::minute(digest.as_of),
            count(digest.domains.len() as u64, "domain")
        ),
    ];
    let (loud, quiet) = sorted(digest);
    for domain in loud {
        lines.extend([String::new(), format!("## {}", escape::markdown(&domain.domain.shown())), String::new()]);
        lines.push(escape::markdown(&headline(domain)));
        lines.push(String::new());
        lines.extend(items(domain).into_iter().map(|item| format!("- {} {}", item.sign.trim(), escape::markdown(&item.text))));
        lines.extend(reported(domain).map(|reported| format!("- reported: {}", escape::markdown(&reported))));
    }
    if !quiet.is_empty() {
        let names: Vec<String> = quiet.iter().map(|domain| escape::markdown(&domain.domain.shown())).collect();
        lines.extend([String::new(), format!("Nothing new at {}: {}.", count(quiet.len() as u64, "domain"), names.join(", "))]);
    }
    lines.push(String::new());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::model::digest::Reported;
    use crate::wire::name::Domain;

    fn quiet(name: &str) -> DomainDigest {
        let day = date(2026, 3, 1);
        let figures = Figures { sessions: 40, failed: 0 };
        DomainDigest {
            domain: Domain::from_dns(name),
            day: Some(day),
            newest: figures,
            before: figures,
            usual: figures,
            failures: Vec::new(),
            ended: Vec::new(),
            reported: vec![Reported { reporter: "google.com".to_owned(), day, figures }],
            silent: Vec::new(),
            newcomers: Vec::new(),
            policies: Vec::new(),
            set_aside: 0,
        }
    }

    fn loud() -> DomainDigest {
        let failing = |result_type: &str, new: bool| Failing {
            result_type: result_type.to_owned(),
            mx: Some(Domain::from_dns("mx1.shop.example")),
            reason: Some("<b>\u{1b}[2J".to_owned()),
            reporters: vec!["google.com".to_owned()],
            sessions: 3,
            since: date(2026, 2, 20),
            new,
        };
        DomainDigest {
            newest: Figures { sessions: 43, failed: 3 },
            failures: vec![failing("certificate-expired", true), failing("validation-failure", false)],
            ended: vec![failing("starttls-not-supported", false)],
            silent: vec![Silent { reporter: "microsoft.com".to_owned(), last: date(2026, 2, 12), every_days: 1 }],
            newcomers: vec!["mail.ru".to_owned()],
            set_aside: 2,
            ..quiet("shop.example")
        }
    }

    fn digest(domains: Vec<DomainDigest>) -> Digest {
        Digest { as_of: "2026-03-02T07:00:00Z".parse().expect("a time"), domains }
    }

    #[test]
    fn what_is_new_or_wrong_is_said_and_the_quiet_share_a_line() {
        let text = text(&digest(vec![quiet("a.example"), loud(), quiet("b.example")]), 160);
        let plain = anstream::adapter::strip_str(&text).to_string();
        let wanted = "\
TLS reports  123 sessions, 3 failed (2.44 %), as of 2026-03-02T07:00Z; 3 domains

shop.example
  2026-03-01: 43 sessions, 3 failed (6.98 %); the day before 40 and 0 failed, usually 40 and 0
  ✗ certificate-expired (<b>\\u{1b}[2J) at mx1.shop.example: 3 sessions, new, by google.com
  ! validation-failure (<b>\\u{1b}[2J) at mx1.shop.example: 3 sessions, since 2026-02-20, by google.com
  ! microsoft.com has gone silent: it reported daily, last about 2026-02-12
  + mail.ru reports for the first time in these weeks
  ✓ no longer: starttls-not-supported at mx1.shop.example, 3 sessions the day before
  – 2 mailed reports left out: nothing proves who wrote them
  reported: google.com (40)

✓ nothing new at 2 domains: a.example, b.example
";
        assert_eq!(plain, wanted);
    }

    #[test]
    fn markdown_holds_no_markup_of_others() {
        let text = markdown(&digest(vec![loud()]));
        assert!(text.contains("- ✗ certificate-expired (&lt;b&gt;\\\\u\\{1b\\}\\[2J) at mx1.shop.example: 3 sessions"), "{text}");
        assert!(!text.contains("<b>") && !text.contains('\u{1b}'));
    }

    #[test]
    fn without_reports_it_says_so() {
        let nothing = DomainDigest { day: None, reported: Vec::new(), ..quiet("shop.example") };
        assert!(text(&digest(vec![nothing]), 100).contains("no reports in these weeks"));
    }
}

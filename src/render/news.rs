//! What is new about domains: one message for all of them, as JSON for programs and as a mail for people.
//!
//! The JSON has a member `text`, which is what chat systems show of a webhook's body.

use serde::Serialize;

use super::escape;
use super::json::{TOOL, Tool};
use super::page::{Look, Page};
use super::text::minute;
use crate::model::assessment::{Answer, Question};
use crate::model::rule::Severity;
use crate::model::standing::{Alert, News, Told};

/// The schema's name and version.
pub const SCHEMA: &str = "stsready/notification/1";

/// A line longer than this helps nobody.
const WIDTH: usize = 78;
/// Domains that the one line names.
const NAMED: usize = 3;
/// Alerts listed for one domain.
const LISTED: usize = 20;

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Notification"))]
pub(super) struct View<'a> {
    /// The schema's name and version.
    schema: &'static str,
    /// Who wrote it.
    tool: Tool,
    /// The whole in one line.
    text: String,
    /// What is new, a domain each.
    events: Vec<Event<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Event<'a> {
    /// The policy domain, in A-labels.
    domain: &'a str,
    /// Its U-labels, where they differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    domain_unicode: Option<String>,
    /// When it was judged.
    at: jiff::Timestamp,
    /// What was asked.
    question: Question,
    /// The answer.
    answer: Answer,
    /// What was told last; `null` if nothing ever was.
    before: Option<Told>,
    /// What is broken and was not, or is worse than it was.
    began: &'a [Alert],
    /// What is seen not to be broken any more.
    ended: &'a [Alert],
    /// Everything that is broken, or was when it was told last and cannot be looked at now.
    alerts: &'a [Alert],
}

/// One line of JSON.
pub fn json(all: &[News]) -> Result<String, serde_json::Error> {
    escape::json_line(&View { schema: SCHEMA, tool: TOOL, text: line(all), events: all.iter().map(Event::of).collect() })
}

impl<'a> Event<'a> {
    fn of(news: &'a News) -> Self {
        Self {
            domain: news.domain.as_str(),
            domain_unicode: news.domain.unicode(),
            at: news.at,
            question: news.now.question,
            answer: news.now.answer,
            before: news.before,
            began: &news.began,
            ended: &news.ended,
            alerts: &news.now.alerts,
        }
    }
}

/// The whole in one line without hostile characters: the subject of a mail, the line of a chat.
pub fn line(all: &[News]) -> String {
    let mut worst: Vec<&News> = all.iter().collect();
    worst.sort_by_key(|news| rank(news.now.answer));
    // By their A-labels: headers of mails are ASCII.
    let named: Vec<String> = worst.iter().take(NAMED).map(|news| headline(news, news.domain.as_str())).collect();
    let more = all.len().saturating_sub(NAMED);
    let more = if more == 0 { String::new() } else { format!("; and {more} more") };
    escape::terminal(&format!("{}{more}", named.join("; "))).into_owned()
}

/// A whole mail to `to`, as a local `sendmail -t` takes it.
pub fn mail(all: &[News], to: &str) -> String {
    format!(
        "To: {to}\nSubject: {}\nAuto-Submitted: auto-generated\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\
         Content-Transfer-Encoding: 8bit\n\n{}",
        line(all),
        anstream::adapter::strip_str(&text(all))
    )
}

/// The body of a mail: every domain with what is new, the worst first.
fn text(all: &[News]) -> String {
    let mut page = Page::new(WIDTH);
    let mut worst: Vec<&News> = all.iter().collect();
    worst.sort_by_key(|news| rank(news.now.answer));
    for news in worst {
        page.gap();
        page.paragraph(&[], Look::Plain, &headline(news, &news.domain.shown()));
        for (word, alerts) in [("new", &news.began), ("over", &news.ended)] {
            for alert in alerts.iter().take(LISTED) {
                let lead = format!("  {word:<5}");
                let severity = if word == "new" { format!("{}, ", alert.severity.as_str()) } else { String::new() };
                page.paragraph(&[(Look::Plain, &lead)], Look::Plain, &format!("{} ({severity}{})", alert.message, alert.code));
            }
            if alerts.len() > LISTED {
                page.line(&[(Look::Plain, &format!("  and {} more", alerts.len() - LISTED))]);
            }
        }
        page.paragraph(&[(Look::Plain, "  ")], Look::Plain, &format!("judged {}; more: stsready check {}", minute(news.at), news.domain));
    }
    page.finish()
}

/// One domain in one line: `shop.example: not ready to stay in enforce, was ready (cert-expired)`.
fn headline(news: &News, name: &str) -> String {
    let answer = word(news.now.answer);
    let was = match &news.before {
        Some(told) if told.answer != news.now.answer => format!(", was {}", word(told.answer).trim_start_matches("is ")),
        _ => String::new(),
    };
    let asked = match &news.before {
        Some(told) if told.question != news.now.question => format!(" ({} now)", question(news.now.question)),
        _ => String::new(),
    };
    let blockers = news.began.iter().any(|alert| alert.severity == Severity::Blocker);
    let mut codes: Vec<&str> =
        news.began.iter().filter(|alert| !blockers || alert.severity == Severity::Blocker).map(|alert| alert.code.as_str()).collect();
    codes.dedup();
    let codes = if codes.is_empty() { String::new() } else { format!(": {}", codes.join(", ")) };
    format!("{name} {answer}{was}{asked}{codes}")
}

fn word(answer: Answer) -> &'static str {
    match answer {
        Answer::Ready => "is ready",
        Answer::NotReady => "is not ready",
        Answer::Inconclusive => "is inconclusive",
        Answer::NotApplicable => "takes no mail",
    }
}

fn question(question: Question) -> &'static str {
    match question {
        Question::SwitchToEnforce => "to switch to enforce",
        Question::StayInEnforce => "to stay in enforce",
        Question::StartTesting => "to start testing",
        Question::CheckStage => "one stage",
    }
}

/// The worst first.
fn rank(answer: Answer) -> u8 {
    match answer {
        Answer::NotReady => 0,
        Answer::Inconclusive => 1,
        Answer::Ready => 2,
        Answer::NotApplicable => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::standing::Standing;
    use crate::wire::name::Domain;

    fn news(domain: &str, answer: Answer, was: Option<Answer>, began: &[(&str, Severity, &str)]) -> News {
        let at = "2026-11-22T09:00:00Z".parse().expect("a time");
        let alert = |(code, severity, message): &(&str, Severity, &str)| Alert {
            code: (*code).to_owned(),
            subject: "mx1".to_owned(),
            severity: *severity,
            message: (*message).to_owned(),
        };
        let began: Vec<Alert> = began.iter().map(alert).collect();
        let question = Question::StayInEnforce;
        let before = was.map(|answer| Told { at, question, answer });
        let now = Standing { question, answer, alerts: began.clone() };
        News { domain: Domain::from_dns(domain), at, now, before, began, ended: Vec::new() }
    }

    #[test]
    fn the_line_names_the_worst_first_and_what_is_new() {
        use Severity::{Blocker, Warning};
        let bad = news(
            "shop.example",
            Answer::NotReady,
            Some(Answer::Ready),
            &[("cert-expired", Blocker, "it ended"), ("mx-single", Warning, "one")],
        );
        let warned = news("bank.example", Answer::Ready, Some(Answer::Ready), &[("cert-expiring", Warning, "it ends")]);
        assert_eq!(line(std::slice::from_ref(&bad)), "shop.example is not ready, was ready: cert-expired");
        assert_eq!(
            line(&[warned.clone(), bad.clone()]),
            "shop.example is not ready, was ready: cert-expired; bank.example is ready: cert-expiring"
        );
        let many: Vec<News> = (0..5).map(|number| news(&format!("d{number}.example"), Answer::Inconclusive, None, &[])).collect();
        assert!(line(&many).ends_with("d2.example is inconclusive; and 2 more"), "{}", line(&many));
    }

    #[test]
    fn nothing_hostile_reaches_a_mail_or_a_chat() {
        let hostile =
            news("shop.example", Answer::NotReady, None, &[("x", Severity::Blocker, "a\r\nBcc: all@shop.example\u{1b}[2J\u{202e}")]);
        let all = [hostile];
        for shown in [line(&all), mail(&all, "ops@shop.example"), json(&all).expect("JSON")] {
            assert!(!shown.contains('\u{1b}') && !shown.contains('\r') && !shown.contains('\u{202e}'), "{shown:?}");
        }
        assert!(!line(&all).contains('\n') && !mail(&all, "ops@shop.example").lines().any(|line| line.starts_with("Bcc")));
        let value: serde_json::Value = serde_json::from_str(&json(&all).expect("JSON")).expect("JSON");
        assert_eq!((&value["schema"], &value["events"][0]["answer"]), (&SCHEMA.into(), &"not-ready".into()));
        assert!(value["text"].as_str().is_some_and(|text| text.starts_with("shop.example is not ready")));
    }
}

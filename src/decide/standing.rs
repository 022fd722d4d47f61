//! How a domain stands, and what is new about it.

use jiff::Timestamp;

use crate::model::assessment::{Assessment, Question};
use crate::model::finding::{Finding, Outcome};
use crate::model::rule::Severity;
use crate::model::standing::{Alert, News, Standing, Told};
use crate::rules::catalogue;

/// What of an assessment is worth a word when it changes; `None` where a stage alone was looked at.
pub fn standing(assessment: &Assessment) -> Option<Standing> {
    let mut alerts: Vec<Alert> = assessment.findings.iter().filter(|finding| finding.warns()).map(alert).collect();
    // Several findings of a rule on one subject are one matter, as bad as the worst of them.
    sort(&mut alerts);
    alerts.dedup_by(|one, kept| (&one.code, &one.subject) == (&kept.code, &kept.subject));
    (assessment.question != Question::CheckStage).then_some(Standing { question: assessment.question, answer: assessment.answer, alerts })
}

fn alert(finding: &Finding) -> Alert {
    Alert {
        code: finding.code().to_owned(),
        subject: finding.subject.clone(),
        severity: finding.severity,
        message: finding.message.clone(),
    }
}

fn sort(alerts: &mut [Alert]) {
    alerts.sort_by(|one, other| (&one.code, &one.subject, other.severity).cmp(&(&other.code, &other.subject, one.severity)));
}

/// What is new since `before`, of which somebody was told at its time. What was broken and could not be looked at now is neither over nor
/// new: it stays among the alerts.
pub fn news(assessment: &Assessment, mut now: Standing, before: Option<&(Timestamp, Standing)>) -> News {
    let none = Vec::new();
    let (told, old) = match before {
        Some((at, before)) => (Some(Told { at: *at, question: before.question, answer: before.answer }), &before.alerts),
        None => (None, &none),
    };
    let same = |one: &Alert, other: &Alert| (&one.code, &one.subject) == (&other.code, &other.subject);
    let began = now.alerts.iter().filter(|alert| !old.iter().any(|old| same(alert, old) && old.severity >= alert.severity));
    let began = began.cloned().collect();
    let missing = old.iter().filter(|old| !now.alerts.iter().any(|alert| same(alert, old)));
    let (ended, unseen): (Vec<Alert>, Vec<Alert>) = missing.cloned().partition(|alert| is_over(alert, &assessment.findings));
    now.alerts.extend(unseen);
    sort(&mut now.alerts);
    News { domain: assessment.domain.clone(), at: assessment.asked_at, now, before: told, began, ended }
}

/// Whether it was seen that an alert of before holds no more: its rule says so of its subject, or everything was looked at where the subject
/// would have been met.
fn is_over(alert: &Alert, findings: &[Finding]) -> bool {
    let of_rule = || findings.iter().filter(|finding| finding.code() == alert.code);
    let seen = |finding: &Finding| matches!(finding.outcome, Outcome::Holds | Outcome::Broken);
    let mut same = of_rule().filter(|finding| finding.subject == alert.subject).peekable();
    if same.peek().is_some() && same.all(seen) {
        return true;
    }
    // A rule of another version, of which nothing is known here, may be of any stage.
    let stage = catalogue::find(&alert.code).map(|rule| rule.stage);
    let open = |finding: &Finding| {
        finding.outcome == Outcome::Undetermined
            && (finding.code() == alert.code || finding.severity == Severity::Blocker && stage.is_none_or(|stage| stage == finding.stage))
    };
    !findings.iter().any(open)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::assess;
    use crate::model::assessment::Answer;
    use crate::model::facts::Facts;
    use crate::model::finding::{Evidence, EvidenceKind, Sheet};
    use crate::model::fixture::vantage;
    use crate::model::settings::Settings;
    use crate::rules::{cert, mx, starttls};
    use crate::wire::name::Domain;

    /// A domain with these findings, and this answer.
    fn assessment(answer: Answer, write: impl FnOnce(&mut Sheet)) -> Assessment {
        let facts = Facts::nothing(Domain::from_dns("shop.example"), "2026-11-22T09:00:00Z".parse().expect("a time"), vantage());
        let mut sheet = Sheet::default();
        write(&mut sheet);
        let question = Question::StayInEnforce;
        Assessment { question, answer, findings: sheet.into_findings(), ..assess(&facts, &Settings::default(), facts.observed_at) }
    }

    fn broken(sheet: &mut Sheet, subject: &str, days: i64, severity: Severity) {
        let seen = Evidence::new(EvidenceKind::Certificate, "its end");
        sheet.broken(&cert::EXPIRING, subject, format!("{subject} ends in {days} days"), seen).severity(severity);
    }

    #[test]
    fn only_what_broke_or_got_worse_or_is_answered_otherwise_is_worth_a_call() {
        use Severity::{Blocker, Warning};
        let quiet = || assessment(Answer::Ready, |_| {});
        let warned = |days| assessment(Answer::Ready, move |sheet| broken(sheet, "mx1.shop.example", days, Warning));
        let worse = || assessment(Answer::NotReady, |sheet| broken(sheet, "mx1.shop.example", 2, Blocker));
        // Whether the certificate is as bad as it was was not seen: in this rule, or before it was come to.
        let seen = |text: &str| Evidence::new(EvidenceKind::Tcp, text);
        let unseen = || {
            assessment(Answer::Inconclusive, |sheet| {
                sheet.undetermined(&cert::EXPIRING, "mx1.shop.example", "no certificate was shown", seen("no answer"));
            })
        };
        let silent = || {
            assessment(Answer::Inconclusive, |sheet| {
                sheet.undetermined(&starttls::UNREACHABLE, "mx1.shop.example", "it is silent", seen("no answer"));
                sheet.not_applicable(&cert::EXPIRING, "mx1.shop.example", "there was no handshake");
            })
        };
        // A loose end somewhere else: of this rule it may be the matter of before, under another name; of another rule it is none.
        let elsewhere = |rule| {
            assessment(Answer::Ready, |sheet| {
                sheet.undetermined(rule, "mx2.shop.example", "it is not known", seen("no answer")).severity(Warning);
            })
        };
        let renewed = || {
            assessment(Answer::Ready, |sheet| {
                sheet.holds(&cert::EXPIRING, "mx1.shop.example");
                sheet.undetermined(&starttls::UNREACHABLE, "mx2.shop.example", "it is silent", seen("no answer"));
            })
        };
        let both = || {
            assessment(Answer::Ready, |sheet| {
                broken(sheet, "mx1.shop.example", 9, Warning);
                broken(sheet, "mx2.shop.example", 9, Warning);
            })
        };
        type Subjects = &'static [&'static str];
        // Before, now; whether it is worth a call, whether anything is otherwise; what began, what ended.
        let cases: Vec<(Option<Assessment>, Assessment, bool, bool, Subjects, Subjects)> = vec![
            (None, quiet(), false, true, &[], &[]),
            (None, warned(9), false, true, &["mx1.shop.example"], &[]),
            (None, worse(), true, true, &["mx1.shop.example"], &[]),
            (Some(quiet()), quiet(), false, false, &[], &[]),
            (Some(quiet()), warned(9), true, true, &["mx1.shop.example"], &[]),
            (Some(warned(9)), warned(8), false, false, &[], &[]),
            (Some(warned(9)), worse(), true, true, &["mx1.shop.example"], &[]),
            (Some(warned(9)), both(), true, true, &["mx2.shop.example"], &[]),
            (Some(both()), warned(9), false, true, &[], &["mx2.shop.example"]),
            (Some(warned(9)), unseen(), true, true, &[], &[]),
            (Some(warned(9)), silent(), true, true, &[], &[]),
            (Some(warned(9)), elsewhere(&cert::EXPIRING), false, false, &[], &[]),
            (Some(warned(9)), elsewhere(&cert::CHAIN_ORDER), false, true, &[], &["mx1.shop.example"]),
            (Some(warned(9)), renewed(), false, true, &[], &["mx1.shop.example"]),
        ];
        for (number, (before, now, call, any, began, ended)) in cases.into_iter().enumerate() {
            let before = before.map(|before| (before.asked_at, standing(&before).expect("the whole was asked")));
            let news = news(&now, standing(&now).expect("the whole was asked"), before.as_ref());
            let subjects = |alerts: &[Alert]| alerts.iter().map(|alert| alert.subject.clone()).collect::<Vec<_>>();
            assert_eq!((news.is_worth_a_call(), news.is_any()), (call, any), "case {number}");
            assert_eq!(
                (subjects(&news.began), subjects(&news.ended)),
                (began.iter().map(ToString::to_string).collect(), ended.iter().map(ToString::to_string).collect()),
                "case {number}"
            );
        }
    }

    #[test]
    fn findings_of_a_rule_on_one_subject_are_one_alert_as_bad_as_the_worst() {
        use Severity::{Blocker, Warning};
        let several = assessment(Answer::NotReady, |sheet| {
            broken(sheet, "mx2.shop.example", 9, Warning);
            broken(sheet, "mx1.shop.example", 9, Warning);
            broken(sheet, "mx2.shop.example", 2, Blocker);
            broken(sheet, "mx1.shop.example", 8, Warning);
        });
        let alerts = standing(&several).expect("the whole was asked").alerts;
        let told: Vec<_> = alerts.iter().map(|alert| (alert.subject.as_str(), alert.severity)).collect();
        assert_eq!(told, [("mx1.shop.example", Warning), ("mx2.shop.example", Blocker)]);
    }

    #[test]
    fn what_is_accepted_or_advice_or_a_stage_alone_alerts_nobody() {
        let advice = assessment(Answer::Ready, |sheet| {
            sheet.broken(&mx::SINGLE, "shop.example", "one MX host", Evidence::new(EvidenceKind::Dns, "MX")).severity(Severity::Advice);
        });
        assert_eq!(standing(&advice).map(|standing| standing.alerts), Some(Vec::new()));
        let stage = Assessment { question: Question::CheckStage, ..assessment(Answer::NotReady, |_| {}) };
        assert_eq!(standing(&stage), None);
    }
}

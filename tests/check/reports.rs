//! reports-*: what senders wrote, held against what is seen.

use serde_json::{Value, json};

use super::Scene;
use super::row::Answer::{Inconclusive, NotReady, Ready};
use super::row::{Row, hold, row};
use crate::lab::Lab;
use crate::letters::{self, Letter, SENDERS, days_ago};
use crate::run::stsready;

const GOOGLE: &str = SENDERS[0].0;
const MICROSOFT: &str = SENDERS[1].0;

pub(super) fn rows() -> Vec<Row> {
    [evidence(), failures(), reporters(), files()].into_iter().flatten().collect()
}

/// Clean reports of these days, with so many sessions each.
fn clean(it: &Scene<'_>, senders: &[(&str, &str, u64)], days: impl IntoIterator<Item = i64>) -> Vec<Letter> {
    let mut letters = Vec::new();
    for day in days {
        for (organization, contact, sessions) in senders {
            letters.push(Letter::new(&it.name, organization, contact, days_ago(day)).policy(&it.domain.policy).successful(*sessions));
        }
    }
    letters
}

/// The two senders with this many sessions a day.
fn pair(google: u64, microsoft: u64) -> [(&'static str, &'static str, u64); 2] {
    [(GOOGLE, SENDERS[0].1, google), (MICROSOFT, SENDERS[1].1, microsoft)]
}

fn evidence() -> Vec<Row> {
    vec![
        row("no reports", Inconclusive, &["unknown reports-none"], |it| {
            it.without_reports();
        }),
        row("no reports in enforce", Ready, &["unknown-warning reports-none"], |it| {
            it.without_reports();
        })
        .plan(|plan| plan.mode = "enforce".into()),
        row("reports about another domain only", Inconclusive, &["unknown reports-none"], |it| {
            it.letters(letters::clean("somebody-else.test", &it.domain.policy, 1..=21));
        }),
        row("five days of reports", Inconclusive, &["unknown reports-window-short"], |it| it.letters(clean(it, &pair(200, 100), 1..=5))),
        row("reports with a fortnight's hole", Inconclusive, &["unknown reports-gaps"], |it| {
            it.letters(clean(it, &pair(200, 100), (1..=3).chain(19..=21)));
        }),
        // Nobody was due on the days between: a weekly sender is no gap.
        row("reports that have stopped", Inconclusive, &["unknown reports-stale"], |it| it.letters(clean(it, &pair(31, 12), 7..=29))),
        row("few sessions", Inconclusive, &["unknown reports-few-sessions"], |it| it.letters(clean(it, &pair(4, 2), 1..=21))),
        row("one reporter", Inconclusive, &["unknown reports-single-reporter"], |it| it.letters(clean(it, &pair(40, 0)[..1], 1..=21))),
        // Two names of one organisation are one reporter: the registered domain tells.
        row("one reporter under two names", Inconclusive, &["unknown reports-single-reporter"], |it| {
            let senders = [(GOOGLE, "a@mail.google.com", 20), ("Gmail", "b@google.com", 20)];
            it.letters(clean(it, &senders, 1..=21));
        }),
        row("reports about a policy that covered one host of two", Inconclusive, &["unknown reports-other-policy"], |it| {
            let narrow = crate::lab::domain::policy("testing", 1_209_600, &[&it.mx_name(1)]);
            it.letters(letters::clean(&it.name, &narrow, 1..=21));
        }),
        row("reports that saw no policy", Inconclusive, &["unknown reports-other-policy"], |it| {
            let blind = |letter: Letter| letter.policy("").of_type("no-policy-found");
            it.letters(it.clean(1..=21).into_iter().map(blind).collect());
        }),
        // A provider lists a neighbour's host: for this domain it is the same policy.
        row("reports about a policy with one pattern more", Ready, &[], |it| {
            let wide = it.domain.policy.replace("max_age", "mx: spare.elsewhere.test\r\nmax_age");
            it.letters(letters::clean(&it.name, &wide, 1..=21));
        }),
        row("weekends without reports", Ready, &[], |it| {
            let weekday = |day: &i64| (1..=5).contains(&days_ago(*day).weekday().to_monday_one_offset());
            it.letters(clean(it, &pair(60, 30), (1..=28).filter(weekday)));
        }),
        // The same report in two files is one report: 210 sessions, not 420.
        row("every report twice", Inconclusive, &["unknown reports-few-sessions"], |it| {
            let letters = clean(it, &pair(7, 3), 1..=21);
            for letter in &letters {
                it.file(&format!("again-{}.json", letter.stem()), letter.json().to_string());
            }
            it.letters(letters);
        }),
    ]
}

fn failures() -> Vec<Row> {
    vec![
        row("failures on two days at a host that works from here", NotReady, &["blocker reports-failing"], |it| {
            let mx = it.mx_name(1);
            it.amend(GOOGLE, &[1, 2], |letter| letter.failed("certificate-not-trusted", &mx, 2));
        }),
        row("one failure among thousands", Ready, &["warning reports-failing"], |it| {
            let mx = it.mx_name(1);
            it.letters(clean(it, &pair(300, 12), 1..=21));
            it.amend(GOOGLE, &[2], |letter| letter.failed("starttls-not-supported", &mx, 1));
        }),
        row("a failure of an unknown type", NotReady, &["blocker reports-failing"], |it| {
            let mx = it.mx_name(2);
            it.amend(MICROSOFT, &[1, 2], |letter| letter.failed("quantum-handshake-lost", &mx, 3));
        }),
        row("failures whose total says none", NotReady, &["blocker reports-failing"], |it| {
            let mx = it.mx_name(1);
            it.amend(GOOGLE, &[1, 2], |letter| letter.failed("validation-failure", &mx, 4).counting_failures(0));
        }),
        row("failures without details", NotReady, &["blocker reports-failing"], |it| {
            it.amend(GOOGLE, &[1, 2], |letter| letter.counting_failures(5));
        }),
        // The live probe shows the same fault: one fault, told where it can be mended.
        row("failures that the probe explains", NotReady, &["blocker cert-expired mx1."], |it| {
            let mx = it.mx_name(1);
            it.mx_presents(1, it.issue(&it.leaf(1).expires_in(-3)));
            it.amend(GOOGLE, &[1, 2], |letter| letter.failed("certificate-expired", &mx, 2));
        }),
        row("failures that have been mended", Ready, &["advice reports-fixed"], |it| {
            let mx = it.mx_name(1);
            it.amend(GOOGLE, &[15, 16], |letter| letter.failed("certificate-expired", &mx, 6));
        }),
        row("failures at a host that is no MX", Ready, &["warning reports-foreign-mx"], |it| {
            it.amend(GOOGLE, &[1, 2], |letter| letter.failed("certificate-host-mismatch", "mx.of-the-past.test", 2));
        }),
        row("DANE failures", Ready, &["warning reports-dane"], |it| {
            let (name, mx) = (it.name.clone(), it.mx_name(1));
            it.amend(MICROSOFT, &[1, 2], |letter| {
                let dane = Letter::new(&name, MICROSOFT, SENDERS[1].1, days_ago(1)).of_type("tlsa").policy("3 1 1 00ff");
                letter.also(&dane.failed("tlsa-invalid", &mx, 2))
            });
        }),
        row("two reporters could not fetch the policy", NotReady, &["blocker reports-fetch-error"], |it| {
            for organization in [GOOGLE, MICROSOFT] {
                it.amend(organization, &[1], |letter| {
                    letter.failing(json!({"result-type": "sts-policy-fetch-error", "failed-session-count": 3}))
                });
            }
        }),
        row("one reporter could not fetch the policy once", Ready, &["warning reports-fetch-error"], |it| {
            it.amend(GOOGLE, &[1], |letter| letter.failing(json!({"result-type": "sts-webpki-invalid", "failed-session-count": 3})));
        }),
        row("the policy could not be fetched and then could", Ready, &["advice reports-fixed"], |it| {
            for organization in [GOOGLE, MICROSOFT] {
                it.amend(organization, &[14, 15], |letter| {
                    letter.failing(json!({"result-type": "sts-policy-fetch-error", "failed-session-count": 9}))
                });
            }
        }),
    ]
}

fn reporters() -> Vec<Row> {
    vec![
        row("a reporter that has stopped", Ready, &["warning reports-silent microsoft.com"], |it| {
            let letters = [clean(it, &pair(40, 0)[..1], 1..=21), clean(it, &pair(0, 12)[1..], 8..=21)].concat();
            it.letters(letters);
        }),
        row("failures that have leapt up", NotReady, &["blocker reports-failing google.com", "warning reports-spike google.com"], |it| {
            let mx = it.mx_name(1);
            it.amend(GOOGLE, &[1], |letter| letter.failed("certificate-not-trusted", &mx, 25));
        }),
        row("some mails that nothing proves", Ready, &["warning reports-unauthenticated"], |_| {}).observed(|facts| {
            facts["reports"]["set_aside"] = aside();
        }),
        row("all of them mails that nothing proves", Inconclusive, &["unknown reports-none", "warning reports-unauthenticated"], |_| {})
            .observed(|facts| {
                facts["reports"]["reports"] = json!([]);
                facts["reports"]["set_aside"] = aside();
            }),
        row("mails that nothing proves, counted on request", Ready, &["warning reports-unauthenticated"], |_| {}).observed(|facts| {
            facts["reports"]["reports"][0]["authenticity"] = json!({"state": "unverifiable", "why": "it is not signed"});
            facts["reports"]["unverified_counted"] = json!(1);
        }),
    ]
}

/// One forged report, and some that came too late to be verified.
fn aside() -> Value {
    json!([
        {"reporter": "evil.test", "authenticity": {"state": "failed", "why": "the body is not the one that was signed by google.com"},
         "reports": 1, "newest": "2026-03-01T23:59:59Z"},
        {"reporter": "google.com", "authenticity": {"state": "unverifiable", "why": "the key is not in DNS (any more)", "again": false},
         "reports": 20, "newest": "2026-03-01T23:59:59Z"},
    ])
}

fn files() -> Vec<Row> {
    vec![
        row("half a report", Ready, &["warning reports-rejected"], |it| {
            let text = it.clean(22..=22)[0].json().to_string();
            it.file("half.json", &text.as_bytes()[..text.len() / 2]);
        }),
        row("half a gzip", Ready, &["warning reports-rejected"], |it| {
            let bytes = letters::gzip(it.clean(22..=22)[0].json().to_string().as_bytes());
            it.file("half.json.gz", &bytes[..bytes.len() / 2]);
        }),
        row("a DMARC report among them", Ready, &["warning reports-rejected"], |it| {
            it.file("dmarc.xml.gz", letters::gzip(b"<?xml version=\"1.0\"?><feedback><report_metadata/></feedback>"));
        }),
        row("JSON that is no report", Ready, &["warning reports-rejected"], |it| it.file("package.json", r#"{"name": "left-pad"}"#)),
        row("something else among them", Ready, &[], |it| it.file("notes.md", "Reports go here.\n")),
        row("reports as mails", Ready, &[], |it| {
            for letter in it.clean(1..=21) {
                it.file(&format!("{}.eml", letter.stem()), letter.mail());
            }
            it.letters(Vec::new());
        }),
        row("reports in an mbox", Ready, &[], |it| {
            let message =
                |letter: &Letter| format!("From reports@lab.test Thu Jan  1 00:00:00 2026\n{}\n", letter.mail().replace("\r\n", "\n"));
            let mbox: String = it.clean(1..=21).iter().map(message).collect();
            it.file("reports.mbox", mbox);
            it.letters(Vec::new());
        }),
        row("reports written unusually", Ready, &[], |it| {
            for letter in it.clean(1..=21) {
                let mut report = letter.json();
                let day = report["date-range"]["start-datetime"].as_str().unwrap()[..10].to_owned();
                // Without a zone, counts as text, capitals, hosts as text, an unknown key, null for nothing.
                report["date-range"] = json!({"start-datetime": format!("{day}T00:00:00"), "end-datetime": format!("{day}T23:59:59")});
                let entry = &mut report["policies"][0];
                entry["policy"]["policy-type"] = json!("STS");
                entry["policy"]["mx-host"] = json!("mx1.somewhere.test.");
                entry["summary"]["total-successful-session-count"] = json!(entry["summary"]["total-successful-session-count"].to_string());
                entry["failure-details"] = json!(null);
                report["x-note"] = json!({"anything": [1, 2, 3]});
                it.file(&format!("{}.json", letter.stem()), report.to_string());
            }
            it.letters(Vec::new());
        }),
    ]
}

/// What reporters write is read, what enforce would have refused is told with the hosts left, and senders that differ are named.
#[test]
fn words_refusals_and_senders_are_told() {
    let lab = Lab::start_blocking().expect("the lab needs 127.0.0.0/8");
    let mut scene = Scene::new(&lab, "words.test", |_| {});
    let mx = scene.mx_name(1);
    scene.amend(MICROSOFT, &[1, 2], |letter| {
        letter.failing(json!({
            "result-type": "validation-failure", "receiving-mx-hostname": mx, "failed-session-count": 2,
            "failure-reason-code": "MX_HOSTS_MISMATCH",
        }))
    });
    let facts = lab.folder().join("words.facts.json");
    let live = scene.check().args(["--save-facts".as_ref(), facts.as_os_str()]).run().exits(1);
    let again = stsready(["check", "--format", "json", "--facts"]).args([&facts]).run().exits(1);
    assert_eq!(again.stdout, live.stdout);

    let assessment = live.assessment();
    let reports = &assessment.0["reports"];
    let group = &reports["groups"][0];
    assert_eq!((&group["see"], &group["confidence"]), (&json!("mx-uncovered"), &json!("certain")), "{live}");
    assert_eq!(reports["hosts_left"], json!({"left": 1, "of": 2}), "{live}");
    let refused = reports["refused"].as_array().expect("refusals");
    assert_eq!(refused.len(), 2, "{live}");
    assert_eq!((&refused[0]["mx"], &refused[0]["sessions"], &refused[0]["hosts_left"]), (&json!(mx), &json!(2), &json!(1)));
    let message = assessment.of("reports-failing")[0].text("message");
    assert!(message.contains("would have refused") && message.ends_with("1 of 2 MX hosts left"), "{message}");
    let senders = assessment.0["senders"].as_array().expect("senders that differ");
    assert!(senders.iter().any(|note| note["behaviour"] == "testing-not-applied"), "{live}");

    let text = stsready(["check", "--facts"]).args([&facts]).run().exits(1);
    for part in [
        "What their words mean",
        "certain  no mx of the policy that",
        "Enforce would have refused",
        "1 of 2 hosts left",
        "Senders differ",
        "seen in reports: mx1.words.test",
        "proven by probe only: mx2.words.test",
    ] {
        assert!(text.stdout.contains(part), "no {part:?}{text}");
    }
}

#[test]
fn how_much_evidence_suffices() {
    hold(&evidence());
}

#[test]
fn failures_in_reports() {
    hold(&failures());
}

#[test]
fn reporters_and_their_mails() {
    hold(&reporters());
}

#[test]
fn files_of_reports() {
    hold(&files());
}

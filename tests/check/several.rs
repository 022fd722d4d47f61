//! Faults in combination: none hides another, and none is told twice.

use super::Scene;
use super::row::Answer::{Inconclusive, NotReady, Ready};
use super::row::{Row, hold, row};
use crate::lab::{Ehlo, Greeting, Lab, Page, Smtp, Validity};

pub(super) fn rows() -> Vec<Row> {
    vec![
        row(
            "expired and misnamed and untrusted at one address of two",
            NotReady,
            &["blocker cert-expired mx1.", "blocker cert-name-mismatch mx1.", "blocker cert-untrusted mx1."],
            |it| {
                let leaf = it.leaf(1).names(&["old.test"]).valid(Validity::days(-90, -2)).signed_by(it.lab.ca().unknown_root());
                it.second_address(1, Smtp::default(), it.issue(&leaf).with_root());
            },
        ),
        row(
            "misnamed and self-signed and of tomorrow",
            NotReady,
            &["blocker cert-not-yet-valid mx2.", "blocker cert-name-mismatch mx2.", "blocker cert-self-signed mx2."],
            |it| it.mx_presents(2, it.leaf(2).names(&["localhost.test"]).valid(Validity::days(2, 900)).self_signed()),
        ),
        row(
            "a different fault at each of four addresses",
            NotReady,
            &[
                "blocker starttls-missing mx1.",
                "blocker cert-expired mx1.",
                "unknown-warning starttls-busy mx1.",
                "unknown-warning starttls-unreachable mx1.",
            ],
            |it| {
                it.mx_does(1, |smtp| smtp.ehlo = Ehlo::WithoutStarttls);
                it.second_address(1, Smtp::default(), it.issue(&it.leaf(1).expires_in(-2)));
                let busy = Smtp { greeting: Greeting::Refuse("421 4.3.2 busy"), ..Smtp::default() };
                it.second_address(1, busy, it.issue(&it.leaf(1)));
                it.dns().address(&it.mx_name(1), it.lab.refusing_address());
            },
        ),
        row(
            "a fault in every stage",
            NotReady,
            &[
                "blocker record-rua-invalid",
                "blocker txt-id-invalid",
                "blocker fetch-content-type",
                "blocker policy-max-age-invalid",
                "blocker mx-uncovered mx2.",
                "blocker starttls-missing mx1.",
                "blocker cert-expired mx2.",
                "unknown reports-none",
            ],
            |it| {
                it.txt("_smtp._tls", "v=TLSRPTv1; rua=tls-reports@reports.lab.test");
                let text = crate::lab::domain::policy("testing", 604_800, &[&it.mx_name(1)]).replace("604800", "7d");
                it.policy(&text);
                it.serves(|page| page.content_type("text/html"));
                it.txt("_mta-sts", "v=STSv1; id=2026-01-01");
                it.mx_does(1, |smtp| smtp.ehlo = Ehlo::WithoutStarttls);
                it.mx_presents(2, it.issue(&it.leaf(2).expires_in(-2)));
                it.without_reports();
            },
        ),
        // A blocker that was seen outweighs what could not be looked at; both are told.
        row(
            "one host broken and one out of reach",
            NotReady,
            &["blocker cert-self-signed mx1.", "unknown starttls-unreachable mx2."],
            |it| {
                it.mx_presents(1, it.leaf(1).self_signed());
                it.without_address("mx2");
                it.dns().address(&it.mx_name(2), it.lab.refusing_address());
            },
        ),
        row(
            "nothing published yet",
            NotReady,
            &["blocker record-missing", "blocker txt-missing", "blocker fetch-host-missing", "unknown-advice reports-none"],
            |it| {
                it.remove("_smtp._tls");
                it.remove("_mta-sts");
                it.remove("mta-sts");
                it.without_reports();
            },
        ),
        // The cached enforce policy is what senders go by while the fetch fails.
        row("the policy of an enforcing domain is gone", NotReady, &["blocker fetch-status"], |it| {
            it.answers(crate::lab::Answer::Page(Page::status(404)));
        })
        .plan(|plan| plan.mode = "enforce".into()),
        row(
            "an uncovered host that is also broken",
            NotReady,
            &["blocker mx-uncovered mx.backup-", "blocker starttls-missing mx.backup-"],
            |it| {
                let name = format!("mx.backup-{}", it.name);
                let host = it.lab.smtp_host(Smtp { ehlo: Ehlo::WithoutStarttls, ..Smtp::default() }, it.lab.chain(&name));
                it.dns().address(&name, host.address());
                it.domain.add_mx(90, &name);
            },
        ),
        row("many healthy hosts", Ready, &[], |_| {}).plan(|plan| plan.mx_hosts = 12),
        row("only warnings", Ready, &["warning policy-max-age-short", "warning txt-duplicate-field", "advice record-rua-many"], |it| {
            it.edit_policy("1209600", "3600");
            it.txt("_mta-sts", "v=STSv1; id=1; id=2");
            it.txt("_smtp._tls", "v=TLSRPTv1; rua=mailto:a@reports.lab.test,mailto:b@reports.lab.test");
        }),
        row("evidence is missing and a lookup failed", Inconclusive, &["unknown reports-none", "unknown domain-dns-failed mx1."], |it| {
            it.without_reports();
            it.dns().fault(&it.mx_name(1), crate::lab::Fault::ServFail);
        }),
    ]
}

#[test]
fn faults_in_combination() {
    hold(&rows());
}

/// The findings of one address name it and no other; each address of the host is in the table.
#[test]
fn findings_name_the_address_they_are_about() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    let leaf = scene.leaf(1).names(&["old.test"]).expires_in(-2).signed_by(lab.ca().unknown_root());
    let bad = scene.second_address(1, Smtp::default(), scene.issue(&leaf).with_root());
    let run = scene.check().run().exits(1);
    let assessment = run.assessment();
    let about = format!("mx1.alpha.test {}", bad.address());
    let findings = assessment.findings();
    assert_eq!(findings.len(), 3, "{run}");
    assert!(findings.iter().all(|finding| finding.text("subject").starts_with(&about)), "{run}");
    let addresses = assessment.0["mx"][0]["addresses"].as_array().unwrap();
    let outcomes: Vec<(&str, bool)> =
        addresses.iter().map(|address| (address["outcome"].as_str().unwrap(), address["address"] == bad.address().to_string())).collect();
    assert_eq!(outcomes.len(), 2, "{run}");
    assert!(outcomes.contains(&("broken", true)) && outcomes.contains(&("proven", false)), "{run}");
}

/// IPv6 is probed where this machine has it on the loopback.
#[test]
fn each_family_is_judged_on_its_own() {
    let lab = Lab::start_blocking().unwrap();
    let mut scene = Scene::new(&lab, "alpha.test", |_| {});
    let name = scene.mx_name(1);
    let expired = scene.issue(&scene.leaf(1).expires_in(-2));
    let Some(v6) = lab.smtp_host_v6(Smtp { hostname: name.clone(), ..Smtp::default() }, expired) else {
        return; // No IPv6 on the loopback: there is nothing to look at.
    };
    lab.dns().address(&name, v6.address());
    let run = scene.check().run().exits(1);
    let said: Vec<(String, String)> =
        run.assessment().findings().iter().map(|finding| (finding.code().into(), finding.text("subject").into())).collect();
    assert!(said.iter().all(|(code, subject)| code == "cert-expired" && subject.starts_with(&format!("{name} ::1"))), "{run}");
    assert!(!said.is_empty(), "{run}");

    // Switched off, it is a loose end beside a proven IPv4 address, and an open question where there is nothing else.
    scene.args(&["--ipv4"]);
    let run = scene.check().run().exits(0);
    assert_eq!(run.assessment().of("starttls-family-unprobed")[0].weight(), "unknown-warning", "{run}");
    scene.without_address("mx1");
    lab.dns().address(&name, v6.address());
    let run = scene.check().run().exits(3);
    assert_eq!(run.assessment().of("starttls-family-unprobed")[0].weight(), "unknown", "{run}");
}

//! mx-*: the policy against the MX records.

use super::Scene;
use super::row::Answer::{Inconclusive, NotReady, Ready};
use super::row::{Row, hold, row};
use crate::lab::{Smtp, domain};
use crate::run::stsready;

pub(super) fn rows() -> Vec<Row> {
    [coverage(), records()].into_iter().flatten().collect()
}

/// A policy with these patterns and nothing else; an own host is written by its left label.
fn patterns(it: &mut Scene<'_>, patterns: &[&str]) {
    let whole: Vec<String> =
        patterns.iter().map(|pattern| if pattern.contains('.') { (*pattern).to_owned() } else { it.below(pattern) }).collect();
    let whole: Vec<&str> = whole.iter().map(String::as_str).collect();
    let text = domain::policy("testing", 1_209_600, &whole);
    it.policy(&text);
}

fn coverage() -> Vec<Row> {
    vec![
        row("an MX host that the policy does not list", NotReady, &["blocker mx-uncovered mx2."], |it| patterns(it, &["mx1"])),
        row("a typing error in a pattern", NotReady, &["blocker mx-uncovered mx2.", "advice mx-pattern-unused mxx2."], |it| {
            patterns(it, &["mx1", "mxx2"]);
        }),
        row("the policy host listed as mx", NotReady, &["blocker mx-uncovered mx2.", "advice mx-pattern-unused mta-sts."], |it| {
            patterns(it, &["mx1", "mta-sts"]);
        }),
        // It is more than a slip as long as nobody has that domain: whoever registers it owns an approved name.
        row("a pattern under another top-level domain", NotReady, &["blocker mx-uncovered mx2.", "warning mx-pattern-unused mx2."], |it| {
            let other = format!("mx2.{}", it.name.replace(".test", ".example"));
            patterns(it, &["mx1", &other]);
        }),
        row("a wildcard one label too high", NotReady, &["blocker mx-uncovered mx3.eu.", "warning mx-pattern-broad"], |it| {
            let host = it.lab.smtp_host(Smtp::default(), it.lab.chain(&it.below("mx3.eu")));
            it.dns().address(&it.below("mx3.eu"), host.address());
            it.domain.add_mx(30, &it.below("mx3.eu"));
            patterns(it, &[&format!("*.{}", it.name)]);
        }),
        row("a wildcard over the organisation's own domain", Ready, &["warning mx-pattern-broad"], |it| {
            patterns(it, &[&format!("*.{}", it.name)]);
        }),
        row("a wildcard over a zone of mail hosts", Ready, &[], |it| {
            it.domain.without_mx();
            for (preference, host) in [(10, "a.mx"), (20, "b.mx")] {
                let name = it.below(host);
                let running = it.lab.smtp_host(Smtp { hostname: name.clone(), ..Smtp::default() }, it.lab.chain(&name));
                it.dns().address(&name, running.address());
                it.domain.add_mx(preference, &name);
            }
            patterns(it, &[&format!("*.mx.{}", it.name)]);
        }),
        row("a pattern in capitals", Ready, &[], |it| {
            let (one, two) = (it.mx_name(1).to_uppercase(), it.mx_name(2));
            patterns(it, &[&one, &two]);
        }),
        row("a pattern of an MX of the past", Ready, &["advice mx-pattern-unused mx0."], |it| patterns(it, &["mx1", "mx2", "mx0"])),
        // Whoever registers it owns an approved name.
        row("a pattern of a domain that nobody has", Ready, &["warning mx-pattern-unused mx.nobody-has-this.test"], |it| {
            patterns(it, &["mx1", "mx2", "mx.nobody-has-this.test"]);
        }),
        row("a pattern of another domain that exists", Ready, &["advice mx-pattern-unused mx.lab.test"], |it| {
            patterns(it, &["mx1", "mx2", "mx.lab.test"]);
        }),
        row("an MX host added and forgotten in an enforced policy", NotReady, &["blocker mx-uncovered mx.backup-"], |it| {
            let name = format!("mx.backup-{}", it.name);
            let host = it.lab.smtp_host(Smtp::default(), it.lab.chain(&name));
            it.dns().address(&name, host.address());
            it.domain.add_mx(90, &name);
        })
        .plan(|plan| plan.mode = "enforce".into()),
    ]
}

fn records() -> Vec<Row> {
    vec![
        row("one MX host only", Ready, &["advice mx-single"], |_| {}).plan(|plan| plan.mx_hosts = 1),
        row("an MX host without an address beside others", Ready, &["warning mx-unresolvable mx2."], |it| it.without_address("mx2")),
        row("an MX host that does not exist beside others", Ready, &["warning mx-unresolvable mx2."], |it| it.remove("mx2")),
        row("the only MX host has no address", NotReady, &["blocker mx-unresolvable mx1.", "advice mx-single"], |it| {
            it.without_address("mx1");
        })
        .plan(|plan| plan.mx_hosts = 1),
        row("an MX host that is an alias", Ready, &["warning mx-cname mx1."], |it| {
            let address = it.mx(1).address();
            it.dns().address(&it.below("real"), address);
            it.alias("mx1", &it.below("real"));
        }),
        row("more addresses than are probed", Inconclusive, &["unknown mx-unprobed mx2."], |it| {
            let chain = it.issue(&it.leaf(2));
            it.mx_presents(2, chain.clone());
            for _ in 0..32 {
                it.second_address(2, Smtp::default(), chain.clone());
            }
        }),
        row("an address as MX", NotReady, &["blocker mx-address-literal"], |it| it.domain.add_mx(30, "192.0.2.25")),
    ]
}

#[test]
fn the_policy_covers_the_mx_hosts() {
    hold(&coverage());
}

#[test]
fn the_mx_records_themselves() {
    hold(&records());
}

/// The message says what the mismatch looks like, and the fix is a line to be pasted.
#[test]
fn an_uncovered_host_comes_with_its_likely_cause_and_the_line_to_add() {
    let lab = crate::lab::Lab::start_blocking().unwrap();
    for (number, (pattern, cause)) in
        [("mxx2.NAME", "typ"), ("mta-sts.NAME", "policy host"), ("mail.mx2.NAME", "label"), ("mx2.elsewhere.example", "different")]
            .into_iter()
            .enumerate()
    {
        let name = format!("likeness-{number}.test");
        let mut scene = Scene::new(&lab, &name, |_| {});
        patterns(&mut scene, &["mx1", &pattern.replace("NAME", &name)]);
        let run = scene.check().run().exits(1);
        let assessment = run.assessment();
        let [finding] = assessment.of("mx-uncovered")[..] else { panic!("one host is uncovered{run}") };
        let said = finding.0.to_string().to_lowercase();
        assert!(said.contains(cause), "{pattern} should be told as {cause:?}{run}");
        assert!(finding.0.to_string().contains(&format!("mx: mx2.{name}")), "the line to add{run}");
    }
}

/// The host is no part of what is asked, and is neither resolved nor probed for it.
#[test]
fn a_draft_is_judged_before_it_is_published() {
    let lab = crate::lab::Lab::start_blocking().unwrap();
    let alpha = lab.good_domain("alpha.test", |_| {});
    let draft = lab.folder().join("draft.txt");
    std::fs::write(&draft, domain::policy("testing", 604_800, &["mx1.alpha.test"])).unwrap();
    let args = ["policy", "alpha.test", "--format", "json", "--file", draft.to_str().unwrap()];
    let run = stsready(args).at(&lab).run().exits(1);
    let assessment = run.assessment();
    let codes: Vec<&str> = assessment.findings().iter().map(|finding| finding.code()).collect();
    assert_eq!(codes, ["mx-uncovered"], "{run}");
    assert_eq!(alpha.policy_host.visits().total(), 0, "what is published was not asked for");
}

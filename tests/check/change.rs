//! change-*: what speaks against a planned change, beside the state that it leads to.

use super::Scene;
use super::row::Answer::{Inconclusive, NotReady, Ready};
use super::row::{Row, hold, row};
use crate::lab::{Key, Smtp, Validity};
use crate::letters::{Letter, days_ago};

pub(super) fn rows() -> Vec<Row> {
    vec![
        row("a switch that nothing speaks against", Ready, &[], |_| ()).change(enforce),
        row("a switch without evidence", Inconclusive, &["unknown reports-none"], |it| {
            it.without_reports();
        })
        .change(enforce),
        row("a switch while a host of the domain fails", NotReady, &["blocker cert-expired mx2."], |it| {
            it.mx_presents(2, it.issue(&it.leaf(2).expires_in(-1)));
        })
        .change(enforce),
        row("a switch while a narrower policy in enforce is held", NotReady, &["blocker change-breaks-cached mx2."], |it| {
            let narrow = crate::lab::domain::policy("enforce", 2_419_200, &[&it.mx_name(1)]);
            let mut letters = it.clean(1..=21);
            letters.push(Letter::new(&it.name, "Slow Mail", "tls@slow.test", days_ago(1)).policy(&narrow).successful(3));
            it.letters(letters);
        })
        .change(enforce),
        row("an id that is published already", NotReady, &["blocker change-id-reused 20260101T000000"], |_| ())
            .change(|_| vec!["enforce".into(), "--id".into(), "20260101T000000".into()]),
        row("an MX host more", Ready, &[], |it| it.start(Smtp::default(), &[])).change(add),
        row("an MX host more that does not answer", Inconclusive, &["unknown change-unproven mx3."], |it| {
            it.dns().address(&it.below("mx3"), it.lab.refusing_address());
        })
        .change(add),
        row("an MX host more without an address", NotReady, &["blocker mx-unresolvable mx3."], |_| ()).change(add),
        row("an MX host more with another's certificate", NotReady, &["blocker cert-name-mismatch mx3."], |it| {
            it.start(Smtp::default(), &["elsewhere.test"]);
        })
        .change(add),
        // What the new host has nothing to do with is no reason to do without it.
        row("an MX host more beside one that fails", Ready, &[], |it| {
            it.mx_presents(2, it.issue(&it.leaf(2).expires_in(-1)));
            it.start(Smtp::default(), &[]);
        })
        .change(add),
        row("the failing MX host goes", Ready, &[], |it| it.mx_presents(2, it.issue(&it.leaf(2).expires_in(-1)))).change(remove_second),
        row("the good MX host goes", NotReady, &["blocker cert-expired mx1."], |it| {
            it.mx_presents(1, it.issue(&it.leaf(1).expires_in(-1)));
        })
        .change(remove_second),
        row("back to testing while everything fails", Ready, &[], |it| {
            for number in [1, 2] {
                it.mx_presents(number, it.issue(&it.leaf(number).expires_in(-1)));
            }
        })
        .plan(|plan| plan.mode = "enforce".into())
        .change(|_| vec!["testing".into()]),
        row("back to testing with a policy host that fails", NotReady, &["blocker fetch-cert-expired mta-sts."], |it| {
            it.policy_host_presents(it.issue(&it.policy_leaf().expires_in(-1)));
        })
        .plan(|plan| plan.mode = "enforce".into())
        .change(|_| vec!["testing".into()]),
        row("the only MX host goes", NotReady, &["blocker change-no-mx-left"], |it| {
            it.domain.without_mx();
            it.domain.add_mx(10, &it.mx_name(2));
        })
        .change(remove_second),
        row("an MX host goes that never was one", NotReady, &["blocker change-no-such-mx mx9."], |_| ())
            .change(|it| vec!["remove-mx".into(), it.below("mx9")]),
        row("a new certificate with the key of another", NotReady, &["blocker change-other-key"], |it| {
            let other = rcgen::KeyPair::generate().expect("a key pair").serialize_pem();
            std::fs::write(path(it), it.issue(&it.leaf(1)).pem() + &other).expect("a file in the lab's folder");
        })
        .change(certificate),
        row("a new certificate in order", Ready, &[], |it| file(it, &|leaf| leaf)).change(certificate),
        row("a new certificate for another host", NotReady, &["blocker cert-name-mismatch mx1."], |it| {
            file(it, &|leaf| leaf.names(&["www.test"]));
        })
        .change(certificate),
        row("a new certificate that begins tomorrow", NotReady, &["blocker cert-not-yet-valid mx1."], |it| {
            file(it, &|leaf| leaf.valid(Validity::days(1, 90)));
        })
        .change(certificate),
        row("a new certificate with a key of another type", Ready, &[], |it| file(it, &|leaf| leaf.key(Key::Rsa2048))).change(certificate),
        row("a new certificate for a host that is away", Inconclusive, &["unknown change-unproven mx9."], |it| {
            file(it, &|leaf| leaf.names(&[&it.below("mx9")]));
        })
        .change(|it| vec!["certificate".into(), "--file".into(), path(it), "--for".into(), it.below("mx9")]),
        row("a policy that forgets a host", NotReady, &["blocker mx-uncovered mx2."], |it| {
            std::fs::write(path(it), crate::lab::domain::policy("testing", 604_800, &[&it.mx_name(1)]))
                .expect("a file in the lab's folder");
        })
        .change(|it| vec!["policy".into(), "--file".into(), path(it)]),
    ]
}

fn enforce(_: &Scene<'_>) -> Vec<String> {
    vec!["enforce".into()]
}

fn add(it: &Scene<'_>) -> Vec<String> {
    vec!["add-mx".into(), it.below("mx3")]
}

fn remove_second(it: &Scene<'_>) -> Vec<String> {
    vec!["remove-mx".into(), it.mx_name(2)]
}

fn certificate(it: &Scene<'_>) -> Vec<String> {
    vec!["certificate".into(), "--file".into(), path(it), "--for".into(), it.mx_name(1)]
}

fn path(it: &Scene<'_>) -> String {
    it.lab.folder().join(format!("{}.planned", it.name)).display().to_string()
}

/// A new chain for the first MX host, in a file.
fn file(it: &Scene<'_>, spoil: &dyn Fn(crate::lab::Leaf) -> crate::lab::Leaf) {
    std::fs::write(path(it), it.issue(&spoil(it.leaf(1))).pem()).expect("a file in the lab's folder");
}

#[test]
fn planned_changes() {
    hold(&rows());
}

//! fetch-*: the policy host.

use std::time::Duration;

use super::Scene;
use super::row::Answer::{Inconclusive, NotReady, Ready};
use super::row::{Row, hold, row};
use crate::lab::{Answer, Https, Lab, Page, Tls, Validity};
use crate::run::stsready;

pub(super) fn rows() -> Vec<Row> {
    [reaching(), answers(), bodies(), certificates(), addresses()].into_iter().flatten().collect()
}

fn reaching() -> Vec<Row> {
    fn tls(it: &Scene<'_>, tls: Tls) {
        it.domain.policy_host.change(|https| https.tls = tls);
    }
    vec![
        row("the policy host does not exist", NotReady, &["blocker fetch-host-missing mta-sts."], |it| it.remove("mta-sts")),
        row("the policy host has no address", NotReady, &["blocker fetch-host-missing mta-sts."], |it| it.without_address("mta-sts")),
        row("the policy host is an alias that leads nowhere", NotReady, &["blocker fetch-host-missing mta-sts."], |it| {
            it.alias("mta-sts", "nowhere.lab.test");
        }),
        row("the policy host refuses connections", NotReady, &["blocker fetch-connect mta-sts."], |it| {
            it.remove("mta-sts");
            it.dns().address(&it.below("mta-sts"), it.lab.refusing_address());
        }),
        // Nothing else was asked over HTTPS, so the network here may be the cause.
        row("the policy host swallows connections", Inconclusive, &["unknown fetch-connect mta-sts."], |it| {
            it.remove("mta-sts");
            it.dns().address(&it.below("mta-sts"), it.lab.silent_address());
            it.patience("3s");
        }),
        row("the policy host refuses the handshake", NotReady, &["blocker fetch-tls mta-sts."], |it| tls(it, Tls::Alert(40))),
        row("the policy host knows only TLS 1.0", NotReady, &["blocker fetch-tls mta-sts."], |it| tls(it, Tls::Legacy10)),
        row("the policy host closes in the handshake", NotReady, &["blocker fetch-tls mta-sts."], |it| tls(it, Tls::Close)),
        row("the policy host resets the handshake", NotReady, &["blocker fetch-tls mta-sts."], |it| tls(it, Tls::Reset)),
        row("the policy host speaks plain HTTP", NotReady, &["blocker fetch-tls mta-sts."], |it| {
            tls(it, Tls::Plaintext(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"));
        }),
        row("the policy host demands a client certificate", NotReady, &["blocker fetch-connect mta-sts."], |it| {
            // In TLS 1.3 the demand shows only where the answer should come.
            tls(it, Tls::DemandsClientCertificate);
        }),
        row("the policy host stalls in the handshake", Inconclusive, &["unknown fetch-connect mta-sts."], |it| {
            tls(it, Tls::Stall);
            it.patience("3s");
        }),
        row("the policy host has TLS 1.2 only", Ready, &[], |it| tls(it, Tls::Only12)),
        row("the policy host has TLS 1.3 only", Ready, &[], |it| tls(it, Tls::Only13)),
        row("the policy host asks for a client certificate", Ready, &[], |it| tls(it, Tls::AsksForClientCertificate)),
    ]
}

fn answers() -> Vec<Row> {
    vec![
        row("a redirect to a perfect policy", NotReady, &["blocker fetch-redirect mta-sts."], |it| {
            it.domain.policy_host.change(|https| {
                let Answer::Page(policy) = https.answer.clone() else { return };
                https.elsewhere = policy;
                https.answer = Answer::Page(Page::redirect(301, "https://mta-sts.lab.test/elsewhere"));
            });
        }),
        row("a redirect without a target", NotReady, &["blocker fetch-redirect mta-sts."], |it| {
            it.answers(Answer::Page(Page::status(302)))
        }),
        row("no policy file", NotReady, &["blocker fetch-status mta-sts."], |it| it.answers(Answer::Page(Page::status(404)))),
        row("a web server that fails", NotReady, &["blocker fetch-status mta-sts."], |it| it.answers(Answer::Page(Page::status(500)))),
        // Only 200 counts, however successful another status calls itself.
        row("a policy with status 203", NotReady, &["blocker fetch-status mta-sts."], |it| it.serves(|page| page.with_status(203))),
        row("a policy host that closes without an answer", NotReady, &["blocker fetch-connect mta-sts."], |it| it.answers(Answer::Close)),
        row("a policy cut short", NotReady, &["blocker fetch-connect mta-sts."], |it| it.answers(Answer::CutShort(it.page()))),
        row("a policy in broken chunks", NotReady, &["blocker fetch-connect mta-sts."], |it| it.answers(Answer::BadChunks(it.page()))),
        row("a policy host that does not speak HTTP", NotReady, &["blocker fetch-connect mta-sts."], |it| {
            it.answers(Answer::NotHttp(b"220 files.test FTP server ready\r\n"));
        }),
        row("a policy host that never answers", Inconclusive, &["unknown fetch-connect mta-sts."], |it| {
            it.answers(Answer::Silent);
            it.patience("3s");
        }),
        row("a slow policy host", Ready, &["warning fetch-slow mta-sts."], |it| {
            it.answers(Answer::Late(Duration::from_millis(5300), it.page()));
        }),
        row("a policy that comes in drops", Ready, &[], |it| it.answers(Answer::Dribble(Duration::from_millis(2), it.page()))),
        row("a policy host that turns senders away", NotReady, &["blocker fetch-status", "warning fetch-blocked-agent mta-sts."], |it| {
            it.answers(Answer::ByAgent { browser: it.page(), other: Page::status(403) });
        }),
        row("a policy host that turns everybody away", NotReady, &["blocker fetch-status"], |it| {
            it.answers(Answer::Page(Page::status(403)));
        }),
    ]
}

fn bodies() -> Vec<Row> {
    vec![
        row("a policy as HTML by its type", NotReady, &["blocker fetch-content-type mta-sts."], |it| {
            it.serves(|page| page.content_type("text/html"));
        }),
        row("a policy as a download", NotReady, &["blocker fetch-content-type mta-sts."], |it| {
            it.serves(|page| page.content_type("application/octet-stream"));
        }),
        row("a policy without a type", NotReady, &["blocker fetch-content-type mta-sts."], |it| {
            it.domain.policy_host.set(Https::serving(Page::new(it.domain.policy.clone())));
        }),
        row("a policy with a character set", Ready, &[], |it| it.serves(|page| page.content_type("Text/Plain; charset=utf-8"))),
        // What lies within the limit is not judged: it is not what the file says.
        row("a policy that is declared too large", NotReady, &["blocker fetch-too-large mta-sts."], |it| {
            it.answers(Answer::TooLarge { declared: true });
        }),
        row("a policy that turns out too large", NotReady, &["blocker fetch-too-large mta-sts."], |it| {
            it.answers(Answer::TooLarge { declared: false });
        }),
        // It was not asked for compressed, so the bytes are taken as they came: no policy.
        row("a compressed policy", NotReady, &["blocker policy-not-a-policy mta-sts."], |it| it.answers(Answer::GzipBomb)),
        row(
            "a web page in place of the policy",
            NotReady,
            &["blocker fetch-content-type mta-sts.", "blocker policy-not-a-policy mta-sts."],
            |it| it.answers(Answer::Page(Page::html())),
        ),
    ]
}

fn certificates() -> Vec<Row> {
    vec![
        row("a policy host certificate for another name", NotReady, &["blocker fetch-cert-name mta-sts."], |it| {
            it.policy_host_presents(it.lab.chain(&it.below("www")));
        }),
        row("a policy host certificate with a wildcard", Ready, &[], |it| {
            it.policy_host_presents(it.issue(&it.policy_leaf().names(&[&it.below("*")])));
        }),
        row("a policy host wildcard one label too high", NotReady, &["blocker fetch-cert-name mta-sts."], |it| {
            it.policy_host_presents(it.issue(&it.policy_leaf().names(&["*.test"])));
        }),
        row("a policy host name in the common name only", NotReady, &["blocker fetch-cert-name mta-sts."], |it| {
            it.policy_host_presents(it.issue(&it.policy_leaf().without_san().common_name(&it.below("mta-sts"))));
        }),
        row("an expired policy host certificate", NotReady, &["blocker fetch-cert-expired mta-sts."], |it| {
            it.policy_host_presents(it.issue(&it.policy_leaf().expires_in(-1)));
        }),
        row("a policy host certificate of tomorrow", NotReady, &["blocker fetch-cert-not-yet-valid mta-sts."], |it| {
            it.policy_host_presents(it.issue(&it.policy_leaf().valid(Validity::days(1, 91))));
        }),
        row("a policy host certificate overdue for renewal", Ready, &["advice fetch-cert-expiring mta-sts."], |it| {
            it.policy_host_presents(it.issue(&it.policy_leaf().expires_in(28)));
        }),
        row("a policy host certificate with three weeks left", Ready, &["warning fetch-cert-expiring mta-sts."], |it| {
            it.policy_host_presents(it.issue(&it.policy_leaf().expires_in(20)));
        }),
        row("a policy host certificate with nine days left", NotReady, &["blocker fetch-cert-expiring mta-sts."], |it| {
            it.policy_host_presents(it.issue(&it.policy_leaf().expires_in(9)));
        }),
        row("a self-signed policy host", NotReady, &["blocker fetch-cert-self-signed mta-sts."], |it| {
            it.policy_host_presents(it.policy_leaf().self_signed());
        }),
        row("a policy host from an unknown CA", NotReady, &["blocker fetch-cert-untrusted mta-sts."], |it| {
            let leaf = it.policy_leaf().signed_by(it.lab.ca().unknown_root());
            it.policy_host_presents(it.issue(&leaf).with_root());
        }),
        row("a policy host without its intermediate", NotReady, &["blocker fetch-cert-chain-incomplete mta-sts."], |it| {
            it.policy_host_presents(it.issue(&it.policy_leaf()).without_intermediates());
        }),
        row("a policy host from the operator's own CA", NotReady, &["blocker fetch-cert-private-ca mta-sts."], |it| {
            it.policy_host_presents(it.issue(&it.policy_leaf().signed_by(it.lab.ca().unknown_root())));
            let own = it.lab.folder().join("own-ca.pem");
            std::fs::write(&own, it.lab.ca().unknown_root().pem()).unwrap();
            it.args(&["--ca-file", own.to_str().unwrap()]);
        }),
        row(
            "a policy host certificate with three faults",
            NotReady,
            &["blocker fetch-cert-name mta-sts.", "blocker fetch-cert-expired mta-sts.", "blocker fetch-cert-untrusted mta-sts."],
            |it| {
                let leaf = it.policy_leaf().names(&["old.test"]).expires_in(-3).signed_by(it.lab.ca().unknown_root());
                it.policy_host_presents(it.issue(&leaf).with_root());
            },
        ),
        // The bad certificate keeps senders out; what they would read is told all the same.
        row(
            "a bad policy host certificate and a bad policy behind it",
            NotReady,
            &["blocker fetch-cert-expired mta-sts.", "blocker policy-max-age-missing"],
            |it| {
                it.policy_host_presents(it.issue(&it.policy_leaf().expires_in(-1)));
                it.edit_policy("max_age: 1209600\r\n", "");
            },
        ),
    ]
}

fn addresses() -> Vec<Row> {
    fn second(it: &Scene<'_>, https: Https) {
        let host = it.lab.https_host(https, it.lab.chain(&it.below("mta-sts")));
        it.dns().address(&it.below("mta-sts"), host.address());
    }
    vec![
        row("two policy host addresses that agree", Ready, &[], |it| second(it, Https::policy(&it.domain.policy))),
        row("two policy host addresses that differ in line ends only", Ready, &[], |it| {
            second(it, Https::policy(&it.domain.policy.replace("\r\n", "\n")));
        }),
        row("two policy host addresses that differ", NotReady, &["blocker fetch-addresses-differ mta-sts."], |it| {
            second(it, Https::policy(&it.domain.policy.replace("max_age: 1209600", "max_age: 604800")));
        }),
        row("a second policy host address that refuses", Ready, &["warning fetch-address-failing mta-sts."], |it| {
            it.dns().address(&it.below("mta-sts"), it.lab.refusing_address());
        }),
        row("a second policy host address without the file", Ready, &["warning fetch-address-failing mta-sts."], |it| {
            second(it, Https::serving(Page::status(404)));
        }),
        row("a second policy host address that never answers", Ready, &["warning fetch-address-failing mta-sts."], |it| {
            second(it, Https::answering(Answer::Silent));
            it.patience("3s");
        }),
        row("a second policy host address with an expired certificate", NotReady, &["blocker fetch-cert-expired mta-sts."], |it| {
            let chain = it.issue(&it.policy_leaf().expires_in(-1));
            let host = it.lab.https_host(Https::policy(&it.domain.policy), chain);
            it.dns().address(&it.below("mta-sts"), host.address());
        }),
    ]
}

#[test]
fn reaching_the_policy_host() {
    hold(&reaching());
}

#[test]
fn what_the_policy_host_answers() {
    hold(&answers());
}

#[test]
fn how_the_policy_is_served() {
    hold(&bodies());
}

#[test]
fn the_policy_hosts_certificate() {
    hold(&certificates());
}

#[test]
fn the_policy_hosts_addresses() {
    hold(&addresses());
}

/// HTTPS works from here, as the other domain shows: the silence is the host's.
#[test]
fn a_silent_policy_host_is_at_fault_where_another_host_answers() {
    let lab = Lab::start_blocking().unwrap();
    let silent = lab.good_domain("silent.test", |_| {});
    lab.good_domain("talking.test", |_| {});
    silent.policy_host.set(Https::answering(Answer::Silent));
    let run = stsready(["check", "talking.test", "silent.test", "--format", "json", "--timeout", "3s"]).at(&lab).run().exits(1);
    let of_silent = &run.assessments()[1];
    assert_eq!(of_silent.domain(), "silent.test");
    assert_eq!(of_silent.of("fetch-connect")[0].weight(), "blocker", "{run}");
}

//! vantage-*, and what the place of the looking does to other families: proxies, own addresses, the control connection, private addresses.

use super::Scene;
use super::row::Answer::{Inconclusive, NotReady, Ready};
use super::row::{Row, hold, row};
use crate::lab::{Greeting, HttpProxy, Smtp, SmtpHost, Socks5, Socks5Answer, Socks5Host, Validity};

pub(super) fn rows() -> Vec<Row> {
    [clocks(), through_socks(), through_proxies(), controls(), addresses()].into_iter().flatten().collect()
}

fn ahead(it: &Scene<'_>, seconds: i64) {
    it.domain.policy_host.change(|https| https.clock_ahead = seconds);
}

fn clocks() -> Vec<Row> {
    vec![
        row("the policy host's clock is ahead", Inconclusive, &["unknown vantage-clock mta-sts."], |it| ahead(it, 900)),
        row("the policy host's clock is behind", Inconclusive, &["unknown vantage-clock mta-sts."], |it| ahead(it, -7_200)),
        row("clocks that differ by four minutes", Ready, &[], |it| ahead(it, 240)),
        row("an old date out of a cache that says so", Ready, &[], |it| {
            it.serves(|page| page.header("Age", "7200"));
            ahead(it, -7_200);
        }),
        row("no date at all", Ready, &[], |it| it.serves(|page| page.header("Date", ""))),
        row("a cache that dates its answers anew and tells their age", Ready, &[], |it| {
            it.serves(|page| page.header("Age", "7200"));
        }),
        // By the policy host's clock it has a day left, by ours it ended two days ago. A cache looks the same.
        row(
            "a certificate that is over, and a date of before",
            NotReady,
            &["unknown vantage-clock mta-sts.", "blocker cert-expired mx1."],
            |it| {
                ahead(it, -3 * 86_400);
                it.mx_presents(1, it.issue(&it.leaf(1).expires_in(-2)));
            },
        ),
        // No cache makes a Date of the future: the clock here may be the wrong one.
        row(
            "a certificate that has begun by one of two clocks",
            Inconclusive,
            &["unknown vantage-clock mta-sts.", "unknown cert-not-yet-valid mx1."],
            |it| {
                ahead(it, 3 * 86_400);
                it.mx_presents(1, it.issue(&it.leaf(1).valid(Validity::days(2, 80))));
            },
        ),
        row(
            "a certificate that is over by either clock",
            NotReady,
            &["unknown vantage-clock mta-sts.", "blocker cert-expired mx1."],
            |it| {
                ahead(it, -3 * 86_400);
                it.mx_presents(1, it.issue(&it.leaf(1).expires_in(-10)));
            },
        ),
        // The address that agrees proves the clock here.
        row("one of two addresses has a wrong clock", Ready, &[], |it| {
            ahead(it, 90_000);
            let name = it.below("mta-sts");
            let https = crate::lab::Https::serving(it.page());
            let second = it.lab.https_host(https, it.lab.chain(&name));
            it.dns().address(&name, second.address());
        }),
    ]
}

fn socks(it: &mut Scene<'_>, socks5: Socks5) -> Socks5Host {
    let proxy = it.lab.socks5_proxy(socks5);
    it.args(&["--socks5", &proxy.socket().to_string()]);
    proxy
}

fn answering(answer: Socks5Answer) -> Socks5 {
    Socks5 { answer, ..Socks5::default() }
}

const UNREACHED: &[&str] = &["unknown starttls-unreachable mx1.", "unknown starttls-unreachable mx2."];

fn through_socks() -> Vec<Row> {
    vec![
        row("MX hosts behind a SOCKS5 proxy", Ready, &[], |it| {
            socks(it, Socks5::default());
        }),
        row("MX hosts and DNS behind a SOCKS5 proxy", Ready, &[], |it| {
            socks(it, Socks5::default());
            it.args(&["--socks5-dns"]);
        }),
        // What is wrong behind the proxy is wrong.
        row("STARTTLS is missing behind a SOCKS5 proxy", NotReady, &["blocker starttls-missing mx1."], |it| {
            it.mx_does(1, |smtp| smtp.ehlo = crate::lab::Ehlo::WithoutStarttls);
            socks(it, Socks5::default());
        }),
        row("a SOCKS5 proxy that fails", Inconclusive, UNREACHED, |it| {
            socks(it, answering(Socks5Answer::Reply(1)));
        }),
        row("a SOCKS5 proxy that does not allow it", Inconclusive, UNREACHED, |it| {
            socks(it, answering(Socks5Answer::Reply(2)));
        }),
        row("hosts unreachable behind a SOCKS5 proxy", Inconclusive, UNREACHED, |it| {
            socks(it, answering(Socks5Answer::Reply(4)));
        }),
        row("hosts refuse behind a SOCKS5 proxy", Inconclusive, UNREACHED, |it| {
            socks(it, answering(Socks5Answer::Reply(5)));
        }),
        // HTTPS works from here, which says nothing about port 25 at the proxy.
        row("hosts are silent behind a SOCKS5 proxy", Inconclusive, UNREACHED, |it| {
            socks(it, answering(Socks5Answer::Reply(6)));
        }),
        row("a SOCKS5 proxy of an unknown mind", Inconclusive, UNREACHED, |it| {
            socks(it, answering(Socks5Answer::Reply(99)));
        }),
        row("a SOCKS5 proxy that accepts and closes", Inconclusive, UNREACHED, |it| {
            socks(it, answering(Socks5Answer::AcceptAndClose));
        }),
        row("a SOCKS5 proxy that closes", Inconclusive, UNREACHED, |it| {
            socks(it, answering(Socks5Answer::Close));
        }),
        row("a SOCKS5 proxy that is silent", Inconclusive, UNREACHED, |it| {
            socks(it, answering(Socks5Answer::Silent));
            it.patience("3s");
        }),
        row("a SOCKS5 proxy that is something else", Inconclusive, UNREACHED, |it| {
            socks(it, answering(Socks5Answer::Nonsense));
        }),
        row("a SOCKS5 proxy that wants a password", Inconclusive, UNREACHED, |it| {
            socks(it, Socks5 { login: Some(("me", "secret")), ..Socks5::default() });
        }),
        // Nothing can be looked up, and nothing of it is laid at the zone's door.
        row("a SOCKS5 proxy for DNS that is down", Inconclusive, &["unknown domain-dns-failed"], |it| {
            let gone = format!("{}:{}", it.lab.refusing_address(), it.lab.https_port());
            it.args(&["--socks5", &gone, "--socks5-dns"]);
        }),
        row("a SOCKS5 proxy that is down", Inconclusive, UNREACHED, |it| {
            let gone = format!("{}:{}", it.lab.refusing_address(), it.lab.https_port());
            it.args(&["--socks5", &gone]);
        }),
    ]
}

fn proxy(it: &mut Scene<'_>, leads: bool, status: u16) {
    let leads_to = leads.then(|| it.domain.policy_host.socket());
    let proxy = it.lab.http_proxy(HttpProxy { leads_to, status, authorization: None });
    it.args(&["--proxy", &format!("http://{}", proxy.socket())]);
}

fn through_proxies() -> Vec<Row> {
    vec![
        row("the policy behind a proxy", Ready, &[], |it| proxy(it, true, 0)),
        row(
            "the policy behind a proxy while its address cannot be looked up",
            Inconclusive,
            &["unknown domain-dns-failed mta-sts."],
            |it| {
                it.dns().fault(&it.below("mta-sts"), crate::lab::Fault::ServFail);
                proxy(it, true, 0);
            },
        ),
        row("the policy behind a SOCKS5 proxy", Ready, &[], |it| {
            let proxy = it.lab.socks5_proxy(Socks5::default());
            it.args(&["--proxy", &format!("socks5://{}", proxy.socket())]);
        }),
        row("a proxy that forbids the policy host", Inconclusive, &["unknown fetch-connect mta-sts."], |it| proxy(it, false, 403)),
        row("a proxy that is down", Inconclusive, &["unknown fetch-connect mta-sts."], |it| {
            let gone = format!("http://{}:{}", it.lab.refusing_address(), it.lab.https_port());
            it.args(&["--proxy", &gone]);
        }),
        row(
            "a proxy before a policy host with a bad certificate",
            super::row::Answer::NotReady,
            &["blocker fetch-cert-name mta-sts."],
            |it| {
                it.policy_host_presents(it.lab.chain("other.lab.test"));
                proxy(it, true, 0);
            },
        ),
    ]
}

fn silent_mx(it: &mut Scene<'_>) {
    for host in ["mx1", "mx2"] {
        it.without_address(host);
        it.dns().address(&it.below(host), it.lab.silent_address());
    }
    it.patience("3s");
}

fn control(it: &mut Scene<'_>, smtp: Smtp) -> SmtpHost {
    let host = it.lab.smtp_host(smtp, it.lab.chain("control.lab.test"));
    it.args(&["--control", &host.address().to_string()]);
    host
}

fn controls() -> Vec<Row> {
    vec![
        row("MX hosts are silent while the control host answers", Inconclusive, UNREACHED, |it| {
            silent_mx(it);
            control(it, Smtp::default());
        }),
        row("MX hosts are silent while the control host refuses to talk", Inconclusive, UNREACHED, |it| {
            silent_mx(it);
            control(it, Smtp { greeting: Greeting::Refuse("554 5.7.1 no"), ..Smtp::default() });
        }),
        row(
            "MX hosts and the control host are silent",
            Inconclusive,
            &["unknown starttls-port-blocked", "unknown starttls-unreachable mx1.", "unknown starttls-unreachable mx2."],
            |it| {
                silent_mx(it);
                let silent = it.lab.silent_address().to_string();
                it.args(&["--control", &silent]);
            },
        ),
        // The proxy says that nothing answers, of the control host as well.
        row(
            "MX hosts and the control host are silent behind a SOCKS5 proxy",
            Inconclusive,
            &["unknown starttls-port-blocked", "unknown starttls-unreachable mx1.", "unknown starttls-unreachable mx2."],
            |it| {
                socks(it, answering(Socks5Answer::Reply(6)));
                control(it, Smtp::default());
            },
        ),
    ]
}

fn addresses() -> Vec<Row> {
    vec![
        row("connections from an address of our own", Ready, &[], |it| it.args(&["--source-ip", "127.0.0.1"])),
        // Everything of the lab is loopback.
        row(
            "no address is a public one",
            Inconclusive,
            &["unknown fetch-connect mta-sts.", "unknown starttls-unreachable mx1.", "unknown starttls-unreachable mx2."],
            |it| it.args(&["--deny-private"]),
        ),
    ]
}

#[test]
fn clocks_that_differ() {
    hold(&clocks());
}

#[test]
fn mx_hosts_through_socks_proxies() {
    hold(&through_socks());
}

#[test]
fn policies_through_proxies() {
    hold(&through_proxies());
}

#[test]
fn control_connections() {
    hold(&controls());
}

#[test]
fn own_addresses_and_those_to_be_left_alone() {
    hold(&addresses());
}

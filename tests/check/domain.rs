//! domain-*: what kind of domain it is, and lookups that fail.

use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;

use super::row::Answer::{Inconclusive, NotApplicable, NotReady, Ready};
use super::row::{Row, hold, row};
use crate::lab::{Fault, Smtp};

pub(super) fn rows() -> Vec<Row> {
    [kinds(), failures(), survived()].into_iter().flatten().collect()
}

fn kinds() -> Vec<Row> {
    vec![
        row("a healthy domain in testing", Ready, &[], |_| {}),
        row("a healthy domain in enforce", Ready, &[], |_| {}).plan(|plan| plan.mode = "enforce".into()),
        row("a domain that does not exist", NotReady, &["blocker domain-not-found missing-"], |it| {
            it.name = format!("missing-{}", it.name);
            it.without_reports();
        }),
        // Whether a parent's policy covers it is idle talk while the name is not there.
        row("a subdomain that does not exist below a policy", NotReady, &["blocker domain-not-found missing."], |it| {
            it.name = format!("missing.{}", it.name);
            it.without_reports();
        }),
        row("a null MX beside a record and a policy", NotApplicable, &["advice domain-null-mx"], |it| {
            it.domain.without_mx();
            it.dns().mx(&it.name, 0, ".");
        }),
        row("neither MX nor address", NotApplicable, &["advice domain-no-mail"], |it| it.domain.without_mx()),
        // That it is the only host follows from having no MX record and is not worth a second finding.
        row("no MX record but an address that the policy lists", Ready, &["warning domain-implicit-mx"], |it| {
            it.domain.without_mx();
            let host = it.lab.smtp_host(Smtp::default(), it.lab.chain(&it.name));
            it.dns().address(&it.name, host.address());
            let policy = crate::lab::domain::policy("testing", 1_209_600, &[&it.name]);
            it.policy(&policy);
        }),
        row(
            "a subdomain below a policy",
            NotReady,
            &["blocker record-missing", "blocker txt-missing", "blocker fetch-host-missing", "advice domain-subdomain"],
            |it| {
                let (mx, parent) = (it.mx_name(1), it.name.clone());
                it.name = format!("sub.{parent}");
                it.dns().mx(&it.name, 10, &mx);
                it.dns().mx(&it.name, 20, &it.mx_name(2));
            },
        ),
        // Switched off, so that nothing is sent to the private address.
        row(
            "an MX host with a private address",
            Inconclusive,
            &["unknown domain-split-horizon mx1.", "unknown-warning starttls-family-unprobed mx1."],
            |it| {
                it.dns().address(&it.mx_name(1), "fd00::25".parse().unwrap());
                it.args(&["--ipv4"]);
            },
        ),
    ]
}

/// Lookups that get no answer: never "absent", never "wrong".
fn failures() -> Vec<Row> {
    vec![
        row("the MX lookup fails", Inconclusive, &["unknown domain-dns-failed the-mx"], |it| {
            it.dns().fault_on(&it.name, RecordType::MX, Fault::ServFail);
        }),
        row("the MX lookup is never answered", Inconclusive, &["unknown domain-dns-failed the-mx"], |it| {
            it.dns().fault_on(&it.name, RecordType::MX, Fault::Drop);
            it.patience("4s");
        }),
        row("the TLS-RPT record has bogus DNSSEC", Inconclusive, &["unknown domain-dns-failed _smtp._tls."], |it| {
            it.dns().fault(&it.below("_smtp._tls"), Fault::Bogus);
        }),
        row("the MTA-STS record is refused", Inconclusive, &["unknown domain-dns-failed _mta-sts."], |it| {
            it.dns().fault(&it.below("_mta-sts"), Fault::Refused);
        }),
        row("the MTA-STS record is answered with garbage", Inconclusive, &["unknown domain-dns-failed _mta-sts."], |it| {
            it.dns().fault(&it.below("_mta-sts"), Fault::Garbage);
            it.patience("4s");
        }),
        row("the MTA-STS record is truncated and TCP is shut", Inconclusive, &["unknown domain-dns-failed _mta-sts."], |it| {
            it.dns().fault(&it.below("_mta-sts"), Fault::TruncateWithoutTcp);
            it.patience("4s");
        }),
        row("the MTA-STS record is an alias in a circle", Inconclusive, &["unknown domain-dns-failed _mta-sts."], |it| {
            let (one, other) = (it.below("_mta-sts"), it.below("around"));
            it.alias("_mta-sts", &other);
            it.dns().cname(&other, &one);
        }),
        row("an MX host is an alias of itself", Inconclusive, &["unknown domain-dns-failed mx1."], |it| it.alias("mx1", &it.mx_name(1))),
        row("the MTA-STS record is answered with FORMERR", Inconclusive, &["unknown domain-dns-failed _mta-sts."], |it| {
            it.dns().fault(&it.below("_mta-sts"), Fault::Code(ResponseCode::FormErr));
        }),
        row("the policy host cannot be looked up", Inconclusive, &["unknown domain-dns-failed mta-sts."], |it| {
            it.dns().fault(&it.below("mta-sts"), Fault::ServFail);
        }),
        // Senders reach it by IPv4; what the other family hides is unknown.
        row("the policy host has no IPv6 answer", Ready, &["unknown-warning domain-dns-failed mta-sts."], |it| {
            it.dns().fault_on(&it.below("mta-sts"), RecordType::AAAA, Fault::ServFail);
        }),
        row("an MX host cannot be looked up", Inconclusive, &["unknown domain-dns-failed mx1."], |it| {
            it.dns().fault(&it.mx_name(1), Fault::ServFail);
        }),
        // Every address of an MX must be proven, so half an answer is not enough here.
        row("an MX host has no IPv6 answer", Inconclusive, &["unknown domain-dns-failed mx2."], |it| {
            it.dns().fault_on(&it.mx_name(2), RecordType::AAAA, Fault::ServFail);
        }),
        row("where reports go cannot be looked up", Inconclusive, &["unknown domain-dns-failed reports-"], |it| {
            let host = format!("reports-{}", it.name);
            it.txt("_smtp._tls", &format!("v=TLSRPTv1; rua=mailto:tls@{host}"));
            it.dns().fault_on(&host, RecordType::MX, Fault::ServFail);
        }),
        // One target that can receive is enough for reports to arrive.
        row(
            "one of two places where reports go cannot be looked up",
            Ready,
            &["unknown-warning domain-dns-failed reports-", "advice record-rua-many"],
            |it| {
                let host = format!("reports-{}", it.name);
                it.txt("_smtp._tls", &format!("v=TLSRPTv1; rua=mailto:tls@{host},mailto:tls@reports.lab.test"));
                it.dns().fault_on(&host, RecordType::MX, Fault::ServFail);
            },
        ),
    ]
}

/// What a resolver gets over is no finding.
fn survived() -> Vec<Row> {
    vec![
        row("an answer over TCP only", Ready, &[], |it| it.dns().fault(&it.name, Fault::Truncate)),
        row("an answer with a wrong id first", Ready, &[], |it| it.dns().fault(&it.below("_mta-sts"), Fault::WrongIdFirst)),
        row("a late answer", Ready, &[], |it| it.dns().fault(&it.below("_mta-sts"), Fault::Late(Duration::from_millis(700)))),
        row("a lost query", Ready, &[], |it| {
            it.dns().fault_on(&it.name, RecordType::MX, Fault::First(1, Box::new(Fault::Drop)));
            it.patience("4s");
        }),
    ]
}

#[test]
fn kinds_of_domains() {
    hold(&kinds());
}

#[test]
fn lookups_that_fail() {
    hold(&failures());
}

#[test]
fn lookups_that_are_hard() {
    hold(&survived());
}

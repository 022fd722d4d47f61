//! DNS that drops, lies, loops and floods.

use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;

use super::fault;
use crate::check::Scene;
use crate::check::row::Answer::{Inconclusive, NotApplicable, NotReady, Ready};
use crate::check::row::{Row, hold};
use crate::lab::{Fault, Forgery};

const MX_UNKNOWN: &[&str] = &["unknown domain-dns-failed * MX"];
const LONG_LIVED: &[&str] = &["warning txt-ttl-long _mta-sts.", "advice record-ttl _smtp._tls."];
const TXT_UNKNOWN: &[&str] = &["unknown domain-dns-failed _mta-sts."];

pub(super) fn rows() -> Vec<Row> {
    [unanswered(), refused(), forged(), aliases(), floods(), lifetimes()].into_iter().flatten().collect()
}

fn mx(it: &Scene<'_>, fault: Fault) {
    it.dns().fault_on(&it.name, RecordType::MX, fault);
}

fn txt(it: &Scene<'_>, fault: Fault) {
    it.dns().fault(&it.below("_mta-sts"), fault);
}

fn unanswered() -> Vec<Row> {
    vec![
        fault("the MX query is dropped", Inconclusive, MX_UNKNOWN, &["in time"], |it| mx(it, Fault::Drop)),
        fault("the first two MX queries are dropped", Ready, &[], &[], |it| mx(it, Fault::First(2, Box::new(Fault::Drop)))),
        fault("the MX answer comes just in time", Ready, &[], &[], |it| mx(it, Fault::Late(Duration::from_millis(1_200)))),
        fault("the MX answer comes too late", Inconclusive, MX_UNKNOWN, &["in time"], |it| mx(it, Fault::Late(Duration::from_secs(30)))),
        fault("the MX answer is truncated and TCP closes", Inconclusive, MX_UNKNOWN, &["truncated"], |it| {
            mx(it, Fault::TruncateWithoutTcp)
        }),
        fault("the MX answer is truncated and TCP stalls", Inconclusive, MX_UNKNOWN, &["in time"], |it| {
            mx(it, Fault::TruncateWithSilentTcp)
        }),
        fault("the policy record is truncated and TCP stalls", Inconclusive, TXT_UNKNOWN, &["in time"], |it| {
            txt(it, Fault::TruncateWithSilentTcp);
        }),
        fault("the TLS-RPT record is never answered", Inconclusive, &["unknown domain-dns-failed _smtp._tls."], &["in time"], |it| {
            it.dns().fault(&it.below("_smtp._tls"), Fault::Drop);
        }),
        fault("an MX host's address is never answered", Inconclusive, &["unknown domain-dns-failed mx1."], &["in time"], |it| {
            it.dns().fault(&it.mx_name(1), Fault::Drop);
        }),
        fault("one of two resolvers is dead", Ready, &[], &[], |it| {
            let dead = format!("{}:{}", it.lab.refusing_address(), it.lab.smtp_port());
            it.args(&["--resolver", &dead]);
        }),
    ]
}

fn refused() -> Vec<Row> {
    vec![
        fault("SERVFAIL to the policy record", Inconclusive, TXT_UNKNOWN, &["SERVFAIL"], |it| txt(it, Fault::ServFail)),
        fault("REFUSED to the MX query", Inconclusive, MX_UNKNOWN, &["REFUSED"], |it| mx(it, Fault::Refused)),
        fault("FORMERR to the MX query", Inconclusive, MX_UNKNOWN, &["FORMERR"], |it| mx(it, Fault::Code(ResponseCode::FormErr))),
        fault("NOTIMP to the policy record", Inconclusive, TXT_UNKNOWN, &["NOTIMP"], |it| txt(it, Fault::Code(ResponseCode::NotImp))),
        fault("SERVFAIL once", Ready, &[], &[], |it| mx(it, Fault::First(1, Box::new(Fault::ServFail)))),
    ]
}

fn forged() -> Vec<Row> {
    fn forge(it: &Scene<'_>, forgery: Forgery) {
        mx(it, Fault::Forged(forgery));
    }
    vec![
        fault("garbage in answer to the MX query", Inconclusive, MX_UNKNOWN, &["in time"], |it| mx(it, Fault::Garbage)),
        fault("an empty answer", Inconclusive, MX_UNKNOWN, &["in time"], |it| forge(it, Forgery::Empty)),
        fault("an answer that is a header alone", Inconclusive, MX_UNKNOWN, &["decoding error"], |it| forge(it, Forgery::HeaderAlone)),
        fault("an answer with another id", Inconclusive, MX_UNKNOWN, &["in time"], |it| forge(it, Forgery::OtherId)),
        fault("an answer to another question", Inconclusive, MX_UNKNOWN, &["in time"], |it| forge(it, Forgery::OtherQuestion)),
        // No relevant record is no record (RFC 2308 §2.2).
        fault("an answer with the records of another name", NotApplicable, &["advice domain-no-mail"], &["NODATA"], |it| {
            forge(it, Forgery::OtherName)
        }),
        fault("NXDOMAIN with the records beside it", Inconclusive, MX_UNKNOWN, &["gave records beside it"], |it| {
            forge(it, Forgery::NameErrorWithRecords)
        }),
        fault("an answer with more than was asked for", Ready, &[], &[], |it| forge(it, Forgery::MoreThanAsked)),
        fault("a policy record with another one beside it", Ready, &[], &[], |it| txt(it, Fault::Forged(Forgery::MoreThanAsked))),
        fault("a name that points to itself", Inconclusive, MX_UNKNOWN, &["decoding error"], |it| forge(it, Forgery::PointerLoop)),
        fault("a record longer than its message", Inconclusive, MX_UNKNOWN, &["decoding error"], |it| forge(it, Forgery::LongerThanItIs)),
        fault("the query in place of an answer", Inconclusive, MX_UNKNOWN, &["incorrect QR flag"], |it| forge(it, Forgery::Echo)),
    ]
}

fn aliases() -> Vec<Row> {
    vec![
        fault("the MX query leads in a circle", Inconclusive, MX_UNKNOWN, &["CNAME"], |it| {
            it.dns().fault(&it.name, Fault::CnameLoop);
        }),
        fault("the policy record behind twenty aliases", Inconclusive, TXT_UNKNOWN, &["CNAME"], |it| {
            it.remove("_mta-sts");
            for number in 0..20 {
                let from = if number == 0 { "_mta-sts".to_owned() } else { format!("alias{number}") };
                it.dns().cname(&it.below(&from), &it.below(&format!("alias{}", number + 1)));
            }
            it.txt("alias20", "v=STSv1; id=20260101T000000;");
        }),
    ]
}

/// As many records as an answer holds.
fn floods() -> Vec<Row> {
    fn flood(it: &Scene<'_>, name: &str, kind: RecordType) {
        it.dns().fault_on(name, kind, Fault::Forged(Forgery::Flood));
    }
    vec![
        fault(
            "four thousand addresses of an MX host",
            Inconclusive,
            &["unknown mx-unprobed mx1.", "unknown starttls-unreachable mx1."],
            &["of them were not probed"],
            |it| flood(it, &it.mx_name(1), RecordType::A),
        ),
        fault(
            "four thousand addresses of the policy host",
            NotReady,
            &["unknown fetch-connect mta-sts.", "blocker fetch-connect mta-sts."],
            &["of them were not asked"],
            |it| flood(it, &it.below("mta-sts"), RecordType::A),
        ),
        fault(
            "three thousand MX hosts",
            NotReady,
            &["blocker mx-uncovered m0", "blocker mx-unresolvable m0", "unknown mx-unprobed"],
            &["matches no mx", "of them were not looked at"],
            |it| flood(it, &it.name, RecordType::MX),
        ),
        fault(
            "three thousand records in place of the policy record",
            NotReady,
            &["blocker txt-missing _mta-sts."],
            &["records, about other things"],
            |it| {
                flood(it, &it.below("_mta-sts"), RecordType::TXT);
            },
        ),
        fault(
            "three thousand records in place of the TLS-RPT record",
            NotReady,
            &["blocker record-missing _smtp._tls."],
            &["3092 records, about other things"],
            |it| {
                flood(it, &it.below("_smtp._tls"), RecordType::TXT);
            },
        ),
    ]
}

fn lifetimes() -> Vec<Row> {
    vec![
        fault("records with a TTL of zero", Ready, &[], &[], |_| {}).plan(|plan| plan.ttl = 0),
        fault("records with the longest TTL", Ready, LONG_LIVED, &["longer than a day"], |_| {})
            .plan(|plan| plan.ttl = i32::MAX.unsigned_abs()),
        // The highest bit counts (RFC 8767 §4), and nothing is added to it that overflows.
        fault("records with a TTL beyond the longest", Ready, LONG_LIVED, &["4294967295 s is longer than a day"], |_| {})
            .plan(|plan| plan.ttl = u32::MAX),
    ]
}

#[test]
fn dns_that_does_not_answer() {
    hold(&unanswered());
}

#[test]
fn dns_that_refuses() {
    hold(&refused());
}

#[test]
fn dns_that_forges() {
    hold(&forged());
}

#[test]
fn dns_that_leads_astray() {
    hold(&aliases());
}

#[test]
fn dns_that_floods() {
    hold(&floods());
}

#[test]
fn dns_with_strange_lifetimes() {
    hold(&lifetimes());
}

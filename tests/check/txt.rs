//! txt-*: the record at `_mta-sts.`.

use super::row::Answer::{NotReady, Ready};
use super::row::{Row, hold, row};

pub(super) fn rows() -> Vec<Row> {
    [text(), place()].into_iter().flatten().collect()
}

fn text() -> Vec<Row> {
    fn record(it: &mut super::Scene<'_>, text: &str) {
        it.txt("_mta-sts", text);
    }
    vec![
        row("no MTA-STS record", NotReady, &["blocker txt-missing _mta-sts."], |it| it.remove("_mta-sts")),
        row("something else at the MTA-STS name", NotReady, &["blocker txt-missing"], |it| record(it, "v=spf1 -all")),
        row("something else beside the MTA-STS record", Ready, &[], |it| {
            it.dns().txt(&it.below("_mta-sts"), "google-site-verification=x");
        }),
        row("two MTA-STS records", NotReady, &["blocker txt-multiple"], |it| {
            it.dns().txt(&it.below("_mta-sts"), "v=STSv1; id=20260202T000000;");
        }),
        row("an MTA-STS record in several strings", Ready, &[], |it| {
            it.remove("_mta-sts");
            it.dns().txt_strings(&it.below("_mta-sts"), &[b"v=STS", b"v1; id=2026", b"0101;"]);
        }),
        row("an MTA-STS version misspelt", NotReady, &["blocker txt-version"], |it| record(it, "v=STS1; id=20260101")),
        row("an MTA-STS version in lower case", NotReady, &["blocker txt-version"], |it| record(it, "v=stsv1; id=20260101")),
        row("an MTA-STS version that is not first", NotReady, &["blocker txt-version"], |it| record(it, "id=20260101; v=STSv1")),
        row("no id", NotReady, &["blocker txt-id-missing"], |it| record(it, "v=STSv1;")),
        row("an id in capitals", NotReady, &["blocker txt-id-missing"], |it| record(it, "v=STSv1; ID=20260101")),
        row("an id with hyphens", NotReady, &["blocker txt-id-invalid"], |it| record(it, "v=STSv1; id=2026-01-01")),
        row("an id that is too long", NotReady, &["blocker txt-id-invalid"], |it| {
            record(it, "v=STSv1; id=202601010000000000000000000000001");
        }),
        row("an id as long as it may be", Ready, &[], |it| record(it, "v=STSv1; id=20260101000000000000000000000001")),
        row("an MTA-STS field without a value", NotReady, &["blocker txt-syntax"], |it| record(it, "v=STSv1; enforce; id=20260101")),
        row("an empty MTA-STS field", NotReady, &["blocker txt-syntax"], |it| record(it, "v=STSv1;; id=20260101")),
        row("a space in an MTA-STS value", NotReady, &["blocker txt-syntax"], |it| record(it, "v=STSv1; id=20260101; note=by hand")),
        row("an MTA-STS extension field", Ready, &[], |it| record(it, "v=STSv1; id=20260101; note=x")),
        row("a space before the first semicolon", Ready, &["warning txt-space-before-semicolon"], |it| {
            record(it, "v=STSv1 ; id=20260101");
        }),
        row("two ids", Ready, &["warning txt-duplicate-field"], |it| record(it, "v=STSv1; id=20260101; id=20260202")),
    ]
}

fn place() -> Vec<Row> {
    fn moved(it: &mut super::Scene<'_>, to: &str) {
        it.remove("_mta-sts");
        it.dns().txt(to, "v=STSv1; id=20260101");
    }
    vec![
        row("MTA-STS at the apex", NotReady, &["blocker txt-misplaced"], |it| moved(it, &it.name.clone())),
        row("MTA-STS at the policy host", NotReady, &["blocker txt-misplaced"], |it| moved(it, &it.below("mta-sts"))),
        row("MTA-STS with two underscores", NotReady, &["blocker txt-misplaced"], |it| moved(it, &it.below("_mta_sts"))),
        row("MTA-STS through a CNAME that leads nowhere", NotReady, &["blocker txt-dangling"], |it| {
            it.alias("_mta-sts", "nowhere.lab.test");
        }),
        row("MTA-STS record and policy host with one provider", Ready, &["advice txt-delegated"], |it| {
            let provider = format!("provider-{}", it.name);
            it.dns().txt(&format!("_mta-sts.{provider}"), "v=STSv1; id=20260101");
            it.dns().address(&format!("mta-sts.{provider}"), it.domain.policy_host.address());
            it.alias("_mta-sts", &format!("_mta-sts.{provider}"));
            it.alias("mta-sts", &format!("mta-sts.{provider}"));
        }),
        row("the MTA-STS record with a provider and the policy host not", Ready, &["warning txt-delegated"], |it| {
            let provider = format!("provider-{}", it.name);
            it.dns().txt(&format!("_mta-sts.{provider}"), "v=STSv1; id=20260101");
            it.alias("_mta-sts", &format!("_mta-sts.{provider}"));
        }),
        row("MTA-STS record and policy host with different providers", Ready, &["warning txt-delegated"], |it| {
            let (one, other) = (format!("one-{}", it.name), format!("other-{}", it.name));
            it.dns().txt(&format!("_mta-sts.{one}"), "v=STSv1; id=20260101");
            it.dns().address(&format!("mta-sts.{other}"), it.domain.policy_host.address());
            it.alias("_mta-sts", &format!("_mta-sts.{one}"));
            it.alias("mta-sts", &format!("mta-sts.{other}"));
        }),
        row("MTA-STS with a TTL of two days", Ready, &["warning txt-ttl-long"], |it| {
            it.remove("_mta-sts");
            it.dns().with_ttl(172_800).txt(&it.below("_mta-sts"), "v=STSv1; id=20260101");
        }),
    ]
}

#[test]
fn the_text_of_the_mta_sts_record() {
    hold(&text());
}

#[test]
fn where_the_mta_sts_record_stands() {
    hold(&place());
}

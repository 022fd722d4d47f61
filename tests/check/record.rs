//! record-*: the TLS-RPT record.

use super::row::Answer::{NotReady, Ready};
use super::row::{Row, hold, row};

pub(super) fn rows() -> Vec<Row> {
    [text(), place(), targets()].into_iter().flatten().collect()
}

fn text() -> Vec<Row> {
    vec![
        row("no TLS-RPT record", NotReady, &["blocker record-missing _smtp._tls."], |it| it.remove("_smtp._tls")),
        row("something else at the TLS-RPT name", NotReady, &["blocker record-missing"], |it| it.txt("_smtp._tls", "v=spf1 -all")),
        row("something else beside the TLS-RPT record", Ready, &[], |it| {
            it.dns().txt(&it.below("_smtp._tls"), "google-site-verification=x");
        }),
        row("two TLS-RPT records", NotReady, &["blocker record-multiple"], |it| {
            it.dns().txt(&it.below("_smtp._tls"), "v=TLSRPTv1; rua=mailto:other@reports.lab.test");
        }),
        row("a TLS-RPT record in several strings", Ready, &[], |it| {
            it.remove("_smtp._tls");
            it.dns().txt_strings(&it.below("_smtp._tls"), &[b"v=TLSRPTv1; rua=mai", b"lto:tls-reports@reports.lab.test"]);
        }),
        row("a TLS-RPT version misspelt", NotReady, &["blocker record-version"], |it| {
            it.txt("_smtp._tls", "v=TLSRPT1; rua=mailto:tls-reports@reports.lab.test");
        }),
        row("a TLS-RPT version in lower case", NotReady, &["blocker record-version"], |it| {
            it.txt("_smtp._tls", "v=tlsrptv1; rua=mailto:tls-reports@reports.lab.test");
        }),
        row("a TLS-RPT version that is not first", NotReady, &["blocker record-version"], |it| {
            it.txt("_smtp._tls", "rua=mailto:tls-reports@reports.lab.test; v=TLSRPTv1");
        }),
        row("a space before the TLS-RPT version", NotReady, &["blocker record-version"], |it| {
            it.txt("_smtp._tls", " v=TLSRPTv1; rua=mailto:tls-reports@reports.lab.test");
        }),
        row("a TLS-RPT field without a value", NotReady, &["blocker record-syntax"], |it| {
            it.txt("_smtp._tls", "v=TLSRPTv1; reports; rua=mailto:tls-reports@reports.lab.test");
        }),
        row("an extension field and a last semicolon in TLS-RPT", Ready, &[], |it| {
            it.txt("_smtp._tls", "v=TLSRPTv1; rua=mailto:tls-reports@reports.lab.test; contact=hostmaster;");
        }),
        row("no rua", NotReady, &["blocker record-rua-missing"], |it| it.txt("_smtp._tls", "v=TLSRPTv1;")),
        row("an empty rua", NotReady, &["blocker record-rua-missing"], |it| it.txt("_smtp._tls", "v=TLSRPTv1; rua=")),
        // Reports are how an enforcing domain would learn of trouble, not what keeps its mail flowing.
        row("no TLS-RPT record in enforce", Ready, &["warning record-missing"], |it| it.remove("_smtp._tls"))
            .plan(|plan| plan.mode = "enforce".into()),
        row("an invalid rua in enforce", Ready, &["warning record-rua-invalid"], |it| {
            it.txt("_smtp._tls", "v=TLSRPTv1; rua=tls-reports@reports.lab.test");
        })
        .plan(|plan| plan.mode = "enforce".into()),
    ]
}

fn place() -> Vec<Row> {
    fn moved(it: &mut super::Scene<'_>, to: &str) {
        it.remove("_smtp._tls");
        it.dns().txt(to, "v=TLSRPTv1; rua=mailto:tls-reports@reports.lab.test");
    }
    vec![
        row("TLS-RPT with its labels swapped", NotReady, &["blocker record-misplaced"], |it| moved(it, &it.below("_tls._smtp"))),
        row("TLS-RPT at a name of its own", NotReady, &["blocker record-misplaced"], |it| moved(it, &it.below("_smtp-tlsrpt"))),
        row("TLS-RPT at a name like that of DMARC", NotReady, &["blocker record-misplaced"], |it| moved(it, &it.below("_tlsrpt"))),
        row("TLS-RPT without its second underscore", NotReady, &["blocker record-misplaced"], |it| moved(it, &it.below("_smtp.tls"))),
        row("TLS-RPT at the apex", NotReady, &["blocker record-misplaced"], |it| moved(it, &it.name.clone())),
        row("TLS-RPT through a CNAME", Ready, &["advice record-delegated"], |it| {
            let target = format!("hosted.{}", it.name);
            it.dns().txt(&target, "v=TLSRPTv1; rua=mailto:tls-reports@reports.lab.test");
            it.alias("_smtp._tls", &target);
        }),
        row("TLS-RPT through a CNAME that leads nowhere", NotReady, &["blocker record-missing"], |it| {
            it.alias("_smtp._tls", "nowhere.lab.test");
        }),
        row("TLS-RPT with a TTL of two days", Ready, &["advice record-ttl"], |it| {
            it.remove("_smtp._tls");
            it.dns().with_ttl(172_800).txt(&it.below("_smtp._tls"), "v=TLSRPTv1; rua=mailto:tls-reports@reports.lab.test");
        }),
    ]
}

fn targets() -> Vec<Row> {
    fn rua(it: &mut super::Scene<'_>, targets: &str) {
        it.txt("_smtp._tls", &format!("v=TLSRPTv1; rua={targets}"));
    }
    vec![
        row("a rua without a scheme", NotReady, &["blocker record-rua-invalid"], |it| rua(it, "tls-reports@reports.lab.test")),
        row("a rua over plain HTTP", NotReady, &["blocker record-rua-invalid"], |it| rua(it, "http://reports.lab.test/tls")),
        row("a rua with nothing behind its scheme", NotReady, &["blocker record-rua-invalid"], |it| rua(it, "mailto:")),
        row("a size limit behind the mailbox", Ready, &["warning record-rua-unencoded"], |it| {
            rua(it, "mailto:tls-reports@reports.lab.test!10m");
        }),
        row("reports to a domain that does not exist", NotReady, &["blocker record-rua-undeliverable"], |it| {
            rua(it, "mailto:tls@no-such-domain.test");
        }),
        row("reports to a domain that takes no mail", NotReady, &["blocker record-rua-undeliverable"], |it| {
            let nowhere = format!("null-{}", it.name);
            it.dns().mx(&nowhere, 0, ".");
            rua(it, &format!("mailto:tls@{nowhere}"));
        }),
        row("reports to a web host without an address", NotReady, &["blocker record-rua-undeliverable"], |it| {
            rua(it, "https://no-such-host.lab.test/tls");
        }),
        row("reports to a web host", Ready, &[], |it| {
            it.dns().address("collector.lab.test", it.lab.refusing_address());
            rua(it, "https://collector.lab.test/tls");
        }),
        row("two targets", Ready, &["advice record-rua-many"], |it| {
            rua(it, "mailto:tls-reports@reports.lab.test,mailto:tls@reports.lab.test");
        }),
        row("one target twice", Ready, &["advice record-rua-duplicate"], |it| {
            rua(it, "mailto:tls-reports@reports.lab.test,mailto:tls-reports@reports.lab.test");
        }),
        row("two rua fields", Ready, &["advice record-rua-duplicate"], |it| {
            rua(it, "mailto:tls-reports@reports.lab.test; rua=mailto:tls@reports.lab.test");
        }),
        row("reports to the very domain", Ready, &["advice record-rua-same-mx"], |it| rua(it, &format!("mailto:tls@{}", it.name))),
        // Each target is judged on its own; the dead one does not hide behind the one that works.
        row("one target of two is dead", NotReady, &["blocker record-rua-undeliverable", "advice record-rua-many"], |it| {
            rua(it, "mailto:tls-reports@reports.lab.test,mailto:tls@no-such-domain.test");
        }),
    ]
}

#[test]
fn the_text_of_the_tls_rpt_record() {
    hold(&text());
}

#[test]
fn where_the_tls_rpt_record_stands() {
    hold(&place());
}

#[test]
fn where_reports_are_sent() {
    hold(&targets());
}

//! Whether reports can arrive: the targets of a record against what DNS says of their hosts.

use super::{RUA_SAME_MX, RUA_UNDELIVERABLE};
use crate::model::facts::{Facts, RecordFacts, TargetFacts};
use crate::model::finding::{Evidence, EvidenceKind, Sheet};
use crate::model::looked::Looked;
use crate::rules::{hosts, observed};
use crate::wire::rua::{Target, Uri};
use crate::wire::tlsrpt_record::TlsrptRecord;

/// Judges every usable target of one record; `shown` is the record as evidence.
pub(super) fn judge(facts: &Facts, seen: &RecordFacts, record: &TlsrptRecord, shown: &Evidence, sheet: &mut Sheet) {
    for target in &record.targets {
        let Ok(uri) = &target.uri else { continue };
        let known = seen.targets.iter().find(|known| known.host == *uri.host());
        undeliverable(target, uri, known, shown, sheet);
        same_mx(facts, target, uri, known, shown, sheet);
    }
    if !record.targets.iter().any(|target| target.uri.is_ok()) {
        for rule in [&RUA_UNDELIVERABLE, &RUA_SAME_MX] {
            sheet.not_applicable(rule, seen.txt.name.as_str(), "the record names no usable target");
        }
    }
}

/// Why reports cannot arrive, and what DNS said.
enum Reach {
    Fine,
    Unknown(&'static str),
    Dead(String, Evidence),
}

fn undeliverable(target: &Target, uri: &Uri, known: Option<&TargetFacts>, shown: &Evidence, sheet: &mut Sheet) {
    let subject = observed::clip(&target.raw);
    let reach = match known {
        _ if uri.is_address() => Reach::Fine,
        None => Reach::Unknown("the target's host was not looked up"),
        Some(known) => reach(uri, known),
    };
    match reach {
        Reach::Fine => sheet.holds(&RUA_UNDELIVERABLE, subject),
        Reach::Unknown(why) => sheet.not_applicable(&RUA_UNDELIVERABLE, subject, why),
        Reach::Dead(why, evidence) => {
            let expected = match uri {
                Uri::Mailto { .. } => "a domain with an MX record or an address",
                Uri::Https { .. } => "a host with an address",
            };
            sheet
                .broken(&RUA_UNDELIVERABLE, &subject, format!("reports to {subject} cannot arrive: {why}"), evidence)
                .evidence(shown.clone())
                .expected(expected)
                .found(why)
                .fix("name a target that takes reports, or give this one's host its DNS records");
        }
    }
}

fn reach(uri: &Uri, known: &TargetFacts) -> Reach {
    let host = &known.host;
    if let Uri::Mailto { .. } = uri {
        match &known.mx {
            None => return Reach::Unknown("the target's MX records were not looked up"),
            Some(Looked::Failed(_)) => return Reach::Unknown("the lookup failed"),
            Some(Looked::Seen(answer)) if answer.value.iter().all(|record| record.exchange.is_root()) => {
                let evidence = Evidence::new(EvidenceKind::Dns, format!("{host} MX 0 . (TTL {})", answer.ttl));
                return Reach::Dead(format!("{host} takes no mail (null MX)"), evidence);
            }
            Some(Looked::Seen(_)) => return Reach::Fine,
            Some(Looked::Absent(_)) => {}
        }
    }
    let Some(addresses) = &known.addresses else { return Reach::Unknown("the target's addresses were not looked up") };
    if !addresses.all().is_empty() {
        return Reach::Fine;
    }
    let (Looked::Absent(v4), Looked::Absent(v6)) = (&addresses.v4, &addresses.v6) else { return Reach::Unknown("the lookup failed") };
    let what = if matches!(uri, Uri::Mailto { .. }) { "neither MX record nor address" } else { "no address" };
    let text = format!("{}; {}", observed::absent(host, "A", v4), observed::absent(host, "AAAA", v6));
    Reach::Dead(format!("{host} has {what}"), Evidence::new(EvidenceKind::Dns, text))
}

fn same_mx(facts: &Facts, target: &Target, uri: &Uri, known: Option<&TargetFacts>, shown: &Evidence, sheet: &mut Sheet) {
    let subject = observed::clip(&target.raw);
    let Uri::Mailto { domain, .. } = uri else {
        return sheet.not_applicable(&RUA_SAME_MX, subject, "reports go over HTTPS");
    };
    let live = match hosts::live(facts) {
        Ok(live) => live,
        Err(why) => return sheet.not_applicable(&RUA_SAME_MX, subject, why),
    };
    let shared = match known.and_then(|known| known.mx.as_ref()) {
        Some(Looked::Seen(answer)) => live.hosts.iter().find(|host| answer.value.iter().any(|record| record.exchange == host.name)),
        Some(Looked::Absent(_)) => live.hosts.iter().find(|host| host.name == *domain),
        Some(Looked::Failed(_)) => return sheet.not_applicable(&RUA_SAME_MX, subject, "the lookup failed"),
        // The domain's own MX records are known even if the target was not asked for.
        None if *domain == facts.domain => live.hosts.first(),
        None => return sheet.not_applicable(&RUA_SAME_MX, subject, "the target's MX records were not looked up"),
    };
    let Some(host) = shared else { return sheet.holds(&RUA_SAME_MX, subject) };
    sheet
        .broken(
            &RUA_SAME_MX,
            &subject,
            format!("reports to {subject} run over {}, the very MX host they are about", host.name),
            live.evidence(host),
        )
        .evidence(shown.clone())
        .expected("a mailbox behind other MX hosts, or an https target")
        .found(host.name.to_string())
        .fix("send the reports to a mailbox with other MX hosts, or to an https target");
}

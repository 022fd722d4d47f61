//! A failure that names an address of a family which this vantage could not probe: what was a loose end is then an open question
//! (decision.md: "a report failure naming an unprobed family makes that family undetermined").

use std::net::IpAddr;

use crate::evidence::reports::{Group, Judged, Meaning};
use crate::model::assessment::GroupLabel;
use crate::model::facts::servers::{MxHost, MxSource, Probe};
use crate::model::finding::{Evidence, EvidenceKind, Outcome, Sheet};
use crate::model::rule::Severity;
use crate::rules::Case;

/// Rows of evidence of one finding.
const ROW_CAP: usize = 5;

/// Raises what was said of the hosts' unprobed families.
pub(super) fn write(case: &Case<'_>, judged: &Judged, sheet: &mut Sheet) {
    let ours =
        |group: &&Group| group.meaning == Meaning::Refused && !matches!(group.summary.label, GroupLabel::Foreign | GroupLabel::NotSts);
    for host in case.facts.servers.iter().flatten().filter(|host| host.source != MxSource::Asked) {
        let of_host = |group: &&Group| group.summary.mx.as_ref().is_none_or(|mx| *mx == host.name);
        let named = judged.groups.iter().filter(ours).filter(of_host);
        let rows: Vec<Evidence> = named
            .filter_map(|group| {
                let address = group.receiving.iter().find(|address| is_unprobed(host, **address))?;
                let summary = &group.summary;
                let text = format!("{} met {} at {address}, of a family that was not probed", summary.reporter, summary.result_type);
                Some(Evidence::at(EvidenceKind::Report, summary.last, text))
            })
            .take(ROW_CAP)
            .collect();
        let raised = sheet.findings_mut().filter(|finding| {
            finding.code() == "starttls-family-unprobed"
                && finding.outcome == Outcome::Undetermined
                && finding.subject == host.name.as_str()
        });
        for finding in raised.take(rows.len().min(1)) {
            finding.severity(Severity::Blocker);
            finding.evidence.extend(rows.iter().cloned());
        }
    }
}

/// Whether the address is of a family of which none of the host's addresses was asked.
fn is_unprobed(host: &MxHost, address: IpAddr) -> bool {
    let mut same = host.probes.iter().filter(|probe| probe.address.is_ipv4() == address.is_ipv4()).peekable();
    same.peek().is_some() && same.all(Probe::is_unasked)
}

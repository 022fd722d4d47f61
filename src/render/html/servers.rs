//! The MX hosts with their addresses: how each fared, what it served, what covers it, where that is known from.

use super::paper::Paper;
use super::table::{self, Cell};
use crate::model::assessment::{Assessment, KnownFrom, MxSummary};
use crate::render::page::Look;
use crate::render::text::servers::{certificates, covered, label, outcome, tls};

/// Rows beyond these are counted.
const SHOWN: usize = 400;

const COLUMNS: [&str; 7] = ["MX host", "Address", "State", "TLS", "Certificate", "Covered by", "Known from"];

pub(super) fn write(assessment: &Assessment, paper: &mut Paper) {
    if assessment.mx.is_empty() {
        return;
    }
    paper.section("mx", "MX hosts", |paper| {
        let rows: Vec<_> = assessment.mx.iter().flat_map(|host| host_rows(assessment, host)).collect();
        let left_out = rows.len().saturating_sub(SHOWN);
        table::write(paper, "Every address of every MX host, as probed", &COLUMNS, rows.into_iter().take(SHOWN));
        if left_out > 0 {
            paper.paragraph(Look::Faint, &format!("and {left_out} more addresses"));
        }
        leaves(assessment, paper);
    });
}

/// A row an address; one for a host without any.
fn host_rows(assessment: &Assessment, host: &MxSummary) -> Vec<Vec<Cell>> {
    let (look, cover) = covered(assessment, host);
    let cover = || if look == Look::Bad { Cell::State(look, "✗", cover.clone()) } else { Cell::Text(cover.clone()) };
    let known = match host.known_from {
        Some(KnownFrom::Reports) => "reports and probe",
        Some(KnownFrom::ProbeOnly) => "probe only",
        Some(KnownFrom::Neither) => "neither reports nor probe",
        None => "",
    };
    let ends = || [cover(), Cell::Text(known.to_owned())];
    if host.addresses.is_empty() {
        let unknown = [Cell::Text("none probed".to_owned()), Cell::State(Look::Unknown, "?", "unknown".to_owned())];
        let nothing = [Cell::Text("–".to_owned()), Cell::Text(String::new())];
        return vec![[Cell::Text(label(host))].into_iter().chain(unknown).chain(nothing).chain(ends()).collect()];
    }
    let row = |address: &crate::model::assessment::AddressSummary| {
        let (sign, word, look) = outcome(address.outcome);
        let tls = match &address.suite {
            Some(suite) => format!("{} ({suite})", tls(address)),
            None => tls(address),
        };
        let served = [
            Cell::Text(label(host)),
            Cell::Code(address.address.to_string()),
            Cell::State(look, sign, word.to_owned()),
            Cell::Text(tls),
            Cell::Text(certificates(&address.chains, assessment.asked_at)),
        ];
        served.into_iter().chain(ends()).collect()
    };
    host.addresses.iter().map(row).collect()
}

/// Every leaf that was served, each once, letter by letter.
fn leaves(assessment: &Assessment, paper: &mut Paper) {
    let mut seen = Vec::new();
    let chains = assessment.mx.iter().flat_map(|host| host.addresses.iter().flat_map(|address| &address.chains));
    let rows: Vec<_> = chains
        .filter(|chain| {
            let new = !seen.contains(&chain.leaf.sha256);
            seen.push(chain.leaf.sha256);
            new
        })
        .take(SHOWN)
        .map(|chain| {
            let leaf = &chain.leaf;
            let trust = match &chain.root {
                Some(root) => Cell::Text(format!("trusted, by {root}")),
                None if chain.trusted => Cell::Text("trusted".to_owned()),
                None => Cell::State(Look::Bad, "✗", "not trusted".to_owned()),
            };
            let ends = crate::render::text::minute(leaf.not_after);
            vec![
                Cell::Code(leaf.sha256.to_string()),
                Cell::Text(chain.key_type.clone()),
                Cell::Long(leaf.names.join(", ")),
                Cell::Text(leaf.issuer.clone()),
                Cell::Text(ends),
                trust,
            ]
        })
        .collect();
    if !rows.is_empty() {
        table::folded(paper, "Certificates that they serve", &["SHA-256", "Key", "Names", "Issuer", "Ends", "Path"], rows);
    }
}

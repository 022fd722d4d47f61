//! `verify`, a hidden command: judges a chain out of files by the rules for MX certificates, so that public collections of chains can be
//! run against them. Nothing is looked up.

use super::args::VerifyArgs;
use super::{Exit, Failure, Streams, setup};
use crate::model::facts::Facts;
use crate::model::facts::tls::TlsFacts;
use crate::model::facts::vantage::{Family, Means, Vantage};
use crate::model::finding::{Finding, Sheet};
use crate::model::settings::Settings;
use crate::net::shelf::Shelf;
use crate::net::trust::{TrustStore, certificates};
use crate::render::verify::{Verdict, document};
use crate::rules::{Case, cert};

/// Prints every finding about the chain, and whether it is accepted.
pub(super) fn verify(args: &VerifyArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let trust = TrustStore::load(&args.roots, args.ca_file.as_deref())?;
    let chain = certificates(&setup::bytes(&args.chain)?);
    if chain.is_empty() {
        return Err(Failure::Usage(format!("{} holds no PEM certificate", args.chain.display())));
    }
    let shelf = Shelf::new();
    let prints = shelf.put(&chain);
    let tls = TlsFacts {
        version: "TLSv1.3".to_owned(),
        suite: String::new(),
        trust: trust.judge(&chain),
        chain: prints.clone(),
        stapled: None,
        signature_problem: None,
        fetched: None,
    };
    let unknown = Family::SwitchedOff;
    let vantage =
        Vantage { resolvers: Vec::new(), roots: trust.roots(), ipv4: unknown, ipv6: unknown, helo: String::new(), means: Means::default() };
    let facts = Facts { certificates: shelf.take_for(&prints), ..Facts::nothing(args.name.clone(), args.at, vantage) };
    let settings = Settings::default();
    let mut sheet = Sheet::default();
    cert::judge_chain(&Case::new(&facts, &settings, args.at), args.name.as_str(), &args.name, &tls, &mut sheet);
    let findings: Vec<&Finding> = sheet.findings().iter().filter(|finding| finding.is_shown()).collect();
    let exit = if findings.iter().any(|finding| finding.blocks()) {
        Exit::NotReady
    } else if findings.iter().any(|finding| finding.unsettles()) {
        Exit::Inconclusive
    } else {
        Exit::Ready
    };
    let verdict = Verdict { name: &args.name, at: args.at, accepted: exit == Exit::Ready, path: tls.trust.path(), findings: &findings };
    streams.out.write_all(document(&verdict)?.as_bytes())?;
    streams.out.flush()?;
    Ok(exit)
}

//! From options to what looking needs: resolver, roots, prober, and the domains to look at.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;

use super::Failure;
use super::args::Common;
use crate::archive::Archive;
use crate::model::facts::vantage::Vantage;
use crate::net::dns::Dns;
use crate::net::https::Fetcher;
use crate::net::issuers::Issuers;
use crate::net::limit::Limiter;
use crate::net::shelf::Shelf;
use crate::net::smtp::{ProbeOptions, Prober, Timeouts};
use crate::net::trust::TrustStore;
use crate::net::vantage;
use crate::stages::Looker;
use crate::wire::name::Domain;

/// A list of domains longer than this is a mistake, or hostile.
const DOMAINS_FILE_CAP: u64 = 64 * 1024 * 1024;

/// The one clock: whole seconds, so that what is saved and what is shown are the same.
pub(super) fn clock() -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_else(|_| Timestamp::now())
}

/// Everything that looking needs.
pub(super) async fn looker(common: &Common, archive: Archive) -> Result<Looker, Failure> {
    let (ipv4, ipv6) = (!common.ipv6, !common.ipv4);
    let trust = Arc::new(TrustStore::load(&common.roots, common.ca_file.as_deref())?);
    let dns = Dns::new(&common.resolver, common.timeout)?;
    let shelf = Arc::new(Shelf::new());
    let limiter = Arc::new(Limiter::new(usize::from(common.jobs)));
    let helo = common.helo.clone().or_else(vantage::own_name);
    let vantage = Vantage {
        resolvers: dns.servers().to_vec(),
        roots: trust.roots(),
        ipv4: vantage::ipv4(ipv4).await,
        ipv6: vantage::ipv6(ipv6).await,
        helo: helo.clone().unwrap_or_else(|| "address literal".to_owned()),
    };
    let options = ProbeOptions { port: common.smtp_port, helo, ipv4, ipv6, timeouts: Timeouts::at_most(common.timeout), clock };
    let issuers = || Issuers::new(common.timeout, (ipv4, ipv6), trust.clone(), shelf.clone(), limiter.clone());
    let issuers = common.fetch_intermediates.then(issuers);
    Ok(Looker {
        dns,
        issuers,
        fetcher: Fetcher {
            port: common.https_port,
            timeout: common.timeout,
            ipv4,
            ipv6,
            trust: trust.clone(),
            shelf: shelf.clone(),
            limiter: limiter.clone(),
            clock,
        },
        prober: Prober::new(options, limiter, trust, shelf.clone()),
        shelf,
        archive,
        vantage,
        clock,
        answered: Mutex::new(BTreeSet::new()),
    })
}

/// The domains of the command line and of `--domains-from`, each once, in their order.
pub(super) fn domains(given: &[Domain], from: Option<&Path>) -> Result<Vec<Domain>, Failure> {
    let mut domains = given.to_vec();
    if let Some(path) = from {
        let text = String::from_utf8_lossy(&bytes(path)?).into_owned();
        for (index, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if !line.is_empty() {
                let domain =
                    Domain::parse(line).map_err(|error| Failure::Usage(format!("{} line {}: {error}", path.display(), index + 1)))?;
                domains.push(domain);
            }
        }
        if domains.is_empty() {
            return Err(Failure::Usage(format!("{} names no domain; write one a line", path.display())));
        }
    }
    let mut seen = BTreeSet::new();
    domains.retain(|domain| seen.insert(domain.clone()));
    Ok(domains)
}

/// A file's bytes, or standard input's for `-`.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let wrong = |error| Failure::Read { path: path.to_owned(), error };
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        std::io::stdin().lock().take(DOMAINS_FILE_CAP).read_to_end(&mut bytes).map_err(wrong)?;
    } else {
        std::fs::File::open(path).and_then(|file| file.take(DOMAINS_FILE_CAP).read_to_end(&mut bytes)).map_err(wrong)?;
    }
    Ok(bytes)
}

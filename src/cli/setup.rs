//! From options to what looking needs: resolver, roots, prober, and the domains to look at.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use super::args::Common;
use super::config::Config;
use super::{Failure, proxies};
use crate::model::facts::vantage::{Means, Vantage};
use crate::model::facts::{Der, DiskFile, Facts};
use crate::model::settings::{Settings, Threshold};
use crate::model::threshold;
use crate::net::dial::Dialer;
use crate::net::dns::Dns;
use crate::net::dns_transport::DnsTransport;
use crate::net::dnssec::{Dnssec, Voucher};
use crate::net::https::Fetcher;
use crate::net::issuers::Issuers;
use crate::net::limit::Limiter;
use crate::net::proxy::HttpsProxy;
use crate::net::shelf::Shelf;
use crate::net::smtp::{ProbeOptions, Prober, Timeouts};
use crate::net::source::Source;
use crate::net::trust::TrustStore;
use crate::net::vantage;
use crate::stages::Looker;
use crate::stages::control::Control;
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;

/// A list of domains longer than this is a mistake, or hostile.
const DOMAINS_FILE_CAP: u64 = 64 * 1024 * 1024;

/// The one clock: whole seconds, so that what is saved and what is shown are the same.
pub(super) fn clock() -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_else(|_| Timestamp::now())
}

/// Everything that looking needs.
pub(super) async fn looker(common: &Common) -> Result<Looker, Failure> {
    let (ipv4, ipv6) = (!common.ipv6, !common.ipv4);
    let source = Source::of(&common.source_ip).map_err(|error| Failure::Usage(error.to_string()))?;
    let (socks5, proxy) = (proxies::socks5(common)?, proxies::https(common)?);
    let trust = Arc::new(TrustStore::load(&common.roots, common.ca_file.as_deref())?);
    let socks5 = match socks5 {
        Some(socks5) => Some(Arc::new(socks5.resolved().await.map_err(|error| Failure::Usage(error.to_string()))?)),
        None => None,
    };
    let transport = match &socks5 {
        Some(socks5) if common.socks5_dns => DnsTransport::through(socks5.clone(), source),
        _ => DnsTransport::default(),
    };
    let dns = Dns::over(transport, &common.resolver, common.timeout)?;
    let voucher = if common.trust_ad { Voucher::Resolvers } else { Voucher::Anchors(common.trust_anchor.as_deref()) };
    let dnssec = if common.no_dane { None } else { Some(Dnssec::new(&dns, voucher, common.smtp_port)?) };
    let shelf = Arc::new(Shelf::new());
    let limiter = Arc::new(Limiter::new(usize::from(common.jobs)));
    let helo = common.helo.clone().or_else(vantage::own_name);
    let vantage = Vantage {
        resolvers: dns.servers().to_vec(),
        roots: trust.roots(),
        ipv4: vantage::ipv4(ipv4).await,
        ipv6: vantage::ipv6(ipv6).await,
        helo: helo.clone().unwrap_or_else(|| "address literal".to_owned()),
        means: Means {
            socks5: socks5.as_ref().map(|socks5| socks5.name()),
            socks5_dns: common.socks5_dns,
            proxy: proxy.as_ref().map(HttpsProxy::name),
            source: source.addresses(),
            deny_private: common.deny_private,
            control: None,
        },
    };
    let dialer = Dialer { source, socks5, deny_private: common.deny_private };
    let options = ProbeOptions {
        port: common.smtp_port,
        helo,
        ipv4,
        ipv6,
        deep: common.deep,
        repeat: common.repeat.unwrap_or(0),
        timeouts: Timeouts::at_most(common.timeout),
        dialer,
        clock,
    };
    let issuers = || {
        let (dialer, proxy) = (options.dialer.clone(), proxy.as_ref().map(HttpsProxy::name));
        Issuers::new(common.timeout, (ipv4, ipv6), dialer, proxy, trust.clone(), shelf.clone(), limiter.clone())
    };
    let issuers = common.fetch_intermediates.then(issuers);
    Ok(Looker {
        dns,
        dnssec,
        issuers,
        fetcher: Fetcher {
            port: common.https_port,
            timeout: common.timeout,
            ipv4,
            ipv6,
            source,
            proxy,
            deny_private: common.deny_private,
            trust: trust.clone(),
            shelf: shelf.clone(),
            limiter: limiter.clone(),
            clock,
        },
        prober: Prober::new(options, limiter, trust, shelf.clone()),
        shelf,
        vantage,
        control: common.control.as_ref().map(|given| Control::new(given.host.clone(), given.port.unwrap_or(common.smtp_port))),
        clock,
        answered: Mutex::new(BTreeSet::new()),
    })
}

/// The thresholds and the accepted risks: those of the configuration, and before them those of the call.
pub(super) fn settings(common: &Common) -> Result<Settings, Failure> {
    settings_by(common, &Config::load(&common.store)?)
}

/// The same by a configuration that was read already.
pub(super) fn settings_by(common: &Common, config: &Config) -> Result<Settings, Failure> {
    let mut settings = Settings::default();
    for (knob, amount) in config.thresholds.iter().chain(&common.threshold) {
        knob.put(&mut settings, *amount);
    }
    // The absolute time is the whole condition: every lifetime has more left at its start than one part of one.
    let absolute = |at_most: SignedDuration| Threshold { part: 1, at_most };
    if let Some(warn) = common.warn {
        settings.runway.warning = absolute(warn);
    }
    if let Some(critical) = common.critical {
        settings.runway.critical = absolute(critical);
    }
    threshold::fit(&settings).map_err(|error| Failure::Usage(error.to_string()))?;
    settings.accept = [&common.accept[..], &config.accept].concat();
    Ok(settings)
}

/// The certificate files of `--cert-file`, read once for all domains.
pub(super) struct Disk {
    files: Vec<DiskFile>,
    certificates: BTreeMap<Fingerprint, Der>,
}

impl Disk {
    /// Adds the files to the facts of one domain.
    pub(super) fn put(&self, facts: &mut Facts) {
        if !self.files.is_empty() {
            facts.disk = self.files.clone();
            facts.certificates.extend(self.certificates.iter().map(|(print, der)| (*print, der.clone())));
        }
    }
}

/// Reads certificate files. A private key in one of them is passed over and never kept.
pub(super) fn disk(paths: &[PathBuf]) -> Result<Disk, Failure> {
    let mut disk = Disk { files: Vec::new(), certificates: BTreeMap::new() };
    for path in paths {
        let (bytes, mut chain) = (bytes(path)?, Vec::new());
        let wrong = |what: &str| Failure::Usage(format!("--cert-file {}: {what}", path.display()));
        for certificate in CertificateDer::pem_slice_iter(&bytes) {
            let der = certificate.map_err(|error| wrong(&format!("certificate {} is garbled: {error}", chain.len() + 1)))?;
            let print = Fingerprint::of(&der);
            disk.certificates.insert(print, Der(der.to_vec()));
            chain.push(print);
        }
        if chain.is_empty() {
            return Err(wrong("it holds no PEM certificate (lines of -----BEGIN CERTIFICATE-----)"));
        }
        disk.files.push(DiskFile { file: path.display().to_string(), chain });
    }
    Ok(disk)
}

/// The domains of the command line and of `--domains-from`, else those of the configuration; each once, in their order. None are asked of
/// the configuration where the call has another subject (`others`), or judges saved facts.
pub(super) fn domains(given: &[Domain], common: &Common, others: bool) -> Result<Vec<Domain>, Failure> {
    let mut domains = given.to_vec();
    if let Some(path) = &common.domains_from {
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
    let nothing_else = domains.is_empty() && !others && common.facts.is_empty();
    if nothing_else || common.group.is_some() {
        domains.extend(configured(common)?);
    }
    let mut seen = BTreeSet::new();
    domains.retain(|domain| seen.insert(domain.clone()));
    Ok(domains)
}

/// The domains of the configuration, of one group if it is named.
fn configured(common: &Common) -> Result<Vec<Domain>, Failure> {
    let known = Config::load(&common.store)?.domains;
    let ours = known.iter().filter(|known| common.group.is_none() || known.keeper.group == common.group);
    let domains: Vec<Domain> = ours.map(|known| known.name.clone()).collect();
    match &common.group {
        _ if !domains.is_empty() => Ok(domains),
        Some(group) => {
            let mut groups: Vec<&str> = known.iter().filter_map(|known| known.keeper.group.as_deref()).collect();
            groups.sort_unstable();
            groups.dedup();
            let there = if groups.is_empty() { "it has none".to_owned() } else { format!("there are {}", groups.join(", ")) };
            Err(Failure::Usage(format!("the configuration has no domain of the group {group:?}; {there}")))
        }
        None => Err(Failure::Usage(
            "name a DOMAIN such as example.com, a file of them with --domains-from FILE, or list them in the configuration ([[domain]])"
                .to_owned(),
        )),
    }
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

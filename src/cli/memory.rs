//! What a run that looks at domains has of earlier ones, and where it leaves what it saw.

use std::io::Write;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};

use super::Failure;
use super::args::Common;
use super::config::Config;
use crate::archive::Archive;
use crate::archive::store::{Store, StoreError};
use crate::decide;
use crate::evidence::merge;
use crate::model::assessment::AddressOutcome;
use crate::model::facts::Facts;
use crate::model::facts::reports::ReportFacts;
use crate::model::facts::servers::{MxHost, MxSource};
use crate::model::history::{Fared, History};
use crate::model::settings::Settings;
use crate::model::verdict::Verdict;
use crate::wire::name::Domain;

/// How far back reports are taken to judge by: the longest window, and before it what tells of reporters' habits and of old failures.
const JUDGED: SignedDuration = SignedDuration::from_hours(24 * 120);

/// The reports given, and the store if there is one.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Memory {
    files: Archive,
    given: bool,
    store: Option<Store>,
    attached: bool,
    trust_unverified: bool,
    complained: bool,
}

impl Memory {
    /// Reads the files given; no store yet.
    pub(super) fn of_files(reports: &[PathBuf]) -> Result<Self, Failure> {
        let files = Archive::read(reports)?;
        Ok(Self { files, given: !reports.is_empty(), store: None, attached: false, trust_unverified: false, complained: false })
    }

    /// Opens the store, unless none is wanted. To be called before reports are asked for or anything is remembered; again does nothing.
    ///
    /// A store that was named, or that is there, must open: evidence would be lost. The user's own may be impossible to create (a service
    /// without a home, a read-only file system): then there is none, and that is said.
    pub(super) fn attach(&mut self, common: &Common, err: &mut dyn Write) -> Result<(), Failure> {
        if std::mem::replace(&mut self.attached, true) || common.no_store {
            return Ok(());
        }
        let config = Config::load(&common.store)?;
        self.trust_unverified = common.trust_unverified;
        let named = common.store.path.is_some() || config.store.is_some();
        let opened = config.store(&common.store).map(|path| (path.exists(), Store::open(&path)));
        match opened {
            Ok((_, Ok(store))) => self.store = Some(store),
            Ok((there, Err(error))) if named || there => return Err(error.into()),
            Ok((_, Err(error))) => writeln!(err, "stsready: {error}; going on without a store")?,
            Err(failure) if named => return Err(failure),
            Err(_) => {
                writeln!(err, "stsready: no home folder to keep a store in; going on without one (--store PATH names another place)")?
            }
        }
        Ok(())
    }

    /// What the files given say about `domain`.
    pub(super) fn given(&self, domain: &Domain) -> ReportFacts {
        self.files.for_domain(domain)
    }

    /// What reports say about `domain` as of `now`: those in the store, and those given.
    pub(super) fn reports(&self, domain: &Domain, now: Timestamp) -> Result<ReportFacts, Failure> {
        let given = self.given(domain);
        let Some(store) = &self.store else { return Ok(given) };
        let since = now.checked_sub(JUDGED).unwrap_or(Timestamp::MIN);
        let texts = given.reports.iter().map(|report| report.sha256).collect();
        let stored = store.facts_beside(&texts, domain, since, self.trust_unverified)?;
        Ok(if self.given { merge::reports::together(stored, given) } else { stored })
    }

    /// What earlier checks of `domain` saw, as far as judging as of `now` needs it; `None` where there is no store, or nothing in it.
    pub(super) fn history(&self, domain: &Domain, now: Timestamp) -> Result<Option<History>, Failure> {
        let Some(store) = &self.store else { return Ok(None) };
        let history = store.history(domain)?.for_judging(now);
        Ok((!history.is_empty()).then_some(history))
    }

    /// Keeps what was seen. That it could not be kept is no reason to withhold the answer: it is said once.
    pub(super) fn remember(&mut self, facts: &Facts, err: &mut dyn Write) -> Result<(), Failure> {
        let kept = self.store.as_ref().map_or(Ok(()), |store| store.observe(facts, &fared(facts)));
        self.complain(kept, err)
    }

    /// Keeps what was answered.
    pub(super) fn remember_answer(&mut self, facts: &Facts, answer: Option<Verdict>, err: &mut dyn Write) -> Result<(), Failure> {
        let (Some(store), Some(verdict)) = (&self.store, answer) else { return Ok(()) };
        let kept = store.answered(&facts.domain, facts.observed_at, &verdict);
        self.complain(kept, err)
    }

    fn complain(&mut self, kept: Result<(), StoreError>, err: &mut dyn Write) -> Result<(), Failure> {
        if let Err(error) = kept
            && !std::mem::replace(&mut self.complained, true)
        {
            writeln!(err, "stsready: failed to keep what was observed: {error}")?;
        }
        Ok(())
    }
}

/// How the MX addresses fared. A host that was only asked about is not the domain's yet; one of which a lookup failed has addresses that
/// nobody knows.
fn fared(facts: &Facts) -> Fared {
    let ours: Vec<&MxHost> = facts.servers.iter().flatten().filter(|host| host.source != MxSource::Asked).collect();
    if ours.is_empty() {
        return Fared::default();
    }
    let known = ours.iter().filter(|host| host.addresses.failures().next().is_none());
    let given = known.flat_map(|host| host.addresses.all().into_iter().map(|address| format!("{} {address}", host.name))).collect();
    let assessment = decide::assess(facts, &Settings::default(), facts.observed_at);
    let judged = assessment.mx.iter().filter(|mx| ours.iter().any(|host| host.name == mx.host));
    let addresses: Vec<(String, AddressOutcome)> =
        judged.flat_map(|mx| mx.addresses.iter().map(|address| (format!("{} {}", mx.host, address.address), address.outcome))).collect();
    let those = |outcome| addresses.iter().filter(|(_, found)| *found == outcome).map(|(name, _)| name.clone()).collect();
    Fared { given, proven: those(AddressOutcome::Proven), broken: those(AddressOutcome::Broken) }
}

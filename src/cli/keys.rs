//! DKIM keys out of DNS, for reader threads beside the runtime.
//!
//! Which keys are asked for is the senders' choice, and some senders are hostile: each key is asked for once, no domain has more than a
//! few of them, and none is waited for in vain for long. Once much time was lost with all of them together, the others are asked in haste:
//! who answers at all answers at once, and a crowd of dead domains must not cost a live one its word. All of that is forgotten after an
//! hour, so that a run that stays does not believe in keys that have changed.

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use super::Failure;
use super::args::Verifying;
use super::config::Config;
use super::setup::clock;
use crate::archive::authenticity::{Dkim, Keys};
use crate::archive::intake::Verifier;
use crate::model::facts::dns::TxtRecord;
use crate::model::looked::{self, FailureKind, Looked};
use crate::net::dns::Dns;
use crate::wire::name::Domain;

/// How long answers are believed.
const MEMORY: Duration = Duration::from_hours(1);
/// Keys asked for of one registered domain; the largest senders have a handful.
const DOMAIN_CAP: u32 = 20;
/// Keys asked for in all.
const KEY_CAP: usize = 10_000;
/// How long is waited for one registered domain's answers that do not come.
const DOMAIN_PATIENCE: Duration = Duration::from_secs(30);
/// How long for those of all, before it is asked in haste; and how long in haste, before it is not asked any more.
const PATIENCE: Duration = Duration::from_mins(5);
/// The longest wait for a reply in haste.
const HASTE: Duration = Duration::from_millis(700);

/// Who verifies mailed reports, by the options of the call and the configuration.
///
/// It is called on plain threads and waits there for `runtime`; on one of the runtime's own threads it must not be called.
pub(super) fn verifier(args: &Verifying, config: &Config, runtime: &Handle) -> Result<Box<dyn Verifier + Send>, Failure> {
    let servers = [&args.authserv_id[..], &config.reports.authserv_id[..]].concat();
    if args.no_dkim {
        return Ok(Box::new(Dkim::new(NotAsked, servers, clock)));
    }
    let resolver = Resolver { servers: args.resolver.clone(), timeout: args.timeout, runtime: runtime.clone() };
    // Said now and not at each mail: there may be no resolver at all.
    resolver.dns(Pace::Calm)?;
    Ok(Box::new(Dkim::new(Bounded::new(move |name: &Domain, pace| resolver.ask(name, pace)), servers, clock)))
}

/// By what means mails are verified, in words that change when they do.
pub(super) fn means(args: &Verifying, config: &Config) -> String {
    let servers: BTreeSet<String> = args.authserv_id.iter().chain(&config.reports.authserv_id).map(|id| id.to_ascii_lowercase()).collect();
    format!("dkim={} authserv={servers:?}", !args.no_dkim)
}

/// `--no-dkim`.
struct NotAsked;

impl Keys for NotAsked {
    fn key(&self, _: &Domain) -> Looked<Vec<String>> {
        Looked::Failed(looked::Failure::new(FailureKind::SwitchedOff, "keys are not looked up (--no-dkim)"))
    }
}

/// Where keys are asked for.
struct Resolver {
    servers: Vec<SocketAddr>,
    timeout: Option<Duration>,
    runtime: Handle,
}

impl Resolver {
    /// A fresh one each time: it remembers all answers for as long as it lives.
    fn dns(&self, pace: Pace) -> Result<Dns, Failure> {
        // Making it starts tasks.
        let _context = self.runtime.enter();
        let timeout = match pace {
            Pace::Calm => self.timeout,
            Pace::Haste => Some(self.timeout.unwrap_or(HASTE).min(HASTE)),
        };
        Ok(Dns::new(&self.servers, timeout)?)
    }

    fn ask(&self, name: &Domain, pace: Pace) -> Looked<Vec<String>> {
        match self.dns(pace) {
            Ok(dns) => self.runtime.block_on(dns.txt(name)).map(|answer| answer.value.iter().map(TxtRecord::text).collect()),
            Err(failure) => Looked::Failed(looked::Failure::new(FailureKind::Other, failure.to_string())),
        }
    }
}

/// How long is waited for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    /// As the operator said.
    Calm,
    /// As short as an answer takes that comes at all.
    Haste,
}

/// Asks within bounds.
struct Bounded<A> {
    ask: A,
    hour: Mutex<Hour>,
}

type Answer = Arc<OnceLock<Looked<Vec<String>>>>;

/// What was asked since it began.
struct Hour {
    began: Instant,
    answers: HashMap<Domain, Answer>,
    of_domain: HashMap<Domain, Asked>,
    /// In vain.
    waited: Duration,
}

/// What was asked of one registered domain.
#[derive(Clone, Copy, Debug, Default)]
struct Asked {
    keys: u32,
    /// In vain.
    waited: Duration,
}

impl Hour {
    fn new() -> Self {
        Self { began: Instant::now(), answers: HashMap::new(), of_domain: HashMap::new(), waited: Duration::ZERO }
    }

    /// Notes that no answer came in this time.
    fn lose(&mut self, name: &Domain, time: Duration) {
        self.waited += time;
        self.of_domain.entry(responsible(name)).or_default().waited += time;
    }
}

impl<A: Fn(&Domain, Pace) -> Looked<Vec<String>> + Sync> Keys for Bounded<A> {
    fn key(&self, name: &Domain) -> Looked<Vec<String>> {
        let (answer, pace) = match self.place(name) {
            Ok(place) => place,
            Err(why) => return Looked::Failed(looked::Failure::new(FailureKind::OutOfTime, why)),
        };
        // Whoever wants the same key meanwhile waits here for the one answer.
        let ask = || {
            let begun = Instant::now();
            let looked = (self.ask)(name, pace);
            if looked.failure().is_some() {
                self.hour().lose(name, begun.elapsed());
            }
            looked
        };
        answer.get_or_init(ask).clone()
    }
}

impl<A> Bounded<A> {
    fn new(ask: A) -> Self {
        Self { ask, hour: Mutex::new(Hour::new()) }
    }

    fn hour(&self) -> MutexGuard<'_, Hour> {
        self.hour.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the answer is, or will be, and how long it may take; or why it is not asked for.
    fn place(&self, name: &Domain) -> Result<(Answer, Pace), String> {
        let mut hour = self.hour();
        if hour.began.elapsed() > MEMORY {
            *hour = Hour::new();
        }
        if let Some(answer) = hour.answers.get(name) {
            return Ok((Arc::clone(answer), Pace::Calm));
        }
        if hour.waited > 2 * PATIENCE {
            return Err("too long was waited in vain for other keys in this run".to_owned());
        }
        if hour.answers.len() >= KEY_CAP {
            return Err(format!("{KEY_CAP} other keys were asked for in this run"));
        }
        let pace = if hour.waited > PATIENCE { Pace::Haste } else { Pace::Calm };
        let domain = responsible(name);
        let asked = hour.of_domain.entry(domain.clone()).or_default();
        if asked.keys >= DOMAIN_CAP {
            return Err(format!("{DOMAIN_CAP} other keys of {domain} were asked for in this run"));
        }
        if asked.waited > DOMAIN_PATIENCE {
            return Err(format!("too long was waited in vain for other keys of {domain} in this run"));
        }
        asked.keys += 1;
        Ok((Arc::clone(hour.answers.entry(name.clone()).or_default()), pace))
    }
}

/// The domain that answers for a key: whoever has it has all names below it, as many as he likes.
fn responsible(name: &Domain) -> Domain {
    name.registered().unwrap_or_else(|| name.clone())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::model::looked::{Absence, AbsenceKind};

    fn key(selector: &str, domain: &str) -> Domain {
        Domain::from_dns(&format!("{selector}._domainkey.{domain}"))
    }

    #[test]
    fn each_key_is_asked_for_once_by_however_many_threads() {
        let asked = AtomicUsize::new(0);
        let keys = Bounded::new(|name: &Domain, _| {
            asked.fetch_add(1, Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(20));
            Looked::Seen(vec![name.to_string()])
        });
        std::thread::scope(|scope| {
            for number in 0..8 {
                let (keys, name) = (&keys, key(if number % 2 == 0 { "a" } else { "b" }, "sender.example"));
                scope.spawn(move || assert_eq!(keys.key(&name), Looked::Seen(vec![name.to_string()])));
            }
        });
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn a_domain_with_many_selectors_costs_no_other() {
        let keys = Bounded::new(|_: &Domain, _| Looked::Absent(Absence { kind: AbsenceKind::NxDomain, via: Vec::new() }));
        let refused = |name: Domain| keys.key(&name).failure().map(|failure| failure.kind);
        let hostile = |number: u32| key(&format!("s{number}"), &format!("h{number}.hostile.example"));
        assert!((0..DOMAIN_CAP).all(|number| refused(hostile(number)).is_none()));
        assert_eq!(refused(hostile(DOMAIN_CAP)), Some(FailureKind::OutOfTime));
        assert_eq!(refused(hostile(0)), None, "what is known stays known");
        assert_eq!(refused(key("s", "sender.example")), None);
    }

    #[test]
    fn a_domain_that_never_answers_costs_no_other_its_word() {
        let keys = Bounded::new(|name: &Domain, pace| match (name.as_str().ends_with("dead.example"), pace) {
            (true, _) => Looked::Failed(looked::Failure::new(FailureKind::Timeout, "silence")),
            (false, pace) => Looked::Seen(vec![format!("{pace:?}")]),
        });
        let said = |name: Domain| match keys.key(&name) {
            Looked::Seen(records) => records.concat(),
            other => format!("{:?}", other.failure().map(|failure| failure.kind)),
        };
        assert_eq!(said(key("a", "dead.example")), "Some(Timeout)");
        keys.hour().lose(&key("a", "dead.example"), DOMAIN_PATIENCE + Duration::from_secs(1));
        assert_eq!(said(key("b", "x.dead.example")), "Some(OutOfTime)", "no more is waited for it");
        assert_eq!(said(key("a", "live.example")), "Calm");
        keys.hour().lose(&key("a", "others.example"), PATIENCE);
        assert_eq!(said(key("a", "google.example")), "Haste", "and after a crowd of them others are still asked");
        keys.hour().lose(&key("a", "others.example"), PATIENCE);
        assert_eq!(said(key("a", "late.example")), "Some(OutOfTime)");
    }

    #[test]
    fn waiting_in_vain_ends_and_an_hour_later_it_may_begin_again() {
        let keys = Bounded::new(|_: &Domain, _| Looked::Failed(looked::Failure::new(FailureKind::Timeout, "silence")));
        let kind = |selector: &str| keys.key(&key(selector, "sender.example")).failure().map(|failure| failure.kind);
        assert_eq!(kind("a"), Some(FailureKind::Timeout));
        keys.hour().waited += 3 * PATIENCE;
        assert_eq!(kind("b"), Some(FailureKind::OutOfTime));
        assert_eq!(kind("a"), Some(FailureKind::Timeout));
        let Some(earlier) = Instant::now().checked_sub(MEMORY + Duration::from_secs(1)) else { return };
        keys.hour().began = earlier;
        assert_eq!(kind("b"), Some(FailureKind::Timeout));
        assert_eq!(keys.hour().answers.len(), 1);
    }
}

//! Telling what is new: which channel was told what is kept in the store, so that nothing is told twice. A message is one for all domains
//! of a run; one that did not arrive is sent again by the next run.

mod channel;

use jiff::Timestamp;

use self::channel::Channel;
use super::args::{NotifyArgs, Target};
use super::keep::Keep;
use super::{Failure, Streams, observe, setup};
use crate::archive::store::Store;
use crate::decide::standing::{news, standing};
use crate::model::assessment::Assessment;
use crate::model::standing::{News, Standing};
use crate::render::escape;
use crate::wire::name::Domain;

/// The channel of `--changed-since-last`.
const PRINTED: &str = "printed";

/// What a run is to tell.
pub(super) struct Bulletin {
    /// `None` where nobody is to be told anything.
    store: Option<Store>,
    /// Whether what is printed is only what changed.
    changed_only: bool,
    printed: Vec<(Domain, Timestamp, Standing)>,
    told: Vec<Telling>,
}

/// What one channel is to be told.
struct Telling {
    channel: Channel,
    /// Worth a message.
    news: Vec<News>,
    /// Not worth one; it is known from now on.
    known: Vec<(Domain, Timestamp, Standing)>,
}

impl Bulletin {
    /// Nobody is told anything.
    pub(super) fn none() -> Self {
        Self { store: None, changed_only: false, printed: Vec::new(), told: Vec::new() }
    }

    /// By the call and the configuration. What is wrong with a channel is said before anything is looked at.
    pub(super) fn of(args: &NotifyArgs, keep: &Keep) -> Result<Self, Failure> {
        let mut told = Vec::new();
        for target in &args.notify {
            match target {
                Target::Configured if keep.config.notify.is_empty() => {
                    return Err(Failure::Usage("--notify without a target needs [[notify]] in the configuration".to_owned()));
                }
                Target::Configured => {
                    for notify in &keep.config.notify {
                        told.push(Channel::of(notify)?);
                    }
                }
                given => told.push(Channel::given(given)?),
            }
        }
        if told.is_empty() && !args.changed_since_last {
            return Ok(Self::none());
        }
        let told = told.into_iter().map(|channel| Telling { channel, news: Vec::new(), known: Vec::new() }).collect();
        Ok(Self { store: Some(keep.open()?), changed_only: args.changed_since_last, printed: Vec::new(), told })
    }

    /// Takes one domain's answer; whether it is to be printed.
    pub(super) fn take(&mut self, assessment: &Assessment) -> Result<bool, Failure> {
        let Some((store, now)) = self.store.as_ref().zip(standing(assessment)) else { return Ok(true) };
        let domain = &assessment.domain;
        let at = assessment.asked_at;
        for telling in &mut self.told {
            let news = news(assessment, now.clone(), store.told(domain, &telling.channel.name)?.as_ref());
            if news.is_worth_a_call() {
                telling.news.push(news);
            } else if news.is_any() {
                telling.known.push((domain.clone(), at, now.clone()));
            }
        }
        if !self.changed_only {
            return Ok(true);
        }
        let is_any = news(assessment, now.clone(), store.told(domain, PRINTED)?.as_ref()).is_any();
        if is_any {
            self.printed.push((domain.clone(), at, now));
        }
        Ok(is_any)
    }

    /// Sends the messages, and notes what is known now; of what was printed only if it `was_printed`. Whether every message arrived; why one
    /// did not is said on the error stream.
    pub(super) fn finish(self, was_printed: bool, streams: &mut Streams<'_>) -> Result<bool, Failure> {
        let Some(store) = self.store else { return Ok(true) };
        let keep = |channel: &str, known: &[(Domain, Timestamp, Standing)]| {
            known.iter().try_for_each(|(domain, at, standing)| store.tell(domain, channel, *at, standing))
        };
        if was_printed {
            keep(PRINTED, &self.printed)?;
        }
        let mut arrived = true;
        for Telling { channel, news, mut known } in self.told {
            match channel.send(&news) {
                Ok(()) => known.extend(news.into_iter().map(|news| (news.domain, news.at, news.now))),
                Err(why) => {
                    arrived = false;
                    writeln!(streams.err, "stsready: failed to notify {}: {}", channel.shown, escape::terminal(&why))?;
                }
            }
            keep(&channel.name, &known)?;
        }
        Ok(arrived)
    }
}

//! What comes out of one source, on its way to whoever takes parcels.
//!
//! In: reports and refusals, one by one. Out: [`Parcel`]s: reports as soon as they weigh enough, refusals with the last one, for a
//! flood of them is told in a few lines.

use std::io;

use super::intake::{Parcel, Received, Refused, Stamp};
use crate::model::facts::reports::Rejected;
use crate::wire::fingerprint::Fingerprint;

/// The weight at which a parcel is sent off: a few hundred reports.
const PARCEL_WEIGHT: usize = 1 << 20;
/// What a report weighs beside its text: its place in the lists, and the strings around it.
const REPORT_WEIGHT: usize = 512;
/// A report in memory is its text in many small pieces.
const TEXT_WEIGHT: usize = 3;
/// How many rejections of one source are told one by one.
const TOLD_CAP: usize = 20;
/// How many are remembered while it is read.
const REASON_CAP: usize = 10_000;

/// Nobody takes any more: reading ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stopped;

/// Where parcels go, with their weight in bytes.
pub(super) type Send<'a> = &'a mut dyn FnMut(Parcel, usize) -> Result<(), Stopped>;

/// What comes out of one source.
pub(super) struct Delivery<'a> {
    send: Send<'a>,
    origin: Option<String>,
    stamp: Option<Stamp>,
    reports: Vec<Received>,
    weight: usize,
    /// How many reports came out in all.
    delivered: u64,
    refused: Vec<Refused>,
    /// Beyond [`REASON_CAP`].
    untold: usize,
    /// Mails that neither hold a report nor were meant to.
    passed_over: u64,
}

/// A moment in a delivery, to see what came after it.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    delivered: u64,
    refused: usize,
    untold: usize,
}

impl<'a> Delivery<'a> {
    /// For one source: what it is known by, and as what.
    pub(super) fn new(origin: Option<String>, stamp: Option<Stamp>, send: Send<'a>) -> Self {
        Self { send, origin, stamp, reports: Vec::new(), weight: 0, delivered: 0, refused: Vec::new(), untold: 0, passed_over: 0 }
    }

    /// Takes a report, whose text has so many bytes.
    pub(super) fn report(&mut self, received: Received, text: usize) -> Result<(), Stopped> {
        self.weight += text.saturating_mul(TEXT_WEIGHT) + received.raw.as_ref().map_or(0, Vec::len) + REPORT_WEIGHT;
        self.reports.push(received);
        self.delivered += 1;
        if self.weight < PARCEL_WEIGHT {
            return Ok(());
        }
        let (origin, stamp, reports) = (self.origin.clone(), self.stamp.clone(), std::mem::take(&mut self.reports));
        (self.send)(Parcel { origin, stamp, reports, ..Parcel::default() }, std::mem::take(&mut self.weight))
    }

    /// Notes why something could not be read; of a flood only the number is kept.
    pub(super) fn refuse(&mut self, source: &str, reason: impl Into<String>, bytes: &[u8]) {
        self.refuse_unread(source, reason, bytes, bytes.len() as u64);
    }

    /// The same of something so large that only its beginning was read.
    pub(super) fn refuse_unread(&mut self, source: &str, reason: impl Into<String>, beginning: &[u8], size: u64) {
        self.refuse_as(source, reason, Fingerprint::of(beginning), size);
    }

    /// The same of something whose fingerprint is known.
    pub(super) fn refuse_as(&mut self, source: &str, reason: impl Into<String>, sha256: Fingerprint, size: u64) {
        self.note(Refused { rejected: Rejected { source: source.to_owned(), reason: reason.into() }, sha256, size, again: false });
    }

    /// The same of something that the system does not hand out at present.
    pub(super) fn refuse_for_now(&mut self, source: &str, reason: impl ToString) {
        let rejected = Rejected { source: source.to_owned(), reason: reason.to_string() };
        self.note(Refused { rejected, sha256: Fingerprint::of(&[]), size: 0, again: true });
    }

    fn note(&mut self, refused: Refused) {
        if self.refused.len() < REASON_CAP {
            self.refused.push(refused);
        } else {
            self.untold += 1;
        }
    }

    /// Notes a mail between people, or with another kind of report: nothing is lost with it.
    pub(super) fn pass_over(&mut self) {
        self.passed_over += 1;
    }

    /// Now.
    pub(super) fn moment(&self) -> Moment {
        Moment { delivered: self.delivered, refused: self.refused.len(), untold: self.untold }
    }

    /// Whether a report came out since then.
    pub(super) fn delivered_since(&self, then: Moment) -> bool {
        self.delivered > then.delivered
    }

    /// Whether nothing at all came out since then, not even a refusal.
    pub(super) fn silent_since(&self, then: Moment) -> bool {
        (self.delivered, self.refused.len(), self.untold) == (then.delivered, then.refused, then.untold)
    }

    /// Takes back what was refused since then.
    pub(super) fn forget_refused_since(&mut self, then: Moment) {
        self.refused.truncate(then.refused);
        self.untold = then.untold;
    }

    /// The source was read to its end: sends the last parcel off.
    pub(super) fn finish(self, source: &str) -> Result<(), Stopped> {
        let rejected = shortened(self.refused, self.untold, source);
        let weight = self.weight + rejected.len() * REPORT_WEIGHT;
        let ignored = self.delivered == 0 && rejected.is_empty() && self.passed_over > 0;
        (self.send)(Parcel { origin: self.origin, stamp: self.stamp, reports: self.reports, rejected, ignored, last: true }, weight)
    }

    /// It is not there any more: nothing is known of it, above all not that it was read.
    pub(super) fn vanish(self) -> Result<(), Stopped> {
        (self.send)(Parcel { ignored: true, last: true, ..Parcel::default() }, REPORT_WEIGHT)
    }

    /// It plainly is something else: says so, unless reports came out of it.
    pub(super) fn ignore(self, source: &str) -> Result<(), Stopped> {
        if self.delivered > 0 {
            return self.finish(source);
        }
        (self.send)(Parcel { origin: self.origin, stamp: self.stamp, ignored: true, last: true, ..Parcel::default() }, REPORT_WEIGHT)
    }
}

/// Whether a failure to read is the system's and may be over next time; what is wrong with the content stays wrong.
pub(super) fn may_pass(problem: &io::Error) -> bool {
    problem.raw_os_error().is_some()
}

/// A source of ten thousand broken documents needs no ten thousand reasons: the same reason is told once with its number, and at
/// most [`TOLD_CAP`] of them.
fn shortened(refused: Vec<Refused>, untold: usize, source: &str) -> Vec<Refused> {
    let mut times: Vec<(Refused, usize)> = Vec::new();
    for refused in refused {
        match times.last_mut() {
            Some((last, number)) if last.rejected == refused.rejected => *number += 1,
            _ => times.push((refused, 1)),
        }
    }
    let more = times.iter().skip(TOLD_CAP).map(|(_, number)| number).sum::<usize>() + untold;
    let again = times.iter().skip(TOLD_CAP).any(|(refused, _)| refused.again);
    let mut told: Vec<Refused> = times.into_iter().take(TOLD_CAP).map(|(refused, number)| counted(refused, number)).collect();
    if more > 0 {
        let reason = format!("and {more} more in the same file");
        let sha256 = Fingerprint::of(reason.as_bytes());
        told.push(Refused { rejected: Rejected { source: source.to_owned(), reason }, sha256, size: 0, again });
    }
    told
}

fn counted(mut refused: Refused, times: usize) -> Refused {
    if times > 1 {
        refused.rejected.reason = format!("{} ({times} times)", refused.rejected.reason);
    }
    refused
}

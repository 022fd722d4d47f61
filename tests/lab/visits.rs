//! How many connections one address saw, and how many at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A client's close may reach the server a moment after the same client's next connect.
const OVERLAP_TOLERATED: Duration = Duration::from_millis(30);
const KEPT: usize = 65_536;

/// The connections of one address. Intervals are kept for the first 65,536.
#[derive(Debug, Default)]
pub struct Visits {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    total: usize,
    open: usize,
    intervals: Vec<(Instant, Option<Instant>)>,
}

impl Visits {
    /// All connections so far.
    pub fn total(&self) -> usize {
        self.inner.lock().unwrap().total
    }

    /// Connections that the client has not ended yet (QUIT, end of stream, or the server's own close).
    pub fn open(&self) -> usize {
        self.inner.lock().unwrap().open
    }

    /// The highest number at once; overlaps shorter than 30 ms do not count.
    pub fn at_once(&self) -> usize {
        let inner = self.inner.lock().unwrap();
        let mut events: Vec<(Instant, bool)> = Vec::with_capacity(inner.intervals.len() * 2);
        for &(start, end) in &inner.intervals {
            events.push((start, true));
            if let Some(end) = end {
                events.push((end.checked_sub(OVERLAP_TOLERATED).unwrap_or(end).max(start), false));
            }
        }
        // At equal instants the arrival comes first: a connection never ends before it began.
        events.sort_by_key(|&(at, arrives)| (at, !arrives));
        let (mut now, mut most) = (0_usize, 0_usize);
        for (_, arrives) in events {
            now = if arrives { now + 1 } else { now - 1 };
            most = most.max(now);
        }
        most
    }

    /// When each connection arrived, in order.
    pub fn arrivals(&self) -> Vec<Instant> {
        self.inner.lock().unwrap().intervals.iter().map(|&(start, _)| start).collect()
    }

    pub(super) fn arrive(self: &Arc<Self>) -> Arc<Visit> {
        let mut inner = self.inner.lock().unwrap();
        let number = inner.total;
        inner.total += 1;
        inner.open += 1;
        if inner.intervals.len() < KEPT {
            inner.intervals.push((Instant::now(), None));
        }
        Arc::new(Visit { visits: Arc::clone(self), number, ended: AtomicBool::new(false) })
    }
}

/// One connection; ends once, at the latest when it is dropped.
#[derive(Debug)]
pub(super) struct Visit {
    visits: Arc<Visits>,
    number: usize,
    ended: AtomicBool,
}

impl Visit {
    pub(super) fn end(&self) {
        if self.ended.swap(true, Ordering::Relaxed) {
            return;
        }
        let mut inner = self.visits.inner.lock().unwrap();
        inner.open -= 1;
        if let Some((_, end)) = inner.intervals.get_mut(self.number) {
            *end = Some(Instant::now());
        }
    }

    /// Which connection to this address it is, from 1.
    pub(super) fn number(&self) -> usize {
        self.number + 1
    }

    /// How many connections to this address are open, this one included.
    pub(super) fn open_now(&self) -> usize {
        self.visits.open()
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.end();
    }
}

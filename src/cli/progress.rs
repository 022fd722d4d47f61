//! A line on the terminal while long work runs; nothing where there is no terminal.

use std::io::Write;
use std::time::{Duration, Instant};

/// Drawn on the error stream, one line, rewritten in place.
pub(super) struct Progress {
    enabled: bool,
    started: Instant,
    total: usize,
    drawn: bool,
}

impl Progress {
    /// How often it may be redrawn.
    pub(super) const EVERY: Duration = Duration::from_millis(250);
    /// Quick runs draw nothing.
    const PATIENCE: Duration = Duration::from_secs(1);

    pub(super) fn new(enabled: bool, total: usize) -> Self {
        Self { enabled, started: Instant::now(), total, drawn: false }
    }

    /// Redraws: `done` domains of all.
    pub(super) fn draw(&mut self, err: &mut dyn Write, done: usize) {
        let elapsed = self.started.elapsed();
        if !self.enabled || elapsed < Self::PATIENCE {
            return;
        }
        self.drawn = true;
        let seconds = elapsed.as_secs();
        // A terminal that cannot be written to gets no progress; the work goes on.
        let _ = write!(err, "\r\u{1b}[Klooking: {done} of {} domains done, {seconds} s", self.total).and_then(|()| err.flush());
    }

    /// Wipes the line, so that what is printed next stands alone.
    pub(super) fn clear(&mut self, err: &mut dyn Write) {
        if std::mem::take(&mut self.drawn) {
            let _ = write!(err, "\r\u{1b}[K").and_then(|()| err.flush());
        }
    }
}

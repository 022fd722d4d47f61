//! A line on the terminal while long work runs; nothing where there is no terminal.

use std::io::Write;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

/// A bar of `what` that are done, with their rate and the time left; on the error stream, if it is to be shown at all.
pub(super) fn bar(shown: bool, what: &str) -> ProgressBar {
    let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(0), target);
    let style = ProgressStyle::with_template(&format!("{{wide_bar}} {{human_pos}} of {{human_len}} {what}, {{rate}}, {{eta}} left"));
    let rate = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        // Drawn again a moment later, should it not be.
        let _ = write!(out, "{:.0} a second", state.per_sec());
    };
    // The template is fixed; should it ever be wrong, the bar looks plain.
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).with_key("rate", rate))
}

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

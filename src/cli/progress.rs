//! A line on the terminal while long work runs; nothing where there is no terminal.

use std::io::Write;
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

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
        // A terminal that cannot be written to gets no progress; the work goes on.
        let _ = write!(err, "\r\u{1b}[K{}", line(elapsed, done, self.total)).and_then(|()| err.flush());
    }

    /// Wipes the line, so that what is printed next stands alone.
    pub(super) fn clear(&mut self, err: &mut dyn Write) {
        if std::mem::take(&mut self.drawn) {
            let _ = write!(err, "\r\u{1b}[K").and_then(|()| err.flush());
        }
    }
}

/// How far it is, and how long it will take if the rest goes as what is done went.
fn line(elapsed: Duration, done: usize, total: usize) -> String {
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let rest = elapsed.as_secs_f64() / done.max(1) as f64 * total.saturating_sub(done) as f64;
    let left =
        if done == 0 || done >= total { String::new() } else { format!(", about {} left", HumanDuration(Duration::from_secs_f64(rest))) };
    format!("looking: {done} of {total} domains done, {} s{left}", elapsed.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_told_once_something_is_done() {
        let line = |done| line(Duration::from_secs(30), done, 100);
        assert_eq!(line(0), "looking: 0 of 100 domains done, 30 s");
        assert_eq!(line(25), "looking: 25 of 100 domains done, 30 s, about 2 minutes left");
        assert_eq!(line(1), "looking: 1 of 100 domains done, 30 s, about 50 minutes left");
        assert_eq!(line(100), "looking: 100 of 100 domains done, 30 s");
    }
}

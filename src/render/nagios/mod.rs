//! The output of a monitoring plugin, by the Monitoring Plugins guidelines: one line that says it all, `|`, performance data, then lines
//! with more. Read by Nagios, Icinga, Naemon, Checkmk and their kin; the state itself is the exit code.

pub mod check;
pub mod expiry;
mod perfdata;

use super::escape;
pub(in crate::render) use perfdata::Perfdata;

/// Lines with more beyond these are counted: receivers cut what is longer than they hold (Nagios at 8 KiB).
const LINES: usize = 40;
/// Characters of a line beyond these are left out.
const COLUMNS: usize = 400;
/// Certificates beyond these have no figure of their own.
const CERTIFICATES: usize = 40;

/// What a plugin says, and exits with. The worst last: what is known to be broken goes before what is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// 0.
    Ok,
    /// 3: it could not be looked at, or not be called.
    Unknown,
    /// 1.
    Warning,
    /// 2.
    Critical,
}

impl Status {
    /// As the first line has it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Unknown => "UNKNOWN",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
        }
    }

    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        }
    }
}

/// The line of a run that came to no answer.
pub fn failed(why: &str) -> String {
    Output { status: Status::Unknown, said: why.to_owned(), perfdata: Vec::new(), more: Vec::new() }.page()
}

/// What is printed.
struct Output {
    status: Status,
    said: String,
    perfdata: Vec<Perfdata>,
    more: Vec<String>,
}

impl Output {
    fn page(&self) -> String {
        let mut page = format!("STSREADY {} - {}", self.status.word(), line(&self.said));
        if !self.perfdata.is_empty() {
            let figures: Vec<String> = self.perfdata.iter().map(ToString::to_string).collect();
            page.push_str(" | ");
            page.push_str(&figures.join(" "));
        }
        page.push('\n');
        for more in self.more.iter().take(LINES) {
            page.push_str(&line(more));
            page.push('\n');
        }
        if self.more.len() > LINES {
            page.push_str(&format!("and {} lines more\n", self.more.len() - LINES));
        }
        page
    }
}

/// One line without what has a meaning to the receiver, cut where nobody reads on.
fn line(text: &str) -> String {
    let line = escape::plugin(text);
    match line.char_indices().nth(COLUMNS) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

#[cfg(test)]
mod tests;

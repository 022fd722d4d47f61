//! By which standard a check was made: whom it trusted, and at which port it asked. What was proven under one is not under another: a
//! check that trusts a private CA, or asks at the submission port, says nothing about what senders meet.

use jiff::Timestamp;

use super::{Day, History};
use crate::model::facts::Facts;
use crate::model::facts::servers::MxSource;

/// The port that senders ask at.
const SMTP: u16 = 25;

/// A standard, as it stands in [`Day::vantage`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standard {
    /// `roots NAME`; `None` where nothing is said.
    roots: Option<String>,
    /// `port NUMBER`; `None` for port 25.
    port: Option<String>,
}

impl Standard {
    /// Of the check that these facts come from.
    pub fn of(facts: &Facts) -> Self {
        let hosts = facts.servers.iter().flatten().filter(|host| host.source != MxSource::Asked);
        let other = hosts.flat_map(|host| &host.probes).map(|probe| probe.port).find(|port| *port != SMTP);
        Self { roots: Some(format!("roots {}", facts.vantage.roots.name)), port: other.map(|port| format!("port {port}")) }
    }

    /// What tells it, in parts of a line.
    pub(super) fn parts(&self) -> impl Iterator<Item = &String> {
        self.roots.iter().chain(&self.port)
    }

    /// Whether the checks of that row were made by it.
    pub fn fits(&self, day: &Day) -> bool {
        let part = |begins: &str| day.vantage.split("; ").find(|part| part.starts_with(begins));
        let roots = part("roots ").is_none_or(|roots| self.roots.as_deref().is_none_or(|ours| ours == roots));
        roots && part("port ") == self.port.as_deref()
    }
}

impl History {
    /// Whether a look was made by this standard, as far as is known: what no row of [`History::days`] tells of counts.
    pub fn looked_by(&self, standard: &Standard, at: Timestamp) -> bool {
        let mut there = self.days.iter().filter(|day| (day.first_at..=day.last_at).contains(&at)).peekable();
        there.peek().is_none() || there.any(|day| standard.fits(day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::name::Domain;

    fn day(vantage: &str, from: &str, to: &str) -> Day {
        let at = |time: &str| format!("2026-03-01T{time}:00Z").parse().expect("a time");
        Day {
            day: jiff::civil::date(2026, 3, 1),
            vantage: vantage.to_owned(),
            times: 1,
            first_at: at(from),
            last_at: at(to),
            proven: Vec::new(),
            broken: Vec::new(),
            given: Vec::new(),
        }
    }

    #[test]
    fn roots_and_port_make_the_standard() {
        let ours = Standard { roots: Some("roots mozilla".to_owned()), port: None };
        let lab = Standard { port: Some("port 2525".to_owned()), ..ours.clone() };
        for (vantage, fits_ours, fits_lab) in [
            ("helo a; resolvers b; roots mozilla; no IPv6", true, false),
            ("helo a; resolvers b; roots mozilla; port 2525", false, true),
            ("helo a; resolvers b; roots ca.pem", false, false),
            ("written by hand", true, false),
        ] {
            let row = day(vantage, "08:00", "09:00");
            assert_eq!((ours.fits(&row), lab.fits(&row)), (fits_ours, fits_lab), "{vantage}");
        }
    }

    #[test]
    fn a_look_is_ours_unless_only_others_looked_then() {
        let ours = Standard { roots: Some("roots mozilla".to_owned()), port: None };
        let days = vec![day("roots mozilla", "10:00", "12:00"), day("roots ca.pem", "08:00", "11:00")];
        let history = History { days, ..History::nothing(Domain::from_dns("shop.example")) };
        let looked = |time: &str| history.looked_by(&ours, format!("2026-03-01T{time}:00Z").parse().expect("a time"));
        assert_eq!(["07:00", "08:00", "10:30", "12:00"].map(looked), [true, false, true, true]);
    }
}

//! Values as people write them, turned into what they mean.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::decide::accept::acceptable;
use crate::model::acceptance::Acceptance;
use crate::model::threshold::{self, Amount, Knob};
use crate::stages::control::ControlHost;
use crate::wire::name::Domain;

/// The control host as given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct ControlTarget {
    /// Its name or its address.
    pub(in crate::cli) host: ControlHost,
    /// Its port; the one of MX hosts unless given.
    pub(in crate::cli) port: Option<u16>,
}

/// A threshold, and what it is set to.
pub(in crate::cli) type Turned = (&'static Knob, Amount);

/// `CODE[@SUBJECT]=REASON`.
pub(super) fn acceptance(text: &str) -> Result<Acceptance, String> {
    let (target, reason) = text.split_once('=').ok_or("give a code and a reason, such as mx-single=\"the second comes in May\"")?;
    let (code, subject) = target.split_once('@').map_or((target, None), |(code, subject)| (code, Some(subject.trim())));
    let rule = acceptable(code).map_err(|error| error.to_string())?;
    let words = |text: &str, what: &str| {
        if text.is_empty() { Err(format!("give the {what}: {code}[@SUBJECT]=REASON")) } else { Ok(text.to_owned()) }
    };
    let subject = subject.map(|subject| words(subject, "subject behind @, or leave the @ out")).transpose()?;
    Ok(Acceptance { rule, subject, domain: None, reason: words(reason.trim(), "reason, which stands in every output")?, until: None })
}

/// `NAME=VALUE`.
pub(super) fn threshold(text: &str) -> Result<Turned, String> {
    let (name, value) = text.split_once('=').ok_or("give a threshold and its value, such as sessions=100")?;
    let knob = threshold::find(name.trim()).map_err(|error| error.to_string())?;
    Ok((knob, knob.read(value).map_err(|error| error.to_string())?))
}

pub(super) fn resolver(text: &str) -> Result<SocketAddr, String> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Ok(SocketAddr::new(address, 53));
    }
    text.parse().map_err(|_| "give an address, such as 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:53".to_owned())
}

pub(super) fn control(text: &str) -> Result<ControlTarget, String> {
    let way_out = || "give a host or an address, such as mx.example.net, mx.example.net:25, 192.0.2.25 or [2001:db8::25]:25".to_owned();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    if let Ok(address) = bare.parse() {
        return Ok(ControlTarget { host: ControlHost::Address(address), port: None });
    }
    if let Ok(socket) = text.parse::<SocketAddr>() {
        return Ok(ControlTarget { host: ControlHost::Address(socket.ip()), port: Some(socket.port()) });
    }
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) => (name, Some(port.parse().ok().filter(|port| *port != 0).ok_or_else(way_out)?)),
        None => (text, None),
    };
    let name = Domain::parse(name).map_err(|_| way_out())?;
    Ok(ControlTarget { host: ControlHost::Name(name), port })
}

pub(super) fn time(text: &str) -> Result<Timestamp, String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let date: jiff::civil::Date =
        text.parse().map_err(|_| "give a time such as 2026-11-22T12:00:00Z, or a date such as 2026-11-22".to_owned())?;
    date.to_zoned(jiff::tz::TimeZone::UTC).map(|zoned| zoned.timestamp()).map_err(|error| error.to_string())
}

/// A time span in days or hours; a bare number is days.
pub(super) fn span(text: &str) -> Result<SignedDuration, String> {
    let way_out = || "give a time such as 30d or 36h".to_owned();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u32 = digits.parse().map_err(|_| way_out())?;
    let hours = match &text[digits.len()..] {
        "" | "d" => 24,
        "h" => 1,
        _ => return Err(way_out()),
    };
    const LONGEST: i64 = 24 * 36_525;
    let hours = i64::from(number).saturating_mul(hours);
    if hours > LONGEST { Err("give a time of at most 100 years".to_owned()) } else { Ok(SignedDuration::from_hours(hours)) }
}

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let way_out = || "give a time such as 10s, 500ms or 2m".to_owned();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: f64 = digits.trim().parse().map_err(|_| way_out())?;
    let seconds = match &text[digits.len()..] {
        "" | "s" => number,
        "ms" => number / 1000.0,
        "m" => number * 60.0,
        _ => return Err(way_out()),
    };
    let wait = Duration::try_from_secs_f64(seconds).map_err(|_| way_out())?;
    if wait.is_zero() || wait > Duration::from_hours(1) { Err("give a time between 1ms and 60m".to_owned()) } else { Ok(wait) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acceptances_and_thresholds_are_read() {
        let read = acceptance("cert-expiring@mx1.shop.example = it is replaced in May = soon").expect("an acceptance");
        assert_eq!(
            (read.rule.code, read.subject.as_deref(), &*read.reason),
            ("cert-expiring", Some("mx1.shop.example"), "it is replaced in May = soon")
        );
        assert_eq!(acceptance("mx-single=x").map(|read| read.subject), Ok(None));
        for (wrong, words) in [
            ("mx-single", "a reason"),
            ("mx-single=", "give the reason"),
            ("mx-single= ", "give the reason"),
            ("mx-single@=x", "subject behind @"),
            ("mx-singel=x", "did you mean mx-single?"),
            ("cert-expired=x", "cannot be accepted"),
            ("=x", "no rule"),
        ] {
            let why = acceptance(wrong).expect_err(wrong);
            assert!(why.contains(words), "{wrong}: {why}");
        }
        assert_eq!(threshold("sessions=100").map(|(knob, amount)| (knob.name, amount)), Ok(("sessions", Amount::Count(100))));
        for wrong in ["sessions", "sesions=1", "sessions=x", "sessions=0", "=1"] {
            assert!(threshold(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn values_are_read_as_people_write_them() {
        assert_eq!(resolver("192.0.2.1"), Ok("192.0.2.1:53".parse().expect("valid")));
        assert_eq!(resolver("2001:db8::1"), Ok("[2001:db8::1]:53".parse().expect("valid")));
        assert_eq!(resolver("[2001:db8::1]:5353"), Ok("[2001:db8::1]:5353".parse().expect("valid")));
        assert!(resolver("dns.example").is_err());
        for (text, host, port) in [
            ("mx.example.net", "mx.example.net", None),
            ("mx.example.net:2525", "mx.example.net", Some(2525)),
            ("192.0.2.25", "192.0.2.25", None),
            ("192.0.2.25:26", "192.0.2.25", Some(26)),
            ("[2001:db8::25]:26", "2001:db8::25", Some(26)),
            ("2001:db8::25", "2001:db8::25", None),
        ] {
            let read = control(text).map(|control| (control.host.to_string(), control.port));
            assert_eq!(read, Ok((host.to_owned(), port)), "{text}");
        }
        for wrong in ["", "mx.example.net:0", "mx.example.net:smtp", ":25", "a b.example"] {
            assert!(control(wrong).is_err(), "{wrong}");
        }
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2m"), Ok(Duration::from_mins(2)));
        for wrong in ["0", "-1s", "ten", "5h", "", "1e99"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
        assert_eq!(span("30d"), Ok(SignedDuration::from_hours(720)));
        assert_eq!((span("36h"), span("7")), (Ok(SignedDuration::from_hours(36)), Ok(SignedDuration::from_hours(168))));
        for wrong in ["", "d", "-1d", "1w", "1.5d", "99999999d"] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
        assert_eq!(time("2026-11-22").map(|at| at.to_string()), Ok("2026-11-22T00:00:00Z".to_owned()));
        assert!(time("yesterday").is_err());
    }
}

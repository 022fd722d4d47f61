//! The values of `mode` and `max_age` (RFC 8461 §3.2), and what an invalid one was likely meant to be.

use super::Mode;
use crate::wire::likeness::edits_within;

/// The largest `max_age`, in seconds (RFC 8461 §3.2).
const MAX_AGE_CAP: u64 = 31_557_600;
/// Proposed in place of a larger one: 365 days, clear of the bound at which Stalwart's range ends.
const YEAR: u64 = 31_536_000;

/// Why a `max_age` is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MaxAgeFault {
    /// No value.
    #[error("is empty")]
    Empty,
    /// Something other than digits: a unit, a separator, a sign.
    #[error("is not a plain number of seconds")]
    NotDigits,
    /// More than ten digits.
    #[error("has more than 10 digits")]
    TooLong,
    /// More than 31557600.
    #[error("is more than 31557600 seconds")]
    TooLarge,
}

/// Case counts.
pub(super) fn mode(value: &str) -> Option<Mode> {
    [Mode::Testing, Mode::Enforce, Mode::None].into_iter().find(|mode| mode.as_str() == value)
}

/// The mode that was meant; quotes, capitals, slips and the words of other standards are seen through.
pub(super) fn likely_mode(value: &str) -> Option<Mode> {
    let plain = bare(value).to_ascii_lowercase();
    match plain.as_str() {
        "test" | "report" | "reporting" | "monitor" | "monitoring" | "quarantine" => return Some(Mode::Testing),
        "enforced" | "enforcing" | "reject" => return Some(Mode::Enforce),
        "off" | "disabled" => return Some(Mode::None),
        _ => {}
    }
    let slips = |mode: Mode| if mode == Mode::None { 1 } else { 2 };
    [Mode::Testing, Mode::Enforce, Mode::None].into_iter().find(|mode| edits_within(&plain, mode.as_str(), slips(*mode)).is_some())
}

/// Seconds.
pub(super) fn max_age(value: &str) -> Result<u64, MaxAgeFault> {
    if value.is_empty() {
        return Err(MaxAgeFault::Empty);
    }
    if !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(MaxAgeFault::NotDigits);
    }
    match value.parse::<u64>() {
        Ok(seconds) if value.len() <= 10 && seconds <= MAX_AGE_CAP => Ok(seconds),
        Ok(_) if value.len() <= 10 => Err(MaxAgeFault::TooLarge),
        Ok(_) | Err(_) => Err(MaxAgeFault::TooLong),
    }
}

/// The seconds that were meant: units are multiplied out, separators dropped, what is too large is brought to a year.
pub(super) fn likely_max_age(value: &str) -> Option<u64> {
    let plain: String = bare(value).chars().filter(|c| !matches!(c, ' ' | '\t' | ',' | '_' | '\'')).collect();
    let digits = plain.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = plain.split_at(digits);
    if number.is_empty() {
        return None;
    }
    let unit = match unit.to_ascii_lowercase().as_str() {
        "" | "s" | "sec" | "secs" | "second" | "seconds" => 1,
        "m" | "min" | "mins" | "minute" | "minutes" => 60,
        "h" | "hour" | "hours" => 3600,
        "d" | "day" | "days" => 86_400,
        "w" | "week" | "weeks" => 604_800,
        _ => return None,
    };
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)).unwrap_or(u64::MAX);
    Some(if seconds > MAX_AGE_CAP { YEAR } else { seconds })
}

fn bare(value: &str) -> &str {
    value.trim_matches(['"', '\'', ';', ',', '.', ' ', '\t'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_read_with_their_case_and_guessed_without() {
        for (value, read, likely) in [
            ("testing", Some(Mode::Testing), Some(Mode::Testing)),
            ("enforce", Some(Mode::Enforce), Some(Mode::Enforce)),
            ("none", Some(Mode::None), Some(Mode::None)),
            ("Enforce", None, Some(Mode::Enforce)),
            ("\"testing\"", None, Some(Mode::Testing)),
            ("test", None, Some(Mode::Testing)),
            ("reject", None, Some(Mode::Enforce)),
            ("off", None, Some(Mode::None)),
            ("enfroce", None, Some(Mode::Enforce)),
            ("on", None, None),
            ("", None, None),
        ] {
            assert_eq!((mode(value), likely_mode(value)), (read, likely), "{value}");
        }
    }

    #[test]
    fn seconds_are_digits_up_to_the_maximum() {
        for (value, read, likely) in [
            ("0", Ok(0), Some(0)),
            ("604800", Ok(604_800), Some(604_800)),
            ("0000604800", Ok(604_800), Some(604_800)),
            ("31557600", Ok(31_557_600), Some(31_557_600)),
            ("31557601", Err(MaxAgeFault::TooLarge), Some(YEAR)),
            ("9999999999", Err(MaxAgeFault::TooLarge), Some(YEAR)),
            ("00000604800", Err(MaxAgeFault::TooLong), Some(604_800)),
            ("99999999999999999999999", Err(MaxAgeFault::TooLong), Some(YEAR)),
            ("7d", Err(MaxAgeFault::NotDigits), Some(604_800)),
            ("10080m", Err(MaxAgeFault::NotDigits), Some(604_800)),
            ("168 hours", Err(MaxAgeFault::NotDigits), Some(604_800)),
            ("2 weeks", Err(MaxAgeFault::NotDigits), Some(1_209_600)),
            ("604,800", Err(MaxAgeFault::NotDigits), Some(604_800)),
            ("604800;", Err(MaxAgeFault::NotDigits), Some(604_800)),
            ("-1", Err(MaxAgeFault::NotDigits), None),
            ("+5", Err(MaxAgeFault::NotDigits), None),
            ("٣", Err(MaxAgeFault::NotDigits), None),
            ("", Err(MaxAgeFault::Empty), None),
        ] {
            assert_eq!((max_age(value), likely_max_age(value)), (read, likely), "{value}");
        }
    }
}

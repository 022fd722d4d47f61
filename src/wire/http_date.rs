//! The `Date` and `Age` of an HTTP answer (RFC 9110 §5.6.7, RFC 9111 §5.1).

use jiff::Timestamp;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

/// The form that is sent today, and the two that must still be understood.
const FORMS: [&str; 3] = ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];
/// Whoever has held an answer for longer than this sends nonsense (RFC 9111 §1.2.2 caps at 2^31 seconds).
const AGE_CAP: u64 = 1 << 31;

/// The instant that a `Date` header names; `None` if it is none.
pub fn date(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let parsed = FORMS.iter().find_map(|form| BrokenDownTime::parse(form, text).ok())?;
    parsed.to_datetime().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// The seconds that an `Age` header names; `None` if it is no number.
pub fn age(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(AGE_CAP).min(AGE_CAP))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn all_three_forms_are_read() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            " Sun, 06 Nov 1994 08:49:37 GMT ",
        ] {
            assert_eq!(date(text).map(|at| at.to_string()).as_deref(), Some("1994-11-06T08:49:37Z"), "{text}");
        }
        for text in
            ["", "yesterday", "Sun, 06 Nov 1994 08:49:37 +0200", "Sun, 31 Feb 1994 08:49:37 GMT", "1994-11-06T08:49:37Z", "784111777"]
        {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn an_age_is_a_number_of_seconds() {
        for (text, seconds) in [
            ("0", Some(0)),
            (" 3600 ", Some(3600)),
            ("99999999999999999999", Some(AGE_CAP)),
            ("-1", None),
            ("", None),
            ("1.5", None),
            ("+3", None),
        ] {
            assert_eq!(age(text), seconds, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,64}") {
            let _ = (date(&text), age(&text));
        }
    }
}

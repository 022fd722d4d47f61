//! Dates in mails (RFC 5322 §3.3, with the obsolete zones of §4.3).

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

/// Names of weekdays are not compared with the date: they prove nothing, and some senders have them in their own language.
static PARSER: DateTimeParser = DateTimeParser::new().relaxed_weekday(true);

/// The instant that a `Date` names; `None` if it is none.
pub fn date(text: &str) -> Option<Timestamp> {
    PARSER.parse_timestamp(text.trim()).ok()
}

/// When a server received the mail, by the `Received` field that it wrote (RFC 5321 §4.4): the date stands behind the last semicolon.
pub fn received(text: &str) -> Option<Timestamp> {
    date(text.rsplit_once(';')?.1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dates_are_read_as_servers_write_them() {
        for (text, instant) in [
            ("Wed, 04 Sep 2024 03:53:20 -0700", Some("2024-09-04T10:53:20Z")),
            ("Wed, 4 Sep 2024 10:53:20 +0000 (UTC)", Some("2024-09-04T10:53:20Z")),
            ("4 Sep 2024 03:53:20 PDT", Some("2024-09-04T10:53:20Z")),
            ("Mon, 4 Sep 2024 10:53:20 GMT", Some("2024-09-04T10:53:20Z")),
            ("2024-09-04T10:53:20Z", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(date(text).map(|at| at.to_string()).as_deref(), instant, "{text}");
        }
        let line = "from a.example (a.example [192.0.2.1]; helo=a) by mx.example with ESMTPS id 1; Wed, 04 Sep 2024 10:53:20 +0000";
        assert_eq!(received(line).map(|at| at.to_string()).as_deref(), Some("2024-09-04T10:53:20Z"));
        assert_eq!(received("from a.example by mx.example"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in ".{0,60}") {
            let _ = (date(&text), received(&text));
        }
    }
}

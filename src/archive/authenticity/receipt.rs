//! When a mail was received: a signature must have been valid then, not when it is looked at (RFC 6376 §3.5 on `x=`).

use jiff::Timestamp;

use crate::wire::header::Header;
use crate::wire::mail_date;

/// The time of receipt: what the source says (IMAP's INTERNALDATE), else the topmost `Received` field, which the last server wrote, else
/// `Date`, else now; never later than now.
///
/// `Date` is the sender's own and no time of receipt: judged by it no signature has expired that was valid when the mail was written. It
/// only comes to that where no server has put its mark on the mail, as when it was saved before it was sent.
pub(super) fn time(mail: &Header<'_>, given: Option<Timestamp>, now: Timestamp) -> Timestamp {
    let topmost = |name| mail.named(name).next().map(|(_, field)| field.text());
    let received = || topmost("Received").as_deref().and_then(mail_date::received);
    let written = || topmost("Date").as_deref().and_then(mail_date::date);
    given.or_else(received).or_else(written).map_or(now, |at| at.min(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_receipt_is_the_last_servers_word() {
        let (noon, one): (Timestamp, Timestamp) =
            ("2026-03-01T12:00:00Z".parse().expect("a time"), "2026-03-01T13:00:00Z".parse().expect("a time"));
        let top = "Received: from a by b;\n Sun, 1 Mar 2026 12:00:00 +0000\n";
        let below = "Received: from x by a; Sun, 1 Mar 2026 11:00:00 +0000\n";
        let date = "Date: Sun, 1 Mar 2026 10:00:00 +0000\n";
        for (header, given, at) in [
            (format!("{top}{below}{date}\n"), None, "2026-03-01T12:00:00Z"),
            (format!("{top}{below}{date}\n"), Some(one), "2026-03-01T13:00:00Z"),
            (format!("Received: from a by b\n{below}{date}\n"), None, "2026-03-01T10:00:00Z"),
            (format!("{date}\n"), None, "2026-03-01T10:00:00Z"),
            ("From: a@b.example\n\n".to_owned(), None, "2026-03-02T00:00:00Z"),
            ("Date: Sun, 1 Mar 2099 10:00:00 +0000\n\n".to_owned(), None, "2026-03-02T00:00:00Z"),
            (format!("{date}\n"), Some(Timestamp::MAX), "2026-03-02T00:00:00Z"),
            (format!("{date}\n"), Some(noon), "2026-03-01T12:00:00Z"),
        ] {
            let mail = Header::split(header.as_bytes()).expect("short");
            let now = "2026-03-02T00:00:00Z".parse().expect("a time");
            assert_eq!(time(&mail, given, now).to_string(), at, "{header}");
        }
    }
}

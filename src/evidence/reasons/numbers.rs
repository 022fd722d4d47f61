//! The numbers that texts hold: HTTP status codes and TLS alerts.

use super::fault::{Fault, Place};
use crate::model::assessment::Confidence;

/// What stands before an HTTP status code.
const BEFORE_STATUS: [&str; 9] =
    ["response code", "status code", "statuscode", "http status", "http error", "http/1.1", "http/2", "status", "returned http"];
/// What stands before the number of a TLS alert: OpenSSL's words, then mox's.
const BEFORE_ALERT: [&str; 2] = ["alert number", "tls-remote-alert"];

/// The fault that a number in `text` names.
pub(super) fn read(text: &str, place: Place) -> Option<(Fault, Confidence)> {
    if place == Place::PolicyHost
        && let Some(status) = BEFORE_STATUS.iter().find_map(|before| number(text, before, 3)).filter(|status| (300..600).contains(status))
    {
        return Some((Fault::Status(status), Confidence::Certain));
    }
    let alert = BEFORE_ALERT.iter().find_map(|before| number(text, before, 1))?;
    by_alert(alert)
}

/// A number of `digits` digits at least and three at most behind `before`, with nothing but punctuation between.
fn number(text: &str, before: &str, digits: usize) -> Option<u16> {
    let (_, rest) = text.split_once(before)?;
    let rest = rest.trim_start_matches([' ', ':', '=', '"', '\'', '(', '-', '[']);
    let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
    (digits..=3).contains(&number.len()).then(|| number.parse().ok())?
}

/// What an alert from the other side says (RFC 8446 §6.2). Those about a certificate would be about the sender's own.
fn by_alert(alert: u16) -> Option<(Fault, Confidence)> {
    match alert {
        40 | 71 => Some((Fault::Handshake, Confidence::Certain)),
        70 => Some((Fault::OldTls, Confidence::Likely)),
        80 => Some((Fault::ServerError, Confidence::Certain)),
        112 => Some((Fault::UnknownName, Confidence::Certain)),
        116 => Some((Fault::ClientCertificate, Confidence::Certain)),
        _ => None,
    }
}

//! What a trusted server found when it received the mail: its Authentication-Results (RFC 8601).
//!
//! Anyone can write such a field. A server adds its own above whatever came in, and must remove those that came in under its name (§5).
//! So only the topmost field with the trusted name is believed, with those of the same name that follow it before the next `Received`
//! field: what lies below that was in the mail before.

use super::submitter::Submitter;
use crate::wire::auth_results::{self, AuthResults, MethodResult};
use crate::wire::header::Header;
use crate::wire::name::Domain;

/// The longest name of a server that is repeated to people.
const SERVER_CAP: usize = 255;

/// What it says about the submitter's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// A signature of the submitter verified.
    Pass { domain: Domain, server: String },
    /// One did not, and none did.
    Fail { server: String },
    /// It says nothing about it.
    Nothing,
}

/// The word of the servers in `trusted` about a mail; the topmost that says anything is heard.
pub(super) fn word(mail: &Header<'_>, submitter: &Submitter, trusted: &[String]) -> Word {
    if trusted.is_empty() {
        return Word::Nothing;
    }
    let mut heard: Option<(String, Vec<MethodResult>)> = None;
    for field in &mail.fields {
        if field.is("Received") && heard.is_some() {
            break;
        }
        let read = || auth_results::read(&String::from_utf8_lossy(field.value()));
        let Some(AuthResults { server, results }) = field.is("Authentication-Results").then(read).flatten() else { continue };
        let is = |name: &String| name.eq_ignore_ascii_case(&server);
        match &mut heard {
            Some((first, all)) if is(first) => all.extend(results),
            Some(_) => {}
            None if server.len() <= SERVER_CAP && trusted.iter().any(is) => heard = Some((server, results)),
            None => {}
        }
    }
    let Some((server, results)) = heard else { return Word::Nothing };
    let about: Vec<(&str, Domain)> = results
        .iter()
        .filter(|result| result.method == "dkim")
        .filter_map(|result| Some((result.result.as_str(), signer(result)?)))
        .filter(|(_, domain)| submitter.is_aligned(domain))
        .collect();
    match about.iter().find(|(result, _)| *result == "pass") {
        Some((_, domain)) => Word::Pass { domain: domain.clone(), server },
        None if about.iter().any(|(result, _)| *result == "fail") => Word::Fail { server },
        // none, neutral, policy, temperror, permerror (§2.7.1): nothing was found out.
        None => Word::Nothing,
    }
}

/// Whose signature a result is about: `header.d`, else the domain of `header.i` (§2.7.1).
fn signer(result: &MethodResult) -> Option<Domain> {
    let named = result.property("header.d").or_else(|| result.property("header.i")?.rsplit_once('@').map(|(_, domain)| domain))?;
    Domain::parse(named).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(fields: &[&str]) -> String {
        let mail = format!("{}\r\nFrom: a@sender.example\r\n\r\nbody", fields.join("\r\n"));
        let mail = Header::split(mail.as_bytes()).expect("short");
        let submitter = Submitter::of(&mail).expect("a submitter");
        match word(&mail, &submitter, &["mx.own.example".to_owned(), "other.own.example".to_owned()]) {
            Word::Pass { domain, server } => format!("{server}: pass {domain}"),
            Word::Fail { server } => format!("{server}: fail"),
            Word::Nothing => "nothing".to_owned(),
        }
    }

    const PASS: &str = "Authentication-Results: mx.own.example; dkim=pass header.d=sender.example";
    const FAIL: &str = "Authentication-Results: mx.own.example; dkim=fail header.d=sender.example";
    const HOP: &str = "Received: from a by b; Sun, 1 Mar 2026 12:00:00 +0000";

    #[test]
    fn a_trusted_server_is_believed_about_the_submitter_only() {
        for (field, word) in [
            (PASS, "mx.own.example: pass sender.example"),
            (FAIL, "mx.own.example: fail"),
            (
                "Authentication-Results: MX.Own.example 1; dkim=pass header.i=@mail.sender.example",
                "MX.Own.example: pass mail.sender.example",
            ),
            ("Authentication-Results: mx.own.example; dkim=pass header.d=evil.example", "nothing"),
            ("Authentication-Results: mx.own.example; dkim=fail header.d=evil.example", "nothing"),
            (
                "Authentication-Results: mx.own.example; dkim=fail header.d=sender.example; dkim=pass header.d=sender.example",
                "mx.own.example: pass sender.example",
            ),
            ("Authentication-Results: mx.own.example; dkim=temperror header.d=sender.example", "nothing"),
            ("Authentication-Results: mx.own.example; dkim=pass", "nothing"),
            ("Authentication-Results: mx.own.example; spf=pass smtp.mailfrom=sender.example", "nothing"),
            ("Authentication-Results: mx.own.example; none", "nothing"),
            ("Authentication-Results: mx.else.example; dkim=pass header.d=sender.example", "nothing"),
            ("ARC-Authentication-Results: i=1; mx.own.example; dkim=pass header.d=sender.example", "nothing"),
        ] {
            assert_eq!(said(&[field]), word, "{field}");
        }
    }

    #[test]
    fn what_the_sender_wrote_below_is_not_heard() {
        let spf = "Authentication-Results: mx.own.example; spf=pass smtp.mailfrom=sender.example";
        let other = "Authentication-Results: other.own.example; dkim=pass header.d=sender.example";
        for (fields, word) in [
            (&[FAIL, HOP, PASS][..], "mx.own.example: fail"),
            (&[HOP, FAIL, HOP, PASS], "mx.own.example: fail"),
            (&[spf, HOP, PASS], "nothing"),
            (&[spf, "DKIM-Filter: x", PASS, HOP], "mx.own.example: pass sender.example"),
            (&[HOP, HOP, PASS, HOP], "mx.own.example: pass sender.example"),
            (&[FAIL, other, HOP], "mx.own.example: fail"),
            (&["Authentication-Results: mx.else.example; none", PASS], "mx.own.example: pass sender.example"),
        ] {
            assert_eq!(said(fields), word, "{fields:?}");
        }
    }
}

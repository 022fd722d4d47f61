//! Policy hosts that serve badly, byte by byte. Statuses, redirects, types, sizes and compression are staged in `tests/check/fetch.rs`.

use std::time::Duration;

use super::fault;
use crate::check::Scene;
use crate::check::row::Answer::{Inconclusive, NotReady, Ready};
use crate::check::row::{Row, hold};
use crate::lab::{Answer, Https, Page, Tls};

const BROKEN: &[&str] = &["blocker fetch-connect mta-sts."];
const UNKNOWN: &[&str] = &["unknown fetch-connect mta-sts."];
/// Where a cap is to be met, and not the deadline.
const PATIENT: &str = "30s";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n";

pub(super) fn rows() -> Vec<Row> {
    [heads(), lengths(), chunks(), bodies(), frames()].into_iter().flatten().collect()
}

/// Serves the policy behind this head, as the head says or otherwise.
fn serves(it: &Scene<'_>, head: &str, body: impl AsRef<[u8]>) {
    it.answers(Answer::Raw([head.as_bytes(), b"\r\n", body.as_ref()].concat()));
}

fn endless(it: &Scene<'_>, first: &str, then: &str) {
    // Many at a time: a cap is to be met, and not the deadline.
    it.answers(Answer::RawWithoutEnd(first.into(), then.repeat(16_384 / then.len().max(1)).into()));
}

fn heads() -> Vec<Row> {
    vec![
        fault("header lines without end", NotReady, BROKEN, &["message head is too large"], |it| {
            endless(it, OK, "X-More: and more of it\r\n")
        })
        .impatient(PATIENT),
        fault("a header line without end", NotReady, BROKEN, &["message head is too large"], |it| {
            endless(it, &format!("{OK}X-More: "), "and more of it")
        })
        .impatient(PATIENT),
        fault("a status line without end", NotReady, BROKEN, &["message head is too large"], |it| endless(it, "HTTP/1.1 200 ", "OK "))
            .impatient(PATIENT),
        fault("interim answers without end", Inconclusive, UNKNOWN, &["timed out"], |it| {
            endless(it, "", "HTTP/1.1 103 Early Hints\r\n\r\n")
        }),
        fault("a head that stops in the middle", Inconclusive, UNKNOWN, &["timed out"], |it| {
            it.answers(Answer::RawWithoutEnd(OK.into(), Vec::new()));
        }),
        fault("a redirect to itself", NotReady, &["blocker fetch-redirect mta-sts."], &["senders must not follow"], |it| {
            let own = format!("https://{}:{}/.well-known/mta-sts.txt", it.below("mta-sts"), it.lab.https_port());
            it.answers(Answer::Page(Page::redirect(301, &own)));
        }),
        fault("a status that is no number", NotReady, BROKEN, &["invalid HTTP status-code"], |it| {
            serves(it, "HTTP/1.1 OK\r\nContent-Length: 0\r\n", "");
        }),
    ]
}

fn lengths() -> Vec<Row> {
    vec![
        fault("a length that promises more", NotReady, BROKEN, &["the body broke off after"], |it| {
            serves(it, &format!("{OK}Content-Length: 5000\r\n"), &it.domain.policy);
        }),
        // What is within the length is the policy: the last line is cut in the middle.
        fault(
            "a length that promises less",
            Ready,
            &["warning policy-max-age-short mta-sts."],
            &["max_age 1209 is less than a day"],
            |it| {
                let short = it.domain.policy.len() - 5;
                serves(it, &format!("{OK}Content-Length: {short}\r\n"), &it.domain.policy);
            },
        ),
        fault("two lengths that differ", NotReady, BROKEN, &["invalid content-length"], |it| {
            serves(it, &format!("{OK}Content-Length: 5\r\nContent-Length: {}\r\n", it.domain.policy.len()), &it.domain.policy);
        }),
        // The library that reads it says so.
        fault("a length that no file has", NotReady, BROKEN, &["message head is too large"], |it| {
            serves(it, &format!("{OK}Content-Length: 18446744073709551615\r\n"), &it.domain.policy);
        }),
        fault("a length below zero", NotReady, BROKEN, &["invalid content-length"], |it| {
            serves(it, &format!("{OK}Content-Length: -1\r\n"), &it.domain.policy);
        }),
        fault("no length, and an end in order", Ready, &[], &[], |it| serves(it, OK, &it.domain.policy)),
        // An attacker could end it so wherever he likes.
        fault("no length, and no word at the end", NotReady, BROKEN, &["without sending TLS close_notify"], |it| {
            it.answers(Answer::RawAndGone(format!("{OK}\r\n{}", it.domain.policy).into()));
        }),
        fault("a length that is right, and no word at the end", Ready, &[], &[], |it| {
            let length = it.domain.policy.len();
            it.answers(Answer::RawAndGone(format!("{OK}Content-Length: {length}\r\n\r\n{}", it.domain.policy).into()));
        }),
    ]
}

fn chunks() -> Vec<Row> {
    fn chunked(it: &Scene<'_>, body: &str) {
        serves(it, &format!("{OK}Transfer-Encoding: chunked\r\n"), body);
    }
    vec![
        fault("chunks in order", Ready, &[], &[], |it| {
            chunked(it, &format!("{:x}\r\n{}\r\n0\r\n\r\n", it.domain.policy.len(), it.domain.policy));
        }),
        fault("a chunk longer than any memory", NotReady, BROKEN, &["the body broke off after 16 bytes"], |it| {
            chunked(it, "ffffffffffffffff\r\nversion: STSv1\r\n")
        }),
        fault("a chunk whose length overflows", NotReady, BROKEN, &["invalid chunk size: overflow"], |it| {
            chunked(it, "1ffffffffffffffff\r\nversion: STSv1\r\n")
        }),
        fault("chunks without the last one", NotReady, BROKEN, &["the body broke off after"], |it| {
            chunked(it, &format!("{:x}\r\n{}\r\n", it.domain.policy.len(), it.domain.policy));
        }),
        fault("a chunk's extension without end", NotReady, BROKEN, &["chunk"], |it| {
            endless(it, &format!("{OK}Transfer-Encoding: chunked\r\n\r\n5;"), "more=of;it=and;");
        })
        .impatient(PATIENT),
        fault("trailers without end", NotReady, BROKEN, &["chunk trailers count overflow"], |it| {
            endless(it, &format!("{OK}Transfer-Encoding: chunked\r\n\r\n0\r\n"), "X-More: and more of it\r\n");
        })
        .impatient(PATIENT),
        fault("chunks of a byte without end", NotReady, &["blocker fetch-too-large mta-sts."], &["longer than 65536 bytes"], |it| {
            endless(it, &format!("{OK}Transfer-Encoding: chunked\r\n\r\n"), "1\r\nx\r\n");
        })
        .impatient(PATIENT),
        fault("chunks and a length", NotReady, &["blocker policy-empty mta-sts."], &["the policy is empty"], |it| {
            serves(it, &format!("{OK}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), "0\r\n\r\n");
        }),
    ]
}

fn bodies() -> Vec<Row> {
    vec![
        fault("a policy a byte a second", Inconclusive, UNKNOWN, &["operation timed out"], |it| {
            it.answers(Answer::Dribble(Duration::from_secs(1), it.page()));
        }),
        fault(
            "a policy that is not UTF-8",
            NotReady,
            &["blocker policy-syntax mta-sts.", "blocker policy-max-age-missing", "blocker policy-mx-missing"],
            &["bytes that are not UTF-8"],
            |it| {
                it.domain
                    .policy_host
                    .set(Https::serving(Page::new(b"version: STSv1\r\nmode: \xff\xfe\r\n".to_vec()).content_type("text/plain")));
            },
        ),
        fault("a policy behind a byte order mark", NotReady, &["blocker policy-bom mta-sts."], &["begins with a byte order mark"], |it| {
            let marked = format!("\u{feff}{}", it.domain.policy);
            it.domain.policy_host.set(Https::policy(&marked));
        }),
        fault("a policy in UTF-16", NotReady, &["blocker policy-not-a-policy mta-sts."], &["another text"], |it| {
            let wide: Vec<u8> = it.domain.policy.encode_utf16().flat_map(u16::to_le_bytes).collect();
            it.domain.policy_host.set(Https::serving(Page::new([&[0xff, 0xfe], wide.as_slice()].concat()).content_type("text/plain")));
        }),
    ]
}

/// HTTP/2: a frame is its length, its kind, its flags and its stream.
fn frames() -> Vec<Row> {
    const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
    fn answers(it: &Scene<'_>, answer: Answer) {
        it.domain.policy_host.set(Https { tls: Tls::SpeaksH2, ..Https::answering(answer) });
    }
    fn says(it: &Scene<'_>, frames: &[&[u8]]) {
        answers(it, Answer::Raw([SETTINGS, &frames.concat()].concat()));
    }
    fn endless(it: &Scene<'_>, first: &[u8], then: &[u8]) {
        answers(it, Answer::RawWithoutEnd([SETTINGS, first].concat(), then.repeat(64)));
    }
    vec![
        fault("HTTP/2 that goes away", NotReady, BROKEN, &["connection error received"], |it| {
            says(it, &[&[0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11]])
        }),
        fault("HTTP/2 that resets the stream", NotReady, BROKEN, &["stream error received"], |it| {
            says(it, &[&[0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 2]])
        }),
        fault("HTTP/2 that closes behind its settings", NotReady, BROKEN, &["stream closed"], |it| says(it, &[])),
        fault("HTTP/2 that is none", NotReady, BROKEN, &["gives no whole answer"], |it| {
            answers(it, Answer::NotHttp(b"HTTP/1.1 200 OK\r\n\r\n"))
        }),
        fault("HTTP/2 headers without end", NotReady, BROKEN, &["gives no whole answer"], |it| {
            // HEADERS that do not end, and CONTINUATION of a literal header each.
            endless(it, &[0, 0, 1, 1, 0, 0, 0, 0, 1, 0x88], &[0, 0, 5, 9, 0, 0, 0, 0, 1, 0x40, 1, b'x', 1, b'y']);
        })
        .impatient(PATIENT),
        fault("HTTP/2 settings without end", Inconclusive, UNKNOWN, &["timed out"], |it| endless(it, &[], SETTINGS)),
        fault("HTTP/2 pings without end", Inconclusive, UNKNOWN, &["timed out"], |it| {
            endless(it, &[], &[0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8])
        }),
        fault(
            "HTTP/2 data without end",
            NotReady,
            &["blocker fetch-too-large mta-sts.", "blocker fetch-content-type mta-sts."],
            &["longer than 65536 bytes"],
            |it| {
                endless(it, &[0, 0, 1, 1, 4, 0, 0, 0, 1, 0x88], &[0, 0, 4, 0, 0, 0, 0, 0, 1, b'm', b'x', b':', b'\n']);
            },
        )
        .impatient(PATIENT),
    ]
}

#[test]
fn heads_of_answers() {
    hold(&heads());
}

#[test]
fn lengths_of_answers() {
    hold(&lengths());
}

#[test]
fn chunks_of_answers() {
    hold(&chunks());
}

#[test]
fn bodies_of_answers() {
    hold(&bodies());
}

#[test]
fn frames_of_answers() {
    hold(&frames());
}

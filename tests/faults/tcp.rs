//! MX hosts whose connection stalls, dribbles or babbles. Silence at each step before TLS is staged in `tests/check/starttls.rs`, and a
//! break at each byte in [`super::offsets`].

use std::time::Duration;

use super::fault;
use crate::check::Scene;
use crate::check::row::Answer::{Inconclusive, NotReady, Ready};
use crate::check::row::{Row, hold};
use crate::lab::{Cut, End, Offset};

static LONG_LINE: [u8; 1 << 20] = [b'x'; 1 << 20];
const BUSY: &[&str] = &["unknown starttls-busy mx1."];
const HANDSHAKE: &[&str] = &["unknown starttls-handshake mx1."];

pub(super) fn rows() -> Vec<Row> {
    [stalls(), dribbles(), babbles()].into_iter().flatten().collect()
}

fn cut(it: &Scene<'_>, after: Offset, end: End) {
    it.mx(1).cut(Cut { after, end });
}

/// In TLS 1.3 the lab's server says: hello, change of cipher, the rest of its flight; then an SMTP reply a record.
fn stalls() -> Vec<Row> {
    vec![
        fault(
            "silent in the middle of its greeting",
            Inconclusive,
            &["unknown starttls-unreachable mx1."],
            &["sends no greeting in time"],
            |it| cut(it, Offset::Bytes(7), End::Stall),
        ),
        fault("silent in the middle of its hello", Inconclusive, HANDSHAKE, &["does not end in time"], |it| {
            cut(it, Offset::Records(0), End::Stall)
        }),
        fault("silent behind its hello", Inconclusive, HANDSHAKE, &["does not end in time"], |it| cut(it, Offset::Records(1), End::Stall)),
        fault("silent before its certificate", Inconclusive, HANDSHAKE, &["does not end in time"], |it| {
            cut(it, Offset::Records(2), End::Stall)
        }),
        fault("silent at EHLO inside TLS", Inconclusive, &["unknown starttls-after mx1."], &["does not answer EHLO inside TLS"], |it| {
            cut(it, Offset::Records(3), End::Stall);
        }),
        fault("silent at QUIT", Ready, &[], &[], |it| cut(it, Offset::Records(4), End::Stall)),
        fault("closed at QUIT", Ready, &[], &[], |it| cut(it, Offset::Records(4), End::Close)),
        fault("reset at QUIT", Ready, &[], &[], |it| cut(it, Offset::Records(4), End::Reset)),
    ]
}

fn dribbles() -> Vec<Row> {
    const SLOW: End = End::Drip(Duration::from_millis(300));
    vec![
        fault(
            "a greeting in drops that never ends",
            Inconclusive,
            &["unknown starttls-unreachable mx1."],
            &["sends no greeting in time"],
            |it| cut(it, Offset::Bytes(0), SLOW),
        ),
        fault("a handshake in drops", Inconclusive, HANDSHAKE, &["does not end in time"], |it| cut(it, Offset::Records(0), SLOW)),
        fault(
            "an EHLO reply in drops inside TLS",
            Inconclusive,
            &["unknown starttls-after mx1."],
            &["does not answer EHLO inside TLS"],
            |it| cut(it, Offset::Records(3), SLOW),
        ),
        fault("a QUIT reply in drops", Ready, &[], &[], |it| cut(it, Offset::Records(4), SLOW)),
    ]
}

fn babbles() -> Vec<Row> {
    vec![
        fault(
            "a greeting of a mebibyte",
            Inconclusive,
            &["unknown starttls-not-smtp mx1."],
            &["a reply line of more than 4096 bytes"],
            |it| {
                cut(it, Offset::Bytes(4), End::Say(&LONG_LINE));
            },
        ),
        fault(
            "lines without end behind the greeting's first letters",
            Inconclusive,
            &["unknown starttls-not-smtp mx1."],
            &["does not speak SMTP"],
            |it| {
                cut(it, Offset::Bytes(4), End::Repeat(b"more\r\n220-and more\r\n220-"));
            },
        ),
        fault(
            "the end of the line never comes",
            Inconclusive,
            &["unknown starttls-not-smtp mx1."],
            &["a reply line of more than 4096 bytes"],
            |it| {
                cut(it, Offset::Bytes(4), End::Repeat(&[0; 512]));
            },
        ),
        fault("words without end in place of its hello", NotReady, &["blocker starttls-handshake mx1."], &["InvalidContentType"], |it| {
            cut(it, Offset::Records(0), End::Repeat(b"250 still in clear\r\n"));
        }),
        fault("closed while it still listens", Inconclusive, BUSY, &["closes the connection before its greeting"], |it| {
            cut(it, Offset::Bytes(0), End::Close)
        }),
    ]
}

#[test]
fn mx_hosts_that_fall_silent() {
    hold(&stalls());
}

#[test]
fn mx_hosts_that_dribble() {
    hold(&dribbles());
}

#[test]
fn mx_hosts_that_babble() {
    hold(&babbles());
}

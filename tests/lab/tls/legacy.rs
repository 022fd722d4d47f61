//! Hand-made TLS servers that no current library can be: TLS 1.0, TLS 1.2 with static RSA alone, TLS 1.2 over P-521 alone.
//!
//! They go as far as `ServerHelloDone`, in the clear, which is all that a prober needs to see version, suite and chain.

use std::io;

use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::hello::Hello;
use super::identity::Identity;

const TLS_1_0: u16 = 0x0301;
const TLS_1_1: u16 = 0x0302;
const TLS_1_2: u16 = 0x0303;
const RSA_AES_128_CBC_SHA: u16 = 0x002f;
const RSA_AES_128_GCM_SHA256: u16 = 0x009c;
const ECDHE_ECDSA_AES_128_GCM_SHA256: u16 = 0xc02b;
const ECDHE_RSA_AES_128_GCM_SHA256: u16 = 0xc02f;
const SECP521R1: u16 = 0x0019;

const HANDSHAKE_FAILURE: u8 = 40;
const PROTOCOL_VERSION: u8 = 70;
const INTERNAL_ERROR: u8 = 80;

const LONGEST_FRAGMENT: usize = 16_384;

/// A fatal alert record.
pub(super) fn alert(code: u8) -> [u8; 7] {
    [21, 3, 3, 0, 2, 2, code]
}

/// TLS 1.0, and the one suite that every implementation of it has.
pub(super) async fn tls10(hello: &Hello, identity: &Identity, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    if !hello.accepts(TLS_1_0) && !hello.accepts(TLS_1_1) {
        return to.write_all(&alert(PROTOCOL_VERSION)).await;
    }
    answer(hello, TLS_1_0, &[RSA_AES_128_CBC_SHA], &[], identity, to).await
}

/// TLS 1.2 without forward secrecy.
pub(super) async fn narrow(hello: &Hello, identity: &Identity, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    if !hello.accepts(TLS_1_2) {
        return to.write_all(&alert(PROTOCOL_VERSION)).await;
    }
    answer(hello, TLS_1_2, &[RSA_AES_128_GCM_SHA256, RSA_AES_128_CBC_SHA], &[], identity, to).await
}

/// TLS 1.2 with a modern suite, over P-521 and no other curve.
pub(super) async fn only_p521(hello: &Hello, identity: &Identity, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    if !hello.accepts(TLS_1_2) || !hello.groups.contains(&SECP521R1) {
        return to.write_all(&alert(HANDSHAKE_FAILURE)).await;
    }
    // A named curve, a point of 133 bytes, a signature that nobody checks.
    let mut exchange = vec![3];
    exchange.extend(SECP521R1.to_be_bytes());
    exchange.push(133);
    exchange.extend([4; 133]);
    exchange.extend([4, 3, 0, 8, 9, 9, 9, 9, 9, 9, 9, 9]);
    let exchange = handshake(12, &exchange);
    answer(hello, TLS_1_2, &[ECDHE_ECDSA_AES_128_GCM_SHA256, ECDHE_RSA_AES_128_GCM_SHA256], &exchange, identity, to).await
}

/// TLS 1.2 with a modern suite; where the signature, or without an identity the certificate, is due it breaks off.
pub(super) async fn unsigned(hello: &Hello, identity: Option<&Identity>, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    let suites = &[ECDHE_ECDSA_AES_128_GCM_SHA256, ECDHE_RSA_AES_128_GCM_SHA256];
    let Some(suite) = suites.iter().find(|suite| hello.suites.contains(suite)) else {
        return to.write_all(&alert(HANDSHAKE_FAILURE)).await;
    };
    let certificate = identity.map_or_else(Vec::new, |identity| handshake(11, &certificate(identity)));
    send(TLS_1_2, &[handshake(2, &server_hello(TLS_1_2, *suite)), certificate].concat(), to).await?;
    to.write_all(&alert(INTERNAL_ERROR)).await
}

/// A whole flight of a version that nobody offered.
pub(super) async fn of_version(version: u16, identity: &Identity, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    let mut flight = handshake(2, &server_hello(version, ECDHE_ECDSA_AES_128_GCM_SHA256));
    flight.extend(handshake(11, &certificate(identity)));
    flight.extend(handshake(14, &[]));
    send(TLS_1_2, &flight, to).await
}

/// TLS 1.2 with one certificate of ten megabytes.
pub(super) async fn huge(hello: &Hello, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    const SIZE: usize = 10_000_000;
    let suites = &[ECDHE_ECDSA_AES_128_GCM_SHA256, ECDHE_RSA_AES_128_GCM_SHA256];
    let Some(suite) = suites.iter().find(|suite| hello.suites.contains(suite)) else {
        return to.write_all(&alert(HANDSHAKE_FAILURE)).await;
    };
    let mut flight = handshake(2, &server_hello(TLS_1_2, *suite));
    flight.extend(handshake(11, &length24(&length24(&vec![0x30; SIZE]))));
    flight.extend(handshake(14, &[]));
    send(TLS_1_2, &flight, to).await
}

async fn answer(
    hello: &Hello,
    version: u16,
    suites: &[u16],
    exchange: &[u8],
    identity: &Identity,
    to: &mut (impl AsyncWrite + Unpin),
) -> io::Result<()> {
    let Some(suite) = suites.iter().find(|suite| hello.suites.contains(suite)) else {
        return to.write_all(&alert(HANDSHAKE_FAILURE)).await;
    };
    let mut flight = handshake(2, &server_hello(version, *suite));
    flight.extend(handshake(11, &certificate(identity)));
    flight.extend(exchange);
    flight.extend(handshake(14, &[]));
    send(version, &flight, to).await
}

/// A flight in records.
async fn send(version: u16, flight: &[u8], to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    let mut records = Vec::new();
    for fragment in flight.chunks(LONGEST_FRAGMENT) {
        let length = u16::try_from(fragment.len()).expect("a fragment is at most 16 KiB");
        records.push(22);
        records.extend(version.to_be_bytes());
        records.extend(length.to_be_bytes());
        records.extend(fragment);
    }
    to.write_all(&records).await
}

fn server_hello(version: u16, suite: u16) -> Vec<u8> {
    let mut body = version.to_be_bytes().to_vec();
    // Nobody computes with this random: the handshake ends at ServerHelloDone.
    body.extend([0x5a; 32]);
    body.push(0);
    body.extend(suite.to_be_bytes());
    body.push(0);
    body
}

fn certificate(identity: &Identity) -> Vec<u8> {
    let chain = identity.first().map_or(&[][..], |chain| &chain.cert);
    let list: Vec<u8> = chain.iter().flat_map(|certificate| length24(certificate)).collect();
    length24(&list)
}

fn handshake(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut message = vec![kind];
    message.extend(length24(body));
    message
}

fn length24(bytes: &[u8]) -> Vec<u8> {
    let [_, length @ ..] = u32::try_from(bytes.len()).expect("a handshake is short").to_be_bytes();
    let mut framed = length.to_vec();
    framed.extend(bytes);
    framed
}

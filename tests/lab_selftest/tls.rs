//! Handshakes, identities and the hand-made servers of old TLS.

use rustls::ProtocolVersion;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::client::{rest, say, secure, secure_with, up_to_starttls};
use crate::lab::{Identity, Key, Lab, Leaf, Smtp, SmtpHost, Tls, Validity, WithoutSni};

const NAME: &str = "mx.alpha.test";

fn start(lab: &Lab, tls: Tls) -> SmtpHost {
    lab.smtp_host(Smtp { tls, ..Smtp::default() }, lab.chain(NAME))
}

/// A hello of TLS 1.2 without extensions that offers these suites.
fn hello(suites: &[u16]) -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.push(0);
    body.extend(u16::try_from(suites.len() * 2).unwrap().to_be_bytes());
    body.extend(suites.iter().flat_map(|suite| suite.to_be_bytes()));
    body.extend([1, 0]);
    let length = u16::try_from(body.len()).unwrap();
    let mut record = vec![22, 3, 1];
    record.extend((length + 4).to_be_bytes());
    record.extend([1, 0]);
    record.extend(length.to_be_bytes());
    record.extend(body);
    record
}

#[tokio::test]
async fn versions_are_what_is_asked_for() {
    let lab = Lab::start().await.unwrap();
    for (tls, version) in [
        (Tls::Modern, ProtocolVersion::TLSv1_3),
        (Tls::Only12, ProtocolVersion::TLSv1_2),
        (Tls::Only13, ProtocolVersion::TLSv1_3),
        (Tls::AsksForClientCertificate, ProtocolVersion::TLSv1_3),
    ] {
        let stream = up_to_starttls(&start(&lab, tls)).await;
        let mut stream = secure(&lab, stream, NAME).await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(version));
        assert!(say(&mut stream, "EHLO probe.test").await.starts_with("250"));
    }
}

#[tokio::test]
async fn handshakes_fail_in_their_ways() {
    let lab = Lab::start().await.unwrap();
    for (tls, said) in [
        (Tls::Alert(40), "HandshakeFailure"),
        (Tls::Close, "eof"),
        (Tls::Reset, "reset"),
        (Tls::Plaintext(b"500 5.5.1 what?\r\n"), "corrupt"),
        (Tls::Legacy10, "ProtocolVersion"),
        (Tls::NarrowSuites, "HandshakeFailure"),
        (Tls::OnlyP521, "HandshakeFailure"),
    ] {
        let stream = up_to_starttls(&start(&lab, tls)).await;
        let error = secure(&lab, stream, NAME).await.unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[tokio::test]
async fn a_demanded_client_certificate_surfaces_after_the_handshake() {
    let lab = Lab::start().await.unwrap();
    let stream = up_to_starttls(&start(&lab, Tls::DemandsClientCertificate)).await;
    let mut stream = secure(&lab, stream, NAME).await.unwrap();
    // The write may find the connection open or closed; the read fails in either case.
    let _ = stream.write_all(b"EHLO probe.test\r\n").await;
    assert!(rest(stream).await.1.is_some());
}

#[tokio::test]
async fn old_servers_show_their_chain_in_the_clear() {
    let lab = Lab::start().await.unwrap();
    for (tls, version, suite) in [(Tls::Legacy10, 1, 0x002f_u16), (Tls::NarrowSuites, 3, 0x009c)] {
        let host = lab.smtp_host(Smtp { tls, ..Smtp::default() }, lab.chain(NAME));
        let mut stream = up_to_starttls(&host).await;
        stream.write_all(&hello(&[0xc02f, suite])).await.unwrap();
        stream.shutdown().await.unwrap();
        let flight = rest(stream).await.0;
        assert_eq!(flight[..3], [22, 3, version]);
        assert_eq!(flight[9..11], [3, version], "the version of the ServerHello");
        let leaf = lab.ca().intermediate().der();
        assert!(flight.windows(leaf.len()).any(|window| window == leaf.as_ref()));
        assert!(flight.ends_with(&[14, 0, 0, 0]));
        let mut stream = up_to_starttls(&host).await;
        stream.write_all(&hello(&[0xc02f])).await.unwrap();
        stream.shutdown().await.unwrap();
        assert_eq!(rest(stream).await.0, [21, 3, 3, 0, 2, 2, 40]);
    }
}

#[tokio::test]
async fn certificates_are_as_bad_as_asked_for() {
    let lab = Lab::start().await.unwrap();
    let host = start(&lab, Tls::Modern);
    let (leaf, good) = (Leaf::for_host(NAME), lab.chain(NAME));
    let expired = lab.ca().root().sub("Expired Intermediate", |change| {
        change.validity = Some(Validity::days(-100, -1));
    });
    let rsa = lab.ca().root().sub("RSA Intermediate", |change| change.key = Key::Rsa2048);
    let constrained = lab.ca().root().sub("Constrained", |change| {
        change.permitted = vec!["beta.test".into()];
    });
    let issue = |leaf: Leaf| lab.ca().issue(&leaf);
    for (chain, said) in [
        (good.clone(), ""),
        (good.clone().with_root(), ""),
        (good.clone().shuffled(), ""),
        (issue(leaf.clone().key(Key::Rsa2048)), ""),
        (issue(leaf.clone().key(Key::Ed25519)), ""),
        (issue(leaf.clone().key(Key::P384).must_staple().aia("http://ca.test/ca.der")), ""),
        (issue(Leaf::for_host("*.alpha.test")), ""),
        (good.clone().without_intermediates(), "UnknownIssuer"),
        (good.leaf_last(), "CaUsedAsEndEntity"),
        (leaf.self_signed(), "UnknownIssuer"),
        (leaf.clone().ca_true().self_signed(), "CaUsedAsEndEntity"),
        (issue(leaf.clone().signed_by(lab.ca().unknown_root())), "UnknownIssuer"),
        (issue(leaf.clone().expires_in(-1)), "expired"),
        (issue(leaf.clone().signed_by(&expired)), "expired"),
        (issue(leaf.clone().valid(Validity::days(1, 9))), "not valid yet"),
        (issue(leaf.clone().without_san().common_name(NAME)), "not valid for name"),
        (issue(leaf.clone().signed_by(&rsa).sha1()), "nsupported"),
        (issue(leaf.clone().signed_by(&constrained)), "NameConstraintViolation"),
    ] {
        host.set_identity(chain);
        let stream = up_to_starttls(&host).await;
        let error = secure(&lab, stream, NAME).await.err().map(|error| error.to_string()).unwrap_or_default();
        assert_eq!(error.is_empty(), said.is_empty(), "{said}: {error}");
        assert!(error.contains(said), "{said}: {error}");
    }
}

#[tokio::test]
async fn what_is_presented_depends_on_key_types_and_names() {
    let lab = Lab::start().await.unwrap();
    let (main, other) = (lab.chain(NAME), lab.chain("other.test"));
    let identity = Identity::from(&main).without_sni(WithoutSni::Other(Box::new(other.clone())));
    let host = lab.smtp_host(Smtp::default(), identity.for_name("other.test", &other));
    let leaf = async |name: &str, sni: bool| {
        let stream = up_to_starttls(&host).await;
        let stream: tokio_rustls::client::TlsStream<TcpStream> = secure_with(&lab, stream, name, rustls::ALL_VERSIONS, sni).await.ok()?;
        Some(stream.get_ref().1.peer_certificates()?[0].clone())
    };
    assert_eq!(leaf(NAME, true).await.as_ref(), Some(main.leaf()));
    assert_eq!(leaf("other.test", true).await.as_ref(), Some(other.leaf()));
    assert_eq!(leaf("other.test", false).await.as_ref(), Some(other.leaf()));
    host.set_identity(Identity::from(main).without_sni(WithoutSni::Abort));
    assert_eq!(leaf(NAME, false).await, None);
}

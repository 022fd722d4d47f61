//! The hand-written ClientHello (RFC 5246 §7.4.1.2): at most TLS 1.2, no `supported_versions`, and what an [`Offer`] has.

use super::group;
use super::offer::Offer;

/// Renegotiation is known about, without an extension that very old servers stumble over (RFC 5746 §3.3).
const EMPTY_RENEGOTIATION_INFO: u16 = 0x00FF;

/// The whole record, ready to be sent. `server_name` goes into SNI (RFC 6066 §3); `random` is from the caller.
pub fn client_hello(server_name: &str, random: &[u8; 32], offer: &Offer) -> Vec<u8> {
    let mut extensions = Vec::new();
    extension(&mut extensions, 0, |body| {
        prefixed::<2>(body, |list| {
            list.push(0);
            prefixed::<2>(list, |name| name.extend_from_slice(server_name.as_bytes()));
        });
    });
    extension(&mut extensions, 10, |body| prefixed::<2>(body, |list| numbers(list, group::OFFERED)));
    extension(&mut extensions, 11, |body| prefixed::<1>(body, |list| list.push(0)));
    extension(&mut extensions, 13, |body| prefixed::<2>(body, |list| numbers(list, &offer.signatures)));
    extension(&mut extensions, 23, |_| ());

    let mut message = hello_with(&extensions, random, offer);
    // Some load balancers hang on a hello of 256 to 511 bytes; padding is the known way out (RFC 7685).
    if (256..512).contains(&message.len()) {
        let zeros = 512_usize.saturating_sub(message.len() + 4).max(1);
        extension(&mut extensions, 21, |body| body.resize(zeros, 0));
        message = hello_with(&extensions, random, offer);
    }
    // Record version TLS 1.0: servers of every age accept it around a ClientHello (RFC 5246 appendix E.1).
    let mut record = vec![22, 3, 1];
    prefixed::<2>(&mut record, |body| body.extend_from_slice(&message));
    record
}

fn hello_with(extensions: &[u8], random: &[u8; 32], offer: &Offer) -> Vec<u8> {
    let mut message = vec![1];
    prefixed::<3>(&mut message, |body| {
        body.extend_from_slice(&[3, 3]);
        body.extend_from_slice(random);
        body.push(0); // no session to resume
        prefixed::<2>(body, |list| {
            numbers(list, &offer.suites);
            numbers(list, &[EMPTY_RENEGOTIATION_INFO]);
        });
        body.extend_from_slice(&[1, 0]); // no compression
        prefixed::<2>(body, |list| list.extend_from_slice(extensions));
    });
    message
}

fn extension(out: &mut Vec<u8>, kind: u16, write: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(&kind.to_be_bytes());
    prefixed::<2>(out, write);
}

fn numbers(out: &mut Vec<u8>, numbers: &[u16]) {
    out.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
}

/// Writes what `write` writes behind its length in `WIDTH` bytes.
fn prefixed<const WIDTH: usize>(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let mut body = Vec::new();
    write(&mut body);
    let length = body.len().to_be_bytes();
    // The last WIDTH bytes of a big-endian number; everything written here is shorter than 2^16.
    out.extend(length.iter().skip(length.len() - WIDTH));
    out.append(&mut body);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tls_library_reads_the_hello() {
        for name in ["mx1.example.com".to_owned(), format!("{0}.{0}.{0}.example.com", "a".repeat(60))] {
            let hello = client_hello(&name, &[7; 32], &Offer::wide());
            let mut acceptor = rustls::server::Acceptor::default();
            acceptor.read_tls(&mut hello.as_slice()).unwrap();
            let accepted = acceptor.accept().map_err(|(error, _)| error).unwrap().expect("the hello is whole");
            assert_eq!(accepted.client_hello().server_name(), Some(name.as_str()));
            assert!(accepted.client_hello().cipher_suites().contains(&rustls::CipherSuite::TLS_RSA_WITH_3DES_EDE_CBC_SHA));
        }
    }

    #[test]
    fn lengths_that_hang_load_balancers_are_avoided() {
        for length in 1..200 {
            for offer in [Offer::wide(), Offer::without_key("rsa"), Offer::without_key("ecdsa")] {
                let message = client_hello(&"a".repeat(length), &[0; 32], &offer).len() - 5;
                assert!(!(256..512).contains(&message), "{length}: {message}");
            }
        }
    }

    #[test]
    fn a_narrow_hello_offers_the_other_key_types_only() {
        let hello = client_hello("mx1.example.com", &[7; 32], &Offer::without_key("rsa"));
        let mut acceptor = rustls::server::Acceptor::default();
        acceptor.read_tls(&mut hello.as_slice()).unwrap();
        let accepted = acceptor.accept().map_err(|(error, _)| error).unwrap().expect("the hello is whole");
        let schemes = accepted.client_hello().signature_schemes().to_vec();
        assert!(schemes.contains(&rustls::SignatureScheme::ECDSA_NISTP256_SHA256));
        assert!(!schemes.contains(&rustls::SignatureScheme::RSA_PSS_SHA256));
        assert!(!accepted.client_hello().cipher_suites().contains(&rustls::CipherSuite::TLS_RSA_WITH_3DES_EDE_CBC_SHA));
    }
}

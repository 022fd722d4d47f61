//! The first flight of a TLS server, up to the certificates: the same in pieces as at once, and no more than what came.

use stsready::wire::hello::{
    FLIGHT_CAP, Flight, FlightError, FlightReader, Offer, alert_name, client_hello, group_name, is_modern, suite_name, version_name,
};

pub fn any(bytes: &[u8]) {
    if bytes.len() <= FLIGHT_CAP {
        let whole = read(bytes, bytes.len());
        for size in [1, 7] {
            assert_eq!(read(bytes, size), whole, "in pieces of {size}");
        }
        named(&whole, bytes.len());
    }
    greeting(&String::from_utf8_lossy(&bytes[..bytes.len().min(1000)]));
}

/// The flight; what is shown of no TLS is as long as what had come.
fn read(bytes: &[u8], size: usize) -> Result<Option<Flight>, FlightError> {
    let mut reader = FlightReader::new();
    for piece in bytes.chunks(size.max(1)) {
        match reader.feed(piece) {
            Ok(None) => {}
            Err(FlightError::NotTls(_)) => return Err(FlightError::NotTls(String::new())),
            ended => return ended,
        }
    }
    assert_eq!(reader.has_chain(), reader.served_so_far().is_some());
    Ok(None)
}

fn named(flight: &Result<Option<Flight>, FlightError>, length: usize) {
    match flight {
        Ok(Some(Flight::Served(served))) => {
            assert!(!served.chain.is_empty() && served.chain.iter().map(Vec::len).sum::<usize>() < length);
            let _ = (version_name(served.version), is_modern(&suite_name(served.suite)), served.group.map(group_name));
        }
        Ok(Some(Flight::Alert(code))) => assert!(!alert_name(*code).is_empty()),
        Ok(None) | Err(_) => {}
    }
}

/// What is sent is one record, as long as it says, whatever the name.
fn greeting(name: &str) {
    let hello = client_hello(name, &[7; 32], &Offer::wide());
    assert_eq!(usize::from(u16::from_be_bytes([hello[3], hello[4]])), hello.len() - 5);
}

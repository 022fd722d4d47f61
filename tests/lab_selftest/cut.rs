//! Connections that break where they are told to.

use std::io::Read as _;
use std::net::TcpStream;
use std::time::Duration;

use crate::lab::{Cut, End, Lab, Offset, Smtp};

/// What came, and how it ended: `Ok(0)` in order, else the kind of the error.
fn heard(host: &crate::lab::SmtpHost) -> (Vec<u8>, Result<usize, std::io::ErrorKind>) {
    let mut stream = TcpStream::connect(host.socket()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let (mut all, mut piece) = (Vec::new(), [0; 64]);
    loop {
        match stream.read(&mut piece) {
            Ok(1..) if all.len() > 4_096 => return (all, Ok(1)),
            Ok(count @ 1..) => all.extend(&piece[..count]),
            end => return (all, end.map_err(|error| error.kind())),
        }
    }
}

#[test]
fn a_connection_breaks_at_the_byte_and_in_the_way_it_is_told() {
    use std::io::ErrorKind::{ConnectionReset, WouldBlock};
    let lab = Lab::start_blocking().unwrap();
    let host = lab.smtp_host(Smtp::default(), lab.chain("mx.lab.test"));
    let greeting = b"220 mx.lab.test ESMTP\r\n";
    for after in [0, 1, 7, greeting.len() - 1] {
        for (end, due) in [(End::Reset, Err(ConnectionReset)), (End::Close, Ok(0)), (End::Stall, Err(WouldBlock))] {
            host.cut(Cut { after: Offset::Bytes(after), end });
            assert_eq!(heard(&host), (greeting[..after].to_vec(), due), "{after} {end:?}");
        }
    }
    host.cut(Cut { after: Offset::Bytes(4), end: End::Say(b"other") });
    assert_eq!(heard(&host), (b"220 other".to_vec(), Ok(0)));
    host.cut(Cut { after: Offset::Bytes(4), end: End::Repeat(b"and on ") });
    let (endless, _) = heard(&host);
    assert!(endless.starts_with(b"220 and on and on and on ") && endless.len() > 4_096);
    host.cut(Cut { after: Offset::Bytes(4), end: End::Drip(Duration::from_millis(1)) });
    assert_eq!(heard(&host), (greeting.to_vec(), Err(WouldBlock)), "slow, and whole");
    host.cut(None);
    assert_eq!(heard(&host), (greeting.to_vec(), Err(WouldBlock)));
}

//! The clients: DNS over UDP and TCP, SMTP lines, TLS that takes any certificate or trusts the lab's root, HTTPS.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::{Edns, Message, Query};
use hickory_proto::rr::{Name, RecordType};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::lab::{Lab, SmtpHost};

/// Long enough never to be met unless something is broken.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn query(name: &str, kind: RecordType) -> Message {
    let mut query = Message::query();
    query.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
    query.metadata.recursion_desired = true;
    let mut edns = Edns::new();
    edns.set_max_payload(1232);
    query.set_edns(edns);
    query
}

/// The first datagram that comes back.
pub(super) async fn udp(lab: &Lab, query: &Message) -> Message {
    Message::from_vec(&udp_bytes(lab, query).await).unwrap()
}

pub(super) async fn udp_bytes(lab: &Lab, query: &Message) -> Vec<u8> {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.send_to(&query.to_vec().unwrap(), lab.resolver()).await.unwrap();
    let mut buffer = vec![0; 4096];
    let (length, _) = timeout(PATIENCE, socket.recv_from(&mut buffer)).await.unwrap().unwrap();
    buffer.truncate(length);
    buffer
}

pub(super) async fn tcp(lab: &Lab, query: &Message) -> io::Result<Message> {
    let mut stream = TcpStream::connect(lab.resolver()).await?;
    let bytes = query.to_vec().unwrap();
    stream.write_u16(u16::try_from(bytes.len()).unwrap()).await?;
    stream.write_all(&bytes).await?;
    let mut answer = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut answer).await?;
    Ok(Message::from_vec(&answer).unwrap())
}

/// Everything until the peer closes or resets.
pub(super) async fn rest(mut stream: impl AsyncRead + Unpin) -> (Vec<u8>, Option<io::ErrorKind>) {
    let mut bytes = Vec::new();
    let end = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("the peer ends");
    (bytes, end.err().map(|error| error.kind()))
}

/// One SMTP reply, its lines joined by newlines; empty at the end of the stream.
pub(super) async fn reply(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut text = String::new();
    let read = async {
        while let Ok(byte) = stream.read_u8().await {
            text.push(char::from(byte));
            let last = text.lines().next_back().unwrap_or_default();
            if text.ends_with('\n') && last.as_bytes().get(3) != Some(&b'-') {
                break;
            }
        }
    };
    timeout(PATIENCE, read).await.expect("a reply comes");
    text.replace("\r\n", "\n").trim_end().to_owned()
}

/// Sends a line and reads the reply.
pub(super) async fn say(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), line: &str) -> String {
    stream.write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
    reply(stream).await
}

/// Up to the accepted STARTTLS.
pub(super) async fn up_to_starttls(host: &SmtpHost) -> TcpStream {
    let mut stream = TcpStream::connect(host.socket()).await.unwrap();
    assert!(reply(&mut stream).await.starts_with("220 "));
    assert!(say(&mut stream, "EHLO probe.test").await.contains("250 STARTTLS"));
    assert!(say(&mut stream, "STARTTLS").await.starts_with("220 "));
    stream
}

/// A handshake with a client that trusts the lab's root.
pub(super) async fn secure<S>(lab: &Lab, stream: S, name: &str) -> io::Result<TlsStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    secure_with(lab, stream, name, rustls::ALL_VERSIONS, true).await
}

pub(super) async fn secure_with<S>(
    lab: &Lab,
    stream: S,
    name: &str,
    versions: &[&'static SupportedProtocolVersion],
    sni: bool,
) -> io::Result<TlsStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut roots = RootCertStore::empty();
    roots.add(lab.ca().root().der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.enable_sni = sni;
    let name = ServerName::try_from(name.to_owned()).unwrap();
    timeout(PATIENCE, TlsConnector::from(Arc::new(config)).connect(name, stream)).await.expect("a handshake ends")
}

/// The whole response of a policy host as text.
pub(super) async fn get(lab: &Lab, to: SocketAddr, host: &str, path: &str, agent: &str) -> String {
    let tcp = TcpStream::connect(to).await.unwrap();
    let mut stream = secure(lab, tcp, host).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {agent}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    String::from_utf8_lossy(&rest(stream).await.0).into_owned()
}

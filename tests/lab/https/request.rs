//! Reads the head of a request, with a limit. Bodies are not asked for.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

use super::HttpsRequest;

const LONGEST_HEAD: usize = 16_384;

/// The request; none if the client ends or says something else.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin), sni: Option<String>) -> io::Result<Option<HttpsRequest>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == LONGEST_HEAD {
            return Ok(None);
        }
        // Above TLS a byte at a time costs nothing: the record is there already.
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return Ok(None),
        }
    }
    Ok(parse(&String::from_utf8_lossy(&head), sni))
}

/// Reads HTTP/2 as far as the request's own frame; what it asks for is not looked at.
pub(super) async fn read_http2(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
    const PREFACE: usize = 24;
    const HEADERS: u8 = 1;
    stream.read_exact(&mut [0; PREFACE]).await?;
    loop {
        let [high, middle, low, kind, ..] = {
            let mut head = [0; 9];
            stream.read_exact(&mut head).await?;
            head
        };
        let length = u32::from_be_bytes([0, high, middle, low]);
        let mut payload = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        stream.read_exact(&mut payload).await?;
        if kind == HEADERS {
            return Ok(());
        }
    }
}

fn parse(head: &str, sni: Option<String>) -> Option<HttpsRequest> {
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<(String, String)> =
        lines.filter_map(|line| line.split_once(':')).map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    let header = |wanted: &str| headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
    let (host, user_agent) = (header("host"), header("user-agent"));
    Some(HttpsRequest { sni, method, path, host, user_agent, headers })
}

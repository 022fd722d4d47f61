//! Reads a `ClientHello` from the wire, as far as the hand-made servers need it (RFC 8446 §4.1.2).

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
const SUPPORTED_GROUPS: u16 = 10;
const SUPPORTED_VERSIONS: u16 = 43;
const LONGEST: usize = 65_536;

/// What the client offers.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Hello {
    pub(super) legacy_version: u16,
    pub(super) suites: Vec<u16>,
    /// The groups that keys may be exchanged over.
    pub(super) groups: Vec<u16>,
    /// The extension of that name, if there is one.
    pub(super) supported_versions: Option<Vec<u16>>,
}

impl Hello {
    /// Reads whole records until the `ClientHello` is complete.
    pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Self> {
        let mut message = Vec::new();
        loop {
            let mut header = [0; 5];
            stream.read_exact(&mut header).await?;
            let [kind, _, _, high, low] = header;
            let mut fragment = vec![0; usize::from(u16::from_be_bytes([high, low]))];
            stream.read_exact(&mut fragment).await?;
            message.extend(fragment);
            if kind != HANDSHAKE || message.len() > LONGEST {
                return Err(io::ErrorKind::InvalidData.into());
            }
            let [CLIENT_HELLO, a, b, c, body @ ..] = message.as_slice() else {
                continue;
            };
            let length = u32::from_be_bytes([0, *a, *b, *c]);
            if let Some(body) = usize::try_from(length).ok().and_then(|length| body.get(..length)) {
                return Self::parse(body).ok_or_else(|| io::ErrorKind::InvalidData.into());
            }
        }
    }

    /// Whether the client takes a server that speaks `version`.
    pub(super) fn accepts(&self, version: u16) -> bool {
        match &self.supported_versions {
            Some(versions) => versions.contains(&version),
            None => self.legacy_version >= version,
        }
    }

    fn parse(body: &[u8]) -> Option<Self> {
        let mut body = Reader(body);
        let legacy_version = body.u16()?;
        body.take(32)?;
        let session_id = body.u8()?;
        body.take(session_id.into())?;
        let suites = body.list16()?.u16s();
        let compressions = body.u8()?;
        body.take(compressions.into())?;
        let mut hello = Self { legacy_version, suites, groups: Vec::new(), supported_versions: None };
        // Extensions came with TLS 1.2; a hello may end here.
        let mut extensions = body.list16().unwrap_or(Reader(&[]));
        while let Some(kind) = extensions.u16() {
            let content = extensions.list16()?;
            match kind {
                SUPPORTED_VERSIONS => hello.supported_versions = Some(Reader(content.0.get(1..)?).u16s()),
                SUPPORTED_GROUPS => hello.groups = Reader(content.0.get(2..)?).u16s(),
                _ => {}
            }
        }
        Some(hello)
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        Some(self.take(1)?[0])
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
    }

    fn list16(&mut self) -> Option<Self> {
        let length = self.u16()?;
        self.take(length.into()).map(Reader)
    }

    fn u16s(&self) -> Vec<u16> {
        self.0.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
    }
}

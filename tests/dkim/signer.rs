//! A small DKIM signer, written from RFC 6376 without a look at the verifier under test.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

static RSA: LazyLock<RsaKeyPair> = LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap());
static ED25519: LazyLock<Ed25519KeyPair> = LazyLock::new(|| Ed25519KeyPair::generate().unwrap());

/// Which key signs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum With {
    Rsa,
    Ed25519,
}

impl With {
    /// `p=` of its record.
    pub(super) fn public(self) -> String {
        match self {
            Self::Rsa => {
                let der: PublicKeyX509Der<'_> = RSA.public_key().as_der().unwrap();
                STANDARD.encode(der.as_ref())
            }
            Self::Ed25519 => STANDARD.encode(ED25519.public_key().as_ref()),
        }
    }

    /// Its record.
    pub(super) fn record(self) -> String {
        let kind = if self == Self::Rsa { "rsa" } else { "ed25519" };
        format!("v=DKIM1; k={kind}; p={}", self.public())
    }

    fn sign(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Rsa => {
                let mut signature = vec![0; RSA.public_modulus_len()];
                RSA.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), data, &mut signature).unwrap();
                signature
            }
            Self::Ed25519 => ED25519.sign(digest(&SHA256, data).as_ref()).as_ref().to_vec(),
        }
    }
}

/// The RSA key in the form of RFC 8017, without the algorithm around it.
pub(super) fn bare_rsa_key() -> String {
    STANDARD.encode(RSA.public_key().as_ref())
}

/// How a mail is to be signed.
#[derive(Clone, Debug)]
pub(super) struct Signer {
    with: With,
    domain: String,
    canon: (&'static str, &'static str),
    signed: String,
    tags: String,
    algorithm: Option<&'static str>,
}

impl Signer {
    /// By `domain`, selector `key`, both forms relaxed, over From, Subject and the report's fields.
    pub(super) fn new(domain: &str) -> Self {
        Self {
            with: With::Rsa,
            domain: domain.to_owned(),
            canon: ("relaxed", "relaxed"),
            signed: "from:subject:tls-report-submitter:tls-report-domain".to_owned(),
            tags: String::new(),
            algorithm: None,
        }
    }

    pub(super) fn with(self, with: With) -> Self {
        Self { with, ..self }
    }

    pub(super) fn canon(self, header: &'static str, body: &'static str) -> Self {
        Self { canon: (header, body), ..self }
    }

    /// Another `h=`.
    pub(super) fn over(self, signed: &str) -> Self {
        Self { signed: signed.to_owned(), ..self }
    }

    /// More tags, such as `x=1; `.
    pub(super) fn tags(self, tags: &str) -> Self {
        Self { tags: tags.to_owned(), ..self }
    }

    /// Another `a=` than the key's.
    pub(super) fn algorithm(self, algorithm: &'static str) -> Self {
        Self { algorithm: Some(algorithm), ..self }
    }

    /// The mail with its signature on top. Its lines end with CRLF.
    pub(super) fn sign(&self, mail: &str) -> String {
        let (header, body) = mail.split_once("\r\n\r\n").map_or((mail, ""), |(header, body)| (header, body));
        let mut fields: Vec<String> = Vec::new();
        for line in header.split("\r\n") {
            match fields.last_mut().filter(|_| line.starts_with([' ', '\t'])) {
                Some(field) => field.extend(["\r\n", line]),
                None => fields.push(line.to_owned()),
            }
        }
        let hash = STANDARD.encode(digest(&SHA256, body_form(self.canon.1, body).as_bytes()));
        let algorithm = self.algorithm.unwrap_or(if self.with == With::Rsa { "rsa-sha256" } else { "ed25519-sha256" });
        let own = format!(
            "DKIM-Signature: v=1; a={algorithm}; c={}/{};\r\n\td={}; s=key; {}\r\n h={};\r\n  bh={hash};\r\n b=",
            self.canon.0, self.canon.1, self.domain, self.tags, self.signed
        );
        let mut left = fields.clone();
        let mut data = String::new();
        for name in self.signed.split(':') {
            let is = |field: &String| field.split(':').next().unwrap().trim().eq_ignore_ascii_case(name.trim());
            if let Some(last) = left.iter().rposition(is) {
                data.push_str(&field_form(self.canon.0, &left.remove(last)));
                data.push_str("\r\n");
            }
        }
        data.push_str(&field_form(self.canon.0, &own));
        let signature = STANDARD.encode(self.with.sign(data.as_bytes()));
        let folded: Vec<&str> = signature.as_bytes().chunks(60).map(|chunk| std::str::from_utf8(chunk).unwrap()).collect();
        format!("{own}{}\r\n{mail}", folded.join("\r\n\t "))
    }
}

fn field_form(canon: &str, field: &str) -> String {
    if canon == "simple" {
        return field.to_owned();
    }
    let (name, value) = field.split_once(':').unwrap();
    format!("{}:{}", name.trim().to_lowercase(), one_spaced(&value.replace("\r\n", "")))
}

fn body_form(canon: &str, body: &str) -> String {
    let lines = body.split("\r\n").map(|line| {
        if canon == "simple" {
            return line.to_owned();
        }
        let words = one_spaced(line);
        if line.starts_with([' ', '\t']) && !words.is_empty() { format!(" {words}") } else { words }
    });
    let body = lines.collect::<Vec<_>>().join("\r\n");
    match (body.trim_end_matches("\r\n"), canon) {
        ("", "relaxed") => String::new(),
        (body, _) => format!("{body}\r\n"),
    }
}

fn one_spaced(line: &str) -> String {
    line.split([' ', '\t']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

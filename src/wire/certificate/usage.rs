//! What a certificate may be used for: key usage, extended key usage, basic constraints (RFC 5280 §4.2.1.3, §4.2.1.9, §4.2.1.12).

use x509_parser::asn1_rs::Oid;
use x509_parser::extensions::{self, ParsedExtension};

use super::Certificate;

/// What the extensions say that limit the use of a certificate and of its key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Key usage; `None` where the extension is missing and so nothing is limited.
    pub key: Option<KeyUsage>,
    /// Extended key usage; `None` where the extension is missing.
    pub extended: Option<ExtendedUsage>,
    /// How many CAs may stand below this one; `None`: any number.
    pub path_length: Option<u32>,
}

/// The bits of key usage that matter to a TLS server and to those above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a bit of the extension")]
pub struct KeyUsage {
    /// The key may sign handshakes: all that TLS 1.3 and forward secrecy know.
    pub digital_signature: bool,
    /// The key may decrypt (RSA key exchange).
    pub key_encipherment: bool,
    /// The key may agree on secrets (static ECDH).
    pub key_agreement: bool,
    /// The key may sign certificates.
    pub cert_sign: bool,
}

/// Extended key usage, as far as a server needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtendedUsage {
    /// Whether TLS servers are among the purposes. `anyExtendedKeyUsage` alone does not count: libraries of senders want the real one.
    pub server: bool,
    /// All purposes, for people.
    pub purposes: String,
}

impl Usage {
    pub(super) fn take(&mut self, extension: &ParsedExtension<'_>) {
        match extension {
            ParsedExtension::KeyUsage(usage) => {
                self.key = Some(KeyUsage {
                    digital_signature: usage.digital_signature(),
                    key_encipherment: usage.key_encipherment(),
                    key_agreement: usage.key_agreement(),
                    cert_sign: usage.key_cert_sign(),
                });
            }
            ParsedExtension::ExtendedKeyUsage(usage) => {
                self.extended = Some(ExtendedUsage { server: usage.server_auth, purposes: purposes(usage) });
            }
            ParsedExtension::BasicConstraints(basic) => self.path_length = basic.path_len_constraint,
            _ => {}
        }
    }
}

fn purposes(usage: &extensions::ExtendedKeyUsage<'_>) -> String {
    const SHOWN: usize = 8;
    let named = [
        (usage.any, "anyExtendedKeyUsage"),
        (usage.server_auth, "serverAuth"),
        (usage.client_auth, "clientAuth"),
        (usage.code_signing, "codeSigning"),
        (usage.email_protection, "emailProtection"),
        (usage.time_stamping, "timeStamping"),
        (usage.ocsp_signing, "OCSPSigning"),
    ];
    let mut all: Vec<String> = named.into_iter().filter(|(has, _)| *has).map(|(_, name)| name.to_owned()).collect();
    all.extend(usage.other.iter().take(SHOWN).map(Oid::to_id_string));
    if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
}

impl Certificate {
    /// Why its extended key usage forbids it in the path of a TLS server, if it does, in words that go on from its name. Libraries of
    /// senders ask this of CAs, too.
    pub fn extended_usage_fault(&self) -> Option<String> {
        let extended = self.usage.extended.as_ref().filter(|extended| !extended.server)?;
        Some(format!("has the extended key usage {}, without serverAuth", extended.purposes))
    }

    /// Why its key usage forbids every TLS handshake, if it does.
    pub fn server_key_fault(&self) -> Option<&'static str> {
        let usage = self.usage.key?;
        let none = !usage.digital_signature && !usage.key_encipherment && !usage.key_agreement;
        none.then_some("has a key usage that allows no TLS handshake: digitalSignature is missing")
    }

    /// Whether its key may only be used as TLS did before forward secrecy: some senders then break off (RFC 8446 §4.4.2.2).
    pub fn cannot_sign_handshakes(&self) -> bool {
        self.server_key_fault().is_none() && self.usage.key.is_some_and(|usage| !usage.digital_signature)
    }

    /// Why it must not sign other certificates, if so by its key usage.
    pub fn issuer_key_fault(&self) -> Option<&'static str> {
        let forbidden = self.usage.key.is_some_and(|usage| !usage.cert_sign);
        forbidden.then_some("has a key usage without keyCertSign, and has signed a certificate all the same")
    }
}

//! Messages to a webhook of the operator's: one POST of JSON, signed as the Standard Webhooks specification (version 1) has it, so that
//! the receiver can check with a library that it has: HMAC-SHA-256 over `ID.SECONDS.BODY`.
//!
//! The address of a webhook is often a secret itself: no error and no log repeats more of it than its host.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use rustls::ClientConfig;
use url::Url;

use super::tls::deepest;

/// For the whole of it.
const DEADLINE: Duration = Duration::from_secs(15);
/// What a secret of the specification begins with; the key follows in base64.
const PREFIX: &str = "whsec_";

/// Why a message did not arrive.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// No answer.
    #[error("failed to reach {place}: {why}")]
    Unreached {
        /// Scheme and host.
        place: String,
        /// What the library says.
        why: String,
    },
    /// Not taken.
    #[error("{place} answered HTTP {status}")]
    Refused {
        /// Scheme and host.
        place: String,
        /// Its answer.
        status: u16,
    },
}

/// The key that messages are signed with.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Vec<u8>);

impl Key {
    /// Reads `whsec_BASE64`; any other text is the key as it is.
    ///
    /// # Errors
    /// A sentence if it is empty, or begins so and does not go on in base64.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let bytes = match text.strip_prefix(PREFIX) {
            Some(encoded) => STANDARD.decode(encoded).map_err(|_| "what follows whsec_ is not base64")?,
            None => text.as_bytes().to_vec(),
        };
        if bytes.is_empty() { Err("it is empty") } else { Ok(Self(bytes)) }
    }

    /// `v1,BASE64`.
    fn sign(&self, id: &str, seconds: i64, body: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        format!("v1,{}", STANDARD.encode(hmac::sign(&key, format!("{id}.{seconds}.{body}").as_bytes())))
    }
}

/// Stays out of every log.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// Where messages go.
#[derive(Clone)]
pub struct Webhook {
    /// `https://…` or `http://…`.
    pub url: Url,
    /// What they are signed with, if they are.
    pub key: Option<Key>,
    /// Whom the server's certificate must come from.
    pub tls: Arc<ClientConfig>,
}

impl Webhook {
    /// Posts `body`. `id` stays the same where the same message is sent again, so that the receiver can pass it over.
    ///
    /// # Errors
    /// [`WebhookError`] unless it was answered with a status of success; a redirect is none, for it may lead to somebody else.
    pub async fn post(&self, body: String, id: &str, now: Timestamp) -> Result<(), WebhookError> {
        let unreached = |error: &reqwest::Error| WebhookError::Unreached { place: place(&self.url), why: deepest(error) };
        let mut config = ClientConfig::clone(&self.tls);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(config)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("stsready/", env!("CARGO_PKG_VERSION")))
            .timeout(DEADLINE)
            .retry(reqwest::retry::never())
            .build()
            .map_err(|error| unreached(&error))?;
        let seconds = now.as_second();
        let mut request = client
            .post(self.url.clone())
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", seconds.to_string());
        if let Some(key) = &self.key {
            request = request.header("webhook-signature", key.sign(id, seconds, &body));
        }
        let answer = request.body(body).send().await.map_err(|error| unreached(&error))?;
        let status = answer.status();
        if status.is_success() { Ok(()) } else { Err(WebhookError::Refused { place: place(&self.url), status: status.as_u16() }) }
    }
}

/// What of a webhook's address may be shown: `https://HOST`.
pub fn place(url: &Url) -> String {
    format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_signed_as_the_specification_has_it() {
        // Made with Python: base64.b64encode(hmac.new(b"secret", b"msg_1.1700000000.{}", "sha256").digest())
        let signature = "v1,A5oIrJxXPB/PkULSoVu0e4khvPiqpF9vljmhkSKg0FI=";
        for secret in ["secret", "whsec_c2VjcmV0"] {
            assert_eq!(Key::parse(secret).map(|key| key.sign("msg_1", 1_700_000_000, "{}")), Ok(signature.to_owned()));
        }
        assert!(Key::parse("").is_err() && Key::parse("whsec_").is_err() && Key::parse("whsec_???").is_err());
        assert_eq!(format!("{:?}", Key::parse("secret").expect("a key")), "Key(…)");
    }

    #[test]
    fn of_the_address_only_the_host_is_shown() {
        let url = Url::parse("https://me:secret@hooks.example:8443/T0/B0/token?key=secret").expect("a URL");
        assert_eq!(place(&url), "https://hooks.example");
    }
}

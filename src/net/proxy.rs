//! The proxy that policies are fetched through (`--proxy`). `HTTP_PROXY` and its like are never asked: senders do not go that way.
//!
//! An HTTP proxy is given the name of the policy host and chooses the address for itself; a SOCKS5 proxy is given each address.

use std::fmt;

use url::Url;

/// Why the proxy's setting cannot be used. It may hold a password, so no message repeats it.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum HttpsProxyError {
    /// No URL, or without a host.
    #[error("a proxy is given as http://[USER:PASS@]HOST:PORT or socks5://[USER:PASS@]HOST:PORT")]
    Form,
    /// Another scheme.
    #[error("a proxy is reached by http:// or socks5://; TLS to the proxy itself is not supported")]
    Scheme,
}

/// A proxy for HTTPS.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpsProxy {
    url: Url,
}

/// The password stays out of every log.
impl fmt::Debug for HttpsProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HttpsProxy").field(&self.name()).finish()
    }
}

impl HttpsProxy {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`HttpsProxyError`] if it is none, or of another scheme.
    pub fn parse(text: &str) -> Result<Self, HttpsProxyError> {
        let url = Url::parse(text.trim()).map_err(|_| HttpsProxyError::Form)?;
        match url.scheme() {
            "http" | "socks5" => {}
            // `HOST:PORT` reads as a scheme and a path.
            _ if !url.has_host() => return Err(HttpsProxyError::Form),
            _ => return Err(HttpsProxyError::Scheme),
        }
        let plain = url.has_host() && ["", "/"].contains(&url.path()) && url.query().is_none() && url.fragment().is_none();
        if plain { Ok(Self { url }) } else { Err(HttpsProxyError::Form) }
    }

    /// `SCHEME://HOST:PORT`, without credentials.
    pub fn name(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        let port = self.url.port().unwrap_or(if self.url.scheme() == "http" { 80 } else { 1080 });
        format!("{}://{host}:{port}", self.url.scheme())
    }

    /// Whether it is given a password.
    pub fn has_password(&self) -> bool {
        self.url.password().is_some()
    }

    /// Whether it is given the policy host's name, and not an address.
    pub fn is_by_name(&self) -> bool {
        self.url.scheme() == "http"
    }

    /// As the HTTP client takes it.
    pub(super) fn setting(&self) -> Result<reqwest::Proxy, reqwest::Error> {
        reqwest::Proxy::https(self.url.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_named_without_its_credentials() {
        for (text, name, by_name) in [
            ("http://proxy.example.net:3128", "http://proxy.example.net:3128", true),
            ("http://proxy.example.net", "http://proxy.example.net:80", true),
            ("http://me:secret@[2001:db8::1]:3128/", "http://[2001:db8::1]:3128", true),
            ("socks5://me:secret@127.0.0.1:1080", "socks5://127.0.0.1:1080", false),
        ] {
            let proxy = HttpsProxy::parse(text).expect(text);
            assert_eq!((proxy.name().as_str(), proxy.is_by_name()), (name, by_name));
            assert_eq!(proxy.has_password(), text.contains("secret"));
            assert!(!format!("{proxy:?}").contains("secret"));
            assert!(proxy.setting().is_ok(), "{text}");
        }
        for (text, error) in [
            ("", HttpsProxyError::Form),
            ("proxy.example.net:3128", HttpsProxyError::Form),
            ("http://", HttpsProxyError::Form),
            ("http://proxy.example.net/path", HttpsProxyError::Form),
            ("https://proxy.example.net:3128", HttpsProxyError::Scheme),
            ("ftp://proxy.example.net", HttpsProxyError::Scheme),
        ] {
            assert_eq!(HttpsProxy::parse(text).expect_err(text), error, "{text}");
        }
    }
}

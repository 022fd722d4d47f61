//! What the tests of every floor above put facts together from.

use super::facts::policy::{Body, Response};
use super::facts::vantage::{Family, Means, Roots, Vantage};
use crate::wire::fingerprint::Fingerprint;

/// A vantage with both address families and Mozilla's roots.
pub(crate) fn vantage() -> Vantage {
    Vantage {
        resolvers: Vec::new(),
        roots: Roots { name: "mozilla".to_owned(), count: 0, sha256: Fingerprint::of(b"") },
        ipv4: Family::Available,
        ipv6: Family::Available,
        helo: "here.example".to_owned(),
        means: Means::default(),
    }
}

/// A policy file as it should be answered: with status 200, as plain text.
pub(crate) fn served(text: &str) -> Response {
    Response {
        status: 200,
        content_type: Some("text/plain".to_owned()),
        location: None,
        date: None,
        age: None,
        server: None,
        body: Body::new(text.as_bytes()),
        too_large: false,
    }
}

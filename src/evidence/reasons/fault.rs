//! What a text can mean, and what that is called at an MX host and at the policy host, with the rule whose page says more.

use std::borrow::Cow;

/// Where a session failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// At port 25 of an MX host.
    MxHost,
    /// On the way to the policy: its record, its host, its text.
    PolicyHost,
}

/// What went wrong, wherever it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    OtherName,
    NameInCommonName,
    Expired,
    NotYetValid,
    SelfSigned,
    PrivateRoot,
    UnknownIssuer,
    Incomplete,
    Untrusted,
    Revoked,
    WeakKey,
    WeakSignature,
    Constraint,
    Handshake,
    Suites,
    OldTls,
    NotTls,
    ClientCertificate,
    UnknownName,
    ServerError,
    Closed,
    Timeout,
    Refused,
    NoRoute,
    NoSuchHost,
    DnsFailed,
    NoStarttls,
    StarttlsRejected,
    Busy,
    MxNotListed,
    Status(u16),
    Redirect,
    MediaType,
    TooLarge,
    Version,
    Mode,
    MaxAge,
    NoMx,
    Syntax,
    RecordMissing,
    RecordAgain,
    TlsaMismatch,
    Dnssec,
    /// Exchange Online's word for a certificate that it refuses.
    ExchangeCertificate,
    /// Exchange Online could not fetch the policy, and says no more.
    ExchangeFetch,
    /// Google's word for what has no word of its own.
    GoogleValidation,
    /// Google could not fetch the policy, and says no more.
    GoogleFetch,
}

impl Fault {
    /// A plain sentence and the code of the rule that it leads to; `None` where the fault makes no sense at that place.
    pub(super) fn at(self, place: Place) -> Option<(Cow<'static, str>, &'static str)> {
        if let Self::Status(status) = self {
            return (place == Place::PolicyHost).then(|| by_status(status));
        }
        let (say, see) = match place {
            Place::MxHost => self.at_mx(),
            Place::PolicyHost => self.at_policy_host(),
        }?;
        Some((Cow::Borrowed(say), see))
    }

    fn at_mx(self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::OtherName => ("the MX host presents a certificate for another name", "cert-name-mismatch"),
            Self::NameInCommonName => ("the certificate names the MX host in its common name alone, which does not count", "cert-no-san"),
            Self::Expired => ("the MX host presents a certificate that has expired", "cert-expired"),
            Self::NotYetValid => ("the MX host presents a certificate that is not valid yet", "cert-not-yet-valid"),
            Self::SelfSigned => ("the MX host presents a certificate that it signed itself", "cert-self-signed"),
            Self::PrivateRoot => ("the certificate leads to a root that the sender does not trust", "cert-untrusted"),
            Self::UnknownIssuer => {
                ("no path leads to a root that the sender trusts: an intermediate is not sent, or the CA is not public", "cert-untrusted")
            }
            Self::Incomplete => ("the MX host does not send the intermediate certificate", "cert-chain-incomplete"),
            Self::Untrusted => ("the sender does not trust the MX host's certificate", "cert-untrusted"),
            Self::Revoked => ("the MX host's certificate has been revoked", "cert-untrusted"),
            Self::WeakKey => ("a key in the MX host's chain is too weak for the sender", "cert-weak-key"),
            Self::WeakSignature => ("a signature in the MX host's chain is too weak for the sender", "cert-weak-signature"),
            Self::Constraint => ("a certificate in the MX host's chain must not be used so", "cert-constraint"),
            Self::Handshake => ("the MX host and the sender agree on no TLS parameters", "starttls-handshake"),
            Self::Suites => ("the MX host offers no cipher suite that the sender has", "starttls-suites"),
            Self::OldTls => ("the MX host and the sender have no TLS version in common", "starttls-legacy"),
            Self::NotTls => ("what answers behind STARTTLS is not TLS", "starttls-handshake"),
            Self::ClientCertificate => ("the MX host demands a certificate of the sender", "starttls-client-cert"),
            Self::UnknownName => ("the MX host refuses the name that the sender asks it for (SNI)", "starttls-handshake"),
            Self::ServerError => ("the MX host ends the handshake because of a fault of its own", "starttls-handshake"),
            Self::Closed => ("the connection to the MX host is cut off during the handshake", "starttls-handshake"),
            Self::Timeout => ("the MX host does not answer in time", "starttls-unreachable"),
            Self::Refused => ("the MX host refuses the connection", "starttls-unreachable"),
            Self::NoRoute => ("no route leads to an address of the MX host: see its other address family", "starttls-unreachable"),
            Self::NoSuchHost => ("the MX host's name does not resolve", "mx-unresolvable"),
            Self::DnsFailed => ("a DNS lookup on the way to the MX host fails", "domain-dns-failed"),
            Self::NoStarttls => ("the MX host does not offer STARTTLS to this sender", "starttls-missing"),
            Self::StarttlsRejected => ("the MX host offers STARTTLS and then rejects it", "starttls-rejected"),
            Self::Busy => ("the MX host turns the sender away for now", "starttls-busy"),
            Self::MxNotListed => ("no mx of the policy that the sender applied covers the MX host", "mx-uncovered"),
            Self::TlsaMismatch => ("the certificate matches no TLSA record", "dane-mismatch"),
            Self::Dnssec => ("DNSSEC does not validate on the way to the TLSA records", "dane-lookup-failed"),
            Self::ExchangeCertificate => {
                ("Exchange Online refuses the certificate: its name, its dates or its chain (4.7.5 in its bounces)", "cert-name-mismatch")
            }
            Self::GoogleValidation => ("Google gives no reason; an MX host that the policy does not list is reported so", "mx-uncovered"),
            _ => return None,
        })
    }

    fn at_policy_host(self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::OtherName => ("the policy host presents a certificate for another name", "fetch-cert-name"),
            Self::NameInCommonName => {
                ("the certificate names the policy host in its common name alone, which does not count", "fetch-cert-name")
            }
            Self::Expired => ("the policy host presents a certificate that has expired", "fetch-cert-expired"),
            Self::NotYetValid => ("the policy host presents a certificate that is not valid yet", "fetch-cert-not-yet-valid"),
            Self::SelfSigned => ("the policy host presents a certificate that it signed itself", "fetch-cert-self-signed"),
            Self::PrivateRoot => ("the policy host's certificate leads to a root that the sender does not trust", "fetch-cert-untrusted"),
            Self::UnknownIssuer => (
                "no path leads to a root that the sender trusts: the policy host does not send an intermediate, or its CA is not public",
                "fetch-cert-untrusted",
            ),
            Self::Incomplete => ("the policy host does not send the intermediate certificate", "fetch-cert-chain-incomplete"),
            Self::Untrusted | Self::WeakKey | Self::WeakSignature | Self::Constraint => {
                ("the sender does not trust the policy host's certificate", "fetch-cert-untrusted")
            }
            Self::Revoked => ("the policy host's certificate has been revoked", "fetch-cert-untrusted"),
            Self::Handshake | Self::Suites | Self::OldTls => ("the policy host and the sender agree on no TLS parameters", "fetch-tls"),
            Self::NotTls => ("what answers at port 443 of the policy host is not TLS", "fetch-tls"),
            Self::ClientCertificate => ("the policy host demands a certificate of the sender", "fetch-tls"),
            Self::UnknownName => ("the policy host has no site of its name", "fetch-tls"),
            Self::ServerError => ("the policy host ends the handshake because of a fault of its own", "fetch-tls"),
            Self::Closed => ("the connection to the policy host is cut off", "fetch-tls"),
            Self::Timeout => ("the policy host does not answer in time", "fetch-connect"),
            Self::Refused => ("the policy host refuses the connection", "fetch-connect"),
            Self::NoRoute => ("no route leads to an address of the policy host: see its other address family", "fetch-connect"),
            Self::NoSuchHost => ("the policy host's name does not resolve", "fetch-host-missing"),
            Self::DnsFailed | Self::Dnssec => ("a DNS lookup on the way to the policy fails", "domain-dns-failed"),
            Self::Redirect => ("the policy host redirects, which senders must not follow", "fetch-redirect"),
            Self::MediaType => ("the policy is not served as text/plain", "fetch-content-type"),
            Self::TooLarge => ("the policy is larger than the sender takes", "fetch-too-large"),
            Self::Version => ("the policy has no valid version", "policy-version"),
            Self::Mode => ("the policy has no valid mode", "policy-mode-invalid"),
            Self::MaxAge => ("the policy has no valid max_age", "policy-max-age-invalid"),
            Self::NoMx => ("the policy has no mx", "policy-mx-missing"),
            Self::Syntax => ("a line of the policy is not as the sender wants it", "policy-syntax"),
            Self::RecordMissing => ("the sender finds no _mta-sts record", "txt-missing"),
            Self::RecordAgain => ("the sender finds more than one _mta-sts record", "txt-multiple"),
            Self::ExchangeFetch => (
                "Exchange Online gives no reason; look at every address of the policy host, and at what blocks programs",
                "reports-fetch-error",
            ),
            Self::GoogleFetch => (
                "Google gives no reason; a bad certificate or text it would name otherwise, so look at status, time and addresses",
                "fetch-status",
            ),
            _ => return None,
        })
    }
}

/// What an HTTP status other than 200 means to a sender (RFC 8461 §3.3).
fn by_status(status: u16) -> (Cow<'static, str>, &'static str) {
    let say = |what: &str| Cow::Owned(format!("the policy host answers with HTTP {status}: {what}"));
    match status {
        300..=399 => (say("senders must not follow a redirect"), "fetch-redirect"),
        401 | 403 | 429 => (say("it turns this sender away, as bot protection and blocks by region do"), "fetch-blocked-agent"),
        404 | 410 => (say("the policy is not there"), "fetch-status"),
        500..=599 => (say("the web server fails"), "fetch-status"),
        _ => (say("senders take no other status than 200"), "fetch-status"),
    }
}

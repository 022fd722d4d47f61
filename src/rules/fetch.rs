//! fetch-*: the policy host, asked as a sender asks (RFC 8461 §3.3), address by address.

mod compare;

use jiff::Timestamp;

use super::chain::{self, ChainRules};
use super::{Case, rule};
use crate::model::facts::policy::{Fetch, PolicyFacts, Response};
use crate::model::finding::{Evidence, EvidenceKind, Sheet};
use crate::model::looked::{Failure, FailureKind, Looked};
use crate::model::rule::Rule;
use crate::model::settings::{ADDRESS_CAP, POLICY_CAP};

rule!(HOST_MISSING, "fetch-host-missing", Policy, [Blocker], false, "the policy host has no address", "RFC 8461 §3.2, §3.3");
rule!(CONNECT, "fetch-connect", Policy, [Blocker], true, "the policy host cannot be connected to", "RFC 8461 §3.3");
rule!(TLS, "fetch-tls", Policy, [Blocker], false, "the policy host's TLS handshake fails", "RFC 8461 §3.3");
rule!(
    CERT_NAME,
    "fetch-cert-name",
    Policy,
    [Blocker],
    false,
    "the policy host's certificate is for other names",
    "RFC 8461 §3.3; RFC 9525 §6.3"
);
rule!(
    CERT_EXPIRED,
    "fetch-cert-expired",
    Policy,
    [Blocker],
    false,
    "the policy host's certificate has expired",
    "RFC 8461 §3.3; RFC 5280 §6.1"
);
rule!(
    CERT_NOT_YET_VALID,
    "fetch-cert-not-yet-valid",
    Policy,
    [Blocker],
    false,
    "the policy host's certificate is not valid yet",
    "RFC 8461 §3.3; RFC 5280 §6.1"
);
rule!(
    CERT_UNTRUSTED,
    "fetch-cert-untrusted",
    Policy,
    [Blocker],
    false,
    "the policy host's chain ends in an unknown root",
    "RFC 8461 §3.3; RFC 5280 §6.1"
);
rule!(
    CERT_SELF_SIGNED,
    "fetch-cert-self-signed",
    Policy,
    [Blocker],
    false,
    "the policy host's certificate is self-signed",
    "RFC 8461 §3.3; RFC 5280 §6.1"
);
rule!(
    CERT_CHAIN_INCOMPLETE,
    "fetch-cert-chain-incomplete",
    Policy,
    [Blocker],
    false,
    "the policy host does not send an intermediate",
    "RFC 8461 §3.3; RFC 8446 §4.4.2"
);
rule!(CERT_PRIVATE_CA, "fetch-cert-private-ca", Policy, [Blocker], false, "only a private CA vouches for the policy host", "RFC 8461 §3.3");
rule!(
    CERT_EXPIRING,
    "fetch-cert-expiring",
    Policy,
    [Blocker, Warning, Advice],
    false,
    "the policy host's certificate ends soon",
    "RFC 8461 §3.3, §10.2"
);
rule!(REDIRECT, "fetch-redirect", Policy, [Blocker], false, "the policy host answers with a redirect", "RFC 8461 §3.3");
rule!(STATUS, "fetch-status", Policy, [Blocker], false, "the policy host answers with a status other than 200", "RFC 8461 §3.3");
rule!(CONTENT_TYPE, "fetch-content-type", Policy, [Blocker], false, "the policy is not served as text/plain", "RFC 8461 §3.2");
rule!(TOO_LARGE, "fetch-too-large", Policy, [Blocker], false, "the policy is larger than 64 KiB", "RFC 8461 §3.3");
rule!(SLOW, "fetch-slow", Policy, [Warning], false, "the policy host is slow", "RFC 8461 §3.3");
rule!(
    ADDRESSES_DIFFER,
    "fetch-addresses-differ",
    Policy,
    [Blocker],
    false,
    "the policy host's addresses serve different policies",
    "RFC 8461 §3.3"
);
rule!(ADDRESS_FAILING, "fetch-address-failing", Policy, [Warning], false, "some addresses of the policy host fail", "RFC 8461 §3.3");
rule!(
    BLOCKED_AGENT,
    "fetch-blocked-agent",
    Policy,
    [Warning],
    false,
    "the policy host treats mail servers unlike browsers",
    "RFC 8461 §3.3"
);

/// The family, in the catalogue's order.
pub static RULES: &[&Rule] = &[
    &HOST_MISSING,
    &CONNECT,
    &TLS,
    &CERT_NAME,
    &CERT_EXPIRED,
    &CERT_NOT_YET_VALID,
    &CERT_UNTRUSTED,
    &CERT_SELF_SIGNED,
    &CERT_CHAIN_INCOMPLETE,
    &CERT_PRIVATE_CA,
    &CERT_EXPIRING,
    &REDIRECT,
    &STATUS,
    &CONTENT_TYPE,
    &TOO_LARGE,
    &SLOW,
    &ADDRESSES_DIFFER,
    &ADDRESS_FAILING,
    &BLOCKED_AGENT,
];

/// The certificate faults, judged by the same code as an MX's.
static CHAIN: ChainRules = ChainRules {
    name: &CERT_NAME,
    no_san: None,
    expired: &CERT_EXPIRED,
    not_yet_valid: &CERT_NOT_YET_VALID,
    expiring: &CERT_EXPIRING,
    self_signed: &CERT_SELF_SIGNED,
    untrusted: &CERT_UNTRUSTED,
    chain_incomplete: &CERT_CHAIN_INCOMPLETE,
    private_ca: &CERT_PRIVATE_CA,
    // The libraries that fetch policies have one word for all of these.
    weak_key: None,
    weak_signature: None,
    constraint: None,
};

/// Slower than this is a warning.
const SLOW_MS: u64 = 5_000;

/// Judges every fetch.
pub fn judge(case: &Case<'_>, sheet: &mut Sheet) {
    let Some(policy) = &case.facts.policy else { return };
    let host = policy.host.as_str();
    if let Some(draft) = &policy.draft {
        size(&draft.file, draft.body.utf8 && draft.body.text.len() > POLICY_CAP, EvidenceKind::Policy, case.facts.observed_at, sheet);
        for rule in RULES.iter().filter(|rule| ***rule != TOO_LARGE) {
            sheet.not_applicable(rule, host, "a draft is judged, not what is served");
        }
        return;
    }
    unfetched(policy, sheet);
    if policy.fetches.is_empty() {
        without_address(case, policy, sheet);
        for rule in RULES.iter().filter(|rule| ***rule != HOST_MISSING) {
            let why = if policy.addresses.all().is_empty() { "the policy host has no address" } else { "the policy host was not asked" };
            sheet.not_applicable(rule, host, why);
        }
        return;
    }
    sheet.holds(&HOST_MISSING, host);
    if policy.addresses_left_out > 0 {
        let (asked, left_out) = (policy.fetches.len(), policy.addresses_left_out);
        let evidence = Evidence::at(EvidenceKind::Dns, case.facts.observed_at, format!("{host} has {} addresses", asked + left_out));
        let message = format!("{host} has {} addresses; {left_out} of them were not asked", asked + left_out);
        sheet.undetermined(&CONNECT, host, message, evidence).fix("serve the policy from fewer addresses");
    }
    let serves = |fetch: &Fetch| serves(case, fetch);
    let some_serve = policy.fetches.iter().any(serves);
    for fetch in &policy.fetches {
        let subject = format!("{host} {}", fetch.place());
        if let Some(tls) = fetch.handshake() {
            chain::judge(case, &CHAIN, &subject, &policy.host, tls, sheet);
        }
        if let Some(failure) = unasked(fetch).filter(|_| some_serve) {
            sheet.not_applicable(&ADDRESS_FAILING, &*subject, format!("it was not asked: {}", failure.detail));
        } else if some_serve && !serves(fetch) {
            failing_beside_others(&subject, fetch, sheet);
        } else {
            reach(case, policy, &subject, fetch, sheet);
        }
        if let Some(answer) = fetch.answered().filter(|answer| answer.status == 200) {
            served(&subject, fetch, answer, sheet);
        }
    }
    if !policy.fetches.iter().any(|fetch| some_serve && !serves(fetch) && unasked(fetch).is_none()) {
        sheet.holds(&ADDRESS_FAILING, host);
    }
    compare::differing(policy, sheet);
    compare::agents(policy, sheet);
}

/// Whether this address hands out a body with status 200; certificates are judged apart.
fn serves(case: &Case<'_>, fetch: &Fetch) -> bool {
    let signed = fetch.handshake().is_none_or(|tls| chain::signature_problem(case, tls).is_none());
    signed && fetch.answered().is_some_and(|answer| answer.status == 200)
}

/// Why nothing of it reached the host, if so: that says nothing about the host.
fn unasked(fetch: &Fetch) -> Option<&Failure> {
    fetch.connect.failure().filter(|failure| failure.kind.is_unasked())
}

fn without_address(case: &Case<'_>, policy: &PolicyFacts, sheet: &mut Sheet) {
    let host = policy.host.as_str();
    let (Looked::Absent(absence), Looked::Absent(_)) = (&policy.addresses.v4, &policy.addresses.v6) else {
        if policy.addresses.all().is_empty() {
            sheet.not_applicable(&HOST_MISSING, host, "the lookup of its addresses failed");
        } else {
            sheet.holds(&HOST_MISSING, host);
        }
        return;
    };
    let kind = absence.kind;
    let words = absence.via.last().map_or_else(
        || format!("{host} A and AAAA: {}", kind.as_str()),
        |cname| format!("{host} is a CNAME to {}, which has no address ({})", cname.target, kind.as_str()),
    );
    sheet
        .broken(
            &HOST_MISSING,
            host,
            format!("the policy host {host} has no address"),
            Evidence::at(EvidenceKind::Dns, case.facts.observed_at, words),
        )
        .expected(format!("A or AAAA records at {host}, and a web server there that serves the policy"))
        .found(kind.as_str())
        .fix_with("point the name at the web server that serves the policy", format!("{host}. 3600 IN A <address of your web server>"));
}

fn failing_beside_others(subject: &str, fetch: &Fetch, sheet: &mut Sheet) {
    let (kind, what) = what_failed(fetch);
    sheet
        .broken(
            &ADDRESS_FAILING,
            subject,
            format!("{subject} does not serve the policy, other addresses of the host do"),
            Evidence::at(kind, fetch.at, what.clone()),
        )
        .expected("the policy, with status 200, from every address")
        .found(what)
        .fix(format!("mend the server behind {}, or take that address out of DNS", fetch.place()));
}

/// The first step that failed, in words.
fn what_failed(fetch: &Fetch) -> (EvidenceKind, String) {
    if let Some(failure) = fetch.connect.failure() {
        return (EvidenceKind::Tcp, format!("TCP: {}", failure.detail));
    }
    if let Some(failure) = fetch.tls.as_ref().and_then(Looked::failure) {
        return (EvidenceKind::Tls, format!("TLS: {}", failure.detail));
    }
    match &fetch.response {
        Some(Looked::Seen(answer)) => (EvidenceKind::Http, format!("HTTP {}", answer.status)),
        Some(Looked::Failed(failure)) => (EvidenceKind::Http, format!("HTTP: {}", failure.detail)),
        _ => (EvidenceKind::Http, "no answer".to_owned()),
    }
}

/// Connection, handshake and status of one address.
fn reach(case: &Case<'_>, policy: &PolicyFacts, subject: &str, fetch: &Fetch, sheet: &mut Sheet) {
    if let Some(failure) = fetch.connect.failure() {
        unreachable(policy, subject, fetch, failure.kind, sheet);
        for rule in [&TLS, &REDIRECT, &STATUS] {
            sheet.not_applicable(rule, subject, "there was no connection");
        }
        return;
    }
    if let Some(failure) = fetch.tls.as_ref().and_then(Looked::failure) {
        if failure.kind == FailureKind::Timeout {
            unreachable(policy, subject, fetch, failure.kind, sheet);
        } else {
            sheet.holds(&CONNECT, subject);
            sheet
                .broken(
                    &TLS,
                    subject,
                    format!("{subject} accepts the connection, but the TLS handshake fails"),
                    Evidence::at(EvidenceKind::Tls, fetch.at, failure.detail.clone()),
                )
                .expected("a TLS 1.2 or 1.3 handshake")
                .found(failure.detail.clone())
                .fix(format!("configure a certificate for {} on the web server, and TLS 1.2 or newer", policy.host));
        }
        return;
    }
    if let Some(problem) = fetch.handshake().and_then(|tls| chain::signature_problem(case, tls)) {
        sheet
            .broken(
                &TLS,
                subject,
                format!("{subject} signs the TLS handshake with a key that is not its certificate's"),
                Evidence::at(EvidenceKind::Tls, fetch.at, problem),
            )
            .expected("a handshake signed by the certificate's key")
            .found(problem)
            .fix("install the private key that belongs to the certificate");
    } else {
        sheet.holds(&TLS, subject);
    }
    match &fetch.response {
        Some(Looked::Seen(answer)) => {
            sheet.holds(&CONNECT, subject);
            status(policy, subject, fetch, answer, sheet);
        }
        Some(Looked::Failed(failure)) => unreachable(policy, subject, fetch, failure.kind, sheet),
        Some(Looked::Absent(_)) | None => {
            let words = "the facts end before the answer";
            let message = format!("{subject} was asked for the policy, and what it answered is not among the facts");
            sheet
                .undetermined(&CONNECT, subject, message, Evidence::at(EvidenceKind::Http, fetch.at, words))
                .expected("an answer on port 443")
                .found(words)
                .fix("fetch the policy again");
        }
    }
}

/// Addresses that senders may choose and nobody has asked. Where a proxy chose, it asked on behalf of all.
fn unfetched(policy: &PolicyFacts, sheet: &mut Sheet) {
    let mut addresses = policy.addresses.all();
    addresses.truncate(ADDRESS_CAP);
    if policy.fetches.iter().any(|fetch| fetch.address.is_unspecified()) {
        return;
    }
    for address in addresses.into_iter().filter(|address| !policy.fetches.iter().any(|fetch| fetch.address == *address)) {
        let subject = format!("{} {address}", policy.host);
        let message = format!("{subject} was not asked for the policy, so nothing is known about it");
        let shown = Evidence::new(EvidenceKind::Dns, format!("{} has the address {address}", policy.host));
        let finding = sheet.undetermined(&CONNECT, &*subject, message, shown);
        finding.expected("a fetch from every address").found("none").fix("fetch the policy again, from all its addresses");
    }
}

/// Refused or broken off is a fact about the host; silence is one only if HTTPS works from here.
fn unreachable(policy: &PolicyFacts, subject: &str, fetch: &Fetch, kind: FailureKind, sheet: &mut Sheet) {
    let (sort, what) = what_failed(fetch);
    let evidence = Evidence::at(sort, fetch.at, what.clone());
    let connected = fetch.connect.seen().is_some();
    // What has no name of its own is a fault of the answer, once there is a connection.
    let silent = kind.is_silence() || (kind == FailureKind::Other && !connected);
    let answers_nothing = if connected { "accepts the connection, but gives no whole answer" } else { "cannot be reached" };
    let witness = policy.https_witness.as_ref().filter(|_| matches!(kind, FailureKind::Timeout | FailureKind::Unreachable));
    let finding = if !silent || witness.is_some() {
        sheet.broken(&CONNECT, subject, format!("{subject} {answers_nothing}: senders cannot obtain the policy"), evidence)
    } else {
        sheet.undetermined(&CONNECT, subject, format!("{subject} {answers_nothing} from here; whether senders can is not known"), evidence)
    };
    if let Some(witness) = witness {
        finding.evidence(Evidence::new(
            EvidenceKind::Http,
            format!("{witness} answered over HTTPS in the same run, so port 443 is open here"),
        ));
    }
    finding.expected("an answer on port 443 within 60 seconds").found(what).fix(match kind {
        FailureKind::Proxy => "see that the proxy runs and allows this connection; nothing is known about the policy host",
        FailureKind::Denied => "take the address out of DNS; without --deny-private it would be connected to",
        _ => "check the web server and the firewall before it; run the check from another network to tell the two apart",
    });
}

fn status(policy: &PolicyFacts, subject: &str, fetch: &Fetch, answer: &Response, sheet: &mut Sheet) {
    let line = |text: String| Evidence::at(EvidenceKind::Http, fetch.at, text);
    let url = format!("https://{}/.well-known/mta-sts.txt", policy.host);
    if (300..400).contains(&answer.status) {
        let target = answer.location.as_deref().unwrap_or("nowhere");
        sheet
            .broken(
                &REDIRECT,
                subject,
                format!("{subject} redirects, and senders must not follow"),
                line(format!("HTTP {} Location: {target}", answer.status)),
            )
            .expected(format!("status 200 and the policy at {url}"))
            .found(format!("status {} to {target}", answer.status))
            .fix(format!("serve the file at {url} itself; exempt this path from redirects"));
        sheet.not_applicable(&STATUS, subject, "it is a redirect");
        return;
    }
    sheet.holds(&REDIRECT, subject);
    if answer.status == 200 {
        sheet.holds(&STATUS, subject);
        return;
    }
    let server = answer.server.as_ref().map(|server| format!(" (Server: {server})")).unwrap_or_default();
    sheet
        .broken(
            &STATUS,
            subject,
            format!("{subject} answers {} instead of the policy", answer.status),
            line(format!("HTTP {}{server}", answer.status)),
        )
        .expected("status 200")
        .found(format!("status {}", answer.status))
        .fix(format!("serve the policy at exactly {url}"));
}

/// What only an answer with status 200 can have wrong.
fn served(subject: &str, fetch: &Fetch, answer: &Response, sheet: &mut Sheet) {
    let http = |text: String| Evidence::at(EvidenceKind::Http, fetch.at, text);
    let shown = answer.content_type.as_deref().unwrap_or("none");
    let media = shown.split(';').next().unwrap_or_default().trim();
    if media.eq_ignore_ascii_case("text/plain") {
        sheet.holds(&CONTENT_TYPE, subject);
    } else {
        sheet
            .broken(&CONTENT_TYPE, subject, format!("{subject} serves the policy as {shown}"), http(format!("Content-Type: {shown}")))
            .expected("Content-Type: text/plain")
            .found(format!("Content-Type: {shown}"))
            .fix_with("serve this path as plain text; in nginx:", "location = /.well-known/mta-sts.txt { default_type text/plain; }");
    }
    size(subject, answer.too_large, EvidenceKind::Http, fetch.at, sheet);
    if answer.too_large {
        sheet.not_applicable(&SLOW, subject, "the answer has no end that could be waited for");
    } else if fetch.elapsed_ms > SLOW_MS {
        let seconds = fetch.elapsed_ms / 1000;
        sheet
            .broken(&SLOW, subject, format!("{subject} took {seconds} s to serve the policy"), http(format!("{} ms", fetch.elapsed_ms)))
            .expected("under 5 s; senders give up after 60 s")
            .found(format!("{seconds} s"))
            .fix("serve the policy as a static file");
    } else {
        sheet.holds(&SLOW, subject);
    }
}

/// Whether senders read the policy to its end.
fn size(subject: &str, too_large: bool, kind: EvidenceKind, at: Timestamp, sheet: &mut Sheet) {
    if !too_large {
        return sheet.holds(&TOO_LARGE, subject);
    }
    sheet
        .broken(
            &TOO_LARGE,
            subject,
            format!("{subject} has more than 64 KiB, and senders stop reading there"),
            Evidence::at(kind, at, "longer than 65536 bytes"),
        )
        .expected("at most 64 KiB")
        .found("more")
        .fix("serve the policy alone; it needs a few hundred bytes");
}

#[cfg(test)]
mod tests;

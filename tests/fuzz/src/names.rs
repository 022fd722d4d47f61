//! Names, addresses, dates: what was read reads the same when it is written, and holds nothing that a name does not.

use std::net::IpAddr;

use stsready::playbook::wait::WaitFor;
use stsready::wire::host_port::HostPort;
use stsready::wire::imap::url::FolderUrl;
use stsready::wire::name::Domain;
use stsready::wire::scope::Scope;
use stsready::wire::{hostname, http_date, likeness, mail, mail_date, policy_id};

pub fn any(bytes: &[u8]) {
    let text = &*String::from_utf8_lossy(bytes);
    typed(text);
    answered(&Domain::from_dns(text));
    if let Ok(host) = hostname::parse(text) {
        assert_eq!(host.as_str(), text.to_ascii_lowercase());
        answered(&host);
    }
    if let Ok(target) = text.parse::<HostPort>() {
        assert_eq!(target.to_string().parse(), Ok(target));
    }
    if let Ok(url) = text.parse::<FolderUrl>() {
        assert_eq!(url.to_string().parse(), Ok(url));
    }
    let _ = (http_date::date(text), http_date::age(text), mail_date::date(text), mail_date::received(text), WaitFor::parse(text));
    if let Some(domain) = mail::address_domain(text) {
        legal(&domain);
    }
    if let Some(made) = policy_id::made_at(text) {
        let _ = (made, policy_id::names(text, text), policy_id::is_marked(text));
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        let _ = Scope::of(address).is_internal();
    }
    let (one, two) = text.split_once('\n').unwrap_or((text, "example.com"));
    assert_eq!(likeness::edits_within(one, two, 3), likeness::edits_within(two, one, 3), "as far there as back");
}

fn typed(text: &str) {
    if let Ok(domain) = Domain::parse(text) {
        legal(&domain);
        assert_eq!(Domain::parse(domain.as_str()), Ok(domain.clone()), "a name is a name");
        assert_eq!(Domain::from_dns(domain.as_str()), domain);
        answered(&domain);
    }
}

fn legal(domain: &Domain) {
    let name = domain.as_str();
    assert!(name.len() <= 253 && name.contains('.'), "{name:?}");
    let of_a_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.');
    assert!(name.bytes().all(of_a_name), "{name:?}");
}

fn answered(domain: &Domain) {
    let _ = (domain.is_public_suffix(), domain.is_root(), domain.is_address(), domain.shown());
    assert!(domain.is_at_or_below(domain));
    // No answer of DNS has an empty label.
    if domain.as_str().split('.').any(str::is_empty) {
        return;
    }
    if let Some(registered) = domain.registered() {
        assert!(domain.is_at_or_below(&registered), "{domain:?} is not below {registered:?}");
    }
    if let Some(parent) = domain.parent() {
        assert!(domain.is_at_or_below(&parent));
    }
}

//! The playbooks that the program brings along: `playbooks/NAME.md`. A test reads every one of them; without a file it does not build.

macro_rules! embedded {
    ($($name:literal)*) => {
        /// Name and text, in the order in which they are listed.
        pub const TEXTS: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../playbooks/", $name, ".md")))),*];
    };
}

embedded! {
    "rollout"
    "enforce"
    "add-mx"
    "remove-mx"
    "rotate-certificate"
    "change-provider"
    "roll-back"
    "leave"
    "certificate-watch"
    "low-volume-domain"
    "parked-domain"
    "many-domains"
    "google-workspace"
    "microsoft-365"
    "fastmail"
    "self-hosted"
    "host-nginx"
    "host-caddy"
    "host-apache"
    "host-storage"
    "host-cloudflare"
    "host-delegated"
}

/// The text of a playbook.
pub fn find(name: &str) -> Option<&'static str> {
    TEXTS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

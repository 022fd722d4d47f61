//! A domain whose policy host is a real web server, and what every kind of web server is put through.

use std::fs;

use super::blocks::blocks_of;
use super::mail::{shown, shows};
use super::process::{Running, settled};
use super::site;
use crate::lab::{Chain, Lab, Leaf};
use crate::run::{Run, stsready};

/// A kind of web server.
pub(super) struct Kind {
    /// The page that tells how to set it up, and the language of its blocks.
    pub(super) page: (&'static str, &'static str),
    /// Starts it with these sites; `None` where it cannot be started.
    pub(super) start: fn(&Site<'_>, sites: &str) -> Option<Running>,
    /// What the pages say makes it load renewed certificates and changed settings.
    pub(super) reload: fn(&Site<'_>, &Running),
}

/// Files below `srv`.
pub(super) struct Files;

/// A domain with its policy host.
pub(super) type Site<'a> = site::Site<'a, Files>;

impl<'a> Site<'a> {
    /// Publishes the domain; the policy and a healthy certificate lie where the server is to find them.
    pub(super) fn new(lab: &'a Lab, domain: &str) -> Self {
        let healthy = lab.good_domain(domain, |_| {});
        let host = format!("mta-sts.{domain}");
        lab.dns().remove_name(&host);
        let site = Self::at(lab, domain, host, lab.https_place(), Files);
        let files = site.folder().join("srv/.well-known");
        fs::create_dir_all(&files).expect("an own folder");
        fs::write(files.join("mta-sts.txt"), &healthy.policy).expect("written");
        site.install(|leaf| leaf, |chain| chain);
        site
    }

    /// A certificate is put where the server looks; the server is not told.
    pub(super) fn install(&self, leaf: fn(Leaf) -> Leaf, chain: fn(Chain) -> Chain) {
        let issued = chain(self.lab.ca().issue(&leaf(Leaf::for_host(&self.host))));
        fs::write(self.folder().join("privkey.pem"), issued.key_pem()).expect("written");
        fs::write(self.folder().join("fullchain.pem"), issued.pem()).expect("written");
    }

    /// The blocks of a page in one language, with this site's name, place and paths.
    pub(super) fn blocks(&self, page: &str, language: &str) -> Vec<String> {
        let root = self.folder().display().to_string();
        let blocks = blocks_of(page).into_iter().filter(|block| block.language == language).map(|block| block.text);
        let blocks: Vec<String> = blocks
            .map(|text| {
                let text = text.replace("mta-sts.example.com", &self.host);
                let text = text.replace(&format!("/etc/letsencrypt/live/{}", self.host), &root);
                text.replace(&format!("/etc/ssl/{}", self.host), &root).replace("/srv/mta-sts", &format!("{root}/srv"))
            })
            .collect();
        assert!(!blocks.is_empty(), "{page} has no block of {language}");
        blocks
    }

    /// `stsready policy DOMAIN`.
    pub(super) fn policy(&self) -> Run {
        stsready(["policy", self.domain.as_str(), "--format", "json"]).at(self.lab).run()
    }

    /// Asserts that exactly these are shown, as soon as the server has done what it was told.
    pub(super) fn comes_to_show(&self, due: &[&str]) {
        shows(&settled(|| self.policy(), |run| shown(run).iter().eq(due)), due);
    }
}

/// A domain, what is wrong with its certificate and chain, and what is said of them.
type Fault = (&'static str, fn(Leaf) -> Leaf, fn(Chain) -> Chain, &'static [&'static str]);

/// Set up as its page says: healthy. Then what can be wrong with the certificate of any web server, and the way out of it.
pub(super) fn walk(kind: &Kind) {
    let lab = Lab::start_blocking().expect("a lab");
    let faults: [Fault; 4] = [
        ("healthy.test", |leaf| leaf, |chain| chain, &[]),
        ("wrong-name.test", |leaf| leaf.names(&["www.wrong-name.test"]), |chain| chain, &["blocker fetch-cert-name"]),
        ("expired.test", |leaf| leaf.expires_in(-2), |chain| chain, &["blocker fetch-cert-expired"]),
        ("chain.test", |leaf| leaf, Chain::without_intermediates, &["blocker fetch-cert-chain-incomplete"]),
    ];
    for (domain, leaf, chain, due) in faults {
        let site = Site::new(&lab, domain);
        site.install(leaf, chain);
        let sites = site.blocks(kind.page.0, kind.page.1).concat();
        let Some(server) = (kind.start)(&site, &sites) else { return };
        shows(&site.policy(), due);
        site.install(|leaf| leaf, |chain| chain);
        shows(&site.policy(), due);
        (kind.reload)(&site, &server);
        site.comes_to_show(&[]);
    }
}

//! A healthy domain with three weeks of clean reports, and short words for breaking it.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use hickory_proto::rr::RecordType;

use crate::lab::{Answer, Chain, Dns, Domain, DomainPlan, Https, Identity, Lab, Leaf, Page, Smtp, SmtpHost};
use crate::letters::{self, Letter};
use crate::run::{Call, stsready};

/// One scenario's domain and the call that checks it.
pub(crate) struct Scene<'a> {
    /// Where it is staged.
    pub(crate) lab: &'a Lab,
    /// The domain that is checked.
    pub(crate) name: String,
    /// Its parts.
    pub(crate) domain: Domain,
    letters: Option<Vec<Letter>>,
    files: Vec<(String, Vec<u8>)>,
    args: Vec<String>,
}

impl<'a> Scene<'a> {
    /// A healthy domain, changed by `plan` before it is built.
    pub(crate) fn new(lab: &'a Lab, name: &str, plan: fn(&mut DomainPlan)) -> Self {
        let domain = lab.good_domain(name, plan);
        Self { lab, name: name.into(), domain, letters: None, files: Vec::new(), args: Vec::new() }
    }

    /// `check DOMAIN --format json`, with its reports, pointed at the lab.
    pub(crate) fn check(&self) -> Call {
        self.check_as("json")
    }

    /// The same in another format.
    pub(crate) fn check_as(&self, format: &str) -> Call {
        let mut call = stsready(["check", self.name.as_str(), "--format", format]).at(self.lab).args(&self.args);
        if let Some(folder) = self.post() {
            call = call.args(["--reports".into(), folder]);
        }
        call
    }

    /// `change WORDS DOMAIN` in a format, with its reports, pointed at the lab.
    pub(crate) fn change_as(&self, format: &str, words: Vec<String>) -> Call {
        let mut call = stsready(["change"]).args(words).args([self.name.as_str(), "--format", format]).at(self.lab).args(&self.args);
        if let Some(folder) = self.post() {
            call = call.args(["--reports".into(), folder]);
        }
        call
    }

    /// Writes the reports, and says where; none if there is nothing to write.
    pub(crate) fn post(&self) -> Option<PathBuf> {
        let clean = || letters::clean(&self.name, &self.domain.policy, 1..=21);
        let letters = self.letters.clone().unwrap_or_else(clean);
        if letters.is_empty() && self.files.is_empty() {
            return None;
        }
        let folder = self.lab.folder().join(&self.name);
        std::fs::create_dir_all(&folder).expect("a folder in the lab's own");
        for letter in &letters {
            letter.write_gzip(&folder);
        }
        for (name, bytes) in &self.files {
            std::fs::write(folder.join(name), bytes).expect("a file in the lab's folder");
        }
        Some(folder)
    }

    /// Another option of the call.
    pub(crate) fn args(&mut self, args: &[&str]) {
        self.args.extend(args.iter().map(ToString::to_string));
    }

    /// Peers of this scenario never answer: the call is to give up after this long. It must be long enough for the healthy ones, on
    /// a machine that does much else.
    pub(crate) fn patience(&mut self, wait: &str) {
        self.args(&["--timeout", wait]);
    }

    // Names and DNS

    /// A name below the domain.
    pub(crate) fn below(&self, labels: &str) -> String {
        format!("{labels}.{}", self.name)
    }

    /// The zone.
    pub(crate) fn dns(&self) -> &Dns {
        self.lab.dns()
    }

    /// Puts this TXT record in the place of those below the domain at `labels`.
    pub(crate) fn txt(&self, labels: &str, text: &str) {
        self.dns().replace_txt(&self.below(labels), text);
    }

    /// Takes a name below the domain away with its records.
    pub(crate) fn remove(&self, labels: &str) {
        self.dns().remove_name(&self.below(labels));
    }

    /// Puts a CNAME in the place of all records of a name below the domain.
    pub(crate) fn alias(&self, labels: &str, target: &str) {
        self.remove(labels);
        self.dns().cname(&self.below(labels), target);
    }

    /// Takes the addresses of a name below the domain away; the name stays.
    pub(crate) fn without_address(&self, labels: &str) {
        for kind in [RecordType::A, RecordType::AAAA] {
            self.dns().remove(&self.below(labels), kind);
        }
    }

    // The policy host

    /// The policy host answers so.
    pub(crate) fn answers(&self, answer: Answer) {
        self.domain.policy_host.set(Https::answering(answer));
    }

    /// The policy host answers so, with what it had to serve.
    pub(crate) fn serves(&self, change: impl FnOnce(Page) -> Page) {
        self.domain.policy_host.set(Https::serving(change(self.page())));
    }

    /// The page that the policy host serves while it is healthy.
    pub(crate) fn page(&self) -> Page {
        Page::policy(&self.domain.policy)
    }

    /// Another policy, published in order; the reports are about it.
    pub(crate) fn policy(&mut self, text: &str) {
        self.domain.publish(text, "20260202T000000");
    }

    /// The policy with this change to its text.
    pub(crate) fn edit_policy(&mut self, from: &str, to: &str) {
        assert!(self.domain.policy.contains(from), "the policy has {from:?}");
        let text = self.domain.policy.replacen(from, to, 1);
        self.policy(&text);
    }

    /// A leaf for the policy host, to be spoilt.
    pub(crate) fn policy_leaf(&self) -> Leaf {
        Leaf::for_host(&self.below("mta-sts"))
    }

    /// The policy host presents this.
    pub(crate) fn policy_host_presents(&self, identity: impl Into<Identity>) {
        self.domain.policy_host.set_identity(identity);
    }

    // MX hosts, by their number from 1

    /// An MX host.
    pub(crate) fn mx(&self, number: usize) -> &SmtpHost {
        &self.domain.mx[number - 1].1
    }

    /// Its name.
    pub(crate) fn mx_name(&self, number: usize) -> String {
        self.domain.mx[number - 1].0.clone()
    }

    /// It misbehaves.
    pub(crate) fn mx_does(&self, number: usize, change: impl FnOnce(&mut Smtp)) {
        self.mx(number).change(change);
    }

    /// A leaf for it, to be spoilt.
    pub(crate) fn leaf(&self, number: usize) -> Leaf {
        Leaf::for_host(&self.mx_name(number))
    }

    /// Signed by the lab's intermediate, complete and in order.
    pub(crate) fn issue(&self, leaf: &Leaf) -> Chain {
        self.lab.ca().issue(leaf)
    }

    /// It presents this.
    pub(crate) fn mx_presents(&self, number: usize, identity: impl Into<Identity>) {
        self.mx(number).set_identity(identity);
    }

    /// A third MX host that DNS does not name as one yet; its certificate names `names`, or the host where there are none.
    pub(crate) fn start(&self, smtp: Smtp, names: &[&str]) {
        let name = self.below("mx3");
        let leaf = Leaf::for_host(&name);
        let leaf = if names.is_empty() { leaf } else { leaf.names(names) };
        let host = self.lab.smtp_host(Smtp { hostname: name.clone(), ..smtp }, self.issue(&leaf));
        self.dns().address(&name, host.address());
    }

    /// One more address for an MX host, where this behaviour is met.
    pub(crate) fn second_address(&self, number: usize, smtp: Smtp, identity: impl Into<Identity>) -> SmtpHost {
        let name = self.mx_name(number);
        let host = self.lab.smtp_host(Smtp { hostname: name.clone(), ..smtp }, identity);
        self.dns().address(&name, host.address());
        host
    }

    // Reports

    /// These reports in place of the clean ones.
    pub(crate) fn letters(&mut self, letters: Vec<Letter>) {
        self.letters = Some(letters);
    }

    /// No reports are given at all.
    pub(crate) fn without_reports(&mut self) {
        self.letters(Vec::new());
    }

    /// Clean reports of these days.
    pub(crate) fn clean(&self, days: RangeInclusive<i64>) -> Vec<Letter> {
        letters::clean(&self.name, &self.domain.policy, days)
    }

    /// The clean reports of three weeks, where `change` is made to what `organization` wrote about the day so many days ago.
    pub(crate) fn amend(&mut self, organization: &str, days: &[i64], change: impl Fn(Letter) -> Letter) {
        let letters = self.letters.take().unwrap_or_else(|| self.clean(1..=21));
        let meant = |letter: &Letter| letter.is_from(organization) && days.iter().any(|day| letter.is_about(*day));
        self.letters = Some(letters.into_iter().map(|letter| if meant(&letter) { change(letter) } else { letter }).collect());
    }

    /// One more file among the reports.
    pub(crate) fn file(&mut self, name: &str, bytes: impl Into<Vec<u8>>) {
        self.files.push((name.into(), bytes.into()));
    }
}

//! A whole healthy domain in one call: what a finished rollout looks like. Tests then break one thing.

use hickory_proto::rr::RecordType;

use super::{Dns, Https, HttpsHost, Key, Lab, Leaf, REPORT_MAILBOX, Smtp, SmtpHost};

/// What may differ from one healthy domain to the next.
#[derive(Clone, Debug)]
pub struct DomainPlan {
    /// `testing`, `enforce` or `none`.
    pub mode: String,
    /// Seconds; a fortnight unless changed.
    pub max_age: u32,
    /// The id of the `_mta-sts` record.
    pub id: String,
    /// How many MX hosts of its own it has: `mx1.`, `mx2.`, ….
    pub mx_hosts: usize,
    /// Existing hosts that it uses, too; nothing is started for them.
    pub foreign_mx: Vec<String>,
    /// The key types of every MX host; with several, a client gets what it can verify.
    pub mx_keys: Vec<Key>,
    /// How many days the certificates have left.
    pub days_left: i64,
    /// Where reports go.
    pub rua: String,
    /// The TTL of its records in seconds.
    pub ttl: u32,
}

impl Default for DomainPlan {
    fn default() -> Self {
        Self {
            mode: "testing".into(),
            max_age: 1_209_600,
            id: "20260101T000000".into(),
            mx_hosts: 2,
            foreign_mx: Vec::new(),
            mx_keys: vec![Key::P256],
            days_left: 80,
            rua: format!("mailto:{REPORT_MAILBOX}"),
            ttl: 300,
        }
    }
}

/// A domain that is up, with handles on its parts.
pub struct Domain {
    /// Its name.
    pub name: String,
    /// Its MX hosts with their names, in order of preference (10, 20, …).
    pub mx: Vec<(String, SmtpHost)>,
    /// The host `mta-sts.`.
    pub policy_host: HttpsHost,
    /// The policy that it serves.
    pub policy: String,
    dns: Dns,
}

pub(super) fn build(lab: &Lab, name: &str, change: impl FnOnce(&mut DomainPlan)) -> Domain {
    let mut plan = DomainPlan::default();
    change(&mut plan);
    let dns = lab.dns().with_ttl(plan.ttl);

    let certify = |host: &str, key: Key| lab.ca().issue(&Leaf::for_host(host).expires_in(plan.days_left).key(key));
    let own = (1..=plan.mx_hosts).map(|number| format!("mx{number}.{name}"));
    let mx: Vec<(String, SmtpHost)> = own
        .map(|host| {
            let chains: Vec<_> = plan.mx_keys.iter().map(|key| certify(&host, *key)).collect();
            let running = lab.smtp_host(Smtp { hostname: host.clone(), ..Smtp::default() }, chains);
            dns.address(&host, running.address());
            (host, running)
        })
        .collect();
    let all: Vec<&str> = mx.iter().map(|(host, _)| host).chain(&plan.foreign_mx).map(String::as_str).collect();
    for (preference, host) in (10..).step_by(10).zip(&all) {
        dns.mx(name, preference, host);
    }

    let policy = policy(&plan.mode, plan.max_age, &all);
    let host = format!("mta-sts.{name}");
    let policy_host = lab.https_host(Https::policy(&policy), certify(&host, Key::P256));
    dns.address(&host, policy_host.address());
    dns.txt(&format!("_smtp._tls.{name}"), &format!("v=TLSRPTv1; rua={}", plan.rua));
    let domain = Domain { name: name.into(), mx, policy_host, policy: policy.clone(), dns };
    domain.publish_id(&plan.id);
    domain
}

impl Domain {
    /// Serves another policy, and publishes another id for it.
    pub fn publish(&mut self, policy: &str, id: &str) {
        self.policy = policy.into();
        self.policy_host.set(Https::policy(policy));
        self.publish_id(id);
    }

    /// Publishes another id alone.
    pub fn publish_id(&self, id: &str) {
        self.dns.replace_txt(&format!("_mta-sts.{}", self.name), &format!("v=STSv1; id={id};"));
    }

    /// Adds an MX record; the policy does not follow.
    pub fn add_mx(&self, preference: u16, host: &str) {
        self.dns.mx(&self.name, preference, host);
    }

    /// Removes all MX records.
    pub fn without_mx(&self) {
        self.dns.remove(&self.name, RecordType::MX);
    }
}

/// The text of a policy as RFC 8461 §3.2 wants it, except that a mode is taken as it is given.
pub fn policy(mode: &str, max_age: u32, mx: &[&str]) -> String {
    let mx: Vec<String> = mx.iter().map(|pattern| format!("mx: {pattern}\r\n")).collect();
    format!("version: STSv1\r\nmode: {mode}\r\n{}max_age: {max_age}\r\n", mx.concat())
}

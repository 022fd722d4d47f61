//! The answer and everything it rests on, for one domain: what every format renders.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::acceptance::AcceptanceNote;
use super::expiry::{HostRole, LastKnown};
use super::facts::dane::Security;
use super::facts::vantage::{OtherVantage, Vantage};
use super::finding::{Finding, Fix};
use super::plan::HeldFrom;
use super::rule::Stage;
use super::threshold::Changed;
use crate::wire::fingerprint::Fingerprint;
use crate::wire::name::Domain;

/// One domain, judged.
#[derive(Clone, Debug)]
pub struct Assessment {
    /// The policy domain.
    pub domain: Domain,
    /// What was asked.
    pub question: Question,
    /// What the facts answer.
    pub answer: Answer,
    /// As of when it was judged.
    pub asked_at: Timestamp,
    /// When the facts were observed.
    pub observed_at: Timestamp,
    /// Until when the answer holds.
    pub valid_until: Timestamp,
    /// From where it was looked.
    pub vantage: Vantage,
    /// Further vantages whose facts were merged, newest first.
    pub vantages: Vec<OtherVantage>,
    /// Seconds that the clock of the newest vantage is ahead of the policy host's; negative if it is behind, `None` if no answer told.
    pub clock_offset_seconds: Option<i64>,
    /// The state of each stage that was looked at, in their order.
    pub stages: Vec<StageState>,
    /// The codes that decide, each once, in the order of the findings.
    pub because: Vec<&'static str>,
    /// What would change the answer, as sentences.
    pub would_change_if: Vec<String>,
    /// What to do now, in order, where the answer itself asks for it; otherwise each finding says what to do.
    pub next: Vec<Fix>,
    /// Every finding of every rule that ran, worst first.
    pub findings: Vec<Finding>,
    /// The MX hosts, as probed.
    pub mx: Vec<MxSummary>,
    /// The policy in force, or the draft.
    pub policy: Option<PolicySummary>,
    /// The TLS-RPT record.
    pub record: Option<RecordSummary>,
    /// What the reports add up to.
    pub reports: Option<ReportsSummary>,
    /// Every certificate's end, soonest first.
    pub runway: Vec<RunwayEntry>,
    /// Until when senders hold what, if the switch is made now.
    pub horizon: Option<Horizon>,
    /// Senders that will treat this very domain differently from what the RFCs say.
    pub senders: Vec<SenderNote>,
    /// What became of the risks that were to be accepted here.
    pub acceptances: Vec<AcceptanceNote>,
    /// The thresholds that differ from the defaults.
    pub thresholds: Vec<Changed>,
    /// Who answers for the domain, and which domains it belongs to, by the operator's configuration.
    pub keeper: Keeper,
    /// The file of the draft that was judged, as given; `-` is standard input.
    pub draft: Option<String>,
    /// Certificates that earlier checks saw at hosts and addresses that are still the domain's, and that showed none now.
    pub last_known: Vec<LastKnown>,
    /// The newest check that could look at everything that the answer needs, reports apart: this one, or one that is remembered.
    pub looked_at: Option<Timestamp>,
}

/// What the operator's configuration says of a domain; no judgement rests on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Keeper {
    /// Who answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The group of domains that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

/// A known behaviour of a sender that makes a difference for this domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SenderNote {
    /// Which senders.
    pub sender: &'static str,
    /// What the behaviour is called.
    pub behaviour: &'static str,
    /// What it means for this domain, in one sentence without a full stop.
    pub effect: String,
    /// Where this is known from, and the RFC section that it bends.
    pub source: &'static str,
    /// The rule that finds the same fault, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub see: Option<&'static str>,
}

/// The question that the policy's current state poses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// Mode `testing`: is it safe to switch to enforce now?
    SwitchToEnforce,
    /// Mode `enforce`: is it safe to stay?
    StayInEnforce,
    /// No usable policy: what is missing before testing can start?
    StartTesting,
    /// Only some stages were looked at: is anything broken there?
    CheckStage,
}

/// The four answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Nothing that was looked for speaks against it, and the evidence suffices.
    Ready,
    /// At least one blocker.
    NotReady,
    /// No blocker, but something that the answer needs could not be looked at, or the evidence does not suffice.
    Inconclusive,
    /// The domain takes no mail.
    NotApplicable,
}

/// A rung of the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StageState {
    /// The stage.
    pub stage: Stage,
    /// Its state.
    pub state: State,
}

/// The state of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Nothing broken.
    Pass,
    /// A warning.
    Warn,
    /// A blocker.
    Fail,
    /// Something that the answer needs could not be looked at.
    Undetermined,
    /// The stage has no subject.
    NotApplicable,
}

/// One MX host, for tables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MxSummary {
    /// Its name.
    pub host: Domain,
    /// The U-labels, where they differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_unicode: Option<String>,
    /// `None` unless an MX record names it.
    pub preference: Option<u16>,
    /// The pattern of the policy that covers it; `None` if none does or there is no policy.
    pub covered_by: Option<String>,
    /// Its TLSA records; `None` where they were not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dane: Option<DaneSummary>,
    /// Where its state is known from; `None` where reports were not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_from: Option<KnownFrom>,
    /// Its addresses.
    pub addresses: Vec<AddressSummary>,
}

/// Where the state of an MX host is known from. It is never inferred from the totals of reports: they are not per host (RFC 8461 §8.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum KnownFrom {
    /// Some report of the longest window names it.
    Reports,
    /// No report names it; every address is proven by a probe.
    ProbeOnly,
    /// Neither.
    Neither,
}

/// The TLSA records of an MX host (RFC 7672).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DaneSummary {
    /// Each as `usage selector matching data`; none where there is none, or where they could not be looked up.
    pub records: Vec<String>,
    /// How far DNSSEC vouches for them and for what they rest on.
    pub security: Security,
    /// Who says so.
    pub by: String,
    /// Whether every chain served matches; `None` where no record is usable or no certificate was seen.
    pub matches: Option<bool>,
}

/// One address of an MX host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AddressSummary {
    /// The address.
    pub address: std::net::IpAddr,
    /// How it fared: `proven`, `broken` or `undetermined`, over all rules on this address.
    pub outcome: AddressOutcome,
    /// `offered`, `missing`, `rejected`; `None` if EHLO was never answered.
    pub starttls: Option<&'static str>,
    /// `TLSv1.3` and so on.
    pub tls_version: Option<String>,
    /// The suite's IANA name.
    pub suite: Option<String>,
    /// The chains served: one a key type.
    pub chains: Vec<ChainSummary>,
}

/// How an address fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum AddressOutcome {
    /// A sender under enforce would deliver here.
    Proven,
    /// It would not.
    Broken,
    /// We could not look.
    Undetermined,
}

/// A certificate chain as served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ChainSummary {
    /// `rsa`, `ecdsa`, `ed25519` or what else the leaf's key is.
    pub key_type: String,
    /// The leaf.
    pub leaf: LeafSummary,
    /// Whether a path leads to a root that senders trust, dates and names aside.
    pub trusted: bool,
    /// How many certificates were served.
    pub served: usize,
    /// How many handshakes met this chain, where they were repeated to meet every server behind the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handshakes: Option<usize>,
    /// The anchor's subject, if trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
}

/// A leaf certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LeafSummary {
    /// DNS names in the SAN.
    pub names: Vec<String>,
    /// The issuer's distinguished name.
    pub issuer: String,
    /// Hexadecimal serial number.
    pub serial: String,
    /// Validity start.
    pub not_before: Timestamp,
    /// Validity end.
    pub not_after: Timestamp,
    /// Of the DER.
    pub sha256: Fingerprint,
}

/// The policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PolicySummary {
    /// As served (or drafted).
    pub text: String,
    /// Of the bytes.
    pub sha256: Fingerprint,
    /// `testing`, `enforce` or `none`, where it is valid.
    pub mode: Option<String>,
    /// Seconds.
    pub max_age: Option<u64>,
    /// The valid patterns.
    pub mx: Vec<String>,
    /// The id in the TXT record.
    pub id: Option<String>,
    /// Whether compliant senders can obtain it as it is; a draft is not usable yet.
    pub usable: bool,
}

/// The TLS-RPT record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RecordSummary {
    /// The records at the name.
    pub texts: Vec<String>,
    /// The valid targets.
    pub rua: Vec<String>,
}

/// What the reports of a domain add up to.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ReportsSummary {
    /// The window that was judged.
    pub window: Window,
    /// Days of the window on which some reported period lies.
    pub days_with_reports: i64,
    /// Reports about this domain inside the longest window.
    pub reports: u64,
    /// Who reported in the longest window.
    pub reporters: Vec<ReporterSummary>,
    /// Sessions in the window that count as evidence: successes and failures under the policy in force.
    pub sessions: u64,
    /// Sessions in the window that enforce would have refused.
    pub failures: u64,
    /// The exact 95 % upper bound of the failure rate (Clopper and Pearson 1934); `None` without sessions.
    pub failure_rate_upper_bound: Option<f64>,
    /// Failures, grouped and labelled.
    pub groups: Vec<FailureGroup>,
    /// When the evidence suffices if reports stay clean; `None` if it does now, or no date can be computed.
    pub suffices_at: Option<Timestamp>,
    /// What clean live checks stand in for; `None` where there is nothing that they could complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checks: Option<CleanChecks>,
    /// Readable files.
    pub files: u64,
    /// Reports that came more than once.
    pub duplicates: u64,
    /// Files that could not be read.
    pub rejected: usize,
    /// A line a day of the longest window, oldest first.
    pub days: Vec<DaySummary>,
    /// What enforce would have refused in the longest window under the policies that senders then applied, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Refused>,
    /// How many lines of [`Self::refused`] were left out, those with the fewest sessions.
    #[serde(skip_serializing_if = "is_zero")]
    pub refused_left_out: usize,
    /// The fewest MX hosts that a sender had left on any day; `None` where nothing was refused, or it is not known where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hosts_left: Option<HostsLeft>,
    /// The reports that [`Self::reports`] counts, so that each can be shown: the newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<ReportId>,
    /// How many of them were left out, the oldest.
    #[serde(skip_serializing_if = "is_zero")]
    pub ids_left_out: usize,
}

/// What names a report, and proves that it is the one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ReportId {
    /// Who sent it: a registered domain.
    pub reporter: String,
    /// `report-id`, as written.
    pub id: String,
    /// The period's start.
    pub start: Timestamp,
    /// The period's end.
    pub end: Timestamp,
    /// Of the report's JSON as it came, decompressed.
    pub sha256: Fingerprint,
}

/// How many MX hosts a sender had left beside those that it would have refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HostsLeft {
    /// The fewest on any day.
    pub left: usize,
    /// Of so many that are MX now.
    pub of: usize,
}

/// For numbers that are written only where there is something to count.
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// Live checks in the window that proved every MX address clean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CleanChecks {
    /// On so many days.
    pub days: usize,
    /// So many stand in for what reports lack.
    pub needed: usize,
    /// What they stand in for now.
    pub stands_in_for: Vec<CheckedFor>,
    /// When one clean check a day from now on makes the evidence enough; `None` if that is not what is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub would_suffice_at: Option<Timestamp>,
}

/// What clean live checks can stand in for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum CheckedFor {
    /// Further reporters.
    Reporters,
    /// Sessions.
    Sessions,
}

/// The days that were judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Window {
    /// Its first instant.
    pub start: Timestamp,
    /// Its end: when it was judged.
    pub end: Timestamp,
    /// Whole days.
    pub days: i64,
}

/// One who reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ReporterSummary {
    /// Registered domain.
    pub reporter: String,
    /// `organization-name` as last written.
    pub organization: String,
    /// Reports in the longest window.
    pub reports: u64,
    /// Sessions it reported, successes and failures.
    pub sessions: u64,
    /// The end of its newest period.
    pub last: Timestamp,
}

/// Sessions of one UTC day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DaySummary {
    /// The day.
    pub day: jiff::civil::Date,
    /// Successes that count.
    pub successful: u64,
    /// Failures that count.
    pub failed: u64,
    /// Reports whose period lies on it.
    pub reports: u64,
}

/// Failures of one kind from one reporter.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FailureGroup {
    /// Who reported.
    pub reporter: String,
    /// The MX host named; `None` where none was.
    pub mx: Option<Domain>,
    /// `result-type`.
    pub result_type: String,
    /// `failure-reason-code`, where given.
    pub reason: Option<String>,
    /// Failed sessions.
    pub sessions: u64,
    /// Days on which it occurred.
    pub days: usize,
    /// Start of the first period.
    pub first: Timestamp,
    /// End of the last period.
    pub last: Timestamp,
    /// What became of it.
    pub label: GroupLabel,
    /// What most likely lies behind it, where the reporter's words say so.
    #[serde(flatten)]
    pub cause: Option<Cause>,
}

/// A reading of a reporter's words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Cause {
    /// How sure it is.
    pub confidence: Confidence,
    /// The code of the rule whose page says more.
    pub see: &'static str,
    /// In one plain sentence, without a full stop.
    pub cause: String,
}

/// How sure a reading of a reporter's words is; the later, the surer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// The words say little; this is what usually lies behind them.
    Guess,
    /// The words fit, and could mean something else.
    Likely,
    /// The words name this fault and no other.
    Certain,
}

/// Sessions of one sender and day that enforce would have refused at one MX host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Refused {
    /// The UTC day.
    pub day: jiff::civil::Date,
    /// Who reported: the sender.
    pub reporter: String,
    /// The MX host; `None` where the report names none.
    pub mx: Option<Domain>,
    /// How many sessions.
    pub sessions: u64,
    /// How many of today's MX hosts this sender met no refusal at on that day; `None` where it is not known which host refused, or which
    /// hosts are MX. Nothing is said about how these would have fared: reports are not per host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hosts_left: Option<usize>,
}

/// Failures, judged again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum GroupLabel {
    /// The live probe shows the same fault.
    StillTrue,
    /// Explained by a change, or by chance no longer, and clean since.
    Fixed,
    /// The probe is clean and nothing explains it.
    Unexplained,
    /// The host is no MX of the domain.
    Foreign,
    /// DANE: the switch does not change it.
    NotSts,
}

/// When a certificate ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RunwayEntry {
    /// Host, address and key type.
    pub subject: String,
    /// The first date on which the path (or the leaf, if there is no path) fails.
    pub not_after: Timestamp,
    /// Seconds left; negative once it is over.
    pub seconds_left: i64,
    /// The leaf.
    pub sha256: Fingerprint,
    /// What `subject` is made of; JSON has that.
    #[serde(skip)]
    pub place: RunwayPlace,
}

/// Where a certificate is served, and when its end is near.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunwayPlace {
    /// The host.
    pub host: Domain,
    /// What the host is for.
    pub role: HostRole,
    /// The address, or the proxy that chose one.
    pub address: String,
    /// The leaf's key type.
    pub key_type: String,
    /// When it was seen last.
    pub seen_at: Timestamp,
    /// When its state changes; `None` where only the leaf is remembered.
    pub bounds: Option<RunwayBounds>,
}

/// From when on the end of a path is near, by whichever of its elements comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunwayBounds {
    /// A warning from here on.
    pub warning: Timestamp,
    /// Critical from here on.
    pub critical: Timestamp,
}

/// The commitment that a switch would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Horizon {
    /// Until when a sender that fetches the policy just before the TXT record's cached copy ends may hold it: now + TTL + `max_age`.
    pub held_until: Timestamp,
    /// The policy's `max_age`, in seconds.
    pub max_age: u64,
    /// The TXT record's TTL, in seconds; an hour at least, as a resolver may have answered what was left of it.
    pub txt_ttl: u32,
    /// Senders that are known to hold it for another time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clamped: Vec<Clamp>,
    /// Older policies that a sender may still hold, the longest held first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub older: Vec<OlderPolicy>,
    /// The way back from enforce, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roll_back: Vec<Fix>,
}

/// A sender that holds a policy for another time than its `max_age` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Clamp {
    /// Who.
    pub sender: &'static str,
    /// What it makes of the `max_age`, in seconds.
    pub max_age: u64,
    /// Until when it may hold the policy.
    pub held_until: Timestamp,
}

/// A policy that was served before, and may still be held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OlderPolicy {
    /// Of its bytes; absent where only reports name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Fingerprint>,
    /// Who saw it.
    pub seen: HeldFrom,
    /// `testing`, `enforce` or `none`.
    pub mode: String,
    /// Seconds.
    pub max_age: u64,
    /// Its valid patterns.
    pub mx: Vec<String>,
    /// The check that saw it first, or the begin of the first period that reports name it in.
    pub first_seen: Timestamp,
    /// The check that saw it last, or the end of the last such period.
    pub last_seen: Timestamp,
    /// Until when a sender may hold it.
    pub held_until: Timestamp,
    /// Senders that may hold it for another time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clamped: Vec<Clamp>,
    /// Whether a sender that enforces it would deliver to every MX host of today.
    pub satisfied: bool,
    /// The MX hosts of today that it does not cover.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub uncovered: Vec<Domain>,
    /// The MX hosts of today that fail whatever the policy lists.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub broken: Vec<Domain>,
}

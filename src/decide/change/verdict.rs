//! Whether a change may be made: what of the state after it stands against it.

use std::collections::BTreeSet;

use super::route::Way;
use super::world::World;
use crate::model::assessment::{Answer, Assessment, Question};
use crate::model::change::Change;
use crate::model::facts::Facts;
use crate::model::facts::policy::Draft;
use crate::model::facts::servers::Probe;
use crate::model::finding::{Finding, Outcome, Sheet, codes};
use crate::model::rule::{Severity, Stage};
use crate::model::settings::Settings;
use crate::rules::change::{Cached, Planned, concerns};
use crate::rules::{Case, cert, change, mx, policy};
use crate::wire::name::Domain;
use crate::wire::policy::{self as text, Mode};

/// Everything that it rests on.
pub(super) struct Grounds<'a> {
    pub(super) world: &'a World<'a>,
    pub(super) change: &'a Change,
    /// The state after the change.
    pub(super) target: &'a Facts,
    /// Today, judged.
    pub(super) before: &'a Assessment,
    /// The state after the change, judged.
    pub(super) then: &'a Assessment,
    pub(super) settings: &'a Settings,
    pub(super) route: &'a Way,
}

/// The verdict.
pub(super) struct Verdict {
    pub(super) answer: Answer,
    pub(super) because: Vec<&'static str>,
    pub(super) findings: Vec<Finding>,
    pub(super) standing: Vec<Finding>,
}

/// Which findings of the state after a change decide about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Concern {
    /// All of them: from then on mail is refused.
    Everything,
    /// That the new policy can be had: what it steps back from must not keep it from stepping back.
    Publishing,
    /// That it can be had, and the MX hosts that it lists.
    Policy,
    /// That it can be had, and the hosts that the change brings.
    Hosts,
    /// The policy, and every host that is left.
    Rest,
    /// The hosts alone: no policy is published.
    HostsAlone,
}

pub(super) fn of(grounds: &Grounds<'_>) -> Verdict {
    let (world, then, before) = (grounds.world, grounds.then, grounds.before);
    let leaving = matches!(grounds.change, Change::Leave);
    let is_over = grounds.route.free;
    if is_over || (before.answer == Answer::NotApplicable && !leaving) {
        let answer = if is_over { Answer::Ready } else { Answer::NotApplicable };
        let findings = before.findings.iter().filter(|finding| !is_over && before.because.contains(&finding.code()) && finding.is_shown());
        return Verdict {
            answer,
            because: if is_over { Vec::new() } else { before.because.clone() },
            findings: findings.cloned().collect(),
            standing: Vec::new(),
        };
    }
    // What is planned was not observed: it has not drifted from anything.
    let told = then.findings.iter().filter(|finding| finding.is_shown() && finding.rule.family() != "drift");
    let mut after: Vec<Finding> = told.cloned().collect();
    judge_unseen(grounds, &mut after);
    for finding in &mut after {
        // With an MX more a name without address is no loss of mail; as the aim of a plan it is a mistake.
        if finding.rule == &mx::UNRESOLVABLE && grounds.change.hosts().iter().any(|host| concerns(finding, host)) {
            finding.severity = Severity::Blocker;
        }
    }
    let concern = concern(grounds);
    let weighs = |finding: &Finding| finding.blocks() || finding.unsettles();
    let is_new = |finding: &Finding| {
        !before.findings.iter().any(|known| {
            known.is_shown() && known.code() == finding.code() && known.subject == finding.subject && known.severity >= finding.severity
        })
    };
    // A policy changes no MX set: what senders that hold an older one refuse they refuse today.
    let (mut findings, refused) = own(grounds, &after).into_iter().partition::<Vec<_>, _>(|finding| {
        finding.rule != &change::BREAKS_CACHED || !matches!(grounds.change, Change::Policy(draft) if !begins(world, draft))
    });
    after.retain(|finding| !(finding.unsettles() && grounds.change.hosts().iter().any(|host| concerns(finding, host))));
    // Reports are about today; whether they suffice for a switch is told by the judgement of today.
    let reported = before.findings.iter().filter(|finding| finding.stage == Stage::Reports && finding.is_shown() && weighs(finding));
    let mut standing: Vec<Finding> = on_the_way(grounds).chain(reported).cloned().chain(refused).collect();
    for finding in after.into_iter().filter(|finding| finding.stage != Stage::Reports) {
        if leaving && finding.rule == &policy::MODE_NONE {
            continue;
        }
        let is_new = is_new(&finding);
        if (is_new || is_of(concern, &finding, grounds.change)) && (weighs(&finding) || (is_new && finding.severity >= Severity::Warning)) {
            findings.push(finding);
        } else if weighs(&finding) {
            standing.push(finding);
        }
    }
    if concern == Concern::Everything {
        findings.extend(of_today(before, &findings));
    }
    // A risk that is accepted stands in the ticket, too.
    let accepted = before.findings.iter().filter(|finding| finding.is_shown() && finding.accepted.is_some());
    let accepted: Vec<Finding> = accepted.filter(|finding| !findings.iter().any(|known| is_same(known, finding))).cloned().collect();
    findings.extend(accepted);
    standing.retain(|finding| !findings.iter().any(|other| is_same(other, finding)));
    findings.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.outcome, finding.stage));
    let has = |test: fn(&Finding) -> bool| findings.iter().any(test);
    let answer = if has(Finding::blocks) {
        Answer::NotReady
    } else if has(Finding::unsettles) || world.facts.policy.is_none() || (then.answer == Answer::NotApplicable && !leaving) {
        Answer::Inconclusive
    } else {
        Answer::Ready
    };
    let decides = |finding: &&Finding| finding.blocks() || (answer == Answer::Inconclusive && finding.unsettles());
    let because = codes(findings.iter().filter(decides));
    Verdict { answer, because, findings, standing }
}

/// What is broken today at hosts that go with a change of the provider: until they are gone it counts.
fn on_the_way<'a>(grounds: &Grounds<'a>) -> impl Iterator<Item = &'a Finding> {
    let going = matches!(grounds.change, Change::Provider { .. }).then(|| going(grounds)).unwrap_or_default();
    let today = grounds.before.findings.iter().filter(|finding| finding.blocks() || finding.unsettles());
    today.filter(move |finding| going.iter().any(|host| concerns(finding, host)))
}

/// The MX hosts of a state.
fn hosts(facts: &Facts) -> BTreeSet<Domain> {
    let records = facts.mail.iter().filter_map(|mail| mail.mx.seen()).flat_map(|answer| &answer.value);
    records.map(|record| record.exchange.clone()).filter(|host| !host.is_root()).collect()
}

/// The MX hosts that the change takes away.
fn going(grounds: &Grounds<'_>) -> Vec<Domain> {
    hosts(grounds.world.facts).difference(&hosts(grounds.target)).cloned().collect()
}

fn is_same(one: &Finding, other: &Finding) -> bool {
    one.code() == other.code() && one.subject == other.subject
}

/// What stands against enforce today and is not seen in the state after: record and reports weigh less once a domain is in enforce.
fn of_today(before: &Assessment, findings: &[Finding]) -> Vec<Finding> {
    let starting = before.question == Question::StartTesting;
    let today = before.findings.iter().filter(|finding| finding.blocks() || finding.unsettles());
    let counted = today.filter(|finding| starting || finding.stage != Stage::Policy);
    counted.filter(|finding| !findings.iter().any(|known| is_same(known, finding) && known.severity >= finding.severity)).cloned().collect()
}

fn concern(grounds: &Grounds<'_>) -> Concern {
    match grounds.change {
        Change::Enforce => Concern::Everything,
        Change::Testing | Change::Leave => Concern::Publishing,
        Change::AddMx { .. } => Concern::Hosts,
        Change::RemoveMx { .. } => Concern::Rest,
        Change::Policy(draft) if rises(grounds.world, draft) => Concern::Everything,
        Change::Policy(_) => Concern::Policy,
        Change::Provider { .. } => Concern::Rest,
        Change::Certificate(_) => Concern::HostsAlone,
    }
}

/// Whether senders that meet no refusal today are to refuse from then on.
fn begins(world: &World<'_>, draft: &Draft) -> bool {
    !world.is_enforced() && text::parse(&draft.body.text).mode == Some(Mode::Enforce)
}

/// Whether a policy makes senders refuse, or refuse for longer.
fn rises(world: &World<'_>, draft: &Draft) -> bool {
    let planned = text::parse(&draft.body.text);
    let is_longer = planned.mode == Some(Mode::Enforce) && planned.max_age > world.max_age();
    begins(world, draft) || (world.is_enforced() && is_longer)
}

fn is_of(concern: Concern, finding: &Finding, change: &Change) -> bool {
    let publishing = matches!(finding.rule.family(), "domain" | "txt" | "fetch" | "policy" | "vantage");
    let hosts = || change.hosts().iter().any(|host| concerns(finding, host));
    match concern {
        Concern::Everything => true,
        Concern::Publishing => publishing,
        Concern::Policy => publishing || finding.rule.family() == "mx",
        Concern::Hosts => publishing || hosts(),
        Concern::Rest => finding.stage != Stage::Record,
        Concern::HostsAlone => hosts(),
    }
}

/// A new chain is judged at a host, too, where nothing is served in whose place it would come.
fn judge_unseen(grounds: &Grounds<'_>, findings: &mut Vec<Finding>) {
    let Change::Certificate(new) = grounds.change else { return };
    let case = Case::new(grounds.target, grounds.settings, grounds.world.now);
    let serves = |host: &Domain| {
        let servers = grounds.target.servers.iter().flatten().filter(|server| server.name == *host).flat_map(|server| &server.probes);
        let mut policy = grounds.target.policy.iter().filter(|policy| policy.host == *host).flat_map(|policy| &policy.fetches);
        servers.flat_map(Probe::chains).next().is_some() || policy.any(|fetch| fetch.handshake().is_some())
    };
    for host in new.hosts.iter().filter(|host| !serves(host)) {
        let tls = crate::model::facts::tls::TlsFacts {
            version: String::new(),
            suite: String::new(),
            chain: new.chain.clone(),
            trust: new.trust.clone(),
            stapled: None,
            signature_problem: None,
            fetched: None,
        };
        let mut sheet = Sheet::default();
        cert::judge_chain(&case, &format!("{host} {}", new.file), host, &tls, &mut sheet);
        findings.extend(sheet.into_findings().into_iter().filter(Finding::is_shown));
    }
}

/// What the rules on changes say.
fn own(grounds: &Grounds<'_>, after: &[Finding]) -> Vec<Finding> {
    let (world, target) = (grounds.world, grounds.target);
    let live: Vec<Domain> = hosts(target).into_iter().collect();
    let cached = cached(grounds, &live);
    let case = Case::new(target, grounds.settings, world.now);
    let mut sheet = Sheet::default();
    let chain = match grounds.change {
        Change::Certificate(new) => Some(new.as_ref()),
        _ => None,
    };
    let planned = Planned {
        cached: &cached,
        live: &live,
        going: &going(grounds),
        chain,
        to_prove: grounds.change.hosts(),
        unheard: unheard(grounds),
        findings: after,
        // Once it is published for its text it is no new one.
        id: world.chosen.filter(|_| !grounds.route.chosen_is_published),
    };
    // Which ids were used is known of today: the state after the change has the new one already.
    let today = Case::new(world.facts, grounds.settings, world.now);
    change::judge(&Case { held: today.held, ..case }, &planned, &mut sheet);
    sheet
        .into_findings()
        .into_iter()
        .filter(|finding| finding.outcome == Outcome::Broken || finding.outcome == Outcome::Undetermined)
        .collect()
}

/// The host that is to go where nothing tells that it was ever there.
fn unheard<'a>(grounds: &Grounds<'a>) -> Option<&'a Domain> {
    match grounds.change {
        Change::RemoveMx { host } => Some(host).filter(|host| grounds.world.never_had(host)),
        _ => None,
    }
}

/// The policies in enforce that senders may hold and that the change meets. A step back meets none; what a plan waits for neither.
fn cached(grounds: &Grounds<'_>, live: &[Domain]) -> Vec<Cached> {
    let covers = |mx: &[crate::wire::pattern::MxPattern], host: &Domain| mx.iter().any(|pattern| pattern.matches(host));
    let older = grounds.world.held.enforced().filter(|older| older.asked_until > grounds.world.now);
    let meets = |mx: &[crate::wire::pattern::MxPattern]| match grounds.change {
        Change::Enforce | Change::Policy(_) => true,
        // A host goes on which some senders depend: the others are refused by them.
        Change::RemoveMx { .. } => {
            !live.iter().any(|host| covers(mx, host)) && grounds.world.mx().iter().any(|record| covers(mx, &record.exchange))
        }
        Change::Testing | Change::Leave | Change::AddMx { .. } | Change::Provider { .. } | Change::Certificate(_) => false,
    };
    older.filter(|older| meets(&older.mx)).map(|older| Cached { mx: older.mx.clone(), until: older.asked_until }).collect()
}

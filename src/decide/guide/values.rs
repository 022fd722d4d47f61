//! What is filled into a playbook's texts, out of the facts and the assessment of one domain.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{About, Web, due};
use crate::evidence::past::HeldPolicy;
use crate::evidence::past::held::longest;
use crate::model::assessment::Assessment;
use crate::model::facts::dns::{AddressFacts, MxRecord};
use crate::model::looked::Looked;
use crate::playbook::placeholder::{Placeholder, Values};
use crate::rules::Case;
use crate::wire::name::Domain;
use crate::wire::zone;

/// MX hosts beyond these are counted in a line of text.
const HOSTS_NAMED: usize = 8;

/// Whose MX hosts these are: the end of their names, and the playbook about them.
const PROVIDERS: [(&str, &str); 6] = [
    ("google.com", "google-workspace"),
    ("googlemail.com", "google-workspace"),
    ("mail.protection.outlook.com", "microsoft-365"),
    ("mx.microsoft", "microsoft-365"),
    ("messagingengine.com", "fastmail"),
    ("fastmail.com", "fastmail"),
];

/// Everything that can be filled in.
pub(super) fn of(case: &Case<'_>, assessment: &Assessment, about: About<'_>) -> Values {
    let mut values = Values::default();
    let domain = &case.facts.domain;
    let host = domain.child("mta-sts");
    values.put(Placeholder::Domain, Ok(domain.to_string()));
    values.put(Placeholder::PolicyUrl, Ok(format!("https://{host}/.well-known/mta-sts.txt")));
    values.put(Placeholder::PolicyHost, Ok(host.to_string()));
    values.put(Placeholder::Host, about.host.map(ToString::to_string).ok_or("none was named; name it with --host"));
    values.put(Placeholder::RecordHost, host_record(case, &host, about.web));
    report(case, assessment, about, &mut values);
    mx(case, &mut values);
    policy(case, assessment, &mut values);
    dates(case, assessment, &mut values);
    values
}

/// The policy host's record: as it is in DNS, else as it shall be.
fn host_record(case: &Case<'_>, host: &Domain, web: Option<&Web>) -> Result<String, &'static str> {
    let addresses = case.facts.policy.as_ref().map(|policy| &policy.addresses);
    let alias = addresses.and_then(|addresses| addresses.via().first());
    let lines: Vec<String> = match (web, alias) {
        (Some(Web::Address(address)), _) => vec![zone::address_line(host, Some(zone::TTL), *address)],
        (Some(Web::Alias(target)), _) => vec![zone::cname_line(host, Some(zone::TTL), target)],
        (None, Some(link)) => vec![zone::cname_line(host, None, &link.target)],
        (None, None) => {
            let all = addresses.map(AddressFacts::all).unwrap_or_default();
            all.into_iter().map(|address| zone::address_line(host, None, address)).collect()
        }
    };
    if lines.is_empty() {
        Err("the web server was not named (name it with --web ADDRESS, or --web NAME for an alias)")
    } else {
        Ok(lines.join("\n"))
    }
}

fn report(case: &Case<'_>, assessment: &Assessment, about: About<'_>, values: &mut Values) {
    let domain = &case.facts.domain;
    let published = assessment.record.as_ref().map(|record| record.rua.join(",")).filter(|rua| !rua.is_empty());
    let rua = about.rua.map(str::to_owned).or(published).unwrap_or_else(|| format!("mailto:tls-reports@{domain}"));
    let line = zone::txt_line(&domain.child("_smtp._tls"), &format!("v=TLSRPTv1; rua={rua}"));
    values.put(Placeholder::RecordTlsrpt, Ok(line));
    values.put(Placeholder::Rua, Ok(rua));
}

fn mx(case: &Case<'_>, values: &mut Values) {
    const NONE: &str = "no MX host of the domain is known";
    let hosts: Vec<&Domain> = case.facts.servers.iter().flatten().map(|host| &host.name).collect();
    let answer = case.facts.mail.as_ref().and_then(|mail| mail.mx.seen());
    let record = |record: &MxRecord| zone::mx_line(&case.facts.domain, None, record.preference, &record.exchange);
    let records = answer.map(|answer| answer.value.iter().map(record).collect::<Vec<_>>().join("\n"));
    let mut named: Vec<String> = hosts.iter().take(HOSTS_NAMED).map(ToString::to_string).collect();
    if hosts.len() > HOSTS_NAMED {
        named.push(format!("and {} more", hosts.len() - HOSTS_NAMED));
    }
    values.put(Placeholder::RecordNullMx, null_mx(case));
    let any = |text: String| if hosts.is_empty() { Err(NONE) } else { Ok(text) };
    values.put(Placeholder::MxHosts, any(named.join(", ")));
    values.put(Placeholder::MxFirst, any(named.first().cloned().unwrap_or_default()));
    values.put(Placeholder::MxRecords, records.ok_or("the domain has no MX record"));
    values.put(Placeholder::MxLines, any(hosts.iter().map(|host| format!("mx: {host}")).collect::<Vec<_>>().join("\n")));
    let at_home = |end: &str| hosts.iter().all(|host| host.is_at_or_below(&Domain::from_dns(end)));
    let provider = PROVIDERS.iter().find(|(end, _)| at_home(end)).map_or("self-hosted", |(_, playbook)| playbook);
    values.put(Placeholder::Provider, any(provider.to_owned()));
}

/// The null MX; never in the place of records that somebody's mail depends on.
fn null_mx(case: &Case<'_>) -> Result<String, &'static str> {
    let line = zone::mx_line(&case.facts.domain, Some(zone::TTL), 0, &Domain::from_dns("."));
    match case.facts.mail.as_ref().map(|mail| &mail.mx) {
        Some(Looked::Absent(_)) => Ok(line),
        Some(Looked::Seen(answer)) if answer.value.iter().all(|record| record.exchange.is_root()) => Ok(line),
        Some(Looked::Seen(_)) => Err("the domain has MX records; take them away first, if nobody's mail depends on them"),
        Some(Looked::Failed(_)) | None => Err("its MX records could not be looked up"),
    }
}

fn policy(case: &Case<'_>, assessment: &Assessment, values: &mut Values) {
    const NONE: &str = "no policy is served";
    let served = assessment.policy.as_ref();
    let max_age = served.and_then(|policy| policy.max_age);
    values.put(Placeholder::PolicyServed, served.map(|policy| policy.text.clone()).ok_or(NONE));
    values.put(Placeholder::PolicyMode, served.and_then(|policy| policy.mode.clone()).ok_or(NONE));
    values.put(Placeholder::PolicyMaxAge, max_age.map(|seconds| format!("{seconds} seconds")).ok_or(NONE));
    values.put(Placeholder::RecordTtl, Ok(format!("{} seconds", case.held.published.txt_ttl)));
    let texts = case.facts.policy.as_ref().map(|policy| policy.txt.texts()).unwrap_or_default();
    values.put(Placeholder::RecordServed, if texts.is_empty() { Err("there is none") } else { Ok(texts.join(" | ")) });
    let text = due::text(case, assessment);
    values.put(Placeholder::PolicyDueMode, due::told(case).map(|mode| mode.as_str().to_owned()));
    values.put(Placeholder::RecordTesting, due::record(case, &text));
    values.put(Placeholder::PolicyTesting, text);
}

fn dates(case: &Case<'_>, assessment: &Assessment, values: &mut Values) {
    let suffices = assessment.reports.as_ref().and_then(|reports| reports.suffices_at);
    let today = assessment.horizon.as_ref().map(|horizon| longest(horizon.held_until, &horizon.clamped));
    let held = case.held.enforced().map(HeldPolicy::longest).chain(today).max();
    let first = assessment.runway.first();
    values.put(Placeholder::Today, Ok(day(case.now)));
    values.put(Placeholder::EvidenceDate, suffices.map(day).ok_or("no date can be computed, or they suffice already"));
    values.put(Placeholder::PolicyHeldUntil, held.map(day).ok_or("no policy is in force"));
    values.put(
        Placeholder::CertificateDate,
        first.map(|end| format!("{} ({})", day(end.not_after), end.subject)).ok_or("no certificate was seen"),
    );
    values.put(Placeholder::HoldsUntil, Ok(day(assessment.valid_until)));
}

fn day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).date().to_string()
}

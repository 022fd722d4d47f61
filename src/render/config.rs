//! `config show`: the configuration in effect, for people and programs.

use jiff::civil::Date;
use serde::Serialize;

use super::escape;
use super::page::{Look, Page};
use crate::model::acceptance::Acceptance;
use crate::model::assessment::Keeper;
use crate::model::effective::{Channel, Effective, Setting, Source, Turned};
use crate::wire::name::Domain;

/// The schema's name and version.
pub const SCHEMA: &str = "stsready/config/1";

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Configuration"))]
pub(super) struct View<'a> {
    /// The schema's name and version.
    schema: &'static str,
    /// The file that was read; `None` where there is none.
    file: Option<&'a str>,
    /// Every option, its values and where they come from.
    options: &'a [Setting],
    /// Every threshold, and where it comes from.
    thresholds: &'a [Turned],
    /// The domains that are looked after.
    domains: Vec<DomainView<'a>>,
    /// The risks that are accepted.
    accept: Vec<AcceptView<'a>>,
    /// The mailboxes that reports are fetched from.
    imap: Vec<ImapView<'a>>,
    /// Whom `check --notify` tells what is new.
    notify: &'a [Channel],
}

/// A domain that is looked after.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Domain"))]
struct DomainView<'a> {
    /// The policy domain.
    name: &'a Domain,
    #[serde(flatten)]
    keeper: &'a Keeper,
}

/// A risk that is accepted.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Acceptance"))]
struct AcceptView<'a> {
    /// The rule's code.
    code: &'static str,
    /// The subject that it is accepted at; left out where at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    /// The domain that it is accepted for; left out where for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<&'a Domain>,
    /// Why.
    reason: &'a str,
    /// The last day of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Date>,
    /// Where that comes from.
    source: Source,
}

/// A mailbox that reports are fetched from.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Mailbox"))]
struct ImapView<'a> {
    /// What it is called.
    name: &'a str,
    /// Where it is.
    url: &'a str,
}

/// One object.
pub fn document(effective: &Effective) -> Result<String, serde_json::Error> {
    let accepted = |(acceptance, source): &'_ (Acceptance, Source)| (acceptance.rule.code, *source);
    let accept = effective.accept.iter().map(|one| {
        let (code, source) = accepted(one);
        let Acceptance { subject, domain, reason, until, .. } = &one.0;
        AcceptView { code, subject: subject.as_deref(), domain: domain.as_ref(), reason, until: *until, source }
    });
    escape::json_pretty(&View {
        schema: SCHEMA,
        file: effective.file.as_deref(),
        options: &effective.options,
        thresholds: &effective.thresholds,
        domains: effective.domains.iter().map(|(name, keeper)| DomainView { name, keeper }).collect(),
        accept: accept.collect(),
        imap: effective.imap.iter().map(|(name, url)| ImapView { name, url }).collect(),
        notify: &effective.notify,
    })
}

/// For people.
pub fn text(effective: &Effective, width: usize) -> String {
    let mut page = Page::new(width);
    page.line(&[(Look::Strong, "Configuration"), (Look::Plain, "  "), (Look::Plain, effective.file.as_deref().unwrap_or("no file"))]);
    page.gap();
    page.line(&[(Look::Strong, "Options")]);
    let option = |setting: &Setting| {
        let values = if setting.values.is_empty() { "–".to_owned() } else { setting.values.join(", ") };
        row(setting.name, values, setting.source, String::new())
    };
    page.table(2, &effective.options.iter().map(option).collect::<Vec<_>>());
    page.gap();
    page.line(&[(Look::Strong, "Thresholds")]);
    let threshold = |turned: &Turned| {
        let default = if turned.value == turned.default { String::new() } else { format!("; default {}", turned.default) };
        row(turned.name, turned.value.to_string(), turned.source, format!("{}{default}", turned.what))
    };
    page.table(2, &effective.thresholds.iter().map(threshold).collect::<Vec<_>>());
    if !effective.domains.is_empty() {
        page.gap();
        page.line(&[(Look::Strong, "Domains")]);
        let domain = |(name, keeper): &(Domain, Keeper)| {
            let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
            vec![(Look::Plain, name.shown()), (Look::Plain, or_none(&keeper.group)), (Look::Faint, or_none(&keeper.owner))]
        };
        page.table(2, &effective.domains.iter().map(domain).collect::<Vec<_>>());
    }
    if !effective.accept.is_empty() {
        page.gap();
        page.line(&[(Look::Strong, "Accepted risks")]);
    }
    for (acceptance, source) in &effective.accept {
        let subject = acceptance.subject.as_ref().map(|subject| format!("@{subject}")).unwrap_or_default();
        let domain = acceptance.domain.as_ref().map(|domain| format!(" at {domain}")).unwrap_or_default();
        let until = acceptance.until.map(|until| format!(", until {until}")).unwrap_or_default();
        let told = format!("{}{subject}{domain}: {}{until} ({})", acceptance.rule.code, acceptance.reason, source.as_str());
        page.paragraph(&[(Look::Plain, "  ")], Look::Plain, &told);
    }
    if !effective.imap.is_empty() {
        page.gap();
        page.line(&[(Look::Strong, "Mailboxes")]);
        let mailbox = |(name, url): &(String, String)| vec![(Look::Plain, name.clone()), (Look::Faint, url.clone())];
        page.table(2, &effective.imap.iter().map(mailbox).collect::<Vec<_>>());
    }
    if !effective.notify.is_empty() {
        page.gap();
        page.line(&[(Look::Strong, "Channels")]);
        let channel = |channel: &Channel| {
            let signed = if channel.signed { "signed" } else { "" };
            vec![
                (Look::Plain, channel.kind.to_owned()),
                (Look::Faint, channel.to.clone().unwrap_or_default()),
                (Look::Faint, signed.to_owned()),
            ]
        };
        page.table(2, &effective.notify.iter().map(channel).collect::<Vec<_>>());
    }
    page.finish()
}

fn row(name: &str, value: String, source: Source, note: String) -> Vec<(Look, String)> {
    let look = if source == Source::Default { Look::Faint } else { Look::Good };
    vec![(Look::Plain, name.to_owned()), (Look::Code, value), (look, source.as_str().to_owned()), (Look::Faint, note)]
}

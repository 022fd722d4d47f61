//! What an uncovered MX host looks like beside the patterns that match nothing: the classes of mismatch seen in the wild.

use crate::wire::likeness::edits_within;
use crate::wire::name::Domain;
use crate::wire::pattern::MxPattern;
use crate::wire::policy::Policy;

/// More patterns than these are not compared; a hostile policy has thousands.
const COMPARED: usize = 200;
/// So many edits are still a slip of the pen.
const TYPO: usize = 3;

/// How a host and a pattern miss each other; the plainest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Likeness {
    /// The line is there, and its key is `MX` or `nmx`.
    MisspeltKey { line: usize },
    /// A wildcard stands for one label, and the host has more of them below it.
    WildcardTooShallow,
    /// The wildcard's domain has one label more than the host's.
    WildcardTooDeep,
    /// The pattern is `mta-sts.` and something.
    PolicyHost,
    /// The pattern has a label that the host has not.
    ExtraLabel,
    /// The host has a label that the pattern has not.
    MissingLabel,
    /// The same but for the public suffix.
    OtherTld,
    /// So many characters differ.
    Typo(usize),
    /// Another host of the same organisation.
    Sibling,
    /// Nothing in common.
    OtherDomain,
    /// Every pattern matches some other host.
    Unlisted,
}

impl Likeness {
    /// Whether the pattern is the host's own line gone wrong, to be replaced rather than left beside a new one.
    fn is_slip(self) -> bool {
        !matches!(self, Self::Sibling | Self::OtherDomain | Self::Unlisted)
    }
}

/// The pattern that comes closest to a host.
pub(super) struct Nearest {
    pub(super) likeness: Likeness,
    /// Its index in the policy.
    pub(super) pattern: Option<usize>,
    /// Whether its line should give way to the correction: it matches nothing else.
    pub(super) replaces: bool,
    /// What the line should say.
    pub(super) correction: MxPattern,
}

/// Compares `host` with the patterns in `unused`, which match no live host: a pattern that serves another host is nobody's slip.
pub(super) fn nearest(host: &Domain, policy: &Policy, unused: &[usize]) -> Nearest {
    let exact = MxPattern::exact(host.clone());
    if let Some(meant) = policy.mx_meant.iter().find(|meant| meant.by_key && meant.pattern.matches(host)) {
        return Nearest {
            likeness: Likeness::MisspeltKey { line: meant.line },
            pattern: None,
            replaces: true,
            correction: meant.pattern.clone(),
        };
    }
    // In ascending order, as they were found.
    let is_unused = |index: usize| unused.binary_search(&index).is_ok();
    // Wildcards are often right for another host and too narrow for this one, so those in use are compared as well.
    let compared = policy.mx.iter().enumerate().take(COMPARED);
    let closest = compared
        .filter_map(|(index, pattern)| {
            let likeness = compare(host, pattern);
            let fits = is_unused(index) || likeness == Likeness::WildcardTooShallow;
            fits.then_some((likeness, index))
        })
        .min();
    let Some((likeness, index)) = closest else {
        return Nearest { likeness: Likeness::Unlisted, pattern: None, replaces: false, correction: exact };
    };
    let by_wildcard = policy.mx.get(index).is_some_and(MxPattern::is_wildcard) && likeness.is_slip() && likeness != Likeness::PolicyHost;
    // A wildcard over a whole registered domain would let every host of it pass (RFC 8461 §10.4).
    let narrow = |parent: &Domain| by_wildcard && parent.registered().is_some_and(|registered| registered != *parent);
    let correction = match host.parent().filter(narrow) {
        Some(parent) => MxPattern::wildcard(parent),
        None => exact,
    };
    Nearest { likeness, pattern: Some(index), replaces: likeness.is_slip() && is_unused(index), correction }
}

fn compare(host: &Domain, pattern: &MxPattern) -> Likeness {
    let named = pattern.domain();
    if named.as_str().starts_with("mta-sts.") {
        return Likeness::PolicyHost;
    }
    if pattern.is_wildcard() {
        if host == named || (named.parent().is_some() && named.parent() == host.parent()) {
            return Likeness::WildcardTooDeep;
        }
        if host.is_at_or_below(named) && named.registered().is_some() {
            return Likeness::WildcardTooShallow;
        }
    }
    // A wildcard is compared with what would have stood in its place.
    let wanted = if pattern.is_wildcard() { host.parent().unwrap_or_else(|| host.clone()) } else { host.clone() };
    if !pattern.is_wildcard() {
        if differ_by_a_label(named, &wanted) && named.registered().is_some() {
            return Likeness::ExtraLabel;
        }
        if differ_by_a_label(&wanted, named) {
            return Likeness::MissingLabel;
        }
    }
    if stem(named).is_some() && stem(named) == stem(&wanted) {
        return Likeness::OtherTld;
    }
    if let Some(edits) = edits_within(named.as_str(), wanted.as_str(), TYPO) {
        return Likeness::Typo(edits);
    }
    if named.registered().is_some() && named.registered() == host.registered() { Likeness::Sibling } else { Likeness::OtherDomain }
}

/// Whether `longer` is `shorter` with one label more, anywhere.
fn differ_by_a_label(longer: &Domain, shorter: &Domain) -> bool {
    let (longer, shorter): (Vec<&str>, Vec<&str>) = (longer.as_str().split('.').collect(), shorter.as_str().split('.').collect());
    let same_in_front = longer.iter().zip(&shorter).take_while(|(a, b)| a == b).count();
    longer.len() == shorter.len() + 1 && longer.iter().skip(same_in_front + 1).eq(shorter.iter().skip(same_in_front))
}

/// The name without its public suffix.
fn stem(name: &Domain) -> Option<&str> {
    let registered = name.registered()?;
    let (_, suffix) = registered.as_str().split_once('.')?;
    name.as_str().strip_suffix(suffix)
}

/// The second half of "HOST matches no mx of the policy: …".
pub(super) fn say(nearest: &Nearest, pattern: Option<&MxPattern>) -> String {
    let pattern = pattern.map(ToString::to_string).unwrap_or_default();
    match nearest.likeness {
        Likeness::MisspeltKey { line } => format!("the key on line {line} is not mx, so senders ignore the line"),
        Likeness::WildcardTooShallow => format!("the star of {pattern} stands for one label only"),
        Likeness::WildcardTooDeep => format!("{pattern} is one label too deep"),
        Likeness::PolicyHost => format!("{pattern} is a policy host, listed where the MX host belongs"),
        Likeness::ExtraLabel => format!("{pattern} has a label too many"),
        Likeness::MissingLabel => format!("{pattern} lacks a label"),
        Likeness::OtherTld => format!("{pattern} has another top-level domain"),
        Likeness::Typo(1) => format!("{pattern} differs in one character, a typo"),
        Likeness::Typo(edits) => format!("{pattern} differs in {edits} characters, a typo"),
        Likeness::Sibling => format!("{pattern} is another host of the same organisation"),
        Likeness::OtherDomain => format!("{pattern} is of a different domain, perhaps that of an MX of the past"),
        Likeness::Unlisted => "it is not listed".to_owned(),
    }
}

//! What a problem of the policy's text is called: one exhaustive match, and the senders that are known to differ.

use crate::rules::observed::{clip, counted};
use crate::wire::policy::{Key, Kind, Policy, Problem};

/// They reject a policy with a blank line.
const REJECT_BLANK_LINES: &str = "mox, postfix-tlspol and foxcpp's library";
/// They put another value in the place of a short `max_age`.
pub(super) const RAISES_MAX_AGE: &str = "Stalwart and Mimecast";

/// The words of a finding.
pub(super) struct Words {
    pub(super) message: String,
    pub(super) expected: String,
    /// Where the line itself does not say it.
    pub(super) found: Option<String>,
    pub(super) fix: String,
    /// Where the problem has no corrected line of its own.
    pub(super) publish: Option<String>,
}

/// Whether all problems of a kind make one finding: they are one slip of the editor.
pub(super) fn is_told_once(kind: &Kind) -> bool {
    matches!(kind, Kind::BlankLine | Kind::TrailingSpace | Kind::BareCr)
}

/// The words for one problem of `policy`.
pub(super) fn of(problem: &Problem, policy: &Policy) -> Words {
    let raw = clip(&problem.raw);
    let (message, expected, fix) = match &problem.kind {
        Kind::Empty => ("the policy is empty".to_owned(), "a policy".to_owned(), "put the policy into the file that is served".to_owned()),
        Kind::NotAPolicy(document) => (
            format!("what stands in the policy's place is {document}"),
            "lines of the form `key: value`, beginning with version: STSv1".to_owned(),
            "serve the policy as plain text at /.well-known/mta-sts.txt".to_owned(),
        ),
        Kind::Bom => (
            "the policy begins with a byte order mark, so strict senders find no version".to_owned(),
            "version: STSv1 from the first byte on".to_owned(),
            "save the file as UTF-8 without byte order mark, or as ASCII".to_owned(),
        ),
        Kind::VersionMissing => missing(problem, Key::Version, "version: STSv1"),
        Kind::ModeMissing => missing(problem, Key::Mode, "mode: testing, enforce or none"),
        Kind::MaxAgeMissing => missing(problem, Key::MaxAge, "max_age: and a number of seconds"),
        Kind::MxMissing => missing(problem, Key::Mx, "an mx line for each MX host"),
        Kind::VersionInvalid => (format!("the version is not STSv1 but `{raw}`"), "version: STSv1".to_owned(), replace(problem)),
        Kind::VersionNotFirst => (
            "the version is not on the first line: legal, but Google asks for it there".to_owned(),
            "version: STSv1 on the first line".to_owned(),
            "move the line to the top".to_owned(),
        ),
        Kind::ModeInvalid => (
            format!("the mode{} does not exist", value(problem, Key::Mode, policy)),
            "testing, enforce or none, in lower case".to_owned(),
            replace(problem),
        ),
        Kind::MaxAgeInvalid(fault) => (
            format!("max_age{} {fault}", value(problem, Key::MaxAge, policy)),
            "1 to 10 digits, at most 31557600".to_owned(),
            replace(problem),
        ),
        Kind::MxInvalid(fault) => {
            (format!("the mx{} {fault}", value(problem, Key::Mx, policy)), "a host name, or `*.` and a domain".to_owned(), replace(problem))
        }
        Kind::BareCr => (
            format!("{} {}", lines(problem, policy, "end", "ends"), "in a carriage return alone"),
            "LF or CRLF at the end of each line".to_owned(),
            "save the file with LF or CRLF line ends".to_owned(),
        ),
        Kind::Syntax(fault) => {
            let fix = if problem.corrected.is_some() { replace(problem) } else { delete(problem) };
            (format!("`{raw}` {fault}"), "lines of the form `key: value`".to_owned(), fix)
        }
        Kind::BlankLine => (
            format!("{} blank: {REJECT_BLANK_LINES} reject the whole policy for it", lines(problem, policy, "are", "is")),
            "no blank line".to_owned(),
            "delete the blank lines".to_owned(),
        ),
        Kind::UnknownField(Some(key)) => {
            (format!("`{raw}` is ignored by senders: it looks like a slip of {key}"), key.to_string(), replace(problem))
        }
        Kind::UnknownField(None) => (
            format!("`{raw}` is no field of RFC 8461, and senders ignore it"),
            "version, mode, mx, max_age".to_owned(),
            "delete the line, unless it is an extension of your own".to_owned(),
        ),
        Kind::DuplicateField { first, same } => {
            (duplicate(problem, *first, *same, policy), format!("the field once, on line {first}"), delete(problem))
        }
        Kind::TrailingSpace => (
            format!("{} in white space, which is legal", lines(problem, policy, "end", "ends")),
            "no white space at the end of a line".to_owned(),
            "remove the white space at the line ends".to_owned(),
        ),
    };
    let found = match &problem.kind {
        Kind::BlankLine => Some(lines(problem, policy, "", "").trim().to_owned()),
        _ => None,
    };
    let message = with_left_out(message, problem, policy);
    Words { message, expected, found, fix, publish: publish(&problem.kind) }
}

/// What to publish for something that is missing everywhere.
fn publish(kind: &Kind) -> Option<String> {
    let line = match kind {
        Kind::VersionMissing => "version: STSv1",
        Kind::ModeMissing => "mode: testing",
        Kind::MaxAgeMissing => "max_age: 604800",
        _ => return None,
    };
    Some(line.to_owned())
}

fn missing(problem: &Problem, key: Key, expected: &str) -> (String, String, String) {
    let message = match problem.line {
        Some(_) => format!("the policy has no {key}: the key in `{}` is not exactly {key}", clip(&problem.raw)),
        None => format!("the policy has no {key}"),
    };
    let fix = match problem.line {
        Some(_) => replace(problem),
        None => format!("add a line {key}"),
    };
    (message, expected.to_owned(), fix)
}

fn duplicate(problem: &Problem, first: usize, same: bool, policy: &Policy) -> String {
    let line = problem.line.unwrap_or_default();
    let name = policy.fields.iter().find(|field| field.line == line).map_or("a field", |field| field.name.as_str());
    let differ = if same { "both say the same" } else { "six of ten senders compared take the last" };
    format!("{name} stands on line {first} already: by the RFC the first counts; {differ}")
}

/// The value on a problem's line, as it was read and set off by a space; nothing for an empty one.
fn value(problem: &Problem, key: Key, policy: &Policy) -> String {
    let field = policy.fields.iter().find(|field| Some(field.line) == problem.line && field.key == Some(key));
    match field.map_or(problem.raw.as_str(), |field| field.value.as_str()) {
        "" => String::new(),
        value => format!(" `{}`", clip(value)),
    }
}

fn replace(problem: &Problem) -> String {
    let line = problem.line.unwrap_or(1);
    match &problem.corrected {
        None => format!("correct line {line}, or delete it"),
        Some(text) if text.contains('\n') => format!("replace line {line} by one line for each host"),
        Some(_) => format!("replace line {line}"),
    }
}

fn delete(problem: &Problem) -> String {
    format!("delete line {}", problem.line.unwrap_or(1))
}

/// `line 3 is`, `lines 3, 5 and 20 more are`: all problems of a kind that is told once.
fn lines(problem: &Problem, policy: &Policy, many: &str, one: &str) -> String {
    let numbers: Vec<String> = policy
        .problems
        .iter()
        .filter(|other| other.kind == problem.kind)
        .filter_map(|other| other.line.map(|line| line.to_string()))
        .collect();
    let verb = if numbers.len() == 1 { one } else { many };
    let more = match policy.left_out(&problem.kind) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{} {}{more} {verb}", counted(numbers.len(), "line"), numbers.join(", "))
}

/// The last problem of a kind that was kept speaks for those that were not.
fn with_left_out(message: String, problem: &Problem, policy: &Policy) -> String {
    let more = policy.left_out(&problem.kind);
    let same_kind = |other: &&Problem| std::mem::discriminant(&other.kind) == std::mem::discriminant(&problem.kind);
    let is_last = policy.problems.iter().rfind(same_kind).is_some_and(|last| last == problem);
    if more == 0 || !is_last || is_told_once(&problem.kind) {
        return message;
    }
    format!("{message}; {more} more lines like it are not listed")
}

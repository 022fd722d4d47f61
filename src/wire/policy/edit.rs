//! Changes to a policy's text (RFC 8461 §3.2): the text in, the text with one thing changed out; every other byte stays.

use super::{Key, Mode, Policy, parse};
use crate::wire::pattern::MxPattern;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// The mode that counts.
    Mode(Mode),
    /// The `max_age` that counts, in seconds.
    MaxAge(u64),
    /// One more `mx`, unless it is there.
    AddMx(MxPattern),
    /// Every `mx` of just this pattern goes.
    RemoveMx(MxPattern),
}

/// The text after all changes, in their order. A text whose lines cannot be told apart (carriage returns alone) is written anew.
pub fn edited(text: &str, edits: &[Edit]) -> String {
    edits.iter().fold(text.to_owned(), |text, edit| apply(&text, edit))
}

/// The text of a policy that says no more than this one.
pub fn canonical(policy: &Policy) -> String {
    let mode = policy.mode.map(|mode| format!("mode: {}\n", mode.as_str())).unwrap_or_default();
    let mx: String = policy.mx.iter().map(|pattern| format!("mx: {pattern}\n")).collect();
    let max_age = policy.max_age.map(|seconds| format!("max_age: {seconds}\n")).unwrap_or_default();
    format!("version: STSv1\n{mode}{mx}{max_age}")
}

fn apply(text: &str, edit: &Edit) -> String {
    let policy = parse(text);
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    if policy.lines != lines.len() {
        return apply_anew(policy, edit);
    }
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    if let Some(last) = lines.last_mut().filter(|last| !last.ends_with('\n')) {
        last.push_str(end);
    }
    match edit {
        Edit::Mode(mode) => set(&mut lines, &policy, Key::Mode, mode.as_str(), end),
        Edit::MaxAge(seconds) => set(&mut lines, &policy, Key::MaxAge, &seconds.to_string(), end),
        Edit::AddMx(pattern) if policy.mx.contains(pattern) => {}
        Edit::AddMx(pattern) => {
            let at = policy.mx_lines.last().copied().unwrap_or(lines.len());
            lines.insert(at.min(lines.len()), format!("mx: {pattern}{end}"));
        }
        Edit::RemoveMx(pattern) => {
            let gone: Vec<usize> =
                policy.mx.iter().zip(&policy.mx_lines).filter(|(known, _)| *known == pattern).map(|(_, line)| *line).collect();
            let mut number = 0;
            lines.retain(|_| {
                number += 1;
                !gone.contains(&number)
            });
        }
    }
    lines.concat()
}

fn apply_anew(mut policy: Policy, edit: &Edit) -> String {
    match edit {
        Edit::Mode(mode) => policy.mode = Some(*mode),
        Edit::MaxAge(seconds) => policy.max_age = Some(*seconds),
        Edit::AddMx(pattern) if policy.mx.contains(pattern) => {}
        Edit::AddMx(pattern) => policy.mx.push(pattern.clone()),
        Edit::RemoveMx(pattern) => policy.mx.retain(|known| known != pattern),
    }
    canonical(&policy)
}

/// Puts the value into the line that counts, or adds the line.
fn set(lines: &mut Vec<String>, policy: &Policy, key: Key, value: &str, end: &str) {
    let anew = format!("{key}: {value}{end}");
    let field = policy.field(key).and_then(|field| Some((field, lines.get_mut(field.line.checked_sub(1)?)?)));
    let Some((field, line)) = field else { return lines.push(anew) };
    // A field can be read out of a line without its colon (`mode = testing`): of such a line nothing can stay.
    let parts = line.split_once(':').filter(|(name, _)| name.trim_start_matches('\u{feff}').trim() == field.name);
    let Some((name, old)) = parts else {
        *line = anew;
        return;
    };
    // Both cuts are at ends of white space that was matched there, the second never before the first.
    let space = &old[..old.len() - old.trim_start_matches([' ', '\t']).len()];
    let tail = &old[old.trim_end_matches([' ', '\t', '\r', '\n']).len().max(space.len())..];
    *line = format!("{name}:{space}{value}{tail}");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::name::Domain;

    fn mx(host: &str) -> MxPattern {
        MxPattern::exact(Domain::from_dns(host))
    }

    #[test]
    fn one_thing_changes_and_nothing_else() {
        let enforce = || Edit::Mode(Mode::Enforce);
        for (text, edit, expected) in [
            ("version: STSv1\r\nmode: testing\r\nmx: a.b\r\n", enforce(), "version: STSv1\r\nmode: enforce\r\nmx: a.b\r\n"),
            ("version: STSv1\nmode:testing\nmax_age: 1", enforce(), "version: STSv1\nmode:enforce\nmax_age: 1\n"),
            ("mode: testing\nmode: none\n", enforce(), "mode: enforce\nmode: none\n"),
            ("modest: x\nmode:  testing \n", enforce(), "modest: x\nmode:  enforce \n"),
            ("version: STSv1\nmax_age: 5\n", enforce(), "version: STSv1\nmax_age: 5\nmode: enforce\n"),
            ("mode: testing\u{c}\u{a0} \r\nmx: a.b\r\n", enforce(), "mode: enforce \r\nmx: a.b\r\n"),
            ("mode = testing\r\nmx: a.b\r\n", enforce(), "mode: enforce\r\nmx: a.b\r\n"),
            ("mode testing\nmax_age: 5\n", enforce(), "mode: enforce\nmax_age: 5\n"),
            ("\u{feff}mode: testing\nmx: a.b\n", enforce(), "\u{feff}mode: enforce\nmx: a.b\n"),
            ("mode: none\nmax_age: \n", Edit::MaxAge(86_400), "mode: none\nmax_age: 86400\n"),
            ("mode: none\nmx: a.b\nmax_age: 5\n", Edit::AddMx(mx("c.d")), "mode: none\nmx: a.b\nmx: c.d\nmax_age: 5\n"),
            ("mode: none\nmx: a.b\n", Edit::AddMx(mx("a.b")), "mode: none\nmx: a.b\n"),
            ("mode: none", Edit::AddMx(mx("a.b")), "mode: none\nmx: a.b\n"),
            ("mx: a.b\nmode: none\nmx: A.B\nmx: c.d\n", Edit::RemoveMx(mx("a.b")), "mode: none\nmx: c.d\n"),
            ("version: STSv1\rmode: testing\rmx: a.b\r", enforce(), "version: STSv1\nmode: enforce\nmx: a.b\n"),
            ("version: STSv1\rmode: none\rmx: a.b\r", Edit::AddMx(mx("a.b")), "version: STSv1\nmode: none\nmx: a.b\n"),
            ("version: STSv1\rmode: none\rmx: a.b\r", Edit::AddMx(mx("c.d")), "version: STSv1\nmode: none\nmx: a.b\nmx: c.d\n"),
            ("version: STSv1\rmode: none\rmx: a.b\rmx: c.d\r", Edit::RemoveMx(mx("a.b")), "version: STSv1\nmode: none\nmx: c.d\n"),
        ] {
            assert_eq!(edited(text, std::slice::from_ref(&edit)), expected, "{text:?} {edit:?}");
        }
    }

    proptest! {
        #[test]
        fn what_was_asked_for_is_read_out_of_any_text(text in "(version: STSv1\n)?([a-z_]{1,5}: ?[a-z.0-9]{0,6}\r?\n|mx: a\\.b\n|\\PC{0,8}\r?){0,6}") {
            let after = parse(&edited(&text, &[Edit::Mode(Mode::None), Edit::MaxAge(86_400), Edit::AddMx(mx("c.d")), Edit::RemoveMx(mx("a.b"))]));
            if after.is_policy() {
                prop_assert_eq!((after.mode, after.max_age), (Some(Mode::None), Some(86_400)));
                prop_assert!(after.mx.contains(&mx("c.d")) && !after.mx.contains(&mx("a.b")));
            }
        }
    }
}

//! Policies: every problem has its line, what is written anew reads the same, and a change changes what it is asked to.

use stsready::wire::name::Domain;
use stsready::wire::pattern::MxPattern;
use stsready::wire::policy::edit::{Edit, canonical, edited};
use stsready::wire::policy::{Mode, Policy, parse};

pub fn any(bytes: &[u8]) {
    let text = &*String::from_utf8_lossy(bytes);
    let policy = parse(text);
    in_its_lines(&policy, text);
    if !policy.is_policy() {
        return;
    }
    let again = parse(&canonical(&policy));
    assert_eq!((again.mode, again.max_age, &again.mx), (policy.mode, policy.max_age, &policy.mx));
    changes(text, &policy);
}

fn in_its_lines(policy: &Policy, text: &str) {
    let there = 1..=text.len() + 1;
    assert!(policy.lines <= text.len() + 1);
    assert_eq!(policy.mx.len(), policy.mx_lines.len());
    assert!(policy.mx_lines.is_sorted() && policy.mx_lines.iter().all(|line| (1..=policy.lines).contains(line)));
    assert!(policy.fields.iter().all(|field| (1..=policy.lines).contains(&field.line)));
    for problem in &policy.problems {
        assert!(problem.line.is_none_or(|line| there.contains(&line) && line <= policy.lines), "{problem:?}");
        assert!(text.contains(&problem.raw), "{problem:?}");
        let _ = policy.left_out(&problem.kind);
    }
    assert!(policy.problems.len() <= 20 * 18, "{} problems", policy.problems.len());
}

fn changes(text: &str, policy: &Policy) {
    let new = MxPattern::exact(Domain::from_dns("new.example"));
    let mut edits = vec![Edit::Mode(Mode::None), Edit::MaxAge(86_400), Edit::AddMx(new.clone())];
    let gone = policy.mx.first();
    edits.extend(gone.cloned().map(Edit::RemoveMx));
    let after = parse(&edited(text, &edits));
    if !after.is_policy() {
        return;
    }
    assert_eq!((after.mode, after.max_age), (Some(Mode::None), Some(86_400)), "{text:?}");
    let expected: Vec<&MxPattern> = policy.mx.iter().filter(|known| Some(*known) != gone).collect();
    let kept: Vec<&MxPattern> = after.mx.iter().filter(|known| **known != new).collect();
    assert_eq!(kept, expected.into_iter().filter(|known| **known != new).collect::<Vec<_>>(), "the rest stays");
    assert!(gone == Some(&new) || after.mx.contains(&new));
}

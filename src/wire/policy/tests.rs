use proptest::prelude::*;

use super::*;

/// The kinds of problem with their lines.
fn problems(text: &str) -> Vec<(Option<usize>, Kind)> {
    parse(text).problems.into_iter().map(|problem| (problem.line, problem.kind)).collect()
}

fn with_mx(mx: &str) -> String {
    format!("version: STSv1\nmode: testing\n{mx}\nmax_age: 604800\n")
}

#[test]
fn a_right_policy_is_read_whole() {
    for text in [
        "version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.example.net\nmax_age: 604800\n",
        "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\nmax_age: 604800",
        "version:STSv1\nmode:enforce\nmx:\tmail.example.com\nmx:  *.example.net\nmax_age:604800",
    ] {
        let policy = parse(text);
        assert_eq!(policy.problems, []);
        assert_eq!((policy.mode, policy.max_age), (Some(Mode::Enforce), Some(604_800)));
        assert_eq!(policy.mx.iter().map(ToString::to_string).collect::<Vec<_>>(), ["mail.example.com", "*.example.net"]);
        assert_eq!(policy.mx_lines, [3, 4]);
        assert_eq!(policy.lines, 5);
    }
}

#[test]
fn an_extension_may_hold_any_visible_character() {
    // The longest name that the grammar has: 32 characters (RFC 8461 §3.2).
    for name in ["x-note.1", &"n".repeat(32)] {
        assert_eq!(problems(&with_mx(&format!("mx: a.example\n{name}: größer als 7"))), [(Some(4), Kind::UnknownField(None))], "{name}");
    }
}

#[test]
fn each_fault_of_a_line_is_found_once_and_beside_the_others() {
    use Kind::*;
    for (line, expected) in [
        ("mx: a.example\n\nmx: b.example", vec![(4, BlankLine)]),
        ("mx: a.example\n \t\nmx: b.example", vec![(4, BlankLine)]),
        ("mx: a.example ", vec![(3, TrailingSpace)]),
        ("mx: a.example. ", vec![(3, TrailingSpace), (3, MxInvalid(MxFault::TrailingDot))]),
        ("mx: a.example\n# b", vec![(4, Syntax(SyntaxFault::Comment))]),
        ("mx: a.example\nhello", vec![(4, Syntax(SyntaxFault::NoColon))]),
        ("mx: a.example\nmy key: b", vec![(4, Syntax(SyntaxFault::Name))]),
        ("mx: a.example\n_note: b", vec![(4, Syntax(SyntaxFault::Name))]),
        (&format!("mx: a.example\n{}: b", "n".repeat(33)), vec![(4, Syntax(SyntaxFault::Name))]),
        ("mx: a.example\nnote:", vec![(4, Syntax(SyntaxFault::EmptyValue))]),
        ("mx: a.example\nnote: a\tb", vec![(4, Syntax(SyntaxFault::Control))]),
        (" mx: a.example", vec![(3, Syntax(SyntaxFault::LeadingSpace))]),
        ("mx : a.example", vec![(3, Syntax(SyntaxFault::SpaceBeforeColon))]),
        ("mx = a.example", vec![(3, Syntax(SyntaxFault::NoColon))]),
        ("mx=a.example:25", vec![(3, Syntax(SyntaxFault::NoColon)), (3, MxInvalid(MxFault::Port))]),
        ("mx a.example", vec![(3, Syntax(SyntaxFault::NoColon))]),
        ("mx: a.example\rmx: b.example", vec![(3, BareCr)]),
        ("mx: a.example\nMX: b.example", vec![(4, UnknownField(Some(Key::Mx)))]),
        ("mx: a.example\nmode: testing", vec![(4, DuplicateField { first: 2, same: true })]),
        ("mx: a.example\nmode: off", vec![(4, DuplicateField { first: 2, same: false })]),
        ("mx:", vec![(3, MxInvalid(MxFault::Empty))]),
        ("MX: a.example", vec![(3, UnknownField(Some(Key::Mx))), (3, MxMissing)]),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|(line, kind)| (Some(line), kind)).collect();
        assert_eq!(problems(&with_mx(line)), expected, "{line:?}");
    }
}

#[test]
fn whole_texts_are_judged_as_what_they_are() {
    use Kind::*;
    for (text, expected) in [
        ("", vec![(None, Empty)]),
        ("\u{feff}\r\n \n", vec![(None, Empty)]),
        ("\u{feff}<html>", vec![(None, NotAPolicy(Document::Html))]),
        ("\u{feff}version: STSv1\nmode: none\nmx: a.example\nmax_age: 0", vec![(Some(1), Bom)]),
        ("mode: none\nversion: STSv1\nmx: a.example\nmax_age: 0", vec![(Some(2), VersionNotFirst)]),
        ("v=STSv1\nmode: none\nmx: a.example\nmax_age: 0", vec![(Some(1), VersionInvalid)]),
        (
            "Version: STSv1\nmode: none\nmx: a.example\nmax_age: 0",
            vec![(Some(1), UnknownField(Some(Key::Version))), (Some(1), VersionMissing)],
        ),
        ("mode: Testing", vec![(Some(1), ModeInvalid), (None, VersionMissing), (None, MaxAgeMissing), (None, MxMissing)]),
        (
            "version: STSv2\nmodes: none\nmx: .\nmax-age: 7d",
            vec![
                (Some(1), VersionInvalid),
                (Some(2), UnknownField(Some(Key::Mode))),
                (Some(2), ModeMissing),
                (Some(3), MxInvalid(MxFault::LeadingDot)),
                (Some(4), UnknownField(Some(Key::MaxAge))),
                (Some(4), MaxAgeMissing),
            ],
        ),
    ] {
        assert_eq!(problems(text), expected, "{text:?}");
    }
}

#[test]
fn nothing_and_another_document_are_no_policy_and_a_faulty_one_is() {
    for (text, is_policy, raw) in [
        ("", false, Some("")),
        ("\n \n404 page not found\n", false, Some("404 page not found")),
        ("version: STSv1\nmode: on", true, Some("mode: on")),
        ("version: STSv1\nmode: none\nmx: a.example\nmax_age: 0\n", true, None),
    ] {
        let policy = parse(text);
        assert_eq!((policy.is_policy(), policy.problems.first().map(|problem| problem.raw.as_str())), (is_policy, raw), "{text:?}");
    }
}

#[test]
fn the_first_of_two_counts_even_if_it_is_the_bad_one() {
    let policy = parse("version: STSv1\nmode: on\nmode: enforce\nmax_age: 1\nmax_age: 2\nmx: a.example");
    assert_eq!((policy.mode, policy.max_age), (None, Some(1)));
}

#[test]
fn a_faulty_line_comes_with_the_line_it_should_be() {
    for (line, corrected) in [
        (" mx : a.example", Some("mx: a.example")),
        ("mx: a.example.", Some("mx: a.example")),
        ("mx: a.example, b.example", Some("mx: a.example\nmx: b.example")),
        ("mx: a.example\nnmx: b.example", Some("mx: b.example")),
        ("mx: a.example\n# c", None),
        ("mx: 192.0.2.1", None),
    ] {
        assert_eq!(parse(&with_mx(line)).problems[0].corrected.as_deref(), corrected, "{line:?}");
    }
}

#[test]
fn what_a_faulty_mx_line_was_meant_to_give_is_kept() {
    let policy = parse(&with_mx("mx: a.example.\nMX: b.example\nmx: c.example"));
    let meant: Vec<_> = policy.mx_meant.iter().map(|meant| (meant.pattern.to_string(), meant.line, meant.by_key)).collect();
    assert_eq!(meant, [("a.example".to_owned(), 3, false), ("b.example".to_owned(), 4, true)]);
}

#[test]
fn thousands_of_problems_are_counted_and_hide_no_other_kind() {
    let policy = parse(&with_mx(&format!("{}\nmx: a.example \nmode: x", "mx: a.\n".repeat(9000))));
    let kind = Kind::MxInvalid(MxFault::TrailingDot);
    assert_eq!(policy.problems.iter().filter(|problem| problem.kind == kind).count(), KEPT_PER_KIND);
    assert_eq!(policy.left_out(&kind), 9000 - KEPT_PER_KIND);
    assert!(policy.problems.iter().any(|problem| problem.kind == Kind::TrailingSpace));
    assert_eq!(policy.left_out(&Kind::TrailingSpace), 0);
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "(\\PC|[\r\n\t :.*=\u{feff}\0]|mx:|mode:|version:|max_age:|STSv1){0,60}") {
        let policy = parse(&text);
        prop_assert_eq!(policy.mx.len(), policy.mx_lines.len());
        for problem in &policy.problems {
            prop_assert!(problem.line.is_none_or(|line| (1..=policy.lines).contains(&line)));
        }
    }

    #[test]
    fn no_bytes_make_the_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        parse(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn what_is_written_right_is_read_back(
        mode in prop_oneof![Just(Mode::Testing), Just(Mode::Enforce), Just(Mode::None)],
        max_age in 0_u64..=31_557_600,
        mx in proptest::collection::vec("(\\*\\.)?[a-z0-9]{1,8}(-[a-z0-9]{1,4})?(\\.[a-z]{2,6}){1,3}", 1..5),
        end in prop_oneof![Just("\n"), Just("\r\n")],
    ) {
        let mx_lines: Vec<String> = mx.iter().map(|pattern| format!("mx: {pattern}{end}")).collect();
        let mx_lines = mx_lines.concat();
        let policy = parse(&format!("version: STSv1{end}mode: {}{end}{mx_lines}max_age: {max_age}{end}", mode.as_str()));
        prop_assert_eq!(&policy.problems, &[]);
        prop_assert_eq!((policy.mode, policy.max_age), (Some(mode), Some(max_age)));
        prop_assert_eq!(policy.mx.iter().map(ToString::to_string).collect::<Vec<_>>(), mx);
    }
}

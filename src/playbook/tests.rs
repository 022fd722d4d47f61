use proptest::prelude::*;

use super::gate::Gate;
use super::placeholder::Value;
use super::*;
use crate::model::guide::Piece;
use crate::model::plan::Action;
use crate::model::rule::Stage;
use crate::rules::catalogue;

const SMALL: &str = "\
+++
[[step]]
id = \"one\"
gate = [\"cert-expired\", \"stage:mx or mode:enforce\"]
wait = \"14d\"

[[step]]
id = \"two\"
plan = \"enforce\"
+++
# A title for {{domain}}

Before all.

## one: First of {{domain}}

A paragraph that goes on
in `a line` with **stress** and {{mx.hosts}}.

- an item
  that goes on
  - a deeper one
1. a number

```publish policy
{{policy.testing}}
```

```publish dns remove
{{record.served}}
```

```verify
stsready check {{domain}}
```

## two: Second
";

fn parse(text: &str) -> Result<Playbook, Faults> {
    Playbook::parse("small", text, &catalogue::all())
}

/// What is wrong with the text, as `line: first words`.
fn faults(text: &str) -> Vec<(usize, String)> {
    let faults = parse(text).expect_err("something is wrong with it").0;
    faults.into_iter().map(|fault| (fault.line, fault.wrong.to_string())).collect()
}

#[test]
fn every_embedded_playbook_is_one() {
    let rules = catalogue::all();
    for (name, text) in embedded::TEXTS {
        if let Err(faults) = Playbook::parse(name, text, &rules) {
            panic!("{name}.md: {faults}");
        }
    }
}

#[test]
fn a_playbook_is_its_steps_with_gates_waits_and_texts() {
    let playbook = parse(SMALL).expect("it is right");
    assert_eq!(playbook.steps.iter().map(|step| step.id.as_str()).collect::<Vec<_>>(), ["one", "two"]);
    let (one, two) = (&playbook.steps[0], &playbook.steps[1]);
    assert_eq!(one.gates.iter().map(|gate| gate.any.len()).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(one.gates[1].any, [Gate::Stage(Stage::Mx), Gate::Mode(crate::wire::policy::Mode::Enforce)]);
    assert_eq!((one.wait, two.plan), (Some(WaitFor::Time(1_209_600)), Some(PlanOf::Enforce)));
    let mut values = Values::default();
    values.put(Placeholder::Domain, Ok("a.example".to_owned()));
    values.put(Placeholder::PolicyUrl, Ok("https://mta-sts.a.example/x".to_owned()));
    values.put(Placeholder::MxHosts, Ok("**mx** `1`".to_owned()));
    values.put(Placeholder::PolicyTesting, Ok("version: STSv1\nmx: a\n".to_owned()));
    assert_eq!((playbook.title(&values), one.title(&values)), ("A title for a.example".to_owned(), "First of a.example".to_owned()));
    assert_eq!(playbook.intro(&values), [Block::Paragraph(vec![Piece::Text("Before all.".to_owned())])]);
    let text = |text: &str| Piece::Text(text.to_owned());
    let item = |mark: &str, depth, says| Block::Item { mark: mark.to_owned(), depth, pieces: vec![text(says)] };
    assert_eq!(
        one.body(&values),
        [
            // What is filled in is no markup.
            Block::Paragraph(vec![
                text("A paragraph that goes on in "),
                Piece::Code("a line".to_owned()),
                text(" with "),
                Piece::Strong("stress".to_owned()),
                text(" and **mx** `1`."),
            ]),
            item("-", 0, "an item that goes on"),
            item("-", 1, "a deeper one"),
            item("1.", 0, "a number"),
            Block::Publish(crate::model::plan::Publish {
                action: Action::Replace,
                place: "https://mta-sts.a.example/x".to_owned(),
                text: "version: STSv1\nmx: a\n".to_owned(),
            }),
            Block::Paragraph(vec![
                Piece::Strong("Not yet:".to_owned()),
                text(" what to publish is not known, because it was not looked at."),
            ]),
            Block::Verify(vec!["stsready check a.example".to_owned()]),
        ]
    );
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let head = "+++\n[[step]]\nid = \"one\"\n+++\n# T\n## one: A\n";
    for (text, line, words) in [
        ("", 1, "begins with its head"),
        ("# T\n", 1, "begins with its head"),
        ("+++\n[[step]]\nid = \"one\"\n", 1, "not closed"),
        ("+++\n+++\n# T\n", 2, "no [[step]]"),
        ("+++\n[[step]]\nid = one\n+++\n# T\n## one: A\n", 3, ""),
        ("+++\n[[step]]\nid = \"one\"\nplam = \"x\"\n+++\n# T\n## one: A\n", 4, "plam"),
        ("+++\n[[step]]\nid = \"One\"\n+++\n# T\n", 3, "lower-case"),
        ("+++\n[[step]]\nid = \"one\"\n[[step]]\nid = \"one\"\n+++\n# T\n## one: A\n", 5, "already"),
        ("+++\n[[step]]\nid = \"one\"\ngate = [\n\"mx-uncovred\",\n]\n+++\n# T\n## one: A\n", 5, "did you mean mx-uncovered?"),
        ("+++\n[[step]]\nid = \"one\"\ngate = [\"family:mtx\"]\n+++\n# T\n## one: A\n", 4, "no family \"mtx\"; there are domain, record"),
        ("+++\n[[step]]\nid = \"one\"\ngate = [\"stage:mxs\"]\n+++\n# T\n## one: A\n", 4, "no stage"),
        ("+++\n[[step]]\nid = \"one\"\ngate = [\"mode:on\"]\n+++\n# T\n## one: A\n", 4, "no mode"),
        ("+++\n[[step]]\nid = \"one\"\nplan = \"leaf\"\n+++\n# T\n## one: A\n", 4, "no plan \"leaf\"; there are enforce"),
        ("+++\n[[step]]\nid = \"one\"\nwait = \"two weeks\"\n+++\n# T\n## one: A\n", 4, "no wait"),
        ("+++\n[[step]]\nid = \"one\"\n+++\n# T\n", 3, "has no section"),
        (&format!("{head}## two: B\n"), 7, "belongs to no [[step]]"),
        (&format!("{head}## one: B\n"), 7, "has a section already"),
        (&format!("{head}## B\n"), 7, "## ID: TITLE"),
        ("+++\n[[step]]\nid = \"a\"\n[[step]]\nid = \"b\"\n+++\n# T\n## b: B\n## a: A\n", 8, "order of the head"),
        ("+++\n[[step]]\nid = \"one\"\n+++\n## one: A\n", 5, "# TITLE"),
        (&format!("{head}# T\n"), 7, "# TITLE"),
        (&format!("{head}\n```sh\nx\n"), 8, "not closed"),
        (&format!("{head}```publish mail\nx\n```\n"), 7, "no place to publish"),
        (&format!("{head}a {{{{domian}}}}\n"), 7, "did you mean domain?"),
        (&format!("{head}a {{{{domain\nb}}}}\n"), 7, "not closed by }}"),
        (&format!("{head}a {{{{policy.testing}}}}\n"), 7, "several lines"),
        (&format!("{head}```text\na {{{{policy.testing}}}}\n```\n"), 8, "several lines"),
        ("+++\n[[step]]\nid = \"one\"\n+++\n# {{x}}\n## one: A\n", 5, "no placeholder {{x}}"),
    ] {
        let found = faults(text);
        assert!(found.iter().any(|(at, wrong)| *at == line && wrong.contains(words)), "{text:?}: {found:?}");
    }
}

#[test]
fn one_fault_hides_no_other() {
    let text = "+++\n[[step]]\nid = \"one\"\ngate = [\"nothing\"]\nwait = \"never\"\n+++\n## one: {{x}}\n{{y}}\n## two: B\n";
    let lines: Vec<usize> = faults(text).into_iter().map(|(line, _)| line).collect();
    assert_eq!(lines, [4, 5, 7, 7, 8, 9]);
    assert!(faults(&"x".repeat(TEXT_CAP + 1))[0].1.contains("longer"));
}

#[test]
fn every_placeholder_stands_for_itself_without_a_domain() {
    let values = Values::names();
    for placeholder in Placeholder::ALL {
        assert_eq!(Placeholder::find(placeholder.name()), Some(*placeholder));
        assert_eq!(values.get(*placeholder), &Value::Known(format!("{{{{{}}}}}", placeholder.name())));
        assert!(!placeholder.meaning().ends_with('.'));
    }
}

fn hostile() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "+++\n",
        "[[step]]\n",
        "id = \"a\"\n",
        "gate = [\"stage:mx\"]\n",
        "wait = \"1d\"\n",
        "plan = \"leave\"\n",
        "# T\n",
        "## a: A\n",
        "## ",
        "```",
        "```publish dns\n",
        "{{",
        "}}",
        "{{domain}}",
        "{{policy.testing}}",
        "`",
        "**",
        "*",
        "- ",
        "  - x\n",
        "1. ",
        "\r\n",
        "\n",
        " or ",
        "é",
        "\u{feff}",
        "\0",
    ]);
    prop::collection::vec(prop_oneof![4 => words.prop_map(str::to_owned), 1 => "\\PC{0,6}"], 0..60).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in hostile()) {
        match parse(&text) {
            Ok(playbook) => {
                let values = Values::default();
                prop_assert!(!playbook.steps.is_empty());
                let _ = playbook.intro(&values);
                for step in &playbook.steps {
                    let _ = (step.title(&values), step.body(&Values::names()));
                }
            }
            Err(Faults(faults)) => {
                prop_assert!(!faults.is_empty());
                let lines = text.lines().count().max(1) + 1;
                prop_assert!(faults.iter().all(|fault| (1..=lines).contains(&fault.line)), "{:?}", faults);
                prop_assert!(faults.is_sorted_by_key(|fault| fault.line));
            }
        }
    }

    #[test]
    fn a_playbook_cut_anywhere_is_read_or_refused(at in 0..SMALL.len()) {
        let cut: String = SMALL.chars().take(at).collect();
        let _ = parse(&cut);
    }

    #[test]
    fn what_is_filled_in_never_becomes_markup(value in "\\PC{0,20}") {
        let mut values = Values::default();
        values.put(Placeholder::MxHosts, Ok(value.clone()));
        let playbook = parse(SMALL).expect("it is right");
        let body = playbook.steps[0].body(&values);
        let Block::Paragraph(pieces) = &body[0] else { panic!("a paragraph") };
        prop_assert_eq!(pieces.len(), 5);
        prop_assert!(pieces[4].text().contains(value.trim_end()));
    }
}

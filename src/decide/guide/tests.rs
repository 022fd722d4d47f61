use jiff::SignedDuration;

use super::*;
use crate::decide::change::tests::{facts, since};
use crate::evidence::reports::letters::{self, TESTING};
use crate::model::finding::Finding;
use crate::model::guide::{Block, Rung};
use crate::rules::catalogue;

mod values;

/// A playbook of steps that are called a, b, c and so on; of each, what stands in its head beside the name.
fn playbook(heads: &[&str]) -> Playbook {
    let names = || ('a'..='z').zip(heads);
    let heads: String = names().map(|(name, head)| format!("[[step]]\nid = \"{name}\"\n{head}\n")).collect();
    let sections: String = names().map(|(name, _)| format!("\n## {name}: Step {name}\n\nDo it.\n")).collect();
    Playbook::parse("small", &format!("+++\n{heads}+++\n# A title\n\nAn intro.\n{sections}"), &catalogue::all()).expect("it is one")
}

/// Walked by a domain in testing, in good order.
fn walked(heads: &[&str], changes: &[Change]) -> Guide {
    let about = About { changes, ..About::default() };
    guide(&facts(TESTING, "1", ""), &playbook(heads), about, &Settings::default(), letters::now())
}

/// The same where no report has come yet.
fn without_reports(heads: &[&str], changes: &[Change]) -> Guide {
    let facts = Facts { reports: Some(letters::facts([])), ..facts(TESTING, "1", "") };
    let about = About { changes, ..About::default() };
    guide(&facts, &playbook(heads), about, &Settings::default(), letters::now())
}

/// The state of each rung, in a letter.
fn states(guide: &Guide) -> String {
    let letter = |rung: &Rung| match rung.state {
        RungState::Done => 'd',
        RungState::Current => 'c',
        RungState::Waiting => 'w',
        RungState::Ahead => 'a',
    };
    guide.rungs.iter().map(letter).collect()
}

const OPEN: &str = "gate = [\"stage:mx\"]";
const CLOSED: &str = "gate = [\"mode:enforce\"]";
const REPORTS: &str = "gate = [\"stage:reports\"]";
const AWAITED: &str = "gate = [\"stage:reports\"]\nwait = \"evidence\"";

#[test]
fn the_first_step_that_is_not_done_is_the_current_one() {
    for (heads, expected, current, standing) in [
        (&[OPEN, OPEN][..], "dd", None, Standing::Done),
        (&[OPEN, CLOSED, OPEN], "dcd", Some(1), Standing::ToDo),
        (&[CLOSED, CLOSED], "ca", Some(0), Standing::ToDo),
        // What nothing can check is to be read right before the current step, and is done once another behind it is.
        (&["", OPEN, "", CLOSED, ""], "ddcca", Some(3), Standing::ToDo),
        (&["", OPEN, ""], "ddc", None, Standing::Done),
        // Nothing says that a plan was carried out.
        (&["plan = \"enforce\""], "c", Some(0), Standing::ToDo),
    ] {
        let guide = walked(heads, &[]);
        assert_eq!((states(&guide).as_str(), guide.current, guide.standing), (expected, current, standing), "{heads:?}");
    }
    for (heads, expected, standing) in [
        (&[AWAITED, CLOSED][..], "wa", Standing::Waiting),
        (&[AWAITED, AWAITED], "wa", Standing::Waiting),
        (&[REPORTS, AWAITED], "ca", Standing::Unknown),
    ] {
        let guide = without_reports(heads, &[]);
        assert_eq!((states(&guide).as_str(), guide.current, guide.standing), (expected, Some(0), standing), "{heads:?}");
        assert_eq!(guide.rungs[0].against.iter().map(Finding::code).collect::<Vec<_>>(), ["reports-none"]);
    }
}

#[test]
fn each_step_is_dated_from_when_the_waits_before_it_are_over() {
    let dates = |guide: &Guide| {
        let waits = guide.rungs.iter().map(|rung| rung.waits.first().map(|wait| wait.until.to_string()).unwrap_or_default());
        let from = guide.rungs.iter().map(|rung| rung.from.map(|from| from.to_string()).unwrap_or_default());
        waits.zip(from).collect::<Vec<_>>()
    };
    let of = |until: &str, from: &str| (until.to_owned(), from.to_owned());
    let waits = |head: &str, wait: &str| format!("{head}\nwait = \"{wait}\"");
    let (first, second, held) = (waits(CLOSED, "24h"), waits(CLOSED, "2d"), waits(CLOSED, "policy"));
    assert_eq!(
        dates(&walked(&[&first, &second, OPEN, CLOSED], &[])),
        [of("2026-04-01T12:00:00Z", ""), of("2026-04-03T12:00:00Z", "2026-04-01T12:00:00Z"), of("", ""), of("", "2026-04-03T12:00:00Z")]
    );
    assert_eq!(dates(&walked(&[&waits(OPEN, "24h"), CLOSED], &[])), [of("", ""), of("", "")], "who is done waits no more");
    let guide = walked(&[&held, CLOSED], &[]);
    // A TTL of 300 may be what was left of an hour.
    let until = letters::now() + SignedDuration::from_secs(604_800 + 3_600);
    assert_eq!(dates(&guide), [of(&until.to_string(), ""), of("", &until.to_string())]);
    let guide = without_reports(&[AWAITED, &first, CLOSED], &[]);
    assert_eq!(
        dates(&guide),
        [of("2026-04-14T00:00:00Z", ""), of("2026-04-15T00:00:00Z", "2026-04-14T00:00:00Z"), of("", "2026-04-15T00:00:00Z")]
    );
}

#[test]
fn a_plan_takes_the_place_of_its_step_and_hands_out_no_text_before_it_may_be_carried_out() {
    let publishes = |guide: &Guide| guide.rungs.iter().any(|rung| rung.body.iter().any(|block| matches!(block, Block::Publish(_))));
    let says =
        |rung: &Rung| rung.body.iter().any(|block| matches!(block, Block::Paragraph(pieces) if format!("{pieces:?}").contains("Do it.")));
    let heads = [OPEN, "plan = \"enforce\""];
    let guide = walked(&heads, &[Change::Enforce]);
    let ids: Vec<&str> = guide.rungs.iter().map(|rung| rung.id.as_str()).collect();
    assert_eq!(ids, ["a", "b.1", "b.2", "b.3", "b.4", "b.5", "b.6"]);
    assert_eq!((states(&guide).as_str(), guide.standing, publishes(&guide)), ("dcaaaaa", Standing::ToDo, true));
    assert_eq!(guide.rungs.iter().map(says).collect::<Vec<_>>(), [true, true, false, false, false, false, false]);
    let refused = without_reports(&heads, &[Change::Enforce]);
    assert_eq!((states(&refused).as_str(), refused.standing, publishes(&refused)), ("dcaaaaa", Standing::Unknown, false));
    assert_eq!(refused.rungs[1].against.iter().map(Finding::code).collect::<Vec<_>>(), ["reports-none"]);
    assert!(refused.rungs.iter().skip(2).all(|rung| rung.against.is_empty()));
}

fn enforce() -> String {
    TESTING.replace("testing", "enforce")
}

/// Walked by a domain like this.
fn of(facts: &Facts, heads: &[&str], changes: &[Change]) -> Guide {
    guide(facts, &playbook(heads), About { changes, ..About::default() }, &Settings::default(), letters::now())
}

const DAY: i64 = 86_400;

fn later(seconds: i64) -> Timestamp {
    letters::now() + SignedDuration::from_secs(seconds)
}

#[test]
fn a_plan_that_is_under_way_is_gone_on_with() {
    let changes = [Change::Enforce];
    let announced = facts(&enforce(), "1", "");
    let waiting = since(announced.clone(), TESTING, 60);
    for (what, facts, expected, current, standing) in [
        ("the file is there, its id is not", &announced, "dcaaaa", 1, Standing::ToDo),
        ("it is looked at again in a week", &waiting, "ddwaaa", 2, Standing::Waiting),
    ] {
        let guide = of(facts, &["plan = \"enforce\""], &changes);
        assert_eq!((states(&guide).as_str(), guide.current, guide.standing), (expected, Some(current), standing), "{what}");
        assert_eq!(guide.rungs[current].from, None, "{what}: it can be begun at once");
        for rung in &guide.rungs {
            assert!(rung.state != RungState::Done || (rung.waits.is_empty() && rung.from.is_none()), "{what}: {rung:?}");
        }
    }
    // Behind a day of another step everything of the plan is a day later: it is reckoned from when it can be begun.
    let first = "gate = [\"answer:not-applicable\"]\nwait = \"24h\"";
    let guide = of(&announced, &[first, "plan = \"enforce\""], &changes);
    let of_rung = |index: usize| (guide.rungs[index].from, guide.rungs[index].waits.iter().map(|wait| wait.until).max());
    let (week, lasting) = (later(8 * DAY), later(15 * DAY));
    let expected = [
        (None, Some(later(DAY))),
        (None, None),
        (Some(later(DAY)), None),
        (Some(later(DAY)), Some(week)),
        (Some(week), Some(lasting)),
        (Some(lasting), None),
        (Some(lasting), None),
    ];
    assert_eq!((0..guide.rungs.len()).map(of_rung).collect::<Vec<_>>(), expected);
    let looks_again = |rung: &Rung| rung.body.iter().any(|block| matches!(block, Block::Verify(commands) if !commands.is_empty()));
    assert_eq!(guide.rungs.iter().skip(1).map(looks_again).collect::<Vec<_>>(), [true; 6]);
}

#[test]
fn a_gate_on_the_policy_knows_the_mode_that_is_due_and_the_id_that_names_it() {
    let (body, other) = (enforce(), TESTING.replace("604800", "86400"));
    let id = |text: &str| crate::wire::policy_id::fresh(text, later(-20 * DAY), &std::collections::BTreeSet::new());
    for (what, facts, gate, open) in [
        ("testing", facts(TESTING, "1", ""), "policy:mode", true),
        ("enforce, where senders may go by it", facts(&body, "1", ""), "policy:mode", true),
        ("withdrawn", facts(&TESTING.replace("testing", "none"), "1", ""), "policy:mode", false),
        ("the id names the text", facts(TESTING, &id(TESTING), ""), "policy:announced", true),
        ("the id names another text", facts(TESTING, &id(&other), ""), "policy:announced", false),
        ("an id of another form, of which nothing is known", facts(TESTING, "1", ""), "policy:announced", true),
        ("an id that came with its text", since(facts(TESTING, "1", ""), &other, 60), "policy:announced", true),
        ("an id that was there before its text", since(facts(TESTING, "0", ""), &other, 60), "policy:announced", false),
    ] {
        let guide = of(&facts, &[&format!("gate = [\"{gate}\"]")], &[]);
        assert_eq!(guide.standing == Standing::Done, open, "{what}");
    }
}

/// The domain says that it takes no mail.
fn parked(mut facts: Facts) -> Facts {
    let records = vec![MxRecord { preference: 0, exchange: Domain::from_dns(".") }];
    if let crate::model::looked::Looked::Seen(answer) = &mut facts.mail.as_mut().expect("it was looked up").mx {
        answer.value = records;
    }
    facts.servers = Some(Vec::new());
    facts
}

/// Without the record, or without the file.
fn without(mut facts: Facts, record: bool, file: bool) -> Facts {
    use crate::model::looked::{Absence, AbsenceKind, Looked};
    let policy = facts.policy.as_mut().expect("it was looked at");
    if record {
        policy.txt.answer = Looked::Absent(Absence { kind: AbsenceKind::NoData, via: Vec::new() });
    }
    if file {
        for fetch in &mut policy.fetches {
            if let Some(Looked::Seen(response)) = &mut fetch.response {
                response.status = 404;
            }
        }
    }
    Facts { reports: Some(letters::facts([])), ..facts }
}

#[test]
fn a_domain_without_mail_walks_only_what_is_about_such_domains_or_takes_a_policy_back() {
    let whole = || parked(facts(TESTING, "1", ""));
    let nothing = || without(whole(), true, true);
    let (leave, switch, says_so) = ("plan = \"leave\"", "plan = \"enforce\"", "gate = [\"answer:not-applicable\"]");
    for (what, facts, head, applies) in [
        ("about such domains", nothing(), says_so, true),
        ("a switch", whole(), switch, false),
        ("any other step", whole(), OPEN, false),
        ("out of it, with all there", whole(), leave, true),
        ("with the record alone", without(whole(), false, true), leave, true),
        ("with the file alone", without(whole(), true, false), leave, true),
        ("with nothing", nothing(), leave, false),
        ("while senders may hold what was there", without(since(whole(), &enforce(), 60), true, true), leave, true),
        ("back to testing", whole(), "plan = \"testing\"", true),
    ] {
        let guide = of(&facts, &[head], &[Change::Leave, Change::Enforce, Change::Testing]);
        assert_eq!(guide.standing != Standing::NotApplicable, applies, "{what}");
        assert!(applies || (guide.current.is_none() && guide.rungs.iter().all(|rung| rung.state == RungState::Ahead)), "{what}");
    }
}

#[test]
fn a_host_that_anything_names_may_be_taken_away() {
    use crate::model::history::{History, Span, Subject};
    use crate::model::looked::{Absence, AbsenceKind, Failure, FailureKind, Looked};
    let bare = |text: &str| without(facts(text, "1", "mx3.shop.example"), false, false);
    let wide = "version: STSv1\nmode: testing\nmx: *.shop.example\nmax_age: 604800\n";
    let narrow = TESTING.replace("mx: mx2.shop.example\n", "");
    let with_third = enforce().replace("max_age", "mx: mx3.shop.example\nmax_age");
    let (mut failed, mut absent, mut was_one) = (bare(TESTING), bare(&narrow), bare(TESTING));
    failed.mail.as_mut().expect("it was looked up").mx = Looked::Failed(Failure::new(FailureKind::Timeout, "no answer"));
    absent.mail.as_mut().expect("it was looked up").mx = Looked::Absent(Absence { kind: AbsenceKind::NoData, via: Vec::new() });
    let records = vec![MxRecord { preference: 10, exchange: Domain::from_dns("mx3.shop.example") }];
    let span = Span { seen: Seen::Mx { records }, first_seen: later(-9 * DAY), last_seen: later(-8 * DAY) };
    let subject = Subject { kind: Kind::Mx, name: "shop.example".to_owned(), looked_at: later(-8 * DAY), spans: vec![span] };
    was_one.history = Some(History { subjects: vec![subject], ..History::nothing(Domain::from_dns("shop.example")) });
    let nobody = Some("is and was no MX host of shop.example");
    for (what, facts, host, expected) in [
        ("an MX record and the policy", bare(TESTING), "mx1.shop.example", None),
        ("an MX record alone", bare(&narrow), "mx2.shop.example", None),
        ("the policy alone", bare(wide), "mx3.shop.example", None),
        ("a policy that is held", since(bare(TESTING), &with_third, 60), "mx3.shop.example", None),
        ("an MX record of before", was_one, "mx3.shop.example", None),
        ("nothing, while the records are not known", failed, "mx3.shop.example", None),
        ("nothing, where there is no record", absent, "mx2.shop.example", nobody),
        // That it was asked about names it nowhere.
        ("nothing", bare(TESTING), "mx3.shop.example", nobody),
    ] {
        let moot = |change: &Change| moot(&facts, change, &Settings::default(), letters::now());
        let host = Domain::from_dns(host);
        let told = moot(&Change::RemoveMx { host: host.clone() });
        assert!(
            told.is_some() == expected.is_some() && told.iter().all(|told| told.contains(expected.unwrap_or_default())),
            "{what}: {told:?}"
        );
        assert_eq!(moot(&Change::AddMx { host, preference: None }), None, "{what}: only who takes away needs one");
    }
}

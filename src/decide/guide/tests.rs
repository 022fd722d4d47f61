use jiff::SignedDuration;

use super::*;
use crate::decide::change::tests::facts;
use crate::evidence::reports::letters::{self, TESTING};
use crate::model::finding::Finding;
use crate::model::guide::{Block, Rung};
use crate::rules::catalogue;

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

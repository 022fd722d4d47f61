use super::*;
use crate::model::assessment::{Answer, Question};
use crate::model::verdict::Verdict;

fn verdict(answer: Answer, because: &[&str]) -> Verdict {
    let because = because.iter().map(ToString::to_string).collect();
    Verdict { question: Question::SwitchToEnforce, answer, because, accepted: Vec::new(), thresholds: Vec::new() }
}

fn hour(number: i64) -> Timestamp {
    now() + SignedDuration::from_hours(number)
}

#[test]
fn an_answer_is_a_row_as_long_as_it_stays_the_same() {
    let scene = Scene::new();
    let (about, other) = (domain("shop.example"), domain("other.example"));
    let bad = verdict(Answer::NotReady, &["cert-expired", "mx-uncovered"]);
    let worse = verdict(Answer::NotReady, &["cert-expired"]);
    let good = verdict(Answer::Ready, &[]);
    for (at, verdict) in [(0, &bad), (1, &bad), (2, &worse), (3, &good), (4, &good), (5, &bad)] {
        scene.store.answered(&about, hour(at), verdict).expect("kept");
    }
    // Another process that looked earlier and was slow.
    scene.again().answered(&about, hour(3), &worse).expect("nothing to keep");
    let told = scene.store.verdicts(&about).expect("readable");
    let rows: Vec<_> = told.iter().map(|span| (span.first_at, span.last_at, span.times, &span.verdict)).collect();
    assert_eq!(
        rows,
        [(hour(0), hour(1), 2, &bad), (hour(2), hour(2), 1, &worse), (hour(3), hour(4), 2, &good), (hour(5), hour(5), 1, &bad)]
    );
    assert_eq!(scene.store.verdicts(&other).expect("readable"), []);
    assert_eq!(scene.store.check().expect("readable"), Vec::<String>::new());
}

#[test]
fn pruning_reports_leaves_the_answers() {
    let scene = Scene::new();
    scene.take([report("a", "shop.example", 1, 1)]);
    let about = domain("answered.example");
    scene.store.answered(&about, now(), &verdict(Answer::NotReady, &["cert-expired"])).expect("kept");
    assert_eq!(scene.store.prune(day(40), false).expect("pruned").reports, 1);
    assert_eq!(scene.store.verdicts(&about).expect("readable").len(), 1);
    assert_eq!(scene.store.check().expect("readable"), Vec::<String>::new());
    let lines = content(&scene.store);
    assert!(lines.iter().any(|line| line.contains("\"answers\"") && line.contains("cert-expired")), "{lines:?}");
}

use super::*;
use crate::model::assessment::{Answer, Question};
use crate::model::rule::Severity;
use crate::model::standing::{Alert, Standing};

fn standing(answer: Answer) -> Standing {
    let alert = Alert {
        code: "cert-expiring".to_owned(),
        subject: "mx1.shop.example".to_owned(),
        severity: Severity::Warning,
        message: "it ends".to_owned(),
    };
    Standing { question: Question::StayInEnforce, answer, alerts: vec![alert] }
}

#[test]
fn each_channel_knows_what_it_was_told_last() {
    let scene = Scene::new();
    let (about, other) = (domain("shop.example"), domain("other.example"));
    let (good, bad) = (standing(Answer::Ready), standing(Answer::NotReady));
    assert_eq!(scene.store.told(&about, "a").expect("readable"), None);
    scene.store.tell(&about, "a", day(1), &bad).expect("kept");
    scene.store.tell(&about, "b", day(1), &good).expect("kept");
    assert_eq!(scene.again().told(&about, "a").expect("readable"), Some((day(1), bad.clone())));
    scene.store.tell(&about, "a", day(2), &good).expect("kept");
    // Of a process that was slow.
    scene.store.tell(&about, "a", day(1), &bad).expect("nothing to keep");
    assert_eq!(scene.store.told(&about, "a").expect("readable"), Some((day(2), good.clone())));
    assert_eq!((scene.store.told(&other, "a").expect("readable"), scene.store.told(&about, "c").expect("readable")), (None, None));
    scene.take([report("a", "shop.example", 1, 1)]);
    scene.store.prune(day(40), false).expect("pruned");
    assert_eq!(scene.store.told(&about, "b").expect("still there"), Some((day(1), good)));
    assert_eq!(scene.store.check().expect("readable"), Vec::<String>::new());
}

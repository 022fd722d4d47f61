use proptest::prelude::*;

use super::*;
use crate::archive::store::Mark;

#[test]
fn what_weighs_more_stays_whichever_came_first() {
    let (clean, broken) = (|| report("a", "shop.example", 0, 0), || report("a", "shop.example", 0, 3));
    for (first, second, tally, kept) in [
        (clean(), clean(), (1, 1, 0), clean()),
        (clean(), broken(), (1, 0, 1), broken()),
        (broken(), clean(), (1, 1, 0), broken()),
        (by(verified(), clean()), by(unverifiable(false), broken()), (1, 1, 0), by(verified(), clean())),
        (by(failed(), broken()), by(verified(), clean()), (1, 0, 1), by(verified(), clean())),
        (by(unverifiable(true), clean()), by(verified(), clean()), (1, 0, 1), by(verified(), clean())),
        (clean(), report("b", "shop.example", 0, 0), (2, 0, 0), clean()),
        (clean(), report("a", "shop.example", 1, 0), (2, 0, 0), clean()),
    ] {
        let scene = Scene::new();
        let said = scene.take([first.clone(), second.clone()]);
        assert_eq!((said.new, said.known, said.replaced), tally, "{first:?} then {second:?}");
        let stored = scene.all().swap_remove(0);
        assert_eq!((stored.report, stored.authenticity), (kept.report, kept.authenticity));
        assert_eq!(scene.store.check().expect("readable"), Vec::<String>::new());
    }
}

#[test]
fn the_same_again_changes_nothing_at_all() {
    let scene = Scene::new();
    let reports = || (0..50).map(|n| report(&format!("r{n}"), "shop.example", n, n.unsigned_abs() % 3));
    scene.take(reports());
    let before: i64 = changes(&scene);
    let said = scene.take(reports());
    assert_eq!((said.new, said.known, said.replaced), (0, 50, 0));
    assert_eq!(changes(&scene), before);
}

/// How many rows this connection has changed so far.
fn changes(scene: &Scene) -> i64 {
    scene.store.connection.query_row("SELECT total_changes()", [], |row| row.get(0)).expect("a number")
}

#[test]
fn what_counts_and_what_was_proven_is_told_apart() {
    let scene = Scene::new();
    let said = scene.take([
        report("a", "shop.example", 0, 0),
        by(failed(), report("b", "shop.example", 0, 0)),
        by(unverifiable(false), report("c", "shop.example", 0, 0)),
    ]);
    assert_eq!((said.new, said.unproven), (3, 2));
}

#[test]
fn a_file_is_known_once_all_of_it_is_there_for_good() {
    let file = || (Some("/m".to_owned()), Some(stamp("/m", 5)));
    let part = |reports: Vec<Received>, last| Parcel { origin: file().0, stamp: file().1, reports, last, ..Parcel::default() };
    let good = || report("a", "shop.example", 0, 0);
    let open = || by(unverifiable(true), report("b", "shop.example", 0, 0));
    let rejected = |last, again| Parcel { rejected: vec![Refused { again, ..refused("/m: message 2") }], ..part(vec![], last) };
    let cases: [(Vec<Parcel>, bool); 8] = [
        (vec![part(vec![good()], true)], true),
        (vec![part(vec![good()], false)], false),
        (vec![part(vec![good()], false), part(vec![], true)], true),
        (vec![part(vec![open()], true)], false),
        (vec![part(vec![open()], false), part(vec![good()], true)], false),
        (vec![rejected(false, true), part(vec![good()], true)], false),
        (vec![part(vec![good()], false), rejected(true, false)], true),
        (vec![part(vec![by(unverifiable(false), good())], true)], true),
    ];
    for (parcels, known) in cases {
        let scene = Scene::new();
        let mut intake = scene.store.intake(now()).expect("an intake");
        let shown = format!("{parcels:?}");
        for parcel in parcels {
            intake.take(parcel).and_then(|()| intake.commit()).expect("taken");
        }
        intake.finish().expect("kept");
        let unchanged = scene.again().unchanged("").expect("readable");
        assert_eq!(unchanged(&stamp("/m", 5)), known, "{shown}");
        assert!(!unchanged(&stamp("/m", 6)) && !unchanged(&stamp("/n", 5)), "another size, another file");
    }
}

#[test]
fn a_file_that_was_left_unproven_is_known_only_by_the_same_means() {
    let none = by(unverifiable(false), report("a", "shop.example", 0, 0));
    for (received, known_by_others) in [(report("a", "shop.example", 0, 0), true), (by(verified(), none.clone()), true), (none, false)] {
        let scene = Scene::new();
        let mut intake = scene.store.intake(now()).expect("an intake").by("dkim");
        intake.take(Parcel { origin: Some("/m".into()), stamp: Some(stamp("/m", 5)), ..parcel([received]) }).expect("taken");
        intake.finish().expect("kept");
        let known = |means| scene.store.unchanged(means).expect("readable")(&stamp("/m", 5));
        assert_eq!((known("dkim"), known("dkim and a server")), (true, known_by_others));
    }
}

#[test]
fn what_a_source_is_refused_for_no_more_is_taken_back() {
    let scene = Scene::new();
    let read = |refused: Vec<Refused>, origin: Option<&str>| {
        let mut intake = scene.store.intake(now()).expect("an intake");
        let stamp = origin.map(|path| stamp(path, 1));
        intake
            .take(Parcel { origin: origin.map(str::to_owned), stamp, rejected: refused, last: true, ..Parcel::default() })
            .expect("taken");
        intake.finish().expect("kept");
        let mut left: Vec<String> =
            scene.store.rejected(None, None).expect("readable").into_iter().map(|rejection| rejection.rejected.source).collect();
        left.sort_unstable();
        left
    };
    assert_eq!(read(vec![refused("/m: 1"), refused("/m: 2")], Some("/m")), ["/m: 1", "/m: 2"]);
    assert_eq!(read(vec![refused("/n")], Some("/n")), ["/m: 1", "/m: 2", "/n"]);
    assert_eq!(read(vec![refused("standard input")], None), ["/m: 1", "/m: 2", "/n", "standard input"]);
    assert_eq!(read(vec![refused("/m: 2"), refused("/m: 3")], Some("/m")), ["/m: 2", "/m: 3", "/n", "standard input"]);
    let unread = Refused { again: true, ..refused("/m") };
    assert_eq!(read(vec![unread], Some("/m")).len(), 5, "it was not read: nothing is known to be mended");
    assert_eq!(read(vec![], Some("/m")), ["/n", "standard input"]);
}

#[test]
fn a_text_that_was_kept_stays_and_one_that_comes_later_is_kept() {
    let scene = Scene::new();
    let (text, plain) = (Some(b"text".to_vec()), || report("a", "shop.example", 0, 0));
    let raw = || scene.all().swap_remove(0).raw;
    scene.take([by(unverifiable(false), plain())]);
    assert_eq!(raw(), None);
    let known = scene.take([by(unverifiable(false), Received { raw: text.clone(), ..plain() })]);
    assert_eq!((known.known, raw()), (1, text.clone()), "it comes with a copy that is known");
    let better = scene.take([by(verified(), plain())]);
    assert_eq!((better.replaced, raw()), (1, text), "a better proven copy without it leaves it");
    scene.take([by(verified(), report("a", "shop.example", 0, 3))]);
    assert_eq!(raw(), None, "it was another text");
    scene.take([by(verified(), Received { raw: Some(b"not this one".to_vec()), ..plain() })]);
    assert_eq!(raw(), None, "a known copy of another text brings none");
    assert_eq!(scene.store.check().expect("readable"), Vec::<String>::new());
}

#[test]
fn a_mark_comes_with_what_was_read_before_it() {
    let scene = Scene::new();
    let (one, two) = (Mark { uid_validity: 7, last_uid: 3 }, Mark { uid_validity: 8, last_uid: 1 });
    let mut intake = scene.store.intake(now()).expect("an intake");
    for mark in [one, two] {
        intake.take(parcel([report("a", "shop.example", 0, 0)])).expect("taken");
        intake.mark("imaps://u@h", "INBOX", mark).expect("noted");
        assert_ne!(scene.again().mark("imaps://u@h", "INBOX").expect("readable"), Some(mark), "not before the commit");
        intake.commit().expect("kept");
        assert_eq!(scene.again().mark("imaps://u@h", "INBOX").expect("readable"), Some(mark));
    }
    drop(intake);
    assert_eq!(scene.store.mark("imaps://u@h", "Archive").expect("readable"), None);
}

#[test]
fn what_is_refused_again_is_one_row_with_both_times() {
    let scene = Scene::new();
    for at in ["2026-11-20T00:00:00Z", "2026-11-22T00:00:00Z", "2026-11-21T00:00:00Z"] {
        let mut intake = scene.store.intake(at.parse().expect("a time")).expect("an intake");
        intake.take(Parcel { rejected: vec![refused("a.json"), refused("b.json")], last: true, ..Parcel::default() }).expect("taken");
        assert_eq!(intake.finish().expect("kept").rejected, 2);
    }
    let all = scene.store.rejected(None, None).expect("readable");
    let times: Vec<_> = all.iter().map(|one| (one.first_seen.to_string(), one.last_seen.to_string())).collect();
    assert_eq!(times, vec![("2026-11-20T00:00:00Z".to_owned(), "2026-11-22T00:00:00Z".to_owned()); 2]);
}

#[test]
fn no_lock_is_held_while_a_source_is_waited_for() {
    let scene = Scene::new();
    let mut intake = scene.store.intake(now()).expect("an intake");
    intake.take(parcel([report("a", "shop.example", 0, 0)])).expect("taken");
    // Another process writes meanwhile, at once.
    let other = scene.again();
    other.connection.busy_timeout(std::time::Duration::ZERO).expect("set");
    let mut theirs = other.intake(now()).expect("an intake");
    theirs.take(parcel([report("b", "shop.example", 0, 0)])).expect("taken");
    theirs.finish().expect("not locked out");
    intake.finish().expect("kept");
    assert_eq!(scene.all().len(), 2);
}

#[test]
fn a_batch_is_written_by_itself_once_it_is_large() {
    let scene = Scene::new();
    let mut intake = scene.store.intake(now()).expect("an intake");
    for number in 0..3_000 {
        intake.take(parcel([report(&number.to_string(), "shop.example", 0, 0)])).expect("taken");
    }
    let kept = each(&scene.again(), &Filter::default()).len();
    assert!((1_000..3_000).contains(&kept), "{kept}");
    drop(intake);
    assert_eq!(each(&scene.again(), &Filter::default()).len(), kept, "what was not committed is not there");
}

#[test]
fn two_at_once_come_to_the_same_as_one_after_the_other() {
    let reports: Vec<Received> = (0..400).map(|n| report(&format!("r{}", n % 150), "shop.example", n % 7, n.unsigned_abs() % 5)).collect();
    let alone = Scene::new();
    alone.take(reports.clone());
    let shared = Scene::new();
    let (one, two) = (shared.again(), shared.again());
    std::thread::scope(|scope| {
        for (store, reversed) in [(one, false), (two, true)] {
            let mut mine = reports.clone();
            if reversed {
                mine.reverse();
            }
            scope.spawn(move || {
                let mut intake = store.intake(now()).expect("an intake");
                for received in mine {
                    intake.take(parcel([received])).and_then(|()| intake.commit()).expect("they wait for one another");
                }
                intake.finish().expect("kept");
            });
        }
    });
    assert_eq!(content(&shared.store), content(&alone.store));
    assert_eq!(shared.store.check().expect("readable"), Vec::<String>::new());
}

fn any_report() -> impl Strategy<Value = Received> {
    let who = prop_oneof![Just(verified()), Just(Authenticity::Operator), Just(unverifiable(false)), Just(failed())];
    (0..6_i64, 0..3_i64, 0..3_u64, who).prop_map(|(id, day, failed, who)| by(who, report(&format!("r{id}"), "shop.example", day, failed)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_order_and_any_batches_come_to_the_same(reports in prop::collection::vec(any_report(), 0..40), cut in 1..7_usize) {
        let (one, two) = (Scene::new(), Scene::new());
        one.take(reports.clone());
        let mut intake = two.store.intake(now()).expect("an intake");
        let backwards: Vec<Received> = reports.into_iter().rev().collect();
        for some in backwards.chunks(cut) {
            intake.take(parcel(some.to_vec())).and_then(|()| intake.commit()).expect("taken");
        }
        drop(intake);
        prop_assert_eq!(content(&one.store), content(&two.store));
    }
}

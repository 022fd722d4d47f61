use super::*;
use crate::archive::store::stats::number;

fn filled() -> Scene {
    let scene = Scene::new();
    scene.take((0..60).map(|n| Received { reporter: format!("r{n}.example"), ..report(&n.to_string(), "shop.example", n, 1) }));
    let mut intake = scene.store.intake(day(10)).expect("an intake");
    intake
        .take(Parcel { rejected: vec![refused("old.json")], stamp: Some(stamp("/a", 1)), last: true, ..Parcel::default() })
        .expect("taken");
    intake.take(Parcel { stamp: Some(stamp("/b", 1)), last: true, ..Parcel::default() }).expect("taken");
    intake.finish().expect("kept");
    scene
}

#[test]
fn what_is_old_goes_and_all_else_stays() {
    let scene = filled();
    let before = content(&scene.store);
    let would = scene.store.prune(day(40), true).expect("counted");
    assert_eq!((would.reports, would.rejections, would.reports_kept), (40, 1, 20));
    assert_eq!(content(&scene.store), before, "a dry run changes nothing");
    let done = scene.store.prune(day(40), false).expect("pruned");
    assert_eq!((done.reports, done.rejections, done.reports_kept), (40, 1, 20));
    assert!(scene.all().iter().all(|stored| stored.report.end > day(40)));
    assert!(scene.store.unchanged("").expect("readable")(&stamp("/b", 1)), "else the next run would bring the reports back");
    let gone = number(&scene.store.connection, "SELECT count(*) FROM text WHERE value = 'r0.example'").expect("a number");
    assert_eq!((gone, scene.store.check().expect("readable")), (0, Vec::new()));
    let again = scene.store.prune(day(40), false).expect("pruned");
    assert_eq!((again.reports, again.reports_kept), (0, 20));
}

#[test]
fn the_file_gives_the_room_back() {
    let scene = Scene::new();
    scene.take((0..3_000).map(|n| report(&format!("{n:0100}"), "shop.example", n % 50, 0)));
    let pruned = scene.store.prune(day(60), false).expect("pruned");
    assert_eq!(pruned.reports_kept, 0);
    assert!(pruned.bytes_after * 3 < pruned.bytes_before, "{pruned:?}");
    let file = std::fs::metadata(scene.store.path()).expect("there").len();
    assert_eq!(file, pruned.bytes_after);
}

/// An intake remembers numbers of texts; another process may have taken the texts away.
#[test]
fn an_intake_outlives_a_pruning_by_another_process() {
    let scene = Scene::new();
    let mut intake = scene.store.intake(now()).expect("an intake");
    intake.take(parcel([report("a", "shop.example", 0, 0)])).and_then(|()| intake.commit()).expect("taken");
    assert_eq!(scene.again().prune(day(9), false).expect("pruned").reports, 1);
    intake.take(parcel([report("b", "shop.example", 15, 0)])).expect("taken");
    intake.finish().expect("kept");
    assert_eq!((scene.all().len(), scene.store.check().expect("readable")), (1, Vec::new()));
}

#[test]
fn what_was_pruned_does_not_come_back_until_an_earlier_line_is_drawn() {
    let scene = Scene::new();
    let all = || (0..10).map(|n| report(&n.to_string(), "shop.example", n, 0));
    scene.take(all());
    scene.store.prune(day(6), true).expect("counted");
    assert_eq!(scene.take(all()).pruned, 0, "a dry run draws no line");
    scene.store.prune(day(6), false).expect("pruned");
    let again = scene.take(all());
    assert_eq!((again.new, again.known, again.pruned, scene.all().len()), (0, 4, 6, 4));
    assert_eq!(scene.store.stats().expect("counted").pruned_to, Some(day(6)));
    assert_eq!(scene.store.prune(day(2), false).expect("nothing to prune").reports, 0);
    let again = scene.take(all());
    assert_eq!((again.new, again.known, again.pruned, scene.all().len()), (4, 4, 2, 8));
}

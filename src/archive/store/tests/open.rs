use std::path::Path;

use super::*;
use crate::archive::store::StoreError;

#[test]
fn nothing_there_is_no_store_until_one_is_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("deep").join("er").join("store.sqlite");
    assert!(Store::open_existing(&path).expect("nothing to go wrong").is_none());
    assert!(!path.exists());
    drop(Store::open(&path).expect("made"));
    assert!(Store::open_existing(&path).expect("sound").is_some());
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("data").join("store.sqlite");
    let store = Store::open(&path).expect("made");
    let mut intake = store.intake(now()).expect("an intake");
    intake.take(parcel([report("a", "shop.example", 0, 0)])).and_then(|()| intake.commit()).expect("taken");
    let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!((mode(path.parent().expect("a folder")), mode(&path)), (0o700, 0o600));
    assert_eq!(mode(&path.with_extension("sqlite-wal")), 0o600);
}

#[test]
fn what_is_not_ours_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("text"), "a text that is longer than the header of a database, which has a hundred bytes; so it goes on a little")
        .expect("written");
    let other = rusqlite::Connection::open(at("other")).expect("made");
    other.execute_batch("CREATE TABLE mine (a)").expect("made");
    let newer = rusqlite::Connection::open(at("newer")).expect("made");
    newer.execute_batch("CREATE TABLE report (a); PRAGMA application_id = 0x53545352; PRAGMA user_version = 1000").expect("made");
    for (name, words) in [("text", "no store of stsready"), ("other", "no store of stsready"), ("newer", "later version")] {
        let before = std::fs::read(at(name)).expect("readable");
        for opened in [Store::open(&at(name)).map(Some), Store::open_existing(&at(name))] {
            let error = opened.expect_err("not ours").to_string();
            assert!(error.contains(words) && error.contains(name), "{error}");
        }
        assert_eq!(std::fs::read(at(name)).expect("readable"), before);
    }
    assert!(matches!(Store::open(folder.path()), Err(StoreError::Open { .. })));
    assert!(matches!(Store::open(&at("text").join("store")), Err(StoreError::Open { .. })));
}

#[test]
fn many_at_once_make_one_store() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("new").join("store.sqlite");
    std::thread::scope(|scope| {
        for number in 0..8 {
            let path = &path;
            scope.spawn(move || {
                let store = Store::open(path).expect("made by one of us");
                let mut intake = store.intake(now()).expect("an intake");
                intake.take(parcel([report(&number.to_string(), "shop.example", 0, 0)])).expect("taken");
                intake.finish().expect("kept");
            });
        }
    });
    let store = Store::open_existing(&path).expect("sound").expect("there");
    assert_eq!(each(&store, &Filter::default()).len(), 8);
}

#[test]
fn a_creation_cut_short_is_taken_up_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.sqlite");
    std::fs::write(&path, "").expect("written");
    assert!(Store::open_existing(&path).expect("an empty file is a store to be").is_some());
    assert_eq!(Store::open(&path).expect("made").check().expect("readable"), Vec::<String>::new());
}

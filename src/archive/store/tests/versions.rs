//! Every schema that a store may have, read and written by this version.

use rusqlite::Connection;

use super::*;
use crate::archive::store::{StoreError, VERSION, schema, text};

/// The rows that a store of schema 1 may hold, as that schema has them.
const ROWS_1: &str = r#"
    INSERT INTO text VALUES (1, x'01010101010101010101010101010101', 'Sender Ltd'), (2, x'02020202020202020202020202020202', 'sender.example'),
        (3, x'03030303030303030303030303030303', '/var/reports/'), (4, x'04040404040404040404040404040404', '{"state":"operator"}'),
        (5, x'05050505050505050505050505050505', 'shop.example'), (6, x'06060606060606060606060606060606', 'sts'),
        (7, x'07070707070707070707070707070707', '["version: STSv1"]');
    INSERT INTO report VALUES (1, x'11111111111111111111111111111111', 1, 2, NULL, NULL, 'old', 1772323200000000000, 1772409599000000000,
        x'1111111111111111111111111111111111111111111111111111111111111111', 3, 'old.json.gz', 2, 4, NULL, 1772500000000000000, 2, NULL, NULL);
    INSERT INTO entry VALUES (5, 1772409599000000000, 1, 0, 1, 6, 7, NULL, 40, 2,
        '[{"result-type":"x","result_type":"certificate-expired","sessions":2}]', NULL);
    INSERT INTO rejection VALUES (1, x'22222222222222222222222222222222', 'bad.json', 'empty',
        x'2222222222222222222222222222222222222222222222222222222222222222', 0, 1772500000000000000, 1772500000000000000);
    INSERT INTO mark VALUES ('imaps://u@h', 'INBOX', 7, 9);
"#;

/// A store as the version of that schema left it.
fn of_schema(version: u32) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let connection = Connection::open(folder.path().join("store.sqlite")).expect("made");
    connection.execute_batch("PRAGMA auto_vacuum = incremental; PRAGMA journal_mode = wal").expect("set");
    for (step, sql) in (1..=version).zip(schema::STEPS) {
        connection.execute_batch(sql).expect("a step");
        if step == 1 {
            connection.execute_batch(ROWS_1).expect("rows");
        }
    }
    // The digests are those of the values; only here are they not worth writing out.
    let mut select = connection.prepare("SELECT id, value FROM text WHERE id > 0").expect("a table");
    let texts: Vec<(i64, String)> =
        select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows").collect::<Result<_, _>>().expect("rows");
    for (number, value) in texts {
        connection
            .execute("UPDATE text SET digest = ?2 WHERE id = ?1", rusqlite::params![number, text::digest(value.as_bytes())])
            .expect("updated");
    }
    connection.pragma_update(None, "application_id", schema::APPLICATION_ID).expect("set");
    connection.pragma_update(None, "user_version", version).expect("set");
    folder
}

#[test]
fn every_schema_is_read_and_written_by_this_version() {
    for version in 1..=VERSION {
        let folder = of_schema(version);
        let path = folder.path().join("store.sqlite");
        let store = Store::open_existing(&path).expect("brought up to date").expect("there");
        assert_eq!(schema::header(&store.connection).expect("readable"), (schema::APPLICATION_ID, VERSION), "from schema {version}");
        let facts = store.facts(&domain("shop.example"), day(-1), false).expect("readable");
        let report = &facts.reports[0];
        assert_eq!((report.id.as_str(), report.reporter.as_str(), &*report.source), ("old", "sender.example", "/var/reports/old.json.gz"));
        assert_eq!((report.policies[0].successful, report.policies[0].details[0].sessions), (40, 2));
        assert_eq!(store.rejected(None, None).expect("readable")[0].rejected.source, "bad.json");
        assert_eq!(store.mark("imaps://u@h", "INBOX").expect("readable").map(|mark| mark.last_uid), Some(9));
        let mut intake = store.intake(now()).expect("an intake");
        intake.take(parcel([super::report("new", "shop.example", 5, 0)])).expect("taken");
        assert_eq!(intake.finish().expect("kept").new, 1);
        assert_eq!(store.history(&domain("shop.example")).expect("readable").days, []);
        drop(store);
        let again = Store::open(&path).expect("it stays as it is");
        assert_eq!(each(&again, &Filter::default()).len(), 2);
        assert!(again.connection.query_row("PRAGMA foreign_key_check", [], |_| Ok(())).is_err(), "no row refers to nothing");
    }
}

#[test]
fn a_process_that_stays_does_not_write_into_a_later_schema() {
    let scene = Scene::new();
    scene.again().connection.pragma_update(None, "user_version", VERSION + 1).expect("set");
    let mut intake = scene.store.intake(now()).expect("an intake");
    intake.take(parcel([super::report("a", "shop.example", 0, 0)])).expect("taken");
    assert!(matches!(intake.finish(), Err(StoreError::Newer { .. })));
    assert_eq!(scene.all(), []);
}

#[test]
fn a_step_that_fails_leaves_the_store_as_it_was() {
    let folder = of_schema(1);
    let path = folder.path().join("store.sqlite");
    let in_the_way = Connection::open(&path).expect("there");
    in_the_way.execute_batch("CREATE TABLE certificate (somebody_elses)").expect("made");
    assert!(Store::open(&path).is_err());
    in_the_way.execute_batch("DROP TABLE certificate").expect("it is still there");
    assert_eq!(schema::header(&in_the_way).expect("readable").1, 1);
    drop(in_the_way);
    Store::open(&path).expect("now it can be done");
}

/// A step that was released is never changed: stores out there have gone it.
#[test]
fn steps_stay_as_they_were_released() {
    let digests: Vec<String> = schema::STEPS.iter().map(|step| Fingerprint::of(step.as_bytes()).short()).collect();
    assert_eq!(digests, ["cc084faa", "dad2d068", "2702a666", "3fc19f88"]);
}

use super::*;

fn some() -> Scene {
    let scene = Scene::new();
    scene.take((0..300).map(|n| report(&n.to_string(), "shop.example", n % 9, n.unsigned_abs() % 2)));
    scene
}

#[test]
fn rows_that_belie_themselves_are_found() {
    for (harm, words) in [
        ("UPDATE report SET key = zeroblob(16) WHERE id = 3", "report 3: its key or its weight"),
        ("UPDATE report SET failures = 7 WHERE id = 3", "report 3: its key or its weight"),
        ("UPDATE entry SET details = '[' WHERE report = 4", "report 4:"),
        ("UPDATE report SET begins = ends - 1 WHERE id = 5", "report 5:"),
        ("PRAGMA foreign_keys = off; UPDATE report SET reporter = 999999 WHERE id = 6", "refers to a row of text"),
    ] {
        let scene = some();
        assert_eq!(scene.store.check().expect("readable"), Vec::<String>::new());
        scene.store.connection.execute_batch(harm).expect("done");
        let faults = scene.store.check().expect("readable");
        assert!(faults.iter().any(|fault| fault.contains(words)), "{harm}: {faults:?}");
    }
}

#[test]
fn what_can_still_be_read_is_exported() {
    let scene = some();
    scene.store.connection.execute_batch("UPDATE entry SET details = '[' WHERE report = 4").expect("done");
    let mut lines = 0;
    let take = |_| {
        lines += 1;
        Ok(())
    };
    let lost = scene.store.export(take).expect("readable");
    assert_eq!((lines, lost.len()), (1 + 299, 1), "{lost:?}");
    let full = scene.store.export(|_| Err(std::io::Error::from(std::io::ErrorKind::BrokenPipe)));
    assert!(matches!(full, Err(crate::archive::store::StoreError::Output(_))));
}

/// Bytes overwritten anywhere: every question is answered or refused in words that name the file, and nothing panics.
#[test]
fn a_damaged_file_is_told_and_never_believed_blindly() {
    let scene = some();
    scene.store.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("folded");
    let whole = std::fs::read(scene.store.path()).expect("readable");
    let right = content(&scene.store);
    let mut found = 0;
    for place in (0..whole.len()).step_by(whole.len() / 40) {
        let mut bytes = whole.clone();
        let end = (place + 600).min(bytes.len());
        bytes[place..end].fill(0xa5);
        let path = scene.folder.path().join(format!("damaged-{place}.sqlite"));
        std::fs::write(&path, bytes).expect("written");
        let told = match Store::open(&path) {
            Err(error) => vec![error.to_string()],
            Ok(store) => {
                let _ = store.facts(&domain("shop.example"), day(0), false);
                let _ = store.stats();
                let _ = store.export(|_| Ok(()));
                let faults = store.check().unwrap_or_else(|error| vec![error.to_string()]);
                if faults.is_empty() {
                    assert_eq!(content(&store), right, "what is called sound is as it was; damaged at {place}");
                }
                faults
            }
        };
        found += usize::from(!told.is_empty());
    }
    assert!(found >= 20, "only {found} of 40 were noticed");
}

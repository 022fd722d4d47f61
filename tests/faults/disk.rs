//! Disks that are full, files that are not what they should be, a clock that jumps back, outputs that take nothing: what was kept before
//! stays, and the answer is given wherever there is one. A process that is killed, and two at once, are staged in `tests/store.rs`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rusqlite::Connection;

use crate::check::Scene;
use crate::corpus::Corpus;
use crate::lab::{BlockingLab, Lab};
use crate::real::process::{is_root, missing, program};
use crate::run::{Call, Run, stsready};

const REPORTS: usize = 3_000;

/// What the user is told where no domain is at fault.
pub(super) struct Told {
    /// What is the matter, in words.
    pub(super) fault: &'static str,
    /// How the run ends.
    pub(super) exit: i32,
    /// Words of what is said.
    pub(super) words: &'static [&'static str],
}

const fn told(fault: &'static str, exit: i32, words: &'static [&'static str]) -> Told {
    Told { fault, exit, words }
}

const DIRECTORY: Told = told("the store is a directory", 4, &["failed to open the store"]);
const TEXT: Told = told("the store is no database", 4, &["is no store of stsready"]);
const FOREIGN: Told = told("the store is another program's database", 4, &["is no store of stsready"]);
const HALVED: Told = told("the store is cut off in the middle", 4, &["is damaged", "store check"]);
const OVERWRITTEN: Told = told("pages of the store are overwritten", 4, &["is damaged", "store export"]);
const READ_ONLY: Told = told("the store, or its folder, may only be read", 4, &[]);
const FULL_AT_INGEST: Told =
    told("the disk is full while reports are read; afterwards the same command goes on", 4, &["no room is left for the store"]);
const FULL_AT_OPEN: Told = told("the disk is full before the store can be opened", 4, &["no room is left for the store"]);
const FULL_AT_CHECK: Told =
    told("the disk is full where a check would be noted", 0, &["READY", "failed to keep what was observed: no room is left"]);
const CLOCK: Told = told("the clock was two days ahead, and jumps back", 0, &[]);
const KILLED: Told = told("a check is killed; the next one finds a sound store", 0, &["READY"]);
const TWO: Told = told("two checks write at the same time", 0, &["READY"]);
const OUTPUT: Told = told("standard output is a full disk", 4, &["No space left on device"]);
const FILE: Told = told("the file that facts or pages go to is on a full disk", 4, &["No space left on device"]);

/// All of them.
pub(super) const TABLE: &[Told] = &[
    DIRECTORY,
    TEXT,
    FOREIGN,
    HALVED,
    OVERWRITTEN,
    READ_ONLY,
    FULL_AT_INGEST,
    FULL_AT_OPEN,
    FULL_AT_CHECK,
    CLOCK,
    KILLED,
    TWO,
    OUTPUT,
    FILE,
];

impl Told {
    #[track_caller]
    fn by(&self, run: &Run) {
        assert_eq!(run.exit, self.exit, "{}{run}", self.fault);
        let said = format!("{}{}", run.stdout, run.stderr);
        assert!(self.words.iter().all(|word| said.contains(word)), "{}: {:?}{run}", self.fault, self.words);
    }

    /// The same of a script that says so behind `mark`.
    #[track_caller]
    fn by_script(&self, mark: &str, said: &str) {
        let before = said.split_once(&format!("{mark}: {}\n", self.exit)).map(|(before, _)| before);
        assert!(before.is_some(), "{} {mark} in\n{said}", self.fault);
        assert!(self.words.iter().all(|word| said.contains(word)), "{}: {:?} in\n{said}", self.fault, self.words);
    }
}

/// A healthy domain that was checked once, with the store of it.
struct Kept<'a> {
    scene: Scene<'a>,
    store: PathBuf,
}

impl<'a> Kept<'a> {
    fn new(lab: &'a BlockingLab) -> Self {
        let scene = Scene::new(lab, "alpha.test", |_| {});
        let store = lab.folder().join("kept").join("store.sqlite");
        let kept = Self { scene, store };
        kept.check().run().exits(0);
        kept
    }

    fn check(&self) -> Call {
        self.scene.check().args(["--store".as_ref(), self.store.as_os_str()])
    }
}

/// A store that cannot be used, and how it comes to that.
type Spoiled = (Told, fn(&Path));

#[test]
fn a_store_that_cannot_be_used_is_told_with_its_path_and_left_as_it_is() {
    let cases: [Spoiled; 5] = [
        (DIRECTORY, |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        }),
        (TEXT, |path| fs::write(path, "mine, and no database at all: a text of some length, so that it has a page\n".repeat(99)).unwrap()),
        (FOREIGN, |path| {
            fs::remove_file(path).unwrap();
            Connection::open(path).unwrap().execute_batch("CREATE TABLE mine (x); INSERT INTO mine VALUES (1)").unwrap();
        }),
        (HALVED, |path| {
            let length = fs::metadata(path).unwrap().len();
            fs::File::options().write(true).open(path).unwrap().set_len(length / 2).unwrap();
        }),
        (OVERWRITTEN, |path| {
            let mut bytes = fs::read(path).unwrap();
            bytes[4096..].fill(0x5a);
            fs::write(path, bytes).unwrap();
        }),
    ];
    for (told, spoil) in cases {
        let lab = Lab::start_blocking().unwrap();
        let kept = Kept::new(&lab);
        spoil(&kept.store);
        let before = fs::read(&kept.store).ok();
        let run = kept.check().may_fail().run();
        told.by(&run);
        assert!(run.stderr.contains(&kept.store.display().to_string()), "{run}");
        assert_eq!(fs::read(&kept.store).ok(), before, "{}: not a byte of it is changed", told.fault);
        // What does not need it still answers.
        kept.scene.check().args(["--no-store"]).run().exits(0);
    }
}

/// Runs `script` with a mount namespace of its own; `None` where the system does not allow that.
fn in_namespace(script: &str, args: &[&Path]) -> Option<(bool, String)> {
    let user: &[&str] = if is_root() { &["-m"] } else { &["-Urm"] };
    let allowed = Command::new("unshare").args(user).args(["mount", "-t", "tmpfs", "none", "/mnt"]).output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        missing("no disk can be mounted in a namespace of its own");
        return None;
    }
    let mut command = Command::new("unshare");
    command.args(user).args(["sh", "-c", script, env!("CARGO_BIN_EXE_stsready")]).args(args);
    let output = command.env_remove("STSREADY_STORE").env("XDG_CONFIG_HOME", "/nonexistent").output().unwrap();
    Some((output.status.success(), format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))))
}

#[test]
fn a_full_disk_keeps_what_was_read_and_the_same_command_goes_on_from_there() {
    let folder = tempfile::tempdir().unwrap();
    let (disk, files) = (folder.path().join("disk"), folder.path().join("files"));
    fs::create_dir(&disk).unwrap();
    Corpus::new(7, REPORTS).write(&files);
    let script = "mount -t tmpfs -o size=500k none \"$1\" || exit 9
        store=$1/store.sqlite
        \"$0\" reports ingest --no-dkim --store \"$store\" \"$2\"; echo \"full: $?\"
        mount -o remount,size=64m \"$1\" || exit 9
        \"$0\" store check --store \"$store\" >&2; echo \"sound: $?\"
        \"$0\" reports ingest --no-dkim --store \"$store\" \"$2\"; echo \"again: $?\"
        \"$0\" store stats --format json --store \"$store\"; echo \"stats: $?\"";
    let Some((ran, said)) = in_namespace(script, &[&disk, &files]) else { return };
    assert!(ran, "{said}");
    FULL_AT_INGEST.by_script("full", &said);
    for words in ["sound: 0", "again: 0", "stats: 0", &format!("\"total\": {REPORTS}")] {
        assert!(said.contains(words), "{words:?} in\n{said}");
    }
    assert!(!said.contains("panicked"), "{said}");
}

/// The answer is worth more than the note of it.
#[test]
fn a_check_on_a_full_disk_answers_all_the_same() {
    let lab = Lab::start_blocking().unwrap();
    let kept = Kept::new(&lab);
    let disk = lab.folder().join("disk");
    fs::create_dir(&disk).unwrap();
    let script = format!(
        "mount -t tmpfs -o size=500k none \"$1\" || exit 9
        cp \"$2\" \"$1/store.sqlite\" || exit 9
        dd if=/dev/zero of=\"$1/filler\" bs=1k 2>/dev/null
        \"$0\" check alpha.test --reports \"$3\" {0} --store \"$1/store.sqlite\"; echo \"full: $?\"
        rm \"$1/filler\"
        # Room enough to read what is there, and none to write.
        room=$(df -k --output=avail \"$1\" | tail -n 1)
        dd if=/dev/zero of=\"$1/filler\" bs=1k count=$((room - 36)) 2>/dev/null
        \"$0\" check alpha.test --reports \"$3\" {0} --store \"$1/store.sqlite\"; echo \"check: $?\"
        rm \"$1/filler\"
        \"$0\" store check --store \"$1/store.sqlite\"; echo \"sound: $?\"",
        lab.args().join(" ")
    );
    let reports = kept.scene.post().unwrap();
    let Some((ran, said)) = in_namespace(&script, &[&disk, &kept.store, &reports]) else { return };
    assert!(ran && said.contains("sound: 0") && !said.contains("panicked"), "{said}");
    FULL_AT_OPEN.by_script("full", &said);
    FULL_AT_CHECK.by_script("check", &said);
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_store_that_may_only_be_read_is_told_so() {
    // The superuser may write whatever the mode says.
    let other = "exec setpriv --reuid=65534 --regid=65534 --clear-groups \"$0\" \"$@\"";
    let line = if is_root() { other } else { ":" };
    if is_root() && program("setpriv", "util-linux").is_none() {
        return;
    }
    let lab = Lab::start_blocking().unwrap();
    let kept = Kept::new(&lab);
    mode(lab.folder(), 0o755);
    let folder = kept.store.parent().unwrap();
    for (of_folder, of_file) in [(0o555, 0o444), (0o555, 0o644), (0o755, 0o444)] {
        mode(&kept.store, of_file);
        mode(folder, of_folder);
        let before = fs::read(&kept.store).unwrap();
        let run = kept.check().through(line).may_fail().run();
        READ_ONLY.by(&run);
        assert!(run.stderr.contains(&kept.store.display().to_string()), "{run}");
        assert_eq!(fs::read(&kept.store).unwrap(), before);
        mode(folder, 0o755);
    }
}

/// What the store was told by a clock that ran ahead: everything in it is two days in the future.
#[test]
fn a_clock_that_jumps_back_loses_nothing_and_makes_no_sense_of_the_future() {
    const AHEAD: &str = "172800000000000";
    let lab = Lab::start_blocking().unwrap();
    let kept = Kept::new(&lab);
    let shift = |table: &str, columns: &[&str]| {
        let set: Vec<String> = columns.iter().map(|column| format!("{column} = {column} + {AHEAD}")).collect();
        let connection = Connection::open(&kept.store).unwrap();
        assert!(connection.execute(&format!("UPDATE {table} SET {}", set.join(", ")), []).unwrap() > 0, "{table}");
    };
    shift("subject", &["looked_at"]);
    shift("span", &["last_seen", "first_seen"]);
    shift("look", &["first_at", "last_at"]);
    shift("verdict", &["last_at", "first_at"]);
    Connection::open(&kept.store).unwrap().execute("UPDATE look SET day = date(day, '+2 days')", []).unwrap();
    let rows = |table: &str| -> i64 {
        Connection::open(&kept.store).unwrap().query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    let before = ["subject", "span", "look", "verdict", "report"].map(rows);
    let sensible = |run: &Run| {
        let digits = run
            .stdout
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
            .filter(|word| word.strip_prefix('-').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit())));
        assert_eq!(digits.collect::<Vec<_>>(), Vec::<&str>::new(), "a negative age{run}");
    };
    let check = kept.check().run();
    CLOCK.by(&check);
    let without = kept.scene.check().args(["--no-store"]).run().exits(0);
    let codes = |run: &Run| run.assessment().findings().iter().map(|finding| finding.code().to_owned()).collect::<Vec<_>>();
    assert_eq!(codes(&check), codes(&without), "what lies in the future is no ground for anything");
    sensible(&check);
    for format in ["text", "markdown"] {
        sensible(&kept.scene.check_as(format).args(["--store".as_ref(), kept.store.as_os_str()]).run().exits(0));
    }
    for command in [&["history"][..], &["guide"], &["reports", "digest"]] {
        let call = stsready(command).args(["alpha.test", "--store"]).args([&kept.store]);
        let call = if command == ["guide"] { call.at(&lab) } else { call };
        sensible(&call.run());
    }
    let after = ["subject", "span", "look", "verdict", "report"].map(rows);
    assert!(before.iter().zip(after).all(|(before, after)| after >= *before), "nothing is lost: {before:?} {after:?}");
    stsready(["store", "check", "--store"]).args([&kept.store]).run().exits(0);
    // As of before anything was seen.
    let facts = lab.folder().join("facts.json");
    kept.check().args(["--save-facts".as_ref(), facts.as_os_str()]).run().exits(0);
    for format in ["json", "text"] {
        let call = stsready(["check", "--now", "2020-01-01T00:00:00Z", "--format", format, "--facts"]).args([&facts]);
        let run = call.run();
        assert_ne!(run.exit, 0, "nothing that was seen later proves anything of then{run}");
        sensible(&run);
    }
}

/// Killed while it makes the store, asks, fetches, speaks: what a check leaves behind is whole or not there.
#[test]
fn a_check_that_is_killed_leaves_a_sound_store_and_no_half_file() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    let (store, facts) = (lab.folder().join("killed").join("store.sqlite"), lab.folder().join("facts.json"));
    let call = |format: &str| {
        let call = scene.check_as(format).args(["--store".as_ref(), store.as_os_str()]);
        call.args(["--save-facts".as_ref(), facts.as_os_str()])
    };
    lab.set_reply_delay(Duration::from_millis(150));
    let (queries, web, mx) = (lab.dns().all_queries(), scene.domain.policy_host.visits().total(), scene.mx(1).visits());
    let begun = mx.total();
    let phases: [&dyn Fn() -> bool; 5] = [
        &|| store.exists(),
        &|| lab.dns().all_queries() > queries,
        &|| scene.domain.policy_host.visits().total() > web,
        &|| mx.total() > begun,
        &|| scene.mx(1).seen().iter().any(|session| session.secured),
    ];
    for ripe in phases {
        call("json").kill_when(ripe);
        assert!(!facts.exists(), "facts are there whole or not at all");
        stsready(["store", "check", "--store"]).args([&store]).run().exits(0);
    }
    lab.set_reply_delay(Duration::ZERO);
    KILLED.by(&call("text").run());
    assert!(facts.exists());
}

#[test]
fn two_checks_at_once_keep_what_both_saw() {
    let lab = Lab::start_blocking().unwrap();
    let (one, other) = (Scene::new(&lab, "alpha.test", |_| {}), Scene::new(&lab, "beta.test", |_| {}));
    let store = lab.folder().join("shared").join("store.sqlite");
    let check = |scene: &Scene<'_>| scene.check_as("text").args(["--store".as_ref(), store.as_os_str()]).run();
    std::thread::scope(|threads| {
        let runs = [&one, &other, &one, &other].map(|scene| threads.spawn(move || check(scene)));
        for run in runs {
            let run = run.join().unwrap();
            TWO.by(&run);
            assert!(!run.stderr.contains("failed to keep"), "{run}");
        }
    });
    stsready(["store", "check", "--store"]).args([&store]).run().exits(0);
    for name in ["alpha.test", "beta.test"] {
        let told = stsready(["history", name, "--store"]).args([&store]).run().exits(0);
        assert!(told.stdout.contains("mx1"), "{told}");
    }
}

#[test]
fn outputs_that_take_nothing_are_told() {
    let lab = Lab::start_blocking().unwrap();
    let scene = Scene::new(&lab, "alpha.test", |_| {});
    for format in ["json", "text", "html"] {
        OUTPUT.by(&scene.check_as(format).through("exec >/dev/full").may_fail().run());
        // Closed before the start, it is opened as /dev/null by the runtime.
        scene.check_as(format).through("exec >&-").run().exits(0);
    }
    let full = "/dev/full";
    let run = scene.check_as("text").args(["--save-facts", full]).may_fail().run();
    FILE.by(&run);
    assert!(run.stderr.contains(full) && run.stdout.contains("READY"), "the answer is not lost with the facts{run}");
    let run = scene.check_as("text").args(["--output", full]).may_fail().run();
    FILE.by(&run);
    assert!(run.stderr.contains(full), "{run}");
}

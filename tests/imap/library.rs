//! What the binary cannot be shown quickly: staying with a server for hours, and a keeper that fails.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use stsready::archive::imap::{self, Account, After, ImapError, Keeper, Kept, Manner, Mark, News, Secret};
use stsready::archive::intake::{OperatorsWord, Parcel, Verifier};
use stsready::archive::read::{self, Options};
use stsready::model::facts::reports::Authenticity;
use tokio::sync::watch;

use super::{mail, mails};
use crate::lab::{BlockingLab, Host, Imap, ImapAnswer, Lab};

/// Keeps in memory, as long as it is well.
#[derive(Default)]
struct Memory {
    mark: Option<Mark>,
    reports: u64,
    /// How many batches it will still take.
    well: Option<u32>,
}

impl Keeper for Memory {
    type Error = &'static str;

    fn mark(&mut self, _: &str, _: &str) -> Result<Option<Mark>, Self::Error> {
        Ok(self.mark)
    }

    fn keep(&mut self, parcels: Vec<Parcel>, _: &str, _: &str, mark: Option<Mark>) -> Result<Kept, Self::Error> {
        if let Some(well) = &mut self.well {
            *well = well.checked_sub(1).ok_or("the disk is full")?;
        }
        self.mark = mark.or(self.mark);
        let new = parcels.iter().map(|parcel| parcel.reports.len() as u64).sum();
        self.reports += new;
        Ok(Kept { new, ..Kept::default() })
    }
}

struct Scene {
    lab: BlockingLab,
    host: Host<Imap>,
    imap: Imap,
}

impl Scene {
    fn new(imap: Imap) -> Self {
        let lab = Lab::start_blocking().expect("a lab");
        Self { host: lab.imap_host(imap.clone()), lab, imap }
    }

    fn deliver(&self, number: i64) {
        let mut mails = self.imap.mails.lock().unwrap();
        let uid = mails.last_key_value().map_or(1, |(uid, _)| uid + 1);
        mails.insert(uid, mail(number).into_bytes());
    }

    fn commands(&self, beginning: &str) -> usize {
        self.host.seen().concat().iter().filter(|command| command.starts_with(beginning)).count()
    }

    /// Stays until `enough` says so; asked after every piece of news, and in the pauses between them.
    fn stay(
        &self,
        manner: &Manner,
        keeper: &mut Memory,
        enough: impl Fn(&Self) -> bool + Sync,
    ) -> Result<Vec<imap::Outcome>, &'static str> {
        self.verified(&OperatorsWord, After::Leave, manner, keeper, enough)
    }

    fn verified(
        &self,
        verifier: &dyn Verifier,
        after: After,
        manner: &Manner,
        keeper: &mut Memory,
        enough: impl Fn(&Self) -> bool + Sync,
    ) -> Result<Vec<imap::Outcome>, &'static str> {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let url = format!("imaps://tlsrpt@{}/INBOX", self.host.socket()).parse().expect("an address");
        let tls = imap::tls_config(Some(Path::new(self.lab.root_file()))).expect("a CA");
        let account = Account { url, password: Secret::new("correct".to_owned()), after, tls: Arc::clone(&tls) };
        let options = Options::new(verifier);
        let (stop, asked) = watch::channel(false);
        let ended = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let begun = std::time::Instant::now();
                while !enough(self) && !ended.load(Ordering::Relaxed) && begun.elapsed() < Duration::from_secs(20) {
                    std::thread::sleep(Duration::from_millis(5));
                }
                stop.send_replace(true);
            });
            let read = |mail: &[u8], source: &str, received_at| read::mail(mail, source, received_at, &options);
            let outcomes = imap::fetch(runtime.handle(), &[account], manner, &asked, &read, keeper, |_, _: News<'_>| {});
            ended.store(true, Ordering::Relaxed);
            outcomes
        })
    }
}

fn staying() -> Manner {
    Manner {
        stay: true,
        wait: Duration::from_secs(5),
        idle: Duration::from_millis(100),
        poll: Duration::from_millis(30),
        cores: 1,
        ..Manner::new(Timestamp::now)
    }
}

#[test]
fn who_stays_says_again_and_again_that_it_is_there() {
    let scene = Scene::new(Imap::with(mails(2)));
    let mut keeper = Memory::default();
    let outcomes = scene.stay(&staying(), &mut keeper, |scene| {
        if scene.commands("IDLE") == 2 && scene.imap.mails.lock().unwrap().len() == 2 {
            scene.deliver(9);
        }
        scene.commands("IDLE") > 4
    });
    let outcomes = outcomes.expect("kept");
    assert!(matches!(outcomes[0].error, Some(ImapError::Stopped)), "{outcomes:?}");
    assert_eq!((outcomes[0].messages, keeper.reports, keeper.mark), (3, 3, Some(Mark { uid_validity: 7, last_uid: 3 })));
    assert_eq!(scene.host.visits().total(), 1, "over one connection");
}

#[test]
fn a_message_that_arrives_while_the_folder_is_listed_is_not_left_for_later() {
    let listed = "* 1 FETCH (UID 1 RFC822.SIZE 9)\r\n* 2 FETCH (UID 2 RFC822.SIZE 9)\r\nTAG OK x\r\n";
    let imap = Imap::with(mails(3)).times(1, "UID FETCH 1:* (UID RFC822", ImapAnswer::Say(listed.to_owned()));
    let scene = Scene::new(imap.times(1, "UID FETCH 3:* (UID RFC822", ImapAnswer::Say("* 3 EXISTS\r\nTAG OK x\r\n".to_owned())));
    let manner = Manner { idle: Duration::from_mins(5), ..staying() };
    let mut keeper = Memory::default();
    let outcomes = scene.stay(&manner, &mut keeper, |scene| scene.commands("IDLE") > 0).expect("kept");
    assert_eq!((outcomes[0].messages, keeper.reports), (3, 3), "{outcomes:?}");
}

#[test]
fn a_server_that_cannot_tell_of_itself_is_asked() {
    let scene = Scene::new(Imap { capabilities: "IMAP4rev1 AUTH=PLAIN SASL-IR", ..Imap::with(mails(1)) });
    let mut keeper = Memory::default();
    let outcomes = scene.stay(&staying(), &mut keeper, |scene| {
        if scene.commands("NOOP") == 2 && scene.imap.mails.lock().unwrap().len() == 1 {
            scene.deliver(9);
        }
        scene.commands("NOOP") > 5
    });
    assert_eq!((outcomes.expect("kept")[0].messages, keeper.reports), (2, 2));
    assert_eq!(scene.commands("IDLE"), 0);
}

#[test]
fn who_stays_comes_again_however_often_the_server_goes() {
    let away = || ImapAnswer::SayAndClose("* BYE restarting\r\n".to_owned());
    let scene = Scene::new(Imap::with(mails(1)).times(4, "IDLE", away()));
    let manner = Manner { wait: Duration::from_millis(200), ..staying() };
    let mut keeper = Memory::default();
    let outcomes = scene.stay(&manner, &mut keeper, |scene| scene.commands("IDLE") > 5).expect("kept");
    assert!(matches!(outcomes[0].error, Some(ImapError::Stopped)), "{outcomes:?}");
    assert!(scene.host.visits().total() > 4);
    assert_eq!((outcomes[0].messages, keeper.reports), (1, 1), "what is known is not read again");
}

#[test]
fn where_nothing_can_be_kept_nothing_more_is_read() {
    let scene = Scene::new(Imap::with(mails(400)));
    let mut keeper = Memory { well: Some(2), ..Memory::default() };
    let failed = scene.stay(&Manner { stay: false, ..staying() }, &mut keeper, |_| false);
    assert_eq!(failed.expect_err("it fails"), "the disk is full");
    assert_eq!((keeper.reports, keeper.mark), (100, Some(Mark { uid_validity: 7, last_uid: 100 })), "what was kept before stands");
    assert!(scene.commands("UID FETCH") < 8);
}

/// A resolver that is down the first times that the second mail is looked at.
struct Hiccup(AtomicUsize);

impl Verifier for Hiccup {
    fn verify(&self, mail: &[u8], _: Option<Timestamp>) -> Authenticity {
        let is_struck = String::from_utf8_lossy(mail).contains(&mail_id(1));
        let down = |left: usize| left.checked_sub(1);
        if is_struck && self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, down).is_ok() {
            return Authenticity::Unverifiable { why: "the resolver is down".to_owned(), again: true };
        }
        Authenticity::Operator
    }
}

/// What only the mail of this number holds: the day of its report.
fn mail_id(number: i64) -> String {
    use jiff::ToSpan as _;
    let day = crate::letters::days_ago(0).checked_sub(number.days()).expect("a date");
    format!("Report-ID: <{day}@")
}

/// A time in the lab, some days after its mails have arrived there.
macro_rules! days_later {
    ($days:literal) => {
        || "2026-03-01T10:00:00Z".parse::<Timestamp>().expect("a time") + jiff::SignedDuration::from_hours(24 * $days)
    };
}

#[test]
fn a_mail_whose_key_cannot_be_asked_for_is_met_again_and_for_some_days_only() {
    for (clock, mark) in [(days_later!(1) as fn() -> Timestamp, 1), (days_later!(4), 4)] {
        for after in [After::Leave, After::Seen] {
            let scene = Scene::new(Imap::with(mails(4)));
            let (mut keeper, verifier) = (Memory::default(), Hiccup(AtomicUsize::new(1)));
            let once = Manner { stay: false, ..Manner { clock, ..staying() } };
            let settled = scene.verified(&verifier, after.clone(), &once, &mut keeper, |_| false).expect("kept")[0].settled;
            assert_eq!(keeper.mark.map(|mark| mark.last_uid), Some(mark), "{after:?}");
            let all_but_the_open = if mark == 1 { 3 } else { 4 };
            assert_eq!(settled, if after == After::Seen { all_but_the_open } else { 0 }, "{after:?}");
            scene.verified(&verifier, after.clone(), &once, &mut keeper, |_| false).expect("kept");
            assert_eq!(keeper.mark.map(|mark| mark.last_uid), Some(4), "{after:?}");
        }
    }
}

#[test]
fn who_stays_looks_back_at_what_stayed_open() {
    let scene = Scene::new(Imap::with(mails(4)));
    let (mut keeper, verifier) = (Memory::default(), Hiccup(AtomicUsize::new(2)));
    let manner = Manner { clock: days_later!(1), look_back: Duration::from_millis(150), ..staying() };
    // Once it idles again and again, the second look back is kept.
    let enough = |scene: &Scene| scene.commands("UID FETCH 2:4 (UID INTERNALDATE") > 1 && scene.commands("IDLE") > 10;
    scene.verified(&verifier, After::Leave, &manner, &mut keeper, enough).expect("kept");
    assert_eq!(scene.commands("UID FETCH 2:4 (UID INTERNALDATE"), 2, "and no more, once nothing is open");
    assert_eq!((keeper.mark.map(|mark| mark.last_uid), scene.host.visits().total()), (Some(4), 1));
}

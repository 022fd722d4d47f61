use clap::Parser as _;

use super::*;
use crate::cli::args::{Cli, Command};
use crate::model::guide::{Rung, RungState};
use crate::model::plan::Wait;
use crate::wire::name::Domain;

fn args(words: &[&str]) -> GuideArgs {
    let cli = Cli::try_parse_from(["stsready", "guide", "a.example", "--follow"].iter().chain(words)).expect("a call");
    let Command::Guide(args) = cli.command else { panic!("a guide") };
    args
}

fn now() -> Timestamp {
    "2026-03-31T12:00:00Z".parse().expect("a time")
}

/// At this step of two; where it is waiting, for so many seconds.
fn at(step: Option<usize>, wait: Option<i64>) -> Walked {
    let rung = |id: &str| Rung {
        id: id.to_owned(),
        title: format!("Do {id}"),
        state: RungState::Current,
        gates: Vec::new(),
        against: Vec::new(),
        from: None,
        waits: wait
            .iter()
            .map(|seconds| Wait { why: "so".to_owned(), seconds: 1, until: now() + SignedDuration::from_secs(*seconds) })
            .collect(),
        body: Vec::new(),
    };
    let standing = match (step, wait) {
        (None, _) => Standing::Done,
        (_, Some(_)) => Standing::Waiting,
        (_, None) => Standing::ToDo,
    };
    let guide = Guide {
        domain: Domain::from_dns("a.example"),
        playbook: "rollout".to_owned(),
        title: String::new(),
        intro: Vec::new(),
        standing,
        asked_at: now(),
        observed_at: now(),
        again: String::new(),
        rungs: vec![rung("one"), rung("two")],
        current: step,
    };
    Walked { guide, exit: Exit::Ready }
}

/// Follows from the first of these looks on: where it ended, how often it looked again, how long it paused, what it said.
fn followed(words: &[&str], mut looks: Vec<Walked>) -> (Option<usize>, usize, Duration, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut streams = Streams { out: &mut out, err: &mut err, width: 80, progress: false };
    let (mut again, mut paused) = (0, Duration::ZERO);
    let first = looks.remove(0);
    let mut look = |_: &mut Streams<'_>| {
        again += 1;
        Ok(if looks.len() > 1 { looks.remove(0) } else { at(looks[0].guide.current, None) })
    };
    let end = follow(&args(words), first, &mut streams, &mut look, &mut |pause| paused += pause).expect("it ends");
    (end.guide.current, again, paused, String::from_utf8(err).expect("UTF-8"))
}

#[test]
fn it_follows_until_the_step_is_done() {
    let (current, again, paused, said) =
        followed(&["--every", "30s"], vec![at(Some(0), None), at(Some(0), None), at(Some(1), None), at(None, None)]);
    assert_eq!((current, again, paused), (Some(1), 2, Duration::from_mins(1)));
    assert_eq!(said.lines().next(), Some("12:00:00Z  not yet: Do one; looking again in 30 s"));
    assert_eq!(said.lines().count(), 2);
}

#[test]
fn it_gives_up_when_its_time_is_over() {
    let (current, again, paused, _) = followed(&["--every", "5m", "--for", "12m"], vec![at(Some(0), None), at(Some(0), None)]);
    assert_eq!((current, again, paused), (Some(0), 3, Duration::from_mins(12)));
}

#[test]
fn what_opens_later_is_not_waited_for() {
    let (_, again, ..) = followed(&["--for", "1h"], vec![at(Some(0), Some(7_200)), at(Some(1), None)]);
    assert_eq!(again, 0);
    let (current, again, ..) = followed(&["--for", "3h"], vec![at(Some(0), Some(7_200)), at(Some(1), None)]);
    assert_eq!((current, again), (Some(1), 1));
    let (_, again, ..) = followed(&[], vec![at(None, None), at(None, None)]);
    assert_eq!(again, 0, "nothing is left");
}

#[test]
fn in_silence_nothing_is_said() {
    let (_, again, _, said) = followed(&["--quiet"], vec![at(Some(0), None), at(Some(1), None)]);
    assert_eq!((again, said.as_str()), (1, ""));
}

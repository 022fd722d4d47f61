//! An account, attended to: connecting, reading, connecting again where it is worth it, and staying where that is asked for.

use std::time::Duration;

use super::account::Account;
use super::error::{ImapError, Kind};
use super::keep::{Post, What};
use super::session::Session;
use super::visit::{Care, Visit};
use super::{Manner, Stop};

/// How often in a row a try may fail without anything having been read, for those who do not stay.
const TRIES: u32 = 5;
/// The pause after the first failure, unless even less is waited for an answer; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// Reads the folder to its end; or, if it is to stay, until it is stopped.
pub(super) async fn attend(account: &Account, manner: &Manner, post: &Post, stop: &Stop) -> Result<(), ImapError> {
    let mut care = Care::default();
    let (mut failures, mut has_ever_worked) = (0, false);
    loop {
        let Err(error) = attempt(account, manner, post, stop, &mut care).await else { return Ok(()) };
        let has_worked = std::mem::take(&mut care.progress);
        has_ever_worked |= has_worked;
        failures = if has_worked { 1 } else { failures + 1 };
        let gives_up = match error.kind() {
            Kind::Setting | Kind::Over => true,
            // A certificate that has just ended will be renewed: whoever stays waits for it.
            Kind::Lasting => !(manner.stay && has_ever_worked),
            Kind::Passing => !manner.stay && failures >= TRIES,
        };
        if gives_up {
            return Err(error);
        }
        let pause = pause(failures, manner.wait);
        post.ask(What::Trouble(error, pause)).await?;
        stop.or(async {
            tokio::time::sleep(pause).await;
            Ok(())
        })
        .await?;
    }
}

fn pause(failures: u32, wait: Duration) -> Duration {
    FIRST_PAUSE.min(wait).saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST_PAUSE)
}

/// One connection, for as long as it lasts.
async fn attempt(account: &Account, manner: &Manner, post: &Post, stop: &Stop, care: &mut Care) -> Result<(), ImapError> {
    let mut session = stop.or(Session::open(account, manner.wait)).await?;
    let opened = stop.or(session.folder(&account.url.folder, &account.after)).await?;
    let mark = post.mark().await?.filter(|mark| mark.uid_validity == opened.uid_validity);
    // Another UIDVALIDITY: the UIDs of last time mean nothing any more (RFC 9051 §2.3.1.1). All is read again, and known reports are known.
    let from = mark.map_or(Some(1), |mark| mark.last_uid.checked_add(1));
    let mut visit = Visit::new(account, post, manner, opened.uid_validity, from);
    if !manner.stay && is_up_to_date(from, opened.uid_next) {
        post.ask(What::Read).await?;
        session.close().await;
        return Ok(());
    }
    loop {
        visit.run(&mut session, care, stop).await?;
        if !manner.stay {
            session.close().await;
            return Ok(());
        }
        stop.or(session.wait(manner.idle, manner.poll)).await?;
        visit.look_back();
        // A connection that has held this long is no failure when it ends.
        care.progress = true;
    }
}

/// Whether the server says that no message has come since.
fn is_up_to_date(from: Option<u32>, uid_next: Option<u32>) -> bool {
    from.is_none_or(|from| uid_next.is_some_and(|next| next <= from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit() {
        let seconds: Vec<u64> =
            [1, 2, 3, 8, 9, 10, 40, u32::MAX].map(|failures| pause(failures, Duration::from_mins(1)).as_secs()).to_vec();
        assert_eq!(seconds, [1, 2, 4, 128, 256, 300, 300, 300]);
    }

    #[test]
    fn a_folder_without_new_messages_needs_no_list() {
        for (from, uid_next, up_to_date) in
            [(Some(1), Some(1), true), (Some(5), Some(5), true), (Some(5), Some(6), false), (Some(5), None, false), (None, None, true)]
        {
            assert_eq!(is_up_to_date(from, uid_next), up_to_date, "{from:?} {uid_next:?}");
        }
    }
}

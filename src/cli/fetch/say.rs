//! What `reports fetch` prints, as it goes on and at its end.

use super::super::args::{FetchArgs, ListFormat};
use super::super::{Exit, Failure, Streams};
use super::accounts::Plan;
use crate::archive::imap::{After, Outcome};
use crate::archive::intake::Refused;
use crate::render::escape;
use crate::render::fetch::{self as page, Folder};

/// How many refusals of a folder are told one by one; the store has all of them.
const REFUSED_TOLD: usize = 20;

/// What is to be told of a folder, and how it ends.
#[derive(Clone, Debug)]
pub(super) struct Told {
    folder: Folder,
    exit: Option<Exit>,
}

impl Told {
    pub(super) fn of(plan: &Plan) -> Self {
        let folder = Folder {
            account: plan.name.clone(),
            url: plan.url.to_string(),
            state: "read",
            moved: matches!(plan.after, After::MoveTo(_)).then_some(0),
            seen: (plan.after == After::Seen).then_some(0),
            ..Folder::default()
        };
        Self { folder, exit: None }
    }

    pub(super) fn name(&self) -> &str {
        &self.folder.account
    }

    /// Takes over what the folder gave; tells whether that is more than before.
    pub(super) fn update(&mut self, outcome: &Outcome) -> bool {
        let (folder, kept) = (&mut self.folder, outcome.kept);
        let grown = outcome.messages > folder.messages;
        (folder.messages, folder.ignored) = (outcome.messages, outcome.ignored);
        (folder.new, folder.known, folder.replaced) = (kept.new, kept.known, kept.replaced);
        (folder.unproven, folder.pruned, folder.rejected) = (kept.unproven, kept.pruned, kept.rejected);
        folder.moved = folder.moved.map(|_| outcome.settled);
        folder.seen = folder.seen.map(|_| outcome.settled);
        folder.uid_validity = outcome.mark.map(|mark| mark.uid_validity);
        folder.last_uid = outcome.mark.map(|mark| mark.last_uid);
        grown
    }

    pub(super) fn refuse(&mut self, refused: &[Refused]) {
        let folder = &mut self.folder;
        let room = REFUSED_TOLD.saturating_sub(folder.refused.len());
        folder.untold += refused.len().saturating_sub(room);
        folder.refused.extend(refused.iter().take(room).map(|refused| refused.rejected.clone()));
    }

    pub(super) fn fail(&mut self, why: String, exit: Exit) {
        (self.folder.state, self.folder.error, self.exit) = ("failed", Some(why), Some(exit));
    }

    pub(super) fn exit(&self) -> Exit {
        self.exit.unwrap_or(Exit::Ready)
    }
}

/// Said each time that messages have been read where the command stays.
pub(super) fn meanwhile(told: &mut Told, args: &FetchArgs, streams: &mut Streams<'_>) -> Result<(), Failure> {
    let folder = &mut told.folder;
    let text = match args.format {
        ListFormat::Text => page::text(&[folder], args.quiet, streams.width),
        // One document is printed at the end.
        ListFormat::Json => return Ok(()),
        ListFormat::Ndjson => page::line(folder)?,
    };
    (folder.refused, folder.untold) = (Vec::new(), 0);
    streams.out.write_all(text.as_bytes())?;
    Ok(streams.out.flush()?)
}

/// Said at the end. Why a folder could not be read goes to the error stream, too: there it is seen, wherever the rest is sent. Where the
/// command stays that was said when it happened.
pub(super) fn end(all: &[Told], args: &FetchArgs, streams: &mut Streams<'_>) -> Result<(), Failure> {
    let folders: Vec<&Folder> = all.iter().map(|told| &told.folder).collect();
    let text = match args.format {
        // Each folder has had its lines.
        ListFormat::Text | ListFormat::Ndjson if args.idle => String::new(),
        ListFormat::Text => page::text(&folders, args.quiet, streams.width),
        ListFormat::Json => page::document(&folders)?,
        ListFormat::Ndjson => folders.into_iter().map(page::line).collect::<Result<_, _>>()?,
    };
    streams.out.write_all(text.as_bytes())?;
    streams.out.flush()?;
    all.iter().filter(|_| !args.idle).try_for_each(|told| failure(told, streams))
}

/// Why a folder could not be read, if so.
pub(super) fn failure(told: &Told, streams: &mut Streams<'_>) -> Result<(), Failure> {
    if let Some(error) = &told.folder.error {
        writeln!(streams.err, "stsready: {}: {}", escape::terminal(&told.folder.account), escape::terminal(error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::imap::{Kept, Mark};
    use crate::model::facts::reports::Rejected;
    use crate::wire::fingerprint::Fingerprint;

    #[test]
    fn a_folder_is_told_by_what_it_gave_and_the_first_of_its_refusals() {
        let plan = Plan {
            name: "tlsrpt".to_owned(),
            url: "imaps://tlsrpt@imap.example.com/INBOX".parse().expect("an address"),
            password: super::super::password::Source::default(),
            after: After::MoveTo("Done".to_owned()),
            ca_file: None,
        };
        let kept = Kept { new: 1, known: 2, replaced: 4, unproven: 5, pruned: 6, rejected: 30 };
        let mark = Some(Mark { uid_validity: 5, last_uid: 77 });
        let outcome = Outcome { messages: 34, kept, ignored: 8, settled: 3, mark, error: None };
        let mut told = Told::of(&plan);
        assert!(told.update(&outcome) && !told.update(&outcome));
        let rejected = Rejected { source: "UID 7".to_owned(), reason: "why".to_owned() };
        told.refuse(&vec![Refused { rejected, sha256: Fingerprint::of(b""), size: 1, again: false }; 30]);
        let Folder { messages, new, known, replaced, unproven, pruned, rejected, ignored, moved, seen, last_uid, .. } = &told.folder;
        assert_eq!((messages, new, known, replaced, unproven, pruned, rejected, ignored), (&34, &1, &2, &4, &5, &6, &30, &8));
        assert_eq!((moved, seen, last_uid), (&Some(3), &None, &Some(77)));
        assert_eq!((told.folder.refused.len(), told.folder.untold), (REFUSED_TOLD, 10));
    }
}

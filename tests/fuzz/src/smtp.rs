//! SMTP replies: the same in pieces as at once, and cut to what may be kept without losing what matters.

use stsready::wire::masking::{is_masked_greeting, masked_keywords};
use stsready::wire::smtp::{KEPT, LINE_CAP, REPLIES_CAP, Reply, ReplyError, ReplyReader, starttls_offered};

pub fn any(bytes: &[u8]) {
    // Beyond the cap the outcome depends on how much came at once.
    let bytes = &bytes[..bytes.len().min(REPLIES_CAP)];
    let whole = replies(bytes, LINE_CAP);
    for size in [1, 7] {
        assert_eq!(replies(bytes, size), whole, "in pieces of {size}");
    }
    for reply in whole.0 {
        kept(reply);
    }
}

fn replies(bytes: &[u8], size: usize) -> (Vec<Reply>, Option<ReplyError>) {
    let (mut reader, mut found) = (ReplyReader::new(), Vec::new());
    for piece in bytes.chunks(size) {
        reader.feed(piece);
        loop {
            match reader.reply() {
                Ok(Some(reply)) => found.push(reply),
                Ok(None) => break,
                Err(error) => return (found, Some(error)),
            }
        }
    }
    assert!(reader.pending() <= LINE_CAP);
    (found, None)
}

fn kept(reply: Reply) {
    assert!((200..600).contains(&reply.code) && !reply.lines.is_empty());
    assert!(reply.lines.iter().all(|line| !line.contains('\n')));
    assert!(!(reply.is_ok() && reply.is_transient()));
    let _ = (masked_keywords(&reply).len(), is_masked_greeting(&reply));
    let cut = reply.clone().cut();
    assert_eq!(cut.lines.len() + cut.left_out, reply.lines.len());
    assert_eq!(cut.lines.last(), reply.lines.last());
    assert_eq!(starttls_offered(&cut), starttls_offered(&reply));
    // A byte that is no UTF-8 becomes three; beside the first lines one offer and the last line are kept.
    assert!(cut.lines.iter().map(String::len).sum::<usize>() <= KEPT + 2 * 3 * LINE_CAP);
    let json = serde_json::to_string(&cut).expect("a reply is JSON");
    assert_eq!(serde_json::from_str::<Reply>(&json).expect("a reply"), cut);
}

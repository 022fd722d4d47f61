//! Mailboxes: no message is longer than what was read, and a mailbox in pieces is the same mailbox.

use std::io::{Cursor, Read};

use stsready::wire::mbox::Mailbox;

pub fn any(bytes: &[u8]) {
    let whole = messages(Mailbox::new(bytes));
    assert!(whole.iter().map(Vec::len).sum::<usize>() <= bytes.len());
    let (one, two) = bytes.split_at(bytes.len() / 2);
    assert_eq!(messages(Mailbox::new(Cursor::new(one).chain(two))), whole);
}

fn messages(mut mailbox: Mailbox<impl Read>) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    while let Some(message) = mailbox.next_message().expect("memory does not fail") {
        found.push(message.text.to_vec());
    }
    found
}

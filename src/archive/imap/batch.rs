//! How messages are asked for: some at a time, so that neither a command nor what is kept by one commit grows with the folder.

use crate::wire::mail::MAIL_CAP;

/// Most messages in one command.
const MESSAGES: usize = 50;
/// Most bytes in one command, by the server's word; a single message may be larger.
const BYTES: u64 = 16 << 20;

/// A message as it was listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) uid: u32,
    /// In bytes, by the server's word.
    pub(super) size: u64,
}

impl Listed {
    /// Whether it is too large to be fetched.
    pub(super) fn is_too_large(self) -> bool {
        self.size > MAIL_CAP as u64
    }
}

/// The next messages to be asked for by one command, in their order: whole ones, or else one that is too large.
pub(super) fn next(listed: &[Listed], most: usize) -> &[Listed] {
    let mut bytes = 0_u64;
    let fits = |message: &&Listed| {
        bytes = bytes.saturating_add(message.size);
        !message.is_too_large() && bytes <= BYTES
    };
    let number = listed.iter().take(most.min(MESSAGES)).take_while(fits).count();
    // One is always taken, however large.
    listed.get(..number.max(1)).unwrap_or(listed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of messages in each command, for messages of these sizes in MiB.
    fn numbers(sizes: &[u64], most: usize) -> Vec<usize> {
        let listed: Vec<Listed> = (1..).zip(sizes).map(|(uid, size)| Listed { uid, size: size << 20 }).collect();
        let (mut rest, mut numbers) = (listed.as_slice(), Vec::new());
        while !rest.is_empty() {
            let batch = next(rest, most);
            numbers.push(batch.len());
            rest = &rest[batch.len()..];
        }
        numbers
    }

    #[test]
    fn commands_are_bounded_in_number_and_bytes() {
        assert_eq!(numbers(&[0; 120], usize::MAX), [50, 50, 20]);
        assert_eq!(numbers(&[8, 8, 8, 1, 1], usize::MAX), [2, 3]);
        assert_eq!(numbers(&[20, 20], usize::MAX), [1, 1], "larger than a batch, and not too large");
        assert_eq!(numbers(&[1, 26, 1, 1], usize::MAX), [1, 1, 2], "too large: by itself");
        assert_eq!(numbers(&[0; 3], 1), [1, 1, 1]);
        assert_eq!(numbers(&[u64::MAX >> 20, u64::MAX >> 20], usize::MAX), [1, 1]);
        assert!(next(&[], 5).is_empty());
    }
}

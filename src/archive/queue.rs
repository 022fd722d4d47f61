//! A channel that is bounded by weight: whoever is faster waits, so memory does not grow with the corpus.
//!
//! In: items with their weights in bytes, from several threads. Out: the items, on one. When the taking end is gone, the others learn
//! it by [`Closed`]; when all giving ends are gone, the taking end gets `None`.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// What may wait in the channel, in bytes. A heavier item goes through alone.
const WEIGHT_CAP: usize = 16 << 20;

/// Nobody takes any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Closed;

/// The channel.
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    /// Something was put in, or nobody will.
    filled: Condvar,
    /// Something was taken out, or nobody will.
    emptied: Condvar,
}

struct State<T> {
    items: VecDeque<(T, usize)>,
    weight: usize,
    givers: usize,
    closed: bool,
}

impl<T> Queue<T> {
    /// A channel with so many [`Giver`]s.
    pub(super) fn new(givers: usize) -> Self {
        let state = State { items: VecDeque::new(), weight: 0, givers, closed: false };
        Self { state: Mutex::new(state), filled: Condvar::new(), emptied: Condvar::new() }
    }

    /// One of the giving ends; there are as many as [`Queue::new`] was told.
    pub(super) fn giver(&self) -> Giver<'_, T> {
        Giver(self)
    }

    /// The taking end.
    pub(super) fn taker(&self) -> Taker<'_, T> {
        Taker(self)
    }

    /// A thread that panicked within a lock left a whole state behind: nothing here can fail halfway.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A giving end.
pub(super) struct Giver<'a, T>(&'a Queue<T>);

impl<T> Giver<'_, T> {
    /// Puts `item` in as soon as there is room.
    pub(super) fn give(&self, item: T, weight: usize) -> Result<(), Closed> {
        let full = |state: &mut State<T>| !state.closed && !state.items.is_empty() && state.weight + weight > WEIGHT_CAP;
        let mut state = self.0.emptied.wait_while(self.0.lock(), full).unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return Err(Closed);
        }
        state.items.push_back((item, weight));
        state.weight += weight;
        drop(state);
        self.0.filled.notify_one();
        Ok(())
    }
}

impl<T> Drop for Giver<'_, T> {
    fn drop(&mut self) {
        self.0.lock().givers -= 1;
        self.0.filled.notify_one();
    }
}

/// The taking end; dropping it closes the channel.
pub(super) struct Taker<'a, T>(&'a Queue<T>);

impl<T> Taker<'_, T> {
    /// Waits for the next item.
    pub(super) fn take(&self) -> Option<T> {
        let waiting = |state: &mut State<T>| state.items.is_empty() && state.givers > 0;
        let mut state = self.0.filled.wait_while(self.0.lock(), waiting).unwrap_or_else(PoisonError::into_inner);
        let (item, weight) = state.items.pop_front()?;
        state.weight -= weight;
        drop(state);
        self.0.emptied.notify_all();
        Some(item)
    }
}

impl<T> Drop for Taker<'_, T> {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.emptied.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn everything_given_is_taken_and_no_more_waits_than_the_cap() {
        let (queue, waiting, most) = (Queue::new(4), AtomicUsize::new(0), AtomicUsize::new(0));
        let weight = WEIGHT_CAP / 4;
        std::thread::scope(|scope| {
            for giver in (0..4).map(|_| queue.giver()) {
                let (waiting, most) = (&waiting, &most);
                scope.spawn(move || {
                    for number in 0..100_usize {
                        most.fetch_max(waiting.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        giver.give(number, weight).expect("somebody takes");
                    }
                });
            }
            let taker = queue.taker();
            let mut sum = 0;
            while let Some(number) = taker.take() {
                waiting.fetch_sub(1, Ordering::SeqCst);
                sum += number;
            }
            assert_eq!(sum, 4 * 4950);
        });
        // Four in the channel, one in the hands of each giver, one in those of the taker.
        assert!(most.load(Ordering::SeqCst) <= 4 + 4 + 1);
    }

    #[test]
    fn a_giver_learns_that_nobody_takes() {
        let queue = Queue::new(2);
        let (waiting, late) = (queue.giver(), queue.giver());
        waiting.give((), WEIGHT_CAP).expect("there is room");
        std::thread::scope(|scope| {
            let taker = queue.taker();
            let waiting = scope.spawn(move || waiting.give((), WEIGHT_CAP));
            drop(taker);
            assert_eq!(waiting.join().expect("no panic"), Err(Closed));
        });
        assert_eq!(late.give((), 0), Err(Closed));
    }

    #[test]
    fn an_item_heavier_than_the_cap_goes_through_alone() {
        let queue = Queue::new(1);
        let giver = queue.giver();
        giver.give(7, WEIGHT_CAP * 9).expect("it is empty");
        drop(giver);
        let taker = queue.taker();
        assert_eq!((taker.take(), taker.take()), (Some(7), None));
    }
}

//! Asked once: whoever asks for the same thing again, or at the same time, gets the one answer.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

/// Answers by their question, for one run.
#[derive(Debug)]
pub(super) struct Memo<K, V>(Mutex<HashMap<K, Arc<OnceCell<V>>>>);

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V: Clone> Memo<K, V> {
    /// The answer to `question`, found by `ask` if it is not known yet.
    pub(super) async fn get<F: Future<Output = V>>(&self, question: K, ask: impl FnOnce() -> F) -> V {
        let cell = {
            let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(cells.entry(question).or_default())
        };
        cell.get_or_init(ask).await.clone()
    }

    /// The same for an answer that may fail to come: a failure is told to whoever waits for it, and is not kept.
    pub(super) async fn try_get<E, F: Future<Output = Result<V, E>>>(&self, question: K, ask: impl FnOnce() -> F) -> Result<V, E> {
        let cell = {
            let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(cells.entry(question).or_default())
        };
        cell.get_or_try_init(ask).await.cloned()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn the_same_question_is_asked_once_even_at_the_same_time() {
        let (memo, asked) = (Memo::default(), AtomicUsize::new(0));
        let ask = |question: u8| {
            let asked = &asked;
            memo.get(question, move || async move {
                tokio::task::yield_now().await;
                asked.fetch_add(1, Ordering::Relaxed);
                question * 2
            })
        };
        assert_eq!(tokio::join!(ask(1), ask(1), ask(2)), (2, 2, 4));
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn a_failure_is_not_kept() {
        let memo: Memo<u8, u8> = Memo::default();
        assert_eq!(memo.try_get(1, || async { Err("lost") }).await, Err("lost"));
        assert_eq!(memo.try_get(1, || async { Ok::<_, &str>(7) }).await, Ok(7));
        assert_eq!(memo.try_get(1, || async { Err("lost") }).await, Ok(7));
    }
}

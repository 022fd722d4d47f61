//! A lab with a runtime of its own, so that a synchronous test can start one and run the binary against it.

use std::io;
use std::ops::Deref;

use tokio::runtime::{Builder, Runtime};

use super::Lab;

/// A [`Lab`] and the runtime it lives on. Not to be started inside another runtime.
pub struct BlockingLab {
    lab: Option<Lab>,
    runtime: Option<Runtime>,
}

impl BlockingLab {
    pub(super) fn start() -> io::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let lab = runtime.block_on(Lab::start())?;
        Ok(Self { lab: Some(lab), runtime: Some(runtime) })
    }

    /// Runs `future` on the lab's runtime.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.as_ref().expect("the runtime lives as long as the lab").block_on(future)
    }
}

impl Deref for BlockingLab {
    type Target = Lab;

    fn deref(&self) -> &Lab {
        self.lab.as_ref().expect("the lab lives until it is dropped")
    }
}

impl Drop for BlockingLab {
    fn drop(&mut self) {
        drop(self.lab.take());
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

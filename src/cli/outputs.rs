//! Writing what a run found out, to every place that was asked for.

use std::io::{self, Write};

use anstream::adapter::StripBytes;

use super::args::{Format, Outputs, Place};
use super::whole::Whole;
use super::{Failure, Streams};

/// The columns of files: nobody knows who will read them.
const WIDTH: usize = 100;

impl<F: Format> Outputs<F> {
    /// Refuses files that cannot be written before the work for them is done.
    pub(super) fn ready(&self) -> Result<(), Failure> {
        let mut files = self.all().iter().filter_map(|(_, place)| if let Place::File(path) = place { Some(path) } else { None });
        files.try_for_each(|path| Whole::can_be(path)).map_err(|failure| Failure::Usage(failure.to_string()))
    }

    /// Writes each format to its place: `page` prints one of them. A place that fails costs no other.
    pub(super) fn write(
        &self,
        streams: &mut Streams<'_>,
        mut page: impl FnMut(F, &mut Streams<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut outcome = Ok(());
        for (format, place) in self.all() {
            let written = match place {
                Place::Stdout => page(*format, streams).and_then(|()| Ok(streams.out.flush()?)),
                Place::File(path) => Whole::begin(path).and_then(|whole| {
                    let mut plain = Plain { whole, strip: StripBytes::new() };
                    let mut there = Streams { out: &mut plain, err: &mut *streams.err, width: WIDTH, progress: streams.progress };
                    match page(*format, &mut there) {
                        Err(Failure::Output(error)) => Err(plain.whole.failed(error)),
                        other => other.and_then(|()| plain.whole.finish()),
                    }
                }),
            };
            outcome = outcome.and(written);
        }
        outcome
    }

    /// The same for what is one text.
    pub(super) fn print(
        &self,
        streams: &mut Streams<'_>,
        mut page: impl FnMut(F, usize) -> Result<String, Failure>,
    ) -> Result<(), Failure> {
        self.write(streams, |format, streams| Ok(streams.out.write_all(page(format, streams.width)?.as_bytes())?))
    }
}

/// Leaves the colours of a terminal out.
struct Plain {
    whole: Whole,
    strip: StripBytes,
}

impl Write for Plain {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.strip.strip_next(bytes).try_for_each(|piece| self.whole.write_all(piece))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.whole.flush()
    }
}

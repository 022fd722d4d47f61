//! parse → run → exit code.

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut out = anstream::stdout();
    let mut err = anstream::stderr();
    // Width matters to people only; a pipe gets lines of a fixed width.
    let width = terminal_size::terminal_size().map_or(100, |(width, _)| usize::from(width.0));
    let mut streams =
        stsready::cli::Streams { out: &mut out, err: &mut err, width: width.min(120), progress: std::io::stderr().is_terminal() };
    let exit = stsready::cli::run(std::env::args_os(), &mut streams);
    if out.flush().is_err() && exit.code() == 0 {
        return ExitCode::from(stsready::cli::Exit::Internal.code());
    }
    ExitCode::from(exit.code())
}

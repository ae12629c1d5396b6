//! Errors, logs and the terminal.

use std::fmt;
use std::io::{self, Write as _};

use anyhow::Error;

use super::exit::Exit;

/// An error that carries advice on how to get out of it. Printed below the cause chain.
#[derive(Debug)]
pub struct Hint {
    /// What went wrong.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Hint {}

/// The command line or configuration is wrong; ends with exit code 2.
#[derive(Debug)]
pub(super) struct UsageError(pub(super) Error);

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.0)
    }
}

impl std::error::Error for UsageError {}

/// Prints `error: …` with its causes, then a hint if there is one.
pub(super) fn print_error(error: &Error) {
    let mut stderr = io::stderr().lock();
    // Nothing can be done about a closed standard error.
    let _ = writeln!(stderr, "error: {error:#}");
    if let Some(hint) = error.chain().find_map(|cause| cause.downcast_ref::<Hint>()) {
        let _ = writeln!(stderr, "\nhint: {}", hint.hint);
    }
}

/// The exit code an error stands for.
pub(super) fn exit_of(error: &Error) -> Exit {
    if error.chain().any(|cause| cause.is::<UsageError>()) { Exit::Usage } else { Exit::Failure }
}

/// `offprint cat … | head` is not a failure.
pub(super) fn is_broken_pipe(error: &Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == io::ErrorKind::BrokenPipe)
    })
}

/// One line of talk.
pub(super) fn say(quiet: bool, line: impl fmt::Display) {
    if !quiet {
        // Talk may be lost; data may not.
        let _ = writeln!(io::stderr().lock(), "{line}");
    }
}

/// Logs to standard error: `OFFPRINT_LOG` as a filter, or `-v`, `-vv`.
pub(super) fn start_logging(verbose: u8) {
    let default = match verbose {
        0 => "warn",
        1 => "info",
        _ => "debug",
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("OFFPRINT_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).init();
}

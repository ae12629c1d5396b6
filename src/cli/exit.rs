//! Exit codes, the one place where they are defined.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything was done.
    Success,
    /// The command failed; the previous state stands.
    Failure,
    /// The command line or the configuration is wrong.
    Usage,
    /// Done, but some records are exceptions: rejected on import or withheld from a build.
    Exceptions,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(match exit {
            Exit::Success => 0,
            Exit::Failure => 1,
            Exit::Usage => 2,
            Exit::Exceptions => 3,
        })
    }
}

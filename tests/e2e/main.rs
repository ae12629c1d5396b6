//! The program as its users run it: the real binary, real files, real third-party readers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test that cannot go on fails"
)]

mod crash;
mod docs;
mod harness;
mod lists;
mod pipeline;
mod reference;
mod signposting;
mod tools;
mod variants;

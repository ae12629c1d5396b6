//! Releases that move: deltas between them, and mirrors over HTTP.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

mod attacks;
mod closure;
mod command;
mod harness;
#[allow(dead_code, clippy::expect_used, reason = "the tests of the program use the rest")]
#[path = "../e2e/harness.rs"]
mod program;
mod rebuild;
mod reference;
mod reprint;

//! Printed pages as readers and their browsers get them. Apart from `e2e`, whose kill times do
//! not bear a browser beside them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test that cannot go on fails"
)]

mod browser;
#[allow(dead_code, reason = "the tests of the program use the rest")]
#[path = "../e2e/harness.rs"]
mod harness;
mod hostile;
mod html;
#[allow(dead_code, reason = "the page goldens use the rest")]
#[path = "../site/inspect.rs"]
mod inspect;

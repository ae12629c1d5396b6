//! The search index: the static files against tantivy, the analyser against its vectors, what
//! a reader of real records expects.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod analyser;
mod costs;
#[allow(dead_code, reason = "the tests of the program use the rest")]
#[allow(
    missing_docs,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "as in the tests of the program"
)]
#[path = "../e2e/harness.rs"]
mod harness;
mod oracle;
mod privacy;
mod questions;
mod repository;
mod tiers;

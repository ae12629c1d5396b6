//! One table of questions and answers, put to every server that follows the policy: nginx,
//! Caddy and Apache with the configurations that `offprint hosting` prints, and
//! `offprint serve`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test that cannot go on fails"
)]

mod client;
mod printed;
mod servers;
mod site;
mod table;

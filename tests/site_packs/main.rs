//! The site in packs: unpacked it is the site in files, served from packs it answers like the
//! site in files, and what is wrong with it is found.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test that cannot go on fails"
)]

mod asked;
mod damaged;
mod killed;
mod repo;
mod unpacked;

//! The search index: the static files against tantivy, the analyser against its vectors, what
//! a reader of real records expects.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod analyser;
mod oracle;
mod privacy;
mod questions;
mod repository;
mod tiers;

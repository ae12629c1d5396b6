//! Floor 1: record → one metadata format, and the way back.
//!
//! Invariant: pure functions of a [`Published`](crate::record::Published) record. No IO, no
//! clock, no randomness, no async. Every output of the program (dump, page, server) goes
//! through the functions of this floor, so two outputs can never disagree about a record.

pub mod bibtex;
pub mod citation;
pub mod csl;
pub mod datacite;
pub mod dublin_core;
pub mod files;
pub mod format;
pub mod inbound;
mod journal;
mod json_text;
pub mod legacy;
pub mod links;
pub mod names;
pub mod native;
pub mod places;
pub mod rights;
pub mod schema_org;
mod xml_text;

pub use format::{Format, write};

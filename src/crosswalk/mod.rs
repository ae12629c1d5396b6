//! Floor 1: record → one metadata format, and the way back.
//!
//! Invariant: pure functions of a [`Published`](crate::record::Published) record. No IO, no
//! clock, no randomness, no async. Every output of the program (dump, page, server) goes
//! through the functions of this floor, so two outputs can never disagree about a record.

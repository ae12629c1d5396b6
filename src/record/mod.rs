//! Floor 0: what a record is.
//!
//! The record model, identifiers, dates, vocabularies, access, validation and HTML cleaning.
//!
//! Invariant: nothing here does IO, knows a clock, draws a random number or is async. Input
//! is text, output is values; the same input gives the same output on every machine.

pub mod access;
pub mod canonical;
pub mod date;
pub mod html;
pub mod identifier;
pub mod model;
pub mod published;
pub mod synth;
mod text;
pub mod validate;
pub mod vocabulary;

pub use access::FilesAccess;
pub use model::Record;
pub use published::{Lineage, Published, Repository, Sibling};
pub use text::Text;

//! Floor 1: record → one metadata format, and the way back.
//!
//! Invariant: pure functions of a [`Published`](crate::record::Published) record. No IO, no
//! clock, no randomness, no async. Every output of the program (dump, page, server) goes
//! through the functions of this floor, so two outputs can never disagree about a record.

pub mod bibtex;
pub mod cff;
pub mod citation;
pub mod codemeta;
pub mod csl;
pub mod datacite;
pub mod datapackage;
pub mod dcat;
pub mod dublin_core;
pub mod files;
pub mod format;
pub mod geojson;
pub mod inbound;
mod journal;
mod json_text;
pub mod legacy;
pub mod links;
pub mod linkset;
pub mod marc;
pub mod names;
pub mod native;
pub mod places;
pub mod rights;
pub mod ro_crate;
pub mod schema_org;
pub mod signposting;
mod xml_text;

pub use format::{Format, write};

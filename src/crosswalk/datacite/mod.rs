//! Record → DataCite Metadata Schema 4.7, as XML and as JSON.
//!
//! Declares 4.7 because the vocabularies of current repositories hold its terms (Poster,
//! Presentation, relation Other, SWHID) and every version of kernel 4 is backward compatible:
//! a record that needs none of them reads the same under 4.0 to 4.7. The schema is at
//! <https://schema.datacite.org/meta/kernel-4.7/>; the field by field table and the deliberate
//! differences from InvenioRDM's own serializer are in `docs/crosswalks.md`.
//!
//! [`DataCite::from_published`] maps a record once; the writers only write. What the XSD
//! demands is settled in the mapping, so both outputs say the same.

/// The version of the schema that outputs declare.
pub const VERSION: &str = "4.7";

mod escape;
mod json;
mod model;
mod people;
mod place;
mod related;
mod rights;
mod value;
mod xml;

pub use model::{DataCite, Withheld};

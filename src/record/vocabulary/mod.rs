//! Controlled vocabularies as static tables.
//!
//! Ids are those of InvenioRDM's default vocabularies; the DataCite names are those of the
//! DataCite 4.7 include files. Every table is sorted by id and searched by bisection; no look-up
//! allocates except by language name.

mod language;
mod licence;
mod resource_type;
mod scheme;
mod term;

pub use language::{Language, language};
pub use licence::{Licence, licence, licence_by_url};
pub use resource_type::{ResourceType, resource_type, resource_type_by_datacite, resource_types};
pub use scheme::{Scheme, scheme, scheme_by_datacite};
pub use term::{
    Term, date_type, date_type_by_datacite, description_type, description_type_by_datacite,
    relation_type, relation_type_by_datacite, removal_reason, role, role_by_datacite, title_type,
    title_type_by_datacite,
};

#[cfg(test)]
mod tests;

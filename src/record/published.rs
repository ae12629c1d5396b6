//! A record as it stands in one build: the input of every crosswalk and page.

use super::{FilesAccess, Record};

/// What a build knows about the repository, from configuration. Constant within a build.
#[derive(Debug, Clone)]
pub struct Repository {
    /// Display name, such as `Zenodo`.
    pub name: String,
    /// Where the site is served, no trailing slash: `https://repository.example`.
    pub base_url: String,
    /// Publisher of records that name none; `None` gives `(:unav)` in DataCite.
    pub publisher: Option<String>,
    /// Own DOI pattern with `N` for the record number: `10.5281/zenodo.N`.
    pub doi_pattern: String,
    /// Namespace of `oai:<namespace>:<id>` identifiers.
    pub oai_namespace: String,
}

impl Repository {
    /// The landing page of a record: `<base>/records/<id>`.
    pub fn landing_url(&self, id: &str) -> String {
        format!("{}/records/{id}", self.base_url)
    }
}

/// A public member of the family, for the version list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sibling {
    /// Record id.
    pub id: String,
    /// Version label as given, or `None`.
    pub version: Option<String>,
    /// Publication date as given, or empty.
    pub publication_date: String,
    /// DOI of the version.
    pub doi: Option<String>,
}

/// A record's place among the public members of its family, recomputed at every build.
#[derive(Debug, Clone, Copy)]
pub struct Lineage<'a> {
    /// 1-based position, oldest first.
    pub index: u32,
    /// Public members, oldest first; holds the record itself. Empty means: the only member.
    pub siblings: &'a [Sibling],
}

impl<'a> Lineage<'a> {
    /// The place of `id` among the public members of its family, oldest first; a family that
    /// does not list it is a family of one.
    pub fn among(id: &str, siblings: &'a [Sibling]) -> Lineage<'a> {
        match siblings.iter().position(|sibling| sibling.id == id) {
            Some(position) => Lineage { index: position as u32 + 1, siblings },
            None => Lineage::SINGLE,
        }
    }

    /// A family of one.
    pub const SINGLE: Lineage<'static> = Lineage { index: 1, siblings: &[] };

    /// Whether no newer public version exists.
    pub fn is_latest(&self) -> bool {
        self.index as usize >= self.siblings.len()
    }

    /// The newest public member, `None` for a family of one.
    pub fn latest(&self) -> Option<&Sibling> {
        self.siblings.last()
    }
}

/// A public record at one as-of.
#[derive(Debug, Clone, Copy)]
pub struct Published<'a> {
    /// The parsed record.
    pub record: &'a Record<'a>,
    /// The verbatim native JSON that `record` was parsed from.
    pub raw: &'a str,
    /// Creation time, canonical: UTC, microseconds, `+00:00`. Empty if the source gave none.
    pub created: &'a str,
    /// Smallest update time seen with this content, same form. Empty if the source gave none.
    pub updated: &'a str,
    /// State of the files at the as-of.
    pub files: FilesAccess<'a>,
    /// Place in the family.
    pub lineage: Lineage<'a>,
    /// The repository.
    pub repository: &'a Repository,
}

impl Published<'_> {
    /// The record id.
    pub fn id(&self) -> &str {
        &self.record.id
    }

    /// The bare DOI of this version, if it has one.
    pub fn doi(&self) -> Option<&str> {
        let doi = self.record.pids.doi.as_ref()?.identifier.as_str();
        (!doi.is_empty()).then_some(doi)
    }

    /// The bare concept DOI, if the family has one.
    pub fn concept_doi(&self) -> Option<&str> {
        let doi = self.record.parent.pids.doi.as_ref()?.identifier.as_str();
        (!doi.is_empty()).then_some(doi)
    }
}

//! From native JSON to a row: the part of an upsert that needs no database and runs in
//! parallel.

use std::borrow::Cow;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::codec::{Encoder, Frame};
use super::{Class, Error};
use crate::record::access::{FilesAccess, Visibility, visibility};
use crate::record::{Record, canonical, date, identifier};

/// How a record came by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The source calls it by this id.
    Own,
    /// The id was derived from a DOI: it stands for that DOI and no other.
    Doi,
    /// A row of a deletion ledger: final, whatever revision a record claims.
    Ledger,
}

/// A record ready to be stored.
///
/// Everything but the verbatim body and the time stamps is derived from the content (see
/// [`canonical::content`]), so that deliveries of equal content give equal rows.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub(super) id: String,
    pub(super) claim: Claim,
    pub(super) class: Class,
    pub(super) hash: [u8; 32],
    pub(super) revision: i64,
    /// Canonical time stamps; empty if absent or unreadable.
    pub(super) updated: String,
    pub(super) created: String,
    /// First open day, if the files open some day.
    pub(super) embargo: Option<String>,
    pub(super) family: String,
    pub(super) claimed: Option<u32>,
    pub(super) published: String,
    pub(super) version: Option<String>,
    pub(super) doi: Option<String>,
    /// Slug and title.
    pub(super) communities: Vec<(String, Option<String>)>,
    pub(super) body: Body,
}

/// The verbatim native JSON.
#[derive(Debug, Clone)]
pub(super) enum Body {
    Frame(Frame),
    /// Probably stored already: compressed only if it turns out to be wanted, since compressing
    /// costs as much as all the rest.
    Text(String, Arc<Encoder>),
}

impl Prepared {
    /// The record id.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl Body {
    /// The compressed body.
    pub(super) fn frame(&self) -> Result<Cow<'_, Frame>, Error> {
        match self {
            Body::Frame(frame) => Ok(Cow::Borrowed(frame)),
            Body::Text(text, encoder) => Ok(Cow::Owned(encoder.compress(text)?)),
        }
    }
}

/// Why a document is not stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct Problem {
    /// JSON or element path; `.` for the document.
    pub path: String,
    /// Stable and short, for counting.
    pub code: &'static str,
    /// For people.
    pub reason: String,
    /// The record id, if the document has a readable one.
    pub id: Option<String>,
}

impl Problem {
    pub(super) fn new(path: &str, code: &'static str, reason: impl Into<String>) -> Self {
        Problem { path: path.into(), code, reason: reason.into(), id: None }
    }
}

/// Prepares records; shared between threads.
pub struct Preparer {
    doi_pattern: String,
    encoder: Arc<Encoder>,
}

impl Preparer {
    pub(super) fn new(doi_pattern: &str, encoder: Encoder) -> Self {
        Preparer { doi_pattern: doi_pattern.to_owned(), encoder: Arc::new(encoder) }
    }

    /// Parses, hashes and compresses one native record.
    ///
    /// The outer error is the machine's, the inner one the document's: not a record, no valid
    /// id, or a draft.
    pub fn prepare(&self, json: &str, claim: Claim) -> Result<Result<Prepared, Problem>, Error> {
        match self.parse(json, claim, &mut Vec::new()) {
            Ok(mut prepared) => {
                self.compress(&mut prepared, json)?;
                Ok(Ok(prepared))
            }
            Err(problem) => Ok(Err(problem)),
        }
    }

    /// All but the compression: the body is text, and empty. `content` is scratch space.
    pub(super) fn parse(
        &self,
        json: &str,
        claim: Claim,
        content: &mut Vec<u8>,
    ) -> Result<Prepared, Problem> {
        content.clear();
        self.describe(json.trim(), claim, content)
    }

    /// Gives a parsed record its body, compressed.
    pub(super) fn compress(&self, prepared: &mut Prepared, json: &str) -> Result<(), Error> {
        prepared.body = Body::Frame(self.encoder.compress(json.trim())?);
        Ok(())
    }

    /// Gives a parsed record its body, to be compressed if it is wanted.
    pub(super) fn defer(&self, prepared: &mut Prepared, json: &str) {
        prepared.body = Body::Text(json.trim().to_owned(), self.encoder.clone());
    }

    fn describe(
        &self,
        json: &str,
        claim: Claim,
        content: &mut Vec<u8>,
    ) -> Result<Prepared, Problem> {
        let record = Record::parse(json).map_err(|error| Problem {
            id: readable_id(json),
            ..Problem::new(&error.path, "shape", error.message)
        })?;
        let id = record.id.as_str();
        if id.is_empty() {
            return Err(Problem::new("id", "no-id", "the record has no id"));
        }
        if !identifier::is_record_id(id) {
            return Err(Problem::new("id", "bad-id", format!("not a record id: {}", excerpt(id))));
        }
        let problem = |path, code, reason: &str| Problem {
            id: Some(id.to_owned()),
            ..Problem::new(path, code, reason)
        };
        if record.is_draft == Some(true) || record.is_published == Some(false) {
            return Err(problem("is_draft", "draft", "a draft is not a record"));
        }
        if !canonical::content(json, content) {
            return Err(problem(".", "shape", "nested deeper than 128 levels"));
        }
        let (class, embargo) = classify(&record);
        let time = |text: &Option<crate::record::Text<'_>>| {
            text.as_deref().and_then(date::timestamp).unwrap_or_default()
        };
        Ok(Prepared {
            id: id.to_owned(),
            claim,
            class,
            hash: Sha256::digest(&content[..]).into(),
            revision: record.revision_id.unwrap_or(0),
            updated: time(&record.updated),
            created: time(&record.created),
            embargo,
            family: self.family(&record),
            claimed: record.versions.index,
            published: record.metadata.publication_date.as_deref().unwrap_or_default().to_owned(),
            version: record.metadata.version.as_deref().map(str::to_owned),
            doi: doi(&record.pids).map(str::to_owned),
            communities: if class == Class::Public { communities(&record) } else { Vec::new() },
            body: Body::Text(String::new(), self.encoder.clone()),
        })
    }

    /// The key that all versions of a work share: the parent's id, or the id that the concept
    /// DOI has in this repository; a record that names neither is a family of its own.
    fn family(&self, record: &Record<'_>) -> String {
        if !record.parent.id.is_empty() {
            return record.parent.id.as_str().to_owned();
        }
        let of_version = record.metadata.related_identifiers.iter().find(|related| {
            related.relation_type.as_ref().is_some_and(|relation| &relation.id == "isversionof")
        });
        let concept = doi(&record.parent.pids)
            .and_then(identifier::doi)
            .or_else(|| of_version.and_then(|related| identifier::doi(&related.identifier)));
        match concept {
            Some(doi) => identifier::datacite_record_id(&doi, &self.doi_pattern),
            None => record.id.as_str().to_owned(),
        }
    }
}

fn doi<'a>(pids: &'a crate::record::model::Pids<'_>) -> Option<&'a str> {
    pids.doi.as_ref().map(|doi| doi.identifier.as_str()).filter(|doi| !doi.is_empty())
}

/// What of [`visibility`] holds at any as-of, and the day on which the rest changes.
fn classify(record: &Record<'_>) -> (Class, Option<String>) {
    // Before every day: an embargo is still in force.
    match visibility(record, "") {
        Visibility::Public(FilesAccess::Embargoed { until }) => {
            (Class::Public, Some(until.to_owned()))
        }
        Visibility::Public(_) => (Class::Public, None),
        Visibility::Tombstone { visible: true } => (Class::Tombstone, None),
        Visibility::Tombstone { visible: false } => (Class::Hidden, None),
        Visibility::Restricted => (Class::Restricted, None),
    }
}

fn communities(record: &Record<'_>) -> Vec<(String, Option<String>)> {
    let entries = record.parent.communities.entries.iter();
    entries
        .filter(|entry| !entry.slug.is_empty())
        .map(|entry| {
            let title = entry.metadata.title.as_deref().filter(|title| !title.is_empty());
            (entry.slug.as_str().to_owned(), title.map(str::to_owned))
        })
        .collect()
}

/// The id of a document that is not a record, so that it does not count as absent.
fn readable_id(json: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Id<'a> {
        #[serde(borrow)]
        id: crate::record::Text<'a>,
    }
    let id = serde_json::from_str::<Id<'_>>(json).ok()?.id;
    identifier::is_record_id(&id).then(|| id.as_str().to_owned())
}

/// The beginning of a hostile text, for messages.
fn excerpt(text: &str) -> String {
    let mut short: String = text.chars().take(40).flat_map(char::escape_debug).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::codec::PLAIN;

    fn prepare(json: &str) -> Result<Prepared, Problem> {
        let preparer = Preparer::new("10.5281/zenodo.N", Encoder::new(PLAIN, Vec::new()));
        preparer.prepare(json, Claim::Own).unwrap()
    }

    #[track_caller]
    fn check_problem(json: &str, path: &str, code: &str, id: Option<&str>) {
        let problem = prepare(json).unwrap_err();
        let found = (problem.path.as_str(), problem.code, problem.id.as_deref());
        assert_eq!(found, (path, code, id), "{json}");
    }

    #[test]
    fn bad_documents_are_named() {
        check_problem("", ".", "shape", None);
        check_problem(r#"{"id": "1""#, ".", "shape", None);
        check_problem(r#"{"metadata": {}}"#, "id", "no-id", None);
        check_problem(r#"{"id": "../x"}"#, "id", "bad-id", None);
        check_problem(r#"{"id": "7", "is_draft": true}"#, "is_draft", "draft", Some("7"));
        check_problem(
            r#"{"id": 7, "metadata": {"creators": [{"affiliations": 1}]}}"#,
            "metadata.creators[0].affiliations",
            "shape",
            Some("7"),
        );
    }

    #[test]
    fn families_are_told_from_the_first_thing_that_names_one() {
        let check = |json: &str, family: &str| assert_eq!(prepare(json).unwrap().family, family);
        check(r#"{"id":"2","parent":{"id":"1"}}"#, "1");
        check(r#"{"id":"2","parent":{"pids":{"doi":{"identifier":"10.5281/zenodo.1"}}}}"#, "1");
        check(
            r#"{"id":"2","metadata":{"related_identifiers":[
                {"identifier":"10.1/cites","relation_type":{"id":"cites"}},
                {"identifier":"https://doi.org/10.5281/ZENODO.1","relation_type":{"id":"isversionof"}}
            ]}}"#,
            "1",
        );
        check(r#"{"id":"2"}"#, "2");
    }

    #[test]
    fn classes_follow_the_access_decision() {
        let check = |json: &str, class: Class, embargo: Option<&str>| {
            let prepared = prepare(json).unwrap();
            assert_eq!((prepared.class, prepared.embargo.as_deref()), (class, embargo), "{json}");
        };
        check(r#"{"id":"1"}"#, Class::Public, None);
        check(
            r#"{"id":"1","files":{"enabled":true},"access":{"record":"public","files":"restricted",
                "embargo":{"active":true,"until":"2027-01-01"}}}"#,
            Class::Public,
            Some("2027-01-01"),
        );
        check(r#"{"id":"1","access":{"record":"restricted"}}"#, Class::Restricted, None);
        check(r#"{"id":"1","tombstone":{}}"#, Class::Tombstone, None);
        check(r#"{"id":"1","tombstone":{"is_visible":false}}"#, Class::Hidden, None);
    }

    #[test]
    fn restricted_records_name_no_communities() {
        let communities = r#""parent":{"communities":{"entries":[{"slug":"moths"}]}}"#;
        let public = prepare(&format!(r#"{{"id":"1",{communities}}}"#)).unwrap();
        assert_eq!(public.communities, [("moths".to_owned(), None)]);
        let hidden =
            prepare(&format!(r#"{{"id":"1","access":{{"record":"restricted"}},{communities}}}"#));
        assert_eq!(hidden.unwrap().communities, []);
    }
}

//! The way in: other people's formats → native record JSON.
//!
//! Pure functions from one source document to the text of one native record, which then goes
//! through [`Record::parse`](crate::record::Record::parse) like any other. The crosswalk
//! tables and every repair stand in `docs/crosswalks.md`, "The way in".
//!
//! Two rules hold throughout. What a document says is kept unless it is malformed, and what
//! is dropped or altered is named in the [`Issue`]s that come with the result. And whatever
//! does not say that it is public is treated as not public.

use std::borrow::Cow;

use serde::Deserialize;

pub use crate::record::validate::Issue;
use crate::record::validate::MOST_ISSUES;
use crate::record::{identifier, vocabulary};
use native::Term;

mod contributor;
mod datacite;
mod datacite_agents;
mod datacite_dates;
mod datacite_json;
mod datacite_map;
mod datacite_places;
mod datacite_relations;
mod datacite_xml;
pub mod detect;
pub mod ledger;
mod legacy;
mod legacy_metadata;
mod legacy_shape;
mod lenient;
mod native;
mod xml;

/// What kind of document a source delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// InvenioRDM record JSON; taken verbatim.
    Native,
    /// Zenodo's REST JSON of a published record (`conceptrecid`, `metadata.access_right`).
    Legacy,
    /// DataCite JSON, plain or as an object of the DataCite REST API.
    DataciteJson,
    /// DataCite XML, bare or wrapped (`oai_datacite`, an OAI-PMH record).
    DataciteXml,
    /// Zenodo's `records-deleted.csv`: many withdrawals in one file; see [`ledger`].
    Ledger,
}

impl Kind {
    /// The name used by `import --format` and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Native => "native-json",
            Kind::Legacy => "legacy-json",
            Kind::DataciteJson => "datacite-json",
            Kind::DataciteXml => "datacite-xml",
            Kind::Ledger => "deleted-csv",
        }
    }

    /// The kind with this [`name`](Kind::name).
    ///
    /// ```
    /// use offprint::crosswalk::inbound::Kind;
    /// assert_eq!(Kind::from_name("datacite-xml"), Some(Kind::DataciteXml));
    /// assert_eq!(Kind::from_name("marcxml"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        const ALL: [Kind; 5] =
            [Kind::Native, Kind::Legacy, Kind::DataciteJson, Kind::DataciteXml, Kind::Ledger];
        ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What a conversion needs to know besides the document.
#[derive(Debug, Clone, Copy)]
pub struct InboundOptions<'a> {
    /// Own DOI pattern with `N` for the record number, such as `10.5281/zenodo.N`.
    pub doi_pattern: &'a str,
    /// Name of the file or archive member without extension: the record id of a DataCite
    /// document that has no DOI.
    pub stem: Option<&'a str>,
}

/// What a document became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inbound<'a> {
    /// A record.
    Record {
        /// Native record JSON; for [`Kind::Native`] the document itself.
        json: Cow<'a, str>,
        /// What was dropped or altered on the way; empty for most documents.
        issues: Vec<Issue>,
    },
    /// A DataCite item that stands for all versions of a work (`HasVersion` and no
    /// `IsVersionOf`): it makes a family, not a record.
    Concept {
        /// Record id of the concept, in the number space of records.
        id: String,
        /// The concept DOI, bare, lower case.
        doi: String,
        /// DOIs of the versions in document order, bare, lower case, each once.
        versions: Vec<String>,
    },
}

/// Why a document cannot become a record: where and what.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct Rejected {
    /// JSON path or element path; `.` for the document itself.
    pub path: String,
    /// Stable and short, for counting: `shape`, `no-id`, `draft`, `not-xml`, …
    pub code: &'static str,
    /// What is wrong, for people.
    pub message: String,
}

impl Rejected {
    fn new(path: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Rejected { path: shortened(path.into()), code, message: shortened(message.into()) }
    }
}

/// Converts one document of a known kind.
///
/// `text` may begin with a byte order mark. For [`Kind::Native`] this costs nothing and
/// checks nothing: [`Record::parse`](crate::record::Record::parse) does.
///
/// # Errors
/// [`Rejected`] when the document is not what `kind` says, has no usable record id, or is a
/// draft. A [`Kind::Ledger`] is always rejected here: it holds many withdrawals.
///
/// ```
/// use offprint::crosswalk::inbound::{Inbound, InboundOptions, Kind, to_native};
///
/// let options = InboundOptions { doi_pattern: "10.5281/zenodo.N", stem: None };
/// let text = r#"{"doi": "10.5281/ZENODO.42", "titles": [{"title": "On moths"}]}"#;
/// let Ok(Inbound::Record { json, .. }) = to_native(Kind::DataciteJson, text, &options) else {
///     panic!("not a record")
/// };
/// assert!(json.starts_with(r#"{"id":"42","#));
/// ```
pub fn to_native<'a>(
    kind: Kind,
    text: &'a str,
    options: &InboundOptions<'_>,
) -> Result<Inbound<'a>, Rejected> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match kind {
        Kind::Native => Ok(Inbound::Record { json: Cow::Borrowed(text), issues: Vec::new() }),
        Kind::Legacy => legacy::convert(text, options),
        Kind::DataciteJson => datacite_json::convert(text, options),
        Kind::DataciteXml => datacite_xml::convert(text, options),
        Kind::Ledger => Err(Rejected::new(
            ".",
            "ledger",
            "a deletion ledger holds many withdrawals; read it row by row",
        )),
    }
}

/// Issues found on the way, in document order; codes are those of
/// [`validate`](crate::record::validate::CODES), paths those of the source document.
#[derive(Debug, Default)]
struct Issues(Vec<Issue>);

impl Issues {
    /// Adds one, unless there are [`MOST_ISSUES`] already. Messages quote values of any length
    /// and are cut.
    fn add(&mut self, path: impl Into<String>, code: &'static str, message: impl Into<String>) {
        if self.0.len() < MOST_ISSUES {
            self.0.push(Issue { path: path.into(), code, message: shortened(message.into()) });
        }
    }
}

/// Longest message, bytes: enough for a reason and the beginning of a value.
const LONGEST_MESSAGE: usize = 300;

fn shortened(mut message: String) -> String {
    if message.len() > LONGEST_MESSAGE {
        message.truncate(message.floor_char_boundary(LONGEST_MESSAGE - '…'.len_utf8()));
        message.push('…');
    }
    message
}

/// The record as JSON text.
fn finish<'a>(record: &native::Record<'_>, issues: Issues) -> Result<Inbound<'a>, Rejected> {
    match serde_json::to_string(record) {
        Ok(json) => Ok(Inbound::Record { json: Cow::Owned(json), issues: issues.0 }),
        Err(error) => Err(Rejected::new(".", "shape", error.to_string())),
    }
}

/// Trimmed, runs of white space as one space; `None` if nothing is left.
///
/// Titles and names come out of indented XML and hand-typed forms. A soft hyphen, a
/// zero-width space and a no-break space are not white space here and stay.
fn tidy(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    let is_space = |c: char| c.is_ascii_whitespace();
    let trimmed = text.trim_matches(is_space);
    if trimmed.is_empty() {
        return None;
    }
    let mut previous = false;
    let clean = trimmed.chars().all(|c| {
        let space = is_space(c);
        let fine = !space || (c == ' ' && !previous);
        previous = space;
        fine
    });
    if !clean {
        let words: Vec<&str> = trimmed.split(is_space).filter(|word| !word.is_empty()).collect();
        return Some(Cow::Owned(words.join(" ")));
    }
    if trimmed.len() == text.len() {
        return Some(text);
    }
    Some(match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_matches(is_space)),
        Cow::Owned(text) => Cow::Owned(text.trim_matches(is_space).to_owned()),
    })
}

/// Trimmed at both ends; `None` if nothing is left. For text whose inner white space counts.
fn trimmed(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    let inner = text.trim();
    if inner.is_empty() {
        return None;
    }
    if inner.len() == text.len() {
        return Some(text);
    }
    Some(match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    })
}

/// Parses JSON; the second, slower pass that finds the path of an error is paid by bad input
/// only.
fn parse_json<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Rejected> {
    if let Ok(document) = serde_json::from_str(text) {
        return Ok(document);
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    Err(match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
        Err(error) => Rejected::new(error.path().to_string(), "shape", error.inner().to_string()),
        Ok(_) => match deserializer.end() {
            Err(error) => Rejected::new(".", "shape", error.to_string()),
            Ok(()) => Rejected::new(".", "shape", "not a record"),
        },
    })
}

/// InvenioRDM's provider of a DOI: `datacite` if the repository minted it, else `external`.
fn doi_provider(doi: &str, pattern: &str) -> &'static str {
    let id = identifier::datacite_record_id(doi, pattern);
    if is_number(&id) { "datacite" } else { "external" }
}

/// Whether an id made by `datacite_record_id` is the number of an own DOI (the others begin
/// with `x`).
fn is_number(id: &str) -> bool {
    id.bytes().all(|byte| byte.is_ascii_digit())
}

/// Longitude and latitude in degrees, if both are there and on the globe.
fn coordinates(longitude: Option<f64>, latitude: Option<f64>) -> Option<[f64; 2]> {
    let (longitude, latitude) = (longitude?, latitude?);
    let on_globe = longitude.abs() <= 180.0 && latitude.abs() <= 90.0;
    // Comparisons with NaN are false; minus zero would make two spellings of one place.
    on_globe.then_some([longitude + 0.0, latitude + 0.0])
}

/// The ISO 639-3 id of a language code or name.
fn known_language(code: &str, path: &str, issues: &mut Issues) -> Option<Term<'static>> {
    let known = vocabulary::language(code);
    if known.is_none() {
        issues.add(path, "unknown-id", format!("{code:?} is not a known language: dropped"));
    }
    known.map(|language| Term::known(language.alpha3))
}

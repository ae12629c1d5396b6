//! One place where documents become native records: the inbound crosswalks.

use std::borrow::Cow;

use csv::{ReaderBuilder, StringRecord};

pub(crate) use crate::crosswalk::inbound::ledger::Ledger;
use crate::crosswalk::inbound::{
    Inbound, InboundOptions, Issue, Kind, Rejected, detect, to_native,
};
use crate::record::Text;
use crate::store::aside::Aside;
use crate::store::prepare::{Claim, Problem};

/// What a document is.
pub(crate) enum Converted<'a> {
    /// Native JSON, how the id was found, what was altered on the way.
    Record(Cow<'a, str>, Claim, Vec<Issue>),
    /// No record.
    Aside(Aside),
}

impl From<Rejected> for Problem {
    fn from(rejected: Rejected) -> Self {
        Problem::new(&rejected.path, rejected.code, rejected.message)
    }
}

/// Converts one document, of the given kind or of the one it looks like.
pub(crate) fn document<'a>(
    text: &'a str,
    kind: Option<Kind>,
    options: &InboundOptions<'_>,
) -> Result<Converted<'a>, Problem> {
    let kind = match kind {
        Some(kind) => kind,
        None => detect::kind(text.as_bytes())
            .map_err(|error| Problem::new(".", "unrecognised", error.to_string()))?,
    };
    let claim = match kind {
        Kind::DataciteJson | Kind::DataciteXml => Claim::Doi,
        Kind::Native | Kind::Legacy | Kind::Ledger => Claim::Own,
    };
    Ok(match to_native(kind, text, options)? {
        Inbound::Record { json, issues } => Converted::Record(json, claim, issues),
        Inbound::Concept { id, doi, .. } => Converted::Aside(Aside::Concept { id, doi }),
    })
}

/// An entry of `communities.ndjson`: `{"slug", "title"}`, or InvenioRDM's community JSON.
pub(crate) fn community(text: &str) -> Result<Aside, Problem> {
    #[derive(serde::Deserialize)]
    struct Entry<'a> {
        #[serde(borrow)]
        slug: Text<'a>,
        title: Option<Text<'a>>,
        metadata: Option<Metadata<'a>>,
    }
    #[derive(serde::Deserialize)]
    struct Metadata<'a> {
        #[serde(borrow)]
        title: Option<Text<'a>>,
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let entry: Entry<'_> = serde_json::from_str(text)
        .map_err(|error| Problem::new(".", "community", error.to_string()))?;
    if entry.slug.is_empty() {
        return Err(Problem::new("slug", "community", "a community without slug"));
    }
    let title = entry.title.or_else(|| entry.metadata?.title).filter(|title| !title.is_empty());
    let slug = entry.slug.as_str().to_owned();
    let title = title.map_or_else(|| slug.clone(), |title| title.as_str().to_owned());
    Ok(Aside::Community { slug, title })
}

/// The header of a deletion ledger.
pub(super) fn ledger_header(row: &[u8]) -> Result<Ledger, Problem> {
    Ok(Ledger::from_header(&cells(row)?)?)
}

/// A row of a deletion ledger as the native JSON of a withdrawn record.
pub(crate) fn ledger_row(row: &[u8], ledger: &Ledger) -> Result<String, Problem> {
    Ok(ledger.tombstone(&cells(row)?)?)
}

fn cells(row: &[u8]) -> Result<StringRecord, Problem> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(row.len().clamp(64, 8 << 10))
        .from_reader(row);
    let mut cells = StringRecord::new();
    match reader.read_record(&mut cells) {
        Ok(_) => Ok(cells),
        Err(error) => Err(Problem::new(".", "not-utf8", error.to_string())),
    }
}

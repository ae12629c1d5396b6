//! Rights and funding.

use std::borrow::Cow;

use super::people::{AgentId, UNAVAILABLE, agent_id, ror};
use super::value::{normal, optional, text, unique, uri};
use crate::record::model::{Award, Funder, Funding as RecordFunding, Record, Right};
use crate::record::{FilesAccess, vocabulary};

/// A licence, an access statement or a copyright notice; never without any field.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rights<'a> {
    pub(super) text: Option<Cow<'a, str>>,
    pub(super) uri: Option<Cow<'a, str>>,
    pub(super) id: Option<Cow<'a, str>>,
    /// `rightsIdentifierScheme`.
    pub(super) scheme: Option<Cow<'a, str>>,
    pub(super) scheme_uri: Option<&'static str>,
}

/// Licences in order, the access statement, the copyright notice.
///
/// The statement is what holds at the as-of and replaces any that the record carries; a record
/// that does not speak of files at all gets none.
pub(super) fn rights<'a>(record: &'a Record<'_>, files: FilesAccess<'_>) -> Vec<Rights<'a>> {
    let mut all: Vec<Rights<'a>> = record.metadata.rights.iter().filter_map(licence).collect();
    let access = match files {
        FilesAccess::Open => Some("info:eu-repo/semantics/openAccess"),
        FilesAccess::Embargoed { .. } => Some("info:eu-repo/semantics/embargoedAccess"),
        FilesAccess::Restricted => Some("info:eu-repo/semantics/restrictedAccess"),
        FilesAccess::MetadataOnly if record.files.enabled == Some(false) => {
            Some("info:eu-repo/semantics/closedAccess")
        }
        FilesAccess::MetadataOnly => None,
    };
    if let Some(access) = access {
        let is_statement = |uri: &str| uri.starts_with("info:eu-repo/semantics/");
        all.retain(|rights| !rights.uri.as_deref().is_some_and(is_statement));
        all.push(Rights { uri: Some(Cow::Borrowed(access)), ..Rights::default() });
    }
    if let Some(notice) = optional(&record.metadata.copyright) {
        all.push(Rights {
            text: Some(notice),
            uri: Some(Cow::Borrowed("http://rightsstatements.org/vocab/InC/1.0/")),
            ..Rights::default()
        });
    }
    unique(&mut all);
    all
}

/// What the record says, completed from the licence table; a custom licence without link has
/// no URI, one without title its description, link or id for text.
fn licence<'a>(right: &'a Right<'_>) -> Option<Rights<'a>> {
    let id = optional(&right.id);
    let known = id.as_deref().and_then(vocabulary::licence);
    let link =
        right.props.url.as_deref().and_then(uri).or_else(|| right.link.as_deref().and_then(uri));
    let link = link.or_else(|| known.and_then(|known| known.url).map(Cow::Borrowed));
    let title = right.title.preferred().and_then(text);
    let title = title
        .or_else(|| known.map(|known| Cow::Borrowed(known.title)))
        .or_else(|| right.description.preferred().and_then(text))
        .or_else(|| optional(&right.link))
        .or_else(|| id.clone());
    let given = optional(&right.props.scheme);
    let is_spdx = known.is_some_and(|known| known.spdx.is_some())
        || given.as_deref().is_some_and(|scheme| scheme.eq_ignore_ascii_case("spdx"));
    let (scheme, scheme_uri) = match (&id, is_spdx) {
        (None, _) => (None, None),
        (_, true) => (Some(Cow::Borrowed("SPDX")), Some("https://spdx.org/licenses/")),
        (_, false) => (given, None),
    };
    let rights = Rights { text: title, uri: link, id, scheme, scheme_uri };
    (rights != Rights::default()).then_some(rights)
}

/// Who paid, and for what.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Funding<'a> {
    /// Not empty.
    pub(super) funder: Cow<'a, str>,
    /// The scheme is a legal `funderIdentifierType`.
    pub(super) funder_id: Option<AgentId<'a>>,
    pub(super) award_number: Option<Cow<'a, str>>,
    pub(super) award_uri: Option<Cow<'a, str>>,
    pub(super) award_title: Option<Cow<'a, str>>,
}

/// Grants that say anything. A funder without a name is `(:unav)`: the schema demands one.
pub(super) fn funding<'a>(grants: &'a [RecordFunding<'_>]) -> Vec<Funding<'a>> {
    let mut all: Vec<Funding<'a>> = grants.iter().filter_map(grant).collect();
    unique(&mut all);
    all
}

fn grant<'a>(grant: &'a RecordFunding<'_>) -> Option<Funding<'a>> {
    let name = optional(&grant.funder.name);
    let award = grant.award.as_ref();
    let funding = Funding {
        funder_id: funder_id(&grant.funder),
        award_number: award.and_then(award_number),
        award_uri: award.and_then(award_uri),
        award_title: award.and_then(|award| award.title.preferred()).and_then(text),
        funder: name.unwrap_or(Cow::Borrowed(UNAVAILABLE)),
    };
    let says_something = funding.funder != UNAVAILABLE
        || funding.funder_id.is_some()
        || funding.award_number.is_some()
        || funding.award_uri.is_some()
        || funding.award_title.is_some();
    says_something.then_some(funding)
}

/// The number, or what follows the funder in an unexpanded `<funder ror>::<number>`.
fn award_number<'a>(award: &'a Award<'_>) -> Option<Cow<'a, str>> {
    optional(&award.number).or_else(|| text(award.id.as_deref()?.split_once("::")?.1))
}

/// A DOI as its address, else the first URL.
fn award_uri<'a>(award: &'a Award<'_>) -> Option<Cow<'a, str>> {
    let of = |wanted: &'static str| {
        award.identifiers.iter().filter(move |id| id.scheme.as_deref() == Some(wanted))
    };
    let doi = of("doi").find_map(|id| normal("doi", &id.identifier));
    let doi = doi
        .and_then(|doi| Some(Cow::Owned(uri(&["https://doi.org/", &doi].concat())?.into_owned())));
    let unlabelled = award.identifiers.iter().filter(|id| id.scheme.is_none());
    doi.or_else(|| of("url").chain(unlabelled).find_map(|id| uri(&id.identifier)))
}

/// ROR, Crossref funder registry, GRID, ISNI, in this order; anything else as `Other`, the
/// only legal type for it (there is no `GND`).
fn funder_id<'a>(funder: &'a Funder<'_>) -> Option<AgentId<'a>> {
    if let Some(id) = funder.id.as_deref().and_then(ror) {
        return Some(id);
    }
    let typed = funder.identifiers.iter().filter_map(|raw| {
        let registry = matches!(raw.scheme.as_deref(), Some("doi" | "crossreffunderid"));
        let listed = registry.then(|| normal("crossreffunderid", &raw.identifier)).flatten();
        match listed {
            Some(value) => Some((1, crossref(value))),
            None => agent_id(raw).map(|id| match &*id.scheme {
                "ROR" => (0, id),
                "GRID" => (2, AgentId { scheme_uri: Some("https://www.grid.ac"), ..id }),
                "ISNI" => (3, id),
                _ => (4, AgentId { scheme: Cow::Borrowed("Other"), ..id }),
            }),
        }
    });
    typed.min_by_key(|(rank, _)| *rank).map(|(_, id)| id)
}

fn crossref(value: Cow<'_, str>) -> AgentId<'_> {
    AgentId {
        prefix: "https://doi.org/",
        value,
        scheme: Cow::Borrowed("Crossref Funder ID"),
        scheme_uri: Some("https://www.crossref.org/services/funder-registry/"),
    }
}

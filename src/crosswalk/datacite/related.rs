//! Alternate identifiers, related identifiers, related items.

use std::borrow::Cow;

use super::value::{normal, optional, text, unique};
use crate::record::model::{Community, Record, RelatedIdentifier};
use crate::record::{Published, identifier, vocabulary};

/// Another identifier of the same work.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct AlternateId<'a> {
    pub(super) value: Cow<'a, str>,
    /// Free label.
    pub(super) kind: Cow<'a, str>,
}

/// An identifier of another work.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RelatedId<'a> {
    pub(super) value: Cow<'a, str>,
    /// `relatedIdentifierType`.
    pub(super) kind: &'static str,
    /// `relationType`.
    pub(super) relation: &'static str,
    /// `relationTypeInformation`, for relations that the schema does not know.
    pub(super) information: Option<Cow<'a, str>>,
    /// `resourceTypeGeneral`.
    pub(super) general: Option<&'static str>,
}

/// The journal or book that a work appeared in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RelatedItem<'a> {
    /// `relatedItemType`.
    pub(super) kind: &'static str,
    /// Normal form and `relatedItemIdentifierType`.
    pub(super) id: Option<(Cow<'a, str>, &'static str)>,
    pub(super) title: Cow<'a, str>,
    pub(super) volume: Option<Cow<'a, str>>,
    pub(super) issue: Option<Cow<'a, str>>,
    pub(super) first_page: Option<Cow<'a, str>>,
    pub(super) last_page: Option<Cow<'a, str>>,
    pub(super) edition: Option<Cow<'a, str>>,
}

/// Landing page, OAI identifier, then the record's own alternates except its DOI.
pub(super) fn alternates<'a>(
    published: &'a Published<'a>,
    doi: Option<&str>,
) -> Vec<AlternateId<'a>> {
    let record = published.record;
    let mut all = Vec::with_capacity(2 + record.metadata.identifiers.len());
    let landing = published.repository.landing_url(published.id());
    all.push(AlternateId { value: Cow::Owned(landing), kind: Cow::Borrowed("URL") });
    let oai = record.pids.oai.as_ref().and_then(|pid| text(&pid.identifier));
    if let Some(value) = oai {
        all.push(AlternateId { value, kind: Cow::Borrowed("oai") });
    }
    for raw in &record.metadata.identifiers {
        let scheme = optional(&raw.scheme)
            .or_else(|| identifier::detect(&raw.identifier).map(Cow::Borrowed))
            .unwrap_or(Cow::Borrowed("other"));
        let value = normal(&scheme, &raw.identifier).or_else(|| text(&raw.identifier));
        let Some(value) = value else { continue };
        if scheme == "doi" && doi.is_some_and(|doi| doi.eq_ignore_ascii_case(&value)) {
            continue;
        }
        let kind = match vocabulary::scheme(&scheme) {
            Some(known) => Cow::Borrowed(known.datacite),
            None => scheme,
        };
        all.push(AlternateId { value, kind });
    }
    unique(&mut all);
    all
}

/// The record's related works, then what the record knows about itself: its concept, its
/// communities, its journal, its Software Heritage snapshot.
pub(super) fn related<'a>(published: &'a Published<'a>, doi: Option<&str>) -> Vec<RelatedId<'a>> {
    let record = published.record;
    let mut all: Vec<RelatedId<'a>> =
        record.metadata.related_identifiers.iter().filter_map(related_id).collect();
    if let Some(concept) = published.concept_doi().and_then(|doi| normal("doi", doi))
        && doi != Some(&*concept)
    {
        add(&mut all, own(concept, "DOI", "IsVersionOf", None));
    }
    for community in &record.parent.communities.entries {
        if let Some(page) = community_url(published, community) {
            add(&mut all, page);
        }
    }
    if let Some(issn) = journal_issn(record) {
        add(&mut all, own(issn, "ISSN", "IsPartOf", Some("Journal")));
    }
    if let Some(swhid) = swhid(record) {
        add(&mut all, swhid);
    }
    unique(&mut all);
    all
}

/// Adds what the record has not said itself.
fn add<'a>(all: &mut Vec<RelatedId<'a>>, new: RelatedId<'a>) {
    let said = all.iter().any(|id| {
        (id.kind, id.relation) == (new.kind, new.relation)
            && id.value.eq_ignore_ascii_case(&new.value)
    });
    if !said {
        all.push(new);
    }
}

fn own<'a>(
    value: Cow<'a, str>,
    kind: &'static str,
    relation: &'static str,
    general: Option<&'static str>,
) -> RelatedId<'a> {
    RelatedId { value, kind, relation, information: None, general }
}

/// `None` when DataCite has no type for the identifier, or the value is none.
fn related_id<'a>(raw: &'a RelatedIdentifier<'_>) -> Option<RelatedId<'a>> {
    let (value, kind) = typed_value(raw)?;
    let relation_id = raw.relation_type.as_ref().map_or("", |relation| relation.id.as_str());
    let known = vocabulary::relation_type(relation_id);
    let general = raw.resource_type.as_ref().and_then(|kind| vocabulary::resource_type(&kind.id));
    Some(RelatedId {
        value,
        kind,
        relation: known.map_or("Other", |relation| relation.datacite),
        information: if known.is_none() { text(relation_id) } else { None },
        general: general.map(|kind| kind.datacite_general),
    })
}

/// Schemes whose values say what they are, whatever scheme the record claims for them.
const SELF_DESCRIBING: [&str; 6] = ["doi", "url", "arxiv", "swhid", "ark", "urn"];

/// The value with a type that DataCite has.
///
/// In this order: the normal form under the claimed scheme; the address of an identifier that
/// DataCite has no type for (Wikidata); what the value evidently is; and, but for DOIs, the
/// value as it stands if it has no space. A wrong check digit may be the source's own;
/// explanatory text in place of an identifier is of no use to anyone.
fn typed_value<'a>(raw: &'a RelatedIdentifier<'_>) -> Option<(Cow<'a, str>, &'static str)> {
    let related = |scheme: &str| vocabulary::scheme(scheme)?.related;
    let claimed = raw.scheme.as_deref().filter(|scheme| !scheme.is_empty());
    if let Some(scheme) = claimed
        && let Some(value) = normal(scheme, &raw.identifier)
    {
        match related(scheme) {
            Some(kind) => return Some((value, kind)),
            None => {
                if let Some(url) = identifier::to_url(scheme, &raw.identifier) {
                    return Some((Cow::Owned(url), "URL"));
                }
            }
        }
    }
    let evident = identifier::detect(&raw.identifier)
        .filter(|scheme| claimed.is_none() || SELF_DESCRIBING.contains(scheme));
    if let Some(scheme) = evident {
        return Some((normal(scheme, &raw.identifier)?, related(scheme)?));
    }
    let kind = related(claimed.filter(|scheme| *scheme != "doi")?)?;
    let given = text(&raw.identifier)?;
    (!given.contains(char::is_whitespace)).then_some((given, kind))
}

/// `IsPartOf` the community's page. Slugs that are not plain words have no page.
fn community_url<'a>(
    published: &Published<'_>,
    community: &Community<'_>,
) -> Option<RelatedId<'a>> {
    let slug = community.slug.as_str();
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if slug.is_empty() || !slug.bytes().all(plain) {
        return None;
    }
    let url = [published.repository.base_url.as_str(), "/communities/", slug].concat();
    Some(own(Cow::Owned(url), "URL", "IsPartOf", None))
}

fn journal_issn<'a>(record: &'a Record<'_>) -> Option<Cow<'a, str>> {
    normal("issn", record.custom_fields.journal.issn.as_deref()?)
}

fn swhid<'a>(record: &'a Record<'_>) -> Option<RelatedId<'a>> {
    let value = normal("swhid", record.swh.swhid.as_deref()?)?;
    Some(own(value, "SWHID", "IsIdenticalTo", None))
}

/// `journal:journal` and `imprint:imprint`, if they name a title.
pub(super) fn items<'a>(record: &'a Record<'_>) -> Vec<RelatedItem<'a>> {
    let journal = &record.custom_fields.journal;
    let imprint = &record.custom_fields.imprint;
    let mut all = Vec::new();
    if let Some(title) = optional(&journal.title) {
        let (first_page, last_page) = pages(journal.pages.as_deref());
        all.push(RelatedItem {
            kind: "Journal",
            id: journal_issn(record).map(|issn| (issn, "ISSN")),
            title,
            volume: optional(&journal.volume),
            issue: optional(&journal.issue),
            first_page,
            last_page,
            edition: None,
        });
    }
    if let Some(title) = optional(&imprint.title) {
        let (first_page, last_page) = pages(imprint.pages.as_deref());
        let isbn = imprint.isbn.as_deref().and_then(|isbn| normal("isbn", isbn));
        all.push(RelatedItem {
            kind: "Book",
            id: isbn.map(|isbn| (isbn, "ISBN")),
            title,
            volume: None,
            issue: None,
            first_page,
            last_page,
            edition: optional(&imprint.edition),
        });
    }
    all
}

/// `12-34` in two; anything else is a first page as it stands.
fn pages(raw: Option<&str>) -> (Option<Cow<'_, str>>, Option<Cow<'_, str>>) {
    let Some(raw) = raw else { return (None, None) };
    let split =
        raw.split_once('–').or_else(|| raw.split_once("--")).or_else(|| raw.split_once('-'));
    if let Some((first, last)) = split {
        let (first, last) = (first.trim(), last.trim());
        let one = |page: &str| {
            !page.is_empty() && page.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.')
        };
        if one(first) && one(last) {
            return (Some(first.into()), Some(last.into()));
        }
    }
    (text(raw), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_ranges() {
        let check = |raw: &str, first: Option<&str>, last: Option<&str>| {
            let (a, b) = pages(Some(raw));
            assert_eq!((a.as_deref(), b.as_deref()), (first, last), "{raw}");
        };
        check("14784-14792", Some("14784"), Some("14792"));
        check("xi – xiv", Some("xi"), Some("xiv"));
        check("S12--S19", Some("S12"), Some("S19"));
        check("e1234", Some("e1234"), None);
        check("1-3, 7-9", Some("1-3, 7-9"), None);
        check("-5", Some("-5"), None);
        check(" ", None, None);
    }
}

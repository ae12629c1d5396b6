//! What a DataCite item says of other works: its family, its relations, where it appeared.

use std::borrow::Cow;
use std::collections::HashSet;

use super::Issues;
use super::datacite::{Item, Related, RelatedItem};
use super::datacite_map::{labelled, word};
use super::native::{self, CustomFields, Identifier, Term};
use crate::record::{identifier, vocabulary};

/// The versions, if the item is a concept: `HasVersion` DOIs and no `IsVersionOf` DOI.
/// Each once, in document order, lower case. Relations to itself do not count.
pub(super) fn versions(item: &Item<'_>, doi: &str) -> Option<Vec<String>> {
    let (mut versions, mut seen) = (Vec::new(), HashSet::new());
    for related in &item.related_identifiers.0 {
        let relation = related.relation_type.as_deref().unwrap_or_default().trim();
        let is_version = relation.eq_ignore_ascii_case("IsVersionOf");
        if !is_version && !relation.eq_ignore_ascii_case("HasVersion") {
            continue;
        }
        let value = related.related_identifier.as_deref().unwrap_or_default();
        let Some(other) = doi_of(related.related_identifier_type.as_deref(), value) else {
            continue;
        };
        if other == doi {
            continue;
        }
        if is_version {
            return None;
        }
        if seen.insert(other.clone()) {
            versions.push(other);
        }
    }
    (!versions.is_empty()).then_some(versions)
}

fn doi_of(kind: Option<&str>, value: &str) -> Option<String> {
    let is_doi = kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("doi"));
    is_doi.then(|| identifier::doi(value).map(|doi| doi.to_lowercase()))?
}

/// Takes the concept DOI out of the relations: the first `IsVersionOf` DOI but the item's own.
pub(super) fn concept(related: &mut Vec<native::Related<'_>>, doi: Option<&str>) -> Option<String> {
    let is_concept = |one: &native::Related<'_>| {
        one.relation_type.id == "isversionof"
            && one.scheme == "doi"
            && !doi.is_some_and(|doi| doi.eq_ignore_ascii_case(&one.identifier))
    };
    let at = related.iter().position(is_concept)?;
    Some(related.remove(at).identifier.to_lowercase())
}

/// Related identifiers. A value that is not of the type it claims (explanatory text under
/// `DOI`) goes by what it looks like, else it stays as `other`, with an issue.
pub(super) fn relations<'a>(
    related: Vec<Related<'a>>,
    issues: &mut Issues,
) -> Vec<native::Related<'a>> {
    let convert = |(at, source): (usize, Related<'a>)| {
        let value = word(source.related_identifier)?;
        let label = word(source.related_identifier_type).unwrap_or_default();
        let Identifier { identifier, scheme } = labelled(&label, value);
        let claimed = vocabulary::scheme_by_datacite(&label).map_or("other", |claimed| claimed.id);
        if claimed != scheme {
            let message = format!("{identifier:?} is no {label}: taken for {scheme}");
            issues.add(format!("relatedIdentifiers[{at}]"), "invalid-identifier", message);
        }
        let relation = word(source.relation_type).unwrap_or_default();
        let known = vocabulary::relation_type_by_datacite(&relation);
        if known.is_none() {
            let message = format!("{relation:?} is not in the vocabulary");
            issues.add(format!("relatedIdentifiers[{at}].relationType"), "unknown-id", message);
        }
        let general = word(source.resource_type_general);
        let kind = general.and_then(|general| vocabulary::resource_type_by_datacite(&general, ""));
        Some(native::Related {
            identifier,
            scheme,
            relation_type: Term::known(known.map_or("other", |known| known.id)),
            resource_type: kind.map(|kind| Term::known(kind.id)),
        })
    };
    related.into_iter().enumerate().filter_map(convert).collect()
}

/// The journal and the book that the work was published in, as custom fields. Other related
/// items have no native counterpart.
pub(super) fn appeared_in<'a>(items: Vec<RelatedItem<'a>>, fields: &mut CustomFields<'a>) {
    for item in items {
        let relation = word(item.relation_type).unwrap_or_default();
        if !relation.eq_ignore_ascii_case("IsPublishedIn") {
            continue;
        }
        let kind = word(item.related_item_type).unwrap_or_default();
        let title = item.titles.0.into_iter().find_map(|title| word(title.0.title));
        let number = |scalar: super::lenient::Scalar<'a>| scalar.0.and_then(super::tidy);
        let pages = match (number(item.first_page), number(item.last_page)) {
            (Some(first), Some(last)) => Some(Cow::Owned(format!("{first}-{last}"))),
            (first, last) => first.or(last),
        };
        let id = item.related_item_identifier.0;
        let id_kind = word(id.related_item_identifier_type).unwrap_or_default();
        let id = word(id.related_item_identifier).map(|value| labelled(&id_kind, value));
        let of_scheme = |id: Option<Identifier<'a>>, scheme: &str| {
            id.filter(|id| id.scheme == scheme).map(|id| id.identifier)
        };
        if kind.eq_ignore_ascii_case("journal") {
            let members = [
                ("title", title),
                ("issue", number(item.issue)),
                ("volume", number(item.volume)),
                ("pages", pages),
                ("issn", of_scheme(id, "issn")),
            ];
            fields.group("journal:journal", members);
        } else if kind.eq_ignore_ascii_case("book") {
            let members = [
                ("title", title),
                ("isbn", of_scheme(id, "isbn")),
                ("pages", pages),
                ("edition", number(item.edition)),
            ];
            fields.group("imprint:imprint", members);
        }
    }
}

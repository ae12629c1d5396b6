//! Checks of the descriptive metadata.

use std::collections::BTreeSet;

use super::checker::{Checker, excerpt};
use crate::record::model::{
    AdditionalDescription, AdditionalTitle, Contributor, Funding, Metadata, PersonOrOrg,
    RelatedIdentifier, Right, TypedDate, VocabularyItem,
};
use crate::record::vocabulary;

/// Longest sensible texts, in characters: about ten times what real records hold.
const LINE: usize = 10_000;
const PAGES: usize = 500_000;
/// InvenioRDM's column width.
const VERSION: usize = 191;
/// Most sensible people and other entries; physics collaborations are the larger exceptions.
const PEOPLE: usize = 1000;
const ENTRIES: usize = 1000;

pub(super) fn check(metadata: &Metadata<'_>, checker: &mut Checker) {
    required_term(metadata, checker);
    if metadata.creators.is_empty() {
        checker.at("creators", |checker| checker.issue("missing", "nobody is named"));
    }
    people("creators", &metadata.creators, false, checker);
    checker.required("title", metadata.title.as_ref(), LINE);
    checker.each("additional_titles", &metadata.additional_titles, ENTRIES, additional_title);
    checker.required("publisher", metadata.publisher.as_ref(), LINE);
    checker.date("publication_date", metadata.publication_date.as_deref().unwrap_or(""));
    checker.each("subjects", &metadata.subjects, ENTRIES, |checker, subject| {
        if subject.id.as_ref().or(subject.subject.as_ref()).is_none_or(|text| text.is_empty()) {
            checker.issue("missing", "has neither id nor words");
        }
        checker.text("subject", subject.subject.as_ref(), LINE);
    });
    people("contributors", &metadata.contributors, true, checker);
    checker.each("dates", &metadata.dates, ENTRIES, typed_date);
    checker.each("languages", &metadata.languages, ENTRIES, |checker, language| {
        if !is_language(&language.id) {
            checker.issue("unknown-id", format!("no such language: {}", excerpt(&language.id)));
        }
    });
    checker.identifiers("identifiers", &metadata.identifiers);
    checker.each("related_identifiers", &metadata.related_identifiers, ENTRIES, related);
    checker.each("sizes", &metadata.sizes, ENTRIES, |checker, size| {
        checker.characters(size, LINE);
    });
    checker.each("formats", &metadata.formats, ENTRIES, |checker, format| {
        checker.characters(format, LINE);
    });
    checker.text("version", metadata.version.as_ref(), VERSION);
    checker.each("rights", &metadata.rights, ENTRIES, right);
    checker.text("copyright", metadata.copyright.as_ref(), LINE);
    checker.text("description", metadata.description.as_ref(), PAGES);
    checker.each(
        "additional_descriptions",
        &metadata.additional_descriptions,
        ENTRIES,
        description,
    );
    checker.at("locations", |checker| {
        checker.each("features", &metadata.locations.features, ENTRIES, |checker, feature| {
            if feature.geometry.is_none() && feature.place.is_none() {
                checker.issue("missing", "has neither geometry nor place");
            }
            checker.text("place", feature.place.as_ref(), LINE);
            checker.text("description", feature.description.as_ref(), LINE);
            checker.identifiers("identifiers", &feature.identifiers);
        });
    });
    checker.each("funding", &metadata.funding, ENTRIES, funding);
    checker.each("references", &metadata.references, 10 * ENTRIES, |checker, reference| {
        checker.required("reference", Some(&reference.reference), LINE);
        if let Some(value) = &reference.identifier {
            checker.identifier("identifier", reference.scheme.as_deref(), value);
        }
    });
}

fn required_term(metadata: &Metadata<'_>, checker: &mut Checker) {
    let known = |id: &str| vocabulary::resource_type(id).is_some();
    checker.term("resource_type", Some(&metadata.resource_type), known);
}

fn people(member: &'static str, list: &[Contributor<'_>], needs_role: bool, checker: &mut Checker) {
    // A contributor may have several roles, each an entry of its own.
    let mut seen = BTreeSet::new();
    checker.each(member, list, PEOPLE, |checker, entry| {
        let who = &entry.person_or_org;
        let role = entry.role.as_ref().map(|role| role.id.as_str());
        let ids: Vec<&str> = who.identifiers.iter().map(|id| id.identifier.as_str()).collect();
        let name = who.name.as_deref().unwrap_or_default();
        let names = (name, who.family_name.as_deref(), who.given_name.as_deref());
        if !names_nobody(who) && !seen.insert((names, ids, role)) {
            checker.issue("duplicate", format!("names {} again", excerpt(name)));
        }
        checker.at("person_or_org", |checker| person_or_org(who, checker));
        if needs_role && entry.role.is_none() {
            checker.at("role", |checker| checker.issue("missing", "a contributor needs one"));
        }
        checker.term("role", entry.role.as_ref(), |id| vocabulary::role(id).is_some());
        checker.each("affiliations", &entry.affiliations, ENTRIES, |checker, affiliation| {
            if affiliation.id.as_ref().or(affiliation.name.as_ref()).is_none() {
                checker.issue("missing", "has neither id nor name");
            }
            checker.text("name", affiliation.name.as_ref(), LINE);
            checker.identifiers("identifiers", &affiliation.identifiers);
        });
    });
}

fn names_nobody(who: &PersonOrOrg<'_>) -> bool {
    let absent = |text: Option<&str>| text.is_none_or(|text| text.trim().is_empty());
    absent(who.name.as_deref()) && absent(who.family_name.as_deref())
}

fn person_or_org(who: &PersonOrOrg<'_>, checker: &mut Checker) {
    let kind = who.kind.as_deref();
    if let Some(kind) = kind.filter(|kind| !["personal", "organizational"].contains(kind)) {
        let message = format!("is neither personal nor organizational: {}", excerpt(kind));
        checker.at("type", |checker| checker.issue("invalid-value", message));
    }
    if names_nobody(who) {
        checker.at("name", |checker| checker.issue("missing", "is missing or empty"));
    }
    if kind == Some("personal") && who.family_name.as_ref().is_none_or(|name| name.is_empty()) {
        checker.at("family_name", |checker| checker.issue("missing", "a person needs one"));
    }
    checker.text("name", who.name.as_ref(), LINE);
    checker.text("given_name", who.given_name.as_ref(), LINE);
    checker.text("family_name", who.family_name.as_ref(), LINE);
    checker.identifiers("identifiers", &who.identifiers);
}

fn is_language(id: &str) -> bool {
    id.len() == 3 && vocabulary::language(id).is_some()
}

fn language(item: Option<&VocabularyItem<'_>>, checker: &mut Checker) {
    checker.term("lang", item, is_language);
}

fn additional_title(checker: &mut Checker, title: &AdditionalTitle<'_>) {
    checker.required("title", Some(&title.title), LINE);
    checker.term("type", title.kind.as_ref(), |id| vocabulary::title_type(id).is_some());
    language(title.lang.as_ref(), checker);
}

fn description(checker: &mut Checker, entry: &AdditionalDescription<'_>) {
    checker.required("description", Some(&entry.description), PAGES);
    checker.term("type", entry.kind.as_ref(), |id| vocabulary::description_type(id).is_some());
    language(entry.lang.as_ref(), checker);
}

fn typed_date(checker: &mut Checker, date: &TypedDate<'_>) {
    checker.date("date", &date.date);
    checker.term("type", date.kind.as_ref(), |id| vocabulary::date_type(id).is_some());
    checker.text("description", date.description.as_ref(), LINE);
}

fn related(checker: &mut Checker, entry: &RelatedIdentifier<'_>) {
    checker.identifier("identifier", entry.scheme.as_deref(), &entry.identifier);
    if entry.relation_type.is_none() {
        checker.at("relation_type", |checker| checker.issue("missing", "how it is related"));
    }
    let known = |id: &str| vocabulary::relation_type(id).is_some();
    checker.term("relation_type", entry.relation_type.as_ref(), known);
    let known = |id: &str| vocabulary::resource_type(id).is_some();
    checker.term("resource_type", entry.resource_type.as_ref(), known);
}

fn right(checker: &mut Checker, right: &Right<'_>) {
    match right.id.as_deref().filter(|id| !id.is_empty()) {
        Some(id) if vocabulary::licence(id).is_none() => {
            let message = format!("no such licence: {}", excerpt(id));
            checker.at("id", |checker| checker.issue("unknown-id", message));
        }
        None if right.title.preferred().is_none() && right.link.is_none() => {
            checker.issue("missing", "has neither id nor title nor link");
        }
        _ => {}
    }
    if let Some(link) = &right.link {
        checker.identifier("link", Some("url"), link);
    }
}

fn funding(checker: &mut Checker, funding: &Funding<'_>) {
    checker.at("funder", |checker| {
        let funder = &funding.funder;
        if funder.id.as_ref().or(funder.name.as_ref()).is_none_or(|text| text.is_empty()) {
            checker.issue("missing", "has neither id nor name");
        }
        checker.text("name", funder.name.as_ref(), LINE);
        checker.identifiers("identifiers", &funder.identifiers);
    });
    let Some(award) = &funding.award else { return };
    checker.at("award", |checker| {
        if award.id.is_none() && award.number.is_none() && award.title.preferred().is_none() {
            checker.issue("missing", "has neither id nor number nor title");
        }
        checker.text("number", award.number.as_ref(), LINE);
        checker.identifiers("identifiers", &award.identifiers);
    });
}

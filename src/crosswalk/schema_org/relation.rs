//! Related works, the journal or book that holds the work, and grants.

use std::collections::BTreeSet;

use super::agent;
use crate::crosswalk::json_text::JsonText;
use crate::crosswalk::links;
use crate::crosswalk::names::given_text;
use crate::record::html::plain;
use crate::record::model::{Award, Funder, Funding, Identifier, Journal, RelatedIdentifier};
use crate::record::{Published, identifier};

/// Relations that schema.org has a property for, from the record's point of view.
const PROPERTIES: &[(&str, &[&str])] = &[
    ("hasPart", &["haspart"]),
    ("isBasedOn", &["isderivedfrom"]),
    ("sameAs", &["isidenticalto"]),
    ("workTranslation", &["hastranslation"]),
    ("translationOfWork", &["istranslationof"]),
];

/// Relations to works that the record builds on or speaks of: its citations.
const CITED: &[&str] = &["cites", "references", "issupplementto", "isdocumentedby", "reviews"];

/// Writes the properties that point at other works.
pub(super) fn write(published: &Published<'_>, kind: &str, json: &mut JsonText<'_>) {
    let related = &published.record.metadata.related_identifiers;
    let of = |relations: &'static [&'static str]| {
        related.iter().filter(move |r| relations.contains(&relation(r)) && !r.identifier.is_empty())
    };
    for (property, relations) in PROPERTIES {
        if *property == "sameAs" {
            let same = of(relations).filter_map(address);
            super::strings(property, same.map(Into::into), json);
        } else {
            works(property, of(relations), json);
        }
    }
    citations(published, of(CITED), json);
    containers(published, kind, of(&["ispartof", "ispublishedin"]), json);
}

fn relation<'a>(related: &'a RelatedIdentifier<'_>) -> &'a str {
    related.relation_type.as_ref().map_or("", |relation| relation.id.as_str())
}

fn address(related: &RelatedIdentifier<'_>) -> Option<String> {
    links::identifier_url(related.scheme.as_deref(), &related.identifier)
}

fn works<'a, 'b: 'a>(
    property: &str,
    works: impl Iterator<Item = &'a RelatedIdentifier<'b>>,
    json: &mut JsonText<'_>,
) {
    let mut works = works.peekable();
    if works.peek().is_some() {
        json.key(property).array(|json| works.for_each(|related| work(related, json)));
    }
}

/// A work known by its address, else by its identifier.
fn work(related: &RelatedIdentifier<'_>, json: &mut JsonText<'_>) {
    json.object(|json| {
        json.text("@type", "CreativeWork");
        match address(related) {
            Some(url) => json.text("@id", &url),
            None => json.text("identifier", &plain(&related.identifier)),
        }
    });
}

fn citations<'a, 'b: 'a>(
    published: &Published<'_>,
    cited: impl Iterator<Item = &'a RelatedIdentifier<'b>>,
    json: &mut JsonText<'_>,
) {
    let references = &published.record.metadata.references;
    let mut texts = references.iter().filter_map(|r| given_text(Some(&r.reference))).peekable();
    let mut cited = cited.peekable();
    if cited.peek().is_none() && texts.peek().is_none() {
        return;
    }
    json.key("citation").array(|json| {
        cited.for_each(|related| work(related, json));
        texts.for_each(|text| json.string(&text));
    });
}

/// Journal (as issue of volume of periodical) and book first, then related containers.
fn containers<'a, 'b: 'a>(
    published: &Published<'_>,
    kind: &str,
    related: impl Iterator<Item = &'a RelatedIdentifier<'b>>,
    json: &mut JsonText<'_>,
) {
    let custom = &published.record.custom_fields;
    let journal = given_text(custom.journal.title.as_deref());
    // The imprint of a book is the book itself, not one around it.
    let book = given_text(custom.imprint.title.as_deref()).filter(|_| kind != "Book");
    let mut related = related.peekable();
    if journal.is_none() && book.is_none() && related.peek().is_none() {
        return;
    }
    json.key("isPartOf").array(|json| {
        if let Some(title) = &journal {
            issue(&custom.journal, title, json);
        }
        if let Some(title) = &book {
            json.object(|json| {
                json.text("@type", "Book");
                json.text("name", title);
                json.some_text("isbn", given_text(custom.imprint.isbn.as_deref()).as_deref());
            });
        }
        related.for_each(|related| work(related, json));
    });
}

fn issue(journal: &Journal<'_>, title: &str, json: &mut JsonText<'_>) {
    let Some(number) = given_text(journal.issue.as_deref()) else {
        return volume(journal, title, json);
    };
    json.object(|json| {
        json.text("@type", "PublicationIssue");
        json.text("issueNumber", &number);
        json.key("isPartOf");
        volume(journal, title, json);
    });
}

fn volume(journal: &Journal<'_>, title: &str, json: &mut JsonText<'_>) {
    let Some(number) = given_text(journal.volume.as_deref()) else {
        return periodical(journal, title, json);
    };
    json.object(|json| {
        json.text("@type", "PublicationVolume");
        json.text("volumeNumber", &number);
        json.key("isPartOf");
        periodical(journal, title, json);
    });
}

fn periodical(journal: &Journal<'_>, title: &str, json: &mut JsonText<'_>) {
    json.object(|json| {
        json.text("@type", "Periodical");
        json.text("name", title);
        json.some_text("issn", given_text(journal.issn.as_deref()).as_deref());
    });
}

/// Writes `funding`.
pub(super) fn funding(all: &[Funding<'_>], json: &mut JsonText<'_>) {
    let says_something = |f: &&Funding<'_>| {
        given_text(f.funder.name.as_deref().or(f.funder.id.as_deref())).is_some()
            || f.award
                .as_ref()
                .is_some_and(|award| !award.number.as_deref().unwrap_or("").is_empty())
    };
    let mut grants = all.iter().filter(says_something).peekable();
    if grants.peek().is_some() {
        json.key("funding").array(|json| grants.for_each(|funding| grant(funding, json)));
    }
}

fn grant(funding: &Funding<'_>, json: &mut JsonText<'_>) {
    json.object(|json| {
        json.text("@type", "Grant");
        if let Some(award) = &funding.award {
            json.some_text("@id", award_address(award).as_deref());
            json.some_text("identifier", given_text(award.number.as_deref()).as_deref());
            json.some_text("name", given_text(award.title.preferred()).as_deref());
            json.some_text("alternateName", given_text(award.acronym.as_deref()).as_deref());
        }
        if let Some((id, name)) = named(&funding.funder) {
            json.key("funder");
            agent::organisation(id, name, json);
        }
    });
}

/// Vocabulary id and name of a funder that has a ROR or a name; an id that is no ROR is a name.
fn named<'a>(funder: &'a Funder<'_>) -> Option<(Option<&'a str>, Option<&'a str>)> {
    let is_ror = funder.id.as_deref().and_then(|id| identifier::to_url("ror", id)).is_some();
    let name = funder.name.as_deref().or(funder.id.as_deref().filter(|_| !is_ror));
    (is_ror || given_text(name).is_some()).then_some((funder.id.as_deref(), name))
}

/// Writes `funder`: each organisation once.
pub(in crate::crosswalk) fn funders(all: &[Funding<'_>], json: &mut JsonText<'_>) {
    let mut seen = BTreeSet::new();
    let funders = all.iter().filter_map(|funding| named(&funding.funder));
    let funders = funders.filter(|funder| seen.insert(*funder));
    json.some_array("funder", funders, |(id, name), json| agent::organisation(id, name, json));
}

fn award_address(award: &Award<'_>) -> Option<String> {
    let address = |id: &Identifier<'_>| links::identifier_url(id.scheme.as_deref(), &id.identifier);
    award.identifiers.iter().find_map(address)
}

//! CSL-JSON 1.0.2: what citation processors and reference managers read.
//!
//! Field names and types are those of the official schema
//! (<https://resource.citationstyles.org/schema/v1.0/input/json/csl-data.json>), which asks
//! for an array of items and allows no other member.

use super::json_text::JsonText;
use super::links;
use super::names::{Name, given_text, role};
use crate::record::Published;
use crate::record::date::{Date, Edtf};
use crate::record::model::{Contributor, TypedDate};
use crate::record::{identifier, vocabulary};

/// Appends an array that holds the record as its one item: the form that the schema, pandoc
/// and reference managers know.
pub fn write(published: &Published<'_>, out: &mut Vec<u8>) {
    JsonText::new(out).array(|json| item(published, json));
}

/// Appends the bare item: the form that DOI content negotiation answers with.
pub fn write_item(published: &Published<'_>, out: &mut Vec<u8>) {
    item(published, &mut JsonText::new(out));
}

fn item(published: &Published<'_>, json: &mut JsonText<'_>) {
    let metadata = &published.record.metadata;
    json.object(|json| {
        json.text("id", published.id());
        json.text("type", item_type(published));
        text(json, "title", metadata.title.as_deref());
        names(json, "author", metadata.creators.iter());
        for (name, role_id) in ROLES {
            names(json, name, metadata.contributors.iter().filter(|c| role(c) == *role_id));
        }
        date(json, "issued", metadata.publication_date.as_deref());
        date(json, "submitted", date_of_type(&metadata.dates, "submitted"));
        date(json, "available-date", date_of_type(&metadata.dates, "available"));
        text(json, "abstract", metadata.description.as_deref());
        text(json, "publisher", publisher(published));
        text(json, "version", metadata.version.as_deref());
        if let Some(language) = metadata.languages.first() {
            let known = vocabulary::language(&language.id);
            json.some_text("language", known.as_ref().map(|l| l.bcp47()));
        }
        container(published, json);
        json.some_text("DOI", published.doi());
        json.text("URL", &links::citable_url(published));
    });
}

/// CSL name variables and the contributor roles that fill them.
const ROLES: &[(&str, &str)] = &[
    ("editor", "editor"),
    ("translator", "translator"),
    ("producer", "producer"),
    ("curator", "datacurator"),
];

fn item_type(published: &Published<'_>) -> &'static str {
    let id = &published.record.metadata.resource_type.id;
    vocabulary::resource_type(id).map_or("document", |kind| kind.csl)
}

/// Journal, book, conference, thesis: what the work appeared in.
fn container(published: &Published<'_>, json: &mut JsonText<'_>) {
    let custom = &published.record.custom_fields;
    let (journal, imprint) = (&custom.journal, &custom.imprint);
    let first = |a: Option<&str>, b: Option<&str>| -> Option<String> {
        given_text(a).or_else(|| given_text(b)).map(Into::into)
    };
    let title = first(journal.title.as_deref(), imprint.title.as_deref());
    let pages = first(journal.pages.as_deref(), imprint.pages.as_deref());
    json.some_text("container-title", title.as_deref());
    text(json, "volume", journal.volume.as_deref());
    text(json, "issue", journal.issue.as_deref());
    json.some_text("page", pages.as_deref());
    text(json, "edition", imprint.edition.as_deref());
    text(json, "publisher-place", imprint.place.as_deref());
    text(json, "event-title", custom.meeting.title.as_deref());
    text(json, "event-place", custom.meeting.place.as_deref());
    text(json, "genre", custom.thesis.kind.as_deref());
    let isbn = imprint.isbn.as_deref().or_else(|| alternate(published, &["isbn"]));
    let issn = journal.issn.as_deref().or_else(|| alternate(published, &["issn", "eissn"]));
    json.some_text("ISBN", normal("isbn", isbn).as_deref());
    json.some_text("ISSN", normal("issn", issn).as_deref());
    json.some_text("PMID", normal("pmid", alternate(published, &["pmid"])).as_deref());
}

/// An alternate identifier of the record in one of the schemes.
fn alternate<'a>(published: &Published<'a>, schemes: &[&str]) -> Option<&'a str> {
    let identifiers = &published.record.metadata.identifiers;
    let is_wanted = |scheme: Option<&str>| scheme.is_some_and(|s| schemes.contains(&s));
    identifiers.iter().find(|i| is_wanted(i.scheme.as_deref())).map(|i| i.identifier.as_str())
}

/// The normal form where there is one; otherwise what was written.
fn normal(scheme: &str, value: Option<&str>) -> Option<String> {
    let value = given_text(value)?;
    let normal = identifier::normalize(scheme, &value).map(Into::into);
    Some(normal.unwrap_or_else(|| value.into_owned()))
}

/// The university stands as publisher of a thesis, as CSL styles expect.
fn publisher<'a>(published: &Published<'a>) -> Option<&'a str> {
    let record = published.record;
    let school = record.custom_fields.thesis.university.as_deref();
    let own = record.metadata.publisher.as_deref().filter(|name| !name.is_empty());
    let is_thesis = item_type(published) == "thesis";
    school.filter(|_| is_thesis).or(own).or(published.repository.publisher.as_deref())
}

fn date_of_type<'a>(dates: &'a [TypedDate<'_>], kind: &str) -> Option<&'a str> {
    let found = dates.iter().find(|d| d.kind.as_ref().is_some_and(|k| k.id == kind))?;
    Some(&found.date)
}

fn text(json: &mut JsonText<'_>, name: &str, value: Option<&str>) {
    json.some_text(name, given_text(value).as_deref());
}

fn names<'a, 'b: 'a>(
    json: &mut JsonText<'_>,
    variable: &str,
    people: impl Iterator<Item = &'a Contributor<'b>>,
) {
    let mut people = people.filter_map(|p| Name::of(&p.person_or_org)).peekable();
    if people.peek().is_none() {
        return;
    }
    json.key(variable).array(|json| {
        for name in people {
            json.object(|json| match &name {
                Name::Organisation(name) => json.text("literal", name),
                Name::Person { family, given } => {
                    json.text("family", family);
                    json.some_text("given", given.as_deref());
                }
            });
        }
    });
}

/// A date in parts, a range as two of them; what cannot be read is handed on as `literal`.
fn date(json: &mut JsonText<'_>, variable: &str, value: Option<&str>) {
    let Some(value) = given_text(value) else { return };
    json.key(variable).object(|json| {
        let Some((date, _)) = Edtf::repair(&value) else {
            return json.text("literal", &value);
        };
        json.key("date-parts").array(|json| match date {
            Edtf::Interval(start, end) => {
                parts(json, start);
                parts(json, end);
            }
            // CSL has no open ranges: the known end is cited.
            Edtf::Date(date) | Edtf::Since(date) | Edtf::Until(date) => parts(json, date),
        });
    });
}

fn parts(json: &mut JsonText<'_>, date: Date) {
    json.array(|json| {
        json.number(date.year);
        if let Some(month) = date.month {
            json.number(month);
            if let Some(day) = date.day {
                json.number(day);
            }
        }
    });
}

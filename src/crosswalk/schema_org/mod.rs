//! schema.org JSON-LD: what search engines and dataset catalogues read in a page.
//!
//! Property and type names are those of <https://schema.org/version/latest>; the choice follows
//! Google's guide to Dataset markup
//! (<https://developers.google.com/search/docs/appearance/structured-data/dataset>). The text
//! can stand inside an HTML `<script>` element as it is: `<`, `>`, `&` and the line separators
//! are always written as escapes.

mod agent;
mod content;
mod description;
mod relation;

pub(super) use agent::list as people;
pub(super) use content::programming_languages;
pub(super) use relation::funders;

use super::json_text::JsonText;
use super::links;
use super::names::{given_text, role};
use super::rights;
use crate::record::date::Edtf;
use crate::record::html::plain;
use crate::record::model::TypedDate;
use crate::record::{FilesAccess, Published, vocabulary};

/// Appends one JSON-LD object on one line, safe inside a `<script>` element.
pub fn write(published: &Published<'_>, out: &mut Vec<u8>) {
    document(published, WHOLE, out);
}

/// As [`write()`], for the page of a record: of creators and of contributors the first 250, of
/// files the first 100. 3,000 authors are 700 KB of JSON-LD, which a page links to as an export
/// and need not carry.
pub fn write_embedded(published: &Published<'_>, out: &mut Vec<u8>) {
    document(published, EMBEDDED, out);
}

/// Most people under one property, and most files.
#[derive(Clone, Copy)]
struct Bounds {
    people: usize,
    files: usize,
}

const WHOLE: Bounds = Bounds { people: usize::MAX, files: usize::MAX };
const EMBEDDED: Bounds = Bounds { people: 250, files: 100 };

fn document(published: &Published<'_>, bounds: Bounds, out: &mut Vec<u8>) {
    let kind = type_name(published);
    JsonText::embeddable(out).object(|json| {
        json.text("@context", "https://schema.org");
        json.text("@type", kind);
        json.text("@id", &links::citable_url(published));
        identity(published, json);
        wording(published, kind, json);
        let creators = published.record.metadata.creators.iter();
        people("creator", creators.take(bounds.people), json);
        by_role(published, |_| true, bounds.people, json);
        publisher(published, json);
        dates(published, json);
        keywords(published, json);
        terms_of_use(published, json);
        content::places(published, json);
        relation::funding(&published.record.metadata.funding, json);
        relation::write(published, kind, json);
        content::files(published, kind, bounds.files, json);
        content::specific(published, kind, json);
    });
}

/// The schema.org type of a resource type, without prefix.
///
/// The vocabulary's own, except where schema.org has a name for exactly that type.
pub fn type_name(published: &Published<'_>) -> &'static str {
    let id = &*published.record.metadata.resource_type.id;
    match id {
        "publication-journal" => "Periodical",
        "publication-section" => "Chapter",
        "publication-report" | "publication-technicalnote" | "publication-deliverable" => "Report",
        "publication-conferenceproceeding" => "Book",
        "publication-peerreview" => "Review",
        "poster" => "Poster",
        "lesson" => "LearningResource",
        "image-drawing" => "Drawing",
        "video" => "VideoObject",
        "audio" => "AudioObject",
        // A work about an event or a project is not the event: dates of publication, creators
        // and licences belong to creative works only.
        "event" => "CreativeWork",
        id => vocabulary::resource_type(id).map_or("CreativeWork", |kind| kind.schema_org),
    }
}

fn identity(published: &Published<'_>, json: &mut JsonText<'_>) {
    let others = &published.record.metadata.identifiers;
    if published.doi().is_some() || !others.is_empty() {
        json.key("identifier").array(|json| {
            if let Some(doi) = published.doi() {
                json.string(&links::doi_url(doi));
            }
            for other in others.iter().filter(|other| !other.identifier.is_empty()) {
                json.object(|json| {
                    json.text("@type", "PropertyValue");
                    json.some_text("propertyID", other.scheme.as_deref());
                    json.text("value", &plain(&other.identifier));
                    let scheme = other.scheme.as_deref();
                    let url = links::identifier_url(scheme, &other.identifier);
                    json.some_text("url", url.as_deref());
                });
            }
        });
    }
    json.text("url", &links::html_url(published));
}

fn wording(published: &Published<'_>, kind: &str, json: &mut JsonText<'_>) {
    let metadata = &published.record.metadata;
    let title = given_text(metadata.title.as_deref());
    json.some_text("name", title.as_deref());
    let others = metadata.additional_titles.iter().map(|title| plain(&title.title));
    strings("alternateName", others, json);
    json.some_text("description", description::of(published, kind).as_deref());
    json.some_text("version", given_text(metadata.version.as_deref()).as_deref());
    let languages = metadata.languages.iter().filter_map(|l| vocabulary::language(&l.id));
    strings("inLanguage", languages.map(|language| language.bcp47().into()), json);
}

/// Contributor roles that schema.org has a property for; all others are contributors.
const ROLES: &[(&str, &str)] = &[
    ("editor", "editor"),
    ("translator", "translator"),
    ("producer", "producer"),
    ("sponsor", "sponsor"),
    ("rightsholder", "copyrightHolder"),
];

/// Writes `contributor` and the properties of [`ROLES`] that `is_known`; people in any other
/// role are contributors.
pub(super) fn contributors(
    published: &Published<'_>,
    is_known: impl Fn(&str) -> bool,
    json: &mut JsonText<'_>,
) {
    by_role(published, is_known, usize::MAX, json);
}

fn by_role(
    published: &Published<'_>,
    is_known: impl Fn(&str) -> bool,
    bound: usize,
    json: &mut JsonText<'_>,
) {
    let all = &published.record.metadata.contributors;
    let known = ROLES.iter().filter(|(_, property)| is_known(property));
    for (id, property) in known.clone() {
        people(property, all.iter().filter(|c| role(c) == *id).take(bound), json);
    }
    let is_other = |id: &str| known.clone().all(|(other, _)| *other != id);
    people("contributor", all.iter().filter(|c| is_other(role(c))).take(bound), json);
}

/// Writes `publisher`: the record's, else the repository's.
pub(super) fn publisher(published: &Published<'_>, json: &mut JsonText<'_>) {
    let own = given_text(published.record.metadata.publisher.as_deref());
    let publisher = own.or_else(|| given_text(published.repository.publisher.as_deref()));
    if let Some(publisher) = publisher {
        json.key("publisher").object(|json| {
            json.text("@type", "Organization");
            json.text("name", &publisher);
        });
    }
}

fn dates(published: &Published<'_>, json: &mut JsonText<'_>) {
    let metadata = &published.record.metadata;
    if let Some(published_on) = metadata.publication_date.as_deref().and_then(start) {
        json.text("datePublished", &published_on);
    }
    json.some_text("dateCreated", Some(published.created));
    json.some_text("dateModified", Some(published.updated));
    let temporal = metadata.dates.iter().filter(|date| is_temporal(date));
    let temporal = temporal.filter_map(|date| Some(Edtf::repair(&date.date)?.0.to_string().into()));
    strings("temporalCoverage", temporal, json);
}

/// schema.org dates are single: an interval is published on its first day.
fn start(text: &str) -> Option<String> {
    let (date, _) = Edtf::repair(text)?;
    date.start().or_else(|| date.end()).map(|date| date.to_string())
}

fn is_temporal(date: &TypedDate<'_>) -> bool {
    date.kind.as_ref().is_some_and(|kind| matches!(&*kind.id, "coverage" | "collected"))
}

/// Writes `keywords`.
pub(super) fn keywords(published: &Published<'_>, json: &mut JsonText<'_>) {
    let metadata = &published.record.metadata;
    let own = metadata.subjects.iter().filter_map(|s| given_text(s.subject.as_deref()));
    let legacy = published.record.custom_fields.legacy_subjects.iter();
    strings("keywords", own.chain(legacy.filter_map(|s| given_text(s.term.as_deref()))), json);
}

fn terms_of_use(published: &Published<'_>, json: &mut JsonText<'_>) {
    let metadata = &published.record.metadata;
    let licences = metadata.rights.iter().filter_map(rights::licence);
    json.some_array("license", licences, |one, json| licence(&one, json));
    let notice = given_text(metadata.copyright.as_deref());
    json.some_text("copyrightNotice", notice.as_deref());
    match published.files {
        FilesAccess::Open => json.key("isAccessibleForFree").boolean(true),
        FilesAccess::Embargoed { .. } | FilesAccess::Restricted => {
            json.text("conditionsOfAccess", rights::access_uri(published.files));
        }
        FilesAccess::MetadataOnly => (),
    }
}

/// The address of the text; a licence without one is a work of that name.
fn licence(licence: &rights::Licence<'_>, json: &mut JsonText<'_>) {
    match (&licence.url, &licence.title) {
        (Some(url), _) => json.string(url),
        (None, title) => json.object(|json| {
            json.text("@type", "CreativeWork");
            json.some_text("name", title.as_deref());
        }),
    }
}

/// An array of strings, left out when there are none.
fn strings<'t>(
    property: &str,
    values: impl Iterator<Item = std::borrow::Cow<'t, str>>,
    json: &mut JsonText<'_>,
) {
    let values = values.filter(|value| !value.is_empty());
    json.some_array(property, values, |value, json| json.string(&value));
}

//! RO-Crate Metadata 1.1: the record as a research object, flattened JSON-LD.
//!
//! Rules are those of <https://www.researchobject.org/ro-crate/specification/1.1/>. The document
//! stands at `records/<id>/ro-crate-metadata.json`, so its root `./` is the folder of the record,
//! below which its files are: as web-based data entities with full addresses, which also hold
//! for a copy of the document elsewhere. 1.1 and not 1.2: every reader knows it, InvenioRDM
//! imports it, and nothing here needs a newer term.

mod entities;

use std::collections::BTreeSet;

use super::files::open_files;
use super::json_text::JsonText;
use super::names::given_text;
use super::{links, schema_org};
use crate::record::date::Edtf;
use crate::record::model::Contributor;
use crate::record::{Published, vocabulary};
use entities::{Entity, agent, files, funder, funding, licence, place};

/// The specification, which is also the profile.
pub const PROFILE: &str = "https://w3id.org/ro/crate/1.1";

/// Appends one JSON-LD object on one line, safe inside a `<script>` element.
///
/// Every entity stands once in `@graph`, whoever refers to it.
pub fn write(published: &Published<'_>, out: &mut Vec<u8>) {
    let contextual = Contextual::of(published);
    JsonText::embeddable(out).object(|json| {
        json.text("@context", "https://w3id.org/ro/crate/1.1/context");
        json.key("@graph").array(|json| {
            descriptor(json);
            root(published, &contextual, json);
            files(published, json);
            let mut seen = BTreeSet::from(["./", "ro-crate-metadata.json"]);
            for entity in contextual.all() {
                if seen.insert(&entity.id) {
                    entity.write(json);
                }
            }
        });
    });
}

fn descriptor(json: &mut JsonText<'_>) {
    json.object(|json| {
        json.text("@id", "ro-crate-metadata.json");
        json.text("@type", "CreativeWork");
        reference(json, "about", "./");
        reference(json, "conformsTo", PROFILE);
    });
}

/// A link to an entity.
fn reference(json: &mut JsonText<'_>, property: &str, id: &str) {
    json.key(property).object(|json| json.text("@id", id));
}

fn references<'i>(json: &mut JsonText<'_>, property: &str, ids: impl Iterator<Item = &'i str>) {
    json.some_array(property, ids, |id, json| json.object(|json| json.text("@id", id)));
}

/// The entities that the root refers to.
struct Contextual {
    creators: Vec<Entity>,
    contributors: Vec<Entity>,
    publisher: Option<Entity>,
    licences: Vec<Entity>,
    places: Vec<Entity>,
    grants: Vec<Entity>,
    funders: Vec<Entity>,
}

impl Contextual {
    fn of(published: &Published<'_>) -> Contextual {
        let metadata = &published.record.metadata;
        let agents = |kind: &str, all: &[Contributor<'_>]| {
            let agents = all.iter().enumerate();
            agents.filter_map(|(at, who)| agent(who, &format!("#{kind}-{}", at + 1))).collect()
        };
        let publisher = given_text(metadata.publisher.as_deref())
            .or_else(|| given_text(published.repository.publisher.as_deref()))
            .map(|name| Entity::new("#publisher", "Organization").text("name", &name));
        let numbered = |at: usize| at + 1;
        let places = metadata.locations.features.iter().enumerate();
        let grants = metadata.funding.iter().enumerate();
        Contextual {
            creators: agents("creator", &metadata.creators),
            contributors: agents("contributor", &metadata.contributors),
            publisher,
            licences: metadata.rights.iter().enumerate().filter_map(licence).collect(),
            places: places.filter_map(|(at, feature)| place(numbered(at), feature)).collect(),
            funders: grants.clone().filter_map(|(at, one)| funder(numbered(at), one)).collect(),
            grants: grants.filter_map(|(at, one)| funding(numbered(at), one)).collect(),
        }
    }

    /// In the order in which the root refers to them, each with what it refers to.
    fn all(&self) -> impl Iterator<Item = &Entity> {
        let lists = [
            &self.creators,
            &self.contributors,
            &self.licences,
            &self.places,
            &self.grants,
            &self.funders,
        ];
        let all = lists.into_iter().flatten().chain(&self.publisher);
        all.flat_map(|entity| std::iter::once(entity).chain(&entity.inner))
    }
}

fn ids(entities: &[Entity]) -> impl Iterator<Item = &str> {
    let mut seen = BTreeSet::new();
    entities.iter().map(|entity| &*entity.id).filter(move |id| seen.insert(*id))
}

fn root(published: &Published<'_>, contextual: &Contextual, json: &mut JsonText<'_>) {
    let metadata = &published.record.metadata;
    json.object(|json| {
        json.text("@id", "./");
        json.text("@type", "Dataset");
        let kind = schema_org::type_name(published);
        json.text("additionalType", &format!("https://schema.org/{kind}"));
        json.text("identifier", &links::citable_url(published));
        json.text("url", &links::html_url(published));
        // Name, description, date and licence are mandatory.
        let title = given_text(metadata.title.as_deref()).unwrap_or("(:unav)".into());
        json.text("name", &title);
        let description = given_text(metadata.description.as_deref());
        json.text("description", description.as_deref().unwrap_or(&title));
        json.some_text("datePublished", date_published(published).as_deref());
        json.some_text("dateModified", Some(published.updated));
        json.some_text("version", given_text(metadata.version.as_deref()).as_deref());
        let languages = metadata.languages.iter().filter_map(|l| vocabulary::language(&l.id));
        json.some_array("inLanguage", languages, |l, json| json.string(l.bcp47()));
        schema_org::keywords(published, json);
        references(json, "author", ids(&contextual.creators));
        references(json, "contributor", ids(&contextual.contributors));
        if let Some(publisher) = &contextual.publisher {
            reference(json, "publisher", &publisher.id);
        }
        if contextual.licences.is_empty() {
            // Mandatory; it may be words.
            json.text("license", "No licence is stated.");
        }
        references(json, "license", ids(&contextual.licences));
        references(json, "spatialCoverage", ids(&contextual.places));
        references(json, "funding", ids(&contextual.grants));
        references(json, "funder", ids(&contextual.funders));
        related(published, json);
        let files = open_files(published);
        let files = files.iter().map(|file| links::file_url(published, &file.key));
        json.some_array("hasPart", files, |id, json| json.object(|json| json.text("@id", &id)));
    });
}

/// A whole day, which readers ask for: the publication date, with the first of January or of
/// the month where it is not whole, else the day when the record was made.
fn date_published(published: &Published<'_>) -> Option<String> {
    let date = published.record.metadata.publication_date.as_deref().and_then(Edtf::repair);
    let date = date.and_then(|(date, _)| date.start().or_else(|| date.end()));
    // There is no year 0 in the calendars of most programs.
    match date.filter(|date| date.year > 0) {
        Some(date) => Some(format!(
            "{:04}-{:02}-{:02}",
            date.year,
            date.month.unwrap_or(1),
            date.day.unwrap_or(1)
        )),
        None => published.created.get(..10).map(str::to_owned),
    }
}

/// Related works by address: RO-Crate asks of no entity for what is only cited.
fn related(published: &Published<'_>, json: &mut JsonText<'_>) {
    const PROPERTIES: [(&str, &[&str]); 4] = [
        ("citation", &["cites", "references", "issupplementto", "isdocumentedby", "reviews"]),
        ("isBasedOn", &["isderivedfrom"]),
        ("isPartOf", &["ispartof", "ispublishedin"]),
        ("sameAs", &["isidenticalto"]),
    ];
    for (property, relations) in PROPERTIES {
        let all = published.record.metadata.related_identifiers.iter().filter(|related| {
            let relation = related.relation_type.as_ref().map_or("", |r| r.id.as_str());
            relations.contains(&relation)
        });
        let urls = all.filter_map(|r| links::identifier_url(r.scheme.as_deref(), &r.identifier));
        json.some_array(property, urls, |url, json| {
            json.object(|json| json.text("@id", &url));
        });
    }
}

//! Unqualified Dublin Core as OAI-PMH demands it (`oai_dc`).
//!
//! Valid against <http://www.openarchives.org/OAI/2.0/oai_dc.xsd>. Values follow the OpenAIRE
//! Guidelines for Literature Repositories 3.0 where those say how: `info:eu-repo` terms for
//! type, access, embargo end and grant agreements.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::names::{Name, given_text};
use super::places::{Position, Shape, shape};
use super::rights;
use super::xml_text;
use super::{journal, links};
use crate::record::model::{Contributor, Feature, Funding};
use crate::record::vocabulary;
use crate::record::{FilesAccess, Published};

/// Appends one XML document: declaration and `oai_dc:dc`, ending in a line feed.
pub fn write(published: &Published<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    write_element(published, out);
    out.push(b'\n');
}

/// Appends the `oai_dc:dc` element alone, for an OAI-PMH response.
pub fn write_element(published: &Published<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(
        b"<oai_dc:dc xmlns:oai_dc=\"http://www.openarchives.org/OAI/2.0/oai_dc/\" \
          xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
          xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
          xsi:schemaLocation=\"http://www.openarchives.org/OAI/2.0/oai_dc/ \
          http://www.openarchives.org/OAI/2.0/oai_dc.xsd\">",
    );
    let mut elements = Elements { out, seen: BTreeSet::new() };
    descriptive(published, &mut elements);
    typed(published, &mut elements);
    related(published, &mut elements);
    places(published, &mut elements);
    terms_of_use(published, &mut elements);
    out.extend_from_slice(b"\n</oai_dc:dc>");
}

/// Writes elements, each value once per element name.
struct Elements<'o> {
    out: &'o mut Vec<u8>,
    seen: BTreeSet<(&'static str, String)>,
}

impl Elements<'_> {
    /// `name` is the whole tag name, `dc:` included.
    fn add(&mut self, name: &'static str, value: &str) {
        if !value.is_empty() && self.seen.insert((name, value.to_owned())) {
            self.out.extend_from_slice(b"\n  ");
            xml_text::element(name, value, self.out);
        }
    }

    fn text(&mut self, name: &'static str, value: Option<&str>) {
        if let Some(value) = given_text(value) {
            self.add(name, &value);
        }
    }

    fn names(&mut self, name: &'static str, people: &[Contributor<'_>]) {
        for person in people.iter().filter_map(|person| Name::of(&person.person_or_org)) {
            self.add(name, &person.inverted());
        }
    }
}

fn descriptive(published: &Published<'_>, dc: &mut Elements<'_>) {
    let metadata = &published.record.metadata;
    dc.text("dc:title", metadata.title.as_deref());
    for title in &metadata.additional_titles {
        dc.text("dc:title", Some(&title.title));
    }
    dc.names("dc:creator", &metadata.creators);
    for subject in &metadata.subjects {
        dc.text("dc:subject", subject.subject.as_deref().or(subject.id.as_deref()));
    }
    for subject in &published.record.custom_fields.legacy_subjects {
        dc.text("dc:subject", subject.term.as_deref());
    }
    dc.text("dc:description", metadata.description.as_deref());
    for description in &metadata.additional_descriptions {
        dc.text("dc:description", Some(&description.description));
    }
    let own = metadata.publisher.as_deref().filter(|name| !name.is_empty());
    dc.text("dc:publisher", own.or(published.repository.publisher.as_deref()));
    dc.names("dc:contributor", &metadata.contributors);
}

fn typed(published: &Published<'_>, dc: &mut Elements<'_>) {
    let metadata = &published.record.metadata;
    dc.text("dc:date", metadata.publication_date.as_deref());
    if let FilesAccess::Embargoed { until } = published.files {
        dc.add("dc:date", &format!("info:eu-repo/date/embargoEnd/{until}"));
    }
    if let Some(kind) = vocabulary::resource_type(&metadata.resource_type.id) {
        let thesis = published.record.custom_fields.thesis.kind.as_deref();
        let eurepo = match kind.id {
            "publication-dissertation" => thesis_type(thesis).unwrap_or(kind.eurepo),
            _ => kind.eurepo,
        };
        dc.add("dc:type", &format!("info:eu-repo/semantics/{eurepo}"));
        dc.add("dc:type", dcmi_type(kind.id, kind.datacite_general));
    }
    for format in &metadata.formats {
        dc.text("dc:format", Some(format));
    }
    if let Some(doi) = published.doi() {
        dc.add("dc:identifier", &links::doi_url(doi));
    }
    dc.add("dc:identifier", &oai_identifier(published));
    dc.add("dc:identifier", &links::html_url(published));
    for other in &metadata.identifiers {
        let address = links::identifier_url_or_value(other.scheme.as_deref(), &other.identifier);
        dc.text("dc:identifier", Some(&address));
    }
    for language in &metadata.languages {
        dc.text("dc:language", Some(&language.id));
    }
    if let Some(place) = journal::place_in(&published.record.custom_fields.journal) {
        dc.add("dc:source", &place);
    }
}

/// `oai:<namespace>:<id>`.
fn oai_identifier(published: &Published<'_>) -> String {
    format!("oai:{}:{}", published.repository.oai_namespace, published.id())
}

/// The thesis levels of the `info:eu-repo` vocabulary, where the record says which it is.
fn thesis_type(kind: Option<&str>) -> Option<&'static str> {
    let kind = kind?.to_ascii_lowercase();
    let levels = [
        ("bachelor", "bachelorThesis"),
        ("master", "masterThesis"),
        ("phd", "doctoralThesis"),
        ("ph.d", "doctoralThesis"),
        ("doctor", "doctoralThesis"),
    ];
    levels.iter().find(|(word, _)| kind.contains(word)).map(|(_, level)| *level)
}

/// The DCMI Type of a resource type (<https://www.dublincore.org/specifications/dublin-core/dcmi-type-vocabulary/>).
fn dcmi_type(id: &str, datacite_general: &str) -> &'static str {
    match (id, datacite_general) {
        (id, _) if id.starts_with("publication") && datacite_general != "Collection" => "Text",
        (id, _) if id.starts_with("image") => "StillImage",
        (_, "Collection") => "Collection",
        (_, "Dataset") => "Dataset",
        (_, "Software" | "ComputationalNotebook") => "Software",
        (_, "Audiovisual") => "MovingImage",
        (_, "Sound") => "Sound",
        (_, "Event") => "Event",
        (_, "InteractiveResource") => "InteractiveResource",
        (_, "PhysicalObject" | "Instrument") => "PhysicalObject",
        (_, "Poster" | "Presentation") => "Text",
        _ => "",
    }
}

fn related(published: &Published<'_>, dc: &mut Elements<'_>) {
    let metadata = &published.record.metadata;
    for related in &metadata.related_identifiers {
        let scheme = related.scheme.as_deref();
        dc.text("dc:relation", Some(&links::identifier_url_or_value(scheme, &related.identifier)));
    }
    for funding in &metadata.funding {
        if let Some(grant) = grant_agreement(funding) {
            dc.add("dc:relation", &grant);
        }
    }
    for community in &published.record.parent.communities.entries {
        if !community.slug.is_empty() {
            dc.add("dc:relation", &links::community_url(published, &community.slug));
        }
    }
    if let Some(doi) = published.concept_doi() {
        dc.add("dc:relation", &links::doi_url(doi));
    }
}

/// ROR of the European Commission, the one funder whose namespace the guidelines fix by name.
const EUROPEAN_COMMISSION: &str = "00k4n6c32";

/// `info:eu-repo/grantAgreement/EC/<programme>/<number>/`, for grants of the European
/// Commission that give both.
fn grant_agreement(funding: &Funding<'_>) -> Option<String> {
    let award = funding.award.as_ref()?;
    if funding.funder.id.as_deref() != Some(EUROPEAN_COMMISSION) {
        return None;
    }
    let in_path = |text: Option<&str>| -> Option<String> {
        let text = given_text(text)?;
        Some(text.replace('/', "%2F"))
    };
    let (program, number) = (in_path(award.program.as_deref())?, in_path(award.number.as_deref())?);
    Some(format!("info:eu-repo/grantAgreement/EC/{program}/{number}/"))
}

fn places(published: &Published<'_>, dc: &mut Elements<'_>) {
    let metadata = &published.record.metadata;
    for feature in &metadata.locations.features {
        dc.add("dc:coverage", &coverage(feature));
    }
    for date in &metadata.dates {
        if date.kind.as_ref().is_some_and(|kind| kind.id == "coverage") {
            dc.text("dc:coverage", Some(&date.date));
        }
    }
}

/// A place in DCMI Point or DCMI Box encoding, which name their axes: east is longitude.
fn coverage(feature: &Feature<'_>) -> String {
    let name = given_text(feature.place.as_deref());
    let mut parts: Vec<Cow<'_, str>> = Vec::new();
    match shape(feature) {
        None => return name.map_or_else(String::new, Cow::into_owned),
        Some(Shape::Point(Position { longitude, latitude })) => {
            parts.push(format!("east={longitude}").into());
            parts.push(format!("north={latitude}").into());
        }
        Some(shape) => {
            let (low, high) = shape.bounds();
            parts.push(format!("northlimit={}", high.latitude).into());
            parts.push(format!("southlimit={}", low.latitude).into());
            parts.push(format!("westlimit={}", low.longitude).into());
            parts.push(format!("eastlimit={}", high.longitude).into());
        }
    }
    if let Some(name) = name {
        // `;` and `=` separate the parts.
        parts.push(format!("name={}", name.replace([';', '='], ",")).into());
    }
    parts.join("; ")
}

fn terms_of_use(published: &Published<'_>, dc: &mut Elements<'_>) {
    let metadata = &published.record.metadata;
    dc.add("dc:rights", rights::access_uri(published.files));
    for licence in metadata.rights.iter().filter_map(rights::licence) {
        dc.add("dc:rights", licence.title.as_deref().unwrap_or_default());
        dc.add("dc:rights", licence.url.as_deref().unwrap_or_default());
    }
    dc.text("dc:rights", metadata.copyright.as_deref());
}

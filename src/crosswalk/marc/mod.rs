//! MARC 21 in MARCXML: what library systems load.
//!
//! Fields, indicators and subfields are those of the MARC 21 Format for Bibliographic Data
//! (<https://www.loc.gov/marc/bibliographic/>); the document is one `record` of the MARCXML
//! schema (<https://www.loc.gov/standards/marcxml/schema/MARC21slim.xsd>). Fields come by their
//! first digit, within it as the record has them.

mod agents;
mod field;
mod linking;

use super::links;
use super::names::given_text;
use super::places::{Position, shape};
use super::rights;
use crate::record::date::Edtf;
use crate::record::model::{Funding, Identifier, Subject};
use crate::record::{FilesAccess, Published, identifier, vocabulary};
use field::Fields;

/// The namespace, which is also the profile.
pub const NAMESPACE: &str = "http://www.loc.gov/MARC21/slim";

/// Appends one XML document: declaration and `record`, ending in a line feed.
pub fn write(published: &Published<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    write_element(published, out);
    out.push(b'\n');
}

/// Appends the `record` element alone, for an OAI-PMH response.
pub fn write_element(published: &Published<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(
        b"<record xmlns=\"http://www.loc.gov/MARC21/slim\" \
          xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
          xsi:schemaLocation=\"http://www.loc.gov/MARC21/slim \
          http://www.loc.gov/standards/marcxml/schema/MARC21slim.xsd\">",
    );
    let mut fields = Fields { out };
    control(published, &mut fields);
    numbers(published, &mut fields);
    agents::main_entry(published, &mut fields);
    titles(published, &mut fields);
    notes(published, &mut fields);
    terms_of_use(published, &mut fields);
    subjects(published, &mut fields);
    agents::added_entries(published, &mut fields);
    linking::write(published, &mut fields);
    linking::locations(published, &mut fields);
    local(published, &mut fields);
    out.extend_from_slice(b"\n</record>");
}

/// Leader, 001, 003, 005 and 008.
fn control(published: &Published<'_>, fields: &mut Fields<'_>) {
    let id = published.id();
    fields.leader(&format!("00000n{} a2200000uu 4500", kind(published)));
    fields.control("001", id);
    fields.control("003", &published.repository.oai_namespace);
    let digits = |time: &str| time.chars().filter(char::is_ascii_digit).collect::<String>();
    let updated = digits(published.updated);
    if let Some(second) = updated.get(..14) {
        fields.control("005", &format!("{second}.0"));
    }
    let created = digits(published.created);
    let entered = created.get(2..8).unwrap_or("||||||");
    let date = published.record.metadata.publication_date.as_deref().and_then(Edtf::repair);
    // Single date, or no date known.
    let date = date.map_or("nuuuu".to_owned(), |(date, _)| format!("s{:04}", date.year()));
    fields.control("008", &format!("{entered}{date}    xx {:|<22}", ""));
}

/// Leader 06 and 07: type of record, bibliographic level.
fn kind(published: &Published<'_>) -> &'static str {
    match &*published.record.metadata.resource_type.id {
        "publication-journal" => "as",
        "publication-article" | "publication-datapaper" => "ab",
        "publication-section" | "publication-conferencepaper" => "aa",
        "publication-taxonomictreatment" => "aa",
        "video" => "gm",
        "audio" => "im",
        "physicalobject" | "instrument" => "rm",
        id if id.starts_with("image") => "km",
        id if id.starts_with("publication") => "am",
        "poster" | "presentation" | "lesson" => "am",
        _ => "mm",
    }
}

/// 020 to 041: ISBN, ISSN, other identifiers, coordinates, languages.
fn numbers(published: &Published<'_>, fields: &mut Fields<'_>) {
    let record = published.record;
    let custom = &record.custom_fields;
    let id = &*record.metadata.resource_type.id;
    if matches!(id, "publication-book" | "publication-conferenceproceeding") {
        fields.data("020", "  ", &[('a', number("isbn", custom.imprint.isbn.as_deref()))]);
    }
    if id == "publication-journal" {
        fields.data("022", "  ", &[('a', number("issn", custom.journal.issn.as_deref()))]);
    }
    let doi = published.doi().unwrap_or_default();
    fields.data("024", "7 ", &[('a', doi.into()), ('2', "doi".into())]);
    let oai = record.pids.oai.as_ref().map_or("", |oai| &*oai.identifier);
    fields.data("024", "8 ", &[('a', oai.into())]);
    let swhid = record.swh.swhid.as_deref().unwrap_or_default();
    fields.data("024", "8 ", &[('a', swhid.into()), ('q', "SWHID".into())]);
    record.metadata.identifiers.iter().for_each(|other| alternate(other, fields));
    for feature in &record.metadata.locations.features {
        if let Some(shape) = shape(feature) {
            let (Position { longitude: west, latitude: south }, north_east) = shape.bounds();
            let Position { longitude: east, latitude: north } = north_east;
            let [west, east, north, south] =
                [west, east, north, south].map(|degrees| degrees.to_string().into());
            let bounds = [('d', west), ('e', east), ('f', north), ('g', south)];
            fields.data("034", "0 ", &bounds);
        }
    }
    for language in &record.metadata.languages {
        let code = vocabulary::language(&language.id).map_or("", |language| language.alpha3);
        fields.data("041", " 7", &[('a', code.into()), ('2', "iso639-3".into())]);
    }
}

fn number(scheme: &str, value: Option<&str>) -> std::borrow::Cow<'static, str> {
    let value = given_text(value).unwrap_or_default();
    identifier::normalize(scheme, &value)
        .map(std::borrow::Cow::into_owned)
        .unwrap_or_default()
        .into()
}

/// An alternate identifier: in its own field, or in 024 with the source code that
/// <https://www.loc.gov/standards/sourcelist/standard-identifier.html> has for it.
fn alternate(other: &Identifier<'_>, fields: &mut Fields<'_>) {
    let scheme = other.scheme.as_deref().unwrap_or_default();
    let value = given_text(Some(&other.identifier)).unwrap_or_default();
    let source = match scheme {
        "isbn" => return fields.data("020", "  ", &[('a', value)]),
        "issn" | "eissn" | "lissn" => return fields.data("022", "  ", &[('a', value)]),
        "doi" | "urn" | "ark" => scheme,
        "handle" => "hdl",
        "url" | "purl" | "w3id" => "uri",
        _ => return fields.data("024", "8 ", &[('a', value), ('q', scheme.into())]),
    };
    fields.data("024", "7 ", &[('a', value), ('2', source.into())]);
}

/// 245 to 300: titles, version, publisher, extent.
fn titles(published: &Published<'_>, fields: &mut Fields<'_>) {
    let metadata = &published.record.metadata;
    let custom = &published.record.custom_fields;
    let text = |text: Option<&'_ str>| given_text(text).unwrap_or_default().into_owned();
    let title = text(metadata.title.as_deref());
    // The field is mandatory.
    let title = if title.is_empty() { "[Untitled]".to_owned() } else { title };
    let has_main_entry = agents::has_main_entry(published);
    fields.data("245", if has_main_entry { "10" } else { "00" }, &[('a', title.into())]);
    for other in &metadata.additional_titles {
        let indicators = match other.kind.as_ref().map_or("", |kind| &*kind.id) {
            "translated-title" => "11",
            "subtitle" => "10",
            _ => "1 ",
        };
        fields.data("246", indicators, &[('a', text(Some(&other.title)).into())]);
    }
    fields.data("250", "  ", &[('a', text(custom.imprint.edition.as_deref()).into())]);
    fields.data("250", "  ", &[('a', text(metadata.version.as_deref()).into())]);
    let publisher = metadata.publisher.as_deref().or(published.repository.publisher.as_deref());
    let imprint = [
        ('a', text(custom.imprint.place.as_deref()).into()),
        ('b', text(publisher).into()),
        ('c', text(metadata.publication_date.as_deref()).into()),
    ];
    fields.any("260", "  ", &imprint);
    for size in &metadata.sizes {
        fields.data("300", "  ", &[('a', text(Some(size)).into())]);
    }
    for format in &metadata.formats {
        fields.data("347", "  ", &[('b', text(Some(format)).into())]);
    }
}

/// 490 to 567: descriptions, thesis, references, grants.
fn notes(published: &Published<'_>, fields: &mut Fields<'_>) {
    let metadata = &published.record.metadata;
    let text = |text: Option<&'_ str>| given_text(text).unwrap_or_default().into_owned();
    let thesis = &published.record.custom_fields.thesis;
    let university = text(thesis.university.as_deref());
    if !university.is_empty() {
        let date = metadata.publication_date.as_deref().and_then(Edtf::repair);
        let year = date.map(|(date, _)| date.year().to_string()).unwrap_or_default();
        let subfields = [
            ('b', text(thesis.kind.as_deref()).into()),
            ('c', university.into()),
            ('d', year.into()),
            ('g', text(thesis.department.as_deref()).into()),
        ];
        fields.any("502", "  ", &subfields);
    }
    for reference in &metadata.references {
        fields.data("504", "  ", &[('a', text(Some(&reference.reference)).into())]);
    }
    fields.data("520", "3 ", &[('a', text(metadata.description.as_deref()).into())]);
    for more in &metadata.additional_descriptions {
        let (tag, indicators) = match more.kind.as_ref().map_or("", |kind| &*kind.id) {
            "abstract" => ("520", "3 "),
            "methods" => ("567", "  "),
            "series-information" => ("490", "0 "),
            "table-of-contents" => ("505", "0 "),
            "technical-info" => ("538", "  "),
            _ => ("500", "  "),
        };
        fields.data(tag, indicators, &[('a', text(Some(&more.description)).into())]);
    }
    for feature in &metadata.locations.features {
        fields.data("522", "  ", &[('a', text(feature.place.as_deref()).into())]);
    }
    metadata.funding.iter().for_each(|funding| grant(funding, fields));
}

/// Every grant, with or without a number.
fn grant(funding: &Funding<'_>, fields: &mut Fields<'_>) {
    let text = |text: Option<&'_ str>| given_text(text).unwrap_or_default().into_owned();
    let award = funding.award.as_ref();
    let of = |of: fn(&crate::record::model::Award<'_>) -> Option<String>| {
        award.and_then(of).unwrap_or_default()
    };
    let funder = funding.funder.name.as_deref().or(funding.funder.id.as_deref());
    let subfields = [
        ('a', text(funder).into()),
        ('c', of(|award| given_text(award.number.as_deref()).map(Into::into)).into()),
        ('e', of(|award| given_text(award.program.as_deref()).map(Into::into)).into()),
        ('f', of(|award| given_text(award.title.preferred()).map(Into::into)).into()),
    ];
    fields.any("536", "  ", &subfields);
}

/// 506, 540, 542: access, licences, copyright.
fn terms_of_use(published: &Published<'_>, fields: &mut Fields<'_>) {
    let metadata = &published.record.metadata;
    let (indicators, words) = match published.files {
        FilesAccess::Open => ("0 ", "Open access".into()),
        FilesAccess::Embargoed { until } => ("1 ", format!("Embargoed until {until}")),
        FilesAccess::Restricted => ("1 ", "Restricted access".into()),
        FilesAccess::MetadataOnly => ("1 ", "Metadata only".into()),
    };
    let term = rights::access_uri(published.files);
    fields.data("506", indicators, &[('a', words.into()), ('u', term.into())]);
    for licence in metadata.rights.iter().filter_map(rights::licence) {
        let address = licence.address().unwrap_or_default();
        let title = licence.title.unwrap_or_default();
        fields.any("540", "  ", &[('a', title), ('u', address.into())]);
    }
    let copyright = given_text(metadata.copyright.as_deref()).unwrap_or_default();
    fields.data("542", "  ", &[('f', copyright)]);
}

/// 650, 653, 655: subjects and kind.
fn subjects(published: &Published<'_>, fields: &mut Fields<'_>) {
    let metadata = &published.record.metadata;
    metadata.subjects.iter().for_each(|one| subject(one, fields));
    for legacy in &published.record.custom_fields.legacy_subjects {
        let term = given_text(legacy.term.as_deref()).unwrap_or_default();
        let scheme = legacy.scheme.as_deref();
        let uri = legacy.identifier.as_deref().and_then(|id| links::identifier_url(scheme, id));
        fields.data("650", " 4", &[('a', term), ('1', uri.unwrap_or_default().into())]);
    }
    let kind = vocabulary::resource_type(&metadata.resource_type.id).map_or("", |kind| kind.title);
    fields.data("655", " 4", &[('a', kind.into())]);
}

fn subject(subject: &Subject<'_>, fields: &mut Fields<'_>) {
    let words = given_text(subject.subject.as_deref());
    let Some(id) = subject.id.as_deref() else {
        return fields.data("653", "  ", &[('a', words.unwrap_or_default())]);
    };
    let words = words.or_else(|| given_text(Some(id))).unwrap_or_default();
    let uri = links::identifier_url(None, id).unwrap_or_default();
    let scheme = given_text(subject.scheme.as_deref()).unwrap_or_default().to_lowercase();
    let indicators = if scheme.is_empty() { " 4" } else { " 7" };
    fields.data("650", indicators, &[('a', words), ('1', uri.into()), ('2', scheme.into())]);
}

/// 980: type and communities, where harvesters of Zenodo look for them.
fn local(published: &Published<'_>, fields: &mut Fields<'_>) {
    let id = &*published.record.metadata.resource_type.id;
    let (general, subtype) = id.split_once('-').unwrap_or((id, ""));
    fields.data("980", "  ", &[('a', general.into()), ('b', subtype.into())]);
    for community in &published.record.parent.communities.entries {
        if !community.slug.is_empty() {
            fields.data("980", "  ", &[('a', format!("user-{}", community.slug).into())]);
        }
    }
}

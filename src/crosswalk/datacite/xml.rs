//! DataCite XML, kernel 4, schema 4.7.
//!
//! A direct writer: names are byte literals, text is escaped by runs, nothing is formatted or
//! allocated besides the output. `tests/datacite.rs` holds it against quick-xml's writer.

use std::io::Write as _;

use super::escape::{xml_attribute, xml_text};
use super::model::DataCite;
use super::people::Party;
use super::place::{Degrees, Place, Point, Shape};
use super::related::{RelatedId, RelatedItem};
use super::rights::{Funding, Rights};

const DECLARATION: &[u8] = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

const ROOT: &[u8] = b"<resource xmlns=\"http://datacite.org/schema/kernel-4\" \
    xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
    xsi:schemaLocation=\"http://datacite.org/schema/kernel-4 \
    https://schema.datacite.org/meta/kernel-4.7/metadata.xsd\">";

const WRAPPER: &[u8] = b"<oai_datacite xmlns=\"http://schema.datacite.org/oai/oai-1.1/\" \
    xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
    xsi:schemaLocation=\"http://schema.datacite.org/oai/oai-1.1/ \
    http://schema.datacite.org/oai/oai-1.1/oai.xsd\"><schemaVersion>4.7</schemaVersion>";

impl DataCite<'_> {
    /// Appends a document: XML declaration and `resource`, UTF-8, one line after the
    /// declaration, no line end.
    ///
    /// Valid against the XSD of schema 4.7 for every record.
    pub fn write_xml(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(DECLARATION);
        self.write_resource(out);
    }

    /// Appends an `oai_datacite` element around the `resource`, as OAI-PMH responses and the
    /// archives of Zenodo carry it; no XML declaration.
    ///
    /// `symbol` is the data centre's DataCite account, such as `CERN.ZENODO`.
    pub fn write_oai_datacite(&self, symbol: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(WRAPPER);
        leaf(out, b"<datacentreSymbol>", symbol, b"</datacentreSymbol>");
        out.extend_from_slice(b"<payload>");
        self.write_resource(out);
        out.extend_from_slice(b"</payload></oai_datacite>");
    }

    fn write_resource(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(ROOT);
        self.write_identifier(out);
        list(out, b"<creators>", &self.creators, b"</creators>", |out, creator| {
            out.extend_from_slice(b"<creator><creatorName");
            party(out, creator, b"</creatorName>");
            out.extend_from_slice(b"</creator>");
        });
        list(out, b"<titles>", &self.titles, b"</titles>", |out, title| {
            out.extend_from_slice(b"<title");
            attribute(out, b" titleType=\"", title.kind);
            attribute(out, b" xml:lang=\"", title.language);
            close(out, &title.text, b"</title>");
        });
        leaf(out, b"<publisher>", &self.publisher, b"</publisher>");
        out.extend_from_slice(b"<publicationYear>");
        out.extend_from_slice(&self.year);
        out.extend_from_slice(b"</publicationYear><resourceType");
        attribute(out, b" resourceTypeGeneral=\"", Some(self.resource_type.0));
        close(out, &self.resource_type.1, b"</resourceType>");
        self.write_subjects(out);
        list(out, b"<contributors>", &self.contributors, b"</contributors>", |out, one| {
            out.extend_from_slice(b"<contributor");
            attribute(out, b" contributorType=\"", Some(one.role));
            out.extend_from_slice(b"><contributorName");
            party(out, one, b"</contributorName>");
            out.extend_from_slice(b"</contributor>");
        });
        self.write_dates(out);
        optional(out, b"<language>", self.language, b"</language>");
        self.write_related(out);
        list(out, b"<sizes>", &self.sizes, b"</sizes>", |out, size| {
            leaf(out, b"<size>", size, b"</size>");
        });
        list(out, b"<formats>", &self.formats, b"</formats>", |out, format| {
            leaf(out, b"<format>", format, b"</format>");
        });
        optional(out, b"<version>", self.version.as_deref(), b"</version>");
        list(out, b"<rightsList>", &self.rights, b"</rightsList>", rights);
        list(out, b"<descriptions>", &self.descriptions, b"</descriptions>", |out, one| {
            out.extend_from_slice(b"<description");
            attribute(out, b" descriptionType=\"", Some(one.kind));
            attribute(out, b" xml:lang=\"", one.language);
            close(out, &one.text, b"</description>");
        });
        list(out, b"<geoLocations>", &self.places, b"</geoLocations>", place);
        list(out, b"<fundingReferences>", &self.funding, b"</fundingReferences>", funding);
        out.extend_from_slice(b"</resource>");
    }

    /// The DOI; without one, the landing page: the schema leaves `identifierType` open.
    fn write_identifier(&self, out: &mut Vec<u8>) {
        let landing = self.alternate_ids.first().map_or("", |id| &id.value);
        let (kind, value) = match &self.doi {
            Some(doi) => ("DOI", &**doi),
            None => ("URL", landing),
        };
        out.extend_from_slice(b"<identifier");
        attribute(out, b" identifierType=\"", Some(kind));
        close(out, value, b"</identifier>");
    }

    fn write_subjects(&self, out: &mut Vec<u8>) {
        list(out, b"<subjects>", &self.subjects, b"</subjects>", |out, subject| {
            out.extend_from_slice(b"<subject");
            attribute(out, b" subjectScheme=\"", subject.scheme.as_deref());
            attribute(out, b" valueURI=\"", subject.uri.as_deref());
            close(out, &subject.text, b"</subject>");
        });
    }

    fn write_dates(&self, out: &mut Vec<u8>) {
        list(out, b"<dates>", &self.dates, b"</dates>", |out, date| {
            out.extend_from_slice(b"<date");
            attribute(out, b" dateType=\"", Some(date.kind));
            attribute(out, b" dateInformation=\"", date.information.as_deref());
            close(out, &date.text, b"</date>");
        });
    }

    fn write_related(&self, out: &mut Vec<u8>) {
        let end = b"</alternateIdentifiers>";
        list(out, b"<alternateIdentifiers>", &self.alternate_ids, end, |out, id| {
            out.extend_from_slice(b"<alternateIdentifier");
            attribute(out, b" alternateIdentifierType=\"", Some(&id.kind));
            close(out, &id.value, b"</alternateIdentifier>");
        });
        let end = b"</relatedIdentifiers>";
        list(out, b"<relatedIdentifiers>", &self.related_ids, end, related_id);
        list(out, b"<relatedItems>", &self.related_items, b"</relatedItems>", related_item);
    }
}

/// `<open>text</open>`.
fn leaf(out: &mut Vec<u8>, open: &[u8], text: &str, end: &[u8]) {
    out.extend_from_slice(open);
    xml_text(out, text);
    out.extend_from_slice(end);
}

fn optional(out: &mut Vec<u8>, open: &[u8], text: Option<&str>, end: &[u8]) {
    if let Some(text) = text {
        leaf(out, open, text, end);
    }
}

/// ` name="value"`; `open` holds all up to the quote.
fn attribute(out: &mut Vec<u8>, open: &[u8], value: Option<&str>) {
    if let Some(value) = value {
        out.extend_from_slice(open);
        xml_attribute(out, value);
        out.push(b'"');
    }
}

/// Ends a start tag that took attributes, and writes the rest of the element.
fn close(out: &mut Vec<u8>, text: &str, end: &[u8]) {
    out.push(b'>');
    xml_text(out, text);
    out.extend_from_slice(end);
}

/// A wrapper element; nothing for an empty list.
fn list<T>(
    out: &mut Vec<u8>,
    open: &[u8],
    items: &[T],
    end: &[u8],
    write: impl Fn(&mut Vec<u8>, &T),
) {
    if items.is_empty() {
        return;
    }
    out.extend_from_slice(open);
    for item in items {
        write(out, item);
    }
    out.extend_from_slice(end);
}

/// From the attributes of the name element on; order as the XSD's sequence.
fn party(out: &mut Vec<u8>, party: &Party<'_>, name_end: &[u8]) {
    attribute(out, b" nameType=\"", party.kind);
    close(out, &party.name, name_end);
    optional(out, b"<givenName>", party.given.as_deref(), b"</givenName>");
    optional(out, b"<familyName>", party.family.as_deref(), b"</familyName>");
    for id in &party.ids {
        out.extend_from_slice(b"<nameIdentifier");
        attribute(out, b" nameIdentifierScheme=\"", Some(&id.scheme));
        attribute(out, b" schemeURI=\"", id.scheme_uri);
        out.push(b'>');
        out.extend_from_slice(id.prefix.as_bytes());
        xml_text(out, &id.value);
        out.extend_from_slice(b"</nameIdentifier>");
    }
    for affiliation in &party.affiliations {
        out.extend_from_slice(b"<affiliation");
        if let Some(id) = &affiliation.id {
            out.extend_from_slice(b" affiliationIdentifier=\"");
            out.extend_from_slice(id.prefix.as_bytes());
            xml_attribute(out, &id.value);
            out.push(b'"');
            attribute(out, b" affiliationIdentifierScheme=\"", Some(&id.scheme));
            attribute(out, b" schemeURI=\"", id.scheme_uri);
        }
        close(out, &affiliation.name, b"</affiliation>");
    }
}

fn related_id(out: &mut Vec<u8>, id: &RelatedId<'_>) {
    out.extend_from_slice(b"<relatedIdentifier");
    attribute(out, b" relatedIdentifierType=\"", Some(id.kind));
    attribute(out, b" relationType=\"", Some(id.relation));
    attribute(out, b" relationTypeInformation=\"", id.information.as_deref());
    attribute(out, b" resourceTypeGeneral=\"", id.general);
    close(out, &id.value, b"</relatedIdentifier>");
}

/// Order as the XSD's sequence.
fn related_item(out: &mut Vec<u8>, item: &RelatedItem<'_>) {
    out.extend_from_slice(b"<relatedItem");
    attribute(out, b" relatedItemType=\"", Some(item.kind));
    out.extend_from_slice(b" relationType=\"IsPublishedIn\">");
    if let Some((value, kind)) = &item.id {
        out.extend_from_slice(b"<relatedItemIdentifier");
        attribute(out, b" relatedItemIdentifierType=\"", Some(kind));
        close(out, value, b"</relatedItemIdentifier>");
    }
    leaf(out, b"<titles><title>", &item.title, b"</title></titles>");
    optional(out, b"<volume>", item.volume.as_deref(), b"</volume>");
    optional(out, b"<issue>", item.issue.as_deref(), b"</issue>");
    optional(out, b"<firstPage>", item.first_page.as_deref(), b"</firstPage>");
    optional(out, b"<lastPage>", item.last_page.as_deref(), b"</lastPage>");
    optional(out, b"<edition>", item.edition.as_deref(), b"</edition>");
    out.extend_from_slice(b"</relatedItem>");
}

fn rights(out: &mut Vec<u8>, rights: &Rights<'_>) {
    out.extend_from_slice(b"<rights");
    attribute(out, b" rightsURI=\"", rights.uri.as_deref());
    attribute(out, b" rightsIdentifier=\"", rights.id.as_deref());
    attribute(out, b" rightsIdentifierScheme=\"", rights.scheme.as_deref());
    attribute(out, b" schemeURI=\"", rights.scheme_uri);
    match &rights.text {
        Some(text) => close(out, text, b"</rights>"),
        None => out.extend_from_slice(b"/>"),
    }
}

fn place(out: &mut Vec<u8>, place: &Place<'_>) {
    out.extend_from_slice(b"<geoLocation>");
    optional(out, b"<geoLocationPlace>", place.name.as_deref(), b"</geoLocationPlace>");
    match &place.shape {
        None => {}
        Some(Shape::Point(at)) => point(out, b"<geoLocationPoint>", at, b"</geoLocationPoint>"),
        Some(Shape::Box { west, east, south, north }) => {
            out.extend_from_slice(b"<geoLocationBox>");
            degrees(out, b"<westBoundLongitude>", west, b"</westBoundLongitude>");
            degrees(out, b"<eastBoundLongitude>", east, b"</eastBoundLongitude>");
            degrees(out, b"<southBoundLatitude>", south, b"</southBoundLatitude>");
            degrees(out, b"<northBoundLatitude>", north, b"</northBoundLatitude>");
            out.extend_from_slice(b"</geoLocationBox>");
        }
        Some(Shape::Polygon(ring)) => {
            out.extend_from_slice(b"<geoLocationPolygon>");
            for at in ring {
                point(out, b"<polygonPoint>", at, b"</polygonPoint>");
            }
            out.extend_from_slice(b"</geoLocationPolygon>");
        }
    }
    out.extend_from_slice(b"</geoLocation>");
}

fn point(out: &mut Vec<u8>, open: &[u8], point: &Point, end: &[u8]) {
    out.extend_from_slice(open);
    degrees(out, b"<pointLongitude>", &point.longitude, b"</pointLongitude>");
    degrees(out, b"<pointLatitude>", &point.latitude, b"</pointLatitude>");
    out.extend_from_slice(end);
}

fn degrees(out: &mut Vec<u8>, open: &[u8], degrees: &Degrees, end: &[u8]) {
    out.extend_from_slice(open);
    // Shortest text that reads back as the same number, never an exponent. Writing to memory
    // cannot fail.
    let _ = write!(out, "{}", degrees.0);
    out.extend_from_slice(end);
}

fn funding(out: &mut Vec<u8>, funding: &Funding<'_>) {
    out.extend_from_slice(b"<fundingReference>");
    leaf(out, b"<funderName>", &funding.funder, b"</funderName>");
    if let Some(id) = &funding.funder_id {
        out.extend_from_slice(b"<funderIdentifier");
        attribute(out, b" funderIdentifierType=\"", Some(&id.scheme));
        attribute(out, b" schemeURI=\"", id.scheme_uri);
        out.push(b'>');
        out.extend_from_slice(id.prefix.as_bytes());
        xml_text(out, &id.value);
        out.extend_from_slice(b"</funderIdentifier>");
    }
    if funding.award_number.is_some() || funding.award_uri.is_some() {
        out.extend_from_slice(b"<awardNumber");
        attribute(out, b" awardURI=\"", funding.award_uri.as_deref());
        close(out, funding.award_number.as_deref().unwrap_or(""), b"</awardNumber>");
    }
    optional(out, b"<awardTitle>", funding.award_title.as_deref(), b"</awardTitle>");
    out.extend_from_slice(b"</fundingReference>");
}

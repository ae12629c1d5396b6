//! DataCite JSON in the shape of the 4.5 JSON schema, with the terms of 4.7.

use std::io::Write as _;

use super::escape::{json_inside, json_string};
use super::model::DataCite;
use super::people::Party;
use super::place::{Degrees, Place, Point, Shape};
use super::related::{RelatedId, RelatedItem};
use super::rights::{Funding, Rights};

impl DataCite<'_> {
    /// Appends one JSON object, UTF-8, on one line without line end.
    ///
    /// Keys are those of DataCite's JSON schema; empty lists and absent values are left out.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        object(out, |out| {
            optional(out, b",\"doi\":", self.doi.as_deref());
            out.extend_from_slice(b",\"types\":");
            object(out, |out| {
                member(out, b",\"resourceTypeGeneral\":", self.resource_type.0);
                member(out, b",\"resourceType\":", &self.resource_type.1);
            });
            list(out, b",\"titles\":[", &self.titles, |out, title| {
                member(out, b",\"title\":", &title.text);
                optional(out, b",\"titleType\":", title.kind);
                optional(out, b",\"lang\":", title.language);
            });
            list(out, b",\"creators\":[", &self.creators, party);
            list(out, b",\"contributors\":[", &self.contributors, |out, one| {
                member(out, b",\"contributorType\":", one.role);
                party(out, one);
            });
            out.extend_from_slice(b",\"publisher\":");
            object(out, |out| member(out, b",\"name\":", &self.publisher));
            out.extend_from_slice(b",\"publicationYear\":\"");
            out.extend_from_slice(&self.year);
            out.push(b'"');
            self.write_middle(out);
            list(out, b",\"rightsList\":[", &self.rights, rights);
            list(out, b",\"descriptions\":[", &self.descriptions, |out, one| {
                member(out, b",\"description\":", &one.text);
                member(out, b",\"descriptionType\":", one.kind);
                optional(out, b",\"lang\":", one.language);
            });
            list(out, b",\"geoLocations\":[", &self.places, place);
            list(out, b",\"fundingReferences\":[", &self.funding, funding);
            member(out, b",\"schemaVersion\":", "http://datacite.org/schema/kernel-4");
        });
    }

    /// From `subjects` to `version`.
    fn write_middle(&self, out: &mut Vec<u8>) {
        list(out, b",\"subjects\":[", &self.subjects, |out, subject| {
            member(out, b",\"subject\":", &subject.text);
            optional(out, b",\"subjectScheme\":", subject.scheme.as_deref());
            optional(out, b",\"valueUri\":", subject.uri.as_deref());
        });
        list(out, b",\"dates\":[", &self.dates, |out, date| {
            member(out, b",\"date\":", &date.text);
            member(out, b",\"dateType\":", date.kind);
            optional(out, b",\"dateInformation\":", date.information.as_deref());
        });
        optional(out, b",\"language\":", self.language);
        list(out, b",\"alternateIdentifiers\":[", &self.alternate_ids, |out, id| {
            member(out, b",\"alternateIdentifier\":", &id.value);
            member(out, b",\"alternateIdentifierType\":", &id.kind);
        });
        list(out, b",\"relatedIdentifiers\":[", &self.related_ids, related_id);
        list(out, b",\"relatedItems\":[", &self.related_items, related_item);
        strings(out, b",\"sizes\":[", &self.sizes);
        strings(out, b",\"formats\":[", &self.formats);
        optional(out, b",\"version\":", self.version.as_deref());
    }
}

/// Every member writes a comma before its key; the first one becomes the brace.
#[inline]
fn object(out: &mut Vec<u8>, members: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    members(out);
    match out.get_mut(start) {
        Some(comma) => *comma = b'{',
        None => out.push(b'{'),
    }
    out.push(b'}');
}

/// `key` holds all up to the value: `,"key":`.
fn member(out: &mut Vec<u8>, key: &[u8], value: &str) {
    out.extend_from_slice(key);
    json_string(out, value);
}

fn optional(out: &mut Vec<u8>, key: &[u8], value: Option<&str>) {
    if let Some(value) = value {
        member(out, key, value);
    }
}

/// A list of objects; nothing for an empty one.
fn list<T>(out: &mut Vec<u8>, key: &[u8], items: &[T], members: impl Fn(&mut Vec<u8>, &T)) {
    if items.is_empty() {
        return;
    }
    out.extend_from_slice(key);
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        object(out, |out| members(out, item));
    }
    out.push(b']');
}

fn strings(out: &mut Vec<u8>, key: &[u8], items: &[std::borrow::Cow<'_, str>]) {
    if items.is_empty() {
        return;
    }
    out.extend_from_slice(key);
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        json_string(out, item);
    }
    out.push(b']');
}

/// An identifier behind its resolver, which needs no escaping.
fn prefixed(out: &mut Vec<u8>, key: &[u8], prefix: &str, value: &str) {
    out.extend_from_slice(key);
    out.push(b'"');
    out.extend_from_slice(prefix.as_bytes());
    json_inside(out, value);
    out.push(b'"');
}

fn party(out: &mut Vec<u8>, party: &Party<'_>) {
    member(out, b",\"name\":", &party.name);
    optional(out, b",\"nameType\":", party.kind);
    optional(out, b",\"givenName\":", party.given.as_deref());
    optional(out, b",\"familyName\":", party.family.as_deref());
    list(out, b",\"nameIdentifiers\":[", &party.ids, |out, id| {
        prefixed(out, b",\"nameIdentifier\":", id.prefix, &id.value);
        member(out, b",\"nameIdentifierScheme\":", &id.scheme);
        optional(out, b",\"schemeUri\":", id.scheme_uri);
    });
    list(out, b",\"affiliation\":[", &party.affiliations, |out, affiliation| {
        member(out, b",\"name\":", &affiliation.name);
        if let Some(id) = &affiliation.id {
            prefixed(out, b",\"affiliationIdentifier\":", id.prefix, &id.value);
            member(out, b",\"affiliationIdentifierScheme\":", &id.scheme);
            optional(out, b",\"schemeUri\":", id.scheme_uri);
        }
    });
}

fn related_id(out: &mut Vec<u8>, id: &RelatedId<'_>) {
    member(out, b",\"relatedIdentifier\":", &id.value);
    member(out, b",\"relatedIdentifierType\":", id.kind);
    member(out, b",\"relationType\":", id.relation);
    optional(out, b",\"relationTypeInformation\":", id.information.as_deref());
    optional(out, b",\"resourceTypeGeneral\":", id.general);
}

fn related_item(out: &mut Vec<u8>, item: &RelatedItem<'_>) {
    member(out, b",\"relatedItemType\":", item.kind);
    member(out, b",\"relationType\":", "IsPublishedIn");
    if let Some((value, kind)) = &item.id {
        out.extend_from_slice(b",\"relatedItemIdentifier\":");
        object(out, |out| {
            member(out, b",\"relatedItemIdentifier\":", value);
            member(out, b",\"relatedItemIdentifierType\":", kind);
        });
    }
    list(out, b",\"titles\":[", std::slice::from_ref(&item.title), |out, title| {
        member(out, b",\"title\":", title);
    });
    optional(out, b",\"volume\":", item.volume.as_deref());
    optional(out, b",\"issue\":", item.issue.as_deref());
    optional(out, b",\"firstPage\":", item.first_page.as_deref());
    optional(out, b",\"lastPage\":", item.last_page.as_deref());
    optional(out, b",\"edition\":", item.edition.as_deref());
}

fn rights(out: &mut Vec<u8>, rights: &Rights<'_>) {
    optional(out, b",\"rights\":", rights.text.as_deref());
    optional(out, b",\"rightsUri\":", rights.uri.as_deref());
    optional(out, b",\"rightsIdentifier\":", rights.id.as_deref());
    optional(out, b",\"rightsIdentifierScheme\":", rights.scheme.as_deref());
    optional(out, b",\"schemeUri\":", rights.scheme_uri);
}

fn place(out: &mut Vec<u8>, place: &Place<'_>) {
    optional(out, b",\"geoLocationPlace\":", place.name.as_deref());
    match &place.shape {
        None => {}
        Some(Shape::Point(at)) => {
            out.extend_from_slice(b",\"geoLocationPoint\":");
            object(out, |out| point(out, at));
        }
        Some(Shape::Box { west, east, south, north }) => {
            out.extend_from_slice(b",\"geoLocationBox\":");
            object(out, |out| {
                degrees(out, b",\"westBoundLongitude\":", west);
                degrees(out, b",\"eastBoundLongitude\":", east);
                degrees(out, b",\"southBoundLatitude\":", south);
                degrees(out, b",\"northBoundLatitude\":", north);
            });
        }
        Some(Shape::Polygon(ring)) => {
            list(out, b",\"geoLocationPolygon\":[", ring, |out, at| {
                out.extend_from_slice(b",\"polygonPoint\":");
                object(out, |out| point(out, at));
            });
        }
    }
}

fn point(out: &mut Vec<u8>, point: &Point) {
    degrees(out, b",\"pointLongitude\":", &point.longitude);
    degrees(out, b",\"pointLatitude\":", &point.latitude);
}

fn degrees(out: &mut Vec<u8>, key: &[u8], degrees: &Degrees) {
    out.extend_from_slice(key);
    // A JSON number, shortest form. Writing to memory cannot fail.
    let _ = write!(out, "{}", degrees.0);
}

fn funding(out: &mut Vec<u8>, funding: &Funding<'_>) {
    member(out, b",\"funderName\":", &funding.funder);
    if let Some(id) = &funding.funder_id {
        prefixed(out, b",\"funderIdentifier\":", id.prefix, &id.value);
        member(out, b",\"funderIdentifierType\":", &id.scheme);
    }
    optional(out, b",\"awardNumber\":", funding.award_number.as_deref());
    optional(out, b",\"awardUri\":", funding.award_uri.as_deref());
    optional(out, b",\"awardTitle\":", funding.award_title.as_deref());
}

//! DataCite XML, kernels 2.1 to 4.7 → the structure of DataCite JSON.
//!
//! Kernels differ in what they allow, hardly in what they call it, so one reader serves all;
//! which kernel a document claims does not matter. Wrappers (`oai_datacite`, an OAI-PMH
//! record or response, anything else) are looked through for the one `resource`.

use super::datacite::{
    Affiliation, Alternate, Bounds, Date, Description, Funding, Item, NameIdentifier, Party, Place,
    Point, Polygons, Publisher, Related, RelatedItem, RelatedItemIdentifier, Rights, Subject,
    Title, Types, Word,
};
use super::lenient::{Bare, Many, Scalar};
use super::native::Str;
use super::xml::{self, Element};
use super::{Inbound, InboundOptions, Rejected, datacite_map};
use crate::record::Text;

/// Converts one document.
pub(super) fn convert<'a>(
    text: &'a str,
    options: &InboundOptions<'_>,
) -> Result<Inbound<'a>, Rejected> {
    let root = xml::parse(text)?;
    let mut found = Found::default();
    search(root, &mut found);
    if found.deleted {
        let message = "an OAI-PMH record marked deleted carries no metadata";
        return Err(Rejected::new("header", "deleted", message));
    }
    let Some(resource) = found.resource else {
        return Err(Rejected::new(".", "no-resource", "no DataCite `resource` element"));
    };
    if found.resources > 1 {
        let message = format!("{} `resource` elements; write one per document", found.resources);
        return Err(Rejected::new(".", "several-records", message));
    }
    let mut item = item(resource);
    item.updated = Scalar(found.datestamp);
    datacite_map::convert(item, options)
}

/// What the search through wrappers came upon.
#[derive(Debug, Default)]
struct Found<'a> {
    resource: Option<Element<'a>>,
    resources: usize,
    /// Of the OAI-PMH header.
    datestamp: Option<Str<'a>>,
    deleted: bool,
}

/// Depth is bounded by the parser.
fn search<'a>(element: Element<'a>, found: &mut Found<'a>) {
    if element.name == "resource" {
        found.resources += 1;
        found.resource.get_or_insert(element);
        return;
    }
    if element.name == "header" {
        found.deleted |= element.attribute("status").is_some_and(|status| status == "deleted");
        if let Some(datestamp) = element.child("datestamp") {
            found.datestamp = Some(datestamp.text.clone());
        }
        return;
    }
    for child in element.children {
        search(child, found);
    }
}

fn item<'a>(resource: Element<'a>) -> Item<'a> {
    let mut item = Item::default();
    for element in resource.children {
        match &*element.name {
            "identifier" => item.doi = scalar(element),
            "creators" => item.creators = list(element, "creator", party),
            "titles" => item.titles = list(element, "title", title),
            "publisher" => item.publisher = Bare(Publisher { name: word(element) }),
            "publicationYear" => item.publication_year = scalar(element),
            "subjects" => item.subjects = list(element, "subject", subject),
            "contributors" => item.contributors = list(element, "contributor", party),
            "dates" => item.dates = list(element, "date", |date| date_of(date)),
            "language" => item.language = scalar(element),
            "resourceType" => {
                item.types = Types {
                    resource_type_general: attribute(&element, "resourceTypeGeneral"),
                    resource_type: word(element),
                };
            }
            "alternateIdentifiers" => {
                item.alternate_identifiers = list(element, "alternateIdentifier", alternate);
            }
            "relatedIdentifiers" => {
                item.related_identifiers = list(element, "relatedIdentifier", related);
            }
            "relatedItems" => item.related_items = list(element, "relatedItem", related_item),
            "sizes" => item.sizes = list(element, "size", scalar),
            "formats" => item.formats = list(element, "format", scalar),
            "version" => item.version = scalar(element),
            // Kernel 2 has one `rights` instead of a list.
            "rights" => item.rights_list.0.push(rights(element)),
            "rightsList" => item.rights_list.0.extend(list(element, "rights", rights).0),
            "descriptions" => item.descriptions = list(element, "description", description),
            "geoLocations" => item.geo_locations = list(element, "geoLocation", place),
            "fundingReferences" => {
                item.funding_references = list(element, "fundingReference", funding);
            }
            _ => {}
        }
    }
    item
}

fn list<'a, T>(parent: Element<'a>, name: &str, convert: impl Fn(Element<'a>) -> T) -> Many<T> {
    Many(parent.children.into_iter().filter(|child| child.name == name).map(convert).collect())
}

fn word(element: Element<'_>) -> Word<'_> {
    Some(Text(element.text))
}

fn scalar(element: Element<'_>) -> Scalar<'_> {
    Scalar(Some(element.text))
}

fn attribute<'a>(element: &Element<'a>, name: &str) -> Word<'a> {
    element.attribute(name).cloned().map(Text)
}

fn party(element: Element<'_>) -> Bare<Party<'_>> {
    let mut party =
        Party { contributor_type: attribute(&element, "contributorType"), ..Party::default() };
    for child in element.children {
        match &*child.name {
            "creatorName" | "contributorName" => {
                party.name_type = attribute(&child, "nameType");
                party.name = word(child);
            }
            "givenName" => party.given_name = word(child),
            "familyName" => party.family_name = word(child),
            "nameIdentifier" => party.name_identifiers.0.push(NameIdentifier {
                name_identifier_scheme: attribute(&child, "nameIdentifierScheme"),
                scheme_uri: attribute(&child, "schemeURI"),
                name_identifier: word(child),
            }),
            "affiliation" => party.affiliation.0.push(Bare(Affiliation {
                affiliation_identifier: attribute(&child, "affiliationIdentifier"),
                affiliation_identifier_scheme: attribute(&child, "affiliationIdentifierScheme"),
                name: word(child),
            })),
            _ => {}
        }
    }
    Bare(party)
}

fn title(element: Element<'_>) -> Bare<Title<'_>> {
    Bare(Title {
        title_type: attribute(&element, "titleType"),
        lang: attribute(&element, "lang"),
        title: word(element),
    })
}

fn subject(element: Element<'_>) -> Bare<Subject<'_>> {
    Bare(Subject {
        subject_scheme: attribute(&element, "subjectScheme"),
        value_uri: attribute(&element, "valueURI"),
        value_uri_old: None,
        subject: word(element),
    })
}

fn date_of(element: Element<'_>) -> Date<'_> {
    Date {
        date_type: attribute(&element, "dateType"),
        date_information: attribute(&element, "dateInformation"),
        date: scalar(element),
    }
}

fn alternate(element: Element<'_>) -> Alternate<'_> {
    Alternate {
        alternate_identifier_type: attribute(&element, "alternateIdentifierType"),
        alternate_identifier: word(element),
        ..Alternate::default()
    }
}

fn related(element: Element<'_>) -> Related<'_> {
    Related {
        related_identifier_type: attribute(&element, "relatedIdentifierType"),
        relation_type: attribute(&element, "relationType"),
        resource_type_general: attribute(&element, "resourceTypeGeneral"),
        related_identifier: word(element),
    }
}

fn related_item(element: Element<'_>) -> RelatedItem<'_> {
    let mut item = RelatedItem {
        related_item_type: attribute(&element, "relatedItemType"),
        relation_type: attribute(&element, "relationType"),
        ..RelatedItem::default()
    };
    for child in element.children {
        match &*child.name {
            "relatedItemIdentifier" => {
                item.related_item_identifier = Bare(RelatedItemIdentifier {
                    related_item_identifier_type: attribute(&child, "relatedItemIdentifierType"),
                    related_item_identifier: word(child),
                });
            }
            "titles" => item.titles = list(child, "title", title),
            "volume" => item.volume = scalar(child),
            "issue" => item.issue = scalar(child),
            "firstPage" => item.first_page = scalar(child),
            "lastPage" => item.last_page = scalar(child),
            "edition" => item.edition = scalar(child),
            _ => {}
        }
    }
    item
}

fn rights(element: Element<'_>) -> Bare<Rights<'_>> {
    Bare(Rights {
        rights_uri: attribute(&element, "rightsURI"),
        rights_uri_old: None,
        rights_identifier: attribute(&element, "rightsIdentifier"),
        rights: word(element),
    })
}

fn description(element: Element<'_>) -> Bare<Description<'_>> {
    Bare(Description {
        description_type: attribute(&element, "descriptionType"),
        lang: attribute(&element, "lang"),
        description: word(element),
    })
}

fn funding(element: Element<'_>) -> Funding<'_> {
    let mut funding = Funding::default();
    for child in element.children {
        match &*child.name {
            "funderName" => funding.funder_name = word(child),
            "funderIdentifier" => {
                funding.funder_identifier_type = attribute(&child, "funderIdentifierType");
                funding.funder_identifier = word(child);
            }
            "awardNumber" => {
                funding.award_uri = attribute(&child, "awardURI");
                funding.award_number = scalar(child);
            }
            "awardTitle" => funding.award_title = word(child),
            _ => {}
        }
    }
    funding
}

fn place(element: Element<'_>) -> Place<'_> {
    let mut place = Place::default();
    for child in element.children {
        match &*child.name {
            "geoLocationPlace" => place.geo_location_place = scalar(child),
            "geoLocationPoint" => place.geo_location_point = Bare(point(child)),
            "geoLocationBox" => place.geo_location_box = Bare(bounds(child)),
            // `inPolygonPoint` tells which side of a large polygon is meant; GeoJSON cannot.
            "geoLocationPolygon" => {
                let ring = list(child, "polygonPoint", point);
                let Polygons(rings) = &mut place.geo_location_polygon;
                rings.push(ring.0);
            }
            _ => {}
        }
    }
    place
}

fn point(element: Element<'_>) -> Point<'_> {
    let mut point = Point { text: Some(Text(element.text)), ..Point::default() };
    for child in element.children {
        match &*child.name {
            "pointLongitude" => point.point_longitude = scalar(child),
            "pointLatitude" => point.point_latitude = scalar(child),
            _ => {}
        }
    }
    point
}

fn bounds(element: Element<'_>) -> Bounds<'_> {
    let mut bounds = Bounds { text: Some(Text(element.text)), ..Bounds::default() };
    for child in element.children {
        match &*child.name {
            "westBoundLongitude" => bounds.west_bound_longitude = scalar(child),
            "eastBoundLongitude" => bounds.east_bound_longitude = scalar(child),
            "southBoundLatitude" => bounds.south_bound_latitude = scalar(child),
            "northBoundLatitude" => bounds.north_bound_latitude = scalar(child),
            _ => {}
        }
    }
    bounds
}

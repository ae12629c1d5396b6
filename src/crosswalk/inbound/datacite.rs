//! A DataCite item: the one structure that DataCite JSON and DataCite XML are both read into,
//! so that the two can never disagree about what a field becomes.
//!
//! The structure is that of DataCite JSON in all its generations (REST API v1 and v2, the
//! public data file, the JSON schemas 4.0 to 4.6 of `inveniosoftware/datacite`); the XML
//! reader fills it field by field. Nothing is interpreted here.

use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::lenient::{Bare, FromText, Many, Scalar};
use crate::record::Text;

pub(super) type Word<'a> = Option<Text<'a>>;

/// `null` as the type's default.
fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// The item.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(super) struct Item<'a> {
    pub(super) doi: Scalar<'a>,
    /// In plain JSON the address of the DOI.
    pub(super) id: Scalar<'a>,
    /// Schema 4.0 JSON: `{"identifier": …, "identifierType": "DOI"}`.
    #[serde(deserialize_with = "nullable")]
    pub(super) identifier: Bare<Alternate<'a>>,
    /// `draft`, `registered`, `findable`; only in REST API objects.
    pub(super) state: Scalar<'a>,
    pub(super) created: Scalar<'a>,
    pub(super) updated: Scalar<'a>,
    pub(super) titles: Many<Bare<Title<'a>>>,
    pub(super) creators: Many<Bare<Party<'a>>>,
    /// Instead of `creators` in some answers of the REST API of 2018.
    pub(super) creator: Many<Bare<Party<'a>>>,
    pub(super) contributors: Many<Bare<Party<'a>>>,
    #[serde(deserialize_with = "nullable")]
    pub(super) publisher: Bare<Publisher<'a>>,
    pub(super) publication_year: Scalar<'a>,
    #[serde(deserialize_with = "nullable")]
    pub(super) types: Types<'a>,
    /// Schema 4.0 JSON and XML say `resourceType`.
    #[serde(deserialize_with = "nullable")]
    pub(super) resource_type: Bare<Types<'a>>,
    pub(super) subjects: Many<Bare<Subject<'a>>>,
    pub(super) dates: Many<Date<'a>>,
    pub(super) language: Scalar<'a>,
    /// REST API: alternates and the DOI itself.
    pub(super) identifiers: Many<Alternate<'a>>,
    pub(super) alternate_identifiers: Many<Alternate<'a>>,
    pub(super) related_identifiers: Many<Related<'a>>,
    pub(super) related_items: Many<RelatedItem<'a>>,
    pub(super) sizes: Many<Scalar<'a>>,
    pub(super) formats: Many<Scalar<'a>>,
    pub(super) version: Scalar<'a>,
    pub(super) rights_list: Many<Bare<Rights<'a>>>,
    pub(super) descriptions: Many<Bare<Description<'a>>>,
    pub(super) geo_locations: Many<Place<'a>>,
    pub(super) funding_references: Many<Funding<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(super) struct Title<'a> {
    pub(super) title: Word<'a>,
    pub(super) title_type: Word<'a>,
    pub(super) lang: Word<'a>,
}

/// A creator or contributor.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(super) struct Party<'a> {
    pub(super) name: Word<'a>,
    /// Schema 4.0 JSON.
    pub(super) creator_name: Word<'a>,
    /// Schema 4.0 JSON.
    pub(super) contributor_name: Word<'a>,
    /// Some harvests, when the source had no `name`.
    #[serde(rename = "full_name")]
    pub(super) full_name: Word<'a>,
    /// Some harvests, when the source had no `name`.
    #[serde(rename = "raw_name")]
    pub(super) raw_name: Word<'a>,
    pub(super) name_type: Word<'a>,
    pub(super) given_name: Word<'a>,
    pub(super) family_name: Word<'a>,
    pub(super) name_identifiers: Many<NameIdentifier<'a>>,
    /// Instead of `nameIdentifiers`, an ORCID address, where `creators` is called `creator`.
    pub(super) id: Word<'a>,
    /// A string, strings or objects.
    pub(super) affiliation: Many<Bare<Affiliation<'a>>>,
    /// Schema 4.0 JSON.
    pub(super) affiliations: Many<Bare<Affiliation<'a>>>,
    pub(super) contributor_type: Word<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(super) struct NameIdentifier<'a> {
    pub(super) name_identifier: Word<'a>,
    pub(super) name_identifier_scheme: Word<'a>,
    pub(super) scheme_uri: Word<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(super) struct Affiliation<'a> {
    pub(super) name: Word<'a>,
    pub(super) affiliation_identifier: Word<'a>,
    pub(super) affiliation_identifier_scheme: Word<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(super) struct Publisher<'a> {
    pub(super) name: Word<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(super) struct Types<'a> {
    pub(super) resource_type_general: Word<'a>,
    pub(super) resource_type: Word<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(super) struct Subject<'a> {
    pub(super) subject: Word<'a>,
    pub(super) subject_scheme: Word<'a>,
    pub(super) value_uri: Word<'a>,
    #[serde(rename = "valueURI")]
    pub(super) value_uri_old: Word<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(super) struct Date<'a> {
    pub(super) date: Scalar<'a>,
    pub(super) date_type: Word<'a>,
    pub(super) date_information: Word<'a>,
}

/// Of `identifiers` or of `alternateIdentifiers`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(super) struct Alternate<'a> {
    pub(super) identifier: Word<'a>,
    pub(super) identifier_type: Word<'a>,
    pub(super) alternate_identifier: Word<'a>,
    pub(super) alternate_identifier_type: Word<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(super) struct Related<'a> {
    pub(super) related_identifier: Word<'a>,
    pub(super) related_identifier_type: Word<'a>,
    pub(super) relation_type: Word<'a>,
    pub(super) resource_type_general: Word<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(super) struct RelatedItem<'a> {
    pub(super) related_item_type: Word<'a>,
    pub(super) relation_type: Word<'a>,
    #[serde(deserialize_with = "nullable")]
    pub(super) related_item_identifier: Bare<RelatedItemIdentifier<'a>>,
    pub(super) titles: Many<Bare<Title<'a>>>,
    pub(super) volume: Scalar<'a>,
    pub(super) issue: Scalar<'a>,
    pub(super) first_page: Scalar<'a>,
    pub(super) last_page: Scalar<'a>,
    pub(super) edition: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(super) struct RelatedItemIdentifier<'a> {
    pub(super) related_item_identifier: Word<'a>,
    pub(super) related_item_identifier_type: Word<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(super) struct Rights<'a> {
    pub(super) rights: Word<'a>,
    pub(super) rights_uri: Word<'a>,
    #[serde(rename = "rightsURI")]
    pub(super) rights_uri_old: Word<'a>,
    pub(super) rights_identifier: Word<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(super) struct Description<'a> {
    pub(super) description: Word<'a>,
    pub(super) description_type: Word<'a>,
    pub(super) lang: Word<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(super) struct Funding<'a> {
    pub(super) funder_name: Word<'a>,
    pub(super) funder_identifier: Word<'a>,
    pub(super) funder_identifier_type: Word<'a>,
    pub(super) award_number: Scalar<'a>,
    pub(super) award_uri: Word<'a>,
    #[serde(rename = "awardURI")]
    pub(super) award_uri_old: Word<'a>,
    pub(super) award_title: Word<'a>,
}

/// A geoLocation: a name, shapes, or both.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(super) struct Place<'a> {
    pub(super) geo_location_place: Scalar<'a>,
    #[serde(deserialize_with = "nullable")]
    pub(super) geo_location_point: Bare<Point<'a>>,
    #[serde(deserialize_with = "nullable")]
    pub(super) geo_location_box: Bare<Bounds<'a>>,
    pub(super) geo_location_polygon: Polygons<'a>,
}

/// Degrees as text or numbers; before schema 4.0 one text, latitude first.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(super) struct Point<'a> {
    pub(super) point_longitude: Scalar<'a>,
    pub(super) point_latitude: Scalar<'a>,
    #[serde(skip)]
    pub(super) text: Word<'a>,
}

/// Degrees as text or numbers; before schema 4.0 one text: south-west, north-east corner.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(super) struct Bounds<'a> {
    pub(super) west_bound_longitude: Scalar<'a>,
    pub(super) east_bound_longitude: Scalar<'a>,
    pub(super) south_bound_latitude: Scalar<'a>,
    pub(super) north_bound_latitude: Scalar<'a>,
    #[serde(skip)]
    pub(super) text: Word<'a>,
}

macro_rules! from_text {
    ($($type:ident.$field:ident),* $(,)?) => {$(
        impl<'de: 'a, 'a> FromText<'de> for $type<'a> {
            fn from_text(text: Text<'de>) -> Self {
                let mut value = $type::default();
                value.$field = Some(text);
                value
            }
        }
    )*};
}

from_text! {
    Title.title, Party.name, Affiliation.name, Publisher.name, Types.resource_type,
    Subject.subject, Alternate.identifier, Rights.rights, Description.description, Point.text,
    Bounds.text, RelatedItemIdentifier.related_item_identifier,
}

/// Outer rings. JSON has a list of `{"polygonPoint": …}` for one polygon, a list of such
/// lists for several, or one object holding the list.
#[derive(Debug, Default)]
pub(super) struct Polygons<'a>(pub(super) Vec<Vec<Point<'a>>>);

impl<'de: 'a, 'a> Deserialize<'de> for Polygons<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut rings = Vec::new();
        match Option::<Node<'de>>::deserialize(deserializer)? {
            Some(Node::Point(point)) => rings.push(vec![point]),
            Some(Node::List(nodes)) => collect(nodes, &mut rings),
            Some(Node::Nothing) | None => {}
        }
        Ok(Polygons(rings))
    }
}

/// Points that stand side by side make a ring; a list among them is a ring of its own.
fn collect<'a>(nodes: Vec<Node<'a>>, rings: &mut Vec<Vec<Point<'a>>>) {
    let mut ring = Vec::new();
    for node in nodes {
        match node {
            Node::Point(point) => ring.push(point),
            Node::List(nodes) => collect(nodes, rings),
            Node::Nothing => {}
        }
    }
    if !ring.is_empty() {
        rings.push(ring);
    }
}

/// What a polygon is made of, with the object keys that only wrap left out.
enum Node<'a> {
    Point(Point<'a>),
    List(Vec<Node<'a>>),
    Nothing,
}

impl<'de> Deserialize<'de> for Node<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NodeVisitor;

        impl<'de> Visitor<'de> for NodeVisitor {
            type Value = Node<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a polygon")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut nodes = Vec::new();
                while let Some(node) = seq.next_element()? {
                    nodes.push(node);
                }
                Ok(Node::List(nodes))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut point = Point::default();
                let mut inner = Vec::new();
                while let Some(key) = map.next_key::<Text<'de>>()? {
                    match key.as_str() {
                        "pointLongitude" => point.point_longitude = map.next_value()?,
                        "pointLatitude" => point.point_latitude = map.next_value()?,
                        "polygonPoint" | "polygonPoints" => inner.push(map.next_value()?),
                        _ => drop(map.next_value::<serde::de::IgnoredAny>()?),
                    }
                }
                match inner.pop() {
                    Some(node) if inner.is_empty() => Ok(node),
                    Some(node) => {
                        inner.push(node);
                        Ok(Node::List(inner))
                    }
                    None if point.point_longitude.0.is_some() => Ok(Node::Point(point)),
                    None => Ok(Node::Nothing),
                }
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Node::Nothing)
            }

            fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
                Ok(Node::Nothing)
            }
        }

        deserializer.deserialize_any(NodeVisitor)
    }
}

//! The places of a record as GeoJSON (RFC 7946).
//!
//! Unlike the other formats, which reduce geometry to points and boxes
//! ([`places`](super::places)), this one keeps every geometry that RFC 7946 knows. What a source
//! got wrong is put right where the meaning is certain: an open ring is closed, a ring wound the
//! wrong way is turned (§3.1.6). A geometry that is not on Earth or not readable becomes `null`:
//! an unlocated feature (§3.2) that keeps its name.

use serde::Deserialize;
use serde_json::Value;

use super::json_text::JsonText;
use super::links;
use super::names::given_text;
use crate::record::Published;
use crate::record::model::{Feature, Identifier};

/// Appends a `FeatureCollection` as one JSON object on one line, features in record order.
pub fn write(published: &Published<'_>, out: &mut Vec<u8>) {
    JsonText::new(out).object(|json| {
        json.text("type", "FeatureCollection");
        json.key("features").array(|json| {
            for feature in &published.record.metadata.locations.features {
                let geometry = geometry(feature);
                if geometry.is_some() || says_something(feature) {
                    write_feature(feature, geometry.as_ref(), json);
                }
            }
        });
    });
}

/// Whether the record has a place that says anything.
pub fn has_places(published: &Published<'_>) -> bool {
    let mut features = published.record.metadata.locations.features.iter();
    features.any(|feature| says_something(feature) || geometry(feature).is_some())
}

fn says_something(feature: &Feature<'_>) -> bool {
    given_text(feature.place.as_deref()).is_some()
        || given_text(feature.description.as_deref()).is_some()
        || feature.identifiers.iter().any(|id| !id.identifier.is_empty())
}

fn write_feature(feature: &Feature<'_>, geometry: Option<&Geometry>, json: &mut JsonText<'_>) {
    json.object(|json| {
        json.text("type", "Feature");
        json.key("geometry");
        match geometry {
            Some(geometry) => geometry.write(json),
            None => json.null(),
        }
        json.key("properties").object(|json| {
            json.some_text("place", given_text(feature.place.as_deref()).as_deref());
            json.some_text("description", given_text(feature.description.as_deref()).as_deref());
            let known = feature.identifiers.iter().filter(|i| !i.identifier.is_empty());
            json.some_array("identifiers", known, identifier);
        });
    });
}

fn identifier(id: &Identifier<'_>, json: &mut JsonText<'_>) {
    json.object(|json| {
        json.some_text("scheme", id.scheme.as_deref());
        json.text("identifier", &id.identifier);
        let url = links::identifier_url(id.scheme.as_deref(), &id.identifier);
        json.some_text("url", url.as_deref());
    });
}

/// Longitude, latitude in degrees, and the altitude in metres if there is one.
#[derive(Debug, Clone, PartialEq)]
struct Position {
    longitude: f64,
    latitude: f64,
    altitude: Option<f64>,
}

type Ring = Vec<Position>;

/// A geometry whose every position is on Earth, with as many positions as its type demands.
#[derive(Debug, Clone, PartialEq)]
enum Geometry {
    Point(Position),
    MultiPoint(Vec<Position>),
    LineString(Vec<Position>),
    MultiLineString(Vec<Vec<Position>>),
    Polygon(Vec<Ring>),
    MultiPolygon(Vec<Vec<Ring>>),
    Collection(Vec<Geometry>),
}

#[derive(Deserialize)]
struct Given {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    coordinates: Value,
    #[serde(default)]
    geometries: Vec<Value>,
}

fn geometry(feature: &Feature<'_>) -> Option<Geometry> {
    Geometry::read(serde_json::from_str(feature.geometry?.get()).ok()?)
}

impl Geometry {
    /// The depth of nested collections is bounded by the JSON parser.
    fn read(given: Given) -> Option<Geometry> {
        let coordinates = &given.coordinates;
        Some(match given.kind.as_str() {
            "Point" => Geometry::Point(position(coordinates)?),
            "MultiPoint" => Geometry::MultiPoint(some(coordinates, position)?),
            "LineString" => Geometry::LineString(line(coordinates)?),
            "MultiLineString" => Geometry::MultiLineString(some(coordinates, line)?),
            "Polygon" => Geometry::Polygon(polygon(coordinates)?),
            "MultiPolygon" => Geometry::MultiPolygon(some(coordinates, polygon)?),
            "GeometryCollection" => {
                let inner = given.geometries.into_iter();
                let inner = inner.map(|one| Geometry::read(serde_json::from_value(one).ok()?));
                let inner: Vec<Geometry> = inner.collect::<Option<_>>()?;
                (!inner.is_empty()).then_some(Geometry::Collection(inner))?
            }
            _ => return None,
        })
    }

    fn write(&self, json: &mut JsonText<'_>) {
        json.object(|json| {
            json.text("type", self.kind());
            if let Geometry::Collection(inner) = self {
                json.key("geometries").array(|json| inner.iter().for_each(|one| one.write(json)));
                return;
            }
            json.key("coordinates");
            match self {
                Geometry::Point(position) => position.write(json),
                Geometry::MultiPoint(all) | Geometry::LineString(all) => positions(all, json),
                Geometry::MultiLineString(all) | Geometry::Polygon(all) => {
                    json.array(|json| all.iter().for_each(|one| positions(one, json)));
                }
                Geometry::MultiPolygon(all) => json.array(|json| {
                    for polygon in all {
                        json.array(|json| polygon.iter().for_each(|ring| positions(ring, json)));
                    }
                }),
                Geometry::Collection(_) => (),
            }
        });
    }

    const fn kind(&self) -> &'static str {
        match self {
            Geometry::Point(_) => "Point",
            Geometry::MultiPoint(_) => "MultiPoint",
            Geometry::LineString(_) => "LineString",
            Geometry::MultiLineString(_) => "MultiLineString",
            Geometry::Polygon(_) => "Polygon",
            Geometry::MultiPolygon(_) => "MultiPolygon",
            Geometry::Collection(_) => "GeometryCollection",
        }
    }
}

impl Position {
    fn write(&self, json: &mut JsonText<'_>) {
        json.array(|json| {
            json.decimal(self.longitude);
            json.decimal(self.latitude);
            if let Some(altitude) = self.altitude {
                json.decimal(altitude);
            }
        });
    }
}

fn positions(all: &[Position], json: &mut JsonText<'_>) {
    json.array(|json| all.iter().for_each(|position| position.write(json)));
}

fn position(value: &Value) -> Option<Position> {
    let [longitude, latitude, rest @ ..] = value.as_array()?.as_slice() else { return None };
    let (longitude, latitude) = (longitude.as_f64()?, latitude.as_f64()?);
    let on_earth = (-180.0..=180.0).contains(&longitude) && (-90.0..=90.0).contains(&latitude);
    let altitude = rest.first().and_then(Value::as_f64);
    on_earth.then_some(Position { longitude, latitude, altitude })
}

/// A list that is neither empty nor holds anything unreadable.
fn some<T>(value: &Value, read: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    let all: Vec<T> = value.as_array()?.iter().map(read).collect::<Option<_>>()?;
    (!all.is_empty()).then_some(all)
}

fn line(value: &Value) -> Option<Vec<Position>> {
    some(value, position).filter(|line| line.len() >= 2)
}

fn polygon(value: &Value) -> Option<Vec<Ring>> {
    let mut rings = some(value, ring)?;
    for (index, ring) in rings.iter_mut().enumerate() {
        // The outer ring runs counterclockwise, holes clockwise.
        if (signed_area(ring) < 0.0) == (index == 0) {
            ring.reverse();
        }
    }
    Some(rings)
}

fn ring(value: &Value) -> Option<Ring> {
    let mut ring = some(value, position)?;
    if ring.first() != ring.last() {
        ring.push(ring.first()?.clone());
    }
    (ring.len() >= 4).then_some(ring)
}

/// Twice the area on a flat map, positive for a ring that runs counterclockwise.
fn signed_area(ring: &Ring) -> f64 {
    let edges = ring.iter().zip(ring.iter().skip(1));
    edges.map(|(a, b)| a.longitude * b.latitude - b.longitude * a.latitude).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(given: &str, expected: &str) {
        let json = format!(r#"{{"geometry":{given}}}"#);
        let feature: Feature<'_> = serde_json::from_str(&json).unwrap();
        let mut out = Vec::new();
        match geometry(&feature) {
            Some(geometry) => geometry.write(&mut JsonText::new(&mut out)),
            None => out.extend_from_slice(b"null"),
        }
        assert_eq!(String::from_utf8(out).unwrap(), expected, "{given}");
    }

    #[test]
    fn keeps_and_repairs_geometry() {
        let same = |geometry: &str| check(geometry, geometry);
        same(r#"{"type":"Point","coordinates":[6.15,46.2]}"#);
        same(r#"{"type":"Point","coordinates":[6.15,46.2,372]}"#);
        same(r#"{"type":"MultiPoint","coordinates":[[1,2],[3,4]]}"#);
        same(r#"{"type":"LineString","coordinates":[[1,2],[3,4]]}"#);
        same(r#"{"type":"MultiLineString","coordinates":[[[1,2],[3,4]]]}"#);
        same(r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}"#);
        same(
            r#"{"type":"Polygon","coordinates":[[[0,0],[9,0],[9,9],[0,0]],[[2,1],[3,2],[3,1],[2,1]]]}"#,
        );
        same(r#"{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]]]}"#);
        same(
            r#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]}]}"#,
        );
        // Wound the other way; not closed; both.
        check(
            r#"{"type":"Polygon","coordinates":[[[0,0],[1,1],[1,0]]]}"#,
            r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}"#,
        );
        for nothing in [
            "null",
            "[]",
            r#"{"type":"Point","coordinates":[]}"#,
            r#"{"type":"Point","coordinates":["6","46"]}"#,
            r#"{"type":"Point","coordinates":[46.2,190]}"#,
            r#"{"type":"LineString","coordinates":[[1,2]]}"#,
            r#"{"type":"Polygon","coordinates":[[[0,0],[1,1]]]}"#,
            r#"{"type":"GeometryCollection","geometries":[]}"#,
            r#"{"type":"GeometryCollection","geometries":[{"type":"Point"}]}"#,
            r#"{"type":"Circle","coordinates":[1,2]}"#,
        ] {
            check(nothing, "null");
        }
    }
}

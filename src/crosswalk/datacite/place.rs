//! Geographic locations: GeoJSON geometry into points, boxes and polygons.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::value::{optional, unique};
use crate::record::model::{Feature, Locations};

/// A coordinate, finite and in range.
#[derive(Debug, Clone, Copy)]
pub(super) struct Degrees(pub(super) f64);

impl Ord for Degrees {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Degrees {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Degrees {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Degrees {}

impl Degrees {
    /// Within ±`limit`; negative zero becomes zero.
    fn new(value: f64, limit: f64) -> Option<Degrees> {
        (value.abs() <= limit).then_some(Degrees(value + 0.0))
    }
}

/// Longitude in ±180, latitude in ±90.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Point {
    pub(super) longitude: Degrees,
    pub(super) latitude: Degrees,
}

/// What DataCite can draw.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shape {
    Point(Point),
    /// Parallel to the axes.
    Box {
        west: Degrees,
        east: Degrees,
        south: Degrees,
        north: Degrees,
    },
    /// Outer ring, at least four points, closed.
    Polygon(Vec<Point>),
}

/// A place: a name, a shape, or both.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place<'a> {
    pub(super) name: Option<Cow<'a, str>>,
    pub(super) shape: Option<Shape>,
}

/// Every place that has a name or a shape within range.
pub(super) fn places<'a>(locations: &'a Locations<'_>) -> Vec<Place<'a>> {
    let place = |feature: &'a Feature<'_>| {
        let name = optional(&feature.place);
        let shape = feature.geometry.and_then(shape);
        (name.is_some() || shape.is_some()).then_some(Place { name, shape })
    };
    let mut all: Vec<Place<'a>> = locations.features.iter().filter_map(place).collect();
    unique(&mut all);
    all
}

#[derive(Deserialize)]
struct Geometry<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    coordinates: &'a RawValue,
}

/// Geometries other than Point and Polygon, and coordinates out of range or of another
/// shape, give nothing: a wrong place is worse than none.
fn shape(geometry: &RawValue) -> Option<Shape> {
    let geometry: Geometry<'_> = serde_json::from_str(geometry.get()).ok()?;
    let coordinates = geometry.coordinates.get();
    match &*geometry.kind {
        "Point" => {
            let position: Vec<f64> = serde_json::from_str(coordinates).ok()?;
            Some(Shape::Point(point(&position)?))
        }
        "Polygon" => {
            let rings: Vec<Vec<Vec<f64>>> = serde_json::from_str(coordinates).ok()?;
            let ring = rings.first()?.iter().map(|position| point(position));
            polygon(ring.collect::<Option<Vec<Point>>>()?)
        }
        _ => None,
    }
}

/// Longitude, latitude; an altitude is dropped.
fn point(position: &[f64]) -> Option<Point> {
    let (&longitude, &latitude) = (position.first()?, position.get(1)?);
    Some(Point {
        longitude: Degrees::new(longitude, 180.0)?,
        latitude: Degrees::new(latitude, 90.0)?,
    })
}

/// A box if the ring is one; else the ring, closed, if it has the four points that the
/// schema asks for.
fn polygon(mut ring: Vec<Point>) -> Option<Shape> {
    if let Some(shape) = as_box(&ring) {
        return Some(shape);
    }
    if ring.first() != ring.last() {
        ring.push(ring[0]);
    }
    (ring.len() >= 4).then_some(Shape::Polygon(ring))
}

/// Four corners in ring order, each side along one axis.
fn as_box(ring: &[Point]) -> Option<Shape> {
    let corners = match ring {
        [a, b, c, d] => [a, b, c, d],
        [a, b, c, d, e] if a == e => [a, b, c, d],
        _ => return None,
    };
    let (a, c) = (corners[0], corners[2]);
    if a.longitude == c.longitude || a.latitude == c.latitude {
        return None;
    }
    let across = |one: &Point, other: &Point| {
        (one.longitude, one.latitude) == (a.longitude, c.latitude)
            && (other.longitude, other.latitude) == (c.longitude, a.latitude)
    };
    if !across(corners[1], corners[3]) && !across(corners[3], corners[1]) {
        return None;
    }
    Some(Shape::Box {
        west: a.longitude.min(c.longitude),
        east: a.longitude.max(c.longitude),
        south: a.latitude.min(c.latitude),
        north: a.latitude.max(c.latitude),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(json: &str) -> Option<String> {
        let raw: &RawValue = serde_json::from_str(json).unwrap();
        let brief = |p: &Point| format!("{} {}", p.longitude.0, p.latitude.0);
        shape(raw).map(|shape| match shape {
            Shape::Point(p) => format!("point {}", brief(&p)),
            Shape::Box { west, east, south, north } => {
                format!("box {} {} {} {}", west.0, east.0, south.0, north.0)
            }
            Shape::Polygon(ring) => {
                format!("ring {}", ring.iter().map(brief).collect::<Vec<_>>().join(", "))
            }
        })
    }

    #[test]
    fn shapes() {
        let check = |json: &str, expect: Option<&str>| {
            assert_eq!(parsed(json).as_deref(), expect, "{json}")
        };
        check(r#"{"type":"Point","coordinates":[6.05, 46.23]}"#, Some("point 6.05 46.23"));
        check(r#"{"type":"Point","coordinates":[-0.0, 0, 400]}"#, Some("point 0 0"));
        check(r#"{"type":"Point","coordinates":[180, -90]}"#, Some("point 180 -90"));
        check(r#"{"type":"Point","coordinates":[180.0001, 0]}"#, None);
        check(r#"{"type":"Point","coordinates":[0, 1e300]}"#, None);
        check(r#"{"type":"Point","coordinates":["6", "46"]}"#, None);
        check(r#"{"type":"Point","coordinates":[6]}"#, None);
        check(r#"{"type":"Point"}"#, None);
        check(r#"{"type":"MultiPoint","coordinates":[[6,46]]}"#, None);
        check(r#"[]"#, None);
    }

    #[test]
    fn rings() {
        let check = |ring: &str, expect: Option<&str>| {
            let json = format!(r#"{{"type":"Polygon","coordinates":[{ring}]}}"#);
            assert_eq!(parsed(&json).as_deref(), expect, "{ring}");
        };
        check("[[1,2],[3,2],[3,4],[1,4],[1,2]]", Some("box 1 3 2 4"));
        check("[[3,4],[3,2],[1,2],[1,4]]", Some("box 1 3 2 4"));
        // Two distinct values on each axis, and no box: the ring crosses itself.
        check("[[1,2],[3,4],[3,2],[1,4]]", Some("ring 1 2, 3 4, 3 2, 1 4, 1 2"));
        check("[[0,0],[5,0],[5,5]]", Some("ring 0 0, 5 0, 5 5, 0 0"));
        check(
            "[[0,0],[5,0],[5,5],[0,0]], [[1,1],[2,1],[2,2],[1,1]]",
            Some("ring 0 0, 5 0, 5 5, 0 0"),
        );
        check("[[0,0],[5,0],[0,0]]", None);
        check("[[0,0],[5,0],[5,95],[0,0]]", None);
        check("[[0,0],[5,0]]", None);
        check("[]", None);
    }
}

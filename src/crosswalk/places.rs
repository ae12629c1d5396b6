//! Geometry of `metadata.locations`, reduced to what metadata formats can say.

use serde::Deserialize;
use serde_json::Value;

use crate::record::model::Feature;

/// A place on Earth. Degrees, WGS 84.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// One point.
    Point(Position),
    /// A closed ring: at least four positions, first and last equal.
    Polygon(Vec<Position>),
    /// The bounds of anything else.
    Bounds {
        /// Least longitude and latitude.
        south_west: Position,
        /// Greatest longitude and latitude.
        north_east: Position,
    },
}

impl Shape {
    /// South-west and north-east corner of the smallest box around the shape.
    pub fn bounds(&self) -> (Position, Position) {
        match self {
            Shape::Point(position) => (*position, *position),
            Shape::Bounds { south_west, north_east } => (*south_west, *north_east),
            Shape::Polygon(ring) => corners(ring).unwrap_or_default(),
        }
    }
}

/// A position. GeoJSON writes longitude first (RFC 7946 §3.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Position {
    /// −180 to 180.
    pub longitude: f64,
    /// −90 to 90.
    pub latitude: f64,
}

/// The shape of a feature, `None` without a readable geometry on Earth.
///
/// A polygon is its outer ring. Lines and collections are reduced to their bounds.
pub fn shape(feature: &Feature<'_>) -> Option<Shape> {
    let geometry: Geometry = serde_json::from_str(feature.geometry?.get()).ok()?;
    let coordinates = geometry.coordinates;
    match geometry.kind.as_str() {
        "Point" => position(&coordinates).map(Shape::Point),
        "Polygon" => {
            let ring = coordinates.as_array()?.first()?.as_array()?;
            let ring: Vec<Position> = ring.iter().map(position).collect::<Option<_>>()?;
            if ring.len() >= 4 && ring.first() == ring.last() {
                Some(Shape::Polygon(ring))
            } else {
                bounds(&ring)
            }
        }
        "GeometryCollection" => {
            let mut all = Vec::new();
            for member in &geometry.geometries {
                positions(member.get("coordinates")?, &mut all)?;
            }
            bounds(&all)
        }
        _ => {
            let mut all = Vec::new();
            positions(&coordinates, &mut all)?;
            bounds(&all)
        }
    }
}

#[derive(Deserialize)]
struct Geometry {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    coordinates: Value,
    #[serde(default)]
    geometries: Vec<Value>,
}

fn position(value: &Value) -> Option<Position> {
    let [longitude, latitude, ..] = value.as_array()?.as_slice() else { return None };
    let (longitude, latitude) = (longitude.as_f64()?, latitude.as_f64()?);
    let on_earth = (-180.0..=180.0).contains(&longitude) && (-90.0..=90.0).contains(&latitude);
    on_earth.then_some(Position { longitude, latitude })
}

/// Collects positions at any depth; serde_json has bounded the depth. `None` if one is bad.
fn positions(value: &Value, all: &mut Vec<Position>) -> Option<()> {
    let items = value.as_array()?;
    if items.first().is_some_and(Value::is_number) {
        all.push(position(value)?);
        return Some(());
    }
    items.iter().try_for_each(|item| positions(item, all))
}

/// The shape that stands for any set of positions.
fn bounds(all: &[Position]) -> Option<Shape> {
    let (south_west, north_east) = corners(all)?;
    if south_west == north_east {
        return Some(Shape::Point(south_west));
    }
    Some(Shape::Bounds { south_west, north_east })
}

fn corners(all: &[Position]) -> Option<(Position, Position)> {
    let first = *all.first()?;
    Some(all.iter().fold((first, first), |(low, high), position| {
        let low = Position {
            longitude: low.longitude.min(position.longitude),
            latitude: low.latitude.min(position.latitude),
        };
        let high = Position {
            longitude: high.longitude.max(position.longitude),
            latitude: high.latitude.max(position.latitude),
        };
        (low, high)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(geometry: &str, expected: &str) {
        let json = format!(r#"{{"geometry":{geometry}}}"#);
        let feature: Feature<'_> = serde_json::from_str(&json).unwrap();
        let text = match shape(&feature) {
            None => "none".to_owned(),
            Some(Shape::Point(p)) => format!("point {} {}", p.longitude, p.latitude),
            Some(Shape::Polygon(ring)) => format!("polygon of {}", ring.len()),
            Some(Shape::Bounds { south_west: a, north_east: b }) => {
                format!("{} {} to {} {}", a.longitude, a.latitude, b.longitude, b.latitude)
            }
        };
        assert_eq!(text, expected, "{geometry}");
    }

    #[test]
    fn reads_geojson() {
        check(r#"{"type":"Point","coordinates":[6.05,46.23]}"#, "point 6.05 46.23");
        check(r#"{"type":"Point","coordinates":[6.05,46.23,400]}"#, "point 6.05 46.23");
        check(r#"{"type":"Point","coordinates":[46.23,190]}"#, "none");
        check(r#"{"type":"Point","coordinates":["6","46"]}"#, "none");
        check(r#"{"type":"Point","coordinates":[]}"#, "none");
        check(r#"{"type":"Point"}"#, "none");
        check("null", "none");
        check("[]", "none");
        check(r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}"#, "polygon of 4");
        check(r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1]]]}"#, "0 0 to 1 1");
        check(r#"{"type":"LineString","coordinates":[[3,4],[1,9]]}"#, "1 4 to 3 9");
        check(r#"{"type":"MultiPoint","coordinates":[[3,4]]}"#, "point 3 4");
        check(
            r#"{"type":"MultiPolygon","coordinates":[[[[3,4],[5,6]]],[[[-1,0]]]]}"#,
            "-1 0 to 5 6",
        );
        check(
            r#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]},{"type":"Point","coordinates":[3,4]}]}"#,
            "1 2 to 3 4",
        );
    }
}

//! Places of a DataCite item as GeoJSON features.

use super::datacite::{Bounds, Place, Point};
use super::lenient::Scalar;
use super::native::{self, Geometry, Str};
use super::{Issues, coordinates, tidy};

/// A feature per shape; a place that has several gives its name to each. Shapes off the globe,
/// unfinished rings and unreadable numbers are dropped with an issue, their names kept.
pub(super) fn features<'a>(
    places: Vec<Place<'a>>,
    issues: &mut Issues,
) -> Vec<native::Feature<'a>> {
    let mut features = Vec::with_capacity(places.len());
    for (at, place) in places.into_iter().enumerate() {
        let mut shapes = Vec::new();
        let mut add = |given: bool, shape: Option<Geometry>, name: &str| match shape {
            Some(shape) => shapes.push(shape),
            None if given => issues.add(
                format!("geoLocations[{at}].{name}"),
                "invalid-value",
                "not on the globe or not a shape: dropped",
            ),
            None => {}
        };
        let point = &place.geo_location_point.0;
        add(point.is_given(), point.position().map(Geometry::Point), "geoLocationPoint");
        let bounds = &place.geo_location_box.0;
        add(bounds.is_given(), rectangle(bounds), "geoLocationBox");
        for ring in &place.geo_location_polygon.0 {
            add(true, polygon(ring), "geoLocationPolygon");
        }
        let name: Option<Str<'a>> = place.geo_location_place.0.and_then(tidy);
        if shapes.is_empty() && name.is_some() {
            features.push(native::Feature { place: name, ..native::Feature::default() });
            continue;
        }
        features.extend(shapes.into_iter().map(|shape| native::Feature {
            geometry: Some(shape),
            place: name.clone(),
            description: None,
        }));
    }
    features
}

impl Point<'_> {
    fn is_given(&self) -> bool {
        is_given(&[&self.point_longitude, &self.point_latitude])
            || self.text.as_ref().is_some_and(|text| !text.trim().is_empty())
    }

    fn position(&self) -> Option<[f64; 2]> {
        if self.point_longitude.0.is_some() || self.point_latitude.0.is_some() {
            return coordinates(number(&self.point_longitude), number(&self.point_latitude));
        }
        match numbers(self.text.as_deref()?)[..] {
            [latitude, longitude] => coordinates(Some(longitude), Some(latitude)),
            _ => None,
        }
    }
}

impl Bounds<'_> {
    fn is_given(&self) -> bool {
        let sides = [&self.west_bound_longitude, &self.east_bound_longitude];
        is_given(&sides)
            || is_given(&[&self.south_bound_latitude, &self.north_bound_latitude])
            || self.text.as_ref().is_some_and(|text| !text.trim().is_empty())
    }

    /// South-west and north-east corner.
    fn corners(&self) -> Option<([f64; 2], [f64; 2])> {
        let west = number(&self.west_bound_longitude);
        let east = number(&self.east_bound_longitude);
        let south = number(&self.south_bound_latitude);
        let north = number(&self.north_bound_latitude);
        if let (Some(corner), Some(opposite)) = (coordinates(west, south), coordinates(east, north))
        {
            return Some((corner, opposite));
        }
        match numbers(self.text.as_deref()?)[..] {
            [south, west, north, east] => {
                Some((coordinates(Some(west), Some(south))?, coordinates(Some(east), Some(north))?))
            }
            _ => None,
        }
    }
}

/// A ring counter-clockwise from the south-west; a box without extent is a point.
fn rectangle(bounds: &Bounds<'_>) -> Option<Geometry> {
    let ([west, south], [east, north]) = bounds.corners()?;
    if [west, south] == [east, north] {
        return Some(Geometry::Point([west, south]));
    }
    let ring = vec![[west, south], [east, south], [east, north], [west, north], [west, south]];
    Some(Geometry::Polygon([ring]))
}

/// At least three different corners; closed if the source left it open.
fn polygon(points: &[Point<'_>]) -> Option<Geometry> {
    let mut ring = points.iter().map(Point::position).collect::<Option<Vec<_>>>()?;
    if ring.first() != ring.last() {
        ring.extend(ring.first().copied());
    }
    (ring.len() >= 4).then_some(Geometry::Polygon([ring]))
}

fn is_given(scalars: &[&Scalar<'_>]) -> bool {
    scalars.iter().any(|scalar| scalar.0.as_ref().is_some_and(|text| !text.trim().is_empty()))
}

fn number(scalar: &Scalar<'_>) -> Option<f64> {
    scalar.0.as_ref()?.trim().parse().ok()
}

/// Numbers between white space, commas or semicolons; nothing if one of them is none. At most
/// five are read: four are the most that means anything.
fn numbers(text: &str) -> Vec<f64> {
    let parts = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';'));
    let parts = parts.filter(|part| !part.is_empty()).take(5);
    parts.map(|part| part.parse().ok()).collect::<Option<Vec<f64>>>().unwrap_or_default()
}

//! Where a work is about: a small map and a list with coordinates.

use std::fmt::Write as _;

use super::{Page, wrap};
use crate::build::site::html::Html;
use crate::crosswalk::places::{Position, Shape, shape};
use crate::record::html::plain;
use crate::record::model::Feature;

/// Places listed before the list folds.
const SHOWN: usize = 20;
/// Places drawn on the map, and corners drawn of one of them.
const DRAWN: usize = 200;

/// Outlines of the land, one unit a degree, `0 0` at 180° W 90° N: Natural Earth's 1:110 million
/// land (public domain), simplified to 254 points; small islands and Antarctica are left out.
const LAND: &str = "M360 21l-1 7-15 2-7 9-1-6 8-6-22 4-7 4 6 3-3 6-10 6 1 5-7-6-4 2 4 2-3 2 3 7-16 8 3 7-4 4\
    -5-4 4 12-13-22-11 7-2 8-5-13-7-4-18-5 4 6 4-2 4 4-17 9-11-17 11 18 8 1-12 16 1 11-14 18\
    -8 0-3-7-6-32-17 1-10-11 2-9 10-12 16-1 0 3 9 4 3-3 12 2 2-6-8 0-2-2 16-3-5-3 2-2-5 3-3-\
    3-2 6-6 1-1 4-9-10 5 6-2 2-7-6-6 1-5 6-7 0 0-6 8-1-4-5 13-5 1-3 2 3 9 0 3-5 6-1-8-1 3-5-\
    6 3-2 7-10-3-1-3 14-8 21 2-7 1 4 3 7-2-1-3 26 1-2-3 3-2 3 1-1 6 3-7 29-5 27 7 9-2zM89 21\
    l10 1-12 6 1 5 10 2 2 4 3-6-1-5 4 0 6 4 3-2 9 8-15 5 6-2 1 3 4 0-16 7 0 3-5 5 1 6-4-5-13 \
    2 1 9 9-3-2 6 6 1 2 6 9-3 0 3 2-3 8 1 11 7 1 4 15 7-6 15-7 3-6 9-4 0 1 3-8 4-6 13-4-2-1-\
    5 6-27-11-14 3-14-25-10-11-14 5 9-3-2-12-15 1-9-11-9-18-1 1-2-14 7 8-5-9-2 5-4-7-1 6 0-5\
    -2 10-3 48 4 13 0 1-5zM324 104l9 12-3 11-9 1-3-5-2 2-5-4-16 3-1-12 18-11 8 7 2-7zM153 6l\
    15 3-8 1 2 0-4 3 3 3-7 4 4 0-18 5-3 5-9-4-2-3 3-3-4 0 4-1-8-5-14-2 10-4zM93 17l25 6-6 1 \
    2 4-12-2 5-4-16-2-1-2zM112 7l6 1-19 6-8 0 7-4-10-2zM314 91l11 3 6 7-13-3 0-3-7-4zM298 88\
    l-2 6-7-4 8-7zM66 17l13 3-15 1 4-1-7-2zM230 104l-3 11-3 0 0-9zM286 96l-11-11 9 5zM177 31\
    l4 8-6 1 2-4-3-3zM321 53l-11 6 10-10zM238 19l-6 0 4-4 13-2-11 3-3 2zM165 24l-4 3-5-3zM60 \
    19l-6-1 8-2zM198 10l4 1-6 2-6-3z";

/// A map of all places that have a position, then the places.
pub(in crate::build::site) fn places(page: Page<'_>, html: &mut Html) {
    let features = &page.published.record.metadata.locations.features;
    if features.is_empty() {
        return;
    }
    let shapes: Vec<Option<Shape>> = features.iter().map(shape).collect();
    map(&shapes, html);
    let list = |html: &mut Html, range: std::ops::Range<usize>| {
        wrap(html, "<ul class=\"places\">\n", "</ul>\n", |html| {
            for (feature, shape) in features.iter().zip(&shapes).take(range.end).skip(range.start) {
                wrap(html, "<li>", "</li>\n", |html| one(feature, shape.as_ref(), html));
            }
        });
    };
    let shown = if features.len() > SHOWN + 5 { SHOWN } else { features.len() };
    list(html, 0..shown);
    if shown < features.len() {
        html.raw("<details class=\"more\"><summary>").number(features.len() - shown);
        html.raw(" more</summary>\n");
        list(html, shown..features.len());
        html.raw("</details>\n");
    }
}

fn one(feature: &Feature<'_>, shape: Option<&Shape>, html: &mut Html) {
    let name = plain(feature.place.as_deref().unwrap_or_default());
    let note = plain(feature.description.as_deref().unwrap_or_default());
    wrap(html, "<bdi>", "</bdi>", |html| {
        html.text(&name);
    });
    for id in &feature.identifiers {
        super::people::chip(html, id.scheme.as_deref(), &id.identifier);
    }
    if let Some(shape) = shape {
        html.raw(if name.is_empty() { "" } else { " " });
        let (south_west, north_east) = shape.bounds();
        let text = coordinates(shape);
        html.link("place", Some(&map_url(south_west, north_east)), &text);
    }
    if !note.is_empty() {
        html.raw(" <span class=\"label\" dir=\"auto\">").text(&note).raw("</span>");
    }
}

/// Where a reader sees the place on a map. A link: nothing is fetched from there.
fn map_url(south_west: Position, north_east: Position) -> String {
    const OSM: &str = "https://www.openstreetmap.org/";
    let (w, s, e, n) =
        (south_west.longitude, south_west.latitude, north_east.longitude, north_east.latitude);
    match south_west == north_east {
        true => format!("{OSM}?mlat={s}&mlon={w}#map=8/{s}/{w}"),
        false => format!("{OSM}?bbox={w},{s},{e},{n}"),
    }
}

fn coordinates(shape: &Shape) -> String {
    let spot = |p: &Position| {
        let (ns, ew) =
            (if p.latitude < 0.0 { 'S' } else { 'N' }, if p.longitude < 0.0 { 'W' } else { 'E' });
        format!("{}° {ns}, {}° {ew}", p.latitude.abs(), p.longitude.abs())
    };
    match shape {
        Shape::Point(point) => spot(point),
        Shape::Polygon(ring) => format!("area of {} points", ring.len().saturating_sub(1)),
        Shape::Bounds { south_west, north_east } => {
            format!("{} to {}", spot(south_west), spot(north_east))
        }
    }
}

/// The world as an equal-degree map: land as one path, a dot or an outline for each place.
///
/// Colours are those of the text, so that style sheets decide; attributes, not styles, because
/// the content security policy allows no inline style.
fn map(shapes: &[Option<Shape>], html: &mut Html) {
    let known = shapes.iter().flatten().take(DRAWN);
    if known.clone().next().is_none() {
        return;
    }
    html.raw(
        "<svg class=\"map\" viewBox=\"0 5 360 145\" role=\"img\" aria-label=\"Map of the places\">",
    );
    html.raw("<path fill=\"currentColor\" fill-opacity=\".18\" d=\"").raw(LAND).raw("\"/>");
    let mut outlines = String::new();
    for shape in known {
        let (south_west, north_east) = shape.bounds();
        let ((left, top), (right, bottom)) = (
            (south_west.longitude + 180.0, 90.0 - north_east.latitude),
            (north_east.longitude + 180.0, 90.0 - south_west.latitude),
        );
        // What would be too small to see is a dot.
        if right - left < 6.0 && bottom - top < 6.0 {
            let (x, y) = ((left + right) / 2.0, (top + bottom) / 2.0);
            html.raw("<circle cx=\"").text(&tenths(x)).raw("\" cy=\"").text(&tenths(y));
            html.raw("\" r=\"3.5\" fill=\"currentColor\"/>");
            continue;
        }
        let corners = [(left, top), (right, top), (right, bottom), (left, bottom)];
        let ring: Vec<(f64, f64)> = match shape {
            Shape::Polygon(ring) if ring.len() <= DRAWN => {
                ring.iter().map(|p| (p.longitude + 180.0, 90.0 - p.latitude)).collect()
            }
            _ => corners.to_vec(),
        };
        for (at, (x, y)) in ring.iter().enumerate() {
            outlines.push(if at == 0 { 'M' } else { 'L' });
            // Writing to a String cannot fail.
            let _ = write!(outlines, "{} {}", tenths(*x), tenths(*y));
        }
        outlines.push('Z');
    }
    if !outlines.is_empty() {
        html.raw("<path fill=\"currentColor\" fill-opacity=\".3\" stroke=\"currentColor\" d=\"");
        html.text(&outlines).raw("\"/>");
    }
    html.raw("</svg>\n");
}

/// A coordinate to a tenth, which is less than a pixel of the map.
fn tenths(value: f64) -> String {
    let rounded = (value * 10.0).round() / 10.0;
    format!("{rounded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_land_is_a_path_within_the_world() {
        for outline in LAND.split('M').skip(1) {
            let (start, steps) = outline.split_once('l').unwrap();
            let numbers = |text: &str| -> Vec<i32> {
                let text = text.trim_end_matches('z').replace('-', " -");
                text.split_whitespace().map(|number| number.parse().unwrap()).collect()
            };
            let (mut at, steps) = (numbers(start), numbers(steps));
            assert!(at.len() == 2 && steps.len() % 2 == 0 && steps.len() >= 4, "{outline}");
            for step in steps.chunks(2) {
                at = vec![at[0] + step[0], at[1] + step[1]];
                assert!((0..=360).contains(&at[0]) && (0..=150).contains(&at[1]), "{outline}");
            }
        }
    }

    #[test]
    fn coordinates_to_a_tenth() {
        for (value, expected) in [(188.0, "188"), (43.77, "43.8"), (-0.04, "-0"), (0.25, "0.3")] {
            assert_eq!(tenths(value), expected);
        }
    }
}

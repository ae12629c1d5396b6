//! What the work holds: files, places, and properties that only some types have.

use std::fmt::Write as _;

use crate::crosswalk::files::{media_type, open_files};
use crate::crosswalk::json_text::JsonText;
use crate::crosswalk::links;
use crate::crosswalk::names::given_text;
use crate::crosswalk::places::{Position, Shape, shape};
use crate::record::Published;
use crate::record::html::plain;
use crate::record::model::Feature;

/// Open files: `distribution` of a dataset, `encoding` of any other work.
pub(super) fn files(published: &Published<'_>, kind: &str, bound: usize, json: &mut JsonText<'_>) {
    let files = open_files(published).into_iter().take(bound);
    let (property, class) = match kind {
        "Dataset" => ("distribution", "DataDownload"),
        _ => ("encoding", "MediaObject"),
    };
    json.some_array(property, files, |file, json| {
        json.object(|json| {
            json.text("@type", class);
            json.text("name", &file.key);
            json.text("contentUrl", &links::file_url(published, &file.key));
            json.some_text("encodingFormat", media_type(file).as_deref());
            if let Some(size) = file.size {
                json.text("contentSize", &format!("{size} B"));
            }
        });
    });
}

/// Writes `spatialCoverage`.
pub(super) fn places(published: &Published<'_>, json: &mut JsonText<'_>) {
    let features = published.record.metadata.locations.features.iter();
    let known = features.map(|f| (f, given_text(f.place.as_deref()), shape(f)));
    let mut known = known.filter(|(_, name, shape)| name.is_some() || shape.is_some()).peekable();
    if known.peek().is_none() {
        return;
    }
    json.key("spatialCoverage").array(|json| {
        known.for_each(|(feature, name, shape)| {
            json.object(|json| {
                json.text("@type", "Place");
                json.some_text("name", name.as_deref());
                json.some_text("@id", place_address(feature).as_deref());
                if let Some(shape) = &shape {
                    json.key("geo").object(|json| geometry(shape, json));
                }
            });
        });
    });
}

fn place_address(feature: &Feature<'_>) -> Option<String> {
    let mut all = feature.identifiers.iter();
    all.find_map(|id| links::identifier_url(id.scheme.as_deref(), &id.identifier))
}

/// schema.org writes latitude first, corners and rings as numbers between spaces.
fn geometry(shape: &Shape, json: &mut JsonText<'_>) {
    match shape {
        Shape::Point(Position { longitude, latitude }) => {
            json.text("@type", "GeoCoordinates");
            json.key("latitude").decimal(*latitude);
            json.key("longitude").decimal(*longitude);
        }
        Shape::Bounds { south_west, north_east } => {
            json.text("@type", "GeoShape");
            json.text("box", &positions(&[*south_west, *north_east]));
        }
        Shape::Polygon(ring) => {
            json.text("@type", "GeoShape");
            json.text("polygon", &positions(ring));
        }
    }
}

fn positions(all: &[Position]) -> String {
    let mut text = String::new();
    for Position { longitude, latitude } in all {
        let space = if text.is_empty() { "" } else { " " };
        // Writing to a String cannot fail.
        let _ = write!(text, "{space}{latitude} {longitude}");
    }
    text
}

/// Writes `programmingLanguage`.
pub(in crate::crosswalk) fn programming_languages(
    published: &Published<'_>,
    json: &mut JsonText<'_>,
) {
    let languages = published.record.custom_fields.programming_languages.iter();
    let languages = languages.map(|l| plain(l.title.preferred().unwrap_or(&l.id)));
    super::strings("programmingLanguage", languages, json);
}

/// Properties of particular types.
pub(super) fn specific(published: &Published<'_>, kind: &str, json: &mut JsonText<'_>) {
    let record = published.record;
    let custom = &record.custom_fields;
    match kind {
        "Dataset" => {
            let methods = record.metadata.additional_descriptions.iter();
            let methods = methods.filter(|d| d.kind.as_ref().is_some_and(|k| k.id == "methods"));
            let methods = methods.map(|d| plain(&d.description));
            super::strings("measurementTechnique", methods, json);
            json.key("includedInDataCatalog").object(|json| {
                json.text("@type", "DataCatalog");
                json.text("name", &published.repository.name);
                json.text("url", &published.repository.base_url);
            });
        }
        "SoftwareSourceCode" => {
            let repository = custom.code_repository.as_deref().filter(|url| links::is_web(url));
            json.some_text("codeRepository", repository);
            programming_languages(published, json);
        }
        "Book" => json.some_text("isbn", given_text(custom.imprint.isbn.as_deref()).as_deref()),
        "Thesis" => {
            if let Some(school) = given_text(custom.thesis.university.as_deref()) {
                json.key("sourceOrganization").object(|json| {
                    json.text("@type", "CollegeOrUniversity");
                    json.text("name", &school);
                });
            }
        }
        "VideoObject" => {
            let date = record.metadata.publication_date.as_deref().and_then(super::start);
            json.some_text("uploadDate", date.as_deref());
        }
        "ScholarlyArticle" | "Chapter" => {
            let pages = custom.journal.pages.as_deref().or(custom.imprint.pages.as_deref());
            json.some_text("pagination", given_text(pages).as_deref());
        }
        _ => (),
    }
}

//! What the work is about and what it is related to.

use std::fmt::Write as _;

use super::rdf::Node;
use crate::crosswalk::links;
use crate::crosswalk::names::given_text;
use crate::crosswalk::places::{Position, Shape, shape};
use crate::record::Published;
use crate::record::date::Edtf;
use crate::record::identifier;

/// Words as keywords; addresses of controlled subjects as subjects.
pub(super) fn subjects(published: &Published<'_>, node: &mut Node<'_>) {
    let record = published.record;
    for subject in &record.metadata.subjects {
        node.text("dcat:keyword", &given_text(subject.subject.as_deref()).unwrap_or_default());
        let iri = subject.id.as_deref().and_then(links::web_address);
        iri.iter().for_each(|iri| node.resource("dct:subject", iri));
    }
    for legacy in &record.custom_fields.legacy_subjects {
        node.text("dcat:keyword", &given_text(legacy.term.as_deref()).unwrap_or_default());
        let iri = legacy.identifier.as_deref().and_then(links::web_address);
        iri.iter().for_each(|iri| node.resource("dct:subject", iri));
    }
}

/// Geometry as WKT, longitude first: the axis order of its default reference system, CRS 84.
pub(super) fn places(published: &Published<'_>, node: &mut Node<'_>) {
    const WKT: &str = "http://www.opengis.net/ont/geosparql#wktLiteral";
    for feature in &published.record.metadata.locations.features {
        let name = given_text(feature.place.as_deref());
        let shape = shape(feature);
        if name.is_none() && shape.is_none() {
            continue;
        }
        let mut ids = feature.identifiers.iter();
        let address =
            ids.find_map(|id| links::identifier_url(id.scheme.as_deref(), &id.identifier));
        node.node("dct:spatial", "dct:Location", address.as_deref(), |node| {
            node.text("skos:prefLabel", &name.unwrap_or_default());
            match &shape {
                Some(Shape::Point(Position { longitude, latitude })) => {
                    node.typed("dcat:centroid", WKT, &format!("POINT({longitude} {latitude})"));
                }
                Some(Shape::Polygon(ring)) => {
                    node.node("locn:geometry", "locn:Geometry", None, |node| {
                        node.typed("geo:asWKT", WKT, &polygon(ring.iter().copied()));
                    });
                }
                Some(Shape::Bounds { south_west, north_east }) => {
                    node.typed("dcat:bbox", WKT, &polygon(corners(*south_west, *north_east)));
                }
                None => (),
            }
        });
    }
}

fn corners(low: Position, high: Position) -> impl Iterator<Item = Position> {
    let at = |longitude, latitude| Position { longitude, latitude };
    [low, at(high.longitude, low.latitude), high, at(low.longitude, high.latitude), low].into_iter()
}

fn polygon(ring: impl Iterator<Item = Position>) -> String {
    let mut text = "POLYGON((".to_owned();
    for (index, Position { longitude, latitude }) in ring.enumerate() {
        let comma = if index == 0 { "" } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(text, "{comma}{longitude} {latitude}");
    }
    text.push_str("))");
    text
}

/// Dates of coverage and collection.
pub(super) fn periods(published: &Published<'_>, node: &mut Node<'_>) {
    let dates = published.record.metadata.dates.iter();
    let is_temporal = |kind: &str| matches!(kind, "coverage" | "collected");
    let temporal = dates.filter(|d| d.kind.as_ref().is_some_and(|kind| is_temporal(&kind.id)));
    for (date, _) in temporal.filter_map(|date| Edtf::repair(&date.date)) {
        node.node("dct:temporal", "dct:PeriodOfTime", None, |node| {
            if let Some(start) = date.start() {
                super::date("dcat:startDate", start, node);
            }
            if let Some(end) = date.end() {
                super::date("dcat:endDate", end, node);
            }
        });
    }
}

/// Related works that have an address, and references that have one.
///
/// DCAT-AP demands of some properties (`dct:source`, `dcat:hasVersion`) that the other work is a
/// dataset, which nobody here can know; those are passed over for wider ones.
pub(super) fn related(published: &Published<'_>, node: &mut Node<'_>) {
    let metadata = &published.record.metadata;
    for related in &metadata.related_identifiers {
        let scheme = related.scheme.as_deref();
        let Some(url) = links::identifier_url(scheme, &related.identifier) else { continue };
        let property = match related.relation_type.as_ref().map_or("", |relation| &*relation.id) {
            "cites" | "references" => "dct:references",
            "iscitedby" | "isreferencedby" => "dct:isReferencedBy",
            "haspart" => "dct:hasPart",
            "ispartof" | "ispublishedin" => "dct:isPartOf",
            "hasversion" => "dct:hasVersion",
            "isversionof" => "dct:isVersionOf",
            "requires" => "dct:requires",
            "isrequiredby" => "dct:isRequiredBy",
            "obsoletes" => "dct:replaces",
            "isobsoletedby" => "dct:isReplacedBy",
            "isderivedfrom" => "prov:wasDerivedFrom",
            "isidenticalto" => "owl:sameAs",
            "isdocumentedby" | "isdescribedby" => {
                node.node("foaf:page", "foaf:Document", Some(&url), |_| ());
                continue;
            }
            _ => "dct:relation",
        };
        node.resource(property, &url);
    }
    for reference in &metadata.references {
        let scheme = reference.scheme.as_deref();
        let id = reference.identifier.as_deref();
        let url = id.and_then(|id| links::identifier_url(scheme, id));
        url.iter().for_each(|url| node.resource("dct:references", url));
    }
    for community in &published.record.parent.communities.entries {
        if !community.slug.is_empty() {
            node.resource("dct:isPartOf", &links::community_url(published, &community.slug));
        }
    }
}

/// Every grant, in the words of schema.org: DCAT-AP has none.
pub(super) fn funding(published: &Published<'_>, node: &mut Node<'_>) {
    for funding in &published.record.metadata.funding {
        let award = funding.award.as_ref();
        let ids = award.map(|award| award.identifiers.as_slice()).unwrap_or_default();
        let url =
            ids.iter().find_map(|id| links::identifier_url(id.scheme.as_deref(), &id.identifier));
        let text = |text: Option<&'_ str>| given_text(text).unwrap_or_default().into_owned();
        let number = text(award.and_then(|award| award.number.as_deref()));
        let title = text(award.and_then(|award| award.title.preferred()));
        let funder = &funding.funder;
        let ror = funder.id.as_deref().and_then(|id| identifier::to_url("ror", id));
        let name = funder.name.as_deref().or(funder.id.as_deref().filter(|_| ror.is_none()));
        let name = text(name);
        if number.is_empty() && title.is_empty() && name.is_empty() && ror.is_none() {
            continue;
        }
        node.node("schema:funding", "schema:Grant", url.as_deref(), |node| {
            node.text("schema:identifier", &number);
            node.text("schema:name", &title);
            if !name.is_empty() || ror.is_some() {
                node.node("schema:funder", "schema:Organization", ror.as_deref(), |node| {
                    node.text("schema:name", &name);
                });
            }
        });
    }
}

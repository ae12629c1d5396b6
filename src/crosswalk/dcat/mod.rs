//! DCAT-AP 3.0.1 in RDF/XML: what data portals harvest.
//!
//! Classes, properties and ranges are those of
//! <https://semiceu.github.io/DCAT-AP/releases/3.0.1/>, whose SHACL shapes the output fits. Every
//! record is a `dcat:Dataset`, in the wide sense that DCAT gives the word; `dct:type` says what
//! kind of work it is. Every public file is a `dcat:Distribution`.

mod about;
mod agents;
mod distribution;
mod rdf;

use super::links;
use super::names::given_text;
use crate::record::date::{Date, Edtf};
use crate::record::vocabulary;
use crate::record::{FilesAccess, Published};
use rdf::Node;

/// Appends one RDF/XML document, ending in a line feed.
pub fn write(published: &Published<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    write_element(published, out);
    out.push(b'\n');
}

/// Namespaces by prefix.
const NAMESPACES: [(&str, &str); 15] = [
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
    ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
    ("adms", "http://www.w3.org/ns/adms#"),
    ("dcat", "http://www.w3.org/ns/dcat#"),
    ("dct", "http://purl.org/dc/terms/"),
    ("foaf", "http://xmlns.com/foaf/0.1/"),
    ("geo", "http://www.opengis.net/ont/geosparql#"),
    ("locn", "http://www.w3.org/ns/locn#"),
    ("org", "http://www.w3.org/ns/org#"),
    ("owl", "http://www.w3.org/2002/07/owl#"),
    ("prov", "http://www.w3.org/ns/prov#"),
    ("schema", "http://schema.org/"),
    ("skos", "http://www.w3.org/2004/02/skos/core#"),
    ("spdx", "http://spdx.org/rdf/terms#"),
    ("vcard", "http://www.w3.org/2006/vcard/ns#"),
];

/// Appends the `rdf:RDF` element alone, for an OAI-PMH response.
pub fn write_element(published: &Published<'_>, out: &mut Vec<u8>) {
    let mut document = Node { out };
    document.raw("<rdf:RDF");
    for (prefix, namespace) in NAMESPACES {
        document.raw(" xmlns:").raw(prefix).raw("=\"").raw(namespace).raw("\"");
    }
    document.raw(">\n");
    let address = links::citable_url(published);
    document.subject("dcat:Dataset", Some(&address), |node| {
        wording(published, node);
        identifiers(published, node);
        dates(published, node);
        agents::write(published, node);
        kind(published, node);
        access(published, node);
        about::subjects(published, node);
        about::places(published, node);
        about::periods(published, node);
        about::related(published, node);
        about::funding(published, node);
        distribution::write(published, node);
    });
    document.raw("\n</rdf:RDF>");
}

const XSD: &str = "http://www.w3.org/2001/XMLSchema#";

/// A date with the datatype of its precision.
fn date(property: &str, date: Date, node: &mut Node<'_>) {
    let kind = match (date.month, date.day) {
        (None, _) => "gYear",
        (_, None) => "gYearMonth",
        _ => "date",
    };
    node.typed(property, &format!("{XSD}{kind}"), &date.to_string());
}

fn wording(published: &Published<'_>, node: &mut Node<'_>) {
    let metadata = &published.record.metadata;
    // Title and description are mandatory.
    let title = given_text(metadata.title.as_deref()).unwrap_or("(:unav)".into());
    node.text("dct:title", &title);
    for other in &metadata.additional_titles {
        node.text("dct:alternative", &given_text(Some(&other.title)).unwrap_or_default());
    }
    let own = given_text(metadata.description.as_deref());
    node.text("dct:description", own.as_deref().unwrap_or(&title));
    for more in &metadata.additional_descriptions {
        let words = given_text(Some(&more.description)).unwrap_or_default();
        let kind = more.kind.as_ref().map_or("", |kind| kind.id.as_str());
        if words.is_empty() {
            continue;
        }
        match kind {
            "methods" => node.node("dct:provenance", "dct:ProvenanceStatement", None, |node| {
                node.text("rdfs:label", &words);
            }),
            "table-of-contents" => node.text("dct:tableOfContents", &words),
            _ => node.text("dct:description", &words),
        }
    }
    for language in &metadata.languages {
        if let Some(language) = vocabulary::language(&language.id) {
            let code = language.alpha3.to_ascii_uppercase();
            let iri = format!("http://publications.europa.eu/resource/authority/language/{code}");
            node.node("dct:language", "dct:LinguisticSystem", Some(&iri), |_| ());
        }
    }
    node.text("dcat:version", &given_text(metadata.version.as_deref()).unwrap_or_default());
}

fn identifiers(published: &Published<'_>, node: &mut Node<'_>) {
    node.typed("dct:identifier", &format!("{XSD}anyURI"), &links::citable_url(published));
    for other in &published.record.metadata.identifiers {
        let scheme = other.scheme.as_deref();
        let url = links::identifier_url(scheme, &other.identifier);
        let value = given_text(Some(&other.identifier)).unwrap_or_default();
        if value.is_empty() {
            continue;
        }
        node.node("adms:identifier", "adms:Identifier", None, |node| {
            match &url {
                Some(url) => node.typed("skos:notation", &format!("{XSD}anyURI"), url),
                None => node.text("skos:notation", &value),
            }
            let agency = scheme.and_then(vocabulary::scheme).map_or("", |known| known.datacite);
            node.text("adms:schemaAgency", agency);
        });
    }
    let page = links::html_url(published);
    node.node("dcat:landingPage", "foaf:Document", Some(&page), |_| ());
    if let Some(concept) = published.concept_doi() {
        node.resource("dct:isVersionOf", &links::doi_url(concept));
    }
    if let Some(swhid) = published.record.swh.swhid.as_deref() {
        let url = links::identifier_url(Some("swhid"), swhid);
        url.iter().for_each(|url| node.resource("owl:sameAs", url));
    }
}

fn dates(published: &Published<'_>, node: &mut Node<'_>) {
    let issued = published.record.metadata.publication_date.as_deref().and_then(Edtf::repair);
    if let Some(issued) = issued.and_then(|(issued, _)| issued.start().or_else(|| issued.end())) {
        date("dct:issued", issued, node);
    }
    node.typed("dct:modified", &format!("{XSD}dateTime"), published.updated);
    if let FilesAccess::Embargoed { until } = published.files {
        node.typed("dct:available", &format!("{XSD}date"), until);
    }
}

/// `dct:type`: a term of the DCMI Type Vocabulary with our name for it.
fn kind(published: &Published<'_>, node: &mut Node<'_>) {
    let id = &*published.record.metadata.resource_type.id;
    let Some(known) = vocabulary::resource_type(id) else { return };
    let dcmi = match known.general() {
        "dataset" => "Dataset",
        "software" => "Software",
        "image" => "StillImage",
        "video" => "MovingImage",
        "audio" => "Sound",
        "event" => "Event",
        "lesson" => "InteractiveResource",
        "physicalobject" | "instrument" => "PhysicalObject",
        "publication" | "poster" | "presentation" => "Text",
        // A model, a project, a workflow: DCMI has no nearer term.
        _ => "Collection",
    };
    let iri = format!("http://purl.org/dc/dcmitype/{dcmi}");
    node.node("dct:type", "skos:Concept", Some(&iri), |node| {
        node.text("skos:prefLabel", known.title);
    });
}

fn access(published: &Published<'_>, node: &mut Node<'_>) {
    let word = match published.files {
        FilesAccess::Open => "PUBLIC",
        FilesAccess::Embargoed { .. } | FilesAccess::Restricted => "RESTRICTED",
        FilesAccess::MetadataOnly => "NON_PUBLIC",
    };
    let iri = format!("http://publications.europa.eu/resource/authority/access-right/{word}");
    node.node("dct:accessRights", "dct:RightsStatement", Some(&iri), |_| ());
}

//! Files, and what may be done with them.

use super::XSD;
use super::rdf::Node;
use crate::crosswalk::files::{checksum, media_type, open_files};
use crate::crosswalk::links;
use crate::crosswalk::names::given_text;
use crate::crosswalk::rights;
use crate::record::model::FileEntry;
use crate::record::{FilesAccess, Published};

/// A distribution per public file; one without download for files that are not public; for a
/// record without files its licence alone.
pub(super) fn write(published: &Published<'_>, node: &mut Node<'_>) {
    for file in open_files(published) {
        let url = links::file_url(published, &file.key);
        node.node("dcat:distribution", "dcat:Distribution", Some(&url), |node| {
            describe(file, &url, node);
            terms_of_use(published, node);
        });
    }
    match published.files {
        FilesAccess::Open => (),
        FilesAccess::MetadataOnly => terms_of_use(published, node),
        FilesAccess::Embargoed { .. } | FilesAccess::Restricted => {
            node.node("dcat:distribution", "dcat:Distribution", None, |node| {
                node.resource("dcat:accessURL", &links::html_url(published));
                terms_of_use(published, node);
            });
        }
    }
}

fn describe(file: &FileEntry<'_>, url: &str, node: &mut Node<'_>) {
    node.text("dct:title", &file.key);
    node.resource("dcat:accessURL", url);
    node.resource("dcat:downloadURL", url);
    if let Some(size) = file.size {
        node.typed("dcat:byteSize", &format!("{XSD}nonNegativeInteger"), &size.to_string());
    }
    if let Some(kind) = media_type(file) {
        let iri = format!("https://www.iana.org/assignments/media-types/{kind}");
        node.node("dcat:mediaType", "dct:MediaType", Some(&iri), |_| ());
    }
    if let Some((algorithm, digest)) = checksum(file) {
        node.node("spdx:checksum", "spdx:Checksum", None, |node| {
            let iri = format!("http://spdx.org/rdf/terms#checksumAlgorithm_{algorithm}");
            node.node("spdx:algorithm", "spdx:ChecksumAlgorithm", Some(&iri), |_| ());
            node.typed("spdx:checksumValue", &format!("{XSD}hexBinary"), &digest);
        });
    }
}

/// The first licence with an address is the licence, for there may be only one; everything else
/// is a statement of rights.
fn terms_of_use(published: &Published<'_>, node: &mut Node<'_>) {
    let metadata = &published.record.metadata;
    let mut has_licence = false;
    for licence in metadata.rights.iter().filter_map(rights::licence) {
        let address = licence.address();
        let (property, class) = match address {
            Some(_) if !has_licence => ("dct:license", "dct:LicenseDocument"),
            _ => ("dct:rights", "dct:RightsStatement"),
        };
        has_licence |= address.is_some();
        node.node(property, class, address.as_deref(), |node| {
            node.text("rdfs:label", &licence.title.unwrap_or_default());
        });
    }
    if let Some(copyright) = given_text(metadata.copyright.as_deref()) {
        node.node("dct:rights", "dct:RightsStatement", None, |node| {
            node.text("rdfs:label", &copyright);
        });
    }
}

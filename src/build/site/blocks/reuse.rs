//! How to reuse: exports, licence.

use super::Page;
use crate::build::site::html::Html;
use crate::build::site::url::Facet;
use crate::crosswalk::{Format, rights};
use crate::record::html::plain;
use crate::record::vocabulary;

/// Links to the exports that exist.
pub(in crate::build::site) fn exports(page: Page<'_>, html: &mut Html) {
    super::wrap(html, "<ul class=\"exports\">\n", "</ul>\n", |html| {
        for export in page.exports() {
            let url = page.urls.export(page.published.id(), export.file_name());
            html.raw("<li><a href=\"").text(&url).raw("\" type=\"").raw(export.media_type());
            html.raw("\">").raw(label(export)).raw("</a></li>\n");
        }
    });
}

/// What readers call a format.
const fn label(format: Format) -> &'static str {
    match format {
        Format::Bibtex => "BibTeX",
        Format::Csl => "CSL JSON",
        Format::DataciteXml => "DataCite XML",
        Format::DataciteJson => "DataCite JSON",
        Format::DublinCore => "Dublin Core",
        Format::SchemaOrg => "JSON-LD",
        Format::NativeJson => "JSON",
        Format::LegacyJson => "Legacy JSON",
        Format::Cff => "CITATION.cff",
        Format::Codemeta => "CodeMeta",
        Format::MarcXml => "MARCXML",
        Format::DcatAp => "DCAT-AP",
        Format::GeoJson => "GeoJSON",
        Format::DataPackage => "Data Package",
        Format::RoCrate => "RO-Crate",
        Format::Linkset => "Linkset",
    }
}

/// Licences and copyright.
pub(in crate::build::site) fn licence(page: Page<'_>, html: &mut Html) {
    let metadata = &page.published.record.metadata;
    super::wrap(html, "<ul class=\"rights\">\n", "</ul>\n", |html| {
        for right in &metadata.rights {
            let Some(licence) = rights::licence(right) else { continue };
            let title = licence.title.as_deref().or(licence.url.as_deref()).unwrap_or_default();
            html.raw("<li><bdi>").link("", licence.url.as_deref(), title).raw("</bdi>");
            let known = vocabulary::licence(right.id.as_deref().unwrap_or_default());
            if let Some(url) = known.and_then(|known| page.list(Facet::Licence, known.id)) {
                html.raw("<br><a class=\"list\" href=\"")
                    .text(&url)
                    .raw("\">All records under it</a>");
            }
            let text = plain(right.description.preferred().unwrap_or_default());
            if right.id.is_none() && !text.is_empty() && text != title {
                html.raw("<br><small dir=\"auto\">").text(&text).raw("</small>");
            }
            html.raw("</li>\n");
        }
    });
    let copyright = plain(metadata.copyright.as_deref().unwrap_or_default());
    if !copyright.is_empty() {
        html.raw("<p class=\"copyright\" dir=\"auto\">").text(&copyright).raw("</p>\n");
    }
}

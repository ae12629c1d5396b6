//! The blocks of a landing page, each written by typed Rust and handed to the template whole.
//!
//! Templates decide where a block goes; a block that has nothing to say is empty, so that a
//! template can leave out what would surround it. Loops live here because a template engine
//! pays for each step of one.

pub(super) mod access;
pub(super) mod cite;
pub(super) mod details;
pub(super) mod domain;
pub(super) mod files;
pub(super) mod head;
pub(super) mod people;
pub(super) mod places;
pub(super) mod prose;
pub(super) mod reuse;
pub(super) mod versions;
pub(super) mod works;

use super::SiteConfig;
use super::html::Html;
use super::url::{Facet, SiteUrls};
use crate::crosswalk::Format;
use crate::record::Published;

/// What every block may look at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page<'a> {
    pub(super) published: &'a Published<'a>,
    pub(super) urls: &'a SiteUrls,
    pub(super) config: &'a SiteConfig,
    /// [`links::citable_url`](crate::crosswalk::links::citable_url), which three blocks show.
    pub(super) citable: &'a str,
}

impl Page<'_> {
    /// The list of records with this value. Lists hold newest versions only, so that of an older
    /// one may not exist and is not linked.
    pub(super) fn list(&self, facet: Facet, value: &str) -> Option<String> {
        let listed = self.published.lineage.is_latest();
        listed.then(|| self.urls.browse(facet, value)).flatten()
    }

    /// The exports that exist as files, in page order: what readers want before what machines
    /// want.
    pub(super) fn exports(&self) -> impl Iterator<Item = Format> {
        const ORDER: [Format; 16] = [
            Format::Bibtex,
            Format::Csl,
            Format::Cff,
            Format::DataciteXml,
            Format::DataciteJson,
            Format::DublinCore,
            Format::MarcXml,
            Format::SchemaOrg,
            Format::DcatAp,
            Format::Codemeta,
            Format::DataPackage,
            Format::RoCrate,
            Format::GeoJson,
            Format::NativeJson,
            Format::LegacyJson,
            Format::Linkset,
        ];
        let written = |format: &Format| self.config.exports.contains(format);
        ORDER.into_iter().filter(move |f| written(f) && f.applies(self.published))
    }
}

/// Writes `open`, the body and `close`, or nothing if the body writes nothing.
pub(super) fn wrap(
    html: &mut Html,
    open: &'static str,
    close: &'static str,
    body: impl FnOnce(&mut Html),
) {
    let start = html.len();
    html.raw(open);
    let mark = html.len();
    body(html);
    if html.len() == mark {
        html.rewind(start);
    } else {
        html.raw(close);
    }
}

/// One row of a `<dl>`, or nothing if the body writes nothing.
pub(super) fn fact(html: &mut Html, label: &str, body: impl FnOnce(&mut Html)) {
    let start = html.len();
    html.raw("<div><dt>").text(label).raw("</dt><dd dir=\"auto\">");
    let mark = html.len();
    body(html);
    if html.len() == mark {
        html.rewind(start);
    } else {
        html.raw("</dd></div>\n");
    }
}

/// One row of a `<dl>` with plain text; nothing for absent or empty text.
pub(super) fn fact_text(html: &mut Html, label: &'static str, text: Option<&str>) {
    let text = crate::record::html::plain(text.unwrap_or_default());
    fact(html, label, |html| {
        html.text(&text);
    });
}

/// Writes the items with `separator` between those that write something.
pub(super) fn joined<T>(
    html: &mut Html,
    separator: &'static str,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut Html, T),
) {
    let mut any = false;
    for item in items {
        let start = html.len();
        if any {
            html.raw(separator);
        }
        let mark = html.len();
        write(html, item);
        if html.len() == mark {
            html.rewind(start);
        } else {
            any = true;
        }
    }
}

//! What machines read in `<head>`: description, Highwire, OpenGraph, signposting.

use super::Page;
use crate::build::site::html::Html;
use crate::build::site::words;
use crate::crosswalk::files::open_files;
use crate::crosswalk::links::identifier_url;
use crate::crosswalk::names::Name;
use crate::crosswalk::{rights, schema_org};
use crate::record::date::Edtf;
use crate::record::html::plain;
use crate::record::vocabulary;

/// Characters of a description that search engines show.
const ABSTRACT: usize = 240;

/// All `<meta>` and `<link>` elements of a landing page but charset, viewport and style.
pub(in crate::build::site) fn head(page: Page<'_>, title: &str, html: &mut Html) {
    let published = page.published;
    let canonical = page.urls.absolute(&format!("/records/{}", published.id()));
    let summary = summary(page);
    link(html, "canonical", None, &canonical);
    named(html, "description", &summary);
    property(html, "og:type", "article");
    property(html, "og:title", title);
    property(html, "og:description", &summary);
    property(html, "og:url", &canonical);
    property(html, "og:site_name", &published.repository.name);
    named(html, "twitter:card", "summary");
    highwire(page, title, &canonical, html);
    signposting(page, html);
}

/// The beginning of the description as plain text.
fn summary(page: Page<'_>) -> String {
    let description = page.published.record.metadata.description.as_deref().unwrap_or_default();
    // Markup seldom takes more than nine tenths; then the whole is read.
    let mut end = description.len().min(ABSTRACT * 10);
    while !description.is_char_boundary(end) {
        end -= 1;
    }
    let begin = plain(description.get(..end).unwrap_or(description));
    if end < description.len() && begin.chars().count() <= ABSTRACT + 100 {
        return words::shortened(&plain(description).replace('\n', " "), ABSTRACT);
    }
    words::shortened(&begin.replace('\n', " "), ABSTRACT)
}

/// Google Scholar's inclusion guidelines, and what Zotero and Mendeley read.
fn highwire(page: Page<'_>, title: &str, canonical: &str, html: &mut Html) {
    let published = page.published;
    let metadata = &published.record.metadata;
    named(html, "citation_title", title);
    for creator in &metadata.creators {
        if let Some(name) = Name::of(&creator.person_or_org) {
            named(html, "citation_author", &name.inverted());
        }
    }
    if let Some(date) = metadata.publication_date.as_deref().and_then(Edtf::parse)
        && let Some(date) = date.start().or(date.end())
    {
        named(html, "citation_publication_date", &date.to_string().replace('-', "/"));
    }
    let publisher = metadata.publisher.as_deref().or(published.repository.publisher.as_deref());
    optional(html, "citation_publisher", publisher);
    optional(html, "citation_doi", published.doi());
    let fields = &published.record.custom_fields;
    optional(html, "citation_journal_title", fields.journal.title.as_deref());
    optional(html, "citation_volume", fields.journal.volume.as_deref());
    optional(html, "citation_issue", fields.journal.issue.as_deref());
    let pages = fields.journal.pages.as_deref().unwrap_or_default();
    let (first, last) = pages.split_once(['-', '–']).unwrap_or((pages, ""));
    optional(html, "citation_firstpage", Some(first.trim()));
    optional(html, "citation_lastpage", Some(last.trim()));
    optional(html, "citation_issn", fields.journal.issn.as_deref());
    optional(html, "citation_isbn", fields.imprint.isbn.as_deref());
    optional(html, "citation_inbook_title", fields.imprint.title.as_deref());
    optional(html, "citation_conference_title", fields.meeting.title.as_deref());
    optional(html, "citation_dissertation_institution", fields.thesis.university.as_deref());
    for language in &metadata.languages {
        if let Some(language) = vocabulary::language(&language.id) {
            named(html, "citation_language", language.bcp47());
        }
    }
    for subject in &metadata.subjects {
        optional(html, "citation_keywords", subject.subject.as_deref());
    }
    named(html, "citation_abstract_html_url", canonical);
    for file in open_files(published) {
        let pdf = file.mimetype.as_deref() == Some("application/pdf")
            || file.key.rsplit_once('.').is_some_and(|(_, ext)| ext.eq_ignore_ascii_case("pdf"));
        if pdf {
            named(html, "citation_pdf_url", &page.urls.download(published.id(), &file.key));
        }
    }
}

/// FAIR signposting, level 1: <https://signposting.org/FAIR/>.
fn signposting(page: Page<'_>, html: &mut Html) {
    let published = page.published;
    let record = published.record;
    link(html, "cite-as", None, page.citable);
    link(html, "type", None, "https://schema.org/AboutPage");
    let kind = schema_org::type_name(published);
    link(html, "type", None, &format!("https://schema.org/{kind}"));
    for creator in &record.metadata.creators {
        let ids = &creator.person_or_org.identifiers;
        let url = ids.iter().find_map(|id| identifier_url(id.scheme.as_deref(), &id.identifier));
        if let Some(url) = url {
            link(html, "author", None, &url);
        }
    }
    for right in &record.metadata.rights {
        if let Some(url) = rights::licence(right).and_then(|licence| licence.url) {
            link(html, "license", None, &url);
        }
    }
    for export in page.exports() {
        let path = format!("/records/{}/{}", published.id(), export.file_name());
        link(html, "describedby", Some(export.media_type()), &page.urls.absolute(&path));
    }
    for file in open_files(published) {
        let url = page.urls.download(published.id(), &file.key);
        link(html, "item", file.mimetype.as_deref().filter(|kind| !kind.is_empty()), &url);
    }
    // RFC 5829: lets a harvester that holds an old version find the newest.
    if let Some(latest) = published.lineage.latest().filter(|_| !published.lineage.is_latest()) {
        link(html, "latest-version", None, &page.urls.absolute(&format!("/records/{}", latest.id)));
    }
}

fn named(html: &mut Html, name: &'static str, content: &str) {
    if !content.is_empty() {
        html.raw("<meta name=\"").raw(name).raw("\" content=\"").text(content).raw("\">\n");
    }
}

fn optional(html: &mut Html, name: &'static str, content: Option<&str>) {
    named(html, name, &plain(content.unwrap_or_default()));
}

fn property(html: &mut Html, name: &'static str, content: &str) {
    if !content.is_empty() {
        html.raw("<meta property=\"").raw(name).raw("\" content=\"").text(content).raw("\">\n");
    }
}

fn link(html: &mut Html, rel: &'static str, kind: Option<&str>, url: &str) {
    html.raw("<link rel=\"").raw(rel).raw("\"");
    if let Some(kind) = kind {
        html.raw(" type=\"").text(kind).raw("\"");
    }
    html.raw(" href=\"").text(url).raw("\">\n");
}

//! What machines read in `<head>`: description, Highwire, OpenGraph, signposting.

use super::Page;
use crate::build::site::html::Html;
use crate::build::site::url::versions_path;
use crate::build::site::words;
use crate::crosswalk::files::{media_type, open_files};
use crate::crosswalk::names::Name;
use crate::crosswalk::{Format, signposting};
use crate::record::date::Edtf;
use crate::record::html::plain;
use crate::record::identifier::is_record_id;
use crate::record::vocabulary;

/// Characters of a description that search engines show.
const ABSTRACT: usize = 240;

/// Authors in Highwire tags: as many as the JSON-LD of a page names. Reference managers read
/// them, so a list is cut later than links are.
const AUTHORS: usize = 250;

/// Keywords, and PDF files, in Highwire tags.
const REPEATED: usize = 100;

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
    let family = published.record.parent.id.as_str();
    if page.config.feeds && is_record_id(family) {
        let feed = page.urls.absolute(&format!("/{}", versions_path(family)));
        link(html, "alternate", Some("application/atom+xml"), &feed);
    }
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
    let authors = metadata.creators.iter().filter_map(|creator| Name::of(&creator.person_or_org));
    for name in authors.take(AUTHORS) {
        named(html, "citation_author", &name.inverted());
    }
    if let Some((date, _)) = metadata.publication_date.as_deref().and_then(Edtf::repair)
        && let Some(date) = date.start().or(date.end())
    {
        named(html, "citation_publication_date", &date.to_string().replace('-', "/"));
    }
    let publisher = metadata.publisher.as_deref().or(published.repository.publisher.as_deref());
    optional(html, "citation_publisher", publisher);
    let kind = vocabulary::resource_type(&metadata.resource_type.id);
    if kind.is_some_and(|kind| kind.bibtex == "techreport") {
        optional(html, "citation_technical_report_institution", publisher);
    }
    optional(html, "citation_doi", published.doi());
    container(page, html);
    for language in &metadata.languages {
        if let Some(language) = vocabulary::language(&language.id) {
            named(html, "citation_language", language.bcp47());
        }
    }
    let subjects = metadata.subjects.iter().filter_map(|subject| subject.subject.as_deref());
    let legacy = published.record.custom_fields.legacy_subjects.iter();
    let legacy = legacy.filter_map(|subject| subject.term.as_deref());
    for subject in subjects.chain(legacy).take(REPEATED) {
        optional(html, "citation_keywords", Some(subject));
    }
    named(html, "citation_abstract_html_url", canonical);
    let is_pdf = |file: &&crate::record::model::FileEntry<'_>| {
        media_type(file).as_deref() == Some("application/pdf")
            || file.key.rsplit_once('.').is_some_and(|(_, ext)| ext.eq_ignore_ascii_case("pdf"))
    };
    for file in open_files(published).into_iter().filter(is_pdf).take(REPEATED) {
        named(html, "citation_pdf_url", &page.urls.download(published.id(), &file.key));
    }
}

/// Journal, book, conference or university.
fn container(page: Page<'_>, html: &mut Html) {
    let fields = &page.published.record.custom_fields;
    optional(html, "citation_journal_title", fields.journal.title.as_deref());
    optional(html, "citation_volume", fields.journal.volume.as_deref());
    optional(html, "citation_issue", fields.journal.issue.as_deref());
    let pages = fields.journal.pages.as_deref().or(fields.imprint.pages.as_deref());
    let (first, last) = pages
        .unwrap_or_default()
        .split_once(['-', '–'])
        .unwrap_or_else(|| (pages.unwrap_or_default(), ""));
    optional(html, "citation_firstpage", Some(first.trim()));
    optional(html, "citation_lastpage", Some(last.trim_start_matches(['-', '–']).trim()));
    optional(html, "citation_issn", fields.journal.issn.as_deref());
    optional(html, "citation_isbn", fields.imprint.isbn.as_deref());
    optional(html, "citation_inbook_title", fields.imprint.title.as_deref());
    optional(html, "citation_conference_title", fields.meeting.title.as_deref());
    optional(html, "citation_dissertation_institution", fields.thesis.university.as_deref());
}

/// FAIR signposting, level 1.
///
/// Bounded when a linkset carries the whole; without one the page is the only place.
fn signposting(page: Page<'_>, html: &mut Html) {
    let exports = &page.config.exports;
    let bound = exports.contains(&Format::Linkset).then_some(signposting::PAGE_BOUND);
    signposting::landing(page.published, exports, bound, |to| {
        // HTML has no attribute for a profile; the linkset says it.
        link(html, to.rel, to.media_type.as_deref(), &to.href);
    });
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
    if let Some(kind) = kind.filter(|kind| is_media_type(kind)) {
        html.raw(" type=\"").text(kind).raw("\"");
    }
    html.raw(" href=\"").text(url).raw("\">\n");
}

/// Whether `type` may hold it: two tokens of RFC 9110 and what follows a semicolon.
fn is_media_type(kind: &str) -> bool {
    let token = |text: &str| {
        let part = |b: u8| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b);
        !text.is_empty() && text.bytes().all(part)
    };
    let essence = kind.split(';').next().unwrap_or_default().trim_end();
    let plain = kind.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'<' && b != b'>');
    plain && essence.split_once('/').is_some_and(|(kind, sub)| token(kind) && token(sub))
}

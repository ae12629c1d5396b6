//! The line above the title, and what stands where files cannot be had.

use super::Page;
use crate::build::site::html::Html;
use crate::build::site::url::Facet;
use crate::build::site::words;
use crate::record::FilesAccess;
use crate::record::html::plain;
use crate::record::vocabulary;

/// Resource type, access, date, version.
pub(in crate::build::site) fn info(page: Page<'_>, html: &mut Html) {
    let metadata = &page.published.record.metadata;
    let known = vocabulary::resource_type(&metadata.resource_type.id);
    let list = known.and_then(|known| page.list(Facet::Type, known.id));
    html.raw("<span class=\"kind\">").link("", list.as_deref(), kind(page)).raw("</span>");
    let (class, label) = match page.published.files {
        FilesAccess::Open => ("open", "Open"),
        FilesAccess::Embargoed { .. } => ("embargoed", "Embargoed"),
        FilesAccess::Restricted => ("restricted", "Restricted"),
        FilesAccess::MetadataOnly => ("metadata-only", "Metadata only"),
    };
    html.raw(" <span class=\"access ").raw(class).raw("\">").raw(label).raw("</span>");
    if let Some(date) = metadata.publication_date.as_deref().filter(|date| !date.is_empty()) {
        html.raw(" <span class=\"when\">");
        date_element(html, date);
        html.raw("</span>");
    }
    let version = plain(metadata.version.as_deref().unwrap_or_default());
    if !version.is_empty() {
        html.raw(" <span class=\"version\" dir=\"auto\">");
        if version.starts_with(|c: char| c.is_ascii_digit()) {
            html.raw("Version ");
        }
        html.text(&version).raw("</span>");
    }
}

/// The resource type in words.
pub(super) fn kind<'a>(page: Page<'a>) -> &'a str {
    let item = &page.published.record.metadata.resource_type;
    match vocabulary::resource_type(&item.id) {
        Some(known) => known.title,
        None => item.title.preferred().unwrap_or("Record"),
    }
}

/// `<time>` where HTML can express the date, text otherwise.
pub(super) fn date_element(html: &mut Html, date: &str) {
    use crate::record::date::Edtf;
    let date = date.trim();
    match Edtf::parse(date) {
        Some(Edtf::Date(day)) if day.year > 0 => {
            html.raw("<time datetime=\"").text(date).raw("\">").text(&words::date(date));
            html.raw("</time>");
        }
        _ => {
            html.text(&words::date(date));
        }
    }
}

/// Why there is no file table; empty when files are open.
pub(in crate::build::site) fn notice(page: Page<'_>, html: &mut Html) {
    let reason = plain(page.published.record.access.embargo.reason.as_deref().unwrap_or_default());
    match page.published.files {
        FilesAccess::Open => {}
        FilesAccess::Embargoed { until } => {
            html.raw("<p class=\"notice embargoed\" role=\"note\"><strong>Embargoed until ");
            date_element(html, until);
            html.raw(".</strong> The files become public on that day.");
            if !reason.is_empty() {
                html.raw(" <span dir=\"auto\">").text(&reason).raw("</span>");
            }
            html.raw("</p>\n");
        }
        FilesAccess::Restricted => {
            html.raw("<p class=\"notice restricted\" role=\"note\"><strong>Restricted files.");
            html.raw("</strong> The record is public, its files are not.</p>\n");
        }
        FilesAccess::MetadataOnly => {
            html.raw("<p class=\"notice metadata-only\" role=\"note\"><strong>Metadata only.");
            html.raw("</strong> This record has no files.</p>\n");
        }
    }
}

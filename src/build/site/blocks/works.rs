//! Other works: related ones by relation, grants, references.

use super::{Page, joined};
use crate::build::site::html::Html;
use crate::build::site::words;
use crate::crosswalk::links::identifier_url;
use crate::record::html::plain;
use crate::record::model::{Award, Funding, Reference, RelatedIdentifier};
use crate::record::vocabulary;

/// Entries shown before a list folds.
const SHOWN: usize = 50;

/// Related works in a description list, grouped by relation in order of first appearance.
pub(in crate::build::site) fn related(page: Page<'_>, html: &mut Html) {
    let works = &page.published.record.metadata.related_identifiers;
    let mut groups: Vec<(&str, Vec<&RelatedIdentifier<'_>>)> = Vec::new();
    for work in works.iter().filter(|work| !work.identifier.trim().is_empty()) {
        let relation = work.relation_type.as_ref().map_or("other", |kind| kind.id.as_str());
        match groups.iter_mut().find(|(known, _)| *known == relation) {
            Some((_, members)) => members.push(work),
            None => groups.push((relation, vec![work])),
        }
    }
    if groups.is_empty() {
        return;
    }
    html.raw("<dl class=\"related\">\n");
    for (relation, members) in groups {
        let label = vocabulary::relation_type(relation).map_or("Related to", |term| term.title);
        html.raw("<div><dt>").text(label).raw("</dt><dd>");
        folded(html, "<ul>\n", "</ul>\n", &members, |html, work| {
            identifier(html, work.scheme.as_deref(), &work.identifier);
            let kind = work.resource_type.as_ref();
            if let Some(kind) = kind.and_then(|kind| vocabulary::resource_type(&kind.id)) {
                html.raw(" <span class=\"label\">").text(kind.title).raw("</span>");
            }
        });
        html.raw("</dd></div>\n");
    }
    html.raw("</dl>\n");
}

/// An identifier as a link where it leads somewhere, with its scheme where that is no address.
pub(super) fn identifier(html: &mut Html, scheme: Option<&str>, value: &str) {
    let value = value.trim();
    let url = identifier_url(scheme, value);
    let named = scheme.and_then(vocabulary::scheme).filter(|s| !matches!(s.id, "url" | "other"));
    if let Some(scheme) = named {
        html.raw("<span class=\"scheme\">").text(scheme.datacite).raw("</span> ");
    }
    html.raw("<bdi>").link("", url.as_deref(), value).raw("</bdi>");
}

/// Funders with their awards.
pub(in crate::build::site) fn funding(page: Page<'_>, html: &mut Html) {
    let funding = &page.published.record.metadata.funding;
    if funding.is_empty() {
        return;
    }
    folded(html, "<ul class=\"funding\">\n", "</ul>\n", funding, |html, grant| one(html, grant));
}

fn one(html: &mut Html, grant: &Funding<'_>) {
    let funder = plain(grant.funder.name.as_deref().unwrap_or_default());
    let funder_id = grant.funder.id.as_deref().unwrap_or_default();
    html.raw("<bdi class=\"funder\">");
    html.text(if funder.is_empty() { funder_id } else { &funder }).raw("</bdi>");
    super::people::chip(html, Some("ror"), funder_id);
    if let Some(award) = &grant.award {
        describe(html, award);
    }
}

/// Title, short name and number, linked.
fn describe(html: &mut Html, award: &Award<'_>) {
    let title = plain(award.title.preferred().unwrap_or_default());
    let acronym = plain(award.acronym.as_deref().unwrap_or_default());
    let number = award.number.as_deref().unwrap_or_default();
    let url = award
        .identifiers
        .iter()
        .find_map(|id| identifier_url(id.scheme.as_deref(), &id.identifier));
    let shown = [title.as_ref(), acronym.as_ref(), number].into_iter().find(|t| !t.is_empty());
    let Some(shown) = shown else { return };
    html.raw("<br><bdi>").link("", url.as_deref(), shown).raw("</bdi>");
    let program = plain(award.program.as_deref().unwrap_or_default());
    let rest = [acronym.as_ref(), number, program.as_ref()]
        .into_iter()
        .filter(|t| !t.is_empty() && *t != shown);
    super::wrap(html, " <span class=\"label\">", "</span>", |html| {
        joined(html, " · ", rest, |html, part| {
            html.text(part);
        });
    });
}

/// The reference list.
pub(in crate::build::site) fn references(page: Page<'_>, html: &mut Html) {
    let references = &page.published.record.metadata.references;
    let texts: Vec<&Reference<'_>> =
        references.iter().filter(|entry| !entry.reference.trim().is_empty()).collect();
    if texts.is_empty() {
        return;
    }
    folded(html, "<ul class=\"references\">\n", "</ul>\n", &texts, |html, entry| {
        html.raw("<span dir=\"auto\">").text(&plain(&entry.reference)).raw("</span>");
        if let Some(value) = entry.identifier.as_deref().filter(|value| !value.is_empty()) {
            html.raw(" ");
            identifier(html, entry.scheme.as_deref(), value);
        }
    });
}

fn folded<T>(
    html: &mut Html,
    open: &'static str,
    close: &'static str,
    items: &[T],
    mut write: impl FnMut(&mut Html, &T),
) {
    let mut list = |html: &mut Html, items: &[T]| {
        html.raw(open);
        for item in items {
            html.raw("<li>");
            write(html, item);
            html.raw("</li>\n");
        }
        html.raw(close);
    };
    let shown = if items.len() > SHOWN + 5 { SHOWN } else { items.len() };
    let (first, rest) = items.split_at(shown);
    list(html, first);
    if !rest.is_empty() {
        let count = words::grouped(rest.len() as u64);
        html.raw("<details class=\"more\"><summary>").text(&count).raw(" more</summary>\n");
        list(html, rest);
        html.raw("</details>\n");
    }
}

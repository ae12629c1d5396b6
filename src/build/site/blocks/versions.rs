//! The family of a record: version list and the banner that points to the newest.

use super::Page;
use crate::build::site::html::Html;
use crate::build::site::words;
use crate::crosswalk::links::doi_url;
use crate::record::Sibling;

/// Newest versions that are always listed.
const NEWEST: usize = 20;
/// Neighbours of the shown version that are always listed, on each side.
const NEIGHBOURS: usize = 2;

/// "There is a newer version", on every page but the newest one's.
pub(in crate::build::site) fn newer(page: Page<'_>, html: &mut Html) {
    let lineage = page.published.lineage;
    let Some(latest) = lineage.latest().filter(|_| !lineage.is_latest()) else { return };
    html.raw("<p class=\"banner newer\" role=\"note\"><strong>There is a newer version</strong> ");
    html.raw("of this record: ");
    html.link("", Some(&page.urls.record(&latest.id)), &label(latest, lineage.siblings.len()));
    if !latest.publication_date.is_empty() {
        html.raw(", ").text(&words::date(&latest.publication_date));
    }
    html.raw(".</p>\n");
}

/// All versions, newest first, and the DOI that stands for all of them.
///
/// Of a long family: the newest, the neighbours of this one and the first, with the number of
/// those left out in between. Otherwise the pages of a family would grow with its square.
pub(in crate::build::site) fn versions(page: Page<'_>, html: &mut Html) {
    let lineage = page.published.lineage;
    let (count, current) = (lineage.siblings.len(), lineage.index as usize);
    if count > 1 {
        html.raw("<ol class=\"versions\" reversed>\n");
        let mut skipped = 0;
        for (at, sibling) in lineage.siblings.iter().enumerate().rev() {
            let number = at + 1;
            let near = number.abs_diff(current) <= NEIGHBOURS;
            if !near && number > 1 && number + NEWEST <= count {
                skipped += 1;
                continue;
            }
            gap(html, &mut skipped);
            row(page, html, sibling, number);
        }
        html.raw("</ol>\n");
    }
    if let Some(doi) = page.published.concept_doi() {
        html.raw("<p class=\"concept\">Cite all versions with ");
        html.link("doi", Some(&doi_url(doi)), doi);
        html.raw(", which always leads to the newest one.</p>\n");
    }
}

fn row(page: Page<'_>, html: &mut Html, sibling: &Sibling, number: usize) {
    let here = number == page.published.lineage.index as usize;
    let label = label(sibling, number);
    html.raw("<li");
    if here {
        html.raw(" class=\"here\" aria-current=\"true\"><span dir=\"auto\">").text(&label);
        html.raw("</span>");
    } else {
        html.raw(" dir=\"auto\">").link("", Some(&page.urls.record(&sibling.id)), &label);
    }
    if !sibling.publication_date.is_empty() {
        html.raw(" <span class=\"when\">").text(&words::date(&sibling.publication_date));
        html.raw("</span>");
    }
    if let Some(doi) = sibling.doi.as_deref() {
        html.raw("<br><span class=\"doi\">").text(doi).raw("</span>");
    }
    html.raw("</li>\n");
}

fn gap(html: &mut Html, skipped: &mut usize) {
    if *skipped > 0 {
        html.raw("<li class=\"gap\">").number(*skipped).raw(" more</li>\n");
        *skipped = 0;
    }
}

/// `Version 2.1`, or the position in the family.
fn label(sibling: &Sibling, number: usize) -> String {
    let given = sibling.version.as_deref().map(str::trim).filter(|label| !label.is_empty());
    let Some(given) = given else { return format!("Version {number}") };
    match given.starts_with(|c: char| c.is_ascii_digit()) {
        true => format!("Version {given}"),
        false => given.to_owned(),
    }
}

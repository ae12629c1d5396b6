//! Descriptions: HTML of depositors, sanitised.

use super::Page;
use crate::build::site::clean::Sanitised;
use crate::build::site::html::Html;
use crate::record::html::plain;
use crate::record::vocabulary;

/// The ` lang="…"` of titles and description where the record names one language.
pub(in crate::build::site) fn lang(page: Page<'_>, html: &mut Html) {
    let [only] = page.published.record.metadata.languages.as_slice() else { return };
    if let Some(language) = vocabulary::language(&only.id) {
        html.raw(" lang=\"").text(language.bcp47()).raw("\"");
    }
}

/// Bytes of sanitised HTML that are shown before a description folds, about two screens.
const SHOWN: usize = 5000;
/// What is worth folding.
const WORTH: usize = 2000;

/// The main description; of a very long one the rest behind a fold.
pub(in crate::build::site) fn description(page: Page<'_>, html: &mut Html) {
    let mark = html.len();
    folded(page.published.record.metadata.description.as_deref().unwrap_or_default(), html);
    if html.blank_since(mark) {
        html.rewind(mark);
    }
}

fn folded(markup: &str, html: &mut Html) {
    if markup.len() < SHOWN + WORTH {
        html.sanitised(markup);
        return;
    }
    let clean = Sanitised::of(markup);
    let (first, rest) = clean.split(SHOWN);
    html.already_sanitised(first);
    if rest.len() < WORTH {
        html.already_sanitised(rest);
        return;
    }
    html.raw("<details class=\"more\"><summary>Read on</summary>\n");
    html.already_sanitised(rest).raw("</details>");
}

/// The further descriptions under their types; notes as a box of their own.
pub(in crate::build::site) fn additional(page: Page<'_>, html: &mut Html) {
    for extra in &page.published.record.metadata.additional_descriptions {
        let start = html.len();
        let kind = extra.kind.as_ref().map_or("other", |kind| kind.id.as_str());
        let label = vocabulary::description_type(kind).map_or("Other", |term| term.title);
        html.raw(match kind {
            "notes" => "<section class=\"extra notes\">\n",
            _ => "<section class=\"extra\">\n",
        });
        html.raw("<h2>").text(label).raw("</h2>\n<div class=\"prose\" dir=\"auto\"");
        let language = extra.lang.as_ref().and_then(|lang| vocabulary::language(&lang.id));
        if let Some(language) = language {
            html.raw(" lang=\"").text(language.bcp47()).raw("\"");
        }
        html.raw(">");
        let mark = html.len();
        folded(&extra.description, html);
        if html.blank_since(mark) {
            html.rewind(start);
        } else {
            html.raw("</div>\n</section>\n");
        }
    }
}

/// Translated, alternative and sub-titles.
pub(in crate::build::site) fn titles(page: Page<'_>, html: &mut Html) {
    for extra in &page.published.record.metadata.additional_titles {
        let title = plain(&extra.title);
        if title.is_empty() {
            continue;
        }
        let kind = extra.kind.as_ref().map_or("other", |kind| kind.id.as_str());
        let label = vocabulary::title_type(kind).map_or("Other", |term| term.title);
        html.raw("<p class=\"subtitle\"><span class=\"label\">").text(label);
        html.raw("</span> <span dir=\"auto\"");
        let language = extra.lang.as_ref().and_then(|lang| vocabulary::language(&lang.id));
        if let Some(language) = language {
            html.raw(" lang=\"").text(language.bcp47()).raw("\"");
        }
        html.raw(">").text(&title).raw("</span></p>\n");
    }
}

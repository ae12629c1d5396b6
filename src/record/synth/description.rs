//! Descriptions: HTML as rich-text editors leave it.

use super::distributions::DESCRIPTION_CHARS;
use super::document::{Document, stream};
use super::json::{field, raw, string};
use super::kinds::Giant;
use super::prose::Prose;
use super::rng::Rng;
use super::{quirks, works};

/// Appends `,"description":…` and now and then further descriptions.
pub(super) fn write(document: &Document<'_>, out: &mut Vec<u8>) {
    let mut rng = document.shared(stream::DESCRIPTION);
    let chars = match document.giant {
        Some(Giant::Description) => 46_000,
        _ => DESCRIPTION_CHARS.draw(&mut rng),
    };
    let mut html = String::with_capacity(chars + chars / 8 + 16);
    let prose = Prose::new(rng.clone(), document.tongue, document.topic());
    match rng.below(100) {
        0..10 => plain(prose, chars, &mut html),
        10..20 => broken_lines(prose, chars, &mut html),
        _ => paragraphs(prose, chars, &mut html),
    }
    for edit in 0..u64::from(document.edits.sentences) {
        added(document, document.own(stream::DESCRIPTION + 1 + edit), "Update: ", &mut html);
    }
    if document.place.index > 1 && chars > 0 {
        let label = format!("Changes in version {}: ", document.place.index);
        added(document, document.own(stream::DESCRIPTION + 64), &label, &mut html);
    }
    quirks::in_description(&mut document.own(stream::DESCRIPTION + 128), &mut html);
    if !html.is_empty() {
        raw(",", out);
        field("description", &html, out);
    }
    write_additional(document, out);
}

fn added(document: &Document<'_>, rng: Rng, label: &str, html: &mut String) {
    let mut prose = Prose::new(rng, document.tongue, document.topic());
    html.push_str("<p>");
    html.push_str(label);
    prose.passage(90, html);
    html.push_str("</p>");
}

fn plain(mut prose: Prose, chars: usize, html: &mut String) {
    prose.passage(chars, html);
}

fn broken_lines(mut prose: Prose, chars: usize, html: &mut String) {
    let mut left = chars;
    while left > 0 {
        let part = left.min(prose.rng().between(80, 500) as usize);
        if !html.is_empty() {
            html.push_str("<br>\n");
        }
        prose.passage(part, html);
        left -= part;
    }
}

fn paragraphs(mut prose: Prose, chars: usize, html: &mut String) {
    let mut left = chars;
    while left > 0 {
        let length = left.min(prose.rng().between(150, 900) as usize);
        let items = if length > 150 && prose.rng().chance(4_000) { 4 } else { 0 };
        if items > 0 {
            html.push_str("<ul>\n");
            for _ in 0..items {
                html.push_str("<li>");
                prose.passage(length / items, html);
                html.push_str("</li>\n");
            }
            html.push_str("</ul>\n");
        } else {
            html.push_str("<p>");
            inline(&mut prose, length, html);
            html.push_str("</p>\n");
        }
        left -= length;
    }
    html.truncate(html.trim_end().len());
}

/// A paragraph's inside: text in parts, with inline markup and entities between them.
fn inline(prose: &mut Prose, chars: usize, html: &mut String) {
    let mut left = chars;
    while left > 0 {
        let part = left.min(prose.rng().between(60, 400) as usize);
        decoration(prose, html);
        prose.passage(part, html);
        left -= part;
        if left > 0 {
            html.push_str(". ");
        }
    }
}

fn decoration(prose: &mut Prose, html: &mut String) {
    let (open, close) = match prose.rng().below(100) {
        0..6 => ("<strong>", ":</strong> "),
        6..10 => ("<em>", "</em> "),
        10..12 => ("<span>", "</span> "),
        12..25 => return html.push_str("&nbsp;"),
        25..28 => return html.push_str("R&amp;D "),
        28..30 => return html.push_str("H<sub>2</sub>O at 10<sup>3</sup> m&sup2; "),
        30..33 => {
            let doi = works::doi(prose.rng());
            return html.push_str(&format!(
                "<a href=\"https://doi.org/{doi}\">https://doi.org/{doi}</a> "
            ));
        }
        33..35 => return html.push_str("&gt; 5 &micro;m "),
        _ => return,
    };
    html.push_str(open);
    prose.content_word(html);
    html.push_str(close);
}

fn write_additional(document: &Document<'_>, out: &mut Vec<u8>) {
    let mut rng = document.shared(stream::DESCRIPTION + 192);
    let (id, title) = match rng.below(1_000) {
        0..60 => ("notes", "Notes"),
        60..85 => ("methods", "Methods"),
        85..95 => ("technical-info", "Technical info"),
        95..100 => ("series-information", "Series information"),
        _ => return,
    };
    let chars = rng.between(100, 700) as usize;
    let mut text = "<p>".to_owned();
    Prose::new(rng, document.tongue, document.topic()).passage(chars, &mut text);
    text.push_str("</p>");
    raw(",\"additional_descriptions\":[{\"description\":", out);
    string(&text, out);
    raw(&format!(",\"type\":{{\"id\":\"{id}\",\"title\":{{\"en\":\"{title}\"}}}}}}]"), out);
}

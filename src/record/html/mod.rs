//! HTML from depositors: safe HTML for pages, plain text for everything else.
//!
//! Characters that both drop: control characters except tab and line ends (illegal in XML 1.0
//! or, for DEL and C1, remains of a wrong encoding), U+FEFF, U+FFFE, U+FFFF, and the bidi
//! embeddings, overrides and isolates (U+202A–202E, U+2066–2069), which can reorder whatever
//! surrounds a text that does not close them. Marks that act on their neighbours only (LRM,
//! RLM, joiners) stay.

mod entity;
mod nesting;
mod plain;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

pub use plain::plain;

/// Longest HTML that is parsed as such, bytes; real descriptions end at about 60 KB.
const LONGEST_PARSED: usize = 512 * 1024;

/// Most elements open at a time in HTML that is parsed as such. HTML parsers search the open
/// elements at every tag, so their time is the product of both: without this bound, 128 KB of
/// `<ul><li>` take seconds.
const DEEPEST_PARSED: usize = 256;

/// HTML that is safe to put into a page.
///
/// An allow-list: paragraphs, line breaks, emphasis, sub- and superscript, lists, definition
/// lists, quotes, code, tables, headings (first and second level become third, under the
/// page's own) and links to `http`, `https` and `mailto` addresses, which get
/// `rel="nofollow noopener"`. Other elements are unwrapped; scripts, styles, frames and
/// comments go with their content. No `style`, `class`, `id` or event attribute remains.
///
/// What is over 512 KiB or has more than 256 elements open at a time becomes one paragraph of
/// plain text.
pub fn clean(html: &str) -> String {
    if html.len() > LONGEST_PARSED || nesting::exceeds(html, DEEPEST_PARSED) {
        return paragraph(&plain(html));
    }
    let cleaned = CLEANER.clean(html).to_string();
    // An address that was removed leaves a placeholder, which may have no `rel`.
    let cleaned = match cleaned.contains(NOWHERE) {
        true => cleaned.replace(NOWHERE, "<a>"),
        false => cleaned,
    };
    let cleaned = match cleaned.contains("<h1>") || cleaned.contains("<h2>") {
        true => cleaned
            .replace("<h1>", "<h3>")
            .replace("</h1>", "</h3>")
            .replace("<h2>", "<h3>")
            .replace("</h2>", "</h3>"),
        false => cleaned,
    };
    match strip_unwanted(&cleaned) {
        Cow::Borrowed(_) => cleaned,
        Cow::Owned(stripped) => stripped,
    }
}

/// What the sanitiser writes for a link whose address is not allowed. Text cannot look like
/// it, because `<` is escaped there.
const NOWHERE: &str = "<a rel=\"nofollow noopener\">";

fn paragraph(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<p>{}</p>", text.replace('\n', "<br>"))
}

/// Elements that stay.
const ELEMENTS: [&str; 39] = [
    "a",
    "abbr",
    "b",
    "blockquote",
    "br",
    "caption",
    "code",
    "dd",
    "del",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "ins",
    "kbd",
    "li",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
];

static CLEANER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let set = |names: &[&'static str]| names.iter().copied().collect::<HashSet<_>>();
    let mut cleaner = ammonia::Builder::empty();
    cleaner
        .tags(set(&ELEMENTS))
        .clean_content_tags(set(&["script", "style", "template", "iframe", "noscript", "object"]))
        .tag_attributes(HashMap::from([
            ("a", set(&["href"])),
            ("abbr", set(&["title"])),
            ("td", set(&["colspan", "rowspan"])),
            ("th", set(&["colspan", "rowspan"])),
        ]))
        .generic_attributes(HashSet::new())
        .url_schemes(set(&["http", "https", "mailto"]))
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(Some("nofollow noopener"))
        .strip_comments(true);
    cleaner
});

/// Drops the characters named in the module description.
pub(crate) fn strip_unwanted(text: &str) -> Cow<'_, str> {
    if text.contains(is_unwanted) {
        Cow::Owned(text.chars().filter(|&c| !is_unwanted(c)).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// Whether a character is dropped from every output; see the module description.
pub(crate) fn is_unwanted(c: char) -> bool {
    match c {
        '\t' | '\n' | '\r' => false,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => true,
        '\u{feff}' | '\u{fffe}' | '\u{ffff}' => true,
        _ => is_bidi_control(c),
    }
}

/// Embeddings, overrides and isolates: characters whose effect reaches beyond the next one.
pub(crate) fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests;

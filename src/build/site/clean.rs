//! Sanitising descriptions, with a short way for those that need none.
//!
//! A full HTML parse costs as much as the rest of a page. Most descriptions are paragraphs,
//! lists and emphasis without attributes; for a narrow grammar of those, parsing, cleaning and
//! serialising gives back the same bytes, so they may be copied. The grammar errs on the side
//! of parsing; a test compares it with the sanitiser.

use std::borrow::Cow;

use crate::record::html::{self, is_unwanted};

/// Longest text that is looked at; beyond it the sanitiser decides.
const LONGEST: usize = 64 * 1024;
/// Most elements open at a time in text that is copied.
const DEEPEST: usize = 12;

/// [`html::clean`], borrowing what it would not change.
pub(super) fn clean(markup: &str) -> Cow<'_, str> {
    if is_clean(markup) { Cow::Borrowed(markup) } else { Cow::Owned(html::clean(markup)) }
}

/// Sanitised HTML that is to be shown in parts.
#[derive(Debug)]
pub(super) struct Sanitised<'a>(Cow<'a, str>);

/// A part of sanitised HTML in which every element is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clean<'a>(&'a str);

impl<'a> Clean<'a> {
    /// The markup.
    pub(super) fn as_str(self) -> &'a str {
        self.0
    }

    /// Its length in bytes.
    pub(super) fn len(self) -> usize {
        self.0.len()
    }
}

impl<'a> Sanitised<'a> {
    /// Sanitises.
    pub(super) fn of(markup: &'a str) -> Sanitised<'a> {
        Sanitised(clean(markup))
    }

    /// Cuts after the first element outside others that ends beyond `least` bytes; the second
    /// part is empty if there is none.
    ///
    /// The sanitiser's serialiser closes every element, escapes `<` and `>` in text and puts
    /// double quotes around attribute values and none inside, so counting tags finds the places
    /// where nothing is open.
    pub(super) fn split(&self, least: usize) -> (Clean<'_>, Clean<'_>) {
        let (mut at, mut open) = (0, 0_usize);
        while let Some(found) = self.0.get(at..).and_then(|rest| rest.find('<')) {
            let tag = self.0.get(at + found + 1..).unwrap_or_default();
            let mut quoted = false;
            let Some(end) = tag.bytes().position(|byte| {
                quoted ^= byte == b'"';
                byte == b'>' && !quoted
            }) else {
                break;
            };
            at += found + end + 2;
            let name = tag.split([' ', '>']).next().unwrap_or_default();
            if tag.starts_with('/') {
                open = open.saturating_sub(1);
                if open == 0 && at >= least {
                    break;
                }
            } else if !matches!(name, "br" | "hr") {
                open += 1;
            }
        }
        let at = if open == 0 && at >= least { at } else { self.0.len() };
        let (first, rest) = self.0.split_at(at);
        (Clean(first), Clean(rest))
    }
}

/// An element of the grammar, by what it may hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Element {
    /// `p`: text and inline elements.
    Paragraph,
    /// `ul`, `ol`: white space and items.
    List(&'static str),
    /// `li`: text, inline elements, paragraphs, lists.
    Item,
    /// Emphasis and the like: text and other inline elements.
    Inline(&'static str),
}

impl Element {
    fn of(name: &str) -> Option<Element> {
        const INLINE: [&str; 9] = ["em", "strong", "sub", "sup", "b", "i", "u", "s", "code"];
        match name {
            "p" => Some(Element::Paragraph),
            "li" => Some(Element::Item),
            "ul" => Some(Element::List("ul")),
            "ol" => Some(Element::List("ol")),
            _ => INLINE.into_iter().find(|known| *known == name).map(Element::Inline),
        }
    }

    /// Whether the parser leaves this element where it stands below `open`.
    fn fits(self, open: &[Element]) -> bool {
        let parent = open.last();
        match self {
            Element::Paragraph | Element::List(_) => matches!(parent, None | Some(Element::Item)),
            Element::Item => matches!(parent, Some(Element::List(_))),
            Element::Inline(_) => {
                !matches!(parent, Some(Element::List(_))) && !open.contains(&self)
            }
        }
    }
}

/// Whether parsing and serialising gives back these very bytes, with nothing to remove.
///
/// Text: no control characters, no `>`, no raw no-break space (serialised as `&nbsp;`); `&`
/// only in the four references that the serialiser writes. Tags: lower case, no attribute, no
/// space, properly nested, each closed; `<br>` anywhere text may be.
fn is_clean(markup: &str) -> bool {
    if markup.len() > LONGEST {
        return false;
    }
    let mut open: Vec<Element> = Vec::new();
    let mut rest = markup;
    while !rest.is_empty() {
        let end = rest.find('<').unwrap_or(rest.len());
        let (text, tags) = rest.split_at(end);
        let between_items = matches!(open.last(), Some(Element::List(_)));
        if !is_clean_text(text)
            || (between_items && !text.bytes().all(|b| matches!(b, b' ' | b'\n')))
        {
            return false;
        }
        if tags.is_empty() {
            break;
        }
        let Some((tag, after)) = tags.get(1..).and_then(|tag| tag.split_once('>')) else {
            return false;
        };
        rest = after;
        if tag == "br" {
            if between_items {
                return false;
            }
            continue;
        }
        if let Some(name) = tag.strip_prefix('/') {
            let Some(element) = Element::of(name) else { return false };
            if open.pop() != Some(element) {
                return false;
            }
            continue;
        }
        let Some(element) = Element::of(tag) else { return false };
        if open.len() >= DEEPEST || !element.fits(&open) {
            return false;
        }
        open.push(element);
    }
    open.is_empty()
}

fn is_clean_text(text: &str) -> bool {
    const REFERENCES: [&str; 4] = ["amp;", "lt;", "gt;", "nbsp;"];
    let plain =
        |byte: &u8| matches!(byte, b' '..=b'~' | b'\n' | b'\t') && !matches!(byte, b'&' | b'>');
    if text.as_bytes().iter().all(plain) {
        return true;
    }
    text.char_indices().all(|(at, c)| match c {
        '>' | '\r' | '\u{a0}' => false,
        '&' => {
            text.get(at + 1..).is_some_and(|rest| REFERENCES.iter().any(|r| rest.starts_with(r)))
        }
        _ => !is_unwanted(c),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_short_way_is_taken_where_it_may_be() {
        for (markup, short) in [
            ("", true),
            ("Plain text, p &lt; 0.05 &amp; more", true),
            ("<p>One</p>\n<p>Two <em>and <strong>three</strong></em></p>", true),
            ("<ul>\n<li>a<br>b</li><li><p>c</p><ol><li>d</li></ol></li></ul>", true),
            ("<p>H<sub>2</sub>O, “quoted”, 中文</p>", true),
            ("<p>open", false),
            ("<p><p>a</p></p>", false),
            ("<p><ul><li>a</li></ul></p>", false),
            ("<em><p>a</p></em>", false),
            ("<em>a<strong>b</em>c</strong>", false),
            ("<b><b>a</b></b>", false),
            ("<P>a</P>", false),
            ("<p class=\"x\">a</p>", false),
            ("<p >a</p>", false),
            ("<br/>", false),
            ("<script>alert(1)</script>", false),
            ("<ul>text<li>a</li></ul>", false),
            ("<li>a</li>", false),
            ("R&D", false),
            ("&copy;", false),
            ("a > b", false),
            ("a\u{a0}b", false),
            ("a\u{202e}b", false),
            ("a\r\nb", false),
            ("a < b", false),
            ("<!-- -->", false),
        ] {
            assert_eq!(is_clean(markup), short, "{markup:?}");
            assert_eq!(clean(markup), html::clean(markup), "{markup:?}");
        }
    }

    #[test]
    fn cut_where_nothing_is_open() {
        for (markup, first) in [
            ("<p>one</p><p>two</p><p>three</p>", "<p>one</p><p>two</p>"),
            (
                "<ul><li>one</li><li>two three</li></ul><p>x</p>",
                "<ul><li>one</li><li>two three</li></ul>",
            ),
            ("<p>one<br>two</p>text that goes on<br>and on", "<p>one<br>two</p>"),
            ("text only, without an element", "text only, without an element"),
            (
                "<p><abbr title=\"</p>'>\">one</abbr></p><p>x</p>",
                "<p><abbr title=\"</p>'>\">one</abbr></p>",
            ),
            ("<p>open <b>never closed", "<p>open <b>never closed</b></p>"),
        ] {
            let clean = Sanitised::of(markup);
            let (got, rest) = clean.split(12);
            assert_eq!(got.as_str().replace("&lt;", "<").replace("&gt;", ">"), first);
            assert_eq!(format!("{}{}", got.as_str(), rest.as_str()), html::clean(markup));
        }
    }

    /// Pieces that make accepted and nearly accepted markup.
    fn piece() -> impl Strategy<Value = &'static str> {
        proptest::sample::select(vec![
            "<p>", "</p>", "<em>", "</em>", "<b>", "</b>", "<i>", "</i>", "<sub>", "</sub>",
            "<code>", "</code>", "<ul>", "</ul>", "<ol>", "</ol>", "<li>", "</li>", "<br>", " ",
            "\n", "text", "&amp;", "&lt;", "&nbsp;", "&", ">", "é", "\u{a0}", "\u{202d}", "\t",
            "\r", "\0", "<a>", "<pre>", "\n\n", "&amp", "\u{c}", "\u{fffd}", "<", "</", "\u{2028}",
        ])
    }

    /// Properly nested markup, of which most is accepted.
    fn nested() -> impl Strategy<Value = String> {
        let leaf = proptest::sample::select(vec!["", "t", " ", "\n", "<br>", "&amp;x", "ü ", "\t"]);
        let leaf = leaf.prop_map(str::to_owned);
        leaf.prop_recursive(5, 40, 4, |inner| {
            let names = vec!["p", "em", "b", "sup", "code", "u", "ul", "ol", "li", "s"];
            (proptest::sample::select(names), proptest::collection::vec(inner, 0..4))
                .prop_map(|(name, inner)| format!("<{name}>{}</{name}>", inner.concat()))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn pieces_come_out_as_the_sanitiser_says(
            pieces in proptest::collection::vec(piece(), 0..14)
        ) {
            let markup = pieces.concat();
            prop_assert_eq!(clean(&markup), html::clean(&markup), "{}", markup);
        }

        #[test]
        fn nested_markup_comes_out_as_the_sanitiser_says(
            parts in proptest::collection::vec(nested(), 0..5)
        ) {
            let markup = parts.concat();
            prop_assert_eq!(clean(&markup), html::clean(&markup), "{}", markup);
        }
    }
}

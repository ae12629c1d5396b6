//! A citation as it grows: text, and which of it is italic or the address.

use std::ops::Range;

/// Closes what [`Cited::quoted`] opened.
const CLOSE: char = '”';

/// A citation: plain text in which some ranges are set in italics and one is an address.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Cited {
    text: String,
    italics: Vec<Range<usize>>,
    address: Option<Range<usize>>,
    /// Where the last closing quotation mark of ours ends.
    quote_end: usize,
}

/// A stretch of a citation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Upright text.
    Plain(&'a str),
    /// Text in italics.
    Italic(&'a str),
    /// What leads to the work: a URL, or a bare DOI.
    Address(&'a str),
}

impl Cited {
    /// The whole as plain text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The whole as plain text.
    pub fn into_text(self) -> String {
        self.text
    }

    /// The stretches in order; together they are the text.
    pub fn pieces(&self) -> Vec<Piece<'_>> {
        let part = |range: Range<usize>| self.text.get(range).unwrap_or_default();
        let mut pieces = Vec::with_capacity(2 * self.italics.len() + 3);
        let mut at = 0;
        let mut marked: Vec<(&Range<usize>, bool)> =
            self.italics.iter().map(|range| (range, false)).collect();
        marked.extend(self.address.as_ref().map(|range| (range, true)));
        marked.sort_by_key(|(range, _)| range.start);
        for (range, is_address) in marked {
            if at < range.start {
                pieces.push(Piece::Plain(part(at..range.start)));
            }
            let text = part(range.clone());
            pieces.push(if is_address { Piece::Address(text) } else { Piece::Italic(text) });
            at = range.end;
        }
        if at < self.text.len() {
            pieces.push(Piece::Plain(part(at..self.text.len())));
        }
        pieces
    }

    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.italics.clear();
        self.address = None;
        self.quote_end = 0;
    }

    /// Appends text as it is.
    pub(super) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Appends what a style puts between parts.
    ///
    /// A full stop or comma goes inside a closing quotation mark; a full stop after what ends a
    /// sentence already is left out, and the space of a separator at the very beginning too.
    pub(super) fn mark(&mut self, mark: &str) -> &mut Self {
        if self.text.is_empty() {
            return self;
        }
        let mut rest = mark;
        if let Some(after) = rest.strip_prefix(['.', ',']) {
            let sign = if rest.starts_with('.') { '.' } else { ',' };
            let in_quote = self.quote_end == self.text.len();
            let before = match in_quote {
                true => self.text.trim_end_matches(CLOSE),
                false => self.text.as_str(),
            };
            let ended =
                sign == '.' && before.ends_with(['.', '!', '?', '…', '。', '！', '？', '؟']);
            // “A title.”, and not “A title.,”
            let doubled = sign == ',' && in_quote && before.ends_with('.');
            if in_quote && !ended {
                let at = before.len() - usize::from(doubled);
                self.text.truncate(at);
                self.text.push(sign);
                self.text.push(CLOSE);
            } else if !ended {
                self.text.push(sign);
            }
            rest = after;
        }
        self.text.push_str(rest);
        self
    }

    /// Ends a part of the citation with a mark such as `. `, unless nothing was written since
    /// the last one; a comma that was to come before something then becomes a full stop.
    pub(super) fn end(&mut self, mark: &str) -> &mut Self {
        if mark.starts_with('.') {
            if let Some(part) = self.text.strip_suffix(", ") {
                self.text.truncate(part.len());
            } else if let Some(part) = self.text.strip_suffix(",” ") {
                self.text.truncate(part.len());
                self.text.push(CLOSE);
                self.quote_end = self.text.len();
            }
        }
        if self.text.ends_with(' ') { self } else { self.mark(mark) }
    }

    /// A space before what goes on in the same part.
    pub(super) fn gap(&mut self) -> &mut Self {
        if !self.text.is_empty() && !self.text.ends_with(' ') {
            self.text.push(' ');
        }
        self
    }

    /// Appends text in italics.
    pub(super) fn italic(&mut self, text: &str) -> &mut Self {
        let start = self.text.len();
        self.text.push_str(text);
        if self.text.len() > start {
            self.italics.push(start..self.text.len());
        }
        self
    }

    /// Appends text between quotation marks.
    pub(super) fn quoted(&mut self, text: &str) -> &mut Self {
        self.text.push('“');
        self.text.push_str(text);
        self.text.push(CLOSE);
        self.quote_end = self.text.len();
        self
    }

    /// Appends the address.
    pub(super) fn address(&mut self, address: &str) -> &mut Self {
        let start = self.text.len();
        self.text.push_str(address);
        self.address = Some(start..self.text.len());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(build: impl FnOnce(&mut Cited) -> &mut Cited, expected: &str) {
        let mut cited = Cited::default();
        build(&mut cited);
        let mut shown = String::new();
        for piece in cited.pieces() {
            match piece {
                Piece::Plain(text) => shown.push_str(text),
                Piece::Italic(text) => shown.extend(["<", text, ">"]),
                Piece::Address(text) => shown.extend(["[", text, "]"]),
            }
        }
        assert_eq!(shown, expected);
    }

    #[test]
    fn punctuation_meets() {
        check(|c| c.push("A").mark(". ").push("B").mark("."), "A. B.");
        check(|c| c.push("A.").mark(". ").push("Why?").mark("."), "A. Why?");
        check(|c| c.quoted("A").mark(". ").push("B"), "“A.” B");
        check(|c| c.quoted("A").mark(", ").push("B"), "“A,” B");
        check(|c| c.quoted("A.").mark(". ").push("B"), "“A.” B");
        check(|c| c.quoted("A.").mark(", ").push("B"), "“A,” B");
        check(|c| c.quoted("A?").mark(". ").push("B"), "“A?” B");
        check(|c| c.quoted("A?").mark(", ").push("B"), "“A?,” B");
        check(|c| c.quoted("A ”x").mark(", ").push("B"), "“A ”x,” B");
        check(|c| c.push("“own”").mark("."), "“own”.");
        check(|c| c.mark(". ").push("B"), "B");
        check(|c| c.italic("A").mark(". ").address("u").mark("."), "<A>. [u].");
        check(|c| c.italic(""), "");
    }
}

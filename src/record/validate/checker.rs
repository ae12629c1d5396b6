//! The list of issues in the making, with the path to where the check is.

use std::fmt::Write as _;

use super::{Issue, MOST_ISSUES};
use crate::record::date::Edtf;
use crate::record::html::{is_bidi_control, is_unwanted};
use crate::record::model::{Identifier, VocabularyItem};
use crate::record::{Text, identifier, vocabulary};

#[derive(Default)]
pub(super) struct Checker {
    path: Vec<Step>,
    issues: Vec<Issue>,
    cut: bool,
}

enum Step {
    Member(&'static str),
    Element(usize),
}

impl Checker {
    pub(super) fn into_issues(mut self) -> Vec<Issue> {
        if self.cut {
            self.issues.push(Issue {
                path: String::new(),
                code: "more-issues",
                message: format!("more than {MOST_ISSUES} issues"),
            });
        }
        self.issues
    }

    /// Runs a check one member further down.
    pub(super) fn at(&mut self, member: &'static str, check: impl FnOnce(&mut Self)) {
        self.path.push(Step::Member(member));
        check(self);
        self.path.pop();
    }

    /// Runs a check on every element of a list, and on the list's length.
    pub(super) fn each<'l, T>(
        &mut self,
        member: &'static str,
        list: &'l [T],
        most: usize,
        mut check: impl FnMut(&mut Self, &'l T),
    ) {
        self.at(member, |checker| {
            if list.len() > most {
                let message = format!("{} entries, more than {most}", list.len());
                checker.issue("too-many", message);
            }
            for (position, element) in list.iter().enumerate() {
                checker.path.push(Step::Element(position));
                check(checker, element);
                checker.path.pop();
            }
        });
    }

    pub(super) fn issue(&mut self, code: &'static str, message: impl Into<String>) {
        if self.issues.len() >= MOST_ISSUES {
            self.cut = true;
            return;
        }
        let mut path = String::new();
        for step in &self.path {
            // Writing to a String cannot fail.
            let _ = match step {
                Step::Member(name) if path.is_empty() => write!(path, "{name}"),
                Step::Member(name) => write!(path, ".{name}"),
                Step::Element(position) => write!(path, "[{position}]"),
            };
        }
        self.issues.push(Issue { path, code, message: message.into() });
    }

    /// A text that must be there.
    pub(super) fn required(&mut self, member: &'static str, text: Option<&Text<'_>>, most: usize) {
        if text.is_none_or(|text| text.trim().is_empty()) {
            self.at(member, |checker| checker.issue("missing", "is missing or empty"));
        }
        self.text(member, text, most);
    }

    /// A text that may be absent; `most` is its longest sensible length in characters.
    pub(super) fn text(&mut self, member: &'static str, text: Option<&Text<'_>>, most: usize) {
        if let Some(text) = text {
            self.at(member, |checker| checker.characters(text, most));
        }
    }

    /// The characters of the text that the path leads to.
    pub(super) fn characters(&mut self, text: &str, most: usize) {
        let plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t'));
        if plain && text.len() <= most {
            return;
        }
        if text.len() > most && text.chars().nth(most).is_some() {
            let message = format!("{} characters, more than {most}", text.chars().count());
            self.issue("too-long", message);
        }
        if let Some(c) = text.chars().find(|&c| is_unwanted(c) && !is_bidi_control(c)) {
            self.issue("control-character", format!("holds U+{:04X}", u32::from(c)));
        }
        if let Some(c) = text.chars().find(|&c| is_bidi_control(c)) {
            self.issue("bidi-control", format!("holds U+{:04X}", u32::from(c)));
        }
    }

    /// A vocabulary entry, if there is one; `known` tells whether the id is in the vocabulary.
    pub(super) fn term(
        &mut self,
        member: &'static str,
        item: Option<&VocabularyItem<'_>>,
        known: impl Fn(&str) -> bool,
    ) {
        let Some(item) = item else { return };
        self.at(member, |checker| {
            if item.id.is_empty() {
                checker.issue("missing", "has no id");
            } else if !known(&item.id) {
                checker.issue("unknown-id", format!("no such id: {}", excerpt(&item.id)));
            }
        });
    }

    /// A date or interval, empty meaning absent.
    pub(super) fn date(&mut self, member: &'static str, text: &str) {
        if text.is_empty() {
            return self.at(member, |checker| checker.issue("missing", "is missing or empty"));
        }
        let (code, message) = match Edtf::repair(text) {
            Some((_, false)) => return,
            Some((date, true)) => ("irregular-date", format!("{} means {date}", excerpt(text))),
            None => ("invalid-date", format!("no date: {}", excerpt(text))),
        };
        self.at(member, |checker| checker.issue(code, message));
    }

    /// Identifiers of a list.
    pub(super) fn identifiers(&mut self, member: &'static str, list: &[Identifier<'_>]) {
        self.each(member, list, 100, |checker, entry| {
            checker.identifier("identifier", entry.scheme.as_deref(), &entry.identifier);
        });
    }

    /// An identifier with the scheme that it claims; without a scheme any value will do.
    pub(super) fn identifier(&mut self, member: &'static str, scheme: Option<&str>, value: &str) {
        if value.trim().is_empty() {
            return self.at(member, |checker| checker.issue("missing", "is empty"));
        }
        let Some(scheme) = scheme.filter(|scheme| !scheme.is_empty()) else { return };
        if vocabulary::scheme(scheme).is_none() {
            let message = format!("no such scheme: {}", excerpt(scheme));
            return self.at("scheme", |checker| checker.issue("unknown-scheme", message));
        }
        if identifier::normalize(scheme, value).is_none() {
            let message = format!("no valid {scheme}: {}", excerpt(value));
            self.at(member, |checker| checker.issue("invalid-identifier", message));
        }
    }
}

/// The beginning of a value, with anything unprintable escaped: issues end up in terminals.
pub(super) fn excerpt(value: &str) -> String {
    const MOST: usize = 60;
    let mut excerpt = String::new();
    for (position, c) in value.chars().enumerate() {
        if position == MOST {
            excerpt.push('…');
            break;
        }
        if c.is_control() || is_unwanted(c) {
            excerpt.extend(c.escape_unicode());
        } else {
            excerpt.push(c);
        }
    }
    excerpt
}

//! The citation that a page shows: one line of plain text in the manner of APA, 7th edition.

use std::borrow::Cow;

use super::names::{Name, given_text};
use super::{journal, links};
use crate::record::Published;
use crate::record::date::Edtf;
use crate::record::vocabulary;

/// Authors named before the list is cut, as APA rules.
const AUTHORS_NAMED: usize = 20;

/// `Authors. (year). Title (Version v) [Kind]. Journal or publisher. URL`
///
/// Plain text: escape it for where it goes. Up to 20 authors are all named; of more, the first
/// 19, an ellipsis and the last. A missing date is `n.d.`; other missing parts are left out,
/// and without authors the title comes first.
pub fn citation(published: &Published<'_>) -> String {
    let metadata = &published.record.metadata;
    let people = metadata.creators.iter().filter_map(|c| Name::of(&c.person_or_org));
    let authors = authors(&people.collect::<Vec<_>>());
    let title = title(published);
    let year = year(published);

    let mut text = String::with_capacity(256);
    if authors.is_empty() {
        sentence(&mut text, &title);
        sentence(&mut text, &format!("({year})"));
    } else {
        sentence(&mut text, &authors);
        sentence(&mut text, &format!("({year})"));
        sentence(&mut text, &title);
    }
    if let Some(container) = container(published) {
        sentence(&mut text, &container);
    }
    text.push_str(&links::citable_url(published));
    // Line feeds are what remains of block elements and line separators.
    if text.contains('\n') { text.replace('\n', " ") } else { text }
}

/// The journal of an article, else the publisher; for a thesis the university before it.
fn container(published: &Published<'_>) -> Option<String> {
    let metadata = &published.record.metadata;
    let custom = &published.record.custom_fields;
    if let Some(place) = journal::place_in(&custom.journal) {
        return Some(place);
    }
    let own = given_text(metadata.publisher.as_deref());
    let publisher = own.or_else(|| given_text(published.repository.publisher.as_deref()));
    let university = given_text(custom.thesis.university.as_deref());
    match (university, publisher) {
        (Some(university), Some(publisher)) => Some(format!("{university}. {publisher}")),
        (one, other) => one.or(other).map(Cow::into_owned),
    }
}

/// The title with version and, where a reader would not take the work for a text, its kind.
fn title(published: &Published<'_>) -> String {
    let metadata = &published.record.metadata;
    let mut title = given_text(metadata.title.as_deref()).unwrap_or_default().into_owned();
    if let Some(version) = given_text(metadata.version.as_deref()) {
        title.push_str(" (Version ");
        title.push_str(bare_version(&version));
        title.push(')');
    }
    if let Some(kind) = vocabulary::resource_type(&metadata.resource_type.id)
        && !matches!(kind.general(), "publication" | "other")
    {
        title.push_str(" [");
        title.push_str(kind.title);
        title.push(']');
    }
    title.trim_start().to_owned()
}

/// `v1.2`, `V 1.2` and `Version 1.2` without the word that stands before them anyway.
fn bare_version(version: &str) -> &str {
    let words = ["version", "v.", "v"];
    let without = words.iter().find_map(|word| {
        let head = version.get(..word.len())?;
        let rest = version.get(word.len()..)?.trim_start();
        let is_number = rest.starts_with(|c: char| c.is_ascii_digit());
        (head.eq_ignore_ascii_case(word) && is_number).then_some(rest)
    });
    without.unwrap_or(version)
}

fn year(published: &Published<'_>) -> Cow<'static, str> {
    let date = published.record.metadata.publication_date.as_deref().and_then(Edtf::repair);
    date.map_or("n.d.".into(), |(date, _)| date.year().to_string().into())
}

fn authors(names: &[Name<'_>]) -> String {
    let [first @ .., last] = names else { return String::new() };
    if names.len() > AUTHORS_NAMED {
        let first: Vec<String> = names.iter().take(AUTHORS_NAMED - 1).map(author).collect();
        return format!("{}, … {}", first.join(", "), author(last));
    }
    if first.is_empty() {
        return author(last);
    }
    let first: Vec<String> = first.iter().map(author).collect();
    format!("{}, & {}", first.join(", "), author(last))
}

/// `Brown, T. J.` or the organisation.
fn author(name: &Name<'_>) -> String {
    match name {
        Name::Organisation(name) => name.to_string(),
        Name::Person { family, given: None } => family.to_string(),
        Name::Person { family, given: Some(given) } => {
            let initials = initials(given);
            if initials.is_empty() { family.to_string() } else { format!("{family}, {initials}") }
        }
    }
}

/// `Jean-Paul Marie` → `J.-P. M.`
fn initials(given: &str) -> String {
    let mut initials = String::new();
    for word in given.split([' ', '.']).filter(|word| !word.is_empty()) {
        let mut joined = false;
        for part in word.split(['-', '\u{2010}']) {
            let Some(initial) = part.chars().find(|c| c.is_alphanumeric()) else { continue };
            if joined {
                initials.push('-');
            } else if !initials.is_empty() {
                initials.push(' ');
            }
            initials.extend(initial.to_uppercase());
            initials.push('.');
            joined = true;
        }
    }
    initials
}

/// Appends text, a full stop unless it ends a sentence already, and a space.
fn sentence(out: &mut String, text: &str) {
    if text.is_empty() {
        return;
    }
    out.push_str(text);
    out.push_str(if text.ends_with(['.', '!', '?']) { " " } else { ". " });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortens_given_names() {
        let cases = [
            ("Troy", "T."),
            ("Jean-Paul Marie", "J.-P. M."),
            ("J.P.", "J. P."),
            ("élodie", "É."),
            ("四光", "四."),
            ("- .", ""),
        ];
        for (given, expected) in cases {
            assert_eq!(initials(given), expected, "{given}");
        }
    }

    #[test]
    fn names_up_to_twenty_authors() {
        let name = |n: usize| Name::Organisation(format!("A{n}").into());
        let list = |count: usize| authors(&(1..=count).map(name).collect::<Vec<_>>());
        assert_eq!(list(0), "");
        assert_eq!(list(1), "A1");
        assert_eq!(list(2), "A1, & A2");
        assert!(list(20).ends_with("A19, & A20"));
        assert!(list(21).ends_with("A18, A19, … A21"));
        assert!(list(3000).ends_with("A18, A19, … A3000"));
    }

    #[test]
    fn drops_the_word_version() {
        let cases = [
            ("v1.2", "1.2"),
            ("Version 2", "2"),
            ("V. 3", "3"),
            ("2nd draft", "2nd draft"),
            ("vintage", "vintage"),
            ("é", "é"),
        ];
        for (version, expected) in cases {
            assert_eq!(bare_version(version), expected);
        }
    }
}

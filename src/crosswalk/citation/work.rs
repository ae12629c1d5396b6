//! What a citation is made of, taken from the record once for all styles.

use std::borrow::Cow;

use super::dates::Issued;
use super::names::Names;
use super::title_case::title_case;
use crate::crosswalk::links;
use crate::crosswalk::names::{Name, given_text, role};
use crate::record::Published;
use crate::record::model::Contributor;
use crate::record::vocabulary;

/// A kind of work that some style treats in a way of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Article,
    Preprint,
    ConferencePaper,
    Chapter,
    Book,
    Report,
    Thesis,
    Dataset,
    Software,
    Figure,
    Graphic,
    Video,
    Audio,
    Talk,
    Document,
}

/// A record as citation styles see it. All text is plain, on one line and never empty.
#[derive(Debug)]
pub struct Work<'a> {
    pub(super) kind: Kind,
    pub(super) authors: Names<'a>,
    /// Of what it appeared in; the creators of works of other kinds may stand here too.
    pub(super) editors: Names<'a>,
    pub(super) title: Cow<'a, str>,
    /// The title as headline, for a work in English; otherwise as it is.
    pub(super) headline: Cow<'a, str>,
    /// Without the word that a style puts before it.
    pub(super) version: Option<Cow<'a, str>>,
    pub(super) issued: Option<Issued>,
    /// The university of a thesis.
    pub(super) publisher: Option<Cow<'a, str>>,
    /// Of books, chapters, conference papers and reports.
    pub(super) place: Option<Cow<'a, str>>,
    /// The journal, book or proceedings that it appeared in.
    pub(super) container: Option<Cow<'a, str>>,
    pub(super) volume: Option<Cow<'a, str>>,
    pub(super) issue: Option<Cow<'a, str>>,
    pub(super) pages: Option<Cow<'a, str>>,
    pub(super) edition: Option<Cow<'a, str>>,
    /// The kind of thesis.
    pub(super) genre: Option<Cow<'a, str>>,
    /// Conference and its place, of what was shown there.
    pub(super) event: Option<Cow<'a, str>>,
    pub(super) event_place: Option<Cow<'a, str>>,
    /// Bare.
    pub(super) doi: Option<&'a str>,
    pub(super) url: String,
}

impl<'a> Work<'a> {
    /// From a public record.
    pub fn of(published: &'a Published<'_>) -> Work<'a> {
        let metadata = &published.record.metadata;
        let custom = &published.record.custom_fields;
        let (journal, imprint) = (&custom.journal, &custom.imprint);
        let in_journal = line(journal.title.as_deref());
        let kind = kind(&metadata.resource_type.id, in_journal.is_some());
        let in_container = matches!(kind, Kind::Article | Kind::ConferencePaper | Kind::Chapter);
        let container =
            in_container.then(|| in_journal.or_else(|| line(imprint.title.as_deref()))).flatten();
        let is_contained = container.is_some();
        let has_pages = is_contained || kind == Kind::Book;
        let in_book = is_contained && kind != Kind::Article;
        let is_printed =
            matches!(kind, Kind::Book | Kind::Chapter | Kind::ConferencePaper | Kind::Report);
        let is_shown = matches!(
            kind,
            Kind::ConferencePaper | Kind::Talk | Kind::Graphic | Kind::Video | Kind::Document
        ) && !is_contained;
        let given = |when: bool, text: Option<&'a str>| line(text.filter(|_| when));
        let title = line(metadata.title.as_deref()).unwrap_or_default();
        let headline = match is_english(published) {
            true => Cow::Owned(title_case(&title)),
            false => title.clone(),
        };
        let authors = Names::of(names(metadata.creators.iter()));
        let editors = match in_book || authors.is_empty() {
            true => Names::of(names(metadata.contributors.iter().filter(|c| role(c) == "editor"))),
            false => Names::default(),
        };
        let school = given(kind == Kind::Thesis, custom.thesis.university.as_deref());
        let publisher = || {
            let own = line(metadata.publisher.as_deref());
            own.or_else(|| line(published.repository.publisher.as_deref()))
        };
        Work {
            kind,
            authors,
            editors,
            title,
            headline,
            version: given(!is_contained, metadata.version.as_deref()).map(bare_version),
            issued: metadata.publication_date.as_deref().and_then(Issued::of),
            publisher: school.or_else(publisher),
            place: given(is_printed, imprint.place.as_deref()),
            volume: given(is_contained, journal.volume.as_deref()),
            issue: given(is_contained, journal.issue.as_deref()),
            pages: given(has_pages, journal.pages.as_deref())
                .or_else(|| given(has_pages, imprint.pages.as_deref())),
            edition: given(in_book || kind == Kind::Book, imprint.edition.as_deref()),
            genre: given(kind == Kind::Thesis, custom.thesis.kind.as_deref()),
            event: given(is_shown, custom.meeting.title.as_deref()),
            event_place: given(
                is_shown && custom.meeting.title.is_some(),
                custom.meeting.place.as_deref(),
            ),
            container,
            doi: published.doi(),
            url: links::citable_url(published),
        }
    }

    /// `2024`, `2019–2021`
    pub(super) fn year(&self) -> Option<String> {
        self.issued.map(Issued::year)
    }
}

fn names<'a: 'b, 'b, 'c: 'a>(
    people: impl Iterator<Item = &'a Contributor<'c>> + 'b,
) -> impl Iterator<Item = Name<'a>> + 'b {
    people.filter_map(|person| Name::of(&person.person_or_org)).map(|name| match name {
        Name::Person { family, given } => {
            Name::Person { family: one_line(family), given: given.map(one_line) }
        }
        Name::Organisation(whole) => Name::Organisation(one_line(whole)),
    })
}

/// Plain text on one line, `None` when nothing is left of it.
fn line(text: Option<&str>) -> Option<Cow<'_, str>> {
    given_text(text).map(one_line)
}

/// Line feeds are what remains of block elements and line separators.
fn one_line(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.contains('\n') { text.replace('\n', " ").into() } else { text }
}

/// A text that appeared in a journal is an article of it; kinds that no style knows are cited
/// as the nearest one that they do.
fn kind(id: &str, in_journal: bool) -> Kind {
    let kind = match vocabulary::resource_type(id).map_or("document", |kind| kind.csl) {
        "article-journal" => Kind::Article,
        "article" => Kind::Preprint,
        "paper-conference" => Kind::ConferencePaper,
        "chapter" => Kind::Chapter,
        "book" => Kind::Book,
        "report" | "patent" | "standard" => Kind::Report,
        "thesis" => Kind::Thesis,
        "dataset" => Kind::Dataset,
        "software" => Kind::Software,
        "figure" => Kind::Figure,
        "graphic" => Kind::Graphic,
        "motion_picture" => Kind::Video,
        "song" => Kind::Audio,
        "speech" => Kind::Talk,
        _ => Kind::Document,
    };
    match kind {
        Kind::Preprint | Kind::Report | Kind::Document if in_journal => Kind::Article,
        kind => kind,
    }
}

fn is_english(published: &Published<'_>) -> bool {
    let languages = &published.record.metadata.languages;
    languages.first().is_some_and(|language| matches!(language.id.as_str(), "eng" | "en"))
}

/// `v1.2`, `V 1.2` and `Version 1.2` without the word that stands before them anyway.
fn bare_version(version: Cow<'_, str>) -> Cow<'_, str> {
    let words = ["version", "v.", "v"];
    let without = words.iter().find_map(|word| {
        let head = version.get(..word.len())?;
        let rest = version.get(word.len()..)?.trim_start();
        let is_number = rest.starts_with(|c: char| c.is_ascii_digit());
        (head.eq_ignore_ascii_case(word) && is_number).then_some(rest)
    });
    match without {
        Some(rest) => Cow::Owned(rest.to_owned()),
        None => version,
    }
}

/// `2` → `2nd ed.`; `None` for what is no number.
pub(super) fn ordinal_edition(edition: &str) -> Option<String> {
    let number: u32 = edition.parse().ok()?;
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    Some(format!("{number}{ending} ed."))
}

/// The text with a capital at its beginning.
pub(super) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(bare_version(version.into()), expected);
        }
    }

    #[test]
    fn editions() {
        for (edition, expected) in
            [("1", "1st ed."), ("2", "2nd ed."), ("13", "13th ed."), ("22", "22nd ed.")]
        {
            assert_eq!(ordinal_edition(edition).as_deref(), Some(expected));
        }
        assert_eq!(ordinal_edition("revised"), None);
    }
}

//! A description of the length that dataset catalogues accept.

use crate::crosswalk::names::{Name, given_text};
use crate::record::Published;
use crate::record::html::plain;

/// Google's Dataset rules: 50 to 5,000 characters; what is shorter or longer is not shown
/// (<https://developers.google.com/search/docs/appearance/structured-data/dataset>).
const SHORTEST: usize = 50;
const LONGEST: usize = 5000;

/// Names that a sentence made of facts spells out.
const NAMED: usize = 3;

/// The description as plain text, `None` if nothing is known of the record.
///
/// One that is too short is followed by the further descriptions of the record; if it still is
/// and the record is a dataset, by title, creators, publisher and date: facts of the record,
/// never invented text. One that is too long is cut at a word; the other formats have all of it.
pub(super) fn of(published: &Published<'_>, kind: &str) -> Option<String> {
    let metadata = &published.record.metadata;
    let mut text = plain(metadata.description.as_deref().unwrap_or_default()).into_owned();
    for more in &metadata.additional_descriptions {
        if !is_short(&text) {
            break;
        }
        append(&plain(&more.description), &mut text);
    }
    if kind == "Dataset" && is_short(&text) {
        append(&facts(published), &mut text);
    }
    shorten(&mut text);
    (!text.is_empty()).then_some(text)
}

fn is_short(text: &str) -> bool {
    text.chars().take(SHORTEST).count() < SHORTEST
}

fn append(more: &str, text: &mut String) {
    if !text.is_empty() && !more.is_empty() {
        text.push('\n');
    }
    text.push_str(more);
}

/// `Title. Dataset by A, B, C and others. Publisher, date.`
fn facts(published: &Published<'_>) -> String {
    let metadata = &published.record.metadata;
    let title = given_text(metadata.title.as_deref()).unwrap_or_default();
    let mut text = title.trim_end_matches('.').to_owned();
    let mut sentence = |words: &str| {
        if !text.is_empty() {
            text.push_str(". ");
        }
        text.push_str(words.trim_end_matches('.'));
    };
    let mut names = metadata.creators.iter().filter_map(|c| Name::of(&c.person_or_org));
    let named: Vec<String> =
        names.by_ref().take(NAMED).map(|name| name.natural().into_owned()).collect();
    if !named.is_empty() {
        let others = if names.next().is_some() { " and others" } else { "" };
        sentence(&format!("Dataset by {}{others}", named.join(", ")));
    }
    let publisher = metadata.publisher.as_deref().or(published.repository.publisher.as_deref());
    let publisher = given_text(publisher);
    let date = given_text(metadata.publication_date.as_deref());
    match (publisher, date) {
        (Some(publisher), Some(date)) => sentence(&format!("{publisher}, {date}")),
        (one, other) => one.or(other).iter().for_each(|words| sentence(words)),
    }
    if !text.is_empty() {
        text.push('.');
    }
    text
}

/// Cuts at the last space that leaves room for an ellipsis.
fn shorten(text: &mut String) {
    if text.len() <= LONGEST || text.chars().nth(LONGEST).is_none() {
        return;
    }
    let end = text.char_indices().nth(LONGEST - 1).map_or(text.len(), |(at, _)| at);
    let head = &text[..end];
    let at_word = head.rfind(char::is_whitespace).filter(|at| *at > end / 2).unwrap_or(end);
    text.truncate(text[..at_word].trim_end().len());
    text.push('\u{2026}');
}

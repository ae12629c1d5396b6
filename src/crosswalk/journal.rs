//! Where in a journal a work appeared, as one phrase.

use super::names::given_text;
use crate::record::model::Journal;

/// `Journal, 7(3), 12–19`, as much of it as is known; `None` without the journal's name.
pub(crate) fn place_in(journal: &Journal<'_>) -> Option<String> {
    let mut text = given_text(journal.title.as_deref())?.into_owned();
    let volume = given_text(journal.volume.as_deref());
    if let Some(volume) = &volume {
        text.push_str(", ");
        text.push_str(volume);
    }
    if let Some(issue) = given_text(journal.issue.as_deref()) {
        text.push_str(if volume.is_some() { "(" } else { ", (" });
        text.push_str(&issue);
        text.push(')');
    }
    if let Some(pages) = given_text(journal.pages.as_deref()) {
        text.push_str(", ");
        text.push_str(&pages);
    }
    Some(text)
}

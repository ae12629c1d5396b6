//! What is wrong with a record, as a list.
//!
//! Nothing here stops a record: outputs have an answer to everything a record can lack. The
//! list tells an importer's report, a depositor or an operator what that answer will hide.
//! Order: that of the record model, deterministic. A record without issues costs no
//! allocation but the duplicate check's.

mod checker;
mod envelope;
mod metadata;

use super::Record;

use checker::Checker;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// JSON path such as `metadata.creators[3].person_or_org.name`.
    pub path: String,
    /// Stable code in kebab case, one of [`CODES`].
    pub code: &'static str,
    /// What is wrong, for people; quotes at most the beginning of a value.
    pub message: String,
}

/// Every code with its meaning.
pub const CODES: &[(&str, &str)] = &[
    ("missing", "a value that every record needs is absent or empty"),
    ("unknown-id", "an id that is not in its vocabulary"),
    ("unknown-scheme", "an identifier scheme that is not known"),
    ("invalid-identifier", "wrong shape or check digit for the scheme"),
    ("invalid-date", "no date or interval, and none can be guessed"),
    ("irregular-date", "not EDTF level 0, though its meaning is clear"),
    ("invalid-timestamp", "no point in time"),
    ("invalid-value", "a value outside what the field allows"),
    ("control-character", "a control or other unwanted character"),
    ("bidi-control", "a character that reorders the text around it"),
    ("too-long", "longer than the field sensibly is"),
    ("too-many", "more entries than the field sensibly has"),
    ("duplicate", "an entry that repeats an earlier one"),
    ("more-issues", "the list was cut here"),
];

/// Most issues listed for one record; the last says that there are more.
pub const MOST_ISSUES: usize = 1000;

/// Lists what is wrong with a record: absent required values, ids outside their vocabularies,
/// identifiers that fail their check, dates that are none, characters that no output carries,
/// sizes beyond sense, duplicates, contradictions between fields.
///
/// Never panics; the list is empty for a sound record.
pub fn validate(record: &Record<'_>) -> Vec<Issue> {
    let mut checker = Checker::default();
    envelope::check(record, &mut checker);
    checker.at("metadata", |checker| metadata::check(&record.metadata, checker));
    checker.into_issues()
}

#[cfg(test)]
mod tests;

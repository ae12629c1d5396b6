//! Canonical JSON and the content of a record: what two deliveries are compared by.
//!
//! Canonical JSON here: object keys sorted by their UTF-8 bytes, of duplicate keys the last
//! one, strings with the escapes that JSON demands and no others, numbers verbatim, no white
//! space. One pass over the text, no value tree: members are written as they come and moved
//! only if an object turns out unsorted.

mod place;
mod scanner;

use place::Place;
use scanner::write;

/// Appends the canonical JSON of a native record's content to `out`.
///
/// Content is what makes a delivery differ from the one before: without statistics, links,
/// interface strings, revision and time stamps, draft and review state, grants, what the build
/// recomputes (latest version, access status), storage details of files, expanded titles of
/// vocabulary entries and licences, and `null` members. Of expanded communities, id, slug and
/// title count.
///
/// Returns `false`, with `out` as it was, if `raw` is not one JSON value of at most 128 levels.
/// Syntax is otherwise trusted: check it with [`check_json`](super::model::check_json) first.
pub fn content(raw: &str, out: &mut Vec<u8>) -> bool {
    write(raw, out, Place::Record, true)
}

/// Appends the canonical JSON of any value to `out`; `null` members stay.
///
/// Returns `false` as [`content`] does.
pub fn canonical_value(raw: &str, out: &mut Vec<u8>) -> bool {
    write(raw, out, Place::Verbatim, false)
}

#[cfg(test)]
mod tests;

//! Conditional and range requests (RFC 9110 §13, §14), as functions of header text.

use std::fs::Metadata;
use std::time::{Duration, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::fmt::rfc2822::{DateTimeParser, DateTimePrinter};

use crate::build::hosting::policy::{self, CacheClass};

/// What identifies one state of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Validators {
    /// Strong entity tag with its quotes.
    pub(crate) etag: String,
    /// Modification time, whole seconds since the epoch.
    pub(crate) modified: i64,
}

impl Validators {
    /// Of an open file at `path` relative to the root.
    ///
    /// The tag is the content hash where the name carries one. Elsewhere it is size, and
    /// modification time in nanoseconds: files of a release are replaced by rename and never
    /// written in place, so a new content is a new file with a new time. Two replacements of
    /// equal size within one clock tick of the file system (4 ms) would share a tag; a
    /// release writes no file twice.
    pub(crate) fn of(path: &str, metadata: &Metadata) -> Validators {
        let since = since_epoch(metadata);
        // A record's id may end like a hash; its page still changes.
        let immutable = policy::cache_class(path) == CacheClass::Immutable;
        let etag = match policy::content_hash(path).filter(|_| immutable) {
            Some(hash) => format!("\"{hash}\""),
            None => format!("\"{:x}-{:x}\"", metadata.len(), since.as_nanos()),
        };
        Validators { etag, modified: i64::try_from(since.as_secs()).unwrap_or(0) }
    }

    /// Of a file in the pack with this metadata, by a tag made from its content.
    pub(crate) fn tagged(tag: String, pack: &Metadata) -> Validators {
        let modified = i64::try_from(since_epoch(pack).as_secs()).unwrap_or(0);
        Validators { etag: format!("\"{tag}\""), modified }
    }

    /// `Last-Modified`; `None` for a time that HTTP cannot write.
    pub(crate) fn last_modified(&self) -> Option<String> {
        let time = Timestamp::from_second(self.modified).ok()?;
        DateTimePrinter::new().timestamp_to_rfc9110_string(&time).ok()
    }

    /// Whether the client's copy is good: `If-None-Match`, else `If-Modified-Since`.
    pub(crate) fn not_modified(
        &self,
        if_none_match: Option<&str>,
        if_modified_since: Option<&str>,
    ) -> bool {
        match (if_none_match, if_modified_since) {
            (Some(tags), _) => tags.split(',').map(str::trim).any(|tag| {
                // Weak comparison, as §13.1.2 asks; ours are strong.
                tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == self.etag
            }),
            (None, Some(date)) => seconds(date).is_some_and(|date| self.modified <= date),
            (None, None) => false,
        }
    }

    /// Whether a range may be answered: no `If-Range`, or one that names this very state.
    pub(crate) fn range_applies(&self, if_range: Option<&str>) -> bool {
        match if_range.map(str::trim) {
            None => true,
            Some(tag) if tag.ends_with('"') => tag == self.etag,
            Some(date) => seconds(date) == Some(self.modified),
        }
    }
}

fn since_epoch(metadata: &Metadata) -> Duration {
    let since = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.unwrap_or_default()
}

fn seconds(date: &str) -> Option<i64> {
    Some(DateTimeParser::new().parse_timestamp(date.trim()).ok()?.as_second())
}

/// What part of a file to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of it, 200.
    Whole,
    /// `first..=last`, 206.
    Bytes {
        /// Offset of the first byte.
        first: u64,
        /// Offset of the last byte, inclusive.
        last: u64,
    },
    /// Nothing of what was asked for exists, 416.
    Unsatisfiable,
}

/// Reads a `Range` header for a file of `len` bytes.
///
/// Several ranges, other units and malformed text give the whole file, as §14.2 allows.
pub(crate) fn part(range: Option<&str>, len: u64) -> Part {
    let Some((first, last)) = range.and_then(single) else { return Part::Whole };
    match (first, last) {
        (Some(first), _) if first >= len => Part::Unsatisfiable,
        (Some(first), last) => Part::Bytes { first, last: last.unwrap_or(u64::MAX).min(len - 1) },
        (None, Some(0)) => Part::Unsatisfiable,
        (None, Some(_)) if len == 0 => Part::Unsatisfiable,
        (None, Some(suffix)) => Part::Bytes { first: len.saturating_sub(suffix), last: len - 1 },
        (None, None) => Part::Whole,
    }
}

fn single(range: &str) -> Option<(Option<u64>, Option<u64>)> {
    let (unit, set) = range.split_once('=')?;
    let (first, last) = set.trim().split_once('-')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") || last.contains([',', '-']) {
        return None;
    }
    let (first, last) = (offset(first.trim())?, offset(last.trim())?);
    // `5-2` is malformed, not unsatisfiable.
    let ordered = !matches!((first, last), (Some(first), Some(last)) if last < first);
    ordered.then_some((first, last))
}

/// `Some(None)` for an absent offset, `None` for a malformed one; saturates at 2^64-1.
fn offset(digits: &str) -> Option<Option<u64>> {
    if digits.is_empty() {
        return Some(None);
    }
    let fine = digits.bytes().all(|b| b.is_ascii_digit());
    fine.then(|| Some(digits.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let bytes = |first, last| Part::Bytes { first, last };
        let cases = [
            (None, Part::Whole),
            (Some("bytes=0-0"), bytes(0, 0)),
            (Some("bytes=0-"), bytes(0, 9)),
            (Some("Bytes = 2-5"), bytes(2, 5)),
            (Some("bytes=2-99999999999999999999999"), bytes(2, 9)),
            (Some("bytes=-3"), bytes(7, 9)),
            (Some("bytes=-30"), bytes(0, 9)),
            (Some("bytes=-0"), Part::Unsatisfiable),
            (Some("bytes=10-"), Part::Unsatisfiable),
            (Some("bytes=99999999999999999999999-"), Part::Unsatisfiable),
            (Some("bytes=5-2"), Part::Whole),
            (Some("bytes=0-1,3-4"), Part::Whole),
            (Some("bytes=a-b"), Part::Whole),
            (Some("bytes=+1-2"), Part::Whole),
            (Some("bytes=-"), Part::Whole),
            (Some("lines=0-1"), Part::Whole),
            (Some("bytes"), Part::Whole),
        ];
        for (range, expected) in cases {
            assert_eq!(part(range, 10), expected, "{range:?}");
        }
        assert_eq!(part(Some("bytes=0-"), 0), Part::Unsatisfiable);
        assert_eq!(part(Some("bytes=-1"), 0), Part::Unsatisfiable);
    }

    #[test]
    fn conditions() {
        let state = Validators { etag: "\"a-1\"".into(), modified: 784_111_777 };
        assert_eq!(state.last_modified().unwrap(), "Sun, 06 Nov 1994 08:49:37 GMT");
        let same = "Sun, 06 Nov 1994 08:49:37 GMT";
        let older = "Sun, 06 Nov 1994 08:49:36 GMT";
        for (tags, since, expected) in [
            (Some("\"a-1\""), None, true),
            (Some("W/\"a-1\""), None, true),
            (Some("\"x\", \"a-1\""), None, true),
            (Some("*"), None, true),
            (Some("\"x\""), Some(same), false),
            (None, Some(same), true),
            (None, Some(older), false),
            (None, Some("yesterday"), false),
            (None, None, false),
        ] {
            assert_eq!(state.not_modified(tags, since), expected, "{tags:?} {since:?}");
        }
        for (if_range, expected) in [
            (None, true),
            (Some("\"a-1\""), true),
            (Some("W/\"a-1\""), false),
            (Some("\"x\""), false),
            (Some(same), true),
            (Some(older), false),
            (Some("junk"), false),
        ] {
            assert_eq!(state.range_applies(if_range), expected, "{if_range:?}");
        }
    }
}

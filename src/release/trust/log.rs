//! `dumps/log.ndjson`: one line an entry, each with the hash of the line before.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::canonical::{self, CanonicalError};
use super::super::hash::{is_sha256, sha256};
use super::super::layout::is_release_id;
use super::Head;

/// What the first entry has for the entry before it.
const NONE: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Number, from 1.
    pub sequence: u64,
    /// Release id. The same as before in an entry that only says that it still stands.
    pub release: String,
    /// SHA-256 of its manifest.
    pub manifest_sha256: String,
    /// SHA-256 of the line before, without its line feed; zeros in the first.
    pub previous: String,
    /// When the entry was made, RFC 3339.
    pub time: String,
    /// Until when it may be taken for the newest, RFC 3339.
    pub expires: String,
}

impl Entry {
    /// [`Entry::expires`] as a time.
    ///
    /// # Errors
    /// When it is none.
    pub fn expires(&self) -> Result<Timestamp, LogError> {
        self.expires.parse().map_err(|_| LogError::Entry(self.sequence, "expires"))
    }
}

/// Why a log is not one.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// No entry.
    #[error("the release log is empty")]
    Empty,
    /// A line that is not an entry in its canonical spelling.
    #[error("line {0} of the release log is not an entry")]
    Line(u64),
    /// The file does not end with a line feed.
    #[error("the release log is cut off in line {0}")]
    Cut(u64),
    /// An entry with a wrong number.
    #[error("line {0} of the release log has another number")]
    Sequence(u64),
    /// An entry that does not name the line before it.
    #[error("entry {0} of the release log does not follow the entry before it")]
    Chain(u64),
    /// A member that cannot be.
    #[error("entry {0} of the release log: `{1}` cannot be")]
    Entry(u64, &'static str),
    /// An entry cannot be written.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
}

/// A log that does not contradict itself; has at least one entry.
#[derive(Debug, Clone)]
pub struct Log {
    newest: Entry,
    hashes: Vec<String>,
    bytes: Vec<u8>,
}

impl Log {
    /// A log of one entry.
    ///
    /// # Errors
    /// When the entry cannot be.
    pub fn first(
        release: &str,
        manifest_sha256: &str,
        time: Timestamp,
        expires: Timestamp,
    ) -> Result<Log, LogError> {
        let bytes = line(1, NONE, release, manifest_sha256, (time, expires))?;
        Log::parse(&bytes)
    }

    /// The log with one entry more.
    ///
    /// # Errors
    /// When the entry cannot be.
    pub fn with(
        &self,
        release: &str,
        manifest_sha256: &str,
        time: Timestamp,
        expires: Timestamp,
    ) -> Result<Log, LogError> {
        let head = self.head();
        let next =
            line(head.sequence + 1, &head.sha256, release, manifest_sha256, (time, expires))?;
        let mut bytes = self.bytes.clone();
        bytes.extend(next);
        Log::parse(&bytes)
    }

    /// Reads and checks all of it: numbers, chain, spelling.
    ///
    /// # Errors
    /// Names the first line that is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Log, LogError> {
        let mut hashes: Vec<String> = Vec::new();
        let mut newest: Option<Entry> = None;
        for text in bytes.split_inclusive(|byte| *byte == b'\n') {
            let number = hashes.len() as u64 + 1;
            let Some(bare) = text.strip_suffix(b"\n") else { return Err(LogError::Cut(number)) };
            let entry: Entry = serde_json::from_slice(bare).map_err(|_| LogError::Line(number))?;
            if canonical::to_bytes(&entry)? != text {
                return Err(LogError::Line(number));
            }
            if entry.sequence != number {
                return Err(LogError::Sequence(number));
            }
            if entry.previous != hashes.last().map_or(NONE, String::as_str) {
                return Err(LogError::Chain(number));
            }
            members(&entry, newest.as_ref())?;
            hashes.push(sha256(bare));
            newest = Some(entry);
        }
        let newest = newest.ok_or(LogError::Empty)?;
        Ok(Log { newest, hashes, bytes: bytes.to_vec() })
    }

    /// The newest entry.
    pub fn newest(&self) -> &Entry {
        &self.newest
    }

    /// What to remember of it.
    pub fn head(&self) -> Head {
        let sha256 = self.hashes.last().cloned().unwrap_or_default();
        Head { sequence: self.newest.sequence, sha256 }
    }

    /// SHA-256 of the line of an entry; `None` past the end.
    pub fn hash_of(&self, sequence: u64) -> Option<&str> {
        let index = usize::try_from(sequence.checked_sub(1)?).ok()?;
        self.hashes.get(index).map(String::as_str)
    }

    /// The file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

fn members(entry: &Entry, before: Option<&Entry>) -> Result<(), LogError> {
    let fail = |member| Err(LogError::Entry(entry.sequence, member));
    let time = |text: &str| text.parse::<Timestamp>().ok();
    if !is_release_id(&entry.release) {
        return fail("release");
    }
    if !is_sha256(&entry.manifest_sha256) {
        return fail("manifest_sha256");
    }
    let Some(made) = time(&entry.time) else { return fail("time") };
    if before.is_some_and(|before| time(&before.time).is_some_and(|earlier| made < earlier)) {
        return fail("time");
    }
    entry.expires().map(|_| ())
}

fn line(
    sequence: u64,
    previous: &str,
    release: &str,
    manifest_sha256: &str,
    (time, expires): (Timestamp, Timestamp),
) -> Result<Vec<u8>, LogError> {
    let entry = Entry {
        sequence,
        release: release.to_owned(),
        manifest_sha256: manifest_sha256.to_owned(),
        previous: previous.to_owned(),
        time: time.to_string(),
        expires: expires.to_string(),
    };
    Ok(canonical::to_bytes(&entry)?)
}

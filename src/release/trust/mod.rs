//! Who made a release, and whether it is the newest: minisign signatures and a signed,
//! append-only, hash-chained log of releases.
//!
//! A signature alone says that a manifest is genuine, not that it is the current one. The log
//! does: each entry names a release by the hash of its manifest and the entry before by its
//! hash, and the newest one says until when it may be believed. Whoever remembers the last entry
//! it accepted ([`Head`]) sees a log that goes back, forks or stands still.
//!
//! [`check`] is what a mirror calls before it believes a byte. It writes nothing: what it
//! returns is to be stored once the release is in place.

mod key;
mod log;
mod sign;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::fetch::{FetchError, Source};
use super::hash::sha256;
use super::layout::{LOG_NDJSON, LOG_SIGNATURE, MINISIG};
use super::manifest::MAX_MANIFEST;
use super::pointer::ReleasePointer;

pub use key::{KeyError, PublicKey, SecretKey};
pub use log::{Entry, Log, LogError};
pub use sign::{SignError, Signed, sign};

/// Largest log that is read: some 200,000 entries.
pub const MAX_LOG: u64 = 64 << 20;
/// Largest signature file that is read.
pub(super) const MAX_SIGNATURE: u64 = 4096;
/// Log and signature are two files; a reader may come between their replacements.
const ATTEMPTS: usize = 3;

/// The newest entry of a log that was accepted: what a mirror remembers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Its number, from 1.
    pub sequence: u64,
    /// SHA-256 of its line.
    pub sha256: String,
}

/// A release that may be believed, and what a mirror stores once it is in place.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// To be remembered, and given as [`Policy::seen`] the next time.
    pub head: Head,
    /// Until when the release may be taken for the newest, RFC 3339: a mirror that finds nothing
    /// new has to compare this with the clock as well.
    pub expires: String,
    /// Log, its signature and the manifest's, as they were checked: path from the web root and
    /// content. To be written before `release.json` is moved, so that the mirror can be checked
    /// like its origin.
    pub files: [(String, Vec<u8>); 3],
}

/// What is to be believed.
#[derive(Debug, Clone)]
pub struct Policy<'a> {
    /// Whose signatures.
    pub key: &'a PublicKey,
    /// The head that was accepted last; `None` the first time.
    pub seen: Option<&'a Head>,
    /// The time.
    pub now: Timestamp,
}

/// Why a release is not to be believed.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// A file that trust rests on cannot be read, or is longer than it may be.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// A file's signature is not that of the key for these bytes.
    #[error("{path} is not signed by the given key: {why}")]
    Signature {
        /// Which file.
        path: String,
        /// What is wrong.
        why: KeyError,
    },
    /// The log contradicts itself.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The log is older than one that was accepted.
    #[error(
        "the release log ends at entry {offered}, but entry {accepted} was accepted before: it was \
         rolled back or truncated"
    )]
    Rollback {
        /// Number of the newest entry offered.
        offered: u64,
        /// Number of the entry accepted before.
        accepted: u64,
    },
    /// The log has another entry where one was accepted.
    #[error("entry {sequence} of the release log is not the one accepted before: the log forked")]
    Fork {
        /// Its number.
        sequence: u64,
    },
    /// The newest entry is too old to be believed.
    #[error("the release log expired at {expires}: the copy is frozen, or the release not renewed")]
    Frozen {
        /// RFC 3339.
        expires: String,
    },
    /// `release.json` names another release than the newest entry.
    #[error("release.json names {pointer}, the newest log entry {logged}: a mix of releases")]
    Mix {
        /// Release and manifest hash.
        pointer: String,
        /// The same by the log.
        logged: String,
    },
    /// The manifest is not the one that the log names.
    #[error("{path} is not the manifest that the release log names")]
    Manifest {
        /// Its path.
        path: String,
    },
}

/// Checks that the release which `pointer` names is the newest that the holder of the key
/// published.
///
/// A mirror calls it when it has read `release.json` and nothing else, with the head it stored
/// at the end of its last pull. It reads the log, the manifest and their signatures, each within a bound: the manifest at most
/// as long as the pointer says. Nothing is stored; store [`Accepted::head`] only when the
/// release is in place.
///
/// # Errors
/// [`TrustError`], one for each way in which a copy can be wrong.
pub fn check(
    source: &Source,
    pointer: &ReleasePointer,
    policy: &Policy<'_>,
) -> Result<Accepted, TrustError> {
    let (log, log_signature) = signed_log(source, policy.key)?;
    let newest = log.newest();
    let head = log.head();
    if let Some(seen) = policy.seen {
        match log.hash_of(seen.sequence) {
            None => {
                let (offered, accepted) = (head.sequence, seen.sequence);
                return Err(TrustError::Rollback { offered, accepted });
            }
            Some(hash) if hash != seen.sha256 => {
                return Err(TrustError::Fork { sequence: seen.sequence });
            }
            Some(_) => {}
        }
    }
    if newest.expires()? < policy.now {
        return Err(TrustError::Frozen { expires: newest.expires.clone() });
    }
    let named = &pointer.manifest;
    if (&pointer.release, &named.sha256) != (&newest.release, &newest.manifest_sha256) {
        return Err(TrustError::Mix {
            pointer: format!("{} ({})", pointer.release, named.sha256),
            logged: format!("{} ({})", newest.release, newest.manifest_sha256),
        });
    }
    let bytes = source.read_all(&named.path, named.bytes.min(MAX_MANIFEST))?;
    if bytes.len() as u64 != named.bytes || sha256(&bytes) != newest.manifest_sha256 {
        return Err(TrustError::Manifest { path: named.path.clone() });
    }
    let path = format!("{}{MINISIG}", named.path);
    let signature = source.read_all(&path, MAX_SIGNATURE)?;
    verify(policy.key, &named.path, &bytes, &signature)?;
    let expires = newest.expires.clone();
    let files = [
        (path, signature),
        (LOG_NDJSON.to_owned(), log.bytes().to_vec()),
        (LOG_SIGNATURE.to_owned(), log_signature),
    ];
    Ok(Accepted { head, expires, files })
}

/// The log and its signature, if that is right.
fn signed_log(source: &Source, key: &PublicKey) -> Result<(Log, Vec<u8>), TrustError> {
    let mut attempt = 1;
    loop {
        let bytes = source.read_all(LOG_NDJSON, MAX_LOG)?;
        let signature = source.read_all(LOG_SIGNATURE, MAX_SIGNATURE)?;
        match verify(key, LOG_NDJSON, &bytes, &signature) {
            Ok(()) => return Ok((Log::parse(&bytes)?, signature)),
            Err(error) if attempt == ATTEMPTS => return Err(error),
            Err(_) => attempt += 1,
        }
    }
}

fn verify(key: &PublicKey, path: &str, bytes: &[u8], signature: &[u8]) -> Result<(), TrustError> {
    let text = String::from_utf8_lossy(signature);
    key.verify(bytes, &text).map_err(|why| TrustError::Signature { path: path.to_owned(), why })
}

#[cfg(test)]
mod tests;

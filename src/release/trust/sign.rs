//! Signing the standing release of a web root.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::super::fetch::{FetchError, Source};
use super::super::hash::sha256;
use super::super::layout::{LOG_NDJSON, LOG_SIGNATURE, MINISIG};
use super::super::manifest::MAX_MANIFEST;
use super::super::pointer::{PointerError, ReleasePointer};
use super::super::stage::{Stage, StageError};
use super::{KeyError, Log, LogError, MAX_LOG, MAX_SIGNATURE, SecretKey};

/// Why a release was not signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// There is no release.
    #[error("there is no release to sign; build one first")]
    NoRelease,
    /// The pointer cannot be used.
    #[error(transparent)]
    Pointer(#[from] PointerError),
    /// A file cannot be read.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The manifest is not the one that `release.json` names.
    #[error("{0} is not the manifest that release.json names; nothing is signed")]
    Changed(String),
    /// The key cannot sign.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The log that stands is none: it is not gone on with.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The log that stands is signed by another key, or was changed since.
    #[error("dumps/log.ndjson is not signed by this key: {0}; restore it, or move it away")]
    Foreign(KeyError),
    /// A file cannot be written.
    #[error(transparent)]
    Stage(#[from] StageError),
}

/// What was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Signed {
    /// Release id.
    pub release: String,
    /// Number of the newest log entry.
    pub sequence: u64,
    /// Until when the newest entry may be believed, RFC 3339.
    pub expires: String,
    /// Whether an entry was added.
    pub added: bool,
}

/// Signs the standing release of the stage's web root: writes its manifest's signature, an entry
/// of the log if the newest one is of another release or half its time is over, and the log's
/// signature. What is signed and fresh stays as it is, byte for byte.
///
/// # Errors
/// [`SignError`]. The log is only ever gone on with: one that does not verify is left alone.
pub fn sign(
    stage: &Stage,
    key: &SecretKey,
    now: Timestamp,
    validity: Duration,
) -> Result<Signed, SignError> {
    let source = Source::open(&stage.root().to_string_lossy());
    let pointer = ReleasePointer::read(&source)?.ok_or(SignError::NoRelease)?;
    let named = &pointer.manifest;
    let manifest = source.read_all(&named.path, MAX_MANIFEST)?;
    if sha256(&manifest) != named.sha256 {
        return Err(SignError::Changed(named.path.clone()));
    }
    let public = key.public()?;
    let path = format!("{}{MINISIG}", named.path);
    let standing = read(&source, &path, MAX_SIGNATURE)?;
    let is_signed = standing
        .is_some_and(|text| public.verify(&manifest, &String::from_utf8_lossy(&text)).is_ok());
    if !is_signed {
        let comment = format!("release {}", pointer.release);
        stage.write(&path, key.sign(&manifest, &comment)?.as_bytes())?;
    }
    let validity = SignedDuration::try_from(validity).unwrap_or(SignedDuration::MAX);
    // Whole seconds: times of logs are read by people.
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let until = now.saturating_add(validity).unwrap_or(Timestamp::MAX);
    let (log, added) = match read(&source, LOG_NDJSON, MAX_LOG)? {
        None => (Log::first(&pointer.release, &named.sha256, now, until)?, true),
        Some(bytes) => {
            let signature = read(&source, LOG_SIGNATURE, MAX_SIGNATURE)?.unwrap_or_default();
            let signature = String::from_utf8_lossy(&signature);
            let log = Log::parse(&bytes)?;
            let verified = public.verify(&bytes, &signature);
            let newest = log.newest();
            let same =
                (&newest.release, &newest.manifest_sha256) == (&pointer.release, &named.sha256);
            let left = newest.expires()?.duration_since(now);
            match verified {
                // Killed between log and signature: the entry is ours and is signed now.
                Err(_) if same && continues(&log, &public, &signature) => (log, true),
                Err(why) => return Err(SignError::Foreign(why)),
                Ok(()) if same && left > validity / 2 => (log, false),
                Ok(()) => (log.with(&pointer.release, &named.sha256, now, until)?, true),
            }
        }
    };
    if added {
        let comment = format!("release log, {} entries", log.head().sequence);
        let signature = key.sign(log.bytes(), &comment)?;
        stage.write(LOG_NDJSON, log.bytes())?;
        stage.write(LOG_SIGNATURE, signature.as_bytes())?;
    }
    stage.settle()?;
    let newest = log.newest();
    let (sequence, expires) = (newest.sequence, newest.expires.clone());
    Ok(Signed { release: pointer.release, sequence, expires, added })
}

/// Whether the log without its newest entry is what the signature is of.
fn continues(log: &Log, public: &super::PublicKey, signature: &str) -> bool {
    let body = log.bytes().strip_suffix(b"\n").unwrap_or_default();
    let end = body.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let before = &log.bytes()[..end];
    (before.is_empty() && signature.is_empty()) || public.verify(before, signature).is_ok()
}

fn read(source: &Source, path: &str, limit: u64) -> Result<Option<Vec<u8>>, FetchError> {
    match source.read_all(path, limit) {
        Err(FetchError::NotFound(_)) => Ok(None),
        other => other.map(Some),
    }
}

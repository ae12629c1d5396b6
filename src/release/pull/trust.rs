//! Whom a mirror believes, what it remembers of that, and what it stores so that its own readers
//! can check it as they would check its origin.

use std::fs;
use std::io;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::super::fetch::{FetchError, Source};
use super::super::layout::{LOG_NDJSON, LOG_SIGNATURE, MINISIG};
use super::super::manifest::FORMAT;
use super::super::pointer::ReleasePointer;
use super::super::stage::{Durability, Stage};
use super::super::trust::{Head, Log, MAX_LOG, MAX_SIGNATURE, Policy, TrustError, check};
use super::mirror::{Mirror, failed};
use super::{PullError, Trust};

const TRUST: &str = "trust.json";
/// How long before the log expires a mirror that finds nothing new asks for a renewed one: its
/// readers would else find it frozen between two pulls.
const RENEW: SignedDuration = SignedDuration::from_hours(7 * 24);

/// `.pull/trust.json`: what was believed last.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Memory {
    format: u32,
    /// Whose signatures, base64.
    key: String,
    /// The newest entry of the log.
    head: Head,
    /// Until when it may be taken for that, RFC 3339.
    expires: String,
}

impl Memory {
    /// What is remembered in a mirror's own directory. Unlike the state it is never guessed:
    /// forgetting it would let an older release in.
    pub(super) fn read(dir: &Path) -> Result<Option<Memory>, PullError> {
        let path = dir.join(TRUST);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(failed("read", &path))?,
        };
        let memory = serde_json::from_slice::<Memory>(&text).ok();
        let memory = memory.filter(|memory| memory.format == FORMAT);
        memory.map(Some).ok_or_else(|| PullError::Memory(path.display().to_string()))
    }
}

/// Log and signatures of a release.
#[derive(Debug, Default)]
pub(super) struct Proof {
    /// To be remembered, if they were checked.
    memory: Option<Memory>,
    /// Path and content; none when the release is not signed.
    files: Vec<(String, Vec<u8>)>,
    /// Why there are none, where there is something.
    pub(super) warning: Option<String>,
}

impl Proof {
    /// Puts the files in place; to be called before `release.json` moves.
    pub(super) fn write(&self, stage: &Stage) -> Result<(), PullError> {
        for (path, bytes) in &self.files {
            stage.write(path, bytes)?;
        }
        stage.settle()?;
        Ok(())
    }

    /// A log that stands and says nothing of the release.
    pub(super) fn gone(&self) -> Vec<String> {
        let stale = [LOG_NDJSON, LOG_SIGNATURE].iter().filter(|_| self.files.is_empty());
        stale.map(|path| (*path).to_owned()).collect()
    }
}

impl Mirror {
    /// Whether what stands was believed because of this key, or no key is asked for.
    pub(super) fn remembers(&self, trust: Option<&Trust>) -> bool {
        trust.is_none_or(|trust| self.known(trust).is_some())
    }

    /// What was believed of this key. Another key has another log.
    fn known(&self, trust: &Trust) -> Option<&Memory> {
        self.memory.as_ref().filter(|memory| memory.key == trust.key.to_base64())
    }

    /// Checks a release, if a key is given; log and signatures to store with it.
    pub(super) fn proof(
        &self,
        source: &Source,
        pointer: &ReleasePointer,
        trust: Option<&Trust>,
    ) -> Result<Proof, PullError> {
        let Some(trust) = trust else { return unchecked(source, pointer) };
        let seen = self.known(trust).map(|memory| &memory.head);
        let accepted = check(source, pointer, &Policy { key: &trust.key, seen, now: trust.now })?;
        let key = trust.key.to_base64();
        let memory = Memory { format: FORMAT, key, head: accepted.head, expires: accepted.expires };
        Ok(Proof { memory: Some(memory), files: accepted.files.into(), warning: None })
    }

    /// Remembers a proof. Done before the release stands: then nothing older gets in between.
    pub(super) fn remember_proof(&self, proof: &Proof) -> Result<(), PullError> {
        let Some(memory) = &proof.memory else { return Ok(()) };
        let text =
            serde_json::to_vec(memory).map_err(|e| failed("write", self.root())(e.into()))?;
        self.replace(TRUST, &text)
    }

    /// Where nothing changed: whether what stands may still be taken for the newest. When that
    /// ends soon, a renewed log is asked for.
    pub(super) fn renew(
        &self,
        source: &Source,
        pointer: &ReleasePointer,
        trust: &Trust,
    ) -> Result<(), PullError> {
        let expires = self.known(trust).and_then(|known| known.expires.parse::<Timestamp>().ok());
        let soon = trust.now.saturating_add(RENEW).unwrap_or(Timestamp::MAX);
        if expires.is_some_and(|expires| expires > soon) {
            return Ok(());
        }
        let proof = self.proof(source, pointer, Some(trust))?;
        let stage = Stage::open(self.root(), Durability::Synced)?;
        self.remember_proof(&proof)?;
        proof.write(&stage)?;
        stage.close()?;
        Ok(())
    }
}

/// Log and signatures that nobody checked, if all are there and the log ends with this release.
fn unchecked(source: &Source, pointer: &ReleasePointer) -> Result<Proof, PullError> {
    let manifest = format!("{}{MINISIG}", pointer.manifest.path);
    let mut files = Vec::new();
    for (path, limit) in
        [(LOG_NDJSON, MAX_LOG), (LOG_SIGNATURE, MAX_SIGNATURE), (&manifest, MAX_SIGNATURE)]
    {
        match source.read_all(path, limit) {
            Err(FetchError::NotFound(_)) => return Ok(Proof::default()),
            other => files.push((path.to_owned(), other.map_err(TrustError::from)?)),
        }
    }
    let log = files.first().map(|(_, bytes)| Log::parse(bytes));
    let why = match log {
        Some(Err(error)) => error.to_string(),
        Some(Ok(log)) if log.newest().manifest_sha256 != pointer.manifest.sha256 => {
            "the release log ends with another release".to_owned()
        }
        _ => return Ok(Proof { files, ..Proof::default() }),
    };
    let warning = Some(format!("log and signatures are not mirrored: {why}"));
    Ok(Proof { warning, ..Proof::default() })
}

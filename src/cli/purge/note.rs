//! `purge.json` beside the store: a purge that is not finished, or the release that the last one
//! made.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::super::args::Global;

/// What is to be done, or was.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Note {
    /// What is to go, in the order in which it was asked for. Empty when all of it is done.
    pub(super) tasks: Vec<Task>,
    /// As-of of the release to make; empty when all is done.
    pub(super) as_of: String,
    /// The release that was made; `None` while something is to be done.
    pub(super) release: Option<String>,
}

/// What one command asked for.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Task {
    pub(super) ids: Vec<String>,
    /// An id of the vocabulary.
    pub(super) reason: Option<String>,
    pub(super) note: Option<String>,
    /// RFC 3339.
    pub(super) date: String,
}

impl Note {
    /// The note of a repository; `None` if nothing was ever purged.
    pub(super) fn read(global: &Global) -> Result<Option<Note>> {
        let path = path(global);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            other => other.with_context(|| format!("cannot read {}", path.display()))?,
        };
        let note = serde_json::from_slice(&text);
        note.with_context(|| format!("cannot read {}", path.display())).map(Some)
    }

    /// Writes it, on the disk when this returns.
    pub(super) fn write(&self, global: &Global) -> Result<()> {
        let path = path(global);
        let unfinished = path.with_extension("json.new");
        let text = serde_json::to_vec(self)?;
        let written = File::create(&unfinished).and_then(|mut file| {
            file.write_all(&text)?;
            file.sync_all()?;
            fs::rename(&unfinished, &path)?;
            File::open(&global.directory)?.sync_all()
        });
        written.with_context(|| format!("cannot write {}", path.display()))
    }

    /// All ids that are to go.
    pub(super) fn ids(&self) -> Vec<String> {
        self.tasks.iter().flat_map(|task| &task.ids).cloned().collect()
    }
}

fn path(global: &Global) -> PathBuf {
    global.directory.join("purge.json")
}

//! NDJSON files of the release directory, such as `communities.ndjson`.

use std::io::{self, Write};

use serde::Serialize;

use super::file_entry;
use crate::release::canonical::{self, CanonicalError};
use crate::release::layout::release_dir;
use crate::release::manifest::FileEntry;
use crate::release::stage::{Stage, StageError, StagedFile};

/// Why a line could not be written.
#[derive(Debug, thiserror::Error)]
pub enum LinesError {
    /// The file could not be.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// A value has no canonical form.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
    /// Bytes could not be written to the stage.
    #[error("cannot write a line")]
    Io(#[from] io::Error),
}

/// Writes canonical JSON, one value a line, as values come.
pub struct LinesWriter<'a> {
    file: StagedFile<'a>,
    count: u64,
}

impl<'a> LinesWriter<'a> {
    /// Starts a file in the stage.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn new(stage: &'a Stage) -> Result<Self, StageError> {
        Ok(LinesWriter { file: stage.file()?, count: 0 })
    }

    /// Appends a value.
    ///
    /// # Errors
    /// When it has no canonical form or writing fails.
    pub fn push<T: Serialize>(&mut self, value: &T) -> Result<(), LinesError> {
        self.file.write_all(&canonical::to_bytes(value)?)?;
        self.count += 1;
        Ok(())
    }

    /// Ends the file and puts it into the release directory as `<role>.ndjson`.
    ///
    /// # Errors
    /// When any step fails.
    pub fn finish(self, release: &str, role: &str) -> Result<FileEntry, StageError> {
        let written = self.file.keep(&format!("{}/{role}.ndjson", release_dir(release)))?;
        Ok(file_entry(written, "application/x-ndjson", role, Some(self.count)))
    }
}

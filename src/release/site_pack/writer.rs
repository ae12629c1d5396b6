//! Writing a site pack, group by group.

use std::io::{self, Write as _};

use super::super::layout;
use super::super::manifest::SitePack;
use super::super::stage::{Stage, StageError, StagedFile, Written};
use super::{Block, Index, Row};

/// Why a site pack could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The stage refuses.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// Its bytes cannot be written.
    #[error("cannot write a site pack")]
    Io(#[from] io::Error),
}

/// A site pack on its way. Memory: its index.
pub struct PackWriter<'a> {
    out: StagedFile<'a>,
    index: Index,
}

impl<'a> PackWriter<'a> {
    /// Starts one; nothing is visible until [`PackWriter::finish`].
    ///
    /// # Errors
    /// When the staged file cannot be made.
    pub fn new(stage: &'a Stage) -> Result<Self, WriteError> {
        Ok(PackWriter { out: stage.file()?, index: Index::default() })
    }

    /// Appends groups: what was just made, or what is copied from another pack.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn push(&mut self, block: &Block) -> Result<(), WriteError> {
        let (at, first) = (self.out.bytes(), self.index.rows.len() as u32);
        self.out.write_all(&block.data)?;
        let rows = block.rows.iter().map(|row| Row { offset: row.offset + at, ..*row });
        self.index.rows.extend(rows);
        self.index.keys.extend(block.keys.iter().map(|(key, group)| (*key, group + first)));
        Ok(())
    }

    /// Ends the pack and puts it at its place, `site/<name>-<hash12>.pages`. `None`, and no file,
    /// if it has no group.
    ///
    /// # Errors
    /// When a step fails; nothing is visible then.
    pub fn finish(
        mut self,
        name: &str,
        last: Option<String>,
    ) -> Result<Option<(SitePack, Written)>, WriteError> {
        if self.index.rows.is_empty() {
            self.out.discard()?;
            return Ok(None);
        }
        let encoded = self.index.encode();
        self.out.write_all(&encoded)?;
        let sealed = self.out.seal()?;
        let path = layout::site_pack_path(name, &sealed.sha256[..12]);
        let written = sealed.keep_once(&path)?;
        let pack = SitePack {
            path,
            bytes: written.bytes,
            sha256: written.sha256.clone(),
            files: self.index.rows.iter().map(|row| u64::from(row.files)).sum(),
            groups: self.index.rows.len() as u64,
            keys: self.index.keys.len() as u64,
            part: 0,
            last,
        };
        Ok(Some((pack, written)))
    }
}

//! `exceptions.ndjson`: what a release leaves out and why; ids, codes and paths, never values.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::lines::{LinesError, LinesWriter};
use crate::record::identifier::{OrderKey, order_key};
use crate::release::manifest::FileEntry;
use crate::release::stage::Stage;

/// One reason about one record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Exception {
    /// Record id.
    pub id: String,
    /// What is wrong, a short fixed code.
    pub code: String,
    /// Where in the record, a JSON path; empty for the whole.
    pub path: String,
}

/// The exceptions of a build, in any order and from any thread's list. Kept in memory: they are
/// few, or the build is not worth publishing.
#[derive(Debug, Clone, Default)]
pub struct Exceptions(BTreeSet<(OrderKey, Exception)>);

impl Exceptions {
    /// Adds one; the same one twice counts once.
    pub fn add(&mut self, exception: Exception) {
        self.0.insert((order_key(&exception.id), exception));
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: Exceptions) {
        self.0.extend(other.0);
    }

    /// In order of record, then code and path.
    pub fn iter(&self) -> impl Iterator<Item = &Exception> {
        self.0.iter().map(|(_, exception)| exception)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Writes the file, empty when there is no exception.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, stage: &Stage, release: &str) -> Result<FileEntry, LinesError> {
        let mut lines = LinesWriter::new(stage)?;
        for exception in self.iter() {
            lines.push(exception)?;
        }
        Ok(lines.finish(release, "exceptions")?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::stage::Durability;

    #[test]
    fn order_of_arrival_does_not_show() {
        let exception = |id: &str, code: &str| Exception {
            id: id.into(),
            code: code.into(),
            path: "metadata.title".into(),
        };
        let mut all = Exceptions::default();
        for id in ["10", "x", "9", "10"] {
            all.add(exception(id, "missing-year"));
        }
        let root = tempfile::tempdir().unwrap();
        let stage = Stage::open(root.path(), Durability::Relaxed).unwrap();
        let entry = all.write(&stage, "20261101T000000Z").unwrap();
        assert_eq!((entry.records, entry.role.as_str()), (Some(3), "exceptions"));
        let line = |id| {
            format!("{{\"code\":\"missing-year\",\"id\":\"{id}\",\"path\":\"metadata.title\"}}\n")
        };
        let text = std::fs::read_to_string(root.path().join(entry.path)).unwrap();
        assert_eq!(text, [line("9"), line("10"), line("x")].concat());
    }
}

//! `stats.json`: how many public records of which kind.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::file_entry;
use crate::release::canonical;
use crate::release::layout::release_dir;
use crate::release::manifest::FileEntry;
use crate::release::pointer::PointerError;
use crate::release::stage::Stage;

/// Counts of public records. Merging is adding, so threads may count apart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// All of them.
    pub records: u64,
    /// By resource type id.
    pub types: BTreeMap<String, u64>,
    /// By publication year, `unknown` where there is none.
    pub years: BTreeMap<String, u64>,
    /// By access status of the files.
    pub access: BTreeMap<String, u64>,
    /// By licence id, `none` where there is none; a record may have several.
    pub licences: BTreeMap<String, u64>,
}

impl Stats {
    /// Counts one record.
    pub fn add<'a>(
        &mut self,
        resource_type: &str,
        year: Option<i32>,
        access: &str,
        licences: impl IntoIterator<Item = &'a str>,
    ) {
        self.records += 1;
        bump(&mut self.types, resource_type, 1);
        let year = year.map_or_else(|| "unknown".to_owned(), |year| year.to_string());
        bump(&mut self.years, &year, 1);
        bump(&mut self.access, access, 1);
        let mut licences = licences.into_iter().peekable();
        if licences.peek().is_none() {
            bump(&mut self.licences, "none", 1);
        }
        licences.for_each(|licence| bump(&mut self.licences, licence, 1));
    }

    /// Adds the counts of `other`.
    pub fn merge(&mut self, other: &Stats) {
        self.records += other.records;
        for (mine, theirs) in [
            (&mut self.types, &other.types),
            (&mut self.years, &other.years),
            (&mut self.access, &other.access),
            (&mut self.licences, &other.licences),
        ] {
            theirs.iter().for_each(|(key, count)| bump(mine, key, *count));
        }
    }

    /// Writes the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, stage: &Stage, release: &str) -> Result<FileEntry, PointerError> {
        let bytes = canonical::to_bytes(self)?;
        let written = stage.write(&format!("{}/stats.json", release_dir(release)), &bytes)?;
        Ok(file_entry(written, "application/json", "stats", None))
    }
}

fn bump(counts: &mut BTreeMap<String, u64>, key: &str, by: u64) {
    match counts.get_mut(key) {
        Some(count) => *count += by,
        None => {
            counts.insert(key.to_owned(), by);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counting_apart_and_merging_is_counting_together() {
        let records = [
            ("dataset", Some(2020), "open", vec!["cc-by-4.0", "mit-license"]),
            ("dataset", None, "restricted", vec![]),
            ("software", Some(2020), "open", vec!["cc-by-4.0"]),
        ];
        let count = |range: std::ops::Range<usize>| {
            let mut stats = Stats::default();
            for (kind, year, access, licences) in &records[range] {
                stats.add(kind, *year, access, licences.iter().copied());
            }
            stats
        };
        let mut apart = count(2..3);
        apart.merge(&count(0..2));
        assert_eq!(apart, count(0..3));
        let text = String::from_utf8(canonical::to_bytes(&apart).unwrap()).unwrap();
        let want = "{\"access\":{\"open\":2,\"restricted\":1},\
                    \"licences\":{\"cc-by-4.0\":2,\"mit-license\":1,\"none\":1},\"records\":3,\
                    \"types\":{\"dataset\":2,\"software\":1},\
                    \"years\":{\"2020\":2,\"unknown\":1}}\n";
        assert_eq!(text, want);
    }
}

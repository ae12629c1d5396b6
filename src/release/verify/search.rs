//! The search index: its pointer by the hash in `release.json`, each tier by the hash in its
//! name, each file by its tier's list.

use rayon::prelude::*;

use super::super::pointer::Named;
use super::super::search::pointer::{MAX_SEARCH_POINTER, SearchPointer, Tier, TierList};
use super::{Check, Depth, Findings, Kind, Problem};

impl Check<'_> {
    pub(super) fn search(&self, named: &Named) -> Findings {
        let problems = self.hashed(&named.path, named.bytes, &named.sha256);
        let findings = Findings { files: 1, problems, ..Findings::default() };
        if !findings.problems.is_empty() {
            return findings;
        }
        let bytes = match self.source.read_all(&named.path, MAX_SEARCH_POINTER) {
            Ok(bytes) => bytes,
            Err(error) => return Findings::one(Problem::fetch(&named.path, &error)),
        };
        match SearchPointer::from_bytes(&bytes) {
            Ok(pointer) => {
                pointer.tiers.iter().map(|tier| self.tier(tier)).fold(findings, Findings::join)
            }
            Err(error) => {
                Findings::one(Problem::new(&named.path, Kind::Pointer, error.to_string()))
            }
        }
    }

    /// The list of records that no longer count: by size, and by the hash in its name.
    fn dead(&self, tier: &Tier) -> Findings {
        let Some(dead) = &tier.dead else { return Findings::default() };
        if self.depth == Depth::Quick {
            return self.sized(&dead.path, dead.bytes);
        }
        let bytes = match self.source.read_all(&dead.path, MAX_SEARCH_POINTER) {
            Ok(bytes) => bytes,
            Err(error) => return Findings::one(Problem::fetch(&dead.path, &error)),
        };
        if bytes.len() as u64 != dead.bytes {
            let message = format!("{} bytes, listed with {}", bytes.len(), dead.bytes);
            return Findings::one(Problem::new(&dead.path, Kind::Size, message));
        }
        if !dead.is(&bytes) {
            let message = "has another hash than its name says";
            return Findings::one(Problem::new(&dead.path, Kind::Hash, message));
        }
        Findings { files: 1, ..Findings::default() }
    }

    fn tier(&self, tier: &Tier) -> Findings {
        let path = tier.list_path();
        let bytes = match self.source.read_all(&path, MAX_SEARCH_POINTER) {
            Ok(bytes) => bytes,
            Err(error) => return Findings::one(Problem::fetch(&path, &error)),
        };
        if !tier.is_list(&bytes) {
            let message = "has another hash than its directory's name says";
            return Findings::one(Problem::new(&path, Kind::Hash, message));
        }
        let list = match TierList::from_bytes(&bytes) {
            Ok(list) => list,
            Err(error) => {
                return Findings::one(Problem::new(&path, Kind::Pointer, error.to_string()));
            }
        };
        let files = list.files.par_iter().map(|file| {
            let path = tier.file_path(file);
            if self.depth == Depth::Quick {
                return self.sized(&path, file.bytes);
            }
            let problems = self.hashed(&path, file.bytes, &file.sha256);
            Findings { files: 1, problems, ..Findings::default() }
        });
        let own = Findings { files: 1, ..Findings::default() };
        files.reduce(Findings::default, Findings::join).join(own).join(self.dead(tier))
    }
}

//! Where a long list is cut into files, so that a change in it touches few of them.
//!
//! A cut depends on the entry before it and not on counts: a file ends after an entry whose
//! key's hash is a multiple of the period. An entry that comes or goes then changes the file it
//! is in, or splits or joins two. A run without such an entry is cut every `max` entries,
//! counted from its beginning, so the next hash puts the cuts back in step.

/// A rule of cutting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Mean entries a file.
    pub period: u64,
    /// Most entries a file.
    pub max: usize,
}

impl Cut {
    /// Whether a run ends after the entry with this key.
    pub fn ends_run(self, key: &str) -> bool {
        hash(key).is_multiple_of(self.period)
    }
}

/// FNV-1a over the bytes, then the finalizer of SplitMix64, whose low bits are even.
pub fn hash(key: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in key.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// Cuts entries as they come; must be started at the beginning of a run.
#[derive(Debug)]
pub struct Cutter {
    cut: Cut,
    held: usize,
}

impl Cutter {
    /// At the beginning of a run.
    pub fn new(cut: Cut) -> Cutter {
        Cutter { cut, held: 0 }
    }

    /// Takes the next entry; whether a file ends after it.
    pub fn ends(&mut self, key: &str) -> bool {
        self.held += 1;
        let ends = self.held >= self.cut.max || self.cut.ends_run(key);
        if ends {
            self.held = 0;
        }
        ends
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn files(keys: &[String], cut: Cut) -> BTreeSet<Vec<String>> {
        let mut cutter = Cutter::new(cut);
        let mut files = BTreeSet::new();
        let mut file = Vec::new();
        for key in keys {
            file.push(key.clone());
            if cutter.ends(key) {
                files.insert(std::mem::take(&mut file));
            }
        }
        files.insert(file);
        files
    }

    #[test]
    fn an_insert_changes_few_files() {
        let cut = Cut { period: 50, max: 200 };
        let keys: Vec<String> = (0..20_000).map(|n| (n * 7).to_string()).collect();
        let before = files(&keys, cut);
        assert!((300..550).contains(&before.len()), "{}", before.len());
        assert!(before.iter().all(|file| file.len() <= 200));
        for at in [0, 1, 77, 5_000, 12_345, 19_999] {
            let mut keys = keys.clone();
            keys.insert(at, format!("new-{at}"));
            let new = files(&keys, cut).difference(&before).count();
            assert!(new <= 4, "{new} files changed by an insert at {at}");
        }
    }

    #[test]
    fn the_hash_is_the_documented_one() {
        // Published in docs/format.md; changing it moves every page.
        assert_eq!(hash(""), 0xf52a_15e9_a9b5_e89b);
        assert_eq!(hash("1234567"), hash("1234567"));
    }
}

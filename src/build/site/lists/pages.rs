//! A list of records as pages: the newest entries in front, all of them in an archive whose
//! cuts stay where they are.

use crate::build::catalogue::{Cut, Cutter};

/// Pages of an archive have 50 entries on average.
pub(super) const PAGE: Cut = Cut { period: 50, max: 200 };

/// One page of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// Its file.
    pub(super) file: String,
    /// Record ids, oldest first.
    pub(super) keys: Vec<String>,
    /// File of the page before it.
    pub(super) older: Option<String>,
    /// File of the page after it.
    pub(super) newer: Option<String>,
}

/// The file of the page that ends with the entry `key`.
pub(super) fn piece_file(stem: &str, key: &str) -> String {
    format!("{stem}/page/{key}.html")
}

/// Makes pages of entries as they come, oldest first, from the beginning of a run.
#[derive(Debug)]
pub(super) struct Pages<'a> {
    stem: &'a str,
    cutter: Cutter,
    keys: Vec<String>,
    last_file: Option<String>,
    held: Option<Piece>,
}

impl<'a> Pages<'a> {
    /// After the entry `before`, which ends a run; `None` at the oldest entry.
    pub(super) fn new(stem: &'a str, before: Option<&str>) -> Pages<'a> {
        let last_file = before.map(|key| piece_file(stem, key));
        Pages { stem, cutter: Cutter::new(PAGE), keys: Vec::new(), last_file, held: None }
    }

    /// Takes an entry. Gives a page once the one after it is known.
    pub(super) fn push(&mut self, key: String) -> Option<Piece> {
        let ends = self.cutter.ends(&key);
        let file = ends.then(|| piece_file(self.stem, &key));
        self.keys.push(key);
        self.close(file?)
    }

    /// After the newest entry: the last pages.
    pub(super) fn end(mut self) -> impl Iterator<Item = Piece> {
        let before = match self.keys.is_empty() {
            true => None,
            false => self.close(format!("{}/newest.html", self.stem)),
        };
        before.into_iter().chain(self.held)
    }

    fn close(&mut self, file: String) -> Option<Piece> {
        let older = self.last_file.replace(file.clone());
        let keys = std::mem::take(&mut self.keys);
        let done = self.held.replace(Piece { file: file.clone(), keys, older, newer: None });
        done.map(|done| Piece { newer: Some(file), ..done })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_chained_and_hold_everything_once() {
        for count in [0, 1, 49, 51, 1000] {
            let mut pages = Pages::new("x", None);
            let mut pieces: Vec<Piece> =
                (0..count).filter_map(|n: u32| pages.push(n.to_string())).collect();
            pieces.extend(pages.end());
            let keys: Vec<String> = pieces.iter().flat_map(|piece| piece.keys.clone()).collect();
            assert_eq!(keys, (0..count).map(|n| n.to_string()).collect::<Vec<_>>());
            for pair in pieces.windows(2) {
                assert_eq!(pair[0].newer.as_ref(), Some(&pair[1].file));
                assert_eq!(pair[1].older.as_ref(), Some(&pair[0].file));
            }
            if let (Some(first), Some(last)) = (pieces.first(), pieces.last()) {
                assert_eq!((&first.older, &last.newer), (&None, &None));
            }
        }
    }
}

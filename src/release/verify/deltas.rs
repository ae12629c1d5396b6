//! The deltas that `deltas.json` lists: their descriptions, files, and every row.

use rayon::prelude::*;

use super::super::delta::shelf::{DELTAS_JSON, DeltaLine, Shelf};
use super::super::delta::{Delta, DeltaError, Merged};
use super::super::pointer::Releases;
use super::{Check, Depth, Findings, Kind, Problem};

impl Check<'_> {
    /// Deltas are no part of the release: a host may have none. Those listed must be good.
    pub(super) fn deltas(&self) -> Findings {
        let shelf = match Shelf::read(self.source) {
            Ok(shelf) => shelf,
            Err(DeltaError::Fetch(error)) => {
                return Findings::one(Problem::fetch(DELTAS_JSON, &error));
            }
            Err(error) => {
                let problem = Problem::new(DELTAS_JSON, Kind::Pointer, error.to_string());
                return Findings::one(problem);
            }
        };
        let releases = Releases::read(self.source).unwrap_or_default().releases;
        let check = |line: &DeltaLine| {
            let delta = match line.read(self.source) {
                Ok(delta) => delta,
                Err(DeltaError::Fetch(error)) => {
                    return Findings::one(Problem::fetch(&line.path, &error));
                }
                Err(error) => {
                    let problem = Problem::new(&line.path, Kind::Pointer, error.to_string());
                    return Findings::one(problem);
                }
            };
            let found = Findings { files: 1, ..Findings::default() };
            let listed = [&delta.from, &delta.to].iter().all(|end| releases.contains(end));
            if !listed {
                let message = "is between releases that releases.json does not list";
                return Findings::one(Problem::new(&line.path, Kind::Pointer, message));
            }
            self.delta_rows(&delta).join(found)
        };
        shelf.deltas.par_iter().map(check).reduce(Findings::default, Findings::join)
    }

    fn delta_rows(&self, delta: &Delta) -> Findings {
        let mut found = delta
            .files()
            .map(|rows| self.sized(&rows.path, rows.bytes))
            .fold(Findings::default(), Findings::join);
        if self.depth == Depth::Quick || !found.problems.is_empty() {
            return found;
        }
        for format in delta.spans.keys() {
            let deltas = std::slice::from_ref(delta);
            let end = Merged::new(self.source, deltas, *format)
                .and_then(|mut changes| changes.try_for_each(|change| change.map(drop)));
            if let Err(error) = end {
                let problem = match error {
                    DeltaError::Damaged { path, what } => Problem::new(&path, Kind::Hash, what),
                    other => Problem::new(&delta.dir(), Kind::Read, other.to_string()),
                };
                found.problems.push(problem);
            }
        }
        found
    }
}

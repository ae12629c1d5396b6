//! Site packs: their indexes, their groups, and the files in these by the site list.

use std::io::{self, BufReader, Read};

use rayon::prelude::*;

use super::super::fetch::FetchError;
use super::super::hash::{Hashing, sha256};
use super::super::manifest::{SiteEntry, SiteLine, SitePack};
use super::super::site_pack::group::Dictionary;
use super::super::site_pack::{
    Index, Row, ShelfError, Unpacker, key, key_hash, shelf, shelf::whole_index,
};
use super::files::next_lines;
use super::{Check, Depth, Findings, Kind, Problem, compare};

/// Of how many groups one is opened at [`Depth::Sampled`].
const SAMPLE: usize = 16;
/// Groups read before they are checked.
const BATCH: usize = 64;

/// A group as read, with the lines of the files that it should hold.
struct Group {
    number: u32,
    row: Row,
    frame: Vec<u8>,
    lines: Vec<SiteLine>,
}

impl Check<'_> {
    /// Checks the packs of a site list that is as the manifest says.
    pub(super) fn packed_site(
        &self,
        entry: &SiteEntry,
        list: &[u8],
        mut found: Findings,
    ) -> Findings {
        let counted: u64 = entry.packs.iter().fold(0, |sum, pack| sum.saturating_add(pack.files));
        if counted != entry.files {
            let message = format!("its packs hold {counted} files, {} are listed", entry.files);
            found.problems.push(Problem::new(&entry.path, Kind::Counts, message));
        }
        let dictionary = match shelf::dictionary(self.source, self.manifest) {
            Ok(Some(dictionary)) => dictionary,
            Ok(None) => return found,
            Err(error) => {
                found.problems.push(Problem::new(&entry.path, Kind::Pointer, error.to_string()));
                return found;
            }
        };
        let mut lines = match zstd::stream::read::Decoder::new(list) {
            Ok(decoder) => BufReader::new(decoder),
            Err(error) => {
                found.problems.push(list_problem(entry, &error));
                return found;
            }
        };
        for pack in &entry.packs {
            let index = match whole_index(self.source, pack) {
                Ok(index) => index,
                Err(error) => {
                    // Which lines are whose is then not known either.
                    found.problems.push(shelf_problem(pack, &error));
                    found = found.join(self.sized(&pack.path, pack.bytes));
                    return found;
                }
            };
            if self.depth == Depth::Quick {
                found = found.join(self.sized(&pack.path, pack.bytes));
                continue;
            }
            found.files += 1;
            if let Err(error) = self.pack_file(pack, &index, &dictionary, &mut lines, &mut found) {
                found.problems.push(match error {
                    Broken::Fetch(error) => Problem::fetch(&pack.path, &error),
                    Broken::List(error) => list_problem(entry, &error),
                });
                return found;
            }
        }
        if self.depth > Depth::Quick && !matches!(lines.read(&mut [0]), Ok(0)) {
            let message = format!("has more than {} lines, as many are listed", entry.files);
            found.problems.push(Problem::new(&entry.path, Kind::Counts, message));
        }
        found
    }

    /// Reads a pack once, front to back.
    fn pack_file(
        &self,
        pack: &SitePack,
        index: &Index,
        dictionary: &Dictionary,
        lines: &mut impl io::BufRead,
        found: &mut Findings,
    ) -> Result<(), Broken> {
        let path = &pack.path;
        let failed = |source| Broken::Fetch(FetchError::Io { path: path.clone(), source });
        let reader = self.source.reader(path).map_err(Broken::Fetch)?;
        let mut file = Hashing::new(reader.take(pack.bytes.saturating_add(1)));
        let mut number = 0;
        for rows in index.rows.chunks(BATCH) {
            let mut batch = Vec::with_capacity(rows.len());
            for row in rows {
                let mut frame = Vec::new();
                let bytes = u64::from(row.bytes);
                (&mut file).take(bytes).read_to_end(&mut frame).map_err(failed)?;
                self.progress.advance(bytes);
                let lines = next_lines(lines, row.files as usize).map_err(Broken::List)?;
                batch.push(Group { number, row: *row, frame, lines });
                number += 1;
            }
            let last = index.rows.len() as u32 - 1;
            let checked = batch
                .par_iter()
                .map(|group| {
                    let sampled =
                        (group.number as usize).is_multiple_of(SAMPLE) || group.number == last;
                    match sampled || self.depth == Depth::Full {
                        true => opened(pack, group, index, dictionary),
                        false => Findings::default(),
                    }
                })
                .reduce(Findings::default, Findings::join);
            *found = std::mem::take(found).join(checked);
        }
        io::copy(&mut file, &mut io::sink()).map_err(failed)?;
        let (_, bytes, hash) = file.finish();
        found.problems.extend(compare(path, (pack.bytes, &pack.sha256), (bytes, &hash)));
        Ok(())
    }
}

/// Why a pack was not read to its end.
enum Broken {
    Fetch(FetchError),
    List(io::Error),
}

fn list_problem(entry: &SiteEntry, error: &io::Error) -> Problem {
    Problem::new(&entry.path, Kind::Pointer, format!("is not a list of files: {error}"))
}

fn shelf_problem(pack: &SitePack, error: &ShelfError) -> Problem {
    match error {
        ShelfError::Fetch(error) => Problem::fetch(&pack.path, error),
        ShelfError::Fault { fault, .. } => Problem::new(&pack.path, Kind::Tail, fault.to_string()),
        other => Problem::new(&pack.path, Kind::Read, other.to_string()),
    }
}

/// The files of a group against their lines, and the index against the files.
fn opened(pack: &SitePack, group: &Group, index: &Index, dictionary: &Dictionary) -> Findings {
    let mut found = Findings { frames: 1, ..Findings::default() };
    let mut fail = |message: String| {
        found.problems.push(Problem::new(&pack.path, Kind::Frame, message));
    };
    let number = group.number;
    let files =
        Unpacker::new(dictionary).map_err(|error| error.to_string()).and_then(|mut unpacker| {
            let opened = unpacker.open(number, &group.row, &group.frame);
            opened.map_err(|fault| fault.to_string())
        });
    let files = match files {
        Ok(files) => files,
        Err(message) => {
            fail(message);
            return found;
        }
    };
    if files.files().count() != group.lines.len() {
        fail(format!("group {number}: the list ends before it"));
    }
    let mut problems = Vec::new();
    for ((path, content), line) in files.files().zip(&group.lines) {
        if path != line.path {
            let message = format!("group {number}: holds {path:?}, {:?} is listed", line.path);
            problems.push(Problem::new(&pack.path, Kind::Frame, message));
            break;
        }
        let size = content.len() as u64;
        let hash = sha256(content);
        problems.extend(compare(path, (line.bytes, &line.sha256), (size, &hash)));
        if !index.leads(key_hash(&key(path)), number) {
            let message = format!("index: does not lead to {path:?}");
            problems.push(Problem::new(&pack.path, Kind::Tail, message));
        }
    }
    found.files += group.lines.len() as u64;
    found.problems.extend(problems);
    found
}

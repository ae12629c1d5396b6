//! Documents that were not stored, and the file that lists them.
//!
//! Rejects are kept in the database, in the transaction of their batch, so that the file is
//! complete after an interrupted and resumed import. It is written when an import ends, under
//! another name and renamed, and removed when nothing was rejected.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Error;
use super::prepare::Problem;

/// Where in a source a document stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Position {
    /// File in a folder, member of an archive, both joined by `/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// 1-based line of a file with one document a line, or row of a ledger with its header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
}

/// A document that was not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// 0-based number of the document in its source.
    pub ordinal: u64,
    /// Where it stands.
    pub position: Position,
    /// What is wrong with it.
    pub problem: Problem,
}

const ADD: &str = "INSERT OR REPLACE INTO rejects VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const LIST: &str = "
    SELECT member, line, path, code, reason FROM rejects WHERE source = ?1 ORDER BY ordinal";

/// Longest text that is kept; parsers quote input, and archives name members as they like.
const TEXT_BYTES: usize = 500;

pub(super) fn add(connection: &Connection, source: i64, reject: &Reject) -> Result<(), Error> {
    let problem = &reject.problem;
    connection.prepare_cached(ADD)?.execute(params![
        source,
        reject.ordinal as i64,
        reject.position.member.as_deref().map(cut),
        reject.position.line.map(|line| line as i64),
        cut(&problem.path),
        problem.code,
        cut(&problem.reason),
    ])?;
    Ok(())
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_BYTES)]
}

#[derive(Serialize)]
struct Line<'a> {
    source: &'a str,
    #[serde(flatten)]
    position: Position,
    path: String,
    code: String,
    reason: String,
}

/// Where the rejects of a source are listed: its base name, and a hash that tells sources of
/// equal base names apart.
pub(super) fn file(folder: &Path, source: &str) -> PathBuf {
    let base = Path::new(source).file_name().map(|name| name.to_string_lossy());
    let base: String = base
        .as_deref()
        .unwrap_or("stdin")
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' })
        .take(80)
        .collect();
    let base = if base == "-" { "stdin" } else { &base };
    let digest = Sha256::digest(source.as_bytes());
    folder.join(format!("{base}-{:02x}{:02x}{:02x}.ndjson", digest[0], digest[1], digest[2]))
}

/// Writes the rejects of a source; `None` if there are none.
pub(super) fn write(
    connection: &Connection,
    number: i64,
    source: &str,
    folder: &Path,
) -> Result<Option<PathBuf>, Error> {
    let path = file(folder, source);
    let failed = |source| Error::Io { path: path.clone(), source };
    let mut query = connection.prepare_cached(LIST)?;
    let mut rows = query.query([number])?.mapped(|row| {
        Ok(Line {
            source,
            position: Position {
                member: row.get(0)?,
                line: row.get::<_, Option<i64>>(1)?.map(|line| line as u64),
            },
            path: row.get(2)?,
            code: row.get(3)?,
            reason: row.get(4)?,
        })
    });
    let Some(first) = rows.next() else {
        return match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
            _ => Ok(None),
        };
    };
    fs::create_dir_all(folder).map_err(failed)?;
    let unfinished = path.with_extension("ndjson.new");
    let mut out = io::BufWriter::new(fs::File::create(&unfinished).map_err(failed)?);
    for line in std::iter::once(first).chain(rows) {
        serde_json::to_writer(&mut out, &line?).map_err(|error| failed(error.into()))?;
        out.write_all(b"\n").map_err(failed)?;
    }
    let out = out.into_inner().map_err(|error| failed(error.into_error()))?;
    out.sync_all().map_err(failed)?;
    fs::rename(&unfinished, &path).map_err(failed)?;
    Ok(Some(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_after_their_source_and_never_elsewhere() {
        let folder = Path::new("r");
        let name = |source| file(folder, source).to_string_lossy().into_owned();
        assert!(name("/data/records.jsonl.gz").starts_with("r/records.jsonl.gz-"));
        assert_ne!(name("/a/x.gz"), name("/b/x.gz"));
        assert!(name("-").starts_with("r/stdin-"));
        assert!(name("..").starts_with("r/stdin-"));
        assert!(name("a b\n\u{202e}").starts_with("r/a_b__-"));
    }
}

//! Changes of one or more deltas in a row, as one stream: the last word on a record wins.

use std::collections::BTreeMap;
use std::io::{BufRead, Read as _};
use std::iter::Peekable;

use super::super::fetch::Source;
use super::super::layout::Format;
use super::super::stage::Stage;
use super::rows::{Incoming, Row, RowsReader, close, open};
use super::writer::{Deletes, Ends, Made, finish, rows_writers};
use super::{Deleted, Delta, DeltaError, Rows};
use crate::record::identifier::{OrderKey, is_record_id, order_key};

/// Longest line of deletions.
const MAX_LINE: u64 = 1 << 14;

/// What became of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// It is this now.
    Upsert {
        /// Whether the release before had no such record.
        added: bool,
        /// Its bytes in the format, without line end or tar header.
        body: Vec<u8>,
    },
    /// It went.
    Delete(Deleted),
}

/// A record that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its place in the order of packs.
    pub key: OrderKey,
    /// Record id.
    pub id: String,
    /// What became of it.
    pub what: What,
}

impl Change {
    fn place(&self) -> (OrderKey, &str) {
        (self.key, &self.id)
    }

    /// Whether the release before all changes had the record.
    fn was_there(&self) -> bool {
        match &self.what {
            What::Upsert { added, .. } => !added,
            What::Delete(deleted) => !deleted.unseen,
        }
    }

    /// The same change, said of a release before that.
    fn seen_from(mut self, was_there: bool) -> Change {
        match &mut self.what {
            What::Upsert { added, .. } => *added = !was_there,
            What::Delete(deleted) => deleted.unseen = !was_there,
        }
        self
    }
}

type Item = Result<Change, DeltaError>;

/// The changes of one delta in one format, in pack order.
struct One {
    rows: Option<RowsReader>,
    deletes: Option<DeletesReader>,
    row: Option<Row>,
    deleted: Option<Deleted>,
    failed: bool,
}

impl One {
    fn new(source: &Source, delta: &Delta, format: Format) -> Result<One, DeltaError> {
        let rows = delta.upserts.get(&format);
        let rows = rows.map(|rows| RowsReader::new(source, rows, format)).transpose()?;
        let deletes = delta.deletes.as_ref();
        let deletes = deletes.map(|rows| DeletesReader::new(source, rows)).transpose()?;
        Ok(One { rows, deletes, row: None, deleted: None, failed: false })
    }

    fn step(&mut self) -> Result<Option<Change>, DeltaError> {
        if let (None, Some(rows)) = (&self.row, &mut self.rows) {
            self.row = rows.next()?;
        }
        if let (None, Some(deletes)) = (&self.deleted, &mut self.deletes) {
            self.deleted = deletes.next()?;
        }
        let first = match (&self.row, &self.deleted) {
            (Some(row), Some(deleted)) => {
                (row.key, &row.id) < (order_key(&deleted.id), &deleted.id)
            }
            (row, _) => row.is_some(),
        };
        if first {
            let row = self.row.take();
            return Ok(row.map(|Row { key, id, added, body }| {
                let what = What::Upsert { added, body };
                Change { key, id, what }
            }));
        }
        Ok(self.deleted.take().map(|deleted| Change {
            key: order_key(&deleted.id),
            id: deleted.id.clone(),
            what: What::Delete(deleted),
        }))
    }
}

impl Iterator for One {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        if self.failed {
            return None;
        }
        let step = self.step();
        self.failed = step.is_err();
        step.transpose()
    }
}

/// Reads `deletes.jsonl.zst`, in pack order; the file's hash is checked at its end.
struct DeletesReader {
    lines: Option<std::io::BufReader<zstd::stream::read::Decoder<'static, Incoming>>>,
    listed: Rows,
    left: u64,
    last: Option<(OrderKey, String)>,
}

impl DeletesReader {
    fn new(source: &Source, rows: &Rows) -> Result<Self, DeltaError> {
        let fail = |error| DeltaError::damaged(&rows.path, error);
        let decoder =
            zstd::stream::read::Decoder::with_buffer(open(source, rows)?).map_err(fail)?;
        let lines = Some(std::io::BufReader::new(decoder));
        Ok(DeletesReader { lines, listed: rows.clone(), left: rows.records, last: None })
    }

    fn next(&mut self) -> Result<Option<Deleted>, DeltaError> {
        let path = &self.listed.path;
        if self.left == 0 {
            let Some(lines) = self.lines.take() else { return Ok(None) };
            return close(lines.into_inner().finish(), &self.listed).map(|()| None);
        }
        let Some(lines) = &mut self.lines else { return Ok(None) };
        let mut line = Vec::new();
        let read = lines.by_ref().take(MAX_LINE).read_until(b'\n', &mut line);
        read.map_err(|error| DeltaError::damaged(path, error))?;
        let deleted: Deleted =
            serde_json::from_slice(&line).map_err(|error| DeltaError::damaged(path, error))?;
        let place = (order_key(&deleted.id), deleted.id.clone());
        if !is_record_id(&deleted.id) || self.last.as_ref().is_some_and(|last| *last >= place) {
            return Err(DeltaError::damaged(path, "records out of order"));
        }
        self.last = Some(place);
        self.left -= 1;
        Ok(Some(deleted))
    }
}

/// The changes of deltas in a row in one format, in pack order, each record once.
pub struct Merged(Vec<Peekable<One>>);

impl Merged {
    /// Opens the files of `deltas`, oldest first. One request a file.
    ///
    /// # Errors
    /// When a file cannot be opened.
    pub fn new(source: &Source, deltas: &[Delta], format: Format) -> Result<Merged, DeltaError> {
        let ones = deltas.iter().map(|delta| Ok(One::new(source, delta, format)?.peekable()));
        ones.collect::<Result<_, DeltaError>>().map(Merged)
    }

    /// Where the next change is; `None` at the end or before an error.
    fn next_place(&mut self) -> Option<(OrderKey, String)> {
        let places = self.0.iter_mut().filter_map(|one| match one.peek() {
            Some(Ok(change)) => Some(change.place()),
            _ => None,
        });
        places.min().map(|(key, id)| (key, id.to_owned()))
    }
}

impl Iterator for Merged {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        for one in &mut self.0 {
            if let Some(Err(error)) = one.next_if(Result::is_err) {
                return Some(Err(error));
            }
        }
        let (key, id) = self.next_place()?;
        let mut last: Option<Change> = None;
        for one in &mut self.0 {
            let mine = |item: &Item| item.as_ref().is_ok_and(|c| c.place() == (key, &id));
            match one.next_if(mine) {
                Some(Ok(change)) => {
                    let was_there = last.as_ref().unwrap_or(&change).was_there();
                    last = Some(change.seen_from(was_there));
                }
                Some(Err(error)) => return Some(Err(error)),
                None => {}
            }
        }
        last.map(Ok)
    }
}

/// Writes the delta that two deltas in a row make, without the packs of any release.
///
/// It serves every release from the first one's start up to its end. A record that was changed
/// and changed back is in it; one that came and went is among its deletions.
///
/// # Errors
/// When the two do not follow one another, a file is damaged, or writing fails.
pub(super) fn compose(
    stage: &Stage,
    source: &Source,
    parts: &[Delta; 2],
) -> Result<Made, DeltaError> {
    let [first, second] = parts;
    if first.to != second.from || first.spans != second.spans {
        let (from, to) = (first.from.release.clone(), second.to.release.clone());
        return Err(DeltaError::Apart { from, to });
    }
    let mut rows = rows_writers(stage, &first.spans)?;
    let mut deletes = Deletes::new(stage)?;
    let mut streams: Vec<Peekable<Merged>> = Vec::new();
    for (format, _) in &rows {
        streams.push(Merged::new(source, parts, *format)?.peekable());
    }
    let mut changes = first.changes.details_with(&second.changes);
    loop {
        let mut least: Option<(OrderKey, String)> = None;
        for stream in &mut streams {
            if let Some(Err(error)) = stream.next_if(Result::is_err) {
                return Err(error);
            }
            if let Some(Ok(change)) = stream.peek()
                && least.as_ref().is_none_or(|(key, id)| change.place() < (*key, id))
            {
                least = Some((change.key, change.id.clone()));
            }
        }
        let Some((key, id)) = least else { break };
        let mine = |item: &Item| item.as_ref().is_ok_and(|c| c.place() == (key, &id));
        let (mut upserted, mut gone) = (None, None);
        for (stream, (_, rows)) in streams.iter_mut().zip(&mut rows) {
            let Some(Ok(change)) = stream.next_if(mine) else { continue };
            match change.what {
                What::Upsert { added, body } => {
                    rows.push(&id, added, &body)?;
                    upserted = Some(added);
                }
                // Every format's stream says so.
                What::Delete(deleted) => gone = Some(deleted),
            }
        }
        match (upserted, gone) {
            (Some(true), _) => changes.added += 1,
            (Some(false), _) => changes.edited += 1,
            (None, Some(deleted)) => {
                deletes.push(&deleted)?;
                // What came and went is no loss of the first release.
                changes.withdrawn += u64::from(!deleted.unseen);
            }
            (None, None) => {}
        }
    }
    let encoder = first.encoder.clone().filter(|_| first.encoder == second.encoder);
    let (from, to) = (&first.from, &second.to);
    let ends = Ends { from, to, encoder, spans: BTreeMap::clone(&first.spans) };
    finish(stage, ends, rows, deletes, changes)
}

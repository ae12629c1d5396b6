//! Where readers put documents: chunks of bounded size, handed on as they fill.

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::convert::Ledger;
use crate::store::prepare::Problem;
use crate::store::rejects::{Position, Reject};

/// Documents a chunk holds at most: one transaction, whose fsync costs some milliseconds.
const CHUNK_DOCUMENTS: usize = 2048;

/// Bytes after which a chunk is handed on. Four are under way at a time.
const CHUNK_BYTES: usize = 8 << 20;

/// How the text of an item is to be taken.
#[derive(Debug, Clone)]
pub(crate) enum Form {
    /// One document of a kind to be detected.
    Document,
    /// An entry of a list of communities.
    Community,
    /// A row of a deletion ledger.
    Row(Arc<Ledger>),
}

/// One document of a chunk.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) ordinal: u64,
    pub(crate) text: Range<usize>,
    pub(crate) position: Position,
    /// File or member name without extension, for documents of their own.
    pub(crate) stem: Option<Box<str>>,
    pub(crate) form: Form,
}

/// A run of documents.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    pub(crate) text: Vec<u8>,
    pub(crate) items: Vec<Item>,
    /// Found while cutting.
    pub(crate) rejects: Vec<Reject>,
    /// Number of documents up to and with this chunk.
    pub(crate) end: u64,
}

/// Nobody takes chunks any more; the reader ends without a word.
#[derive(Debug)]
pub(crate) struct Stopped;

/// Room for the usual, so that a text does not move while it grows.
const TEXT_BYTES: usize = CHUNK_BYTES + CHUNK_BYTES / 16;

/// Texts that are done with, on their way back to the reader: memory that was in use is not
/// paid for again page by page.
pub(crate) struct Spent(SyncSender<Vec<u8>>);

impl Spent {
    /// Where texts go, and where they come out.
    pub(crate) fn channel() -> (Spent, Receiver<Vec<u8>>) {
        let (sender, receiver) = sync_channel(4);
        (Spent(sender), receiver)
    }

    /// Hands a text back, unless it became so large that its memory is better freed.
    pub(crate) fn give(&self, mut text: Vec<u8>) {
        if text.capacity() <= 2 * TEXT_BYTES {
            text.clear();
            // Full, or nobody reads any more: freed.
            let _ = self.0.try_send(text);
        }
    }
}

fn empty(spent: &Receiver<Vec<u8>>) -> Chunk {
    let text = spent.try_recv().unwrap_or_else(|_| Vec::with_capacity(TEXT_BYTES));
    Chunk { text, ..Chunk::default() }
}

/// Collects documents into chunks. The first `skip` are counted and passed over.
pub(crate) struct Sink<'a> {
    chunk: Chunk,
    ordinal: u64,
    skip: u64,
    spent: Receiver<Vec<u8>>,
    send: &'a mut dyn FnMut(Chunk) -> Result<(), Stopped>,
}

impl<'a> Sink<'a> {
    pub(crate) fn new(
        skip: u64,
        spent: Receiver<Vec<u8>>,
        send: &'a mut dyn FnMut(Chunk) -> Result<(), Stopped>,
    ) -> Self {
        Sink { chunk: empty(&spent), ordinal: 0, skip, spent, send }
    }

    /// Where the next document's text begins in [`Sink::buffer`].
    pub(super) fn start(&self) -> usize {
        self.chunk.text.len()
    }

    /// What documents are read into, at the end.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.chunk.text
    }

    /// Gives up what was read since [`Sink::start`].
    pub(super) fn drop_from(&mut self, start: usize) {
        self.chunk.text.truncate(start);
    }

    /// Takes what was read since `start` as one document of a file called `name`.
    pub(super) fn document(
        &mut self,
        start: usize,
        position: Position,
        stem: Option<&str>,
        name: &str,
    ) -> Result<(), Stopped> {
        let form = if name.starts_with("communities.") { Form::Community } else { Form::Document };
        self.item(start, position, stem.map(Box::from), form)
    }

    /// Takes a row of a ledger.
    pub(super) fn row(
        &mut self,
        row: &[u8],
        position: Position,
        ledger: &Arc<Ledger>,
    ) -> Result<(), Stopped> {
        let start = self.start();
        self.chunk.text.extend_from_slice(row);
        self.item(start, position, None, Form::Row(ledger.clone()))
    }

    fn item(
        &mut self,
        start: usize,
        position: Position,
        stem: Option<Box<str>>,
        form: Form,
    ) -> Result<(), Stopped> {
        let ordinal = self.ordinal;
        self.ordinal += 1;
        if ordinal < self.skip {
            self.drop_from(start);
            return Ok(());
        }
        let text = start..self.chunk.text.len();
        self.chunk.items.push(Item { ordinal, text, position, stem, form });
        self.flush_if_full()
    }

    /// Counts a document that cannot be taken.
    pub(super) fn reject(&mut self, position: Position, problem: Problem) -> Result<(), Stopped> {
        let ordinal = self.ordinal;
        self.ordinal += 1;
        if ordinal < self.skip {
            return Ok(());
        }
        self.chunk.rejects.push(Reject { ordinal, position, problem });
        self.flush_if_full()
    }

    /// Counts a stream that cannot be read any further as one document that cannot be taken.
    pub(super) fn broken(&mut self, position: Position, error: &io::Error) -> Result<(), Stopped> {
        let reason = match error.kind() {
            io::ErrorKind::UnexpectedEof => "the file ends in the middle".to_owned(),
            _ => error.to_string(),
        };
        self.reject(position, Problem::new(".", "broken", reason))
    }

    fn flush_if_full(&mut self) -> Result<(), Stopped> {
        let documents = self.chunk.items.len() + self.chunk.rejects.len();
        let full = documents >= CHUNK_DOCUMENTS || self.chunk.text.len() >= CHUNK_BYTES;
        if full { self.flush() } else { Ok(()) }
    }

    /// Hands on what is left.
    pub(crate) fn flush(&mut self) -> Result<(), Stopped> {
        let mut chunk = std::mem::replace(&mut self.chunk, empty(&self.spent));
        chunk.end = self.ordinal;
        (self.send)(chunk)
    }
}

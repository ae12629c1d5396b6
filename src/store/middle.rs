//! The middle stage of an import: chunks of documents → batches of rows, in parallel within a
//! chunk and in order between chunks.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc::SyncSender;

use rayon::prelude::*;
use rusqlite::{Connection, params};

use super::aside::Aside;
use super::codec::TRAIN_RECORDS;
use super::import::Options;
use super::prepare::{Claim, Prepared, Preparer, Problem};
use super::rejects::Reject;
use super::source::convert::{self, Converted};
use super::source::sink::{Chunk, Form, Item, Spent};
use super::writer::{Batch, Cursor};
use super::{Error, Store, Writer, key, schema};
use crate::crosswalk::inbound::{InboundOptions, Issue};

/// One source's middle stage.
pub(super) struct Middle<'a> {
    preparer: Preparer,
    options: &'a Options,
    source: i64,
    /// `None` for a store that was empty at the beginning: nothing can be known.
    known: Option<Known>,
    spent: Spent,
    /// What conversion dropped or altered, by code.
    pub(super) issues: BTreeMap<&'static str, u64>,
}

/// A document on its way into a batch.
enum Ready<'t> {
    Record(Box<Prepared>, Cow<'t, str>, Vec<Issue>),
    Aside(Aside),
    Reject(Problem),
}

impl<'a> Middle<'a> {
    /// Takes the store's dictionary, which the first chunk ever imported trains.
    pub(super) fn new(
        store: &Store,
        writer: &mut Writer,
        options: &'a Options,
        source: i64,
        first: &Chunk,
        spent: Spent,
    ) -> Result<Self, Error> {
        if first.items.len() >= TRAIN_RECORDS && !writer.is_trained()? {
            train(writer, options, first)?;
        }
        Ok(Middle {
            preparer: writer.preparer(&options.doi_pattern)?,
            options,
            source,
            known: Known::open(store.path())?,
            spent,
            issues: BTreeMap::new(),
        })
    }

    /// Works until there are no more chunks, nobody takes batches, or a strict import meets a
    /// reject, which is returned.
    pub(super) fn run(
        &mut self,
        chunks: impl Iterator<Item = Chunk>,
        to_write: SyncSender<Batch>,
    ) -> Result<Option<Box<Reject>>, Error> {
        for chunk in chunks {
            let mut batch = self.batch(chunk)?;
            let strict = if self.options.strict { cut(&mut batch) } else { None };
            if to_write.send(batch).is_err() || strict.is_some() {
                return Ok(strict);
            }
        }
        Ok(None)
    }

    fn batch(&mut self, chunk: Chunk) -> Result<Batch, Error> {
        let Chunk { text, items, rejects, end } = chunk;
        let (preparer, options, all) = (&self.preparer, self.options, self.known.is_none());
        let mut ready: Vec<Ready<'_>> = items
            .par_iter()
            .with_min_len(16)
            .map_init(Vec::new, |content, item| {
                let mut ready = ready(item, &text, content, preparer, options);
                if let (Ready::Record(record, json, _), true) = (&mut ready, all) {
                    preparer.compress(record, json)?;
                }
                Ok(ready)
            })
            .collect::<Result<_, Error>>()?;
        if let Some(known) = &self.known {
            compress(&mut ready, known, preparer)?;
        }
        let mut batch = Batch { rejects, seen: options.complete, ..Batch::default() };
        for (item, ready) in items.into_iter().zip(ready) {
            let Item { ordinal, position, .. } = item;
            match ready {
                Ready::Record(record, _, issues) => {
                    for issue in issues {
                        *self.issues.entry(issue.code).or_default() += 1;
                    }
                    batch.records.push((ordinal, position, *record));
                }
                Ready::Aside(aside) => batch.asides.push((ordinal, aside)),
                Ready::Reject(problem) => batch.rejects.push(Reject { ordinal, position, problem }),
            }
        }
        self.spent.give(text);
        batch.rejects.sort_by_key(|reject| reject.ordinal);
        batch.cursor = Some(Cursor { source: self.source, consumed: end });
        Ok(batch)
    }
}

/// Converts and parses. `content` is scratch space.
fn ready<'t>(
    item: &Item,
    text: &'t [u8],
    content: &mut Vec<u8>,
    preparer: &Preparer,
    options: &Options,
) -> Ready<'t> {
    let (json, claim, issues) = match converted(item, text, options) {
        Ok(Converted::Record(json, claim, issues)) => (json, claim, issues),
        Ok(Converted::Aside(aside)) => return Ready::Aside(aside),
        Err(problem) => return Ready::Reject(problem),
    };
    match preparer.parse(&json, claim, content) {
        Ok(record) => Ready::Record(Box::new(record), json, issues),
        Err(problem) => Ready::Reject(problem),
    }
}

/// Compresses what the store does not seem to hold.
fn compress(ready: &mut [Ready<'_>], known: &Known, preparer: &Preparer) -> Result<(), Error> {
    let mut wanted = Vec::new();
    for ready in ready {
        let Ready::Record(record, json, _) = ready else { continue };
        if known.holds(record)? {
            preparer.defer(record, json);
        } else {
            wanted.push((record, json));
        }
    }
    wanted
        .par_iter_mut()
        .with_min_len(16)
        .try_for_each(|(record, json)| preparer.compress(record, json))
}

/// A look at what is stored, to spare the work for what is there already. It may be behind the
/// writer by some batches: an answer is a guess, and nothing but work depends on it.
struct Known {
    connection: Connection,
}

impl Known {
    fn open(store: &Path) -> Result<Option<Self>, Error> {
        let connection = schema::reader(store)?;
        let any = connection
            .query_row("SELECT EXISTS (SELECT 1 FROM records)", [], |row| row.get::<_, bool>(0))?;
        Ok(any.then_some(Known { connection }))
    }

    fn holds(&self, record: &Prepared) -> Result<bool, Error> {
        let keys = key::candidates(&record.id);
        let mut query = self
            .connection
            .prepare_cached("SELECT 1 FROM records WHERE pk BETWEEN ?1 AND ?2 AND hash = ?3")?;
        Ok(query.exists(params![keys.start(), keys.end(), record.hash])?)
    }
}

fn train(writer: &mut Writer, options: &Options, first: &Chunk) -> Result<(), Error> {
    let convert = |item| match converted(item, &first.text, options) {
        Ok(Converted::Record(json, ..)) => Some(json),
        _ => None,
    };
    let bodies: Vec<_> = first.items.par_iter().filter_map(convert).collect();
    let bodies: Vec<&str> = bodies.iter().map(|body| body.trim()).collect();
    writer.train(&bodies)
}

fn converted<'t>(item: &Item, text: &'t [u8], options: &Options) -> Result<Converted<'t>, Problem> {
    let text = &text[item.text.clone()];
    if let Form::Row(ledger) = &item.form {
        let json = convert::ledger_row(text, ledger)?;
        return Ok(Converted::Record(json.into(), Claim::Ledger, Vec::new()));
    }
    let text = std::str::from_utf8(text).map_err(|error| {
        let reason = format!("not UTF-8 at byte {}", error.valid_up_to());
        Problem::new(".", "not-utf8", reason)
    })?;
    if matches!(item.form, Form::Community) {
        return Ok(Converted::Aside(convert::community(text)?));
    }
    let inbound = InboundOptions { doi_pattern: &options.doi_pattern, stem: item.stem.as_deref() };
    convert::document(text, options.kind, &inbound)
}

/// Keeps what stands before the first reject, which is returned.
fn cut(batch: &mut Batch) -> Option<Box<Reject>> {
    let first = batch.rejects.first()?.clone();
    batch.rejects.clear();
    batch.records.retain(|(ordinal, ..)| *ordinal < first.ordinal);
    batch.asides.retain(|(ordinal, _)| *ordinal < first.ordinal);
    if let Some(cursor) = &mut batch.cursor {
        cursor.consumed = first.ordinal;
    }
    Some(Box::new(first))
}

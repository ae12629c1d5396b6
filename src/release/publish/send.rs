//! Sending files, several at a time.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::super::fetch::Source;
use super::super::hash::sha256;
use super::super::site_pack::Shelf;
use super::super::site_pack::group::Opened;
use super::ledger::Token;
use super::target::{Outgoing, Target};
use super::{PublishError, Report, Result, Served, Settings, Tally};

/// Files up to this size are held in memory while they are sent.
const SMALL: u64 = 1 << 20;

/// What is to be there: path, size, hash if it is listed.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) path: String,
    pub(super) bytes: u64,
    pub(super) sha256: Option<String>,
}

pub(super) struct Sender<'a> {
    pub(super) settings: &'a Settings<'a>,
    pub(super) target: &'a dyn Target,
    /// `None` in a dry run: then nothing is sent, and everything counted.
    pub(super) token: Option<&'a Token<'a>>,
    pool: ThreadPool,
    count: Mutex<Count>,
    packed: Option<Packed<'a>>,
}

/// A site in packs, whose pages are sent as the files that they are.
struct Packed<'a> {
    source: &'a Source,
    shelf: &'a Shelf,
    /// For each thread the group it opened last: pages are sent in the order of the packs.
    opened: Vec<Mutex<Option<Opened>>>,
}

impl Packed<'_> {
    /// A page; `None` if no pack has it.
    fn page(&self, path: &str) -> Result<Option<Vec<u8>>> {
        let of = |opened: &Opened| {
            opened.files().find(|(name, _)| *name == path).map(|(_, bytes)| bytes.to_vec())
        };
        let thread = rayon::current_thread_index().unwrap_or(0) % self.opened.len();
        let mut last = self.opened[thread].lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = last.as_ref().and_then(of) {
            return Ok(Some(bytes));
        }
        for spot in self.shelf.find(self.source, path)? {
            let opened = self.shelf.group(self.source, &spot)?;
            if let Some(bytes) = of(&opened) {
                *last = Some(opened);
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }
}

#[derive(Default)]
struct Count {
    sent: BTreeMap<&'static str, Tally>,
    known: BTreeMap<&'static str, Tally>,
    removed: u64,
    files: Vec<String>,
}

impl<'a> Sender<'a> {
    pub(super) fn new(
        settings: &'a Settings<'a>,
        target: &'a dyn Target,
        token: Option<&'a Token<'a>>,
        packed: Option<(&'a Source, &'a Shelf)>,
    ) -> Result<Sender<'a>> {
        let threads = settings.parallel.max(1);
        let packed = packed.map(|(source, shelf)| Packed {
            source,
            shelf,
            opened: (0..threads).map(|_| Mutex::default()).collect(),
        });
        let pool = ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|error| PublishError::Client(std::io::Error::other(error)))?;
        Ok(Sender { settings, target, token, pool, count: Mutex::default(), packed })
    }

    /// Sends all of them, or as many as it can before the first failure.
    pub(super) fn send_all(&self, items: &[Item]) -> Result<()> {
        self.pool.install(|| items.par_iter().try_for_each(|item| self.send(item)))
    }

    /// Does `what` with all items, several at a time.
    pub(super) fn each<T: Sync, R: Send>(
        &self,
        items: &[T],
        what: impl Fn(&T) -> Result<R> + Sync + Send,
    ) -> Result<Vec<R>> {
        self.pool.install(|| items.par_iter().map(what).collect())
    }

    /// Removes all of them.
    pub(super) fn remove_all(&self, paths: &[String]) -> Result<()> {
        self.lock().removed += paths.len() as u64;
        let Some(token) = self.token else { return Ok(()) };
        self.pool.install(|| {
            paths.par_iter().try_for_each(|path| {
                token.check()?;
                self.target.remove(path)
            })
        })
    }

    /// Counts files that need not be sent.
    pub(super) fn knows(&self, path: &str, tally: Tally) {
        let mut count = self.lock();
        let known = count.known.entry(kind(path)).or_default();
        known.files += tally.files;
        known.bytes += tally.bytes;
        drop(count);
        self.settings.progress.advance(tally.bytes);
    }

    /// Counts a file that was sent by other means.
    pub(super) fn sent(&self, path: &str, bytes: u64) {
        let mut count = self.lock();
        count.sent.entry(kind(path)).or_default().add(bytes);
        if self.settings.name_files {
            count.files.push(path.to_owned());
        }
        drop(count);
        self.settings.progress.advance(bytes);
    }

    /// Puts the counts into the report.
    pub(super) fn report(&self, report: &mut Report) {
        let mut count = self.lock();
        report.sent = std::mem::take(&mut count.sent);
        report.known = std::mem::take(&mut count.known);
        report.removed = count.removed;
        report.files = std::mem::take(&mut count.files);
        report.files.sort_by_cached_key(|path| (kind(path), path.clone()));
    }

    fn send(&self, item: &Item) -> Result<()> {
        if let Some(token) = self.token {
            token.check()?;
            self.transfer(item)?;
        }
        self.sent(&item.path, item.bytes);
        Ok(())
    }

    fn transfer(&self, item: &Item) -> Result<()> {
        let from = self.settings.root.join(&item.path);
        let failed = |source| PublishError::Read { path: from.display().to_string(), source };
        let served = (self.settings.served)(&item.path);
        let mut file = match (File::open(&from), &self.packed) {
            (Err(error), Some(packed)) if error.kind() == ErrorKind::NotFound => {
                let page = packed.page(&item.path)?.ok_or_else(|| failed(error))?;
                return self.put(item, page, served);
            }
            (file, _) => file.map_err(failed)?,
        };
        if item.bytes > SMALL {
            let (path, bytes, sha256) = (&*item.path, item.bytes, item.sha256.as_deref());
            return self.target.send(Outgoing { path, bytes, sha256, served }, file, &from);
        }
        let mut bytes = Vec::with_capacity(item.bytes as usize + 1);
        (&mut file).take(item.bytes + 1).read_to_end(&mut bytes).map_err(failed)?;
        self.put(item, bytes, served)
    }

    /// Puts bytes that are those that are listed.
    fn put(&self, item: &Item, bytes: Vec<u8>, served: Served) -> Result<()> {
        let right = bytes.len() as u64 == item.bytes
            && item.sha256.as_ref().is_none_or(|listed| *listed == sha256(&bytes));
        if !right {
            return Err(PublishError::Changed { path: item.path.clone() });
        }
        self.target.put(&item.path, bytes, served)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a file is, for the report.
pub(super) fn kind(path: &str) -> &'static str {
    match path.split_once('/') {
        _ if super::POINTERS.contains(&path) => "pointers",
        Some(("dumps", rest)) if rest.starts_with("pool/") => "packs",
        Some(("dumps", rest)) if rest.starts_with("delta/") => "deltas",
        Some(("dumps", rest)) if rest.contains('/') => "releases",
        Some(("site", _)) => "lists",
        Some(("search", _)) => "search",
        Some(("assets", _)) => "assets",
        _ => "pages",
    }
}

//! Fetches files, several at a time, and puts them in place once their hash is right.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::super::fetch::FetchError;
use super::super::hash::{Hashing, sha256};
use super::mirror::failed;
use super::{Moved, PullError, Work};

/// How often a file whose transfer breaks off is asked for again, from where it broke off.
const PATIENCE: usize = 5;

/// A file to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Object {
    pub(super) path: String,
    pub(super) bytes: u64,
    pub(super) sha256: String,
    /// Whether its name holds its hash: then one of the same size is the same file.
    pub(super) named: bool,
}

impl Object {
    fn has_size_of(&self, file: &Path) -> bool {
        fs::metadata(file).is_ok_and(|meta| meta.is_file() && meta.len() == self.bytes)
    }

    /// Whether the file is there and is this one, by size and hash.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub(super) fn is(&self, file: &Path) -> Result<bool, PullError> {
        if !self.has_size_of(file) {
            return Ok(false);
        }
        let mut hashing = Hashing::new(File::open(file).map_err(failed("read", file))?);
        io::copy(&mut hashing, &mut io::sink()).map_err(failed("read", file))?;
        Ok(hashing.finish().2 == self.sha256)
    }
}

/// Where a file that stands in the mirror is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    /// It was fetched.
    Source,
    /// It stood there.
    Mirror,
    /// It was printed here.
    Press,
}

/// Does `act` for every item on as many threads as there may be requests; the first error ends
/// it.
pub(super) fn each<T: Sync>(
    threads: usize,
    items: &[T],
    act: impl Fn(&T) -> Result<(), PullError> + Sync,
) -> Result<(), PullError> {
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let error = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1).min(items.len()) {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
                    if let Err(found) = act(item) {
                        stop.store(true, Ordering::Relaxed);
                        error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(found);
                    }
                }
            });
        }
    });
    match error.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

impl Work<'_> {
    /// Sees to it that these files stand, and books them under `kind`.
    pub(super) fn have(&mut self, kind: &'static str, wanted: &[Object]) -> Result<(), PullError> {
        self.obtain(kind, wanted, Self::fetch, false)
    }

    /// The same for files that need not be fetched where the site is printed here.
    pub(super) fn have_printed(
        &mut self,
        kind: &'static str,
        wanted: &[Object],
    ) -> Result<(), PullError> {
        self.obtain(kind, wanted, Self::fetch, true)
    }

    /// [`have_printed`](Self::have_printed) for very many small files.
    pub(super) fn have_pages(&mut self, wanted: &[Object]) -> Result<(), PullError> {
        self.obtain("pages", wanted, Self::fetch_page, true)
    }

    /// Prints, if it may be, or brings with `fetch` what does not stand, several at a time.
    fn obtain(
        &mut self,
        kind: &'static str,
        wanted: &[Object],
        fetch: fn(&Self, &Object) -> Result<(), PullError>,
        printed: bool,
    ) -> Result<(), PullError> {
        let tally: Mutex<BTreeMap<Origin, Moved>> = Mutex::default();
        each(self.options.connections, wanted, |object| {
            let origin = if self.stands(object)? {
                Origin::Mirror
            } else if printed && self.reprint(object)? {
                Origin::Press
            } else {
                fetch(self, object)?;
                Origin::Source
            };
            if !self.told.contains(&object.path) {
                self.progress.advance(object.bytes);
            }
            let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
            tally.entry(origin).or_default().join(Moved { files: 1, bytes: object.bytes });
            Ok(())
        })?;
        // Nothing is said too.
        self.book(kind, Origin::Source, Moved::default());
        self.book(kind, Origin::Mirror, Moved::default());
        for (origin, moved) in tally.into_inner().unwrap_or_else(PoisonError::into_inner) {
            self.book(kind, origin, moved);
        }
        Ok(())
    }

    pub(super) fn book(&mut self, kind: &'static str, origin: Origin, more: Moved) {
        let report = &mut self.report;
        match origin {
            Origin::Source => report.fetched.entry(kind).or_default(),
            Origin::Mirror => report.reused.entry(kind).or_default(),
            Origin::Press => &mut report.printed,
        }
        .join(more);
    }

    /// Whether the file stands in the mirror.
    pub(super) fn stands(&self, object: &Object) -> Result<bool, PullError> {
        let path = self.mirror.root().join(&object.path);
        if object.named {
            return Ok(object.has_size_of(&path));
        }
        object.is(&path)
    }

    /// Fetches a file. What a pull before left of it is not fetched again.
    fn fetch(&self, object: &Object) -> Result<(), PullError> {
        let part = self.mirror.part(&object.path, &object.sha256);
        let mut broken = 0;
        let mut anew = false;
        loop {
            let resumed = fs::metadata(&part).map_or(0, |meta| meta.len());
            match self.transfer(object, &part) {
                Ok(true) => break,
                // What was left of an earlier pull may have been of another file.
                Ok(false) if resumed > 0 && !anew => {
                    anew = true;
                    remove(&part)?;
                }
                Ok(false) => {
                    remove(&part)?;
                    let path = self.source.place(&object.path);
                    return Err(PullError::Tampered { path, what: "another hash".into() });
                }
                Err(PullError::Fetch(FetchError::Io { .. })) if broken < PATIENCE => broken += 1,
                Err(PullError::Fetch(FetchError::Short { .. })) if resumed > 0 && !anew => {
                    anew = true;
                    remove(&part)?;
                }
                Err(error) => return Err(error),
            }
        }
        self.stage.adopt(&part, &object.path)?;
        Ok(())
    }

    /// Brings `part` to its full length; whether its hash is right.
    fn transfer(&self, object: &Object, part: &Path) -> Result<bool, PullError> {
        let unwritten = |error| failed("write", part)(error);
        let mut options = OpenOptions::new();
        let mut file = options.read(true).write(true).create(true).truncate(false).open(part);
        let file = file.as_mut().map_err(|error| unwritten(io::Error::from(error.kind())))?;
        let mut whole = Hashing::new(file);
        let mut have = io::copy(&mut whole, &mut io::sink()).map_err(unwritten)?;
        if have >= object.bytes {
            let (file, _, sha256) = whole.finish();
            if have > object.bytes {
                file.set_len(0).map_err(unwritten)?;
                return Ok(false);
            }
            return Ok(sha256 == object.sha256);
        }
        let (mut reader, start) = self.source.reader_from(&object.path, have)?;
        if start != have {
            // From a server that cannot do ranges everything comes again.
            let (file, ..) = whole.finish();
            file.set_len(0).map_err(unwritten)?;
            io::Seek::rewind(file).map_err(unwritten)?;
            whole = Hashing::new(file);
            have = 0;
        }
        let mut buffer = vec![0; 1 << 16];
        loop {
            let path = || self.source.place(&object.path);
            let n = match reader.read(&mut buffer) {
                Ok(n) => n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(source) => return Err(FetchError::Io { path: path(), source }.into()),
            };
            if n == 0 {
                break;
            }
            have += n as u64;
            if have > object.bytes {
                let what = format!("more than {} bytes come", object.bytes);
                let (file, ..) = whole.finish();
                file.set_len(0).map_err(unwritten)?;
                return Err(PullError::Tampered { path: path(), what });
            }
            whole.write_all(&buffer[..n]).map_err(unwritten)?;
        }
        let (_, bytes, sha256) = whole.finish();
        if bytes < object.bytes {
            let path = self.source.place(&object.path);
            let source = io::ErrorKind::UnexpectedEof.into();
            return Err(FetchError::Io { path, source }.into());
        }
        Ok(sha256 == object.sha256)
    }

    /// Fetches one of very many small files of the site and writes it; hosts have pages at
    /// addresses without `.html`.
    pub(super) fn fetch_page(&self, object: &Object) -> Result<(), PullError> {
        let Object { path, bytes, sha256: listed, .. } = object;
        if *bytes == 0 {
            // Nothing to ask for; marks of tombstones.
            return self.put_page(path, b"", listed).map(|_| ());
        }
        for bare in [true, false] {
            let body = self.source.read_page(path, bare, *bytes)?;
            if self.put_page(path, &body, listed)? {
                return Ok(());
            }
            if !path.ends_with(".html") {
                break;
            }
        }
        let (path, what) = (self.source.place(path), "another hash".into());
        Err(PullError::Tampered { path, what })
    }

    fn put_page(&self, path: &str, body: &[u8], listed: &str) -> Result<bool, PullError> {
        let right = sha256(body) == *listed;
        if right {
            self.stage.write_page(path, body)?;
        }
        Ok(right)
    }
}

fn remove(path: &Path) -> Result<(), PullError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", path)(error)),
        _ => Ok(()),
    }
}

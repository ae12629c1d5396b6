//! The web root as requests see it: files in a directory, and the files that stand in the site
//! packs of its release.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use super::condition::Validators;
use crate::release::fetch::{FetchError, Source};
use crate::release::hash::sha256;
use crate::release::layout::RELEASE_JSON;
use crate::release::manifest::{MAX_MANIFEST, Manifest};
use crate::release::pointer::ReleasePointer;
use crate::release::site_pack::{GROUP_RAW, Shelf, ShelfError, Spot};

/// Groups up to this size are decompressed into memory; larger ones hold one file each and are
/// streamed.
const SMALL_GROUP: usize = 4 * GROUP_RAW;

/// The root of a server. Knows which release stands, and looks at each request whether that is
/// still so.
#[derive(Debug)]
pub(crate) struct Root {
    dir: PathBuf,
    standing: RwLock<Option<Standing>>,
}

#[derive(Debug, Clone)]
struct Standing {
    /// Of `release.json`.
    stamp: Option<(SystemTime, u64)>,
    shelf: Option<Arc<Shelf>>,
}

/// The root as one request sees it: one release from beginning to end.
#[derive(Debug)]
pub(crate) struct View<'a> {
    dir: &'a Path,
    shelf: Option<Arc<Shelf>>,
}

impl Root {
    /// Of this directory, which is canonical.
    pub(crate) fn new(dir: PathBuf) -> Root {
        Root { dir, standing: RwLock::new(None) }
    }

    /// The release that stands now; `anew` reads it even if it seems to be known. Blocking.
    pub(crate) fn view(&self, anew: bool) -> View<'_> {
        let meta = fs::metadata(self.dir.join(RELEASE_JSON)).ok();
        let stamp = meta.and_then(|meta| Some((meta.modified().ok()?, meta.len())));
        let known = self.standing.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known.filter(|known| !anew && known.stamp == stamp) {
            return View { dir: &self.dir, shelf: known.shelf };
        }
        // Whatever is wrong with a release, its files are still files.
        let shelf = shelf(&self.dir).unwrap_or_else(|error| {
            tracing::warn!("no site packs: {error}");
            None
        });
        let standing = Standing { stamp, shelf: shelf.map(Arc::new) };
        let shelf = standing.shelf.clone();
        *self.standing.write().unwrap_or_else(PoisonError::into_inner) = Some(standing);
        View { dir: &self.dir, shelf }
    }
}

/// The site packs of the release in `dir`; none if it has none, or is none.
fn shelf(dir: &Path) -> io::Result<Option<Shelf>> {
    let source = Source::open(&dir.to_string_lossy());
    let Ok(Some(pointer)) = ReleasePointer::read(&source) else { return Ok(None) };
    let bytes = source.read_all(&pointer.manifest.path, MAX_MANIFEST).map_err(io::Error::other)?;
    if sha256(&bytes) != pointer.manifest.sha256 {
        return Err(io::Error::other("the manifest is not the one that release.json names"));
    }
    let manifest = Manifest::from_bytes(&bytes).map_err(io::Error::other)?;
    let packs = || manifest.site_packs().map(|pack| dir.join(&pack.path));
    // Unpacked here: its pages are files.
    if !packs().any(|path| path.is_file()) {
        return Ok(None);
    }
    for path in packs() {
        // No byte from outside the root; an absent one is found out when it is asked for.
        if path.canonicalize().is_ok_and(|real| !real.starts_with(dir)) {
            return Err(io::Error::other("a site pack leads out of the root"));
        }
    }
    Shelf::open(&source, &manifest).map_err(io::Error::other)
}

/// A file that answers.
#[derive(Debug)]
pub(crate) struct Opened {
    /// Relative to the root; decides type and cache class.
    pub(crate) path: String,
    /// Its bytes.
    pub(crate) content: Content,
    /// How many there are: of the open file, not of the name.
    pub(crate) len: u64,
    /// Entity tag and time.
    pub(crate) state: Validators,
}

/// Where the bytes of a file are.
#[derive(Debug)]
pub(crate) enum Content {
    /// In a file of its own.
    File(File),
    /// Here.
    Bytes(Vec<u8>),
    /// In a large group of a pack.
    Packed(Packed),
}

/// A file that is alone in its group.
#[derive(Debug)]
pub(crate) struct Packed {
    pack: File,
    offset: u64,
    bytes: u64,
    /// Bytes before the file in the group.
    before: u64,
    shelf: Arc<Shelf>,
}

impl Packed {
    /// The file from its byte `first` on. Memory: the window of zstd.
    pub(crate) fn reader(self, first: u64) -> io::Result<Box<dyn Read + Send>> {
        let Packed { mut pack, offset, bytes, before, shelf } = self;
        pack.seek(SeekFrom::Start(offset))?;
        let frame = BufReader::new(pack.take(bytes));
        let dictionary = shelf.dictionary().bytes();
        let mut reader = zstd::stream::read::Decoder::with_dictionary(frame, dictionary)?;
        io::copy(&mut (&mut reader).take(before + first), &mut io::sink())?;
        Ok(Box::new(reader))
    }
}

impl View<'_> {
    /// The file at `path`: from a site pack, else a regular file whose real path, links followed,
    /// is under the root.
    pub(crate) fn open(&self, path: String) -> io::Result<Option<Opened>> {
        if let Some(opened) = self.packed(&path)? {
            return Ok(Some(opened));
        }
        let real = match self.dir.join(&path).canonicalize() {
            Ok(real) => real,
            Err(error) if is_absence(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        if !real.starts_with(self.dir) {
            return Ok(None);
        }
        let file = match File::open(&real) {
            Ok(file) => file,
            Err(error) if is_absence(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Ok(None);
        }
        let state = Validators::of(&path, &metadata);
        let (content, len) = (Content::File(file), metadata.len());
        Ok(Some(Opened { path, content, len, state }))
    }

    fn packed(&self, path: &str) -> io::Result<Option<Opened>> {
        let Some(shelf) = &self.shelf else { return Ok(None) };
        let source = Source::open(&self.dir.to_string_lossy());
        for spot in shelf.find(&source, path).map_err(failed)? {
            let metadata = || fs::metadata(self.dir.join(&spot.pack.path));
            let (content, len, tag) = if spot.row.raw as usize > SMALL_GROUP {
                let Some((packed, len)) = self.large(shelf, &spot, path)? else { continue };
                let pack = spot.pack.sha256.get(..12).unwrap_or_default();
                (Content::Packed(packed), len, format!("{pack}-{:x}", spot.group))
            } else {
                let group = shelf.group(&source, &spot).map_err(failed)?;
                let Some(bytes) = group.take(path) else { continue };
                let tag = sha256(&bytes)[..16].to_owned();
                let len = bytes.len() as u64;
                (Content::Bytes(bytes), len, tag)
            };
            let state = Validators::tagged(tag, &metadata()?);
            return Ok(Some(Opened { path: path.to_owned(), content, len, state }));
        }
        Ok(None)
    }

    /// A file that is alone in a large group, and its size.
    fn large(
        &self,
        shelf: &Arc<Shelf>,
        spot: &Spot<'_>,
        path: &str,
    ) -> io::Result<Option<(Packed, u64)>> {
        let open = || {
            Ok::<_, io::Error>(Packed {
                pack: File::open(self.dir.join(&spot.pack.path))?,
                offset: spot.row.offset,
                bytes: u64::from(spot.row.bytes),
                before: 0,
                shelf: Arc::clone(shelf),
            })
        };
        // Number of files, length of the path, path, size: docs/format.md, Groups.
        let before = 10 + path.len() as u64;
        let mut head = Vec::new();
        open()?.reader(0)?.take(before).read_to_end(&mut head)?;
        let mut expected = 1_u32.to_le_bytes().to_vec();
        expected.extend_from_slice(&(path.len() as u16).to_le_bytes());
        expected.extend_from_slice(path.as_bytes());
        let size = head.strip_prefix(expected.as_slice()).and_then(|size| size.try_into().ok());
        let Some(size) = size.map(u32::from_le_bytes).map(u64::from) else { return Ok(None) };
        if before + size != u64::from(spot.row.raw) {
            return Err(io::Error::other("a group is not as its index says"));
        }
        Ok(Some((Packed { before, ..open()? }, size)))
    }
}

/// A pack that is not there was of a release that has just been replaced.
fn failed(error: ShelfError) -> io::Error {
    match error {
        ShelfError::Fetch(FetchError::NotFound(_)) => {
            io::Error::new(io::ErrorKind::NotFound, error)
        }
        other => io::Error::other(other),
    }
}

fn is_absence(error: &io::Error) -> bool {
    use io::ErrorKind::{
        InvalidFilename, InvalidInput, IsADirectory, NotADirectory, NotFound, PermissionDenied,
    };
    // Permission too: a file that the server may not read is one that it does not publish.
    matches!(
        error.kind(),
        NotFound | NotADirectory | IsADirectory | PermissionDenied | InvalidInput | InvalidFilename
    )
}

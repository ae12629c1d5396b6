//! Reads records out of a release: all of a format, or one by id with bounded bytes.

use std::io::{self, Read, Write};

use super::fetch::{FetchError, RangeSource, Source};
use super::layout::{Container, Format};
use super::pack::{PackError, PackReader, PackRef};
use super::pointer::{Latest, PointerError};

/// Why records could not be read out.
#[derive(Debug, thiserror::Error)]
pub enum CatError {
    /// The pointer could not be read.
    #[error(transparent)]
    Pointer(#[from] PointerError),
    /// A pack could not be opened.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// A pack is damaged.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// A pack does not decompress, or ends early.
    #[error("{path} is damaged")]
    Damaged {
        /// The pack file.
        path: String,
        /// Cause.
        source: io::Error,
    },
    /// The records could not be passed on.
    #[error("cannot write")]
    Out(#[source] io::Error),
    /// The release has no dump of this format.
    #[error("release {release} has no {format} dump")]
    NoFormat {
        /// Release id.
        release: String,
        /// The format asked for.
        format: Format,
    },
    /// The release has no record of this id.
    #[error("release {release} has no record {id}")]
    NoRecord {
        /// Release id.
        release: String,
        /// The id asked for.
        id: String,
    },
}

/// Writes the record `id` to `out`, exactly as it is in the dump; JSON with a line feed after it.
///
/// Three requests: `latest.json`, the tail of one pack, one frame.
///
/// # Errors
/// [`CatError::NoRecord`] when there is none; anything else when reading or writing fails.
pub fn cat_one(
    source: &Source,
    format: Format,
    id: &str,
    out: &mut dyn Write,
) -> Result<(), CatError> {
    let latest = Latest::read(source)?;
    let mut record = find(source, &latest, format, id)?
        .ok_or_else(|| CatError::NoRecord { release: latest.release.clone(), id: id.to_owned() })?;
    if format.container() == Container::Lines {
        record.push(b'\n');
    }
    out.write_all(&record).map_err(CatError::Out)
}

/// The bytes of the record `id`, `None` when there is none. At most two requests.
///
/// # Errors
/// When the format is not dumped, or a tail or frame cannot be read.
pub fn find(
    source: &impl RangeSource,
    latest: &Latest,
    format: Format,
    id: &str,
) -> Result<Option<Vec<u8>>, CatError> {
    let packs = packs(latest, format)?;
    let Some(spans) = latest.spans.get(&format) else { return Ok(None) };
    let pack = spans.place(id).pack;
    let Some(pack) = packs.iter().find(|each| each.pack == pack) else { return Ok(None) };
    Ok(PackReader::open(source, pack, *spans)?.get(id)?)
}

/// Writes every record of a format to `out` in pack order and returns how many.
///
/// JSON comes one record a line. XML documents come one after another, each followed by a line
/// feed: a line that begins with `<?xml ` begins a document. Memory does not grow with the size
/// of the dump.
///
/// # Errors
/// When the format is not dumped, a pack is damaged, or `out` fails.
pub fn cat_all(source: &Source, format: Format, out: &mut dyn Write) -> Result<u64, CatError> {
    let latest = Latest::read(source)?;
    let mut records = 0;
    for pack in packs(&latest, format)? {
        records += cat_pack(source, &pack, out)?;
    }
    Ok(records)
}

fn packs(latest: &Latest, format: Format) -> Result<Vec<PackRef>, CatError> {
    latest
        .pack_refs(format)?
        .ok_or_else(|| CatError::NoFormat { release: latest.release.clone(), format })
}

fn cat_pack(source: &Source, pack: &PackRef, out: &mut dyn Write) -> Result<u64, CatError> {
    let damaged = |source| CatError::Damaged { path: pack.path.clone(), source };
    let file = source.reader(&pack.path)?.take(pack.bytes);
    let mut raw = zstd::stream::read::Decoder::new(file).map_err(damaged)?;
    match pack.format.container() {
        Container::Lines => {
            let mut lines = LineCounter { out, lines: 0, failed: None };
            let copied = io::copy(&mut raw, &mut lines);
            let LineCounter { lines, failed, .. } = lines;
            match (copied, failed) {
                (_, Some(error)) => Err(CatError::Out(error)),
                (Err(error), None) => Err(damaged(error)),
                (Ok(_), None) => Ok(lines),
            }
        }
        Container::Tar => {
            let mut archive = tar::Archive::new(raw);
            let mut records = 0;
            let mut body = Vec::new();
            for entry in archive.entries().map_err(damaged)? {
                body.clear();
                entry.and_then(|mut entry| entry.read_to_end(&mut body)).map_err(damaged)?;
                body.push(b'\n');
                out.write_all(&body).map_err(CatError::Out)?;
                records += 1;
            }
            Ok(records)
        }
    }
}

/// Passes bytes on, counts line feeds, and keeps an error of the far side apart from those of
/// the near one.
struct LineCounter<'a> {
    out: &'a mut dyn Write,
    lines: u64,
    failed: Option<io::Error>,
}

impl Write for LineCounter<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.lines += memchr::memchr_iter(b'\n', buf).count() as u64;
        self.out.write_all(buf).map(|()| buf.len()).map_err(|error| {
            let kind = error.kind();
            self.failed = Some(error);
            io::Error::from(kind)
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

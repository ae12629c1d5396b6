//! Streams of a tier as files, and compressed sections.

use std::io::Write as _;

use flate2::{Compress, Compression, FlushCompress, Status};

use crate::release::search::pointer::{PACK_BYTES, Stream};
use crate::release::stage::{Sealed, Stage, StagedFile};

use super::SearchError;

/// Cards are a seventieth larger than by 9, for two thirds of its work, which was a quarter of all of
/// printing an index.
const LEVEL: u32 = 6;

/// A stream that is being written, cut into files.
pub(super) struct StreamWriter<'a> {
    stage: &'a Stage,
    stream: Stream,
    bytes: u64,
    open: Option<StagedFile<'a>>,
    done: Vec<(String, Sealed<'a>)>,
}

impl<'a> StreamWriter<'a> {
    /// A stream that holds its header of so many bytes.
    pub(super) fn new(
        stage: &'a Stage,
        stream: Stream,
        header: usize,
    ) -> Result<Self, SearchError> {
        let mut writer = StreamWriter { stage, stream, bytes: 0, open: None, done: Vec::new() };
        writer.write(&stream.header(header))?;
        Ok(writer)
    }

    /// Bytes so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Appends.
    pub(super) fn write(&mut self, mut bytes: &[u8]) -> Result<(), SearchError> {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(self.room() as usize));
            let file = match &mut self.open {
                Some(file) => file,
                None => self.open.insert(self.stage.file()?),
            };
            file.write_all(now).map_err(SearchError::Write)?;
            self.bytes += now.len() as u64;
            if self.is_at_cut() {
                self.end_file()?;
            }
            bytes = later;
        }
        Ok(())
    }

    /// Bytes that the file still holds.
    fn room(&self) -> u64 {
        PACK_BYTES - self.bytes % PACK_BYTES
    }

    /// Whether a file ends here.
    pub(super) fn is_at_cut(&self) -> bool {
        self.bytes.is_multiple_of(PACK_BYTES)
    }

    /// Whether so many bytes more cross the file's end, and need not.
    pub(super) fn crosses(&self, bytes: usize) -> bool {
        (self.room() + 1..=PACK_BYTES).contains(&(bytes as u64))
    }

    /// Fills the file with zeros if so many bytes more [cross](Self::crosses) its end: what is
    /// read at once is then one request. Returns how many zeros.
    pub(super) fn keep_together(&mut self, bytes: usize) -> Result<u64, SearchError> {
        let filled = if self.crosses(bytes) { self.room() } else { 0 };
        self.write(&vec![0; filled as usize])?;
        Ok(filled)
    }

    fn end_file(&mut self) -> Result<(), SearchError> {
        if let Some(file) = self.open.take() {
            self.done.push((self.stream.file(self.done.len() as u64), file.seal()?));
        }
        Ok(())
    }

    /// The finished files by name.
    pub(super) fn finish(mut self) -> Result<Vec<(String, Sealed<'a>)>, SearchError> {
        self.end_file()?;
        Ok(self.done)
    }
}

/// Raw deflate of `bytes` without a dictionary.
pub(super) fn deflated(bytes: &[u8]) -> Result<Vec<u8>, SearchError> {
    Deflater::new().deflate(bytes, &[])
}

/// Compresses again and again: to make one anew costs as much as some small pages do.
pub(super) struct Deflater(Compress);

impl Deflater {
    pub(super) fn new() -> Deflater {
        Deflater(Compress::new(Compression::new(LEVEL), false))
    }

    /// Raw deflate of `bytes` with a preset dictionary, which may be empty.
    pub(super) fn deflate(
        &mut self,
        bytes: &[u8],
        dictionary: &[u8],
    ) -> Result<Vec<u8>, SearchError> {
        let failed = |error| SearchError::Write(std::io::Error::other(error));
        let Deflater(compress) = self;
        compress.reset();
        if !dictionary.is_empty() {
            compress.set_dictionary(dictionary).map_err(failed)?;
        }
        let mut out = Vec::with_capacity(bytes.len() / 2 + 64);
        loop {
            let rest = bytes.get(compress.total_in() as usize..).unwrap_or_default();
            let status = compress.compress_vec(rest, &mut out, FlushCompress::Finish);
            if status.map_err(failed)? == Status::StreamEnd {
                return Ok(out);
            }
            out.reserve(out.capacity().max(64));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::search::pointer::HEADER;
    use crate::release::stage::Durability;

    #[test]
    fn what_is_kept_together_crosses_no_file_that_it_fits_in() {
        let dir = tempfile::tempdir().unwrap();
        let stage = Stage::open(dir.path(), Durability::Synced).unwrap();
        let mut stream = StreamWriter::new(&stage, Stream::Lists, HEADER).unwrap();
        let mut begins = |bytes: usize| {
            stream.keep_together(bytes).unwrap();
            let begin = stream.bytes();
            stream.write(&vec![1; bytes]).unwrap();
            begin
        };
        let pack = PACK_BYTES as usize;
        assert_eq!(begins(100), 64, "behind the header");
        assert_eq!(begins(pack - 164), 164, "to the end of the file");
        assert_eq!(begins(pack - 10), PACK_BYTES);
        assert_eq!(begins(11), 2 * PACK_BYTES, "one byte too many");
        assert_eq!(begins(pack + 1), 2 * PACK_BYTES + 11, "no file holds it");
        let files = stream.finish().unwrap();
        let sizes: Vec<u64> = files.iter().map(|(_, file)| file.bytes).collect();
        assert_eq!(sizes, [PACK_BYTES, PACK_BYTES, PACK_BYTES, 12]);
    }
}

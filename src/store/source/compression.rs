//! Compression, told by magic bytes.

use std::io::{self, BufReader, Read};

use super::HEAD_BYTES;

/// Window that a zstd frame may ask for: 128 MiB, zstd's own limit for strangers' files.
const WINDOW_LOG: u32 = 27;

/// Decompresses once, if need be. Gives the beginning of the content, which is not repeated by
/// the reader. Multi-member gzip, multi-stream bzip2 and multi-frame zstd are read to the end.
pub(super) fn open<'a>(mut stream: impl Read + 'a) -> io::Result<(Vec<u8>, Box<dyn Read + 'a>)> {
    let mut start = Vec::new();
    (&mut stream).take(HEAD_BYTES as u64).read_to_end(&mut start)?;
    let kind = Compression::of(&start);
    let all = BufReader::with_capacity(HEAD_BYTES, io::Cursor::new(start).chain(stream));
    let mut content: Box<dyn Read + 'a> = match kind {
        Compression::None => Box::new(all),
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(all)),
        Compression::Zstd => {
            let mut decoder = zstd::Decoder::with_buffer(all)?;
            decoder.window_log_max(WINDOW_LOG)?;
            Box::new(decoder)
        }
        Compression::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(all)),
    };
    let mut start = Vec::new();
    match (&mut content).take(HEAD_BYTES as u64).read_to_end(&mut start) {
        Ok(_) => Ok((start, content)),
        // What came before the break is content all the same.
        Err(error) => Ok((start, Box::new(Broken(Some(error))))),
    }
}

/// Ends with an error that was met before its time.
struct Broken(Option<io::Error>);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Compression {
    None,
    Gzip,
    Zstd,
    Bzip2,
}

impl Compression {
    fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Compression::Gzip,
            // A frame, or a skippable frame before one.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Compression::Zstd,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Compression::Bzip2,
            _ => Compression::None,
        }
    }
}

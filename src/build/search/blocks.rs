//! What is found by the number of the block that it begins in: docs/search-format.md, "Blocks".

use crate::release::search::bits::put_varint;
use crate::release::search::blocks::step;

use super::SearchError;
use super::stream::StreamWriter;

/// Writes things one after another into blocks of a stream.
pub(super) struct BlockWriter<'w, 'a> {
    stream: &'w mut StreamWriter<'a>,
    /// Bytes of a block.
    size: usize,
    /// The block that is not full yet.
    block: Vec<u8>,
    /// Blocks written, and the number of that in which the last thing begins.
    blocks: u64,
    last: Option<u64>,
    /// The table: varints, how many blocks later each thing begins than that before it.
    table: Vec<u8>,
}

impl<'w, 'a> BlockWriter<'w, 'a> {
    /// Behind the header of a stream.
    pub(super) fn new(stream: &'w mut StreamWriter<'a>, size: usize) -> Self {
        BlockWriter { stream, size, block: vec![0], blocks: 0, last: None, table: Vec::new() }
    }

    /// Appends a thing.
    pub(super) fn put(&mut self, thing: &[u8]) -> Result<(), SearchError> {
        let later = thing.len().saturating_sub(self.size - self.next_place());
        let bytes = (1 + later.div_ceil(self.size - 1)) * self.size;
        if self.stream.crosses(bytes) {
            // What is left of the thing before stays in its file.
            if self.block.len() > 1 {
                self.fill()?;
            }
            self.blocks += self.stream.keep_together(bytes)? / self.size as u64;
        }
        if self.next_place() == self.size {
            self.fill()?;
        }
        let begins = self.blocks;
        self.block.resize(self.next_place(), 0);
        // Below 256: a full block is written at once.
        self.block[0] = (self.block.len() / step(self.size)) as u8;
        self.write(thing)?;
        // No two begin in one block, and none in one that begins a file and holds more.
        if self.blocks == begins || (self.block.len() > 1 && self.stream.is_at_cut()) {
            self.fill()?;
        }
        if let Some(before) = self.last.replace(begins) {
            put_varint(&mut self.table, begins - before);
        }
        Ok(())
    }

    /// Where in the block the next thing may begin; its size if nowhere.
    fn next_place(&self) -> usize {
        self.block.len().next_multiple_of(step(self.size))
    }

    fn write(&mut self, mut bytes: &[u8]) -> Result<(), SearchError> {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(self.size - self.block.len()));
            self.block.extend_from_slice(now);
            if self.block.len() == self.size {
                self.stream.write(&self.block)?;
                self.blocks += 1;
                self.block.clear();
                self.block.push(0);
            }
            bytes = later;
        }
        Ok(())
    }

    /// Ends the block with zeros.
    fn fill(&mut self) -> Result<(), SearchError> {
        self.write(&vec![0; self.size - self.block.len()])
    }

    /// Fills the last block; returns the table.
    pub(super) fn finish(mut self) -> Result<Vec<u8>, SearchError> {
        if self.block.len() > 1 {
            self.fill()?;
        }
        if let Some(last) = self.last {
            put_varint(&mut self.table, self.blocks - last);
        }
        Ok(self.table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::search::bits::varint;
    use crate::release::search::blocks::{BLOCK, joined};
    use crate::release::search::pointer::{PACK_BYTES, Stream};
    use crate::release::stage::{Durability, Stage};

    /// Things of these sizes are each in one file, and read from where the table says.
    #[test]
    fn nothing_crosses_a_file_that_it_fits_in() {
        let check = |size: usize, count: usize, longest: usize| {
            let dir = tempfile::tempdir().unwrap();
            let stage = Stage::open(dir.path(), Durability::Synced).unwrap();
            let mut stream = StreamWriter::new(&stage, Stream::Cards, size).unwrap();
            let thing = |n: usize| match n {
                // Longer than a file, so that the next could begin where it ends.
                700 => vec![9; PACK_BYTES as usize + 100],
                _ => vec![1 + (n % 255) as u8; 1 + n * 7919 % longest],
            };
            let mut blocks = BlockWriter::new(&mut stream, size);
            (0..count).for_each(|n| blocks.put(&thing(n)).unwrap());
            let table = blocks.finish().unwrap();
            let mut bytes = Vec::new();
            for (name, file) in stream.finish().unwrap() {
                file.keep(&name).unwrap();
                bytes.extend(std::fs::read(dir.path().join(name)).unwrap());
            }
            assert!(bytes.len() as u64 > 2 * PACK_BYTES);
            let (mut from, mut at) = (size, 0);
            for n in 0..count {
                let next = from + varint(&table, &mut at).unwrap() as usize * size;
                let begins_file = (next as u64).is_multiple_of(PACK_BYTES);
                let end = if begins_file { next } else { bytes.len().min(next + size) };
                let read = joined(&bytes[from..end], size).unwrap();
                let cuts = (end - 1) as u64 / PACK_BYTES - from as u64 / PACK_BYTES;
                assert!(cuts == 0 || thing(n).len() as u64 > PACK_BYTES, "{n} at {from}");
                assert!(read.starts_with(&thing(n)), "{n} at {from} in blocks of {size}");
                from = next;
            }
            assert_eq!((from, at), (bytes.len(), table.len()));
        };
        check(BLOCK, 14_000, 5003);
        check(2 * BLOCK, 14_000, 5003);
        check(4 * BLOCK, 14_000, 5003);
        check(4 * BLOCK, 70_000, 701);
    }

    #[test]
    fn blocks_in_which_nothing_begins_are_refused() {
        assert_eq!(joined(&[], BLOCK), None);
        assert_eq!(joined(&[0; BLOCK], BLOCK), None);
        assert_eq!(joined(&[9; 4], BLOCK), None);
        assert_eq!(joined(&[200; 2 * BLOCK], 2 * BLOCK).unwrap().len(), 112);
    }
}

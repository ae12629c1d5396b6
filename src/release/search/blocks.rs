//! Blocks of `dict` and `cards`: docs/search-format.md, "Blocks".

/// Least bytes of a block, and what the bytes of any are a multiple of.
pub const BLOCK: usize = 256;
/// Most bytes of a block.
const MAX_BLOCK: usize = 1 << 14;
/// So many things are found by a table in blocks of least size.
const SMALL: u64 = 1 << 15;
/// Most bytes of a block that a build chooses.
const LARGE: u64 = 1024;

/// Bytes of a block of a stream in which so many things begin. Larger blocks make the table
/// shorter, which is read on the first visit, and what is read of a thing longer.
pub fn block_bytes(things: u64) -> usize {
    let least = BLOCK as u64;
    ((things / SMALL).next_power_of_two() * least).clamp(least, LARGE) as usize
}

/// Whether blocks may have so many bytes.
pub fn is_block(bytes: usize) -> bool {
    (BLOCK..=MAX_BLOCK).contains(&bytes) && bytes.is_multiple_of(BLOCK)
}

/// What the first byte of a block counts in: where in it a thing begins.
pub fn step(block: usize) -> usize {
    block / BLOCK
}

/// What begins in the first of some blocks, and all that follows it; `None` if nothing does.
pub fn joined(blocks: &[u8], block: usize) -> Option<Vec<u8>> {
    let mut blocks = blocks.chunks(block);
    let first = blocks.next()?;
    let begins = usize::from(*first.first()?) * step(block);
    let mut joined = first.get(begins..).filter(|_| begins > 0)?.to_vec();
    blocks.for_each(|block| joined.extend_from_slice(&block[1..]));
    Some(joined)
}

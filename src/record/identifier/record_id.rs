//! Record ids and their order.

use sha2::{Digest, Sha256};

/// Whether a text may be a record id: `[a-z0-9][a-z0-9._-]{0,63}`.
///
/// The rule keeps ids usable as file names and URL segments on every host, without escaping
/// and without two ids that differ only by case.
pub fn is_record_id(id: &str) -> bool {
    let bytes = id.as_bytes();
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=64).contains(&bytes.len())
        && letter(bytes[0])
        && bytes.iter().all(|&byte| letter(byte) || matches!(byte, b'.' | b'_' | b'-'))
}

/// Where a record stands in the order of packs: numeric ids first, by value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrderKey {
    /// The value of an id that is a decimal number without leading zeros, up to 18 digits.
    Numeric(u64),
    /// The first 40 bits of SHA-256 over any other id, big endian; ties go by the id itself.
    Hashed(u64),
}

/// The order key of an id.
pub fn order_key(id: &str) -> OrderKey {
    match canonical_decimal(id) {
        Some(number) => OrderKey::Numeric(number),
        None => {
            let digest = Sha256::digest(id.as_bytes());
            let bits = digest.iter().take(5).fold(0, |bits, &byte| (bits << 8) | u64::from(byte));
            OrderKey::Hashed(bits)
        }
    }
}

fn canonical_decimal(id: &str) -> Option<u64> {
    let bytes = id.as_bytes();
    let canonical = (1..=18).contains(&bytes.len())
        && bytes.iter().all(u8::is_ascii_digit)
        && (bytes[0] != b'0' || bytes.len() == 1);
    if canonical { id.parse().ok() } else { None }
}

/// The record id for a DOI: the number if the DOI follows the repository's own `pattern`
/// (`10.5281/zenodo.N`, compared without regard to case), else `x` and the first 20 base32
/// characters (RFC 4648, lower case) of SHA-256 over the lower-cased DOI.
pub fn datacite_record_id(doi: &str, pattern: &str) -> String {
    let doi = doi.to_lowercase();
    own_number(&doi, pattern).map_or_else(|| hashed_id(&doi), str::to_owned)
}

fn own_number<'a>(doi: &'a str, pattern: &str) -> Option<&'a str> {
    let (before, after) = pattern.rsplit_once('N')?;
    let rest = doi.strip_prefix(&before.to_lowercase())?;
    let number = rest.strip_suffix(&after.to_lowercase())?;
    canonical_decimal(number).map(|_| number)
}

fn hashed_id(doi: &str) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let digest = Sha256::digest(doi.as_bytes());
    let mut id = String::with_capacity(21);
    id.push('x');
    // 20 characters are 100 bits: four groups of five bytes hold eight characters each.
    for group in digest.chunks(5).take(3) {
        let bits = group.iter().fold(0u64, |bits, &byte| (bits << 8) | u64::from(byte));
        for shift in (0..8).rev() {
            let index = usize::try_from((bits >> (5 * shift)) & 31).unwrap_or(0);
            id.push(char::from(ALPHABET[index]));
        }
    }
    id.truncate(21);
    id
}

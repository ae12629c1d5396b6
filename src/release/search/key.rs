//! Keys of the dictionary and where they are: docs/search-format.md, "Hashes", "Dictionary".

const BUCKET: u32 = 2_166_136_261;
const FINGERPRINT: u32 = 2_538_058_380;

/// Bits of a fingerprint. Of two keys one in some 300,000 shares both bucket and fingerprint with
/// another key, and a bit costs two bytes a record.
const FINGERPRINT_BITS: u32 = 26;

/// What the key of a pair of stems begins with.
pub const PAIR: &str = "p:";

/// What fingerprints are below.
pub const FINGERPRINTS: u32 = 1 << FINGERPRINT_BITS;

/// Where a key is: its bucket, and its fingerprint there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Number of the bucket.
    pub bucket: u32,
    /// What the key is told by in the bucket.
    pub fingerprint: u32,
}

/// What the key of the best records of two words begins with.
const BEST: &str = "b:";

/// The key of the best records of two stems, in whatever order they come.
pub fn best_of_two(a: &str, b: &str) -> String {
    let (first, second) = if a.encode_utf16().lt(b.encode_utf16()) { (a, b) } else { (b, a) };
    format!("{BEST}{first} {second}")
}

/// The two stems of the key of a pair.
pub fn stems(key: &str) -> Option<[&str; 2]> {
    let (first, second) = key.strip_prefix(PAIR)?.split_once(' ')?;
    Some([first, second])
}

/// The keys of the pairs that follow each other in these stems.
pub fn pairs(stems: &[String]) -> impl Iterator<Item = String> + '_ {
    stems.windows(2).map(|two| format!("{PAIR}{} {}", two[0], two[1]))
}

impl Place {
    /// The place of the key that `parts` make together, of `buckets` buckets.
    pub fn of(parts: [&[u8]; 2], seed: u32, buckets: u32) -> Place {
        let bucket = (u64::from(hash(BUCKET ^ seed, parts)) * u64::from(buckets)) >> 32;
        Place {
            bucket: bucket as u32,
            fingerprint: hash(FINGERPRINT ^ seed, parts) >> (32 - FINGERPRINT_BITS),
        }
    }
}

fn hash(basis: u32, parts: [&[u8]; 2]) -> u32 {
    let bytes = parts.into_iter().flatten();
    let mut h = bytes.fold(basis, |h, byte| (h ^ u32::from(*byte)).wrapping_mul(16_777_619));
    h = (h ^ (h >> 16)).wrapping_mul(0x85eb_ca6b);
    h = (h ^ (h >> 13)).wrapping_mul(0xc2b2_ae35);
    h ^ (h >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_as_specified() {
        // From an implementation of the text in another language.
        let told = ["", "climat", "t:気候"]
            .map(|key| Place::of([b"", key.as_bytes()], 0, 1000))
            .map(|place| (place.bucket, place.fingerprint));
        assert_eq!(told, [(668, 3954623016 / 64), (93, 770226099 / 64), (764, 3742321637 / 64)]);
        assert_eq!(Place::of([b"t:", b"x"], 7, 9), Place::of([b"", b"t:x"], 7, 9));
    }
}

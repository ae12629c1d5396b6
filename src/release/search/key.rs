//! Keys of the dictionary and where they are: docs/search-format.md, "Hashes", "Dictionary".

use super::analyse::Analyser;

const BUCKET: u32 = 2_166_136_261;
const FINGERPRINT: u32 = 2_538_058_380;

/// Bits of a fingerprint. Of two keys one in some 300,000 shares both bucket and fingerprint with
/// another key, and a bit costs two bytes a record.
const FINGERPRINT_BITS: u32 = 26;

/// What the key of two or three stems in a row begins with.
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

/// The keys in whose lists a key may have its places: of two stems in a row these, of three their
/// pairs, of a word of a field its stem in the text.
pub fn bases(key: &str, analyser: &Analyser) -> Vec<String> {
    match key.split_once(':') {
        Some(("t" | "k", stem)) => vec![stem.to_owned()],
        Some(("n", token)) => vec![analyser.stem(token).into_owned()],
        Some(("p", row)) => {
            let stems: Vec<String> = row.split(' ').map(str::to_owned).collect();
            if stems.len() > 2 { pairs(&stems).collect() } else { stems }
        }
        _ => Vec::new(),
    }
}

/// Whether a key is of three stems in a row.
pub fn is_triple(key: &[u8]) -> bool {
    pair_of(key).is_some()
}

/// Of three stems in a row the key of the first two.
fn pair_of(key: &[u8]) -> Option<&[u8]> {
    let mut spaces = memchr::memchr_iter(b' ', key);
    let second = key.starts_with(PAIR.as_bytes()).then(|| spaces.nth(1)).flatten()?;
    Some(&key[..second])
}

/// The part of a key that tells its bucket: of three stems in a row the first two, so that they
/// are in the bucket of their pair; of a word of a field the word, so that it is in the bucket of
/// the stem in whose list its places are, if that is the word.
fn bucket_part(key: &[u8]) -> &[u8] {
    match key {
        [b't' | b'k' | b'n', b':', word @ ..] => word,
        _ => pair_of(key).unwrap_or(key),
    }
}

/// The keys of the pairs that follow each other in these stems.
pub fn pairs(stems: &[String]) -> impl Iterator<Item = String> + '_ {
    in_a_row(stems, 2)
}

/// The keys of each three stems in a row.
pub fn triples(stems: &[String]) -> impl Iterator<Item = String> + '_ {
    in_a_row(stems, 3)
}

fn in_a_row(stems: &[String], count: usize) -> impl Iterator<Item = String> + '_ {
    stems.windows(count).map(|row| format!("{PAIR}{}", row.join(" ")))
}

impl Place {
    /// The place of the key that `parts` make together, of `buckets` buckets.
    pub fn of(parts: [&[u8]; 2], seed: u32, buckets: u32) -> Place {
        let of_bucket = parts.map(bucket_part);
        let bucket = (u64::from(hash(BUCKET ^ seed, of_bucket)) * u64::from(buckets)) >> 32;
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
        assert_eq!(told, [(668, 3954623016 / 64), (93, 770226099 / 64), (291, 3742321637 / 64)]);
        assert_eq!(Place::of([b"t:", b"x"], 7, 9), Place::of([b"", b"t:x"], 7, 9));
        let [pair, triple, other] = ["p:sea ice", "p:sea ice edge", "s:sea ice edge"]
            .map(|key| Place::of([key.as_bytes(), b""], 0, 1 << 20));
        assert_eq!(pair.bucket, triple.bucket);
        assert_ne!(pair.fingerprint, triple.fingerprint);
        assert_ne!(pair.bucket, other.bucket);
        let [word, title, keyword, name, orcid] = ["sea", "t:sea", "k:sea", "n:sea", "o:sea"]
            .map(|key| Place::of([key.as_bytes(), b""], 0, 1 << 20));
        assert_eq!([title, keyword, name].map(|place| place.bucket), [word.bucket; 3]);
        assert_ne!(title.fingerprint, keyword.fingerprint);
        assert_ne!(word.bucket, orcid.bucket);
    }
}

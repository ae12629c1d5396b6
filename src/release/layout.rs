//! Where things are: formats, packs and frames, and the paths of a release.
//!
//! Pack and frame are pure functions of the record id and the spans, never of counts: adding a
//! record never moves its neighbours. Paths are relative to the web root, with `/`.

use std::fmt;
use std::ops::{Range, RangeInclusive};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::record::identifier::{OrderKey, order_key};

/// Bits of the key of a hashed id ([`OrderKey::Hashed`]).
const HASH_BITS: u32 = 40;
/// Set in the numbers of frames of hashed ids; ids are below 10^18, keys below 2^40.
const HASHED: u64 = 1 << 62;

/// A dump format: what is in its packs and what they are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// One DataCite XML document per record, in a tar archive.
    DataciteXml,
    /// One DataCite JSON object per line.
    DataciteJson,
    /// One native (InvenioRDM) JSON object per line.
    NativeJson,
}

impl Format {
    /// Every format, in the order of the dumps.
    pub const ALL: [Format; 3] = [Format::DataciteXml, Format::DataciteJson, Format::NativeJson];

    /// Name in paths, options and the manifest.
    pub const fn name(self) -> &'static str {
        match self {
            Format::DataciteXml => "datacite-xml",
            Format::DataciteJson => "datacite-json",
            Format::NativeJson => "native-json",
        }
    }

    /// How records lie in a pack of this format.
    pub const fn container(self) -> Container {
        match self {
            Format::DataciteXml => Container::Tar,
            Format::DataciteJson | Format::NativeJson => Container::Lines,
        }
    }

    /// Media type of one record.
    pub const fn media_type(self) -> &'static str {
        match self {
            Format::DataciteXml => "application/vnd.datacite.datacite+xml",
            Format::DataciteJson => "application/vnd.datacite.datacite+json",
            Format::NativeJson => "application/vnd.inveniordm.v1+json",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that names no format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a dump format; known are datacite-xml, datacite-json, native-json")]
pub struct UnknownFormat(pub String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        Format::ALL
            .into_iter()
            .find(|format| format.name() == text)
            .ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}

/// How records lie one after another in the uncompressed bytes of a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// A ustar archive with one member `<id>.xml` per record.
    Tar,
    /// One line per record, ended by a line feed. The id is not in the line.
    Lines,
}

impl Container {
    /// End of a pack's file name.
    pub const fn suffix(self) -> &'static str {
        match self {
            Container::Tar => ".tar.zst",
            Container::Lines => ".jsonl.zst",
        }
    }

    /// Media type of a pack file.
    pub const fn media_type(self) -> &'static str {
        "application/zstd"
    }

    /// Number in the record index of a pack.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Container::Tar => 0,
            Container::Lines => 1,
        }
    }
}

/// How ids map to packs and frames: fixed for a repository, stated in every manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spans {
    /// Numeric ids per pack.
    pub pack_ids: u64,
    /// Numeric ids per frame; divides `pack_ids`.
    pub frame_ids: u32,
    /// Leading bits of a hashed id's key that choose its pack.
    pub hash_pack_bits: u32,
    /// The bits after those that choose its frame.
    pub hash_frame_bits: u32,
}

impl Default for Spans {
    /// 131072 ids in 512 frames of 256; 16 hash packs of 256 frames.
    fn default() -> Self {
        Spans { pack_ids: 131_072, frame_ids: 256, hash_pack_bits: 4, hash_frame_bits: 8 }
    }
}

/// Spans outside their bounds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("spans {0:?}: {1}")]
pub struct BadSpans(pub Spans, pub &'static str);

impl Spans {
    /// Most frames a pack may have, so that its tail stays readable in one request.
    pub const MAX_FRAMES: u64 = 65_536;
    /// Most numeric ids a frame may span: its bitmap is an eighth of that in bytes.
    pub const MAX_FRAME_IDS: u32 = 65_536;

    /// Checks the bounds; every other method assumes them.
    ///
    /// # Errors
    /// Says which bound is broken.
    pub fn validate(self) -> Result<Self, BadSpans> {
        let fail = |why| Err(BadSpans(self, why));
        if self.frame_ids == 0 || self.frame_ids > Self::MAX_FRAME_IDS {
            return fail("frame_ids must be 1 to 65536");
        }
        if self.pack_ids == 0 || !self.pack_ids.is_multiple_of(u64::from(self.frame_ids)) {
            return fail("pack_ids must be a multiple of frame_ids");
        }
        if self.pack_ids / u64::from(self.frame_ids) > Self::MAX_FRAMES {
            return fail("a pack must have at most 65536 frames");
        }
        if self.hash_pack_bits > 12 || self.hash_frame_bits > 16 {
            return fail("hash_pack_bits must be at most 12, hash_frame_bits at most 16");
        }
        Ok(self)
    }

    /// The spans of one format's packs. Frames of native JSON cover half as many ids, where that
    /// can be: its records are half as long again as those of the DataCite formats, and with
    /// frames of the same ids one record would cost more than 192 KiB. Packs cover the same ids
    /// in every format.
    pub fn of(self, format: Format) -> Spans {
        if format != Format::NativeJson {
            return self;
        }
        let numeric = Spans { frame_ids: self.frame_ids / 2, ..self };
        let whole = self.frame_ids.is_multiple_of(2) && numeric.validate().is_ok();
        let spans = if whole { numeric } else { self };
        let hashed = Spans { hash_frame_bits: spans.hash_frame_bits + 1, ..spans };
        hashed.validate().unwrap_or(spans)
    }

    /// How many frames of a format make one of these.
    pub fn finer(self, format: Format, pack: PackId) -> u32 {
        // Fits: a pack has at most `MAX_FRAMES`.
        ((self.of(format).frames(pack) / self.frames(pack)) as u32).max(1)
    }

    /// The numbers of the frames of a format that make the one at `place` of these.
    pub fn inside(self, format: Format, place: Place) -> Range<u32> {
        let finer = self.finer(format, place.pack);
        place.frame * finer..(place.frame + 1) * finer
    }

    /// Where the record `id` is.
    pub fn place(&self, id: &str) -> Place {
        self.place_of(order_key(id))
    }

    /// Where records with this key are.
    pub fn place_of(&self, key: OrderKey) -> Place {
        match key {
            OrderKey::Numeric(n) => Place {
                pack: PackId::Numeric(n / self.pack_ids),
                // Fits: a pack has at most MAX_FRAMES frames.
                frame: (n % self.pack_ids / u64::from(self.frame_ids)) as u32,
            },
            OrderKey::Hashed(key) => {
                let bits = self.hash_pack_bits + self.hash_frame_bits;
                let top = (key >> (HASH_BITS - bits)) as u32;
                Place {
                    pack: PackId::Hashed(top >> self.hash_frame_bits),
                    frame: top & ((1 << self.hash_frame_bits) - 1),
                }
            }
        }
    }

    /// Frames a pack of this kind can have.
    pub fn frames(&self, pack: PackId) -> u64 {
        match pack {
            PackId::Numeric(_) => self.pack_ids / u64::from(self.frame_ids),
            PackId::Hashed(_) => 1 << self.hash_frame_bits,
        }
    }

    /// First numeric id of a frame; `None` for hashed packs and numbers past `u64`.
    pub fn first_id(&self, place: Place) -> Option<u64> {
        match place.pack {
            PackId::Numeric(pack) => pack
                .checked_mul(self.pack_ids)?
                .checked_add(u64::from(place.frame) * u64::from(self.frame_ids)),
            PackId::Hashed(_) => None,
        }
    }

    /// A number below 2^63 for the frame that covers a key: frames in pack order have rising
    /// numbers.
    pub fn number_of(&self, key: OrderKey) -> u64 {
        match key {
            OrderKey::Numeric(n) => n - n % u64::from(self.frame_ids),
            OrderKey::Hashed(key) => HASHED | (key & !(self.hash_span() - 1)),
        }
    }

    /// The frame that has this [`number`](Self::number_of).
    pub fn place_of_number(&self, number: u64) -> Place {
        self.place_of(match number & HASHED {
            0 => OrderKey::Numeric(number),
            _ => OrderKey::Hashed(number & !HASHED),
        })
    }

    /// Keys of hashed ids that a frame covers.
    fn hash_span(&self) -> u64 {
        1 << (HASH_BITS - self.hash_pack_bits - self.hash_frame_bits)
    }

    /// The keys of the ids that the frame with this number covers.
    pub fn keys(&self, number: u64) -> RangeInclusive<OrderKey> {
        match number & HASHED {
            0 => {
                let last = number.saturating_add(u64::from(self.frame_ids) - 1);
                OrderKey::Numeric(number)..=OrderKey::Numeric(last)
            }
            _ => {
                let first = number & !HASHED;
                OrderKey::Hashed(first)..=OrderKey::Hashed(first + self.hash_span() - 1)
            }
        }
    }

    /// A frame in words: `frame 17 (ids 4352–4607)`, or `frame 17 (hashed ids)`.
    pub fn describe(&self, place: Place) -> String {
        match self.first_id(place) {
            Some(first) => {
                let last = first.saturating_add(u64::from(self.frame_ids) - 1);
                format!("frame {} (ids {first}–{last})", place.frame)
            }
            None => format!("frame {} (hashed ids)", place.frame),
        }
    }
}

/// Which pack: numeric packs first, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PackId {
    /// Ids `n * pack_ids` to `(n + 1) * pack_ids - 1`.
    Numeric(u64),
    /// Hashed ids whose key begins with these `hash_pack_bits` bits.
    Hashed(u32),
}

impl fmt::Display for PackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PackId::Numeric(n) => write!(f, "n{n:06}"),
            PackId::Hashed(n) => write!(f, "h{n:03x}"),
        }
    }
}

/// A text that names no pack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a pack name, such as n000012 or h00a")]
pub struct BadPackName(pub String);

impl FromStr for PackId {
    type Err = BadPackName;

    /// Only the one spelling that [`PackId`] prints is accepted.
    fn from_str(text: &str) -> Result<Self, BadPackName> {
        let parsed = match text.split_at_checked(1) {
            Some(("n", digits)) => digits.parse().ok().map(PackId::Numeric),
            Some(("h", digits)) => u32::from_str_radix(digits, 16).ok().map(PackId::Hashed),
            _ => None,
        };
        parsed.filter(|pack| pack.to_string() == text).ok_or_else(|| BadPackName(text.to_owned()))
    }
}

/// Pack and frame of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The pack.
    pub pack: PackId,
    /// The frame's number inside the pack. Frames without records are not written.
    pub frame: u32,
}

/// The one pointer; moves last.
pub const RELEASE_JSON: &str = "release.json";
/// The dumps part of the pointer.
pub const LATEST_JSON: &str = "dumps/latest.json";
/// Every release made, oldest first.
pub const RELEASES_JSON: &str = "dumps/releases.json";
/// Name of the manifest in a release directory.
pub const MANIFEST_JSON: &str = "manifest.json";
/// Name of the checksum list in a release directory.
pub const SHA256SUMS: &str = "SHA256SUMS";

/// The log of all releases, append-only; see [`trust`](super::trust).
pub const LOG_NDJSON: &str = "dumps/log.ndjson";
/// The log's signature.
pub const LOG_SIGNATURE: &str = "dumps/log.ndjson.minisig";
/// Ending of a signature's name after that of what it signs.
pub const MINISIG: &str = ".minisig";

/// Directory of a release: `dumps/<release>`.
pub fn release_dir(release: &str) -> String {
    format!("dumps/{release}")
}

/// Path of a pack: `dumps/pool/<format>/<pack>-<hash12><suffix>`.
pub fn pack_path(format: Format, pack: PackId, hash12: &str) -> String {
    format!("dumps/pool/{format}/{pack}-{hash12}{}", format.container().suffix())
}

/// Path of the list of one id range's site files.
pub fn site_path(range: &str, hash12: &str) -> String {
    format!("site/{range}-{hash12}.ndjson.zst")
}

/// Path of a site pack.
pub fn site_pack_path(name: &str, hash12: &str) -> String {
    format!("site/{name}-{hash12}.pages")
}

/// Whether `path` is a plain relative path below `search/`.
pub fn is_search_path(path: &str) -> bool {
    is_safe_path(path) && path.starts_with("search/")
}

/// Whether `path` is a plain relative path: `/` between segments that are neither empty, `.` nor
/// `..`, no backslash, no control character, at most 1024 bytes. Everything read from a manifest
/// passes through here before it touches a disk or a URL.
pub fn is_safe_path(path: &str) -> bool {
    path.len() <= 1024
        && path.bytes().all(|b| b >= 0x20 && b != 0x7f && b != b'\\')
        && path.split('/').all(|segment| !matches!(segment, "" | "." | ".."))
}

/// Whether `name` is a release id, `YYYYMMDDThhmmssZ` with an optional `.k` after a purge.
pub fn is_release_id(name: &str) -> bool {
    let (stamp, cut) = name.split_once('.').map_or((name, None), |(s, k)| (s, Some(k)));
    let shape = stamp.len() == 16
        && stamp.bytes().enumerate().all(|(i, b)| match i {
            8 => b == b'T',
            15 => b == b'Z',
            _ => b.is_ascii_digit(),
        });
    let digits = |k: &str| !k.is_empty() && k.len() <= 6 && k.bytes().all(|b| b.is_ascii_digit());
    shape && cut.is_none_or(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn place_is_arithmetic() {
        let spans = Spans::default().validate().unwrap();
        let cases = [
            ("0", "n000000", 0),
            ("255", "n000000", 0),
            ("256", "n000000", 1),
            ("131071", "n000000", 511),
            ("131072", "n000001", 0),
            ("1703936", "n000013", 0),
            ("999999999999999999", "n7629394531249", 511),
        ];
        for (id, pack, frame) in cases {
            let place = spans.place(id);
            assert_eq!((place.pack.to_string().as_str(), place.frame), (pack, frame), "{id}");
            assert_eq!(pack.parse(), Ok(place.pack));
        }
    }

    #[test]
    fn frames_have_numbers_in_pack_order() {
        let spans = Spans::default();
        let ids = ["0", "255", "256", "131072", "999999999999999999", "abc", "x1", "007"];
        let mut keys: Vec<OrderKey> = ids.map(order_key).to_vec();
        keys.sort();
        let numbers: Vec<u64> = keys.iter().map(|key| spans.number_of(*key)).collect();
        assert!(numbers.is_sorted() && numbers.iter().all(|number| *number < 1 << 63));
        for (key, number) in keys.iter().zip(&numbers) {
            assert_eq!(spans.place_of_number(*number), spans.place_of(*key));
            let covered = spans.keys(*number);
            assert!(covered.contains(key));
            for end in [covered.start(), covered.end()] {
                assert_eq!(spans.number_of(*end), *number);
            }
        }
    }

    #[test]
    fn hashed_place_is_the_top_bits_of_sha256() {
        // sha256("abc") begins ba 78 16: pack b, frame a7 with the default 4 and 8 bits.
        let place = Spans::default().place("abc");
        assert_eq!(place, Place { pack: PackId::Hashed(0xb), frame: 0xa7 });
        assert_eq!(place.pack.to_string(), "h00b");
        let one = Spans { hash_pack_bits: 0, hash_frame_bits: 0, ..Spans::default() };
        assert_eq!(one.place("abc"), Place { pack: PackId::Hashed(0), frame: 0 });
    }

    #[test]
    fn spans_out_of_bounds_are_refused() {
        let base = Spans::default();
        for bad in [
            Spans { frame_ids: 0, ..base },
            Spans { frame_ids: 131_072, ..base },
            Spans { pack_ids: 0, ..base },
            Spans { pack_ids: 1000, ..base },
            Spans { pack_ids: 1 << 40, ..base },
            Spans { hash_pack_bits: 13, ..base },
            Spans { hash_frame_bits: 17, ..base },
        ] {
            assert!(bad.validate().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn pack_names_have_one_spelling() {
        for bad in ["", "n", "n1", "n0000001", "n+00001", "h1", "h00A", "x000001", "é"] {
            assert_eq!(bad.parse::<PackId>(), Err(BadPackName(bad.to_owned())));
        }
        assert!(PackId::Numeric(u64::MAX) < PackId::Hashed(0));
    }

    #[test]
    fn hostile_paths_are_refused() {
        for good in ["a", "dumps/pool/x.zst", "records/a b/é.html", "..a/b"] {
            assert!(is_safe_path(good), "{good}");
        }
        for bad in ["", "/etc/passwd", "a//b", "../x", "a/../b", "a/.", "a\\b", "a\nb", "a/"] {
            assert!(!is_safe_path(bad), "{bad:?}");
        }
        assert!(!is_safe_path(&"a".repeat(1025)));
    }

    #[test]
    fn release_ids_are_utc_stamps() {
        assert!(is_release_id("20261101T000000Z") && is_release_id("20261101T000000Z.2"));
        for bad in ["", "2026", "20261101T000000", "20261101T000000Z.", "20261101T000000Z.x"] {
            assert!(!is_release_id(bad), "{bad}");
        }
    }
}

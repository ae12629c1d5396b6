//! Which files an output may name, and what it may say of one.

use std::borrow::Cow;

use crate::record::model::FileEntry;
use crate::record::{FilesAccess, Published};

/// The files that the public may list, sorted by key (bytes).
///
/// None unless the files are open; never a hidden one, nor one without a key; of several with
/// the same key the first.
pub fn open_files<'a>(published: &Published<'a>) -> Vec<&'a FileEntry<'a>> {
    if published.files != FilesAccess::Open {
        return Vec::new();
    }
    let entries = &published.record.files.entries;
    let mut listed: Vec<&FileEntry<'_>> = entries
        .iter()
        .filter(|entry| entry.access.hidden != Some(true) && !entry.key.is_empty())
        .collect();
    if !listed.is_sorted_by(|a, b| a.key < b.key) {
        listed.sort_by(|a, b| a.key.cmp(&b.key));
        listed.dedup_by(|later, earlier| later.key == earlier.key);
    }
    listed
}

/// Whether [`open_files`] lists any, without sorting them.
pub fn has_open_files(published: &Published<'_>) -> bool {
    let is_listed =
        |entry: &FileEntry<'_>| entry.access.hidden != Some(true) && !entry.key.is_empty();
    published.files == FilesAccess::Open && published.record.files.entries.iter().any(is_listed)
}

/// Top-level types that IANA has registered; a media type under another is none.
const TREES: [&str; 11] = [
    "application",
    "audio",
    "example",
    "font",
    "haptics",
    "image",
    "message",
    "model",
    "multipart",
    "text",
    "video",
];

/// The media type of a file: lower case, without parameters, well-formed by RFC 6838 §4.2 and
/// under a registered top-level type; `None` otherwise.
///
/// Sources write `x-world/x-vrml`, `binary` and worse, and readers of linksets and DCAT drop a
/// whole document over one of them.
pub fn media_type<'a>(file: &'a FileEntry<'_>) -> Option<Cow<'a, str>> {
    let full = file.mimetype.as_deref()?;
    let bare = full.split(';').next().unwrap_or(full).trim();
    let (tree, subtype) = bare.split_once('/')?;
    let is_name = |name: &str| {
        name.len() <= 127
            && name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&^_+.-".contains(&b))
    };
    let known = TREES.iter().any(|known| known.eq_ignore_ascii_case(tree));
    if !known || !is_name(subtype) {
        return None;
    }
    let has_capitals = bare.bytes().any(|byte| byte.is_ascii_uppercase());
    Some(if has_capitals { bare.to_ascii_lowercase().into() } else { bare.into() })
}

/// Algorithm (lower case) and hexadecimal digest (lower case) of a file, if the digest has the
/// length that the algorithm gives.
pub fn checksum<'a>(file: &'a FileEntry<'_>) -> Option<(&'static str, Cow<'a, str>)> {
    const LENGTHS: [(&str, usize); 5] =
        [("md5", 32), ("sha1", 40), ("sha256", 64), ("sha384", 96), ("sha512", 128)];
    let (name, digest) = file.checksum.as_deref()?.split_once(':')?;
    let (algorithm, length) =
        LENGTHS.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    if digest.len() != length || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let has_capitals = digest.bytes().any(|byte| byte.is_ascii_uppercase());
    let digest = if has_capitals { digest.to_ascii_lowercase().into() } else { digest.into() };
    Some((algorithm, digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(mimetype: &str, checksum: &str) -> String {
        serde_json::json!({ "mimetype": mimetype, "checksum": checksum }).to_string()
    }

    #[test]
    fn media_types_are_registered_ones() {
        for (given, expected) in [
            ("text/csv", Some("text/csv")),
            ("Text/CSV; charset=utf-8", Some("text/csv")),
            ("image/svg+xml", Some("image/svg+xml")),
            ("x-world/x-vrml", None),
            ("binary", None),
            ("text/", None),
            ("text/a b", None),
            ("text/<script>", None),
            ("", None),
        ] {
            let json = file(given, "");
            let entry: FileEntry<'_> = serde_json::from_str(&json).unwrap();
            assert_eq!(media_type(&entry).as_deref(), expected, "{given}");
        }
    }

    #[test]
    fn checksums_are_digests() {
        let md5 = "00112233445566778899aabbccddeeff";
        for (given, expected) in [
            (format!("md5:{md5}"), Some(("md5", md5))),
            (format!("MD5:{}", md5.to_uppercase()), Some(("md5", md5))),
            (format!("sha1:{md5}"), None),
            (md5.to_owned(), None),
            (format!("md5:{}", md5.replace('a', "g")), None),
        ] {
            let json = file("", &given);
            let entry: FileEntry<'_> = serde_json::from_str(&json).unwrap();
            let found = checksum(&entry);
            assert_eq!(found.as_ref().map(|(name, digest)| (*name, &**digest)), expected);
        }
    }
}

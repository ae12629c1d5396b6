//! What the list pages are told, and where they are.

use crate::build::catalogue::{Card, Facet, folded};
use crate::record::vocabulary;
use crate::release::hash::sha256;

/// Entries on the first page of a list and in its feed.
pub(super) const FRONT: usize = 50;

/// A page of a list of records.
#[derive(Debug, Clone, Default)]
pub struct ListView {
    /// Name of the list.
    pub title: String,
    /// What kind of list it is, such as `Community`.
    pub kind: &'static str,
    /// Its file, from the web root.
    pub file: String,
    /// File of the first page, on the others.
    pub front: Option<String>,
    /// File of its feed.
    pub feed: Option<String>,
    /// Records in the whole list; only the first page says so, as it changes all the time.
    pub total: u64,
    /// How many of them can be reached from here; `None`: all.
    pub listed: Option<u64>,
    /// Newest first.
    pub cards: Vec<Card>,
    /// File of the page with newer records.
    pub newer: Option<String>,
    /// File of the page with older records.
    pub older: Option<String>,
}

/// A page of links to lists.
#[derive(Debug, Clone, Default)]
pub struct IndexView {
    /// Heading.
    pub title: String,
    /// Its file, from the web root.
    pub file: String,
    /// A sentence under the heading.
    pub lead: String,
    /// Parts of the page.
    pub sections: Vec<IndexSection>,
}

/// A part of an index page.
#[derive(Debug, Clone, Default)]
pub struct IndexSection {
    /// Heading; empty: none.
    pub title: String,
    /// A sentence about what is left out.
    pub note: String,
    /// Links to lists.
    pub rows: Vec<IndexRow>,
    /// Words and file of a link to the rest.
    pub more: Option<(String, String)>,
}

/// A link to a list.
#[derive(Debug, Clone, Default)]
pub struct IndexRow {
    /// Name of the list.
    pub label: String,
    /// Its file.
    pub file: String,
    /// Records in it.
    pub entries: u64,
}

impl Facet {
    /// What a list of this facet is called on its page.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Facet::Newest => "All records",
            Facet::Community => "Community",
            Facet::Type => "Resource type",
            Facet::Year => "Year of publication",
            Facet::Subject => "Subject",
            Facet::Licence => "Licence",
        }
    }

    /// The same of several lists.
    pub(super) const fn labels(self) -> &'static str {
        match self {
            Facet::Newest => "All records",
            Facet::Community => "Communities",
            Facet::Type => "Resource types",
            Facet::Year => "Years of publication",
            Facet::Subject => "Subjects",
            Facet::Licence => "Licences",
        }
    }

    /// Path of a list without ending, from the web root.
    pub(super) fn stem(self, key: &str) -> String {
        match self {
            Facet::Newest => "newest".to_owned(),
            Facet::Community => format!("communities/{key}"),
            other => format!("browse/{}/{}", other.name(), slug(key)),
        }
    }

    /// Path of the feed of a list, if lists of this facet have one.
    pub(super) fn feed(self, key: &str) -> Option<String> {
        match self {
            Facet::Newest => Some("feed.atom".to_owned()),
            Facet::Community => Some(format!("communities/{key}/feed.atom")),
            _ => None,
        }
    }

    /// The name of a list whose spelling does not vary.
    pub(super) fn title(self, key: &str) -> String {
        match self {
            Facet::Newest => "Newest records".to_owned(),
            Facet::Type => {
                vocabulary::resource_type(key).map_or(key, |known| known.title).to_owned()
            }
            Facet::Licence => vocabulary::licence(key).map_or(key, |known| known.title).to_owned(),
            _ => key.to_owned(),
        }
    }
}

/// The page of a subject, from the web root without ending: the same for every spelling.
pub fn subject_stem(words: &str) -> String {
    Facet::Subject.stem(&folded(words))
}

/// A key as a file name: itself if that is plain, else its letters and a hash of it.
pub(in crate::build::site) fn slug(key: &str) -> String {
    const LONGEST: usize = 60;
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let mut slug = String::with_capacity(LONGEST);
    for byte in key.bytes().take(LONGEST) {
        match byte {
            byte if plain(byte) => slug.push(char::from(byte)),
            b'.' if !slug.is_empty() => slug.push('.'),
            _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    // A key that itself looks hashed gets another hash, so that no two keys meet.
    let hashed = key.rsplit('-').next().is_some_and(|end| end.len() == HASH);
    let ours = [".html", ".atom"].iter().any(|end| key.ends_with(end));
    if slug == key && !key.is_empty() && !hashed && !ours {
        return slug;
    }
    let hash = sha256(key.as_bytes());
    let hash = hash.get(..HASH).unwrap_or(&hash);
    let letters = slug.trim_matches(['-', '.']);
    if letters.is_empty() { format!("x-{hash}") } else { format!("{letters}-{hash}") }
}

/// Characters of the hash in a slug.
const HASH: usize = 20;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn slugs_are_plain_bounded_and_apart() {
        for (key, expected) in [
            ("dataset", "dataset"),
            ("publication-article", "publication-article"),
            ("cc-by-4.0", "cc-by-4.0"),
            ("2024", "2024"),
        ] {
            assert_eq!(slug(key), expected);
        }
        let hostile = [
            "machine learning",
            "machine-learning",
            "machine  learning",
            "",
            "-",
            "..",
            "../../etc/passwd",
            "ökologie",
            "中文",
            "a/b",
            "a.html",
            &"a".repeat(500),
            &slug("machine learning"),
            &slug(&slug("machine learning")),
        ];
        let slugs: BTreeSet<String> = hostile.iter().map(|key| slug(key)).collect();
        assert_eq!(slugs.len(), hostile.len(), "{slugs:?}");
        for slug in slugs {
            assert!(crate::build::site::address::is_plain_segment(&slug), "{slug}");
            assert!(slug.len() <= 81, "{slug}");
        }
        assert_eq!(subject_stem("Machine  Learning"), subject_stem("machine learning"));
    }
}

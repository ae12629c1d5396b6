//! What the lists need to know of a public record, and where it is listed.

use serde::{Deserialize, Serialize};

use crate::crosswalk::names::Name;
use crate::record::date::Edtf;
use crate::record::html::plain;
use crate::record::identifier::is_record_id;
use crate::record::{Published, Text, vocabulary};

use super::super::site::address::{doi_paths, is_plain_segment};

/// Longest title of a card, characters.
const TITLE: usize = 300;
/// Longest other text, characters. A longer subject is a sentence and is not browsed by.
const TEXT: usize = 100;
/// Creators named; the rest is counted.
const NAMED: usize = 3;
/// Most lists of one kind that a record is in.
const LISTS: usize = 100;

/// A public record in short. Holds public fields only, each of bounded length, so that a list
/// of cards can be printed without reading the records again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Card {
    /// Record id.
    #[serde(rename = "i")]
    pub id: String,
    /// Plain text; empty where there is none.
    #[serde(rename = "t", skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// The first three names, `Family, Given`.
    #[serde(rename = "a", skip_serializing_if = "Vec::is_empty")]
    pub creators: Vec<String>,
    /// How many names are left out.
    #[serde(rename = "m", skip_serializing_if = "is_zero")]
    pub more_creators: u32,
    /// EDTF as in the record.
    #[serde(rename = "d", skip_serializing_if = "String::is_empty")]
    pub date: String,
    /// Year of publication.
    #[serde(rename = "y", skip_serializing_if = "Option::is_none")]
    pub year: Option<i32>,
    /// Vocabulary id of the resource type.
    #[serde(rename = "k", skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// `open`, `embargoed`, `restricted`, `metadata-only`.
    #[serde(rename = "f", skip_serializing_if = "String::is_empty")]
    pub access: String,
    /// Version label.
    #[serde(rename = "v", skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Canonical, or empty.
    #[serde(rename = "c", skip_serializing_if = "String::is_empty")]
    pub created: String,
    /// Canonical, or empty.
    #[serde(rename = "u", skip_serializing_if = "String::is_empty")]
    pub updated: String,
    /// Key of the family.
    #[serde(rename = "p", skip_serializing_if = "String::is_empty")]
    pub family: String,
    /// Whether no newer public version exists.
    #[serde(rename = "n", skip_serializing_if = "is_false")]
    pub latest: bool,
    /// Lower case; only if it can be a path.
    #[serde(rename = "o", skip_serializing_if = "Option::is_none")]
    pub doi: Option<String>,
    /// Lower case; only if it can be a path.
    #[serde(rename = "q", skip_serializing_if = "Option::is_none")]
    pub concept_doi: Option<String>,
    /// Slugs that can be a path, sorted.
    #[serde(rename = "g", skip_serializing_if = "Vec::is_empty")]
    pub communities: Vec<String>,
    /// Licence ids, sorted.
    #[serde(rename = "l", skip_serializing_if = "Vec::is_empty")]
    pub licences: Vec<String>,
    /// Subjects as written, one spelling of each, sorted.
    #[serde(rename = "s", skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<String>,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

/// Something of a record that cannot be a path: what, and where in the record.
pub type Refused = (&'static str, &'static str);

/// By what records are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Facet {
    /// All of them.
    Newest,
    /// By community.
    Community,
    /// By resource type.
    Type,
    /// By year of publication.
    Year,
    /// By subject, whatever the case.
    Subject,
    /// By licence.
    Licence,
}

impl Facet {
    /// Every facet.
    pub const ALL: [Facet; 6] =
        [Facet::Newest, Facet::Community, Facet::Type, Facet::Year, Facet::Subject, Facet::Licence];

    /// Name in paths and in the catalogue.
    pub const fn name(self) -> &'static str {
        match self {
            Facet::Newest => "newest",
            Facet::Community => "community",
            Facet::Type => "type",
            Facet::Year => "year",
            Facet::Subject => "subject",
            Facet::Licence => "licence",
        }
    }

    /// The name of a list of this facet in the catalogue.
    pub fn list(self, key: &str) -> String {
        format!("{}:{key}", self.name())
    }

    /// Facet and key of a list.
    pub fn of_list(list: &str) -> Option<(Facet, &str)> {
        let (name, key) = list.split_once(':')?;
        let facet = Facet::ALL.into_iter().find(|facet| facet.name() == name)?;
        Some((facet, key))
    }
}

impl Card {
    /// The card of a public record, with what of it cannot be a path.
    pub fn of(published: &Published<'_>, family: &str) -> (Card, Vec<Refused>) {
        let metadata = &published.record.metadata;
        let mut refused = Vec::new();
        let names = metadata.creators.iter().filter_map(|creator| Name::of(&creator.person_or_org));
        let named: Vec<String> =
            names.take(NAMED).map(|name| cut(&name.inverted(), TEXT).to_owned()).collect();
        let date = text(metadata.publication_date.as_ref(), TEXT);
        let mut doi = |doi: Option<&str>, place| {
            let doi = doi?.to_ascii_lowercase();
            if doi_paths(&doi).is_none() {
                refused.push(("doi-path", place));
                return None;
            }
            Some(doi)
        };
        let version_doi = doi(published.doi(), "pids.doi.identifier");
        let latest = published.lineage.is_latest();
        // One exception a family is enough.
        let concept_doi = published.concept_doi().filter(|_| latest);
        let concept_doi = doi(concept_doi, "parent.pids.doi.identifier");
        let mut communities = Vec::new();
        for entry in &published.record.parent.communities.entries {
            if is_plain_segment(&entry.slug) {
                communities.push(entry.slug.to_string());
            } else if !entry.slug.is_empty() {
                refused.push(("community-path", "parent.communities.entries"));
            }
        }
        let licences = metadata.rights.iter().filter_map(|right| {
            let id = right.id.as_deref().filter(|id| !id.is_empty() && id.len() <= TEXT)?;
            Some(vocabulary::licence(id).map_or_else(|| id.to_owned(), |known| known.id.to_owned()))
        });
        let card = Card {
            id: published.id().to_owned(),
            title: text(metadata.title.as_ref(), TITLE),
            more_creators: metadata.creators.len().saturating_sub(named.len()) as u32,
            creators: named,
            year: Edtf::repair(&date).map(|(date, _)| date.year()),
            date,
            kind: cut(&metadata.resource_type.id, TEXT).to_owned(),
            access: published.files.status().to_owned(),
            version: metadata.version.as_ref().map(|v| text(Some(v), TEXT)),
            created: published.created.to_owned(),
            updated: published.updated.to_owned(),
            family: family.to_owned(),
            latest,
            doi: version_doi,
            concept_doi,
            communities: listed(communities),
            licences: listed(licences.collect()),
            subjects: subjects(published),
        };
        (card, refused)
    }

    /// Microseconds since 1970; a record without creation time is older than any other.
    pub fn moment(&self) -> i64 {
        let parsed = self.created.parse::<jiff::Timestamp>();
        parsed.map_or(i64::MIN, |created| created.as_microsecond())
    }

    /// The day of the last change, `YYYY-MM-DD`, or empty.
    pub fn day(&self) -> &str {
        let time = if self.updated.is_empty() { &self.created } else { &self.updated };
        time.get(..10).unwrap_or_default()
    }

    /// The lists that the record is in, with the spelling of the list's name that it uses.
    /// Older versions are in none: they are reached from the newest.
    pub fn lists(&self) -> Vec<(String, &str)> {
        if !self.latest {
            return Vec::new();
        }
        let mut lists = vec![(Facet::Newest.list(""), "")];
        if !self.kind.is_empty() {
            lists.push((Facet::Type.list(&self.kind), ""));
        }
        lists.extend(self.year.map(|year| (Facet::Year.list(&format!("{year:04}")), "")));
        lists.extend(self.communities.iter().map(|slug| (Facet::Community.list(slug), "")));
        lists.extend(self.licences.iter().map(|id| (Facet::Licence.list(id), "")));
        lists.extend(
            self.subjects.iter().map(|words| (Facet::Subject.list(&folded(words)), &words[..])),
        );
        lists
    }

    /// The addresses beside its page that lead to it, with a rank: an address that several
    /// records claim goes to the lowest rank, then to the first record in pack order.
    pub fn addresses(&self) -> Vec<(String, i64)> {
        let mut addresses = Vec::new();
        addresses.extend(self.doi.as_ref().map(|doi| (format!("doi/{doi}"), 0)));
        if self.latest {
            addresses.extend(self.concept_doi.as_ref().map(|doi| (format!("doi/{doi}"), 1)));
            if is_record_id(&self.family) && self.family != self.id {
                addresses.push((format!("concept/{}", self.family), 1));
            }
        }
        addresses
    }

    /// Whether a list that both are in shows them in the same way at the same place.
    pub(super) fn looks_like(&self, other: &Card) -> bool {
        let shown = |card: &Card| Card {
            communities: Vec::new(),
            licences: Vec::new(),
            subjects: Vec::new(),
            concept_doi: None,
            family: String::new(),
            ..card.clone()
        };
        shown(self) == shown(other)
    }
}

fn text(text: Option<&Text<'_>>, longest: usize) -> String {
    let text = plain(text.map(Text::as_str).unwrap_or_default());
    cut(&text, longest).to_owned()
}

fn cut(text: &str, longest: usize) -> &str {
    let end = text.char_indices().nth(longest).map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or(text)
}

fn listed(mut keys: Vec<String>) -> Vec<String> {
    keys.sort_unstable();
    keys.dedup();
    keys.truncate(LISTS);
    keys
}

/// The key of a subject: lower case, single spaces.
pub fn folded(words: &str) -> String {
    let mut key = String::with_capacity(words.len());
    for word in words.split_whitespace() {
        if !key.is_empty() {
            key.push(' ');
        }
        key.extend(word.chars().flat_map(char::to_lowercase));
    }
    key
}

fn subjects(published: &Published<'_>) -> Vec<String> {
    let record = published.record;
    let words = record.metadata.subjects.iter().filter_map(|subject| subject.subject.as_deref());
    let legacy = record.custom_fields.legacy_subjects.iter();
    let words = words.chain(legacy.filter_map(|subject| subject.term.as_deref()));
    let mut spelled: Vec<(String, String)> = Vec::new();
    for words in words.take(LISTS) {
        let words = plain(words);
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        if !words.is_empty() && words.chars().nth(TEXT).is_none() {
            spelled.push((folded(&words), words));
        }
    }
    spelled.sort_unstable();
    spelled.dedup_by(|a, b| a.0 == b.0);
    let mut spelled: Vec<String> = spelled.into_iter().map(|(_, words)| words).collect();
    spelled.sort_unstable();
    spelled
}

//! What the pages that are not landing pages are told.

use crate::record::Record;
use crate::record::html::plain;
use crate::record::vocabulary;

/// What the public may know of a withdrawn record. Holds no title, no author, no file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TombstoneView {
    /// Record id.
    pub id: String,
    /// Bare DOI.
    pub doi: Option<String>,
    /// Reason in words.
    pub reason: Option<String>,
    /// RFC 3339, or a date.
    pub removal_date: Option<String>,
    /// Rule under which it was withdrawn.
    pub policy: Option<String>,
    /// Public note.
    pub note: Option<String>,
    /// Citation as the tombstone carries it.
    pub citation: Option<String>,
}

impl TombstoneView {
    /// From a record whose tombstone is visible; nothing but id, DOI and tombstone is read.
    pub fn of(record: &Record<'_>) -> TombstoneView {
        let text =
            |text: Option<&str>| text.map(|t| plain(t).into_owned()).filter(|t| !t.is_empty());
        let tombstone = record.tombstone.as_ref();
        let reason = tombstone.and_then(|tombstone| tombstone.removal_reason.as_ref());
        let reason = reason.and_then(|reason| {
            let known = vocabulary::removal_reason(&reason.id).map(|term| term.title);
            known.or(reason.title.preferred())
        });
        TombstoneView {
            id: record.id.as_str().to_owned(),
            doi: text(record.pids.doi.as_ref().map(|doi| doi.identifier.as_str())),
            reason: text(reason),
            removal_date: text(tombstone.and_then(|t| t.removal_date.as_deref())),
            policy: text(tombstone.and_then(|t| t.deletion_policy.as_ref()).map(|policy| {
                match policy.id.as_str() {
                    "grace-period-v1" => "Withdrawn by its owner within the grace period",
                    "request-deletion-v1" => "Withdrawn on request of its owner",
                    other => other,
                }
            })),
            note: text(tombstone.and_then(|t| t.note.as_deref())),
            // The citation of spam would advertise it.
            citation: text(tombstone.and_then(|t| t.citation_text.as_deref()))
                .filter(|_| reason != vocabulary::removal_reason("spam").map(|term| term.title)),
        }
    }
}

/// The home page.
#[derive(Debug, Clone, Default)]
pub struct HomeView {
    /// Release id.
    pub release: String,
    /// `YYYY-MM-DDThh:mm:ssZ`.
    pub as_of: String,
    /// Public records.
    pub records: u64,
    /// Withdrawn records.
    pub tombstoned: u64,
    /// Newest first.
    pub latest: Vec<LatestRecord>,
}

/// One of the latest records.
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
pub struct LatestRecord {
    /// Record id.
    pub id: String,
    /// Title, as in the record.
    pub title: String,
    /// Names as they are to be shown; beyond the first three they are counted.
    pub creators: Vec<String>,
    /// EDTF.
    pub publication_date: String,
    /// Vocabulary id of the resource type.
    pub resource_type: String,
}

/// The page over the dumps.
#[derive(Debug, Clone, Default)]
pub struct DumpsView {
    /// Release id, the folder under `dumps/`.
    pub release: String,
    /// `YYYY-MM-DDThh:mm:ssZ`.
    pub as_of: String,
    /// Public records.
    pub records: u64,
    /// One row per format.
    pub formats: Vec<DumpFormat>,
}

/// One dump format.
#[derive(Debug, Clone, Default)]
pub struct DumpFormat {
    /// `datacite-xml`, as `offprint cat --format` takes it.
    pub id: String,
    /// `DataCite XML 4.7`.
    pub label: String,
    /// `.tar.zst`
    pub extension: String,
    /// Number of packs.
    pub packs: u64,
    /// Sum of pack sizes, bytes.
    pub bytes: u64,
}

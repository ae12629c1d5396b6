//! What a frame adds to the totals of a release.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::dump::exceptions::Exception;
use super::dump::stats::Stats;
use super::site::LatestRecord;
use crate::crosswalk::names::Name;
use crate::record::date::Edtf;
use crate::record::{Published, Record, html};
use crate::release::manifest::Counts;

/// What a frame adds to the totals of a release.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Summary {
    pub(super) counts: Counts,
    pub(super) stats: Stats,
    pub(super) exceptions: Vec<Exception>,
    pub(super) removals: Vec<Removed>,
    pub(super) communities: BTreeMap<String, Community>,
    /// The newest records of the frame with their creation time, newest first.
    pub(super) latest: Vec<(String, LatestRecord)>,
}

impl Summary {
    /// Takes a record into the newest `wanted`, if it belongs there; whether it did.
    pub(super) fn note_latest(
        &mut self,
        wanted: usize,
        created: &str,
        record: impl FnOnce() -> LatestRecord,
    ) -> bool {
        let full = self.latest.len() >= wanted;
        let last = self.latest.last();
        if wanted == 0 || full && last.is_some_and(|last| last.0.as_str() >= created) {
            return false;
        }
        self.latest.push((created.to_owned(), record()));
        keep_newest(&mut self.latest, wanted);
        true
    }
}

/// Sorts newest first, by creation time, then id, and drops what is beyond `wanted`.
pub(super) fn keep_newest(latest: &mut Vec<(String, LatestRecord)>, wanted: usize) {
    latest.sort_by(|a, b| (&b.0, &b.1.id).cmp(&(&a.0, &a.1.id)));
    latest.truncate(wanted);
}

/// What the home page says of a record.
pub(super) fn latest(id: &str, record: &Record<'_>) -> LatestRecord {
    let metadata = &record.metadata;
    let text = |text: &Option<crate::record::Text<'_>>| {
        text.as_deref().map(|text| html::plain(text).into_owned()).unwrap_or_default()
    };
    let names = metadata.creators.iter().filter_map(|creator| Name::of(&creator.person_or_org));
    LatestRecord {
        id: id.to_owned(),
        title: text(&metadata.title),
        creators: names.map(|name| name.inverted().into_owned()).collect(),
        publication_date: text(&metadata.publication_date),
        resource_type: metadata.resource_type.id.to_string(),
    }
}

/// What a public record adds to the counts, whatever else is in its frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Facts {
    resource_type: String,
    year: Option<i32>,
    access: String,
    licences: Vec<String>,
    /// Slugs, and titles where it gives them.
    communities: Vec<(String, Option<String>)>,
}

impl Facts {
    pub(super) fn of(published: &Published<'_>) -> Facts {
        let metadata = &published.record.metadata;
        let date = metadata.publication_date.as_deref().unwrap_or_default();
        let licences = metadata.rights.iter().filter_map(|right| right.id.as_deref());
        let communities = published.record.parent.communities.entries.iter();
        let communities = communities.filter(|entry| !entry.slug.is_empty());
        let named = communities.map(|entry| {
            (entry.slug.to_string(), entry.metadata.title.as_deref().map(str::to_owned))
        });
        Facts {
            resource_type: metadata.resource_type.id.to_string(),
            year: Edtf::repair(date).map(|(date, _)| date.year()),
            access: published.files.status().to_owned(),
            licences: licences.map(str::to_owned).collect(),
            communities: named.collect(),
        }
    }

    /// Counts the record.
    pub(super) fn count(&self, summary: &mut Summary) {
        summary.counts.public += 1;
        let licences = self.licences.iter().map(String::as_str);
        summary.stats.add(&self.resource_type, self.year, &self.access, licences);
        for (slug, title) in &self.communities {
            let title = title.as_deref();
            match summary.communities.get_mut(slug) {
                Some(community) => community.merge(1, title),
                None => summary.communities.entry(slug.clone()).or_default().merge(1, title),
            }
        }
    }
}

/// A row of the deletion ledger, in the order of its columns.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Removed(pub(super) [String; 8]);

impl Removed {
    pub(super) fn of(record: &Record<'_>, visible: bool) -> Removed {
        let doi = |pids: &crate::record::model::Pids<'_>| {
            pids.doi.as_ref().map(|doi| doi.identifier.to_string()).unwrap_or_default()
        };
        let mut row = Removed::default();
        row.0[0] = record.id.to_string();
        row.0[1] = doi(&record.pids);
        row.0[2] = record.parent.id.to_string();
        row.0[3] = doi(&record.parent.pids);
        // An invisible tombstone says that the record is gone, and nothing about it.
        if let Some(tombstone) = record.tombstone.as_ref().filter(|_| visible) {
            let text = |text: &Option<crate::record::Text<'_>>| {
                text.as_deref().map(|text| html::plain(text).into_owned()).unwrap_or_default()
            };
            row.0[4] = text(&tombstone.note);
            let reason = tombstone.removal_reason.as_ref();
            row.0[5] = reason.map(|reason| reason.id.to_string()).unwrap_or_default();
            row.0[6] = text(&tombstone.removal_date);
            row.0[7] = text(&tombstone.citation_text);
        }
        row
    }
}

/// A community as its records describe it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Community {
    /// Smallest title seen, so that order does not matter.
    pub(super) title: Option<String>,
    pub(super) records: u64,
}

impl Community {
    pub(super) fn merge(&mut self, records: u64, title: Option<&str>) {
        self.records += records;
        if let Some(title) = title.filter(|title| !title.is_empty())
            && self.title.as_deref().is_none_or(|known| title < known)
        {
            self.title = Some(title.to_owned());
        }
    }
}

//! What is remembered of the records of a frame, one by one: which files each has, and what it
//! adds to the totals. So a record that did not change need not be looked at.

use serde::{Deserialize, Serialize};

use super::summary::Facts;
use crate::release::manifest::SiteLine;

/// The records of a frame that have files or are public, in order.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Known {
    /// Each set of endings once: most records have the same.
    endings: Vec<Vec<String>>,
    records: Vec<KnownRecord>,
}

/// One of them.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KnownRecord {
    pub(super) id: String,
    /// Which of the sets: what follows `records/<id>` in the paths of its files.
    endings: usize,
    /// Its files elsewhere.
    beside: Vec<String>,
    /// What it adds to the totals, if it is public.
    pub(super) facts: Option<Facts>,
}

impl Known {
    /// Takes the next record, with its files.
    pub(super) fn push(&mut self, id: &str, site: &[SiteLine], facts: Option<Facts>) {
        if site.is_empty() && facts.is_none() {
            return;
        }
        let own = format!("records/{id}");
        let mut endings = Vec::with_capacity(site.len());
        let mut beside = Vec::new();
        for line in site {
            match line.path.strip_prefix(&own) {
                Some(ending) => endings.push(ending),
                None => beside.push(line.path.clone()),
            }
        }
        let endings = self.set(endings.into_iter());
        self.records.push(KnownRecord { id: id.to_owned(), endings, beside, facts });
    }

    /// Takes the next record, which `before` knew already.
    pub(super) fn push_known(&mut self, record: KnownRecord, before: &Known) {
        let endings = before.endings_of(&record);
        let endings = match self.endings.get(record.endings).is_some_and(|set| set == endings) {
            true => record.endings,
            false => self.set(endings.iter().map(String::as_str)),
        };
        self.records.push(KnownRecord { endings, ..record });
    }

    fn set<'e>(&mut self, endings: impl Iterator<Item = &'e str> + Clone) -> usize {
        let is_it = |set: &Vec<String>| set.iter().map(String::as_str).eq(endings.clone());
        if let Some(known) = self.endings.iter().position(is_it) {
            return known;
        }
        self.endings.push(endings.map(str::to_owned).collect());
        self.endings.len() - 1
    }

    fn endings_of(&self, record: &KnownRecord) -> &[String] {
        self.endings.get(record.endings).map_or(&[], Vec::as_slice)
    }

    /// The ids, each with the number of its files.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, usize)> {
        let files = |record: &KnownRecord| self.endings_of(record).len() + record.beside.len();
        self.records.iter().map(move |record| (record.id.as_str(), files(record)))
    }

    /// The ids, each with what follows `records/<id>` in the paths of its files; of another path
    /// all of it.
    pub(super) fn names(&self) -> impl Iterator<Item = (&str, impl Iterator<Item = &str>)> {
        self.records.iter().map(|record| {
            let names = self.endings_of(record).iter().chain(&record.beside);
            (record.id.as_str(), names.map(String::as_str))
        })
    }

    /// Gives the records away; the sets stay.
    pub(super) fn take(&mut self) -> Vec<KnownRecord> {
        std::mem::take(&mut self.records)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(path: &str) -> SiteLine {
        SiteLine { path: path.to_owned(), bytes: 1, sha256: String::new() }
    }

    fn told(known: &Known) -> Vec<(String, Vec<String>)> {
        let names = known.names();
        names.map(|(id, names)| (id.to_owned(), names.map(str::to_owned).collect())).collect()
    }

    #[test]
    fn sets_are_kept_once_and_survive_a_frame_that_is_put_together_from_them() {
        let mut before = Known::default();
        let feed = "families/1/versions.atom";
        before.push("1", &[line("records/1.html"), line(feed)], None);
        before.push("2", &[], None);
        before.push("3", &[line("records/3.html"), line("records/3/a.json")], None);
        before.push("4", &[line("records/4.html")], None);
        assert_eq!(before.endings.len(), 2);
        assert_eq!(before.files().collect::<Vec<_>>(), [("1", 2), ("3", 2), ("4", 1)]);
        let want = told(&before);
        assert_eq!(want[0].1, [".html", feed]);

        let mut after = Known::default();
        let records = before.take();
        for record in records {
            match record.id.as_str() {
                "1" => after.push("1", &[line("records/1/a.json")], None),
                _ => after.push_known(record, &before),
            }
        }
        assert_eq!(told(&after)[1..], want[1..]);
        assert_eq!(after.endings.len(), 3);
    }
}

//! What is stored beside records: communities and concepts.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::Error;
use super::prepare::Prepared;

/// A document that is no record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aside {
    /// An entry of a `communities.ndjson`; its title outranks those inside records.
    Community {
        /// The key.
        slug: String,
        /// Display name.
        title: String,
    },
    /// A DOI that stands for all versions of a work.
    Concept {
        /// The family key.
        id: String,
        /// Bare, lower case.
        doi: String,
    },
}

/// Which of several titles a community has: one from a list of communities, the last imported,
/// before one from a record; of those the one from the most recently updated record, then the
/// greatest. A slug without title ranks below all of them.
fn rank(from_list: bool, updated: &str) -> String {
    format!("{}{updated}", if from_list { '2' } else { '1' })
}

const READ: &str = "SELECT rank, title FROM communities WHERE slug = ?1";
const WRITE: &str = "
    INSERT INTO communities (slug, title, rank, seq) VALUES (?1, ?2, ?3, coalesce(?4, 0))
    ON CONFLICT (slug) DO UPDATE SET title = ?2, rank = ?3, seq = coalesce(?4, seq)";
const CONCEPT: &str = "
    INSERT INTO concepts VALUES (?1, ?2)
    ON CONFLICT (id) DO UPDATE SET doi = min(doi, ?2)";

/// Community titles seen by a writer. Most records name a community without news of it; what is
/// new is written once a batch.
#[derive(Debug, Default)]
pub(super) struct Communities {
    by_slug: BTreeMap<String, Standing>,
}

#[derive(Debug, Default)]
struct Standing {
    rank: String,
    title: String,
    /// Not written yet.
    dirty: bool,
    /// The title itself changed; a change of rank is no change to anybody outside.
    renamed: bool,
}

/// Slugs of all communities of the largest repositories fit; beyond that the cache starts anew.
const CACHED: usize = 50_000;

impl Communities {
    /// Forgets everything, after a rollback.
    pub(super) fn clear(&mut self) {
        self.by_slug.clear();
    }

    /// Takes in the communities of one public record.
    pub(super) fn record(
        &mut self,
        connection: &Connection,
        record: &Prepared,
    ) -> Result<(), Error> {
        for (slug, title) in &record.communities {
            let rank = title.as_ref().map_or(String::from("0"), |_| rank(false, &record.updated));
            self.offer(connection, slug, title.as_deref().unwrap_or(slug), rank)?;
        }
        Ok(())
    }

    /// Takes in one document.
    pub(super) fn aside(&mut self, connection: &Connection, aside: &Aside) -> Result<(), Error> {
        match aside {
            Aside::Community { slug, title } => self.offer(connection, slug, title, rank(true, "")),
            Aside::Concept { id, doi } => {
                connection.prepare_cached(CONCEPT)?.execute(params![id, doi])?;
                Ok(())
            }
        }
    }

    fn offer(
        &mut self,
        connection: &Connection,
        slug: &str,
        title: &str,
        rank: String,
    ) -> Result<(), Error> {
        if !self.by_slug.contains_key(slug) {
            let standing = connection
                .prepare_cached(READ)?
                .query_row([slug], |row| {
                    Ok(Standing { rank: row.get(0)?, title: row.get(1)?, ..Standing::default() })
                })
                .optional()?;
            self.by_slug.insert(slug.to_owned(), standing.unwrap_or_default());
        }
        let Some(standing) = self.by_slug.get_mut(slug) else { return Ok(()) };
        let known = (standing.rank.as_str(), standing.title.as_str());
        let listed = rank.starts_with('2');
        if known != (&rank, title) && (listed || (rank.as_str(), title) > known) {
            standing.dirty = true;
            standing.renamed |= standing.title != title;
            standing.rank = rank;
            title.clone_into(&mut standing.title);
        }
        Ok(())
    }

    /// Writes what is new. Returns the last sequence number.
    pub(super) fn flush(&mut self, connection: &Connection, mut seq: i64) -> Result<i64, Error> {
        let mut write = connection.prepare_cached(WRITE)?;
        for (slug, standing) in self.by_slug.iter_mut().filter(|(_, standing)| standing.dirty) {
            seq += i64::from(standing.renamed);
            let renamed = standing.renamed.then_some(seq);
            write.execute(params![slug, standing.title, standing.rank, renamed])?;
            (standing.dirty, standing.renamed) = (false, false);
        }
        if self.by_slug.len() > CACHED {
            self.clear();
        }
        Ok(seq)
    }
}

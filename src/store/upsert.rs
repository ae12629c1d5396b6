//! Writing: which revision wins, and what a batch changes.
//!
//! Per id the greatest of (ledger or not, revision, `updated`, SHA-256 of the content) wins,
//! whatever the order of arrival. Contents that lost are remembered by hash with their smallest
//! time stamps, because the content may win later and then carries the smallest it was ever
//! seen with.

use std::collections::BTreeSet;

use rusqlite::{CachedStatement, Connection, OptionalExtension, Transaction, params};

use super::prepare::{Claim, Prepared, Problem};
use super::{Class, Error, key};

/// What happened to the records of a batch or an import.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Ids seen for the first time.
    pub new: u64,
    /// Content that replaced another.
    pub changed: u64,
    /// Content that was already there.
    pub unchanged: u64,
    /// Content that lost against a newer one.
    pub superseded: u64,
    /// Documents that are not stored; see the rejects file.
    pub rejected: u64,
    /// Documents that are no records: communities, concepts. Not part of [`Counts::read`].
    pub aside: u64,
}

impl Counts {
    /// All records read.
    pub fn read(&self) -> u64 {
        self.new + self.changed + self.unchanged + self.superseded + self.rejected
    }

    /// Adds another's figures.
    pub fn add(&mut self, other: &Counts) {
        self.new += other.new;
        self.changed += other.changed;
        self.unchanged += other.unchanged;
        self.superseded += other.superseded;
        self.rejected += other.rejected;
        self.aside += other.aside;
    }
}

/// What an upsert did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    New,
    Changed,
    Unchanged,
    Superseded,
}

const ORIGIN_OWN: i64 = 0;
const ORIGIN_DOI: i64 = 1;
const ORIGIN_LEDGER: i64 = 2;
pub(super) const ORIGIN_ABSENT: i64 = 3;
/// Nothing replaces it unless it is said to; see `purge.rs`.
pub(super) const ORIGIN_PURGED: i64 = 4;

fn origin(claim: Claim) -> i64 {
    match claim {
        Claim::Own => ORIGIN_OWN,
        Claim::Doi => ORIGIN_DOI,
        Claim::Ledger => ORIGIN_LEDGER,
    }
}

/// The columns of a standing row that decide and that change lineages.
struct Standing {
    pk: i64,
    class: Class,
    origin: i64,
    source: i64,
    hash: [u8; 32],
    revision: i64,
    newest: String,
    updated: String,
    created: String,
    family: String,
    claimed: Option<u32>,
    published: String,
    version: Option<String>,
    doi: Option<String>,
}

impl Standing {
    fn has_content(&self) -> bool {
        !matches!(self.origin, ORIGIN_ABSENT | ORIGIN_PURGED)
    }

    /// Sorts against [`rank`]. A record that was absent or purged has no content: whatever is not
    /// older brings it back.
    fn rank(&self) -> (bool, i64, &str, [u8; 32]) {
        let hash = if self.has_content() { self.hash } else { [0; 32] };
        (self.origin == ORIGIN_LEDGER, self.revision, &self.newest, hash)
    }
}

fn rank(record: &Prepared) -> (bool, i64, &str, [u8; 32]) {
    (record.claim == Claim::Ledger, record.revision, &record.updated, record.hash)
}

/// The smaller time stamp; empty means none.
fn earlier<'a>(a: &'a str, b: &'a str) -> &'a str {
    match (a.is_empty(), b.is_empty()) {
        (true, _) => b,
        (_, true) => a,
        _ => a.min(b),
    }
}

const FIND: &str = "
    SELECT pk, id, class, origin, source, hash, revision, coalesce(newest, updated), updated,
        created, family, claimed, published, version, doi
    FROM records WHERE pk BETWEEN ?1 AND ?2";
const INSERT: &str = "
    INSERT INTO records (pk, id, seq, class, origin, source, hash, revision, newest, updated,
        created, embargo, family, claimed, published, version, doi, position, members,
        dictionary, size, body)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?18,
        ?19, ?20, ?21)";
const REPLACE: &str = "
    UPDATE records SET seq = ?2, class = ?3, origin = ?4, source = ?5, hash = ?6, revision = ?7,
        newest = ?8, updated = ?9, created = ?10, embargo = ?11, family = ?12, claimed = ?13,
        published = ?14, version = ?15, doi = ?16, dictionary = ?17, size = ?18, body = ?19,
        position = CASE ?3 WHEN 0 THEN position ELSE 0 END,
        members = CASE ?3 WHEN 0 THEN members ELSE 0 END
    WHERE pk = ?1";
const SEEN_AGAIN: &str = "
    UPDATE records SET seq = coalesce(?2, seq), origin = ?3, revision = ?4, newest = ?5,
        updated = ?6, created = ?7
    WHERE pk = ?1";
const REMEMBER: &str = "INSERT OR REPLACE INTO history VALUES (?1, ?2, ?3, ?4)";
const RECALL: &str = "SELECT updated, created FROM history WHERE pk = ?1 AND hash = ?2";
const FORGET: &str = "DELETE FROM history WHERE pk = ?1 AND hash = ?2";

/// Net change of the number of rows by class, in the order of [`Class`]'s codes.
pub(super) type ClassChanges = [i64; 4];

/// Families to look at once the batch's records are in.
#[derive(Debug, Default)]
pub(super) struct Touched {
    /// A public member came, went, or changed what siblings show of it.
    pub(super) listed: BTreeSet<String>,
    /// A public member's claimed position changed, and nothing else.
    pub(super) ordered: BTreeSet<String>,
    /// A member left for another family.
    pub(super) left: BTreeSet<String>,
}

/// One transaction's worth of upserts.
pub(super) struct Upserts<'t> {
    find: CachedStatement<'t>,
    insert: CachedStatement<'t>,
    replace: CachedStatement<'t>,
    seen_again: CachedStatement<'t>,
    remember: CachedStatement<'t>,
    recall: CachedStatement<'t>,
    forget: CachedStatement<'t>,
    transaction: &'t Connection,
    pub(super) seq: i64,
    pub(super) touched: Touched,
    pub(super) classes: ClassChanges,
    /// Whether a record that was purged may come back.
    pub(super) allow_purged: bool,
}

impl<'t> Upserts<'t> {
    /// Continues after `seq`.
    pub(super) fn new(transaction: &'t Transaction<'_>, seq: i64) -> Result<Self, Error> {
        Ok(Upserts {
            find: transaction.prepare_cached(FIND)?,
            insert: transaction.prepare_cached(INSERT)?,
            replace: transaction.prepare_cached(REPLACE)?,
            seen_again: transaction.prepare_cached(SEEN_AGAIN)?,
            remember: transaction.prepare_cached(REMEMBER)?,
            recall: transaction.prepare_cached(RECALL)?,
            forget: transaction.prepare_cached(FORGET)?,
            transaction,
            seq,
            touched: Touched::default(),
            classes: [0; 4],
            allow_purged: false,
        })
    }

    /// Stores one record if it wins. The inner error is a collision. Returns the key of its row.
    pub(super) fn upsert(
        &mut self,
        record: &Prepared,
        source: i64,
    ) -> Result<Result<(i64, Verdict), Problem>, Error> {
        let standing = match self.find(&record.id)? {
            Found::Standing(standing) => standing,
            Found::Free(pk) => {
                self.insert(pk, record, source)?;
                return Ok(Ok((pk, Verdict::New)));
            }
            Found::Full => {
                let reason = "too many ids share their first 40 bits";
                return Ok(Err(collision(record, reason.to_owned())));
            }
        };
        if standing.origin == ORIGIN_PURGED && !self.allow_purged {
            // That it was withdrawn is no news, and what the source says of it is not wanted.
            return Ok(match record.class {
                Class::Tombstone | Class::Hidden => Ok((standing.pk, Verdict::Superseded)),
                Class::Public | Class::Restricted => Err(purged(record)),
            });
        }
        if let Some(other) = other_doi(&standing, record) {
            let reason = format!(
                "stands for {other}, from {}, and for {}",
                self.source_name(standing.source)?,
                record.doi.as_deref().unwrap_or("no DOI"),
            );
            return Ok(Err(collision(record, reason)));
        }
        let verdict = if standing.hash == record.hash {
            self.see_again(&standing, record)?;
            Verdict::Unchanged
        } else if rank(record) > standing.rank() {
            self.replace(&standing, record, origin(record.claim), source)?;
            Verdict::Changed
        } else {
            self.remember(standing.pk, &record.hash, &record.updated, &record.created)?;
            Verdict::Superseded
        };
        Ok(Ok((standing.pk, verdict)))
    }

    /// Withdraws a record without a word from its source. Of origin [`ORIGIN_ABSENT`], because a
    /// complete delivery did not hold it, `tombstone` replaces it until something that is not
    /// older than what stood there comes back; of origin [`ORIGIN_PURGED`], for good.
    pub(super) fn bury(&mut self, tombstone: &mut Prepared, origin: i64) -> Result<bool, Error> {
        let Found::Standing(standing) = self.find(&tombstone.id)? else { return Ok(false) };
        tombstone.revision = standing.revision;
        tombstone.updated.clone_from(&standing.newest);
        tombstone.created.clone_from(&standing.created);
        self.replace(&standing, tombstone, origin, standing.source)?;
        Ok(true)
    }

    /// The key of the row of an id, if there is one.
    pub(super) fn find_pk(&mut self, id: &str) -> Result<Option<i64>, Error> {
        Ok(match self.find(id)? {
            Found::Standing(standing) => Some(standing.pk),
            Found::Free(_) | Found::Full => None,
        })
    }

    fn find(&mut self, id: &str) -> Result<Found, Error> {
        let keys = key::candidates(id);
        let mut rows = self.find.query(params![keys.start(), keys.end()])?;
        let mut free = *keys.start();
        while let Some(row) = rows.next()? {
            if row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)? == id {
                return Ok(Found::Standing(Box::new(standing(row)?)));
            }
            free = row.get::<_, i64>(0)? + 1;
        }
        Ok(if keys.contains(&free) { Found::Free(free) } else { Found::Full })
    }

    fn insert(&mut self, pk: i64, record: &Prepared, source: i64) -> Result<(), Error> {
        let frame = record.body.frame()?;
        self.seq += 1;
        let public = record.class == Class::Public;
        self.insert.execute(params![
            pk,
            record.id,
            self.seq,
            record.class.code(),
            origin(record.claim),
            source,
            record.hash,
            record.revision,
            None::<String>,
            record.updated,
            record.created,
            record.embargo,
            record.family,
            record.claimed,
            record.published,
            record.version,
            record.doi,
            i64::from(public),
            frame.dictionary,
            frame.size as i64,
            frame.bytes,
        ])?;
        self.classes[record.class.index()] += 1;
        if public {
            self.touched.listed.insert(record.family.clone());
        }
        Ok(())
    }

    /// Equal content: only time stamps and revision may matter. The row is written only if one
    /// of them moved, and counts as changed only if an output would show it.
    fn see_again(&mut self, standing: &Standing, record: &Prepared) -> Result<(), Error> {
        let updated = earlier(&standing.updated, &record.updated);
        let created = earlier(&standing.created, &record.created);
        let shown = updated != standing.updated || created != standing.created;
        let (revision, newest) = (standing.revision, standing.newest.as_str())
            .max((record.revision, record.updated.as_str()));
        let origin = if record.claim == Claim::Ledger { ORIGIN_LEDGER } else { standing.origin };
        let moved = (revision, newest, origin)
            != (standing.revision, standing.newest.as_str(), standing.origin);
        if !shown && !moved {
            return Ok(());
        }
        self.seq += i64::from(shown);
        let seq = shown.then_some(self.seq);
        let newest = (newest != updated).then_some(newest);
        self.seen_again.execute(params![
            standing.pk,
            seq,
            origin,
            revision,
            newest,
            updated,
            created
        ])?;
        Ok(())
    }

    fn replace(
        &mut self,
        standing: &Standing,
        record: &Prepared,
        origin: i64,
        source: i64,
    ) -> Result<(), Error> {
        if standing.has_content() {
            self.remember(standing.pk, &standing.hash, &standing.updated, &standing.created)?;
        }
        let before = self.recall(standing.pk, &record.hash)?;
        let (mut updated, mut created) = (record.updated.as_str(), record.created.as_str());
        if let Some((past_updated, past_created)) = &before {
            updated = earlier(updated, past_updated);
            created = earlier(created, past_created);
            self.forget.execute(params![standing.pk, record.hash])?;
        }
        let frame = record.body.frame()?;
        self.seq += 1;
        self.replace.execute(params![
            standing.pk,
            self.seq,
            record.class.code(),
            origin,
            source,
            record.hash,
            record.revision,
            (record.updated != updated).then_some(&record.updated),
            updated,
            created,
            record.embargo,
            record.family,
            record.claimed,
            record.published,
            record.version,
            record.doi,
            frame.dictionary,
            frame.size as i64,
            frame.bytes,
        ])?;
        self.classes[standing.class.index()] -= 1;
        self.classes[record.class.index()] += 1;
        self.touch(standing, record);
        Ok(())
    }

    fn touch(&mut self, standing: &Standing, record: &Prepared) {
        let was = standing.class == Class::Public;
        let is = record.class == Class::Public;
        let moved = standing.family != record.family;
        if moved {
            self.touched.left.insert(standing.family.clone());
        }
        if was && (moved || !is) {
            self.touched.listed.insert(standing.family.clone());
        }
        let shows = standing.published != record.published
            || standing.version != record.version
            || standing.doi != record.doi;
        if is && (moved || !was || shows) {
            self.touched.listed.insert(record.family.clone());
        } else if is && standing.claimed != record.claimed {
            self.touched.ordered.insert(record.family.clone());
        }
    }

    fn remember(
        &mut self,
        pk: i64,
        hash: &[u8; 32],
        updated: &str,
        created: &str,
    ) -> Result<(), Error> {
        let before = self.recall(pk, hash)?;
        let (past_updated, past_created) = before.as_ref().map_or(("", ""), |(u, c)| (u, c));
        let (updated, created) = (earlier(updated, past_updated), earlier(created, past_created));
        if before
            .as_ref()
            .is_none_or(|past| (past.0.as_str(), past.1.as_str()) != (updated, created))
        {
            self.remember.execute(params![pk, hash, updated, created])?;
        }
        Ok(())
    }

    fn recall(&mut self, pk: i64, hash: &[u8; 32]) -> Result<Option<(String, String)>, Error> {
        let times = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        Ok(self.recall.query_row(params![pk, hash], times).optional()?)
    }

    fn source_name(&self, number: i64) -> Result<String, Error> {
        let name = self.transaction.query_row(
            "SELECT name FROM sources WHERE number = ?1",
            [number],
            |row| row.get(0),
        );
        Ok(name.optional()?.unwrap_or_else(|| "another source".to_owned()))
    }
}

enum Found {
    Standing(Box<Standing>),
    Free(i64),
    Full,
}

fn standing(row: &rusqlite::Row<'_>) -> Result<Standing, Error> {
    Ok(Standing {
        pk: row.get(0)?,
        class: Class::from_code(row.get(2)?)?,
        origin: row.get(3)?,
        source: row.get(4)?,
        hash: row.get(5)?,
        revision: row.get(6)?,
        newest: row.get(7)?,
        updated: row.get(8)?,
        created: row.get(9)?,
        family: row.get(10)?,
        claimed: row.get(11)?,
        published: row.get(12)?,
        version: row.get(13)?,
        doi: row.get(14)?,
    })
}

/// The DOI that the id already stands for, if that is another one than the record's and one of
/// the two derived the id from its DOI.
fn other_doi<'a>(standing: &'a Standing, record: &Prepared) -> Option<&'a str> {
    let derived = standing.origin == ORIGIN_DOI || record.claim == Claim::Doi;
    let (old, new) = (standing.doi.as_deref()?, record.doi.as_deref()?);
    (derived && old.to_lowercase() != new.to_lowercase()).then_some(old)
}

fn purged(record: &Prepared) -> Problem {
    let reason = format!(
        "the record {} was purged; import with --allow-purged if it is to come back",
        record.id
    );
    Problem { id: Some(record.id.clone()), ..Problem::new("id", "purged", reason) }
}

fn collision(record: &Prepared, reason: String) -> Problem {
    let reason = format!("the id {} {reason}", record.id);
    Problem { id: Some(record.id.clone()), ..Problem::new("id", "collision", reason) }
}

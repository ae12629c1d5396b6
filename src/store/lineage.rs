//! Families: who stands where among the public versions of a work.
//!
//! Order: position as the source claims it (those without one last), then publication date,
//! then id. Members that are withdrawn or restricted have no place and are not counted.

use rusqlite::{Connection, params};

use super::upsert::Touched;
use super::{Class, Error};
use crate::record::Sibling;
use crate::record::identifier::{OrderKey, order_key};

const MEMBERS: &str = "
    SELECT pk, id, class, claimed, published, position, members, seq
    FROM records WHERE family = ?1";
/// Answered from the index alone; finds nothing for a family of one.
const SIBLINGS: &str = "
    SELECT id, claimed, published, version, doi
    FROM records INDEXED BY records_siblings WHERE family = ?1 AND members > 1";
const ONLY: &str = "
    SELECT id, claimed, published, version, doi
    FROM records WHERE family = ?1 AND class = 0";
const PLACE: &str = "UPDATE records SET position = ?2, members = ?3, seq = ?4 WHERE pk = ?1";
const DEPART: &str = "INSERT OR REPLACE INTO departures VALUES (?1, ?2)";

struct Member {
    pk: i64,
    id: String,
    public: bool,
    claimed: Option<u32>,
    published: String,
    position: i64,
    members: i64,
    seq: i64,
}

impl Member {
    fn age(&self) -> Age<'_> {
        age(self.claimed, &self.published, &self.id)
    }
}

/// Brings position and number of public members up to date in all touched families, and gives
/// a new sequence number to every public member whose version list changed and that did not
/// get one after `batch_start` already. Returns the last sequence number.
pub(super) fn settle(
    connection: &Connection,
    touched: &Touched,
    batch_start: i64,
    mut seq: i64,
) -> Result<i64, Error> {
    let mut place = connection.prepare_cached(PLACE)?;
    let mut query = connection.prepare_cached(MEMBERS)?;
    for family in touched.listed.union(&touched.ordered) {
        let members = query.query_map([family], member)?.collect::<Result<Vec<_>, _>>()?;
        let listed = touched.listed.contains(family) && members.len() > 1;
        for (member, position, public) in placed(members) {
            let (old, new) = ((member.position, member.members), (position, public));
            let fresh = member.seq > batch_start;
            if old == new && (fresh || !listed || !member.public) {
                continue;
            }
            let keeps = fresh || !member.public;
            seq += i64::from(!keeps);
            place.execute(params![
                member.pk,
                position,
                public,
                if keeps { member.seq } else { seq }
            ])?;
        }
    }
    let mut depart = connection.prepare_cached(DEPART)?;
    for family in &touched.left {
        seq += 1;
        depart.execute(params![family, seq])?;
    }
    Ok(seq)
}

fn member(row: &rusqlite::Row<'_>) -> rusqlite::Result<Member> {
    Ok(Member {
        pk: row.get(0)?,
        id: row.get(1)?,
        public: row.get::<_, i64>(2)? == Class::Public.code(),
        claimed: row.get(3)?,
        published: row.get(4)?,
        position: row.get(5)?,
        members: row.get(6)?,
        seq: row.get(7)?,
    })
}

/// Every member with its 1-based position and the number of public members, or zeros.
fn placed(mut members: Vec<Member>) -> impl Iterator<Item = (Member, i64, i64)> {
    members.sort_by(|a, b| (!a.public, a.age()).cmp(&(!b.public, b.age())));
    let public = members.iter().filter(|member| member.public).count() as i64;
    members.into_iter().zip(1..).map(move |(member, position)| match member.public {
        true => (member, position, public),
        false => (member, 0, 0),
    })
}

/// Sort key of versions, oldest first. A total order: ids are unique.
type Age<'a> = (bool, Option<u32>, &'a str, OrderKey, &'a str);

fn age<'a>(claimed: Option<u32>, published: &'a str, id: &'a str) -> Age<'a> {
    (claimed.is_none(), claimed, published, order_key(id), id)
}

/// The public members of a family, oldest first.
pub(super) fn siblings(connection: &Connection, family: &str) -> Result<Vec<Sibling>, Error> {
    let mut siblings = query(connection, SIBLINGS, family)?;
    if siblings.is_empty() {
        siblings = query(connection, ONLY, family)?;
    }
    siblings.sort_by(|(a_claimed, a), (b_claimed, b)| {
        let a = age(*a_claimed, &a.publication_date, &a.id);
        a.cmp(&age(*b_claimed, &b.publication_date, &b.id))
    });
    Ok(siblings.into_iter().map(|(_, sibling)| sibling).collect())
}

fn query(
    connection: &Connection,
    sql: &str,
    family: &str,
) -> Result<Vec<(Option<u32>, Sibling)>, Error> {
    let mut query = connection.prepare_cached(sql)?;
    let siblings = query.query_map([family], |row| {
        let sibling = Sibling {
            id: row.get(0)?,
            version: row.get(3)?,
            publication_date: row.get(2)?,
            doi: row.get(4)?,
        };
        Ok((row.get(1)?, sibling))
    })?;
    Ok(siblings.collect::<Result<_, _>>()?)
}

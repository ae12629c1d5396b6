//! Goes on from the tiers that stand: docs/search-format.md, "How tiers come and go".
//!
//! The records that changed make one more tier of their class, and what they were before is
//! listed as dead. Files that stand are not touched.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::record::identifier::order_key;
use crate::release::hash::sha256;
use crate::release::pointer::Named;
use crate::release::search::bits::put_varint;
use crate::release::search::pointer::{Dead, Phrases, SearchPointer, Tier, TierList};
use crate::release::stage::Stage;
use crate::store::{Class, Snapshot};

use super::super::BuildError;
use super::super::meter::Meter;
use super::super::standing::Base;
use super::super::work::Changed;
use super::places::{FIRST_ADDED, Placed, Places};
use super::stream::deflated;
use super::tier::{Making, TierMaker};
use super::{Job, PLACES, PrintedSearch, SearchError, Tallies, Wanted, clear, documents, finish};

/// Most tiers of a class beside its base.
const ADDED: usize = 3;
/// What was added, and what is dead, are each at most one of so many records of the bases.
const SHARE: u64 = 10;

/// Fewer records than this are indexed in memory: the longest take 0.2 MB each.
const FEW: usize = 200;

/// Adds what changed to the tiers that stand; `None` if everything is to be made anew: nothing
/// to go on from, too much of it changed, or a record in it is no longer public.
pub(super) fn print(
    job: &Job<'_>,
    base: &Base,
    changed: &Changed,
    meter: &mut Meter,
) -> Result<Option<PrintedSearch>, BuildError> {
    let dir = job.settings.search_dir();
    let Some((places, pointer)) = Places::open(&dir.join(PLACES), &base.mark) else {
        return Ok(None);
    };
    if !stands(job.stage.root(), &pointer) {
        return Ok(None);
    }
    let Some(Before { ids, old }) = before(job.snapshot, changed, &places)? else {
        return Ok(None);
    };
    let tiers = places.tiers()?;
    if is_too_much(&places, &tiers, ids.len(), old.len())? {
        return Ok(None);
    }
    let merged = merged(&tiers);
    let spans = job.settings.dump.spans;
    let mut must: BTreeSet<String> = old.keys().cloned().collect();
    for key in &merged {
        must.extend(places.of_added(*key)?);
    }
    let mut wanted = Wanted { ids, frames: BTreeSet::new() };
    wanted.ids.extend(must.iter().cloned());
    wanted.frames = wanted.ids.iter().map(|id| spans.number_of(order_key(id))).collect();
    let scratch = dir.join("added");
    clear(&scratch)?;
    let few = wanted.ids.len() < FEW;
    let mut newest = TierMaker::new(&scratch.join("newest"), few)?;
    let mut older = TierMaker::new(&scratch.join("older"), few)?;
    // What records of the base are named by is not at hand, and few records have few pairs.
    documents(job, Some(&wanted), None, |document| match document.older {
        false => newest.add(document),
        true => older.add(document),
    })?;
    let mut tallies = Tallies::default();
    let mut key = tiers.iter().map(|placed| placed.key + 1).max().unwrap_or(0).max(FIRST_ADDED);
    // The average lengths of the base, so that scores of all tiers compare.
    let averages = tiers.first().map(|placed| placed.averages);
    for (maker, name, older) in [(newest, "newest", false), (older, "older", true)] {
        let making = Making { name, older, phrases: Phrases::Text, averages };
        let made = maker.print(job.stage, making, meter, |id, number| {
            must.remove(id);
            places.put(id, key, number)
        })?;
        if let Some(made) = made {
            tallies.add(made.files);
            places.put_tier(&Placed { key, tier: made.tier, averages: made.averages })?;
            key += 1;
        }
    }
    clear(&scratch)?;
    // A record that is in a tier and no longer public: its words must go from there.
    if !must.is_empty() {
        return Ok(None);
    }
    for (tier, number) in old.into_values().filter(|(tier, _)| !merged.contains(tier)) {
        places.kill(tier, number)?;
    }
    merged.iter().try_for_each(|key| places.drop_tier(*key))?;
    let tiers = places.tiers()?;
    let numbered: u64 = tiers.iter().map(|placed| u64::from(placed.tier.records)).sum();
    // Whatever else left the store, its words must not stay.
    if numbered.checked_sub(places.deaths()?) != Some(job.public) {
        return Ok(None);
    }
    let mut listed = Vec::new();
    for Placed { key, tier, .. } in tiers {
        let dead = write_dead(job.stage, &places.dead(key)?, &mut tallies)?;
        listed.push(Tier { dead, ..tier });
    }
    Ok(Some(finish(job, listed, places, tallies, true)?))
}

/// What changed.
struct Before {
    ids: BTreeSet<String>,
    /// Where those of them stand that are in a tier.
    old: BTreeMap<String, (i64, u32)>,
}

/// `None` if one of them is in a tier and surely no longer public.
fn before(
    snapshot: &Snapshot,
    changed: &Changed,
    places: &Places,
) -> Result<Option<Before>, BuildError> {
    let mut ids = changed.opened.clone();
    let mut hidden = Vec::new();
    snapshot.changes_since(changed.since, |change| {
        if change.class != Class::Public {
            hidden.push(change.id.clone());
        }
        ids.insert(change.id);
        Ok::<(), BuildError>(())
    })?;
    let mut old = BTreeMap::new();
    for id in &ids {
        if let Some(place) = places.find(id)? {
            old.insert(id.clone(), place);
        }
    }
    let is_left = hidden.iter().any(|id| old.contains_key(id));
    Ok((!is_left).then_some(Before { ids, old }))
}

fn is_too_much(
    places: &Places,
    tiers: &[Placed],
    changed: usize,
    dying: usize,
) -> Result<bool, SearchError> {
    let records = |is_added: bool| -> u64 {
        let tiers = tiers.iter().filter(|placed| (placed.key >= FIRST_ADDED) == is_added);
        tiers.map(|placed| u64::from(placed.tier.records)).sum()
    };
    let most = records(false) / SHARE;
    Ok(records(true) + changed as u64 > most || places.deaths()? + dying as u64 > most)
}

/// The added tiers of the classes that have all they may: their records go into the next.
fn merged(tiers: &[Placed]) -> BTreeSet<i64> {
    let mut merged = BTreeSet::new();
    for older in [false, true] {
        let added = tiers.iter().filter(|p| p.key >= FIRST_ADDED && p.tier.older == older);
        let keys: Vec<i64> = added.map(|placed| placed.key).collect();
        if keys.len() >= ADDED {
            merged.extend(keys);
        }
    }
    merged
}

/// Whether a pointer and all it leads to are there: the pointer and the lists of tiers by hash,
/// the other files by size.
fn stands(root: &Path, pointer: &Named) -> bool {
    let Ok(bytes) = fs::read(root.join(&pointer.path)) else { return false };
    let Ok(search) = SearchPointer::from_bytes(&bytes) else { return false };
    let sized = |path: &str, bytes: u64| {
        fs::metadata(root.join(path)).is_ok_and(|meta| meta.is_file() && meta.len() == bytes)
    };
    let tier = |tier: &Tier| {
        let Ok(list) = fs::read(root.join(tier.list_path())) else { return false };
        tier.is_list(&list)
            && tier.dead.as_ref().is_none_or(|dead| sized(&dead.path, dead.bytes))
            && TierList::from_bytes(&list).is_ok_and(|list| {
                let mut files = list.files.iter();
                files.all(|file| sized(&tier.file_path(file), file.bytes))
            })
    };
    sha256(&bytes) == pointer.sha256 && search.tiers.iter().all(tier)
}

/// Writes a list of numbers that no longer count, named by its hash.
fn write_dead(
    stage: &Stage,
    dead: &[u32],
    tallies: &mut Tallies,
) -> Result<Option<Dead>, SearchError> {
    if dead.is_empty() {
        return Ok(None);
    }
    let (mut numbers, mut before) = (Vec::new(), 0);
    for number in dead {
        put_varint(&mut numbers, u64::from(number - before));
        before = *number;
    }
    let bytes = deflated(&numbers)?;
    let path = format!("search/dead-{}.bin", &sha256(&bytes)[..12]);
    let written = stage.write(&path, &bytes)?;
    let bytes = written.bytes;
    tallies.add(vec![written]);
    Ok(Some(Dead { path, bytes }))
}

//! From a query to hits: docs/search-format.md, "Score", "Queries".

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::analyse::Analyser;
use super::query::{Facet, Filter, Occur, Part, Query};
use super::reader::{List, OpenTier, ReadError, Reading, Searcher};
use super::tables::{Run, TierTables};

/// Candidates of a phrase whose cards are read.
const PHRASE_CANDIDATES: usize = 20;
/// Values of a facet that are counted out.
const FACET_VALUES: usize = 50;

/// What is wanted of the matching records.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// First hit, from 0.
    pub offset: usize,
    /// Most hits.
    pub limit: usize,
    /// Newest first, not best first.
    pub newest: bool,
    /// How much is read.
    pub reading: Reading,
}

/// A record found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hit {
    /// Record id.
    pub id: String,
    /// 0 where nothing is scored.
    pub score: f64,
    /// Plain text.
    pub title: String,
    /// The first names, apart by `; `.
    pub creators: String,
    /// Names not shown.
    pub more_creators: u32,
    /// As in the record.
    pub date: String,
    /// Beginning of the description.
    pub snippet: String,
    /// Version label, or empty.
    pub version: String,
    /// Resource type id.
    #[serde(rename = "type")]
    pub kind: String,
    /// Access status.
    pub access: String,
    /// Licence id, or empty.
    pub license: String,
}

/// Counts of values, most first.
pub type Counted = Vec<(String, u64)>;

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// Matching records.
    pub total: u64,
    /// Whether `total` and the counts are exact: all lists were read whole.
    pub exact: bool,
    /// Whether phrases were looked for beyond titles, keywords and names only in part.
    pub phrases_in_part: bool,
    /// The hits asked for.
    pub hits: Vec<Hit>,
    /// Facet → its values.
    pub facets: BTreeMap<&'static str, Counted>,
    /// Rounds of reads that waited for each other, after the tables.
    pub rounds: u32,
}

/// Where a match is: tier and record.
type At = (usize, u32);

/// Per tier, by record, what a part adds to the score.
type Matches = Vec<Scored>;

/// Records of a tier with what is added to their scores, by record.
type Scored = Vec<(u32, f64)>;

impl Searcher<'_> {
    /// Searches.
    ///
    /// # Errors
    /// When something cannot be read.
    pub fn search(
        &mut self,
        query: &Query,
        wanted: Wanted,
        analyser: &mut Analyser,
    ) -> Result<Answer, ReadError> {
        self.rounds = 0;
        let parts = self.expanded(query, analyser)?;
        let keys: BTreeSet<String> = parts.iter().flat_map(|(_, part)| part.keys()).collect();
        let lists = self.lists(&keys, wanted.reading)?;
        let exact = lists.values().flatten().all(List::is_complete);
        let mut phrases_in_part = false;
        let mut cards = BTreeMap::new();
        let mut matched = Vec::new();
        for (occur, part) in &parts {
            let mut found = self.matches(part, &lists);
            if let Expanded::Phrase { stems, .. } = part {
                let (more, in_part) = self.phrases(stems, &lists, &found, &mut cards, analyser)?;
                phrases_in_part |= in_part;
                for (tier, records) in more.into_iter().enumerate() {
                    found[tier].extend(records);
                    found[tier].sort_by_key(|(record, _)| *record);
                }
            }
            matched.push((*occur, found));
        }
        let scored = self.combined(&matched, &query.filters);
        let facets = self.facets(&scored);
        let total = scored.iter().map(|records| records.len() as u64).sum();
        let newest = wanted.newest || parts.is_empty();
        let places = match newest {
            true => self.newest(&scored, wanted.offset + wanted.limit, &mut cards)?,
            false => best(&scored, wanted.offset + wanted.limit),
        };
        let places: Vec<(At, f64)> =
            places.into_iter().skip(wanted.offset).take(wanted.limit).collect();
        self.fetch(places.iter().map(|(at, _)| *at), &mut cards)?;
        let hits = places.iter().filter_map(|(at, score)| self.hit(*at, *score, cards.get(at)?));
        let hits = hits.collect();
        let rounds = self.rounds;
        Ok(Answer { total, exact, phrases_in_part, hits, facets, rounds })
    }

    /// Reads the cards that are not there yet.
    fn fetch(
        &mut self,
        places: impl Iterator<Item = At>,
        cards: &mut BTreeMap<At, String>,
    ) -> Result<(), ReadError> {
        let missing: BTreeSet<At> = places.filter(|at| !cards.contains_key(at)).collect();
        cards.extend(self.cards(&missing)?);
        Ok(())
    }

    fn expanded(
        &mut self,
        query: &Query,
        analyser: &mut Analyser,
    ) -> Result<Vec<(Occur, Expanded)>, ReadError> {
        let mut parts = Vec::new();
        for (occur, part) in &query.parts {
            let expanded = match part {
                Part::Key(key) => Expanded::Any(vec![key.clone()]),
                Part::Together(keys) => Expanded::All(keys.clone()),
                Part::Phrase(stems) => Expanded::Phrase {
                    pairs: stems
                        .windows(2)
                        .map(|pair| format!("p:{} {}", pair[0], pair[1]))
                        .collect(),
                    stems: stems.clone(),
                },
                Part::Prefix(prefix) => {
                    let mut stems: Vec<String> = Vec::new();
                    for word in self.words(prefix)? {
                        let stem = analyser.stem(&word).into_owned();
                        if !stems.contains(&stem) {
                            stems.push(stem);
                        }
                    }
                    Expanded::Any(stems)
                }
            };
            parts.push((*occur, expanded));
        }
        Ok(parts)
    }

    /// Weight of a key: docs/search-format.md, "Score".
    fn idf(&self, lists: Option<&Vec<List>>) -> f64 {
        let live = |(list, open): (&List, &OpenTier)| {
            f64::from(list.records.saturating_sub(open.dead_among(&list.postings)))
        };
        let with = lists.into_iter().flatten().zip(&self.tiers).map(live).sum::<f64>();
        let all = self.records() as f64;
        (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
    }

    /// What a key adds to each record, by tier.
    fn scores(&self, key: &str, lists: &BTreeMap<String, Vec<List>>) -> Matches {
        let found = lists.get(key);
        let idf = self.idf(found);
        let tiers = self.tiers.iter().enumerate();
        let scores = tiers.map(|(number, open)| {
            let postings = found.map(|lists| lists[number].postings.as_slice()).unwrap_or_default();
            let value = |level: u8| f64::from(open.tier.levels[usize::from(level)]) / 65535.0;
            let live = postings.iter().filter(|(record, _)| !open.is_dead(*record));
            live.map(|(record, level)| (*record, idf * value(*level))).collect()
        });
        scores.collect()
    }

    fn matches(&self, part: &Expanded, lists: &BTreeMap<String, Vec<List>>) -> Matches {
        let all = |keys: &[String]| {
            let mut keys = keys.iter().map(|key| self.scores(key, lists));
            let first = keys.next().unwrap_or_else(|| vec![Vec::new(); self.tiers.len()]);
            keys.fold(first, |sum, more| both(sum, &more))
        };
        match part {
            Expanded::Any(keys) => {
                let none = vec![Vec::new(); self.tiers.len()];
                keys.iter().fold(none, |sum, key| either(sum, &self.scores(key, lists)))
            }
            Expanded::All(keys) => all(keys),
            Expanded::Phrase { stems, pairs } => {
                let (pairs, words) = (all(pairs), all(stems));
                // A keyword's pairs are in the text too, so that the words are there.
                both(words, &pairs)
            }
        }
    }

    /// Records that have the phrase on their card, beside those `found`; whether there are
    /// candidates that were not looked at.
    fn phrases(
        &mut self,
        stems: &[String],
        lists: &BTreeMap<String, Vec<List>>,
        found: &Matches,
        cards: &mut BTreeMap<At, String>,
        analyser: &mut Analyser,
    ) -> Result<(Matches, bool), ReadError> {
        let mut candidates = self.matches(&Expanded::All(stems.to_vec()), lists);
        for (tier, records) in candidates.iter_mut().enumerate() {
            records.retain(|(at, _)| found[tier].binary_search_by_key(at, |(at, _)| *at).is_err());
        }
        let in_part = candidates.iter().any(|records| !records.is_empty());
        let candidates = best(&candidates, PHRASE_CANDIDATES);
        self.fetch(candidates.iter().map(|(at, _)| *at), cards)?;
        let mut more: Matches = vec![Vec::new(); self.tiers.len()];
        for ((tier, record), score) in candidates {
            let Some(card) = cards.get(&(tier, record)) else { continue };
            let mut shown = card.split('\t').skip(4).take(2);
            let has = |text: &str| {
                let tokens = analyser.collect(text);
                let text: Vec<_> = tokens.iter().map(|token| analyser.stem(token)).collect();
                text.windows(stems.len()).any(|window| window == stems)
            };
            if shown.any(has) {
                more[tier].push((record, score));
            }
        }
        Ok((more, in_part))
    }

    /// The records that match everything, by tier, with their scores.
    fn combined(&self, parts: &[(Occur, Matches)], filters: &[(bool, Filter)]) -> Matches {
        let has_must = parts.iter().any(|(occur, _)| *occur == Occur::Must);
        let has_should = parts.iter().any(|(occur, _)| *occur == Occur::Should);
        let tiers = self.tiers.iter().enumerate();
        let combined = tiers.map(|(number, open)| {
            let of = |wanted: Occur| {
                let parts = parts.iter().filter(move |(occur, _)| *occur == wanted);
                parts.map(|(_, found)| &found[number])
            };
            let scored: Vec<_> = if has_must || has_should {
                let any = parts.iter().filter(|(occur, _)| *occur != Occur::Not);
                any.fold(Vec::new(), |sum, (_, found)| merged(sum, &found[number]))
            } else {
                (0..open.tier.records).map(|record| (record, 0.0)).collect()
            };
            let holds = |found: &Vec<(u32, f64)>, at: u32| {
                found.binary_search_by_key(&at, |(at, _)| *at).is_ok()
            };
            let allowed: Vec<bool> =
                open.tables.runs.iter().map(|run| passes(run, &open.tables, filters)).collect();
            let run_of = |at: u32| open.tables.runs.partition_point(|run| run.first <= at) - 1;
            let keep = scored.into_iter().filter(|(at, _)| {
                of(Occur::Must).all(|found| holds(found, *at))
                    && !of(Occur::Not).any(|found| holds(found, *at))
                    && allowed[run_of(*at)]
                    && !open.is_dead(*at)
            });
            keep.collect()
        });
        combined.collect()
    }

    fn facets(&self, scored: &Matches) -> BTreeMap<&'static str, Counted> {
        let mut counts: BTreeMap<&str, BTreeMap<String, u64>> = BTreeMap::new();
        for (records, open) in scored.iter().zip(&self.tiers) {
            let mut rest = records.as_slice();
            for run in &open.tables.runs {
                let inside = rest.partition_point(|(at, _)| *at < run.first + run.records);
                let (now, later) = rest.split_at(inside);
                rest = later;
                if now.is_empty() {
                    continue;
                }
                let values = &open.tables.values;
                let year = if run.year == 0 { String::new() } else { run.year.to_string() };
                let told = [
                    ("type", values.types[run.kind as usize].clone()),
                    ("access", values.access[run.access as usize].clone()),
                    ("license", values.licences[run.licence as usize].clone()),
                    ("year", year),
                ];
                for (facet, value) in told.into_iter().filter(|(_, value)| !value.is_empty()) {
                    *counts.entry(facet).or_default().entry(value).or_default() += now.len() as u64;
                }
            }
        }
        let ranked = |values: BTreeMap<String, u64>| {
            let mut values: Counted = values.into_iter().collect();
            values.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
            values.truncate(FACET_VALUES);
            values
        };
        let names = ["type", "access", "license", "year"].into_iter();
        names.map(|name| (name, ranked(counts.remove(name).unwrap_or_default()))).collect()
    }

    /// The newest of the records. The day between two that are written down is on the cards:
    /// those of every record that may belong there are read.
    fn newest(
        &mut self,
        scored: &Matches,
        limit: usize,
        cards: &mut BTreeMap<At, String>,
    ) -> Result<Vec<(At, f64)>, ReadError> {
        // (earliest, latest) day that a record can have.
        let mut bounded: Vec<((u32, u16, u16), At, f64)> = Vec::new();
        for (tier, (records, open)) in scored.iter().zip(&self.tiers).enumerate() {
            for (record, score) in records {
                let Some(run) = open.tables.run_of(*record) else { continue };
                let at = (record - run.first) / 64;
                let latest = open.tables.days[run.day + at as usize];
                let is_last = (at + 1) * 64 >= run.records;
                let earliest =
                    if is_last { 0 } else { open.tables.days[run.day + at as usize + 1] };
                // Exact where it is the one written down.
                let earliest =
                    if (record - run.first).is_multiple_of(64) { latest } else { earliest };
                bounded.push(((run.year, earliest, latest), (tier, *record), *score));
            }
        }
        bounded.sort_by_key(|((year, earliest, _), at, _)| (Reverse((*year, *earliest)), *at));
        if let Some(((year, day, _), ..)) = bounded.get(limit.saturating_sub(1)).copied() {
            bounded.retain(|((y, _, latest), ..)| (*y, *latest) >= (year, day));
        }
        bounded.sort_by_key(|((year, _, latest), at, _)| (Reverse((*year, *latest)), *at));
        // A bound on what one request may cost: one day may have very many records.
        bounded.truncate(limit + 200);
        self.fetch(bounded.iter().map(|(_, at, _)| *at), cards)?;
        let mut dated: Vec<((u32, u16), At, f64)> = bounded
            .into_iter()
            .map(|((year, ..), at, score)| {
                ((year, cards.get(&at).map_or(0, |card| day(card))), at, score)
            })
            .collect();
        dated.sort_by_key(|(date, at, _)| (Reverse(*date), *at));
        dated.truncate(limit);
        Ok(dated.into_iter().map(|(_, at, score)| (at, score)).collect())
    }

    fn hit(&self, (tier, record): At, score: f64, card: &str) -> Option<Hit> {
        let tables = &self.tiers[tier].tables;
        let run = tables.run_of(record)?;
        let mut fields = card.split('\t').map(str::to_owned);
        let mut field = || fields.next().unwrap_or_default();
        let (id, date, creators, more) = (field(), field(), field(), field());
        Some(Hit {
            id,
            score,
            date,
            creators,
            more_creators: more.parse().unwrap_or(0),
            title: field(),
            snippet: field(),
            version: field(),
            kind: tables.values.types.get(run.kind as usize)?.clone(),
            access: tables.values.access.get(run.access as usize)?.clone(),
            license: tables.values.licences.get(run.licence as usize)?.clone(),
        })
    }
}

/// A part whose words are known.
enum Expanded {
    Any(Vec<String>),
    All(Vec<String>),
    Phrase { stems: Vec<String>, pairs: Vec<String> },
}

impl Expanded {
    fn keys(&self) -> Vec<String> {
        match self {
            Expanded::Any(keys) | Expanded::All(keys) => keys.clone(),
            Expanded::Phrase { stems, pairs } => [stems.as_slice(), pairs].concat(),
        }
    }
}

/// (month − 1) · 31 + day − 1 of the date on a card.
fn day(card: &str) -> u16 {
    let date = card.split('\t').nth(1).unwrap_or_default();
    let mut parts = date.split('/').next().unwrap_or_default().split('-').skip(1);
    let mut part = || parts.next().and_then(|part| part.parse::<u16>().ok()).unwrap_or(1);
    let (month, day) = (part(), part());
    (month.clamp(1, 12) - 1) * 31 + day.clamp(1, 31) - 1
}

fn passes(run: &Run, tables: &TierTables, filters: &[(bool, Filter)]) -> bool {
    let values = &tables.values;
    let is = |filter: &Filter| match filter {
        Filter::Value(Facet::Type, value) => {
            let kind = &values.types[run.kind as usize];
            kind == value
                || kind.strip_prefix(value.as_str()).is_some_and(|rest| rest.starts_with('-'))
        }
        Filter::Value(Facet::Access, value) => values.access[run.access as usize] == *value,
        Filter::Value(Facet::Licence, value) => values.licences[run.licence as usize] == *value,
        Filter::Value(Facet::Year, _) => false,
        Filter::Years(from, to) => run.year != 0 && (*from..=*to).contains(&i64::from(run.year)),
    };
    let left_out = filters.iter().any(|(out, filter)| *out && is(filter));
    let asked: BTreeSet<Facet> =
        filters.iter().filter(|(out, _)| !out).map(|(_, filter)| filter.facet()).collect();
    let passed = |facet: &Facet| {
        filters.iter().any(|(out, filter)| !out && filter.facet() == *facet && is(filter))
    };
    !left_out && asked.iter().all(passed)
}

/// The best of all tiers: by score, then tier, then record.
fn best(scored: &Matches, limit: usize) -> Vec<(At, f64)> {
    let tiers = scored.iter().enumerate();
    let mut all: Vec<(At, f64)> = tiers
        .flat_map(|(tier, records)| records.iter().map(move |(at, score)| ((tier, *at), *score)))
        .collect();
    let order = |a: &(At, f64), b: &(At, f64)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    if limit < all.len() {
        all.select_nth_unstable_by(limit, order);
        all.truncate(limit);
    }
    all.sort_unstable_by(order);
    all
}

/// Union of two lists by record; scores add up.
fn merged(a: Vec<(u32, f64)>, b: &[(u32, f64)]) -> Vec<(u32, f64)> {
    if a.is_empty() {
        return b.to_vec();
    }
    let mut out = Vec::with_capacity(a.len() + b.len());
    let (mut a, mut b) = (a.into_iter().peekable(), b.iter().copied().peekable());
    while let (Some(left), Some(right)) = (a.peek().copied(), b.peek().copied()) {
        if left.0 <= right.0 {
            a.next();
        }
        if right.0 <= left.0 {
            b.next();
        }
        out.push(match left.0.cmp(&right.0) {
            std::cmp::Ordering::Less => left,
            std::cmp::Ordering::Greater => right,
            std::cmp::Ordering::Equal => (left.0, left.1 + right.1),
        });
    }
    out.extend(a);
    out.extend(b);
    out
}

fn either(a: Matches, b: &Matches) -> Matches {
    a.into_iter().zip(b).map(|(a, b)| merged(a, b)).collect()
}

/// Records in both, by tier; scores add up.
fn both(a: Matches, b: &Matches) -> Matches {
    let tier = |(a, b): (Scored, &Scored)| {
        let found = |at: u32| b.binary_search_by_key(&at, |(at, _)| *at).ok().map(|i| b[i].1);
        a.into_iter().filter_map(|(at, score)| Some((at, score + found(at)?))).collect()
    };
    a.into_iter().zip(b).map(tier).collect()
}

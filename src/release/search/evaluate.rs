//! From a query to hits: docs/search-format.md, "Score", "Queries".

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::analyse::Analyser;
use super::gather::{Expanded, Gathered, Lists, told_by};
use super::lists::{List, idf};
use super::pointer::Phrases;
use super::query::{Facet, Filter, Occur, Part, Query};
use super::reader::{OpenTier, ReadError, Reading, Searcher};
use super::tables::{Run, TierTables};

/// Candidates of a phrase whose cards are read.
const CANDIDATES: usize = 50;
/// Cards of a first answer to a phrase of two words, and of more; those of pages included.
const FIRST_CARDS: [usize; 2] = [14, 10];
/// Hits of a page.
const PAGE: usize = 10;
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
    /// Whether `total` is exact: all lists were read whole, and prefixes stand for all words;
    /// or two words have their best records told, which all count.
    pub exact: bool,
    /// Whether the counts by facet are exact: all lists were read whole.
    pub facets_exact: bool,
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
pub(super) type At = (usize, u32);

/// Per tier, by record, what a part adds to the score.
pub(super) type Matches = Vec<Scored>;

/// Records of a tier with what is added to their scores, by record.
pub(super) type Scored = Vec<(u32, f64)>;

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
        let Gathered { parts, lists, best: told, in_part } =
            self.gather(query, wanted, analyser)?;
        let facets_exact = !in_part && lists.values().flatten().all(List::is_complete);
        let newest = wanted.newest || parts.is_empty();
        let page = wanted.offset..wanted.offset + wanted.limit;
        let mut matched: Vec<(Occur, Matches)> =
            parts.iter().map(|(occur, part)| (*occur, self.matches(part, &lists))).collect();
        let mut cards = BTreeMap::new();
        let most = if wanted.reading == Reading::First && newest { 0 } else { CANDIDATES };
        let (likely, phrases_in_part) = self.likely(&parts, &matched, &lists, most, wanted.reading);
        if likely.iter().any(|candidates| !candidates.is_empty()) {
            // With the cards that will be shown anyway, so that all come in one round.
            let places = likely.iter().flatten().map(|(at, _)| *at);
            let mut places: Vec<At> = places.collect();
            if !newest {
                let scored = self.combined(&matched, &query.filters);
                let shown = best(&scored, page.end).into_iter().skip(page.start);
                places.extend(shown.map(|(at, _)| at));
            }
            self.fetch(places.into_iter(), &mut cards)?;
            for ((_, part), (candidates, (_, found))) in
                query.parts.iter().zip(likely.into_iter().zip(&mut matched))
            {
                if let Part::Phrase(stems) = part {
                    add_seen(stems, candidates, &cards, analyser, found);
                }
            }
        }
        let mut scored = self.combined(&matched, &query.filters);
        let facets = self.facets(&scored);
        let mut total: u64 = scored.iter().map(|records| records.len() as u64).sum();
        for (tier, list) in &told {
            total += self.replace(*tier, list, &lists, &mut scored[*tier]);
        }
        let counts = |(tier, _): (&usize, &List)| self.tiers[*tier].dead.is_empty();
        let exact = facets_exact || !told.is_empty() && told.iter().all(counts);
        let places = match newest {
            true => self.newest(&scored, page, wanted.reading, &mut cards)?,
            false => best(&scored, page.end).into_iter().skip(page.start).collect(),
        };
        self.fetch(places.iter().map(|(at, _)| *at), &mut cards)?;
        let hits = places.iter().filter_map(|(at, score)| self.hit(*at, *score, cards.get(at)?));
        let hits = hits.collect();
        let rounds = self.rounds;
        Ok(Answer { total, exact, facets_exact, phrases_in_part, hits, facets, rounds })
    }

    /// Puts the best records of the two words of a query in the place of those that the best parts
    /// of their lists gave; returns how many more have one of the words, at least.
    fn replace(&self, tier: usize, best: &List, lists: &Lists, scored: &mut Scored) -> u64 {
        let open = &self.tiers[tier];
        let weight: f64 = lists.values().map(|list| self.idf(Some(list))).sum();
        let with: u64 = lists.values().map(|list| u64::from(list[tier].records)).sum();
        let left_out = u64::from(best.records) + (open.dead.len() + scored.len()) as u64;
        let more = with.saturating_sub(left_out);
        let live = best.postings.iter().filter(|(record, _)| !open.is_dead(*record));
        let score = |(record, says): &(u32, u16)| (*record, weight * f64::from(*says) / 65536.0);
        *scored = live.map(score).collect();
        more
    }

    /// Reads the cards that are not there yet.
    pub(super) fn fetch(
        &mut self,
        places: impl Iterator<Item = At>,
        cards: &mut BTreeMap<At, String>,
    ) -> Result<(), ReadError> {
        let missing: BTreeSet<At> = places.filter(|at| !cards.contains_key(at)).collect();
        cards.extend(self.cards(&missing)?);
        Ok(())
    }

    /// Weight of a key: docs/search-format.md, "Score".
    fn idf(&self, lists: Option<&Vec<List>>) -> f64 {
        let live = |(list, open): (&List, &OpenTier)| {
            f64::from(list.records.saturating_sub(open.dead_among(&list.postings)))
        };
        let with = lists.into_iter().flatten().zip(&self.tiers).map(live).sum::<f64>();
        let all = self.records() as f64;
        idf(all, with)
    }

    /// What a key adds to each record, by tier.
    fn scores(&self, key: &str, lists: &Lists) -> Matches {
        let idf = self.idf(lists.get(key));
        (0..self.tiers.len()).map(|tier| self.weighed(key, tier, idf, lists)).collect()
    }

    /// What a key of this weight adds to each record of a tier.
    fn weighed(&self, key: &str, tier: usize, weight: f64, lists: &Lists) -> Scored {
        let postings = lists.get(key).map(|lists| lists[tier].postings.as_slice());
        let all = postings.unwrap_or_default().iter();
        let live = all.filter(|(record, _)| !self.tiers[tier].is_dead(*record));
        live.map(|(record, says)| (*record, weight * f64::from(*says) / 65536.0)).collect()
    }

    fn matches(&self, part: &Expanded, lists: &Lists) -> Matches {
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
            // Where the pairs are the words are; of their lists only the best may be known. That a
            // pair is there says the same of all records, and of a tier that does not have it as a
            // key nothing: so only the stems count, if their lists are read.
            Expanded::Phrase { stems, pairs, triples } => {
                let found = self.in_rows(pairs, triples, lists, stems.is_empty(), |_| true);
                stems.iter().fold(found, |sum, stem| with(sum, &self.scores(stem, lists)))
            }
        }
    }

    /// The records that have what tells a phrase in their tier, of lists that are `used`; with scores,
    /// if they are `scored`.
    fn in_rows(
        &self,
        pairs: &[String],
        triples: &[String],
        lists: &Lists,
        scored: bool,
        used: impl Fn(&List) -> bool,
    ) -> Matches {
        let weight = |key| if scored { self.idf(lists.get(key)) } else { 0.0 };
        let of_tier = |tier| {
            let is_used =
                |key: &&String| lists.get(*key).is_none_or(|lists: &Vec<List>| used(&lists[tier]));
            let told = told_by(pairs, triples, has_in(lists, tier)).filter(is_used);
            let found = told.map(|key| self.weighed(key, tier, weight(key), lists));
            found.reduce(|all, list| shared(all, &list)).unwrap_or_default()
        };
        (0..self.tiers.len()).map(of_tier).collect()
    }

    /// Whether the pairs of a phrase tell all records of a tier that have it.
    fn knows(&self, pairs: &[String], triples: &[String], tier: usize, lists: &Lists) -> bool {
        let is_text = self.tiers[tier].tier.phrases == Phrases::Text;
        told_by(pairs, triples, has_in(lists, tier)).all(|pair| {
            let list = lists.get(pair).map(|lists| &lists[tier]);
            list.map_or(is_text, |l| l.is_complete() && (is_text || l.records > 0))
        })
    }

    /// By part, the best records that have all words of a phrase, or what tells it as far as its lists
    /// are read, of tiers whose pairs do not tell them all; whether there are any.
    fn likely(
        &self,
        parts: &[(Occur, Expanded)],
        matched: &[(Occur, Matches)],
        lists: &Lists,
        most: usize,
        reading: Reading,
    ) -> (Vec<Vec<(At, f64)>>, bool) {
        let mut in_part = false;
        let of_part = |((occur, part), (_, found)): (&(Occur, Expanded), &(Occur, Matches))| {
            let Expanded::Phrase { stems, pairs, triples } = part else { return Vec::new() };
            let knows = |tier| self.knows(pairs, triples, tier, lists);
            let knows: Vec<bool> = (0..self.tiers.len()).map(knows).collect();
            if knows.iter().all(|knows| *knows) {
                return Vec::new();
            }
            in_part |= stems.is_empty();
            if *occur == Occur::Not {
                return Vec::new();
            }
            let mut likely = match stems.is_empty() {
                true => self.in_rows(pairs, triples, lists, true, List::is_complete),
                false => self.matches(&Expanded::All(stems.clone()), lists),
            };
            for ((records, found), knows) in likely.iter_mut().zip(found).zip(knows) {
                records.retain(|(at, _)| {
                    !knows && found.binary_search_by_key(at, |(at, _)| *at).is_err()
                });
            }
            in_part |= likely.iter().any(|records| !records.is_empty());
            let shown = found.iter().map(Vec::len).sum::<usize>().min(PAGE);
            let room = FIRST_CARDS[usize::from(pairs.len() > 1)].saturating_sub(shown);
            best(&likely, if reading == Reading::First { most.min(room) } else { most })
        };
        (parts.iter().zip(matched).map(of_part).collect(), in_part)
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
            for (run, now) in by_run(&open.tables.runs, records) {
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

/// Whether a tier has a key.
fn has_in(lists: &Lists, tier: usize) -> impl Fn(&str) -> bool {
    move |key| lists.get(key).is_some_and(|lists| lists[tier].records > 0)
}

/// Of each run, the records that are in it; `records` rise.
pub(super) fn by_run<'a>(
    runs: &'a [Run],
    records: &'a [(u32, f64)],
) -> impl Iterator<Item = (&'a Run, &'a [(u32, f64)])> {
    let mut rest = records;
    runs.iter().map(move |run| {
        let inside = rest.partition_point(|(at, _)| *at < run.first + run.records);
        let (now, later) = rest.split_at(inside);
        rest = later;
        (run, now)
    })
}

/// Adds the candidates on whose cards the stems follow each other.
fn add_seen(
    stems: &[String],
    candidates: Vec<(At, f64)>,
    cards: &BTreeMap<At, String>,
    analyser: &mut Analyser,
    found: &mut Matches,
) {
    for ((tier, record), score) in candidates {
        let Some(card) = cards.get(&(tier, record)) else { continue };
        let has = |text: &str| {
            let tokens = analyser.collect(text);
            let text: Vec<_> = tokens.iter().map(|token| analyser.stem(token)).collect();
            text.windows(stems.len()).any(|window| window == stems)
        };
        if card.split('\t').skip(4).take(2).any(has) {
            found[tier].push((record, score));
        }
    }
    found.iter_mut().for_each(|records| records.sort_by_key(|(record, _)| *record));
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

/// Records of `a`, by tier, with what `b` adds to their scores.
fn with(mut a: Matches, b: &Matches) -> Matches {
    for (a, b) in a.iter_mut().zip(b) {
        for (at, score) in a {
            *score += b.binary_search_by_key(at, |(at, _)| *at).map_or(0.0, |i| b[i].1);
        }
    }
    a
}

/// Records in both, by tier; scores add up.
fn both(a: Matches, b: &Matches) -> Matches {
    a.into_iter().zip(b).map(|(a, b)| shared(a, b)).collect()
}

/// Records of a tier in both; scores add up.
fn shared(a: Scored, b: &Scored) -> Scored {
    let found = |at: u32| b.binary_search_by_key(&at, |(at, _)| *at).ok().map(|i| b[i].1);
    a.into_iter().filter_map(|(at, score)| Some((at, score + found(at)?))).collect()
}

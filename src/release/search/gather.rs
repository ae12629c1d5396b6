//! What a query needs before cards, read in two rounds: docs/search-format.md, "Rounds".

use std::collections::{BTreeMap, BTreeSet};

use super::analyse::Analyser;
use super::evaluate::Wanted;
use super::key;
use super::lists::{BASE, Found, Kind, List, Outside, TOGETHER};
use super::query::{Occur, Part, Query};
use super::reader::{BEFORE_CARDS, BESIDE_BEST, FIRST, MOST, ReadError, Reading, Searcher};

/// Words that a prefix stands for.
const PREFIX_WORDS: usize = 32;
/// Requests of a first answer before its cards, and keys of prefixes it has at least.
const FIRST_REQUESTS: usize = 9;
const FIRST_PREFIX: usize = 2;
/// Most stems of a phrase that a first answer reads the lists of, and of a longer one those that it
/// is looked for by.
const FIRST_STEMS: usize = 3;
const FIRST_ROW: usize = 5;

/// Key → its list in each tier.
pub(super) type Lists = BTreeMap<String, Vec<List>>;

/// A part whose words are known.
#[derive(Debug)]
pub(super) enum Expanded {
    Any(Vec<String>),
    All(Vec<String>),
    /// Without stems it is looked for by what tells it alone.
    Phrase {
        stems: Vec<String>,
        pairs: Vec<String>,
        /// Of each pair with the next.
        triples: Vec<String>,
    },
}

/// Of each pair of a phrase the key that tells it in a tier: that of three stems, if it is one that
/// the tier has, as where these are their pairs are.
pub(super) fn told_by<'p>(
    pairs: &'p [String],
    triples: &'p [String],
    has: impl Fn(&str) -> bool,
) -> impl Iterator<Item = &'p String> {
    (0..pairs.len()).map(move |at| {
        let around = [triples.get(at), at.checked_sub(1).and_then(|before| triples.get(before))];
        around.into_iter().flatten().find(|triple| has(triple)).unwrap_or(&pairs[at])
    })
}

impl Expanded {
    fn of(part: &Part, reading: Reading) -> Expanded {
        match part {
            Part::Key(key) => Expanded::Any(vec![key.clone()]),
            Part::Together(keys) => Expanded::All(keys.clone()),
            Part::Prefix(_) => Expanded::Any(Vec::new()),
            Part::Phrase(stems) => {
                let (stems, row) = match reading == Reading::First && stems.len() > FIRST_STEMS {
                    true => (Vec::new(), &stems[..stems.len().min(FIRST_ROW)]),
                    false => (stems.clone(), stems.as_slice()),
                };
                let (pairs, triples) = (key::pairs(row).collect(), key::triples(row).collect());
                Expanded::Phrase { stems, pairs, triples }
            }
        }
    }

    fn keys(&self) -> Vec<String> {
        match self {
            Expanded::Any(keys) | Expanded::All(keys) => keys.clone(),
            Expanded::Phrase { stems, pairs, triples } => {
                [stems.as_slice(), pairs, triples].concat()
            }
        }
    }

    /// The keys whose lists tell it in a tier, which `has` some.
    fn keys_read(&self, has: impl Fn(&str) -> bool) -> Vec<String> {
        match self {
            Expanded::Phrase { stems, pairs, triples } => {
                stems.iter().chain(told_by(pairs, triples, has)).cloned().collect()
            }
            _ => self.keys(),
        }
    }
}

/// A word that begins with a prefix.
#[derive(Debug, Default)]
pub(super) struct Word {
    /// Over all tiers.
    pub(super) records: u64,
    /// By tier: whether it is known there, and the list of its stem if that has one.
    pub(super) tiers: BTreeMap<usize, Option<Outside>>,
}

/// What was read.
pub(super) struct Gathered {
    pub(super) parts: Vec<(Occur, Expanded)>,
    pub(super) lists: Lists,
    /// Of the tiers where lists are not read whole as these are known: the best records of the
    /// two words that are searched.
    pub(super) best: BTreeMap<usize, List>,
    /// Whether more words begin with a prefix than it stands for here, or a phrase has more pairs
    /// than it is looked for by.
    pub(super) in_part: bool,
}

/// What is known of keys in tiers.
pub(super) type Known = BTreeMap<(usize, String), Found>;

impl Searcher<'_> {
    /// Reads the lists of a query.
    pub(super) fn gather(
        &mut self,
        query: &Query,
        wanted: Wanted,
        analyser: &Analyser,
    ) -> Result<Gathered, ReadError> {
        let Wanted { reading, .. } = wanted;
        let mut parts: Vec<(Occur, Expanded)> =
            query.parts.iter().map(|(occur, part)| (*occur, Expanded::of(part, reading))).collect();
        let keys: BTreeSet<String> = parts.iter().flat_map(|(_, part)| part.keys()).collect();
        let prefixes = query.parts.iter().filter(|(_, part)| matches!(part, Part::Prefix(_)));
        let prefixes = prefixes.count();
        let tiers = 0..self.tiers.len();
        let every =
            |key: &String| tiers.clone().map(|tier| (tier, key.clone())).collect::<Vec<_>>();
        // First round: buckets of the keys that are known, of their bases, and of prefixes.
        let bases_of = keys.iter().flat_map(|key| key::bases(key, analyser));
        let asked: BTreeSet<String> = keys.iter().cloned().chain(bases_of).collect();
        let (mut known, mut before) = self.find(&asked.iter().flat_map(every).collect())?;
        let bases = bases(&mut known, analyser);
        let mut unknown = BTreeSet::new();
        let mut in_part = query.parts.iter().zip(&parts).any(|((_, part), (_, expanded))| {
            let (Part::Phrase(stems), Expanded::Phrase { pairs, .. }) = (part, expanded) else {
                return false;
            };
            pairs.len() + 1 < stems.len()
        });
        for ((_, part), (_, expanded)) in query.parts.iter().zip(&mut parts) {
            let (Part::Prefix(prefix), Expanded::Any(stems)) = (part, expanded) else { continue };
            let (words, requests) = self.words(prefix)?;
            before += requests.iter().sum::<u64>();
            let most = match reading {
                Reading::Complete | Reading::Final => PREFIX_WORDS,
                Reading::First => {
                    let room = FIRST_REQUESTS.saturating_sub(requests.len() + 2 * asked.len());
                    (room / prefixes).max(FIRST_PREFIX)
                }
            };
            in_part |= stand_for(words, most, analyser, stems, &mut known);
            let missing = stems.iter().flat_map(every);
            unknown.extend(missing.filter(|place| !known.contains_key(place)));
        }
        self.rounds += u32::from(!keys.is_empty() || prefixes > 0);
        // Second: lists, and buckets of rare words, which hold what there is.
        let two = two_words(query, wanted);
        let long = two.map(|words| self.long(words, &known)).unwrap_or_default();
        let out: BTreeSet<String> = parts
            .iter()
            .filter(|(occur, _)| *occur == Occur::Not)
            .flat_map(|(_, part)| part.keys())
            .collect();
        // Of a phrase a list that is cut short leaves out records that have it.
        let has_phrase = parts.iter().any(|(_, part)| matches!(part, Expanded::Phrase { .. }));
        let left = if has_phrase { FIRST } else { BEFORE_CARDS.saturating_sub(before) };
        let room = [
            left.min(if long.is_empty() { FIRST } else { BESIDE_BEST }),
            if has_phrase || parts.len() < 2 { MOST } else { FIRST },
        ];
        let based: BTreeSet<_> =
            bases.iter().map(|(tier, _, base)| (*tier, base.as_str())).collect();
        let whole = |tier: usize, key: &str| match long.is_empty() {
            true => reading != Reading::First || out.contains(key) || based.contains(&(tier, key)),
            false => !long.contains(&tier),
        };
        let mut read = BTreeSet::new();
        for tier in tiers.clone() {
            let has = |key: &str| known.contains_key(&(tier, key.to_owned()));
            let keys = parts.iter().flat_map(|(_, part)| part.keys_read(has));
            read.extend(keys.map(|key| (tier, key)));
        }
        // Those of three words come last: a pair may be the base of these, a word of that.
        for (tier, key, base) in bases.iter().rev() {
            if read.contains(&(*tier, key.clone())) {
                read.insert((*tier, base.clone()));
            }
        }
        known.retain(|place, _| read.contains(place));
        let mut lists = Lists::new();
        let words = (!long.is_empty()).then(|| known.clone());
        let has_lists = self.load(known, whole, room, &mut lists)?;
        let best = match two {
            Some(words) => self.best_of_two(words, wanted, &long)?,
            None => BTreeMap::new(),
        };
        for (tier, pair, base) in &bases {
            let (tier, pair) = (*tier, pair.as_str());
            let list = |key: &str| lists.get(key).map(|lists| &lists[tier]);
            let found = list(pair).zip(list(base)).map(|(pair, base)| pair.within(base));
            if let Some((lists, found)) = lists.get_mut(pair).zip(found) {
                lists[tier] = found;
            }
        }
        self.rounds += u32::from(has_lists || !unknown.is_empty());
        // A tier that does not know a word may have a list of its stem all the same.
        let (more, _) = self.find(&unknown)?;
        let has_lists = self.load(more, whole, room, &mut lists)?;
        self.rounds += u32::from(has_lists);
        if let Some(words) = words.filter(|_| reading == Reading::Final && best.is_empty()) {
            self.load(words, |_, _| true, room, &mut lists)?;
            self.rounds += 1;
        }
        Ok(Gathered { parts, lists, best, in_part })
    }

    /// The tiers in which two words have their best records told.
    fn long(&self, words: [&str; 2], known: &Known) -> BTreeSet<usize> {
        let is_long = |tier: &usize| {
            let frequent = self.tiers[*tier].tier.frequent;
            let records = |word: &str| {
                let records = known.get(&(*tier, word.to_owned()))?.records();
                (frequent > 0 && records >= frequent).then_some(records)
            };
            let [a, b] = words.map(records);
            a.zip(b).is_some_and(|(a, b)| u64::from(a) + u64::from(b) > u64::from(TOGETHER))
        };
        (0..self.tiers.len()).filter(is_long).collect()
    }

    /// By tier of `long`, the best records of two words; none at all if those of one tier are not
    /// known, or too many of them do not count. Reads buckets, in the round of lists.
    fn best_of_two(
        &self,
        words: [&str; 2],
        wanted: Wanted,
        long: &BTreeSet<usize>,
    ) -> Result<BTreeMap<usize, List>, ReadError> {
        let key = key::best_of_two(words[0], words[1]);
        let asked = long.iter().map(|tier| (*tier, key.clone())).collect();
        let (found, _) = self.find(&asked)?;
        let found = found.into_iter().filter_map(|((tier, _), found)| match found {
            Found::Inside(list, Kind::Best) => Some((tier, list)),
            _ => None,
        });
        let is_enough = |(tier, list): &(usize, List)| {
            let dead = self.tiers[*tier].dead_among(&list.postings) as usize;
            list.postings.len() - dead >= wanted.offset + wanted.limit
        };
        let best: BTreeMap<usize, List> = found.filter(is_enough).collect();
        Ok(if best.len() == long.len() { best } else { BTreeMap::new() })
    }
}

/// The words of a query that is answered by the best records of two: two words in the text that
/// should match, without filters, best first.
fn two_words(query: &Query, wanted: Wanted) -> Option<[&str; 2]> {
    let [(Occur::Should, Part::Key(a)), (Occur::Should, Part::Key(b))] = query.parts.as_slice()
    else {
        return None;
    };
    let is_plain = query.filters.is_empty() && !wanted.newest && !a.contains(':');
    (is_plain && !b.contains(':') && wanted.reading != Reading::Complete).then_some([a, b])
}

/// Of the keys that are told by places in the list of another: tier, key and that, pairs before
/// three words. A key whose base shares its list with another is told by nothing, and so is not
/// known.
fn bases(known: &mut Known, analyser: &Analyser) -> Vec<(usize, String, String)> {
    let mut bases = Vec::new();
    for of_pairs in [false, true] {
        let placed = known.iter().filter_map(|((tier, key), found)| {
            let is_second = match found.kind() {
                Kind::Places { is_second, .. } => is_second,
                Kind::Levels { k: Some(_) } => false,
                _ => return None,
            };
            let base = key::bases(key, analyser).into_iter().nth(usize::from(is_second));
            let is_pair = base.as_ref().is_some_and(|base| base.starts_with(key::PAIR));
            let found = base.as_ref().and_then(|base| known.get(&(*tier, base.clone())));
            let is_base = |found: &Found| match is_pair {
                true => matches!(found.kind(), Kind::Plain | Kind::Places { .. }),
                false => found.kind() == Kind::Stem,
            };
            let is_base = found.is_some_and(|found| is_base(found) && found.records() < BASE);
            let base = base.filter(|_| is_base);
            (is_pair == of_pairs).then(|| (*tier, key.clone(), base))
        });
        for (tier, key, base) in placed.collect::<Vec<_>>() {
            match base {
                Some(base) => bases.push((tier, key, base)),
                None => drop(known.remove(&(tier, key))),
            }
        }
    }
    bases
}

/// The stems of the words with most records; where their lists are goes to `known`. Whether there
/// are more.
fn stand_for(
    words: BTreeMap<String, Word>,
    most: usize,
    analyser: &Analyser,
    stems: &mut Vec<String>,
    known: &mut Known,
) -> bool {
    let mut words: Vec<(String, Word)> = words.into_iter().collect();
    words.sort_by(|(a, x), (b, y)| (y.records, a).cmp(&(x.records, b)));
    let mut in_part = words.len() > PREFIX_WORDS;
    for (word, Word { tiers, .. }) in words.into_iter().take(PREFIX_WORDS) {
        let stem = analyser.stem(&word).into_owned();
        if !stems.contains(&stem) {
            if stems.len() >= most {
                in_part = true;
                continue;
            }
            stems.push(stem.clone());
        }
        for (tier, list) in tiers.into_iter().filter_map(|(tier, list)| Some((tier, list?))) {
            known.insert((tier, stem.clone()), Found::Outside(list));
        }
    }
    in_part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_only_by_the_list_of_one_key_that_is_by_record() {
        let analyser = Analyser::new();
        let check = |key: &str, base: &str, kind, records, is_told: bool| {
            let place = |key: &str| (0, key.to_owned());
            let list = |records, kind| Found::Inside(List { records, postings: Vec::new() }, kind);
            let placed = match key.starts_with(key::PAIR) {
                true => list(3, Kind::Places { is_second: true, k: 0 }),
                false => list(3, Kind::Levels { k: Some(0) }),
            };
            let edge = (place("edge"), list(5, Kind::Stem));
            let mut known =
                Known::from([(place(key), placed), edge, (place(base), list(records, kind))]);
            bases(&mut known, &analyser);
            let told = bases(&mut known, &analyser);
            let told: Vec<_> = told.into_iter().filter(|told| told.1 == key).collect();
            let expected = (0, key.to_owned(), base.to_owned());
            assert_eq!(told, Vec::from_iter(is_told.then_some(expected)), "{key} {kind:?}");
            assert_eq!(known.contains_key(&place(key)), is_told, "{key} {kind:?} {records}");
        };
        let places = Kind::Places { is_second: true, k: 0 };
        check("p:sea ice", "ice", Kind::Stem, BASE - 1, true);
        check("p:sea ice", "ice", Kind::Stem, BASE, false);
        check("p:sea ice", "ice", Kind::Levels { k: None }, 3, false);
        check("p:sea ice", "ice", Kind::Plain, 3, false);
        check("t:ices", "ices", Kind::Stem, BASE - 1, true);
        check("k:ices", "ices", Kind::Stem, BASE, false);
        check("n:ices", "ice", Kind::Stem, 3, true);
        check("n:ices", "ice", Kind::Levels { k: None }, 3, false);
        check("n:ices", "ices", Kind::Stem, 3, false);
        check("p:sea ice edge", "p:ice edge", Kind::Plain, 3, true);
        check("p:sea ice edge", "p:ice edge", places, 3, true);
        check("p:sea ice edge", "p:ice edge", Kind::Plain, BASE - 1, true);
        check("p:sea ice edge", "p:ice edge", Kind::Plain, BASE, false);
        check("p:sea ice edge", "p:ice edge", Kind::Levels { k: None }, 3, false);
        // Where the pair has no base, neither have the three.
        let mut known = Known::new();
        for key in ["p:sea ice edge", "p:ice edge"] {
            let list = List { records: 3, postings: Vec::new() };
            known.insert((0, key.to_owned()), Found::Inside(list, places));
        }
        assert!(bases(&mut known, &analyser).is_empty() && known.is_empty());
    }

    #[test]
    fn three_words_tell_their_pairs() {
        let check = |known: &[&str], expected: &[&str]| {
            let stems = ["a", "b", "c", "d"].map(str::to_owned);
            let pairs: Vec<String> = key::pairs(&stems).collect();
            let triples: Vec<String> = key::triples(&stems).collect();
            let told: Vec<_> = told_by(&pairs, &triples, |key| known.contains(&key)).collect();
            assert_eq!(told, expected, "{known:?}");
        };
        check(&[], &["p:a b", "p:b c", "p:c d"]);
        check(&["p:a b c"], &["p:a b c", "p:a b c", "p:c d"]);
        check(&["p:b c d"], &["p:a b", "p:b c d", "p:b c d"]);
        check(&["p:a b c", "p:b c d"], &["p:a b c", "p:b c d", "p:b c d"]);
    }
}

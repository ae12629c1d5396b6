//! The best records of two frequent words: docs/search-format.md, "Best of two".
//!
//! Lists of frequent words are long, and the best records of two words are not those of either. So
//! they are found here, once, in a walk over all documents with the frequent words of each.

use tantivy::DocSet as _;
use tantivy::postings::{Postings as _, SegmentPostings, TermInfo};
use tantivy::schema::IndexRecordOption;

use crate::release::search::bits::BitWriter;
use crate::release::search::key::{self, Place};
use crate::release::search::lists::{BEST, BEST_BITS, BEST_PARAMETER, TOGETHER, idf};

use super::SearchError;
use super::export::{PLACES, rising};
use super::terms::{Source, of_bucket};

/// Most words; of more, those with most records. Pairs grow with the square.
const WORDS: usize = 512;
/// Documents that are looked at together: postings of one word are read in a row, and what is
/// found stays near.
const AT_ONCE: usize = 1024;
/// What idf is counted in: sums of whole numbers are the same on every machine.
const IDF: f64 = 1024.0;

/// The best records of two words.
#[derive(Debug, Clone)]
pub(super) struct BestOfTwo {
    pub(super) place: Place,
    /// Records that have both.
    both: u32,
    /// By record, what the two words say of it together, in [`BEST_BITS`] bits.
    best: Vec<(u32, u32)>,
}

impl BestOfTwo {
    /// Appends the entry but for its fingerprint; records are below `range`.
    pub(super) fn put(&self, range: u32, bits: &mut BitWriter) {
        bits.gamma(self.both + 1);
        bits.bits(PLACES, 3);
        bits.gamma(BEST_PARAMETER + 1);
        let records = self.best.iter().copied();
        rising(records, range, bits, |says, bits| bits.bits(says, BEST_BITS));
    }
}

/// The best of some records, the greatest score first; of equal ones the lower number. Each as
/// its score and, in the lower half, what its number is short of the greatest; 0 where there are
/// fewer.
#[derive(Debug, Clone, Copy, Default)]
struct Best([u64; BEST as usize]);

impl Best {
    /// Takes a record with its score, if it is among the best; returns what a score must reach to
    /// be among them from now on.
    fn offer(&mut self, score: u32, record: u32) -> u32 {
        let offered = u64::from(score) << 32 | u64::from(u32::MAX - record);
        // Most are hardly among them.
        let at = self.0.iter().rposition(|known| *known > offered).map_or(0, |last| last + 1);
        let last = self.0.len() - 1;
        if at <= last {
            self.0.copy_within(at..last, at + 1);
            self.0[at] = offered;
        }
        (self.0[last] >> 32) as u32
    }

    /// Scores and records.
    fn iter(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        let known = self.0.iter().take_while(|known| **known > 0);
        known.map(|known| ((known >> 32) as u32, u32::MAX - *known as u32))
    }
}

/// A frequent word.
struct Word {
    key: String,
    records: u32,
    /// In 1/[`IDF`].
    idf: u32,
    postings: SegmentPostings,
}

/// The best records of each two frequent words that have many postings together.
#[derive(Debug, Default)]
pub(super) struct BestOfAll {
    /// By place, no two at one.
    found: Vec<BestOfTwo>,
    /// Least records of such words; 0 if there are none.
    pub(super) frequent: u32,
}

impl BestOfAll {
    /// `text`: of the stems in the text, `terms` those of them whose lists are in groups;
    /// `records`: document of the segment → record.
    pub(super) fn new(
        text: &Source,
        terms: Vec<(Vec<u8>, TermInfo)>,
        records: &[u32],
        buckets: u32,
    ) -> Result<BestOfAll, SearchError> {
        let words = most_frequent(text, terms, records.len() as u32)?;
        let frequent = words.iter().map(|word| word.records).min();
        let mut found = best_of(words, text, records, buckets);
        found.sort_by_key(|two| two.place);
        let alone = found.chunk_by(|a, b| a.place == b.place).filter(|same| same.len() == 1);
        let found: Vec<_> = alone.flatten().cloned().collect();
        Ok(match found.is_empty() {
            true => BestOfAll::default(),
            false => BestOfAll { found, frequent: frequent.unwrap_or(0) },
        })
    }

    /// Those of a bucket, in order.
    pub(super) fn in_bucket(&self, bucket: u32) -> &[BestOfTwo] {
        of_bucket(&self.found, |two| two.place, bucket)
    }
}

/// What is known of words and of pairs of them after some records.
struct Walk {
    /// By word what a score must reach to be among its best, and these.
    alone: Vec<(u32, Best)>,
    /// By pair how many have both, and what a score must reach to be among its best; nothing does
    /// where none are told.
    met: Vec<(u32, u32)>,
    /// By pair.
    best: Vec<Best>,
}

impl Walk {
    fn new(words: &[Word]) -> Walk {
        let mut met = Vec::new();
        for (second, word) in words.iter().enumerate() {
            let is_long = |first: &Word| first.records + word.records > TOGETHER;
            let least = |first| if is_long(first) { 0 } else { u32::MAX };
            met.extend(words[..second].iter().map(|first| (0, least(first))));
        }
        let best = vec![Best::default(); met.len()];
        Walk { alone: vec![(0, Best::default()); words.len()], met, best }
    }

    /// Takes a record with the words that it has, each with what it says of it.
    fn take(&mut self, record: u32, words: &[(usize, u32)]) {
        for (at, (second, score)) in words.iter().enumerate() {
            let (least, alone) = &mut self.alone[*second];
            if score >= least {
                *least = alone.offer(*score, record);
            }
            let start = pair(0, *second);
            for (first, more) in &words[..at] {
                let (pair, score) = (start + first, score + more);
                let (both, least) = &mut self.met[pair];
                *both += 1;
                if score >= *least {
                    *least = self.best[pair].offer(score, record);
                }
            }
        }
    }
}

/// The best records of each two of some words, in no order.
fn best_of(mut words: Vec<Word>, text: &Source, records: &[u32], buckets: u32) -> Vec<BestOfTwo> {
    let mut walk = Walk::new(&words);
    let is_told = |(_, least): &(u32, u32)| *least == 0;
    let (Some(norms), true) = (&text.norms, walk.met.iter().any(is_told)) else {
        return Vec::new();
    };
    // By document the words that it has, each with what it says of it.
    let mut here: Vec<Vec<(usize, u32)>> = vec![Vec::new(); AT_ONCE];
    for (start, records) in (0..).step_by(AT_ONCE).zip(records.chunks(AT_ONCE)) {
        let end = start + records.len() as u32;
        for (number, Word { idf, postings, .. }) in words.iter_mut().enumerate() {
            let mut doc = postings.doc();
            while doc < end {
                let length = norms.fieldnorm_id(doc);
                let impact = text.lengths.impact(postings.term_freq(), length);
                let score = *idf * u32::from(impact.worth());
                here[(doc - start) as usize].push((number, score));
                doc = postings.advance();
            }
        }
        for (here, record) in here.iter_mut().zip(records) {
            walk.take(*record, here);
            here.clear();
        }
    }
    let mut found = Vec::new();
    for second in 1..words.len() {
        for first in 0..second {
            let number = pair(first, second);
            let (both, least) = walk.met[number];
            if least == u32::MAX {
                continue;
            }
            let mut best = walk.best[number];
            let alone = [first, second].map(|word| walk.alone[word].1);
            for (score, record) in alone.iter().flat_map(Best::iter) {
                // One that has both, and is not among the best, has no better score alone.
                if best.iter().all(|(_, known)| known != record) {
                    best.offer(score, record);
                }
            }
            let [first, second] = [&words[first], &words[second]];
            let most = u64::from(first.idf + second.idf).max(1) << 16;
            let says = |score: u32| {
                let says = ((u64::from(score) << BEST_BITS) + most / 2) / most;
                says.min((1 << BEST_BITS) - 1) as u32
            };
            let mut best: Vec<_> =
                best.iter().map(|(score, record)| (record, says(score))).collect();
            best.sort_unstable();
            let key = key::best_of_two(&first.key, &second.key);
            let place = Place::of([key.as_bytes(), b""], 0, buckets);
            found.push(BestOfTwo { place, both, best });
        }
    }
    found
}

/// Number of a pair of words, `first` before `second`.
fn pair(first: usize, second: usize) -> usize {
    second * second.saturating_sub(1) / 2 + first
}

/// The most frequent of some words, those with most records first; of `range` records.
fn most_frequent(
    text: &Source,
    mut terms: Vec<(Vec<u8>, TermInfo)>,
    range: u32,
) -> Result<Vec<Word>, SearchError> {
    terms.sort_by(|(a, x), (b, y)| (y.doc_freq, a).cmp(&(x.doc_freq, b)));
    terms.truncate(WORDS);
    let word = |(key, info): (Vec<u8>, _)| {
        let option = IndexRecordOption::WithFreqs;
        let opened = text.terms.read_postings_from_terminfo(&info, option);
        Ok(Word {
            key: String::from_utf8_lossy(&key).into_owned(),
            records: info.doc_freq,
            idf: (idf(f64::from(range), f64::from(info.doc_freq)) * IDF).round() as u32,
            postings: opened.map_err(SearchError::Write)?,
        })
    };
    terms.into_iter().map(word).collect()
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::super::super::meter::Meter;
    use super::super::document::{BETWEEN, Document, Order};
    use super::super::stream::deflated;
    use super::super::tier::{Making, TierMaker};
    use super::*;
    use crate::release::fetch::Source;
    use crate::release::search::analyse::{ANALYSER, Analyser};
    use crate::release::search::bits::put_varint;
    use crate::release::search::evaluate::{Answer, Wanted};
    use crate::release::search::pointer::{
        Dead, PACK_BYTES, Phrases, SEARCH_FORMAT, SearchPointer, Tier,
    };
    use crate::release::search::query::Query;
    use crate::release::search::reader::{Reading, Searcher};
    use crate::release::stage::{Durability, Stage};

    /// A record that says some words so often, whose id is its number.
    fn document(number: u32, words: [(&str, u32); 3]) -> Document {
        let mut all = String::new();
        for (word, times) in words {
            (0..times).for_each(|_| all.extend([word, "\n"]));
        }
        assert!(all.is_empty() || all.ends_with(BETWEEN));
        let mut fields: [String; 6] = Default::default();
        fields[0] = all;
        Document {
            older: false,
            order: Order {
                kind: "dataset".into(),
                access: "open".into(),
                licence: String::new(),
                year: Reverse(2020),
                day: Reverse(0),
            },
            fields,
            card: format!("{number}\t2020\t\t\tRecord {number}\t\t"),
            communities: Vec::new(),
        }
    }

    fn tier(dir: &Path, documents: impl Iterator<Item = Document>) -> Tier {
        let stage = Stage::open(dir, Durability::Relaxed).unwrap();
        let mut maker = TierMaker::new(&dir.join("search.db/newest"), true).unwrap();
        documents.for_each(|document| maker.add(document).unwrap());
        let making = Making { name: "base", older: false, phrases: Phrases::Known, averages: None };
        let made = maker.print(&stage, making, &mut Meter::start(), |_, _| Ok(())).unwrap();
        stage.settle().unwrap();
        made.unwrap().tier
    }

    fn search(
        dir: &Path,
        tier: &Tier,
        reading: Reading,
        offset: usize,
        text: &str,
    ) -> (Answer, u64) {
        let source = Source::open(&dir.to_string_lossy());
        let pointer = SearchPointer {
            format: SEARCH_FORMAT,
            analyser: ANALYSER,
            pack_bytes: PACK_BYTES,
            tiers: vec![tier.clone()],
        };
        let mut searcher = Searcher::of(&source, pointer, false).unwrap();
        let mut analyser = Analyser::new();
        let query = Query::parse(text, &mut analyser);
        let before = source.traffic().bytes;
        let wanted = Wanted { offset, limit: 10, newest: false, reading };
        let answer = searcher.search(&query, wanted, &mut analyser).unwrap();
        (answer, source.traffic().bytes - before)
    }

    #[test]
    fn two_frequent_words_are_answered_by_their_best_records() {
        let dir = tempfile::tempdir().unwrap();
        let records = 90_000;
        let of = |n: u32| {
            let mixed = n.wrapping_mul(2_654_435_761) >> 8;
            let times = |at: u32| 1 + (mixed >> at) % 32;
            let sea = if mixed.is_multiple_of(8) { 0 } else { times(3) };
            let ice = if mixed.is_multiple_of(7) { 0 } else { times(9) };
            document(n, [("sea", sea), ("ice", ice), ("other", 3 + mixed % 199)])
        };
        let mut tier = tier(dir.path(), (0..records).map(of));
        assert!(tier.frequent > 70_000, "{}", tier.frequent);
        let told =
            |tier: &Tier, reading, offset, text| search(dir.path(), tier, reading, offset, text);
        let ids = |answer: &Answer| -> Vec<u32> {
            answer.hits.iter().map(|hit| hit.id.parse().unwrap()).collect()
        };
        let check = |tier: &Tier, offset, text, is_told: bool| {
            let (all, bytes) = told(tier, Reading::Complete, offset, text);
            assert!(all.exact && all.facets_exact);
            for reading in [Reading::First, Reading::Final] {
                let (answer, less) = told(tier, reading, offset, text);
                let what = format!("{text} {offset} {reading:?}");
                if !is_told {
                    let is_all = answer.facets_exact && answer.hits == all.hits;
                    assert!(is_all || reading == Reading::First, "{what}");
                    continue;
                }
                assert_eq!((answer.facets_exact, answer.rounds), (false, 3), "{what}");
                assert_eq!(answer.exact, tier.dead.is_none(), "{what}");
                let dead = if answer.exact { 0 } else { 2 };
                assert!((answer.total..=answer.total + dead).contains(&all.total), "{what}");
                assert!(less < bytes, "{what}: {less} bytes, {bytes}");
                let scores: BTreeMap<&str, f64> =
                    all.hits.iter().map(|hit| (hit.id.as_str(), hit.score)).collect();
                let least = all.hits[9].score;
                assert_eq!(answer.hits.len(), 10, "{what}");
                // A score is told in ten bits, and lists are in groups.
                for hit in &answer.hits {
                    let score = scores.get(hit.id.as_str()).copied().unwrap_or(least);
                    assert!((hit.score / score - 1.0).abs() < 0.002, "{what} {hit:?} {score}");
                }
                for value in answer.facets.values().flatten() {
                    assert!(value.1 <= all.total, "{what} {value:?}");
                }
            }
        };
        check(&tier, 0, "sea ice", true);
        check(&tier, 0, "ICE sea", true);
        check(&tier, 10, "sea ice", false);
        check(&tier, 0, "+sea ice", false);
        check(&tier, 0, "sea ice type:dataset", false);
        let best = ids(&told(&tier, Reading::Final, 0, "sea ice").0);
        let mut bury = |number: usize| {
            let mut dead = best[..number].to_vec();
            dead.sort_unstable();
            let (mut bytes, mut before) = (Vec::new(), 0);
            for record in dead {
                put_varint(&mut bytes, u64::from(record - before));
                before = record;
            }
            let bytes = deflated(&bytes).unwrap();
            std::fs::write(dir.path().join("dead.bin"), &bytes).unwrap();
            tier.dead = Some(Dead { path: "dead.bin".into(), bytes: bytes.len() as u64 });
            tier.clone()
        };
        check(&bury(2), 0, "sea ice", true);
        check(&bury(3), 0, "sea ice", false);
    }

    #[test]
    fn the_best_are_kept_in_order_whatever_the_order_they_come_in() {
        let check = |scores: &[u32]| {
            let mut best = Best::default();
            let mut least = 0;
            for (record, score) in (0..).zip(scores) {
                if *score >= least {
                    least = best.offer(*score, record);
                }
            }
            let mut expected: Vec<(u32, u32)> = scores.iter().copied().zip(0..).collect();
            expected.sort_by_key(|(score, record)| (std::cmp::Reverse(*score), *record));
            expected.truncate(BEST as usize);
            let found: Vec<_> = best.iter().collect();
            assert_eq!(found, expected, "{scores:?}");
            assert_eq!(least, expected.get(BEST as usize - 1).map_or(0, |(score, _)| *score));
        };
        check(&[]);
        check(&[3, 1, 2]);
        check(&[5; 40]);
        check(&(0..40).collect::<Vec<_>>());
        check(&(0..40).rev().collect::<Vec<_>>());
        check(&(0..400).map(|n| n * 7919 % 101).collect::<Vec<_>>());
    }
}

//! `offprint bench search`: what searching costs and how well it answers, by class of query,
//! against the tantivy index that a build leaves beside the store.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::oracle::{Oracle, Sample};
use crate::release::fetch::Source;
use crate::release::search::analyse::Analyser;
use crate::release::search::evaluate::{Answer, Wanted};
use crate::release::search::query::Query;
use crate::release::search::reader::{Reading, Searcher};

/// Queries of a class.
const QUERIES: usize = 40;
/// Share of records that a rare word stays below, and that a common one has.
const RARE: f64 = 0.0005;
const COMMON: f64 = 0.02;
/// Share above which a word is very common: first answers may read the best of its list only.
const VERY_COMMON: f64 = 0.015;

/// What a query of a class is compared with.
#[derive(Clone, Copy, PartialEq)]
enum Against {
    /// The best ten by exact scores, and the count.
    Scores,
    /// The records that have the phrase: as many as can be should be among the ten.
    Phrase,
    /// Nothing: the cost alone.
    Nothing,
}

/// Asks the index at `public`, in the repository's directory, that was built of `records`.
pub(super) fn run(directory: &Path, public: &Path, records: &Path) -> Result<()> {
    let root = directory.join(public);
    let mut analyser = Analyser::new();
    let index = directory.join("search.db/newest");
    let mut oracle = Oracle::open(&index, records, &mut analyser)
        .with_context(|| format!("cannot read {} and {}", index.display(), records.display()))?;
    let source = Source::open(&root.to_string_lossy());
    let mut searcher = Searcher::open(&source, false)?;
    let classes = classes(&oracle);
    let phrases = classes.iter().filter(|class| class.1 == Against::Phrase);
    let phrases: Vec<String> = phrases.flat_map(|(.., queries)| queries.clone()).collect();
    oracle.look_for(&phrases, records, &mut analyser)?;
    let mut out = io::stdout().lock();
    for (class, against, queries) in &classes {
        let mut stages = BTreeMap::new();
        for (stage, reading) in [("first", Reading::First), ("final", Reading::Final)] {
            let mut told = Told::default();
            for text in queries {
                let query = Query::parse(text, &mut analyser);
                let newest = class.ends_with("newest");
                let wanted = Wanted { offset: 0, limit: 10, newest, reading };
                let before = source.traffic();
                let answer = searcher.search(&query, wanted, &mut analyser)?;
                let after = source.traffic();
                told.rounds.push(answer.rounds.into());
                told.requests.push(after.requests - before.requests);
                told.bytes.push(after.bytes - before.bytes);
                told.compare(&oracle, *against, text, &answer, &mut analyser)?;
            }
            stages.insert(stage, told.json());
        }
        writeln!(out, "{}", json!({ "class": class, "queries": queries, "stages": stages }))?;
    }
    Ok(())
}

/// Sums over the queries of a class.
#[derive(Default)]
struct Told {
    rounds: Vec<u64>,
    requests: Vec<u64>,
    bytes: Vec<u64>,
    /// Hits that belong among the best ten, and how many there are.
    agreed: (usize, usize),
    /// Sums of exact scores of hits, and of the best ten.
    scores: (f64, f64),
    /// The same of queries without very common words.
    plain_scores: (f64, f64),
    /// Counts that are said to be exact, and those of them that are not.
    counts: (usize, usize),
}

impl Told {
    fn compare(
        &mut self,
        oracle: &Oracle,
        against: Against,
        text: &str,
        answer: &Answer,
        analyser: &mut Analyser,
    ) -> Result<()> {
        let exact = match against {
            Against::Scores => oracle.scores(text, analyser)?,
            Against::Phrase => oracle.phrase(text),
            Against::Nothing => return Ok(()),
        };
        let mut best: Vec<f32> = exact.values().copied().collect();
        best.sort_by(|a, b| b.total_cmp(a));
        best.truncate(10);
        let least = match against {
            Against::Phrase => 0.0,
            _ => best.last().map_or(0.0, |last| last * 0.999),
        };
        let found = answer.hits.iter().filter_map(|hit| exact.get(&oracle.document(&hit.id)?));
        let found: Vec<f32> = found.copied().collect();
        self.agreed.0 += found.iter().filter(|score| **score >= least).count();
        self.agreed.1 += best.len();
        let sum = |scores: &[f32]| scores.iter().copied().map(f64::from).sum::<f64>();
        let is_plain = text.split_whitespace().all(|word| oracle.share(word) <= VERY_COMMON);
        let both = [(&mut self.scores, true), (&mut self.plain_scores, is_plain)];
        for (scores, _) in both.into_iter().filter(|(_, counts)| *counts) {
            scores.0 += sum(&found);
            scores.1 += sum(&best);
        }
        if against == Against::Scores && answer.exact {
            self.counts.0 += 1;
            self.counts.1 += usize::from(answer.total != exact.len() as u64);
        }
        Ok(())
    }

    fn json(mut self) -> Value {
        let spread = |values: &mut Vec<u64>| {
            values.sort_unstable();
            let at = |share: usize| values[(values.len() - 1) * share / 100];
            json!({ "median": at(50), "p90": at(90), "max": at(100) })
        };
        let share = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
        json!({
            "rounds": spread(&mut self.rounds),
            "requests": spread(&mut self.requests),
            "bytes": spread(&mut self.bytes),
            "agreement": share(self.agreed.0 as f64, self.agreed.1 as f64),
            "score_ratio": share(self.scores.0, self.scores.1),
            "plain_score_ratio": share(self.plain_scores.0, self.plain_scores.1),
            "exact_counts": self.counts.0,
            "wrong_counts": self.counts.1,
        })
    }
}

/// Classes of queries, made of words that stand in titles.
fn classes(oracle: &Oracle) -> Vec<(&'static str, Against, Vec<String>)> {
    let mut words: [Vec<String>; 3] = Default::default();
    let mut seen = BTreeSet::new();
    for word in oracle.samples.iter().flat_map(|sample| &sample.title) {
        if seen.insert(word) {
            let share = oracle.share(word);
            let class = usize::from(share >= RARE) + usize::from(share >= COMMON);
            words[class].push(word.clone());
        }
    }
    let [rare, mid, common] = words;
    let two = |a: &[String], b: &[String]| -> Vec<String> {
        // Not a word and itself.
        a.iter()
            .zip(b.iter().rev())
            .filter(|(a, b)| a != b)
            .map(|(a, b)| format!("{a} {b}"))
            .collect()
    };
    let of_title = |from: usize, words: usize, quote: &str| -> Vec<String> {
        let samples = oracle.samples.iter().filter(|sample| sample.title.len() >= from + words);
        let joined = |sample: &Sample| sample.title[from..from + words].join(" ");
        samples.map(|sample| format!("{quote}{}{quote}", joined(sample))).collect()
    };
    let end = |words: &[String], end: &str| -> Vec<String> {
        words.iter().map(|word| format!("{word}{end}")).collect()
    };
    let within = |field: &str, words: &[String]| -> Vec<String> {
        words.iter().map(|words| format!("{field}:\"{words}\"")).collect()
    };
    let beginnings = |length: usize| -> Vec<String> {
        let words = oracle.samples.iter().filter_map(|sample| sample.title.first());
        words.filter_map(|word| Some(format!("{}*", word.get(..length)?))).collect()
    };
    let names = oracle.samples.iter().filter_map(|sample| sample.name.clone());
    let names: Vec<String> = names.collect();
    use Against::{Nothing, Phrase, Scores};
    let classes = [
        ("1 rare", Scores, rare),
        ("1 mid", Scores, mid.clone()),
        ("2 mid", Scores, two(&mid, &mid)),
        ("words of a phrase", Scores, of_title(0, 2, "")),
        ("author, 2 names", Scores, names.clone()),
        ("1 common", Scores, common.clone()),
        ("5 title words", Scores, of_title(0, 5, "")),
        ("2 mid + 1 common", Scores, two(&two(&mid, &mid), &common)),
        ("1 mid + 1 common", Scores, two(&mid, &common)),
        ("2 common", Scores, two(&common, &common)),
        ("1 mid, filtered", Nothing, end(&mid, " type:dataset")),
        ("1 mid, newest", Nothing, mid.clone()),
        ("1 common, filtered", Nothing, end(&common, " type:dataset")),
        ("1 common, newest", Nothing, common.clone()),
        ("phrase of 2", Phrase, of_title(1, 2, "\"")),
        ("phrase of 3", Phrase, of_title(0, 3, "\"")),
        ("phrase of 5", Phrase, of_title(0, 5, "\"")),
        ("prefix of 3", Nothing, beginnings(3)),
        ("prefix of 5", Nothing, beginnings(5)),
        ("1 mid + prefix", Nothing, two(&mid, &beginnings(4))),
        ("1 mid in titles", Nothing, within("title", &mid)),
        ("3 words in titles", Nothing, within("title", &of_title(0, 3, ""))),
        ("author in names", Nothing, within("creators", &names)),
    ];
    let distinct = |mut queries: Vec<String>| {
        let mut seen = BTreeSet::new();
        queries.retain(|query| seen.insert(query.clone()));
        queries.truncate(QUERIES);
        queries
    };
    let classes = classes.map(|(class, against, queries)| (class, against, distinct(queries)));
    classes.into_iter().filter(|(.., queries)| !queries.is_empty()).collect()
}

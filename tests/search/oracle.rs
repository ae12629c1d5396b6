//! The static files against tantivy, on the same segment.

use std::collections::{BTreeMap, BTreeSet};

use offprint::release::search::analyse::Analyser;
use offprint::release::search::key::Place;
use offprint::release::search::reader::Reading;
use serde_json::{Value, json};
use tantivy::collector::{Count, TopDocs};
use tantivy::query::{BooleanQuery, Occur, Query, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocAddress, Index, Searcher, Term};

use super::repository::{Repository, synthetic};

const RECORDS: u64 = 3000;

struct Oracle {
    searcher: Searcher,
    index: Index,
}

impl Oracle {
    fn open(repository: &Repository) -> Oracle {
        let index = Index::open_in_dir(repository.dir.path().join("search.db/newest")).unwrap();
        Oracle { searcher: index.reader().unwrap().searcher(), index }
    }

    fn term(&self, field: &str, word: &str) -> Box<dyn Query> {
        let field = self.index.schema().get_field(field).unwrap();
        Box::new(TermQuery::new(Term::from_field_text(field, word), IndexRecordOption::WithFreqs))
    }

    fn query(&self, parts: &[(Occur, &str, &str)]) -> BooleanQuery {
        let parts = parts.iter().map(|(occur, field, word)| (*occur, self.term(field, word)));
        BooleanQuery::new(parts.collect())
    }

    /// All matching documents with their scores.
    fn scores(&self, query: &dyn Query) -> BTreeMap<DocAddress, f32> {
        let all = TopDocs::with_limit(RECORDS as usize).order_by_score();
        let found = self.searcher.search(query, &all).unwrap();
        assert_eq!(found.len(), self.searcher.search(query, &Count).unwrap());
        found.into_iter().map(|(score, at)| (at, score)).collect()
    }
}

/// Words of real titles by how many records they are in.
fn words(oracle: &Oracle, low: u64, high: u64) -> Vec<String> {
    let field = oracle.index.schema().get_field("title").unwrap();
    let all = oracle.index.schema().get_field("all").unwrap();
    let segment = oracle.searcher.segment_reader(0);
    let inverted = segment.inverted_index(field).unwrap();
    let mut stream = inverted.terms().stream().unwrap();
    let mut words = Vec::new();
    while stream.advance() {
        let word = String::from_utf8(stream.key().to_vec()).unwrap();
        let records = oracle.searcher.doc_freq(&Term::from_field_text(all, &word)).unwrap();
        // Words that are their own stem, so that typing them means them.
        if (low..high).contains(&records) && Analyser::new().stem(&word) == word.as_str() {
            words.push(word);
        }
    }
    let step = (words.len() / 12).max(1);
    words.into_iter().step_by(step).take(12).collect()
}

#[test]
fn static_files_answer_as_tantivy_does() {
    let lines = synthetic(RECORDS);
    let repository = Repository::of_lines(&lines);
    repository.build(1, 2);
    let oracle = Oracle::open(&repository);
    let dois: BTreeMap<String, String> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter_map(|record| {
            let doi = record["pids"]["doi"]["identifier"].as_str()?.to_lowercase();
            Some((record["id"].as_str()?.to_owned(), doi))
        })
        .collect();
    let document = |id: &str| {
        let found =
            oracle.scores(&oracle.query(&[(Occur::Must, "keys", &format!("d:{}", dois[id]))]));
        *found.keys().next().unwrap()
    };
    let rare = words(&oracle, 1, 6);
    let mid = words(&oracle, 6, 150);
    let common = words(&oracle, 300, RECORDS);
    let two = |a: &[String], b: &[String], join: &str| -> Vec<String> {
        a.iter().zip(b.iter().rev()).map(|(a, b)| format!("{a}{join}{b}")).collect()
    };
    let classes: [(&str, Vec<String>); 8] = [
        ("rare", rare.clone()),
        ("mid", mid.clone()),
        ("common", common.clone()),
        ("two mid", two(&mid, &mid, " ")),
        ("mid and common", two(&mid, &common, " ")),
        ("two common", two(&common, &common, " ")),
        ("all of two", two(&mid, &common, " AND ")),
        ("one without another", two(&mid, &common, " -")),
    ];
    for (class, queries) in classes {
        let (mut agreed, mut shown, mut got, mut ideal) = (0, 0, 0.0, 0.0);
        assert!(!queries.is_empty(), "{class}");
        for text in &queries {
            let parts: Vec<&str> = text.split_whitespace().filter(|part| *part != "AND").collect();
            let occur = |part: &str| match (part.starts_with('-'), text.contains(" AND ")) {
                (true, _) => Occur::MustNot,
                (_, true) => Occur::Must,
                _ => Occur::Should,
            };
            let mut seen = BTreeSet::new();
            let parts: Vec<(Occur, &str, &str)> = parts
                .into_iter()
                .map(|part| (occur(part), "all", part.trim_start_matches('-')))
                .filter(|(.., part)| seen.insert(*part))
                .collect();
            let exact = oracle.scores(&oracle.query(&parts));
            let answer = repository.search(text);
            assert_eq!((answer.total, answer.exact), (exact.len() as u64, true), "{text}");
            let mut best: Vec<f32> = exact.values().copied().collect();
            best.sort_by(|a, b| b.total_cmp(a));
            best.truncate(10);
            assert_eq!(answer.hits.len(), best.len(), "{text}");
            let last = best.last().copied().unwrap_or(0.0);
            for hit in &answer.hits {
                let score = exact[&document(&hit.id)];
                agreed += usize::from(score >= last * 0.999);
                got += f64::from(score);
            }
            shown += best.len();
            ideal += best.iter().map(|score| f64::from(*score)).sum::<f64>();
            let counted: u64 = answer.facets["type"].iter().map(|(_, count)| count).sum();
            assert_eq!(counted, answer.total, "{text}");
        }
        let (agreement, ratio) = (agreed as f64 / shown as f64, got / ideal);
        println!(
            "{class}: {} queries, agreement {agreement:.3}, score ratio {ratio:.5}",
            queries.len()
        );
        assert!(agreement >= 0.95 && ratio >= 0.999, "{class}: {agreement} {ratio}");
    }
}

#[test]
fn filters_sorts_and_fields_are_exact() {
    let lines = synthetic(800);
    let repository = Repository::of_lines(&lines);
    repository.build(1, 2);
    let records: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let all = repository.ask("type:dataset", |wanted| wanted.limit = 2000);
    assert_eq!(all.total, all.hits.len() as u64);
    assert!(all.total > 20 && all.hits.iter().all(|hit| hit.kind == "dataset"));
    let day = |date: &str| {
        let date = date.split('/').next().unwrap();
        format!("{date}{}", &"-01-01"[date.len().min(10) - 4..])
    };
    let days: Vec<String> = all.hits.iter().map(|hit| day(&hit.date)).collect();
    assert!(days.is_sorted_by(|a, b| a >= b), "{days:?}");
    // The first page is the beginning of the whole, in any order.
    for newest in [false, true] {
        let text = if newest { "type:dataset" } else { "data type:dataset" };
        let whole = repository.ask(text, |wanted| (wanted.limit, wanted.newest) = (2000, newest));
        let second = repository.ask(text, |w| (w.offset, w.limit, w.newest) = (7, 5, newest));
        assert_eq!(second.hits, whole.hits[7..12]);
    }
    let open = repository.search("type:dataset access:open").total;
    let closed = repository.search("type:dataset -access:open").total;
    assert_eq!(open + closed, all.total);
    let years = repository.search("type:dataset year:2015-2018");
    let each: u64 =
        (2015..=2018).map(|y| repository.search(&format!("type:dataset year:{y}")).total).sum();
    assert_eq!(years.total, each);
    // A title as a phrase finds its record; a DOI and an ORCID alone find theirs.
    let newest: BTreeSet<String> = repository
        .ask("", |wanted| wanted.limit = 2000)
        .hits
        .into_iter()
        .map(|hit| hit.id)
        .collect();
    let mut asked = 0;
    for record in records.iter().filter(|r| newest.contains(r["id"].as_str().unwrap_or_default())) {
        let id = record["id"].as_str().unwrap();
        let title = record["metadata"]["title"].as_str().unwrap_or_default().replace('"', " ");
        if asked < 40 && title.is_ascii() && !title.contains('<') && title.split(' ').count() > 3 {
            let found = repository.search(&format!("\"{title}\""));
            assert!(found.hits.iter().any(|hit| hit.id == id), "{title}");
            asked += 1;
        }
        let doi = record["pids"]["doi"]["identifier"].as_str().unwrap_or_default();
        if asked < 5 && !doi.is_empty() {
            let found = repository.search(&format!("https://doi.org/{doi}"));
            assert_eq!(found.hits.iter().map(|hit| hit.id.as_str()).collect::<Vec<_>>(), [id]);
        }
    }
    assert_eq!(asked, 40);
}

/// A record with this title and description, as a line.
fn line(id: u32, title: &str, description: &str) -> String {
    let metadata = json!({
        "title": title, "description": description,
        "publication_date": "2020", "resource_type": {"id": "dataset"},
        "creators": [{"person_or_org": {"name": "Doe, Ann", "type": "personal"}}],
    });
    json!({
        "id": id.to_string(), "metadata": metadata,
        "access": {"record": "public", "files": "public"},
    })
    .to_string()
        + "\n"
}

/// A description with these words, beyond what a card shows.
fn deep(words: &str) -> String {
    format!("{}<p>{words}</p>", "Other words come first. ".repeat(40))
}

#[test]
fn three_words_in_a_row_are_told_from_two_and_two() {
    let check = |titles: u32, phrase: &str, expected: &[u32]| {
        let mut lines: Vec<String> =
            (1..=titles).map(|n| line(n, &format!("Sea ice edge, study {n}"), "")).collect();
        let texts = [
            "at the edge of sea ice, an edge: ice edge",
            "here the sea ice edge moves",
            "polar sea ice edge",
            "polar sea, and a sea ice edge",
            "the ice edge of the polar sea and the sea ice",
        ];
        lines.extend((901..).zip(texts).map(|(id, text)| line(id, "Notes", &deep(text))));
        lines.push(line(999, "The polar sea", ""));
        let repository = Repository::of_lines(&lines.concat());
        repository.build(1, 1);
        for reading in [Reading::First, Reading::Final, Reading::Complete] {
            let answer =
                repository.ask(&format!("\"{phrase}\" -study"), |wanted| wanted.reading = reading);
            let mut ids: Vec<u32> = answer.hits.iter().map(|hit| hit.id.parse().unwrap()).collect();
            ids.sort_unstable();
            assert_eq!(ids, expected, "{titles} {phrase} {reading:?}");
            assert!(!answer.phrases_in_part, "{titles} {phrase} {reading:?}");
        }
    };
    check(40, "sea ice edge", &[902, 903, 904]);
    // One of the pairs is in one title: two and two are told, be they apart.
    check(40, "polar sea ice", &[903, 904, 905]);
    // Of four words, of which a first answer does not read the lists.
    check(40, "polar sea ice edge", &[903, 904]);
    // Here both are in few.
    check(10, "sea ice edge", &[901, 902, 903, 904, 905]);
}

#[test]
fn words_of_fields_and_pairs_are_places_in_a_list_that_is_in_groups() {
    const RECORDS: u32 = 9_000;
    // Each record has the words, more or less of them; some have them in a row, in a title or in a
    // name, and these are spread.
    let record = |n: u32| {
        let text = "winds of the north sea. ".repeat(1 + n as usize % 5)
            + &"Other words. ".repeat(n as usize % 7);
        let title = if n.is_multiple_of(9) { "North winds" } else { "Notes" };
        let line = line(n, title, &text);
        if n.is_multiple_of(50) { line.replace("Doe, Ann", "Winds, Ann") } else { line }
    };
    let repository = Repository::of_lines(&(1..=RECORDS).map(record).collect::<String>());
    repository.build(1, 1);
    let check = |text: &str, every: u32, reading| {
        let answer = repository.ask(text, |wanted| {
            (wanted.reading, wanted.limit) = (reading, RECORDS as usize);
        });
        let mut ids: Vec<u32> = answer.hits.iter().map(|hit| hit.id.parse().unwrap()).collect();
        ids.sort_unstable();
        let expected: Vec<u32> = (1..=RECORDS).filter(|n| n % every == 0).collect();
        assert!(ids == expected, "{text} {reading:?}: {} records", ids.len());
        assert!(answer.exact, "{text} {reading:?}");
    };
    for reading in [Reading::First, Reading::Final, Reading::Complete] {
        check("title:winds", 9, reading);
        check("creators:winds", 50, reading);
        check("\"north winds\"", 9, reading);
    }
}

#[test]
fn a_word_whose_entry_is_that_of_another_is_found_in_titles() {
    // So few keys are in one bucket: two words with the same fingerprint share an entry.
    let mut known = BTreeMap::new();
    let shared = (1..).find_map(|n| {
        let word = format!("q{n}");
        let other = known.insert(Place::of([word.as_bytes(), b""], 0, 1), word.clone())?;
        Some([word, other])
    });
    let [word, other] = shared.unwrap();
    let text = |n: u32| format!("More of {}.", if n.is_multiple_of(2) { &word } else { &other });
    let title =
        |n: u32| if n.is_multiple_of(6) { format!("Sea {word}") } else { "Notes".to_owned() };
    let lines = (1..=30).map(|n| line(n, &title(n), &text(n))).collect::<String>();
    let repository = Repository::of_lines(&lines);
    repository.build(1, 1);
    for text in [format!("title:{word}"), format!("\"sea {word}\"")] {
        let answer = repository.ask(&text, |wanted| wanted.limit = 30);
        let mut ids: Vec<u32> = answer.hits.iter().map(|hit| hit.id.parse().unwrap()).collect();
        ids.sort_unstable();
        assert_eq!(ids, [6, 12, 18, 24, 30], "{text}");
    }
}

#[test]
fn a_phrase_is_found_at_first_though_one_of_its_lists_does_not_fit() {
    const RECORDS: u32 = 90_000;
    let mut state = 7_u32;
    let mut roll = |sides: u32| {
        state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        (state >> 16) % sides
    };
    let title = |n: u32| match n {
        // One of these has its words in a row.
        9_000 => "North wind over arctic seas",
        9_001 => "Wind over arctic seas, and a north wind over",
        _ => "Notes",
    };
    // A list of most records, two words that are in all of these, too many for a base, and
    // shorter lists that
    // together leave no room for it.
    let text = |_| {
        let pair = if roll(4) > 0 { "north wind" } else { "" };
        let others = (0..20).filter(|_| roll(18) == 0).map(|word| format!(" other{word}"));
        others.fold(pair.to_owned(), |text, word| text + &word)
    };
    let texts: Vec<String> = (0..RECORDS).map(text).collect();
    let lines = (0..RECORDS).zip(&texts).map(|(n, text)| line(n + 1, title(n), text));
    let repository = Repository::of_lines(&lines.collect::<String>());
    repository.build(1, 1);
    let others = (0..20).map(|word| format!(" other{word}")).collect::<String>();
    let first = |text: &str| repository.ask(text, |wanted| wanted.reading = Reading::First);
    let answer = first(&format!("+\"north wind over arctic seas\"{others}"));
    let found: Vec<&str> = answer.hits.iter().map(|hit| hit.id.as_str()).collect();
    assert_eq!((found.as_slice(), answer.total, answer.exact), (&["9001"][..], 1, false));
}

#[test]
fn phrases_are_found_as_deep_as_asked_for() {
    let line = |id: u32, text: String| line(id, &format!("Record {id}"), &text);
    let lines = [
        line(1, deep("the northern glacier retreat of this century")),
        line(2, deep("a retreat by the northern side of a glacier")),
        line(3, "northern glacier retreat at the beginning".into()),
        line(4, deep("northern glacier</p><p>retreat")),
        line(5, deep("as said in record 2, and more")),
    ];
    let repository = Repository::of_lines(&lines.concat());
    let found = |text: &str, reading| {
        let answer = repository.ask(text, |wanted| wanted.reading = reading);
        let mut ids: Vec<String> = answer.hits.into_iter().map(|hit| hit.id).collect();
        ids.sort();
        (ids.join(" "), answer.phrases_in_part)
    };
    let check = |text: &str, expected: &str, in_part: bool| {
        for reading in [Reading::First, Reading::Complete] {
            assert_eq!(found(text, reading), (expected.to_owned(), in_part), "{text} {reading:?}");
        }
    };
    repository.build(1, 1);
    check("\"glacier retreat\"", "3", true);
    // A title has it, so that it is found wherever it is.
    check("\"record 2\"", "2 5", false);
    check("\"record 2\" -\"record 5\"", "2", false);
    check("\"in record 2\"", "", true);
    repository.build_phrases(2);
    check("\"glacier retreat\"", "1 3 4", false);
    check("\"northern glacier retreat\" -\"this century\"", "3 4", false);
    check("\"retreat glacier\"", "", false);
    check("\"record 2\"", "2 5", false);
    check("\"in record 2\"", "5", false);
    check("\"3 northern\"", "", false);
}

#[test]
fn threads_and_repetition_change_no_byte() {
    let lines = synthetic(500);
    let (one, two) = (Repository::of_lines(&lines), Repository::of_lines(&lines));
    one.build(1, 1);
    two.build(1, 3);
    let files = one.files();
    assert_eq!(files, two.files());
    // Another as-of, nothing changed: nothing is written.
    assert!(one.build(2, 1).unchanged);
}

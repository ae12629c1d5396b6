//! Exact answers: tantivy's BM25 over the index that a build leaves beside the store, and a look
//! at every record for phrases.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use anyhow::{Context as _, Result};
use tantivy::query::{BooleanQuery, EnableScoring, Occur, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, DocSet as _, Index, SegmentReader, TERMINATED, Term};

use super::each_record;
use crate::crosswalk::names::Name;
use crate::record::html::plain;
use crate::record::{Record, Text};
use crate::release::search::analyse::Analyser;

/// Titles that queries are made of.
const SAMPLES: usize = 1000;

/// What queries are made of.
pub(super) struct Sample {
    /// Words of the title, in order, each of plain letters.
    pub(super) title: Vec<String>,
    /// Two parts of a creator's name.
    pub(super) name: Option<String>,
}

/// The index beside the store, and what the records say.
pub(super) struct Oracle {
    index: Index,
    segment: SegmentReader,
    all: Field,
    /// Record id → document, of newest versions.
    documents: HashMap<String, DocId>,
    pub(super) samples: Vec<Sample>,
    /// Stems of a phrase → document → score.
    phrases: HashMap<Vec<String>, BTreeMap<DocId, f32>>,
}

impl Oracle {
    /// Opens the index, reads the records it was made of.
    pub(super) fn open(index: &Path, records: &Path, analyser: &mut Analyser) -> Result<Oracle> {
        let index = Index::open_in_dir(index)?;
        let all = index.schema().get_field("all")?;
        let keys = index.schema().get_field("keys")?;
        let searcher = index.reader()?.searcher();
        let segment = searcher.segment_readers().first().context("an empty index")?.clone();
        let inverted = segment.inverted_index(keys)?;
        let mut documents = HashMap::new();
        let mut samples = Vec::new();
        each_record(records, |_, record| {
            let Some(doi) = record.pids.doi.as_ref() else { return Ok(()) };
            let term = format!("d:{}", doi.identifier.to_lowercase());
            let term = Term::from_field_text(keys, &term);
            let postings = inverted.read_postings(&term, IndexRecordOption::Basic)?;
            let Some(doc) = postings.map(|postings| postings.doc()).filter(|d| *d != TERMINATED)
            else {
                return Ok(());
            };
            documents.insert(record.id.to_string(), doc);
            samples.push(sample(record, analyser));
            Ok(())
        })?;
        let step = (samples.len() / SAMPLES).max(1);
        let samples = samples.into_iter().step_by(step).collect();
        Ok(Oracle { index, segment, all, documents, samples, phrases: HashMap::new() })
    }

    /// Share of the records that have the word.
    pub(super) fn share(&self, word: &str) -> f64 {
        let stem = Analyser::new().stem(word).into_owned();
        let term = Term::from_field_text(self.all, &stem);
        let found = self.segment.inverted_index(self.all).and_then(|i| Ok(i.doc_freq(&term)?));
        f64::from(found.unwrap_or(0)) / f64::from(self.segment.max_doc())
    }

    /// The document of a record.
    pub(super) fn document(&self, id: &str) -> Option<DocId> {
        self.documents.get(id).copied()
    }

    /// All documents that have one of the words, with their scores.
    pub(super) fn scores(
        &self,
        text: &str,
        analyser: &mut Analyser,
    ) -> Result<BTreeMap<DocId, f32>> {
        let mut seen = HashSet::new();
        let tokens = analyser.collect(text);
        let stems = tokens.iter().map(|token| analyser.stem(token).into_owned());
        let parts = stems.filter(|stem| seen.insert(stem.clone())).map(|stem| {
            let term = Term::from_field_text(self.all, &stem);
            let query = TermQuery::new(term, IndexRecordOption::WithFreqs);
            (Occur::Should, Box::new(query) as Box<dyn Query>)
        });
        let searcher = self.index.reader()?.searcher();
        let query = BooleanQuery::new(parts.collect());
        let weight = query.weight(EnableScoring::enabled_from_searcher(&searcher))?;
        let mut scores = BTreeMap::new();
        weight.for_each(&self.segment, &mut |doc, score| {
            scores.insert(doc, score);
        })?;
        Ok(scores)
    }

    /// Looks at every record for the phrases.
    pub(super) fn look_for(
        &mut self,
        phrases: &[String],
        records: &Path,
        analyser: &mut Analyser,
    ) -> Result<()> {
        let norms = self.segment.get_fieldnorms_reader(self.all)?;
        let tokens = self.segment.inverted_index(self.all)?.total_num_tokens();
        let average = tokens as f32 / self.segment.max_doc() as f32;
        let mut by_first: HashMap<String, Vec<Vec<String>>> = HashMap::new();
        for phrase in phrases {
            let stems = stems(phrase, analyser);
            let Some(first) = stems.first().cloned() else { continue };
            self.phrases.entry(stems.clone()).or_default();
            by_first.entry(first).or_default().push(stems);
        }
        let (documents, found) = (&self.documents, &mut self.phrases);
        each_record(records, |_, record| {
            let Some(doc) = documents.get(&*record.id) else { return Ok(()) };
            let mut counts: HashMap<&Vec<String>, f32> = HashMap::new();
            for (text, weight) in parts(record) {
                let text = stems(&text, analyser);
                for at in 0..text.len() {
                    for phrase in by_first.get(&text[at]).into_iter().flatten() {
                        if text[at..].starts_with(phrase) {
                            *counts.entry(phrase).or_default() += weight;
                        }
                    }
                }
            }
            for (phrase, count) in counts {
                let length = norms.fieldnorm(*doc) as f32;
                let score = count / (count + 1.2 * (0.25 + 0.75 * length / average));
                if let Some(found) = found.get_mut(phrase) {
                    found.insert(*doc, score);
                }
            }
            Ok(())
        })
    }

    /// The documents that have a phrase that was looked for, with their scores.
    pub(super) fn phrase(&self, text: &str) -> BTreeMap<DocId, f32> {
        let stems = stems(text, &mut Analyser::new());
        self.phrases.get(&stems).cloned().unwrap_or_default()
    }
}

fn stems(text: &str, analyser: &mut Analyser) -> Vec<String> {
    let tokens = analyser.collect(text);
    tokens.iter().map(|token| analyser.stem(token).into_owned()).collect()
}

fn text(text: Option<&Text<'_>>) -> String {
    plain(text.map(Text::as_str).unwrap_or_default()).into_owned()
}

fn names(record: &Record<'_>) -> Vec<String> {
    let names = record.metadata.creators.iter().filter_map(|who| Name::of(&who.person_or_org));
    names.map(|name| name.natural().into_owned()).collect()
}

fn subjects(record: &Record<'_>) -> Vec<String> {
    let subjects = record.metadata.subjects.iter().filter_map(|s| s.subject.as_deref());
    let legacy = record.custom_fields.legacy_subjects.iter().filter_map(|s| s.term.as_deref());
    subjects.chain(legacy).map(|subject| plain(subject).into_owned()).collect()
}

fn sample(record: &Record<'_>, analyser: &mut Analyser) -> Sample {
    let title = analyser.collect(&text(record.metadata.title.as_ref()));
    let plain = |word: &String| word.len() > 2 && word.bytes().all(|b| b.is_ascii_lowercase());
    // Words that follow each other, so that some of them are a phrase.
    let title = title.into_iter().take_while(plain).collect();
    let name = names(record).first().map(|name| analyser.collect(name));
    Sample { title, name: name.filter(|name| name.len() >= 2).map(|name| name[..2].join(" ")) }
}

/// Texts of a record that phrases are looked for in, and how often each counts.
fn parts(record: &Record<'_>) -> Vec<(String, f32)> {
    let metadata = &record.metadata;
    let mut parts = vec![(text(metadata.title.as_ref()), 3.0)];
    parts.extend(names(record).into_iter().chain(subjects(record)).map(|part| (part, 2.0)));
    let titles = metadata.additional_titles.iter().map(|title| plain(&title.title).into_owned());
    parts.extend(titles.map(|title| (title, 1.0)));
    parts.push((text(metadata.description.as_ref()), 1.0));
    parts
}

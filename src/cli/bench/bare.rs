//! tantivy alone: what the index of a build is measured against.
//!
//! The plain loop over documents that anyone would write who wants the same index: the same fields
//! and the same text, which is had beforehand (records parsed, HTML as text, keys ready), taken
//! apart by tantivy's own tokenizer and filters, stemmed, and put into one segment.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use tantivy::schema::{self, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{
    AsciiFoldingFilter, LowerCaser, RawTokenizer, RemoveLongFilter, SimpleTokenizer, TextAnalyzer,
    Token, TokenFilter, TokenStream, Tokenizer,
};
use tantivy::{Index, TantivyDocument};

use crate::build::meter::cpu_seconds;
use crate::build::search::document::{Document, Field, Part, parts};
use crate::build::search::vocabulary::Vocabulary;
use crate::record::Published;
use crate::release::search::analyse::Analyser;

/// Bytes of postings that tantivy holds before it writes a segment: as in a build.
const BUFFER: usize = 96 << 20;

/// Documents that wait for being indexed, all in memory.
pub(super) struct Bare {
    place: PathBuf,
    index: Index,
    fields: [schema::Field; 6],
    documents: Vec<TantivyDocument>,
    vocabulary: Vocabulary,
    analyser: Analyser,
}

impl Bare {
    /// None so far; the index will be in a directory beside a build's. `vocabulary`: of the pairs
    /// that are keys.
    pub(super) fn new(directory: &Path, vocabulary: Vocabulary) -> Result<Bare> {
        let mut schema = Schema::builder();
        let fields = Field::ALL.map(|field| {
            let (tokenizer, option) = match field {
                Field::All | Field::Title | Field::Keywords => {
                    ("stems", IndexRecordOption::WithFreqs)
                }
                Field::Names => ("words", IndexRecordOption::WithFreqs),
                Field::Words => ("words", IndexRecordOption::Basic),
                Field::Keys => ("raw", IndexRecordOption::Basic),
            };
            let indexing = TextFieldIndexing::default()
                .set_tokenizer(tokenizer)
                .set_index_option(option)
                .set_fieldnorms(field.is_text());
            let options = TextOptions::default().set_indexing_options(indexing);
            schema.add_text_field(&format!("{field:?}").to_lowercase(), options)
        });
        let place = directory.join("search.db/bare");
        fs::create_dir_all(&place)?;
        let index = Index::create_in_dir(&place, schema.build())?;
        let words = || {
            TextAnalyzer::builder(SimpleTokenizer::default())
                .filter(RemoveLongFilter::limit(41))
                .filter(LowerCaser)
                .filter(AsciiFoldingFilter)
        };
        index.tokenizers().register("raw", RawTokenizer::default());
        index.tokenizers().register("words", words().build());
        index.tokenizers().register("stems", words().filter(Stems).build());
        let analyser = Analyser::new();
        Ok(Bare { place, index, fields, documents: Vec::new(), vocabulary, analyser })
    }

    /// Takes a record.
    pub(super) fn take(&mut self, published: &Published<'_>) {
        let mut document = TantivyDocument::default();
        let mut add =
            |field: Field, text: &str| document.add_text(self.fields[field as usize], text);
        parts(published, &mut |part| {
            let Part::Text(text, weight, field) = part else { return };
            (0..weight).for_each(|_| add(Field::All, text));
            if let Some(field) = field {
                add(field, text);
                add(Field::Words, text);
            }
        });
        let analysed = Document::of(published, Some(&self.vocabulary), &mut self.analyser);
        analysed.terms(Field::Keys).for_each(|key| add(Field::Keys, key));
        self.documents.push(document);
    }

    /// CPU seconds that one thread of tantivy's takes.
    pub(super) fn index(self) -> Result<f64> {
        let start = cpu_seconds();
        let mut writer = self.index.writer_with_num_threads(1, BUFFER)?;
        for document in self.documents {
            writer.add_document(document)?;
        }
        writer.commit()?;
        let segments = self.index.searchable_segment_ids()?;
        if segments.len() > 1 {
            writer.merge(&segments).wait()?;
        }
        writer.wait_merging_threads()?;
        let seconds = cpu_seconds() - start;
        fs::remove_dir_all(&self.place)?;
        Ok(seconds)
    }
}

/// What tantivy's own filter of this name does, with stems remembered as in a build, so that
/// neither side pays more for them.
#[derive(Clone)]
struct Stems;

struct StemsOf<T> {
    inner: T,
    analyser: Analyser,
}

struct StemsStream<'a, T> {
    inner: T,
    analyser: &'a mut Analyser,
    stem: String,
}

impl TokenFilter for Stems {
    type Tokenizer<T: Tokenizer> = StemsOf<T>;

    fn transform<T: Tokenizer>(self, inner: T) -> StemsOf<T> {
        StemsOf { inner, analyser: Analyser::new() }
    }
}

impl<T: Clone> Clone for StemsOf<T> {
    fn clone(&self) -> Self {
        StemsOf { inner: self.inner.clone(), analyser: Analyser::new() }
    }
}

impl<T: Tokenizer> Tokenizer for StemsOf<T> {
    type TokenStream<'a> = StemsStream<'a, T::TokenStream<'a>>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Self::TokenStream<'a> {
        let inner = self.inner.token_stream(text);
        StemsStream { inner, analyser: &mut self.analyser, stem: String::new() }
    }
}

impl<T: TokenStream> TokenStream for StemsStream<'_, T> {
    fn advance(&mut self) -> bool {
        if !self.inner.advance() {
            return false;
        }
        let token = self.inner.token_mut();
        self.stem.clear();
        self.stem.push_str(self.analyser.remembered(&token.text));
        std::mem::swap(&mut token.text, &mut self.stem);
        true
    }

    fn token(&self) -> &Token {
        self.inner.token()
    }

    fn token_mut(&mut self) -> &mut Token {
        self.inner.token_mut()
    }
}

//! tantivy as the inverter: documents in any order → one segment.

use std::fs;
use std::path::Path;

use tantivy::directory::{Advice, MmapDirectory, RamDirectory};
use tantivy::indexer::NoMergePolicy;
use tantivy::schema::{self, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{Token, TokenStream, Tokenizer, TokenizerManager};
use tantivy::{
    Index, IndexWriter, ReloadPolicy, SegmentReader, SingleSegmentIndexWriter, TantivyDocument,
};

use super::document::{BETWEEN, Field};
use super::{SearchError, file_error};

/// Bytes of postings that tantivy holds before it writes a segment.
const BUFFER: usize = 96 << 20;
/// What its tables are made for where there are few records; they grow.
const SMALL_BUFFER: usize = 1 << 20;

/// Name of the fast field with the number of the document in the order of arrival.
const NUMBER: &str = "number";

/// A tantivy index that is being written.
pub(super) struct Inverter {
    writer: Writer,
    number: schema::Field,
    fields: [schema::Field; 6],
}

enum Writer {
    /// In files, by a thread of its own.
    Many(Box<IndexWriter>),
    /// In memory: threads, files and large tables cost more than indexing a few records.
    Few(Box<SingleSegmentIndexWriter>),
}

/// A finished index of one segment.
pub(super) struct Inverted {
    pub(super) segment: SegmentReader,
    fields: [schema::Field; 6],
}

impl Inverter {
    /// An empty index: in `dir`, which is made, for many documents, in memory for a few.
    pub(super) fn new(dir: &Path, few: bool) -> Result<Inverter, SearchError> {
        let mut schema = Schema::builder();
        let number = schema.add_u64_field(NUMBER, schema::FAST);
        let fields = Field::ALL.map(|field| {
            let option = if field.is_text() {
                IndexRecordOption::WithFreqs
            } else {
                IndexRecordOption::Basic
            };
            let indexing = TextFieldIndexing::default()
                .set_tokenizer("lines")
                .set_index_option(option)
                .set_fieldnorms(field.is_text());
            let name = format!("{field:?}").to_lowercase();
            schema.add_text_field(&name, TextOptions::default().set_indexing_options(indexing))
        });
        let tokenizers = TokenizerManager::default();
        tokenizers.register("lines", Lines::default());
        let builder = Index::builder().schema(schema.build()).tokenizers(tokenizers);
        let writer = if few {
            let memory = RamDirectory::create();
            Writer::Few(Box::new(builder.single_segment_index_writer(memory, SMALL_BUFFER)?))
        } else {
            fs::create_dir_all(dir).map_err(file_error("make", dir))?;
            // Hundreds of segments are merged: what a disk reads ahead of each file would be more
            // than memory has room for, and be read again and again.
            let files = MmapDirectory::open_with_madvice(dir, Advice::Random)
                .map_err(tantivy::TantivyError::from)?;
            let writer = builder.open_or_create(files)?.writer_with_num_threads(1, BUFFER)?;
            writer.set_merge_policy(Box::new(NoMergePolicy));
            Writer::Many(Box::new(writer))
        };
        Ok(Inverter { writer, number, fields })
    }

    /// Takes the `number`-th document.
    pub(super) fn add(&mut self, number: u32, texts: [String; 6]) -> Result<(), SearchError> {
        let mut document = TantivyDocument::default();
        document.add_u64(self.number, u64::from(number));
        for (field, text) in self.fields.into_iter().zip(texts) {
            if !text.is_empty() {
                document.add_text(field, text);
            }
        }
        match &mut self.writer {
            Writer::Many(writer) => writer.add_document(document).map(drop)?,
            Writer::Few(writer) => writer.add_document(document)?,
        }
        Ok(())
    }

    /// Makes one segment of all; there must be a document.
    pub(super) fn finish(self) -> Result<Inverted, SearchError> {
        let index = match self.writer {
            Writer::Many(mut writer) => {
                writer.commit()?;
                let index = writer.index().clone();
                let segments = index.searchable_segment_ids()?;
                if segments.len() > 1 {
                    writer.merge(&segments).wait()?;
                }
                writer.wait_merging_threads()?;
                index
            }
            Writer::Few(writer) => writer.finalize()?,
        };
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let segments = reader.searcher().segment_readers().to_vec();
        match <[SegmentReader; 1]>::try_from(segments) {
            Ok([segment]) => Ok(Inverted { segment, fields: self.fields }),
            Err(_) => Err(tantivy::TantivyError::InternalError("not one segment".into()).into()),
        }
    }
}

impl Inverted {
    /// The schema's field.
    pub(super) fn field(&self, field: Field) -> schema::Field {
        self.fields[field as usize]
    }

    /// Per document of the segment its number in the order of arrival.
    pub(super) fn numbers(&self) -> Result<Vec<u32>, SearchError> {
        let column = self.segment.fast_fields().u64(NUMBER)?.first_or_default_col(0);
        Ok((0..self.segment.max_doc()).map(|doc| column.get_val(doc) as u32).collect())
    }
}

/// Takes text apart at [`BETWEEN`].
#[derive(Debug, Clone, Default)]
struct Lines {
    token: Token,
}

struct LinesStream<'a> {
    rest: &'a str,
    token: &'a mut Token,
}

impl Tokenizer for Lines {
    type TokenStream<'a> = LinesStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> LinesStream<'a> {
        self.token.reset();
        LinesStream { rest: text, token: &mut self.token }
    }
}

impl TokenStream for LinesStream<'_> {
    fn advance(&mut self) -> bool {
        let Some(end) = memchr::memchr(BETWEEN as u8, self.rest.as_bytes()) else { return false };
        self.token.text.clear();
        self.token.text.push_str(&self.rest[..end]);
        self.token.position = self.token.position.wrapping_add(1);
        self.rest = &self.rest[end + 1..];
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

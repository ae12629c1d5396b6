//! One tier: documents in, files out.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::release::canonical;
use crate::release::hash::sha256;
use crate::release::search::analyse::Analyser;
use crate::release::search::blocks::block_bytes;
use crate::release::search::pointer::{
    Blocks, HEADER, PAGE_RECORDS, Phrases, SEARCH_FORMAT, Stream, Tables, Tier, TierFile, TierList,
};
use crate::release::stage::{Sealed, Stage, Written};

use super::super::meter::Meter;
use super::blocks::BlockWriter;
use super::document::{Document, Field};
use super::export::{Averages, Exporter, ListPlace, ListPlaces};
use super::index::{Inverted, Inverter};
use super::order::{Entry, Ordered, Orders};
use super::stream::{Deflater, StreamWriter, deflated};
use super::{SearchError, file_error};

/// Longest dictionary of the cards, bytes, and bytes of it a record of small tiers.
const DICTIONARY: usize = 16384;
const DICTIONARY_SHARE: usize = 16;
/// Cards that a dictionary is learned from, and room for what zstd puts before the part that is
/// of use to deflate.
const SAMPLES: usize = 2048;
const BEFORE: usize = 512;
/// Pages that are compressed in parallel before they are written.
const PAGES: usize = 512;
/// Words a block.
const BLOCK: usize = 2048;
/// Records that a word needs: one where there are few, so that a beginning finds what a reader
/// knows is there; else two, as most words of one record are names and errors.
const WORD_RECORDS: u32 = 2;
/// Records from which on a tier is not small.
const SMALL: u32 = 10_000;
/// Communities that are named in the tables.
const COMMUNITIES: usize = 100;

/// What tier is made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Making {
    /// Beginning of its directory's name.
    pub(super) name: &'static str,
    /// Whether of older versions.
    pub(super) older: bool,
    /// Which pairs its documents have.
    pub(super) phrases: Phrases,
    /// Mean lengths of the tier that it is read with, if there is one.
    pub(super) averages: Option<Averages>,
}

/// A tier that was made.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) tier: Tier,
    pub(super) files: Vec<Written>,
    pub(super) averages: Averages,
}

/// A tier that takes documents.
pub(super) struct TierMaker {
    /// Made for the first document: an index costs as much as some hundreds of them.
    inverter: Option<Inverter>,
    dir: PathBuf,
    few: bool,
    orders: Orders,
    spool: BufWriter<File>,
    spool_path: PathBuf,
    spooled: u64,
    communities: BTreeMap<String, (String, u64)>,
}

impl TierMaker {
    /// An empty tier whose index is made in `dir`, for many documents or a few.
    pub(super) fn new(dir: &Path, few: bool) -> Result<TierMaker, SearchError> {
        let parent = dir.parent().unwrap_or(dir);
        fs::create_dir_all(parent).map_err(file_error("make", parent))?;
        let spool_path = dir.with_extension("cards");
        let spool = File::create_new(&spool_path).map_err(file_error("make", &spool_path))?;
        Ok(TierMaker {
            inverter: None,
            dir: dir.to_owned(),
            few,
            orders: Orders::default(),
            spool: BufWriter::with_capacity(1 << 18, spool),
            spool_path,
            spooled: 0,
            communities: BTreeMap::new(),
        })
    }

    /// Takes a document.
    pub(super) fn add(&mut self, document: Document) -> Result<(), SearchError> {
        let number = u32::try_from(self.orders.len()).ok().filter(|number| *number < 1 << 31);
        let number = number.ok_or(SearchError::TooMany)?;
        let card = document.card.as_bytes();
        self.spool.write_all(card).map_err(file_error("write", &self.spool_path))?;
        self.orders.push(document.order, self.spooled, card.len() as u32);
        self.spooled += card.len() as u64;
        for (slug, title) in document.communities {
            let known = self.communities.entry(slug).or_default();
            known.1 += 1;
            // One of several spellings, whatever the order of records.
            if known.0.is_empty() || title < known.0 {
                known.0 = title;
            }
        }
        let inverter = match self.inverter.take() {
            Some(inverter) => inverter,
            None => Inverter::new(&self.dir, self.few)?,
        };
        self.inverter.insert(inverter).add(number, document.fields)
    }

    /// Prints the tier, if it has records; tells `place` the number of each id, in the order of
    /// arrival.
    pub(super) fn print(
        self,
        stage: &Stage,
        making: Making,
        meter: &mut Meter,
        place: impl FnMut(&str, u32) -> Result<(), SearchError>,
    ) -> Result<Option<Made>, SearchError> {
        let Making { name, older, phrases, averages } = making;
        let TierMaker { inverter, dir, orders, spool, spool_path, communities, .. } = self;
        let Some(inverter) = inverter else { return Ok(None) };
        let ordered = orders.sort();
        let inverted = inverter.finish()?;
        meter.lap("search-index");
        let arrived = ordered.numbers();
        let numbers = inverted.numbers()?;
        let records = numbers.into_iter().map(|number| arrived[number as usize]).collect();
        drop(arrived);
        let mut exporter = Exporter::new(&inverted, records, averages, &dir)?;
        let pages = ordered.entries.len().div_ceil(PAGE_RECORDS as usize) as u64;
        let blocks =
            Blocks { cards: block_bytes(pages), dict: block_bytes(u64::from(exporter.buckets)) };
        let mut dict = StreamWriter::new(stage, Stream::Dict, blocks.dict)?;
        let mut lists = StreamWriter::new(stage, Stream::Lists, HEADER)?;
        let (buckets, places) = exporter.print(&mut dict, blocks.dict, &mut lists)?;
        let mut cards = StreamWriter::new(stage, Stream::Cards, blocks.cards)?;
        let spool = spool.into_inner().map_err(|error| error.into_error());
        drop(spool.map_err(file_error("write", &spool_path))?);
        let spool = File::open(&spool_path).map_err(file_error("read", &spool_path))?;
        let spooled = Spool { file: spool, path: &spool_path };
        let dictionary = spooled.dictionary(&ordered.entries)?;
        let pages = spooled.print(&ordered.entries, &dictionary, &mut cards, blocks.cards)?;
        let mut words = StreamWriter::new(stage, Stream::Words, HEADER)?;
        let word_table = print_words(&inverted, &places, &mut words)?;
        let (runs, days) = ordered.sections();
        let sections: [(&str, Vec<u8>); 8] = [
            ("buckets", buckets),
            ("runs", runs),
            ("levels", exporter.levels()),
            ("values", values(&ordered, &communities)?),
            ("pages", pages),
            ("dictionary", dictionary),
            ("words", word_table),
            ("days", days),
        ];
        let mut tables = Vec::new();
        let mut places = BTreeMap::new();
        for (section, content) in sections {
            let bytes = deflated(&content)?;
            places.insert(section.to_owned(), (tables.len() as u64, bytes.len() as u64));
            tables.extend(bytes);
        }
        let streams = [
            (Stream::Dict, dict),
            (Stream::Lists, lists),
            (Stream::Cards, cards),
            (Stream::Words, words),
        ];
        let sizes = streams.iter().map(|(stream, writer)| (*stream, writer.bytes())).collect();
        let mut files = Vec::new();
        for (_, writer) in streams {
            files.extend(writer.finish()?);
        }
        let mut table_file = stage.file()?;
        table_file.write_all(&tables).map_err(SearchError::Write)?;
        files.push(("tables.bin".to_owned(), table_file.seal()?));
        let (kept, files) = keep(stage, name, files)?;
        let tier = Tier {
            dir: kept,
            older,
            phrases,
            records: ordered.entries.len() as u32,
            dead: None,
            seed: 0,
            blocks,
            buckets: exporter.buckets,
            frequent: exporter.frequent(),
            page_records: PAGE_RECORDS,
            streams: sizes,
            tables: Tables { bytes: tables.len() as u64, sections: places },
        };
        meter.lap("search-export");
        each_id(&spool_path, &ordered.entries, place)?;
        fs::remove_file(&spool_path).map_err(file_error("remove", &spool_path))?;
        Ok(Some(Made { tier, files, averages: exporter.averages }))
    }
}

/// Tells `place` the number of each id, in the order of arrival: an id begins its card.
fn each_id(
    spool: &Path,
    entries: &[Entry],
    mut place: impl FnMut(&str, u32) -> Result<(), SearchError>,
) -> Result<(), SearchError> {
    let read = || file_error("read", spool);
    let mut cards = BufReader::with_capacity(1 << 18, File::open(spool).map_err(read())?);
    let mut arrived: Vec<(u64, u32, u32)> =
        (0u32..).zip(entries).map(|(number, e)| (e.offset, e.bytes, number)).collect();
    arrived.sort_unstable();
    let mut card = Vec::new();
    for (_, bytes, number) in arrived {
        card.resize(bytes as usize, 0);
        cards.read_exact(&mut card).map_err(read())?;
        let id = card.split(|byte| *byte == b'\t').next().unwrap_or_default();
        place(&String::from_utf8_lossy(id), number)?;
    }
    Ok(())
}

/// Gives the files of a tier their names, and lists them.
fn keep(
    stage: &Stage,
    name: &str,
    mut files: Vec<(String, Sealed<'_>)>,
) -> Result<(String, Vec<Written>), SearchError> {
    files.sort_by(|a, b| a.0.cmp(&b.0));
    let listed = files.iter().map(|(path, sealed)| TierFile {
        bytes: sealed.bytes,
        path: path.clone(),
        sha256: sealed.sha256.clone(),
    });
    let list = canonical::to_bytes(&TierList { format: SEARCH_FORMAT, files: listed.collect() })?;
    let dir = format!("search/{name}-{}", &sha256(&list)[..12]);
    let mut written = Vec::new();
    for (path, sealed) in files {
        written.push(sealed.keep_once(&format!("{dir}/{path}"))?);
    }
    written.push(stage.write(&format!("{dir}/tier.json"), &list)?);
    Ok((dir, written))
}

fn values(
    ordered: &Ordered,
    communities: &BTreeMap<String, (String, u64)>,
) -> Result<Vec<u8>, SearchError> {
    let mut most: Vec<_> = communities.iter().map(|(slug, (title, n))| (slug, title, n)).collect();
    most.sort_by(|a, b| (b.2, a.0).cmp(&(a.2, b.0)));
    most.truncate(COMMUNITIES);
    let values = serde_json::json!({
        "access": ordered.access,
        "communities": most,
        "licences": ordered.licences,
        "types": ordered.kinds,
    });
    Ok(canonical::to_bytes(&values)?)
}

/// The cards in the order of arrival.
struct Spool<'a> {
    file: File,
    path: &'a Path,
}

impl Spool<'_> {
    fn read(&self, entry: &Entry, out: &mut Vec<u8>) -> Result<(), SearchError> {
        let start = out.len();
        out.resize(start + entry.bytes as usize, 0);
        let read = self.file.read_exact_at(&mut out[start..], entry.offset);
        read.map_err(file_error("read", self.path))?;
        out.push(b'\n');
        Ok(())
    }

    /// What cards have in common: learned from some at even distances where there are many, else
    /// these themselves. Learned ones save 4 bytes a record.
    fn dictionary(&self, entries: &[Entry]) -> Result<Vec<u8>, SearchError> {
        if entries.len() >= SMALL as usize {
            let (mut cards, mut sizes) = (Vec::new(), Vec::new());
            for entry in entries.iter().step_by(entries.len() / SAMPLES) {
                let before = cards.len();
                self.read(entry, &mut cards)?;
                sizes.push(cards.len() - before);
            }
            // Of cards that have too little in common nothing is learned.
            if let Ok(learned) = zstd::dict::from_continuous(&cards, &sizes, DICTIONARY + BEFORE) {
                return Ok(learned[learned.len().saturating_sub(DICTIONARY)..].to_vec());
            }
        }
        let size = DICTIONARY.min(DICTIONARY_SHARE * entries.len());
        let mut dictionary = Vec::new();
        for entry in entries.iter().step_by((entries.len() / 64).max(1)) {
            if dictionary.len() >= size {
                break;
            }
            self.read(entry, &mut dictionary)?;
        }
        dictionary.truncate(size);
        Ok(dictionary)
    }

    /// Writes the pages; returns the section `pages`.
    fn print(
        &self,
        entries: &[Entry],
        dictionary: &[u8],
        cards: &mut StreamWriter<'_>,
        block: usize,
    ) -> Result<Vec<u8>, SearchError> {
        let mut blocks = BlockWriter::new(cards, block);
        let page = PAGE_RECORDS as usize;
        for batch in entries.chunks(page * PAGES) {
            let pages: Vec<_> = batch
                .par_chunks(page)
                .map_init(
                    || (Deflater::new(), Vec::new()),
                    |(deflater, lines), entries| {
                        lines.clear();
                        entries.iter().try_for_each(|entry| self.read(entry, lines))?;
                        deflater.deflate(lines, dictionary)
                    },
                )
                .collect();
            for stream in pages {
                let stream = stream?;
                // Sixteen bounded cards are far below 64 KiB.
                let mut bytes = (stream.len() as u16).to_le_bytes().to_vec();
                bytes.extend(stream);
                blocks.put(&bytes)?;
            }
        }
        blocks.finish()
    }
}

/// Writes the words; returns the section `words`.
fn print_words(
    inverted: &Inverted,
    places: &ListPlaces,
    words: &mut StreamWriter<'_>,
) -> Result<Vec<u8>, SearchError> {
    let analyser = Analyser::new();
    let index = inverted.segment.inverted_index(inverted.field(Field::Words))?;
    let mut stream = index.terms().stream().map_err(SearchError::Write)?;
    let (mut table, mut block) = (Vec::new(), Block::default());
    let least = if inverted.segment.max_doc() < SMALL { 1 } else { WORD_RECORDS };
    while stream.advance() {
        let records = stream.value().doc_freq;
        if records < least {
            continue;
        }
        let word = String::from_utf8_lossy(stream.key());
        block.push(&word, records, places.of(&analyser.stem(&word)));
        if block.words == BLOCK {
            std::mem::take(&mut block).write(&mut table, words)?;
        }
    }
    block.write(&mut table, words)?;
    Ok(table)
}

fn put_number(line: &mut Vec<u8>, number: u64) {
    line.push(b'\t');
    line.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

#[derive(Default)]
struct Block {
    words: usize,
    first: Vec<u8>,
    most: u32,
    lines: Vec<u8>,
}

impl Block {
    fn push(&mut self, word: &str, records: u32, list: Option<&ListPlace>) {
        if self.words == 0 {
            self.first = word.into();
        }
        self.words += 1;
        self.most = self.most.max(records);
        self.lines.extend_from_slice(word.as_bytes());
        put_number(&mut self.lines, records.into());
        if let Some(ListPlace { records, offset, bytes, .. }) = list {
            let numbers = [u64::from(*records), *offset, u64::from(*bytes)];
            numbers.into_iter().for_each(|number| put_number(&mut self.lines, number));
        }
        self.lines.push(b'\n');
    }

    fn write(self, table: &mut Vec<u8>, words: &mut StreamWriter<'_>) -> Result<(), SearchError> {
        if self.words == 0 {
            return Ok(());
        }
        let bytes = deflated(&self.lines)?;
        table.extend_from_slice(&self.first);
        table.extend(format!("\t{}\t{}\n", self.most, bytes.len()).bytes());
        words.write(&bytes)
    }
}

//! One frame's worth of records, printed or kept: the work of one thread.

use std::collections::{BTreeMap, BTreeSet};

use zstd::bulk::Compressor;

use crate::crosswalk::datacite::DataCite;
use crate::crosswalk::{self, Format, linkset};
use crate::record::access::{Visibility, visibility};
use crate::record::identifier::is_record_id;
use crate::record::{Lineage, Published, Record};
use crate::release::delta::{Bodies, Edit};
use crate::release::layout;
use crate::release::manifest::SiteLine;
use crate::release::pack::FrameDecoder;
use crate::release::stage::{Stage, Written};
use crate::store::{Class, Decoder, Group, Row};

use super::catalogue::Card;
use super::dump::earlier::EarlierRecords;
use super::dump::exceptions::Exception;
use super::dump::{DumpOptions, FrameBuilder};
use super::known::{Known, KnownRecord};
use super::search::Namer;
use super::site::{LatestRecord, Renderer, TombstoneView, address, url};
use super::site_list::{Lines, PartWriter};
use super::site_pack::{Pages, Press};
use super::state::{FrameRow, Memo};
use super::summary::{Facts, Removed, latest};
use super::work::{Changed, Listed, Old, Printed, Work};
use super::{BuildError, Settings, Tally};

/// Scratch state of one worker thread. Memory: the raw bytes of one frame for each stream.
pub(super) struct FrameWorker<'a> {
    settings: &'a Settings,
    stage: &'a Stage,
    renderer: Option<&'a Renderer>,
    changed: &'a Changed,
    day: &'a str,
    decoder: Decoder,
    builder: FrameBuilder,
    frames: FrameDecoder,
    press: Press,
    namer: Option<Namer>,
    /// Of memos.
    compressor: Compressor<'static>,
    body: String,
    document: Vec<u8>,
    list: PartWriter,
}

/// A frame that is being printed.
#[derive(Default)]
struct Page {
    memo: Memo,
    written: Tally,
    listed: Tally,
    /// Of the record at hand: its files, those it had, and what it adds to the totals.
    site: Vec<SiteLine>,
    had: Vec<SiteLine>,
    facts: Option<Facts>,
    /// What the build before left of the frame and this one did not yet come to.
    old: Option<Before>,
    /// What that printed in the dumps.
    earlier: EarlierRecords,
    /// The newest records of which nothing but the id is known yet.
    pending: BTreeSet<String>,
    edits: Option<Vec<Edit>>,
    deserted: BTreeSet<String>,
    lost: Vec<String>,
    found: Vec<String>,
    cards: Vec<Listed>,
}

/// What the build before left of a frame.
struct Before {
    /// Its part of the site list.
    lines: Lines,
    /// Its records, and what those have in common.
    records: BTreeMap<String, KnownRecord>,
    known: Known,
    exceptions: Vec<Exception>,
    latest: Vec<(String, LatestRecord)>,
}

impl Before {
    fn new(row: &FrameRow, mut known: Known, lines: Lines) -> Result<Before, BuildError> {
        let summary = row.summary()?;
        let records = known.take().into_iter().map(|record| (record.id.clone(), record)).collect();
        let (exceptions, latest) = (summary.exceptions, summary.latest);
        Ok(Before { lines, records, known, exceptions, latest })
    }

    fn facts_of(&self, id: &str) -> Option<&Facts> {
        self.records.get(id)?.facts.as_ref()
    }
}

impl<'a> FrameWorker<'a> {
    pub(super) fn new(
        settings: &'a Settings,
        options: &DumpOptions,
        stage: &'a Stage,
        renderer: Option<&'a Renderer>,
        changed: &'a Changed,
        day: &'a str,
        decoder: Decoder,
    ) -> Result<Self, BuildError> {
        Ok(FrameWorker {
            settings,
            stage,
            renderer,
            changed,
            day,
            decoder,
            builder: FrameBuilder::new(options).map_err(BuildError::Zstd)?,
            frames: FrameDecoder::new().map_err(BuildError::Zstd)?,
            press: Press::new(settings.site.form).map_err(BuildError::Zstd)?,
            namer: Namer::of(settings, changed.going_on),
            compressor: Compressor::default(),
            body: String::new(),
            document: Vec::new(),
            list: PartWriter::default(),
        })
    }

    /// Does one frame.
    ///
    /// # Errors
    /// When a row of the store cannot be read or a file cannot be written. A record that
    /// cannot be printed is an exception in the result, not an error.
    pub(super) fn work(&mut self, work: Work<'_>) -> Result<Printed, BuildError> {
        match work {
            Work::Print { number, group, old, deserted } => {
                self.print(number, &group, old, deserted)
            }
            Work::Keep { number, old: Old { row, list, pages, .. } } => Ok(Printed {
                number,
                frame: None,
                memo: Memo { summary: row.summary()?, known: Known::default() },
                list,
                pages,
                listed: Tally { files: row.files, bytes: row.bytes },
                written: Tally::default(),
                row: None,
                lost: Vec::new(),
                found: Vec::new(),
                cards: Vec::new(),
                edits: None,
                named: None,
            }),
        }
    }

    fn print(
        &mut self,
        number: u64,
        group: &Group,
        old: Option<Old<'_>>,
        deserted: BTreeSet<String>,
    ) -> Result<Printed, BuildError> {
        let mut page = Page { deserted, ..Page::default() };
        // Of a frame that is new nothing was in the dumps.
        let mut compared = self.changed.going_on && self.settings.delta.write;
        if let Some(old) = old {
            let lines = Lines::new(&old.known, old.list)?;
            self.press.start(&old.known, &lines, old.pages)?;
            page.listed = Tally { files: old.row.files, bytes: old.row.bytes };
            compared &= old.dumps.is_some();
            let before = Before::new(&old.row, old.known, lines)?;
            if let Some(dumps) = old.dumps {
                let rows = || group.rows.iter();
                let public = rows().filter(|row| before.facts_of(&row.id).is_some());
                let touched = rows().filter(|row| self.changed.has(row));
                let (public, touched) = (ids(public), ids(touched));
                page.earlier = dumps.read(&public, &touched, &mut self.frames);
                compared &= page.earlier.is_whole();
            }
            page.old = Some(before);
        }
        page.edits = compared.then(Vec::new);
        self.list.clear();
        self.builder.start(self.settings.dump.spans.place_of_number(number));
        for (format, frame) in page.earlier.take_kept() {
            self.builder.keep(format, frame);
        }
        for row in &group.rows {
            page.memo.summary.counts.minted += 1;
            if self.copy(row, &mut page)? {
                continue;
            }
            let mut body = std::mem::take(&mut self.body);
            row.decode(&mut self.decoder, &mut body)?;
            self.print_row(group, row, &body, &mut page)?;
            if body.capacity() <= BODY_ROOM {
                self.body = body;
            }
            self.list_files(group, row, &mut page)?;
        }
        self.complete_latest(group, &mut page)?;
        // Records never leave the store, so what is left here belongs to none of the frame's.
        let left = page.old.as_ref().map_or(Ok(Vec::new()), |old| old.lines.rest())?;
        left.iter().for_each(|line| page.listed.less(line.bytes));
        page.lost.extend(left.into_iter().map(|line| line.path));
        let edits = page.edits.take().filter(|_| page.earlier.is_empty());
        let Page { memo, written, listed, lost, found, cards, earlier, old, .. } = page;
        self.frames.reuse(earlier.into_buffers());
        let frame = self.builder.finish()?;
        let list = self.list.finish(old.as_ref().map(|old| &old.lines))?;
        let pages = self.press.finish();
        let row = FrameRow::new(&memo, &list, &pages, listed, &mut self.compressor)?;
        shrink(&mut self.document);
        Ok(Printed {
            number,
            frame,
            memo,
            list,
            pages: Pages::Made(pages),
            listed,
            written,
            row: Some(row),
            lost,
            found,
            cards,
            edits,
            named: self.namer.as_mut().map(Namer::take),
        })
    }

    /// Takes over all that was printed of a record that did not change, without a look at it;
    /// `false` where something of it is not known.
    fn copy(&mut self, row: &Row, page: &mut Page) -> Result<bool, BuildError> {
        let Some(old) = page.old.as_mut().filter(|_| !self.changed.has(row)) else {
            return Ok(false);
        };
        let id = row.id.as_str();
        let Some(facts) = old.facts_of(id) else { return Ok(false) };
        if !page.earlier.copy(id, &mut self.builder) {
            return Ok(false);
        }
        let summary = &mut page.memo.summary;
        facts.count(summary);
        if self.renderer.is_some() {
            // Most are newest only until the next comes.
            let unnamed = || LatestRecord { id: id.to_owned(), ..LatestRecord::default() };
            if summary.note_latest(self.settings.site.latest, &row.created, unnamed) {
                page.pending.insert(id.to_owned());
            }
        }
        summary.exceptions.extend(old.exceptions.iter().filter(|known| known.id == id).cloned());
        self.list.copy(id, &mut old.lines)?;
        self.press.copy(id)?;
        if let Some(record) = old.records.remove(id) {
            page.memo.known.push_known(record, &old.known);
        }
        Ok(true)
    }

    /// Says of the newest records what was only to be said of those that are left.
    fn complete_latest(&mut self, group: &Group, page: &mut Page) -> Result<(), BuildError> {
        let known = page.old.as_ref().map(|old| old.latest.as_slice()).unwrap_or_default();
        let newest = page.memo.summary.latest.iter_mut().map(|(_, record)| record);
        for record in newest.filter(|record| page.pending.contains(&record.id)) {
            if let Some((_, known)) = known.iter().find(|(_, known)| known.id == record.id) {
                record.clone_from(known);
            } else if let Some(row) = group.rows.iter().find(|row| row.id == record.id) {
                row.decode(&mut self.decoder, &mut self.body)?;
                // It could be read when it was printed.
                if let Ok(parsed) = Record::parse(&self.body) {
                    *record = latest(&row.id, &parsed);
                }
            }
        }
        Ok(())
    }

    /// Ends a record: its files go into the list, and those it no longer has are lost.
    fn list_files(&mut self, group: &Group, row: &Row, page: &mut Page) -> Result<(), BuildError> {
        let id = row.id.as_str();
        let kept: BTreeSet<&str> = page.site.iter().map(|line| line.path.as_str()).collect();
        page.had.iter().for_each(|line| page.listed.less(line.bytes));
        let mut lost: Vec<String> = page.had.drain(..).map(|line| line.path).collect();
        if self.changed.going_on && self.changed.has(row) && !self.press.packs() {
            // A build that was killed may have printed what nobody remembers. The feed of a
            // family is its newest member's, or nobody's.
            let stands = |path: &String| self.stage.root().join(path).exists();
            let owns = match row.class {
                Class::Public => Lineage::among(id, group.siblings(&row.family)).is_latest(),
                _ => page.deserted.contains(&row.family),
            };
            let family = owns.then_some(row.family.as_str());
            lost.extend(url::possible_paths(id, family).filter(stands));
        }
        page.lost.extend(lost.into_iter().filter(|path| !kept.contains(path.as_str())));
        self.press.end(id, &page.site)?;
        page.memo.known.push(id, &page.site, page.facts.take());
        for line in page.site.drain(..) {
            page.listed.add(line.bytes);
            self.list.append(id, &line, page.old.as_ref().map(|old| &old.lines))?;
        }
        Ok(())
    }

    fn print_row(
        &mut self,
        group: &Group,
        row: &Row,
        body: &str,
        page: &mut Page,
    ) -> Result<(), BuildError> {
        // The files of a record that did not change are those it had.
        let unchanged = page.old.is_some() && !self.changed.has(row);
        if let Some(old) = &mut page.old {
            page.had = old.lines.take(&row.id)?;
        }
        if unchanged {
            page.site.extend_from_slice(&page.had);
        }
        let mut before = match page.edits {
            Some(_) => page.earlier.take(&row.id),
            None => BTreeMap::new(),
        };
        let records = self.builder.records();
        let listed = page.cards.len();
        self.print_parsed(group, row, body, unchanged, page)?;
        if unchanged {
            page.cards.truncate(listed);
        } else if self.renderer.is_some() && page.cards.len() == listed {
            page.cards.push(Listed::Hidden(row.id.clone()));
        }
        if let Some(edits) = &mut page.edits {
            let printed = self.builder.records() > records;
            let now = |format| self.builder.last(format).filter(|_| printed).map(<[u8]>::to_vec);
            let formats = self.settings.dump.formats.iter();
            let bodies = formats.map(|format| Bodies {
                format: *format,
                old: before.remove(format),
                new: now(*format),
            });
            edits.push(Edit { id: row.id.clone(), bodies: bodies.collect() });
        }
        Ok(())
    }

    fn print_parsed(
        &mut self,
        group: &Group,
        row: &Row,
        body: &str,
        unchanged: bool,
        page: &mut Page,
    ) -> Result<(), BuildError> {
        let record = match Record::parse(body) {
            Ok(record) => record,
            Err(error) => {
                withhold(&row.id, "unreadable", error.path, page);
                return Ok(());
            }
        };
        let renderer = self.renderer.filter(|_| !unchanged);
        match visibility(&record, self.day) {
            Visibility::Restricted => page.memo.summary.counts.restricted += 1,
            Visibility::Tombstone { visible } => {
                page.memo.summary.counts.tombstoned += 1;
                page.memo.summary.removals.push(Removed::of(&record, visible));
                if let (true, Some(renderer)) = (visible, renderer) {
                    self.document.clear();
                    renderer.tombstone(&TombstoneView::of(&record), &mut self.document)?;
                    self.write_page(url::landing_path(&row.id), page)?;
                    self.document.clear();
                    self.write_page(url::gone_path(&row.id), page)?;
                }
            }
            Visibility::Public(files) => {
                let published = Published {
                    record: &record,
                    raw: body,
                    created: &row.created,
                    updated: &row.updated,
                    files,
                    lineage: Lineage::among(&row.id, group.siblings(&row.family)),
                    repository: &self.settings.repository,
                };
                self.print_public(&published, &row.family, renderer, page)?;
            }
        }
        Ok(())
    }

    fn print_public(
        &mut self,
        published: &Published<'_>,
        family: &str,
        renderer: Option<&Renderer>,
        page: &mut Page,
    ) -> Result<(), BuildError> {
        let id = published.id();
        let datacite = match DataCite::from_published(published) {
            Ok(datacite) => datacite,
            Err(withheld) => {
                withhold(id, withheld.code, withheld.path.to_owned(), page);
                return Ok(());
            }
        };
        let native = |out: &mut Vec<u8>| crosswalk::native::write(published, out);
        let written = self.builder.datacite(id, &datacite, native);
        if written.is_err() {
            withhold(id, "too-long", String::new(), page);
            return Ok(());
        }
        if let Some(namer) = &mut self.namer {
            namer.add(published);
        }
        let summary = &mut page.memo.summary;
        let facts = Facts::of(published);
        facts.count(summary);
        page.facts = Some(facts);
        if self.renderer.is_some() {
            let wanted = self.settings.site.latest;
            summary.note_latest(wanted, published.created, || latest(id, published.record));
            let (card, refused) = Card::of(published, family);
            for (code, path) in refused {
                let (id, code, path) = (id.to_owned(), code.to_owned(), path.to_owned());
                page.memo.summary.exceptions.push(Exception { id, code, path });
            }
            page.cards.push(Listed::Public(Box::new(card)));
        }
        let Some(renderer) = renderer else { return Ok(()) };
        self.document.clear();
        renderer.landing(published, &mut self.document)?;
        self.write_page(url::landing_path(id), page)?;
        let exports = &self.settings.site.exports;
        for format in exports.iter().filter(|format| format.applies(published)) {
            self.document.clear();
            // Dumps hold the same bytes.
            let dumped = dumped(*format).and_then(|format| self.builder.last(format));
            match (format, dumped) {
                (_, Some(bytes)) => self.document.extend_from_slice(bytes),
                (Format::DataciteXml, _) => datacite.write_xml(&mut self.document),
                (Format::DataciteJson, _) => datacite.write_json(&mut self.document),
                (Format::Linkset, _) => linkset::write(published, exports, &mut self.document),
                (other, _) => crosswalk::write(*other, published, &mut self.document)?,
            }
            self.write_page(url::export_path(id, *format), page)?;
        }
        self.print_beside(renderer, published, family, page)
    }

    /// What stands beside the page and depends on the family.
    fn print_beside(
        &mut self,
        renderer: &Renderer,
        published: &Published<'_>,
        family: &str,
        page: &mut Page,
    ) -> Result<(), BuildError> {
        let id = published.id();
        if self.settings.site.resolvers {
            let latest = published.lineage.latest().map_or(id, |latest| latest.id.as_str());
            self.document.clear();
            address::redirect(renderer.urls(), latest, &mut self.document);
            self.write_page(url::latest_path(id), page)?;
        }
        if self.settings.site.feeds && published.lineage.is_latest() && is_record_id(family) {
            self.document.clear();
            renderer.versions_feed(published, family, &mut self.document);
            self.write_page(url::versions_path(family), page)?;
        }
        Ok(())
    }

    /// Writes the document just made at `path`, and its variants, unless the same bytes stand
    /// there.
    fn write_page(&mut self, path: String, page: &mut Page) -> Result<(), BuildError> {
        for written in self.press.print(self.stage, path, &self.document)? {
            if !written.reused {
                page.written.add(written.bytes);
            }
            let Written { path, bytes, sha256, .. } = written;
            // It may have been another record's before, as the feed of a family.
            if self.changed.going_on {
                page.found.push(path.clone());
            }
            page.site.push(SiteLine { path, bytes, sha256 });
        }
        Ok(())
    }
}

fn ids<'r>(rows: impl Iterator<Item = &'r Row>) -> Vec<&'r str> {
    rows.map(|row| row.id.as_str()).collect()
}

/// The format of the dumps that an export is in.
fn dumped(format: Format) -> Option<layout::Format> {
    match format {
        Format::DataciteXml => Some(layout::Format::DataciteXml),
        Format::DataciteJson => Some(layout::Format::DataciteJson),
        Format::NativeJson => Some(layout::Format::NativeJson),
        _ => None,
    }
}

fn withhold(id: &str, code: &str, path: String, page: &mut Page) {
    let summary = &mut page.memo.summary;
    summary.counts.withheld += 1;
    summary.exceptions.push(Exception { id: id.to_owned(), code: code.to_owned(), path });
    // A record that is left out has no files, whatever it had.
    page.site.clear();
}

/// Buffers of usual frames stay; those of a frame with a record of many megabytes go.
const ROOM: usize = 4 << 20;

/// The same for the body of a record: a few have a hundred times the usual bytes, and a thread
/// that met one would hold them to its end.
const BODY_ROOM: usize = 256 << 10;

fn shrink(buffer: &mut Vec<u8>) {
    if buffer.capacity() > ROOM {
        *buffer = Vec::new();
    }
}

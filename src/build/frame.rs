//! One frame's worth of records, printed or kept: the work of one thread.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::crosswalk::datacite::DataCite;
use crate::crosswalk::names::Name;
use crate::crosswalk::{self, Format, linkset};
use crate::record::access::{Visibility, visibility};
use crate::record::date::Edtf;
use crate::record::identifier::is_record_id;
use crate::record::{Lineage, Published, Record, html};
use crate::release::layout;
use crate::release::manifest::{Counts, SiteLine};
use crate::release::pack::FrameDecoder;
use crate::release::stage::{Stage, Written};
use crate::store::{Class, Decoder, Group, Row};

use super::catalogue::Card;
use super::dump::earlier::{EarlierFrame, EarlierRecords};
use super::dump::exceptions::Exception;
use super::dump::stats::Stats;
use super::dump::{DumpOptions, FrameBuilder, RenderedFrame};
use super::site::{LatestRecord, Renderer, TombstoneView, address, url};
use super::site_list;
use super::site_pack::{Pages, Press};
use super::state::{FrameRow, Memo, RecordFiles};
use super::{BuildError, Settings, Tally};

/// A frame to be done.
pub(super) enum Work<'a> {
    /// Records of the frame changed, or nothing is known of it.
    Print {
        number: u64,
        group: Group,
        /// What the build before left, if this one goes on from there.
        old: Option<Old<'a>>,
        /// The families in which nobody is public any more, of its records that changed.
        deserted: BTreeSet<String>,
    },
    /// No record of the frame changed.
    Keep { number: u64, old: Old<'a> },
}

/// What the build before left of a frame.
pub(super) struct Old<'a> {
    pub(super) row: FrameRow,
    /// The files of its records; not read for a frame that is kept.
    pub(super) names: RecordFiles,
    /// Its part of the site list, compressed.
    pub(super) list: Vec<u8>,
    /// Its part of the site packs.
    pub(super) pages: Pages,
    /// Its part of the dumps; not looked for if the frame is kept.
    pub(super) dumps: Option<EarlierFrame<'a>>,
}

/// Which records of a frame that is printed have changed pages. Constant within a build.
#[derive(Debug, Default)]
pub(super) struct Changed {
    /// Whether the build goes on from another; if not, everything has.
    pub(super) going_on: bool,
    /// Those with a change after this one.
    pub(super) since: u64,
    /// And those whose files open or close between the two as-ofs.
    pub(super) opened: BTreeSet<String>,
}

impl Changed {
    pub(super) fn has(&self, row: &Row) -> bool {
        row.seq > self.since || self.opened.contains(&row.id)
    }
}

/// What one frame of records became.
pub(super) struct Printed {
    /// Which frame.
    pub(super) number: u64,
    /// The dumps' part; `None` when no record of the frame is public, or when it is kept.
    pub(super) frame: Option<RenderedFrame>,
    /// What the frame adds to the totals, and the ids that have a page.
    pub(super) memo: Memo,
    /// Its part of the site list, compressed.
    pub(super) list: Vec<u8>,
    /// Its part of the site packs.
    pub(super) pages: Pages,
    /// How many files that lists, and the sum of their sizes.
    pub(super) listed: Tally,
    /// How many of them were written rather than found equal, with how many bytes.
    pub(super) written: Tally,
    /// The row of the state file; `None` for a frame that is kept.
    pub(super) row: Option<FrameRow>,
    /// Paths that the build before printed and this one does not.
    pub(super) lost: Vec<String>,
    /// Paths of the records that changed.
    pub(super) found: Vec<String>,
    /// The records that changed, in order, for the lists.
    pub(super) cards: Vec<Listed>,
}

/// A record as the lists know it.
#[derive(Debug)]
pub(super) enum Listed {
    Public(Box<Card>),
    /// It exists; nothing more is public.
    Hidden(String),
}

/// What a frame adds to the totals of a release.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Summary {
    pub(super) counts: Counts,
    pub(super) stats: Stats,
    pub(super) exceptions: Vec<Exception>,
    pub(super) removals: Vec<Removed>,
    pub(super) communities: BTreeMap<String, Community>,
    /// The newest records of the frame with their creation time, newest first.
    pub(super) latest: Vec<(String, LatestRecord)>,
}

/// A row of the deletion ledger, in the order of its columns.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Removed(pub(super) [String; 8]);

/// A community as its records describe it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Community {
    /// Smallest title seen, so that order does not matter.
    pub(super) title: Option<String>,
    pub(super) records: u64,
}

impl Community {
    pub(super) fn merge(&mut self, records: u64, title: Option<&str>) {
        self.records += records;
        if let Some(title) = title.filter(|title| !title.is_empty())
            && self.title.as_deref().is_none_or(|known| title < known)
        {
            self.title = Some(title.to_owned());
        }
    }
}

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
    body: String,
    document: Vec<u8>,
    lines: Vec<u8>,
}

/// A frame that is being printed.
#[derive(Default)]
struct Page {
    memo: Memo,
    written: Tally,
    listed: Tally,
    /// Of the record at hand.
    site: Vec<SiteLine>,
    /// What the build before printed and this one did not yet, by record.
    old: Option<BTreeMap<String, Vec<SiteLine>>>,
    /// What it printed of them in the dumps, and what it could not.
    earlier: EarlierRecords,
    exceptions: Vec<Exception>,
    deserted: BTreeSet<String>,
    lost: Vec<String>,
    found: Vec<String>,
    cards: Vec<Listed>,
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
            body: String::new(),
            document: Vec::new(),
            lines: Vec::new(),
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
                memo: Memo { summary: row.summary()?, pages: Vec::new() },
                list,
                pages,
                listed: Tally { files: row.files, bytes: row.bytes },
                written: Tally::default(),
                row: None,
                lost: Vec::new(),
                found: Vec::new(),
                cards: Vec::new(),
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
        if let Some(old) = old {
            let lines = site_list::by_record(&old.names, &old.list)?;
            self.press.start(&old.names, &lines, old.pages)?;
            page.old = Some(lines);
            if let Some(dumps) = old.dumps {
                page.earlier = dumps.read(&mut self.frames);
                page.exceptions = old.row.summary()?.exceptions;
            }
        }
        self.lines.clear();
        self.builder.start(self.settings.dump.spans.place_of_number(number));
        for row in &group.rows {
            page.memo.summary.counts.minted += 1;
            let mut body = std::mem::take(&mut self.body);
            row.decode(&mut self.decoder, &mut body)?;
            self.print_row(group, row, &body, &mut page)?;
            self.body = body;
            self.list_files(group, row, &mut page)?;
        }
        let Page { memo, written, listed, old, mut lost, found, cards, .. } = page;
        // Records never leave the store, so what is left here belongs to none of the frame's.
        lost.extend(old.into_iter().flatten().flat_map(|(_, lines)| lines).map(|line| line.path));
        let frame = self.builder.finish()?;
        let list = site_list::compress(&self.lines)?;
        let pages = self.press.finish();
        let row = FrameRow::new(&memo, &list, &pages, listed)?;
        shrink(&mut self.lines);
        shrink(&mut self.document);
        if self.body.capacity() > ROOM {
            self.body = String::new();
        }
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
        })
    }

    /// Ends a record: its files go into the list, and those it no longer has are lost.
    fn list_files(&mut self, group: &Group, row: &Row, page: &mut Page) -> Result<(), BuildError> {
        let id = row.id.as_str();
        let old = page.old.as_mut().and_then(|old| old.remove(id)).unwrap_or_default();
        let kept: BTreeSet<&str> = page.site.iter().map(|line| line.path.as_str()).collect();
        let mut lost: Vec<String> = old.into_iter().map(|line| line.path).collect();
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
        if page.site.is_empty() {
            return Ok(());
        }
        let own = format!("records/{id}");
        let name = |line: &SiteLine| line.path.strip_prefix(&own).unwrap_or(&line.path).to_owned();
        let names = page.site.iter().map(name).collect();
        page.memo.pages.push((id.to_owned(), names));
        for line in page.site.drain(..) {
            page.listed.add(line.bytes);
            site_list::append(&line, &mut self.lines)?;
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
        if unchanged && let Some(lines) = page.old.as_ref().and_then(|old| old.get(&row.id)) {
            page.site.extend_from_slice(lines);
        }
        let listed = page.cards.len();
        self.print_parsed(group, row, body, unchanged, page)?;
        if unchanged {
            page.cards.truncate(listed);
        } else if self.renderer.is_some() && page.cards.len() == listed {
            page.cards.push(Listed::Hidden(row.id.clone()));
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
                match unchanged && page.earlier.copy(&row.id, &mut self.builder) {
                    true => self.note_copied(&published, page),
                    false => self.print_public(&published, &row.family, renderer, page)?,
                }
            }
        }
        Ok(())
    }

    /// Counts a record whose part of the dumps was copied.
    fn note_copied(&self, published: &Published<'_>, page: &mut Page) {
        let id = published.id();
        let known = page.exceptions.iter().filter(|exception| exception.id == id);
        page.memo.summary.exceptions.extend(known.cloned());
        self.note_public(published, &mut page.memo.summary);
    }

    /// Counts a record.
    fn note_public(&self, published: &Published<'_>, summary: &mut Summary) {
        summary.counts.public += 1;
        count(published, &mut summary.stats);
        for entry in &published.record.parent.communities.entries {
            if !entry.slug.is_empty() {
                let community = summary.communities.entry(entry.slug.to_string()).or_default();
                community.merge(1, entry.metadata.title.as_deref());
            }
        }
        if self.renderer.is_some() {
            self.note_latest(published, summary);
        }
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
        self.note_public(published, &mut page.memo.summary);
        if self.renderer.is_some() {
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

    fn note_latest(&self, published: &Published<'_>, summary: &mut Summary) {
        let wanted = self.settings.site.latest;
        let created = published.created;
        let full = summary.latest.len() >= wanted;
        if wanted == 0
            || full && summary.latest.last().is_some_and(|last| last.0.as_str() >= created)
        {
            return;
        }
        summary.latest.push((created.to_owned(), latest(published)));
        keep_newest(&mut summary.latest, wanted);
    }
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

/// Sorts newest first, by creation time, then id, and drops what is beyond `wanted`.
pub(super) fn keep_newest(latest: &mut Vec<(String, LatestRecord)>, wanted: usize) {
    latest.sort_by(|a, b| (&b.0, &b.1.id).cmp(&(&a.0, &a.1.id)));
    latest.truncate(wanted);
}

fn latest(published: &Published<'_>) -> LatestRecord {
    let metadata = &published.record.metadata;
    let text = |text: &Option<crate::record::Text<'_>>| {
        text.as_deref().map(|text| html::plain(text).into_owned()).unwrap_or_default()
    };
    let names = metadata.creators.iter().filter_map(|creator| Name::of(&creator.person_or_org));
    LatestRecord {
        id: published.id().to_owned(),
        title: text(&metadata.title),
        creators: names.map(|name| name.inverted().into_owned()).collect(),
        publication_date: text(&metadata.publication_date),
        resource_type: metadata.resource_type.id.to_string(),
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

fn shrink(buffer: &mut Vec<u8>) {
    if buffer.capacity() > ROOM {
        *buffer = Vec::new();
    }
}

fn count(published: &Published<'_>, stats: &mut Stats) {
    let metadata = &published.record.metadata;
    let date = metadata.publication_date.as_deref().unwrap_or_default();
    let year = Edtf::repair(date).map(|(date, _)| date.year());
    let licences = metadata.rights.iter().filter_map(|right| right.id.as_deref());
    stats.add(&metadata.resource_type.id, year, published.files.status(), licences);
}

impl Removed {
    fn of(record: &Record<'_>, visible: bool) -> Removed {
        let doi = |pids: &crate::record::model::Pids<'_>| {
            pids.doi.as_ref().map(|doi| doi.identifier.to_string()).unwrap_or_default()
        };
        let mut row = Removed::default();
        row.0[0] = record.id.to_string();
        row.0[1] = doi(&record.pids);
        row.0[2] = record.parent.id.to_string();
        row.0[3] = doi(&record.parent.pids);
        // An invisible tombstone says that the record is gone, and nothing about it.
        if let Some(tombstone) = record.tombstone.as_ref().filter(|_| visible) {
            let text = |text: &Option<crate::record::Text<'_>>| {
                text.as_deref().map(|text| html::plain(text).into_owned()).unwrap_or_default()
            };
            row.0[4] = text(&tombstone.note);
            let reason = tombstone.removal_reason.as_ref();
            row.0[5] = reason.map(|reason| reason.id.to_string()).unwrap_or_default();
            row.0[6] = text(&tombstone.removal_date);
            row.0[7] = text(&tombstone.citation_text);
        }
        row
    }
}

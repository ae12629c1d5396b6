//! One frame's worth of records, printed: the work of one thread.

use std::collections::BTreeMap;
use std::convert::Infallible;

use crate::crosswalk::datacite::DataCite;
use crate::crosswalk::names::Name;
use crate::crosswalk::{self, Format};
use crate::record::access::{Visibility, visibility};
use crate::record::date::Edtf;
use crate::record::{Lineage, Published, Record, html};
use crate::release::layout;
use crate::release::manifest::{Counts, SiteLine};
use crate::release::stage::Stage;
use crate::store::{Decoder, Group, Row};

use super::dump::exceptions::Exception;
use super::dump::stats::Stats;
use super::dump::{DumpOptions, FrameBuilder, RenderedFrame};
use super::site::{LatestRecord, Renderer, TombstoneView, url};
use super::{BuildError, Settings};

/// What one frame of records became.
#[derive(Debug, Default)]
pub(super) struct Printed {
    /// The dumps' part; `None` when no record of the frame is public.
    pub(super) frame: Option<RenderedFrame>,
    /// Name of the pack, which is the range of the site list.
    pub(super) range: String,
    /// Pages and exports in record order.
    pub(super) site: Vec<SiteLine>,
    /// Ids that have a page.
    pub(super) paged: Vec<String>,
    /// How many of `site` were written rather than found equal, with how many bytes.
    pub(super) pages_written: super::Tally,
    pub(super) exceptions: Vec<Exception>,
    pub(super) removals: Vec<Removed>,
    pub(super) counts: Counts,
    pub(super) stats: Stats,
    pub(super) communities: BTreeMap<String, Community>,
    /// The newest records of the frame with their creation time, newest first.
    pub(super) latest: Vec<(String, LatestRecord)>,
}

/// A row of the deletion ledger, in the order of its columns.
#[derive(Debug, Default)]
pub(super) struct Removed(pub(super) [String; 8]);

/// A community as its records describe it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
    day: &'a str,
    decoder: Decoder,
    builder: FrameBuilder,
    body: String,
    document: Vec<u8>,
}

impl<'a> FrameWorker<'a> {
    pub(super) fn new(
        settings: &'a Settings,
        options: &DumpOptions,
        stage: &'a Stage,
        renderer: Option<&'a Renderer>,
        day: &'a str,
        decoder: Decoder,
    ) -> Result<Self, BuildError> {
        Ok(FrameWorker {
            settings,
            stage,
            renderer,
            day,
            decoder,
            builder: FrameBuilder::new(options).map_err(BuildError::Zstd)?,
            body: String::new(),
            document: Vec::new(),
        })
    }

    /// Prints every record of the group.
    ///
    /// # Errors
    /// When a row of the store cannot be read or a file cannot be written. A record that
    /// cannot be printed is an exception in the result, not an error.
    pub(super) fn print(&mut self, group: Group) -> Result<Printed, BuildError> {
        let mut printed = Printed::default();
        let Some(first) = group.rows.first() else { return Ok(printed) };
        let place = self.settings.dump.spans.place(&first.id);
        printed.range = place.pack.to_string();
        self.builder.start(place);
        for row in &group.rows {
            printed.counts.minted += 1;
            let mut body = std::mem::take(&mut self.body);
            row.decode(&mut self.decoder, &mut body)?;
            self.print_row(&group, row, &body, &mut printed)?;
            self.body = body;
        }
        printed.frame = self.builder.finish()?;
        Ok(printed)
    }

    fn print_row(
        &mut self,
        group: &Group,
        row: &Row,
        body: &str,
        printed: &mut Printed,
    ) -> Result<(), BuildError> {
        let record = match Record::parse(body) {
            Ok(record) => record,
            Err(error) => {
                withhold(&row.id, "unreadable", error.path, printed);
                return Ok(());
            }
        };
        match visibility(&record, self.day) {
            Visibility::Restricted => printed.counts.restricted += 1,
            Visibility::Tombstone { visible } => {
                printed.counts.tombstoned += 1;
                printed.removals.push(Removed::of(&record, visible));
                if let (true, Some(renderer)) = (visible, self.renderer) {
                    self.document.clear();
                    renderer.tombstone(&TombstoneView::of(&record), &mut self.document)?;
                    self.write_page(url::landing_path(&row.id), printed)?;
                    printed.paged.push(row.id.clone());
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
                self.print_public(&published, printed)?;
            }
        }
        Ok(())
    }

    fn print_public(
        &mut self,
        published: &Published<'_>,
        printed: &mut Printed,
    ) -> Result<(), BuildError> {
        let id = published.id();
        let datacite = match DataCite::from_published(published) {
            Ok(datacite) => datacite,
            Err(withheld) => {
                withhold(id, withheld.code, withheld.path.to_owned(), printed);
                return Ok(());
            }
        };
        let written = self.builder.record(id, |format, out| {
            match format {
                layout::Format::DataciteXml => datacite.write_xml(out),
                layout::Format::DataciteJson => datacite.write_json(out),
                layout::Format::NativeJson => crosswalk::native::write(published, out),
            }
            Ok::<(), Infallible>(())
        });
        if written.is_err() {
            withhold(id, "too-long", String::new(), printed);
            return Ok(());
        }
        printed.counts.public += 1;
        count(published, &mut printed.stats);
        for entry in &published.record.parent.communities.entries {
            if !entry.slug.is_empty() {
                let community = printed.communities.entry(entry.slug.to_string()).or_default();
                community.merge(1, entry.metadata.title.as_deref());
            }
        }
        if let Some(renderer) = self.renderer {
            self.document.clear();
            renderer.landing(published, &mut self.document)?;
            self.write_page(url::landing_path(id), printed)?;
            for format in &self.settings.site.exports {
                self.document.clear();
                match format {
                    Format::DataciteXml => datacite.write_xml(&mut self.document),
                    Format::DataciteJson => datacite.write_json(&mut self.document),
                    other => crosswalk::write(*other, published, &mut self.document)?,
                }
                self.write_page(url::export_path(id, *format), printed)?;
            }
            printed.paged.push(id.to_owned());
            self.note_latest(published, printed);
        }
        Ok(())
    }

    /// Writes the document just made at `path`, unless the same bytes stand there.
    fn write_page(&self, path: String, printed: &mut Printed) -> Result<(), BuildError> {
        let written = self.stage.write_page(&path, &self.document)?;
        if !written.reused {
            printed.pages_written.add(written.bytes);
        }
        printed.site.push(SiteLine { path, bytes: written.bytes, sha256: written.sha256 });
        Ok(())
    }

    fn note_latest(&self, published: &Published<'_>, printed: &mut Printed) {
        let wanted = self.settings.site.latest;
        let created = published.created;
        let full = printed.latest.len() >= wanted;
        if wanted == 0
            || full && printed.latest.last().is_some_and(|last| last.0.as_str() >= created)
        {
            return;
        }
        printed.latest.push((created.to_owned(), latest(published)));
        keep_newest(&mut printed.latest, wanted);
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

fn withhold(id: &str, code: &str, path: String, printed: &mut Printed) {
    printed.counts.withheld += 1;
    printed.exceptions.push(Exception { id: id.to_owned(), code: code.to_owned(), path });
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

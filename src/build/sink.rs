//! Frames in id order become packs, lists, ledgers and the pages around the records.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

use serde::Serialize;

use crate::release::delta::InHand;
use crate::release::layout;
use crate::release::manifest::{Counts, Dump, FileEntry, Licence, SiteEntry};
use crate::release::stage::{Stage, StagedFile};

use super::around::Around;
use super::catalogue::{Catalogue, CatalogueError, Loader};
use super::dump::exceptions::{Exception, Exceptions};
use super::dump::ledger::{LedgerWriter, Removal};
use super::dump::lines::LinesWriter;
use super::dump::stats::Stats;
use super::dump::{DumpOptions, DumpWriter, Standing, compat, readme, recipe};
use super::search::vocabulary::Gathered;
use super::site::lists::print::{Plan, PrintedLists, print};
use super::site::{LatestRecord, Renderer};
use super::site_pack::{Binder, Shelved, write_dictionary};
use super::state::{Memo, StateWriter};
use super::summary::{Community, Removed, keep_newest};
use super::sweep::PageSet;
use super::work::{Listed, Printed};
use super::{BuildError, Form, Settings, Tally, release_id};

/// What the sink hands to the manifest and the report.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) state: StateWriter,
    pub(super) counts: Counts,
    pub(super) exceptions: u64,
    /// Ids of public records that are left out.
    pub(super) withheld: BTreeSet<String>,
    pub(super) dumps: BTreeMap<layout::Format, Dump>,
    pub(super) files: Vec<FileEntry>,
    pub(super) site: Vec<SiteEntry>,
    pub(super) pages: PageSet,
    /// Records that are other than in the release that is gone on from.
    pub(super) in_hand: InHand,
    /// Words in a row that records are named by, if they were gathered of all.
    pub(super) named: Option<Gathered>,
    /// Printed, and not settled yet; `None` without pages.
    pub(super) catalogue: Option<Catalogue>,
    pub(super) written: BTreeMap<&'static str, Tally>,
    pub(super) reused: BTreeMap<&'static str, Tally>,
}

/// Takes [`Printed`] frames in pack order. Memory: open files, counters, the bit map of
/// [`PageSet`], and what is [`Gathered`] for the search index.
pub(super) struct Sink<'a> {
    stage: &'a Stage,
    settings: &'a Settings,
    renderer: Option<&'a Renderer>,
    advance: &'a (dyn Fn(u64) + Sync),
    release: String,
    dump: DumpWriter<'a>,
    list: Option<List<'a>>,
    binder: Binder<'a>,
    ledger: LedgerWriter<'a>,
    exceptions: Exceptions,
    counts: Counts,
    stats: Stats,
    communities: BTreeMap<String, Community>,
    latest: Vec<(String, LatestRecord)>,
    pages: PageSet,
    cards: Cards,
    /// Whether the build goes on from the one before.
    goes_on: bool,
    in_hand: InHand,
    named: Option<Gathered>,
    interrupted: bool,
    /// Files that the build before printed and this one does not; those of another record that
    /// this one does.
    lost: BTreeSet<String>,
    found: BTreeSet<String>,
    site: Vec<SiteEntry>,
    state: StateWriter,
    written: BTreeMap<&'static str, Tally>,
    reused: BTreeMap<&'static str, Tally>,
}

/// Codes of exceptions about something beside a record, which itself is printed.
const BESIDE: [&str; 3] = ["doi-path", "community-path", "doi-taken"];

/// What a build goes on from, and where it notes how far it went.
pub(super) struct Ground<'a> {
    /// The dumps that can be taken over.
    pub(super) standing: Option<Standing<'a>>,
    /// The site packs that can be taken over.
    pub(super) shelved: Shelved,
    pub(super) state: StateWriter,
    pub(super) cards: Cards,
    /// Whether a build was killed since the one that is gone on from.
    pub(super) interrupted: bool,
}

/// Where the cards of the lists go.
pub(super) enum Cards {
    /// There are no lists.
    Unwanted,
    /// All of them, in pack order.
    All(Loader),
    /// Those that changed.
    Changed(Catalogue),
}

impl Cards {
    fn put(&mut self, listed: &Listed) -> Result<(), CatalogueError> {
        match (self, listed) {
            (Cards::Unwanted, _) => Ok(()),
            (Cards::All(loader), Listed::Public(card)) => loader.push(card),
            (Cards::All(loader), Listed::Hidden(id)) => loader.hide(id),
            (Cards::Changed(catalogue), Listed::Public(card)) => catalogue.put(card),
            (Cards::Changed(catalogue), Listed::Hidden(id)) => catalogue.hide(id),
        }
    }
}

/// An open `site/<range>-<hash12>.ndjson.zst`.
struct List<'a> {
    range: String,
    out: StagedFile<'a>,
    files: u64,
}

#[derive(Serialize)]
struct CommunityLine<'a> {
    slug: &'a str,
    title: &'a str,
    records: u64,
}

impl<'a> Sink<'a> {
    pub(super) fn new(
        stage: &'a Stage,
        settings: &'a Settings,
        options: &DumpOptions,
        renderer: Option<&'a Renderer>,
        advance: &'a (dyn Fn(u64) + Sync),
        ground: Ground<'a>,
    ) -> Result<Self, BuildError> {
        let Ground { standing, shelved, state, cards, interrupted } = ground;
        let goes_on = standing.is_some();
        let mut dump = DumpWriter::new(stage, options.clone())?;
        if let Some(standing) = standing {
            dump = dump.after(standing);
        }
        Ok(Sink {
            state,
            stage,
            settings,
            renderer,
            advance,
            release: release_id(settings.as_of),
            dump,
            list: None,
            binder: Binder::new(stage, shelved),
            ledger: LedgerWriter::new(stage)?,
            exceptions: Exceptions::default(),
            counts: Counts::default(),
            stats: Stats::default(),
            communities: BTreeMap::new(),
            latest: Vec::new(),
            pages: PageSet::default(),
            cards,
            goes_on,
            in_hand: InHand::default(),
            named: None,
            interrupted,
            lost: BTreeSet::new(),
            found: BTreeSet::new(),
            site: Vec::new(),
            written: BTreeMap::new(),
            reused: BTreeMap::new(),
        })
    }

    /// Takes the next frame in pack order.
    pub(super) fn accept(&mut self, mut printed: Printed) -> Result<(), BuildError> {
        let place = self.settings.dump.spans.place_of_number(printed.number);
        match (&printed.row, &printed.frame) {
            (None, _) => self.dump.keep(place)?,
            (Some(_), Some(frame)) => self.dump.push(frame)?,
            (Some(_), None) => {}
        }
        self.list(&place.pack.to_string(), &printed)?;
        self.note(&mut printed)?;
        self.binder.accept(place, printed.pages)?;
        if let Some(named) = printed.named {
            self.named.get_or_insert_default().add(&named);
        }
        let Memo { summary, known } = printed.memo;
        for Removed(row) in &summary.removals {
            let [id, doi, parent_id, parent_doi, note, reason, date, citation] = row;
            self.ledger.push(&Removal {
                record_id: id,
                doi,
                parent_id,
                parent_doi,
                removal_note: note,
                removal_reason: reason,
                removal_date: date,
                citation_text: citation,
            })?;
        }
        summary.exceptions.into_iter().for_each(|exception| self.exceptions.add(exception));
        // For a walk over all there is, which only follows when everything is printed.
        if self.settings.site.form == Form::Files && !self.goes_on {
            known.names().for_each(|(id, names)| self.pages.insert(id, names));
        }
        add_counts(&mut self.counts, &summary.counts);
        self.stats.merge(&summary.stats);
        for (slug, community) in summary.communities {
            let known = self.communities.entry(slug).or_default();
            known.merge(community.records, community.title.as_deref());
        }
        self.latest.extend(summary.latest);
        keep_newest(&mut self.latest, self.settings.site.latest);
        let (listed, written) = (printed.listed, printed.written);
        add(&mut self.written, "pages", written);
        let (files, bytes) = (listed.files - written.files, listed.bytes - written.bytes);
        add(&mut self.reused, "pages", Tally { files, bytes });
        (self.advance)(summary.counts.minted);
        Ok(())
    }

    /// Writes down what the next build must know.
    fn note(&mut self, printed: &mut Printed) -> Result<(), BuildError> {
        let Some(row) = &printed.row else { return Ok(()) };
        self.state.put(printed.number, row)?;
        if self.goes_on {
            let place = self.settings.dump.spans.place_of_number(printed.number);
            self.in_hand.add(place.pack, printed.edits.take());
        }
        self.lost.extend(printed.lost.iter().cloned());
        self.found.extend(printed.found.iter().cloned());
        printed.cards.iter().try_for_each(|listed| self.cards.put(listed))?;
        Ok(())
    }

    /// Prints the lists of records, now that all are known.
    ///
    /// `communities` are all communities with their titles, by slug.
    pub(super) fn print_lists<'c>(
        &mut self,
        communities: impl IntoIterator<Item = (&'c str, &'c str)>,
    ) -> Result<Option<Catalogue>, BuildError> {
        self.end_list()?;
        let Some(renderer) = self.renderer else { return Ok(None) };
        let mut catalogue = match std::mem::replace(&mut self.cards, Cards::Unwanted) {
            Cards::All(loader) => loader.finish()?,
            Cards::Changed(catalogue) => catalogue,
            Cards::Unwanted => return Ok(None),
        };
        catalogue.name_communities(communities)?;
        let plan = Plan {
            renderer,
            stage: self.stage,
            site: &self.settings.site,
            threads: self.settings.threads,
            interrupted: self.interrupted,
        };
        let PrintedLists { site, losers, gone, concepts, packs, written, reused } =
            print(&mut catalogue, &plan)?;
        self.binder.written.join(packs.0);
        self.binder.reused.join(packs.1);
        self.site.extend(site);
        for (id, path) in losers {
            let (code, path) = ("doi-taken".to_owned(), path.to_owned());
            self.exceptions.add(Exception { id, code, path });
        }
        self.pages.merge_pages(concepts);
        self.lost.extend(gone);
        add(&mut self.written, "listings", written);
        add(&mut self.reused, "listings", reused);
        Ok(Some(catalogue))
    }

    /// Ends all files and writes the ones that need the totals.
    pub(super) fn finish(mut self, catalogue: Option<Catalogue>) -> Result<Outcome, BuildError> {
        // What a pack does not hold any more is nowhere.
        if self.settings.site.form == Form::Files {
            self.lost.difference(&self.found).try_for_each(|path| self.state.lose(path))?;
        }
        let (stage, release) = (self.stage, self.release.clone());
        let as_of = self.settings.as_of.to_string();
        let mut dumps = self.dump.finish()?;
        if let Some(elsewhere) = &self.settings.elsewhere {
            dumps.dumps.clone_from(elsewhere);
        }
        add(&mut self.written, "packs", dumps.written);
        add(&mut self.reused, "packs", dumps.reused);
        let mut files = Vec::new();
        let ledger = self.ledger.finish(&release)?;
        if !dumps.compat.is_empty() {
            let mut archives = dumps.compat;
            archives.push(compat::copy_ledger(stage, &release, &ledger)?);
            let base = &self.settings.repository.base_url;
            files.push(compat::write_listing(stage, base, &as_of, &archives)?);
            files.extend(archives.into_iter().map(|archive| archive.entry));
        }
        files.push(ledger);
        let exceptions = self.exceptions.len() as u64;
        let withheld = self.exceptions.iter().filter(|e| !BESIDE.contains(&e.code.as_str()));
        let withheld = withheld.map(|exception| exception.id.clone()).collect();
        files.push(self.exceptions.write(stage, &release)?);
        files.push(self.stats.write(stage, &release)?);
        let mut lines = LinesWriter::new(stage)?;
        for (slug, community) in &self.communities {
            let title = community.title.as_deref().unwrap_or(slug);
            lines.push(&CommunityLine { slug, title, records: community.records })?;
        }
        files.push(lines.finish(&release, "communities")?);
        let facts = readme::Facts {
            release: &release,
            as_of: &as_of,
            repository: &super::repository_name(self.settings),
            licence: &Licence::cc0(),
            counts: self.counts,
            spans: self.settings.dump.spans,
            dumps: &dumps.dumps,
        };
        files.extend(readme::write(stage, &facts)?);
        if let Some(recipe) = &self.settings.recipe {
            files.push(recipe::write(stage, &release, recipe)?);
        }
        if let Some(renderer) = self.renderer {
            let latest = self.latest.into_iter().map(|(_, record)| record).collect();
            let pages = Around { release: &release, as_of: &as_of, counts: self.counts, latest };
            files.extend(pages.write(renderer, stage, &dumps.dumps)?);
        }
        if self.site.iter().any(|entry| !entry.packs.is_empty()) {
            files.push(write_dictionary(stage)?);
            add(&mut self.written, "site-packs", self.binder.written);
            add(&mut self.reused, "site-packs", self.binder.reused);
        }
        for file in &files {
            add(&mut self.written, "files", Tally { files: 1, bytes: file.bytes });
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Outcome {
            state: self.state,
            counts: self.counts,
            exceptions,
            withheld,
            dumps: dumps.dumps,
            files,
            site: self.site,
            pages: self.pages,
            in_hand: self.in_hand,
            named: self.named,
            catalogue,
            written: self.written,
            reused: self.reused,
        })
    }

    fn list(&mut self, range: &str, printed: &Printed) -> Result<(), BuildError> {
        if printed.list.is_empty() {
            return Ok(());
        }
        if self.list.as_ref().is_none_or(|list| list.range != range) {
            self.end_list()?;
            self.list = Some(List { range: range.to_owned(), out: self.stage.file()?, files: 0 });
        }
        let Some(list) = &mut self.list else { return Ok(()) };
        list.files += printed.listed.files;
        list.out
            .write_all(&printed.list)
            .map_err(|source| BuildError::Write { what: "a site list", source })
    }

    fn end_list(&mut self) -> Result<(), BuildError> {
        let Some(List { range, out, files }) = self.list.take() else { return Ok(()) };
        let packs = self.binder.end_range()?;
        let sealed = out.seal()?;
        let path = layout::site_path(&range, &sealed.sha256[..12]);
        let written = sealed.keep_once(&path)?;
        let (bytes, sha256) = (written.bytes, written.sha256);
        let tallies = if written.reused { &mut self.reused } else { &mut self.written };
        add(tallies, "lists", Tally { files: 1, bytes });
        self.site.push(SiteEntry { range, path, bytes, sha256, files, packs });
        Ok(())
    }
}

fn add(tallies: &mut BTreeMap<&'static str, Tally>, kind: &'static str, more: Tally) {
    tallies.entry(kind).or_default().join(more);
}

fn add_counts(sum: &mut Counts, more: &Counts) {
    sum.minted += more.minted;
    sum.public += more.public;
    sum.tombstoned += more.tombstoned;
    sum.restricted += more.restricted;
    sum.withheld += more.withheld;
}

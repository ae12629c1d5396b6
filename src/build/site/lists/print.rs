//! Prints what changed in the catalogue: lists, feeds, sitemaps, addresses.

use std::collections::BTreeSet;

use super::addresses::{Addresses, Files};
use super::feed::{FeedEntry, FeedView};
use super::pages::{PAGE, Pages, Piece, piece_file};
use super::sheets::{Sheets, each_run, list_files};
use super::sitemap::{SITEMAP, index, sitemap};
use super::view::{FRONT, IndexRow, IndexSection, IndexView, ListView};
use crate::build::catalogue::{
    Card, Catalogue, CatalogueError, Cutter, Facet, FileRow, List, Series, Spot,
};
use crate::build::pipeline;
use crate::build::site::{Renderer, words};
use crate::build::sweep::PageSet;
use crate::build::{BuildError, SiteSettings, Tally};
use crate::release::manifest::SiteEntry;
use crate::release::stage::Stage;

/// Jobs that are on their way together, and cards in them.
const JOBS: usize = 512;
/// Values on the page of a facet, and communities on theirs.
const VALUES: usize = 1000;
/// Values of a facet on the page over all facets.
const FIRST: usize = 12;
/// A list this short is printed as a whole.
const SHORT: u64 = 400;

/// What printing needs to know.
pub(in crate::build) struct Plan<'a> {
    pub(in crate::build) renderer: &'a Renderer,
    pub(in crate::build) stage: &'a Stage,
    pub(in crate::build) site: &'a SiteSettings,
    pub(in crate::build) threads: usize,
}

/// What came of it.
#[derive(Debug, Default)]
pub(in crate::build) struct PrintedLists {
    /// Site lists of everything printed from the catalogue, not only now.
    pub(in crate::build) site: Vec<SiteEntry>,
    /// Records whose DOI leads to another record, with the place of the DOI.
    pub(in crate::build) losers: Vec<(String, &'static str)>,
    /// Files to be removed once the release stands.
    pub(in crate::build) gone: Vec<String>,
    /// Ids of concepts that have a page, when everything was printed.
    pub(in crate::build) concepts: PageSet,
    pub(in crate::build) written: Tally,
    pub(in crate::build) reused: Tally,
}

/// Prints what was touched, or everything after a catalogue was made. Commits the catalogue
/// first, so that what was touched is known even if this does not end well.
pub(in crate::build) fn print(
    catalogue: &mut Catalogue,
    plan: &Plan<'_>,
) -> Result<PrintedLists, BuildError> {
    catalogue.keep()?;
    catalogue.begin()?;
    let mut press = Press {
        catalogue,
        plan,
        jobs: Vec::new(),
        written: Tally::default(),
        reused: Tally::default(),
    };
    press.lists()?;
    press.sitemaps()?;
    press.flush()?;
    let (mut written, mut reused) = (press.written, press.reused);
    let mut sheets = Sheets::default();
    let mut addresses = Addresses {
        catalogue,
        threads: plan.threads,
        files: Files {
            urls: plan.renderer.urls(),
            stage: plan.stage,
            resolvers: plan.site.resolvers,
            badges: plan.site.badges,
        },
        written: Tally::default(),
        reused: Tally::default(),
        concepts: PageSet::default(),
    };
    addresses.print(&mut sheets)?;
    let concepts = std::mem::take(&mut addresses.concepts);
    for (tally, more) in [(&mut written, addresses.written), (&mut reused, addresses.reused)] {
        tally.join(more);
    }
    list_files(catalogue, plan.stage, &mut sheets)?;
    written.join(sheets.written);
    reused.join(sheets.reused);
    let printed = PrintedLists {
        site: catalogue.sheets()?.into_iter().map(site_entry).collect(),
        losers: catalogue.losers()?.into_iter().map(loser).collect(),
        gone: catalogue.gone()?,
        concepts,
        written,
        reused,
    };
    catalogue.keep()?;
    Ok(printed)
}

fn site_entry(sheet: crate::build::catalogue::Sheet) -> SiteEntry {
    SiteEntry {
        range: sheet.range,
        path: sheet.path,
        bytes: sheet.bytes,
        sha256: sheet.sha256,
        files: sheet.files,
    }
}

fn loser((id, rank): (String, i64)) -> (String, &'static str) {
    (id, if rank == 0 { "pids.doi.identifier" } else { "parent.pids.doi.identifier" })
}

/// A file to be rendered. Cards are still text: decoding is work for the threads.
enum Job {
    List(ListView, Vec<String>),
    Feed(FeedView, Vec<String>),
    Index(IndexView),
    Sitemap(String, Vec<(String, String)>),
    Sitemaps(Vec<FileRow>),
}

struct Press<'a> {
    catalogue: &'a Catalogue,
    plan: &'a Plan<'a>,
    jobs: Vec<Job>,
    written: Tally,
    reused: Tally,
}

impl Press<'_> {
    fn lists(&mut self) -> Result<(), BuildError> {
        let mut any = false;
        if self.catalogue.is_whole() {
            let mut name = String::new();
            while let Some(list) = self.catalogue.next_list(&name)? {
                self.list(&list)?;
                any = true;
                name = list.name;
            }
            // Also without a record there is a page and a feed to follow.
            if self.catalogue.entries(&Facet::Newest.list(""))? == 0 {
                self.list(&List { name: Facet::Newest.list(""), entries: 0 })?;
            }
        } else {
            for name in self.catalogue.touched_lists()? {
                let entries = self.catalogue.entries(&name)?;
                self.list(&List { name, entries })?;
                any = true;
            }
        }
        if any || self.catalogue.is_whole() {
            self.indexes()?;
        }
        Ok(())
    }

    /// Prints what changed of one list.
    fn list(&mut self, list: &List) -> Result<(), BuildError> {
        let Some((facet, key)) = Facet::of_list(&list.name) else { return Ok(()) };
        let shelf = Shelf {
            facet,
            stem: facet.stem(key),
            title: self.title(facet, key, &list.name)?,
            feed: facet.feed(key),
        };
        let shown = match facet {
            Facet::Newest => true,
            Facet::Subject => list.entries >= self.plan.site.subject_min.max(1),
            _ => list.entries > 0,
        };
        if !shown {
            return self.remove(&shelf);
        }
        let mut listed = None;
        if facet == Facet::Community {
            self.archive_of_all(&shelf, list)?;
        } else {
            listed = self.archive_of_newest(&shelf, list)?;
        }
        self.front(&shelf, list, listed)
    }

    fn title(&self, facet: Facet, key: &str, list: &str) -> Result<String, BuildError> {
        let found = match facet {
            Facet::Subject => self.catalogue.spelling(list)?,
            Facet::Community => self.catalogue.community_title(key)?,
            _ => None,
        };
        let found = found.filter(|title| !title.trim().is_empty());
        let found = found.map(|title| words::shortened(&crate::record::html::plain(&title), 300));
        Ok(found.unwrap_or_else(|| facet.title(key)))
    }

    fn remove(&mut self, shelf: &Shelf) -> Result<(), BuildError> {
        if self.catalogue.is_whole() {
            return Ok(());
        }
        let mut paths = vec![format!("{}.html", shelf.stem)];
        paths.extend(shelf.feed.clone());
        for file in self.catalogue.files_under(&format!("{}/", shelf.stem), usize::MAX)? {
            paths.push(file.path);
        }
        for path in paths {
            if self.catalogue.file(&path)?.is_some() {
                self.catalogue.drop_file(&path)?;
            }
        }
        Ok(())
    }

    /// The first page and the feed.
    fn front(&mut self, shelf: &Shelf, list: &List, listed: Option<u64>) -> Result<(), BuildError> {
        let mut cards = Vec::new();
        let catalogue = self.catalogue;
        catalogue.walk(Series::List(&list.name), &Spot::last(), false, |spot| {
            cards.push(catalogue.card_text(&spot.key)?);
            Ok::<bool, CatalogueError>(cards.len() < FRONT)
        })?;
        let view = ListView {
            title: shelf.title.clone(),
            kind: shelf.facet.label(),
            file: format!("{}.html", shelf.stem),
            feed: shelf.feed.clone(),
            total: list.entries,
            listed,
            older: self.newest_page(shelf, list)?,
            ..ListView::default()
        };
        if let Some(file) = &shelf.feed {
            let title = match shelf.facet {
                Facet::Newest => format!("{}: newest records", self.plan.renderer.name()),
                _ => format!("{}: newest records in {}", self.plan.renderer.name(), shelf.title),
            };
            let feed = FeedView {
                title,
                file: file.clone(),
                page: view.file.clone(),
                entries: Vec::new(),
            };
            self.job(Job::Feed(feed, cards.clone()))?;
        }
        self.job(Job::List(view, cards))
    }

    /// The archive page with the newest entries.
    fn newest_page(&self, shelf: &Shelf, list: &List) -> Result<Option<String>, BuildError> {
        if list.entries <= FRONT as u64 {
            return Ok(None);
        }
        let segment =
            self.catalogue.segment(Series::List(&list.name), PAGE, &Spot::last(), 0, 0)?;
        Ok(match segment.spots.is_empty() {
            true => segment.before.map(|key| piece_file(&shelf.stem, &key)),
            false => {
                let mut cutter = Cutter::new(PAGE);
                let ended = segment.spots.iter().filter(|spot| cutter.ends(&spot.key)).last();
                let closed = ended.filter(|ended| Some(*ended) == segment.spots.last());
                Some(closed.map_or_else(
                    || format!("{}/newest.html", shelf.stem),
                    |spot| piece_file(&shelf.stem, &spot.key),
                ))
            }
        })
    }

    /// The archive of a list that reaches back as far as whole pages fit the limit. Gives how
    /// many entries can be reached, if not all.
    fn archive_of_newest(&mut self, shelf: &Shelf, list: &List) -> Result<Option<u64>, BuildError> {
        let limit = self.plan.site.browse_limit;
        let mut spots = Vec::new();
        if list.entries > FRONT as u64 && limit > 0 {
            self.catalogue.walk(Series::List(&list.name), &Spot::last(), false, |spot| {
                spots.push(spot);
                Ok::<bool, CatalogueError>(spots.len() < limit)
            })?;
            spots.reverse();
        }
        let whole = spots.len() as u64 == list.entries;
        if !whole {
            // Where the oldest page would begin is not known: it is left out.
            let begins = spots.iter().position(|spot| PAGE.ends_run(&spot.key));
            let begins = begins.map_or(spots.len(), |at| at + 1);
            spots.drain(..begins);
        }
        let reached = (spots.len() as u64).max(list.entries.min(FRONT as u64));
        let mut pages = Pages::new(&shelf.stem, None);
        let mut names = BTreeSet::new();
        for spot in spots {
            if let Some(piece) = pages.push(spot.key) {
                self.piece(shelf, piece, &mut names)?;
            }
        }
        for piece in pages.end() {
            self.piece(shelf, piece, &mut names)?;
        }
        self.drop_under(shelf, &names)?;
        Ok((reached < list.entries).then_some(reached))
    }

    /// The archive of a list that is complete: all of it, or the pages around what was touched.
    fn archive_of_all(&mut self, shelf: &Shelf, list: &List) -> Result<(), BuildError> {
        let catalogue = self.catalogue;
        let series = Series::List(&list.name);
        let touched = catalogue.touched(series)?;
        let renamed = touched.first().is_some_and(|spot| spot.key.is_empty());
        let known = !catalogue.files_under(&format!("{}/page/", shelf.stem), 1)?.is_empty();
        if catalogue.is_whole() || renamed || !known || list.entries <= SHORT {
            let mut names = BTreeSet::new();
            if list.entries > FRONT as u64 {
                let mut pages = Pages::new(&shelf.stem, None);
                catalogue.walk(series, &Spot::first(), true, |spot| {
                    if let Some(piece) = pages.push(spot.key) {
                        self.piece(shelf, piece, &mut names)?;
                    }
                    Ok::<bool, BuildError>(true)
                })?;
                for piece in pages.end() {
                    self.piece(shelf, piece, &mut names)?;
                }
            }
            return self.drop_under(shelf, &names);
        }
        self.archive_around(shelf, series, &touched)
    }

    fn archive_around(
        &mut self,
        shelf: &Shelf,
        series: Series<'_>,
        touched: &[Spot],
    ) -> Result<(), BuildError> {
        let catalogue = self.catalogue;
        let mut names = BTreeSet::new();
        let mut stale: BTreeSet<String> =
            touched.iter().map(|spot| piece_file(&shelf.stem, &spot.key)).collect();
        let mut done: Option<Spot> = None;
        for spot in touched {
            if done.as_ref().is_some_and(|done| spot <= done) {
                continue;
            }
            // The runs on both sides hold links to pages of this one, and the one after them
            // tells the name of the page that the last of them links.
            let segment = catalogue.segment(series, PAGE, spot, 1, 2)?;
            done = segment
                .spots
                .iter()
                .find(|other| *other >= spot && PAGE.ends_run(&other.key))
                .cloned()
                .or_else(|| Some(Spot::last()));
            let mut pages = Pages::new(&shelf.stem, segment.before.as_deref());
            for spot in segment.spots {
                stale.insert(piece_file(&shelf.stem, &spot.key));
                if let Some(piece) = pages.push(spot.key) {
                    self.piece(shelf, piece, &mut names)?;
                }
            }
            for piece in pages.end() {
                match segment.last {
                    true => self.piece(shelf, piece, &mut names)?,
                    // Unchanged, and what follows it is not known here.
                    false => {
                        names.insert(piece.file);
                    }
                }
            }
            if segment.last {
                stale.insert(format!("{}/newest.html", shelf.stem));
            }
        }
        for path in stale.difference(&names) {
            if catalogue.file(path)?.is_some() {
                catalogue.drop_file(path)?;
            }
        }
        Ok(())
    }

    fn piece(
        &mut self,
        shelf: &Shelf,
        piece: Piece,
        names: &mut BTreeSet<String>,
    ) -> Result<(), BuildError> {
        // Newest first on the page.
        let texts = piece.keys.iter().rev().map(|key| self.catalogue.card_text(key));
        let cards = texts.collect::<Result<Vec<_>, _>>()?;
        if !self.catalogue.is_whole() {
            names.insert(piece.file.clone());
        }
        let front = format!("{}.html", shelf.stem);
        let view = ListView {
            title: shelf.title.clone(),
            kind: shelf.facet.label(),
            file: piece.file,
            newer: piece.newer.or_else(|| Some(front.clone())),
            front: Some(front),
            older: piece.older,
            ..ListView::default()
        };
        self.job(Job::List(view, cards))
    }

    /// Drops archive pages that a list has no more.
    fn drop_under(&mut self, shelf: &Shelf, names: &BTreeSet<String>) -> Result<(), BuildError> {
        if self.catalogue.is_whole() {
            return Ok(());
        }
        let mut old = self.catalogue.files_under(&format!("{}/page/", shelf.stem), usize::MAX)?;
        old.extend(self.catalogue.file(&format!("{}/newest.html", shelf.stem))?);
        for file in old.into_iter().filter(|file| !names.contains(&file.path)) {
            self.catalogue.drop_file(&file.path)?;
        }
        Ok(())
    }

    /// The pages that link the lists.
    fn indexes(&mut self) -> Result<(), BuildError> {
        let mut overview = IndexView {
            title: "Browse".to_owned(),
            file: "browse.html".to_owned(),
            lead: "All records by type, year, subject and licence.".to_owned(),
            sections: Vec::new(),
        };
        for facet in [Facet::Type, Facet::Year, Facet::Subject, Facet::Licence, Facet::Community] {
            let least = if facet == Facet::Subject { self.plan.site.subject_min.max(1) } else { 1 };
            let total = self.catalogue.count_lists(facet, least)?;
            let file = match facet {
                Facet::Community => "communities.html".to_owned(),
                other => format!("browse/{}.html", other.name()),
            };
            let rows = self.rows(facet, least)?;
            if !rows.is_empty() {
                overview.sections.push(IndexSection {
                    title: facet.labels().to_owned(),
                    rows: rows.iter().take(FIRST).cloned().collect(),
                    more: (total > FIRST as u64)
                        .then(|| (format!("All {}", words::grouped(total)), file.clone())),
                    ..IndexSection::default()
                });
            }
            let note = match total > VALUES as u64 {
                true => format!("The {VALUES} with most records are listed here."),
                false => String::new(),
            };
            let view = IndexView {
                title: facet.labels().to_owned(),
                file,
                lead: format!("{} in all.", words::grouped(total)),
                sections: vec![IndexSection { note, rows, ..IndexSection::default() }],
            };
            self.job(Job::Index(view))?;
        }
        self.job(Job::Index(overview))
    }

    /// Links to the lists of a facet: years newest first, others with most records first.
    fn rows(&self, facet: Facet, least: u64) -> Result<Vec<IndexRow>, BuildError> {
        let mut lists = self.catalogue.lists(facet, least, VALUES, true)?;
        if facet == Facet::Year {
            lists.sort_by(|a, b| b.name.cmp(&a.name));
        }
        let rows = lists.into_iter().filter_map(|list| {
            let (facet, key) = Facet::of_list(&list.name)?;
            let row = self.title(facet, key, &list.name).map(|label| IndexRow {
                label,
                file: format!("{}.html", facet.stem(key)),
                entries: list.entries,
            });
            Some(row)
        });
        rows.collect()
    }

    fn sitemaps(&mut self) -> Result<(), BuildError> {
        let catalogue = self.catalogue;
        let renderer = self.plan.renderer;
        let mut old: BTreeSet<String> = BTreeSet::new();
        let mut names = BTreeSet::new();
        if !catalogue.is_whole() {
            let files = catalogue.files_under("sitemaps/records", usize::MAX)?;
            old.extend(files.into_iter().map(|file| file.path));
        }
        let mut dropped: BTreeSet<String> = catalogue
            .touched(Series::Records)?
            .into_iter()
            .map(|spot| sitemap_file(Some(&spot.key)))
            .collect();
        each_run(catalogue, Series::Records, SITEMAP, |run| {
            let mut cutter = Cutter::new(SITEMAP);
            let mut links = Vec::new();
            for spot in run.spots {
                let ends = cutter.ends(&spot.key);
                let file = sitemap_file(Some(&spot.key));
                if old.contains(&file) {
                    dropped.insert(file.clone());
                }
                links.push((renderer.urls().record(&spot.key), spot.day));
                if ends {
                    names.insert(file.clone());
                    self.job(Job::Sitemap(file, std::mem::take(&mut links)))?;
                }
            }
            if run.last == Spot::last() {
                dropped.insert(sitemap_file(None));
            }
            if !links.is_empty() {
                names.insert(sitemap_file(None));
                self.job(Job::Sitemap(sitemap_file(None), links))?;
            }
            Ok(())
        })?;
        for file in dropped.difference(&names).filter(|file| old.contains(*file)) {
            catalogue.drop_file(file)?;
        }
        self.sitemap_of_lists()?;
        self.flush()?;
        let files = catalogue.files_under("sitemaps/", usize::MAX)?;
        self.job(Job::Sitemaps(files))
    }

    /// Every page of communities, types, years and licences but the archives. Subjects are
    /// left out: those pages are many and thin.
    fn sitemap_of_lists(&mut self) -> Result<(), BuildError> {
        let catalogue = self.catalogue;
        let renderer = self.plan.renderer;
        let fixed = ["newest.html", "communities.html", "browse.html"].map(str::to_owned);
        let mut files: Vec<String> = fixed.into();
        for facet in [Facet::Community, Facet::Type, Facet::Year, Facet::Subject, Facet::Licence] {
            if facet != Facet::Community {
                files.push(format!("browse/{}.html", facet.name()));
            }
            if facet != Facet::Subject {
                let lists = catalogue.lists(facet, 1, usize::MAX >> 1, false)?;
                files.extend(lists.iter().filter_map(|list| {
                    let (facet, key) = Facet::of_list(&list.name)?;
                    Some(format!("{}.html", facet.stem(key)))
                }));
            }
        }
        let mut names = BTreeSet::new();
        let mut cutter = Cutter::new(SITEMAP);
        let mut links = Vec::new();
        for file in files {
            links.push((renderer.urls().page(&file), String::new()));
            if cutter.ends(&file) {
                let hash = crate::release::hash::sha256(file.as_bytes());
                let name = format!("sitemaps/lists-{}.xml", &hash[..12]);
                names.insert(name.clone());
                self.job(Job::Sitemap(name, std::mem::take(&mut links)))?;
            }
        }
        if !links.is_empty() {
            names.insert("sitemaps/lists.xml".to_owned());
            self.job(Job::Sitemap("sitemaps/lists.xml".to_owned(), links))?;
        }
        for file in catalogue.files_under("sitemaps/lists", usize::MAX)? {
            if !names.contains(&file.path) {
                catalogue.drop_file(&file.path)?;
            }
        }
        Ok(())
    }

    fn job(&mut self, job: Job) -> Result<(), BuildError> {
        self.jobs.push(job);
        if self.jobs.len() >= JOBS { self.flush() } else { Ok(()) }
    }

    /// Renders and writes the jobs on all threads, and notes the files.
    fn flush(&mut self) -> Result<(), BuildError> {
        let jobs = std::mem::take(&mut self.jobs);
        let plan = self.plan;
        let mut printed = Vec::with_capacity(jobs.len());
        pipeline::ordered(
            plan.threads,
            || Ok(Vec::new()),
            |hand| {
                for job in jobs {
                    hand(job)?;
                }
                Ok(())
            },
            |scratch, job| render(plan, job, scratch),
            |file: (FileRow, bool)| {
                printed.push(file);
                Ok(())
            },
        )?;
        for (file, reused) in printed {
            let tally = if reused { &mut self.reused } else { &mut self.written };
            tally.add(file.bytes);
            self.catalogue.note_file(&file)?;
        }
        Ok(())
    }
}

/// A list as its pages know it.
struct Shelf {
    facet: Facet,
    stem: String,
    title: String,
    feed: Option<String>,
}

fn sitemap_file(last: Option<&str>) -> String {
    match last {
        Some(last) => format!("sitemaps/records-{last}.xml"),
        None => "sitemaps/records.xml".to_owned(),
    }
}

fn render(plan: &Plan<'_>, job: Job, scratch: &mut Vec<u8>) -> Result<(FileRow, bool), BuildError> {
    scratch.clear();
    let renderer = plan.renderer;
    let cards = |texts: Vec<String>| {
        let cards = texts.iter().map(|text| serde_json::from_str(text));
        cards.collect::<Result<Vec<Card>, _>>().map_err(CatalogueError::from)
    };
    let mut newest = String::new();
    let path = match job {
        Job::List(mut view, texts) => {
            view.cards = cards(texts)?;
            renderer.list(&view, scratch)?;
            view.file
        }
        Job::Feed(mut view, texts) => {
            view.entries = cards(texts)?.iter().map(FeedEntry::of).collect();
            renderer.feed(&view, scratch);
            view.file
        }
        Job::Index(view) => {
            renderer.index(&view, scratch)?;
            view.file
        }
        Job::Sitemap(path, links) => {
            newest = links.iter().map(|(_, day)| day.clone()).max().unwrap_or_default();
            let links = links.iter().map(|(link, day)| (link.as_str(), day.as_str()));
            sitemap(renderer.urls(), links, scratch);
            path
        }
        Job::Sitemaps(files) => {
            index(renderer.urls(), &files, scratch);
            "sitemap.xml".to_owned()
        }
    };
    let written = plan.stage.write_page(&path, scratch)?;
    let row = FileRow { path, bytes: written.bytes, sha256: written.sha256, day: newest };
    Ok((row, written.reused))
}

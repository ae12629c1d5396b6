//! Lists of records: first pages, feeds and archives, all of them or what was touched.

use std::collections::BTreeSet;

use super::feed::FeedView;
use super::pages::{PAGE, Pages, Piece, piece_file};
use super::press::{Entries, Job, Press};
use super::view::{FRONT, ListView};
use crate::build::BuildError;
use crate::build::catalogue::{CatalogueError, Cutter, Facet, List, Series, Spot};
use crate::build::site::words;
use crate::release::hash::sha256;

/// A list this short is printed as a whole.
const SHORT: u64 = 400;

/// A list as its pages know it.
struct Shelf {
    facet: Facet,
    stem: String,
    title: String,
    feed: Option<String>,
    /// Records that came, went or changed.
    touched: BTreeSet<String>,
}

impl Press<'_> {
    /// Prints the lists and the pages that link them.
    pub(super) fn lists(&mut self) -> Result<(), BuildError> {
        let mut any = false;
        if self.catalogue.is_whole() {
            self.catalogue.each_list(|list| self.list(list))?;
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
        let shown = match facet {
            Facet::Newest => true,
            Facet::Subject => list.entries >= self.plan.site.subject_min.max(1),
            _ => list.entries > 0,
        };
        let (stem, feed) = (facet.stem(key), facet.feed(key));
        if !shown {
            return self.remove(&stem, feed);
        }
        let title = self.title(facet, key, &list.name)?;
        let touched = self.catalogue.touched(Series::List(&list.name))?;
        let touched = touched.into_iter().map(|spot| spot.key).collect();
        let shelf = Shelf { facet, stem, title, feed, touched };
        let mut listed = None;
        if facet == Facet::Community {
            self.archive_of_all(&shelf, list)?;
        } else {
            listed = self.archive_of_newest(&shelf, list)?;
        }
        self.front(&shelf, list, listed)
    }

    /// The display name of a list.
    pub(super) fn title(&self, facet: Facet, key: &str, list: &str) -> Result<String, BuildError> {
        let found = match facet {
            Facet::Subject => self.catalogue.spelling(list)?,
            Facet::Community => self.catalogue.community_title(key)?,
            _ => None,
        };
        // A title of nothing but markup is none.
        let found = found.map(|title| words::shortened(&crate::record::html::plain(&title), 300));
        let found = found.filter(|title| !title.trim().is_empty());
        Ok(found.unwrap_or_else(|| facet.title(key)))
    }

    fn remove(&mut self, stem: &str, feed: Option<String>) -> Result<(), BuildError> {
        if self.catalogue.is_whole() {
            return Ok(());
        }
        let mut paths = vec![format!("{stem}.html")];
        paths.extend(feed);
        for file in self.catalogue.files_under(&format!("{stem}/"), usize::MAX)? {
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
        let mut keys = Vec::new();
        self.catalogue.walk(Series::List(&list.name), &Spot::last(), false, |spot| {
            keys.push(spot.key);
            Ok::<bool, CatalogueError>(keys.len() < FRONT)
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
            let made = made_of(&(&feed.title, &feed.page), &keys);
            if let Some(entries) = self.entries(shelf, file, made, &keys)? {
                self.job(Job::Feed(feed, entries))?;
            }
        }
        let made = made_of(&(&view.title, &view.feed, view.total, view.listed, &view.older), &keys);
        match self.entries(shelf, &view.file, made, &keys)? {
            Some(entries) => self.job(Job::List(view, entries)),
            None => Ok(()),
        }
    }

    /// What a file shows that is made of `made` and the cards of `keys`; `None` if it stands as
    /// it would be printed.
    fn entries(
        &self,
        shelf: &Shelf,
        file: &str,
        made: String,
        keys: &[String],
    ) -> Result<Option<Entries>, BuildError> {
        let catalogue = self.catalogue;
        let known = !catalogue.is_whole() && !self.plan.interrupted;
        if known
            && !keys.iter().any(|key| shelf.touched.contains(key))
            && catalogue.is_made_of(file, &made)?
        {
            return Ok(None);
        }
        let cards = keys.iter().map(|key| catalogue.card_text(key));
        Ok(Some(Entries { cards: cards.collect::<Result<_, _>>()?, made }))
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
        // Newest first on the page.
        let keys: Vec<String> = piece.keys.into_iter().rev().collect();
        let made = made_of(&(&view.title, &view.newer, &view.older), &keys);
        match self.entries(shelf, &view.file, made, &keys)? {
            Some(entries) => self.job(Job::List(view, entries)),
            None => Ok(()),
        }
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
}

/// [`FileRow::made`](crate::build::catalogue::FileRow::made) of a file that says these things
/// of these records.
fn made_of(said: &impl std::fmt::Debug, keys: &[String]) -> String {
    // As Debug writes text, what is said and the keys cannot run into each other.
    sha256(format!("{said:?} {keys:?}").as_bytes())
}

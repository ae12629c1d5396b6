//! The pages and badges at addresses that lead to a record.

use std::collections::BTreeSet;

use super::sheets::{Run, SHEET, Sheets, each_run};
use crate::build::catalogue::{Catalogue, Cutter, Series, Sheet};
use crate::build::pipeline;
use crate::build::site::address::{badge, doi_paths, redirect};
use crate::build::site::{SiteUrls, url};
use crate::build::sweep::PageSet;
use crate::build::{BuildError, Form, Tally};
use crate::release::hash::sha256;
use crate::release::manifest::SiteLine;
use crate::release::site_pack::group::plan;
use crate::release::site_pack::{Block, PackWriter, Packer, SMALL_GROUP_RAW};
use crate::release::stage::{Stage, Written};

/// Addresses rendered by one thread at a time.
const BATCH: usize = 64;

/// What prints addresses.
pub(super) struct Addresses<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) threads: usize,
    pub(super) files: Files<'a>,
    pub(super) written: Tally,
    pub(super) reused: Tally,
    /// Ids of concepts that have a page, when everything is printed.
    pub(super) concepts: PageSet,
}

/// Which files there are, and what writes them.
#[derive(Clone, Copy)]
pub(super) struct Files<'a> {
    pub(super) urls: &'a SiteUrls,
    pub(super) stage: &'a Stage,
    pub(super) resolvers: bool,
    pub(super) badges: bool,
    pub(super) form: Form,
}

/// A file at an address, before it is rendered.
struct Place<'a> {
    path: String,
    bytes: u64,
    held: &'a Held,
}

/// One address with the record it leads to.
struct Held {
    address: String,
    id: String,
    /// Whether it is to be written; it is listed in any case.
    touched: bool,
}

impl Addresses<'_> {
    /// Prints what was touched, and lists it.
    pub(super) fn print(&mut self, sheets: &mut Sheets) -> Result<(), BuildError> {
        let catalogue = self.catalogue;
        let mut touched = BTreeSet::new();
        for spot in catalogue.touched(Series::Addresses)? {
            let claims = catalogue.claims(&spot.key)?;
            if self.holder(&spot.key, &claims)?.is_none() {
                catalogue.note_losers(&spot.key, &[])?;
                // A concept that gives way to a record leaves its page to it.
                let concept = spot.key.strip_prefix("concept/");
                let taken = concept.map(|id| catalogue.is_record(id)).transpose()?;
                for path in self.files.paths(&spot.key).iter().filter(|_| taken != Some(true)) {
                    catalogue.note_gone(path, true)?;
                }
            }
            touched.insert(spot.key);
        }
        each_run(catalogue, Series::Addresses, SHEET, |run| self.run(&run, &touched, sheets))
    }

    fn run(
        &mut self,
        run: &Run,
        touched: &BTreeSet<String>,
        sheets: &mut Sheets,
    ) -> Result<(), BuildError> {
        let catalogue = self.catalogue;
        let mut made = Vec::new();
        let mut cutter = Cutter::new(SHEET);
        let mut held = Vec::new();
        for spot in &run.spots {
            let claims = catalogue.claims(&spot.key)?;
            if let Some(id) = self.holder(&spot.key, &claims)? {
                let touched = catalogue.is_whole() || touched.contains(&spot.key);
                if touched {
                    self.note(&spot.key, &claims, &id)?;
                }
                held.push(Held { address: spot.key.clone(), id, touched });
            }
            if cutter.ends(&spot.key) {
                let held = std::mem::take(&mut held);
                made.extend(self.sheet(held, Some(&spot.key), sheets)?);
            }
        }
        made.extend(self.sheet(held, None, sheets)?);
        Ok(catalogue.put_sheets(Series::Addresses, &run.before, &run.last.key, &made)?)
    }

    /// Prints the files of a site list, and it.
    fn sheet(
        &mut self,
        held: Vec<Held>,
        last: Option<&str>,
        sheets: &mut Sheets,
    ) -> Result<Option<Sheet>, BuildError> {
        let (lines, packs) = match self.files.form {
            Form::Files => (self.write(&held)?, Vec::new()),
            Form::Packs => {
                let (lines, pack) = self.pack(&held)?;
                (lines, sheets.bind(pack, "addresses", last)?)
            }
        };
        sheets.make(self.files.stage, "addresses", last, lines, packs)
    }

    /// Puts the files of addresses into groups, on all threads, and those into a pack.
    ///
    /// Which file comes into which group is known before any is rendered to stay, so a list's
    /// files are never in memory together: a long one holds some 30,000.
    fn pack(&mut self, held: &[Held]) -> Result<(Vec<SiteLine>, PackWriter<'_>), BuildError> {
        let failed = |source| BuildError::Write { what: "a site pack", source };
        let files = self.files;
        let mut places = self.places(held)?;
        places.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        let touched = places.iter().filter(|place| place.held.touched);
        touched.for_each(|place| self.written.add(place.bytes));
        let mut pack = PackWriter::new(files.stage)?;
        let sizes = places.iter().map(|place| (place.path.as_str(), place.bytes));
        let groups = plan(sizes, SMALL_GROUP_RAW);
        let mut lines = Vec::with_capacity(places.len());
        pipeline::ordered(
            self.threads,
            || Ok((Packer::new(SMALL_GROUP_RAW).map_err(BuildError::Zstd)?, Vec::new())),
            |hand| {
                let mut rest = places.as_slice();
                for group in groups {
                    let (files, after) = rest.split_at((group.files as usize).min(rest.len()));
                    hand(files)?;
                    rest = after;
                }
                Ok(())
            },
            |(packer, content), places: &[Place]| {
                let mut block = Block::default();
                let mut lines = Vec::with_capacity(places.len());
                for Place { path, bytes, held } in places {
                    content.clear();
                    files.render(held, path, content);
                    packer.push(path, content, &mut block).map_err(failed)?;
                    let (path, sha256) = (path.clone(), sha256(content));
                    lines.push(SiteLine { path, bytes: *bytes, sha256 });
                }
                packer.end(&mut block).map_err(failed)?;
                Ok::<_, BuildError>((block, lines))
            },
            |(block, more)| {
                lines.extend(more);
                Ok(pack.push(&block)?)
            },
        )?;
        Ok((lines, pack))
    }

    /// The record that an address leads to. A concept that has the id of a record gives way
    /// to its page.
    fn holder(
        &self,
        address: &str,
        claims: &[(i64, String)],
    ) -> Result<Option<String>, BuildError> {
        let Some((_, first)) = claims.first() else { return Ok(None) };
        if let Some(concept) = address.strip_prefix("concept/")
            && self.catalogue.is_record(concept)?
        {
            return Ok(None);
        }
        Ok(Some(first.clone()))
    }

    fn note(
        &mut self,
        address: &str,
        claims: &[(i64, String)],
        holder: &str,
    ) -> Result<(), BuildError> {
        if claims.len() > 1 || !self.catalogue.is_whole() {
            let losers = claims.iter().filter(|(_, id)| id != holder).cloned();
            self.catalogue.note_losers(address, &losers.collect::<Vec<_>>())?;
        }
        if !self.catalogue.is_whole() {
            for path in self.files.paths(address) {
                self.catalogue.note_gone(&path, false)?;
            }
        } else if let Some(concept) = address.strip_prefix("concept/") {
            self.concepts.insert_page(concept);
        }
        Ok(())
    }

    /// The files of addresses with their sizes.
    fn places<'h>(&self, held: &'h [Held]) -> Result<Vec<Place<'h>>, BuildError> {
        let mut places = Vec::with_capacity(2 * held.len());
        let files = self.files;
        let size = |content: &mut Vec<u8>, held: &'h [Held]| {
            let mut places = Vec::with_capacity(2 * held.len());
            for held in held {
                for path in files.paths(&held.address) {
                    content.clear();
                    files.render(held, &path, content);
                    places.push(Place { path, bytes: content.len() as u64, held });
                }
            }
            Ok::<_, BuildError>(places)
        };
        self.each(held, size, |mut more| places.append(&mut more))?;
        Ok(places)
    }

    /// Writes files at their paths, on all threads.
    fn write(&mut self, held: &[Held]) -> Result<Vec<SiteLine>, BuildError> {
        let mut lines = Vec::with_capacity(2 * held.len());
        let (mut written, mut reused) = (Tally::default(), Tally::default());
        let files = self.files;
        let write = |content: &mut Vec<u8>, held: &[Held]| {
            let mut made = Vec::with_capacity(2 * held.len());
            for held in held {
                files.write(held, content, &mut made)?;
            }
            Ok(made)
        };
        self.each(held, write, |made| {
            for (line, stood) in made {
                match stood {
                    Some(true) => reused.add(line.bytes),
                    Some(false) => written.add(line.bytes),
                    None => {}
                }
                lines.push(line);
            }
        })?;
        self.written.join(written);
        self.reused.join(reused);
        Ok(lines)
    }

    /// Runs `work`, which is given scratch, over addresses on all threads.
    fn each<'h, R: Send>(
        &self,
        held: &'h [Held],
        work: impl Fn(&mut Vec<u8>, &'h [Held]) -> Result<R, BuildError> + Sync,
        mut take: impl FnMut(R) + Send,
    ) -> Result<(), BuildError> {
        pipeline::ordered(
            self.threads,
            || Ok(Vec::new()),
            |hand| {
                for batch in held.chunks(BATCH) {
                    hand(batch)?;
                }
                Ok(())
            },
            work,
            |done| {
                take(done);
                Ok(())
            },
        )
    }
}

impl Files<'_> {
    /// The files at an address.
    fn paths(&self, address: &str) -> Vec<String> {
        match address.split_once('/') {
            Some(("doi", doi)) => {
                let Some((page, badge)) = doi_paths(doi) else { return Vec::new() };
                let paths = [(self.resolvers, page), (self.badges, badge)];
                paths.into_iter().filter(|(on, _)| *on).map(|(_, path)| path).collect()
            }
            Some(("concept", id)) if self.resolvers => vec![url::landing_path(id)],
            _ => Vec::new(),
        }
    }

    /// The file at `path`, which is one of those of this address, appended to `out`.
    fn render(&self, held: &Held, path: &str, out: &mut Vec<u8>) {
        match (path.strip_prefix("badge/"), held.address.split_once('/')) {
            (Some(_), Some((_, doi))) => badge(doi, out),
            _ => redirect(self.urls, &held.id, out),
        }
    }

    /// Writes the files at an address, if it was touched, and adds them to `made`, each with
    /// whether it stood already if it was written.
    fn write(
        &self,
        held: &Held,
        content: &mut Vec<u8>,
        made: &mut Vec<(SiteLine, Option<bool>)>,
    ) -> Result<(), BuildError> {
        for path in self.paths(&held.address) {
            content.clear();
            self.render(held, &path, content);
            made.push(match held.touched {
                true => {
                    let Written { bytes, sha256, reused, .. } =
                        self.stage.write_page(&path, content)?;
                    (SiteLine { path, bytes, sha256 }, Some(reused))
                }
                false => {
                    let bytes = content.len() as u64;
                    (SiteLine { path, bytes, sha256: sha256(content) }, None)
                }
            });
        }
        Ok(())
    }
}

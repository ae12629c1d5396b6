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

/// A file at an address.
struct Made {
    line: SiteLine,
    /// Whether it stood already; `None` if it was not to be written.
    reused: Option<bool>,
    /// What a pack will hold; empty where the file stands at its path.
    content: Vec<u8>,
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
        let mut made = self.print_held(held)?;
        let mut packs = Vec::new();
        if self.files.form == Form::Packs {
            made.sort_by(|a, b| a.line.cmp(&b.line));
            packs = sheets.bind(self.pack(&made)?, "addresses", last)?;
        }
        let lines = made.into_iter().map(|made| made.line).collect();
        sheets.make(self.files.stage, "addresses", last, lines, packs)
    }

    /// Puts sorted files into groups, on all threads, and those into a pack.
    fn pack(&self, made: &[Made]) -> Result<PackWriter<'_>, BuildError> {
        let failed = |source| BuildError::Write { what: "a site pack", source };
        let mut pack = PackWriter::new(self.files.stage)?;
        let sizes = made.iter().map(|made| (made.line.path.as_str(), made.line.bytes));
        let groups = plan(sizes, SMALL_GROUP_RAW);
        pipeline::ordered(
            self.threads,
            || Packer::new(SMALL_GROUP_RAW).map_err(BuildError::Zstd),
            |hand| {
                let mut rest = made;
                for group in groups {
                    let (files, after) = rest.split_at((group.files as usize).min(rest.len()));
                    hand(files)?;
                    rest = after;
                }
                Ok(())
            },
            |packer, files: &[Made]| {
                let mut block = Block::default();
                for Made { line, content, .. } in files {
                    packer.push(&line.path, content, &mut block).map_err(failed)?;
                }
                packer.end(&mut block).map_err(failed)?;
                Ok(block)
            },
            |block| Ok(pack.push(&block)?),
        )?;
        Ok(pack)
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

    /// Prints files, on all threads.
    fn print_held(&mut self, held: Vec<Held>) -> Result<Vec<Made>, BuildError> {
        let mut batches = Vec::new();
        let mut held = held.into_iter().peekable();
        while held.peek().is_some() {
            batches.push(held.by_ref().take(BATCH).collect::<Vec<_>>());
        }
        let mut all = Vec::new();
        let (mut written, mut reused) = (Tally::default(), Tally::default());
        let files = self.files;
        pipeline::ordered(
            self.threads,
            || Ok(Vec::new()),
            |hand| {
                for batch in batches {
                    hand(batch)?;
                }
                Ok(())
            },
            |scratch, batch| {
                let mut made = Vec::new();
                for held in batch {
                    files.write(&held, scratch, &mut made)?;
                }
                Ok::<_, BuildError>(made)
            },
            |made: Vec<Made>| {
                for made in made {
                    match made.reused {
                        Some(true) => reused.add(made.line.bytes),
                        Some(false) => written.add(made.line.bytes),
                        None => {}
                    }
                    all.push(made);
                }
                Ok(())
            },
        )?;
        self.written.join(written);
        self.reused.join(reused);
        Ok(all)
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

    fn write(
        &self,
        held: &Held,
        scratch: &mut Vec<u8>,
        made: &mut Vec<Made>,
    ) -> Result<(), BuildError> {
        for path in self.paths(&held.address) {
            scratch.clear();
            match (path.strip_prefix("badge/"), held.address.split_once('/')) {
                (Some(_), Some((_, doi))) => badge(doi, scratch),
                _ => redirect(self.urls, &held.id, scratch),
            }
            if held.touched && self.form == Form::Files {
                let Written { bytes, sha256, reused, .. } =
                    self.stage.write_page(&path, scratch)?;
                let line = SiteLine { path, bytes, sha256 };
                made.push(Made { line, reused: Some(reused), content: Vec::new() });
                continue;
            }
            let line = SiteLine { path, bytes: scratch.len() as u64, sha256: sha256(scratch) };
            let (reused, content) = match self.form {
                Form::Files => (None, Vec::new()),
                Form::Packs => (held.touched.then_some(false), scratch.clone()),
            };
            made.push(Made { line, reused, content });
        }
        Ok(())
    }
}

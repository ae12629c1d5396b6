//! The pages and badges at addresses that lead to a record.

use std::collections::BTreeSet;

use super::sheets::{Run, SHEET, Sheets, each_run};
use crate::build::catalogue::{Catalogue, Cutter, Series};
use crate::build::pipeline;
use crate::build::site::address::{badge, doi_paths, redirect};
use crate::build::site::{SiteUrls, url};
use crate::build::sweep::PageSet;
use crate::build::{BuildError, Tally};
use crate::release::hash::sha256;
use crate::release::manifest::SiteLine;
use crate::release::stage::Stage;

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
                let lines = self.lines(std::mem::take(&mut held))?;
                made.extend(sheets.make(self.files.stage, "addresses", Some(&spot.key), lines)?);
            }
        }
        let lines = self.lines(held)?;
        made.extend(sheets.make(self.files.stage, "addresses", None, lines)?);
        Ok(catalogue.put_sheets(Series::Addresses, &run.before, &run.last.key, &made)?)
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

    /// Writes files and gives their lines, on all threads.
    fn lines(&mut self, held: Vec<Held>) -> Result<Vec<SiteLine>, BuildError> {
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
                let mut lines = Vec::new();
                for held in batch {
                    files.write(&held, scratch, &mut lines)?;
                }
                Ok::<_, BuildError>(lines)
            },
            |lines: Vec<(SiteLine, Option<bool>)>| {
                for (line, fate) in lines {
                    match fate {
                        Some(true) => reused.add(line.bytes),
                        Some(false) => written.add(line.bytes),
                        None => {}
                    }
                    all.push(line);
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
        lines: &mut Vec<(SiteLine, Option<bool>)>,
    ) -> Result<(), BuildError> {
        for path in self.paths(&held.address) {
            scratch.clear();
            match (path.strip_prefix("badge/"), held.address.split_once('/')) {
                (Some(_), Some((_, doi))) => badge(doi, scratch),
                _ => redirect(self.urls, &held.id, scratch),
            }
            if held.touched {
                let written = self.stage.write_page(&path, scratch)?;
                let line = SiteLine { path, bytes: written.bytes, sha256: written.sha256 };
                lines.push((line, Some(written.reused)));
            } else {
                let (bytes, sha256) = (scratch.len() as u64, sha256(scratch));
                lines.push((SiteLine { path, bytes, sha256 }, None));
            }
        }
        Ok(())
    }
}

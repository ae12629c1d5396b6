//! Prints what changed in the catalogue: lists, feeds, sitemaps, addresses.

use super::addresses::{Addresses, Files};
use super::press::Press;
use super::sheets::{Sheets, list_files};
use crate::build::catalogue::{Catalogue, Sheet};
use crate::build::site::Renderer;
use crate::build::sweep::PageSet;
use crate::build::{BuildError, SiteSettings, Tally};
use crate::release::manifest::SiteEntry;
use crate::release::stage::Stage;

/// What printing needs to know.
pub(in crate::build) struct Plan<'a> {
    pub(in crate::build) renderer: &'a Renderer,
    pub(in crate::build) stage: &'a Stage,
    pub(in crate::build) site: &'a SiteSettings,
    pub(in crate::build) threads: usize,
    /// Whether the files may be others than the catalogue knows, because a build was killed.
    pub(in crate::build) interrupted: bool,
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
    /// Site packs written, and found to stand.
    pub(in crate::build) packs: (Tally, Tally),
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
        links: 0,
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
            form: plan.site.form,
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
    list_files(catalogue, plan.stage, plan.site.form, &mut sheets)?;
    written.join(sheets.written);
    reused.join(sheets.reused);
    let printed = PrintedLists {
        site: catalogue.sheets()?.into_iter().map(site_entry).collect(),
        losers: catalogue.losers()?.into_iter().map(loser).collect(),
        gone: catalogue.gone()?,
        concepts,
        packs: sheets.packs,
        written,
        reused,
    };
    catalogue.keep()?;
    Ok(printed)
}

fn site_entry(sheet: Sheet) -> SiteEntry {
    SiteEntry {
        range: sheet.range,
        path: sheet.path,
        bytes: sheet.bytes,
        sha256: sheet.sha256,
        files: sheet.files,
        packs: sheet.packs,
    }
}

fn loser((id, rank): (String, i64)) -> (String, &'static str) {
    (id, if rank == 0 { "pids.doi.identifier" } else { "parent.pids.doi.identifier" })
}

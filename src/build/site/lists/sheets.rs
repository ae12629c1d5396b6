//! Site lists of the files printed from the catalogue: cut like everything else, so that a
//! change rewrites few of them.

use std::io::Write as _;

use crate::build::catalogue::{Catalogue, Cut, Cutter, FileRow, Series, Sheet, Spot};
use crate::build::site_list::LEVEL;
use crate::build::{BuildError, Form, Tally};
use crate::release::hash::sha256;
use crate::release::layout;
use crate::release::manifest::{SiteLine, SitePack};
use crate::release::site_pack::{Block, PackWriter, SMALL_GROUP_RAW};
use crate::release::stage::Stage;

/// How keys are cut into site lists. A list is made anew as a whole: it must not be long.
pub(super) const SHEET: Cut = Cut { period: 2048, max: 16_384 };

/// What became of site lists.
#[derive(Debug, Default)]
pub(super) struct Sheets {
    pub(super) written: Tally,
    pub(super) reused: Tally,
    /// Site packs written, and found to stand.
    pub(super) packs: (Tally, Tally),
}

/// Name of the list, and of the pack, of the keys up to `last`; `None`: of all that are left.
fn range(series: &str, last: Option<&str>) -> String {
    match last {
        Some(last) => format!("{series}-{}", &sha256(last.as_bytes())[..12]),
        None => format!("{series}-end"),
    }
}

impl Sheets {
    /// Ends the pack of the files of the keys up to `last`.
    pub(super) fn bind(
        &mut self,
        pack: PackWriter<'_>,
        series: &str,
        last: Option<&str>,
    ) -> Result<Vec<SitePack>, BuildError> {
        let made = pack.finish(&range(series, last), last.map(str::to_owned))?;
        let Some((pack, written)) = made else { return Ok(Vec::new()) };
        let tally = if written.reused { &mut self.packs.1 } else { &mut self.packs.0 };
        tally.add(pack.bytes);
        Ok(vec![pack])
    }

    /// Makes the list of the files of the keys up to `last`, which are in `packs`; `None`: of
    /// all that are left.
    pub(super) fn make(
        &mut self,
        stage: &Stage,
        series: &str,
        last: Option<&str>,
        mut lines: Vec<SiteLine>,
        packs: Vec<SitePack>,
    ) -> Result<Option<Sheet>, BuildError> {
        if lines.is_empty() {
            return Ok(None);
        }
        lines.sort();
        let failed = |source| BuildError::Write { what: "a site list", source };
        let mut out = zstd::stream::write::Encoder::new(stage.file()?, LEVEL).map_err(failed)?;
        for line in &lines {
            serde_json::to_writer(&mut out, line)
                .map_err(std::io::Error::from)
                .and_then(|()| out.write_all(b"\n"))
                .map_err(failed)?;
        }
        let sealed = out.finish().map_err(failed)?.seal()?;
        let range = range(series, last);
        let path = layout::site_path(&range, &sealed.sha256[..12]);
        let written = sealed.keep_once(&path)?;
        let tally = if written.reused { &mut self.reused } else { &mut self.written };
        tally.add(written.bytes);
        Ok(Some(Sheet {
            last: last.map_or_else(|| Spot::last().key, str::to_owned),
            range,
            path,
            bytes: written.bytes,
            sha256: written.sha256,
            files: lines.len() as u64,
            packs,
        }))
    }
}

/// Lists the files printed from the catalogue but those at addresses, and puts their groups
/// into packs.
pub(super) fn list_files(
    catalogue: &Catalogue,
    stage: &Stage,
    form: Form,
    sheets: &mut Sheets,
) -> Result<(), BuildError> {
    each_run(catalogue, Series::Files, SHEET, |run| {
        let mut made = Vec::new();
        let mut cutter = Cutter::new(SHEET);
        let mut files = Vec::new();
        let rows = match (run.spots.first(), run.spots.last()) {
            (Some(first), Some(last)) => {
                catalogue.files_between(&first.key, &last.key, usize::MAX)?
            }
            _ => Vec::new(),
        };
        // The spots are those of the same rows.
        for (Spot { key, .. }, row) in run.spots.iter().zip(rows) {
            files.push(row);
            if cutter.ends(key) {
                let files = std::mem::take(&mut files);
                made.extend(sheet(catalogue, stage, form, sheets, Some(key), files)?);
            }
        }
        made.extend(sheet(catalogue, stage, form, sheets, None, files)?);
        Ok(catalogue.put_sheets(Series::Files, &run.before, &run.last.key, &made)?)
    })
}

fn sheet(
    catalogue: &Catalogue,
    stage: &Stage,
    form: Form,
    sheets: &mut Sheets,
    last: Option<&str>,
    files: Vec<FileRow>,
) -> Result<Option<Sheet>, BuildError> {
    let mut packs = Vec::new();
    if form == Form::Packs {
        let mut pack = PackWriter::new(stage)?;
        for FileRow { path, bytes, .. } in &files {
            let mut block = Block::default();
            let one = std::iter::once((path.as_str(), *bytes));
            block.copy(&catalogue.group(path)?, one, SMALL_GROUP_RAW).map_err(|fault| {
                let source = std::io::Error::other(format!("{path}: {fault}"));
                BuildError::Write { what: "a site pack", source }
            })?;
            pack.push(&block)?;
        }
        packs = sheets.bind(pack, "lists", last)?;
    }
    let line = |FileRow { path, bytes, sha256, .. }| SiteLine { path, bytes, sha256 };
    sheets.make(stage, "lists", last, files.into_iter().map(line).collect(), packs)
}

/// A run of a series that is to be printed.
#[derive(Debug)]
pub(super) struct Run {
    /// Key before it; empty at the beginning.
    pub(super) before: String,
    /// Its entries.
    pub(super) spots: Vec<Spot>,
    /// Its last entry; [`Spot::last`] at the end of the series.
    pub(super) last: Spot,
}

/// Passes the runs of a series that hold what was touched, or would hold what is gone, to
/// `print`; all runs if everything is to be printed. Holds one run at a time.
pub(super) fn each_run(
    catalogue: &Catalogue,
    series: Series<'_>,
    cut: Cut,
    mut print: impl FnMut(Run) -> Result<(), BuildError>,
) -> Result<(), BuildError> {
    if catalogue.is_whole() {
        let (mut before, mut spots) = (String::new(), Vec::new());
        catalogue.walk(series, &Spot::first(), true, |spot| {
            let ends = cut.ends_run(&spot.key);
            spots.push(spot.clone());
            if ends {
                let key = spot.key.clone();
                print(Run {
                    before: std::mem::take(&mut before),
                    spots: std::mem::take(&mut spots),
                    last: spot,
                })?;
                before = key;
            }
            Ok::<bool, BuildError>(true)
        })?;
        return print(Run { before, spots, last: Spot::last() });
    }
    let mut done: Option<Spot> = None;
    for touched in catalogue.touched(series)? {
        if done.as_ref().is_some_and(|done| (touched.at, &touched.key) <= (done.at, &done.key)) {
            continue;
        }
        let segment = catalogue.segment(series, cut, &touched, 0, 0)?;
        // Where no entry ends the run, it is the open one at the end.
        let ended = segment.spots.last().filter(|spot| cut.ends_run(&spot.key));
        let last = ended.filter(|spot| **spot >= touched).cloned().unwrap_or_else(Spot::last);
        done = Some(last.clone());
        print(Run { before: segment.before.unwrap_or_default(), spots: segment.spots, last })?;
    }
    Ok(())
}

//! `offprint bench`: one stage in one thread, output discarded, for `benches/figures`; or the
//! search index, for `benches/search`.

mod bare;
mod oracle;
mod search;

use std::fs::File;
use std::hint::black_box;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use serde_json::json;

use super::args::{Bench, Global};
use super::exit::Exit;
use super::{clock, open};
use crate::build::meter::{cpu_seconds, peak_rss_bytes};
use crate::build::search::document::naming;
use crate::build::search::vocabulary::{Gathered, Naming, Vocabulary};
use crate::build::site::{Renderer, SiteConfig};
use crate::crosswalk::Format;
use crate::record::access::{Visibility, visibility};
use crate::record::{Lineage, Published, Record, Repository, date};
use crate::release::search::analyse::Analyser;

/// What is done to each record.
enum Stage {
    Parse,
    Format(Format),
    Pages(Box<Renderer>),
    /// tantivy alone: documents are kept, then indexed.
    Index(Box<bare::Bare>),
}

pub(super) fn run(global: &Global, bench: &Bench) -> Result<Exit> {
    let config = open::config(global).unwrap_or_default();
    if bench.stage == "search" {
        search::run(&global.directory, &config.paths.public, &bench.records)?;
        return Ok(Exit::Success);
    }
    let repository = config.repository();
    let mut stage = match bench.stage.as_str() {
        "parse" => Stage::Parse,
        "index" => {
            let vocabulary = vocabulary(&bench.records, &repository)?;
            Stage::Index(Box::new(bare::Bare::new(&global.directory, vocabulary)?))
        }
        "pages" => {
            let site = SiteConfig {
                exports: config.site_exports()?,
                brand: config.brand(&global.directory),
                feeds: true,
                search: true,
            };
            Stage::Pages(Box::new(Renderer::new(&repository, site, None)?))
        }
        name => Stage::Format(
            Format::from_name(name).ok_or_else(|| anyhow!("no stage or format `{name}`"))?,
        ),
    };
    let mut out = Vec::new();
    let (mut records, mut bytes) = (0_u64, 0_u64);
    let start = cpu_seconds();
    each_published(&bench.records, &repository, |published| {
        out.clear();
        if let Some(published) = published {
            match &mut stage {
                Stage::Parse => {}
                Stage::Format(format) => {
                    // A withheld record costs what it costs; there is nothing to report here.
                    let _ = crate::crosswalk::write(*format, published, &mut out);
                }
                Stage::Index(bare) => bare.take(published),
                Stage::Pages(renderer) => renderer.landing(published, &mut out)?,
            }
        }
        records += 1;
        bytes += black_box(&out).len() as u64;
        Ok(())
    })?;
    let cpu_seconds = match stage {
        Stage::Index(bare) => bare.index()?,
        _ => cpu_seconds() - start,
    };
    let report = json!({
        "stage": bench.stage,
        "records": records,
        "bytes": bytes,
        "cpu_seconds": cpu_seconds,
        "peak_rss_bytes": peak_rss_bytes(),
    });
    writeln!(io::stdout().lock(), "{report}")?;
    Ok(Exit::Success)
}

/// What records are named by.
fn vocabulary(records: &Path, repository: &Repository) -> Result<Vocabulary> {
    let mut gathered = Gathered::default();
    let mut analyser = Analyser::new();
    each_published(records, repository, |published| {
        let mut named = Naming::default();
        if let Some(published) = published {
            naming(published, &mut analyser, &mut named);
        }
        gathered.add(&named);
        Ok(())
    })?;
    Ok(gathered.finish())
}

/// Parses the record on each line and hands it over if it is public, as if it had no siblings.
fn each_published(
    records: &Path,
    repository: &Repository,
    mut each: impl FnMut(Option<&Published<'_>>) -> Result<()>,
) -> Result<()> {
    let day = clock::as_of(None)?.to_string();
    let stamp = |text: &Option<crate::record::Text<'_>>| {
        text.as_deref().and_then(date::timestamp).unwrap_or_default()
    };
    each_record(records, |line, record| {
        let Visibility::Public(files) = visibility(record, &day[..10]) else { return each(None) };
        each(Some(&Published {
            record,
            raw: line,
            created: &stamp(&record.created),
            updated: &stamp(&record.updated),
            files,
            lineage: Lineage::SINGLE,
            repository,
        }))
    })
}

/// Parses the record on each line.
fn each_record(
    records: &Path,
    mut each: impl FnMut(&str, &Record<'_>) -> Result<()>,
) -> Result<()> {
    let file = File::open(records).with_context(|| format!("cannot open {}", records.display()))?;
    let mut lines = BufReader::with_capacity(1 << 20, file);
    let mut line = String::new();
    while lines.read_line(&mut line)? > 0 {
        each(&line, &Record::parse(&line)?)?;
        line.clear();
    }
    Ok(())
}

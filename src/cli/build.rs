//! `offprint build`

use std::io::{self, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result};

use super::args::{Build, Global};
use super::config::{Config, SiteForm};
use super::exit::Exit;
use super::progress::Progress;
use super::terminal::{Hint, say};
use super::{clock, open, recipe};
use crate::build::{
    self, BuildError, DeltaSettings, DumpSettings, Form, Report, Settings, SiteSettings,
};
use crate::release::layout::Spans;
use crate::release::pointer::PointerError;

pub(super) fn run(global: &Global, arguments: &Build) -> Result<Exit> {
    let config = open::config(global)?;
    let store = open::store(global)?;
    let settings = settings(global, arguments, &config)?;
    let root = global.directory.join(&config.paths.public);
    let _lock = Lock::take(global)?;
    let total = store.snapshot()?.totals().minted();
    let progress = Progress::new(global.quiet, "building", total, false);
    let report = build::build(&store, &root, &settings, &|records| progress.add(records))
        .map_err(|error| explain(error, &settings))?;
    drop(progress);
    super::sign::if_configured(global, &config)?;
    if global.json {
        writeln!(io::stdout().lock(), "{}", serde_json::to_string(&report)?)?;
    }
    tell(global.quiet || global.json, &report, &root);
    Ok(if report.exceptions > 0 { Exit::Exceptions } else { Exit::Success })
}

use super::open::Lock;

/// What a build is told by configuration and command line.
///
/// # Errors
/// A value that cannot be used.
pub(super) fn settings(global: &Global, arguments: &Build, config: &Config) -> Result<Settings> {
    let dir = &global.directory;
    let recipe = recipe::pack(config, dir).context("the recipe cannot be written")?;
    Ok(Settings { recipe, ..settings_in(dir, arguments, config)? })
}

/// The same for the repository in `dir`, whose releases hold no recipe.
///
/// # Errors
/// A value that cannot be used.
pub(super) fn settings_in(dir: &Path, arguments: &Build, config: &Config) -> Result<Settings> {
    let formats = config.dump_formats()?;
    let formats = formats.iter().map(|format| format.name().parse());
    let threads = arguments.threads.unwrap_or(config.build.threads);
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    Ok(Settings {
        repository: config.repository(),
        as_of: clock::as_of(arguments.as_of.as_deref())?,
        dump: DumpSettings {
            formats: formats.collect::<Result<_, _>>()?,
            level: config.dump.level,
            spans: Spans {
                pack_ids: config.dump.pack_ids,
                frame_ids: u32::try_from(config.dump.frame_ids).context("dump.frame_ids")?,
                hash_pack_bits: config.dump.hash_pack_bits,
                hash_frame_bits: config.dump.hash_frame_bits,
            },
            compat: config.dump.compat,
            keep: config.dump.keep,
        },
        site: SiteSettings {
            pages: config.site.pages,
            form: match config.site.form {
                SiteForm::Files => Form::Files,
                SiteForm::Packs => Form::Packs,
            },
            exports: config.site_exports()?,
            templates: config.site.templates.as_ref().map(|path| dir.join(path)),
            latest: config.site.latest,
            brand: config.brand(dir),
            precompress: config.site_precompress()?,
            resolvers: config.site.resolvers,
            badges: config.site.badges,
            feeds: config.site.feeds,
            subject_min: config.site.subject_min,
            browse_limit: config.site.browse_limit,
            search: config.site.search,
            phrases: config.site.phrases,
        },
        delta: DeltaSettings {
            write: config.dump.deltas,
            max_shrink: Some(config.dump.max_shrink).filter(|_| !arguments.allow_shrink),
        },
        threads: if threads == 0 { cores() } else { threads },
        full: arguments.full,
        state_file: dir.join("build.db"),
        recipe: None,
        elsewhere: None,
    })
}

/// The error of a build, with what to do about it.
pub(super) fn explain(error: BuildError, settings: &Settings) -> anyhow::Error {
    match error {
        BuildError::Taken { release } | BuildError::Pointer(PointerError::Taken { release }) => {
            Hint {
                message: format!("release {release} exists already, with other content"),
                hint: format!(
                    "the records or settings changed since; build with an --as-of later than {}",
                    settings.as_of
                ),
            }
            .into()
        }
        error @ BuildError::Shrunk { .. } => Hint {
            message: error.to_string(),
            hint: "if that is right, build with --allow-shrink; else look at what was imported"
                .into(),
        }
        .into(),
        other => other.into(),
    }
}

fn tell(quiet: bool, report: &Report, root: &std::path::Path) {
    let counts = &report.records;
    if report.unchanged {
        say(quiet, format_args!("nothing changed; release {} stands", report.release));
    } else {
        say(quiet, format_args!("release {} in {}", report.release, root.display()));
    }
    say(
        quiet,
        format_args!(
            "{} records: {} public, {} tombstoned, {} restricted, {} withheld",
            counts.minted, counts.public, counts.tombstoned, counts.restricted, counts.withheld
        ),
    );
    if let Some(changes) = &report.changes {
        let (added, edited, withdrawn) = (changes.added, changes.edited, changes.withdrawn);
        say(quiet, format_args!("{added} added, {edited} edited, {withdrawn} withdrawn"));
    }
    if report.exceptions > 0 {
        let path = format!("dumps/{}/exceptions.ndjson", report.release);
        say(quiet, format_args!("{} exceptions, see {path}", report.exceptions));
    }
    if let Some(total) = report.seconds.get("total") {
        let mib = report.peak_rss_bytes >> 20;
        say(
            quiet,
            format_args!("{:.1} s, {:.1} s of CPU, peak memory {mib} MiB", total.wall, total.cpu),
        );
    }
}

//! `offprint verify`

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use jiff::Timestamp;

use super::args::{self, Global, Verify};
use super::exit::Exit;
use super::progress::Progress;
use super::sign::public_key;
use super::terminal::{UsageError, say};
use crate::release::fetch::Source;
use crate::release::pointer::ReleasePointer;
use crate::release::stage::{Durability, Stage};
use crate::release::trust::{self, Head, Policy};
use crate::release::verify::{self, Depth, Report};

/// Rounds of repairing and looking again: pointers, lists, what they list.
const REPAIRS: usize = 4;

pub(super) fn run(global: &Global, arguments: &Verify) -> Result<Exit> {
    let source = Source::open(&arguments.release);
    let depth = match arguments.depth {
        args::Depth::Quick => Depth::Quick,
        args::Depth::Sampled => Depth::Sampled,
        args::Depth::Full => Depth::Full,
    };
    let accepted = trusted(&source, arguments)?;
    let mut report = looked_at(global, &source, depth);
    if let Some(from) = &arguments.repair {
        // Pointers first: what they lead to is only known then.
        for _ in 0..REPAIRS {
            if report.is_good() || repair(global, &source, from, &report)? == 0 {
                break;
            }
            report = looked_at(global, &source, depth);
        }
    }
    if global.json {
        writeln!(io::stdout().lock(), "{}", serde_json::to_string(&report)?)?;
    } else {
        let mut out = io::stdout().lock();
        for problem in &report.problems {
            writeln!(out, "{problem}")?;
        }
    }
    tell(global.quiet, depth, &report);
    if !report.is_good() {
        return Ok(Exit::Failure);
    }
    if let (Some(path), Some(head)) = (&arguments.seen, accepted) {
        remember(path, &head)?;
    }
    Ok(Exit::Success)
}

fn looked_at(global: &Global, source: &Source, depth: Depth) -> Report {
    let progress = Progress::new(global.quiet, "verifying", 0, true);
    verify::verify(source, depth, &progress)
}

/// Signature, log and age, if a key is given; before anything else is read.
fn trusted(source: &Source, arguments: &Verify) -> Result<Option<Head>> {
    let Some(key) = &arguments.key else { return Ok(None) };
    let key = public_key(key)?;
    let seen = arguments.seen.as_deref().map(recall).transpose()?.flatten();
    let pointer = ReleasePointer::read(source)?.context("there is no release.json")?;
    let policy = Policy { key: &key, seen: seen.as_ref(), now: Timestamp::now() };
    Ok(Some(trust::check(source, &pointer, &policy)?.head))
}

fn recall(path: &Path) -> Result<Option<Head>> {
    let text = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.with_context(|| format!("cannot read {}", path.display()))?,
    };
    let head = serde_json::from_slice(&text);
    head.with_context(|| format!("{} is not what verify --seen writes", path.display()))
}

fn remember(path: &Path, head: &Head) -> Result<()> {
    let failed = || format!("cannot write {}", path.display());
    let beside = path.with_extension("new");
    fs::write(&beside, serde_json::to_vec(head)?).with_context(failed)?;
    fs::rename(&beside, path).with_context(failed)
}

/// Repairs what can be, and gives the number of files replaced.
fn repair(global: &Global, source: &Source, from: &str, report: &Report) -> Result<u64> {
    let message = "--repair needs a directory to repair, not a URL";
    let root = source.directory().context(message).map_err(UsageError)?;
    let stage = Stage::open(root, Durability::Synced)?;
    let repaired = verify::repair(&stage, &Source::open(from), report)?;
    stage.close()?;
    for (path, why) in &repaired.left {
        say(global.quiet, format_args!("not repaired: {path}: {why}"));
    }
    say(global.quiet, format_args!("replaced {} files, {} bytes", repaired.files, repaired.bytes));
    Ok(repaired.files)
}

fn tell(quiet: bool, depth: Depth, report: &Report) {
    for warning in &report.warnings {
        say(quiet, format_args!("warning: {warning}"));
    }
    let release = if report.release.is_empty() { "(none)" } else { &report.release };
    let outcome = if report.is_good() { "is good" } else { "is NOT good" };
    let part = if depth == Depth::Sampled { " as a sample" } else { "" };
    say(
        quiet,
        format_args!(
            "release {release} {outcome}: {} files, {} frames and {} records{part}, {} problems",
            report.files,
            report.frames,
            report.records,
            report.problems.len()
        ),
    );
}

impl verify::Progress for Progress {
    fn total(&self, _files: u64, bytes: u64) {
        self.expect(bytes);
    }

    fn advance(&self, bytes: u64) {
        self.add(bytes);
    }
}

//! `offprint verify`

use std::io::{self, Write as _};

use anyhow::Result;

use super::args::{self, Global, Verify};
use super::exit::Exit;
use super::progress::Progress;
use super::terminal::say;
use crate::release::fetch::Source;
use crate::release::verify::{self, Depth};

pub(super) fn run(global: &Global, arguments: &Verify) -> Result<Exit> {
    let source = Source::open(&arguments.release);
    let depth = match arguments.depth {
        args::Depth::Quick => Depth::Quick,
        args::Depth::Sampled => Depth::Sampled,
        args::Depth::Full => Depth::Full,
    };
    let progress = Progress::new(global.quiet, "verifying", 0, true);
    let report = verify::verify(&source, depth, &progress);
    drop(progress);
    if global.json {
        writeln!(io::stdout().lock(), "{}", serde_json::to_string(&report)?)?;
    } else {
        let mut out = io::stdout().lock();
        for problem in &report.problems {
            writeln!(out, "{problem}")?;
        }
    }
    for warning in &report.warnings {
        say(global.quiet, format_args!("warning: {warning}"));
    }
    let release = if report.release.is_empty() { "(none)" } else { &report.release };
    let outcome = if report.is_good() { "is good" } else { "is NOT good" };
    say(
        global.quiet,
        format_args!(
            "release {release} {outcome}: {} files, {} frames, {} records, {} problems",
            report.files,
            report.frames,
            report.records,
            report.problems.len()
        ),
    );
    Ok(if report.is_good() { Exit::Success } else { Exit::Failure })
}

impl verify::Progress for Progress {
    fn total(&self, _files: u64, bytes: u64) {
        self.expect(bytes);
    }

    fn advance(&self, bytes: u64) {
        self.add(bytes);
    }
}

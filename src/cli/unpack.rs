//! `offprint unpack`

use std::io::{self, Write as _};

use anyhow::Result;

use super::args::{Global, Unpack};
use super::exit::Exit;
use super::progress::Progress;
use super::terminal::say;
use crate::release::fetch::Source;
use crate::release::unpack;

pub(super) fn run(global: &Global, arguments: &Unpack) -> Result<Exit> {
    let source = Source::open(&arguments.release);
    let progress = Progress::new(global.quiet, "unpacking", 0, false);
    let report = unpack::unpack(&source, &arguments.dest, &|files| progress.add(files))?;
    drop(progress);
    if global.json {
        writeln!(io::stdout().lock(), "{}", serde_json::to_string(&report)?)?;
    }
    say(
        global.quiet,
        format_args!(
            "release {} in {}: {} files written, {} kept, {} others copied, {} removed",
            report.release,
            arguments.dest.display(),
            report.written,
            report.kept,
            report.copied,
            report.removed
        ),
    );
    Ok(Exit::Success)
}

//! `offprint pull`

use std::io::{self, Write as _};
use std::sync::Arc;

use anyhow::Result;
use jiff::Timestamp;

use super::args::{Global, Pull, Select};
use super::exit::Exit;
use super::press::Press;
use super::progress::Progress;
use super::sign::public_key;
use super::terminal::say;
use crate::build::remake::Remake;
use crate::release::fetch::Source;
use crate::release::pull::rebuild::Maker;
use crate::release::pull::reprint::Printer;
use crate::release::pull::{self, Options, Report, Selection, Trust};

/// What the progress says most of the time.
pub(super) const PULLING: &str = "pulling";

pub(super) fn run(global: &Global, arguments: &Pull) -> Result<Exit> {
    let source = Source::open(&arguments.release);
    let wants = |one| arguments.select.contains(&one);
    let key = arguments.key.as_deref().map(public_key).transpose()?;
    let progress = Progress::new(global.quiet, PULLING, 0, true);
    let press = Press { words: progress.words() };
    let options = Options {
        select: Selection {
            dumps: wants(Select::Dumps),
            site: wants(Select::Site),
            search: wants(Select::Search),
        },
        connections: arguments.connections,
        deltas: !arguments.no_deltas,
        rebuild: arguments.rebuild.then(|| Arc::new(Remake) as Arc<dyn Maker>),
        reprint: arguments.rebuild.then(|| Arc::new(press) as Arc<dyn Printer>),
        trust: key.map(|key| Trust { key, now: Timestamp::now() }),
    };
    let report = pull::pull(&source, &arguments.dir, &options, &progress)?;
    drop(progress);
    if global.json {
        writeln!(io::stdout().lock(), "{}", serde_json::to_string(&report)?)?;
    }
    tell(global.quiet, &report);
    Ok(Exit::Success)
}

fn tell(quiet: bool, report: &Report) {
    for warning in &report.warnings {
        say(quiet, format_args!("warning: {warning}"));
    }
    let Report { release, requests, bytes, .. } = report;
    if report.unchanged {
        say(quiet, format_args!("nothing changed; release {release} stands"));
    } else {
        say(quiet, format_args!("release {release} stands now"));
        let (made, deltas) = (report.made.files, report.deltas.len());
        if made > 0 {
            say(quiet, format_args!("{made} packs made from {deltas} deltas"));
        }
        let rebuilt = &report.rebuilt;
        if rebuilt.files > 0 {
            let (files, bytes) = (rebuilt.files, rebuilt.bytes);
            say(quiet, format_args!("{files} packs, {bytes} bytes, made from native JSON"));
        }
        let printed = report.printed;
        if printed.files > 0 {
            let (files, bytes) = (printed.files, printed.bytes);
            say(quiet, format_args!("{files} files, {bytes} bytes, printed from native JSON"));
        }
    }
    say(quiet, format_args!("{requests} requests, {bytes} bytes"));
}

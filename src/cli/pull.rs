//! `offprint pull`

use std::io::{self, Write as _};
use std::sync::Arc;

use anyhow::Result;
use jiff::Timestamp;

use super::args::{Global, Pull, Select};
use super::exit::Exit;
use super::progress::Progress;
use super::sign::public_key;
use super::terminal::say;
use crate::build::remake::Remake;
use crate::release::fetch::Source;
use crate::release::pull::rebuild::Maker;
use crate::release::pull::{self, Options, Report, Selection, Trust};

pub(super) fn run(global: &Global, arguments: &Pull) -> Result<Exit> {
    let source = Source::open(&arguments.release);
    let wants = |one| arguments.select.contains(&one);
    let key = arguments.key.as_deref().map(public_key).transpose()?;
    let options = Options {
        select: Selection {
            dumps: wants(Select::Dumps),
            site: wants(Select::Site),
            search: wants(Select::Search),
        },
        connections: arguments.connections,
        deltas: !arguments.no_deltas,
        rebuild: arguments.rebuild.then(|| Arc::new(Remake) as Arc<dyn Maker>),
        trust: key.map(|key| Trust { key, now: Timestamp::now() }),
    };
    let progress = Progress::new(global.quiet, "pulling", 0, true);
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
    }
    say(quiet, format_args!("{requests} requests, {bytes} bytes"));
}

//! `offprint import`

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::sync::Mutex;

use anyhow::{Context as _, Result};
use serde_json::json;

use super::args::{Global, Import, InputFormat};
use super::exit::Exit;
use super::interrupt::Interrupt;
use super::open::StoreLock;
use super::progress::Progress as Bar;
use super::terminal::{Hint, say};
use super::{clock, open};
use crate::crosswalk::inbound::Kind;
use crate::store::import::{Completion, Importer, Input, Options, Outcome, Progress, Stop};
use crate::store::{Counts, Reject};

/// Rejects of a source that are told on the terminal.
const SHOWN_REJECTS: usize = 3;

pub(super) fn run(global: &Global, arguments: &Import) -> Result<Exit> {
    let config = open::config(global)?;
    let store = open::store(global)?;
    let options = Options {
        doi_pattern: config.repository.doi_pattern.clone(),
        kind: arguments.format.map(kind),
        strict: arguments.strict,
        complete: arguments.complete,
        rejects: global.directory.join("rejects"),
    };
    // A source that is not there is found before hours are spent on the ones before it.
    for source in arguments.sources.iter().filter(|source| !is_stdin(source)) {
        std::fs::metadata(source).with_context(|| format!("cannot read {}", source.display()))?;
    }
    let _store = StoreLock::share(global)?;
    let mut importer = Importer::new(&store, options)?.with_purged(arguments.allow_purged);
    let talk = Talk { quiet: global.quiet, bar: Mutex::new(None), interrupt: Interrupt::watch()? };
    let mut total = Counts::default();
    let mut stopped = None;
    for source in &arguments.sources {
        let input = match is_stdin(source) {
            true => Input::Stream(Box::new(io::stdin())),
            false => Input::Path(source.clone()),
        };
        let outcome = importer
            .source(input, &talk)
            .with_context(|| format!("cannot import {}", source.display()))?;
        talk.end();
        tell(global, &outcome);
        total.add(&outcome.counts);
        if outcome.stopped.is_some() {
            stopped = outcome.stopped;
            break;
        }
    }
    let completion = importer.finish(&clock::as_of(None)?.to_string())?;
    let withdrawn = tell_completion(global, completion);
    if global.json {
        let report = json!({
            "read": total.read(),
            "new": total.new,
            "changed": total.changed,
            "unchanged": total.unchanged,
            "superseded": total.superseded,
            "rejected": total.rejected,
            "aside": total.aside,
            "withdrawn": withdrawn,
        });
        writeln!(io::stdout().lock(), "{report}")?;
    }
    match stopped {
        Some(Stop::Strict(reject)) => Err(Hint {
            message: describe(&reject),
            hint: "without --strict the record is listed in rejects/ and the rest goes on".into(),
        }
        .into()),
        Some(Stop::Interrupted) => Err(Hint {
            message: "interrupted".into(),
            hint: "run the same command again to go on where it stopped".into(),
        }
        .into()),
        None if total.rejected > 0 => Ok(Exit::Exceptions),
        None => Ok(Exit::Success),
    }
}

/// A reject in words: where, what, why.
fn describe(reject: &Reject) -> String {
    let mut place = String::new();
    if let Some(member) = &reject.position.member {
        place.push_str(member);
        place.push_str(": ");
    }
    if let Some(line) = reject.position.line {
        place.push_str(&format!("line {line}: "));
    }
    format!("{place}{}: {}", reject.problem.path, reject.problem.reason)
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn kind(format: InputFormat) -> Kind {
    match format {
        InputFormat::Native => Kind::Native,
        InputFormat::Legacy => Kind::Legacy,
        InputFormat::DataciteJson => Kind::DataciteJson,
        InputFormat::DataciteXml => Kind::DataciteXml,
    }
}

fn tell(global: &Global, outcome: &Outcome) {
    let counts = &outcome.counts;
    say(
        global.quiet,
        format_args!(
            "{}: {} read: {} new, {} changed, {} unchanged, {} superseded, {} rejected",
            outcome.source,
            counts.read(),
            counts.new,
            counts.changed,
            counts.unchanged,
            counts.superseded,
            counts.rejected
        ),
    );
    if counts.aside > 0 {
        say(global.quiet, format_args!("  {} communities and concepts", counts.aside));
    }
    if outcome.resumed > 0 {
        say(global.quiet, format_args!("  went on behind {} documents", outcome.resumed));
    }
    for (code, times) in &outcome.issues {
        say(global.quiet, format_args!("  {code}: {times} times"));
    }
    if let Some(rejects) = &outcome.rejects {
        for line in first_rejects(rejects) {
            say(global.quiet, format_args!("  rejected: {line}"));
        }
        say(global.quiet, format_args!("  all rejected records: {}", rejects.display()));
    }
}

/// The first rejects of a list in words; the list itself has the rest.
fn first_rejects(list: &Path) -> Vec<String> {
    // The list was just written; if it is gone, its name is still told.
    let Ok(file) = File::open(list) else { return Vec::new() };
    let lines = BufReader::new(file).lines().take(SHOWN_REJECTS).map_while(Result::ok);
    let text = |value: &serde_json::Value, key: &str| {
        value[key].as_str().map(|text| format!("{text}: ")).unwrap_or_default()
    };
    lines
        .filter_map(|line| serde_json::from_str(&line).ok())
        .map(|reject: serde_json::Value| {
            let line = reject["line"].as_u64().map(|line| format!("line {line}: "));
            let (member, path) = (text(&reject, "member"), text(&reject, "path"));
            let reason = reject["reason"].as_str().unwrap_or_default();
            format!("{member}{}{path}{reason}", line.unwrap_or_default())
        })
        .collect()
}

fn tell_completion(global: &Global, completion: Completion) -> u64 {
    match completion {
        Completion::NotAsked => 0,
        Completion::Withdrawn(records) => {
            say(global.quiet, format_args!("{records} absent records withdrawn"));
            records
        }
        Completion::Refused { unidentified, stopped } => {
            say(
                false,
                format_args!(
                    "no absent record withdrawn: {unidentified} documents without a readable id, \
                     {stopped} sources not read to their end"
                ),
            );
            0
        }
    }
}

/// A progress bar for each source.
struct Talk {
    quiet: bool,
    bar: Mutex<Option<Bar>>,
    interrupt: Interrupt,
}

impl Talk {
    fn end(&self) {
        self.with(|bar| *bar = None);
    }

    fn with(&self, change: impl FnOnce(&mut Option<Bar>)) {
        if let Ok(mut bar) = self.bar.lock() {
            change(&mut bar);
        }
    }
}

impl Progress for Talk {
    fn begin(&self, _source: &str, bytes: Option<u64>) {
        let total = bytes.unwrap_or(0);
        self.with(|bar| *bar = Some(Bar::new(self.quiet, "importing", total, true)));
    }

    fn advance(&self, _documents: u64, bytes: u64) {
        self.with(|bar| {
            if let Some(bar) = bar {
                bar.set(bytes);
            }
        });
    }

    fn interrupted(&self) -> bool {
        self.interrupt.came()
    }
}

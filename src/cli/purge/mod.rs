//! `offprint purge`
//!
//! What it does, in an order in which every step can be repeated: it notes in `purge.json` what
//! is to go, makes tombstones of it, writes the store anew, builds a release that takes nothing
//! over, removes what earlier releases left, and notes that it is done. Killed in between, the
//! note keeps builds and publications away until the same command has come to its end.

mod gone;
mod note;

use std::io::{self, IsTerminal as _, Write as _};

use anyhow::{Context as _, Result, anyhow};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::args::{Build, Global, Purge};
use super::config::Config;
use super::exit::Exit;
use super::open::{self, Lock, StoreLock};
use super::progress::Progress;
use super::terminal::{Hint, UsageError, say};
use super::{build as build_command, clock};
use crate::build::{self, BuildError, Report, release_id};
use crate::record::vocabulary;
use crate::release::fetch::Source;
use crate::release::pointer::Releases;
use crate::store::{Removal, Snapshot, Store};
use gone::Gone;
use note::{Note, Task};

/// The release that the last purge made, if there was one and it came to its end.
///
/// # Errors
/// When what was noted of it cannot be read.
pub(super) fn last_release(global: &Global) -> Result<Option<String>> {
    Ok(Note::read(global)?.and_then(|note| note.release))
}

/// Whether a purge was begun and did not come to its end.
///
/// # Errors
/// When what was noted of it cannot be read.
pub(super) fn is_unfinished(global: &Global) -> Result<bool> {
    Ok(Note::read(global)?.is_some_and(|note| note.release.is_none()))
}

pub(super) fn run(global: &Global, arguments: &Purge) -> Result<Exit> {
    let config = open::config(global)?;
    let store = open::store(global)?;
    let _lock = Lock::take_in_purge(global)?;
    let _store = StoreLock::alone(global)?;
    let asked = Asked::of(&store.snapshot()?, &arguments.ids)?;
    let begun = Note::read(global)?.filter(|note| note.release.is_none());
    if arguments.dry_run {
        return plan(global, &config, &asked);
    }
    if asked.standing.is_empty() && begun.is_none() {
        return already(global, &asked);
    }
    confirm(global, arguments, &asked)?;
    let note = noted(global, &config, arguments, &asked, begun)?;
    let root = global.directory.join(&config.paths.public);
    let ids = note.ids();
    let before = Gone::present(&root, &ids)?;
    let report = carry_out(global, &config, &store, note, arguments)?;
    let gone = before.without(&Gone::present(&root, &ids)?);
    let already: Vec<&String> = asked.purged.iter().filter(|id| !ids.contains(id)).collect();
    tell(global, &ids, &already, &gone, &report)?;
    Ok(if report.exceptions > 0 { Exit::Exceptions } else { Exit::Success })
}

/// The ids of the command line, each once, in its order.
struct Asked {
    /// Still there.
    standing: Vec<String>,
    /// Purged already.
    purged: Vec<String>,
}

impl Asked {
    fn of(snapshot: &Snapshot, ids: &[String]) -> Result<Asked> {
        let mut asked = Asked { standing: Vec::new(), purged: Vec::new() };
        let mut unknown = Vec::new();
        for id in ids {
            let list = match snapshot.is_purged(id)? {
                Some(false) => &mut asked.standing,
                Some(true) => &mut asked.purged,
                None => &mut unknown,
            };
            if !list.contains(id) {
                list.push(id.clone());
            }
        }
        if unknown.is_empty() {
            return Ok(asked);
        }
        Err(Hint {
            message: format!("the store has no record {}", unknown.join(", ")),
            hint: "nothing was purged; give record ids, as in the addresses of their pages".into(),
        }
        .into())
    }
}

fn already(global: &Global, asked: &Asked) -> Result<Exit> {
    if global.json {
        let report = json!({"purged": [], "already": asked.purged});
        writeln!(io::stdout().lock(), "{report}")?;
    }
    let quiet = global.quiet || global.json;
    say(quiet, format_args!("purged already, nothing to do: {}", asked.purged.join(", ")));
    Ok(Exit::Success)
}

/// Says what would go.
fn plan(global: &Global, config: &Config, asked: &Asked) -> Result<Exit> {
    let root = global.directory.join(&config.paths.public);
    let gone = Gone::planned(&root, &asked.standing)?;
    if global.json {
        let report = json!({
            "dry_run": true, "purged": asked.standing, "already": asked.purged, "removed": gone,
        });
        writeln!(io::stdout().lock(), "{report}")?;
    }
    let quiet = global.quiet || global.json;
    say(quiet, format_args!("would purge: {}", listed(&asked.standing)));
    if !asked.purged.is_empty() {
        say(quiet, format_args!("purged already: {}", listed(&asked.purged)));
    }
    gone.tell(quiet, "would remove");
    Ok(Exit::Success)
}

fn listed(ids: &[String]) -> String {
    if ids.is_empty() { "nothing".to_owned() } else { ids.join(", ") }
}

/// Asks, unless told not to.
fn confirm(global: &Global, arguments: &Purge, asked: &Asked) -> Result<()> {
    if arguments.yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        let message = "a purge cannot be undone: give --yes, or --dry-run to see what would go";
        return Err(UsageError(anyhow!(message)).into());
    }
    let place = global.directory.display();
    say(
        false,
        format_args!(
            "purge {} from {place}? This cannot be undone. Type yes:",
            listed(&asked.standing)
        ),
    );
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    if answer.trim() == "yes" { Ok(()) } else { Err(anyhow!("nothing was purged")) }
}

/// Notes what is to be done, before anything is.
fn noted(
    global: &Global,
    config: &Config,
    arguments: &Purge,
    asked: &Asked,
    begun: Option<Note>,
) -> Result<Note> {
    let mut note = begun.unwrap_or_default();
    let known = note.ids();
    let ids: Vec<String> =
        asked.standing.iter().filter(|id| !known.contains(id)).cloned().collect();
    let more = !ids.is_empty();
    if more {
        // Words that are no reason of the vocabulary are what people are to read.
        let known = vocabulary::removal_reason(&arguments.reason).map(|term| term.id.to_owned());
        let words = Some(&arguments.reason).filter(|words| known.is_none() && !words.is_empty());
        let note_parts: Vec<&str> =
            words.into_iter().chain(&arguments.note).map(String::as_str).collect();
        note.tasks.push(Task {
            ids,
            reason: known,
            note: Some(note_parts.join(". ")).filter(|note| !note.is_empty()),
            date: Timestamp::from_second(Timestamp::now().as_second())?.to_string(),
        });
    }
    // A killed purge may have made its release; going on with it is no clash.
    let given = clock::as_of(arguments.as_of.as_deref())?.to_string();
    let other = arguments.as_of.is_some() && given != note.as_of;
    if more || other || note.as_of.is_empty() {
        note.as_of = as_of(global, config, arguments)?.to_string();
    }
    note.write(global)?;
    Ok(note)
}

/// The as-of that was given, or now, but after the release that stands.
fn as_of(global: &Global, config: &Config, arguments: &Purge) -> Result<Timestamp> {
    let releases = releases(global, config)?;
    if arguments.as_of.is_some() {
        let as_of = clock::as_of(arguments.as_of.as_deref())?;
        let release = release_id(as_of);
        if releases.releases.iter().any(|line| line.release == release) {
            return Err(Hint {
                message: format!("release {release} exists already"),
                hint: "a purge makes a new release: give a later --as-of, or none".into(),
            }
            .into());
        }
        return Ok(as_of);
    }
    let last = releases.releases.last().and_then(|line| line.as_of.parse::<Timestamp>().ok());
    let next = last.and_then(|last| last.checked_add(SignedDuration::from_secs(1)).ok());
    let now = clock::as_of(None)?;
    Ok(next.map_or(now, |next| next.max(now)))
}

fn releases(global: &Global, config: &Config) -> Result<Releases> {
    let root = global.directory.join(&config.paths.public);
    Ok(Releases::read(&Source::open(&root.to_string_lossy()))?)
}

/// Does what the note says, and notes that it is done.
fn carry_out(
    global: &Global,
    config: &Config,
    store: &Store,
    mut note: Note,
    arguments: &Purge,
) -> Result<Report> {
    let pattern = &config.repository.doi_pattern;
    for task in &note.tasks {
        let (reason, words) = (task.reason.as_deref(), task.note.as_deref());
        let removal = Removal { reason, note: words, date: &task.date };
        store.purge(&task.ids, &removal, pattern)?;
    }
    let talk = Progress::new(global.quiet, "writing the store anew", 0, false);
    store.scrub()?;
    drop(talk);
    let rejects = global.directory.join("rejects");
    match std::fs::remove_dir_all(&rejects) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot remove {}", rejects.display()));
        }
        _ => {}
    }
    let report = match print(global, config, store, &note.as_of) {
        // Of this purge, killed, and the store changed since: it is not the last word then.
        Err(Failed::Build(BuildError::Taken { .. })) if arguments.as_of.is_none() => {
            note.as_of = as_of(global, config, arguments)?.to_string();
            note.write(global)?;
            print(global, config, store, &note.as_of)
        }
        other => other,
    };
    let report = report.map_err(Failed::explained)?;
    super::sign::if_configured(global, config)?;
    let done = Note { release: Some(report.release.clone()), ..Note::default() };
    done.write(global)?;
    Ok(report)
}

/// Why no release was made.
enum Failed {
    Build(BuildError),
    Other(anyhow::Error),
}

impl Failed {
    fn explained(self) -> anyhow::Error {
        match self {
            Failed::Build(error) => error.into(),
            Failed::Other(error) => error,
        }
    }
}

/// Makes the release, and removes what earlier ones left.
fn print(
    global: &Global,
    config: &Config,
    store: &Store,
    as_of: &str,
) -> std::result::Result<Report, Failed> {
    let root = global.directory.join(&config.paths.public);
    let arguments =
        Build { as_of: Some(as_of.to_owned()), full: true, allow_shrink: true, threads: None };
    let mut settings =
        build_command::settings(global, &arguments, config).map_err(Failed::Other)?;
    // A delta says what went, and in a merged one it may still be.
    settings.delta.write = false;
    let total = store.snapshot().map_err(|error| Failed::Other(error.into()))?.totals().minted();
    build::forget_index(&settings).map_err(Failed::Build)?;
    let progress = Progress::new(global.quiet, "building", total, false);
    let report = build::build(store, &root, &settings, &|records| progress.add(records))
        .map_err(Failed::Build)?;
    build::forget_earlier(&root, &settings).map_err(Failed::Build)?;
    Ok(report)
}

fn tell(
    global: &Global,
    ids: &[String],
    already: &[&String],
    gone: &Gone,
    report: &Report,
) -> Result<()> {
    if global.json {
        let report = json!({
            "purged": ids, "already": already, "removed": gone,
            "release": report.release, "as_of": report.as_of,
            "manifest_sha256": report.manifest_sha256, "records": report.records,
            "exceptions": report.exceptions,
        });
        writeln!(io::stdout().lock(), "{report}")?;
    }
    let quiet = global.quiet || global.json;
    say(quiet, format_args!("purged: {}", ids.join(", ")));
    gone.tell(quiet, "removed");
    let place = global.directory.display();
    say(
        quiet,
        format_args!(
            "release {} says only that there was a record; publish it to every target, which \
             removes the same there at once:\n\n  offprint -C {place} publish TARGET\n\n\
             then empty the caches of any CDN in front of it. Whoever mirrors the repository must \
             run `offprint pull` again, which fetches whole packs once, and delete copies of \
             earlier releases. Not touched: files that records were imported from, backups of \
             store.db, logs.",
            report.release
        ),
    );
    Ok(())
}

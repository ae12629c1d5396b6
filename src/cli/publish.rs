//! `offprint publish`

use std::io::{self, Write as _};
use std::time::Duration;

use anyhow::{Context as _, Result};
use jiff::Timestamp;

use super::args::{Global, Publish};
use super::config::Config;
use super::exit::Exit;
use super::open::{self, Lock};
use super::progress::Progress;
use super::terminal::{Hint, UsageError, say};
use crate::build::hosting::policy;
use crate::release::hash::sha256;
use crate::release::publish::{
    self, Credentials, Place, PublishError, Report, Served, Settings, Tally,
};

/// A publisher that says nothing for so long is taken to be dead.
const LEASE: Duration = Duration::from_secs(600);
/// Requests at a time when nothing else is said.
const REQUESTS: usize = 32;

pub(super) fn run(global: &Global, arguments: &Publish) -> Result<Exit> {
    let config = open::config(global)?;
    let place = Place::parse(&arguments.target, Credentials::new(std::env::vars()))
        .map_err(|error| UsageError(error.into()))?;
    // A build would change what is being sent; and one publisher of a repository at a time may
    // take up what a killed one left.
    let _lock = Lock::take(global)?;
    let purged = super::purge::last_release(global)?;
    let progress = Progress::new(global.quiet, "publishing", 0, true);
    let settings = Settings {
        root: global.directory.join(&config.paths.public),
        owner: owner(global)?,
        served: &served,
        now: &Timestamp::now,
        grace: Duration::from_secs(u64::from(config.publish.grace) * 86_400),
        purged,
        lease: LEASE,
        parallel: parallel(&config, &place),
        fence: !arguments.no_fence,
        again: arguments.again,
        dry_run: arguments.dry_run,
        name_files: arguments.dry_run && (global.json || global.verbose > 0),
        progress: &progress,
    };
    let report = publish::publish(&place, &settings).map_err(explain)?;
    drop(progress);
    if global.json {
        writeln!(io::stdout().lock(), "{}", serde_json::to_string(&report)?)?;
    } else {
        let mut out = io::stdout().lock();
        for path in &report.files {
            writeln!(out, "{path}")?;
        }
    }
    tell(global.quiet || global.json, &report, &place);
    Ok(Exit::Success)
}

/// What no two repositories have in common: host and directory, not to be read back from it.
fn owner(global: &Global) -> Result<String> {
    let dir = std::fs::canonicalize(&global.directory)
        .with_context(|| format!("cannot find {}", global.directory.display()))?;
    let machine = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
    let host = rustix::system::uname();
    let host = host.nodename().to_string_lossy();
    let whole = sha256(format!("{machine}\n{host}\n{}", dir.display()).as_bytes());
    Ok(whole.get(..12).unwrap_or(&whole).to_owned())
}

fn parallel(config: &Config, place: &Place) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    match (config.publish.parallel, place) {
        (0, Place::Directory(_)) => cores(),
        (0, Place::Bucket { .. }) => REQUESTS,
        (given, _) => given,
    }
}

/// Headers by the hosting policy.
fn served(path: &str) -> Served {
    let variant = policy::variant_of(path);
    Served {
        media_type: policy::media_type(variant.map_or(path, |(file, _)| file)),
        encoding: variant.map(|(_, encoding)| encoding.name()),
        cache: policy::cache_class(path).header(),
        hashed: policy::cache_class(path) == policy::CacheClass::Immutable,
    }
}

fn explain(error: PublishError) -> anyhow::Error {
    let hint = match &error {
        PublishError::Unfenced(_) => {
            "use a store that does (S3, R2, MinIO, Ceph of 2025 and later do), or make sure that \
             there is one publisher only and give --no-fence"
        }
        PublishError::Held { .. } => {
            "wait for it to end; a publisher that died loses the target at that time"
        }
        PublishError::Foreign(_) | PublishError::Forked => {
            "publish from the repository that made that release, or bring its dumps/releases.json \
             and dumps/log.ndjson back into the web root"
        }
        PublishError::Lost => "run it again when the other publisher is done",
        PublishError::Changed { .. } => "the web root was changed by something other than a build",
        _ => return error.into(),
    };
    let error = anyhow::Error::from(error);
    Hint { message: format!("{error:#}"), hint: hint.to_owned() }.into()
}

fn tell(quiet: bool, report: &Report, place: &Place) {
    let sum = |tallies: &std::collections::BTreeMap<&str, Tally>| {
        tallies.values().fold((0, 0), |(files, bytes), t| (files + t.files, bytes + t.bytes))
    };
    let (files, bytes) = sum(&report.sent);
    let release = &report.release;
    let verb = if report.dry_run { "would send" } else { "sent" };
    for (kind, tally) in &report.sent {
        say(quiet, format_args!("  {kind}: {} files, {} bytes", tally.files, tally.bytes));
    }
    let gone = if report.dry_run { "would remove" } else { "removed" };
    say(
        quiet,
        format_args!(
            "release {release} to {place}: {verb} {files} files, {bytes} bytes; {} were there; \
             {gone} {}; {} wait for their grace to end",
            sum(&report.known).0,
            report.removed,
            report.waiting
        ),
    );
}

impl publish::Progress for Progress {
    fn advance(&self, bytes: u64) {
        self.add(bytes);
    }
}

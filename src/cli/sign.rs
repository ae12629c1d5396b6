//! `offprint sign`

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use jiff::Timestamp;

use super::args::{Global, Sign};
use super::config::Config;
use super::exit::Exit;
use super::open::{self, Lock};
use super::terminal::{UsageError, say};
use crate::release::stage::{Durability, Stage};
use crate::release::trust::{self, PublicKey, SecretKey, Signed};

/// The password of an encrypted secret key. Only from here: what stands on a command line is
/// seen by everyone on the machine.
const PASSWORD: &str = "OFFPRINT_SIGN_PASSWORD";
/// How long an entry of the log may be taken for the newest: a monthly release that is a month
/// late is still believed.
const DAYS: u64 = 62;

pub(super) fn run(global: &Global, arguments: &Sign) -> Result<Exit> {
    let config = open::config(global)?;
    let missing = "give --key, or set sign.key; offprint keygen makes one";
    let given = arguments.key.as_deref().map(|key| global.directory.join(key));
    let path =
        given.or_else(|| configured(global, &config)).context(missing).map_err(UsageError)?;
    let _lock = Lock::take(global)?;
    let signed = standing(global, &config, &path, arguments.days.unwrap_or(DAYS))?;
    if global.json {
        writeln!(io::stdout().lock(), "{}", serde_json::to_string(&signed)?)?;
    }
    tell(global.quiet || global.json, &signed);
    Ok(Exit::Success)
}

/// Signs the standing release if a key is configured. The caller holds the lock.
pub(super) fn if_configured(global: &Global, config: &Config) -> Result<()> {
    if let Some(path) = configured(global, config) {
        let signed = standing(global, config, &path, DAYS)?;
        tell(global.quiet || global.json, &signed);
    }
    Ok(())
}

fn configured(global: &Global, config: &Config) -> Option<std::path::PathBuf> {
    config.sign.key.as_ref().map(|key| global.directory.join(key))
}

fn standing(global: &Global, config: &Config, key: &Path, days: u64) -> Result<Signed> {
    let text = fs::read_to_string(key).with_context(|| format!("cannot read {}", key.display()))?;
    let secret = SecretKey::parse(&text, password())
        .with_context(|| format!("cannot use {} ({PASSWORD} holds its password)", key.display()))?;
    let root = global.directory.join(&config.paths.public);
    let stage = Stage::open(&root, Durability::Synced)?;
    let validity = Duration::from_secs(days.saturating_mul(86_400));
    let signed = trust::sign(&stage, &secret, Timestamp::now(), validity)?;
    stage.close()?;
    Ok(signed)
}

pub(super) fn password() -> Option<String> {
    std::env::var(PASSWORD).ok().filter(|password| !password.is_empty())
}

/// A public key: a file of one, or the line itself.
///
/// # Errors
/// When it is neither.
pub(super) fn public_key(given: &str) -> Result<PublicKey> {
    let text = match fs::read_to_string(given) {
        Ok(text) => text,
        Err(_) => given.to_owned(),
    };
    PublicKey::parse(&text)
        .with_context(|| format!("--key {given}: neither a public key nor a file of one"))
        .map_err(|error| UsageError(error).into())
}

fn tell(quiet: bool, signed: &Signed) {
    let Signed { release, sequence, expires, added } = signed;
    let what = if *added { "signed" } else { "is signed" };
    say(
        quiet,
        format_args!("release {release} {what}: entry {sequence} of the log, good until {expires}"),
    );
}

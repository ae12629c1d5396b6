//! `offprint hosting`

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::args::{Global, Hosting};
use super::exit::Exit;
use super::open;
use super::terminal::UsageError;
use crate::build::hosting::{self, Host, Place};

pub(super) fn run(global: &Global, arguments: &Hosting) -> Result<Exit> {
    let config = open::config(global)?;
    let root = match &arguments.root {
        Some(root) => root.clone(),
        None => full(&global.directory.join(&config.paths.public))?,
    };
    let root = root.to_str().context("the path of the web root is not UTF-8")?;
    let place = Place::new(
        root,
        arguments.listen.as_deref(),
        &config.repository.base_url,
        &config.site_exports()?,
    )
    .map_err(|error| UsageError(error.into()))?;
    let host = Host::ALL.into_iter().find(|host| host.name() == arguments.host);
    let host = host.with_context(|| format!("no host {}", arguments.host))?;
    io::stdout().lock().write_all(hosting::print(host, &place).as_bytes())?;
    Ok(Exit::Success)
}

/// The full path, links kept: a server may be given a link that is switched later.
fn full(path: &Path) -> Result<PathBuf> {
    let path = std::path::absolute(path)
        .with_context(|| format!("cannot find the full path of {}", path.display()))?;
    Ok(path.components().collect())
}

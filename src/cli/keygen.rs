//! `offprint keygen`

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::args::{Global, Keygen};
use super::exit::Exit;
use super::sign::password;
use super::terminal::say;
use crate::release::trust::SecretKey;

pub(super) fn run(global: &Global, arguments: &Keygen) -> Result<Exit> {
    let (secret, public) = SecretKey::generate(password())?;
    let secret_path = global.directory.join(&arguments.key);
    let public_path = secret_path.with_extension("pub");
    write_new(&secret_path, &secret, 0o600)?;
    write_new(&public_path, &public, 0o644)?;
    let encrypted = if password().is_some() { "encrypted" } else { "not encrypted" };
    say(
        global.quiet,
        format_args!(
            "made {} (secret, {encrypted}) and {} (to be given to everyone)",
            secret_path.display(),
            public_path.display()
        ),
    );
    Ok(Exit::Success)
}

/// A key is never replaced: what it signed could not be gone on with.
fn write_new(path: &Path, text: &str, mode: u32) -> Result<()> {
    let failed = || format!("cannot make {}", path.display());
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .with_context(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).with_context(failed)
}

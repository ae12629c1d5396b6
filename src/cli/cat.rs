//! `offprint cat`

use std::fs::File;
use std::io::{self, BufWriter, Write};

use anyhow::{Context as _, Result};

use super::args::Cat;
use super::exit::Exit;
use super::terminal::say;
use crate::release::canonical;
use crate::release::cat::{cat_all, cat_one};
use crate::release::delta::What;
use crate::release::delta::since::since;
use crate::release::fetch::Source;
use crate::release::layout::{Container, Format};

pub(super) fn run(cat: &Cat) -> Result<Exit> {
    let source = Source::open(&cat.dump);
    let format: Format = cat.format.parse()?;
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    match (&cat.id, &cat.since) {
        (Some(id), _) => cat_one(&source, format, id, &mut out)?,
        (None, Some(release)) => changes(cat, &source, release, format, &mut out)?,
        (None, None) => {
            cat_all(&source, format, &mut out)?;
        }
    }
    out.flush()?;
    let traffic = source.traffic();
    say(!cat.stats, format_args!("{} requests, {} bytes", traffic.requests, traffic.bytes));
    Ok(Exit::Success)
}

/// Prints new and edited records as `cat` does, and the lines of those that went: among them
/// where records are lines too.
fn changes(
    cat: &Cat,
    source: &Source,
    release: &str,
    format: Format,
    out: &mut impl Write,
) -> Result<()> {
    let mut aside: Option<Box<dyn Write>> = match (&cat.deletes, format.container()) {
        (Some(path), _) => {
            let file = File::create(path);
            let file = file.with_context(|| format!("cannot create {}", path.display()))?;
            Some(Box::new(BufWriter::new(file)))
        }
        (None, Container::Tar) => Some(Box::new(io::stderr().lock())),
        (None, Container::Lines) => None,
    };
    for change in since(source, release, format)? {
        match change?.what {
            What::Upsert { body, .. } => {
                out.write_all(&body)?;
                out.write_all(b"\n")?;
            }
            What::Delete(deleted) => {
                let line = canonical::to_bytes(&deleted)?;
                match &mut aside {
                    Some(aside) => aside.write_all(&line)?,
                    None => out.write_all(&line)?,
                }
            }
        }
    }
    if let Some(aside) = &mut aside {
        aside.flush()?;
    }
    Ok(())
}

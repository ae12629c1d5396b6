//! `offprint cat`

use std::io::{self, BufWriter, Write as _};

use anyhow::Result;

use super::args::Cat;
use super::exit::Exit;
use super::terminal::say;
use crate::release::cat::{cat_all, cat_one};
use crate::release::fetch::Source;
use crate::release::layout::Format;

pub(super) fn run(cat: &Cat) -> Result<Exit> {
    let source = Source::open(&cat.dump);
    let format: Format = cat.format.parse()?;
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    match &cat.id {
        Some(id) => cat_one(&source, format, id, &mut out)?,
        None => {
            cat_all(&source, format, &mut out)?;
        }
    }
    out.flush()?;
    let traffic = source.traffic();
    say(!cat.stats, format_args!("{} requests, {} bytes", traffic.requests, traffic.bytes));
    Ok(Exit::Success)
}

//! `offprint show`

use std::io::{self, Write as _};

use anyhow::{Context as _, Result, anyhow, bail};

use super::args::{Global, Show};
use super::exit::Exit;
use super::{clock, open};
use crate::crosswalk::{self, Format, linkset};
use crate::record::access::{Visibility, visibility};
use crate::record::{Lineage, Published, Record};

pub(super) fn run(global: &Global, show: &Show) -> Result<Exit> {
    let format =
        Format::from_name(&show.format).ok_or_else(|| anyhow!("no format `{}`", show.format))?;
    let config = open::config(global)?;
    let repository = config.repository();
    let snapshot = open::store(global)?.snapshot()?;
    let as_of = clock::as_of(show.as_of.as_deref())?.to_string();
    let Some(row) = snapshot.get(&show.id)? else {
        bail!("the store has no record {}", show.id);
    };
    let mut body = String::new();
    row.decode(&mut snapshot.dictionaries().decoder(), &mut body)?;
    let record = Record::parse(&body).with_context(|| format!("record {}", row.id))?;
    let files = match visibility(&record, as_of.get(..10).unwrap_or(&as_of)) {
        Visibility::Public(files) => files,
        Visibility::Tombstone { .. } => bail!("record {} is withdrawn", row.id),
        Visibility::Restricted => bail!("record {} is not public", row.id),
    };
    let siblings = if row.members > 1 { snapshot.siblings(&row.family)? } else { Vec::new() };
    let published = Published {
        record: &record,
        raw: &body,
        created: &row.created,
        updated: &row.updated,
        files,
        lineage: Lineage::among(&row.id, &siblings),
        repository: &repository,
    };
    let mut out = Vec::new();
    match format {
        // It points at what a build writes, not at what could be written.
        Format::Linkset => linkset::write(&published, &config.site_exports()?, &mut out),
        format => crosswalk::write(format, &published, &mut out)
            .with_context(|| format!("record {} cannot be written as {}", row.id, format.name()))?,
    }
    if !out.ends_with(b"\n") {
        out.push(b'\n');
    }
    io::stdout().lock().write_all(&out)?;
    Ok(Exit::Success)
}

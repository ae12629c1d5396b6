//! `offprint synth`

use std::io::{self, BufWriter, Write as _};

use anyhow::Result;

use super::args::Synth;
use super::exit::Exit;

pub(super) fn run(synth: &Synth) -> Result<Exit> {
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let mut month = crate::record::synth::Synth::new(synth.records, synth.seed).month(synth.month);
    let mut line = Vec::new();
    loop {
        line.clear();
        if month.next(&mut line).is_none() {
            break;
        }
        line.push(b'\n');
        out.write_all(&line)?;
    }
    out.flush()?;
    Ok(Exit::Success)
}

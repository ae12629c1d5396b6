//! `README.md` and `LICENSE` of a release: what a person needs who finds the directory alone.

use super::file_entry;
use crate::release::layout::{Container, Format, Spans, release_dir};
use crate::release::manifest::{Counts, Dump, FileEntry, Licence, RepositoryName};
use crate::release::stage::{Stage, StageError};

/// What the README tells.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Release id.
    pub release: &'a str,
    /// The instant the release describes.
    pub as_of: &'a str,
    /// Whose records these are.
    pub repository: &'a RepositoryName,
    /// Terms of the metadata.
    pub licence: &'a Licence,
    /// How many records.
    pub counts: Counts,
    /// How ids map to packs.
    pub spans: Spans,
    /// The dumps, by format.
    pub dumps: &'a std::collections::BTreeMap<Format, Dump>,
}

/// Writes `README.md` and `LICENSE`.
///
/// # Errors
/// When they cannot be written.
pub fn write(stage: &Stage, facts: &Facts<'_>) -> Result<[FileEntry; 2], StageError> {
    let dir = release_dir(facts.release);
    let readme = stage.write(&format!("{dir}/README.md"), readme(facts).as_bytes())?;
    let licence = stage.write(&format!("{dir}/LICENSE"), licence(facts).as_bytes())?;
    Ok([
        file_entry(readme, "text/markdown", "readme", None),
        file_entry(licence, "text/plain", "licence", None),
    ])
}

fn licence(facts: &Facts<'_>) -> String {
    let Licence { spdx, url } = facts.licence;
    format!(
        "The metadata in this release of {} is made available under {spdx}:\n{url}\n\n\
         This covers the metadata only. The files that the records describe have their own\n\
         licences, stated in each record.\n",
        facts.repository.name
    )
}

fn readme(facts: &Facts<'_>) -> String {
    let Facts { release, as_of, repository, counts, spans, .. } = facts;
    let formats: String = facts.dumps.iter().map(format_row).collect();
    let base = &repository.base_url;
    let name = &repository.name;
    format!(
        "# Metadata of {name}, release {release}\n\
         \n\
         All public records of <{base}> as of {as_of}.\n\
         \n\
         | | records |\n|---|---:|\n\
         | public, in the dumps | {public} |\n\
         | removed, in `deleted.csv.gz` | {tombstoned} |\n\
         | metadata not public | {restricted} |\n\
         | left out, reasons in `exceptions.ndjson` | {withheld} |\n\
         | **all ids ever given** | **{minted}** |\n\
         \n\
         ## Dumps\n\
         \n\
         | format | one record is | packs | records | bytes |\n|---|---|---:|---:|---:|\n\
         {formats}\
         \n\
         Packs stand in `../pool/<format>/`. Pack `n000012` holds the ids from 12 × {pack_ids}\n\
         up to the next pack; packs `h…` hold ids that are not numbers, spread by their hash. A pack\n\
         never changes: a new content gets a new name. `manifest.json` lists every file.\n\
         \n\
         ## Use\n\
         \n\
         In this directory:\n\
         \n\
         ```sh\n\
         sha256sum -c SHA256SUMS\n\
         tar --zstd -tf ../pool/datacite-xml/<pack>.tar.zst\n\
         zstdcat ../pool/native-json/*.jsonl.zst | jq -r .id\n\
         duckdb -c \"select count(*) from read_json('../pool/native-json/*.jsonl.zst')\"\n\
         ```\n\
         \n\
         The pool is shared with other releases; take the packs that `manifest.json` or\n\
         `SHA256SUMS` names. One record, a few hundred kilobytes at most over the network:\n\
         \n\
         ```sh\n\
         offprint cat {base} --format datacite-xml --id ID\n\
         ```\n\
         \n\
         Other files: `stats.json` (counts by type, year, access and licence),\n\
         `communities.ndjson`, `LICENSE` ({spdx}).\n",
        public = counts.public,
        tombstoned = counts.tombstoned,
        restricted = counts.restricted,
        withheld = counts.withheld,
        minted = counts.minted,
        pack_ids = spans.pack_ids,
        spdx = facts.licence.spdx,
    )
}

fn format_row((format, dump): (&Format, &Dump)) -> String {
    let form = match format.container() {
        Container::Tar => "a tar member `<id>.xml`",
        Container::Lines => "a line",
    };
    let bytes: u64 = dump.packs.iter().map(|pack| pack.bytes).sum();
    format!("| {format} | {form} | {} | {} | {bytes} |\n", dump.packs.len(), dump.records)
}

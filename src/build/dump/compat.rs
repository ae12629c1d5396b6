//! The solid archives that existing harvesters parse: `records-xml.tar.gz`,
//! `records-json.tar.gz`, `records-deleted.csv.gz`, and the listing of `/api/exporter`.
//!
//! Names, member names and envelope are those of Zenodo's exporter (zenodo-rdm,
//! `site/zenodo_rdm/exporter`); order, time stamps and numbers of members are not left to chance.

use std::io::{self, Write};

use md5::{Digest, Md5};
use serde::Serialize;

use super::file_entry;
use super::gzip::{Joined, Part};
use crate::release::canonical::{self, CanonicalError};
use crate::release::hash::hex;
use crate::release::layout::{Format, release_dir};
use crate::release::manifest::{ARCHIVE_ROLE, FileEntry};
use crate::release::pack::member::{Records, named_header};
use crate::release::stage::{Stage, StageError, StagedFile};

/// How the archives are filled.
#[derive(Debug, Clone)]
pub struct CompatOptions {
    /// Release id: the archives stand in its directory.
    pub release: String,
    /// `datacentreSymbol` of the OAI envelope, such as `CERN.ZENODO`.
    pub datacentre_symbol: String,
    /// `schemaVersion` of the OAI envelope: the DataCite version of the documents.
    pub schema_version: String,
}

/// One frame's part of both archives.
#[derive(Debug)]
pub struct CompatParts {
    xml: Option<Part>,
    json: Option<Part>,
    records: u64,
}

impl CompatParts {
    /// Renders the members from the uncompressed frames of the dumps.
    pub(super) fn render<'a>(
        options: &CompatOptions,
        ids: &[String],
        raws: impl Iterator<Item = (Format, &'a Vec<u8>)>,
    ) -> CompatParts {
        let mut parts = CompatParts { xml: None, json: None, records: ids.len() as u64 };
        for (format, raw) in raws {
            let (slot, extension) = match format {
                Format::DataciteXml => (&mut parts.xml, "xml"),
                Format::NativeJson => (&mut parts.json, "json"),
                Format::DataciteJson => continue,
            };
            let mut tar = Vec::with_capacity(raw.len() + ids.len() * 1024);
            let records = Records::new(format.container(), raw).flatten();
            for (id, (_, body)) in ids.iter().zip(records) {
                let body = if extension == "xml" { envelope(options, body) } else { body.to_vec() };
                member(&mut tar, &format!("{id}.{extension}"), &body);
            }
            *slot = Some(Part::new(&tar));
        }
        parts
    }
}

fn member(tar: &mut Vec<u8>, name: &str, body: &[u8]) {
    // Every record of a frame fits: a frame is bounded far below what a header can say.
    if let Some(header) = named_header(name, body.len()) {
        tar.extend_from_slice(&header);
        tar.extend_from_slice(body);
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
}

/// The `oai_datacite` envelope around a DataCite document, whose XML declaration goes.
fn envelope(options: &CompatOptions, document: &[u8]) -> Vec<u8> {
    let declaration = document.starts_with(b"<?xml ");
    let end = memchr::memmem::find(document, b"?>").filter(|_| declaration);
    let root = document[end.map_or(0, |at| at + 2)..].trim_ascii();
    let escape = |text: &str| quick_xml::escape::escape(text).into_owned();
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <oai_datacite xmlns=\"http://schema.datacite.org/oai/oai-1.1/\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xsi:schemaLocation=\"http://schema.datacite.org/oai/oai-1.1/ \
         http://schema.datacite.org/oai/oai-1.1/oai.xsd\">\
         <schemaVersion>{}</schemaVersion><datacentreSymbol>{}</datacentreSymbol><payload>",
        escape(&options.schema_version),
        escape(&options.datacentre_symbol),
    )
    .into_bytes();
    out.extend_from_slice(root);
    out.extend_from_slice(b"</payload></oai_datacite>");
    out
}

/// Why the archives could not be written.
#[derive(Debug, thiserror::Error)]
pub enum CompatError {
    /// A file could not be.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// Bytes could not be written to the stage, or read for the listing.
    #[error("cannot write {0}")]
    Io(&'static str, #[source] io::Error),
    /// The listing has no canonical form.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
}

/// A finished archive, with the MD5 that the listing states.
#[derive(Debug, Clone)]
pub struct Archive {
    /// Its line in the manifest.
    pub entry: FileEntry,
    /// MD5, hexadecimal.
    pub md5: String,
}

/// Writes both archives as frames come in.
pub struct CompatWriter<'a> {
    options: CompatOptions,
    xml: Joined<Md5Writer<StagedFile<'a>>>,
    json: Joined<Md5Writer<StagedFile<'a>>>,
    records: [u64; 2],
}

const XML: &str = "records-xml.tar.gz";
const JSON: &str = "records-json.tar.gz";
const DELETED: &str = "records-deleted.csv.gz";

impl<'a> CompatWriter<'a> {
    /// Starts both archives in the stage.
    ///
    /// # Errors
    /// When a staged file cannot be created.
    pub fn new(stage: &'a Stage, options: CompatOptions) -> Result<Self, CompatError> {
        let joined = |name| -> Result<_, CompatError> {
            Joined::new(Md5Writer::new(stage.file()?)).map_err(|e| CompatError::Io(name, e))
        };
        Ok(CompatWriter { options, xml: joined(XML)?, json: joined(JSON)?, records: [0; 2] })
    }

    /// Appends a frame's members.
    ///
    /// # Errors
    /// When writing fails.
    pub fn push(&mut self, parts: &CompatParts) -> Result<(), CompatError> {
        if let Some(part) = &parts.xml {
            self.xml.push(part).map_err(|error| CompatError::Io(XML, error))?;
            self.records[0] += parts.records;
        }
        if let Some(part) = &parts.json {
            self.json.push(part).map_err(|error| CompatError::Io(JSON, error))?;
            self.records[1] += parts.records;
        }
        Ok(())
    }

    /// Ends both archives and puts them into the release directory.
    ///
    /// # Errors
    /// When any step fails.
    pub fn finish(self) -> Result<Vec<Archive>, CompatError> {
        // GNU tar pads archives to 10 KiB; two blocks of zeros are what the format asks for.
        let end = Part::new(&[0; 1024]);
        let mut archives = Vec::new();
        for (name, mut joined, records) in
            [(XML, self.xml, self.records[0]), (JSON, self.json, self.records[1])]
        {
            let closed = joined.push(&end).and_then(|()| joined.finish());
            let (file, md5) = closed.map_err(|error| CompatError::Io(name, error))?.finish();
            let written = file.keep(&format!("{}/{name}", release_dir(&self.options.release)))?;
            let entry = file_entry(written, "application/gzip", ARCHIVE_ROLE, Some(records));
            archives.push(Archive { entry, md5 });
        }
        Ok(archives)
    }
}

/// Copies the ledger of removals to its name among the archives.
///
/// # Errors
/// When it cannot be read or written.
pub fn copy_ledger(
    stage: &Stage,
    release: &str,
    ledger: &FileEntry,
) -> Result<Archive, CompatError> {
    let failed = |error| CompatError::Io(DELETED, error);
    let mut from = std::fs::File::open(stage.root().join(&ledger.path)).map_err(failed)?;
    let mut to = Md5Writer::new(stage.file()?);
    io::copy(&mut from, &mut to).map_err(failed)?;
    let (file, md5) = to.finish();
    let written = file.keep(&format!("{}/{DELETED}", release_dir(release)))?;
    let entry = file_entry(written, "application/gzip", ARCHIVE_ROLE, ledger.records);
    Ok(Archive { entry, md5 })
}

/// Writes `api/exporter.json`, what `GET /api/exporter` answers: file name → its one version.
///
/// # Errors
/// When it cannot be written.
pub fn write_listing(
    stage: &Stage,
    base_url: &str,
    as_of: &str,
    archives: &[Archive],
) -> Result<FileEntry, CompatError> {
    #[derive(Serialize)]
    struct Version<'a> {
        version_id: String,
        created: &'a str,
        is_head: bool,
        size: u64,
        checksum: String,
        links: Links,
    }
    #[derive(Serialize)]
    struct Links {
        #[serde(rename = "self")]
        this: String,
        self_head: String,
    }
    let listing: std::collections::BTreeMap<&str, [Version<'_>; 1]> = archives
        .iter()
        .map(|archive| {
            let FileEntry { path, bytes, sha256, .. } = &archive.entry;
            let name = path.rsplit('/').next().unwrap_or(path);
            let url = format!("{base_url}/{path}");
            let version = Version {
                version_id: uuid_of(sha256),
                created: as_of,
                is_head: true,
                size: *bytes,
                checksum: format!("md5:{}", archive.md5),
                links: Links { this: url.clone(), self_head: url },
            };
            (name, [version])
        })
        .collect();
    let written = stage.write("api/exporter.json", &canonical::to_bytes(&listing)?)?;
    Ok(file_entry(written, "application/json", "compat-listing", None))
}

/// A version 8 UUID (RFC 9562, free content) of a hexadecimal hash: equal files, equal versions.
fn uuid_of(sha256: &str) -> String {
    let part = |from: usize, to: usize| sha256.get(from..to).unwrap_or_default();
    let (a, b, c, d, e) = (part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32));
    format!("{a}-{b}-8{c}-8{d}-{e}")
}

/// Hashes what passes through.
struct Md5Writer<W> {
    inner: W,
    md5: Md5,
}

impl<W> Md5Writer<W> {
    fn new(inner: W) -> Self {
        Md5Writer { inner, md5: Md5::new() }
    }

    fn finish(self) -> (W, String) {
        (self.inner, hex(&self.md5.finalize()))
    }
}

impl<W: Write> Write for Md5Writer<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(buf)?;
        self.md5.update(&buf[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn envelope_holds_the_document() {
        let options = CompatOptions {
            release: "20261101T000000Z".into(),
            datacentre_symbol: "A&B".into(),
            schema_version: "4.6".into(),
        };
        let text = |document: &[u8]| String::from_utf8(envelope(&options, document)).unwrap();
        let whole = text(b"<?xml version=\"1.0\"?>\n<resource><?pi ?></resource>\n");
        assert!(whole.ends_with("<payload><resource><?pi ?></resource></payload></oai_datacite>"));
        assert!(whole.contains("<datacentreSymbol>A&amp;B</datacentreSymbol>"));
        assert!(text(b"<r/>").ends_with("<payload><r/></payload></oai_datacite>"));
    }

    #[test]
    fn version_ids_are_uuids() {
        let id = uuid_of(&"0123456789abcdef".repeat(4));
        assert_eq!(id, "01234567-89ab-8def-8123-456789abcdef");
    }
}

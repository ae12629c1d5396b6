//! Hand-written records, published at one as-of.

use std::path::{Path, PathBuf};

use offprint::crosswalk::{self, Format};
use offprint::record::access::{Visibility, visibility};
use offprint::record::{Lineage, Published, Record, Repository, Sibling};

/// The formats whose goldens live here; those of DataCite have tests of their own.
pub(crate) const FORMATS: [Format; 14] = [
    Format::NativeJson,
    Format::LegacyJson,
    Format::DublinCore,
    Format::SchemaOrg,
    Format::Bibtex,
    Format::Csl,
    Format::Cff,
    Format::Codemeta,
    Format::MarcXml,
    Format::DcatAp,
    Format::GeoJson,
    Format::DataPackage,
    Format::RoCrate,
    Format::Linkset,
];

/// What a format is underneath.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Syntax {
    Json,
    Xml,
    Bibtex,
    Yaml,
}

pub(crate) fn syntax(format: Format) -> Syntax {
    match format {
        Format::DublinCore | Format::MarcXml | Format::DcatAp | Format::DataciteXml => Syntax::Xml,
        Format::Bibtex => Syntax::Bibtex,
        Format::Cff => Syntax::Yaml,
        _ => Syntax::Json,
    }
}

pub(crate) const AS_OF_DAY: &str = "2026-11-01";

pub(crate) fn golden_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// Name and text of every hand-written record, by name.
pub(crate) fn records() -> Vec<(String, String)> {
    let entries = std::fs::read_dir(golden_folder().join("records")).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 6);
    let name = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    paths.iter().map(|path| (name(path), std::fs::read_to_string(path).unwrap())).collect()
}

pub(crate) fn repository() -> Repository {
    Repository {
        name: "Example <Repository>".into(),
        base_url: "https://repository.example".into(),
        publisher: Some("Example Repository".into()),
        doi_pattern: "10.5281/zenodo.N".into(),
        oai_namespace: "repository.example".into(),
    }
}

/// Publishes a record and hands it on. The family has two members where the record claims to
/// be version 1 of a parent.
pub(crate) fn with<T>(raw: &str, run: impl FnOnce(&Published<'_>) -> T) -> T {
    let repository = repository();
    with_repository(raw, &repository, run)
}

pub(crate) fn with_repository<T>(
    raw: &str,
    repository: &Repository,
    run: impl FnOnce(&Published<'_>) -> T,
) -> T {
    let record = Record::parse(raw).unwrap();
    let Visibility::Public(files) = visibility(&record, AS_OF_DAY) else {
        panic!("the record is not public: {raw}");
    };
    let sibling = |id: &str| Sibling {
        id: id.into(),
        version: None,
        publication_date: String::new(),
        doi: None,
    };
    let siblings = [sibling(&record.id), sibling("9999")];
    let lineage = match record.versions.index {
        Some(1) => Lineage { index: 1, siblings: &siblings },
        _ => Lineage::SINGLE,
    };
    run(&Published {
        record: &record,
        raw,
        created: record.created.as_deref().unwrap_or_default(),
        updated: record.updated.as_deref().unwrap_or_default(),
        files,
        lineage,
        repository,
    })
}

pub(crate) fn written(format: Format, raw: &str) -> String {
    with(raw, |published| {
        let mut out = Vec::new();
        crosswalk::write(format, published, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    })
}

pub(crate) fn json(format: Format, raw: &str) -> serde_json::Value {
    serde_json::from_str(&written(format, raw)).unwrap()
}

/// The folder of reference data; `None`, said aloud, when it is not set.
pub(crate) fn reference_data(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("OFFPRINT_REFERENCE_DATA").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped {test}: OFFPRINT_REFERENCE_DATA is not set");
    }
    folder
}

//! What a file is, by its path alone: media type and cache class.

use crate::crosswalk::Format;

/// Media types by name ending, longest ending first where one ends another.
const TYPES: &[(&str, &str)] = &[
    ("linkset.json", "application/linkset+json"),
    (".geojson", "application/geo+json"),
    (".tar.zst", "application/zstd"),
    (".tar.gz", "application/gzip"),
    (".html", "text/html; charset=utf-8"),
    (".css", "text/css; charset=utf-8"),
    (".js", "text/javascript; charset=utf-8"),
    (".jsonld", "application/ld+json"),
    (".jsonl", "application/x-ndjson"),
    (".ndjson", "application/x-ndjson"),
    (".json", "application/json"),
    (".xml", "application/xml"),
    (".bib", "application/x-bibtex; charset=utf-8"),
    (".cff", "application/yaml"),
    (".atom", "application/atom+xml"),
    (".svg", "image/svg+xml"),
    (".png", "image/png"),
    (".ico", "image/x-icon"),
    (".woff2", "font/woff2"),
    (".zst", "application/zstd"),
    (".gz", "application/gzip"),
    (".csv", "text/csv; charset=utf-8"),
    (".md", "text/markdown; charset=utf-8"),
    (".txt", "text/plain; charset=utf-8"),
    (".minisig", "text/plain; charset=utf-8"),
    ("SHA256SUMS", "text/plain; charset=utf-8"),
    ("LICENSE", "text/plain; charset=utf-8"),
    (".well-known/resourcesync", "application/xml"),
];

/// The media type of the file at `path`, with charset where text has one.
///
/// Exports have the types that pages announce in their signposting links: `datacite.json` and
/// `record.json` are told apart by type, not by name.
pub(crate) fn media_type(path: &str) -> &'static str {
    if let Some(name) = path.strip_prefix("records/").and_then(|rest| rest.rsplit('/').next())
        && let Some(format) = Format::ALL.into_iter().find(|format| format.file_name() == name)
    {
        return format.media_type();
    }
    let found = TYPES.iter().find(|(ending, _)| path.ends_with(ending));
    found.map_or("application/octet-stream", |(_, kind)| kind)
}

/// How long a copy stays good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CacheClass {
    /// Named by content: the bytes under this name never change.
    Immutable,
    /// Names what is current: asked for anew each time, answered by 304 mostly.
    Pointer,
    /// Everything else: a few minutes behind is fine.
    Page,
}

impl CacheClass {
    /// The `Cache-Control` value.
    pub(crate) const fn header(self) -> &'static str {
        match self {
            CacheClass::Immutable => "public, max-age=31536000, immutable",
            CacheClass::Pointer => "no-cache",
            CacheClass::Page => "public, max-age=300",
        }
    }
}

/// The cache class of the file at `path` (relative to the root, `/` between segments).
///
/// Immutable needs both a folder that promises write-once objects and a hash in the path, so
/// a file that an operator drops beside them is not frozen in caches for a year.
pub(crate) fn cache_class(path: &str) -> CacheClass {
    let hashed_folder = ["assets/", "dumps/pool/", "search/", "site/"];
    if hashed_folder.iter().any(|folder| path.starts_with(folder)) && content_hash(path).is_some() {
        return CacheClass::Immutable;
    }
    match path {
        "release.json" | "dumps/latest.json" | "dumps/releases.json" => CacheClass::Pointer,
        _ => CacheClass::Page,
    }
}

/// The hash that names an object: `….<8 hex>.<ext>` in `assets/`, `…-<12 hex>` elsewhere.
pub(crate) fn content_hash(path: &str) -> Option<&str> {
    let hex = |text: &&str, len: usize| {
        text.len() == len && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    if path.starts_with("assets/") {
        let name = path.rsplit('/').next()?;
        return name.split('.').skip(1).find(|part| hex(part, 8));
    }
    path.split('/').find_map(|segment| {
        let stem = segment.split('.').next()?;
        stem.rsplit_once('-').map(|(_, hash)| hash).filter(|hash| hex(hash, 12))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_type_and_cache_class() {
        use CacheClass::{Immutable, Page, Pointer};
        let cases = [
            ("index.html", "text/html; charset=utf-8", Page),
            ("assets/style.0a1b2c3d.css", "text/css; charset=utf-8", Immutable),
            ("assets/style.css", "text/css; charset=utf-8", Page),
            ("assets/logo.deadbeef.svg", "image/svg+xml", Immutable),
            ("records/1/citation.csl.json", "application/vnd.citationstyles.csl+json", Page),
            ("records/1/linkset.json", "application/linkset+json", Page),
            ("records/1/schema-org.jsonld", "application/ld+json", Page),
            ("records/1/datacite.xml", "application/vnd.datacite.datacite+xml", Page),
            ("records/1/record.json", "application/vnd.inveniordm.v1+json", Page),
            ("records/1/citation.bib", "application/x-bibtex", Page),
            ("dumps/pool/native-json/0-0a1b2c3d4e5f.jsonl.zst", "application/zstd", Immutable),
            ("dumps/pool/datacite-xml/0-0a1b2c3d4e5f.tar.zst", "application/zstd", Immutable),
            ("dumps/pool/README.md", "text/markdown; charset=utf-8", Page),
            ("dumps/20261101T000000Z/manifest.json", "application/json", Page),
            ("dumps/20261101T000000Z/manifest.json.minisig", "text/plain; charset=utf-8", Page),
            ("dumps/20261101T000000Z/SHA256SUMS", "text/plain; charset=utf-8", Page),
            ("dumps/20261101T000000Z/deleted.csv.gz", "application/gzip", Page),
            ("dumps/20261101T000000Z/exceptions.ndjson", "application/x-ndjson", Page),
            ("search/main-0a1b2c3d4e5f/cards.bin", "application/octet-stream", Immutable),
            ("release.json", "application/json", Pointer),
            ("dumps/latest.json", "application/json", Pointer),
            (".well-known/resourcesync", "application/xml", Page),
        ];
        for (path, kind, class) in cases {
            assert_eq!(media_type(path), kind, "{path}");
            assert_eq!(cache_class(path), class, "{path}");
        }
    }
}

//! The policy: what every answer of the site says, whoever gives it.
//!
//! One table for `offprint serve` and for every configuration that `offprint hosting` prints.
//! Decided by path alone, so that a host that knows nothing of records can follow it.

use crate::crosswalk::Format;
use crate::release::encoding::Encoding;

/// Media types by file name ending (after the last dot), with charset where text has one.
pub const TYPES: &[(&str, &str)] = &[
    ("html", "text/html; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("mjs", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("jsonld", "application/ld+json"),
    ("jsonl", "application/x-ndjson"),
    ("ndjson", "application/x-ndjson"),
    ("geojson", "application/geo+json"),
    ("webmanifest", "application/manifest+json"),
    ("xml", "application/xml"),
    ("xsl", "application/xslt+xml"),
    ("rdf", "application/rdf+xml"),
    ("atom", "application/atom+xml"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("webp", "image/webp"),
    ("ico", "image/x-icon"),
    ("woff2", "font/woff2"),
    ("bib", "application/x-bibtex"),
    ("cff", "application/yaml"),
    ("yaml", "application/yaml"),
    ("csv", "text/csv; charset=utf-8"),
    ("md", "text/markdown; charset=utf-8"),
    ("txt", "text/plain; charset=utf-8"),
    ("minisig", "text/plain; charset=utf-8"),
    ("zst", "application/zstd"),
    ("gz", "application/gzip"),
    ("br", "application/octet-stream"),
];

/// Media types by file name, for names without an ending or with a misleading one.
pub const NAMED_TYPES: &[(&str, &str)] = &[
    (LINKSET, "application/linkset+json"),
    ("SHA256SUMS", "text/plain; charset=utf-8"),
    ("LICENSE", "text/plain; charset=utf-8"),
    ("resourcesync", "application/xml"),
];

/// The file of a record's signposting links.
pub const LINKSET: &str = "linkset.json";

/// What a file is whose name tells nothing.
pub const UNKNOWN_TYPE: &str = "application/octet-stream";

/// The media type of the file at `path` (relative to the root), with charset where text has one.
///
/// Exports have the types that pages announce in their signposting links: `datacite.json` and
/// `record.json` are told apart by type, not by name.
pub fn media_type(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or(path);
    if is_beside_record(path)
        && let Some(format) = Format::ALL.into_iter().find(|format| format.file_name() == name)
    {
        return format.media_type();
    }
    let named = NAMED_TYPES.iter().find(|(known, _)| *known == name);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let found = named.or_else(|| TYPES.iter().find(|(known, _)| *known == ending));
    found.map_or(UNKNOWN_TYPE, |(_, kind)| kind)
}

/// Whether `path` is `records/<id>/<name>`.
fn is_beside_record(path: &str) -> bool {
    path.strip_prefix("records/").is_some_and(|rest| rest.matches('/').count() == 1)
}

/// Exports whose type the ending of their name does not tell, as (file name, media type).
pub fn export_types() -> impl Iterator<Item = (&'static str, &'static str)> {
    let all = Format::ALL.into_iter().map(|format| (format.file_name(), format.media_type()));
    all.filter(|(name, kind)| media_type(name) != *kind)
}

/// Whether compressing the type helps: texts yes, what is compressed already no.
pub fn is_compressible(media_type: &str) -> bool {
    const PACKED: [&str; 7] = [
        "application/zstd",
        "application/gzip",
        "image/png",
        "image/jpeg",
        "image/webp",
        "font/woff2",
        UNKNOWN_TYPE,
    ];
    !PACKED.contains(&media_type)
}

/// Every compressible media type of the site, without parameters, sorted.
pub fn compressible_types() -> Vec<&'static str> {
    let plain = |kind: &'static str| kind.split(';').next().unwrap_or(kind);
    let tables = TYPES.iter().chain(NAMED_TYPES).map(|(_, kind)| *kind);
    let exports = Format::ALL.into_iter().map(Format::media_type);
    let mut kinds: Vec<_> =
        tables.chain(exports).filter(|kind| is_compressible(kind)).map(plain).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// The coding of a precompressed variant (`site.precompress`), with the path of its file; `None`
/// for every other file, such as an archive.
///
/// For stores that keep headers with objects: there a variant is served as its file in that
/// coding, rather than as an archive.
pub fn variant_of(path: &str) -> Option<(&str, Encoding)> {
    let archive = |dir: &str| path.starts_with(dir);
    if ["dumps/", "search/", "site/", "api/"].into_iter().any(archive) {
        return None;
    }
    let coded = |encoding: Encoding| Some((path.strip_suffix(encoding.suffix())?, encoding));
    let (file, encoding) = Encoding::ALL.into_iter().find_map(coded)?;
    is_compressible(media_type(file)).then_some((file, encoding))
}

/// How long a copy stays good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheClass {
    /// Named by content: the bytes under this name never change.
    Immutable,
    /// Names what is current: asked for anew each time, answered by 304 mostly. Errors too,
    /// so that a record is there the moment it is published.
    Pointer,
    /// A badge: says a DOI, which does not change; loaded from pages all over the world.
    Badge,
    /// Everything else: a few minutes behind is fine, and an hour while the new copy loads.
    Page,
}

impl CacheClass {
    /// The `Cache-Control` value.
    pub const fn header(self) -> &'static str {
        match self {
            CacheClass::Immutable => "public, max-age=31536000, immutable",
            CacheClass::Pointer => "no-cache",
            CacheClass::Badge => "public, max-age=86400",
            CacheClass::Page => "public, max-age=300, stale-while-revalidate=3600",
        }
    }
}

/// `Cache-Control` of an answer that depends on what this client asked for: stored nowhere, so
/// that a cache that does not look at `Vary` cannot give it to another.
pub const NO_STORE: &str = "no-store";

/// Files that name what is current, from the root.
pub const POINTERS: [&str; 6] = [
    "release.json",
    "dumps/latest.json",
    "dumps/releases.json",
    "dumps/deltas.json",
    "dumps/log.ndjson",
    "dumps/log.ndjson.minisig",
];

/// Folders whose hashed names are write-once, from the root.
pub const HASHED_FOLDERS: [&str; 3] = ["dumps/pool/", "search/", "site/"];

/// Folder of style sheets, scripts and images, with the hash before the ending.
pub const ASSETS: &str = "assets/";

/// Folder of badges.
pub const BADGES: &str = "badge/";

/// Regular expressions, on the path with its leading slash, of [`content_hash`] being there.
/// They mean the same to PCRE and RE2.
pub const IMMUTABLE_PATTERNS: [&str; 2] = [
    r"^/assets/(.*/)?[^/.]+\.([^/]*\.)?[0-9a-f]{8}(\.[^/]*)?$",
    r"^/(dumps/pool|search|site)/(.*/)?[^/.]*-[0-9a-f]{12}([./].*)?$",
];

/// The cache class of the file at `path` (relative to the root, `/` between segments).
///
/// Immutable needs both a folder that promises write-once objects and a hash in the path, so
/// a file that an operator drops beside them is not frozen in caches for a year.
pub fn cache_class(path: &str) -> CacheClass {
    let hashed = path.starts_with(ASSETS) || HASHED_FOLDERS.iter().any(|dir| path.starts_with(dir));
    if hashed && content_hash(path).is_some() {
        CacheClass::Immutable
    } else if POINTERS.contains(&path) {
        CacheClass::Pointer
    } else if path.starts_with(BADGES) {
        CacheClass::Badge
    } else {
        CacheClass::Page
    }
}

/// The hash that names an object: `….<8 hex>.<ext>` in `assets/`, `…-<12 hex>` elsewhere.
pub fn content_hash(path: &str) -> Option<&str> {
    let hex = |text: &&str, len: usize| {
        text.len() == len && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    if path.starts_with(ASSETS) {
        let name = path.rsplit('/').next()?;
        return name.split('.').skip(1).find(|part| hex(part, 8));
    }
    path.split('/').find_map(|segment| {
        let stem = segment.split('.').next()?;
        stem.rsplit_once('-').map(|(_, hash)| hash).filter(|hash| hex(hash, 12))
    })
}

/// Sent with every answer, errors too.
///
/// No script, style, image or font but our own files, no frame, no base, no other origin:
/// stored markup has nothing to run. Any page anywhere may read every file, in part too,
/// because nothing here is private and no answer depends on a cookie.
pub const HEADERS: [(&str, &str); 7] = [
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; \
         font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), browsing-topics=()"),
    ("Access-Control-Allow-Origin", "*"),
    (
        "Access-Control-Expose-Headers",
        "Accept-Ranges, Content-Encoding, Content-Length, Content-Range, ETag, Last-Modified",
    ),
];

/// Methods that are answered; others get 405.
pub const METHODS: &str = "GET, HEAD, OPTIONS";

/// Sent in addition to `OPTIONS`, status 204: what a script of another origin may send.
pub const PREFLIGHT: [(&str, &str); 3] = [
    ("Access-Control-Allow-Methods", "GET, HEAD"),
    ("Access-Control-Allow-Headers", "If-Match, If-Modified-Since, If-None-Match, If-Range, Range"),
    ("Access-Control-Max-Age", "86400"),
];

/// Beginnings of paths that moved, answered 301: what Zenodo's older links say.
pub const MOVED: [(&str, &str); 2] = [("/record/", "/records/"), ("/badge/doi/", "/badge/DOI/")];

/// Folders with a page of their own, for hosts that cannot look whether one is there.
pub const FOLDERS: [&str; 1] = ["/dumps"];

/// Ending of the empty file `records/<id>.gone` that stands beside a tombstone's page
/// `records/<id>.html` and makes the answer 410 rather than 200.
pub const GONE: &str = ".gone";

/// Names of `/records/<id>/export/<fmt>` that are not the format's own name: InvenioRDM's, and
/// the shorter ones of Zenodo before that.
const EXPORT_ALIASES: [(&str, &str); 9] = [
    ("json", "native-json"),
    ("json-ld", "schema-org"),
    ("dublincore", "dublin-core"),
    ("hx", "bibtex"),
    ("dcite4", "datacite-xml"),
    ("xd", "dublin-core"),
    ("xm", "marcxml"),
    ("dcat", "dcat-ap"),
    ("dcat-ap", "dcat"),
];

/// Every `fmt` of `/records/<id>/export/<fmt>` with the file beside the page that answers it.
pub fn export_names(exports: &[Format]) -> Vec<(&'static str, &'static str)> {
    let own = exports.iter().map(|format| (format.name(), format.file_name()));
    let known = |name: &str| exports.iter().find(|format| format.name() == name);
    let aliases = EXPORT_ALIASES.iter().filter(|(alias, _)| known(alias).is_none());
    let aliases = aliases.filter_map(|(alias, name)| Some((*alias, known(name)?.file_name())));
    own.chain(aliases).collect()
}

/// Media types that `Accept` on `/records/<id>` may name, with the file beside the page that is
/// of this type; the first that is named wins. Where several files are of one type, it means the
/// first of them.
pub fn negotiated(exports: &[Format]) -> Vec<(&'static str, &'static str)> {
    let own = exports.iter().map(|format| (format.media_type(), format.file_name()));
    let older = exports.iter().filter(|format| format.name() == "datacite-xml");
    let older = older.map(|format| ("application/x-datacite+xml", format.file_name()));
    let mut found: Vec<(&str, &str)> = Vec::new();
    for (kind, file) in own.chain(older).chain([("application/linkset+json", LINKSET)]) {
        if found.iter().all(|(known, _)| *known != kind) {
            found.push((kind, file));
        }
    }
    found
}

/// The file beside the page that `Accept` asks for; `None` is the page.
///
/// The rule is one that every host can follow: whoever names HTML gets the page, and
/// preferences (`q`) are not weighed.
pub fn negotiate(accept: &str, exports: &[Format]) -> Option<&'static str> {
    let accept = accept.to_ascii_lowercase();
    if HTML_TYPES.iter().any(|kind| accept.contains(kind)) {
        return None;
    }
    let found = negotiated(exports).into_iter().find(|(kind, _)| accept.contains(kind));
    found.map(|(_, file)| file)
}

/// Types that ask for the page.
pub const HTML_TYPES: [&str; 2] = ["text/html", "application/xhtml+xml"];

/// The export that answers `/api/records/<id>` where no `api/records/<id>.json` is written.
pub const API_EXPORT: Format = Format::NativeJson;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_type_and_cache_class() {
        use CacheClass::{Badge, Immutable, Page, Pointer};
        let cases = [
            ("index.html", "text/html; charset=utf-8", Page),
            ("assets/style.0a1b2c3d.css", "text/css; charset=utf-8", Immutable),
            ("assets/style.0a1b2c3d.css.gz", "application/gzip", Immutable),
            ("assets/style.css", "text/css; charset=utf-8", Page),
            ("assets/logo.deadbeef.svg", "image/svg+xml", Immutable),
            ("site.webmanifest", "application/manifest+json", Page),
            ("records/1/citation.csl.json", "application/vnd.citationstyles.csl+json", Page),
            ("records/1/linkset.json", "application/linkset+json", Page),
            ("records/1/schema-org.jsonld", "application/ld+json", Page),
            ("records/1/datacite.xml", "application/vnd.datacite.datacite+xml", Page),
            ("records/1/record.json", "application/vnd.inveniordm.v1+json", Page),
            ("records/1/citation.bib", "application/x-bibtex", Page),
            ("records/1/files/record.json", "application/json", Page),
            ("badge/DOI/10.5281/zenodo.1.svg", "image/svg+xml", Badge),
            ("communities/c/feed.atom", "application/atom+xml", Page),
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

    #[test]
    fn variants_are_told_from_archives() {
        for (path, expected) in [
            ("index.html.gz", Some(("index.html", Encoding::Gzip))),
            ("assets/style.0a1b2c3d.css.zst", Some(("assets/style.0a1b2c3d.css", Encoding::Zstd))),
            ("records/1/datacite.xml.gz", Some(("records/1/datacite.xml", Encoding::Gzip))),
            ("dumps/20261101T000000Z/deleted.csv.gz", None),
            ("dumps/pool/native-json/n000000-0a1b2c3d4e5f.jsonl.zst", None),
            ("site/n000000-0a1b2c3d4e5f.ndjson.zst", None),
            ("records/1/picture.png.gz", None),
            ("index.html", None),
        ] {
            assert_eq!(variant_of(path), expected, "{path}");
        }
    }

    #[test]
    fn older_names_of_exports_lead_to_files() {
        let names = export_names(&Format::ALL);
        let file = |fmt: &str| names.iter().find(|(name, _)| *name == fmt).map(|(_, file)| *file);
        for (fmt, expected) in [
            ("json", "record.json"),
            ("json-ld", "schema-org.jsonld"),
            ("csl", "citation.csl.json"),
            ("datacite-json", "datacite.json"),
            ("datacite-xml", "datacite.xml"),
            ("dcite4", "datacite.xml"),
            ("dublincore", "dublincore.xml"),
            ("xd", "dublincore.xml"),
            ("bibtex", "citation.bib"),
            ("hx", "citation.bib"),
        ] {
            assert_eq!(file(fmt), Some(expected), "{fmt}");
        }
        assert_eq!(file("docx"), None);
        let few = export_names(&[Format::Bibtex]);
        assert_eq!(few, [("bibtex", "citation.bib"), ("hx", "citation.bib")]);
    }

    #[test]
    fn accept_chooses_an_export_or_the_page() {
        for (accept, expected) in [
            ("", None),
            ("*/*", None),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", None),
            ("application/json", None),
            ("application/x-bibtex", Some("citation.bib")),
            ("Application/X-BibTeX; q=0.5, text/plain", Some("citation.bib")),
            ("application/x-bibtex, text/html;q=0.1", None),
            ("application/vnd.datacite.datacite+xml", Some("datacite.xml")),
            ("application/x-datacite+xml", Some("datacite.xml")),
            ("application/linkset+json", Some("linkset.json")),
        ] {
            assert_eq!(negotiate(accept, &Format::ALL), expected, "{accept}");
        }
        assert_eq!(negotiate("application/x-bibtex", &[Format::Csl]), None);
    }
}

//! What the two hosts of `_headers` and `_redirects` share: rules by path with `:name` for a
//! segment and `*` for anything.
//!
//! Where two rules match, one host takes the last value and the other joins both, so no path
//! gets the same header from two rules. They know common types and ask again for every page
//! (`max-age=0, must-revalidate`), which is better than our page class, so only what they do
//! not know is told.

use super::Place;
use super::policy::{self, CacheClass};

/// Endings that the hosts know.
const KNOWN: [&str; 15] = [
    "html", "css", "js", "mjs", "json", "xml", "svg", "png", "jpg", "webp", "ico", "woff2", "txt",
    "csv", "gz",
];

/// One rule: a path and the headers of what it matches.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) path: String,
    pub(super) headers: Vec<(&'static str, &'static str)>,
}

/// A redirect, or with status 200 a file that answers under another address.
#[derive(Debug)]
pub(super) struct Redirect {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) status: u16,
}

pub(super) fn rules(place: &Place) -> Vec<Rule> {
    let prefix = &place.prefix;
    let one = |path: String, name, value| Rule { path, headers: vec![(name, value)] };
    let all = Rule { path: format!("{prefix}/*"), headers: policy::HEADERS.to_vec() };
    let hashed = std::iter::once(&policy::ASSETS).chain(&policy::HASHED_FOLDERS).map(|folder| {
        one(format!("{prefix}/{folder}*"), "Cache-Control", CacheClass::Immutable.header())
    });
    let badges =
        one(format!("{prefix}/{}*", policy::BADGES), "Cache-Control", CacheClass::Badge.header());
    let endings = policy::TYPES.iter().filter(|(ending, _)| !KNOWN.contains(ending));
    let endings =
        endings.map(|(ending, kind)| one(format!("{prefix}/*.{ending}"), "Content-Type", kind));
    let named = policy::NAMED_TYPES
        .iter()
        .map(|(name, kind)| one(format!("{prefix}/*/{name}"), "Content-Type", kind));
    let exports = policy::export_types()
        .map(|(name, kind)| one(format!("{prefix}/records/:id/{name}"), "Content-Type", kind));
    std::iter::once(all)
        .chain(hashed)
        .chain([badges])
        .chain(endings)
        .chain(named)
        .chain(exports)
        .collect()
}

pub(super) fn redirects(place: &Place) -> Vec<Redirect> {
    let prefix = &place.prefix;
    let exports = policy::export_names(&place.exports).into_iter().map(|(fmt, file)| Redirect {
        from: format!("{prefix}/records/:id/export/{fmt}"),
        to: format!("{prefix}/records/:id/{file}"),
        status: 301,
    });
    let api = Redirect {
        from: format!("{prefix}/api/records/:id"),
        to: format!("{prefix}/records/:id/{}", policy::API_EXPORT.file_name()),
        status: 200,
    };
    let moved = policy::MOVED.iter().map(|(from, to)| Redirect {
        from: format!("{prefix}{from}*"),
        to: format!("{prefix}{to}:splat"),
        status: 301,
    });
    exports.chain([api]).chain(moved).collect()
}

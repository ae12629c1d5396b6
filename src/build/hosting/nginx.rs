//! nginx: maps and a server block, for inclusion in `http`.

use std::fmt::Write as _;

use super::policy::{self, CacheClass};
use super::{Place, endings_by_type, fill, regex_any, regex_literal};

pub(super) fn print(place: &Place) -> String {
    let listen = match &place.listen {
        Some(address) => format!("    listen {address};"),
        // TLS needs certificate lines, which only the operator has.
        None => {
            let port = if place.https { "80" } else { place.port() };
            format!("    listen {port};\n    listen [::]:{port};")
        }
    };
    let prefix = &place.prefix;
    let base =
        format!("{}://{}{prefix}", if place.https { "https" } else { "http" }, place.authority);
    let (types, charset) = types();
    let gzip: Vec<&str> =
        policy::compressible_types().into_iter().filter(|kind| *kind != "text/html").collect();
    let (preflight_maps, preflight) = preflight();
    fill(
        include_str!("nginx.conf"),
        &[
            ("BASE", &base),
            ("MOVED", &moved(prefix)),
            ("EXPORTS", &pairs(&policy::export_names(&place.exports), str::to_owned)),
            ("ACCEPT", &accepted(place)),
            ("HTML_RE", &regex_any(policy::HTML_TYPES)),
            ("CACHE_PAGE", CacheClass::Page.header()),
            ("CACHE_POINTER", CacheClass::Pointer.header()),
            ("CACHE", &cache()),
            ("NO_STORE", policy::NO_STORE),
            ("METHODS", policy::METHODS),
            ("PREFLIGHT_MAPS", &preflight_maps),
            ("PREFLIGHT", &preflight),
            ("LISTEN", &listen),
            ("HOST", place.host()),
            ("ROOT", &place.root),
            ("CHARSET_TYPES", &charset),
            ("UNKNOWN", policy::UNKNOWN_TYPE),
            ("TYPES", &types),
            ("GZIP_TYPES", &gzip.join(" ")),
            ("HEADERS", &headers()),
            ("STRIP_PREFIX", &strip_prefix(prefix)),
            ("GONE", policy::GONE),
            ("API", policy::API_EXPORT.file_name()),
            ("NAMED", &named()),
            ("PREFIX_RE", &regex_literal(prefix)),
            ("PREFIX", prefix),
        ],
    )
}

/// Lines of a map: `key value;`.
fn pairs(entries: &[(&str, &str)], key: impl Fn(&str) -> String) -> String {
    let lines = entries.iter().map(|(from, to)| format!("    {} {to};", key(from)));
    lines.collect::<Vec<_>>().join("\n")
}

fn accepted(place: &Place) -> String {
    pairs(&policy::negotiated(&place.exports), |kind| format!("\"~*{}\"", regex_literal(kind)))
}

fn moved(prefix: &str) -> String {
    let prefix_re = regex_literal(prefix);
    // Exports have a rule of their own, which saves them a second redirect.
    let mut lines = format!("    \"~^{prefix_re}/record/[^/?]+/export/\" \"\";");
    for (from, to) in policy::MOVED {
        let from = regex_literal(from);
        let _ = write!(
            lines,
            "\n    \"~^{prefix_re}{from}(?<offprint_rest>.*)$\" {prefix}{to}$offprint_rest;"
        );
    }
    lines
}

fn cache() -> String {
    let line = |key: &str, class: CacheClass| format!("    \"{key}\" \"{}\";", class.header());
    let immutable = policy::IMMUTABLE_PATTERNS
        .iter()
        .map(|pattern| line(&format!("~{pattern}"), CacheClass::Immutable));
    let pointers =
        policy::POINTERS.iter().map(|path| line(&format!("/{path}"), CacheClass::Pointer));
    let badges = [line(&format!("~^/{}", policy::BADGES), CacheClass::Badge)];
    immutable.chain(pointers).chain(badges).collect::<Vec<_>>().join("\n")
}

/// The lines of `types`, and the types that have a charset.
fn types() -> (String, String) {
    let mut lines = Vec::new();
    let mut charset = Vec::new();
    for (kind, endings) in endings_by_type() {
        let plain = kind.split(';').next().unwrap_or(kind);
        lines.push(format!("        {plain} {};", endings.join(" ")));
        if plain != kind && plain != "text/html" {
            charset.push(plain);
        }
    }
    (lines.join("\n"), charset.join(" "))
}

fn named() -> String {
    let location = |pattern: String, kind: &str| {
        let kind = kind.split(';').next().unwrap_or(kind);
        format!(
            "    location ~ \"{pattern}\" {{\n        types {{ }}\n        default_type {kind};\n    }}"
        )
    };
    let everywhere = policy::NAMED_TYPES
        .iter()
        .map(|(name, kind)| location(format!("/{}$", regex_literal(name)), kind));
    let exports = policy::export_types()
        .map(|(name, kind)| location(format!("^/records/[^/]+/{}$", regex_literal(name)), kind));
    everywhere.chain(exports).collect::<Vec<_>>().join("\n")
}

fn headers() -> String {
    let lines = policy::HEADERS.iter();
    let lines = lines.map(|(name, value)| format!("    add_header {name} \"{value}\" always;"));
    lines.collect::<Vec<_>>().join("\n")
}

fn preflight() -> (String, String) {
    let (mut maps, mut headers) = (String::new(), String::new());
    for (index, (name, value)) in policy::PREFLIGHT.iter().enumerate() {
        let _ = writeln!(
            maps,
            "map $request_method $offprint_preflight_{index} {{\n    default \"\";\n    OPTIONS \"{value}\";\n}}"
        );
        let _ = writeln!(headers, "    add_header {name} $offprint_preflight_{index} always;");
    }
    (maps, headers)
}

/// The site below a path: the rest of the rules sees paths as if it stood at the top.
fn strip_prefix(prefix: &str) -> String {
    if prefix.is_empty() {
        return String::new();
    }
    let pattern = regex_literal(prefix);
    format!(
        "    if ($uri !~ \"^{pattern}/\") {{\n        return 404;\n    }}\n    \
         rewrite \"^{pattern}(/.*)$\" $1;\n"
    )
}

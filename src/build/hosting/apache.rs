//! Apache httpd: a virtual host.

use super::policy::{self, CacheClass};
use super::{Place, endings_by_type, fill, regex_any, regex_literal};

pub(super) fn print(place: &Place) -> String {
    let prefix = &place.prefix;
    let scheme = if place.https { "https" } else { "http" };
    let (listen, address) = match &place.listen {
        Some(listen) => (format!("Listen {listen}\n"), listen.clone()),
        // TLS needs certificate lines, which only the operator has.
        None => (String::new(), format!("*:{}", if place.https { "80" } else { place.port() })),
    };
    fill(
        include_str!("apache.conf"),
        &[
            ("BASE", &format!("{scheme}://{}{prefix}", place.authority)),
            ("LISTEN", &listen),
            ("ADDRESS", &address),
            ("HOST", place.host()),
            ("ROOT", &place.root),
            ("UNKNOWN", policy::UNKNOWN_TYPE),
            ("TYPES", &types()),
            ("HEADERS", &headers(&policy::HEADERS, "")),
            ("PREFLIGHT", &headers(&policy::PREFLIGHT, " \"expr=%{REQUEST_METHOD} == 'OPTIONS'\"")),
            ("CACHE_PAGE", CacheClass::Page.header()),
            ("CACHE_POINTER", CacheClass::Pointer.header()),
            ("CACHE", &cache()),
            ("NO_STORE", policy::NO_STORE),
            ("METHODS", policy::METHODS),
            ("COMPRESSED", &policy::compressible_types().join(" ")),
            ("STRIP_PREFIX", &strip_prefix(prefix)),
            ("EXPORTS", &exports(place)),
            ("MOVED", &moved(prefix)),
            ("GONE", policy::GONE),
            ("ACCEPT", &accept(place)),
            ("API", policy::API_EXPORT.file_name()),
            ("PREFIX_RE", &regex_literal(prefix)),
        ],
    )
}

fn headers(headers: &[(&str, &str)], condition: &str) -> String {
    let lines = headers
        .iter()
        .map(|(name, value)| format!("    Header always set {name} \"{value}\"{condition}"));
    lines.collect::<Vec<_>>().join("\n")
}

fn types() -> String {
    let location = |pattern: String, kind: &str| {
        format!(
            "    <LocationMatch \"{pattern}\">\n        ForceType \"{kind}\"\n    </LocationMatch>"
        )
    };
    let endings = endings_by_type()
        .into_iter()
        .map(|(kind, endings)| location(format!("\\.{}$", regex_any(endings)), kind));
    let named = policy::NAMED_TYPES
        .iter()
        .map(|(name, kind)| location(format!("/{}$", regex_literal(name)), kind));
    let exports = policy::export_types()
        .map(|(name, kind)| location(format!("^/records/[^/]+/{}$", regex_literal(name)), kind));
    endings.chain(named).chain(exports).collect::<Vec<_>>().join("\n")
}

fn cache() -> String {
    let location = |pattern: &str, class: CacheClass| {
        format!(
            "    <LocationMatch \"{pattern}\">\n        Header always set Cache-Control \"{}\"\n    \
             </LocationMatch>",
            class.header()
        )
    };
    let immutable =
        policy::IMMUTABLE_PATTERNS.iter().map(|pattern| location(pattern, CacheClass::Immutable));
    let pointers = [location(&format!("^/{}$", regex_any(policy::POINTERS)), CacheClass::Pointer)];
    let badges = [location(&format!("^/{}", policy::BADGES), CacheClass::Badge)];
    immutable.chain(pointers).chain(badges).collect::<Vec<_>>().join("\n")
}

fn exports(place: &Place) -> String {
    let prefix = &place.prefix;
    let rule = |(fmt, file): (&str, &str)| {
        format!(
            "    RewriteCond \"%{{DOCUMENT_ROOT}}/records/$1/{file}\" -f\n    \
             RewriteRule \"^/records?/([a-z0-9][a-z0-9._-]*)/export/{}/?$\" \
             \"{prefix}/records/$1/{file}\" [R=301,L]",
            regex_literal(fmt)
        )
    };
    let names = policy::export_names(&place.exports);
    names.into_iter().map(rule).collect::<Vec<_>>().join("\n")
}

fn accept(place: &Place) -> String {
    let prefix = &place.prefix;
    let rule = |(kind, file): (&str, &str)| {
        format!(
            "    RewriteCond %{{HTTP:Accept}} \"!{}\" [NC]\n    \
             RewriteCond %{{HTTP:Accept}} \"{}\" [NC]\n    \
             RewriteCond \"%{{DOCUMENT_ROOT}}/records/$2/{file}\" -f\n    \
             RewriteRule \"^/(api/)?records/([a-z0-9][a-z0-9._-]*)$\" \
             \"{prefix}/records/$2/{file}\" [R=303,L]",
            regex_any(policy::HTML_TYPES),
            regex_literal(kind)
        )
    };
    let kinds = policy::negotiated(&place.exports);
    kinds.into_iter().map(rule).collect::<Vec<_>>().join("\n")
}

fn moved(prefix: &str) -> String {
    let rule = |(from, to): &(&str, &str)| {
        let (pattern, raw) = (regex_literal(from), regex_literal(&format!("{prefix}{from}")));
        format!(
            "    RewriteCond %{{THE_REQUEST}} \"^[A-Z]+ {raw}([^? ]*)\"\n    \
             RewriteRule \"^{pattern}\" \"{prefix}{to}%1\" [R=301,NE,L]"
        )
    };
    policy::MOVED.iter().map(rule).collect::<Vec<_>>().join("\n")
}

/// The site below a path: the rest of the rules sees paths as if it stood at the top.
fn strip_prefix(prefix: &str) -> String {
    if prefix.is_empty() {
        return String::new();
    }
    let pattern = regex_literal(prefix);
    format!(
        "\n    RewriteRule \"!^{pattern}/\" \"-\" [R=404,L]\n    \
         RewriteRule \"^{pattern}(/.*)$\" \"$1\"\n"
    )
}

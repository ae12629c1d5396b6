//! Caddy: a Caddyfile.

use super::policy::{self, CacheClass};
use super::{Place, fill, regex_any, regex_literal};

pub(super) fn print(place: &Place) -> String {
    let prefix = &place.prefix;
    let scheme = if place.https { "https" } else { "http" };
    let (site, bind) = address(place);
    let packed: Vec<String> = policy::TYPES
        .iter()
        .filter(|(_, kind)| !policy::is_compressible(kind))
        .map(|(ending, _)| format!("*.{ending}"))
        .collect();
    let compressed: Vec<String> = policy::compressible_types()
        .iter()
        .map(|kind| format!("\t\t\theader Content-Type {kind}*"))
        .collect();
    fill(
        include_str!("Caddyfile"),
        &[
            ("BASE", &format!("{scheme}://{}{prefix}", place.authority)),
            ("SITE", &site),
            ("BIND", &bind),
            ("ROOT", &place.root),
            ("HEADERS", &headers(&policy::HEADERS)),
            ("PREFLIGHT", &headers(&policy::PREFLIGHT).replace("\t\t", "\t\t\t")),
            ("COMPRESSED", &compressed.join("\n")),
            ("METHODS", policy::METHODS),
            ("STRIP_PREFIX", &strip_prefix(prefix)),
            ("STRIP_PREFIX_SHORT", &short(prefix)),
            ("EXPORTS", &entries(&policy::export_names(&place.exports), str::to_owned)),
            ("MOVED", &moved(prefix)),
            ("GONE", policy::GONE),
            ("HTML_RE", &regex_any(policy::HTML_TYPES)),
            ("ACCEPT", &entries(&policy::negotiated(&place.exports), accept)),
            ("NO_STORE", policy::NO_STORE),
            ("API", policy::API_EXPORT.file_name()),
            ("TYPES", &types()),
            ("UNKNOWN", policy::UNKNOWN_TYPE),
            ("CACHE", &cache()),
            ("CACHE_PAGE", CacheClass::Page.header()),
            ("CACHE_POINTER", CacheClass::Pointer.header()),
            ("PACKED", &packed.join(" ")),
            ("PREFIX_RE", &regex_literal(prefix)),
            ("PREFIX", prefix),
        ],
    )
}

/// Site address and `bind` line: with `--listen` any host name on that address without TLS,
/// else the base URL, for which Caddy gets a certificate by itself.
fn address(place: &Place) -> (String, String) {
    let Some(listen) = &place.listen else {
        let scheme = if place.https { "https" } else { "http" };
        return (format!("{scheme}://{}", place.authority), String::new());
    };
    let (host, port) = listen.rsplit_once(':').unwrap_or(("", listen));
    let bind = match host {
        "" | "*" => String::new(),
        host => format!("\tbind {host}\n"),
    };
    (format!("http://:{port}"), bind)
}

fn headers(headers: &[(&str, &str)]) -> String {
    let lines = headers.iter().map(|(name, value)| format!("\t\t{name} \"{value}\""));
    lines.collect::<Vec<_>>().join("\n")
}

/// Lines of a map.
fn entries(entries: &[(&str, &str)], key: impl Fn(&str) -> String) -> String {
    let lines = entries.iter().map(|(from, to)| format!("\t\t\t\t{} {to}", key(from)));
    lines.collect::<Vec<_>>().join("\n")
}

fn accept(kind: &str) -> String {
    format!("\"~(?i){}\"", regex_literal(kind))
}

fn moved(prefix: &str) -> String {
    let line = |(index, (from, to)): (usize, &(&str, &str))| {
        let from = regex_literal(&format!("{prefix}{from}"));
        format!(
            "\t\t@moved{index} vars_regexp moved{index} {{http.request.orig_uri}} ^{from}(.*)$\n\
             \t\tredir @moved{index} {prefix}{to}{{re.moved{index}.1}} 301"
        )
    };
    policy::MOVED.iter().enumerate().map(line).collect::<Vec<_>>().join("\n")
}

fn types() -> String {
    let line = |pattern: String, kind: &str| format!("\t\t\t`~{pattern}` \"{kind}\"");
    let exports = policy::export_types()
        .map(|(name, kind)| line(format!("^/records/[^/]+/{}$", regex_literal(name)), kind));
    let named = policy::NAMED_TYPES
        .iter()
        .map(|(name, kind)| line(format!("/{}$", regex_literal(name)), kind));
    let endings = policy::TYPES
        .iter()
        .map(|(ending, kind)| line(format!("\\.{}$", regex_literal(ending)), kind));
    exports.chain(named).chain(endings).collect::<Vec<_>>().join("\n")
}

fn cache() -> String {
    let line = |key: String, class: CacheClass| format!("\t\t\t`{key}` \"{}\"", class.header());
    let immutable = policy::IMMUTABLE_PATTERNS
        .iter()
        .map(|pattern| line(format!("~{pattern}"), CacheClass::Immutable));
    let pointers =
        policy::POINTERS.iter().map(|path| line(format!("/{path}"), CacheClass::Pointer));
    let badges = [line(format!("~^/{}", policy::BADGES), CacheClass::Badge)];
    immutable.chain(pointers).chain(badges).collect::<Vec<_>>().join("\n")
}

/// The site below a path: the rest of the rules sees paths as if it stood at the top.
fn strip_prefix(prefix: &str) -> String {
    if prefix.is_empty() {
        return String::new();
    }
    format!(
        "\t\t@outside not path {prefix}/*\n\t\terror @outside 404\n\t\turi strip_prefix {prefix}\n"
    )
}

fn short(prefix: &str) -> String {
    if prefix.is_empty() { String::new() } else { format!("\t\t\turi strip_prefix {prefix}\n") }
}

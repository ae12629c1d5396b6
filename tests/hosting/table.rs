//! The table: what is asked, and what every server answers.

use std::collections::BTreeMap;

use crate::client::{Answer, ask};
use crate::servers::{self, Server};
use crate::site::{Site, gzip, long};

const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const PAGE: &str = "public, max-age=300, stale-while-revalidate=3600";
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// A question and what every answer must have. `"~x"` means that the header has `x` among its
/// comma-separated items, `""` that the header is absent.
struct Case {
    ask: &'static str,
    with: Vec<(&'static str, String)>,
    status: &'static [u16],
    body: Option<Vec<u8>>,
    headers: Vec<(&'static str, String)>,
}

fn get(path: &'static str, status: u16) -> Case {
    const ONE: [u16; 11] = [200, 204, 206, 301, 303, 304, 404, 405, 410, 416, 400];
    let at = ONE.iter().position(|known| *known == status).unwrap();
    Case { ask: path, with: Vec::new(), status: &ONE[at..=at], body: None, headers: Vec::new() }
}

impl Case {
    fn with(mut self, name: &'static str, value: &str) -> Case {
        self.with.push((name, value.to_owned()));
        self
    }

    fn has(mut self, name: &'static str, value: &str) -> Case {
        self.headers.push((name, value.to_owned()));
        self
    }

    fn says(mut self, body: &str) -> Case {
        self.body = Some(body.into());
        self
    }

    fn bytes(mut self, body: Vec<u8>) -> Case {
        self.body = Some(body);
        self
    }
}

fn page(path: &'static str, body: &str) -> Case {
    get(path, 200).says(body).has("content-type", HTML).has("cache-control", PAGE)
}

fn file(path: &'static str, kind: &str, cache: &str) -> Case {
    get(path, 200).has("content-type", kind).has("cache-control", cache)
}

fn moved(path: &'static str, to: &str) -> Case {
    get(path, 301).has("location", to)
}

fn absent(path: &'static str) -> Case {
    get(path, 404).says("nothing here").has("content-type", HTML).has("cache-control", "no-cache")
}

fn pages() -> Vec<Case> {
    vec![
        page("/", "home"),
        page("/?utm=1", "home"),
        page("/records/1", "record one").has("vary", "~Accept"),
        page("/records/x-4.v1", "record with dots"),
        page("/records/1/latest", "newest of one"),
        page("/doi/10.5281/zenodo.1", "doi one"),
        page("/doi/10.5281%2Fzenodo.1", "doi one"),
        page("/doi/10.1000/a%20(b)%3Bc+d", "doi odd"),
        page("/doi/10.1000/a%20%28b%29;c%2Bd", "doi odd"),
        page("/communities", "communities"),
        page("/communities/c", "community"),
        page("/communities/c/page/2", "community, page 2"),
        page("/dumps/", "dumps"),
        page("/search?q=a%20b", "search"),
        // The page, whatever else is accepted too.
        page("/records/1", "record one").with("Accept", "text/html, application/x-bibtex"),
        page("/records/1", "record one").with("Accept", "*/*"),
    ]
}

fn files() -> Vec<Case> {
    vec![
        file("/robots.txt", TEXT, PAGE),
        file("/release.json", "application/json", "no-cache"),
        file("/dumps/latest.json", "application/json", "no-cache"),
        file("/dumps/releases.json", "application/json", "no-cache"),
        file("/site.webmanifest", "application/manifest+json", PAGE),
        file("/assets/style.0a1b2c3d.css", "text/css; charset=utf-8", IMMUTABLE)
            .has("vary", "~Accept-Encoding"),
        file("/records/1/record.json", "application/vnd.inveniordm.v1+json", PAGE)
            .says("{\"id\":\"1\"}"),
        file("/records/1/legacy.json", "application/vnd.zenodo.v1+json", PAGE),
        file("/records/1/datacite.xml", "application/vnd.datacite.datacite+xml", PAGE),
        file("/records/1/datacite.json", "application/vnd.datacite.datacite+json", PAGE),
        file("/records/1/dublincore.xml", "application/x-dc+xml", PAGE),
        file("/records/1/citation.csl.json", "application/vnd.citationstyles.csl+json", PAGE),
        file("/records/1/citation.bib", "application/x-bibtex", PAGE),
        file("/records/1/schema-org.jsonld", "application/ld+json", PAGE),
        file("/records/1/linkset.json", "application/linkset+json", PAGE),
        file("/records/1/CITATION.cff", "application/yaml", PAGE),
        file("/records/1/locations.geojson", "application/geo+json", PAGE),
        file("/badge/DOI/10.5281/zenodo.1.svg", "image/svg+xml", "public, max-age=86400"),
        file("/communities/c/feed.atom", "application/atom+xml", PAGE),
        file("/dumps/20261101T000000Z/SHA256SUMS", TEXT, PAGE),
        file("/dumps/20261101T000000Z/LICENSE", TEXT, PAGE),
        file("/dumps/20261101T000000Z/README.md", "text/markdown; charset=utf-8", PAGE),
        file("/dumps/20261101T000000Z/exceptions.ndjson", "application/x-ndjson", PAGE),
        file("/dumps/20261101T000000Z/deleted.csv.gz", "application/gzip", PAGE)
            .says("not really")
            .has("content-encoding", ""),
        file(
            "/dumps/pool/native-json/n000000-0a1b2c3d4e5f.jsonl.zst",
            "application/zstd",
            IMMUTABLE,
        )
        .with("Accept-Encoding", "gzip, zstd")
        .says("0123456789")
        .has("content-encoding", "")
        .has("accept-ranges", "bytes"),
        file("/sitemaps/1.xml", "application/xml", PAGE),
        file("/sitemaps/style.xsl", "application/xslt+xml", PAGE),
        file("/files/caf%C3%A9%20menu.txt", TEXT, PAGE).says("coffee"),
        file("/.well-known/resourcesync", "application/xml", PAGE),
        file("/ten.bin", "application/octet-stream", PAGE),
        // What answers under an address without a file of its own.
        file("/api/records/4", "application/json", PAGE).says("{\"from\":\"api\"}"),
        file("/api/records/1", "application/json", PAGE)
            .says("{\"id\":\"1\"}")
            .has("vary", "~Accept"),
    ]
}

fn redirects() -> Vec<Case> {
    vec![
        moved("/record/1", "/records/1"),
        moved("/record/1?x=%20y", "/records/1?x=%20y"),
        moved("/record/1/files/a%20b.txt", "/records/1/files/a%20b.txt"),
        moved("/record/1/export/hx", "/records/1/citation.bib"),
        moved("/records/1/export/hx", "/records/1/citation.bib"),
        moved("/records/1/export/bibtex", "/records/1/citation.bib"),
        moved("/records/1/export/json", "/records/1/record.json"),
        moved("/records/1/export/json-ld", "/records/1/schema-org.jsonld"),
        moved("/records/1/export/csl", "/records/1/citation.csl.json"),
        moved("/records/1/export/dcite4", "/records/1/datacite.xml"),
        moved("/records/1/export/datacite-json", "/records/1/datacite.json"),
        moved("/records/1/export/xd", "/records/1/dublincore.xml"),
        moved("/badge/doi/10.5281/zenodo.1.svg", "/badge/DOI/10.5281/zenodo.1.svg"),
        moved("/records/1/", "/records/1"),
        moved("/records/1/?a=b", "/records/1?a=b"),
        moved("/doi/10.5281/zenodo.1/", "/doi/10.5281/zenodo.1"),
        moved("/doi/10.1000/a%20(b)%3Bc+d/", "/doi/10.1000/a%20(b)%3Bc+d"),
        moved("/communities/", "/communities"),
        moved("/dumps", "/dumps/"),
        moved("/dumps?a=b", "/dumps/?a=b"),
        moved("/records/1.html", "/records/1"),
        moved("/records/1.html?a=b", "/records/1?a=b"),
        moved("/doi/10.1000/a%20(b)%3Bc+d.html", "/doi/10.1000/a%20(b)%3Bc+d"),
        moved("/index.html", "/"),
        moved("/dumps/index.html", "/dumps/"),
        get("/records/1", 303)
            .with("Accept", "application/x-bibtex")
            .has("location", "/records/1/citation.bib")
            .has("cache-control", "no-store")
            .has("vary", "~Accept"),
        get("/records/1", 303)
            .with("Accept", "application/vnd.citationstyles.csl+json;q=0.9, text/plain")
            .has("location", "/records/1/citation.csl.json"),
        get("/records/1", 303)
            .with("Accept", "application/linkset+json")
            .has("location", "/records/1/linkset.json"),
        get("/api/records/1", 303)
            .with("Accept", "application/vnd.datacite.datacite+xml")
            .has("location", "/records/1/datacite.xml"),
        // An export that was not written is no reason to refuse the page.
        page("/records/x-4.v1", "record with dots").with("Accept", "application/x-bibtex"),
    ]
}

fn errors() -> Vec<Case> {
    let gone = || get("/records/2", 410).says("removed").has("content-type", HTML);
    vec![
        gone().has("cache-control", PAGE),
        gone().with("Accept", "application/x-bibtex"),
        moved("/records/2.html", "/records/2"),
        absent("/nothing"),
        absent("/records/9"),
        absent("/records/9.html"),
        absent("/records/9/"),
        absent("/records"),
        absent("/records/"),
        absent("/records/2/record.json"),
        absent("/records/1/nothing.json"),
        absent("/records/1/export/docx"),
        absent("/records/9/export/bibtex"),
        absent("/record/9/export/bibtex"),
        absent("/records/1/export"),
        absent("/robots.txt/x"),
        absent("/404.html"),
        absent("/badge/DOI/10.5281/zenodo.9.svg"),
        absent("/api/records/9"),
        absent("/nothing").with("If-None-Match", "*"),
        absent("/nothing").with("Range", "bytes=0-1"),
    ]
}

fn refusals() -> Vec<Case> {
    let refused = |path| Case { status: &[404, 400], ..get(path, 404) };
    [
        "/.git/config",
        "/.git/",
        "/.git",
        "/records/.hidden",
        "/%2egit/config",
        "/records/%2Ehidden",
        "/.well-known/.hidden",
        "/leak.txt",
        "/../secret.txt",
        "/records/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/records/..%2f..%2f..%2fsecret.txt",
        "/records/..%5c..%5csecret.txt",
        "/%252e%252e/secret.txt",
        "//records/1",
        "/records//1",
        "/records%2f/1",
        "/a%00b",
        "/%ff",
        "//evil.example/%2e%2e/dumps",
        "//evil.example/..%2fdumps",
        "/record//evil.example",
        "/dumps%0d%0aX-Bad:1",
        "/record/1%0d%0aX-Bad:1",
    ]
    .map(refused)
    .into()
}

fn methods() -> Vec<Case> {
    let method = |ask, status| get(ask, status);
    vec![
        method("POST /", 405).has("allow", "~HEAD"),
        method("PUT /records/1", 405).has("allow", "~HEAD"),
        method("DELETE /records/1", 405),
        method("OPTIONS /dumps/latest.json", 204)
            .with("Origin", "https://elsewhere.example")
            .with("Access-Control-Request-Method", "GET")
            .with("Access-Control-Request-Headers", "range")
            .has("access-control-allow-methods", "~HEAD")
            .has("access-control-allow-headers", "~Range"),
        method("HEAD /records/1", 200)
            .says("")
            .has("content-type", HTML)
            .has("content-length", "10"),
        method("HEAD /nothing", 404).says(""),
        method("HEAD /records/2", 410).says(""),
        method("HEAD /record/1", 301).says("").has("location", "/records/1"),
    ]
}

fn ranges() -> Vec<Case> {
    let range = |range: &str, status| get("/ten.bin", status).with("Range", range);
    vec![
        range("bytes=0-0", 206).says("0").has("content-range", "bytes 0-0/10"),
        range("bytes=3-5", 206).says("345").has("content-range", "bytes 3-5/10"),
        range("bytes=7-", 206).says("789"),
        range("bytes=-2", 206).says("89"),
        range("bytes=8-99", 206).says("89"),
        range("bytes=10-", 416).has("content-range", "bytes */10"),
        range("pages=1-2", 200).says("0123456789"),
        range("bytes=1-2", 200).with("If-Range", "\"other\"").says("0123456789"),
        get("/dumps/pool/native-json/n000000-0a1b2c3d4e5f.jsonl.zst", 206)
            .with("Range", "bytes=-4")
            .with("Accept-Encoding", "gzip")
            .says("6789")
            .has("content-length", "4")
            .has("access-control-allow-origin", "*"),
    ]
}

fn encodings() -> Vec<Case> {
    let plain = || get("/records/3", 200).has("vary", "~Accept-Encoding").has("content-type", HTML);
    vec![
        plain().bytes(long()).has("content-encoding", ""),
        plain().with("Accept-Encoding", "br;q=1").bytes(long()).has("content-encoding", ""),
        plain().with("Accept-Encoding", "gzip;q=0").bytes(long()).has("content-encoding", ""),
        // The file beside the page, not a compression of the moment.
        plain()
            .with("Accept-Encoding", "gzip")
            .bytes(gzip(&long()))
            .has("content-encoding", "gzip"),
    ]
}

/// Questions that a server is known to answer in another way, by path and the value of a request
/// header, with the reason.
const EXCUSED: [(&str, &str, &str, &str); 4] = [
    ("caddy", "/leak.txt", "", "it follows symbolic links; its configuration says so"),
    ("caddy", "/ten.bin", "pages=1-2", "Go's server answers 416 to a unit it does not know"),
    ("apache", "/records/3", "gzip", "it compresses on the fly; its configuration says so"),
    ("apache", "/ten.bin", "bytes=10-", "it sends 416 without Content-Range"),
];

fn excused(server: &str, case: &Case) -> bool {
    EXCUSED.iter().any(|(name, ask, value, _)| {
        let with = value.is_empty() || case.with.iter().any(|(_, have)| have == value);
        *name == server && case.ask == *ask && with
    })
}

fn check(server: &Server, prefix: &str, case: &Case, findings: &mut Vec<String>) {
    if excused(server.name, case) {
        return;
    }
    let (method, path) = case.ask.split_once(' ').unwrap_or(("GET", case.ask));
    let with: Vec<(String, String)> =
        case.with.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let answer = ask(server.addr, method, &format!("{prefix}{path}"), &with);
    let mut wrong = |what: String| {
        findings.push(format!("{} {method} {path} {with:?}: {what}", server.name));
    };
    if !case.status.contains(&answer.status) {
        wrong(format!("status {}, not {:?}", answer.status, case.status));
        return;
    }
    if let Some(body) = &case.body
        && *body != answer.body
    {
        let short: Vec<u8> = answer.body.iter().copied().take(100).collect();
        wrong(format!("body {:?}", String::from_utf8_lossy(&short)));
    }
    for (name, expected) in &case.headers {
        let found = answer.header(name);
        let expected = match *name {
            "location" => format!("{prefix}{expected}"),
            _ => expected.clone(),
        };
        let right = match expected.strip_prefix('~') {
            Some(item) => found.split(',').any(|have| have.trim().eq_ignore_ascii_case(item)),
            None => location_path(name, &found, server) == expected,
        };
        if !right {
            wrong(format!("{name}: {found:?}, not {expected:?}"));
        }
    }
    for (name, value) in offprint::build::hosting::policy::HEADERS {
        let found = answer.values(&name.to_ascii_lowercase());
        if found != [value] {
            wrong(format!("{name}: {found:?}"));
        }
    }
    for name in ["content-type", "cache-control", "etag", "location", "content-encoding"] {
        if answer.values(name).len() > 1 {
            wrong(format!("{name} twice: {:?}", answer.values(name)));
        }
    }
}

/// A redirect may name this server in full.
fn location_path(name: &str, value: &str, server: &Server) -> String {
    let own = format!("http://{}", server.addr);
    match value.strip_prefix(&own) {
        Some(path) if name == "location" => path.to_owned(),
        _ => value.to_owned(),
    }
}

/// What takes two requests: validators come back and are honoured.
fn check_conditions(server: &Server, prefix: &str, findings: &mut Vec<String>) {
    let paths = ["/records/1", "/assets/style.0a1b2c3d.css", "/ten.bin"];
    for (path, coding) in paths
        .into_iter()
        .map(|path| (path, "identity"))
        .chain([("/records/3", "gzip"), ("/records/3", "identity")])
    {
        let path = format!("{prefix}{path}");
        let fetch = |extra: &[(&str, &str)]| {
            let mut with = vec![("Accept-Encoding".to_owned(), coding.to_owned())];
            with.extend(extra.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
            ask(server.addr, "GET", &path, &with)
        };
        let first = fetch(&[]);
        let (etag, date) = (first.header("etag"), first.header("last-modified"));
        let mut expect = |what: &str, answer: Answer, status: u16| {
            if answer.status != status {
                findings.push(format!(
                    "{} {path} {coding} {what}: status {}, not {status}",
                    server.name, answer.status
                ));
            } else if status == 304
                && answer.header("cache-control") != first.header("cache-control")
            {
                findings
                    .push(format!("{} {path} {what}: 304 without its cache class", server.name));
            }
        };
        expect("etag", fetch(&[("If-None-Match", &etag)]), 304);
        expect("other etag", fetch(&[("If-None-Match", "\"other\"")]), 200);
        expect("date", fetch(&[("If-Modified-Since", &date)]), 304);
        let old = "Sun, 06 Nov 1994 08:49:37 GMT";
        expect("old date", fetch(&[("If-Modified-Since", old)]), 200);
        if path.ends_with("ten.bin") {
            let range = ("Range", "bytes=1-2");
            expect("if-range etag", fetch(&[range, ("If-Range", &etag)]), 206);
            expect("if-range date", fetch(&[range, ("If-Range", &date)]), 206);
            expect("if-range old", fetch(&[range, ("If-Range", old)]), 200);
        }
    }
}

fn check_all(server: &Server, prefix: &str) {
    let mut findings = Vec::new();
    let groups: BTreeMap<&str, Vec<Case>> = [
        ("pages", pages()),
        ("files", files()),
        ("redirects", redirects()),
        ("errors", errors()),
        ("refusals", refusals()),
        ("methods", methods()),
        ("ranges", ranges()),
        ("encodings", encodings()),
    ]
    .into();
    for cases in groups.values() {
        for case in cases {
            if case.with.is_empty() || prefix.is_empty() || !case.ask.contains("//") {
                let ask = case.ask.split_once(' ').map_or(case.ask, |(_, path)| path);
                // Refusals about the very start of the path make no sense below a prefix.
                if prefix.is_empty() || !(ask.starts_with("/..") || ask.starts_with("/%2e")) {
                    check(server, prefix, case, &mut findings);
                }
            }
        }
    }
    check_conditions(server, prefix, &mut findings);
    assert!(findings.is_empty(), "{} findings\n{}", findings.len(), findings.join("\n"));
}

#[test]
fn offprint_serve_follows_the_policy() {
    let site = Site::new();
    check_all(&servers::serve(&site.root()), "");
}

#[test]
fn nginx_follows_the_policy() {
    let site = Site::new();
    for prefix in ["", "/archive"] {
        let Some(server) = servers::nginx(&site, prefix) else { return };
        check_all(&server, prefix);
    }
}

#[test]
fn caddy_follows_the_policy() {
    let site = Site::new();
    for prefix in ["", "/archive"] {
        let Some(server) = servers::caddy(&site, prefix) else { return };
        check_all(&server, prefix);
    }
}

#[test]
fn apache_follows_the_policy() {
    let site = Site::new();
    for prefix in ["", "/archive"] {
        let Some(server) = servers::apache(&site, prefix) else { return };
        check_all(&server, prefix);
    }
}

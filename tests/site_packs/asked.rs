//! `serve` over packs and over files: the same answers.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use offprint::serve::Server;
use tokio::sync::oneshot;

use crate::repo::{Pair, offprint, records, run, text, tree};

struct Site {
    addr: SocketAddr,
    _stop: oneshot::Sender<()>,
}

impl Site {
    fn serve(root: &Path) -> Site {
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let root = root.to_owned();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let server = Server::bind(&root, "127.0.0.1:0".parse().unwrap()).await.unwrap();
                tell.send(server.local_addr().unwrap()).unwrap();
                server.run(async move { drop(stopped.await) }).await;
            });
        });
        Site { addr: told.recv().unwrap(), _stop: stop }
    }

    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut stream = TcpStream::connect(self.addr).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n");
        headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
        stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").expect("a response head");
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lines = head.split("\r\n").map(str::to_ascii_lowercase);
        let status = lines.next().unwrap();
        let mut headers: Vec<String> = lines.collect();
        headers.sort();
        Answer { status, headers, body: bytes[end + 4..].to_vec() }
    }
}

#[derive(Debug, PartialEq)]
struct Answer {
    status: String,
    headers: Vec<String>,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find_map(|line| line.strip_prefix(name));
        found.map_or("", |value| value.trim_start_matches(": "))
    }

    /// Without what tells two copies of one file apart.
    fn plain(mut self) -> Answer {
        let own = ["date:", "etag:", "last-modified:"];
        self.headers.retain(|line| !own.iter().any(|name| line.starts_with(name)));
        self
    }
}

fn percent_encoded(path: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
    path.bytes()
        .map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

#[test]
fn serving_from_packs_answers_like_serving_files() {
    let scratch = tempfile::tempdir().unwrap();
    let pair = Pair::build(
        &[records(scratch.path(), 60)],
        &["--set", "site.precompress=[\"gzip\", \"zstd\"]"],
    );
    let (files, packs) = (Site::serve(&pair.files()), Site::serve(&pair.packs()));
    let same = |method: &str, path: &str, headers: &[(&str, &str)]| {
        let (one, other) = (files.ask(method, path, headers), packs.ask(method, path, headers));
        let told = |answer: &Answer| format!("{} {:?}", answer.status, answer.headers);
        let what = format!("{method} {path} {headers:?}: {} and {}", told(&one), told(&other));
        assert!(one.plain() == other.plain(), "{what}");
    };
    let mut asked = 0;
    for (number, path) in tree(&pair.files()).keys().enumerate() {
        let of_the_release = path.starts_with("dumps/") || path == "release.json";
        let new = path.starts_with("site/");
        if of_the_release || new || number % 7 > 0 && !path.contains("/1") {
            continue;
        }
        let path = format!("/{}", percent_encoded(path));
        same("GET", &path, &[]);
        if let Some(page) = path.strip_suffix(".html") {
            same("GET", page, &[("Accept-Encoding", "gzip, zstd;q=0.5")]);
            same("HEAD", page, &[]);
        }
        asked += 1;
    }
    assert!(asked > 200, "{asked} files");
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("/records/11", &[]),
        ("/records/11/", &[]),
        ("/records/110", &[]),
        ("/records/11/latest", &[]),
        ("/records/12", &[]),
        ("/records/12.gone", &[]),
        ("/records/13", &[]),
        ("/records/13", &[("Range", "bytes=1000000-1100000")]),
        ("/records/13/record.json", &[("Range", "bytes=-70000")]),
        ("/records/14", &[]),
        ("/records/x-4.v1.html", &[]),
        ("/records/x-4.v1.html.html", &[]),
        ("/records/abc-0123456789ab", &[]),
        ("/records/11", &[("Accept", "application/x-bibtex")]),
        ("/records/11", &[("Accept", "text/html")]),
        ("/records/11/export/bibtex", &[]),
        ("/api/records/11", &[]),
        ("/api/records/11", &[("Accept-Encoding", "zstd")]),
        ("/record/11", &[]),
        ("/doi/10.5281/zenodo.11", &[]),
        ("/doi/10.5281%2Fzenodo.11", &[]),
        ("/badge/DOI/10.5281/zenodo.11.svg", &[]),
        ("/badge/doi/10.5281/zenodo.11.svg", &[]),
        ("/families/110.atom", &[]),
        ("/families/11.atom", &[]),
        ("/newest", &[("Range", "bytes=5-20")]),
        ("/newest", &[("Range", "bytes=99999999-")]),
        ("/newest", &[("If-None-Match", "*")]),
        ("/newest", &[("If-None-Match", "\"other\"")]),
        ("/newest", &[("If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT")]),
        ("/browse", &[]),
        ("/browse/", &[]),
        ("/nothing", &[]),
        ("/records/", &[]),
        ("/records/11/nothing", &[]),
        ("/dumps/", &[]),
        ("/", &[]),
    ];
    for (path, headers) in cases {
        same("GET", path, headers);
        same("HEAD", path, headers);
    }

    // A tag is of the content, and stands for it.
    for path in ["/records/11", "/records/13", "/newest", "/records/11/citation.bib"] {
        let first = packs.ask("GET", path, &[]);
        let etag = first.header("etag").to_owned();
        assert!(etag.len() > 10 && first.status.contains("200"), "{path}: {first:?}");
        let again = packs.ask("GET", path, &[("If-None-Match", &etag)]);
        assert!(again.status.contains("304") && again.body.is_empty(), "{path}");
        let dated = first.header("last-modified").to_owned();
        let dated = packs.ask("GET", path, &[("If-Modified-Since", &dated)]);
        assert!(dated.status.contains("304"), "{path}: {dated:?}");
        let part = [("Range", "bytes=3-9"), ("If-Range", etag.as_str())];
        assert!(packs.ask("GET", path, &part).body == first.body[3..10], "{path}");
    }
    let tag = |site: &Site| site.ask("GET", "/records/abc-0123456789ab", &[]).header("etag").len();
    assert!(tag(&files) > 14 && tag(&packs) > 14, "the tag of a page is of its content");
}

#[test]
fn a_new_release_is_served_from_its_first_moment() {
    let scratch = tempfile::tempdir().unwrap();
    let pair = Pair::build(&[records(scratch.path(), 5)], &[]);
    let site = Site::serve(&pair.packs());
    let before = site.ask("GET", "/records/11", &[]);
    let changed = std::fs::read_to_string(scratch.path().join("records.jsonl")).unwrap();
    let changed =
        changed.replace("Plain", "Changed").replace("\"revision_id\":1", "\"revision_id\":2");
    std::fs::write(scratch.path().join("changed.jsonl"), changed).unwrap();
    let (repo, path) = (pair.scratch("packs"), scratch.path().join("changed.jsonl"));
    run(&mut offprint(["-C", text(&repo), "import", text(&path)]), 0);
    let build = ["-C", text(&repo), "build", "--as-of", "2026-12-01T00:00:00Z", "--set"];
    let status = offprint(build).arg("site.form=packs").output().unwrap().status;
    assert!(matches!(status.code(), Some(0 | 3)));
    let after = site.ask("GET", "/records/11", &[("If-None-Match", before.header("etag"))]);
    assert!(after.status.contains("200"), "{after:?}");
    assert!(String::from_utf8_lossy(&after.body).contains("Changed"));
    // What did not change has the tag it had, though its pack is another file.
    assert_eq!(site.ask("GET", "/nothing", &[]).status, "http/1.1 404 not found");
}

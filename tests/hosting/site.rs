//! A web root with one of everything.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

/// The files, but those that need more than text.
const FILES: &[(&str, &str)] = &[
    ("index.html", "home"),
    ("404.html", "nothing here"),
    ("robots.txt", "User-agent: *\n"),
    ("llms.txt", "# Repository\n"),
    ("release.json", "{}"),
    ("site.webmanifest", "{}"),
    ("search.html", "search"),
    ("records/1.html", "record one"),
    ("records/1/record.json", "{\"id\":\"1\"}"),
    ("records/1/legacy.json", "{}"),
    ("records/1/datacite.xml", "<resource/>"),
    ("records/1/datacite.json", "{}"),
    ("records/1/dublincore.xml", "<oai_dc/>"),
    ("records/1/citation.csl.json", "{\"type\":\"book\"}"),
    ("records/1/citation.bib", "@book{}"),
    ("records/1/schema-org.jsonld", "{}"),
    ("records/1/linkset.json", "{}"),
    ("records/1/CITATION.cff", "cff-version: 1.2.0\n"),
    ("records/1/locations.geojson", "{}"),
    ("records/1/latest.html", "newest of one"),
    ("records/2.html", "removed"),
    ("records/2.gone", ""),
    ("records/x-4.v1.html", "record with dots"),
    ("api/records/4.json", "{\"from\":\"api\"}"),
    ("doi/10.5281/zenodo.1.html", "doi one"),
    ("doi/10.1000/a (b);c+d.html", "doi odd"),
    ("badge/DOI/10.5281/zenodo.1.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"),
    ("communities.html", "communities"),
    ("communities/c.html", "community"),
    ("communities/c/page/2.html", "community, page 2"),
    ("communities/c/feed.atom", "<feed/>"),
    ("dumps/index.html", "dumps"),
    ("dumps/latest.json", "{}"),
    ("dumps/releases.json", "{}"),
    ("dumps/20261101T000000Z/SHA256SUMS", "0  x\n"),
    ("dumps/20261101T000000Z/LICENSE", "CC0\n"),
    ("dumps/20261101T000000Z/README.md", "# Dump\n"),
    ("dumps/20261101T000000Z/exceptions.ndjson", "{}\n"),
    ("dumps/20261101T000000Z/deleted.csv.gz", "not really"),
    ("sitemaps/1.xml", "<urlset/>"),
    ("sitemaps/style.xsl", "<x/>"),
    ("files/café menu.txt", "coffee"),
    (".well-known/resourcesync", "<urlset/>"),
    (".git/config", "hidden"),
    ("records/.hidden", "hidden"),
    ("ten.bin", "0123456789"),
    ("dumps/pool/native-json/n000000-0a1b2c3d4e5f.jsonl.zst", "0123456789"),
];

/// A page large enough that servers compress it.
pub(crate) const LONG: &str = "records/3.html";
pub(crate) const STYLE: &str = "assets/style.0a1b2c3d.css";

pub(crate) fn long() -> Vec<u8> {
    (0..400).flat_map(|n| format!("<p>line {n} of a page</p>\n").into_bytes()).collect()
}

pub(crate) fn gzip(raw: &[u8]) -> Vec<u8> {
    let mut out =
        flate2::GzBuilder::new().comment("static").write(Vec::new(), flate2::Compression::best());
    out.write_all(raw).unwrap();
    out.finish().unwrap()
}

/// A repository directory with a web root, readable by servers that run as another user.
pub(crate) struct Site {
    dir: tempfile::TempDir,
}

impl Site {
    pub(crate) fn new() -> Site {
        let dir = tempfile::tempdir().unwrap();
        let mut init = Command::new(env!("CARGO_BIN_EXE_offprint"));
        assert!(init.arg("init").arg(dir.path().join("repo")).output().unwrap().status.success());
        let site = Site { dir };
        for (path, content) in FILES {
            site.put(path, content.as_bytes());
        }
        site.put(LONG, &long());
        site.put(&format!("{LONG}.gz"), &gzip(&long()));
        site.put(&format!("{LONG}.zst"), &zstd::bulk::compress(&long(), 3).unwrap());
        let style = "body { color: black }\n".repeat(100);
        site.put(STYLE, style.as_bytes());
        fs::write(site.dir.path().join("repo/secret.txt"), "secret").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("../secret.txt", site.root().join("leak.txt")).unwrap();
        let chmod = Command::new("chmod").args(["-R", "a+rX"]).arg(site.dir.path()).status();
        assert!(chmod.unwrap().success());
        site
    }

    fn put(&self, path: &str, content: &[u8]) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        // Of last month: a file of this second has only weak validators at some servers.
        let then = SystemTime::now() - Duration::from_secs(30 * 86400);
        fs::File::options().write(true).open(path).unwrap().set_modified(then).unwrap();
    }

    pub(crate) fn repo(&self) -> PathBuf {
        self.dir.path().join("repo")
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.repo().join("public")
    }

    /// A directory for a server's own files.
    pub(crate) fn scratch(&self) -> &Path {
        self.dir.path()
    }
}

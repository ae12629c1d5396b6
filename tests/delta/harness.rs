//! A repository that grows by synthetic months, mirrors of it, and servers good and bad.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use offprint::build::site::Brand;
use offprint::build::{
    BuildError, DeltaSettings, DumpSettings, Form, Report, Settings, SiteSettings, build,
};
use offprint::crosswalk::Format;
use offprint::record::Repository;
use offprint::record::synth::Synth;
use offprint::release::fetch::Source;
use offprint::release::layout::{self, Spans};
use offprint::release::pull::{self, Options, PullError};
use offprint::release::search::pointer::Phrases;
use offprint::release::verify::{Depth, verify};
use offprint::store::Store;
use offprint::store::import::{Importer, Input};

pub(crate) struct Repo {
    dir: tempfile::TempDir,
    store: Store,
    synth: Synth,
    pub(crate) pages: bool,
}

impl Repo {
    pub(crate) fn new(records: u64, pages: bool) -> Repo {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::create(&dir.path().join("store.db")).unwrap();
        Repo { dir, store, synth: Synth::new(records, 1), pages }
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.dir.path().join("public")
    }

    /// A directory beside the web root.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn import(&self, name: &str, lines: &[u8]) {
        let path = self.dir.path().join(name);
        fs::write(&path, lines).unwrap();
        self.import_file(&path);
    }

    pub(crate) fn import_file(&self, path: &Path) {
        let options = offprint::store::import::Options {
            doi_pattern: "10.5281/zenodo.N".into(),
            kind: None,
            strict: false,
            complete: false,
            rejects: self.dir.path().join("rejects"),
        };
        let mut importer = Importer::new(&self.store, options).unwrap();
        importer.source(Input::Path(path.to_owned()), &()).unwrap();
    }

    /// Imports what the month brings and builds.
    pub(crate) fn month(&self, month: u32) -> Report {
        let mut stream = self.synth.month(month);
        let (mut lines, mut line) = (Vec::new(), Vec::new());
        while stream.next(&mut line).is_some() {
            lines.append(&mut line);
            lines.push(b'\n');
        }
        self.import(&format!("month-{month}.jsonl"), &lines);
        self.build(month).unwrap()
    }

    pub(crate) fn build(&self, month: u32) -> Result<Report, BuildError> {
        build(&self.store, &self.root(), &self.settings(month), &|_| {})
    }

    pub(crate) fn settings(&self, month: u32) -> Settings {
        let (year, month) = (2024 + (month - 1) / 12, 1 + (month - 1) % 12);
        Settings {
            repository: Repository {
                name: "R".into(),
                base_url: "https://r.example".into(),
                publisher: None,
                doi_pattern: "10.5281/zenodo.N".into(),
                oai_namespace: "r.example".into(),
            },
            as_of: format!("{year}-{month:02}-01T00:00:00Z").parse().unwrap(),
            dump: DumpSettings {
                formats: layout::Format::ALL.to_vec(),
                level: 1,
                spans: Spans {
                    pack_ids: 512,
                    frame_ids: 32,
                    hash_pack_bits: 1,
                    hash_frame_bits: 2,
                },
                compat: false,
                keep: 0,
            },
            site: SiteSettings {
                form: Form::Files,
                search: false,
                phrases: Phrases::Known,
                pages: self.pages,
                exports: vec![Format::Bibtex],
                templates: None,
                latest: 3,
                brand: Brand::default(),
                precompress: Vec::new(),
                resolvers: true,
                badges: true,
                feeds: false,
                subject_min: 2,
                browse_limit: 100,
            },
            delta: DeltaSettings::default(),
            threads: 2,
            full: false,
            state_file: self.dir.path().join("build.db"),
            recipe: None,
            elsewhere: None,
        }
    }
}

pub(crate) fn pull(from: &str, to: &Path) -> Result<pull::Report, PullError> {
    pull::pull(&Source::open(from), to, &Options::default(), &())
}

/// Asserts that the release in `root` is good in every byte, and lists nothing too much.
pub(crate) fn assert_good(root: &Path) {
    let report = verify(&Source::open(&root.to_string_lossy()), Depth::Full, &());
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    assert!(report.warnings.is_empty(), "{:?}", report.warnings);
}

/// Every file below `root` but the mirror's own.
pub(crate) fn tree(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = walkdir::WalkDir::new(root).into_iter().map(Result::unwrap);
    let files = files.filter(|entry| entry.file_type().is_file()).map(|entry| {
        let path = entry.path().strip_prefix(root).unwrap().to_string_lossy().into_owned();
        (path, fs::read(entry.path()).unwrap())
    });
    files.filter(|(path, _)| !path.starts_with(".pull/")).collect()
}

/// Asserts that a mirror has the pages, packs and pointers of the release and no others.
pub(crate) fn assert_mirrors(root: &Path, mirror: &Path) {
    let source = Source::open(&root.to_string_lossy());
    let release = offprint::release::pointer::ReleasePointer::read(&source).unwrap().unwrap();
    let bytes = fs::read(root.join(&release.manifest.path)).unwrap();
    let manifest = offprint::release::Manifest::from_bytes(&bytes).unwrap();
    let listed: Vec<&str> = manifest.objects().map(|(path, ..)| path).collect();
    let same = |path: &String| {
        let history = ["dumps/", "site/", "search/pointer-"].iter().any(|at| path.starts_with(at));
        let search = release.search.as_ref().is_some_and(|named| *path == named.path);
        !history || search || listed.contains(&path.as_str()) || path == "dumps/latest.json"
    };
    let (mut one, mut other) = (tree(root), tree(mirror));
    one.retain(|path, _| same(path));
    other.retain(|path, _| same(path));
    let paths = one.keys().chain(other.keys());
    let differ: Vec<&String> = paths.filter(|path| one.get(*path) != other.get(*path)).collect();
    assert!(differ.is_empty(), "{} differ: {:?}", differ.len(), &differ[..differ.len().min(9)]);
}

/// `offprint serve` of a directory, until the test process ends.
pub(crate) fn serve(root: &Path) -> String {
    let root = root.to_owned();
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let any = "127.0.0.1:0".parse().unwrap();
            let server = offprint::serve::Server::bind(&root, any).await.unwrap();
            tell.send(server.local_addr().unwrap()).unwrap();
            server.run(std::future::pending()).await;
        });
    });
    format!("http://{}", told.recv().unwrap())
}

/// What a bad server does with a request.
pub(crate) enum Answer {
    /// What the file holds, with ranges.
    Honest,
    /// These bytes, whatever the range.
    Bytes(Vec<u8>),
    /// So many bytes of what was asked for, then the connection breaks.
    Cut(usize),
    /// Zeros for ever.
    Endless,
    /// The whole file, whatever the range.
    NoRanges,
}

type Habit = dyn Fn(&str, Option<usize>) -> Answer + Send + Sync;

/// Serves a directory with a habit: of a path, and where the range asked for begins.
pub(crate) fn serve_badly(
    root: &Path,
    habit: impl Fn(&str, Option<usize>) -> Answer + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (root, habit): (PathBuf, Arc<Habit>) = (root.to_owned(), Arc::new(habit));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (root, habit) = (root.clone(), Arc::clone(&habit));
            // A client that has what it wants may hang up.
            std::thread::spawn(move || drop(answer(stream.unwrap(), &root, &*habit)));
        }
    });
    url
}

fn answer(mut stream: TcpStream, root: &Path, habit: &Habit) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().unwrap()?;
    let path = first.split(' ').nth(1).unwrap().trim_start_matches('/').to_owned();
    let mut range = None;
    for line in lines.map_while(Result::ok).take_while(|line| !line.is_empty()) {
        if let Some(value) = line.to_lowercase().strip_prefix("range: bytes=") {
            range = value.split('-').next().and_then(|from| from.parse::<usize>().ok());
        }
    }
    let close = "Connection: close\r\n\r\n";
    let Ok(file) = fs::read(root.join(&path)) else {
        return write!(stream, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n{close}");
    };
    let act = habit(&path, range);
    let from = match act {
        Answer::Honest | Answer::Cut(_) => range.unwrap_or(0).min(file.len()),
        _ => 0,
    };
    let status = if from > 0 { "206 Partial Content" } else { "200 OK" };
    write!(stream, "HTTP/1.1 {status}\r\n")?;
    if from > 0 {
        write!(stream, "Content-Range: bytes {from}-{}/{}\r\n", file.len() - 1, file.len())?;
    }
    let rest = &file[from..];
    match act {
        Answer::Honest | Answer::NoRanges => {
            write!(stream, "Content-Length: {}\r\n{close}", rest.len())?;
            stream.write_all(rest)
        }
        Answer::Bytes(bytes) => {
            write!(stream, "Content-Length: {}\r\n{close}", bytes.len())?;
            stream.write_all(&bytes)
        }
        Answer::Cut(at) => {
            write!(stream, "Content-Length: {}\r\n{close}", rest.len())?;
            stream.write_all(&rest[..at.min(rest.len())])
        }
        Answer::Endless => {
            write!(stream, "{close}")?;
            loop {
                stream.write_all(&[0; 4096])?;
            }
        }
    }
}

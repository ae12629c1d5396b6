//! A repository to search in: lines of native JSON, imported and built.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use offprint::build::site::Brand;
use offprint::build::{DeltaSettings, DumpSettings, Form, Report, Settings, SiteSettings, build};
use offprint::record::Repository as Name;
use offprint::record::synth::Synth;
use offprint::release::fetch::Source;
use offprint::release::layout::{self, Spans};
use offprint::release::pointer::ReleasePointer;
use offprint::release::search::analyse::Analyser;
use offprint::release::search::evaluate::{Answer, Wanted};

use offprint::release::search::pointer::{Phrases, SearchPointer};
use offprint::release::search::query::Query;
use offprint::release::search::reader::{Reading, Searcher};
use offprint::store::Store;
use offprint::store::import::{Importer, Input, Options};

pub(crate) struct Repository {
    pub(crate) dir: tempfile::TempDir,
    store: Store,
}

impl Repository {
    /// From files of any kind that is imported.
    pub(crate) fn of(files: &[PathBuf]) -> Repository {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::create(&dir.path().join("store.db")).unwrap();
        let repository = Repository { dir, store };
        files.iter().for_each(|file| repository.import(file));
        repository
    }

    pub(crate) fn of_lines(lines: &str) -> Repository {
        let repository = Repository::of(&[]);
        repository.add(lines);
        repository
    }

    pub(crate) fn add(&self, lines: &str) {
        let path = self.dir.path().join("records.jsonl");
        fs::write(&path, lines).unwrap();
        self.import(&path);
    }

    fn import(&self, file: &Path) {
        let options = Options {
            doi_pattern: "10.5281/zenodo.N".into(),
            kind: None,
            strict: false,
            complete: false,
            rejects: self.dir.path().join("rejects"),
        };
        let mut importer = Importer::new(&self.store, options).unwrap();
        importer.source(Input::Path(file.to_owned()), &()).unwrap();
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.dir.path().join("public")
    }

    pub(crate) fn build(&self, day: u32, threads: usize) -> Report {
        build(&self.store, &self.root(), &settings(self.dir.path(), day, threads), &|_| {}).unwrap()
    }

    /// One that finds phrases in all text.
    pub(crate) fn build_phrases(&self, day: u32) {
        let mut settings = settings(self.dir.path(), day, 1);
        settings.site.phrases = Phrases::Text;
        build(&self.store, &self.root(), &settings, &|_| {}).unwrap();
    }

    /// A build that goes on from nothing.
    pub(crate) fn build_anew(&self, day: u32) -> Report {
        let settings = Settings { full: true, ..settings(self.dir.path(), day, 1) };
        build(&self.store, &self.root(), &settings, &|_| {}).unwrap()
    }

    /// The path of the search pointer that stands.
    pub(crate) fn pointer_path(&self) -> String {
        let source = Source::open(self.root().to_str().unwrap());
        ReleasePointer::read(&source).unwrap().unwrap().search.unwrap().path
    }

    pub(crate) fn pointer(&self) -> SearchPointer {
        let bytes = fs::read(self.root().join(self.pointer_path())).unwrap();
        SearchPointer::from_bytes(&bytes).unwrap()
    }

    pub(crate) fn search(&self, text: &str) -> Answer {
        self.ask(text, |_| {})
    }

    pub(crate) fn ask(&self, text: &str, change: impl FnOnce(&mut Wanted)) -> Answer {
        let source = Source::open(self.root().to_str().unwrap());
        let mut analyser = Analyser::new();
        let query = Query::parse(text, &mut analyser);
        let mut wanted = Wanted { offset: 0, limit: 10, newest: false, reading: Reading::Complete };
        change(&mut wanted);
        let mut searcher = Searcher::open(&source, query.all_versions).unwrap();
        searcher.search(&query, wanted, &mut analyser).unwrap()
    }

    /// Every file below `search/`.
    pub(crate) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        walkdir::WalkDir::new(self.root().join("search"))
            .into_iter()
            .map(Result::unwrap)
            .filter(|entry| entry.file_type().is_file())
            .map(|entry| {
                (
                    entry.path().strip_prefix(self.root()).unwrap().display().to_string(),
                    fs::read(entry.path()).unwrap(),
                )
            })
            .collect()
    }
}

fn settings(dir: &Path, day: u32, threads: usize) -> Settings {
    Settings {
        repository: Name {
            name: "R".into(),
            base_url: "https://r.example".into(),
            publisher: None,
            doi_pattern: "10.5281/zenodo.N".into(),
            oai_namespace: "r.example".into(),
        },
        as_of: format!("2026-11-{day:02}T00:00:00Z").parse().unwrap(),
        dump: DumpSettings {
            formats: vec![layout::Format::NativeJson],
            level: 1,
            spans: Spans::default(),
            compat: false,
            keep: 0,
        },
        delta: DeltaSettings::default(),
        site: SiteSettings {
            form: Form::Files,
            pages: false,
            exports: Vec::new(),
            templates: None,
            latest: 0,
            brand: Brand::default(),
            precompress: Vec::new(),
            resolvers: false,
            badges: false,
            feeds: false,
            subject_min: 1,
            browse_limit: 60,
            search: true,
            phrases: Phrases::Known,
        },
        threads,
        full: false,
        state_file: dir.join("build.db"),
        recipe: None,
        elsewhere: None,
    }
}

/// Synthetic records.
pub(crate) fn synthetic(count: u64) -> String {
    let synth = Synth::new(count, 1);
    let mut out = Vec::new();
    let mut month = synth.month(1);
    while month.next(&mut out).is_some() {
        out.push(b'\n');
    }
    String::from_utf8(out).unwrap()
}

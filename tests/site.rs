//! Pages of hand-written records: goldens, a second parser's view of them, sizes, overrides.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, reason = "a test")]

#[path = "site/blocks.rs"]
mod blocks;
#[path = "site/inspect.rs"]
mod inspect;

use std::path::Path;

use inspect::Document;
use offprint::build::catalogue::Card;
use offprint::build::site::lists::{
    FeedEntry, FeedView, IndexRow, IndexSection, IndexView, ListView, subject_stem,
};
use offprint::build::site::{
    Accent, Brand, DumpFormat, DumpsView, HomeView, LatestRecord, Renderer, SiteConfig, SiteError,
    TombstoneView,
};
use offprint::crosswalk::Format;
use offprint::record::access::{Visibility, visibility};
use offprint::record::{Lineage, Published, Record, Repository, Sibling};

const AS_OF: &str = "2026-11-01";

fn repository() -> Repository {
    Repository {
        name: "Example Repository".into(),
        base_url: "https://repository.example".into(),
        publisher: Some("Example Repository".into()),
        doi_pattern: "10.5072/repository.N".into(),
        oai_namespace: "repository.example".into(),
    }
}

fn renderer(overrides: Option<&Path>) -> Result<Renderer, SiteError> {
    Renderer::new(
        &repository(),
        SiteConfig { exports: Format::ALL.to_vec(), ..SiteConfig::default() },
        overrides,
    )
}

/// The page of a public record with the given family.
fn page_with(renderer: &Renderer, json: &str, lineage: Lineage<'_>) -> String {
    let repository = repository();
    let record = Record::parse(json).unwrap();
    let Visibility::Public(files) = visibility(&record, AS_OF) else { panic!("not public") };
    let published = Published {
        record: &record,
        raw: json,
        created: record.created.as_deref().unwrap_or_default(),
        updated: record.updated.as_deref().unwrap_or_default(),
        files,
        lineage,
        repository: &repository,
    };
    let mut out = Vec::new();
    renderer.landing(&published, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn page(json: &str) -> String {
    page_with(&renderer(None).unwrap(), json, Lineage::SINGLE)
}

fn sibling(id: u32, version: Option<&str>) -> Sibling {
    Sibling {
        id: id.to_string(),
        version: version.map(str::to_owned),
        publication_date: format!("2024-03-{:02}", id % 28 + 1),
        doi: Some(format!("10.5072/repository.{id}")),
    }
}

fn family() -> Vec<Sibling> {
    vec![
        sibling(7_301_441, Some("1.0")),
        sibling(7_301_448, Some("2.1.0")),
        sibling(7_301_502, Some("v3-rc1")),
    ]
}

const DATASET: &str = include_str!("site/records/dataset.json");
const ARTICLE: &str = include_str!("site/records/article.json");
const SOFTWARE: &str = include_str!("site/records/software.json");
const THESIS: &str = include_str!("site/records/thesis.json");
const CONFERENCE: &str = include_str!("site/records/conference.json");
const IMAGE: &str = include_str!("site/records/image.json");
const EMPTY: &str = include_str!("site/records/empty.json");
const HOSTILE: &str = include_str!("site/records/hostile.json");

/// A withdrawn record whose every field is hostile or must not be shown.
const WITHDRAWN: &str = r#"{
  "id": "14",
  "pids": {"doi": {"identifier": "10.5072/repository.14"}},
  "metadata": {"title": "canary title", "creators": [{"person_or_org": {"name": "canary name"}}]},
  "files": {"enabled": true, "entries": {"canary.txt": {"key": "canary.txt"}}},
  "deletion_status": {"is_deleted": true, "status": "D"},
  "tombstone": {
    "removal_reason": {"id": "retracted"},
    "deletion_policy": {"id": "request-deletion-v1"},
    "note": "Retracted by the authors; see \"<the notice>\".",
    "removal_date": "2025-07-01T10:00:00.000000+00:00",
    "citation_text": "Doe, J. (2024). A withdrawn work."
  }
}"#;

fn tombstone(json: &str) -> String {
    let record = Record::parse(json).unwrap();
    let mut out = Vec::new();
    renderer(None).unwrap().tombstone(&TombstoneView::of(&record), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn home() -> String {
    let latest = |id: &str, title: &str, names: &[&str], kind: &str| LatestRecord {
        id: id.into(),
        title: title.into(),
        creators: names.iter().map(|&name| name.to_owned()).collect(),
        publication_date: "2026-10-30".into(),
        resource_type: kind.into(),
    };
    let view = HomeView {
        release: "20261101T000000Z".into(),
        as_of: "2026-11-01T00:00:00Z".into(),
        records: 5_123_456,
        tombstoned: 4_321,
        latest: vec![
            latest("7301502", "Surface <i>velocity</i>", &["Moretti, Giulia"], "dataset"),
            latest("13", "</a><script>alert(1)</script>", &["A", "B", "C", "D", "E"], "software"),
            latest("118", "مدخل إلى تاريخ الطباعة", &["الحسن, ليلى"], "publication-article"),
        ],
    };
    let mut out = Vec::new();
    renderer(None).unwrap().home(&view, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn dumps() -> String {
    let format = |id: &str, label: &str, extension: &str| DumpFormat {
        id: id.into(),
        label: label.into(),
        extension: extension.into(),
        packs: 142,
        bytes: 6_123_456_789,
    };
    let view = DumpsView {
        release: "20261101T000000Z".into(),
        as_of: "2026-11-01T00:00:00Z".into(),
        records: 5_123_456,
        formats: vec![
            format("datacite-xml", "DataCite XML 4.7", ".tar.zst"),
            format("native-json", "InvenioRDM JSON", ".jsonl.zst"),
        ],
    };
    let mut out = Vec::new();
    renderer(None).unwrap().dumps(&view, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn not_found() -> String {
    let mut out = Vec::new();
    renderer(None).unwrap().not_found(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn about() -> String {
    let renderer = renderer(None).unwrap();
    let mut out = Vec::new();
    renderer.extra(&renderer.extra_pages()[0], &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn robots() -> String {
    let mut out = Vec::new();
    renderer(None).unwrap().robots(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn cards() -> Vec<Card> {
    let json = [
        r#"{"i":"7301502","t":"Surface velocity","a":["Moretti, Giulia","王, 小明","Okonkwo, Chidi"],
            "m":4,"d":"2026-10-30","k":"dataset","f":"open","c":"2026-10-30T09:00:00.000000+00:00",
            "u":"2026-10-31T09:00:00.000000+00:00","o":"10.5072/repository.7301502"}"#,
        r#"{"i":"13","t":"</a><script>alert(1)</script> & \u202e]]>","a":["<b>","\"'"],"d":"'<>",
            "k":"<kind>","f":"embargoed"}"#,
        r#"{"i":"118","t":"مدخل إلى تاريخ الطباعة","a":["الحسن, ليلى"],"d":"2019/2021",
            "k":"publication-article","f":"metadata-only","c":"2021-01-01T00:00:00.000000+00:00"}"#,
        r#"{"i":"x","f":"restricted"}"#,
    ];
    json.into_iter().map(|json| serde_json::from_str(json).unwrap()).collect()
}

fn list(view: &ListView) -> String {
    let mut out = Vec::new();
    renderer(None).unwrap().list(view, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn community() -> String {
    list(&ListView {
        title: "Glaciers & <ice>".into(),
        kind: "Community",
        file: "communities/glaciers & ice.html".into(),
        feed: Some("communities/glaciers & ice/feed.atom".into()),
        total: 12_345,
        cards: cards(),
        older: Some("communities/glaciers & ice/page/118.html".into()),
        ..ListView::default()
    })
}

fn archive() -> String {
    list(&ListView {
        title: "Dataset".into(),
        kind: "Resource type",
        file: "browse/type/dataset/page/118.html".into(),
        front: Some("browse/type/dataset.html".into()),
        cards: cards(),
        newer: Some("browse/type/dataset/newest.html".into()),
        older: Some("browse/type/dataset/page/99.html".into()),
        ..ListView::default()
    })
}

fn index() -> String {
    let row = |label: &str, file: &str, entries| IndexRow {
        label: label.into(),
        file: file.into(),
        entries,
    };
    let view = IndexView {
        title: "Browse".into(),
        file: "browse.html".into(),
        lead: "All records by type, year, subject and licence.".into(),
        sections: vec![
            IndexSection {
                title: "Resource types".into(),
                rows: vec![row("Dataset", "browse/type/dataset.html", 1_234_567)],
                more: Some(("All 40".into(), "browse/type.html".into())),
                ..IndexSection::default()
            },
            IndexSection {
                note: "The 1000 with most records are listed here.".into(),
                rows: vec![row("<script>", &format!("{}.html", subject_stem("<script>")), 2)],
                ..IndexSection::default()
            },
        ],
    };
    let mut out = Vec::new();
    renderer(None).unwrap().index(&view, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn feed() -> String {
    let view = FeedView {
        title: "Glaciers & <ice>".into(),
        file: "communities/glaciers & ice/feed.atom".into(),
        page: "communities/glaciers & ice.html".into(),
        entries: cards().iter().map(FeedEntry::of).collect(),
    };
    let mut out = Vec::new();
    renderer(None).unwrap().feed(&view, &mut out);
    String::from_utf8(out).unwrap()
}

fn redirect() -> String {
    let mut out = Vec::new();
    offprint::build::site::address::redirect(renderer(None).unwrap().urls(), "118", &mut out);
    String::from_utf8(out).unwrap()
}

fn badge() -> String {
    let mut out = Vec::new();
    offprint::build::site::address::badge("10.5072/repository.7301502", &mut out);
    String::from_utf8(out).unwrap()
}

fn llms() -> String {
    let mut out = Vec::new();
    renderer(None).unwrap().llms(5_123_456, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Every kind of page, by the name of its golden.
fn pages() -> Vec<(&'static str, String)> {
    let renderer = renderer(None).unwrap();
    let siblings = family();
    let lineage = Lineage { index: 2, siblings: &siblings };
    vec![
        ("dataset", page_with(&renderer, DATASET, lineage)),
        ("article", page(ARTICLE)),
        ("software", page(SOFTWARE)),
        ("thesis", page(THESIS)),
        ("conference", page(CONFERENCE)),
        ("image", page(IMAGE)),
        ("empty", page(EMPTY)),
        ("hostile", page(HOSTILE)),
        ("tombstone", tombstone(WITHDRAWN)),
        ("home", home()),
        ("dumps", dumps()),
        ("not_found", not_found()),
        ("about", about()),
        ("community", community()),
        ("archive", archive()),
        ("index", index()),
    ]
}

/// Hashes of assets change with every edit of the style sheet; goldens need not.
fn without_hashes(page: &str) -> String {
    let renderer = renderer(None).unwrap();
    renderer.assets().iter().fold(page.to_owned(), |page, asset| {
        let parts: Vec<&str> = asset.path.split('.').collect();
        page.replace(&asset.path, &format!("{}.HASH.{}", parts[0], parts[2]))
    })
}

#[test]
fn goldens() {
    insta::with_settings!({
        snapshot_path => "site/pages", prepend_module_to_snapshot => false, omit_expression => true,
    }, {
        for (name, page) in pages() {
            insta::assert_snapshot!(name, without_hashes(&page));
        }
        for (name, text) in [
            ("robots", robots()),
            ("llms", llms()),
            ("feed", feed()),
            ("redirect", redirect()),
            ("badge", badge()),
        ] {
            insta::assert_snapshot!(name, text);
        }
    });
}

#[test]
fn every_page_is_well_formed_and_free_of_inline_code() {
    for (name, page) in pages() {
        let document = Document::parse(&page);
        document.check(name);
    }
}

#[test]
fn a_feed_has_what_atom_requires() {
    use quick_xml::events::Event;

    let feed = feed();
    let mut reader = quick_xml::Reader::from_str(&feed);
    let (mut path, mut found) = (Vec::new(), Vec::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                path.push(start.name().as_ref().to_owned());
                found.push(path.join("/"));
            }
            Event::Empty(empty) => {
                found.push(format!("{}/{}", path.join("/"), empty.name().as_ref()))
            }
            Event::End(_) => {
                path.pop();
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let count = |name: &str| found.iter().filter(|path| *path == name).count();
    // RFC 4287, 4.1.1 and 4.1.2: exactly one each; an author of the feed or of each entry.
    for name in ["id", "title", "updated"] {
        assert_eq!(count(&format!("feed/{name}")), 1, "{name}");
        assert_eq!(count(&format!("feed/entry/{name}")), 4, "{name}");
    }
    assert_eq!(count("feed/author/name"), 1);
    assert_eq!(count("feed/link"), 2);
    assert_eq!(count("feed/entry/link"), 4);
    assert!(!feed.contains('\u{202e}'));
    assert!(feed.contains("<updated>2026-10-31T09:00:00.000000+00:00</updated>\n<link"));
}

#[test]
fn hostile_text_is_shown_as_text() {
    let page = page(HOSTILE);
    let document = Document::parse(&page);
    document.check("hostile");
    for text in [
        "alert('file')",
        "{{ 7 * 7 }}{% raw %}",
        "javascript:alert('related')",
        "javascript:alert('code')",
        "\"quoted\" 'single' gnp.exe & {{ site_name }}",
    ] {
        assert!(document.text.contains(text), "{text} is missing from the text");
    }
    for forbidden in ["<script>", "<img", "<iframe", "<svg", "href=\"javascript", "{% if"] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    assert!(!document.text.contains('\u{202e}'), "a name reads as what it is not");
    // Nothing of the templates can be reached from data.
    assert!(!document.text.contains("49{%"));
}

#[test]
fn what_is_not_open_is_not_named() {
    let page = page(ARTICLE);
    assert!(!page.contains("secret-draft"), "an embargoed file is named");
    assert!(page.contains("Embargoed until <time datetime=\"2027-01-01\">1 January 2027</time>"));
    let gone = tombstone(WITHDRAWN);
    assert!(!gone.contains("canary"), "{gone}");
    for shown in [
        "Retracted or withdrawn",
        "1 July 2025",
        "A withdrawn work.",
        "10.5072/repository.14",
        "Withdrawn on request of its owner",
    ] {
        assert!(gone.contains(shown), "{shown}");
    }
    let spam = WITHDRAWN.replace("retracted", "spam");
    assert!(!tombstone(&spam).contains("A withdrawn work."), "spam must not be advertised");
}

#[test]
fn head_serves_machines() {
    let renderer = renderer(None).unwrap();
    let siblings = family();
    let page = page_with(&renderer, DATASET, Lineage { index: 2, siblings: &siblings });
    let document = Document::parse(&page);
    let meta = |name: &str| document.meta(name);
    assert_eq!(
        meta("citation_author"),
        ["Moretti, Giulia", "Okonkwo, Chidi", "王, 小明", "Glacier Watch Consortium"]
    );
    assert_eq!(meta("citation_publication_date"), ["2024/03/05"]);
    assert_eq!(meta("citation_doi"), ["10.5072/repository.7301448"]);
    assert_eq!(meta("citation_keywords").len(), 5);
    assert_eq!(
        meta("citation_pdf_url"),
        ["https://repository.example/records/7301448/files/field%20report%20%28final%29.pdf"]
    );
    assert_eq!(meta("og:site_name"), ["Example Repository"]);
    let description = &meta("description")[0];
    assert!(description.starts_with("Velocity fields for three valley glaciers"), "{description}");
    assert!(description.chars().count() <= 241, "{description}");
    for (rel, expected) in [
        ("canonical", vec!["https://repository.example/records/7301448"]),
        ("cite-as", vec!["https://doi.org/10.5072/repository.7301448"]),
        ("predecessor-version", vec!["https://repository.example/records/7301441"]),
        ("successor-version", vec!["https://repository.example/records/7301502"]),
        ("latest-version", vec!["https://repository.example/records/7301502"]),
        ("linkset", vec!["https://repository.example/records/7301448/linkset.json"]),
        ("license", vec!["https://creativecommons.org/licenses/by/4.0/legalcode"]),
        ("type", vec!["https://schema.org/AboutPage", "https://schema.org/Dataset"]),
        (
            "author",
            vec!["https://orcid.org/0000-0002-1825-0097", "https://orcid.org/0000-0001-5109-3700"],
        ),
    ] {
        assert_eq!(document.links(rel), expected, "{rel}");
    }
    assert_eq!(document.links("item").len(), 4);
    // All formats but CodeMeta, as this is no software, and the linkset, which has its own rel.
    assert_eq!(document.links("describedby").len(), Format::ALL.len() - 2);
    let json: serde_json::Value = serde_json::from_str(&document.json_ld).unwrap();
    assert_eq!(json["@type"], "Dataset");
}

/// 3,000 authors with identifiers and 5,000 files: the page carries the first of them and the
/// address of the rest.
#[test]
fn the_head_of_a_giant_record_stays_small() {
    let mut value: serde_json::Value = serde_json::from_str(DATASET).unwrap();
    let author = |number: usize| {
        let url = format!("https://example.org/people/{number}");
        serde_json::json!({ "person_or_org": { "type": "personal", "family_name": "B", "given_name": number.to_string(),
            "identifiers": [{ "scheme": "url", "identifier": url }] } })
    };
    let file = |number: usize| serde_json::json!({ "key": format!("{number:04}.pdf"), "size": 1 });
    value["metadata"]["creators"] = (0..3000).map(author).collect();
    value["files"]["entries"] = (0..5000).map(file).collect();
    let page = page(&value.to_string());
    let document = Document::parse(&page);
    let count = |rel: &str| document.links(rel).len();
    assert_eq!((count("author"), count("item"), count("linkset")), (100, 100, 1));
    assert_eq!(document.meta("citation_author").len(), 250);
    assert_eq!(document.meta("citation_pdf_url").len(), 100);
    let head = page.split("</head>").next().unwrap();
    let json_ld = document.json_ld.len();
    assert!(json_ld < 64 * 1024 && head.len() < json_ld + 48 * 1024, "{json_ld} {}", head.len());
    // Without a linkset the page is the only place.
    let config = SiteConfig { exports: vec![Format::Bibtex], ..SiteConfig::default() };
    let renderer = Renderer::new(&repository(), config, None).unwrap();
    let whole = Document::parse(&page_with(&renderer, &value.to_string(), Lineage::SINGLE));
    assert_eq!((whole.links("author").len(), whole.links("item").len()), (3000, 5000));
}

#[test]
fn only_configured_exports_are_linked() {
    let config = SiteConfig { exports: vec![Format::Bibtex], ..SiteConfig::default() };
    let renderer = Renderer::new(&repository(), config, None).unwrap();
    let page = page_with(&renderer, DATASET, Lineage::SINGLE);
    assert!(page.contains("/records/7301448/citation.bib"));
    assert!(!page.contains("datacite.xml"));
    assert_eq!(Document::parse(&page).links("describedby").len(), 1);
}

#[test]
fn families() {
    let renderer = renderer(None).unwrap();
    let siblings = family();
    let newest = page_with(&renderer, DATASET, Lineage { index: 3, siblings: &siblings });
    assert!(!newest.contains("newer version"));
    let older = page_with(&renderer, DATASET, Lineage { index: 1, siblings: &siblings });
    assert!(older.contains("<a href=\"/records/7301502\">v3-rc1</a>, 27 March 2024."), "{older}");
    let many: Vec<Sibling> = (1..=1000).map(|id| sibling(id, None)).collect();
    let page = page_with(&renderer, DATASET, Lineage { index: 500, siblings: &many });
    for shown in ["Version 1000<", "Version 502<", "Version 500<", "Version 498<", "Version 1<"] {
        assert!(page.contains(shown), "{shown}");
    }
    assert!(page.contains("478 more") && page.contains("496 more"), "gaps are counted");
    assert!(!page.contains("Version 300<"));
    assert!(page.len() < 32_000, "{}", page.len());
}

#[test]
fn sizes() {
    let siblings = family();
    let renderer = renderer(None).unwrap();
    let typical = page_with(&renderer, DATASET, Lineage { index: 2, siblings: &siblings });
    // Every block, sixteen exports and three versions; the median of pages is two thirds of it.
    assert!(typical.len() <= 28_000, "a full page has {} bytes", typical.len());
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut packed, typical.as_bytes()).unwrap();
    let packed = packed.finish().unwrap().len();
    assert!(packed <= 8_000, "a full page has {packed} bytes as gzip");
    let creator = |n: usize| {
        format!(
            r#"{{"person_or_org": {{"type": "personal", "family_name": "Author", "given_name": "Number {n}",
            "identifiers": [{{"scheme": "orcid", "identifier": "0000-0002-1825-0097"}}]}},
            "affiliations": [{{"id": "05a28rw58", "name": "Institute {}"}}]}}"#,
            n % 300
        )
    };
    let creators: Vec<String> = (0..3000).map(creator).collect();
    let json = format!(
        r#"{{"id": "1", "metadata": {{"title": "Large collaboration", "creators": [{}]}}}}"#,
        creators.join(",")
    );
    let page = page(&json);
    Document::parse(&page).check("3,000 creators");
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
    assert!(page.contains("<summary>2,970 more creators</summary>"));
    assert!(page.find("2,970 more").unwrap() - page.find("<h1").unwrap() < 10_000);
}

#[test]
fn real_titles_and_descriptions() {
    let page = page(
        r#"{"id": "2", "metadata": {"title": "Effects of <i>E. coli</i> at p<0.01 & more",
        "description": "<h1>Big</h1><p>One</p>", "publication_date": "1999-2017"}}"#,
    );
    let document = Document::parse(&page);
    document.check("real");
    assert!(page.contains("<h1 dir=\"auto\">Effects of E. coli at p&lt;0.01 &amp; more</h1>"));
    assert!(page.contains("<h3>Big</h3>"), "one h1 a page");
    assert!(page.contains("1999-2017"));
}

#[test]
fn operators_change_one_block_or_the_style() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("assets")).unwrap();
    std::fs::write(
        folder.path().join("base.html"),
        "{% extends \"builtin/base.html\" %}{% block footer %}<footer>Ours: {{ site_name }}</footer>{% endblock %}",
    )
    .unwrap();
    std::fs::write(folder.path().join("assets/style.css"), "body{color:teal}").unwrap();
    let own = renderer(Some(folder.path())).unwrap();
    let built_in = renderer(None).unwrap();
    let page = page_with(&own, DATASET, Lineage::SINGLE);
    assert!(page.contains("<footer>Ours: Example Repository</footer>"));
    assert!(page.contains("Surface velocity"), "the rest stays");
    assert!(!page.contains("<footer class=\"site\">"));
    assert_ne!(own.assets()[0].path, built_in.assets()[0].path);
    assert_ne!(own.fingerprint(), built_in.fingerprint());
    assert!(page.contains(&own.assets()[0].path));

    std::fs::write(folder.path().join("404.html"), "{% if %}").unwrap();
    assert!(matches!(renderer(Some(folder.path())), Err(SiteError::Compile(_))));
    std::fs::write(folder.path().join("404.html"), "{{ nothing }}").unwrap();
    let mut out = b"kept".to_vec();
    let error = renderer(Some(folder.path())).unwrap().not_found(&mut out).unwrap_err();
    assert!(matches!(error, SiteError::Render { template: "404.html", .. }));
    assert_eq!(out, b"kept", "a failed page leaves nothing behind");
    std::fs::write(folder.path().join("404.html"), [0xff]).unwrap();
    assert!(matches!(renderer(Some(folder.path())), Err(SiteError::Override { .. })));
}

/// A renderer for an operator's look.
fn branded(brand: Brand) -> Result<Renderer, SiteError> {
    Renderer::new(&repository(), SiteConfig { brand, ..SiteConfig::default() }, None)
}

fn not_found_of(renderer: &Renderer) -> String {
    let mut out = Vec::new();
    renderer.not_found(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_template_of_the_documentation_adds_a_link_to_every_page() {
    let docs = include_str!("../docs/config.md");
    let example = docs.split("```jinja\n").nth(1).unwrap().split("```").next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("base.html"), example).unwrap();
    let renderer = renderer(Some(folder.path())).unwrap();
    for page in [page_with(&renderer, DATASET, Lineage::SINGLE), not_found_of(&renderer)] {
        assert!(page.contains("<li><a href=\"https://library.example/\">The library</a></li>"));
        assert!(page.contains(">Bulk data</a></li>"), "the rest of the navigation stays");
        Document::parse(&page).check("with the library");
    }
}

#[test]
fn an_operator_brands_the_site_with_keys_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\"/>";
    std::fs::write(path("logo.svg"), svg).unwrap();
    std::fs::create_dir(path("pages")).unwrap();
    std::fs::write(path("pages/team.md"), "# Team & friends\n\n[home](/)").unwrap();
    std::fs::write(path("pages/notes.txt"), "no page").unwrap();
    let plain = branded(Brand::default()).unwrap();
    let mut fingerprints = vec![plain.fingerprint()];
    let brand = Brand {
        tagline: Some("Data <of> the north".into()),
        logo: Some(path("logo.svg")),
        accent: Accent::parse("#8b1a4f"),
        footer: Some("By *us* <img src=x onerror=alert(1)>".into()),
        pages_dir: Some(path("pages")),
    };
    let renderer = branded(brand.clone()).unwrap();
    fingerprints.push(renderer.fingerprint());

    let text = |at: usize| String::from_utf8(renderer.assets()[at].bytes.to_vec()).unwrap();
    assert!(text(0).contains("--accent:#8b1a4f"));
    assert_eq!(text(3), svg);
    let page = not_found_of(&renderer);
    Document::parse(&page).check("branded");
    let logo = format!("<img src=\"/{}\" alt=\"\">", renderer.assets()[3].path);
    for shown in [logo.as_str(), "By <em>us</em>", "<a href=\"/team\">Team &amp; friends</a>"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(!page.contains("onerror"));
    assert!(!not_found_of(&plain).contains("<img"));

    let names: Vec<&str> = renderer.extra_pages().iter().map(|page| page.name.as_str()).collect();
    assert_eq!(names, ["about", "team"]);
    let mut out = Vec::new();
    for page in renderer.extra_pages() {
        out.clear();
        renderer.extra(page, &mut out).unwrap();
        Document::parse(std::str::from_utf8(&out).unwrap()).check(&page.name);
    }
    let team = String::from_utf8(out).unwrap();
    assert!(team.contains("<h1>Team &amp; friends</h1>") && team.contains("<a href=\"/\">home"));

    // What a page or a logo holds decides whether a release is stale, not its name.
    std::fs::write(path("pages/team.md"), "# Team & friends\n\n[home](/) again").unwrap();
    fingerprints.push(branded(brand.clone()).unwrap().fingerprint());
    std::fs::write(path("logo.svg"), format!("{svg}\n")).unwrap();
    fingerprints.push(branded(brand.clone()).unwrap().fingerprint());
    fingerprints.sort_unstable();
    fingerprints.dedup();
    assert_eq!(fingerprints.len(), 4);
}

#[test]
fn what_cannot_be_branded_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let logo = |path| Brand { logo: Some(path), ..Brand::default() };
    let pages = |path: std::path::PathBuf| Brand {
        pages_dir: Some(path.parent().unwrap().to_owned()),
        ..Brand::default()
    };
    for (brand, expected) in [
        (logo(folder.path().join("none.svg")), "cannot read the logo"),
        (logo(write("a.gif", b"GIF89a")), "must be an .svg or a .png"),
        (logo(write("a.png", b"<svg>")), "does not hold what its ending says"),
        (logo(write("a.svg", &[b'x'; 70_000])), "larger than 64 KiB"),
        (pages(write("one/Team.md", b"x")), "lower-case letters"),
        (pages(write("two/records.md", b"x")), "the site itself uses"),
        (pages(write("three/bad.md", &[0xff])), "cannot read the page"),
        (pages(folder.path().join("nowhere/x.md")), "cannot read the page"),
    ] {
        let error = branded(brand).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_site_below_a_path_links_below_it() {
    let below = Repository { base_url: "https://host.example/archive".into(), ..repository() };
    let renderer = Renderer::new(&below, SiteConfig::default(), None).unwrap();
    let siblings = family();
    let page = page_with(&renderer, DATASET, Lineage { index: 1, siblings: &siblings });
    let document = Document::parse(&page);
    for url in document.hrefs.iter().filter(|url| url.starts_with('/')) {
        assert!(url.starts_with("/archive/"), "{url}");
    }
    assert_eq!(document.links("canonical"), ["https://host.example/archive/records/7301448"]);
}

/// Replaces every string of a record except its id by `text`.
fn filled(value: &mut serde_json::Value, text: &str) {
    match value {
        serde_json::Value::String(old) => *old = text.to_owned(),
        serde_json::Value::Array(items) => items.iter_mut().for_each(|item| filled(item, text)),
        serde_json::Value::Object(members) => {
            for (key, member) in members.iter_mut() {
                if !matches!(key.as_str(), "id" | "access" | "geometry") {
                    filled(member, text);
                }
            }
        }
        _ => {}
    }
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(150))]

    /// Any text in every field at once gives a page that a browser reads as intended.
    #[test]
    fn any_text_anywhere_stays_text(
        text in "([<>/\"'&= ;:!-]|script|style|p|javascript:|on|--|\\PC|[\\x00-\\x1f]){0,16}"
    ) {
        for json in [DATASET, ARTICLE, SOFTWARE, THESIS, CONFERENCE, IMAGE] {
            let mut value: serde_json::Value = serde_json::from_str(json).unwrap();
            filled(&mut value, &text);
            Document::parse(&page(&value.to_string())).check(&text);
        }
    }
}

#[test]
fn reference_records() {
    let Ok(data) = std::env::var("OFFPRINT_REFERENCE_DATA") else {
        println!("skipped: OFFPRINT_REFERENCE_DATA is not set");
        return;
    };
    let data = Path::new(&data);
    let own = std::fs::read_dir(data.join("inveniordm")).unwrap();
    let pairs = std::fs::read_dir(data.join("pairs-invenio-reference")).unwrap();
    let paths = own
        .map(|entry| entry.unwrap().path())
        .chain(pairs.map(|entry| entry.unwrap().path().join("input.inveniordm.json")));
    let (mut rendered, mut left) = (0, 0);
    for path in paths {
        let json = std::fs::read_to_string(&path).unwrap_or_default();
        let Ok(record) = Record::parse(&json) else {
            left += 1;
            continue;
        };
        if let Visibility::Public(_) = visibility(&record, AS_OF) {
            Document::parse(&page(&json)).check(&path.display().to_string());
            rendered += 1;
        }
    }
    println!("{rendered} records have pages, {left} files are no native records");
    assert!(rendered >= 7);
}

//! The blocks of a landing page: there for a record that has them, bounded for one that has
//! thousands.

use offprint::build::site::{Renderer, SiteConfig};
use offprint::record::Lineage;

use super::inspect::Document;
use super::{
    CONFERENCE, DATASET, EMPTY, IMAGE, SOFTWARE, THESIS, family, page, page_with, renderer,
    repository,
};

/// What a block shows, and a record that has it.
const BLOCKS: [(&str, &str, &str); 22] = [
    ("citation", DATASET, "<p class=\"citation\" dir=\"auto\" id=\"cite-apa\">"),
    ("citation styles", EMPTY, "data-style=\"IEEE\""),
    (
        "DOI badge",
        DATASET,
        "[![DOI](https://repository.example/badge/DOI/10.5072/repository.7301448.svg)](https://doi.org/10.5072/repository.7301448)",
    ),
    ("concept DOI", DATASET, "Cite all versions with"),
    ("contributors", DATASET, "<dt>Data collector</dt>"),
    ("notes", DATASET, "<section class=\"extra notes\">"),
    ("files", DATASET, "<table class=\"files\">"),
    (
        "checksum",
        CONFERENCE,
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ),
    ("related works", DATASET, "<dl class=\"related\">"),
    ("funding", DATASET, "ICEFLOW"),
    ("references", DATASET, "<ul class=\"references\">"),
    ("map", IMAGE, "<svg class=\"map\""),
    ("list of places", IMAGE, "<bdi>Somewhere without a position</bdi>"),
    ("discipline", IMAGE, "<dt>Scientific name</dt><dd dir=\"auto\">Xylophanes exemplaris</dd>"),
    ("interactions", IMAGE, "Xylophanes exemplaris → Apanteles sp."),
    (
        "conference",
        CONFERENCE,
        "<a href=\"https://cae.example\">Conference on Acoustic Ecology</a>",
    ),
    ("book", CONFERENCE, "ISBN 978-3-16-148410-0"),
    ("thesis", THESIS, "<cite>University of Bern</cite>, Institute of Plant Sciences"),
    ("GND and ISNI", THESIS, "href=\"https://d-nb.info/gnd/118540238\""),
    ("software", SOFTWARE, "<dt>Development status</dt><dd dir=\"auto\">Active</dd>"),
    ("SWHID", SOFTWARE, "href=\"https://archive.softwareheritage.org/swh:1:dir:"),
    ("lists", SOFTWARE, "<a href=\"/browse/type/software\">Software</a>"),
];

#[test]
fn every_block_for_a_record_that_has_it() {
    let siblings = family();
    let renderer = renderer(None).unwrap();
    let lineage = Lineage { index: 2, siblings: &siblings };
    let bare = page(r#"{"id": "9", "metadata": {}}"#);
    for (block, record, shown) in BLOCKS {
        let has =
            page_with(&renderer, record, if record == DATASET { lineage } else { Lineage::SINGLE });
        assert!(has.contains(shown), "{block}: {shown} is missing");
        let always = matches!(block, "citation" | "citation styles");
        assert_eq!(bare.contains(shown), always, "{block} of a bare record");
    }
    for heading in ["Files", "Locations", "Discipline", "Funding", "Versions", "Licence", "Context"]
    {
        assert!(!bare.contains(&format!(">{heading}</h2>")), "{heading} of a bare record");
    }
    assert!(page(THESIS).contains("<strong>Restricted files."));
    assert!(!page(THESIS).contains("canary"), "a restricted file is named");
    assert!(!page(IMAGE).contains("not shown"), "an unknown field is shown");
    assert!(page(CONFERENCE).contains("<li><bdi>Old community</bdi></li>"), "no path, no link");
}

#[test]
fn citations_without_script() {
    let document = Document::parse(&page(CONFERENCE));
    for text in [
        "Ibarra, L., & Sato, K. (2021). Counting birds by their songs. In A. Ode (Ed.), Proceedings of CAE 2021. https://doi.org/10.5072/repository.6620",
        "Ibarra, L. and Sato, K. (2021) “Counting birds by their songs,” in A. Ode (ed.) Proceedings of CAE 2021. Lisbon: Bird Press, pp. 12–19. Available at: https://doi.org/10.5072/repository.6620.",
        "Ibarra L, Sato K. Counting birds by their songs. In: Ode A, editor. Proceedings of CAE 2021 [Internet]. Lisbon: Bird Press; 2021. pp. 12–9. Available from: https://doi.org/10.5072/repository.6620 doi:10.5072/repository.6620",
        "L. Ibarra and K. Sato, “Counting birds by their songs,” in Proceedings of CAE 2021, A. Ode, Ed., Lisbon: Bird Press, Jan. 2021, pp. 12–19. doi: 10.5072/repository.6620.",
    ] {
        assert!(document.text.contains(text), "{text}\n{}", document.text);
    }
}

#[test]
fn thousands_of_files_stay_a_page() {
    let entry = |n: usize| {
        format!(
            r#""f{n:04}.csv": {{"key": "f{n:04}.csv", "size": {n}, "mimetype": "text/csv", "checksum": "md5:5d41402abc4b2a76b9719d911017c592"}}"#
        )
    };
    let entries: Vec<String> = (0..5000).map(entry).collect();
    let json = format!(
        r#"{{"id": "1", "metadata": {{"title": "Many files"}}, "files": {{"enabled": true, "entries": {{{}}}}}}}"#,
        entries.join(",")
    );
    let page = page(&json);
    Document::parse(&page).check("5,000 files");
    let main = &page[page.find("<main").unwrap()..];
    assert!(main.contains("f0199.csv") && !main.contains("f0200.csv"));
    assert!(main.contains("<a href=\"/records/1/record.json\">4,800 further files</a>"));
    assert!(main.len() < 80_000, "{} bytes", main.len());
    let none =
        Renderer::new(&repository(), SiteConfig { exports: vec![], ..SiteConfig::default() }, None)
            .unwrap();
    assert!(
        page_with(&none, &json, Lineage::SINGLE).contains("f4999.csv"),
        "named on the page if nowhere else"
    );
}

#[test]
fn long_descriptions_fold() {
    let paragraph = format!("<p>{}</p>", "word ".repeat(200));
    let json = |times: usize| {
        let description = paragraph.repeat(times);
        page(&format!(r#"{{"id": "1", "metadata": {{"description": "{description}"}}}}"#))
    };
    assert!(!json(5).contains("<summary>Read on</summary>"));
    let long = json(12);
    Document::parse(&long).check("long");
    assert!(long.contains("</p><details class=\"more\"><summary>Read on</summary>\n<p>"));
}

//! Our citation styles against hayagriva, which runs the CSL styles of the same ids.
//!
//! The engine reads our own CSL-JSON. What our styles differ in on purpose, and what the engine
//! gets wrong, is in `told` and `read`; `docs/crosswalks.md` gives the reasons.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, reason = "a test")]

#[path = "citations/corpus.rs"]
mod corpus;

use corpus::{Dice, record};
use hayagriva::archive::{ArchivedStyle, locales};
use hayagriva::citationberg::{IndependentStyle, Locale, Style as CslStyle, json};
use hayagriva::{
    BibliographyDriver, BibliographyRequest, BufWriteFormat, CitationItem, CitationRequest,
};
use offprint::crosswalk::citation::{Cited, Piece, Style, Work, citation_in, cite};
use offprint::crosswalk::csl;
use offprint::record::{FilesAccess, Lineage, Published, Record, Repository, vocabulary};
use serde_json::{Value, json};

fn repository() -> Repository {
    Repository {
        name: "Example Repository".into(),
        base_url: "https://repository.example".into(),
        publisher: None,
        doi_pattern: "10.5072/repository.N".into(),
        oai_namespace: "repository.example".into(),
    }
}

fn with_published<T>(json: &Value, then: impl FnOnce(&Published<'_>) -> T) -> T {
    let raw = json.to_string();
    let (repository, record) = (repository(), Record::parse(&raw).unwrap());
    then(&Published {
        record: &record,
        raw: &raw,
        created: "",
        updated: "",
        files: FilesAccess::Open,
        lineage: Lineage::SINGLE,
        repository: &repository,
    })
}

fn engine_style(style: Style) -> IndependentStyle {
    let archived = match style {
        Style::Apa => ArchivedStyle::AmericanPsychologicalAssociation,
        Style::Harvard => ArchivedStyle::HarvardCiteThemRight,
        Style::Mla => ArchivedStyle::ModernLanguageAssociation,
        Style::Vancouver => ArchivedStyle::NlmCitationSequence,
        Style::Chicago => ArchivedStyle::ChicagoNotes,
        Style::Ieee => ArchivedStyle::InstituteOfElectricalAndElectronicsEngineers,
    };
    let CslStyle::Independent(independent) = archived.get() else { panic!("a style of its own") };
    assert!(independent.info.id.ends_with(style.id()) || style == Style::Vancouver);
    if style != Style::Vancouver {
        return independent;
    }
    // The engine shows no name where `cs:names` has a label and no `cs:name`.
    let xml = archived.get().to_xml().unwrap();
    let named = xml.replace("<label form=\"long\"", "<name/><label form=\"long\"");
    assert_ne!(xml, named);
    IndependentStyle::from_xml(&named).unwrap()
}

/// The engine's citation, italics between underscores.
fn engine(item: &json::Item, style: &IndependentStyle, locales: &[Locale]) -> String {
    let mut driver = BibliographyDriver::new();
    let cited = vec![CitationItem::with_entry(item)];
    driver.citation(CitationRequest::from_items(cited, style, locales));
    let rendered =
        driver.finish(BibliographyRequest { style, locale: None, locale_files: locales });
    let mut html = String::new();
    for item in rendered.bibliography.unwrap().items {
        item.content.write_buf(&mut html, BufWriteFormat::Html).unwrap();
    }
    let html = html.replace("<span style=\"font-style: italic;\">", "_").replace("</span>", "_");
    let mut text = String::new();
    let mut rest = html.as_str();
    while let Some((before, link)) = rest.split_once("<a href") {
        text.push_str(before);
        rest = link.split_once('>').unwrap().1;
    }
    text.push_str(rest);
    read(&text.replace("</a>", "").replace("&amp;", "&").replace("&quot;", "\""))
}

fn ours(work: &Work<'_>, style: Style) -> String {
    let mut cited = Cited::default();
    cite(work, style, &mut cited);
    let pieces = cited.pieces();
    let whole: String = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Plain(text) | Piece::Italic(text) | Piece::Address(text) => *text,
        })
        .collect();
    assert_eq!(whole, cited.text());
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Plain(text) | Piece::Address(text) => (*text).to_owned(),
            Piece::Italic(text) => format!("_{text}_"),
        })
        .collect()
}

/// The engine's text without its errors.
fn read(text: &str) -> String {
    let mut text = text.to_owned();
    for (wrong, right) in [
        // The mark before what is left out.
        (",  doi:", ". doi:"),
        (",  [Online", ". [Online"),
        // Two spaces where two affixes meet.
        ("  ", " "),
        (" ;", ";"),
        ("?,” doi:", "?” doi:"),
        ("?,” [Online", "?” [Online"),
        (",” doi:", ".” doi:"),
        (",” [Online", ".” [Online"),
        ("[Online Video]", "[Online]"),
        // Punctuation is not pulled into a quotation before a prefix.
        ("”. Available at", ".” Available at"),
        ("”, 5 March", ",” 5 March"),
        ("”, 31 December", ",” 31 December"),
        ("”, June", ",” June"),
        // A sentence that ended has another full stop.
        ("._", "_."),
        ("..", "."),
        (".,”", ",”"),
        ("?.”", "?”"),
        ("?_.", "?_"),
        ("?.", "?"),
        // A date that is only a year keeps the comma before its month.
        (",)", ")"),
        // A date of access that no record has.
        (" Retrieved https", " https"),
        // Its own term in one place, ours in another.
        ("(ed.)", "(Ed.)"),
        ("(eds.)", "(Eds.)"),
        ("(eds)", "(Eds.)"),
        ("__", ""),
    ] {
        text = text.replace(wrong, right);
    }
    text.trim().to_owned()
}

/// What our styles look at, as an item for the engine.
fn told(published: &Published<'_>, style: Style) -> Option<Value> {
    let mut bytes = Vec::new();
    csl::write_item(published, &mut bytes);
    let mut item: Value = serde_json::from_slice(&bytes).unwrap();
    let custom = &published.record.custom_fields;
    let given = item["type"].as_str().unwrap().to_owned();
    let kind = match given.as_str() {
        "patent" | "standard" => "report",
        "collection" | "event" | "periodical" | "review" => "document",
        kind => kind,
    };
    let kind = match kind {
        "article" | "report" | "document" if custom.journal.title.is_some() => "article-journal",
        kind => kind,
    };
    item["type"] = kind.into();
    let has = |item: &Value, name: &str| item.get(name).is_some();
    let contained = matches!(kind, "article-journal" | "paper-conference" | "chapter")
        && has(&item, "container-title");
    let of_book = contained || kind == "book";
    let is_printed = matches!(kind, "book" | "chapter" | "paper-conference" | "report");
    let is_shown = !contained
        && matches!(
            kind,
            "paper-conference" | "speech" | "graphic" | "motion_picture" | "document"
        );
    let in_book = contained && kind != "article-journal";
    let edits = in_book || !has(&item, "author");
    // The engine loses the version with the title of a work without authors.
    let whole = has(&item, "title") && (has(&item, "author") || has(&item, "editor") && edits);
    // The engine puts publisher or journal in the place of authors.
    let nobody = !has(&item, "author") && !has(&item, "editor");
    if nobody && (kind == "software" || kind == "article-journal" && style == Style::Harvard) {
        return None;
    }
    // It loses what belongs to a title that stands in the place of authors.
    let lost = ["edition", "page"].iter().any(|name| has(&item, name));
    if nobody && (!has(&item, "title") || style == Style::Apa && kind == "book" && lost) {
        return None;
    }
    // Without a title it joins what belongs to it to the date.
    if !has(&item, "title") && (has(&item, "edition") || style == Style::Harvard) {
        return None;
    }
    // It has no label for editors in the place of authors, and no date of a talk.
    if style == Style::Chicago && !has(&item, "author") && has(&item, "editor") && edits
        || style == Style::Mla && kind == "speech"
    {
        return None;
    }
    // It writes "in" where nothing follows.
    let lost = !contained && matches!(kind, "chapter" | "paper-conference");
    if lost && matches!(style, Style::Harvard | Style::Vancouver) {
        item["type"] = "document".into();
    }
    let places = !matches!(style, Style::Mla | Style::Chicago);
    let known = [
        ("id", true),
        ("type", true),
        ("title", true),
        ("author", true),
        ("issued", true),
        ("DOI", true),
        ("URL", true),
        ("publisher", true),
        ("version", !contained && (whole || style != Style::Apa)),
        ("container-title", contained),
        ("volume", contained),
        ("issue", contained),
        ("page", of_book),
        ("edition", in_book || kind == "book"),
        ("editor", edits),
        ("publisher-place", is_printed && places),
        ("event-title", is_shown),
        ("event-place", is_shown && style != Style::Ieee),
        ("genre", kind == "thesis"),
        ("language", true),
    ];
    let members = item.as_object_mut().unwrap();
    members.retain(|name, _| known.iter().any(|(known, kept)| known == name && *kept));
    // Headline capitals are for works that say they are English.
    members.entry("language").or_insert("und".into());
    Some(item)
}

#[test]
fn our_styles_say_what_the_engine_says() {
    let locales = locales();
    let mut dice = Dice(7);
    let (mut compared, mut wrong) = (0, Vec::new());
    let rounds = 12;
    for style in Style::ALL {
        let engine_style = engine_style(style);
        for kind in vocabulary::resource_types() {
            for _ in 0..rounds {
                let record = record(kind.id, &mut dice);
                with_published(&record, |published| {
                    let Some(item) = told(published, style) else { return };
                    let parsed: json::Item = serde_json::from_value(item.clone()).unwrap();
                    let expected = engine(&parsed, &engine_style, &locales);
                    let mut got = ours(&Work::of(published), style);
                    if item.get("version").is_none() {
                        for version in
                            [" (Version 2.1.0)", " (Version 3)", "(Version 2.1.0) ", "(Version 3) "]
                        {
                            got = got.replace(version, "");
                        }
                    }
                    compared += 1;
                    if read(&got) != expected {
                        wrong.push(format!(
                            "{} {}\n  ours   {}\n  engine {expected}\n",
                            style.id(),
                            item["type"],
                            read(&got)
                        ));
                    }
                });
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {compared}:\n{}", wrong.len(), wrong.concat());
    println!("{compared} citations are the engine's");
}

/// What our styles differ in from the CSL styles, or where the engine cannot be asked.
#[test]
fn what_differs_on_purpose() {
    let record = |members: Value| {
        let mut record = json!({
            "id": "7", "pids": {"doi": {"identifier": "10.5072/repository.7"}},
            "metadata": {
                "resource_type": {"id": "dataset"}, "title": "Ice", "publisher": "Press",
                "publication_date": "2024-03-05",
                "creators": [{"person_or_org": {"family_name": "Ng", "given_name": "Wei"}}],
            },
        });
        for (name, value) in members.as_object().unwrap() {
            let into = if name.contains(':') { "custom_fields" } else { "metadata" };
            record[into][name] = value.clone();
        }
        record
    };
    let person = |family: &str, given: &str| json!({"person_or_org": {"family_name": family, "given_name": given}});
    for (why, members, style, expected) in [
        (
            "intervals show their years",
            json!({"publication_date": "2019/2021-02"}),
            Style::Apa,
            "Ng, W. (2019–2021). Ice [Dataset]. Press. ",
        ),
        (
            "intervals show their years",
            json!({"publication_date": "2019/2021-02"}),
            Style::Ieee,
            "W. Ng, “Ice.” Press, 2019–2021. ",
        ),
        (
            "what is no date is none",
            json!({"publication_date": "Err"}),
            Style::Harvard,
            "Ng, W. (no date) “Ice.” Press. ",
        ),
        (
            "the version loses its word",
            json!({"version": "v1.2"}),
            Style::Apa,
            "Ng, W. (2024). Ice (Version 1.2) [Dataset]. Press. ",
        ),
        (
            "particles stay with the family name",
            json!({"creators": [person("van der Berg", "Jan")]}),
            Style::Apa,
            "van der Berg, J. (2024). Ice [Dataset]. Press. ",
        ),
        (
            "initials without space, small ones",
            json!({"creators": [person("Roe", "J.P."), person("Poe", "maria")]}),
            Style::Ieee,
            "J. P. Roe and M. Poe, “Ice.” Press, Mar. 05, 2024. ",
        ),
        (
            "words with capitals stay",
            json!({"title": "an iPhone and mRNA", "languages": [{"id": "eng"}]}),
            Style::Mla,
            "Ng, Wei. “An iPhone and mRNA.” Press, 5 Mar. 2024, ",
        ),
        (
            "titles of unknown language stay",
            json!({"title": "un titre long"}),
            Style::Chicago,
            "Ng, Wei. “un titre long.” Press, March 5, 2024. ",
        ),
        (
            "the version of a work without authors stays",
            json!({"creators": [], "version": "3"}),
            Style::Apa,
            "Ice (Version 3). (2024). [Dataset]. Press. ",
        ),
        (
            "software without authors begins with its title",
            json!({"creators": [], "resource_type": {"id": "software"}}),
            Style::Apa,
            "Ice. (2024). [Computer software]. Press. ",
        ),
        (
            "editors without authors are called so",
            json!({"creators": [], "contributors": [{"person_or_org": {"family_name": "Ode", "given_name": "Ann"}, "role": {"id": "editor"}}]}),
            Style::Chicago,
            "Ode, Ann, ed. “Ice.” Press, March 5, 2024. ",
        ),
        (
            "a talk has its date",
            json!({"resource_type": {"id": "presentation"}}),
            Style::Mla,
            "Ng, Wei. “Ice.” Press, 5 Mar. 2024, ",
        ),
        (
            "a review is no review of itself",
            json!({"resource_type": {"id": "publication-peerreview"}}),
            Style::Apa,
            "Ng, W. (2024, March 5). Ice. Press. ",
        ),
        (
            "a report in a journal is an article",
            json!({"resource_type": {"id": "publication-report"}, "journal:journal": {"title": "J", "volume": "1"}}),
            Style::Apa,
            "Ng, W. (2024). Ice. J, 1. ",
        ),
        (
            "no other kind has a container",
            json!({"journal:journal": {"title": "J", "volume": "1"}}),
            Style::Apa,
            "Ng, W. (2024). Ice [Dataset]. Press. ",
        ),
        (
            "line feeds become spaces",
            json!({"title": "<p>Ice</p><p>Snow</p>"}),
            Style::Apa,
            "Ng, W. (2024). Ice Snow [Dataset]. Press. ",
        ),
    ] {
        let record = record(members);
        let got = with_published(&record, |published| citation_in(published, style));
        assert!(got.starts_with(expected), "{why}:\n  {got}\n  {expected}");
        let address = got.replace(expected, "");
        assert!(address.contains("10.5072/repository.7") && address.len() < 60, "{why}: {address}");
    }
}

/// Any text in any field gives citations in one line whose pieces make up the whole.
#[test]
fn hostile_text_stays_on_its_line() {
    for text in
        ["", " ", "”", ",” ", "a\nb", "\u{202e}x", "<script>", ", ", ". ", "–", "-", "_", "'", "1-"]
    {
        for kind in vocabulary::resource_types() {
            let item = json!({
                "id": "7", "metadata": {
                    "resource_type": {"id": kind.id}, "title": text, "publisher": text,
                    "version": text, "publication_date": text,
                    "creators": [{"person_or_org": {"family_name": text, "given_name": text}}],
                    "contributors": [{"person_or_org": {"name": text}, "role": {"id": "editor"}}],
                },
                "custom_fields": {
                    "journal:journal": {"title": text, "volume": text, "issue": text, "pages": text},
                    "imprint:imprint": {"title": text, "place": text, "edition": text, "pages": text},
                    "meeting:meeting": {"title": text, "place": text},
                    "thesis:thesis": {"university": text, "type": text},
                },
            });
            with_published(&item, |published| {
                for style in Style::ALL {
                    let got = ours(&Work::of(published), style);
                    assert!(!got.contains(['\n', '\u{202e}']), "{got}");
                    assert!(got.contains("https://repository.example/records/7"), "{got}");
                }
            });
        }
    }
}

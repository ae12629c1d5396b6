//! Facts in short: identifiers, where it was published, subjects, communities, machine dates.

use std::borrow::Cow;

use super::access::{date_element, kind};
use super::works::identifier;
use super::{Page, fact, fact_text, joined, wrap};
use crate::build::site::html::Html;
use crate::build::site::url::Facet;
use crate::build::site::words;
use crate::crosswalk::links::identifier_url;
use crate::record::date::Edtf;
use crate::record::html::plain;
use crate::record::vocabulary;

/// Subjects shown before the list folds.
const SUBJECTS: usize = 40;

/// The main facts as rows of a `<dl>`.
pub(in crate::build::site) fn facts(page: Page<'_>, html: &mut Html) {
    let record = page.published.record;
    let metadata = &record.metadata;
    fact(html, "DOI", |html| {
        if let Some(doi) = page.published.doi() {
            html.link("doi", Some(page.citable), doi);
        }
    });
    fact(html, "Resource type", |html| {
        let item = &metadata.resource_type.id;
        let list =
            vocabulary::resource_type(item).and_then(|known| page.list(Facet::Type, known.id));
        html.link("", list.as_deref(), kind(page));
    });
    let published = metadata.publication_date.as_deref().filter(|date| !date.is_empty());
    fact(html, "Published", |html| {
        let year = published.and_then(Edtf::repair).map(|(date, _)| date.year());
        let list = year.and_then(|year| page.list(Facet::Year, &format!("{year:04}")));
        html.link("", list.as_deref(), &published.map(words::date).unwrap_or_default());
    });
    let publisher =
        metadata.publisher.as_deref().or(page.published.repository.publisher.as_deref());
    fact_text(html, "Publisher", publisher);
    fact(html, "Languages", |html| {
        joined(html, ", ", &metadata.languages, |html, item| {
            let known = vocabulary::language(&item.id).map(|language| language.name);
            html.text(known.or(item.title.preferred()).unwrap_or(&item.id));
        });
    });
    fact(html, "Other identifiers", |html| {
        joined(html, "<br>", &metadata.identifiers, |html, id| {
            if !id.identifier.is_empty() {
                identifier(html, id.scheme.as_deref(), &id.identifier);
            }
        });
    });
    fact(html, "Software Heritage", |html| {
        if let Some(swhid) = record.swh.swhid.as_deref() {
            html.link("swhid", identifier_url(Some("swhid"), swhid).as_deref(), swhid);
        }
    });
    dates(page, html);
    for (label, list) in [("Sizes", &metadata.sizes), ("Formats", &metadata.formats)] {
        fact(html, label, |html| {
            joined(html, ", ", list, |html, text| {
                html.text(&plain(text));
            });
        });
    }
}

fn dates(page: Page<'_>, html: &mut Html) {
    for date in &page.published.record.metadata.dates {
        let kind = date.kind.as_ref().map_or("other", |kind| kind.id.as_str());
        let label = vocabulary::date_type(kind).map_or("Other", |term| term.title);
        let label = if label == "Other" { "Date" } else { label };
        fact(html, label, |html| {
            if !date.date.is_empty() {
                date_element(html, &date.date);
            }
            let note = plain(date.description.as_deref().unwrap_or_default());
            if !note.is_empty() {
                html.raw(" <span class=\"label\">").text(&note).raw("</span>");
            }
        });
    }
}

/// Journal, book, thesis, conference, software: rows of a `<dl>`.
pub(in crate::build::site) fn published_in(page: Page<'_>, html: &mut Html) {
    let fields = &page.published.record.custom_fields;
    let journal = &fields.journal;
    let line = [
        (journal.volume.as_deref(), "vol. "),
        (journal.issue.as_deref(), "no. "),
        (journal.pages.as_deref(), "pp. "),
    ];
    fact(html, "Journal", |html| {
        titled(html, journal.title.as_deref(), &line, journal.issn.as_deref(), "ISSN ");
    });
    let imprint = &fields.imprint;
    let line = [
        (imprint.edition.as_deref(), "edition "),
        (imprint.place.as_deref(), ""),
        (imprint.pages.as_deref(), "pp. "),
    ];
    fact(html, "Book", |html| {
        titled(html, imprint.title.as_deref(), &line, imprint.isbn.as_deref(), "ISBN ");
    });
    let thesis = &fields.thesis;
    let line = [(thesis.department.as_deref(), ""), (thesis.kind.as_deref(), "")];
    fact(html, "Thesis", |html| titled(html, thesis.university.as_deref(), &line, None, ""));
    for (label, date) in
        [("Submitted", &thesis.date_submitted), ("Defended", &thesis.date_defended)]
    {
        fact(html, label, |html| {
            if let Some(date) = date.as_deref().filter(|date| !date.is_empty()) {
                date_element(html, date);
            }
        });
    }
    meeting(page, html);
    software(page, html);
}

fn meeting(page: Page<'_>, html: &mut Html) {
    let meeting = &page.published.record.custom_fields.meeting;
    fact(html, "Conference", |html| {
        let title =
            plain(meeting.title.as_deref().or(meeting.acronym.as_deref()).unwrap_or_default());
        let url = meeting.url.as_deref().and_then(|url| identifier_url(Some("url"), url));
        html.link("", url.as_deref(), &title);
        let acronym = meeting.acronym.as_deref().filter(|_| meeting.title.is_some());
        let line = [
            (acronym, ""),
            (meeting.place.as_deref(), ""),
            (meeting.dates.as_deref(), ""),
            (meeting.session.as_deref(), "session "),
            (meeting.session_part.as_deref(), "part "),
        ];
        more(html, !title.is_empty(), &line);
    });
}

fn software(page: Page<'_>, html: &mut Html) {
    let fields = &page.published.record.custom_fields;
    fact(html, "Repository", |html| {
        if let Some(url) = fields.code_repository.as_deref() {
            html.link("", identifier_url(Some("url"), url).as_deref(), url);
        }
    });
    fact(html, "Programming languages", |html| {
        joined(html, ", ", &fields.programming_languages, |html, item| {
            html.text(item.title.preferred().unwrap_or(&item.id));
        });
    });
    let status = fields.development_status.as_ref();
    fact_text(
        html,
        "Development status",
        status.map(|item| item.title.preferred().unwrap_or_else(|| development(&item.id))),
    );
}

/// The eight states of repostatus.org in words; another id as it is.
fn development(id: &str) -> &str {
    match id {
        "concept" => "Concept",
        "wip" => "Work in progress",
        "suspended" => "Suspended",
        "abandoned" => "Abandoned",
        "active" => "Active",
        "inactive" => "Inactive",
        "unsupported" => "Unsupported",
        "moved" => "Moved",
        other => other,
    }
}

/// `Title, vol. 3, no. 2. ISSN 1234-5678`
fn titled(
    html: &mut Html,
    title: Option<&str>,
    line: &[(Option<&str>, &'static str)],
    number: Option<&str>,
    number_label: &'static str,
) {
    let title = plain(title.unwrap_or_default());
    wrap(html, "<cite>", "</cite>", |html| {
        html.text(&title);
    });
    more(html, !title.is_empty(), line);
    let number = plain(number.unwrap_or_default());
    if !number.is_empty() {
        html.raw(" <small>").raw(number_label).text(&number).raw("</small>");
    }
}

fn more(html: &mut Html, after: bool, line: &[(Option<&str>, &'static str)]) {
    let parts = line.iter().filter_map(|(text, label)| {
        let text = plain((*text)?);
        (!text.is_empty()).then_some((*label, text))
    });
    wrap(html, if after { ", " } else { "" }, "", |html| {
        joined(html, ", ", parts, |html, (label, text)| {
            html.raw(label).text(&text);
        });
    });
}

/// Keywords and controlled subjects.
pub(in crate::build::site) fn subjects(page: Page<'_>, html: &mut Html) {
    let record = page.published.record;
    let plain_words = record.metadata.subjects.iter().map(|subject| {
        let words = subject.subject.as_deref().or(subject.id.as_deref()).unwrap_or_default();
        (plain(words), subject.id.as_deref())
    });
    let legacy = record.custom_fields.legacy_subjects.iter();
    let legacy = legacy.map(|subject| {
        (plain(subject.term.as_deref().unwrap_or_default()), subject.identifier.as_deref())
    });
    let all: Vec<(Cow<'_, str>, Option<&str>)> =
        plain_words.chain(legacy).filter(|(words, _)| !words.is_empty()).collect();
    let list = |html: &mut Html, items: &[(Cow<'_, str>, Option<&str>)]| {
        wrap(html, "<ul class=\"tags\">\n", "</ul>\n", |html| {
            for (words, id) in items {
                let url = id.and_then(|id| identifier_url(Some("url"), id));
                html.raw("<li dir=\"auto\">").link("", url.as_deref(), words);
                html.raw("</li>\n");
            }
        });
    };
    let shown = if all.len() > SUBJECTS + 5 { SUBJECTS } else { all.len() };
    let (first, rest) = all.split_at(shown);
    list(html, first);
    if !rest.is_empty() {
        html.raw("<details class=\"more\"><summary>").number(rest.len()).raw(" more</summary>\n");
        list(html, rest);
        html.raw("</details>\n");
    }
}

/// Communities by name.
pub(in crate::build::site) fn communities(page: Page<'_>, html: &mut Html) {
    let communities = page.published.record.parent.communities.entries.iter();
    let listed = page.published.lineage.is_latest();
    wrap(html, "<ul class=\"communities\">\n", "</ul>\n", |html| {
        for community in communities.filter(|community| !community.slug.is_empty()) {
            let title = plain(community.metadata.title.as_deref().unwrap_or(&community.slug));
            let title = if title.is_empty() { community.slug.as_str().into() } else { title };
            let url = page.urls.community(&community.slug).filter(|_| listed);
            html.raw("<li><bdi>").link("", url.as_deref(), &title).raw("</bdi></li>\n");
        }
    });
}

/// Created, modified, id: rows of a `<dl>`.
pub(in crate::build::site) fn technical(page: Page<'_>, html: &mut Html) {
    fact_text(html, "Record", Some(page.published.id()));
    for (label, time) in [("Created", page.published.created), ("Modified", page.published.updated)]
    {
        fact(html, label, |html| {
            if time.len() >= 19 {
                html.raw("<time datetime=\"").text(&words::timestamp_seconds(time)).raw("\">");
                html.text(&words::timestamp_day(time)).raw("</time>");
            }
        });
    }
    let oai = page.published.record.pids.oai.as_ref();
    fact_text(html, "OAI", oai.map(|oai| oai.identifier.as_str()));
}

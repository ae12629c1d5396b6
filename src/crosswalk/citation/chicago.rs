//! `Moretti, Giulia Maria, and Jan-Piet Berg. “Title.” Publisher, March 5, 2024. URL.`

use super::dates::{self, Issued, LONG, Pages};
use super::line::Cited;
use super::names::{self, Form, Inverted, Rest};
use super::work::{Kind, Work, capitalised, ordinal_edition};

const AUTHORS: Form = Form {
    inverted: Inverted::First,
    initials: None,
    separator: ", ",
    and: " and ",
    comma_from: 2,
    shortened_from: 7,
    shown: 3,
    rest: Rest::EtAl,
};
const EDITORS: Form = Form { inverted: Inverted::None, comma_from: 3, ..AUTHORS };

pub(super) fn cite(work: &Work<'_>, out: &mut Cited) {
    names::write(&work.authors, &AUTHORS, out);
    if work.authors.is_empty() && !work.editors.is_empty() {
        names::write(&work.editors, &AUTHORS, out);
        out.push(if work.editors.are_many() { ", eds." } else { ", ed." });
    }
    out.end(". ");
    title(work, out);
    out.end(". ");
    if work.kind == Kind::ConferencePaper {
        event(work, out);
    }
    if let Some(version) = work.version.as_deref() {
        out.push(if work.kind == Kind::Software { "V. " } else { "Version " }).push(version);
        out.end(". ");
    }
    let by_number = matches!(work.kind, Kind::Article | Kind::ConferencePaper);
    match work.container.as_deref() {
        Some(container) if by_number && (work.editors.is_empty() || work.authors.is_empty()) => {
            journal(work, container, out);
        }
        container => {
            if let Some(container) = container {
                book(work, container, out);
            } else if let Some(edition) = work.edition.as_deref() {
                match ordinal_edition(edition) {
                    Some(edition) => out.push(&edition),
                    None => out.push(&capitalised(edition)),
                };
                out.end(". ");
            }
            if work.kind != Kind::ConferencePaper {
                event(work, out);
            }
            publisher(work, out);
        }
    }
    out.end(". ").address(&work.url).mark(".");
}

fn title(work: &Work<'_>, out: &mut Cited) {
    if work.headline.is_empty() {
        return;
    }
    let is_quoted = work.container.is_some()
        || matches!(
            work.kind,
            Kind::Dataset
                | Kind::Talk
                | Kind::Document
                | Kind::Preprint
                | Kind::ConferencePaper
                | Kind::Thesis
        );
    match is_quoted {
        true => out.quoted(&work.headline),
        false => out.italic(&work.headline),
    };
}

/// `Journal 12, no. 3 (2024): 101–19`
fn journal(work: &Work<'_>, container: &str, out: &mut Cited) {
    out.italic(container);
    let (volume, issue) = (work.volume.as_deref(), work.issue.as_deref());
    if let Some(volume) = volume {
        out.push(" ").push(volume);
    }
    if let Some(issue) = issue {
        out.push(", no. ").push(issue);
    }
    let pages = work.pages.as_deref().map(|pages| dates::pages(pages, Pages::Chicago).0);
    if volume.is_none() && issue.is_none() {
        let ahead = work.kind == Kind::Article && work.doi.is_some() && work.issued.is_some();
        if ahead && pages.is_none() {
            out.push(", ahead of print");
        }
        out.push(", ");
        date(work.issued, Precision::Day, out);
        if let Some(pages) = pages {
            out.push(", ").push(&pages);
        }
        return;
    }
    out.push(" (");
    let both = volume.is_some() && issue.is_some();
    date(work.issued, if both { Precision::Year } else { Precision::Month }, out);
    out.push(")");
    if let Some(pages) = pages {
        out.push(": ").push(&pages);
    }
}

/// `In Book, 2nd ed., edited by Jane Doe. `
fn book(work: &Work<'_>, container: &str, out: &mut Cited) {
    out.push("In ").italic(container);
    if let Some(edition) = work.edition.as_deref() {
        out.push(", ").push(ordinal_edition(edition).as_deref().unwrap_or(edition));
    }
    if let Some(volume) = work.volume.as_deref() {
        out.push(", vol. ").push(volume);
    }
    if !work.authors.is_empty() && !work.editors.is_empty() {
        out.push(", edited by ");
        names::write(&work.editors, &EDITORS, out);
    }
    out.end(". ");
    if let Some(issue) = work.issue.as_deref() {
        out.push("no. ").push(issue).end(". ");
    }
}

fn event(work: &Work<'_>, out: &mut Cited) {
    let Some(event) = work.event.as_deref() else { return };
    if work.kind == Kind::ConferencePaper {
        out.push("Paper presented at ");
    }
    out.push(event);
    if let Some(place) = work.event_place.as_deref() {
        out.push(", ").push(place);
    }
    // What has no publisher has its date right after the event.
    let published = work.publisher.is_some() || work.kind == Kind::ConferencePaper;
    out.end(if published { ". " } else { ", " });
}

fn publisher(work: &Work<'_>, out: &mut Cited) {
    let genre = match work.kind {
        Kind::Preprint => Some("Preprint"),
        _ => work.genre.as_deref(),
    };
    let unpublished = match work.kind {
        Kind::Article => true,
        Kind::ConferencePaper => work.container.is_none(),
        _ => false,
    };
    let publisher = work.publisher.as_deref().filter(|_| !unpublished);
    for part in [genre, publisher].into_iter().flatten() {
        out.push(part).end(", ");
    }
    let precision = match work.kind {
        Kind::Chapter | Kind::Book | Kind::Report | Kind::Thesis | Kind::Figure | Kind::Video => {
            Precision::Year
        }
        Kind::ConferencePaper if work.container.is_some() => Precision::Year,
        _ => Precision::Day,
    };
    if work.kind == Kind::Software && work.issued.is_some() {
        out.push("Released ");
    }
    date(work.issued, precision, out);
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Precision {
    Year,
    Month,
    Day,
}

/// `March 5, 2024`, `March 2024`, `2024`, `n.d.`
fn date(issued: Option<Issued>, precision: Precision, out: &mut Cited) {
    let Some(issued) = issued else {
        out.push("n.d.");
        return;
    };
    let (month, day) = issued.month_and_day();
    if let Some(month) = month.filter(|_| precision >= Precision::Month) {
        out.push(dates::month(&LONG, month)).push(" ");
        if let Some(day) = day.filter(|_| precision == Precision::Day) {
            out.push(&day.to_string()).push(", ");
        }
    }
    out.push(&issued.year());
}

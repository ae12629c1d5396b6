//! `Moretti GM, Berg JP. Title [Internet]. Publisher; 2024. Available from: URL doi:DOI`

use super::dates::{self, BARE, Pages};
use super::line::Cited;
use super::names::{self, Form, Initials, Inverted, Rest};
use super::work::{Kind, Work, ordinal_edition};

const AUTHORS: Form = Form {
    inverted: Inverted::All,
    initials: Some(Initials { stop: false, space: false, hyphen: false }),
    separator: " ",
    and: ", ",
    comma_from: usize::MAX,
    shortened_from: 7,
    shown: 6,
    rest: Rest::EtAl,
};

pub(super) fn cite(work: &Work<'_>, out: &mut Cited) {
    names::write(&work.authors, &AUTHORS, out);
    if work.authors.is_empty() && !work.editors.is_empty() {
        names::write(&work.editors, &AUTHORS, out);
        out.push(if work.editors.are_many() { ", editors" } else { ", editor" });
    }
    out.end(". ");
    out.push(&work.title);
    if let Some(genre) = work.genre.as_deref() {
        out.gap().push("[").push(genre).push("]");
    }
    // Where a DOI says it, the medium of a journal article need not be told.
    let online = work.container.is_none() || work.kind != Kind::Article || work.doi.is_none();
    if let Some(container) = work.container.as_deref() {
        out.end(". ");
        if work.kind != Kind::Article {
            out.push("In: ");
            if !work.authors.is_empty() && !work.editors.is_empty() {
                names::write(&work.editors, &AUTHORS, out);
                out.push(if work.editors.are_many() { ", editors. " } else { ", editor. " });
            }
        }
        out.push(container);
    }
    if online {
        out.gap().push("[Internet]");
    }
    out.end(". ");
    if let Some(edition) = work.edition.as_deref() {
        out.push(ordinal_edition(edition).as_deref().unwrap_or(edition)).end(". ");
    }
    published(work, out);
    if let Some(pages) =
        work.pages.as_deref().filter(|_| matches!(work.kind, Kind::Chapter | Kind::ConferencePaper))
    {
        let (pages, many) = dates::pages(pages, Pages::Minimal);
        out.push(if many { "pp. " } else { "p. " }).push(&pages).end(". ");
    }
    access(work, out);
}

/// `Geneva: Publisher; 2024 Mar 5;12(3):101–19. `
fn published(work: &Work<'_>, out: &mut Cited) {
    let mut any = false;
    if work.kind != Kind::Article {
        if let Some(place) = work.place.as_deref() {
            out.push(place);
            any = true;
        }
        if let Some(publisher) = work.publisher.as_deref() {
            out.push(if any { ": " } else { "" }).push(publisher);
            any = true;
        }
    }
    if let Some(issued) = work.issued {
        out.push(if any { "; " } else { "" }).push(&issued.year());
        any = true;
        let (month, day) = match work.kind {
            Kind::Article | Kind::Talk => issued.month_and_day(),
            Kind::Report => (issued.month_and_day().0, None),
            _ => (None, None),
        };
        if let Some(month) = month {
            out.push(" ").push(dates::month(&BARE, month));
        }
        if let Some(day) = day {
            out.push(" ").push(&day.to_string());
        }
    }
    if let (Kind::Talk, Some(place)) = (work.kind, work.event_place.as_deref()) {
        out.push(if any { "; " } else { "" }).push(place);
    }
    if work.kind == Kind::Article {
        numbers(work, any, out);
    }
    out.end(". ");
}

fn numbers(work: &Work<'_>, dated: bool, out: &mut Cited) {
    let (volume, issue) = (work.volume.as_deref(), work.issue.as_deref());
    let numbered = volume.is_some() || issue.is_some();
    if dated && (numbered || work.pages.is_some()) {
        out.push(";");
    }
    out.push(volume.unwrap_or_default());
    if let Some(issue) = issue {
        out.push("(").push(issue).push(")");
    }
    if let Some(pages) = work.pages.as_deref() {
        out.push(if numbered { ":" } else { "" }).push(&dates::pages(pages, Pages::Minimal).0);
    }
}

fn access(work: &Work<'_>, out: &mut Cited) {
    match work.doi {
        Some(doi) if work.kind == Kind::Article => {
            out.push("doi:").address(doi);
        }
        Some(doi) => {
            out.push("Available from: ").address(&work.url).push(" doi:").push(doi);
        }
        None => {
            out.push("Available from: ").address(&work.url);
        }
    }
}

//! `Moretti, Giulia Maria, and Jan-Piet Berg. “Title.” Version 2, Publisher, 5 Mar. 2024, URL.`

use super::dates::{self, MLA as MONTHS, Pages};
use super::line::Cited;
use super::names::{self, Form, Inverted, Rest};
use super::work::{Kind, Work, capitalised, ordinal_edition};

const AUTHORS: Form = Form {
    inverted: Inverted::First,
    initials: None,
    separator: ", ",
    and: " and ",
    comma_from: 2,
    shortened_from: 3,
    shown: 1,
    rest: Rest::EtAl,
};
const EDITORS: Form = Form { inverted: Inverted::None, comma_from: 3, ..AUTHORS };

pub(super) fn cite(work: &Work<'_>, out: &mut Cited) {
    names::write(&work.authors, &AUTHORS, out);
    if work.authors.is_empty() && !work.editors.is_empty() {
        names::write(&work.editors, &AUTHORS, out);
        out.push(if work.editors.are_many() { ", editors" } else { ", editor" });
    }
    out.end(". ");
    title(work, out);
    out.end(". ");
    container(work, out);
    if let Some(issued) = work.issued {
        date(work, issued, out);
        out.end(", ");
    }
    if let Some(event) = work.event.as_deref() {
        out.push(event).end(", ");
        if let Some(place) = work.event_place.as_deref() {
            out.push(place).end(", ");
        }
    }
    if let Some(pages) = work.pages.as_deref() {
        let (pages, many) = dates::pages(pages, Pages::TwoDigits);
        out.push(if many { "pp. " } else { "p. " }).push(&pages).end(", ");
    }
    out.address(&work.url).mark(".");
    let thesis = [work.publisher.as_deref(), work.genre.as_deref()];
    if work.kind == Kind::Thesis && thesis.iter().any(Option::is_some) {
        for (at, part) in thesis.into_iter().flatten().enumerate() {
            out.push(if at == 0 { " " } else { ", " }).push(part);
        }
        out.mark(".");
    }
}

fn title(work: &Work<'_>, out: &mut Cited) {
    if work.headline.is_empty() {
        return;
    }
    let is_quoted = work.container.is_some()
        || matches!(
            work.kind,
            Kind::Dataset | Kind::Talk | Kind::Document | Kind::Preprint | Kind::ConferencePaper
        );
    match is_quoted {
        true => out.quoted(&work.headline),
        false => out.italic(&work.headline),
    };
}

/// What it is part of, version, edition, number and publisher, each before a comma.
fn container(work: &Work<'_>, out: &mut Cited) {
    let mut begins = true;
    if let Some(container) = work.container.as_deref() {
        out.italic(container).end(", ");
        begins = false;
        if !work.authors.is_empty() && !work.editors.is_empty() {
            out.push("edited by ");
            names::write(&work.editors, &EDITORS, out);
            out.end(", ");
        }
    }
    if let Some(edition) = work.edition.as_deref() {
        match ordinal_edition(edition) {
            Some(edition) => out.push(&edition),
            None if begins => out.push(&capitalised(edition)),
            None => out.push(edition),
        };
        out.end(", ");
        begins = false;
    }
    if let Some(version) = work.version.as_deref() {
        out.push(if begins { "Version " } else { "version " }).push(version).end(", ");
    }
    for (label, number) in [("vol. ", &work.volume), ("no. ", &work.issue)] {
        if let Some(number) = number.as_deref() {
            out.push(label).push(number).end(", ");
        }
    }
    let unpublished = match work.kind {
        Kind::Article | Kind::Thesis => true,
        Kind::ConferencePaper => work.editors.is_empty(),
        _ => false,
    };
    if let Some(publisher) = work.publisher.as_deref().filter(|_| !unpublished) {
        out.push(publisher).end(", ");
    }
}

fn date(work: &Work<'_>, issued: dates::Issued, out: &mut Cited) {
    let (month, day) = match work.kind {
        Kind::ConferencePaper | Kind::Chapter | Kind::Book | Kind::Thesis | Kind::Video => {
            (None, None)
        }
        Kind::Article => (issued.month_and_day().0, None),
        _ => issued.month_and_day(),
    };
    if let Some(day) = day {
        out.push(&day.to_string()).push(" ");
    }
    if let Some(month) = month {
        out.push(dates::month(&MONTHS, month)).push(" ");
    }
    out.push(&issued.year());
}

//! `G. M. Moretti and J.-P. Berg, “Title.” Publisher, Mar. 05, 2024. doi: DOI.`

use super::dates::{self, IEEE as MONTHS, Pages};
use super::line::Cited;
use super::names::{self, Form, Initials, Inverted, Rest};
use super::work::{Kind, Work, capitalised, ordinal_edition};

const AUTHORS: Form = Form {
    inverted: Inverted::None,
    initials: Some(Initials { stop: true, space: true, hyphen: true }),
    separator: ", ",
    and: " and ",
    comma_from: 3,
    shortened_from: 7,
    shown: 1,
    rest: Rest::ItalicEtAl,
};
const EDITORS: Form = Form { shortened_from: usize::MAX, ..AUTHORS };

pub(super) fn cite(work: &Work<'_>, out: &mut Cited) {
    names::write(&work.authors, &AUTHORS, out);
    let edited = work.authors.is_empty() && !work.editors.is_empty();
    if edited {
        names::write(&work.editors, &AUTHORS, out);
        out.push(if work.editors.are_many() { ", Eds." } else { ", Ed." });
    }
    out.end(", ");
    let is_italic = matches!(
        work.kind,
        Kind::Book | Kind::Graphic | Kind::Video | Kind::Audio | Kind::Software
    );
    if !work.title.is_empty() {
        match is_italic {
            true => out.italic(&work.title),
            false => out.quoted(&work.title),
        };
    }
    let after_title = if work.title.is_empty() { ", " } else { ". " };
    match work.kind {
        Kind::Article => article(work, out),
        Kind::ConferencePaper | Kind::Chapter => part(work, out),
        Kind::Book => book(work, out),
        Kind::Software => {
            out.end(after_title);
            if work.issued.is_some() {
                dated(work, out);
                out.end(". ");
            }
            parts(out, ", ", [work.publisher.as_deref()]);
        }
        Kind::Video => {
            out.end(", ");
            dated(work, out);
        }
        Kind::Preprint => {
            out.end(", ");
            date(work, out);
            if let Some(publisher) = work.publisher.as_deref() {
                out.end(", ").italic(publisher);
            }
        }
        Kind::Report | Kind::Thesis | Kind::Talk => {
            out.end(", ");
            parts(out, ", ", [work.genre.as_deref(), work.publisher.as_deref()]);
            parts(out, ", ", [work.place.as_deref()]);
            date(work, out);
        }
        Kind::Dataset | Kind::Figure | Kind::Graphic | Kind::Audio | Kind::Document => {
            out.end(after_title);
            parts(out, ", ", [work.publisher.as_deref()]);
            date(work, out);
        }
    }
    access(work, out);
}

/// Each part that there is, and the mark after it.
fn parts<const N: usize>(out: &mut Cited, mark: &str, parts: [Option<&str>; N]) {
    for part in parts.into_iter().flatten() {
        out.push(part).end(mark);
    }
}

/// `Journal, vol. 12, no. 3, pp. 101–119, Mar. 2024`
fn article(work: &Work<'_>, out: &mut Cited) {
    out.end(", ");
    if let Some(container) = work.container.as_deref() {
        out.italic(container).end(", ");
    }
    numbers(work, out);
    pages(work, out);
    out.end(", ");
    date(work, out);
}

/// `in Proceedings, J. Doe, Ed., Geneva: Publisher, Mar. 2024, pp. 1–9`
fn part(work: &Work<'_>, out: &mut Cited) {
    out.end(", ");
    if let Some(container) = work.container.as_deref() {
        out.push("in ").italic(container).end(", ");
        if work.kind == Kind::Chapter {
            if let Some(edition) = work.edition.as_deref() {
                out.push(ordinal_edition(edition).as_deref().unwrap_or(edition)).end(", ");
            }
            numbers(work, out);
        }
        if !work.authors.is_empty() && !work.editors.is_empty() {
            names::write(&work.editors, &EDITORS, out);
            out.push(if work.editors.are_many() { ", Eds., " } else { ", Ed., " });
        }
    }
    imprint(work, out);
    out.end(", ");
    date(work, out);
    if work.pages.is_some() {
        out.end(", ");
        pages(work, out);
    }
}

/// `, 2nd ed. Geneva: Publisher, 2024, p. 240`
fn book(work: &Work<'_>, out: &mut Cited) {
    if let Some(edition) = work.edition.as_deref() {
        out.end(", ");
        match ordinal_edition(edition) {
            Some(edition) => out.push(&edition),
            None => out.push(&capitalised(edition)),
        };
    }
    out.end(if work.title.is_empty() { ", " } else { ". " });
    imprint(work, out);
    out.end(", ");
    date(work, out);
    if work.pages.is_some() {
        out.end(", ");
        pages(work, out);
    }
}

fn imprint(work: &Work<'_>, out: &mut Cited) {
    let place = work.place.as_deref();
    out.push(place.unwrap_or_default());
    if let Some(publisher) = work.publisher.as_deref() {
        out.push(if place.is_some() { ": " } else { "" }).push(publisher);
    }
}

fn numbers(work: &Work<'_>, out: &mut Cited) {
    for (label, number) in [("vol. ", &work.volume), ("no. ", &work.issue)] {
        if let Some(number) = number.as_deref() {
            out.push(label).push(number).end(", ");
        }
    }
}

fn pages(work: &Work<'_>, out: &mut Cited) {
    if let Some(pages) = work.pages.as_deref() {
        let (pages, many) = dates::pages(pages, Pages::All);
        out.push(if many { "pp. " } else { "p. " }).push(&pages);
    }
}

fn dated(work: &Work<'_>, out: &mut Cited) {
    if work.issued.is_some() {
        out.push("(");
        date(work, out);
        out.push(")");
    }
}

fn date(work: &Work<'_>, out: &mut Cited) {
    let Some(issued) = work.issued else { return };
    let (month, day) = match work.kind {
        Kind::Article | Kind::Report | Kind::ConferencePaper => (issued.month_and_day().0, None),
        Kind::Book | Kind::Chapter | Kind::Graphic | Kind::Audio | Kind::Thesis => (None, None),
        _ => issued.month_and_day(),
    };
    if let Some(month) = month {
        out.push(dates::month(&MONTHS, month)).push(" ");
    }
    if let Some(day) = day {
        out.push(&format!("{day:02}, "));
    }
    out.push(&issued.year());
}

fn access(work: &Work<'_>, out: &mut Cited) {
    let mark = if work.kind == Kind::Article { ", " } else { ". " };
    // Without a date a publisher may end in the comma that was to come before it.
    out.end(mark);
    match work.doi {
        Some(doi) => out.push("doi: ").address(doi).mark("."),
        None => out.push("[Online]. Available: ").address(&work.url),
    };
}

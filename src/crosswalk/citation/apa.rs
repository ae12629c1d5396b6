//! `Moretti, G. M., & Berg, J.-P. (2024). Title (Version 2) [Dataset]. Publisher. URL`

use super::dates::{self, LONG, Pages};
use super::line::Cited;
use super::names::{self, Form, Initials, Inverted, Rest};
use super::work::{Kind, Work, ordinal_edition};

const AUTHORS: Form = Form {
    inverted: Inverted::All,
    initials: Some(Initials { stop: true, space: true, hyphen: true }),
    separator: ", ",
    and: " & ",
    comma_from: 2,
    shortened_from: 21,
    shown: 19,
    rest: Rest::LastName,
};
const EDITORS: Form = Form { inverted: Inverted::None, comma_from: 3, ..AUTHORS };

pub(super) fn cite(work: &Work<'_>, out: &mut Cited) {
    names::write(&work.authors, &AUTHORS, out);
    if work.authors.is_empty() && !work.editors.is_empty() {
        names::write(&work.editors, &AUTHORS, out);
        out.push(if work.editors.are_many() { " (Eds.)" } else { " (Ed.)" });
    }
    let nobody = work.authors.is_empty() && work.editors.is_empty();
    if nobody {
        title(work, out);
    }
    out.end(". ");
    date(work, out);
    out.end(". ");
    if !nobody {
        title(work, out);
    }
    described(work, out);
    out.end(". ");
    container(work, out);
    let unpublished = matches!(work.kind, Kind::Article | Kind::ConferencePaper | Kind::Thesis);
    if let Some(publisher) = work.publisher.as_deref().filter(|_| !unpublished) {
        out.push(publisher).end(". ");
    }
    event(work, out);
    out.address(&work.url);
}

fn title(work: &Work<'_>, out: &mut Cited) {
    match work.container {
        Some(_) => out.push(&work.title),
        None => out.italic(&work.title),
    };
    if work.container.is_none() {
        numbers(work, out);
    }
}

/// ` (Version 1.0, 2nd ed., pp. 1–3)`
fn numbers(work: &Work<'_>, out: &mut Cited) {
    let version = work
        .version
        .as_deref()
        .filter(|_| !matches!(work.kind, Kind::Article | Kind::ConferencePaper | Kind::Talk));
    let edition = work
        .edition
        .as_deref()
        .map(|edition| ordinal_edition(edition).unwrap_or_else(|| edition.to_owned()));
    let pages = work.pages.as_deref().map(|pages| dates::pages(pages, Pages::All));
    let mut parts = 0;
    let mut part = |label: &str, text: Option<&str>| {
        let Some(text) = text else { return };
        match parts {
            0 => out.gap().push("("),
            _ => out.push(", "),
        };
        out.push(label).push(text);
        parts += 1;
    };
    part("Version ", version);
    part("", edition.as_deref());
    part("Vol. ", work.volume.as_deref());
    part("Issue ", work.issue.as_deref());
    if let Some((pages, many)) = &pages {
        part(if *many { "pp. " } else { "p. " }, Some(pages));
    }
    if parts > 0 {
        out.push(")");
    }
}

/// ` [Dataset]`, ` [Doctoral dissertation, University]`
fn described(work: &Work<'_>, out: &mut Cited) {
    let kind = match work.kind {
        Kind::Dataset => "Dataset",
        Kind::Software => "Computer software",
        Kind::Figure => "Figure",
        Kind::Graphic => "Graphic",
        Kind::Video => "Video recording",
        Kind::Audio => "Audio recording",
        Kind::Thesis => {
            let parts = [work.genre.as_deref(), work.publisher.as_deref()];
            for (at, part) in parts.into_iter().flatten().enumerate() {
                match at {
                    0 => out.gap().push("["),
                    _ => out.push(", "),
                };
                out.push(part);
            }
            if parts.iter().any(Option::is_some) {
                out.push("]");
            }
            return;
        }
        _ => return,
    };
    out.gap().push("[").push(kind).push("]");
}

fn date(work: &Work<'_>, out: &mut Cited) {
    let Some(issued) = work.issued else {
        out.push("(n.d.)");
        return;
    };
    out.push("(").push(&issued.year());
    let on_a_day = matches!(work.kind, Kind::Video | Kind::Audio | Kind::Talk | Kind::Document)
        || work.kind == Kind::ConferencePaper
            && [&work.volume, &work.issue, &work.pages].iter().all(|part| part.is_none())
            && work.editors.is_empty();
    if let (true, (Some(month), day)) = (on_a_day, issued.month_and_day()) {
        out.push(", ").push(dates::month(&LONG, month));
        if let Some(day) = day {
            out.push(" ").push(&day.to_string());
        }
    }
    out.push(")");
}

/// The journal with volume, issue and pages, or the book with its editors.
fn container(work: &Work<'_>, out: &mut Cited) {
    let Some(container) = work.container.as_deref() else { return };
    if work.kind == Kind::Chapter || !work.editors.is_empty() && work.kind != Kind::Article {
        out.push("In ");
        if !work.authors.is_empty() && !work.editors.is_empty() {
            names::write(&work.editors, &EDITORS, out);
            out.push(if work.editors.are_many() { " (Eds.), " } else { " (Ed.), " });
        }
        out.italic(container);
        if work.kind == Kind::Chapter {
            numbers(work, out);
        }
        out.end(". ");
        return;
    }
    out.italic(container);
    match (work.volume.as_deref(), work.issue.as_deref()) {
        (Some(volume), Some(issue)) => {
            out.push(", ").italic(volume).push("(").push(issue).push(")");
        }
        (Some(volume), None) => {
            out.push(", ").italic(volume);
        }
        (None, Some(issue)) => {
            out.push(", (").push(issue).push(")");
        }
        (None, None) => {}
    }
    if let Some(pages) = work.pages.as_deref() {
        out.push(", ").push(&dates::pages(pages, Pages::All).0);
    }
    out.end(". ");
}

fn event(work: &Work<'_>, out: &mut Cited) {
    let Some(event) = work.event.as_deref() else { return };
    out.push(event);
    if let Some(place) = work.event_place.as_deref() {
        out.push(", ").push(place);
    }
    out.end(". ");
}

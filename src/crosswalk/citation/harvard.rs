//! `Moretti, G.M. and Berg, J.-P. (2024) “Title.” Publisher. Available at: URL.`

use super::dates::{self, LONG, Pages};
use super::line::Cited;
use super::names::{self, Form, Initials, Inverted, Rest};
use super::work::{Kind, Work, ordinal_edition};

const AUTHORS: Form = Form {
    inverted: Inverted::All,
    initials: Some(Initials { stop: true, space: false, hyphen: true }),
    separator: ", ",
    and: " and ",
    comma_from: usize::MAX,
    shortened_from: 4,
    shown: 1,
    rest: Rest::ItalicEtAl,
};
const EDITORS: Form = Form { inverted: Inverted::None, comma_from: 3, ..AUTHORS };

pub(super) fn cite(work: &Work<'_>, out: &mut Cited) {
    names::write(&work.authors, &AUTHORS, out);
    if work.authors.is_empty() && !work.editors.is_empty() {
        names::write(&work.editors, &AUTHORS, out);
        out.push(if work.editors.are_many() { " (eds)" } else { " (ed.)" });
    }
    let nobody = work.authors.is_empty() && work.editors.is_empty();
    if nobody {
        title(work, out);
    }
    out.gap().push("(").push(work.year().as_deref().unwrap_or("no date")).push(")");
    if !nobody && !work.title.is_empty() {
        out.gap();
        title(work, out);
    }
    container(work, out);
    publisher(work, out);
    if let (Kind::Talk, Some(issued)) = (work.kind, work.issued)
        && let (Some(month), day) = issued.month_and_day()
    {
        out.mark(", ");
        if let Some(day) = day {
            out.push(&day.to_string()).push(" ");
        }
        out.push(dates::month(&LONG, month));
    }
    if let Some(pages) = work.pages.as_deref() {
        let (pages, many) = dates::pages(pages, Pages::All);
        out.mark(", ").push(if many { "pp. " } else { "p. " }).push(&pages);
    }
    out.end(". ").push("Available at: ").address(&work.url).mark(".");
}

fn title(work: &Work<'_>, out: &mut Cited) {
    if work.title.is_empty() {
        return;
    }
    let is_italic = matches!(
        work.kind,
        Kind::Book | Kind::Report | Kind::Thesis | Kind::Video | Kind::Audio | Kind::Graphic
    );
    match is_italic {
        true => out.italic(&work.title),
        false => out.quoted(&work.title),
    };
    if work.container.is_none() {
        edition(work, out);
    }
}

fn edition(work: &Work<'_>, out: &mut Cited) {
    let Some(edition) = work.edition.as_deref() else { return };
    let ordinal = ordinal_edition(edition);
    out.end(". ").push(ordinal.as_deref().unwrap_or(edition).trim_end_matches('.'));
}

fn container(work: &Work<'_>, out: &mut Cited) {
    let Some(container) = work.container.as_deref() else { return };
    match work.title.is_empty() || work.authors.is_empty() && work.editors.is_empty() {
        true => out.gap(),
        false => out.end(", "),
    };
    if work.kind != Kind::Article {
        out.push("in ");
        if !work.authors.is_empty() && !work.editors.is_empty() {
            names::write(&work.editors, &EDITORS, out);
            out.push(if work.editors.are_many() { " (eds) " } else { " (ed.) " });
        }
    }
    out.italic(container);
    if work.kind != Kind::Article {
        return edition(work, out);
    }
    if work.volume.is_none() && work.pages.is_none() {
        out.push(" [Preprint]");
    }
    let issue = work.issue.as_deref();
    if work.volume.is_some() || issue.is_some() {
        out.push(", ").push(work.volume.as_deref().unwrap_or_default());
    }
    if let Some(issue) = issue {
        out.push("(").push(issue).push(")");
    }
}

fn publisher(work: &Work<'_>, out: &mut Cited) {
    if work.kind == Kind::Article {
        return;
    }
    if let Some(genre) = work.genre.as_deref() {
        out.end(". ").push(genre);
    }
    if work.place.is_some() || work.publisher.is_some() {
        out.end(". ");
    }
    if let Some(place) = work.place.as_deref() {
        out.push(place);
    }
    if let Some(publisher) = work.publisher.as_deref() {
        out.push(if work.place.is_some() { ": " } else { "" }).push(publisher);
    }
}

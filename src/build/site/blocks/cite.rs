//! How to cite: the citation in every style, the DOI badge to put elsewhere.

use super::Page;
use crate::build::site::html::Html;
use crate::crosswalk::citation::{Cited, Piece, Style, Work, cite as cited_in};

/// The citation in the usual style; folded, in the others. Scripts offer a choice instead.
pub(in crate::build::site) fn cite(page: Page<'_>, html: &mut Html) {
    let work = Work::of(page.published);
    let mut cited = Cited::default();
    html.raw("<div data-styles>\n");
    for (at, style) in Style::ALL.into_iter().enumerate() {
        cited_in(&work, style, &mut cited);
        if at == 1 {
            html.raw("<details class=\"more\"><summary>Other styles</summary>\n");
        }
        html.raw("<div data-style=\"").raw(style.title()).raw("\">");
        if at > 0 {
            html.raw("<p class=\"label\">").raw(style.title()).raw("</p>");
        }
        html.raw("<p class=\"citation\" dir=\"auto\" id=\"").raw(anchor(style)).raw("\">");
        for piece in cited.pieces() {
            match piece {
                Piece::Plain(text) => html.text(text),
                Piece::Italic(text) => html.raw("<i>").text(text).raw("</i>"),
                Piece::Address(text) => html.link("", Some(page.citable), text),
            };
        }
        html.raw("</p><button type=\"button\" hidden data-copy=\"#").raw(anchor(style));
        html.raw("\">Copy</button></div>\n");
    }
    html.raw("</details>\n</div>\n");
}

/// The id of a citation on the page.
const fn anchor(style: Style) -> &'static str {
    match style {
        Style::Apa => "cite-apa",
        Style::Harvard => "cite-harvard",
        Style::Mla => "cite-mla",
        Style::Vancouver => "cite-vancouver",
        Style::Chicago => "cite-chicago",
        Style::Ieee => "cite-ieee",
    }
}

/// What others paste to show the DOI as a badge; empty without a DOI.
pub(in crate::build::site) fn badge(page: Page<'_>, html: &mut Html) {
    let Some(doi) = page.published.doi() else { return };
    let image = page.urls.badge(doi);
    let target = page.citable;
    html.raw(
        "<details class=\"more badge\"><summary>DOI badge</summary>\n<dl class=\"snippets\">\n",
    );
    let snippets: [(&'static str, &'static str, &[&str]); 5] = [
        ("Markdown", "badge-markdown", &["[![DOI](", &image, ")](", target, ")"]),
        ("reStructuredText", "badge-rst", &[".. image:: ", &image, "\n  :target: ", target]),
        (
            "HTML",
            "badge-html",
            &["<a href=\"", target, "\"><img src=\"", &image, "\" alt=\"DOI\"></a>"],
        ),
        ("Image URL", "badge-image", &[&image]),
        ("Target URL", "badge-target", &[target]),
    ];
    for (label, id, parts) in snippets {
        // What has two lines is shown on two.
        let lines = parts.iter().any(|part| part.contains('\n'));
        html.raw("<div><dt>").raw(label).raw(" <button type=\"button\" hidden data-copy=\"#");
        html.raw(id).raw("\">Copy</button></dt><dd>").raw(if lines { "<pre" } else { "<code" });
        html.raw(" id=\"").raw(id).raw("\">");
        for part in parts {
            html.text(part);
        }
        html.raw(if lines { "</pre>" } else { "</code>" }).raw("</dd></div>\n");
    }
    html.raw("</dl>\n</details>\n");
}

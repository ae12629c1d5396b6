//! List pages as bytes.

use tera::{Context, Value};

use super::{IndexSection, IndexView, ListView};
use crate::build::catalogue::Card;
use crate::build::site::blocks::{joined, wrap};
use crate::build::site::html::Html;
use crate::build::site::{Renderer, SiteError, SiteUrls, words};
use crate::record::vocabulary;

impl Renderer {
    /// A page of a list of records, appended to `out`.
    ///
    /// # Errors
    /// As [`landing`](Renderer::landing).
    pub fn list(&self, view: &ListView, out: &mut Vec<u8>) -> Result<(), SiteError> {
        let urls = self.urls();
        let mut head = Html::default();
        canonical(urls, &view.file, &mut head);
        if let Some(feed) = &view.feed {
            head.raw("<link rel=\"alternate\" type=\"application/atom+xml\" title=\"");
            head.text(&view.title).raw("\" href=\"").text(&urls.page(feed)).raw("\">\n");
        }
        for (rel, file) in [
            ("<link rel=\"prev\" href=\"", &view.newer),
            ("<link rel=\"next\" href=\"", &view.older),
        ] {
            if let Some(file) = file {
                head.raw(rel).text(&urls.page(file)).raw("\">\n");
            }
        }
        let mut body = Html::with_capacity(16 * 1024);
        about(urls, view, &mut body);
        wrap(&mut body, "<ol class=\"latest\">\n", "</ol>\n", |html| {
            for card in &view.cards {
                entry(urls, card, html);
            }
        });
        pager(urls, view, &mut body);
        self.plain_list(view.kind, &view.title, &head, &body, out)
    }

    /// A page of links to lists, appended to `out`.
    ///
    /// # Errors
    /// As [`landing`](Renderer::landing).
    pub fn index(&self, view: &IndexView, out: &mut Vec<u8>) -> Result<(), SiteError> {
        let urls = self.urls();
        let mut head = Html::default();
        canonical(urls, &view.file, &mut head);
        let mut body = Html::default();
        body.raw("<p class=\"lead\">").text(&view.lead).raw("</p>\n");
        for section in &view.sections {
            index_section(urls, section, &mut body);
        }
        self.plain_list("", &view.title, &head, &body, out)
    }

    /// `llms.txt`, appended to `out`.
    ///
    /// # Errors
    /// As [`landing`](Renderer::landing).
    pub fn llms(&self, records: u64, out: &mut Vec<u8>) -> Result<(), SiteError> {
        let mut context = Context::new();
        context.insert("records", &words::grouped(records));
        self.render("llms.txt", &context, out)
    }

    fn plain_list(
        &self,
        kind: &str,
        title: &str,
        head: &Html,
        body: &Html,
        out: &mut Vec<u8>,
    ) -> Result<(), SiteError> {
        let mut context = Context::new();
        context.insert("kind", kind);
        context.insert_value("title", Value::normal_string(title));
        context.insert_value("head", Value::safe_string(head.as_str()));
        context.insert_value("body", Value::safe_string(body.as_str()));
        self.render("list.html", &context, out)
    }
}

fn canonical(urls: &SiteUrls, file: &str, head: &mut Html) {
    let address = urls.below(&urls.page(file));
    head.raw("<link rel=\"canonical\" href=\"").text(&address).raw("\">\n");
}

/// How many there are and what is shown of them.
fn about(urls: &SiteUrls, view: &ListView, html: &mut Html) {
    if let Some(front) = &view.front {
        html.raw("<p class=\"lead\">").link("", Some(&urls.page(front)), "The newest records");
        html.raw(" come first; this page holds older ones and stays as it is.</p>\n");
        return;
    }
    html.raw("<p class=\"lead\">").text(&words::grouped(view.total));
    html.raw(if view.total == 1 { " record" } else { " records" });
    html.raw(", each in its newest version.");
    if let Some(feed) = &view.feed {
        html.raw(" ").link("feed", Some(&urls.page(feed)), "Follow as Atom feed");
    }
    html.raw("</p>\n");
    if let Some(listed) = view.listed {
        html.raw("<p>The newest ").text(&words::grouped(listed));
        html.raw(" of them are listed here. The others are found by search, and are in the ");
        html.link("", Some(&format!("{}/sitemap.xml", urls.root())), "sitemaps");
        html.raw(" and in the ").link("", Some(&format!("{}/dumps/", urls.root())), "bulk data");
        html.raw(".</p>\n");
    }
}

fn entry(urls: &SiteUrls, card: &Card, html: &mut Html) {
    let title = if card.title.is_empty() { &card.id } else { &card.title };
    html.raw("<li><bdi>").link("", Some(&urls.record(&card.id)), title).raw("</bdi>");
    wrap(html, "<p>", "</p>", |html| {
        joined(html, "; ", &card.creators, |html, name| {
            html.raw("<bdi>").text(name).raw("</bdi>");
        });
        if card.more_creators > 0 {
            html.raw(" and ").number(card.more_creators).raw(" more");
        }
    });
    wrap(html, "<p>", "</p>", |html| {
        facts(card, html);
    });
    html.raw("</li>\n");
}

fn facts(card: &Card, html: &mut Html) {
    let kind = vocabulary::resource_type(&card.kind).map_or("", |known| known.title);
    let date = words::date(&card.date);
    let access = match card.access.as_str() {
        "open" => "",
        "embargoed" => "Embargoed",
        "restricted" => "Restricted files",
        _ => "Metadata only",
    };
    let parts = [("kind", kind), ("", date.as_str()), ("", access)];
    joined(html, " · ", parts.into_iter().filter(|part| !part.1.is_empty()), |html, part| {
        match part {
            ("kind", kind) => html.raw("<span class=\"kind\">").text(kind).raw("</span>"),
            (_, text) => html.text(text),
        };
    });
}

fn pager(urls: &SiteUrls, view: &ListView, html: &mut Html) {
    wrap(html, "<nav class=\"pager\" aria-label=\"Pages\">", "</nav>\n", |html| {
        if let Some(newer) = &view.newer {
            html.link("newer", Some(&urls.page(newer)), "Newer records").raw(" ");
        }
        if let Some(older) = &view.older {
            html.link("older", Some(&urls.page(older)), "Older records");
        }
    });
}

fn index_section(urls: &SiteUrls, section: &IndexSection, html: &mut Html) {
    html.raw("<section>\n");
    if !section.title.is_empty() {
        html.raw("<h2>").text(&section.title).raw("</h2>\n");
    }
    if !section.note.is_empty() {
        html.raw("<p>").text(&section.note).raw("</p>\n");
    }
    wrap(html, "<ul class=\"index\">\n", "</ul>\n", |html| {
        for row in &section.rows {
            html.raw("<li><bdi>").link("", Some(&urls.page(&row.file)), &row.label);
            html.raw("</bdi> <small>").text(&words::grouped(row.entries)).raw("</small></li>\n");
        }
    });
    if let Some((label, file)) = &section.more {
        html.raw("<p>").link("", Some(&urls.page(file)), label).raw("</p>\n");
    }
    html.raw("</section>\n");
}

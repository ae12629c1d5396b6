//! From a view to the bytes of a page.

use std::path::Path;

use tera::{Context, Value};

use super::blocks::access::{info, notice};
use super::blocks::cite::{badge, cite};
use super::blocks::details::{communities, facts, published_in, subjects, technical};
use super::blocks::domain::domain;
use super::blocks::people::{contributors, creators};
use super::blocks::places::places;
use super::blocks::prose::{additional, description, lang, titles};
use super::blocks::reuse::{exports, licence};
use super::blocks::versions::{newer, versions};
use super::blocks::works::{funding, references, related};
use super::blocks::{Page, fact, files, head, joined, wrap};
use super::html::Html;
use super::templates::{self, ABOUT, Templates};
use super::{
    Asset, DumpsView, ExtraPage, HomeView, LatestRecord, SiteConfig, SiteError, SiteUrls,
    TombstoneView, words,
};
use crate::crosswalk::links::{citable_url, doi_url};
use crate::crosswalk::schema_org;
use crate::record::html::plain;
use crate::record::{Published, Repository, vocabulary};

/// Names of the latest records before "and N more".
const NAMED: usize = 3;

/// Writes pages. Compiles its templates once; share it between threads.
#[derive(Debug)]
pub struct Renderer {
    templates: Templates,
    urls: SiteUrls,
    name: String,
    config: SiteConfig,
}

/// A block: its name in the template and what writes it.
type Block = (&'static str, fn(Page<'_>, &mut Html));

const BLOCKS: [Block; 25] = [
    ("newer", newer),
    ("info", info),
    ("lang", lang),
    ("titles", titles),
    ("creators", creators),
    ("notice", notice),
    ("description", description),
    ("additional", additional),
    ("files", files::table),
    ("contributors", contributors),
    ("related", related),
    ("funding", funding),
    ("references", references),
    ("cite", cite),
    ("exports", exports),
    ("versions", versions),
    ("licence", licence),
    ("facts", facts),
    ("published_in", published_in),
    ("subjects", subjects),
    ("communities", communities),
    ("technical", technical),
    ("badge", badge),
    ("places", places),
    ("domain", domain),
];

impl Renderer {
    /// Compiles the templates; files in `overrides` (laid out as the built-in `templates/`
    /// folder) replace built-in ones of the same name and may extend `builtin/<name>`.
    ///
    /// # Errors
    /// [`SiteError::Override`], [`SiteError::Compile`]; [`SiteError::Brand`],
    /// [`SiteError::Logo`] and [`SiteError::Page`] for files that `config` names.
    pub fn new(
        repository: &Repository,
        config: SiteConfig,
        overrides: Option<&Path>,
    ) -> Result<Renderer, SiteError> {
        let urls = SiteUrls::new(repository);
        let templates = templates::load(repository, &urls, &config, overrides)?;
        Ok(Renderer { templates, urls, name: repository.name.clone(), config })
    }

    /// Every path rule of this site.
    pub fn urls(&self) -> &SiteUrls {
        &self.urls
    }

    /// Name of the repository.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Files that every page needs: style, icon, script and logo.
    pub fn assets(&self) -> &[Asset] {
        &self.templates.assets
    }

    /// The operator's own pages and `about`, in the order of their links.
    pub fn extra_pages(&self) -> &[ExtraPage] {
        &self.templates.pages
    }

    /// SHA-256 of all templates, assets and extra pages: pages made under another one are stale.
    pub fn fingerprint(&self) -> [u8; 32] {
        self.templates.fingerprint
    }

    /// The page of a public record, appended to `out`.
    ///
    /// # Errors
    /// [`SiteError::Render`] when an operator's template fails; built-in ones do not.
    pub fn landing(&self, published: &Published<'_>, out: &mut Vec<u8>) -> Result<(), SiteError> {
        let citable = citable_url(published);
        let page = Page { published, urls: &self.urls, config: &self.config, citable: &citable };
        let title = plain(published.record.metadata.title.as_deref().unwrap_or_default());
        let untitled = format!("Record {}", published.id());
        let title = if title.is_empty() { &untitled } else { title.as_ref() };
        let mut html = Html::with_capacity(8 * 1024);
        let mut context = Context::new();
        context.insert_value("title", Value::normal_string(title));
        head::head(page, title, &mut html);
        context.insert_value("head", Value::safe_string(html.as_str()));
        context.insert_value("json_ld", json_ld(published));
        for (name, write) in BLOCKS {
            html.rewind(0);
            write(page, &mut html);
            context.insert_value(name, Value::safe_string(html.as_str()));
        }
        self.render("landing.html", &context, out)
    }

    /// What stays of a withdrawn record, appended to `out`.
    ///
    /// # Errors
    /// As [`landing`](Self::landing).
    pub fn tombstone(&self, view: &TombstoneView, out: &mut Vec<u8>) -> Result<(), SiteError> {
        let mut html = Html::default();
        fact(&mut html, "Record", |html| {
            html.text(&view.id);
        });
        fact(&mut html, "DOI", |html| {
            if let Some(doi) = view.doi.as_deref() {
                html.link("doi", Some(&doi_url(doi)), doi);
            }
        });
        let date = view.removal_date.as_deref().map(words::timestamp_day);
        for (label, text) in [
            ("Reason", view.reason.as_deref()),
            ("Withdrawn on", date.as_deref()),
            ("Policy", view.policy.as_deref()),
            ("Note", view.note.as_deref()),
            ("Citation", view.citation.as_deref()),
        ] {
            fact(&mut html, label, |html| {
                html.text(text.unwrap_or_default());
            });
        }
        let mut context = Context::new();
        context.insert("id", &view.id);
        context.insert_value("facts", Value::safe_string(html.as_str()));
        self.render("tombstone.html", &context, out)
    }

    /// `index.html`, appended to `out`.
    ///
    /// # Errors
    /// As [`landing`](Self::landing).
    pub fn home(&self, view: &HomeView, out: &mut Vec<u8>) -> Result<(), SiteError> {
        let mut context = release_context(&view.release, &view.as_of, view.records);
        let mut html = Html::default();
        for (number, label) in [(view.records, "records"), (view.tombstoned, "withdrawn")] {
            html.raw("<li><strong>").text(&words::grouped(number)).raw("</strong> ").raw(label);
            html.raw("</li>\n");
        }
        context.insert_value("figures", Value::safe_string(html.as_str()));
        html.rewind(0);
        wrap(&mut html, "<ol class=\"latest\">\n", "</ol>\n", |html| {
            for record in &view.latest {
                self.latest(record, html);
            }
        });
        context.insert_value("latest", Value::safe_string(html.as_str()));
        self.render("home.html", &context, out)
    }

    fn latest(&self, record: &LatestRecord, html: &mut Html) {
        let title = plain(&record.title);
        let title = if title.is_empty() { record.id.as_str().into() } else { title };
        html.raw("<li><bdi>").link("", Some(&self.urls.record(&record.id)), &title).raw("</bdi>");
        html.raw("<p>");
        joined(html, "; ", record.creators.iter().take(NAMED), |html, name| {
            html.raw("<bdi>").text(&plain(name)).raw("</bdi>");
        });
        if record.creators.len() > NAMED {
            html.raw(" and ").number(record.creators.len() - NAMED).raw(" more");
        }
        html.raw("</p><p>");
        if let Some(kind) = vocabulary::resource_type(&record.resource_type) {
            html.raw("<span class=\"kind\">").text(kind.title).raw("</span> · ");
        }
        html.text(&words::date(&record.publication_date)).raw("</p></li>\n");
    }

    /// `dumps/index.html`, appended to `out`.
    ///
    /// # Errors
    /// As [`landing`](Self::landing).
    pub fn dumps(&self, view: &DumpsView, out: &mut Vec<u8>) -> Result<(), SiteError> {
        let mut html = Html::default();
        for format in &view.formats {
            html.raw("<tr><th scope=\"row\">").text(&format.label).raw("</th><td><code>");
            html.text(&format.id).raw("</code>, <code>").text(&format.extension);
            html.raw("</code></td><td class=\"size\">").text(&words::grouped(format.packs));
            html.raw("</td><td class=\"size\">").text(&words::size(format.bytes));
            html.raw("</td></tr>\n");
        }
        let mut context = release_context(&view.release, &view.as_of, view.records);
        context.insert_value("formats", Value::safe_string(html.as_str()));
        let folder = format!("/dumps/{}", view.release);
        context.insert("manifest_url", &format!("{}{folder}/manifest.json", self.urls.root()));
        context.insert("sums_url", &format!("{}{folder}/SHA256SUMS", self.urls.root()));
        context.insert("release_url", &self.urls.absolute(&folder));
        self.render("dumps.html", &context, out)
    }

    /// `404.html`, appended to `out`.
    ///
    /// # Errors
    /// As [`landing`](Self::landing).
    pub fn not_found(&self, out: &mut Vec<u8>) -> Result<(), SiteError> {
        self.render("404.html", &Context::new(), out)
    }

    /// `search.html`, appended to `out`; `None` if this site has no search.
    ///
    /// # Errors
    /// As [`landing`](Self::landing).
    pub fn search(&self, out: &mut Vec<u8>) -> Option<Result<(), SiteError>> {
        self.config.search.then(|| self.render("search.html", &Context::new(), out))
    }

    /// One of [`extra_pages`](Self::extra_pages), appended to `out`.
    ///
    /// # Errors
    /// As [`landing`](Self::landing).
    pub fn extra(&self, page: &ExtraPage, out: &mut Vec<u8>) -> Result<(), SiteError> {
        let mut context = Context::new();
        context.insert("title", &page.title);
        context.insert("name", &page.name);
        context.insert_value("text", Value::safe_string(&page.body));
        self.render(if page.name == ABOUT { "about.html" } else { "page.html" }, &context, out)
    }

    /// `robots.txt`, appended to `out`.
    ///
    /// # Errors
    /// As [`landing`](Self::landing).
    pub fn robots(&self, out: &mut Vec<u8>) -> Result<(), SiteError> {
        self.render("robots.txt", &Context::new(), out)
    }

    pub(super) fn render(
        &self,
        template: &'static str,
        context: &Context,
        out: &mut Vec<u8>,
    ) -> Result<(), SiteError> {
        let start = out.len();
        self.templates.tera.render_to(template, context, &mut *out).map_err(|source| {
            out.truncate(start);
            SiteError::Render { template, source }
        })
    }
}

/// JSON-LD for a `<script>`; the crosswalk escapes it so that nothing in it can end one.
fn json_ld(published: &Published<'_>) -> Value {
    let mut bytes = Vec::with_capacity(2 * 1024);
    schema_org::write_embedded(published, &mut bytes);
    // The crosswalk writes UTF-8; should it ever not, the page goes without.
    Value::safe_string(std::str::from_utf8(&bytes).unwrap_or_default())
}

fn release_context(release: &str, as_of: &str, records: u64) -> Context {
    let mut context = Context::new();
    context.insert("release", release);
    context.insert("as_of", &words::timestamp_day(as_of));
    context.insert("records", &words::grouped(records));
    context
}

//! Atom feeds (RFC 4287).

use crate::build::catalogue::Card;
use crate::build::site::html::Html;
use crate::build::site::{Renderer, SiteUrls, url, words};
use crate::record::html::plain;
use crate::record::{Published, vocabulary};

/// Where nothing tells a time.
const NEVER: &str = "1970-01-01T00:00:00Z";
/// Versions in the feed of a family.
const VERSIONS: usize = 50;
/// Longest title, characters.
const TITLE: usize = 300;

/// A feed.
#[derive(Debug, Clone, Default)]
pub struct FeedView {
    /// Its name.
    pub title: String,
    /// Its file, from the web root.
    pub file: String,
    /// The page that shows the same: a file, from the web root.
    pub page: String,
    /// Newest first.
    pub entries: Vec<FeedEntry>,
}

/// An entry of a feed.
#[derive(Debug, Clone, Default)]
pub struct FeedEntry {
    /// Record id.
    pub id: String,
    /// Plain text, not empty.
    pub title: String,
    /// Names; may be empty.
    pub creators: Vec<String>,
    /// RFC 3339; empty: not known.
    pub updated: String,
    /// RFC 3339; empty: not known.
    pub published: String,
    /// A line about the record.
    pub summary: String,
}

impl FeedEntry {
    /// The entry of a record in a list.
    pub fn of(card: &Card) -> FeedEntry {
        let kind = vocabulary::resource_type(&card.kind).map_or("", |known| known.title);
        let date = words::date(&card.date);
        let doi = card.doi.as_deref().unwrap_or_default();
        let parts = [kind, &date, doi].into_iter().filter(|part| !part.is_empty());
        let updated = if card.updated.is_empty() { &card.created } else { &card.updated };
        FeedEntry {
            id: card.id.clone(),
            title: if card.title.is_empty() { card.id.clone() } else { card.title.clone() },
            creators: card.creators.clone(),
            updated: updated.clone(),
            published: card.created.clone(),
            summary: parts.collect::<Vec<_>>().join(" · "),
        }
    }
}

impl Renderer {
    /// A feed, appended to `out`.
    pub fn feed(&self, view: &FeedView, out: &mut Vec<u8>) {
        let urls = self.urls();
        let own = urls.below(&urls.page(&view.file));
        let newest = view.entries.iter().map(|entry| entry.updated.as_str()).max();
        let newest = newest.filter(|time| !time.is_empty()).unwrap_or(NEVER);
        let mut xml = Html::with_capacity(16 * 1024);
        xml.raw("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
        xml.raw("<feed xmlns=\"http://www.w3.org/2005/Atom\">\n<id>").text(&own);
        xml.raw("</id>\n<title>").text(&view.title).raw("</title>\n<updated>").text(newest);
        xml.raw("</updated>\n<link rel=\"self\" type=\"application/atom+xml\" href=\"").text(&own);
        xml.raw("\"/>\n<link rel=\"alternate\" type=\"text/html\" href=\"");
        xml.text(&urls.below(&urls.page(&view.page))).raw("\"/>\n<author><name>");
        xml.text(self.name()).raw("</name></author>\n");
        for entry in &view.entries {
            write_entry(urls, entry, &mut xml);
        }
        xml.raw("</feed>\n");
        out.extend_from_slice(xml.as_str().as_bytes());
    }

    /// The feed of the family whose newest member is `published`, appended to `out`: one entry
    /// a version, newest first.
    pub fn versions_feed(&self, published: &Published<'_>, family: &str, out: &mut Vec<u8>) {
        let metadata = &published.record.metadata;
        let work = plain(metadata.title.as_deref().unwrap_or_default());
        let work = words::shortened(if work.is_empty() { published.id() } else { &work }, TITLE);
        let own = FeedEntry {
            id: published.id().to_owned(),
            title: titled(&work, metadata.version.as_deref()),
            updated: published.created.to_owned(),
            published: published.created.to_owned(),
            ..FeedEntry::default()
        };
        let siblings = published.lineage.siblings.iter().rev().take(VERSIONS);
        let mut entries: Vec<FeedEntry> = siblings
            .filter(|sibling| sibling.id != published.id())
            .map(|sibling| {
                let time = day_time(&sibling.publication_date);
                FeedEntry {
                    id: sibling.id.clone(),
                    title: titled(&work, sibling.version.as_deref()),
                    updated: time.clone(),
                    published: time,
                    ..FeedEntry::default()
                }
            })
            .collect();
        entries.insert(0, own);
        let view = FeedView {
            title: format!("{work}: versions"),
            file: url::versions_path(family),
            page: format!("records/{}", published.id()),
            entries,
        };
        self.feed(&view, out);
    }
}

fn titled(work: &str, version: Option<&str>) -> String {
    let version = plain(version.unwrap_or_default());
    match version.trim() {
        "" => work.to_owned(),
        version => format!("{work} ({})", words::shortened(version, 60)),
    }
}

/// Midnight of the first day of an EDTF date; empty where it has none.
fn day_time(date: &str) -> String {
    let Some((date, _)) = crate::record::date::Edtf::repair(date) else { return String::new() };
    let Some(start) = date.start().or(date.end()) else { return String::new() };
    let (month, day) = (start.month.unwrap_or(1), start.day.unwrap_or(1));
    format!("{:04}-{month:02}-{day:02}T00:00:00Z", start.year)
}

fn write_entry(urls: &SiteUrls, entry: &FeedEntry, xml: &mut Html) {
    let address = urls.below(&urls.record(&entry.id));
    let updated = if entry.updated.is_empty() { NEVER } else { &entry.updated };
    xml.raw("<entry>\n<id>").text(&address).raw("</id>\n<title>").text(&entry.title);
    xml.raw("</title>\n<updated>").text(updated).raw("</updated>\n");
    if !entry.published.is_empty() {
        xml.raw("<published>").text(&entry.published).raw("</published>\n");
    }
    xml.raw("<link rel=\"alternate\" type=\"text/html\" href=\"").text(&address).raw("\"/>\n");
    for name in &entry.creators {
        xml.raw("<author><name>").text(name).raw("</name></author>\n");
    }
    if !entry.summary.is_empty() {
        xml.raw("<summary>").text(&entry.summary).raw("</summary>\n");
    }
    xml.raw("</entry>\n");
}

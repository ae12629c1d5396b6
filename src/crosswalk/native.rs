//! The published native JSON: a projection of the stored record by allow-list.
//!
//! One line, member names sorted at every level, no space between tokens. What is descriptive
//! comes verbatim out of the record's canonical [`content`](canonical::content), unknown
//! fields included; what depends on the day or on other records (access, files, versions) is
//! recomputed; anything else, such as owners, grants, share links and internal notes, is not
//! asked for and so cannot come out.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::files::open_files;
use super::json_text::JsonText;
use super::links;
use crate::record::model::{FileEntry, Parent};
use crate::record::{FilesAccess, Published, Text, canonical};

/// Appends the record as one line of JSON, without the line feed.
///
/// A function of the record's content, its place in the family and the state of its files.
pub fn write(published: &Published<'_>, out: &mut Vec<u8>) {
    let mut content = Vec::with_capacity(published.raw.len());
    // `raw` parsed as a record, so it has content; if not, `content` stays empty and nothing of
    // it is shown.
    canonical::content(published.raw, &mut content);
    let content: Content<'_> = serde_json::from_slice(&content).unwrap_or_default();
    JsonText::new(out).object(|json| {
        json.key("access").object(|json| access(published, json));
        json.some_text("created", Some(published.created));
        verbatim("custom_fields", content.custom_fields, json);
        json.key("deletion_status").object(|json| {
            json.key("is_deleted").boolean(false);
            json.text("status", "P");
        });
        json.key("files").object(|json| files(published, json));
        json.text("id", published.id());
        json.key("is_draft").boolean(false);
        json.key("is_published").boolean(true);
        json.key("links").object(|json| addresses(published, json));
        verbatim("metadata", content.metadata, json);
        json.key("parent").object(|json| parent(published, &content.parent, json));
        verbatim("pids", content.pids, json);
        if let Some(swhid) = published.record.swh.swhid.as_deref() {
            json.key("swh").object(|json| json.text("swhid", swhid));
        }
        json.some_text("updated", Some(published.updated));
        json.key("versions").object(|json| {
            json.key("index").number(published.lineage.index);
            json.key("is_latest").boolean(published.lineage.is_latest());
        });
    });
}

/// The members of the canonical content that are published as they are.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Content<'a> {
    #[serde(borrow)]
    custom_fields: Option<&'a RawValue>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    pids: Option<&'a RawValue>,
    #[serde(borrow)]
    parent: ParentContent<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ParentContent<'a> {
    #[serde(borrow)]
    pids: Option<&'a RawValue>,
}

/// A member taken over; an empty object where the record has none, so that readers need not
/// ask whether it is there.
fn verbatim(name: &str, value: Option<&RawValue>, json: &mut JsonText<'_>) {
    let value = value.map_or("{}", RawValue::get);
    json.key(name).value(|out| out.extend_from_slice(value.as_bytes()));
}

fn access(published: &Published<'_>, json: &mut JsonText<'_>) {
    let stored = &published.record.access;
    let embargoed = matches!(published.files, FilesAccess::Embargoed { .. });
    json.key("embargo").object(|json| {
        json.key("active").boolean(embargoed);
        json.some_text("reason", stored.embargo.reason.as_deref());
        json.some_text("until", stored.embargo.until.as_deref());
    });
    let open = match published.files {
        FilesAccess::Open => true,
        FilesAccess::MetadataOnly => matches!(stored.files.as_deref(), None | Some("public")),
        FilesAccess::Embargoed { .. } | FilesAccess::Restricted => false,
    };
    json.text("files", if open { "public" } else { "restricted" });
    json.text("record", "public");
    json.text("status", published.files.status());
}

/// Only open files are described: of closed ones, not even the number. Of a record that does not
/// speak of files nothing is said.
fn files(published: &Published<'_>, json: &mut JsonText<'_>) {
    let stored = &published.record.files;
    if published.files != FilesAccess::Open {
        let has_files = published.files != FilesAccess::MetadataOnly;
        if has_files || stored.enabled.is_some() {
            json.key("enabled").boolean(has_files);
        }
        return;
    }
    let entries = open_files(published);
    let is_listed = |key: &Text<'_>| entries.binary_search_by(|e| e.key.cmp(key)).is_ok();
    // A source that lists no entries may still have counted them.
    let counted = stored.entries.is_empty();
    let total = entries.iter().fold(0, |sum: u64, e| sum.saturating_add(e.size.unwrap_or(0)));
    let count = if counted { stored.count } else { Some(entries.len() as u64) };
    let total = if counted { stored.total_bytes } else { Some(total) };

    if let Some(count) = count {
        json.key("count").number(count);
    }
    if let Some(preview) = stored.default_preview.as_ref().filter(|key| is_listed(key)) {
        json.text("default_preview", preview);
    }
    json.key("enabled").boolean(true);
    json.key("entries").object(|json| {
        for entry in &entries {
            json.key(&entry.key).object(|json| file(entry, json));
        }
    });
    json.key("order").array(|json| {
        for key in stored.order.iter().filter(|key| is_listed(key)) {
            json.string(key);
        }
    });
    if let Some(total) = total {
        json.key("total_bytes").number(total);
    }
}

fn file(entry: &FileEntry<'_>, json: &mut JsonText<'_>) {
    json.some_text("checksum", entry.checksum.as_deref());
    json.some_text("ext", entry.ext.as_deref());
    json.text("key", &entry.key);
    json.some_text("mimetype", entry.mimetype.as_deref());
    if let Some(size) = entry.size {
        json.key("size").number(size);
    }
}

fn addresses(published: &Published<'_>, json: &mut JsonText<'_>) {
    if let Some(doi) = published.doi() {
        json.text("doi", &links::doi_url(doi));
    }
    json.text("latest_html", &links::latest_url(published));
    if let Some(doi) = published.concept_doi() {
        json.text("parent_doi", &links::doi_url(doi));
    }
    json.text("self", &links::api_url(published));
    json.text("self_html", &links::html_url(published));
}

fn parent(published: &Published<'_>, content: &ParentContent<'_>, json: &mut JsonText<'_>) {
    let stored: &Parent<'_> = &published.record.parent;
    json.key("communities").object(|json| {
        let communities = &stored.communities;
        json.some_text("default", communities.default.as_deref());
        json.key("entries").array(|json| {
            for entry in &communities.entries {
                json.object(|json| {
                    json.text("id", &entry.id);
                    json.key("metadata").object(|json| {
                        json.some_text("title", entry.metadata.title.as_deref());
                    });
                    json.text("slug", &entry.slug);
                });
            }
        });
        json.key("ids").array(|json| communities.ids.iter().for_each(|id| json.string(id)));
    });
    json.text("id", &stored.id);
    verbatim("pids", content.pids, json);
}

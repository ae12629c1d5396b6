//! The way out to Zenodo's legacy JSON, which most existing clients of Zenodo parse.
//!
//! Shape: <https://developers.zenodo.org/#representation> as today's zenodo.org answers it.
//! Members that zenodo.org loses by accident are kept (single dates, further relations, schemes
//! of alternate identifiers); `docs/crosswalks.md` lists every difference.

mod metadata;

use super::files::open_files;
use super::json_text::JsonText;
use super::links;
use crate::record::Published;

/// Appends the record as one line of legacy JSON, without the line feed.
pub fn write(published: &Published<'_>, out: &mut Vec<u8>) {
    JsonText::new(out).object(|json| {
        let record = published.record;
        json.some_text("created", Some(published.created));
        json.some_text("modified", Some(published.updated));
        json.key("id");
        record_id(published, json);
        json.text("recid", published.id());
        json.some_text("conceptrecid", Some(&record.parent.id));
        if let Some(doi) = published.doi() {
            json.text("doi", doi);
            json.text("doi_url", &links::doi_url(doi));
        }
        json.some_text("conceptdoi", published.concept_doi());
        json.some_text("title", record.metadata.title.as_deref());
        json.key("metadata").object(|json| metadata::write(published, json));
        json.key("links").object(|json| addresses(published, json));
        json.key("files").array(|json| files(published, json));
        json.key("swh").object(|json| json.some_text("swhid", record.swh.swhid.as_deref()));
        json.key("owners").array(|_| ());
        json.text("status", "published");
        json.text("state", "done");
        json.key("submitted").boolean(true);
        json.some_text("updated", Some(published.updated));
    });
}

/// A number as on zenodo.org; a string where the id is none or has leading zeros.
fn record_id(published: &Published<'_>, json: &mut JsonText<'_>) {
    match published.id().parse::<u64>() {
        Ok(number) if number.to_string() == published.id() => json.number(number),
        _ => json.string(published.id()),
    }
}

fn addresses(published: &Published<'_>, json: &mut JsonText<'_>) {
    json.text("self", &links::api_url(published));
    json.text("self_html", &links::html_url(published));
    if let Some(doi) = published.doi() {
        json.text("doi", &links::doi_url(doi));
    }
    if let Some(doi) = published.concept_doi() {
        json.text("parent_doi", &links::doi_url(doi));
    }
    json.text("latest_html", &links::latest_url(published));
}

fn files(published: &Published<'_>, json: &mut JsonText<'_>) {
    for file in open_files(published) {
        json.object(|json| {
            json.text("key", &file.key);
            if let Some(size) = file.size {
                json.key("size").number(size);
            }
            json.some_text("checksum", file.checksum.as_deref());
            json.key("links").object(|json| {
                json.text("self", &links::file_url(published, &file.key));
            });
        });
    }
}

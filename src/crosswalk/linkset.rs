//! The linkset of a record: RFC 9264, JSON form; FAIR Signposting level 2.
//!
//! One context for the landing page with every link that
//! [`signposting`](super::signposting) knows, however many; one per file that leads back
//! (`collection`), and one per export (`describes`), so that a robot which came to a file or an
//! export by itself finds the rest. Static hosts send no `Link` headers: this file stands for
//! them.

use super::Format;
use super::files::open_files;
use super::json_text::JsonText;
use super::links::{export_url, file_url, html_url};
use super::signposting::{Link, landing, to_landing};
use crate::record::Published;

/// Appends the linkset as one JSON object on one line.
///
/// `exports` are the formats that are written as files beside the page; those that do not apply
/// to the record are passed over.
pub fn write(published: &Published<'_>, exports: &[Format], out: &mut Vec<u8>) {
    JsonText::new(out).object(|json| {
        json.key("linkset").array(|json| {
            page(published, exports, json);
            for file in open_files(published) {
                back(published, &file_url(published, &file.key), "collection", json);
            }
            let exports = exports.iter().filter(|format| format.applies(published));
            for format in exports.filter(|format| **format != Format::Linkset) {
                back(published, &export_url(published, *format), "describes", json);
            }
        });
    });
}

/// The context of the landing page: links grouped by relation, as they come.
fn page(published: &Published<'_>, exports: &[Format], json: &mut JsonText<'_>) {
    let mut links = Vec::new();
    landing(published, exports, None, |link| links.push(link));
    json.object(|json| {
        json.text("anchor", &html_url(published));
        for group in links.chunk_by(|a, b| a.rel == b.rel) {
            json.key(group[0].rel).array(|json| group.iter().for_each(|link| target(link, json)));
        }
    });
}

/// The context of something that belongs to the record.
fn back(published: &Published<'_>, anchor: &str, rel: &'static str, json: &mut JsonText<'_>) {
    json.object(|json| {
        json.text("anchor", anchor);
        json.key(rel).array(|json| target(&to_landing(published, rel), json));
    });
}

fn target(link: &Link<'_>, json: &mut JsonText<'_>) {
    json.object(|json| {
        json.text("href", &link.href);
        json.some_text("type", link.media_type.as_deref());
        // One string, as signposting clients and InvenioRDM have it.
        json.some_text("profile", link.profile);
    });
}

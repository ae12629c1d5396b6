//! The file table.

use super::Page;
use crate::build::site::html::Html;
use crate::build::site::words;
use crate::crosswalk::Format;
use crate::crosswalk::files::open_files;
use crate::record::model::FileEntry;

/// Files shown before the table folds.
const SHOWN: usize = 100;
/// Files named on a page that links to an export with all of them.
const NAMED: usize = 200;

/// Name with download link, checksum, size and type of every public file.
pub(in crate::build::site) fn table(page: Page<'_>, html: &mut Html) {
    let files = ordered(page);
    if files.is_empty() {
        return;
    }
    let total = files.iter().filter_map(|file| file.size).fold(0, u64::saturating_add);
    html.raw("<p class=\"sum\">").text(&words::grouped(files.len() as u64));
    html.raw(if files.len() == 1 { " file, " } else { " files, " });
    html.text(&words::size(total)).raw("</p>\n");
    let shown = if files.len() > SHOWN + 10 { SHOWN } else { files.len() };
    let (first, rest) = files.split_at(shown);
    rows(page, html, first);
    if rest.is_empty() {
        return;
    }
    let export = page.exports().find(|format| *format == Format::NativeJson);
    let (rest, unnamed) = match export {
        Some(_) if files.len() > NAMED + 10 => rest.split_at(NAMED - SHOWN),
        _ => (rest, [].as_slice()),
    };
    let count = words::grouped(rest.len() as u64);
    html.raw("<details class=\"more\"><summary>").text(&count).raw(" more files</summary>\n");
    rows(page, html, rest);
    html.raw("</details>\n");
    if let Some(export) = export.filter(|_| !unnamed.is_empty()) {
        let url = page.urls.export(page.published.id(), export.file_name());
        let text = format!("{} further files", words::grouped(unnamed.len() as u64));
        html.raw("<p class=\"sum\">").link("", Some(&url), &text);
        html.raw(" are named in the JSON export.</p>\n");
    }
}

/// The display order of the record, then the rest by key.
fn ordered<'a>(page: Page<'a>) -> Vec<&'a FileEntry<'a>> {
    let mut files = open_files(page.published);
    let order = &page.published.record.files.order;
    if !order.is_empty() {
        let place: std::collections::BTreeMap<&str, usize> =
            order.iter().enumerate().map(|(at, key)| (key.as_str(), at)).collect();
        files.sort_by_key(|file| place.get(file.key.as_str()).copied().unwrap_or(usize::MAX));
    }
    files
}

fn rows(page: Page<'_>, html: &mut Html, files: &[&FileEntry<'_>]) {
    html.raw("<div class=\"scroll\"><table class=\"files\">\n<thead><tr><th scope=\"col\">Name");
    html.raw("</th><th scope=\"col\">Type</th><th scope=\"col\" class=\"size\">Size</th></tr>");
    html.raw("</thead>\n<tbody>\n");
    for file in files {
        let url = page.urls.download(page.published.id(), &file.key);
        html.raw("<tr><th scope=\"row\">");
        // The key as it is, but for what could disguise it: a reader compares it with a disk.
        html.raw("<bdi>").link("", Some(&url), &file.key).raw("</bdi>");
        if let Some(checksum) = file.checksum.as_deref().filter(|sum| !sum.is_empty()) {
            html.raw("<br><code class=\"checksum\">").text(checksum).raw("</code>");
        }
        let kind = file.mimetype.as_deref().or(file.ext.as_deref()).unwrap_or_default();
        html.raw("</th><td class=\"type\">").text(kind).raw("</td><td class=\"size\">");
        if let Some(size) = file.size {
            html.text(&words::size(size));
            if size >= 1000 {
                html.raw("<br><small>").text(&words::grouped(size)).raw(" bytes</small>");
            }
        }
        html.raw("</td></tr>\n");
    }
    html.raw("</tbody>\n</table></div>\n");
}

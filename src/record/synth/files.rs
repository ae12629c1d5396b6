//! The files section of a record.

use super::distributions::{FILE_BYTES, FILES};
use super::document::{Access, Document, stream};
use super::json::{field, raw, string};
use super::kinds::Giant;
use super::prose::Prose;
use super::rng::Rng;
use super::tongues::ENGLISH;
use super::{BASE_URL, metadata};

struct File {
    key: String,
    ext: String,
    size: u64,
    md5: String,
}

/// Appends `"files":{…},`.
pub(super) fn write(document: &Document<'_>, id: &str, out: &mut Vec<u8>) {
    if document.access == Access::MetadataOnly {
        return raw(
            "\"files\":{\"enabled\":false,\"order\":[],\"count\":0,\"total_bytes\":0,\"entries\":{}},",
            out,
        );
    }
    let files = draw(document);
    let total: u64 = files.iter().map(|file| file.size).sum();
    raw("\"files\":{\"enabled\":true,\"order\":[],", out);
    raw(&format!("\"count\":{},\"total_bytes\":{total},\"entries\":{{", files.len()), out);
    for (i, file) in files.iter().enumerate() {
        if i > 0 {
            raw(",", out);
        }
        string(&file.key, out);
        raw(":{", out);
        field("key", &file.key, out);
        raw(",", out);
        field("checksum", &format!("md5:{}", file.md5), out);
        raw(",", out);
        field("ext", &file.ext, out);
        raw(&format!(",\"size\":{},", file.size), out);
        field("mimetype", media_type(&file.ext), out);
        raw(",\"links\":{", out);
        let link =
            format!("{BASE_URL}/api/records/{id}/files/{}/content", percent_encoded(&file.key));
        field("content", &link, out);
        raw("}}", out);
    }
    raw("}},", out);
}

/// The media type of an extension.
fn media_type(ext: &str) -> &'static str {
    match ext {
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        "gz" => "application/gzip",
        "csv" => "text/csv",
        "tsv" => "text/tab-separated-values",
        "txt" => "text/plain",
        "html" => "text/html",
        "xml" => "application/xml",
        "jpg" => "image/jpeg",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "tif" => "image/tiff",
        "mp3" => "audio/mpeg",
        "wav" => "audio/x-wav",
        "mp4" => "video/mp4",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        _ => "application/octet-stream",
    }
}

fn draw(document: &Document<'_>) -> Vec<File> {
    let mut rng = document.own(stream::FILES);
    let count = match document.giant {
        Some(Giant::Files) => 5_000,
        _ => FILES.draw(&mut rng),
    };
    let repository = (document.kind.id == "software").then(|| metadata::code_repository(document));
    let mut files: Vec<File> = (0..count)
        .map(|i| {
            let ext = rng.pick(document.kind.extensions);
            let key = match &repository {
                Some((name, version)) if i == 0 => format!("{name}-{version}.{ext}"),
                _ => name(document, &mut rng, i, ext),
            };
            let size = FILE_BYTES.draw(&mut rng) as u64 + rng.below(1_000);
            let md5 = format!("{:016x}{:016x}", rng.bits(), rng.bits());
            File { key, ext: ext.to_owned(), size, md5 }
        })
        .collect();
    files.sort_by(|a, b| a.key.cmp(&b.key));
    files.dedup_by(|a, b| a.key == b.key);
    files
}

/// A file name: words joined by underscores or spaces, some with letters beyond ASCII.
fn name(document: &Document<'_>, rng: &mut Rng, i: usize, ext: &str) -> String {
    let mut prose = Prose::new(Rng::new(rng.bits(), 0, 0), ENGLISH, document.topic());
    let joint = if rng.chance(35_000) { " " } else { "_" };
    let mut name = String::new();
    for word in 0..rng.between(1, 3) {
        if word > 0 {
            name.push_str(joint);
        }
        prose.content_word(&mut name);
    }
    if rng.chance(800) {
        name.push_str("_größe_日本");
    }
    if i > 0 {
        name.push_str(&format!("{joint}{i}"));
    }
    name.push('.');
    name.push_str(ext);
    name
}

fn percent_encoded(key: &str) -> String {
    let mut out = String::with_capacity(key.len() + 8);
    for byte in key.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(byte as char)
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

//! From a request path to a file under the root, or to nothing.

use std::io;

use super::root::{Opened, View};
use crate::build::hosting::policy;
use crate::crosswalk::Format;
use crate::release::encoding::Encoding;

/// Longest accepted decoded path, bytes; the longest that a build writes is far shorter.
const MAX_PATH: usize = 2048;

/// Decodes a request path once and refuses what no file of a release is called.
///
/// Result: segments joined by `/`, no leading slash; a trailing slash (or the empty path)
/// stays visible. An encoded slash is a slash, because DOIs in addresses are often encoded
/// whole. Refused: bad percent escapes, non-UTF-8, NUL and other control characters,
/// backslashes, empty, `.` and `..` segments, names that begin with a dot except a leading
/// `.well-known`.
pub(crate) fn decode(path: &str) -> Option<String> {
    let path = path.strip_prefix('/')?;
    if path.len() > 3 * MAX_PATH {
        return None;
    }
    let mut decoded = Vec::with_capacity(path.len());
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        let byte = match byte {
            b'%' => hex(bytes.next()?)? << 4 | hex(bytes.next()?)?,
            byte => byte,
        };
        if byte.is_ascii_control() || byte == b'\\' {
            return None;
        }
        decoded.push(byte);
    }
    let decoded = String::from_utf8(decoded).ok().filter(|path| path.len() <= MAX_PATH)?;
    let body = decoded.strip_suffix('/').unwrap_or(&decoded);
    let allowed = |(index, segment): (usize, &str)| {
        !segment.is_empty()
            && (!segment.starts_with('.') || (index == 0 && segment == ".well-known"))
    };
    let fine = decoded.is_empty() || body.split('/').enumerate().all(allowed);
    fine.then_some(decoded)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// What a request leads to.
#[derive(Debug)]
pub(crate) enum Found {
    /// The file to send.
    File(Opened),
    /// The page of a record that was removed.
    Gone(Opened),
    /// The file to send under this type rather than its own.
    Api(Opened),
    /// The proper address: a path, encoded.
    Moved(String),
    /// The file that `Accept` asks for: a path, encoded.
    Chosen(String),
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// The path as sent.
    pub(crate) raw: &'a str,
    /// The same, decoded by [`decode`].
    pub(crate) decoded: &'a str,
    /// `Accept`; empty when absent.
    pub(crate) accept: &'a str,
}

/// Finds what answers a request; blocking.
///
/// The rules and their order are those of the configurations that `offprint hosting` prints.
///
/// # Errors
/// What the system says, except that what is missing, a directory, or outside the root is
/// `Ok(None)`.
pub(crate) fn resolve(root: &View<'_>, wanted: Wanted<'_>) -> io::Result<Option<Found>> {
    let Wanted { raw, decoded, accept } = wanted;
    if let Some((id, fmt)) = export_name(decoded) {
        return export(root, id, fmt);
    }
    if let Some((from, to)) = policy::MOVED.iter().find(|(from, _)| raw.starts_with(from)) {
        return Ok(Some(Found::Moved(format!("{to}{}", &raw[from.len()..]))));
    }
    if let Some(folder) = decoded.strip_suffix('/') {
        if let Some(found) = root.open(format!("{folder}/index.html"))? {
            return Ok(Some(Found::File(found)));
        }
        let page = root.open(format!("{folder}.html"))?;
        return Ok(page.and_then(|_| raw.strip_suffix('/')).map(moved));
    }
    if decoded.is_empty() {
        return Ok(root.open("index.html".to_owned())?.map(Found::File));
    }
    if decoded.ends_with(".html") {
        let page = root.open(decoded.to_owned())?.filter(|page| page.path != NOT_FOUND);
        let cut = || raw.strip_suffix("index.html").filter(|cut| cut.ends_with('/'));
        return Ok(page.and_then(|_| cut().or_else(|| raw.strip_suffix(".html"))).map(moved));
    }
    if let Some(id) = decoded.strip_prefix("records/").filter(|id| is_id(id))
        && let Some(found) = landing(root, id, accept)?
    {
        return Ok(Some(found));
    }
    if let Some(id) = decoded.strip_prefix("api/records/").filter(|id| is_id(id)) {
        return api(root, id, accept);
    }
    for path in [decoded.to_owned(), format!("{decoded}.html")] {
        if let Some(found) = root.open(path)? {
            return Ok(Some(Found::File(found)));
        }
    }
    let index = root.open(format!("{decoded}/index.html"))?;
    Ok(index.map(|_| moved(&format!("{raw}/"))))
}

/// The page shown for what is not there; not a page of its own.
pub(crate) const NOT_FOUND: &str = "404.html";

fn moved(to: &str) -> Found {
    Found::Moved(to.to_owned())
}

/// Id and format of `records/<id>/export/<fmt>`, or of the same below `record/`.
fn export_name(decoded: &str) -> Option<(&str, &str)> {
    let rest = decoded.strip_prefix("records/").or_else(|| decoded.strip_prefix("record/"))?;
    let (id, rest) = rest.split_once("/export/")?;
    Some((id, rest.strip_suffix('/').unwrap_or(rest))).filter(|(id, _)| is_id(id))
}

fn export(root: &View<'_>, id: &str, fmt: &str) -> io::Result<Option<Found>> {
    let names = policy::export_names(&Format::ALL);
    let Some((_, file)) = names.into_iter().find(|(name, _)| *name == fmt) else { return Ok(None) };
    let path = format!("records/{id}/{file}");
    Ok(root.open(path.clone())?.map(|_| Found::Moved(format!("/{path}"))))
}

/// The answers that only a record's own address has.
fn landing(root: &View<'_>, id: &str, accept: &str) -> io::Result<Option<Found>> {
    if root.open(format!("records/{id}{}", policy::GONE))?.is_some() {
        return Ok(root.open(format!("records/{id}.html"))?.map(Found::Gone));
    }
    chosen(root, id, accept)
}

fn chosen(root: &View<'_>, id: &str, accept: &str) -> io::Result<Option<Found>> {
    let Some(file) = policy::negotiate(accept, &Format::ALL) else { return Ok(None) };
    let path = format!("records/{id}/{file}");
    Ok(root.open(path.clone())?.map(|_| Found::Chosen(format!("/{path}"))))
}

fn api(root: &View<'_>, id: &str, accept: &str) -> io::Result<Option<Found>> {
    if let Some(found) = chosen(root, id, accept)? {
        return Ok(Some(found));
    }
    let export = policy::API_EXPORT.file_name();
    for path in [
        format!("api/records/{id}"),
        format!("api/records/{id}.json"),
        format!("records/{id}/{export}"),
    ] {
        if let Some(found) = root.open(path)? {
            return Ok(Some(Found::Api(found)));
        }
    }
    Ok(None)
}

/// Whether `text` can be a record id; such text needs no encoding in an address.
fn is_id(text: &str) -> bool {
    let first = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    text.bytes().next().is_some_and(first)
        && text.bytes().all(|b| first(b) || matches!(b, b'.' | b'_' | b'-'))
}

/// The variants of a file that stand beside it, by preference.
pub(crate) fn variant(
    root: &View<'_>,
    path: &str,
    codings: &[Encoding],
) -> io::Result<Option<(Encoding, Opened)>> {
    for coding in codings {
        if let Some(mut opened) = root.open(format!("{path}{}", coding.suffix()))? {
            // Another representation, so another tag, also where the name has the hash.
            let tag = opened.state.etag.trim_end_matches('"').to_owned();
            opened.state.etag = format!("{tag}-{}\"", coding.name());
            return Ok(Some((*coding, opened)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn paths_decode_once_or_not_at_all() {
        let cases: &[(&str, Option<&str>)] = &[
            ("/", Some("")),
            ("/records/1", Some("records/1")),
            ("/dumps/", Some("dumps/")),
            ("/doi/10.5281/a%20b", Some("doi/10.5281/a b")),
            ("/caf%C3%A9", Some("café")),
            ("/%252e%252e/x", Some("%2e%2e/x")),
            ("/.well-known/resourcesync", Some(".well-known/resourcesync")),
            ("", None),
            ("records", None),
            ("//", None),
            ("//etc/passwd", None),
            ("/a//b", None),
            ("/..", None),
            ("/a/../b", None),
            ("/%2e%2e/etc/passwd", None),
            ("/a/%2E%2E%2fb", None),
            ("/doi/10.5281%2Fzenodo.1", Some("doi/10.5281/zenodo.1")),
            ("/a%2f%2fb", None),
            ("/a/%2fb", None),
            ("/%2fa", None),
            ("/a/..%2fb", None),
            ("/a%5cb", None),
            ("/a\\b", None),
            ("/a%00b", None),
            ("/a%0ab", None),
            ("/.git/config", None),
            ("/a/.well-known", None),
            ("/./a", None),
            ("/%", None),
            ("/%4", None),
            ("/%zz", None),
            ("/%ff", None),
        ];
        for (path, expected) in cases {
            assert_eq!(decode(path).as_deref(), *expected, "{path}");
        }
        assert_eq!(decode(&format!("/{}", "a".repeat(MAX_PATH + 1))), None);
    }

    proptest::proptest! {
        #[test]
        fn decoded_paths_stay_below_the_root(path in "/([a-z./%2e5cf\\\\]{0,24})") {
            if let Some(decoded) = decode(&path) {
                let below = Path::new(&decoded).components()
                    .all(|part| matches!(part, std::path::Component::Normal(_)));
                proptest::prop_assert!(below, "{} -> {}", path, decoded);
            }
        }
    }
}

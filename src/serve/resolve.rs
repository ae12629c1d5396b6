//! From a request path to a file under the root, or to nothing.

use std::fs::File;
use std::io;
use std::path::Path;

use super::condition::Validators;

/// Longest accepted decoded path, bytes; the longest that a build writes is far shorter.
const MAX_PATH: usize = 2048;

/// Decodes a request path once and refuses what no file of a release is called.
///
/// Result: segments joined by `/`, no leading slash; a trailing slash (or the empty path)
/// stays visible. Refused: bad percent escapes, non-UTF-8, NUL and other control characters,
/// backslashes, an encoded slash, empty, `.` and `..` segments, names that begin with a dot
/// except a leading `.well-known`.
pub(crate) fn decode(path: &str) -> Option<String> {
    let path = path.strip_prefix('/')?;
    if path.len() > 3 * MAX_PATH {
        return None;
    }
    let mut decoded = Vec::with_capacity(path.len());
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        let byte = match byte {
            b'%' => match hex(bytes.next()?)? << 4 | hex(bytes.next()?)? {
                b'/' => return None,
                byte => byte,
            },
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

/// An open regular file under the root.
#[derive(Debug)]
pub(crate) struct Opened {
    /// Relative to the root; decides type and cache class.
    pub(crate) path: String,
    /// Open for reading.
    pub(crate) file: File,
    /// Bytes, of the open file, not of the name.
    pub(crate) len: u64,
    /// Entity tag and time.
    pub(crate) state: Validators,
}

/// What a decoded path leads to.
#[derive(Debug)]
pub(crate) enum Found {
    /// The file to send.
    File(Opened),
    /// The page stands at the path with (`true`) or without a trailing slash.
    Elsewhere {
        /// Whether the slash is to be added.
        slash: bool,
    },
}

/// Finds the file for a decoded path; blocking.
///
/// Order: the exact file, `<path>.html`, `<path>/index.html`; the last one answers only to the
/// path with a trailing slash, because relative links of an index page need it.
///
/// # Errors
/// What the system says, except that what is missing, a directory, or outside the root is
/// `Ok(None)`.
pub(crate) fn resolve(root: &Path, decoded: &str) -> io::Result<Option<Found>> {
    if let Some(folder) = decoded.strip_suffix('/') {
        if let Some(found) = open(root, format!("{folder}/index.html"))? {
            return Ok(Some(Found::File(found)));
        }
        let page = open(root, format!("{folder}.html"))?;
        return Ok(page.map(|_| Found::Elsewhere { slash: false }));
    }
    if decoded.is_empty() {
        return Ok(open(root, "index.html".to_owned())?.map(Found::File));
    }
    for path in [decoded.to_owned(), format!("{decoded}.html")] {
        if let Some(found) = open(root, path)? {
            return Ok(Some(Found::File(found)));
        }
    }
    let index = open(root, format!("{decoded}/index.html"))?;
    Ok(index.map(|_| Found::Elsewhere { slash: true }))
}

/// Opens a regular file whose real path, links followed, is under `root`.
pub(crate) fn open(root: &Path, path: String) -> io::Result<Option<Opened>> {
    let real = match root.join(&path).canonicalize() {
        Ok(real) => real,
        Err(error) if is_absence(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    if !real.starts_with(root) {
        return Ok(None);
    }
    let file = match File::open(&real) {
        Ok(file) => file,
        Err(error) if is_absence(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(None);
    }
    let state = Validators::of(&path, &metadata);
    Ok(Some(Opened { path, file, len: metadata.len(), state }))
}

fn is_absence(error: &io::Error) -> bool {
    use io::ErrorKind::{
        InvalidFilename, InvalidInput, IsADirectory, NotADirectory, NotFound, PermissionDenied,
    };
    // Permission too: a file that the server may not read is one that it does not publish.
    matches!(
        error.kind(),
        NotFound | NotADirectory | IsADirectory | PermissionDenied | InvalidInput | InvalidFilename
    )
}

#[cfg(test)]
mod tests {
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
            ("/a%2fb", None),
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

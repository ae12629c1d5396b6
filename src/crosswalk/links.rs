//! Addresses of a record and its files, one rule each.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::Format;
use crate::record::Published;
use crate::record::identifier;

/// `https://doi.org/<doi>`, with what a URL cannot hold percent-encoded.
///
/// ```
/// use offprint::crosswalk::links::doi_url;
///
/// assert_eq!(doi_url("10.5281/zenodo.1"), "https://doi.org/10.5281/zenodo.1");
/// assert_eq!(doi_url("10.1002/a<1>b c"), "https://doi.org/10.1002/a%3C1%3Eb%20c");
/// ```
pub fn doi_url(doi: &str) -> String {
    if let Some(url) = identifier::to_url("doi", doi) {
        return url;
    }
    // Not a DOI by shape: a record may hold anything, a page may not.
    let mut url = String::with_capacity(doi.len() + 16);
    url.push_str("https://doi.org/");
    percent_encode(doi, b"/:;()!$&'*+,=@", &mut url);
    url
}

/// Where the record is read by people: `<base>/records/<id>`.
pub fn html_url(published: &Published<'_>) -> String {
    published.repository.landing_url(published.id())
}

/// Where the record is read by programs: `<base>/api/records/<id>`.
pub fn api_url(published: &Published<'_>) -> String {
    format!("{}/api/records/{}", published.repository.base_url, published.id())
}

/// Where the newest version is found, whichever it is: `<base>/records/<id>/latest`.
pub fn latest_url(published: &Published<'_>) -> String {
    format!("{}/latest", html_url(published))
}

/// The bytes of a file: see [`file_address`].
pub fn file_url(published: &Published<'_>, key: &str) -> String {
    file_address(&published.repository.base_url, published.id(), key)
}

/// The one address of a file in every output: `<base>/records/<id>/files/<key>`.
///
/// A path that any static host can serve from a folder, and the one that InvenioRDM serves the
/// bytes under, without a query. The key is one path segment or several: `/` stays, so that a
/// key with folders is a file in folders. A key with an empty, `.` or `..` segment is one
/// segment with its `/` encoded: a browser would resolve `..`, encoded or not.
///
/// ```
/// use offprint::crosswalk::links::file_address;
///
/// let address = |key| file_address("https://repository.example", "1", key);
/// assert_eq!(address("a b/ü.txt"), "https://repository.example/records/1/files/a%20b/%C3%BC.txt");
/// assert_eq!(address("../x"), "https://repository.example/records/1/files/..%2Fx");
/// ```
pub fn file_address(base_url: &str, id: &str, key: &str) -> String {
    let mut url = String::with_capacity(base_url.len() + id.len() + key.len() + 24);
    url.push_str(base_url);
    url.push_str("/records/");
    percent_encode(id, b"", &mut url);
    url.push_str("/files/");
    let is_odd = key.split('/').any(|segment| matches!(segment, "" | "." | ".."));
    percent_encode(key, if is_odd { b"" } else { b"/" }, &mut url);
    url
}

/// The export of a record in a format: `<base>/records/<id>/<file name>`.
pub fn export_url(published: &Published<'_>, format: Format) -> String {
    format!("{}/{}", html_url(published), format.file_name())
}

/// The page of a community: `<base>/communities/<slug>`.
pub fn community_url(published: &Published<'_>, slug: &str) -> String {
    let mut url = format!("{}/communities/", published.repository.base_url);
    percent_encode(slug, b"", &mut url);
    url
}

/// The persistent address of the record: its DOI, else its page.
pub fn citable_url(published: &Published<'_>) -> String {
    published.doi().map_or_else(|| html_url(published), doi_url)
}

/// The address of an identified thing, guessing the scheme where none is given.
///
/// `None` when the scheme has no resolver or the value is not valid in it. The answer is
/// always `http`, `https` or `ftp`: a `javascript:` identifier has no address.
pub fn identifier_url(scheme: Option<&str>, value: &str) -> Option<String> {
    let scheme = match scheme {
        Some(scheme) if !scheme.is_empty() => scheme,
        _ => identifier::detect(value)?,
    };
    let url = identifier::to_url(scheme, value)?;
    is_web(&url).then_some(url)
}

/// An address from a record as it may stand in an RDF or linkset document: on the web, with
/// what RFC 3986 forbids percent-encoded. `None` for anything else.
pub(crate) fn web_address(url: &str) -> Option<String> {
    identifier_url(Some("url"), url)
}

/// The address of an identified thing, else its bare identifier.
pub(crate) fn identifier_url_or_value<'a>(scheme: Option<&str>, value: &'a str) -> Cow<'a, str> {
    identifier_url(scheme, value).map_or(Cow::Borrowed(value), Cow::Owned)
}

/// Whether a text may stand where a reader follows links.
pub(crate) fn is_web(url: &str) -> bool {
    ["https://", "http://", "ftp://"]
        .iter()
        .any(|prefix| url.get(..prefix.len()).is_some_and(|p| p.eq_ignore_ascii_case(prefix)))
}

/// Percent-encodes everything but RFC 3986 unreserved characters and those in `safe`.
fn percent_encode(text: &str, safe: &[u8], out: &mut String) {
    for &byte in text.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || safe.contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

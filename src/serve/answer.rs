//! One request, one response.

use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::response::Response;

use super::body::{FileBody, UnpackBody};
use super::coding;
use super::condition::{self, Part};
use super::resolve::{self, Found, Wanted};
use super::root::{Content, Opened, Root, View};
use crate::build::hosting::policy::{self, CacheClass};
use crate::release::encoding::Encoding;

/// Files up to this size are read in the same blocking call that opens them.
const SMALL: u64 = 64 * 1024;

/// Answers one request.
pub(crate) async fn answer(root: Arc<Root>, request: Request) -> Response {
    let mut response = match *request.method() {
        Method::GET | Method::HEAD => {
            let head = request.method() == Method::HEAD;
            let asked = Asked::of(&request);
            // File system calls may block on a slow disk: never on a worker that serves others.
            match tokio::task::spawn_blocking(move || whole(&root, &asked, head)).await {
                Ok(Ok(response)) => response,
                Ok(Err(_)) | Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR, "internal error\n"),
            }
        }
        Method::OPTIONS => preflight(),
        _ => {
            let mut refused = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
            set(refused.headers_mut(), header::ALLOW, policy::METHODS);
            refused
        }
    };
    for (name, value) in policy::HEADERS {
        add(response.headers_mut(), name, value);
    }
    response
}

fn preflight() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    for (name, value) in policy::PREFLIGHT {
        add(response.headers_mut(), name, value);
    }
    set(response.headers_mut(), header::CACHE_CONTROL, CacheClass::Pointer.header());
    response
}

/// What matters of a request.
struct Asked {
    path: String,
    query: Option<String>,
    headers: HeaderMap,
}

impl Asked {
    fn of(request: &Request) -> Asked {
        let uri = request.uri();
        let wanted = [
            header::ACCEPT,
            header::ACCEPT_ENCODING,
            header::IF_NONE_MATCH,
            header::IF_MODIFIED_SINCE,
            header::IF_RANGE,
            header::RANGE,
        ];
        let mut headers = HeaderMap::new();
        for name in wanted {
            for value in request.headers().get_all(&name) {
                headers.append(&name, value.clone());
            }
        }
        Asked { path: uri.path().to_owned(), query: uri.query().map(str::to_owned), headers }
    }

    fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A list header that may come in several lines, as one; empty when absent.
    fn list(&self, name: HeaderName) -> String {
        let lines = self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        lines.collect::<Vec<_>>().join(",")
    }
}

/// Answers from one release. If that was replaced meanwhile and what it had is gone, from the
/// new one.
fn whole(root: &Root, asked: &Asked, head: bool) -> io::Result<Response> {
    match respond(&root.view(false), asked, head) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            respond(&root.view(true), asked, head)
        }
        other => other,
    }
}

fn respond(root: &View<'_>, asked: &Asked, head: bool) -> io::Result<Response> {
    let accept = asked.list(header::ACCEPT);
    let found = match resolve::decode(&asked.path) {
        Some(decoded) => {
            resolve::resolve(root, Wanted { raw: &asked.path, decoded: &decoded, accept: &accept })?
        }
        None => None,
    };
    let Some(found) = found else { return not_found(root, asked, head) };
    let varies = depends_on_accept(&asked.path);
    let mut response = match found {
        Found::File(opened) => {
            let kind = policy::media_type(&opened.path);
            file_response(root, asked, head, opened, kind)?
        }
        Found::Api(opened) => file_response(root, asked, head, opened, "application/json")?,
        Found::Gone(opened) => error_page(root, asked, head, StatusCode::GONE, opened)?,
        Found::Moved(to) => {
            redirect(asked, StatusCode::MOVED_PERMANENTLY, to, CacheClass::Page.header())
        }
        Found::Chosen(to) => redirect(asked, StatusCode::SEE_OTHER, to, policy::NO_STORE),
    };
    if varies {
        add(response.headers_mut(), "Vary", "Accept");
    }
    Ok(response)
}

/// Whether the path is `/records/<id>` or `/api/records/<id>`.
fn depends_on_accept(path: &str) -> bool {
    let path = path.strip_prefix("/api").unwrap_or(path);
    path.strip_prefix("/records/").is_some_and(|id| !id.is_empty() && !id.contains('/'))
}

/// The variant that the client prefers, where one stands beside the file, and its coding.
fn represent(
    root: &View<'_>,
    asked: &Asked,
    opened: Opened,
    kind: &str,
) -> io::Result<(Option<Encoding>, Opened)> {
    if !policy::is_compressible(kind) {
        return Ok((None, opened));
    }
    let codings = coding::accepted(&asked.list(header::ACCEPT_ENCODING));
    Ok(match resolve::variant(root, &opened.path, &codings)? {
        Some((coding, variant)) => (Some(coding), variant),
        None => (None, opened),
    })
}

/// Type, coding, and what the answer depends on.
fn describe(headers: &mut HeaderMap, kind: &str, coding: Option<Encoding>) {
    set(headers, header::CONTENT_TYPE, kind);
    if let Some(coding) = coding {
        set(headers, header::CONTENT_ENCODING, coding.name());
    }
}

fn file_response(
    root: &View<'_>,
    asked: &Asked,
    head: bool,
    opened: Opened,
    kind: &str,
) -> io::Result<Response> {
    let cache = policy::cache_class(&opened.path);
    let (coding, Opened { content, len, state, .. }) = represent(root, asked, opened, kind)?;
    let fresh = state
        .not_modified(asked.header(header::IF_NONE_MATCH), asked.header(header::IF_MODIFIED_SINCE));
    let range = asked.header(header::RANGE).filter(|_| {
        // A range of HEAD has no meaning (§14.2).
        !head && state.range_applies(asked.header(header::IF_RANGE))
    });
    let part = condition::part(range, len);
    let (status, first, length) = match part {
        _ if fresh => (StatusCode::NOT_MODIFIED, 0, 0),
        Part::Whole => (StatusCode::OK, 0, len),
        Part::Bytes { first, last } => (StatusCode::PARTIAL_CONTENT, first, last - first + 1),
        Part::Unsatisfiable => (StatusCode::RANGE_NOT_SATISFIABLE, 0, 0),
    };
    let body = if head || length == 0 { Body::empty() } else { body(content, first, length)? };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    set(headers, header::ETAG, &state.etag);
    set(headers, header::CACHE_CONTROL, cache.header());
    if policy::is_compressible(kind) {
        add(headers, "Vary", "Accept-Encoding");
    }
    if let Some(date) = state.last_modified() {
        set(headers, header::LAST_MODIFIED, &date);
    }
    if fresh {
        return Ok(response);
    }
    set(headers, header::ACCEPT_RANGES, "bytes");
    match part {
        Part::Bytes { first, last } => {
            set(headers, header::CONTENT_RANGE, &format!("bytes {first}-{last}/{len}"));
        }
        Part::Unsatisfiable => set(headers, header::CONTENT_RANGE, &format!("bytes */{len}")),
        Part::Whole => {}
    }
    if part != Part::Unsatisfiable {
        describe(headers, kind, coding);
    }
    set(headers, header::CONTENT_LENGTH, &length.to_string());
    Ok(response)
}

/// `length` bytes from `first`: read at once when small, streamed otherwise.
fn body(content: Content, first: u64, length: u64) -> io::Result<Body> {
    let size = || usize::try_from(length).unwrap_or(0);
    match content {
        Content::File(mut file) => {
            file.seek(SeekFrom::Start(first))?;
            if length > SMALL {
                return Ok(Body::new(FileBody::new(file, length)));
            }
            let mut bytes = vec![0; size()];
            file.read_exact(&mut bytes)?;
            Ok(Body::from(bytes))
        }
        Content::Bytes(mut bytes) => {
            bytes.drain(..usize::try_from(first).unwrap_or(0).min(bytes.len()));
            bytes.truncate(size());
            Ok(Body::from(bytes))
        }
        Content::Packed(packed) => Ok(Body::new(UnpackBody::new(packed.reader(first)?, length))),
    }
}

/// Sends the client to another path, with the query it came with.
fn redirect(asked: &Asked, status: StatusCode, mut to: String, cache: &str) -> Response {
    // The path is as sent, so already encoded. It decodes to no empty segment, so it cannot
    // begin with `//` and name another host.
    if let Some(query) = asked.query.as_ref().filter(|_| status == StatusCode::MOVED_PERMANENTLY) {
        to.push('?');
        to.push_str(query);
    }
    let mut response = plain(status, "see Location\n");
    set(response.headers_mut(), header::LOCATION, &to);
    set(response.headers_mut(), header::CACHE_CONTROL, cache);
    response
}

/// The site's own 404 page, or a line of text where it has none.
fn not_found(root: &View<'_>, asked: &Asked, head: bool) -> io::Result<Response> {
    match root.open(resolve::NOT_FOUND.to_owned())? {
        Some(page) => error_page(root, asked, head, StatusCode::NOT_FOUND, page),
        None => Ok(plain(StatusCode::NOT_FOUND, "not found\n")),
    }
}

/// A whole page under a status that is not 200: no tag, no range.
fn error_page(
    root: &View<'_>,
    asked: &Asked,
    head: bool,
    status: StatusCode,
    page: Opened,
) -> io::Result<Response> {
    let kind = policy::media_type(&page.path);
    let (coding, Opened { content, len, .. }) = represent(root, asked, page, kind)?;
    let body = if head { Body::empty() } else { body(content, 0, len)? };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    describe(headers, kind, coding);
    add(headers, "Vary", "Accept-Encoding");
    set(headers, header::CONTENT_LENGTH, &len.to_string());
    let gone = status == StatusCode::GONE;
    let class = if gone { CacheClass::Page } else { CacheClass::Pointer };
    set(headers, header::CACHE_CONTROL, class.header());
    Ok(response)
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    set(response.headers_mut(), header::CONTENT_TYPE, "text/plain; charset=utf-8");
    set(response.headers_mut(), header::CACHE_CONTROL, CacheClass::Pointer.header());
    response
}

/// Sets a header whose value is ours; one that HTTP cannot carry is left out.
fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// Adds a line to a header that the policy names.
fn add(headers: &mut HeaderMap, name: &str, value: &str) {
    let name = HeaderName::from_bytes(name.as_bytes());
    if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
        headers.append(name, value);
    }
}

//! One request, one response.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::response::Response;

use super::body::FileBody;
use super::condition::{self, Part};
use super::kind;
use super::resolve::{self, Found, Opened};

/// Files up to this size are read in the same blocking call that opens them.
const SMALL: u64 = 64 * 1024;

/// Sent with every response, errors too. No script or style but our own files, no frame, no
/// base, no other origin (reliability: stored XSS has nothing to run).
const SECURITY: [(HeaderName, &str); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; \
         connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// Answers one request from the directory `root` (canonical).
pub(crate) async fn answer(root: Arc<Path>, request: Request) -> Response {
    let mut response = if matches!(*request.method(), Method::GET | Method::HEAD) {
        let head = request.method() == Method::HEAD;
        let asked = Asked::of(&request);
        // File system calls may block on a slow disk: never on a worker that serves others.
        match tokio::task::spawn_blocking(move || respond(&root, &asked, head)).await {
            Ok(Ok(response)) => response,
            Ok(Err(_)) | Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR, "internal error\n"),
        }
    } else {
        let mut refused = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
        refused.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        refused
    };
    for (name, value) in SECURITY {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
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
        let wanted =
            [header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE, header::IF_RANGE, header::RANGE];
        let mut headers = HeaderMap::new();
        for name in wanted {
            if let Some(value) = request.headers().get(&name) {
                headers.insert(name, value.clone());
            }
        }
        Asked { path: uri.path().to_owned(), query: uri.query().map(str::to_owned), headers }
    }

    fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

fn respond(root: &Path, asked: &Asked, head: bool) -> io::Result<Response> {
    let found = match resolve::decode(&asked.path) {
        Some(decoded) => resolve::resolve(root, &decoded)?,
        None => None,
    };
    match found {
        Some(Found::File(opened)) => file_response(asked, head, opened),
        Some(Found::Elsewhere { slash }) => Ok(moved(asked, slash)),
        None => not_found(root, head),
    }
}

fn file_response(asked: &Asked, head: bool, opened: Opened) -> io::Result<Response> {
    let Opened { path, file, len, state } = opened;
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
    let body = if head || length == 0 { Body::empty() } else { content(file, first, length)? };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    set(headers, header::ETAG, &state.etag);
    set(headers, header::CACHE_CONTROL, kind::cache_class(&path).header());
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
        set(headers, header::CONTENT_TYPE, kind::media_type(&path));
    }
    set(headers, header::CONTENT_LENGTH, &length.to_string());
    Ok(response)
}

/// `length` bytes from `first`: read at once when small, streamed otherwise.
fn content(mut file: File, first: u64, length: u64) -> io::Result<Body> {
    file.seek(SeekFrom::Start(first))?;
    if length > SMALL {
        return Ok(Body::new(FileBody::new(file, length)));
    }
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
    file.read_exact(&mut bytes)?;
    Ok(Body::from(bytes))
}

/// The page's proper URL differs by its trailing slash.
fn moved(asked: &Asked, slash: bool) -> Response {
    // The path as sent, so already encoded. It decodes to no empty segment, so it cannot
    // begin with `//` and name another host.
    let mut to = asked.path.trim_end_matches('/').to_owned();
    if slash {
        to.push('/');
    }
    if let Some(query) = &asked.query {
        to.push('?');
        to.push_str(query);
    }
    let mut response = plain(StatusCode::PERMANENT_REDIRECT, "moved\n");
    set(response.headers_mut(), header::LOCATION, &to);
    set(response.headers_mut(), header::CACHE_CONTROL, kind::CacheClass::Page.header());
    response
}

/// The site's own 404 page, or a line of text where it has none.
fn not_found(root: &Path, head: bool) -> io::Result<Response> {
    let Some(Opened { path, file, len, .. }) = resolve::open(root, "404.html".to_owned())? else {
        return Ok(plain(StatusCode::NOT_FOUND, "not found\n"));
    };
    let body = if head { Body::empty() } else { content(file, 0, len)? };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::NOT_FOUND;
    let headers = response.headers_mut();
    set(headers, header::CONTENT_TYPE, kind::media_type(&path));
    set(headers, header::CONTENT_LENGTH, &len.to_string());
    set(headers, header::CACHE_CONTROL, kind::CacheClass::Pointer.header());
    Ok(response)
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    set(response.headers_mut(), header::CONTENT_TYPE, "text/plain; charset=utf-8");
    set(response.headers_mut(), header::CACHE_CONTROL, kind::CacheClass::Pointer.header());
    response
}

/// Sets a header whose value is ours; one that HTTP cannot carry is left out.
fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

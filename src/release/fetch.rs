//! Reads a release from a directory or over HTTP: whole small files, streams, byte ranges.
//!
//! Every read has a bound, every path is checked, and requests and bytes are counted. Nothing is
//! cached and nothing is retried here.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::layout::is_safe_path;

/// Largest file that is read whole when a server ignores the range asked for.
const MAX_WHOLE_INSTEAD: u64 = 8 << 20;

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Not a plain relative path.
    #[error("{0:?} is not a path inside a release")]
    BadPath(String),
    /// Nothing is there.
    #[error("{0} does not exist")]
    NotFound(String),
    /// A file could not be read, or a response broke off.
    #[error("cannot read {path}")]
    Io {
        /// Path or URL.
        path: String,
        /// Cause.
        source: io::Error,
    },
    /// No response came.
    #[error("cannot get {url}")]
    Transport {
        /// What was asked for.
        url: String,
        /// Cause.
        source: Box<ureq::Error>,
    },
    /// A response that is neither success nor absence.
    #[error("{url} answered {status}")]
    Status {
        /// What was asked for.
        url: String,
        /// HTTP status code.
        status: u16,
    },
    /// More bytes than the reader is willing to hold.
    #[error("{path} is longer than {limit} bytes")]
    TooLong {
        /// Path or URL.
        path: String,
        /// The bound, bytes.
        limit: u64,
    },
    /// The file ends before the range does.
    #[error("{path} ends before byte {end}")]
    Short {
        /// Path or URL.
        path: String,
        /// One past the last byte asked for.
        end: u64,
    },
    /// The server sent the whole of a large file, or another part of it.
    #[error("{url} does not answer range requests; use a server that does, or a local copy")]
    NoRanges {
        /// What was asked for.
        url: String,
    },
}

/// What reading costs: the one method single-record reads need, so that tests can count.
pub trait RangeSource: Sync {
    /// Exactly `len` bytes of the file at `path`, from `offset`.
    ///
    /// # Errors
    /// When the file is absent, shorter, or the server cannot do ranges.
    fn read_range(&self, path: &str, offset: u64, len: u64) -> Result<Vec<u8>, FetchError>;

    /// [`read_range`](Self::read_range) in place of what `out` holds. Reading one range after
    /// another this way asks for no memory each time.
    ///
    /// # Errors
    /// As [`read_range`](Self::read_range); `out` then holds anything.
    fn read_range_into(
        &self,
        path: &str,
        offset: u64,
        len: u64,
        out: &mut Vec<u8>,
    ) -> Result<(), FetchError> {
        *out = self.read_range(path, offset, len)?;
        Ok(())
    }
}

/// Requests made and body bytes read so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traffic {
    /// HTTP requests, or files opened.
    pub requests: u64,
    /// Bytes of bodies, or of files.
    pub bytes: u64,
}

/// Answer to a conditional request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fresh {
    /// The file is still the one with the tag.
    Same,
    /// It is this.
    New {
        /// The whole file.
        body: Vec<u8>,
        /// Its entity tag, as the server spells it.
        etag: Option<String>,
    },
}

/// The web root of a release: a directory, or an `http://` or `https://` URL.
pub struct Source {
    root: Root,
    requests: AtomicU64,
    bytes: Arc<AtomicU64>,
}

enum Root {
    Dir(PathBuf),
    Url { agent: ureq::Agent, base: String },
}

impl Source {
    /// Names a root; nothing is read yet.
    pub fn open(root: &str) -> Source {
        let is_url = root.starts_with("http://") || root.starts_with("https://");
        let root = if is_url {
            Root::Url { agent: agent(), base: root.trim_end_matches('/').to_owned() }
        } else {
            Root::Dir(PathBuf::from(root))
        };
        Source { root, requests: AtomicU64::new(0), bytes: Arc::new(AtomicU64::new(0)) }
    }

    /// The directory, when it is one.
    pub fn directory(&self) -> Option<&std::path::Path> {
        match &self.root {
            Root::Dir(dir) => Some(dir),
            Root::Url { .. } => None,
        }
    }

    /// What was read so far, through every method.
    pub fn traffic(&self) -> Traffic {
        Traffic {
            requests: self.requests.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }

    /// The whole file, at most `limit` bytes. One request.
    ///
    /// # Errors
    /// When it is absent, longer than `limit`, or reading fails.
    pub fn read_all(&self, path: &str, limit: u64) -> Result<Vec<u8>, FetchError> {
        let mut body = Vec::new();
        let read = self.reader(path)?.take(limit + 1).read_to_end(&mut body);
        read.map_err(|source| FetchError::Io { path: self.place(path), source })?;
        if body.len() as u64 > limit {
            return Err(FetchError::TooLong { path: self.place(path), limit });
        }
        Ok(body)
    }

    /// The file as a stream. One request.
    ///
    /// # Errors
    /// When it is absent or cannot be opened.
    pub fn reader(&self, path: &str) -> Result<Box<dyn Read + Send>, FetchError> {
        self.checked(path)?;
        let inner: Box<dyn Read + Send> = match &self.root {
            Root::Dir(_) => Box::new(self.file(path)?),
            Root::Url { agent, .. } => {
                let url = self.place(path);
                let request = agent.get(&url).header("Accept-Encoding", "identity");
                Box::new(self.success(request.call(), url)?.into_body().into_reader())
            }
        };
        Ok(Box::new(Counted { inner, bytes: Arc::clone(&self.bytes) }))
    }

    /// The whole file, at most `limit` bytes, unless it is still the one with this entity tag.
    /// One request. A directory has no tags: there it always comes.
    ///
    /// # Errors
    /// As [`read_all`](Self::read_all).
    pub fn read_unless(
        &self,
        path: &str,
        etag: Option<&str>,
        limit: u64,
    ) -> Result<Fresh, FetchError> {
        let Root::Url { agent, .. } = &self.root else {
            return Ok(Fresh::New { body: self.read_all(path, limit)?, etag: None });
        };
        self.checked(path)?;
        let url = self.place(path);
        let mut request = agent.get(&url).header("Accept-Encoding", "identity");
        if let Some(etag) = etag {
            request = request.header("If-None-Match", etag);
        }
        let response = match self.success(request.call(), url.clone()) {
            Err(FetchError::Status { status: 304, .. }) => return Ok(Fresh::Same),
            other => other?,
        };
        let etag = response.headers().get("etag").and_then(|value| value.to_str().ok());
        let etag = etag.map(str::to_owned);
        let body = self.bounded(response, url, limit)?;
        Ok(Fresh::New { body, etag })
    }

    /// The file from byte `offset` on, and where the bytes that come really begin: at `offset`,
    /// or at 0 from a server that cannot do ranges. One request.
    ///
    /// # Errors
    /// When it is absent, shorter, or cannot be opened.
    pub fn reader_from(
        &self,
        path: &str,
        offset: u64,
    ) -> Result<(Box<dyn Read + Send>, u64), FetchError> {
        if offset == 0 {
            return Ok((self.reader(path)?, 0));
        }
        self.checked(path)?;
        let (inner, start): (Box<dyn Read + Send>, u64) = match &self.root {
            Root::Dir(_) => {
                let mut file = self.file(path)?;
                let failed = |source| FetchError::Io { path: self.place(path), source };
                file.seek(SeekFrom::Start(offset)).map_err(failed)?;
                (Box::new(file), offset)
            }
            Root::Url { agent, .. } => {
                let url = self.place(path);
                let request = agent
                    .get(&url)
                    .header("Accept-Encoding", "identity")
                    .header("Range", format!("bytes={offset}-"));
                let response = match self.success(request.call(), url.clone()) {
                    Err(FetchError::Status { status: 416, .. }) => {
                        return Err(FetchError::Short { path: url, end: offset });
                    }
                    other => other?,
                };
                let start = if response.status().as_u16() == 206 { offset } else { 0 };
                if start > 0 && !starts_at(&response, offset) {
                    return Err(FetchError::NoRanges { url });
                }
                (Box::new(response.into_body().into_reader()), start)
            }
        };
        Ok((Box::new(Counted { inner, bytes: Arc::clone(&self.bytes) }), start))
    }

    /// What a page's address answers, at most `limit` bytes, whatever the status: hosts answer
    /// 410 with the page of a tombstone and 404 with `404.html`. `bare` asks at the page's
    /// address, which has no `.html`. One request, and those it is redirected to; the caller
    /// knows the hash. A page longer than `limit` comes cut after one byte more.
    ///
    /// # Errors
    /// When the path is unsafe or no answer comes.
    pub fn read_page(&self, path: &str, bare: bool, limit: u64) -> Result<Vec<u8>, FetchError> {
        self.checked(path)?;
        let Root::Url { agent, base } = &self.root else {
            let mut body = Vec::new();
            let read = self.reader(path)?.take(limit.saturating_add(1)).read_to_end(&mut body);
            read.map_err(|source| FetchError::Io { path: self.place(path), source })?;
            return Ok(body);
        };
        let address = if bare { bare_address(path) } else { path };
        let url = format!("{base}/{}", percent_encoded(address));
        let request = agent.get(&url).header("Accept-Encoding", "identity");
        self.requests.fetch_add(1, Ordering::Relaxed);
        let response = request.call();
        let response = response.map_err(|source| {
            let source = Box::new(source);
            FetchError::Transport { url: url.clone(), source }
        })?;
        let status = response.status().as_u16();
        if !matches!(status, 200 | 404 | 410) {
            return Err(FetchError::Status { url, status });
        }
        let inner = response.into_body().into_reader();
        let body = Counted { inner, bytes: Arc::clone(&self.bytes) };
        let mut bytes = Vec::new();
        let read = body.take(limit.saturating_add(1)).read_to_end(&mut bytes);
        read.map_err(|source| FetchError::Io { path: url, source })?;
        Ok(bytes)
    }

    fn bounded(&self, response: Response, url: String, limit: u64) -> Result<Vec<u8>, FetchError> {
        let inner = response.into_body().into_reader();
        let mut body = Vec::new();
        let read = Counted { inner, bytes: Arc::clone(&self.bytes) }
            .take(limit + 1)
            .read_to_end(&mut body);
        read.map_err(|source| FetchError::Io { path: url.clone(), source })?;
        if body.len() as u64 > limit {
            return Err(FetchError::TooLong { path: url, limit });
        }
        Ok(body)
    }

    /// Size of the file in bytes; `None` when there is none or the server does not tell.
    ///
    /// # Errors
    /// When the path is unsafe or the answer is neither success nor absence.
    pub fn size(&self, path: &str) -> Result<Option<u64>, FetchError> {
        self.checked(path)?;
        let url = self.place(path);
        match &self.root {
            Root::Dir(dir) => {
                self.requests.fetch_add(1, Ordering::Relaxed);
                match std::fs::metadata(dir.join(path)) {
                    Ok(meta) => Ok(meta.is_file().then_some(meta.len())),
                    Err(error) if is_absent(&error) => Ok(None),
                    Err(source) => Err(FetchError::Io { path: url, source }),
                }
            }
            Root::Url { agent, .. } => {
                let request = agent.head(&url).header("Accept-Encoding", "identity");
                match self.success(request.call(), url) {
                    Ok(response) => Ok(content_length(&response)),
                    Err(FetchError::NotFound(_)) => Ok(None),
                    Err(error) => Err(error),
                }
            }
        }
    }

    /// Path or URL of `path`, for messages and requests.
    pub fn place(&self, path: &str) -> String {
        match &self.root {
            Root::Dir(dir) => dir.join(path).display().to_string(),
            Root::Url { base, .. } => format!("{base}/{}", percent_encoded(path)),
        }
    }

    fn checked(&self, path: &str) -> Result<(), FetchError> {
        if is_safe_path(path) { Ok(()) } else { Err(FetchError::BadPath(path.to_owned())) }
    }

    fn file(&self, path: &str) -> Result<File, FetchError> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let place = self.place(path);
        match File::open(&place) {
            Ok(file) => Ok(file),
            Err(error) if is_absent(&error) => Err(FetchError::NotFound(place)),
            Err(source) => Err(FetchError::Io { path: place, source }),
        }
    }

    fn success(
        &self,
        answer: Result<Response, ureq::Error>,
        url: String,
    ) -> Result<Response, FetchError> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let response = match answer {
            Ok(response) => response,
            Err(source) => {
                return Err(FetchError::Transport { url, source: Box::new(source) });
            }
        };
        match response.status().as_u16() {
            200 | 206 => Ok(response),
            404 | 410 => Err(FetchError::NotFound(url)),
            status => Err(FetchError::Status { url, status }),
        }
    }

    fn range_over_http(
        &self,
        agent: &ureq::Agent,
        path: &str,
        offset: u64,
        len: u64,
        out: &mut Vec<u8>,
    ) -> Result<(), FetchError> {
        let (url, end) = (self.place(path), offset.saturating_add(len));
        let request = agent
            .get(&url)
            .header("Accept-Encoding", "identity")
            .header("Range", format!("bytes={offset}-{}", end - 1));
        let response = match self.success(request.call(), url.clone()) {
            Err(FetchError::Status { status: 416, .. }) => {
                return Err(FetchError::Short { path: url, end });
            }
            other => other?,
        };
        let whole = response.status().as_u16() == 200;
        let acceptable = if whole {
            content_length(&response).is_some_and(|bytes| bytes <= MAX_WHOLE_INSTEAD)
        } else {
            starts_at(&response, offset)
        };
        if !acceptable {
            return Err(FetchError::NoRanges { url });
        }
        let skip = if whole { offset } else { 0 };
        let mut body =
            Counted { inner: response.into_body().into_reader(), bytes: Arc::clone(&self.bytes) };
        let failed = |source| FetchError::Io { path: url.clone(), source };
        io::copy(&mut (&mut body).take(skip), &mut io::sink()).map_err(failed)?;
        let is_whole = exactly(body, len, out).map_err(failed)?;
        if is_whole { Ok(()) } else { Err(FetchError::Short { path: url, end }) }
    }
}

impl RangeSource for Source {
    fn read_range(&self, path: &str, offset: u64, len: u64) -> Result<Vec<u8>, FetchError> {
        let mut body = Vec::new();
        self.read_range_into(path, offset, len, &mut body)?;
        Ok(body)
    }

    fn read_range_into(
        &self,
        path: &str,
        offset: u64,
        len: u64,
        out: &mut Vec<u8>,
    ) -> Result<(), FetchError> {
        out.clear();
        self.checked(path)?;
        if len == 0 {
            return Ok(());
        }
        match &self.root {
            Root::Url { agent, .. } => self.range_over_http(agent, path, offset, len, out),
            Root::Dir(_) => {
                let mut file = self.file(path)?;
                let place = self.place(path);
                let failed = |source| FetchError::Io { path: place.clone(), source };
                file.seek(SeekFrom::Start(offset)).map_err(failed)?;
                let is_whole = exactly(file, len, out).map_err(failed)?;
                self.bytes.fetch_add(len, Ordering::Relaxed);
                let end = offset.saturating_add(len);
                if is_whole { Ok(()) } else { Err(FetchError::Short { path: place, end }) }
            }
        }
    }
}

type Response = ureq::http::Response<ureq::Body>;

/// Gives up on a silent server, never on a slow large body.
fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(Duration::from_secs(20)))
        .timeout_recv_response(Some(Duration::from_secs(60)))
        .timeout_per_read(Some(Duration::from_secs(60)))
        .user_agent(concat!("offprint/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent()
}

fn content_length(response: &Response) -> Option<u64> {
    response.headers().get("content-length")?.to_str().ok()?.parse().ok()
}

/// Whether a 206 response begins at `offset`.
fn starts_at(response: &Response, offset: u64) -> bool {
    let header = response.headers().get("content-range").and_then(|value| value.to_str().ok());
    let first = header.and_then(|text| text.strip_prefix("bytes ")?.split('-').next());
    first.and_then(|digits| digits.parse().ok()) == Some(offset)
}

/// Appends `len` bytes of `reader`; `false` if it ends before. Memory grows with what arrives.
fn exactly(reader: impl Read, len: u64, out: &mut Vec<u8>) -> io::Result<bool> {
    out.reserve_exact(len.min(1 << 20) as usize);
    let read = reader.take(len).read_to_end(out)?;
    Ok(read as u64 == len)
}

/// The address of a page: without `.html`, a folder's own page with a slash.
fn bare_address(path: &str) -> &str {
    match path.strip_suffix("index.html") {
        Some(folder) if folder.is_empty() || folder.ends_with('/') => folder,
        _ => path.strip_suffix(".html").unwrap_or(path),
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Everything but RFC 3986 unreserved characters and `/` as `%XX`.
fn percent_encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

struct Counted<R> {
    inner: R,
    bytes: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.bytes.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_read_within_bounds() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a"), b"0123456789").unwrap();
        let source = Source::open(dir.path().to_str().unwrap());
        assert_eq!(source.read_all("a", 10).unwrap(), b"0123456789");
        assert_eq!(source.read_range("a", 3, 4).unwrap(), b"3456");
        assert_eq!(source.read_range("a", 10, 0).unwrap(), b"");
        assert_eq!(source.size("a").unwrap(), Some(10));
        assert_eq!(source.size("b").unwrap(), None);
        assert!(matches!(source.read_all("a", 9), Err(FetchError::TooLong { limit: 9, .. })));
        assert!(matches!(source.read_range("a", 8, 3), Err(FetchError::Short { end: 11, .. })));
        assert!(matches!(source.read_all("b", 9), Err(FetchError::NotFound(_))));
        assert!(matches!(source.read_all("../a", 9), Err(FetchError::BadPath(_))));
        assert!(matches!(source.read_all("a/b", 9), Err(FetchError::NotFound(_))));
    }

    #[test]
    fn paths_become_urls() {
        let source = Source::open("https://host.example/x/");
        assert_eq!(
            source.place("doi/10.5281%2fé .html"),
            "https://host.example/x/doi/10.5281%252f%C3%A9%20.html"
        );
    }
}

//! `serve` over a real socket, through a hand-written HTTP/1.1 client.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use offprint::serve::{Limits, ServeError, Server};
use tempfile::TempDir;
use tokio::sync::oneshot;

/// A server on a free port over a small release; stops when dropped.
struct Site {
    addr: SocketAddr,
    folder: TempDir,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Site {
    fn start() -> Site {
        Site::start_with(Limits::default())
    }

    fn start_with(limits: Limits) -> Site {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("public");
        for (path, content) in FILES {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        fs::create_dir_all(root.join("dumps/pool")).unwrap();
        fs::write(root.join("dumps/pool/big-0a1b2c3d4e5f.tar.zst"), big()).unwrap();
        fs::write(folder.path().join("secret.txt"), "secret").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::symlink;
            symlink(folder.path().join("secret.txt"), root.join("leak.txt")).unwrap();
            symlink(folder.path(), root.join("up")).unwrap();
            symlink("index.html", root.join("alias.html")).unwrap();
        }
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let server = Server::bind(&root, "127.0.0.1:0".parse().unwrap()).await.unwrap();
                let server = server.with_limits(limits);
                tell.send(server.local_addr().unwrap()).unwrap();
                let stopped = async {
                    let _ = stopped.await;
                };
                server.run(stopped).await;
            });
        });
        Site { addr: told.recv().unwrap(), folder, stop: Some(stop), thread: Some(thread) }
    }

    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut text = format!("{method} {path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n");
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        self.send(&format!("{text}\r\n"))
    }

    fn send(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(self.addr).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        Answer::parse(&bytes)
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[])
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let end = thread.join();
            if !std::thread::panicking() {
                end.unwrap();
            }
        }
    }
}

#[derive(Debug)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Answer {
        let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").expect("a response head");
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_ascii_lowercase(), value.trim().to_owned())
        });
        Answer { status, headers: headers.collect(), body: bytes[end + 4..].to_vec() }
    }

    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(have, _)| have == name).map_or("", |(_, value)| value)
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

const FILES: &[(&str, &str)] = &[
    ("index.html", "home"),
    ("404.html", "nothing here"),
    ("robots.txt", "User-agent: *\n"),
    ("release.json", "{}"),
    ("records/1.html", "record one"),
    ("records/1/record.json", "{\"id\":\"1\"}"),
    ("records/1/citation.csl.json", "{}"),
    ("records/1/schema-org.jsonld", "{}"),
    ("doi/10.5281/zenodo.1.html", "doi one"),
    ("dumps/index.html", "dumps"),
    ("dumps/latest.json", "{}"),
    ("dumps/20261101T000000Z/SHA256SUMS", ""),
    ("assets/style.0a1b2c3d.css", "body{}"),
    ("files/café menu.txt", "coffee"),
    (".well-known/resourcesync", "<urlset/>"),
    (".git/config", "hidden"),
    ("ten.bin", "0123456789"),
];

/// Larger than a chunk and than the socket buffers, and not the same everywhere.
fn big() -> Vec<u8> {
    (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect()
}

#[test]
fn paths_lead_to_files() {
    let site = Site::start();
    let immutable = "public, max-age=31536000, immutable";
    let page = "public, max-age=300, stale-while-revalidate=3600";
    let html = "text/html; charset=utf-8";
    let cases = [
        ("/", "home", html, page),
        ("/?utm=1", "home", html, page),
        ("/records/1", "record one", html, page),
        ("/records/1/record.json", "{\"id\":\"1\"}", "application/vnd.inveniordm.v1+json", page),
        ("/records/1/citation.csl.json", "{}", "application/vnd.citationstyles.csl+json", page),
        ("/records/1/schema-org.jsonld", "{}", "application/ld+json", page),
        ("/doi/10.5281/zenodo.1", "doi one", html, page),
        ("/dumps/", "dumps", html, page),
        ("/dumps/latest.json", "{}", "application/json", "no-cache"),
        ("/release.json", "{}", "application/json", "no-cache"),
        ("/dumps/20261101T000000Z/SHA256SUMS", "", "text/plain; charset=utf-8", page),
        ("/assets/style.0a1b2c3d.css", "body{}", "text/css; charset=utf-8", immutable),
        ("/files/caf%C3%A9%20menu.txt", "coffee", "text/plain; charset=utf-8", page),
        ("/.well-known/resourcesync", "<urlset/>", "application/xml", page),
        ("/alias", "home", html, page),
    ];
    for (path, body, kind, cache) in cases {
        let answer = site.get(path);
        assert_eq!((answer.status, answer.text()), (200, body), "{path}");
        assert_eq!(answer.header("content-type"), kind, "{path}");
        assert_eq!(answer.header("cache-control"), cache, "{path}");
        assert_eq!(answer.header("content-length"), body.len().to_string(), "{path}");
        assert_eq!(answer.header("accept-ranges"), "bytes", "{path}");
        assert!(answer.header("etag").starts_with('"'), "{path}");
        assert!(answer.header("last-modified").ends_with("GMT"), "{path}");

        let head = site.ask("HEAD", path, &[]);
        assert_eq!((head.status, head.body.len()), (200, 0), "HEAD {path}");
        for name in ["content-type", "content-length", "etag", "cache-control"] {
            assert_eq!(head.header(name), answer.header(name), "HEAD {path}");
        }
    }
    for (path, to) in [
        ("/dumps", "/dumps/"),
        ("/dumps?a=b", "/dumps/?a=b"),
        ("/records/1/", "/records/1"),
        ("/records/1.html", "/records/1"),
        ("/index.html?a=b", "/?a=b"),
        ("/doi/10.5281/zenodo.1/", "/doi/10.5281/zenodo.1"),
    ] {
        let answer = site.get(path);
        assert_eq!((answer.status, answer.header("location")), (301, to), "{path}");
    }
}

#[test]
fn what_is_not_published_is_one_and_the_same_404() {
    let site = Site::start();
    let paths = [
        "/records/2",
        "/records",
        "/records/1/nothing.json",
        "/robots.txt/x",
        "/.git/config",
        "/records/.hidden",
        "/../secret.txt",
        "/records/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/records/..%5c..%5csecret.txt",
        "/%252e%252e/secret.txt",
        "//secret.txt",
        "/a%00b",
        "/%ff",
        "/leak.txt",
        "/up/secret.txt",
        "/up/public/index.html.",
    ];
    let expected = site.get("/absent");
    assert_eq!((expected.status, expected.text()), (404, "nothing here"));
    for path in paths {
        let answer = site.get(path);
        assert_eq!((answer.status, answer.text()), (404, "nothing here"), "{path}");
        let headers = |answer: &Answer| {
            let mut headers = answer.headers.clone();
            headers.retain(|(name, _)| name != "date");
            headers
        };
        assert_eq!(headers(&answer), headers(&expected), "{path}");
    }
    let long = site.get(&format!("/{}", "a".repeat(5000)));
    assert_eq!(long.status, 404);
    fs::remove_file(site.folder.path().join("public/404.html")).unwrap();
    assert_eq!(site.get("/absent").text(), "not found\n");
}

#[test]
fn every_response_carries_the_security_headers() {
    let site = Site::start();
    for (method, path, status) in [
        ("GET", "/", 200),
        ("GET", "/absent", 404),
        ("GET", "/dumps", 301),
        ("POST", "/", 405),
        ("PUT", "/index.html", 405),
        ("DELETE", "/records/1", 405),
        ("OPTIONS", "/", 204),
        ("TRACE", "/", 405),
    ] {
        let answer = site.ask(method, path, &[]);
        assert_eq!(answer.status, status, "{method} {path}");
        let csp = answer.header("content-security-policy");
        assert!(csp.starts_with("default-src 'none'; "), "{method} {path}: {csp}");
        assert!(!csp.contains("unsafe"), "{csp}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("x-frame-options"), "DENY");
        assert_ne!(answer.header("referrer-policy"), "");
        if status == 405 {
            assert_eq!(answer.header("allow"), "GET, HEAD, OPTIONS");
        }
    }
}

#[test]
fn conditional_requests() {
    let site = Site::start();
    for path in ["/records/1", "/assets/style.0a1b2c3d.css"] {
        let first = site.get(path);
        let (etag, date) = (first.header("etag"), first.header("last-modified"));
        let weak = format!("W/{etag}");
        let list = format!("\"other\", {etag}");
        for (name, value, status) in [
            ("If-None-Match", etag, 304),
            ("If-None-Match", &weak, 304),
            ("If-None-Match", &list, 304),
            ("If-None-Match", "*", 304),
            ("If-None-Match", "\"other\"", 200),
            ("If-Modified-Since", date, 304),
            ("If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT", 200),
        ] {
            let answer = site.ask("GET", path, &[(name, value)]);
            assert_eq!(answer.status, status, "{path} {name}: {value}");
            assert_eq!(answer.header("etag"), etag);
            if status == 304 {
                assert_eq!(answer.body, b"");
                assert_eq!(answer.header("cache-control"), first.header("cache-control"));
            }
        }
    }
    assert_eq!(site.get("/assets/style.0a1b2c3d.css").header("etag"), "\"0a1b2c3d\"");
    // A page replaced by rename is a new state, even at the same size.
    let page = site.folder.path().join("public/records/1.html");
    let before = site.get("/records/1").header("etag").to_owned();
    std::thread::sleep(Duration::from_millis(20));
    fs::write(page.with_extension("new"), "RECORD ONE").unwrap();
    fs::rename(page.with_extension("new"), &page).unwrap();
    let after = site.ask("GET", "/records/1", &[("If-None-Match", &before)]);
    assert_eq!((after.status, after.text()), (200, "RECORD ONE"));
}

#[test]
fn ranges() {
    let site = Site::start();
    for (range, status, content_range, body) in [
        ("bytes=0-0", 206, "bytes 0-0/10", "0"),
        ("bytes=3-5", 206, "bytes 3-5/10", "345"),
        ("bytes=7-", 206, "bytes 7-9/10", "789"),
        ("bytes=-2", 206, "bytes 8-9/10", "89"),
        ("bytes=-20", 206, "bytes 0-9/10", "0123456789"),
        ("bytes=8-99", 206, "bytes 8-9/10", "89"),
        ("bytes=10-", 416, "bytes */10", ""),
        ("bytes=-0", 416, "bytes */10", ""),
        ("bytes=0-1,4-5", 200, "", "0123456789"),
        ("bytes=5-3", 200, "", "0123456789"),
        ("pages=1-2", 200, "", "0123456789"),
    ] {
        let answer = site.ask("GET", "/ten.bin", &[("Range", range)]);
        assert_eq!((answer.status, answer.text()), (status, body), "{range}");
        assert_eq!(answer.header("content-range"), content_range, "{range}");
        assert_eq!(answer.header("content-length"), body.len().to_string(), "{range}");
    }
    let whole = site.get("/ten.bin");
    let (etag, date) = (whole.header("etag"), whole.header("last-modified"));
    for (if_range, status) in
        [(etag, 206), (date, 206), ("\"other\"", 200), ("Sun, 06 Nov 1994 08:49:37 GMT", 200)]
    {
        let headers = [("Range", "bytes=1-2"), ("If-Range", if_range)];
        assert_eq!(site.ask("GET", "/ten.bin", &headers).status, status, "{if_range}");
    }
    let head = site.ask("HEAD", "/ten.bin", &[("Range", "bytes=1-2")]);
    assert_eq!((head.status, head.header("content-length")), (200, "10"));
}

#[test]
fn large_files_stream_whole_and_in_part() {
    let site = Site::start();
    let path = "/dumps/pool/big-0a1b2c3d4e5f.tar.zst";
    let whole = site.get(path);
    assert_eq!(whole.header("content-type"), "application/zstd");
    assert_eq!(whole.header("etag"), "\"0a1b2c3d4e5f\"");
    assert!(whole.body == big(), "12 MB must arrive as they are");
    let part = site.ask("GET", path, &[("Range", "bytes=1000001-9000000")]);
    assert_eq!(part.status, 206);
    assert!(part.body == big()[1_000_001..=9_000_000]);
}

#[test]
fn one_connection_answers_many_requests() {
    let site = Site::start();
    let answer = site.send(
        "GET /records/1 HTTP/1.1\r\nHost: t\r\n\r\n\
         HEAD /records/1 HTTP/1.1\r\nHost: t\r\n\r\n\
         GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n",
    );
    let rest = answer.text();
    assert!(rest.starts_with("record oneHTTP/1.1 200 OK\r\n"), "{rest}");
    assert!(rest.ends_with("\r\n\r\nhome"), "{rest}");
}

#[test]
fn stopping_closes_idle_connections_and_finishes_running_ones() {
    let mut site = Site::start();
    let idle = TcpStream::connect(site.addr).unwrap();
    let mut busy = TcpStream::connect(site.addr).unwrap();
    busy.write_all(
        b"GET /dumps/pool/big-0a1b2c3d4e5f.tar.zst HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n",
    )
    .unwrap();
    let mut start = [0; 1024];
    busy.read_exact(&mut start).unwrap();
    drop(site.stop.take());
    let mut rest = Vec::new();
    busy.read_to_end(&mut rest).unwrap();
    assert!(rest.ends_with(&big()[big().len() - 4096..]), "the running download must finish");
    drop(idle);
    site.thread.take().unwrap().join().unwrap();
    assert!(TcpStream::connect(site.addr).is_err());
}

#[tokio::test]
async fn a_missing_root_is_named() {
    let error =
        Server::bind(Path::new("/no/such/site"), "127.0.0.1:0".parse().unwrap()).await.unwrap_err();
    assert!(matches!(error, ServeError::Root { .. }));
    assert_eq!(error.to_string(), "cannot serve /no/such/site");
}

/// Short enough for a test, long enough for a busy machine.
fn strict() -> Limits {
    Limits {
        head: Duration::from_millis(500),
        patience: Duration::from_millis(800),
        connections: 40,
        per_client: 20,
    }
}

/// Waits until the server ends the connection; gives what it said before.
fn until_closed(stream: &mut TcpStream) -> Vec<u8> {
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut said = Vec::new();
    // A reset is an end as well.
    let _ = stream.read_to_end(&mut said);
    said
}

#[test]
fn those_who_never_finish_a_request_are_sent_away() {
    let site = Site::start_with(strict());
    let begun = std::time::Instant::now();
    let mut slow: Vec<TcpStream> = (0..20)
        .map(|number| {
            let mut stream = TcpStream::connect(site.addr).unwrap();
            let part: &[u8] =
                if number % 2 == 0 { b"" } else { b"GET / HTTP/1.1\r\nHost: t\r\nX: " };
            stream.write_all(part).unwrap();
            stream
        })
        .collect();
    // The client has its share: one more is closed at once, unanswered.
    let mut more = TcpStream::connect(site.addr).unwrap();
    let _ = more.write_all(b"GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
    assert_eq!(until_closed(&mut more), b"");
    for stream in &mut slow {
        let said = until_closed(stream);
        assert!(!said.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&said));
    }
    assert!(begun.elapsed() >= strict().head, "an honest client is given its time");
    assert_eq!(site.get("/records/1").text(), "record one", "then others are served");

    // A drip of headers gains nothing: the time is for the whole head.
    let mut drip = TcpStream::connect(site.addr).unwrap();
    drip.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    let begun = std::time::Instant::now();
    let writer = std::thread::spawn({
        let mut drip = drip.try_clone().unwrap();
        move || {
            while drip.write_all(b"X: y\r\n").is_ok() {
                std::thread::sleep(Duration::from_millis(50));
            }
        }
    });
    until_closed(&mut drip);
    assert!(begun.elapsed() < Duration::from_secs(10));
    let _ = drip.shutdown(std::net::Shutdown::Both);
    writer.join().unwrap();
}

#[test]
fn an_idle_connection_is_closed_and_a_huge_head_refused() {
    let site = Site::start_with(strict());
    let mut idle = TcpStream::connect(site.addr).unwrap();
    idle.write_all(b"GET /records/1 HTTP/1.1\r\nHost: t\r\n\r\n").unwrap();
    let said = until_closed(&mut idle);
    assert!(said.ends_with(b"record one"), "{}", String::from_utf8_lossy(&said));
    let mut huge = TcpStream::connect(site.addr).unwrap();
    let head = format!("GET / HTTP/1.1\r\nHost: t\r\nX: {}\r\n\r\n", "y".repeat(100_000));
    // The server may be gone before it has heard all, and the answer with it.
    let _ = huge.write_all(head.as_bytes());
    let said = until_closed(&mut huge);
    assert!(said.is_empty() || said.starts_with(b"HTTP/1.1 431"), "{said:?}");
}

#[test]
fn those_who_do_not_read_are_sent_away_and_slow_readers_are_not() {
    let site = Site::start_with(strict());
    let ask = || {
        let mut stream = TcpStream::connect(site.addr).unwrap();
        stream
            .write_all(
                b"GET /dumps/pool/big-0a1b2c3d4e5f.tar.zst HTTP/1.1\r\nHost: t\r\n\
                  Connection: close\r\n\r\n",
            )
            .unwrap();
        stream
    };
    let mut deaf = ask();
    let mut slow = ask();
    let mut got = Vec::new();
    let mut piece = vec![0; 256 * 1024];
    loop {
        let read = slow.read(&mut piece).unwrap();
        if read == 0 {
            break;
        }
        got.extend_from_slice(&piece[..read]);
        std::thread::sleep(Duration::from_millis(40));
    }
    assert!(got.ends_with(&big()), "a slow reader gets all");
    std::thread::sleep(strict().patience * 2);
    assert!(until_closed(&mut deaf).len() < big().len(), "who read nothing got less");
}

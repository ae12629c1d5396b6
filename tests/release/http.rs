//! The same through a URL, from servers that do ranges and servers that do not.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};

use offprint::release::cat::{cat_all, cat_one};
use offprint::release::fetch::{FetchError, RangeSource, Source};
use offprint::release::layout::Format;
use offprint::release::verify::{Depth, verify};

use crate::made::{body, make, usual};

#[derive(Clone, Copy, PartialEq)]
enum Server {
    Ranges,
    IgnoresRanges,
    AnswersAnotherRange,
}

/// Serves a directory on a port of its own until the test process ends.
fn serve(root: &Path, kind: Server) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let root = root.to_owned();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, root) = (stream.unwrap(), root.clone());
            std::thread::spawn(move || answer(stream, root, kind));
        }
    });
    url
}

/// One request per connection; enough of HTTP/1.1 for a client under test.
fn answer(mut stream: TcpStream, root: PathBuf, kind: Server) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    let (method, rest) = first.split_once(' ').unwrap();
    let path = rest.split(' ').next().unwrap().trim_start_matches('/');
    let mut range = None;
    for line in lines.map(Result::unwrap).take_while(|line| !line.is_empty()) {
        if let Some(value) = line.to_lowercase().strip_prefix("range: bytes=") {
            let (from, to) = value.split_once('-').unwrap();
            range = Some((from.parse::<usize>().unwrap(), to.parse::<usize>().unwrap()));
        }
    }
    let close = "Connection: close\r\n\r\n";
    let Ok(file) = std::fs::read(root.join(path)) else {
        let head = format!("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n{close}");
        return stream.write_all(head.as_bytes()).unwrap();
    };
    let (status, headers, part) = match range {
        Some((from, _)) if kind == Server::Ranges && from >= file.len() => {
            ("416 Range Not Satisfiable", String::new(), &file[..0])
        }
        Some((from, to)) if kind != Server::IgnoresRanges => {
            let from = if kind == Server::Ranges { from } else { 0 };
            let to = to.min(file.len() - 1);
            let header = format!("Content-Range: bytes {from}-{to}/{}\r\n", file.len());
            ("206 Partial Content", header, &file[from..=to])
        }
        _ => ("200 OK", String::new(), &file[..]),
    };
    let length = part.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}{close}");
    // A client that has what it wants may hang up.
    let _ = stream.write_all(head.as_bytes());
    if method != "HEAD" {
        let _ = stream.write_all(part);
    }
}

#[test]
fn one_record_costs_three_requests_through_a_url() {
    let root = tempfile::tempdir().unwrap();
    let (records, options) = usual();
    make(root.path(), &records, &options);
    let url = serve(root.path(), Server::Ranges);
    for id in ["8", "1492", "007", "x3abc"] {
        let source = Source::open(&url);
        let mut out = Vec::new();
        cat_one(&source, Format::DataciteXml, id, &mut out).unwrap();
        assert_eq!(out, body(Format::DataciteXml, id, 200));
        let traffic = source.traffic();
        assert!(traffic.requests == 3 && traffic.bytes < 20_000, "{traffic:?}");
    }
}

#[test]
fn a_url_is_verified_and_read_whole() {
    let root = tempfile::tempdir().unwrap();
    let (records, options) = usual();
    make(root.path(), &records, &options);
    let source = Source::open(&serve(root.path(), Server::Ranges));
    let report = verify(&source, Depth::Full, &());
    assert_eq!(report.problems, []);
    assert_eq!(report.records, 3 * records.len() as u64);
    let count = cat_all(&source, Format::NativeJson, &mut Vec::new()).unwrap();
    assert_eq!(count, records.len() as u64);
}

#[test]
fn servers_without_ranges() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("small"), b"0123456789").unwrap();
    std::fs::write(root.path().join("large"), vec![b'x'; 9 << 20]).unwrap();
    let ignoring = Source::open(&serve(root.path(), Server::IgnoresRanges));
    assert_eq!(ignoring.read_range("small", 3, 4).unwrap(), b"3456");
    let short = ignoring.read_range("small", 8, 4);
    assert!(matches!(short, Err(FetchError::Short { end: 12, .. })));
    let error = ignoring.read_range("large", 3, 4).unwrap_err().to_string();
    assert!(error.contains("does not answer range requests"), "{error}");
    assert!(ignoring.traffic().bytes < 100, "a large file is not downloaded instead");

    let another = Source::open(&serve(root.path(), Server::AnswersAnotherRange));
    assert!(matches!(another.read_range("small", 3, 4), Err(FetchError::NoRanges { .. })));

    let good = Source::open(&serve(root.path(), Server::Ranges));
    assert_eq!(good.read_range("small", 3, 4).unwrap(), b"3456");
    assert!(matches!(good.read_range("small", 8, 4), Err(FetchError::Short { .. })));
    assert!(matches!(good.read_range("small", 80, 4), Err(FetchError::Short { .. })));
    assert!(matches!(good.read_all("none", 4), Err(FetchError::NotFound(_))));
    assert!(matches!(good.read_all("small", 4), Err(FetchError::TooLong { .. })));
    let dead = Source::open("http://127.0.0.1:1/");
    assert!(matches!(dead.read_all("small", 4), Err(FetchError::Transport { .. })));
}

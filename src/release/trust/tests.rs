use std::fs;
use std::path::Path;
use std::time::Duration;

use super::super::manifest::tests::sample;
use super::super::pointer::{self, ReleasePointer};
use super::super::stage::{Durability, Stage};
use super::*;

const YEAR: Duration = Duration::from_secs(365 * 86_400);

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A web root whose releases are signed one after the other.
struct Root {
    dir: tempfile::TempDir,
    secret: SecretKey,
    key: PublicKey,
}

impl Root {
    fn new() -> Root {
        let (secret, public) = SecretKey::generate(None).unwrap();
        Root {
            dir: tempfile::tempdir().unwrap(),
            secret: SecretKey::parse(&secret, None).unwrap(),
            key: PublicKey::parse(&public).unwrap(),
        }
    }

    /// Publishes the release of a month and signs it.
    fn release(&self, month: u32) -> Signed {
        let stage = Stage::open(self.dir.path(), Durability::Relaxed).unwrap();
        let mut manifest = sample();
        manifest.release = format!("2026{month:02}01T000000Z");
        manifest.as_of = format!("2026-{month:02}-01T00:00:00Z");
        pointer::publish(&stage, &manifest, None, None).unwrap();
        let now = time(&format!("2026-{month:02}-01T01:00:00Z"));
        sign(&stage, &self.secret, now, YEAR).unwrap()
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        self.dir.path().join(path)
    }

    fn check_at(&self, now: &str, seen: Option<&Head>) -> Result<Head, TrustError> {
        let source = Source::open(self.dir.path().to_str().unwrap());
        let pointer = ReleasePointer::read(&source).unwrap().unwrap();
        let policy = Policy { key: &self.key, seen, now: time(now) };
        check(&source, &pointer, &policy).map(|accepted| accepted.head)
    }

    fn check(&self, seen: Option<&Head>) -> Result<Head, TrustError> {
        self.check_at("2026-06-01T00:00:00Z", seen)
    }

    /// Changes a file, the signatures staying as they are.
    fn spoil(&self, path: &str, change: impl FnOnce(Vec<u8>) -> Vec<u8>) {
        let path = self.path(path);
        fs::write(&path, change(fs::read(&path).unwrap())).unwrap();
    }

    /// Puts a log in place, signed with the right key.
    fn put_log(&self, bytes: &[u8]) {
        fs::write(self.path(LOG_NDJSON), bytes).unwrap();
        fs::write(self.path(LOG_SIGNATURE), self.secret.sign(bytes, "x").unwrap()).unwrap();
    }

    fn log(&self) -> Vec<u8> {
        fs::read(self.path(LOG_NDJSON)).unwrap()
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from).into_iter().map(Result::unwrap) {
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            fs::create_dir_all(&target).unwrap();
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}

const MANIFEST: &str = "dumps/20260201T000000Z/manifest.json";

#[test]
fn a_genuine_release_is_accepted_and_the_next_as_well() {
    let root = Root::new();
    assert_eq!(root.release(1).sequence, 1);
    let first = root.check(None).unwrap();
    assert_eq!(root.check(Some(&first)).unwrap(), first);
    root.release(2);
    let second = root.check(Some(&first)).unwrap();
    assert_eq!(second.sequence, 2);
    // Signing again changes nothing while the entry is fresh, and renews it later.
    let before = root.log();
    let stage = Stage::open(root.dir.path(), Durability::Relaxed).unwrap();
    let again = sign(&stage, &root.secret, time("2026-03-01T00:00:00Z"), YEAR).unwrap();
    assert!(!again.added && root.log() == before);
    let renewed = sign(&stage, &root.secret, time("2026-11-01T00:00:00Z"), YEAR).unwrap();
    assert_eq!((renewed.sequence, renewed.added), (3, true));
    root.check_at("2027-10-01T00:00:00Z", Some(&second)).unwrap();
}

#[test]
fn signing_that_was_killed_is_finished_and_a_foreign_log_is_left_alone() {
    let root = Root::new();
    root.release(1);
    let signature = fs::read(root.path(LOG_SIGNATURE)).unwrap();
    root.release(2);
    let whole = root.log();
    fs::write(root.path(LOG_SIGNATURE), signature).unwrap();
    let stage = Stage::open(root.dir.path(), Durability::Relaxed).unwrap();
    let now = time("2026-02-01T01:00:00Z");
    sign(&stage, &root.secret, now, YEAR).unwrap();
    assert_eq!(root.log(), whole);
    root.check(None).unwrap();

    let other = SecretKey::parse(&SecretKey::generate(None).unwrap().0, None).unwrap();
    let refused = sign(&stage, &other, now, YEAR);
    assert!(matches!(refused, Err(SignError::Foreign(_))), "{refused:?}");
    assert_eq!(root.log(), whole);
}

#[test]
fn rollback_is_refused() {
    let root = Root::new();
    root.release(1);
    let old = tempfile::tempdir().unwrap();
    copy(root.dir.path(), old.path());
    root.release(2);
    let seen = root.check(None).unwrap();
    // Everything as it was a month ago, all signatures right.
    fs::remove_dir_all(root.dir.path()).unwrap();
    copy(old.path(), root.dir.path());
    let error = root.check(Some(&seen)).unwrap_err();
    assert!(matches!(error, TrustError::Rollback { offered: 1, accepted: 2 }), "{error}");
}

#[test]
fn freeze_is_refused_when_the_entry_expires() {
    let root = Root::new();
    root.release(1);
    let seen = root.check(None).unwrap();
    root.check_at("2027-01-01T00:59:00Z", Some(&seen)).unwrap();
    let error = root.check_at("2027-01-01T01:01:00Z", Some(&seen)).unwrap_err();
    assert!(matches!(error, TrustError::Frozen { .. }), "{error}");
}

#[test]
fn mix_and_match_is_refused() {
    let root = Root::new();
    root.release(1);
    let old = fs::read(root.path("release.json")).unwrap();
    root.release(2);
    // The old pointer beside the new log: every file is genuine.
    fs::write(root.path("release.json"), old).unwrap();
    let error = root.check(None).unwrap_err();
    assert!(matches!(error, TrustError::Mix { .. }), "{error}");
}

#[test]
fn truncation_is_refused() {
    for path in
        [MANIFEST, LOG_NDJSON, LOG_SIGNATURE, "dumps/20260201T000000Z/manifest.json.minisig"]
    {
        let root = Root::new();
        root.release(1);
        root.release(2);
        root.spoil(path, |bytes| bytes[..bytes.len() - 20].to_vec());
        assert!(root.check(None).is_err(), "{path}");
    }
}

#[test]
fn endless_data_is_refused_after_a_bound() {
    use std::io::{Read as _, Write as _};
    let root = Root::new();
    root.release(1);
    let pointer = {
        let source = Source::open(root.dir.path().to_str().unwrap());
        ReleasePointer::read(&source).unwrap().unwrap()
    };
    let log = root.log();
    let signature = fs::read(root.path(LOG_SIGNATURE)).unwrap();
    // A server that answers genuinely for the log and never ends what comes after.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        for _ in 0..3 {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 2048];
            let n = stream.read(&mut request).unwrap();
            let request = String::from_utf8_lossy(&request[..n]).into_owned();
            let answer = |stream: &mut std::net::TcpStream, body: &[u8]| {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n", body.len());
                stream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).unwrap();
                stream.write_all(body).unwrap();
            };
            if request.contains("log.ndjson.minisig") {
                answer(&mut stream, &signature);
            } else if request.contains("log.ndjson") {
                answer(&mut stream, &log);
            } else {
                stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").unwrap();
                // Until the reader hangs up.
                while stream.write_all(&[b' '; 1 << 16]).is_ok() {}
            }
        }
    });
    let policy = Policy { key: &root.key, seen: None, now: time("2026-06-01T00:00:00Z") };
    let source = Source::open(&base);
    let error = check(&source, &pointer, &policy).unwrap_err();
    let limit = pointer.manifest.bytes;
    assert!(
        matches!(error, TrustError::Fetch(FetchError::TooLong { limit: at, .. }) if at == limit),
        "{error}"
    );
    assert!(source.traffic().bytes < 1 << 20, "{:?}", source.traffic());
    server.join().unwrap();
}

#[test]
fn wrong_key_is_refused() {
    let root = Root::new();
    root.release(1);
    let thief = Root::new();
    fs::remove_dir_all(thief.dir.path()).unwrap();
    copy(root.dir.path(), thief.dir.path());
    let error = thief.check(None).unwrap_err();
    assert!(matches!(error, TrustError::Signature { .. }), "{error}");
}

#[test]
fn tampered_byte_is_refused_wherever_it_is() {
    let root = Root::new();
    root.release(1);
    root.release(2);
    let files = [
        LOG_NDJSON.to_owned(),
        LOG_SIGNATURE.to_owned(),
        MANIFEST.to_owned(),
        format!("{MANIFEST}{MINISIG}"),
    ];
    for path in &files {
        let whole = fs::read(root.path(path)).unwrap();
        for at in (0..whole.len()).step_by(7) {
            let mut bad = whole.clone();
            bad[at] ^= 1;
            fs::write(root.path(path), &bad).unwrap();
            // The first line of a signature file is a comment that nothing vouches for.
            let comment = path.ends_with(MINISIG)
                && at <= whole.iter().position(|byte| *byte == b'\n').unwrap();
            assert!(comment || root.check(None).is_err(), "{path} byte {at}");
        }
        fs::write(root.path(path), &whole).unwrap();
    }
    root.check(None).unwrap();
}

#[test]
fn truncated_log_is_refused() {
    let root = Root::new();
    root.release(1);
    root.release(2);
    let seen = root.check(None).unwrap();
    let log = root.log();
    let first = log.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    // Even if it is signed by the right key, as a log once was.
    root.put_log(&log[..first]);
    let error = root.check(Some(&seen)).unwrap_err();
    assert!(matches!(error, TrustError::Rollback { .. }), "{error}");
    root.put_log(&log[first..]);
    let error = root.check(Some(&seen)).unwrap_err();
    assert!(matches!(error, TrustError::Log(LogError::Sequence(1))), "{error}");
    root.put_log(&log[..log.len() - 1]);
    assert!(matches!(root.check(None), Err(TrustError::Log(LogError::Cut(2)))));
}

#[test]
fn fork_is_refused() {
    let root = Root::new();
    root.release(1);
    root.release(2);
    let seen = root.check(None).unwrap();
    // The same releases, logged anew at another time with the right key.
    let newest = Log::parse(&root.log()).unwrap().newest().clone();
    let (day, year) = (time("2026-01-02T00:00:00Z"), time("2027-01-02T00:00:00Z"));
    let other = Log::first("20260101T000000Z", &"b".repeat(64), day, year).unwrap();
    let other = other.with(&newest.release, &newest.manifest_sha256, day, year).unwrap();
    root.put_log(other.bytes());
    let error = root.check(Some(&seen)).unwrap_err();
    assert!(matches!(error, TrustError::Fork { sequence: 2 }), "{error}");
}

#[test]
fn a_log_that_contradicts_itself_is_refused() {
    let root = Root::new();
    root.release(1);
    root.release(2);
    let text = String::from_utf8(root.log()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let chain = text.replace("2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z");
    let cases = [
        (String::new(), "the release log is empty"),
        (format!("{}\n{}\n", lines[1], lines[0]), "line 1 of the release log has another number"),
        (chain, "entry 2 of the release log does not follow the entry before it"),
        (text.replace("{\"expires", "{ \"expires"), "line 1 of the release log is not an entry"),
        (
            text.replace("\"20260101T000000Z\"", "\"../../x\""),
            "entry 1 of the release log: `release` cannot be",
        ),
    ];
    for (log, message) in cases {
        assert_eq!(Log::parse(log.as_bytes()).unwrap_err().to_string(), message);
    }
}

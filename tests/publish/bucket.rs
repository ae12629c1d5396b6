//! Buckets as targets: moto, which honours S3's conditional writes, and a small server that
//! honours Google's and not those of S3.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::harness::{Dice, Ran, Repo, offprint, python_of, run};
use crate::{FEW, next_month, publish, small, visible};

/// moto wants to know who asks, and does not look at the signature.
const SOMEONE: &str = "AWS4-HMAC-SHA256 Credential=id/20261101/us-east-1/s3/aws4_request, \
                       SignedHeaders=host, Signature=0";

/// A moto server on a port of its own, ended with the value.
struct Moto {
    child: Child,
    base: String,
}

impl Moto {
    fn start() -> Option<Moto> {
        let python = python_of("OFFPRINT_MOTO_PYTHON")?;
        // Nobody else asks for this port between the two lines.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let script = "import sys; from moto.server import main; main(sys.argv[1:])";
        let child = Command::new(python)
            .args(["-c", script, "-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let moto = Moto { child, base: format!("http://127.0.0.1:{port}") };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(start.elapsed() < Duration::from_secs(30), "moto does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(moto)
    }

    fn bucket(&self, name: &str) {
        let url = format!("{}/{name}", self.base);
        let answer = ureq::put(&url).header("Authorization", SOMEONE).send_empty();
        assert!(answer.unwrap().status().is_success());
    }

    fn head(&self, path: &str) -> BTreeMap<String, String> {
        let request = ureq::head(format!("{}/{path}", self.base));
        let answer = request.header("Authorization", SOMEONE).call().unwrap();
        let headers = answer.headers().iter();
        headers.map(|(k, v)| (k.to_string(), v.to_str().unwrap().to_owned())).collect()
    }

    fn get(&self, path: &str) -> Option<Vec<u8>> {
        let request = ureq::get(format!("{}/{path}", self.base));
        let mut answer = request.header("Authorization", SOMEONE).call().ok()?;
        Some(answer.body_mut().read_to_vec().unwrap())
    }

    /// Whether the bucket holds exactly what the web root does.
    fn assert_holds(&self, repo: &Repo, bucket: &str) {
        for (path, bytes) in visible(&repo.public()) {
            let there = self.get(&format!("{bucket}/{path}"));
            assert!(there.as_ref() == Some(&bytes), "{path}");
        }
        let list = self.get(&format!("{bucket}?list-type=2&max-keys=1000")).unwrap();
        let list = String::from_utf8(list).unwrap();
        let keys = list.matches("<Key>").count() - list.matches("<Key>.offprint/").count();
        assert_eq!(keys, visible(&repo.public()).len(), "{list}");
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn to_bucket(repo: &Repo, base: &str, target: &str, extra: &[&str]) -> Command {
    let mut command = publish(repo, target, extra);
    command
        .env("AWS_ENDPOINT", base)
        .env("AWS_ALLOW_HTTP", "true")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "id")
        .env("AWS_SECRET_ACCESS_KEY", "never-to-be-seen");
    command
}

#[test]
fn a_bucket_holds_the_release_with_its_headers_and_a_killed_publication_is_finished() {
    let Some(moto) = Moto::start() else { return };
    moto.bucket("bucket");
    let (scratch, repo) = small(25);
    let send = |extra: &[&str]| to_bucket(&repo, &moto.base, "s3://bucket", extra);
    let start = Instant::now();
    let first = run(&mut send(&[])).json(0);
    let whole = start.elapsed();
    moto.assert_holds(&repo, "bucket");
    let again = run(&mut send(&[])).json(0);
    assert_eq!(again["sent"].as_object().unwrap().len(), 1, "{again}");
    assert_eq!((first["sequence"].as_u64(), again["sequence"].as_u64()), (Some(1), Some(2)));

    let headers = moto.head("bucket/index.html");
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    assert!(headers["cache-control"].starts_with("public, max-age=300"), "{headers:?}");
    assert_eq!(moto.head("bucket/release.json")["cache-control"], "no-cache");
    let pack = first["files"].as_array();
    assert!(pack.is_none(), "files are named on demand");

    next_month(scratch.path(), &repo, 25);
    let mut dice = Dice(3);
    for _ in 0..50 {
        let mut child = send(&[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole * (dice.roll(700) as u32) / 1000);
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let _ = run(&mut send(&["--set", "publish.grace=0"])).exits(0);
    moto.assert_holds(&repo, "bucket");
}

#[test]
fn what_a_purge_takes_leaves_a_bucket_without_grace() {
    let Some(moto) = Moto::start() else { return };
    moto.bucket("bucket");
    let (scratch, repo) = small(6);
    let send = || to_bucket(&repo, &moto.base, "s3://bucket", &[]);
    let _ = run(&mut send()).exits(0);
    let packs = || {
        let mut packs = visible(&repo.public());
        packs.retain(|path, _| path.starts_with("dumps/pool/"));
        packs
    };
    let before = packs();
    next_month(scratch.path(), &repo, 6);
    let _ = run(&mut send()).exits(0);
    let public = repo.public();
    let dumped = run(offprint().arg("cat").arg(&public).args(["--format", "native-json"])).exits(0);
    let record: serde_json::Value = serde_json::from_str(dumped.lines().next().unwrap()).unwrap();
    let id = record["id"].as_str().unwrap();
    assert!(before.keys().all(|path| moto.get(&format!("bucket/{path}")).is_some()), "grace");

    let mut purge = repo.command(&["purge", id, "--reason", "take-down-request", "--yes"]);
    for set in FEW {
        purge.args(["--set", set]);
    }
    let ran = run(&mut purge);
    assert!(matches!(ran.code, Some(0 | 3)), "{}", ran.stderr);
    let left = |path: &String| packs().contains_key(path);
    assert!(before.keys().any(|path| !left(path)), "a pack that held it was cut anew");
    let _ = run(&mut send()).exits(0);
    moto.assert_holds(&repo, "bucket");
    let there = |path: &&String| moto.get(&format!("bucket/{path}")).is_some();
    let lingering: Vec<_> = before.keys().filter(|path| !left(path)).filter(there).collect();
    assert!(lingering.is_empty(), "{lingering:?}");
}

/// The same repository in another directory: to the target, another publisher.
fn another(repo: &Repo, into: &Path) -> PathBuf {
    let to = into.join("r");
    let ran = Command::new("cp").arg("-a").arg(repo.path()).arg(&to).status();
    assert!(ran.unwrap().success());
    to
}

#[test]
fn a_second_publisher_waits_its_turn() {
    let Some(moto) = Moto::start() else { return };
    moto.bucket("bucket");
    let (_scratch, repo) = small(6);
    let copy = tempfile::tempdir().unwrap();
    let dir = another(&repo, copy.path());
    let second = || {
        let mut command = to_bucket(&repo, &moto.base, "s3://bucket/x", &[]);
        let arguments: Vec<_> = command.get_args().map(|a| a.to_owned()).collect();
        let environment: Vec<_> =
            command.get_envs().filter_map(|(k, v)| Some((k.to_owned(), v?.to_owned()))).collect();
        command = Command::new(env!("CARGO_BIN_EXE_offprint"));
        command.env_clear().envs(environment).args(["-C"]).arg(&dir).args(&arguments[2..]);
        command
    };
    // Killed while it holds the target: another one has to wait, the same one has not.
    let held = || {
        let ledger = moto.get("bucket/x/.offprint/publish.json")?;
        let ledger: serde_json::Value = serde_json::from_slice(&ledger).unwrap();
        (ledger["held"] == true).then_some(())
    };
    let mut child = to_bucket(&repo, &moto.base, "s3://bucket/x", &[])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while held().is_none() {
        assert!(start.elapsed() < Duration::from_secs(20), "never held");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let Ran { code, stderr, .. } = run(&mut second());
    assert!(code == Some(1) && stderr.contains("another publisher"), "{stderr}");
    let _ = run(&mut to_bucket(&repo, &moto.base, "s3://bucket/x", &[])).exits(0);
    let _ = run(&mut second()).exits(0);

    race(|| [to_bucket(&repo, &moto.base, "s3://bucket/x", &["--again"]), second()]);
}

/// Two publishers, over and over: one of the two wins or both take turns; none breaks in.
fn race(both: impl Fn() -> [Command; 2]) {
    for _ in 0..5 {
        let children = both().map(|mut command| {
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        });
        let ends = children.map(|child| child.wait_with_output().unwrap());
        assert!(ends.iter().any(|end| end.status.success()));
        for end in ends.iter().filter(|end| !end.status.success()) {
            let told = String::from_utf8_lossy(&end.stderr);
            assert!(told.contains("another publisher"), "{told}");
        }
    }
}

/// Objects by path, each with its generation.
type Objects = Mutex<BTreeMap<String, (u64, Vec<u8>)>>;

/// A server that keeps objects: as Google Cloud Storage does, with generations and conditions on
/// them; S3's conditions it pays no heed to, as some stores do. No emulator of Google's knows
/// conditions, and its own cannot be reached.
fn store() -> (String, Arc<Objects>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let objects: Arc<Objects> = Arc::default();
    let kept = Arc::clone(&objects);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, objects) = (stream.unwrap(), Arc::clone(&kept));
            std::thread::spawn(move || serve(stream, &objects));
        }
    });
    (base, objects)
}

fn serve(stream: TcpStream, objects: &Objects) {
    let mut out = stream.try_clone().unwrap();
    let mut input = BufReader::new(stream);
    loop {
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            if input.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if line == "\r\n" {
                break;
            }
            head.push(line);
        }
        let number = |wanted: &str| {
            head.iter().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case(wanted).then(|| value.trim().parse::<u64>().unwrap())
            })
        };
        let mut body = vec![0; number("content-length").unwrap_or(0) as usize];
        if input.read_exact(&mut body).is_err() {
            return;
        }
        let mut words = head[0].split(' ');
        // Google's client escapes whatever is no letter or digit.
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        let path = unescaped(path);
        let mut objects = objects.lock().unwrap();
        // 0: there is none.
        let standing = objects.get(&path).map_or(0, |(generation, _)| *generation);
        let refused = number("x-goog-if-generation-match").is_some_and(|asked| asked != standing);
        let (status, answer) = match method {
            "PUT" | "DELETE" if refused => ("412 Precondition Failed", Vec::new()),
            "PUT" => {
                // Theirs are microseconds, and rise.
                let last = objects.values().map(|(generation, _)| *generation).max();
                let next = last.unwrap_or(1_790_000_000_000_000) + 1;
                objects.insert(path.clone(), (next, body));
                ("200 OK", Vec::new())
            }
            "DELETE" => {
                objects.remove(&path);
                ("204 No Content", Vec::new())
            }
            _ => match objects.get(&path) {
                Some((_, body)) => ("200 OK", body.clone()),
                None => ("404 Not Found", Vec::new()),
            },
        };
        let generation = objects.get(&path).map_or(0, |(generation, _)| *generation);
        drop(objects);
        let head = format!(
            "HTTP/1.1 {status}\r\nETag: \"0\"\r\nx-goog-generation: {generation}\r\n\
             Last-Modified: Sat, 21 Nov 2026 11:00:00 GMT\r\nContent-Length: {}\r\n\r\n",
            answer.len()
        );
        if out.write_all(head.as_bytes()).is_err() {
            return;
        }
        if method != "HEAD" && out.write_all(&answer).is_err() {
            return;
        }
    }
}

fn unescaped(path: &str) -> String {
    let mut parts = path.split('%');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |path, part| {
        let byte = u8::from_str_radix(&part[..2], 16).unwrap();
        format!("{path}{}{}", char::from(byte), &part[2..])
    })
}

#[test]
fn google_takes_a_release_and_one_publisher_at_a_time() {
    let (base, objects) = store();
    let (scratch, repo) = small(6);
    let copy = tempfile::tempdir().unwrap();
    let send = |dir: &Path, extra: &[&str]| {
        let mut command = offprint();
        command
            .arg("-C")
            .arg(dir)
            .args(["publish", "gs://bucket/x", "--json"])
            .args(extra)
            .env("GOOGLE_BASE_URL", &base)
            .env("GOOGLE_BEARER_TOKEN", "never-to-be-seen")
            .env("GOOGLE_ALLOW_HTTP", "true");
        command
    };
    let holds = || {
        let objects = objects.lock().unwrap();
        let there: BTreeMap<_, _> = objects
            .iter()
            .filter_map(|(path, (_, bytes))| Some((path.strip_prefix("/bucket/x/")?, bytes)))
            .filter(|(path, _)| !path.starts_with(".offprint/"))
            .map(|(path, bytes)| (path.to_owned(), bytes.clone()))
            .collect();
        assert!(there == visible(&repo.public()), "{:?}", there.keys());
    };
    let _ = run(&mut send(repo.path(), &[])).exits(0);
    holds();
    next_month(scratch.path(), &repo, 6);
    let _ = run(&mut send(repo.path(), &["--set", "publish.grace=0"])).exits(0);
    holds();

    let second = another(&repo, copy.path());
    race(|| [repo.path(), &second].map(|dir| send(dir, &["--again"])));
    holds();
}

#[test]
fn a_store_that_ignores_conditional_writes_is_detected_not_trusted() {
    let (base, _) = store();
    let (_scratch, repo) = small(6);
    let Ran { code, stderr, .. } = run(&mut to_bucket(&repo, &base, "s3://bucket", &[]));
    assert!(code == Some(1) && stderr.contains("ignores conditional writes"), "{stderr}");
    assert!(stderr.contains("--no-fence") && !stderr.contains("never-to-be-seen"), "{stderr}");
    let report = run(&mut to_bucket(&repo, &base, "s3://bucket", &["--no-fence"])).json(0);
    assert_eq!(report["sent"]["pointers"]["files"], 3);
}

#[test]
fn an_endpoint_that_refuses_is_told_without_the_secret() {
    let (_scratch, repo) = small(6);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let body =
                "<Error><Code>AccessDenied</Code><Message>never-to-be-seen</Message></Error>";
            let head = format!("HTTP/1.1 403 Forbidden\r\nContent-Length: {}\r\n", body.len());
            let _ = stream.write_all(format!("{head}Connection: close\r\n\r\n{body}").as_bytes());
        }
    });
    let Ran { code, stderr, .. } = run(&mut to_bucket(&repo, &base, "s3://bucket/x", &[]));
    assert!(code == Some(1) && stderr.starts_with("error: cannot "), "{stderr}");
    assert!(!stderr.contains("never-to-be-seen"), "{stderr}");
}

//! Readers that nobody here wrote open the packs as they are.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::harness::{AS_OF, Repo, offprint, python, run, synth, tool};

/// A release of 2,000 synthetic records with the incumbent's archives beside the packs.
fn release() -> (tempfile::TempDir, Repo) {
    let scratch = tempfile::tempdir().unwrap();
    let records = synth(scratch.path(), 2000, 1);
    let repo = Repo::new();
    repo.import(&[&records], 0);
    let _ = repo.build(&["--set", "dump.compat=true"]).json(0);
    (scratch, repo)
}

fn packs(repo: &Repo, ending: &str) -> Vec<PathBuf> {
    fn walk(dir: &Path, ending: &str, into: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, ending, into);
            } else if path.to_str().unwrap().ends_with(ending) {
                into.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&repo.public().join("dumps/pool"), ending, &mut found);
    found.sort();
    assert!(!found.is_empty(), "no {ending} packs");
    found
}

fn shell(script: &str, argument: &Path) -> String {
    run(Command::new("sh").args(["-euc", script, "sh"]).arg(argument)).exits(0)
}

#[test]
fn zstd_tar_jq_and_sha256sum_read_a_release() {
    let (_scratch, repo) = release();
    let public = repo.manifest()["counts"]["public"].as_u64().unwrap();
    if let (Some(_), Some(_)) = (tool("zstd"), tool("tar")) {
        for pack in packs(&repo, ".zst") {
            shell("zstd -t -q \"$1\"", &pack);
        }
        let members: usize = packs(&repo, ".tar.zst")
            .iter()
            .map(|pack| shell("tar --zstd -tf \"$1\"", pack).lines().count())
            .sum();
        assert_eq!(members as u64, public);
    }
    if let (Some(_), Some(_)) = (tool("zstd"), tool("jq")) {
        for format in ["native-json", "datacite-json"] {
            let lines: usize = packs(&repo, ".jsonl.zst")
                .iter()
                .filter(|pack| pack.to_str().unwrap().contains(format))
                .map(|pack| shell("zstdcat \"$1\" | jq -c 'has(\"id\") or has(\"doi\")'", pack))
                .map(|out| out.lines().filter(|line| *line == "true").count())
                .sum();
            assert_eq!(lines as u64, public, "{format}");
        }
    }
    if tool("sha256sum").is_some() {
        let release = repo.release()["release"].as_str().unwrap().to_owned();
        let dir = repo.public().join("dumps").join(release);
        shell("cd \"$1\" && sha256sum --quiet -c SHA256SUMS", &dir);
    }
    if tool("tar").is_some() {
        let compat: Vec<String> = crate::harness::tree(&repo.public())
            .into_keys()
            .filter(|name| name.ends_with("records-xml.tar.gz"))
            .collect();
        assert_eq!(compat.len(), 1, "{compat:?}");
        let listing = shell("tar -tzf \"$1\"", &repo.public().join(&compat[0]));
        assert_eq!(listing.lines().count() as u64, public);
    }
}

#[test]
fn duckdb_reads_json_packs() {
    let Some(python) = python() else { return };
    let (_scratch, repo) = release();
    let public = repo.manifest()["counts"]["public"].as_u64().unwrap();
    let glob = repo.public().join("dumps/pool/native-json/*.jsonl.zst");
    let script = "import duckdb, sys\n\
        q = \"select count(*), count(distinct id) from read_json(?, format='newline_delimited', \
        columns={'id': 'VARCHAR'}, maximum_object_size=67108864)\"\n\
        print(*duckdb.execute(q, [sys.argv[1]]).fetchone())";
    let counted = run(Command::new(python).args(["-c", script]).arg(glob)).exits(0);
    assert_eq!(counted.trim(), format!("{public} {public}"));
}

/// nginx over a directory, stopped at the end.
struct Nginx {
    child: Child,
    port: u16,
    log: PathBuf,
    _dir: tempfile::TempDir,
}

impl Nginx {
    fn start(nginx: &Path, root: &Path) -> Nginx {
        let dir = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let log = dir.path().join("access.log");
        let config = dir.path().join("nginx.conf");
        let at = dir.path().display();
        let root = root.display();
        fs::write(
            &config,
            format!(
                "daemon off; master_process off; pid {at}/pid; error_log {at}/error.log;\n\
                 events {{}}\n\
                 http {{ log_format bytes '$status $body_bytes_sent $uri'; \
                 access_log {at}/access.log bytes;\n\
                 client_body_temp_path {at}; proxy_temp_path {at}; fastcgi_temp_path {at}; \
                 uwsgi_temp_path {at}; scgi_temp_path {at};\n\
                 server {{ listen 127.0.0.1:{port}; root {root}; }} }}\n"
            ),
        )
        .unwrap();
        let child = Command::new(nginx)
            .arg("-c")
            .arg(&config)
            .stderr(Stdio::null())
            .spawn()
            .expect("nginx starts");
        let up = || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
        for _ in 0..1_000_000 {
            if up() {
                break;
            }
            std::thread::yield_now();
        }
        assert!(up(), "nginx does not listen");
        Nginx { child, port, log, _dir: dir }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn one_record_from_nginx_costs_three_small_requests() {
    let Some(nginx) = tool("nginx") else { return };
    let (_scratch, repo) = release();
    // Workers of nginx run as another user when the tests run as root.
    shell("chmod -R a+rX \"$1\"", repo.path());
    let server = Nginx::start(&nginx, &repo.public());
    let url = format!("http://127.0.0.1:{}/", server.port);
    let native = run(offprint().args(["cat", &url])).exits(0);
    let ids: Vec<String> = native
        .lines()
        .map(|line| {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            record["id"].as_str().unwrap().to_owned()
        })
        .collect();
    for format in ["datacite-xml", "datacite-json", "native-json"] {
        for id in [&ids[0], &ids[ids.len() / 2], &ids[ids.len() - 1]] {
            let logged = fs::read_to_string(&server.log).unwrap().lines().count();
            let ran = run(offprint().args(["cat", &url, "--format", format, "--id", id]));
            let here = repo.run(&["show", id, "--format", format, "--as-of", AS_OF]).exits(0);
            assert_eq!(ran.exits(0).trim_end(), here.trim_end());
            let log = fs::read_to_string(&server.log).unwrap();
            let requests: Vec<&str> = log.lines().skip(logged).collect();
            let bytes: u64 = requests
                .iter()
                .map(|line| line.split(' ').nth(1).unwrap().parse::<u64>().unwrap())
                .sum();
            assert!(requests.len() <= 3, "{requests:#?}");
            assert!(bytes <= 192 * 1024, "{bytes} bytes: {requests:#?}");
        }
    }
}

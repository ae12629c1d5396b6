//! A robot that knows FAIR Signposting walks a served release.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::harness::{Repo, exports_python, offprint, run, synth};

struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn signposting_reads_every_relation_of_served_pages() {
    let Some(python) = exports_python() else { return };
    let scratch = tempfile::tempdir().unwrap();
    let records = synth(scratch.path(), 60, 1);
    let repo = Repo::new();
    repo.import(&[&records], 0);
    // Links are absolute: the port has to be known before the build.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let base = format!("http://127.0.0.1:{port}");
    let _ = repo.build(&["--set", &format!("repository.base_url={base}")]).json(0);
    let mut serve = offprint();
    serve.arg("serve").arg(repo.public()).args(["--addr", &format!("127.0.0.1:{port}")]);
    let _serving = Serving(serve.stderr(Stdio::null()).spawn().unwrap());
    let up = || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
    for _ in 0..1_000_000 {
        if up() {
            break;
        }
        std::thread::yield_now();
    }
    assert!(up(), "the server does not listen");
    let mut pages: Vec<String> = std::fs::read_dir(repo.public().join("records"))
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".html").map(|id| format!("{base}/records/{id}")))
        .filter(|url| {
            let id = url.rsplit('/').next().unwrap();
            repo.public().join("records").join(id).join("linkset.json").exists()
        })
        .collect();
    pages.sort();
    assert!(pages.len() > 40, "{}", pages.len());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/walk_links.py");
    let followed = run(Command::new(python).arg(script).args(&pages)).exits(0);
    let links: usize = followed.trim().strip_suffix(" links").unwrap().parse().unwrap();
    assert!(links > pages.len() * 15, "{followed}");
}

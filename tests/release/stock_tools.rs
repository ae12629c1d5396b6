//! Packs, archives and sums under the tools that people have. A tool that is absent is skipped
//! by name.

use std::path::Path;
use std::process::Command;

use offprint::build::dump::compat::CompatOptions;
use offprint::release::layout::Format;

use crate::made::{RELEASE, body, make, usual};

/// Standard output of a command, which must succeed; `None` if the program is absent.
fn run(dir: &Path, program: &str, args: &[&str]) -> Option<Vec<u8>> {
    let output = match Command::new(program).args(args).current_dir(dir).output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!("skipped: {program} is not installed");
            return None;
        }
        other => other.unwrap(),
    };
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {args:?}: {error}");
    Some(output.stdout)
}

#[test]
fn zstd_tar_sha256sum_and_python_read_a_release() {
    let root = tempfile::tempdir().unwrap();
    let (records, mut options) = usual();
    options.compat = Some(CompatOptions {
        release: RELEASE.into(),
        datacentre_symbol: "R".into(),
        schema_version: "4.7".into(),
    });
    let manifest = make(root.path(), &records, &options);
    let root = root.path();
    let mut rest = &records[..];
    for (i, xml) in manifest.dumps[&Format::DataciteXml].packs.iter().enumerate() {
        let (here, after) = rest.split_at(xml.records as usize);
        rest = after;
        run(root, "zstd", &["-tq", &xml.path]);
        for args in [["--zstd", "-tf", &xml.path], ["-t", "-f", &xml.path]] {
            if let Some(names) = run(root, "tar", &args) {
                let want: String = here.iter().map(|(id, _)| format!("{id}.xml\n")).collect();
                assert_eq!(String::from_utf8(names).unwrap(), want);
            }
        }
        let json = &manifest.dumps[&Format::NativeJson].packs[i].path;
        if let Some(lines) = run(root, "zstd", &["-dcq", json]) {
            let want: Vec<u8> = here
                .iter()
                .flat_map(|(id, size)| [body(Format::NativeJson, id, *size), vec![b'\n']].concat())
                .collect();
            assert!(lines == want);
        }
    }
    let dir = root.join("dumps").join(RELEASE);
    if let Some(told) = run(&dir, "sha256sum", &["--strict", "-c", "SHA256SUMS"]) {
        let told = String::from_utf8(told).unwrap();
        assert!(told.contains("../pool/datacite-xml/") && told.contains("manifest.json: OK"));
    }
    run(&dir, "gzip", &["-t", "records-xml.tar.gz", "records-json.tar.gz", "deleted.csv.gz"]);
    let script = "import tarfile, json, sys\n\
        for name in ('records-xml.tar.gz', 'records-json.tar.gz'):\n\
        \x20   with tarfile.open(name, 'r|gz') as tar:\n\
        \x20       for n, member in enumerate(tar):\n\
        \x20           data = tar.extractfile(member).read()\n\
        \x20           if 'json' in name:\n\
        \x20               assert json.loads(data)['id'] == member.name[:-5]\n\
        \x20   print(n + 1)\n";
    if let Some(counts) = run(&dir, "python3", &["-c", script]) {
        let n = records.len();
        assert_eq!(String::from_utf8(counts).unwrap(), format!("{n}\n{n}\n"));
    }
}

/// The reader printed in docs/format.md finds records in what the program writes.
#[test]
fn the_documented_reader_works() {
    let text = include_str!("../../docs/format.md");
    let script = text.split("```python\n").nth(1).and_then(|rest| rest.split("```").next());
    let root = tempfile::tempdir().unwrap();
    let (records, options) = usual();
    make(root.path(), &records, &options);
    if run(root.path(), "zstd", &["--version"]).is_none() {
        return;
    }
    let url = format!("file://{}/", root.path().display());
    for format in Format::ALL {
        for id in ["8", "1492", "007", "x3abc"] {
            let args = ["-c", script.unwrap(), &url, format.name(), id];
            if let Some(found) = run(root.path(), "python3", &args) {
                assert!(found.starts_with(&body(format, id, 200)), "{format} {id}");
            }
        }
    }
}

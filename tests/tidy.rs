//! What the shape of the code promises, checked on the text of the code.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Floor of each module directly below `src/`. Imports go down only; equal floors do not
/// know each other.
const FLOORS: [(&str, u8); 8] = [
    ("record", 0),
    ("crosswalk", 1),
    ("store", 2),
    ("release", 2),
    ("build", 3),
    ("serve", 4),
    ("live", 4),
    ("cli", 5),
];

/// Files that may be long: tables, and the record model with its field docs.
const LONG_FILES: [&str; 1] = ["src/record/model.rs"];
const MAX_LINES: usize = 600;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below `src/` but test modules, as path relative to the package and text.
fn sources() -> BTreeMap<String, String> {
    fn walk(dir: &Path, into: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, into);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && !path.ends_with("tests.rs")
            {
                let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
                into.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut files = BTreeMap::new();
    walk(&root().join("src"), &mut files);
    assert!(files.len() > 10, "the walk found only {} files", files.len());
    files
}

/// Code before the test module, comments removed.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or(text);
    let lines = text.lines().map(|line| match line.trim_start() {
        comment if comment.starts_with("//") => "",
        _ => line.split(" // ").next().unwrap_or(line),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn floor(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == module).map(|(_, floor)| *floor)
}

/// The modules that `text` names through `crate::…`, also inside `use crate::{…}` groups.
fn imports(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut start = true;
            let mut name = String::new();
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => start = true,
                    _ => {}
                }
                if depth == 0 && start && (c.is_alphanumeric() || c == '_') {
                    name.push(c);
                } else if !name.is_empty() {
                    found.push(std::mem::take(&mut name));
                    start = false;
                }
            }
            found.extend((!name.is_empty()).then_some(name));
        } else {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_'));
            found.push(rest[..end.unwrap_or(rest.len())].to_owned());
        }
    }
    found
}

/// Upward or sideways imports of one file.
fn violations(path: &str, text: &str) -> Vec<String> {
    let module = path.trim_start_matches("src/").split(['/', '.']).next().unwrap_or_default();
    let Some(own) = floor(module) else { return Vec::new() };
    let wrong = imports(&code(text))
        .into_iter()
        .filter(|target| target != module && floor(target).is_some_and(|floor| floor >= own));
    wrong.map(|target| format!("{path} (floor {own}) imports {target}")).collect()
}

#[test]
fn imports_go_down_only() {
    let wrong: Vec<String> =
        sources().iter().flat_map(|(path, text)| violations(path, text)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_import_check_sees_an_upward_import() {
    let cases = [
        ("src/record/date.rs", "use crate::store::Store;", 1),
        ("src/store/mod.rs", "use crate::release::pack;", 1),
        ("src/crosswalk/csl.rs", "use crate::{record::Record, build::{site, dump}};", 1),
        ("src/build/mod.rs", "fn f() { crate::cli::run() }", 1),
        ("src/build/mod.rs", "use crate::store::Store; // crate::cli", 0),
        ("src/cli/build.rs", "use crate::{build, record};", 0),
    ];
    for (path, text, expected) in cases {
        assert_eq!(violations(path, text).len(), expected, "{path}: {text}");
    }
}

#[test]
fn the_pure_floors_do_no_io_and_know_no_clock() {
    let banned = ["std::fs", "std::net", "std::env", "SystemTime", "Instant", "async fn", "tokio"];
    for (path, text) in sources() {
        if path.starts_with("src/record") || path.starts_with("src/crosswalk") {
            for word in banned {
                assert!(!code(&text).contains(word), "{path} uses {word}");
            }
        }
    }
}

#[test]
fn only_the_command_line_reads_clock_and_environment() {
    for (path, text) in sources() {
        if path.starts_with("src/cli") || path == "src/main.rs" {
            continue;
        }
        for word in ["SystemTime::now", "env::var", "Timestamp::now", "println!", "process::exit"] {
            assert!(!code(&text).contains(word), "{path} uses {word}");
        }
    }
}

#[test]
fn modules_have_nouns_and_bounded_length() {
    for (path, text) in sources() {
        let stem = Path::new(&path).file_stem().unwrap().to_str().unwrap();
        for word in ["util", "utils", "helper", "helpers", "common", "misc"] {
            assert_ne!(stem, word, "{path}: name the thing it is about");
        }
        let lines = text.split("#[cfg(test)]\nmod tests").next().unwrap_or(&text).lines().count();
        assert!(
            lines <= MAX_LINES
                || LONG_FILES.contains(&path.as_str())
                || path.contains("/vocabulary/"),
            "{path} has {lines} lines before its tests"
        );
    }
}

#[test]
fn every_floor_says_what_it_is_for() {
    let files = sources();
    for (module, floor) in FLOORS {
        if let Some(text) = files.get(&format!("src/{module}/mod.rs")) {
            let first = text.lines().next().unwrap_or_default();
            assert!(
                first.starts_with(&format!("//! Floor {floor}: ")),
                "src/{module}/mod.rs opens with {first:?}"
            );
        }
    }
}

#[test]
fn docs_name_every_key_format_and_version() {
    let read = |name: &str| fs::read_to_string(root().join(name)).unwrap();
    let config = read("docs/config.md");
    for key in offprint::cli::config::KEYS {
        assert!(config.contains(&format!("`{key}`")), "docs/config.md lacks {key}");
    }
    let crosswalks = read("docs/crosswalks.md");
    for format in offprint::crosswalk::Format::ALL {
        assert!(
            crosswalks.contains(&format!("`{}`", format.name())),
            "docs/crosswalks.md lacks {}",
            format.name()
        );
    }
    let version = offprint::release::manifest::FORMAT;
    assert!(
        read("docs/format.md").contains(&format!("\"format\": {version}")),
        "docs/format.md does not describe manifest version {version}"
    );
}

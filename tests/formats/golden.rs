//! Whole outputs of hand-written records.
//!
//! `UPDATE=1 cargo test --test formats` rewrites the expected files; read the diff.

use std::fmt::Write as _;
use std::path::Path;

use offprint::crosswalk::{self, Format, citation};

use crate::corpus::{FORMATS, Syntax, golden_folder, records, syntax, with, written};

#[test]
fn documents() {
    for (name, raw) in records() {
        for format in FORMATS {
            if !with(&raw, |published| format.applies(published)) {
                assert!(!golden_folder().join(format.name()).join(&name).exists());
                continue;
            }
            let text = written(format, &raw);
            let extension = Path::new(format.file_name()).extension().unwrap().to_str().unwrap();
            let path = format!("{}/{name}.{extension}", format.name());
            compare(&path, &readable(format, &text));
        }
    }
}

#[test]
fn citations() {
    let mut all = String::new();
    for (name, raw) in records() {
        writeln!(all, "{name}: {}", with(&raw, citation::citation)).unwrap();
    }
    compare("citations.txt", &all);
}

/// One member a line, so that a diff can be read; the order of members is kept.
fn readable(format: Format, text: &str) -> String {
    if syntax(format) != Syntax::Json {
        return text.to_owned();
    }
    assert!(!text.contains('\n'), "{text}");
    let mut lines = String::new();
    let mut in_string = false;
    let mut escaped = false;
    for character in text.chars() {
        lines.push(character);
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => in_string = !in_string,
            ',' if !in_string => lines.push('\n'),
            _ => (),
        }
    }
    lines.push('\n');
    lines
}

fn compare(path: &str, actual: &str) {
    let path = golden_folder().join(path);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    assert!(expected == actual, "{}:\nexpected {expected}\nactual   {actual}", path.display());
}

#[test]
fn outputs_are_appended_and_ends_are_as_documented() {
    for (_, raw) in records() {
        for format in FORMATS {
            let text = with(&raw, |published| {
                let mut out = b"before".to_vec();
                crosswalk::write(format, published, &mut out).unwrap();
                String::from_utf8(out).unwrap()
            });
            assert_eq!(text.strip_prefix("before"), Some(&*written(format, &raw)));
            assert_eq!(text.ends_with('\n'), syntax(format) != Syntax::Json, "{format:?}");
        }
    }
}

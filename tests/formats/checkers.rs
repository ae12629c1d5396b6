//! Every hand-written record in every format, read by software that nobody here wrote:
//! pymarc, rdflib with the official SHACL shapes, geojson, frictionless, cffconvert,
//! ro-crate-py and the RO-Crate validator, signposting. See `tests/exports.py`.

use std::path::Path;
use std::process::Command;

use offprint::crosswalk::Format;

use crate::corpus::{records, with, written};

/// The Python of an environment that `.ci/install` makes; `None`, said aloud, without it.
fn python(variable: &str, test: &str) -> Option<std::path::PathBuf> {
    let python = std::env::var_os(variable).map(std::path::PathBuf::from);
    if python.is_none() {
        let required = std::env::var_os("OFFPRINT_REQUIRE_TOOLS").is_some();
        assert!(!required, "{test} cannot be skipped: {variable} is not set");
        println!("skipped {test}: {variable} is not set");
    }
    python
}

/// Writes the export of every hand-written record that it applies to and has them checked.
fn check(format: Format, variable: &str, left_out: &[&str]) {
    let Some(python) = python(variable, format.name()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut count = 0;
    for (name, raw) in records() {
        if left_out.contains(&&*name) || !with(&raw, |published| format.applies(published)) {
            continue;
        }
        count += 1;
        let folder = folder.path().join("records").join(name);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format.file_name()), written(format, &raw)).unwrap();
    }
    let mut command = Command::new(python);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports.py"));
    command.arg(format.name()).arg(folder.path());
    let needs_schemas = matches!(format, Format::SchemaOrg | Format::Codemeta | Format::RoCrate);
    match std::env::var_os("OFFPRINT_REFERENCE_DATA") {
        Some(data) => drop(command.arg("--schemas").arg(Path::new(&data).join("../schemas"))),
        None if needs_schemas => {
            return println!("skipped {}: OFFPRINT_REFERENCE_DATA is not set", format.name());
        }
        None => (),
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), format!("{count} valid"));
    assert!(count > 0);
}

#[test]
fn cff_by_cffconvert() {
    check(Format::Cff, "OFFPRINT_CFF_PYTHON", &[]);
}

#[test]
fn data_package_by_frictionless() {
    check(Format::DataPackage, "OFFPRINT_FRICTIONLESS_PYTHON", &[]);
}

#[test]
fn marcxml_by_pymarc() {
    check(Format::MarcXml, "OFFPRINT_EXPORTS_PYTHON", &[]);
}

#[test]
fn dcat_ap_by_rdflib_and_shacl() {
    check(Format::DcatAp, "OFFPRINT_EXPORTS_PYTHON", &[]);
}

#[test]
fn geojson_by_geojson() {
    check(Format::GeoJson, "OFFPRINT_EXPORTS_PYTHON", &[]);
}

#[test]
fn linkset_by_signposting() {
    check(Format::Linkset, "OFFPRINT_EXPORTS_PYTHON", &[]);
}

#[test]
fn json_ld_by_rdflib() {
    check(Format::SchemaOrg, "OFFPRINT_EXPORTS_PYTHON", &[]);
    check(Format::Codemeta, "OFFPRINT_EXPORTS_PYTHON", &[]);
}

#[test]
fn ro_crate_by_its_validator() {
    // A record without any date has no valid crate; a build withholds it (`missing-year`).
    check(Format::RoCrate, "OFFPRINT_EXPORTS_PYTHON", &["bare"]);
}

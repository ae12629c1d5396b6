//! Publishing, signing and repairing, as an operator does it: to a directory, to an S3 endpoint,
//! killed, raced and with a failing disk.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test that cannot go on fails"
)]

mod bucket;
mod directory;
mod faults;
#[allow(dead_code, reason = "the tests of the program use the rest")]
#[path = "../e2e/harness.rs"]
mod harness;
mod parts;
mod trust;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use harness::{Repo, synth, tree};

/// A repository with a small site and its first release.
pub(crate) fn small(records: u32) -> (tempfile::TempDir, Repo) {
    let scratch = tempfile::tempdir().unwrap();
    let repo = Repo::new();
    repo.import(&[&synth(scratch.path(), records, 1)], 0);
    build(&repo, 11);
    (scratch, repo)
}

/// Settings for few files a record.
pub(crate) const FEW: [&str; 4] =
    ["site.exports=[\"bibtex\"]", "site.resolvers=false", "site.badges=false", "site.feeds=false"];

/// Builds the release of a month, counted from 2026 on, few files a record.
pub(crate) fn build(repo: &Repo, month: u32) {
    build_with(repo, month, &[]);
}

/// The same with more settings.
pub(crate) fn build_with(repo: &Repo, month: u32, settings: &[&str]) {
    let (year, month) = (2026 + (month - 1) / 12, (month - 1) % 12 + 1);
    let as_of = format!("{year}-{month:02}-01T00:00:00Z");
    let mut arguments = vec!["build", "--as-of", &as_of];
    for set in FEW.iter().chain(settings) {
        arguments.extend(["--set", set]);
    }
    let ran = repo.run(&arguments);
    assert!(matches!(ran.code, Some(0 | 3)), "{}", ran.stderr);
}

/// The same repository a month on.
pub(crate) fn next_month(scratch: &Path, repo: &Repo, records: u32) {
    repo.import(&[&synth(scratch, records, 2)], 0);
    build(repo, 12);
}

pub(crate) fn publish(repo: &Repo, target: &str, extra: &[&str]) -> Command {
    repo.command(&[&["publish", target, "--json"], extra].concat())
}

/// What readers see of a web root.
pub(crate) fn visible(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = tree(root);
    files.retain(|path, _| !path.starts_with(".offprint/"));
    files
}

pub(crate) fn assert_published(repo: &Repo, target: &Path) {
    let (from, to) = (visible(&repo.public()), visible(target));
    let differ = |path: &&String| from.get(*path) != to.get(*path);
    let wrong: BTreeSet<&String> = from.keys().chain(to.keys()).filter(differ).collect();
    let some: Vec<_> = wrong.iter().take(20).collect();
    assert!(wrong.is_empty(), "these differ, and maybe more: {some:?}");
}

//! Checks of everything but the descriptive metadata: ids, times, access, files, tombstone.

use std::collections::BTreeSet;

use super::checker::{Checker, excerpt};
use crate::record::date::{Date, timestamp};
use crate::record::model::{Access, FileEntry, Files, Pids, Tombstone};
use crate::record::{Record, Text, identifier, vocabulary};

pub(super) fn check(record: &Record<'_>, checker: &mut Checker) {
    record_id("id", &record.id, checker);
    instant("created", record.created.as_ref(), checker);
    instant("updated", record.updated.as_ref(), checker);
    if record.revision_id.is_some_and(|revision| revision < 0) {
        checker.at("revision_id", |checker| checker.issue("invalid-value", "is negative"));
    }
    checker.at("pids", |checker| pids(&record.pids, checker));
    checker.at("parent", |checker| {
        if !record.parent.id.is_empty() {
            record_id("id", &record.parent.id, checker);
        }
        checker.at("pids", |checker| pids(&record.parent.pids, checker));
    });
    if record.versions.index == Some(0) {
        checker.at("versions", |checker| {
            checker.at("index", |checker| checker.issue("invalid-value", "counts from 1"));
        });
    }
    checker.at("access", |checker| access(&record.access, checker));
    checker.at("files", |checker| files(&record.files, checker));
    if let Some(stone) = &record.tombstone {
        checker.at("tombstone", |checker| tombstone(stone, checker));
    }
    if let Some(status) = record.deletion_status.status.as_deref() {
        checker.at("deletion_status", |checker| {
            word("status", Some(status), &["P", "D", "X"], checker);
        });
    }
    if let Some(swhid) = &record.swh.swhid {
        checker.at("swh", |checker| checker.identifier("swhid", Some("swhid"), swhid));
    }
}

fn record_id(member: &'static str, id: &str, checker: &mut Checker) {
    checker.at(member, |checker| {
        if id.is_empty() {
            checker.issue("missing", "is missing or empty");
        } else if !identifier::is_record_id(id) {
            checker.issue("invalid-identifier", format!("no record id: {}", excerpt(id)));
        }
    });
}

fn instant(member: &'static str, text: Option<&Text<'_>>, checker: &mut Checker) {
    let Some(text) = text else { return };
    if timestamp(text).is_none() {
        let message = format!("no time: {}", excerpt(text));
        checker.at(member, |checker| checker.issue("invalid-timestamp", message));
    }
}

fn pids(pids: &Pids<'_>, checker: &mut Checker) {
    if let Some(doi) = &pids.doi {
        checker.at("doi", |checker| checker.identifier("identifier", Some("doi"), &doi.identifier));
    }
    if let Some(oai) = &pids.oai {
        checker.at("oai", |checker| checker.identifier("identifier", None, &oai.identifier));
    }
}

fn access(access: &Access<'_>, checker: &mut Checker) {
    let words = ["public", "restricted"];
    word("record", access.record.as_deref(), &words, checker);
    word("files", access.files.as_deref(), &words, checker);
    let embargo = &access.embargo;
    checker.at("embargo", |checker| match embargo.until.as_deref() {
        Some(until) if Date::parse(until).is_none_or(|date| date.day.is_none()) => {
            let message = format!("no day: {}", excerpt(until));
            checker.at("until", |checker| checker.issue("invalid-date", message));
        }
        None if embargo.active == Some(true) => {
            checker.at("until", |checker| checker.issue("missing", "the embargo has no end"));
        }
        _ => {}
    });
    checker.at("embargo", |checker| checker.text("reason", embargo.reason.as_ref(), 10_000));
}

fn word(member: &'static str, value: Option<&str>, words: &[&str], checker: &mut Checker) {
    if let Some(value) = value.filter(|value| !words.contains(value)) {
        let message = format!("is none of {}: {}", words.join(", "), excerpt(value));
        checker.at(member, |checker| checker.issue("invalid-value", message));
    }
}

fn files(files: &Files<'_>, checker: &mut Checker) {
    let mut keys = BTreeSet::new();
    checker.each("entries", &files.entries, 10_000, |checker, entry| {
        file(entry, checker);
        if !keys.insert(entry.key.as_str()) {
            let message = format!("a second {}", excerpt(&entry.key));
            checker.at("key", |checker| checker.issue("duplicate", message));
        }
    });
    if files.enabled == Some(false) && !files.entries.is_empty() {
        checker.at("enabled", |checker| {
            checker.issue("invalid-value", "is false although there are files");
        });
    }
    let listed = files.entries.len() as u64;
    if let Some(count) = files.count.filter(|&count| listed > 0 && count != listed) {
        let message = format!("is {count}, {listed} are listed");
        checker.at("count", |checker| checker.issue("invalid-value", message));
    }
    let sum: Option<u64> =
        files.entries.iter().try_fold(0u64, |sum, entry| sum.checked_add(entry.size?));
    if let (Some(total), Some(sum)) = (files.total_bytes.filter(|_| listed > 0), sum)
        && total != sum
    {
        let message = format!("is {total}, the files have {sum}");
        checker.at("total_bytes", |checker| checker.issue("invalid-value", message));
    }
}

fn file(entry: &FileEntry<'_>, checker: &mut Checker) {
    checker.required("key", Some(&entry.key), 1024);
    if entry.key.split('/').any(|part| part == ".." || part == ".") || entry.key.starts_with('/') {
        let message = format!("leaves its folder: {}", excerpt(&entry.key));
        checker.at("key", |checker| checker.issue("invalid-value", message));
    }
    if let Some(checksum) = &entry.checksum
        && !is_checksum(checksum)
    {
        let message = format!("no checksum: {}", excerpt(checksum));
        checker.at("checksum", |checker| checker.issue("invalid-value", message));
    }
}

/// `md5:`, `sha1:`, `sha256:` or `sha512:` and as many hexadecimal digits as it has.
fn is_checksum(text: &str) -> bool {
    let Some((algorithm, digest)) = text.split_once(':') else { return false };
    let length = match algorithm {
        "md5" => 32,
        "sha1" => 40,
        "sha256" => 64,
        "sha512" => 128,
        _ => return false,
    };
    digest.len() == length && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn tombstone(stone: &Tombstone<'_>, checker: &mut Checker) {
    let known = |id: &str| vocabulary::removal_reason(id).is_some();
    checker.term("removal_reason", stone.removal_reason.as_ref(), known);
    instant("removal_date", stone.removal_date.as_ref(), checker);
    checker.text("note", stone.note.as_ref(), 10_000);
    checker.text("citation_text", stone.citation_text.as_ref(), 10_000);
}

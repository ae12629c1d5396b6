//! What is other between two versions of a record's native JSON.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Changes, TypeChanges};

type Members<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

/// Counts the members that differ, by name; those of `metadata` singly.
pub(super) fn count_fields(old: &[u8], new: &[u8], counts: &mut BTreeMap<String, u64>) {
    let (Some(old), Some(new)) = (members(old), members(new)) else { return };
    for name in differing(&old, &new) {
        if name != "metadata" {
            bump(counts, name);
            continue;
        }
        let inner = |all: &Members<'_>| -> Option<String> {
            all.get("metadata").map(|value| value.get().to_owned())
        };
        let (old, new) = (inner(&old).unwrap_or_default(), inner(&new).unwrap_or_default());
        match (members(old.as_bytes()), members(new.as_bytes())) {
            (Some(old), Some(new)) => {
                for name in differing(&old, &new) {
                    bump(counts, format!("metadata.{name}"));
                }
            }
            _ => bump(counts, name),
        }
    }
}

fn bump(counts: &mut BTreeMap<String, u64>, name: String) {
    *counts.entry(name).or_default() += 1;
}

fn members(json: &[u8]) -> Option<Members<'_>> {
    serde_json::from_slice(json).ok()
}

/// Names of the members that only one has, or that are spelled otherwise. The dumps are written
/// by one writer, so another spelling is another value.
fn differing(old: &Members<'_>, new: &Members<'_>) -> Vec<String> {
    let names = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name)));
    names
        .filter(|name| old.get(*name).map(|v| v.get()) != new.get(*name).map(|v| v.get()))
        .map(|name| name.clone().into_owned())
        .collect()
}

/// What happened to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Added,
    Edited,
    Withdrawn,
}

/// Counts a change under the record's resource type.
pub(super) fn count_type(native: &[u8], kind: Kind, changes: &mut Changes) {
    #[derive(Deserialize)]
    struct Record<'a> {
        #[serde(borrow)]
        metadata: Metadata<'a>,
    }
    #[derive(Deserialize)]
    struct Metadata<'a> {
        #[serde(borrow)]
        resource_type: Type<'a>,
    }
    #[derive(Deserialize)]
    struct Type<'a> {
        #[serde(borrow)]
        id: Cow<'a, str>,
    }
    let record: Option<Record<'_>> = serde_json::from_slice(native).ok();
    let name = record.map_or_else(|| "unknown".into(), |r| r.metadata.resource_type.id);
    let counts: &mut TypeChanges = match changes.types.get_mut(name.as_ref()) {
        Some(counts) => counts,
        None => changes.types.entry(name.into_owned()).or_default(),
    };
    match kind {
        Kind::Added => counts.added += 1,
        Kind::Edited => counts.edited += 1,
        Kind::Withdrawn => counts.withdrawn += 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_that_differ_are_counted_by_name() {
        let old = br#"{"id":"7","files":{"a":1},"gone":1,"metadata":{"title":"A","size":"1"}}"#;
        let new = br#"{"id":"7","files":{"a":1},"new":1,"metadata":{"title":"B","size":"1"}}"#;
        let mut counts = BTreeMap::new();
        count_fields(old, new, &mut counts);
        count_fields(new, new, &mut counts);
        count_fields(b"not json", new, &mut counts);
        let found: Vec<(&str, u64)> = counts.iter().map(|(k, v)| (k.as_str(), *v)).collect();
        assert_eq!(found, [("gone", 1), ("metadata.title", 1), ("new", 1)]);
    }
}

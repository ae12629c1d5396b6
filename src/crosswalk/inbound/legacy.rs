//! Zenodo's legacy JSON → native JSON: the inverse of zenodo-rdm's `legacy/serializers`.
//!
//! The repairs, and what the legacy form has already lost, stand in `docs/crosswalks.md`.
//! Volatile parts (owners, statistics, links, file uuids, `is_last`) are not carried over:
//! they change between two harvests of one unchanged record.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::mem::take;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::legacy_metadata::{self, day, word};
use super::legacy_shape::{File, Imprint, Legacy, Metadata};
use super::native::{self, CustomFields, Pid, Pids, Str};
use super::{Inbound, InboundOptions, Issues, Rejected, doi_provider, finish, tidy};
use crate::record::date::timestamp;
use crate::record::{Text, identifier};

/// Converts one document.
pub(super) fn convert<'a>(
    text: &'a str,
    options: &InboundOptions<'_>,
) -> Result<Inbound<'a>, Rejected> {
    let mut legacy: Legacy<'a> = super::parse_json(text)?;
    let id = record_id(&mut legacy)?;
    let mut issues = Issues::default();
    let record = record(id, legacy, options, &mut issues);
    finish(&record, issues)
}

/// The record id; drafts and deposit forms end here.
fn record_id<'a>(legacy: &mut Legacy<'a>) -> Result<Str<'a>, Rejected> {
    if legacy.metadata.upload_type.is_some() {
        let message = "the deposit form (`upload_type`) is not a published record";
        return Err(Rejected::new("metadata.upload_type", "deposit-form", message));
    }
    if legacy.submitted == Some(false) {
        return Err(Rejected::new("submitted", "draft", "a draft that was never published"));
    }
    let id = legacy.id.0.take().or_else(|| legacy.recid.0.take()).and_then(tidy);
    match id {
        Some(id) if identifier::is_record_id(&id) => Ok(id),
        Some(id) => Err(Rejected::new("id", "no-id", format!("not a record id: {id:?}"))),
        None => Err(Rejected::new("id", "no-id", "neither `id` nor `recid`")),
    }
}

fn record<'a>(
    id: Str<'a>,
    legacy: Legacy<'a>,
    options: &InboundOptions<'_>,
    issues: &mut Issues,
) -> native::Record<'a> {
    let mut source = legacy.metadata;
    source.title = source.title.or(legacy.title);
    let parent = native::Parent {
        id: legacy.conceptrecid.0.and_then(tidy),
        pids: pids(legacy.conceptdoi, "conceptdoi", options, issues),
        communities: communities(&mut source),
    };
    let pids = pids(legacy.doi.or(source.doi.take()), "doi", options, issues);
    let index = source.relations.version.0.first().and_then(|version| version.index);
    let access = access(&mut source, issues);
    let entries = files(legacy.files.0);
    let custom_fields = custom_fields(&mut source, issues);
    native::Record {
        id,
        created: legacy.created.and_then(|text| timestamp(&text)),
        updated: legacy.updated.or(legacy.modified).and_then(|text| timestamp(&text)),
        revision_id: legacy.revision,
        is_published: true,
        pids,
        parent: (!parent.is_empty()).then_some(parent),
        versions: index.map(|index| native::Versions { index: index.saturating_add(1) }),
        // Files that the source does not list to the public exist all the same.
        files: native::Files { enabled: !entries.is_empty() || access.files != "public", entries },
        access,
        metadata: legacy_metadata::metadata(source, issues),
        custom_fields,
        swh: word(legacy.swh.swhid).map(|swhid| native::Swh { swhid }),
    }
}

fn pids<'a>(
    doi: Option<Text<'a>>,
    path: &str,
    options: &InboundOptions<'_>,
    issues: &mut Issues,
) -> Pids<'a> {
    let Some(value) = word(doi) else { return Pids::default() };
    match super::contributor::normalized("doi", value) {
        Ok(identifier) => {
            let provider = doi_provider(&identifier, options.doi_pattern);
            Pids { doi: Some(Pid { identifier, provider }), oai: None }
        }
        Err(value) => {
            issues.add(path, "invalid-identifier", format!("{value:?} is not a DOI"));
            Pids::default()
        }
    }
}

fn communities<'a>(source: &mut Metadata<'a>) -> native::Communities<'a> {
    let listed = take(&mut source.communities.0).into_iter();
    let slugs = listed.filter_map(|community| word(community.0.id.or(community.0.identifier)));
    native::Communities::from_slugs(slugs.collect())
}

/// `access_right` and `embargo_date`. Metadata of what the API lists is public; files are
/// public only where the source says `open`.
fn access<'a>(source: &mut Metadata<'a>, issues: &mut Issues) -> native::Access<'a> {
    let right = word(source.access_right.take());
    let files = match right.as_deref() {
        Some("open") => "public",
        Some("embargoed" | "restricted" | "closed") => "restricted",
        other => {
            let found = other.map_or("no access right".to_owned(), |right| format!("{right:?}"));
            issues.add(
                "metadata.access_right",
                "invalid-value",
                format!("{found}: files restricted"),
            );
            "restricted"
        }
    };
    let active = right.as_deref() == Some("embargoed");
    let until = day(source.embargo_date.take(), "metadata.embargo_date", issues);
    let embargo = (active || until.is_some()).then(|| native::Embargo {
        active,
        until: until.map(Cow::Owned),
        reason: None,
    });
    native::Access { record: "public", files, embargo }
}

/// Files in key order, each key once. Sources list them in any order, and their uuids were
/// re-drawn when Zenodo moved to InvenioRDM.
fn files(listed: Vec<File<'_>>) -> Vec<native::FileEntry<'_>> {
    let mut entries: Vec<native::FileEntry<'_>> = listed
        .into_iter()
        .filter_map(|file| {
            let key = file.key.or(file.filename)?.0;
            let checksum = word(file.checksum).map(checksum);
            let size = file.size.or(file.filesize);
            (!key.is_empty()).then_some(native::FileEntry { key, checksum, size })
        })
        .collect();
    entries.sort_by(|a, b| a.key.cmp(&b.key));
    entries.dedup_by(|later, first| later.key == first.key);
    entries
}

/// zen4R and the deposit API write the bare MD5 digest.
fn checksum(checksum: Str<'_>) -> Str<'_> {
    let bare = checksum.len() == 32 && checksum.bytes().all(|byte| byte.is_ascii_hexdigit());
    if bare { Cow::Owned(format!("md5:{checksum}")) } else { checksum }
}

fn custom_fields<'a>(source: &mut Metadata<'a>, issues: &mut Issues) -> CustomFields<'a> {
    let mut fields = CustomFields::default();
    let journal = take(&mut source.journal);
    fields.group(
        "journal:journal",
        [
            ("title", word(journal.title)),
            ("issue", word(journal.issue)),
            ("volume", word(journal.volume)),
            ("pages", word(journal.pages)),
            ("issn", word(journal.issn)),
        ],
    );
    let meeting = take(&mut source.meeting);
    fields.group(
        "meeting:meeting",
        [
            ("acronym", word(meeting.acronym)),
            ("dates", word(meeting.dates)),
            ("place", word(meeting.place)),
            ("session", word(meeting.session)),
            ("session_part", word(meeting.session_part)),
            ("title", word(meeting.title)),
            ("url", word(meeting.url)),
        ],
    );
    let (imprint, part_of) = (&mut source.imprint, &mut source.part_of);
    let mut either = |field: for<'i> fn(&'i mut Imprint<'a>) -> &'i mut Option<Text<'a>>| {
        word(field(imprint).take()).or_else(|| word(field(part_of).take()))
    };
    fields.group(
        "imprint:imprint",
        [
            ("title", either(|imprint| &mut imprint.title)),
            ("isbn", either(|imprint| &mut imprint.isbn)),
            ("pages", either(|imprint| &mut imprint.pages)),
            ("place", either(|imprint| &mut imprint.place)),
            ("edition", either(|imprint| &mut imprint.edition)),
        ],
    );
    let thesis = &mut source.thesis;
    fields.group(
        "thesis:thesis",
        [
            ("university", word(thesis.university.take())),
            ("department", word(thesis.department.take())),
            ("type", word(thesis.kind.take())),
            ("date_submitted", word(thesis.date_submitted.take())),
            ("date_defended", word(thesis.date_defended.take())),
        ],
    );
    let subjects = take(&mut source.subjects.0).into_iter();
    fields.legacy_subjects = subjects
        .map(|subject| native::LegacySubject {
            term: word(subject.term),
            identifier: word(subject.identifier),
            scheme: word(subject.scheme),
        })
        .filter(|subject| subject.term.is_some() || subject.identifier.is_some())
        .collect();
    if let Some(custom) = source.custom {
        fields.verbatim = verbatim(custom, issues);
    }
    fields
}

/// Members of `metadata.custom`, whose keys are those of native custom fields. The ones that
/// the legacy form spells out elsewhere are not taken twice.
fn verbatim<'a>(custom: &'a RawValue, issues: &mut Issues) -> Vec<(Str<'a>, &'a RawValue)> {
    struct Members;

    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(Text<'de>, &'de RawValue)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map of custom fields")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some(member) = map.next_entry()? {
                members.push(member);
            }
            Ok(members)
        }
    }

    const SPELLED_OUT: [&str; 7] = [
        "journal:journal",
        "meeting:meeting",
        "imprint:imprint",
        "thesis:thesis",
        "thesis:university",
        "legacy:subjects",
        "legacy:communities",
    ];
    match serde_json::Deserializer::from_str(custom.get()).deserialize_map(Members) {
        Ok(members) => {
            let mut seen = HashSet::new();
            members
                .into_iter()
                .map(|(key, value)| (key.0, value))
                .filter(|(key, value)| {
                    value.get() != "null"
                        && !SPELLED_OUT.contains(&&**key)
                        && seen.insert(key.clone())
                })
                .collect()
        }
        Err(_) => {
            issues.add("metadata.custom", "invalid-value", "not a map of custom fields: dropped");
            Vec::new()
        }
    }
}

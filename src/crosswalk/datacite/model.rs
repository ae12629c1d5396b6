//! The DataCite view of a record, built once and written as XML and as JSON.

use std::borrow::Cow;

use super::people::{self, Party, UNAVAILABLE};
use super::place::{self, Place};
use super::related::{self, AlternateId, RelatedId, RelatedItem};
use super::rights::{self, Funding, Rights};
use super::value::{normal, optional, text, unique, uri};
use crate::crosswalk::files::open_files;
use crate::record::date::{Date, Edtf};
use crate::record::model::{FileEntry, Metadata, Record, VocabularyItem};
use crate::record::vocabulary::{self, ResourceType};
use crate::record::{FilesAccess, Published, html};

/// A record in the terms of DataCite Metadata Schema 4.7.
///
/// Borrows from the record wherever the value is already in its final form. Every field obeys
/// the facets of the XSD (non-empty text, legal terms, URIs, ranges), so that the writers
/// cannot produce an invalid document; lists hold no duplicates where the JSON schema forbids
/// them.
#[derive(Debug)]
pub struct DataCite<'a> {
    /// Bare DOI; `None`: the landing page identifies the record.
    pub(super) doi: Option<Cow<'a, str>>,
    /// First the landing page, always.
    pub(super) alternate_ids: Vec<AlternateId<'a>>,
    pub(super) creators: Vec<Party<'a>>,
    pub(super) titles: Vec<Title<'a>>,
    pub(super) publisher: Cow<'a, str>,
    /// Four digits.
    pub(super) year: [u8; 4],
    /// `resourceTypeGeneral` and free text, which may be empty.
    pub(super) resource_type: (&'static str, Cow<'a, str>),
    pub(super) subjects: Vec<Subject<'a>>,
    pub(super) contributors: Vec<Party<'a>>,
    pub(super) dates: Vec<TypedDate<'a>>,
    /// BCP 47.
    pub(super) language: Option<&'static str>,
    pub(super) related_ids: Vec<RelatedId<'a>>,
    pub(super) related_items: Vec<RelatedItem<'a>>,
    pub(super) sizes: Vec<Cow<'a, str>>,
    pub(super) formats: Vec<Cow<'a, str>>,
    pub(super) version: Option<Cow<'a, str>>,
    pub(super) rights: Vec<Rights<'a>>,
    pub(super) descriptions: Vec<Description<'a>>,
    pub(super) places: Vec<Place<'a>>,
    pub(super) funding: Vec<Funding<'a>>,
}

/// Why a public record has no DataCite form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{code} at {path}")]
pub struct Withheld {
    /// Stable, for `exceptions.ndjson`.
    pub code: &'static str,
    /// JSON path of the field at fault.
    pub path: &'static str,
}

/// A title.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Title<'a> {
    pub(super) text: Cow<'a, str>,
    /// `titleType`; the main title has none.
    pub(super) kind: Option<&'static str>,
    pub(super) language: Option<&'static str>,
}

/// A description.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Description<'a> {
    /// Plain text; paragraphs end in a line feed.
    pub(super) text: Cow<'a, str>,
    /// `descriptionType`.
    pub(super) kind: &'static str,
    pub(super) language: Option<&'static str>,
}

/// A keyword or controlled subject.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Subject<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) scheme: Option<Cow<'a, str>>,
    pub(super) uri: Option<Cow<'a, str>>,
}

/// A typed date.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TypedDate<'a> {
    /// EDTF level 0, which RKMS-ISO8601 ranges are a part of.
    pub(super) text: Cow<'a, str>,
    /// `dateType`.
    pub(super) kind: &'static str,
    pub(super) information: Option<Cow<'a, str>>,
}

impl<'a> DataCite<'a> {
    /// Maps a public record. Pure: the record is not changed, equal input gives equal output.
    ///
    /// Missing creators, title and publisher become `(:unav)`; a missing publication year is
    /// that of the record's creation.
    ///
    /// # Errors
    /// [`Withheld`] when there is no year to be had; the schema has no way to say so.
    pub fn from_published(published: &'a Published<'a>) -> Result<DataCite<'a>, Withheld> {
        let record = published.record;
        let metadata = &record.metadata;
        let issued = metadata.publication_date.as_deref().and_then(Edtf::repair);
        let year = issued
            .and_then(|(date, _)| four_digits(date.year()))
            .or_else(|| creation_year(published.created));
        let missing = Withheld { code: "missing-year", path: "metadata.publication_date" };
        let doi = published.doi().and_then(|doi| normal("doi", doi));
        let files = open_files(published);
        let publisher = optional(&metadata.publisher)
            .or_else(|| text(published.repository.publisher.as_deref()?))
            .unwrap_or(Cow::Borrowed(UNAVAILABLE));
        Ok(DataCite {
            alternate_ids: related::alternates(published, doi.as_deref()),
            related_ids: related::related(published, doi.as_deref()),
            related_items: related::items(record),
            doi,
            creators: people::creators(&metadata.creators),
            titles: titles(metadata),
            publisher,
            year: year.ok_or(missing)?,
            resource_type: resource_type(&metadata.resource_type),
            subjects: subjects(record),
            contributors: people::contributors(&metadata.contributors),
            dates: dates(published),
            language: metadata.languages.first().and_then(language),
            sizes: sizes(record, &files),
            formats: formats(record, &files),
            version: optional(&metadata.version),
            rights: rights::rights(record, published.files),
            descriptions: descriptions(metadata),
            places: place::places(&metadata.locations),
            funding: rights::funding(&metadata.funding),
        })
    }
}

/// Text of an HTML fragment; `None` when nothing is left.
fn plain(raw: &str) -> Option<Cow<'_, str>> {
    Some(html::plain(raw)).filter(|text| !text.is_empty())
}

fn language(item: &VocabularyItem<'_>) -> Option<&'static str> {
    vocabulary::language(&item.id).map(|language| language.bcp47())
}

fn four_digits(year: i32) -> Option<[u8; 4]> {
    let year = u16::try_from(year).ok().filter(|year| *year <= 9999)?;
    let digit = |place: u16| b"0123456789"[usize::from(year / place % 10)];
    Some([digit(1000), digit(100), digit(10), digit(1)])
}

fn creation_year(created: &str) -> Option<[u8; 4]> {
    four_digits(Date::parse(created.get(..10)?)?.year)
}

/// Unknown types are `Other`, and their title or id the text.
fn resource_type<'a>(item: &'a VocabularyItem<'_>) -> (&'static str, Cow<'a, str>) {
    match vocabulary::resource_type(&item.id) {
        Some(ResourceType { datacite_general, datacite_type, .. }) => {
            (datacite_general, Cow::Borrowed(datacite_type))
        }
        None => {
            let given = item.title.preferred().and_then(text).or_else(|| text(&item.id));
            ("Other", given.unwrap_or_default())
        }
    }
}

fn titles<'a>(metadata: &'a Metadata<'_>) -> Vec<Title<'a>> {
    let main = metadata.title.as_deref().and_then(plain).unwrap_or(Cow::Borrowed(UNAVAILABLE));
    let mut all = vec![Title { text: main, kind: None, language: None }];
    all.extend(metadata.additional_titles.iter().filter_map(|title| {
        let kind = title.kind.as_ref().and_then(|kind| vocabulary::title_type(&kind.id));
        Some(Title {
            text: plain(&title.title)?,
            kind: Some(kind.map_or("Other", |kind| kind.datacite)),
            language: title.lang.as_ref().and_then(language),
        })
    }));
    unique(&mut all);
    all
}

fn descriptions<'a>(metadata: &'a Metadata<'_>) -> Vec<Description<'a>> {
    let main = metadata.description.as_deref().and_then(plain);
    let main = main.map(|text| Description { text, kind: "Abstract", language: None });
    let further = metadata.additional_descriptions.iter().filter_map(|one| {
        let kind = one.kind.as_ref().and_then(|kind| vocabulary::description_type(&kind.id));
        Some(Description {
            text: plain(&one.description)?,
            kind: kind.map_or("Other", |kind| kind.datacite),
            language: one.lang.as_ref().and_then(language),
        })
    });
    let mut all: Vec<Description<'a>> = main.into_iter().chain(further).collect();
    unique(&mut all);
    all
}

/// Keywords, controlled subjects, then the older term and URI pairs. A controlled subject that
/// was not expanded is its id.
fn subjects<'a>(record: &'a Record<'_>) -> Vec<Subject<'a>> {
    let current = record.metadata.subjects.iter().filter_map(|subject| {
        Some(Subject {
            text: optional(&subject.subject).or_else(|| optional(&subject.id))?,
            scheme: optional(&subject.scheme),
            uri: subject.id.as_deref().and_then(uri),
        })
    });
    let older = record.custom_fields.legacy_subjects.iter().filter_map(|subject| {
        Some(Subject {
            text: optional(&subject.term)?,
            // The scheme of the identifier, not of the subject.
            scheme: None,
            uri: subject.identifier.as_deref().and_then(uri),
        })
    });
    let mut all: Vec<Subject<'a>> = current.chain(older).collect();
    unique(&mut all);
    all
}

/// Canonical text; borrowed when the source already has it. `None` for what is no date.
fn edtf(raw: &str) -> Option<Cow<'_, str>> {
    match Edtf::repair(raw)? {
        (_, false) => Some(Cow::Borrowed(raw)),
        (date, true) => Some(Cow::Owned(date.to_string())),
    }
}

/// Issued, the record's own dates, Available for the end of an embargo, Updated.
///
/// The last two only if the record has no such date of its own. An embargo that is over keeps
/// its date: that is when the files became available.
fn dates<'a>(published: &'a Published<'a>) -> Vec<TypedDate<'a>> {
    let record = published.record;
    let plain = |text, kind| TypedDate { text, kind, information: None };
    let mut all = Vec::with_capacity(record.metadata.dates.len() + 3);
    let issued = record.metadata.publication_date.as_deref().and_then(edtf);
    all.extend(issued.map(|date| plain(date, "Issued")));
    all.extend(record.metadata.dates.iter().filter_map(|date| {
        let kind = date.kind.as_ref().and_then(|kind| vocabulary::date_type(&kind.id));
        Some(TypedDate {
            text: edtf(&date.date)?,
            kind: kind.map_or("Other", |kind| kind.datacite),
            information: optional(&date.description),
        })
    }));
    let has = |all: &[TypedDate<'_>], kind| all.iter().any(|date| date.kind == kind);
    let opens = match published.files {
        FilesAccess::Embargoed { until } => Some(until),
        FilesAccess::Open => record.access.embargo.until.as_deref(),
        FilesAccess::Restricted | FilesAccess::MetadataOnly => None,
    };
    if !has(&all, "Available") {
        all.extend(opens.and_then(edtf).map(|date| plain(date, "Available")));
    }
    if !has(&all, "Updated") {
        let day = published.updated.get(..10).and_then(edtf);
        all.extend(day.map(|day| plain(day, "Updated")));
    }
    unique(&mut all);
    all
}

/// As given; else from the public files: how many, and how large in all.
fn sizes<'a>(record: &'a Record<'_>, files: &[&FileEntry<'_>]) -> Vec<Cow<'a, str>> {
    let mut all = list(&record.metadata.sizes);
    if all.is_empty() && !files.is_empty() {
        let count = files.len() as u64;
        let bytes = files.iter().try_fold(0_u64, |sum, file| sum.checked_add(file.size?));
        let number = |number: u64, unit| [itoa::Buffer::new().format(number), unit].concat();
        let files = number(count, if count == 1 { " file" } else { " files" });
        all.push(Cow::Owned(files));
        all.extend(bytes.map(|bytes| Cow::Owned(number(bytes, " bytes"))));
    }
    all
}

/// As given; else the media types of the public files, sorted.
fn formats<'a>(record: &'a Record<'_>, files: &[&'a FileEntry<'_>]) -> Vec<Cow<'a, str>> {
    let all = list(&record.metadata.formats);
    if !all.is_empty() {
        return all;
    }
    let mut types: Vec<Cow<'a, str>> =
        files.iter().filter_map(|file| optional(&file.mimetype)).collect();
    types.sort_unstable();
    types.dedup();
    types
}

fn list<'a, T: AsRef<str>>(raw: &'a [T]) -> Vec<Cow<'a, str>> {
    let mut all: Vec<Cow<'a, str>> = raw.iter().filter_map(|item| text(item.as_ref())).collect();
    unique(&mut all);
    all
}

//! Zenodo's legacy JSON as typed structures: every generation that still circulates.
//!
//! - the records API since 2023 (`files[].key`, `owners: [{id}]`, `recid` beside `id`);
//! - the records API before (`owners: [int]`, `license` as text, `thesis.supervisors`);
//! - harvests by the R package zen4R (`files[].filename`, `filesize`, bare `checksum`,
//!   `owner`, no `revision`).
//!
//! Field list: zenodo-rdm `legacy/serializers/schemas/{common,zenodojson}.py`.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::lenient::{Bare, FromText, Many, Scalar};
use crate::record::Text;

type Word<'a> = Option<Text<'a>>;

/// `null` as the type's default.
fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// The document.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct Legacy<'a> {
    pub(super) id: Scalar<'a>,
    pub(super) recid: Scalar<'a>,
    pub(super) conceptrecid: Scalar<'a>,
    pub(super) doi: Word<'a>,
    pub(super) conceptdoi: Word<'a>,
    pub(super) title: Word<'a>,
    pub(super) created: Word<'a>,
    pub(super) modified: Word<'a>,
    pub(super) updated: Word<'a>,
    pub(super) revision: Option<i64>,
    pub(super) submitted: Option<bool>,
    #[serde(deserialize_with = "nullable")]
    pub(super) files: Many<File<'a>>,
    #[serde(deserialize_with = "nullable")]
    pub(super) swh: Swh<'a>,
    #[serde(deserialize_with = "nullable")]
    pub(super) metadata: Metadata<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct Swh<'a> {
    pub(super) swhid: Word<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct File<'a> {
    pub(super) key: Word<'a>,
    pub(super) filename: Word<'a>,
    pub(super) size: Option<u64>,
    pub(super) filesize: Option<u64>,
    pub(super) checksum: Word<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct Metadata<'a> {
    pub(super) title: Word<'a>,
    pub(super) doi: Word<'a>,
    pub(super) publication_date: Word<'a>,
    pub(super) description: Word<'a>,
    pub(super) version: Word<'a>,
    pub(super) access_right: Word<'a>,
    pub(super) embargo_date: Word<'a>,
    pub(super) access_conditions: Word<'a>,
    pub(super) upload_type: Word<'a>,
    pub(super) creators: Many<Person<'a>>,
    pub(super) contributors: Many<Person<'a>>,
    pub(super) keywords: Many<Text<'a>>,
    pub(super) subjects: Many<Subject<'a>>,
    pub(super) related_identifiers: Many<Related<'a>>,
    pub(super) alternate_identifiers: Many<Related<'a>>,
    pub(super) locations: Many<Location<'a>>,
    pub(super) dates: Many<Period<'a>>,
    pub(super) references: Many<Bare<Reference<'a>>>,
    pub(super) language: Word<'a>,
    pub(super) notes: Word<'a>,
    pub(super) method: Word<'a>,
    #[serde(deserialize_with = "nullable")]
    pub(super) resource_type: ResourceType<'a>,
    #[serde(deserialize_with = "nullable")]
    pub(super) journal: Journal<'a>,
    #[serde(deserialize_with = "nullable")]
    pub(super) meeting: Meeting<'a>,
    #[serde(deserialize_with = "nullable")]
    pub(super) imprint: Imprint<'a>,
    #[serde(deserialize_with = "nullable")]
    pub(super) part_of: Imprint<'a>,
    #[serde(deserialize_with = "nullable")]
    pub(super) thesis: Thesis<'a>,
    #[serde(deserialize_with = "nullable")]
    pub(super) license: Bare<Named<'a>>,
    pub(super) grants: Many<Grant<'a>>,
    pub(super) communities: Many<Bare<Named<'a>>>,
    #[serde(deserialize_with = "nullable")]
    pub(super) relations: Relations,
    #[serde(borrow)]
    pub(super) custom: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct Person<'a> {
    pub(super) name: Word<'a>,
    pub(super) affiliation: Word<'a>,
    pub(super) orcid: Word<'a>,
    pub(super) gnd: Word<'a>,
    #[serde(rename = "type")]
    pub(super) kind: Word<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct Subject<'a> {
    pub(super) term: Word<'a>,
    pub(super) identifier: Word<'a>,
    pub(super) scheme: Word<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct Related<'a> {
    pub(super) identifier: Word<'a>,
    pub(super) scheme: Word<'a>,
    pub(super) relation: Word<'a>,
    pub(super) resource_type: Scalar<'a>,
}

/// `lat` and `lon` of a polygon come as lists, which [`Scalar`] reads as absent.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct Location<'a> {
    pub(super) lat: Scalar<'a>,
    pub(super) lon: Scalar<'a>,
    pub(super) place: Word<'a>,
    pub(super) description: Word<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct Period<'a> {
    pub(super) start: Word<'a>,
    pub(super) end: Word<'a>,
    #[serde(rename = "type")]
    pub(super) kind: Word<'a>,
    pub(super) description: Word<'a>,
}

/// Text, or `{"raw_reference": …}` in the oldest responses.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct Reference<'a> {
    pub(super) raw_reference: Word<'a>,
}

impl<'de: 'a, 'a> FromText<'de> for Reference<'a> {
    fn from_text(text: Text<'de>) -> Self {
        Reference { raw_reference: Some(text) }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct ResourceType<'a> {
    #[serde(rename = "type")]
    pub(super) kind: Word<'a>,
    pub(super) subtype: Word<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct Journal<'a> {
    pub(super) title: Word<'a>,
    pub(super) volume: Word<'a>,
    pub(super) issue: Word<'a>,
    pub(super) pages: Word<'a>,
    pub(super) issn: Word<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct Meeting<'a> {
    pub(super) title: Word<'a>,
    pub(super) acronym: Word<'a>,
    pub(super) dates: Word<'a>,
    pub(super) place: Word<'a>,
    pub(super) session: Word<'a>,
    pub(super) session_part: Word<'a>,
    pub(super) url: Word<'a>,
}

/// `imprint`, and `part_of`, which InvenioRDM keeps in the same field.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct Imprint<'a> {
    pub(super) title: Word<'a>,
    pub(super) isbn: Word<'a>,
    pub(super) pages: Word<'a>,
    pub(super) place: Word<'a>,
    pub(super) edition: Word<'a>,
    pub(super) publisher: Word<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct Thesis<'a> {
    pub(super) university: Word<'a>,
    pub(super) department: Word<'a>,
    #[serde(rename = "type")]
    pub(super) kind: Word<'a>,
    pub(super) date_submitted: Word<'a>,
    pub(super) date_defended: Word<'a>,
    pub(super) supervisors: Many<Person<'a>>,
}

/// `{"id": …}`, `{"identifier": …}` or the bare word.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct Named<'a> {
    pub(super) id: Word<'a>,
    pub(super) identifier: Word<'a>,
}

impl<'de: 'a, 'a> FromText<'de> for Named<'a> {
    fn from_text(text: Text<'de>) -> Self {
        Named { id: Some(text), identifier: None }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct Grant<'a> {
    pub(super) id: Word<'a>,
    pub(super) internal_id: Word<'a>,
    pub(super) code: Word<'a>,
    pub(super) title: Word<'a>,
    pub(super) acronym: Word<'a>,
    pub(super) program: Word<'a>,
    pub(super) url: Word<'a>,
    pub(super) doi: Word<'a>,
    #[serde(deserialize_with = "nullable")]
    pub(super) funder: Funder<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct Funder<'a> {
    pub(super) name: Word<'a>,
    pub(super) doi: Word<'a>,
    pub(super) country: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Relations {
    pub(super) version: Many<VersionRelation>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct VersionRelation {
    /// 0-based.
    pub(super) index: Option<u32>,
}

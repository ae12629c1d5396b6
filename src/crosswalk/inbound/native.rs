//! What the converters write: native record JSON as serialisable structures.
//!
//! One shape for legacy JSON, DataCite and the ledger, so that the same fact is spelled the
//! same way whichever door it came in by. Absent facts are left out, never written as `null`.
//! Field order is fixed by the declarations; equal values give equal bytes.

use std::borrow::Cow;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::value::RawValue;

/// Text, borrowed from the source document where it could be.
pub(super) type Str<'a> = Cow<'a, str>;

/// A published record.
#[derive(Debug, Serialize)]
pub(super) struct Record<'a> {
    pub(super) id: Str<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) created: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) updated: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) revision_id: Option<i64>,
    pub(super) is_published: bool,
    pub(super) pids: Pids<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) parent: Option<Parent<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) versions: Option<Versions>,
    pub(super) access: Access<'a>,
    pub(super) files: Files<'a>,
    pub(super) metadata: Metadata<'a>,
    #[serde(skip_serializing_if = "CustomFields::is_empty")]
    pub(super) custom_fields: CustomFields<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) swh: Option<Swh<'a>>,
}

/// Persistent identifiers by scheme.
#[derive(Debug, Default, Serialize)]
pub(super) struct Pids<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) doi: Option<Pid<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) oai: Option<Pid<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct Pid<'a> {
    pub(super) identifier: Str<'a>,
    pub(super) provider: &'static str,
}

/// The concept record.
#[derive(Debug, Default, Serialize)]
pub(super) struct Parent<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<Str<'a>>,
    pub(super) pids: Pids<'a>,
    #[serde(skip_serializing_if = "Communities::is_empty")]
    pub(super) communities: Communities<'a>,
}

impl Parent<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.id.is_none() && self.pids.doi.is_none() && self.communities.is_empty()
    }
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Communities<'a> {
    pub(super) entries: Vec<Community<'a>>,
}

impl<'a> Communities<'a> {
    /// Sorted and each once: sources list communities in no particular order.
    pub(super) fn from_slugs(mut slugs: Vec<Str<'a>>) -> Self {
        slugs.sort_unstable();
        slugs.dedup();
        Communities { entries: slugs.into_iter().map(|slug| Community { slug }).collect() }
    }

    fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Community<'a> {
    pub(super) slug: Str<'a>,
}

/// `is_latest` is not carried over: it changes whenever a sibling appears, and outputs
/// recompute it anyway.
#[derive(Debug, Serialize)]
pub(super) struct Versions {
    pub(super) index: u32,
}

#[derive(Debug, Serialize)]
pub(super) struct Access<'a> {
    pub(super) record: &'static str,
    pub(super) files: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) embargo: Option<Embargo<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct Embargo<'a> {
    pub(super) active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<Str<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<Str<'a>>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Files<'a> {
    pub(super) enabled: bool,
    #[serde(serialize_with = "by_key")]
    pub(super) entries: Vec<FileEntry<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct FileEntry<'a> {
    pub(super) key: Str<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) checksum: Option<Str<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<u64>,
}

/// A map by key, in the order given; keys are unique by construction.
fn by_key<S: Serializer>(entries: &[FileEntry<'_>], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(entries.iter().map(|entry| (&entry.key, entry)))
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Metadata<'a> {
    pub(super) resource_type: Term<'a>,
    pub(super) creators: Vec<Contributor<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) title: Option<Str<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) additional_titles: Vec<Title<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) publisher: Option<Str<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) publication_date: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) subjects: Vec<Subject<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) contributors: Vec<Contributor<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) dates: Vec<TypedDate<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) languages: Vec<Term<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) identifiers: Vec<Identifier<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) related_identifiers: Vec<Related<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) sizes: Vec<Str<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) formats: Vec<Str<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<Str<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) rights: Vec<Right<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) copyright: Option<Str<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<Str<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) additional_descriptions: Vec<Description<'a>>,
    #[serde(skip_serializing_if = "Locations::is_empty")]
    pub(super) locations: Locations<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) funding: Vec<Funding<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) references: Vec<Reference<'a>>,
}

/// A vocabulary entry by id.
#[derive(Debug, Default, Clone, Serialize)]
pub(super) struct Term<'a> {
    pub(super) id: Str<'a>,
}

impl Term<'_> {
    pub(super) const fn known(id: &'static str) -> Self {
        Term { id: Cow::Borrowed(id) }
    }
}

/// Text in the one language that the sources know of.
#[derive(Debug, Serialize)]
pub(super) struct English<'a> {
    pub(super) en: Str<'a>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Contributor<'a> {
    pub(super) person_or_org: PersonOrOrg<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<Term<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) affiliations: Vec<Affiliation<'a>>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct PersonOrOrg<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) name: Str<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) given_name: Option<Str<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) family_name: Option<Str<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) identifiers: Vec<Identifier<'a>>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Affiliation<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<Str<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<Str<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) identifiers: Vec<Identifier<'a>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub(super) struct Identifier<'a> {
    pub(super) identifier: Str<'a>,
    pub(super) scheme: Str<'a>,
}

#[derive(Debug, Serialize)]
pub(super) struct Title<'a> {
    pub(super) title: Str<'a>,
    #[serde(rename = "type")]
    pub(super) kind: Term<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) lang: Option<Term<'a>>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Subject<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<Str<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) subject: Option<Str<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scheme: Option<Str<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct TypedDate<'a> {
    pub(super) date: String,
    #[serde(rename = "type")]
    pub(super) kind: Term<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<Str<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct Related<'a> {
    pub(super) identifier: Str<'a>,
    pub(super) scheme: Str<'a>,
    pub(super) relation_type: Term<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) resource_type: Option<Term<'a>>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Right<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<Str<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) title: Option<English<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) link: Option<Str<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct Description<'a> {
    pub(super) description: Str<'a>,
    #[serde(rename = "type")]
    pub(super) kind: Term<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) lang: Option<Term<'a>>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Locations<'a> {
    pub(super) features: Vec<Feature<'a>>,
}

impl Locations<'_> {
    fn is_empty(&self) -> bool {
        self.features.is_empty()
    }
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Feature<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) geometry: Option<Geometry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) place: Option<Str<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<Str<'a>>,
}

/// GeoJSON: longitude before latitude, degrees.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", content = "coordinates")]
pub(super) enum Geometry {
    Point([f64; 2]),
    /// The outer ring, closed.
    Polygon([Vec<[f64; 2]>; 1]),
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Funding<'a> {
    pub(super) funder: Funder<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) award: Option<Award<'a>>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Funder<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<Str<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<Str<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) country: Option<Str<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) identifiers: Vec<Identifier<'a>>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Award<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<Str<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) title: Option<English<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) number: Option<Str<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) acronym: Option<Str<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) program: Option<Str<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) identifiers: Vec<Identifier<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct Reference<'a> {
    pub(super) reference: Str<'a>,
}

#[derive(Debug, Serialize)]
pub(super) struct Swh<'a> {
    pub(super) swhid: Str<'a>,
}

/// Discipline specific fields: the typed ones, then those carried verbatim.
#[derive(Debug, Default)]
pub(super) struct CustomFields<'a> {
    /// Key of the field and its members, empty ones left out.
    pub(super) groups: Vec<(&'static str, Vec<(&'static str, Str<'a>)>)>,
    pub(super) legacy_subjects: Vec<LegacySubject<'a>>,
    pub(super) verbatim: Vec<(Str<'a>, &'a RawValue)>,
}

impl<'a> CustomFields<'a> {
    /// Adds a group such as `journal:journal` unless all its members are absent or blank.
    pub(super) fn group<const N: usize>(
        &mut self,
        key: &'static str,
        members: [(&'static str, Option<Str<'a>>); N],
    ) {
        let present: Vec<_> = members
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .filter(|(_, value)| !value.trim().is_empty())
            .collect();
        if !present.is_empty() && !self.groups.iter().any(|(other, _)| *other == key) {
            self.groups.push((key, present));
        }
    }

    fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.legacy_subjects.is_empty() && self.verbatim.is_empty()
    }
}

impl Serialize for CustomFields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Members<'b, 'a>(&'b [(&'static str, Str<'a>)]);

        impl Serialize for Members<'_, '_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
            }
        }

        let mut map = serializer.serialize_map(None)?;
        for (key, members) in &self.groups {
            map.serialize_entry(key, &Members(members))?;
        }
        if !self.legacy_subjects.is_empty() {
            map.serialize_entry("legacy:subjects", &self.legacy_subjects)?;
        }
        for (key, value) in &self.verbatim {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

#[derive(Debug, Serialize)]
pub(super) struct LegacySubject<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) term: Option<Str<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) identifier: Option<Str<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scheme: Option<Str<'a>>,
}

//! The record: InvenioRDM's native JSON as typed, borrowing structures.
//!
//! Every structure mirrors the JSON object of the same name (field list:
//! <https://inveniordm.docs.cern.ch/reference/metadata/>). Rules that hold throughout:
//!
//! - strings borrow from the input ([`Text`]); parse from a `&str` that outlives the record;
//! - `null` means absent, everywhere; unknown fields are skipped here and survive in the
//!   verbatim bytes that the store keeps;
//! - nothing is checked beyond shape: a record with `"publication_date": "Err"` parses, and
//!   [`validate`](super::validate) names what is wrong with it.

mod nullable;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::Text;
use nullable::{few, nullable, nullable_value, object};

/// One published version of a work, or what remains of a removed one.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Record<'a> {
    /// The record id; see [`identifier::RecordId`](super::identifier) for what is accepted.
    #[serde(deserialize_with = "nullable")]
    pub id: Text<'a>,
    /// RFC 3339 with microseconds, as delivered.
    pub created: Option<Text<'a>>,
    /// RFC 3339 with microseconds, as delivered.
    pub updated: Option<Text<'a>>,
    /// Grows with every stored revision of the source system.
    pub revision_id: Option<i64>,
    /// Absent means published: dumps hold nothing else.
    pub is_published: Option<bool>,
    /// `true` for drafts, which are never imported.
    pub is_draft: Option<bool>,
    /// Persistent identifiers of this version.
    #[serde(deserialize_with = "nullable")]
    pub pids: Pids<'a>,
    /// The concept record that all versions share.
    #[serde(deserialize_with = "nullable")]
    pub parent: Parent<'a>,
    /// Position in the family, as the source claims it.
    #[serde(deserialize_with = "nullable")]
    pub versions: ClaimedVersions,
    /// Who may see record and files.
    #[serde(deserialize_with = "object")]
    pub access: Access<'a>,
    /// The files section.
    #[serde(deserialize_with = "object")]
    pub files: Files<'a>,
    /// Descriptive metadata.
    #[serde(deserialize_with = "object")]
    pub metadata: Metadata<'a>,
    /// Discipline specific fields.
    #[serde(deserialize_with = "nullable")]
    pub custom_fields: CustomFields<'a>,
    /// Present on withdrawn records.
    pub tombstone: Option<Tombstone<'a>>,
    /// Present on withdrawn records; absent means published.
    #[serde(deserialize_with = "object")]
    pub deletion_status: DeletionStatus<'a>,
    /// Software Heritage identifier.
    #[serde(deserialize_with = "nullable")]
    pub swh: Swh<'a>,
}

/// Persistent identifiers by scheme.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Pids<'a> {
    /// The DOI.
    pub doi: Option<Pid<'a>>,
    /// The OAI identifier.
    pub oai: Option<Pid<'a>>,
}

/// One persistent identifier.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Pid<'a> {
    /// The bare identifier, for a DOI without resolver.
    #[serde(deserialize_with = "nullable")]
    pub identifier: Text<'a>,
    /// `datacite`, `external`, `oai`, `legacy`.
    pub provider: Option<Text<'a>>,
}

/// The concept record.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Parent<'a> {
    /// Concept record id.
    #[serde(deserialize_with = "nullable")]
    pub id: Text<'a>,
    /// Concept identifiers.
    #[serde(deserialize_with = "nullable")]
    pub pids: Pids<'a>,
    /// Communities the work belongs to.
    #[serde(deserialize_with = "nullable")]
    pub communities: Communities<'a>,
}

/// Community membership.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Communities<'a> {
    /// UUIDs of all communities.
    #[serde(deserialize_with = "nullable")]
    pub ids: Vec<Text<'a>>,
    /// UUID of the one whose brand the page carries.
    pub default: Option<Text<'a>>,
    /// Expanded community objects.
    #[serde(deserialize_with = "nullable")]
    pub entries: Vec<Community<'a>>,
}

/// An expanded community.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Community<'a> {
    /// UUID.
    #[serde(deserialize_with = "nullable")]
    pub id: Text<'a>,
    /// The key in URLs.
    #[serde(deserialize_with = "nullable")]
    pub slug: Text<'a>,
    /// Descriptive part.
    #[serde(deserialize_with = "nullable")]
    pub metadata: CommunityMetadata<'a>,
}

/// Descriptive part of a community.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct CommunityMetadata<'a> {
    /// Display name.
    pub title: Option<Text<'a>>,
}

/// Position in the family as claimed by the source; outputs recompute it.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(default)]
pub struct ClaimedVersions {
    /// 1-based.
    pub index: Option<u32>,
    /// Whether the source thinks this is the newest version.
    pub is_latest: Option<bool>,
}

/// Access settings as stored.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Access<'a> {
    /// `public` or `restricted`; absent means public.
    pub record: Option<Text<'a>>,
    /// `public` or `restricted`; absent means public.
    pub files: Option<Text<'a>>,
    /// Embargo on the files.
    #[serde(deserialize_with = "object")]
    pub embargo: Embargo<'a>,
    /// As the source computed it; outputs recompute it.
    pub status: Option<Text<'a>>,
}

/// Embargo on files.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Embargo<'a> {
    /// Whether the embargo is in force, as the source last saw it.
    pub active: Option<bool>,
    /// ISO date; files open at 00:00:00Z of this day.
    pub until: Option<Text<'a>>,
    /// Free text.
    pub reason: Option<Text<'a>>,
}

/// The files section.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Files<'a> {
    /// `false` marks a metadata-only record.
    pub enabled: Option<bool>,
    /// Key of the file shown first.
    pub default_preview: Option<Text<'a>>,
    /// Number of files as delivered.
    pub count: Option<u64>,
    /// Sum of sizes as delivered, bytes.
    pub total_bytes: Option<u64>,
    /// Display order of keys; empty means by key.
    #[serde(deserialize_with = "nullable")]
    pub order: Vec<Text<'a>>,
    /// Files sorted as the source lists them; map or list in JSON.
    #[serde(deserialize_with = "file_entries")]
    pub entries: Vec<FileEntry<'a>>,
}

/// One file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct FileEntry<'a> {
    /// File name, may hold `/`, spaces, any script.
    #[serde(deserialize_with = "nullable")]
    pub key: Text<'a>,
    /// `md5:<32 hex digits>`.
    pub checksum: Option<Text<'a>>,
    /// Bytes.
    pub size: Option<u64>,
    /// Extension without dot.
    pub ext: Option<Text<'a>>,
    /// Media type.
    pub mimetype: Option<Text<'a>>,
    /// Per file access.
    #[serde(deserialize_with = "object")]
    pub access: FileAccess,
}

/// Per file access.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(default)]
pub struct FileAccess {
    /// Hidden files are in no output.
    pub hidden: Option<bool>,
}

/// `entries` is a map by key in record JSON and a list in some exports.
fn file_entries<'de: 'a, 'a, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<FileEntry<'a>>, D::Error> {
    struct Entries;

    impl<'de> Visitor<'de> for Entries {
        type Value = Vec<FileEntry<'de>>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a map or list of files")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut entries = Vec::with_capacity(map.size_hint().unwrap_or(1));
            while let Some(key) = map.next_key::<Text<'de>>()? {
                let mut entry: FileEntry<'de> = map.next_value()?;
                if entry.key.is_empty() {
                    entry.key = key;
                }
                entries.push(entry);
            }
            Ok(entries)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            let mut entries = Vec::new();
            while let Some(entry) = seq.next_element()? {
                entries.push(entry);
            }
            Ok(entries)
        }
    }

    deserializer.deserialize_any(Entries)
}

/// Descriptive metadata.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Metadata<'a> {
    /// Vocabulary id such as `publication-article`.
    #[serde(deserialize_with = "nullable")]
    pub resource_type: VocabularyItem<'a>,
    /// Authors in order.
    #[serde(deserialize_with = "nullable")]
    pub creators: Vec<Contributor<'a>>,
    /// Main title, plain text (real ones hold HTML).
    pub title: Option<Text<'a>>,
    /// Further titles.
    #[serde(deserialize_with = "nullable")]
    pub additional_titles: Vec<AdditionalTitle<'a>>,
    /// Publisher name.
    pub publisher: Option<Text<'a>>,
    /// EDTF level 0 date or interval.
    pub publication_date: Option<Text<'a>>,
    /// Keywords and controlled subjects.
    #[serde(deserialize_with = "nullable")]
    pub subjects: Vec<Subject<'a>>,
    /// Contributors with roles.
    #[serde(deserialize_with = "nullable")]
    pub contributors: Vec<Contributor<'a>>,
    /// Typed dates.
    #[serde(deserialize_with = "nullable")]
    pub dates: Vec<TypedDate<'a>>,
    /// ISO 639-3 ids.
    #[serde(deserialize_with = "nullable")]
    pub languages: Vec<VocabularyItem<'a>>,
    /// Alternate identifiers.
    #[serde(deserialize_with = "nullable")]
    pub identifiers: Vec<Identifier<'a>>,
    /// Related works.
    #[serde(deserialize_with = "nullable")]
    pub related_identifiers: Vec<RelatedIdentifier<'a>>,
    /// Free text sizes.
    #[serde(deserialize_with = "nullable")]
    pub sizes: Vec<Text<'a>>,
    /// Free text formats.
    #[serde(deserialize_with = "nullable")]
    pub formats: Vec<Text<'a>>,
    /// Version label.
    pub version: Option<Text<'a>>,
    /// Licences.
    #[serde(deserialize_with = "nullable")]
    pub rights: Vec<Right<'a>>,
    /// Copyright statement.
    pub copyright: Option<Text<'a>>,
    /// HTML.
    pub description: Option<Text<'a>>,
    /// Typed HTML.
    #[serde(deserialize_with = "nullable")]
    pub additional_descriptions: Vec<AdditionalDescription<'a>>,
    /// Places.
    #[serde(deserialize_with = "nullable")]
    pub locations: Locations<'a>,
    /// Grants.
    #[serde(deserialize_with = "nullable")]
    pub funding: Vec<Funding<'a>>,
    /// Bibliographic references.
    #[serde(deserialize_with = "nullable")]
    pub references: Vec<Reference<'a>>,
}

/// A vocabulary entry: the id counts, the title is an expansion of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct VocabularyItem<'a> {
    /// Vocabulary id.
    #[serde(deserialize_with = "nullable")]
    pub id: Text<'a>,
    /// Localised title, if expanded.
    #[serde(deserialize_with = "nullable")]
    pub title: Localized<'a>,
}

/// Text by language: `{"en": "…", "de": "…"}`; a bare string is taken as English.
#[derive(Debug, Default, Clone)]
pub struct Localized<'a>(pub Vec<(Text<'a>, Text<'a>)>);

impl Localized<'_> {
    /// English, else the first in language-code order, else nothing.
    pub fn preferred(&self) -> Option<&str> {
        let english = self.0.iter().find(|(lang, _)| lang == "en");
        english
            .or_else(|| self.0.iter().min_by(|a, b| a.0.cmp(&b.0)))
            .map(|(_, text)| text.as_str())
            .filter(|text| !text.is_empty())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Localized<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LocalizedVisitor;

        impl<'de> Visitor<'de> for LocalizedVisitor {
            type Value = Localized<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a map of language to text")
            }

            fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Self::Value, E> {
                Ok(Localized(vec![(Text::from("en"), Text::from(v))]))
            }

            fn visit_str<E>(self, v: &str) -> Result<Self::Value, E> {
                Ok(Localized(vec![(Text::from("en"), Text::from(v.to_owned()))]))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::with_capacity(1);
                while let Some(lang) = map.next_key::<Text<'de>>()? {
                    if let Some(text) = map.next_value::<Option<Text<'de>>>()? {
                        pairs.push((lang, text));
                    }
                }
                Ok(Localized(pairs))
            }
        }

        deserializer.deserialize_any(LocalizedVisitor)
    }
}

/// A creator or contributor.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Contributor<'a> {
    /// Who.
    #[serde(deserialize_with = "nullable")]
    pub person_or_org: PersonOrOrg<'a>,
    /// Vocabulary id of the role; required on contributors.
    pub role: Option<VocabularyItem<'a>>,
    /// Affiliations in order.
    #[serde(deserialize_with = "few")]
    pub affiliations: Vec<Affiliation<'a>>,
}

/// A person or an organisation.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct PersonOrOrg<'a> {
    /// `personal` or `organizational`.
    #[serde(rename = "type")]
    pub kind: Option<Text<'a>>,
    /// Full name; `Family, Given` for persons.
    pub name: Option<Text<'a>>,
    /// Given names.
    pub given_name: Option<Text<'a>>,
    /// Family name.
    pub family_name: Option<Text<'a>>,
    /// ORCID, ISNI, GND, ROR…
    #[serde(deserialize_with = "few")]
    pub identifiers: Vec<Identifier<'a>>,
}

/// An affiliation: controlled (`id`) or free text.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Affiliation<'a> {
    /// Vocabulary id; a bare ROR id on Zenodo.
    pub id: Option<Text<'a>>,
    /// Name.
    pub name: Option<Text<'a>>,
    /// Expanded identifiers.
    #[serde(deserialize_with = "nullable")]
    pub identifiers: Vec<Identifier<'a>>,
}

/// An identifier with its scheme.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Identifier<'a> {
    /// Value, normally bare.
    #[serde(deserialize_with = "nullable")]
    pub identifier: Text<'a>,
    /// Lower-case scheme id; may be absent on expanded identifiers.
    pub scheme: Option<Text<'a>>,
}

/// A further title.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct AdditionalTitle<'a> {
    /// The title.
    #[serde(deserialize_with = "nullable")]
    pub title: Text<'a>,
    /// Title type id.
    #[serde(rename = "type")]
    pub kind: Option<VocabularyItem<'a>>,
    /// ISO 639-3 id.
    pub lang: Option<VocabularyItem<'a>>,
}

/// A keyword or a controlled subject.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Subject<'a> {
    /// Controlled id, often a URL.
    pub id: Option<Text<'a>>,
    /// The words.
    pub subject: Option<Text<'a>>,
    /// Scheme of a controlled subject.
    pub scheme: Option<Text<'a>>,
}

/// A typed date.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct TypedDate<'a> {
    /// EDTF level 0 date or interval.
    #[serde(deserialize_with = "nullable")]
    pub date: Text<'a>,
    /// Date type id.
    #[serde(rename = "type")]
    pub kind: Option<VocabularyItem<'a>>,
    /// What happened.
    pub description: Option<Text<'a>>,
}

/// A related work.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct RelatedIdentifier<'a> {
    /// Value.
    #[serde(deserialize_with = "nullable")]
    pub identifier: Text<'a>,
    /// Lower-case scheme id.
    pub scheme: Option<Text<'a>>,
    /// Relation id: the lower-cased DataCite name.
    pub relation_type: Option<VocabularyItem<'a>>,
    /// Type of the related work.
    pub resource_type: Option<VocabularyItem<'a>>,
}

/// A licence: controlled (`id`) or free.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Right<'a> {
    /// Lower-case licence id.
    pub id: Option<Text<'a>>,
    /// Title by language.
    #[serde(deserialize_with = "nullable")]
    pub title: Localized<'a>,
    /// Description by language.
    #[serde(deserialize_with = "nullable")]
    pub description: Localized<'a>,
    /// URL of a free licence.
    pub link: Option<Text<'a>>,
    /// Expanded properties.
    #[serde(deserialize_with = "nullable")]
    pub props: RightProps<'a>,
}

/// Expanded licence properties.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct RightProps<'a> {
    /// Licence text.
    pub url: Option<Text<'a>>,
    /// `spdx` or empty.
    pub scheme: Option<Text<'a>>,
}

/// A typed further description.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct AdditionalDescription<'a> {
    /// HTML.
    #[serde(deserialize_with = "nullable")]
    pub description: Text<'a>,
    /// Description type id.
    #[serde(rename = "type")]
    pub kind: Option<VocabularyItem<'a>>,
    /// ISO 639-3 id.
    pub lang: Option<VocabularyItem<'a>>,
}

/// Places.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Locations<'a> {
    /// GeoJSON-like features.
    #[serde(deserialize_with = "nullable")]
    pub features: Vec<Feature<'a>>,
}

/// One place.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Feature<'a> {
    /// GeoJSON geometry, parsed on demand (few records have one).
    #[serde(borrow)]
    pub geometry: Option<&'a RawValue>,
    /// Name.
    pub place: Option<Text<'a>>,
    /// GeoNames, Wikidata…
    #[serde(deserialize_with = "nullable")]
    pub identifiers: Vec<Identifier<'a>>,
    /// Free text.
    pub description: Option<Text<'a>>,
}

/// A grant.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Funding<'a> {
    /// Who pays.
    #[serde(deserialize_with = "nullable")]
    pub funder: Funder<'a>,
    /// For what.
    pub award: Option<Award<'a>>,
}

/// A funder.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Funder<'a> {
    /// Vocabulary id; a bare ROR id.
    pub id: Option<Text<'a>>,
    /// Name.
    pub name: Option<Text<'a>>,
    /// ISO 3166 country code.
    pub country: Option<Text<'a>>,
    /// Expanded identifiers.
    #[serde(deserialize_with = "nullable")]
    pub identifiers: Vec<Identifier<'a>>,
}

/// An award.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Award<'a> {
    /// `<funder ror>::<number>`.
    pub id: Option<Text<'a>>,
    /// Title by language.
    #[serde(deserialize_with = "nullable")]
    pub title: Localized<'a>,
    /// Grant number.
    pub number: Option<Text<'a>>,
    /// Short name.
    pub acronym: Option<Text<'a>>,
    /// Funding programme.
    pub program: Option<Text<'a>>,
    /// URL, DOI.
    #[serde(deserialize_with = "nullable")]
    pub identifiers: Vec<Identifier<'a>>,
}

/// A bibliographic reference.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Reference<'a> {
    /// The citation text.
    #[serde(deserialize_with = "nullable")]
    pub reference: Text<'a>,
    /// Scheme of the identifier.
    pub scheme: Option<Text<'a>>,
    /// Identifier.
    pub identifier: Option<Text<'a>>,
}

/// What remains of a withdrawn record.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Tombstone<'a> {
    /// Removal reason id.
    pub removal_reason: Option<VocabularyItem<'a>>,
    /// Public note.
    pub note: Option<Text<'a>>,
    /// RFC 3339.
    pub removal_date: Option<Text<'a>>,
    /// Id of the rule that allowed the removal.
    pub deletion_policy: Option<VocabularyItem<'a>>,
    /// Citation of the removed work.
    pub citation_text: Option<Text<'a>>,
    /// `false`: the page answers as if the record had never existed.
    pub is_visible: Option<bool>,
}

/// Deletion status.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct DeletionStatus<'a> {
    /// Withdrawn.
    pub is_deleted: Option<bool>,
    /// `P` published, `D` deleted, `X` marked for purge.
    pub status: Option<Text<'a>>,
}

/// Software Heritage block.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Swh<'a> {
    /// `swh:1:…`.
    pub swhid: Option<Text<'a>>,
}

/// Custom fields: the ones that outputs know, typed; the others verbatim.
#[derive(Debug, Default)]
pub struct CustomFields<'a> {
    /// `journal:journal`.
    pub journal: Journal<'a>,
    /// `meeting:meeting`.
    pub meeting: Meeting<'a>,
    /// `imprint:imprint`.
    pub imprint: Imprint<'a>,
    /// `thesis:thesis`, or the older `thesis:university`.
    pub thesis: Thesis<'a>,
    /// `code:codeRepository`.
    pub code_repository: Option<Text<'a>>,
    /// `code:programmingLanguage`.
    pub programming_languages: Vec<VocabularyItem<'a>>,
    /// `code:developmentStatus`.
    pub development_status: Option<VocabularyItem<'a>>,
    /// `legacy:subjects`.
    pub legacy_subjects: Vec<LegacySubject<'a>>,
    /// Everything else in input order.
    pub other: Vec<(Text<'a>, &'a RawValue)>,
}

impl<'de: 'a, 'a> Deserialize<'de> for CustomFields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = CustomFields<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a map of custom fields")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = CustomFields::default();
                while let Some(key) = map.next_key::<Text<'de>>()? {
                    match key.as_str() {
                        "journal:journal" => fields.journal = nullable_value(&mut map)?,
                        "meeting:meeting" => fields.meeting = nullable_value(&mut map)?,
                        "imprint:imprint" => fields.imprint = nullable_value(&mut map)?,
                        "thesis:thesis" => fields.thesis = nullable_value(&mut map)?,
                        "thesis:university" => fields.thesis.university = map.next_value()?,
                        "code:codeRepository" => fields.code_repository = map.next_value()?,
                        "code:programmingLanguage" => {
                            fields.programming_languages = nullable_value(&mut map)?;
                        }
                        "code:developmentStatus" => fields.development_status = map.next_value()?,
                        "legacy:subjects" => fields.legacy_subjects = nullable_value(&mut map)?,
                        _ => fields.other.push((key, map.next_value()?)),
                    }
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

/// `journal:journal`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Journal<'a> {
    /// Journal name.
    pub title: Option<Text<'a>>,
    /// Issue.
    pub issue: Option<Text<'a>>,
    /// Volume.
    pub volume: Option<Text<'a>>,
    /// Page range.
    pub pages: Option<Text<'a>>,
    /// ISSN.
    pub issn: Option<Text<'a>>,
}

/// `meeting:meeting`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Meeting<'a> {
    /// Short name.
    pub acronym: Option<Text<'a>>,
    /// Free text dates.
    pub dates: Option<Text<'a>>,
    /// City, country.
    pub place: Option<Text<'a>>,
    /// Session.
    pub session: Option<Text<'a>>,
    /// Part of the session.
    pub session_part: Option<Text<'a>>,
    /// Name.
    pub title: Option<Text<'a>>,
    /// Website.
    pub url: Option<Text<'a>>,
    /// Identifiers.
    #[serde(deserialize_with = "nullable")]
    pub identifiers: Vec<Identifier<'a>>,
}

/// `imprint:imprint`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Imprint<'a> {
    /// Book title.
    pub title: Option<Text<'a>>,
    /// ISBN.
    pub isbn: Option<Text<'a>>,
    /// Pages.
    pub pages: Option<Text<'a>>,
    /// Place of publication.
    pub place: Option<Text<'a>>,
    /// Edition.
    pub edition: Option<Text<'a>>,
}

/// `thesis:thesis`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Thesis<'a> {
    /// University.
    pub university: Option<Text<'a>>,
    /// Department.
    pub department: Option<Text<'a>>,
    /// Kind of thesis.
    #[serde(rename = "type")]
    pub kind: Option<Text<'a>>,
    /// Submission date.
    pub date_submitted: Option<Text<'a>>,
    /// Defence date.
    pub date_defended: Option<Text<'a>>,
}

/// One of `legacy:subjects`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct LegacySubject<'a> {
    /// The words.
    pub term: Option<Text<'a>>,
    /// URI.
    pub identifier: Option<Text<'a>>,
    /// Scheme.
    pub scheme: Option<Text<'a>>,
}

/// Why a document is not a record: where and what.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct ShapeError {
    /// JSON path such as `metadata.creators[3].affiliations`; `.` for the document itself.
    pub path: String,
    /// What was expected, with line and column inside the document.
    pub message: String,
}

impl<'a> Record<'a> {
    /// Parses one native record.
    ///
    /// Borrows from `json`. Cost: one pass, about twice that of skipping over the document.
    /// The error path is found by a second, slower pass, which only bad input pays.
    ///
    /// # Errors
    /// [`ShapeError`] when the text is not JSON, is not an object, or a known field has a
    /// type that it never has.
    pub fn parse(json: &'a str) -> Result<Self, ShapeError> {
        if json.trim_start().starts_with('[') {
            let message = "a list, not an object".to_owned();
            return Err(ShapeError { path: ".".into(), message });
        }
        if let Ok(record) = serde_json::from_str::<Record<'a>>(json) {
            return Ok(record.without_expansions());
        }
        let mut deserializer = serde_json::Deserializer::from_str(json);
        match serde_path_to_error::deserialize::<_, Record<'a>>(&mut deserializer) {
            Err(error) => Err(ShapeError {
                path: readable(&error.path().to_string()),
                message: error.inner().to_string(),
            }),
            Ok(_) => Err(match deserializer.end() {
                Err(error) => ShapeError { path: ".".into(), message: error.to_string() },
                Ok(()) => ShapeError { path: ".".into(), message: "not a record".into() },
            }),
        }
    }
}

/// The path without the `?` that stands for a place between members.
fn readable(path: &str) -> String {
    let path = path.trim_end_matches(".?");
    if path == "?" { ".".to_owned() } else { path.to_owned() }
}

impl Record<'_> {
    /// Drops what the source expanded from a vocabulary id: titles, licence texts.
    ///
    /// Expansions are not content ([`canonical::content`](super::canonical::content)): two
    /// deliveries of equal content may differ in them. No output may, so none gets to see
    /// them; ids are looked up in our own [`vocabulary`](super::vocabulary) instead.
    fn without_expansions(mut self) -> Self {
        fn item(item: &mut VocabularyItem<'_>) {
            if !item.id.is_empty() {
                item.title.0.clear();
            }
        }
        let metadata = &mut self.metadata;
        item(&mut metadata.resource_type);
        metadata.languages.iter_mut().for_each(item);
        let agents = metadata.creators.iter_mut().chain(&mut metadata.contributors);
        agents.filter_map(|agent| agent.role.as_mut()).for_each(item);
        for title in &mut metadata.additional_titles {
            title.kind.iter_mut().chain(&mut title.lang).for_each(item);
        }
        for description in &mut metadata.additional_descriptions {
            description.kind.iter_mut().chain(&mut description.lang).for_each(item);
        }
        metadata.dates.iter_mut().filter_map(|date| date.kind.as_mut()).for_each(item);
        for related in &mut metadata.related_identifiers {
            related.relation_type.iter_mut().chain(&mut related.resource_type).for_each(item);
        }
        for right in metadata.rights.iter_mut().filter(|right| right.id.is_some()) {
            right.title.0.clear();
            right.description.0.clear();
            right.props = RightProps::default();
        }
        self.custom_fields.programming_languages.iter_mut().for_each(item);
        self.custom_fields.development_status.iter_mut().for_each(item);
        if let Some(tombstone) = &mut self.tombstone {
            tombstone
                .removal_reason
                .iter_mut()
                .chain(&mut tombstone.deletion_policy)
                .for_each(item);
        }
        self
    }
}

/// Checks that `json` is one well-formed JSON value, without building anything.
///
/// # Errors
/// The parser's message with line and column.
pub fn check_json(json: &str) -> Result<(), ShapeError> {
    match serde_json::from_str::<IgnoredAny>(json) {
        Ok(IgnoredAny) => Ok(()),
        Err(error) => Err(ShapeError { path: ".".into(), message: error.to_string() }),
    }
}

#[cfg(test)]
mod tests;

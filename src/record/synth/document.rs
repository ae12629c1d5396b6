//! The record document: everything around the descriptive metadata.

use super::family::Place;
use super::json::{field, list, raw, string};
use super::kinds::{Community, Giant, KINDS, Kind, community};
use super::month::{Fate, date, timestamp};
use super::rng::Rng;
use super::tongues::{ENGLISH, TONGUES, Tongue};
use super::{BASE_URL, files, metadata, record_id};

/// Streams of a record's random numbers, by field.
pub(super) mod stream {
    pub(crate) const NATURE: u64 = 1;
    pub(crate) const TITLE: u64 = 2;
    pub(crate) const DESCRIPTION: u64 = 3;
    pub(crate) const CREATORS: u64 = 4;
    pub(crate) const SUBJECTS: u64 = 5;
    pub(crate) const RELATED: u64 = 6;
    pub(crate) const FILES: u64 = 7;
    pub(crate) const COMMUNITIES: u64 = 8;
    pub(crate) const STATS: u64 = 9;
    pub(crate) const RIGHTS: u64 = 10;
    pub(crate) const FUNDING: u64 = 11;
    pub(crate) const REST: u64 = 12;
    pub(crate) const REFERENCES: u64 = 13;
    pub(crate) const DATES: u64 = 14;
    pub(crate) const ACCESS: u64 = 15;
    /// Edits count up from here.
    pub(crate) const EDIT: u64 = 1_000;
}

/// Edits so far, by what they changed.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Edits {
    /// Sentences added to the description.
    pub(super) sentences: u32,
    /// Keywords added.
    pub(super) keywords: u32,
    /// Related works added.
    pub(super) related: u32,
    /// Times the title was extended.
    pub(super) title: u32,
    /// Creators added.
    pub(super) creators: u32,
}

impl Edits {
    fn of(seed: u64, ordinal: u64, fate: &Fate) -> Self {
        let mut edits = Edits::default();
        for &month in &fate.edited {
            let counter = match Rng::new(seed, ordinal, stream::EDIT + u64::from(month)).below(10) {
                0..=3 => &mut edits.sentences,
                4..=5 => &mut edits.keywords,
                6..=7 => &mut edits.related,
                8 => &mut edits.title,
                _ => &mut edits.creators,
            };
            *counter += 1;
        }
        edits
    }
}

/// State of a record's access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Access {
    Open,
    MetadataOnly,
    FilesRestricted,
    RecordRestricted,
    Embargoed { until: String, active: bool },
}

/// All that a record's text depends on.
pub(super) struct Document<'a> {
    pub(super) seed: u64,
    pub(super) ordinal: u64,
    pub(super) place: Place,
    /// Records published so far: later versions beyond it do not exist yet.
    pub(super) horizon: u64,
    /// Seconds since 1970.
    pub(super) created: i64,
    /// Time of the last edit or withdrawal.
    pub(super) changed: Option<i64>,
    pub(super) fate: &'a Fate,
    pub(super) edits: Edits,
    pub(super) kind: &'static Kind,
    pub(super) tongue: Tongue,
    pub(super) access: Access,
    pub(super) giant: Option<Giant>,
}

impl<'a> Document<'a> {
    /// Settles the decisions that several fields depend on.
    pub(super) fn new(
        seed: u64,
        ordinal: u64,
        place: Place,
        horizon: u64,
        times: (i64, Option<i64>),
        fate: &'a Fate,
    ) -> Self {
        // Versions of one work share what the work is: drawn from the first version's stream.
        let mut nature = Rng::new(seed, place.root, stream::NATURE);
        let kind = KINDS.draw(&mut nature);
        let tongue = match nature.below(1_000) {
            0..92 => TONGUES[nature.zipf(4).min(TONGUES.len() - 1)],
            _ => ENGLISH,
        };
        let access = access(&mut Rng::new(seed, place.root, stream::ACCESS));
        let (created, changed) = times;
        let edits = Edits::of(seed, ordinal, fate);
        let giant = Giant::at(ordinal);
        Document {
            seed,
            ordinal,
            place,
            horizon,
            created,
            changed,
            fate,
            edits,
            kind,
            tongue,
            access,
            giant,
        }
    }

    /// The stream of a field that all versions of the work share.
    pub(super) const fn shared(&self, field: u64) -> Rng {
        Rng::new(self.seed, self.place.root, field)
    }

    /// The stream of a field of this version.
    pub(super) const fn own(&self, field: u64) -> Rng {
        Rng::new(self.seed, self.ordinal, field)
    }

    /// A key for what the work is about.
    pub(super) const fn topic(&self) -> u64 {
        self.shared(stream::NATURE).bits()
    }

    /// Appends the record as one line of JSON without a line end.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let id = record_id(self.ordinal).to_string();
        let concept = format!("{}", super::FIRST_CONCEPT + self.place.root);
        let doi = self.doi(&id);
        raw("{\"created\":", out);
        string(&timestamp(self.created, self.ordinal * 7_919 % 1_000_000), out);
        raw(",\"updated\":", out);
        let updated = self.changed.unwrap_or(self.created + 1);
        string(&timestamp(updated, self.ordinal * 104_729 % 1_000_000), out);
        raw(",", out);
        field("id", &id, out);
        let revision = 2
            + self.own(stream::REST).below(6)
            + self.fate.edited.len() as u64
            + u64::from(self.fate.withdrawn.is_some());
        raw(&format!(",\"revision_id\":{revision},\"is_published\":true,"), out);
        self.write_links(&id, &doi, &concept, out);
        self.write_identity(&id, &doi, &concept, out);
        self.write_access(out);
        files::write(self, &id, out);
        metadata::write(self, out);
        self.write_stats(out);
        if self.kind.id == "software" && self.own(stream::REST).chance(40_000) {
            let mut rng = self.own(stream::REST);
            raw(
                &format!(
                    ",\"swh\":{{\"swhid\":\"swh:1:dir:{:016x}{:016x}{:08x}\"}}",
                    rng.bits(),
                    rng.bits(),
                    rng.bits() >> 32
                ),
                out,
            );
        }
        self.write_deletion(&id, out);
        raw("}", out);
    }

    fn doi(&self, id: &str) -> String {
        let mut rng = self.own(stream::DATES);
        if rng.chance(2_000) {
            super::works::doi(&mut rng)
        } else {
            format!("{}{id}", super::DOI_PREFIX)
        }
    }

    fn is_latest(&self) -> bool {
        self.place.next.is_none_or(|next| next >= self.horizon)
    }

    fn write_links(&self, id: &str, doi: &str, concept: &str, out: &mut Vec<u8>) {
        let prefix = super::DOI_PREFIX;
        raw("\"links\":{\"self\":\"", out);
        raw(
            &format!("{BASE_URL}/api/records/{id}\",\"self_html\":\"{BASE_URL}/records/{id}\","),
            out,
        );
        field("doi", &format!("https://doi.org/{doi}"), out);
        raw(",", out);
        field("parent_doi", &format!("https://doi.org/{prefix}{concept}"), out);
        raw("},", out);
    }

    fn write_identity(&self, id: &str, doi: &str, concept: &str, out: &mut Vec<u8>) {
        let external = !doi.starts_with(super::DOI_PREFIX);
        raw("\"pids\":{\"doi\":{", out);
        field("identifier", doi, out);
        raw(
            if external { ",\"provider\":\"external\"}" } else { ",\"provider\":\"datacite\"}" },
            out,
        );
        raw(
            &format!(
                ",\"oai\":{{\"identifier\":\"oai:repository.example:{id}\",\"provider\":\"oai\"}}}},\"parent\":{{\"id\":\"{concept}\",\"pids\":{{"
            ),
            out,
        );
        if !external {
            raw(
                &format!(
                    "\"doi\":{{\"identifier\":\"{}{concept}\",\"provider\":\"datacite\"}}",
                    super::DOI_PREFIX
                ),
                out,
            );
        }
        let owner = self.shared(stream::COMMUNITIES).below(400_000) + 1;
        raw(
            &format!(
                "}},\"access\":{{\"owned_by\":{{\"user\":\"{owner}\"}},\"grants\":[],\"links\":[]}},\"communities\":{{"
            ),
            out,
        );
        self.write_communities(out);
        let latest = self.is_latest();
        raw(
            &format!(
                "}}}},\"versions\":{{\"index\":{},\"is_latest\":{latest}}},",
                self.place.index
            ),
            out,
        );
    }

    fn write_communities(&self, out: &mut Vec<u8>) {
        let mut rng = self.shared(stream::COMMUNITIES);
        let count = match rng.below(100) {
            0..46 => 0,
            46..94 => 1,
            94..99 => 2,
            _ => 4,
        };
        let mut communities: Vec<Community> = (0..count).map(|_| community(&mut rng)).collect();
        communities.sort_by(|a, b| a.id.cmp(&b.id));
        communities.dedup_by(|a, b| a.id == b.id);
        let Some(first) = communities.first() else { return };
        raw("\"ids\":", out);
        list(&communities, out, |community, out| string(&community.id, out));
        raw(",", out);
        field("default", &first.id, out);
        raw(",\"entries\":", out);
        list(&communities, out, |community, out| {
            raw("{", out);
            field("id", &community.id, out);
            raw(",", out);
            field("slug", &community.slug, out);
            raw(",\"metadata\":{", out);
            field("title", &community.title, out);
            raw("}}", out);
        });
    }

    fn write_access(&self, out: &mut Vec<u8>) {
        let (record, files, status) = match &self.access {
            Access::Open => ("public", "public", "open"),
            Access::MetadataOnly => ("public", "public", "metadata-only"),
            Access::FilesRestricted => ("public", "restricted", "restricted"),
            Access::RecordRestricted => ("restricted", "restricted", "restricted"),
            Access::Embargoed { active: true, .. } => ("public", "restricted", "embargoed"),
            Access::Embargoed { active: false, .. } => ("public", "public", "open"),
        };
        raw(
            &format!("\"access\":{{\"record\":\"{record}\",\"files\":\"{files}\",\"embargo\":{{"),
            out,
        );
        match &self.access {
            Access::Embargoed { until, active } => {
                raw(&format!("\"active\":{active},\"until\":\"{until}\",\"reason\":null"), out);
            }
            _ => raw("\"active\":false,\"reason\":null", out),
        }
        raw(&format!("}},\"status\":\"{status}\"}},"), out);
    }

    fn write_stats(&self, out: &mut Vec<u8>) {
        let mut rng = self.own(stream::STATS);
        let views = rng.zipf(14);
        let downloads = rng.below(views as u64 + 1);
        let volume = downloads * rng.below(9_000_000);
        raw(
            &format!(
                ",\"stats\":{{\"this_version\":{{\"views\":{views},\"downloads\":{downloads},\
                 \"data_volume\":{volume}.0}}}}"
            ),
            out,
        );
    }

    fn write_deletion(&self, id: &str, out: &mut Vec<u8>) {
        if self.fate.withdrawn.is_none() {
            return raw(",\"deletion_status\":{\"is_deleted\":false,\"status\":\"P\"}", out);
        }
        let mut rng = self.own(stream::REST);
        let reason = rng.pick(&[
            "spam",
            "duplicate",
            "retracted",
            "copyright",
            "personal-data",
            "test-record",
        ]);
        let removed = timestamp(self.changed.unwrap_or(self.created), 0);
        raw(
            ",\"deletion_status\":{\"is_deleted\":true,\"status\":\"D\"},\"tombstone\":{\"removal_reason\":{",
            out,
        );
        field("id", reason, out);
        raw(",\"title\":{\"en\":", out);
        string(&capitalised(reason), out);
        raw("}},\"note\":\"\",\"removed_by\":{\"user\":\"system\"},", out);
        field("removal_date", &removed, out);
        raw(",", out);
        let citation =
            format!("Record {id} ({}). https://doi.org/{}", &date(self.created)[..4], self.doi(id));
        field("citation_text", &citation, out);
        let visible = *reason != *"spam" || rng.chance(50_000);
        raw(&format!(",\"is_visible\":{visible}}}"), out);
    }
}

fn capitalised(id: &str) -> String {
    let text = id.replace('-', " ");
    text[..1].to_ascii_uppercase() + &text[1..]
}

fn access(rng: &mut Rng) -> Access {
    match rng.below(10_000) {
        0..490 => Access::FilesRestricted,
        490..540 => {
            // Most end in the two years after month 1, some have ended and were lifted.
            let (year, month) = (rng.between(2025, 2028), rng.between(1, 12));
            let active = (year, month) > (2026, 11);
            Access::Embargoed { until: format!("{year}-{month:02}-01"), active }
        }
        540..550 => Access::RecordRestricted,
        550..580 => Access::MetadataOnly,
        _ => Access::Open,
    }
}

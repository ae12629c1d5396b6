//! What counts as content: which members are dropped, by where they are.

/// Where in a native record the scanner is, as far as it matters for what is dropped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Nothing is dropped from here on.
    Verbatim,
    /// `links` is dropped from here on.
    Linkless,
    Record,
    Parent,
    Communities,
    Community,
    CommunityMetadata,
    Versions,
    Access,
    Files,
    FileEntries,
    FileEntry,
    Metadata,
    CustomFields,
    Tombstone,
    /// A vocabulary entry, or a list of them.
    Term,
    /// A licence, or a list of them.
    Right,
}

impl Place {
    /// Where the value of a member is; `None` drops the member.
    pub(super) fn member(self, key: &[u8]) -> Option<Place> {
        match self {
            Place::Verbatim | Place::Term | Place::Right => Some(Place::Verbatim),
            Place::Linkless => (key != b"links").then_some(Place::Linkless),
            Place::Record => Self::of_record(key),
            Place::Parent => match key {
                b"access" | b"review" | b"is_verified" | b"links" => None,
                b"communities" => Some(Place::Communities),
                _ => Some(Place::Linkless),
            },
            Place::Communities => match key {
                b"links" => None,
                b"entries" => Some(Place::Community),
                _ => Some(Place::Linkless),
            },
            Place::Community => match key {
                b"id" | b"slug" => Some(Place::Verbatim),
                b"metadata" => Some(Place::CommunityMetadata),
                _ => None,
            },
            Place::CommunityMetadata => (key == b"title").then_some(Place::Verbatim),
            Place::Versions => {
                (!matches!(key, b"is_latest" | b"is_latest_draft")).then_some(Place::Verbatim)
            }
            Place::Access => (key != b"status").then_some(Place::Verbatim),
            Place::Files => match key {
                b"links" => None,
                b"entries" => Some(Place::FileEntries),
                _ => Some(Place::Linkless),
            },
            // Keys are file names here.
            Place::FileEntries => Some(Place::FileEntry),
            Place::FileEntry => match key {
                b"links" | b"storage_class" | b"id" | b"version_id" | b"bucket_id" | b"file_id"
                | b"created" | b"updated" => None,
                _ => Some(Place::Linkless),
            },
            Place::Metadata => match key {
                b"resource_type" | b"role" | b"relation_type" | b"type" | b"lang"
                | b"languages" => Some(Place::Term),
                b"rights" => Some(Place::Right),
                _ => Some(Place::Metadata),
            },
            Place::CustomFields => match key {
                b"code:programmingLanguage" | b"code:developmentStatus" => Some(Place::Term),
                _ => Some(Place::Verbatim),
            },
            Place::Tombstone => match key {
                b"removed_by" => None,
                b"removal_reason" | b"deletion_policy" => Some(Place::Term),
                _ => Some(Place::Verbatim),
            },
        }
    }

    fn of_record(key: &[u8]) -> Option<Place> {
        match key {
            b"stats" | b"links" | b"ui" | b"revision_id" | b"created" | b"updated"
            | b"expires_at" | b"status" | b"is_draft" | b"internal_notes" => None,
            b"parent" => Some(Place::Parent),
            b"versions" => Some(Place::Versions),
            b"access" => Some(Place::Access),
            b"files" | b"media_files" => Some(Place::Files),
            b"metadata" => Some(Place::Metadata),
            b"custom_fields" => Some(Place::CustomFields),
            b"tombstone" => Some(Place::Tombstone),
            _ => Some(Place::Verbatim),
        }
    }

    /// Where the elements of a list are.
    pub(super) fn element(self) -> Place {
        match self {
            Place::FileEntries => Place::FileEntry,
            other => other,
        }
    }

    /// Members that only repeat what the `id` beside them says.
    pub(super) fn expansions(self) -> &'static [&'static [u8]] {
        match self {
            Place::Term => &[b"title", b"props"],
            Place::Right => &[b"title", b"description", b"icon", b"props"],
            _ => &[],
        }
    }
}

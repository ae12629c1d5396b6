//! Who may see what: the one function that every output asks.

use super::Record;

/// What the public may see of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility<'a> {
    /// Metadata is public; the files are in the given state.
    Public(FilesAccess<'a>),
    /// Withdrawn: only the tombstone is public, and only if `visible`.
    Tombstone {
        /// `false`: even the tombstone page is withheld (the id still counts and is listed
        /// in the deletion ledger).
        visible: bool,
    },
    /// Metadata is restricted: nothing but the count is public.
    Restricted,
}

/// State of a public record's files at the as-of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilesAccess<'a> {
    /// Files are listed and open.
    Open,
    /// Files open at 00:00:00Z of `until` (`YYYY-MM-DD`); entries are not listed.
    Embargoed {
        /// First open day.
        until: &'a str,
    },
    /// Files exist and are not public; entries are not listed.
    Restricted,
    /// The record has no files.
    MetadataOnly,
}

impl FilesAccess<'_> {
    /// InvenioRDM's `access.status`.
    pub const fn status(self) -> &'static str {
        match self {
            FilesAccess::Open => "open",
            FilesAccess::Embargoed { .. } => "embargoed",
            FilesAccess::Restricted => "restricted",
            FilesAccess::MetadataOnly => "metadata-only",
        }
    }
}

/// Decides visibility at `as_of_day` (`YYYY-MM-DD`, UTC).
///
/// Anything but the words that mean public is restricted: an unknown `access.record` hides
/// the record, an unknown `access.files` or an embargo without a readable date hides the
/// files. An embargo ends by its date, not when `embargo.active` turns false, which is only as
/// fresh as the source's last job run; files restricted anew after a lifted embargo
/// (`active: false`, `files: restricted`) stay restricted.
pub fn visibility<'a>(record: &'a Record<'_>, as_of_day: &str) -> Visibility<'a> {
    let status = record.deletion_status.status.as_deref().unwrap_or("P");
    let deleted = record.deletion_status.is_deleted.unwrap_or(false);
    if deleted || status != "P" || record.tombstone.is_some() {
        let visible = record.tombstone.as_ref().and_then(|t| t.is_visible).unwrap_or(true);
        return Visibility::Tombstone { visible: visible && status != "X" };
    }
    match record.access.record.as_deref() {
        None | Some("public") => Visibility::Public(files_access(record, as_of_day)),
        Some(_) => Visibility::Restricted,
    }
}

fn files_access<'a>(record: &'a Record<'_>, as_of_day: &str) -> FilesAccess<'a> {
    let enabled = record.files.enabled.unwrap_or(!record.files.entries.is_empty());
    if !enabled {
        return FilesAccess::MetadataOnly;
    }
    let embargo = &record.access.embargo;
    let open = matches!(record.access.files.as_deref(), None | Some("public"));
    match embargo.until.as_deref() {
        None if open => FilesAccess::Open,
        Some(until) if is_day(until) && until > as_of_day => FilesAccess::Embargoed { until },
        // Lifted by the source, or over by its date and never lifted because no job ran.
        Some(until) if is_day(until) && (open || embargo.active != Some(false)) => {
            FilesAccess::Open
        }
        _ => FilesAccess::Restricted,
    }
}

/// `YYYY-MM-DD` by shape: enough for comparing as text.
fn is_day(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(i, b)| match i {
            4 | 7 => b == b'-',
            _ => b.is_ascii_digit(),
        })
}

#[cfg(test)]
mod tests;

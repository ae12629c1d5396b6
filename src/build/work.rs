//! What goes to the threads that print frames, and what comes back.

use std::collections::BTreeSet;

use crate::release::delta::Edit;
use crate::store::{Group, Row};

use super::Tally;
use super::catalogue::Card;
use super::dump::RenderedFrame;
use super::dump::earlier::EarlierFrame;
use super::known::Known;
use super::search::vocabulary::Naming;
use super::site_pack::Pages;
use super::state::{FrameRow, Memo};

/// A frame to be done.
pub(super) enum Work<'a> {
    /// Records of the frame changed, or nothing is known of it.
    Print {
        number: u64,
        group: Group,
        /// What the build before left, if this one goes on from there.
        old: Option<Old<'a>>,
        /// The families in which nobody is public any more, of its records that changed.
        deserted: BTreeSet<String>,
    },
    /// No record of the frame changed.
    Keep { number: u64, old: Old<'a> },
}

impl Work<'_> {
    /// How many usual frames it takes the memory of: one, and one more for each whole [`SHARE`] of
    /// a record.
    pub(super) fn shares(&self) -> u64 {
        let Work::Print { group, .. } = self else { return 1 };
        1 + group.rows.iter().map(|row| (row.size() / SHARE) as u64).sum::<u64>()
    }
}

/// Bytes of a record that take about as much memory while it is printed (parsed, as DataCite, in
/// every format) as a usual frame that waits.
const SHARE: usize = 32 << 10;

/// What the build before left of a frame.
pub(super) struct Old<'a> {
    pub(super) row: FrameRow,
    /// Its records; not read for a frame that is kept.
    pub(super) known: Known,
    /// Its part of the site list, compressed.
    pub(super) list: Vec<u8>,
    /// Its part of the site packs.
    pub(super) pages: Pages,
    /// Its part of the dumps; not looked for if the frame is kept.
    pub(super) dumps: Option<EarlierFrame<'a>>,
}

/// Which records of a frame that is printed have changed pages. Constant within a build.
#[derive(Debug, Default)]
pub(super) struct Changed {
    /// Whether the build goes on from another; if not, everything has.
    pub(super) going_on: bool,
    /// Those with a change after this one.
    pub(super) since: u64,
    /// And those whose files open or close between the two as-ofs.
    pub(super) opened: BTreeSet<String>,
}

impl Changed {
    pub(super) fn has(&self, row: &Row) -> bool {
        row.seq > self.since || self.opened.contains(&row.id)
    }
}

/// What one frame of records became.
pub(super) struct Printed {
    /// Which frame.
    pub(super) number: u64,
    /// The dumps' part; `None` when no record of the frame is public, or when it is kept.
    pub(super) frame: Option<RenderedFrame>,
    /// What the frame adds to the totals, and the ids that have a page.
    pub(super) memo: Memo,
    /// Its part of the site list, compressed.
    pub(super) list: Vec<u8>,
    /// Its part of the site packs.
    pub(super) pages: Pages,
    /// How many files that lists, and the sum of their sizes.
    pub(super) listed: Tally,
    /// How many of them were written rather than found equal, with how many bytes.
    pub(super) written: Tally,
    /// The row of the state file; `None` for a frame that is kept.
    pub(super) row: Option<FrameRow>,
    /// Paths that the build before printed and this one does not.
    pub(super) lost: Vec<String>,
    /// Paths of the records that changed.
    pub(super) found: Vec<String>,
    /// The records that changed, in order, for the lists.
    pub(super) cards: Vec<Listed>,
    /// The records that were printed anew, in order; `None` if it is not known what each was in
    /// the dumps before.
    pub(super) edits: Option<Vec<Edit>>,
    /// Words in a row that its records are named by, for the search index; `None` if it has no
    /// use for them.
    pub(super) named: Option<Naming>,
}

/// A record as the lists know it.
#[derive(Debug)]
pub(super) enum Listed {
    Public(Box<Card>),
    /// It exists; nothing more is public.
    Hidden(String),
}

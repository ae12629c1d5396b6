//! Records that whoever prints a release has in hand: what each was in the release before, and
//! what it is now. Where that is known of a pack, neither of its two versions need be decoded.

use std::collections::BTreeMap;

use super::super::layout::{Format, PackId};

/// Most bytes of records to hold; packs beyond are decoded.
const ROOM: usize = 16 << 20;

/// A record that was printed anew.
#[derive(Debug, Clone)]
pub struct Edit {
    /// Its id.
    pub id: String,
    /// Format by format.
    pub bodies: Vec<Bodies>,
}

/// A record in one format.
#[derive(Debug, Clone)]
pub struct Bodies {
    /// Which.
    pub format: Format,
    /// Its bytes in the release before, if it was there.
    pub old: Option<Vec<u8>>,
    /// And in this one.
    pub new: Option<Vec<u8>>,
}

impl Edit {
    fn bytes(&self) -> usize {
        let sizes = |body: &Option<Vec<u8>>| body.as_ref().map_or(0, Vec::len);
        self.bodies.iter().map(|bodies| sizes(&bodies.old) + sizes(&bodies.new)).sum()
    }

    /// What it was and is in a format.
    pub(super) fn of(&self, format: Format) -> (Option<&[u8]>, Option<&[u8]>) {
        let bodies = self.bodies.iter().find(|bodies| bodies.format == format);
        bodies.map_or((None, None), |bodies| (bodies.old.as_deref(), bodies.new.as_deref()))
    }
}

/// The records printed anew of packs in which all others are what they were.
#[derive(Debug, Default)]
pub struct InHand {
    /// `None` for a pack of which not all is known.
    packs: BTreeMap<PackId, Option<Vec<Edit>>>,
    bytes: usize,
}

impl InHand {
    /// Takes the records of the next frame of `pack`; `None` if it is not known what became of
    /// them.
    pub fn add(&mut self, pack: PackId, edits: Option<Vec<Edit>>) {
        let bytes = |edits: &[Edit]| edits.iter().map(Edit::bytes).sum::<usize>();
        let known = self.packs.entry(pack).or_insert_with(|| Some(Vec::new()));
        match (known, edits) {
            (Some(known), Some(edits)) if self.bytes + bytes(&edits) <= ROOM => {
                self.bytes += bytes(&edits);
                known.extend(edits);
            }
            (known, _) => self.bytes -= known.take().as_deref().map_or(0, bytes),
        }
    }

    /// The records printed anew of a pack, in its order, if all others are what they were.
    pub(super) fn pack(&self, pack: PackId) -> Option<&[Edit]> {
        self.packs.get(&pack)?.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(bytes: usize) -> Option<Vec<Edit>> {
        let bodies =
            vec![Bodies { format: Format::NativeJson, old: None, new: Some(vec![0; bytes]) }];
        Some(vec![Edit { id: "1".to_owned(), bodies }])
    }

    #[test]
    fn a_pack_is_known_if_all_of_its_frames_are_and_there_is_room() {
        let mut known = InHand::default();
        let packs: Vec<PackId> = (0..4).map(PackId::Numeric).collect();
        known.add(packs[0], edit(10));
        known.add(packs[0], edit(10));
        known.add(packs[1], None);
        known.add(packs[1], edit(1));
        known.add(packs[2], edit(ROOM / 2));
        known.add(packs[2], edit(ROOM / 2));
        known.add(packs[3], edit(ROOM - 20));
        let edits = packs.iter().map(|pack| known.pack(*pack).map(<[Edit]>::len));
        assert_eq!(edits.collect::<Vec<_>>(), [Some(2), None, None, Some(1)]);
        assert_eq!(known.bytes, ROOM);
        assert!(known.pack(PackId::Numeric(9)).is_none());
    }
}

//! The card of a data frame: which ids are in it, in the order of its records.
//!
//! It stands after the frame so that a file begins with a zstd frame that every sniffing tool
//! recognises. For numeric packs it is a bitmap over the frame's span (32 bytes for 256 ids), for
//! hashed packs a list of ids. JSON lines need it, as DataCite JSON does not hold the record id;
//! with it a data frame and its card, taken out of a file, still explain themselves.

use super::super::layout::{PackId, Place, Spans};
use super::{CARD_MAGIC, Cursor, Fault, skippable, skippable_payload};
use crate::record::identifier::{OrderKey, is_record_id, order_key};

const MARK: &[u8; 4] = b"OFPC";
const VERSION: u8 = 1;
const BITMAP: u8 = 0;
const LIST: u8 = 1;
const UNFIT: Fault = Fault::Card("ids do not fit the frame");
const ANOTHER: Fault = Fault::Card("an id of another frame");

/// The card of the frame at `place` with these records, as a whole skippable frame.
///
/// # Errors
/// When an id is not a record id, belongs elsewhere, or does not come after the one before it.
pub fn encode(spans: &Spans, place: Place, ids: &[String]) -> Result<Vec<u8>, Fault> {
    check(spans, place, ids)?;
    let first = spans.first_id(place);
    let mut payload = MARK.to_vec();
    payload.extend([VERSION, if first.is_some() { BITMAP } else { LIST }, 0, 0]);
    payload.extend(place.frame.to_le_bytes());
    payload.extend((ids.len() as u32).to_le_bytes());
    match first {
        Some(first) => {
            payload.extend(first.to_le_bytes());
            let mut bitmap = vec![0u8; spans.frame_ids.div_ceil(8) as usize];
            for id in ids {
                let OrderKey::Numeric(n) = order_key(id) else {
                    return Err(ANOTHER);
                };
                let bit = (n - first) as usize;
                bitmap[bit / 8] |= 1 << (bit % 8);
            }
            payload.extend(bitmap);
        }
        None => {
            for id in ids {
                payload.push(id.len() as u8);
                payload.extend(id.as_bytes());
            }
        }
    }
    Ok(skippable(CARD_MAGIC, &payload))
}

/// The ids on the card of the frame at `place`, in record order.
///
/// # Errors
/// Whatever [`encode`] would not have written.
pub fn parse(spans: &Spans, place: Place, frame: &[u8]) -> Result<Vec<String>, Fault> {
    let card = Card::read(place, frame)?;
    let records = card.records;
    let ids = match place.pack {
        PackId::Numeric(_) => card.bitmap(spans, place).map(bitmap_ids),
        PackId::Hashed(_) => card.list().and_then(list_ids),
    };
    let ids = ids.ok_or(UNFIT)?;
    same_count(records, ids.len())?;
    check(spans, place, &ids)?;
    Ok(ids)
}

/// The first and the last of the `records` ids on the card of the frame at `place`: what the
/// writer of a pack that copies frames needs, without making the others.
///
/// # Errors
/// Whatever [`encode`] would not have written, another number of ids, or none.
pub(super) fn ends(
    spans: &Spans,
    place: Place,
    frame: &[u8],
    records: u32,
) -> Result<(String, String), Fault> {
    let (ends, found) = match place.pack {
        PackId::Numeric(_) => {
            let card = Card::read(place, frame)?;
            let listed = card.records;
            let (start, bytes) = card.bitmap(spans, place).ok_or(UNFIT)?;
            let found = bytes.iter().map(|byte| byte.count_ones() as usize).sum();
            same_count(listed, found)?;
            let id = |byte: usize, bit: u32| (start + byte as u64 * 8 + u64::from(bit)).to_string();
            let first = bytes.iter().position(|byte| *byte != 0);
            let last = bytes.iter().rposition(|byte| *byte != 0);
            let first = first.map(|first| id(first, bytes[first].trailing_zeros()));
            let last = last.map(|last| id(last, bytes[last].ilog2()));
            // Those between are of the frame if the last is.
            if last.as_ref().is_some_and(|last| spans.place(last) != place) {
                return Err(ANOTHER);
            }
            (first.zip(last), found)
        }
        PackId::Hashed(_) => {
            let ids = parse(spans, place, frame)?;
            (ids.first().cloned().zip(ids.last().cloned()), ids.len())
        }
    };
    same_count(records, found)?;
    ends.ok_or(Fault::Card("no id"))
}

/// A card whose ids are not read yet.
struct Card<'f> {
    kind: u8,
    records: u32,
    ids: Cursor<'f>,
}

impl<'f> Card<'f> {
    fn read(place: Place, frame: &'f [u8]) -> Result<Card<'f>, Fault> {
        let payload = skippable_payload(CARD_MAGIC, frame).ok_or(Fault::Card("not a card"))?;
        let mut ids = Cursor(payload);
        let head = ids.take(8).ok_or(Fault::Card("too short"))?;
        if head[..4] != *MARK || head[4] != VERSION || head[6..] != [0, 0] {
            return Err(Fault::Card("not a card of version 1"));
        }
        let (Some(number), Some(records)) = (ids.u32(), ids.u32()) else {
            return Err(Fault::Card("too short"));
        };
        if number != place.frame {
            return Err(Fault::Card("of another frame"));
        }
        Ok(Card { kind: head[5], records, ids })
    }

    /// The number of the first bit, and the bits: those of the frame at `place`.
    fn bitmap(mut self, spans: &Spans, place: Place) -> Option<(u64, &'f [u8])> {
        let first = self.ids.u64()?;
        let bytes = self.ids.0;
        let fits = bytes.len() == spans.frame_ids.div_ceil(8) as usize;
        // So that each bit has a number.
        let last = first.checked_add((8 * bytes.len() as u64).saturating_sub(1));
        let is_it = self.kind == BITMAP && spans.first_id(place) == Some(first);
        (is_it && fits && last.is_some()).then_some((first, bytes))
    }

    fn list(self) -> Option<Cursor<'f>> {
        (self.kind == LIST).then_some(self.ids)
    }
}

/// Says if there are not as many as there should be.
pub(super) fn same_count(records: u32, found: usize) -> Result<(), Fault> {
    let (expected, found) = (u64::from(records), found as u64);
    if expected == found { Ok(()) } else { Err(Fault::Count { expected, found }) }
}

fn bitmap_ids((first, bytes): (u64, &[u8])) -> Vec<String> {
    let mut ids = Vec::new();
    for (i, byte) in bytes.iter().enumerate() {
        for bit in (0..8).filter(|bit| byte & (1 << bit) != 0) {
            ids.push((first + i as u64 * 8 + bit).to_string());
        }
    }
    ids
}

fn list_ids(mut cursor: Cursor<'_>) -> Option<Vec<String>> {
    let mut ids = Vec::new();
    while !cursor.0.is_empty() {
        let length = cursor.u8()?;
        let id = std::str::from_utf8(cursor.take(usize::from(length))?).ok()?;
        ids.push(id.to_owned());
    }
    Some(ids)
}

fn check(spans: &Spans, place: Place, ids: &[String]) -> Result<(), Fault> {
    let mut last = None;
    for id in ids {
        if !is_record_id(id) {
            return Err(Fault::Card("an id that is none"));
        }
        let key = order_key(id);
        if spans.place_of(key) != place {
            return Err(ANOTHER);
        }
        if last.is_some_and(|before| before >= (key, id)) {
            return Err(Fault::Card("ids out of order"));
        }
        last = Some((key, id));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(ids: &[&str]) -> Vec<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    #[test]
    fn numeric_card_is_as_documented() {
        let spans = Spans { pack_ids: 64, frame_ids: 16, ..Spans::default() };
        let place = spans.place("130");
        let card = encode(&spans, place, &strings(&["128", "130", "143"])).unwrap();
        let want: &[u8] = &[
            0x50,
            0x2a,
            0x4d,
            0x18,
            26,
            0,
            0,
            0, // skippable frame, 26 bytes
            b'O',
            b'F',
            b'P',
            b'C',
            1,
            0,
            0,
            0, // mark, version, bitmap
            0,
            0,
            0,
            0,
            3,
            0,
            0,
            0, // frame 0, 3 records
            128,
            0,
            0,
            0,
            0,
            0,
            0,
            0, // first id
            0b0000_0101,
            0b1000_0000,
        ];
        assert_eq!(card, want);
        assert_eq!(parse(&spans, place, &card).unwrap(), ["128", "130", "143"]);
        check_ends(&spans, place, &card);
    }

    /// Its ends are those of all its ids, if these can be read, and else the same is wrong.
    fn check_ends(spans: &Spans, place: Place, card: &[u8]) {
        let ids = parse(spans, place, card);
        let records = ids.as_ref().map_or(0, Vec::len) as u32;
        let both = |ids: Vec<String>| Some((ids.first()?.clone(), ids.last()?.clone()));
        let want = ids.and_then(|ids| both(ids).ok_or(Fault::Card("no id")));
        assert_eq!(ends(spans, place, card, records), want);
        if want.is_ok() {
            let (expected, found) = (u64::from(records) + 1, u64::from(records));
            let fault = Err(Fault::Count { expected, found });
            assert_eq!(ends(spans, place, card, records + 1), fault);
        }
    }

    #[test]
    fn hashed_card_lists_ids() {
        let spans = Spans { hash_pack_bits: 0, hash_frame_bits: 0, ..Spans::default() };
        let place = spans.place("abc");
        let mut ids = strings(&["abc", "x1", "007", "a.b-c"]);
        ids.sort_by_key(|id| (order_key(id), id.clone()));
        let card = encode(&spans, place, &ids).unwrap();
        assert_eq!(parse(&spans, place, &card).unwrap(), ids);
        check_ends(&spans, place, &card);
    }

    #[test]
    fn the_ends_of_a_card_are_its_first_and_last_id() {
        // A bitmap with more bits than the frame has ids, and the last frame of numbers.
        let odd = Spans { pack_ids: 12 * 64, frame_ids: 12, ..Spans::default() };
        for (spans, ids) in [
            (Spans::default(), vec!["300"]),
            (Spans::default(), vec!["256", "511"]),
            (odd, vec!["24", "29", "35"]),
            (Spans::default(), vec!["999999999999999744", "999999999999999999"]),
        ] {
            let place = spans.place(ids[0]);
            let card = encode(&spans, place, &strings(&ids)).unwrap();
            assert_eq!(parse(&spans, place, &card).unwrap(), ids);
            check_ends(&spans, place, &card);
            check_ends(&spans, spans.place("3000"), &card);
            // An id more than a frame has room for.
            let mut beyond = card.clone();
            let records = 8 + 12;
            beyond[records] += 1;
            *beyond.last_mut().unwrap() ^= 0b0100_0000;
            check_ends(&spans, place, &beyond);
        }
        let none = encode(&odd, odd.place("24"), &[]).unwrap();
        check_ends(&odd, odd.place("24"), &none);
    }

    #[test]
    fn what_does_not_belong_is_refused() {
        let spans = Spans::default();
        let place = spans.place("300");
        for (ids, why) in [
            (strings(&["300", "299"]), "ids out of order"),
            (strings(&["300", "300"]), "ids out of order"),
            (strings(&["300", "600"]), "an id of another frame"),
            (strings(&["300", "abc"]), "an id of another frame"),
            (strings(&["../300"]), "an id that is none"),
        ] {
            assert_eq!(encode(&spans, place, &ids), Err(Fault::Card(why)), "{ids:?}");
        }
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let spans = Spans::default();
        let place = spans.place("300");
        let ids = strings(&["300", "301", "511"]);
        let card = encode(&spans, place, &ids).unwrap();
        for bit in 0..card.len() * 8 {
            let mut bad = card.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(parse(&spans, place, &bad).is_err(), "bit {bit}");
            check_ends(&spans, place, &bad);
        }
        for length in 0..card.len() {
            assert!(parse(&spans, place, &card[..length]).is_err(), "{length} bytes");
            check_ends(&spans, place, &card[..length]);
        }
    }
}

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
                    return Err(Fault::Card("an id of another frame"));
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
    let payload = skippable_payload(CARD_MAGIC, frame).ok_or(Fault::Card("not a card"))?;
    let mut cursor = Cursor(payload);
    let head = cursor.take(8).ok_or(Fault::Card("too short"))?;
    if head[..4] != *MARK || head[4] != VERSION || head[6..] != [0, 0] {
        return Err(Fault::Card("not a card of version 1"));
    }
    let (Some(number), Some(records)) = (cursor.u32(), cursor.u32()) else {
        return Err(Fault::Card("too short"));
    };
    if number != place.frame {
        return Err(Fault::Card("of another frame"));
    }
    let ids = match (head[5], place.pack) {
        (BITMAP, PackId::Numeric(_)) => bitmap_ids(spans, place, cursor),
        (LIST, PackId::Hashed(_)) => list_ids(cursor),
        _ => None,
    }
    .ok_or(Fault::Card("ids do not fit the frame"))?;
    if ids.len() != records as usize {
        return Err(Fault::Count { expected: u64::from(records), found: ids.len() as u64 });
    }
    check(spans, place, &ids)?;
    Ok(ids)
}

fn bitmap_ids(spans: &Spans, place: Place, mut cursor: Cursor<'_>) -> Option<Vec<String>> {
    let first = cursor.u64()?;
    let fits = cursor.0.len() == spans.frame_ids.div_ceil(8) as usize;
    if spans.first_id(place) != Some(first) || !fits {
        return None;
    }
    let mut ids = Vec::new();
    for (i, byte) in cursor.0.iter().enumerate() {
        for bit in (0..8).filter(|bit| byte & (1 << bit) != 0) {
            ids.push(first.checked_add(i as u64 * 8 + bit)?.to_string());
        }
    }
    Some(ids)
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
            return Err(Fault::Card("an id of another frame"));
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
    }

    #[test]
    fn hashed_card_lists_ids() {
        let spans = Spans { hash_pack_bits: 0, hash_frame_bits: 0, ..Spans::default() };
        let place = spans.place("abc");
        let mut ids = strings(&["abc", "x1", "007", "a.b-c"]);
        ids.sort_by_key(|id| (order_key(id), id.clone()));
        let card = encode(&spans, place, &ids).unwrap();
        assert_eq!(parse(&spans, place, &card).unwrap(), ids);
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
        }
        for length in 0..card.len() {
            assert!(parse(&spans, place, &card[..length]).is_err(), "{length} bytes");
        }
    }
}

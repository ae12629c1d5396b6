//! The primary key of a record, which is its place in pack order.
//!
//! ```text
//! numeric id   0 | value, below 10^18 < 2^60
//! other id     01 | first 40 bits of SHA-256(id) | probe, 20 bits
//! ```
//! A table scan by primary key is therefore a scan in pack order, with one exception: ids that
//! share their 40 bits lie next to each other in order of arrival, and readers sort such runs
//! by id.

use std::ops::{Bound, RangeBounds, RangeInclusive};

use crate::record::identifier::{OrderKey, order_key};

const HASHED: i64 = 1 << 62;
const PROBE_BITS: u32 = 20;

/// How many ids may share their first 40 bits.
pub(super) const PROBES: i64 = 1 << PROBE_BITS;

/// First primary key that an order key may have.
pub(super) fn first(key: OrderKey) -> i64 {
    match key {
        OrderKey::Numeric(value) => value as i64,
        OrderKey::Hashed(bits) => HASHED | ((bits as i64) << PROBE_BITS),
    }
}

/// Last primary key that an order key may have.
pub(super) fn last(key: OrderKey) -> i64 {
    match key {
        OrderKey::Numeric(_) => first(key),
        OrderKey::Hashed(_) => first(key) | (PROBES - 1),
    }
}

/// The primary keys under which an id may stand: one for a number, a run of probes otherwise.
pub(super) fn candidates(id: &str) -> RangeInclusive<i64> {
    let key = order_key(id);
    first(key)..=last(key)
}

/// The order key of a primary key.
pub(super) fn order(pk: i64) -> OrderKey {
    if pk & HASHED == 0 {
        OrderKey::Numeric(pk as u64)
    } else {
        OrderKey::Hashed(((pk & !HASHED) >> PROBE_BITS) as u64)
    }
}

/// A range of order keys as inclusive bounds on primary keys; empty ranges are inverted.
pub(super) fn bounds(range: &impl RangeBounds<OrderKey>) -> (i64, i64) {
    let low = match range.start_bound() {
        Bound::Unbounded => 0,
        Bound::Included(&key) => first(key),
        Bound::Excluded(&key) => last(key).saturating_add(1),
    };
    let high = match range.end_bound() {
        Bound::Unbounded => i64::MAX,
        Bound::Included(&key) => last(key),
        Bound::Excluded(&key) => first(key) - 1,
    };
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primary_keys_keep_pack_order() {
        let keys = [
            OrderKey::Numeric(0),
            OrderKey::Numeric(7),
            OrderKey::Numeric(999_999_999_999_999_999),
            OrderKey::Hashed(0),
            OrderKey::Hashed(1),
            OrderKey::Hashed((1 << 40) - 1),
        ];
        for pair in keys.windows(2) {
            assert!(last(pair[0]) < first(pair[1]), "{pair:?}");
        }
        for key in keys {
            assert_eq!((order(first(key)), order(last(key))), (key, key));
        }
    }

    #[test]
    fn ranges_include_every_probe() {
        let (a, b) = (OrderKey::Hashed(3), OrderKey::Hashed(5));
        assert_eq!(bounds(&(a..b)), (first(a), last(OrderKey::Hashed(4))));
        assert_eq!(bounds(&(a..=b)), (first(a), last(b)));
        assert_eq!(bounds(&(..OrderKey::Numeric(4))), (0, 3));
        assert_eq!(bounds(&(..)), (0, i64::MAX));
        assert_eq!(candidates("12"), 12..=12);
    }
}

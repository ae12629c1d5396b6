//! Lists in order by counting: they are long, and record numbers are below millions.

/// In shorter lists numbers are compared: counters would cost more.
const COUNTED: usize = 1 << 10;

/// Puts a list in the order of its records, which are below `range`; `other` is room.
pub(super) fn in_order<T: Copy>(list: &mut Vec<(u32, T)>, range: u32, other: &mut Vec<(u32, T)>) {
    let half = (range.max(1).ilog2() + 1).div_ceil(2);
    let parts = 1 << half;
    if list.len() < COUNTED.max(parts) {
        list.sort_unstable_by_key(|(record, _)| *record);
        return;
    }
    distribute(list, other, parts, |(record, _)| *record as usize & (parts - 1));
    distribute(other, list, parts, |(record, _)| *record as usize >> half);
}

/// Copies to `to` by the part each is of, in the order they have within a part.
pub(super) fn distribute<T: Copy>(
    from: &[T],
    to: &mut Vec<T>,
    parts: usize,
    part: impl Fn(&T) -> usize,
) {
    let mut next = vec![0; parts];
    from.iter().for_each(|item| next[part(item)] += 1);
    let mut start = 0;
    for size in &mut next {
        start += std::mem::replace(size, start);
    }
    // Every one is written again.
    to.clear();
    to.extend_from_slice(from);
    for item in from {
        let at = &mut next[part(item)];
        to[*at] = *item;
        *at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_in_the_order_of_records() {
        let check = |count: u32, range: u32| {
            // Every record of a stretch once, mixed.
            let start = range - count;
            let list =
                (0..count).map(|n| start + ((u64::from(n) * 7919) % u64::from(count)) as u32);
            let mut list: Vec<_> = list.map(|record| (record, !record)).collect();
            in_order(&mut list, range, &mut Vec::new());
            let expected: Vec<_> = (start..range).map(|record| (record, !record)).collect();
            assert!(list == expected, "{count} of {range}");
        };
        for count in [1, 100, 1023, 1024, 5000] {
            for range in [count, count + 1, 1 << 18, 1_000_003, 5_000_000, u32::MAX] {
                check(count, range);
            }
        }
    }
}

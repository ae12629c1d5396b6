//! Newest first: docs/search-format.md, "Order, facets, filters".

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;

use super::evaluate::{At, Matches, by_run};
use super::reader::{ReadError, Reading, Searcher};

/// Records whose dates are compared for one page, newest first, beside those of likely ones.
const CLOSE: usize = 200;

impl Searcher<'_> {
    /// The newest of the records. The day between two that are written down is on the cards: a
    /// first answer reads those of the records that are likely the newest, a final one those of
    /// every record that may belong there.
    pub(super) fn newest(
        &mut self,
        scored: &Matches,
        page: Range<usize>,
        reading: Reading,
        cards: &mut BTreeMap<At, String>,
    ) -> Result<Vec<(At, f64)>, ReadError> {
        let mut likely = self.dated(scored, page.end);
        likely.sort_by_key(|dated| (Reverse(dated.guess), dated.at));
        let mut rest = likely.split_off(likely.len().min(page.end));
        if reading == Reading::First {
            likely.drain(..page.start.min(likely.len()));
        }
        self.fetch(likely.iter().map(|dated| dated.at), cards)?;
        likely.iter_mut().for_each(|dated| dated.read(cards));
        if reading == Reading::First {
            likely.sort_by_key(|dated| (Reverse(dated.latest), dated.at));
            return Ok(likely.into_iter().map(|dated| (dated.at, dated.score)).collect());
        }
        let last = likely.iter().map(|dated| dated.latest).min();
        rest.retain(|dated| Some(dated.latest) >= last);
        rest.sort_by_key(|dated| (Reverse(dated.latest), dated.at));
        // A bound on what one request may cost: one day may have very many records.
        rest.truncate(CLOSE);
        self.fetch(rest.iter().map(|dated| dated.at), cards)?;
        rest.iter_mut().for_each(|dated| dated.read(cards));
        likely.extend(rest);
        likely.sort_by_key(|dated| (Reverse(dated.latest), dated.at));
        let page = likely.into_iter().take(page.end).skip(page.start);
        Ok(page.map(|dated| (dated.at, dated.score)).collect())
    }

    /// When records can have been published, by what the tables say; of a run only the first
    /// `limit`, as they are in order.
    fn dated(&self, scored: &Matches, limit: usize) -> Vec<Dated> {
        let mut all = Vec::new();
        for (tier, (records, open)) in scored.iter().zip(&self.tiers).enumerate() {
            for (run, now) in by_run(&open.tables.runs, records) {
                for (record, score) in now.iter().take(limit) {
                    let (block, within) = ((record - run.first) / 64, (record - run.first) % 64);
                    let latest = open.tables.days[run.day + block as usize];
                    let records = (run.records - block * 64).min(64);
                    let is_last = (block + 1) * 64 >= run.records;
                    let earliest =
                        if is_last { 0 } else { open.tables.days[run.day + block as usize + 1] };
                    // As if they were at even distances.
                    let past = u32::from(latest.saturating_sub(earliest)) * within / records;
                    all.push(Dated {
                        guess: (run.year, latest - past as u16),
                        latest: (run.year, latest),
                        at: (tier, *record),
                        score: *score,
                    });
                }
            }
        }
        all
    }
}

/// A record, and when it can have been published: year and day.
struct Dated {
    guess: (u32, u16),
    /// Exact once its card was read.
    latest: (u32, u16),
    at: At,
    score: f64,
}

impl Dated {
    fn read(&mut self, cards: &BTreeMap<At, String>) {
        self.latest.1 = cards.get(&self.at).map_or(0, |card| day(card));
    }
}

/// (month − 1) · 31 + day − 1 of the date on a card.
fn day(card: &str) -> u16 {
    let date = card.split('\t').nth(1).unwrap_or_default();
    let mut parts = date.split('/').next().unwrap_or_default().split('-').skip(1);
    let mut part = || parts.next().and_then(|part| part.parse::<u16>().ok()).unwrap_or(1);
    let (month, day) = (part(), part());
    (month.clamp(1, 12) - 1) * 31 + day.clamp(1, 31) - 1
}

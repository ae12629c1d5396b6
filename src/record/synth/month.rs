//! Time in the synthetic repository: who is there when, and what happens to whom.

use super::rng::Rng;

/// The last month that can be asked for; growth compounds, so there must be one.
pub const MAX_MONTH: u32 = 240;

/// Months before the first whose size is worked out backwards, for "the newest three months".
const PAST: u32 = 4;
const EVENT: u64 = 200;
/// 2013-05-08, 2026-11-01: the first upload, and the end of month 1.
const OPENED: i64 = 1_367_971_200;
const FIRST_MONTH_END: (i64, i64) = (2026, 11);

/// What has happened to a record by the end of a month.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Fate {
    /// Months in which it was edited, ascending.
    pub(super) edited: Vec<u32>,
    /// The month in which it was withdrawn; nothing happens after.
    pub(super) withdrawn: Option<u32>,
}

/// The corpus through the months, without replay: any record's state at the end of any month
/// is worked out from its ordinal in as many steps as months have passed.
///
/// A month brings 4 % new records, edits 1.6 % (70 % of them among the newest three months'
/// ids) and withdraws 0.2 %, each of the month's opening count.
#[derive(Debug, Clone)]
pub(super) struct Timeline {
    seed: u64,
    month: u32,
    /// Records at the end of months `1 - PAST ..= month`.
    ends: Vec<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Nothing,
    Edit,
    Withdrawal,
}

impl Timeline {
    /// The timeline that has `records` at the end of month 1, up to `month`.
    pub(super) fn new(records: u64, seed: u64, month: u32) -> Self {
        let mut ends: Vec<u64> = (0..PAST)
            .scan(records, |count, _| {
                *count = (u128::from(*count) * 25 / 26) as u64;
                Some(*count)
            })
            .collect();
        ends.reverse();
        ends.push(records);
        for _ in 1..month {
            let last = ends[ends.len() - 1];
            ends.push(last.saturating_add((last / 25).max(u64::from(last > 0))));
        }
        Timeline { seed, month, ends }
    }

    /// Records ever published by the end of `month` (0 and below: 4 months back at most).
    pub(super) fn count(&self, month: i64) -> u64 {
        let at = (month + i64::from(PAST) - 1).clamp(0, self.ends.len() as i64 - 1);
        self.ends[at as usize]
    }

    /// The month in which a record appears; everything before the corpus counts as month 1.
    fn birth(&self, ordinal: u64) -> u32 {
        (1..self.month).find(|&month| ordinal < self.count(i64::from(month))).unwrap_or(self.month)
    }

    /// What has happened to `ordinal` by the end of the timeline's month.
    pub(super) fn fate(&self, ordinal: u64) -> Fate {
        let mut fate = Fate::default();
        for month in self.birth(ordinal) + 1..=self.month {
            match self.event(ordinal, month) {
                Event::Nothing => {}
                Event::Edit => fate.edited.push(month),
                Event::Withdrawal => {
                    fate.withdrawn = Some(month);
                    break;
                }
            }
        }
        fate
    }

    /// Whether the timeline's last month touches `ordinal`, which was there before. Cheap: the
    /// scan over all records asks this first.
    pub(super) fn touched(&self, ordinal: u64) -> bool {
        self.event(ordinal, self.month) != Event::Nothing
    }

    fn event(&self, ordinal: u64, month: u32) -> Event {
        let opening = self.count(i64::from(month) - 1);
        let old = self.count(i64::from(month) - 4);
        // Shares of 100,000: 70 % of 1.6 % of all, spread over the recent, 30 % over the rest.
        let share = if ordinal >= old {
            1_120 * opening / (opening - old).max(1)
        } else {
            480 * opening / old.max(1)
        };
        match Rng::new(self.seed, ordinal, EVENT + u64::from(month)).below(100_000) {
            0..200 => Event::Withdrawal,
            draw if draw < 200 + share => Event::Edit,
            _ => Event::Nothing,
        }
    }

    /// When a record was created, seconds since 1970.
    ///
    /// Within month 1 uploads grow with the sixth power of time, which ends at about 4 % a
    /// month; later months fill evenly.
    pub(super) fn created(&self, ordinal: u64) -> i64 {
        let birth = self.birth(ordinal);
        if birth > 1 {
            let opening = self.count(i64::from(birth) - 1);
            let size = self.count(i64::from(birth)) - opening;
            let (from, to) = (month_start(birth), month_start(birth + 1));
            let part =
                i128::from(to - from) * i128::from(ordinal - opening) / i128::from(size.max(1));
            return from + part as i64;
        }
        const STEPS: u128 = 1 << 16;
        let records = self.count(1).max(ordinal + 1);
        let shift = 32u32.saturating_sub(records.leading_zeros());
        let (part, whole) = (u128::from(ordinal >> shift), u128::from((records >> shift).max(1)));
        let (mut low, mut high) = (0, STEPS);
        while high - low > 1 {
            let middle = u128::midpoint(low, high);
            if middle.pow(6) * whole <= part * STEPS.pow(6) { low = middle } else { high = middle }
        }
        let step = |x: u128| (month_start(2) - OPENED) * x as i64 / STEPS as i64;
        let jitter = Rng::new(self.seed, ordinal, EVENT).below((step(1)).unsigned_abs());
        OPENED + step(low) + jitter as i64
    }

    /// When something happened to `ordinal` in `month`, seconds since 1970.
    pub(super) fn event_time(&self, ordinal: u64, month: u32) -> i64 {
        let (from, to) = (month_start(month), month_start(month + 1));
        let offset = Rng::new(self.seed, ordinal, EVENT + 1_000 + u64::from(month))
            .below((to - from) as u64);
        from + offset as i64
    }
}

/// First second of `month`; month 1 is October 2026.
fn month_start(month: u32) -> i64 {
    let months = FIRST_MONTH_END.0 * 12 + FIRST_MONTH_END.1 - 1 + i64::from(month) - 2;
    days(months.div_euclid(12), months.rem_euclid(12) + 1, 1) * 86_400
}

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    // The year starts in March, so that the leap day is its last (Hinnant, "chrono-compatible
    // low-level date algorithms").
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// `YYYY-MM-DD` of a second since 1970.
pub(super) fn date(seconds: i64) -> String {
    let days = seconds.div_euclid(86_400) + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// RFC 3339 with microseconds, UTC.
pub(super) fn timestamp(seconds: i64, micros: u64) -> String {
    let of_day = seconds.rem_euclid(86_400);
    format!(
        "{}T{:02}:{:02}:{:02}.{micros:06}+00:00",
        date(seconds),
        of_day / 3_600,
        of_day / 60 % 60,
        of_day % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calendar() {
        for (seconds, wanted) in [
            (0, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (1_709_164_800, "2024-02-29"),
            (OPENED, "2013-05-08"),
            (month_start(1), "2026-10-01"),
            (month_start(2), "2026-11-01"),
            (month_start(3) - 1, "2026-11-30"),
            (month_start(4), "2027-01-01"),
            (month_start(MAX_MONTH), "2046-09-01"),
        ] {
            assert_eq!(date(seconds), wanted);
        }
        assert_eq!(timestamp(951_782_399, 7), "2000-02-28T23:59:59.000007+00:00");
    }

    #[test]
    fn months_bring_what_they_should() {
        let timeline = Timeline::new(100_000, 1, 3);
        assert_eq!(
            (timeline.count(1), timeline.count(2), timeline.count(3)),
            (100_000, 104_000, 108_160)
        );
        let recent = timeline.count(-2);
        assert!((88_000..90_000).contains(&recent), "{recent}");
        let (mut edits, mut newest, mut withdrawals) = (0, 0, 0);
        for ordinal in 0..100_000 {
            match timeline.event(ordinal, 2) {
                Event::Edit => {
                    edits += 1;
                    newest += u32::from(ordinal >= timeline.count(-2));
                }
                Event::Withdrawal => withdrawals += 1,
                Event::Nothing => {}
            }
        }
        assert!((1_450..1_750).contains(&edits), "{edits} edits");
        assert!((65..75).contains(&(newest * 100 / edits)), "{newest} of {edits} are recent");
        assert!((150..250).contains(&withdrawals), "{withdrawals}");
    }

    #[test]
    fn creation_ascends_over_the_years_and_ends_with_the_month() {
        let timeline = Timeline::new(50_000, 1, 3);
        let at = |ordinal| date(timeline.created(ordinal));
        assert!(at(0) < at(1_000) && at(1_000) < at(25_000) && at(25_000) < at(49_000));
        assert!(at(49_999).as_str() < "2026-11-01");
        assert_eq!(&at(50_000)[..7], "2026-11");
        assert_eq!(&at(51_999)[..7], "2026-11");
        assert_eq!(&at(52_000)[..7], "2026-12");
    }

    #[test]
    fn extremes_do_not_overflow() {
        for records in [0, 1, 2, u64::from(u32::MAX) * 3] {
            let timeline = Timeline::new(records, 1, MAX_MONTH);
            let last = timeline.count(i64::from(MAX_MONTH));
            timeline.created(last.saturating_sub(1));
            timeline.fate(records / 2);
        }
    }
}

//! Dates and page ranges as the styles write them.

use std::fmt::Write as _;

use crate::record::date::{Date, Edtf};

/// When a work was published, as far as a citation says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Issued {
    /// One date: year, month or day.
    On(Date),
    /// First and last year of an interval.
    Between(i32, i32),
}

impl Issued {
    /// Of an EDTF text, repaired where its meaning is certain; `None` for what has no year.
    pub(super) fn of(text: &str) -> Option<Issued> {
        let (date, _) = Edtf::repair(text)?;
        Some(match date {
            Edtf::Interval(start, end) if start.year != end.year => {
                Issued::Between(start.year, end.year)
            }
            Edtf::Interval(date, _) | Edtf::Date(date) | Edtf::Since(date) | Edtf::Until(date) => {
                Issued::On(date)
            }
        })
    }

    /// `2024`, `2019–2021`
    pub(super) fn year(self) -> String {
        match self {
            Issued::On(date) => date.year.to_string(),
            Issued::Between(start, end) => format!("{start}–{end}"),
        }
    }

    /// Month from 1, and day.
    pub(super) fn month_and_day(self) -> (Option<u8>, Option<u8>) {
        match self {
            Issued::On(date) => (date.month, date.month.and(date.day)),
            Issued::Between(..) => (None, None),
        }
    }
}

/// Month names as a style shortens them.
pub(super) type Months = [&'static str; 12];

/// Not shortened.
pub(super) const LONG: Months = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// As MLA shortens them.
pub(super) const MLA: Months = [
    "Jan.", "Feb.", "Mar.", "Apr.", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.", "Dec.",
];

/// As IEEE shortens them.
pub(super) const IEEE: Months =
    ["Jan.", "Feb.", "Mar.", "Apr.", "May", "Jun.", "Jul.", "Aug.", "Sep.", "Oct.", "Nov.", "Dec."];

/// As medicine shortens them.
pub(super) const BARE: Months =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The name of a month, which counts from 1.
pub(super) fn month(months: &Months, number: u8) -> &'static str {
    usize::from(number).checked_sub(1).and_then(|at| months.get(at)).copied().unwrap_or_default()
}

/// How much of the last page a style repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pages {
    /// `101–119`
    All,
    /// `101–9`, as little as can be.
    Minimal,
    /// `101–19`, at least two digits.
    TwoDigits,
    /// As the Chicago Manual has it since its 16th edition (9.61).
    Chicago,
}

/// A page range with an en dash; whether it is more than one page.
pub(super) fn pages(text: &str, form: Pages) -> (String, bool) {
    let ranges = |c: char| matches!(c, '-' | '–' | '—' | '‐' | '‑');
    let (first, last) = match text.split_once(ranges) {
        Some((first, last)) => (first.trim(), last.trim_start_matches(ranges).trim()),
        None => (text.trim(), ""),
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !is_number(first) || !is_number(last) {
        let many = text.contains(ranges) || text.contains([',', '&', ';']);
        return (text.trim().replace('-', "–"), many);
    }
    let mut out = format!("{first}–");
    let full = match first.len().checked_sub(last.len()) {
        Some(missing) => format!("{}{last}", first.get(..missing).unwrap_or_default()),
        None => last.to_owned(),
    };
    // Writing to a String cannot fail.
    let _ = write!(out, "{}", shortened(first, &full, form));
    (out, true)
}

/// The last page of a range, without what repeats the first.
fn shortened<'a>(first: &str, last: &'a str, form: Pages) -> &'a str {
    if first.len() != last.len() {
        return last;
    }
    let same = first.bytes().zip(last.bytes()).take_while(|(a, b)| a == b).count();
    let keep = |digits: usize| {
        let from = same.min(last.len().saturating_sub(digits));
        last.get(from..).unwrap_or(last)
    };
    match form {
        Pages::All => last,
        Pages::Minimal => keep(1),
        Pages::TwoDigits => keep(2),
        Pages::Chicago => {
            let number: u64 = first.parse().unwrap_or(0);
            match number % 100 {
                _ if number < 100 => last,
                0 => last,
                1..=9 => keep(1),
                _ => keep(2),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_ranges() {
        for (text, all, minimal, two, chicago) in [
            ("101-119", "101–119", "101–19", "101–19", "101–19"),
            ("101-109", "101–109", "101–9", "101–09", "101–9"),
            ("12–19", "12–19", "12–9", "12–19", "12–19"),
            ("1201-1219", "1201–1219", "1201–19", "1201–19", "1201–19"),
            ("1201-1345", "1201–1345", "1201–345", "1201–345", "1201–345"),
            ("100-104", "100–104", "100–4", "100–04", "100–104"),
            ("321-8", "321–328", "321–8", "321–28", "321–28"),
            ("99-101", "99–101", "99–101", "99–101", "99–101"),
            ("e17", "e17", "e17", "e17", "e17"),
            ("e1-e9", "e1–e9", "e1–e9", "e1–e9", "e1–e9"),
            ("1--5", "1–5", "1–5", "1–5", "1–5"),
            ("-", "–", "–", "–", "–"),
        ] {
            for (form, expected) in [
                (Pages::All, all),
                (Pages::Minimal, minimal),
                (Pages::TwoDigits, two),
                (Pages::Chicago, chicago),
            ] {
                assert_eq!(pages(text, form).0, expected, "{text} {form:?}");
            }
        }
        assert!(pages("1-2", Pages::All).1 && !pages("e17", Pages::All).1);
    }

    #[test]
    fn when() {
        for (text, year, rest) in [
            ("2024-03-05", "2024", (Some(3), Some(5))),
            ("2024-06", "2024", (Some(6), None)),
            ("2024", "2024", (None, None)),
            ("2019/2021-02", "2019–2021", (None, None)),
            ("2020-01/2020-05", "2020", (Some(1), None)),
            ("2020/..", "2020", (None, None)),
        ] {
            let issued = Issued::of(text).unwrap();
            assert_eq!((issued.year().as_str(), issued.month_and_day()), (year, rest), "{text}");
        }
        assert_eq!(Issued::of("Err"), None);
    }
}

//! Numbers and dates as readers write them.

use std::fmt::Write as _;

use crate::record::date::{Date, Edtf};

/// `1.2 MB`: decimal units, three digits or fewer; bytes below 1000 as they are.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    // In integers: no float, so no platform's rounding. A unit is right as long as the number
    // rounds to less than a thousand of it.
    let bytes = u128::from(bytes);
    let mut unit: u128 = 1000;
    let mut name = UNITS[0];
    for larger in &UNITS[1..] {
        if (bytes + unit / 2) / unit < 1000 {
            break;
        }
        unit *= 1000;
        name = larger;
    }
    let tenths = (bytes * 10 + unit / 2) / unit;
    if tenths < 1000 {
        return format!("{}.{} {name}", tenths / 10, tenths % 10);
    }
    format!("{} {name}", (bytes + unit / 2) / unit)
}

/// `1,234,567`
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `12 May 2020`, `2019 – 2021`, `since 2020`; other text as it stands.
pub(super) fn date(text: &str) -> String {
    match Edtf::parse(text) {
        None => text.to_owned(),
        Some(Edtf::Date(date)) => day(date),
        Some(Edtf::Interval(start, end)) => format!("{} – {}", day(start), day(end)),
        Some(Edtf::Since(start)) => format!("since {}", day(start)),
        Some(Edtf::Until(end)) => format!("until {}", day(end)),
    }
}

/// The day of a canonical timestamp or of an ISO date, in words.
pub(super) fn timestamp_day(text: &str) -> String {
    date(text.get(..10).unwrap_or(text))
}

/// A canonical timestamp without the fraction of its second: HTML allows three digits of one.
pub(super) fn timestamp_seconds(text: &str) -> String {
    let (seconds, rest) = text.split_at_checked(19).unwrap_or((text, ""));
    let zone = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    format!("{seconds}{zone}")
}

fn day(date: Date) -> String {
    const MONTHS: [&str; 12] = [
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
    let mut text = String::with_capacity(17);
    // Writing to a String cannot fail.
    if let Some(day) = date.day {
        let _ = write!(text, "{day} ");
    }
    let month = date.month.and_then(|month| MONTHS.get(usize::from(month).checked_sub(1)?));
    if let Some(month) = month {
        let _ = write!(text, "{month} ");
    }
    let _ = write!(text, "{}", date.year);
    text
}

/// At most `limit` characters, cut at a space where there is one, with an ellipsis.
pub(super) fn shortened(text: &str, limit: usize) -> String {
    let text = text.trim();
    let Some((end, _)) = text.char_indices().nth(limit) else { return text.to_owned() };
    let cut = text.get(..end).unwrap_or_default();
    // Scripts without spaces are cut where they stand.
    let cut = match cut.rfind(char::is_whitespace) {
        Some(space) if space * 2 > cut.len() => cut.get(..space).unwrap_or(cut),
        _ => cut,
    };
    format!("{}…", cut.trim_end_matches([' ', ',', ';', ':', '\n']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (bytes, expected) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (1049, "1.0 kB"),
            (1050, "1.1 kB"),
            (99_949, "99.9 kB"),
            (99_950, "100 kB"),
            (999_499, "999 kB"),
            (999_500, "1.0 MB"),
            (1_234_567, "1.2 MB"),
            (52_428_800, "52.4 MB"),
            (50_000_000_000, "50.0 GB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(size(bytes), expected, "{bytes}");
        }
        for (number, expected) in
            [(0, "0"), (999, "999"), (1000, "1,000"), (12_345_678, "12,345,678")]
        {
            assert_eq!(grouped(number), expected);
        }
    }

    #[test]
    fn dates() {
        for (given, expected) in [
            ("2020-05-12", "12 May 2020"),
            ("2020-05", "May 2020"),
            ("2020", "2020"),
            ("2019/2021-02", "2019 – February 2021"),
            ("2020/..", "since 2020"),
            ("Err", "Err"),
        ] {
            assert_eq!(date(given), expected);
        }
        let timestamp = "2020-05-12T01:02:03.000000+00:00";
        assert_eq!(timestamp_day(timestamp), "12 May 2020");
        assert_eq!(timestamp_seconds(timestamp), "2020-05-12T01:02:03+00:00");
        assert_eq!(timestamp_seconds("2020-05-12T01:02:03Z"), "2020-05-12T01:02:03Z");
    }

    #[test]
    fn shortening() {
        assert_eq!(shortened(" short ", 10), "short");
        assert_eq!(shortened("one two three, four", 15), "one two three…");
        assert_eq!(shortened("ééééé", 3), "ééé…");
        assert_eq!(shortened("中文没有空格的句子", 4), "中文没有…");
    }
}

//! Dates as metadata writes them (EDTF level 0 and open intervals) and timestamps.

use std::fmt;

/// A calendar date of year, month or day precision, proleptic Gregorian.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Date {
    /// 0 to 9999.
    pub year: i32,
    /// 1 to 12.
    pub month: Option<u8>,
    /// 1 to the length of the month; never without `month`.
    pub day: Option<u8>,
}

impl Date {
    /// Parses `YYYY`, `YYYY-MM` or `YYYY-MM-DD` and nothing else.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let separated = |at: usize| bytes.get(at) == Some(&b'-');
        match bytes.len() {
            4 => Self::new(digits(bytes)?, None, None),
            7 if separated(4) => Self::new(digits(&bytes[..4])?, Some(digits(&bytes[5..])?), None),
            10 if separated(4) && separated(7) => Self::new(
                digits(&bytes[..4])?,
                Some(digits(&bytes[5..7])?),
                Some(digits(&bytes[8..])?),
            ),
            _ => None,
        }
    }

    fn new(year: u32, month: Option<u32>, day: Option<u32>) -> Option<Self> {
        if year > 9999
            || month.is_some_and(|month| !(1..=12).contains(&month))
            || day.is_some_and(|day| day == 0 || day > month_length(year, month.unwrap_or(0)))
        {
            return None;
        }
        let narrow = |number: u32| u8::try_from(number).ok();
        Some(Date {
            year: i32::try_from(year).ok()?,
            month: month.and_then(narrow),
            day: day.and_then(narrow),
        })
    }

    /// First day covered, for ordering.
    fn first(self) -> (i32, u8, u8) {
        (self.year, self.month.unwrap_or(1), self.day.unwrap_or(1))
    }

    /// A day not before the last one covered, for ordering.
    fn last(self) -> (i32, u8, u8) {
        (self.year, self.month.unwrap_or(12), self.day.unwrap_or(31))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year)?;
        if let Some(month) = self.month {
            write!(f, "-{month:02}")?;
        }
        if let Some(day) = self.day {
            write!(f, "-{day:02}")?;
        }
        Ok(())
    }
}

/// An EDTF level 0 date or interval; intervals may be open at one end.
///
/// `Display` gives the canonical text: `2020-05`, `1999/2017`, `2020/..`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Edtf {
    /// One date.
    Date(Date),
    /// From and to, both included; the first is not after the second.
    Interval(Date, Date),
    /// Open end: `A/..` (also written `A/`).
    Since(Date),
    /// Open start: `../B` (also written `/B`).
    Until(Date),
}

impl Edtf {
    /// Parses canonical text; `None` for anything else, an impossible calendar day or an
    /// interval that ends before it begins.
    pub fn parse(text: &str) -> Option<Self> {
        Self::with(text, Date::parse)
    }

    /// Reads what real metadata holds; the flag tells whether the canonical text differs.
    ///
    /// Beyond [`parse`](Self::parse): white space around, date-times (cut to the day), year
    /// ranges with a hyphen or dash (`1999-2017`), ` - ` and ` to ` between dates,
    /// `DD.MM.YYYY`, `YYYY/MM/DD`, `YYYY.MM.DD`, `YYYYMMDD`, missing zeros (`2020-1-5`), English
    /// month names, and reversed intervals. `None` for free text such as `Err`.
    pub fn repair(text: &str) -> Option<(Self, bool)> {
        if let Some(strict) = Self::parse(text) {
            let open = !matches!(strict, Edtf::Date(_) | Edtf::Interval(..));
            return Some((strict, open && strict.to_string() != text));
        }
        let text = text.trim();
        if !text.is_ascii() && !text.contains(['–', '—']) || text.len() > LONGEST_REPAIRABLE {
            return None;
        }
        let text = text.replace(['–', '—'], "-");
        loose_date(&text)
            .map(Edtf::Date)
            .or_else(|| Self::with(&text, loose_date))
            .or_else(|| range(&text))
            .map(|date| (date, true))
    }

    fn with(text: &str, date: impl Fn(&str) -> Option<Date>) -> Option<Self> {
        match text.split_once('/') {
            None => date(text).map(Edtf::Date),
            Some(("" | "..", end)) => date(end).map(Edtf::Until),
            Some((start, "" | "..")) => date(start).map(Edtf::Since),
            Some((start, end)) => interval(date(start)?, date(end)?),
        }
    }

    /// First date; `None` for an open start.
    pub fn start(&self) -> Option<Date> {
        match *self {
            Edtf::Date(date) | Edtf::Interval(date, _) | Edtf::Since(date) => Some(date),
            Edtf::Until(_) => None,
        }
    }

    /// Last date; `None` for an open end.
    pub fn end(&self) -> Option<Date> {
        match *self {
            Edtf::Date(date) | Edtf::Interval(_, date) | Edtf::Until(date) => Some(date),
            Edtf::Since(_) => None,
        }
    }

    /// Year of the start; of the end if the start is open.
    pub fn year(&self) -> i32 {
        match *self {
            Edtf::Date(date) | Edtf::Interval(date, _) | Edtf::Since(date) | Edtf::Until(date) => {
                date.year
            }
        }
    }
}

impl fmt::Display for Edtf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Edtf::Date(date) => write!(f, "{date}"),
            Edtf::Interval(start, end) => write!(f, "{start}/{end}"),
            Edtf::Since(start) => write!(f, "{start}/.."),
            Edtf::Until(end) => write!(f, "../{end}"),
        }
    }
}

/// Longest text worth repairing: two date-times and a separator.
const LONGEST_REPAIRABLE: usize = 80;

fn interval(start: Date, end: Date) -> Option<Edtf> {
    (start.first() <= end.last()).then_some(Edtf::Interval(start, end))
}

/// A range whose separator is not a slash, or a slashed one in the wrong order.
fn range(text: &str) -> Option<Edtf> {
    let years = match text.split_once('-') {
        Some((start, end)) if start.trim().len() == 4 && end.trim().len() == 4 => {
            Some((start, end))
        }
        _ => None,
    };
    let (start, end) =
        [" - ", " to ", "/"].iter().find_map(|separator| text.split_once(separator)).or(years)?;
    let (start, end) = (loose_date(start)?, loose_date(end)?);
    interval(start, end).or_else(|| interval(end, start))
}

fn loose_date(text: &str) -> Option<Date> {
    let text = text.trim();
    let cut = text.find(['T', ' ']).filter(|&at| is_time(&text[at + 1..]));
    let text = cut.map_or(text, |at| &text[..at]);
    if let Some(date) = Date::parse(text) {
        return Some(date);
    }
    if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let number = |part: &str| digits(part.as_bytes());
        return Date::new(number(&text[..4])?, Some(number(&text[4..6])?), number(&text[6..]));
    }
    if let Some(date) = named_month(text) {
        return Some(date);
    }
    let separator = text.chars().find(|&c| matches!(c, '-' | '.' | '/'))?;
    let mut parts = text.split(separator);
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next());
    if parts.next().is_some() {
        return None;
    }
    let number = |part: &str| digits(part.as_bytes());
    match third {
        None if first.len() == 4 && second.len() <= 2 => {
            Date::new(number(first)?, Some(number(second)?), None)
        }
        Some(day) if first.len() == 4 && second.len() <= 2 && day.len() <= 2 => {
            Date::new(number(first)?, Some(number(second)?), Some(number(day)?))
        }
        // The dot is the German, Nordic and Slavic order; slashes may be American: no guess.
        Some(year) if separator == '.' && year.len() == 4 && first.len() <= 2 => {
            Date::new(number(year)?, Some(number(second)?), Some(number(first)?))
        }
        _ => None,
    }
}

/// `July 2011`, `19 September 2016` or `Sep 19, 2016`.
fn named_month(text: &str) -> Option<Date> {
    let mut words = text.split([' ', ',']).filter(|word| !word.is_empty());
    let (first, second, third) = (words.next()?, words.next()?, words.next());
    let (month, day, year) = match third {
        None => (month_number(first)?, None, second),
        Some(year) => match month_number(first) {
            Some(month) => (month, Some(digits(second.as_bytes())?), year),
            None => (month_number(second)?, Some(digits(first.as_bytes())?), year),
        },
    };
    if year.len() != 4 || words.next().is_some() {
        return None;
    }
    Date::new(digits(year.as_bytes())?, Some(month), day)
}

/// An English month name, in full or its first three letters.
fn month_number(word: &str) -> Option<u32> {
    const NAMES: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let is = |name: &&str| word.eq_ignore_ascii_case(name) || word.eq_ignore_ascii_case(&name[..3]);
    (1..).zip(NAMES).find(|(_, name)| is(name)).map(|(number, _)| number)
}

/// Begins like `hh:mm` and holds nothing that could be a second date.
fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 4
        && bytes[0].is_ascii_digit()
        && bytes[..3].contains(&b':')
        && bytes[3].is_ascii_digit()
        && !text.contains(['/', ' '])
}

/// Decimal number of 1 to 9 digits.
fn digits(bytes: &[u8]) -> Option<u32> {
    if bytes.is_empty() || bytes.len() > 9 {
        return None;
    }
    bytes.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0'))
    })
}

fn month_length(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Brings a timestamp to `YYYY-MM-DDThh:mm:ss.ffffff+00:00`, UTC.
///
/// Accepts RFC 3339 and what is near it: a space for `T`, no seconds, any number of fraction
/// digits (cut to six), offsets `Z`, `±hh:mm`, `±hhmm`, `±hh` or none (UTC), and a bare day
/// (midnight). A leap second becomes the last microsecond-precise second before it. `None` for
/// anything else and for years that leave 0000–9999 through the offset.
pub fn timestamp(text: &str) -> Option<String> {
    let text = text.trim();
    if is_canonical(text) {
        return Some(text.to_owned());
    }
    let day = Date::parse(text.get(..10)?)?;
    let rest = &text[10..];
    let (seconds, fraction, offset) = match rest.strip_prefix(['T', 't', ' ']) {
        None if rest.is_empty() => (0, "", 0),
        None => return None,
        Some(time) => time_of_day(time)?,
    };
    let days = days_from_civil(day.year, day.month?, day.day?);
    let total = i64::from(days) * 86_400 + i64::from(seconds) - i64::from(offset);
    let (days, seconds) = (total.div_euclid(86_400), total.rem_euclid(86_400));
    let (year, month, day) = civil_from_days(days);
    if !(0..=9999).contains(&year) {
        return None;
    }
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    Some(format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:0<6}+00:00"
    ))
}

/// Whether the text is what [`timestamp`] writes; such text needs no arithmetic.
fn is_canonical(text: &str) -> bool {
    let Some(local) = text.strip_suffix("+00:00").filter(|local| local.len() == 26) else {
        return false;
    };
    let Some((day, time)) = local.split_once('T') else { return false };
    let time = time.as_bytes();
    let two = |at: usize, max: u32| digits(&time[at..at + 2]).is_some_and(|value| value <= max);
    Date::parse(day).is_some_and(|date| date.day.is_some())
        && (time[2], time[5], time[8]) == (b':', b':', b'.')
        && two(0, 23)
        && two(3, 59)
        && two(6, 59)
        && time[9..].iter().all(u8::is_ascii_digit)
}

/// Seconds since midnight, up to six fraction digits, offset in seconds.
fn time_of_day(text: &str) -> Option<(i32, &str, i32)> {
    let zone = text.find(['Z', 'z', '+', '-']).unwrap_or(text.len());
    let (clock, zone) = text.split_at(zone);
    let (clock, fraction) = clock.split_once(['.', ',']).unwrap_or((clock, ""));
    let mut parts = clock.trim_end().split(':');
    let mut number = |max: u32| -> Option<Option<i32>> {
        match parts.next() {
            None => Some(None),
            Some(part) if part.len() == 2 => {
                let value = digits(part.as_bytes())?;
                (value <= max).then(|| i32::try_from(value).ok())
            }
            Some(_) => None,
        }
    };
    let (hour, minute, second) = (number(23)??, number(59)??, number(60)?.unwrap_or(0));
    if parts.next().is_some() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds = hour * 3600 + minute * 60 + second.min(59);
    Some((seconds, &fraction[..fraction.len().min(6)], offset(zone)?))
}

fn offset(zone: &str) -> Option<i32> {
    let (sign, rest) = match zone.as_bytes().first() {
        None => return Some(0),
        Some(b'Z' | b'z') => return (zone.len() == 1).then_some(0),
        Some(b'-') => (-1, &zone[1..]),
        Some(_) => (1, &zone[1..]),
    };
    let (hours, minutes) = match rest.len() {
        2 => (rest, "00"),
        4 if rest.is_ascii() => rest.split_at(2),
        5 => rest.split_once(':')?,
        _ => return None,
    };
    let (hours, minutes) = (digits(hours.as_bytes())?, digits(minutes.as_bytes())?);
    let seconds = i32::try_from(hours * 3600 + minutes * 60).ok()?;
    (hours <= 23 && minutes <= 59).then_some(sign * seconds)
}

/// Days since 1970-01-01 (Howard Hinnant's `days_from_civil`).
fn days_from_civil(year: i32, month: u8, day: u8) -> i32 {
    let (month, day) = (i32::from(month), i32::from(day));
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Inverse of [`days_from_civil`].
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests;

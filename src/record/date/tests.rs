use proptest::prelude::*;

use super::*;

#[test]
fn strict() {
    for text in [
        "2024",
        "0000",
        "9999",
        "2024-11",
        "2024-02-29",
        "2003/2003",
        "1995/1996-05",
        "2020-01-31/2020-02",
        "2020/..",
        "../2020",
        "2000-02-29",
    ] {
        assert_eq!(Edtf::parse(text).map(|date| date.to_string()).as_deref(), Some(text));
    }
    for (text, canonical) in [("2020/", "2020/.."), ("/2020", "../2020")] {
        assert_eq!(Edtf::parse(text).unwrap().to_string(), canonical);
    }
    for text in [
        "",
        "Err",
        "None",
        "24",
        "2024-13",
        "2024-00",
        "2023-02-29",
        "1900-02-29",
        "2024-1-1",
        "2020/2019",
        "2024-01-01T00:00:00Z",
        "/",
        "../..",
        "2020/2021/2022",
        " 2024",
        "-2024",
        "+024",
        "２０２４",
        "20é4-01-1",
    ] {
        assert_eq!(Edtf::parse(text), None, "{text:?}");
    }
}

#[test]
fn repaired() {
    let cases = [
        ("2024-11-05", "2024-11-05", false),
        ("2003/2003", "2003/2003", false),
        ("2020/", "2020/..", true),
        ("1999-2017", "1999/2017", true),
        ("1999–2017", "1999/2017", true),
        ("1999 - 2017", "1999/2017", true),
        ("2018-10-18T20:40:45Z", "2018-10-18", true),
        ("2019-07-14T17:18:17+0200", "2019-07-14", true),
        ("1970-01-01 00:00:00", "1970-01-01", true),
        ("07.04.2017", "2017-04-07", true),
        ("7.4.2017", "2017-04-07", true),
        ("2017/04/07", "2017-04-07", true),
        ("2017.04.07", "2017-04-07", true),
        ("2017/04", "2017-04", true),
        ("20170407", "2017-04-07", true),
        ("2017-4-7", "2017-04-07", true),
        ("\n 2017 ", "2017", true),
        ("2017-01-01T00:00:00Z/2017-02-01T00:00:00Z", "2017-01-01/2017-02-01", true),
        ("2017-01-01 - 2017-02-01", "2017-01-01/2017-02-01", true),
        ("2017-01-01 to 2017-02-01", "2017-01-01/2017-02-01", true),
        ("2020/2019", "2019/2020", true),
        ("July 2011", "2011-07", true),
        ("19 September 2016", "2016-09-19", true),
        ("sep 19, 2016", "2016-09-19", true),
        ("July 2011 - August 2013", "2011-07/2013-08", true),
    ];
    for (text, canonical, changed) in cases {
        let (date, was_changed) = Edtf::repair(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!((date.to_string().as_str(), was_changed), (canonical, changed), "{text}");
    }
    for text in [
        "",
        "Err",
        "None",
        "31.02.2017",
        "04/07/2017",
        "spring 2017",
        "31 June 2017",
        "July 11",
        "July",
        "2017-2018-2019",
        "20171301",
        "ca. 1900",
        "1999-17",
        "2024-05-01Tomorrow",
        "é",
        &"2".repeat(200),
    ] {
        assert_eq!(Edtf::repair(text), None, "{text:?}");
    }
}

#[test]
fn ends_and_years() {
    let interval = Edtf::parse("1999/2017-05").unwrap();
    assert_eq!(interval.year(), 1999);
    assert_eq!(interval.start().unwrap().to_string(), "1999");
    assert_eq!(interval.end().unwrap().to_string(), "2017-05");
    assert_eq!(Edtf::parse("../2017").unwrap().year(), 2017);
    assert_eq!(Edtf::parse("../2017").unwrap().start(), None);
    assert_eq!(Edtf::parse("2551").unwrap().year(), 2551);
}

#[test]
fn timestamps() {
    let cases = [
        ("2023-01-02T03:04:05.678901+00:00", "2023-01-02T03:04:05.678901+00:00"),
        ("2023-01-02T03:04:05Z", "2023-01-02T03:04:05.000000+00:00"),
        ("2023-01-02T03:04:05.6", "2023-01-02T03:04:05.600000+00:00"),
        ("2023-01-02T03:04:05.6789012345Z", "2023-01-02T03:04:05.678901+00:00"),
        ("2023-01-02 03:04:05", "2023-01-02T03:04:05.000000+00:00"),
        ("2023-01-02T03:04", "2023-01-02T03:04:00.000000+00:00"),
        ("2023-01-01T01:30:00+02:00", "2022-12-31T23:30:00.000000+00:00"),
        ("2023-12-31T22:30:00-0230", "2024-01-01T01:00:00.000000+00:00"),
        ("2024-02-28T23:00:00-02", "2024-02-29T01:00:00.000000+00:00"),
        ("2023-01-02", "2023-01-02T00:00:00.000000+00:00"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.000000+00:00"),
        ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000000+00:00"),
    ];
    for (text, canonical) in cases {
        assert_eq!(timestamp(text).as_deref(), Some(canonical), "{text}");
    }
    for text in [
        "",
        "2023",
        "2023-13-01",
        "2023-01-01T",
        "2023-01-01T25:00",
        "2023-01-01T1:00",
        "2023-01-01T10:00:00+25:00",
        "2023-01-01T10:00:00ZZ",
        "2023-01-01x10:00",
        "Err",
        "0000-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "2023-01-01T10:00:00.x",
        "2023-01-01T10:00:00+é0",
        "2023-01-0é",
    ] {
        assert_eq!(timestamp(text), None, "{text:?}");
    }
}

/// An independent calendar agrees on every day of the supported range's shape.
#[test]
fn days_agree_with_another_calendar() {
    let epoch = jiff::civil::date(1970, 1, 1);
    for year in [1, 1582, 1600, 1700, 1899, 1900, 1970, 2000, 2024, 2100, 9999] {
        for month in 1..=12 {
            for day in [1, 15, jiff::civil::date(year, month, 1).days_in_month()] {
                let days = days_from_civil(i32::from(year), month as u8, day as u8);
                let other = jiff::civil::date(year, month, day);
                assert_eq!((other - epoch).get_days(), days, "{other}");
                let back = civil_from_days(i64::from(days));
                assert_eq!(back, (i64::from(year), i64::from(month), i64::from(day)));
            }
        }
    }
}

proptest! {
    #[test]
    fn nothing_panics_and_canonical_is_stable(
        text in "\\PC{0,30}|[0-9]{1,8}([-./ T:Z+–][0-9]{0,4}){0,7}",
    ) {
        if let Some(date) = Edtf::parse(&text) {
            prop_assert_eq!(Edtf::parse(&date.to_string()), Some(date));
        }
        if let Some((date, _)) = Edtf::repair(&text) {
            prop_assert_eq!(Edtf::parse(&date.to_string()), Some(date));
        }
        if let Some(stamp) = timestamp(&text) {
            prop_assert_eq!(timestamp(&stamp), Some(stamp.clone()));
            prop_assert_eq!(stamp.len(), 32);
        }
    }
}

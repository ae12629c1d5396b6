//! Dates of a DataCite item.

use std::mem::take;

use super::Issues;
use super::datacite::Item;
use super::datacite_map::word;
use super::native::{Term, TypedDate};
use super::tidy;
use crate::record::date::{Date, Edtf};
use crate::record::vocabulary;

/// All dates of an item, repaired, in document order.
#[derive(Debug, Default)]
pub(super) struct Dates<'a> {
    /// The date of issue, else the publication year.
    pub(super) publication: Option<String>,
    pub(super) others: Vec<TypedDate<'a>>,
}

/// Reads the dates out of an item. What cannot be read as a date (`Err`, `None`) is dropped
/// with an issue.
pub(super) fn dates<'a>(item: &mut Item<'a>, issues: &mut Issues) -> Dates<'a> {
    let mut dates = Dates::default();
    for (at, source) in take(&mut item.dates.0).into_iter().enumerate() {
        let Some(text) = source.date.0.and_then(tidy) else { continue };
        let Some((date, _)) = Edtf::repair(&text) else {
            let message = format!("{text:?} is not a date: dropped");
            issues.add(format!("dates[{at}]"), "invalid-date", message);
            continue;
        };
        let kind = word(source.date_type);
        let known = kind.as_deref().and_then(vocabulary::date_type_by_datacite);
        let id = known.map_or("other", |known| known.id);
        let description = word(source.date_information);
        if id == "issued" && description.is_none() && dates.publication.is_none() {
            dates.publication = Some(date.to_string());
            continue;
        }
        dates.others.push(TypedDate { date: date.to_string(), kind: Term::known(id), description });
    }
    if dates.publication.is_none()
        && let Some(year) = item.publication_year.0.take().and_then(tidy)
    {
        match Edtf::repair(&year) {
            Some((date, _)) => dates.publication = Some(date.to_string()),
            None => {
                issues.add("publicationYear", "invalid-date", format!("{year:?} is not a year"))
            }
        }
    }
    dates
}

impl Dates<'_> {
    /// Takes out the one plain `Updated` day, which InvenioRDM's exporter makes of the record's
    /// time stamp; several, or one with a description, are the author's own.
    pub(super) fn take_updated(&mut self) -> Option<String> {
        let is_updated = |date: &TypedDate<'_>| date.kind.id == "updated";
        let mut updated = self.others.iter().enumerate().filter(|(_, date)| is_updated(date));
        let (at, date) = updated.next()?;
        let plain = date.description.is_none() && is_day(&date.date);
        (plain && updated.next().is_none()).then(|| self.others.remove(at).date)
    }

    /// The day from which the work is available.
    pub(super) fn available(&self) -> Option<String> {
        let available = |date: &&TypedDate<'_>| date.kind.id == "available" && is_day(&date.date);
        self.others.iter().find(available).map(|date| date.date.clone())
    }
}

fn is_day(text: &str) -> bool {
    Date::parse(text).is_some_and(|date| date.day.is_some())
}

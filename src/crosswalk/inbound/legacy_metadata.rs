//! The `metadata` object of legacy JSON, field by field.

use std::borrow::Cow;
use std::mem::take;

use super::contributor::{normalized, person};
use super::legacy_shape::{Funder, Grant, Location, Metadata, Period, Person, Related};
use super::native::{self, Identifier, Str, Term};
use super::{Issues, coordinates, known_language, tidy, trimmed};
use crate::record::date::Edtf;
use crate::record::{Text, identifier, vocabulary};

/// Tidied text of an optional field; blank counts as absent.
pub(super) fn word(text: Option<Text<'_>>) -> Option<Str<'_>> {
    tidy(text?.0)
}

/// HTML or other text whose inner white space counts.
fn passage(text: Option<Text<'_>>) -> Option<Str<'_>> {
    trimmed(text?.0)
}

/// What remains after the record level fields have been taken.
pub(super) fn metadata<'a>(mut source: Metadata<'a>, issues: &mut Issues) -> native::Metadata<'a> {
    let kind = resource_type(&source, issues);
    let creators = people(take(&mut source.creators.0), "creators", issues);
    let mut contributors = people(take(&mut source.contributors.0), "contributors", issues);
    let supervisors = people(take(&mut source.thesis.supervisors.0), "thesis.supervisors", issues);
    contributors.extend(supervisors.into_iter().map(|mut supervisor| {
        supervisor.role = Some(Term::known("supervisor"));
        supervisor
    }));
    let licence = word(source.license.0.id.take());
    let publisher = source.imprint.publisher.take().or(source.part_of.publisher.take());
    native::Metadata {
        resource_type: kind,
        creators: creators
            .into_iter()
            .map(|creator| native::Contributor { role: None, ..creator })
            .collect(),
        title: word(source.title),
        publisher: word(publisher),
        publication_date: publication_date(source.publication_date, issues),
        subjects: keywords(source.keywords.0),
        contributors,
        dates: dates(source.dates.0, issues),
        languages: word(source.language)
            .and_then(|code| known_language(&code, "metadata.language", issues))
            .into_iter()
            .collect(),
        identifiers: alternates(source.alternate_identifiers.0),
        related_identifiers: related(source.related_identifiers.0, issues),
        version: word(source.version),
        rights: licence.map(right).into_iter().collect(),
        description: passage(source.description),
        additional_descriptions: [(source.notes, "notes"), (source.method, "methods")]
            .into_iter()
            .filter_map(|(text, kind)| {
                let description = passage(text)?;
                Some(native::Description { description, kind: Term::known(kind), lang: None })
            })
            .collect(),
        locations: native::Locations { features: locations(source.locations.0, issues) },
        funding: source.grants.0.into_iter().filter_map(funding).collect(),
        references: source
            .references
            .0
            .into_iter()
            .filter_map(|reference| word(reference.0.raw_reference))
            .map(|reference| native::Reference { reference })
            .collect(),
        ..native::Metadata::default()
    }
}

/// `{type, subtype}` → `type-subtype`; an unknown pair falls back to its type, then to
/// `other`. `publication-thesis` is today's `publication-dissertation`.
fn resource_type(source: &Metadata<'_>, issues: &mut Issues) -> Term<'static> {
    let part = |part: &Option<Text<'_>>| {
        part.as_ref().map(|part| part.trim().to_ascii_lowercase()).unwrap_or_default()
    };
    let (kind, subtype) = (part(&source.resource_type.kind), part(&source.resource_type.subtype));
    let full = if subtype.is_empty() { kind.clone() } else { format!("{kind}-{subtype}") };
    if let Some(known) = vocabulary::resource_type(&full) {
        return Term::known(known.id);
    }
    let fallback = vocabulary::resource_type(&kind).map_or("other", |known| known.id);
    let message = format!("{full:?} is not in the vocabulary: taken for {fallback}");
    issues.add("metadata.resource_type", "unknown-id", message);
    Term::known(fallback)
}

fn people<'a>(
    people: Vec<Person<'a>>,
    field: &str,
    issues: &mut Issues,
) -> Vec<native::Contributor<'a>> {
    let convert = |(at, source): (usize, Person<'a>)| {
        let mut identifiers = Vec::new();
        for (scheme, value) in [("orcid", source.orcid), ("gnd", source.gnd)] {
            let Some(value) = word(value) else { continue };
            match normalized(scheme, value) {
                Ok(identifier) => {
                    identifiers.push(Identifier { identifier, scheme: Cow::Borrowed(scheme) });
                }
                Err(value) => issues.add(
                    format!("metadata.{field}[{at}].{scheme}"),
                    "invalid-identifier",
                    format!("{value:?} is no valid {scheme}"),
                ),
            }
        }
        let Some(name) = word(source.name) else {
            issues.add(format!("metadata.{field}[{at}]"), "missing", "nameless: dropped");
            return None;
        };
        let kind = word(source.kind);
        let role = kind.as_deref().and_then(vocabulary::role_by_datacite);
        let affiliations = word(source.affiliation)
            .map(|name| native::Affiliation { name: Some(name), ..native::Affiliation::default() });
        Some(native::Contributor {
            person_or_org: native::PersonOrOrg { identifiers, ..person(name) },
            role: Some(Term::known(role.map_or("other", |role| role.id))),
            affiliations: affiliations.into_iter().collect(),
        })
    };
    people.into_iter().enumerate().filter_map(convert).collect()
}

fn publication_date(date: Option<Text<'_>>, issues: &mut Issues) -> Option<String> {
    let text = word(date)?;
    match Edtf::repair(&text) {
        Some((date, _)) => Some(date.to_string()),
        None => {
            issues.add(
                "metadata.publication_date",
                "invalid-date",
                format!("{text:?} is not a date"),
            );
            None
        }
    }
}

/// A date of day precision, canonical.
pub(super) fn day(date: Option<Text<'_>>, path: &str, issues: &mut Issues) -> Option<String> {
    let text = word(date)?;
    match Edtf::repair(&text) {
        Some((Edtf::Date(date), _)) if date.day.is_some() => Some(date.to_string()),
        _ => {
            issues.add(path, "invalid-date", format!("{text:?} is not a day"));
            None
        }
    }
}

/// Keywords as they are: one that holds a whole comma-separated list is not taken apart,
/// because a comma may as well belong to the term.
fn keywords(keywords: Vec<Text<'_>>) -> Vec<native::Subject<'_>> {
    let keywords = keywords.into_iter().filter_map(|keyword| tidy(keyword.0));
    keywords
        .map(|subject| native::Subject { subject: Some(subject), ..Default::default() })
        .collect()
}

/// `{start?, end?}` → a day or an interval. The legacy serializer loses the value of single
/// dates (zenodo/zenodo#2594); what is left then, a type without a date, is dropped.
fn dates<'a>(periods: Vec<Period<'a>>, issues: &mut Issues) -> Vec<native::TypedDate<'a>> {
    let convert = |(at, period): (usize, Period<'a>)| {
        let text = match (word(period.start), word(period.end)) {
            (Some(start), Some(end)) if start == end => start,
            (Some(start), Some(end)) => Cow::Owned(format!("{start}/{end}")),
            (Some(day), None) | (None, Some(day)) => day,
            (None, None) => Cow::Borrowed(""),
        };
        let Some((date, _)) = Edtf::repair(&text) else {
            issues.add(
                format!("metadata.dates[{at}]"),
                "invalid-date",
                format!("{text:?} is not a date: dropped"),
            );
            return None;
        };
        let kind = word(period.kind);
        let kind = kind.as_deref().and_then(vocabulary::date_type_by_datacite);
        Some(native::TypedDate {
            date: date.to_string(),
            kind: Term::known(kind.map_or("other", |kind| kind.id)),
            description: word(period.description),
        })
    };
    periods.into_iter().enumerate().filter_map(convert).collect()
}

fn alternates(alternates: Vec<Related<'_>>) -> Vec<Identifier<'_>> {
    let alternates = alternates.into_iter();
    alternates
        .filter_map(|alternate| {
            Some(scheme_and_value(&alternate.scheme, word(alternate.identifier)?))
        })
        .collect()
}

/// The named scheme, else the one that the value looks like; the value in its normal form if
/// it has one.
fn scheme_and_value<'a>(scheme: &Option<Text<'a>>, value: Str<'a>) -> Identifier<'a> {
    let named = scheme.as_ref().map(|scheme| scheme.trim().to_ascii_lowercase());
    let scheme: Str<'_> = match named.filter(|scheme| !scheme.is_empty()) {
        Some(scheme) => match vocabulary::scheme(&scheme) {
            Some(known) => Cow::Borrowed(known.id),
            None => Cow::Owned(scheme),
        },
        None => Cow::Borrowed(identifier::detect(&value).unwrap_or("other")),
    };
    let identifier = normalized(&scheme, value).unwrap_or_else(|value| value);
    Identifier { identifier, scheme }
}

fn related<'a>(related: Vec<Related<'a>>, issues: &mut Issues) -> Vec<native::Related<'a>> {
    let convert = |(at, source): (usize, Related<'a>)| {
        let value = word(source.identifier)?;
        let Identifier { identifier, scheme } = scheme_and_value(&source.scheme, value);
        let relation = word(source.relation);
        let known = relation.as_deref().and_then(vocabulary::relation_type_by_datacite);
        if known.is_none() {
            issues.add(
                format!("metadata.related_identifiers[{at}].relation"),
                "unknown-id",
                format!("{:?} is not in the vocabulary", relation.as_deref().unwrap_or("")),
            );
        }
        let kind = source.resource_type.0.and_then(tidy);
        Some(native::Related {
            identifier,
            scheme,
            relation_type: Term::known(known.map_or("other", |known| known.id)),
            resource_type: kind
                .and_then(|kind| vocabulary::resource_type(&kind))
                .map(|kind| Term::known(kind.id)),
        })
    };
    related.into_iter().enumerate().filter_map(convert).collect()
}

fn locations<'a>(locations: Vec<Location<'a>>, issues: &mut Issues) -> Vec<native::Feature<'a>> {
    let convert = |(at, location): (usize, Location<'a>)| {
        let number = |text: &Option<Str<'_>>| text.as_ref()?.trim().parse::<f64>().ok();
        let place = word(location.place);
        let description = passage(location.description);
        let point = coordinates(number(&location.lon.0), number(&location.lat.0));
        if point.is_none() {
            let message = "no point of the globe: coordinates dropped";
            issues.add(format!("metadata.locations[{at}]"), "invalid-value", message);
        }
        let kept = point.is_some() || place.is_some() || description.is_some();
        let geometry = point.map(native::Geometry::Point);
        kept.then_some(native::Feature { geometry, place, description })
    };
    locations.into_iter().enumerate().filter_map(convert).collect()
}

/// A licence id of today's vocabulary; one that it does not know is kept in lower case.
fn right(id: Str<'_>) -> native::Right<'_> {
    let id = match vocabulary::licence(&id) {
        Some(known) => Cow::Borrowed(known.id),
        None => Cow::Owned(id.to_lowercase()),
    };
    native::Right { id: Some(id), ..native::Right::default() }
}

/// A grant. `internal_id` (`<funder DOI>::<number>`) is the award's id; the oldest responses
/// and the deposit form have only one of its halves or call it `id`.
fn funding(grant: Grant<'_>) -> Option<native::Funding<'_>> {
    let Grant { id, internal_id, code, title, acronym, program, url, doi, funder } = grant;
    let id = word(internal_id).or_else(|| word(id));
    let (funder_doi, number) = halves(id.as_deref());
    let number = word(code).or(number);
    let funder = native_funder(funder, funder_doi);
    let id = id.or_else(|| {
        let doi = funder.identifiers.first()?;
        Some(Cow::Owned(format!("{}::{}", doi.identifier, number.as_deref()?)))
    });
    let identifiers: Vec<Identifier<'_>> = [("url", url), ("doi", doi)]
        .into_iter()
        .filter_map(|(scheme, value)| {
            let identifier = normalized(scheme, word(value)?).ok()?;
            Some(Identifier { identifier, scheme: Cow::Borrowed(scheme) })
        })
        .collect();
    let award = native::Award {
        id,
        title: word(title).map(|en| native::English { en }),
        number,
        acronym: word(acronym),
        program: word(program),
        identifiers,
    };
    let known = award.number.is_some() || award.title.is_some() || award.id.is_some();
    if !known && funder.name.is_none() && funder.identifiers.is_empty() {
        return None;
    }
    Some(native::Funding { funder, award: known.then_some(award) })
}

/// Funder DOI and grant number of `10.13039/501100000780::283595`; a bare number is a number.
fn halves<'a>(id: Option<&str>) -> (Option<Str<'a>>, Option<Str<'a>>) {
    let Some(id) = id else { return (None, None) };
    let (funder, number) = id.split_once("::").unwrap_or(("", id));
    let part = |part: &str| (!part.is_empty()).then(|| Cow::Owned(part.to_owned()));
    (part(funder), part(number))
}

fn native_funder<'a>(funder: Funder<'a>, doi_from_id: Option<Str<'a>>) -> native::Funder<'a> {
    let doi = word(funder.doi).or(doi_from_id).and_then(|doi| normalized("doi", doi).ok());
    native::Funder {
        id: None,
        name: word(funder.name),
        country: funder.country.0.and_then(tidy),
        identifiers: doi
            .map(|identifier| Identifier { identifier, scheme: Cow::Borrowed("doi") })
            .into_iter()
            .collect(),
    }
}

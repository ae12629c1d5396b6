//! People and organisations: names, their parts and their identifiers.

use std::borrow::Cow;

use super::native::{Identifier, PersonOrOrg, Str};
use super::{Issues, tidy};
use crate::record::{identifier, vocabulary};

/// A person as native JSON names one, from a name in one piece.
///
/// Split only where splitting is no guess: exactly one comma with text on both sides and no
/// semicolon, which is how the sources write `Family, Given`. `Doe; Roe, Ann`, `A, B, C` and
/// `Ann Roe` keep the name whole. An organisation that the source does not mark as one is
/// taken for a person, as Zenodo does.
pub(super) fn person(name: Str<'_>) -> PersonOrOrg<'_> {
    match split(&name) {
        None => PersonOrOrg { kind: "personal", name, ..PersonOrOrg::default() },
        Some((family, given)) => {
            let (family, given) = match &name {
                Cow::Borrowed(name) => {
                    let (family, given) = split(name).unwrap_or((name, ""));
                    (Cow::Borrowed(family), Cow::Borrowed(given))
                }
                Cow::Owned(_) => (Cow::Owned(family.to_owned()), Cow::Owned(given.to_owned())),
            };
            named("personal", family, given)
        }
    }
}

/// A person of known name parts; the full name is derived as InvenioRDM derives it.
pub(super) fn named<'a>(kind: &'static str, family: Str<'a>, given: Str<'a>) -> PersonOrOrg<'a> {
    let name = if given.is_empty() {
        family.clone()
    } else if family.is_empty() {
        given.clone()
    } else {
        Cow::Owned(format!("{family}, {given}"))
    };
    let part = |part: Str<'a>| (!part.is_empty()).then_some(part);
    PersonOrOrg {
        kind,
        name,
        given_name: part(given),
        family_name: part(family),
        identifiers: Vec::new(),
    }
}

fn split(name: &str) -> Option<(&str, &str)> {
    let (family, given) = name.split_once(',')?;
    let (family, given) = (family.trim(), given.trim());
    let sound = !family.is_empty() && !given.is_empty() && !given.contains(',');
    (sound && !name.contains(';')).then_some((family, given))
}

/// An identifier of a person or organisation in normal form.
///
/// `label` is the scheme's name in the source, any case; a blank one is guessed from the
/// value. A value that fails its scheme's check is dropped with an issue: a wrong ORCID leads
/// to a wrong person. A scheme that is not known here is kept under its lower-cased label.
pub(super) fn name_identifier<'a>(
    label: &str,
    value: Str<'a>,
    path: &dyn Fn() -> String,
    issues: &mut Issues,
) -> Option<Identifier<'a>> {
    let value = tidy(value)?;
    let Some(scheme) = scheme_id(label, &value) else {
        issues.add(path(), "invalid-identifier", format!("{value:?} is of no known scheme"));
        return None;
    };
    match normalized(&scheme, value) {
        Ok(identifier) => Some(Identifier { identifier, scheme }),
        Err(value) => {
            issues.add(path(), "invalid-identifier", format!("{value:?} is no valid {scheme}"));
            None
        }
    }
}

/// The native scheme id for a source's label, or for the value if the label is blank.
fn scheme_id(label: &str, value: &str) -> Option<Str<'static>> {
    let label = label.trim();
    // DataCite's label, an InvenioRDM id, or the address that some sources put there.
    let known = vocabulary::scheme_by_datacite(label)
        .or_else(|| vocabulary::scheme(&label.to_ascii_lowercase()));
    if let Some(scheme) = known {
        return Some(Cow::Borrowed(scheme.id));
    }
    if label.is_empty() || label.contains("://") {
        let address = format!("{label}{value}");
        return identifier::detect(value)
            .or_else(|| identifier::detect(&address))
            .map(Cow::Borrowed);
    }
    Some(Cow::Owned(label.to_ascii_lowercase()))
}

/// The normal form of `value` under `scheme`, borrowed where it can be; the value itself if it
/// has none.
pub(super) fn normalized<'a>(scheme: &str, value: Str<'a>) -> Result<Str<'a>, Str<'a>> {
    let normal = match &value {
        Cow::Borrowed(text) => identifier::normalize(scheme, text),
        Cow::Owned(text) => {
            identifier::normalize(scheme, text).map(|normal| Cow::Owned(normal.into_owned()))
        }
    };
    normal.ok_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_at_a_lone_comma_only() {
        #[track_caller]
        fn check(name: &str, expect: (&str, Option<&str>, Option<&str>)) {
            for name in [Cow::Borrowed(name), Cow::Owned(name.to_owned())] {
                let person = person(name);
                let found =
                    (&*person.name, person.family_name.as_deref(), person.given_name.as_deref());
                assert_eq!(found, expect);
                assert_eq!(person.kind, "personal");
            }
        }
        check("Roe, Ann", ("Roe, Ann", Some("Roe"), Some("Ann")));
        check("Roe,Ann B.", ("Roe, Ann B.", Some("Roe"), Some("Ann B.")));
        check("Manick", ("Manick", None, None));
        check("Ann Roe", ("Ann Roe", None, None));
        check("Roe,", ("Roe,", None, None));
        check(", Ann", (", Ann", None, None));
        check("Roe; Ann", ("Roe; Ann", None, None));
        check("Roe, Ann; Doe", ("Roe, Ann; Doe", None, None));
        check("Ann Roe, John Doe, Jo Loe", ("Ann Roe, John Doe, Jo Loe", None, None));
        check("Ann ROE1, Jo DOE2 , X3", ("Ann ROE1, Jo DOE2 , X3", None, None));
    }

    #[test]
    fn name_identifiers_are_normal_or_gone() {
        #[track_caller]
        fn check(label: &str, value: &str, expect: Option<(&str, &str)>) {
            let mut issues = Issues::default();
            let found = name_identifier(label, Cow::Borrowed(value), &String::new, &mut issues);
            let found = found.as_ref().map(|found| (&*found.scheme, &*found.identifier));
            assert_eq!(found, expect, "{label} {value}");
            assert_eq!(issues.0.len(), usize::from(expect.is_none() && !value.is_empty()));
        }
        let orcid = Some(("orcid", "0000-0002-1825-0097"));
        check("ORCID", "https://orcid.org/0000-0002-1825-0097", orcid);
        check("orcid", " 0000-0002-1825-0097\n", orcid);
        check("", "http://orcid.org/0000-0002-1825-0097", orcid);
        check("https://orcid.org/", "0000-0002-1825-0097", orcid);
        check("ORCID", "https://orcid.org/1111-1111-1111-111X", None);
        check("ORCID", "None", None);
        check("ORCID", "", None);
        check("ROR", "https://ror.org/04wxnsj81", Some(("ror", "04wxnsj81")));
        check("ResearcherID", "A-1", Some(("researcherid", "A-1")));
    }
}

//! Names of people and organisations, taken apart for the formats that want parts.

use std::borrow::Cow;

use crate::record::html::plain;
use crate::record::model::{Contributor, PersonOrOrg};

/// A name in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name<'a> {
    /// A person with a family name.
    Person {
        /// Family name, never empty.
        family: Cow<'a, str>,
        /// Given names, `None` for a mononym.
        given: Option<Cow<'a, str>>,
    },
    /// An organisation, to be printed as it stands; never empty.
    Organisation(Cow<'a, str>),
}

impl<'a> Name<'a> {
    /// The name of a creator or contributor, `None` if nothing names it.
    ///
    /// The parts win over the whole; a whole `Family, Given` is split at its first comma. An
    /// entry without a type is a person if it has a family name or such a comma.
    pub fn of(who: &'a PersonOrOrg<'_>) -> Option<Name<'a>> {
        let whole = given_text(who.name.as_deref());
        let family = given_text(who.family_name.as_deref());
        let given = given_text(who.given_name.as_deref());
        if who.kind.as_deref() == Some("organizational") {
            return whole.or(family).map(Name::Organisation);
        }
        if let Some(family) = family {
            return Some(Name::Person { family, given });
        }
        let Some(whole) = whole else {
            return given.map(|given| Name::Person { family: given, given: None });
        };
        match split(&whole) {
            Some((family, given)) => Some(Name::Person {
                family: Cow::Owned(family.to_owned()),
                given: (!given.is_empty()).then(|| Cow::Owned(given.to_owned())),
            }),
            None if who.kind.as_deref() == Some("personal") => {
                Some(Name::Person { family: whole, given: None })
            }
            None => Some(Name::Organisation(whole)),
        }
    }

    /// `Given Family`, or the organisation.
    pub fn natural(&self) -> Cow<'_, str> {
        match self {
            Name::Person { family, given: Some(given) } => format!("{given} {family}").into(),
            Name::Person { family: whole, given: None } | Name::Organisation(whole) => {
                Cow::Borrowed(whole)
            }
        }
    }

    /// `Family, Given`, or the organisation.
    pub fn inverted(&self) -> Cow<'_, str> {
        match self {
            Name::Person { family, given: Some(given) } => format!("{family}, {given}").into(),
            Name::Person { family: whole, given: None } | Name::Organisation(whole) => {
                Cow::Borrowed(whole)
            }
        }
    }
}

/// The role of a contributor, empty if it has none.
pub(crate) fn role<'a>(contributor: &'a Contributor<'_>) -> &'a str {
    contributor.role.as_ref().map_or("", |role| role.id.as_str())
}

/// Plain text, `None` when nothing is left of it.
pub(crate) fn given_text(text: Option<&str>) -> Option<Cow<'_, str>> {
    text.map(plain).filter(|text| !text.is_empty())
}

fn split(whole: &str) -> Option<(&str, &str)> {
    let (family, given) = whole.split_once(',')?;
    let (family, given) = (family.trim(), given.trim());
    (!family.is_empty()).then_some((family, given))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, expected: Option<&str>) {
        let who: PersonOrOrg<'_> = serde_json::from_str(json).unwrap();
        let name = Name::of(&who).map(|name| match &name {
            Name::Person { family, given } => {
                format!("{family}|{}", given.as_deref().unwrap_or("-"))
            }
            Name::Organisation(whole) => format!("[{whole}]"),
        });
        assert_eq!(name.as_deref(), expected, "{json}");
    }

    #[test]
    fn takes_names_apart() {
        check(
            r#"{"type":"personal","name":"x","family_name":"Brown","given_name":"Troy"}"#,
            Some("Brown|Troy"),
        );
        check(r#"{"type":"personal","name":"Brown, Troy"}"#, Some("Brown|Troy"));
        check(r#"{"type":"personal","name":"Brown,"}"#, Some("Brown|-"));
        check(r#"{"type":"personal","name":"Plato"}"#, Some("Plato|-"));
        check(r#"{"type":"personal","given_name":"Plato"}"#, Some("Plato|-"));
        check(
            r#"{"type":"organizational","name":"Brown, Smith and Co."}"#,
            Some("[Brown, Smith and Co.]"),
        );
        check(r#"{"type":"organizational","family_name":"CERN"}"#, Some("[CERN]"));
        check(r#"{"name":"Brown, Troy"}"#, Some("Brown|Troy"));
        check(r#"{"name":"CERN"}"#, Some("[CERN]"));
        check(r#"{"name":", Troy","type":"personal"}"#, Some(", Troy|-"));
        check(r#"{"name":null}"#, None);
        check(r#"{"name":"","type":"personal"}"#, None);
    }
}

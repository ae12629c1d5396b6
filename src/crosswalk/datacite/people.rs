//! Creators and contributors: names, name identifiers, affiliations.

use std::borrow::Cow;

use super::value::{normal, optional, unique};
use crate::record::model::{Affiliation as RecordAffiliation, Contributor, Identifier};
use crate::record::{identifier, vocabulary};

/// What stands for a mandatory value that is unavailable (DataCite schema, appendix 3).
pub(super) const UNAVAILABLE: &str = "(:unav)";

/// A creator or contributor.
#[derive(Debug)]
pub(super) struct Party<'a> {
    /// Not empty.
    pub(super) name: Cow<'a, str>,
    /// `Personal` or `Organizational`.
    pub(super) kind: Option<&'static str>,
    pub(super) given: Option<Cow<'a, str>>,
    pub(super) family: Option<Cow<'a, str>>,
    pub(super) ids: Vec<AgentId<'a>>,
    pub(super) affiliations: Vec<Affiliation<'a>>,
    /// `contributorType`; creators do not write it.
    pub(super) role: &'static str,
}

/// An identifier of a person or organisation. The text is `prefix` + `value`.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct AgentId<'a> {
    /// Resolver that belongs to the identifier's full form, or nothing.
    pub(super) prefix: &'static str,
    /// Not empty.
    pub(super) value: Cow<'a, str>,
    /// `ORCID`, `ROR`…
    pub(super) scheme: Cow<'a, str>,
    pub(super) scheme_uri: Option<&'static str>,
}

/// An affiliation.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Affiliation<'a> {
    /// Not empty.
    pub(super) name: Cow<'a, str>,
    pub(super) id: Option<AgentId<'a>>,
}

/// Schemes with a resolver: id, label, prefix of the written form, `schemeURI`.
///
/// ORCID and ROR are written as URLs, as the official examples of the schema do; ISNI and GND
/// stay bare.
const RESOLVED: [(&str, &str, &str, &str); 4] = [
    ("orcid", "ORCID", "https://orcid.org/", "https://orcid.org"),
    ("ror", "ROR", "https://ror.org/", "https://ror.org"),
    ("isni", "ISNI", "", "https://isni.org/isni/"),
    ("gnd", "GND", "", "https://d-nb.info/gnd/"),
];

/// Creators in order; `(:unav)` when none has a name.
pub(super) fn creators<'a>(creators: &'a [Contributor<'_>]) -> Vec<Party<'a>> {
    let mut parties = at_most(creators.len(), creators.iter().filter_map(|one| party(one, "")));
    if parties.is_empty() {
        parties.push(Party {
            name: Cow::Borrowed(UNAVAILABLE),
            kind: None,
            given: None,
            family: None,
            ids: Vec::new(),
            affiliations: Vec::new(),
            role: "",
        });
    }
    parties
}

/// Contributors in order; a role that is missing or unknown is `Other`.
pub(super) fn contributors<'a>(contributors: &'a [Contributor<'_>]) -> Vec<Party<'a>> {
    let role = |one: &Contributor<'_>| {
        let role = one.role.as_ref().and_then(|role| vocabulary::role(&role.id));
        role.map_or("Other", |role| role.datacite)
    };
    contributors.iter().filter_map(|one| party(one, role(one))).collect()
}

/// A list with room for `most` items: a collected one has room for four at least, and of 3,000
/// creators each has two lists.
fn at_most<T>(most: usize, items: impl Iterator<Item = T>) -> Vec<T> {
    let mut list = Vec::with_capacity(most);
    list.extend(items);
    list
}

/// `None` without a name: nothing else identifies the party to a reader.
fn party<'a>(contributor: &'a Contributor<'_>, role: &'static str) -> Option<Party<'a>> {
    let person = &contributor.person_or_org;
    let kind = match person.kind.as_deref() {
        Some("personal") => Some("Personal"),
        Some("organizational") => Some("Organizational"),
        _ => None,
    };
    let (given, family) = if kind == Some("Organizational") {
        (None, None)
    } else {
        (optional(&person.given_name), optional(&person.family_name))
    };
    let name = optional(&person.name).or_else(|| match (&family, &given) {
        (Some(family), Some(given)) => Some(Cow::Owned([family, ", ", given].concat())),
        (one, other) => one.as_ref().or(other.as_ref()).cloned(),
    })?;
    let ids = person.identifiers.iter();
    let mut ids = at_most(ids.len(), ids.filter_map(agent_id));
    unique(&mut ids);
    let affiliations = contributor.affiliations.iter();
    let mut affiliations = at_most(affiliations.len(), affiliations.filter_map(affiliation));
    unique(&mut affiliations);
    Some(Party { name, kind, given, family, ids, affiliations, role })
}

/// A valid identifier in its normal form. Invalid ones (bad ORCID check digit, `None`) are
/// dropped: under a scheme's name they would be taken for somebody.
pub(super) fn agent_id<'a>(raw: &'a Identifier<'_>) -> Option<AgentId<'a>> {
    let scheme = match optional(&raw.scheme) {
        Some(scheme) => scheme,
        None => Cow::Borrowed(identifier::detect(&raw.identifier)?),
    };
    let value = normal(&scheme, &raw.identifier)?;
    if let Some(&(_, label, prefix, uri)) = RESOLVED.iter().find(|row| row.0 == scheme) {
        let scheme = Cow::Borrowed(label);
        return Some(AgentId { prefix, value, scheme, scheme_uri: Some(uri) });
    }
    let scheme = match vocabulary::scheme(&scheme) {
        Some(known) => Cow::Borrowed(known.datacite),
        None => scheme,
    };
    Some(AgentId { prefix: "", value, scheme, scheme_uri: None })
}

/// Name and best identifier: ROR, ISNI, GND, else the first.
///
/// A controlled affiliation that was not expanded has only its id; then the id is the name.
fn affiliation<'a>(raw: &'a RecordAffiliation<'_>) -> Option<Affiliation<'a>> {
    let id = raw.id.as_deref().and_then(ror).or_else(|| preferred(&raw.identifiers));
    let name = optional(&raw.name).or_else(|| {
        let id = id.as_ref()?;
        Some(Cow::Owned([id.prefix, &id.value].concat()))
    });
    Some(Affiliation { name: name.or_else(|| optional(&raw.id))?, id })
}

/// A ROR id, bare or with resolver.
pub(super) fn ror(raw: &str) -> Option<AgentId<'_>> {
    let (_, label, prefix, uri) = RESOLVED[1];
    let value = normal("ror", raw)?;
    Some(AgentId { prefix, value, scheme: Cow::Borrowed(label), scheme_uri: Some(uri) })
}

/// The first valid identifier of the most wanted scheme.
fn preferred<'a>(ids: &'a [Identifier<'_>]) -> Option<AgentId<'a>> {
    let mut all = ids.iter().filter_map(agent_id);
    let rank = |id: &AgentId<'_>| {
        ["ROR", "ISNI", "GND"].iter().position(|wanted| *wanted == id.scheme).unwrap_or(3)
    };
    let first = all.next()?;
    Some(all.fold(first, |best, id| if rank(&id) < rank(&best) { id } else { best }))
}

//! Creators, contributors and funders of a DataCite item.

use std::borrow::Cow;
use std::collections::HashSet;

use super::Issues;
use super::contributor::{name_identifier, named, normalized, person};
use super::datacite::{Affiliation, Funding, NameIdentifier, Party};
use super::datacite_map::{labelled, word};
use super::lenient::Bare;
use super::native::{self, Identifier, PersonOrOrg, Str, Term};
use crate::record::vocabulary;

/// Creators in order; nameless ones are dropped with an issue.
pub(super) fn creators<'a>(
    creators: Vec<Bare<Party<'a>>>,
    issues: &mut Issues,
) -> Vec<native::Contributor<'a>> {
    let creators = creators.into_iter().enumerate();
    creators.filter_map(|(at, one)| party(one.0, "creators", at, issues)).collect()
}

/// Contributors in order. Up to kernel 3 funders stood among them, as type `Funder`; they go
/// to `funding`, unless it has them already.
pub(super) fn contributors<'a>(
    contributors: Vec<Bare<Party<'a>>>,
    funding: &mut Vec<native::Funding<'a>>,
    issues: &mut Issues,
) -> Vec<native::Contributor<'a>> {
    let mut all = Vec::with_capacity(contributors.len());
    let mut funders: HashSet<Str<'a>> =
        funding.iter().filter_map(|one| one.funder.name.clone()).collect();
    for (at, Bare(mut one)) in contributors.into_iter().enumerate() {
        let kind = word(one.contributor_type.take()).unwrap_or_default();
        if kind.eq_ignore_ascii_case("funder") {
            funding.extend(funder_of_old(one, &mut funders));
            continue;
        }
        let role = vocabulary::role_by_datacite(&kind).map_or("other", |role| role.id);
        if let Some(mut contributor) = party(one, "contributors", at, issues) {
            contributor.role = Some(Term::known(role));
            all.push(contributor);
        }
    }
    all
}

fn funder_of_old<'a>(
    party: Party<'a>,
    known: &mut HashSet<Str<'a>>,
) -> Option<native::Funding<'a>> {
    let name = word(party.name.or(party.contributor_name))?;
    if !known.insert(name.clone()) {
        return None;
    }
    let mut funder = native::Funder { name: Some(name), ..native::Funder::default() };
    for id in party.name_identifiers.0 {
        let Some(value) = word(id.name_identifier) else { continue };
        funder_identifier(&mut funder, &word(id.name_identifier_scheme).unwrap_or_default(), value);
    }
    Some(native::Funding { funder, award: None })
}

fn party<'a>(
    party: Party<'a>,
    field: &str,
    at: usize,
    issues: &mut Issues,
) -> Option<native::Contributor<'a>> {
    let path = || format!("{field}[{at}].nameIdentifiers");
    let bare = NameIdentifier { name_identifier: party.id, ..NameIdentifier::default() };
    let identifiers: Vec<Identifier<'a>> = party
        .name_identifiers
        .0
        .into_iter()
        .chain(bare.name_identifier.is_some().then_some(bare))
        .filter_map(|id| identifier(id, &path, issues))
        .collect();
    let name = [party.name, party.creator_name, party.contributor_name]
        .into_iter()
        .chain([party.full_name, party.raw_name])
        .find_map(word);
    let kind = word(party.name_type);
    let is_org = |id: &Identifier<'_>| matches!(&*id.scheme, "ror" | "grid");
    let parts = (word(party.family_name), word(party.given_name));
    let nameless = parts.0.is_none() && parts.1.is_none();
    let organizational = match kind.as_deref() {
        Some(kind) if kind.eq_ignore_ascii_case("organizational") => true,
        Some(_) => false,
        None => nameless && identifiers.iter().any(is_org),
    };
    let Some(mut person_or_org) = person_or_org(name, parts, organizational) else {
        issues.add(format!("{field}[{at}]"), "missing", "nameless: dropped");
        return None;
    };
    person_or_org.identifiers = identifiers;
    let affiliations = party.affiliation.0.into_iter().chain(party.affiliations.0);
    Some(native::Contributor {
        person_or_org,
        role: None,
        affiliations: affiliations.filter_map(|one| affiliation(one.0)).collect(),
    })
}

/// The parts make the name where both are there; a lone part only adds to the name.
fn person_or_org<'a>(
    name: Option<Str<'a>>,
    parts: (Option<Str<'a>>, Option<Str<'a>>),
    organizational: bool,
) -> Option<PersonOrOrg<'a>> {
    match (name, parts) {
        (Some(name), _) if organizational => {
            Some(PersonOrOrg { kind: "organizational", name, ..PersonOrOrg::default() })
        }
        (_, (Some(family), Some(given))) => Some(named("personal", family, given)),
        (Some(name), (None, None)) => Some(person(name)),
        (Some(name), (family_name, given_name)) => Some(PersonOrOrg {
            kind: "personal",
            name,
            given_name,
            family_name,
            identifiers: Vec::new(),
        }),
        (None, (family, given)) => {
            let named = named("personal", family.unwrap_or_default(), given.unwrap_or_default());
            (!named.name.is_empty()).then_some(named)
        }
    }
}

/// Under its own scheme label, or the scheme's address where the label is missing.
///
/// DataCite's JSON puts `schemeUri` before values that are no address, with or without a slash
/// between (`https://grid.ac/institutesgrid.9132.9`); it is taken off again.
fn identifier<'a>(
    id: NameIdentifier<'a>,
    path: &dyn Fn() -> String,
    issues: &mut Issues,
) -> Option<Identifier<'a>> {
    let value = word(id.name_identifier)?;
    let scheme_uri = word(id.scheme_uri).unwrap_or_default();
    let label = word(id.name_identifier_scheme).unwrap_or_else(|| scheme_uri.clone());
    let bare = value.strip_prefix(&*scheme_uri).filter(|_| !scheme_uri.is_empty());
    let bare = bare.map(|bare| bare.trim_start_matches('/').to_owned());
    let value = bare.filter(|bare| !bare.is_empty()).map_or(value, Cow::Owned);
    name_identifier(&label, value, path, issues)
}

/// A ROR id makes the affiliation a controlled one; any other identifier goes beside the name.
fn affiliation(source: Affiliation<'_>) -> Option<native::Affiliation<'_>> {
    let mut affiliation =
        native::Affiliation { name: word(source.name), ..native::Affiliation::default() };
    if let Some(value) = word(source.affiliation_identifier) {
        let label = word(source.affiliation_identifier_scheme).unwrap_or_default();
        let found = labelled(&label, value);
        if found.scheme == "ror" {
            affiliation.id = Some(found.identifier);
        } else {
            affiliation.identifiers.push(found);
        }
    }
    let empty = affiliation.name.is_none()
        && affiliation.id.is_none()
        && affiliation.identifiers.is_empty();
    (!empty).then_some(affiliation)
}

/// Funding references that say anything.
pub(super) fn funding(references: Vec<Funding<'_>>) -> Vec<native::Funding<'_>> {
    references.into_iter().filter_map(reference).collect()
}

fn reference(source: Funding<'_>) -> Option<native::Funding<'_>> {
    let mut funder = native::Funder { name: word(source.funder_name), ..native::Funder::default() };
    if let Some(value) = word(source.funder_identifier) {
        let label = word(source.funder_identifier_type).unwrap_or_default();
        funder_identifier(&mut funder, &label, value);
    }
    let uri = word(source.award_uri.or(source.award_uri_old));
    let award = native::Award {
        number: source.award_number.0.and_then(super::tidy),
        title: word(source.award_title).map(|en| native::English { en }),
        identifiers: uri.map(|uri| labelled("", uri)).into_iter().collect(),
        ..native::Award::default()
    };
    let has_award =
        award.number.is_some() || award.title.is_some() || !award.identifiers.is_empty();
    let has_funder = funder.name.is_some() || funder.id.is_some() || !funder.identifiers.is_empty();
    (has_award || has_funder)
        .then_some(native::Funding { funder, award: has_award.then_some(award) })
}

/// ROR is the funder's own id; the Crossref registry's are DOIs, as in InvenioRDM.
fn funder_identifier<'a>(funder: &mut native::Funder<'a>, label: &str, value: Str<'a>) {
    let registry = label.to_ascii_lowercase().contains("crossref");
    let found = if registry {
        match normalized("crossreffunderid", value) {
            Ok(identifier) => Identifier { identifier, scheme: Cow::Borrowed("doi") },
            Err(value) => labelled("", value),
        }
    } else {
        labelled(label, value)
    };
    if found.scheme == "ror" {
        funder.id = Some(found.identifier);
    } else {
        funder.identifiers.push(found);
    }
}

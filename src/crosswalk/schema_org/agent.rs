//! People and organisations.

use crate::crosswalk::json_text::JsonText;
use crate::crosswalk::links;
use crate::crosswalk::names::{Name, given_text};
use crate::record::identifier;
use crate::record::model::{Affiliation, Contributor, Identifier};

/// A property with an array of people and organisations, left out when nobody is named.
pub(in crate::crosswalk) fn list<'a, 'b: 'a>(
    property: &str,
    people: impl Iterator<Item = &'a Contributor<'b>>,
    json: &mut JsonText<'_>,
) {
    let named = people.filter_map(|p| Some((p, Name::of(&p.person_or_org)?)));
    json.some_array(property, named, |(p, name), json| agent(p, &name, json));
}

fn agent(contributor: &Contributor<'_>, name: &Name<'_>, json: &mut JsonText<'_>) {
    json.object(|json| {
        match name {
            Name::Person { family, given } => {
                json.text("@type", "Person");
                identifiers(&contributor.person_or_org.identifiers, "orcid", json);
                json.text("name", &name.inverted());
                json.some_text("givenName", given.as_deref());
                json.text("familyName", family);
            }
            Name::Organisation(whole) => {
                json.text("@type", "Organization");
                identifiers(&contributor.person_or_org.identifiers, "ror", json);
                json.text("name", whole);
            }
        }
        let mut known = contributor.affiliations.iter().filter(|a| is_named(a)).peekable();
        if known.peek().is_some() {
            json.key("affiliation").array(|json| {
                known.for_each(|a| organisation(a.id.as_deref(), a.name.as_deref(), json));
            });
        }
    });
}

/// `@id` is the address in the scheme that identifies such agents, else the first address.
///
/// All addresses, that one included, are `sameAs`: dataset catalogues read an ORCID or a ROR
/// there and not in `@id`.
fn identifiers(all: &[Identifier<'_>], first_choice: &str, json: &mut JsonText<'_>) {
    let address = |id: &Identifier<'_>| links::identifier_url(id.scheme.as_deref(), &id.identifier);
    let chosen = all
        .iter()
        .position(|id| id.scheme.as_deref() == Some(first_choice) && address(id).is_some());
    let addresses: Vec<String> = all.iter().filter_map(address).collect();
    let Some(id) = chosen.map(|at| &all[at]).and_then(address).or(addresses.first().cloned())
    else {
        return;
    };
    json.text("@id", &id);
    json.some_array("sameAs", &addresses, |address, json| json.string(address));
}

fn is_named(affiliation: &Affiliation<'_>) -> bool {
    given_text(affiliation.name.as_deref()).is_some() || ror(affiliation.id.as_deref()).is_some()
}

/// An organisation with a vocabulary id that may be a ROR.
pub(super) fn organisation(id: Option<&str>, name: Option<&str>, json: &mut JsonText<'_>) {
    json.object(|json| {
        json.text("@type", "Organization");
        json.some_text("@id", ror(id).as_deref());
        json.some_text("name", given_text(name).as_deref());
    });
}

fn ror(id: Option<&str>) -> Option<String> {
    identifier::to_url("ror", id?)
}

//! People, organisations and meetings: 100, 110, 700, 710, 711.

use super::field::{Fields, Subfield};
use crate::crosswalk::links;
use crate::crosswalk::names::{Name, given_text, role};
use crate::record::Published;
use crate::record::model::Contributor;
use crate::record::vocabulary;

/// Whether anybody stands in 100 or 110.
pub(super) fn has_main_entry(published: &Published<'_>) -> bool {
    published.record.metadata.creators.iter().any(|c| Name::of(&c.person_or_org).is_some())
}

/// The first creator with a name.
pub(super) fn main_entry(published: &Published<'_>, fields: &mut Fields<'_>) {
    let mut creators = published.record.metadata.creators.iter();
    creators.find(|creator| agent(creator, ["100", "110"], "", "", fields));
}

/// The other creators, contributors with their role, and the meeting.
pub(super) fn added_entries(published: &Published<'_>, fields: &mut Fields<'_>) {
    let metadata = &published.record.metadata;
    let named = metadata.creators.iter().filter(|c| Name::of(&c.person_or_org).is_some());
    for creator in named.skip(1) {
        agent(creator, ["700", "710"], "", "", fields);
    }
    for contributor in &metadata.contributors {
        let id = role(contributor);
        let title = vocabulary::role(id).map_or("Contributor", |role| role.title);
        agent(contributor, ["700", "710"], title, relator(id), fields);
    }
    let meeting = &published.record.custom_fields.meeting;
    let text = |text: Option<&'_ str>| given_text(text).unwrap_or_default().into_owned();
    let name = meeting.title.as_deref().or(meeting.acronym.as_deref());
    let subfields: [Subfield<'_>; 3] = [
        ('a', text(name).into()),
        ('d', text(meeting.dates.as_deref()).into()),
        ('c', text(meeting.place.as_deref()).into()),
    ];
    fields.data("711", "2 ", &subfields);
}

/// Code of <https://www.loc.gov/marc/relators/>.
fn relator(role: &str) -> &'static str {
    match role {
        "datacurator" => "cur",
        "datamanager" => "dtm",
        "distributor" => "dst",
        "editor" => "edt",
        "hostinginstitution" => "his",
        "producer" => "pro",
        "projectleader" => "pdr",
        "researcher" => "res",
        "rightsholder" => "cph",
        "sponsor" => "spn",
        "supervisor" => "dgs",
        "translator" => "trl",
        _ => "ctb",
    }
}

/// Writes a person under the first tag or an organisation under the second; whether it has a
/// name at all.
fn agent(
    who: &Contributor<'_>,
    [person, organisation]: [&str; 2],
    role: &'static str,
    relator: &'static str,
    fields: &mut Fields<'_>,
) -> bool {
    let Some(name) = Name::of(&who.person_or_org) else { return false };
    let (tag, indicators) = match &name {
        Name::Person { given: Some(_), .. } => (person, "1 "),
        // A name of one part stands in direct order.
        Name::Person { given: None, .. } => (person, "0 "),
        Name::Organisation(_) => (organisation, "2 "),
    };
    let mut subfields: Vec<Subfield<'_>> = vec![('a', name.inverted()), ('e', role.into())];
    let known = who.affiliations.iter().filter_map(|a| given_text(a.name.as_deref()));
    subfields.extend(known.map(|affiliation| ('u', affiliation)));
    for id in &who.person_or_org.identifiers {
        match (id.scheme.as_deref(), given_text(Some(&id.identifier))) {
            // The agency that gives these numbers has a code of its own.
            (Some("gnd"), Some(gnd)) => subfields.push(('0', format!("(DE-588){gnd}").into())),
            (scheme, _) => {
                let url = links::identifier_url(scheme, &id.identifier);
                subfields.extend(url.map(|url| ('1', url.into())));
            }
        }
    }
    subfields.push(('4', relator.into()));
    fields.data(tag, indicators, &subfields);
    true
}

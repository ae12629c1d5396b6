//! People and organisations.

use super::rdf::Node;
use crate::crosswalk::links;
use crate::crosswalk::names::{Name, given_text, role};
use crate::record::Published;
use crate::record::identifier;
use crate::record::model::{Contributor, Identifier};

/// Creators, contributors, contact points, publisher.
pub(super) fn write(published: &Published<'_>, node: &mut Node<'_>) {
    let metadata = &published.record.metadata;
    for creator in &metadata.creators {
        agent("dct:creator", creator, node);
    }
    for contributor in &metadata.contributors {
        if role(contributor) == "contactperson" {
            contact(contributor, node);
        } else {
            agent("dct:contributor", contributor, node);
        }
    }
    let own = given_text(metadata.publisher.as_deref());
    let publisher = own.or_else(|| given_text(published.repository.publisher.as_deref()));
    if let Some(publisher) = publisher {
        node.node("dct:publisher", "foaf:Agent", None, |node| node.text("foaf:name", &publisher));
    }
}

fn agent(property: &str, who: &Contributor<'_>, node: &mut Node<'_>) {
    let Some(name) = Name::of(&who.person_or_org) else { return };
    let address = address(&who.person_or_org.identifiers);
    node.node(property, "foaf:Agent", address.as_deref(), |node| {
        let class = match name {
            Name::Person { .. } => "Person",
            Name::Organisation(_) => "Organization",
        };
        node.resource("rdf:type", &format!("http://xmlns.com/foaf/0.1/{class}"));
        node.text("foaf:name", &name.inverted());
        if let Name::Person { family, given } = &name {
            node.text("foaf:familyName", family);
            node.text("foaf:givenName", given.as_deref().unwrap_or_default());
        }
        for affiliation in &who.affiliations {
            let ror = affiliation.id.as_deref().and_then(|id| identifier::to_url("ror", id));
            let name = given_text(affiliation.name.as_deref());
            if name.is_some() || ror.is_some() {
                node.node("org:memberOf", "foaf:Organization", ror.as_deref(), |node| {
                    node.text("foaf:name", &name.unwrap_or_default());
                });
            }
        }
    });
}

fn contact(who: &Contributor<'_>, node: &mut Node<'_>) {
    if let Some(name) = Name::of(&who.person_or_org) {
        node.node("dcat:contactPoint", "vcard:Kind", None, |node| {
            node.text("vcard:fn", &name.natural());
            let address = address(&who.person_or_org.identifiers);
            address.iter().for_each(|address| node.resource("vcard:hasURL", address));
        });
    }
}

/// The first identifier with an address.
fn address(all: &[Identifier<'_>]) -> Option<String> {
    all.iter().find_map(|id| links::identifier_url(id.scheme.as_deref(), &id.identifier))
}

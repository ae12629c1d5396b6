//! DataCite JSON → native JSON: the envelope off, then [`datacite_map`].

use serde::Deserialize;

use super::datacite::Item;
use super::lenient::Bare;
use super::{Inbound, InboundOptions, Rejected, datacite_map};
use crate::record::Text;

/// Plain, or as an object of the REST API, itself bare or under `data`.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Envelope<'a> {
    #[serde(default)]
    attributes: Option<Item<'a>>,
    #[serde(default)]
    data: Option<Data<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Data<'a> {
    attributes: Item<'a>,
}

/// Converts one document.
pub(super) fn convert<'a>(
    text: &'a str,
    options: &InboundOptions<'_>,
) -> Result<Inbound<'a>, Rejected> {
    let plain: Item<'a> = super::parse_json(text)?;
    // Plain documents have titles; API objects have none at their top level.
    let item = if plain.titles.0.is_empty() && plain.doi.0.is_none() {
        let envelope: Envelope<'a> = super::parse_json(text)?;
        envelope.attributes.or(envelope.data.map(|data| data.attributes)).unwrap_or(plain)
    } else {
        plain
    };
    let mut item = item;
    unescape(&mut item);
    datacite_map::convert(item, options)
}

/// DataCite's API escapes `&`, `<` and `>` for HTML in fields that hold plain text. Titles and
/// descriptions stay as they are: they are read as HTML anyway.
fn unescape(item: &mut Item<'_>) {
    let parties = item.creators.0.iter_mut().chain(&mut item.contributors.0);
    let parties = parties.flat_map(|Bare(party)| {
        let names = [&mut party.name, &mut party.given_name, &mut party.family_name];
        let affiliations = party.affiliation.0.iter_mut().map(|Bare(one)| &mut one.name);
        names.into_iter().chain(affiliations)
    });
    let subjects = item.subjects.0.iter_mut().map(|Bare(subject)| &mut subject.subject);
    let publisher = std::iter::once(&mut item.publisher.0.name);
    for text in parties.chain(subjects).chain(publisher).flatten() {
        if text.contains("&amp;") || text.contains("&lt;") || text.contains("&gt;") {
            let plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
            *text = Text::from(plain);
        }
    }
}

//! The entities of the graph other than the root.

use crate::crosswalk::files::{media_type, open_files};
use crate::crosswalk::json_text::JsonText;
use crate::crosswalk::links;
use crate::crosswalk::names::{Name, given_text};
use crate::crosswalk::places::{Position, Shape, shape};
use crate::crosswalk::rights;
use crate::record::model::{Contributor, Feature, Funding, Identifier, Right};
use crate::record::{Published, identifier};

/// An entity with properties that are texts or links.
pub(super) struct Entity {
    pub(super) id: String,
    class: &'static str,
    texts: Vec<(&'static str, String)>,
    links: Vec<(&'static str, String)>,
    /// Entities that only this one refers to.
    pub(super) inner: Vec<Entity>,
}

impl Entity {
    pub(super) fn new(id: &str, class: &'static str) -> Entity {
        let (texts, links, inner) = (Vec::new(), Vec::new(), Vec::new());
        Entity { id: id.to_owned(), class, texts, links, inner }
    }

    /// A text, left out when empty.
    pub(super) fn text(mut self, property: &'static str, value: &str) -> Entity {
        if !value.is_empty() {
            self.texts.push((property, value.to_owned()));
        }
        self
    }

    /// A link to an entity, which comes with it.
    fn link(mut self, property: &'static str, target: Entity) -> Entity {
        self.links.push((property, target.id.clone()));
        self.inner.push(target);
        self
    }

    pub(super) fn write(&self, json: &mut JsonText<'_>) {
        json.object(|json| {
            json.text("@id", &self.id);
            json.text("@type", self.class);
            for (property, value) in &self.texts {
                json.text(property, value);
            }
            for group in self.links.chunk_by(|a, b| a.0 == b.0) {
                super::references(json, group[0].0, group.iter().map(|(_, id)| &**id));
            }
        });
    }
}

/// Public files, written straight into the graph: there may be thousands.
pub(super) fn files(published: &Published<'_>, json: &mut JsonText<'_>) {
    for file in open_files(published) {
        json.object(|json| {
            json.text("@id", &links::file_url(published, &file.key));
            json.text("@type", "File");
            json.text("name", &file.key);
            if let Some(size) = file.size {
                json.text("contentSize", &size.to_string());
            }
            json.some_text("encodingFormat", media_type(file).as_deref());
            let day = published.updated.get(..10);
            json.some_text("sdDatePublished", day);
        });
    }
}

fn address(all: &[Identifier<'_>]) -> Option<String> {
    all.iter().find_map(|id| links::identifier_url(id.scheme.as_deref(), &id.identifier))
}

/// A person or organisation; `id` for one without an address.
pub(super) fn agent(who: &Contributor<'_>, id: &str) -> Option<Entity> {
    let name = Name::of(&who.person_or_org)?;
    let address = address(&who.person_or_org.identifiers);
    let known = address.as_deref().unwrap_or(id);
    let mut entity = match &name {
        Name::Person { family, given } => Entity::new(known, "Person")
            .text("name", &name.natural())
            .text("givenName", given.as_deref().unwrap_or_default())
            .text("familyName", family),
        Name::Organisation(whole) => Entity::new(known, "Organization").text("name", whole),
    };
    for (at, affiliation) in who.affiliations.iter().enumerate() {
        let ror = affiliation.id.as_deref().and_then(|id| identifier::to_url("ror", id));
        let name = given_text(affiliation.name.as_deref()).unwrap_or_default();
        let own = format!("{id}-affiliation-{}", at + 1);
        if ror.is_some() || !name.is_empty() {
            let organisation = Entity::new(ror.as_deref().unwrap_or(&own), "Organization");
            let name = if name.is_empty() { ror.as_deref().unwrap_or_default() } else { &name };
            entity = entity.link("affiliation", organisation.text("name", name));
        }
    }
    Some(entity)
}

pub(super) fn licence((at, right): (usize, &Right<'_>)) -> Option<Entity> {
    let licence = rights::licence(right)?;
    let id = licence.address().unwrap_or_else(|| format!("#license-{}", at + 1));
    let title = licence.title.unwrap_or_default();
    let name = if title.is_empty() { &id } else { &*title };
    Some(Entity::new(&id, "CreativeWork").text("name", name))
}

pub(super) fn place(number: usize, feature: &Feature<'_>) -> Option<Entity> {
    let name = given_text(feature.place.as_deref());
    let shape = shape(feature);
    if name.is_none() && shape.is_none() {
        return None;
    }
    let id = address(&feature.identifiers).unwrap_or_else(|| format!("#place-{number}"));
    let place = Entity::new(&id, "Place").text("name", &name.unwrap_or_default());
    let geo = format!("#geo-{number}");
    let words = |all: &[Position]| {
        let pairs = all.iter().map(|p| format!("{} {}", p.latitude, p.longitude));
        pairs.collect::<Vec<_>>().join(" ")
    };
    Some(match shape {
        None => place,
        Some(Shape::Point(Position { longitude, latitude })) => {
            let point = Entity::new(&geo, "GeoCoordinates");
            let point = point.text("latitude", &latitude.to_string());
            place.link("geo", point.text("longitude", &longitude.to_string()))
        }
        Some(Shape::Polygon(ring)) => {
            place.link("geo", Entity::new(&geo, "GeoShape").text("polygon", &words(&ring)))
        }
        Some(Shape::Bounds { south_west, north_east }) => {
            let corners = words(&[south_west, north_east]);
            place.link("geo", Entity::new(&geo, "GeoShape").text("box", &corners))
        }
    })
}

/// The funder of a grant.
pub(super) fn funder(number: usize, funding: &Funding<'_>) -> Option<Entity> {
    let funder = &funding.funder;
    let ror = funder.id.as_deref().and_then(|id| identifier::to_url("ror", id));
    let name = funder.name.as_deref().or(funder.id.as_deref().filter(|_| ror.is_none()));
    let name = given_text(name).unwrap_or_default();
    if name.is_empty() && ror.is_none() {
        return None;
    }
    let id = ror.unwrap_or_else(|| format!("#funder-{number}"));
    let name = if name.is_empty() { &id } else { &*name };
    Some(Entity::new(&id, "Organization").text("name", name))
}

/// A grant with a number or title.
pub(super) fn funding(number: usize, funding: &Funding<'_>) -> Option<Entity> {
    let award = funding.award.as_ref()?;
    let text = |text: Option<&'_ str>| given_text(text).unwrap_or_default().into_owned();
    let (code, title) = (text(award.number.as_deref()), text(award.title.preferred()));
    if code.is_empty() && title.is_empty() {
        return None;
    }
    let id = address(&award.identifiers).unwrap_or_else(|| format!("#grant-{number}"));
    let name = if title.is_empty() { &code } else { &title };
    let grant = Entity::new(&id, "Grant").text("name", name).text("identifier", &code);
    Some(match funder(number, funding) {
        Some(funder) => grant.link("funder", funder),
        None => grant,
    })
}

//! Creators with numbered affiliations, contributors by role.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Page;
use crate::build::site::html::Html;
use crate::build::site::words;
use crate::crosswalk::links::identifier_url;
use crate::crosswalk::names::Name;
use crate::record::html::plain;
use crate::record::model::{Affiliation, Contributor, Identifier};
use crate::record::vocabulary;

/// People or institutions shown before the list folds.
const SHOWN: usize = 30;

/// Institutions by first appearance.
#[derive(Default)]
struct Institutions<'a> {
    numbers: BTreeMap<&'a str, usize>,
    list: Vec<&'a Affiliation<'a>>,
}

impl<'a> Institutions<'a> {
    /// 1-based number; `None` for an affiliation that says nothing.
    fn number(&mut self, affiliation: &'a Affiliation<'a>) -> Option<usize> {
        let by_id = affiliation.id.as_deref().filter(|id| !id.is_empty());
        let key = by_id.or(affiliation.name.as_deref()).filter(|key| !key.trim().is_empty())?;
        let next = self.list.len() + 1;
        let number = *self.numbers.entry(key).or_insert(next);
        if number == next {
            self.list.push(affiliation);
        }
        Some(number)
    }
}

/// Creators, then their institutions.
pub(in crate::build::site) fn creators(page: Page<'_>, html: &mut Html) {
    let creators = &page.published.record.metadata.creators;
    if creators.is_empty() {
        return;
    }
    let mut institutions = Institutions::default();
    folded(html, Of::Creators, creators, |html, creator| {
        person(html, creator, &mut institutions);
    });
    if !institutions.list.is_empty() {
        folded(html, Of::Institutions, &institutions.list, |html, affiliation| {
            institution(html, affiliation);
        });
    }
}

/// Contributors in a description list, grouped by role in order of first appearance.
pub(in crate::build::site) fn contributors(page: Page<'_>, html: &mut Html) {
    let contributors = &page.published.record.metadata.contributors;
    let mut roles: Vec<(&str, Vec<&Contributor<'_>>)> = Vec::new();
    for contributor in contributors {
        let role = contributor.role.as_ref().map_or("other", |role| role.id.as_str());
        match roles.iter_mut().find(|(known, _)| *known == role) {
            Some((_, members)) => members.push(contributor),
            None => roles.push((role, vec![contributor])),
        }
    }
    if roles.is_empty() {
        return;
    }
    html.raw("<dl class=\"roles\">\n");
    for (role, members) in roles {
        let expanded = members[0].role.as_ref().and_then(|role| role.title.preferred());
        let label = vocabulary::role(role).map(|term| term.title).or(expanded).unwrap_or(role);
        html.raw("<div><dt>").text(label).raw("</dt><dd>");
        folded(html, Of::Contributors, &members, |html, contributor| {
            name(html, contributor);
            let places = contributor.affiliations.iter().filter_map(|a| a.name.as_deref());
            let places = places.map(plain).filter(|place| !place.is_empty());
            let places = places.collect::<Vec<_>>().join("; ");
            if !places.is_empty() {
                html.raw(" <span class=\"place\" dir=\"auto\">(").text(&places).raw(")</span>");
            }
        });
        html.raw("</dd></div>\n");
    }
    html.raw("</dl>\n");
}

/// What a list holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Creators,
    Contributors,
    Institutions,
}

/// A list whose rest beyond [`SHOWN`] folds; the numbers of institutions go on in the fold.
fn folded<'i, T>(html: &mut Html, of: Of, items: &'i [T], mut write: impl FnMut(&mut Html, &'i T)) {
    // One or two more are not worth a click.
    let shown = if items.len() > SHOWN + 2 { SHOWN } else { items.len() };
    let (first, rest) = items.split_at(shown);
    list(html, of, 1, first, &mut write);
    if !rest.is_empty() {
        let count = words::grouped(rest.len() as u64);
        html.raw("<details class=\"more\"><summary>").text(&count).raw(match of {
            Of::Creators => " more creators</summary>\n",
            Of::Contributors => " more contributors</summary>\n",
            Of::Institutions => " more affiliations</summary>\n",
        });
        list(html, of, shown + 1, rest, &mut write);
        html.raw("</details>\n");
    }
}

fn list<'i, T>(
    html: &mut Html,
    of: Of,
    first: usize,
    items: &'i [T],
    write: &mut impl FnMut(&mut Html, &'i T),
) {
    match of {
        Of::Institutions if first == 1 => html.raw("<ol class=\"institutions\">\n"),
        Of::Institutions => {
            html.raw("<ol class=\"institutions\" start=\"").number(first).raw("\">\n")
        }
        Of::Creators | Of::Contributors => html.raw("<ul class=\"people\">\n"),
    };
    for item in items {
        html.raw("<li>");
        write(html, item);
        html.raw("</li>\n");
    }
    html.raw(if of == Of::Institutions { "</ol>\n" } else { "</ul>\n" });
}

fn person<'a>(html: &mut Html, creator: &'a Contributor<'a>, institutions: &mut Institutions<'a>) {
    name(html, creator);
    let mut opened = false;
    for affiliation in &creator.affiliations {
        if let Some(number) = institutions.number(affiliation) {
            html.raw(if opened { "," } else { "<sup>" }).number(number);
            opened = true;
        }
    }
    if opened {
        html.raw("</sup>");
    }
}

/// The name and a chip for each identifier that leads somewhere.
fn name(html: &mut Html, who: &Contributor<'_>) {
    let who = &who.person_or_org;
    match Name::of(who) {
        Some(name) => html.raw("<bdi>").text(&name.inverted()).raw("</bdi>"),
        None => html.raw("Unnamed"),
    };
    for identifier in &who.identifiers {
        chip(html, identifier.scheme.as_deref(), &identifier.identifier);
    }
}

/// A small link named by its scheme; nothing for what leads nowhere.
pub(super) fn chip(html: &mut Html, scheme: Option<&str>, value: &str) {
    let Some(url) = identifier_url(scheme, value) else { return };
    html.raw(" ").link("pid", Some(&url), label(scheme));
}

fn label(scheme: Option<&str>) -> &str {
    match scheme {
        Some(id) => vocabulary::scheme(id).map_or(id, |scheme| scheme.datacite),
        None => "link",
    }
}

fn institution(html: &mut Html, affiliation: &Affiliation<'_>) {
    let name = plain(affiliation.name.as_deref().unwrap_or_default());
    let id = affiliation.id.as_deref().unwrap_or_default();
    let shown = if name.is_empty() { Cow::Borrowed(id) } else { name };
    html.raw("<bdi>").text(&shown).raw("</bdi>");
    let ror = Identifier { identifier: id.into(), scheme: Some("ror".into()) };
    let expanded = affiliation.identifiers.iter().find(|i| i.scheme.as_deref() == Some("ror"));
    let ror = expanded.unwrap_or(&ror);
    chip(html, ror.scheme.as_deref(), &ror.identifier);
}

//! Citation File Format 1.2.0: how to cite software or a dataset, as YAML.
//!
//! Keys, patterns and lists are those of the JSON schema
//! (<https://github.com/citation-file-format/citation-file-format/blob/1.2.0/schema.json>). The
//! order of keys is that of the standard's own examples.

mod licences;
mod yaml;

use std::collections::BTreeSet;

use super::links;
use super::names::{Name, given_text, role};
use super::rights;
use crate::record::Published;
use crate::record::date::Edtf;
use crate::record::model::{Contributor, Identifier, PersonOrOrg};
use crate::record::{identifier, vocabulary};

/// `software` or `dataset`; `None` for anything else, for which CFF has no word.
pub fn work_type(published: &Published<'_>) -> Option<&'static str> {
    match &*published.record.metadata.resource_type.id {
        "software" | "software-computationalnotebook" => Some("software"),
        "dataset" => Some("dataset"),
        _ => None,
    }
}

/// Appends a `CITATION.cff`, ending in a line feed.
///
/// What the schema demands and a record lacks is `(:unav)`, as in DataCite.
pub fn write(published: &Published<'_>, out: &mut Vec<u8>) {
    let metadata = &published.record.metadata;
    let kind = work_type(published);
    let mut file = File::default();
    file.text("cff-version", "1.2.0");
    let message = match kind {
        Some("software") => "If you use this software, please cite it as below.",
        Some(_) => "If you use this dataset, please cite it as below.",
        None => "If you use this work, please cite it as below.",
    };
    file.text("message", message);
    file.some("type", kind);
    let title = given_text(metadata.title.as_deref());
    file.text("title", title.as_deref().unwrap_or(UNAVAILABLE));
    file.some("abstract", given_text(metadata.description.as_deref()).as_deref());
    people(published, &mut file);
    file.some("version", given_text(metadata.version.as_deref()).as_deref());
    identifiers(published, &mut file);
    file.some("date-released", released(published).as_deref());
    licence(published, &mut file);
    file.some("repository-code", code_repository(published).as_deref());
    file.text("url", &links::html_url(published));
    let subjects = metadata.subjects.iter();
    let words = subjects.filter_map(|s| given_text(s.subject.as_deref()));
    let words = words.map(|word| {
        let mut item = String::new();
        yaml::quoted(&word, &mut item);
        item
    });
    file.list("keywords", words);
    out.extend_from_slice(file.text.as_bytes());
}

/// What DataCite says where a required value is unknown.
const UNAVAILABLE: &str = "(:unav)";

#[derive(Default)]
struct File {
    text: String,
}

impl File {
    fn text(&mut self, key: &str, value: &str) {
        self.text.push_str(key);
        self.text.push_str(": ");
        yaml::quoted(value, &mut self.text);
        self.text.push('\n');
    }

    fn some(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.text(key, value);
        }
    }

    /// A list of distinct items, which the schema demands; nothing for none. An item is YAML in
    /// one or more lines, the later ones indented by four spaces.
    fn list(&mut self, key: &str, items: impl IntoIterator<Item = String>) {
        let mut seen = BTreeSet::new();
        for item in items {
            if seen.contains(&item) {
                continue;
            }
            if seen.is_empty() {
                self.text.push_str(key);
                self.text.push_str(":\n");
            }
            self.text.push_str("  - ");
            self.text.push_str(&item);
            self.text.push('\n');
            seen.insert(item);
        }
    }
}

/// A mapping as an item of a list.
#[derive(Default)]
struct Item {
    text: String,
}

impl Item {
    fn some(mut self, key: &str, value: Option<&str>) -> Self {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.text.push_str(if self.text.is_empty() { "" } else { "\n    " });
            self.text.push_str(key);
            self.text.push_str(": ");
            yaml::quoted(value, &mut self.text);
        }
        self
    }
}

fn people(published: &Published<'_>, file: &mut File) {
    let metadata = &published.record.metadata;
    let mut authors = metadata.creators.iter().filter_map(person).peekable();
    if authors.peek().is_some() {
        file.list("authors", authors);
    } else {
        file.list("authors", [Item::default().some("name", Some(UNAVAILABLE)).text]);
    }
    let contacts = metadata.contributors.iter().filter(|c| role(c) == "contactperson");
    file.list("contact", contacts.filter_map(person));
}

fn person(who: &Contributor<'_>) -> Option<String> {
    let affiliation = who.affiliations.iter().find_map(|a| given_text(a.name.as_deref()));
    let orcid = orcid(&who.person_or_org);
    let item = match Name::of(&who.person_or_org)? {
        Name::Person { family, given } => Item::default()
            .some("family-names", Some(&family))
            .some("given-names", given.as_deref())
            .some("affiliation", affiliation.as_deref())
            .some("orcid", orcid.as_deref()),
        Name::Organisation(whole) => {
            let ids = &who.person_or_org.identifiers;
            let address =
                |id: &Identifier<'_>| links::identifier_url(id.scheme.as_deref(), &id.identifier);
            let website = ids.iter().find_map(address);
            let website = website.filter(|url| !url.starts_with("https://orcid.org/"));
            Item::default()
                .some("name", Some(&whole))
                .some("orcid", orcid.as_deref())
                .some("website", website.as_deref())
        }
    };
    Some(item.text)
}

fn orcid(who: &PersonOrOrg<'_>) -> Option<String> {
    let ids = who.identifiers.iter();
    let mut orcids = ids.filter(|id| id.scheme.as_deref() == Some("orcid"));
    orcids.find_map(|id| identifier::to_url("orcid", &id.identifier))
}

/// The DOI, and everything else that identifies the work.
fn identifiers(published: &Published<'_>, file: &mut File) {
    let item = |kind: &str, value: &str, description: &str| {
        let item = Item::default().some("type", Some(kind)).some("value", Some(value));
        item.some("description", Some(description)).text
    };
    let of_doi = |doi: &str, description: &str| match is_plain_doi(doi) {
        true => item("doi", doi, description),
        false => item("url", &links::doi_url(doi), description),
    };
    let doi = published.doi();
    file.some("doi", doi.filter(|doi| is_plain_doi(doi)));
    let mut all = Vec::new();
    all.extend(doi.map(|doi| of_doi(doi, "This version")));
    all.extend(published.concept_doi().map(|doi| of_doi(doi, "All versions")));
    let swhid = published.record.swh.swhid.as_deref();
    let swhid = swhid.and_then(|swhid| identifier::normalize("swhid", swhid));
    // The schema has no room for qualifiers.
    let core = swhid.as_deref().map(|swhid| swhid.split(';').next().unwrap_or(swhid));
    all.extend(core.map(|core| item("swh", core, "Source code in the Software Heritage archive")));
    for other in &published.record.metadata.identifiers {
        match links::identifier_url(other.scheme.as_deref(), &other.identifier) {
            Some(url) => all.push(item("url", &url, "")),
            None => all
                .extend(given_text(Some(&other.identifier)).map(|value| item("other", &value, ""))),
        }
    }
    file.list("identifiers", all);
}

/// Whether a DOI is in the schema's pattern, which knows fewer characters than DOIs have.
fn is_plain_doi(doi: &str) -> bool {
    let Some((prefix, suffix)) = doi.split_once('/') else { return false };
    let Some(registrant) = prefix.strip_prefix("10.") else { return false };
    let (main, sub) = registrant.split_once('.').unwrap_or((registrant, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b":/_;-.()[]\\".contains(&byte);
    (4..=9).contains(&main.len())
        && is_number(main)
        && is_number(sub)
        && !suffix.is_empty()
        && suffix.bytes().all(allowed)
}

/// The publication date if it is a whole day, of an interval the first.
fn released(published: &Published<'_>) -> Option<String> {
    let (date, _) = Edtf::repair(published.record.metadata.publication_date.as_deref()?)?;
    let date = date.start().or_else(|| date.end())?;
    date.day.is_some().then(|| date.to_string())
}

/// `license` for what the schema lists; else `license-url` of the first that has an address.
fn licence(published: &Published<'_>, file: &mut File) {
    let rights = &published.record.metadata.rights;
    let known = rights.iter().filter_map(|right| vocabulary::licence(right.id.as_deref()?));
    let listed: BTreeSet<&str> = known
        .filter(|known| licences::is_listed(known.id))
        .filter_map(|known| known.spdx)
        .collect();
    match listed.len() {
        0 => {
            let mut licences = rights.iter().filter_map(rights::licence);
            file.some("license-url", licences.find_map(|one| one.address()).as_deref());
        }
        1 => file.some("license", listed.first().copied()),
        _ => file.list("license", listed.into_iter().map(|id| format!("\"{id}\""))),
    }
}

/// The field for it, else the software that this is the archived form of.
fn code_repository(published: &Published<'_>) -> Option<String> {
    let record = published.record;
    let own = record.custom_fields.code_repository.as_deref().and_then(links::web_address);
    own.or_else(|| {
        let mut related = record.metadata.related_identifiers.iter().filter(|related| {
            let is = |item: &Option<crate::record::model::VocabularyItem<'_>>, id: &str| {
                item.as_ref().is_some_and(|item| item.id == id)
            };
            is(&related.relation_type, "issupplementto") && is(&related.resource_type, "software")
        });
        related.find_map(|r| links::identifier_url(r.scheme.as_deref(), &r.identifier))
    })
}

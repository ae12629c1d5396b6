//! Data Package 2.0: the public files of a record as resources.
//!
//! Properties are those of <https://datapackage.org/standard/data-package/> and
//! <https://datapackage.org/standard/data-resource/>. Paths are full addresses, which the
//! standard allows beside relative ones, so that the descriptor can be read from anywhere.

use std::collections::BTreeMap;

use super::files::{checksum, media_type, open_files};
use super::json_text::JsonText;
use super::links;
use super::names::{Name, given_text, role};
use super::rights;
use crate::record::Published;
use crate::record::html::plain;
use crate::record::model::{Contributor, FileEntry};
use crate::record::vocabulary;

/// The profile that the descriptor declares.
pub const PROFILE: &str = "https://datapackage.org/profiles/2.0/datapackage.json";

/// Appends the descriptor as one JSON object on one line.
///
/// The standard asks for at least one resource, so a record without public files has no valid
/// Data Package: see [`Format::applies`](super::Format::applies).
pub fn write(published: &Published<'_>, out: &mut Vec<u8>) {
    let metadata = &published.record.metadata;
    JsonText::new(out).object(|json| {
        json.text("$schema", PROFILE);
        json.text("name", published.id());
        json.text("id", &links::citable_url(published));
        json.some_text("title", given_text(metadata.title.as_deref()).as_deref());
        json.some_text("description", given_text(metadata.description.as_deref()).as_deref());
        json.text("homepage", &links::html_url(published));
        json.some_text("version", given_text(metadata.version.as_deref()).as_deref());
        json.some_text("created", Some(published.created));
        keywords(published, json);
        licences(published, json);
        contributors(published, json);
        sources(published, json);
        json.key("resources").array(|json| {
            let mut names = Names::default();
            for file in open_files(published) {
                resource(published, file, &names.unique(&file.key), json);
            }
        });
    });
}

fn resource(published: &Published<'_>, file: &FileEntry<'_>, name: &str, json: &mut JsonText<'_>) {
    json.object(|json| {
        json.text("name", name);
        json.text("title", &file.key);
        json.text("path", &links::file_url(published, &file.key));
        let extension = file.key.rsplit_once('.').map(|(_, extension)| extension);
        let extension = extension.filter(|e| e.bytes().all(|b| b.is_ascii_alphanumeric()));
        json.some_text("format", extension.map(str::to_ascii_lowercase).as_deref());
        json.some_text("mediatype", media_type(file).as_deref());
        if let Some(size) = file.size {
            json.key("bytes").number(size);
        }
        // MD5 stands bare; any other algorithm is named.
        match checksum(file) {
            Some(("md5", digest)) => json.text("hash", &digest),
            Some((algorithm, digest)) => json.text("hash", &format!("{algorithm}:{digest}")),
            None => (),
        }
    });
}

/// Names of resources: unique, and of the characters that version 1 readers ask for.
#[derive(Default)]
struct Names {
    used: BTreeMap<String, u32>,
}

impl Names {
    /// The file name in lower case with `-` for what a name may not hold; of several files that
    /// come out the same, the later ones get a number.
    fn unique(&mut self, key: &str) -> String {
        let mut name = String::with_capacity(key.len());
        for character in key.chars() {
            match character.to_ascii_lowercase() {
                kept @ ('a'..='z' | '0'..='9' | '.' | '_' | '-' | '/') => name.push(kept),
                _ if name.ends_with('-') => (),
                _ => name.push('-'),
            }
        }
        loop {
            let count = self.used.entry(name.clone()).or_default();
            *count += 1;
            if *count == 1 {
                return name;
            }
            name = format!("{name}-{count}");
        }
    }
}

fn keywords(published: &Published<'_>, json: &mut JsonText<'_>) {
    let subjects = published.record.metadata.subjects.iter();
    let words = subjects.filter_map(|s| given_text(s.subject.as_deref()));
    json.some_array("keywords", words, |word, json| json.string(&word));
}

/// A licence needs a name of the Open Definition's form, or an address.
fn licences(published: &Published<'_>, json: &mut JsonText<'_>) {
    let known = published.record.metadata.rights.iter().filter_map(|right| {
        let spdx = right.id.as_deref().and_then(vocabulary::licence).and_then(|known| known.spdx);
        let licence = rights::licence(right)?;
        let address = licence.address();
        (spdx.is_some() || address.is_some()).then_some((spdx, address, licence.title))
    });
    json.some_array("licenses", known, |(name, address, title), json| {
        json.object(|json| {
            json.some_text("name", name);
            json.some_text("path", address.as_deref());
            json.some_text("title", title.as_deref());
        });
    });
}

/// Creators with the role `creator`, then contributors with DataCite's name of their role.
fn contributors(published: &Published<'_>, json: &mut JsonText<'_>) {
    let metadata = &published.record.metadata;
    let creators = metadata.creators.iter().map(|c| (c, "creator"));
    let others = metadata.contributors.iter().map(|c| {
        let known = vocabulary::role(role(c));
        (c, known.map_or("contributor", |known| known.datacite))
    });
    let named = creators.chain(others);
    let named = named.filter_map(|(c, role)| Some((c, Name::of(&c.person_or_org)?, role)));
    json.some_array("contributors", named, |(who, name, role), json| {
        contributor(who, &name, role, json);
    });
}

fn contributor(who: &Contributor<'_>, name: &Name<'_>, role: &str, json: &mut JsonText<'_>) {
    json.object(|json| {
        json.text("title", &name.natural());
        if let Name::Person { family, given } = name {
            json.some_text("givenName", given.as_deref());
            json.text("familyName", family);
        }
        let mut ids = who.person_or_org.identifiers.iter();
        let address =
            ids.find_map(|id| links::identifier_url(id.scheme.as_deref(), &id.identifier));
        json.some_text("path", address.as_deref());
        json.key("roles").array(|json| json.string(role));
        let organisation = who.affiliations.iter().find_map(|a| given_text(a.name.as_deref()));
        json.some_text("organization", organisation.as_deref());
    });
}

/// What the data were derived from.
fn sources(published: &Published<'_>, json: &mut JsonText<'_>) {
    let related = published.record.metadata.related_identifiers.iter();
    let derived = related
        .filter(|r| r.relation_type.as_ref().is_some_and(|relation| relation.id == "isderivedfrom"))
        .filter_map(|r| {
            let title = plain(&r.identifier);
            let path = links::identifier_url(r.scheme.as_deref(), &r.identifier)?;
            (!title.is_empty()).then_some((title, path))
        });
    json.some_array("sources", derived, |(title, path), json| {
        json.object(|json| {
            json.text("title", &title);
            json.text("path", &path);
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_resources_are_unique() {
        let mut names = Names::default();
        for (key, expected) in [
            ("a/levels.csv", "a/levels.csv"),
            ("A/Levels.csv", "a/levels.csv-2"),
            ("a/LEVELS.csv", "a/levels.csv-3"),
            ("a/levels.csv-2", "a/levels.csv-2-2"),
            ("100 % é&ü.txt", "100-.txt"),
            ("李", "-"),
            ("王", "--2"),
        ] {
            assert_eq!(names.unique(key), expected, "{key}");
        }
    }
}

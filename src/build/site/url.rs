//! Every path rule of the site. Addresses outside it are in [`links`](crate::crosswalk::links).

use std::fmt::Write as _;

use super::lists::slug;
use crate::build::hosting::policy;
use crate::crosswalk::Format;
use crate::crosswalk::links::file_address;
use crate::record::Repository;
use crate::record::identifier::is_record_id;
use crate::release::encoding::Encoding;

/// Where the site stands: paths for links between pages, full addresses for machines.
#[derive(Debug, Clone)]
pub struct SiteUrls {
    /// `https://host/path`, no trailing slash.
    base: String,
    /// The path part of `base`: empty, or `/path`.
    root: String,
}

impl SiteUrls {
    /// From the repository's base URL.
    pub fn new(repository: &Repository) -> SiteUrls {
        let base = repository.base_url.trim_end_matches('/').to_owned();
        let after_scheme = base.split_once("://").map_or("", |(_, rest)| rest);
        let root = after_scheme.find('/').map_or("", |at| &after_scheme[at..]).to_owned();
        SiteUrls { base, root }
    }

    /// Prefix of every path: empty, or `/path`.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// The full address of a path of the site (`/…`, without the root prefix).
    pub fn absolute(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The full address of a link between pages, which begins with the root prefix.
    pub fn below(&self, link: &str) -> String {
        let path = link.strip_prefix(self.root.as_str()).unwrap_or(link);
        self.absolute(path)
    }

    /// A file of the site as a link between pages; of a page without its ending.
    pub fn page(&self, file: &str) -> String {
        let mut url = self.root.clone();
        for segment in file.strip_suffix(".html").unwrap_or(file).split('/') {
            url.push('/');
            encode_segment(segment, &mut url);
        }
        url
    }

    /// `/records/<id>` as a link between pages.
    pub fn record(&self, id: &str) -> String {
        let mut url = format!("{}/records/", self.root);
        encode_segment(id, &mut url);
        url
    }

    /// `/records/<id>/<name>`: an export beside the page.
    pub fn export(&self, id: &str, name: &str) -> String {
        let mut url = self.record(id);
        url.push('/');
        encode_segment(name, &mut url);
        url
    }

    /// `/browse/<facet>/<value>` as a link between pages; `None` for an empty value.
    pub fn browse(&self, facet: Facet, value: &str) -> Option<String> {
        let name = match facet {
            Facet::Type => "type",
            Facet::Year => "year",
            Facet::Licence => "licence",
        };
        (!value.is_empty()).then(|| format!("{}/browse/{name}/{}", self.root, slug(value)))
    }

    /// `/communities/<slug>` as a link between pages; `None` for a slug that cannot be a path.
    pub fn community(&self, slug: &str) -> Option<String> {
        is_plain_key(slug).then(|| format!("{}/communities/{slug}", self.root))
    }

    /// `<base>/badge/DOI/<doi>.svg`: the picture of a DOI, for other sites to show.
    pub fn badge(&self, doi: &str) -> String {
        let mut url = format!("{}/badge/DOI", self.base);
        for segment in doi.to_lowercase().split('/') {
            url.push('/');
            encode_segment(segment, &mut url);
        }
        url.push_str(".svg");
        url
    }

    /// The bytes of a file: [`file_address`].
    pub fn download(&self, id: &str, key: &str) -> String {
        file_address(&self.base, id, key)
    }
}

/// What records are listed by, apart from communities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Facet {
    /// Vocabulary id of the resource type.
    Type,
    /// Year of publication.
    Year,
    /// Licence id.
    Licence,
}

/// The file of a landing page or tombstone, from the web root.
pub fn landing_path(id: &str) -> String {
    format!("records/{id}.html")
}

/// The empty file that marks the page as a tombstone's, from the web root.
pub fn gone_path(id: &str) -> String {
    format!("records/{id}{}", policy::GONE)
}

/// The file that leads to the newest version, from the web root.
pub fn latest_path(id: &str) -> String {
    format!("records/{id}/{LATEST}")
}

/// The feed of a family's versions, from the web root.
pub fn versions_path(family: &str) -> String {
    format!("{FAMILIES}/{family}{FEED}")
}

/// Every path that a file of a record can have, from the web root; with the feed of its
/// family, if that is given.
pub fn possible_paths(id: &str, family: Option<&str>) -> impl Iterator<Item = String> {
    let exports = Format::EXPORTS.into_iter().map(|format| export_path(id, format));
    let mut plain: Vec<String> = exports.collect();
    plain.extend([landing_path(id), gone_path(id), latest_path(id)]);
    plain.extend(family.filter(|family| is_record_id(family)).map(versions_path));
    let suffixes = || Encoding::ALL.into_iter().map(Encoding::suffix);
    plain.into_iter().flat_map(move |path| {
        let variants: Vec<String> = suffixes().map(|suffix| format!("{path}{suffix}")).collect();
        std::iter::once(path).chain(variants)
    })
}

/// Name of the page beside a record that leads to the newest version.
pub const LATEST: &str = "latest.html";
/// The directory of feeds of versions.
pub const FAMILIES: &str = "families";
/// What follows the id of the family in the name of a feed.
pub const FEED: &str = ".atom";

/// The file of an export, from the web root.
pub fn export_path(id: &str, format: Format) -> String {
    format!("records/{id}/{}", format.file_name())
}

fn is_plain_key(key: &str) -> bool {
    let plain = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_');
    !key.is_empty() && !key.starts_with('.') && key.len() <= 100 && key.bytes().all(plain)
}

/// Percent-encodes everything but the unreserved characters of RFC 3986.
fn encode_segment(segment: &str, out: &mut String) {
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
    if segment.bytes().all(unreserved) {
        out.push_str(segment);
        return;
    }
    for byte in segment.bytes() {
        if unreserved(byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(base_url: &str) -> SiteUrls {
        SiteUrls::new(&Repository {
            name: "R".into(),
            base_url: base_url.into(),
            publisher: None,
            doi_pattern: "10.5072/N".into(),
            oai_namespace: "r".into(),
        })
    }

    #[test]
    fn lists_and_badges() {
        let site = urls("https://host.example/archive");
        for (key, expected) in
            [("publication-article", Some("/archive/browse/type/publication-article")), ("", None)]
        {
            assert_eq!(site.browse(Facet::Type, key).as_deref(), expected, "{key}");
        }
        assert_eq!(site.community("zoo_1").as_deref(), Some("/archive/communities/zoo_1"));
        assert_eq!(site.community("\"onload=x"), None);
        assert_eq!(
            site.badge("10.5072/A<b>"),
            "https://host.example/archive/badge/DOI/10.5072/a%3Cb%3E.svg"
        );
    }

    #[test]
    fn one_rule_for_every_path() {
        let site = urls("https://repository.example");
        assert_eq!(site.record("1"), "/records/1");
        assert_eq!(site.export("1", "datacite.xml"), "/records/1/datacite.xml");
        assert_eq!(site.absolute("/dumps/"), "https://repository.example/dumps/");
        let below = urls("https://repository.example/archive/");
        assert_eq!(
            (below.root(), below.record("x.y").as_str()),
            ("/archive", "/archive/records/x.y")
        );
        for (key, expected) in [
            ("data.csv", "data.csv"),
            ("a b/ü#?.txt", "a%20b/%C3%BC%23%3F.txt"),
            ("100%.txt", "100%25.txt"),
            ("../../evil", "..%2F..%2Fevil"),
            ("/abs", "%2Fabs"),
            ("\"onload=x", "%22onload%3Dx"),
        ] {
            assert_eq!(
                site.download("1", key),
                format!("https://repository.example/records/1/files/{expected}")
            );
        }
    }
}

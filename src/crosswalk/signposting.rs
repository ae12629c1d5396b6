//! FAIR Signposting: the typed links of a record, once for the page and for the linkset.
//!
//! The recipe is the FAIR Signposting Profile (<https://signposting.org/FAIR/>); relations are
//! those of the IANA registry, versions those of RFC 5829.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::Format;
use super::files::{media_type, open_files};
use super::links::{citable_url, export_url, file_url, html_url, identifier_url};
use super::{rights, schema_org};
use crate::record::Published;

/// A typed link from the landing page to something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link<'a> {
    /// A registered relation.
    pub rel: &'static str,
    /// Absolute address.
    pub href: Cow<'a, str>,
    /// Media type of the target, without parameters, where known.
    pub media_type: Option<Cow<'a, str>>,
    /// What the target conforms to.
    pub profile: Option<&'static str>,
}

/// Links of one relation that a page carries when a linkset has them all.
///
/// A record of 3,000 authors with ORCIDs or of 5,000 files would otherwise add half a megabyte
/// to its page, which every reader loads and no reader sees.
pub const PAGE_BOUND: usize = 100;

/// Hands every link of the landing page to `visit`, relation by relation in a fixed order.
///
/// `exports` are the formats that are written as files; those that do not apply to the record
/// are passed over. Of each relation at most `bound` links are made: with `None` all. `author`
/// and `license` links are distinct. Cost: one string per link.
///
/// | relation | target |
/// |---|---|
/// | `cite-as` | DOI as URL; the page itself for a record without DOI |
/// | `type` | `https://schema.org/AboutPage`, then the type of the work |
/// | `author` | of each creator the first identifier with an address |
/// | `license` | text of each licence |
/// | `describedby` | exports |
/// | `item` | files |
/// | `linkset` | `linkset.json` |
/// | `predecessor-version`, `successor-version`, `latest-version` | pages of the family |
pub fn landing<'a>(
    published: &Published<'a>,
    exports: &[Format],
    bound: Option<usize>,
    mut visit: impl FnMut(Link<'a>),
) {
    let bound = bound.unwrap_or(usize::MAX);
    visit(plain("cite-as", citable_url(published)));
    visit(plain("type", "https://schema.org/AboutPage"));
    visit(plain("type", format!("https://schema.org/{}", schema_org::type_name(published))));
    distinct(authors(published), bound, |href| visit(plain("author", href)));
    let licences = published.record.metadata.rights.iter().filter_map(rights::licence);
    distinct(licences.filter_map(|licence| licence.address()), bound, |href| {
        visit(plain("license", href));
    });
    let written = exports.iter().copied().filter(|format| format.applies(published));
    for format in written.clone().filter(|format| *format != Format::Linkset) {
        visit(Link {
            rel: "describedby",
            href: export_url(published, format).into(),
            media_type: Some(format.media_type().into()),
            profile: format.profile(),
        });
    }
    for file in open_files(published).into_iter().take(bound) {
        visit(Link {
            rel: "item",
            href: file_url(published, &file.key).into(),
            media_type: media_type(file),
            profile: None,
        });
    }
    for format in written.filter(|format| *format == Format::Linkset) {
        visit(Link {
            rel: "linkset",
            href: export_url(published, format).into(),
            media_type: Some(format.media_type().into()),
            profile: None,
        });
    }
    versions(published, visit);
}

/// The address of each creator that has one.
fn authors(published: &Published<'_>) -> impl Iterator<Item = String> {
    published.record.metadata.creators.iter().filter_map(|creator| {
        let ids = &creator.person_or_org.identifiers;
        ids.iter().find_map(|id| identifier_url(id.scheme.as_deref(), &id.identifier))
    })
}

fn versions<'a>(published: &Published<'a>, mut visit: impl FnMut(Link<'a>)) {
    let lineage = published.lineage;
    // The index counts from 1 and is the place in the list when there is one.
    let at = (lineage.index as usize).wrapping_sub(1);
    let page = |id: &str| published.repository.landing_url(id);
    let mut to = |rel: &'static str, at: usize| {
        if let Some(sibling) = lineage.siblings.get(at) {
            visit(Link { media_type: Some("text/html".into()), ..plain(rel, page(&sibling.id)) });
        }
    };
    to("predecessor-version", at.wrapping_sub(1));
    if !lineage.is_latest() {
        to("successor-version", at.wrapping_add(1));
        to("latest-version", lineage.siblings.len().wrapping_sub(1));
    }
}

fn plain<'a>(rel: &'static str, href: impl Into<Cow<'a, str>>) -> Link<'a> {
    Link { rel, href: href.into(), media_type: None, profile: None }
}

/// Hands on the first `bound` distinct addresses, in order.
fn distinct(addresses: impl Iterator<Item = String>, bound: usize, mut visit: impl FnMut(String)) {
    let mut seen = BTreeSet::new();
    for address in addresses {
        if seen.len() >= bound {
            break;
        }
        if seen.insert(address.clone()) {
            visit(address);
        }
    }
}

/// The link back from a file or an export to the landing page.
pub fn to_landing(published: &Published<'_>, rel: &'static str) -> Link<'static> {
    Link { media_type: Some("text/html".into()), ..plain(rel, html_url(published)) }
}

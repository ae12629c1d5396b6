//! Licences and access, in the words that more than one format uses.

use std::borrow::Cow;

use super::links::{is_web, web_address};
use super::names::given_text;
use crate::record::FilesAccess;
use crate::record::model::Right;
use crate::record::vocabulary;

/// What a format needs to know of a licence; at least one of the fields is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Licence<'a> {
    /// English name.
    pub title: Option<Cow<'a, str>>,
    /// Where the text is: `http` or `https`.
    pub url: Option<Cow<'a, str>>,
}

impl Licence<'_> {
    /// The address of the text, with what RFC 3986 forbids percent-encoded.
    pub fn address(&self) -> Option<String> {
        self.url.as_deref().and_then(web_address)
    }
}

/// Reads a licence of the record, `None` if it says nothing.
///
/// For a known id the table answers, not the title and address that the source expanded it
/// to: those may differ between two deliveries of equal content.
pub fn licence<'a>(right: &'a Right<'_>) -> Option<Licence<'a>> {
    if let Some(known) = right.id.as_deref().and_then(vocabulary::licence) {
        let title = Some(Cow::Borrowed(known.title));
        return Some(Licence { title, url: known.url.map(Cow::Borrowed) });
    }
    let title = given_text(right.title.preferred())
        .or_else(|| given_text(right.description.preferred()))
        .or_else(|| given_text(right.id.as_deref()));
    let url = given_text(right.link.as_deref())
        .or_else(|| given_text(right.props.url.as_deref()))
        .filter(|url| is_web(url));
    (title.is_some() || url.is_some()).then_some(Licence { title, url })
}

/// The access statement of the `info:eu-repo` vocabulary that OpenAIRE reads.
pub const fn access_uri(files: FilesAccess<'_>) -> &'static str {
    match files {
        FilesAccess::Open => "info:eu-repo/semantics/openAccess",
        FilesAccess::Embargoed { .. } => "info:eu-repo/semantics/embargoedAccess",
        FilesAccess::Restricted => "info:eu-repo/semantics/restrictedAccess",
        FilesAccess::MetadataOnly => "info:eu-repo/semantics/closedAccess",
    }
}

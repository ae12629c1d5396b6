//! Other works and where the files are: 76X to 78X, 856.

use super::field::Fields;
use super::number;
use crate::crosswalk::files::{media_type, open_files};
use crate::crosswalk::links;
use crate::crosswalk::names::given_text;
use crate::record::Published;
use crate::record::vocabulary;

/// The journal or book that holds the work, related works, the concept, communities.
pub(super) fn write(published: &Published<'_>, fields: &mut Fields<'_>) {
    host(published, fields);
    for related in &published.record.metadata.related_identifiers {
        let relation = related.relation_type.as_ref().map_or("", |relation| &*relation.id);
        let value = links::identifier_url_or_value(related.scheme.as_deref(), &related.identifier);
        entry(relation, &value, fields);
    }
    if let Some(concept) = published.concept_doi() {
        entry("isversionof", &links::doi_url(concept), fields);
    }
}

fn entry(relation: &str, value: &str, fields: &mut Fields<'_>) {
    let (tag, indicators) = match relation {
        "istranslationof" => ("765", "08"),
        "hastranslation" => ("767", "08"),
        "issupplementedby" => ("770", "08"),
        "issupplementto" => ("772", "08"),
        "ispartof" | "ispublishedin" => ("773", "08"),
        "haspart" => ("774", "08"),
        "isversionof" | "hasversion" => ("775", "08"),
        "isvariantformof" | "isoriginalformof" | "isidenticalto" => ("776", "08"),
        "continues" | "isnewversionof" | "obsoletes" => ("780", "00"),
        "iscontinuedby" | "ispreviousversionof" | "isobsoletedby" => ("785", "00"),
        _ => ("787", "08"),
    };
    let words = vocabulary::relation_type(relation).map_or("Related to", |known| known.title);
    if let Some(value) = given_text(Some(value)) {
        fields.data(tag, indicators, &[('i', words.into()), ('o', value)]);
    }
}

/// 773 for the journal of an article and the book of a chapter.
fn host(published: &Published<'_>, fields: &mut Fields<'_>) {
    let custom = &published.record.custom_fields;
    let text = |text: Option<&'_ str>| given_text(text).unwrap_or_default().into_owned();
    let journal = &custom.journal;
    let labelled =
        |label: &str, value: Option<&str>| given_text(value).map(|value| format!("{label}{value}"));
    let parts = [
        labelled("vol. ", journal.volume.as_deref()),
        labelled("no. ", journal.issue.as_deref()),
        labelled("p. ", journal.pages.as_deref()),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let subfields = [
        ('t', text(journal.title.as_deref()).into()),
        ('g', parts.join(", ").into()),
        ('x', number("issn", journal.issn.as_deref())),
    ];
    fields.data("773", "0 ", &subfields);
    // The imprint of a book is the book itself, not one around it.
    if &*published.record.metadata.resource_type.id != "publication-book" {
        let imprint = &custom.imprint;
        let subfields = [
            ('t', text(imprint.title.as_deref()).into()),
            ('g', labelled("p. ", imprint.pages.as_deref()).unwrap_or_default().into()),
            ('z', number("isbn", imprint.isbn.as_deref())),
        ];
        fields.data("773", "0 ", &subfields);
    }
}

/// 856: every public file, then the landing page and the communities.
pub(super) fn locations(published: &Published<'_>, fields: &mut Fields<'_>) {
    for file in open_files(published) {
        let size = file.size.map(|size| format!("{size} bytes")).unwrap_or_default();
        let subfields = [
            ('u', links::file_url(published, &file.key).into()),
            ('q', media_type(file).unwrap_or_default()),
            ('s', size.into()),
            ('y', (&*file.key).into()),
        ];
        fields.data("856", "40", &subfields);
    }
    let page = links::html_url(published);
    fields.data("856", "42", &[('u', page.into()), ('y', "Landing page".into())]);
    for community in &published.record.parent.communities.entries {
        if !community.slug.is_empty() {
            let title = community.metadata.title.as_deref().unwrap_or(&community.slug);
            let title = given_text(Some(title)).unwrap_or_default();
            let url = links::community_url(published, &community.slug);
            fields.data("856", "42", &[('u', url.into()), ('y', title)]);
        }
    }
}

//! CodeMeta 3.0: software metadata as JSON-LD, in the form of a repository's `codemeta.json`.
//!
//! Terms are those of <https://w3id.org/codemeta/3.0> and no others, because its context drops
//! what it does not define. 3.0 and not 2.0: it is the version that Software Heritage and the
//! CodeMeta generator write today, names the embargo by its end (`embargoEndDate`), and differs
//! from 2.0 in no other term used here.

use super::files::open_files;
use super::json_text::JsonText;
use super::names::given_text;
use super::{links, rights, schema_org};
use crate::record::date::Edtf;
use crate::record::model::{Funding, RelatedIdentifier};
use crate::record::{FilesAccess, Published, identifier, vocabulary};

/// The address of the context, which is also the profile.
pub const CONTEXT: &str = "https://w3id.org/codemeta/3.0";

/// Whether the record is software.
pub fn is_software(published: &Published<'_>) -> bool {
    let id = &published.record.metadata.resource_type.id;
    vocabulary::resource_type(id).is_some_and(|kind| kind.openaire_type == "software")
}

/// Appends one JSON-LD object on one line, safe inside a `<script>` element.
pub fn write(published: &Published<'_>, out: &mut Vec<u8>) {
    JsonText::embeddable(out).object(|json| {
        json.text("@context", CONTEXT);
        json.text("@type", "SoftwareSourceCode");
        json.text("@id", &links::citable_url(published));
        identity(published, json);
        wording(published, json);
        let metadata = &published.record.metadata;
        schema_org::people("author", metadata.creators.iter(), json);
        schema_org::contributors(published, |property| property != "translator", json);
        schema_org::publisher(published, json);
        dates(published, json);
        terms_of_use(published, json);
        code(published, json);
        related(published, json);
        funding(&metadata.funding, json);
    });
}

fn identity(published: &Published<'_>, json: &mut JsonText<'_>) {
    let record = published.record;
    let doi = published.doi().map(links::doi_url);
    let swhid = record.swh.swhid.as_deref();
    let swhid = swhid.and_then(|swhid| identifier::normalize("swhid", swhid));
    let others = record.metadata.identifiers.iter();
    let others = others.filter_map(|o| links::identifier_url(o.scheme.as_deref(), &o.identifier));
    let all = doi.into_iter().chain(swhid.map(Into::into)).chain(others);
    json.some_array("identifier", all, |id: String, json| json.string(&id));
    json.text("url", &links::html_url(published));
}

fn wording(published: &Published<'_>, json: &mut JsonText<'_>) {
    let metadata = &published.record.metadata;
    json.some_text("name", given_text(metadata.title.as_deref()).as_deref());
    json.some_text("description", given_text(metadata.description.as_deref()).as_deref());
    json.some_text("version", given_text(metadata.version.as_deref()).as_deref());
    schema_org::keywords(published, json);
}

fn dates(published: &Published<'_>, json: &mut JsonText<'_>) {
    let day = |time: &'_ str| time.get(..10).map(str::to_owned);
    let date = published.record.metadata.publication_date.as_deref();
    let date = date.and_then(|date| Edtf::repair(date)?.0.start()).map(|date| date.to_string());
    json.some_text("datePublished", date.as_deref());
    json.some_text("dateCreated", day(published.created).as_deref());
    json.some_text("dateModified", day(published.updated).as_deref());
    if let FilesAccess::Embargoed { until } = published.files {
        json.text("embargoEndDate", until);
    }
}

fn terms_of_use(published: &Published<'_>, json: &mut JsonText<'_>) {
    let licences = published.record.metadata.rights.iter().filter_map(rights::licence);
    // The context makes every value an address.
    let addresses = licences.filter_map(|licence| licence.address());
    json.some_array("license", addresses, |address, json| json.string(&address));
    if published.files == FilesAccess::Open {
        json.key("isAccessibleForFree").boolean(true);
    }
}

fn code(published: &Published<'_>, json: &mut JsonText<'_>) {
    let custom = &published.record.custom_fields;
    let repository = custom.code_repository.as_deref().and_then(links::web_address);
    json.some_text("codeRepository", repository.as_deref());
    schema_org::programming_languages(published, json);
    let status = custom.development_status.as_ref().map(|status| status.id.as_str());
    if let Some(status) = status.filter(|status| REPOSTATUS.contains(status)) {
        json.text("developmentStatus", &format!("https://www.repostatus.org/#{status}"));
    }
    json.some_array("downloadUrl", open_files(published), |file, json| {
        json.string(&links::file_url(published, &file.key));
    });
}

/// The terms of <https://www.repostatus.org>, which InvenioRDM's vocabulary holds.
const REPOSTATUS: [&str; 8] =
    ["abandoned", "active", "concept", "inactive", "moved", "suspended", "unsupported", "wip"];

/// CodeMeta's terms for related works and the relations that mean them.
const RELATED: [(&str, &[&str]); 5] = [
    ("referencePublication", &["issupplementto", "isdescribedby", "isdocumentedby"]),
    ("softwareRequirements", &["requires"]),
    ("hasPart", &["haspart"]),
    ("isPartOf", &["ispartof"]),
    ("sameAs", &["isidenticalto"]),
];

fn related(published: &Published<'_>, json: &mut JsonText<'_>) {
    let all = &published.record.metadata.related_identifiers;
    for (term, relations) in RELATED {
        let of = all.iter().filter(|related| {
            let relation = related.relation_type.as_ref().map_or("", |r| r.id.as_str());
            // The repository of the code is no publication.
            relations.contains(&relation) && (term != "referencePublication" || is_text(related))
        });
        let of = of.filter_map(|r| links::identifier_url(r.scheme.as_deref(), &r.identifier));
        json.some_array(term, of, |address, json| json.string(&address));
    }
}

fn is_text(related: &RelatedIdentifier<'_>) -> bool {
    match &related.resource_type {
        Some(kind) => kind.id.starts_with("publication"),
        None => related.scheme.as_deref() == Some("doi"),
    }
}

/// Every grant: `funding` in words, `funder` as organisations.
fn funding(all: &[Funding<'_>], json: &mut JsonText<'_>) {
    let words = all.iter().filter_map(|funding| {
        let award = funding.award.as_ref()?;
        let number = given_text(award.number.as_deref());
        let title = given_text(award.title.preferred());
        match (number, title) {
            (Some(number), Some(title)) => Some(format!("{number}: {title}")),
            (one, other) => one.or(other).map(Into::into),
        }
    });
    json.some_array("funding", words, |words, json| json.string(&words));
    schema_org::funders(all, json);
}

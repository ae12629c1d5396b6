//! A DataCite item → a native record, or a family.
//!
//! Two circles of documents come in. Those of the repository's own DOIs were written by its
//! own exporter and carry facts that DataCite has no field for (communities as `IsPartOf`
//! addresses, the landing page, the update date); these go back where they came from. All
//! others are taken at face value.

use std::borrow::Cow;
use std::collections::HashSet;
use std::mem::take;

use super::contributor::normalized;
use super::datacite::{Alternate, Description, Item, Rights, Subject, Title, Types, Word};
use super::datacite_dates::Dates;
use super::lenient::{Bare, Scalar};
use super::native::{self, CustomFields, Identifier, Pid, Pids, Str, Term};
use super::{
    Inbound, InboundOptions, Issues, Rejected, datacite_agents, datacite_dates, datacite_places,
    datacite_relations, finish, is_number, known_language, tidy, trimmed,
};
use crate::record::date::timestamp;
use crate::record::{identifier, vocabulary};

/// Converts one item.
pub(super) fn convert<'a>(
    mut item: Item<'a>,
    options: &InboundOptions<'_>,
) -> Result<Inbound<'a>, Rejected> {
    let mut issues = Issues::default();
    let state = item.state.0.as_deref().map(str::trim).unwrap_or_default().to_owned();
    if state == "draft" {
        return Err(Rejected::new("state", "draft", "a draft DOI is not published"));
    }
    let doi = doi(&mut item);
    let id = match &doi {
        Some(doi) => identifier::datacite_record_id(doi, options.doi_pattern),
        None => {
            let stem = options.stem.unwrap_or_default();
            if !identifier::is_record_id(stem) {
                return Err(Rejected::new("doi", "no-id", "no DOI, and no file name for an id"));
            }
            stem.to_owned()
        }
    };
    let is_own = doi.is_some() && is_number(&id);
    if let Some(doi) = &doi
        && let Some(versions) = datacite_relations::versions(&item, doi)
    {
        return Ok(Inbound::Concept { id, doi: doi.clone(), versions });
    }
    let record = record(item, Identity { id, doi, is_own }, &state, options, &mut issues);
    finish(&record, issues)
}

/// Who the record is.
struct Identity {
    id: String,
    /// Bare, lower case.
    doi: Option<String>,
    /// Minted by this repository.
    is_own: bool,
}

/// The item's own DOI from wherever its generation has it. Lower case: DOIs compare without
/// regard to case, and sources disagree on it for one item.
fn doi(item: &mut Item<'_>) -> Option<String> {
    let bare = |text: &str| identifier::doi(text).map(|doi| doi.to_lowercase());
    let of_type_doi = |alternate: &Alternate<'_>| {
        let kind = alternate.identifier_type.as_deref().unwrap_or_default();
        kind.trim().eq_ignore_ascii_case("doi").then(|| bare(alternate.identifier.as_deref()?))?
    };
    item.doi
        .0
        .as_deref()
        .and_then(bare)
        .or_else(|| item.identifier.0.identifier.as_deref().and_then(bare))
        .or_else(|| item.id.0.as_deref().and_then(bare))
        .or_else(|| item.identifiers.0.iter().find_map(of_type_doi))
}

fn record<'a>(
    mut item: Item<'a>,
    Identity { id, doi, is_own }: Identity,
    state: &str,
    options: &InboundOptions<'_>,
    issues: &mut Issues,
) -> native::Record<'a> {
    let related = take(&mut item.related_identifiers.0);
    let mut related = datacite_relations::relations(related, issues);
    let concept = datacite_relations::concept(&mut related, doi.as_deref());
    let parent_id = concept
        .as_ref()
        .map(|concept| Cow::Owned(identifier::datacite_record_id(concept, options.doi_pattern)));
    let provider = if is_own { "datacite" } else { "external" };
    let pid = |doi: String| Pid { identifier: Cow::Owned(doi), provider };

    let mut custom_fields = CustomFields::default();
    datacite_relations::appeared_in(take(&mut item.related_items.0), &mut custom_fields);
    let own = if is_own { take_back(&mut related, &mut custom_fields) } else { Own::default() };
    let (identifiers, oai) = alternates(&mut item, doi.as_deref(), is_own.then_some(&*id));
    let mut dates = datacite_dates::dates(&mut item, issues);
    let updated_date = if is_own { dates.take_updated() } else { None };
    let (rights, access) = rights(take(&mut item.rights_list.0), &dates, state);
    let updated = item.updated.0.take().and_then(|text| timestamp(&text));

    let parent = native::Parent {
        id: parent_id,
        pids: Pids { doi: concept.map(pid), oai: None },
        communities: native::Communities::from_slugs(own.communities),
    };
    native::Record {
        id: Cow::Owned(id),
        created: item.created.0.take().and_then(|text| timestamp(&text)),
        updated: updated.or_else(|| updated_date.and_then(|day| timestamp(&day))),
        revision_id: None,
        is_published: true,
        pids: Pids {
            doi: doi.map(pid),
            oai: oai.map(|identifier| Pid { identifier, provider: "oai" }),
        },
        parent: (!parent.is_empty()).then_some(parent),
        versions: None,
        files: native::Files { enabled: access.has_files, entries: Vec::new() },
        access: access.access,
        metadata: metadata(item, Parts { related, identifiers, dates, rights }, issues),
        custom_fields,
        swh: own.swhid.map(|swhid| native::Swh { swhid }),
    }
}

/// What has been sorted out before the rest of the metadata.
struct Parts<'a> {
    related: Vec<native::Related<'a>>,
    identifiers: Vec<Identifier<'a>>,
    dates: Dates<'a>,
    rights: Rightful<'a>,
}

fn metadata<'a>(item: Item<'a>, parts: Parts<'a>, issues: &mut Issues) -> native::Metadata<'a> {
    let (title, additional_titles) = titles(item.titles.0, issues);
    let (description, additional_descriptions) = descriptions(item.descriptions.0, issues);
    let creators = if item.creators.0.is_empty() { item.creator.0 } else { item.creators.0 };
    let mut funding = datacite_agents::funding(item.funding_references.0);
    let contributors = datacite_agents::contributors(item.contributors.0, &mut funding, issues);
    let scalars =
        |list: Vec<Scalar<'a>>| list.into_iter().filter_map(|scalar| tidy(scalar.0?)).collect();
    native::Metadata {
        resource_type: resource_type(item.types, item.resource_type.0, issues),
        creators: datacite_agents::creators(creators, issues),
        title,
        additional_titles,
        publisher: word(item.publisher.0.name),
        publication_date: parts.dates.publication,
        subjects: item.subjects.0.into_iter().filter_map(|one| subject(one.0)).collect(),
        contributors,
        dates: parts.dates.others,
        languages: item
            .language
            .0
            .and_then(tidy)
            .and_then(|code| known_language(&code, "language", issues))
            .into_iter()
            .collect(),
        identifiers: parts.identifiers,
        related_identifiers: parts.related,
        sizes: scalars(item.sizes.0),
        formats: scalars(item.formats.0),
        version: item.version.0.and_then(tidy),
        rights: parts.rights.licences,
        copyright: parts.rights.copyright,
        description,
        additional_descriptions,
        locations: native::Locations {
            features: datacite_places::features(item.geo_locations.0, issues),
        },
        funding,
        references: Vec::new(),
    }
}

/// The pair of general type and free text; kernels before 4.4 have only the text to tell an
/// article from a report.
fn resource_type(types: Types<'_>, older: Types<'_>, issues: &mut Issues) -> Term<'static> {
    let general = word(types.resource_type_general.or(older.resource_type_general));
    let text = word(types.resource_type.or(older.resource_type)).unwrap_or_default();
    let general = general.unwrap_or_default();
    // Some write the general type where the free text belongs, and some nothing at all.
    let known = vocabulary::resource_type_by_datacite(&general, &text)
        .or_else(|| vocabulary::resource_type_by_datacite(&text, ""));
    match known {
        Some(known) => Term::known(known.id),
        None if general.is_empty() && text.is_empty() => Term::known("other"),
        None => {
            let message = format!("no type for {general:?}, {text:?}: taken for other");
            issues.add("types", "unknown-id", message);
            Term::known("other")
        }
    }
}

pub(super) fn word(text: Word<'_>) -> Option<Str<'_>> {
    tidy(text?.0)
}

/// Facts that only the repository's own documents carry.
#[derive(Default)]
struct Own<'a> {
    communities: Vec<Str<'a>>,
    swhid: Option<Str<'a>>,
}

/// Takes relations that the exporter made up back to where they came from: `IsPartOf` a
/// community's page or the journal's ISSN, `IsIdenticalTo` a Software Heritage identifier.
fn take_back<'a>(
    related: &mut Vec<native::Related<'a>>,
    custom_fields: &mut CustomFields<'a>,
) -> Own<'a> {
    let mut own = Own::default();
    let mut issn = None;
    related.retain(|one| {
        match (&*one.relation_type.id, &*one.scheme) {
            ("ispartof", "url") => {
                if let Some((_, slug)) = one.identifier.rsplit_once("/communities/")
                    && !slug.is_empty()
                    && !slug.contains(['/', '?', '#', '%'])
                {
                    own.communities.push(Cow::Owned(slug.to_owned()));
                    return false;
                }
            }
            ("ispartof", "issn") if issn.is_none() => {
                issn = Some(one.identifier.clone());
                return false;
            }
            ("isidenticalto", "swhid") if own.swhid.is_none() => {
                own.swhid = Some(one.identifier.clone());
                return false;
            }
            _ => {}
        }
        true
    });
    custom_fields.group("journal:journal", [("issn", issn)]);
    own
}

/// Alternate identifiers but the DOI itself and, for own records, the landing page; and the
/// OAI identifier.
fn alternates<'a>(
    item: &mut Item<'a>,
    doi: Option<&str>,
    own_id: Option<&str>,
) -> (Vec<Identifier<'a>>, Option<Str<'a>>) {
    let listed = take(&mut item.alternate_identifiers.0).into_iter();
    let also = take(&mut item.identifiers.0);
    let (mut identifiers, mut oai) = (Vec::new(), None);
    let mut seen = HashSet::new();
    for one in listed.chain(also) {
        let Some(value) = word(one.alternate_identifier.or(one.identifier)) else { continue };
        let label = word(one.alternate_identifier_type.or(one.identifier_type));
        if label.as_deref().is_some_and(|label| label.eq_ignore_ascii_case("oai")) {
            oai.get_or_insert(value);
            continue;
        }
        let found = labelled(label.as_deref().unwrap_or_default(), value);
        // As a DOI, or as the address of a test resolver.
        let doi_label = label.as_deref().is_some_and(|label| label.eq_ignore_ascii_case("doi"));
        let is_doi = (found.scheme == "doi" || doi_label)
            && doi.is_some_and(|doi| found.identifier.to_lowercase().ends_with(doi));
        let is_landing = own_id.is_some_and(|id| {
            let path = found.identifier.rsplit_once("/records/").or_else(|| {
                // Zenodo's address before October 2023.
                found.identifier.rsplit_once("/record/")
            });
            found.scheme == "url" && path.is_some_and(|(_, last)| last == id)
        });
        if !is_doi && !is_landing && seen.insert(found.clone()) {
            identifiers.push(found);
        }
    }
    (identifiers, oai)
}

/// Schemes whose values say what they are, whatever a label claims.
const SELF_DESCRIBING: [&str; 6] = ["doi", "url", "arxiv", "swhid", "ark", "urn"];

/// Scheme and value for a DataCite label.
///
/// In this order: the normal form under the label's scheme; what the value evidently is; the
/// value as it stands under the label's scheme, unless it has spaces or claims to be a DOI (a
/// wrong check digit may be the source's own, explanatory text is no identifier); `other`.
pub(super) fn labelled<'a>(label: &str, value: Str<'a>) -> Identifier<'a> {
    let known = vocabulary::scheme_by_datacite(label)
        .or_else(|| vocabulary::scheme(&label.trim().to_ascii_lowercase()));
    let claimed = known.map(|scheme| scheme.id).filter(|scheme| *scheme != "other");
    let value = match claimed {
        None => value,
        Some(scheme) => match normalized(scheme, value) {
            Ok(identifier) => return Identifier { identifier, scheme: Cow::Borrowed(scheme) },
            Err(value) => value,
        },
    };
    let evident = identifier::detect(&value)
        .filter(|scheme| claimed.is_none() || SELF_DESCRIBING.contains(scheme));
    let one_word = !value.contains(char::is_whitespace);
    let scheme = evident.or(claimed.filter(|scheme| one_word && *scheme != "doi"));
    let scheme = scheme.unwrap_or("other");
    let identifier = normalized(scheme, value).unwrap_or_else(|value| value);
    Identifier { identifier, scheme: Cow::Borrowed(scheme) }
}

/// The main title is the first without a type, else the first.
fn titles<'a>(
    titles: Vec<Bare<Title<'a>>>,
    issues: &mut Issues,
) -> (Option<Str<'a>>, Vec<native::Title<'a>>) {
    let (mut main, mut others) = (None, Vec::new());
    for (at, title) in titles.into_iter().enumerate() {
        let Some(text) = word(title.0.title) else { continue };
        let kind = word(title.0.title_type);
        if kind.is_none() && main.is_none() {
            main = Some(text);
            continue;
        }
        let known = kind.as_deref().and_then(vocabulary::title_type_by_datacite);
        others.push(native::Title {
            title: text,
            kind: Term::known(known.map_or("other", |kind| kind.id)),
            lang: word(title.0.lang)
                .and_then(|code| known_language(&code, &format!("titles[{at}].lang"), issues)),
        });
    }
    if main.is_none() && !others.is_empty() {
        main = Some(others.remove(0).title);
    }
    (main, others)
}

/// The abstract is the description; all others, and further abstracts, keep their type.
fn descriptions<'a>(
    descriptions: Vec<Bare<Description<'a>>>,
    issues: &mut Issues,
) -> (Option<Str<'a>>, Vec<native::Description<'a>>) {
    let (mut main, mut others) = (None, Vec::new());
    for (at, one) in descriptions.into_iter().enumerate() {
        let Some(text) = one.0.description.and_then(|text| trimmed(text.0)) else { continue };
        let kind = word(one.0.description_type);
        let known = kind.as_deref().and_then(vocabulary::description_type_by_datacite);
        let kind = match (kind, known) {
            // Required by the schema; what left it out meant the usual kind.
            (None, _) => "abstract",
            (_, Some(known)) => known.id,
            (Some(_), None) => "other",
        };
        if kind == "abstract" && main.is_none() {
            main = Some(text);
            continue;
        }
        others.push(native::Description {
            description: text,
            kind: Term::known(kind),
            lang: word(one.0.lang).and_then(|code| {
                known_language(&code, &format!("descriptions[{at}].lang"), issues)
            }),
        });
    }
    (main, others)
}

/// A subject with an address is a controlled one.
fn subject(subject: Subject<'_>) -> Option<native::Subject<'_>> {
    let id = word(subject.value_uri.or(subject.value_uri_old));
    let text = word(subject.subject);
    let scheme = word(subject.subject_scheme);
    (id.is_some() || text.is_some()).then_some(native::Subject { id, subject: text, scheme })
}

/// Licences and the copyright notice.
#[derive(Default)]
struct Rightful<'a> {
    licences: Vec<native::Right<'a>>,
    copyright: Option<Str<'a>>,
}

/// Access as far as DataCite can tell.
struct Accessible<'a> {
    access: native::Access<'a>,
    has_files: bool,
}

/// Splits rights into licences, the notice, and OpenAIRE's access statement
/// (`info:eu-repo/semantics/…Access`).
///
/// DataCite lists no files. `openAccess` says that there are some, and `closedAccess` is what
/// InvenioRDM writes for a record without any; no statement leaves it at none. A DOI that is
/// registered but not findable is withheld by its owner: restricted.
fn rights<'a>(
    listed: Vec<Bare<Rights<'a>>>,
    dates: &Dates<'a>,
    state: &str,
) -> (Rightful<'a>, Accessible<'a>) {
    let mut rights = Rightful::default();
    let mut statement = String::new();
    let mut seen = HashSet::new();
    for one in listed {
        let (text, uri) = (word(one.0.rights), word(one.0.rights_uri.or(one.0.rights_uri_old)));
        if let Some(word) = uri.as_deref().and_then(access_statement) {
            word.clone_into(&mut statement);
            continue;
        }
        let in_copyright = |uri: &str| uri.ends_with("rightsstatements.org/vocab/InC/1.0/");
        if text.is_some() && rights.copyright.is_none() && uri.as_deref().is_some_and(in_copyright)
        {
            rights.copyright = text;
            continue;
        }
        let right = licence(text, uri, word(one.0.rights_identifier));
        let twice = right.id.as_ref().is_some_and(|id| !seen.insert(id.clone()));
        let empty = right.id.is_none() && right.title.is_none() && right.link.is_none();
        if !empty && !twice {
            rights.licences.push(right);
        }
    }
    let files = match &*statement {
        "embargoedAccess" | "restrictedAccess" => "restricted",
        _ => "public",
    };
    let embargo = (statement == "embargoedAccess").then(|| native::Embargo {
        active: true,
        until: dates.available().map(Cow::Owned),
        reason: None,
    });
    let record = if state == "registered" { "restricted" } else { "public" };
    let has_files = matches!(&*statement, "openAccess" | "embargoedAccess" | "restrictedAccess");
    (rights, Accessible { access: native::Access { record, files, embargo }, has_files })
}

fn access_statement(uri: &str) -> Option<&str> {
    let word = uri.strip_prefix("info:eu-repo/semantics/")?;
    word.ends_with("Access").then_some(word)
}

/// By identifier, by address, by name; else as free text with its address.
fn licence<'a>(
    text: Option<Str<'a>>,
    uri: Option<Str<'a>>,
    id: Option<Str<'a>>,
) -> native::Right<'a> {
    let known = id
        .as_deref()
        .and_then(vocabulary::licence)
        .or_else(|| uri.as_deref().and_then(vocabulary::licence_by_url))
        .or_else(|| text.as_deref().and_then(vocabulary::licence));
    match known {
        Some(known) => native::Right { id: Some(Cow::Borrowed(known.id)), title: None, link: None },
        None => native::Right {
            id: None,
            title: text.or(id).map(|en| native::English { en }),
            link: uri,
        },
    }
}

//! The `metadata` member.

use crate::crosswalk::json_text::JsonText;
use crate::crosswalk::names::role;
use crate::crosswalk::places::{Shape, shape};
use crate::record::date::{Date, Edtf};
use crate::record::model::{
    Contributor, Funder, Funding, Metadata, PersonOrOrg, RelatedIdentifier, TypedDate,
};
use crate::record::{FilesAccess, Published, Text, canonical, vocabulary};

/// Writes the members of `metadata`.
pub(super) fn write(published: &Published<'_>, json: &mut JsonText<'_>) {
    let metadata = &published.record.metadata;
    json.some_text("title", metadata.title.as_deref());
    json.some_text("doi", published.doi());
    json.some_text("publication_date", metadata.publication_date.as_deref());
    json.some_text("description", metadata.description.as_deref());
    access(published, json);
    json.key("creators").array(|json| {
        for person in &metadata.creators {
            json.object(|json| agent(person, json));
        }
    });
    contributors(&metadata.contributors, json);
    subjects(published, json);
    related(metadata, json);
    places(metadata, json);
    dates(&metadata.dates, json);
    list("references", &metadata.references, json, |reference, json| {
        json.string(&reference.reference);
    });
    if let Some(language) = metadata.languages.first() {
        json.some_text("language", Some(&language.id));
    }
    further_descriptions(metadata, json);
    json.some_text("version", metadata.version.as_deref());
    resource_type(metadata, json);
    containers(published, json);
    if let Some(id) = metadata.rights.iter().find_map(|right| right.id.as_deref()) {
        json.key("license").object(|json| json.text("id", id));
    }
    grants(&metadata.funding, json);
    let communities = &published.record.parent.communities.entries;
    list("communities", communities, json, |community, json| {
        json.object(|json| json.text("id", &community.slug));
    });
    relations(published, json);
    custom(published, json);
}

/// A member that is an array, left out when empty.
fn list<T>(name: &str, items: &[T], json: &mut JsonText<'_>, item: impl Fn(&T, &mut JsonText<'_>)) {
    if !items.is_empty() {
        json.key(name).array(|json| items.iter().for_each(|one| item(one, json)));
    }
}

/// `closed` stands for records without files: of the four words that clients know, the one
/// that promises nothing to download.
fn access(published: &Published<'_>, json: &mut JsonText<'_>) {
    let word = match published.files {
        FilesAccess::Open => "open",
        FilesAccess::Embargoed { .. } => "embargoed",
        FilesAccess::Restricted => "restricted",
        FilesAccess::MetadataOnly => "closed",
    };
    json.text("access_right", word);
    if let FilesAccess::Embargoed { until } = published.files {
        json.text("embargo_date", until);
    }
}

/// Name, first affiliation, ORCID and GND: all that the format has room for.
fn agent(contributor: &Contributor<'_>, json: &mut JsonText<'_>) {
    let who: &PersonOrOrg<'_> = &contributor.person_or_org;
    json.text("name", who.name.as_deref().unwrap_or_default());
    let first = contributor.affiliations.iter().find_map(|a| a.name.as_deref().or(a.id.as_deref()));
    json.key("affiliation");
    match first {
        Some(name) => json.string(name),
        None => json.null(),
    }
    for scheme in ["orcid", "gnd"] {
        let found = who.identifiers.iter().find(|id| id.scheme.as_deref() == Some(scheme));
        json.some_text(scheme, found.map(|id| id.identifier.as_str()));
    }
}

fn contributors(all: &[Contributor<'_>], json: &mut JsonText<'_>) {
    list("contributors", all, json, |person, json| {
        json.object(|json| {
            agent(person, json);
            let kind = vocabulary::role(role(person)).map_or("Other", |role| role.datacite);
            json.text("type", kind);
        });
    });
}

/// Free keywords, and controlled subjects beside those of old records.
fn subjects(published: &Published<'_>, json: &mut JsonText<'_>) {
    let subjects = &published.record.metadata.subjects;
    let legacy = &published.record.custom_fields.legacy_subjects;
    let mut keywords = subjects
        .iter()
        .filter(|subject| subject.id.is_none())
        .filter_map(|subject| subject.subject.as_deref())
        .peekable();
    if keywords.peek().is_some() {
        json.key("keywords").array(|json| keywords.for_each(|keyword| json.string(keyword)));
    }
    let controlled = subjects.iter().filter(|subject| subject.id.is_some());
    let controlled =
        controlled.map(|s| (s.subject.as_deref(), s.id.as_deref(), s.scheme.as_deref()));
    let legacy = legacy.iter();
    let legacy = legacy.map(|s| (s.term.as_deref(), s.identifier.as_deref(), s.scheme.as_deref()));
    let mut all = legacy.chain(controlled).peekable();
    if all.peek().is_some() {
        json.key("subjects").array(|json| {
            all.for_each(|(term, identifier, scheme)| {
                json.object(|json| {
                    json.some_text("term", term.or(identifier));
                    json.some_text("identifier", identifier);
                    json.some_text("scheme", scheme);
                });
            });
        });
    }
}

fn related(metadata: &Metadata<'_>, json: &mut JsonText<'_>) {
    list("related_identifiers", &metadata.related_identifiers, json, |related, json| {
        json.object(|json| {
            json.text("identifier", &related.identifier);
            json.some_text("relation", relation(related).as_deref());
            let kind = related.resource_type.as_ref().map(|kind| kind.id.as_str());
            json.some_text("resource_type", kind);
            json.some_text("scheme", related.scheme.as_deref());
        });
    });
    list("alternate_identifiers", &metadata.identifiers, json, |other, json| {
        json.object(|json| {
            json.text("identifier", &other.identifier);
            json.some_text("scheme", other.scheme.as_deref());
        });
    });
}

/// `isCitedBy`: the DataCite name with a small first letter; an unknown id as it is.
fn relation(related: &RelatedIdentifier<'_>) -> Option<String> {
    let id = &related.relation_type.as_ref()?.id;
    let Some(term) = vocabulary::relation_type(id) else { return Some(id.to_string()) };
    let mut name = term.datacite.to_owned();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    Some(name)
}

/// The format has room for points; any other shape keeps its name and description only.
fn places(metadata: &Metadata<'_>, json: &mut JsonText<'_>) {
    list("locations", &metadata.locations.features, json, |feature, json| {
        json.object(|json| {
            if let Some(Shape::Point(position)) = shape(feature) {
                json.key("lat").decimal(position.latitude);
                json.key("lon").decimal(position.longitude);
            }
            json.some_text("place", feature.place.as_deref());
            json.some_text("description", feature.description.as_deref());
        });
    });
}

/// A single date is an interval of one day, which is how clients wrote it.
fn dates(all: &[TypedDate<'_>], json: &mut JsonText<'_>) {
    list("dates", all, json, |date, json| {
        json.object(|json| {
            if let Some((edtf, _)) = Edtf::repair(&date.date) {
                let text = |date: Option<Date>| date.map(|date| date.to_string());
                json.some_text("start", text(edtf.start()).as_deref());
                json.some_text("end", text(edtf.end()).as_deref());
            }
            json.some_text("type", date.kind.as_ref().map(|kind| kind.id.as_str()));
            json.some_text("description", date.description.as_deref());
        });
    });
}

fn further_descriptions(metadata: &Metadata<'_>, json: &mut JsonText<'_>) {
    let of = |wanted: &str| -> Option<&Text<'_>> {
        let mut all = metadata.additional_descriptions.iter();
        all.find(|d| d.kind.as_ref().is_some_and(|k| k.id == wanted)).map(|d| &d.description)
    };
    json.some_text("notes", of("notes").map(Text::as_str));
    json.some_text("method", of("methods").map(Text::as_str));
}

fn resource_type(metadata: &Metadata<'_>, json: &mut JsonText<'_>) {
    let id = &*metadata.resource_type.id;
    if id.is_empty() {
        return;
    }
    json.key("resource_type").object(|json| {
        let (kind, subtype) = id.split_once('-').map_or((id, None), |(a, b)| (a, Some(b)));
        json.text("type", kind);
        json.some_text("subtype", subtype);
        let title = vocabulary::resource_type(id).map(|known| known.title);
        json.some_text("title", title.or_else(|| metadata.resource_type.title.preferred()));
    });
}

/// A member that is an object of texts, left out when none is given.
fn texts(name: &str, members: &[(&str, Option<&str>)], json: &mut JsonText<'_>) {
    if members.iter().any(|(_, value)| value.is_some_and(|value| !value.is_empty())) {
        json.key(name).object(|json| {
            members.iter().for_each(|(member, value)| json.some_text(member, *value));
        });
    }
}

fn containers(published: &Published<'_>, json: &mut JsonText<'_>) {
    let record = published.record;
    let custom = &record.custom_fields;
    let journal = &custom.journal;
    texts(
        "journal",
        &[
            ("title", journal.title.as_deref()),
            ("volume", journal.volume.as_deref()),
            ("issue", journal.issue.as_deref()),
            ("pages", journal.pages.as_deref()),
            ("issn", journal.issn.as_deref()),
        ],
        json,
    );
    let meeting = &custom.meeting;
    texts(
        "meeting",
        &[
            ("title", meeting.title.as_deref()),
            ("acronym", meeting.acronym.as_deref()),
            ("dates", meeting.dates.as_deref()),
            ("place", meeting.place.as_deref()),
            ("url", meeting.url.as_deref()),
            ("session", meeting.session.as_deref()),
            ("session_part", meeting.session_part.as_deref()),
        ],
        json,
    );
    let imprint = &custom.imprint;
    let has_imprint = [&imprint.isbn, &imprint.place, &imprint.edition];
    let publisher = record.metadata.publisher.as_deref();
    texts(
        "imprint",
        &[
            ("isbn", imprint.isbn.as_deref()),
            ("place", imprint.place.as_deref()),
            ("edition", imprint.edition.as_deref()),
            ("publisher", publisher.filter(|_| has_imprint.iter().any(|field| field.is_some()))),
        ],
        json,
    );
    texts(
        "part_of",
        &[("title", imprint.title.as_deref()), ("pages", imprint.pages.as_deref())],
        json,
    );
    let thesis = &custom.thesis;
    texts(
        "thesis",
        &[
            ("university", thesis.university.as_deref()),
            ("department", thesis.department.as_deref()),
            ("type", thesis.kind.as_deref()),
            ("date_submitted", thesis.date_submitted.as_deref()),
            ("date_defended", thesis.date_defended.as_deref()),
        ],
        json,
    );
}

/// Grants with an award; a funder alone has no place in the format.
fn grants(all: &[Funding<'_>], json: &mut JsonText<'_>) {
    let mut awarded = all.iter().filter_map(|f| Some((&f.funder, f.award.as_ref()?))).peekable();
    if awarded.peek().is_none() {
        return;
    }
    json.key("grants").array(|json| {
        awarded.for_each(|(by, award)| {
            json.object(|json| {
                json.some_text("code", award.number.as_deref());
                let number = award.number.as_deref().unwrap_or_default();
                let internal = funder_doi(by).map(|doi| format!("{doi}::{number}"));
                json.some_text("internal_id", internal.as_deref().or(award.id.as_deref()));
                json.key("funder").object(|json| funder(by, json));
                json.some_text("title", award.title.preferred());
                json.some_text("acronym", award.acronym.as_deref());
                json.some_text("program", award.program.as_deref());
                for scheme in ["url", "doi"] {
                    let mut ids = award.identifiers.iter();
                    let found = ids.find(|id| id.scheme.as_deref() == Some(scheme));
                    json.some_text(scheme, found.map(|id| id.identifier.as_str()));
                }
            });
        });
    });
}

fn funder(by: &Funder<'_>, json: &mut JsonText<'_>) {
    json.some_text("name", by.name.as_deref());
    json.some_text("doi", funder_doi(by));
    json.some_text("country", by.country.as_deref());
}

/// The funder's DOI, known only where the source has expanded its identifiers.
fn funder_doi<'a>(by: &'a Funder<'_>) -> Option<&'a str> {
    let is_doi = |scheme: Option<&str>| matches!(scheme, Some("doi" | "crossreffunderid"));
    let found = by.identifiers.iter().find(|id| is_doi(id.scheme.as_deref()))?;
    found.identifier.starts_with("10.").then_some(&found.identifier)
}

fn relations(published: &Published<'_>, json: &mut JsonText<'_>) {
    json.key("relations").object(|json| {
        json.key("version").array(|json| {
            json.object(|json| {
                json.key("index").number(published.lineage.index.saturating_sub(1));
                json.key("is_last").boolean(published.lineage.is_latest());
                if !published.record.parent.id.is_empty() {
                    json.key("parent").object(|json| {
                        json.text("pid_type", "recid");
                        json.text("pid_value", &published.record.parent.id);
                    });
                }
            });
        });
    });
}

/// Custom fields without a place of their own, verbatim; names sorted.
fn custom(published: &Published<'_>, json: &mut JsonText<'_>) {
    let fields = &published.record.custom_fields;
    let mut other: Vec<_> = fields.other.iter().collect();
    other.sort_by(|a, b| a.0.cmp(&b.0));
    let code = fields.code_repository.as_deref();
    let languages = &fields.programming_languages;
    let status = fields.development_status.as_ref();
    if other.is_empty() && code.is_none() && languages.is_empty() && status.is_none() {
        return;
    }
    json.key("custom").object(|json| {
        json.some_text("code:codeRepository", code);
        if let Some(status) = status {
            json.key("code:developmentStatus").object(|json| json.text("id", &status.id));
        }
        list("code:programmingLanguage", languages, json, |language, json| {
            json.object(|json| json.text("id", &language.id));
        });
        for (name, value) in other {
            json.key(name).value(|out| {
                if !canonical::canonical_value(value.get(), out) {
                    out.extend_from_slice(b"null");
                }
            });
        }
    });
}

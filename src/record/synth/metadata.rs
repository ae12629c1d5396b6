//! Descriptive metadata and custom fields of a record.

use super::distributions::{
    CONTRIBUTORS, CREATORS, KEYWORDS, REFERENCES, RELATED, TITLE_CHARS, Weighted,
};
use super::document::{Document, stream};
use super::json::{field, list, raw, string};
use super::kinds::{CODE_LICENCES, Giant, LICENCES};
use super::month::date;
use super::names::FIELDS;
use super::prose::Prose;
use super::rng::Rng;
use super::tongues::ENGLISH;
use super::{description, people, quirks, works};

const ROLES: Weighted<(&str, &str)> = Weighted(&[
    (370, ("other", "Other")),
    (230, ("editor", "Editor")),
    (200, ("projectmember", "Project member")),
    (80, ("researcher", "Researcher")),
    (50, ("datacollector", "Data collector")),
    (30, ("datacurator", "Data curator")),
    (20, ("projectleader", "Project leader")),
    (10, ("hostinginstitution", "Hosting institution")),
    (10, ("contactperson", "Contact person")),
    (5, ("supervisor", "Supervisor")),
]);

/// Appends `"metadata":{…},"custom_fields":{…}`.
pub(super) fn write(document: &Document<'_>, out: &mut Vec<u8>) {
    raw("\"metadata\":{\"resource_type\":{", out);
    titled(document.kind.id, document.kind.title, out);
    raw("},\"title\":", out);
    string(&title(document), out);
    write_additional_title(document, out);
    raw(",", out);
    let mut dates = document.shared(stream::DATES);
    let age = if dates.chance(70_000) { 0 } else { dates.zipf(13) as i64 };
    let day = date(document.created - age * 86_400);
    let published = quirks::publication_date(&mut document.own(stream::DATES), &day);
    field("publication_date", &published, out);
    raw(",\"publisher\":\"Zenodo\"", out);
    write_creators(document, out);
    write_contributors(document, out);
    description::write(document, out);
    write_subjects(document, out);
    write_dates(document, &day, out);
    write_language(document, out);
    write_related(document, out);
    write_version(document, out);
    write_rights(document, out);
    write_funding(document, out);
    write_locations(document, out);
    write_references(document, out);
    raw("},\"custom_fields\":{", out);
    write_custom_fields(document, &day, out);
    raw("}", out);
}

/// `owner/name` of the code repository and the version tag of this release.
pub(super) fn code_repository(document: &Document<'_>) -> (String, String) {
    let mut rng = document.shared(stream::TITLE);
    let (family, _) = people::name(&mut rng);
    let owner: String = family.chars().filter(char::is_ascii_alphabetic).collect();
    let mut name = String::new();
    let mut prose = Prose::new(rng, ENGLISH, document.topic());
    prose.content_word(&mut name);
    name.push('-');
    prose.content_word(&mut name);
    let version = format!("v{}.{}.0", 1 + document.place.index / 10, document.place.index % 10);
    (format!("{}/{name}", owner.to_ascii_lowercase()), version)
}

fn title(document: &Document<'_>) -> String {
    let mut rng = document.shared(stream::TITLE);
    let mut title = String::new();
    if document.kind.id == "software" && rng.chance(60_000) {
        let (repository, version) = code_repository(document);
        title = format!("{repository}: {version}");
    } else {
        let chars = TITLE_CHARS.draw(&mut rng);
        Prose::new(rng.clone(), document.tongue, document.topic()).title(chars, &mut title);
        quirks::in_title(&mut rng, &mut title);
    }
    for edit in 1..=document.edits.title {
        title.push_str(&format!(" (revised {edit})"));
    }
    title
}

fn write_additional_title(document: &Document<'_>, out: &mut Vec<u8>) {
    let mut rng = document.shared(stream::REST);
    let translated = !document.tongue.is_english() && rng.chance(40_000);
    if !translated && !rng.chance(2_000) {
        return;
    }
    let mut title = String::new();
    Prose::new(rng, ENGLISH, document.topic()).title(60, &mut title);
    raw(",\"additional_titles\":[{\"title\":", out);
    string(&title, out);
    if translated {
        raw(
            ",\"type\":{\"id\":\"translated-title\",\"title\":{\"en\":\"Translated title\"}},\
             \"lang\":{\"id\":\"eng\",\"title\":{\"en\":\"English\"}}}]",
            out,
        );
    } else {
        raw(",\"type\":{\"id\":\"subtitle\",\"title\":{\"en\":\"Subtitle\"}}}]", out);
    }
}

fn write_creators(document: &Document<'_>, out: &mut Vec<u8>) {
    let mut rng = document.shared(stream::CREATORS);
    let drawn = CREATORS.draw(&mut rng);
    let first = match document.giant {
        Some(Giant::Creators) => rng.between(1_000, 3_300) as usize,
        _ => drawn,
    };
    let count = first + document.edits.creators as usize;
    raw(",\"creators\":", out);
    list(0..count, out, |i, out| {
        // A stream of its own for each, so that an added creator leaves the others alone;
        // one in three hundred repeats the first.
        let mut own = document.shared(stream::CREATORS + (i as u64 + 1) * 64);
        if i > 0 && own.chance(300) {
            own = document.shared(stream::CREATORS + 64);
        }
        raw("{", out);
        write_agent(&mut own, out);
        raw("}", out);
    });
}

fn write_contributors(document: &Document<'_>, out: &mut Vec<u8>) {
    let mut rng = document.shared(stream::CREATORS + 1_000_000);
    let count = CONTRIBUTORS.draw(&mut rng);
    if count == 0 {
        return;
    }
    raw(",\"contributors\":", out);
    list(0..count, out, |_, out| {
        raw("{", out);
        write_agent(&mut rng, out);
        raw(",\"role\":{", out);
        let (id, title) = ROLES.draw(&mut rng);
        titled(id, title, out);
        raw("}}", out);
    });
}

/// Appends `"person_or_org":{…},"affiliations":[…]`.
fn write_agent(rng: &mut Rng, out: &mut Vec<u8>) {
    if rng.chance(1_500) {
        let (name, id) = people::institution(rng);
        raw("\"person_or_org\":{\"type\":\"organizational\",", out);
        field("name", &name, out);
        if let Some(id) = id {
            raw(&format!(",\"identifiers\":[{{\"scheme\":\"ror\",\"identifier\":\"{id}\"}}]"), out);
        }
        return raw("},\"affiliations\":[]", out);
    }
    let (family, given) = people::name(rng);
    raw("\"person_or_org\":{\"type\":\"personal\",", out);
    match quirks::odd_name(rng, &family, &given) {
        Some(odd) => {
            field("name", &odd, out);
            raw(",", out);
            field("family_name", &odd, out);
        }
        None => {
            field("name", &format!("{family}, {given}"), out);
            raw(",", out);
            field("given_name", &given, out);
            raw(",", out);
            field("family_name", &family, out);
        }
    }
    if rng.chance(50_000) {
        let mut id = people::orcid(rng);
        if rng.chance(200) {
            id.replace_range(18.., "0");
        }
        raw(&format!(",\"identifiers\":[{{\"scheme\":\"orcid\",\"identifier\":\"{id}\"}}]"), out);
    }
    raw("},\"affiliations\":", out);
    let affiliations = usize::from(rng.chance(68_000)) + usize::from(rng.chance(5_000));
    list(0..affiliations, out, |_, out| write_affiliation(rng, out));
}

fn write_affiliation(rng: &mut Rng, out: &mut Vec<u8>) {
    let (mut name, id) = people::institution(rng);
    if rng.chance(400) {
        name = format!("{name} - ").repeat(8);
    }
    raw("{", out);
    if let Some(id) = &id {
        field("id", id, out);
        raw(",", out);
    }
    field("name", &name, out);
    if let Some(id) = &id {
        raw(&format!(",\"identifiers\":[{{\"identifier\":\"{id}\",\"scheme\":\"ror\"}}]"), out);
    }
    raw("}", out);
}

fn write_subjects(document: &Document<'_>, out: &mut Vec<u8>) {
    let mut rng = document.shared(stream::SUBJECTS);
    let count = KEYWORDS.draw(&mut rng) + document.edits.keywords as usize;
    if count == 0 {
        return;
    }
    raw(",\"subjects\":", out);
    list(0..count as u64, out, |i, out| {
        let own = document.shared(stream::SUBJECTS + (i + 1) * 64);
        let mut prose = Prose::new(own, document.tongue, document.topic());
        let mut subject = String::new();
        let joined = prose.rng().chance(4_000);
        for part in 0..if joined { 5 } else { prose.rng().between(1, 2) } {
            match (part, joined) {
                (0, _) => {}
                (_, true) => subject.push_str(", "),
                (_, false) => subject.push(' '),
            }
            prose.content_word(&mut subject);
        }
        if prose.rng().chance(1_000) {
            let code = prose.rng().below(999);
            raw(
                &format!(
                    "{{\"id\":\"http://id.example/euroscivoc/{code}\",\"scheme\":\"EuroSciVoc\",\"subject\":"
                ),
                out,
            );
        } else {
            raw("{\"subject\":", out);
        }
        string(&subject, out);
        raw("}", out);
    });
}

fn write_dates(document: &Document<'_>, day: &str, out: &mut Vec<u8>) {
    let mut rng = document.shared(stream::DATES + 64);
    let (kind, title) = match rng.below(1_000) {
        0..15 => ("collected", "Collected"),
        15..25 => ("created", "Created"),
        25..30 => ("available", "Available"),
        30..34 => ("valid", "Valid"),
        _ => return,
    };
    let start = rng.between(1990, 2020);
    raw(&format!(",\"dates\":[{{\"date\":\"{start}-03-01/{day}\",\"type\":{{"), out);
    titled(kind, title, out);
    raw("},\"description\":\"\"}]", out);
}

fn write_language(document: &Document<'_>, out: &mut Vec<u8>) {
    let mut rng = document.shared(stream::REST + 64);
    if rng.chance(if document.tongue.is_english() { 45_000 } else { 85_000 }) {
        raw(",\"languages\":[{", out);
        titled(document.tongue.id, document.tongue.name, out);
        raw("}]", out);
    }
}

fn write_related(document: &Document<'_>, out: &mut Vec<u8>) {
    let mut rng = document.shared(stream::RELATED);
    let drawn = RELATED.draw(&mut rng);
    let first = match document.giant {
        Some(Giant::Related) => rng.between(500, 760) as usize,
        _ => drawn,
    };
    let count = first + document.edits.related as usize;
    let code = document.kind.id == "software";
    if count == 0 && !code {
        return;
    }
    raw(",\"related_identifiers\":", out);
    list(0..count + usize::from(code), out, |i, out| {
        if i == count {
            let (repository, version) = code_repository(document);
            works::source_tree(&repository, &version, out);
        } else {
            works::related(&mut document.shared(stream::RELATED + (i as u64 + 1) * 64), out);
        }
    });
}

fn write_version(document: &Document<'_>, out: &mut Vec<u8>) {
    let index = document.place.index;
    if document.kind.id == "software" {
        raw(",", out);
        field("version", &code_repository(document).1, out);
    } else if document.shared(stream::REST + 128).chance(25_000) {
        raw(&format!(",\"version\":\"{index}.0\""), out);
    }
}

fn write_rights(document: &Document<'_>, out: &mut Vec<u8>) {
    let mut rng = document.shared(stream::RIGHTS);
    match rng.below(1_000) {
        0..31 => return,
        31..36 => {
            return raw(
                ",\"rights\":[{\"title\":{\"en\":\"Depositor's own terms\"},\"description\":\
                 {\"en\":\"Ask before reuse.\"},\"link\":\"https://repository.example/terms\"}]",
                out,
            );
        }
        _ => {}
    }
    let licences = if document.kind.id == "software" { &CODE_LICENCES } else { &LICENCES };
    let licence = licences.draw(&mut rng);
    raw(",\"rights\":[{", out);
    titled(licence.id, licence.title, out);
    raw(",\"props\":{", out);
    field("url", licence.url, out);
    raw(
        if licence.url.is_empty() { ",\"scheme\":\"\"}}]" } else { ",\"scheme\":\"spdx\"}}]" },
        out,
    );
}

fn write_funding(document: &Document<'_>, out: &mut Vec<u8>) {
    let mut rng = document.shared(stream::FUNDING);
    let count = match rng.below(1_000) {
        0..910 => return,
        910..985 => 1,
        985..998 => 2,
        _ => 5,
    };
    raw(",\"funding\":", out);
    list(0..count, out, |_, out| {
        let (id, name, country) = people::FUNDERS[rng.zipf(4).min(people::FUNDERS.len() - 1)];
        raw(
            &format!(
                "{{\"funder\":{{\"id\":\"{id}\",\"name\":\"{name}\",\"country\":\"{country}\"}}"
            ),
            out,
        );
        if rng.chance(85_000) {
            let number = rng.between(100_000, 101_999_999);
            let mut title = String::new();
            Prose::new(Rng::new(number, 0, 0), ENGLISH, number).title(60, &mut title);
            raw(
                &format!(
                    ",\"award\":{{\"id\":\"{id}::{number}\",\"number\":\"{number}\",\"title\":{{"
                ),
                out,
            );
            field("en", &title, out);
            raw(
                &format!(
                    "}},\"identifiers\":[{{\"scheme\":\"url\",\"identifier\":\"https://projects.example/{number}\"}}]}}"
                ),
                out,
            );
        }
        raw("}", out);
    });
}

fn write_locations(document: &Document<'_>, out: &mut Vec<u8>) {
    let mut rng = document.shared(stream::REST + 192);
    if !rng.chance(2_500) {
        return;
    }
    let mut degrees = |range: u64| {
        let value = rng.below(range * 2_000) as i64 - range as i64 * 1_000;
        format!(
            "{}{}.{:03}",
            if value < 0 { "-" } else { "" },
            value.abs() / 1_000,
            value.abs() % 1_000
        )
    };
    let (lon, lat) = (degrees(170), degrees(80));
    let geometry = if rng.chance(30_000) {
        let (east, north) = (format!("{lon}5"), format!("{lat}5"));
        format!(
            "{{\"type\":\"Polygon\",\"coordinates\":[[[{lon},{lat}],[{east},{lat}],[{east},{north}],[{lon},{north}],[{lon},{lat}]]]}}"
        )
    } else {
        format!("{{\"type\":\"Point\",\"coordinates\":[{lon},{lat}]}}")
    };
    raw(&format!(",\"locations\":{{\"features\":[{{\"geometry\":{geometry},"), out);
    field("place", &people::place(&mut rng), out);
    raw("}]}", out);
}

fn write_references(document: &Document<'_>, out: &mut Vec<u8>) {
    let mut rng = document.shared(stream::REFERENCES);
    let count = REFERENCES.draw(&mut rng);
    if count == 0 {
        return;
    }
    raw(",\"references\":", out);
    list(0..count, out, |_, out| {
        let (family, given) = people::name(&mut rng);
        let mut title = String::new();
        Prose::new(Rng::new(rng.bits(), 0, 0), ENGLISH, document.topic()).title(70, &mut title);
        let (year, doi) = (rng.between(1970, 2026), works::doi(&mut rng));
        raw("{\"reference\":", out);
        string(&format!("{family}, {given} ({year}). {title}. https://doi.org/{doi}"), out);
        raw("}", out);
    });
}

fn write_custom_fields(document: &Document<'_>, day: &str, out: &mut Vec<u8>) {
    let mut rng = document.shared(stream::REST + 256);
    match document.kind.id {
        "publication-article" | "publication-taxonomictreatment" if rng.chance(70_000) => {
            let mut journal = Rng::new(0x70_0412, rng.zipf(9) as u64, 0);
            let title = format!("Journal of {} and {}", journal.pick(FIELDS), journal.pick(FIELDS));
            raw("\"journal:journal\":{", out);
            field("title", &title, out);
            raw(",", out);
            field("issn", &works::issn(&mut journal), out);
            let (volume, issue, page) =
                (rng.below(80) + 1, rng.below(12) + 1, rng.below(2_000) + 1);
            raw(
                &format!(
                    ",\"volume\":\"{volume}\",\"issue\":\"{issue}\",\"pages\":\"{page}-{}\"}}",
                    page + rng.below(30)
                ),
                out,
            );
        }
        "software" => {
            let (repository, _) = code_repository(document);
            let language =
                rng.pick(&["Python", "R", "C++", "Julia", "Java", "Rust", "Jupyter Notebook"]);
            raw(
                &format!(
                    "\"code:codeRepository\":\"https://github.com/{repository}\",\"code:programmingLanguage\":[{{"
                ),
                out,
            );
            titled(&language.to_ascii_lowercase().replace(' ', "-"), language, out);
            raw(
                "}],\"code:developmentStatus\":{\"id\":\"active\",\"title\":{\"en\":\"Active\"}}",
                out,
            );
        }
        "poster" | "presentation" | "publication-conferencepaper" => {
            let (place, field_name) = (people::place(&mut rng), rng.pick(FIELDS));
            raw("\"meeting:meeting\":{", out);
            field("title", &format!("{} Conference on {field_name}", &day[..4]), out);
            raw(",", out);
            field("place", &place, out);
            raw("}", out);
        }
        "publication-dissertation" => {
            raw("\"thesis:thesis\":{", out);
            field("university", &people::institution(&mut rng).0, out);
            raw("}", out);
        }
        "publication-book" | "publication-section" => {
            raw("\"imprint:imprint\":{", out);
            field("isbn", &works::isbn(&mut rng), out);
            raw(",", out);
            field("place", &people::place(&mut rng), out);
            raw("}", out);
        }
        _ => {}
    }
}

/// Appends `"id":…,"title":{"en":…}`.
fn titled(id: &str, title: &str, out: &mut Vec<u8>) {
    field("id", id, out);
    raw(",\"title\":{", out);
    field("en", title, out);
    raw("}", out);
}

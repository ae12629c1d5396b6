//! Records to write: from JSON, from files, generated.

use offprint::crosswalk::datacite::{DataCite, Withheld};
use offprint::record::access::{Visibility, visibility};
use offprint::record::{FilesAccess, Lineage, Published, Record, Repository, date};
use proptest::prelude::*;
use serde_json::{Value, json};

/// The as-of of every test.
pub(crate) const DAY: &str = "2026-11-01";

/// XML, then JSON.
pub(crate) struct Outputs {
    pub(crate) xml: String,
    pub(crate) json: String,
}

impl Outputs {
    pub(crate) fn value(&self) -> Value {
        serde_json::from_str(&self.json).unwrap()
    }
}

pub(crate) fn repository() -> Repository {
    Repository {
        name: "Example".into(),
        base_url: "https://repository.example".into(),
        publisher: None,
        doi_pattern: "10.5281/zenodo.N".into(),
        oai_namespace: "repository.example".into(),
    }
}

/// Parses a native record, publishes it at [`DAY`] and hands its DataCite view to `f`.
pub(crate) fn with<T>(text: &str, f: impl FnOnce(Result<&DataCite<'_>, Withheld>) -> T) -> T {
    published(text, |published| match DataCite::from_published(published) {
        Ok(datacite) => f(Ok(&datacite)),
        Err(withheld) => f(Err(withheld)),
    })
}

/// What a release says of a public record in native JSON; `None` of any other.
pub(crate) fn native(text: &str) -> Option<String> {
    let record = Record::parse(text).unwrap();
    if !matches!(visibility(&record, DAY), Visibility::Public(_)) {
        return None;
    }
    published(text, |published| {
        let mut out = Vec::new();
        offprint::crosswalk::native::write(published, &mut out);
        Some(String::from_utf8(out).unwrap())
    })
}

fn published<T>(text: &str, f: impl FnOnce(&Published<'_>) -> T) -> T {
    let record = Record::parse(text).unwrap();
    let stamp = |text: Option<&str>| text.and_then(date::timestamp).unwrap_or_default();
    let (created, updated) = (stamp(record.created.as_deref()), stamp(record.updated.as_deref()));
    let files = match visibility(&record, DAY) {
        Visibility::Public(files) => files,
        _ => FilesAccess::MetadataOnly,
    };
    let repository = repository();
    f(&Published {
        record: &record,
        raw: text,
        created: &created,
        updated: &updated,
        files,
        lineage: Lineage::SINGLE,
        repository: &repository,
    })
}

/// Both outputs of a record that is not withheld.
pub(crate) fn written(text: &str) -> Outputs {
    with(text, |datacite| {
        let datacite = datacite.unwrap();
        let (mut xml, mut json) = (Vec::new(), Vec::new());
        datacite.write_xml(&mut xml);
        datacite.write_json(&mut json);
        Outputs { xml: String::from_utf8(xml).unwrap(), json: String::from_utf8(json).unwrap() }
    })
}

/// Both outputs of a record with the given `metadata`, which gets a year if it has none.
pub(crate) fn of_metadata(metadata: Value) -> Outputs {
    written(&json!({"id": "1", "created": "2020-01-01", "metadata": metadata}).to_string())
}

/// A record with as many creators as the largest collaborations have.
pub(crate) fn many_creators(count: usize) -> String {
    let creator = |n: usize| {
        json!({
            "person_or_org": {"type": "personal", "name": format!("Family{n}, Given"), "family_name": format!("Family{n}"), "given_name": "Given"},
            "affiliations": [{"id": "01ggx4157", "name": "CERN"}, {"name": format!("Institute {}", n % 7)}],
        })
    };
    json!({"id": "3000", "pids": {"doi": {"identifier": "10.5281/zenodo.3000"}}, "metadata": {
        "title": "Many hands", "publication_date": "2022-02-22", "resource_type": {"id": "dataset"},
        "creators": (0..count).map(creator).collect::<Vec<_>>(),
    }})
    .to_string()
}

/// A valid identifier of every scheme, and of one that is not known.
const IDENTIFIERS: &[(&str, &str)] = &[
    ("ads", "2014Wthr...69...72C"),
    ("ark", "ark:/12345/abc"),
    ("arxiv", "arXiv:2401.00001"),
    ("crossreffunderid", "10.13039/501100000780"),
    ("cstr", "31253.11.sciencedb.j00001.00123"),
    ("doi", "10.1234/x"),
    ("ean13", "4006381333931"),
    ("edmo", "1234"),
    ("eissn", "0317-8471"),
    ("geonames", "3181986"),
    ("gnd", "118540238"),
    ("grid", "grid.5333.6"),
    ("handle", "20.1000/100"),
    ("igsn", "10.60510/ICDP5054EHW1001"),
    ("isbn", "978-3-16-148410-0"),
    ("isni", "0000000121032683"),
    ("issn", "0317-8471"),
    ("istc", "0A9200212B4A1057"),
    ("lissn", "0317-8471"),
    ("lsid", "urn:lsid:ubio.org:namebank:11815"),
    ("new", "some-value"),
    ("orcid", "0000-0002-1825-0097"),
    ("other", "SNOW-77"),
    ("pmid", "12345678"),
    ("purl", "http://purl.org/x"),
    ("raid", "https://raid.org/10.26259/f8f4f0ae"),
    ("ror", "01ggx4157"),
    ("rrid", "RRID:AB_90755"),
    ("swhid", "swh:1:cnt:94a9ed024d3859793618152ea559a168bbcbb5e2"),
    ("upc", "036000291452"),
    ("url", "https://example.org/ä?b=%zz#c#d"),
    ("urn", "urn:nbn:de:101:1-201102033592"),
    ("viaf", "113230702"),
    ("w3id", "https://w3id.org/x"),
    ("wikidata", "Q42"),
];

/// A record that uses every term of every vocabulary that InvenioRDM and DataCite 4.7 have.
pub(crate) fn every_term() -> String {
    let ids = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let relations = ids(
        "iscitedby cites issupplementto issupplementedby iscontinuedby continues isdescribedby \
         describes hasmetadata ismetadatafor hasversion isversionof isnewversionof \
         ispreviousversionof ispartof haspart ispublishedin isreferencedby references \
         isdocumentedby documents iscompiledby compiles isvariantformof isoriginalformof \
         isidenticalto isreviewedby reviews isderivedfrom issourceof isrequiredby requires \
         isobsoletedby obsoletes istranslationof hastranslation iscollectedby collects other new",
    );
    let roles = ids("contactperson datacollector datacurator datamanager distributor editor \
         hostinginstitution producer projectleader projectmanager projectmember \
         registrationagency registrationauthority relatedperson researcher researchgroup \
         rightsholder sponsor supervisor translator workpackageleader other new");
    let dates = ids(
        "accepted available collected copyrighted created issued other submitted updated valid \
         withdrawn coverage new",
    );
    let types = offprint::record::vocabulary::resource_types();
    let one = |(scheme, value): &(&str, &str)| json!({"identifier": value, "scheme": scheme});
    let all = || IDENTIFIERS.iter().map(one).collect::<Vec<_>>();
    let related = |relation: &String| json!({"identifier": "10.1234/x", "scheme": "doi", "relation_type": {"id": relation}});
    let typed = types.iter().map(|kind| json!({"identifier": format!("10.1234/{}", kind.id), "scheme": "doi", "relation_type": {"id": "cites"}, "resource_type": {"id": kind.id}}));
    let schemed = IDENTIFIERS.iter().map(|(scheme, value)| json!({"identifier": value, "scheme": scheme, "relation_type": {"id": "cites"}}));
    let bad = IDENTIFIERS.iter().map(|(scheme, _)| json!({"identifier": "value-1", "scheme": scheme, "relation_type": {"id": "cites"}}));
    let grant = |id: Value| json!({"funder": {"name": id["scheme"], "identifiers": [id.clone()]}, "award": {"number": "1", "identifiers": [id]}});
    json!({"id": "77", "metadata": {
        "title": "Terms", "publication_date": "2026", "resource_type": {"id": "presentation"},
        "creators": [{"person_or_org": {"name": "Doe", "identifiers": all()}}],
        "contributors": roles.iter().map(|role| json!({"person_or_org": {"name": role}, "role": {"id": role}})).collect::<Vec<_>>(),
        "dates": dates.iter().map(|kind| json!({"date": "2020", "type": {"id": kind}})).collect::<Vec<_>>(),
        "additional_titles": ids("alternative-title subtitle translated-title other new").iter().map(|kind| json!({"title": kind, "type": {"id": kind}})).collect::<Vec<_>>(),
        "additional_descriptions": ids("abstract methods series-information table-of-contents technical-info other notes new").iter().map(|kind| json!({"description": kind, "type": {"id": kind}})).collect::<Vec<_>>(),
        "identifiers": all(),
        "related_identifiers": relations.iter().map(related).chain(typed).chain(schemed).chain(bad).collect::<Vec<_>>(),
        "funding": all().into_iter().map(grant).collect::<Vec<_>>(),
    }})
    .to_string()
}

/// Strings as hostile as they come, and strings that are nearly right.
fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => any::<String>(),
        2 => "[\\x00-\\x7f]{0,12}",
        1 => "[ \\t\\r\\n\\u{85}\\u{a0}\\u{2028}]{0,3}",
        1 => "[<>&\"'\\]\\\\a]{0,8}",
        1 => "[\\u{FFF0}-\\u{FFFF}\\u{F000}\\u{2020}-\\u{2030}]{0,8}",
        2 => prop::sample::select(vec![
            "doi", "url", "orcid", "ror", "isni", "gnd", "isbn", "issn", "swhid", "other", "10.1234/a<b>",
            "https://example.org/a b?c=%zz#d#e", "http://[::1]/", "urn:x:y", "mailto:a b", "0000-0002-1825-0097",
            "01ggx4157", "2020-02-30", "1999-2017", "2020-01/..", "../2020", "Err", "0000", "9999-12-31T00:00:00",
            "dataset", "poster", "cites", "abstract", "personal", "eng", "English", "x-klingon", "cc-by-4.0",
            "swh:1:dir:0123456789abcdef0123456789abcdef01234567", "10.13039/501100000780", "a::b",
        ]).prop_map(str::to_owned),
    ]
}

fn maybe(inner: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<Value> {
    prop_oneof![4 => inner, 1 => Just(Value::Null)].boxed()
}

fn word() -> BoxedStrategy<Value> {
    maybe(words().prop_map(Value::String))
}

fn item() -> BoxedStrategy<Value> {
    maybe((word(), word()).prop_map(|(id, title)| json!({"id": id, "title": {"en": title}})))
}

fn many(inner: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    let present = inner
        .prop_map(|item| if item.is_null() { Value::Object(Default::default()) } else { item });
    prop::collection::vec(present, 0..3).prop_map(Value::Array).boxed()
}

fn identifiers() -> BoxedStrategy<Value> {
    many((word(), word()).prop_map(|(i, s)| json!({"identifier": i, "scheme": s})).boxed())
}

fn people() -> BoxedStrategy<Value> {
    let affiliation = (word(), word(), identifiers())
        .prop_map(|(id, name, ids)| json!({"id": id, "name": name, "identifiers": ids}));
    let one = (word(), word(), word(), word(), identifiers(), many(affiliation.boxed()), item())
        .prop_map(|(kind, name, given, family, ids, affiliations, role)| {
            json!({"person_or_org": {"type": kind, "name": name, "given_name": given, "family_name": family, "identifiers": ids}, "affiliations": affiliations, "role": role})
        });
    many(one.boxed())
}

fn locations() -> BoxedStrategy<Value> {
    let position = || prop::collection::vec(-200.0..200.0_f64, 0..4);
    let ring = prop::collection::vec(position(), 0..7);
    let geometry = prop_oneof![
        position().prop_map(|at| json!({"type": "Point", "coordinates": at})),
        prop::collection::vec(ring, 0..2)
            .prop_map(|rings| json!({"type": "Polygon", "coordinates": rings})),
        words().prop_map(|text| json!({"type": text, "coordinates": text})),
    ];
    let feature = (maybe(geometry), word())
        .prop_map(|(geometry, place)| json!({"geometry": geometry, "place": place}));
    many(feature.boxed()).prop_map(|features| json!({"features": features})).boxed()
}

fn funding() -> BoxedStrategy<Value> {
    let award = (word(), word(), word(), identifiers())
        .prop_map(|(id, number, title, ids)| json!({"id": id, "number": number, "title": {"en": title}, "identifiers": ids}));
    let grant = (word(), word(), identifiers(), maybe(award))
        .prop_map(|(id, name, ids, award)| json!({"funder": {"id": id, "name": name, "identifiers": ids}, "award": award}));
    many(grant.boxed())
}

/// A record of the right shape with arbitrary strings everywhere.
pub(crate) fn any_record() -> BoxedStrategy<String> {
    let titled = |key: &'static str| {
        many(
            (word(), item(), item())
                .prop_map(move |(text, kind, lang)| json!({key: text, "type": kind, "lang": lang}))
                .boxed(),
        )
    };
    let dates = many(
        (word(), item(), word())
            .prop_map(|(d, k, i)| json!({"date": d, "type": k, "description": i}))
            .boxed(),
    );
    let subjects = many(
        (word(), word(), word())
            .prop_map(|(i, s, c)| json!({"id": i, "subject": s, "scheme": c}))
            .boxed(),
    );
    let related = many((word(), word(), item(), item()).prop_map(|(i, s, r, t)| json!({"identifier": i, "scheme": s, "relation_type": r, "resource_type": t})).boxed());
    let rights = many((word(), word(), word(), word()).prop_map(|(i, t, l, s)| json!({"id": i, "title": {"en": t}, "link": l, "props": {"scheme": s}})).boxed());
    let texts = (
        word(),
        word(),
        word(),
        word(),
        word(),
        item(),
        many(item()),
        many(words().prop_map(Value::String).boxed()),
    );
    let lists = (
        people(),
        people(),
        titled("title"),
        titled("description"),
        dates,
        subjects,
        related,
        rights,
    );
    let rest = (
        identifiers(),
        locations(),
        funding(),
        many(words().prop_map(Value::String).boxed()),
        word(),
        word(),
        word(),
        word(),
        word(),
    );
    let entries = many(
        (word(), any::<Option<u64>>())
            .prop_map(|(m, s)| json!({"key": "k", "mimetype": m, "size": s}))
            .boxed(),
    );
    (texts, lists, rest, entries)
        .prop_map(|(texts, lists, rest, entries)| {
            let (title, publisher, date, version, copyright, kind, languages, sizes) = texts;
            let (creators, contributors, titles, descriptions, dates, subjects, related, rights) = lists;
            let (ids, locations, funding, formats, doi, concept, slug, pages, issn) = rest;
            json!({
                "id": "1", "created": "2020-01-01T00:00:00Z", "updated": "2021-01-01T00:00:00Z",
                "pids": {"doi": {"identifier": doi}, "oai": {"identifier": slug}},
                "parent": {"pids": {"doi": {"identifier": concept}}, "communities": {"entries": [{"slug": slug}]}},
                "files": {"enabled": true, "entries": entries},
                "swh": {"swhid": concept},
                "metadata": {
                    "title": title, "publisher": publisher, "publication_date": date, "version": version,
                    "copyright": copyright, "description": copyright, "resource_type": kind, "languages": languages,
                    "sizes": sizes, "formats": formats, "creators": creators, "contributors": contributors,
                    "additional_titles": titles, "additional_descriptions": descriptions, "dates": dates,
                    "subjects": subjects, "related_identifiers": related, "rights": rights, "identifiers": ids,
                    "locations": locations, "funding": funding,
                },
                "custom_fields": {
                    "journal:journal": {"title": pages, "pages": pages, "issn": issn, "volume": slug},
                    "imprint:imprint": {"title": issn, "isbn": issn, "pages": pages},
                    "legacy:subjects": [{"term": pages, "identifier": issn, "scheme": slug}],
                },
            })
            .to_string()
        })
        .boxed()
}

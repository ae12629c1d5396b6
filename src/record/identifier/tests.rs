use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(scheme: &str, value: &str, normal: Option<&str>) {
    assert_eq!(normalize(scheme, value).as_deref(), normal, "{scheme} {value:?}");
}

#[test]
fn dois_lose_their_wrapping_and_nothing_else() {
    let sici = "10.1175/1520-0426(2000)017<1541:MLSFTB>2.0.CO;2";
    let cases = [
        ("10.5281/zenodo.1234", "10.5281/zenodo.1234"),
        ("doi:10.15454/5x8l3x", "10.15454/5x8l3x"),
        ("DOI: 10.15454/5x8l3x", "10.15454/5x8l3x"),
        ("https://doi.org/10.5281/ZENODO.1", "10.5281/ZENODO.1"),
        ("http://dx.doi.org/10.5281/zenodo.1", "10.5281/zenodo.1"),
        ("https://doi.org/doi:10.5281/zenodo.1", "10.5281/zenodo.1"),
        ("https://www.doi.org/10.5281/zenodo.1", "10.5281/zenodo.1"),
        ("\n      10.15475/dhz/kfn/1915/10/25\n    ", "10.15475/dhz/kfn/1915/10/25"),
        (sici, sici),
        (
            "https://doi.org/10.1002/(SICI)1%3C21::A%3E3.0.CO;2-A",
            "10.1002/(SICI)1<21::A>3.0.CO;2-A",
        ),
        ("10.1000.10/123456", "10.1000.10/123456"),
        ("10.1000/é–ü", "10.1000/é–ü"),
    ];
    for (value, bare) in cases {
        check("doi", value, Some(bare));
        assert_eq!(detect(value), Some("doi"), "{value:?}");
    }
    let text =
        "Identifier of complementary material related to this resource e.g. a scientific article";
    for value in [
        "",
        " ",
        "10.5281",
        "10.5281/",
        "10./x",
        "10.x/y",
        "11.5281/x",
        text,
        "10.1/x y",
        "10.5281/a\u{1}b",
        "https://doi.org/",
        "(:unav)",
        "https://doi.org/10.5281/%ff",
    ] {
        assert_eq!(doi(value), None, "{value:?}");
    }
    assert_eq!(
        to_url("doi", sici).as_deref(),
        Some("https://doi.org/10.1175/1520-0426(2000)017%3C1541:MLSFTB%3E2.0.CO;2")
    );
}

#[test]
fn people_and_organisations() {
    check("orcid", "0000-0002-1825-0097", Some("0000-0002-1825-0097"));
    check("orcid", "https://orcid.org/0000-0002-1694-233x", Some("0000-0002-1694-233X"));
    check("orcid", "0000000218250097", Some("0000-0002-1825-0097"));
    check("orcid", "https://orcid.org/1111-1111-1111-111X", None);
    check("orcid", "0000-0002-1825-0098", None);
    check("orcid", "None", None);
    check("isni", "0000 0001 2103 4996", Some("0000000121034996"));
    check("isni", "https://isni.org/isni/0000000121034996", Some("0000000121034996"));
    check("isni", "0000000121034997", None);
    check("ror", "https://ror.org/01ggx4157", Some("01ggx4157"));
    check("ror", "ror.org/05dxps055", Some("05dxps055"));
    check("isni", "http://isni.org0000 0001 2103 4996", Some("0000000121034996"));
    check("grid", "https://grid.ac/institutesgrid.9132.9", Some("grid.9132.9"));
    check("gnd", "https://d-nb.info4079163-4", Some("4079163-4"));
    check("ror", "01ggx4158", None);
    check("ror", "01ggx415", None);
    check("gnd", "https://d-nb.info/gnd/118540238", Some("118540238"));
    check("gnd", "4079163-4", Some("4079163-4"));
    check("gnd", "abc", None);
    check("gnd", "é", None);
    check("grid", "https://www.grid.ac/institutes/grid.9132.9", Some("grid.9132.9"));
    check("wikidata", "https://www.wikidata.org/wiki/Q42", Some("Q42"));
    check("wikidata", "Douglas Adams", None);
    check(
        "crossreffunderid",
        "https://doi.org/10.13039/501100000780",
        Some("10.13039/501100000780"),
    );
    check("crossreffunderid", "501100000780", Some("10.13039/501100000780"));
    check("crossreffunderid", "10.5281/zenodo.1", None);
    check("edmo", "https://edmo.seadatanet.org/report/164", Some("164"));
    check("geonames", "https://www.geonames.org/2660646/geneve.html", Some("2660646"));
}

#[test]
fn publications() {
    check("issn", "2049-3630", Some("2049-3630"));
    check("issn", "ISSN 20493630", Some("2049-3630"));
    check("eissn", "1050-124x", Some("1050-124X"));
    check("issn", "2049-3631", None);
    check("isbn", "978-3-16-148410-0", Some("978-3-16-148410-0"));
    check("isbn", "ISBN: 0-306-40615-2", Some("0-306-40615-2"));
    check("isbn", "080442957X", Some("080442957X"));
    check("isbn", "978-3-16-148410-1", None);
    check("isbn", "4006381333931", None);
    check("ean13", "4006381333931", Some("4006381333931"));
    check("ean13", "4006381333932", None);
    check("upc", "036000291452", Some("036000291452"));
    check("istc", "0A9-2002-12B4A105-7", Some("0A9-2002-12B4A105-7"));
    check("istc", "0A9-2002-12B4A105-6", None);
    check("arxiv", "arXiv:0706.0001", Some("arXiv:0706.0001"));
    check("arxiv", "https://arxiv.org/abs/2101.00001v2", Some("arXiv:2101.00001v2"));
    check("arxiv", "https://arxiv.org/pdf/2101.00001.pdf", Some("arXiv:2101.00001"));
    check("arxiv", "hep-th/9901001", Some("arXiv:hep-th/9901001"));
    check("arxiv", "2101.0", None);
    check("pmid", "PMID: 23193287", Some("23193287"));
    check("pmid", "https://pubmed.ncbi.nlm.nih.gov/23193287/", Some("23193287"));
    check("ads", "2014Sci...345..109B", Some("2014Sci...345..109B"));
    check("ads", "2014Sci", None);
}

#[test]
fn names_and_addresses() {
    let core = "swh:1:dir:d198bc9d7a6bcf6db04f476d29314f157507d505";
    check("swhid", core, Some(core));
    let qualified = format!("{core};origin=https://github.com/a/b;path=/src");
    check("swhid", &qualified, Some(&qualified));
    check("swhid", "swh:1:xyz:d198bc9d7a6bcf6db04f476d29314f157507d505", None);
    check("swhid", "swh:2:dir:d198bc9d7a6bcf6db04f476d29314f157507d505", None);
    check("swhid", "swh:1:dir:D198BC9D7A6BCF6DB04F476D29314F157507D505", None);
    check("handle", "https://hdl.handle.net/20.500.12345/6789", Some("20.500.12345/6789"));
    check("handle", "hdl:2381/12775", Some("2381/12775"));
    check("handle", "either/or", None);
    check("ark", "https://n2t.net/ark:/13030/tf5p30086k", Some("ark:/13030/tf5p30086k"));
    check("ark", "park:/13030/x", None);
    check("urn", "urn:nbn:de:101:1-201102033592", Some("urn:nbn:de:101:1-201102033592"));
    check("lsid", "urn:lsid:zoobank.org:act:8BDC0735", Some("urn:lsid:zoobank.org:act:8BDC0735"));
    check("lsid", "urn:nbn:de:1", None);
    check("url", " https://example.org/a?b=c#d\n", Some("https://example.org/a?b=c#d"));
    check("url", "www.example.org", None);
    check("url", "javascript:alert(1)", None);
    check("url", "https://", None);
    check("url", "https://exa mple.org/", None);
    check("w3id", "https://w3id.org/people/x", Some("https://w3id.org/people/x"));
    check("rrid", "RRID:AB_2313773", Some("RRID:AB_2313773"));
    check("rrid", "rrid: SCR_001847", Some("RRID:SCR_001847"));
    check("cstr", "CSTR:31253.11.sciencedb.01", Some("31253.11.sciencedb.01"));
    check("igsn", "IGSN:AU1101", Some("AU1101"));
    check("igsn", "10.60516/AU1101", Some("10.60516/AU1101"));
    check("raid", "https://raid.org/10.70112/abc", Some("10.70112/abc"));
    check("other", "  anything goes ", Some("anything goes"));
    check("unknown-scheme", "\u{200b}\n", None);
}

#[test]
fn detection_prefers_the_telling_form() {
    let cases = [
        ("https://orcid.org/0000-0002-1825-0097", "orcid"),
        ("0000-0002-1825-0097", "orcid"),
        ("https://ror.org/01ggx4157", "ror"),
        ("arXiv:0706.0001", "arxiv"),
        ("https://hdl.handle.net/20.500.12345/6789", "handle"),
        ("ark:/13030/tf5p30086k", "ark"),
        ("urn:lsid:zoobank.org:act:8BDC0735", "lsid"),
        ("urn:nbn:de:101:1-201102033592", "urn"),
        ("https://example.org/", "url"),
        ("https://w3id.org/x", "w3id"),
        ("2049-3630", "issn"),
        ("978-3-16-148410-0", "isbn"),
        ("4006381333931", "ean13"),
        ("Q42", "wikidata"),
        ("pmid:23193287", "pmid"),
        ("2014Sci...345..109B", "ads"),
    ];
    for (value, scheme) in cases {
        assert_eq!(detect(value), Some(scheme), "{value}");
    }
    for value in ["", "None", "23193287", "12345-6", "see the readme", "a/b"] {
        assert_eq!(detect(value), None, "{value}");
    }
}

#[test]
fn resolvers() {
    let cases = [
        ("orcid", "0000-0002-1825-0097", "https://orcid.org/0000-0002-1825-0097"),
        ("ror", "01ggx4157", "https://ror.org/01ggx4157"),
        ("arxiv", "arXiv:0706.0001", "https://arxiv.org/abs/0706.0001"),
        ("handle", "2381/12775", "https://hdl.handle.net/2381/12775"),
        ("issn", "20493630", "https://portal.issn.org/resource/ISSN/2049-3630"),
        ("url", "https://example.org/ä?q=\"<x>\"", "https://example.org/%C3%A4?q=%22%3Cx%3E%22"),
        ("urn", "urn:nbn:de:101:1-2", "https://nbn-resolving.org/urn:nbn:de:101:1-2"),
        ("doi", "10.1000/a?b#c%d", "https://doi.org/10.1000/a%3Fb%23c%25d"),
    ];
    for (scheme, value, url) in cases {
        assert_eq!(to_url(scheme, value).as_deref(), Some(url), "{value}");
    }
    assert_eq!(to_url("isbn", "978-3-16-148410-0"), None);
    assert_eq!(to_url("orcid", "0000"), None);
    assert_eq!(to_url("urn", "urn:x-y:z"), None);
}

#[test]
fn record_ids_and_their_order() {
    let long = "a".repeat(64);
    for id in ["1", "123456", "a", "abc-1.2_3", "x2b7", &long] {
        assert!(is_record_id(id), "{id}");
    }
    for id in ["", "-a", ".a", "..", "A", "a/b", "a b", "é", &"a".repeat(65), "a\n"] {
        assert!(!is_record_id(id), "{id:?}");
    }
    let numeric = ["0", "9", "10", "999999999999999999"];
    assert!(numeric.map(order_key).is_sorted_by(|a, b| a < b));
    assert_eq!(order_key("10"), OrderKey::Numeric(10));
    // sha256("abc") begins ba7816bf8f.
    assert_eq!(order_key("abc"), OrderKey::Hashed(0xba_7816_bf8f));
    for other in ["010", "1000000000000000000", "1a", ""] {
        assert!(matches!(order_key(other), OrderKey::Hashed(_)), "{other}");
    }
    assert!(order_key("999999999999999999") < order_key("abc"));
}

#[test]
fn ids_of_datacite_records() {
    let pattern = "10.5281/zenodo.N";
    assert_eq!(datacite_record_id("10.5281/zenodo.123", pattern), "123");
    assert_eq!(datacite_record_id("10.5281/ZENODO.123", pattern), "123");
    let foreign = datacite_record_id("10.1000/ABC", pattern);
    assert_eq!(foreign, datacite_record_id("10.1000/abc", pattern));
    assert!(foreign.starts_with('x') && foreign.len() == 21 && is_record_id(&foreign));
    for doi in ["10.5281/zenodo.0123", "10.5281/zenodo.", "10.5281/zenodo.1x", "10.5281/zenodo"] {
        assert!(datacite_record_id(doi, pattern).starts_with('x'), "{doi}");
    }
    // sha256("abc"): ba7816bf 8f01cfea 414140de … in base32.
    assert_eq!(datacite_record_id("abc", "no pattern"), "xxj4bnp4pahh6uqkbidpf");
    assert_eq!(datacite_record_id("10.1/7-v", "10.1/N-v"), "7");
}

const SCHEMES: [&str; 36] = [
    "ads",
    "ark",
    "arxiv",
    "bibcode",
    "crossreffunderid",
    "cstr",
    "doi",
    "ean13",
    "edmo",
    "eissn",
    "geonames",
    "gnd",
    "grid",
    "handle",
    "igsn",
    "isbn",
    "isni",
    "issn",
    "istc",
    "lissn",
    "lsid",
    "orcid",
    "other",
    "pmid",
    "purl",
    "raid",
    "ror",
    "rrid",
    "swhid",
    "upc",
    "url",
    "urn",
    "viaf",
    "w3id",
    "wikidata",
    "no-such-scheme",
];

proptest! {
    #[test]
    fn normal_forms_are_stable(
        scheme in prop::sample::select(&SCHEMES),
        value in "\\PC{0,40}|[0-9Xx. /:-]{0,24}|(https?://)?[a-z.]{0,8}/?[0-9a-z:/.-]{0,24}",
    ) {
        if let Some(normal) = normalize(scheme, &value) {
            // A RAiD is told from a DOI by its address alone.
            if scheme != "raid" {
                prop_assert_eq!(normalize(scheme, &normal), Some(normal.clone()));
            }
            prop_assert!(!normal.is_empty());
        }
        if let Some(url) = to_url(scheme, &value) {
            prop_assert!(url.bytes().all(|b| b.is_ascii_graphic() && !b"<>\"".contains(&b)));
        }
        let _ = detect(&value);
    }

    #[test]
    fn order_is_total_and_by_value(a in 0u64..1_000_000_000_000, b in 0u64..1_000_000_000_000) {
        prop_assert_eq!(order_key(&a.to_string()).cmp(&order_key(&b.to_string())), a.cmp(&b));
    }

    #[test]
    fn datacite_ids_are_record_ids(doi in "\\PC{0,60}") {
        prop_assert!(is_record_id(&datacite_record_id(&doi, "10.5281/zenodo.N")));
    }
}

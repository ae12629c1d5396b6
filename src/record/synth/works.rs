//! Related works: identifiers of many schemes, well formed but for the usual exceptions.

use super::distributions::Weighted;
use super::json::{field, raw, string};
use super::rng::Rng;

/// (relation id, title)
type Relation = (&'static str, &'static str);

const RELATIONS: Weighted<Relation> = Weighted(&[
    (240, ("issupplementto", "Is supplement to")),
    (150, ("ispartof", "Is part of")),
    (120, ("issupplementedby", "Is supplemented by")),
    (120, ("haspart", "Has part")),
    (110, ("cites", "Cites")),
    (80, ("references", "References")),
    (60, ("isderivedfrom", "Is derived from")),
    (40, ("documents", "Documents")),
    (40, ("isdocumentedby", "Is documented by")),
    (30, ("iscitedby", "Is cited by")),
    (30, ("isidenticalto", "Is identical to")),
    (20, ("isvariantformof", "Is variant form of")),
    (10, ("isversionof", "Is version of")),
    (10, ("isnewversionof", "Is new version of")),
    (10, ("describes", "Describes")),
    (8, ("isreferencedby", "Is referenced by")),
    (6, ("requires", "Requires")),
    (6, ("issourceof", "Is source of")),
    (3, ("istranslationof", "Is translation of")),
    (3, ("obsoletes", "Obsoletes")),
]);

const SCHEMES: Weighted<&str> = Weighted(&[
    (830, "doi"),
    (110, "url"),
    (15, "arxiv"),
    (8, "isbn"),
    (8, "issn"),
    (8, "handle"),
    (6, "pmid"),
    (5, "lsid"),
    (4, "ads"),
    (3, "ark"),
    (2, "urn"),
]);

/// Appends one related identifier object.
pub(super) fn related(rng: &mut Rng, out: &mut Vec<u8>) {
    let (relation, title) = RELATIONS.draw(rng);
    let scheme = SCHEMES.draw(rng);
    let value = identifier(rng, scheme);
    raw("{", out);
    field("identifier", &value, out);
    raw(",", out);
    field("scheme", scheme, out);
    raw(",\"relation_type\":{", out);
    field("id", relation, out);
    raw(",\"title\":{", out);
    field("en", title, out);
    raw("}}", out);
    if rng.chance(40_000) {
        let (id, name) = *rng.pick(&[
            &("publication-article", "Journal article"),
            &("dataset", "Dataset"),
            &("software", "Software"),
        ]);
        raw(",\"resource_type\":{", out);
        field("id", id, out);
        raw(",\"title\":{", out);
        field("en", name, out);
        raw("}}", out);
    }
    raw("}", out);
}

/// Appends `{"relation_type":…}` for a release on a code host.
pub(super) fn source_tree(repository: &str, version: &str, out: &mut Vec<u8>) {
    raw("{\"identifier\":", out);
    string(&format!("https://github.com/{repository}/tree/{version}"), out);
    raw(
        ",\"scheme\":\"url\",\"relation_type\":{\"id\":\"issupplementto\",\
         \"title\":{\"en\":\"Is supplement to\"}},\"resource_type\":{\"id\":\"software\",\
         \"title\":{\"en\":\"Software\"}}}",
        out,
    );
}

/// A value of `scheme`.
pub(super) fn identifier(rng: &mut Rng, scheme: &str) -> String {
    match scheme {
        "doi" => doi_as_typed(rng),
        "arxiv" => format!(
            "arXiv:{:02}{:02}.{:05}",
            rng.between(10, 26),
            rng.between(1, 12),
            rng.below(99_999)
        ),
        "isbn" => isbn(rng),
        "issn" => issn(rng),
        "handle" => format!("{}/{}", rng.between(1_721, 20_500), rng.below(99_999)),
        "pmid" => rng.between(10_000_000, 39_000_000).to_string(),
        "lsid" => {
            format!("urn:lsid:zoobank.org:pub:{}", super::people::uuid(rng.bits()).to_uppercase())
        }
        "ads" => format!(
            "{}A&A...{}A..{:02}B",
            rng.between(1995, 2026),
            rng.between(300, 699),
            rng.below(99)
        ),
        "ark" => {
            format!("ark:/{}/{:08x}", rng.between(12_148, 88_888), rng.below(u64::from(u32::MAX)))
        }
        "urn" => format!("urn:nbn:de:{:04}-{}", rng.below(9_999), rng.below(9_999_999)),
        _ => format!("https://archive.example/{}/{:07}", rng.below(40), rng.below(9_999_999)),
    }
}

/// A DOI as depositors type it: mostly bare, sometimes with resolver, prefix or space.
fn doi_as_typed(rng: &mut Rng) -> String {
    let doi = doi(rng);
    match rng.below(1_000) {
        0..40 => format!("https://doi.org/{doi}"),
        40..50 => format!("doi:{doi}"),
        50..55 => format!(" {doi}\n"),
        55..60 => format!("10.1175/1520-0426(2000)017<1541:{:04x}>2.0.co;2", rng.below(65_536)),
        _ => doi,
    }
}

/// A bare DOI under one of a few dozen invented registrants.
pub(super) fn doi(rng: &mut Rng) -> String {
    let registrant = 90_100 + rng.zipf(7);
    match rng.below(3) {
        0 => format!("10.{registrant}/j.{}.{:06}", rng.between(1990, 2026), rng.below(1_000_000)),
        1 => format!(
            "10.{registrant}/s{:05}-{:03}-{:05}",
            rng.below(99_999),
            rng.below(30),
            rng.below(99_999)
        ),
        _ => format!("10.{registrant}/zk.{}.{}", rng.between(1, 1_200), rng.below(99_999)),
    }
}

/// An ISBN-13 with its check digit.
pub(super) fn isbn(rng: &mut Rng) -> String {
    let body = format!("9783{:08}", rng.below(100_000_000));
    let sum: u32 =
        body.bytes().zip([1, 3].into_iter().cycle()).map(|(b, w)| u32::from(b - b'0') * w).sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

/// An ISSN with its check character.
pub(super) fn issn(rng: &mut Rng) -> String {
    let body = format!("{:07}", rng.below(10_000_000));
    let sum: u32 = body.bytes().zip((2..=8).rev()).map(|(b, w)| u32::from(b - b'0') * w).sum();
    let check = match (11 - sum % 11) % 11 {
        10 => 'X',
        check => (b'0' + check as u8) as char,
    };
    format!("{}-{}{check}", &body[..4], &body[4..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_hold() {
        let mut rng = Rng::new(1, 1, 1);
        for _ in 0..200 {
            let isbn = isbn(&mut rng);
            let sum: u32 = isbn
                .bytes()
                .zip([1, 3].into_iter().cycle())
                .map(|(b, w)| u32::from(b - b'0') * w)
                .sum();
            assert_eq!((isbn.len(), sum % 10), (13, 0), "{isbn}");
            let issn = issn(&mut rng);
            let sum: u32 = issn
                .bytes()
                .filter(|b| *b != b'-')
                .zip((1..=8).rev())
                .map(|(b, w)| if b == b'X' { 10 } else { u32::from(b - b'0') } * w)
                .sum();
            assert_eq!(sum % 11, 0, "{issn}");
        }
    }
}

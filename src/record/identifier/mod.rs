//! Identifiers: shapes, check digits, normal forms, resolvers, and record ids.
//!
//! Normal forms are those that DataCite and InvenioRDM store: bare values without resolver,
//! except where the prefix is part of the identifier (`arXiv:`, `ark:`, `urn:`, `swh:`,
//! `RRID:`).

mod check_digit;
mod doi;
mod record_id;
mod shape;

use std::borrow::Cow;

pub use doi::doi;
pub use record_id::{OrderKey, datacite_record_id, is_record_id, order_key};

use super::vocabulary;

/// Longest identifier taken seriously, bytes; real URLs stay far below.
const LONGEST: usize = 4096;

/// Brings an identifier to its scheme's normal form.
///
/// White space around it, resolver addresses and prefixes are stripped. `None`: not an
/// identifier of that scheme by shape or check digit. A scheme that is not known here cannot
/// be checked: its values are only trimmed, and must not be empty.
pub fn normalize<'a>(scheme: &str, value: &'a str) -> Option<Cow<'a, str>> {
    let value = tidy(value)?;
    match scheme {
        "doi" => doi(value),
        "orcid" => shape::orcid(value),
        "isni" => shape::isni(value),
        "ror" => shape::ror(value),
        "isbn" => shape::isbn(value),
        "issn" | "eissn" | "lissn" => shape::issn(value),
        "ean13" => shape::gtin(value, 13),
        "upc" => shape::gtin(value, 12),
        "istc" => shape::istc(value),
        "gnd" => shape::gnd(value),
        "grid" => shape::grid(value),
        "wikidata" => shape::wikidata(value),
        "crossreffunderid" => shape::crossref_funder(value),
        "arxiv" => shape::arxiv(value),
        "pmid" => shape::pmid(value),
        "ads" | "bibcode" => shape::bibcode(value),
        "handle" => shape::handle(value),
        "ark" => shape::ark(value),
        "swhid" => shape::swhid(value),
        "urn" => shape::urn(value),
        "lsid" => shape::lsid(value),
        "url" | "purl" => shape::url(value),
        "w3id" => shape::w3id(value),
        "igsn" => shape::igsn(value),
        "cstr" => shape::cstr(value),
        "rrid" => shape::rrid(value),
        "raid" => shape::raid(value),
        "edmo" => shape::number(value, "https://edmo.seadatanet.org/report/"),
        "geonames" => shape::geonames(value),
        "viaf" => shape::number(value, "https://viaf.org/viaf/"),
        _ => Some(Cow::Borrowed(value)),
    }
}

/// Guesses the scheme of a value; `None` if it looks like none.
///
/// Prefixed and self-describing forms come first, then bare forms with check digits, then
/// looser shapes; plain numbers are never taken for a PMID.
pub fn detect(value: &str) -> Option<&'static str> {
    const ORDER: [&str; 24] = [
        "doi", "swhid", "ark", "lsid", "urn", "orcid", "ror", "arxiv", "handle", "grid", "gnd",
        "rrid", "w3id", "wikidata", "raid", "cstr", "url", "issn", "isbn", "isni", "ean13", "istc",
        "ads", "pmid",
    ];
    let value = tidy(value)?;
    let bare_number = value.bytes().all(|byte| byte.is_ascii_digit());
    let is = |scheme: &str| match scheme {
        // Bare decimals and hyphenated numbers fit GND and PMID by accident.
        "gnd" | "pmid" | "cstr" => !starts_with_digit(value) && normalize(scheme, value).is_some(),
        "ror" => !bare_number && normalize(scheme, value).is_some(),
        "orcid" => (!bare_number || value.contains("orcid")) && shape::orcid(value).is_some(),
        _ => normalize(scheme, value).is_some(),
    };
    ORDER.into_iter().find(|scheme| is(scheme))
}

fn starts_with_digit(value: &str) -> bool {
    value.as_bytes().first().is_some_and(u8::is_ascii_digit)
}

/// The address that leads to the identified thing, percent-encoded; `None` for invalid values
/// and for schemes without a public resolver.
pub fn to_url(scheme: &str, value: &str) -> Option<String> {
    let value = normalize(scheme, value)?;
    let known = vocabulary::scheme(scheme)?;
    match scheme {
        "url" | "purl" | "w3id" => Some(encode("", &value)),
        "arxiv" => Some(encode(known.resolver, value.strip_prefix("arXiv:").unwrap_or(&value))),
        // Samples registered since 2022 carry DOIs, older ones a handle under 10273.
        "igsn" if !value.starts_with("10.") => {
            Some(encode("https://hdl.handle.net/10273/", &value))
        }
        "urn" if starts_with_ignore_case(&value, "urn:nbn:") => {
            Some(encode("https://nbn-resolving.org/", &value))
        }
        "ror" | "orcid" | "isni" => Some(format!("{}{value}", known.resolver)),
        _ if known.resolver.is_empty() => None,
        _ => Some(encode(known.resolver, &value)),
    }
}

/// Appends a value to an address, encoding what an address cannot hold.
fn encode(base: &str, value: &str) -> String {
    use std::fmt::Write as _;
    let mut url = String::with_capacity(base.len() + value.len() + 8);
    url.push_str(base);
    // In a full address these separate its parts; in a value put behind a resolver they are data.
    let is_address = base.is_empty();
    for byte in value.bytes() {
        let plain = match byte {
            b'%' | b'#' | b'?' | b'[' | b']' => is_address,
            b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' => false,
            _ => byte.is_ascii_graphic(),
        };
        if plain {
            url.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(url, "%{byte:02X}");
        }
    }
    url
}

/// Trims white space and invisible characters; `None` if nothing remains, if a control
/// character is inside or if it is too long to be an identifier.
fn tidy(value: &str) -> Option<&str> {
    // Nearly every identifier is plain ASCII, and bytes are cheaper to look at.
    if value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return (!value.is_empty() && value.len() <= LONGEST).then_some(value);
    }
    let value = value.trim_matches(|c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}')
    });
    let sound = !value.is_empty() && value.len() <= LONGEST && !value.contains(char::is_control);
    sound.then_some(value)
}

/// `strip_prefix` for ASCII prefixes in any case.
fn strip_ignore_case<'a>(value: &'a str, prefix: &str) -> Option<&'a str> {
    let head = value.as_bytes().get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix.as_bytes()).then(|| &value[prefix.len()..])
}

fn starts_with_ignore_case(value: &str, prefix: &str) -> bool {
    strip_ignore_case(value, prefix).is_some()
}

/// Strips `http://` or `https://`, an optional `www.`, and `host_and_path`.
fn strip_address<'a>(value: &'a str, host_and_path: &str) -> Option<&'a str> {
    let rest = strip_ignore_case(value, "https://")
        .or_else(|| strip_ignore_case(value, "http://"))
        .unwrap_or(value);
    let rest = strip_ignore_case(rest, "www.").unwrap_or(rest);
    strip_ignore_case(rest, host_and_path)
}

#[cfg(test)]
mod tests;

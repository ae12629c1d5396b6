//! Normal forms by scheme. Every function takes a trimmed, non-empty value without control
//! characters and gives the normal form, or `None` if the value is not of its scheme.
//!
//! Addresses of ISNI, GRID and GND are also stripped where the slash before the value is
//! missing, as in many DataCite records.

use std::borrow::Cow;

use super::{check_digit, strip_address, strip_ignore_case};

type Normal<'a> = Option<Cow<'a, str>>;

fn borrowed_if(valid: bool, value: &str) -> Normal<'_> {
    valid.then_some(Cow::Borrowed(value))
}

/// The same text, borrowed if it is what the input already was.
fn borrow_if_equal(input: &str, normal: String) -> Cow<'_, str> {
    if input == normal { Cow::Borrowed(input) } else { Cow::Owned(normal) }
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn no_space(text: &str) -> bool {
    !text.is_empty() && !text.contains(char::is_whitespace)
}

/// Letters and digits of a value that may be grouped by spaces and hyphens; `None` if longer
/// than `N` or if anything else is in it.
fn compact<const N: usize>(value: &str) -> Option<([u8; N], usize)> {
    let (mut buffer, mut length) = ([0u8; N], 0);
    for c in value.chars() {
        match c {
            '-' | ' ' | '\u{a0}' | '\u{2010}'..='\u{2013}' => {}
            _ if c.is_ascii_alphanumeric() => {
                *buffer.get_mut(length)? = c.to_ascii_uppercase() as u8;
                length += 1;
            }
            _ => return None,
        }
    }
    Some((buffer, length))
}

fn sixteen(value: &str) -> Option<[u8; 16]> {
    let (characters, length) = compact::<16>(value)?;
    (length == 16 && check_digit::mod_11_2(&characters)).then_some(characters)
}

pub(super) fn orcid(value: &str) -> Normal<'_> {
    if is_normal_orcid(value.as_bytes()) {
        return Some(Cow::Borrowed(value));
    }
    let bare = strip_address(value, "orcid.org/").or_else(|| strip_ignore_case(value, "orcid:"));
    let bare = bare.unwrap_or(value).trim().trim_end_matches('/');
    let characters = sixteen(bare)?;
    let mut normal = String::with_capacity(19);
    for (position, byte) in characters.into_iter().enumerate() {
        if position > 0 && position % 4 == 0 {
            normal.push('-');
        }
        normal.push(char::from(byte));
    }
    Some(borrow_if_equal(bare, normal))
}

/// The form that most records hold, told without building it.
fn is_normal_orcid(bytes: &[u8]) -> bool {
    let Ok(&[a, b, c, d, b'-', e, f, g, h, b'-', i, j, k, l, b'-', m, n, o, p]) =
        <&[u8; 19]>::try_from(bytes)
    else {
        return false;
    };
    p != b'x' && check_digit::mod_11_2(&[a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p])
}

pub(super) fn isni(value: &str) -> Normal<'_> {
    let bare = ["isni.org/isni/", "isni.org"]
        .iter()
        .find_map(|host| strip_address(value, host))
        .or_else(|| strip_ignore_case(value, "isni:"))
        .or_else(|| strip_ignore_case(value, "isni "))
        .unwrap_or(value)
        .trim()
        .trim_matches('/');
    let normal = sixteen(bare)?.into_iter().map(char::from).collect();
    Some(borrow_if_equal(bare, normal))
}

pub(super) fn ror(value: &str) -> Normal<'_> {
    let bare = strip_address(value, "ror.org/").or_else(|| strip_ignore_case(value, "ror:"));
    let bare = bare.unwrap_or(value).trim_end_matches('/');
    let normal = bare.to_ascii_lowercase();
    check_digit::ror(normal.as_bytes()).then(|| borrow_if_equal(bare, normal))
}

/// Keeps the hyphens of the input: where they belong depends on tables of publishers.
pub(super) fn isbn(value: &str) -> Normal<'_> {
    let bare = ["urn:isbn:", "isbn-13", "isbn-10", "isbn13", "isbn10", "isbn"]
        .iter()
        .find_map(|label| strip_ignore_case(value, label))
        .unwrap_or(value)
        .trim_start_matches([':', ' ']);
    let (characters, length) = compact::<13>(bare)?;
    let characters = &characters[..length];
    let valid = match length {
        10 => check_digit::mod_11_weighted(characters),
        13 => {
            (characters.starts_with(b"978") || characters.starts_with(b"979"))
                && check_digit::gs1(characters)
        }
        _ => false,
    };
    borrowed_if(valid, bare)
}

pub(super) fn issn(value: &str) -> Normal<'_> {
    let bare = ["urn:issn:", "issn-l", "e-issn", "eissn", "lissn", "issn"]
        .iter()
        .find_map(|label| strip_ignore_case(value, label))
        .or_else(|| strip_address(value, "portal.issn.org/resource/issn/"))
        .unwrap_or(value)
        .trim_start_matches([':', ' ']);
    let (characters, length) = compact::<8>(bare)?;
    if length != 8 || !check_digit::mod_11_weighted(&characters) {
        return None;
    }
    let mut normal: String = characters.into_iter().map(char::from).collect();
    normal.insert(4, '-');
    Some(borrow_if_equal(bare, normal))
}

pub(super) fn gtin(value: &str, digits: usize) -> Normal<'_> {
    let (characters, length) = compact::<13>(value)?;
    let characters = &characters[..length];
    let valid = length == digits && check_digit::gs1(characters);
    let normal = || characters.iter().copied().map(char::from).collect();
    valid.then(|| borrow_if_equal(value, normal()))
}

pub(super) fn istc(value: &str) -> Normal<'_> {
    let bare = strip_ignore_case(value, "istc").unwrap_or(value).trim_start_matches([':', ' ']);
    let (characters, length) = compact::<16>(bare)?;
    borrowed_if(length == 16 && check_digit::istc(&characters), bare)
}

/// Shape only, as the German National Library documents it for its four number ranges.
pub(super) fn gnd(value: &str) -> Normal<'_> {
    let bare = ["d-nb.info/gnd", "d-nb.info"]
        .iter()
        .find_map(|host| strip_address(value, host))
        .or_else(|| strip_ignore_case(value, "gnd:"))
        .unwrap_or(value)
        .trim()
        .trim_matches('/');
    let digit_or_x = |text: &str| text.len() == 1 && (all_digits(text) || text == "X");
    let valid = match bare.split_once('-') {
        Some((number, check)) => {
            all_digits(number) && number.len() <= 8 && !number.starts_with('0') && digit_or_x(check)
        }
        None => {
            let split = bare.len().checked_sub(1).filter(|&at| bare.is_char_boundary(at))?;
            let (number, check) = bare.split_at(split);
            all_digits(number)
                && digit_or_x(check)
                && (matches!(number.len(), 8 | 9) && number.starts_with('1')
                    || number.len() == 8 && number.starts_with('3'))
        }
    };
    borrowed_if(valid, bare)
}

pub(super) fn grid(value: &str) -> Normal<'_> {
    let bare = strip_address(value, "grid.ac/institutes").unwrap_or(value).trim_matches('/');
    let mut parts = bare.split('.');
    let valid = parts.next() == Some("grid")
        && parts.next().is_some_and(all_digits)
        && parts.next().is_some_and(|part| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
        && parts.next().is_none();
    borrowed_if(valid, bare)
}

pub(super) fn wikidata(value: &str) -> Normal<'_> {
    let bare = ["wikidata.org/wiki/", "wikidata.org/entity/"]
        .iter()
        .find_map(|host| strip_address(value, host))
        .or_else(|| strip_ignore_case(value, "wikidata:"))
        .unwrap_or(value);
    let number = bare.strip_prefix(['Q', 'P', 'L']);
    borrowed_if(number.is_some_and(|number| all_digits(number) && number.len() <= 12), bare)
}

/// Crossref (formerly FundRef) funder DOIs; a bare number gets its prefix.
pub(super) fn crossref_funder(value: &str) -> Normal<'_> {
    if all_digits(value) && value.len() >= 9 {
        return Some(Cow::Owned(format!("10.13039/{value}")));
    }
    let doi = super::doi(value)?;
    doi.strip_prefix("10.13039/").is_some_and(all_digits).then_some(doi)
}

pub(super) fn arxiv(value: &str) -> Normal<'_> {
    let address = ["arxiv.org/abs/", "arxiv.org/pdf/", "export.arxiv.org/abs/"]
        .iter()
        .find_map(|host| strip_address(value, host));
    let labelled = strip_ignore_case(value, "arxiv:").map(str::trim_start);
    let bare = address.or(labelled).unwrap_or(value);
    let bare = bare.strip_suffix(".pdf").unwrap_or(bare).trim_end_matches('/');
    let number = match bare.rfind('v') {
        Some(at) if all_digits(&bare[at + 1..]) => &bare[..at],
        _ => bare,
    };
    let valid = match (number.split_once('/'), number.split_once('.')) {
        (Some((archive, number)), _) => {
            let archive_byte =
                |byte: u8| byte.is_ascii_alphabetic() || byte == b'-' || byte == b'.';
            !archive.is_empty()
                && archive.bytes().all(archive_byte)
                && number.len() == 7
                && all_digits(number)
        }
        (None, Some((month, number))) => {
            month.len() == 4
                && all_digits(month)
                && matches!(number.len(), 4 | 5)
                && all_digits(number)
        }
        _ => false,
    };
    valid.then(|| {
        let is_normal = value.len() == bare.len() + 6 && value.starts_with("arXiv:");
        if is_normal { Cow::Borrowed(value) } else { Cow::Owned(format!("arXiv:{bare}")) }
    })
}

pub(super) fn pmid(value: &str) -> Normal<'_> {
    let bare = ["pubmed.ncbi.nlm.nih.gov/", "ncbi.nlm.nih.gov/pubmed/"]
        .iter()
        .find_map(|host| strip_address(value, host))
        .or_else(|| strip_ignore_case(value, "pmid:"))
        .or_else(|| strip_ignore_case(value, "pmid "))
        .unwrap_or(value)
        .trim_start()
        .trim_end_matches('/');
    borrowed_if(all_digits(bare) && bare.len() <= 9 && !bare.starts_with('0'), bare)
}

/// Astrophysics Data System bibcodes: year, 14 characters, a letter or dot; 19 in all.
pub(super) fn bibcode(value: &str) -> Normal<'_> {
    let bare = ["ui.adsabs.harvard.edu/abs/", "adsabs.harvard.edu/abs/"]
        .iter()
        .find_map(|host| strip_address(value, host))
        .or_else(|| strip_ignore_case(value, "bibcode:"))
        .unwrap_or(value)
        .trim_start();
    let bytes = bare.as_bytes();
    let valid = bytes.len() == 19
        && bytes.is_ascii()
        && bytes[..4].iter().all(u8::is_ascii_digit)
        && bytes[4].is_ascii_alphabetic()
        && bytes.iter().all(u8::is_ascii_graphic)
        && (bytes[18].is_ascii_alphabetic() || matches!(bytes[18], b'.' | b':'));
    borrowed_if(valid, bare)
}

pub(super) fn handle(value: &str) -> Normal<'_> {
    let bare = ["hdl:", "info:hdl/", "hdl "]
        .iter()
        .find_map(|label| strip_ignore_case(value, label))
        .or_else(|| strip_address(value, "hdl.handle.net/"))
        .unwrap_or(value)
        .trim_start();
    let (authority, local) = bare.split_once('/')?;
    let parts = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    // The Handle System assigns numbers; without this any path would be one.
    let valid = authority.bytes().all(parts)
        && authority.as_bytes().first().is_some_and(u8::is_ascii_digit)
        && !authority.ends_with('.')
        && no_space(local);
    borrowed_if(valid, bare)
}

pub(super) fn ark(value: &str) -> Normal<'_> {
    let at = value.as_bytes().windows(4).position(|part| part.eq_ignore_ascii_case(b"ark:"))?;
    let before = &value[..at];
    let resolved = before.contains("://") && before.ends_with('/');
    if !resolved && !before.is_empty() {
        return None;
    }
    let bare = &value[at..];
    let path = bare[4..].strip_prefix('/').unwrap_or(&bare[4..]);
    let (authority, name) = path.split_once('/')?;
    let valid = authority.len() >= 5
        && authority.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && no_space(name);
    borrowed_if(valid, bare)
}

/// `swh:1:<type>:<40 hex>` with optional qualifiers (`;origin=…`).
pub(super) fn swhid(value: &str) -> Normal<'_> {
    let bare = strip_address(value, "archive.softwareheritage.org/").unwrap_or(value);
    let bare = bare.trim_end_matches('/');
    let (core, qualifiers) = match bare.split_once(';') {
        Some((core, qualifiers)) => (core, Some(qualifiers)),
        None => (bare, None),
    };
    let mut parts = core.split(':');
    let mut is = |test: fn(&str) -> bool| parts.next().is_some_and(test);
    let hex = |text: &str| {
        text.len() == 40 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let valid = is(|part| part == "swh")
        && is(|part| part == "1")
        && is(|part| matches!(part, "cnt" | "dir" | "rel" | "rev" | "snp"))
        && is(hex)
        && parts.next().is_none()
        && qualifiers.is_none_or(|text| no_space(text) && text.contains('='));
    borrowed_if(valid, bare)
}

pub(super) fn urn(value: &str) -> Normal<'_> {
    let bare = strip_address(value, "nbn-resolving.org/").unwrap_or(value);
    let (namespace, name) = strip_ignore_case(bare, "urn:")?.split_once(':')?;
    let valid = (2..=32).contains(&namespace.len())
        && namespace.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !namespace.starts_with('-')
        && no_space(name);
    borrowed_if(valid, bare)
}

pub(super) fn lsid(value: &str) -> Normal<'_> {
    let rest = strip_ignore_case(value, "urn:lsid:")?;
    let parts = rest.split(':').count();
    borrowed_if(matches!(parts, 3 | 4) && rest.split(':').all(no_space), value)
}

/// `http`, `https`, `ftp` or `sftp` with a host.
pub(super) fn url(value: &str) -> Normal<'_> {
    let (scheme, rest) = value.split_once("://")?;
    let known = ["http", "https", "ftp", "sftp", "ftps"];
    let host = rest.split(['/', '?', '#']).next().unwrap_or("");
    let host = host.rsplit('@').next().unwrap_or("");
    let valid = known.iter().any(|name| scheme.eq_ignore_ascii_case(name))
        && no_space(rest)
        && !host.is_empty()
        && !host.starts_with('.')
        && !host.contains(['<', '>', '"', '\\', '^', '`', '{', '|', '}']);
    borrowed_if(valid, value)
}

pub(super) fn w3id(value: &str) -> Normal<'_> {
    let path = strip_address(value, "w3id.org/")?;
    borrowed_if(no_space(path) && value.contains("://"), value)
}

pub(super) fn igsn(value: &str) -> Normal<'_> {
    if let Some(doi) = super::doi(value) {
        return match doi.strip_prefix("10273/") {
            Some(number) => Some(Cow::Owned(number.to_owned())),
            None => Some(doi),
        };
    }
    let bare = ["igsn.org/", "hdl.handle.net/10273/"]
        .iter()
        .find_map(|host| strip_address(value, host))
        .or_else(|| strip_ignore_case(value, "igsn:"))
        .unwrap_or(value)
        .trim_start();
    let part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'/');
    borrowed_if((5..=64).contains(&bare.len()) && bare.bytes().all(part), bare)
}

/// China Science and Technology Resource identifiers: `32001.14.…`.
pub(super) fn cstr(value: &str) -> Normal<'_> {
    let bare = strip_address(value, "cstr.cn/").unwrap_or(value);
    let bare = strip_ignore_case(bare, "cstr:").unwrap_or(bare);
    let mut parts = bare.splitn(3, '.');
    let valid = parts.next().is_some_and(|part| part.len() == 5 && all_digits(part))
        && parts.next().is_some_and(|part| part.len() == 2 && all_digits(part))
        && parts.next().is_some_and(no_space);
    borrowed_if(valid, bare)
}

pub(super) fn rrid(value: &str) -> Normal<'_> {
    let bare = strip_address(value, "scicrunch.org/resolver/").unwrap_or(value);
    let name = strip_ignore_case(bare, "rrid:")?.trim_start();
    let valid =
        no_space(name) && name.as_bytes()[0].is_ascii_alphabetic() && name.contains(['_', ':']);
    valid.then(|| borrow_if_equal(bare, format!("RRID:{name}")))
}

/// Research Activity Identifiers are handles shaped like DOIs under `raid.org`.
pub(super) fn raid(value: &str) -> Normal<'_> {
    let bare = strip_address(value, "raid.org/")?;
    let (prefix, suffix) = bare.split_once('/')?;
    borrowed_if(prefix.starts_with("10.") && no_space(suffix), bare)
}

pub(super) fn geonames(value: &str) -> Normal<'_> {
    let bare = ["sws.geonames.org/", "geonames.org/"]
        .iter()
        .find_map(|host| strip_address(value, host))
        .unwrap_or(value);
    let number = bare.split('/').next().unwrap_or(bare);
    borrowed_if(all_digits(number) && number.len() <= 10, number)
}

/// A plain number behind an optional address.
pub(super) fn number<'a>(value: &'a str, address: &str) -> Normal<'a> {
    let host = address.strip_prefix("https://").unwrap_or(address);
    let bare = strip_address(value, host).unwrap_or(value).trim_end_matches('/');
    borrowed_if(all_digits(bare) && bare.len() <= 22, bare)
}

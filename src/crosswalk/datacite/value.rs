//! Values that no facet of the schema can refuse: text that is not empty, URIs, lists
//! without duplicates.

use std::borrow::Cow;

use super::escape::legal;
use crate::record::identifier;

/// Trimmed text without characters that XML forbids; `None` when nothing is left.
///
/// Done once, in the model, so that the XML and the JSON of a record say the same and
/// `minLength` facets hold.
pub(super) fn text(raw: &str) -> Option<Cow<'_, str>> {
    let trimmed = raw.trim();
    if trimmed.is_empty() {
        return None;
    }
    match legal(trimmed) {
        Cow::Borrowed(clean) => Some(Cow::Borrowed(clean)),
        Cow::Owned(clean) => {
            let clean = clean.trim();
            (!clean.is_empty()).then(|| Cow::Owned(clean.to_owned()))
        }
    }
}

/// [`text`] of something that may be absent.
pub(super) fn optional<'a, T: AsRef<str>>(raw: &'a Option<T>) -> Option<Cow<'a, str>> {
    raw.as_ref().and_then(|raw| text(raw.as_ref()))
}

/// The normal form of an identifier, without characters that XML forbids; `None` if it is not
/// one of that scheme.
///
/// Normal forms hold no control characters, so that only U+FFFE and U+FFFF, which begin with
/// the byte EF, are left to look for.
pub(super) fn normal<'a>(scheme: &str, raw: &'a str) -> Option<Cow<'a, str>> {
    let value = identifier::normalize(scheme, raw)?;
    if memchr::memchr(0xEF, value.as_bytes()).is_none() {
        return (!value.is_empty()).then_some(value);
    }
    match value {
        Cow::Borrowed(value) => text(value),
        Cow::Owned(value) => text(&value).map(|value| Cow::Owned(value.into_owned())),
    }
}

/// An absolute URI that every `xs:anyURI` validator accepts, or `None`.
///
/// Schemes: `http`, `https`, `ftp`, `urn`, `info`; an id such as `euroscivoc:1151` is no
/// address, and `javascript:` none to hand on. What RFC 3986 does not allow in its place is
/// percent-encoded (spaces, `<`, non-ASCII, a `%` that begins no escape, a second `#`,
/// brackets outside the authority); an authority that is not plain ASCII is refused.
pub(super) fn uri(raw: &str) -> Option<Cow<'_, str>> {
    let raw = raw.trim();
    let (scheme, rest) = raw.split_once(':')?;
    let is = |known: &[&str]| known.iter().any(|known| scheme.eq_ignore_ascii_case(known));
    if is(&["http", "https", "ftp"]) {
        let hierarchy = rest.strip_prefix("//")?;
        let end = hierarchy.find(['/', '?', '#']).unwrap_or(hierarchy.len());
        let path = raw.len() - hierarchy.len() + end;
        return is_authority(&hierarchy[..end]).then(|| encode(raw, path));
    }
    let opaque = is(&["urn", "info"]) && !rest.is_empty() && !rest.starts_with("//");
    opaque.then(|| encode(raw, scheme.len() + 1))
}

/// `[user@]host[:port]` of plain ASCII, with a host.
fn is_authority(authority: &str) -> bool {
    let (user, server) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (host, port) = server.rsplit_once(':').unwrap_or((server, ""));
    let plain = |b: u8| {
        b.is_ascii_alphanumeric()
            || matches!(b, b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'\'' | b'(' | b')')
            || matches!(b, b'*' | b'+' | b',' | b';' | b'=')
    };
    !host.is_empty()
        && host.bytes().all(plain)
        && user.bytes().all(|b| plain(b) || b == b':')
        && port.len() <= 5
        && port.bytes().all(|b| b.is_ascii_digit())
}

/// Percent-encodes what may not stand in path, query or fragment from byte `start` on.
fn encode(raw: &str, start: usize) -> Cow<'_, str> {
    let bytes = raw.as_bytes();
    let mut fragment = false;
    let mut encoded: Option<String> = None;
    for at in start..bytes.len() {
        let byte = bytes[at];
        let keep = match byte {
            b'%' => {
                matches!(bytes.get(at + 1..at + 3), Some([a, b]) if a.is_ascii_hexdigit() && b.is_ascii_hexdigit())
            }
            b'#' => !std::mem::replace(&mut fragment, true),
            b'/' | b'?' | b':' | b'@' | b'-' | b'.' | b'_' | b'~' => true,
            b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' => true,
            _ => byte.is_ascii_alphanumeric(),
        };
        if keep {
            if let Some(text) = &mut encoded {
                text.push(char::from(byte));
            }
            continue;
        }
        let text = encoded.get_or_insert_with(|| raw[..at].to_owned());
        text.push('%');
        text.push(char::from(b"0123456789ABCDEF"[usize::from(byte >> 4)]));
        text.push(char::from(b"0123456789ABCDEF"[usize::from(byte & 15)]));
    }
    encoded.map_or(Cow::Borrowed(raw), Cow::Owned)
}

/// Longest list that is first compared pair by pair, which allocates nothing.
const PAIRWISE: usize = 16;

/// Keeps the first of equal items, in order. The JSON schema demands `uniqueItems`.
///
/// O(n log n): a hostile record with 100,000 keywords costs no more than sorting them.
pub(super) fn unique<T: Ord>(items: &mut Vec<T>) {
    let repeats = |later: usize| items[..later].contains(&items[later]);
    if items.len() <= PAIRWISE && !(1..items.len()).any(repeats) {
        return;
    }
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by(|&a, &b| items[a].cmp(&items[b]).then(a.cmp(&b)));
    let mut keep = vec![true; items.len()];
    for pair in order.windows(2) {
        keep[pair[1]] = items[pair[0]] != items[pair[1]];
    }
    let mut keep = keep.into_iter();
    items.retain(|_| keep.next().unwrap_or(true));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_never_empty() {
        let check = |raw: &str, expect: Option<&str>| assert_eq!(text(raw).as_deref(), expect);
        check("", None);
        check(" \n\u{a0}", None);
        check("\u{1}\u{FFFF}", None);
        check(" \u{1} x \u{2} ", Some("x"));
        check(" Mester, Zolt\u{FFFD}n ", Some("Mester, Zolt\u{FFFD}n"));
    }

    #[test]
    fn uris() {
        let check =
            |raw: &str, expect: Option<&str>| assert_eq!(uri(raw).as_deref(), expect, "{raw}");
        check("https://example.org/a?b=c#d", Some("https://example.org/a?b=c#d"));
        check(" http://example.org ", Some("http://example.org"));
        check(
            "https://example.org/a b<c>\"{}|\\^`",
            Some("https://example.org/a%20b%3Cc%3E%22%7B%7D%7C%5C%5E%60"),
        );
        check("https://example.org/100%", Some("https://example.org/100%25"));
        check("https://example.org/100%25", Some("https://example.org/100%25"));
        check("https://example.org/%4x", Some("https://example.org/%254x"));
        check("https://example.org/a#b#c", Some("https://example.org/a#b%23c"));
        check("https://example.org/ü?q=[1]", Some("https://example.org/%C3%BC?q=%5B1%5D"));
        check("https://user@example.org:8080/", Some("https://user@example.org:8080/"));
        check("urn:isbn:9783161484100", Some("urn:isbn:9783161484100"));
        check("info:eu-repo/semantics/openAccess", Some("info:eu-repo/semantics/openAccess"));
        for bad in [
            "",
            "example.org",
            "http:",
            "http:x",
            "http://",
            "http:///x",
            "https://a b/",
            "https://[::1]/",
            "https://h:port/",
            "https://h:123456/",
            "1a:b",
            "mailto:a@b",
            "javascript:alert(1)",
            "euroscivoc:1151",
            "urn://x",
            "a b:c",
            "https://ex\u{e4}mple.org/",
        ] {
            check(bad, None);
        }
    }

    #[test]
    fn duplicates_go_first_stays() {
        for repeats in [1, 20] {
            let mut items: Vec<u32> = [3, 1, 3, 2, 1].repeat(repeats);
            unique(&mut items);
            assert_eq!(items, [3, 1, 2]);
        }
        let mut none: Vec<u32> = Vec::new();
        unique(&mut none);
        assert!(none.is_empty());
    }
}

//! DOI names.

use std::borrow::Cow;

use super::{strip_address, strip_ignore_case, tidy};

/// The bare DOI name, or `None` if the text is not one.
///
/// Strips white space and line breaks around, `doi:`, `info:doi/`, `urn:doi:` and resolver
/// addresses (whose percent escapes are decoded). The case is kept: DOI names compare without
/// regard to it but are shown as registered. Suffixes may hold anything visible, as the SICI
/// ones with `<`, `>` and `;` do; white space inside makes it free text.
pub fn doi(value: &str) -> Option<Cow<'_, str>> {
    let value = tidy(value)?;
    if value.starts_with("10.") {
        return is_doi(value).then_some(Cow::Borrowed(value));
    }
    let resolvers = ["doi.org/", "dx.doi.org/", "doi.datacite.org/", "hdl.handle.net/"];
    let resolved = resolvers.iter().find_map(|host| strip_address(value, host));
    if let Some(path) = resolved {
        let path = strip_label(path);
        if path.contains('%') {
            let decoded = percent_decode(path)?;
            return is_doi(&decoded).then_some(Cow::Owned(decoded));
        }
        return is_doi(path).then_some(Cow::Borrowed(path));
    }
    let name = strip_label(value);
    is_doi(name).then_some(Cow::Borrowed(name))
}

fn strip_label(value: &str) -> &str {
    let labels = ["doi:", "info:doi/", "urn:doi:", "doi "];
    let rest = labels.iter().find_map(|label| strip_ignore_case(value, label));
    rest.map_or(value, str::trim_start)
}

/// `10.` registrant `/` suffix; the registrant is 2 to 9 digits with optional dotted parts.
fn is_doi(name: &str) -> bool {
    let Some((prefix, suffix)) = name.split_once('/') else { return false };
    let Some(registrant) = prefix.strip_prefix("10.") else { return false };
    let mut parts = registrant.split('.');
    let digits = |part: &str| {
        !part.is_empty() && part.len() <= 9 && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    parts.next().is_some_and(|first| first.len() >= 2 && digits(first))
        && parts.all(digits)
        && !suffix.is_empty()
        && !suffix.contains(|c: char| c.is_whitespace() || c.is_control())
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let escaped = (byte == b'%')
            .then(|| tail.first_chunk::<2>())
            .flatten()
            .and_then(|&[high, low]| Some((hex(high)? << 4) | hex(low)?));
        match escaped {
            Some(value) => {
                bytes.push(value);
                rest = &tail[2..];
            }
            None => {
                bytes.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

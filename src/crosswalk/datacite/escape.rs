//! Escaping for XML 1.0 and JSON, by runs: bytes that need nothing are copied in one piece.
//!
//! The scanners look at sixteen bytes at a time with branch-free tests, which the compiler
//! turns into vector compares; a typical kilobyte of text has few bytes that need care.

/// Bytes tested at once; one SSE2 or NEON register.
const LANES: usize = 16;

/// Index of the first byte at or after `from` for which `special` holds, or the length.
#[inline]
fn next(bytes: &[u8], from: usize, special: impl Fn(u8) -> bool + Copy) -> usize {
    let mut at = from;
    let (chunks, _) = bytes[from..].as_chunks::<LANES>();
    for chunk in chunks {
        let mut hit = false;
        for &byte in chunk {
            hit |= special(byte);
        }
        if hit {
            break;
        }
        at += LANES;
    }
    while at < bytes.len() && !special(bytes[at]) {
        at += 1;
    }
    at
}

/// Length of the character at `at` that no XML 1.0 document may hold, or 0.
///
/// <https://www.w3.org/TR/xml/#charsets>: C0 controls but tab, newline and carriage return,
/// U+FFFE and U+FFFF. Surrogates cannot occur in UTF-8.
#[inline]
fn illegal(bytes: &[u8], at: usize) -> usize {
    match bytes[at] {
        b'\t' | b'\n' | b'\r' => 0,
        0..0x20 => 1,
        0xEF if matches!(bytes.get(at + 1..at + 3), Some([0xBF, 0xBE | 0xBF])) => 3,
        _ => 0,
    }
}

/// `text` without the characters that XML 1.0 forbids; borrowed when there are none.
pub(super) fn legal(text: &str) -> std::borrow::Cow<'_, str> {
    let bytes = text.as_bytes();
    let suspicious = |byte: u8| (byte < 0x20) | (byte == 0xEF);
    let mut at = next(bytes, 0, suspicious);
    while at < bytes.len() && illegal(bytes, at) == 0 {
        at = next(bytes, at + 1, suspicious);
    }
    if at == bytes.len() {
        return text.into();
    }
    let allowed = |c: &char| !matches!(c, '\0'..='\x08' | '\x0B' | '\x0C' | '\x0E'..='\x1F' | '\u{FFFE}' | '\u{FFFF}');
    text.chars().filter(allowed).collect::<String>().into()
}

/// Appends `text` as XML character data.
///
/// `&`, `<` and `>` become entities, a carriage return `&#13;` (a parser would turn it into a
/// newline); what XML cannot hold is left out.
pub(super) fn xml_text(out: &mut Vec<u8>, text: &str) {
    let special = |byte: u8| {
        (byte == b'&')
            | (byte == b'<')
            | (byte == b'>')
            | (byte == 0xEF)
            | ((byte < 0x20) & (byte != b'\n') & (byte != b'\t'))
    };
    xml(out, text.as_bytes(), special);
}

/// Appends `text` as the inside of a double-quoted XML attribute.
///
/// As [`xml_text`], and quotes, tabs and newlines are escaped too: attribute value
/// normalisation would turn the latter into spaces.
pub(super) fn xml_attribute(out: &mut Vec<u8>, text: &str) {
    let special = |byte: u8| {
        (byte == b'&')
            | (byte == b'<')
            | (byte == b'>')
            | (byte == b'"')
            | (byte == 0xEF)
            | (byte < 0x20)
    };
    xml(out, text.as_bytes(), special);
}

#[inline]
fn xml(out: &mut Vec<u8>, bytes: &[u8], special: impl Fn(u8) -> bool + Copy) {
    let mut start = 0;
    let mut at = next(bytes, 0, special);
    while at < bytes.len() {
        let skipped = illegal(bytes, at);
        let replacement: &[u8] = match bytes[at] {
            _ if skipped > 0 => b"",
            b'&' => b"&amp;",
            b'<' => b"&lt;",
            b'>' => b"&gt;",
            b'"' => b"&quot;",
            b'\t' => b"&#9;",
            b'\n' => b"&#10;",
            b'\r' => b"&#13;",
            // U+F000..U+FFFD: nothing to do, the run goes on.
            _ => {
                at = next(bytes, at + 1, special);
                continue;
            }
        };
        out.extend_from_slice(&bytes[start..at]);
        out.extend_from_slice(replacement);
        start = at + skipped.max(1);
        at = next(bytes, start, special);
    }
    out.extend_from_slice(&bytes[start..]);
}

/// Appends `text` as the inside of a JSON string (RFC 8259).
///
/// U+2028 and U+2029 are escaped as well: legal in JSON, they break the text when it is
/// pasted into older script engines.
pub(super) fn json_inside(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let special = |byte: u8| (byte < 0x20) | (byte == b'"') | (byte == b'\\') | (byte == 0xE2);
    let mut start = 0;
    let mut at = next(bytes, 0, special);
    while at < bytes.len() {
        let mut control = *b"\\u0000";
        let (replacement, width): (&[u8], usize) = match bytes[at] {
            b'"' => (b"\\\"", 1),
            b'\\' => (b"\\\\", 1),
            b'\n' => (b"\\n", 1),
            b'\r' => (b"\\r", 1),
            b'\t' => (b"\\t", 1),
            byte @ 0..0x20 => {
                control[4] = b'0' + (byte >> 4);
                control[5] = b"0123456789abcdef"[usize::from(byte & 15)];
                (&control, 1)
            }
            _ => match bytes.get(at + 1..at + 3) {
                Some([0x80, 0xA8]) => (b"\\u2028", 3),
                Some([0x80, 0xA9]) => (b"\\u2029", 3),
                _ => {
                    at = next(bytes, at + 1, special);
                    continue;
                }
            },
        };
        out.extend_from_slice(&bytes[start..at]);
        out.extend_from_slice(replacement);
        start = at + width;
        at = next(bytes, start, special);
    }
    out.extend_from_slice(&bytes[start..]);
}

/// Appends `text` as a JSON string with its quotes.
pub(super) fn json_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    json_inside(out, text);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(f: impl Fn(&mut Vec<u8>, &str), text: &str) -> String {
        let mut out = Vec::new();
        f(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn xml_escapes_and_drops() {
        let check = |text: &str, in_text: &str, in_attribute: &str| {
            assert_eq!(written(xml_text, text), in_text, "text {text:?}");
            assert_eq!(written(xml_attribute, text), in_attribute, "attribute {text:?}");
        };
        check("", "", "");
        check("plain", "plain", "plain");
        check("a<b & c>d", "a&lt;b &amp; c&gt;d", "a&lt;b &amp; c&gt;d");
        check("]]>", "]]&gt;", "]]&gt;");
        check("\"it's\"", "\"it's\"", "&quot;it's&quot;");
        check("a\tb\nc\rd", "a\tb\nc&#13;d", "a&#9;b&#10;c&#13;d");
        check("Scienti\u{1f}fic\0", "Scientific", "Scientific");
        check("\u{FFFE}x\u{FFFF}", "x", "x");
        check("\u{FFFD}\u{F8FF}｟全角｠", "\u{FFFD}\u{F8FF}｟全角｠", "\u{FFFD}\u{F8FF}｟全角｠");
        check(
            "\u{7f}\u{85}\u{2028}\u{202b}😀",
            "\u{7f}\u{85}\u{2028}\u{202b}😀",
            "\u{7f}\u{85}\u{2028}\u{202b}😀",
        );
    }

    #[test]
    fn every_special_byte_at_every_offset() {
        for special in ["&", "\u{1}", "\u{FFFF}", "\"", "\u{2028}", "\\", "–"] {
            for before in 0..40 {
                let text = format!("{}{special}{}", "x".repeat(before), "y".repeat(40 - before));
                let json: String = serde_json::from_str(&written(json_string, &text)).unwrap();
                assert_eq!(json, text);
                let xml = written(xml_text, &text).replace("&amp;", "&");
                assert_eq!(xml, legal(&text));
            }
        }
    }

    #[test]
    fn json_escapes() {
        let check = |text: &str, expect: &str| assert_eq!(written(json_string, text), expect);
        check("", r#""""#);
        check("a\"b\\c/d", r#""a\"b\\c/d""#);
        check("\u{0}\u{1f}\n\r\t\u{8}\u{c}", r#""\u0000\u001f\n\r\t\u0008\u000c""#);
        check("\u{7f}–\u{2028}\u{2029}😀", "\"\u{7f}–\\u2028\\u2029😀\"");
    }

    #[test]
    fn legal_borrows_clean_text() {
        let clean = "clean ｟text｠\n";
        assert!(matches!(legal(clean), std::borrow::Cow::Borrowed(text) if text == clean));
        assert_eq!(legal("\u{1}｟\u{FFFE}\u{b}x"), "｟x");
    }
}

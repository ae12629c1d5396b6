//! Escaping text for XML 1.0.

/// Appends `text` as character data or as the inside of a double-quoted attribute.
///
/// Characters that XML 1.0 cannot hold at all (<https://www.w3.org/TR/xml/#charsets>) become
/// U+FFFD, so a document is well-formed whatever a record holds.
pub(crate) fn escape(text: &str, out: &mut Vec<u8>) {
    let mut from = 0;
    for (at, character) in text.char_indices() {
        let escaped: &[u8] = match character {
            '&' => b"&amp;",
            '<' => b"&lt;",
            '>' => b"&gt;",
            '"' => b"&quot;",
            // A parser would read a bare carriage return as a line feed.
            '\r' => b"&#13;",
            '\t' | '\n' => continue,
            '\0'..=' ' if character < ' ' => "\u{FFFD}".as_bytes(),
            '\u{FFFE}' | '\u{FFFF}' => "\u{FFFD}".as_bytes(),
            _ => continue,
        };
        out.extend_from_slice(&text.as_bytes()[from..at]);
        out.extend_from_slice(escaped);
        from = at + character.len_utf8();
    }
    out.extend_from_slice(&text.as_bytes()[from..]);
}

/// Appends `<name>text</name>`, or nothing for empty text.
///
/// `name` is trusted: it comes from this program.
pub(crate) fn element(name: &str, text: &str, out: &mut Vec<u8>) {
    if text.is_empty() {
        return;
    }
    for part in [b"<".as_slice(), name.as_bytes(), b">"] {
        out.extend_from_slice(part);
    }
    escape(text, out);
    for part in [b"</".as_slice(), name.as_bytes(), b">"] {
        out.extend_from_slice(part);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn escaped(text: &str) -> String {
        let mut out = Vec::new();
        escape(text, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn replaces_markup_and_impossible_characters() {
        let cases = [
            ("plain", "plain"),
            ("a<b & \"c\">d", "a&lt;b &amp; &quot;c&quot;&gt;d"),
            ("]]>", "]]&gt;"),
            ("tab\tline\nreturn\r", "tab\tline\nreturn&#13;"),
            ("\u{0}\u{1F}\u{FFFE}é😀", "\u{FFFD}\u{FFFD}\u{FFFD}é😀"),
        ];
        for (text, expected) in cases {
            assert_eq!(escaped(text), expected);
        }
    }

    proptest! {
        #[test]
        fn any_text_reads_back(text in any::<String>()) {
            let document = format!("<a>{}</a>", escaped(&text));
            let mut reader = quick_xml::Reader::from_str(&document);
            loop {
                match reader.read_event() {
                    Ok(quick_xml::events::Event::Eof) => break,
                    Ok(_) => (),
                    Err(error) => prop_assert!(false, "{error} in {document:?}"),
                }
            }
        }
    }
}

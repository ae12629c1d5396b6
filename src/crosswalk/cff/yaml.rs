//! Writing YAML that no reader can take for anything else.

/// Appends a string as a double-quoted YAML scalar on one line.
///
/// Every string is quoted, so none becomes a number (`1.20`), a boolean (`no`), a date or null,
/// whatever version of YAML the reader speaks. Escaped is what YAML 1.1 and 1.2 count as
/// unprintable or as a line break (<https://yaml.org/spec/1.2.2/#51-character-set>).
pub(super) fn quoted(text: &str, out: &mut String) {
    use std::fmt::Write as _;
    out.push('"');
    for character in text.chars() {
        // Writing to a String cannot fail.
        let _ = match character {
            '"' => write!(out, "\\\""),
            '\\' => write!(out, "\\\\"),
            '\n' => write!(out, "\\n"),
            '\r' => write!(out, "\\r"),
            '\t' => write!(out, "\\t"),
            '\0'..='\x1F' | '\x7F'..='\u{9F}' => write!(out, "\\x{:02X}", u32::from(character)),
            '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}' => {
                write!(out, "\\u{:04X}", u32::from(character))
            }
            _ => write!(out, "{character}"),
        };
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_is_one_quoted_line() {
        for (text, expected) in [
            ("plain", r#""plain""#),
            ("no", r#""no""#),
            ("1.20", r#""1.20""#),
            ("a: b # c", r#""a: b # c""#),
            ("\"'\\\n\r\t", r#""\"'\\\n\r\t""#),
            ("\u{0}\u{7f}\u{85}\u{2028}\u{feff}\u{ffff}", r#""\x00\x7F\x85\u2028\uFEFF\uFFFF""#),
            ("é李😀", "\"é李😀\""),
        ] {
            let mut out = String::new();
            quoted(text, &mut out);
            assert_eq!(out, expected);
        }
    }
}

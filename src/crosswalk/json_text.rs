//! Writing JSON directly into a byte buffer: one line, members in the order of the calls.
//!
//! Escapes are the fewest that JSON allows, as in [`canonical`](crate::record::canonical), or,
//! for [`JsonText::embeddable`], those that also make the text safe inside an HTML
//! `<script>` element.

/// A JSON document being written.
///
/// Commas are placed by the writer; the caller closes what it opens by leaving the closure.
pub(crate) struct JsonText<'o> {
    out: &'o mut Vec<u8>,
    comma: bool,
    embeddable: bool,
}

impl<'o> JsonText<'o> {
    /// A document with the fewest escapes.
    pub(crate) fn new(out: &'o mut Vec<u8>) -> Self {
        JsonText { out, comma: false, embeddable: false }
    }

    /// A document that holds no `<`, `>`, `&`, U+2028 or U+2029: it cannot end the HTML
    /// element it stands in, open a comment, or break a script line.
    pub(crate) fn embeddable(out: &'o mut Vec<u8>) -> Self {
        JsonText { out, comma: false, embeddable: true }
    }

    /// Writes an object; `members` writes its members.
    pub(crate) fn object(&mut self, members: impl FnOnce(&mut Self)) {
        self.enclosed(b'{', b'}', members);
    }

    /// Writes an array; `items` writes its values.
    pub(crate) fn array(&mut self, items: impl FnOnce(&mut Self)) {
        self.enclosed(b'[', b']', items);
    }

    /// Writes a member name; the next call writes its value.
    pub(crate) fn key(&mut self, name: &str) -> &mut Self {
        self.string(name);
        self.out.push(b':');
        self.comma = false;
        self
    }

    /// Writes a string value.
    pub(crate) fn string(&mut self, value: &str) {
        self.separate();
        self.out.push(b'"');
        let mut rest = value.as_bytes();
        while let Some(at) = self.next_special(rest) {
            self.out.extend_from_slice(&rest[..at]);
            rest = &rest[at..];
            let taken = self.escape(rest);
            rest = &rest[taken..];
        }
        self.out.extend_from_slice(rest);
        self.out.push(b'"');
    }

    /// Writes a whole number.
    pub(crate) fn number(&mut self, value: impl itoa::Integer) {
        self.separate();
        self.out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
    }

    /// Writes a finite number in its shortest form; anything else as `null`.
    pub(crate) fn decimal(&mut self, value: f64) {
        self.separate();
        let text = if value.is_finite() { value.to_string() } else { "null".to_owned() };
        self.out.extend_from_slice(text.as_bytes());
    }

    /// Writes `true` or `false`.
    pub(crate) fn boolean(&mut self, value: bool) {
        self.separate();
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
    }

    /// Writes `null`.
    pub(crate) fn null(&mut self) {
        self.separate();
        self.out.extend_from_slice(b"null");
    }

    /// Lets `write` append one complete JSON value.
    ///
    /// The value is not made embeddable.
    pub(crate) fn value(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.separate();
        write(self.out);
    }

    /// A string member.
    pub(crate) fn text(&mut self, name: &str, value: &str) {
        self.key(name).string(value);
    }

    /// A string member, left out when there is nothing to say.
    pub(crate) fn some_text(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value
            && !value.is_empty()
        {
            self.text(name, value);
        }
    }

    /// An array member with a value written for each item, left out when there are none.
    pub(crate) fn some_array<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(T, &mut Self),
    ) {
        let mut items = items.into_iter();
        if let Some(first) = items.next() {
            self.key(name).array(|json| {
                write(first, json);
                items.for_each(|item| write(item, json));
            });
        }
    }

    fn enclosed(&mut self, open: u8, close: u8, inside: impl FnOnce(&mut Self)) {
        self.separate();
        self.out.push(open);
        self.comma = false;
        inside(self);
        self.out.push(close);
        self.comma = true;
    }

    fn separate(&mut self) {
        if self.comma {
            self.out.push(b',');
        }
        self.comma = true;
    }

    /// The first byte that may need an escape. Looks at sixteen together, without branches: the
    /// compiler turns that into vector instructions.
    fn next_special(&self, bytes: &[u8]) -> Option<usize> {
        // 0xE2 begins U+2028 and U+2029, among others.
        let markup = |b: u8| (b == b'<') | (b == b'>') | (b == b'&') | (b == 0xE2);
        let special =
            |b: u8| (b == b'"') | (b == b'\\') | (b < 0x20) | (markup(b) & self.embeddable);
        let (chunks, _) = bytes.as_chunks::<16>();
        let any = |chunk: &[u8; 16]| chunk.iter().fold(false, |any, &byte| any | special(byte));
        let from = 16 * chunks.iter().take_while(|chunk| !any(chunk)).count();
        bytes[from..].iter().position(|&byte| special(byte)).map(|at| from + at)
    }

    /// Escapes what `rest` begins with; says how many bytes that was.
    fn escape(&mut self, rest: &[u8]) -> usize {
        let (escape, taken): (&[u8], usize) = match rest {
            [b'"', ..] => (b"\\\"", 1),
            [b'\\', ..] => (b"\\\\", 1),
            [b'\n', ..] => (b"\\n", 1),
            [b'\r', ..] => (b"\\r", 1),
            [b'\t', ..] => (b"\\t", 1),
            [0x08, ..] => (b"\\b", 1),
            [0x0C, ..] => (b"\\f", 1),
            [b'<', ..] => (b"\\u003c", 1),
            [b'>', ..] => (b"\\u003e", 1),
            [b'&', ..] => (b"\\u0026", 1),
            [0xE2, 0x80, 0xA8, ..] => (b"\\u2028", 3),
            [0xE2, 0x80, 0xA9, ..] => (b"\\u2029", 3),
            [0xE2, ..] => (&rest[..1], 1),
            [control, ..] => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                self.out.extend_from_slice(b"\\u00");
                self.out.push(HEX[usize::from(control >> 4)]);
                self.out.push(HEX[usize::from(control & 15)]);
                return 1;
            }
            [] => return 0,
        };
        self.out.extend_from_slice(escape);
        taken
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn string(value: &str, embeddable: bool) -> String {
        let mut out = Vec::new();
        let mut json = JsonText { out: &mut out, comma: false, embeddable };
        json.string(value);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn places_commas_and_nests() {
        let mut out = Vec::new();
        JsonText::new(&mut out).object(|json| {
            json.text("a", "x");
            json.some_text("skipped", None);
            json.some_text("empty", Some(""));
            json.key("b").array(|json| {
                json.number(1u64);
                json.decimal(-2.5);
                json.decimal(f64::NAN);
                json.array(|_| ());
                json.object(|_| ());
            });
            json.key("c").boolean(true);
            json.key("d").value(|out| out.extend_from_slice(b"[0]"));
            json.some_array("e", ["x", "y"], |item, json| json.string(item));
            json.some_array("none", [""; 0], |item, json| json.string(item));
        });
        let expected = r#"{"a":"x","b":[1,-2.5,null,[],{}],"c":true,"d":[0],"e":["x","y"]}"#;
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn embeddable_text_cannot_leave_a_script_element() {
        let hostile = "</script><!-- & \u{2028}\u{2029}\u{2022}";
        assert_eq!(
            string(hostile, true),
            "\"\\u003c/script\\u003e\\u003c!-- \\u0026 \\u2028\\u2029\u{2022}\""
        );
        assert_eq!(string(hostile, false), format!("\"{hostile}\""));
    }

    proptest! {
        #[test]
        fn any_string_reads_back(value in any::<String>(), embeddable: bool) {
            let text = string(&value, embeddable);
            prop_assert_eq!(serde_json::from_str::<String>(&text).unwrap(), value);
            let unsafe_in_script = text.contains(['<', '>', '&', '\u{2028}', '\u{2029}']);
            prop_assert!(!(embeddable && unsafe_in_script));
        }

        #[test]
        fn plain_strings_are_escaped_as_serde_json_does(value in any::<String>()) {
            prop_assert_eq!(string(&value, false), serde_json::to_string(&value).unwrap());
        }
    }
}

//! A writer of HTML in which only literals of this program are markup.

use super::clean::{self, Clean};
use crate::record::html::is_unwanted;

/// Grows a piece of HTML.
///
/// Safe by construction: [`raw`](Html::raw) takes literals only; whatever comes from a record
/// goes through [`text`](Html::text), [`link`](Html::link) or the sanitiser.
#[derive(Debug, Default)]
pub(super) struct Html(String);

impl Html {
    /// Room for `bytes`.
    pub(super) fn with_capacity(bytes: usize) -> Html {
        Html(String::with_capacity(bytes))
    }

    /// What has been written.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Bytes written so far: the mark from which [`rewind`](Html::rewind) forgets.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing but white space was written after a mark.
    pub(super) fn blank_since(&self, mark: usize) -> bool {
        self.0.get(mark..).is_none_or(|text| text.trim().is_empty())
    }

    /// Forgets what was written after a mark.
    pub(super) fn rewind(&mut self, mark: usize) {
        self.0.truncate(mark);
    }

    /// Markup of the program's own.
    pub(super) fn raw(&mut self, markup: &'static str) -> &mut Html {
        self.0.push_str(markup);
        self
    }

    /// Text from anywhere, for content and for double-quoted attribute values.
    ///
    /// Escapes `& < > " '` and drops what [`record::html`](crate::record::html) drops: control
    /// characters and bidi controls that reach beyond the text.
    pub(super) fn text(&mut self, text: &str) -> &mut Html {
        let mut from = 0;
        let bytes = text.as_bytes();
        let mut at = 0;
        // Up to here bytes are looked at one by one: a chunk that is not plain is tested once.
        let mut singly = 0;
        while let Some(&byte) = bytes.get(at) {
            if at >= singly
                && let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<16>())
            {
                if is_plain_ascii(chunk) {
                    at += 16;
                    continue;
                }
                singly = at + 16;
            }
            let class = CLASS[usize::from(byte)];
            if class == PLAIN {
                at += 1;
                continue;
            }
            // Every byte with a class begins a character, so slicing here is on a boundary.
            let (replacement, width) = match class {
                SUSPECT => match text.get(at..).and_then(|rest| rest.chars().next()) {
                    Some(c) if is_unwanted(c) => ("", c.len_utf8()),
                    Some(c) => {
                        at += c.len_utf8();
                        continue;
                    }
                    None => break,
                },
                class => (ESCAPES[usize::from(class)], 1),
            };
            self.0.push_str(text.get(from..at).unwrap_or_default());
            self.0.push_str(replacement);
            at += width;
            from = at;
        }
        self.0.push_str(text.get(from..).unwrap_or_default());
        self
    }

    /// A number.
    pub(super) fn number(&mut self, number: impl itoa::Integer) -> &mut Html {
        self.0.push_str(itoa::Buffer::new().format(number));
        self
    }

    /// HTML of a depositor, sanitised.
    pub(super) fn sanitised(&mut self, markup: &str) -> &mut Html {
        if markup.is_empty() {
            return self;
        }
        self.0.push_str(&clean::clean(markup));
        self
    }

    /// A part of what was sanitised.
    pub(super) fn already_sanitised(&mut self, part: Clean<'_>) -> &mut Html {
        self.0.push_str(part.as_str());
        self
    }

    /// `<a class="…" href="…">text</a>`, or the text alone where `url` is no web address.
    ///
    /// An empty class is left out. The address may also be a path of this site.
    pub(super) fn link(&mut self, class: &'static str, url: Option<&str>, text: &str) -> &mut Html {
        let Some(url) = url.filter(|url| is_address(url)) else { return self.text(text) };
        self.raw("<a");
        if !class.is_empty() {
            self.raw(" class=\"").raw(class).raw("\"");
        }
        self.raw(" href=\"").text(url).raw("\">").text(text).raw("</a>")
    }
}

/// Whether a chunk holds nothing but ASCII that needs no escape. Written without a branch a
/// byte, so that it compiles to a few vector instructions.
fn is_plain_ascii(chunk: &[u8; 16]) -> bool {
    let odd = |b: u8| {
        let letter = (0x20..0x7f).contains(&b);
        !letter | (b == b'"') | (b == b'&') | (b == b'\'') | (b == b'<') | (b == b'>')
    };
    !chunk.iter().fold(false, |any, &b| any | odd(b))
}

/// An `http(s)` address, or an absolute path of this site (not `//host`).
fn is_address(url: &str) -> bool {
    let begins = |prefix: &str| {
        url.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    let scheme = ["https://", "http://"].into_iter().find(|scheme| begins(scheme));
    match scheme {
        Some(scheme) => is_host(url.get(scheme.len()..).unwrap_or_default()),
        None => begins("/") && !begins("//") && !begins("/\\"),
    }
}

/// Whether what follows `//` begins with a host that the URL standard accepts, as far as real
/// records get it wrong: no host, characters that no host has, digits that are no IPv4 address.
fn is_host(rest: &str) -> bool {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = rest.get(..end).unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if host.starts_with('[') {
        return true;
    }
    let (host, port) = host.split_once(':').unwrap_or((host, ""));
    let forbidden = |b: u8| b <= b' ' || b"\"%<>[\\]^`{|}".contains(&b) || b == 0x7f;
    let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    let digits = last.bytes().all(|b| b.is_ascii_digit());
    !host.is_empty()
        && !host.bytes().any(forbidden)
        && port.bytes().all(|b| b.is_ascii_digit())
        && (!digits || host.parse::<std::net::Ipv4Addr>().is_ok())
}

const PLAIN: u8 = 0;
/// May begin a character that is dropped.
const SUSPECT: u8 = 6;
const ESCAPES: [&str; 6] = ["", "&amp;", "&lt;", "&gt;", "&quot;", "&#39;"];

const CLASS: [u8; 256] = {
    let mut table = [PLAIN; 256];
    let mut control = 0;
    while control < 0x20 {
        table[control] = SUSPECT;
        control += 1;
    }
    table[b'\t' as usize] = PLAIN;
    table[b'\n' as usize] = PLAIN;
    table[b'\r' as usize] = PLAIN;
    table[0x7f] = SUSPECT;
    // Lead bytes of U+0080–00BF, U+2000–2FFF, U+F000–FFFF.
    table[0xc2] = SUSPECT;
    table[0xe2] = SUSPECT;
    table[0xef] = SUSPECT;
    table[b'&' as usize] = 1;
    table[b'<' as usize] = 2;
    table[b'>' as usize] = 3;
    table[b'"' as usize] = 4;
    table[b'\'' as usize] = 5;
    table
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(text: &str) -> String {
        let mut html = Html::default();
        html.text(text);
        html.0
    }

    #[test]
    fn text_is_escaped_and_stripped() {
        for (given, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("<b>\"R&D\" 'x'</b>", "&lt;b&gt;&quot;R&amp;D&quot; &#39;x&#39;&lt;/b&gt;"),
            ("a\u{0}b\u{7}c\u{7f}d\u{85}e", "abcde"),
            ("abc\u{202e}fdp.exe\u{202c}", "abcfdp.exe"),
            ("“quoted” … €", "“quoted” … €"),
            ("中文 ﬁ \u{200f}עברית", "中文 ﬁ \u{200f}עברית"),
            ("\u{feff}bom", "bom"),
        ] {
            assert_eq!(text(given), expected, "{given:?}");
        }
    }

    #[test]
    fn only_web_addresses_become_links() {
        for (url, linked) in [
            ("https://example.org/?a=1&b=\"2\"", true),
            ("HTTP://example.org", true),
            ("/records/1", true),
            ("//evil.example", false),
            ("/\\evil.example", false),
            ("javascript:alert(1)", false),
            (" https://example.org", false),
            ("https://", false),
            ("https://01234", false),
            ("https://1.2.3", false),
            ("http://192.0.2.7:8080/a", true),
            ("http://[2001:db8::1]/", true),
            ("https://exam ple.org/", false),
            ("https://<b>/", false),
            ("https://example.org:port/", false),
            ("https://user@example.org", true),
            ("https://例え.jp?x", true),
            ("data:text/html,x", false),
            ("", false),
        ] {
            let mut html = Html::default();
            html.link("pid", Some(url), "t<");
            assert_eq!(html.0.starts_with("<a class=\"pid\" href=\""), linked, "{url}");
            assert!(html.0.contains("t&lt;") && !html.0.contains("=\"2"), "{}", html.0);
        }
    }

    proptest! {
        #[test]
        fn text_agrees_with_the_obvious_way(given in any::<String>()) {
            let kept: String = given.chars().filter(|&c| !is_unwanted(c)).collect();
            let expected = kept.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
                .replace('"', "&quot;").replace('\'', "&#39;");
            prop_assert_eq!(text(&given), expected);
        }
    }
}

use proptest::prelude::*;

use super::*;

#[track_caller]
fn check_plain(html: &str, text: &str) {
    assert_eq!(plain(html), text, "{html:?}");
}

#[test]
fn text_without_markup_is_borrowed() {
    for text in ["", "a", "Tiefe–Höhe 漢字", "one two three", "a > b", "x\u{a0}y\u{2019}s"] {
        assert_eq!(plain(text), text);
    }
    let long = "Plain text of a sensible length, longer than one vector. ".repeat(9);
    assert!(matches!(plain(long.trim()), Cow::Borrowed(_)));
    assert!(matches!(plain("日本語".repeat(50).as_str()), Cow::Borrowed(_)));
}

#[test]
fn tags_become_what_they_look_like() {
    check_plain("<p>One.</p><p>Two.</p>", "One.\nTwo.");
    check_plain("<p>One.</p>\n\n<p>Two.</p>\n", "One.\nTwo.");
    check_plain("a<br>b<br />c", "a\nb\nc");
    check_plain("H<sub>2</sub>O and <b>bold</b>text", "H2O and boldtext");
    check_plain("<ul><li>x</li><li>y</li></ul>", "x\ny");
    check_plain("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc");
    check_plain("<jats:p>Abstract</jats:p><jats:p>end</jats:p>", "Abstract\nend");
    check_plain("a<!-- <b>gone</b> -->b", "ab");
    check_plain("a<!-->b", "ab");
    check_plain("a<script>if (a<b) alert('x')</script>b", "ab");
    check_plain("a<STYLE type=x>p{}</Style >b<style>", "ab");
    check_plain("<a title=\"a>b\" href='>'>link</a>", "link");
    check_plain("<p class=\"it's\">x</p>", "x");
    check_plain("<!DOCTYPE html>x", "x");
}

#[test]
fn angle_brackets_in_text_survive() {
    for text in [
        "p<0.0001",
        "higher emergence (p<0.0001) than",
        "2<Pt<20, -3<Eta",
        "(< 30 nucleotides)",
        "10.1002/1521-3757(20011105)113:21<4068::aid-ange4068>3.0.co;2-d",
        "Störi, Kunstsalon <Zürich>",
        "mail <jane.doe@example.org>",
        "see <https://example.org>",
        "a < b > c",
        "x <",
        "<",
        "<<<",
        "a<b and no end",
        "a</",
        "a<!",
    ] {
        check_plain(text, text);
    }
    check_plain("<p>1 L or < 1 m**2</p>", "1 L or < 1 m**2");
}

#[test]
fn references_are_decoded_once() {
    check_plain("Smith &amp; Sons", "Smith & Sons");
    check_plain("&lt;p&gt; &amp;lt;", "<p> &lt;");
    check_plain("&eacute;&Omega;&hellip;&ndash;&apos;", "éΩ…–'");
    check_plain("&#233;&#xE9;&#XE9;&#8211;", "ééé–");
    check_plain("&#146;&#x85;", "’…");
    check_plain("&#0;&#xD800;&#99999999999;", "\u{fffd}\u{fffd}\u{fffd}");
    check_plain("AT&T &unknown; &; &# &#x; &#12x; a&amp", "AT&T &unknown; &; &# &#x; &#12x; a&amp");
    check_plain("a&nbsp;b", "a\u{a0}b");
    check_plain("<p>&nbsp;</p><p>x&nbsp;&nbsp;y&nbsp;</p>", "x y");
    check_plain("a&#31;b&#x202E;c", "abc");
}

#[test]
fn white_space_is_tidied() {
    check_plain("  a  b\t\tc\r\nd \n", "a b c d");
    check_plain("\n              Structural and\n   Spectroscopic", "Structural and Spectroscopic");
    check_plain("a <b> b </b> c", "a b c");
    check_plain("some text;\u{2028}Finally", "some text;\nFinally");
    check_plain("a\u{a0}b \u{a0} c\u{a0}", "a\u{a0}b c");
}

#[test]
fn unwanted_characters_go() {
    check_plain("Scienti\u{1f}fic", "Scientific");
    check_plain("video.<br>\u{82}\u{82}Publication", "video.\nPublication");
    check_plain("\u{202b}فهرس\u{202c}", "فهرس");
    check_plain("a\u{0}b\u{7f}c\u{feff}d\u{ffff}e\u{2066}f\u{2069}", "abcdef");
    let kept = "\u{200e}Lombardo et al., \u{200f}x\u{200b}y\u{ad}z \u{fffd} \u{f061} 𝑀";
    check_plain(kept, kept);
}

#[track_caller]
fn check_clean(html: &str, safe: &str) {
    assert_eq!(clean(html), safe, "{html:?}");
}

#[test]
fn clean_keeps_what_is_allowed() {
    check_clean("<p>A <em>b</em><br />c</p>", "<p>A <em>b</em><br>c</p>");
    check_clean("<h1>T</h1><h2>U</h2><h4>V</h4>", "<h3>T</h3><h3>U</h3><h4>V</h4>");
    check_clean(
        "<a href=\"https://example.org/?a=1&b=2\" target=_blank onclick=x()>l</a>",
        "<a href=\"https://example.org/?a=1&amp;b=2\" rel=\"nofollow noopener\">l</a>",
    );
    check_clean(
        "<table><tr><td colspan=2>x</td></tr></table>",
        "<table><tbody><tr><td colspan=\"2\">x</td></tr></tbody></table>",
    );
    check_clean("p<0.0001 & more", "p&lt;0.0001 &amp; more");
}

#[test]
fn clean_drops_the_rest() {
    check_clean("<script>alert(1)</script>x<style>p{}</style>", "x");
    check_clean("<p style=\"color:red\" class=c id=i onload=x>y</p>", "<p>y</p>");
    check_clean("<img src=x onerror=alert(1)><iframe src=x>z</iframe>", "");
    check_clean("<div><span>x</span></div>", "x");
    check_clean("<!-- c -->x", "x");
    check_clean("a\u{202e}b&#x202e;c\u{1f}d", "abcd");
    for href in [
        "javascript:alert(1)",
        "JaVa\u{1}Script:alert(1)",
        "data:text/html,x",
        "/relative",
        "//host/x",
        "java&#x202e;script:alert(1)",
        "vbscript:x",
        " javascript:x",
    ] {
        let cleaned = clean(&format!("<a href=\"{href}\">l</a>"));
        assert_eq!(cleaned, "<a>l</a>", "{href}");
    }
}

#[test]
fn nesting_is_bounded() {
    let nested =
        |depth: usize| format!("{}x{}", "<ul><li>".repeat(depth), "</li></ul>".repeat(depth));
    assert_eq!(clean(&nested(100)), nested(100));
    assert_eq!(clean(&nested(200)), "<p>x</p>");
    assert_eq!(clean(&"<p>a &lt;</p><br>".repeat(300)), "<p>a &lt;</p><br>".repeat(300));
    let huge = "a<p>b &lt;</p>".repeat(60_000);
    assert!(clean(&huge).starts_with("<p>a<br>b &lt;<br>a<br>"));
}

#[test]
fn hostile_input_costs_linear_time() {
    for unit in ["<", "<a ", "<a =\">\" ", "<!--", "<!-->", "</", "&", "&#", "<a='", "<script>"] {
        let _ = plain(&unit.repeat(40_000));
        let _ = plain(&format!("{}>", unit.repeat(40_000)));
    }
    for unit in ["<ul><li>", "<div>", "<i></b>", "<b><p>", "<x>", "<p>a</p>"] {
        let count = LONGEST_PARSED / unit.len();
        let cleaned = clean(&unit.repeat(count));
        assert!(cleaned.len() <= LONGEST_PARSED, "{unit}");
    }
}

/// Well-formed HTML built from text and elements.
fn well_formed() -> impl Strategy<Value = String> {
    let text = "[a-zA-Z0-9 .,;'\"é漢\u{a0}\n]{0,12}|&amp;|&lt;b&gt;|&#x3c;";
    text.prop_recursive(4, 40, 5, |inner| {
        let name = prop::sample::select(&["p", "b", "i", "div", "li", "td", "sup", "mml:mi", "h2"]);
        let attribute = prop::sample::select(&["", " class=\"x>y\"", " title='\"'", " hidden"]);
        (name, attribute, prop::collection::vec(inner, 0..4)).prop_map(
            |(name, attribute, parts)| format!("<{name}{attribute}>{}</{name}>", parts.concat()),
        )
    })
}

proptest! {
    #[test]
    fn plain_of_well_formed_html_is_its_text(html in well_formed()) {
        let text = plain(&html);
        let visible = |text: &str| -> String {
            text.chars().filter(|c| !c.is_whitespace()).collect()
        };
        // The tree builder of the cleaner is the oracle for what is text.
        let mut none = ammonia::Builder::empty();
        none.clean_content_tags(HashSet::new());
        let oracle = none.clean(&html).to_string();
        let oracle = oracle.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", "\u{a0}");
        prop_assert_eq!(visible(&text), visible(&oracle.replace("&amp;", "&")));
    }

    #[test]
    fn plain_never_panics_and_leaves_nothing_unwanted(
        html in "(\\PC|[<>&;#/!=\"' \\x00-\\x1f\u{a0}\u{202e}\u{2028}-]|[a-z]{1,3}){0,60}",
    ) {
        let text = plain(&html);
        prop_assert!(!text.contains(|c| is_unwanted(c) || matches!(c, '\t' | '\r')));
        prop_assert_eq!(text.trim_matches([' ', '\n', '\u{a0}']), &*text);
        prop_assert!(!text.contains("  ") && !text.contains("\n\n"));
    }

    #[test]
    fn plain_is_idempotent_without_markup(text in "([^<&]|[ \u{a0}\n\u{2028}]){0,60}") {
        let once = plain(&text);
        let flat = once.replace('\n', " ");
        prop_assert_eq!(plain(&once), flat);
    }

    #[test]
    fn clean_is_idempotent_and_safe(html in "(\\PC|<|>|</|[a-z]{1,4}|\"|=| ){0,40}") {
        let once = clean(&html);
        for tag in once.split('<').skip(1) {
            let tag = tag.strip_prefix('/').unwrap_or(tag);
            let name = tag.split([' ', '>']).next().unwrap_or_default();
            prop_assert!(ELEMENTS.contains(&name), "{}", once);
        }
        prop_assert_eq!(clean(&once), once);
    }
}

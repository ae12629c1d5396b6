//! Addresses that lead to a record: DOIs, concepts, `latest`; and the badge of a DOI.
//!
//! A static host cannot answer with a redirect, so each address is a page that sends the
//! reader on. Hosts that can redirect may do so instead.

use super::SiteUrls;
use super::html::Html;

/// Longest path segment, bytes: with an ending of ours it fits a file name of 255.
const SEGMENT: usize = 200;
/// Longest path.
const PATH: usize = 900;

/// Whether a text can be a file name and a URL segment on every host: not empty, does not begin
/// with a dot, holds no slash, backslash or control character, is not too long, and does not
/// end like our own files, whose directory would then stand in the way of a file.
pub fn is_plain_segment(text: &str) -> bool {
    let ours = [".html", ".svg", ".atom"];
    (1..=SEGMENT).contains(&text.len())
        && !text.starts_with('.')
        && !text.chars().any(|c| matches!(c, '/' | '\\') || c.is_control())
        && !ours.iter().any(|end| text.ends_with(end))
}

/// The files of a lower-case DOI: its page and its badge. `None` if it cannot be a path.
pub fn doi_paths(doi: &str) -> Option<(String, String)> {
    let plain = doi.len() <= PATH && doi.contains('/') && doi.split('/').all(is_plain_segment);
    plain.then(|| (format!("doi/{doi}.html"), format!("badge/DOI/{doi}.svg")))
}

/// The page at an address that leads to the record `id`, appended to `out`.
pub fn redirect(urls: &SiteUrls, id: &str, out: &mut Vec<u8>) {
    let mut html = Html::with_capacity(512);
    let path = urls.record(id);
    html.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    html.raw("<title>Record ").text(id).raw("</title>\n");
    html.raw("<meta http-equiv=\"refresh\" content=\"0; url=").text(&path).raw("\">\n");
    html.raw("<link rel=\"canonical\" href=\"").text(&urls.below(&path)).raw("\">\n");
    html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    html.raw("</head>\n<body>\n<main>\n<h1>Record ").text(id).raw("</h1>\n<p>");
    html.link("", Some(&path), "Go to the record").raw("</p>\n</main>\n</body>\n</html>\n");
    out.extend_from_slice(html.as_str().as_bytes());
}

/// Height of a badge and the space beside its words, pixels.
const HEIGHT: u32 = 20;
const PAD: u32 = 60;

/// Widths of the printable ASCII characters in DejaVu Sans (and Verdana, which it follows) at
/// 11 pixels, in tenths of a pixel.
const WIDTHS: [u8; 95] = [
    35, 44, 51, 92, 70, 105, 86, 30, 43, 43, 55, 92, 35, 40, 35, 37, 70, 70, 70, 70, 70, 70, 70,
    70, 70, 70, 37, 37, 92, 92, 92, 58, 110, 75, 75, 77, 85, 70, 63, 85, 83, 32, 32, 72, 61, 95,
    82, 87, 66, 87, 76, 70, 67, 81, 75, 109, 75, 67, 75, 43, 37, 43, 92, 55, 55, 67, 70, 60, 70,
    68, 39, 70, 70, 31, 31, 64, 31, 107, 70, 67, 70, 70, 45, 57, 43, 70, 65, 90, 65, 65, 58, 70,
    37, 70, 92,
];

/// Width of a text, tenths of a pixel. Characters outside ASCII count as the widest letter.
fn width(text: &str) -> u32 {
    let one = |c: char| {
        let at = u32::from(c).wrapping_sub(0x20) as usize;
        WIDTHS.get(at).map_or(110, |&width| u32::from(width))
    };
    text.chars().map(one).sum()
}

/// `DOI | 10.5072/abc` as a picture in the shape that badges have, appended to `out`.
///
/// The words are stretched to the computed width, so the badge looks the same in every font.
pub fn badge(doi: &str, out: &mut Vec<u8>) {
    let (label, value) = (width("DOI"), width(doi));
    let left = (label + 2 * PAD).div_ceil(10);
    let right = (value + 2 * PAD).div_ceil(10);
    let mut svg = Html::with_capacity(1024);
    svg.raw("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"").number(left + right);
    svg.raw("\" height=\"").number(HEIGHT).raw("\" role=\"img\" aria-label=\"DOI: ").text(doi);
    svg.raw("\">\n<title>DOI: ").text(doi).raw("</title>\n");
    svg.raw("<linearGradient id=\"s\" x2=\"0\" y2=\"100%\">");
    svg.raw("<stop offset=\"0\" stop-color=\"#bbb\" stop-opacity=\".1\"/>");
    svg.raw("<stop offset=\"1\" stop-opacity=\".1\"/></linearGradient>\n<clipPath id=\"r\">");
    svg.raw("<rect width=\"").number(left + right).raw("\" height=\"").number(HEIGHT);
    svg.raw("\" rx=\"3\" fill=\"#fff\"/></clipPath>\n<g clip-path=\"url(#r)\">");
    svg.raw("<rect width=\"").number(left).raw("\" height=\"20\" fill=\"#555\"/>");
    svg.raw("<rect x=\"").number(left).raw("\" width=\"").number(right);
    svg.raw("\" height=\"20\" fill=\"#1f6fa8\"/><rect width=\"").number(left + right);
    svg.raw("\" height=\"20\" fill=\"url(#s)\"/></g>\n<g fill=\"#fff\" text-anchor=\"middle\" ");
    svg.raw("font-family=\"Verdana,DejaVu Sans,Geneva,sans-serif\" font-size=\"110\">\n");
    for (words, centre, length) in [("DOI", left * 5, label), (doi, left * 10 + right * 5, value)] {
        for (y, shade) in [
            (150, "<text aria-hidden=\"true\" fill=\"#010101\" fill-opacity=\".3\""),
            (140, "<text"),
        ] {
            svg.raw(shade).raw(" x=\"").number(centre).raw("\" y=\"").number(y);
            svg.raw("\" transform=\"scale(.1)\" textLength=\"").number(length).raw("\">");
            svg.text(words).raw("</text>");
        }
        svg.raw("\n");
    }
    svg.raw("</g>\n</svg>\n");
    out.extend_from_slice(svg.as_str().as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doi_that_cannot_be_a_path_has_none() {
        for (doi, fine) in [
            ("10.5281/zenodo.1", true),
            ("10.1002/a<1>b c", true),
            ("10.1016/0370-2693(95)00172-z", true),
            ("10.1/a/b/c", true),
            ("10.1/é", true),
            ("10.1", false),
            ("10.1/", false),
            ("10.1//a", false),
            ("10.1/../x", false),
            ("10.1/.", false),
            ("10.1/.hidden", false),
            ("10.1/a\\b", false),
            ("10.1/a\nb", false),
            ("10.1/a.html/b", false),
            ("10.1/a.svg", false),
        ] {
            assert_eq!(doi_paths(doi).is_some(), fine, "{doi:?}");
        }
        assert!(doi_paths(&format!("10.1/{}", "a".repeat(200))).is_some());
        assert!(doi_paths(&format!("10.1/{}", "a".repeat(201))).is_none());
        assert!(doi_paths(&format!("10.1/{}", "a/".repeat(500))).is_none());
        let (page, badge) = doi_paths("10.5072/abc").unwrap();
        assert_eq!(
            (page.as_str(), badge.as_str()),
            ("doi/10.5072/abc.html", "badge/DOI/10.5072/abc.svg")
        );
    }

    #[test]
    fn a_badge_is_xml_whatever_the_doi() {
        for doi in ["10.5072/abc", "10.1/<&>\"'", "10.1/\u{202e}é中", "10.1/]]>"] {
            let mut out = Vec::new();
            badge(doi, &mut out);
            let text = std::str::from_utf8(&out).unwrap();
            let mut reader = quick_xml::Reader::from_str(text);
            reader.config_mut().check_end_names = true;
            let mut words = Vec::new();
            loop {
                match reader.read_event().unwrap() {
                    quick_xml::events::Event::Eof => break,
                    quick_xml::events::Event::Start(start) => {
                        for attribute in start.attributes() {
                            attribute.unwrap();
                        }
                        words.push(start.name().as_ref().to_owned());
                    }
                    _ => {}
                }
            }
            assert_eq!(words.iter().filter(|name| *name == "text").count(), 4, "{text}");
        }
    }

    #[test]
    fn widths_follow_the_letters() {
        assert_eq!(width("DOI"), 85 + 87 + 32);
        assert!(width("iiii") < width("WWWW"));
        assert_eq!(width("é"), 110);
    }
}

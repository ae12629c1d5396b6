//! Sitemaps, after <https://www.sitemaps.org/protocol.html>: at most 50,000 addresses and
//! 50 MiB a file.

use crate::build::catalogue::{Cut, FileRow};
use crate::build::site::SiteUrls;
use crate::build::site::html::Html;

/// How the records are cut into sitemaps.
pub(super) const SITEMAP: Cut = Cut { period: 16_384, max: 45_000 };

/// A sitemap: links within the site, each with the day of its last change or nothing.
pub(super) fn sitemap<'a>(
    urls: &SiteUrls,
    links: impl IntoIterator<Item = (&'a str, &'a str)>,
    out: &mut Vec<u8>,
) {
    let mut xml = Html::default();
    xml.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    xml.raw("<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n");
    for (link, day) in links {
        xml.raw("<url><loc>").text(&urls.below(link)).raw("</loc>");
        lastmod(day, &mut xml);
        xml.raw("</url>\n");
    }
    xml.raw("</urlset>\n");
    out.extend_from_slice(xml.as_str().as_bytes());
}

/// `sitemap.xml`: the list of sitemaps.
pub(super) fn index(urls: &SiteUrls, files: &[FileRow], out: &mut Vec<u8>) {
    let mut xml = Html::default();
    xml.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    xml.raw("<sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n");
    for file in files {
        xml.raw("<sitemap><loc>").text(&urls.below(&urls.page(&file.path))).raw("</loc>");
        lastmod(&file.day, &mut xml);
        xml.raw("</sitemap>\n");
    }
    xml.raw("</sitemapindex>\n");
    out.extend_from_slice(xml.as_str().as_bytes());
}

fn lastmod(day: &str, xml: &mut Html) {
    if !day.is_empty() {
        xml.raw("<lastmod>").text(day).raw("</lastmod>");
    }
}

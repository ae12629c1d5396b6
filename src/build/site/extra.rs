//! An operator's own pages: Markdown in, the body of a page out.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::LazyLock;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::SiteError;

/// A page beside the records: `/<name>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtraPage {
    /// Name of the page and stem of its file: `[a-z0-9][a-z0-9-]*`.
    pub name: String,
    /// Its first heading, as plain text.
    pub title: String,
    /// What follows, as clean HTML.
    pub(super) body: String,
}

impl ExtraPage {
    /// The file, from the web root.
    pub fn path(&self) -> String {
        format!("{}.html", self.name)
    }
}

/// Names that the site itself uses, now or by its layout.
const TAKEN: [&str; 17] = [
    "404",
    "api",
    "assets",
    "badge",
    "browse",
    "communities",
    "doi",
    "dumps",
    "feed",
    "files",
    "index",
    "new",
    "oai",
    "record",
    "records",
    "search",
    "site",
];

/// Longest page that is read, bytes.
const LONGEST: u64 = 1024 * 1024;

/// Most pages: each is linked from the foot of every other.
const MOST: usize = 24;

/// Every `<name>.md` of a directory, by name; `root` comes before links that begin with `/`.
///
/// # Errors
/// What cannot be read, is too long, or has a name that the site itself uses.
pub(super) fn read(folder: &Path, root: &str) -> Result<Vec<ExtraPage>, SiteError> {
    let failed =
        |path: &Path, source| SiteError::Brand { what: "page", path: path.to_owned(), source };
    let mut sources = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(|error| failed(folder, error))? {
        let path = entry.map_err(|error| failed(folder, error))?.path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let refused = |problem| SiteError::Page { path: path.clone(), problem };
        let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        check_name(name).map_err(refused)?;
        let length = std::fs::metadata(&path).map_err(|error| failed(&path, error))?.len();
        if length > LONGEST {
            return Err(refused("is longer than 1 MiB"));
        }
        let text = std::fs::read_to_string(&path).map_err(|error| failed(&path, error))?;
        sources.insert(name.to_owned(), text);
    }
    if sources.len() > MOST {
        let path = folder.to_owned();
        return Err(SiteError::Page { path, problem: "holds more than 24 pages" });
    }
    Ok(sources.into_iter().map(|(name, text)| page(name, &text, root)).collect())
}

fn check_name(name: &str) -> Result<(), &'static str> {
    let fine = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if name.is_empty() || name.len() > 64 || name.starts_with('-') || !name.bytes().all(fine) {
        return Err("needs a name of lower-case letters, digits and hyphens, as in team.md");
    }
    if TAKEN.contains(&name) {
        return Err("has a name that the site itself uses");
    }
    Ok(())
}

fn page(name: String, text: &str, root: &str) -> ExtraPage {
    let (heading, body) = render(text, root);
    let title = heading.filter(|title| !title.is_empty()).unwrap_or_else(|| {
        let words = name.replace('-', " ");
        let mut letters = words.chars();
        letters.next().map_or_else(String::new, |c| c.to_uppercase().chain(letters).collect())
    });
    ExtraPage { name, title, body }
}

/// Markdown as clean HTML without its title.
pub(super) fn words(markdown: &str, root: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    html(Parser::new_ext(markdown, options), root)
}

/// The leading first-level heading as plain text, and the rest as clean HTML.
fn render(markdown: &str, root: &str) -> (Option<String>, String) {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let mut events = Parser::new_ext(markdown, options).peekable();
    let leads = |event: &Event<'_>| {
        matches!(event, Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }))
    };
    if !events.peek().is_some_and(leads) {
        return (None, html(events, root));
    }
    let mut title = String::new();
    for event in events.by_ref() {
        match event {
            Event::End(TagEnd::Heading(_)) => break,
            Event::Text(text) | Event::Code(text) => title.push_str(&text),
            Event::SoftBreak | Event::HardBreak => title.push(' '),
            _ => {}
        }
    }
    (Some(title.trim().to_owned()), html(events, root))
}

/// Events as clean HTML: headings begin at the second level, below the page's own, and paths
/// of the site work wherever the site stands.
fn html<'a>(events: impl Iterator<Item = Event<'a>>, root: &str) -> String {
    let placed = events.map(|event| match event {
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let local = dest_url.starts_with('/') && !dest_url.starts_with("//");
            let dest_url = if local { format!("{root}{dest_url}").into() } else { dest_url };
            Event::Start(Tag::Link { link_type, dest_url, title, id })
        }
        Event::Start(Tag::Heading { level: HeadingLevel::H1, id, classes, attrs }) => {
            Event::Start(Tag::Heading { level: HeadingLevel::H2, id, classes, attrs })
        }
        Event::End(TagEnd::Heading(HeadingLevel::H1)) => {
            Event::End(TagEnd::Heading(HeadingLevel::H2))
        }
        other => other,
    });
    let mut markup = String::new();
    pulldown_cmark::html::push_html(&mut markup, placed);
    CLEANER.clean(&markup).to_string()
}

/// As for descriptions (`record::html`), but an operator may link within the site and is
/// answered for: links are followed. No image, style, class or event attribute remains.
static CLEANER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = ammonia::Builder::empty();
    cleaner
        .tags(ALLOWED.into_iter().collect())
        .clean_content_tags(HashSet::from([
            "script", "style", "template", "iframe", "noscript", "object",
        ]))
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href"])),
            ("abbr", HashSet::from(["title"])),
            ("td", HashSet::from(["colspan", "rowspan"])),
            ("th", HashSet::from(["colspan", "rowspan"])),
        ]))
        .generic_attributes(HashSet::from(["lang", "dir"]))
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(ammonia::UrlRelative::PassThrough)
        .link_rel(None)
        .strip_comments(true);
    cleaner
});

const ALLOWED: [&str; 38] = [
    "a",
    "abbr",
    "b",
    "blockquote",
    "br",
    "caption",
    "code",
    "dd",
    "del",
    "dl",
    "dt",
    "em",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "ins",
    "kbd",
    "li",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_becomes_clean_html_below_the_title() {
        for (markdown, title, body) in [
            ("# Our *team*\n\nHello.", "Our team", "<p>Hello.</p>\n"),
            ("Hello.", "Our team", "<p>Hello.</p>\n"),
            ("# A\n# B", "A", "<h2>B</h2>\n"),
            ("[d](/dumps/)", "Our team", "<p><a href=\"/at/dumps/\">d</a></p>\n"),
            ("[d](//evil.example)", "Our team", "<p><a href=\"//evil.example\">d</a></p>\n"),
            ("[x](javascript:alert(1))", "Our team", "<p><a>x</a></p>\n"),
            ("<b onclick=\"x()\" class=\"y\">b</b>", "Our team", "<p><b>b</b></p>\n"),
            ("a <script>alert(1)</script>b", "Our team", "<p>a b</p>\n"),
            ("![i](https://evil.example/i.png)", "Our team", "<p></p>\n"),
            ("# <script>x</script>", "x", ""),
        ] {
            let page = page("our-team".into(), markdown, "/at");
            assert_eq!((page.title.as_str(), page.body.as_str()), (title, body), "{markdown}");
        }
    }

    #[test]
    fn names_are_addresses() {
        for (name, fine) in [
            ("about", true),
            ("terms-2026", true),
            ("", false),
            ("About", false),
            ("-a", false),
            ("a.b", false),
            ("../a", false),
            ("records", false),
            ("index", false),
        ] {
            assert_eq!(check_name(name).is_ok(), fine, "{name}");
        }
    }
}

//! A page as a browser's tokenizer reads it, with html5ever: the second opinion on escaping.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

/// Elements without end tag.
const VOID: [&str; 6] = ["meta", "link", "br", "hr", "input", "img"];

/// Every element that a page of ours may hold, sanitised descriptions included.
const ELEMENTS: &str = "html head meta title link script body a header div nav main footer article \
    section aside h1 h2 h3 h4 h5 h6 p ul ol li dl dt dd span strong em b i u s sub sup small code \
    pre kbd q blockquote br hr table caption thead tbody tr th td details summary time bdi cite \
    abbr ins del button svg path circle img";

/// Every attribute.
const ATTRIBUTES: &str = "lang charset name content rel href type class id dir aria-label \
    aria-labelledby aria-current role scope datetime start reversed property colspan rowspan title \
    hidden data-copy data-styles data-style viewbox d cx cy r fill fill-opacity stroke http-equiv \
    src alt data-guess";

/// What the tokenizer saw.
#[derive(Debug, Default)]
pub(crate) struct Document {
    pub(crate) tags: Vec<(String, BTreeMap<String, String>)>,
    pub(crate) text: String,
    pub(crate) json_ld: String,
    pub(crate) hrefs: Vec<String>,
    /// What the page loads by `src`.
    pub(crate) sources: Vec<String>,
    errors: Vec<String>,
    open: Vec<String>,
}

impl Document {
    pub(crate) fn parse(page: &str) -> Document {
        let sink = Sink(RefCell::default());
        let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
        let input = BufferQueue::default();
        input.push_back(StrTendril::from(page));
        let _ = tokenizer.feed(&input);
        tokenizer.end();
        tokenizer.sink.0.into_inner()
    }

    /// No parse error, balanced elements, only known elements and attributes, no inline code,
    /// only web or local addresses, unique ids, labels that exist, one `h1`.
    pub(crate) fn check(&self, name: &str) {
        assert!(self.errors.is_empty(), "{name}: {:?}", self.errors);
        assert!(self.open.is_empty(), "{name}: not closed: {:?}", self.open);
        let elements: BTreeSet<&str> = ELEMENTS.split_whitespace().collect();
        let attributes: BTreeSet<&str> = ATTRIBUTES.split_whitespace().collect();
        let mut ids = BTreeSet::new();
        for (tag, attrs) in &self.tags {
            assert!(elements.contains(tag.as_str()), "{name}: <{tag}>");
            for (attr, value) in attrs {
                assert!(attributes.contains(attr.as_str()), "{name}: <{tag} {attr}={value:?}>");
            }
            if tag == "script" {
                let own = attrs.get("src").is_some_and(|src| src.contains("/assets/site."));
                let kind = if own { "module" } else { "application/ld+json" };
                assert_eq!(attrs["type"], kind, "{name}");
                assert_eq!(attrs.len(), 1 + usize::from(own), "{name}: {attrs:?}");
            }
            if let Some(id) = attrs.get("id") {
                assert!(ids.insert(id), "{name}: id {id} twice");
            }
        }
        for url in &self.hrefs {
            let fine = ["https://", "http://", "mailto:", "#"].iter().any(|p| url.starts_with(p))
                || (url.starts_with('/') && !url.starts_with("//"));
            assert!(fine, "{name}: href {url:?}");
        }
        for (_, attrs) in &self.tags {
            if let Some(label) = attrs.get("aria-labelledby") {
                assert!(ids.contains(label), "{name}: no element has the id {label}");
            }
        }
        assert_eq!(self.tags.iter().filter(|(tag, _)| tag == "h1").count(), 1, "{name}: h1");
        if !self.json_ld.is_empty() {
            serde_json::from_str::<serde_json::Value>(&self.json_ld).expect("JSON-LD is JSON");
        }
    }

    /// Contents of `<meta name=…>` or `<meta property=…>`, in order.
    pub(crate) fn meta(&self, name: &str) -> Vec<String> {
        let is = |attrs: &BTreeMap<String, String>, key: &str| {
            attrs.get(key).is_some_and(|value| value == name)
        };
        let metas = self.tags.iter().filter(|(tag, _)| tag == "meta");
        metas
            .filter(|(_, attrs)| is(attrs, "name") || is(attrs, "property"))
            .map(|(_, attrs)| attrs["content"].clone())
            .collect()
    }

    /// Addresses of `<link rel=…>`, in order.
    pub(crate) fn links(&self, rel: &str) -> Vec<String> {
        let links = self.tags.iter().filter(|(tag, _)| tag == "link");
        links
            .filter(|(_, attrs)| attrs.get("rel").is_some_and(|value| value == rel))
            .map(|(_, attrs)| attrs["href"].clone())
            .collect()
    }

    fn tag(&mut self, tag: Tag) -> TokenSinkResult<()> {
        let name = tag.name.to_string();
        if tag.kind == TagKind::EndTag {
            let open = self.open.pop();
            if open.as_deref() != Some(&name) {
                self.errors.push(format!("</{name}> closes {open:?}"));
            }
            return TokenSinkResult::Continue;
        }
        let attrs: BTreeMap<String, String> = tag
            .attrs
            .iter()
            .map(|attr| (attr.name.local.to_string(), attr.value.to_string()))
            .collect();
        self.hrefs.extend(attrs.get("href").cloned());
        self.sources.extend(attrs.get("src").cloned());
        if !VOID.contains(&name.as_str()) && !tag.self_closing {
            self.open.push(name.clone());
        }
        self.tags.push((name.clone(), attrs));
        match name.as_str() {
            "script" => TokenSinkResult::RawData(RawKind::ScriptData),
            "title" => TokenSinkResult::RawData(RawKind::Rcdata),
            "plaintext" => TokenSinkResult::Plaintext,
            _ => TokenSinkResult::Continue,
        }
    }
}

struct Sink(RefCell<Document>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<()> {
        let mut document = self.0.borrow_mut();
        match token {
            Token::TagToken(tag) => return document.tag(tag),
            Token::CharacterTokens(text) if document.open.last().is_some_and(|t| t == "script") => {
                document.json_ld.push_str(&text);
            }
            Token::CharacterTokens(text) => document.text.push_str(&text),
            Token::ParseError(error) => document.errors.push(format!("line {line}: {error}")),
            Token::CommentToken(comment) => document.errors.push(format!("comment {comment}")),
            Token::NullCharacterToken => document.errors.push("NUL".into()),
            Token::DoctypeToken(_) | Token::EOFToken => {}
        }
        TokenSinkResult::Continue
    }
}

//! XML as a tree of elements: small, bounded, and deaf to DTDs.
//!
//! Namespaces are not resolved: elements and attributes go by their local names, because real
//! documents bind any prefix, or none, to any of a dozen kernel namespaces. Comments and
//! processing instructions are skipped, CDATA is text. A document type declaration is skipped
//! as well: entities that it defines are not expanded (so nothing can be made to grow or be
//! fetched) and stay in the text as written. HTML's named entities, which exporters leave in
//! undeclared, are decoded.

use std::borrow::Cow;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;

use super::Rejected;
use super::native::Str;
use crate::record::html;

/// Deepest nesting accepted. DataCite inside OAI-PMH needs a dozen levels.
const DEEPEST: usize = 64;

/// Most elements accepted. The largest real document known has 46,000 (15,318 polygon points);
/// at about 150 bytes each this caps the tree near 40 MB.
const MOST_ELEMENTS: usize = 250_000;

/// An element with its children and its own text.
#[derive(Debug, Default)]
pub(super) struct Element<'a> {
    /// Local name.
    pub(super) name: Str<'a>,
    /// Local names and values, in document order.
    pub(super) attributes: Vec<(Str<'a>, Str<'a>)>,
    pub(super) children: Vec<Element<'a>>,
    /// Text directly inside, and that of inline children (`br` as `<br>`).
    pub(super) text: Str<'a>,
}

impl<'a> Element<'a> {
    /// The first child of that name.
    pub(super) fn child(&self, name: &str) -> Option<&Element<'a>> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The value of an attribute.
    pub(super) fn attribute(&self, name: &str) -> Option<&Str<'a>> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    fn push_text(&mut self, text: Str<'a>) {
        if self.text.is_empty() {
            self.text = text;
        } else {
            self.text.to_mut().push_str(&text);
        }
    }
}

/// Parses a document into its root element.
///
/// # Errors
/// [`Rejected`] with code `not-xml` for what is not well-formed, `too-deep` and `too-many`
/// beyond [`DEEPEST`] and [`MOST_ELEMENTS`]. The path is the byte offset.
pub(super) fn parse(text: &str) -> Result<Element<'_>, Rejected> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element<'_>> = Vec::new();
    let mut root: Option<Element<'_>> = None;
    let mut elements = 0usize;
    loop {
        let event = reader.read_event();
        let at = |code, message: String| {
            Rejected::new(format!("byte {}", reader.buffer_position()), code, message)
        };
        let event = event.map_err(|error| at("not-xml", error.to_string()))?;
        match event {
            Event::Start(start) => {
                elements += 1;
                if root.is_some() {
                    return Err(at("not-xml", "a second root element".to_owned()));
                }
                if open.len() >= DEEPEST {
                    return Err(at("too-deep", format!("more than {DEEPEST} levels")));
                }
                if elements > MOST_ELEMENTS {
                    return Err(at("too-many", format!("more than {MOST_ELEMENTS} elements")));
                }
                open.push(element(&start));
            }
            Event::Empty(start) => {
                elements += 1;
                if root.is_some() {
                    return Err(at("not-xml", "a second root element".to_owned()));
                }
                if elements > MOST_ELEMENTS {
                    return Err(at("too-many", format!("more than {MOST_ELEMENTS} elements")));
                }
                close(element(&start), &mut open, &mut root);
            }
            Event::End(_) => {
                // The reader has checked that the end tag belongs to the innermost element.
                if let Some(element) = open.pop() {
                    close(element, &mut open, &mut root);
                }
            }
            Event::Text(text) => match open.last_mut() {
                Some(element) => element.push_text(text.xml10_content()),
                None if text.trim().is_empty() => {}
                None => return Err(at("not-xml", "text outside the root element".to_owned())),
            },
            Event::CData(text) => {
                if let Some(element) = open.last_mut() {
                    element.push_text(text.xml10_content());
                }
            }
            Event::GeneralRef(reference) => {
                if let Some(element) = open.last_mut() {
                    element.push_text(resolve(&reference));
                }
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            Event::Eof => break,
        }
    }
    match root {
        Some(root) if open.is_empty() => Ok(root),
        _ => Err(Rejected::new(".", "not-xml", "the document breaks off")),
    }
}

fn element<'a>(start: &BytesStart<'a>) -> Element<'a> {
    let name = start.local_name().as_ref().to_owned();
    let mut attributes = Vec::new();
    for attribute in start.attributes().with_checks(false).flatten() {
        let key = attribute.key.local_name().as_ref().to_owned();
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_or_else(|_| attribute.value.into_owned(), Cow::into_owned);
        attributes.push((Cow::Owned(key), Cow::Owned(value)));
    }
    Element { name: Cow::Owned(name), attributes, ..Element::default() }
}

/// Hands a finished element to its parent, or makes it the root.
fn close<'a>(element: Element<'a>, open: &mut [Element<'a>], root: &mut Option<Element<'a>>) {
    let Some(parent) = open.last_mut() else {
        *root = Some(element);
        return;
    };
    if element.name == "br" {
        parent.push_text(Cow::Borrowed("<br>"));
    } else if matches!(&*parent.name, "description" | "title" | "rights" | "subject") {
        parent.push_text(element.text);
    } else {
        parent.children.push(element);
    }
}

/// A character reference or a named entity as text; what is neither stays as written.
fn resolve<'a>(reference: &BytesRef<'_>) -> Str<'a> {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return Cow::Owned(character.to_string());
    }
    let name = reference.xml10_content();
    Cow::Borrowed(match &*name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        "nbsp" => "\u{a0}",
        _ => {
            let written = format!("&{name};");
            let decoded = html::plain(&written).into_owned();
            return Cow::Owned(if decoded.is_empty() { written } else { decoded });
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(xml: &str, expect: Result<&str, &str>) {
        fn show(element: &Element<'_>) -> String {
            let attributes: String =
                element.attributes.iter().map(|(key, value)| format!(" {key}={value}")).collect();
            let children: Vec<String> = element.children.iter().map(show).collect();
            format!("{}{attributes}[{}]({})", element.name, element.text, children.join(","))
        }
        let found = parse(xml).map(|root| show(&root)).map_err(|error| error.code);
        assert_eq!(found.as_deref().map_err(|code| *code), expect, "{xml}");
    }

    #[test]
    fn text_is_put_together_from_all_its_spellings() {
        check("<a>x</a>", Ok("a[x]()"));
        check("<?xml version='1.0'?><!-- c --><p:a p:k='1 &lt; 2'>x</p:a>\n", Ok("a k=1 < 2[x]()"));
        check("<a><![CDATA[<b> & c]]></a>", Ok("a[<b> & c]()"));
        check("<a>1&#x20;&amp;&#233;<!-- no -->&eacute;&nbsp;2</a>", Ok("a[1 &éé\u{a0}2]()"));
        check("<a>&unknown;</a>", Ok("a[&unknown;]()"));
        check("<a>l\r\nm\rn</a>", Ok("a[l\nm\nn]()"));
        check("<description>a<br/>b <i>c</i></description>", Ok("description[a<br>b c]()"));
        check("<a><b/><c>2</c></a>", Ok("a[](b[](),c[2]())"));
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        for xml in ["", "<a>", "<a></b>", "<a/><b/>", "<a/>x", "<a", "x<a/>", "<a>&</a>"] {
            check(xml, Err("not-xml"));
        }
        let deep = "<a>".repeat(65) + &"</a>".repeat(65);
        check(&deep, Err("too-deep"));
        let many = format!("<a>{}</a>", "<b/>".repeat(MOST_ELEMENTS));
        assert_eq!(parse(&many).unwrap_err().code, "too-many");
    }

    #[test]
    fn entities_of_a_dtd_are_not_expanded() {
        let laughs = r#"<!DOCTYPE a [<!ENTITY l "lol"><!ENTITY m "&l;&l;&l;&l;&l;&l;&l;&l;">
            <!ENTITY f SYSTEM "file:///etc/passwd">]><a>&m;&f;</a>"#;
        check(laughs, Ok("a[&m;&f;]()"));
    }
}

//! Writing RDF/XML: properties of one node, nested as deep as needed.

use crate::crosswalk::xml_text;

/// The inside of a node. Names are trusted: they come from this program.
pub(super) struct Node<'o> {
    pub(super) out: &'o mut Vec<u8>,
}

impl Node<'_> {
    /// A plain literal, left out when empty.
    pub(super) fn text(&mut self, property: &str, value: &str) {
        if !value.is_empty() {
            self.raw("\n");
            xml_text::element(property, value, self.out);
        }
    }

    /// A literal of a datatype (an absolute IRI), left out when empty.
    pub(super) fn typed(&mut self, property: &str, datatype: &str, value: &str) {
        if !value.is_empty() {
            self.raw("\n<").raw(property).raw(" rdf:datatype=\"").raw(datatype).raw("\">");
            xml_text::escape(value, self.out);
            self.raw("</").raw(property).raw(">");
        }
    }

    /// A link to something that is not described here.
    pub(super) fn resource(&mut self, property: &str, iri: &str) {
        self.raw("\n<").raw(property).raw(" rdf:resource=\"");
        xml_text::escape(iri, self.out);
        self.raw("\"/>");
    }

    /// A node of a class with its own properties; without an address it is blank.
    pub(super) fn node(
        &mut self,
        property: &str,
        class: &str,
        about: Option<&str>,
        inside: impl FnOnce(&mut Node<'_>),
    ) {
        self.raw("\n<").raw(property).raw(">");
        self.subject(class, about, inside);
        self.raw("</").raw(property).raw(">");
    }

    /// A node that stands by itself.
    pub(super) fn subject(
        &mut self,
        class: &str,
        about: Option<&str>,
        inside: impl FnOnce(&mut Node<'_>),
    ) {
        self.raw("<").raw(class);
        if let Some(about) = about {
            self.raw(" rdf:about=\"");
            xml_text::escape(about, self.out);
            self.raw("\"");
        }
        self.raw(">");
        inside(&mut Node { out: self.out });
        self.raw("</").raw(class).raw(">");
    }

    pub(super) fn raw(&mut self, text: &str) -> &mut Self {
        self.out.extend_from_slice(text.as_bytes());
        self
    }
}

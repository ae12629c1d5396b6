//! Writing fields.

use std::borrow::Cow;

use crate::crosswalk::xml_text;

/// A subfield: code and value.
pub(super) type Subfield<'a> = (char, Cow<'a, str>);

/// Where fields go. Tags, indicators and codes are trusted: they come from this program.
pub(super) struct Fields<'o> {
    pub(super) out: &'o mut Vec<u8>,
}

impl Fields<'_> {
    pub(super) fn leader(&mut self, leader: &str) {
        self.out.extend_from_slice(b"\n  ");
        xml_text::element("leader", leader, self.out);
    }

    /// A control field, left out when there is nothing to say.
    pub(super) fn control(&mut self, tag: &str, value: &str) {
        if !value.is_empty() {
            self.raw("\n  <controlfield tag=\"").raw(tag).raw("\">");
            xml_text::escape(value, self.out);
            self.raw("</controlfield>");
        }
    }

    /// A data field, left out when its first subfield is empty; of the others those that are
    /// not.
    pub(super) fn data(&mut self, tag: &str, indicators: &str, subfields: &[Subfield<'_>]) {
        if subfields.first().is_some_and(|(_, value)| !value.is_empty()) {
            self.any(tag, indicators, subfields);
        }
    }

    /// A data field with those subfields that are not empty, left out when all are.
    pub(super) fn any(&mut self, tag: &str, indicators: &str, subfields: &[Subfield<'_>]) {
        if subfields.iter().all(|(_, value)| value.is_empty()) {
            return;
        }
        let (first, second) = indicators.split_at(1);
        self.raw("\n  <datafield tag=\"").raw(tag).raw("\" ind1=\"").raw(first);
        self.raw("\" ind2=\"").raw(second).raw("\">");
        for (code, value) in subfields.iter().filter(|(_, value)| !value.is_empty()) {
            self.raw("\n    <subfield code=\"").raw(code.encode_utf8(&mut [0; 4])).raw("\">");
            xml_text::escape(value, self.out);
            self.raw("</subfield>");
        }
        self.raw("\n  </datafield>");
    }

    fn raw(&mut self, text: &str) -> &mut Self {
        self.out.extend_from_slice(text.as_bytes());
        self
    }
}

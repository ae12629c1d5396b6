//! Which [`Kind`] a document is, at the cost of a look at its first keys.
//!
//! Nothing is built and nothing validated: JSON is scanned key by key until one of them
//! tells the kind, XML is searched for DataCite's namespace. A document that is told apart
//! here may still be rejected by its converter.

use std::fmt;

use memchr::memmem;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use super::Kind;
use crate::record::Text;

/// Why a document is of no kind that can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unrecognised {
    /// Nothing but white space.
    #[error("the document is empty")]
    Empty,
    /// UTF-16 or UTF-32 by its byte order mark.
    #[error("the document is not in UTF-8; convert it first")]
    Encoding,
    /// Neither `{` nor `<` nor the header of a deletion ledger at the beginning.
    #[error("the document is neither JSON nor XML nor a deletion ledger")]
    Text,
    /// JSON, but a list.
    #[error("a JSON list; write one record per line instead")]
    JsonList,
    /// JSON object that breaks off or is malformed before any key told its kind.
    #[error("malformed JSON: {0}")]
    JsonSyntax(SyntaxError),
    /// A page of a search or list API.
    #[error("a page of search results; write one record per line instead")]
    JsonPage,
    /// `{"metadata": {…}}` and nothing that a published record has.
    #[error("a deposit form or draft: `metadata` without any field of a published record")]
    JsonDeposit,
    /// commonmeta.
    #[error("commonmeta JSON is not supported; use the native or DataCite JSON of the record")]
    JsonCommonmeta,
    /// JSON-LD.
    #[error("JSON-LD is not supported; use the native or DataCite JSON of the record")]
    JsonLinkedData,
    /// Any other JSON object.
    #[error("a JSON object of unknown shape")]
    JsonOther,
    /// XML without DataCite metadata.
    #[error("XML without a DataCite `resource` element")]
    XmlOther,
}

/// Line and column, both 1-based, of a JSON syntax error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyntaxError {
    /// Line inside the document.
    pub line: usize,
    /// Byte column inside the line.
    pub column: usize,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} column {}", self.line, self.column)
    }
}

/// The header that Zenodo's exporter writes into `records-deleted.csv`, its first columns.
const LEDGER_HEADER: &[u8] = b"record_id,doi,";

/// Tells the kind of one document. A UTF-8 byte order mark and leading white space are
/// skipped.
///
/// # Errors
/// [`Unrecognised`] with the nearest known reason.
///
/// ```
/// use offprint::crosswalk::inbound::{Kind, detect};
/// assert_eq!(detect::kind(br#"{"id": "1", "pids": {}, "metadata": {}}"#), Ok(Kind::Native));
/// assert_eq!(detect::kind(b"[]"), Err(detect::Unrecognised::JsonList));
/// ```
pub fn kind(document: &[u8]) -> Result<Kind, Unrecognised> {
    let document = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
    let document = document.trim_ascii_start();
    match document.first() {
        None => Err(Unrecognised::Empty),
        Some(b'{') => json(document),
        Some(b'[') => Err(Unrecognised::JsonList),
        Some(b'<') => xml(document),
        Some(0xff | 0xfe | 0x00) => Err(Unrecognised::Encoding),
        Some(_) if document.starts_with(LEDGER_HEADER) => Ok(Kind::Ledger),
        Some(_) => Err(Unrecognised::Text),
    }
}

/// What the keys met so far amount to.
#[derive(Debug, Default)]
struct Seen {
    verdict: Option<Result<Kind, Unrecognised>>,
    metadata: bool,
    native: bool,
    attributes: bool,
    dois: bool,
    /// How many of DataCite's own keys.
    datacite: u8,
    doi: bool,
}

impl Seen {
    /// Whether `key` settles the matter. The order of keys is the source's; only keys that
    /// no other kind has at its top level may settle it.
    fn key(&mut self, key: &str) -> bool {
        let verdict = match key {
            "is_published" | "is_draft" | "revision_id" | "deletion_status" | "tombstone"
            | "media_files" => Ok(Kind::Native),
            "conceptrecid" | "conceptdoi" | "recid" | "doi_url" | "owners" | "submitted" => {
                Ok(Kind::Legacy)
            }
            // Others have one or the other of these, only DataCite has two.
            "types"
            | "creators"
            | "titles"
            | "publicationYear"
            | "schemaVersion"
            | "relatedIdentifiers"
            | "alternateIdentifiers"
            | "rightsList"
            | "fundingReferences"
            | "geoLocations" => {
                self.datacite += 1;
                if self.datacite < 2 {
                    return false;
                }
                Ok(Kind::DataciteJson)
            }
            "schema_version" | "archive_locations" | "date_published" => {
                Err(Unrecognised::JsonCommonmeta)
            }
            "@context" | "@graph" => Err(Unrecognised::JsonLinkedData),
            "hits" => Err(Unrecognised::JsonPage),
            // figshare has `custom_fields` and OpenAIRE `pids`, but neither has `metadata`.
            "access" | "custom_fields" | "parent" | "pids" => {
                self.native = true;
                return self.native_object();
            }
            "metadata" => {
                self.metadata = true;
                return self.native_object();
            }
            "attributes" => {
                self.attributes = true;
                return self.rest_object();
            }
            "doi" => {
                self.doi = true;
                return false;
            }
            _ => return false,
        };
        self.verdict = Some(verdict);
        true
    }

    fn native_object(&mut self) -> bool {
        if self.metadata && self.native {
            self.verdict = Some(Ok(Kind::Native));
        }
        self.verdict.is_some()
    }

    fn rest_object(&mut self) -> bool {
        if self.attributes && self.dois {
            self.verdict = Some(Ok(Kind::DataciteJson));
        }
        self.verdict.is_some()
    }

    /// The verdict once all keys have been seen.
    fn at_end(&self) -> Result<Kind, Unrecognised> {
        match self.verdict {
            Some(verdict) => verdict,
            None if self.metadata && self.doi => Ok(Kind::Legacy),
            None if self.metadata => Err(Unrecognised::JsonDeposit),
            None if self.datacite > 0 && self.doi => Ok(Kind::DataciteJson),
            None => Err(Unrecognised::JsonOther),
        }
    }
}

fn json(document: &[u8]) -> Result<Kind, Unrecognised> {
    let mut seen = Seen::default();
    let mut deserializer = serde_json::Deserializer::from_slice(document);
    let outcome = deserializer.deserialize_map(Peek { seen: &mut seen, depth: 0 });
    match (seen.verdict, outcome) {
        (Some(verdict), _) => verdict,
        (None, Ok(())) => seen.at_end(),
        (None, Err(error)) => Err(Unrecognised::JsonSyntax(SyntaxError {
            line: error.line(),
            column: error.column(),
        })),
    }
}

/// Walks the keys of an object and leaves as soon as the kind is told. Leaving early makes
/// the deserialiser report an error, which nobody looks at then.
struct Peek<'s> {
    seen: &'s mut Seen,
    /// 1 inside the REST API's `{"data": {…}}`.
    depth: u8,
}

impl<'de> Visitor<'de> for Peek<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Text<'de>>()? {
            if key == "data" && self.depth == 0 {
                map.next_value_seed(Data(self.seen))?;
                if self.seen.verdict.is_some() {
                    return Ok(());
                }
                continue;
            }
            if key == "type" {
                let kind = map.next_value_seed(TypeName)?;
                self.seen.dois |= kind;
                if self.seen.rest_object() {
                    return Ok(());
                }
                continue;
            }
            if self.seen.key(&key) {
                return Ok(());
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

/// The value of `data`: an object is looked into, a list is a page.
struct Data<'s>(&'s mut Seen);

impl<'de> serde::de::DeserializeSeed<'de> for Data<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Data<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        Peek { seen: self.0, depth: 1 }.visit_map(map)
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        self.0.verdict = Some(Err(Unrecognised::JsonPage));
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
}

/// Whether a `type` value is the REST API's `dois`; any shape is accepted.
struct TypeName;

impl<'de> serde::de::DeserializeSeed<'de> for TypeName {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        use super::lenient::Scalar;
        use serde::Deserialize;
        Ok(Scalar::deserialize(deserializer)?.0.as_deref() == Some("dois"))
    }
}

/// DataCite's namespaces: `http://datacite.org/schema/kernel-2.1` … `kernel-4`, and the
/// `https` spelling that some tools write.
const NAMESPACE: &[u8] = b"datacite.org/schema/";

fn xml(document: &[u8]) -> Result<Kind, Unrecognised> {
    let known = memmem::find(document, NAMESPACE).is_some()
        || memmem::find(document, b"<resource").is_some();
    if known { Ok(Kind::DataciteXml) } else { Err(Unrecognised::XmlOther) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(document: &str, expect: Result<Kind, Unrecognised>) {
        assert_eq!(kind(document.as_bytes()), expect, "{document}");
        let marked = format!("\u{feff}\n {document}");
        assert_eq!(kind(marked.as_bytes()), expect, "with a byte order mark: {document}");
    }

    #[test]
    fn a_kind_is_told_by_its_keys_in_any_order() {
        use Unrecognised::*;
        check(r#"{"id":"1","metadata":{},"access":{}}"#, Ok(Kind::Native));
        check(r#"{"metadata":{"title":"t"},"links":{"x":[1]},"pids":{}}"#, Ok(Kind::Native));
        check(r#"{"id":"1","deletion_status":{},"tombstone":{}}"#, Ok(Kind::Native));
        check(r#"{"id":1,"metadata":{},"conceptrecid":"2"}"#, Ok(Kind::Legacy));
        check(r#"{"recid":"1","metadata":{}}"#, Ok(Kind::Legacy));
        check(r#"{"doi":"10.1/x","id":1,"metadata":{}}"#, Ok(Kind::Legacy));
        check(r#"{"doi":"10.1/x","titles":[]}"#, Ok(Kind::DataciteJson));
        check(r#"{"titles":[],"types":{}}"#, Ok(Kind::DataciteJson));
        check(r#"{"titles":[],"publisher":""}"#, Err(JsonOther));
        check(r#"{"id":"10.1/x","type":"dois","attributes":{}}"#, Ok(Kind::DataciteJson));
        check(r#"{"attributes":{},"type":"dois"}"#, Ok(Kind::DataciteJson));
        check(r#"{"data":{"type":"dois","attributes":{}}}"#, Ok(Kind::DataciteJson));
        check(r#"{"data":[{"type":"dois","attributes":{}}]}"#, Err(JsonPage));
        check(r#"{"hits":{"hits":[]}}"#, Err(JsonPage));
        check(r#"{"metadata":{"upload_type":"dataset"},"files":[]}"#, Err(JsonDeposit));
        check(r#"{"id":"x","schema_version":"commonmeta_v0.16"}"#, Err(JsonCommonmeta));
        check(r#"{"@context":"https://schema.org"}"#, Err(JsonLinkedData));
        check(r#"{"attributes":{},"type":"users"}"#, Err(JsonOther));
        check(r#"{"data":null}"#, Err(JsonOther));
        check(r#"{"access":{},"metadata":{}}"#, Ok(Kind::Native));
        check(r#"{"files":[],"authors":[],"custom_fields":[],"doi":""}"#, Err(JsonOther));
        check("{}", Err(JsonOther));
        check("[1]", Err(JsonList));
        check("", Err(Empty));
        check("plain", Err(Text));
        check("record_id,doi,parent_id\r\n", Ok(Kind::Ledger));
        check(r#"{"id": "#, Err(JsonSyntax(SyntaxError { line: 1, column: 7 })));
    }

    #[test]
    fn xml_is_told_by_the_datacite_namespace() {
        check(
            r#"<?xml version="1.0"?><resource xmlns="http://datacite.org/schema/kernel-4"/>"#,
            Ok(Kind::DataciteXml),
        );
        check(
            r#"<d:resource xmlns:d="http://datacite.org/schema/kernel-3"/>"#,
            Ok(Kind::DataciteXml),
        );
        check("<resource><identifier/></resource>", Ok(Kind::DataciteXml));
        check("<oai_dc:dc/>", Err(Unrecognised::XmlOther));
        assert_eq!(kind(b"\xff\xfe<\0r\0"), Err(Unrecognised::Encoding));
    }
}

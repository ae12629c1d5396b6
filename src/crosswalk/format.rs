//! The formats: names, files, media types, and the one way to write any of them.

use super::datacite::{DataCite, Withheld};
use super::{bibtex, csl, dublin_core, legacy, native, schema_org};
use crate::record::Published;

/// A metadata format that a record can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// DataCite Metadata Schema 4.7, XML: <https://schema.datacite.org/meta/kernel-4.7/>.
    DataciteXml,
    /// The same as JSON, in the form of DataCite's REST API and InvenioRDM.
    DataciteJson,
    /// InvenioRDM's record JSON, public part:
    /// <https://inveniordm.docs.cern.ch/reference/metadata/>.
    NativeJson,
    /// Zenodo's JSON from before InvenioRDM: <https://developers.zenodo.org/#representation>.
    LegacyJson,
    /// Unqualified Dublin Core for OAI-PMH: <http://www.openarchives.org/OAI/2.0/oai_dc.xsd>.
    DublinCore,
    /// JSON-LD in the schema.org vocabulary: <https://schema.org>.
    SchemaOrg,
    /// BibTeX, with biblatex's fields where classic BibTeX has none.
    Bibtex,
    /// CSL-JSON 1.0.2: <https://github.com/citation-style-language/schema>.
    Csl,
}

impl Format {
    /// Every format, in the order in which they are listed to people.
    pub const ALL: [Format; 8] = [
        Format::DataciteXml,
        Format::DataciteJson,
        Format::NativeJson,
        Format::LegacyJson,
        Format::DublinCore,
        Format::SchemaOrg,
        Format::Bibtex,
        Format::Csl,
    ];

    /// Those that dumps are made of, in canonical order.
    pub const DUMPS: [Format; 3] = [Format::DataciteXml, Format::DataciteJson, Format::NativeJson];

    /// Those that can stand as files beside a page, in canonical order.
    pub const EXPORTS: [Format; 8] = Format::ALL;

    /// The name on the command line and in folder names.
    ///
    /// ```
    /// use offprint::crosswalk::Format;
    ///
    /// assert_eq!(Format::DataciteXml.name(), "datacite-xml");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Format::DataciteXml => "datacite-xml",
            Format::DataciteJson => "datacite-json",
            Format::NativeJson => "native-json",
            Format::LegacyJson => "legacy-json",
            Format::DublinCore => "dublin-core",
            Format::SchemaOrg => "schema-org",
            Format::Bibtex => "bibtex",
            Format::Csl => "csl",
        }
    }

    /// The format of a [`name`](Self::name).
    ///
    /// ```
    /// use offprint::crosswalk::Format;
    ///
    /// assert_eq!(Format::from_name("bibtex"), Some(Format::Bibtex));
    /// assert_eq!(Format::from_name("BibTeX"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The media type to serve the format under, as InvenioRDM names it, without parameters.
    ///
    /// ```
    /// use offprint::crosswalk::Format;
    ///
    /// assert_eq!(Format::SchemaOrg.media_type(), "application/ld+json");
    /// ```
    pub const fn media_type(self) -> &'static str {
        match self {
            Format::DataciteXml => "application/vnd.datacite.datacite+xml",
            Format::DataciteJson => "application/vnd.datacite.datacite+json",
            Format::NativeJson => "application/vnd.inveniordm.v1+json",
            Format::LegacyJson => "application/vnd.zenodo.v1+json",
            Format::DublinCore => "application/x-dc+xml",
            Format::SchemaOrg => "application/ld+json",
            Format::Bibtex => "application/x-bibtex",
            Format::Csl => "application/vnd.citationstyles.csl+json",
        }
    }

    /// The name of the file beside a record's page.
    ///
    /// ```
    /// use offprint::crosswalk::Format;
    ///
    /// assert_eq!(Format::Csl.file_name(), "citation.csl.json");
    /// ```
    pub const fn file_name(self) -> &'static str {
        match self {
            Format::DataciteXml => "datacite.xml",
            Format::DataciteJson => "datacite.json",
            Format::NativeJson => "record.json",
            Format::LegacyJson => "legacy.json",
            Format::DublinCore => "dublincore.xml",
            Format::SchemaOrg => "schema-org.jsonld",
            Format::Bibtex => "citation.bib",
            Format::Csl => "citation.csl.json",
        }
    }
}

/// Appends the record in a format to `out`.
///
/// JSON formats are one line without a line feed; the others end in one.
///
/// # Errors
/// [`Withheld`], with `out` as it was, when the record lacks what the format cannot do without.
/// Only the DataCite formats demand anything.
pub fn write(format: Format, published: &Published<'_>, out: &mut Vec<u8>) -> Result<(), Withheld> {
    match format {
        Format::DataciteXml => DataCite::from_published(published)?.write_xml(out),
        Format::DataciteJson => DataCite::from_published(published)?.write_json(out),
        Format::NativeJson => native::write(published, out),
        Format::LegacyJson => legacy::write(published, out),
        Format::DublinCore => dublin_core::write(published, out),
        Format::SchemaOrg => schema_org::write(published, out),
        Format::Bibtex => bibtex::write(published, out),
        Format::Csl => csl::write(published, out),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_files_and_media_types_are_distinct() {
        let distinct = |of: fn(Format) -> &'static str| {
            Format::ALL.into_iter().map(of).collect::<BTreeSet<_>>().len()
        };
        assert_eq!(distinct(Format::name), Format::ALL.len());
        assert_eq!(distinct(Format::file_name), Format::ALL.len());
        assert_eq!(distinct(Format::media_type), Format::ALL.len());
        for format in Format::ALL {
            assert_eq!(Format::from_name(format.name()), Some(format));
        }
    }
}

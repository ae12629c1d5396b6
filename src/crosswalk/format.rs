//! The formats: names, files, media types, and the one way to write any of them.

use super::datacite::{DataCite, Withheld};
use super::{
    bibtex, cff, codemeta, csl, datapackage, dcat, dublin_core, files, geojson, legacy, linkset,
    marc, native, ro_crate, schema_org,
};
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
    /// Citation File Format 1.2.0, YAML:
    /// <https://github.com/citation-file-format/citation-file-format>.
    Cff,
    /// CodeMeta 3.0, JSON-LD: <https://w3id.org/codemeta/3.0>.
    Codemeta,
    /// MARC 21 in MARCXML: <https://www.loc.gov/standards/marcxml/>.
    MarcXml,
    /// DCAT-AP 3.0.1 in RDF/XML: <https://semiceu.github.io/DCAT-AP/releases/3.0.1/>.
    DcatAp,
    /// The places of the record as a GeoJSON feature collection (RFC 7946).
    GeoJson,
    /// Data Package 2.0: <https://datapackage.org/standard/data-package/>.
    DataPackage,
    /// RO-Crate Metadata 1.1: <https://w3id.org/ro/crate/1.1>.
    RoCrate,
    /// Every typed link of the record (RFC 9264, FAIR Signposting level 2).
    Linkset,
}

impl Format {
    /// Every format, in the order in which they are listed to people.
    pub const ALL: [Format; 16] = [
        Format::DataciteXml,
        Format::DataciteJson,
        Format::NativeJson,
        Format::LegacyJson,
        Format::DublinCore,
        Format::SchemaOrg,
        Format::Bibtex,
        Format::Csl,
        Format::Cff,
        Format::Codemeta,
        Format::MarcXml,
        Format::DcatAp,
        Format::GeoJson,
        Format::DataPackage,
        Format::RoCrate,
        Format::Linkset,
    ];

    /// Those that dumps are made of, in canonical order.
    pub const DUMPS: [Format; 3] = [Format::DataciteXml, Format::DataciteJson, Format::NativeJson];

    /// Those that can stand as files beside a page, in canonical order.
    pub const EXPORTS: [Format; 16] = Format::ALL;

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
            Format::Cff => "cff",
            Format::Codemeta => "codemeta",
            Format::MarcXml => "marcxml",
            Format::DcatAp => "dcat-ap",
            Format::GeoJson => "geojson",
            Format::DataPackage => "datapackage",
            Format::RoCrate => "ro-crate",
            Format::Linkset => "linkset",
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

    /// The media type to serve the format under, without parameters: the registered one, else
    /// the one that InvenioRDM uses.
    ///
    /// Three formats are JSON-LD; [`profile`](Self::profile) tells them apart.
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
            Format::Cff => "application/yaml",
            Format::Codemeta => "application/ld+json",
            Format::MarcXml => "application/marcxml+xml",
            Format::DcatAp => "application/dcat+xml",
            Format::GeoJson => "application/geo+json",
            Format::DataPackage => "application/vnd.datapackage+json",
            Format::RoCrate => "application/ld+json",
            Format::Linkset => "application/linkset+json",
        }
    }

    /// What the document conforms to beyond its media type, as an address: the `profile` of a
    /// typed link (RFC 6906).
    pub const fn profile(self) -> Option<&'static str> {
        match self {
            Format::DataciteXml | Format::DataciteJson => {
                Some("http://datacite.org/schema/kernel-4")
            }
            Format::DublinCore => Some("http://www.openarchives.org/OAI/2.0/oai_dc/"),
            Format::SchemaOrg => Some("https://schema.org"),
            Format::Codemeta => Some(codemeta::CONTEXT),
            Format::MarcXml => Some(marc::NAMESPACE),
            Format::DcatAp => Some("http://data.europa.eu/r5r/"),
            Format::DataPackage => Some(datapackage::PROFILE),
            Format::RoCrate => Some(ro_crate::PROFILE),
            Format::NativeJson
            | Format::LegacyJson
            | Format::Bibtex
            | Format::Csl
            | Format::Cff
            | Format::GeoJson
            | Format::Linkset => None,
        }
    }

    /// Whether the format can say something true of the record.
    ///
    /// CodeMeta describes software. CFF describes software and datasets: it has no type for
    /// anything else, and a file without a type means software. GeoJSON needs a place, a Data
    /// Package at least one file that may be listed.
    pub fn applies(self, published: &Published<'_>) -> bool {
        match self {
            Format::Cff => cff::work_type(published).is_some(),
            Format::Codemeta => codemeta::is_software(published),
            Format::GeoJson => geojson::has_places(published),
            Format::DataPackage => files::has_open_files(published),
            _ => true,
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
            Format::Cff => "CITATION.cff",
            Format::Codemeta => "codemeta.json",
            Format::MarcXml => "marc.xml",
            Format::DcatAp => "dcat.xml",
            Format::GeoJson => "locations.geojson",
            Format::DataPackage => "datapackage.json",
            Format::RoCrate => "ro-crate-metadata.json",
            Format::Linkset => "linkset.json",
        }
    }
}

/// Appends the record in a format to `out`.
///
/// JSON formats are one line without a line feed; the others end in one.
///
/// # Errors
/// [`Withheld`], with `out` as it was, when the record lacks what the format cannot do without.
/// Only the DataCite formats demand anything. A format that does not
/// [apply](Format::applies) is written all the same, for whoever asks for it by name.
///
/// A linkset points at every format that applies; [`linkset::write`] takes a choice of them.
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
        Format::Cff => cff::write(published, out),
        Format::Codemeta => codemeta::write(published, out),
        Format::MarcXml => marc::write(published, out),
        Format::DcatAp => dcat::write(published, out),
        Format::GeoJson => geojson::write(published, out),
        Format::DataPackage => datapackage::write(published, out),
        Format::RoCrate => ro_crate::write(published, out),
        Format::Linkset => linkset::write(published, &Format::EXPORTS, out),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_files_and_media_types_are_distinct() {
        fn distinct<T: Ord>(of: fn(Format) -> T) -> usize {
            Format::ALL.into_iter().map(of).collect::<BTreeSet<_>>().len()
        }
        assert_eq!(distinct(Format::name), Format::ALL.len());
        assert_eq!(distinct(Format::file_name), Format::ALL.len());
        // JSON-LD is told apart by what it conforms to.
        assert_eq!(distinct(|f| (f.media_type(), f.profile())), Format::ALL.len());
        for format in Format::ALL {
            assert_eq!(Format::from_name(format.name()), Some(format));
        }
    }
}

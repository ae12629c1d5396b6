//! Identifier schemes and their names in DataCite.

/// An identifier scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scheme {
    /// InvenioRDM id, lower case.
    pub id: &'static str,
    /// Label in DataCite where the type is free text: alternate, name, affiliation and funder
    /// identifiers.
    pub datacite: &'static str,
    /// `relatedIdentifierType`, if DataCite 4.7 has one for the scheme.
    pub related: Option<&'static str>,
    /// Prefix that makes a bare value a URL; empty if there is no public resolver or the value
    /// is a URL already.
    pub resolver: &'static str,
}

/// Looks a scheme up by id; `bibcode` and `ads` are two names of one.
pub fn scheme(id: &str) -> Option<&'static Scheme> {
    TABLE.binary_search_by(|entry| entry.id.cmp(id)).ok().map(|at| &TABLE[at])
}

/// Finds a scheme by DataCite label, any case; `bibcode` gives InvenioRDM's `ads`.
pub fn scheme_by_datacite(label: &str) -> Option<&'static Scheme> {
    let label = label.trim();
    TABLE.iter().find(|entry| entry.datacite.eq_ignore_ascii_case(label))
}

const fn row(
    id: &'static str,
    datacite: &'static str,
    related: &'static str,
    resolver: &'static str,
) -> Scheme {
    Scheme {
        id,
        datacite,
        related: if related.is_empty() { None } else { Some(related) },
        resolver,
    }
}

#[rustfmt::skip]
pub(super) const TABLE: &[Scheme] = &[
    row("ads", "bibcode", "bibcode", "https://ui.adsabs.harvard.edu/abs/"),
    row("ark", "ARK", "ARK", "https://n2t.net/"),
    row("arxiv", "arXiv", "arXiv", "https://arxiv.org/abs/"),
    row("bibcode", "bibcode", "bibcode", "https://ui.adsabs.harvard.edu/abs/"),
    row("crossreffunderid", "Crossref Funder ID", "", "https://doi.org/"),
    row("cstr", "CSTR", "CSTR", "https://cstr.cn/"),
    row("doi", "DOI", "DOI", "https://doi.org/"),
    row("ean13", "EAN13", "EAN13", ""),
    row("edmo", "EDMO", "", "https://edmo.seadatanet.org/report/"),
    row("eissn", "EISSN", "EISSN", "https://portal.issn.org/resource/ISSN/"),
    row("geonames", "GeoNames", "", "https://sws.geonames.org/"),
    row("gnd", "GND", "", "https://d-nb.info/gnd/"),
    row("grid", "GRID", "", "https://www.grid.ac/institutes/"),
    row("handle", "Handle", "Handle", "https://hdl.handle.net/"),
    row("igsn", "IGSN", "IGSN", "https://doi.org/"),
    row("isbn", "ISBN", "ISBN", ""),
    row("isni", "ISNI", "", "https://isni.org/isni/"),
    row("issn", "ISSN", "ISSN", "https://portal.issn.org/resource/ISSN/"),
    row("istc", "ISTC", "ISTC", ""),
    row("lissn", "LISSN", "LISSN", "https://portal.issn.org/resource/ISSN/"),
    row("lsid", "LSID", "LSID", ""),
    row("orcid", "ORCID", "", "https://orcid.org/"),
    row("other", "Other", "", ""),
    row("pmid", "PMID", "PMID", "https://pubmed.ncbi.nlm.nih.gov/"),
    row("purl", "PURL", "PURL", ""),
    row("raid", "RAiD", "RAiD", "https://raid.org/"),
    row("ror", "ROR", "", "https://ror.org/"),
    row("rrid", "RRID", "RRID", "https://scicrunch.org/resolver/"),
    row("swhid", "SWHID", "SWHID", "https://archive.softwareheritage.org/"),
    row("upc", "UPC", "UPC", ""),
    row("url", "URL", "URL", ""),
    row("urn", "URN", "URN", ""),
    row("viaf", "VIAF", "", "https://viaf.org/viaf/"),
    row("w3id", "w3id", "w3id", ""),
    row("wikidata", "Wikidata", "", "https://www.wikidata.org/wiki/"),
];

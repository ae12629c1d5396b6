//! Vocabularies that map an id to one DataCite name: relations, dates, titles, descriptions,
//! roles; and the removal reasons of tombstones.

/// A vocabulary entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// InvenioRDM id.
    pub id: &'static str,
    /// DataCite 4.7 name; empty for removal reasons.
    pub datacite: &'static str,
    /// English display name.
    pub title: &'static str,
}

/// A relation between works, such as `iscitedby`.
pub fn relation_type(id: &str) -> Option<&'static Term> {
    by_id(RELATION_TYPES, id)
}

/// A relation by its DataCite `relationType`, any case.
pub fn relation_type_by_datacite(name: &str) -> Option<&'static Term> {
    by_datacite(RELATION_TYPES, name)
}

/// A kind of date, such as `collected`.
pub fn date_type(id: &str) -> Option<&'static Term> {
    by_id(DATE_TYPES, id)
}

/// A kind of date by its DataCite `dateType`, any case.
pub fn date_type_by_datacite(name: &str) -> Option<&'static Term> {
    by_datacite(DATE_TYPES, name)
}

/// A kind of further title, such as `subtitle`.
pub fn title_type(id: &str) -> Option<&'static Term> {
    by_id(TITLE_TYPES, id)
}

/// A kind of further title by its DataCite `titleType`, any case.
pub fn title_type_by_datacite(name: &str) -> Option<&'static Term> {
    by_datacite(TITLE_TYPES, name)
}

/// A kind of further description, such as `methods`; holds Zenodo's `notes` (DataCite `Other`).
pub fn description_type(id: &str) -> Option<&'static Term> {
    by_id(DESCRIPTION_TYPES, id)
}

/// A kind of description by its DataCite `descriptionType`, any case; `Other` gives `other`.
pub fn description_type_by_datacite(name: &str) -> Option<&'static Term> {
    let same_name = |term: &&Term| term.id != "notes" && term.datacite.eq_ignore_ascii_case(name);
    DESCRIPTION_TYPES.iter().find(same_name)
}

/// A contributor's role, such as `datacurator`.
pub fn role(id: &str) -> Option<&'static Term> {
    by_id(ROLES, id)
}

/// A contributor's role by its DataCite `contributorType`, any case.
pub fn role_by_datacite(name: &str) -> Option<&'static Term> {
    by_datacite(ROLES, name)
}

/// Why a record was removed, such as `retracted`.
pub fn removal_reason(id: &str) -> Option<&'static Term> {
    by_id(REMOVAL_REASONS, id)
}

fn by_id(table: &'static [Term], id: &str) -> Option<&'static Term> {
    table.binary_search_by(|term| term.id.cmp(id)).ok().map(|at| &table[at])
}

fn by_datacite(table: &'static [Term], name: &str) -> Option<&'static Term> {
    let name = name.trim();
    table.iter().find(|term| term.datacite.eq_ignore_ascii_case(name))
}

const fn term(id: &'static str, datacite: &'static str, title: &'static str) -> Term {
    Term { id, datacite, title }
}

#[rustfmt::skip]
pub(super) const RELATION_TYPES: &[Term] = &[
    term("cites", "Cites", "Cites"),
    term("collects", "Collects", "Collects"),
    term("compiles", "Compiles", "Compiles"),
    term("continues", "Continues", "Continues"),
    term("describes", "Describes", "Describes"),
    term("documents", "Documents", "Documents"),
    term("hasmetadata", "HasMetadata", "Has metadata"),
    term("haspart", "HasPart", "Has part"),
    term("hastranslation", "HasTranslation", "Has translation"),
    term("hasversion", "HasVersion", "Has version"),
    term("iscitedby", "IsCitedBy", "Is cited by"),
    term("iscollectedby", "IsCollectedBy", "Is collected by"),
    term("iscompiledby", "IsCompiledBy", "Is compiled by"),
    term("iscontinuedby", "IsContinuedBy", "Is continued by"),
    term("isderivedfrom", "IsDerivedFrom", "Is derived from"),
    term("isdescribedby", "IsDescribedBy", "Is described by"),
    term("isdocumentedby", "IsDocumentedBy", "Is documented by"),
    term("isidenticalto", "IsIdenticalTo", "Is identical to"),
    term("ismetadatafor", "IsMetadataFor", "Is metadata for"),
    term("isnewversionof", "IsNewVersionOf", "Is new version of"),
    term("isobsoletedby", "IsObsoletedBy", "Is obsoleted by"),
    term("isoriginalformof", "IsOriginalFormOf", "Is original form of"),
    term("ispartof", "IsPartOf", "Is part of"),
    term("ispreviousversionof", "IsPreviousVersionOf", "Is previous version of"),
    term("ispublishedin", "IsPublishedIn", "Is published in"),
    term("isreferencedby", "IsReferencedBy", "Is referenced by"),
    term("isrequiredby", "IsRequiredBy", "Is required by"),
    term("isreviewedby", "IsReviewedBy", "Is reviewed by"),
    term("issourceof", "IsSourceOf", "Is source of"),
    term("issupplementedby", "IsSupplementedBy", "Is supplemented by"),
    term("issupplementto", "IsSupplementTo", "Is supplement to"),
    term("istranslationof", "IsTranslationOf", "Is translation of"),
    term("isvariantformof", "IsVariantFormOf", "Is variant form of"),
    term("isversionof", "IsVersionOf", "Is version of"),
    term("obsoletes", "Obsoletes", "Obsoletes"),
    term("other", "Other", "Other"),
    term("references", "References", "References"),
    term("requires", "Requires", "Requires"),
    term("reviews", "Reviews", "Reviews"),
];

#[rustfmt::skip]
pub(super) const ROLES: &[Term] = &[
    term("contactperson", "ContactPerson", "Contact person"),
    term("datacollector", "DataCollector", "Data collector"),
    term("datacurator", "DataCurator", "Data curator"),
    term("datamanager", "DataManager", "Data manager"),
    term("distributor", "Distributor", "Distributor"),
    term("editor", "Editor", "Editor"),
    term("hostinginstitution", "HostingInstitution", "Hosting institution"),
    term("other", "Other", "Other"),
    term("producer", "Producer", "Producer"),
    term("projectleader", "ProjectLeader", "Project leader"),
    term("projectmanager", "ProjectManager", "Project manager"),
    term("projectmember", "ProjectMember", "Project member"),
    term("registrationagency", "RegistrationAgency", "Registration agency"),
    term("registrationauthority", "RegistrationAuthority", "Registration authority"),
    term("relatedperson", "RelatedPerson", "Related person"),
    term("researcher", "Researcher", "Researcher"),
    term("researchgroup", "ResearchGroup", "Research group"),
    term("rightsholder", "RightsHolder", "Rights holder"),
    term("sponsor", "Sponsor", "Sponsor"),
    term("supervisor", "Supervisor", "Supervisor"),
    term("translator", "Translator", "Translator"),
    term("workpackageleader", "WorkPackageLeader", "Work package leader"),
];

#[rustfmt::skip]
pub(super) const DATE_TYPES: &[Term] = &[
    term("accepted", "Accepted", "Accepted"),
    term("available", "Available", "Available"),
    term("collected", "Collected", "Collected"),
    term("copyrighted", "Copyrighted", "Copyrighted"),
    term("coverage", "Coverage", "Coverage"),
    term("created", "Created", "Created"),
    term("issued", "Issued", "Issued"),
    term("other", "Other", "Other"),
    term("submitted", "Submitted", "Submitted"),
    term("updated", "Updated", "Updated"),
    term("valid", "Valid", "Valid"),
    term("withdrawn", "Withdrawn", "Withdrawn"),
];

#[rustfmt::skip]
pub(super) const TITLE_TYPES: &[Term] = &[
    term("alternative-title", "AlternativeTitle", "Alternative title"),
    term("other", "Other", "Other"),
    term("subtitle", "Subtitle", "Subtitle"),
    term("translated-title", "TranslatedTitle", "Translated title"),
];

#[rustfmt::skip]
pub(super) const DESCRIPTION_TYPES: &[Term] = &[
    term("abstract", "Abstract", "Abstract"),
    term("methods", "Methods", "Methods"),
    term("notes", "Other", "Notes"),
    term("other", "Other", "Other"),
    term("series-information", "SeriesInformation", "Series information"),
    term("table-of-contents", "TableOfContents", "Table of contents"),
    term("technical-info", "TechnicalInfo", "Technical info"),
];

#[rustfmt::skip]
pub(super) const REMOVAL_REASONS: &[Term] = &[
    term("copyright", "", "Copyright infringement"),
    term("disputed-authorship", "", "Disputed authorship"),
    term("duplicate", "", "Duplicate of another record"),
    term("fraud", "", "Fraud"),
    term("misconduct", "", "Misconduct"),
    term("out-of-scope", "", "Out of scope for the repository"),
    term("personal-data", "", "Personal data"),
    term("replaced", "", "Replaced by another record"),
    term("retracted", "", "Retracted or withdrawn by the author"),
    term("spam", "", "Spam"),
    term("take-down-request", "", "Take-down request"),
    term("test-record", "", "Test upload"),
];

/// Every table with the number of entries its source lists (descriptions: DataCite's and
/// `notes`), for tests.
#[cfg(test)]
pub(super) const TABLES: &[(&[Term], usize)] = &[
    (RELATION_TYPES, 39),
    (ROLES, 22),
    (DATE_TYPES, 12),
    (TITLE_TYPES, 4),
    (DESCRIPTION_TYPES, 7),
    (REMOVAL_REASONS, 12),
];

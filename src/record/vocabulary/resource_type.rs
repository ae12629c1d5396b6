//! What a work is: the 47 resource types and what each output calls them.

/// A resource type with its name in every output vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceType {
    /// InvenioRDM id such as `publication-article`.
    pub id: &'static str,
    /// English display name.
    pub title: &'static str,
    /// DataCite `resourceTypeGeneral`, legal in schema 4.7.
    pub datacite_general: &'static str,
    /// DataCite resource type text; empty when the general type says it all.
    pub datacite_type: &'static str,
    /// schema.org type name, to be prefixed with `https://schema.org/`.
    pub schema_org: &'static str,
    /// CSL 1.0.2 item type.
    pub csl: &'static str,
    /// BibTeX entry type without `@`; `dataset` and `software` are biblatex types that classic
    /// styles treat as `misc`.
    pub bibtex: &'static str,
    /// OpenAIRE class: `publication`, `dataset`, `software` or `other`.
    pub openaire_type: &'static str,
    /// OpenAIRE resource type code, four digits.
    pub openaire_code: &'static str,
    /// Last part of the `info:eu-repo/semantics/` type that oai_dc carries.
    pub eurepo: &'static str,
}

impl ResourceType {
    /// `publication`, `image`, …: the part of the id before the hyphen.
    pub fn general(&self) -> &'static str {
        self.id.split_once('-').map_or(self.id, |(general, _)| general)
    }
}

/// Looks a resource type up by id; `publication-thesis`, the older name of
/// `publication-dissertation`, is accepted.
pub fn resource_type(id: &str) -> Option<&'static ResourceType> {
    let id = if id == "publication-thesis" { "publication-dissertation" } else { id };
    TABLE.binary_search_by(|entry| entry.id.cmp(id)).ok().map(|at| &TABLE[at])
}

/// All resource types, sorted by id.
pub fn resource_types() -> &'static [ResourceType] {
    TABLE
}

/// Finds the resource type for DataCite's pair of general type and free text.
///
/// Case does not matter. The text decides among types that share a general type, and among
/// all publications under `Text`, which is how schemas before 4.4 had to write them; an
/// unknown text falls back to the general type alone. `Award` and `Service`, which have no
/// counterpart, give `other`. `None`: no such general type.
pub fn resource_type_by_datacite(general: &str, text: &str) -> Option<&'static ResourceType> {
    let (general, text) = (general.trim(), text.trim());
    let of_general =
        || TABLE.iter().filter(|entry| entry.datacite_general.eq_ignore_ascii_case(general));
    if !text.is_empty() {
        let by_label = of_general().find(|entry| entry.datacite_type.eq_ignore_ascii_case(text));
        let by_title = || {
            let is_text = general.eq_ignore_ascii_case("text");
            TABLE.iter().find(|entry| {
                (entry.datacite_general.eq_ignore_ascii_case(general)
                    || is_text && entry.general() == "publication")
                    && entry.title.eq_ignore_ascii_case(text)
            })
        };
        if let Some(entry) = by_label.or_else(by_title) {
            return Some(entry);
        }
    }
    if let Some(entry) = of_general().find(|entry| entry.datacite_type.is_empty()) {
        return Some(entry);
    }
    let unmapped = ["Award", "Service"].iter().any(|name| name.eq_ignore_ascii_case(general));
    if unmapped { resource_type("other") } else { None }
}

#[rustfmt::skip]
#[expect(clippy::too_many_arguments, reason = "one row of the table below")]
const fn row(
    id: &'static str, title: &'static str, datacite_general: &'static str,
    datacite_type: &'static str, schema_org: &'static str, csl: &'static str,
    bibtex: &'static str, openaire_type: &'static str, openaire_code: &'static str,
    eurepo: &'static str,
) -> ResourceType {
    ResourceType {
        id, title, datacite_general, datacite_type, schema_org, csl, bibtex, openaire_type,
        openaire_code, eurepo,
    }
}

// Differences from InvenioRDM's fixture, on purpose: schema.org for standard and study
// registration is a type instead of the word `other`; CSL types are all of the 1.0.2 list and
// as specific as it allows (thesis, standard, review, periodical, report, song, document).
#[rustfmt::skip]
const TABLE: &[ResourceType] = &[
    row("audio", "Audio", "Sound", "", "MediaObject", "song", "misc", "dataset", "0033", "other"),
    row("dataset", "Dataset", "Dataset", "", "Dataset", "dataset", "dataset", "dataset", "0021", "other"),
    row("event", "Event", "Event", "", "Event", "event", "misc", "publication", "0023", "other"),
    row("image", "Image", "Image", "", "ImageObject", "figure", "misc", "dataset", "0025", "other"),
    row("image-diagram", "Diagram", "Image", "Diagram", "ImageObject", "figure", "misc", "dataset", "0025", "other"),
    row("image-drawing", "Drawing", "Image", "Drawing", "ImageObject", "graphic", "misc", "dataset", "0025", "other"),
    row("image-figure", "Figure", "Image", "Figure", "ImageObject", "figure", "misc", "dataset", "0025", "other"),
    row("image-other", "Other image", "Image", "Other", "ImageObject", "graphic", "misc", "dataset", "0025", "other"),
    row("image-photo", "Photo", "Image", "Photo", "Photograph", "graphic", "misc", "dataset", "0025", "other"),
    row("image-plot", "Plot", "Image", "Plot", "ImageObject", "figure", "misc", "dataset", "0025", "other"),
    row("instrument", "Instrument", "Instrument", "", "CreativeWork", "document", "misc", "other", "0020", "other"),
    row("lesson", "Lesson", "InteractiveResource", "", "CreativeWork", "speech", "misc", "other", "0010", "lecture"),
    row("model", "Model", "Model", "", "CreativeWork", "figure", "misc", "dataset", "0027", "other"),
    row("other", "Other", "Other", "", "CreativeWork", "document", "misc", "other", "0020", "other"),
    row("physicalobject", "Physical object", "PhysicalObject", "", "CreativeWork", "graphic", "misc", "other", "0010", "other"),
    row("poster", "Poster", "Poster", "", "CreativeWork", "graphic", "misc", "publication", "0004", "conferencePoster"),
    row("presentation", "Presentation", "Presentation", "", "PresentationDigitalDocument", "speech", "misc", "publication", "0004", "lecture"),
    row("project", "Project", "Project", "", "CreativeWork", "document", "misc", "other", "0020", "other"),
    row("publication", "Publication", "Text", "", "CreativeWork", "document", "misc", "publication", "0017", "other"),
    row("publication-annotationcollection", "Annotation collection", "Collection", "", "Collection", "collection", "misc", "publication", "0009", "technicalDocumentation"),
    row("publication-article", "Journal article", "JournalArticle", "", "ScholarlyArticle", "article-journal", "article", "publication", "0001", "article"),
    row("publication-book", "Book", "Book", "", "Book", "book", "book", "publication", "0002", "book"),
    row("publication-conferencepaper", "Conference paper", "ConferencePaper", "", "ScholarlyArticle", "paper-conference", "inproceedings", "publication", "0004", "conferencePaper"),
    row("publication-conferenceproceeding", "Conference proceeding", "ConferenceProceeding", "", "ScholarlyArticle", "book", "proceedings", "publication", "0004", "conferenceProceedings"),
    row("publication-datamanagementplan", "Output management plan", "OutputManagementPlan", "", "CreativeWork", "report", "misc", "publication", "0045", "technicalDocumentation"),
    row("publication-datapaper", "Data paper", "DataPaper", "", "ScholarlyArticle", "article-journal", "article", "publication", "0031", "workingPaper"),
    row("publication-deliverable", "Project deliverable", "Text", "Project deliverable", "CreativeWork", "report", "techreport", "publication", "0034", "report"),
    row("publication-dissertation", "Thesis", "Dissertation", "", "Thesis", "thesis", "phdthesis", "publication", "0044", "other"),
    row("publication-journal", "Journal", "Journal", "", "ScholarlyArticle", "periodical", "misc", "publication", "0043", "article"),
    row("publication-milestone", "Project milestone", "Text", "Project milestone", "CreativeWork", "report", "techreport", "publication", "0035", "report"),
    row("publication-other", "Other publication", "Text", "Other", "CreativeWork", "document", "misc", "publication", "0020", "other"),
    row("publication-patent", "Patent", "Text", "Patent", "CreativeWork", "patent", "misc", "publication", "0019", "patent"),
    row("publication-peerreview", "Peer review", "PeerReview", "", "ScholarlyArticle", "review", "misc", "publication", "0015", "review"),
    row("publication-preprint", "Preprint", "Preprint", "", "ScholarlyArticle", "article", "unpublished", "publication", "0016", "preprint"),
    row("publication-proposal", "Proposal", "Text", "Proposal", "CreativeWork", "report", "misc", "publication", "0036", "researchProposal"),
    row("publication-report", "Report", "Report", "", "ScholarlyArticle", "report", "techreport", "publication", "0017", "report"),
    row("publication-section", "Book chapter", "BookChapter", "", "ScholarlyArticle", "chapter", "incollection", "publication", "0013", "bookPart"),
    row("publication-softwaredocumentation", "Software documentation", "Text", "Software documentation", "CreativeWork", "report", "manual", "publication", "0009", "technicalDocumentation"),
    row("publication-standard", "Standard", "Standard", "", "CreativeWork", "standard", "misc", "publication", "0038", "other"),
    row("publication-studyregistration", "Study registration", "StudyRegistration", "", "CreativeWork", "report", "misc", "publication", "0038", "other"),
    row("publication-taxonomictreatment", "Taxonomic treatment", "Text", "Taxonomic treatment", "ScholarlyArticle", "article", "misc", "publication", "0020", "other"),
    row("publication-technicalnote", "Technical note", "Text", "Technical note", "ScholarlyArticle", "report", "techreport", "publication", "0009", "technicalDocumentation"),
    row("publication-workingpaper", "Working paper", "Text", "Working paper", "ScholarlyArticle", "article", "unpublished", "publication", "0014", "workingPaper"),
    row("software", "Software", "Software", "", "SoftwareSourceCode", "software", "software", "software", "0029", "other"),
    row("software-computationalnotebook", "Computational notebook", "ComputationalNotebook", "", "SoftwareSourceCode", "software", "software", "software", "0040", "other"),
    row("video", "Video", "Audiovisual", "", "MediaObject", "motion_picture", "misc", "dataset", "0033", "other"),
    row("workflow", "Workflow", "Workflow", "", "CreativeWork", "software", "misc", "other", "0020", "other"),
];

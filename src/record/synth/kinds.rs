//! What kinds of works there are, under which licences, from which communities.

use super::distributions::Weighted;
use super::names::{FIELDS, PLACES};
use super::people::uuid;
use super::rng::Rng;

/// A resource type and what is typical of it.
#[derive(Debug)]
pub(super) struct Kind {
    /// Vocabulary id.
    pub(super) id: &'static str,
    /// English title.
    pub(super) title: &'static str,
    /// Typical file extensions.
    pub(super) extensions: &'static [&'static str],
}

const fn kind(id: &'static str, title: &'static str, extensions: &'static [&'static str]) -> Kind {
    Kind { id, title, extensions }
}

const PAPER: &[&str] = &["pdf", "pdf", "pdf", "docx", "zip"];
const DATA: &[&str] = &["zip", "csv", "csv", "xlsx", "txt", "gz", "tsv", "nc", "pdf"];
const PICTURE: &[&str] = &["jpg", "png", "tif"];

/// Kinds by frequency: near Zenodo's own mix, where articles, data sets, taxonomic treatments
/// with their figures and software lead.
pub(super) const KINDS: Weighted<Kind> = Weighted(&[
    (240, kind("publication-article", "Journal article", PAPER)),
    (190, kind("dataset", "Dataset", DATA)),
    (115, kind("software", "Software", &["zip", "gz"])),
    (110, kind("publication-taxonomictreatment", "Taxonomic treatment", &["html", "xml"])),
    (105, kind("image-figure", "Figure", PICTURE)),
    (40, kind("publication-conferencepaper", "Conference paper", PAPER)),
    (32, kind("presentation", "Presentation", &["pdf", "pptx", "ppt"])),
    (32, kind("poster", "Poster", &["pdf", "pdf", "png"])),
    (30, kind("publication-report", "Report", PAPER)),
    (25, kind("publication-preprint", "Preprint", PAPER)),
    (20, kind("publication-section", "Book chapter", PAPER)),
    (15, kind("publication-other", "Other", PAPER)),
    (12, kind("video", "Video/Audio", &["mp4", "mov"])),
    (10, kind("publication-dissertation", "Dissertation", PAPER)),
    (8, kind("publication-book", "Book", PAPER)),
    (8, kind("other", "Other", DATA)),
    (7, kind("publication-workingpaper", "Working paper", PAPER)),
    (7, kind("publication-deliverable", "Project deliverable", PAPER)),
    (6, kind("publication-technicalnote", "Technical note", PAPER)),
    (5, kind("image-photo", "Photo", PICTURE)),
    (5, kind("lesson", "Lesson", &["zip", "pdf", "html"])),
    (4, kind("publication-datamanagementplan", "Output management plan", PAPER)),
    (3, kind("image", "Image", PICTURE)),
    (3, kind("image-diagram", "Diagram", &["png", "svg"])),
    (2, kind("audio", "Audio", &["mp3", "wav"])),
    (2, kind("publication-milestone", "Project milestone", PAPER)),
    (2, kind("publication-proposal", "Proposal", PAPER)),
    (2, kind("publication-conferenceproceeding", "Conference proceeding", PAPER)),
    (2, kind("publication-softwaredocumentation", "Software documentation", PAPER)),
    (1, kind("publication-datapaper", "Data paper", PAPER)),
    (1, kind("publication-peerreview", "Peer review", PAPER)),
    (1, kind("publication-standard", "Standard", PAPER)),
    (1, kind("software-computationalnotebook", "Computational notebook", &["ipynb", "zip"])),
    (1, kind("model", "Model", &["zip", "onnx"])),
    (1, kind("workflow", "Workflow", &["zip", "cwl"])),
    (1, kind("event", "Event", PAPER)),
    (1, kind("physicalobject", "Physical object", PICTURE)),
]);

/// A licence: vocabulary id, title, URL.
#[derive(Debug)]
pub(super) struct Licence {
    /// Vocabulary id.
    pub(super) id: &'static str,
    /// English title.
    pub(super) title: &'static str,
    /// Where its text is; empty for the vague ones.
    pub(super) url: &'static str,
}

const fn licence(id: &'static str, title: &'static str, url: &'static str) -> Licence {
    Licence { id, title, url }
}

/// Licences of texts and data.
pub(super) const LICENCES: Weighted<Licence> = Weighted(&[
    (
        780,
        licence(
            "cc-by-4.0",
            "Creative Commons Attribution 4.0 International",
            "https://creativecommons.org/licenses/by/4.0/legalcode",
        ),
    ),
    (
        60,
        licence(
            "cc-zero",
            "Creative Commons Zero v1.0 Universal",
            "https://creativecommons.org/publicdomain/zero/1.0/legalcode",
        ),
    ),
    (
        45,
        licence(
            "cc-by-sa-4.0",
            "Creative Commons Attribution Share Alike 4.0 International",
            "https://creativecommons.org/licenses/by-sa/4.0/legalcode",
        ),
    ),
    (
        40,
        licence(
            "cc-by-nc-4.0",
            "Creative Commons Attribution Non Commercial 4.0 International",
            "https://creativecommons.org/licenses/by-nc/4.0/legalcode",
        ),
    ),
    (
        30,
        licence(
            "cc-by-nc-nd-4.0",
            "Creative Commons Attribution Non Commercial No Derivatives 4.0 International",
            "https://creativecommons.org/licenses/by-nc-nd/4.0/legalcode",
        ),
    ),
    (30, licence("other-open", "Other (Open)", "")),
    (15, licence("other-closed", "Other (Not Open)", "")),
]);

/// Licences of software.
pub(super) const CODE_LICENCES: Weighted<Licence> = Weighted(&[
    (350, licence("mit", "MIT License", "https://opensource.org/licenses/MIT")),
    (250, licence("other-open", "Other (Open)", "")),
    (
        160,
        licence("apache-2.0", "Apache License 2.0", "http://www.apache.org/licenses/LICENSE-2.0"),
    ),
    (
        150,
        licence(
            "gpl-3.0-or-later",
            "GNU General Public License v3.0 or later",
            "https://www.gnu.org/licenses/gpl-3.0-standalone.html",
        ),
    ),
    (
        90,
        licence(
            "bsd-3-clause",
            "BSD 3-Clause \"New\" or \"Revised\" License",
            "https://opensource.org/licenses/BSD-3-Clause",
        ),
    ),
]);

/// A community: UUID, slug, title.
pub(super) struct Community {
    /// UUID.
    pub(super) id: String,
    /// Key in URLs.
    pub(super) slug: String,
    /// Display name.
    pub(super) title: String,
}

/// One of about two thousand communities, the large ones likelier.
pub(super) fn community(rng: &mut Rng) -> Community {
    let number = rng.zipf(11) as u64;
    let mut facts = Rng::new(0xC0_4411, number, 0);
    let place = facts.pick(PLACES);
    let field = facts.pick(FIELDS);
    let title = match facts.below(3) {
        0 => format!("{place} {field} Community"),
        1 => format!("{field} at {place}"),
        _ => format!("Horizon Project {place} {number}"),
    };
    let letters = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase()
    };
    let slug = format!("{}-{}-{number}", letters(place), letters(field));
    Community { id: uuid(number ^ 0xC0_4411), slug, title }
}

/// A rare record of extreme size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Giant {
    /// 1,000 to 3,300 creators, as collaborations in physics have.
    Creators,
    /// A description of 46 KB, as occurrence downloads have.
    Description,
    /// 500 to 760 related works.
    Related,
    /// 5,000 files.
    Files,
}

impl Giant {
    /// Whether record `ordinal` is one. Each kind comes once in 20,000 records, the one with
    /// thousands of files (2 MB of JSON) once in 80,000. All come within the first 20,000 and
    /// none within the first 10,000, so that small samples keep the usual mean.
    pub(super) const fn at(ordinal: u64) -> Option<Giant> {
        match ordinal % 20_000 {
            11_111 => Some(Giant::Related),
            13_777 => Some(Giant::Creators),
            16_543 => Some(Giant::Description),
            17_001 if ordinal % 80_000 == 17_001 => Some(Giant::Files),
            _ => None,
        }
    }
}

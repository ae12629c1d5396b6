//! The citations that a page shows, in six styles that readers ask for.
//!
//! Each style is a function of its own and follows the CSL style of the same id
//! (<https://github.com/citation-style-language/styles>), which a test holds them to. A CSL
//! engine would need milliseconds for what costs these a few microseconds, and a page is
//! allowed a few dozen of those. `docs/crosswalks.md` lists where they differ on purpose.

mod apa;
mod chicago;
mod dates;
mod harvard;
mod ieee;
mod line;
mod mla;
mod names;
mod title_case;
mod vancouver;
mod work;

pub use line::{Cited, Piece};
pub use work::Work;

use crate::record::Published;

/// A citation style.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// APA, 7th edition.
    Apa,
    /// Cite Them Right, 12th edition: author–date as British universities teach it.
    Harvard,
    /// MLA Handbook, 9th edition.
    Mla,
    /// NLM Citing Medicine, 2nd edition.
    Vancouver,
    /// Chicago Manual of Style, 18th edition: bibliography entry of notes and bibliography.
    Chicago,
    /// IEEE Reference Guide.
    Ieee,
}

impl Style {
    /// All styles, the usual one first.
    pub const ALL: [Style; 6] =
        [Style::Apa, Style::Harvard, Style::Mla, Style::Vancouver, Style::Chicago, Style::Ieee];

    /// Id of the CSL style that it follows.
    pub const fn id(self) -> &'static str {
        match self {
            Style::Apa => "apa",
            Style::Harvard => "harvard-cite-them-right",
            Style::Mla => "modern-language-association",
            Style::Vancouver => "vancouver",
            Style::Chicago => "chicago-notes-bibliography",
            Style::Ieee => "ieee",
        }
    }

    /// What readers call it.
    pub const fn title(self) -> &'static str {
        match self {
            Style::Apa => "APA",
            Style::Harvard => "Harvard",
            Style::Mla => "MLA",
            Style::Vancouver => "Vancouver",
            Style::Chicago => "Chicago",
            Style::Ieee => "IEEE",
        }
    }
}

/// Writes the citation of a work over what `cited` held; keep it to save allocations.
pub fn cite(work: &Work<'_>, style: Style, cited: &mut Cited) {
    cited.clear();
    match style {
        Style::Apa => apa::cite(work, cited),
        Style::Harvard => harvard::cite(work, cited),
        Style::Mla => mla::cite(work, cited),
        Style::Vancouver => vancouver::cite(work, cited),
        Style::Chicago => chicago::cite(work, cited),
        Style::Ieee => ieee::cite(work, cited),
    }
}

/// The citation in APA style as plain text: escape it for where it goes.
pub fn citation(published: &Published<'_>) -> String {
    citation_in(published, Style::Apa)
}

/// The citation in any style as plain text: escape it for where it goes.
pub fn citation_in(published: &Published<'_>, style: Style) -> String {
    let mut cited = Cited::default();
    cite(&Work::of(published), style, &mut cited);
    cited.into_text()
}

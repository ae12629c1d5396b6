//! Landing pages and the few pages around them: pure functions from views to bytes.
//!
//! A template keeps layout and scalars; the `blocks` are written by typed Rust and handed in
//! whole. Everything is escaped by construction: blocks through `html::Html`, scalars by the
//! template engine. No page holds an inline script or style, so a content security policy of
//! `default-src 'none'` with our own origin for styles fits all of them (JSON-LD is data).
//!
//! Writing the bytes somewhere is the caller's business.

pub mod address;
mod assets;
mod blocks;
mod brand;
mod clean;
mod extra;
mod html;
pub mod lists;
mod pages;
mod templates;
pub mod url;
mod view;
mod words;

use std::path::PathBuf;

use crate::crosswalk::Format;

pub use assets::Asset;
pub use brand::{Accent, Brand};
pub use extra::ExtraPage;
pub use pages::Renderer;
pub use templates::replaceable;
pub use url::SiteUrls;
pub use view::{DumpFormat, DumpsView, HomeView, LatestRecord, TombstoneView};

/// What an operator decides about the site.
#[derive(Debug, Clone, Default)]
pub struct SiteConfig {
    /// Exports that are written as files; only these are linked.
    pub exports: Vec<Format>,
    /// Own look and words.
    pub brand: Brand,
    /// Whether families have feeds to link.
    pub feeds: bool,
    /// Whether there is a page to search with.
    pub search: bool,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// A file of the override directory cannot be read.
    #[error("cannot read the template {path}", path = path.display())]
    Override {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file that the configuration names cannot be read.
    #[error("cannot read the {what} {path}", path = path.display())]
    Brand {
        /// `logo`, `page`.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// `site.logo` names a file that is no logo.
    #[error("the logo {path} {problem}", path = path.display())]
    Logo {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A file of `site.pages_dir` cannot become a page.
    #[error("the page {path} {problem}", path = path.display())]
    Page {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A template does not compile; the cause names file, line and column.
    #[error("the templates do not compile")]
    Compile(#[source] tera::Error),
    /// A template compiled and fails on this page.
    #[error("the template {template} fails")]
    Render {
        /// Name in the template folder.
        template: &'static str,
        /// The engine's report.
        #[source]
        source: tera::Error,
    },
}

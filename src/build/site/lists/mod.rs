//! Lists of records: communities, browsing, newest records, their feeds, sitemaps.
//!
//! The `view` and `render` parts are pure functions from views to bytes; `print` takes the
//! catalogue and writes what changed in it.

pub(in crate::build) mod addresses;
mod archive;
mod feed;
mod overview;
mod pages;
mod press;
pub(in crate::build) mod print;
mod render;
pub(in crate::build) mod sheets;
mod sitemap;
#[cfg(test)]
mod tests;
mod view;

pub use feed::{FeedEntry, FeedView};
pub(in crate::build::site) use view::slug;
pub use view::{IndexRow, IndexSection, IndexView, ListView, subject_stem};

/// Templates of this part: name and content.
pub(super) const TEMPLATES: [(&str, &str); 2] = [
    ("list.html", include_str!("../../../../templates/list.html")),
    ("llms.txt", include_str!("../../../../templates/llms.txt")),
];

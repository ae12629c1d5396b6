//! The search index as files: what both its writer (`build::search`) and its readers go by, and
//! a reader. Specified in `docs/search-format.md`; that text and this code change together.

pub mod analyse;
pub mod bits;
pub mod blocks;
pub mod code;
pub mod evaluate;
mod gather;
pub mod key;
pub mod lists;
mod newest;
pub mod pointer;
pub mod query;
pub mod reader;
pub mod tables;

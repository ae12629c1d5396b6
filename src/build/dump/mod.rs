//! The dumps of a release: frames rendered by any number of threads, written in order by one.
//!
//! A worker renders the records of one frame in every format ([`FrameBuilder`]); the one
//! [`DumpWriter`] takes the frames in order and makes packs. Beside the packs stand the small
//! files of the release directory: ledger of removals, exceptions, statistics, README.

pub mod compat;
pub(super) mod earlier;
pub mod exceptions;
pub mod frame;
pub mod gzip;
pub mod ledger;
pub mod lines;
pub mod readme;
pub mod recipe;
pub mod stats;
pub mod writer;

pub use frame::{DumpOptions, FrameBuilder, RecordError, RenderedFrame};
pub use writer::{DumpWriter, Dumps, Standing};

use crate::release::manifest::FileEntry;
use crate::release::stage::Written;

/// The manifest's line for a small file that was written.
fn file_entry(written: Written, media_type: &str, role: &str, records: Option<u64>) -> FileEntry {
    let Written { path, bytes, sha256, .. } = written;
    FileEntry {
        path,
        bytes,
        sha256,
        media_type: media_type.to_owned(),
        role: role.to_owned(),
        records,
    }
}

//! Floor 2: a release as files: what they are called, how they are written, read and checked.
//!
//! Everything here knows bytes and record ids, never what a record says: packs and their
//! frames, the manifest and the pointers, staging, reading by range, verification. The form of
//! every file is specified in `docs/format.md`; that text and this code change together.
//!
//! Invariants: published objects are write-once and named by hash; pointers move last; whatever
//! is read back (a pack tail, a manifest, a path in it) is hostile input with a bound.

pub mod canonical;
pub mod cat;
pub mod delta;
pub mod encoding;
pub mod fetch;
pub mod hash;
pub mod layout;
pub mod manifest;
pub mod pack;
pub mod pointer;
pub mod publish;
pub mod pull;
pub mod search;
pub mod site_pack;
pub mod stage;
pub mod sums;
pub mod sweep;
pub mod trust;
pub mod unpack;
pub mod variants;
pub mod verify;

pub use layout::{Format, PackId, Place, Spans};
pub use manifest::Manifest;

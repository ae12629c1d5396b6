//! Offprint prints a whole research repository as static files.

pub mod build;
pub mod cli;
pub mod crosswalk;
pub mod record;
pub mod release;
pub mod serve;
pub mod store;

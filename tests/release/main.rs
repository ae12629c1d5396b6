//! Releases as their readers meet them: written, read back, damaged, served, opened with other
//! people's tools.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its own helpers too")]
#![expect(clippy::print_stdout, reason = "what is skipped is said")]

mod corruption;
mod http;
mod made;
mod round_trip;
mod stock_tools;

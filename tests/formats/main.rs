//! Native and legacy JSON, Dublin Core, schema.org, BibTeX, CSL and citations: goldens, validity
//! by independent readers, hostile text, privacy, InvenioRDM's own test pairs.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed test")]
#![expect(clippy::print_stdout, reason = "a skipped test says so")]

mod checkers;
mod corpus;
mod golden;
mod hostile;
mod native;
mod quirks;
mod reference;
mod valid;

//! DataCite XML and JSON: goldens, corrected defects, an independent writer as oracle, the
//! official XSD, InvenioRDM's own test pairs.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a helper that fails is a failed test; what is skipped is said"
)]

mod corpus;
mod defects;
mod golden;
mod oracle;
mod quirks;
mod reference;
mod xsd;

//! The `offprint` binary: see `cli`.

fn main() {}

//! The `offprint` binary.

/// jemalloc: what threads freed is given back rather than kept in pieces, so that memory follows
/// the largest records and not their number.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> std::process::ExitCode {
    offprint::cli::main()
}

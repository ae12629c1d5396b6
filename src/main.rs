//! The `offprint` binary.

fn main() -> std::process::ExitCode {
    offprint::cli::main()
}

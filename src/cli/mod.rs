//! Floor 5: the command line.
//!
//! Argument parsing, configuration, the clock, the terminal and exit codes. The floors below
//! get values and give values; only here is anything printed, and only here is the time read.
//!
//! Rules: standard output is data, standard error is talk; a progress line on a terminal,
//! nothing otherwise; `--json` for machines.

mod args;
mod bench;
mod build;
mod cat;
mod clock;
pub mod config;
mod exit;
mod hosting;
mod import;
mod init;
mod interrupt;
mod keygen;
mod open;
mod press;
mod progress;
mod publish;
mod pull;
mod purge;
mod recipe;
mod search;
mod serve;
mod show;
mod sign;
mod synth;
mod terminal;
mod unpack;
mod verify;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use args::{Arguments, Command};
use exit::Exit;
pub use terminal::Hint;

/// Parses the command line, runs the command, prints its error if any, and says how it ended.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are data and succeed; the rest is a usage error.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Success };
            // A closed pipe is the reader's business.
            let _ = error.print();
            return exit.into();
        }
    };
    terminal::start_logging(arguments.global.verbose);
    match run(&arguments) {
        Ok(exit) => exit.into(),
        Err(error) if terminal::is_broken_pipe(&error) => Exit::Success.into(),
        Err(error) => {
            terminal::print_error(&error);
            terminal::exit_of(&error).into()
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let global = &arguments.global;
    match &arguments.command {
        Command::Init(init) => init::run(global, init),
        Command::Import(import) => import::run(global, import),
        Command::Build(build) => build::run(global, build),
        Command::Verify(verify) => verify::run(global, verify),
        Command::Pull(pull) => pull::run(global, pull),
        Command::Unpack(unpack) => unpack::run(global, unpack),
        Command::Serve(serve) => serve::run(serve),
        Command::Publish(publish) => publish::run(global, publish),
        Command::Purge(purge) => purge::run(global, purge),
        Command::Sign(sign) => sign::run(global, sign),
        Command::Keygen(keygen) => keygen::run(global, keygen),
        Command::Hosting(hosting) => hosting::run(global, hosting),
        Command::Show(show) => show::run(global, show),
        Command::Cat(cat) => cat::run(cat),
        Command::Search(search) => search::run(global, search),
        Command::Synth(synth) => synth::run(synth),
        Command::Bench(bench) => bench::run(global, bench),
        Command::Completions { shell } => {
            let mut command = Arguments::command();
            clap_complete::generate(*shell, &mut command, "offprint", &mut std::io::stdout());
            Ok(Exit::Success)
        }
        Command::Man { dir } => {
            clap_mangen::generate_to(Arguments::command(), dir)?;
            Ok(Exit::Success)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::args::Arguments::command().debug_assert();
    }
}

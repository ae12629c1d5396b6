//! Progress on long work: a bar with rate and ETA on a terminal, nothing otherwise.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Progress over `total` units; 0 means the total is not known.
#[derive(Debug)]
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// A bar on a terminal, hidden with `quiet` or when standard error is no terminal.
    pub(super) fn new(quiet: bool, what: &'static str, total: u64, bytes: bool) -> Progress {
        if quiet || !std::io::stderr().is_terminal() {
            return Progress(ProgressBar::hidden());
        }
        let bar = if total == 0 { ProgressBar::new_spinner() } else { ProgressBar::new(total) };
        let template = match (bytes, total) {
            (true, 0) => "{msg} {bytes} {bytes_per_sec}",
            (true, _) => "{msg} [{bar:30}] {bytes}/{total_bytes} {bytes_per_sec} ETA {eta}",
            (false, 0) => "{msg} {human_pos} {per_sec}",
            (false, _) => "{msg} [{bar:30}] {human_pos}/{human_len} {per_sec} ETA {eta}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(what);
        bar.enable_steady_tick(Duration::from_millis(200));
        Progress(bar)
    }

    /// Says how much there is, once that is known.
    pub(super) fn expect(&self, total: u64) {
        self.0.set_length(total);
    }

    /// What changes the words before the bar, from another thread.
    pub(super) fn words(&self) -> Words {
        Words(self.0.clone())
    }

    /// Sets the position.
    pub(super) fn set(&self, position: u64) {
        self.0.set_position(position);
    }

    /// Moves on by `step`.
    pub(super) fn add(&self, step: u64) {
        self.0.inc(step);
    }
}

/// The words before a bar.
#[derive(Debug, Clone)]
pub(super) struct Words(ProgressBar);

impl Words {
    /// Says what is being done.
    pub(super) fn say(&self, what: &'static str) {
        self.0.set_message(what);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

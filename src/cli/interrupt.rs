//! Ctrl-C: the first asks for a clean stop, the second ends the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;

/// Tells whether Ctrl-C was pressed.
pub(super) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Starts watching, on a thread of its own, for the life of the process.
    ///
    /// # Errors
    /// When no thread or signal handler can be had.
    pub(super) fn watch() -> Result<Interrupt> {
        let came = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&came);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("interrupt".into()).spawn(move || {
            runtime.block_on(async {
                if tokio::signal::ctrl_c().await.is_ok() {
                    seen.store(true, Ordering::Relaxed);
                    // The batch under way may take long; a second Ctrl-C does not wait for it.
                    if tokio::signal::ctrl_c().await.is_ok() {
                        std::process::exit(130);
                    }
                }
            });
        })?;
        Ok(Interrupt(came))
    }

    /// Whether it was pressed.
    pub(super) fn came(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

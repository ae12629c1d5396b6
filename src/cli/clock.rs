//! The only place that reads the clock.

use anyhow::{Context as _, Result};
use jiff::Timestamp;

use super::terminal::UsageError;

/// The time a build claims to describe: given, or now; UTC, whole seconds.
///
/// # Errors
/// A given time that is not RFC 3339.
pub(super) fn as_of(given: Option<&str>) -> Result<Timestamp> {
    let time: Timestamp = match given {
        Some(text) => text
            .parse()
            .with_context(|| format!("--as-of `{text}` is not like 2026-11-01T00:00:00Z"))
            .map_err(UsageError)?,
        None => Timestamp::now(),
    };
    Ok(Timestamp::from_second(time.as_second())?)
}

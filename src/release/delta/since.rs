//! What changed since a release, as one stream.

use super::super::fetch::Source;
use super::super::layout::Format;
use super::super::pointer::{PointerError, ReleasePointer, Releases};
use super::merge::Merged;
use super::shelf::Shelf;
use super::{Delta, DeltaError};

/// Why there is no such stream.
#[derive(Debug, thiserror::Error)]
pub enum SinceError {
    /// A delta could not be read.
    #[error(transparent)]
    Delta(#[from] DeltaError),
    /// A pointer could not be read.
    #[error(transparent)]
    Pointer(#[from] PointerError),
    /// There is no release.
    #[error("there is no release at {0}")]
    NoRelease(String),
    /// The release was never made.
    #[error("there never was a release {0}")]
    Unknown(String),
    /// No delta leads from there.
    #[error("no deltas lead from {from} to {to}")]
    NoWay {
        /// Asked for.
        from: String,
        /// The standing release.
        to: String,
    },
    /// The standing release has no dump of this format.
    #[error("release {release} has no {format} dump")]
    NoFormat {
        /// Release id.
        release: String,
        /// The format asked for.
        format: Format,
    },
}

/// The changes between the release `since` and the standing one in one format, in pack order,
/// each record once. Requests: three lists, and two or three files for each of at most four
/// deltas. Each file's hash is checked when its end is reached: an error can come last.
///
/// # Errors
/// When `since` is no release of the list, or no deltas lead from there.
pub fn since(source: &Source, since: &str, format: Format) -> Result<Merged, SinceError> {
    let pointer =
        ReleasePointer::read(source)?.ok_or_else(|| SinceError::NoRelease(source.place("")))?;
    let releases = Releases::read(source)?.releases;
    let number = |release: &str| {
        let line = releases.iter().find(|line| line.release == release);
        line.map(|line| line.sequence).ok_or_else(|| SinceError::Unknown(release.to_owned()))
    };
    let (at, head) = (number(since)?, number(&pointer.release)?);
    if !pointer.dumps.packs.contains_key(&format) {
        return Err(SinceError::NoFormat { release: pointer.release, format });
    }
    let shelf = Shelf::read(source)?;
    let way = shelf
        .way(at, head, |line| line.cost([format]))
        .ok_or_else(|| SinceError::NoWay { from: since.to_owned(), to: pointer.release.clone() })?;
    let deltas: Result<Vec<Delta>, DeltaError> = way.iter().map(|line| line.read(source)).collect();
    Ok(Merged::new(source, &deltas?, format)?)
}

//! The delta that leads from the release before to the one about to stand.

use std::path::Path;

use super::{BuildError, Settings, Tally};
use crate::release::delta::shelf::{self, Shelf, complete_release};
use crate::release::delta::{Changes, InHand, Side};
use crate::release::fetch::Source;
use crate::release::hash::sha256;
use crate::release::layout::{MANIFEST_JSON, release_dir};
use crate::release::manifest::Manifest;
use crate::release::pointer::{Named, PointerError, ReleaseLine, Releases};
use crate::release::stage::Stage;
use crate::store::Totals;

/// Fewest records that a release may lose without being asked about.
const FEW: u64 = 100;

/// Whether deltas are written, and what a release may lose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeltaSettings {
    /// Write deltas.
    pub write: bool,
    /// Percent of the public records that a release may have fewer than the one before; `None`
    /// for any.
    pub max_shrink: Option<u8>,
}

impl Default for DeltaSettings {
    /// Written, and 5 %.
    fn default() -> Self {
        DeltaSettings { write: true, max_shrink: Some(5) }
    }
}

/// Stops a build that would lose more of the public records than it may, before it writes
/// anything. Compares with the newest release of the list.
pub(super) fn check_shrink(
    root: &Path,
    totals: Totals,
    settings: &Settings,
) -> Result<(), BuildError> {
    let Some(percent) = settings.delta.max_shrink else { return Ok(()) };
    let source = Source::open(&root.to_string_lossy());
    let releases = Releases::read(&source)?.releases;
    let Some(line) = releases.last() else { return Ok(()) };
    let path = root.join(&line.manifest.path);
    let Some(manifest) = std::fs::read(path).ok().and_then(|b| Manifest::from_bytes(&b).ok())
    else {
        return Ok(());
    };
    // What the store calls public may still be withheld.
    let before = manifest.counts.public.saturating_add(manifest.counts.withheld);
    let lost = before.saturating_sub(totals.public);
    let share = u128::from(lost) * 100 > u128::from(before) * u128::from(percent);
    if lost > FEW && share {
        let (release, after) = (line.release.clone(), totals.public);
        return Err(BuildError::Shrunk { release, before, after, percent });
    }
    Ok(())
}

/// What there is of deltas.
#[derive(Default)]
pub(super) struct Shelved {
    /// The list to publish, unless it stays as it is.
    pub(super) shelf: Option<Shelf>,
    /// What changed, and the files that say it; nothing is known of it when this is the first
    /// release, the one before is no longer whole, or deltas begin anew.
    pub(super) made: Option<(Changes, Tally)>,
}

/// Writes the deltas that lead to `manifest`. Where none are wanted, those that are there are
/// removed. `in_hand` is what is known of the way from the release whose manifest has this digest.
pub(super) fn write(
    stage: &Stage,
    settings: &Settings,
    manifest: &Manifest,
    in_hand: Option<(&str, &InHand)>,
) -> Result<Shelved, BuildError> {
    if !settings.delta.write {
        // Those of earlier builds go: a chain that is not continued serves nobody for long, and
        // after a take-down this is how their rows are removed.
        if stage.root().join(shelf::DELTAS_JSON).exists() {
            shelf::clear(stage)?;
        }
        return Ok(Shelved::default());
    }
    let source = Source::open(&stage.root().to_string_lossy());
    let releases = Releases::read(&source)?.releases;
    let known = releases.iter().find(|line| line.release == manifest.release);
    let sequence = known
        .map_or_else(|| releases.last().map_or(1, |line| line.sequence + 1), |line| line.sequence);
    let before = releases.iter().find(|line| line.sequence + 1 == sequence);
    let Some(before) = before else { return Ok(Shelved::default()) };
    let old = complete_release(&source, before).map_err(PointerError::from)?;
    let Some(old) = old else { return Ok(Shelved::default()) };
    let bytes = manifest.to_bytes().map_err(PointerError::from)?;
    let path = format!("{}/{MANIFEST_JSON}", release_dir(&manifest.release));
    let line = ReleaseLine {
        sequence,
        release: manifest.release.clone(),
        as_of: manifest.as_of.clone(),
        manifest: Named { path, bytes: bytes.len() as u64, sha256: sha256(&bytes) },
    };
    let from = Side { line: before, manifest: &old };
    let to = Side { line: &line, manifest };
    let nothing = InHand::default();
    let in_hand = in_hand.filter(|(base, _)| *base == before.manifest.sha256);
    let in_hand = in_hand.map_or(&nothing, |(_, in_hand)| in_hand);
    let (shelf, made) = shelf::extend(stage, &releases, from, to, in_hand)?;
    let made = made.map(|delta| {
        let mut tally = Tally::default();
        delta.files().for_each(|rows| tally.add(rows.bytes));
        (delta.changes, tally)
    });
    Ok(Shelved { shelf: Some(shelf), made })
}

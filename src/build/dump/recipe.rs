//! `recipe.tar.zst`: what was decided about the site, for those who print it again.

use super::file_entry;
use crate::release::layout::release_dir;
use crate::release::manifest::FileEntry;
use crate::release::stage::{Stage, StageError};

/// Its name in the release directory.
const RECIPE: &str = "recipe.tar.zst";
/// Its role in the manifest.
pub const RECIPE_ROLE: &str = "recipe";

/// Puts a recipe, made elsewhere, into the release directory.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write(stage: &Stage, release: &str, recipe: &[u8]) -> Result<FileEntry, StageError> {
    let written = stage.write(&format!("{}/{RECIPE}", release_dir(release)), recipe)?;
    Ok(file_entry(written, "application/zstd", RECIPE_ROLE, None))
}

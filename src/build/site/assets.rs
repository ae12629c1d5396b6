//! Style, icon and script: files named by their content, so that caches may keep them for ever.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

/// A file under `assets/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// Path relative to the web root: `assets/<stem>.<hash8>.<ext>`.
    pub path: String,
    /// The content.
    pub bytes: Cow<'static, [u8]>,
}

/// The assets that the program brings: name in the template folder and content.
pub(super) const BUILT_IN: [(&str, &str); 5] = [
    ("assets/style.css", include_str!("../../../templates/assets/style.css")),
    ("assets/icon.svg", include_str!("../../../templates/assets/icon.svg")),
    ("assets/site.js", include_str!("../../../templates/assets/site.js")),
    (SEARCH[0], include_str!("../../../templates/assets/search.js")),
    (SEARCH[1], include_str!("../../../templates/assets/search-worker.js")),
];

/// The assets that only a site with search has, last in [`BUILT_IN`]. Made from `client/`.
pub(super) const SEARCH: [&str; 2] = ["assets/search.js", "assets/search-worker.js"];

impl Asset {
    /// Names content after `name` (`assets/<stem>.<ext>`) and its SHA-256.
    pub(super) fn new(name: &str, bytes: Cow<'static, [u8]>) -> Asset {
        let digest = Sha256::digest(&bytes);
        let hash: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        let path = match name.rsplit_once('.') {
            Some((stem, ext)) => format!("{stem}.{hash}.{ext}"),
            None => format!("{name}.{hash}"),
        };
        Asset { path, bytes }
    }
}

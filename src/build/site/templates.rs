//! Built-in templates, and an operator's in place of them.

use std::borrow::Cow;
use std::path::Path;

use sha2::{Digest, Sha256};
use tera::Tera;

use super::assets::{Asset, BUILT_IN as ASSETS};
use super::{SiteError, SiteUrls};
use crate::record::Repository;

const BUILT_IN: [(&str, &str); 7] = [
    ("base.html", include_str!("../../../templates/base.html")),
    ("landing.html", include_str!("../../../templates/landing.html")),
    ("tombstone.html", include_str!("../../../templates/tombstone.html")),
    ("home.html", include_str!("../../../templates/home.html")),
    ("dumps.html", include_str!("../../../templates/dumps.html")),
    ("404.html", include_str!("../../../templates/404.html")),
    ("robots.txt", include_str!("../../../templates/robots.txt")),
];

/// Compiled templates and the assets that they name.
#[derive(Debug)]
pub(super) struct Templates {
    pub(super) tera: Tera,
    pub(super) assets: Vec<Asset>,
    /// SHA-256 over every template and asset, names included.
    pub(super) fingerprint: [u8; 32],
}

/// Compiles the built-in templates, with files of `overrides` in place of those of the same
/// name. Each built-in one can also be extended under `builtin/<name>`, so that an operator
/// changes one block without copying the rest.
pub(super) fn load(
    repository: &Repository,
    urls: &SiteUrls,
    overrides: Option<&Path>,
) -> Result<Templates, SiteError> {
    let mut hasher = Sha256::new();
    let mut sources: Vec<(String, Cow<'static, str>)> = Vec::new();
    for (name, built_in) in BUILT_IN {
        sources.push((format!("builtin/{name}"), Cow::Borrowed(built_in)));
        let own = own(overrides, name)?.map_or(Cow::Borrowed(built_in), Cow::Owned);
        sources.push((name.to_owned(), own));
    }
    for (name, source) in &sources {
        absorb(&mut hasher, name, source.as_bytes());
    }
    let mut assets = Vec::new();
    for (name, built_in) in ASSETS {
        let own = own(overrides, name)?;
        let bytes = match own {
            Some(text) => Cow::Owned(text.into_bytes()),
            None => Cow::Borrowed(built_in.as_bytes()),
        };
        absorb(&mut hasher, name, &bytes);
        assets.push(Asset::new(name, bytes));
    }
    let mut tera = Tera::default();
    tera.autoescape_on([".html"]);
    let sources = sources.iter().map(|(name, source)| (name.as_str(), source.as_ref()));
    tera.add_raw_templates(sources.collect::<Vec<_>>()).map_err(SiteError::Compile)?;
    let constants = tera.global_context();
    constants.insert("site_name", &repository.name);
    constants.insert("base_url", urls.absolute("").as_str());
    constants.insert("root", urls.root());
    for (key, asset) in ["style_url", "icon_url"].into_iter().zip(&assets) {
        constants.insert(key, &format!("{}/{}", urls.root(), asset.path));
    }
    Ok(Templates { tera, assets, fingerprint: hasher.finalize().into() })
}

/// Length-prefixed, so that no two sets of files read alike.
fn absorb(hasher: &mut Sha256, name: &str, bytes: &[u8]) {
    for part in [name.as_bytes(), bytes] {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
}

/// The operator's file of that name, if there is one.
fn own(overrides: Option<&Path>, name: &str) -> Result<Option<String>, SiteError> {
    let Some(folder) = overrides else { return Ok(None) };
    let path = folder.join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(SiteError::Override { path, source }),
    }
}

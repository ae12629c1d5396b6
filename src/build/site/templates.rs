//! Built-in templates, and an operator's in place of them.

use std::borrow::Cow;
use std::path::Path;

use sha2::{Digest, Sha256};
use tera::{Tera, Value};

use super::assets::{Asset, BUILT_IN as ASSETS, SEARCH};
use super::brand::logo;
use super::extra::{self, ExtraPage};
use super::html::Html;
use super::{SiteConfig, SiteError, SiteUrls};
use crate::record::{Repository, vocabulary};

const BUILT_IN: [(&str, &str); 10] = [
    ("base.html", include_str!("../../../templates/base.html")),
    ("landing.html", include_str!("../../../templates/landing.html")),
    ("tombstone.html", include_str!("../../../templates/tombstone.html")),
    ("home.html", include_str!("../../../templates/home.html")),
    ("dumps.html", include_str!("../../../templates/dumps.html")),
    ("search.html", include_str!("../../../templates/search.html")),
    ("404.html", include_str!("../../../templates/404.html")),
    ("page.html", include_str!("../../../templates/page.html")),
    ("about.html", include_str!("../../../templates/about.html")),
    ("robots.txt", include_str!("../../../templates/robots.txt")),
];

/// Compiled templates and the assets that they name.
#[derive(Debug)]
pub(super) struct Templates {
    pub(super) tera: Tera,
    pub(super) assets: Vec<Asset>,
    /// The operator's pages in the order of their links; `about` is always among them.
    pub(super) pages: Vec<ExtraPage>,
    /// SHA-256 over every template, asset and page, names included.
    pub(super) fingerprint: [u8; 32],
}

/// Names of the files in an operator's directory that take the place of built-in ones.
pub fn replaceable() -> impl Iterator<Item = &'static str> {
    BUILT_IN.into_iter().chain(super::lists::TEMPLATES).chain(ASSETS).map(|(name, _)| name)
}

/// Compiles the built-in templates, with files of `overrides` in place of those of the same
/// name. Each built-in one can also be extended under `builtin/<name>`, so that an operator
/// changes one block without copying the rest.
pub(super) fn load(
    repository: &Repository,
    urls: &SiteUrls,
    config: &SiteConfig,
    overrides: Option<&Path>,
) -> Result<Templates, SiteError> {
    let mut hasher = Sha256::new();
    let mut sources: Vec<(String, Cow<'static, str>)> = Vec::new();
    for (name, built_in) in BUILT_IN.into_iter().chain(super::lists::TEMPLATES) {
        sources.push((format!("builtin/{name}"), Cow::Borrowed(built_in)));
        let own = own(overrides, name)?.map_or(Cow::Borrowed(built_in), Cow::Owned);
        sources.push((name.to_owned(), own));
    }
    absorb(&mut hasher, "search", &[u8::from(config.search)]);
    for (name, source) in &sources {
        absorb(&mut hasher, name, source.as_bytes());
    }
    let mut assets = Vec::new();
    for (name, built_in) in ASSETS {
        if SEARCH.contains(&name) && !config.search {
            continue;
        }
        let own = own(overrides, name)?;
        let mut bytes = match own {
            Some(text) => Cow::Owned(text.into_bytes()),
            None => Cow::Borrowed(built_in.as_bytes()),
        };
        if let (true, Some(accent)) = (name == STYLE, config.brand.accent) {
            bytes.to_mut().extend_from_slice(accent.rules().as_bytes());
        }
        absorb(&mut hasher, name, &bytes);
        assets.push(Asset::new(name, bytes));
    }
    let mut tera = Tera::default();
    tera.autoescape_on([".html"]);
    let sources = sources.iter().map(|(name, source)| (name.as_str(), source.as_ref()));
    tera.add_raw_templates(sources.collect::<Vec<_>>()).map_err(SiteError::Compile)?;
    let pages = pages(config, urls)?;
    for page in &pages {
        absorb(&mut hasher, &page.path(), page.title.as_bytes());
        absorb(&mut hasher, "", page.body.as_bytes());
    }
    let brand = &config.brand;
    let constants = tera.global_context();
    constants.insert("site_name", &repository.name);
    constants.insert("site_tagline", brand.tagline.as_deref().unwrap_or_default());
    let footer = brand.footer.as_deref().map(|words| extra::words(words, urls.root()));
    constants
        .insert_value("site_footer", Value::safe_string(footer.as_deref().unwrap_or_default()));
    constants.insert_value("site_pages", Value::safe_string(links(&pages, urls).as_str()));
    constants.insert("base_url", urls.absolute("").as_str());
    constants.insert("root", urls.root());
    constants.insert("search", &config.search);
    constants.insert("type_titles", &type_titles());
    let keys = ["style_url", "icon_url", "script_url", "search_url", "search_worker_url"];
    for (key, asset) in keys.into_iter().zip(&assets) {
        constants.insert(key, &format!("{}/{}", urls.root(), asset.path));
    }
    let logo = brand.logo.as_deref().map(logo).transpose()?;
    let logo_url = logo.as_ref().map(|logo| format!("{}/{}", urls.root(), logo.path));
    constants.insert("logo_url", logo_url.as_deref().unwrap_or_default());
    if let Some(logo) = logo {
        absorb(&mut hasher, &logo.path, &logo.bytes);
        assets.push(logo);
    }
    Ok(Templates { tera, assets, pages, fingerprint: hasher.finalize().into() })
}

/// What the search page calls resource types: a JSON object, id → title.
fn type_titles() -> String {
    let types = vocabulary::resource_types().iter();
    let titles: serde_json::Map<String, serde_json::Value> =
        types.map(|kind| (kind.id.to_owned(), kind.title.into())).collect();
    serde_json::Value::Object(titles).to_string()
}

/// The style sheet among the assets.
const STYLE: &str = "assets/style.css";

/// The operator's pages, `about` first. Without an `about.md` there is an empty one, for which
/// the template `about.html` has words.
fn pages(config: &SiteConfig, urls: &SiteUrls) -> Result<Vec<ExtraPage>, SiteError> {
    let folder = config.brand.pages_dir.as_deref();
    let mut pages = folder.map_or(Ok(Vec::new()), |folder| extra::read(folder, urls.root()))?;
    if !pages.iter().any(|page| page.name == ABOUT) {
        let (name, title) = (ABOUT.to_owned(), "About".to_owned());
        pages.push(ExtraPage { name, title, body: String::new() });
    }
    pages.sort_by_key(|page| (page.name != ABOUT, page.name.clone()));
    Ok(pages)
}

/// The page that every site has.
pub(super) const ABOUT: &str = "about";

/// List items that link to the operator's pages.
fn links(pages: &[ExtraPage], urls: &SiteUrls) -> Html {
    let mut html = Html::default();
    for page in pages {
        let url = format!("{}/{}", urls.root(), page.name);
        html.raw("<li>").link("", Some(&url), &page.title).raw("</li>\n");
    }
    html
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

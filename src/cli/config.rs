//! `offprint.toml`: what a repository is called and how it is printed.
//!
//! Every key can be set in three places; the later wins: the file, the environment
//! (`OFFPRINT_DUMP_LEVEL=9` for `dump.level`), the flag `--set dump.level=9`.
//! [`KEYS`] is the list of all keys; `docs/config.md` documents each of them, and a test
//! compares the two.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use serde::{Deserialize, Serialize};

use crate::build::site::{Accent, Brand};
use crate::crosswalk::Format;
use crate::record::Repository;
use crate::release::encoding::Encoding;
use crate::release::search::pointer::Phrases;

/// The configuration file's name inside a repository directory.
pub const FILE_NAME: &str = "offprint.toml";

/// Every key, in file order.
pub const KEYS: [&str; 39] = [
    "repository.name",
    "repository.base_url",
    "repository.publisher",
    "repository.doi_pattern",
    "repository.oai_namespace",
    "paths.public",
    "dump.formats",
    "dump.level",
    "dump.pack_ids",
    "dump.frame_ids",
    "dump.hash_pack_bits",
    "dump.hash_frame_bits",
    "dump.compat",
    "dump.deltas",
    "dump.max_shrink",
    "dump.keep",
    "site.pages",
    "site.form",
    "site.exports",
    "site.templates",
    "site.latest",
    "site.tagline",
    "site.logo",
    "site.accent",
    "site.footer",
    "site.pages_dir",
    "site.precompress",
    "site.resolvers",
    "site.badges",
    "site.feeds",
    "site.subject_min",
    "site.browse_limit",
    "site.search",
    "site.phrases",
    "site.recipe",
    "build.threads",
    "publish.grace",
    "publish.parallel",
    "sign.key",
];

/// The whole configuration.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// `[repository]`.
    pub repository: RepositorySection,
    /// `[paths]`.
    pub paths: PathsSection,
    /// `[dump]`.
    pub dump: DumpSection,
    /// `[site]`.
    pub site: SiteSection,
    /// `[build]`.
    pub build: BuildSection,
    /// `[publish]`.
    pub publish: PublishSection,
    /// `[sign]`.
    pub sign: SignSection,
}

/// `[repository]`: what pages and metadata say about the repository.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RepositorySection {
    /// Display name.
    pub name: String,
    /// Where the site is served, without trailing slash.
    pub base_url: String,
    /// Publisher of records that name none.
    pub publisher: Option<String>,
    /// Own DOIs, with `N` for the record number.
    pub doi_pattern: String,
    /// Namespace of OAI identifiers; default: the host of `base_url`.
    pub oai_namespace: Option<String>,
}

impl Default for RepositorySection {
    fn default() -> Self {
        RepositorySection {
            name: "Repository".into(),
            base_url: "http://127.0.0.1:8080".into(),
            publisher: None,
            doi_pattern: "10.5281/zenodo.N".into(),
            oai_namespace: None,
        }
    }
}

/// `[paths]`, relative to the repository directory.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PathsSection {
    /// The web root.
    pub public: PathBuf,
}

impl Default for PathsSection {
    fn default() -> Self {
        PathsSection { public: "public".into() }
    }
}

/// `[dump]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DumpSection {
    /// Formats written as packs.
    pub formats: Vec<String>,
    /// zstd level, 1 to 19.
    pub level: i32,
    /// Numeric ids in a pack; a multiple of `frame_ids`.
    pub pack_ids: u64,
    /// Numeric ids in a frame.
    pub frame_ids: u64,
    /// Leading hash bits that choose the pack of an alphanumeric id.
    pub hash_pack_bits: u32,
    /// Further hash bits that choose its frame.
    pub hash_frame_bits: u32,
    /// Also write the three solid archives and the listing of Zenodo's exporter.
    pub compat: bool,
    /// Write deltas from the release before, and merged ones.
    pub deltas: bool,
    /// Percent of the public records that a release may lose.
    pub max_shrink: u8,
    /// Releases whose dumps stay in the web root; 0 keeps all.
    pub keep: usize,
}

impl Default for DumpSection {
    fn default() -> Self {
        DumpSection {
            formats: ["datacite-xml", "datacite-json", "native-json"].map(String::from).into(),
            level: 3,
            pack_ids: 131_072,
            frame_ids: 256,
            hash_pack_bits: 4,
            hash_frame_bits: 8,
            compat: false,
            deltas: true,
            max_shrink: 5,
            keep: 0,
        }
    }
}

/// `[site]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SiteSection {
    /// Write landing pages.
    pub pages: bool,
    /// How the site's many small files stand.
    pub form: SiteForm,
    /// Exports written as files beside each page.
    pub exports: Vec<String>,
    /// Directory of templates that replace built-in ones by name.
    pub templates: Option<PathBuf>,
    /// Newest records listed on the home page.
    pub latest: usize,
    /// One line below the name on the home page.
    pub tagline: Option<String>,
    /// An SVG or PNG file, shown beside the name.
    pub logo: Option<PathBuf>,
    /// Colour of links and marks, `#rrggbb`.
    pub accent: Option<String>,
    /// Markdown above the links of the footer.
    pub footer: Option<String>,
    /// Directory of Markdown files, each of which becomes a page.
    pub pages_dir: Option<PathBuf>,
    /// Codings in which text files also stand precompressed.
    pub precompress: Vec<String>,
    /// A page for each DOI and concept, and `latest` beside each record.
    pub resolvers: bool,
    /// A badge for each DOI.
    pub badges: bool,
    /// A feed of new versions for each family.
    pub feeds: bool,
    /// Records that a subject needs to have a page.
    pub subject_min: u64,
    /// Newest records that a list other than a community's reaches back to.
    pub browse_limit: usize,
    /// Write the search index.
    pub search: bool,
    /// In what phrases are found that are searched for.
    pub phrases: Phrases,
    /// Write what the site is made by into the release, so that mirrors can print it.
    pub recipe: bool,
}

impl Default for SiteSection {
    fn default() -> Self {
        SiteSection {
            pages: true,
            form: SiteForm::Files,
            exports: Format::EXPORTS.iter().map(|format| format.name().to_owned()).collect(),
            templates: None,
            latest: 10,
            tagline: None,
            logo: None,
            accent: None,
            footer: None,
            pages_dir: None,
            precompress: Vec::new(),
            resolvers: true,
            badges: true,
            feeds: true,
            subject_min: 2,
            browse_limit: 1000,
            search: true,
            phrases: Phrases::default(),
            recipe: true,
        }
    }
}

/// `site.form`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SiteForm {
    /// Each file at its path.
    #[default]
    Files,
    /// In site packs.
    Packs,
}

/// `[build]`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BuildSection {
    /// Worker threads; 0 means one per core. Never changes a byte of the output.
    pub threads: usize,
}

/// `[publish]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PublishSection {
    /// Days that an object stays on a target after no release needs it any more.
    pub grace: u32,
    /// Requests at a time, or files; 0 means 32 requests, or one file for each core.
    pub parallel: usize,
}

impl Default for PublishSection {
    fn default() -> Self {
        PublishSection { grace: 7, parallel: 0 }
    }
}

/// `[sign]`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignSection {
    /// The secret key that releases are signed with; none, and they are not signed.
    pub key: Option<PathBuf>,
}

impl Config {
    /// Reads `dir/offprint.toml` and applies `environment` and `sets` on top.
    ///
    /// # Errors
    /// Names the file and key: unreadable file, bad TOML, unknown key, value of the wrong
    /// type or out of range.
    pub fn load(
        dir: &Path,
        environment: impl Fn(&str) -> Option<String>,
        sets: &[String],
    ) -> Result<Config> {
        let path = dir.join(FILE_NAME);
        let text = std::fs::read_to_string(&path).with_context(|| {
            format!(
                "cannot read {}; run `offprint init {}` to make a repository there",
                path.display(),
                dir.display()
            )
        })?;
        Config::from_text(&text, environment, sets)
            .with_context(|| format!("in {}", path.display()))
    }

    /// [`Config::load`] without the file system.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn from_text(
        text: &str,
        environment: impl Fn(&str) -> Option<String>,
        sets: &[String],
    ) -> Result<Config> {
        let mut table: toml::Table = text.parse()?;
        for key in KEYS {
            let variable = format!("OFFPRINT_{}", key.replace('.', "_").to_uppercase());
            if let Some(value) = environment(&variable) {
                put(&mut table, key, &value).with_context(|| format!("in {variable}"))?;
            }
        }
        for set in sets {
            let (key, value) = set
                .split_once('=')
                .ok_or_else(|| anyhow!("--set wants KEY=VALUE, as in --set dump.level=9"))?;
            if !KEYS.contains(&key) {
                bail!("--set: no key `{key}`; the keys are {}", KEYS.join(", "));
            }
            put(&mut table, key, value).with_context(|| format!("in --set {set}"))?;
        }
        let config: Config = table.try_into()?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<()> {
        let dump = &self.dump;
        if !(1..=19).contains(&dump.level) {
            bail!("dump.level is {}, but zstd levels here are 1 to 19", dump.level);
        }
        if !(1..=65_536).contains(&dump.frame_ids) {
            bail!("dump.frame_ids is {}, but must be 1 to 65536", dump.frame_ids);
        }
        if dump.pack_ids == 0
            || !dump.pack_ids.is_multiple_of(dump.frame_ids)
            || dump.pack_ids / dump.frame_ids > 65_536
        {
            bail!(
                "dump.pack_ids is {}, but must be a multiple of dump.frame_ids ({}), at most \
                 65536 frames",
                dump.pack_ids,
                dump.frame_ids
            );
        }
        if !(1..=12).contains(&dump.hash_pack_bits) || !(1..=16).contains(&dump.hash_frame_bits) {
            bail!("dump.hash_pack_bits must be 1 to 12 and dump.hash_frame_bits 1 to 16");
        }
        if dump.max_shrink > 100 {
            bail!("dump.max_shrink is {}, but must be 0 to 100 percent", dump.max_shrink);
        }
        if !self.repository.doi_pattern.contains('N') {
            bail!(
                "repository.doi_pattern is `{}`, but needs an `N` where the record number goes",
                self.repository.doi_pattern
            );
        }
        let base = &self.repository.base_url;
        if !(base.starts_with("https://") || base.starts_with("http://"))
            || base.contains(['"', '<', '>', '\'', ' ', '\\', '?', '#'])
        {
            bail!("repository.base_url is `{base}`, but must be an http(s) URL");
        }
        if let Some(accent) = self.site.accent.as_deref().filter(|a| Accent::parse(a).is_none()) {
            bail!("site.accent is `{accent}`, but must be a colour as in #1f5673");
        }
        self.dump_formats()?;
        self.site_exports()?;
        self.site_precompress()?;
        Ok(())
    }

    /// `dump.formats`, resolved, in canonical order.
    ///
    /// # Errors
    /// An unknown format, or one that is not a dump format.
    pub fn dump_formats(&self) -> Result<Vec<Format>> {
        formats("dump.formats", &self.dump.formats, &Format::DUMPS)
    }

    /// `site.exports`, resolved, in canonical order.
    ///
    /// # Errors
    /// An unknown format.
    pub fn site_exports(&self) -> Result<Vec<Format>> {
        formats("site.exports", &self.site.exports, &Format::EXPORTS)
    }

    /// The operator's own look and words, with paths below the repository directory `dir`.
    pub fn brand(&self, dir: &Path) -> Brand {
        let site = &self.site;
        Brand {
            tagline: site.tagline.clone(),
            logo: site.logo.as_ref().map(|path| dir.join(path)),
            accent: site.accent.as_deref().and_then(Accent::parse),
            footer: site.footer.clone(),
            pages_dir: site.pages_dir.as_ref().map(|path| dir.join(path)),
        }
    }

    /// `site.precompress`, resolved, in canonical order.
    ///
    /// # Errors
    /// An unknown coding.
    pub fn site_precompress(&self) -> Result<Vec<Encoding>> {
        for name in &self.site.precompress {
            if Encoding::from_name(name).is_none() {
                let known = Encoding::ALL.map(Encoding::name).join(", ");
                bail!("site.precompress: `{name}` is not one of {known}");
            }
        }
        let wanted =
            |encoding: &Encoding| self.site.precompress.iter().any(|name| name == encoding.name());
        Ok(Encoding::ALL.into_iter().filter(wanted).collect())
    }

    /// The part that crosswalks and pages need.
    pub fn repository(&self) -> Repository {
        let base_url = self.repository.base_url.trim_end_matches('/').to_owned();
        let host = base_url.split("://").nth(1).unwrap_or(&base_url);
        let host = host.split(['/', ':']).next().unwrap_or(host).to_owned();
        Repository {
            name: self.repository.name.clone(),
            publisher: self.repository.publisher.clone(),
            doi_pattern: self.repository.doi_pattern.clone(),
            oai_namespace: self.repository.oai_namespace.clone().unwrap_or(host),
            base_url,
        }
    }
}

fn formats(key: &str, names: &[String], allowed: &[Format]) -> Result<Vec<Format>> {
    for name in names {
        if !allowed.iter().any(|format| format.name() == name) {
            let known: Vec<&str> = allowed.iter().map(|format| format.name()).collect();
            bail!("{key}: `{name}` is not one of {}", known.join(", "));
        }
    }
    let chosen = allowed.iter().filter(|format| names.iter().any(|name| name == format.name()));
    Ok(chosen.copied().collect())
}

/// Puts a value given as text: as TOML where it parses as such, else as a string.
fn put(table: &mut toml::Table, key: &str, text: &str) -> Result<()> {
    let value = match format!("v = {text}").parse::<toml::Table>() {
        Ok(mut parsed) => parsed.remove("v").unwrap_or_else(|| text.into()),
        Err(_) => text.into(),
    };
    let (section, name) = key.split_once('.').ok_or_else(|| anyhow!("no section in {key}"))?;
    let section = table
        .entry(section)
        .or_insert_with(|| toml::Table::new().into())
        .as_table_mut()
        .ok_or_else(|| anyhow!("`{section}` is not a table"))?;
    section.insert(name.to_owned(), value);
    Ok(())
}

/// What `offprint init` writes: every key with its default and a line on what it does.
pub const TEMPLATE: &str = include_str!("offprint.toml");

#[cfg(test)]
mod tests {
    use super::{Config, KEYS, TEMPLATE};

    fn load(text: &str, env: &[(&str, &str)], sets: &[&str]) -> Result<Config, String> {
        let lookup = |name: &str| {
            env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
        Config::from_text(text, lookup, &sets).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn the_flag_beats_the_environment_beats_the_file_beats_the_default() {
        let file = "[dump]\nlevel = 5\n";
        assert_eq!(load("", &[], &[]).unwrap().dump.level, 3);
        assert_eq!(load(file, &[], &[]).unwrap().dump.level, 5);
        let env = [("OFFPRINT_DUMP_LEVEL", "7")];
        assert_eq!(load(file, &env, &[]).unwrap().dump.level, 7);
        assert_eq!(load(file, &env, &["dump.level=9"]).unwrap().dump.level, 9);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases: [(&str, &[&str], &str); 10] = [
            ("", &["site.form=folders"], "unknown variant `folders`"),
            ("", &["site.precompress=[\"br\"]"], "`br` is not one of gzip, zstd"),
            ("[dump]\nlevle = 3", &[], "levle"),
            ("[dump]\nlevel = \"high\"", &[], "`dump.level`"),
            ("", &["dump.level=42"], "dump.level is 42"),
            ("", &["dump.levle=4"], "no key `dump.levle`"),
            ("", &["dump.pack_ids=1000"], "multiple of dump.frame_ids"),
            ("", &["site.exports=[\"docx\"]"], "`docx` is not one of"),
            ("", &["site.accent=teal"], "must be a colour as in #1f5673"),
            ("", &["repository.base_url=javascript:alert(1)"], "must be an http(s) URL"),
        ];
        for (text, sets, expected) in cases {
            let error = load(text, &[], sets).unwrap_err();
            assert!(error.contains(expected), "{text:?} {sets:?}: {error}");
        }
    }

    #[test]
    fn the_template_is_the_default_and_names_every_key() {
        let template = load(TEMPLATE, &[], &[]).unwrap();
        let default = load("", &[], &[]).unwrap();
        assert_eq!(
            toml::to_string(&template).unwrap(),
            toml::to_string(&default).unwrap(),
            "the commented template must not change a default"
        );
        for key in KEYS {
            let (section, name) = key.split_once('.').unwrap();
            let (_, body) = TEMPLATE.split_once(&format!("[{section}]")).unwrap();
            let body = body.split("\n[").next().unwrap();
            assert!(
                body.lines().any(|line| line
                    .trim_start_matches("# ")
                    .split('=')
                    .next()
                    .is_some_and(|left| left.trim() == name)),
                "{key} is not in the template"
            );
        }
    }

    #[test]
    fn keys_lists_exactly_what_the_sections_hold() {
        let text = toml::to_string(
            &load(
                "[repository]\npublisher='p'\noai_namespace='o'\n[sign]\nkey='k'\n\
                 [site]\ntemplates='t'\ntagline='t'\nlogo='l'\naccent='#112233'\nfooter='f'\npages_dir='p'",
                &[],
                &[],
            )
            .unwrap(),
        )
        .unwrap();
        let table: toml::Table = text.parse().unwrap();
        let mut found = Vec::new();
        for (section, value) in &table {
            for name in value.as_table().unwrap().keys() {
                found.push(format!("{section}.{name}"));
            }
        }
        let mut keys = KEYS.map(String::from).to_vec();
        keys.sort();
        found.sort();
        assert_eq!(found, keys);
    }

    #[test]
    fn the_oai_namespace_is_the_host() {
        let config = load("", &[], &["repository.base_url=https://repo.example:8443/x/"]).unwrap();
        let repository = config.repository();
        assert_eq!(repository.oai_namespace, "repo.example");
        assert_eq!(repository.base_url, "https://repo.example:8443/x");
    }
}

//! The recipe of a release: all that was decided about its site, as a repository directory
//! without a store, in one archive.
//!
//! A mirror unpacks it, fills a store from the packs of native JSON and builds. What comes out is
//! compared file by file with the manifest, so a recipe can be wrong but not do harm; still it
//! comes from elsewhere, and holds nothing but the files below.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::config::{
    BuildSection, Config, FILE_NAME, PathsSection, PublishSection, SignSection, SiteForm,
};
use crate::build::site::replaceable;

/// Where templates lie in a recipe.
const TEMPLATES: &str = "templates";
/// Where the Markdown of pages lies.
const PAGES: &str = "pages";
/// What a logo is called.
const LOGOS: [&str; 2] = ["logo.svg", "logo.png"];
/// Most bytes of all files of a recipe that is unpacked.
const LARGEST: u64 = 64 << 20;
/// Level of zstd: recipes are small.
const LEVEL: i32 = 9;

/// Packs the recipe of the repository in `dir`, or nothing if it has no site or keeps its recipe
/// to itself. A function of the configuration and of the files that it names.
///
/// # Errors
/// When one of these cannot be read.
pub(super) fn pack(config: &Config, dir: &Path) -> Result<Option<Vec<u8>>> {
    if !(config.site.pages && config.site.recipe) {
        return Ok(None);
    }
    let (files, text) = collect(config, dir)?;
    let mut archive = tar::Builder::new(Vec::new());
    let mut add = |path: &str, bytes: &[u8]| -> io::Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        archive.append_data(&mut header, path, bytes)
    };
    add(FILE_NAME, text.as_bytes())?;
    for (name, path) in files {
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        add(&name, &bytes)?;
    }
    // In one piece: zstd takes room for as much as there is, not for as much as there may be.
    Ok(Some(zstd::bulk::compress(&archive.into_inner()?, LEVEL)?))
}

/// The files besides the configuration, by name, and the configuration.
fn collect(config: &Config, dir: &Path) -> Result<(Vec<(String, PathBuf)>, String)> {
    let mut config = Config {
        paths: PathsSection::default(),
        build: BuildSection::default(),
        publish: PublishSection::default(),
        sign: SignSection::default(),
        ..config.clone()
    };
    // The manifest tells whether the site is in packs: all else is the same either way.
    config.site.form = SiteForm::default();
    let mut files = Vec::new();
    if let Some(logo) = &mut config.site.logo {
        let from = dir.join(&*logo);
        let ending = from.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let name = format!("logo.{}", ending.to_ascii_lowercase());
        *logo = name.clone().into();
        files.push((name, from));
    }
    if let Some(folder) = &mut config.site.pages_dir {
        let from = dir.join(std::mem::replace(folder, PAGES.into()));
        let failed = || format!("cannot read {}", from.display());
        let mut names = Vec::new();
        for entry in fs::read_dir(&from).with_context(failed)? {
            let name = entry.with_context(failed)?.file_name();
            names.extend(name.into_string().ok().filter(|name| name.ends_with(".md")));
        }
        names.sort();
        files.extend(names.into_iter().map(|name| (format!("{PAGES}/{name}"), from.join(name))));
    }
    if let Some(folder) = &mut config.site.templates {
        let from = dir.join(std::mem::replace(folder, TEMPLATES.into()));
        let own = replaceable().map(|name| (format!("{TEMPLATES}/{name}"), from.join(name)));
        files.extend(own.filter(|(_, path)| path.is_file()));
    }
    let text = toml::to_string(&config).context("the configuration cannot be written")?;
    Ok((files, text))
}

/// Unpacks a recipe into an empty directory; its configuration.
///
/// # Errors
/// When it is none: files that a recipe does not have, more than 64 MiB, or a configuration that
/// leads out of the directory.
pub(super) fn unpack(recipe: impl Read, into: &Path) -> Result<Config> {
    let bounded = zstd::Decoder::new(recipe)?.take(LARGEST + 1);
    let mut archive = tar::Archive::new(bounded);
    let mut sum = 0;
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.to_string_lossy().into_owned();
        sum += entry.size();
        if entry.header().entry_type() != tar::EntryType::Regular || !is_part(&path) {
            bail!("{path:?} is no part of a recipe");
        }
        if sum > LARGEST {
            bail!("it holds more than {LARGEST} bytes");
        }
        let target = into.join(&path);
        fs::create_dir_all(target.parent().unwrap_or(into))?;
        let mut file = fs::File::create_new(target)?;
        io::copy(&mut entry, &mut file)?;
    }
    let text = fs::read_to_string(into.join(FILE_NAME)).context("it holds no configuration")?;
    let config = Config::from_text(&text, |_| None, &[])?;
    let site = &config.site;
    let fits = |path: &Option<PathBuf>, names: &[&str]| {
        path.as_ref().is_none_or(|path| names.iter().any(|name| path.as_os_str() == *name))
    };
    if !fits(&site.templates, &[TEMPLATES])
        || !fits(&site.pages_dir, &[PAGES])
        || !fits(&site.logo, &LOGOS)
    {
        bail!("its configuration names files that are not in it");
    }
    Ok(config)
}

fn is_part(path: &str) -> bool {
    let template = |name: &str| replaceable().any(|known| known == name);
    let page = |name: &str| name.ends_with(".md") && !name.contains(['/', '\\']);
    match path.split_once('/') {
        None => path == FILE_NAME || LOGOS.contains(&path),
        Some((TEMPLATES, name)) => template(name),
        Some((PAGES, name)) => page(name),
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(toml: &str, files: &[(&str, &str)]) -> (tempfile::TempDir, Config) {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        (dir, Config::from_text(toml, |_| None, &[]).unwrap())
    }

    #[test]
    fn a_recipe_holds_what_the_site_is_made_by_and_nothing_else() {
        let toml = "[repository]\nname = 'Ours'\n[sign]\nkey = 'secret.key'\n[paths]\npublic = '/srv/www'\n\
             [site]\nlogo = 'brand/mark.SVG'\npages_dir = 'words'\ntemplates = 'own'\n";
        let files = [
            ("brand/mark.SVG", "<svg/>"),
            ("words/team.md", "# Team"),
            ("words/draft.txt", "not yet"),
            ("own/landing.html", "{% extends 'builtin/landing.html' %}"),
            ("own/assets/style.css", "a{}"),
            ("own/notes.html", "mine"),
            ("secret.key", "s3cret"),
        ];
        let (dir, config) = repository(toml, &files);
        let packed = pack(&config, dir.path()).unwrap().unwrap();
        assert_eq!(packed, pack(&config, dir.path()).unwrap().unwrap());
        let into = tempfile::tempdir().unwrap();
        let read = unpack(packed.as_slice(), into.path()).unwrap();
        assert_eq!(read.repository.name, "Ours");
        assert_eq!(read.paths.public, Path::new("public"));
        assert_eq!(read.sign.key, None);
        let mut found: Vec<String> = walkdir::WalkDir::new(into.path())
            .into_iter()
            .map(Result::unwrap)
            .filter(|entry| entry.file_type().is_file())
            .map(|entry| entry.path().strip_prefix(into.path()).unwrap().display().to_string())
            .collect();
        found.sort();
        let expected = [
            "logo.svg",
            "offprint.toml",
            "pages/team.md",
            "templates/assets/style.css",
            "templates/landing.html",
        ];
        assert_eq!(found, expected);
        for (from, to) in [(files[0], "logo.svg"), (files[3], "templates/landing.html")] {
            assert_eq!(fs::read_to_string(into.path().join(to)).unwrap(), from.1);
        }
        let kept = Config::from_text("[site]\nrecipe = false", |_| None, &[]).unwrap();
        assert_eq!(pack(&kept, dir.path()).unwrap(), None);
    }

    fn archive(files: &[(&str, &[u8])], kind: tar::EntryType) -> Vec<u8> {
        let mut archive = tar::Builder::new(zstd::Encoder::new(Vec::new(), 1).unwrap());
        for (name, bytes) in files {
            let mut header = tar::Header::new_gnu();
            // What a library would not write, an attacker does.
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_size(bytes.len() as u64);
            header.set_entry_type(kind);
            header.set_cksum();
            archive.append(&header, *bytes).unwrap();
        }
        archive.into_inner().unwrap().finish().unwrap()
    }

    #[test]
    fn a_recipe_from_elsewhere_stays_in_its_place() {
        let (file, link) = (tar::EntryType::Regular, tar::EntryType::Symlink);
        let large = vec![0; (LARGEST + 1) as usize];
        type File<'a> = (&'a str, &'a [u8]);
        let cases: [(&[File<'_>], tar::EntryType, &str); 11] = [
            (&[("../offprint.toml", b"")], file, "no part of a recipe"),
            (&[("/etc/cron.d/x", b"")], file, "no part of a recipe"),
            (&[("pages/../../x.md", b"")], file, "no part of a recipe"),
            (&[("templates/other.html", b"")], file, "no part of a recipe"),
            (&[("store.db", b"")], file, "no part of a recipe"),
            (&[("offprint.toml", b"")], link, "no part of a recipe"),
            (&[("logo.svg", b"a"), ("logo.svg", b"b")], file, "exists"),
            (&[("logo.svg", &large)], file, "more than"),
            (&[("logo.svg", b"<svg/>")], file, "no configuration"),
            (&[("offprint.toml", b"[site]\npages_dir = '/etc'")], file, "not in it"),
            (&[("offprint.toml", b"[site]\nlogo = '../logo.svg'")], file, "not in it"),
        ];
        for (files, kind, expected) in cases {
            let into = tempfile::tempdir().unwrap();
            let error = unpack(archive(files, kind).as_slice(), into.path()).unwrap_err();
            assert!(format!("{error:#}").contains(expected), "{:?}: {error:#}", files[0].0);
        }
        assert!(unpack(&b"no archive"[..], tempfile::tempdir().unwrap().path()).is_err());
    }
}

//! What is left over from before: pages of records that are no longer public, lists of
//! killed builds. Packs and release directories are the release floor's own business.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use crate::record::identifier::{OrderKey, order_key};
use crate::release::fetch::Source;
use crate::release::manifest::Manifest;
use crate::release::pointer::Releases;

use super::catalogue::Catalogue;
use super::site::url;
use super::state::State;
use super::{BuildError, Form, SiteSettings};

/// What this build printed in `records/`: which ids have a file of which suffix, which have a
/// folder. A bit for each numeric id in use's neighbourhood, the 40-bit key for each other id:
/// about 1 MB for 8 million records and each suffix.
#[derive(Debug, Default)]
pub(super) struct PageSet {
    pages: Suffixes,
    folders: IdSet,
    /// The same in `families/`.
    feeds: Suffixes,
}

impl PageSet {
    /// Notes the files of a record: what follows `records/<id>` in their paths, or the whole
    /// path of the feed of its family.
    pub(super) fn insert<'n>(&mut self, id: &str, names: impl Iterator<Item = &'n str>) {
        for name in names {
            if name.starts_with('/') {
                self.folders.insert(id);
            } else if let Some(feed) = name.strip_prefix(FAMILY) {
                let ends = feed.rfind(url::FEED).unwrap_or(feed.len());
                self.feeds.insert(&feed[..ends], &feed[ends..]);
            } else {
                self.pages.insert(id, name);
            }
        }
    }

    /// Notes a page that is no record's own.
    pub(super) fn insert_page(&mut self, id: &str) {
        self.pages.insert(id, ".html");
    }

    /// Adds the pages of `other`.
    pub(super) fn merge_pages(&mut self, other: PageSet) {
        for (suffix, ids) in other.pages.0 {
            self.pages.0.entry(suffix).or_default().merge(ids);
        }
    }
}

/// Directory of the feeds of families.
const FAMILY: &str = "families/";

/// Ids by what follows them in the names of files.
#[derive(Debug, Default)]
struct Suffixes(BTreeMap<String, IdSet>);

impl Suffixes {
    fn insert(&mut self, id: &str, suffix: &str) {
        match self.0.get_mut(suffix) {
            Some(ids) => ids.insert(id),
            None => self.0.entry(suffix.to_owned()).or_default().insert(id),
        }
    }

    fn has(&self, name: &str) -> bool {
        let id_of = |suffix: &String| name.strip_suffix(suffix.as_str());
        self.0.iter().any(|(suffix, ids)| id_of(suffix).is_some_and(|id| ids.contains(id)))
    }
}

#[derive(Debug, Default)]
struct IdSet {
    numeric: BTreeMap<u64, Box<[u64; WORDS]>>,
    hashed: BTreeSet<u64>,
}

/// Words in one stretch of the bit map: 65,536 ids.
const WORDS: usize = 1024;

impl IdSet {
    fn insert(&mut self, id: &str) {
        match order_key(id) {
            OrderKey::Numeric(n) => {
                let (stretch, word, bit) = place(n);
                self.numeric.entry(stretch).or_insert_with(|| Box::new([0; WORDS]))[word] |= bit;
            }
            OrderKey::Hashed(key) => {
                self.hashed.insert(key);
            }
        }
    }

    fn merge(&mut self, other: IdSet) {
        for (stretch, words) in other.numeric {
            let known = self.numeric.entry(stretch).or_insert_with(|| Box::new([0; WORDS]));
            known.iter_mut().zip(words.iter()).for_each(|(known, more)| *known |= more);
        }
        self.hashed.extend(other.hashed);
    }

    fn contains(&self, id: &str) -> bool {
        match order_key(id) {
            OrderKey::Numeric(n) => {
                let (stretch, word, bit) = place(n);
                self.numeric.get(&stretch).is_some_and(|words| words[word] & bit != 0)
            }
            OrderKey::Hashed(key) => self.hashed.contains(&key),
        }
    }
}

/// Stretch, word in it and bit in that of a numeric id.
fn place(n: u64) -> (u64, usize, u64) {
    let within = n % (WORDS as u64 * 64);
    (n / (WORDS as u64 * 64), (within / 64) as usize, 1 << (within % 64))
}

/// Removes files of records that this build did not print.
///
/// Walks the directories by name, half a microsecond a file. Trusting a list of the previous
/// build instead would leave the pages of a killed build behind, and those may be of a record
/// that was restricted since.
///
/// In packs there are no such files, and nothing to look for beside them.
pub(super) fn pages(
    root: &Path,
    pages: &PageSet,
    state: &State,
    form: Form,
) -> Result<(), BuildError> {
    if form == Form::Packs {
        for dir in ["records", url::FAMILIES] {
            match fs::remove_dir_all(root.join(dir)) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    return Err(BuildError::Sweep { dir: root.join(dir), source });
                }
                _ => {}
            }
        }
        return Ok(());
    }
    let records = root.join("records");
    for_each(&records, &mut |name, is_dir, path| match is_dir {
        true if pages.folders.contains(name) => Ok(()),
        true => fs::remove_dir_all(path),
        false if pages.pages.has(name) => Ok(()),
        false => fs::remove_file(path),
    })?;
    for_each(&root.join(url::FAMILIES), &mut |name, is_dir, path| match is_dir {
        true => fs::remove_dir_all(path),
        false if pages.feeds.has(name) => Ok(()),
        false => fs::remove_file(path),
    })?;
    for number in state.numbers()? {
        for (id, names) in state.known(number)?.names() {
            let kept: BTreeSet<&str> = names.filter_map(|name| name.strip_prefix('/')).collect();
            if kept.is_empty() {
                continue;
            }
            for_each(&records.join(id), &mut |name, is_dir, path| match is_dir {
                _ if kept.contains(name) => Ok(()),
                true => fs::remove_dir_all(path),
                false => fs::remove_file(path),
            })?;
        }
    }
    Ok(())
}

/// Removes single files, and the directories that are empty then.
pub(super) fn files(root: &Path, paths: &[String]) -> Result<(), BuildError> {
    for path in paths {
        let path = root.join(path);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(BuildError::Sweep { dir: path, source: error });
            }
            _ => {}
        }
        // Most often it is not empty.
        let parents = path.ancestors().skip(1).take_while(|dir| *dir != root);
        for dir in parents {
            if fs::remove_dir(dir).is_err() {
                break;
            }
        }
    }
    Ok(())
}

/// Directories that hold nothing but what is printed from the catalogue.
const LISTINGS: [&str; 6] = ["badge", "browse", "communities", "doi", "newest", "sitemaps"];
/// Files of the same beside them.
const LISTING_FILES: [&str; 6] =
    ["browse.html", "communities.html", "feed.atom", "newest.html", "sitemap.xml", "llms.txt"];

/// Removes lists, addresses and badges that this build did not print; all of them if it printed
/// none. Walks all of them by name: for builds that print everything.
pub(super) fn listings(
    root: &Path,
    catalogue: Option<&Catalogue>,
    site: &SiteSettings,
) -> Result<(), BuildError> {
    let packs = site.form == Form::Packs;
    let stands = |path: &str| -> io::Result<bool> {
        let Some(catalogue) = catalogue.filter(|_| !packs) else { return Ok(false) };
        let doi = match path.split_once('/') {
            Some(("doi", _)) if !site.resolvers => return Ok(false),
            Some(("badge", _)) if !site.badges => return Ok(false),
            Some(("doi", rest)) => rest.strip_suffix(".html"),
            Some(("badge", rest)) => {
                rest.strip_prefix("DOI/").and_then(|rest| rest.strip_suffix(".svg"))
            }
            _ => {
                let file = catalogue.file(path).map_err(io::Error::other)?;
                return Ok(file.is_some());
            }
        };
        let Some(doi) = doi else { return Ok(false) };
        let claims = catalogue.claims(&format!("doi/{doi}")).map_err(io::Error::other)?;
        Ok(!claims.is_empty())
    };
    for name in LISTINGS {
        let dir = root.join(name);
        clear(&dir, name, &stands)
            .map_err(|source| BuildError::Sweep { dir: dir.clone(), source })?;
    }
    let mut left = LISTING_FILES.map(str::to_owned).to_vec();
    // Written by itself, beside the packs.
    left.retain(|name| catalogue.is_none() || name != "llms.txt");
    if catalogue.is_none() || packs {
        files(root, &left)?;
    }
    Ok(())
}

/// Removes the files below `dir` that do not stand, and the directory if it is then empty;
/// whether it is left.
fn clear(dir: &Path, name: &str, stands: &dyn Fn(&str) -> io::Result<bool>) -> io::Result<bool> {
    let mut left = false;
    for_each_io(dir, &mut |child, is_dir, path| {
        let below = format!("{name}/{child}");
        let stays = if is_dir { clear(path, &below, stands)? } else { stands(&below)? };
        left |= stays;
        if stays || is_dir { Ok(()) } else { fs::remove_file(path) }
    })?;
    if !left && dir.is_dir() {
        fs::remove_dir(dir)?;
    }
    Ok(left)
}

/// Removes site lists that no listed release names, and site packs and dictionaries that the
/// standing one does not: like pages at their paths they are there for one release at a time,
/// and an older pack may show what was withdrawn since.
pub(super) fn lists(root: &Path, manifest: &Manifest) -> Result<(), BuildError> {
    let releases = Releases::read(&Source::open(&root.to_string_lossy()))?;
    let mut kept: BTreeSet<String> = list_paths(manifest).collect();
    for line in releases.releases {
        // A release whose manifest is gone keeps nothing.
        if let Ok(bytes) = fs::read(root.join(&line.manifest.path))
            && let Ok(manifest) = Manifest::from_bytes(&bytes)
        {
            kept.extend(list_paths(&manifest));
        }
    }
    kept.extend(manifest.objects().map(|(path, ..)| path.to_owned()));
    for_each(&root.join("site"), &mut |name, _, path| {
        if kept.contains(&format!("site/{name}")) { Ok(()) } else { fs::remove_file(path) }
    })
}

/// Removes pages that an earlier release of the list has beside the records and this one has
/// not: a page that its operator took away.
pub(super) fn around(root: &Path, manifest: &Manifest) -> Result<(), BuildError> {
    let pages = |manifest: &Manifest| -> BTreeSet<String> {
        let pages = manifest.files.iter().filter(|file| file.role == "page");
        // What is no plain path of ours is not ours to remove.
        let plain = |path: &&str| !path.split('/').any(|s| matches!(s, "" | "." | ".."));
        pages.map(|file| file.path.as_str()).filter(plain).map(str::to_owned).collect()
    };
    let kept = pages(manifest);
    for line in Releases::read(&Source::open(&root.to_string_lossy()))?.releases {
        let Ok(bytes) = fs::read(root.join(&line.manifest.path)) else { continue };
        let Ok(earlier) = Manifest::from_bytes(&bytes) else { continue };
        for path in pages(&earlier).difference(&kept) {
            let path = root.join(path);
            match fs::remove_file(&path) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    return Err(BuildError::Sweep { dir: path, source });
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn list_paths(manifest: &Manifest) -> impl Iterator<Item = String> + '_ {
    manifest.site.iter().map(|entry| entry.path.clone())
}

type Visit<'a> = dyn FnMut(&str, bool, &Path) -> io::Result<()> + 'a;

fn for_each(dir: &Path, visit: &mut Visit<'_>) -> Result<(), BuildError> {
    for_each_io(dir, visit).map_err(|source| BuildError::Sweep { dir: dir.to_owned(), source })
}

/// Visits the entries of `dir`; an absent directory has none. A name that is not UTF-8 is not
/// ours and is visited as the empty name.
fn for_each_io(dir: &Path, visit: &mut Visit<'_>) -> io::Result<()> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        visit(name.to_str().unwrap_or_default(), entry.file_type()?.is_dir(), &entry.path())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{IdSet, PageSet};

    #[test]
    fn a_page_set_tells_files_by_id_and_suffix() {
        let mut set = PageSet::default();
        set.insert("7", [".html", "/citation.bib"].into_iter());
        set.insert("a.html", [".html", ".gone"].into_iter());
        set.insert("8", ["families/6.atom", "families/6.atom.gz"].into_iter());
        for name in ["7.html", "a.html.html", "a.html.gone"] {
            assert!(set.pages.has(name), "{name}");
        }
        for name in ["7", "7.gone", "a.html", "a.gone", "8.html", ".html"] {
            assert!(!set.pages.has(name), "{name}");
        }
        assert!(set.feeds.has("6.atom") && set.feeds.has("6.atom.gz") && !set.feeds.has("8.atom"));
        assert!(set.folders.contains("7") && !set.folders.contains("a.html"));
    }

    #[test]
    fn an_id_set_holds_what_was_put_in() {
        let mut set = IdSet::default();
        let ids = ["0", "1", "63", "64", "65535", "65536", "999999999999999999", "abcd-1", "007"];
        for id in ids {
            set.insert(id);
        }
        for id in ids {
            assert!(set.contains(id), "{id}");
        }
        for id in ["2", "62", "65537", "7", "abcd-2", "x"] {
            assert!(!set.contains(id), "{id}");
        }
    }
}

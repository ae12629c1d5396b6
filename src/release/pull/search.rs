//! The search index of a release: its pointer by the hash in `release.json`, each tier by the
//! hash in its name, each file by its tier's list.

use std::collections::BTreeSet;

use super::super::fetch::Source;
use super::super::pointer::Named;
use super::super::search::pointer::{Dead, MAX_SEARCH_POINTER, SearchPointer, Tier, TierList};
use super::accept::is_index;
use super::dumps::object;
use super::objects::{Object, Origin};
use super::{Moved, PullError, Work};

/// Where the search index is, from the web root.
pub(super) const SEARCH_DIR: &str = "search";

impl Work<'_> {
    /// Sees to it that the search index of this pointer stands; the names it has in
    /// [`SEARCH_DIR`].
    pub(super) fn search(&mut self, named: &Named) -> Result<BTreeSet<String>, PullError> {
        let refuse =
            |why: String| PullError::Refused { place: self.source.place(&named.path), why };
        let name = own_name(&named.path).filter(|_| named.bytes <= MAX_SEARCH_POINTER);
        let name = name.ok_or_else(|| refuse("that is no search pointer".into()))?;
        let mut names: BTreeSet<String> = [name.to_owned()].into();
        self.have("search", &[object(&named.path, named.bytes, &named.sha256, false)])?;
        let bytes = self.local().read_all(&named.path, named.bytes)?;
        let pointer = SearchPointer::from_bytes(&bytes).map_err(|error| {
            refuse(format!("{error}; with --select dumps,site the search index is left out"))
        })?;
        for tier in &pointer.tiers {
            let name = own_name(&tier.dir);
            let name = name.ok_or_else(|| refuse(format!("tier {:?} cannot be", tier.dir)))?;
            names.insert(name.to_owned());
            let files = self.tier(tier)?;
            self.have("search", &files)?;
            if let Some(dead) = &tier.dead {
                let name = own_name(&dead.path).filter(|_| dead.bytes <= MAX_SEARCH_POINTER);
                let name = name.ok_or_else(|| refuse(format!("{:?} cannot be", dead.path)))?;
                names.insert(name.to_owned());
                self.dead(dead)?;
            }
        }
        Ok(names)
    }

    /// The files of a tier besides its list, which stands then.
    fn tier(&mut self, tier: &Tier) -> Result<Vec<Object>, PullError> {
        let path = tier.list_path();
        let (bytes, there) = self.small(&path, |bytes| tier.is_list(bytes))?;
        let tampered = |what: String| {
            let path = self.source.place(&path);
            PullError::Tampered { path, what }
        };
        let list = TierList::from_bytes(&bytes).map_err(|error| tampered(error.to_string()))?;
        let mut files = Vec::with_capacity(list.files.len());
        for file in &list.files {
            let path = tier.file_path(file);
            if !is_index(&path) {
                return Err(tampered(format!("{path:?} is no place for a file of the index")));
            }
            // Under this tier's name there is never another file.
            files.push(object(&path, file.bytes, &file.sha256, true));
        }
        self.put(&path, &bytes, there)?;
        Ok(files)
    }

    /// The list of records that no longer count, by the hash in its name.
    fn dead(&mut self, dead: &Dead) -> Result<(), PullError> {
        let (bytes, there) = self.small(&dead.path, |bytes| dead.is(bytes))?;
        self.put(&dead.path, &bytes, there)
    }

    /// A file whose name tells what it must be: the mirror's, or that of the source; and whether
    /// it is the mirror's.
    fn small(
        &self,
        path: &str,
        right: impl Fn(&[u8]) -> bool,
    ) -> Result<(Vec<u8>, bool), PullError> {
        let stands = self.local().read_all(path, MAX_SEARCH_POINTER).ok();
        if let Some(bytes) = stands.filter(|bytes| right(bytes)) {
            return Ok((bytes, true));
        }
        let bytes = self.source.read_all(path, MAX_SEARCH_POINTER)?;
        match right(&bytes) {
            true => Ok((bytes, false)),
            false => Err(PullError::Tampered {
                path: self.source.place(path),
                what: "not what the search pointer says".into(),
            }),
        }
    }

    /// Writes a file unless it is there, and books it.
    fn put(&mut self, path: &str, bytes: &[u8], there: bool) -> Result<(), PullError> {
        let moved = Moved { files: 1, bytes: bytes.len() as u64 };
        match there {
            true => self.book("search", Origin::Mirror, moved),
            false => {
                self.stage.write(path, bytes)?;
                self.book("search", Origin::Source, moved);
            }
        }
        Ok(())
    }

    fn local(&self) -> Source {
        Source::open(&self.mirror.root().to_string_lossy())
    }
}

/// What lies directly in [`SEARCH_DIR`].
fn own_name(path: &str) -> Option<&str> {
    let name = path.strip_prefix(SEARCH_DIR)?.strip_prefix('/')?;
    (is_index(path) && !name.contains('/')).then_some(name)
}

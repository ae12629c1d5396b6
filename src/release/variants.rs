//! Writing precompressed variants beside the text files of the site.

use std::fs;
use std::io;

use super::encoding::{Encoding, MIN_BYTES};
use super::stage::{Result, Stage, Written, at};

/// Which variants a stage writes; none by default.
#[derive(Debug, Default)]
pub struct Precompress {
    /// In these codings, in the order of [`Encoding::ALL`].
    pub encodings: Vec<Encoding>,
    /// Whether a variant that holds its file may stay: the program that wrote it would make the
    /// same bytes again.
    pub keep: bool,
    /// Whether a file of this path (from the web root) is text that compression makes smaller.
    pub is_text: Option<fn(&str) -> bool>,
}

impl Stage {
    /// Writes the variants of the file that is about to stand at `path` with `bytes`, and
    /// removes those that must not stand beside it: in a coding that is not wanted, or of a file
    /// that is too small or gets no smaller. Returns those that stand, by file name.
    ///
    /// Call it before the file itself is written. Killed in between, the next build finds the
    /// file to be another and makes its variants again; the other way round a variant could
    /// outlive what it was made from.
    ///
    /// # Errors
    /// When a variant cannot be made, written or removed.
    pub fn variants(&self, path: &str, bytes: &[u8]) -> Result<Vec<Written>> {
        let precompress = self.precompress();
        let text = precompress.is_text.is_some_and(|is_text| is_text(path));
        if !text {
            return Ok(Vec::new());
        }
        let mut written = Vec::new();
        for encoding in Encoding::ALL {
            let beside = format!("{path}{}", encoding.suffix());
            let wanted = bytes.len() >= MIN_BYTES && precompress.encodings.contains(&encoding);
            let made = if wanted { self.variant(encoding, &beside, bytes)? } else { None };
            match made {
                Some(packed) => written.push(self.write_page(&beside, &packed)?),
                // Nobody wrote one here.
                None if self.fills() && !precompress.encodings.contains(&encoding) => {}
                None => self.remove(&beside)?,
            }
        }
        Ok(written)
    }

    /// The variants that would stand beside the file, by path, without writing anything.
    ///
    /// # Errors
    /// When one cannot be made.
    pub fn made_variants(&self, path: &str, bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>> {
        let precompress = self.precompress();
        let text = precompress.is_text.is_some_and(|is_text| is_text(path));
        if !text || bytes.len() < MIN_BYTES {
            return Ok(Vec::new());
        }
        let mut made = Vec::new();
        for encoding in &precompress.encodings {
            let packed = encoding.compress(bytes);
            let packed = packed.map_err(at("compress", &self.root().join(path)))?;
            if packed.len() < bytes.len() {
                made.push((format!("{path}{}", encoding.suffix()), packed));
            }
        }
        Ok(made)
    }

    /// The variant, if it is smaller than the file.
    fn variant(&self, encoding: Encoding, path: &str, bytes: &[u8]) -> Result<Option<Vec<u8>>> {
        let target = self.root().join(path);
        let standing = if self.precompress().keep { fs::read(&target).ok() } else { None };
        let packed = match standing.filter(|packed| encoding.holds(packed, bytes)) {
            Some(packed) => packed,
            None => encoding.compress(bytes).map_err(at("compress", &target))?,
        };
        Ok(Some(packed).filter(|packed| packed.len() < bytes.len()))
    }

    fn remove(&self, path: &str) -> Result<()> {
        let target = self.root().join(path);
        match fs::remove_file(&target) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(at("remove", &target)(error))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::hash::sha256;
    use crate::release::stage::Durability;

    fn stage(root: &std::path::Path, encodings: &[Encoding], keep: bool) -> Stage {
        let precompress = Precompress {
            encodings: encodings.to_vec(),
            keep,
            is_text: Some(|path| path.ends_with(".html")),
        };
        Stage::open(root, Durability::Relaxed).unwrap().with_precompress(precompress)
    }

    fn files(root: &std::path::Path) -> Vec<String> {
        let names = fs::read_dir(root).unwrap();
        let mut names: Vec<String> =
            names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| !name.starts_with('.'));
        names.sort();
        names
    }

    fn packed_hex(digits: &[u8]) -> u8 {
        u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap()
    }

    #[test]
    fn variants_follow_their_file() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let (old, new) = ("<p>old</p>".repeat(500), "<p>new</p>".repeat(500));
        let (old, new) = (old.as_bytes(), new.as_bytes());
        let both = stage(root, &Encoding::ALL, true);
        let first = both.variants("a.html", old).unwrap();
        let paths: Vec<&str> = first.iter().map(|variant| variant.path.as_str()).collect();
        assert_eq!(paths, ["a.html.gz", "a.html.zst"]);
        assert!(first.iter().all(|variant| !variant.reused));
        assert!(both.variants("a.html", old).unwrap().iter().all(|variant| variant.reused));
        // Content of the same size is another content.
        let changed = both.variants("a.html", new).unwrap();
        assert!(changed.iter().all(|variant| !variant.reused));
        let bytes = fs::read(root.join("a.html.gz")).unwrap();
        assert!(Encoding::Gzip.holds(&bytes, new));

        // A damaged or foreign variant goes, whether or not variants may stay.
        for keep in [true, false] {
            fs::write(root.join("a.html.gz"), &bytes[..20]).unwrap();
            stage(root, &Encoding::ALL, keep).variants("a.html", new).unwrap();
            assert_eq!(fs::read(root.join("a.html.gz")).unwrap(), bytes);
        }
        let foreign = {
            let fast = flate2::Compression::fast();
            let mut out = flate2::write::GzEncoder::new(Vec::new(), fast);
            io::Write::write_all(&mut out, new).unwrap();
            out.finish().unwrap()
        };
        fs::write(root.join("a.html.gz"), &foreign).unwrap();
        stage(root, &Encoding::ALL, false).variants("a.html", new).unwrap();
        assert_eq!(fs::read(root.join("a.html.gz")).unwrap(), bytes);

        assert_eq!(files(root), ["a.html.gz", "a.html.zst"]);
        let one = stage(root, &[Encoding::Zstd], true);
        one.variants("a.html", new).unwrap();
        assert_eq!(files(root), ["a.html.zst"], "a coding that is no longer wanted");
        one.variants("a.html", &new[..MIN_BYTES - 1]).unwrap();
        assert_eq!(files(root), [""; 0], "a file that is too small");
        one.variants("a.png", new).unwrap();
        let noise: String = (0..40).map(|n: u32| sha256(&n.to_le_bytes())).collect();
        let noise: Vec<u8> = noise.as_bytes().chunks(2).map(packed_hex).collect();
        one.variants("b.html", &noise).unwrap();
        assert_eq!(files(root), [""; 0], "nothing to gain");
    }
}

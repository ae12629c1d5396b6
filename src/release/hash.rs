//! SHA-256 as releases spell it: 64 lower-case hexadecimal digits.

use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};

/// Digits of a hash that go into a file name: 48 bits, enough to tell apart the generations of
/// one pack. The full hash stands in the manifest.
pub const NAME_DIGITS: usize = 12;

/// SHA-256 of `bytes`, 64 lower-case hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hexadecimal digits of `bytes`.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Whether `text` is 64 lower-case hexadecimal digits.
pub fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Counts and hashes what passes through to (or from) `inner`.
#[derive(Debug)]
pub struct Hashing<T> {
    inner: T,
    sha256: Sha256,
    bytes: u64,
}

impl<T> Hashing<T> {
    /// Starts at zero bytes.
    pub fn new(inner: T) -> Self {
        Hashing { inner, sha256: Sha256::new(), bytes: 0 }
    }

    /// Bytes passed so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What was wrapped, the bytes passed and their SHA-256.
    pub fn finish(self) -> (T, u64, String) {
        (self.inner, self.bytes, hex(&self.sha256.finalize()))
    }

    fn note(&mut self, passed: &[u8]) {
        self.sha256.update(passed);
        self.bytes += passed.len() as u64;
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(buf)?;
        self.note(&buf[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.note(&buf[..n]);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn hashes_are_those_of_fips_180() {
        assert_eq!(sha256(b"abc"), ABC);
        assert!(is_sha256(ABC) && !is_sha256(&ABC.to_uppercase()) && !is_sha256(&ABC[1..]));
    }

    #[test]
    fn reading_and_writing_hash_what_passed() {
        let mut reader = Hashing::new(&b"abc"[..]);
        let mut writer = Hashing::new(Vec::new());
        io::copy(&mut reader, &mut writer).unwrap();
        assert_eq!(reader.finish(), (&b""[..], 3, ABC.to_owned()));
        assert_eq!(writer.finish(), (b"abc".to_vec(), 3, ABC.to_owned()));
    }
}

//! Record bodies: zstd with a dictionary trained once per store.
//!
//! A record of 5 KB shrinks to about 1.1 KB with a dictionary and to twice that without, since
//! records repeat each other far more than themselves. Rows name the dictionary they were
//! written with; dictionaries are never changed, and removed only when a purge has written every
//! row anew (`purge.rs`).

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::CParameter;

use super::Error;

/// Level 1: level 3 saves 4 % and makes a whole import a fifth slower.
const LEVEL: i32 = 1;

/// A table of 2^15 entries stays in the second-level cache, for 1 % more bytes than with zstd's
/// choice for this dictionary.
const TABLE_LOG: u32 = 15;

/// Records match each other in long stretches or not at all: against zstd's choice of 5 this
/// takes a fifth less time, and 1 % fewer bytes.
const MIN_MATCH: u32 = 7;

/// zstd's own default size for dictionaries.
const DICTIONARY_BYTES: usize = 112 << 10;

/// A batch of fewer records trains no dictionary: it would fit those records only.
pub(super) const TRAIN_RECORDS: usize = 1000;

/// Training takes 150 ms per MiB, once per store; three times as much saves 0.6 % of the bytes.
const TRAIN_BYTES: usize = 7 * DICTIONARY_BYTES;

/// Long records must not leave too few samples.
const FEWEST_SAMPLES: usize = 100;

/// A record with thousands of creators would fill the dictionary with them.
const LONGEST_SAMPLE: usize = 32 << 10;

/// The number of no dictionary.
pub(super) const PLAIN: i64 = 0;

/// Trains a dictionary on an even choice of bodies; `None` if they are too few or too alike.
pub(super) fn train(bodies: &[&str]) -> Option<Vec<u8>> {
    if bodies.len() < TRAIN_RECORDS {
        return None;
    }
    let total: usize = bodies.iter().map(|body| body.len()).sum();
    let step = total.div_ceil(TRAIN_BYTES).clamp(1, bodies.len() / FEWEST_SAMPLES);
    let samples: Vec<&[u8]> = bodies
        .iter()
        .step_by(step)
        .map(|body| body.as_bytes())
        .filter(|body| body.len() <= LONGEST_SAMPLE)
        .collect();
    zstd::dict::from_samples(&samples, DICTIONARY_BYTES).ok()
}

/// Compresses bodies; shared between threads, which check contexts out and in.
pub(super) struct Encoder {
    dictionary: (i64, Vec<u8>),
    idle: Mutex<Vec<Context>>,
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder").field("dictionary", &self.dictionary.0).finish_non_exhaustive()
    }
}

/// One thread's means, reused: a compressor is some hundred KB.
struct Context {
    compressor: Compressor<'static>,
    frame: Vec<u8>,
}

impl Encoder {
    /// An encoder for the dictionary with this number; [`PLAIN`] for none.
    pub(super) fn new(number: i64, dictionary: Vec<u8>) -> Self {
        Encoder { dictionary: (number, dictionary), idle: Mutex::new(Vec::new()) }
    }

    /// The number of its dictionary.
    pub(super) fn number(&self) -> i64 {
        self.dictionary.0
    }

    /// One independent zstd frame.
    pub(super) fn compress(&self, body: &str) -> Result<Frame, Error> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut context = match idle {
            Some(context) => context,
            None => Context {
                compressor: compressor(&self.dictionary.1).map_err(Error::Codec)?,
                frame: Vec::new(),
            },
        };
        context.frame.clear();
        context.frame.reserve(zstd::zstd_safe::compress_bound(body.len()));
        context
            .compressor
            .compress_to_buffer(body.as_bytes(), &mut context.frame)
            .map_err(Error::Codec)?;
        let bytes = context.frame.as_slice().into();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(context);
        Ok(Frame { dictionary: self.dictionary.0, size: body.len(), bytes })
    }
}

fn compressor(dictionary: &[u8]) -> io::Result<Compressor<'static>> {
    let mut compressor = Compressor::with_dictionary(LEVEL, dictionary)?;
    compressor.set_parameter(CParameter::HashLog(TABLE_LOG))?;
    compressor.set_parameter(CParameter::MinMatch(MIN_MATCH))?;
    Ok(compressor)
}

/// A compressed body.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) dictionary: i64,
    /// Length of the body in bytes.
    pub(super) size: usize,
    pub(super) bytes: Box<[u8]>,
}

/// The dictionaries of a store, as of one snapshot. Cheap to clone, shared between threads.
#[derive(Debug, Clone, Default)]
pub struct Dictionaries(Arc<BTreeMap<i64, Vec<u8>>>);

impl Dictionaries {
    pub(super) fn new(by_number: BTreeMap<i64, Vec<u8>>) -> Self {
        Dictionaries(Arc::new(by_number))
    }

    /// The newest dictionary, which new rows use.
    pub(super) fn newest(&self) -> Option<(i64, Vec<u8>)> {
        self.0.last_key_value().map(|(&number, bytes)| (number, bytes.clone()))
    }

    /// A decoder for one thread; about 200 KB.
    pub fn decoder(&self) -> Decoder {
        Decoder { dictionaries: self.clone(), ready: Vec::new() }
    }
}

/// Decompresses bodies; one per thread.
pub struct Decoder {
    dictionaries: Dictionaries,
    ready: Vec<(i64, Decompressor<'static>)>,
}

impl Decoder {
    /// Replaces `out` by the body.
    pub(super) fn decode(&mut self, frame: &Frame, out: &mut String) -> Result<(), Error> {
        let mut bytes = std::mem::take(out).into_bytes();
        bytes.clear();
        bytes.reserve(frame.size);
        self.decompressor(frame.dictionary)?
            .decompress_to_buffer(&frame.bytes, &mut bytes)
            .map_err(Error::Codec)?;
        *out = String::from_utf8(bytes)
            .map_err(|_| Error::Codec(io::Error::other("the stored body is not UTF-8")))?;
        Ok(())
    }

    fn decompressor(&mut self, number: i64) -> Result<&mut Decompressor<'static>, Error> {
        let index = match self.ready.iter().position(|(ready, _)| *ready == number) {
            Some(index) => index,
            None => {
                let decompressor = match (number, self.dictionaries.0.get(&number)) {
                    (PLAIN, _) => Decompressor::new(),
                    (_, Some(dictionary)) => Decompressor::with_dictionary(dictionary),
                    (_, None) => Err(io::Error::other("the dictionary is missing")),
                };
                self.ready.push((number, decompressor.map_err(Error::Codec)?));
                self.ready.len() - 1
            }
        };
        Ok(&mut self.ready[index].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bodies() -> Vec<String> {
        (0..TRAIN_RECORDS)
            .map(|i| format!(r#"{{"id":"{i}","metadata":{{"title":"On moths, part {i}"}}}}"#))
            .collect()
    }

    #[test]
    fn bodies_come_back_with_and_without_dictionary() {
        let bodies = bodies();
        let borrowed: Vec<&str> = bodies.iter().map(String::as_str).collect();
        let trained = train(&borrowed).unwrap();
        let dictionaries = Dictionaries::new(BTreeMap::from([(1, trained.clone())]));
        let mut decoder = dictionaries.decoder();
        let mut out = String::from("old");
        for encoder in [Encoder::new(PLAIN, Vec::new()), Encoder::new(1, trained)] {
            for body in ["", "x", &bodies[7], &bodies.concat()] {
                let frame = encoder.compress(body).unwrap();
                decoder.decode(&frame, &mut out).unwrap();
                assert_eq!(out, *body);
            }
        }
        let mut frame = Encoder::new(PLAIN, Vec::new()).compress("x").unwrap();
        frame.dictionary = 9;
        assert!(decoder.decode(&frame, &mut out).is_err(), "unknown dictionary");
        frame.dictionary = PLAIN;
        frame.bytes = frame.bytes[..2].into();
        assert!(decoder.decode(&frame, &mut out).is_err(), "cut frame");
    }

    #[test]
    fn few_records_train_nothing() {
        assert!(train(&["{}"; 10]).is_none());
    }
}

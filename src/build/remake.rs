//! Packs of other formats from published native JSON, for mirrors that fetch only that.
//!
//! The DataCite records are made by the same functions as in a build and compressed by the same
//! encoder, from what the release says of each record in native JSON, its as-of and what its
//! manifest says of the repository. Nothing else is needed: see `docs/format.md`.

use std::io;

use super::dump::{DumpOptions, FrameBuilder};
use crate::crosswalk::datacite::DataCite;
use crate::record::access::{Visibility, visibility};
use crate::record::{Lineage, Published, Record, Repository};
use crate::release::layout::{Format, Place};
use crate::release::manifest::Manifest;
use crate::release::pack::DecodedFrame;
use crate::release::pack::member::Records;
use crate::release::pull::rebuild::{Hand, Made, Maker, Unmade};

/// Makes DataCite packs from native JSON.
#[derive(Debug, Clone, Copy, Default)]
pub struct Remake;

impl Maker for Remake {
    fn hand(&self, manifest: &Manifest, formats: &[Format]) -> io::Result<Box<dyn Hand>> {
        let options = DumpOptions {
            spans: manifest.spans,
            level: manifest.encoder.level,
            formats: formats.to_vec(),
            compat: None,
        };
        let named = &manifest.repository;
        let repository = Repository {
            name: named.name.clone(),
            base_url: named.base_url.clone(),
            publisher: named.publisher.clone(),
            // Native JSON holds the identifiers that imports made of these.
            doi_pattern: String::new(),
            oai_namespace: String::new(),
        };
        let day = manifest.as_of.get(..10).unwrap_or_default().to_owned();
        Ok(Box::new(Frames { builder: FrameBuilder::new(&options)?, repository, day }))
    }
}

struct Frames {
    builder: FrameBuilder,
    repository: Repository,
    /// Of the as-of.
    day: String,
}

impl Hand for Frames {
    fn make(&mut self, place: Place, native: &[DecodedFrame]) -> Result<Made, Unmade> {
        self.builder.start(place);
        for frame in native {
            let lines = Records::new(Format::NativeJson.container(), &frame.raw);
            for (id, line) in frame.ids.iter().zip(lines) {
                let unmade = |why: String| Unmade { what: format!("record {id}"), why };
                let (_, line) = line.map_err(|fault| unmade(fault.to_string()))?;
                self.record(id, line).map_err(unmade)?;
            }
        }
        let unmade = |why: String| Unmade { what: format!("frame {}", place.frame), why };
        let made = self.builder.finish().map_err(|error| unmade(error.to_string()))?;
        Ok(made.map(|made| made.formats).unwrap_or_default())
    }
}

impl Frames {
    fn record(&mut self, id: &str, line: &[u8]) -> Result<(), String> {
        let raw = std::str::from_utf8(line).map_err(|error| error.to_string())?;
        let record = Record::parse(raw).map_err(|error| error.to_string())?;
        let Visibility::Public(files) = visibility(&record, &self.day) else {
            return Err("it is not public".into());
        };
        if record.id != id {
            return Err("it is another record".into());
        }
        let published = Published {
            record: &record,
            raw,
            created: record.created.as_deref().unwrap_or_default(),
            updated: record.updated.as_deref().unwrap_or_default(),
            files,
            // The DataCite records do not speak of other versions.
            lineage: Lineage::SINGLE,
            repository: &self.repository,
        };
        let datacite = DataCite::from_published(&published).map_err(|error| error.to_string())?;
        let written = self.builder.datacite(id, &datacite, |out| out.extend_from_slice(line));
        written.map_err(|error| error.to_string())
    }
}

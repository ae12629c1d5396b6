//! The pages around the records: home, dumps, 404, robots.txt, assets.

use std::collections::BTreeMap;

use crate::release::layout::{self, Container};
use crate::release::manifest::{Counts, Dump, FileEntry};
use crate::release::stage::{Stage, Written};

use super::BuildError;
use super::hosting::policy;
use super::site::{DumpFormat, DumpsView, HomeView, LatestRecord, Renderer, SiteError};

/// What these pages tell.
pub(super) struct Around<'a> {
    pub(super) release: &'a str,
    pub(super) as_of: &'a str,
    pub(super) counts: Counts,
    /// Newest first.
    pub(super) latest: Vec<LatestRecord>,
}

impl Around<'_> {
    /// Writes them and gives their lines for the manifest.
    pub(super) fn write(
        self,
        renderer: &Renderer,
        stage: &Stage,
        dumps: &BTreeMap<layout::Format, Dump>,
    ) -> Result<Vec<FileEntry>, BuildError> {
        let view = DumpsView {
            release: self.release.to_owned(),
            as_of: self.as_of.to_owned(),
            records: self.counts.public,
            formats: dumps.iter().map(|(format, dump)| dump_format(*format, dump)).collect(),
        };
        let home = HomeView {
            release: self.release.to_owned(),
            as_of: self.as_of.to_owned(),
            records: self.counts.public,
            tombstoned: self.counts.tombstoned,
            latest: self.latest,
        };
        const HTML: &str = "text/html; charset=utf-8";
        const TEXT: &str = "text/plain; charset=utf-8";
        let mut rendered = vec![
            ("index.html", HTML, render(|out| renderer.home(&home, out))?),
            ("dumps/index.html", HTML, render(|out| renderer.dumps(&view, out))?),
            ("404.html", HTML, render(|out| renderer.not_found(out))?),
            ("robots.txt", TEXT, render(|out| renderer.robots(out))?),
            ("llms.txt", TEXT, render(|out| renderer.llms(self.counts.public, out))?),
        ];
        let mut page = Vec::new();
        if let Some(done) = renderer.search(&mut page) {
            done?;
            rendered.push(("search.html", HTML, page));
        }
        let mut files = Vec::new();
        for (path, media_type, bytes) in &rendered {
            files.extend(write(stage, path, media_type, "page", bytes)?);
        }
        for page in renderer.extra_pages() {
            let bytes = render(|out| renderer.extra(page, out))?;
            files.extend(write(stage, &page.path(), HTML, "page", &bytes)?);
        }
        for asset in renderer.assets() {
            let media_type = match asset.path.rsplit_once('.') {
                Some((_, "css")) => "text/css; charset=utf-8",
                Some((_, "svg")) => "image/svg+xml",
                Some((_, "js")) => "text/javascript; charset=utf-8",
                Some((_, "png")) => "image/png",
                _ => "application/octet-stream",
            };
            files.extend(write(stage, &asset.path, media_type, "asset", &asset.bytes)?);
        }
        Ok(files)
    }
}

fn render(page: impl FnOnce(&mut Vec<u8>) -> Result<(), SiteError>) -> Result<Vec<u8>, SiteError> {
    let mut out = Vec::new();
    page(&mut out)?;
    Ok(out)
}

/// Writes a file and its variants.
fn write(
    stage: &Stage,
    path: &str,
    media_type: &str,
    role: &str,
    bytes: &[u8],
) -> Result<Vec<FileEntry>, BuildError> {
    let variants = stage.variants(path, bytes)?;
    let file = stage.write(path, bytes)?;
    let entry = |written: Written, media_type: &str| FileEntry {
        path: written.path,
        bytes: written.bytes,
        sha256: written.sha256,
        media_type: media_type.to_owned(),
        role: role.to_owned(),
        records: None,
    };
    let mut entries = vec![entry(file, media_type)];
    for variant in variants {
        let media_type = policy::media_type(&variant.path);
        entries.push(entry(variant, media_type));
    }
    Ok(entries)
}

fn dump_format(format: layout::Format, dump: &Dump) -> DumpFormat {
    let label = match format {
        layout::Format::DataciteXml => "DataCite XML",
        layout::Format::DataciteJson => "DataCite JSON",
        layout::Format::NativeJson => "InvenioRDM JSON",
    };
    let extension = match format.container() {
        Container::Tar => ".tar.zst",
        Container::Lines => ".jsonl.zst",
    };
    DumpFormat {
        id: format.name().to_owned(),
        label: label.to_owned(),
        extension: extension.to_owned(),
        packs: dump.packs.len() as u64,
        bytes: dump.packs.iter().map(|pack| pack.bytes).sum(),
    }
}

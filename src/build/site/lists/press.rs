//! Files on their way: rendered and written by all threads, noted by one.

use std::io;

use super::feed::{FeedEntry, FeedView};
use super::print::Plan;
use super::sitemap::{index, sitemap};
use super::view::{IndexView, ListView};
use crate::build::catalogue::{Card, Catalogue, CatalogueError, FileRow};
use crate::build::{BuildError, Form, Tally, pipeline};
use crate::release::hash::sha256;
use crate::release::site_pack::{Block, Packer, SMALL_GROUP_RAW};
use crate::release::stage::Written;

/// Jobs that are on their way together, and links of the sitemaps among them: a sitemap is a
/// thousand times as large as a page of a list.
const JOBS: usize = 512;
const LINKS: usize = 1 << 16;

/// A file to be rendered. Cards are still text: decoding is work for the threads.
pub(super) enum Job {
    List(ListView, Entries),
    Feed(FeedView, Entries),
    Index(IndexView),
    Sitemap(String, Vec<(String, String)>),
    Sitemaps(Vec<FileRow>),
}

/// What a page or a feed of a list shows.
pub(super) struct Entries {
    /// The cards, as they are stored.
    pub(super) cards: Vec<String>,
    /// [`FileRow::made`].
    pub(super) made: String,
}

/// Takes jobs, and prints them when there are enough.
pub(super) struct Press<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) plan: &'a Plan<'a>,
    pub(super) jobs: Vec<Job>,
    /// Links of the sitemaps among the jobs.
    pub(super) links: usize,
    pub(super) written: Tally,
    pub(super) reused: Tally,
}

impl Press<'_> {
    /// Takes one.
    pub(super) fn job(&mut self, job: Job) -> Result<(), BuildError> {
        if let Job::Sitemap(_, links) = &job {
            self.links += links.len();
        }
        self.jobs.push(job);
        if self.jobs.len() >= JOBS || self.links >= LINKS { self.flush() } else { Ok(()) }
    }

    /// Renders and writes the jobs on all threads, and notes the files.
    pub(super) fn flush(&mut self) -> Result<(), BuildError> {
        let jobs = std::mem::take(&mut self.jobs);
        self.links = 0;
        let plan = self.plan;
        let mut printed = Vec::with_capacity(jobs.len());
        pipeline::ordered(
            plan.threads,
            || Scratch::new(plan.site.form).map_err(BuildError::Zstd),
            |hand| {
                for job in jobs {
                    hand(job)?;
                }
                Ok(())
            },
            |scratch, job| render(plan, job, scratch),
            |file: (FileRow, bool)| {
                printed.push(file);
                Ok(())
            },
        )?;
        for (file, reused) in printed {
            let tally = if reused { &mut self.reused } else { &mut self.written };
            tally.add(file.bytes);
            self.catalogue.note_file(&file)?;
        }
        Ok(())
    }
}

/// What a thread keeps between jobs.
struct Scratch {
    out: Vec<u8>,
    /// `None` for files at their paths.
    packer: Option<Packer>,
}

impl Scratch {
    fn new(form: Form) -> io::Result<Scratch> {
        let packer = (form == Form::Packs).then(|| Packer::new(SMALL_GROUP_RAW)).transpose()?;
        Ok(Scratch { out: Vec::new(), packer })
    }
}

fn render(
    plan: &Plan<'_>,
    job: Job,
    Scratch { out: scratch, packer }: &mut Scratch,
) -> Result<(FileRow, bool), BuildError> {
    scratch.clear();
    let renderer = plan.renderer;
    let cards = |texts: &[String]| {
        let cards = texts.iter().map(|text| serde_json::from_str(text));
        cards.collect::<Result<Vec<Card>, _>>().map_err(CatalogueError::from)
    };
    let (mut newest, mut made) = (String::new(), String::new());
    let path = match job {
        Job::List(mut view, entries) => {
            view.cards = cards(&entries.cards)?;
            made = entries.made;
            renderer.list(&view, scratch)?;
            view.file
        }
        Job::Feed(mut view, entries) => {
            made = entries.made;
            view.entries = cards(&entries.cards)?.iter().map(FeedEntry::of).collect();
            renderer.feed(&view, scratch);
            view.file
        }
        Job::Index(view) => {
            renderer.index(&view, scratch)?;
            view.file
        }
        Job::Sitemap(path, links) => {
            newest = links.iter().map(|(_, day)| day.clone()).max().unwrap_or_default();
            let links = links.iter().map(|(link, day)| (link.as_str(), day.as_str()));
            sitemap(renderer.urls(), links, scratch);
            path
        }
        Job::Sitemaps(files) => {
            index(renderer.urls(), &files, scratch);
            "sitemap.xml".to_owned()
        }
    };
    let Some(packer) = packer else {
        let Written { bytes, sha256, reused, .. } = plan.stage.write_page(&path, scratch)?;
        let row = FileRow { path, bytes, sha256, day: newest, made, group: Vec::new() };
        return Ok((row, reused));
    };
    let mut block = Block::default();
    packer
        .push(&path, scratch, &mut block)
        .and_then(|()| packer.end(&mut block))
        .map_err(|source| BuildError::Write { what: "a site pack", source })?;
    let (bytes, sha256) = (scratch.len() as u64, sha256(scratch));
    Ok((FileRow { path, bytes, sha256, day: newest, made, group: block.data }, false))
}

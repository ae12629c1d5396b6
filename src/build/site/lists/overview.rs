//! What leads to the lists and to all records: index pages and sitemaps.

use std::collections::BTreeSet;

use super::press::{Job, Press};
use super::sheets::each_run;
use super::sitemap::SITEMAP;
use super::view::{IndexRow, IndexSection, IndexView};
use crate::build::BuildError;
use crate::build::catalogue::{Cutter, Facet, Series, Spot};
use crate::build::site::words;

/// Values on the page of a facet, and communities on theirs.
const VALUES: usize = 1000;
/// Values of a facet on the page over all facets.
const FIRST: usize = 12;

impl Press<'_> {
    /// The pages that link the lists.
    pub(super) fn indexes(&mut self) -> Result<(), BuildError> {
        let mut overview = IndexView {
            title: "Browse".to_owned(),
            file: "browse.html".to_owned(),
            lead: "All records by type, year, subject and licence.".to_owned(),
            sections: Vec::new(),
        };
        for facet in [Facet::Type, Facet::Year, Facet::Subject, Facet::Licence, Facet::Community] {
            let least = if facet == Facet::Subject { self.plan.site.subject_min.max(1) } else { 1 };
            let total = self.catalogue.count_lists(facet, least)?;
            let file = match facet {
                Facet::Community => "communities.html".to_owned(),
                other => format!("browse/{}.html", other.name()),
            };
            let rows = self.rows(facet, least)?;
            if !rows.is_empty() {
                overview.sections.push(IndexSection {
                    title: facet.labels().to_owned(),
                    rows: rows.iter().take(FIRST).cloned().collect(),
                    more: (total > FIRST as u64)
                        .then(|| (format!("All {}", words::grouped(total)), file.clone())),
                    ..IndexSection::default()
                });
            }
            let note = match total > VALUES as u64 {
                true => format!("The {VALUES} with most records are listed here."),
                false => String::new(),
            };
            let view = IndexView {
                title: facet.labels().to_owned(),
                file,
                lead: format!("{} in all.", words::grouped(total)),
                sections: vec![IndexSection { note, rows, ..IndexSection::default() }],
            };
            self.job(Job::Index(view))?;
        }
        self.job(Job::Index(overview))
    }

    /// Links to the lists of a facet: years newest first, others with most records first.
    fn rows(&self, facet: Facet, least: u64) -> Result<Vec<IndexRow>, BuildError> {
        let mut lists = self.catalogue.lists(facet, least, VALUES, true)?;
        if facet == Facet::Year {
            lists.sort_by(|a, b| b.name.cmp(&a.name));
        }
        let rows = lists.into_iter().filter_map(|list| {
            let (facet, key) = Facet::of_list(&list.name)?;
            let row = self.title(facet, key, &list.name).map(|label| IndexRow {
                label,
                file: format!("{}.html", facet.stem(key)),
                entries: list.entries,
            });
            Some(row)
        });
        rows.collect()
    }

    /// Sitemaps and their list.
    pub(super) fn sitemaps(&mut self) -> Result<(), BuildError> {
        let catalogue = self.catalogue;
        let renderer = self.plan.renderer;
        let mut old: BTreeSet<String> = BTreeSet::new();
        let mut names = BTreeSet::new();
        if !catalogue.is_whole() {
            let files = catalogue.files_under("sitemaps/records", usize::MAX)?;
            old.extend(files.into_iter().map(|file| file.path));
        }
        let mut dropped: BTreeSet<String> = catalogue
            .touched(Series::Records)?
            .into_iter()
            .map(|spot| sitemap_file(Some(&spot.key)))
            .collect();
        each_run(catalogue, Series::Records, SITEMAP, |run| {
            let mut cutter = Cutter::new(SITEMAP);
            let mut links = Vec::new();
            for spot in run.spots {
                let ends = cutter.ends(&spot.key);
                let file = sitemap_file(Some(&spot.key));
                if old.contains(&file) {
                    dropped.insert(file.clone());
                }
                links.push((renderer.urls().record(&spot.key), spot.day));
                if ends {
                    names.insert(file.clone());
                    self.job(Job::Sitemap(file, std::mem::take(&mut links)))?;
                }
            }
            if run.last == Spot::last() {
                dropped.insert(sitemap_file(None));
            }
            if !links.is_empty() {
                names.insert(sitemap_file(None));
                self.job(Job::Sitemap(sitemap_file(None), links))?;
            }
            Ok(())
        })?;
        for file in dropped.difference(&names).filter(|file| old.contains(*file)) {
            catalogue.drop_file(file)?;
        }
        self.sitemap_of_lists()?;
        self.flush()?;
        let files = catalogue.files_under("sitemaps/", usize::MAX)?;
        self.job(Job::Sitemaps(files))
    }

    /// Every page of communities, types, years and licences but the archives. Subjects are
    /// left out: those pages are many and thin.
    fn sitemap_of_lists(&mut self) -> Result<(), BuildError> {
        let catalogue = self.catalogue;
        let renderer = self.plan.renderer;
        let fixed = ["newest.html", "communities.html", "browse.html"].map(str::to_owned);
        let mut files: Vec<String> = fixed.into();
        for facet in [Facet::Community, Facet::Type, Facet::Year, Facet::Subject, Facet::Licence] {
            if facet != Facet::Community {
                files.push(format!("browse/{}.html", facet.name()));
            }
            if facet != Facet::Subject {
                let lists = catalogue.lists(facet, 1, usize::MAX >> 1, false)?;
                files.extend(lists.iter().filter_map(|list| {
                    let (facet, key) = Facet::of_list(&list.name)?;
                    Some(format!("{}.html", facet.stem(key)))
                }));
            }
        }
        let mut names = BTreeSet::new();
        let mut cutter = Cutter::new(SITEMAP);
        let mut links = Vec::new();
        for file in files {
            links.push((renderer.urls().page(&file), String::new()));
            if cutter.ends(&file) {
                let hash = crate::release::hash::sha256(file.as_bytes());
                let name = format!("sitemaps/lists-{}.xml", &hash[..12]);
                names.insert(name.clone());
                self.job(Job::Sitemap(name, std::mem::take(&mut links)))?;
            }
        }
        if !links.is_empty() {
            names.insert("sitemaps/lists.xml".to_owned());
            self.job(Job::Sitemap("sitemaps/lists.xml".to_owned(), links))?;
        }
        for file in catalogue.files_under("sitemaps/lists", usize::MAX)? {
            if !names.contains(&file.path) {
                catalogue.drop_file(&file.path)?;
            }
        }
        Ok(())
    }
}

fn sitemap_file(last: Option<&str>) -> String {
    match last {
        Some(last) => format!("sitemaps/records-{last}.xml"),
        None => "sitemaps/records.xml".to_owned(),
    }
}

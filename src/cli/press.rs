//! Printing the site of a release again, from its native JSON and its recipe, for
//! `offprint pull --rebuild`. Here because nothing below knows both a mirror and a build.

use std::fs::File;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::args::Build as Arguments;
use super::build::settings_in;
use super::init::STORE_FILE;
use super::progress::Words;
use super::pull::PULLING;
use super::recipe;
use crate::build::dump::recipe::RECIPE_ROLE;
use crate::build::{self, Form};
use crate::crosswalk::inbound::Kind;
use crate::release::layout::Format;
use crate::release::manifest::Tool;
use crate::release::pull::reprint::{Order, Printer};
use crate::store::Store;
use crate::store::import::{Importer, Input, Options};

/// Prints with all cores.
#[derive(Debug, Clone)]
pub(super) struct Press {
    /// Told what takes so long.
    pub(super) words: Words,
}

impl Printer for Press {
    fn print(&self, order: Order<'_>, root: &Path) -> Result<(), String> {
        self.words.say("reading native JSON");
        let done = print(order, root, &self.words);
        self.words.say(PULLING);
        done.map_err(|error| format!("{error:#}"))
    }
}

fn print(order: Order<'_>, root: &Path, words: &Words) -> Result<()> {
    let Order { mirror, manifest, .. } = order;
    if manifest.tool != Tool::this() {
        let Tool { name, version, .. } = &manifest.tool;
        bail!("the release was made by {name} {version}");
    }
    let file = |role: &str| {
        let file = manifest.files.iter().find(|file| file.role == role);
        file.map(|file| mirror.join(&file.path))
    };
    let Some(recipe) = file(RECIPE_ROLE) else { bail!("the release holds no recipe") };
    let Some(native) = manifest.dumps.get(&Format::NativeJson) else {
        bail!("the release holds no native JSON");
    };
    let dir = root.parent().context("the web root has no parent")?;
    let config = recipe::unpack(File::open(recipe)?, dir).context("the recipe cannot be used")?;

    let store = Store::create(&dir.join(STORE_FILE))?;
    let options = Options {
        doi_pattern: config.repository.doi_pattern.clone(),
        kind: Some(Kind::Native),
        strict: false,
        complete: false,
        rejects: dir.join("rejects"),
    };
    let mut importer = Importer::new(&store, options.clone())?;
    for pack in &native.packs {
        importer.source(Input::Path(mirror.join(&pack.path)), &())?;
    }
    drop(importer);
    let mut importer = Importer::new(&store, Options { kind: None, ..options })?;
    for other in ["deleted", "communities"].into_iter().filter_map(file) {
        importer.source(Input::Path(other), &())?;
    }
    drop(importer);

    let arguments = Arguments {
        as_of: Some(manifest.as_of.clone()),
        full: true,
        allow_shrink: true,
        threads: None,
    };
    let mut settings = settings_in(dir, &arguments, &config)?;
    settings.delta.write = false;
    settings.elsewhere = Some(manifest.dumps.clone());
    settings.site.pages = order.site;
    settings.site.form = match manifest.site_packs().next() {
        Some(_) if !order.unpacked => Form::Packs,
        _ => Form::Files,
    };
    settings.dump.compat = order.archives;
    if !order.archives {
        // The packs stand already.
        settings.dump.formats.clear();
    }
    words.say("printing the site");
    build::build(&store, root, &settings, &|_| {})?;
    Ok(())
}

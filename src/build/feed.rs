//! The records on their way to the workers: all of them, or the frames with a change.

use std::collections::BTreeSet;
use std::ops::RangeBounds;
use std::path::Path;

use crate::record::identifier::OrderKey;
use crate::release::fetch::Source;
use crate::release::stage::Stage;
use crate::store::{Class, Error as StoreError, Group, Row, Snapshot};

use super::dump::DumpOptions;
use super::dump::earlier::Earlier;
use super::frame::FrameWorker;
use super::known::Known;
use super::pipeline::{self, Stopped};
use super::sink::Sink;
use super::site::Renderer;
use super::site_list::Parts;
use super::site_pack::Standing;
use super::standing::{Base, Plan};
use super::state::{State, StateError};
use super::work::{Old, Work};
use super::{BuildError, Settings};
/// What printing the records takes.
pub(super) struct Prints<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) settings: &'a Settings,
    pub(super) options: &'a DumpOptions,
    pub(super) plan: &'a Plan,
    /// The web root.
    pub(super) source: &'a Source,
}

impl<'a> Prints<'a> {
    /// Prints them: workers in parallel, the sink in order.
    pub(super) fn records(
        &self,
        stage: &Stage,
        state: &State,
        renderer: Option<&Renderer>,
        sink: &mut Sink<'_>,
    ) -> Result<(), BuildError> {
        let Prints { snapshot, settings, options, plan, .. } = *self;
        let as_of = settings.as_of.to_string();
        let day = as_of.get(..10).unwrap_or(&as_of);
        let dictionaries = snapshot.dictionaries();
        let changed = &plan.changed;
        pipeline::weighed(
            settings.threads,
            Work::shares,
            || {
                let decoder = dictionaries.decoder();
                FrameWorker::new(settings, options, stage, renderer, changed, day, decoder)
            },
            |hand| {
                let fed = match &plan.base {
                    None => self.feed(.., |_| Ok(None), hand),
                    Some(base) => self.feed_changes(base, stage.root(), state, hand),
                };
                fed.map_err(|halt| match halt {
                    FeedError::Stopped(_) => pipeline::Halt::Stopped,
                    FeedError::Failed(error) => pipeline::Halt::Failed(*error),
                })
            },
            |worker, work| worker.work(work),
            |printed| sink.accept(printed),
        )
    }

    /// Hands over the frames of a range of keys, each with what `old` says of it.
    fn feed(
        &self,
        range: impl RangeBounds<OrderKey>,
        mut old: impl FnMut(u64) -> Result<Option<Old<'a>>, BuildError>,
        hand: &mut pipeline::Hand<'_, Work<'a>>,
    ) -> Result<(), FeedError> {
        let spans = self.settings.dump.spans;
        let frame_of = |key| spans.number_of(key);
        self.snapshot.scan_groups(range, frame_of, |group| {
            let number = group.key;
            let deserted = self.deserted(&group)?;
            Ok(hand(Work::Print { number, old: old(number)?, group, deserted })?)
        })
    }

    /// The families without a public member, of the records that changed and are not public.
    fn deserted(&self, group: &Group) -> Result<BTreeSet<String>, StoreError> {
        let hidden = |row: &&Row| row.class != Class::Public && self.plan.changed.has(row);
        let mut deserted = BTreeSet::new();
        for row in group.rows.iter().filter(|_| self.plan.changed.going_on).filter(hidden) {
            if self.snapshot.siblings(&row.family)?.is_empty() {
                deserted.insert(row.family.clone());
            }
        }
        Ok(deserted)
    }

    /// Hands over every frame, in order: those with a change with their records, the others as
    /// they were left.
    fn feed_changes(
        &self,
        base: &'a Base,
        root: &Path,
        state: &State,
        hand: &mut pipeline::Hand<'_, Work<'a>>,
    ) -> Result<(), FeedError> {
        let spans = self.settings.dump.spans;
        let mut parts = Parts::new(root, &base.manifest.site);
        let mut packs = Standing::new(root, &base.manifest);
        let formats = &self.options.formats;
        let mut dumps = Earlier::new(self.source, &base.manifest.dumps, formats, spans);
        let mut known = base.numbers.iter().copied().peekable();
        let mut touched = base.touched.iter().copied().peekable();
        loop {
            let number = match (known.peek(), touched.peek()) {
                (Some(known), Some(touched)) => *known.min(touched),
                (Some(one), None) | (None, Some(one)) => *one,
                (None, None) => return Ok(()),
            };
            let is_known = known.next_if_eq(&number).is_some();
            let is_touched = touched.next_if_eq(&number).is_some();
            let mut old = None;
            if is_known {
                let row = state.frame(number).map_err(BuildError::from)?;
                let row = row.ok_or(BuildError::State(StateError::Lost))?;
                let place = spans.place_of_number(number);
                let list = parts.next(&place.pack.to_string(), row.list_bytes)?;
                let pages = packs.next(place, row.pages_bytes, is_touched)?;
                let known = match is_touched {
                    true => state.known(number).map_err(BuildError::from)?,
                    false => Known::default(),
                };
                let dumps = is_touched.then(|| dumps.at(place));
                old = Some(Old { row, known, list, pages, dumps });
            }
            match old {
                Some(old) if !is_touched => hand(Work::Keep { number, old })?,
                mut old => {
                    // Nothing was printed of a frame that is new: all its records changed.
                    self.feed(spans.keys(number), |_| Ok(old.take()), hand)?;
                }
            }
        }
    }
}

/// Why feeding ended early.
enum FeedError {
    Stopped(Stopped),
    Failed(Box<BuildError>),
}

impl From<Stopped> for FeedError {
    fn from(stopped: Stopped) -> Self {
        FeedError::Stopped(stopped)
    }
}

impl From<BuildError> for FeedError {
    fn from(error: BuildError) -> Self {
        FeedError::Failed(Box::new(error))
    }
}

impl From<StoreError> for FeedError {
    fn from(error: StoreError) -> Self {
        FeedError::Failed(Box::new(error.into()))
    }
}

//! `.offprint/publish.json` on the target: who publishes there, what was begun, what waits for
//! removal.
//!
//! It is a lease with a fencing token. Every write of it is conditional on the content that was
//! read or written last, so two publishers cannot both believe that they hold it; a publisher
//! that finds it changed stops before it moves a pointer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::super::canonical;
use super::super::pointer::Named;
use super::target::{Condition, Target, Version};
use super::{PublishError, Result, Served, Settings};

/// Directory of what the publisher keeps on the target. Hidden, so no host serves it.
pub(super) const STATE_DIR: &str = ".offprint";
/// The ledger.
pub(super) const LEDGER: &str = ".offprint/publish.json";
/// Version of the ledger.
const FORMAT: u32 = 1;
/// Largest ledger that is read.
const MAX_LEDGER: u64 = 64 << 20;

/// How the ledger is served, where nothing stops it: to be asked for each time.
pub(super) const SERVED: Served =
    Served { media_type: "application/json", encoding: None, cache: "no-store", hashed: false };

/// A release whose publication was begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Begun {
    pub(super) release: String,
    pub(super) manifest: Named,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ledger {
    pub(super) format: u32,
    /// Counts publications: the fencing token.
    pub(super) sequence: u64,
    pub(super) owner: String,
    /// Whether the owner is at work.
    pub(super) held: bool,
    /// RFC 3339; after it, an owner at work is taken to be dead.
    pub(super) expires: String,
    /// Releases whose pages may be on the target, oldest first; empty after a publication that
    /// came to its end. A page is known to be there if all of them have it alike.
    pub(super) begun: Vec<Begun>,
    /// Pages of the last of `begun` that are on the target, from the first.
    pub(super) done: u64,
    /// Objects that no release needs, with the time since when.
    pub(super) gone: BTreeMap<String, String>,
    /// Files there that no manifest lists: deltas, the search index.
    pub(super) beside: BTreeSet<String>,
}

/// Reads the ledger; an empty one where there is none.
pub(super) fn read(target: &dyn Target) -> Result<(Ledger, Condition)> {
    let Some((bytes, version)) = target.get(LEDGER, MAX_LEDGER)? else {
        return Ok((Ledger { format: FORMAT, ..Ledger::default() }, Condition::Absent));
    };
    let fail = |message: String| PublishError::Ledger { path: LEDGER, message };
    let ledger: Ledger = serde_json::from_slice(&bytes).map_err(|error| fail(error.to_string()))?;
    if ledger.format != FORMAT {
        return Err(fail(format!("format {}; this program reads {FORMAT}", ledger.format)));
    }
    Ok((ledger, Condition::Is(version)))
}

struct Held {
    ledger: Ledger,
    version: Version,
    renewed: Timestamp,
}

/// The right to write to the target, while it lasts.
pub(super) struct Token<'a> {
    target: &'a dyn Target,
    now: &'a (dyn Fn() -> Timestamp + Sync),
    lease: Duration,
    fence: bool,
    held: Mutex<Held>,
    lost: AtomicBool,
    over: (Mutex<bool>, Condvar),
}

impl<'a> Token<'a> {
    /// Takes the target, or says who holds it. Returns the ledger as it was found.
    pub(super) fn take(
        target: &'a dyn Target,
        settings: &Settings<'a>,
    ) -> Result<(Token<'a>, Ledger)> {
        let (found, condition) = read(target)?;
        let now = (settings.now)();
        let expired = found.expires.parse::<Timestamp>().is_ok_and(|end| end < now);
        let free = !found.held || expired || found.owner == settings.owner;
        let held_by = |ledger: &Ledger| PublishError::Held {
            owner: ledger.owner.clone(),
            until: ledger.expires.clone(),
        };
        if !free && !target.is_exclusive() {
            return Err(held_by(&found));
        }
        let ledger = Ledger {
            sequence: found.sequence + 1,
            owner: settings.owner.clone(),
            held: true,
            expires: after(now, settings.lease),
            ..found.clone()
        };
        let version = write(target, &ledger, &condition, settings.fence)?;
        // Somebody took it between the two.
        let version = version.ok_or_else(|| held_by(&found))?;
        let held = Mutex::new(Held { ledger, version, renewed: now });
        let token = Token {
            target,
            now: settings.now,
            lease: settings.lease,
            fence: settings.fence,
            held,
            lost: AtomicBool::new(false),
            over: (Mutex::new(false), Condvar::new()),
        };
        Ok((token, found))
    }

    pub(super) fn sequence(&self) -> u64 {
        self.lock().ledger.sequence
    }

    /// Whether the target may still be written to; asked before every write.
    pub(super) fn check(&self) -> Result<()> {
        if self.lost.load(Ordering::Relaxed) { Err(PublishError::Lost) } else { Ok(()) }
    }

    /// Changes the ledger and renews the lease.
    pub(super) fn update(&self, change: impl FnOnce(&mut Ledger)) -> Result<()> {
        self.check()?;
        let mut held = self.lock();
        let now = (self.now)();
        let mut ledger = held.ledger.clone();
        change(&mut ledger);
        ledger.expires = after(now, self.lease);
        let condition = Condition::Is(held.version.clone());
        let Some(version) = write(self.target, &ledger, &condition, self.fence)? else {
            self.lost.store(true, Ordering::Relaxed);
            return Err(PublishError::Lost);
        };
        *held = Held { ledger, version, renewed: now };
        Ok(())
    }

    /// Runs `work` while another thread renews the lease, three times in its length.
    pub(super) fn keep_alive<T>(&self, work: impl FnOnce() -> T) -> T {
        if self.target.is_exclusive() {
            return work();
        }
        thread::scope(|scope| {
            scope.spawn(|| self.renew_until_over());
            let outcome = work();
            *self.over.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
            self.over.1.notify_all();
            outcome
        })
    }

    fn renew_until_over(&self) {
        loop {
            let over = self.over.0.lock().unwrap_or_else(PoisonError::into_inner);
            let waited = self.over.1.wait_timeout_while(over, self.lease / 3, |over| !*over);
            if *waited.unwrap_or_else(PoisonError::into_inner).0 {
                return;
            }
            // A store that cannot be reached gets another chance, while the lease lasts.
            let renewed = self.update(|_| {});
            let age = (self.now)().duration_since(self.lock().renewed);
            let late = age.unsigned_abs() > self.lease;
            if matches!(renewed, Err(PublishError::Lost)) || late {
                self.lost.store(true, Ordering::Relaxed);
                return;
            }
        }
    }

    /// Lets go of the target; not if it was lost.
    pub(super) fn release(&self) -> Result<()> {
        if self.check().is_err() {
            return Ok(());
        }
        self.update(|ledger| ledger.held = false)
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn after(now: Timestamp, lease: Duration) -> String {
    let lease = SignedDuration::try_from(lease).unwrap_or(SignedDuration::MAX);
    now.saturating_add(lease).unwrap_or(Timestamp::MAX).to_string()
}

/// Writes the ledger; `None` if it is another one than `condition` says. A reply that was lost is
/// no failure: what was to be written then stands there.
fn write(
    target: &dyn Target,
    ledger: &Ledger,
    condition: &Condition,
    fence: bool,
) -> Result<Option<Version>> {
    let bytes = canonical::to_bytes(ledger)?;
    if !fence {
        target.put(LEDGER, bytes, SERVED)?;
        return Ok(Some(Version::default()));
    }
    let outcome = target.put_if(LEDGER, bytes.clone(), SERVED, condition);
    if let Ok(Some(version)) = outcome {
        return Ok(Some(version));
    }
    match target.get(LEDGER, MAX_LEDGER)? {
        Some((there, version)) if there == bytes => Ok(Some(version)),
        _ => outcome,
    }
}

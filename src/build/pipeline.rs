//! Parallel work with ordered results and bounded memory.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// How many items a thread may have on their way: waiting, in work, or done and not yet sunk.
/// One slow item (a record with 3,000 creators) must not let the others pile up.
const SHARES_PER_THREAD: u64 = 4;

/// Runs `work` over everything that `feed` hands over, on `threads` threads, and gives the
/// results to `sink` in the order of `feed`.
///
/// `feed` runs on the calling thread and is given the function to hand items over with; it
/// waits while enough is on its way. `init` makes each thread's scratch state. At most
/// `threads * 4` items and results exist at a time.
///
/// # Errors
/// The first error of `feed`, `init`, `work` or `sink` that is met; the rest stops.
pub(super) fn ordered<S, T, R, E>(
    threads: usize,
    init: impl Fn() -> Result<S, E> + Sync,
    feed: impl FnOnce(&mut Hand<'_, T>) -> Result<(), Halt<E>>,
    work: impl Fn(&mut S, T) -> Result<R, E> + Sync,
    sink: impl FnMut(R) -> Result<(), E> + Send,
) -> Result<(), E>
where
    T: Send,
    R: Send,
    E: Send,
{
    weighed(threads, |_| 1, init, feed, work, sink)
}

/// [`ordered`] where `shares` says how many usual items one takes the room of, so that few are
/// on their way beside one that is large, and none beside one that is larger than all the room.
///
/// # Errors
/// As [`ordered`].
pub(super) fn weighed<S, T, R, E>(
    threads: usize,
    shares: impl Fn(&T) -> u64,
    init: impl Fn() -> Result<S, E> + Sync,
    feed: impl FnOnce(&mut Hand<'_, T>) -> Result<(), Halt<E>>,
    work: impl Fn(&mut S, T) -> Result<R, E> + Sync,
    sink: impl FnMut(R) -> Result<(), E> + Send,
) -> Result<(), E>
where
    T: Send,
    R: Send,
    E: Send,
{
    let threads = threads.max(1);
    let room = SHARES_PER_THREAD * threads as u64;
    let (sender, receiver) = channel();
    let shared = Shared {
        items: Mutex::new(Some(receiver)),
        order: Mutex::new(Order { next: 0, ready: BTreeMap::new(), taken: 0, error: None }),
        moved: Condvar::new(),
    };
    let sink = Mutex::new(sink);
    let fed = std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| shared.run(&init, &work, &sink));
        }
        let mut next = 0;
        let fed = feed(&mut |item| {
            let shares = shares(&item).clamp(1, room);
            if !shared.wait_for_room(shares, room) {
                return Err(Stopped);
            }
            let place = Place { index: next, shares };
            next += 1;
            sender.send((place, item)).map_err(|_| Stopped)
        });
        drop(sender);
        fed
    });
    let error = lock(&shared.order).error.take();
    match (error, fed) {
        (Some(error), _) | (None, Err(Halt::Failed(error))) => Err(error),
        // The workers stop taking items only after one of them has left its error.
        (None, Err(Halt::Stopped) | Ok(())) => Ok(()),
    }
}

/// Hands one item over; fails when the other side has stopped.
pub(super) type Hand<'a, T> = dyn FnMut(T) -> Result<(), Stopped> + 'a;

/// The workers have stopped; their error tells why.
#[derive(Debug)]
pub(super) struct Stopped;

/// Why feeding ended early.
#[derive(Debug)]
pub(super) enum Halt<E> {
    /// The workers stopped.
    Stopped,
    /// The feeder itself failed.
    Failed(E),
}

impl<E> From<Stopped> for Halt<E> {
    fn from(Stopped: Stopped) -> Self {
        Halt::Stopped
    }
}

/// What the worker threads share.
struct Shared<T, R, E> {
    /// `None` once an error stopped the run, which tells the feeder.
    items: Mutex<Option<Receiver<(Place, T)>>>,
    order: Mutex<Order<R, E>>,
    moved: Condvar,
}

/// An item among the others.
#[derive(Clone, Copy)]
struct Place {
    index: u64,
    /// The room it takes.
    shares: u64,
}

struct Order<R, E> {
    /// Index of the next result to hand to the sink.
    next: u64,
    /// Results that wait for their turn, with the room they take.
    ready: BTreeMap<u64, (u64, R)>,
    /// Room of all that is on its way.
    taken: u64,
    error: Option<E>,
}

impl<T, R, E> Shared<T, R, E> {
    fn run<S>(
        &self,
        init: &impl Fn() -> Result<S, E>,
        work: &impl Fn(&mut S, T) -> Result<R, E>,
        sink: &Mutex<impl FnMut(R) -> Result<(), E>>,
    ) {
        let outcome = init().and_then(|mut state| {
            while let Some((Place { index, shares }, item)) = self.take() {
                let result = work(&mut state, item)?;
                lock(&self.order).ready.insert(index, (shares, result));
                self.drain(sink)?;
            }
            Ok(())
        });
        if let Err(error) = outcome {
            lock(&self.order).error.get_or_insert(error);
            self.moved.notify_all();
            lock(&self.items).take();
        }
    }

    fn take(&self) -> Option<(Place, T)> {
        lock(&self.items).as_ref()?.recv().ok()
    }

    /// Takes room for an item as soon as there is; `false` when the run has failed. What is on
    /// its way is always worked off, so that the whole room comes free at last.
    fn wait_for_room(&self, shares: u64, room: u64) -> bool {
        let mut order = lock(&self.order);
        while order.error.is_none() && order.taken + shares > room {
            order = self.moved.wait(order).unwrap_or_else(PoisonError::into_inner);
        }
        order.taken += shares;
        order.error.is_none()
    }

    /// Hands over what is next in order. One thread at a time does so; a thread that finds the
    /// sink taken leaves its result to the holder, which looks again after letting go.
    fn drain(&self, sink: &Mutex<impl FnMut(R) -> Result<(), E>>) -> Result<(), E> {
        loop {
            let Ok(mut target) = sink.try_lock() else { return Ok(()) };
            while let Some((shares, result)) = self.next_ready() {
                target(result)?;
                let mut order = lock(&self.order);
                order.next += 1;
                order.taken -= shares;
                self.moved.notify_all();
            }
            drop(target);
            let order = lock(&self.order);
            if !order.ready.contains_key(&order.next) {
                return Ok(());
            }
        }
    }

    fn next_ready(&self) -> Option<(u64, R)> {
        let mut order = lock(&self.order);
        let next = order.next;
        order.ready.remove(&next)
    }
}

/// A poisoned lock means that another thread panicked, and the scope will re-raise that.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::{SHARES_PER_THREAD, ordered, weighed};

    fn run(threads: usize, items: u64, fail_at: Option<u64>) -> (Vec<u64>, Result<(), String>) {
        let mut seen = Vec::new();
        let result = ordered(
            threads,
            || Ok(0_u64),
            |hand| {
                for item in 0..items {
                    hand(item)?;
                }
                Ok(())
            },
            |spins, item: u64| {
                // Uneven work, so that results finish out of order.
                for turn in 0..(item * 7919 % 13) * 500 {
                    *spins = std::hint::black_box(turn);
                }
                if Some(item) == fail_at { Err(format!("item {item}")) } else { Ok(item * 2) }
            },
            |doubled| {
                seen.push(doubled);
                Ok(())
            },
        );
        (seen, result)
    }

    #[test]
    fn results_come_in_order_of_the_source_on_any_number_of_threads() {
        let expected: Vec<u64> = (0..500).map(|item| item * 2).collect();
        for threads in [0, 1, 2, 3, 8] {
            let (seen, result) = run(threads, 500, None);
            assert_eq!((seen, result), (expected.clone(), Ok(())), "{threads} threads");
        }
    }

    #[test]
    fn an_error_stops_the_run_and_what_was_sunk_is_a_prefix() {
        for threads in [1, 2, 5] {
            let (seen, result) = run(threads, 500, Some(100));
            assert_eq!(result, Err("item 100".to_owned()), "{threads} threads");
            let prefix: Vec<u64> = (0..seen.len() as u64).map(|item| item * 2).collect();
            assert_eq!(seen, prefix);
            assert!(seen.len() <= 100);
        }
    }

    #[test]
    fn no_more_is_on_its_way_than_there_is_room_for() {
        // Every 17th item takes up all the room, every 5th half of it.
        let shares = |item: &u64| match item {
            item if item % 17 == 0 => u64::MAX,
            item if item % 5 == 0 => SHARES_PER_THREAD,
            _ => 1,
        };
        let (on_its_way, most) = (AtomicU64::new(0), AtomicU64::new(0));
        let (room, mut seen) = (2 * SHARES_PER_THREAD, Vec::new());
        let taken = |item: &u64| shares(item).min(room);
        let ran: Result<(), String> = weighed(
            2,
            shares,
            || Ok(()),
            |hand| {
                for item in 0..500 {
                    hand(item)?;
                }
                Ok(())
            },
            |(), item: u64| {
                let now = on_its_way.fetch_add(taken(&item), Ordering::SeqCst) + taken(&item);
                most.fetch_max(now, Ordering::SeqCst);
                Ok(item)
            },
            |item| {
                on_its_way.fetch_sub(taken(&item), Ordering::SeqCst);
                seen.push(item);
                Ok(())
            },
        );
        assert_eq!(ran, Ok(()));
        assert_eq!(seen, (0..500).collect::<Vec<_>>());
        assert_eq!(most.into_inner(), room);
    }
}

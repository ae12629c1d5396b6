//! Parallel work with ordered results and bounded memory.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// How many finished or running items a thread may be ahead of the oldest unfinished one.
/// One slow item (a record with 3,000 creators) must not let the others pile up results.
const AHEAD_PER_THREAD: u64 = 4;

/// Runs `work` over everything that `feed` hands over, on `threads` threads, and gives the
/// results to `sink` in the order of `feed`.
///
/// `feed` runs on the calling thread and is given the function to hand items over with; it
/// waits while enough is on its way. `init` makes each thread's scratch state. At most
/// `threads * 8` items and results exist at a time.
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
    let threads = threads.max(1);
    let window = AHEAD_PER_THREAD * threads as u64;
    let (sender, receiver) = sync_channel(window as usize);
    let shared = Shared {
        items: Mutex::new(Some(receiver)),
        order: Mutex::new(Order { next: 0, ready: BTreeMap::new(), error: None }),
        moved: Condvar::new(),
        window,
    };
    let sink = Mutex::new(sink);
    let fed = std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| shared.run(&init, &work, &sink));
        }
        let mut next = 0;
        let fed = feed(&mut |item| {
            let sent = sender.send((next, item));
            next += 1;
            sent.map_err(|_| Stopped)
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
    items: Mutex<Option<Receiver<(u64, T)>>>,
    order: Mutex<Order<R, E>>,
    moved: Condvar,
    window: u64,
}

struct Order<R, E> {
    /// Index of the next result to hand to the sink.
    next: u64,
    ready: BTreeMap<u64, R>,
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
            while let Some((index, item)) = self.take() {
                if !self.wait_for_room(index) {
                    return Ok(());
                }
                let result = work(&mut state, item)?;
                lock(&self.order).ready.insert(index, result);
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

    fn take(&self) -> Option<(u64, T)> {
        lock(&self.items).as_ref()?.recv().ok()
    }

    /// Waits until `index` is within the window; `false` when the run has failed.
    fn wait_for_room(&self, index: u64) -> bool {
        let mut order = lock(&self.order);
        while order.error.is_none() && index >= order.next + self.window {
            order = self.moved.wait(order).unwrap_or_else(PoisonError::into_inner);
        }
        order.error.is_none()
    }

    /// Hands over what is next in order. One thread at a time does so; a thread that finds the
    /// sink taken leaves its result to the holder, which looks again after letting go.
    fn drain(&self, sink: &Mutex<impl FnMut(R) -> Result<(), E>>) -> Result<(), E> {
        loop {
            let Ok(mut target) = sink.try_lock() else { return Ok(()) };
            while let Some(result) = self.next_ready() {
                target(result)?;
                lock(&self.order).next += 1;
                self.moved.notify_all();
            }
            drop(target);
            let order = lock(&self.order);
            if !order.ready.contains_key(&order.next) {
                return Ok(());
            }
        }
    }

    fn next_ready(&self) -> Option<R> {
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
    use super::ordered;

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
}

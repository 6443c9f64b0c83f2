//! How often the calling thread's work calls the system, and for how long.

use super::now;
use std::cell::Cell;
use std::marker::PhantomData;

thread_local! {
    /// How many meters run on this thread. Without a destructor, like the totals: nothing is to be done when it ends.
    static METERS: Cell<u32> = const { Cell::new(0) };
    /// What was counted on this thread while any meter ran.
    static TOTALS: Cell<SystemCalls> = const { Cell::new(SystemCalls { calls: 0, nanoseconds: 0 }) };
}

/// Calls of the system, and the time in them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SystemCalls {
    pub(crate) calls: u64,
    pub(crate) nanoseconds: u64,
}

/// While it lives, the calling thread's calls of the system are counted, for this meter and for those that run already.
pub(crate) struct Meter {
    start: SystemCalls,
    of_one_thread: PhantomData<*const ()>,
}

impl Meter {
    pub(crate) fn start() -> Self {
        METERS.set(METERS.get() + 1);
        Self { start: TOTALS.get(), of_one_thread: PhantomData }
    }

    /// What was counted since the start.
    pub(crate) fn so_far(&self) -> SystemCalls {
        let (start, now) = (self.start, TOTALS.get());
        SystemCalls { calls: now.calls - start.calls, nanoseconds: now.nanoseconds - start.nanoseconds }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        METERS.set(METERS.get() - 1);
    }
}

/// Calls the system, by way of the meter where one runs.
#[inline]
pub(super) fn metered<T>(call: impl FnOnce() -> T) -> T {
    if METERS.get() == 0 { call() } else { count(call) }
}

#[cold]
fn count<T>(call: impl FnOnce() -> T) -> T {
    let start = now();
    let result = call();
    let totals = TOTALS.get();
    TOTALS
        .set(SystemCalls { calls: totals.calls + 1, nanoseconds: totals.nanoseconds + (now() - start).max(0) as u64 });
    result
}

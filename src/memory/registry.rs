//! The back ends by name, and the process's default pool.

use super::allocator::AccountedPool;
use super::mimalloc::Mimalloc;
use super::pool::{Origin, Pool};
use super::system::System;
use crate::error::{Quoted, Result, error};
use crate::shared::Counted;
use crate::warning::warn;
use std::ffi::CStr;
use std::sync::{Mutex, OnceLock};

/// A back end: its name, and its pool where this build has it.
pub struct Backend {
    /// What `open_backend` and the variable `ARROWIO_DEFAULT_MEMORY_POOL` know it by.
    pub name: &'static CStr,
    origin: Option<&'static Counted<Origin>>,
}

static MIMALLOC_POOL: AccountedPool<Mimalloc> = AccountedPool::backend(c"mimalloc", Mimalloc);
static MIMALLOC: Counted<Origin> = Counted::immortal(Origin::Static(&MIMALLOC_POOL));

static SYSTEM_POOL: AccountedPool<System> = AccountedPool::backend(c"system", System);
static SYSTEM: Counted<Origin> = Counted::immortal(Origin::Static(&SYSTEM_POOL));

#[cfg(feature = "jemalloc")]
static JEMALLOC: Option<&Counted<Origin>> = {
    use super::jemalloc::Jemalloc;
    static POOL: AccountedPool<Jemalloc> = AccountedPool::backend(c"jemalloc", Jemalloc);
    static ORIGIN: Counted<Origin> = Counted::immortal(Origin::Static(&POOL));
    Some(&ORIGIN)
};
#[cfg(not(feature = "jemalloc"))]
static JEMALLOC: Option<&Counted<Origin>> = None;

/// Every back end that there is, the preferred one first.
pub static BACKENDS: [Backend; 3] = [
    Backend { name: c"mimalloc", origin: Some(&MIMALLOC) },
    Backend { name: c"jemalloc", origin: JEMALLOC },
    Backend { name: c"system", origin: Some(&SYSTEM) },
];

const DEFAULT_POOL_VARIABLE: &CStr = c"ARROWIO_DEFAULT_MEMORY_POOL";

/// The process-wide pool of a back end.
pub fn open_backend(name: &CStr) -> Result<Pool> {
    let quoted = Quoted(name.to_bytes());
    let Some(backend) = BACKENDS.iter().find(|backend| backend.name == name) else {
        return Err(error!(Invalid, "no memory pool is called {quoted}; there are mimalloc, jemalloc and system"));
    };
    let absent = || error!(NotImplemented, "the memory pool {quoted} is not part of this build (cargo feature jemalloc)");
    backend.origin.map(Pool::from_static).ok_or_else(absent)
}

/// The pool used where none is given.
#[inline]
pub fn default_pool() -> Pool {
    current_default().clone()
}

/// As `default_pool`; the reference is good for the rest of the process, for former defaults are never let go.
pub(crate) fn current_default() -> &'static Pool {
    match CHOSEN.load() {
        Some(pool) => pool,
        None => environment_default(),
    }
}

/// Makes `pool` the default. It is kept until the process ends, even when another takes its place.
pub fn set_default_pool(pool: &Pool) -> Result<()> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    CHOSEN.store(pool)
}

/// The default that the environment names, or mimalloc. Asked for once.
fn environment_default() -> &'static Pool {
    static FROM_ENVIRONMENT: OnceLock<Pool> = OnceLock::new();
    if let Some(pool) = FROM_ENVIRONMENT.get() {
        return pool;
    }
    let name = crate::sys::environment(DEFAULT_POOL_VARIABLE).filter(|name| !name.is_empty());
    let (pool, problem) = match name.map(open_backend) {
        Some(Ok(pool)) => (pool, None),
        Some(Err(error)) => (Pool::from_static(&MIMALLOC), Some(error)),
        None => (Pool::from_static(&MIMALLOC), None),
    };
    let first = FROM_ENVIRONMENT.set(pool).is_ok();
    if let (true, Some(problem)) = (first, problem) {
        // Only now: the host's warning handler may itself ask for the default pool.
        warn(format_args!("{}: {problem}; mimalloc is used", DEFAULT_POOL_VARIABLE.to_string_lossy()));
    }
    FROM_ENVIRONMENT.get_or_init(|| Pool::from_static(&MIMALLOC))
}

static CHOSEN: chosen::Chosen = chosen::Chosen::new();

/// The pool that the host chose, readable without a lock.
mod chosen {
    use super::{Pool, Result};
    use crate::shared::try_box;
    use std::ptr;
    use std::sync::atomic::{AtomicPtr, Ordering};

    /// Every pool ever chosen, in a chain, and the one chosen last.
    pub(super) struct Chosen {
        current: AtomicPtr<Link>,
        all: AtomicPtr<Link>,
    }

    struct Link {
        pool: Pool,
        next: *mut Link,
    }

    impl Chosen {
        pub(super) const fn new() -> Self {
            Self { current: AtomicPtr::new(ptr::null_mut()), all: AtomicPtr::new(ptr::null_mut()) }
        }

        #[inline]
        pub(super) fn load(&self) -> Option<&'static Pool> {
            // SAFETY: NULL or a link, and links are never freed.
            unsafe { self.current.load(Ordering::Acquire).as_ref() }.map(|link| &link.pool)
        }

        /// One caller at a time.
        pub(super) fn store(&self, pool: &Pool) -> Result<()> {
            let first = self.all.load(Ordering::Acquire);
            let mut link = first;
            // SAFETY: as above.
            while let Some(known) = unsafe { link.as_ref() } {
                if known.pool.0.is_same(&pool.0) {
                    self.current.store(link, Ordering::Release);
                    return Ok(());
                }
                link = known.next;
            }
            let link = Box::into_raw(try_box(Link { pool: pool.clone(), next: first })?);
            self.all.store(link, Ordering::Release);
            self.current.store(link, Ordering::Release);
            Ok(())
        }
    }
}

//! The back ends by name, and the process's default pool.

use super::allocator::AccountedPool;
use super::mimalloc::Mimalloc;
use super::pool::{Origin, Pool};
use super::system::System;
use crate::error::{Quoted, Result, error};
use crate::shared::{Counted, try_box};
use crate::sys::lock;
use crate::warning::warn;
use std::ffi::CStr;
use std::ptr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicPtr, Ordering};

/// A back end: its name, and its pool where this build has it.
pub struct Backend {
    /// What `open_backend` and the variable `ARROWIO_DEFAULT_MEMORY_POOL` know it by.
    pub name: &'static CStr,
    pool: Option<&'static Pool>,
}

/// The pool of an allocator, in static memory.
macro_rules! backend {
    ($pool:ident, $name:literal, $allocator:ident) => {
        static $pool: Pool = {
            static ACCOUNTED: AccountedPool<$allocator> = AccountedPool::backend($name, $allocator);
            static ORIGIN: Counted<Origin> = Counted::immortal(Origin::Static(&ACCOUNTED));
            Pool::from_static(&ORIGIN)
        };
    };
}
backend!(MIMALLOC, c"mimalloc", Mimalloc);
backend!(SYSTEM, c"system", System);

#[cfg(feature = "jemalloc")]
use super::jemalloc::Jemalloc;
#[cfg(feature = "jemalloc")]
backend!(JEMALLOC_POOL, c"jemalloc", Jemalloc);
#[cfg(feature = "jemalloc")]
const JEMALLOC: Option<&Pool> = Some(&JEMALLOC_POOL);
#[cfg(not(feature = "jemalloc"))]
const JEMALLOC: Option<&Pool> = None;

/// Every back end that there is, the preferred one first.
pub static BACKENDS: [Backend; 3] = [
    Backend { name: c"mimalloc", pool: Some(&MIMALLOC) },
    Backend { name: c"jemalloc", pool: JEMALLOC },
    Backend { name: c"system", pool: Some(&SYSTEM) },
];

const DEFAULT_POOL_VARIABLE: &CStr = c"ARROWIO_DEFAULT_MEMORY_POOL";

/// The process-wide pool of a back end.
pub fn open_backend(name: &CStr) -> Result<Pool> {
    find_backend(name).cloned()
}

fn find_backend(name: &CStr) -> Result<&'static Pool> {
    let quoted = Quoted(name.to_bytes());
    let Some(backend) = BACKENDS.iter().find(|backend| backend.name == name) else {
        return Err(error!(Invalid, "no memory pool is called {quoted}; there are mimalloc, jemalloc and system"));
    };
    let absent =
        || error!(NotImplemented, "the memory pool {quoted} is not part of this build (cargo feature jemalloc)");
    backend.pool.ok_or_else(absent)
}

/// The default pool; NULL until somebody asks for it. Points at a pool that is never let go.
static CURRENT: AtomicPtr<Pool> = AtomicPtr::new(ptr::null_mut());

/// Every pool that the host ever made the default, in a chain: somebody may still use a former one.
static CHOSEN: Mutex<Option<&'static Choice>> = Mutex::new(None);

struct Choice {
    pool: Pool,
    before: Option<&'static Choice>,
}

/// The pool used where none is given.
pub fn default_pool() -> Pool {
    current_default().clone()
}

/// As `default_pool`; the reference is good for the rest of the process.
#[inline]
pub(crate) fn current_default() -> &'static Pool {
    // SAFETY: NULL or a pool that is never let go.
    match unsafe { CURRENT.load(Ordering::Acquire).as_ref() } {
        Some(pool) => pool,
        None => first_default(),
    }
}

/// Makes `pool` the default. It is kept until the process ends, even when another takes its place.
pub fn set_default_pool(pool: &Pool) -> Result<()> {
    let mut chosen = lock(&CHOSEN);
    let mut known = *chosen;
    while let Some(choice) = known.filter(|choice| !choice.pool.0.is_same(&pool.0)) {
        known = choice.before;
    }
    let choice = match known {
        Some(choice) => choice,
        None => {
            let choice: &'static Choice = Box::leak(try_box(Choice { pool: pool.clone(), before: *chosen })?);
            *chosen = Some(choice);
            choice
        }
    };
    CURRENT.store(ptr::from_ref(&choice.pool).cast_mut(), Ordering::Release);
    Ok(())
}

/// The default that the environment names, or mimalloc, unless the host has chosen meanwhile.
#[cold]
fn first_default() -> &'static Pool {
    let (pool, problem) = match environment_default() {
        Ok(pool) => (pool, None),
        Err(problem) => (&MIMALLOC, Some(problem)),
    };
    let address = ptr::from_ref(pool).cast_mut();
    let first = CURRENT.compare_exchange(ptr::null_mut(), address, Ordering::AcqRel, Ordering::Acquire).is_ok();
    if let (true, Some(problem)) = (first, problem) {
        // Only now: the host's warning handler may itself ask for the default pool.
        warn(format_args!("{}: {problem}; mimalloc is used", DEFAULT_POOL_VARIABLE.to_string_lossy()));
    }
    current_default()
}

fn environment_default() -> Result<&'static Pool> {
    match crate::sys::environment(DEFAULT_POOL_VARIABLE).filter(|name| !name.is_empty()) {
        Some(name) => find_backend(name),
        None => Ok(&MIMALLOC),
    }
}

//! Memory: pools that account for every byte, and the buffers that live in them.

mod allocator;
mod buffer;
mod builder;
mod capped;
mod fault_guard;
#[cfg(feature = "jemalloc")]
mod jemalloc;
mod large;
mod logging;
mod mimalloc;
mod pool;
mod proxy;
mod registry;
mod shared_buffer;
mod slab;
mod statistics;
mod system;

#[cfg(test)]
mod tests;

pub(crate) use allocator::{AccountedPool, Allocator, move_block};
pub use buffer::Buffer;
pub(crate) use buffer::{Owner, no_safe_copy};
pub(crate) use builder::{BufferBuilder, filled};
pub use capped::CappedPool;
pub use fault_guard::FaultGuard;
pub use logging::{LoggingPool, PoolEvent};
pub use pool::{MemoryPool, Pool};
pub use proxy::ProxyPool;
pub(crate) use registry::current_default;
pub use registry::{BACKENDS, default_pool, open_backend, set_default_pool};
pub(crate) use slab::Slab;
pub use statistics::Statistics;

/// Alignment and unit of growth of every buffer, in bytes; what Arrow recommends and SIMD code likes.
pub const ALIGNMENT: usize = 64;

/// The least multiple of `ALIGNMENT` that holds `size` bytes.
pub(crate) fn round_up(size: usize) -> crate::error::Result<usize> {
    if size > isize::MAX as usize - ALIGNMENT {
        return Err(too_large(size));
    }
    Ok(size.next_multiple_of(ALIGNMENT))
}

#[cold]
#[inline(never)]
fn too_large(size: usize) -> crate::error::Error {
    crate::error::error!(OutOfMemory, "a buffer of {size} bytes does not fit the address space")
}

//! Pools, large blocks, builders and buffers against plain models.
#![allow(clippy::undocumented_unsafe_blocks, reason = "a test keeps its promises or fails")]

use super::*;
use crate::error::{ErrorKind, Result};
use proptest::prelude::*;
use std::ptr::NonNull;

fn backends() -> Vec<Pool> {
    BACKENDS.iter().filter_map(|backend| open_backend(backend.name).ok()).collect()
}

/// A pool with figures of its own over each back end.
fn fresh_pools() -> Vec<Pool> {
    backends().into_iter().map(|pool| Pool::new(ProxyPool::new(pool)).unwrap()).collect()
}

/// Sizes on both sides of every border: nothing, small, the large-block threshold, huge pages.
fn sizes() -> impl Strategy<Value = usize> {
    prop_oneof![
        Just(0usize),
        1usize..5000,
        (large::LARGE - 70)..(large::LARGE + 70),
        (large::LARGE..6 * large::LARGE),
        (9usize << 20)..(20usize << 20),
    ]
}

struct Block {
    data: NonNull<u8>,
    size: usize,
    alignment: usize,
    stamp: u8,
}

impl Block {
    /// Stamps both ends: writing whole blocks would test the memory and not the pool.
    fn stamp(&mut self, stamp: u8) {
        self.stamp = stamp;
        self.ends(self.size).for_each(|byte| unsafe { byte.write(stamp) });
    }

    fn ends(&self, size: usize) -> impl Iterator<Item = NonNull<u8>> + use<> {
        let data = self.data;
        let edge = size.min(100);
        (0..edge).chain(size - edge..size).map(move |at| unsafe { data.add(at) })
    }

    fn is_intact(&self) -> bool {
        self.ends(self.size).all(|byte| unsafe { byte.read() } == self.stamp)
    }

    /// Only the front survives a change of size for sure.
    fn front_is_intact(&self, size: usize) -> bool {
        (0..size.min(100)).all(|at| unsafe { self.data.add(at).read() } == self.stamp)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Any sequence of calls keeps contents, alignment and the figures right, on every back end.
    #[test]
    fn pools_keep_contents_and_count(steps in prop::collection::vec((sizes(), 0u32..22, 0usize..8), 1..40)) {
        for pool in fresh_pools() {
            let mut blocks: Vec<Block> = Vec::new();
            for (step, (size, alignment, what)) in steps.iter().copied().enumerate() {
                if what < 4 || blocks.is_empty() {
                    let alignment = 1 << alignment;
                    let data = pool.allocate(size, alignment).unwrap();
                    prop_assert_eq!(data.addr().get() % alignment, 0);
                    let mut block = Block { data, size, alignment, stamp: 0 };
                    block.stamp(step as u8);
                    blocks.push(block);
                } else if what < 7 {
                    let at = step % blocks.len();
                    let block = &mut blocks[at];
                    block.data = unsafe { pool.reallocate(block.data, block.size, size, block.alignment) }.unwrap();
                    prop_assert_eq!(block.data.addr().get() % block.alignment, 0);
                    prop_assert!(block.front_is_intact(size.min(block.size)));
                    block.size = size;
                    block.stamp(step as u8);
                } else {
                    let block = blocks.swap_remove(step % blocks.len());
                    prop_assert!(block.is_intact());
                    unsafe { pool.free(block.data, block.size, block.alignment) };
                }
                let live: usize = blocks.iter().map(|block| block.size).sum();
                prop_assert_eq!(pool.statistics().bytes_allocated(), live as i64);
                prop_assert!(pool.statistics().max_memory() >= live as i64);
            }
            for block in blocks {
                unsafe { pool.free(block.data, block.size, block.alignment) };
            }
            prop_assert_eq!(pool.statistics().bytes_allocated(), 0);
        }
    }

    /// A builder is a vector.
    #[test]
    fn builders_hold_what_was_appended(pieces in prop::collection::vec((0usize..70_000, 0usize..4), 0..20)) {
        let pool = Pool::new(ProxyPool::new(default_pool())).unwrap();
        let mut builder = BufferBuilder::new(pool.clone());
        let mut model = Vec::new();
        for (step, (size, what)) in pieces.into_iter().enumerate() {
            match what {
                0 => {
                    builder.truncate(size);
                    model.truncate(size);
                }
                1 => {
                    builder.discard_front(size.min(model.len()));
                    model.drain(..size.min(model.len()));
                }
                _ => {
                    builder.append(&vec![step as u8; size]).unwrap();
                    model.resize(model.len() + size, step as u8);
                }
            }
            prop_assert_eq!(builder.as_slice(), &model[..]);
        }
        let buffer = builder.finish().unwrap();
        prop_assert_eq!(buffer.as_slice(), &model[..]);
        prop_assert_eq!(buffer.capacity(), model.len().next_multiple_of(64));
        prop_assert_eq!(pool.statistics().bytes_allocated(), buffer.capacity() as i64);
        drop((buffer, builder));
        prop_assert_eq!(pool.statistics().bytes_allocated(), 0);
    }

    /// A slice of a slice is a slice of the bytes, and refers to the root.
    #[test]
    fn slices_are_views(size in 0usize..300, cuts in prop::collection::vec((0usize..320, 0usize..320), 1..6)) {
        let bytes: Vec<u8> = (0..size).map(|at| at as u8).collect();
        let root = Buffer::copy_of(&default_pool(), &bytes).unwrap();
        let mut buffer = root.clone();
        let mut model = &bytes[..];
        for (offset, size) in cuts {
            match (buffer.slice(offset, size), model.get(offset..offset + size)) {
                (Ok(slice), Some(part)) => {
                    prop_assert_eq!(slice.as_slice(), part);
                    prop_assert_eq!(slice.parent().unwrap().data(), root.data());
                    (buffer, model) = (slice, part);
                }
                (Err(error), None) => prop_assert_eq!(error.kind(), ErrorKind::IndexError),
                (slice, part) => prop_assert!(false, "{:?} against {part:?}", slice.map(|slice| slice.size())),
            }
        }
    }
}

#[test]
fn large_blocks_grow_at_their_place() {
    // Pools with nothing kept, to which a block might move instead.
    for pool in [
        Pool::new(AccountedPool::backend(c"test", system::System)).unwrap(),
        Pool::new(AccountedPool::backend(c"test", mimalloc::Mimalloc)).unwrap(),
    ] {
        let mut block = Block { data: pool.allocate(16 << 20, 64).unwrap(), size: 16 << 20, alignment: 64, stamp: 0 };
        block.stamp(7);
        let grow = |block: &Block, size: usize| unsafe { pool.reallocate(block.data, block.size, size, 64) }.unwrap();
        // The first growth may move it to where there is room; from then on it stays.
        block.data = grow(&block, 40 << 20);
        assert!(block.is_intact());
        block.size = 40 << 20;
        let place = block.data;
        for size in [41 << 20, 300 << 20, 1 << 30, 2 << 20, 3 << 30] {
            block.data = grow(&block, size);
            block.size = size;
            assert_eq!(block.data, place);
            assert!(block.front_is_intact(100));
        }
        unsafe { pool.free(block.data, block.size, 64) };
        pool.inner().release_unused();
    }
}

#[test]
fn freed_large_blocks_are_used_again() {
    let pool = open_backend(c"system").unwrap();
    let first = pool.allocate(5 << 20, 64).unwrap();
    unsafe { pool.free(first, 5 << 20, 64) };
    let second = pool.allocate(5 << 20, 64).unwrap();
    assert_eq!(first, second);
    unsafe { pool.free(second, 5 << 20, 64) };
    pool.inner().release_unused();
}

#[test]
fn absurd_sizes_are_errors() {
    for pool in backends() {
        for size in [isize::MAX as usize, isize::MAX as usize - 63, 1 << 60, usize::MAX] {
            assert_eq!(pool.allocate(size, 64).unwrap_err().kind(), ErrorKind::OutOfMemory);
            assert_eq!(Buffer::allocate(&pool, size).err().map(|error| error.kind()), Some(ErrorKind::OutOfMemory));
        }
        let buffer = Buffer::allocate_resizable(&pool, 100).unwrap();
        assert_eq!(buffer.resize(usize::MAX - 10, false).unwrap_err().kind(), ErrorKind::OutOfMemory);
        assert_eq!((buffer.size(), buffer.capacity()), (100, 128));
    }
}

#[test]
fn a_builder_near_a_limit_takes_what_it_needs() -> Result<()> {
    let pool = Pool::new(CappedPool::new(default_pool(), 1000 * 64))?;
    let mut builder = BufferBuilder::new(pool.clone());
    for _ in 0..1000 {
        builder.append(&[1; 64])?;
    }
    assert_eq!(builder.append(&[1]).unwrap_err().kind(), ErrorKind::OutOfMemory);
    assert_eq!(builder.finish()?.as_slice(), &[1; 64_000]);
    Ok(())
}

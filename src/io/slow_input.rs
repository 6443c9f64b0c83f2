//! A file that is slower than it is, to try what reads it.

use super::Capabilities;
use super::file::File;
use super::read_range::ReadRange;
use super::stream::{RandomAccess, Stream, Whence};
use crate::error::{Error, Result};
use crate::memory::Pool;
use crate::shared::Shared;
use crate::sys::sleep;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How long every read of a slow file waits before it begins.
#[derive(Clone, Copy, Debug, Default)]
pub struct Latency {
    /// Nanoseconds on average.
    pub mean: i64,
    /// By how many they differ, as the standard deviation.
    pub deviation: i64,
    /// The same seed makes the same waits.
    pub seed: u64,
}

/// A file that reads `raw`, and waits before every read. Closing it closes `raw`.
pub fn slow_input(raw: &File, latency: Latency) -> Result<File> {
    raw.check_base(Capabilities::READ, "slow down")?;
    let pool = raw.pool_of_reads();
    let source = Source { raw: raw.clone(), latency, state: AtomicU64::new(latency.seed), pool: pool.clone() };
    File::new(SlowInput(Shared::try_new(source)?), format_args!("a slow {}", raw.name()), &pool, 0)
}

struct SlowInput(Shared<Source>);

struct Source {
    raw: File,
    latency: Latency,
    /// Of the random numbers.
    state: AtomicU64,
    pool: Pool,
}

impl Source {
    fn wait(&self) -> Result<()> {
        let wait = self.latency.mean as f64 + self.latency.deviation as f64 * self.normal();
        if wait >= 1.0 { sleep(wait as i64).map_err(Error::from_os) } else { Ok(()) }
    }

    /// A random number from about a normal distribution around 0, with a deviation of 1: the sum of many from an even one.
    fn normal(&self) -> f64 {
        if self.latency.deviation == 0 {
            return 0.0;
        }
        (0..12).map(|_| (self.random() >> 11) as f64 / (1u64 << 53) as f64).sum::<f64>() - 6.0
    }

    /// By Steele, Lea and Flood's SplitMix64, whose states are simply counted.
    fn random(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let state = self.state.fetch_add(STEP, Relaxed).wrapping_add(STEP);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Stream for SlowInput {
    fn capabilities(&self) -> Capabilities {
        use Capabilities as Can;
        let can = |what: Can| what.when(self.0.raw.capabilities().contains(what));
        Can::READ | can(Can::SEEK) | can(Can::READ_AT) | can(Can::SIZE)
    }

    fn beneath(&self) -> Option<&File> {
        Some(&self.0.raw)
    }

    fn random_access(&self) -> Option<Shared<dyn RandomAccess>> {
        let source = self.0.clone();
        self.capabilities().contains(Capabilities::READ_AT).then(|| source.unsize(|p| p as *mut _))
    }

    fn read(&mut self, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        self.0.wait()?;
        self.0.raw.read_some(dst)
    }

    fn skip(&mut self, size: usize) -> Result<Option<()>> {
        self.0.raw.advance(size).map(Some)
    }

    fn seek(&mut self, offset: i64, whence: Whence) -> Result<i64> {
        self.0.raw.seek(offset, whence)
    }

    fn tell(&self) -> Result<i64> {
        self.0.raw.tell()
    }

    fn size(&self) -> Result<i64> {
        self.0.raw.size()
    }
}

impl RandomAccess for Source {
    fn read_at(&self, offset: usize, dst: &mut [MaybeUninit<u8>]) -> Result<usize> {
        self.wait()?;
        self.raw.read_at(offset, dst)
    }

    fn size_hint(&self) -> Option<usize> {
        self.raw.size_hint()
    }

    fn will_need(&self, ranges: &[ReadRange]) -> Result<()> {
        self.raw.will_need(ranges)
    }

    fn pool(&self) -> &Pool {
        &self.pool
    }
}

//! Brotli: decoded by brotli-decompressor, encoded by libbrotli.
#![allow(unsafe_code, reason = "libbrotli, and memory for the decoder")]

use super::state_memory::{self, Cells, Plain, StateMemory};
use super::{Codec, Decoder, DecoderOptions, Encoder, EncoderOptions, Goal, Levels, Step, Streaming};
use crate::error::{Error, Result, error};
use crate::memory::ALIGNMENT;
use crate::shared::try_box;
use crate::sys::Pages;
use brotli_decompressor::{
    Allocator, BrotliDecoderErrorCode as ErrorCode, BrotliDecoderHasMoreOutput, BrotliDecoderTakeOutput,
    BrotliDecompressStream, BrotliResult, BrotliState, HuffmanCode, SliceWrapper, SliceWrapperMut,
};
use compu_brotli_sys as libbrotli;
use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

pub(super) const CODEC: Codec = Codec {
    id: 10,
    name: c"brotli",
    other_names: &["br"],
    suffixes: &[".br"],
    levels: Some(Levels { least: 0, default: 8, greatest: 11 }),
    windows: Some([10, 24]),
    // What cannot be compressed is stored, with a few bytes for each 64 KiB at most.
    max_compressed_size: |size| size + (size >> 12) + 64,
    streaming: Some(Streaming {
        decoder: |options| Ok(try_box(BrotliDecoder::new(options)?)?),
        encoder: |options, level| Ok(try_box(BrotliEncoder::new(options, level)?)?),
    }),
    ..Codec::BASE
};

type State = BrotliState<Source, Source, Source>;

/// The decoder gives nothing more once it failed. So it gets little at once, and what came of that is taken before the next.
const PIECE: usize = 16 << 10;

struct BrotliDecoder {
    // Freed first.
    state: State,
    memory: Box<StateMemory>,
}

impl BrotliDecoder {
    fn new(options: &DecoderOptions) -> Result<Self> {
        let memory = StateMemory::new(&options.pool, options.memory_limit)?;
        Ok(Self { state: new_state(&memory), memory })
    }

    /// Takes what is decoded; whether that is all.
    fn take_output(&mut self, output: &mut [MaybeUninit<u8>], step: &mut Step) -> bool {
        while BrotliDecoderHasMoreOutput(&self.state) {
            let room = &mut output[step.produced..];
            if room.is_empty() {
                return false;
            }
            let mut size = room.len();
            let bytes = BrotliDecoderTakeOutput(&mut self.state, &mut size);
            room[..bytes.len()].write_copy_of_slice(bytes);
            step.produced += bytes.len();
        }
        true
    }

    /// Decodes a piece of the input, into the window.
    fn decode_piece(&mut self, input: &[u8], step: &mut Step) -> BrotliResult {
        let rest = &input[step.consumed..];
        let piece = &rest[..rest.len().min(PIECE)];
        let mut taken = 0;
        let state = &mut self.state;
        let result =
            BrotliDecompressStream(&mut piece.len(), &mut taken, piece, &mut 0, &mut 0, &mut [], &mut 0, state);
        step.consumed += taken;
        result
    }

    #[cold]
    fn failure(&self) -> Error {
        use ErrorCode::*;
        match self.state.error_code {
            BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES
            | BROTLI_DECODER_ERROR_ALLOC_TREE_GROUPS
            | BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MAP
            | BROTLI_DECODER_ERROR_ALLOC_RING_BUFFER_1
            | BROTLI_DECODER_ERROR_ALLOC_RING_BUFFER_2
            | BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES => {
                self.memory.failure(error!(OutOfMemory, "the brotli decoder had no memory"))
            }
            code => error!(IoError, "the brotli data is damaged: {code:?}"),
        }
    }
}

impl Decoder for BrotliDecoder {
    fn decode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], step: &mut Step) -> Result<()> {
        while self.take_output(output, step) {
            match self.decode_piece(input, step) {
                BrotliResult::ResultFailure => return Err(self.failure()),
                BrotliResult::ResultSuccess => {
                    step.finished = true;
                    return Ok(());
                }
                BrotliResult::NeedsMoreInput if step.consumed == input.len() => {
                    self.take_output(output, step);
                    return Ok(());
                }
                BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => {}
            }
        }
        Ok(())
    }

    fn restart(&mut self) -> Result<()> {
        self.state = new_state(&self.memory);
        Ok(())
    }
}

/// A state for one stream, with windows up to the 16 MiB of the standard.
fn new_state(memory: &StateMemory) -> State {
    let source = || Source(memory.opaque());
    BrotliState::new_strict(source(), source(), source())
}

/// Where the decoder gets memory.
struct Source(*mut c_void);

// SAFETY: it stands for a `StateMemory`, which is for all threads.
unsafe impl Send for Source {}

// SAFETY: two numbers.
unsafe impl Plain for HuffmanCode {}

impl<T: Plain> Allocator<T> for Source {
    type AllocatedMemory = Cells<T>;

    fn alloc_cell(&mut self, count: usize) -> Cells<T> {
        // SAFETY: the memory outlives the state, which has this.
        unsafe { Cells::take(self.0, count) }.unwrap_or_default()
    }

    fn free_cell(&mut self, _: Cells<T>) {}
}

impl<T> SliceWrapper<T> for Cells<T> {
    fn slice(&self) -> &[T] {
        self.as_slice()
    }
}

impl<T> SliceWrapperMut<T> for Cells<T> {
    fn slice_mut(&mut self) -> &mut [T] {
        self.as_mut_slice()
    }
}

/// Where the encoder gets memory. libbrotli ends the process where it gets none, so then it gets some from a reserve, until the
/// call that it is needed in returns.
struct EncoderMemory {
    memory: Box<StateMemory>,
    /// Addresses that nobody else has; as much memory is behind them as is written to.
    reserve: Pages,
    /// So much of the reserve was taken.
    taken: AtomicUsize,
}

impl EncoderMemory {
    fn new(options: &EncoderOptions, level: i32) -> Result<Box<Self>> {
        let memory = StateMemory::new(&options.pool, usize::MAX)?;
        let window_log = if options.window_log > 0 { options.window_log } else { DEFAULT_WINDOW_LOG };
        // SAFETY: computes only.
        let peak = unsafe { libbrotli::BrotliEncoderEstimatePeakMemoryUsage(level, window_log as i32, usize::MAX) };
        // What is given back to the reserve is not taken from it again.
        let size = peak.saturating_mul(2).saturating_add(64 << 20);
        let reserve = Pages::reserve(size, 1).ok_or_else(|| Error::out_of_memory(size))?;
        let mut memory = try_box(Self { memory, reserve, taken: AtomicUsize::new(0) })?;
        let is_there = memory.reserve.commit(size);
        is_there.then_some(memory).ok_or_else(|| Error::out_of_memory(size))
    }

    /// Fails if the reserve was needed.
    fn check(&self) -> Result<()> {
        match self.taken.load(Relaxed) {
            0 => Ok(()),
            taken => Err(self.memory.failure(Error::out_of_memory(taken))),
        }
    }

    fn take_from_reserve(&self, size: usize) -> *mut c_void {
        let whole = size.next_multiple_of(ALIGNMENT);
        let at = self.taken.fetch_add(whole, Relaxed);
        if whole > self.reserve.committed.saturating_sub(at) {
            return null_mut();
        }
        // SAFETY: there are so many bytes.
        unsafe { self.reserve.base.add(at).as_ptr().cast() }
    }
}

impl Drop for EncoderMemory {
    fn drop(&mut self) {
        self.reserve.unmap();
    }
}

/// # Safety
/// `opaque` is a living `EncoderMemory`.
unsafe extern "C" fn allocate(opaque: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise.
    let memory = unsafe { &*opaque.cast::<EncoderMemory>() };
    // SAFETY: it lives as long.
    let data = unsafe { state_memory::allocate(memory.memory.opaque(), size) };
    if data.is_null() { memory.take_from_reserve(size) } else { data }
}

/// # Safety
/// As for `allocate`; `data` is NULL or came from it and is not used again.
unsafe extern "C" fn free(opaque: *mut c_void, data: *mut c_void) {
    // SAFETY: the caller's promise.
    let memory = unsafe { &*opaque.cast::<EncoderMemory>() };
    let reserve = memory.reserve.base.addr().get();
    if !(reserve..reserve + memory.reserve.reserved).contains(&data.addr()) {
        // SAFETY: what is not of the reserve came from there.
        unsafe { state_memory::free(memory.memory.opaque(), data) };
    }
}

/// The window where nothing is said, libbrotli's default.
const DEFAULT_WINDOW_LOG: u32 = 22;

/// So much the encoder gets at once, so that a lack of memory shows soon.
const ENCODER_PIECE: usize = 4 << 20;

struct BrotliEncoder {
    state: NonNull<libbrotli::BrotliEncoderState>,
    memory: Box<EncoderMemory>,
}

// SAFETY: the state belongs to whoever has it, on whatever thread; so does its memory, whose pool is for all threads.
unsafe impl Send for BrotliEncoder {}

impl BrotliEncoder {
    fn new(options: &EncoderOptions, level: i32) -> Result<Self> {
        let memory = EncoderMemory::new(options, level)?;
        let opaque = std::ptr::from_ref(&*memory).cast_mut().cast();
        // SAFETY: the memory outlives the state, as both are freed together.
        let state = unsafe { libbrotli::BrotliEncoderCreateInstance(Some(allocate), Some(free), opaque) };
        let state = NonNull::new(state).ok_or_else(|| error!(OutOfMemory, "libbrotli has no memory"))?;
        let encoder = Self { state, memory };
        encoder.set(libbrotli::BrotliEncoderParameter_BROTLI_PARAM_QUALITY, level.unsigned_abs());
        if options.window_log > 0 {
            encoder.set(libbrotli::BrotliEncoderParameter_BROTLI_PARAM_LGWIN, options.window_log);
        }
        encoder.memory.check()?;
        Ok(encoder)
    }

    /// Sets what was checked beforehand.
    fn set(&self, parameter: libbrotli::BrotliEncoderParameter, value: u32) {
        // SAFETY: the state lives.
        unsafe { libbrotli::BrotliEncoderSetParameter(self.state.as_ptr(), parameter, value) };
    }

    /// One call of libbrotli; counts in `step`, and says whether all is done.
    fn step(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], goal: Goal, step: &mut Step) -> Result<bool> {
        let operation = match goal {
            Goal::Continue => libbrotli::BrotliEncoderOperation_BROTLI_OPERATION_PROCESS,
            Goal::Flush => libbrotli::BrotliEncoderOperation_BROTLI_OPERATION_FLUSH,
            Goal::Finish => libbrotli::BrotliEncoderOperation_BROTLI_OPERATION_FINISH,
        };
        let output = &mut output[step.produced..];
        let (mut left, mut source) = (input.len(), input.as_ptr());
        let (mut room, mut target) = (output.len(), output.as_mut_ptr().cast());
        let state = self.state.as_ptr();
        self.memory.check()?;
        // SAFETY: the state lives; both pieces of memory are as long as they say.
        let is_done = unsafe {
            libbrotli::BrotliEncoderCompressStream(
                state,
                operation,
                &mut left,
                &mut source,
                &mut room,
                &mut target,
                null_mut(),
            )
        };
        self.memory.check()?;
        if is_done == 0 {
            return Err(error!(Internal, "the brotli encoder failed"));
        }
        step.consumed += input.len() - left;
        step.produced += output.len() - room;
        // SAFETY: the state lives.
        let is_pending = unsafe { libbrotli::BrotliEncoderHasMoreOutput(state) } != 0;
        Ok(match goal {
            Goal::Continue => left == 0,
            Goal::Flush => left == 0 && !is_pending,
            // SAFETY: as above.
            Goal::Finish => unsafe { libbrotli::BrotliEncoderIsFinished(state) != 0 },
        })
    }
}

impl Encoder for BrotliEncoder {
    fn encode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], goal: Goal) -> Result<Step> {
        let mut step = Step::default();
        loop {
            let rest = &input[step.consumed..];
            if rest.len() <= ENCODER_PIECE {
                step.finished = self.step(rest, output, goal, &mut step)?;
                return Ok(step);
            }
            if !self.step(&rest[..ENCODER_PIECE], output, Goal::Continue, &mut step)? {
                return Ok(step);
            }
        }
    }
}

impl Drop for BrotliEncoder {
    fn drop(&mut self) {
        // SAFETY: created by the function that this one belongs to, and not used again.
        unsafe { libbrotli::BrotliEncoderDestroyInstance(self.state.as_ptr()) };
    }
}

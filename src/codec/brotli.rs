//! Brotli: decoded by brotli-decompressor, encoded by libbrotli.
#![allow(unsafe_code, reason = "libbrotli, and memory for the decoder")]

use super::state_memory::{self, Cells, Plain, StateMemory};
use super::{Codec, Decoder, DecoderOptions, Encoder, EncoderOptions, Goal, Levels, Step, Streaming};
use crate::error::{Error, Result, error};
use crate::shared::try_box;
use brotli_decompressor::{
    Allocator, BrotliDecoderErrorCode as ErrorCode, BrotliDecoderHasMoreOutput, BrotliDecoderTakeOutput,
    BrotliDecompressStream, BrotliResult, BrotliState, HuffmanCode, SliceWrapper, SliceWrapperMut,
};
use compu_brotli_sys as libbrotli;
use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ptr::{NonNull, null_mut};

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

struct BrotliEncoder {
    state: NonNull<libbrotli::BrotliEncoderState>,
    memory: Box<StateMemory>,
}

// SAFETY: the state belongs to whoever has it, on whatever thread; so does its memory, whose pool is for all threads.
unsafe impl Send for BrotliEncoder {}

impl BrotliEncoder {
    fn new(options: &EncoderOptions, level: i32) -> Result<Self> {
        let memory = StateMemory::new(&options.pool, usize::MAX)?;
        // SAFETY: the memory outlives the state, as both are freed together.
        let state = unsafe {
            libbrotli::BrotliEncoderCreateInstance(
                Some(state_memory::allocate),
                Some(state_memory::free),
                memory.opaque(),
            )
        };
        let state =
            NonNull::new(state).ok_or_else(|| memory.failure(error!(OutOfMemory, "libbrotli has no memory")))?;
        let encoder = Self { state, memory };
        encoder.set(libbrotli::BrotliEncoderParameter_BROTLI_PARAM_QUALITY, level.unsigned_abs());
        if options.window_log > 0 {
            encoder.set(libbrotli::BrotliEncoderParameter_BROTLI_PARAM_LGWIN, options.window_log);
        }
        Ok(encoder)
    }

    /// Sets what was checked beforehand.
    fn set(&self, parameter: libbrotli::BrotliEncoderParameter, value: u32) {
        // SAFETY: the state lives.
        unsafe { libbrotli::BrotliEncoderSetParameter(self.state.as_ptr(), parameter, value) };
    }
}

impl Encoder for BrotliEncoder {
    fn encode(&mut self, input: &[u8], output: &mut [MaybeUninit<u8>], goal: Goal) -> Result<Step> {
        let operation = match goal {
            Goal::Continue => libbrotli::BrotliEncoderOperation_BROTLI_OPERATION_PROCESS,
            Goal::Flush => libbrotli::BrotliEncoderOperation_BROTLI_OPERATION_FLUSH,
            Goal::Finish => libbrotli::BrotliEncoderOperation_BROTLI_OPERATION_FINISH,
        };
        let (mut left, mut source) = (input.len(), input.as_ptr());
        let (mut room, mut target) = (output.len(), output.as_mut_ptr().cast());
        let state = self.state.as_ptr();
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
        if is_done == 0 {
            return Err(self.memory.failure(error!(Internal, "the brotli encoder failed")));
        }
        // SAFETY: the state lives.
        let is_pending = unsafe { libbrotli::BrotliEncoderHasMoreOutput(state) } != 0;
        let finished = match goal {
            Goal::Continue => left == 0,
            Goal::Flush => left == 0 && !is_pending,
            // SAFETY: as above.
            Goal::Finish => unsafe { libbrotli::BrotliEncoderIsFinished(state) != 0 },
        };
        Ok(Step { consumed: input.len() - left, produced: output.len() - room, finished, wants: 0 })
    }
}

impl Drop for BrotliEncoder {
    fn drop(&mut self) {
        // SAFETY: created by the function that this one belongs to, and not used again.
        unsafe { libbrotli::BrotliEncoderDestroyInstance(self.state.as_ptr()) };
    }
}

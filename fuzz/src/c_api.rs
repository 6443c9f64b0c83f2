//! What the harness needs of the C interface: there, files may be made of functions that give as little as they like.

use std::ffi::{CStr, c_char, c_void};
use std::ptr::{null, null_mut};

/// What a call came to: nothing where it is done.
type Status = i32;
/// Any of the library's things.
type Pointer = *mut c_void;

#[repr(C)]
struct Callbacks {
    struct_size: usize,
    name: *const c_char,
    /// Those behind it are not given.
    read: unsafe extern "C" fn(Pointer, *mut u8, i64, *mut i64, *mut Pointer) -> Status,
}

/// How to decompress.
#[repr(C)]
pub struct Options {
    struct_size: usize,
    pool: Pointer,
    dictionary: *const c_void,
    dictionary_size: i64,
    pub max_output_size: i64,
    pub max_ratio: i64,
    pub memory_limit: i64,
    pub threads: i32,
    pub trailing: u32,
}

// SAFETY: as in include/arrowio.h; structs are cut off behind what is known here, which their sizes tell.
unsafe extern "C" {
    fn arrowio_error_status(error: Pointer) -> Status;
    fn arrowio_error_message(error: Pointer) -> *const c_char;
    fn arrowio_error_release(error: Pointer);
    fn arrowio_pool_open(name: *const c_char, out: *mut Pointer, error: *mut Pointer) -> Status;
    fn arrowio_pool_new_capped(parent: Pointer, limit: i64, out: *mut Pointer, error: *mut Pointer) -> Status;
    fn arrowio_pool_bytes_allocated(pool: Pointer) -> i64;
    fn arrowio_pool_max_memory(pool: Pointer) -> i64;
    fn arrowio_pool_release(pool: Pointer);
    fn arrowio_buffer_data(buffer: Pointer) -> *const u8;
    fn arrowio_buffer_size(buffer: Pointer) -> i64;
    fn arrowio_buffer_release(buffer: Pointer);
    fn arrowio_callback_file_new(
        callbacks: *const Callbacks,
        user_data: Pointer,
        out: *mut Pointer,
        error: *mut Pointer,
    ) -> Status;
    fn arrowio_compressed_input_stream_new(
        raw: Pointer,
        codec: u32,
        options: *const Options,
        out: *mut Pointer,
        error: *mut Pointer,
    ) -> Status;
    fn arrowio_file_read(file: Pointer, room: *mut u8, size: i64, count: *mut i64, error: *mut Pointer) -> Status;
    fn arrowio_file_raw_tell(file: Pointer, position: *mut i64, error: *mut Pointer) -> Status;
    fn arrowio_file_release(file: Pointer);
    fn arrowio_codec_decompress(
        codec: u32,
        data: *const u8,
        size: i64,
        options: *const Options,
        room: *mut u8,
        capacity: i64,
        produced: *mut i64,
        consumed: *mut i64,
        error: *mut Pointer,
    ) -> Status;
    fn arrowio_codec_decompress_buffer(
        codec: u32,
        data: *const u8,
        size: i64,
        options: *const Options,
        out: *mut Pointer,
        consumed: *mut i64,
        error: *mut Pointer,
    ) -> Status;
}

/// Why something failed.
#[derive(Debug)]
pub struct Failure {
    pub status: Status,
    pub message: String,
}

/// A reference, with what releases it.
struct Handle(Pointer, unsafe extern "C" fn(Pointer));

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the one reference; NULL is fine.
        unsafe { (self.1)(self.0) };
    }
}

/// Does a call, and gives its error.
fn call(function: impl FnOnce(*mut Pointer) -> Status) -> Result<(), Failure> {
    let mut error = null_mut();
    let status = function(&mut error);
    let error = Handle(error, arrowio_error_release);
    if status == 0 {
        assert!(error.0.is_null(), "an error without a status");
        return Ok(());
    }
    // SAFETY: the error of the failure, whose message lives as long.
    let (told, message) = unsafe { (arrowio_error_status(error.0), CStr::from_ptr(arrowio_error_message(error.0))) };
    assert_eq!(told, status);
    Err(Failure { status, message: message.to_string_lossy().into_owned() })
}

/// Does a call that gives a reference.
fn make(
    release: unsafe extern "C" fn(Pointer),
    function: impl FnOnce(*mut Pointer, *mut Pointer) -> Status,
) -> Result<Handle, Failure> {
    let mut made = Handle(null_mut(), release);
    call(|error| function(&mut made.0, error))?;
    Ok(made)
}

pub struct Pool(Handle);

impl Pool {
    /// A pool of at most so many bytes, of the system's allocator, which sanitizers know.
    pub fn new(limit: i64) -> Result<Self, Failure> {
        // SAFETY: a name, places, and a pool that the other one keeps.
        unsafe {
            let parent = make(arrowio_pool_release, |out, error| arrowio_pool_open(c"system".as_ptr(), out, error))?;
            make(arrowio_pool_release, |out, error| arrowio_pool_new_capped(parent.0, limit, out, error)).map(Self)
        }
    }

    pub fn in_use(&self) -> i64 {
        // SAFETY: the pool lives.
        unsafe { arrowio_pool_bytes_allocated(self.0.0) }
    }

    pub fn most_used(&self) -> i64 {
        // SAFETY: the pool lives.
        unsafe { arrowio_pool_max_memory(self.0.0) }
    }
}

impl Options {
    /// The defaults, with the memory of a pool, which must live as long.
    pub fn new(pool: &Pool) -> Self {
        Self {
            struct_size: size_of::<Self>(),
            pool: pool.0.0,
            dictionary: null(),
            dictionary_size: 0,
            max_output_size: 0,
            max_ratio: 0,
            memory_limit: 0,
            threads: 0,
            trailing: 0,
        }
    }
}

pub struct Buffer(Handle);

impl Buffer {
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the buffer lives and nobody writes to it.
        unsafe { std::slice::from_raw_parts(arrowio_buffer_data(self.0.0), arrowio_buffer_size(self.0.0) as usize) }
    }
}

/// Decompresses by one call to a buffer; gives also how many bytes of `data` it used.
pub fn decompress_to_buffer(codec: u32, data: &[u8], options: &Options) -> Result<(Buffer, usize), Failure> {
    let (data, size, mut consumed) = (data.as_ptr(), data.len() as i64, 0);
    // SAFETY: memory with its size, options of a pool that lives, and places.
    let buffer = make(arrowio_buffer_release, |out, error| unsafe {
        arrowio_codec_decompress_buffer(codec, data, size, options, out, &mut consumed, error)
    })?;
    Ok((Buffer(buffer), consumed as usize))
}

/// Decompresses by one call to `room`; gives how many bytes came out and how many of `data` it used.
pub fn decompress(codec: u32, data: &[u8], options: &Options, room: &mut [u8]) -> Result<(usize, usize), Failure> {
    let (data, size, mut produced, mut consumed) = (data.as_ptr(), data.len() as i64, 0, 0);
    let (room, capacity) = (room.as_mut_ptr(), room.len() as i64);
    // SAFETY: memory with its sizes, options of a pool that lives, and places.
    call(|error| unsafe {
        arrowio_codec_decompress(codec, data, size, options, room, capacity, &mut produced, &mut consumed, error)
    })?;
    Ok((produced as usize, consumed as usize))
}

/// What a file gives, so many bytes at once.
pub struct Pieces<'a> {
    pub rest: &'a [u8],
    pub size: usize,
}

unsafe extern "C" fn read_piece(
    pieces: Pointer,
    room: *mut u8,
    size: i64,
    count: *mut i64,
    _error: *mut Pointer,
) -> Status {
    // SAFETY: the pieces that the file was made with.
    let pieces = unsafe { &mut *pieces.cast::<Pieces<'_>>() };
    let (piece, rest) = pieces.rest.split_at(pieces.rest.len().min(pieces.size).min(size as usize));
    // SAFETY: there is room for `size` bytes, and a place.
    unsafe {
        room.copy_from_nonoverlapping(piece.as_ptr(), piece.len());
        *count = piece.len() as i64;
    }
    pieces.rest = rest;
    0
}

/// A file that decompresses `pieces`.
pub struct Decompressed<'a> {
    file: Handle,
    _pieces: std::marker::PhantomData<&'a mut Pieces<'a>>,
}

impl<'a> Decompressed<'a> {
    pub fn open(codec: u32, pieces: &'a mut Pieces<'a>, options: &Options) -> Result<Self, Failure> {
        let callbacks = Callbacks { struct_size: size_of::<Callbacks>(), name: null(), read: read_piece };
        let user_data = std::ptr::from_mut(pieces).cast();
        // SAFETY: functions, with what they are to be given, which lives longer than the files, and places.
        unsafe {
            let raw =
                make(arrowio_file_release, |out, error| arrowio_callback_file_new(&callbacks, user_data, out, error))?;
            let file = make(arrowio_file_release, |out, error| {
                arrowio_compressed_input_stream_new(raw.0, codec, options, out, error)
            })?;
            Ok(Self { file, _pieces: std::marker::PhantomData })
        }
    }

    pub fn read(&self, room: &mut [u8]) -> Result<usize, Failure> {
        let (size, mut count) = (room.len() as i64, 0);
        // SAFETY: memory with its size, and places.
        call(|error| unsafe { arrowio_file_read(self.file.0, room.as_mut_ptr(), size, &mut count, error) })?;
        Ok(count as usize)
    }

    /// How many compressed bytes were used.
    pub fn consumed(&self) -> Result<usize, Failure> {
        let mut position = 0;
        // SAFETY: places.
        call(|error| unsafe { arrowio_file_raw_tell(self.file.0, &mut position, error) })?;
        Ok(position as usize)
    }
}

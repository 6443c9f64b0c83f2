//! The C layer. Every function checks its arguments, converts them, calls the core and converts the result; no logic.
//!
//! The caller's promise: a pointer given to an exported function is NULL or as its documentation in the header says: a
//! live handle, memory of the stated size, a NUL-terminated string. What can be checked is checked (NULL, negative
//! sizes, unknown constants); the rest is the promise that every `SAFETY` comment here rests on.
#![allow(non_camel_case_types, reason = "the names of the C interface")]
#![allow(clippy::missing_safety_doc, reason = "the documentation becomes the C header; the promise is stated above")]

mod arguments;
mod buffer;
mod buffered;
mod callback_file;
mod cancellation;
mod checksum;
mod codec;
mod compressed;
mod copy;
mod error;
mod executor;
mod fault_guard;
mod file;
mod file_info;
mod file_reading;
mod file_writing;
mod filesystem;
mod guard;
mod handle;
mod host;
mod host_pool;
mod memory_file;
mod memory_map;
mod operation;
mod os_file;
mod pool;
mod range_cache;
mod read_ahead;
mod read_many;
mod seekable;
mod segment;
mod shared_buffer;
mod standard_stream;
mod statistics;
mod stream;
mod system_file;
mod transform;
mod version;
mod wrapper;

#[cfg(test)]
mod tests;

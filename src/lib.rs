//! The memory and IO layer of Apache Arrow as a small, stable C ABI.
//!
//! The rooms, from the bottom up; each uses only those named before it:
//!
//! * `sys`: every system call
//! * [`error`]: what went wrong, with the names and numbers; `shared`: counted references; `warning`: the last resort
//! * [`memory`]: pools that account for every byte, and buffers with zero-copy slices
//! * [`task`]: work that stops when the host says so, and work on other threads; above `memory`, for what such work gives is
//!   buffers, and below the files, whose waits it ends
//! * [`codec`]: compression, one codec a file
//! * [`io`]: files and streams, one class a file, all under the contract of `io::file`; in `io::filesystem` where they are,
//!   on this machine or on a cluster (HDFS)
//! * `ffi`: the C layer, one family a file; it checks, converts, calls and converts back
//!
//! The C header `include/arrowio.h` is generated from `ffi`.
#![deny(unsafe_code)]

pub mod codec;
pub mod error;
pub mod io;
#[allow(unsafe_code, reason = "memory is handed out and shared by address")]
pub mod memory;
pub mod task;

#[allow(unsafe_code, reason = "the C boundary")]
mod ffi;
#[allow(unsafe_code, reason = "counted references")]
mod shared;
#[allow(unsafe_code, reason = "system calls")]
mod sys;
mod warning;

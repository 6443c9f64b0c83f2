//! The memory and IO layer of Apache Arrow as a small, stable C ABI.
#![allow(missing_docs)]
mod ffi;

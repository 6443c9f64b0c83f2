//! Work that others may stop, and work on other threads.
//!
//! * `cancellation`: the host's word to stop, at once or by a deadline
//! * `scope`: what the calling thread's work stops for

mod cancellation;
mod scope;

pub use cancellation::Cancellation;
pub(crate) use scope::{Cancellable, Scope, check, wait};

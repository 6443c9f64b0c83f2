//! Work that the host may stop, and work on other threads.
//!
//! * `cancellation`: the host's word to stop, at once or by a deadline
//! * `scope`: what the calling thread's work stops for
//! * `executor`: threads that the host asked for
//! * `operation`: work that is done by an executor while the host goes on

mod cancellation;
#[allow(unsafe_code, reason = "threads")]
mod executor;
mod operation;
mod scope;

pub use cancellation::Cancellation;
pub use executor::Executor;
pub(crate) use executor::{Task, check_process};
pub(crate) use operation::Completion;
pub use operation::{Operation, OperationOptions};
pub(crate) use scope::{Cancellable, Scope, check, wait};

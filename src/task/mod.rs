//! Work that the host may stop, and work on other threads.
//!
//! * `cancellation`: the host's word to stop, at once or by a deadline
//! * `scope`: what the calling thread's work stops for
//! * `executor`: threads that the host asked for
//! * `job`: work that is done by whoever comes first
//! * `operation`: work that is done by an executor while the host goes on
//! * `process`: whose threads and locks they are, for a child of a fork has neither
//! * `exclusive`, `readers`, `until_closed`: how threads share what one of them closes

mod cancellation;
#[allow(unsafe_code, reason = "a lock")]
mod exclusive;
#[allow(unsafe_code, reason = "threads")]
mod executor;
mod job;
mod operation;
mod process;
mod readers;
mod scope;
mod until_closed;

pub use cancellation::Cancellation;
pub(crate) use exclusive::{Exclusive, Held, reentry};
pub use executor::Executor;
pub(crate) use executor::Task;
pub(crate) use job::{Job, Work};
pub(crate) use operation::Completion;
pub use operation::{Operation, OperationOptions};
pub(crate) use process::Process;
pub(crate) use readers::Readers;
pub(crate) use scope::{Cancellable, Scope, check, wait};
pub(crate) use until_closed::{UntilClosed, closed};

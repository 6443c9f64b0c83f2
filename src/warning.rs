//! The one way in which the library speaks of its own accord: what went wrong where no caller could be told.

use crate::shared::{Counted, Shared};
use crate::sys::{read_lock, write_line_to_stderr, write_lock};
use std::fmt;
use std::sync::RwLock;

/// Receives a warning.
pub trait WarningHandler: Send + Sync {
    /// Called with one line of text; must not unwind.
    fn warn(&self, message: &std::ffi::CStr);
}

struct StandardError;

impl WarningHandler for StandardError {
    fn warn(&self, message: &std::ffi::CStr) {
        write_line_to_stderr(message.to_bytes());
    }
}

static STANDARD_ERROR: Counted<StandardError> = Counted::immortal(StandardError);
static HANDLER: RwLock<Option<Shared<dyn WarningHandler>>> = RwLock::new(None);

/// Sends warnings to `handler` from now on, or to standard error again.
pub(crate) fn set_handler(handler: Option<Shared<dyn WarningHandler>>) {
    let former = {
        let mut current = write_lock(&HANDLER);
        std::mem::replace(&mut *current, handler)
    };
    // Dropped with the lock open: the host's release function may itself call the library.
    drop(former);
}

/// Warns in one line.
#[cold]
pub(crate) fn warn(message: fmt::Arguments<'_>) {
    let handler = read_lock(&HANDLER).clone();
    let handler = handler.unwrap_or_else(|| Shared::from_static(&STANDARD_ERROR).unsize(|p| p));
    let text = crate::error::error!(Internal, "arrowio: {message}");
    handler.warn(text.message());
}

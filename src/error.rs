//! Errors: a kind, a message that names the thing, the place and the numbers, and the system's errno where there is one.

use crate::shared::{Counted, Shared};
use std::any::Any;
use std::ffi::CStr;
use std::fmt::{self, Write};

/// `Error::new` with the kind's bare name and a format string.
macro_rules! error {
    ($kind:ident, $($message:tt)+) => {
        $crate::error::Error::new($crate::error::ErrorKind::$kind, format_args!($($message)+))
    };
}
pub(crate) use error;

/// The result of everything that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, in the terms of Arrow's `StatusCode`; numbers from 100 are this library's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum ErrorKind {
    /// No memory, or a pool at its limit.
    OutOfMemory = 1,
    /// An argument or a state that makes no sense.
    Invalid = 4,
    /// The system or a codec failed.
    IoError = 5,
    /// A size that does not fit its type.
    CapacityError = 6,
    /// An offset outside its object.
    IndexError = 7,
    /// Cancelled by the host.
    Cancelled = 8,
    /// Not part of this build or not possible for this class.
    NotImplemented = 10,
    /// What was to be created is there already.
    AlreadyExists = 45,
    /// A defect of the library, caught.
    Internal = 100,
    /// The file was closed before.
    Closed = 101,
    /// A deadline passed.
    TimedOut = 102,
}

impl ErrorKind {
    const ALL: [(Self, &CStr, &CStr); 11] = [
        (Self::OutOfMemory, c"OUT_OF_MEMORY", c"out of memory"),
        (Self::Invalid, c"INVALID", c"invalid (no memory left to say what)"),
        (Self::IoError, c"IO_ERROR", c"input/output error (no memory left to say where)"),
        (Self::CapacityError, c"CAPACITY_ERROR", c"a size is too large (no memory left to say which)"),
        (Self::IndexError, c"INDEX_ERROR", c"an index is out of range (no memory left to say which)"),
        (Self::Cancelled, c"CANCELLED", c"cancelled"),
        (Self::NotImplemented, c"NOT_IMPLEMENTED", c"not implemented (no memory left to say what)"),
        (Self::AlreadyExists, c"ALREADY_EXISTS", c"exists already (no memory left to say what)"),
        (Self::Internal, c"INTERNAL", c"internal error (no memory left to say where)"),
        (Self::Closed, c"CLOSED", c"the file is closed"),
        (Self::TimedOut, c"TIMED_OUT", c"timed out"),
    ];

    /// The kind with a number.
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.iter().map(|(kind, ..)| *kind).find(|kind| *kind as i32 == number)
    }

    /// The kind's name, as in `ARROWIO_<name>`.
    pub fn name(self) -> &'static CStr {
        Self::ALL[self.position()].1
    }

    const fn position(self) -> usize {
        let mut at = 0;
        while Self::ALL[at].0 as i32 != self as i32 {
            at += 1;
        }
        at
    }
}

#[derive(Debug)]
enum Message {
    Owned(Vec<u8>),
    Static(&'static CStr),
}

#[derive(Debug)]
pub(crate) struct Report {
    kind: ErrorKind,
    os_error: i32,
    message: Message,
}

/// An error. One pointer wide, so that a `Result<()>` travels in a register.
#[derive(Clone)]
#[repr(transparent)]
pub struct Error(pub(crate) Shared<Report>);

/// What is reported when there is no memory for a report; one for each kind, so that the status is right even then.
static BARE: [Counted<Report>; ErrorKind::ALL.len()] = {
    const fn bare(at: usize) -> Counted<Report> {
        let (kind, _, text) = ErrorKind::ALL[at];
        Counted::immortal(Report { kind, os_error: 0, message: Message::Static(text) })
    }
    [bare(0), bare(1), bare(2), bare(3), bare(4), bare(5), bare(6), bare(7), bare(8), bare(9), bare(10)]
};

impl Error {
    /// An error with a formatted message.
    #[cold]
    pub fn new(kind: ErrorKind, message: fmt::Arguments<'_>) -> Self {
        Self::with_os_error(kind, 0, message)
    }

    /// An error that the system gave a number to, with the system's text for it. Two numbers are what waits end with by the
    /// host's word; no transfer has them.
    #[cold]
    pub fn from_os(os_error: i32) -> Self {
        let kind = match os_error {
            libc::ECANCELED => return error!(Cancelled, "it was cancelled"),
            libc::ETIME => return error!(TimedOut, "its deadline has passed"),
            libc::ENOMEM => ErrorKind::OutOfMemory,
            libc::EEXIST => ErrorKind::AlreadyExists,
            _ => ErrorKind::IoError,
        };
        Self::with_os_error(kind, os_error, format_args!("{}", crate::sys::ErrnoText(os_error)))
    }

    /// An error of the given kind and errno with a message that says it all.
    #[cold]
    pub fn with_os_error(kind: ErrorKind, os_error: i32, message: fmt::Arguments<'_>) -> Self {
        let Some(text) = try_format(format_args!("{message}\0")) else { return Self::bare(kind) };
        let report = Report { kind, os_error, message: Message::Owned(text.into_bytes()) };
        Shared::new_if_room(report).map_or_else(|| Self::bare(kind), Self)
    }

    /// Memory of `size` bytes could not be had.
    #[cold]
    pub fn out_of_memory(size: usize) -> Self {
        Self::new(ErrorKind::OutOfMemory, format_args!("allocation of {size} bytes failed"))
    }

    /// A panic that was caught.
    #[cold]
    pub(crate) fn from_panic(payload: Box<dyn Any + Send>) -> Self {
        let text = match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
            (Some(text), _) => text,
            (_, Some(text)) => text.as_str(),
            _ => "no message",
        };
        let error = error!(Internal, "a defect of libarrowio, please report it: {text}");
        // Dropping a payload of foreign type may panic again; only those of the standard macros are known not to.
        if !payload.is::<&str>() && !payload.is::<String>() {
            std::mem::forget(payload);
        }
        error
    }

    /// The same error with what was being done in front of its message.
    #[cold]
    pub fn context(self, doing: fmt::Arguments<'_>) -> Self {
        Self::with_os_error(self.kind(), self.os_error(), format_args!("{doing}: {}", self.text()))
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The system's errno, or 0.
    pub fn os_error(&self) -> i32 {
        self.0.os_error
    }

    /// The message, for C.
    pub fn message(&self) -> &CStr {
        match &self.0.message {
            Message::Static(text) => text,
            Message::Owned(bytes) => CStr::from_bytes_until_nul(bytes).unwrap_or_default(),
        }
    }

    fn text(&self) -> &str {
        self.message().to_str().unwrap_or_default()
    }

    fn bare(kind: ErrorKind) -> Self {
        Self(Shared::from_static(&BARE[kind.position()]))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.text())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?}: {}", self.kind(), self.text())
    }
}

impl std::error::Error for Error {}

/// Formats into memory that may run out; `None` when it does.
pub(crate) fn try_format(arguments: fmt::Arguments<'_>) -> Option<String> {
    let mut text = Text(String::new());
    text.write_fmt(arguments).ok()?;
    Some(text.0)
}

struct Text(String);

impl Write for Text {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        self.0.try_reserve(piece.len()).map_err(|_| fmt::Error)?;
        self.0.push_str(piece);
        Ok(())
    }
}

/// Bytes of a path or name in quotes, with what is not printable escaped.
pub(crate) struct Quoted<'a>(pub &'a [u8]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_escaped(out, "'", self.0)
    }
}

/// A foreign message as one line, with what is not printable escaped.
pub(crate) struct OneLine<'a>(pub &'a [u8]);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_escaped(out, "", self.0)
    }
}

fn write_escaped(out: &mut fmt::Formatter<'_>, quote: &str, text: &[u8]) -> fmt::Result {
    out.write_str(quote)?;
    for chunk in text.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                c if c.is_control() || quote.contains(c) || (c == '\\' && !quote.is_empty()) => {
                    write!(out, "{}", c.escape_default())?
                }
                c => out.write_char(c)?,
            }
        }
        chunk.invalid().iter().try_for_each(|byte| write!(out, "\\x{byte:02x}"))?;
    }
    out.write_str(quote)
}

//! What the client and the servers fail with, as the system would say it.

use crate::error::{Error, ErrorKind, OneLine};
use hdfs_native::HdfsError;
use std::io;

/// Java's exceptions by the last part of their names, and what they are called here.
const EXCEPTIONS: [(&str, i32); 22] = [
    ("FileNotFoundException", libc::ENOENT),
    ("PathNotFoundException", libc::ENOENT),
    ("FileAlreadyExistsException", libc::EEXIST),
    ("ParentNotDirectoryException", libc::ENOTDIR),
    ("PathIsNotDirectoryException", libc::ENOTDIR),
    ("AccessControlException", libc::EACCES),
    ("AuthorizationException", libc::EACCES),
    ("SaslException", libc::EACCES),
    ("InvalidToken", libc::EACCES),
    ("PathIsNotEmptyDirectoryException", libc::ENOTEMPTY),
    ("DSQuotaExceededException", libc::EDQUOT),
    ("NSQuotaExceededException", libc::EDQUOT),
    ("QuotaByStorageTypeExceededException", libc::EDQUOT),
    ("SafeModeException", libc::EROFS),
    ("AlreadyBeingCreatedException", libc::EBUSY),
    ("RecoveryInProgressException", libc::EBUSY),
    ("LeaseExpiredException", libc::ESTALE),
    ("StandbyException", libc::EAGAIN),
    ("RetriableException", libc::EAGAIN),
    ("InvalidPathException", libc::EINVAL),
    ("MaxDirectoryItemsExceededException", libc::EMLINK),
    ("PathComponentTooLongException", libc::ENAMETOOLONG),
];

/// The same as an error of this library.
#[cold]
pub(super) fn convert(error: HdfsError) -> Error {
    let (kind, os_error) = classify(&error);
    // Behind the first line there is a trace of Java's stack.
    let text = match &error {
        HdfsError::RPCError(class, message) | HdfsError::FatalRPCError(class, message) => {
            let message = message.lines().next().unwrap_or_default();
            format!("{message} ({})", last_part(class))
        }
        HdfsError::DataTransferError(message) => {
            // All that is known of the data nodes follows.
            message.split(": [").next().unwrap_or_default().to_owned()
        }
        other => other.to_string().lines().next().unwrap_or_default().to_owned(),
    };
    Error::with_os_error(kind, os_error, format_args!("{}", OneLine(text.as_bytes())))
}

fn classify(error: &HdfsError) -> (ErrorKind, i32) {
    use HdfsError as From;
    let os_error = match error {
        From::IOError(error) => error.raw_os_error().unwrap_or_else(|| os_error_of(error.kind())),
        From::AlreadyExists(_) => libc::EEXIST,
        From::FileNotFound(_) => libc::ENOENT,
        From::IsADirectoryError(_) => libc::EISDIR,
        From::InvalidPath(_) | From::InvalidArgument(_) | From::UrlParseError(_) | From::XmlParseError(_) => {
            return (ErrorKind::Invalid, libc::EINVAL);
        }
        From::UnsupportedFeature(_) | From::UnsupportedErasureCodingPolicy(_) => {
            return (ErrorKind::NotImplemented, libc::EOPNOTSUPP);
        }
        From::SASLError(_) | From::GSSAPIError(..) | From::NoSASLMechanism => libc::EACCES,
        From::RPCError(class, message) | From::FatalRPCError(class, message) => {
            let name = last_part(class);
            if name == "AccessControlException" && is_about_a_file(message) {
                return (ErrorKind::IoError, libc::ENOTDIR);
            }
            EXCEPTIONS.iter().find(|(known, _)| *known == name).map_or(libc::EIO, |(_, os_error)| *os_error)
        }
        _ => libc::EIO,
    };
    let kind = match os_error {
        libc::EEXIST => ErrorKind::AlreadyExists,
        _ => ErrorKind::IoError,
    };
    (kind, os_error)
}

/// What the client says by itself, of a connection that is gone.
fn os_error_of(kind: io::ErrorKind) -> i32 {
    match kind {
        io::ErrorKind::ConnectionAborted | io::ErrorKind::UnexpectedEof => libc::ECONNABORTED,
        io::ErrorKind::ConnectionReset => libc::ECONNRESET,
        io::ErrorKind::TimedOut => libc::ETIMEDOUT,
        _ => libc::EIO,
    }
}

/// The name node's check of rights says so as well when a path goes on behind a file.
fn is_about_a_file(message: &str) -> bool {
    message.lines().next().is_some_and(|line| line.ends_with("(is not a directory)"))
}

fn last_part(class: &str) -> &str {
    class.rsplit(['.', '$']).next().unwrap_or(class)
}

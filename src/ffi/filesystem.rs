//! File systems.

use super::arguments::{self, Extensible, Out};
use super::error::{arrowio_error, arrowio_status};
use super::file::arrowio_file;
use super::file_info::{arrowio_file_info, arrowio_listing};
use super::guard;
use super::handle::{self, Slot};
use super::pool::arrowio_pool;
use crate::error::{Error, Result, error, try_format};
use crate::io::{FileSystem, FileSystemOptions, OutputOptions, check_permissions};
use crate::shared::try_vec;
use std::ffi::{CStr, c_char};
use std::num::NonZero;
use std::time::Duration;

/// Where paths lead: the files of this machine, or of a cluster. Any number of threads may use one at once. Goes with
/// arrowio_filesystem_release; its files keep it alive.
pub struct arrowio_filesystem {
    _private: [u8; 0],
}

/// How a file system is reached. Set struct_size, and everything else to 0 for the defaults. The strings are copied. For
/// file:// only pool and buffer_size mean anything; numbers that are out of range are ARROWIO_INVALID there as well.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct arrowio_filesystem_options {
    /// sizeof(arrowio_filesystem_options).
    pub struct_size: usize,
    /// Where buffers that are read come from. NULL: the default pool. The network client has its memory from the C library.
    pub pool: *mut arrowio_pool,
    /// Who asks, where the cluster believes what it is told. NULL: HADOOP_USER_NAME, or else the process's user.
    pub user: *const c_char,
    /// The folder with core-site.xml and hdfs-site.xml. NULL: HADOOP_CONF_DIR, or else etc/hadoop in HADOOP_HOME; without both
    /// there are none.
    pub configuration_directory: *const c_char,
    /// Keys and values, in turn, such as "dfs.client.use.datanode.hostname", "true"; they count more than those of the files.
    /// Only here can dfs.client.block.write.replace-datanode-on-failure.best-effort be set to "false": a block then fails where
    /// a data node of it failed and none takes its place, instead of going on with those that are left.
    pub configuration: *const *const c_char,
    /// How many pairs of them there are.
    pub configuration_count: i64,
    /// Who asks by Kerberos, such as "me@EXAMPLE.ORG"; has to be said where keytab or ticket_cache is. NULL: whose tickets are in
    /// the usual cache. A cluster that does not ask for Kerberos is told user all the same, and no keys are looked at. Kerberos
    /// needs the system's library libgssapi_krb5.so.2, which is looked for when it is first needed.
    pub kerberos_principal: *const c_char,
    /// A file with the keys of kerberos_principal. NULL: its tickets come from the cache.
    pub keytab: *const c_char,
    /// The cache of tickets. NULL: KRB5CCNAME, or else the system's usual one.
    pub ticket_cache: *const c_char,
    /// How long a call waits for an answer before it is ARROWIO_TIMED_OUT; one that moves much data waits for many, each with
    /// this limit. To find out what to say it then takes up to two seconds more. Giving up a file that was written takes two
    /// seconds at most, after a failure, in arrowio_file_abort, and where a cancellation stops a call that closes. A data node
    /// that is silent for a quarter of it is given up for another one, unless configuration, not a file, says otherwise by
    /// dfs.client.socket-timeout; where none is left a read is ARROWIO_IO_ERROR with EIO. 0: 60 s; -1: for ever.
    pub timeout_ns: i64,
    /// Small reads fetch so many bytes at once. 0: 65536; -1: none. A cluster sends ahead of them, up to some MiB, so that
    /// arrowio_file_read_at is the better one for few bytes here and there.
    pub buffer_size: i64,
    /// Bytes of a block of new files. 0: as the cluster has it.
    pub block_size: i64,
    /// How many copies of new files there are to be, 32767 at most. 0: as the cluster has it.
    pub replication: i32,
    /// Threads that send and receive, 256 at most; they start at once and end with the last reference. 0: half as many as there
    /// are processors, from 1 to 4. Beside them a call that waits for a name node or for what it writes has one, and the names of
    /// hosts are looked up on others.
    pub threads: i32,
}

// SAFETY: sizes, nullable pointers and numbers.
unsafe impl Extensible for arrowio_filesystem_options {
    const NAME: &'static str = "arrowio_filesystem_options";
}

/// The most threads of a file system.
const MOST_THREADS: usize = 256;

/// The most copies that a cluster can be asked for.
const MOST_REPLICAS: usize = i16::MAX as usize;

impl arrowio_filesystem_options {
    /// # Safety
    /// As for `arguments::options`, with a pool that is NULL or live and strings that are NULL or end.
    unsafe fn convert(given: *const Self) -> Result<FileSystemOptions> {
        // SAFETY: the caller's promise.
        unsafe {
            let given = arguments::options(given)?;
            let usual = FileSystemOptions::default();
            let timeout = match given.timeout_ns {
                0 => Some(FileSystemOptions::DEFAULT_TIMEOUT),
                other => arguments::duration(other, "timeout_ns")?.map(|length| Duration::from_nanos(length as u64)),
            };
            let threads = i64::from(given.threads);
            Ok(FileSystemOptions {
                pool: arguments::pool(&given.pool).clone(),
                user: text(given.user, "user")?,
                configuration_directory: text(given.configuration_directory, "configuration_directory")?,
                configuration: pairs(given.configuration, given.configuration_count)?,
                kerberos_principal: text(given.kerberos_principal, "kerberos_principal")?,
                keytab: text(given.keytab, "keytab")?,
                ticket_cache: text(given.ticket_cache, "ticket_cache")?,
                timeout,
                threads: NonZero::new(arguments::size_or(threads, "threads", 0, MOST_THREADS)?),
                buffer_size: if given.buffer_size == -1 {
                    0
                } else {
                    arguments::size_or(given.buffer_size, "buffer_size", usual.buffer_size, crate::io::MOST_GATHERED)?
                },
                block_size: optional_size(given.block_size, "block_size")?,
                replication: replication(given.replication)?,
            })
        }
    }
}

/// # Safety
/// `given` is NULL or a NUL-terminated string.
unsafe fn text(given: *const c_char, name: &str) -> Result<Option<String>> {
    // SAFETY: the caller's promise.
    let given = unsafe { arguments::optional_string(given) };
    given.map(|given| owned(given, name)).transpose()
}

fn owned(given: &CStr, name: &str) -> Result<String> {
    let text = given.to_str().map_err(|_| error!(Invalid, "{name} is not UTF-8"))?;
    try_format(format_args!("{text}")).ok_or_else(|| Error::out_of_memory(text.len()))
}

/// # Safety
/// `given` is NULL or points at `count` pairs of strings that are NULL or end.
unsafe fn pairs(given: *const *const c_char, count: i64) -> Result<Vec<(String, String)>> {
    let count = arguments::size(count, "configuration_count")?;
    if count > 0 && given.is_null() {
        return Err(handle::null("configuration"));
    }
    let string = |at: usize| {
        // SAFETY: the caller's promise.
        owned(unsafe { arguments::string(*given.add(at), "a string of configuration")? }, "configuration")
    };
    let mut pairs = try_vec(count)?;
    for at in 0..count {
        pairs.push((string(2 * at)?, string(2 * at + 1)?));
    }
    Ok(pairs)
}

/// A size; 0: none is said.
fn optional_size(given: i64, name: &str) -> Result<Option<u64>> {
    Ok(Some(arguments::size(given, name)? as u64).filter(|given| *given > 0))
}

fn replication(given: i32) -> Result<Option<u32>> {
    let count = arguments::size_or(given.into(), "replication", 0, MOST_REPLICAS)?;
    Ok(Some(count as u32).filter(|count| *count > 0))
}

/// How a file of a file system is written. Set struct_size, and everything else to 0 for the defaults.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct arrowio_output_options {
    /// sizeof(arrowio_output_options).
    pub struct_size: usize,
    /// A sum of ARROWIO_OUTPUT constants. 0: a file that is there is replaced, the directory that it is in must be there.
    pub flags: u32,
    /// Permission bits of a new file, on this machine less the process's umask. 0: 0666, on a cluster 0644.
    pub permissions: u32,
    /// Bytes of a block of a new file. 0: as arrowio_filesystem_options says.
    pub block_size: i64,
    /// How many copies of a new file there are to be, 32767 at most. 0: as arrowio_filesystem_options says.
    pub replication: i32,
    /// 0.
    pub reserved: i32,
}

/// The file must be there; what is written goes behind its end. What the options say of new files is not looked at.
pub const ARROWIO_OUTPUT_APPEND: u32 = 1;
/// The file must not be there: ARROWIO_ALREADY_EXISTS.
pub const ARROWIO_OUTPUT_EXCLUSIVE: u32 = 2;
/// Directories that are missing on the way to it are made.
pub const ARROWIO_OUTPUT_PARENTS: u32 = 4;

// SAFETY: numbers.
unsafe impl Extensible for arrowio_output_options {
    const NAME: &'static str = "arrowio_output_options";
}

impl arrowio_output_options {
    /// # Safety
    /// As for `arguments::options`.
    unsafe fn convert(given: *const Self) -> Result<OutputOptions> {
        // SAFETY: the caller's promise.
        let given = unsafe { arguments::options(given)? };
        arguments::reserved::<Self>(given.reserved.into())?;
        const KNOWN: u32 = ARROWIO_OUTPUT_APPEND | ARROWIO_OUTPUT_EXCLUSIVE | ARROWIO_OUTPUT_PARENTS;
        if given.flags & !KNOWN != 0 {
            let flags = given.flags;
            return Err(error!(
                Invalid,
                "flags are 0x{flags:x}, a sum of ARROWIO_OUTPUT constants is at most 0x{KNOWN:x}"
            ));
        }
        check_permissions(given.permissions)?;
        let has = |flag| given.flags & flag != 0;
        Ok(OutputOptions {
            append: has(ARROWIO_OUTPUT_APPEND),
            exclusive: has(ARROWIO_OUTPUT_EXCLUSIVE),
            parents: has(ARROWIO_OUTPUT_PARENTS),
            permissions: Some(given.permissions).filter(|bits| *bits != 0),
            block_size: optional_size(given.block_size, "block_size")?,
            replication: replication(given.replication)?,
        })
    }
}

/// Opens a file system by its URI:
///
/// * file:///path: this machine's; needs nothing.
/// * hdfs://host:port: HDFS with one name node, whose port has to be said.
/// * hdfs://nameservice: HDFS with several, of which one serves, as the configuration has it.
/// * hdfs:///: that of fs.defaultFS.
/// * viewfs://table: parts of several, as the configuration has it.
///
/// A path in the URI is passed over, so that the URI of any file opens the file system that it is on. In URIs of files
/// percent signs stand for bytes (%20) with file:, and for themselves on a cluster, as Hadoop has it. Nothing is sent yet:
/// whether there is a cluster shows with the first call.
///
/// Its functions take paths and URIs. A relative path begins in the current directory, on a cluster in the user's home
/// directory; a URI without a host, such as hdfs:///path, is one on this file system. What begins with another scheme and "://"
/// is ARROWIO_INVALID and not a path.
///
/// In a child of fork() all that would ask a cluster of the parent is ARROWIO_INVALID, and, where the parent has read from one,
/// so are clusters that the child opens as well; a process started by exec has no such limits.
///
/// \param uri             a NUL-terminated URI.
/// \param options         optional.
/// \param out_filesystem  the file system; NULL on failure.
/// \param out_error       optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, no such URI, wrong options, a wrong configuration, in such a child),
///         ARROWIO_NOT_IMPLEMENTED (a library without HDFS), ARROWIO_IO_ERROR (with errno, such as EACCES of a configuration
///         file, EAGAIN without threads), ARROWIO_TIMED_OUT (names of hosts are looked up), ARROWIO_OUT_OF_MEMORY,
///         ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_filesystem_open(
    uri: *const c_char,
    options: *const arrowio_filesystem_options,
    out_filesystem: *mut *mut arrowio_filesystem,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_filesystem, "out_filesystem")?;
        let uri = arguments::string(uri, "uri")?;
        out.set(FileSystem::open(uri, arrowio_filesystem_options::convert(options)?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Opens a file for reading, at any place and from any number of threads. Of a file on a cluster its length is that of this
/// moment: what is appended later is seen by who opens it again. While somebody writes it, or appends to it, its last block
/// cannot be read, also what was there before: reads that come to it are ARROWIO_IO_ERROR with EBUSY, and who opens it again after
/// it was closed can read it. Where a data node fails, reading goes on from another one; the position moves only by what was read.
///
/// \param filesystem  the file system.
/// \param path        a NUL-terminated path, or the URI of one on this file system.
/// \param out_file    the file; NULL on failure.
/// \param out_error   optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a path of another file system, in a child of fork()), ARROWIO_NOT_IMPLEMENTED (a
///         kind of file that the library does not have), ARROWIO_IO_ERROR (with errno, such as ENOENT, ENOTDIR, EISDIR, EACCES),
///         ARROWIO_TIMED_OUT, ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; the file keeps the file system. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_filesystem_open_input_file(
    filesystem: *mut arrowio_filesystem,
    path: *const c_char,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        let filesystem = handle::borrow::<FileSystem>(filesystem, "filesystem")?;
        out.set(filesystem.open_input(arguments::string(path, "path")?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Opens a file for writing, from its start or behind its end. Only arrowio_file_close tells whether everything has arrived. On
/// a cluster arrowio_file_flush, as arrowio_file_sync, returns when all copies are on disks and Hadoop's readers see what was
/// written, which arrowio_filesystem_open_input_file shows when the file is closed; after a failure, which closing it says again,
/// or arrowio_file_abort, the file has what had arrived until then, which may be nothing. Appending to what was closed less than
/// ten seconds ago waits two seconds, until all copies are known.
///
/// \param filesystem  the file system.
/// \param path        a NUL-terminated path, or the URI of one on this file system.
/// \param options     optional.
/// \param out_file    the file; NULL on failure.
/// \param out_error   optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a path of another file system, options that are wrong or that the file system
///         does not have, in a child of fork()), ARROWIO_ALREADY_EXISTS, ARROWIO_NOT_IMPLEMENTED (a kind of file that the
///         library does not have), ARROWIO_IO_ERROR (with errno, such as ENOENT, ENOTDIR, EISDIR, EACCES, EDQUOT, EROFS in safe
///         mode, EBUSY while another one writes it), ARROWIO_TIMED_OUT, ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; the file keeps the file system. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_filesystem_open_output_stream(
    filesystem: *mut arrowio_filesystem,
    path: *const c_char,
    options: *const arrowio_output_options,
    out_file: *mut *mut arrowio_file,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_file, "out_file")?;
        let filesystem = handle::borrow::<FileSystem>(filesystem, "filesystem")?;
        let path = arguments::string(path, "path")?;
        out.set(filesystem.open_output(path, &arrowio_output_options::convert(options)?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// What is known of a path now; of a symbolic link, of what it leads to.
///
/// \param filesystem  the file system.
/// \param path        a NUL-terminated path, or the URI of one on this file system.
/// \param out_info    what is known; NULL on failure.
/// \param out_error   optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a path of another file system, in a child of fork()), ARROWIO_IO_ERROR
///         (with errno, such as ENOENT, ENOTDIR, EACCES), ARROWIO_TIMED_OUT, ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_filesystem_info(
    filesystem: *mut arrowio_filesystem,
    path: *const c_char,
    out_info: *mut *mut arrowio_file_info,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_info, "out_info")?;
        let filesystem = handle::borrow::<FileSystem>(filesystem, "filesystem")?;
        out.set(filesystem.info(arguments::string(path, "path")?)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Whether there is anything by that path: not where it is a symbolic link that leads to nothing.
///
/// \param filesystem  the file system.
/// \param path        a NUL-terminated path, or the URI of one on this file system.
/// \param out_exists  1 or 0. Written on success only.
/// \param out_error   optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a path of another file system, in a child of fork()), ARROWIO_IO_ERROR
///         (with errno, such as EACCES), ARROWIO_TIMED_OUT, ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_filesystem_exists(
    filesystem: *mut arrowio_filesystem,
    path: *const c_char,
    out_exists: *mut i32,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Out::new(out_exists, "out_exists")?;
        let filesystem = handle::borrow::<FileSystem>(filesystem, "filesystem")?;
        out.set(filesystem.exists(arguments::string(path, "path")?)?.into())
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Lists what is in a directory, bit by bit as arrowio_listing_next asks for it. Symbolic links are listed as such and not
/// followed. What is added or removed meanwhile may be listed or not.
///
/// \param filesystem   the file system.
/// \param path         a NUL-terminated path of a directory, or its URI.
/// \param recursive    not 0: also what is in directories found; each comes before what is in it.
/// \param out_listing  the listing; NULL on failure.
/// \param out_error    optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a path of another file system, on a cluster ".", in a child of fork()),
///         ARROWIO_IO_ERROR (with errno, such as ENOENT, ENOTDIR, EACCES), ARROWIO_TIMED_OUT, ARROWIO_OUT_OF_MEMORY,
///         ARROWIO_INTERNAL.
///
/// Ownership: the caller has one reference; the listing keeps the file system. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_filesystem_list(
    filesystem: *mut arrowio_filesystem,
    path: *const c_char,
    recursive: i32,
    out_listing: *mut *mut arrowio_listing,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let out = Slot::new(out_listing, "out_listing")?;
        let filesystem = handle::borrow::<FileSystem>(filesystem, "filesystem")?;
        out.set(filesystem.list(arguments::string(path, "path")?, recursive != 0)?)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Makes a directory, which everybody may use as far as the process's umask lets them, on a cluster with permissions 0755. On a
/// cluster do not use it as a lock: where two make the same directory at the same moment both may succeed.
///
/// \param filesystem  the file system.
/// \param path        a NUL-terminated path, or the URI of one on this file system.
/// \param parents     not 0: also those that are missing on the way to it, and it may be there already.
/// \param out_error   optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a path of another file system, in a child of fork()), ARROWIO_ALREADY_EXISTS,
///         ARROWIO_IO_ERROR (with errno, such as ENOENT, ENOTDIR, EACCES), ARROWIO_TIMED_OUT, ARROWIO_OUT_OF_MEMORY,
///         ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_filesystem_make_directory(
    filesystem: *mut arrowio_filesystem,
    path: *const c_char,
    parents: i32,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let filesystem = handle::borrow::<FileSystem>(filesystem, "filesystem")?;
        filesystem.make_directory(arguments::string(path, "path")?, parents != 0)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Removes a file, a symbolic link or a directory. The root is EBUSY and a path that ends in "." or ".." is EINVAL before anything
/// is removed, and so is a mount of viewfs EBUSY.
///
/// \param filesystem  the file system.
/// \param path        a NUL-terminated path, or the URI of one on this file system.
/// \param recursive   not 0: a directory with all that is in it; 0: only if there is nothing in it.
/// \param out_error   optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a path of another file system, in a child of fork()), ARROWIO_IO_ERROR
///         (with errno, such as ENOENT, ENOTDIR, ENOTEMPTY, EACCES, EBUSY, EINVAL), ARROWIO_TIMED_OUT, ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_filesystem_remove(
    filesystem: *mut arrowio_filesystem,
    path: *const c_char,
    recursive: i32,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let filesystem = handle::borrow::<FileSystem>(filesystem, "filesystem")?;
        filesystem.remove(arguments::string(path, "path")?, recursive != 0)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Gives a file or a directory another path on the same file system, in one step. Of both paths the root is EBUSY, and one that
/// ends in "." or ".." is EINVAL.
///
/// \param filesystem  the file system.
/// \param from        the path that it has, or its URI.
/// \param to          the one that it gets, on the same file system.
/// \param replace     not 0: a file that is there already, or a directory with nothing in it, goes.
/// \param out_error   optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a path of another file system, in a child of fork()), ARROWIO_ALREADY_EXISTS,
///         ARROWIO_IO_ERROR (with errno, such as ENOENT, EISDIR or ENOTDIR where one is a directory, ENOTEMPTY, EINVAL into itself,
///         EXDEV onto another disk or cluster, EACCES), ARROWIO_TIMED_OUT, ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_filesystem_rename(
    filesystem: *mut arrowio_filesystem,
    from: *const c_char,
    to: *const c_char,
    replace: i32,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let filesystem = handle::borrow::<FileSystem>(filesystem, "filesystem")?;
        filesystem.rename(arguments::string(from, "from")?, arguments::string(to, "to")?, replace != 0)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Sets the permission bits of a file or a directory.
///
/// \param filesystem   the file system.
/// \param path         a NUL-terminated path, or the URI of one on this file system.
/// \param permissions  the bits, 07777 at most.
/// \param out_error    optional.
/// \return ARROWIO_OK, ARROWIO_INVALID (NULL, a path of another file system, bits beyond 07777, in a child of fork()),
///         ARROWIO_IO_ERROR (with errno, such as ENOENT, EACCES, EPERM), ARROWIO_TIMED_OUT, ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
///
/// Ownership: keeps nothing. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_filesystem_set_permissions(
    filesystem: *mut arrowio_filesystem,
    path: *const c_char,
    permissions: u32,
    out_error: *mut *mut arrowio_error,
) -> arrowio_status {
    // SAFETY: the caller's promise.
    let body = || unsafe {
        let filesystem = handle::borrow::<FileSystem>(filesystem, "filesystem")?;
        filesystem.set_permissions(arguments::string(path, "path")?, permissions)
    };
    // SAFETY: the caller's promise.
    unsafe { guard::call(out_error, body) }
}

/// Takes one more reference.
///
/// \param filesystem  the file system, or NULL.
/// \return its argument.
///
/// Ownership: the caller has one more reference to release. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_filesystem_retain(filesystem: *mut arrowio_filesystem) -> *mut arrowio_filesystem {
    // SAFETY: the caller's promise.
    guard::value(filesystem, || unsafe { Some(handle::retain::<FileSystem>(filesystem)) })
}

/// Gives one reference back. The last one, also of its files and listings, ends the threads, which takes a second at most.
///
/// \param filesystem  the file system, or NULL, which does nothing.
/// \return nothing.
///
/// Ownership: the reference is gone. Threads: any. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arrowio_filesystem_release(filesystem: *mut arrowio_filesystem) {
    // SAFETY: the caller's promise.
    guard::run(|| unsafe { handle::release::<FileSystem>(filesystem) });
}

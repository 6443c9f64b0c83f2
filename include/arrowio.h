/**
 * \file arrowio.h
 * libarrowio: the memory and IO layer of Apache Arrow as a small, stable C ABI.
 *
 * Generated from src/ffi; see CONTRIBUTING.md.
 *
 * Names: functions are arrowio_<class>_<verb>, constants ARROWIO_<GROUP>_<NAME>. Sizes and offsets are int64_t, in bytes;
 * where nothing else is said a negative one is ARROWIO_INVALID. Paths are bytes as the system has them; on a cluster they are
 * UTF-8, all else is ARROWIO_INVALID.
 *
 * Errors: a function that can fail returns an arrowio_status and takes, last, an optional out_error. If that is not NULL,
 * it is set to NULL on success and to an error, for the caller to release, on failure; so release what an earlier call left
 * there before using the variable again. Other outputs are written on success only, but for handles, which are NULL on
 * failure. A function that cannot fail returns its value, and for NULL what its documentation says.
 *
 * Every call on a file for which a cancellation was set, and every one within arrowio_cancellation_run, may also return
 * ARROWIO_CANCELLED or ARROWIO_TIMED_OUT, but for abort, release and the getters; close closes in any case, and is one of them
 * where something was still to be written. So may every call on a file of a cluster, and of files over it, be
 * ARROWIO_TIMED_OUT, by the deadline of its file system.
 *
 * Ownership: a handle from an out_ parameter, or from a retain function, is one reference that the caller releases once.
 * Every other pointer that is returned is borrowed from the first argument. The library retains what it keeps and takes
 * nothing over but what a function says; user_data is freed by its free_fn exactly once, and not at all if the call failed.
 *
 * Threads: functions may be called on any thread, with the limits that each states. The library starts no thread but those
 * of an executor, of a file system of a cluster, and of codecs where their options ask for some, and sets no signal handler
 * but that of a fault guard.
 *
 * Time: a timeout is in nanoseconds from now; as a parameter -1 means for ever, in an option 0 does where nothing else is said.
 *
 * Fork: a child of fork() may use everything but a file that another thread was using at that moment, and the executors,
 * operations and clusters of its parent, which all say ARROWIO_INVALID. Descriptors share their position with the
 * parent's, as always. Files of the parent that the child releases without closing them are let go as they are: nothing is
 * flushed, ended, replaced or put back by it.
 *
 * Structs begin with struct_size, to be set to their sizeof; the rest set to zero means the defaults. They may grow.
 */


#ifndef ARROWIO_H
#define ARROWIO_H

#include <stddef.h>
#include <stdint.h>

/**
 * Major version of this header.
 */
#define ARROWIO_VERSION_MAJOR 0

/**
 * Minor version of this header.
 */
#define ARROWIO_VERSION_MINOR 1

/**
 * Patch version of this header.
 */
#define ARROWIO_VERSION_PATCH 0

/**
 * Version of this header as one number: major * 10000 + minor * 100 + patch.
 */
#define ARROWIO_VERSION_NUMBER 100

/**
 * A relative path begins in the directory that arrowio_os_file_options.directory_fd is open for.
 */
#define ARROWIO_OPEN_AT 1

/**
 * The path must not lead out of the directory that it begins in, be it by "..", as an absolute one or by symbolic links,
 * nor through the links of /proc that stand for open files: ARROWIO_IO_ERROR with EXDEV or ELOOP. Links that stay beneath
 * it are followed. It holds whatever others rename meanwhile.
 */
#define ARROWIO_OPEN_BENEATH 2

/**
 * What the path names must not be a symbolic link: ARROWIO_IO_ERROR with ELOOP.
 */
#define ARROWIO_OPEN_NO_FOLLOW 4

/**
 * The file must not be there already: ARROWIO_ALREADY_EXISTS. Not with ARROWIO_MODE_READ.
 */
#define ARROWIO_OPEN_EXCLUSIVE 8

/**
 * With ARROWIO_MODE_WRITE only: what is written goes to a new file beside the target, ".arrowio-" and random letters, that
 * takes the target's place when it is closed; at any moment there is either the old content or all of the new. See
 * arrowio_os_file_open.
 */
#define ARROWIO_OPEN_ATOMIC 16

/**
 * What the path names must be a regular file, or not be there yet: for all else, such as a FIFO or a device, ARROWIO_IO_ERROR
 * that says what it is, at once and with nothing done to it. The call never waits for somebody else (EAGAIN where it would:
 * another process holds a lease of the file).
 */
#define ARROWIO_OPEN_REGULAR 32

/**
 * A level for arrowio_compression_options.compression_level that stands for 0, of codecs that have a level 0.
 */
#define ARROWIO_COMPRESSION_LEVEL_ZERO INT32_MIN

/**
 * arrowio_file_read, _read_some, _read_buffer, _read_all, _read_line, _read_lines, _read_async, _peek and _advance.
 */
#define ARROWIO_CAPABILITY_READ 1

/**
 * arrowio_file_write and _write_buffer.
 */
#define ARROWIO_CAPABILITY_WRITE 2

/**
 * arrowio_file_seek.
 */
#define ARROWIO_CAPABILITY_SEEK 4

/**
 * arrowio_file_read_at, _read_at_buffer, _read_at_async, _read_many and _read_many_async; segments and range caches of it.
 */
#define ARROWIO_CAPABILITY_READ_AT 8

/**
 * arrowio_file_write_at.
 */
#define ARROWIO_CAPABILITY_WRITE_AT 16

/**
 * arrowio_file_size.
 */
#define ARROWIO_CAPABILITY_SIZE 32

/**
 * arrowio_file_resize.
 */
#define ARROWIO_CAPABILITY_RESIZE 64

/**
 * Buffers that are read are slices of what the file is made of: no copy.
 */
#define ARROWIO_CAPABILITY_ZERO_COPY 128

/**
 * The file must be there; what is written goes behind its end. What the options say of new files is not looked at.
 */
#define ARROWIO_OUTPUT_APPEND 1

/**
 * The file must not be there: ARROWIO_ALREADY_EXISTS.
 */
#define ARROWIO_OUTPUT_EXCLUSIVE 2

/**
 * Directories that are missing on the way to it are made.
 */
#define ARROWIO_OUTPUT_PARENTS 4

/**
 * Bytes with one owner and any number of references and slices. Getters, slicing, copying, retain and release may be
 * called from any threads at once; resizing and writing to the bytes only while nobody else uses them. Allocated memory
 * begins at a multiple of 64 bytes. Goes with arrowio_buffer_release.
 */
typedef struct arrowio_buffer arrowio_buffer;

/**
 * The word to stop, for any number of calls: at once, or when a deadline passes. Goes with arrowio_cancellation_release. A
 * child of fork() makes its own: those of its parent stop nothing in it but what asks whether to begin.
 */
typedef struct arrowio_cancellation arrowio_cancellation;

/**
 * Why a call failed. Immutable; shared between threads. Comes from a call's out_error, goes with arrowio_error_release.
 */
typedef struct arrowio_error arrowio_error;

/**
 * Threads that do what they are given in the order in which it comes. They start when they are first needed, with all
 * signals blocked but those of faults (SIGSEGV, SIGBUS and the like). A child of fork() has none of them: there, what needs them is ARROWIO_INVALID. Goes with
 * arrowio_executor_release.
 */
typedef struct arrowio_executor arrowio_executor;

/**
 * While one lives, the process has a SIGBUS handler of this library, and copies from and to memory maps need no system
 * call: where a map's memory is gone, because another process has cut the file or the disk is full or broken, the handler
 * ends the copy and the call fails with ARROWIO_IO_ERROR. Without a guard the same calls fail in the same way; they then let
 * the system copy, which takes them about half a microsecond more, and touch no mapped memory. Every SIGBUS that is not from
 * such a copy goes to what the process had set for it before, as if there were no guard. A guard does not cover the
 * program's own touching of a map's bytes. It does not work on a thread that blocks SIGBUS, nor where a handler that is
 * installed later does not pass on what is not its own. Goes with arrowio_fault_guard_release.
 */
typedef struct arrowio_fault_guard arrowio_fault_guard;

/**
 * An open file or stream, of any class; arrowio_file_capabilities tells what it can do. Calls on one file go one at a time:
 * others wait; a call from within a callback of the same file is ARROWIO_INVALID. What reads at offsets (see
 * ARROWIO_CAPABILITY_READ_AT) runs on any number of threads at once, and at the same time as any other call. After
 * arrowio_file_close everything but the getters, close, abort and release is ARROWIO_CLOSED. Goes with
 * arrowio_file_release.
 */
typedef struct arrowio_file arrowio_file;

/**
 * What was known of a path when it was asked for. Immutable; shared between threads. Goes with arrowio_file_info_release.
 */
typedef struct arrowio_file_info arrowio_file_info;

/**
 * Where paths lead: the files of this machine, or of a cluster. Any number of threads may use one at once. Goes with
 * arrowio_filesystem_release; its files keep it alive.
 */
typedef struct arrowio_filesystem arrowio_filesystem;

/**
 * What is in a directory, given one after another. Goes with arrowio_listing_release.
 */
typedef struct arrowio_listing arrowio_listing;

/**
 * A read that an executor does. Wait for it by arrowio_operation_wait, by the descriptor, or by the callback; then take what
 * it gave. It keeps its file alive until it is done, and goes on without references. Goes with arrowio_operation_release.
 */
typedef struct arrowio_operation arrowio_operation;

/**
 * A source of memory that counts every byte. Thread-safe: any function from any thread. From arrowio_pool_open or one of
 * the arrowio_pool_new functions, goes with arrowio_pool_release. Memory, buffers and files keep their pool alive. Where
 * a function takes a pool, NULL stands for the default pool.
 */
typedef struct arrowio_pool arrowio_pool;

/**
 * What became of a call: ARROWIO_OK or one of the failures below. The numbers are those of Arrow's StatusCode; from 100
 * they are this library's own. New ones may appear: treat an unknown number as a failure.
 */
typedef int32_t arrowio_status;

/**
 * Receives a warning: one line of UTF-8 without a newline, good during the call. Called on any thread; must not throw.
 */
typedef void (*arrowio_warning_fn)(void *user_data, const char *message);

/**
 * Frees what `user_data` refers to. Called exactly once, on whatever thread lets go last; must not throw.
 */
typedef void (*arrowio_free_fn)(void *user_data);

/**
 * What happened in a logging pool.
 */
typedef uint32_t arrowio_pool_event_kind;

/**
 * One call of a logging pool. Sizes and alignment in bytes; the struct is good during the call that brings it.
 */
typedef struct arrowio_pool_event {
  /**
   * sizeof(arrowio_pool_event) of the library.
   */
  size_t struct_size;
  /**
   * ARROWIO_POOL_EVENT_ALLOCATE, _REALLOCATE or _FREE.
   */
  arrowio_pool_event_kind kind;
  /**
   * 1 if it succeeded, 0 if there was no memory and nothing changed.
   */
  int32_t succeeded;
  /**
   * The block; of a reallocation: where it is now; NULL if it failed.
   */
  const uint8_t *data;
  /**
   * Its size now.
   */
  int64_t size;
  /**
   * Of a reallocation: where the block was.
   */
  const uint8_t *old_data;
  /**
   * Of a reallocation: its size before.
   */
  int64_t old_size;
  /**
   * Its alignment.
   */
  int64_t alignment;
} arrowio_pool_event;

/**
 * Receives the calls of a logging pool, on the thread that made them, several at once. Must not throw; may use any pool
 * but the one it listens to.
 */
typedef void (*arrowio_pool_log_fn)(void *user_data, const struct arrowio_pool_event *event);

/**
 * An allocator of the host's. Sizes in bytes, never 0; the alignment is a power of two. The functions are called on any
 * thread, several at once, and must not throw.
 */
typedef struct arrowio_pool_callbacks {
  /**
   * sizeof(arrowio_pool_callbacks).
   */
  size_t struct_size;
  /**
   * Gives a block, or NULL when there is no memory. Required.
   */
  uint8_t *(*allocate)(void *user_data, int64_t size, int64_t alignment);
  /**
   * Resizes a block, at its place or elsewhere, keeping its contents; or gives NULL and leaves it as it is. NULL: done by
   * allocate, a copy and free.
   */
  uint8_t *(*reallocate)(void *user_data, uint8_t *data, int64_t old_size, int64_t new_size, int64_t alignment);
  /**
   * Takes a block back. Required.
   */
  void (*free)(void *user_data, uint8_t *data, int64_t size, int64_t alignment);
  /**
   * Gives memory kept for reuse back to the system. NULL: nothing to do.
   */
  void (*release_unused)(void *user_data);
  /**
   * Frees user_data when the pool goes. NULL: nothing to free.
   */
  arrowio_free_fn free_fn;
} arrowio_pool_callbacks;

/**
 * What a file is opened for: one of the ARROWIO_MODE constants.
 */
typedef uint32_t arrowio_mode;

/**
 * Options of operating system files. Set struct_size, and everything else to 0 for the defaults.
 */
typedef struct arrowio_os_file_options {
  /**
   * sizeof(arrowio_os_file_options).
   */
  size_t struct_size;
  /**
   * Where buffers that are read come from. NULL: the default pool.
   */
  struct arrowio_pool *pool;
  /**
   * Permission bits of a new file before the process's umask, such as 0600. 0: 0666, of a temporary file 0600; with
   * ARROWIO_OPEN_ATOMIC those of the file that is replaced.
   */
  uint32_t permissions;
  /**
   * Not 0: a descriptor stays the caller's and is not closed with the file.
   */
  int32_t borrow_descriptor;
  /**
   * How a path is opened: a sum of ARROWIO_OPEN constants. 0: as open(2) does, from the current directory.
   */
  uint32_t flags;
  /**
   * With ARROWIO_OPEN_AT: the open directory that a relative path begins in; it stays the caller's, and may be closed as
   * soon as the call is over.
   */
  int32_t directory_fd;
} arrowio_os_file_options;

/**
 * A standard stream: one of the ARROWIO_STANDARD constants, which are the descriptors' numbers.
 */
typedef uint32_t arrowio_standard_stream;

/**
 * From where an offset counts: one of the ARROWIO_SEEK constants.
 */
typedef uint32_t arrowio_whence;

/**
 * The functions of a callback file; all are optional, but read or write must be there. Set struct_size, and what there is
 * not to NULL.
 *
 * They are called on the thread of whoever calls the file and on no other: read_at on any number of threads at once, the
 * others one at a time. They may use other files; a call of the same file is ARROWIO_INVALID there. They must not throw,
 * jump or call what waits for another call of the same file. A host with a global lock gives it up around the calls of
 * this library and takes it in these functions.
 *
 * Each returns ARROWIO_OK, or a failure with, if it can, an error from arrowio_error_new in *out_error, which is never NULL
 * and holds NULL at first; what it says becomes part of the message of the call. Numbers are checked: what is negative, not
 * set, or more than was asked for is an ARROWIO_IO_ERROR that names the function.
 */
typedef struct arrowio_file_callbacks {
  /**
   * sizeof(arrowio_file_callbacks).
   */
  size_t struct_size;
  /**
   * What the file is called in messages; copied. NULL: "a callback file".
   */
  const char *name;
  /**
   * Reads up to `size` bytes, at least 1, from the position on and moves it behind them. 0 bytes: the end. Every byte that it
   * counts in *out_read it has written to `dst`: the library reads as many there.
   */
  arrowio_status (*read)(void *user_data, void *dst, int64_t size, int64_t *out_read, struct arrowio_error **out_error);
  /**
   * Reads up to `size` bytes, at least 1, from `offset` on; the position stays. 0 bytes: the end. It has written every byte
   * that it counts, as `read` has. NULL: done by seek, read and seek, if they are there.
   */
  arrowio_status (*read_at)(void *user_data,
                            int64_t offset,
                            void *dst,
                            int64_t size,
                            int64_t *out_read,
                            struct arrowio_error **out_error);
  /**
   * Writes up to `size` bytes, at least 1, at the position and moves it behind them. It is called again for what it leaves;
   * 0 bytes are a failure.
   */
  arrowio_status (*write)(void *user_data,
                          const void *data,
                          int64_t size,
                          int64_t *out_written,
                          struct arrowio_error **out_error);
  /**
   * As write, at an offset; the position stays. NULL: the file cannot do it.
   */
  arrowio_status (*write_at)(void *user_data,
                             int64_t offset,
                             const void *data,
                             int64_t size,
                             int64_t *out_written,
                             struct arrowio_error **out_error);
  /**
   * Moves the position to `offset` from ARROWIO_SEEK_START, or to the end: offset 0 from ARROWIO_SEEK_END. NULL: the file
   * cannot seek.
   */
  arrowio_status (*seek)(void *user_data,
                         int64_t offset,
                         arrowio_whence whence,
                         int64_t *out_position,
                         struct arrowio_error **out_error);
  /**
   * Gives the position. NULL: it is counted, from 0 on.
   */
  arrowio_status (*tell)(void *user_data, int64_t *out_position, struct arrowio_error **out_error);
  /**
   * Gives the size in bytes. NULL: done by seek, to the end and back, if it is there.
   */
  arrowio_status (*size)(void *user_data, int64_t *out_size, struct arrowio_error **out_error);
  /**
   * Cuts or extends the file; the position stays. NULL: the file cannot do it.
   */
  arrowio_status (*resize)(void *user_data, int64_t size, struct arrowio_error **out_error);
  /**
   * Passes what was written on to the operating system. NULL: nothing to do. Also called before close, if there is a write.
   */
  arrowio_status (*flush)(void *user_data, struct arrowio_error **out_error);
  /**
   * Waits until what was written is on the disk. NULL: flush has to do.
   */
  arrowio_status (*sync)(void *user_data, struct arrowio_error **out_error);
  /**
   * Called once, when the file is closed; nothing else but free_fn comes after it. NULL: nothing to do.
   */
  arrowio_status (*close)(void *user_data, struct arrowio_error **out_error);
  /**
   * Called in place of close when the file is closed without finishing what was written. NULL: close has to do.
   */
  arrowio_status (*abort)(void *user_data, struct arrowio_error **out_error);
  /**
   * Frees user_data when the last reference to the file has gone. NULL: nothing to free.
   */
  arrowio_free_fn free_fn;
} arrowio_file_callbacks;

/**
 * Gives what is to be read in place of a chunk: *out_buffer is set to a buffer of any size, whose reference is passed on, or
 * left NULL for nothing yet. It may be the chunk, with one more reference, or a slice of it. After the last chunk comes one
 * of size 0, for what was held back, and then none. On failure, with an error from arrowio_error_new, the next read
 * comes with the same chunk again. Called on the thread of the read, within it; must not throw.
 *
 * The chunk is borrowed and cannot be changed.
 */
typedef arrowio_status (*arrowio_transform_fn)(void *user_data,
                                               struct arrowio_buffer *chunk,
                                               struct arrowio_buffer **out_buffer,
                                               struct arrowio_error **out_error);

/**
 * What is done about data that is wrong: one of the ARROWIO_ON_ERROR constants.
 */
typedef uint32_t arrowio_on_error;

/**
 * Options of transcoding streams. Set struct_size, and everything else to 0 for the defaults.
 */
typedef struct arrowio_transcoding_options {
  /**
   * sizeof(arrowio_transcoding_options).
   */
  size_t struct_size;
  /**
   * Where buffers that are read and memory on the way come from. NULL: the default pool.
   */
  struct arrowio_pool *pool;
  /**
   * What is done about bytes that are no character, and about a last one that is not complete.
   */
  arrowio_on_error on_error;
  /**
   * Must be 0.
   */
  uint32_t reserved;
} arrowio_transcoding_options;

/**
 * How a checksum is computed: one of the ARROWIO_CHECKSUM constants.
 */
typedef uint32_t arrowio_checksum;

/**
 * Options of slow input. Set struct_size, and everything else to 0 for the defaults.
 */
typedef struct arrowio_slow_input_options {
  /**
   * sizeof(arrowio_slow_input_options).
   */
  size_t struct_size;
  /**
   * How long a read waits before it begins, on average, in nanoseconds, at least 0.
   */
  int64_t latency_ns;
  /**
   * By how much that differs, as the standard deviation of about a normal distribution, at least 0. No wait is negative.
   */
  int64_t deviation_ns;
  /**
   * The same seed gives the same waits.
   */
  uint64_t seed;
} arrowio_slow_input_options;

/**
 * How data are compressed: one of the ARROWIO_CODEC constants.
 */
typedef uint32_t arrowio_codec;

/**
 * What a codec is like. Set struct_size before it is filled.
 */
typedef struct arrowio_codec_info {
  /**
   * sizeof(arrowio_codec_info).
   */
  size_t struct_size;
  /**
   * Its name, such as "gzip"; a constant.
   */
  const char *name;
  /**
   * The least level, which is the fastest; 0 without levels.
   */
  int32_t least_level;
  /**
   * The level by default; 0 without levels.
   */
  int32_t default_level;
  /**
   * The greatest level; 0 without levels.
   */
  int32_t greatest_level;
  /**
   * Whether it has levels: 0 or 1.
   */
  int32_t has_levels;
  /**
   * Whether files can be compressed and decompressed by it: 0 or 1. If not, whole pieces of memory can.
   */
  int32_t has_streams;
  /**
   * Whether damage is found by a checksum: 0 or 1.
   */
  int32_t has_checksum;
} arrowio_codec_info;

/**
 * Options of compression. Set struct_size, and everything else to 0 for the defaults. What a codec does not have is refused.
 */
typedef struct arrowio_compression_options {
  /**
   * sizeof(arrowio_compression_options).
   */
  size_t struct_size;
  /**
   * Where memory comes from, the encoder's own as well. NULL: the default pool.
   */
  struct arrowio_pool *pool;
  /**
   * A dictionary, of codecs that take one; it is copied. NULL: none.
   */
  const void *dictionary;
  /**
   * Bytes of it.
   */
  int64_t dictionary_size;
  /**
   * The level, as the ARROWIO_CODEC constant says. 0: the codec's default; ARROWIO_COMPRESSION_LEVEL_ZERO: level 0.
   */
  int32_t compression_level;
  /**
   * The binary logarithm of the window, of codecs where it can be chosen. 0: as the level has it.
   */
  int32_t window_log;
  /**
   * How many threads may help, where a codec has work for them; 0: none.
   */
  int32_t threads;
  /**
   * Whether the checksum is left out, of formats that can do without: 0 or 1.
   */
  int32_t without_checksum;
  /**
   * Frames of so many uncompressed bytes at most, which arrowio_seekable_file_new finds without decompressing what is
   * before them: gzip in the form of BGZF (1 to 65280), zstd in its seekable format (1 to 1073741824), each of which any
   * reader of the format reads. 0: one frame as long as it takes. -1: what is usual, 65280 for gzip and 1 MiB for zstd.
   * Small frames compress less.
   */
  int64_t frame_size;
} arrowio_compression_options;

/**
 * What to do about bytes behind the last frame (gzip: member) that do not begin another one: one of the ARROWIO_TRAILING
 * constants. Of formats without a signature, brotli and deflate, any byte may begin another one: with IGNORE and LEAVE they
 * end behind the first.
 */
typedef uint32_t arrowio_trailing;

/**
 * Options of decompression. Set struct_size, and everything else to 0 for the defaults.
 */
typedef struct arrowio_decompression_options {
  /**
   * sizeof(arrowio_decompression_options).
   */
  size_t struct_size;
  /**
   * Where memory comes from, the decoder's own as well. NULL: the default pool.
   */
  struct arrowio_pool *pool;
  /**
   * The dictionary that the data were compressed with, of codecs that take one; it is copied. NULL: none.
   */
  const void *dictionary;
  /**
   * Bytes of it.
   */
  int64_t dictionary_size;
  /**
   * The most bytes that may come out; more are ARROWIO_CAPACITY_ERROR. 0: any number.
   */
  int64_t max_output_size;
  /**
   * The most bytes that may come out of each compressed one, beyond the first 65536; more are ARROWIO_CAPACITY_ERROR. What
   * has been read counts, not only what has been used. 0: any number.
   */
  int64_t max_ratio;
  /**
   * The most bytes of memory for the decoder itself, of which the data ask for a window or a dictionary; more are
   * ARROWIO_CAPACITY_ERROR. 0: 268435456 (256 MiB).
   */
  int64_t memory_limit;
  /**
   * How many threads may help, where a codec has work for them: zstd and gzip (BGZF as well) where there are several frames,
   * of which each thread decompresses one at a time, or as many small ones as are worth it. They read
   * ahead, so what is sent by somebody who waits for an answer is no matter for them. What comes out, limits and errors
   * are as without threads, but that max_ratio takes what is read ahead for compressed bytes as well. Frames of more than 8 MiB, or out of which more than 8 MiB come (a quarter of memory_limit if
   * that is less), are decompressed by the calling thread alone, as is what no thread has begun. For each thread
   * there are up to two frames or groups in memory, with what comes out of them, all within memory_limit, and a decoder with
   * its own memory_limit. At most 256 are used. 0: none.
   */
  int32_t threads;
  /**
   * An ARROWIO_TRAILING constant.
   */
  arrowio_trailing trailing;
} arrowio_decompression_options;

/**
 * Options of seekable files. Set struct_size, and everything else to 0 for the defaults.
 */
typedef struct arrowio_seekable_options {
  /**
   * sizeof(arrowio_seekable_options).
   */
  size_t struct_size;
  /**
   * How to decompress, such as the limits; its pool is where all memory comes from. Of max_ratio all that was
   * decompressed so far is taken together; threads are not used. NULL: as the defaults there.
   */
  const struct arrowio_decompression_options *decompression;
  /**
   * The most decompressed bytes that are kept; what was not used for longest goes first. What was decompressed last, at
   * most 2 MiB, is always kept. 0: 16 MiB.
   */
  int64_t cache_size;
  /**
   * gzip that is not BGZF, and bzip2: reading can begin at places that are so many decompressed bytes apart, or a little
   * more, of bzip2 up to a block more. In gzip each of them takes up to 32 KiB of memory, about a third of that of text; in
   * bzip2 next to nothing. 0: 1 MiB.
   */
  int64_t index_spacing;
} arrowio_seekable_options;

/**
 * Options of buffered streams. Set struct_size, and everything else to 0 for the defaults.
 */
typedef struct arrowio_buffered_stream_options {
  /**
   * sizeof(arrowio_buffered_stream_options).
   */
  size_t struct_size;
  /**
   * Where the buffer comes from, and buffers that are read. NULL: the default pool.
   */
  struct arrowio_pool *pool;
  /**
   * Small reads and writes are gathered to this many bytes, at most 1 GiB. 0: 65536.
   */
  int64_t buffer_size;
  /**
   * Input only: how many bytes may be taken from the other file, which is the end then. 0: as many as there are.
   */
  int64_t read_bound;
} arrowio_buffered_stream_options;

/**
 * Options of high-level streams. Set struct_size, and everything else to 0 for the defaults.
 */
typedef struct arrowio_stream_options {
  /**
   * sizeof(arrowio_stream_options).
   */
  size_t struct_size;
  /**
   * Where all memory comes from. NULL: the default pool.
   */
  struct arrowio_pool *pool;
  /**
   * Small reads and writes are gathered to this many bytes, at most 1 GiB. 0: 65536. Negative: not at all. With
   * a codec at least this many compressed bytes, and never fewer than 65536, are read and written at once as well.
   */
  int64_t buffer_size;
  /**
   * An ARROWIO_CODEC constant.
   */
  arrowio_codec codec;
  /**
   * Must be 0.
   */
  int32_t reserved;
  /**
   * How a path is opened, such as with ARROWIO_OPEN_ATOMIC; its pool is not used. NULL: as the defaults there.
   */
  const struct arrowio_os_file_options *file_options;
  /**
   * Output only: how to compress, such as the level; its pool is not used. NULL: as the defaults there.
   */
  const struct arrowio_compression_options *compression;
  /**
   * Input only: how to decompress, such as the limits; its pool is not used. NULL: as the defaults there.
   */
  const struct arrowio_decompression_options *decompression;
} arrowio_stream_options;

/**
 * What a file is: one of the ARROWIO_KIND constants.
 */
typedef uint32_t arrowio_kind;

/**
 * What the system knows of a file. Set struct_size; everything else is written by arrowio_file_metadata.
 */
typedef struct arrowio_metadata {
  /**
   * sizeof(arrowio_metadata).
   */
  size_t struct_size;
  /**
   * An ARROWIO_KIND constant.
   */
  arrowio_kind kind;
  /**
   * Permission bits, 07777 at most.
   */
  uint32_t permissions;
  /**
   * Owner.
   */
  uint32_t uid;
  /**
   * Group.
   */
  uint32_t gid;
  /**
   * Bytes, as the system says: of files under /proc and of devices it says 0. Compressed ones, where they are compressed.
   */
  int64_t size;
  /**
   * How many names it has; 0: it has been removed.
   */
  uint64_t links;
  /**
   * Its number on its device.
   */
  uint64_t inode;
  /**
   * The number of its device.
   */
  uint64_t device;
  /**
   * When it was last read, in nanoseconds since 1970 UTC, as are the others.
   */
  int64_t accessed_ns;
  /**
   * When its content was last changed.
   */
  int64_t modified_ns;
  /**
   * When its content or what is known of it was last changed.
   */
  int64_t changed_ns;
} arrowio_metadata;

/**
 * How a file system is reached. Set struct_size, and everything else to 0 for the defaults. The strings are copied. For
 * file:// only pool and buffer_size mean anything; numbers that are out of range are ARROWIO_INVALID there as well.
 */
typedef struct arrowio_filesystem_options {
  /**
   * sizeof(arrowio_filesystem_options).
   */
  size_t struct_size;
  /**
   * Where buffers that are read come from. NULL: the default pool. The network client has its memory from the C library.
   */
  struct arrowio_pool *pool;
  /**
   * Who asks, where the cluster believes what it is told. NULL: HADOOP_USER_NAME, or else the process's user.
   */
  const char *user;
  /**
   * The folder with core-site.xml and hdfs-site.xml. NULL: HADOOP_CONF_DIR, or else etc/hadoop in HADOOP_HOME; without both
   * there are none.
   */
  const char *configuration_directory;
  /**
   * Keys and values, in turn, such as "dfs.client.use.datanode.hostname", "true"; they count more than those of the files.
   * Only here can dfs.client.block.write.replace-datanode-on-failure.best-effort be set to "false": a block then fails where
   * a data node of it failed and none takes its place, instead of going on with those that are left.
   */
  const char *const *configuration;
  /**
   * How many pairs of them there are.
   */
  int64_t configuration_count;
  /**
   * Who asks by Kerberos, such as "me@EXAMPLE.ORG"; has to be said where keytab or ticket_cache is. NULL: whose tickets are in
   * the usual cache. A cluster that does not ask for Kerberos is told user all the same, and no keys are looked at. Kerberos
   * needs the system's library libgssapi_krb5.so.2, which is looked for when it is first needed.
   */
  const char *kerberos_principal;
  /**
   * A file with the keys of kerberos_principal. NULL: its tickets come from the cache.
   */
  const char *keytab;
  /**
   * The cache of tickets. NULL: KRB5CCNAME, or else the system's usual one.
   */
  const char *ticket_cache;
  /**
   * How long a call waits for an answer before it is ARROWIO_TIMED_OUT; one that moves much data waits for many, each with
   * this limit. To find out what to say it then takes up to two seconds more. Giving up a file that was written takes two
   * seconds at most, after a failure, in arrowio_file_abort, and where a cancellation stops a call that closes. A data node
   * that is silent for a quarter of it is given up for another one, unless configuration, not a file, says otherwise by
   * dfs.client.socket-timeout; where none is left a read is ARROWIO_IO_ERROR with EIO. 0: 60 s; -1: for ever.
   */
  int64_t timeout_ns;
  /**
   * Small reads fetch so many bytes at once. 0: 65536; -1: none. A cluster sends ahead of them, up to some MiB, so that
   * arrowio_file_read_at is the better one for few bytes here and there.
   */
  int64_t buffer_size;
  /**
   * Bytes of a block of new files. 0: as the cluster has it.
   */
  int64_t block_size;
  /**
   * How many copies of new files there are to be, 32767 at most. 0: as the cluster has it.
   */
  int32_t replication;
  /**
   * Threads that send and receive, 256 at most; they start at once and end with the last reference. 0: half as many as there
   * are processors, from 1 to 4. Beside them a call that waits for a name node or for what it writes has one, and the names of
   * hosts are looked up on others.
   */
  int32_t threads;
} arrowio_filesystem_options;

/**
 * How a file of a file system is written. Set struct_size, and everything else to 0 for the defaults.
 */
typedef struct arrowio_output_options {
  /**
   * sizeof(arrowio_output_options).
   */
  size_t struct_size;
  /**
   * A sum of ARROWIO_OUTPUT constants. 0: a file that is there is replaced, the directory that it is in must be there.
   */
  uint32_t flags;
  /**
   * Permission bits of a new file, on this machine less the process's umask. 0: 0666, on a cluster 0644.
   */
  uint32_t permissions;
  /**
   * Bytes of a block of a new file. 0: as arrowio_filesystem_options says.
   */
  int64_t block_size;
  /**
   * How many copies of a new file there are to be, 32767 at most. 0: as arrowio_filesystem_options says.
   */
  int32_t replication;
  /**
   * 0.
   */
  int32_t reserved;
} arrowio_output_options;

/**
 * Told how far something is, in bytes. 0: go on; anything else ends it with ARROWIO_CANCELLED. Called on the calling
 * thread; must not throw.
 */
typedef int32_t (*arrowio_progress_fn)(void *user_data, int64_t bytes_done);

/**
 * Options of copying. Set struct_size, and everything else to 0 for the defaults.
 */
typedef struct arrowio_copy_options {
  /**
   * sizeof(arrowio_copy_options).
   */
  size_t struct_size;
  /**
   * Where memory on the way comes from. NULL: the default pool.
   */
  struct arrowio_pool *pool;
  /**
   * Bytes in one step, at most 1 GiB. 0: 1 MiB. Where the operating system moves them by itself, steps are larger unless
   * there is a `progress`.
   */
  int64_t chunk_size;
  /**
   * Called after each step with the bytes copied so far. NULL: nobody is told.
   */
  arrowio_progress_fn progress;
  /**
   * Given to `progress`.
   */
  void *user_data;
} arrowio_copy_options;

/**
 * What the calls on a file did since arrowio_file_enable_statistics. Set struct_size; the rest is filled in.
 */
typedef struct arrowio_statistics {
  /**
   * sizeof(arrowio_statistics).
   */
  size_t struct_size;
  /**
   * Calls that read and succeeded.
   */
  int64_t read_calls;
  /**
   * Bytes that these gave.
   */
  int64_t bytes_read;
  /**
   * Calls that wrote and succeeded.
   */
  int64_t write_calls;
  /**
   * Bytes that these took.
   */
  int64_t bytes_written;
  /**
   * Calls of the operating system, for this file and those beneath it, on the threads that called.
   */
  int64_t system_calls;
  /**
   * Nanoseconds in these: the time waited.
   */
  int64_t system_ns;
} arrowio_statistics;

/**
 * What arrowio_cancellation_run calls; must not throw.
 */
typedef void (*arrowio_run_fn)(void *user_data);

/**
 * Is told that an operation is done: everything may be asked of it. Called exactly once, by the thread that completes it:
 * one of the executor, or, before it has begun, whoever cancels the operation, stops the executor, or asks after an operation
 * whose time is over. The operation is the library's; must not throw.
 */
typedef void (*arrowio_operation_fn)(void *user_data, struct arrowio_operation *operation);

/**
 * Options of operations. Set struct_size, and everything else to 0 for the defaults.
 */
typedef struct arrowio_operation_options {
  /**
   * sizeof(arrowio_operation_options).
   */
  size_t struct_size;
  /**
   * Called when the operation is done. Optional.
   */
  arrowio_operation_fn callback;
  /**
   * For the callback.
   */
  void *user_data;
  /**
   * Called with user_data exactly once, when the library is done with it, unless the start fails. Optional.
   */
  arrowio_free_fn free_fn;
  /**
   * The operation ends with ARROWIO_TIMED_OUT when it is not done so many nanoseconds after its start; one that waits for
   * a thread as soon as somebody asks after it or waits for it (its descriptor is readable from then on), else when a
   * thread comes to it. 0: never.
   */
  int64_t timeout_ns;
} arrowio_operation_options;

/**
 * Bytes of a file.
 */
typedef struct arrowio_range {
  /**
   * The first one, at least 0.
   */
  int64_t offset;
  /**
   * How many, at least 0.
   */
  int64_t size;
} arrowio_range;

/**
 * Options of reading many ranges. Set struct_size, and everything else to 0 for the defaults.
 */
typedef struct arrowio_read_many_options {
  /**
   * sizeof(arrowio_read_many_options).
   */
  size_t struct_size;
  /**
   * Whose threads read together with the calling one, as far as they have time. NULL: none.
   */
  struct arrowio_executor *executor;
  /**
   * Ranges with at most so many bytes between them are read at once. 0: 8192. Negative: none between them.
   */
  int64_t hole_size_limit;
  /**
   * Ranges are not put together to reads of more bytes than this. 0: 32 MiB. Negative: none are put together but those
   * inside others.
   */
  int64_t range_size_limit;
} arrowio_read_many_options;

/**
 * Options of range caches. Set struct_size, and everything else to 0 for the defaults.
 */
typedef struct arrowio_range_cache_options {
  /**
   * sizeof(arrowio_range_cache_options).
   */
  size_t struct_size;
  /**
   * Where its memory comes from. NULL: the default pool.
   */
  struct arrowio_pool *pool;
  /**
   * Whose threads read ahead. NULL: whoever calls arrowio_file_will_need waits until all is read.
   */
  struct arrowio_executor *executor;
  /**
   * Ranges with at most so many bytes between them are read at once. 0: 8192. Negative: none between them.
   */
  int64_t hole_size_limit;
  /**
   * Ranges are not put together to reads of more bytes than this. 0: 32 MiB. Negative: none are put together but those
   * inside others.
   */
  int64_t range_size_limit;
  /**
   * The most bytes that are kept or about to be; what was not used for longest goes for what is wanted now. 0: 256 MiB.
   */
  int64_t memory_limit;
  /**
   * Lazy only: when a range is read for the first time, so many of those behind it are read by the executor. 0: none.
   */
  int64_t prefetch_limit;
  /**
   * Not 0: ranges are read when they are first needed and not before.
   */
  int32_t lazy;
  /**
   * Must be 0.
   */
  int32_t reserved;
} arrowio_range_cache_options;

/**
 * Options of read-ahead streams. Set struct_size, and everything else to 0 for the defaults.
 */
typedef struct arrowio_read_ahead_options {
  /**
   * sizeof(arrowio_read_ahead_options).
   */
  size_t struct_size;
  /**
   * Where the memory comes from. NULL: the default pool.
   */
  struct arrowio_pool *pool;
  /**
   * Bytes to read at once. 0: 1 MiB.
   */
  int64_t block_size;
  /**
   * How many such blocks are read ahead at most. 0: 4.
   */
  int64_t blocks;
} arrowio_read_ahead_options;

/**
 * Done.
 */
#define ARROWIO_OK 0

/**
 * No memory, or a pool at its limit.
 */
#define ARROWIO_OUT_OF_MEMORY 1

/**
 * An argument or a state that makes no sense: NULL, a negative size, an unknown constant, a wrong direction.
 */
#define ARROWIO_INVALID 4

/**
 * The system failed (see arrowio_error_os_error) or data is damaged.
 */
#define ARROWIO_IO_ERROR 5

/**
 * A size that does not fit its type.
 */
#define ARROWIO_CAPACITY_ERROR 6

/**
 * An offset or size outside its object.
 */
#define ARROWIO_INDEX_ERROR 7

/**
 * Cancelled by the host.
 */
#define ARROWIO_CANCELLED 8

/**
 * Not part of this build, or not possible for this class.
 */
#define ARROWIO_NOT_IMPLEMENTED 10

/**
 * What was to be created is there already.
 */
#define ARROWIO_ALREADY_EXISTS 45

/**
 * A defect of the library, caught before it could do harm; the object it happened in can only be released.
 */
#define ARROWIO_INTERNAL 100

/**
 * The file was closed before.
 */
#define ARROWIO_CLOSED 101

/**
 * A deadline passed.
 */
#define ARROWIO_TIMED_OUT 102

/**
 * A block was handed out.
 */
#define ARROWIO_POOL_EVENT_ALLOCATE 1

/**
 * A block changed its size.
 */
#define ARROWIO_POOL_EVENT_REALLOCATE 2

/**
 * A block is about to be taken back.
 */
#define ARROWIO_POOL_EVENT_FREE 3

/**
 * Reading; the file must exist.
 */
#define ARROWIO_MODE_READ 1

/**
 * Writing; the file is created, or cut to nothing.
 */
#define ARROWIO_MODE_WRITE 2

/**
 * Writing at the end; the file is created where it does not exist.
 */
#define ARROWIO_MODE_APPEND 3

/**
 * Reading and writing from the start; the file is created where it does not exist and never cut.
 */
#define ARROWIO_MODE_READ_WRITE 4

/**
 * Memory maps only: reading and writing in this process's memory; the file stays as it is.
 */
#define ARROWIO_MODE_PRIVATE 5

/**
 * Standard input, for reading.
 */
#define ARROWIO_STANDARD_INPUT 0

/**
 * Standard output, for writing.
 */
#define ARROWIO_STANDARD_OUTPUT 1

/**
 * Standard error, for writing.
 */
#define ARROWIO_STANDARD_ERROR 2

/**
 * The call fails.
 */
#define ARROWIO_ON_ERROR_FAIL 0

/**
 * A replacement is put in its place: U+FFFD, in text.
 */
#define ARROWIO_ON_ERROR_REPLACE 1

/**
 * CRC-32C (Castagnoli), as of iSCSI; 32 bits.
 */
#define ARROWIO_CHECKSUM_CRC32C 1

/**
 * XXH3 of 64 bits, without a seed.
 */
#define ARROWIO_CHECKSUM_XXH3_64 2

/**
 * As the path's suffix says, in any case (".gz"); where it says nothing, and for memory, as the first bytes to be read say,
 * unless they would have to be waited for: those of a pipe, a socket or another file that cannot seek are not looked at.
 */
#define ARROWIO_CODEC_DETECT 0

/**
 * Not at all.
 */
#define ARROWIO_CODEC_NONE 1

/**
 * gzip (RFC 1952), also of several members. Suffixes ".gz", ".gzip", ".bgz", ".bgzf". Levels 0 to 9, by default 6. window_log
 * 9 to 15. Has a checksum.
 */
#define ARROWIO_CODEC_GZIP 2

/**
 * Zstandard (RFC 8878), also of several frames. Suffixes ".zst", ".zstd". Levels -131072 to 22, by default 3. window_log 10
 * to 31. Has a checksum that can be left out; takes a dictionary.
 */
#define ARROWIO_CODEC_ZSTD 3

/**
 * zlib (RFC 1950), also several one behind the other. Suffixes ".zz", ".zlib". Levels 0 to 9, by default 6. window_log 9 to
 * 15. Has a checksum.
 */
#define ARROWIO_CODEC_ZLIB 4

/**
 * deflate by itself (RFC 1951), also several one behind the other. Suffix ".deflate". Levels 0 to 9, by default 6. window_log
 * 9 to 15. Has no checksum.
 */
#define ARROWIO_CODEC_DEFLATE 5

/**
 * LZ4 frames, also several of them; those of `lz4 -l` are read. Suffix ".lz4". Levels 1 to 12, by default 1. Has a checksum
 * that can be left out.
 */
#define ARROWIO_CODEC_LZ4 6

/**
 * One block of LZ4, as in Parquet: whole pieces of memory only, up to 2113929216 bytes. No suffix. Levels 1 to 12, by default
 * 1. No checksum.
 */
#define ARROWIO_CODEC_LZ4_RAW 7

/**
 * LZ4 blocks as Hadoop frames them, also in older Parquet files. No suffix, no levels, no checksum, and no mark at the end:
 * data that are cut off between frames look complete. Sizes of more than 64 MiB are not believed. A whole piece of memory
 * that is one block in no frame, as some writers of Parquet have it, is decompressed as LZ4_RAW.
 */
#define ARROWIO_CODEC_LZ4_HADOOP 8

/**
 * bzip2, also of several streams. Suffixes ".bz2", ".bz". Levels 1 to 9, by default 9. Has a checksum. A flush ends the
 * stream, and what is written next begins another one; threads write a stream for every 890000 bytes, and read any.
 * Randomised blocks, which only versions of bzip2 before 1.0 wrote, are taken for damage.
 */
#define ARROWIO_CODEC_BZIP2 9

/**
 * Brotli (RFC 7932), also of several streams. Suffix ".br". Levels 0 to 11, by default 8. window_log 10 to 24. Has neither a
 * checksum nor a signature: what is damaged may decompress to something else, and the content does not tell it.
 */
#define ARROWIO_CODEC_BROTLI 10

/**
 * One block of Snappy, as in Parquet: whole pieces of memory only, of which up to 4294967295 bytes may come. No suffix, no
 * levels, no checksum.
 */
#define ARROWIO_CODEC_SNAPPY 11

/**
 * Snappy in its framing format, also several streams of it. Suffix ".sz". No levels. Each chunk has a checksum, but there is
 * no mark at the end: data that are cut off between chunks look complete.
 */
#define ARROWIO_CODEC_SNAPPY_FRAMED 12

/**
 * Snappy blocks as Hadoop frames them. Suffix ".snappy". No levels, no checksum, and no mark at the end: data that are cut off
 * between frames look complete. Sizes of more than 64 MiB are not believed.
 */
#define ARROWIO_CODEC_SNAPPY_HADOOP 13

/**
 * xz, also of several streams, with padding between them. Suffix ".xz". Levels 0 to 9, by default 6. Has a checksum (CRC-64)
 * that can be left out. Of threads, the data written are in blocks, which threads can read again.
 */
#define ARROWIO_CODEC_XZ 14

/**
 * As the first bytes to be read say, whatever the suffix; they are waited for. What is written is not compressed.
 */
#define ARROWIO_CODEC_DETECT_CONTENT 1000

/**
 * They are an error, zero bytes as well; behind xz streams, though, zero bytes in multiples of 4 are padding, whatever
 * the constant is.
 */
#define ARROWIO_TRAILING_ERROR 0

/**
 * They are not looked at: the data end there.
 */
#define ARROWIO_TRAILING_IGNORE 1

/**
 * The data end there, and so does the position of the file that they are read from: whoever reads on from it gets the rest.
 * No threads help then, since they would read ahead.
 */
#define ARROWIO_TRAILING_LEAVE 2

/**
 * From the start of the file.
 */
#define ARROWIO_SEEK_START 0

/**
 * From the position.
 */
#define ARROWIO_SEEK_CURRENT 1

/**
 * From the end of the file.
 */
#define ARROWIO_SEEK_END 2

/**
 * A regular file.
 */
#define ARROWIO_KIND_REGULAR 1

/**
 * A directory.
 */
#define ARROWIO_KIND_DIRECTORY 2

/**
 * A symbolic link.
 */
#define ARROWIO_KIND_LINK 3

/**
 * A pipe or FIFO.
 */
#define ARROWIO_KIND_PIPE 4

/**
 * A socket.
 */
#define ARROWIO_KIND_SOCKET 5

/**
 * A terminal or another character device.
 */
#define ARROWIO_KIND_CHARACTER_DEVICE 6

/**
 * A block device.
 */
#define ARROWIO_KIND_BLOCK_DEVICE 7

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Version of the loaded library as one number, to compare with ARROWIO_VERSION_NUMBER of the header.
 *
 * \return major * 10000 + minor * 100 + patch.
 *
 * Ownership: none. Threads: any. Since 0.1.
 */
uint32_t arrowio_version_number(void);

/**
 * Version of the loaded library as text, such as "0.1.0".
 *
 * \return a NUL-terminated string.
 *
 * Ownership: static, never freed. Threads: any. Since 0.1.
 */
const char *arrowio_version_string(void);

/**
 * Name of a status, such as "IO_ERROR".
 *
 * \param status  any number.
 * \return a NUL-terminated string; "UNKNOWN" for a number that this version does not know.
 *
 * Ownership: static, never freed. Threads: any. Since 0.1.
 */
const char *arrowio_status_name(arrowio_status status);

/**
 * Status that the failed call returned.
 *
 * \param error  the error. NULL: ARROWIO_OK.
 * \return the status.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
arrowio_status arrowio_error_status(const struct arrowio_error *error);

/**
 * What failed, on what, and why, with the numbers; one line of UTF-8.
 *
 * \param error  the error. NULL: an empty string.
 * \return a NUL-terminated string.
 *
 * Ownership: the error's, good until its last release. Threads: any. Since 0.1.
 */
const char *arrowio_error_message(const struct arrowio_error *error);

/**
 * The system's errno behind the failure.
 *
 * \param error  the error. NULL: 0.
 * \return the errno, or 0 where the system was not involved.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
int32_t arrowio_error_os_error(const struct arrowio_error *error);

/**
 * Makes an error, for the host's functions that the library calls: they end by
 * `return arrowio_error_new(status, errno, "what failed", out_error);`.
 *
 * \param status     what it is: one of the failures above.
 * \param os_error   the system's errno behind it, or 0.
 * \param message    what failed, on what, and why; NUL-terminated UTF-8. It is copied.
 * \param out_error  optional: the error, for whoever called the host's function to release.
 * \return the status, never ARROWIO_OK; ARROWIO_INVALID (NULL, or a status that is no known failure; the error then says
 *         so), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference, to be passed on. Threads: any. Since 0.1.
 */
arrowio_status arrowio_error_new(arrowio_status status,
                                 int32_t os_error,
                                 const char *message,
                                 struct arrowio_error **out_error);

/**
 * Takes one more reference.
 *
 * \param error  the error, or NULL.
 * \return its argument.
 *
 * Ownership: the caller has one more reference to release. Threads: any. Since 0.1.
 */
struct arrowio_error *arrowio_error_retain(struct arrowio_error *error);

/**
 * Gives one reference back; the last one frees the error.
 *
 * \param error  the error, or NULL, which does nothing.
 * \return nothing.
 *
 * Ownership: takes the caller's reference. Threads: any. Since 0.1.
 */
void arrowio_error_release(struct arrowio_error *error);

/**
 * Sends warnings, which the library gives where no caller can be told of a failure, to a function of the host's. At
 * first they are lines on standard error. Nothing else is ever printed.
 *
 * \param warn       called with each warning. NULL: back to standard error.
 * \param user_data  passed to both functions.
 * \param free_fn    frees user_data once another handler has taken over; NULL: nothing to free.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: keeps user_data on success; on failure free_fn is not called. Threads: any. Since 0.1.
 */
arrowio_status arrowio_set_warning_handler(arrowio_warning_fn warn,
                                           void *user_data,
                                           arrowio_free_fn free_fn,
                                           struct arrowio_error **out_error);

/**
 * The default pool: what arrowio_pool_set_default said, else what the environment variable ARROWIO_DEFAULT_MEMORY_POOL
 * names (asked once; an unknown name gives one warning), else "mimalloc".
 *
 * \return the pool, never NULL.
 *
 * Ownership: borrowed; default pools live until the process ends. Threads: any. Since 0.1.
 */
struct arrowio_pool *arrowio_pool_default(void);

/**
 * Makes a pool the default for all calls from now on. What lives in the former default stays there.
 *
 * \param pool       the new default.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: keeps the pool until the process ends. Threads: any. Since 0.1.
 */
arrowio_status arrowio_pool_set_default(struct arrowio_pool *pool, struct arrowio_error **out_error);

/**
 * Opens the process-wide pool of a back end. Opened again it is the same pool with the same figures; for figures of
 * one's own put arrowio_pool_new_proxy over it.
 *
 * \param backend_name  "mimalloc", "jemalloc" or "system"; see arrowio_pool_supported_backend.
 * \param out_pool      the pool; NULL on failure.
 * \param out_error     optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, or an unknown name), ARROWIO_NOT_IMPLEMENTED (not part of this build),
 *         ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference. Threads: any. Since 0.1.
 */
arrowio_status arrowio_pool_open(const char *backend_name,
                                 struct arrowio_pool **out_pool,
                                 struct arrowio_error **out_error);

/**
 * Names the back ends, one by one; the names are known also where a build does not have the back end.
 *
 * \param index  from 0 on.
 * \return the name; NULL for an index that is negative or past the last.
 *
 * Ownership: static, never freed. Threads: any. Since 0.1.
 */
const char *arrowio_pool_supported_backend(int64_t index);

/**
 * Name of a pool's back end; of a wrapping pool: that of the wrapped one; of the host's: "callbacks".
 *
 * \param pool  the pool. NULL: the default pool.
 * \return a NUL-terminated string.
 *
 * Ownership: the pool's, good until its last release. Threads: any. Since 0.1.
 */
const char *arrowio_pool_backend_name(const struct arrowio_pool *pool);

/**
 * Bytes in use now. Exact under threads, as are the other figures.
 *
 * \param pool  the pool. NULL: the default pool.
 * \return bytes.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
int64_t arrowio_pool_bytes_allocated(const struct arrowio_pool *pool);

/**
 * The most bytes that were ever in use at one instant.
 *
 * \param pool  the pool. NULL: the default pool.
 * \return bytes.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
int64_t arrowio_pool_max_memory(const struct arrowio_pool *pool);

/**
 * All bytes ever handed out. Growth counts by what it added; freeing takes nothing away.
 *
 * \param pool  the pool. NULL: the default pool.
 * \return bytes.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
int64_t arrowio_pool_total_bytes_allocated(const struct arrowio_pool *pool);

/**
 * How often memory was handed out or grew. Blocks of size 0 do not count.
 *
 * \param pool  the pool. NULL: the default pool.
 * \return a count.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
int64_t arrowio_pool_num_allocations(const struct arrowio_pool *pool);

/**
 * Gives memory that is kept for reuse back to the system, large blocks entirely, small ones as far as the back end can.
 * Changes no figure.
 *
 * \param pool  the pool. NULL: the default pool.
 * \return nothing.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
void arrowio_pool_release_unused(struct arrowio_pool *pool);

/**
 * Makes a pool that passes everything on to another and counts its own share.
 *
 * \param parent     the pool beneath. NULL: the default pool as it is now.
 * \param out_pool   the new pool; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (out_pool is NULL), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; it keeps the parent. Threads: any. Since 0.1.
 */
arrowio_status arrowio_pool_new_proxy(struct arrowio_pool *parent,
                                      struct arrowio_pool **out_pool,
                                      struct arrowio_error **out_error);

/**
 * Makes a pool that never hands out more than a limit at a time, at no instant and from no number of threads. Only its
 * own bytes count, not what others take from the same parent. What would exceed it fails with ARROWIO_OUT_OF_MEMORY. A
 * parent that moves a block to resize it has both for a moment, which is not counted.
 *
 * \param parent     the pool beneath. NULL: the default pool as it is now.
 * \param limit      bytes, at least 0.
 * \param out_pool   the new pool; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (out_pool is NULL, limit is negative), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; it keeps the parent. Threads: any. Since 0.1.
 */
arrowio_status arrowio_pool_new_capped(struct arrowio_pool *parent,
                                       int64_t limit,
                                       struct arrowio_pool **out_pool,
                                       struct arrowio_error **out_error);

/**
 * Hands out a block of memory, contents undefined.
 *
 * \param pool       the pool. NULL: the default pool.
 * \param size       bytes, at least 0. A block of size 0 has an address too, which must not be written to.
 * \param alignment  a power of two, in bytes.
 * \param out_data   the block. Written on success only.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative size, a wrong alignment), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the block is the caller's to give to arrowio_pool_free. Threads: any. Since 0.1.
 */
arrowio_status arrowio_pool_allocate(struct arrowio_pool *pool,
                                     int64_t size,
                                     int64_t alignment,
                                     uint8_t **out_data,
                                     struct arrowio_error **out_error);

/**
 * Changes the size of a block, at its place or elsewhere; contents are kept up to the smaller size. On failure the block
 * stays as it was.
 *
 * \param pool        the pool that the block is from. NULL: the default pool.
 * \param old_size    the block's size in bytes.
 * \param new_size    bytes, at least 0.
 * \param alignment   the block's alignment in bytes.
 * \param inout_data  the block; where it is now on success, unchanged on failure.
 * \param out_error   optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative size, a wrong alignment), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the new block replaces the old one. Threads: any, one at a time for the same block. Since 0.1.
 */
arrowio_status arrowio_pool_reallocate(struct arrowio_pool *pool,
                                       int64_t old_size,
                                       int64_t new_size,
                                       int64_t alignment,
                                       uint8_t **inout_data,
                                       struct arrowio_error **out_error);

/**
 * Takes a block back.
 *
 * \param pool       the pool that the block is from. NULL: the default pool.
 * \param data       the block, or NULL, which does nothing.
 * \param size       its size in bytes, as it was last given.
 * \param alignment  its alignment in bytes.
 * \return nothing. A negative size or a wrong alignment gives a warning and frees nothing.
 *
 * Ownership: takes the block. Threads: any. Since 0.1.
 */
void arrowio_pool_free(struct arrowio_pool *pool, uint8_t *data, int64_t size, int64_t alignment);

/**
 * Bytes in use in the default pool, as pyarrow's total_allocated_bytes().
 *
 * \return bytes.
 *
 * Ownership: none. Threads: any. Since 0.1.
 */
int64_t arrowio_total_allocated_bytes(void);

/**
 * Takes one more reference.
 *
 * \param pool  the pool, or NULL.
 * \return its argument.
 *
 * Ownership: the caller has one more reference to release. Threads: any. Since 0.1.
 */
struct arrowio_pool *arrowio_pool_retain(struct arrowio_pool *pool);

/**
 * Gives one reference back; the last one, with the last memory from the pool, ends the pool.
 *
 * \param pool  the pool, or NULL, which does nothing.
 * \return nothing.
 *
 * Ownership: takes the caller's reference. Threads: any. Since 0.1.
 */
void arrowio_pool_release(struct arrowio_pool *pool);

/**
 * Makes a pool that passes everything on to another, counts its own share and tells a function of each call.
 *
 * \param parent     the pool beneath. NULL: the default pool as it is now.
 * \param log        called after each allocation and reallocation, failed ones too, and before each free; not for sizes of 0
 *                   or beyond the address space, which no pool is asked for.
 * \param user_data  passed to both functions.
 * \param free_fn    frees user_data when the pool goes; NULL: nothing to free.
 * \param out_pool   the new pool; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (log or out_pool is NULL), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; it keeps the parent and, on success, user_data. On failure free_fn is not
 * called. Threads: any. Since 0.1.
 */
arrowio_status arrowio_pool_new_logging(struct arrowio_pool *parent,
                                        arrowio_pool_log_fn log,
                                        void *user_data,
                                        arrowio_free_fn free_fn,
                                        struct arrowio_pool **out_pool,
                                        struct arrowio_error **out_error);

/**
 * Makes a pool over an allocator of the host's.
 *
 * \param callbacks  the allocator's functions; copied.
 * \param user_data  passed to each of them.
 * \param out_pool   the new pool; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a required function missing, a wrong struct_size), ARROWIO_OUT_OF_MEMORY,
 *         ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; on success it keeps user_data, on failure free_fn is not called.
 * Threads: any. Since 0.1.
 */
arrowio_status arrowio_pool_new_callbacks(const struct arrowio_pool_callbacks *callbacks,
                                          void *user_data,
                                          struct arrowio_pool **out_pool,
                                          struct arrowio_error **out_error);

/**
 * Allocates a mutable buffer of fixed size. Its contents are undefined; the padding up to the next multiple of 64 bytes
 * is zero.
 *
 * \param pool        where the memory comes from. NULL: the default pool.
 * \param size        bytes, at least 0.
 * \param out_buffer  the buffer; NULL on failure.
 * \param out_error   optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative size), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; it keeps the pool. Threads: any. Since 0.1.
 */
arrowio_status arrowio_buffer_allocate(struct arrowio_pool *pool,
                                       int64_t size,
                                       struct arrowio_buffer **out_buffer,
                                       struct arrowio_error **out_error);

/**
 * Allocates a mutable buffer whose size may change. Its contents are undefined; the padding up to the next multiple of 64
 * bytes is zero.
 *
 * \param pool        where the memory comes from. NULL: the default pool.
 * \param size        bytes, at least 0.
 * \param out_buffer  the buffer; NULL on failure.
 * \param out_error   optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative size), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; it keeps the pool. Threads: any. Since 0.1.
 */
arrowio_status arrowio_buffer_allocate_resizable(struct arrowio_pool *pool,
                                                 int64_t size,
                                                 struct arrowio_buffer **out_buffer,
                                                 struct arrowio_error **out_error);

/**
 * Makes an immutable buffer of memory that the host owns, without a copy.
 *
 * \param data        the bytes, which must stay as they are until free_fn is called; may be NULL if size is 0.
 * \param size        bytes, at least 0.
 * \param user_data   passed to free_fn.
 * \param free_fn     called exactly once, after the last slice is gone, on the thread that lets go; NULL: nothing to free.
 * \param out_buffer  the buffer; NULL on failure.
 * \param out_error   optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative size), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference. The memory stays the host's until free_fn is called; on failure free_fn is not
 * called. Threads: any. Since 0.1.
 */
arrowio_status arrowio_buffer_wrap(const void *data,
                                   int64_t size,
                                   void *user_data,
                                   arrowio_free_fn free_fn,
                                   struct arrowio_buffer **out_buffer,
                                   struct arrowio_error **out_error);

/**
 * Makes a mutable buffer of memory that the host owns, without a copy.
 *
 * \param data        the bytes; may be NULL if size is 0.
 * \param size        bytes, at least 0.
 * \param user_data   passed to free_fn.
 * \param free_fn     called exactly once, after the last slice is gone, on the thread that lets go; NULL: nothing to free.
 * \param out_buffer  the buffer; NULL on failure.
 * \param out_error   optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative size), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference. The memory stays the host's until free_fn is called; on failure free_fn is not
 * called. Threads: any. Since 0.1.
 */
arrowio_status arrowio_buffer_wrap_mutable(void *data,
                                           int64_t size,
                                           void *user_data,
                                           arrowio_free_fn free_fn,
                                           struct arrowio_buffer **out_buffer,
                                           struct arrowio_error **out_error);

/**
 * Copies bytes into a new mutable buffer.
 *
 * \param pool        where the memory comes from. NULL: the default pool.
 * \param data        the bytes; may be NULL if size is 0.
 * \param size        bytes, at least 0.
 * \param out_buffer  the buffer; NULL on failure.
 * \param out_error   optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative size), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; it keeps the pool, not data. Threads: any. Since 0.1.
 */
arrowio_status arrowio_buffer_copy_bytes(struct arrowio_pool *pool,
                                         const void *data,
                                         int64_t size,
                                         struct arrowio_buffer **out_buffer,
                                         struct arrowio_error **out_error);

/**
 * Makes an immutable view of a part of a buffer, without a copy. A slice of a slice refers to the same root, so there are
 * no chains. While a slice lives, the root cannot be resized.
 *
 * \param buffer      the buffer.
 * \param offset      where the slice begins, in bytes.
 * \param size        bytes, at least 0; offset + size is at most the buffer's size.
 * \param out_buffer  the slice; NULL on failure.
 * \param out_error   optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, the buffer is being resized), ARROWIO_INDEX_ERROR (not
 *         inside the buffer), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; it keeps the root. Threads: any. Since 0.1.
 */
arrowio_status arrowio_buffer_slice(struct arrowio_buffer *buffer,
                                    int64_t offset,
                                    int64_t size,
                                    struct arrowio_buffer **out_buffer,
                                    struct arrowio_error **out_error);

/**
 * As arrowio_buffer_slice, for writing; only of a mutable buffer.
 *
 * \param buffer      the buffer.
 * \param offset      where the slice begins, in bytes.
 * \param size        bytes, at least 0; offset + size is at most the buffer's size.
 * \param out_buffer  the slice; NULL on failure.
 * \param out_error   optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, the buffer is immutable or being resized),
 *         ARROWIO_INDEX_ERROR (not inside the buffer), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; it keeps the root. Threads: any. Since 0.1.
 */
arrowio_status arrowio_buffer_slice_mutable(struct arrowio_buffer *buffer,
                                            int64_t offset,
                                            int64_t size,
                                            struct arrowio_buffer **out_buffer,
                                            struct arrowio_error **out_error);

/**
 * Copies a part of a buffer into a new mutable buffer.
 *
 * \param buffer      the buffer.
 * \param offset      where the part begins, in bytes.
 * \param size        bytes, at least 0; offset + size is at most the buffer's size.
 * \param pool        where the memory comes from. NULL: the default pool.
 * \param out_buffer  the copy; NULL on failure.
 * \param out_error   optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number), ARROWIO_INDEX_ERROR (not inside the buffer),
 *         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; it keeps the pool, not the buffer. Threads: any. Since 0.1.
 */
arrowio_status arrowio_buffer_copy(struct arrowio_buffer *buffer,
                                   int64_t offset,
                                   int64_t size,
                                   struct arrowio_pool *pool,
                                   struct arrowio_buffer **out_buffer,
                                   struct arrowio_error **out_error);

/**
 * Copies bytes of a buffer into memory of the caller. Of a buffer that is mapped from a file (a slice that was read from a
 * memory map), or that wraps memory of the host, this is the way to its bytes that is safe from what other processes do to
 * the file: where they are gone the call fails and no signal is raised. It takes a system call then, unless there is an
 * arrowio_fault_guard.
 *
 * \param buffer     the buffer.
 * \param offset     where to begin, in bytes, at least 0; past the end: 0 bytes.
 * \param dst        where the bytes go, room for `size` of them; may be NULL if size is 0.
 * \param size       bytes to copy, at least 0.
 * \param out_read   bytes copied, fewer than asked for only at the end. Written on success only.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number), ARROWIO_IO_ERROR (bytes that are gone; with errno where the
 *         system forbids to copy safely), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: any, while no other thread resizes the buffer or writes to it. Since 0.1.
 */
arrowio_status arrowio_buffer_read(const struct arrowio_buffer *buffer,
                                   int64_t offset,
                                   void *dst,
                                   int64_t size,
                                   int64_t *out_read,
                                   struct arrowio_error **out_error);

/**
 * Copies the bytes of several buffers, one behind the other, into a new mutable buffer.
 *
 * \param buffers     the buffers, none of them NULL; may be NULL if count is 0.
 * \param count       how many, at least 0.
 * \param pool        where the memory comes from. NULL: the default pool.
 * \param out_buffer  the whole; NULL on failure.
 * \param out_error   optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative count), ARROWIO_CAPACITY_ERROR (together too long),
 *         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; it keeps the pool, not the buffers. Threads: any. Since 0.1.
 */
arrowio_status arrowio_buffer_concatenate(struct arrowio_buffer *const *buffers,
                                          int64_t count,
                                          struct arrowio_pool *pool,
                                          struct arrowio_buffer **out_buffer,
                                          struct arrowio_error **out_error);

/**
 * Changes the size of a resizable buffer. Contents are kept up to the smaller size; what is new is undefined, the padding
 * up to the next multiple of 64 bytes is zero. The address may change. On failure nothing has changed.
 *
 * \param buffer         a buffer from arrowio_buffer_allocate_resizable, or one that was read or finished into memory.
 * \param size           bytes, at least 0.
 * \param shrink_to_fit  not 0: the capacity becomes the least that holds the size. 0: it never becomes less.
 * \param out_error      optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative size, not resizable, slices of it live), ARROWIO_OUT_OF_MEMORY,
 *         ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: only while no other thread uses the buffer. Since 0.1.
 */
arrowio_status arrowio_buffer_resize(struct arrowio_buffer *buffer,
                                     int64_t size,
                                     int32_t shrink_to_fit,
                                     struct arrowio_error **out_error);

/**
 * Makes the capacity of a resizable buffer at least as large as asked for, so that its size can grow that far without
 * moving. The size stays. On failure nothing has changed.
 *
 * \param buffer     a buffer from arrowio_buffer_allocate_resizable, or one that was read or finished into memory.
 * \param capacity   bytes, at least 0.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative capacity, not resizable, slices of it live),
 *         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: only while no other thread uses the buffer. Since 0.1.
 */
arrowio_status arrowio_buffer_reserve(struct arrowio_buffer *buffer,
                                      int64_t capacity,
                                      struct arrowio_error **out_error);

/**
 * Zeroes the bytes between a buffer's size and the next multiple of 64, as far as its capacity goes. Does nothing for an
 * immutable buffer.
 *
 * \param buffer  the buffer, or NULL, which does nothing.
 * \return nothing.
 *
 * Ownership: keeps nothing. Threads: only while no other thread writes to the buffer. Since 0.1.
 */
void arrowio_buffer_zero_padding(struct arrowio_buffer *buffer);

/**
 * Address of a buffer's bytes.
 *
 * \param buffer  the buffer. NULL: NULL.
 * \return the address, not NULL; of a buffer of size 0 it must not be read from.
 *
 * Ownership: the buffer's, good until its last release or its next resize. Threads: any. Since 0.1.
 */
const uint8_t *arrowio_buffer_data(const struct arrowio_buffer *buffer);

/**
 * Address of a buffer's bytes, to write to.
 *
 * \param buffer  the buffer. NULL: NULL.
 * \return the address; NULL for an immutable buffer.
 *
 * Ownership: the buffer's, good until its last release or its next resize. Threads: any; writing only while nobody else
 * uses the bytes. Since 0.1.
 */
uint8_t *arrowio_buffer_mutable_data(struct arrowio_buffer *buffer);

/**
 * Size of a buffer.
 *
 * \param buffer  the buffer. NULL: 0.
 * \return bytes.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
int64_t arrowio_buffer_size(const struct arrowio_buffer *buffer);

/**
 * Capacity of a buffer: the bytes that it has memory for, at least its size; of allocated buffers a multiple of 64.
 *
 * \param buffer  the buffer. NULL: 0.
 * \return bytes.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
int64_t arrowio_buffer_capacity(const struct arrowio_buffer *buffer);

/**
 * Whether a buffer's bytes may be written to.
 *
 * \param buffer  the buffer. NULL: 0.
 * \return 1 or 0.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
int32_t arrowio_buffer_is_mutable(const struct arrowio_buffer *buffer);

/**
 * The root that a slice is a part of.
 *
 * \param buffer  the buffer. NULL: NULL.
 * \return the root; NULL if the buffer is no slice.
 *
 * Ownership: borrowed from the buffer, good until its last release. Threads: any. Since 0.1.
 */
struct arrowio_buffer *arrowio_buffer_parent(const struct arrowio_buffer *buffer);

/**
 * Whether two buffers hold the same bytes.
 *
 * \param buffer  a buffer, or NULL.
 * \param other   a buffer, or NULL.
 * \return 1 if both have the same size and bytes, or both are NULL; else 0.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
int32_t arrowio_buffer_equals(const struct arrowio_buffer *buffer, const struct arrowio_buffer *other);

/**
 * Takes one more reference.
 *
 * \param buffer  the buffer, or NULL.
 * \return its argument.
 *
 * Ownership: the caller has one more reference to release. Threads: any. Since 0.1.
 */
struct arrowio_buffer *arrowio_buffer_retain(struct arrowio_buffer *buffer);

/**
 * Gives one reference back; the last one, with the last slice, frees the memory.
 *
 * \param buffer  the buffer, or NULL, which does nothing.
 * \return nothing.
 *
 * Ownership: takes the caller's reference. Threads: any. Since 0.1.
 */
void arrowio_buffer_release(struct arrowio_buffer *buffer);

/**
 * Makes a mutable buffer whose memory, once filled, arrowio_buffer_share can hand to another process without a copy. Its
 * memory comes from the system and is counted by no pool. Its size does not change.
 *
 * \param size        bytes, at least 0; all are zero.
 * \param out_buffer  the buffer; NULL on failure.
 * \param out_error   optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative size), ARROWIO_CAPACITY_ERROR (more than there are addresses),
 *         ARROWIO_IO_ERROR (with errno; EMFILE without a free descriptor), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference. The buffer has one descriptor. Threads: any. Since 0.1.
 */
arrowio_status arrowio_buffer_allocate_shared(int64_t size,
                                              struct arrowio_buffer **out_buffer,
                                              struct arrowio_error **out_error);

/**
 * Seals a buffer from arrowio_buffer_allocate_shared and gives a descriptor of its memory to hand to another process, by
 * SCM_RIGHTS or fork(2), which maps it with arrowio_buffer_map_shared. The memory stays at its address and can be read there
 * all the time; nobody can write to it or change its size any more, in any process: the buffer is immutable, and writing to
 * an address of it that was kept is a fault (SIGSEGV). When it is shared already this gives one more descriptor.
 *
 * \param buffer     the buffer. The first time the caller has the only reference, and there is no slice of it.
 * \param out_fd     the descriptor, not inherited across exec. Written on success only.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, another kind of buffer, other references, a forked child that still has the
 *         memory), ARROWIO_IO_ERROR (with errno; EMFILE without a free descriptor), ARROWIO_OUT_OF_MEMORY,
 *         ARROWIO_INTERNAL. On failure the buffer is as mutable as before, unless only the descriptor was not to be had.
 *
 * Ownership: the descriptor is the caller's to close; the memory lives as long as any buffer, descriptor or process has it.
 * Threads: the first time only while no other thread writes to the buffer or takes references. Since 0.1.
 */
arrowio_status arrowio_buffer_share(struct arrowio_buffer *buffer,
                                    int *out_fd,
                                    struct arrowio_error **out_error);

/**
 * Makes an immutable buffer of the memory behind a descriptor from arrowio_buffer_share, or of any memfd that is sealed
 * against writing and shrinking, without a copy. What the sender does afterwards, or that it ends, changes nothing.
 *
 * \param fd          the descriptor.
 * \param out_buffer  the buffer, as large as the memory is; NULL on failure.
 * \param out_error   optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, no descriptor of shared memory, one that lacks F_SEAL_WRITE or F_SEAL_SHRINK,
 *         so that the memory could change), ARROWIO_IO_ERROR (with errno; EBADF for no descriptor), ARROWIO_OUT_OF_MEMORY,
 *         ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; it does not keep the descriptor, which stays the caller's. Threads: any.
 * Since 0.1.
 */
arrowio_status arrowio_buffer_map_shared(int fd,
                                         struct arrowio_buffer **out_buffer,
                                         struct arrowio_error **out_error);

/**
 * Opens a file of the operating system: a regular file, a FIFO, a device, one under /proc. It is not inherited across exec.
 *
 * With ARROWIO_OPEN_ATOMIC the target stays as it is until arrowio_file_close, which syncs the new file to the disk, gives
 * it the target's name and syncs the directory. After arrowio_file_abort, where closing fails, and where anything was not
 * written although that was told before, the old content stays and the new file is gone; so it is where the file is released
 * without being closed, which is said as a warning. (Only where nothing but the syncing of the directory fails is the new
 * content there already.) All of this holds for a layer over the file, such as a compressed stream, as well. Without
 * permissions in the options the target's permission bits are kept, and its owner and group where the system lets it. Where
 * the target is a symbolic link, the file that it leads to is replaced and the link stays. The target must be a regular file
 * or not there; with ARROWIO_OPEN_EXCLUSIVE it must not be there when the file is closed either. A process that is killed
 * leaves the new file behind. What a child of fork() does not close it leaves to its parent, the new file included.
 *
 * \param path       a NUL-terminated path.
 * \param mode       ARROWIO_MODE_READ, _WRITE, _APPEND or _READ_WRITE.
 * \param options    optional.
 * \param out_file   the file; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown mode, wrong options), ARROWIO_IO_ERROR (with errno; EISDIR for a
 *         directory), ARROWIO_ALREADY_EXISTS (with ARROWIO_OPEN_EXCLUSIVE), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference. Threads: any. Since 0.1.
 */
arrowio_status arrowio_os_file_open(const char *path,
                                    arrowio_mode mode,
                                    const struct arrowio_os_file_options *options,
                                    struct arrowio_file **out_file,
                                    struct arrowio_error **out_error);

/**
 * Creates a file for reading and writing under a name that nobody can foresee. It is new for certain and, unless the options
 * have permissions, nobody else's to read. It stays until somebody removes it, as by unlink(arrowio_file_path(file)). That
 * path begins as directory does: with ARROWIO_OPEN_AT a relative one means something only from options->directory_fd, and
 * unlinkat(directory_fd, arrowio_file_path(file), 0) removes the file, for which the caller keeps that descriptor open.
 *
 * \param directory  a NUL-terminated path, from which on options->flags and options->directory_fd hold. NULL: the environment
 *                   variable TMPDIR, or "/tmp".
 * \param prefix     what the name begins with, without a slash; 16 random letters and digits follow. NULL: "arrowio-".
 * \param options    optional; without ARROWIO_OPEN_EXCLUSIVE, which it is anyway, and ARROWIO_OPEN_ATOMIC.
 * \param out_file   the file; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a prefix with a slash, wrong options), ARROWIO_IO_ERROR (with errno),
 *         ARROWIO_ALREADY_EXISTS (no free name in many attempts), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference, and the file on the disk. Threads: any. Since 0.1.
 */
arrowio_status arrowio_temporary_file_open(const char *directory,
                                           const char *prefix,
                                           const struct arrowio_os_file_options *options,
                                           struct arrowio_file **out_file,
                                           struct arrowio_error **out_error);

/**
 * Makes a file of an open descriptor: of a regular file, a pipe, a socket, a terminal. It goes on at the descriptor's
 * position, which moves with it; ARROWIO_MODE_APPEND goes to the end first. arrowio_file_read_line and _peek read ahead, by
 * 65536 bytes or more: until the file is closed the descriptor then stands further on than arrowio_file_tell says. Closing
 * puts a regular file's descriptor back; what was read ahead of a pipe, socket or terminal is lost to its other users.
 *
 * \param fd         the descriptor, open for what the mode needs.
 * \param mode       ARROWIO_MODE_READ, _WRITE, _APPEND or _READ_WRITE.
 * \param options    optional; with borrow_descriptor the descriptor stays the caller's.
 * \param out_file   the file; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown mode, a descriptor that is not open for it, wrong options),
 *         ARROWIO_IO_ERROR (with errno; EBADF for no descriptor, EISDIR for a directory), ARROWIO_OUT_OF_MEMORY,
 *         ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference. On success the descriptor is closed with the file, unless borrowed; on failure
 * it stays the caller's. Threads: any. Since 0.1.
 */
arrowio_status arrowio_os_file_open_fd(int fd,
                                       arrowio_mode mode,
                                       const struct arrowio_os_file_options *options,
                                       struct arrowio_file **out_file,
                                       struct arrowio_error **out_error);

/**
 * Maps a file into memory. Buffers that are read from it are slices of the map: no copy and no system call; they stay
 * good after the file is closed, for the memory is mapped until the last reference to the file and its slices is gone.
 *
 * If another process cuts the file, or the disk is full under a sparse one, memory of the map is gone. arrowio_file_read,
 * _read_some, _read_at, _write and _write_at then fail with ARROWIO_IO_ERROR, and so does a compressed stream over the map;
 * what is left of the file can still be read, and a write never extends it. They let the system copy for that, which takes
 * a call, unless there is an arrowio_fault_guard: then bytes behind the new end, up to the end of its page, are zeros to
 * read and nothing to write. What arrowio_file_read_buffer, _read_at_buffer, _read_all and _peek give is the map's own
 * memory: to touch what is gone of it raises SIGBUS, also by a function that such bytes are given to, such as
 * arrowio_buffer_copy, and by arrowio_file_read_line and _read_lines, which search it; arrowio_buffer_read copies safely.
 *
 * \param path       a NUL-terminated path.
 * \param mode       ARROWIO_MODE_READ, _READ_WRITE (creates a missing file) or _PRIVATE.
 * \param offset     where the map begins in the file, in bytes; any number up to the file's size.
 * \param size       bytes; offset + size is at most the file's size. -1: to the end.
 * \param out_file   the file; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown mode, a range outside the file), ARROWIO_IO_ERROR (with errno;
 *         EISDIR for a directory, ENODEV for what cannot be mapped), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference. Threads: any. Since 0.1.
 */
arrowio_status arrowio_memory_map_open(const char *path,
                                       arrowio_mode mode,
                                       int64_t offset,
                                       int64_t size,
                                       struct arrowio_file **out_file,
                                       struct arrowio_error **out_error);

/**
 * As arrowio_memory_map_open, of what an open descriptor stands for: of a file that was opened safely, a temporary one, or
 * memory by memfd_create. Its position is of no matter. The library works on a duplicate, so the descriptor may be closed as
 * soon as the call is over; who needs one of the map asks arrowio_file_descriptor.
 *
 * \param fd         the descriptor, open for reading; for ARROWIO_MODE_READ_WRITE also for writing.
 * \param mode       ARROWIO_MODE_READ, _READ_WRITE or _PRIVATE.
 * \param offset     where the map begins in the file, in bytes; any number up to the file's size.
 * \param size       bytes; offset + size is at most the file's size. -1: to the end.
 * \param out_file   the file; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown mode, a descriptor that is not open for it, a range outside the file),
 *         ARROWIO_IO_ERROR (with errno; EBADF for no descriptor, EISDIR for a directory, ENODEV for what cannot be mapped),
 *         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; the descriptor stays the caller's. Threads: any. Since 0.1.
 */
arrowio_status arrowio_memory_map_open_fd(int fd,
                                          arrowio_mode mode,
                                          int64_t offset,
                                          int64_t size,
                                          struct arrowio_file **out_file,
                                          struct arrowio_error **out_error);

/**
 * Creates a file of zeros, with its room on the disk taken, and maps it for reading and writing. A file that is there is
 * replaced; where the new one does not fit, the old content is gone all the same.
 *
 * \param path       a NUL-terminated path.
 * \param size       bytes, at least 0.
 * \param out_file   the file; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative size), ARROWIO_IO_ERROR (with errno; ENOSPC for a full disk),
 *         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference. Threads: any. Since 0.1.
 */
arrowio_status arrowio_memory_map_create(const char *path,
                                         int64_t size,
                                         struct arrowio_file **out_file,
                                         struct arrowio_error **out_error);

/**
 * Makes a file of standard input, output or error, whatever that is: a terminal, a pipe, a file. It goes on at the
 * descriptor's position, as arrowio_os_file_open_fd does with a borrowed descriptor. It knows nothing of what stdio.h has
 * buffered: fflush(3) that before, and do not read one stream in both ways.
 *
 * \param stream     ARROWIO_STANDARD_INPUT, _OUTPUT or _ERROR.
 * \param options    optional; what concerns paths and who closes has no meaning here.
 * \param out_file   the file; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown stream, one that is not open for its direction, wrong options),
 *         ARROWIO_IO_ERROR (with errno; EBADF where the program was started without it), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; it keeps the pool. The descriptor stays open when the file is closed.
 * Threads: any. Since 0.1.
 */
arrowio_status arrowio_standard_stream_open(arrowio_standard_stream stream,
                                            const struct arrowio_os_file_options *options,
                                            struct arrowio_file **out_file,
                                            struct arrowio_error **out_error);

/**
 * Makes a file that reads a buffer. Buffers that are read from it are slices: no copy.
 *
 * \param buffer     the buffer; while the file lives it cannot be resized.
 * \param out_file   the file; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; the file keeps the buffer until its last release. Threads: any. Since 0.1.
 */
arrowio_status arrowio_buffer_reader_new(struct arrowio_buffer *buffer,
                                         struct arrowio_file **out_file,
                                         struct arrowio_error **out_error);

/**
 * Makes a file that writes to memory, which grows as needed. arrowio_buffer_output_stream_finish gives what was written.
 *
 * \param pool              where the memory comes from. NULL: the default pool.
 * \param initial_capacity  bytes to have room for at first, at least 0.
 * \param out_file          the file; NULL on failure.
 * \param out_error         optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative capacity), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; it keeps the pool. Threads: any. Since 0.1.
 */
arrowio_status arrowio_buffer_output_stream_new(struct arrowio_pool *pool,
                                                int64_t initial_capacity,
                                                struct arrowio_file **out_file,
                                                struct arrowio_error **out_error);

/**
 * Closes a buffer output stream, if it is open, and gives what was written to it, once.
 *
 * \param file        a file from arrowio_buffer_output_stream_new, open or closed.
 * \param out_buffer  the bytes, in a mutable and resizable buffer; NULL on failure.
 * \param out_error   optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file of another class), ARROWIO_CLOSED (finished or aborted before),
 *         ARROWIO_OUT_OF_MEMORY (it can be tried again), ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference to the buffer. Threads: one call at a time per file, others wait. Since 0.1.
 */
arrowio_status arrowio_buffer_output_stream_finish(struct arrowio_file *file,
                                                   struct arrowio_buffer **out_buffer,
                                                   struct arrowio_error **out_error);

/**
 * Makes a file that writes over the bytes of a buffer, which stays as large as it is. A write that does not fit writes
 * nothing and fails with ARROWIO_IO_ERROR and ENOSPC.
 *
 * \param buffer     a mutable buffer; while the file lives it cannot be resized.
 * \param out_file   the file; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, an immutable buffer), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; the file keeps the buffer until its last release. Threads: any. Since 0.1.
 */
arrowio_status arrowio_fixed_size_buffer_writer_new(struct arrowio_buffer *buffer,
                                                    struct arrowio_file **out_file,
                                                    struct arrowio_error **out_error);

/**
 * Makes a file of the host's functions. What it can do follows from which there are; positions and sizes begin at what they
 * say. Small reads and writes are not gathered: lay a buffered stream over it.
 *
 * \param callbacks  the functions; copied.
 * \param user_data  passed to each of them.
 * \param out_file   the file; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, neither read nor write, read_at without read, write_at or resize without write,
 *         a wrong struct_size), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; on success the file keeps user_data until its last release, on failure free_fn is
 * not called. Threads: any. Since 0.1.
 */
arrowio_status arrowio_callback_file_new(const struct arrowio_file_callbacks *callbacks,
                                         void *user_data,
                                         struct arrowio_file **out_file,
                                         struct arrowio_error **out_error);

/**
 * Makes a file that reads a part of another one, from 0 on, at a position of its own. Any number of them may be used at
 * the same time on any threads. Where the other file gives buffers without a copy, this one does so too. Closing it leaves the
 * other one open; once that is closed, reads are ARROWIO_CLOSED.
 *
 * \param raw        a file with ARROWIO_CAPABILITY_READ_AT.
 * \param offset     where the part begins, in bytes, at least 0.
 * \param size       bytes, at least 0. -1: to the end, wherever that is. What lies past the end of the other file is not there, until that grows.
 * \param out_file   the file; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, a file that cannot be read at offsets),
 *         ARROWIO_CLOSED, ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; it keeps raw until its last release. Threads: any. Since 0.1.
 */
arrowio_status arrowio_segment_new(struct arrowio_file *raw,
                                   int64_t offset,
                                   int64_t size,
                                   struct arrowio_file **out_file,
                                   struct arrowio_error **out_error);

/**
 * Makes a file that reads another one and gives what a function of the host's makes of it, in chunks of up to 65536 bytes.
 * Closing it closes the other one.
 *
 * \param raw        a readable file; it must not be used otherwise meanwhile.
 * \param transform  the function.
 * \param user_data  passed to it.
 * \param free_fn    frees user_data when the last reference to the file has gone. NULL: nothing to free.
 * \param pool       where chunks and buffers that are read come from. NULL: the default pool.
 * \param out_file   the file; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file that cannot be read), ARROWIO_CLOSED, ARROWIO_OUT_OF_MEMORY,
 *         ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; it keeps raw and, on success, user_data; on failure free_fn is not called.
 * Threads: any. Since 0.1.
 */
arrowio_status arrowio_transform_input_stream_new(struct arrowio_file *raw,
                                                  arrowio_transform_fn transform,
                                                  void *user_data,
                                                  arrowio_free_fn free_fn,
                                                  struct arrowio_pool *pool,
                                                  struct arrowio_file **out_file,
                                                  struct arrowio_error **out_error);

/**
 * Makes a file that reads text from another one, of any encoding, and gives it in UTF-8. Positions count bytes of UTF-8. Text
 * that is wrong is an ARROWIO_IO_ERROR behind all that came before it, which names its byte offset in the other file
 * from where that was. Closing it closes the other one.
 *
 * \param raw        a readable file; it must not be used otherwise meanwhile.
 * \param encoding   a name as Python knows it, in any case, with or without hyphens and underscores: "utf-8" (which
 *                   checks), "utf-8-sig", "utf-16" (by its byte order mark, else in the machine's order), "utf-16-le",
 *                   "utf-16-be", "latin-1", "ascii", "iso-8859-2" to "-16", "cp1250" to "cp1258", "cp866", "cp874",
 *                   "koi8-r", "koi8-u", "mac-roman", "mac-cyrillic": all as Python decodes them; "gb18030", "gbk", "big5",
 *                   "shift-jis", "euc-jp", "euc-kr", "iso-2022-jp": as the web does (encoding.spec.whatwg.org).
 * \param options    optional.
 * \param out_file   the file; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown encoding, a file that cannot be read, wrong options),
 *         ARROWIO_CLOSED, ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; it keeps raw. Threads: any. Since 0.1.
 */
arrowio_status arrowio_transcoding_input_stream_new(struct arrowio_file *raw,
                                                    const char *encoding,
                                                    const struct arrowio_transcoding_options *options,
                                                    struct arrowio_file **out_file,
                                                    struct arrowio_error **out_error);

/**
 * Makes a file that reads another one and takes the checksum of what is read. Closing it closes the other one.
 *
 * \param raw        a readable file; it must not be used otherwise meanwhile.
 * \param checksum   an ARROWIO_CHECKSUM constant.
 * \param pool       where buffers come from that are read, and what is read ahead. NULL: the default pool.
 * \param out_file   the file; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown checksum, a file that cannot be read), ARROWIO_CLOSED,
 *         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; it keeps raw. Threads: any. Since 0.1.
 */
arrowio_status arrowio_checksum_input_stream_new(struct arrowio_file *raw,
                                                 arrowio_checksum checksum,
                                                 struct arrowio_pool *pool,
                                                 struct arrowio_file **out_file,
                                                 struct arrowio_error **out_error);

/**
 * Makes a file that writes to another one and takes the checksum of what is written. Closing it closes the other one.
 *
 * \param raw        a writable file; it must not be used otherwise meanwhile.
 * \param checksum   an ARROWIO_CHECKSUM constant.
 * \param out_file   the file; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown checksum, a file that cannot be written), ARROWIO_CLOSED,
 *         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; it keeps raw. Threads: any. Since 0.1.
 */
arrowio_status arrowio_checksum_output_stream_new(struct arrowio_file *raw,
                                                  arrowio_checksum checksum,
                                                  struct arrowio_file **out_file,
                                                  struct arrowio_error **out_error);

/**
 * The checksum of what was read or written so far, at any time, also when the file is closed. What was only peeked does not
 * count; of a failed write what got through does.
 *
 * \param file        a file from arrowio_checksum_input_stream_new or _output_stream_new.
 * \param out_digest  the checksum; one of 32 bits in the lower half. Written on success only.
 * \param out_size    how many bytes it is of: as arrowio_file_tell says, but that after a failed read the bytes which it
 *                    brought, and which are read again, have counted already. Written on success only.
 * \param out_error   optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file of another class), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: one call at a time per file, others wait. Since 0.1.
 */
arrowio_status arrowio_checksum_stream_digest(struct arrowio_file *file,
                                              uint64_t *out_digest,
                                              int64_t *out_size,
                                              struct arrowio_error **out_error);

/**
 * Makes a file that writes to two others what is written to it. A write goes to the first and then to the second one. Where
 * one of them fails, the error says which, and how far each one came; the next write goes on behind what both have, which
 * is the position, and brings the first file no byte twice. Flush, sync and close go to both, also where one fails, and report the first failure.
 *
 * \param first      a writable file; it must not be used otherwise meanwhile.
 * \param second     another one.
 * \param out_file   the file; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file that cannot be written, twice the same), ARROWIO_CLOSED,
 *         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; it keeps both. Threads: any. Since 0.1.
 */
arrowio_status arrowio_tee_output_stream_new(struct arrowio_file *first,
                                             struct arrowio_file *second,
                                             struct arrowio_file **out_file,
                                             struct arrowio_error **out_error);

/**
 * Makes a file that keeps nothing of what is written to it; its position and size tell how much it was.
 *
 * \param out_file   the file; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference. Threads: any. Since 0.1.
 */
arrowio_status arrowio_mock_output_stream_new(struct arrowio_file **out_file, struct arrowio_error **out_error);

/**
 * Makes a file that reads another one and waits before each read of that, also before those at offsets, to try what reads
 * slow files. It seeks and has a size if the other one does; a cancellation ends the waits. Closing it closes the other one.
 *
 * \param raw        a readable file; it must not be used otherwise meanwhile.
 * \param options    optional; without them no read waits.
 * \param out_file   the file; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file that cannot be read, wrong options), ARROWIO_CLOSED,
 *         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; it keeps raw. Threads: any. Since 0.1.
 */
arrowio_status arrowio_slow_input_new(struct arrowio_file *raw,
                                      const struct arrowio_slow_input_options *options,
                                      struct arrowio_file **out_file,
                                      struct arrowio_error **out_error);

/**
 * The codec of a name, in any case: "gzip", "zstd" and so on, as arrowio_codec_describe tells them, and what else they are
 * known by, such as "gz".
 *
 * \param name       a NUL-terminated name.
 * \param out_codec  the codec. Written on success only.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL; a name that is not known, with those that are in the message),
 *         ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
arrowio_status arrowio_codec_from_name(const char *name,
                                       arrowio_codec *out_codec,
                                       struct arrowio_error **out_error);

/**
 * The codec that a path's suffix stands for, in any case.
 *
 * \param path       a NUL-terminated path; the file need not be there.
 * \param out_codec  the codec; ARROWIO_CODEC_NONE where the suffix says nothing. Written on success only.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL), ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
arrowio_status arrowio_codec_from_path(const char *path, arrowio_codec *out_codec, struct arrowio_error **out_error);

/**
 * The codec of some data, by their first bytes. brotli, deflate, zlib and the raw forms cannot be told, nor can zstd and
 * lz4 where the first frame is one to be skipped, except that of pzstd.
 *
 * \param data       the first bytes of the data; 16 are enough.
 * \param size       bytes of them.
 * \param out_codec  the codec; ARROWIO_CODEC_NONE where nothing is recognised. Written on success only.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative size), ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
arrowio_status arrowio_codec_detect(const void *data,
                                    int64_t size,
                                    arrowio_codec *out_codec,
                                    struct arrowio_error **out_error);

/**
 * What a codec is like.
 *
 * \param codec      an ARROWIO_CODEC constant of a codec.
 * \param out_info   with struct_size set; the rest is written on success only.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, no codec, a struct_size of 0), ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
arrowio_status arrowio_codec_describe(arrowio_codec codec,
                                      struct arrowio_codec_info *out_info,
                                      struct arrowio_error **out_error);

/**
 * The most bytes that come of compressing some by one call, at any level, as one frame.
 *
 * \param codec      an ARROWIO_CODEC constant of a codec.
 * \param size       how many bytes are compressed.
 * \param out_size   how many may come out. Written on success only.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, no codec, a negative size), ARROWIO_CAPACITY_ERROR (more than an int64_t holds),
 *         ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
arrowio_status arrowio_codec_max_compressed_size(arrowio_codec codec,
                                                 int64_t size,
                                                 int64_t *out_size,
                                                 struct arrowio_error **out_error);

/**
 * Compresses a piece of memory into another one.
 *
 * \param codec      an ARROWIO_CODEC constant of a codec.
 * \param data       what to compress.
 * \param size       bytes of it.
 * \param options    optional.
 * \param out        where the compressed data go; must not overlap data.
 * \param capacity   bytes there; arrowio_codec_max_compressed_size of them are always enough without a frame_size.
 * \param out_size   how many bytes came out. Written on success only.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, negative sizes, no codec, options that it does not have),
 *         ARROWIO_CAPACITY_ERROR (they do not fit; what is in out then is nothing to use), ARROWIO_OUT_OF_MEMORY,
 *         ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
arrowio_status arrowio_codec_compress(arrowio_codec codec,
                                      const void *data,
                                      int64_t size,
                                      const struct arrowio_compression_options *options,
                                      void *out,
                                      int64_t capacity,
                                      int64_t *out_size,
                                      struct arrowio_error **out_error);

/**
 * Compresses a piece of memory into a buffer.
 *
 * \param codec       an ARROWIO_CODEC constant of a codec.
 * \param data        what to compress.
 * \param size        bytes of it.
 * \param options     optional.
 * \param out_buffer  the compressed data; NULL on failure.
 * \param out_error   optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative size, no codec, options that it does not have),
 *         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference to the buffer. Threads: any. Since 0.1.
 */
arrowio_status arrowio_codec_compress_buffer(arrowio_codec codec,
                                             const void *data,
                                             int64_t size,
                                             const struct arrowio_compression_options *options,
                                             struct arrowio_buffer **out_buffer,
                                             struct arrowio_error **out_error);

/**
 * Decompresses a piece of memory into another one, which may have room for more than comes out.
 *
 * \param codec         an ARROWIO_CODEC constant of a codec.
 * \param data          what to decompress: all of it, also of several frames.
 * \param size          bytes of it.
 * \param options       optional.
 * \param out           where the data go; must not overlap data.
 * \param capacity      bytes there.
 * \param out_size      how many bytes came out. Written on success only.
 * \param out_consumed  how many bytes of data belong to it, where options->trailing allows others behind them; optional.
 *                       Written on success only.
 * \param out_error     optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, negative sizes, no codec, wrong options), ARROWIO_IO_ERROR (the data are
 *         damaged, truncated or something else), ARROWIO_CAPACITY_ERROR (they do not fit, or are more than a limit of the
 *         options; out has what fits, but of lz4_raw and snappy nothing of use), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
arrowio_status arrowio_codec_decompress(arrowio_codec codec,
                                        const void *data,
                                        int64_t size,
                                        const struct arrowio_decompression_options *options,
                                        void *out,
                                        int64_t capacity,
                                        int64_t *out_size,
                                        int64_t *out_consumed,
                                        struct arrowio_error **out_error);

/**
 * Decompresses a piece of memory into a buffer that is as large as it takes. Of data from elsewhere,
 * options->max_output_size says how large that may be.
 *
 * \param codec         an ARROWIO_CODEC constant of a codec.
 * \param data          what to decompress: all of it, also of several frames.
 * \param size          bytes of it.
 * \param options       optional.
 * \param out_buffer    the data; NULL on failure.
 * \param out_consumed  how many bytes of data belong to it, where options->trailing allows others behind them; optional.
 *                       Written on success only.
 * \param out_error     optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative size, no codec, wrong options), ARROWIO_IO_ERROR (the data are
 *         damaged, truncated or something else), ARROWIO_CAPACITY_ERROR (more than a limit of the options),
 *         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference to the buffer. Threads: any. Since 0.1.
 */
arrowio_status arrowio_codec_decompress_buffer(arrowio_codec codec,
                                               const void *data,
                                               int64_t size,
                                               const struct arrowio_decompression_options *options,
                                               struct arrowio_buffer **out_buffer,
                                               int64_t *out_consumed,
                                               struct arrowio_error **out_error);

/**
 * Makes a file that reads another one and decompresses it. Closing it closes the other one.
 *
 * \param raw        a readable file; it must not be used otherwise meanwhile.
 * \param codec      an ARROWIO_CODEC constant of a codec.
 * \param options    optional.
 * \param out_file   the file; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown codec, a file that cannot be read, wrong options),
 *         ARROWIO_NOT_IMPLEMENTED (a codec without streams), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL. Damaged data are found
 *         by the reads.
 *
 * Ownership: the caller has one reference; it keeps raw. Threads: any. Since 0.1.
 */
arrowio_status arrowio_compressed_input_stream_new(struct arrowio_file *raw,
                                                   arrowio_codec codec,
                                                   const struct arrowio_decompression_options *options,
                                                   struct arrowio_file **out_file,
                                                   struct arrowio_error **out_error);

/**
 * Makes a file that compresses what is written to it into another one. Closing it ends the compressed data and closes the
 * other one.
 *
 * \param raw        a writable file; it must not be used otherwise meanwhile.
 * \param codec      an ARROWIO_CODEC constant of a codec.
 * \param options    optional.
 * \param out_file   the file; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown codec or level, a file that cannot be written, options that the codec
 *         does not have), ARROWIO_NOT_IMPLEMENTED (a codec without streams), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; it keeps raw. Threads: any. Since 0.1.
 */
arrowio_status arrowio_compressed_output_stream_new(struct arrowio_file *raw,
                                                    arrowio_codec codec,
                                                    const struct arrowio_compression_options *options,
                                                    struct arrowio_file **out_file,
                                                    struct arrowio_error **out_error);

/**
 * Position of a compressed stream in compressed bytes: of those beneath, how many the bytes up to its position came of, or
 * came to; both sides hold some back, so it need not be where the other file stands.
 *
 * \param file          a file that compresses or decompresses.
 * \param out_position  compressed bytes from where it began. Written on success only.
 * \param out_error     optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, another file), ARROWIO_CLOSED, ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: one call at a time per file, others wait. Since 0.1.
 */
arrowio_status arrowio_file_raw_tell(struct arrowio_file *file,
                                     int64_t *out_position,
                                     struct arrowio_error **out_error);

/**
 * Makes a file that reads a compressed one at any place, from any number of threads at once. Where decompression can begin
 * is found out as far as reads go: in zstd's seekable format by its table at the end, in BGZF and in frames of zstd that
 * tell their size without decompressing them; gzip and bzip2 are decompressed once up to where the first read is, after
 * which it can begin at places about index_spacing apart, in bzip2 where blocks begin. All of this is the index, which
 * arrowio_seekable_file_save_index keeps for the next time. Of other codecs, and of frames that do not tell their size,
 * reading can begin at each frame, once it was found by decompressing what is before it; within a frame what is before is
 * decompressed again.
 *
 * The index takes 60 to 120 bytes for each frame that is not empty, and for each place within a frame of gzip
 * also the 32 KiB before it, compressed; only the latter come from the pool, and neither counts towards cache_size.
 *
 * Its size is known once the end was found: arrowio_file_size, and seeking from the end, go on to it. What is given has been
 * checked as far as the format and the index allow: pieces of up to 2 MiB between two such places as a whole, longer ones
 * once their end is reached. What is passed over without being decompressed, in zstd's seekable format, in frames of zstd that
 * tell their size, and in BGZF, is taken for as long as it says, for nothing there has a checksum: where such a size is damaged,
 * what lies behind is found at other places, until all before it is read, which is an error. Closing it closes the other one.
 *
 * \param raw        a file that can be read at offsets and knows its size; it is read from its beginning, and must not
 *                   change.
 * \param codec      an ARROWIO_CODEC constant of a codec.
 * \param options    optional.
 * \param out_file   the file; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown codec, a file that cannot be read at offsets, wrong options),
 *         ARROWIO_NOT_IMPLEMENTED (a codec without streams), ARROWIO_CAPACITY_ERROR (memory_limit is too small),
 *         ARROWIO_CLOSED, ARROWIO_IO_ERROR (with errno), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL. Damaged data are found by
 *         the reads. In a child of fork() reads are ARROWIO_INVALID.
 *
 * Ownership: the caller has one reference; it keeps raw. Threads: any. Since 0.1.
 */
arrowio_status arrowio_seekable_file_new(struct arrowio_file *raw,
                                         arrowio_codec codec,
                                         const struct arrowio_seekable_options *options,
                                         struct arrowio_file **out_file,
                                         struct arrowio_error **out_error);

/**
 * Writes the index of a seekable file, which is completed first. It is of these compressed data only, and good for as long as
 * they do not change, on any machine and with any later version of the library; it takes 28 bytes for each place and what
 * index_spacing says.
 *
 * \param file       a file from arrowio_seekable_file_new.
 * \param target     a file that can be written; it stays open.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file of another class, a target that cannot be written), ARROWIO_CLOSED,
 *         ARROWIO_IO_ERROR (also when the data are damaged), ARROWIO_CAPACITY_ERROR (a limit of the options is passed),
 *         ARROWIO_CANCELLED, ARROWIO_TIMED_OUT, ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: any number at once, and at the same time as any other call on file. Since 0.1.
 */
arrowio_status arrowio_seekable_file_save_index(struct arrowio_file *file,
                                                struct arrowio_file *target,
                                                struct arrowio_error **out_error);

/**
 * Has a seekable file use an index that was saved, instead of finding out for itself. An index that is damaged, or of data of
 * another size or another beginning, is refused, and the file goes on as before. Where the data differ otherwise, reads fail
 * where the difference is found by a checksum: before a byte is given within 2 MiB of content, behind them of what is longer.
 *
 * \param file       a file from arrowio_seekable_file_new.
 * \param source     a file that can be read, from its position to its end; it stays open.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file of another class, a source that cannot be read), ARROWIO_CLOSED,
 *         ARROWIO_IO_ERROR (no index, a damaged one, one of other data), ARROWIO_CAPACITY_ERROR (the data are larger than a
 *         limit of the options), ARROWIO_CANCELLED, ARROWIO_TIMED_OUT, ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: any number at once, and at the same time as any other call on file. Since 0.1.
 */
arrowio_status arrowio_seekable_file_load_index(struct arrowio_file *file,
                                                struct arrowio_file *source,
                                                struct arrowio_error **out_error);

/**
 * Makes a file that reads another one in pieces of a buffer's size, to serve small reads from. Reads of at least that size
 * pass through. Closing it closes the other one.
 *
 * \param raw        a readable file; it must not be used otherwise meanwhile.
 * \param options    optional.
 * \param out_file   the file; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file that cannot be read, wrong options), ARROWIO_CLOSED,
 *         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; it keeps raw. Threads: any. Since 0.1.
 */
arrowio_status arrowio_buffered_input_stream_new(struct arrowio_file *raw,
                                                 const struct arrowio_buffered_stream_options *options,
                                                 struct arrowio_file **out_file,
                                                 struct arrowio_error **out_error);

/**
 * Makes a file that gathers small writes before it passes them to another one. Writes of at least the buffer's size pass
 * through. Closing it writes what is gathered and closes the other one.
 *
 * \param raw        a writable file; it must not be used otherwise meanwhile.
 * \param options    optional; without read_bound.
 * \param out_file   the file; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file that cannot be written, wrong options), ARROWIO_CLOSED,
 *         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; it keeps raw. Threads: any. Since 0.1.
 */
arrowio_status arrowio_buffered_output_stream_new(struct arrowio_file *raw,
                                                  const struct arrowio_buffered_stream_options *options,
                                                  struct arrowio_file **out_file,
                                                  struct arrowio_error **out_error);

/**
 * Sets how many bytes a buffered stream gathers from now on. What it has gathered is kept, or written.
 *
 * \param file       a file from arrowio_buffered_input_stream_new or _output_stream_new.
 * \param size       bytes, from 1 to 1 GiB.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file of another class, a size out of bounds), ARROWIO_CLOSED,
 *         ARROWIO_IO_ERROR (with errno: what was gathered could not be written), ARROWIO_OUT_OF_MEMORY,
 *         ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: one call at a time per file, others wait. Since 0.1.
 */
arrowio_status arrowio_buffered_stream_set_buffer_size(struct arrowio_file *file,
                                                       int64_t size,
                                                       struct arrowio_error **out_error);

/**
 * How many bytes a buffered stream gathers.
 *
 * \param file       a file from arrowio_buffered_input_stream_new or _output_stream_new.
 * \param out_size   bytes. Written on success only.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file of another class), ARROWIO_CLOSED, ARROWIO_OUT_OF_MEMORY,
 *         ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: one call at a time per file, others wait. Since 0.1.
 */
arrowio_status arrowio_buffered_stream_buffer_size(struct arrowio_file *file,
                                                   int64_t *out_size,
                                                   struct arrowio_error **out_error);

/**
 * Closes a buffered stream and gives the file beneath it back, which stays open. What was gathered for writing is written
 * first; what was read ahead comes in a buffer: it and then the file give all that the stream would have given. On failure
 * nothing is closed and nothing is lost.
 *
 * \param file       a file from arrowio_buffered_input_stream_new or _output_stream_new.
 * \param out_raw    the file beneath; NULL on failure.
 * \param out_ahead  what was read ahead, often empty, and always so of a stream that writes; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file of another class), ARROWIO_CLOSED, ARROWIO_IO_ERROR (with errno: what
 *         was gathered could not be written), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference to the file and one to the buffer. Threads: one call at a time per file, others
 * wait. Since 0.1.
 */
arrowio_status arrowio_buffered_stream_detach(struct arrowio_file *file,
                                              struct arrowio_file **out_raw,
                                              struct arrowio_buffer **out_ahead,
                                              struct arrowio_error **out_error);

/**
 * Opens a file for reading from its start to its end: decompressed as its suffix says or,
 * where that says nothing, its first bytes, with small reads gathered. Standard
 * input is "/dev/stdin", of which options->codec says how it is compressed.
 *
 * \param path       a NUL-terminated path, or a URI as for arrowio_filesystem_open, whose options are then the usual ones.
 * \param options    optional.
 * \param out_file   the stream; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown codec, wrong options), ARROWIO_IO_ERROR (with errno),
 *         ARROWIO_NOT_IMPLEMENTED (a codec that has no streams, HDFS in a build without it), ARROWIO_CAPACITY_ERROR
 *         (memory_limit too small for the decoder), ARROWIO_TIMED_OUT (no answer from a cluster), ARROWIO_OUT_OF_MEMORY,
 *         ARROWIO_INTERNAL. Damaged data is found by the reads.
 *
 * Ownership: the caller has one reference. Threads: any. Since 0.1.
 */
arrowio_status arrowio_input_stream_open(const char *path,
                                         const struct arrowio_stream_options *options,
                                         struct arrowio_file **out_file,
                                         struct arrowio_error **out_error);

/**
 * Reads a buffer from its start to its end, decompressed as the options or else its first bytes say.
 *
 * \param buffer     the buffer; while the stream lives it cannot be resized.
 * \param options    optional.
 * \param out_file   the stream; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown codec, wrong options), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; it keeps the buffer. Threads: any. Since 0.1.
 */
arrowio_status arrowio_input_stream_from_buffer(struct arrowio_buffer *buffer,
                                                const struct arrowio_stream_options *options,
                                                struct arrowio_file **out_file,
                                                struct arrowio_error **out_error);

/**
 * Reads a file of any class from its position on, decompressed as the options say or, where they say nothing, the suffix of
 * the path that it was opened by or else its next bytes, with small reads gathered. Closing the stream closes the file.
 *
 * \param raw        a readable file; it must not be used otherwise meanwhile.
 * \param options    optional.
 * \param out_file   the stream, which is raw itself where there is nothing to add to it; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file that cannot be read, an unknown codec, wrong options),
 *         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; it keeps raw. Threads: any. Since 0.1.
 */
arrowio_status arrowio_input_stream_from_file(struct arrowio_file *raw,
                                              const struct arrowio_stream_options *options,
                                              struct arrowio_file **out_file,
                                              struct arrowio_error **out_error);

/**
 * Opens a file for writing, compressed as its suffix says, with small writes gathered. The file is created, or cut to
 * nothing. Only arrowio_file_close tells whether everything has arrived; to keep the old content until then, have
 * ARROWIO_OPEN_ATOMIC in options->file_options.
 *
 * \param path       a NUL-terminated path, or a URI as for arrowio_filesystem_open, whose options are then the usual ones.
 * \param options    optional.
 * \param out_file   the stream; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown codec or level, wrong options), ARROWIO_ALREADY_EXISTS,
 *         ARROWIO_IO_ERROR (with errno), ARROWIO_NOT_IMPLEMENTED (a codec that has no streams, HDFS in a build without it),
 *         ARROWIO_TIMED_OUT (no answer from a cluster), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference. Threads: any. Since 0.1.
 */
arrowio_status arrowio_output_stream_open(const char *path,
                                          const struct arrowio_stream_options *options,
                                          struct arrowio_file **out_file,
                                          struct arrowio_error **out_error);

/**
 * Writes to a file of any class from its position on, compressed as the options say or, where they say nothing and it was
 * opened by a path, as that one's suffix says, with small writes gathered. Closing the stream closes the file.
 *
 * \param raw        a writable file; it must not be used otherwise meanwhile.
 * \param options    optional.
 * \param out_file   the stream, which is raw itself where there is nothing to add to it; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file that cannot be written, an unknown codec or level, wrong options),
 *         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; it keeps raw. Threads: any. Since 0.1.
 */
arrowio_status arrowio_output_stream_from_file(struct arrowio_file *raw,
                                               const struct arrowio_stream_options *options,
                                               struct arrowio_file **out_file,
                                               struct arrowio_error **out_error);

/**
 * Moves the position. Past the end is allowed; on failure the position stays.
 *
 * \param file          the file.
 * \param offset        in bytes; may be negative from ARROWIO_SEEK_CURRENT and _END.
 * \param whence        from where it counts: ARROWIO_SEEK_START, _CURRENT or _END.
 * \param out_position  optional: the new position from the start. Written on success only.
 * \param out_error     optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, an unknown whence, a position before the start, a file that cannot seek),
 *         ARROWIO_CLOSED, ARROWIO_IO_ERROR (with errno), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: one call at a time per file, others wait. Since 0.1.
 */
arrowio_status arrowio_file_seek(struct arrowio_file *file,
                                 int64_t offset,
                                 arrowio_whence whence,
                                 int64_t *out_position,
                                 struct arrowio_error **out_error);

/**
 * Position in logical bytes: of a compressed stream in uncompressed ones, of a pipe those moved since the opening.
 *
 * \param file          the file.
 * \param out_position  bytes from the start. Written on success only.
 * \param out_error     optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL), ARROWIO_CLOSED, ARROWIO_IO_ERROR (with errno), ARROWIO_OUT_OF_MEMORY,
 *         ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: one call at a time per file, others wait. Since 0.1.
 */
arrowio_status arrowio_file_tell(struct arrowio_file *file, int64_t *out_position, struct arrowio_error **out_error);

/**
 * Size of the file, asked of the system where it may change.
 *
 * \param file       the file.
 * \param out_size   bytes. Written on success only.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file without a size), ARROWIO_CLOSED, ARROWIO_IO_ERROR (with errno),
 *         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: one call at a time per file, others wait. Since 0.1.
 */
arrowio_status arrowio_file_size(struct arrowio_file *file, int64_t *out_size, struct arrowio_error **out_error);

/**
 * Finishes what was written (flushes, ends compressed data) and closes every layer beneath, also when that fails.
 * Calling it again gives the same result. The first failure is reported.
 *
 * \param file       the file.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL), ARROWIO_IO_ERROR (with errno), ARROWIO_TIMED_OUT (no answer from a cluster),
 *         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the reference stays the caller's. Buffers that were read stay good. Threads: one call at a time per file,
 * others wait. Since 0.1.
 */
arrowio_status arrowio_file_close(struct arrowio_file *file,
                                  struct arrowio_error **out_error);

/**
 * Closes every layer without finishing what was written: the file stays with what had reached it, compressed data without
 * its end. Does nothing for a file that is closed.
 *
 * \param file       the file.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL), ARROWIO_IO_ERROR (with errno), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the reference stays the caller's. Threads: one call at a time per file, others wait. Since 0.1.
 */
arrowio_status arrowio_file_abort(struct arrowio_file *file,
                                  struct arrowio_error **out_error);

/**
 * Whether a file is closed.
 *
 * \param file  the file. NULL: 1.
 * \return 1 after arrowio_file_close, arrowio_file_abort or arrowio_buffer_output_stream_finish; else 0.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
int32_t arrowio_file_is_closed(const struct arrowio_file *file);

/**
 * What a file can do: a sum of ARROWIO_CAPABILITY constants, which does not change, also not by closing.
 *
 * \param file  the file. NULL: 0.
 * \return the capabilities.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
uint32_t arrowio_file_capabilities(const struct arrowio_file *file);

/**
 * Takes one more reference.
 *
 * \param file  the file, or NULL.
 * \return its argument.
 *
 * Ownership: the caller has one more reference to release. Threads: any. Since 0.1.
 */
struct arrowio_file *arrowio_file_retain(struct arrowio_file *file);

/**
 * Gives one reference back. The last one closes a file that is still open, which finishes what was written; what fails then
 * goes to the warning handler. So close what was written before, and on the way out of a failure arrowio_file_abort it. A
 * file with ARROWIO_OPEN_ATOMIC, and a layer over one, is not finished but discarded, which is warned of as well.
 *
 * \param file  the file, or NULL, which does nothing.
 * \return nothing.
 *
 * Ownership: takes the caller's reference. Threads: any. Since 0.1.
 */
void arrowio_file_release(struct arrowio_file *file);

/**
 * Reads until `size` bytes are there or the end comes. A read at or past the end gives 0 bytes and ARROWIO_OK. After a
 * failure the position is where it was, and what was read before it is read again.
 * `dst` must not be memory that the file itself is made of, such as a slice of its map: any bytes may come of that.
 *
 * \param file       the file.
 * \param dst        where the bytes go, room for `size` of them; may be NULL if size is 0.
 * \param size       bytes to read, at least 0.
 * \param out_read   bytes read, fewer than asked for only at the end. Written on success only.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, a file that cannot do it), ARROWIO_CLOSED,
 *         ARROWIO_IO_ERROR (with errno, or damaged data), ARROWIO_CAPACITY_ERROR (a limit of decompression),
 *         ARROWIO_TIMED_OUT (no answer from a cluster), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: one call at a time per file, others wait. Since 0.1.
 */
arrowio_status arrowio_file_read(struct arrowio_file *file,
                                 void *dst,
                                 int64_t size,
                                 int64_t *out_read,
                                 struct arrowio_error **out_error);

/**
 * Reads what one attempt brings: of a pipe or socket what is there now, waiting for the first byte.
 *
 * \param file       the file.
 * \param dst        where the bytes go, room for `size` of them; may be NULL if size is 0.
 * \param size       bytes to read at most, at least 0.
 * \param out_read   bytes read, 0 only at the end (or if size is 0). Written on success only.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, a file that cannot do it), ARROWIO_CLOSED,
 *         ARROWIO_IO_ERROR (with errno, or damaged data), ARROWIO_CAPACITY_ERROR (a limit of decompression),
 *         ARROWIO_TIMED_OUT (no answer from a cluster), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: one call at a time per file, others wait. Since 0.1.
 */
arrowio_status arrowio_file_read_some(struct arrowio_file *file,
                                      void *dst,
                                      int64_t size,
                                      int64_t *out_read,
                                      struct arrowio_error **out_error);

/**
 * Reads up to `size` bytes into a buffer: of a memory map or buffer reader a slice, without a copy and a system call,
 * else new memory. Memory is taken as bytes are there, not as they are asked for.
 *
 * \param file        the file.
 * \param size        bytes to read, at least 0.
 * \param out_buffer  the bytes, fewer than asked for only at the end; NULL on failure.
 * \param out_error   optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, a file that cannot do it), ARROWIO_CLOSED,
 *         ARROWIO_IO_ERROR (with errno, or damaged data), ARROWIO_CAPACITY_ERROR (a limit of decompression),
 *         ARROWIO_TIMED_OUT (no answer from a cluster), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference to the buffer. Threads: one call at a time per file, others wait. Since 0.1.
 */
arrowio_status arrowio_file_read_buffer(struct arrowio_file *file,
                                        int64_t size,
                                        struct arrowio_buffer **out_buffer,
                                        struct arrowio_error **out_error);

/**
 * Reads everything up to the end into a buffer; see arrowio_file_read_buffer. What the system gives as the size is not
 * trusted: files under /proc and files that grow are read to their end.
 *
 * \param file        the file.
 * \param out_buffer  the bytes; NULL on failure.
 * \param out_error   optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file that cannot be read), ARROWIO_CLOSED, ARROWIO_IO_ERROR (with
 *         errno, or damaged data), ARROWIO_CAPACITY_ERROR (a limit of decompression),
 *         ARROWIO_TIMED_OUT (no answer from a cluster), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference to the buffer. Threads: one call at a time per file, others wait. Since 0.1.
 */
arrowio_status arrowio_file_read_all(struct arrowio_file *file,
                                     struct arrowio_buffer **out_buffer,
                                     struct arrowio_error **out_error);

/**
 * Reads at an offset until `size` bytes are there or the end comes. The position is neither used nor moved.
 *
 * \param file       the file.
 * \param offset     where to read, in bytes, at least 0; past the end: 0 bytes.
 * \param dst        where the bytes go, room for `size` of them; may be NULL if size is 0.
 * \param size       bytes to read, at least 0.
 * \param out_read   bytes read, fewer than asked for only at the end. Written on success only.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, a file that cannot do it), ARROWIO_CLOSED,
 *         ARROWIO_IO_ERROR (with errno, or damaged data), ARROWIO_CAPACITY_ERROR (a limit of decompression),
 *         ARROWIO_TIMED_OUT (no answer from a cluster), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: any number at once, and at the same time as any other call. Since 0.1.
 */
arrowio_status arrowio_file_read_at(struct arrowio_file *file,
                                    int64_t offset,
                                    void *dst,
                                    int64_t size,
                                    int64_t *out_read,
                                    struct arrowio_error **out_error);

/**
 * Reads up to `size` bytes at an offset into a buffer: of a memory map or buffer reader a slice, without a copy and a
 * system call, else new memory. The position is neither used nor moved.
 *
 * \param file        the file.
 * \param offset      where to read, in bytes, at least 0; past the end: 0 bytes.
 * \param size        bytes to read, at least 0.
 * \param out_buffer  the bytes, fewer than asked for only at the end; NULL on failure.
 * \param out_error   optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, a file that cannot do it), ARROWIO_CLOSED,
 *         ARROWIO_IO_ERROR (with errno, or damaged data), ARROWIO_CAPACITY_ERROR (a limit of decompression),
 *         ARROWIO_TIMED_OUT (no answer from a cluster), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference to the buffer. Threads: any number at once, and at the same time as any
 * other call. Since 0.1.
 */
arrowio_status arrowio_file_read_at_buffer(struct arrowio_file *file,
                                           int64_t offset,
                                           int64_t size,
                                           struct arrowio_buffer **out_buffer,
                                           struct arrowio_error **out_error);

/**
 * Shows the bytes that come next, without moving the position.
 *
 * \param file       the file.
 * \param size       bytes to show, at least 0, any number.
 * \param out_data   the bytes. Written on success only.
 * \param out_size   how many, fewer than asked for only before the end. Written on success only.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, a file that cannot do it), ARROWIO_CLOSED,
 *         ARROWIO_IO_ERROR (with errno, or damaged data), ARROWIO_CAPACITY_ERROR (a limit of decompression),
 *         ARROWIO_TIMED_OUT (no answer from a cluster), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the bytes are the file's, good until the next call on it. Threads: one call at a time per file, others
 * wait. Since 0.1.
 */
arrowio_status arrowio_file_peek(struct arrowio_file *file,
                                 int64_t size,
                                 const uint8_t **out_data,
                                 int64_t *out_size,
                                 struct arrowio_error **out_error);

/**
 * Moves the position ahead without giving the bytes, up to the end at most. Takes no memory for them.
 *
 * \param file       the file.
 * \param size       bytes to skip, at least 0.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, a file that cannot do it), ARROWIO_CLOSED,
 *         ARROWIO_IO_ERROR (with errno, or damaged data), ARROWIO_CAPACITY_ERROR (a limit of decompression),
 *         ARROWIO_TIMED_OUT (no answer from a cluster), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: one call at a time per file, others wait. Since 0.1.
 */
arrowio_status arrowio_file_advance(struct arrowio_file *file, int64_t size, struct arrowio_error **out_error);

/**
 * Reads a line: up to and with the next newline (0x0A), or what is left where none comes.
 *
 * \param file       the file.
 * \param out_data   the line. Written on success only.
 * \param out_size   its size with the newline; 0 only at the end. Written on success only.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file that cannot be read), ARROWIO_CLOSED, ARROWIO_IO_ERROR (with
 *         errno, or damaged data), ARROWIO_CAPACITY_ERROR (a limit of decompression),
 *         ARROWIO_TIMED_OUT (no answer from a cluster), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the line is the file's, good until the next call on it. Threads: one call at a time per file, others
 * wait. Since 0.1.
 */
arrowio_status arrowio_file_read_line(struct arrowio_file *file,
                                      const uint8_t **out_data,
                                      int64_t *out_size,
                                      struct arrowio_error **out_error);

/**
 * Reads the next lines into one buffer: of a memory map or buffer reader a slice, else new memory. As many lines as
 * out_offsets has room for and as are there without a further read: of an OS file or stream about 128 KiB of them, often fewer
 * than max_lines, at least one. A line of any length comes whole. Line i lies between
 * out_offsets[i] and out_offsets[i + 1] in the buffer, with its newline (and its carriage return, if it has one); the
 * last line of a file may have none.
 *
 * \param file         the file.
 * \param max_lines    lines to read at most, at least 0.
 * \param out_buffer   the lines behind one another; NULL on failure.
 * \param out_offsets  room for max_lines + 1 offsets in bytes, of which the first is 0. What it holds after a failure is
 *                     undefined.
 * \param out_count    lines read, 0 only at the end (or if max_lines is 0). Written on success only.
 * \param out_error    optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, a file that cannot be read), ARROWIO_CLOSED,
 *         ARROWIO_IO_ERROR (with errno, or damaged data), ARROWIO_CAPACITY_ERROR (a limit of decompression),
 *         ARROWIO_TIMED_OUT (no answer from a cluster), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference to the buffer. Threads: one call at a time per file, others wait. Since 0.1.
 */
arrowio_status arrowio_file_read_lines(struct arrowio_file *file,
                                       int64_t max_lines,
                                       struct arrowio_buffer **out_buffer,
                                       int64_t *out_offsets,
                                       int64_t *out_count,
                                       struct arrowio_error **out_error);

/**
 * Writes all bytes, or fails. To a pipe or socket that nobody reads any more that is an error with EPIPE and no SIGPIPE,
 * whatever the host has set for that signal.
 *
 * \param file       the file.
 * \param data       the bytes; may be NULL if size is 0.
 * \param size       bytes, at least 0.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, a file that cannot do it), ARROWIO_CLOSED,
 *         ARROWIO_IO_ERROR (with errno; ENOSPC where they do not fit), ARROWIO_TIMED_OUT (no answer from a cluster),
 *         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: one call at a time per file, others wait. Since 0.1.
 */
arrowio_status arrowio_file_write(struct arrowio_file *file,
                                  const void *data,
                                  int64_t size,
                                  struct arrowio_error **out_error);

/**
 * Writes all bytes of a buffer, or fails.
 *
 * \param file       the file.
 * \param buffer     the buffer.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file that cannot be written), ARROWIO_CLOSED, ARROWIO_IO_ERROR (with
 *         errno; ENOSPC where they do not fit), ARROWIO_TIMED_OUT (no answer from a cluster), ARROWIO_OUT_OF_MEMORY,
 *         ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: one call at a time per file, others wait. Since 0.1.
 */
arrowio_status arrowio_file_write_buffer(struct arrowio_file *file,
                                         struct arrowio_buffer *buffer,
                                         struct arrowio_error **out_error);

/**
 * Writes all bytes at an offset, or fails. The position is neither used nor moved.
 *
 * \param file       the file.
 * \param offset     where to write, in bytes, at least 0.
 * \param data       the bytes; may be NULL if size is 0.
 * \param size       bytes, at least 0.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, a file that cannot do it), ARROWIO_CLOSED,
 *         ARROWIO_IO_ERROR (with errno; ENOSPC where they do not fit), ARROWIO_TIMED_OUT (no answer from a cluster),
 *         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: one call at a time per file, others wait. Since 0.1.
 */
arrowio_status arrowio_file_write_at(struct arrowio_file *file,
                                     int64_t offset,
                                     const void *data,
                                     int64_t size,
                                     struct arrowio_error **out_error);

/**
 * Passes everything written on to the operating system, through every layer. Does nothing for a file that is only
 * read.
 *
 * \param file       the file.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL), ARROWIO_CLOSED, ARROWIO_IO_ERROR (with errno),
 *         ARROWIO_TIMED_OUT (no answer from a cluster), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: one call at a time per file, others wait. Since 0.1.
 */
arrowio_status arrowio_file_flush(struct arrowio_file *file, struct arrowio_error **out_error);

/**
 * Waits until everything written is on the disk, through every layer.
 *
 * \param file       the file.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL), ARROWIO_CLOSED, ARROWIO_IO_ERROR (with errno),
 *         ARROWIO_TIMED_OUT (no answer from a cluster), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: one call at a time per file, others wait. Since 0.1.
 */
arrowio_status arrowio_file_sync(struct arrowio_file *file, struct arrowio_error **out_error);

/**
 * Cuts or extends the file. What is new reads as zeros; a position beyond the new end stays, but for a memory map,
 * where it moves to the end. A memory map cannot be resized while buffers that were read from it live.
 *
 * \param file       the file.
 * \param size       bytes, at least 0.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, a file that cannot do it), ARROWIO_CLOSED,
 *         ARROWIO_IO_ERROR (with errno), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: one call at a time per file, others wait. Since 0.1.
 */
arrowio_status arrowio_file_resize(struct arrowio_file *file, int64_t size, struct arrowio_error **out_error);

/**
 * The path that a file was opened by, as it was given, on a cluster without what names the cluster, empty names, "." and "..";
 * of a temporary file the one it was created by. A layer over one other file, such as a compressed stream, gives that one's, as
 * do the other functions here.
 *
 * \param file  the file. NULL: NULL.
 * \return the path; NULL where there is none, as for descriptors and memory.
 *
 * Ownership: the file's, good until its last release, also after closing. Threads: any. Since 0.1.
 */
const char *arrowio_file_path(const struct arrowio_file *file);

/**
 * Whether a file is a terminal.
 *
 * \param file  the file. NULL: 0.
 * \return 1 or 0; 0 for a closed file.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
int32_t arrowio_file_is_terminal(const struct arrowio_file *file);

/**
 * Descriptor of a file, for poll(2), fcntl(2) and the like. Its position, and what was read ahead or is not yet written, are
 * the file's business.
 *
 * \param file       the file.
 * \param out_fd     the descriptor. Written on success only.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file that has none), ARROWIO_CLOSED, ARROWIO_OUT_OF_MEMORY,
 *         ARROWIO_INTERNAL.
 *
 * Ownership: the file's, good until it is closed. Threads: any. Since 0.1.
 */
arrowio_status arrowio_file_descriptor(struct arrowio_file *file,
                                       int *out_fd,
                                       struct arrowio_error **out_error);

/**
 * What the system knows of a file at this moment.
 *
 * \param file          the file.
 * \param out_metadata  where it goes; struct_size says how much of it there is. Written on success only.
 * \param out_error     optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, no struct_size, a file that is none of the system's), ARROWIO_CLOSED,
 *         ARROWIO_IO_ERROR (with errno), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
arrowio_status arrowio_file_metadata(struct arrowio_file *file,
                                     struct arrowio_metadata *out_metadata,
                                     struct arrowio_error **out_error);

/**
 * Opens a file system by its URI:
 *
 * * file:///path: this machine's; needs nothing.
 * * hdfs://host:port: HDFS with one name node, whose port has to be said.
 * * hdfs://nameservice: HDFS with several, of which one serves, as the configuration has it.
 * * hdfs:///: that of fs.defaultFS.
 * * viewfs://table: parts of several, as the configuration has it.
 *
 * A path in the URI is passed over, so that the URI of any file opens the file system that it is on. In URIs of files
 * percent signs stand for bytes (%20) with file:, and for themselves on a cluster, as Hadoop has it. Nothing is sent yet:
 * whether there is a cluster shows with the first call.
 *
 * Its functions take paths and URIs. A relative path begins in the current directory, on a cluster in the user's home
 * directory; a URI without a host, such as hdfs:///path, is one on this file system. What begins with another scheme and "://"
 * is ARROWIO_INVALID and not a path.
 *
 * In a child of fork() all that would ask a cluster of the parent is ARROWIO_INVALID, and, where the parent has read from one,
 * so are clusters that the child opens as well; a process started by exec has no such limits.
 *
 * \param uri             a NUL-terminated URI.
 * \param options         optional.
 * \param out_filesystem  the file system; NULL on failure.
 * \param out_error       optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, no such URI, wrong options, a wrong configuration, in such a child),
 *         ARROWIO_NOT_IMPLEMENTED (a library without HDFS), ARROWIO_IO_ERROR (with errno, such as EACCES of a configuration
 *         file, EAGAIN without threads), ARROWIO_TIMED_OUT (names of hosts are looked up), ARROWIO_OUT_OF_MEMORY,
 *         ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference. Threads: any. Since 0.1.
 */
arrowio_status arrowio_filesystem_open(const char *uri,
                                       const struct arrowio_filesystem_options *options,
                                       struct arrowio_filesystem **out_filesystem,
                                       struct arrowio_error **out_error);

/**
 * Opens a file for reading, at any place and from any number of threads. Of a file on a cluster its length is that of this
 * moment: what is appended later is seen by who opens it again. While somebody writes it, or appends to it, its last block
 * cannot be read, also what was there before: reads that come to it are ARROWIO_IO_ERROR with EBUSY, and who opens it again after
 * it was closed can read it. Where a data node fails, reading goes on from another one; the position moves only by what was read.
 *
 * \param filesystem  the file system.
 * \param path        a NUL-terminated path, or the URI of one on this file system.
 * \param out_file    the file; NULL on failure.
 * \param out_error   optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a path of another file system, in a child of fork()), ARROWIO_NOT_IMPLEMENTED (a
 *         kind of file that the library does not have), ARROWIO_IO_ERROR (with errno, such as ENOENT, ENOTDIR, EISDIR, EACCES),
 *         ARROWIO_TIMED_OUT, ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; the file keeps the file system. Threads: any. Since 0.1.
 */
arrowio_status arrowio_filesystem_open_input_file(struct arrowio_filesystem *filesystem,
                                                  const char *path,
                                                  struct arrowio_file **out_file,
                                                  struct arrowio_error **out_error);

/**
 * Opens a file for writing, from its start or behind its end. Only arrowio_file_close tells whether everything has arrived. On
 * a cluster arrowio_file_flush, as arrowio_file_sync, returns when all copies are on disks and Hadoop's readers see what was
 * written, which arrowio_filesystem_open_input_file shows when the file is closed; after a failure, which closing it says again,
 * or arrowio_file_abort, the file has what had arrived until then, which may be nothing. Appending to what was closed less than
 * ten seconds ago waits two seconds, until all copies are known.
 *
 * \param filesystem  the file system.
 * \param path        a NUL-terminated path, or the URI of one on this file system.
 * \param options     optional.
 * \param out_file    the file; NULL on failure.
 * \param out_error   optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a path of another file system, options that are wrong or that the file system
 *         does not have, in a child of fork()), ARROWIO_ALREADY_EXISTS, ARROWIO_NOT_IMPLEMENTED (a kind of file that the
 *         library does not have), ARROWIO_IO_ERROR (with errno, such as ENOENT, ENOTDIR, EISDIR, EACCES, EDQUOT, EROFS in safe
 *         mode, EBUSY while another one writes it), ARROWIO_TIMED_OUT, ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; the file keeps the file system. Threads: any. Since 0.1.
 */
arrowio_status arrowio_filesystem_open_output_stream(struct arrowio_filesystem *filesystem,
                                                     const char *path,
                                                     const struct arrowio_output_options *options,
                                                     struct arrowio_file **out_file,
                                                     struct arrowio_error **out_error);

/**
 * What is known of a path now; of a symbolic link, of what it leads to.
 *
 * \param filesystem  the file system.
 * \param path        a NUL-terminated path, or the URI of one on this file system.
 * \param out_info    what is known; NULL on failure.
 * \param out_error   optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a path of another file system, in a child of fork()), ARROWIO_IO_ERROR
 *         (with errno, such as ENOENT, ENOTDIR, EACCES), ARROWIO_TIMED_OUT, ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference. Threads: any. Since 0.1.
 */
arrowio_status arrowio_filesystem_info(struct arrowio_filesystem *filesystem,
                                       const char *path,
                                       struct arrowio_file_info **out_info,
                                       struct arrowio_error **out_error);

/**
 * Whether there is anything by that path: not where it is a symbolic link that leads to nothing.
 *
 * \param filesystem  the file system.
 * \param path        a NUL-terminated path, or the URI of one on this file system.
 * \param out_exists  1 or 0. Written on success only.
 * \param out_error   optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a path of another file system, in a child of fork()), ARROWIO_IO_ERROR
 *         (with errno, such as EACCES), ARROWIO_TIMED_OUT, ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
arrowio_status arrowio_filesystem_exists(struct arrowio_filesystem *filesystem,
                                         const char *path,
                                         int32_t *out_exists,
                                         struct arrowio_error **out_error);

/**
 * Lists what is in a directory, bit by bit as arrowio_listing_next asks for it. Symbolic links are listed as such and not
 * followed. What is added or removed meanwhile may be listed or not.
 *
 * \param filesystem   the file system.
 * \param path         a NUL-terminated path of a directory, or its URI.
 * \param recursive    not 0: also what is in directories found; each comes before what is in it.
 * \param out_listing  the listing; NULL on failure.
 * \param out_error    optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a path of another file system, on a cluster ".", in a child of fork()),
 *         ARROWIO_IO_ERROR (with errno, such as ENOENT, ENOTDIR, EACCES), ARROWIO_TIMED_OUT, ARROWIO_OUT_OF_MEMORY,
 *         ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; the listing keeps the file system. Threads: any. Since 0.1.
 */
arrowio_status arrowio_filesystem_list(struct arrowio_filesystem *filesystem,
                                       const char *path,
                                       int32_t recursive,
                                       struct arrowio_listing **out_listing,
                                       struct arrowio_error **out_error);

/**
 * Makes a directory, which everybody may use as far as the process's umask lets them, on a cluster with permissions 0755. On a
 * cluster do not use it as a lock: where two make the same directory at the same moment both may succeed.
 *
 * \param filesystem  the file system.
 * \param path        a NUL-terminated path, or the URI of one on this file system.
 * \param parents     not 0: also those that are missing on the way to it, and it may be there already.
 * \param out_error   optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a path of another file system, in a child of fork()), ARROWIO_ALREADY_EXISTS,
 *         ARROWIO_IO_ERROR (with errno, such as ENOENT, ENOTDIR, EACCES), ARROWIO_TIMED_OUT, ARROWIO_OUT_OF_MEMORY,
 *         ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
arrowio_status arrowio_filesystem_make_directory(struct arrowio_filesystem *filesystem,
                                                 const char *path,
                                                 int32_t parents,
                                                 struct arrowio_error **out_error);

/**
 * Removes a file, a symbolic link or a directory. The root is EBUSY and a path that ends in "." or ".." is EINVAL before anything
 * is removed, and so is a mount of viewfs EBUSY.
 *
 * \param filesystem  the file system.
 * \param path        a NUL-terminated path, or the URI of one on this file system.
 * \param recursive   not 0: a directory with all that is in it; 0: only if there is nothing in it.
 * \param out_error   optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a path of another file system, in a child of fork()), ARROWIO_IO_ERROR
 *         (with errno, such as ENOENT, ENOTDIR, ENOTEMPTY, EACCES, EBUSY, EINVAL), ARROWIO_TIMED_OUT, ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
arrowio_status arrowio_filesystem_remove(struct arrowio_filesystem *filesystem,
                                         const char *path,
                                         int32_t recursive,
                                         struct arrowio_error **out_error);

/**
 * Gives a file or a directory another path on the same file system, in one step. Of both paths the root is EBUSY, and one that
 * ends in "." or ".." is EINVAL.
 *
 * \param filesystem  the file system.
 * \param from        the path that it has, or its URI.
 * \param to          the one that it gets, on the same file system.
 * \param replace     not 0: a file that is there already, or a directory with nothing in it, goes.
 * \param out_error   optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a path of another file system, in a child of fork()), ARROWIO_ALREADY_EXISTS,
 *         ARROWIO_IO_ERROR (with errno, such as ENOENT, EISDIR or ENOTDIR where one is a directory, ENOTEMPTY, EINVAL into itself,
 *         EXDEV onto another disk or cluster, EACCES), ARROWIO_TIMED_OUT, ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
arrowio_status arrowio_filesystem_rename(struct arrowio_filesystem *filesystem,
                                         const char *from,
                                         const char *to,
                                         int32_t replace,
                                         struct arrowio_error **out_error);

/**
 * Sets the permission bits of a file or a directory.
 *
 * \param filesystem   the file system.
 * \param path         a NUL-terminated path, or the URI of one on this file system.
 * \param permissions  the bits, 07777 at most.
 * \param out_error    optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a path of another file system, bits beyond 07777, in a child of fork()),
 *         ARROWIO_IO_ERROR (with errno, such as ENOENT, EACCES, EPERM), ARROWIO_TIMED_OUT, ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
arrowio_status arrowio_filesystem_set_permissions(struct arrowio_filesystem *filesystem,
                                                  const char *path,
                                                  uint32_t permissions,
                                                  struct arrowio_error **out_error);

/**
 * Takes one more reference.
 *
 * \param filesystem  the file system, or NULL.
 * \return its argument.
 *
 * Ownership: the caller has one more reference to release. Threads: any. Since 0.1.
 */
struct arrowio_filesystem *arrowio_filesystem_retain(struct arrowio_filesystem *filesystem);

/**
 * Gives one reference back. The last one, also of its files and listings, ends the threads, which takes a second at most.
 *
 * \param filesystem  the file system, or NULL, which does nothing.
 * \return nothing.
 *
 * Ownership: the reference is gone. Threads: any. Since 0.1.
 */
void arrowio_filesystem_release(struct arrowio_filesystem *filesystem);

/**
 * The path, as it was asked for, on a cluster without empty names, "." and ".."; in a listing that of the directory listed with
 * what was found in it.
 *
 * \param info  what is known. NULL: NULL.
 * \return the path, without a scheme.
 *
 * Ownership: the info's, good until its last release. Threads: any. Since 0.1.
 */
const char *arrowio_file_info_path(const struct arrowio_file_info *info);

/**
 * What it is.
 *
 * \param info  what is known. NULL: 0.
 * \return an ARROWIO_KIND constant.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
arrowio_kind arrowio_file_info_kind(const struct arrowio_file_info *info);

/**
 * How long a file is.
 *
 * \param info  what is known. NULL: 0.
 * \return bytes; of what is no file as the file system says.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
int64_t arrowio_file_info_size(const struct arrowio_file_info *info);

/**
 * Who may do what.
 *
 * \param info  what is known. NULL: 0.
 * \return the permission bits, 07777 at most.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
uint32_t arrowio_file_info_permissions(const struct arrowio_file_info *info);

/**
 * Whose it is.
 *
 * \param info  what is known. NULL: NULL.
 * \return the owner's name; of this machine's users without one the number.
 *
 * Ownership: the info's, good until its last release. Threads: any. Since 0.1.
 */
const char *arrowio_file_info_owner(const struct arrowio_file_info *info);

/**
 * What group it belongs to.
 *
 * \param info  what is known. NULL: NULL.
 * \return the group's name; of this machine's groups without one the number.
 *
 * Ownership: the info's, good until its last release. Threads: any. Since 0.1.
 */
const char *arrowio_file_info_group(const struct arrowio_file_info *info);

/**
 * When its content was last changed.
 *
 * \param info  what is known. NULL: 0.
 * \return nanoseconds since 1970 UTC; a cluster knows milliseconds.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
int64_t arrowio_file_info_modified_ns(const struct arrowio_file_info *info);

/**
 * When it was last read.
 *
 * \param info  what is known. NULL: 0.
 * \return nanoseconds since 1970 UTC; a cluster notes it once an hour or not at all, which is 0.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
int64_t arrowio_file_info_accessed_ns(const struct arrowio_file_info *info);

/**
 * How many copies of it a cluster has.
 *
 * \param info  what is known. NULL: 0.
 * \return how many; 1 on this machine, 0 of directories of a cluster.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
int32_t arrowio_file_info_replication(const struct arrowio_file_info *info);

/**
 * In blocks of what size a cluster has it.
 *
 * \param info  what is known. NULL: 0.
 * \return bytes; 0 where there are none.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
int64_t arrowio_file_info_block_size(const struct arrowio_file_info *info);

/**
 * Takes one more reference.
 *
 * \param info  the info, or NULL.
 * \return its argument.
 *
 * Ownership: the caller has one more reference to release. Threads: any. Since 0.1.
 */
struct arrowio_file_info *arrowio_file_info_retain(struct arrowio_file_info *info);

/**
 * Gives one reference back.
 *
 * \param info  the info, or NULL, which does nothing.
 * \return nothing.
 *
 * Ownership: the reference is gone. Threads: any. Since 0.1.
 */
void arrowio_file_info_release(struct arrowio_file_info *info);

/**
 * The next one.
 *
 * \param listing    the listing.
 * \param out_info   what is known of it; NULL at the end, and on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, in a child of fork()), ARROWIO_IO_ERROR (with errno: ENOENT, ENOTDIR, EACCES; again
 *         with each further call), ARROWIO_TIMED_OUT, ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference. Threads: any. Since 0.1.
 */
arrowio_status arrowio_listing_next(struct arrowio_listing *listing,
                                    struct arrowio_file_info **out_info,
                                    struct arrowio_error **out_error);

/**
 * Takes one more reference.
 *
 * \param listing  the listing, or NULL.
 * \return its argument.
 *
 * Ownership: the caller has one more reference to release. Threads: any. Since 0.1.
 */
struct arrowio_listing *arrowio_listing_retain(struct arrowio_listing *listing);

/**
 * Gives one reference back.
 *
 * \param listing  the listing, or NULL, which does nothing.
 * \return nothing.
 *
 * Ownership: the reference is gone. Threads: any. Since 0.1.
 */
void arrowio_listing_release(struct arrowio_listing *listing);

/**
 * Copies from the position of one file to the position of another, whatever classes they are of: from a map to a
 * compressed stream, from a pipe to a file. Between files of the operating system the kernel moves the bytes by itself
 * where it can. It stops for the cancellation of either file. Both files stay open; nothing is flushed. After a failure the source stands behind what has arrived, and
 * the message says how much that is.
 *
 * \param source      a readable file.
 * \param target      a writable file, another one.
 * \param size        bytes to copy at most; -1: up to the end of the source.
 * \param options     optional.
 * \param out_copied  optional; bytes copied, fewer than asked for only at the end. Written on success only.
 * \param out_error   optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a size below -1, a file that cannot be read or written, a file and itself,
 *         wrong options), ARROWIO_CLOSED, ARROWIO_CANCELLED (by `progress`), ARROWIO_IO_ERROR (with errno, or damaged
 *         data), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: any; other calls on the two files come before, after and in between. Since 0.1.
 */
arrowio_status arrowio_file_copy(struct arrowio_file *source,
                                 struct arrowio_file *target,
                                 int64_t size,
                                 const struct arrowio_copy_options *options,
                                 int64_t *out_copied,
                                 struct arrowio_error **out_error);

/**
 * Counts from now on what calls on a file do. Without it nothing is counted, for counting takes time: where reads are
 * served from memory it multiplies that of the smallest ones.
 *
 * \param file       the file; counting what is counted already changes nothing.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL), ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
arrowio_status arrowio_file_enable_statistics(struct arrowio_file *file, struct arrowio_error **out_error);

/**
 * Tells what calls on a file did since they are counted, also once it is closed.
 *
 * \param file            the file.
 * \param out_statistics  with struct_size set; filled in. All 0 where nothing is counted.
 * \param out_error       optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a wrong struct_size), ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: any; beside a call that runs, numbers of different moments. Since 0.1.
 */
arrowio_status arrowio_file_statistics(const struct arrowio_file *file,
                                       struct arrowio_statistics *out_statistics,
                                       struct arrowio_error **out_error);

/**
 * Installs the SIGBUS handler, unless another guard has.
 *
 * \param out_fault_guard  the guard; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL), ARROWIO_NOT_IMPLEMENTED (a processor other than x86-64),
 *         ARROWIO_IO_ERROR (with errno), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference. With the last reference to the last guard the former handler comes back; if the
 * process has installed another one since, ours stays beneath it and passes everything on. Threads: any; the guard is for
 * all of them. Since 0.1.
 */
arrowio_status arrowio_fault_guard_new(struct arrowio_fault_guard **out_fault_guard,
                                       struct arrowio_error **out_error);

/**
 * Takes one more reference.
 *
 * \param fault_guard  the guard, or NULL.
 * \return its argument.
 *
 * Ownership: the caller has one more reference to release. Threads: any. Since 0.1.
 */
struct arrowio_fault_guard *arrowio_fault_guard_retain(struct arrowio_fault_guard *fault_guard);

/**
 * Gives one reference back. The last one of all guards must not go while another thread is in a call on a memory map.
 *
 * \param fault_guard  the guard, or NULL, which does nothing.
 * \return nothing.
 *
 * Ownership: takes the caller's reference. Threads: any. Since 0.1.
 */
void arrowio_fault_guard_release(struct arrowio_fault_guard *fault_guard);

/**
 * Makes a cancellation that stops nothing yet.
 *
 * \param out_cancellation  the cancellation; NULL on failure.
 * \param out_error         optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference. Threads: any. Since 0.1.
 */
arrowio_status arrowio_cancellation_new(struct arrowio_cancellation **out_cancellation,
                                        struct arrowio_error **out_error);

/**
 * Stops every call that heeds the cancellation, for good: they end with ARROWIO_CANCELLED, also those that wait for a pipe,
 * socket or terminal.
 *
 * \param cancellation  the cancellation, or NULL, which does nothing.
 * \return nothing.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
void arrowio_cancellation_cancel(struct arrowio_cancellation *cancellation);

/**
 * Sets when calls that heed the cancellation end with ARROWIO_TIMED_OUT, in place of the former deadline.
 *
 * \param cancellation  the cancellation.
 * \param timeout_ns   from now, at least 0. -1: never.
 * \param out_error     optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a number below -1), ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
arrowio_status arrowio_cancellation_set_timeout(struct arrowio_cancellation *cancellation,
                                                int64_t timeout_ns,
                                                struct arrowio_error **out_error);

/**
 * Whether a cancellation stops calls now.
 *
 * \param cancellation  the cancellation. NULL: 0.
 * \return 1 once it is cancelled or its deadline has passed; else 0.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
int32_t arrowio_cancellation_is_cancelled(const struct arrowio_cancellation *cancellation);

/**
 * Calls a function of the host. What that calls of the library on the same thread heeds the cancellation, also the opening
 * of a FIFO at whose other end nobody is. As ever, that is open once somebody is there, or bytes are. (To notice a writer
 * takes two descriptors during the call; where the process has none left, it is open at the first bytes.)
 *
 * \param cancellation  the cancellation.
 * \param run           what to call, once, unless the call fails.
 * \param user_data     for run.
 * \param out_error     optional.
 * \return ARROWIO_OK (whatever became of the calls in run), ARROWIO_INVALID (NULL), ARROWIO_CANCELLED or ARROWIO_TIMED_OUT
 *         (before run was called), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
arrowio_status arrowio_cancellation_run(struct arrowio_cancellation *cancellation,
                                        arrowio_run_fn run,
                                        void *user_data,
                                        struct arrowio_error **out_error);

/**
 * Takes one more reference.
 *
 * \param cancellation  the cancellation, or NULL.
 * \return its argument.
 *
 * Ownership: the caller has one more reference to release. Threads: any. Since 0.1.
 */
struct arrowio_cancellation *arrowio_cancellation_retain(struct arrowio_cancellation *cancellation);

/**
 * Gives one reference back. What heeds the cancellation goes on heeding it.
 *
 * \param cancellation  the cancellation, or NULL, which does nothing.
 * \return nothing.
 *
 * Ownership: takes the caller's reference. Threads: any. Since 0.1.
 */
void arrowio_cancellation_release(struct arrowio_cancellation *cancellation);

/**
 * Sets what calls on a file stop for, on it and on the files beneath it: from now on they end with ARROWIO_CANCELLED or
 * ARROWIO_TIMED_OUT when the cancellation says so, also while they wait for a pipe, socket, terminal or another thread's
 * call. Nothing that was read is lost, a write says how much went out, and the file stays usable once the cancellation
 * is taken off or replaced. Calls that wait for nothing may do their work all the same: those on memory, the getters.
 * arrowio_file_close closes in any case, but what it cannot write any more is lost; arrowio_file_abort heeds nothing.
 *
 * \param file          the file.
 * \param cancellation  what to stop for; replaces the former one. NULL: nothing.
 * \param out_error     optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL for the file), ARROWIO_INTERNAL.
 *
 * Ownership: the file keeps the cancellation until it is replaced. Threads: any, also while a call on the file runs, which
 * goes on as it began. Since 0.1.
 */
arrowio_status arrowio_file_set_cancellation(struct arrowio_file *file,
                                             struct arrowio_cancellation *cancellation,
                                             struct arrowio_error **out_error);

/**
 * Makes an executor. It starts no thread yet.
 *
 * \param threads       the most threads that it may have, at least 1.
 * \param out_executor  the executor; NULL on failure.
 * \param out_error     optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, fewer than 1 thread), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference. Threads: any. Since 0.1.
 */
arrowio_status arrowio_executor_new(int32_t threads,
                                    struct arrowio_executor **out_executor,
                                    struct arrowio_error **out_error);

/**
 * Changes the most threads that an executor may have. New ones start when they are needed, surplus ones end when they have
 * done what they are at.
 *
 * \param executor   the executor.
 * \param threads    at least 1.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, fewer than 1 thread, in a child of fork()), ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
arrowio_status arrowio_executor_resize(struct arrowio_executor *executor,
                                       int32_t threads,
                                       struct arrowio_error **out_error);

/**
 * The most threads that an executor may have.
 *
 * \param executor     the executor.
 * \param out_threads  how many. Written on success only.
 * \param out_error    optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, in a child of fork()), ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
arrowio_status arrowio_executor_threads(struct arrowio_executor *executor,
                                        int64_t *out_threads,
                                        struct arrowio_error **out_error);

/**
 * Stops an executor for good: operations that have not begun end with ARROWIO_CANCELLED, on this thread; those that run go
 * on to their end. Then waits for its threads. Before the program unloads the library it waits for all of them.
 *
 * \param executor     the executor, stopped already or not.
 * \param timeout_ns  how long to wait for its threads to end, at least 0. -1: as long as it takes.
 * \param out_error    optional.
 * \return ARROWIO_OK (all threads have ended, or timeout_ns is 0), ARROWIO_TIMED_OUT, ARROWIO_INVALID (NULL, a number
 *         below -1, waiting on one of its own threads, in a child of fork()), ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
arrowio_status arrowio_executor_stop(struct arrowio_executor *executor,
                                     int64_t timeout_ns,
                                     struct arrowio_error **out_error);

/**
 * Takes one more reference.
 *
 * \param executor  the executor, or NULL.
 * \return its argument.
 *
 * Ownership: the caller has one more reference to release. Threads: any. Since 0.1.
 */
struct arrowio_executor *arrowio_executor_retain(struct arrowio_executor *executor);

/**
 * Gives one reference back. The last one, also of the files that use the executor, stops it without waiting: its threads
 * finish what they are at and end by themselves.
 *
 * \param executor  the executor, or NULL, which does nothing.
 * \return nothing.
 *
 * Ownership: takes the caller's reference. Threads: any. Since 0.1.
 */
void arrowio_executor_release(struct arrowio_executor *executor);

/**
 * Starts arrowio_file_read_buffer on an executor. Reads of one file that are started one after the other are done so where
 * the executor has one thread.
 *
 * \param file           the file.
 * \param executor       whose threads do it.
 * \param size           bytes to read, at least 0.
 * \param options        optional.
 * \param out_operation  the operation, which gives one buffer; NULL on failure.
 * \param out_error      optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, wrong options, in a child of fork()), ARROWIO_CANCELLED (the
 *         executor was stopped), ARROWIO_IO_ERROR (no thread can be started, with errno), ARROWIO_OUT_OF_MEMORY,
 *         ARROWIO_INTERNAL. What the read fails with the operation tells.
 *
 * Ownership: the caller has one reference. Threads: any. Since 0.1.
 */
arrowio_status arrowio_file_read_async(struct arrowio_file *file,
                                       struct arrowio_executor *executor,
                                       int64_t size,
                                       const struct arrowio_operation_options *options,
                                       struct arrowio_operation **out_operation,
                                       struct arrowio_error **out_error);

/**
 * Starts arrowio_file_read_at_buffer on an executor.
 *
 * \param file           the file.
 * \param executor       whose threads do it.
 * \param offset         where to read, in bytes, at least 0; past the end: 0 bytes.
 * \param size           bytes to read, at least 0.
 * \param options        optional.
 * \param out_operation  the operation, which gives one buffer; NULL on failure.
 * \param out_error      optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, wrong options, in a child of fork()), ARROWIO_CANCELLED (the
 *         executor was stopped), ARROWIO_IO_ERROR (no thread can be started, with errno), ARROWIO_OUT_OF_MEMORY,
 *         ARROWIO_INTERNAL. What the read fails with the operation tells.
 *
 * Ownership: the caller has one reference. Threads: any. Since 0.1.
 */
arrowio_status arrowio_file_read_at_async(struct arrowio_file *file,
                                          struct arrowio_executor *executor,
                                          int64_t offset,
                                          int64_t size,
                                          const struct arrowio_operation_options *options,
                                          struct arrowio_operation **out_operation,
                                          struct arrowio_error **out_error);

/**
 * Waits until an operation is done, well or not. The callback may still be running then.
 *
 * \param operation    the operation.
 * \param timeout_ns  how long to wait at most, at least 0. -1: as long as it takes.
 * \param out_error    optional.
 * \return ARROWIO_OK (it is done; arrowio_operation_result tells how it ended), ARROWIO_TIMED_OUT (it goes on),
 *         ARROWIO_CANCELLED (this call's own cancellation), ARROWIO_INVALID (NULL, a number below -1, in a child of fork()
 *         unless it was done before), ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: any, but the only thread of the executor would wait for itself. Since 0.1.
 */
arrowio_status arrowio_operation_wait(struct arrowio_operation *operation,
                                      int64_t timeout_ns,
                                      struct arrowio_error **out_error);

/**
 * Whether an operation is done, well or not. One that no thread has come to in time ends here, with ARROWIO_TIMED_OUT.
 *
 * \param operation  the operation. NULL: 0.
 * \return 1 if it is done; else 0.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
int32_t arrowio_operation_is_done(const struct arrowio_operation *operation);

/**
 * Cancels an operation: one that has not begun ends here and now, one that runs ends as soon as it can. Does nothing to one
 * that is done.
 *
 * \param operation  the operation, or NULL, which does nothing.
 * \return nothing.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
void arrowio_operation_cancel(struct arrowio_operation *operation);

/**
 * A descriptor for poll(2) and its like, readable once the operation is done, and when the time of one is over that no thread
 * has come to: that ends when it is asked after. It is made by the first call.
 *
 * \param operation       the operation.
 * \param out_fd  the descriptor. Written on success only.
 * \param out_error       optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, in a child of fork()), ARROWIO_IO_ERROR (no descriptor is left, with errno),
 *         ARROWIO_INTERNAL.
 *
 * Ownership: the descriptor is the operation's, to be waited for but not read or closed. Threads: any. Since 0.1.
 */
arrowio_status arrowio_operation_descriptor(struct arrowio_operation *operation,
                                            int *out_fd,
                                            struct arrowio_error **out_error);

/**
 * How an operation ended.
 *
 * \param operation  the operation.
 * \param out_error  optional.
 * \return what the read gave, with its error: ARROWIO_OK, ARROWIO_CANCELLED, ARROWIO_TIMED_OUT, ARROWIO_CLOSED,
 *         ARROWIO_IO_ERROR, ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL and others; ARROWIO_INVALID also for NULL and for an
 *         operation that is not done.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
arrowio_status arrowio_operation_result(struct arrowio_operation *operation,
                                        struct arrowio_error **out_error);

/**
 * How many buffers an operation has to give.
 *
 * \param operation  the operation. NULL: 0.
 * \return how many; 0 for one that is not done, failed, or has given them.
 *
 * Ownership: keeps nothing. Threads: any. Since 0.1.
 */
int64_t arrowio_operation_buffer_count(const struct arrowio_operation *operation);

/**
 * Gives the buffers that were read, once.
 *
 * \param operation    an operation that is done.
 * \param out_buffers  where the buffers go, room for `count` of them; all NULL on failure. May be NULL if count is 0.
 * \param count        how many there are: arrowio_operation_buffer_count.
 * \param out_error    optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, another count, not done, taken before), or what the read
 *         failed with, as arrowio_operation_result gives it: ARROWIO_CANCELLED, ARROWIO_TIMED_OUT, ARROWIO_CLOSED,
 *         ARROWIO_IO_ERROR, ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL and others.
 *
 * Ownership: the caller has one reference to each buffer. Threads: any. Since 0.1.
 */
arrowio_status arrowio_operation_take_buffers(struct arrowio_operation *operation,
                                              struct arrowio_buffer **out_buffers,
                                              int64_t count,
                                              struct arrowio_error **out_error);

/**
 * Takes one more reference.
 *
 * \param operation  the operation, or NULL.
 * \return its argument.
 *
 * Ownership: the caller has one more reference to release. Threads: any. Since 0.1.
 */
struct arrowio_operation *arrowio_operation_retain(struct arrowio_operation *operation);

/**
 * Gives one reference back. The operation goes on all the same; what it reads is let go of.
 *
 * \param operation  the operation, or NULL, which does nothing.
 * \return nothing.
 *
 * Ownership: takes the caller's reference. Threads: any. Since 0.1.
 */
void arrowio_operation_release(struct arrowio_operation *operation);

/**
 * Reads many ranges, in any order; they may overlap, be the same, be empty and lie past the end. Near ones are read at once,
 * and all buffers are slices of one piece of memory (of a memory map or buffer reader, of that; where the file does not
 * know its size, of their own), which lives until the last of them is gone. The position is neither used nor moved.
 *
 * \param file         the file.
 * \param ranges       what to read, `count` ranges; may be NULL if count is 0.
 * \param count        how many, at least 0.
 * \param options      optional.
 * \param out_buffers  room for `count` buffers, one for each range, with fewer bytes only at the end; all NULL on failure.
 *                     May be NULL if count is 0.
 * \param out_error    optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, a file that cannot do it, wrong options), ARROWIO_CLOSED,
 *         ARROWIO_IO_ERROR (with errno, or damaged data), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference to each buffer. Threads: any number at once, and at the same time as any other
 * call; also on a thread of the executor. Since 0.1.
 */
arrowio_status arrowio_file_read_many(struct arrowio_file *file,
                                      const struct arrowio_range *ranges,
                                      int64_t count,
                                      const struct arrowio_read_many_options *options,
                                      struct arrowio_buffer **out_buffers,
                                      struct arrowio_error **out_error);

/**
 * Starts arrowio_file_read_many on an executor.
 *
 * \param file               the file.
 * \param executor           whose threads do it.
 * \param ranges             what to read, `count` ranges, which are copied; may be NULL if count is 0.
 * \param count              how many, at least 0.
 * \param options            optional; its executor may be the same one.
 * \param operation_options  optional.
 * \param out_operation      the operation, which gives `count` buffers; NULL on failure.
 * \param out_error          optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, wrong options, in a child of fork()), ARROWIO_CANCELLED (the
 *         executor was stopped), ARROWIO_IO_ERROR (no thread can be started, with errno), ARROWIO_OUT_OF_MEMORY,
 *         ARROWIO_INTERNAL. What the reads fail with the operation tells.
 *
 * Ownership: the caller has one reference. Threads: any. Since 0.1.
 */
arrowio_status arrowio_file_read_many_async(struct arrowio_file *file,
                                            struct arrowio_executor *executor,
                                            const struct arrowio_range *ranges,
                                            int64_t count,
                                            const struct arrowio_read_many_options *options,
                                            const struct arrowio_operation_options *operation_options,
                                            struct arrowio_operation **out_operation,
                                            struct arrowio_error **out_error);

/**
 * Makes a file that reads as another one does, and keeps what arrowio_file_will_need asks for: buffers that lie in one
 * such range (or in several that were read at once) are slices of it, without a copy, and cannot be changed. What cannot be
 * kept, or fails to be read ahead, is read when it is needed, and fails there. Where the file beneath is written meanwhile,
 * what is kept goes on giving the bytes that were there when it was read, and everything else gives the new ones; where it is
 * cut, what is kept outlives its end until it is evicted, and where it grows, the new bytes are read. Closing it closes the
 * other one.
 *
 * \param raw        a file that can be read at offsets; the cache reads from its position on.
 * \param options    optional.
 * \param out_file   the file; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file that cannot be read at offsets, wrong options), ARROWIO_CLOSED,
 *         ARROWIO_IO_ERROR (with errno), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; it keeps raw and the executor. Threads: any. Since 0.1.
 */
arrowio_status arrowio_range_cache_new(struct arrowio_file *raw,
                                       const struct arrowio_range_cache_options *options,
                                       struct arrowio_file **out_file,
                                       struct arrowio_error **out_error);

/**
 * Says what will be read soon: a range cache reads it ahead, the system is told to get it for OS files and memory maps,
 * others do nothing. What fails is found by the reads.
 *
 * \param file       the file.
 * \param ranges     in any order, `count` ranges; may be NULL if count is 0.
 * \param count      how many, at least 0.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, in a child of fork()), ARROWIO_CLOSED, ARROWIO_CANCELLED
 *         (also when the executor was stopped), ARROWIO_IO_ERROR (no thread can be started, with errno),
 *         ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: any number at once, and at the same time as any other call. Since 0.1.
 */
arrowio_status arrowio_file_will_need(struct arrowio_file *file,
                                      const struct arrowio_range *ranges,
                                      int64_t count,
                                      struct arrowio_error **out_error);

/**
 * Has a range cache forget what ends before an offset, or there. Buffers that were read stay good.
 *
 * \param file       a file from arrowio_range_cache_new.
 * \param offset     in bytes, at least 0.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a negative number, a file of another class), ARROWIO_CLOSED, ARROWIO_INTERNAL.
 *
 * Ownership: keeps nothing. Threads: any number at once, and at the same time as any other call. Since 0.1.
 */
arrowio_status arrowio_range_cache_evict_before(struct arrowio_file *file,
                                                int64_t offset,
                                                struct arrowio_error **out_error);

/**
 * Makes a file that reads another one from its position on, which a thread of an executor reads ahead: at once, until so
 * much is there as the options say. A failure comes where it happened, and the next read tries again. Where no thread of
 * the executor has time, the calling one reads. Closing it ends the read that the executor is at, and
 * closes the other one.
 *
 * \param raw        a readable file; it must not be used otherwise meanwhile.
 * \param executor   whose thread reads ahead.
 * \param options    optional.
 * \param out_file   the file; NULL on failure.
 * \param out_error  optional.
 * \return ARROWIO_OK, ARROWIO_INVALID (NULL, a file that cannot be read, wrong options, in a child of fork()),
 *         ARROWIO_CLOSED, ARROWIO_CANCELLED (the executor was stopped), ARROWIO_IO_ERROR (no thread can be started, with
 *         errno), ARROWIO_OUT_OF_MEMORY, ARROWIO_INTERNAL.
 *
 * Ownership: the caller has one reference; it keeps raw and the executor. Threads: any. Since 0.1.
 */
arrowio_status arrowio_read_ahead_input_stream_new(struct arrowio_file *raw,
                                                   struct arrowio_executor *executor,
                                                   const struct arrowio_read_ahead_options *options,
                                                   struct arrowio_file **out_file,
                                                   struct arrowio_error **out_error);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* ARROWIO_H */

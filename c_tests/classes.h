/* The classes of file, one row each: what a file of the class can do, how to open one, and where its bytes are.
 *
 *   open_reader(content, size)  a file of `row` that reads the content
 *   open_writer(room)           a file of `row` to write up to `room` bytes to, empty unless row->fixed
 *   stored()                    the bytes behind it, as they are now
 *   done()                      cleans up behind a file that was closed and released
 *   EACH(needs, name)           runs the case on every row that can do all of this
 *
 * In a program that runs beside a cluster, for which it opened `cluster`, these are the rows whose files are there.
 *
 * A new class gets its row here, and with it every test of behaviour.c that fits what it can do.
 */
#ifndef ARROWIO_TEST_CLASSES_H
#define ARROWIO_TEST_CLASSES_H

#include "codecs.h"
#include "hdfs/cluster.h"
#include "host_file.h"
#include <pthread.h>
#include <sys/socket.h>

#define CAN_READ ARROWIO_CAPABILITY_READ
#define CAN_WRITE ARROWIO_CAPABILITY_WRITE
#define CAN_SEEK ARROWIO_CAPABILITY_SEEK
#define CAN_READ_AT ARROWIO_CAPABILITY_READ_AT
#define CAN_WRITE_AT ARROWIO_CAPABILITY_WRITE_AT
#define CAN_SIZE ARROWIO_CAPABILITY_SIZE
#define CAN_RESIZE ARROWIO_CAPABILITY_RESIZE
#define CAN_ZERO_COPY ARROWIO_CAPABILITY_ZERO_COPY

enum place { IN_FILE, IN_PIPE, IN_BUFFER, IN_SLICE, IN_OUTPUT_STREAM, IN_CLUSTER };

struct row {
  char name[80];
  uint32_t can;
  /* Opens a file whose bytes are these; for writing: one with room for as many. */
  arrowio_file *(*open)(const uint8_t *bytes, int64_t size);
  enum place place;
  arrowio_mode mode;
  /* Of the streams that compress themselves. */
  arrowio_codec codec;
  /* 1: what is written passes through. */
  int64_t buffer_size;
  /* Writing does not change its size. */
  int fixed;
  /* Streams of every codec are laid over it, not only of the thorough ones. */
  int for_every_codec;
  /* The codec of a compressed stream that is laid over it. */
  arrowio_codec over;
};

static const struct row *row;

/* The file system of the cluster that the program runs beside; NULL: it does not. */
static arrowio_filesystem *cluster;

static inline void open_cluster(void) {
  const char *uri = getenv("ARROWIO_HDFS_URI");
  if (uri != NULL) OK(arrowio_filesystem_open(uri, NULL, &cluster, &error));
}

/* The descriptors of this process; what a file system has open it keeps as long as it lives. */
static inline int descriptors_of_files(void) {
  return cluster != NULL ? 0 : open_descriptors();
}

/* Whether what the row opens has a fixed size; a compressed stream over it has none. */
static inline int is_fixed(void) {
  return row->fixed && !row->over;
}

/* A thread at the other end of a pipe. */
struct pump {
  pthread_t thread;
  int runs, fd, fifo;
  struct bytes bytes;
  pthread_mutex_t lock;
};

/* Behind the file that is open. */
static struct {
  char path[4096];
  const char *called;
  int fd;
  /* The number of a standard stream that is replaced, and what it was before. */
  int standard, former;
  struct bytes bytes;
  arrowio_buffer *buffer;
  arrowio_file *output_stream;
  arrowio_executor *executor;
  /* What stays open beneath. */
  arrowio_file *raw;
  struct pump pump;
} behind;

static void nothing_behind(void) {
  memset(&behind, 0, sizeof behind);
  behind.fd = behind.former = -1;
}

/* Around a region. */
enum { HEAD = 4099, TAIL = 777 };

/* Opens behind.path on the cluster. */
static arrowio_file *open_in_cluster(arrowio_mode mode) {
  arrowio_output_options options = {.struct_size = sizeof options};
  arrowio_file *file = NULL;
  if (mode == ARROWIO_MODE_APPEND) options.flags = ARROWIO_OUTPUT_APPEND;
  OK(mode == ARROWIO_MODE_READ ? arrowio_filesystem_open_input_file(cluster, behind.path, &file, &error)
                               : arrowio_filesystem_open_output_stream(cluster, behind.path, &options, &file, &error));
  return file;
}

/* Makes behind.path, whether the file is on the cluster or here. */
static void put(const void *data, int64_t size) {
  if (row->place != IN_CLUSTER) {
    save(behind.path, data, size);
    return;
  }
  arrowio_file *file = open_in_cluster(ARROWIO_MODE_WRITE);
  OK(arrowio_file_write(file, data, size, &error));
  close_file(file);
}

/* What is in it, for a reader that is not the library. */
static struct bytes loaded(void) {
  static uint8_t piece[30000];
  struct bytes whole = {0};
  if (row->place != IN_CLUSTER) return load(behind.path);
  for (size_t got = 1; got > 0; append(&whole, piece, (int64_t)got)) {
    got = cluster_bytes(behind.path, whole.size, piece, sizeof piece);
  }
  return whole;
}

static arrowio_file *open_path(const uint8_t *bytes, int64_t size) {
  arrowio_file *file = NULL;
  if (row->mode == ARROWIO_MODE_WRITE) {
    put("to be cut", 9);
  } else if (row->mode != ARROWIO_MODE_APPEND) {
    put(bytes, size);
  }
  if (row->place == IN_CLUSTER) {
    if (row->mode == ARROWIO_MODE_APPEND) put("", 0);
    return open_in_cluster(row->mode);
  }
  OK(arrowio_os_file_open(behind.path, row->mode, NULL, &file, &error));
  return file;
}

static arrowio_file *open_fd(const uint8_t *bytes, int64_t size, int borrow) {
  const int flags[] = {0, O_RDONLY, O_WRONLY, O_WRONLY | O_APPEND, O_RDWR};
  arrowio_os_file_options options = {.struct_size = sizeof options, .borrow_descriptor = borrow};
  arrowio_file *file = NULL;
  save(behind.path, bytes, row->can & CAN_READ ? size : 0);
  int fd = open(behind.path, flags[row->mode] | O_CLOEXEC);
  CHECK(fd >= 0);
  if (borrow) behind.fd = fd;
  behind.called = "descriptor";
  OK(arrowio_os_file_open_fd(fd, row->mode, &options, &file, &error));
  return file;
}

static arrowio_file *open_owned(const uint8_t *bytes, int64_t size) {
  return open_fd(bytes, size, 0);
}

static arrowio_file *open_borrowed(const uint8_t *bytes, int64_t size) {
  return open_fd(bytes, size, 1);
}

/* Pushes the bytes in pieces of many sizes. */
static void *push(void *argument) {
  struct pump *pump = argument;
  if (pump->fifo) pump->fd = open(behind.path, O_WRONLY | O_CLOEXEC);
  int64_t done = 0, written = 0;
  for (int64_t piece = 1; done < pump->bytes.size && written >= 0; piece = piece * 7919 % 5003 + 1) {
    int64_t left = pump->bytes.size - done;
    written = write(pump->fd, pump->bytes.data + done, (size_t)(piece < left ? piece : left));
    done += written;
  }
  close(pump->fd);
  return NULL;
}

/* Collects bytes until the end. */
static void *pull(void *argument) {
  static uint8_t block[65536];
  struct pump *pump = argument;
  if (pump->fifo) pump->fd = open(behind.path, O_RDONLY | O_CLOEXEC);
  for (int64_t got; (got = read(pump->fd, block, sizeof block)) > 0;) {
    pthread_mutex_lock(&pump->lock);
    append(&pump->bytes, block, got);
    pthread_mutex_unlock(&pump->lock);
  }
  close(pump->fd);
  return NULL;
}

static void start_pump(int fd, const uint8_t *bytes, int64_t size) {
  struct pump *pump = &behind.pump;
  int reads = (row->can & CAN_READ) != 0;
  pump->fd = fd;
  pump->fifo = fd < 0;
  pthread_mutex_init(&pump->lock, NULL);
  append(&pump->bytes, bytes, reads ? size : 0);
  CHECK_INT(0, pthread_create(&pump->thread, NULL, reads ? push : pull, pump));
  pump->runs = 1;
}

static void stop_pump(void) {
  if (behind.pump.runs) pthread_join(behind.pump.thread, NULL);
  behind.pump.runs = 0;
}

static arrowio_file *open_pipe(const uint8_t *bytes, int64_t size) {
  arrowio_file *file = NULL;
  int ends[2], ours = row->can & CAN_READ ? 0 : 1;
  CHECK_INT(0, pipe2(ends, O_CLOEXEC));
  behind.called = "descriptor";
  start_pump(ends[1 - ours], bytes, size);
  OK(arrowio_os_file_open_fd(ends[ours], row->mode, NULL, &file, &error));
  return file;
}

static arrowio_file *open_socket(const uint8_t *bytes, int64_t size) {
  arrowio_file *file = NULL;
  int ends[2];
  CHECK_INT(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
  behind.called = "descriptor";
  start_pump(ends[1], bytes, size);
  OK(arrowio_os_file_open_fd(ends[0], row->mode, NULL, &file, &error));
  return file;
}

/* The descriptor takes a standard stream's place until `done`. */
static arrowio_file *open_as_standard(int fd) {
  arrowio_file *file = NULL;
  arrowio_standard_stream stream = row->can & CAN_READ ? ARROWIO_STANDARD_INPUT : ARROWIO_STANDARD_OUTPUT;
  fflush(stdout);
  behind.standard = (int)stream;
  behind.former = fcntl(behind.standard, F_DUPFD_CLOEXEC, 3);
  CHECK(behind.former >= 0);
  CHECK_INT(behind.standard, dup2(fd, behind.standard));
  close(fd);
  behind.called = "standard ";
  OK(arrowio_standard_stream_open(stream, NULL, &file, &error));
  return file;
}

static arrowio_file *open_standard_file(const uint8_t *bytes, int64_t size) {
  save(behind.path, bytes, row->can & CAN_READ ? size : 0);
  int fd = open(behind.path, (row->can & CAN_READ ? O_RDONLY : O_WRONLY) | O_CLOEXEC);
  CHECK(fd >= 0);
  return open_as_standard(fd);
}

static arrowio_file *open_fifo(const uint8_t *bytes, int64_t size) {
  arrowio_file *file = NULL;
  CHECK_INT(0, mkfifo(behind.path, 0600));
  start_pump(-1, bytes, size);
  OK(arrowio_os_file_open(behind.path, row->mode, NULL, &file, &error));
  return file;
}

static arrowio_file *open_map(const uint8_t *bytes, int64_t size) {
  arrowio_file *file = NULL;
  save(behind.path, bytes, size);
  OK(arrowio_memory_map_open(behind.path, row->mode, 0, -1, &file, &error));
  if (row->place == IN_SLICE) OK(arrowio_file_read_at_buffer(file, 0, size, &behind.buffer, &error));
  return file;
}

static arrowio_file *open_map_fd(const uint8_t *bytes, int64_t size) {
  arrowio_file *file = NULL;
  save(behind.path, bytes, size);
  int fd = open(behind.path, (row->mode == ARROWIO_MODE_READ_WRITE ? O_RDWR : O_RDONLY) | O_CLOEXEC);
  CHECK(fd >= 0);
  behind.called = "descriptor";
  OK(arrowio_memory_map_open_fd(fd, row->mode, 0, -1, &file, &error));
  close(fd);
  return file;
}

static arrowio_file *open_region(const uint8_t *bytes, int64_t size) {
  static const uint8_t around[HEAD + TAIL];
  arrowio_file *file = NULL;
  struct bytes whole = copy_of(around, HEAD);
  append(&whole, bytes, size);
  append(&whole, around, TAIL);
  save(behind.path, whole.data, whole.size);
  drop(&whole);
  OK(arrowio_memory_map_open(behind.path, row->mode, HEAD, size, &file, &error));
  return file;
}

static arrowio_file *open_buffer_reader(const uint8_t *bytes, int64_t size) {
  arrowio_file *file = NULL;
  behind.buffer = buffer_of(bytes, size);
  behind.called = "buffer";
  OK(arrowio_buffer_reader_new(behind.buffer, &file, &error));
  return file;
}

static arrowio_file *open_fixed(const uint8_t *bytes, int64_t size) {
  arrowio_file *file = NULL;
  behind.buffer = buffer_of(bytes, size);
  behind.called = "buffer";
  OK(arrowio_fixed_size_buffer_writer_new(behind.buffer, &file, &error));
  return file;
}

static arrowio_file *open_buffer_output(const uint8_t *bytes, int64_t size) {
  arrowio_file *file = NULL;
  (void)bytes, (void)size;
  behind.called = "buffer output stream";
  OK(arrowio_buffer_output_stream_new(NULL, 0, &file, &error));
  behind.output_stream = arrowio_file_retain(file);
  return file;
}

/* What is compressed for a layer above must come as it is, or it would be recognised and decompressed twice. */
static arrowio_stream_options stream_options(void) {
  return (arrowio_stream_options){.struct_size = sizeof(arrowio_stream_options),
                                  .buffer_size = row->buffer_size,
                                  .codec = row->over && !row->codec ? ARROWIO_CODEC_NONE : ARROWIO_CODEC_DETECT};
}

static arrowio_file *open_input(const uint8_t *bytes, int64_t size) {
  arrowio_file *file = NULL;
  arrowio_stream_options options = stream_options();
  put(bytes, size);
  OK(arrowio_input_stream_open(behind.path, &options, &file, &error));
  return file;
}

static arrowio_file *open_input_buffer(const uint8_t *bytes, int64_t size) {
  arrowio_file *file = NULL;
  arrowio_stream_options options = stream_options();
  if (row->codec) options.codec = row->codec;
  behind.buffer = buffer_of(bytes, size);
  behind.called = "buffer";
  OK(arrowio_input_stream_from_buffer(behind.buffer, &options, &file, &error));
  return file;
}

static arrowio_file *open_input_fifo(const uint8_t *bytes, int64_t size) {
  arrowio_file *file = NULL;
  CHECK_INT(0, mkfifo(behind.path, 0600));
  start_pump(-1, bytes, size);
  OK(arrowio_input_stream_open(behind.path, NULL, &file, &error));
  return file;
}

static arrowio_file *open_output_fifo(const uint8_t *bytes, int64_t size) {
  arrowio_file *file = NULL;
  CHECK_INT(0, mkfifo(behind.path, 0600));
  start_pump(-1, bytes, size);
  OK(arrowio_output_stream_open(behind.path, NULL, &file, &error));
  return file;
}

static arrowio_file *open_output(const uint8_t *bytes, int64_t size) {
  arrowio_file *file = NULL;
  arrowio_stream_options options = stream_options();
  (void)bytes, (void)size;
  put("to be cut", 9);
  OK(arrowio_output_stream_open(behind.path, &options, &file, &error));
  return file;
}

/* Lays a buffered stream of row->buffer_size over a file. */
static arrowio_file *buffer_over(arrowio_file *raw) {
  arrowio_file *file = NULL;
  arrowio_buffered_stream_options options = {.struct_size = sizeof options, .buffer_size = row->buffer_size};
  if (row->can & CAN_READ) OK(arrowio_buffered_input_stream_new(raw, &options, &file, &error));
  if (row->can & CAN_WRITE) OK(arrowio_buffered_output_stream_new(raw, &options, &file, &error));
  arrowio_file_release(raw);
  return file;
}

static arrowio_file *open_buffered_file(const uint8_t *bytes, int64_t size) {
  return buffer_over(open_path(bytes, size));
}

static arrowio_file *open_buffered_pipe(const uint8_t *bytes, int64_t size) {
  return buffer_over(open_pipe(bytes, size));
}

static arrowio_file *open_buffered_buffer(const uint8_t *bytes, int64_t size) {
  return buffer_over(open_buffer_reader(bytes, size));
}

static arrowio_file *host_over_file(const uint8_t *bytes, int64_t size, uint32_t can, int sparse) {
  int writes = (can & CAN_WRITE) != 0, reads = (can & CAN_READ) != 0;
  save(behind.path, bytes, reads ? size : 0);
  int fd = open(behind.path, (!writes ? O_RDONLY : reads ? O_RDWR : O_WRONLY) | O_CLOEXEC);
  CHECK(fd >= 0);
  return host_file(fd, behind.path, can, sparse);
}

static arrowio_file *open_callbacks(const uint8_t *bytes, int64_t size) {
  return host_over_file(bytes, size, row->can, 0);
}

static arrowio_file *open_few_callbacks(const uint8_t *bytes, int64_t size) {
  return host_over_file(bytes, size, row->can, 1);
}

/* The bytes in the midst of others, in a file that stays open behind it. */
static arrowio_file *segment_of(arrowio_file *(*open)(const uint8_t *, int64_t), const uint8_t *bytes, int64_t size) {
  static const uint8_t around[HEAD + TAIL];
  arrowio_file *file = NULL;
  struct bytes whole = copy_of(around, HEAD);
  append(&whole, bytes, size);
  append(&whole, around, TAIL);
  behind.raw = open(whole.data, whole.size);
  drop(&whole);
  OK(arrowio_segment_new(behind.raw, HEAD, size, &file, &error));
  return file;
}

static arrowio_file *open_segment(const uint8_t *bytes, int64_t size) {
  return segment_of(open_path, bytes, size);
}

static arrowio_file *open_segment_of_map(const uint8_t *bytes, int64_t size) {
  return segment_of(open_map, bytes, size);
}

static arrowio_file *open_segment_of_buffer(const uint8_t *bytes, int64_t size) {
  return segment_of(open_buffer_reader, bytes, size);
}

static arrowio_file *open_seekable_callbacks(const uint8_t *bytes, int64_t size) {
  return host_over_file(bytes, size, CAN_READ | CAN_SEEK, 1);
}

static arrowio_file *open_segment_of_callbacks(const uint8_t *bytes, int64_t size) {
  return segment_of(open_seekable_callbacks, bytes, size);
}

/* Gives every chunk as it is. */
static arrowio_status same_again(void *user_data, arrowio_buffer *chunk, arrowio_buffer **out, arrowio_error **out_error) {
  (void)user_data, (void)out_error;
  *out = arrowio_buffer_retain(chunk);
  return ARROWIO_OK;
}

static arrowio_file *open_transform(const uint8_t *bytes, int64_t size) {
  arrowio_file *raw = open_path(bytes, size), *file = NULL;
  OK(arrowio_transform_input_stream_new(raw, same_again, NULL, NULL, NULL, &file, &error));
  arrowio_file_release(raw);
  return file;
}

/* The suffix of the path that the file beneath was opened by says how it is compressed. */
static arrowio_file *open_stream_from(arrowio_file *raw) {
  arrowio_file *file = NULL;
  arrowio_stream_options options = stream_options();
  OK(row->can & CAN_READ ? arrowio_input_stream_from_file(raw, &options, &file, &error)
                         : arrowio_output_stream_from_file(raw, &options, &file, &error));
  arrowio_file_release(raw);
  return file;
}

static arrowio_file *open_stream_from_file(const uint8_t *bytes, int64_t size) {
  return open_stream_from(open_path(bytes, size));
}

static arrowio_file *open_stream_from_pipe(const uint8_t *bytes, int64_t size) {
  return open_stream_from(open_pipe(bytes, size));
}

static arrowio_file *open_stream_from_map(const uint8_t *bytes, int64_t size) {
  return open_stream_from(open_map(bytes, size));
}

/* Half of it read ahead, and with room for a part of that. */
static arrowio_file *open_range_cache(const uint8_t *bytes, int64_t size) {
  arrowio_range_cache_options options = {.struct_size = sizeof options, .memory_limit = 100 * KIB, .hole_size_limit = -1};
  arrowio_range ranges[200];
  arrowio_file *raw = open_path(bytes, size), *file = NULL;
  OK(arrowio_executor_new(2, &behind.executor, &error));
  options.executor = behind.executor;
  OK(arrowio_range_cache_new(raw, &options, &file, &error));
  arrowio_file_release(raw);
  for (int i = 0; i < 200; i++) ranges[i] = (arrowio_range){i * 2000, 1000};
  OK(arrowio_file_will_need(file, ranges, 200, &error));
  return file;
}

static arrowio_file *read_ahead(arrowio_file *raw) {
  arrowio_read_ahead_options options = {.struct_size = sizeof options, .block_size = 5000, .blocks = 3};
  arrowio_file *file = NULL;
  OK(arrowio_executor_new(1, &behind.executor, &error));
  OK(arrowio_read_ahead_input_stream_new(raw, behind.executor, &options, &file, &error));
  arrowio_file_release(raw);
  return file;
}

static arrowio_file *open_read_ahead(const uint8_t *bytes, int64_t size) {
  return read_ahead(open_path(bytes, size));
}

static arrowio_file *open_read_ahead_pipe(const uint8_t *bytes, int64_t size) {
  return read_ahead(open_pipe(bytes, size));
}

static arrowio_file *slow_over(arrowio_file *raw) {
  arrowio_file *file = NULL;
  arrowio_slow_input_options options = {.struct_size = sizeof options, .latency_ns = 100, .deviation_ns = 50};
  OK(arrowio_slow_input_new(raw, &options, &file, &error));
  arrowio_file_release(raw);
  return file;
}

static arrowio_file *open_slow(const uint8_t *bytes, int64_t size) {
  return slow_over(open_path(bytes, size));
}

static arrowio_file *open_slow_pipe(const uint8_t *bytes, int64_t size) {
  return slow_over(open_pipe(bytes, size));
}

static arrowio_file *open_checksum(const uint8_t *bytes, int64_t size) {
  arrowio_file *raw = open_path(bytes, size), *file = NULL;
  if (row->can & CAN_READ) OK(arrowio_checksum_input_stream_new(raw, ARROWIO_CHECKSUM_CRC32C, NULL, &file, &error));
  if (row->can & CAN_WRITE) OK(arrowio_checksum_output_stream_new(raw, ARROWIO_CHECKSUM_XXH3_64, &file, &error));
  arrowio_file_release(raw);
  return file;
}

static arrowio_file *open_tee(const uint8_t *bytes, int64_t size) {
  arrowio_file *raw = open_path(bytes, size), *mock = NULL, *file = NULL;
  OK(arrowio_mock_output_stream_new(&mock, &error));
  OK(arrowio_tee_output_stream_new(mock, raw, &file, &error));
  arrowio_file_release(mock);
  arrowio_file_release(raw);
  return file;
}

/* With room for a few pieces, and many places in gzip. */
static arrowio_file *seekable_over(arrowio_file *raw) {
  arrowio_seekable_options options = {.struct_size = sizeof options, .cache_size = 100 * KIB, .index_spacing = 50 * KIB};
  arrowio_file *file = NULL;
  OK(arrowio_seekable_file_new(raw, row->codec, &options, &file, &error));
  arrowio_file_release(raw);
  return file;
}

static arrowio_file *open_seekable(const uint8_t *bytes, int64_t size) {
  return seekable_over(open_path(bytes, size));
}

/* The same in frames that can be found. */
static arrowio_file *open_seekable_frames(const uint8_t *bytes, int64_t size) {
  arrowio_compression_options options = {.struct_size = sizeof options, .frame_size = 10000};
  arrowio_buffer *plain = NULL, *frames = NULL;
  OK(arrowio_codec_decompress_buffer(row->codec, bytes, size, NULL, &plain, NULL, &error));
  OK(arrowio_codec_compress_buffer(row->codec, arrowio_buffer_data(plain), arrowio_buffer_size(plain), &options, &frames,
                                   &error));
  arrowio_file *raw = open_path(arrowio_buffer_data(frames), arrowio_buffer_size(frames));
  arrowio_buffer_release(plain);
  arrowio_buffer_release(frames);
  return seekable_over(raw);
}

#define GZIP .codec = ARROWIO_CODEC_GZIP
#define ZSTD .codec = ARROWIO_CODEC_ZSTD
#define PLACED(direction, direction_at) direction | CAN_SEEK | direction_at | CAN_SIZE
#define READER PLACED(CAN_READ, CAN_READ_AT)
#define WRITER PLACED(CAN_WRITE, CAN_WRITE_AT) | CAN_RESIZE
#define BOTH READER | WRITER
#define MAPPED READER | CAN_ZERO_COPY
#define MAPPED_BOTH MAPPED | CAN_WRITE | CAN_WRITE_AT
#define FOR(mode_name) .mode = ARROWIO_MODE_##mode_name
#define EVERY_CODEC .for_every_codec = 1

static const struct row plain_rows[] = {
    {"OS file, read", READER, open_path, FOR(READ), EVERY_CODEC},
    {"OS file, written", WRITER, open_path, FOR(WRITE), EVERY_CODEC},
    {"OS file, appended to", CAN_WRITE | CAN_SIZE | CAN_RESIZE, open_path, FOR(APPEND)},
    {"OS file, read and written", BOTH, open_path, FOR(READ_WRITE)},
    {"owned descriptor, read", READER, open_owned, FOR(READ)},
    {"owned descriptor, written", WRITER, open_owned, FOR(WRITE)},
    {"borrowed descriptor, read", READER, open_borrowed, FOR(READ)},
    {"borrowed descriptor, appended to", CAN_WRITE | CAN_SIZE | CAN_RESIZE, open_borrowed, FOR(APPEND)},
    {"borrowed descriptor, read and written", BOTH, open_borrowed, FOR(READ_WRITE)},
    {"pipe, read", CAN_READ, open_pipe, IN_PIPE, FOR(READ)},
    {"pipe, written", CAN_WRITE, open_pipe, IN_PIPE, FOR(WRITE)},
    {"socket, read", CAN_READ, open_socket, IN_PIPE, FOR(READ)},
    {"socket, written", CAN_WRITE, open_socket, IN_PIPE, FOR(WRITE)},
    {"standard input", READER, open_standard_file, .place = IN_FILE},
    {"standard output", WRITER, open_standard_file, .place = IN_FILE},
    {"FIFO, read", CAN_READ, open_fifo, IN_PIPE, FOR(READ)},
    {"FIFO, written", CAN_WRITE, open_fifo, IN_PIPE, FOR(WRITE)},
    {"map, read", MAPPED, open_map, FOR(READ)},
    {"map, read and written", MAPPED_BOTH | CAN_RESIZE, open_map, FOR(READ_WRITE), .fixed = 1},
    {"map, private", MAPPED_BOTH, open_map, IN_SLICE, FOR(PRIVATE), .fixed = 1},
    {"map of a descriptor, read", MAPPED, open_map_fd, FOR(READ)},
    {"map of a descriptor, read and written", MAPPED_BOTH | CAN_RESIZE, open_map_fd, FOR(READ_WRITE), .fixed = 1},
    {"map of a region, read", MAPPED, open_region, FOR(READ)},
    {"map of a region, read and written", MAPPED_BOTH, open_region, FOR(READ_WRITE), .fixed = 1},
    {"buffer reader", MAPPED, open_buffer_reader, .place = IN_BUFFER, EVERY_CODEC},
    {"buffer output stream", CAN_WRITE | CAN_SIZE, open_buffer_output, .place = IN_OUTPUT_STREAM, EVERY_CODEC},
    {"fixed-size buffer writer", PLACED(CAN_WRITE, CAN_WRITE_AT), open_fixed, IN_BUFFER, .fixed = 1},
    {"range cache", READER, open_range_cache, FOR(READ)},
    {"seekable gzip", READER, open_seekable, FOR(READ), GZIP},
    {"seekable BGZF", READER, open_seekable_frames, FOR(READ), GZIP},
    {"seekable zstd", READER, open_seekable_frames, FOR(READ), ZSTD},
    {"read-ahead stream", CAN_READ, open_read_ahead, FOR(READ)},
    {"read-ahead stream, pipe", CAN_READ, open_read_ahead_pipe, IN_PIPE, FOR(READ)},
    {"input stream", READER, open_input, .place = IN_FILE},
    {"input stream, unbuffered", READER, open_input, .buffer_size = -1},
    {"input stream, gzip", CAN_READ, open_input, GZIP},
    {"input stream, gzip, unbuffered", CAN_READ, open_input, GZIP, .buffer_size = -1},
    {"input stream, zstd", CAN_READ, open_input, ZSTD},
    {"input stream, FIFO", CAN_READ, open_input_fifo, .place = IN_PIPE},
    {"input stream, FIFO, gzip", CAN_READ, open_input_fifo, .place = IN_PIPE, GZIP},
    {"input stream from a buffer", MAPPED, open_input_buffer, .place = IN_BUFFER},
    {"input stream from a buffer, gzip", CAN_READ, open_input_buffer, GZIP},
    {"input stream from a buffer, zstd", CAN_READ, open_input_buffer, ZSTD, .buffer_size = 1000},
    {"input stream from a file", CAN_READ, open_stream_from_file, FOR(READ)},
    {"input stream from a file, zstd", CAN_READ, open_stream_from_file, FOR(READ), ZSTD},
    {"input stream from a pipe", CAN_READ, open_stream_from_pipe, IN_PIPE, FOR(READ)},
    {"input stream from a map", MAPPED, open_stream_from_map, FOR(READ)},
    {"output stream from a file", CAN_WRITE, open_stream_from_file, FOR(WRITE)},
    {"output stream from a file, gzip", CAN_WRITE, open_stream_from_file, FOR(WRITE), GZIP},
    {"output stream, unbuffered, from a file", WRITER, open_stream_from_file, FOR(WRITE), .buffer_size = -1},
    {"output stream from a pipe", CAN_WRITE, open_stream_from_pipe, IN_PIPE, FOR(WRITE)},
    {"output stream", CAN_WRITE, open_output, .place = IN_FILE},
    {"output stream, unbuffered", WRITER, open_output, .buffer_size = -1},
    {"output stream, gzip", CAN_WRITE, open_output, GZIP},
    {"output stream, zstd", CAN_WRITE, open_output, ZSTD, .buffer_size = 1000},
    {"output stream, FIFO", CAN_WRITE, open_output_fifo, .place = IN_PIPE},
    {"output stream, FIFO, zstd", CAN_WRITE, open_output_fifo, .place = IN_PIPE, ZSTD},
    {"callbacks, read", READER, open_callbacks, .place = IN_FILE},
    {"callbacks, written", WRITER, open_callbacks, .place = IN_FILE},
    {"callbacks, read and written", BOTH, open_callbacks, .place = IN_FILE},
    {"callbacks, read by seeking", READER, open_few_callbacks, .place = IN_FILE},
    {"callbacks, read and written by seeking", BOTH, open_few_callbacks, .place = IN_FILE},
    {"callbacks, read only", CAN_READ, open_few_callbacks, .place = IN_FILE, EVERY_CODEC},
    {"callbacks, written only", CAN_WRITE, open_few_callbacks, .place = IN_FILE, .buffer_size = 1, EVERY_CODEC},
    {"segment of an OS file", READER, open_segment, FOR(READ)},
    {"segment of a map", MAPPED, open_segment_of_map, FOR(READ)},
    {"segment of a writable map", MAPPED, open_segment_of_map, FOR(READ_WRITE)},
    {"segment of a buffer", MAPPED, open_segment_of_buffer, .place = IN_BUFFER},
    {"segment of callbacks", READER, open_segment_of_callbacks, .place = IN_FILE},
    {"transform", CAN_READ, open_transform, FOR(READ)},
    {"slow input", READER, open_slow, FOR(READ)},
    {"slow input from a pipe", CAN_READ, open_slow_pipe, IN_PIPE, FOR(READ)},
    {"checksum, read", CAN_READ, open_checksum, FOR(READ)},
    {"checksum, written", CAN_WRITE, open_checksum, FOR(WRITE), .buffer_size = 1},
    {"tee", CAN_WRITE, open_tee, FOR(WRITE), .buffer_size = 1},
    {"buffered input", CAN_READ, open_buffered_file, FOR(READ)},
    {"buffered input of one byte", CAN_READ, open_buffered_file, FOR(READ), .buffer_size = 1},
    {"buffered input from a pipe", CAN_READ, open_buffered_pipe, IN_PIPE, FOR(READ), .buffer_size = 1000},
    {"buffered input from a buffer", CAN_READ, open_buffered_buffer, IN_BUFFER, .buffer_size = 100000},
    {"buffered output", CAN_WRITE, open_buffered_file, FOR(WRITE)},
    {"buffered output of one byte", CAN_WRITE, open_buffered_file, FOR(WRITE), .buffer_size = 1},
    {"buffered output to a pipe", CAN_WRITE, open_buffered_pipe, IN_PIPE, FOR(WRITE), .buffer_size = 1000},
    {"HDFS file, read", READER, open_path, IN_CLUSTER, FOR(READ), EVERY_CODEC},
    {"HDFS file, written", CAN_WRITE, open_path, IN_CLUSTER, FOR(WRITE), EVERY_CODEC},
    {"HDFS file, appended to", CAN_WRITE, open_path, IN_CLUSTER, FOR(APPEND)},
    {"HDFS file, buffered input", CAN_READ, open_buffered_file, IN_CLUSTER, FOR(READ), .buffer_size = 1000},
    {"HDFS file, buffered output", CAN_WRITE, open_buffered_file, IN_CLUSTER, FOR(WRITE)},
    {"HDFS file, segment", READER, open_segment, IN_CLUSTER, FOR(READ)},
    {"HDFS file, range cache", READER, open_range_cache, IN_CLUSTER, FOR(READ)},
    {"HDFS file, seekable gzip", READER, open_seekable, IN_CLUSTER, FOR(READ), GZIP},
    {"HDFS file, seekable zstd", READER, open_seekable_frames, IN_CLUSTER, FOR(READ), ZSTD},
    {"HDFS file, read-ahead stream", CAN_READ, open_read_ahead, IN_CLUSTER, FOR(READ)},
    {"HDFS file, transform", CAN_READ, open_transform, IN_CLUSTER, FOR(READ)},
    {"HDFS file, slow input", READER, open_slow, IN_CLUSTER, FOR(READ)},
    {"HDFS file, checksum, read", CAN_READ, open_checksum, IN_CLUSTER, FOR(READ)},
    {"HDFS file, checksum, written", CAN_WRITE, open_checksum, IN_CLUSTER, FOR(WRITE)},
    {"HDFS file, tee", CAN_WRITE, open_tee, IN_CLUSTER, FOR(WRITE)},
    {"HDFS file, input stream from it", CAN_READ, open_stream_from_file, IN_CLUSTER, FOR(READ)},
    {"HDFS file, output stream from it, gzip", CAN_WRITE, open_stream_from_file, IN_CLUSTER, FOR(WRITE), GZIP},
    {"HDFS URI, input stream", READER, open_input, .place = IN_CLUSTER},
    {"HDFS URI, input stream, unbuffered", READER, open_input, .place = IN_CLUSTER, .buffer_size = -1},
    {"HDFS URI, input stream, gzip", CAN_READ, open_input, .place = IN_CLUSTER, GZIP},
    {"HDFS URI, output stream", CAN_WRITE, open_output, .place = IN_CLUSTER},
    {"HDFS URI, output stream, zstd", CAN_WRITE, open_output, .place = IN_CLUSTER, ZSTD},
};

#define PLAIN_ROWS (sizeof plain_rows / sizeof plain_rows[0])
/* Each plain, and read and written through each codec; the last has no class. */
static struct row rows[PLAIN_ROWS * (1 + 2 * CODECS) + 1];

static void lay_over(struct row *new_row, const struct row *base, uint32_t direction, const struct codec *over) {
  *new_row = *base;
  new_row->can = direction;
  new_row->over = over->id;
  snprintf(new_row->name, sizeof new_row->name, "%s %s: %.50s", over->name, direction == CAN_READ ? "from" : "to",
           base->name);
}

/* Whether streams of the codec are laid over the class. Where time is short the thorough codecs take turns, over every
   other pair of classes, and the others are laid over memory alone. */
static int is_laid_over(const struct codec *codec, size_t class) {
  const struct row *base = &plain_rows[class];
  if (base->place == IN_CLUSTER) return codec->is_thorough && base->for_every_codec;
  if (codec->is_thorough) return !is_slow() || ((size_t)(codec - codecs) % 2 == class % 2 && class / 2 % 2 == 0);
  return base->for_every_codec && (!is_slow() || base->place != IN_FILE);
}

/* Whether its files are where they are tested. */
static int is_tested(const struct row *base) {
  return (base->place == IN_CLUSTER) == (cluster != NULL);
}

/* All rows: the plain ones, and compressed streams of each direction over those that can carry them. */
static void make_rows(void) {
  struct row *next = rows;
  const uint32_t directions[] = {CAN_READ, CAN_WRITE};
  for (size_t i = 0; i < PLAIN_ROWS; i++) if (is_tested(&plain_rows[i])) *next++ = plain_rows[i];
  for (size_t i = 0; i < PLAIN_ROWS; i++) {
    for (int way = 0; way < 2; way++) {
      if (!is_tested(&plain_rows[i]) || !(plain_rows[i].can & directions[way])) continue;
      EACH_CODEC(codec) if (is_laid_over(codec, i)) lay_over(next++, &plain_rows[i], directions[way], codec);
    }
  }
}

/* Compresses in place. What was last compressed is kept: most cases want the same bytes over and over. */
static void encode(struct bytes *bytes, arrowio_codec codec) {
  static struct { struct bytes plain, encoded; } kept[CODECS];
  if (codec == ARROWIO_CODEC_DETECT) return;
  struct bytes *plain = &kept[codec_index(codec)].plain, *encoded = &kept[codec_index(codec)].encoded;
  if (plain->size != bytes->size || !same(plain->data, bytes->data, bytes->size)) {
    drop(plain);
    drop(encoded);
    *plain = copy_of(bytes->data, bytes->size);
    *encoded = compressed(codec, bytes->data, bytes->size);
  }
  drop(bytes);
  *bytes = copy_of(encoded->data, encoded->size);
}

static void prepare(void) {
  const char *suffix = row->codec == ARROWIO_CODEC_DETECT ? "" : codecs[codec_index(row->codec)].suffix;
  nothing_behind();
  if (row->place == IN_CLUSTER) {
    snprintf(behind.path, sizeof behind.path, "%s/tmp/behind%s", getenv("ARROWIO_HDFS_URI"), suffix);
  } else {
    snprintf(behind.path, sizeof behind.path, "%s/behind%s", folder, suffix);
    unlink(behind.path);
  }
  behind.called = behind.path;
}

static arrowio_file *lay(arrowio_file *raw) {
  arrowio_file *file = NULL;
  if (row->over == ARROWIO_CODEC_DETECT) return raw;
  if (row->can & CAN_READ) {
    OK(arrowio_compressed_input_stream_new(raw, row->over, NULL, &file, &error));
  } else {
    OK(arrowio_compressed_output_stream_new(raw, row->over, NULL, &file, &error));
  }
  arrowio_file_release(raw);
  return file;
}

static arrowio_file *open_reader(const uint8_t *content, int64_t size) {
  prepare();
  behind.bytes = copy_of(content, size);
  encode(&behind.bytes, row->over);
  encode(&behind.bytes, row->codec);
  return lay(row->open(behind.bytes.data, behind.bytes.size));
}

static inline arrowio_file *open_writer(int64_t room) {
  prepare();
  int64_t size = !row->fixed ? 0 : row->over ? room + room / 2 + 1000 : room;
  uint8_t *zeros = calloc(1, (size_t)size + 1);
  arrowio_file *raw = row->open(zeros, size);
  free(zeros);
  return lay(raw);
}

/* A file with this content where `row` reads, else one to write as much to. */
static inline arrowio_file *open_any(const uint8_t *content, int64_t size) {
  return row->can & CAN_READ ? open_reader(content, size) : open_writer(size);
}

static struct bytes pulled(void) {
  pthread_mutex_lock(&behind.pump.lock);
  struct bytes copy = copy_of(behind.pump.bytes.data, behind.pump.bytes.size);
  pthread_mutex_unlock(&behind.pump.lock);
  return copy;
}

static struct bytes stored_in_file(void) {
  struct bytes whole = loaded();
  if (row->open != open_region) return whole;
  CHECK(whole.size >= HEAD + TAIL);
  for (int64_t i = 0; i < HEAD + TAIL; i++) CHECK(whole.data[i < HEAD ? i : whole.size - 1 - (i - HEAD)] == 0);
  struct bytes inner = copy_of(whole.data + HEAD, whole.size - HEAD - TAIL);
  drop(&whole);
  return inner;
}

/* A buffer output stream gives its bytes once, when it is closed. */
static struct bytes stored(void) {
  arrowio_buffer *buffer = NULL;
  switch (row->place) {
    case IN_PIPE: return pulled();
    case IN_OUTPUT_STREAM: OK(arrowio_buffer_output_stream_finish(behind.output_stream, &buffer, &error)); break;
    case IN_BUFFER: case IN_SLICE: buffer = arrowio_buffer_retain(behind.buffer); break;
    default: return stored_in_file();
  }
  return take_buffer(buffer);
}

/* Whether what is stored ended well, as far as `decoded` looked. */
static int is_whole;

/* What is stored, decompressed, up to `size` bytes or as far as that goes. */
static inline struct bytes decoded(struct bytes bytes, arrowio_codec codec, int64_t size) {
  if (codec == ARROWIO_CODEC_DETECT) return bytes;
  arrowio_stream_options options = {.struct_size = sizeof options, .buffer_size = -1, .codec = codec};
  struct bytes plain = {.data = malloc((size_t)size + 1)};
  arrowio_file *file = NULL;
  arrowio_buffer *buffer = buffer_of(bytes.data, bytes.size);
  drop(&bytes);
  OK(arrowio_input_stream_from_buffer(buffer, &options, &file, &error));
  for (int64_t got = 1; got > 0 && plain.size < size; plain.size += got) {
    if (arrowio_file_read_some(file, plain.data + plain.size, size - plain.size, &got, &error) != ARROWIO_OK) {
      arrowio_error_release(error);
      error = NULL;
      is_whole = got = 0;
    }
  }
  arrowio_file_release(file);
  arrowio_buffer_release(buffer);
  return plain;
}

/* What is stored, decompressed up to about `size` bytes. */
static inline struct bytes logical(int64_t size) {
  is_whole = 1;
  return decoded(decoded(stored(), row->codec, size * 2 + 64 * KIB), row->over, size);
}

/* Whether this is the content behind a file that was closed. */
static inline int holds(const uint8_t *content, int64_t size) {
  stop_pump();
  /* Behind compressed data in something of fixed size there is what was there before. */
  struct bytes bytes = logical(row->fixed ? size : size + 1);
  int holds_it = is_whole && bytes.size == size && same(bytes.data, content, size);
  drop(&bytes);
  return holds_it;
}

/* Whether a second reader sees this much of a file that is open. Through a pipe it may take a moment. */
static inline int shows(const uint8_t *content, int64_t size) {
  for (int attempt = 0; attempt < 2000; attempt++) {
    struct bytes bytes = logical(size);
    int shows_it = bytes.size >= size && same(bytes.data, content, size);
    drop(&bytes);
    if (shows_it || row->place != IN_PIPE) return shows_it;
    usleep(1000);
  }
  return 0;
}

static void done(void) {
  stop_pump();
  if (behind.fd >= 0) CHECK_INT(0, close(behind.fd));
  if (behind.former >= 0) {
    CHECK_INT(behind.standard, dup2(behind.former, behind.standard));
    close(behind.former);
  }
  arrowio_buffer_release(behind.buffer);
  arrowio_file_release(behind.output_stream);
  if (behind.executor != NULL) OK(arrowio_executor_stop(behind.executor, -1, &error));
  arrowio_executor_release(behind.executor);
  if (behind.raw != NULL) {
    CHECK(!arrowio_file_is_closed(behind.raw));
    close_file(behind.raw);
  }
  drop(&behind.pump.bytes);
  drop(&behind.bytes);
  nothing_behind();
}

/* One case on the current row. */
static void run_case(const char *name, void (*test)(void)) {
  static int fds;
  fds = descriptors_of_files();
  warnings = 0;
  nothing_behind();
  if (setjmp(case_end) == 0) {
    test();
    done();
    CHECK_INT(fds, descriptors_of_files());
    CHECK_INT(0, warnings);
    cases_passed++;
  } else {
    fprintf(stderr, "FAILED: %s, %s\n", name, row->name);
    cases_failed++;
  }
}

/* The case on every row that can do all of this. */
#define EACH(needs, name) \
  for (row = rows; row->open != NULL; row++) if ((row->can & (needs)) == (needs)) run_case(#name, test_##name)

#endif

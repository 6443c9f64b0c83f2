/* Reading ahead: how far, what comes of failures and ends, and that closing waits for nobody. What every file does,
 * behaviour.c tests. */
#include "executors.h"
#include "threads.h"
#include <sys/socket.h>

enum { SIZE = 100000 };
static uint8_t content[SIZE];

static arrowio_read_ahead_options blocks_of(int64_t size, int64_t blocks) {
  return (arrowio_read_ahead_options){sizeof(arrowio_read_ahead_options), NULL, size, blocks};
}

static arrowio_file *ahead_of(arrowio_file *raw, arrowio_executor *executor, const arrowio_read_ahead_options *options) {
  arrowio_file *file = NULL;
  OK(arrowio_read_ahead_input_stream_new(raw, executor, options, &file, &error));
  arrowio_file_release(raw);
  return file;
}

static arrowio_file *open_raw(void) {
  arrowio_file *file = NULL;
  OK(arrowio_os_file_open(here("raw"), ARROWIO_MODE_READ, NULL, &file, &error));
  return file;
}

static void check_next(arrowio_file *file, int64_t at, int64_t size) {
  static uint8_t bytes[SIZE];
  int64_t got;
  OK(arrowio_file_read(file, bytes, size, &got, &error));
  CHECK(got == size && same(bytes, content + at, size));
}

/* From the position of the file beneath on, which counts. */
TEST(from_a_position) {
  arrowio_executor *executor = new_executor(1);
  arrowio_file *raw = open_raw();
  OK(arrowio_file_seek(raw, 1000, ARROWIO_SEEK_START, NULL, &error));
  arrowio_read_ahead_options options = blocks_of(700, 3);
  arrowio_file *file = ahead_of(raw, executor, &options);
  CHECK_INT(1000, tell(file));
  check_next(file, 1000, 50);
  CHECK_INT(1050, tell(file));
  check_next(file, 1050, SIZE - 1050);
  CHECK_INT(SIZE, tell(file));
  close_file(file);
  end(executor);
}

/* So much and not more; the position of the file beneath tells. */
TEST(bounded) {
  arrowio_executor *executor = new_executor(1);
  arrowio_pool *pool = NULL;
  arrowio_file *raw = open_raw();
  OK(arrowio_pool_new_proxy(NULL, &pool, &error));
  arrowio_read_ahead_options options = blocks_of(1000, 4);
  options.pool = pool;
  arrowio_file *file = ahead_of(arrowio_file_retain(raw), executor, &options);
  for (int tries = 0; tell(raw) < 4000 && tries < 20000; tries++) usleep(1000);
  usleep(20000);
  CHECK_INT(4000, tell(raw));
  check_next(file, 0, 2500);
  for (int tries = 0; tell(raw) < 6000 && tries < 20000; tries++) usleep(1000);
  usleep(20000);
  CHECK(tell(raw) >= 6000 && tell(raw) <= 7000);
  check_next(file, 2500, SIZE - 2500);
  /* One more is on its way to the host. */
  CHECK(arrowio_pool_max_memory(pool) <= 6 * 1024);
  OK(arrowio_file_close(file, &error));
  CHECK_INT(1, arrowio_file_is_closed(raw));
  CHECK_INT(0, arrowio_pool_bytes_allocated(pool));
  arrowio_file_release(file);
  arrowio_file_release(raw);
  arrowio_pool_release(pool);
  end(executor);
}

/* What a pipe brings is given when it is there, not when a block is full. */
TEST(pieces_of_a_pipe) {
  int other;
  arrowio_executor *executor = new_executor(1);
  arrowio_file *file = ahead_of(pipe_reader(&other), executor, NULL);
  for (int i = 0; i < 50; i++) {
    char bytes[10];
    int64_t got = 0;
    CHECK_INT(3, write(other, content + i * 3, 3));
    OK(arrowio_file_read_some(file, bytes, 10, &got, &error));
    CHECK(got == 3 && same(bytes, content + i * 3, 3));
  }
  close(other);
  check_next(file, 0, 0);
  close_file(file);
  end(executor);
}

/* A thread that waits for a pipe: closing, aborting and releasing end that, with the descriptor. */
TEST(closing_does_not_hang) {
  for (int way = 0; way < 3; way++) {
    int other, before = open_descriptors();
    arrowio_executor *executor = new_executor(1);
    arrowio_file *file = ahead_of(pipe_reader(&other), executor, NULL);
    usleep(10000);
    if (way == 0) OK(arrowio_file_close(file, &error));
    if (way == 1) OK(arrowio_file_abort(file, &error));
    if (way < 2) CHECK_INT(before + 1, open_descriptors());
    arrowio_file_release(file);
    signal(SIGPIPE, SIG_IGN);
    CHECK_INT(-1, write(other, "x", 1));
    CHECK_INT(EPIPE, errno);
    close(other);
    end(executor);
    CHECK_INT(before, open_descriptors());
  }
}

/* A read that waits heeds the cancellation of the file; what comes later is not lost. */
TEST(cancelled) {
  int other;
  char bytes[10];
  int64_t got;
  arrowio_cancellation *cancellation = NULL;
  arrowio_executor *executor = new_executor(1);
  arrowio_file *file = ahead_of(pipe_reader(&other), executor, NULL);
  OK(arrowio_cancellation_new(&cancellation, &error));
  OK(arrowio_cancellation_set_timeout(cancellation, 20000000, &error));
  OK(arrowio_file_set_cancellation(file, cancellation, &error));
  CHECK_INT(2, write(other, content, 2));
  FAILS(ARROWIO_TIMED_OUT, arrowio_file_read(file, bytes, 5, &got, &error));
  OK(arrowio_file_set_cancellation(file, NULL, &error));
  CHECK_INT(3, write(other, content + 2, 3));
  check_next(file, 0, 5);
  close(other);
  close_file(file);
  arrowio_cancellation_release(cancellation);
  end(executor);
}

/* A failure comes in its place, once, and then it is tried again: a socket that is reset, damaged data. */
TEST(failures) {
  arrowio_executor *executor = new_executor(1);
  arrowio_file *raw = NULL, *packed = NULL;
  struct bytes bytes = compressed(ARROWIO_CODEC_GZIP, content, SIZE);
  int64_t half = bytes.size / 2, got;
  save(here("cut.gz"), bytes.data, half);
  OK(arrowio_os_file_open(here("cut.gz"), ARROWIO_MODE_READ, NULL, &raw, &error));
  OK(arrowio_compressed_input_stream_new(raw, ARROWIO_CODEC_GZIP, NULL, &packed, &error));
  arrowio_file_release(raw);
  arrowio_read_ahead_options options = blocks_of(1000, 200);
  arrowio_file *file = ahead_of(packed, executor, &options);
  int64_t at = 0;
  uint8_t block[500];
  arrowio_status status;
  while ((status = arrowio_file_read(file, block, 500, &got, &error)) == ARROWIO_OK) {
    CHECK(got == 500 && same(block, content + at, 500));
    at += got;
  }
  SAYS(ARROWIO_IO_ERROR, "truncated", status);
  CHECK_INT(at, tell(file));
  FAILS(ARROWIO_IO_ERROR, arrowio_file_read(file, block, 500, &got, &error));
  /* The rest comes after all. */
  int fd = open(here("cut.gz"), O_WRONLY | O_APPEND | O_CLOEXEC);
  CHECK_INT(bytes.size - half, write(fd, bytes.data + half, (size_t)(bytes.size - half)));
  close(fd);
  /* A failure that was read ahead may be left. */
  status = arrowio_file_read(file, block, 500, &got, NULL);
  if (status != ARROWIO_OK) OK(arrowio_file_read(file, block, 500, &got, &error));
  CHECK(got == 500 && same(block, content + at, 500));
  check_next(file, at + 500, SIZE - at - 500);
  check_next(file, 0, 0);
  close_file(file);
  drop(&bytes);
  end(executor);
}

/* The threads of an executor let the fault guard catch what they raise. */
static void read_what_is_gone(void) {
  arrowio_executor *executor = new_executor(1);
  arrowio_file *raw = NULL;
  arrowio_fault_guard *guard = NULL;
  char byte;
  int64_t got;
  save(here("gone"), content, SIZE);
  OK(arrowio_fault_guard_new(&guard, &error));
  OK(arrowio_memory_map_open(here("gone"), ARROWIO_MODE_READ, 0, -1, &raw, &error));
  CHECK_INT(0, truncate(here("gone"), 0));
  arrowio_file *file = ahead_of(raw, executor, NULL);
  usleep(10000);
  FAILS(ARROWIO_IO_ERROR, arrowio_file_read(file, &byte, 1, &got, &error));
  close_file(file);
  end(executor);
  arrowio_fault_guard_release(guard);
}

TEST(faults) {
  if (!is_slow()) in_child(read_what_is_gone);
}

/* Files that grow go on behind their end. */
TEST(growing) {
  arrowio_executor *executor = new_executor(1);
  arrowio_file *file = ahead_of(open_raw(), executor, NULL);
  char bytes[10];
  int64_t got;
  check_next(file, 0, SIZE);
  int fd = open(here("raw"), O_WRONLY | O_APPEND | O_CLOEXEC);
  CHECK_INT(4, write(fd, "more", 4));
  close(fd);
  /* The end may have been seen before. */
  OK(arrowio_file_read(file, bytes, 10, &got, &error));
  if (got == 0) OK(arrowio_file_read(file, bytes, 10, &got, &error));
  CHECK(got == 4 && same(bytes, "more", 4));
  save(here("raw"), content, SIZE);
  close_file(file);
  end(executor);
}

/* A thread that has no time, that is the caller's own, or is gone. */
TEST(executors_without_time) {
  int other;
  arrowio_executor *executor = new_executor(1);
  arrowio_operation *blocks = NULL, *reads = NULL;
  arrowio_buffer *buffer = NULL;
  arrowio_file *pipe_file = pipe_reader(&other), *none = NULL;
  OK(arrowio_file_read_async(pipe_file, executor, 1, NULL, &blocks, &error));
  arrowio_read_ahead_options options = blocks_of(1000, 2);
  arrowio_file *file = ahead_of(open_raw(), executor, &options);
  check_next(file, 0, 10000);
  OK(arrowio_file_read_async(file, executor, 10000, NULL, &reads, &error));
  close(other);
  OK(arrowio_operation_wait(reads, -1, &error));
  OK(arrowio_operation_take_buffers(reads, &buffer, 1, &error));
  CHECK(same(arrowio_buffer_data(buffer), content + 10000, 10000));
  arrowio_buffer_release(buffer);
  arrowio_operation_release(reads);
  arrowio_operation_release(blocks);
  OK(arrowio_executor_stop(executor, -1, &error));
  check_next(file, 20000, SIZE - 20000);
  close_file(file);
  /* On failure the file beneath is as it was. */
  arrowio_file *raw = open_raw();
  FAILS(ARROWIO_CANCELLED, arrowio_read_ahead_input_stream_new(raw, executor, NULL, &none, &error));
  CHECK(none == NULL);
  check_next(raw, 0, 100);
  close_file(raw);
  close_file(pipe_file);
  end(executor);
}

TEST(wrong_arguments) {
  arrowio_executor *executor = new_executor(1);
  arrowio_file *output = NULL, *file = NULL, *raw = open_raw();
  OK(arrowio_buffer_output_stream_new(NULL, 0, &output, &error));
  SAYS(ARROWIO_INVALID, "cannot be read", arrowio_read_ahead_input_stream_new(output, executor, NULL, &file, &error));
  arrowio_read_ahead_options options = blocks_of(-1, 0);
  SAYS(ARROWIO_INVALID, "block_size", arrowio_read_ahead_input_stream_new(raw, executor, &options, &file, &error));
  options = blocks_of(0, -1);
  SAYS(ARROWIO_INVALID, "blocks", arrowio_read_ahead_input_stream_new(raw, executor, &options, &file, &error));
  FAILS(ARROWIO_INVALID, arrowio_read_ahead_input_stream_new(raw, NULL, NULL, &file, &error));
  /* Memory that there is not fails the reads, and they may be tried again. */
  char byte;
  int64_t got;
  options = blocks_of(INT64_MAX, INT64_MAX);
  file = ahead_of(arrowio_file_retain(raw), executor, &options);
  FAILS(ARROWIO_OUT_OF_MEMORY, arrowio_file_read(file, &byte, 1, &got, &error));
  FAILS(ARROWIO_OUT_OF_MEMORY, arrowio_file_read(file, &byte, 1, &got, &error));
  close_file(file);
  arrowio_file_release(raw);
  close_file(output);
  end(executor);
}

/* A child is told that nobody reads for it. */
static arrowio_file *inherited;

static void read_in_child(void) {
  char byte;
  int64_t got;
  SAYS(ARROWIO_INVALID, "was forked", arrowio_file_read(inherited, &byte, 1, &got, &error));
  OK(arrowio_file_close(inherited, &error));
  arrowio_file_release(inherited);
}

TEST(fork_of_a_process) {
  int other;
  arrowio_executor *executor = new_executor(1);
  inherited = ahead_of(pipe_reader(&other), executor, NULL);
  usleep(10000);
  if (!is_slow()) in_child(read_in_child);
  CHECK_INT(3, write(other, content, 3));
  check_next(inherited, 0, 3);
  close(other);
  close_file(inherited);
  end(executor);
}

/* Many at once on few threads, closed wherever they are. */
TEST(many) {
  arrowio_executor *executor = new_executor(2);
  for (int64_t round = 0; round < scaled(200, 10); round++) {
    enum { COUNT = 8 };
    arrowio_file *files[COUNT];
    arrowio_read_ahead_options options = blocks_of(1 + random_below(5000), 1 + random_below(5));
    for (int i = 0; i < COUNT; i++) files[i] = ahead_of(open_raw(), executor, &options);
    for (int64_t at = 0; at < 3000; at += 1000) {
      for (int i = 0; i < COUNT; i++) check_next(files[i], at, 1000);
    }
    for (int i = 0; i < COUNT; i++) {
      if (i % 2) OK(arrowio_file_close(files[i], &error));
      arrowio_file_release(files[i]);
    }
  }
  end(executor);
}

int main(int argc, char **argv) {
  start(argc, argv);
  fill(content, SIZE);
  save(here("raw"), content, SIZE);
  RUN(from_a_position);
  RUN(bounded);
  RUN(pieces_of_a_pipe);
  RUN(closing_does_not_hang);
  RUN(cancelled);
  RUN(failures);
  RUN(faults);
  RUN(growing);
  RUN(executors_without_time);
  RUN(wrong_arguments);
  RUN(fork_of_a_process);
  RUN(many);
  return finish_files();
}

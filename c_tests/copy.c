/* Copying between files: through the kernel and through memory, with progress, and what a failure leaves. */
#include "codecs.h"
#include <pthread.h>
#include <sys/socket.h>

enum { SIZE = 3 * 1024 * 1024 + 17 };
static uint8_t content[SIZE];

static arrowio_file *of_descriptor(int fd, arrowio_mode mode) {
  arrowio_file *file = NULL;
  OK(arrowio_os_file_open_fd(fd, mode, NULL, &file, &error));
  return file;
}

static arrowio_file *source_of(int64_t size) {
  save(here("source"), content, size);
  return open_here("source", ARROWIO_MODE_READ);
}

static arrowio_file *source(void) {
  return source_of(SIZE);
}

TEST(file_to_file) {
  arrowio_file *from = source(), *to = open_here("target", ARROWIO_MODE_WRITE);
  int64_t copied = -1;
  OK(arrowio_file_copy(from, to, -1, NULL, &copied, &error));
  CHECK_INT(SIZE, copied);
  CHECK_INT(SIZE, tell(from));
  CHECK_INT(SIZE, tell(to));
  close_file(to);
  CHECK(file_holds(here("target"), content, SIZE));

  to = open_here("target", ARROWIO_MODE_APPEND);
  OK(arrowio_file_seek(from, 5, ARROWIO_SEEK_START, NULL, &error));
  OK(arrowio_file_copy(from, to, 10, NULL, &copied, &error));
  CHECK_INT(10, copied);
  CHECK_INT(SIZE + 10, tell(to));
  close_file(to);
  close_file(from);
  struct bytes target = load(here("target"));
  CHECK_INT(SIZE + 10, target.size);
  CHECK(same(target.data + SIZE, content + 5, 10));
  drop(&target);
}

/* What was peeked at in a file that is written and read is not copied over, nor twice. */
TEST(into_the_midst) {
  save(here("target"), content, 1000);
  arrowio_file *from = source(), *to = open_here("target", ARROWIO_MODE_READ_WRITE);
  const uint8_t *data;
  int64_t size;
  OK(arrowio_file_seek(to, 100, ARROWIO_SEEK_START, NULL, &error));
  OK(arrowio_file_peek(to, 500, &data, &size, &error));
  OK(arrowio_file_copy(from, to, 50, NULL, NULL, &error));
  CHECK_INT(150, tell(to));
  close_file(to);
  close_file(from);
  struct bytes target = load(here("target"));
  CHECK_INT(1000, target.size);
  CHECK(same(target.data, content, 100) && same(target.data + 100, content, 50));
  CHECK(same(target.data + 150, content + 150, 850));
  drop(&target);
}

/* Files whose size the system gives as 0. */
TEST(from_proc) {
  arrowio_file *from = NULL, *to = open_here("target", ARROWIO_MODE_WRITE);
  int64_t copied = 0;
  OK(arrowio_os_file_open("/proc/cpuinfo", ARROWIO_MODE_READ, NULL, &from, &error));
  OK(arrowio_file_copy(from, to, -1, NULL, &copied, &error));
  CHECK(copied > 0);
  CHECK_INT(copied, file_size(here("target")));
  close_file(from);
  close_file(to);
}

static void *feed(void *argument) {
  int fd = *(int *)argument;
  for (int64_t done = 0, piece; done < SIZE; done += piece) {
    piece = write(fd, content + done, (size_t)(SIZE - done < 70001 ? SIZE - done : 70001));
    if (piece < 0) break;
    usleep(100);
  }
  close(fd);
  return NULL;
}

static void check_pipe(int ends[2]) {
  pthread_t feeder;
  arrowio_file *from = of_descriptor(ends[0], ARROWIO_MODE_READ), *to = open_here("target", ARROWIO_MODE_WRITE);
  int64_t copied = -1;
  CHECK_INT(0, pthread_create(&feeder, NULL, feed, &ends[1]));
  OK(arrowio_file_copy(from, to, -1, NULL, &copied, &error));
  pthread_join(feeder, NULL);
  CHECK_INT(SIZE, copied);
  CHECK_INT(SIZE, tell(from));
  close_file(from);
  close_file(to);
  CHECK(file_holds(here("target"), content, SIZE));
}

TEST(from_pipe) {
  int ends[2];
  CHECK_INT(0, pipe2(ends, O_CLOEXEC));
  check_pipe(ends);
}

TEST(from_socket) {
  int ends[2];
  CHECK_INT(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
  check_pipe(ends);
}

static void *drain(void *argument) {
  struct bytes *got = argument;
  static uint8_t block[65536];
  int fd = (int)got->size;
  got->size = 0;
  for (int64_t count; (count = read(fd, block, sizeof block)) > 0;) append(got, block, count);
  close(fd);
  return NULL;
}

TEST(to_pipe) {
  pthread_t drainer;
  int ends[2];
  CHECK_INT(0, pipe2(ends, O_CLOEXEC));
  struct bytes got = {NULL, ends[0]};
  arrowio_file *from = source(), *to = of_descriptor(ends[1], ARROWIO_MODE_WRITE);
  CHECK_INT(0, pthread_create(&drainer, NULL, drain, &got));
  OK(arrowio_file_copy(from, to, -1, NULL, NULL, &error));
  CHECK_INT(SIZE, tell(to));
  close_file(to);
  pthread_join(drainer, NULL);
  CHECK(got.size == SIZE && same(got.data, content, SIZE));
  drop(&got);
  close_file(from);
}

/* Nobody reads any more: an error, no signal. */
TEST(to_broken_pipe) {
  int ends[2];
  CHECK_INT(0, pipe2(ends, O_CLOEXEC));
  close(ends[0]);
  arrowio_file *from = source(), *to = of_descriptor(ends[1], ARROWIO_MODE_WRITE);
  struct sigaction action = {.sa_handler = SIG_DFL}, before;
  sigaction(SIGPIPE, &action, &before);
  FAILS_WITH(EPIPE, arrowio_file_copy(from, to, -1, NULL, NULL, &error));
  sigaction(SIGPIPE, &before, NULL);
  CHECK_INT(0, tell(from));
  close_file(from);
  close_file(to);
}

TEST(to_compressed_and_back) {
  EACH_CODEC(codec) {
    int64_t size = share(codec, SIZE);
    arrowio_file *from = source_of(size), *raw = open_here("packed", ARROWIO_MODE_WRITE), *to = NULL;
    OK(arrowio_compressed_output_stream_new(raw, codec->id, NULL, &to, &error));
    OK(arrowio_file_copy(from, to, -1, NULL, NULL, &error));
    close_file(to);
    close_file(from);
    arrowio_file_release(raw);

    raw = open_here("packed", ARROWIO_MODE_READ);
    OK(arrowio_compressed_input_stream_new(raw, codec->id, NULL, &from, &error));
    to = open_here("target", ARROWIO_MODE_WRITE);
    OK(arrowio_file_copy(from, to, -1, NULL, NULL, &error));
    close_file(to);
    close_file(from);
    arrowio_file_release(raw);
    CHECK(file_holds(here("target"), content, size));
  }
}

struct told {
  int calls, stop_at;
  int64_t last;
};

static int32_t note(void *user_data, int64_t done) {
  struct told *told = user_data;
  if (done <= told->last) told->calls = 1000000;
  told->last = done;
  return ++told->calls == told->stop_at ? -3 : 0;
}

TEST(progress) {
  struct told told = {0};
  arrowio_copy_options options = {.struct_size = sizeof options, .chunk_size = 100000, .progress = note, .user_data = &told};
  arrowio_buffer *bytes = buffer_of(content, SIZE);
  arrowio_file *from = NULL, *to = open_here("target", ARROWIO_MODE_WRITE);
  OK(arrowio_buffer_reader_new(bytes, &from, &error));
  arrowio_buffer_release(bytes);
  OK(arrowio_file_copy(from, to, -1, &options, NULL, &error));
  CHECK_INT((SIZE + 99999) / 100000, told.calls);
  CHECK_INT(SIZE, told.last);

  int64_t copied = -7;
  told = (struct told){.stop_at = 3};
  OK(arrowio_file_seek(from, 0, ARROWIO_SEEK_START, NULL, &error));
  SAYS(ARROWIO_CANCELLED, "-3", arrowio_file_copy(from, to, -1, &options, &copied, &error));
  CHECK_INT(-7, copied);
  CHECK_INT(300000, tell(from));
  CHECK_INT(SIZE + 300000, tell(to));

  told = (struct told){0};
  arrowio_file *disk = source();
  OK(arrowio_file_copy(disk, to, -1, &options, NULL, &error));
  CHECK_INT(SIZE, told.last);
  close_file(disk);
  close_file(from);
  close_file(to);
}

/* The source stands behind what has arrived, so that the rest can go elsewhere. */
static void full_disk(void) {
  if (!mount_small_disk()) return;
  for (int in_memory = 0; in_memory < 2; in_memory++) {
    arrowio_buffer *bytes = buffer_of(content, SIZE);
    arrowio_file *from = NULL, *to = open_here("disk/target", ARROWIO_MODE_WRITE);
    if (in_memory) OK(arrowio_buffer_reader_new(bytes, &from, &error));
    if (!in_memory) from = source();
    arrowio_buffer_release(bytes);
    FAILS_WITH(ENOSPC, arrowio_file_copy(from, to, -1, NULL, NULL, &error));
    char arrived[40];
    snprintf(arrived, sizeof arrived, "after %lld bytes", (long long)tell(from));
    CHECK(strstr(arrowio_error_message(failure), arrived) != NULL);
    CHECK(strstr(arrowio_error_message(failure), here("disk/target")) != NULL);
    CHECK_INT(tell(to), tell(from));
    CHECK(tell(to) > 0 && file_holds(here("disk/target"), content, tell(to)));
    close_file(from);
    close_file(to);
  }
}

TEST(full_disk) {
  in_child(full_disk);
}

TEST(failures_lose_nothing_of_a_pipe) {
  int ends[2];
  CHECK_INT(0, pipe2(ends, O_CLOEXEC));
  CHECK_INT(1000, write(ends[1], content, 1000));
  close(ends[1]);
  arrowio_file *from = of_descriptor(ends[0], ARROWIO_MODE_READ), *full = NULL;
  arrowio_file *to = open_here("target", ARROWIO_MODE_WRITE);
  OK(arrowio_os_file_open("/dev/full", ARROWIO_MODE_WRITE, NULL, &full, &error));
  FAILS_WITH(ENOSPC, arrowio_file_copy(from, full, -1, NULL, NULL, &error));
  OK(arrowio_file_copy(from, to, -1, NULL, NULL, &error));
  close_file(to);
  CHECK(file_holds(here("target"), content, 1000));
  close_file(from);
  close_file(full);
}

TEST(wrong_arguments) {
  arrowio_file *from = source(), *other = source(), *to = open_here("target", ARROWIO_MODE_WRITE);
  arrowio_copy_options options = {.struct_size = sizeof options, .chunk_size = -1};
  arrowio_file *second = open_here("second", ARROWIO_MODE_WRITE);
  SAYS(ARROWIO_INVALID, "writing only", arrowio_file_copy(second, to, -1, NULL, NULL, &error));
  close_file(second);
  SAYS(ARROWIO_INVALID, "reading only", arrowio_file_copy(other, from, 1, NULL, NULL, &error));
  FAILS(ARROWIO_INVALID, arrowio_file_copy(from, to, -2, NULL, NULL, &error));
  SAYS(ARROWIO_INVALID, "chunk_size is -1", arrowio_file_copy(from, to, -1, &options, NULL, &error));
  options.chunk_size = GIB + 1;
  FAILS(ARROWIO_INVALID, arrowio_file_copy(from, to, -1, &options, NULL, &error));
  CHECK_INT(0, tell(from) + tell(to));
  OK(arrowio_file_close(to, &error));
  SAYS(ARROWIO_CLOSED, here("target"), arrowio_file_copy(from, to, -1, NULL, NULL, &error));
  CHECK_INT(0, tell(from));
  arrowio_file_release(to);
  close_file(from);
  close_file(other);
}

/* Its end would run away from it. */
TEST(one_file_by_two_handles) {
  save(here("one"), content, 1000);
  arrowio_file *from = open_here("one", ARROWIO_MODE_READ), *to = open_here("one", ARROWIO_MODE_APPEND);
  SAYS(ARROWIO_INVALID, "are one file", arrowio_file_copy(from, to, -1, NULL, NULL, &error));
  OK(arrowio_file_copy(from, to, 100, NULL, NULL, &error));
  CHECK_INT(1100, file_size(here("one")));
  close_file(from);
  close_file(to);
}

/* What was read when the word to stop came is read again. */
TEST(told_to_stop) {
  for (int in_pipe = 0; in_pipe < 2; in_pipe++) {
    int ends[2], full[2];
    enum { ALL = 30000 };
    static uint8_t rest[ALL + 1];
    arrowio_cancellation *cancellation = NULL;
    arrowio_file *from = NULL;
    int64_t arrived, got;
    CHECK_INT(0, pipe2(full, O_CLOEXEC));
    CHECK(fcntl(full[1], F_SETPIPE_SZ, 4096) > 0);
    arrowio_file *to = of_descriptor(full[1], ARROWIO_MODE_WRITE);
    if (in_pipe) {
      CHECK_INT(0, pipe2(ends, O_CLOEXEC));
      CHECK_INT(ALL, write(ends[1], content, ALL));
      close(ends[1]);
      from = of_descriptor(ends[0], ARROWIO_MODE_READ);
    } else {
      save(here("source"), content, ALL);
      from = open_here("source", ARROWIO_MODE_READ);
    }
    OK(arrowio_cancellation_new(&cancellation, &error));
    OK(arrowio_cancellation_set_timeout(cancellation, 50000000, &error));
    OK(arrowio_file_set_cancellation(from, cancellation, &error));
    OK(arrowio_file_set_cancellation(to, cancellation, &error));
    FAILS(ARROWIO_TIMED_OUT, arrowio_file_copy(from, to, -1, NULL, NULL, &error));
    arrived = tell(to);
    CHECK(arrived > 0 && arrived < ALL);
    CHECK_INT(arrived, tell(from));
    OK(arrowio_file_set_cancellation(from, NULL, &error));
    OK(arrowio_file_read(from, rest, ALL + 1, &got, &error));
    CHECK_INT(ALL - arrived, got);
    CHECK(same(rest, content + arrived, got));
    arrowio_cancellation_release(cancellation);
    close(full[0]);
    close_file(from);
    arrowio_file_abort(to, NULL);
    arrowio_file_release(to);
  }
}

/* The word to the target ends the wait for the source. */
TEST(target_told_to_stop) {
  int ends[2];
  arrowio_cancellation *cancellation = NULL;
  CHECK_INT(0, pipe2(ends, O_CLOEXEC));
  arrowio_file *from = of_descriptor(ends[0], ARROWIO_MODE_READ), *to = open_here("target", ARROWIO_MODE_WRITE);
  OK(arrowio_cancellation_new(&cancellation, &error));
  OK(arrowio_cancellation_set_timeout(cancellation, 20000000, &error));
  OK(arrowio_file_set_cancellation(to, cancellation, &error));
  FAILS(ARROWIO_TIMED_OUT, arrowio_file_copy(from, to, -1, NULL, NULL, &error));
  arrowio_cancellation_release(cancellation);
  close(ends[1]);
  close_file(from);
  OK(arrowio_file_close(to, &error));
  arrowio_file_release(to);
}

static void *ask_for_size(void *segment) {
  int64_t size;
  for (int i = 0; i < 3000; i++) {
    if (arrowio_file_size(segment, &size, NULL) != ARROWIO_OK) return segment;
  }
  return NULL;
}

/* From a layer to the file beneath it, while others use the layer. */
TEST(from_a_layer_to_what_is_beneath) {
  save(here("one"), content, 5000);
  arrowio_file *raw = open_here("one", ARROWIO_MODE_READ_WRITE), *segment = NULL;
  pthread_t other;
  void *result;
  OK(arrowio_segment_new(raw, 0, 1000, &segment, &error));
  CHECK_INT(0, pthread_create(&other, NULL, ask_for_size, segment));
  for (int i = 0; i < 3000; i++) {
    OK(arrowio_file_seek(raw, 2000, ARROWIO_SEEK_START, NULL, &error));
    OK(arrowio_file_seek(segment, 0, ARROWIO_SEEK_START, NULL, &error));
    OK(arrowio_file_copy(segment, raw, 100, NULL, NULL, &error));
  }
  pthread_join(other, &result);
  CHECK(result == NULL);
  close_file(segment);
  close_file(raw);
}

static void *copy_to_full_pipe(void *files) {
  arrowio_file **both = files;
  return arrowio_file_copy(both[0], both[1], -1, NULL, NULL, NULL) == ARROWIO_OK ? NULL : files;
}

/* While the target has no room the source can be used by others. */
TEST(source_is_free_meanwhile) {
  int ends[2];
  static uint8_t block[65536];
  pthread_t copying;
  void *result;
  CHECK_INT(0, pipe2(ends, O_CLOEXEC));
  arrowio_file *from = source(), *to = of_descriptor(ends[1], ARROWIO_MODE_WRITE), *both[] = {from, to};
  CHECK_INT(0, pthread_create(&copying, NULL, copy_to_full_pipe, both));
  while (tell(from) == 0) usleep(1000);
  usleep(10000);
  CHECK(tell(from) > 0);
  for (int64_t left = SIZE, count; left > 0 && (count = read(ends[0], block, sizeof block)) > 0;) left -= count;
  pthread_join(copying, &result);
  CHECK(result == NULL);
  close(ends[0]);
  close_file(from);
  close_file(to);
}

/* To and fro between two files at once: no thread waits for ever. */
static void *to_and_fro(void *argument) {
  arrowio_file **files = argument;
  for (int i = 0; i < 200; i++) {
    if (arrowio_file_copy(files[0], files[1], 10, NULL, NULL, NULL) != ARROWIO_OK) return files;
  }
  return NULL;
}

TEST(crosswise) {
  save(here("one"), content, 5000);
  save(here("two"), content, 5000);
  arrowio_file *one = open_here("one", ARROWIO_MODE_READ_WRITE), *two = open_here("two", ARROWIO_MODE_READ_WRITE);
  arrowio_file *there[] = {one, two}, *back[] = {two, one};
  pthread_t other;
  void *result;
  CHECK_INT(0, pthread_create(&other, NULL, to_and_fro, there));
  CHECK(to_and_fro(back) == NULL);
  pthread_join(other, &result);
  CHECK(result == NULL);
  close_file(one);
  close_file(two);
}

int main(int argc, char **argv) {
  start(argc, argv);
  fill(content, SIZE);
  RUN(file_to_file);
  RUN(into_the_midst);
  RUN(from_proc);
  RUN(from_pipe);
  RUN(from_socket);
  RUN(to_pipe);
  RUN(to_broken_pipe);
  RUN(to_compressed_and_back);
  RUN(progress);
  RUN(full_disk);
  RUN(failures_lose_nothing_of_a_pipe);
  RUN(wrong_arguments);
  RUN(one_file_by_two_handles);
  RUN(told_to_stop);
  RUN(target_told_to_stop);
  RUN(from_a_layer_to_what_is_beneath);
  RUN(source_is_free_meanwhile);
  RUN(crosswise);
  return finish_files();
}

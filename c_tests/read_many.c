/* Many ranges in one call: right whatever they are, put together where they are near, and nothing is left by a failure. */
#include "files.h"
#include "threads.h"
#include <semaphore.h>
#include <sys/resource.h>

enum { SIZE = 100000 };
static uint8_t content[SIZE];

static arrowio_executor *executor;

static arrowio_file *open_os(void) {
  arrowio_file *file = NULL;
  OK(arrowio_os_file_open(here("many"), ARROWIO_MODE_READ, NULL, &file, &error));
  return file;
}

static arrowio_file *open_map(void) {
  arrowio_file *file = NULL;
  OK(arrowio_memory_map_open(here("many"), ARROWIO_MODE_READ, 0, -1, &file, &error));
  return file;
}

static arrowio_file *open_written_map(void) {
  arrowio_file *file = NULL;
  OK(arrowio_memory_map_open(here("many"), ARROWIO_MODE_PRIVATE, 0, -1, &file, &error));
  return file;
}

static arrowio_file *open_buffer(void) {
  arrowio_file *file = NULL;
  arrowio_buffer *buffer = buffer_of(content, SIZE);
  OK(arrowio_buffer_reader_new(buffer, &file, &error));
  arrowio_buffer_release(buffer);
  return file;
}

static arrowio_file *(*const kinds[])(void) = {open_os, open_map, open_written_map, open_buffer};
#define KINDS (int)(sizeof kinds / sizeof kinds[0])

static int is_right(const arrowio_buffer *buffer, arrowio_range range) {
  int64_t expected = range.offset >= SIZE ? 0 : range.size < SIZE - range.offset ? range.size : SIZE - range.offset;
  return arrowio_buffer_size(buffer) == expected && same(arrowio_buffer_data(buffer), content + range.offset, expected);
}

enum { MOST = 300 };

/* Reads ranges and checks every byte. */
static void check_ranges(arrowio_file *file, const arrowio_range *ranges, int64_t count,
                         const arrowio_read_many_options *options) {
  arrowio_buffer *buffers[MOST];
  OK(arrowio_file_read_many(file, ranges, count, options, buffers, &error));
  for (int64_t i = 0; i < count; i++) CHECK(is_right(buffers[i], ranges[i]));
  for (int64_t i = 0; i < count; i++) arrowio_buffer_release(buffers[i]);
}

TEST(any_ranges) {
  arrowio_range ranges[MOST];
  for (int64_t round = 0; round < scaled(400, 30); round++) {
    arrowio_file *file = kinds[round % KINDS]();
    arrowio_read_many_options options = {.struct_size = sizeof options};
    options.executor = round % 3 ? executor : NULL;
    options.hole_size_limit = round % 2 ? random_below(5000) - 1 : 0;
    options.range_size_limit = round % 5 ? random_below(50000) - 1 : 0;
    int64_t count = random_below(MOST);
    for (int64_t i = 0; i < count; i++) {
      const int64_t sizes[] = {0, random_below(20), random_below(3000), random_below(SIZE), INT64_MAX - random_below(9)};
      const int64_t offsets[] = {random_below(SIZE), random_below(SIZE + 1000), 0, SIZE, INT64_MAX - random_below(9)};
      ranges[i] = (arrowio_range){offsets[random_below(100) < 95 ? 0 : random_below(5)], sizes[random_below(5)]};
      if (i > 0 && random_below(10) == 0) ranges[i] = ranges[i - 1];
    }
    check_ranges(file, ranges, count, round % 7 ? &options : NULL);
    CHECK_INT(0, tell(file));
    close_file(file);
  }
}

TEST(nothing) {
  arrowio_file *file = open_os();
  const arrowio_range empty[] = {{5, 0}, {INT64_MAX, INT64_MAX}};
  OK(arrowio_file_read_many(file, NULL, 0, NULL, NULL, &error));
  check_ranges(file, empty, 1, NULL);
  check_ranges(file, empty, 2, NULL);
  close_file(file);
}

/* Near ranges lie in one read: the bytes between them are read as well, those far away are not. */
TEST(one_piece_of_memory) {
  arrowio_file *file = open_os();
  arrowio_pool *pool = NULL;
  arrowio_buffer *buffers[3];
  const arrowio_range ranges[] = {{50000, 100}, {1000, 100}, {1200, 100}};
  arrowio_file_release(file);
  OK(arrowio_pool_new_proxy(NULL, &pool, &error));
  arrowio_os_file_options options = {.struct_size = sizeof options, .pool = pool};
  OK(arrowio_os_file_open(here("many"), ARROWIO_MODE_READ, &options, &file, &error));
  OK(arrowio_file_read_many(file, ranges, 3, NULL, buffers, &error));
  CHECK_INT(1, arrowio_pool_num_allocations(pool));
  CHECK_INT(320 + 128, arrowio_pool_bytes_allocated(pool));
  CHECK(arrowio_buffer_parent(buffers[0]) == arrowio_buffer_parent(buffers[2]));
  CHECK(arrowio_buffer_data(buffers[2]) == arrowio_buffer_data(buffers[1]) + 200);
  CHECK(arrowio_buffer_mutable_data(buffers[0]) == NULL);
  for (int i = 0; i < 3; i++) {
    CHECK(arrowio_pool_bytes_allocated(pool) > 0);
    CHECK(is_right(buffers[i], ranges[i]));
    arrowio_buffer_release(buffers[i]);
  }
  CHECK_INT(0, arrowio_pool_bytes_allocated(pool));
  /* Absurd sizes cost what there is. */
  const arrowio_range absurd[] = {{0, INT64_MAX}, {10, INT64_MAX}, {SIZE - 1, INT64_MAX}};
  check_ranges(file, absurd, 3, NULL);
  CHECK(arrowio_pool_max_memory(pool) < SIZE + 64);
  close_file(file);
  arrowio_pool_release(pool);
}

/* Of a map nothing is copied. */
TEST(slices_of_a_map) {
  arrowio_file *file = open_map();
  arrowio_buffer *buffers[2], *whole = NULL;
  const arrowio_range ranges[] = {{50000, 100}, {1000, 100}};
  int64_t allocated = arrowio_pool_bytes_allocated(NULL);
  OK(arrowio_file_read_at_buffer(file, 0, SIZE, &whole, &error));
  OK(arrowio_file_read_many(file, ranges, 2, NULL, buffers, &error));
  for (int i = 0; i < 2; i++) {
    CHECK(arrowio_buffer_data(buffers[i]) == arrowio_buffer_data(whole) + ranges[i].offset);
    arrowio_buffer_release(buffers[i]);
  }
  CHECK_INT(allocated, arrowio_pool_bytes_allocated(NULL));
  arrowio_buffer_release(whole);
  close_file(file);
}

/* What has no size, as under /proc, is read as it comes. */
TEST(without_a_size) {
  arrowio_file *file = NULL;
  arrowio_buffer *buffers[3];
  const arrowio_range ranges[] = {{0, INT64_MAX}, {6, 3}, {INT64_MAX - 1, 5}};
  struct bytes whole = load("/proc/version");
  OK(arrowio_os_file_open("/proc/version", ARROWIO_MODE_READ, NULL, &file, &error));
  OK(arrowio_file_read_many(file, ranges, 3, NULL, buffers, &error));
  CHECK(arrowio_buffer_size(buffers[0]) == whole.size && same(arrowio_buffer_data(buffers[0]), whole.data, whole.size));
  CHECK(arrowio_buffer_size(buffers[1]) == 3 && same(arrowio_buffer_data(buffers[1]), whole.data + 6, 3));
  CHECK_INT(0, arrowio_buffer_size(buffers[2]));
  for (int i = 0; i < 3; i++) arrowio_buffer_release(buffers[i]);
  drop(&whole);
  close_file(file);
}

/* All outputs are NULL, and nothing is left of what was read before. */
TEST(failures) {
  arrowio_buffer *buffers[2] = {(void *)&error, (void *)&error};
  arrowio_range ranges[] = {{0, 10}, {20000, 10}};
  arrowio_file *file = open_os(), *pipe_file = NULL;
  int ends[2];
  ranges[1].size = -1;
  SAYS(ARROWIO_INVALID, "ranges[1] is -1 bytes", arrowio_file_read_many(file, ranges, 2, NULL, buffers, &error));
  CHECK(buffers[0] == NULL && buffers[1] == NULL);
  FAILS(ARROWIO_INVALID, arrowio_file_read_many(file, NULL, 2, NULL, buffers, &error));
  FAILS(ARROWIO_INVALID, arrowio_file_read_many(file, ranges, 2, NULL, NULL, &error));
  FAILS(ARROWIO_INVALID, arrowio_file_read_many(file, ranges, -1, NULL, buffers, &error));
  ranges[1].size = 10;
  OK(arrowio_file_close(file, &error));
  SAYS(ARROWIO_CLOSED, "closed", arrowio_file_read_many(file, ranges, 2, NULL, buffers, &error));
  arrowio_file_release(file);
  CHECK_INT(0, pipe2(ends, O_CLOEXEC));
  OK(arrowio_os_file_open_fd(ends[0], ARROWIO_MODE_READ, NULL, &pipe_file, &error));
  SAYS(ARROWIO_INVALID, "without seeking", arrowio_file_read_many(pipe_file, ranges, 2, NULL, buffers, &error));
  close_file(pipe_file);
  close(ends[1]);
  /* A pool at its limit. */
  arrowio_pool *pool = NULL;
  OK(arrowio_pool_new_capped(NULL, 100, &pool, &error));
  arrowio_os_file_options options = {.struct_size = sizeof options, .pool = pool};
  OK(arrowio_os_file_open(here("many"), ARROWIO_MODE_READ, &options, &file, &error));
  FAILS(ARROWIO_OUT_OF_MEMORY, arrowio_file_read_many(file, ranges, 2, NULL, buffers, &error));
  CHECK(buffers[0] == NULL && buffers[1] == NULL);
  CHECK_INT(0, arrowio_pool_bytes_allocated(pool));
  close_file(file);
  arrowio_pool_release(pool);
  /* Memory that the system fails to read: of this process, where nothing is mapped. */
  OK(arrowio_os_file_open("/proc/self/mem", ARROWIO_MODE_READ, NULL, &file, &error));
  FAILS_WITH(EIO, arrowio_file_read_many(file, ranges, 2, NULL, buffers, &error));
  CHECK(buffers[0] == NULL && buffers[1] == NULL);
  close_file(file);
}

TEST(cancelled) {
  arrowio_file *file = open_os();
  arrowio_buffer *buffers[1];
  arrowio_cancellation *cancellation = NULL;
  const arrowio_range ranges[] = {{0, 10}};
  OK(arrowio_cancellation_new(&cancellation, &error));
  OK(arrowio_file_set_cancellation(file, cancellation, &error));
  check_ranges(file, ranges, 1, NULL);
  arrowio_cancellation_cancel(cancellation);
  FAILS(ARROWIO_CANCELLED, arrowio_file_read_many(file, ranges, 1, NULL, buffers, &error));
  OK(arrowio_file_set_cancellation(file, NULL, &error));
  check_ranges(file, ranges, 1, NULL);
  arrowio_cancellation_release(cancellation);
  close_file(file);
}

/* A host that serves the calling thread once a helper has come, and whose helpers wait for bytes that never come. */
static struct waiting_host {
  pthread_t caller;
  arrowio_file *pipe_file;
  sem_t helper_came;
} waiting_host;

static arrowio_status no_read(void *user, void *dst, int64_t size, int64_t *out, arrowio_error **out_error) {
  (void)user, (void)dst, (void)size, (void)out;
  return arrowio_error_new(ARROWIO_IO_ERROR, 0, "nobody reads at a position", out_error);
}

static arrowio_status wait_in_helpers(void *user, int64_t offset, void *dst, int64_t size, int64_t *out,
                                      arrowio_error **out_error) {
  struct waiting_host *host = user;
  if (!pthread_equal(host->caller, pthread_self())) {
    sem_post(&host->helper_came);
    return arrowio_file_read(host->pipe_file, dst, 1, out, out_error);
  }
  sem_wait(&host->helper_came);
  sem_post(&host->helper_came);
  memcpy(dst, content + offset, (size_t)size);
  *out = size;
  return ARROWIO_OK;
}

static arrowio_status size_of_content(void *user, int64_t *out, arrowio_error **out_error) {
  (void)user, (void)out_error;
  *out = SIZE;
  return ARROWIO_OK;
}

/* The calling thread is told to stop and so stop those that help it, whatever it is at itself. */
TEST(cancelled_with_helpers) {
  arrowio_range ranges[40];
  arrowio_buffer *buffers[40];
  int ends[2];
  arrowio_file *file = NULL, *raw = open_os();
  arrowio_cancellation *cancellation = NULL;
  arrowio_read_many_options options = {.struct_size = sizeof options, .executor = executor, .hole_size_limit = -1};
  for (int i = 0; i < 40; i++) ranges[i] = (arrowio_range){i * 300, 100};
  OK(arrowio_cancellation_new(&cancellation, &error));
  /* All of them at an hour's wait. */
  arrowio_slow_input_options slow = {.struct_size = sizeof slow, .latency_ns = INT64_C(3600000000000)};
  OK(arrowio_slow_input_new(raw, &slow, &file, &error));
  OK(arrowio_file_set_cancellation(file, cancellation, &error));
  OK(arrowio_cancellation_set_timeout(cancellation, 20000000, &error));
  FAILS(ARROWIO_TIMED_OUT, arrowio_file_read_many(file, ranges, 40, &options, buffers, &error));
  OK(arrowio_file_set_cancellation(file, NULL, &error));
  close_file(file);
  arrowio_file_release(raw);
  /* Done with what it could do itself. */
  arrowio_file_callbacks callbacks = {.struct_size = sizeof callbacks, .read = no_read, .read_at = wait_in_helpers,
                                      .size = size_of_content};
  CHECK_INT(0, pipe2(ends, O_CLOEXEC));
  OK(arrowio_os_file_open_fd(ends[0], ARROWIO_MODE_READ, NULL, &waiting_host.pipe_file, &error));
  waiting_host.caller = pthread_self();
  sem_init(&waiting_host.helper_came, 0, 0);
  OK(arrowio_callback_file_new(&callbacks, &waiting_host, &file, &error));
  OK(arrowio_file_set_cancellation(file, cancellation, &error));
  OK(arrowio_cancellation_set_timeout(cancellation, 200000000, &error));
  FAILS(ARROWIO_TIMED_OUT, arrowio_file_read_many(file, ranges, 40, &options, buffers, &error));
  CHECK(buffers[0] == NULL && buffers[39] == NULL);
  OK(arrowio_file_set_cancellation(file, NULL, &error));
  close_file(file);
  close_file(waiting_host.pipe_file);
  close(ends[1]);
  arrowio_cancellation_release(cancellation);
}

/* An executor whose only thread is the caller's, or is busy, or is stopped. */
TEST(executors_without_time) {
  arrowio_range ranges[MOST];
  arrowio_buffer *buffers[MOST];
  arrowio_executor *one = NULL;
  arrowio_operation *operation = NULL;
  arrowio_pool *pool = NULL;
  arrowio_file *file = NULL;
  OK(arrowio_pool_new_proxy(NULL, &pool, &error));
  arrowio_os_file_options file_options = {.struct_size = sizeof file_options, .pool = pool};
  OK(arrowio_os_file_open(here("many"), ARROWIO_MODE_READ, &file_options, &file, &error));
  OK(arrowio_executor_new(1, &one, &error));
  arrowio_read_many_options options = {.struct_size = sizeof options, .executor = one, .hole_size_limit = -1};
  for (int i = 0; i < MOST; i++) ranges[i] = (arrowio_range){i * 300, 100};
  OK(arrowio_file_read_many_async(file, one, ranges, MOST, &options, NULL, &operation, &error));
  OK(arrowio_operation_wait(operation, -1, &error));
  OK(arrowio_operation_take_buffers(operation, buffers, MOST, &error));
  for (int i = 0; i < MOST; i++) CHECK(is_right(buffers[i], ranges[i]));
  for (int i = 0; i < MOST; i++) arrowio_buffer_release(buffers[i]);
  arrowio_operation_release(operation);
  int ends[2];
  arrowio_file *pipe_file = NULL;
  CHECK_INT(0, pipe2(ends, O_CLOEXEC));
  OK(arrowio_os_file_open_fd(ends[0], ARROWIO_MODE_READ, NULL, &pipe_file, &error));
  OK(arrowio_file_read_async(pipe_file, one, 1, NULL, &operation, &error));
  check_ranges(file, ranges, MOST, &options);
  /* The helper that has not come yet keeps no memory. */
  CHECK_INT(0, arrowio_pool_bytes_allocated(pool));
  OK(arrowio_executor_stop(one, 0, &error));
  check_ranges(file, ranges, MOST, &options);
  close(ends[1]);
  OK(arrowio_operation_wait(operation, -1, &error));
  arrowio_operation_release(operation);
  OK(arrowio_executor_stop(one, -1, &error));
  arrowio_executor_release(one);
  close_file(pipe_file);
  close_file(file);
  arrowio_pool_release(pool);
}

/* Many callers with one executor. */
static void read_many_times(int index, void *file) {
  arrowio_range ranges[MOST];
  arrowio_buffer *buffers[MOST];
  uint32_t seed = (uint32_t)index;
  arrowio_read_many_options options = {.struct_size = sizeof options, .executor = executor, .hole_size_limit = -1};
  for (int64_t round = 0; round < scaled(200, 10); round++) {
    for (int i = 0; i < MOST; i++) ranges[i] = (arrowio_range){next_random(&seed) % SIZE, next_random(&seed) % 500};
    THREAD_CHECK(arrowio_file_read_many(file, ranges, MOST, &options, buffers, NULL) == ARROWIO_OK);
    for (int i = 0; i < MOST; i++) THREAD_CHECK(is_right(buffers[i], ranges[i]));
    for (int i = 0; i < MOST; i++) arrowio_buffer_release(buffers[i]);
  }
}

TEST(many_callers) {
  arrowio_file *file = open_os();
  run_threads(4, read_many_times, file);
  close_file(file);
}

int main(int argc, char **argv) {
  start(argc, argv);
  fill(content, SIZE);
  save(here("many"), content, SIZE);
  arrowio_executor_new(2, &executor, NULL);
  RUN(any_ranges);
  RUN(nothing);
  RUN(one_piece_of_memory);
  RUN(slices_of_a_map);
  RUN(without_a_size);
  RUN(failures);
  RUN(cancelled);
  RUN(cancelled_with_helpers);
  RUN(executors_without_time);
  RUN(many_callers);
  arrowio_executor_stop(executor, -1, NULL);
  arrowio_executor_release(executor);
  return finish_files();
}

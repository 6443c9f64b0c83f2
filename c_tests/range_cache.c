/* Ranges that are read before they are needed: what is kept, how much of it, and that the bytes are right all the same. */
#include "executors.h"
#include "threads.h"
#include <sys/resource.h>

enum { SIZE = 200000 };
static uint8_t content[SIZE];

static arrowio_file *open_raw(void) {
  arrowio_file *file = NULL;
  save(here("raw"), content, SIZE);
  OK(arrowio_os_file_open(here("raw"), ARROWIO_MODE_READ, NULL, &file, &error));
  return file;
}

static arrowio_file *cache_over(arrowio_file *raw, const arrowio_range_cache_options *options) {
  arrowio_file *file = NULL;
  OK(arrowio_range_cache_new(raw, options, &file, &error));
  arrowio_file_release(raw);
  return file;
}

static arrowio_range_cache_options defaults(void) {
  return (arrowio_range_cache_options){.struct_size = sizeof(arrowio_range_cache_options)};
}

/* Changes the file beneath: what shows the old bytes was kept. */
static void change_raw(void) {
  static uint8_t changed[SIZE];
  for (int i = 0; i < SIZE; i++) changed[i] = content[i] ^ 0xff;
  int fd = open(here("raw"), O_WRONLY | O_CLOEXEC);
  CHECK_INT(SIZE, pwrite(fd, changed, SIZE, 0));
  close(fd);
}

/* Whether these bytes were kept, all of them or none. */
static int is_kept(arrowio_file *file, int64_t offset, int64_t size) {
  static uint8_t bytes[SIZE];
  int64_t got;
  OK(arrowio_file_read_at(file, offset, bytes, size, &got, &error));
  CHECK_INT(size, got);
  int old = 0;
  for (int64_t i = 0; i < size; i++) old += bytes[i] == content[offset + i];
  CHECK(old == 0 || old == size);
  return old == size;
}

TEST(slices_of_what_is_kept) {
  arrowio_file *file = cache_over(open_raw(), NULL);
  const arrowio_range ranges[] = {{5000, 1000}, {100, 200}, {150, 100}, {6100, 50}, {SIZE - 10, 100}, {SIZE, 5}, {7, 0}};
  arrowio_buffer *first = NULL, *second = NULL, *third = NULL;
  OK(arrowio_file_will_need(file, ranges, 7, &error));
  change_raw();
  CHECK(is_kept(file, 100, 200) && is_kept(file, 5000, 1000) && is_kept(file, 6000, 150));
  CHECK(is_kept(file, SIZE - 10, 10));
  CHECK(!is_kept(file, 90, 10) && !is_kept(file, 20000, 100));
  OK(arrowio_file_read_at_buffer(file, 5100, 10, &first, &error));
  OK(arrowio_file_read_at_buffer(file, 5200, 900, &second, &error));
  OK(arrowio_file_seek(file, 5100, ARROWIO_SEEK_START, NULL, &error));
  OK(arrowio_file_read_buffer(file, 20, &third, &error));
  CHECK_INT(5120, tell(file));
  CHECK(arrowio_buffer_data(second) == arrowio_buffer_data(first) + 100);
  CHECK(arrowio_buffer_data(third) == arrowio_buffer_data(first));
  CHECK(same(arrowio_buffer_data(second), content + 5200, 900));
  CHECK(arrowio_buffer_mutable_data(first) == NULL);
  close_file(file);
  CHECK(same(arrowio_buffer_data(third), content + 5100, 20));
  arrowio_buffer_release(first);
  arrowio_buffer_release(second);
  arrowio_buffer_release(third);
}

/* A read that goes beyond what is kept has the right bytes of both. */
TEST(reads_across_borders) {
  arrowio_range_cache_options options = defaults();
  options.hole_size_limit = -1;
  arrowio_file *file = cache_over(open_raw(), &options);
  const arrowio_range ranges[] = {{1000, 1000}, {2000, 500}, {3000, 1000}};
  static uint8_t bytes[SIZE + 10];
  int64_t got;
  OK(arrowio_file_will_need(file, ranges, 3, &error));
  for (int64_t i = 0; i < scaled(3000, 100); i++) {
    int64_t offset = random_below(6000), size = random_below(4000);
    arrowio_buffer *buffer = NULL;
    OK(arrowio_file_read_at(file, offset, bytes, size, &got, &error));
    CHECK(got == size && same(bytes, content + offset, size));
    OK(arrowio_file_read_at_buffer(file, offset, size, &buffer, &error));
    CHECK(arrowio_buffer_size(buffer) == size && same(arrowio_buffer_data(buffer), content + offset, size));
    arrowio_buffer_release(buffer);
  }
  OK(arrowio_file_read_at(file, SIZE - 5, bytes, 10, &got, &error));
  CHECK_INT(5, got);
  OK(arrowio_file_read(file, bytes, SIZE + 10, &got, &error));
  CHECK(got == SIZE && same(bytes, content, SIZE));
  close_file(file);
}

TEST(lazy) {
  arrowio_range_cache_options options = defaults();
  options.lazy = 1;
  options.hole_size_limit = -1;
  arrowio_file *file = cache_over(open_raw(), &options);
  const arrowio_range ranges[] = {{1000, 1000}, {3000, 1000}};
  OK(arrowio_file_will_need(file, ranges, 2, &error));
  arrowio_buffer *buffer = NULL;
  OK(arrowio_file_read_at_buffer(file, 1500, 10, &buffer, &error));
  arrowio_buffer_release(buffer);
  change_raw();
  CHECK(is_kept(file, 1000, 1000));
  CHECK(!is_kept(file, 3000, 1000));
  close_file(file);
}

/* Of many lazy ranges some that follow are read by the executor. */
TEST(lazy_with_some_ahead) {
  arrowio_range_cache_options options = defaults();
  arrowio_range ranges[10];
  arrowio_buffer *buffer = NULL;
  arrowio_executor *executor = options.executor = new_executor(1);
  options.lazy = 1;
  options.prefetch_limit = 3;
  options.hole_size_limit = -1;
  arrowio_file *file = cache_over(open_raw(), &options);
  for (int i = 0; i < 10; i++) ranges[i] = (arrowio_range){i * 10000, 1000};
  OK(arrowio_file_will_need(file, ranges, 10, &error));
  OK(arrowio_file_read_at_buffer(file, 20000, 10, &buffer, &error));
  arrowio_buffer_release(buffer);
  /* Behind what it has to do it does nothing more. */
  arrowio_operation *operation = NULL;
  OK(arrowio_file_read_at_async(file, executor, 0, 0, NULL, &operation, &error));
  OK(arrowio_operation_wait(operation, -1, &error));
  arrowio_operation_release(operation);
  change_raw();
  for (int i = 2; i < 6; i++) CHECK(is_kept(file, i * 10000, 1000));
  CHECK(!is_kept(file, 60000, 1000) && !is_kept(file, 10000, 1000));
  close_file(file);
  end(executor);
}

/* The budget holds, what was not used for longest goes, what does not fit is not kept. */
TEST(budget) {
  arrowio_pool *pool = NULL;
  arrowio_range_cache_options options = defaults();
  OK(arrowio_pool_new_proxy(NULL, &pool, &error));
  options.pool = pool;
  options.memory_limit = 10 * 1024;
  options.hole_size_limit = -1;
  arrowio_file *file = cache_over(open_raw(), &options);
  arrowio_range ranges[10];
  for (int i = 0; i < 10; i++) ranges[i] = (arrowio_range){i * 10000, 1024};
  OK(arrowio_file_will_need(file, ranges, 10, &error));
  CHECK_INT(10 * 1024, arrowio_pool_bytes_allocated(pool));
  char byte;
  int64_t got;
  for (int i = 9; i >= 0; i--) {
    if (i != 4 && i != 7) OK(arrowio_file_read_at(file, i * 10000, &byte, 1, &got, &error));
  }
  const arrowio_range more[] = {{150000, 2000}}, large[] = {{100000, 10 * 1024 + 1}};
  OK(arrowio_file_will_need(file, more, 1, &error));
  OK(arrowio_file_will_need(file, large, 1, &error));
  CHECK(arrowio_pool_max_memory(pool) <= 10 * 1024);
  change_raw();
  for (int i = 0; i < 10; i++) CHECK_INT(i != 4 && i != 7, is_kept(file, i * 10000, 1024));
  CHECK(is_kept(file, 150000, 2000));
  CHECK(!is_kept(file, 100000, 10 * 1024 + 1));
  /* Of what does not fit at once some is kept, and none of it goes for the rest. */
  arrowio_range all[20];
  OK(arrowio_range_cache_evict_before(file, INT64_MAX, &error));
  CHECK_INT(0, arrowio_pool_bytes_allocated(pool));
  for (int i = 0; i < 20; i++) all[i] = (arrowio_range){i * 10000, 1024};
  save(here("raw"), content, SIZE);
  OK(arrowio_file_will_need(file, all, 20, &error));
  change_raw();
  for (int i = 0; i < 20; i++) CHECK_INT(i < 10, is_kept(file, i * 10000, 1024));
  CHECK(arrowio_pool_max_memory(pool) <= 10 * 1024);
  close_file(file);
  CHECK_INT(0, arrowio_pool_bytes_allocated(pool));
  arrowio_pool_release(pool);
}

/* What the host holds does not count any more once it is given up. */
TEST(slices_outlive_their_place) {
  arrowio_range_cache_options options = defaults();
  options.memory_limit = 4096;
  arrowio_file *file = cache_over(open_raw(), &options);
  arrowio_buffer *held[10];
  for (int64_t i = 0; i < 10; i++) {
    const arrowio_range range = {i * 10000, 4096};
    OK(arrowio_file_will_need(file, &range, 1, &error));
    OK(arrowio_file_read_at_buffer(file, range.offset, range.size, &held[i], &error));
  }
  change_raw();
  CHECK(is_kept(file, 90000, 4096));
  CHECK(!is_kept(file, 80000, 4096));
  close_file(file);
  for (int64_t i = 0; i < 10; i++) {
    CHECK(same(arrowio_buffer_data(held[i]), content + i * 10000, 4096));
    arrowio_buffer_release(held[i]);
  }
}

TEST(evict) {
  arrowio_range_cache_options options = defaults();
  options.hole_size_limit = -1;
  arrowio_file *raw = open_raw(), *file = cache_over(arrowio_file_retain(raw), &options);
  const arrowio_range ranges[] = {{1000, 1000}, {3000, 1000}, {5000, 1000}};
  OK(arrowio_file_will_need(file, ranges, 3, &error));
  OK(arrowio_range_cache_evict_before(file, 4000, &error));
  change_raw();
  CHECK(!is_kept(file, 1000, 1000) && !is_kept(file, 3000, 1000) && is_kept(file, 5000, 1000));
  SAYS(ARROWIO_INVALID, "is no range cache", arrowio_range_cache_evict_before(raw, 4000, &error));
  FAILS(ARROWIO_INVALID, arrowio_range_cache_evict_before(file, -1, &error));
  OK(arrowio_file_close(file, &error));
  CHECK_INT(1, arrowio_file_is_closed(raw));
  FAILS(ARROWIO_CLOSED, arrowio_range_cache_evict_before(file, 0, &error));
  FAILS(ARROWIO_CLOSED, arrowio_file_will_need(file, ranges, 3, &error));
  arrowio_file_release(file);
  arrowio_file_release(raw);
}

/* Every class can be told; pipes are not asked for more than they can. */
TEST(will_need_elsewhere) {
  const arrowio_range ranges[] = {{10, 100}, {0, INT64_MAX}, {INT64_MAX, INT64_MAX}, {5, 0}};
  int ends[2];
  char byte;
  int64_t got;
  arrowio_file *file = open_raw(), *output = NULL;
  OK(arrowio_file_will_need(file, ranges, 4, &error));
  OK(arrowio_file_will_need(file, NULL, 0, &error));
  FAILS(ARROWIO_INVALID, arrowio_file_will_need(file, NULL, 1, &error));
  close_file(file);
  const arrowio_mode modes[] = {ARROWIO_MODE_READ, ARROWIO_MODE_PRIVATE};
  for (int i = 0; i < 2; i++) {
    OK(arrowio_memory_map_open(here("raw"), modes[i], 0, -1, &file, &error));
    OK(arrowio_file_will_need(file, ranges, 4, &error));
    OK(arrowio_file_read_at(file, 10, &byte, 1, &got, &error));
    CHECK_INT(content[10], (uint8_t)byte);
    close_file(file);
  }
  arrowio_buffer *buffer = buffer_of("0123", 4);
  OK(arrowio_buffer_reader_new(buffer, &file, &error));
  arrowio_buffer_release(buffer);
  OK(arrowio_file_will_need(file, ranges, 4, &error));
  close_file(file);
  CHECK_INT(0, pipe2(ends, O_CLOEXEC));
  OK(arrowio_os_file_open_fd(ends[0], ARROWIO_MODE_READ, NULL, &file, &error));
  OK(arrowio_file_will_need(file, ranges, 4, &error));
  SAYS(ARROWIO_INVALID, "at offsets", arrowio_range_cache_new(file, NULL, &output, &error));
  close_file(file);
  FAILS(ARROWIO_INVALID, arrowio_range_cache_new(NULL, NULL, &output, &error));
  close(ends[1]);
}

/* What a segment will need the file beneath has ready. */
TEST(segments) {
  arrowio_file *file = cache_over(open_raw(), NULL), *segment = NULL;
  arrowio_buffer *first = NULL, *second = NULL;
  const arrowio_range ranges[] = {{100, 200}, {900, INT64_MAX}, {5000, 10}};
  OK(arrowio_segment_new(file, 10000, 1000, &segment, &error));
  OK(arrowio_file_will_need(segment, ranges, 3, &error));
  change_raw();
  CHECK(is_kept(file, 10100, 200) && is_kept(file, 10900, 100) && !is_kept(file, 11000, 1));
  OK(arrowio_file_read_at_buffer(segment, 150, 10, &first, &error));
  OK(arrowio_file_read_at_buffer(file, 10150, 10, &second, &error));
  CHECK(same(arrowio_buffer_data(first), content + 10150, 10));
  CHECK(arrowio_buffer_data(first) == arrowio_buffer_data(second));
  arrowio_buffer_release(first);
  arrowio_buffer_release(second);
  close_file(segment);
  close_file(file);
}

/* A range that cannot be read ahead fails where it is read, and not any more when it can be. Of this process's memory, where
 * it is mapped and where not. */
static void check_failures(arrowio_executor *executor) {
  arrowio_range_cache_options options = defaults();
  arrowio_file *raw = NULL;
  arrowio_buffer *buffer = NULL;
  long page = sysconf(_SC_PAGESIZE);
  uint8_t *place = mmap(NULL, (size_t)page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(place != MAP_FAILED);
  munmap(place, (size_t)page);
  options.executor = executor;
  OK(arrowio_os_file_open("/proc/self/mem", ARROWIO_MODE_READ, NULL, &raw, &error));
  arrowio_file *file = cache_over(raw, &options);
  const arrowio_range range = {(int64_t)(intptr_t)place, page};
  OK(arrowio_file_will_need(file, &range, 1, &error));
  FAILS_WITH(EIO, arrowio_file_read_at_buffer(file, range.offset, 8, &buffer, &error));
  CHECK(mmap(place, (size_t)page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == place);
  memcpy(place, "there is", 8);
  OK(arrowio_file_read_at_buffer(file, range.offset, 8, &buffer, &error));
  CHECK(same(arrowio_buffer_data(buffer), "there is", 8));
  arrowio_buffer_release(buffer);
  /* And then it is kept. */
  memcpy(place, "there was", 9);
  OK(arrowio_file_read_at_buffer(file, range.offset, 8, &buffer, &error));
  CHECK(same(arrowio_buffer_data(buffer), "there is", 8));
  arrowio_buffer_release(buffer);
  munmap(place, (size_t)page);
  close_file(file);
}

TEST(failures) {
  /* Under valgrind the process has other memory than it seems. */
  if (is_slow()) return;
  arrowio_executor *executor = new_executor(1);
  check_failures(NULL);
  check_failures(executor);
  end(executor);
}

/* A pool whose memory is full of what nobody has written to any file. */
static uint8_t *dirty_allocate(void *user_data, int64_t size, int64_t alignment) {
  void *data = NULL;
  (void)user_data;
  if (posix_memalign(&data, (size_t)alignment, (size_t)size) != 0) return NULL;
  return memset(data, '#', (size_t)size);
}

static void dirty_free(void *user_data, uint8_t *data, int64_t size, int64_t alignment) {
  (void)user_data, (void)size, (void)alignment;
  free(data);
}

static arrowio_pool *dirty_pool(void) {
  const arrowio_pool_callbacks callbacks = {
      .struct_size = sizeof callbacks, .allocate = dirty_allocate, .free = dirty_free};
  arrowio_pool *pool = NULL;
  OK(arrowio_pool_new_callbacks(&callbacks, NULL, &pool, &error));
  return pool;
}

/* Of a range that reaches beyond the end there is what the file holds, `size` bytes from the first on, and then the end. */
static void check_end(arrowio_file *file, const void *expected, int64_t size) {
  char bytes[5000];
  int64_t got;
  arrowio_buffer *buffer = NULL;
  for (int64_t offset = 0; offset <= size + 1; offset += size / 2 + 1) {
    int64_t rest = offset < size ? size - offset : 0;
    OK(arrowio_file_read_at(file, offset, bytes, sizeof bytes, &got, &error));
    CHECK_INT(rest, got);
    CHECK(same(bytes, (const char *)expected + offset, rest));
    OK(arrowio_file_read_at_buffer(file, offset, sizeof bytes, &buffer, &error));
    CHECK_INT(rest, arrowio_buffer_size(buffer));
    CHECK(same(arrowio_buffer_data(buffer), (const char *)expected + offset, rest));
    arrowio_buffer_release(buffer);
  }
  OK(arrowio_file_read_all(file, &buffer, &error));
  CHECK_INT(size, arrowio_buffer_size(buffer));
  CHECK(same(arrowio_buffer_data(buffer), expected, size));
  arrowio_buffer_release(buffer);
}

static arrowio_status no_read(void *user_data, void *dst, int64_t size, int64_t *out, arrowio_error **out_error) {
  (void)user_data, (void)dst, (void)size, (void)out_error;
  *out = 0;
  return ARROWIO_OK;
}

static arrowio_status read_ten(void *user_data, int64_t offset, void *dst, int64_t size, int64_t *out,
                               arrowio_error **out_error) {
  int64_t rest = offset < 10 ? 10 - offset : 0;
  (void)user_data, (void)out_error;
  *out = size < rest ? size : rest;
  memcpy(dst, content + offset, (size_t)*out);
  return ARROWIO_OK;
}

/* What comes short holds what was read and not a byte more: of a file without a size, of one that is slow, of one that is
 * cut in between, of one whose size says nothing. */
static void check_short(arrowio_range_cache_options options) {
  const arrowio_range range = {0, 4000};
  const arrowio_file_callbacks callbacks = {.struct_size = sizeof callbacks, .read = no_read, .read_at = read_ten};
  arrowio_file *raw = NULL, *file;
  OK(arrowio_callback_file_new(&callbacks, NULL, &raw, &error));
  file = cache_over(raw, &options);
  OK(arrowio_file_will_need(file, &range, 1, &error));
  check_end(file, content, 10);
  close_file(file);

  arrowio_file *fast = NULL;
  save(here("short"), content, 10);
  OK(arrowio_os_file_open(here("short"), ARROWIO_MODE_READ, NULL, &fast, &error));
  OK(arrowio_slow_input_new(fast, NULL, &raw, &error));
  arrowio_file_release(fast);
  file = cache_over(raw, &options);
  OK(arrowio_file_will_need(file, &range, 1, &error));
  check_end(file, content, 10);
  close_file(file);

  if (options.lazy) {
    save(here("short"), content, 3000);
    OK(arrowio_os_file_open(here("short"), ARROWIO_MODE_READ, NULL, &raw, &error));
    file = cache_over(raw, &options);
    OK(arrowio_file_will_need(file, &range, 1, &error));
    CHECK_INT(0, truncate(here("short"), 5));
    check_end(file, content, 5);
    close_file(file);
  }

  char limits[5000];
  int fd = open("/proc/self/limits", O_RDONLY | O_CLOEXEC);
  int64_t size = read(fd, limits, sizeof limits);
  close(fd);
  CHECK(size > 10 && size < 4000);
  OK(arrowio_os_file_open("/proc/self/limits", ARROWIO_MODE_READ, NULL, &raw, &error));
  file = cache_over(raw, &options);
  OK(arrowio_file_will_need(file, &range, 1, &error));
  check_end(file, limits, size);
  close_file(file);
}

TEST(what_comes_short) {
  arrowio_range_cache_options options = defaults();
  options.pool = dirty_pool();
  check_short(options);
  options.lazy = 1;
  check_short(options);
  arrowio_executor *executor = options.executor = new_executor(1);
  options.lazy = 0;
  check_short(options);
  end(executor);
  arrowio_pool_release(options.pool);
}

/* Memory that runs out is no failure: what cannot be kept is read. */
TEST(no_memory) {
  arrowio_pool *pool = NULL;
  arrowio_range_cache_options options = defaults();
  OK(arrowio_pool_new_capped(NULL, 1000, &pool, &error));
  options.pool = pool;
  arrowio_file *file = cache_over(open_raw(), &options);
  const arrowio_range range = {0, 2000};
  char bytes[2000];
  int64_t got;
  OK(arrowio_file_will_need(file, &range, 1, &error));
  OK(arrowio_file_read_at(file, 0, bytes, 2000, &got, &error));
  CHECK(got == 2000 && same(bytes, content, 2000));
  close_file(file);
  arrowio_pool_release(pool);
}

/* The only thread of the executor is busy, or the caller's own, or gone. */
TEST(executors_without_time) {
  arrowio_range_cache_options options = defaults();
  arrowio_executor *executor = options.executor = new_executor(1);
  arrowio_file *file = cache_over(open_raw(), &options), *pipe_file = NULL;
  const arrowio_range ranges[] = {{0, 1000}, {50000, 1000}, {100000, 1000}};
  int ends[2];
  arrowio_operation *blocks = NULL, *reads = NULL;
  arrowio_buffer *buffer = NULL;
  CHECK_INT(0, pipe2(ends, O_CLOEXEC));
  OK(arrowio_os_file_open_fd(ends[0], ARROWIO_MODE_READ, NULL, &pipe_file, &error));
  OK(arrowio_file_read_async(pipe_file, executor, 1, NULL, &blocks, &error));
  OK(arrowio_file_will_need(file, ranges, 2, &error));
  OK(arrowio_file_read_at_buffer(file, 50000, 100, &buffer, &error));
  CHECK(same(arrowio_buffer_data(buffer), content + 50000, 100));
  arrowio_buffer_release(buffer);
  OK(arrowio_file_read_at_async(file, executor, 10, 100, NULL, &reads, &error));
  OK(arrowio_file_will_need(file, ranges + 2, 1, &error));
  close(ends[1]);
  OK(arrowio_operation_wait(reads, -1, &error));
  OK(arrowio_operation_take_buffers(reads, &buffer, 1, &error));
  CHECK(same(arrowio_buffer_data(buffer), content + 10, 100));
  arrowio_buffer_release(buffer);
  arrowio_operation_release(reads);
  arrowio_operation_release(blocks);
  OK(arrowio_executor_stop(executor, 0, &error));
  const arrowio_range late = {150000, 10};
  FAILS(ARROWIO_CANCELLED, arrowio_file_will_need(file, &late, 1, &error));
  OK(arrowio_file_read_at_buffer(file, 150000, 10, &buffer, &error));
  CHECK(same(arrowio_buffer_data(buffer), content + 150000, 10));
  arrowio_buffer_release(buffer);
  close_file(pipe_file);
  close_file(file);
  end(executor);
}

/* A child reads from the file beneath. */
static arrowio_file *inherited;

static void read_in_child(void) {
  char bytes[100];
  int64_t got;
  OK(arrowio_file_read_at(inherited, 1000, bytes, 100, &got, &error));
  CHECK(got == 100 && same(bytes, content + 1000, 100));
  const arrowio_range range = {5000, 10};
  FAILS(ARROWIO_INVALID, arrowio_file_will_need(inherited, &range, 1, &error));
  OK(arrowio_range_cache_evict_before(inherited, 10, &error));
  OK(arrowio_file_close(inherited, &error));
}

TEST(fork_of_a_process) {
  arrowio_range_cache_options options = defaults();
  const arrowio_range within = {1000, 1000};
  inherited = cache_over(open_raw(), &options);
  OK(arrowio_file_will_need(inherited, &within, 1, &error));
  if (!is_slow()) in_child(read_in_child);
  close_file(inherited);
  arrowio_executor *executor = options.executor = new_executor(1);
  inherited = cache_over(open_raw(), &options);
  const arrowio_range ranges[] = {{1000, 1000}};
  OK(arrowio_file_will_need(inherited, ranges, 1, &error));
  if (!is_slow()) in_child(read_in_child);
  close_file(inherited);
  end(executor);
}

/* Many threads that want, read and give up at once, with less room than they want. */
static struct { arrowio_file *file; } crowd;

static void use_it(int index, void *unused) {
  uint8_t bytes[3000];
  uint32_t seed = (uint32_t)index;
  int64_t got;
  (void)unused;
  for (int64_t i = 0; i < scaled(2000, 60); i++) {
    arrowio_range ranges[5];
    arrowio_buffer *buffer = NULL;
    int64_t offset = next_random(&seed) % (SIZE - 3000), size = next_random(&seed) % 3000;
    for (int n = 0; n < 5; n++) ranges[n] = (arrowio_range){next_random(&seed) % SIZE, next_random(&seed) % 3000};
    if (i % 3 == 0) THREAD_CHECK(arrowio_file_will_need(crowd.file, ranges, 5, NULL) == ARROWIO_OK);
    if (i % 11 == 0) THREAD_CHECK(arrowio_range_cache_evict_before(crowd.file, offset, NULL) == ARROWIO_OK);
    if (i % 2) offset = ranges[0].offset < SIZE - 3000 ? ranges[0].offset : offset;
    THREAD_CHECK(arrowio_file_read_at(crowd.file, offset, bytes, size, &got, NULL) == ARROWIO_OK && got == size);
    THREAD_CHECK(same(bytes, content + offset, size));
    THREAD_CHECK(arrowio_file_read_at_buffer(crowd.file, offset, size, &buffer, NULL) == ARROWIO_OK);
    THREAD_CHECK(arrowio_buffer_size(buffer) == size && same(arrowio_buffer_data(buffer), content + offset, size));
    arrowio_buffer_release(buffer);
  }
}

TEST(many_threads) {
  for (int way = 0; way < 4; way++) {
    arrowio_pool *pool = NULL;
    arrowio_range_cache_options options = defaults();
    OK(arrowio_pool_new_proxy(NULL, &pool, &error));
    options.pool = pool;
    options.memory_limit = 20000;
    options.lazy = way / 2;
    options.prefetch_limit = 2;
    options.hole_size_limit = 1 + way * 100;
    options.executor = way % 2 ? new_executor(2) : NULL;
    crowd.file = cache_over(open_raw(), &options);
    run_threads(4, use_it, NULL);
    close_file(crowd.file);
    if (options.executor != NULL) end(options.executor);
    CHECK_INT(0, arrowio_pool_bytes_allocated(pool));
    arrowio_pool_release(pool);
  }
}

/* A read that waits in the executor takes descriptors; the closed file has none, before it is released. */
TEST(closed_files_have_no_descriptors) {
  arrowio_range_cache_options options = defaults();
  arrowio_executor *executor = options.executor = new_executor(1);
  arrowio_file *fast = NULL, *raw = NULL;
  arrowio_operation *last = NULL;
  int before = open_descriptors();
  const arrowio_slow_input_options slow = {.struct_size = sizeof slow, .latency_ns = INT64_C(600000000000)};
  save(here("raw"), content, SIZE);
  OK(arrowio_os_file_open(here("raw"), ARROWIO_MODE_READ, NULL, &fast, &error));
  OK(arrowio_slow_input_new(fast, &slow, &raw, &error));
  arrowio_file_release(fast);
  arrowio_file *file = cache_over(raw, &options);
  const arrowio_range range = {0, 1000};
  OK(arrowio_file_will_need(file, &range, 1, &error));
  /* The file beneath has one, that of the read that waits is the second. */
  for (int tries = 0; open_descriptors() < before + 2 && tries < 20000; tries++) usleep(1000);
  CHECK_INT(before + 2, open_descriptors());
  OK(arrowio_file_close(file, &error));
  /* Behind the read, which has ended then. */
  arrowio_buffer *nothing = buffer_of("", 0);
  arrowio_file *empty = NULL;
  OK(arrowio_buffer_reader_new(nothing, &empty, &error));
  OK(arrowio_file_read_async(empty, executor, 1, NULL, &last, &error));
  OK(arrowio_operation_wait(last, -1, &error));
  arrowio_operation_release(last);
  arrowio_file_release(empty);
  arrowio_buffer_release(nothing);
  CHECK_INT(before, open_descriptors());
  arrowio_file_release(file);
  end(executor);
}

/* Closed while the executor is at it: nothing hangs, nothing is left. */
TEST(closed_in_the_midst) {
  arrowio_range ranges[50];
  for (int i = 0; i < 50; i++) ranges[i] = (arrowio_range){i * 4000, 2000};
  for (int64_t i = 0; i < scaled(300, 20); i++) {
    arrowio_pool *pool = NULL;
    arrowio_range_cache_options options = defaults();
    arrowio_executor *executor = options.executor = new_executor(2);
    OK(arrowio_pool_new_proxy(NULL, &pool, &error));
    options.pool = pool;
    options.hole_size_limit = -1;
    arrowio_file *file = cache_over(open_raw(), &options);
    OK(arrowio_file_will_need(file, ranges, 50, &error));
    if (i % 2) OK(arrowio_file_close(file, &error));
    arrowio_file_release(file);
    end(executor);
    CHECK_INT(0, arrowio_pool_bytes_allocated(pool));
    arrowio_pool_release(pool);
  }
}

int main(int argc, char **argv) {
  start(argc, argv);
  fill(content, SIZE);
  RUN(slices_of_what_is_kept);
  RUN(reads_across_borders);
  RUN(lazy);
  RUN(lazy_with_some_ahead);
  RUN(budget);
  RUN(slices_outlive_their_place);
  RUN(evict);
  RUN(will_need_elsewhere);
  RUN(segments);
  RUN(failures);
  RUN(what_comes_short);
  RUN(no_memory);
  RUN(executors_without_time);
  RUN(fork_of_a_process);
  RUN(many_threads);
  RUN(closed_files_have_no_descriptors);
  RUN(closed_in_the_midst);
  return finish_files();
}

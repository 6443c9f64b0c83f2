/* What every file does, whatever its class: each case runs over all rows of classes.h that can do what it is about. Beside a
 * cluster, where tests of HDFS run it as well, these are the rows of the cluster. */
#include "classes.h"
#include "model.h"
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static void close_and_release(arrowio_file *file) {
  OK(arrowio_file_close(file, &error));
  arrowio_file_release(file);
}

/* Reads whatever way and compares. */
static void check_next(arrowio_file *file, int64_t at, int64_t size) {
  static uint8_t bytes[LIMIT + 1];
  int64_t got = -1;
  OK(arrowio_file_read(file, bytes, size, &got, &error));
  CHECK_INT(size, got);
  CHECK(same(bytes, content + at, size));
}

TEST(cluster) { open_cluster(); }

TEST(capabilities) {
  arrowio_file *file = open_any(content, 1000);
  CHECK_INT(row->can, arrowio_file_capabilities(file));
  CHECK_INT(0, arrowio_file_is_closed(file));
  OK(arrowio_file_close(file, &error));
  CHECK_INT(row->can, arrowio_file_capabilities(file));
  CHECK_INT(1, arrowio_file_is_closed(file));
  arrowio_file_release(file);
}

/* Every call that needs one of these capabilities has the status and says why, and touches no output but handles. */
static void calls_fail(arrowio_file *file, uint32_t needs, arrowio_status status, const char *why) {
  uint8_t byte = 'x';
  const uint8_t *data = &byte;
  int64_t count = -7;
  arrowio_buffer *buffer = (arrowio_buffer *)&byte, *one = buffer_of("1", 1);
  if (needs & CAN_READ) {
    SAYS(status, why, arrowio_file_read(file, &byte, 1, &count, &error));
    SAYS(status, behind.called, arrowio_file_read_some(file, &byte, 1, &count, &error));
    SAYS(status, why, arrowio_file_read_buffer(file, 1, &buffer, &error));
    CHECK(buffer == NULL);
    SAYS(status, behind.called, arrowio_file_read_all(file, &buffer, &error));
    SAYS(status, why, arrowio_file_peek(file, 1, &data, &count, &error));
    SAYS(status, behind.called, arrowio_file_read_line(file, &data, &count, &error));
    int64_t ends[2];
    SAYS(status, behind.called, arrowio_file_read_lines(file, 1, &buffer, ends, &count, &error));
    CHECK(buffer == NULL);
    SAYS(status, why, arrowio_file_advance(file, 1, &error));
  }
  if (needs & CAN_WRITE) {
    SAYS(status, why, arrowio_file_write(file, "1", 1, &error));
    SAYS(status, behind.called, arrowio_file_write_buffer(file, one, &error));
  }
  if (needs & CAN_READ_AT) {
    SAYS(status, why, arrowio_file_read_at(file, 0, &byte, 1, &count, &error));
    SAYS(status, behind.called, arrowio_file_read_at_buffer(file, 0, 1, &buffer, &error));
    CHECK(buffer == NULL);
  }
  if (needs & CAN_WRITE_AT) SAYS(status, why, arrowio_file_write_at(file, 0, "1", 1, &error));
  if (needs & CAN_SEEK) SAYS(status, why, arrowio_file_seek(file, 0, ARROWIO_SEEK_START, &count, &error));
  if (needs & CAN_SIZE) SAYS(status, why, arrowio_file_size(file, &count, &error));
  if (needs & CAN_RESIZE) SAYS(status, why, arrowio_file_resize(file, 0, &error));
  CHECK_INT(-7, count);
  CHECK(data == &byte && byte == 'x');
  arrowio_buffer_release(one);
}

TEST(wrong_direction) {
  arrowio_file *file = open_any(content, 1000);
  calls_fail(file, ~row->can & CAN_READ, ARROWIO_INVALID, "writing only");
  calls_fail(file, ~row->can & CAN_WRITE, ARROWIO_INVALID, "reading only");
  calls_fail(file, ~row->can & ~(uint32_t)(CAN_READ | CAN_WRITE), ARROWIO_INVALID, behind.called);
  CHECK_INT(0, tell(file));
  CHECK_INT(0, arrowio_file_is_closed(file));
  close_and_release(file);
}

TEST(negative_sizes) {
  arrowio_file *file = open_any(content, 1000);
  uint8_t byte;
  const uint8_t *data;
  int64_t count;
  arrowio_buffer *buffer = NULL;
  const int64_t sizes[] = {-1, INT64_MIN};
  for (int i = 0; i < 2; i++) {
    FAILS(ARROWIO_INVALID, arrowio_file_read(file, &byte, sizes[i], &count, &error));
    FAILS(ARROWIO_INVALID, arrowio_file_read_some(file, &byte, sizes[i], &count, &error));
    FAILS(ARROWIO_INVALID, arrowio_file_read_buffer(file, sizes[i], &buffer, &error));
    FAILS(ARROWIO_INVALID, arrowio_file_read_at(file, sizes[i], &byte, 1, &count, &error));
    FAILS(ARROWIO_INVALID, arrowio_file_read_at(file, 0, &byte, sizes[i], &count, &error));
    FAILS(ARROWIO_INVALID, arrowio_file_read_at_buffer(file, 0, sizes[i], &buffer, &error));
    FAILS(ARROWIO_INVALID, arrowio_file_peek(file, sizes[i], &data, &count, &error));
    FAILS(ARROWIO_INVALID, arrowio_file_advance(file, sizes[i], &error));
    FAILS(ARROWIO_INVALID, arrowio_file_write(file, "x", sizes[i], &error));
    FAILS(ARROWIO_INVALID, arrowio_file_write_at(file, sizes[i], "x", 1, &error));
    FAILS(ARROWIO_INVALID, arrowio_file_write_at(file, 0, "x", sizes[i], &error));
    FAILS(ARROWIO_INVALID, arrowio_file_resize(file, sizes[i], &error));
  }
  CHECK_INT(0, tell(file));
  close_and_release(file);
}

TEST(finish_of_another_class) {
  arrowio_file *file = open_any(content, 1000);
  arrowio_buffer *buffer = NULL;
  if (file != behind.output_stream) {
    SAYS(ARROWIO_INVALID, behind.called, arrowio_buffer_output_stream_finish(file, &buffer, &error));
    CHECK_INT(0, arrowio_file_is_closed(file));
  }
  close_and_release(file);
}

TEST(after_close) {
  arrowio_file *file = open_any(content, 1000);
  int64_t position;
  OK(arrowio_file_close(file, &error));
  calls_fail(file, ~(uint32_t)0, ARROWIO_CLOSED, "closed");
  SAYS(ARROWIO_CLOSED, behind.called, arrowio_file_tell(file, &position, &error));
  SAYS(ARROWIO_CLOSED, behind.called, arrowio_file_flush(file, &error));
  SAYS(ARROWIO_CLOSED, behind.called, arrowio_file_sync(file, &error));
  OK(arrowio_file_close(file, &error));
  OK(arrowio_file_abort(file, &error));
  OK(arrowio_file_close(file, &error));
  arrowio_file_release(file);
}

/* Closing lets go of every descriptor, not only the release of the last reference. */
TEST(close_lets_go) {
  int before = descriptors_of_files();
  arrowio_file *file = open_any(content, 1000);
  OK(arrowio_file_close(file, &error));
  done();
  CHECK_INT(before, descriptors_of_files());
  arrowio_file_release(file);
}

TEST(abort_lets_go) {
  int before = descriptors_of_files();
  arrowio_file *file = open_any(content, 1000);
  OK(arrowio_file_abort(file, &error));
  CHECK_INT(1, arrowio_file_is_closed(file));
  calls_fail(file, row->can, ARROWIO_CLOSED, "closed");
  OK(arrowio_file_abort(file, &error));
  OK(arrowio_file_close(file, &error));
  done();
  CHECK_INT(before, descriptors_of_files());
  arrowio_file_release(file);
}

TEST(read_fills) {
  const int64_t sizes[] = {0, 1, 7, 100, 65536, 3, 65537, 4096};
  arrowio_file *file = open_reader(content, LIMIT);
  for (int64_t at = 0, i = 0; at < LIMIT; i++) {
    int64_t size = sizes[i % 8] < LIMIT - at ? sizes[i % 8] : LIMIT - at;
    check_next(file, at, size);
    CHECK_INT(at += size, tell(file));
  }
  close_and_release(file);
}

TEST(read_some) {
  static uint8_t bytes[70000];
  const int64_t sizes[] = {1, 100, 70000, 4096};
  arrowio_file *file = open_reader(content, LIMIT);
  int64_t at = 0, got = -1;
  OK(arrowio_file_read_some(file, NULL, 0, &got, &error));
  CHECK_INT(0, got);
  for (int i = 0; got != 0 || at == 0; i++, at += got) {
    OK(arrowio_file_read_some(file, bytes, sizes[i % 4], &got, &error));
    CHECK(got >= 0 && got <= sizes[i % 4] && at + got <= LIMIT);
    CHECK(same(bytes, content + at, got));
  }
  CHECK_INT(LIMIT, at);
  close_and_release(file);
}

/* Buffers that are read: slices that cannot be changed, or memory of their own that can. */
TEST(read_buffer) {
  const int64_t sizes[] = {0, 1, 64, 70000, LIMIT};
  arrowio_file *file = open_reader(content, LIMIT);
  arrowio_buffer *buffer = NULL;
  for (int64_t at = 0, i = 0; at < LIMIT; at += arrowio_buffer_size(buffer), arrowio_buffer_release(buffer), i++) {
    OK(arrowio_file_read_buffer(file, sizes[i], &buffer, &error));
    CHECK_INT(sizes[i] < LIMIT - at ? sizes[i] : LIMIT - at, arrowio_buffer_size(buffer));
    CHECK(same(arrowio_buffer_data(buffer), content + at, arrowio_buffer_size(buffer)));
    int copied = arrowio_buffer_parent(buffer) == NULL;
    /* A range cache gives slices of what it happens to have. */
    if (row->open != open_range_cache) CHECK_INT(!(row->can & CAN_ZERO_COPY), copied);
    CHECK_INT(copied, arrowio_buffer_is_mutable(buffer));
    if (copied) OK(arrowio_buffer_reserve(buffer, 100000, &error));
  }
  close_and_release(file);
}

TEST(read_all) {
  for (int64_t size = 0; size <= LIMIT; size = size * 10 + 1) {
    arrowio_file *file = open_reader(content, size);
    arrowio_buffer *all = NULL;
    int64_t first = size / 3;
    check_next(file, 0, first);
    OK(arrowio_file_read_all(file, &all, &error));
    CHECK_INT(size - first, arrowio_buffer_size(all));
    CHECK(same(arrowio_buffer_data(all), content + first, size - first));
    arrowio_buffer_release(all);
    CHECK_INT(size, tell(file));
    close_and_release(file);
    done();
  }
}

static void reads_give_nothing(arrowio_file *file) {
  uint8_t bytes[10];
  const uint8_t *data;
  int64_t got;
  arrowio_buffer *buffer = NULL;
  OK(arrowio_file_read(file, bytes, 10, (got = -1, &got), &error));
  CHECK_INT(0, got);
  OK(arrowio_file_read_some(file, bytes, 10, (got = -1, &got), &error));
  CHECK_INT(0, got);
  OK(arrowio_file_peek(file, 10, &data, (got = -1, &got), &error));
  CHECK_INT(0, got);
  OK(arrowio_file_read_line(file, &data, (got = -1, &got), &error));
  CHECK_INT(0, got);
  int64_t ends[2];
  OK(arrowio_file_read_lines(file, 1, &buffer, ends, (got = -1, &got), &error));
  CHECK_INT(0, got + arrowio_buffer_size(buffer));
  arrowio_buffer_release(buffer);
  OK(arrowio_file_read_buffer(file, 10, &buffer, &error));
  CHECK_INT(0, arrowio_buffer_size(buffer));
  arrowio_buffer_release(buffer);
  OK(arrowio_file_read_all(file, &buffer, &error));
  CHECK_INT(0, arrowio_buffer_size(buffer));
  arrowio_buffer_release(buffer);
  OK(arrowio_file_advance(file, 10, &error));
}

TEST(reads_past_the_end) {
  arrowio_file *file = open_reader(content, 100);
  check_next(file, 0, 100);
  for (int i = 0; i < 2; i++) reads_give_nothing(file);
  CHECK_INT(100, tell(file));
  if (row->can & CAN_SEEK) {
    OK(arrowio_file_seek(file, 1 << 20, ARROWIO_SEEK_START, NULL, &error));
    reads_give_nothing(file);
    CHECK_INT(1 << 20, tell(file));
  }
  close_and_release(file);
}

TEST(reads_at_past_the_end) {
  const int64_t offsets[] = {100, 101, 1 << 20, INT64_C(1) << 40, INT64_MAX - 100, INT64_MAX};
  arrowio_file *file = open_reader(content, 100);
  uint8_t bytes[10];
  for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
    int64_t got = -1;
    arrowio_buffer *buffer = NULL;
    OK(arrowio_file_read_at(file, offsets[i], bytes, 10, &got, &error));
    CHECK_INT(0, got);
    OK(arrowio_file_read_at_buffer(file, offsets[i], 10, &buffer, &error));
    CHECK_INT(0, arrowio_buffer_size(buffer));
    arrowio_buffer_release(buffer);
  }
  close_and_release(file);
}

/* What is asked for may be more than there is in the world; what is there is what it costs. */
TEST(absurd_sizes) {
  arrowio_file *file = open_reader(content, 1000);
  arrowio_buffer *buffer = NULL;
  const uint8_t *data;
  int64_t size, most = arrowio_pool_max_memory(NULL);
  OK(arrowio_file_peek(file, INT64_MAX, &data, &size, &error));
  CHECK_INT(1000, size);
  CHECK(same(data, content, size));
  if (row->can & CAN_READ_AT) {
    OK(arrowio_file_read_at_buffer(file, 10, INT64_MAX, &buffer, &error));
    CHECK_INT(990, arrowio_buffer_size(buffer));
    arrowio_buffer_release(buffer);
  }
  OK(arrowio_file_read_buffer(file, INT64_MAX, &buffer, &error));
  CHECK_INT(1000, arrowio_buffer_size(buffer));
  arrowio_buffer_release(buffer);
  OK(arrowio_file_advance(file, INT64_MAX, &error));
  CHECK_INT(1000, tell(file));
  CHECK(arrowio_pool_max_memory(NULL) - most <= MIB);
  close_and_release(file);
}

/* How far these go the host says. */
static int is_hosts_own(void) {
  return row->open == open_callbacks || row->open == open_few_callbacks;
}

/* A position that no file reaches is one where it can be, and reads there give nothing. */
TEST(absurd_positions) {
  if (is_hosts_own()) return;
  const int64_t positions[] = {INT64_MAX, INT64_MAX - 1, INT64_MAX - 999};
  arrowio_file *file = open_any(content, 1000);
  uint8_t bytes[10];
  int64_t got = -1;
  for (int i = 0; i < 3; i++) {
    int64_t before = tell(file);
    arrowio_status status = arrowio_file_seek(file, positions[i], ARROWIO_SEEK_START, NULL, &error);
    if (status != ARROWIO_OK) FAILS(ARROWIO_INVALID, status);
    CHECK_INT(status == ARROWIO_OK ? positions[i] : before, tell(file));
    if (status != ARROWIO_OK) continue;
    FAILS(ARROWIO_INVALID, arrowio_file_seek(file, 1000, ARROWIO_SEEK_CURRENT, NULL, &error));
    if (row->can & CAN_READ) reads_give_nothing(file);
    if (row->can & CAN_READ) OK(arrowio_file_advance(file, INT64_MAX, &error));
    if (row->can & CAN_READ) OK(arrowio_file_read(file, bytes, 10, &got, &error));
    if (row->can & CAN_WRITE) SAYS(ARROWIO_IO_ERROR, behind.called, arrowio_file_write(file, content, 1000, &error));
    CHECK_INT(positions[i], tell(file));
  }
  OK(arrowio_file_seek(file, 0, ARROWIO_SEEK_START, NULL, &error));
  if (row->can & CAN_READ) check_next(file, 0, 1000);
  close_and_release(file);
}

/* Where nothing can be written nothing is. */
TEST(absurd_offsets) {
  if (is_hosts_own()) return;
  const int64_t offsets[] = {INT64_MAX, INT64_MAX - 1, INT64_MAX - 999};
  arrowio_file *file = open_writer(1000);
  OK(arrowio_file_write(file, content, 1000, &error));
  for (int i = 0; i < 3; i++) {
    SAYS(ARROWIO_IO_ERROR, behind.called, arrowio_file_write_at(file, offsets[i], content, 1000, &error));
    if (!is_fixed()) OK(arrowio_file_write_at(file, offsets[i], NULL, 0, &error));
  }
  CHECK_INT(1000, tell(file));
  close_and_release(file);
  CHECK(holds(content, 1000));
}

/* A size that no disk has is refused, and the file stays as it is. */
TEST(absurd_resizing) {
  const int64_t sizes[] = {INT64_MAX, INT64_MAX - 4095, INT64_MAX / 2};
  arrowio_file *file = open_writer(1000);
  int64_t size = -1;
  OK(arrowio_file_write(file, content, 1000, &error));
  for (int i = 0; i < 3; i++) {
    SAYS(ARROWIO_IO_ERROR, behind.called, arrowio_file_resize(file, sizes[i], &error));
    OK(arrowio_file_size(file, &size, &error));
    CHECK_INT(1000, size);
    CHECK_INT(1000, tell(file));
  }
  close_and_release(file);
  CHECK(holds(content, 1000));
}

static void seek(arrowio_file *file, int64_t expected, int64_t offset, arrowio_whence whence) {
  int64_t position = -1;
  OK(arrowio_file_seek(file, offset, whence, &position, &error));
  CHECK_INT(expected, position);
  CHECK_INT(expected, tell(file));
}

TEST(seek) {
  enum { END = 1000 };
  arrowio_file *file = open_any(content, END);
  if (!(row->can & CAN_READ) && !is_fixed()) OK(arrowio_file_write(file, content, END, &error));
  seek(file, 10, 10, ARROWIO_SEEK_START);
  seek(file, 15, 5, ARROWIO_SEEK_CURRENT);
  seek(file, 3, -12, ARROWIO_SEEK_CURRENT);
  seek(file, END - 7, -7, ARROWIO_SEEK_END);
  if (row->can & CAN_READ) check_next(file, END - 7, 7);
  seek(file, END + 50, 50, ARROWIO_SEEK_END);
  seek(file, END + 100, 50, ARROWIO_SEEK_CURRENT);
  OK(arrowio_file_seek(file, 500, ARROWIO_SEEK_START, NULL, &error));

  int64_t position = -7;
  SAYS(ARROWIO_INVALID, behind.called, arrowio_file_seek(file, -1, ARROWIO_SEEK_START, &position, &error));
  FAILS(ARROWIO_INVALID, arrowio_file_seek(file, -501, ARROWIO_SEEK_CURRENT, &position, &error));
  FAILS(ARROWIO_INVALID, arrowio_file_seek(file, -END - 1, ARROWIO_SEEK_END, &position, &error));
  FAILS(ARROWIO_INVALID, arrowio_file_seek(file, INT64_MIN, ARROWIO_SEEK_CURRENT, &position, &error));
  FAILS(ARROWIO_INVALID, arrowio_file_seek(file, INT64_MAX, ARROWIO_SEEK_CURRENT, &position, &error));
  FAILS(ARROWIO_INVALID, arrowio_file_seek(file, INT64_MAX, ARROWIO_SEEK_END, &position, &error));
  FAILS(ARROWIO_INVALID, arrowio_file_seek(file, 0, 3, &position, &error));
  CHECK_INT(-7, position);
  CHECK_INT(500, tell(file));
  close_and_release(file);
}

/* From the position on, whatever was read ahead, with a limit and without. */
TEST(copy_from) {
  arrowio_file *file = open_reader(content, LIMIT), *copy = NULL;
  arrowio_buffer *bytes = NULL;
  const uint8_t *data;
  int64_t size, copied = -1;
  OK(arrowio_buffer_output_stream_new(NULL, 0, &copy, &error));
  check_next(file, 0, 100);
  OK(arrowio_file_peek(file, 5000, &data, &size, &error));
  OK(arrowio_file_copy(file, copy, 70000, NULL, &copied, &error));
  CHECK_INT(70000, copied);
  CHECK_INT(70100, tell(file));
  OK(arrowio_file_copy(file, copy, 0, NULL, &copied, &error));
  CHECK_INT(0, copied);
  OK(arrowio_file_copy(file, copy, -1, NULL, &copied, &error));
  CHECK_INT(LIMIT - 70100, copied);
  OK(arrowio_file_copy(file, copy, -1, NULL, &copied, &error));
  CHECK_INT(0, copied);
  CHECK_INT(LIMIT, tell(file));
  SAYS(ARROWIO_INVALID, "to itself", arrowio_file_copy(file, file, -1, NULL, &copied, &error));
  close_and_release(file);
  OK(arrowio_buffer_output_stream_finish(copy, &bytes, &error));
  CHECK_INT(LIMIT - 100, arrowio_buffer_size(bytes));
  CHECK(same(arrowio_buffer_data(bytes), content + 100, LIMIT - 100));
  arrowio_buffer_release(bytes);
  arrowio_file_release(copy);
}

TEST(copy_to) {
  arrowio_buffer *bytes = buffer_of(content, LIMIT);
  arrowio_file *memory = NULL, *disk = NULL, *file = open_writer(LIMIT);
  OK(arrowio_buffer_reader_new(bytes, &memory, &error));
  arrowio_buffer_release(bytes);
  save(here("source"), content, LIMIT);
  OK(arrowio_os_file_open(here("source"), ARROWIO_MODE_READ, NULL, &disk, &error));
  OK(arrowio_file_copy(memory, file, 1000, NULL, NULL, &error));
  OK(arrowio_file_seek(disk, 1000, ARROWIO_SEEK_START, NULL, &error));
  OK(arrowio_file_copy(disk, file, 100000, NULL, NULL, &error));
  OK(arrowio_file_seek(memory, 101000, ARROWIO_SEEK_START, NULL, &error));
  OK(arrowio_file_copy(memory, file, -1, NULL, NULL, &error));
  CHECK_INT(LIMIT, tell(file));
  close_and_release(file);
  CHECK(holds(content, LIMIT));
  close_and_release(memory);
  close_and_release(disk);
}

/* From a peeked position relative offsets count from where the file is, not from how far was looked. */
TEST(seek_after_peek) {
  arrowio_file *file = open_reader(content, LIMIT);
  const uint8_t *data;
  int64_t size;
  check_next(file, 0, 100);
  OK(arrowio_file_peek(file, 70000, &data, &size, &error));
  FAILS(ARROWIO_INVALID, arrowio_file_seek(file, -101, ARROWIO_SEEK_CURRENT, NULL, &error));
  check_next(file, 100, 10);
  seek(file, 60, -50, ARROWIO_SEEK_CURRENT);
  check_next(file, 60, 100);
  close_and_release(file);
}

TEST(peek) {
  const int64_t sizes[] = {0, 1, 100, 65536, 65537, 150000, LIMIT, LIMIT + 1};
  arrowio_file *file = open_reader(content, LIMIT);
  for (int64_t at = 0; at <= LIMIT; at += LIMIT / 4) {
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
      const uint8_t *data = NULL;
      int64_t size = -1, left = LIMIT - at;
      OK(arrowio_file_peek(file, sizes[i], &data, &size, &error));
      CHECK_INT(sizes[i] < left ? sizes[i] : left, size);
      CHECK(same(data, content + at, size));
      CHECK_INT(at, tell(file));
    }
    if (at < LIMIT) check_next(file, at, LIMIT / 4);
  }
  close_and_release(file);
}

TEST(advance) {
  const int64_t sizes[] = {0, 1, 70000, 5, 65536};
  arrowio_file *file = open_reader(content, LIMIT);
  int64_t at = 0;
  for (int i = 0; i < 5; i++) {
    OK(arrowio_file_advance(file, sizes[i], &error));
    CHECK_INT(at += sizes[i], tell(file));
    check_next(file, at, 10);
    at += 10;
  }
  OK(arrowio_file_advance(file, LIMIT, &error));
  CHECK_INT(LIMIT, tell(file));
  reads_give_nothing(file);
  close_and_release(file);
}

TEST(size) {
  arrowio_file *file = open_any(content, 1000);
  int64_t size = -1;
  if (!(row->can & CAN_READ) && !is_fixed()) OK(arrowio_file_write(file, content, 1000, &error));
  OK(arrowio_file_size(file, &size, &error));
  CHECK_INT(1000, size);
  close_and_release(file);
}

/* Lines of text and of anything else: empty, with carriage return, with NUL, long, very long, the last one unended. */
static struct bytes lines(void) {
  const int64_t lengths[] = {65535, 65536, 100, scaled(MIB + 5, 200000), 70000};
  struct bytes text = copy_of("first\r\n\n\n\0nul\0\n\xff\xfe\n", 18);
  for (int i = 0; i < 5; i++) {
    uint8_t *line = malloc((size_t)lengths[i]);
    memset(line, 'a' + i, (size_t)lengths[i]);
    append(&text, line, lengths[i]);
    append(&text, "\r\n", 2);
    free(line);
  }
  append(&text, "no newline", 10);
  return text;
}

TEST(read_line) {
  struct bytes text = lines();
  arrowio_file *file = open_reader(text.data, text.size);
  const uint8_t *line;
  int64_t size, at = 0;
  while (at < text.size) {
    const uint8_t *newline = memchr(text.data + at, '\n', (size_t)(text.size - at));
    OK(arrowio_file_read_line(file, &line, &size, &error));
    CHECK_INT(newline == NULL ? text.size - at : newline + 1 - (text.data + at), size);
    CHECK(same(line, text.data + at, size));
    CHECK_INT(at += size, tell(file));
  }
  reads_give_nothing(file);
  drop(&text);
  close_and_release(file);
}

/* In batches of any number: the same lines, whole, in buffers of their own. */
TEST(read_lines) {
  static int64_t ends[101];
  struct bytes text = lines();
  arrowio_file *file = open_reader(text.data, text.size);
  arrowio_buffer *buffer = NULL;
  const int64_t most[] = {1, 2, 100, 3};
  int64_t at = 0, count = -1;
  OK(arrowio_file_read_lines(file, 0, &buffer, ends, &count, &error));
  CHECK_INT(0, count + arrowio_buffer_size(buffer) + ends[0]);
  arrowio_buffer_release(buffer);
  for (int i = 0; count > 0 || at == 0; i++) {
    OK(arrowio_file_read_lines(file, most[i % 4], &buffer, ends, &count, &error));
    CHECK(count >= (at < text.size) && count <= most[i % 4]);
    CHECK_INT(0, ends[0]);
    CHECK_INT(ends[count], arrowio_buffer_size(buffer));
    for (int64_t k = 0; k < count; k++) {
      const uint8_t *start = text.data + at + ends[k];
      const uint8_t *newline = memchr(start, '\n', (size_t)(text.data + text.size - start));
      CHECK_INT(newline == NULL ? text.size - at : newline + 1 - text.data - at, ends[k + 1]);
    }
    CHECK(same(arrowio_buffer_data(buffer), text.data + at, ends[count]));
    arrowio_buffer_release(buffer);
    CHECK_INT(at += ends[count], tell(file));
  }
  CHECK_INT(text.size, at);
  close_and_release(file);
  drop(&text);
}

TEST(random_steps) {
  for (int round = 0; round < scaled(8, 1); round++) {
    int64_t size = round == 0 ? LIMIT : some_size();
    arrowio_file *file = row->can & CAN_READ ? open_reader(content, size) : open_writer(is_fixed() ? size : LIMIT);
    memset(&model, 0, sizeof model);
    model.end = is_fixed() || (row->can & CAN_READ) ? size : 0;
    if (row->can & CAN_READ) memcpy(model.bytes, content, (size_t)size);
    for (int64_t i = 0; i < scaled(500, 150); i++) random_step(file);
    OK(arrowio_file_close(file, &error));
    arrowio_file_release(file);
    if (row->can & CAN_WRITE) CHECK(holds(model.bytes, model.end));
    done();
  }
}

/* Readers on several threads; a check that fails there is told by `wrong`. */
static struct {
  arrowio_file *file;
  int wrong, taken[LIMIT / 8], next_seed;
  pthread_mutex_t lock;
} shared = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void on_threads(int count, void *(*run)(void *), void (*meanwhile)(void)) {
  pthread_t threads[16];
  for (int i = 0; i < count; i++) CHECK_INT(0, pthread_create(&threads[i], NULL, run, NULL));
  if (meanwhile != NULL) meanwhile();
  for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
  CHECK_INT(0, shared.wrong);
}

static void *read_at_offsets(void *unused) {
  uint8_t bytes[3000];
  int64_t got;
  uint32_t seed = (uint32_t)__atomic_add_fetch(&shared.next_seed, 1, __ATOMIC_RELAXED);
  for (int64_t i = 0; i < scaled(400, 30); i++) {
    arrowio_buffer *buffer = NULL;
    int64_t offset = (seed = seed * 1664525 + 1013904223) % LIMIT, size = seed % 3000;
    int64_t expected = size < LIMIT - offset ? size : LIMIT - offset;
    int right = arrowio_file_read_at(shared.file, offset, bytes, size, &got, NULL) == ARROWIO_OK && got == expected &&
                same(bytes, content + offset, got) &&
                arrowio_file_read_at_buffer(shared.file, offset, size, &buffer, NULL) == ARROWIO_OK &&
                arrowio_buffer_size(buffer) == expected &&
                same(arrowio_buffer_data(buffer), content + offset, expected);
    arrowio_buffer_release(buffer);
    if (!right) __atomic_store_n(&shared.wrong, 1, __ATOMIC_RELAXED);
  }
  return unused;
}

static void read_on(void) {
  for (int64_t at = 0; at < LIMIT; at += 500) check_next(shared.file, at, 500);
}

TEST(read_at_from_many_threads) {
  arrowio_file *file = shared.file = open_reader(content, LIMIT);
  shared.wrong = 0;
  on_threads(16, read_at_offsets, read_on);
  CHECK_INT(LIMIT, tell(file));
  close_and_release(file);
}

/* Reads at offsets until the file is closed under them: right bytes or CLOSED, nothing else. */
static void *read_until_closed(void *unused) {
  uint8_t bytes[100];
  int64_t got;
  arrowio_status status = ARROWIO_OK;
  for (int64_t offset = 0; status == ARROWIO_OK; offset = (offset + 7919) % (LIMIT - 100)) {
    status = arrowio_file_read_at(shared.file, offset, bytes, 100, &got, NULL);
    int right = status == ARROWIO_OK ? got == 100 && same(bytes, content + offset, 100) : status == ARROWIO_CLOSED;
    if (!right) __atomic_store_n(&shared.wrong, 1, __ATOMIC_RELAXED);
  }
  return unused;
}

static void close_shared(void) {
  usleep(2000);
  OK(arrowio_file_close(shared.file, &error));
}

TEST(close_while_others_read) {
  shared.file = open_reader(content, LIMIT);
  shared.wrong = 0;
  on_threads(4, read_until_closed, close_shared);
  arrowio_file_release(shared.file);
}

/* Numbers of eight bytes: whoever reads some marks them. */
static void *take_numbers(void *unused) {
  uint64_t numbers[101];
  for (int64_t i = 0, got = 1; got > 0; i++) {
    arrowio_buffer *buffer = NULL;
    int64_t asked = 8 * (i * 37 % 100 + 1);
    arrowio_status status = arrowio_file_read(shared.file, numbers, asked, &got, NULL);
    if (i % 2 && status == ARROWIO_OK && got > 0) {
      status = arrowio_file_read_buffer(shared.file, 8, &buffer, NULL);
      if (arrowio_buffer_size(buffer) > 0) {
        memcpy((uint8_t *)numbers + got, arrowio_buffer_data(buffer), 8);
        got += 8;
      }
    }
    arrowio_buffer_release(buffer);
    if (status != ARROWIO_OK || got % 8 != 0) __atomic_store_n(&shared.wrong, 1, __ATOMIC_RELAXED);
    if (status != ARROWIO_OK) break;
    for (int64_t n = 0; n < got / 8; n++) {
      if (numbers[n] < LIMIT / 8) __atomic_add_fetch(&shared.taken[numbers[n]], 1, __ATOMIC_RELAXED);
    }
  }
  return unused;
}

TEST(read_from_many_threads) {
  static uint64_t numbers[LIMIT / 8];
  for (uint64_t i = 0; i < LIMIT / 8; i++) numbers[i] = i;
  memset(shared.taken, 0, sizeof shared.taken);
  shared.wrong = 0;
  int64_t count = scaled(LIMIT / 8, 2000);
  arrowio_file *file = shared.file = open_reader((uint8_t *)numbers, count * 8);
  on_threads(4, take_numbers, NULL);
  for (int64_t i = 0; i < count; i++) CHECK_INT(1, shared.taken[i]);
  close_and_release(file);
}

enum { WRITERS = 4, RECORDS = 200, RECORD = 60 };

/* Records of one byte each, all of them different. */
static void *write_records(void *unused) {
  uint8_t record[RECORD];
  int writer = __atomic_fetch_add(&shared.next_seed, 1, __ATOMIC_RELAXED);
  for (int i = 0; i < RECORDS; i++) {
    memset(record, i, sizeof record);
    record[0] = (uint8_t)writer;
    if (arrowio_file_write(shared.file, record, RECORD, NULL) != ARROWIO_OK) {
      __atomic_store_n(&shared.wrong, 1, __ATOMIC_RELAXED);
    }
  }
  return unused;
}

TEST(write_from_many_threads) {
  int next[WRITERS] = {0};
  arrowio_file *file = shared.file = open_writer(WRITERS * RECORDS * RECORD);
  shared.wrong = shared.next_seed = 0;
  on_threads(WRITERS, write_records, NULL);
  close_and_release(file);
  stop_pump();
  struct bytes bytes = logical(WRITERS * RECORDS * RECORD);
  CHECK_INT(WRITERS * RECORDS * RECORD, bytes.size);
  for (int64_t at = 0; at < bytes.size; at += RECORD) {
    const uint8_t *record = bytes.data + at;
    CHECK(record[0] < WRITERS && record[1] == next[record[0]]++);
    for (int i = 2; i < RECORD; i++) CHECK_INT(record[1], record[i]);
  }
  drop(&bytes);
}

TEST(writes) {
  const int64_t sizes[] = {0, 1, 63, 64, 65, 1000, 65535, 65536, 65537};
  arrowio_file *file = open_writer(LIMIT);
  arrowio_buffer *buffer = NULL;
  int64_t at = 0;
  OK(arrowio_file_write(file, NULL, 0, &error));
  for (int i = 0; at < LIMIT; i++) {
    int64_t size = sizes[i % 9] < LIMIT - at ? sizes[i % 9] : LIMIT - at;
    if (i % 2) {
      OK(arrowio_file_write_buffer(file, buffer = buffer_of(content + at, size), &error));
      arrowio_buffer_release(buffer);
    } else {
      OK(arrowio_file_write(file, content + at, size, &error));
    }
    CHECK_INT(at += size, tell(file));
  }
  close_and_release(file);
  CHECK(holds(content, LIMIT));
}

TEST(nothing_written) {
  arrowio_file *file = open_writer(0);
  close_and_release(file);
  CHECK(holds(content, 0));
}

TEST(write_at) {
  arrowio_file *file = open_writer(1000);
  OK(arrowio_file_write(file, content, 300, &error));
  OK(arrowio_file_write_at(file, 900, content + 900, 100, &error));
  OK(arrowio_file_write_at(file, 600, content + 600, 300, &error));
  OK(arrowio_file_write_at(file, 100, content + 100, 0, &error));
  CHECK_INT(300, tell(file));
  OK(arrowio_file_write(file, content + 300, 300, &error));
  close_and_release(file);
  CHECK(holds(content, 1000));
}

TEST(flush_and_sync_show) {
  arrowio_file *file = open_writer(LIMIT);
  /* Nobody sees into a buffer output stream before it is finished, and in what has a fixed size zeros follow. */
  int seen = row->place != IN_OUTPUT_STREAM && !(row->fixed && row->over);
  const int64_t ends[] = {1, 10, 1000, 1000, 70000, LIMIT};
  for (int64_t at = 0, i = 0; at < LIMIT; at = ends[i++]) {
    OK(arrowio_file_write(file, content + at, ends[i] - at, &error));
    OK(i == 4 ? arrowio_file_sync(file, &error) : arrowio_file_flush(file, &error));
    CHECK_INT(ends[i], tell(file));
    if (seen) CHECK(shows(content, ends[i]));
  }
  close_and_release(file);
  CHECK(holds(content, LIMIT));
}

TEST(flush_without_writing) {
  arrowio_file *file = open_any(content, 1000);
  for (int i = 0; i < 3; i++) OK(arrowio_file_flush(file, &error));
  OK(arrowio_file_sync(file, &error));
  CHECK_INT(0, tell(file));
  if (row->can & CAN_READ) check_next(file, 0, 1000);
  close_and_release(file);
}

TEST(resize) {
  arrowio_file *file = open_writer(5000);
  int is_map = (row->can & CAN_ZERO_COPY) != 0;
  int64_t size;
  OK(arrowio_file_write(file, content, 5000, &error));
  OK(arrowio_file_resize(file, 2000, &error));
  CHECK_INT(is_map ? 2000 : 5000, tell(file));
  OK(arrowio_file_size(file, &size, &error));
  CHECK_INT(2000, size);
  OK(arrowio_file_resize(file, 8000, &error));
  OK(arrowio_file_size(file, &size, &error));
  CHECK_INT(8000, size);
  CHECK_INT(is_map ? 2000 : 5000, tell(file));
  FAILS(ARROWIO_INVALID, arrowio_file_resize(file, -1, &error));
  close_and_release(file);
  memcpy(model.bytes, content, 2000);
  memset(model.bytes + 2000, 0, 6000);
  CHECK(holds(model.bytes, 8000));
}

/* Whoever forgets to close gets everything written all the same. */
TEST(release_closes) {
  arrowio_file *file = open_writer(LIMIT);
  OK(arrowio_file_write(file, content, LIMIT, &error));
  arrowio_file_release(file);
  CHECK(holds(content, LIMIT));
}

/* What was not flushed is not written, and no compressed data is ended. */
TEST(abort) {
  arrowio_file *file = open_writer(1000);
  OK(arrowio_file_write(file, content, 1000, &error));
  OK(arrowio_file_abort(file, &error));
  FAILS(ARROWIO_CLOSED, arrowio_file_write(file, content, 1, &error));
  OK(arrowio_file_close(file, &error));
  arrowio_file_release(file);
  if (row->place == IN_OUTPUT_STREAM) {
    arrowio_buffer *buffer = NULL;
    FAILS(ARROWIO_CLOSED, arrowio_buffer_output_stream_finish(behind.output_stream, &buffer, &error));
  } else if (row->codec || row->over || (!(row->can & CAN_SIZE) && row->buffer_size != 1)) {
    if (row->place != IN_PIPE || row->over) CHECK(!holds(content, 1000));
  } else {
    CHECK(holds(content, 1000));
  }
}

/* Slices of the file's own memory: at one place for the same bytes, and good when the file is gone. */
TEST(zero_copy) {
  arrowio_file *file = open_reader(content, 10000);
  arrowio_buffer *first = NULL, *again = NULL, *next = NULL;
  int64_t allocated = arrowio_pool_bytes_allocated(NULL);
  OK(arrowio_file_read_buffer(file, 5000, &first, &error));
  OK(arrowio_file_read_at_buffer(file, 1000, 1000, &again, &error));
  OK(arrowio_file_read_buffer(file, 5000, &next, &error));
  CHECK(arrowio_buffer_data(again) == arrowio_buffer_data(first) + 1000);
  CHECK(arrowio_buffer_data(next) == arrowio_buffer_data(first) + 5000);
  CHECK(arrowio_buffer_parent(first) == arrowio_buffer_parent(next));
  CHECK(arrowio_buffer_mutable_data(first) == NULL);
  CHECK_INT(allocated, arrowio_pool_bytes_allocated(NULL));
  if (row->open == open_buffer_reader || row->open == open_input_buffer) {
    CHECK(arrowio_buffer_parent(first) == behind.buffer);
    CHECK(arrowio_buffer_data(first) == arrowio_buffer_data(behind.buffer));
  }
  close_and_release(file);
  unlink(behind.path);
  done();
  prepare();
  CHECK(same(arrowio_buffer_data(first), content, 5000));
  CHECK(same(arrowio_buffer_data(again), content + 1000, 1000));
  CHECK(same(arrowio_buffer_data(next), content + 5000, 5000));
  arrowio_buffer_release(first);
  arrowio_buffer_release(again);
  arrowio_buffer_release(next);
}

/* Whether everything that reads works; without a check that would print. */
static int reads_work(arrowio_file *file, int rounds, int with_copies) {
  uint8_t bytes[600];
  const uint8_t *data;
  int64_t got, size, right = 1;
  for (int i = 0; i < rounds; i++) {
    arrowio_buffer *slice = NULL, *placed = NULL;
    right &= arrowio_file_seek(file, i % 1000, ARROWIO_SEEK_START, NULL, NULL) == ARROWIO_OK;
    right &= arrowio_file_read_buffer(file, 64, &slice, NULL) == ARROWIO_OK;
    right &= arrowio_file_read_at_buffer(file, i % 1000, 64, &placed, NULL) == ARROWIO_OK;
    right &= arrowio_buffer_data(slice) == arrowio_buffer_data(placed);
    if (with_copies) {
      int64_t few = i % 600, at = i % 1000;
      right &= arrowio_file_read(file, bytes, 8, &got, NULL) == ARROWIO_OK && got == 8;
      right &= arrowio_file_read_at(file, at, bytes, few, &got, NULL) == ARROWIO_OK && got == few;
      right &= memcmp(bytes, content + at, (size_t)few) == 0;
      right &= arrowio_buffer_read(slice, 1, bytes, 63, &got, NULL) == ARROWIO_OK && got == 63;
      right &= memcmp(bytes, content + at + 1, 63) == 0;
    }
    right &= arrowio_file_peek(file, 8, &data, &size, NULL) == ARROWIO_OK && size == 8;
    right &= arrowio_file_read_line(file, &data, &size, NULL) == ARROWIO_OK;
    right &= arrowio_file_advance(file, 8, NULL) == ARROWIO_OK;
    right &= arrowio_file_tell(file, &got, NULL) == ARROWIO_OK;
    arrowio_buffer_release(slice);
    arrowio_buffer_release(placed);
  }
  return (int)right;
}

/* In a process that the system kills for any call but the one that ends it. */
static void reads_call_nothing(int with_copies) {
  arrowio_file *file = open_reader(content, 10000);
  int status;
  CHECK(reads_work(file, 100, 1));
  pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
    syscall(SYS_exit, reads_work(file, 1000, with_copies) ? 0 : 1);
  }
  CHECK_INT(child, waitpid(child, &status, 0));
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  close_and_release(file);
}

/* Copies from a map call the system, which alone knows whether its bytes are still there. */
TEST(zero_copy_reads_call_nothing) {
  reads_call_nothing(row->open == open_buffer_reader || row->open == open_input_buffer);
}

TEST(guarded_reads_call_nothing) {
  arrowio_fault_guard *guard = NULL;
  OK(arrowio_fault_guard_new(&guard, &error));
  reads_call_nothing(1);
  arrowio_fault_guard_release(guard);
}

TEST(directories) {
  arrowio_file *file = NULL;
  const arrowio_mode os_modes[] = {ARROWIO_MODE_READ, ARROWIO_MODE_WRITE, ARROWIO_MODE_APPEND, ARROWIO_MODE_READ_WRITE};
  const arrowio_mode map_modes[] = {ARROWIO_MODE_READ, ARROWIO_MODE_READ_WRITE, ARROWIO_MODE_PRIVATE};
  for (int i = 0; i < 4; i++) {
    FAILS_WITH(EISDIR, arrowio_os_file_open(folder, os_modes[i], NULL, &file, &error));
    CHECK(strstr(arrowio_error_message(failure), folder) != NULL);
  }
  for (int i = 0; i < 3; i++) {
    FAILS_WITH(EISDIR, arrowio_memory_map_open(folder, map_modes[i], 0, -1, &file, &error));
    CHECK(strstr(arrowio_error_message(failure), folder) != NULL);
  }
  FAILS_WITH(EISDIR, arrowio_memory_map_create(folder, 10, &file, &error));
  FAILS_WITH(EISDIR, arrowio_input_stream_open(folder, NULL, &file, &error));
  FAILS_WITH(EISDIR, arrowio_output_stream_open(folder, NULL, &file, &error));
  int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  FAILS_WITH(EISDIR, arrowio_os_file_open_fd(fd, ARROWIO_MODE_READ, NULL, &file, &error));
  CHECK_INT(0, close(fd));
  CHECK(file == NULL);
}

int main(int argc, char **argv) {
  start(argc, argv);
  fill(content, LIMIT);
  RUN(cluster);
  make_rows();
  EACH(0, capabilities);
  EACH(0, wrong_direction);
  EACH(0, negative_sizes);
  EACH(0, finish_of_another_class);
  EACH(0, after_close);
  EACH(0, close_lets_go);
  EACH(0, abort_lets_go);
  EACH(0, flush_without_writing);
  EACH(0, random_steps);
  EACH(CAN_READ, read_fills);
  EACH(CAN_READ, read_some);
  EACH(CAN_READ, read_buffer);
  EACH(CAN_READ, read_all);
  EACH(CAN_READ, reads_past_the_end);
  EACH(CAN_READ, absurd_sizes);
  EACH(CAN_SEEK, absurd_positions);
  EACH(CAN_WRITE_AT, absurd_offsets);
  EACH(CAN_RESIZE, absurd_resizing);
  EACH(CAN_READ, peek);
  EACH(CAN_READ, advance);
  EACH(CAN_READ, read_line);
  EACH(CAN_READ, read_lines);
  EACH(CAN_READ, copy_from);
  EACH(CAN_READ, read_from_many_threads);
  EACH(CAN_READ | CAN_SEEK, seek_after_peek);
  EACH(CAN_SEEK, seek);
  EACH(CAN_SIZE, size);
  EACH(CAN_READ_AT, reads_at_past_the_end);
  EACH(CAN_READ_AT, read_at_from_many_threads);
  EACH(CAN_READ_AT, close_while_others_read);
  EACH(CAN_WRITE, writes);
  EACH(CAN_WRITE, copy_to);
  EACH(CAN_WRITE, nothing_written);
  EACH(CAN_WRITE, flush_and_sync_show);
  EACH(CAN_WRITE, write_from_many_threads);
  EACH(CAN_WRITE, abort);
  EACH(CAN_WRITE, release_closes);
  EACH(CAN_WRITE_AT, write_at);
  EACH(CAN_RESIZE, resize);
  EACH(CAN_ZERO_COPY, zero_copy);
  if (!is_slow()) EACH(CAN_ZERO_COPY, zero_copy_reads_call_nothing);
  if (!is_slow()) EACH(CAN_ZERO_COPY, guarded_reads_call_nothing);
  RUN(directories);
  arrowio_filesystem_release(cluster);
  return finish_files();
}

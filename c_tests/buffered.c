/* Buffered streams: what reaches the file beneath, and when; the size of the buffer; the file given back. */
#include "files.h"

enum { SIZE = 100000 };
static uint8_t content[SIZE];

/* A host that counts what it is asked for. */
static struct {
  int64_t reads, writes, largest, flushes, position, limit;
  struct bytes written;
} host;

static arrowio_status host_read(void *user, void *dst, int64_t size, int64_t *out, arrowio_error **out_error) {
  int64_t left = SIZE - host.position;
  (void)user, (void)out_error;
  host.reads++;
  if (size > host.largest) host.largest = size;
  *out = size < left ? size : left;
  memcpy(dst, content + host.position, (size_t)*out);
  host.position += *out;
  return ARROWIO_OK;
}

static arrowio_status host_write(void *user, const void *data, int64_t size, int64_t *out, arrowio_error **out_error) {
  int64_t room = host.limit - host.written.size;
  (void)user;
  host.writes++;
  if (room == 0) return arrowio_error_new(ARROWIO_IO_ERROR, ENOSPC, "no room", out_error);
  *out = size < room ? size : room;
  append(&host.written, data, *out);
  return ARROWIO_OK;
}

static arrowio_status host_flush(void *user, arrowio_error **out_error) {
  (void)user, (void)out_error;
  host.flushes++;
  return ARROWIO_OK;
}

static arrowio_file *raw_file(int64_t limit) {
  arrowio_file_callbacks callbacks = {.struct_size = sizeof callbacks, .read = host_read, .write = host_write,
                                      .flush = host_flush};
  arrowio_file *raw = NULL;
  drop(&host.written);
  memset(&host, 0, sizeof host);
  host.limit = limit;
  OK(arrowio_callback_file_new(&callbacks, NULL, &raw, &error));
  return raw;
}

static arrowio_buffered_stream_options options_of(int64_t buffer_size, int64_t read_bound) {
  return (arrowio_buffered_stream_options){.struct_size = sizeof(arrowio_buffered_stream_options),
                                           .buffer_size = buffer_size, .read_bound = read_bound};
}

static arrowio_file *input(int64_t buffer_size, int64_t read_bound) {
  arrowio_buffered_stream_options options = options_of(buffer_size, read_bound);
  arrowio_file *raw = raw_file(0), *file = NULL;
  OK(arrowio_buffered_input_stream_new(raw, &options, &file, &error));
  arrowio_file_release(raw);
  return file;
}

static arrowio_file *output(int64_t buffer_size, int64_t limit) {
  arrowio_buffered_stream_options options = options_of(buffer_size, 0);
  arrowio_file *raw = raw_file(limit), *file = NULL;
  OK(arrowio_buffered_output_stream_new(raw, &options, &file, &error));
  arrowio_file_release(raw);
  return file;
}

static int64_t buffer_size(arrowio_file *file) {
  int64_t size = -1;
  OK(arrowio_buffered_stream_buffer_size(file, &size, &error));
  return size;
}

static void read_next(arrowio_file *file, int64_t size) {
  static uint8_t bytes[SIZE];
  int64_t got, at = tell(file);
  OK(arrowio_file_read(file, bytes, size, &got, &error));
  CHECK_INT(size, got);
  CHECK(same(bytes, content + at, size));
  CHECK_INT(at + size, tell(file));
}

TEST(options) {
  const struct { int64_t buffer_size, read_bound; const char *says; } wrong[] = {
      {-1, 0, "buffer_size is -1"}, {GIB + 1, 0, "buffer_size is 1073741825"}, {INT64_MIN, 0, "buffer_size"},
      {0, -1, "read_bound is -1"},  {0, INT64_MIN, "read_bound"},
  };
  arrowio_file *raw = raw_file(0), *file = raw;
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    arrowio_buffered_stream_options options = options_of(wrong[i].buffer_size, wrong[i].read_bound);
    SAYS(ARROWIO_INVALID, wrong[i].says, arrowio_buffered_input_stream_new(raw, &options, &file, &error));
    SAYS(ARROWIO_INVALID, wrong[i].says, arrowio_buffered_output_stream_new(raw, &options, &file, &error));
    CHECK(file == NULL);
  }
  arrowio_buffered_stream_options options = options_of(0, 5);
  SAYS(ARROWIO_INVALID, "read_bound is 5", arrowio_buffered_output_stream_new(raw, &options, &file, &error));
  OK(arrowio_buffered_input_stream_new(raw, NULL, &file, &error));
  CHECK_INT(65536, buffer_size(file));
  CHECK_INT(0, host.reads);
  close_file(file);
  CHECK(arrowio_file_is_closed(raw));
  arrowio_file_release(raw);
}

TEST(wrong_direction) {
  arrowio_buffer *buffer = buffer_of(content, 10);
  arrowio_file *reader = NULL, *writer = NULL, *file = NULL;
  OK(arrowio_buffer_reader_new(buffer, &reader, &error));
  OK(arrowio_buffer_output_stream_new(NULL, 0, &writer, &error));
  SAYS(ARROWIO_INVALID, "cannot be read", arrowio_buffered_input_stream_new(writer, NULL, &file, &error));
  SAYS(ARROWIO_INVALID, "cannot be written", arrowio_buffered_output_stream_new(reader, NULL, &file, &error));
  SAYS(ARROWIO_INVALID, "not a buffered stream", arrowio_buffered_stream_set_buffer_size(reader, 10, &error));
  close_file(reader);
  close_file(writer);
  arrowio_buffer_release(buffer);
}

TEST(small_reads_are_gathered) {
  arrowio_file *file = input(1000, 0);
  for (int i = 0; i < 100; i++) read_next(file, 10);
  CHECK_INT(1, host.reads);
  CHECK_INT(1000, host.largest);
  read_next(file, 5000);
  CHECK_INT(2, host.reads);
  CHECK_INT(5000, host.largest);
  read_next(file, 1);
  CHECK_INT(3, host.reads);
  /* The rest of the buffer, and then as much as is wanted, past it. */
  read_next(file, 3999);
  CHECK_INT(4, host.reads);
  CHECK_INT(10000, host.position);
  close_file(file);
}

TEST(peeks_fill_the_buffer) {
  arrowio_file *file = input(1000, 0);
  const uint8_t *data;
  int64_t size;
  OK(arrowio_file_peek(file, 1, &data, &size, &error));
  CHECK_INT(1, size);
  CHECK_INT(0, tell(file));
  OK(arrowio_file_peek(file, 1000, &data, &size, &error));
  CHECK(size == 1000 && same(data, content, 1000));
  CHECK_INT(1, host.reads);
  OK(arrowio_file_peek(file, 50000, &data, &size, &error));
  CHECK(size == 50000 && same(data, content, 50000));
  OK(arrowio_file_peek(file, INT64_MAX, &data, &size, &error));
  CHECK(size == SIZE && same(data, content, SIZE));
  CHECK_INT(0, tell(file));
  read_next(file, SIZE);
  close_file(file);
}

TEST(size_while_in_use) {
  arrowio_file *file = input(1000, 0);
  const uint8_t *data;
  int64_t size;
  read_next(file, 10);
  OK(arrowio_buffered_stream_set_buffer_size(file, 3, &error));
  CHECK_INT(3, buffer_size(file));
  read_next(file, 980);
  CHECK_INT(1, host.reads);
  OK(arrowio_file_peek(file, 5000, &data, &size, &error));
  OK(arrowio_buffered_stream_set_buffer_size(file, 4000, &error));
  CHECK(size == 5000 && tell(file) == 990);
  read_next(file, 5000);
  read_next(file, 1);
  CHECK_INT(4000, host.position - 5990);
  FAILS(ARROWIO_INVALID, arrowio_buffered_stream_set_buffer_size(file, 0, &error));
  FAILS(ARROWIO_INVALID, arrowio_buffered_stream_set_buffer_size(file, -1, &error));
  CHECK_INT(4000, buffer_size(file));
  OK(arrowio_file_close(file, &error));
  FAILS(ARROWIO_CLOSED, arrowio_buffered_stream_set_buffer_size(file, 10, &error));
  FAILS(ARROWIO_CLOSED, arrowio_buffered_stream_buffer_size(file, &size, &error));
  arrowio_file_release(file);
}

TEST(bound) {
  arrowio_file *file = input(1000, 2500), *raw = NULL;
  arrowio_buffer *all = NULL, *ahead = NULL;
  const uint8_t *data;
  int64_t size;
  read_next(file, 10);
  OK(arrowio_file_peek(file, INT64_MAX, &data, &size, &error));
  CHECK_INT(2490, size);
  OK(arrowio_file_advance(file, 1000, &error));
  OK(arrowio_file_read_all(file, &all, &error));
  CHECK(arrowio_buffer_size(all) == 1490 && same(arrowio_buffer_data(all), content + 1010, 1490));
  CHECK_INT(2500, host.position);
  OK(arrowio_buffered_stream_detach(file, &raw, &ahead, &error));
  CHECK_INT(0, arrowio_buffer_size(ahead));
  CHECK_INT(2500, tell(raw));
  arrowio_buffer_release(all);
  arrowio_buffer_release(ahead);
  arrowio_file_release(file);
  close_file(raw);
}

/* A bound is kept also by what skips without reading. */
TEST(bound_over_a_skip) {
  arrowio_buffered_stream_options options = options_of(100, 1000);
  arrowio_buffer *buffer = buffer_of(content, SIZE), *all = NULL;
  arrowio_file *raw = NULL, *file = NULL;
  OK(arrowio_buffer_reader_new(buffer, &raw, &error));
  OK(arrowio_buffered_input_stream_new(raw, &options, &file, &error));
  read_next(file, 1);
  OK(arrowio_file_advance(file, 600, &error));
  OK(arrowio_file_read_all(file, &all, &error));
  CHECK(arrowio_buffer_size(all) == 399 && same(arrowio_buffer_data(all), content + 601, 399));
  OK(arrowio_file_advance(file, INT64_MAX, &error));
  CHECK_INT(1000, tell(raw));
  arrowio_buffer_release(all);
  arrowio_buffer_release(buffer);
  arrowio_file_release(raw);
  close_file(file);
}

TEST(detach_input) {
  arrowio_file *file = input(1000, 0), *raw = NULL, *again = (arrowio_file *)&host;
  arrowio_buffer *ahead = NULL, *none = (arrowio_buffer *)&host;
  read_next(file, 10);
  OK(arrowio_buffered_stream_detach(file, &raw, &ahead, &error));
  CHECK(arrowio_file_is_closed(file) && !arrowio_file_is_closed(raw));
  CHECK(arrowio_buffer_size(ahead) == 990 && same(arrowio_buffer_data(ahead), content + 10, 990));
  FAILS(ARROWIO_CLOSED, arrowio_buffered_stream_detach(file, &again, &none, &error));
  CHECK(again == NULL && none == NULL);
  OK(arrowio_file_close(file, &error));
  CHECK(!arrowio_file_is_closed(raw));
  read_next(raw, 100);
  /* The stream does not hold the file any more: who has it closes it. */
  arrowio_file_release(raw);
  arrowio_file_release(file);
  arrowio_buffer_release(ahead);
}

TEST(small_writes_are_gathered) {
  arrowio_file *file = output(1000, SIZE);
  for (int i = 0; i < 100; i++) OK(arrowio_file_write(file, content + i * 10, 10, &error));
  CHECK_INT(0, host.writes);
  CHECK_INT(1000, tell(file));
  OK(arrowio_file_write(file, content + 1000, 5000, &error));
  CHECK_INT(2, host.writes);
  OK(arrowio_file_write(file, content + 6000, 1, &error));
  CHECK_INT(6001, tell(file));
  CHECK_INT(6000, host.written.size);
  OK(arrowio_file_flush(file, &error));
  CHECK_INT(1, host.flushes);
  CHECK(host.written.size == 6001 && same(host.written.data, content, 6001));
  close_file(file);
}

TEST(output_size_while_in_use) {
  arrowio_file *file = output(1000, SIZE);
  OK(arrowio_file_write(file, content, 500, &error));
  OK(arrowio_buffered_stream_set_buffer_size(file, 2000, &error));
  OK(arrowio_file_write(file, content + 500, 1000, &error));
  CHECK_INT(0, host.writes);
  OK(arrowio_buffered_stream_set_buffer_size(file, 100, &error));
  CHECK_INT(1500, host.written.size);
  OK(arrowio_file_write(file, content + 1500, 100, &error));
  CHECK_INT(1600, host.written.size);
  close_file(file);
  CHECK(host.written.size == 1600 && same(host.written.data, content, 1600));
}

TEST(detach_output) {
  arrowio_file *file = output(1000, SIZE), *raw = NULL;
  arrowio_buffer *ahead = NULL;
  OK(arrowio_file_write(file, content, 500, &error));
  OK(arrowio_buffered_stream_detach(file, &raw, &ahead, &error));
  CHECK_INT(0, arrowio_buffer_size(ahead));
  CHECK(host.written.size == 500 && same(host.written.data, content, 500));
  FAILS(ARROWIO_CLOSED, arrowio_file_write(file, content, 1, &error));
  arrowio_file_release(file);
  OK(arrowio_file_write(raw, content + 500, 100, &error));
  CHECK_INT(600, host.written.size);
  arrowio_buffer_release(ahead);
  close_file(raw);
}

/* Where there is no room, nothing is detached, and nothing that was written is lost when there is room again. */
TEST(detach_fails) {
  arrowio_file *file = output(1000, 300), *raw = (arrowio_file *)&host;
  arrowio_buffer *ahead = (arrowio_buffer *)&host;
  OK(arrowio_file_write(file, content, 500, &error));
  FAILS_WITH(ENOSPC, arrowio_buffered_stream_detach(file, &raw, &ahead, &error));
  CHECK(raw == NULL && ahead == NULL && !arrowio_file_is_closed(file));
  FAILS_WITH(ENOSPC, arrowio_buffered_stream_set_buffer_size(file, 10, &error));
  CHECK_INT(1000, buffer_size(file));
  CHECK_INT(500, tell(file));
  host.limit = SIZE;
  OK(arrowio_file_write(file, content + 500, 100, &error));
  OK(arrowio_buffered_stream_detach(file, &raw, &ahead, &error));
  CHECK(host.written.size == 600 && same(host.written.data, content, 600));
  arrowio_buffer_release(ahead);
  arrowio_file_release(file);
  close_file(raw);
}

/* A full disk is told by flush, close and, last, the warning handler. */
TEST(full_disk) {
  arrowio_file *raw = NULL, *file = NULL;
  OK(arrowio_os_file_open("/dev/full", ARROWIO_MODE_WRITE, NULL, &raw, &error));
  OK(arrowio_buffered_output_stream_new(raw, NULL, &file, &error));
  OK(arrowio_file_write(file, content, 10, &error));
  FAILS_WITH(ENOSPC, arrowio_file_flush(file, &error));
  FAILS_WITH(ENOSPC, arrowio_file_close(file, &error));
  FAILS_WITH(ENOSPC, arrowio_file_close(file, &error));
  CHECK(arrowio_file_is_closed(raw));
  arrowio_file_release(raw);
  arrowio_file_release(file);
}

TEST(layers) {
  arrowio_file *file = output(1000, SIZE), *outer = NULL;
  OK(arrowio_buffered_output_stream_new(file, NULL, &outer, &error));
  arrowio_file_release(file);
  OK(arrowio_file_write(outer, content, 10, &error));
  CHECK_INT(10, tell(outer));
  OK(arrowio_file_flush(outer, &error));
  CHECK(host.written.size == 10 && host.flushes == 1);
  OK(arrowio_file_write(outer, content + 10, 10, &error));
  OK(arrowio_file_abort(outer, &error));
  CHECK_INT(10, host.written.size);
  arrowio_file_release(outer);
}

int main(int argc, char **argv) {
  start(argc, argv);
  fill(content, SIZE);
  RUN(options);
  RUN(wrong_direction);
  RUN(small_reads_are_gathered);
  RUN(peeks_fill_the_buffer);
  RUN(size_while_in_use);
  RUN(bound);
  RUN(bound_over_a_skip);
  RUN(detach_input);
  RUN(small_writes_are_gathered);
  RUN(output_size_while_in_use);
  RUN(detach_output);
  RUN(detach_fails);
  RUN(full_disk);
  RUN(layers);
  drop(&host.written);
  return finish_files();
}

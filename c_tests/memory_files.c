/* Files of memory: buffer readers, buffer output streams, fixed-size buffer writers, and who keeps what how long. */
#include "files.h"

enum { SIZE = 10000 };
static uint8_t content[SIZE];

static arrowio_file *reader_of(arrowio_buffer *buffer) {
  arrowio_file *file = NULL;
  OK(arrowio_buffer_reader_new(buffer, &file, &error));
  return file;
}

static arrowio_file *output_stream(arrowio_pool *pool, int64_t capacity) {
  arrowio_file *file = NULL;
  OK(arrowio_buffer_output_stream_new(pool, capacity, &file, &error));
  return file;
}

static arrowio_buffer *finish_stream(arrowio_file *file) {
  arrowio_buffer *buffer = NULL;
  OK(arrowio_buffer_output_stream_finish(file, &buffer, &error));
  CHECK(buffer != NULL);
  return buffer;
}

static arrowio_file *writer_to(arrowio_buffer *buffer) {
  arrowio_file *file = NULL;
  OK(arrowio_fixed_size_buffer_writer_new(buffer, &file, &error));
  return file;
}

static int frees;

static void count_free(void *user_data) {
  if (user_data == content) frees++;
}

/* Host memory is given back once, when reader, buffer and every slice are gone. */
TEST(reader_keeps_its_buffer) {
  arrowio_buffer *buffer = NULL, *part = NULL;
  frees = 0;
  OK(arrowio_buffer_wrap(content, SIZE, content, count_free, &buffer, &error));
  arrowio_file *file = reader_of(buffer);
  arrowio_buffer_release(buffer);
  OK(arrowio_file_read_buffer(file, 100, &part, &error));
  CHECK(arrowio_buffer_data(part) == content);
  OK(arrowio_file_close(file, &error));
  arrowio_file_release(file);
  CHECK_INT(0, frees);
  arrowio_buffer_release(part);
  CHECK_INT(1, frees);
}

TEST(reader_of_a_slice) {
  arrowio_buffer *root = buffer_of(content, SIZE), *middle = NULL, *part = NULL;
  OK(arrowio_buffer_slice(root, 1000, 500, &middle, &error));
  arrowio_file *file = reader_of(middle);
  arrowio_buffer_release(middle);
  OK(arrowio_file_read_at_buffer(file, 100, 1000, &part, &error));
  CHECK_INT(400, arrowio_buffer_size(part));
  CHECK(arrowio_buffer_parent(part) == root);
  CHECK(arrowio_buffer_data(part) == arrowio_buffer_data(root) + 1100);
  arrowio_buffer_release(part);
  arrowio_file_release(file);
  arrowio_buffer_release(root);
}

static void cannot_be_resized_while_open(arrowio_file *(*open)(arrowio_buffer *)) {
  arrowio_buffer *buffer = NULL;
  OK(arrowio_buffer_allocate_resizable(NULL, SIZE, &buffer, &error));
  arrowio_file *file = open(buffer);
  FAILS(ARROWIO_INVALID, arrowio_buffer_resize(buffer, 2 * SIZE, 0, &error));
  OK(arrowio_file_close(file, &error));
  arrowio_file_release(file);
  OK(arrowio_buffer_resize(buffer, 2 * SIZE, 0, &error));
  arrowio_buffer_release(buffer);
}

TEST(buffers_stay_as_they_are) {
  cannot_be_resized_while_open(reader_of);
  cannot_be_resized_while_open(writer_to);
}

TEST(reader_of_nothing) {
  arrowio_buffer *empty = buffer_of(NULL, 0), *all = NULL;
  arrowio_file *file = reader_of(empty);
  OK(arrowio_file_read_all(file, &all, &error));
  CHECK_INT(0, arrowio_buffer_size(all));
  arrowio_buffer_release(all);
  arrowio_file_release(file);
  arrowio_buffer_release(empty);
}

/* A writer to a buffer and a reader of it see the same bytes. */
TEST(reader_and_writer_share) {
  char bytes[4] = "";
  int64_t got;
  arrowio_buffer *buffer = buffer_of(content, SIZE);
  arrowio_file *reader = reader_of(buffer), *writer = writer_to(buffer);
  OK(arrowio_file_write_at(writer, 5, "abc", 3, &error));
  OK(arrowio_file_read_at(reader, 5, bytes, 3, &got, &error));
  CHECK(same(bytes, "abc", 3));
  arrowio_file_release(reader);
  arrowio_file_release(writer);
  arrowio_buffer_release(buffer);
}

TEST(finish_once) {
  for (int close_first = 0; close_first < 2; close_first++) {
    arrowio_file *file = output_stream(NULL, 0);
    arrowio_buffer *again = NULL;
    OK(arrowio_file_write(file, content, 100, &error));
    if (close_first) OK(arrowio_file_close(file, &error));
    arrowio_buffer *buffer = finish_stream(file);
    CHECK_INT(100, arrowio_buffer_size(buffer));
    CHECK(same(arrowio_buffer_data(buffer), content, 100));
    CHECK_INT(1, arrowio_file_is_closed(file));
    FAILS(ARROWIO_CLOSED, arrowio_buffer_output_stream_finish(file, &again, &error));
    CHECK(again == NULL);
    FAILS(ARROWIO_CLOSED, arrowio_file_write(file, "x", 1, &error));
    OK(arrowio_file_close(file, &error));
    arrowio_file_release(file);
    /* What it gives is the caller's as if it were allocated. */
    CHECK(arrowio_buffer_mutable_data(buffer) != NULL && arrowio_buffer_parent(buffer) == NULL);
    CHECK_INT(128, arrowio_buffer_capacity(buffer));
    for (int i = 100; i < 128; i++) CHECK_INT(0, arrowio_buffer_data(buffer)[i]);
    OK(arrowio_buffer_resize(buffer, 1000, 0, &error));
    CHECK(same(arrowio_buffer_data(buffer), content, 100));
    arrowio_buffer_release(buffer);
  }
}

TEST(finish_nothing) {
  arrowio_file *file = output_stream(NULL, 1000);
  arrowio_buffer *buffer = finish_stream(file);
  CHECK_INT(0, arrowio_buffer_size(buffer));
  CHECK(arrowio_buffer_data(buffer) != NULL);
  arrowio_buffer_release(buffer);
  arrowio_file_release(file);
}

TEST(finish_after_abort) {
  arrowio_pool *pool = NULL;
  arrowio_buffer *buffer = NULL;
  OK(arrowio_pool_new_proxy(NULL, &pool, &error));
  arrowio_file *file = output_stream(pool, 0);
  OK(arrowio_file_write(file, content, SIZE, &error));
  OK(arrowio_file_abort(file, &error));
  CHECK_INT(0, arrowio_pool_bytes_allocated(pool));
  FAILS(ARROWIO_CLOSED, arrowio_buffer_output_stream_finish(file, &buffer, &error));
  arrowio_file_release(file);
  arrowio_pool_release(pool);
}

TEST(capacity) {
  arrowio_pool *pool = NULL;
  arrowio_file *file = NULL;
  OK(arrowio_pool_new_proxy(NULL, &pool, &error));
  file = output_stream(pool, SIZE);
  for (int i = 0; i < SIZE; i++) OK(arrowio_file_write(file, content + i, 1, &error));
  CHECK_INT(1, arrowio_pool_num_allocations(pool));
  arrowio_buffer *buffer = finish_stream(file);
  CHECK(same(arrowio_buffer_data(buffer), content, SIZE));
  arrowio_file_release(file);
  arrowio_buffer_release(buffer);
  CHECK_INT(0, arrowio_pool_bytes_allocated(pool));

  /* Without one the memory grows in few steps, and goes also when nobody wants it. */
  file = output_stream(pool, 0);
  for (int64_t i = 0; i < scaled(100, 10); i++) {
    for (int at = 0; at < SIZE; at += 10) OK(arrowio_file_write(file, content + at, 10, &error));
  }
  CHECK(arrowio_pool_num_allocations(pool) < 30);
  arrowio_file_release(file);
  CHECK_INT(0, arrowio_pool_bytes_allocated(pool));
  arrowio_pool_release(pool);

  file = NULL;
  FAILS(ARROWIO_INVALID, arrowio_buffer_output_stream_new(NULL, -1, &file, &error));
  FAILS(ARROWIO_OUT_OF_MEMORY, arrowio_buffer_output_stream_new(NULL, INT64_MAX, &file, &error));
  CHECK(file == NULL);
}

/* Up to the last byte of a limit, though growth in large steps would exceed it; and no byte more. */
TEST(up_to_a_limit) {
  const int64_t pieces[] = {64, 1000, 3333, 100000, 600000}, limit = MIB;
  uint8_t *data = malloc(MIB);
  fill(data, MIB);
  for (int i = 0; i < 5; i++) {
    arrowio_pool *pool = NULL;
    OK(arrowio_pool_new_capped(NULL, limit, &pool, &error));
    arrowio_file *file = output_stream(pool, 0);
    int64_t done = 0;
    for (; done + pieces[i] <= limit; done += pieces[i]) OK(arrowio_file_write(file, data + done, pieces[i], &error));
    FAILS(ARROWIO_OUT_OF_MEMORY, arrowio_file_write(file, data, limit - done + 1, &error));
    CHECK_INT(done, tell(file));
    OK(arrowio_file_write(file, data + done, limit - done, &error));
    arrowio_buffer *buffer = finish_stream(file);
    CHECK_INT(limit, arrowio_buffer_size(buffer));
    CHECK(same(arrowio_buffer_data(buffer), data, limit));
    CHECK(arrowio_pool_max_memory(pool) <= limit);
    arrowio_buffer_release(buffer);
    arrowio_file_release(file);
    arrowio_pool_release(pool);
  }
  free(data);
}

/* A pool whose memory can be made to run out, and which may have one block so large that it wraps around. */
static struct {
  int fails;
  uint8_t *wide;
} host;

static uint8_t *host_allocate(void *user_data, int64_t size, int64_t alignment) {
  (void)user_data;
  if (host.fails) return NULL;
  if (size > GIB) return host.wide;
  return aligned_alloc((size_t)alignment, (size_t)((size + alignment - 1) / alignment * alignment));
}

static void host_free(void *user_data, uint8_t *data, int64_t size, int64_t alignment) {
  (void)user_data, (void)size, (void)alignment;
  if (data != host.wide) free(data);
}

static arrowio_pool *host_pool(void) {
  const arrowio_pool_callbacks callbacks = {
      .struct_size = sizeof callbacks, .allocate = host_allocate, .free = host_free};
  arrowio_pool *pool = NULL;
  OK(arrowio_pool_new_callbacks(&callbacks, NULL, &pool, &error));
  return pool;
}

/* What was written is there already: giving it away takes nothing from the pool. */
TEST(finish_without_memory) {
  arrowio_pool *pool = host_pool();
  arrowio_file *file = output_stream(pool, SIZE);
  arrowio_buffer *buffer = NULL;
  OK(arrowio_file_write(file, content, 100, &error));
  host.fails = 1;
  OK(arrowio_buffer_output_stream_finish(file, &buffer, &error));
  host.fails = 0;
  CHECK(arrowio_buffer_size(buffer) == 100 && same(arrowio_buffer_data(buffer), content, 100));
  arrowio_buffer_release(buffer);
  arrowio_file_release(file);
  CHECK_INT(0, arrowio_pool_bytes_allocated(pool));
  arrowio_pool_release(pool);
}

/* In one call, through memory of which only the last lap is told apart. */
TEST(more_than_4_gib) {
  const int64_t size = 4 * GIB + MIB + 3;
  uint8_t *source = wide(size), *target = wide(size);
  int64_t got = -1;
  arrowio_buffer *buffer = NULL;
  host.wide = wide(size + 64);
  fill(source, LAP);

  arrowio_pool *pool = host_pool();
  arrowio_file *file = output_stream(pool, size);
  OK(arrowio_file_write(file, source, size, &error));
  CHECK_INT(size, tell(file));
  buffer = finish_stream(file);
  CHECK_INT(size, arrowio_buffer_size(buffer));
  /* Not the whole lap: over its rest there is the padding. */
  CHECK(same(arrowio_buffer_data(buffer) + size - MIB, source + size - MIB, MIB));
  arrowio_file_release(file);

  file = reader_of(buffer);
  OK(arrowio_file_read(file, target, size, &got, &error));
  CHECK_INT(size, got);
  CHECK(same(target + size - MIB, source + size - MIB, MIB));
  arrowio_file_release(file);
  arrowio_buffer_release(buffer);
  arrowio_pool_release(pool);

  fill(source, LAP);
  OK(arrowio_buffer_wrap_mutable(target, size, NULL, NULL, &buffer, &error));
  file = writer_to(buffer);
  OK(arrowio_file_write(file, source, size, &error));
  CHECK_INT(size, tell(file));
  CHECK(same(target + size - LAP, source + size - LAP, LAP));
  arrowio_file_release(file);
  arrowio_buffer_release(buffer);
  munmap(source, (size_t)size);
  munmap(target, (size_t)size);
  munmap(host.wide, (size_t)size + 64);
  host.wide = NULL;
}

TEST(fixed_size) {
  arrowio_buffer *buffer = buffer_of(content, 100);
  uint8_t *data = arrowio_buffer_mutable_data(buffer);
  arrowio_file *file = writer_to(buffer);
  OK(arrowio_file_write(file, "0123456789", 10, &error));
  SAYS(ARROWIO_IO_ERROR, "100", arrowio_file_write(file, content, 91, &error));
  CHECK_INT(ENOSPC, arrowio_error_os_error(failure));
  FAILS_WITH(ENOSPC, arrowio_file_write_at(file, 99, "xy", 2, &error));
  FAILS_WITH(ENOSPC, arrowio_file_write_at(file, 101, "x", 1, &error));
  FAILS_WITH(ENOSPC, arrowio_file_write_at(file, INT64_MAX, "x", 1, &error));
  CHECK_INT(10, tell(file));
  CHECK(same(data, "0123456789", 10) && same(data + 10, content + 10, 90));
  OK(arrowio_file_seek(file, 200, ARROWIO_SEEK_START, NULL, &error));
  FAILS_WITH(ENOSPC, arrowio_file_write(file, "x", 1, &error));
  CHECK_INT(200, tell(file));
  OK(arrowio_file_seek(file, 10, ARROWIO_SEEK_START, NULL, &error));
  OK(arrowio_file_write(file, content, 90, &error));
  CHECK(same(data + 10, content, 90));
  OK(arrowio_file_close(file, &error));
  CHECK(arrowio_buffer_data(buffer) == data && arrowio_buffer_size(buffer) == 100);
  arrowio_file_release(file);
  arrowio_buffer_release(buffer);
}

TEST(fixed_size_of_a_slice) {
  arrowio_buffer *buffer = buffer_of(content, 100), *middle = NULL;
  OK(arrowio_buffer_slice_mutable(buffer, 40, 20, &middle, &error));
  arrowio_file *file = writer_to(middle);
  arrowio_buffer_release(middle);
  OK(arrowio_file_write(file, "01234567890123456789", 20, &error));
  FAILS_WITH(ENOSPC, arrowio_file_write(file, "x", 1, &error));
  arrowio_file_release(file);
  const uint8_t *data = arrowio_buffer_data(buffer);
  CHECK(same(data, content, 40) && same(data + 40, "01234567890123456789", 20) && same(data + 60, content + 60, 40));
  arrowio_buffer_release(buffer);
}

TEST(fixed_size_is_mutable) {
  arrowio_buffer *buffer = buffer_of(content, 100), *part = NULL, *host_bytes = NULL;
  arrowio_file *file = NULL;
  OK(arrowio_buffer_slice(buffer, 0, 10, &part, &error));
  FAILS(ARROWIO_INVALID, arrowio_fixed_size_buffer_writer_new(part, &file, &error));
  OK(arrowio_buffer_wrap(content, SIZE, NULL, NULL, &host_bytes, &error));
  FAILS(ARROWIO_INVALID, arrowio_fixed_size_buffer_writer_new(host_bytes, &file, &error));
  CHECK(file == NULL);
  arrowio_buffer_release(host_bytes);
  arrowio_buffer_release(part);
  arrowio_buffer_release(buffer);
}

int main(int argc, char **argv) {
  start(argc, argv);
  fill(content, SIZE);
  RUN(reader_keeps_its_buffer);
  RUN(reader_of_a_slice);
  RUN(buffers_stay_as_they_are);
  RUN(reader_of_nothing);
  RUN(reader_and_writer_share);
  RUN(finish_once);
  RUN(finish_nothing);
  RUN(finish_after_abort);
  RUN(capacity);
  RUN(up_to_a_limit);
  RUN(finish_without_memory);
  if (!is_slow()) RUN(more_than_4_gib);
  RUN(fixed_size);
  RUN(fixed_size_of_a_slice);
  RUN(fixed_size_is_mutable);
  CHECK_INT(0, warnings);
  return finish_files();
}

/* Parts of files: many at once, past the end, under a file that grows or is closed. */
#include "files.h"
#include "threads.h"

enum { SIZE = 100000, PARTS = 40 };
static uint8_t content[SIZE];

static arrowio_file *open_file(arrowio_mode mode) {
  arrowio_file *raw = NULL;
  save(here("whole"), content, SIZE);
  OK(arrowio_os_file_open(here("whole"), mode, NULL, &raw, &error));
  return raw;
}

static arrowio_file *part_of(arrowio_file *raw, int64_t offset, int64_t size) {
  arrowio_file *part = NULL;
  OK(arrowio_segment_new(raw, offset, size, &part, &error));
  return part;
}

static int64_t size_of(arrowio_file *file) {
  int64_t size = -1;
  OK(arrowio_file_size(file, &size, &error));
  return size;
}

/* What the part gives from its position on. */
static void gives(arrowio_file *part, int64_t at, int64_t size) {
  arrowio_buffer *all = NULL;
  OK(arrowio_file_read_all(part, &all, &error));
  CHECK_INT(size, arrowio_buffer_size(all));
  CHECK(same(arrowio_buffer_data(all), content + at, size));
  arrowio_buffer_release(all);
}

TEST(past_the_end) {
  const struct { int64_t offset, size, there; } parts[] = {
      {0, 0, 0},           {0, SIZE, SIZE},      {0, INT64_MAX, SIZE},      {SIZE - 10, 100, 10},
      {SIZE, 10, 0},       {SIZE + 10, 10, 0},   {INT64_MAX, INT64_MAX, 0}, {SIZE - 10, INT64_MAX, 10},
      {INT64_MAX - 1, 100, 0}, {1, INT64_MAX, SIZE - 1},
  };
  for (int kind = 0; kind < 2; kind++) {
    arrowio_file *raw = open_file(ARROWIO_MODE_READ);
    if (kind == 1) {
      close_file(raw);
      OK(arrowio_memory_map_open(here("whole"), ARROWIO_MODE_READ, 0, -1, &raw, &error));
    }
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
      arrowio_file *part = part_of(raw, parts[i].offset, parts[i].size);
      int64_t position;
      CHECK_INT(parts[i].there, size_of(part));
      gives(part, parts[i].offset, parts[i].there);
      OK(arrowio_file_seek(part, 0, ARROWIO_SEEK_END, &position, &error));
      CHECK_INT(parts[i].there, position);
      gives(part, 0, 0);
      OK(arrowio_file_seek(part, 1, ARROWIO_SEEK_END, &position, &error));
      gives(part, 0, 0);
      close_file(part);
    }
    CHECK_INT(0, tell(raw));
    close_file(raw);
  }
}

TEST(wrong_arguments) {
  arrowio_file *raw = open_file(ARROWIO_MODE_WRITE), *part = raw;
  SAYS(ARROWIO_INVALID, "cannot be read at offsets", arrowio_segment_new(raw, 0, 10, &part, &error));
  SAYS(ARROWIO_INVALID, "offset is -1", arrowio_segment_new(raw, -1, 10, &part, &error));
  SAYS(ARROWIO_INVALID, "size is -2", arrowio_segment_new(raw, 0, -2, &part, &error));
  CHECK(part == NULL);
  close_file(raw);
}

TEST(of_a_file_that_grows) {
  arrowio_file *raw = open_file(ARROWIO_MODE_READ_WRITE), *part = part_of(raw, SIZE - 10, 20);
  CHECK_INT(10, size_of(part));
  gives(part, SIZE - 10, 10);
  OK(arrowio_file_write_at(raw, SIZE, content, 15, &error));
  CHECK_INT(20, size_of(part));
  gives(part, 0, 10);
  close_file(part);
  close_file(raw);
}

TEST(of_a_closed_file) {
  arrowio_file *raw = open_file(ARROWIO_MODE_READ), *part = part_of(raw, 10, 20), *other = part_of(raw, 10, 20);
  uint8_t bytes[10];
  const uint8_t *data;
  int64_t got;
  OK(arrowio_file_close(part, &error));
  OK(arrowio_file_read(other, bytes, 10, &got, &error));
  OK(arrowio_file_close(raw, &error));
  SAYS(ARROWIO_CLOSED, "the segment of 20 bytes at offset 10", arrowio_file_read(other, bytes, 1, &got, &error));
  FAILS(ARROWIO_CLOSED, arrowio_file_read_at(other, 0, bytes, 1, &got, &error));
  FAILS(ARROWIO_CLOSED, arrowio_file_read_at(other, 100, bytes, 1, &got, &error));
  FAILS(ARROWIO_CLOSED, arrowio_file_peek(other, 1, &data, &got, &error));
  FAILS(ARROWIO_CLOSED, arrowio_file_size(other, &got, &error));
  FAILS(ARROWIO_CLOSED, arrowio_file_advance(other, 1, &error));
  close_file(other);
  arrowio_file_release(part);
  arrowio_file_release(raw);
}

/* Segments of segments count from their own start, and keep what is beneath. */
TEST(of_a_segment) {
  arrowio_file *raw = open_file(ARROWIO_MODE_READ), *part = part_of(raw, 100, 1000), *inner = part_of(part, 50, 2000);
  arrowio_file_release(raw);
  arrowio_file_release(part);
  CHECK_INT(950, size_of(inner));
  gives(inner, 150, 950);
  close_file(inner);
}

/* Where the size says nothing, what is there is read all the same. */
TEST(of_a_file_without_size) {
  arrowio_file *raw = NULL;
  arrowio_buffer *whole = NULL, *rest = NULL;
  OK(arrowio_os_file_open("/proc/self/maps", ARROWIO_MODE_READ, NULL, &raw, &error));
  OK(arrowio_file_read_at_buffer(raw, 0, 50, &whole, &error));
  arrowio_file *part = part_of(raw, 10, 40);
  OK(arrowio_file_advance(part, 10, &error));
  OK(arrowio_file_read_all(part, &rest, &error));
  CHECK_INT(30, arrowio_buffer_size(rest));
  CHECK(same(arrowio_buffer_data(rest), arrowio_buffer_data(whole) + 20, 10));
  arrowio_buffer_release(whole);
  arrowio_buffer_release(rest);
  close_file(part);
  close_file(raw);
}

/* Bytes seen through a segment hold the map until the segment's next call, and none at all do not. */
TEST(views_go_with_the_next_call) {
  arrowio_file *raw = NULL;
  const uint8_t *data;
  uint8_t bytes[10];
  int64_t size;
  save(here("whole"), content, SIZE);
  OK(arrowio_memory_map_open(here("whole"), ARROWIO_MODE_READ_WRITE, 0, -1, &raw, &error));
  arrowio_file *part = part_of(raw, 1000, 500);
  for (int call = 0; call < 5; call++) {
    OK(arrowio_file_seek(part, 0, ARROWIO_SEEK_START, NULL, &error));
    OK(arrowio_file_read_line(part, &data, &size, &error));
    CHECK(size > 0 && same(data, content + 1000, size));
    FAILS(ARROWIO_INVALID, arrowio_file_resize(raw, SIZE + call, &error));
    arrowio_buffer *buffer = NULL;
    switch (call) {
      case 0: OK(arrowio_file_read(part, bytes, 10, &size, &error)); break;
      case 1: OK(arrowio_file_read_buffer(part, 10, &buffer, &error)); break;
      case 2: OK(arrowio_file_advance(part, 10, &error)); break;
      case 3: OK(arrowio_file_seek(part, 10, ARROWIO_SEEK_START, NULL, &error)); break;
      default:
        OK(arrowio_file_seek(part, 500, ARROWIO_SEEK_START, NULL, &error));
        OK(arrowio_file_peek(part, 10, &data, &size, &error));
        CHECK_INT(0, size);
    }
    arrowio_buffer_release(buffer);
    OK(arrowio_file_resize(raw, SIZE + call, &error));
  }
  close_file(part);
  close_file(raw);
}

/* A writable map can be resized once what was read through a segment is gone. */
TEST(of_a_map_that_is_resized) {
  arrowio_file *raw = NULL;
  const uint8_t *data;
  int64_t size;
  save(here("whole"), content, SIZE);
  OK(arrowio_memory_map_open(here("whole"), ARROWIO_MODE_READ_WRITE, 0, -1, &raw, &error));
  arrowio_file *part = part_of(raw, 1000, SIZE);
  OK(arrowio_file_peek(part, 10, &data, &size, &error));
  CHECK(size == 10 && same(data, content + 1000, 10));
  FAILS(ARROWIO_INVALID, arrowio_file_resize(raw, 500, &error));
  OK(arrowio_file_tell(part, &size, &error));
  OK(arrowio_file_close(part, &error));
  OK(arrowio_file_resize(raw, 500, &error));
  arrowio_file_release(part);
  close_file(raw);
}

/* Each thread reads a part of its own, line by line and otherwise. */
static void read_part(int index, void *raw) {
  arrowio_file *part = NULL;
  int64_t offset = index * 2000, at = offset, got = 1;
  const uint8_t *line;
  uint8_t bytes[300];
  uint32_t seed = (uint32_t)index;
  THREAD_CHECK(arrowio_segment_new(raw, offset, 50000, &part, NULL) == ARROWIO_OK);
  while (got > 0) {
    if (next_random(&seed) % 2) {
      THREAD_CHECK(arrowio_file_read_line(part, &line, &got, NULL) == ARROWIO_OK);
    } else {
      THREAD_CHECK(arrowio_file_read(part, bytes, next_random(&seed) % 300 + 1, &got, NULL) == ARROWIO_OK);
      line = bytes;
    }
    THREAD_CHECK(memcmp(line, content + at, (size_t)got) == 0);
    at += got;
  }
  THREAD_CHECK(at == (offset + 50000 < SIZE ? offset + 50000 : SIZE));
  THREAD_CHECK(arrowio_file_close(part, NULL) == ARROWIO_OK);
  arrowio_file_release(part);
}

TEST(many_at_once) {
  arrowio_file *raw = open_file(ARROWIO_MODE_READ);
  run_threads((int)scaled(PARTS, 8), read_part, raw);
  CHECK_INT(0, tell(raw));
  close_file(raw);
}

int main(int argc, char **argv) {
  start(argc, argv);
  fill(content, SIZE);
  RUN(past_the_end);
  RUN(wrong_arguments);
  RUN(of_a_file_that_grows);
  RUN(of_a_closed_file);
  RUN(of_a_segment);
  RUN(of_a_file_without_size);
  RUN(views_go_with_the_next_call);
  RUN(of_a_map_that_is_resized);
  RUN(many_at_once);
  return finish_files();
}

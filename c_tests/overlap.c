/* Memory that one call both reads and writes: a file written from its own memory gets what a copy of it would give. */
#include "classes.h"

enum { SIZE = 20000 };
static uint8_t content[SIZE], expected[SIZE];

/* From where, to where, how much: forwards, backwards, in place, by one byte, by pages. */
static const struct { int64_t from, to, size; } moves[] = {
    {0, 100, 5000},   {100, 0, 5000},  {300, 300, 5000}, {0, 1, SIZE - 1}, {1, 0, SIZE - 1},
    {0, 4096, 12000}, {4096, 0, 12000}, {0, 10000, 10000}, {7, 8, 1},        {5000, 5003, 1000}};
enum { MOVES = sizeof moves / sizeof moves[0] };

static void move_expected(int i) {
  memmove(expected + moves[i].to, expected + moves[i].from, (size_t)moves[i].size);
}

/* A map is given its own memory to write, as a buffer and as bytes. */
TEST(map_written_from_itself) {
  for (int i = 0; i < 2 * MOVES; i++) {
    arrowio_buffer *slice = NULL, *all = NULL;
    arrowio_file *file = open_reader(content, SIZE);
    int64_t from = moves[i % MOVES].from, to = moves[i % MOVES].to, size = moves[i % MOVES].size;
    OK(arrowio_file_read_at_buffer(file, from, size, &slice, &error));
    CHECK(arrowio_buffer_parent(slice) != NULL);
    if (i < MOVES) {
      OK(arrowio_file_write_at(file, to, arrowio_buffer_data(slice), size, &error));
    } else {
      OK(arrowio_file_seek(file, to, ARROWIO_SEEK_START, NULL, &error));
      OK(arrowio_file_write_buffer(file, slice, &error));
      CHECK_INT(to + size, tell(file));
    }
    memcpy(expected, content, SIZE);
    move_expected(i % MOVES);
    OK(arrowio_file_read_at_buffer(file, 0, SIZE, &all, &error));
    CHECK(same(arrowio_buffer_data(all), expected, SIZE));
    arrowio_buffer_release(all);
    arrowio_buffer_release(slice);
    close_file(file);
    done();
  }
}

/* Whoever reads a file into its own memory gets any bytes there, as many as were asked for, and elsewhere what was. */
static void reads_into_itself(arrowio_file *file, uint8_t *memory, int i) {
  int64_t got = -1, end = moves[i].to + moves[i].size;
  memcpy(expected, memory, SIZE);
  OK(arrowio_file_read_at(file, moves[i].from, memory + moves[i].to, moves[i].size, &got, &error));
  CHECK_INT(moves[i].size, got);
  OK(arrowio_file_seek(file, moves[i].from, ARROWIO_SEEK_START, NULL, &error));
  OK(arrowio_file_read(file, memory + moves[i].to, moves[i].size, &got, &error));
  CHECK_INT(moves[i].size, got);
  CHECK(same(memory, expected, moves[i].to) && same(memory + end, expected + end, SIZE - end));
  close_file(file);
}

static uint8_t *memory_of(const arrowio_buffer *buffer) {
  return (uint8_t *)(uintptr_t)arrowio_buffer_data(buffer);
}

TEST(map_read_into_itself) {
  for (int i = 0; i < MOVES; i++) {
    arrowio_buffer *all = NULL;
    arrowio_file *file = open_reader(content, SIZE);
    OK(arrowio_file_read_at_buffer(file, 0, SIZE, &all, &error));
    reads_into_itself(file, memory_of(all), i);
    arrowio_buffer_release(all);
    done();
  }
}

TEST(buffer_read_into_itself) {
  for (int i = 0; i < MOVES; i++) {
    arrowio_file *file = NULL;
    arrowio_buffer *buffer = buffer_of(content, SIZE);
    OK(arrowio_buffer_reader_new(buffer, &file, &error));
    reads_into_itself(file, memory_of(buffer), i);
    arrowio_buffer_release(buffer);
  }
}

/* A buffer is written from its own memory. */
TEST(buffer_written_from_itself) {
  for (int i = 0; i < MOVES; i++) {
    arrowio_file *file = NULL;
    arrowio_buffer *buffer = buffer_of(content, SIZE), *slice = NULL;
    OK(arrowio_fixed_size_buffer_writer_new(buffer, &file, &error));
    OK(arrowio_file_write_at(file, moves[i].to, arrowio_buffer_data(buffer) + moves[i].from, moves[i].size, &error));
    memcpy(expected, content, SIZE);
    move_expected(i);
    CHECK(same(arrowio_buffer_data(buffer), expected, SIZE));
    OK(arrowio_buffer_slice(buffer, moves[i].from, moves[i].size, &slice, &error));
    OK(arrowio_file_seek(file, moves[i].to, ARROWIO_SEEK_START, NULL, &error));
    OK(arrowio_file_write_buffer(file, slice, &error));
    move_expected(i);
    CHECK(same(arrowio_buffer_data(buffer), expected, SIZE));
    arrowio_buffer_release(slice);
    close_file(file);
    arrowio_buffer_release(buffer);
  }
}

/* What peek and read_line lend is good until the next call on the file, which may be the one that is given it. */
TEST(written_from_what_it_lends) {
  for (int way = 0; way < 4; way++) {
    const uint8_t *data = NULL;
    int64_t size = 0;
    arrowio_file *file = open_reader(content, SIZE);
    OK(arrowio_file_seek(file, 500, ARROWIO_SEEK_START, NULL, &error));
    if (way % 2) OK(arrowio_file_read_line(file, &data, &size, &error));
    if (way % 2 == 0) OK(arrowio_file_peek(file, 3000, &data, &size, &error));
    CHECK(size > 0 && same(data, content + 500, size));
    int64_t at = way < 2 ? tell(file) : 700;
    OK(way < 2 ? arrowio_file_write(file, data, size, &error) : arrowio_file_write_at(file, at, data, size, &error));
    memcpy(expected, content, SIZE);
    memmove(expected + at, content + 500, (size_t)size);
    OK(arrowio_file_close(file, &error));
    arrowio_file_release(file);
    struct bytes bytes = stored();
    CHECK(bytes.size == SIZE && same(bytes.data, expected, SIZE));
    drop(&bytes);
    done();
  }
}

int main(int argc, char **argv) {
  start(argc, argv);
  fill(content, SIZE);
  make_rows();
  EACH(CAN_ZERO_COPY | CAN_WRITE, map_written_from_itself);
  EACH(CAN_ZERO_COPY | CAN_WRITE, map_read_into_itself);
  EACH(CAN_READ | CAN_WRITE | CAN_WRITE_AT, written_from_what_it_lends);
  RUN(buffer_read_into_itself);
  RUN(buffer_written_from_itself);
  return finish_files();
}

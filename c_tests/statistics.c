/* What calls on a file did, as the library counts it. */
#include "codecs.h"
#include <pthread.h>
#include <stddef.h>

enum { SIZE = 300000 };
static uint8_t content[SIZE];

static arrowio_statistics counted(arrowio_file *file) {
  arrowio_statistics statistics = {.struct_size = sizeof statistics};
  OK(arrowio_file_statistics(file, &statistics, &error));
  return statistics;
}

static uint8_t bytes[SIZE];
static int64_t got;

TEST(nothing_unasked) {
  save(here("file"), content, SIZE);
  arrowio_file *file = open_here("file", ARROWIO_MODE_READ);
  OK(arrowio_file_read(file, bytes, 1000, &got, &error));
  arrowio_statistics none = counted(file);
  CHECK_INT(0, none.read_calls + none.bytes_read + none.write_calls + none.bytes_written + none.system_calls +
                   none.system_ns);
  close_file(file);
}

TEST(reads) {
  save(here("file"), content, SIZE);
  arrowio_file *file = open_here("file", ARROWIO_MODE_READ);
  const uint8_t *data;
  arrowio_buffer *buffer = NULL;
  OK(arrowio_file_enable_statistics(file, &error));
  OK(arrowio_file_read(file, bytes, 1000, &got, &error));
  arrowio_statistics first = counted(file);
  CHECK_INT(1, first.read_calls);
  CHECK_INT(1000, first.bytes_read);
  CHECK_INT(1, first.system_calls);
  CHECK(first.system_ns > 0);

  OK(arrowio_file_peek(file, 100, &data, &got, &error));
  CHECK_INT(1, counted(file).read_calls);
  CHECK(counted(file).system_calls >= 2);
  OK(arrowio_file_enable_statistics(file, &error));
  OK(arrowio_file_read_line(file, &data, &got, &error));
  int64_t line = got;
  OK(arrowio_file_read_at(file, 5, bytes, 7, &got, &error));
  OK(arrowio_file_read_at_buffer(file, SIZE - 3, 100, &buffer, &error));
  arrowio_buffer_release(buffer);
  FAILS(ARROWIO_INVALID, arrowio_file_write(file, "x", 1, &error));
  OK(arrowio_file_close(file, &error));
  arrowio_statistics all = counted(file);
  CHECK_INT(4, all.read_calls);
  CHECK_INT(1000 + line + 7 + 3, all.bytes_read);
  CHECK_INT(0, all.write_calls + all.bytes_written);
  arrowio_file_release(file);
}

/* Of a layer the calls of the host, and the system's calls of all beneath it; of the file beneath what the layer did. */
TEST(layers) {
  arrowio_file *raw = open_here("file.gz", ARROWIO_MODE_WRITE), *file = NULL;
  OK(arrowio_compressed_output_stream_new(raw, ARROWIO_CODEC_GZIP, NULL, &file, &error));
  OK(arrowio_file_enable_statistics(file, &error));
  OK(arrowio_file_enable_statistics(raw, &error));
  for (int i = 0; i < 3; i++) OK(arrowio_file_write(file, content, SIZE, &error));
  OK(arrowio_file_close(file, &error));
  arrowio_statistics above = counted(file), beneath = counted(raw);
  CHECK_INT(3, above.write_calls);
  CHECK_INT(3 * SIZE, above.bytes_written);
  CHECK_INT(file_size(here("file.gz")), beneath.bytes_written);
  CHECK_INT(above.system_calls, beneath.system_calls);
  CHECK(above.system_calls >= beneath.write_calls && beneath.write_calls > 0);
  arrowio_file_release(file);
  arrowio_file_release(raw);
}

static int64_t system_calls(arrowio_file *file) {
  return counted(file).system_calls;
}

/* Noise, which no codec makes smaller. */
enum { LARGE = 8 << 20, PIECES = 4 };

/* Small reads of `size` bytes, which are all; how many calls of the system that takes. */
static int64_t calls_to_read(arrowio_file *file, int64_t size) {
  OK(arrowio_file_enable_statistics(file, &error));
  int64_t all = 0;
  do {
    OK(arrowio_file_read(file, bytes, 60000, &got, &error));
    all += got;
  } while (got > 0);
  CHECK_INT(size, all);
  return system_calls(file);
}

/* With a codec too the system is called for pieces of the buffer's size, also where the buffer is a stream beneath. */
TEST(pieces_of_compressed_streams) {
  uint8_t *noise = malloc(LARGE);
  for (int64_t i = 0; i < LARGE; i++) noise[i] = (uint8_t)random_below(256);
  EACH_CODEC(codec) {
    int64_t size = share(codec, LARGE), piece = size / PIECES;
    arrowio_stream_options options = {.struct_size = sizeof options, .codec = codec->id, .buffer_size = piece};
    arrowio_buffered_stream_options buffered = {.struct_size = sizeof buffered, .buffer_size = piece};
    arrowio_file *file = NULL, *raw = NULL, *buffer = NULL;
    OK(arrowio_output_stream_open(here("noise"), &options, &file, &error));
    OK(arrowio_file_enable_statistics(file, &error));
    for (int64_t at = 0; at < size; at += size / 64) OK(arrowio_file_write(file, noise + at, size / 64, &error));
    OK(arrowio_file_close(file, &error));
    /* And one for the end, one to close. */
    CHECK(system_calls(file) <= PIECES + 2);
    arrowio_file_release(file);
    OK(arrowio_input_stream_open(here("noise"), &options, &file, &error));
    /* And those that find the end; formats of blocks that want a whole one read its rest by calls of their own. */
    const int64_t most = (codec->is_thorough ? 1 : 3) * PIECES + 4;
    CHECK(calls_to_read(file, size) <= most);
    close_file(file);
    raw = open_here("noise", ARROWIO_MODE_READ);
    OK(arrowio_buffered_input_stream_new(raw, &buffered, &buffer, &error));
    OK(arrowio_compressed_input_stream_new(buffer, codec->id, NULL, &file, &error));
    CHECK(calls_to_read(file, size) <= most);
    close_file(file);
    arrowio_file_release(buffer);
    arrowio_file_release(raw);
  }
  free(noise);
}

/* Memory is read without calling the system, counted or not. */
TEST(memory) {
  arrowio_buffer *buffer = buffer_of(content, SIZE), *slice = NULL;
  arrowio_file *file = NULL;
  OK(arrowio_buffer_reader_new(buffer, &file, &error));
  OK(arrowio_file_read(file, bytes, 10, &got, &error));
  OK(arrowio_file_enable_statistics(file, &error));
  OK(arrowio_file_read(file, bytes, 10, &got, &error));
  OK(arrowio_file_read_buffer(file, 20, &slice, &error));
  CHECK(arrowio_buffer_data(slice) == arrowio_buffer_data(buffer) + 20);
  OK(arrowio_file_read_at(file, 0, bytes, 30, &got, &error));
  CHECK_INT(40, tell(file));
  arrowio_statistics all = counted(file);
  CHECK_INT(3, all.read_calls);
  CHECK_INT(60, all.bytes_read);
  CHECK_INT(0, all.system_calls + all.system_ns);
  arrowio_buffer_release(slice);
  arrowio_buffer_release(buffer);
  close_file(file);
}

static void *write_late(void *argument) {
  usleep(60000);
  if (write(*(int *)argument, "late", 4) != 4) abort();
  return NULL;
}

/* The time waited for a pipe is that of its system calls. */
TEST(waiting) {
  int ends[2];
  pthread_t writer;
  arrowio_file *file = NULL;
  CHECK_INT(0, pipe2(ends, O_CLOEXEC));
  OK(arrowio_os_file_open_fd(ends[0], ARROWIO_MODE_READ, NULL, &file, &error));
  OK(arrowio_file_enable_statistics(file, &error));
  CHECK_INT(0, pthread_create(&writer, NULL, write_late, &ends[1]));
  OK(arrowio_file_read(file, bytes, 4, &got, &error));
  pthread_join(writer, NULL);
  CHECK(counted(file).system_ns >= 20000000);
  close(ends[1]);
  close_file(file);
}

/* Programs built against an older header know less of the struct, those against a newer one more. */
TEST(other_sizes_of_the_struct) {
  arrowio_file *file = open_here("file", ARROWIO_MODE_READ);
  struct { arrowio_statistics known; int64_t more[2]; } newer;
  memset(&newer, 0xff, sizeof newer);
  newer.known.struct_size = sizeof newer;
  OK(arrowio_file_enable_statistics(file, &error));
  OK(arrowio_file_read(file, bytes, 10, &got, &error));
  OK(arrowio_file_statistics(file, &newer.known, &error));
  CHECK_INT(10, newer.known.bytes_read);
  CHECK_INT(0, newer.more[0] | newer.more[1]);
  CHECK_INT(sizeof newer, newer.known.struct_size);

  arrowio_statistics older;
  memset(&older, 0xff, sizeof older);
  older.struct_size = offsetof(arrowio_statistics, bytes_read);
  OK(arrowio_file_statistics(file, &older, &error));
  CHECK_INT(1, older.read_calls);
  CHECK_INT(-1, older.bytes_read);
  older.struct_size = 3;
  SAYS(ARROWIO_INVALID, "struct_size is 3", arrowio_file_statistics(file, &older, &error));
  close_file(file);
}

int main(int argc, char **argv) {
  start(argc, argv);
  fill(content, SIZE);
  RUN(nothing_unasked);
  RUN(reads);
  RUN(layers);
  RUN(pieces_of_compressed_streams);
  RUN(memory);
  RUN(waiting);
  RUN(other_sizes_of_the_struct);
  return finish_files();
}

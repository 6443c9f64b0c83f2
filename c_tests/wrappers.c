/* Tee, mock and slow files, and checksummed streams: what is special about each. */
#include "files.h"
#include <time.h>

enum { SIZE = 100000 };
static uint8_t content[SIZE];

/* A host with room for so many bytes. */
struct host {
  struct bytes written;
  int64_t room, flushes, closes;
};

static arrowio_status host_write(void *user, const void *data, int64_t size, int64_t *out, arrowio_error **out_error) {
  struct host *host = user;
  int64_t room = host->room - host->written.size;
  if (room == 0) return arrowio_error_new(ARROWIO_IO_ERROR, ENOSPC, "no room", out_error);
  *out = size < room ? size : room;
  append(&host->written, data, *out);
  return ARROWIO_OK;
}

static arrowio_status host_flush(void *user, arrowio_error **out_error) {
  struct host *host = user;
  host->flushes++;
  return host->room < 0 ? arrowio_error_new(ARROWIO_IO_ERROR, EPIPE, "no flush", out_error) : ARROWIO_OK;
}

static arrowio_status host_close(void *user, arrowio_error **out_error) {
  (void)out_error;
  ((struct host *)user)->closes++;
  return ARROWIO_OK;
}

static arrowio_file *open_host(struct host *host, const char *name, int64_t room) {
  arrowio_file_callbacks callbacks = {.struct_size = sizeof callbacks, .name = name, .write = host_write,
                                      .flush = host_flush, .close = host_close};
  arrowio_file *file = NULL;
  *host = (struct host){.room = room};
  OK(arrowio_callback_file_new(&callbacks, host, &file, &error));
  return file;
}

static struct host first, second;

static arrowio_file *open_tee(int64_t first_room, int64_t second_room) {
  arrowio_file *one = open_host(&first, "one", first_room), *two = open_host(&second, "two", second_room), *tee = NULL;
  OK(arrowio_tee_output_stream_new(one, two, &tee, &error));
  arrowio_file_release(one);
  arrowio_file_release(two);
  return tee;
}

static void forget(void) {
  drop(&first.written);
  drop(&second.written);
}

TEST(tee) {
  arrowio_file *file = open_tee(SIZE, SIZE);
  OK(arrowio_file_write(file, content, 1000, &error));
  OK(arrowio_file_write(file, content + 1000, 10, &error));
  CHECK_INT(1010, tell(file));
  OK(arrowio_file_flush(file, &error));
  CHECK(first.flushes == 1 && second.flushes == 1);
  close_file(file);
  CHECK(first.closes == 1 && second.closes == 1);
  CHECK(first.written.size == 1010 && same(first.written.data, content, 1010));
  CHECK(second.written.size == 1010 && same(second.written.data, content, 1010));
  forget();
}

/* Which one failed, how far each one came; the next write goes on behind what both have. */
TEST(tee_fails) {
  const struct { int64_t first, second, tell; const char *name, *says; } cases[] = {
      {150, SIZE, 100, "'one'", "the first file took 50 of 100 bytes, the second one none"},
      {100, SIZE, 100, "'one'", "the first file took 0 of 100 bytes, the second one none"},
      {SIZE, 130, 130, "'two'", "the first file took all 100 bytes, the second one 30"},
      {SIZE, 100, 100, "'two'", "the first file took all 100 bytes, the second one 0"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    arrowio_file *file = open_tee(cases[i].first, cases[i].second);
    OK(arrowio_file_write(file, content, 100, &error));
    FAILS_WITH(ENOSPC, arrowio_file_write(file, content + 100, 100, &error));
    CHECK(strstr(arrowio_error_message(failure), cases[i].says) != NULL);
    CHECK(strstr(arrowio_error_message(failure), cases[i].name) != NULL);
    CHECK_INT(cases[i].tell, tell(file));
    first.room = second.room = SIZE;
    OK(arrowio_file_write(file, content + cases[i].tell, 10, &error));
    OK(arrowio_file_write(file, content + cases[i].tell + 10, 190 - cases[i].tell, &error));
    CHECK_INT(200, tell(file));
    CHECK(first.written.size == 200 && same(first.written.data, content, 200));
    CHECK(second.written.size == 200 && same(second.written.data, content, 200));
    OK(arrowio_file_close(file, &error));
    CHECK(first.closes == 1 && second.closes == 1);
    arrowio_file_release(file);
    forget();

    file = open_tee(cases[i].first, cases[i].second);
    FAILS_WITH(ENOSPC, arrowio_file_write(file, content, 200, &error));
    FAILS_WITH(ENOSPC, arrowio_file_close(file, &error));
    CHECK(first.closes == 1 && second.closes == 1);
    arrowio_file_release(file);
    forget();
  }
}

TEST(tee_to_what_cannot_be) {
  arrowio_file *one = open_host(&first, "one", SIZE), *tee = NULL, *reader = NULL;
  arrowio_buffer *buffer = buffer_of(content, 10);
  OK(arrowio_buffer_reader_new(buffer, &reader, &error));
  SAYS(ARROWIO_INVALID, "are one, 'one'", arrowio_tee_output_stream_new(one, one, &tee, &error));
  SAYS(ARROWIO_INVALID, "cannot be written", arrowio_tee_output_stream_new(one, reader, &tee, &error));
  SAYS(ARROWIO_INVALID, "cannot be written", arrowio_tee_output_stream_new(reader, one, &tee, &error));
  close_file(reader);
  OK(arrowio_buffer_reader_new(buffer, &reader, &error));
  OK(arrowio_file_close(one, &error));
  SAYS(ARROWIO_CLOSED, "'one'", arrowio_tee_output_stream_new(one, one, &tee, &error));
  CHECK(tee == NULL && first.closes == 1);
  arrowio_file_release(one);
  close_file(reader);
  arrowio_buffer_release(buffer);
}

TEST(tee_flush_fails) {
  arrowio_file *file = open_tee(-1, -1);
  FAILS_WITH(EPIPE, arrowio_file_flush(file, &error));
  CHECK(strstr(arrowio_error_message(failure), "'one'") != NULL);
  CHECK(first.flushes == 1 && second.flushes == 1);
  FAILS_WITH(EPIPE, arrowio_file_close(file, &error));
  CHECK(first.closes == 1 && second.closes == 1);
  arrowio_file_release(file);
}

TEST(mock) {
  arrowio_file *file = NULL;
  int64_t size;
  OK(arrowio_mock_output_stream_new(&file, &error));
  CHECK_INT(ARROWIO_CAPABILITY_WRITE | ARROWIO_CAPABILITY_SIZE, arrowio_file_capabilities(file));
  for (int i = 0; i < 10; i++) OK(arrowio_file_write(file, content, SIZE, &error));
  OK(arrowio_file_write(file, NULL, 0, &error));
  CHECK_INT(10 * SIZE, tell(file));
  OK(arrowio_file_size(file, &size, &error));
  CHECK_INT(10 * SIZE, size);
  OK(arrowio_file_flush(file, &error));
  OK(arrowio_file_close(file, &error));
  FAILS(ARROWIO_CLOSED, arrowio_file_write(file, content, 1, &error));
  arrowio_file_release(file);
}

static arrowio_file *open_slow(int64_t latency_ns, int64_t deviation_ns) {
  arrowio_slow_input_options options = {.struct_size = sizeof options, .latency_ns = latency_ns,
                                        .deviation_ns = deviation_ns, .seed = 7};
  arrowio_buffer *buffer = buffer_of(content, SIZE);
  arrowio_file *raw = NULL, *file = NULL;
  OK(arrowio_buffer_reader_new(buffer, &raw, &error));
  OK(arrowio_slow_input_new(raw, &options, &file, &error));
  arrowio_buffer_release(buffer);
  arrowio_file_release(raw);
  return file;
}

static int64_t nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* It is never faster than it says; how much slower the machine makes it is not its business. */
TEST(slow) {
  const int64_t latency = 3000000;
  arrowio_file *file = open_slow(latency, 0);
  uint8_t bytes[100];
  int64_t got, start = nanoseconds();
  for (int i = 0; i < 5; i++) OK(arrowio_file_read(file, bytes, 100, &got, &error));
  for (int i = 0; i < 5; i++) OK(arrowio_file_read_at(file, 0, bytes, 100, &got, &error));
  CHECK(nanoseconds() - start >= 10 * latency);
  CHECK(same(bytes, content, 100));
  CHECK_INT(500, tell(file));
  close_file(file);
  file = open_slow(0, latency);
  start = nanoseconds();
  for (int i = 0; i < 30; i++) OK(arrowio_file_read(file, bytes, 1, &got, &error));
  CHECK(nanoseconds() - start >= latency);
  close_file(file);
}

/* An hour's wait ends by a cancellation and by a deadline. */
TEST(slow_until_cancelled) {
  arrowio_cancellation *cancellation = NULL;
  arrowio_file *file = open_slow(INT64_C(3600000000000), 0);
  uint8_t byte;
  int64_t got;
  OK(arrowio_cancellation_new(&cancellation, &error));
  OK(arrowio_file_set_cancellation(file, cancellation, &error));
  OK(arrowio_cancellation_set_timeout(cancellation, 5000000, &error));
  FAILS(ARROWIO_TIMED_OUT, arrowio_file_read(file, &byte, 1, &got, &error));
  FAILS(ARROWIO_TIMED_OUT, arrowio_file_read_at(file, 0, &byte, 1, &got, &error));
  CHECK_INT(0, arrowio_file_is_closed(file));
  OK(arrowio_file_set_cancellation(file, NULL, &error));
  close_file(file);
  arrowio_cancellation_release(cancellation);
}

TEST(slow_options) {
  arrowio_slow_input_options options = {.struct_size = sizeof options, .latency_ns = -1};
  arrowio_file *mock = NULL, *file = NULL;
  OK(arrowio_mock_output_stream_new(&mock, &error));
  SAYS(ARROWIO_INVALID, "cannot be read", arrowio_slow_input_new(mock, NULL, &file, &error));
  close_file(mock);
  arrowio_file *raw = open_slow(0, 0);
  SAYS(ARROWIO_INVALID, "latency_ns is -1", arrowio_slow_input_new(raw, &options, &file, &error));
  options.latency_ns = 0;
  options.deviation_ns = INT64_MIN;
  SAYS(ARROWIO_INVALID, "deviation_ns is", arrowio_slow_input_new(raw, &options, &file, &error));
  close_file(raw);
}

/* ---- Checksums. The numbers are those of the packages crc32c and xxhash of Python. ---- */

static uint8_t pattern[SIZE];

static const struct { int64_t size; uint64_t crc32c, xxh3; } digests[] = {
    {0, 0x0, 0x2d06800538d394c2},           {1, 0x527d5351, 0xc44bdff4074eecdb},
    {3, 0x6064a37a, 0xeb5d658bb22f286b},    {16, 0x3d0c60f8, 0xb1617e57ae143d6e},
    {17, 0xb4ae655, 0xbcf9a4f794acc1b2},    {128, 0x506a8623, 0x8366bc05438d2f12},
    {129, 0x61c044fd, 0x1f2779113b88675b},  {240, 0x8ff08d10, 0xda6c6505865dda4d},
    {241, 0x6211ea6d, 0xf56317f96d46b5b0},  {256, 0xd09e1c9, 0x243561e5774dc86b},
    {1000, 0x4b74e060, 0x9fce85b3bb725d4a}, {65536, 0x55e06f10, 0x56f490d29636498c},
    {100000, 0x4770a0b8, 0xde7b34649650c701},
};
enum { DIGESTS = sizeof digests / sizeof digests[0] };

static uint64_t expected(arrowio_checksum checksum, int i) {
  return checksum == ARROWIO_CHECKSUM_CRC32C ? digests[i].crc32c : digests[i].xxh3;
}

static void has_digest(arrowio_file *file, arrowio_checksum checksum, int i) {
  uint64_t digest = 1;
  int64_t size = -1;
  OK(arrowio_checksum_stream_digest(file, &digest, &size, &error));
  CHECK_INT(digests[i].size, size);
  CHECK(digest == expected(checksum, i));
}

static arrowio_file *open_pattern(arrowio_checksum checksum) {
  arrowio_buffer *buffer = buffer_of(pattern, SIZE);
  arrowio_file *raw = NULL, *file = NULL;
  OK(arrowio_buffer_reader_new(buffer, &raw, &error));
  OK(arrowio_checksum_input_stream_new(raw, checksum, NULL, &file, &error));
  arrowio_buffer_release(buffer);
  arrowio_file_release(raw);
  return file;
}

/* Moves on by so many bytes, in one of all the ways. */
static void move_on(arrowio_file *file, int way, int64_t size) {
  static uint8_t bytes[SIZE];
  const uint8_t *data;
  int64_t got, end = tell(file) + size;
  arrowio_buffer *buffer = NULL;
  OK(arrowio_file_peek(file, size + 3000, &data, &got, &error));
  while (tell(file) < end) {
    int64_t left = end - tell(file);
    switch (way) {
      case 0: OK(arrowio_file_read(file, bytes, left, &got, &error)); break;
      case 1: OK(arrowio_file_read_some(file, bytes, left, &got, &error)); break;
      case 2: OK(arrowio_file_advance(file, left, &error)); break;
      case 3:
        OK(arrowio_file_read_buffer(file, left, &buffer, &error));
        arrowio_buffer_release(buffer);
        break;
      default:
        OK(arrowio_file_peek(file, left, &data, &got, &error));
        const uint8_t *newline = memchr(data, '\n', (size_t)got);
        if (newline != NULL) OK(arrowio_file_read_line(file, &data, &got, &error));
        if (newline == NULL) OK(arrowio_file_read(file, bytes, got, &got, &error));
    }
  }
}

TEST(checksums_of_what_is_read) {
  const arrowio_checksum checksums[] = {ARROWIO_CHECKSUM_CRC32C, ARROWIO_CHECKSUM_XXH3_64};
  for (int way = 0; way < 10; way++) {
    arrowio_checksum checksum = checksums[way % 2];
    arrowio_file *file = open_pattern(checksum);
    for (int i = 0; i < DIGESTS; i++) {
      move_on(file, way / 2, digests[i].size - tell(file));
      has_digest(file, checksum, i);
    }
    OK(arrowio_file_close(file, &error));
    has_digest(file, checksum, DIGESTS - 1);
    arrowio_file_release(file);
  }
}

TEST(checksums_of_what_is_written) {
  const arrowio_checksum checksums[] = {ARROWIO_CHECKSUM_CRC32C, ARROWIO_CHECKSUM_XXH3_64};
  for (int kind = 0; kind < 2; kind++) {
    arrowio_file *raw = open_host(&first, "one", SIZE), *file = NULL;
    OK(arrowio_checksum_output_stream_new(raw, checksums[kind], &file, &error));
    arrowio_file_release(raw);
    for (int i = 0; i < DIGESTS; i++) {
      OK(arrowio_file_write(file, pattern + tell(file), digests[i].size - tell(file), &error));
      has_digest(file, checksums[kind], i);
    }
    OK(arrowio_file_flush(file, &error));
    OK(arrowio_file_close(file, &error));
    has_digest(file, checksums[kind], DIGESTS - 1);
    arrowio_file_release(file);
    CHECK(first.written.size == SIZE && same(first.written.data, pattern, SIZE));
    forget();
  }
}

/* Of a failed write counts what got through. */
TEST(checksum_of_a_failed_write) {
  arrowio_file *raw = open_host(&first, "one", 129), *file = NULL;
  OK(arrowio_checksum_output_stream_new(raw, ARROWIO_CHECKSUM_XXH3_64, &file, &error));
  arrowio_file_release(raw);
  OK(arrowio_file_write(file, pattern, 17, &error));
  FAILS_WITH(ENOSPC, arrowio_file_write(file, pattern + 17, 1000, &error));
  has_digest(file, ARROWIO_CHECKSUM_XXH3_64, 6);
  CHECK_INT(129, tell(file));
  first.room = SIZE;
  OK(arrowio_file_write(file, pattern + 129, 111, &error));
  has_digest(file, ARROWIO_CHECKSUM_XXH3_64, 7);
  close_file(file);
  forget();
}

static int reads, fails_at;

static arrowio_status failing_read(void *user, void *dst, int64_t size, int64_t *out, arrowio_error **out_error) {
  static int64_t at;
  (void)user;
  if (reads == 0) at = 0;
  if (reads++ == fails_at) return arrowio_error_new(ARROWIO_IO_ERROR, EIO, "not now", out_error);
  *out = size < 10 ? size : 10;
  memcpy(dst, pattern + at, (size_t)*out);
  at += *out;
  return ARROWIO_OK;
}

/* What was read before a failure and is read again counts once. */
TEST(checksum_of_a_failed_read) {
  for (fails_at = 1; fails_at < 24; fails_at++) {
    arrowio_file_callbacks callbacks = {.struct_size = sizeof callbacks, .read = failing_read};
    arrowio_file *raw = NULL, *file = NULL;
    uint8_t bytes[240];
    int64_t got;
    reads = 0;
    OK(arrowio_callback_file_new(&callbacks, NULL, &raw, &error));
    OK(arrowio_checksum_input_stream_new(raw, ARROWIO_CHECKSUM_CRC32C, NULL, &file, &error));
    arrowio_file_release(raw);
    FAILS_WITH(EIO, arrowio_file_read(file, bytes, 240, &got, &error));
    CHECK_INT(0, tell(file));
    OK(arrowio_file_read(file, bytes, 240, &got, &error));
    CHECK(got == 240 && same(bytes, pattern, 240));
    has_digest(file, ARROWIO_CHECKSUM_CRC32C, 7);
    close_file(file);
  }
}

TEST(wrong_checksums) {
  arrowio_file *mock = NULL, *file = NULL;
  uint64_t digest;
  int64_t size;
  OK(arrowio_mock_output_stream_new(&mock, &error));
  SAYS(ARROWIO_INVALID, "checksum is 0", arrowio_checksum_output_stream_new(mock, 0, &file, &error));
  SAYS(ARROWIO_INVALID, "checksum is 3", arrowio_checksum_output_stream_new(mock, 3, &file, &error));
  SAYS(ARROWIO_INVALID, "cannot be read",
       arrowio_checksum_input_stream_new(mock, ARROWIO_CHECKSUM_CRC32C, NULL, &file, &error));
  SAYS(ARROWIO_INVALID, "not a checksummed stream", arrowio_checksum_stream_digest(mock, &digest, &size, &error));
  close_file(mock);
}

/* Gives pieces of 100 bytes; those of the script's calls fail. */
struct pieces {
  int calls, fails;
};

static arrowio_status read_pieces(void *user_data, void *dst, int64_t size, int64_t *out, arrowio_error **out_error) {
  struct pieces *pieces = user_data;
  if (++pieces->calls == pieces->fails) return arrowio_error_new(ARROWIO_IO_ERROR, EIO, "not now", out_error);
  int64_t count = pieces->calls > 20 ? 0 : size < 100 ? size : 100;
  for (int64_t i = 0; i < count; i++) ((uint8_t *)dst)[i] = (uint8_t)(i + pieces->calls);
  *out = count;
  return ARROWIO_OK;
}

static void check_digest_at(arrowio_file *file, int64_t position) {
  int64_t at, size;
  uint64_t digest;
  OK(arrowio_file_tell(file, &at, &error));
  OK(arrowio_checksum_stream_digest(file, &digest, &size, &error));
  CHECK_INT(position, at);
  CHECK_INT(position, size);
}

/* What came before a failure has not passed, and neither has what is looked at then. */
TEST(checksums_after_a_failure) {
  for (int way = 0; way < 2; way++) {
    struct pieces pieces = {.fails = 2};
    const arrowio_file_callbacks callbacks = {.struct_size = sizeof callbacks, .read = read_pieces};
    arrowio_file *raw = NULL, *file = NULL;
    arrowio_buffer *buffer = NULL;
    const uint8_t *data;
    static uint8_t bytes[100000];
    int64_t size;
    OK(arrowio_callback_file_new(&callbacks, &pieces, &raw, &error));
    OK(arrowio_checksum_input_stream_new(raw, ARROWIO_CHECKSUM_CRC32C, NULL, &file, &error));
    arrowio_file_release(raw);
    if (way == 0) FAILS(ARROWIO_IO_ERROR, arrowio_file_read(file, bytes, 200, &size, &error));
    if (way == 1) FAILS(ARROWIO_IO_ERROR, arrowio_file_read_buffer(file, 100000, &buffer, &error));
    check_digest_at(file, 0);
    OK(arrowio_file_peek(file, 250, &data, &size, &error));
    CHECK_INT(250, size);
    check_digest_at(file, 0);
    OK(arrowio_file_read(file, bytes, 30, &size, &error));
    check_digest_at(file, 30);
    OK(arrowio_file_read_line(file, &data, &size, &error));
    CHECK(size > 0 && data[size - 1] == '\n');
    check_digest_at(file, 30 + size);
    size += 30;
    OK(arrowio_file_advance(file, 150, &error));
    check_digest_at(file, size + 150);
    OK(arrowio_file_read_buffer(file, 300, &buffer, &error));
    arrowio_buffer_release(buffer);
    check_digest_at(file, size + 450);
    int64_t before = size + 450;
    OK(arrowio_file_read(file, bytes, sizeof bytes, &size, &error));
    CHECK(size > 0);
    check_digest_at(file, before + size);
    close_file(file);
  }
}

int main(int argc, char **argv) {
  start(argc, argv);
  fill(content, SIZE);
  for (int i = 0; i < SIZE; i++) pattern[i] = (uint8_t)(((int64_t)i * i) >> 3);
  RUN(tee);
  RUN(tee_fails);
  RUN(tee_to_what_cannot_be);
  RUN(tee_flush_fails);
  RUN(mock);
  RUN(slow);
  RUN(slow_until_cancelled);
  RUN(slow_options);
  RUN(checksums_of_what_is_read);
  RUN(checksums_of_what_is_written);
  RUN(checksum_of_a_failed_write);
  RUN(checksum_of_a_failed_read);
  RUN(wrong_checksums);
  RUN(checksums_after_a_failure);
  return finish_files();
}

/* Files of a cluster: what is written is what its own client reads, and the reverse, over many blocks and on many threads. */
#include "filesystem.h"
#include "../threads.h"

#define BLOCK MIB
#define SIZE (3 * BLOCK + 12345)
#define SEED 77

/* What a file is written with that has many blocks soon. */
static const arrowio_output_options small_blocks = {.block_size = BLOCK};

/* The file of three blocks and a piece that the cluster's client wrote. */
static const char *theirs(void) {
  static int is_written;
  if (!is_written) CLUSTER("write /tmp/theirs %lld %d %lld", (long long)SIZE, SEED, (long long)BLOCK);
  is_written = 1;
  return "/tmp/theirs";
}

/* In pieces over the ends of packets, of what has one checksum, and of blocks. */
TEST(written_here) {
  const int64_t pieces[] = {1000, 65536, 64 * KIB + 1, 3 * MIB + 1, 511};
  for (int i = 0; i < 5; i++) {
    arrowio_file *file = open_to_write("/tmp/ours", small_blocks);
    CHECK_INT(ARROWIO_CAPABILITY_WRITE, arrowio_file_capabilities(file));
    write_pattern(file, 0, SIZE, pieces[i], SEED + i);
    CHECK_INT(SIZE, tell(file));
    close_file(file);
    CLUSTER("check /tmp/ours %lld %d", (long long)SIZE, SEED + i);
  }
  CHECK(strstr(CLUSTER("stat /tmp/ours"), " replication=3 blocksize=1048576 permission=644 ") != NULL);
  CHECK(strstr(CLUSTER("open-files"), "/tmp/ours") == NULL);
}

TEST(read_here) {
  const int64_t pieces[] = {1000, 65536, 64 * KIB + 1, 5 * MIB, 4096};
  for (int i = 0; i < 5; i++) {
    arrowio_file *file = open_to_read(theirs());
    check_pattern(file, 0, SIZE, pieces[i], SEED);
    CHECK_INT(SIZE, tell(file));
    close_file(file);
  }
}

/* Exactly whole blocks, one byte less and one more; one byte; nothing. */
TEST(sizes_near_blocks) {
  const int64_t sizes[] = {0, 1, 511, 512, 513, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK};
  for (int i = 0; i < 9; i++) {
    arrowio_file *file = open_to_write("/tmp/near", small_blocks);
    write_pattern(file, 0, sizes[i], 300000, SEED);
    close_file(file);
    CLUSTER("check /tmp/near %lld %d", (long long)sizes[i], SEED);
    check_pattern(file = open_to_read("/tmp/near"), 0, sizes[i], 300000, SEED);
    close_file(file);
  }
}

/* Blocks of the cluster can have the other of its checksums. */
TEST(blocks_with_crc32) {
  CLUSTER("write /tmp/crc32 %lld %d %lld 3 CRC32", (long long)SIZE, SEED, (long long)BLOCK);
  arrowio_file *file = open_to_read("/tmp/crc32");
  check_pattern(file, 0, SIZE, 300000, SEED);
  close_file(file);
}

/* Written, read and read in pieces, in one call what no 32 bits can count. Each 8 bytes say where they are. */
TEST(more_than_4_gib) {
  const int64_t size = scaled(4 * GIB + 5 * MIB, 32 * MIB), far = size - 2 * MIB;
  uint64_t *numbers = malloc((size_t)size);
  int64_t got = -1;
  for (int64_t i = 0; i < size / 8; i++) numbers[i] = (uint64_t)i;
  arrowio_file *file = open_to_write("/tmp/great", (arrowio_output_options){.replication = 1});
  OK(arrowio_file_write(file, numbers, size, &error));
  CHECK_INT(size, tell(file));
  close_file(file);

  file = open_to_read("/tmp/great");
  memset(numbers, 0xff, (size_t)size);
  OK(arrowio_file_read(file, numbers, size, &got, &error));
  CHECK_INT(size, got);
  int64_t wrong = 0;
  for (int64_t i = 0; i < size / 8; i++) wrong += numbers[i] != (uint64_t)i;
  CHECK_INT(0, wrong);
  CHECK_INT(size, tell(file));
  OK(arrowio_file_read_at(file, far, numbers, size, &got, &error));
  CHECK_INT(2 * MIB, got);
  CHECK_INT(far / 8, (int64_t)numbers[0]);

  int64_t total = 0;
  OK(arrowio_file_seek(file, 0, ARROWIO_SEEK_START, NULL, &error));
  do {
    OK(arrowio_file_read(file, numbers, 16 * MIB, &got, &error));
    for (int64_t i = 0; i < got / 8; i++) wrong += numbers[i] != (uint64_t)(total / 8 + i);
    total += got;
  } while (got > 0);
  CHECK_INT(size, total);
  CHECK_INT(0, wrong);
  close_file(file);
  free(numbers);
  CLUSTER("remove /tmp/great");
}

static void check_at(arrowio_file *file, int64_t size) {
  uint8_t bytes[2000];
  int64_t at = tell(file), got = -1, expected = SIZE - at < 0 ? 0 : SIZE - at < size ? SIZE - at : size;
  OK(arrowio_file_read(file, bytes, size, &got, &error));
  CHECK_INT(expected, got);
  CHECK(is_pattern(bytes, at, got, SEED));
  CHECK_INT(at + got, tell(file));
}

TEST(seeks) {
  arrowio_file *file = open_to_read(theirs());
  int64_t size = -1, position = -1;
  OK(arrowio_file_size(file, &size, &error));
  CHECK_INT(SIZE, size);
  const int64_t targets[] = {BLOCK - 100, BLOCK, 0, 2 * BLOCK - 1, SIZE - 5, SIZE, SIZE + 100, 17};
  for (int i = 0; i < 8; i++) {
    OK(arrowio_file_seek(file, targets[i], ARROWIO_SEEK_START, &position, &error));
    CHECK_INT(targets[i], position);
    check_at(file, 2000);
  }
  OK(arrowio_file_seek(file, -BLOCK, ARROWIO_SEEK_END, &position, &error));
  CHECK_INT(SIZE - BLOCK, position);
  check_at(file, 10);
  OK(arrowio_file_seek(file, -20, ARROWIO_SEEK_CURRENT, &position, &error));
  CHECK_INT(SIZE - BLOCK - 10, position);
  FAILS(ARROWIO_INVALID, arrowio_file_seek(file, -1, ARROWIO_SEEK_START, NULL, &error));
  check_at(file, 10);
  OK(arrowio_file_advance(file, BLOCK / 2, &error));
  CHECK_INT(SIZE - BLOCK / 2, tell(file));
  check_at(file, 10);
  for (int i = 0; i < 200; i++) {
    OK(arrowio_file_seek(file, random_below(SIZE), ARROWIO_SEEK_START, NULL, &error));
    check_at(file, random_below(2000));
  }
  close_file(file);
}

TEST(reads_over_the_ends_of_blocks) {
  arrowio_file *file = open_to_read(theirs());
  uint8_t *bytes = malloc(SIZE + 1);
  const uint8_t *data;
  arrowio_buffer *buffer = NULL;
  int64_t got = -1;
  OK(arrowio_file_read_at(file, BLOCK - 3, bytes, BLOCK + 6, &got, &error));
  CHECK_INT(BLOCK + 6, got);
  CHECK(is_pattern(bytes, BLOCK - 3, got, SEED));
  OK(arrowio_file_read_at(file, 0, bytes, SIZE + 1, &got, &error));
  CHECK_INT(SIZE, got);
  CHECK(is_pattern(bytes, 0, got, SEED));
  OK(arrowio_file_read_at_buffer(file, SIZE - 10, 100, &buffer, &error));
  CHECK_INT(10, arrowio_buffer_size(buffer));
  CHECK(is_pattern(arrowio_buffer_data(buffer), SIZE - 10, 10, SEED));
  arrowio_buffer_release(buffer);
  const int64_t beyond[] = {SIZE, SIZE + 1, INT64_C(1) << 40, INT64_MAX};
  for (int i = 0; i < 4; i++) {
    OK(arrowio_file_read_at(file, beyond[i], bytes, 10, &got, &error));
    CHECK_INT(0, got);
  }
  CHECK_INT(0, tell(file));
  OK(arrowio_file_seek(file, BLOCK - 50, ARROWIO_SEEK_START, NULL, &error));
  OK(arrowio_file_peek(file, 100, &data, &got, &error));
  CHECK_INT(100, got);
  CHECK(is_pattern(data, BLOCK - 50, got, SEED));
  check_at(file, 100);
  close_file(file);
  free(bytes);
}

TEST(many_ranges) {
  enum { COUNT = 60 };
  arrowio_range ranges[COUNT];
  arrowio_buffer *buffers[COUNT];
  arrowio_executor *executor = NULL;
  OK(arrowio_executor_new(4, &executor, &error));
  arrowio_read_many_options options = {.struct_size = sizeof options, .executor = executor};
  arrowio_file *file = open_to_read(theirs());
  for (int round = 0; round < 2; round++) {
    for (int i = 0; i < COUNT; i++) ranges[i] = (arrowio_range){random_below(SIZE + 1000), random_below(100000)};
    OK(arrowio_file_read_many(file, ranges, COUNT, round ? &options : NULL, buffers, &error));
    for (int i = 0; i < COUNT; i++) {
      int64_t left = ranges[i].offset < SIZE ? SIZE - ranges[i].offset : 0;
      CHECK_INT(ranges[i].size < left ? ranges[i].size : left, arrowio_buffer_size(buffers[i]));
      CHECK(is_pattern(arrowio_buffer_data(buffers[i]), ranges[i].offset, arrowio_buffer_size(buffers[i]), SEED));
      arrowio_buffer_release(buffers[i]);
    }
  }
  close_file(file);
  OK(arrowio_executor_stop(executor, -1, &error));
  arrowio_executor_release(executor);
}

TEST(lines) {
  char line[100];
  const uint8_t *data;
  int64_t size;
  arrowio_file *file = open_to_write("/tmp/lines", (arrowio_output_options){.block_size = 4096});
  for (int i = 0; i < 2000; i++) {
    snprintf(line, sizeof line, "line %d%*s\n", i, i % 50, "");
    OK(arrowio_file_write(file, line, (int64_t)strlen(line), &error));
  }
  close_file(file);
  file = open_to_read("/tmp/lines");
  for (int i = 0; i < 2000; i++) {
    snprintf(line, sizeof line, "line %d%*s\n", i, i % 50, "");
    OK(arrowio_file_read_line(file, &data, &size, &error));
    CHECK_INT(strlen(line), size);
    CHECK(same(line, data, size));
  }
  OK(arrowio_file_read_line(file, &data, &size, &error));
  CHECK_INT(0, size);
  close_file(file);
}

static void read_at_random(int index, void *shared) {
  uint8_t bytes[5000];
  uint32_t state = (uint32_t)index + 1;
  for (int i = 0; i < 125; i++) {
    int64_t offset = (int64_t)next_random(&state) % SIZE, size = next_random(&state) % sizeof bytes, got = -1;
    int64_t expected = size < SIZE - offset ? size : SIZE - offset;
    THREAD_CHECK(arrowio_file_read_at(shared, offset, bytes, size, &got, NULL) == ARROWIO_OK);
    THREAD_CHECK(got == expected && is_pattern(bytes, offset, got, SEED));
  }
}

TEST(a_thousand_reads_on_eight_threads) {
  arrowio_file *file = open_to_read(theirs());
  run_threads(8, read_at_random, file);
  CHECK_INT(0, tell(file));
  close_file(file);
}

/* Small reads fetch as much at once as the options say, or each only its own. */
TEST(sizes_of_buffers) {
  const int64_t sizes[] = {-1, 1, 100, 1 << 20};
  arrowio_filesystem *usual = files;
  for (int i = 0; i < 4; i++) {
    files = open_filesystem(&(arrowio_filesystem_options){.struct_size = sizeof(arrowio_filesystem_options),
                                                          .buffer_size = sizes[i], .threads = 1});
    arrowio_file *file = open_to_read(theirs());
    OK(arrowio_file_seek(file, BLOCK - 2000, ARROWIO_SEEK_START, NULL, &error));
    for (int k = 0; k < 100; k++) check_at(file, 77);
    close_file(file);
    arrowio_filesystem_release(files);
  }
  files = usual;
}

/* ---- Appending ---- */

TEST(appended_here) {
  const arrowio_output_options append = {.flags = ARROWIO_OUTPUT_APPEND};
  CLUSTER("write /tmp/appended 700000 %d %lld", SEED, (long long)BLOCK);
  int64_t size = 700000;
  const int64_t more[] = {1, 1000, 0, BLOCK, 3 * BLOCK - 701001 - BLOCK, 5};
  for (int i = 0; i < 6; i++) {
    arrowio_file *file = open_to_write("/tmp/appended", append);
    CHECK_INT(size, tell(file));
    write_pattern(file, size, more[i], 100000, SEED);
    CHECK_INT(size += more[i], tell(file));
    close_file(file);
    CLUSTER("check /tmp/appended %lld %d", (long long)size, SEED);
  }
  CLUSTER("append /tmp/appended 12345 %d", SEED);
  arrowio_file *file = open_to_read("/tmp/appended");
  check_pattern(file, 0, size + 12345, 1 << 20, SEED);
  close_file(file);
  FAILS_WITH(ENOENT, fail_to_write("/tmp/missing", append));
  CHECK(strncmp("error ", cluster_command("stat /tmp/missing"), 6) == 0);
  FAILS(ARROWIO_INVALID, fail_to_write("/tmp/appended", (arrowio_output_options){
      .flags = ARROWIO_OUTPUT_APPEND | ARROWIO_OUTPUT_EXCLUSIVE}));
}

static void append_at_once(int index, void *shared) {
  (void)shared;
  char path[60];
  snprintf(path, sizeof path, "/tmp/at-once-%d", index);
  for (int i = 0; i < 4; i++) {
    const arrowio_output_options options = {.struct_size = sizeof options, .flags = i > 0 ? ARROWIO_OUTPUT_APPEND : 0};
    arrowio_file *file = NULL;
    THREAD_CHECK(arrowio_filesystem_open_output_stream(files, path, &options, &file, NULL) == ARROWIO_OK);
    THREAD_CHECK(arrowio_file_write(file, "abcd", 4, NULL) == ARROWIO_OK);
    THREAD_CHECK(arrowio_file_close(file, NULL) == ARROWIO_OK);
    arrowio_file_release(file);
  }
}

/* Right behind a close, by many: every byte is there, and stays. */
TEST(appended_at_once) {
  run_threads(8, append_at_once, NULL);
  for (int i = 0; i < 8; i++) {
    char path[60];
    snprintf(path, sizeof path, "/tmp/at-once-%d", i);
    CLUSTER("settled %s", path);
    arrowio_file *file = open_to_read(path);
    char bytes[20];
    int64_t got = -1;
    OK(arrowio_file_read(file, bytes, sizeof bytes, &got, &error));
    CHECK_INT(16, got);
    CHECK(same(bytes, "abcdabcdabcdabcd", 16));
    close_file(file);
  }
}

/* A reader has the length that the file had when it was opened. */
TEST(appended_while_read) {
  CLUSTER("write /tmp/grows 1000 %d", SEED);
  arrowio_file *before = open_to_read("/tmp/grows");
  CLUSTER("append /tmp/grows 5000 %d", SEED);
  check_pattern(before, 0, 1000, 4000, SEED);
  arrowio_file *after = open_to_read("/tmp/grows");
  check_pattern(after, 0, 6000, 4000, SEED);
  close_file(before);
  close_file(after);
}

/* A file of a size, of which so much can be read; what is behind is an error. */
static void reads_up_to(const char *path, int64_t readable, int64_t size) {
  arrowio_file *file = open_to_read(path);
  arrowio_buffer *all = NULL;
  uint8_t *bytes = malloc((size_t)readable + 1);
  int64_t found = -1, got = -1;
  OK(arrowio_file_size(file, &found, &error));
  CHECK_INT(size, found);
  FAILS_WITH(EBUSY, arrowio_file_read_all(file, &all, &error));
  FAILS_WITH(EBUSY, arrowio_file_read(file, bytes, readable + 1, &got, &error));
  CHECK_INT(0, tell(file));
  OK(arrowio_file_read(file, bytes, readable, &got, &error));
  CHECK_INT(readable, got);
  CHECK(is_pattern(bytes, 0, readable, SEED));
  SAYS(ARROWIO_IO_ERROR, "is in a block that is being written", arrowio_file_read(file, bytes, 1, &got, &error));
  CHECK_INT(readable, tell(file));
  FAILS_WITH(EBUSY, arrowio_file_read_at(file, 0, bytes, readable + 1, &got, &error));
  OK(arrowio_file_read_at(file, 0, bytes, readable, &got, &error));
  CHECK_INT(readable, got);
  OK(arrowio_file_read_at(file, size, bytes, 1, &got, &error));
  CHECK_INT(0, got);
  close_file(file);
  free(bytes);
}

/* What is being appended to is no shorter than it was. */
TEST(read_while_appended) {
  CLUSTER("write /tmp/grown %lld %d %lld", (long long)BLOCK + 1000, SEED, (long long)BLOCK);
  arrowio_file *writer = open_to_write("/tmp/grown", (arrowio_output_options){.flags = ARROWIO_OUTPUT_APPEND});
  reads_up_to("/tmp/grown", BLOCK, BLOCK + 1000);
  close_file(writer);
  arrowio_file *file = open_to_read("/tmp/grown");
  check_pattern(file, 0, BLOCK + 1000, 300000, SEED);
  close_file(file);
}

TEST(one_writer_at_a_time) {
  arrowio_file *first = open_to_write("/tmp/one-writer", small_blocks);
  OK(arrowio_file_write(first, "first", 5, &error));
  SAYS(ARROWIO_IO_ERROR, "/tmp/one-writer", fail_to_write("/tmp/one-writer", (arrowio_output_options){
      .flags = ARROWIO_OUTPUT_APPEND}));
  CHECK_INT(EBUSY, arrowio_error_os_error(failure));
  close_file(first);

  /* Whoever begins the file anew takes it away from who wrote it, and that one comes to know. */
  first = open_to_write("/tmp/one-writer", small_blocks);
  OK(arrowio_file_write(first, "first", 5, &error));
  arrowio_file *second = open_to_write("/tmp/one-writer", small_blocks);
  OK(arrowio_file_write(second, "second", 6, &error));
  close_file(second);
  SAYS(ARROWIO_IO_ERROR, "/tmp/one-writer", arrowio_file_close(first, &error));
  arrowio_file_release(first);
  CHECK(strcmp("7365636f6e64", CLUSTER("bytes /tmp/one-writer 0 6")) == 0);
}

/* ---- When it is seen ---- */

/* Flushed bytes are there for others before the file is closed; readers here can read those of all blocks but the last. */
TEST(flush_shows) {
  arrowio_file *file = open_to_write("/tmp/flushed", small_blocks);
  OK(arrowio_file_flush(file, &error));
  const int64_t ends[] = {1, 511, 512, 70000, BLOCK, BLOCK + 1, SIZE};
  for (int64_t i = 0, at = 0; i < 7; at = ends[i++]) {
    write_pattern(file, at, ends[i] - at, 100000, SEED);
    OK(i % 2 ? arrowio_file_sync(file, &error) : arrowio_file_flush(file, &error));
    OK(arrowio_file_flush(file, &error));
    CHECK_INT(ends[i], tell(file));
    reads_up_to("/tmp/flushed", (ends[i] - 1) / BLOCK * BLOCK, ends[i]);
    CLUSTER("check /tmp/flushed %lld %d", (long long)ends[i], SEED);
  }
  close_file(file);
  CLUSTER("check /tmp/flushed %lld %d", (long long)SIZE, SEED);
}

TEST(release_closes) {
  arrowio_file *file = open_to_write("/tmp/released", small_blocks);
  write_pattern(file, 0, SIZE, 65536, SEED);
  arrowio_file_release(file);
  CLUSTER("check /tmp/released %lld %d", (long long)SIZE, SEED);
  CHECK_INT(0, warnings);
}

/* What was flushed is there, and nobody has to wait for a writer that is gone. */
TEST(abort) {
  arrowio_file *file = open_to_write("/tmp/aborted", small_blocks);
  write_pattern(file, 0, 100000, 65536, SEED);
  OK(arrowio_file_flush(file, &error));
  OK(arrowio_file_write(file, "never seen", 10, &error));
  OK(arrowio_file_abort(file, &error));
  FAILS(ARROWIO_CLOSED, arrowio_file_write(file, "x", 1, &error));
  OK(arrowio_file_close(file, &error));
  arrowio_file_release(file);
  for (int i = 0; i < 200 && strstr(CLUSTER("open-files"), "/tmp/aborted") != NULL; i++) usleep(50000);
  CHECK(strstr(CLUSTER("open-files"), "/tmp/aborted") == NULL);
  CLUSTER("check /tmp/aborted 100000 %d", SEED);
}

/* ---- Another one takes the path ---- */

/* What is read is the file that was opened, as long as the cluster has it, and never the other one. */
TEST(replaced_while_read) {
  CLUSTER("write /tmp/replaced %lld %d %lld", (long long)SIZE, SEED, (long long)BLOCK);
  arrowio_file *file = open_to_read("/tmp/replaced");
  CLUSTER("write /tmp/replaced %lld %d %lld", (long long)SIZE, SEED + 1, (long long)BLOCK);
  uint8_t bytes[1000];
  arrowio_status status = ARROWIO_OK;
  int64_t got = -1;
  for (int i = 0; i < 300 && status == ARROWIO_OK; i++) {
    status = arrowio_file_read_at(file, 2 * BLOCK, bytes, sizeof bytes, &got, &error);
    CHECK(status != ARROWIO_OK || (got == sizeof bytes && is_pattern(bytes, 2 * BLOCK, got, SEED)));
    usleep(100000);
  }
  FAILS_WITH(ESTALE, status);
  FAILS_WITH(ESTALE, arrowio_file_read(file, bytes, sizeof bytes, &got, &error));
  close_file(file);
}

/* Who gives his file up does not end the other one's, who has its path. */
TEST(replaced_while_written) {
  arrowio_file *first = open_to_write("/tmp/contested", small_blocks);
  write_pattern(first, 0, 1000, 1000, SEED + 1);
  OK(arrowio_file_flush(first, &error));
  usleep(5000);
  arrowio_file *second = open_to_write("/tmp/contested", small_blocks);
  write_pattern(second, 0, 100000, 100000, SEED);
  OK(arrowio_file_flush(second, &error));
  OK(arrowio_file_abort(first, &error));
  arrowio_file_release(first);
  write_pattern(second, 100000, SIZE - 100000, 1 << 20, SEED);
  close_file(second);
  CLUSTER("check /tmp/contested %lld %d", (long long)SIZE, SEED);
}

/* ---- How it is opened ---- */

TEST(options) {
  CLUSTER("mkdir /tmp/options 777");
  close_file(open_to_write("/tmp/options/usual", (arrowio_output_options){0}));
  CHECK(strstr(CLUSTER("stat /tmp/options/usual"), "size=0 replication=3 blocksize=134217728 permission=644") != NULL);
  close_file(open_to_write("/tmp/options/chosen", (arrowio_output_options){
      .permissions = 0600, .block_size = 8192, .replication = 2}));
  CHECK(strstr(CLUSTER("stat /tmp/options/chosen"), "replication=2 blocksize=8192 permission=600") != NULL);

  arrowio_filesystem *usual = files;
  files = open_filesystem(&(arrowio_filesystem_options){.struct_size = sizeof(arrowio_filesystem_options),
                                                        .block_size = 65536, .replication = 1});
  close_file(open_to_write("/tmp/options/of-all", (arrowio_output_options){0}));
  CHECK(strstr(CLUSTER("stat /tmp/options/of-all"), "replication=1 blocksize=65536") != NULL);
  close_file(open_to_write("/tmp/options/of-one", small_blocks));
  CHECK(strstr(CLUSTER("stat /tmp/options/of-one"), "replication=1 blocksize=1048576") != NULL);
  arrowio_filesystem_release(files);
  files = usual;

  /* The cluster refuses blocks below 4096 bytes, and more copies than 512. */
  SAYS(ARROWIO_IO_ERROR, "/tmp/options/small", fail_to_write("/tmp/options/small", (arrowio_output_options){.block_size = 512}));
  SAYS(ARROWIO_IO_ERROR, "/tmp/options/often", fail_to_write("/tmp/options/often", (arrowio_output_options){.replication = 600}));
  FAILS(ARROWIO_INVALID, fail_to_write("/tmp/options/wrong", (arrowio_output_options){.block_size = -1}));
  FAILS(ARROWIO_INVALID, fail_to_write("/tmp/options/wrong", (arrowio_output_options){.replication = -1}));
  FAILS(ARROWIO_INVALID, fail_to_write("/tmp/options/wrong", (arrowio_output_options){.permissions = 010000}));
  FAILS(ARROWIO_INVALID, fail_to_write("/tmp/options/wrong", (arrowio_output_options){.flags = 64}));
  CHECK(strcmp("4 chosen of-all of-one usual", CLUSTER("list /tmp/options")) == 0);
  CLUSTER("remove /tmp/options");
}

TEST(configuration_that_is_not_there) {
  const arrowio_filesystem_options options = {.struct_size = sizeof options, .configuration_directory = "/no/such/folder"};
  arrowio_filesystem *opened = NULL;
  SAYS(ARROWIO_INVALID, "configuration_directory '/no/such/folder'",
       arrowio_filesystem_open(getenv("ARROWIO_HDFS_URI"), &options, &opened, &error));
  CHECK(opened == NULL);
}

TEST(exclusive) {
  const arrowio_output_options exclusive = {.flags = ARROWIO_OUTPUT_EXCLUSIVE};
  cluster_command("remove /tmp/exclusive");
  arrowio_file *file = open_to_write("/tmp/exclusive", exclusive);
  OK(arrowio_file_write(file, "kept", 4, &error));
  close_file(file);
  SAYS(ARROWIO_ALREADY_EXISTS, "/tmp/exclusive", fail_to_write("/tmp/exclusive", exclusive));
  CHECK_INT(EEXIST, arrowio_error_os_error(failure));
  CHECK(strstr(arrowio_error_message(failure), "org.apache") == NULL);
  CHECK(strcmp("6b657074", CLUSTER("bytes /tmp/exclusive 0 4")) == 0);
}

TEST(parents) {
  const arrowio_output_options parents = {.flags = ARROWIO_OUTPUT_PARENTS};
  cluster_command("remove /tmp/parents");
  FAILS_WITH(ENOENT, fail_to_write("/tmp/parents/a/b/file", (arrowio_output_options){0}));
  CHECK(strncmp("error ", cluster_command("stat /tmp/parents"), 6) == 0);
  for (int i = 0; i < 2; i++) close_file(open_to_write("/tmp/parents/a/b/file", parents));
  CHECK(strstr(CLUSTER("stat /tmp/parents/a/b/file"), "type=file size=0") != NULL);
  FAILS_WITH(ENOTDIR, fail_to_write("/tmp/parents/a/b/file/c", parents));
  FAILS_WITH(ENOTDIR, fail_to_write("/tmp/parents/a/b/file/c", (arrowio_output_options){0}));
  CLUSTER("remove /tmp/parents");
}

TEST(empty) {
  uint8_t bytes[10];
  const uint8_t *data;
  int64_t got = -1;
  arrowio_buffer *buffer = NULL;
  CLUSTER("write /tmp/empty 0 1");
  arrowio_file *file = open_to_read("/tmp/empty");
  OK(arrowio_file_size(file, &got, &error));
  CHECK_INT(0, got);
  OK(arrowio_file_read(file, bytes, 10, &got, &error));
  CHECK_INT(0, got);
  OK(arrowio_file_read_at(file, 0, bytes, 10, &got, &error));
  CHECK_INT(0, got);
  OK(arrowio_file_peek(file, 10, &data, &got, &error));
  CHECK_INT(0, got);
  OK(arrowio_file_read_all(file, &buffer, &error));
  CHECK_INT(0, arrowio_buffer_size(buffer));
  arrowio_buffer_release(buffer);
  OK(arrowio_file_seek(file, 10, ARROWIO_SEEK_END, &got, &error));
  CHECK_INT(10, got);
  close_file(file);
}

TEST(what_is_no_file) {
  arrowio_file *file = NULL;
  CLUSTER("mkdir /tmp/directory 777");
  SAYS(ARROWIO_IO_ERROR, "/tmp/directory", arrowio_filesystem_open_input_file(files, "/tmp/directory", &file, &error));
  CHECK_INT(EISDIR, arrowio_error_os_error(failure));
  FAILS_WITH(EISDIR, fail_to_write("/tmp/directory", (arrowio_output_options){0}));
  FAILS_WITH(EISDIR, fail_to_write("/tmp/directory", (arrowio_output_options){.flags = ARROWIO_OUTPUT_APPEND}));
  FAILS(ARROWIO_ALREADY_EXISTS, fail_to_write("/tmp/directory", (arrowio_output_options){.flags = ARROWIO_OUTPUT_EXCLUSIVE}));
  FAILS_WITH(EISDIR, fail_to_write("/", (arrowio_output_options){0}));
  FAILS_WITH(EISDIR, arrowio_filesystem_open_input_file(files, "/", &file, &error));
  SAYS(ARROWIO_IO_ERROR, "/tmp/missing", arrowio_filesystem_open_input_file(files, "/tmp/missing", &file, &error));
  CHECK_INT(ENOENT, arrowio_error_os_error(failure));
  FAILS_WITH(ENOENT, arrowio_filesystem_open_input_file(files, "/tmp/missing/file", &file, &error));
  FAILS_WITH(ENOTDIR, arrowio_filesystem_open_input_file(files, "/tmp/exclusive/file", &file, &error));
  CHECK(file == NULL);
  CLUSTER("remove /tmp/directory");
}

static int threads(void) {
  DIR *listing = opendir("/proc/self/task");
  int count = 0;
  CHECK(listing != NULL);
  while (readdir(listing) != NULL) count++;
  closedir(listing);
  return count;
}

/* Files live on when the file system is released first; its threads end with the last of them. */
TEST(files_keep_the_file_system) {
  int before = threads();
  arrowio_filesystem *usual = files;
  files = open_filesystem(NULL);
  arrowio_file *reader = open_to_read(theirs()), *writer = open_to_write("/tmp/kept", small_blocks);
  arrowio_filesystem_release(files);
  files = usual;
  check_pattern(reader, 0, SIZE, 1 << 20, SEED);
  write_pattern(writer, 0, SIZE, 1 << 20, SEED);
  close_file(reader);
  CHECK(threads() > before);
  close_file(writer);
  CLUSTER("check /tmp/kept %lld %d", (long long)SIZE, SEED);
  CHECK_INT(before, threads());
}

TEST(begin) { files = open_filesystem(NULL); }

TEST(end) { arrowio_filesystem_release(files); }

int main(int argc, char **argv) {
  start(argc, argv);
  RUN(begin);
  RUN(written_here);
  RUN(read_here);
  RUN(sizes_near_blocks);
  RUN(blocks_with_crc32);
  RUN(more_than_4_gib);
  RUN(seeks);
  RUN(reads_over_the_ends_of_blocks);
  RUN(many_ranges);
  RUN(lines);
  RUN(a_thousand_reads_on_eight_threads);
  RUN(sizes_of_buffers);
  RUN(appended_here);
  RUN(appended_at_once);
  RUN(appended_while_read);
  RUN(read_while_appended);
  RUN(one_writer_at_a_time);
  RUN(replaced_while_read);
  RUN(replaced_while_written);
  RUN(flush_shows);
  RUN(release_closes);
  RUN(abort);
  RUN(options);
  RUN(configuration_that_is_not_there);
  RUN(exclusive);
  RUN(parents);
  RUN(empty);
  RUN(what_is_no_file);
  RUN(files_keep_the_file_system);
  RUN(end);
  return finish_files();
}

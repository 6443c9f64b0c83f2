/* Codecs: what there is, whole pieces of memory by one call, detection, what lies behind the data, limits, large amounts. */
#include "codecs.h"
#include "pools.h"

/* The numbers of all codecs, with streams and without. */
enum { FIRST_CODEC = ARROWIO_CODEC_GZIP, LAST_CODEC = ARROWIO_CODEC_XZ };

#define EACH_NUMBER(id) for (arrowio_codec id = FIRST_CODEC; id <= LAST_CODEC; id++)

static uint8_t content[200000], result[300000];

static arrowio_codec_info described(arrowio_codec id) {
  arrowio_codec_info info = {.struct_size = sizeof info};
  OK(arrowio_codec_describe(id, &info, &error));
  return info;
}

static arrowio_compression_options at_level(int32_t level) {
  return (arrowio_compression_options){.struct_size = sizeof(arrowio_compression_options), .compression_level = level};
}

static arrowio_decompression_options plain_decompression(void) {
  return (arrowio_decompression_options){.struct_size = sizeof(arrowio_decompression_options)};
}

/* A level at which it is fast; 0 without levels. */
static int32_t quick_level(const arrowio_codec_info *info) {
  return info->has_levels ? 1 : 0;
}

static arrowio_buffer *packed_buffer(arrowio_codec id, const void *data, int64_t size) {
  const arrowio_codec_info info = described(id);
  const arrowio_compression_options options = at_level(quick_level(&info));
  arrowio_buffer *buffer = NULL;
  OK(arrowio_codec_compress_buffer(id, data, size, &options, &buffer, &error));
  return buffer;
}

static struct bytes packed(arrowio_codec id, const void *data, int64_t size) {
  return take_buffer(packed_buffer(id, data, size));
}

/* ---- What there is ---- */

static arrowio_codec number_of(const char *name) {
  arrowio_codec codec = NO_CODEC;
  OK(arrowio_codec_from_name(name, &codec, &error));
  return codec;
}

TEST(names) {
  static const struct {
    const char *name;
    arrowio_codec id;
  } others[] = {{"GZip", ARROWIO_CODEC_GZIP}, {"bzip2", ARROWIO_CODEC_BZIP2}, {"SNAPPY", ARROWIO_CODEC_SNAPPY}};
  arrowio_codec codec = NO_CODEC;
  EACH_NUMBER(id) CHECK_INT(id, number_of(described(id).name));
  for (int i = 0; i < COUNT(others); i++) CHECK_INT(others[i].id, number_of(others[i].name));
  SAYS(ARROWIO_INVALID, "snappy_hadoop", arrowio_codec_from_name("gzip2", &codec, &error));
  FAILS(ARROWIO_INVALID, arrowio_codec_from_name("", &codec, &error));
  CHECK_INT(NO_CODEC, codec);
}

TEST(descriptions) {
  const arrowio_codec none[] = {ARROWIO_CODEC_DETECT, ARROWIO_CODEC_NONE, ARROWIO_CODEC_DETECT_CONTENT, LAST_CODEC + 1,
                                NO_CODEC, UINT32_MAX};
  arrowio_codec_info info = {.struct_size = sizeof info};
  EACH_CODEC(codec) {
    info = described(codec->id);
    CHECK(strcmp(info.name, codec->name) == 0);
    CHECK_INT(codec->least, info.least_level);
    CHECK_INT(codec->usual, info.default_level);
    CHECK_INT(codec->greatest, info.greatest_level);
    CHECK_INT(codec->greatest != 0, info.has_levels);
  }
  for (int i = 0; i < COUNT(none); i++) FAILS(ARROWIO_INVALID, arrowio_codec_describe(none[i], &info, &error));
  CHECK_INT(0, described(ARROWIO_CODEC_LZ4_RAW).has_streams);
  CHECK_INT(0, described(ARROWIO_CODEC_SNAPPY).has_streams);
  CHECK_INT(1, described(ARROWIO_CODEC_SNAPPY_HADOOP).has_streams);
}

TEST(paths) {
  static const struct {
    const char *path;
    arrowio_codec id;
  } paths[] = {
      {"a.gz", ARROWIO_CODEC_GZIP}, {"A.GZIP", ARROWIO_CODEC_GZIP}, {"a.vcf.bgz", ARROWIO_CODEC_GZIP},
      {"a.zst", ARROWIO_CODEC_ZSTD}, {"a.csv.zstd", ARROWIO_CODEC_ZSTD}, {"a.zz", ARROWIO_CODEC_ZLIB},
      {"a.zlib", ARROWIO_CODEC_ZLIB}, {"a.deflate", ARROWIO_CODEC_DEFLATE}, {"a.lz4", ARROWIO_CODEC_LZ4},
      {"a.bz2", ARROWIO_CODEC_BZIP2}, {"a.Bz", ARROWIO_CODEC_BZIP2}, {"a.br", ARROWIO_CODEC_BROTLI},
      {"a.sz", ARROWIO_CODEC_SNAPPY_FRAMED}, {"a.snappy", ARROWIO_CODEC_SNAPPY_HADOOP}, {"a.xz", ARROWIO_CODEC_XZ},
      {"a", ARROWIO_CODEC_NONE}, {"", ARROWIO_CODEC_NONE}, {"gz", ARROWIO_CODEC_NONE}, {"a.gz.csv", ARROWIO_CODEC_NONE},
  };
  for (int i = 0; i < COUNT(paths); i++) {
    arrowio_codec codec = NO_CODEC;
    OK(arrowio_codec_from_path(paths[i].path, &codec, &error));
    CHECK_INT(paths[i].id, codec);
  }
}

/* What begins so that it is hardly anything else is recognised by as much as is there, or not at all. */
TEST(detection) {
  const arrowio_codec distinct[] = {ARROWIO_CODEC_GZIP, ARROWIO_CODEC_ZSTD, ARROWIO_CODEC_LZ4, ARROWIO_CODEC_BZIP2,
                                    ARROWIO_CODEC_SNAPPY_FRAMED, ARROWIO_CODEC_XZ};
  EACH_NUMBER(id) {
    arrowio_codec expected = ARROWIO_CODEC_NONE, detected = NO_CODEC;
    struct bytes bytes = packed(id, content, 1000);
    for (int i = 0; i < COUNT(distinct); i++) expected = distinct[i] == id ? id : expected;
    for (int64_t size = bytes.size; size >= 0; size--) {
      OK(arrowio_codec_detect(bytes.data, size, &detected, &error));
      CHECK(detected == expected || (size < 16 && detected == ARROWIO_CODEC_NONE));
    }
    drop(&bytes);
  }
}

/* ---- Pieces of memory ---- */

static void check_one_shot(arrowio_codec id, const arrowio_compression_options *options, int64_t size) {
  int64_t most = -1, made = -1, again = -1, got = -1, consumed = -1;
  OK(arrowio_codec_max_compressed_size(id, size, &most, &error));
  CHECK(most <= (int64_t)sizeof result);
  OK(arrowio_codec_compress(id, content, size, options, result, most, &made, &error));
  struct bytes bytes = copy_of(result, made);

  /* Exactly the room that it takes is enough, and less is not. */
  OK(arrowio_codec_compress(id, content, size, options, result, made, &again, &error));
  CHECK(again == made && same(result, bytes.data, made));
  SAYS(ARROWIO_CAPACITY_ERROR, "fit", arrowio_codec_compress(id, content, size, options, result, made - 1, &again, &error));
  OK(arrowio_codec_decompress(id, bytes.data, bytes.size, NULL, result, size, &got, &consumed, &error));
  CHECK(got == size && consumed == made && same(result, content, size));
  OK(arrowio_codec_decompress(id, bytes.data, bytes.size, NULL, result, sizeof result, &got, NULL, &error));
  CHECK(got == size && same(result, content, size));
  if (size > 0) {
    FAILS(ARROWIO_CAPACITY_ERROR,
          arrowio_codec_decompress(id, bytes.data, bytes.size, NULL, result, size - 1, &got, NULL, &error));
  }

  arrowio_buffer *buffer = NULL;
  OK(arrowio_codec_compress_buffer(id, content, size, options, &buffer, &error));
  CHECK(arrowio_buffer_size(buffer) == made && same(arrowio_buffer_data(buffer), bytes.data, made));
  arrowio_buffer_release(buffer);
  OK(arrowio_codec_decompress_buffer(id, bytes.data, bytes.size, NULL, &buffer, &consumed, &error));
  CHECK(arrowio_buffer_size(buffer) == size && same(arrowio_buffer_data(buffer), content, size) && consumed == made);
  arrowio_buffer_release(buffer);
  drop(&bytes);
}

TEST(one_shot) {
  const int64_t sizes[] = {0, 1, 13, 1000, 70000, 200000};
  EACH_NUMBER(id) {
    arrowio_codec_info info = described(id);
    /* The greatest levels of these take very much memory. */
    int32_t greatest = id == ARROWIO_CODEC_XZ || id == ARROWIO_CODEC_ZSTD ? info.default_level : info.greatest_level;
    int32_t levels[] = {0, info.least_level != 0 ? info.least_level : ARROWIO_COMPRESSION_LEVEL_ZERO, greatest};
    for (int i = 0; i < 6 && sizes[i] <= scaled(200000, 1000); i++) {
      for (int level = 0; level < (info.has_levels ? 3 : 1); level++) {
        arrowio_compression_options options = at_level(levels[level]);
        check_one_shot(id, &options, sizes[i]);
      }
    }
  }
}

TEST(bad_arguments) {
  int64_t size = -2;
  arrowio_buffer *buffer = NULL;
  EACH_NUMBER(id) {
    FAILS(ARROWIO_INVALID, arrowio_codec_max_compressed_size(id, -1, &size, &error));
    FAILS(ARROWIO_INVALID, arrowio_codec_compress(id, content, -1, NULL, result, 100, &size, &error));
    FAILS(ARROWIO_INVALID, arrowio_codec_compress(id, content, 1, NULL, result, -1, &size, &error));
    FAILS(ARROWIO_INVALID, arrowio_codec_decompress(id, content, -1, NULL, result, 1, &size, NULL, &error));
    FAILS(ARROWIO_INVALID, arrowio_codec_decompress_buffer(id, NULL, 1, NULL, &buffer, NULL, &error));
  }
  FAILS(ARROWIO_INVALID, arrowio_codec_compress_buffer(ARROWIO_CODEC_DETECT, content, 1, NULL, &buffer, &error));
  FAILS(ARROWIO_INVALID, arrowio_codec_decompress_buffer(ARROWIO_CODEC_NONE, content, 1, NULL, &buffer, NULL, &error));
  CHECK(size == -2 && buffer == NULL);
}

/* Of each codec what it has not. */
TEST(refused_options) {
  EACH_NUMBER(id) {
    const arrowio_codec_info info = described(id);
    const int is_deflate = id == ARROWIO_CODEC_GZIP || id == ARROWIO_CODEC_ZLIB || id == ARROWIO_CODEC_DEFLATE;
    const int has_larger_window = id == ARROWIO_CODEC_ZSTD || id == ARROWIO_CODEC_BROTLI;
    const int has_dictionary = id == ARROWIO_CODEC_ZSTD;
    const struct {
      arrowio_compression_options options;
      int is_refused;
      const char *says;
    } cases[] = {
        {at_level(info.greatest_level + 1), 1, "level"},
        {at_level(INT32_MAX), 1, "level"},
        {{.window_log = 8}, 1, "window_log"},
        {{.window_log = 10}, !is_deflate && !has_larger_window, "window"},
        {{.window_log = 20}, !has_larger_window, "window"},
        {{.window_log = 32}, 1, "window_log"},
        {{.window_log = -1}, 1, "window_log"},
        {{.dictionary = "words", .dictionary_size = 5}, !has_dictionary, "dictionary"},
        {{.dictionary = NULL, .dictionary_size = 5}, 1, "dictionary"},
        {{.threads = -1}, 1, "threads"},
        {{.without_checksum = 2}, 1, "without_checksum"},
        {{.without_checksum = 1}, id == ARROWIO_CODEC_GZIP || id == ARROWIO_CODEC_ZLIB || id == ARROWIO_CODEC_BZIP2 ||
                                      id == ARROWIO_CODEC_SNAPPY_FRAMED, "checksum"},
    };
    for (int i = 0; i < COUNT(cases); i++) {
      arrowio_compression_options options = cases[i].options;
      arrowio_buffer *buffer = NULL;
      options.struct_size = sizeof options;
      if (cases[i].is_refused) {
        SAYS(ARROWIO_INVALID, cases[i].says, arrowio_codec_compress_buffer(id, content, 10, &options, &buffer, &error));
      } else {
        OK(arrowio_codec_compress_buffer(id, content, 10, &options, &buffer, &error));
      }
      arrowio_buffer_release(buffer);
    }
  }
}

TEST(dictionary) {
  arrowio_compression_options with = at_level(3);
  arrowio_decompression_options of = plain_decompression();
  arrowio_buffer *buffer = NULL;
  int64_t size = -1;
  with.dictionary = of.dictionary = content;
  with.dictionary_size = of.dictionary_size = 50000;
  OK(arrowio_codec_compress(ARROWIO_CODEC_ZSTD, content + 1000, 20000, &with, result, sizeof result, &size, &error));
  CHECK(size < 500);
  struct bytes bytes = copy_of(result, size);
  OK(arrowio_codec_decompress(ARROWIO_CODEC_ZSTD, bytes.data, bytes.size, &of, result, sizeof result, &size, NULL, &error));
  CHECK(size == 20000 && same(result, content + 1000, size));
  FAILS(ARROWIO_IO_ERROR, arrowio_codec_decompress_buffer(ARROWIO_CODEC_ZSTD, bytes.data, bytes.size, NULL, &buffer, NULL, &error));
  of.dictionary = content + 100000;
  FAILS(ARROWIO_IO_ERROR, arrowio_codec_decompress_buffer(ARROWIO_CODEC_ZSTD, bytes.data, bytes.size, &of, &buffer, NULL, &error));
  drop(&bytes);
}

/* What is missing is found, wherever it begins, and what there is does no harm. */
TEST(every_truncation_by_one_call) {
  int64_t size = scaled(3000, 300);
  EACH_NUMBER(id) {
    struct bytes whole = packed(id, content, size);
    for (int64_t length = 0; length < whole.size; length++) {
      int64_t got = -1;
      /* In memory of its own, of which reading too much is noticed. */
      struct bytes part = {malloc((size_t)length + (length == 0)), length};
      memcpy(part.data, whole.data, (size_t)length);
      arrowio_status status = arrowio_codec_decompress(id, part.data, length, NULL, result, sizeof result, &got, NULL, &error);
      int is_beginning = status == ARROWIO_OK && got < size && same(result, content, got);
      CHECK(status == ARROWIO_IO_ERROR || is_beginning);
      /* Nothing at all is nothing compressed, and some formats end anywhere between blocks. */
      int may_end = length == 0 || id == ARROWIO_CODEC_SNAPPY_FRAMED || id == ARROWIO_CODEC_SNAPPY_HADOOP ||
                    id == ARROWIO_CODEC_LZ4_HADOOP || id == ARROWIO_CODEC_LZ4_RAW;
      CHECK(may_end || status == ARROWIO_IO_ERROR);
      arrowio_error_release(error);
      error = NULL;
      drop(&part);
    }
    drop(&whole);
  }
}

/* ---- What lies behind ---- */

static arrowio_file *reading(struct bytes bytes, arrowio_codec id, const arrowio_decompression_options *options,
                             arrowio_file **raw) {
  arrowio_file *file = NULL;
  arrowio_buffer *buffer = buffer_of(bytes.data, bytes.size);
  OK(arrowio_buffer_reader_new(buffer, raw, &error));
  OK(arrowio_compressed_input_stream_new(*raw, id, options, &file, &error));
  arrowio_buffer_release(buffer);
  return file;
}

static void check_trailing(arrowio_codec id, arrowio_trailing trailing, int64_t threads) {
  const char *rest = "what lies behind";
  arrowio_decompression_options options = plain_decompression();
  arrowio_file *raw = NULL;
  arrowio_buffer *buffer = NULL;
  int64_t got = -1, consumed = -1, position = -1;
  char read[100];
  struct bytes bytes = packed(id, content, 1000);
  int64_t end = bytes.size;
  append(&bytes, rest, 16);
  options.trailing = trailing;
  options.threads = (int32_t)threads;
  arrowio_file *file = reading(bytes, id, &options, &raw);
  if (trailing == ARROWIO_TRAILING_ERROR) {
    FAILS(ARROWIO_IO_ERROR, arrowio_file_read_all(file, &buffer, &error));
    FAILS(ARROWIO_IO_ERROR, arrowio_codec_decompress_buffer(id, bytes.data, bytes.size, &options, &buffer, NULL, &error));
  } else {
    OK(arrowio_file_read(file, result, sizeof result, &got, &error));
    CHECK(got == 1000 && same(result, content, got));
    OK(arrowio_file_read(file, result, 1, &got, &error));
    CHECK_INT(0, got);
    OK(arrowio_file_raw_tell(file, &position, &error));
    CHECK_INT(end, position);
    OK(arrowio_codec_decompress(id, bytes.data, bytes.size, &options, result, sizeof result, &got, &consumed, &error));
    CHECK(got == 1000 && consumed == end);
  }
  if (trailing == ARROWIO_TRAILING_LEAVE) {
    CHECK_INT(end, tell(raw));
    OK(arrowio_file_read(raw, read, sizeof read, &got, &error));
    CHECK(got == 16 && same(read, rest, 16));
  }
  close_file(file);
  arrowio_file_release(raw);
  drop(&bytes);
}

TEST(trailing) {
  EACH_CODEC(codec) {
    for (int threads = 0; threads <= 2; threads += 2) {
      check_trailing(codec->id, ARROWIO_TRAILING_ERROR, threads);
      check_trailing(codec->id, ARROWIO_TRAILING_IGNORE, threads);
      check_trailing(codec->id, ARROWIO_TRAILING_LEAVE, threads);
    }
  }
}

/* ---- Detection of what is opened ---- */

static int opens_as(const char *name, arrowio_codec codec, const void *data, int64_t size) {
  const arrowio_stream_options options = {.struct_size = sizeof options, .codec = codec};
  arrowio_file *file = NULL;
  arrowio_buffer *all = NULL;
  OK(arrowio_input_stream_open(here(name), &options, &file, &error));
  OK(arrowio_file_read_all(file, &all, &error));
  int does = arrowio_buffer_size(all) == size && same(arrowio_buffer_data(all), data, size);
  arrowio_buffer_release(all);
  close_file(file);
  return does;
}

TEST(files_that_say_what_they_are) {
  struct bytes gzip = packed(ARROWIO_CODEC_GZIP, content, 1000);
  save(here("unnamed"), gzip.data, gzip.size);
  CHECK(opens_as("unnamed", ARROWIO_CODEC_DETECT, content, 1000));
  CHECK(opens_as("unnamed", ARROWIO_CODEC_DETECT_CONTENT, content, 1000));
  CHECK(opens_as("unnamed", ARROWIO_CODEC_NONE, gzip.data, gzip.size));
  /* Too short to be anything, and nothing. */
  for (int64_t size = 0; size < 3; size++) {
    save(here("short"), gzip.data, size);
    CHECK(opens_as("short", ARROWIO_CODEC_DETECT, gzip.data, size));
  }
  drop(&gzip);
}

static void *fill_pipe(void *bytes) {
  const struct bytes *given = bytes;
  int fd = open(here("pipe"), O_WRONLY | O_CLOEXEC);
  ssize_t written = write(fd, given->data, (size_t)given->size);
  close(fd);
  return (void *)(intptr_t)(written == given->size);
}

static int pipe_opens_as(struct bytes bytes, arrowio_codec codec, const void *data, int64_t size) {
  pthread_t writer;
  void *done = NULL;
  CHECK_INT(0, pthread_create(&writer, NULL, fill_pipe, &bytes));
  int does = opens_as("pipe", codec, data, size);
  pthread_join(writer, &done);
  return does && done != NULL;
}

/* Whoever writes into a pipe may want to see something first. */
TEST(pipes_are_looked_at_only_when_asked) {
  struct bytes zstd = packed(ARROWIO_CODEC_ZSTD, content, 1000), text = copy_of("just text", 9);
  CHECK_INT(0, mkfifo(here("pipe"), 0600));
  CHECK(pipe_opens_as(zstd, ARROWIO_CODEC_DETECT, zstd.data, zstd.size));
  CHECK(pipe_opens_as(zstd, ARROWIO_CODEC_DETECT_CONTENT, content, 1000));
  CHECK(pipe_opens_as(text, ARROWIO_CODEC_DETECT_CONTENT, text.data, text.size));
  drop(&zstd);
  drop(&text);
}

TEST(a_wrong_name_says_what_it_is) {
  struct bytes zstd = packed(ARROWIO_CODEC_ZSTD, content, 1000);
  arrowio_file *file = NULL;
  arrowio_buffer *all = NULL;
  save(here("wrong.gz"), zstd.data, zstd.size);
  arrowio_status status = arrowio_input_stream_open(here("wrong.gz"), NULL, &file, &error);
  SAYS(ARROWIO_IO_ERROR, "zstd", status == ARROWIO_OK ? arrowio_file_read_all(file, &all, &error) : status);
  CHECK(strstr(arrowio_error_message(failure), "gzip") != NULL);
  if (file != NULL) close_file(file);
  CHECK(opens_as("wrong.gz", ARROWIO_CODEC_DETECT_CONTENT, content, 1000));
  drop(&zstd);
}

/* ---- Limits ---- */

/* A limit ends it before memory is taken. */
static void check_bomb(arrowio_codec id, struct bytes bomb, int64_t max_output, int64_t max_ratio) {
  arrowio_decompression_options options = plain_decompression();
  arrowio_pool *pool = NULL;
  arrowio_file *raw = NULL;
  arrowio_buffer *buffer = NULL;
  /* Beside the data there is the decoder's own memory, and what is read to the end grows by doubling. */
  int64_t limit = max_output != 0 ? max_output : 2 * (bomb.size * max_ratio + 65536);
  int64_t own = id == ARROWIO_CODEC_BROTLI ? 8 * MIB : 2 * MIB;
  OK(arrowio_pool_new_proxy(NULL, &pool, &error));
  options.pool = pool;
  options.max_output_size = max_output;
  options.max_ratio = max_ratio;
  arrowio_status status = arrowio_codec_decompress_buffer(id, bomb.data, bomb.size, &options, &buffer, NULL, &error);
  FAILS(ARROWIO_CAPACITY_ERROR, status);
  if (described(id).has_streams) {
    arrowio_file *file = reading(bomb, id, &options, &raw);
    FAILS(ARROWIO_CAPACITY_ERROR, arrowio_file_read_all(file, &buffer, &error));
    CHECK(tell(file) == 0);
    close_file(file);
    arrowio_file_release(raw);
  }
  CHECK(arrowio_pool_max_memory(pool) <= limit + own);
  CHECK_INT(0, arrowio_pool_bytes_allocated(pool));
  arrowio_pool_release(pool);
}

TEST(bombs) {
  int64_t size = scaled(400 * MIB, 4 * MIB);
  uint8_t *zeros = wide((size + LAP - 1) / LAP * LAP);
  EACH_NUMBER(id) {
    if (id == ARROWIO_CODEC_BZIP2 || id == ARROWIO_CODEC_XZ) continue;
    struct bytes bomb = packed(id, zeros, size);
    check_bomb(id, bomb, MIB, 0);
    check_bomb(id, bomb, 0, 5);
    drop(&bomb);
  }
  munmap(zeros, (size_t)((size + LAP - 1) / LAP * LAP));
}

/* The window that a frame asks for is taken within the limit for it, up to the largest that there are. */
TEST(zstd_windows) {
  uint8_t frame[] = {0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0x09, 0, 0, 'x'};
  for (int window_log = 27; window_log <= 31; window_log++) {
    arrowio_decompression_options options = plain_decompression();
    arrowio_file *raw = NULL;
    int64_t got = -1;
    frame[5] = (uint8_t)((window_log - 10) << 3);
    struct bytes bytes = {frame, sizeof frame};
    options.memory_limit = (INT64_C(1) << window_log) - 1;
    arrowio_file *file = reading(bytes, ARROWIO_CODEC_ZSTD, &options, &raw);
    SAYS(ARROWIO_CAPACITY_ERROR, "memory_limit", arrowio_file_read(file, result, 1, &got, &error));
    close_file(file);
    arrowio_file_release(raw);
    options.memory_limit = (INT64_C(1) << window_log) + 2 * MIB;
    file = reading(bytes, ARROWIO_CODEC_ZSTD, &options, &raw);
    OK(arrowio_file_read(file, result, 1, &got, &error));
    CHECK(got == 1 && result[0] == 'x');
    close_file(file);
    arrowio_file_release(raw);
  }
}

/* ---- Large amounts ---- */

enum { MARKED = 100000 };

/* Zeros, with marks in the last lap, which are all that memory of laps can hold apart; its checksums tell the rest. */
static const int64_t LARGE_SIZE = 4 * GIB + MIB + 3;

static uint8_t *large_content(void) {
  uint8_t *bytes = wide(LARGE_SIZE);
  memcpy(bytes, content, MARKED);
  return bytes;
}

static void check_large_content(uint8_t *bytes) {
  CHECK(same(bytes + 4 * GIB, content, MARKED));
  memset(bytes, 0, LAP);
}

static void check_large_read(arrowio_codec id, struct bytes bytes, uint8_t *memory, int64_t size) {
  arrowio_file *raw = NULL;
  int64_t got = -1;
  arrowio_file *file = reading(bytes, id, NULL, &raw);
  OK(arrowio_file_read(file, memory, size, &got, &error));
  CHECK_INT(size, got);
  OK(arrowio_file_read(file, result, 1, &got, &error));
  CHECK_INT(0, got);
  CHECK_INT(size, tell(file));
  close_file(file);
  arrowio_file_release(raw);
}

static int is_slowly_written(arrowio_codec id) {
  return id == ARROWIO_CODEC_BZIP2 || id == ARROWIO_CODEC_XZ;
}

static struct bytes write_at_once(arrowio_codec id, const uint8_t *memory, int64_t size) {
  const arrowio_codec_info info = described(id);
  arrowio_compression_options options = at_level(quick_level(&info));
  options.threads = is_slowly_written(id) ? 2 : 0;
  arrowio_file *raw = NULL, *file = NULL;
  arrowio_buffer *buffer = NULL;
  OK(arrowio_buffer_output_stream_new(NULL, 0, &raw, &error));
  OK(arrowio_compressed_output_stream_new(raw, id, &options, &file, &error));
  OK(arrowio_file_write(file, memory, size, &error));
  CHECK_INT(size, tell(file));
  OK(arrowio_file_close(file, &error));
  OK(arrowio_buffer_output_stream_finish(raw, &buffer, &error));
  arrowio_file_release(file);
  arrowio_file_release(raw);
  return take_buffer(buffer);
}

TEST(more_than_4_gib_by_a_stream) {
  uint8_t *memory = large_content();
  EACH_NUMBER(id) {
    if (!described(id).has_streams) continue;
    memcpy(memory, content, MARKED);
    struct bytes bytes = write_at_once(id, memory, LARGE_SIZE);
    memset(memory, 0, LAP);
    check_large_read(id, bytes, memory, LARGE_SIZE);
    check_large_content(memory);
    drop(&bytes);
  }
  munmap(memory, (size_t)LARGE_SIZE);
}

TEST(more_than_4_gib_by_one_call) {
  const arrowio_codec codecs_of_calls[] = {ARROWIO_CODEC_GZIP, ARROWIO_CODEC_ZSTD, ARROWIO_CODEC_LZ4,
                                           ARROWIO_CODEC_LZ4_HADOOP, ARROWIO_CODEC_BROTLI};
  uint8_t *memory = large_content();
  for (int i = 0; i < COUNT(codecs_of_calls); i++) {
    int64_t got = -1;
    memcpy(memory, content, MARKED);
    struct bytes bytes = packed(codecs_of_calls[i], memory, LARGE_SIZE);
    memset(memory, 0, LAP);
    OK(arrowio_codec_decompress(codecs_of_calls[i], bytes.data, bytes.size, NULL, memory, LARGE_SIZE, &got, NULL, &error));
    CHECK_INT(LARGE_SIZE, got);
    check_large_content(memory);
    drop(&bytes);
  }
  munmap(memory, (size_t)LARGE_SIZE);
}

/* Blocks have sizes of 32 bits. */
TEST(too_large_for_a_block) {
  const arrowio_codec blocks[] = {ARROWIO_CODEC_SNAPPY, ARROWIO_CODEC_LZ4_RAW};
  uint8_t *memory = wide(LARGE_SIZE);
  for (int i = 0; i < COUNT(blocks); i++) {
    arrowio_buffer *buffer = NULL;
    int64_t got = -1;
    SAYS(ARROWIO_CAPACITY_ERROR, "4296015875 bytes",
         arrowio_codec_compress_buffer(blocks[i], memory, LARGE_SIZE, NULL, &buffer, &error));
    FAILS(ARROWIO_CAPACITY_ERROR,
          arrowio_codec_compress(blocks[i], memory, LARGE_SIZE, NULL, result, sizeof result, &got, &error));
    CHECK(buffer == NULL && got == -1);
  }
  munmap(memory, (size_t)LARGE_SIZE);
}

int main(int argc, char **argv) {
  start(argc, argv);
  fill(content, sizeof content);
  RUN(names);
  RUN(descriptions);
  RUN(paths);
  RUN(detection);
  RUN(one_shot);
  RUN(bad_arguments);
  RUN(refused_options);
  RUN(dictionary);
  RUN(every_truncation_by_one_call);
  RUN(trailing);
  RUN(files_that_say_what_they_are);
  RUN(pipes_are_looked_at_only_when_asked);
  RUN(a_wrong_name_says_what_it_is);
  RUN(bombs);
  RUN(zstd_windows);
  if (!is_slow()) RUN(more_than_4_gib_by_a_stream);
  if (!is_slow()) RUN(more_than_4_gib_by_one_call);
  if (!is_slow()) RUN(too_large_for_a_block);
  return finish_files();
}

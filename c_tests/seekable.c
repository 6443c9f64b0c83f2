/* Compressed files that are read at any place: formats, many threads, indexes that are saved, loaded and refused. */
#include "files.h"
#include "codecs.h"
#include "threads.h"

enum { SIZE = 3000000, FRAME = 40000 };
static uint8_t content[SIZE];

/* Numbers, words, and what was there before. */
static void make_content(void) {
  uint64_t seed = 88172645463325252u;
  for (int i = 0; i < SIZE; i++) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    content[i] = i % 3000 < 1500 ? (uint8_t)seed : i % 7 == 0 ? (uint8_t)(seed % 5) : content[i - 1500];
  }
}

static struct bytes framed(arrowio_codec codec, int64_t frame_size) {
  arrowio_compression_options options = {.struct_size = sizeof options, .frame_size = frame_size};
  arrowio_file *raw = NULL, *file = NULL;
  arrowio_buffer *buffer = NULL;
  OK(arrowio_buffer_output_stream_new(NULL, 0, &raw, &error));
  OK(arrowio_compressed_output_stream_new(raw, codec, &options, &file, &error));
  for (int64_t at = 0; at < SIZE; at += 123457) {
    OK(arrowio_file_write(file, content + at, SIZE - at < 123457 ? SIZE - at : 123457, &error));
  }
  OK(arrowio_file_close(file, &error));
  OK(arrowio_buffer_output_stream_finish(raw, &buffer, &error));
  arrowio_file_release(file);
  arrowio_file_release(raw);
  return take_buffer(buffer);
}

static arrowio_file *reader_of(struct bytes bytes) {
  arrowio_buffer *buffer = buffer_of(bytes.data, bytes.size);
  arrowio_file *raw = NULL;
  OK(arrowio_buffer_reader_new(buffer, &raw, &error));
  arrowio_buffer_release(buffer);
  return raw;
}

static arrowio_file *seekable_with(struct bytes bytes, arrowio_codec codec, const arrowio_seekable_options *options) {
  arrowio_file *raw = reader_of(bytes), *file = NULL;
  OK(arrowio_seekable_file_new(raw, codec, options, &file, &error));
  arrowio_file_release(raw);
  return file;
}

static arrowio_file *seekable(struct bytes bytes, arrowio_codec codec) {
  arrowio_seekable_options options = {.struct_size = sizeof options, .cache_size = 300000, .index_spacing = 100000};
  return seekable_with(bytes, codec, &options);
}

static struct bytes saved_index(arrowio_file *file) {
  arrowio_file *target = NULL;
  arrowio_buffer *buffer = NULL;
  OK(arrowio_buffer_output_stream_new(NULL, 0, &target, &error));
  OK(arrowio_seekable_file_save_index(file, target, &error));
  OK(arrowio_buffer_output_stream_finish(target, &buffer, &error));
  arrowio_file_release(target);
  return take_buffer(buffer);
}

static int gives(arrowio_file *file, int64_t offset, int64_t size) {
  static _Thread_local uint8_t bytes[200000];
  int64_t got = 0, there = SIZE - offset < size ? SIZE - offset : size;
  arrowio_status status = arrowio_file_read_at(file, offset, bytes, size, &got, NULL);
  return status == ARROWIO_OK && got == there && same(bytes, content + offset, got);
}

/* Every form: frames of a size, and one frame. */
#define EACH_FORM(codec, frame_size)                                                    \
  for (const struct codec *codec = codecs; codec < codecs + 2; codec++)                 \
    for (int64_t frame_size = -1; frame_size <= FRAME; frame_size += frame_size < 0 ? 1 : FRAME)

TEST(any_place) {
  EACH_FORM(codec, frame_size) {
    struct bytes packed = framed(codec->id, frame_size);
    arrowio_file *file = seekable(packed, codec->id);
    int64_t size = 0;
    for (int64_t at = 0; at < 60; at++) CHECK(gives(file, at * 1234577 % SIZE, at % 2 ? 4096 : 150000));
    OK(arrowio_file_size(file, &size, &error));
    CHECK_INT(SIZE, size);
    CHECK(gives(file, SIZE - 10, 100));
    close_file(file);
    drop(&packed);
  }
}

static void read_here_and_there(int number, void *file) {
  for (int64_t turn = 0; turn < 60; turn++) {
    THREAD_CHECK(gives(file, (number * 777777 + turn * 1000003) % SIZE, 4096));
  }
}

TEST(from_many_threads) {
  EACH_FORM(codec, frame_size) {
    struct bytes packed = framed(codec->id, frame_size);
    arrowio_file *file = seekable(packed, codec->id);
    run_threads(6, read_here_and_there, file);
    close_file(file);
    drop(&packed);
  }
}

TEST(an_index_is_kept) {
  EACH_FORM(codec, frame_size) {
    struct bytes packed = framed(codec->id, frame_size);
    arrowio_file *file = seekable(packed, codec->id);
    struct bytes index = saved_index(file);
    close_file(file);
    file = seekable(packed, codec->id);
    arrowio_file *source = reader_of(index);
    OK(arrowio_seekable_file_load_index(file, source, &error));
    for (int64_t at = 1; at < 20; at++) CHECK(gives(file, at * 1234577 % SIZE, 4096));
    CHECK(gives(file, SIZE - 5000, 10000));
    close_file(source);

    /* What is damaged, cut or of other data is refused, and the file goes on. */
    for (int64_t at = 0; at < index.size; at += index.size / 9 + 1) {
      index.data[at] ^= 0x10;
      source = reader_of(index);
      FAILS(ARROWIO_IO_ERROR, arrowio_seekable_file_load_index(file, source, &error));
      close_file(source);
      index.data[at] ^= 0x10;
      struct bytes cut = {.data = index.data, .size = at};
      source = reader_of(cut);
      FAILS(ARROWIO_IO_ERROR, arrowio_seekable_file_load_index(file, source, &error));
      close_file(source);
    }
    CHECK(gives(file, 2000000, 4096));
    close_file(file);
    packed.size--;
    file = seekable(packed, codec->id);
    source = reader_of(index);
    SAYS(ARROWIO_IO_ERROR, "the saved index is of other data", arrowio_seekable_file_load_index(file, source, &error));
    close_file(source);
    close_file(file);
    drop(&index);
    drop(&packed);
  }
}

TEST(a_file_without_an_index) {
  struct bytes bytes = {.data = content, .size = 1000};
  arrowio_file *file = reader_of(bytes), *target = NULL;
  OK(arrowio_buffer_output_stream_new(NULL, 0, &target, &error));
  SAYS(ARROWIO_INVALID, "it is no seekable file", arrowio_seekable_file_save_index(file, target, &error));
  SAYS(ARROWIO_INVALID, "it is no seekable file", arrowio_seekable_file_load_index(file, file, &error));
  FAILS(ARROWIO_INVALID, arrowio_seekable_file_save_index(target, target, &error));
  close_file(target);
  close_file(file);
}

/* What is not read is not decompressed, and what is damaged is never given. */
TEST(damage) {
  EACH_FORM(codec, frame_size) {
    struct bytes packed = framed(codec->id, frame_size);
    packed.data[packed.size / 2] ^= 0x40;
    arrowio_file *file = seekable(packed, codec->id);
    CHECK(gives(file, 0, 4096));
    if (frame_size > 0) CHECK(gives(file, SIZE - 100000, 4096));
    arrowio_buffer *all = NULL;
    FAILS(ARROWIO_IO_ERROR, arrowio_file_read_all(file, &all, &error));
    close_file(file);
    packed.size = packed.size / 3;
    file = seekable(packed, codec->id);
    FAILS(ARROWIO_IO_ERROR, arrowio_file_read_all(file, &all, &error));
    close_file(file);
    drop(&packed);
  }
}

TEST(options) {
  struct bytes packed = framed(ARROWIO_CODEC_GZIP, 0);
  arrowio_decompression_options limits = {.struct_size = sizeof limits, .max_output_size = SIZE - 1};
  arrowio_seekable_options options = {.struct_size = sizeof options, .decompression = &limits};
  arrowio_file *file = seekable_with(packed, ARROWIO_CODEC_GZIP, &options), *raw = reader_of(packed);
  int64_t size;
  CHECK(gives(file, 0, 100));
  SAYS(ARROWIO_CAPACITY_ERROR, "max_output_size", arrowio_file_size(file, &size, &error));
  close_file(file);
  options.cache_size = -1;
  SAYS(ARROWIO_INVALID, "cache_size is -1", arrowio_seekable_file_new(raw, ARROWIO_CODEC_GZIP, &options, &file, &error));
  options.cache_size = 1;
  options.index_spacing = -1;
  SAYS(ARROWIO_INVALID, "index_spacing is -1", arrowio_seekable_file_new(raw, ARROWIO_CODEC_GZIP, &options, &file, &error));
  SAYS(ARROWIO_INVALID, "is no ARROWIO_CODEC", arrowio_seekable_file_new(raw, NO_CODEC, NULL, &file, &error));
  CHECK(file == NULL);
  close_file(raw);
  drop(&packed);
}

TEST(frame_sizes) {
  const struct { arrowio_codec codec; int64_t size; } wrong[] = {
      {ARROWIO_CODEC_GZIP, -2}, {ARROWIO_CODEC_GZIP, 65281}, {ARROWIO_CODEC_ZSTD, ((int64_t)1 << 30) + 1},
      {ARROWIO_CODEC_ZLIB, -1}, {ARROWIO_CODEC_ZLIB, 1000}, {ARROWIO_CODEC_ZSTD, INT64_MIN},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    arrowio_compression_options options = {.struct_size = sizeof options, .frame_size = wrong[i].size};
    arrowio_buffer *packed = NULL;
    FAILS(ARROWIO_INVALID, arrowio_codec_compress_buffer(wrong[i].codec, content, 10, &options, &packed, &error));
  }
}

/* What other readers of the format make of it. */
TEST(it_is_one_stream_for_others) {
  EACH_FORM(codec, frame_size) {
    struct bytes packed = framed(codec->id, frame_size);
    arrowio_buffer *plain = NULL;
    OK(arrowio_codec_decompress_buffer(codec->id, packed.data, packed.size, NULL, &plain, NULL, &error));
    CHECK_INT(SIZE, arrowio_buffer_size(plain));
    CHECK(same(arrowio_buffer_data(plain), content, SIZE));
    arrowio_buffer_release(plain);
    drop(&packed);
  }
}

int main(int argc, char **argv) {
  start(argc, argv);
  make_content();
  RUN(any_place);
  RUN(from_many_threads);
  RUN(an_index_is_kept);
  RUN(a_file_without_an_index);
  RUN(damage);
  RUN(options);
  RUN(frame_sizes);
  RUN(it_is_one_stream_for_others);
  return finish_files();
}

/* Input and output streams and what compresses them: how it is chosen, damaged data. */
#include "codecs.h"
#include <ctype.h>
#include <sys/socket.h>

static uint8_t content[200000];

/* The levels of the last few are kept. */
static arrowio_stream_options with_level(arrowio_codec codec, int32_t level) {
  static arrowio_compression_options compression[4];
  static int next;
  arrowio_compression_options *own = &compression[next++ % 4];
  *own = (arrowio_compression_options){.struct_size = sizeof *own, .compression_level = level};
  return (arrowio_stream_options){.struct_size = sizeof(arrowio_stream_options), .codec = codec, .compression = own};
}

static arrowio_stream_options with(arrowio_codec codec) {
  return with_level(codec, 0);
}

static void write_file(const char *name, const arrowio_stream_options *options, const void *data, int64_t size) {
  arrowio_file *file = NULL;
  OK(arrowio_output_stream_open(here(name), options, &file, &error));
  OK(arrowio_file_write(file, data, size, &error));
  close_file(file);
}

static arrowio_file *open_bytes(struct bytes bytes, arrowio_codec codec) {
  arrowio_stream_options options = with(codec);
  arrowio_file *file = NULL;
  arrowio_buffer *buffer = buffer_of(bytes.data, bytes.size);
  OK(arrowio_input_stream_from_buffer(buffer, &options, &file, &error));
  arrowio_buffer_release(buffer);
  return file;
}

/* Whether everything up to the end is exactly this. */
static int gives(arrowio_file *file, const void *data, int64_t size) {
  arrowio_buffer *all = NULL;
  OK(arrowio_file_read_all(file, &all, &error));
  int does = arrowio_buffer_size(all) == size && same(arrowio_buffer_data(all), data, size) && tell(file) == size;
  arrowio_buffer_release(all);
  close_file(file);
  return does;
}

static int file_gives(const char *name, const arrowio_stream_options *options, const void *data, int64_t size) {
  arrowio_file *file = NULL;
  OK(arrowio_input_stream_open(here(name), options, &file, &error));
  return gives(file, data, size);
}

/* The stem with the codec's suffix: as it is (0), in capitals (1), or with every other letter a capital (2). */
static const char *suffixed(const char *stem, const struct codec *codec, int capitals) {
  static char name[100];
  char *suffix = name + strlen(stem);
  snprintf(name, sizeof name, "%s%s", stem, codec->suffix);
  for (int i = 0; capitals > 0 && suffix[i] != 0; i += capitals) suffix[i] = (char)toupper(suffix[i]);
  return name;
}

/* Without a word of the codec it is what the name says; what it is shows when it is read as just that. */
static void check_detected(const char *name, arrowio_codec codec) {
  arrowio_stream_options options = with(codec);
  write_file(name, NULL, "text", 4);
  CHECK(file_gives(name, NULL, "text", 4));
  CHECK(file_gives(name, &options, "text", 4));
  CHECK_INT(codec == ARROWIO_CODEC_NONE, file_holds(here(name), "text", 4));
}

TEST(suffixes) {
  const char *const stems[] = {"a", "a.csv", ""}, *const plain[] = {"a", "gz", "a.gz.csv", "a.gz~", "a.zs"};
  EACH_CODEC(codec) {
    if (*codec->suffix == 0) continue;
    for (int i = 0; i < 9; i++) check_detected(suffixed(stems[i / 3], codec, i % 3), codec->id);
  }
  for (int i = 0; i < 5; i++) check_detected(plain[i], ARROWIO_CODEC_NONE);
}

/* Whatever the name says, it is as chosen, and nothing else. */
static void check_chosen(const char *name, arrowio_codec codec, arrowio_codec other) {
  arrowio_stream_options options = with(codec), wrong = with(other);
  arrowio_file *file = NULL;
  arrowio_buffer *all = NULL;
  write_file(name, &options, "text", 4);
  CHECK(file_gives(name, &options, "text", 4));
  CHECK_INT(codec == ARROWIO_CODEC_NONE, file_holds(here(name), "text", 4));
  OK(arrowio_input_stream_open(here(name), &wrong, &file, &error));
  FAILS(ARROWIO_IO_ERROR, arrowio_file_read_all(file, &all, &error));
  close_file(file);
}

static void check_choices(const char *name) {
  check_chosen(name, ARROWIO_CODEC_NONE, codecs[0].id);
  for (int i = 0; i < CODECS; i++) check_chosen(name, codecs[i].id, codecs[(i + 1) % CODECS].id);
}

TEST(explicit_choice) {
  check_choices("chosen");
  EACH_CODEC(codec) {
    check_choices(suffixed("chosen", codec, 0));
    /* Memory has no name that could tell, but formats with a signature tell themselves. */
    struct bytes packed = compressed(codec->id, "text", 4), text = {(uint8_t *)"text", 4};
    arrowio_codec detected;
    OK(arrowio_codec_detect(packed.data, packed.size, &detected, &error));
    struct bytes seen = detected == ARROWIO_CODEC_NONE ? packed : text;
    CHECK(gives(open_bytes(packed, ARROWIO_CODEC_DETECT), seen.data, seen.size));
    CHECK(gives(open_bytes(packed, ARROWIO_CODEC_NONE), packed.data, packed.size));
    CHECK(gives(open_bytes(packed, codec->id), "text", 4));
    drop(&packed);
  }
}

static void check_refused(const char *name, arrowio_codec codec, int32_t level, const char *says) {
  arrowio_stream_options options = with_level(codec, level);
  arrowio_file *file = NULL;
  save(here(name), "untouched", 9);
  SAYS(ARROWIO_INVALID, says, arrowio_output_stream_open(here(name), &options, &file, &error));
  CHECK(file == NULL && file_holds(here(name), "untouched", 9));
}

TEST(bad_options_cost_nothing) {
  arrowio_stream_options options = with(NO_CODEC);
  arrowio_file *file = NULL;
  EACH_CODEC(codec) {
    /* 0 is the default, even where the least level is 1. */
    int32_t too_low = codec->least == 1 ? -1 : codec->least - 1;
    check_refused("kept", codec->id, codec->greatest + 1, "kept");
    check_refused("kept", codec->id, too_low, "kept");
  }
  check_refused("kept.gz", ARROWIO_CODEC_DETECT, 10, "kept.gz");
  check_refused("kept", NO_CODEC, 0, "codec");
  check_refused("kept", UINT32_MAX, 0, "codec");
  FAILS(ARROWIO_INVALID, arrowio_input_stream_open(here("kept"), &options, &file, &error));
}

/* Lines of a log: levels are made for what people compress. */
static struct bytes log_lines(void) {
  struct bytes lines = {.data = malloc(200100)};
  for (int i = 0; lines.size < 200000; i++) {
    unsigned mixed = (unsigned)i * 2654435761u;
    lines.size += sprintf((char *)lines.data + lines.size, "2026-11-%02d %02d:%02d request %u of client %u took %u ms\n",
                          i / 900 % 30, i / 60 % 24, i % 60, mixed >> 12, mixed % 300, mixed >> 24);
  }
  return lines;
}

static int64_t size_at_level(const struct codec *codec, int32_t level) {
  arrowio_stream_options options = with_level(codec->id, level);
  struct bytes lines = log_lines();
  write_file("level", &options, lines.data, lines.size);
  CHECK(file_gives("level", &options, lines.data, lines.size));
  drop(&lines);
  return file_size(here("level"));
}

TEST(levels) {
  EACH_CODEC(codec) {
    int64_t by_default = size_at_level(codec, 0);
    CHECK_INT(size_at_level(codec, codec->usual), by_default);
    if (codec->greatest == 0) continue;
    int64_t strong = size_at_level(codec, codec->strong), fast = size_at_level(codec, fast_level(codec));
    CHECK(strong < fast || codec->strong == fast_level(codec));
    size_at_level(codec, codec->least != 0 ? codec->least : ARROWIO_COMPRESSION_LEVEL_ZERO);
    size_at_level(codec, (codec->usual + codec->strong) / 2);
  }
}

static void check_buffer_size(arrowio_codec codec, int64_t buffer_size) {
  int64_t size = scaled(20000, 2000);
  arrowio_stream_options options = with(codec);
  arrowio_file *file = NULL;
  uint8_t byte;
  options.buffer_size = buffer_size;
  OK(arrowio_output_stream_open(here("sized"), &options, &file, &error));
  for (int64_t done = 0, piece = 1; done < size; done += piece, piece = piece * 3 % 101) {
    if (piece > size - done) piece = size - done;
    OK(arrowio_file_write(file, content + done, piece, &error));
  }
  close_file(file);
  OK(arrowio_input_stream_open(here("sized"), &options, &file, &error));
  for (int64_t at = 0, got = -1; at < 1000; at++) {
    OK(arrowio_file_read(file, &byte, 1, &got, &error));
    CHECK(got == 1 && byte == content[at]);
  }
  close_file(file);
  CHECK(file_gives("sized", &options, content, size));
}

TEST(buffer_sizes) {
  const int64_t sizes[] = {-1, INT64_MIN, 1, 7, 1000, 1 << 20};
  for (int i = 0; i < 6; i++) {
    check_buffer_size(ARROWIO_CODEC_NONE, sizes[i]);
    EACH_CODEC(codec) check_buffer_size(codec->id, sizes[i]);
  }
}

/* Reads in small pieces until it ends or fails. What comes before must be the content's beginning. */
static int64_t read_until_failure(arrowio_file *file, const uint8_t *expected, int64_t size, arrowio_status *status) {
  uint8_t piece[100];
  int64_t at = 0, got = -1;
  while ((*status = arrowio_file_read_some(file, piece, sizeof piece, &got, &error)) == ARROWIO_OK && got > 0) {
    CHECK(at + got <= size && same(piece, expected + at, got));
    at += got;
  }
  arrowio_error_release(failure);
  failure = error;
  error = NULL;
  CHECK_INT(at, tell(file));
  return at;
}

TEST(not_compressed) {
  EACH_CODEC(codec) {
    arrowio_stream_options options = with(codec->id);
    const char *name = suffixed("text", codec, 0);
    arrowio_file *file = NULL;
    char byte;
    int64_t got;
    save(here(name), "This is just text, however long.", 32);
    OK(arrowio_input_stream_open(here(name), &options, &file, &error));
    for (int i = 0; i < 2; i++) {
      SAYS(ARROWIO_IO_ERROR, codec->name, arrowio_file_read(file, &byte, 1, &got, &error));
      CHECK(strstr(arrowio_error_message(failure), name) && strstr(arrowio_error_message(failure), "offset 0"));
    }
    close_file(file);
  }
}

TEST(empty_input) {
  EACH_CODEC(codec) CHECK(gives(open_bytes((struct bytes){0}, codec->id), "", 0));
}

TEST(every_truncation) {
  int64_t size = scaled(3000, 600);
  EACH_CODEC(codec) {
    if (!codec->is_ended) continue;
    struct bytes whole = compressed(codec->id, content, size);
    for (int64_t length = 1; length < whole.size; length++) {
      arrowio_status status;
      arrowio_buffer *all = NULL;
      char place[50];
      arrowio_file *file = open_bytes((struct bytes){whole.data, length}, codec->id);
      SAYS(ARROWIO_IO_ERROR, "truncated", arrowio_file_read_all(file, &all, &error));
      snprintf(place, sizeof place, "offset %lld", (long long)length);
      CHECK(strstr(arrowio_error_message(failure), place) != NULL);
      /* The failed read moved nothing: what there is can still be read. */
      CHECK_INT(0, tell(file));
      read_until_failure(file, content, size, &status);
      FAILS(ARROWIO_IO_ERROR, (error = arrowio_error_retain(failure), status));
      close_file(file);
    }
    drop(&whole);
  }
}

/* Damage is an error or, where the format has no checksum, goes unnoticed; it never does harm. */
TEST(every_flipped_byte) {
  const uint8_t flips[] = {0x01, 0x80, 0xff};
  int64_t size = scaled(3000, 600);
  EACH_CODEC(codec) {
    struct bytes whole = compressed(codec->id, content, size);
    int64_t unnoticed = 0;
    for (int64_t place = 0; place < whole.size * 3; place++) {
      arrowio_buffer *all = NULL;
      whole.data[place / 3] ^= flips[place % 3];
      arrowio_file *file = open_bytes(whole, codec->id);
      arrowio_status status = arrowio_file_read_all(file, &all, &error);
      if (status == ARROWIO_OK) {
        /* Some bits of a header mean nothing. */
        int is_right = arrowio_buffer_size(all) == size && same(arrowio_buffer_data(all), content, size);
        CHECK(is_right || !codec->is_checked);
        unnoticed++;
      } else {
        CHECK(status == ARROWIO_IO_ERROR || status == ARROWIO_CAPACITY_ERROR);
        CHECK(strstr(arrowio_error_message(error), "offset") != NULL);
      }
      arrowio_error_release(error);
      error = NULL;
      arrowio_buffer_release(all);
      close_file(file);
      whole.data[place / 3] ^= flips[place % 3];
    }
    CHECK(unnoticed < 30 || !codec->is_checked);
    drop(&whole);
  }
}

TEST(garbage_behind) {
  EACH_CODEC(codec) {
    struct bytes bytes = compressed(codec->id, content, 1000);
    int64_t end = bytes.size;
    arrowio_status status;
    char place[50];
    append(&bytes, "garbage behind the end", 22);
    snprintf(place, sizeof place, "offset %lld", (long long)end);
    arrowio_file *file = open_bytes(bytes, codec->id);
    CHECK_INT(1000, read_until_failure(file, content, 1000, &status));
    CHECK_INT(ARROWIO_IO_ERROR, status);
    CHECK(strstr(arrowio_error_message(failure), place) && strstr(arrowio_error_message(failure), codec->name));
    close_file(file);
    drop(&bytes);
  }
}

/* The beginning of the content: in several members or frames, some of them empty, where these are one stream. */
enum { SEVERAL = 41 };

static struct bytes several(const struct codec *codec) {
  const int64_t ends[] = {0, 0, 10, 10, 40, SEVERAL, SEVERAL};
  struct bytes all = {0};
  if (!codec->frames_follow) return compressed(codec->id, content, SEVERAL);
  for (int i = 0; i + 1 < 7; i++) {
    struct bytes one = compressed(codec->id, content + ends[i], ends[i + 1] - ends[i]);
    append(&all, one.data, one.size);
    drop(&one);
  }
  return all;
}

TEST(several_members) {
  EACH_CODEC(codec) {
    struct bytes all = several(codec);
    CHECK(gives(open_bytes(all, codec->id), content, SEVERAL));
    drop(&all);
  }
}

/* A file that gives its bytes in packets, one to a read. */
static arrowio_file *open_packets(struct bytes bytes, int64_t first, int64_t others) {
  arrowio_file *file = NULL;
  int ends[2], room = 1 << 20;
  CHECK_INT(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends));
  setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
  for (int64_t at = 0, packet = first; at < bytes.size; at += packet, packet = others) {
    if (packet > bytes.size - at) packet = bytes.size - at;
    if (packet > 0) CHECK_INT(packet, send(ends[1], bytes.data + at, (size_t)packet, MSG_DONTWAIT));
  }
  close(ends[1]);
  OK(arrowio_os_file_open_fd(ends[0], ARROWIO_MODE_READ, NULL, &file, &error));
  return file;
}

static arrowio_file *decompress(arrowio_file *raw, arrowio_codec codec) {
  arrowio_file *file = NULL;
  OK(arrowio_compressed_input_stream_new(raw, codec, NULL, &file, &error));
  arrowio_file_release(raw);
  return file;
}

TEST(input_in_pieces) {
  EACH_CODEC(codec) {
    struct bytes all = several(codec);
    CHECK(gives(decompress(open_packets(all, 1, 1), codec->id), content, SEVERAL));
    for (int64_t split = 1; split < all.size; split++) {
      CHECK(gives(decompress(open_packets(all, split, all.size), codec->id), content, SEVERAL));
    }
    drop(&all);
  }
}

/* gzip headers with everything that may stand in them, and the empty block that ends files of blocks. */
TEST(gzip_headers) {
  const uint8_t full[] = {0x1f, 0x8b, 8,   4 | 8 | 16, 1, 2,   3, 4, 0, 3, 3, 0, 'x', 't',
                          'r',  'n',  0,   'c',        0, 3,   0, 0, 0, 0, 0, 0, 0,   0, 0};
  const uint8_t block[] = {0x1f, 0x8b, 8, 4,  0, 0, 0, 0, 0, 255, 6, 0, 66, 67,
                           2,    0,    27, 0, 3, 0, 0, 0, 0, 0,   0, 0, 0,  0};
  struct bytes bytes = copy_of(full, sizeof full), text = compressed(ARROWIO_CODEC_GZIP, "text", 4);
  append(&bytes, text.data, text.size);
  append(&bytes, block, sizeof block);
  CHECK(gives(open_bytes(bytes, ARROWIO_CODEC_GZIP), "text", 4));
  drop(&bytes);
  drop(&text);
}

/* Frames with something for others in them, which readers pass over. */
TEST(skippable_frames) {
  struct bytes frame = compressed(ARROWIO_CODEC_ZSTD, content, 100), all = {0};
  const char *skippable = "\x50\x2a\x4d\x18\x05\0\0\0extra";
  append(&all, skippable, 13);
  append(&all, frame.data, frame.size);
  append(&all, skippable, 13);
  append(&all, skippable, 13);
  append(&all, frame.data, frame.size);
  append(&all, skippable, 13);
  memcpy(content + 100, content, 100);
  CHECK(gives(open_bytes(all, ARROWIO_CODEC_ZSTD), content, 200));
  CHECK(gives(open_bytes((struct bytes){all.data, 13}, ARROWIO_CODEC_ZSTD), "", 0));
  drop(&all);
  drop(&frame);
}

/* A frame says what memory its reader needs; an absurd demand is refused before it is met. */
TEST(window_sizes) {
  uint8_t frame[] = {0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0x09, 0, 0, 'x'};
  for (int window_log = 10; window_log <= 41; window_log++) {
    frame[5] = (uint8_t)((window_log - 10) << 3);
    arrowio_file *file = open_bytes((struct bytes){frame, sizeof frame}, ARROWIO_CODEC_ZSTD);
    char byte = 0;
    int64_t got = -1;
    if (window_log <= 27) {
      OK(arrowio_file_read(file, &byte, 1, &got, &error));
      CHECK(got == 1 && byte == 'x');
    } else {
      arrowio_status refused = window_log <= 31 ? ARROWIO_CAPACITY_ERROR : ARROWIO_IO_ERROR;
      SAYS(refused, window_log <= 31 ? "memory" : "window", arrowio_file_read(file, &byte, 1, &got, &error));
    }
    close_file(file);
  }
}

TEST(layers_belong_together) {
  arrowio_file *raw = NULL, *file = NULL;
  arrowio_buffer *buffer = buffer_of("x", 1);
  for (int way = 0; way < 3; way++) {
    OK(arrowio_buffer_reader_new(buffer, &raw, &error));
    OK(arrowio_compressed_input_stream_new(raw, ARROWIO_CODEC_GZIP, NULL, &file, &error));
    if (way == 0) OK(arrowio_file_close(file, &error));
    if (way == 1) OK(arrowio_file_abort(file, &error));
    arrowio_file_release(file);
    CHECK_INT(1, arrowio_file_is_closed(raw));
    arrowio_file_release(raw);
  }

  /* What cannot be made leaves the other file as it was. */
  OK(arrowio_buffer_reader_new(buffer, &raw, &error));
  file = NULL;
  arrowio_compression_options options = {.struct_size = sizeof options, .compression_level = 23};
  FAILS(ARROWIO_INVALID, arrowio_compressed_output_stream_new(raw, ARROWIO_CODEC_ZSTD, NULL, &file, &error));
  const arrowio_codec none[] = {ARROWIO_CODEC_DETECT, ARROWIO_CODEC_NONE, NO_CODEC, UINT32_MAX};
  for (int i = 0; i < 4; i++) {
    FAILS(ARROWIO_INVALID, arrowio_compressed_input_stream_new(raw, none[i], NULL, &file, &error));
  }
  close_file(raw);
  OK(arrowio_buffer_output_stream_new(NULL, 0, &raw, &error));
  FAILS(ARROWIO_INVALID, arrowio_compressed_output_stream_new(raw, ARROWIO_CODEC_ZSTD, &options, &file, &error));
  FAILS(ARROWIO_INVALID, arrowio_compressed_input_stream_new(raw, ARROWIO_CODEC_ZSTD, NULL, &file, &error));
  options = (arrowio_compression_options){.struct_size = sizeof options, .without_checksum = 2};
  FAILS(ARROWIO_INVALID, arrowio_compressed_output_stream_new(raw, ARROWIO_CODEC_ZSTD, &options, &file, &error));
  CHECK(file == NULL && !arrowio_file_is_closed(raw));
  close_file(raw);
  arrowio_buffer_release(buffer);
}

/* A stream begins where the file beneath is, whatever that has looked at already. */
TEST(behind_a_header) {
  char header[6];
  const uint8_t *data;
  int64_t got;
  EACH_CODEC(codec) {
    struct bytes bytes = copy_of("HEADER", 6), packed = compressed(codec->id, content, 1000);
    append(&bytes, packed.data, packed.size);
    save(here("headed"), bytes.data, bytes.size);
    arrowio_file *raw = open_here("headed", ARROWIO_MODE_READ);
    OK(arrowio_file_read(raw, header, 6, &got, &error));
    OK(arrowio_file_peek(raw, 10, &data, &got, &error));
    CHECK(gives(decompress(raw, codec->id), content, 1000));
    drop(&packed);
    drop(&bytes);
  }
}

/* A file beneath that was closed by somebody else. */
TEST(closed_beneath) {
  arrowio_file *raw = NULL, *file = NULL;
  char byte;
  int64_t got;
  arrowio_buffer *buffer = buffer_of("x", 1);
  OK(arrowio_buffer_reader_new(buffer, &raw, &error));
  OK(arrowio_compressed_input_stream_new(raw, ARROWIO_CODEC_GZIP, NULL, &file, &error));
  close_file(raw);
  FAILS(ARROWIO_CLOSED, arrowio_file_read(file, &byte, 1, &got, &error));
  close_file(file);
  arrowio_buffer_release(buffer);
}

static void check_pool(arrowio_codec codec) {
  arrowio_stream_options options = with(codec);
  arrowio_pool *pool = NULL;
  arrowio_file *file = NULL;
  arrowio_buffer *buffer = NULL;
  OK(arrowio_pool_new_proxy(NULL, &pool, &error));
  options.pool = pool;
  write_file("pool", &options, content, 100);
  CHECK(arrowio_pool_max_memory(pool) > 0);
  CHECK_INT(0, arrowio_pool_bytes_allocated(pool));
  OK(arrowio_input_stream_open(here("pool"), &options, &file, &error));
  OK(arrowio_file_read_buffer(file, 100, &buffer, &error));
  close_file(file);
  CHECK_INT(128, arrowio_pool_bytes_allocated(pool));
  arrowio_buffer_release(buffer);
  CHECK_INT(0, arrowio_pool_bytes_allocated(pool));
  arrowio_pool_release(pool);
}

TEST(pool) {
  check_pool(ARROWIO_CODEC_NONE);
  EACH_CODEC(codec) check_pool(codec->id);
}

TEST(advance_takes_no_memory) {
  EACH_CODEC(codec) {
    const int64_t size = share(codec, scaled(GIB, 32 * MIB));
    arrowio_stream_options options = with_level(codec->id, fast_level(codec));
    arrowio_pool *pool = NULL;
    arrowio_file *file = NULL;
    const uint8_t *data;
    int64_t got;
    uint8_t *zeros = calloc(1, MIB);
    OK(arrowio_output_stream_open(here("zeros"), &options, &file, &error));
    for (int64_t done = 0; done < size; done += MIB) OK(arrowio_file_write(file, zeros, MIB, &error));
    OK(arrowio_file_write(file, "end", 3, &error));
    close_file(file);
    free(zeros);

    OK(arrowio_pool_new_proxy(NULL, &pool, &error));
    options.pool = pool;
    OK(arrowio_input_stream_open(here("zeros"), &options, &file, &error));
    OK(arrowio_file_advance(file, 1, &error));
    int64_t for_little = arrowio_pool_max_memory(pool);
    OK(arrowio_file_advance(file, size - 1, &error));
    CHECK_INT(size, tell(file));
    OK(arrowio_file_peek(file, 10, &data, &got, &error));
    CHECK(got == 3 && same(data, "end", 3));
    CHECK(arrowio_pool_max_memory(pool) <= for_little + MIB + codec->window);
    close_file(file);
    arrowio_pool_release(pool);
  }
}

enum { LONG = 5000000 };

/* Gives LONG bytes in pieces of 1000. */
static arrowio_status read_long(void *user_data, void *dst, int64_t size, int64_t *out, arrowio_error **out_error) {
  int64_t *at = user_data, rest = LONG - *at;
  (void)out_error;
  *out = size < 1000 ? size : 1000;
  if (*out > rest) *out = rest;
  for (int64_t i = 0; i < *out; i++) ((uint8_t *)dst)[i] = (uint8_t)((*at + i) * 7 + (*at + i) / 251);
  *at += *out;
  return ARROWIO_OK;
}

/* Where memory is short whatever was read before it ran out is what is read next. */
static void check_little_memory(int64_t buffer_size) {
  arrowio_pool *pool = NULL;
  arrowio_file *raw = NULL, *file = NULL;
  arrowio_buffer *buffer = NULL;
  const uint8_t *data;
  int64_t position = 0, at = 0, size = 1, failures = 0;
  const arrowio_file_callbacks callbacks = {.struct_size = sizeof callbacks, .read = read_long};
  OK(arrowio_pool_new_capped(NULL, MIB, &pool, &error));
  OK(arrowio_callback_file_new(&callbacks, &position, &raw, &error));
  const arrowio_buffered_stream_options options = {.struct_size = sizeof options, .pool = pool, .buffer_size = buffer_size};
  OK(arrowio_buffered_input_stream_new(raw, &options, &file, &error));
  arrowio_file_release(raw);
  /* Some lie ahead already. */
  OK(arrowio_file_peek(file, 3, &data, &size, &error));
  for (int64_t wanted = 4 * MIB; size > 0;) {
    arrowio_status status = arrowio_file_read_buffer(file, wanted, &buffer, &error);
    if (status == ARROWIO_OUT_OF_MEMORY) {
      CHECK(strstr(arrowio_error_message(error), "lost") == NULL);
      arrowio_error_release(error);
      error = NULL;
      failures++;
      wanted /= 4;
      continue;
    }
    CHECK_INT(ARROWIO_OK, status);
    size = arrowio_buffer_size(buffer);
    data = arrowio_buffer_data(buffer);
    for (int64_t i = 0; i < size; i++) CHECK_INT((uint8_t)((at + i) * 7 + (at + i) / 251), data[i]);
    at += size;
    arrowio_buffer_release(buffer);
  }
  CHECK_INT(LONG, at);
  CHECK(failures > 0);
  close_file(file);
  arrowio_pool_release(pool);
}

TEST(little_memory_loses_nothing) {
  check_little_memory(1);
  check_little_memory(1000);
  check_little_memory(100000);
}

/* Memory that a long line took is given back with it. */
TEST(a_long_line_is_over) {
  arrowio_pool *pool = NULL;
  arrowio_file *raw = NULL, *file = NULL;
  const uint8_t *data;
  int64_t size, position = 0;
  uint8_t byte;
  const arrowio_file_callbacks callbacks = {.struct_size = sizeof callbacks, .read = read_long};
  OK(arrowio_pool_new_capped(NULL, 4 * MIB, &pool, &error));
  OK(arrowio_callback_file_new(&callbacks, &position, &raw, &error));
  const arrowio_buffered_stream_options options = {.struct_size = sizeof options, .pool = pool, .buffer_size = 1000};
  OK(arrowio_buffered_input_stream_new(raw, &options, &file, &error));
  arrowio_file_release(raw);
  OK(arrowio_file_peek(file, 2 * MIB - 5000, &data, &size, &error));
  CHECK(arrowio_pool_bytes_allocated(pool) >= 2 * MIB - 5000);
  OK(arrowio_file_advance(file, 3 * MIB, &error));
  OK(arrowio_file_read(file, &byte, 1, &size, &error));
  CHECK(arrowio_pool_bytes_allocated(pool) <= MIB / 4);
  close_file(file);
  arrowio_pool_release(pool);
}

int main(int argc, char **argv) {
  start(argc, argv);
  fill(content, sizeof content);
  RUN(suffixes);
  RUN(explicit_choice);
  RUN(bad_options_cost_nothing);
  RUN(levels);
  RUN(buffer_sizes);
  RUN(not_compressed);
  RUN(empty_input);
  RUN(every_truncation);
  RUN(every_flipped_byte);
  RUN(garbage_behind);
  RUN(several_members);
  RUN(input_in_pieces);
  RUN(gzip_headers);
  RUN(skippable_frames);
  RUN(window_sizes);
  RUN(layers_belong_together);
  RUN(behind_a_header);
  RUN(closed_beneath);
  RUN(pool);
  RUN(advance_takes_no_memory);
  RUN(little_memory_loses_nothing);
  RUN(a_long_line_is_over);
  return finish_files();
}

/* Streams that are opened by URIs of a cluster, and what a GiB comes to through each of them. */
#include "filesystem.h"
#include <time.h>

enum { SMALL = 300000 };
static uint8_t content[SMALL];

static const char *uri_of(const char *name) {
  static char uris[4][1000];
  static int next;
  char *uri = uris[next++ % 4];
  snprintf(uri, sizeof uris[0], "%s/tmp/%s", getenv("ARROWIO_HDFS_URI"), name);
  return uri;
}

static void write_all(const char *uri, const arrowio_stream_options *options) {
  arrowio_file *file = NULL;
  OK(arrowio_output_stream_open(uri, options, &file, &error));
  for (int64_t at = 0; at < SMALL; at += 7000) {
    OK(arrowio_file_write(file, content + at, SMALL - at < 7000 ? SMALL - at : 7000, &error));
  }
  close_file(file);
}

static int reads_all(const char *uri, const arrowio_stream_options *options) {
  arrowio_file *file = NULL;
  arrowio_buffer *buffer = NULL;
  OK(arrowio_input_stream_open(uri, options, &file, &error));
  OK(arrowio_file_read_all(file, &buffer, &error));
  close_file(file);
  struct bytes bytes = take_buffer(buffer);
  int right = bytes.size == SMALL && same(bytes.data, content, SMALL);
  drop(&bytes);
  return right;
}

/* What the file has, read as it is. */
static struct bytes stored(const char *uri) {
  const arrowio_stream_options plain = {.struct_size = sizeof plain, .codec = ARROWIO_CODEC_NONE};
  arrowio_file *file = NULL;
  arrowio_buffer *buffer = NULL;
  OK(arrowio_input_stream_open(uri, &plain, &file, &error));
  OK(arrowio_file_read_all(file, &buffer, &error));
  close_file(file);
  return take_buffer(buffer);
}

/* By its suffix, written and read; read by its content whatever it is called. */
TEST(compression_is_detected) {
  const struct { const char *suffix; uint8_t magic[2]; } rows[] = {{".gz", {0x1f, 0x8b}}, {".zst", {0x28, 0xb5}}, {".bz2", {'B', 'Z'}}};
  char name[100];
  write_all(uri_of("stream"), NULL);
  struct bytes bytes = stored(uri_of("stream"));
  CHECK(bytes.size == SMALL && same(bytes.data, content, SMALL));
  drop(&bytes);
  CHECK(reads_all(uri_of("stream"), NULL));
  for (int i = 0; i < 3; i++) {
    snprintf(name, sizeof name, "stream%s", rows[i].suffix);
    write_all(uri_of(name), NULL);
    CHECK(reads_all(uri_of(name), NULL));
    bytes = stored(uri_of(name));
    CHECK(bytes.size < SMALL && same(bytes.data, rows[i].magic, 2));
    drop(&bytes);
    CLUSTER("rename /tmp/%s /tmp/renamed%d", name, i);
    snprintf(name, sizeof name, "renamed%d", i);
    CHECK(reads_all(uri_of(name), NULL));
    CLUSTER("remove /tmp/%s", name);
  }
}

TEST(codecs_that_are_named) {
  const arrowio_stream_options lz4 = {.struct_size = sizeof lz4, .codec = ARROWIO_CODEC_LZ4, .buffer_size = 1000};
  const arrowio_stream_options unbuffered = {.struct_size = sizeof unbuffered, .codec = ARROWIO_CODEC_NONE, .buffer_size = -1};
  write_all(uri_of("named"), &lz4);
  CHECK(reads_all(uri_of("named"), &lz4));
  CHECK(reads_all(uri_of("named"), NULL));
  write_all(uri_of("named.gz"), &unbuffered);
  CHECK(reads_all(uri_of("named.gz"), &unbuffered));
}

/* What Hadoop's own client wrote, also by the shorter URI of the usual cluster. */
TEST(written_there) {
  const char *uris[] = {uri_of("there"), "hdfs:///tmp/there"};
  CLUSTER("write /tmp/there 5000000 3");
  for (int i = 0; i < 2; i++) {
    arrowio_file *file = NULL;
    OK(arrowio_input_stream_open(uris[i], NULL, &file, &error));
    check_pattern(file, 0, 5000000, 30000, 3);
    close_file(file);
  }
}

TEST(streams_that_fail) {
  arrowio_file *file = NULL;
  SAYS(ARROWIO_IO_ERROR, uri_of("missing"), arrowio_input_stream_open(uri_of("missing"), NULL, &file, &error));
  CHECK_INT(ENOENT, arrowio_error_os_error(failure));
  CLUSTER("mkdir /tmp/directory 777");
  FAILS_WITH(EISDIR, arrowio_input_stream_open(uri_of("directory"), NULL, &file, &error));
  FAILS_WITH(EISDIR, arrowio_output_stream_open(uri_of("directory"), NULL, &file, &error));
  FAILS_WITH(ENOENT, arrowio_output_stream_open(uri_of("missing/file.gz"), NULL, &file, &error));
  SAYS(ARROWIO_INVALID, "viewfs://unknown", arrowio_input_stream_open("viewfs://unknown/a", NULL, &file, &error));
  CHECK(file == NULL);
}

/* A stream that is not closed but aborted ends no compressed data, so that nobody takes it for the whole. */
TEST(aborted) {
  arrowio_file *file = NULL;
  arrowio_buffer *buffer = NULL;
  OK(arrowio_output_stream_open(uri_of("aborted.gz"), NULL, &file, &error));
  OK(arrowio_file_write(file, content, SMALL, &error));
  OK(arrowio_file_flush(file, &error));
  OK(arrowio_file_abort(file, &error));
  arrowio_file_release(file);
  for (int i = 0; i < 200 && strstr(CLUSTER("open-files"), "/tmp/aborted.gz") != NULL; i++) usleep(50000);
  OK(arrowio_input_stream_open(uri_of("aborted.gz"), NULL, &file, &error));
  SAYS(ARROWIO_IO_ERROR, "aborted.gz", arrowio_file_read_all(file, &buffer, &error));
  arrowio_file_release(file);
}

/* ---- A GiB ---- */

/* Stretches of noise, of one byte, and of text, which begin anew after 16 MiB: no window of a codec goes back as far. */
enum { LAP_SIZE = 16 << 20, PIECE = 1 << 20 };
static uint8_t *lap;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static uint64_t digest_of(arrowio_file *file) {
  uint64_t digest = 0;
  int64_t size = 0;
  OK(arrowio_checksum_stream_digest(file, &digest, &size, &error));
  return digest;
}

/* Gives the digest of what was written. */
static uint64_t write_gib(const char *uri, const arrowio_stream_options *options, int64_t size) {
  arrowio_file *raw = NULL, *file = NULL;
  OK(arrowio_output_stream_open(uri, options, &raw, &error));
  OK(arrowio_checksum_output_stream_new(raw, ARROWIO_CHECKSUM_XXH3_64, &file, &error));
  arrowio_file_release(raw);
  for (int64_t done = 0; done < size; done += PIECE) {
    OK(arrowio_file_write(file, &done, sizeof done, &error));
    OK(arrowio_file_write(file, lap + done % LAP_SIZE + sizeof done, PIECE - sizeof done, &error));
  }
  OK(arrowio_file_close(file, &error));
  uint64_t digest = digest_of(file);
  arrowio_file_release(file);
  return digest;
}

/* Gives the digest of what was read. */
static uint64_t read_gib(const char *uri, int64_t size) {
  static uint8_t bytes[PIECE];
  arrowio_file *raw = NULL, *file = NULL;
  int64_t got = 0;
  OK(arrowio_input_stream_open(uri, NULL, &raw, &error));
  OK(arrowio_checksum_input_stream_new(raw, ARROWIO_CHECKSUM_XXH3_64, NULL, &file, &error));
  arrowio_file_release(raw);
  for (int64_t done = 0; done < size; done += PIECE) {
    OK(arrowio_file_read(file, bytes, PIECE, &got, &error));
    CHECK_INT(PIECE, got);
    CHECK(memcmp(bytes, &done, sizeof done) == 0);
  }
  OK(arrowio_file_read(file, bytes, PIECE, &got, &error));
  CHECK_INT(0, got);
  uint64_t digest = digest_of(file);
  close_file(file);
  return digest;
}

static void a_gib(const char *name) {
  const int64_t size = scaled(GIB, 32 * MIB);
  const arrowio_compression_options fast = {.struct_size = sizeof fast, .compression_level = 1};
  const arrowio_stream_options options = {.struct_size = sizeof options, .compression = &fast};
  double begin = now();
  uint64_t written = write_gib(uri_of(name), &options, size);
  double middle = now();
  CHECK(written == read_gib(uri_of(name), size));
  printf("%s: written in %.1f s, read in %.1f s\n", name, middle - begin, now() - middle);
  CLUSTER("remove /tmp/%s", name);
}

TEST(a_gib_plain) { a_gib("gib"); }
TEST(a_gib_of_gzip) { a_gib("gib.gz"); }
TEST(a_gib_of_zstd) { a_gib("gib.zst"); }

int main(int argc, char **argv) {
  start(argc, argv);
  lap = malloc(LAP_SIZE);
  fill(content, SMALL);
  fill(lap, LAP_SIZE);
  RUN(compression_is_detected);
  RUN(codecs_that_are_named);
  RUN(written_there);
  RUN(streams_that_fail);
  RUN(aborted);
  RUN(a_gib_plain);
  RUN(a_gib_of_gzip);
  RUN(a_gib_of_zstd);
  free(lap);
  return finish_files();
}

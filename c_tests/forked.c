/* What a child of fork() does with files of its parent: it finishes none of them by letting go of them. */
#include "codecs.h"
#include <pthread.h>
#include <time.h>

static const uint8_t text[] = "written before the fork";
enum { SIZE = sizeof text - 1 };

enum { FILES = 2 + CODECS };
static arrowio_file *files[FILES];

static void let_go(void) {
  for (int i = 0; i < FILES; i++) arrowio_file_release(files[i]);
  CHECK_INT(0, warnings);
}

static arrowio_file *output(const char *name, arrowio_codec codec, uint32_t flags) {
  arrowio_file *file = NULL;
  arrowio_os_file_options file_options = {.struct_size = sizeof file_options, .flags = flags};
  arrowio_stream_options options = {.struct_size = sizeof options, .codec = codec, .file_options = &file_options};
  OK(arrowio_output_stream_open(here(name), &options, &file, &error));
  OK(arrowio_file_write(file, text, SIZE, &error));
  return file;
}

/* Neither a flush nor a trailer nor the end of a temporary comes twice. */
TEST(released_by_a_child) {
  arrowio_file *raw = NULL;
  arrowio_buffer *all = NULL;
  save(here("replaced"), "old", 3);
  files[0] = output("buffered", ARROWIO_CODEC_NONE, 0);
  files[1] = output("replaced", ARROWIO_CODEC_NONE, ARROWIO_OPEN_ATOMIC);
  EACH_CODEC(codec) files[2 + (codec - codecs)] = output(codec->name, codec->id, 0);
  in_child(let_go);
  for (int i = 0; i < FILES; i++) close_file(files[i]);
  CHECK(file_holds(here("buffered"), text, SIZE));
  CHECK(file_holds(here("replaced"), text, SIZE));
  EACH_CODEC(codec) {
    arrowio_stream_options options = {.struct_size = sizeof options, .codec = codec->id};
    OK(arrowio_input_stream_open(here(codec->name), &options, &raw, &error));
    OK(arrowio_file_read_all(raw, &all, &error));
    CHECK(arrowio_buffer_size(all) == SIZE && same(arrowio_buffer_data(all), text, SIZE));
    arrowio_buffer_release(all);
    close_file(raw);
  }
}

static arrowio_file *reader;

static void let_go_of_reader(void) {
  arrowio_file_release(reader);
}

/* Nor is the position put back that both share. */
TEST(reader_released_by_a_child) {
  char bytes[8];
  const uint8_t *ahead;
  int64_t got;
  save(here("lines"), "one\ntwo\nthree\n", 14);
  reader = open_here("lines", ARROWIO_MODE_READ);
  OK(arrowio_file_read_line(reader, &ahead, &got, &error));
  in_child(let_go_of_reader);
  CHECK_INT(4, tell(reader));
  OK(arrowio_file_read(reader, bytes, 4, &got, &error));
  CHECK(got == 4 && same(bytes, "two\n", 4));
  close_file(reader);
}

static void close_in_child(void) {
  close_file(files[0]);
}

/* A child that was left to write it closes it like any other. */
TEST(closed_by_a_child) {
  files[0] = output("by the child", ARROWIO_CODEC_NONE, 0);
  in_child(close_in_child);
  CHECK(file_holds(here("by the child"), text, SIZE));
  OK(arrowio_file_abort(files[0], &error));
  arrowio_file_release(files[0]);
}

static arrowio_file *waiting;

static void *wait_for_a_byte(void *unused) {
  (void)unused;
  char byte = 0;
  int64_t got = 0;
  return arrowio_file_read(waiting, &byte, 1, &got, NULL) == ARROWIO_OK && got == 1 ? waiting : NULL;
}

static void use_in_child(void) {
  alarm(60);
  char byte;
  int64_t number;
  FAILS(ARROWIO_INVALID, arrowio_file_read(waiting, &byte, 1, &number, &error));
  FAILS(ARROWIO_INVALID, arrowio_file_tell(waiting, &number, &error));
  FAILS(ARROWIO_INVALID, arrowio_file_close(waiting, &error));
  arrowio_file_release(waiting);
}

/* The thread that uses it is not there and will never end its call. */
TEST(in_use_by_another_thread) {
  int ends[2];
  pthread_t thread;
  void *right = NULL;
  CHECK_INT(0, pipe(ends));
  OK(arrowio_os_file_open_fd(ends[0], ARROWIO_MODE_READ, NULL, &waiting, &error));
  CHECK_INT(0, pthread_create(&thread, NULL, wait_for_a_byte, NULL));
  nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
  in_child(use_in_child);
  CHECK_INT(1, write(ends[1], "x", 1));
  CHECK_INT(0, pthread_join(thread, &right));
  CHECK(right == waiting);
  close_file(waiting);
  close(ends[1]);
}

/* Frames that each are worth a thread. */
enum { FRAME = 400000, FRAMES = 12 };
static struct bytes content;
static arrowio_file *ahead[CODECS];

static arrowio_file *open_with_threads(const struct codec *codec) {
  arrowio_decompression_options options = {.struct_size = sizeof options, .threads = 2};
  arrowio_file *raw = NULL, *file = NULL;
  struct bytes frames = {0};
  for (int i = 0; i < FRAMES; i++) {
    struct bytes frame = compressed(codec->id, content.data + i * FRAME, FRAME);
    append(&frames, frame.data, frame.size);
    drop(&frame);
  }
  arrowio_buffer *buffer = buffer_of(frames.data, frames.size);
  OK(arrowio_buffer_reader_new(buffer, &raw, &error));
  OK(arrowio_compressed_input_stream_new(raw, codec->id, &options, &file, &error));
  arrowio_file_release(raw);
  arrowio_buffer_release(buffer);
  drop(&frames);
  return file;
}

static void read_rest(arrowio_file *file) {
  arrowio_buffer *all = NULL;
  OK(arrowio_file_read_all(file, &all, &error));
  struct bytes rest = take_buffer(all);
  CHECK(rest.size == content.size - FRAME - 1 && same(rest.data, content.data + FRAME + 1, rest.size));
  drop(&rest);
}

static void read_in_child(void) {
  for (int i = 0; i < CODECS; i++) {
    /* liblzma's threads are its own, and those of the parent only. */
    arrowio_buffer *none = NULL;
    if (codecs[i].id == ARROWIO_CODEC_XZ) FAILS(ARROWIO_INVALID, arrowio_file_read_all(ahead[i], &none, &error));
    else read_rest(ahead[i]);
  }
  for (int i = 0; i < CODECS; i++) arrowio_file_release(ahead[i]);
}

/* Threads of the parent are at the next frames, but not in the child. */
TEST(threads_that_decompress) {
  int64_t got;
  content.size = FRAME * FRAMES;
  content.data = malloc((size_t)content.size);
  for (int64_t i = 0; i < content.size; i++) content.data[i] = (uint8_t)random_below(200);
  struct bytes first = copy_of(content.data, FRAME + 1);
  EACH_CODEC(codec) {
    arrowio_file *file = ahead[codec - codecs] = open_with_threads(codec);
    for (int64_t done = 0; done < first.size; done += got) {
      OK(arrowio_file_read(file, first.data + done, first.size - done, &got, &error));
      CHECK(got > 0);
    }
    CHECK(same(first.data, content.data, first.size));
  }
  in_child(read_in_child);
  for (int i = 0; i < CODECS; i++) {
    read_rest(ahead[i]);
    close_file(ahead[i]);
  }
  drop(&first);
  drop(&content);
}

static void write_in_child(void) {
  FAILS(ARROWIO_INVALID, arrowio_file_write(files[0], text, SIZE, &error));
  arrowio_file_release(files[0]);
}

/* Nor are those that compress. */
TEST(threads_that_compress) {
  arrowio_compression_options with_threads = {.struct_size = sizeof with_threads, .threads = 2};
  arrowio_stream_options options = {
      .struct_size = sizeof options, .codec = ARROWIO_CODEC_ZSTD, .compression = &with_threads};
  struct bytes much = {malloc(1 << 22), 1 << 22};
  fill(much.data, much.size);
  OK(arrowio_output_stream_open(here("threads"), &options, &files[0], &error));
  OK(arrowio_file_write(files[0], much.data, much.size, &error));
  in_child(write_in_child);
  close_file(files[0]);
  OK(arrowio_input_stream_open(here("threads"), &(arrowio_stream_options){.struct_size = sizeof options,
                                                                          .codec = ARROWIO_CODEC_ZSTD},
                               &files[0], &error));
  arrowio_buffer *all = NULL;
  OK(arrowio_file_read_all(files[0], &all, &error));
  struct bytes back = take_buffer(all);
  CHECK(back.size == much.size && same(back.data, much.data, much.size));
  close_file(files[0]);
  drop(&back);
  drop(&much);
}

int main(int argc, char **argv) {
  start(argc, argv);
  RUN(released_by_a_child);
  RUN(reader_released_by_a_child);
  RUN(closed_by_a_child);
  /* What threads that are not there hold stays theirs; valgrind takes it for lost. */
  if (!is_slow()) {
    RUN(in_use_by_another_thread);
    RUN(threads_that_decompress);
    RUN(threads_that_compress);
  }
  return finish_files();
}

/* What a child of fork() does with files of its parent: it finishes none of them by letting go of them. */
#include "codecs.h"

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

int main(int argc, char **argv) {
  start(argc, argv);
  RUN(released_by_a_child);
  RUN(reader_released_by_a_child);
  RUN(closed_by_a_child);
  return finish_files();
}

/* Transform streams: what the host's function gets and may give, how it fails, how often it is called. */
#include "files.h"

enum { SIZE = 200000 };
static uint8_t content[SIZE];

/* A host that does with its chunks what it is told. */
static struct host {
  enum { AS_IT_IS, TWICE, NOTHING, ONE_AT_THE_END, HELD_BACK, RESIZABLE } way;
  int64_t calls, ends, freed, fail_at;
  arrowio_status status;
  struct bytes seen, held;
  arrowio_buffer *given;
} host;

static arrowio_status transform(void *user, arrowio_buffer *chunk, arrowio_buffer **out, arrowio_error **out_error) {
  const uint8_t *data = arrowio_buffer_data(chunk);
  int64_t size = arrowio_buffer_size(chunk);
  CHECK(user == &host && *out == NULL && *out_error == NULL && host.ends == 0);
  CHECK(!arrowio_buffer_is_mutable(chunk) && size <= 65536);
  if (host.calls++ == host.fail_at) return host.status == 4711 ? 4711 : arrowio_error_new(host.status, EDOM, "not this", out_error);
  append(&host.seen, data, size);
  if (size == 0) host.ends++;
  switch (host.way) {
    case AS_IT_IS: *out = arrowio_buffer_retain(chunk); break;
    case NOTHING: break;
    case ONE_AT_THE_END: if (size == 0) *out = buffer_of("!", 1); break;
    case TWICE:
    case RESIZABLE:
      CHECK(arrowio_buffer_allocate_resizable(NULL, size * 2, out, NULL) == ARROWIO_OK);
      for (int64_t i = 0; i < 2 * size; i++) arrowio_buffer_mutable_data(*out)[i] = data[i / 2];
      if (host.way == RESIZABLE && host.given == NULL) host.given = arrowio_buffer_retain(*out);
      break;
    case HELD_BACK: {
      /* All but the last ten bytes. */
      append(&host.held, data, size);
      int64_t now = size == 0 ? host.held.size : host.held.size > 10 ? host.held.size - 10 : 0;
      *out = buffer_of(host.held.data, now);
      struct bytes rest = copy_of(host.held.data + now, host.held.size - now);
      drop(&host.held);
      host.held = rest;
    }
  }
  return ARROWIO_OK;
}

static void free_host(void *user) {
  CHECK(user == &host);
  host.freed++;
}

static arrowio_file *open_transformed(int way) {
  arrowio_buffer *buffer = buffer_of(content, SIZE);
  arrowio_file *raw = NULL, *file = NULL;
  drop(&host.seen);
  drop(&host.held);
  memset(&host, 0, sizeof host);
  host.way = way;
  host.fail_at = -1;
  OK(arrowio_buffer_reader_new(buffer, &raw, &error));
  OK(arrowio_transform_input_stream_new(raw, transform, &host, free_host, NULL, &file, &error));
  CHECK_INT(ARROWIO_CAPABILITY_READ, arrowio_file_capabilities(file));
  CHECK_INT(0, host.calls);
  arrowio_buffer_release(buffer);
  arrowio_file_release(raw);
  return file;
}

static void done_with(arrowio_file *file) {
  OK(arrowio_file_close(file, &error));
  CHECK_INT(0, host.freed);
  arrowio_file_release(file);
  CHECK_INT(1, host.freed);
}

/* Everything, in pieces of odd sizes. */
static struct bytes read_everything(arrowio_file *file) {
  static uint8_t piece[70001];
  struct bytes all = {0};
  int64_t got = 1, start = tell(file);
  append(&all, "", 0);
  for (int64_t size = 1; got > 0; size = size * 7 % 70001) {
    OK(arrowio_file_read(file, piece, size, &got, &error));
    append(&all, piece, got);
    CHECK_INT(start + all.size, tell(file));
  }
  return all;
}

static void gives(int way, const uint8_t *expected, int64_t size) {
  arrowio_file *file = open_transformed(way);
  struct bytes all = read_everything(file);
  CHECK(all.size == size && same(all.data, expected, size));
  CHECK(host.seen.size == SIZE && same(host.seen.data, content, SIZE));
  drop(&all);
  all = read_everything(file);
  CHECK_INT(0, all.size);
  CHECK_INT(1, host.ends);
  drop(&all);
  done_with(file);
}

TEST(grows_shrinks_and_holds_back) {
  static uint8_t doubled[2 * SIZE];
  for (int i = 0; i < 2 * SIZE; i++) doubled[i] = content[i / 2];
  gives(AS_IT_IS, content, SIZE);
  gives(TWICE, doubled, 2 * SIZE);
  gives(NOTHING, content, 0);
  gives(ONE_AT_THE_END, (const uint8_t *)"!", 1);
  gives(HELD_BACK, content, SIZE);
}

/* A failure, wherever it comes, says what the host said; what comes after it is as if it had not been. */
TEST(failures) {
  for (int64_t at = 0; at < 5; at++) {
    arrowio_file *file = open_transformed(AS_IT_IS);
    arrowio_buffer *all = NULL;
    host.fail_at = at;
    host.status = ARROWIO_ALREADY_EXISTS;
    SAYS(ARROWIO_ALREADY_EXISTS, "its transform callback: not this", arrowio_file_read_all(file, &all, &error));
    CHECK_INT(EDOM, arrowio_error_os_error(failure));
    CHECK_INT(0, tell(file));
    OK(arrowio_file_read_all(file, &all, &error));
    CHECK(arrowio_buffer_size(all) == SIZE && same(arrowio_buffer_data(all), content, SIZE));
    CHECK(host.seen.size == SIZE && host.ends == 1);
    arrowio_buffer_release(all);
    done_with(file);
  }
}

TEST(an_unknown_status) {
  arrowio_file *file = open_transformed(AS_IT_IS);
  uint8_t byte;
  int64_t got;
  host.fail_at = 0;
  host.status = 4711;
  SAYS(ARROWIO_IO_ERROR, "the unknown status 4711", arrowio_file_read(file, &byte, 1, &got, &error));
  done_with(file);
}

/* What the host gave it cannot change any more. */
TEST(a_buffer_that_is_kept) {
  arrowio_file *file = open_transformed(RESIZABLE);
  uint8_t bytes[10];
  int64_t got;
  OK(arrowio_file_read(file, bytes, 10, &got, &error));
  FAILS(ARROWIO_INVALID, arrowio_buffer_resize(host.given, 1, 1, &error));
  arrowio_buffer_release(host.given);
  done_with(file);
}

TEST(nothing_is_read_for_nothing) {
  arrowio_file *file = open_transformed(AS_IT_IS);
  int64_t got = -1;
  OK(arrowio_file_read(file, NULL, 0, &got, &error));
  CHECK(got == 0 && host.calls == 0);
  done_with(file);
}

TEST(wrong_arguments) {
  arrowio_file *writer = NULL, *file = NULL;
  OK(arrowio_buffer_output_stream_new(NULL, 0, &writer, &error));
  host.freed = 0;
  SAYS(ARROWIO_INVALID, "cannot be read",
       arrowio_transform_input_stream_new(writer, transform, &host, free_host, NULL, &file, &error));
  SAYS(ARROWIO_INVALID, "transform is NULL",
       arrowio_transform_input_stream_new(writer, NULL, &host, free_host, NULL, &file, &error));
  CHECK_INT(0, host.freed);
  close_file(writer);
}

/* Text: names, options, and what is wrong; that all encodings are right is for transcoding.py. */
static arrowio_status open_text(const char *text, int64_t size, const char *encoding, arrowio_on_error on_error,
                                arrowio_file **out) {
  arrowio_transcoding_options options = {.struct_size = sizeof options, .on_error = on_error};
  arrowio_buffer *buffer = buffer_of(text, size);
  arrowio_file *raw = NULL;
  OK(arrowio_buffer_reader_new(buffer, &raw, &error));
  arrowio_status status = arrowio_transcoding_input_stream_new(raw, encoding, &options, out, &error);
  arrowio_buffer_release(buffer);
  arrowio_file_release(raw);
  return status;
}

static void text_is(const char *expected, const char *text, int64_t size, const char *encoding, arrowio_on_error on_error) {
  arrowio_file *file = NULL;
  OK(open_text(text, size, encoding, on_error, &file));
  struct bytes all = read_everything(file);
  CHECK(all.size == (int64_t)strlen(expected) && same(all.data, expected, all.size));
  drop(&all);
  close_file(file);
}

TEST(texts) {
  const char *names[] = {"latin-1", "LATIN_1", "iso-8859-1", "ISO8859-1", "l1", "Latin1"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    text_is("\xc3\xa4 \xc2\x80", "\xe4 \x80", 3, names[i], ARROWIO_ON_ERROR_FAIL);
  }
  text_is("\xe2\x82\xac", "\x80", 1, "cp1252", ARROWIO_ON_ERROR_FAIL);
  text_is("\xc3\xa4", "\xff\xfe\xe4\x00", 4, "utf-16", ARROWIO_ON_ERROR_FAIL);
  text_is("\xc3\xa4", "\xfe\xff\x00\xe4", 4, "utf-16", ARROWIO_ON_ERROR_FAIL);
  text_is("\xef\xbb\xbf\xc3\xa4", "\xff\xfe\xe4\x00", 4, "utf-16-le", ARROWIO_ON_ERROR_FAIL);
  text_is("", "", 0, "utf-16", ARROWIO_ON_ERROR_FAIL);
  text_is("\xef\xbf\xbd", "\xe4", 1, "utf-16", ARROWIO_ON_ERROR_REPLACE);
  text_is("a\xef\xbf\xbd" "b\xef\xbf\xbd", "a\x81" "b\x9d", 4, "cp1252", ARROWIO_ON_ERROR_REPLACE);
}

TEST(wrong_texts) {
  const struct { const char *text; int64_t size; const char *encoding, *good, *says; } texts[] = {
      {"good \xff", 6, "utf-8", "good ", "1 bytes at byte offset 5"},
      {"good \xc3", 6, "utf-8", "good ", "truncated: it ends within the character at byte offset 5"},
      {"good \xe4", 6, "ascii", "good ", "byte offset 5"},
      {"\xff\xfeg\0\0\xd8x\0", 8, "utf-16", "g", "byte offset 4"},
      {"g\0\0\xd8", 4, "utf-16-le", "g", "truncated: it ends within the character at byte offset 2"},
      {"g\0x", 3, "utf-16-le", "g", "truncated: it ends within the character at byte offset 2"},
      {"good\x81", 5, "cp1252", "good", "byte offset 4"},
  };
  uint8_t bytes[20];
  int64_t got;
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    arrowio_file *file = NULL;
    int64_t good = (int64_t)strlen(texts[i].good);
    OK(open_text(texts[i].text, texts[i].size, texts[i].encoding, ARROWIO_ON_ERROR_FAIL, &file));
    OK(arrowio_file_read_some(file, bytes, 20, &got, &error));
    CHECK(got == good && same(bytes, texts[i].good, good));
    /* It stays so. */
    for (int again = 0; again < 3; again++) {
      SAYS(ARROWIO_IO_ERROR, texts[i].says, arrowio_file_read(file, bytes, 20, &got, &error));
      CHECK(strstr(arrowio_error_message(failure), texts[i].encoding) != NULL);
      CHECK_INT(good, tell(file));
    }
    close_file(file);
  }
}

TEST(wrong_names) {
  const char *names[] = {"", "utf-17", "klingon\n", "\xff", "cp1259", "iso-8859-12"};
  arrowio_file *file = NULL;
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    SAYS(ARROWIO_INVALID, "is no known encoding", open_text("", 0, names[i], 0, &file));
    CHECK(file == NULL);
  }
  SAYS(ARROWIO_INVALID, "on_error is 2", open_text("", 0, "utf-8", 2, &file));
}

int main(int argc, char **argv) {
  start(argc, argv);
  fill(content, SIZE);
  RUN(grows_shrinks_and_holds_back);
  RUN(failures);
  RUN(an_unknown_status);
  RUN(a_buffer_that_is_kept);
  RUN(nothing_is_read_for_nothing);
  RUN(wrong_arguments);
  RUN(texts);
  RUN(wrong_texts);
  RUN(wrong_names);
  drop(&host.seen);
  drop(&host.held);
  return finish_files();
}

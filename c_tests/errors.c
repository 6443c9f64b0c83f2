/* Statuses, errors, the rules for outputs of failed calls, and warnings. */
#include "threads.h"
#include <sys/resource.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* Where nothing of the library may be written. */
#define POISON(type) ((type *)(uintptr_t)&thread_failures)

TEST(status_names) {
  const struct {
    arrowio_status status;
    const char *name;
  } names[] = {
      {ARROWIO_OK, "OK"},
      {ARROWIO_OUT_OF_MEMORY, "OUT_OF_MEMORY"},
      {ARROWIO_INVALID, "INVALID"},
      {ARROWIO_IO_ERROR, "IO_ERROR"},
      {ARROWIO_CAPACITY_ERROR, "CAPACITY_ERROR"},
      {ARROWIO_INDEX_ERROR, "INDEX_ERROR"},
      {ARROWIO_CANCELLED, "CANCELLED"},
      {ARROWIO_NOT_IMPLEMENTED, "NOT_IMPLEMENTED"},
      {ARROWIO_ALREADY_EXISTS, "ALREADY_EXISTS"},
      {ARROWIO_INTERNAL, "INTERNAL"},
      {ARROWIO_CLOSED, "CLOSED"},
      {ARROWIO_TIMED_OUT, "TIMED_OUT"},
  };
  const arrowio_status unknown[] = {-1, 2, 3, 9, 11, 44, 46, 99, 103, INT32_MIN, INT32_MAX};
  for (int i = 0; i < COUNT(names); i++) CHECK(strcmp(arrowio_status_name(names[i].status), names[i].name) == 0);
  for (int i = 0; i < COUNT(unknown); i++) CHECK(strcmp(arrowio_status_name(unknown[i]), "UNKNOWN") == 0);
}

/* The numbers of Arrow's StatusCode. */
TEST(status_numbers) {
  CHECK_INT(0, ARROWIO_OK);
  CHECK_INT(1, ARROWIO_OUT_OF_MEMORY);
  CHECK_INT(4, ARROWIO_INVALID);
  CHECK_INT(5, ARROWIO_IO_ERROR);
  CHECK_INT(6, ARROWIO_CAPACITY_ERROR);
  CHECK_INT(7, ARROWIO_INDEX_ERROR);
  CHECK_INT(8, ARROWIO_CANCELLED);
  CHECK_INT(10, ARROWIO_NOT_IMPLEMENTED);
  CHECK_INT(45, ARROWIO_ALREADY_EXISTS);
}

TEST(no_error) {
  CHECK_INT(ARROWIO_OK, arrowio_error_status(NULL));
  CHECK(strcmp(arrowio_error_message(NULL), "") == 0);
  CHECK_INT(0, arrowio_error_os_error(NULL));
  CHECK(arrowio_error_retain(NULL) == NULL);
  arrowio_error_release(NULL);
}

static arrowio_file *open_file(const char *path, arrowio_mode mode) {
  arrowio_file *file = NULL;
  OK(arrowio_os_file_open(path, mode, NULL, &file, &error));
  return file;
}

/* What failed, on what, and why, with the numbers. */
TEST(messages) {
  char byte;
  int64_t count;
  arrowio_file *file = NULL;
  arrowio_buffer *buffer = buffer_of("0123456789", 10);
  FAILS_WITH(ENOENT, arrowio_os_file_open("/nonexistent/x.csv", ARROWIO_MODE_READ, NULL, &file, &error));
  const char *all = "open of '/nonexistent/x.csv' for reading: No such file or directory";
  CHECK(strcmp(arrowio_error_message(failure), all) == 0);
  FAILS_WITH(ENOENT, arrowio_memory_map_open("/nonexistent/x.map", ARROWIO_MODE_READ, 0, -1, &file, &error));
  CHECK(strstr(arrowio_error_message(failure), "'/nonexistent/x.map'") != NULL);
  FAILS_WITH(ENOENT, arrowio_input_stream_open("/nonexistent/x.gz", NULL, &file, &error));
  CHECK(strstr(arrowio_error_message(failure), "'/nonexistent/x.gz'") != NULL);
  FAILS_WITH(EISDIR, arrowio_os_file_open(folder, ARROWIO_MODE_READ, NULL, &file, &error));
  FAILS_WITH(EBADF, arrowio_os_file_open_fd(-1, ARROWIO_MODE_READ, NULL, &file, &error));
  SAYS(ARROWIO_INVALID, "mode", arrowio_os_file_open("x", 77, NULL, &file, &error));
  CHECK(strstr(arrowio_error_message(failure), "77") != NULL);
  SAYS(ARROWIO_INVALID, "path is NULL", arrowio_os_file_open(NULL, ARROWIO_MODE_READ, NULL, &file, &error));
  SAYS(ARROWIO_INVALID, "size is -5", arrowio_buffer_slice(buffer, 0, -5, &(arrowio_buffer *){NULL}, &error));
  CHECK_INT(0, arrowio_error_os_error(failure));
  SAYS(ARROWIO_INDEX_ERROR, "7 bytes at offset 4",
       arrowio_buffer_slice(buffer, 4, 7, &(arrowio_buffer *){NULL}, &error));

  file = open_file("/dev/full", ARROWIO_MODE_WRITE);
  FAILS_WITH(ENOSPC, arrowio_file_write(file, "12345", 5, &error));
  CHECK(strstr(arrowio_error_message(failure), "write of 5 bytes") != NULL);
  CHECK(strstr(arrowio_error_message(failure), "'/dev/full'") != NULL);
  SAYS(ARROWIO_INVALID, "'/dev/full'", arrowio_file_read(file, &byte, 1, &count, &error));
  CHECK(strstr(arrowio_error_message(failure), "writing") != NULL);
  OK(arrowio_file_close(file, &error));
  SAYS(ARROWIO_CLOSED, "'/dev/full'", arrowio_file_write(file, "1", 1, &error));
  arrowio_file_release(file);
  arrowio_buffer_release(buffer);
}

/* Whatever a path is made of, its message is one line of UTF-8. */
TEST(odd_paths) {
  char longest[6000];
  const struct {
    const char *path, *shown;
    int os_error;
  } cases[] = {
      {"/nonexistent/a\nb\tc\x1b[31m", "a\\nb\\tc\\u{1b}[31m'", ENOENT},
      {"/nonexistent/\xff\xfe\x80", "\\xff\\xfe\\x80", ENOENT},
      {"/nonexistent/it's", "it\\'s", ENOENT},
      {"/nonexistent/\xc3\xa9", "/nonexistent/\xc3\xa9'", ENOENT},
      {"", "''", ENOENT},
      {longest, "'/xxxxxx", ENAMETOOLONG},
  };
  memset(longest, 'x', sizeof longest);
  longest[0] = '/';
  longest[sizeof longest - 1] = '\0';
  for (int i = 0; i < COUNT(cases); i++) {
    arrowio_file *file = NULL;
    FAILS_WITH(cases[i].os_error, arrowio_os_file_open(cases[i].path, ARROWIO_MODE_READ, NULL, &file, &error));
    const char *message = arrowio_error_message(failure);
    CHECK(strstr(message, cases[i].shown) != NULL);
    for (const char *c = message; *c != '\0'; c++) CHECK((unsigned char)*c >= ' ' && (unsigned char)*c < 0xf8);
  }
}

TEST(an_error_outlives_what_it_tells_of) {
  char *path = strdup("/nonexistent/x");
  arrowio_file *file = NULL;
  arrowio_error *kept = NULL;
  CHECK_INT(ARROWIO_IO_ERROR, arrowio_os_file_open(path, ARROWIO_MODE_READ, NULL, &file, &kept));
  memset(path, 'y', strlen(path));
  free(path);
  CHECK(arrowio_error_retain(kept) == kept);
  arrowio_error_release(kept);
  CHECK(strstr(arrowio_error_message(kept), "'/nonexistent/x'") != NULL);
  CHECK_INT(ENOENT, arrowio_error_os_error(kept));
  arrowio_error_release(kept);
}

static void share_error(int index, void *shared) {
  (void)index;
  for (int i = 0; i < scaled(20000, 200); i++) {
    arrowio_error *mine = arrowio_error_retain(shared);
    THREAD_CHECK(arrowio_error_status(mine) == ARROWIO_IO_ERROR && arrowio_error_os_error(mine) == ENOENT);
    THREAD_CHECK(strstr(arrowio_error_message(mine), "'/nonexistent/x'") != NULL);
    arrowio_error_release(mine);
  }
  arrowio_error_release(shared);
}

TEST(an_error_on_many_threads) {
  arrowio_error *shared = NULL;
  arrowio_file *file = NULL;
  CHECK_INT(ARROWIO_IO_ERROR, arrowio_os_file_open("/nonexistent/x", ARROWIO_MODE_READ, NULL, &file, &shared));
  for (int i = 0; i < 15; i++) arrowio_error_retain(shared);
  run_threads(16, share_error, shared);
}

/* ---- Outputs ---- */

TEST(nobody_has_to_take_the_error) {
  arrowio_file *file = NULL;
  CHECK_INT(ARROWIO_IO_ERROR, arrowio_os_file_open("/nonexistent/x", ARROWIO_MODE_READ, NULL, &file, NULL));
  CHECK_INT(ARROWIO_INVALID, arrowio_file_close(NULL, NULL));
  CHECK_INT(ARROWIO_INVALID, arrowio_pool_open("none", &(arrowio_pool *){NULL}, NULL));
  CHECK_INT(ARROWIO_OUT_OF_MEMORY, arrowio_buffer_allocate(NULL, INT64_MAX, &(arrowio_buffer *){NULL}, NULL));
}

TEST(success_sets_the_error_to_null) {
  char byte;
  int64_t number;
  arrowio_pool *pool = NULL;
  arrowio_buffer *buffer = NULL, *slice = NULL;
  arrowio_file *file = NULL;
  arrowio_error *no_error;
#define CLEARS(call)                        \
  do {                                      \
    no_error = POISON(arrowio_error);       \
    CHECK_INT(ARROWIO_OK, (call));          \
    CHECK(no_error == NULL);                \
  } while (0)
  CLEARS(arrowio_pool_open("system", &pool, &no_error));
  CLEARS(arrowio_buffer_allocate_resizable(pool, 10, &buffer, &no_error));
  CLEARS(arrowio_buffer_resize(buffer, 20, 0, &no_error));
  CLEARS(arrowio_buffer_slice(buffer, 0, 10, &slice, &no_error));
  CLEARS(arrowio_buffer_reader_new(slice, &file, &no_error));
  CLEARS(arrowio_file_read(file, &byte, 1, &number, &no_error));
  CLEARS(arrowio_file_tell(file, &number, &no_error));
  CLEARS(arrowio_file_flush(file, &no_error));
  CLEARS(arrowio_file_close(file, &no_error));
  CLEARS(arrowio_set_warning_handler(NULL, NULL, NULL, &no_error));
  arrowio_file_release(file);
  arrowio_buffer_release(slice);
  arrowio_buffer_release(buffer);
  arrowio_pool_release(pool);
}

/* A handle that could not be had is NULL, whatever was there. */
TEST(failure_sets_handles_to_null) {
  arrowio_pool *pool;
  arrowio_buffer *buffer, *immutable = NULL;
  arrowio_file *file, *closed = NULL;
  OK(arrowio_buffer_wrap("abc", 3, NULL, NULL, &immutable, &error));
  OK(arrowio_buffer_reader_new(immutable, &closed, &error));
  OK(arrowio_file_close(closed, &error));
#define CLEARED(handle, status, call)             \
  do {                                            \
    memset(&handle, 0x55, sizeof handle);         \
    FAILS(status, call);                          \
    CHECK(handle == NULL);                        \
  } while (0)
  CLEARED(pool, ARROWIO_INVALID, arrowio_pool_open("none", &pool, &error));
  CLEARED(pool, ARROWIO_INVALID, arrowio_pool_new_capped(NULL, -1, &pool, &error));
  CLEARED(pool, ARROWIO_INVALID, arrowio_pool_new_logging(NULL, NULL, NULL, NULL, &pool, &error));
  CLEARED(pool, ARROWIO_INVALID, arrowio_pool_new_callbacks(NULL, NULL, &pool, &error));
  CLEARED(buffer, ARROWIO_INVALID, arrowio_buffer_allocate(NULL, -1, &buffer, &error));
  CLEARED(buffer, ARROWIO_INVALID, arrowio_buffer_copy_bytes(NULL, NULL, 1, &buffer, &error));
  CLEARED(buffer, ARROWIO_INDEX_ERROR, arrowio_buffer_slice(immutable, 4, 0, &buffer, &error));
  CLEARED(buffer, ARROWIO_INVALID, arrowio_buffer_slice_mutable(immutable, 0, 1, &buffer, &error));
  CLEARED(buffer, ARROWIO_INVALID, arrowio_buffer_concatenate(NULL, 1, NULL, &buffer, &error));
  CLEARED(buffer, ARROWIO_CLOSED, arrowio_file_read_buffer(closed, 1, &buffer, &error));
  CLEARED(buffer, ARROWIO_CLOSED, arrowio_file_read_at_buffer(closed, 0, 1, &buffer, &error));
  CLEARED(buffer, ARROWIO_CLOSED, arrowio_file_read_all(closed, &buffer, &error));
  CLEARED(buffer, ARROWIO_INVALID, arrowio_buffer_output_stream_finish(closed, &buffer, &error));
  CLEARED(file, ARROWIO_IO_ERROR, arrowio_os_file_open("/nonexistent/x", ARROWIO_MODE_READ, NULL, &file, &error));
  CLEARED(file, ARROWIO_IO_ERROR, arrowio_os_file_open_fd(-1, ARROWIO_MODE_READ, NULL, &file, &error));
  CLEARED(file, ARROWIO_IO_ERROR, arrowio_memory_map_open("/nonexistent/x", ARROWIO_MODE_READ, 0, -1, &file, &error));
  CLEARED(file, ARROWIO_IO_ERROR, arrowio_memory_map_create("/nonexistent/x", 1, &file, &error));
  CLEARED(file, ARROWIO_INVALID, arrowio_buffer_reader_new(NULL, &file, &error));
  CLEARED(file, ARROWIO_INVALID, arrowio_buffer_output_stream_new(NULL, -1, &file, &error));
  CLEARED(file, ARROWIO_INVALID, arrowio_fixed_size_buffer_writer_new(immutable, &file, &error));
  CLEARED(file, ARROWIO_INVALID, arrowio_compressed_input_stream_new(closed, 77, NULL, &file, &error));
  CLEARED(file, ARROWIO_CLOSED, arrowio_compressed_output_stream_new(closed, ARROWIO_CODEC_GZIP, NULL, &file, &error));
  CLEARED(file, ARROWIO_IO_ERROR, arrowio_input_stream_open("/nonexistent/x", NULL, &file, &error));
  CLEARED(file, ARROWIO_INVALID, arrowio_input_stream_from_buffer(NULL, NULL, &file, &error));
  CLEARED(file, ARROWIO_IO_ERROR, arrowio_output_stream_open("/nonexistent/x", NULL, &file, &error));
  arrowio_file_release(closed);
  arrowio_buffer_release(immutable);
}

/* Other outputs are written on success only. */
TEST(failure_leaves_other_outputs_alone) {
  uint8_t byte = 42, *block = &byte;
  const uint8_t *data = &byte;
  int64_t number = 42;
  arrowio_buffer *buffer = buffer_of("abc", 3);
  arrowio_file *closed = NULL, *open = NULL;
  OK(arrowio_buffer_reader_new(buffer, &open, &error));
  OK(arrowio_buffer_reader_new(buffer, &closed, &error));
  OK(arrowio_file_close(closed, &error));
  FAILS(ARROWIO_INVALID, arrowio_pool_allocate(NULL, -1, 64, &block, &error));
  FAILS(ARROWIO_OUT_OF_MEMORY, arrowio_pool_allocate(NULL, INT64_MAX, 64, &block, &error));
  FAILS(ARROWIO_CLOSED, arrowio_file_read(closed, &byte, 1, &number, &error));
  FAILS(ARROWIO_CLOSED, arrowio_file_read_some(closed, &byte, 1, &number, &error));
  FAILS(ARROWIO_CLOSED, arrowio_file_read_at(closed, 0, &byte, 1, &number, &error));
  FAILS(ARROWIO_INVALID, arrowio_file_read_at(open, -1, &byte, 1, &number, &error));
  FAILS(ARROWIO_CLOSED, arrowio_file_peek(closed, 1, &data, &number, &error));
  FAILS(ARROWIO_INVALID, arrowio_file_peek(open, -1, &data, &number, &error));
  FAILS(ARROWIO_INVALID, arrowio_file_peek(open, 1, &data, NULL, &error));
  FAILS(ARROWIO_INVALID, arrowio_file_peek(open, 1, NULL, &number, &error));
  FAILS(ARROWIO_CLOSED, arrowio_file_read_line(closed, &data, &number, &error));
  FAILS(ARROWIO_INVALID, arrowio_file_read_line(open, &data, NULL, &error));
  FAILS(ARROWIO_CLOSED, arrowio_file_seek(closed, 0, ARROWIO_SEEK_START, &number, &error));
  FAILS(ARROWIO_INVALID, arrowio_file_seek(open, -1, ARROWIO_SEEK_START, &number, &error));
  FAILS(ARROWIO_CLOSED, arrowio_file_tell(closed, &number, &error));
  FAILS(ARROWIO_CLOSED, arrowio_file_size(closed, &number, &error));
  CHECK(byte == 42 && block == &byte && data == &byte && number == 42);
  OK(arrowio_file_read_all(open, &buffer, &error));
  CHECK_INT(3, arrowio_buffer_size(buffer));
  arrowio_buffer_release(arrowio_buffer_parent(buffer));
  arrowio_buffer_release(buffer);
  arrowio_file_release(closed);
  arrowio_file_release(open);
}

/* ---- Warnings ---- */

/* Makes the library warn: a writer that is let go with bytes for which there is no room. */
static void cause_warning(void) {
  arrowio_file *file = NULL;
  arrowio_output_stream_open("/dev/full", NULL, &file, NULL);
  arrowio_file_write(file, "12345", 5, NULL);
  arrowio_file_release(file);
}

struct handler {
  atomic_int calls, frees;
  char last[500];
};

static void handle(void *user_data, const char *message) {
  struct handler *handler = user_data;
  THREAD_CHECK(handler->frees == 0);
  handler->calls++;
  snprintf(handler->last, sizeof handler->last, "%s", message);
}

static void free_handler(void *user_data) { ((struct handler *)user_data)->frees++; }

static void set_handler(struct handler *handler) {
  OK(arrowio_set_warning_handler(handle, handler, free_handler, &error));
}

TEST(warning_handler) {
  struct handler one = {0}, two = {0}, never = {0};
  set_handler(&one);
  cause_warning();
  CHECK_INT(1, one.calls);
  CHECK(strstr(one.last, "'/dev/full'") != NULL && strchr(one.last, '\n') == NULL);
  CHECK(strstr(one.last, "No space left on device") != NULL);
  set_handler(&two);
  CHECK(one.frees == 1 && two.frees == 0);
  cause_warning();
  cause_warning();
  CHECK(one.calls == 1 && two.calls == 2);
  set_handler(&two);
  CHECK_INT(1, two.frees);
  two.frees = 0;
  OK(arrowio_set_warning_handler(NULL, &never, free_handler, &error));
  CHECK_INT(1, two.frees);
  OK(arrowio_set_warning_handler(count_warning, NULL, NULL, &error));
  CHECK_INT(1, never.frees);
  CHECK(one.frees == 1 && two.frees == 1);
}

/* A handler may use the library, and set another one. */
static void replace_handler(void *user_data, const char *message) {
  handle(user_data, message);
  if (arrowio_set_warning_handler(count_warning, NULL, NULL, NULL) != ARROWIO_OK) abort();
  cause_warning();
  THREAD_CHECK(((struct handler *)user_data)->frees == 0);
}

TEST(handler_that_replaces_itself) {
  struct handler one = {0};
  OK(arrowio_set_warning_handler(replace_handler, &one, free_handler, &error));
  warnings = 0;
  cause_warning();
  CHECK(one.calls == 1 && one.frees == 1 && warnings == 1);
  CHECK_INT(0, thread_failures);
}

struct handlers {
  struct handler each[500];
  int count;
};

static void warn_and_replace(int index, void *shared) {
  struct handlers *all = shared;
  if (index > 0) {
    for (int i = 0; i < all->count; i++) cause_warning();
    return;
  }
  for (int i = 1; i < all->count; i++) {
    THREAD_CHECK(arrowio_set_warning_handler(handle, &all->each[i], free_handler, NULL) == ARROWIO_OK);
  }
}

/* Every handler is freed once, and not while it is running. */
TEST(handlers_replaced_while_others_warn) {
  struct handlers *all = calloc(1, sizeof *all);
  int calls = 0;
  all->count = (int)scaled(500, 50);
  set_handler(&all->each[0]);
  run_threads(5, warn_and_replace, all);
  OK(arrowio_set_warning_handler(count_warning, NULL, NULL, &error));
  for (int i = 0; i < all->count; i++) {
    CHECK_INT(1, all->each[i].frees);
    calls += all->each[i].calls;
  }
  CHECK_INT(4 * all->count, calls);
  free(all);
}

static int pipe_ends[2];

/* In a process whose files may not grow. */
static void warn_of_odd_path(void) {
  struct rlimit none = {0, 0};
  arrowio_file *file = NULL;
  OK(arrowio_set_warning_handler(NULL, NULL, NULL, &error));
  CHECK(dup2(pipe_ends[1], STDERR_FILENO) == STDERR_FILENO);
  signal(SIGXFSZ, SIG_IGN);
  OK(arrowio_output_stream_open(here("two\nlines"), NULL, &file, &error));
  OK(arrowio_file_write(file, "12345", 5, &error));
  setrlimit(RLIMIT_FSIZE, &none);
  arrowio_file_release(file);
}

/* A line on standard error, and only one, whatever the path. */
TEST(warning_on_standard_error) {
  char said[2000];
  CHECK_INT(0, pipe(pipe_ends));
  in_child(warn_of_odd_path);
  close(pipe_ends[1]);
  ssize_t size = read(pipe_ends[0], said, sizeof said - 1);
  close(pipe_ends[0]);
  CHECK(size > 0);
  said[size] = '\0';
  CHECK(strncmp(said, "arrowio: ", 9) == 0 && strstr(said, "two\\nlines' was released before it was closed") != NULL);
  CHECK(strstr(said, "File too large") != NULL && strchr(said, '\n') == said + size - 1);
}

int main(int argc, char **argv) {
  start(argc, argv);
  RUN(status_names);
  RUN(status_numbers);
  RUN(no_error);
  RUN(messages);
  RUN(odd_paths);
  RUN(an_error_outlives_what_it_tells_of);
  RUN(an_error_on_many_threads);
  RUN(nobody_has_to_take_the_error);
  RUN(success_sets_the_error_to_null);
  RUN(failure_sets_handles_to_null);
  RUN(failure_leaves_other_outputs_alone);
  RUN(warning_handler);
  RUN(handler_that_replaces_itself);
  RUN(handlers_replaced_while_others_warn);
  RUN(warning_on_standard_error);
  return finish_files();
}

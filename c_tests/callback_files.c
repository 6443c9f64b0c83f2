/* Files of the host's functions: what these give wrongly, where they come back, how often each is called. */
#include "files.h"
#include "threads.h"
#include <semaphore.h>
#include <stddef.h>

enum { SIZE = 10000 };
enum called { READ, READ_AT, WRITE, WRITE_AT, SEEK, TELL, SIZED, RESIZE, FLUSH, SYNC, CLOSE, ABORT, FUNCTIONS };
static const char *const names[] = {"read", "read_at", "write", "write_at", "seek",  "tell",
                                    "size", "resize",  "flush", "sync",     "close", "abort"};
#define HONEST INT64_C(-1000)
#define SILENT INT64_C(-1001)

/* A host with bytes, which does for one of its functions what it is told. */
static struct host {
  uint8_t bytes[2 * SIZE];
  int64_t size, position;
  /* The function that misbehaves, after so many calls that do not: what it gives, its status, what it says. */
  enum called wrong;
  int64_t after, gives, most;
  arrowio_status status;
  const char *says;
  int says_and_succeeds;
  atomic_int calls[FUNCTIONS], released;
  char order[100];
  pthread_t thread;
  /* Called from within. */
  void (*within)(enum called);
} host;

/* Whether the call is one that fails, with its status; else the number it is to give is in *number. */
static arrowio_status behave(enum called called, int64_t *number, arrowio_error **out_error) {
  CHECK(*out_error == NULL);
  host.thread = pthread_self();
  int misbehaves = called == host.wrong && atomic_load(&host.calls[called]) >= host.after;
  atomic_fetch_add(&host.calls[called], 1);
  if (host.within != NULL) host.within(called);
  if (!misbehaves) return ARROWIO_OK;
  if (host.says != NULL && (host.status != ARROWIO_OK || host.says_and_succeeds)) {
    arrowio_error_new(ARROWIO_CANCELLED, EDOM, host.says, out_error);
  }
  if (host.gives != HONEST) *number = host.gives;
  return host.status;
}

/* Sets what is given unless it is to be kept back. */
static arrowio_status give(int64_t number, int64_t *out) {
  if (number != SILENT) *out = number;
  return ARROWIO_OK;
}

static int64_t limited(int64_t size) {
  return host.most > 0 && size > host.most ? host.most : size;
}

static int64_t copy_out(void *dst, int64_t offset, int64_t size) {
  int64_t left = offset < host.size ? host.size - offset : 0;
  if (size > left) size = left;
  memcpy(dst, host.bytes + (offset < host.size ? offset : 0), (size_t)size);
  return size;
}

static int64_t copy_in(const void *data, int64_t offset, int64_t size) {
  memcpy(host.bytes + offset, data, (size_t)size);
  if (offset + size > host.size) host.size = offset + size;
  return size;
}

static arrowio_status read_it(void *user, void *dst, int64_t size, int64_t *out, arrowio_error **out_error) {
  int64_t number = HONEST;
  CHECK(user == &host && size > 0);
  arrowio_status status = behave(READ, &number, out_error);
  if (status != ARROWIO_OK || number != HONEST) return status != ARROWIO_OK ? status : give(number, out);
  number = copy_out(dst, host.position, limited(size));
  host.position += number;
  return give(number, out);
}

static arrowio_status read_it_at(void *user, int64_t offset, void *dst, int64_t size, int64_t *out,
                                 arrowio_error **out_error) {
  int64_t number = HONEST;
  CHECK(user == &host && size > 0 && offset >= 0);
  arrowio_status status = behave(READ_AT, &number, out_error);
  if (status != ARROWIO_OK || number != HONEST) return status != ARROWIO_OK ? status : give(number, out);
  return give(copy_out(dst, offset, limited(size)), out);
}

static arrowio_status write_it(void *user, const void *data, int64_t size, int64_t *out, arrowio_error **out_error) {
  int64_t number = HONEST;
  CHECK(user == &host && size > 0);
  arrowio_status status = behave(WRITE, &number, out_error);
  if (status != ARROWIO_OK || number != HONEST) return status != ARROWIO_OK ? status : give(number, out);
  number = copy_in(data, host.position, limited(size));
  host.position += number;
  return give(number, out);
}

static arrowio_status write_it_at(void *user, int64_t offset, const void *data, int64_t size, int64_t *out,
                                  arrowio_error **out_error) {
  int64_t number = HONEST;
  CHECK(user == &host && size > 0 && offset >= 0);
  arrowio_status status = behave(WRITE_AT, &number, out_error);
  if (status != ARROWIO_OK || number != HONEST) return status != ARROWIO_OK ? status : give(number, out);
  return give(copy_in(data, offset, limited(size)), out);
}

static arrowio_status seek_it(void *user, int64_t offset, arrowio_whence whence, int64_t *out,
                              arrowio_error **out_error) {
  int64_t number = HONEST;
  CHECK(user == &host && (whence == ARROWIO_SEEK_START ? offset >= 0 : whence == ARROWIO_SEEK_END && offset == 0));
  arrowio_status status = behave(SEEK, &number, out_error);
  if (status != ARROWIO_OK || number != HONEST) return status != ARROWIO_OK ? status : give(number, out);
  return give(host.position = whence == ARROWIO_SEEK_START ? offset : host.size, out);
}

static arrowio_status number_of(enum called called, int64_t honest, int64_t *out, arrowio_error **out_error) {
  int64_t number = HONEST;
  arrowio_status status = behave(called, &number, out_error);
  return status != ARROWIO_OK ? status : give(number != HONEST ? number : honest, out);
}

static arrowio_status tell_it(void *user, int64_t *out, arrowio_error **out_error) {
  CHECK(user == &host);
  return number_of(TELL, host.position, out, out_error);
}

static arrowio_status size_it(void *user, int64_t *out, arrowio_error **out_error) {
  CHECK(user == &host);
  return number_of(SIZED, host.size, out, out_error);
}

static arrowio_status simple(enum called called, arrowio_error **out_error) {
  int64_t number = HONEST;
  size_t length = strlen(host.order);
  snprintf(host.order + length, sizeof host.order - length, "%s ", names[called]);
  return behave(called, &number, out_error);
}

static arrowio_status resize_it(void *user, int64_t size, arrowio_error **out_error) {
  CHECK(user == &host && size >= 0);
  arrowio_status status = simple(RESIZE, out_error);
  if (status == ARROWIO_OK) host.size = size;
  return status;
}

static arrowio_status flush_it(void *user, arrowio_error **out_error) {
  CHECK(user == &host);
  return simple(FLUSH, out_error);
}

static arrowio_status sync_it(void *user, arrowio_error **out_error) {
  CHECK(user == &host);
  return simple(SYNC, out_error);
}

static arrowio_status close_it(void *user, arrowio_error **out_error) {
  CHECK(user == &host);
  return simple(CLOSE, out_error);
}

static arrowio_status abort_it(void *user, arrowio_error **out_error) {
  CHECK(user == &host);
  return simple(ABORT, out_error);
}

static void release_it(void *user) {
  CHECK(user == &host);
  atomic_fetch_add(&host.released, 1);
}

static arrowio_file_callbacks all_functions(void) {
  return (arrowio_file_callbacks){sizeof(arrowio_file_callbacks), "the host's", read_it, read_it_at, write_it,
                                  write_it_at, seek_it, tell_it, size_it, resize_it, flush_it, sync_it, close_it,
                                  abort_it, release_it};
}

static arrowio_file_callbacks few_functions(void) {
  return (arrowio_file_callbacks){.struct_size = sizeof(arrowio_file_callbacks), .read = read_it, .write = write_it,
                                  .seek = seek_it, .free_fn = release_it};
}

static void reset(void) {
  memset(&host, 0, sizeof host);
  fill(host.bytes, SIZE);
  host.size = SIZE;
  host.wrong = FUNCTIONS;
  host.gives = HONEST;
}

static arrowio_file *open_with(arrowio_file_callbacks callbacks) {
  arrowio_file *file = NULL;
  OK(arrowio_callback_file_new(&callbacks, &host, &file, &error));
  return file;
}

/* From now on one function misbehaves. */
static void misbehave(enum called wrong, int64_t gives, arrowio_status status, const char *says) {
  host.wrong = wrong;
  host.gives = gives;
  host.status = status;
  host.says = says;
  host.after = 0;
}

static void behave_again(void) {
  misbehave(FUNCTIONS, HONEST, ARROWIO_OK, NULL);
}

/* Calls whatever calls the host's function. */
static arrowio_status call(arrowio_file *file, enum called called) {
  static uint8_t bytes[200];
  int64_t number;
  switch (called) {
    case READ: return arrowio_file_read(file, bytes, 100, &number, &error);
    case READ_AT: return arrowio_file_read_at(file, 50, bytes, 100, &number, &error);
    case WRITE: return arrowio_file_write(file, bytes, 100, &error);
    case WRITE_AT: return arrowio_file_write_at(file, 50, bytes, 100, &error);
    case SEEK: return arrowio_file_seek(file, 70, ARROWIO_SEEK_START, &number, &error);
    case TELL: return arrowio_file_tell(file, &number, &error);
    case SIZED: return arrowio_file_size(file, &number, &error);
    case RESIZE: return arrowio_file_resize(file, SIZE, &error);
    case FLUSH: return arrowio_file_flush(file, &error);
    case SYNC: return arrowio_file_sync(file, &error);
    case CLOSE: return arrowio_file_close(file, &error);
    default: return arrowio_file_abort(file, &error);
  }
}

TEST(capabilities_follow) {
  const uint32_t read = ARROWIO_CAPABILITY_READ, write = ARROWIO_CAPABILITY_WRITE, seek = ARROWIO_CAPABILITY_SEEK,
                 read_at = ARROWIO_CAPABILITY_READ_AT, size = ARROWIO_CAPABILITY_SIZE;
  const struct { arrowio_file_callbacks functions; uint32_t can; } cases[] = {
      {{.read = read_it}, read},
      {{.write = write_it}, write},
      {{.read = read_it, .tell = tell_it}, read},
      {{.read = read_it, .size = size_it}, read | size},
      {{.read = read_it, .read_at = read_it_at}, read | read_at},
      {{.read = read_it, .seek = seek_it}, read | seek | read_at | size},
      {{.write = write_it, .seek = seek_it}, write | seek | size},
      {{.write = write_it, .write_at = write_it_at}, write | ARROWIO_CAPABILITY_WRITE_AT},
      {{.write = write_it, .resize = resize_it}, write | ARROWIO_CAPABILITY_RESIZE},
      {{.read = read_it, .write = write_it}, read | write},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    arrowio_file_callbacks callbacks = cases[i].functions;
    callbacks.struct_size = sizeof callbacks;
    callbacks.free_fn = release_it;
    arrowio_file *file = open_with(callbacks);
    CHECK_INT(cases[i].can, arrowio_file_capabilities(file));
    close_file(file);
    CHECK_INT(i + 1, atomic_load(&host.released));
  }
}

TEST(wrong_functions) {
  const struct { arrowio_file_callbacks functions; const char *says; } cases[] = {
      {{.seek = seek_it, .close = close_it}, "read or a write"},
      {{.read_at = read_it_at}, "read or a write"},
      {{.write = write_it, .read_at = read_it_at}, "read_at"},
      {{.read = read_it, .write_at = write_it_at}, "write_at"},
      {{.read = read_it, .resize = resize_it}, "resize"},
  };
  arrowio_file *file = (arrowio_file *)&host;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    arrowio_file_callbacks callbacks = cases[i].functions;
    callbacks.struct_size = sizeof callbacks;
    callbacks.free_fn = release_it;
    SAYS(ARROWIO_INVALID, cases[i].says, arrowio_callback_file_new(&callbacks, &host, &file, &error));
    CHECK(file == NULL);
  }
  arrowio_file_callbacks callbacks = few_functions();
  callbacks.struct_size = 0;
  SAYS(ARROWIO_INVALID, "struct_size", arrowio_callback_file_new(&callbacks, &host, &file, &error));
  CHECK_INT(0, atomic_load(&host.released));
}

/* A program of an older header has fewer functions. */
TEST(a_shorter_struct) {
  arrowio_file_callbacks callbacks = all_functions();
  callbacks.struct_size = offsetof(arrowio_file_callbacks, read_at);
  arrowio_file *file = open_with(callbacks);
  CHECK_INT(ARROWIO_CAPABILITY_READ, arrowio_file_capabilities(file));
  close_file(file);
  CHECK_INT(0, atomic_load(&host.released));
}

/* Numbers that cannot be: an error that names the function and them; nothing is written where it must not be. */
TEST(wrong_numbers) {
  const enum called counted[] = {READ, READ_AT, WRITE, WRITE_AT, SEEK, TELL, SIZED};
  const int64_t numbers[] = {-1, SILENT, INT64_MIN + 1, 101, INT64_MAX};
  for (size_t i = 0; i < sizeof counted / sizeof counted[0]; i++) {
    for (size_t j = 0; j < sizeof numbers / sizeof numbers[0]; j++) {
      enum called wrong = counted[i];
      /* A position or size may be any number but these. */
      if (numbers[j] > 0 && wrong >= TELL) continue;
      char text[100];
      arrowio_file *file = open_with(all_functions());
      misbehave(wrong, numbers[j], ARROWIO_OK, NULL);
      snprintf(text, sizeof text, "its %s callback", names[wrong]);
      SAYS(ARROWIO_IO_ERROR, text, call(file, wrong));
      CHECK(strstr(arrowio_error_message(failure), "the host") != NULL);
      snprintf(text, sizeof text, "%lld", (long long)numbers[j]);
      if (numbers[j] != SILENT) CHECK(strstr(arrowio_error_message(failure), text) != NULL);
      if (numbers[j] == SILENT) CHECK(strstr(arrowio_error_message(failure), "gave no number") != NULL);
      behave_again();
      close_file(file);
    }
  }
}

/* What a function fails with is what the call fails with: status, errno and text. */
TEST(failures_arrive) {
  for (int called = READ; called < FUNCTIONS; called++) {
    char text[100];
    snprintf(text, sizeof text, "its %s callback: no more\\nof this", names[called]);
    arrowio_file *file = open_with(all_functions());
    misbehave(called, HONEST, ARROWIO_CANCELLED, "no more\nof this");
    SAYS(ARROWIO_CANCELLED, text, call(file, called));
    CHECK_INT(EDOM, arrowio_error_os_error(failure));
    CHECK(strstr(arrowio_error_message(failure), "the host") != NULL);
    behave_again();
    if (called == CLOSE) SAYS(ARROWIO_CANCELLED, text, arrowio_file_close(file, &error));
    arrowio_file_release(file);
  }
  CHECK_INT(FUNCTIONS, atomic_load(&host.released));
}

TEST(failures_without_words) {
  arrowio_file *file = open_with(all_functions());
  misbehave(READ, HONEST, ARROWIO_TIMED_OUT, NULL);
  SAYS(ARROWIO_TIMED_OUT, "its read callback: failed with TIMED_OUT", call(file, READ));
  misbehave(READ, HONEST, 4711, NULL);
  SAYS(ARROWIO_IO_ERROR, "its read callback: failed with the unknown status 4711", call(file, READ));
  misbehave(READ, HONEST, -5, "what I know");
  SAYS(ARROWIO_CANCELLED, "the unknown status -5: what I know", call(file, READ));
  /* Said although it succeeded: let go of. */
  misbehave(READ, HONEST, ARROWIO_OK, "nothing");
  host.says_and_succeeds = 1;
  OK(call(file, READ));
  close_file(file);
}

TEST(error_new) {
  const arrowio_status failures[] = {ARROWIO_OUT_OF_MEMORY, ARROWIO_INVALID, ARROWIO_IO_ERROR, ARROWIO_INTERNAL,
                                     ARROWIO_CLOSED, ARROWIO_ALREADY_EXISTS};
  for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
    SAYS(failures[i], "what failed", arrowio_error_new(failures[i], ENOSPC, "what failed", &error));
    CHECK(strcmp("what failed", arrowio_error_message(failure)) == 0);
    CHECK_INT(ENOSPC, arrowio_error_os_error(failure));
    CHECK_INT(failures[i], arrowio_error_new(failures[i], 0, "what failed", NULL));
  }
  SAYS(ARROWIO_INVALID, "status is 0", arrowio_error_new(ARROWIO_OK, 0, "what failed", &error));
  SAYS(ARROWIO_INVALID, "status is 3", arrowio_error_new(3, 0, "what failed", &error));
  SAYS(ARROWIO_INVALID, "message is NULL", arrowio_error_new(ARROWIO_IO_ERROR, 0, NULL, &error));
  SAYS(ARROWIO_IO_ERROR, "", arrowio_error_new(ARROWIO_IO_ERROR, 0, "", &error));
  SAYS(ARROWIO_IO_ERROR, "it's \xc3\xa4 \\t\\xff!", arrowio_error_new(ARROWIO_IO_ERROR, 0, "it's \xc3\xa4 \t\xff!", &error));
}

/* Short pieces are gone on with; what fails on the way says how far it came. */
TEST(short_writes) {
  static uint8_t data[SIZE];
  arrowio_file *file = open_with(all_functions());
  fill(data, SIZE);
  host.most = 7;
  OK(arrowio_file_write(file, data, 1000, &error));
  OK(arrowio_file_write_at(file, 1000, data + 1000, 1000, &error));
  CHECK(same(host.bytes, data, 2000));
  CHECK_INT(1000, tell(file));
  misbehave(WRITE, 0, ARROWIO_OK, NULL);
  host.after = atomic_load(&host.calls[WRITE]) + 2;
  SAYS(ARROWIO_IO_ERROR, "after 14 of 100 bytes: its write callback wrote none of the 86 bytes",
       arrowio_file_write(file, data + 1000, 100, &error));
  CHECK_INT(1014, tell(file));
  misbehave(WRITE_AT, HONEST, ARROWIO_IO_ERROR, "full");
  host.after = atomic_load(&host.calls[WRITE_AT]) + 1;
  SAYS(ARROWIO_CANCELLED, "after 7 of 100 bytes: its write_at callback: full",
       arrowio_file_write_at(file, 5, data, 100, &error));
  behave_again();
  close_file(file);
}

/* Where nothing tells the position it is counted, also over what was written of a failed write. */
TEST(counted_positions) {
  static uint8_t bytes[SIZE];
  int64_t got, size;
  arrowio_file_callbacks callbacks = few_functions();
  callbacks.seek = NULL;
  arrowio_file *file = open_with(callbacks);
  host.most = 10;
  OK(arrowio_file_read(file, bytes, 95, &got, &error));
  CHECK_INT(95, got);
  CHECK_INT(95, tell(file));
  misbehave(READ, HONEST, ARROWIO_IO_ERROR, "gone");
  host.after = atomic_load(&host.calls[READ]) + 2;
  FAILS(ARROWIO_CANCELLED, arrowio_file_read(file, bytes, 100, &got, &error));
  CHECK_INT(95, tell(file));
  behave_again();
  OK(arrowio_file_read(file, bytes, 100, &got, &error));
  CHECK(same(bytes, host.bytes + 95, 100));
  close_file(file);

  reset();
  file = open_with(few_functions());
  OK(arrowio_file_seek(file, -100, ARROWIO_SEEK_END, &got, &error));
  CHECK_INT(SIZE - 100, got);
  OK(arrowio_file_read(file, bytes, 60, &got, &error));
  OK(arrowio_file_size(file, &size, &error));
  CHECK_INT(SIZE, size);
  CHECK_INT(SIZE - 40, tell(file));
  OK(arrowio_file_read(file, bytes, 60, &got, &error));
  CHECK_INT(40, got);
  CHECK(same(bytes, host.bytes + SIZE - 40, 40));
  close_file(file);
}

/* A host that cannot go back: the call fails, and the next one goes back first. */
TEST(failed_return) {
  uint8_t bytes[100];
  int64_t got, size;
  arrowio_file *file = open_with(few_functions());
  OK(arrowio_file_read(file, bytes, 100, &got, &error));
  misbehave(SEEK, HONEST, ARROWIO_IO_ERROR, "stuck");
  host.after = 1;
  SAYS(ARROWIO_CANCELLED, "return to position 100: its seek callback: stuck",
       arrowio_file_read_at(file, 5000, bytes, 100, &got, &error));
  CHECK_INT(100, tell(file));
  SAYS(ARROWIO_CANCELLED, "return to position 100", arrowio_file_read(file, bytes, 100, &got, &error));
  SAYS(ARROWIO_CANCELLED, "return to position 100", arrowio_file_write(file, bytes, 100, &error));
  SAYS(ARROWIO_CANCELLED, "return to position 100", arrowio_file_size(file, &size, &error));
  CHECK_INT(5100, host.position);
  behave_again();
  OK(arrowio_file_read(file, bytes, 100, &got, &error));
  CHECK(same(bytes, host.bytes + 100, 100));
  /* What fails on the way out fails as such. */
  misbehave(READ, HONEST, ARROWIO_IO_ERROR, "torn");
  host.after = atomic_load(&host.calls[READ]);
  SAYS(ARROWIO_CANCELLED, "its read callback: torn", arrowio_file_read_at(file, 5000, bytes, 100, &got, &error));
  behave_again();
  CHECK_INT(200, host.position);
  close_file(file);
}

TEST(a_seek_elsewhere) {
  arrowio_file *file = open_with(all_functions());
  misbehave(SEEK, 71, ARROWIO_OK, NULL);
  SAYS(ARROWIO_IO_ERROR, "was to go to 70 and says that it is at 71", call(file, SEEK));
  behave_again();
  close_file(file);
}

/* Which functions end a file, and in which order. */
TEST(how_it_ends) {
  static arrowio_status (*const ends[])(arrowio_file *, arrowio_error **) = {arrowio_file_close, arrowio_file_abort};
  const struct { int end, without_abort, reads_only; const char *order; } cases[] = {
      {0, 0, 0, "flush close "}, {1, 0, 0, "abort "}, {1, 1, 0, "close "}, {0, 0, 1, "close "}, {1, 0, 1, "abort "},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    reset();
    arrowio_file_callbacks callbacks = all_functions();
    if (cases[i].without_abort) callbacks.abort = NULL;
    if (cases[i].reads_only) callbacks.write = NULL, callbacks.write_at = NULL, callbacks.resize = NULL;
    arrowio_file *file = open_with(callbacks);
    for (int again = 0; again < 2; again++) OK(ends[cases[i].end](file, &error));
    CHECK(strcmp(cases[i].order, host.order) == 0);
    CHECK_INT(0, atomic_load(&host.released));
    arrowio_file_retain(file);
    arrowio_file_release(file);
    CHECK_INT(0, atomic_load(&host.released));
    arrowio_file_release(file);
    CHECK_INT(1, atomic_load(&host.released));
  }
  reset();
  arrowio_file_release(open_with(all_functions()));
  CHECK(strcmp("flush close ", host.order) == 0);
  CHECK_INT(1, atomic_load(&host.released));
}

TEST(close_and_flush_fail) {
  arrowio_file *file = open_with(all_functions());
  misbehave(FLUSH, HONEST, ARROWIO_IO_ERROR, "will not");
  SAYS(ARROWIO_CANCELLED, "its flush callback: will not", arrowio_file_close(file, &error));
  CHECK(strcmp("flush close ", host.order) == 0);
  arrowio_file_release(file);

  reset();
  warnings = 0;
  misbehave(CLOSE, HONEST, ARROWIO_IO_ERROR, "will not");
  arrowio_file_release(open_with(all_functions()));
  CHECK_INT(1, warnings);
  CHECK(strstr(last_warning, "its close callback: will not") != NULL);
  CHECK_INT(1, atomic_load(&host.released));
}

static arrowio_file *own, *neighbour;
static int refusals, depth;

/* Whatever is called on the file whose function this is, is refused, and a neighbour works. */
static void come_back(enum called called) {
  int64_t number;
  if (depth++ > 0) {
    depth--;
    return;
  }
  for (int again = READ; again < FUNCTIONS; again++) {
    /* The file is marked as closed before its last functions are called. */
    int closing = called == CLOSE || called == ABORT || (called == FLUSH && arrowio_file_is_closed(own));
    arrowio_status expected = closing && again == READ_AT ? ARROWIO_CLOSED : ARROWIO_INVALID;
    arrowio_status status = call(own, again);
    int unable = (again == WRITE_AT || again == RESIZE) && !(arrowio_file_capabilities(own) & ARROWIO_CAPABILITY_RESIZE);
    int says_so = closing || unable || strstr(arrowio_error_message(error), "from within") != NULL;
    if (status == expected && says_so) refusals++;
    else fprintf(stderr, "%s from within %s: %s\n", names[again], names[called], arrowio_error_message(error));
    arrowio_error_release(error);
    error = NULL;
  }
  uint8_t byte;
  if (arrowio_file_read_at(neighbour, 0, &byte, 1, &number, NULL) != ARROWIO_OK) refusals = -1000;
  depth--;
}

TEST(coming_back) {
  arrowio_buffer *buffer = buffer_of("neighbour", 9);
  OK(arrowio_buffer_reader_new(buffer, &neighbour, &error));
  for (int sparse = 0; sparse < 2; sparse++) {
    own = open_with(sparse ? few_functions() : all_functions());
    host.within = come_back;
    for (int called = READ; called < FUNCTIONS; called++) {
      if (sparse && (called == WRITE_AT || called == RESIZE)) continue;
      refusals = 0;
      int before = 0, after = 0;
      for (int i = 0; i < FUNCTIONS; i++) before += atomic_load(&host.calls[i]);
      OK(call(own, called));
      for (int i = 0; i < FUNCTIONS; i++) after += atomic_load(&host.calls[i]);
      CHECK_INT((after - before) * FUNCTIONS, refusals);
    }
    host.within = NULL;
    arrowio_file_release(own);
  }
  close_file(neighbour);
  arrowio_buffer_release(buffer);
}

/* Layers over the file, and layers over those. */
enum { LAYERS = 9 };
static arrowio_file *layers[LAYERS];

static void close_layers(enum called called) {
  if (called != READ && called != READ_AT && called != WRITE) return;
  for (int i = 0; i < LAYERS; i++) {
    for (int abort = 0; abort < 2; abort++) {
      arrowio_status status = abort ? arrowio_file_abort(layers[i], &error) : arrowio_file_close(layers[i], &error);
      if (status == ARROWIO_INVALID && strstr(arrowio_error_message(error), "from within") != NULL) refusals++;
      else fprintf(stderr, "layer %d from within %s: %s\n", i, names[called], arrowio_error_message(error));
      arrowio_error_release(error);
      error = NULL;
      if (arrowio_file_is_closed(layers[i])) refusals = -1000;
    }
  }
}

/* Nothing changes where a layer is closed from within a call on what it would close: neither the layer nor its file. */
TEST(closing_layers_from_within) {
  arrowio_file *mock = NULL;
  own = open_with(all_functions());
  OK(arrowio_mock_output_stream_new(&mock, &error));
  OK(arrowio_slow_input_new(own, NULL, &layers[0], &error));
  OK(arrowio_range_cache_new(own, NULL, &layers[1], &error));
  OK(arrowio_buffered_input_stream_new(own, NULL, &layers[2], &error));
  OK(arrowio_compressed_input_stream_new(own, ARROWIO_CODEC_GZIP, NULL, &layers[3], &error));
  OK(arrowio_buffered_output_stream_new(own, NULL, &layers[4], &error));
  OK(arrowio_tee_output_stream_new(mock, own, &layers[5], &error));
  OK(arrowio_range_cache_new(layers[0], NULL, &layers[6], &error));
  OK(arrowio_buffered_input_stream_new(layers[2], NULL, &layers[7], &error));
  OK(arrowio_buffered_output_stream_new(layers[5], NULL, &layers[8], &error));
  host.within = close_layers;
  const enum called calls[] = {READ, READ_AT, WRITE};
  for (int i = 0; i < 3; i++) {
    refusals = 0;
    OK(call(own, calls[i]));
    CHECK_INT(2 * LAYERS, refusals);
  }
  host.within = NULL;
  CHECK(atomic_load(&host.calls[CLOSE]) == 0 && atomic_load(&host.calls[ABORT]) == 0);
  for (int i = 0; i < FUNCTIONS; i++) {
    if (i != CLOSE && i != ABORT) OK(call(own, i));
  }
  for (int i = LAYERS - 1; i >= 0; i--) {
    OK(arrowio_file_close(layers[i], &error));
    arrowio_file_release(layers[i]);
  }
  CHECK_INT(1, atomic_load(&host.calls[CLOSE]));
  arrowio_file_release(mock);
  arrowio_file_release(own);
}

/* Meets the others within read_at: it ends only if all are in there at once. */
static pthread_barrier_t meeting;

static void meet(enum called called) {
  if (called == READ_AT) pthread_barrier_wait(&meeting);
}

static void read_and_check(int index, void *shared) {
  uint8_t bytes[100];
  int64_t got = 0, offset = index * 300;
  THREAD_CHECK(arrowio_file_read_at(shared, offset, bytes, 100, &got, NULL) == ARROWIO_OK);
  THREAD_CHECK(got == 100 && memcmp(bytes, host.bytes + offset, 100) == 0);
}

TEST(read_at_by_many_at_once) {
  arrowio_file *file = open_with(all_functions());
  pthread_barrier_init(&meeting, NULL, 8);
  host.within = meet;
  run_threads(8, read_and_check, file);
  host.within = NULL;
  pthread_barrier_destroy(&meeting);
  close_file(file);
}

/* By seeking only one goes at a time, among others that read on. */
static void read_anywhere(int index, void *shared) {
  uint8_t bytes[100];
  int64_t got = 0;
  uint32_t seed = (uint32_t)index;
  for (int i = 0; i < 200; i++) {
    int64_t offset = next_random(&seed) % (SIZE - 100);
    THREAD_CHECK(arrowio_file_read_at(shared, offset, bytes, 100, &got, NULL) == ARROWIO_OK);
    THREAD_CHECK(got == 100 && memcmp(bytes, host.bytes + offset, 100) == 0);
  }
}

static void read_on_or_anywhere(int index, void *shared) {
  uint8_t bytes[40];
  int64_t got = 0;
  if (index > 0) {
    read_anywhere(index, shared);
    return;
  }
  for (int64_t at = 0; at < SIZE; at += 40) {
    THREAD_CHECK(arrowio_file_read(shared, bytes, 40, &got, NULL) == ARROWIO_OK);
    THREAD_CHECK(got == 40 && memcmp(bytes, host.bytes + at, 40) == 0);
  }
}

TEST(read_at_by_seeking_beside_reads) {
  arrowio_file *file = open_with(few_functions());
  host.most = 30;
  run_threads(4, read_on_or_anywhere, file);
  close_file(file);
}

/* Closing waits for a read at an offset that is under way. */
static sem_t inside, go_on;
static atomic_int order, read_ended, closed;

static void wait_inside(enum called called) {
  if (called == CLOSE) atomic_store(&closed, atomic_fetch_add(&order, 1) + 1);
  if (called != READ_AT) return;
  sem_post(&inside);
  sem_wait(&go_on);
  atomic_store(&read_ended, atomic_fetch_add(&order, 1) + 1);
}

static void read_close_or_let_go(int index, void *shared) {
  uint8_t byte;
  int64_t got;
  if (index == 0) {
    THREAD_CHECK(arrowio_file_read_at(shared, 0, &byte, 1, &got, NULL) == ARROWIO_OK);
  } else if (index == 1) {
    sem_wait(&inside);
    sem_post(&inside);
    THREAD_CHECK(arrowio_file_close(shared, NULL) == ARROWIO_OK);
  } else {
    sem_wait(&inside);
    sem_post(&inside);
    usleep(20000);
    THREAD_CHECK(atomic_load(&closed) == 0);
    sem_post(&go_on);
  }
}

TEST(close_waits) {
  arrowio_file *file = open_with(all_functions());
  sem_init(&inside, 0, 0);
  sem_init(&go_on, 0, 0);
  host.within = wait_inside;
  run_threads(3, read_close_or_let_go, file);
  CHECK(atomic_load(&read_ended) == 1 && atomic_load(&closed) == 2);
  FAILS(ARROWIO_CLOSED, call(file, READ_AT));
  arrowio_file_release(file);
}

/* The host is called on the thread of the call and on no other. */
static void call_and_compare(int index, void *shared) {
  (void)index;
  for (int called = READ; called < FUNCTIONS; called++) {
    call(shared, called);
    THREAD_CHECK(pthread_equal(host.thread, pthread_self()));
  }
}

TEST(on_the_thread_of_the_call) {
  arrowio_file *file = open_with(all_functions());
  run_threads(1, call_and_compare, file);
  arrowio_file_release(file);
}

/* How much there is the host says, so that ranges that lie near each other are one call, also through layers. */
TEST(near_ranges_are_one_call) {
  arrowio_range ranges[40];
  arrowio_buffer *buffers[40];
  for (int i = 0; i < 40; i++) ranges[i] = (arrowio_range){i * 200, 100};
  for (int layer = 0; layer < 4; layer++) {
    arrowio_file *raw = open_with(all_functions()), *file = NULL;
    switch (layer) {
      case 0: file = arrowio_file_retain(raw); break;
      case 1: OK(arrowio_slow_input_new(raw, NULL, &file, &error)); break;
      case 2: OK(arrowio_segment_new(raw, 0, SIZE, &file, &error)); break;
      default: OK(arrowio_range_cache_new(raw, NULL, &file, &error));
    }
    atomic_store(&host.calls[READ_AT], 0);
    OK(arrowio_file_read_many(file, ranges, 40, NULL, buffers, &error));
    CHECK_INT(1, atomic_load(&host.calls[READ_AT]));
    for (int i = 0; i < 40; i++) {
      CHECK(arrowio_buffer_size(buffers[i]) == 100 && same(arrowio_buffer_data(buffers[i]), host.bytes + i * 200, 100));
      arrowio_buffer_release(buffers[i]);
    }
    close_file(file);
    if (layer == 2) OK(arrowio_file_close(raw, &error));
    arrowio_file_release(raw);
  }
  /* Without a number, or while the host is at something else, each is read by itself. */
  arrowio_file *file = open_with(all_functions());
  misbehave(SIZED, -1, ARROWIO_OK, NULL);
  atomic_store(&host.calls[READ_AT], 0);
  OK(arrowio_file_read_many(file, ranges, 40, NULL, buffers, &error));
  CHECK_INT(40, atomic_load(&host.calls[READ_AT]));
  for (int i = 0; i < 40; i++) arrowio_buffer_release(buffers[i]);
  behave_again();
  close_file(file);
}

/* Nobody waits for the turn of a host that reads on, only to know how much there is. */
static void wait_in_read(enum called called) {
  if (called != READ) return;
  sem_post(&inside);
  sem_wait(&go_on);
}

static void read_beside(int index, void *shared) {
  uint8_t bytes[100];
  int64_t got;
  const arrowio_range ranges[] = {{0, 100}, {200, 100}};
  arrowio_buffer *buffers[2];
  if (index == 0) {
    THREAD_CHECK(arrowio_file_read(((arrowio_file **)shared)[0], bytes, 100, &got, NULL) == ARROWIO_OK);
    return;
  }
  sem_wait(&inside);
  for (int i = 0; i < 2; i++) {
    THREAD_CHECK(arrowio_file_read_many(((arrowio_file **)shared)[i], ranges, 2, NULL, buffers, NULL) == ARROWIO_OK);
    for (int j = 0; j < 2; j++) arrowio_buffer_release(buffers[j]);
  }
  sem_post(&go_on);
}

TEST(no_turn_for_a_guess) {
  arrowio_file *files[2] = {open_with(all_functions()), NULL};
  OK(arrowio_segment_new(files[0], 0, SIZE, &files[1], &error));
  sem_init(&inside, 0, 0);
  sem_init(&go_on, 0, 0);
  host.within = wait_in_read;
  run_threads(2, read_beside, files);
  host.within = NULL;
  close_file(files[1]);
  close_file(files[0]);
}

#define CASE(name) \
  reset();         \
  RUN(name)

int main(int argc, char **argv) {
  start(argc, argv);
  CASE(capabilities_follow);
  CASE(wrong_functions);
  CASE(a_shorter_struct);
  CASE(wrong_numbers);
  CASE(failures_arrive);
  CASE(failures_without_words);
  CASE(error_new);
  CASE(short_writes);
  CASE(counted_positions);
  CASE(failed_return);
  CASE(a_seek_elsewhere);
  CASE(how_it_ends);
  CASE(close_and_flush_fail);
  CASE(coming_back);
  CASE(closing_layers_from_within);
  CASE(read_at_by_many_at_once);
  CASE(read_at_by_seeking_beside_reads);
  CASE(close_waits);
  CASE(on_the_thread_of_the_call);
  CASE(near_ranges_are_one_call);
  CASE(no_turn_for_a_guess);
  return finish_files();
}

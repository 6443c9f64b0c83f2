/* A system that fails, at every single call that the library makes: each function then says what failed, where and on
 * which file, nothing is lost and nothing done twice, and everything is closed. Runs with the shim of this folder. */
#include "../classes.h"
#include "../closing.h"
#include "../openers.h"
#include "faults.h"
#include <dlfcn.h>

static struct faults *faults;
/* Whether a full disk has room again once that was noticed. */
static int gives_way;
/* How many failures were told. */
static int told;

/* Small enough that every call can fail in turn, large enough for several calls to each request. */
enum { SIZE = 30000 };
static uint8_t content[SIZE + 1];

static void no_faults(void) {
  gives_way = told = 0;
  faults->only = NULL;
  faults->most = faults->interrupts = faults->from = faults->count = faults->paused = faults->calls = 0;
  faults->shortened = faults->interrupted = faults->failed = faults->refused = 0;
  faults->room = -1;
  faults->error = EIO;
}

/* `count` calls fail from the `from`th on, counted from here. */
static void fail_from(int64_t from, int64_t count) {
  faults->calls = faults->failed = faults->refused = 0;
  faults->from = from;
  faults->count = count;
}

/* Whether a call came through. One that did not tells what failed, on which file, and where, if it has a place and the
 * system still says so. */
static int came_through(arrowio_status status, const char *call, int64_t offset) {
  char place[40] = "";
  const char *message = arrowio_error_message(error);
  if (offset >= 0 && faults->count < 2) snprintf(place, sizeof place, "offset %lld", (long long)offset);
  int right = status == ARROWIO_OK ? error == NULL
                                   : status == ARROWIO_IO_ERROR && arrowio_error_os_error(error) == faults->error &&
                                         strstr(message, strerror(faults->error)) && strstr(message, behind.called) &&
                                         strstr(message, place);
  if (!right) {
    fprintf(stderr, "%s gave %s %d: %s; not errno %d on %s, %s; call %lld, %s\n", call, arrowio_status_name(status),
            arrowio_error_os_error(error), message, faults->error, behind.called, place, (long long)faults->from,
            faults->name);
  }
  arrowio_error_release(failure);
  failure = error;
  error = NULL;
  CHECK(right);
  if (status != ARROWIO_OK && gives_way) faults->room = -1;
  told += status != ARROWIO_OK;
  return status == ARROWIO_OK;
}

static int64_t place_of(arrowio_file *file) {
  faults->paused = 1;
  int64_t position = tell(file);
  faults->paused = 0;
  return position;
}

/* The call comes through in the end, and until then moves nothing. */
#define SOON(call, offset)                                                                                      \
  while (!came_through((call), #call, (offset))) CHECK_INT(at, place_of(file))

static void is_content(const void *data, int64_t size, int64_t at, int64_t asked) {
  CHECK_INT(asked < SIZE - at ? asked : SIZE - at, size);
  CHECK(same(data, content + at, size));
}

static void take(arrowio_buffer **buffer, int64_t at, int64_t asked) {
  is_content(arrowio_buffer_data(*buffer), arrowio_buffer_size(*buffer), at, asked);
  arrowio_buffer_release(*buffer);
  *buffer = NULL;
}

static void read_placed(arrowio_file *file, int64_t at) {
  static uint8_t bytes[SIZE];
  arrowio_buffer *buffer = NULL;
  int64_t got = -1;
  SOON(arrowio_file_read_at(file, 12345, bytes, 9000, &got, &error), 12345);
  is_content(bytes, got, 12345, 9000);
  SOON(arrowio_file_read_at_buffer(file, 777, 70000, &buffer, &error), 777);
  take(&buffer, 777, 70000);
}

static int64_t move_about(arrowio_file *file, int64_t at) {
  int64_t position = -1;
  SOON(arrowio_file_seek(file, 100, ARROWIO_SEEK_CURRENT, &position, &error), at);
  CHECK_INT(at += 100, position);
  SOON(arrowio_file_seek(file, -1000, ARROWIO_SEEK_END, &position, &error), at);
  at = SIZE - 1000;
  SOON(arrowio_file_seek(file, 5000, ARROWIO_SEEK_START, &position, &error), at);
  CHECK_INT(5000, position);
  return 5000;
}

/* Reads in every way, each again until it comes through. */
static void read_everything(arrowio_file *file) {
  static uint8_t bytes[SIZE + 1];
  const uint8_t *data;
  arrowio_buffer *buffer = NULL;
  int64_t at = 0, got = -1;
  SOON(arrowio_file_read(file, bytes, 10, &got, &error), at);
  is_content(bytes, got, at, 10);
  at += got;
  SOON(arrowio_file_read_line(file, &data, &got, &error), at);
  const uint8_t *newline = memchr(content + at, '\n', (size_t)(SIZE - at));
  is_content(data, got, at, newline == NULL ? SIZE : newline + 1 - (content + at));
  at += got;
  SOON(arrowio_file_peek(file, 3000, &data, &got, &error), at);
  is_content(data, got, at, 3000);
  SOON(arrowio_file_read_buffer(file, 2000, &buffer, &error), at);
  take(&buffer, at, 2000);
  at += 2000;
  if (row->can & CAN_SEEK) at = move_about(file, at);
  SOON(arrowio_file_read_some(file, bytes, 100, &got, &error), at);
  CHECK(got > 0);
  is_content(bytes, got, at, got);
  at += got;
  if (row->can & CAN_READ_AT) read_placed(file, at);
  /* Moving on may have come some of the way. */
  for (int64_t end = at + 1500; at < end; at = place_of(file)) {
    came_through(arrowio_file_advance(file, end - at, &error), "advance", -1);
    CHECK(place_of(file) >= at && place_of(file) <= end);
  }
  SOON(arrowio_file_flush(file, &error), at);
  SOON(arrowio_file_read(file, bytes, 9000, &got, &error), at);
  is_content(bytes, got, at, 9000);
  at += got;
  if (row->can & CAN_SIZE) SOON(arrowio_file_size(file, &got, &error), at);
  SOON(arrowio_file_read_all(file, &buffer, &error), at);
  take(&buffer, at, SIZE);
  at = SIZE;
  SOON(arrowio_file_read(file, bytes, 1, &got, &error), at);
  CHECK_INT(0, got);
  SOON(arrowio_file_sync(file, &error), at);
}

/* Closes twice, with the same outcome. Tells whether it came through. */
static int close_twice(arrowio_file *file) {
  arrowio_error *again = NULL;
  arrowio_status first = arrowio_file_close(file, &error);
  faults->paused = 1;
  arrowio_status second = arrowio_file_close(file, &again);
  int same_outcome = first == second && strcmp(arrowio_error_message(error), arrowio_error_message(again)) == 0;
  arrowio_error_release(again);
  CHECK(same_outcome);
  CHECK_INT(1, arrowio_file_is_closed(file));
  faults->paused = 0;
  return came_through(first, "close", -1);
}

/* What a run must leave behind: nothing. */
static struct { int descriptors; int64_t memory; } before;

static void begin(void) {
  no_faults();
  before.descriptors = open_descriptors();
  before.memory = arrowio_pool_bytes_allocated(NULL);
}

static void nothing_left(arrowio_file *file) {
  done();
  CHECK_INT(before.descriptors, open_descriptors());
  arrowio_file_release(file);
  CHECK_INT(before.memory, arrowio_pool_bytes_allocated(NULL));
}

/* Whoever asks where the position is, or what kind of file this is, can do without an answer; nobody else can. A range cache
 * reads again what it failed to read beforehand, and what failed to be read ahead may never be asked for. */
static void is_told(void) {
  const char *can_do_without[] = {"lseek", "fstat", "fcntl"};
  int reads_beforehand = row->open == open_range_cache || row->open == open_read_ahead || row->open == open_read_ahead_pipe;
  int needed = faults->failed > 0 && !reads_beforehand;
  for (int i = 0; i < 3; i++) needed &= faults->failed == 0 || strcmp(faults->name, can_do_without[i]) != 0;
  CHECK(!needed || told > 0);
}

/* A run in which `count` calls from the `from`th on fail and none moves more than `most` bytes. Gives how many fail. */
static int64_t read_with_failures(int64_t from, int64_t count, int64_t most) {
  begin();
  arrowio_file *file = open_reader(content, SIZE);
  faults->most = most;
  fail_from(from, count);
  read_everything(file);
  close_twice(file);
  int64_t failed = faults->failed;
  is_told();
  no_faults();
  nothing_left(file);
  return failed;
}

static void each_in_turn(int64_t (*run)(int64_t from, int64_t count, int64_t most), int64_t count, int64_t most) {
  for (int64_t from = 1; run(from, count, most) > 0; from += scaled(1, 5)) continue;
}

TEST(reading_with_failures) {
  each_in_turn(read_with_failures, 1, 0);
  each_in_turn(read_with_failures, 3, 0);
  each_in_turn(read_with_failures, 1, 2777);
  each_in_turn(read_with_failures, 3, 2777);
}

static void says_part(int64_t done, int64_t size) {
  char part[60];
  snprintf(part, sizeof part, "after %lld of %lld bytes", (long long)done, (long long)size);
  CHECK(strstr(arrowio_error_message(failure), part) != NULL);
}

/* Writes it all, going on after each failure behind what got through. */
static void write_on(arrowio_file *file, int64_t size) {
  int64_t at = place_of(file), end = at + size;
  while (at < end) {
    int written = came_through(arrowio_file_write(file, content + at, end - at, &error), "write", -1);
    int64_t now = place_of(file);
    CHECK(now >= at && now <= end);
    if (written) CHECK_INT(end, now);
    if (!written && now > at && !row->over && !row->codec) says_part(now - at, end - at);
    at = now;
  }
}

/* What is to be there in the end. */
static struct { uint8_t bytes[SIZE + 4001]; int64_t size; } expected;

static void resize(arrowio_file *file, int64_t size) {
  int64_t old = expected.size, now = -1;
  while (!came_through(arrowio_file_resize(file, size, &error), "resize", -1)) {
    faults->paused = 1;
    OK(arrowio_file_size(file, &now, &error));
    CHECK_INT(old, now);
    /* Where the system does not let it be put back it stays. */
    if (faults->count == 1) CHECK_INT(old, file_size(behind.path));
    faults->paused = 0;
  }
  if (size > old) memset(expected.bytes + old, 0, (size_t)(size - old));
  expected.size = size;
}

static void write_everything(arrowio_file *file) {
  const int64_t sizes[] = {10, 1000, 3, 12000, 5000, SIZE - 18013};
  memcpy(expected.bytes, content, expected.size = SIZE);
  for (int i = 0; i < 6; i++) {
    write_on(file, sizes[i]);
    int64_t at = place_of(file);
    if (i == 2 || i == 4) SOON(i == 2 ? arrowio_file_flush(file, &error) : arrowio_file_sync(file, &error), at);
  }
}

static void change_everything(arrowio_file *file) {
  int64_t at = SIZE;
  if (row->can & CAN_WRITE_AT) {
    SOON(arrowio_file_write_at(file, 5000, content + 100, 6000, &error), 5000);
    memcpy(expected.bytes + 5000, content + 100, 6000);
  }
  if (row->can & CAN_RESIZE) {
    resize(file, SIZE - 3000);
    resize(file, SIZE + 4000);
    resize(file, SIZE - 700);
  }
}

/* After a close that came through everything is there; after one that failed a part, and nothing twice. */
static void check_stored(int closed) {
  if (closed) {
    CHECK(holds(expected.bytes, expected.size));
    return;
  }
  stop_pump();
  if (row->place == IN_OUTPUT_STREAM) return;
  struct bytes bytes = logical(expected.size + 1);
  int part = bytes.size <= expected.size && same(bytes.data, expected.bytes, bytes.size);
  drop(&bytes);
  CHECK(part || row->fixed);
}

static int64_t write_with_failures(int64_t from, int64_t count, int64_t most) {
  begin();
  arrowio_file *file = open_writer(SIZE);
  faults->most = most;
  fail_from(from, count);
  write_everything(file);
  change_everything(file);
  int closed = close_twice(file);
  int64_t failed = faults->failed;
  is_told();
  no_faults();
  check_stored(closed);
  nothing_left(file);
  return failed;
}

TEST(writing_with_failures) {
  each_in_turn(write_with_failures, 1, 0);
  each_in_turn(write_with_failures, 1, 2777);
}

/* Not only the write fails but also the questions how far it came. */
TEST(writing_with_failures_that_last) {
  each_in_turn(write_with_failures, 3, 0);
  each_in_turn(write_with_failures, 3, 2777);
}

/* Whether bytes of the row's files pass through calls to the system. */
static int transfers(void) {
  arrowio_file *(*const with[])(const uint8_t *, int64_t) = {
      open_path, open_owned, open_borrowed, open_pipe, open_fifo, open_input, open_output, open_input_fifo,
      open_output_fifo};
  int does = 0;
  for (size_t i = 0; i < sizeof with / sizeof with[0]; i++) does |= row->open == with[i];
  return does;
}

/* Room runs out after so many bytes, and is there again after the first failure. */
TEST(a_disk_full_for_a_while) {
  for (int64_t room = 0; room < SIZE; room = room * 2 + 1) {
    begin();
    arrowio_file *file = open_writer(SIZE);
    faults->room = room;
    faults->error = ENOSPC;
    gives_way = 1;
    write_everything(file);
    int was_full = faults->refused > 0;
    faults->room = -1;
    CHECK(close_twice(file));
    if (room == 0) CHECK(was_full || !transfers());
    no_faults();
    check_stored(1);
    nothing_left(file);
  }
}

/* Room runs out for good: whoever writes, flushes or closes is told so, and everything is closed. */
TEST(a_full_disk) {
  for (int64_t room = 0; room < SIZE; room = room * 2 + 1) {
    begin();
    arrowio_file *file = open_writer(SIZE);
    memcpy(expected.bytes, content, expected.size = SIZE);
    faults->room = room;
    faults->error = ENOSPC;
    int written = came_through(arrowio_file_write(file, content, SIZE, &error), "write", -1);
    if (written) written = came_through(arrowio_file_flush(file, &error), "flush", SIZE);
    int refused = faults->refused > 0;
    CHECK_INT(!refused, written);
    int closed = close_twice(file);
    no_faults();
    check_stored(closed && written);
    nothing_left(file);
  }
}

/* Of two failures the first is told, and again by the next who closes. */
TEST(the_first_failure) {
  begin();
  arrowio_file *file = open_writer(SIZE);
  OK(arrowio_file_write(file, content, 100, &error));
  faults->room = 0;
  faults->only = "close";
  fail_from(1, 1);
  for (int i = 0; i < 2; i++) {
    arrowio_status status = arrowio_file_close(file, &error);
    int expected = faults->refused > 0 ? ENOSPC : faults->failed > 0 ? EIO : 0;
    if (expected == 0) OK(status);
    if (expected != 0) FAILS_WITH(expected, status);
  }
  no_faults();
  nothing_left(file);
}

/* Whether opening came out as it should where a call fails; how many have failed. */
static int64_t open_with_failures(int64_t from, int64_t content_size, int *wrong) {
  arrowio_file *file = (arrowio_file *)wrong;
  begin();
  save(here("file"), "0123456789", content_size);
  fail_from(from, 1);
  arrowio_status status = open_path_by(here("file"), &file);
  int64_t failed = faults->failed;
  faults->from = 0;
  /* A map that only reads has no more use for its descriptor. */
  int needed = failed > 0 && strcmp(faults->name, "close") != 0;
  int right = !needed ? status == ARROWIO_OK
                      : status == ARROWIO_IO_ERROR && arrowio_error_os_error(error) == EIO && file == NULL &&
                            strstr(arrowio_error_message(error), here("file")) != NULL;
  if (!right) {
    fprintf(stderr, "%s, %lld bytes: with EIO from %s opening gave %s: %s\n", opener->name, (long long)content_size,
            faults->name, arrowio_status_name(status), arrowio_error_message(error));
    *wrong = 1;
  }
  arrowio_error_release(error);
  error = NULL;
  arrowio_file_release(file);
  nothing_left(NULL);
  return failed;
}

TEST(opening_with_failures) {
  int wrong = 0;
  for (int64_t content_size = 10; content_size >= 0; content_size -= 10) {
    EACH_OPENER {
      if (opener->opening == MAP_REGION && content_size == 0) continue;
      for (int64_t from = 1; open_with_failures(from, content_size, &wrong) > 0;) from++;
    }
  }
  CHECK(!wrong);
}

/* A descriptor that could not be taken over stays open and the caller's. */
TEST(taking_over_with_failures) {
  const arrowio_mode modes[] = {ARROWIO_MODE_READ, ARROWIO_MODE_WRITE, ARROWIO_MODE_APPEND, ARROWIO_MODE_READ_WRITE};
  for (int i = 0; i < 8; i++) {
    arrowio_os_file_options options = {.struct_size = sizeof options, .borrow_descriptor = i / 4};
    int64_t failed = 1;
    for (int64_t from = 1; failed > 0; from++) {
      arrowio_file *file = (arrowio_file *)&failed;
      begin();
      save(here("file"), "0123456789", 10);
      int fd = open(here("file"), O_RDWR | O_CLOEXEC);
      fail_from(from, 1);
      arrowio_status status = arrowio_os_file_open_fd(fd, modes[i % 4], &options, &file, &error);
      failed = faults->failed;
      faults->from = 0;
      if (failed > 0) FAILS_WITH(EIO, status);
      if (failed > 0) CHECK(file == NULL && strstr(arrowio_error_message(failure), "descriptor") != NULL);
      if (failed == 0) OK(status);
      if (failed == 0) close_file(file);
      CHECK_INT(failed > 0 || i / 4 ? 0 : -1, close(fd));
      nothing_left(NULL);
    }
  }
}

/* The offset that a message tells is where the call began, however far it came. */
TEST(offset_of_a_part) {
  int64_t wrong = 0;
  begin();
  arrowio_file *file = open_any(content, SIZE);
  faults->most = 1000;
  for (int64_t from = 1; from < 5; from++) {
    char place[40];
    int64_t at = place_of(file);
    snprintf(place, sizeof place, "bytes at offset %lld of", (long long)at);
    fail_from(from, 1);
    int through = row->can & CAN_WRITE
                      ? came_through(arrowio_file_write(file, content + at, 5000, &error), "write", -1)
                      : came_through(arrowio_file_advance(file, 5000, &error), "advance", -1);
    if (through || strstr(arrowio_error_message(failure), place) != NULL) continue;
    fprintf(stderr, "not at %lld: %s\n", (long long)at, arrowio_error_message(failure));
    wrong++;
  }
  no_faults();
  /* After the last failure the two files of a tee are not even until it goes on. */
  if (row->can & CAN_WRITE) OK(arrowio_file_write(file, content + place_of(file), 5000, &error));
  close_file(file);
  nothing_left(NULL);
  CHECK_INT(0, wrong);
}

/* Whoever does not close is warned at most once of what fails then; whoever gives up need not care. */
TEST(letting_go_with_failures) {
  for (int ending = 0; ending < 2; ending++) {
    int64_t failed = 1;
    for (int64_t from = 1; failed > 0; from++) {
      begin();
      arrowio_file *file = open_any(content, SIZE);
      if (row->can & CAN_WRITE) OK(arrowio_file_write(file, content, SIZE, &error));
      fail_from(from, 1000);
      if (ending == 0) came_through(arrowio_file_abort(file, &error), "abort", -1);
      if (row->place == IN_OUTPUT_STREAM) arrowio_file_release(behind.output_stream);
      if (row->place == IN_OUTPUT_STREAM) behind.output_stream = NULL;
      arrowio_file_release(file);
      failed = faults->failed;
      no_faults();
      CHECK(warnings <= ending);
      if (warnings > 0) CHECK(strstr(last_warning, behind.called) && strstr(last_warning, strerror(EIO)));
      warnings = 0;
      nothing_left(NULL);
    }
  }
}

/* Every thread that closes is told of the one failure. */
TEST(failing_close_on_many_threads) {
  for (int64_t i = 0; i < scaled(10, 2); i++) {
    begin();
    arrowio_file *file = open_any(content, 1000);
    fail_from(1, 1000);
    arrowio_status status = close_on_threads(file, i % 2 ? 16 : 2);
    CHECK_INT(faults->failed == 0, came_through(status, "close", -1));
    no_faults();
    nothing_left(file);
  }
}

/* The smallest transfers, and a signal at every other call. */
enum { LITTLE = 2500 };

static void read_little(arrowio_file *file) {
  static uint8_t bytes[LITTLE];
  const uint8_t *data;
  arrowio_buffer *buffer = NULL;
  int64_t got = -1;
  OK(arrowio_file_read(file, bytes, 100, &got, &error));
  CHECK(got == 100 && same(bytes, content, 100));
  OK(arrowio_file_peek(file, 300, &data, &got, &error));
  CHECK(got == 300 && same(data, content + 100, 300));
  OK(arrowio_file_advance(file, 200, &error));
  OK(arrowio_file_read_buffer(file, 700, &buffer, &error));
  CHECK(arrowio_buffer_size(buffer) == 700 && same(arrowio_buffer_data(buffer), content + 300, 700));
  arrowio_buffer_release(buffer);
  OK(arrowio_file_read_all(file, &buffer, &error));
  CHECK_INT(LITTLE - 1000, arrowio_buffer_size(buffer));
  CHECK(same(arrowio_buffer_data(buffer), content + 1000, LITTLE - 1000));
  arrowio_buffer_release(buffer);
  if (!(row->can & CAN_READ_AT)) return;
  OK(arrowio_file_read_at(file, 50, bytes, 500, &got, &error));
  CHECK(got == 500 && same(bytes, content + 50, 500));
  OK(arrowio_file_read_at_buffer(file, 60, LITTLE, &buffer, &error));
  CHECK(arrowio_buffer_size(buffer) == LITTLE - 60 && same(arrowio_buffer_data(buffer), content + 60, LITTLE - 60));
  arrowio_buffer_release(buffer);
}

static void write_little(arrowio_file *file) {
  if (row->can & CAN_SEEK) OK(arrowio_file_seek(file, 0, ARROWIO_SEEK_START, NULL, &error));
  OK(arrowio_file_write(file, content, 1000, &error));
  OK(arrowio_file_flush(file, &error));
  OK(arrowio_file_write(file, content + 1000, LITTLE - 1000, &error));
  OK(arrowio_file_sync(file, &error));
  if (row->can & CAN_WRITE_AT) OK(arrowio_file_write_at(file, 700, content + 700, 600, &error));
  if (!(row->can & CAN_RESIZE)) return;
  OK(arrowio_file_resize(file, LITTLE + 500, &error));
  OK(arrowio_file_resize(file, LITTLE, &error));
}

TEST(one_byte_at_a_time) {
  begin();
  arrowio_file *file = open_any(content, LITTLE);
  faults->most = faults->interrupts = 1;
  if (row->can & CAN_READ) read_little(file);
  if (row->can & CAN_WRITE) write_little(file);
  OK(arrowio_file_close(file, &error));
  int hit = faults->interrupted > 0 && faults->shortened > 0;
  no_faults();
  CHECK(hit || !transfers());
  if (row->can & CAN_WRITE) CHECK(holds(content, LITTLE));
  nothing_left(file);
}

int main(int argc, char **argv) {
  start(argc, argv);
  fill(content, SIZE);
  make_rows();
  faults = dlsym(RTLD_DEFAULT, FAULTS_SYMBOL);
  if (faults == NULL) {
    fprintf(stderr, "the shim is not loaded\n");
    return 1;
  }
  no_faults();
  EACH(0, one_byte_at_a_time);
  EACH(CAN_READ, reading_with_failures);
  EACH(CAN_WRITE, writing_with_failures);
  EACH(CAN_WRITE, writing_with_failures_that_last);
  EACH(CAN_WRITE, a_disk_full_for_a_while);
  EACH(CAN_WRITE, a_full_disk);
  EACH(CAN_WRITE, the_first_failure);
  EACH(0, offset_of_a_part);
  EACH(0, letting_go_with_failures);
  EACH(0, failing_close_on_many_threads);
  RUN(opening_with_failures);
  RUN(taking_over_with_failures);
  return finish_files();
}

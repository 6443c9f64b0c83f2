/* Calls that stop at once or by a deadline, also in the midst of a wait, and lose nothing. */
#include "refuse.h"
#include <errno.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#define MILLISECONDS INT64_C(1000000)

static arrowio_cancellation *new_cancellation(void) {
  arrowio_cancellation *cancellation = NULL;
  OK(arrowio_cancellation_new(&cancellation, &error));
  return cancellation;
}

static arrowio_file *file_of(int fd, arrowio_mode mode) {
  arrowio_file *file = NULL;
  OK(arrowio_os_file_open_fd(fd, mode, NULL, &file, &error));
  return file;
}

/* A file that reads or writes one end of a pipe or socket, and the other end. */
enum ends { PIPE, FIFO, SOCKET, NON_BLOCKING };

static arrowio_file *file_at(enum ends ends, arrowio_mode mode, int *other) {
  int fds[2], ours = mode == ARROWIO_MODE_READ ? 0 : 1;
  if (ends == FIFO) {
    arrowio_file *file = NULL;
    unlink(here("fifo"));
    CHECK_INT(0, mkfifo(here("fifo"), 0600));
    int both = open(here("fifo"), O_RDWR | O_CLOEXEC);
    OK(arrowio_os_file_open(here("fifo"), mode, NULL, &file, &error));
    *other = open(here("fifo"), (ours ? O_RDONLY : O_WRONLY) | O_CLOEXEC);
    close(both);
    return file;
  }
  if (ends == SOCKET) {
    CHECK_INT(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
  } else {
    CHECK_INT(0, pipe2(fds, O_CLOEXEC | (ends == NON_BLOCKING ? O_NONBLOCK : 0)));
  }
  *other = fds[1 - ours];
  return file_of(fds[ours], mode);
}

static void *cancel_soon(void *cancellation) {
  usleep(20000);
  arrowio_cancellation_cancel(cancellation);
  return NULL;
}

static pthread_t cancel_from_another_thread(arrowio_cancellation *cancellation) {
  pthread_t thread;
  CHECK_INT(0, pthread_create(&thread, NULL, cancel_soon, cancellation));
  return thread;
}

TEST(says_what_it_is) {
  arrowio_cancellation *cancellation = new_cancellation();
  CHECK_INT(0, arrowio_cancellation_is_cancelled(cancellation));
  CHECK(arrowio_cancellation_retain(cancellation) == cancellation);
  arrowio_cancellation_release(cancellation);
  OK(arrowio_cancellation_set_timeout(cancellation, 0, &error));
  CHECK_INT(1, arrowio_cancellation_is_cancelled(cancellation));
  OK(arrowio_cancellation_set_timeout(cancellation, INT64_MAX, &error));
  CHECK_INT(0, arrowio_cancellation_is_cancelled(cancellation));
  OK(arrowio_cancellation_set_timeout(cancellation, -1, &error));
  SAYS(ARROWIO_INVALID, "-1 or at least 0", arrowio_cancellation_set_timeout(cancellation, -2, &error));
  arrowio_cancellation_cancel(cancellation);
  OK(arrowio_cancellation_set_timeout(cancellation, INT64_MAX, &error));
  CHECK_INT(1, arrowio_cancellation_is_cancelled(cancellation));
  arrowio_cancellation_release(cancellation);
}

/* A read that waits ends; what had come before is read by the next one. */
static void check_read(enum ends ends) {
  char bytes[20];
  int64_t got = -7;
  int other;
  arrowio_file *file = file_at(ends, ARROWIO_MODE_READ, &other);
  arrowio_cancellation *cancellation = new_cancellation(), *second = new_cancellation();
  OK(arrowio_file_set_cancellation(file, cancellation, &error));
  pthread_t thread = cancel_from_another_thread(cancellation);
  CHECK_INT(5, write(other, "first", 5));
  SAYS(ARROWIO_CANCELLED, "read of 10 bytes at offset 0", arrowio_file_read(file, bytes, 10, &got, &error));
  CHECK_INT(-7, got);
  pthread_join(thread, NULL);
  SAYS(ARROWIO_CANCELLED, "cannot read from", arrowio_file_read(file, bytes, 1, &got, &error));
  OK(arrowio_cancellation_set_timeout(second, 20 * MILLISECONDS, &error));
  OK(arrowio_file_set_cancellation(file, second, &error));
  SAYS(ARROWIO_TIMED_OUT, "deadline", arrowio_file_read(file, bytes, 10, &got, &error));
  OK(arrowio_file_set_cancellation(file, NULL, &error));
  CHECK_INT(6, write(other, "second", 6));
  OK(arrowio_file_read(file, bytes, 10, &got, &error));
  CHECK(got == 10 && same(bytes, "firstsecon", 10));
  CHECK_INT(10, tell(file));
  OK(arrowio_cancellation_set_timeout(second, -1, &error));
  OK(arrowio_file_set_cancellation(file, second, &error));
  close(other);
  OK(arrowio_file_read(file, bytes, 10, &got, &error));
  CHECK(got == 1 && bytes[0] == 'd');
  close_file(file);
  arrowio_cancellation_release(cancellation);
  arrowio_cancellation_release(second);
}

TEST(reads_end) {
  check_read(PIPE);
  check_read(FIFO);
  check_read(SOCKET);
  check_read(NON_BLOCKING);
}

/* A write to what is full ends and says how much went out; the position knows it as well. */
static void check_write(enum ends ends) {
  static uint8_t bytes[MIB], seen[MIB];
  int other;
  arrowio_file *file = file_at(ends, ARROWIO_MODE_WRITE, &other);
  arrowio_cancellation *cancellation = new_cancellation();
  fill(bytes, sizeof bytes);
  OK(arrowio_cancellation_set_timeout(cancellation, 20 * MILLISECONDS, &error));
  OK(arrowio_file_set_cancellation(file, cancellation, &error));
  SAYS(ARROWIO_TIMED_OUT, "of 1048576 bytes", arrowio_file_write(file, bytes, sizeof bytes, &error));
  OK(arrowio_file_set_cancellation(file, NULL, &error));
  int64_t out = tell(file), got = 0;
  CHECK(out > 0 && out < MIB);
  char said[100];
  snprintf(said, sizeof said, "after %lld of 1048576 bytes", (long long)out);
  CHECK(strstr(arrowio_error_message(failure), said) != NULL);
  close_file(file);
  for (int64_t more; (more = read(other, seen + got, sizeof seen - (size_t)got)) > 0;) got += more;
  CHECK(got == out && same(seen, bytes, got));
  close(other);
  arrowio_cancellation_release(cancellation);
}

TEST(writes_end) {
  check_write(PIPE);
  check_write(FIFO);
  check_write(SOCKET);
  check_write(NON_BLOCKING);
}

/* Somebody else takes what made the descriptor ready: the read goes on waiting, and ends. */
static struct { int fd, stop; } rival;

static void *read_too(void *unused) {
  char byte;
  fcntl(rival.fd, F_SETFL, 0);
  while (!__atomic_load_n(&rival.stop, __ATOMIC_ACQUIRE) && read(rival.fd, &byte, 1) == 1) {
  }
  return unused;
}

static void check_rivals(enum ends ends) {
  char bytes[4];
  int64_t got;
  int other;
  pthread_t thread;
  arrowio_file *file = file_at(ends, ARROWIO_MODE_READ, &other);
  arrowio_cancellation *cancellation = new_cancellation();
  OK(arrowio_file_set_cancellation(file, cancellation, &error));
  if (ends == FIFO) {
    rival.fd = open(here("fifo"), O_RDONLY | O_CLOEXEC);
  } else {
    char path[64];
    int newest = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(newest);
    /* The file's own end is the lowest that is open and of this pipe; a second open file of it. */
    for (rival.fd = -1; newest >= 0 && rival.fd < 0; newest--) {
      if (newest == other) continue;
      snprintf(path, sizeof path, "/proc/self/fd/%d", newest);
      struct stat ours, theirs;
      if (fstat(newest, &ours) == 0 && fstat(other, &theirs) == 0 && ours.st_ino == theirs.st_ino) {
        rival.fd = open(path, O_RDONLY | O_CLOEXEC);
      }
    }
  }
  CHECK(rival.fd >= 0);
  rival.stop = 0;
  CHECK_INT(0, pthread_create(&thread, NULL, read_too, NULL));
  for (int i = 0; i < scaled(300, 30); i++) {
    OK(arrowio_cancellation_set_timeout(cancellation, MILLISECONDS, &error));
    CHECK_INT(1, write(other, "x", 1));
    arrowio_status status = arrowio_file_read_some(file, bytes, 4, &got, NULL);
    CHECK(status == ARROWIO_OK || status == ARROWIO_TIMED_OUT);
  }
  __atomic_store_n(&rival.stop, 1, __ATOMIC_RELEASE);
  close(other);
  pthread_join(thread, NULL);
  close(rival.fd);
  OK(arrowio_file_set_cancellation(file, NULL, &error));
  close_file(file);
  arrowio_cancellation_release(cancellation);
}

TEST(rivals_for_the_bytes) {
  check_rivals(PIPE);
  check_rivals(FIFO);
}

/* The files beneath heed it as well. */
TEST(layers) {
  static uint8_t plain[60 * KIB], bytes[60 * KIB];
  int64_t got;
  int other;
  fill(plain, sizeof plain);
  struct bytes packed = compressed(ARROWIO_CODEC_GZIP, plain, sizeof plain);
  arrowio_file *raw = file_at(PIPE, ARROWIO_MODE_READ, &other), *file = NULL;
  arrowio_cancellation *cancellation = new_cancellation();
  OK(arrowio_compressed_input_stream_new(raw, ARROWIO_CODEC_GZIP, NULL, &file, &error));
  OK(arrowio_file_set_cancellation(file, cancellation, &error));
  OK(arrowio_cancellation_set_timeout(cancellation, 20 * MILLISECONDS, &error));
  CHECK(packed.size < 60 * KIB);
  CHECK_INT(packed.size / 2, write(other, packed.data, (size_t)packed.size / 2));
  FAILS(ARROWIO_TIMED_OUT, arrowio_file_read(file, bytes, sizeof bytes, &got, &error));
  OK(arrowio_file_set_cancellation(file, NULL, &error));
  CHECK_INT(packed.size - packed.size / 2, write(other, packed.data + packed.size / 2, (size_t)(packed.size - packed.size / 2)));
  close(other);
  OK(arrowio_file_read(file, bytes, sizeof bytes, &got, &error));
  CHECK(got == sizeof bytes && same(bytes, plain, got));
  close_file(file);
  arrowio_file_release(raw);
  arrowio_cancellation_release(cancellation);
  drop(&packed);
}

/* A regular file waits for nothing, but a call on it says so all the same. */
TEST(regular_files) {
  char bytes[10];
  int64_t got;
  save(here("regular"), "0123456789", 10);
  arrowio_file *file = NULL;
  arrowio_cancellation *cancellation = new_cancellation();
  OK(arrowio_os_file_open(here("regular"), ARROWIO_MODE_READ_WRITE, NULL, &file, &error));
  OK(arrowio_file_set_cancellation(file, cancellation, &error));
  OK(arrowio_file_read(file, bytes, 4, &got, &error));
  OK(arrowio_file_read_at(file, 2, bytes, 4, &got, &error));
  OK(arrowio_file_write(file, "ab", 2, &error));
  arrowio_cancellation_cancel(cancellation);
  FAILS(ARROWIO_CANCELLED, arrowio_file_read(file, bytes, 4, &got, &error));
  FAILS(ARROWIO_CANCELLED, arrowio_file_read_at(file, 2, bytes, 4, &got, &error));
  FAILS(ARROWIO_CANCELLED, arrowio_file_write(file, "ab", 2, &error));
  FAILS(ARROWIO_CANCELLED, arrowio_file_write_at(file, 0, "ab", 2, &error));
  FAILS(ARROWIO_CANCELLED, arrowio_file_seek(file, 0, ARROWIO_SEEK_START, NULL, &error));
  close_file(file);
  CHECK(file_holds(here("regular"), "0123ab6789", 10));
  arrowio_cancellation_release(cancellation);
}

/* A thread that waits for another one's call on the same file. */
static void *read_one(void *file) {
  char byte;
  int64_t got = 0;
  arrowio_file_read(file, &byte, 1, &got, NULL);
  return got == 1 ? file : NULL;
}

TEST(waiting_for_a_turn) {
  char byte;
  int64_t got;
  int other;
  void *read_it;
  pthread_t thread;
  arrowio_file *file = file_at(PIPE, ARROWIO_MODE_READ, &other);
  arrowio_cancellation *cancellation = new_cancellation();
  CHECK_INT(0, pthread_create(&thread, NULL, read_one, file));
  usleep(20000);
  OK(arrowio_file_set_cancellation(file, cancellation, &error));
  OK(arrowio_cancellation_set_timeout(cancellation, 20 * MILLISECONDS, &error));
  FAILS(ARROWIO_TIMED_OUT, arrowio_file_read(file, &byte, 1, &got, &error));
  CHECK_INT(1, write(other, "x", 1));
  pthread_join(thread, &read_it);
  CHECK(read_it == file);
  close(other);
  close_file(file);
  arrowio_cancellation_release(cancellation);
}

/* Closing waits for its turn all the same, and closes. */
static void *write_soon(void *fd) {
  usleep(20000);
  if (write((int)(intptr_t)fd, "x", 1) != 1) abort();
  return NULL;
}

TEST(closing_after_its_turn) {
  int other;
  void *read_it;
  pthread_t reads, writes;
  arrowio_file *file = file_at(PIPE, ARROWIO_MODE_READ, &other);
  arrowio_cancellation *cancellation = new_cancellation();
  arrowio_cancellation_cancel(cancellation);
  CHECK_INT(0, pthread_create(&reads, NULL, read_one, file));
  usleep(20000);
  CHECK_INT(0, pthread_create(&writes, NULL, write_soon, (void *)(intptr_t)other));
  OK(arrowio_file_set_cancellation(file, cancellation, &error));
  OK(arrowio_file_close(file, &error));
  CHECK_INT(1, arrowio_file_is_closed(file));
  pthread_join(reads, &read_it);
  pthread_join(writes, NULL);
  CHECK(read_it == file);
  close(other);
  arrowio_file_release(file);
  arrowio_cancellation_release(cancellation);
}

/* A deadline that moves while somebody waits for it. */
static void *bring_forward(void *cancellation) {
  usleep(20000);
  arrowio_cancellation_set_timeout(cancellation, 10 * MILLISECONDS, NULL);
  return NULL;
}

TEST(deadline_brought_forward) {
  char byte;
  int64_t got;
  int other;
  pthread_t thread;
  arrowio_file *file = file_at(PIPE, ARROWIO_MODE_READ, &other);
  arrowio_cancellation *cancellation = new_cancellation();
  OK(arrowio_file_set_cancellation(file, cancellation, &error));
  OK(arrowio_cancellation_set_timeout(cancellation, 3600000 * MILLISECONDS, &error));
  CHECK_INT(0, pthread_create(&thread, NULL, bring_forward, cancellation));
  FAILS(ARROWIO_TIMED_OUT, arrowio_file_read(file, &byte, 1, &got, &error));
  pthread_join(thread, NULL);
  close(other);
  close_file(file);
  arrowio_cancellation_release(cancellation);
}

/* Closing ends a flush that nobody takes, and closes. */
TEST(close_of_a_full_pipe) {
  static uint8_t bytes[MIB];
  int other;
  int before = open_descriptors();
  arrowio_file *raw = file_at(PIPE, ARROWIO_MODE_WRITE, &other), *file = NULL;
  arrowio_cancellation *cancellation = new_cancellation();
  OK(arrowio_cancellation_set_timeout(cancellation, 20 * MILLISECONDS, &error));
  fill(bytes, sizeof bytes);
  OK(arrowio_compressed_output_stream_new(raw, ARROWIO_CODEC_ZSTD, NULL, &file, &error));
  arrowio_file_release(raw);
  OK(arrowio_file_set_cancellation(file, cancellation, &error));
  arrowio_status status = ARROWIO_OK;
  while (status == ARROWIO_OK) status = arrowio_file_write(file, bytes, sizeof bytes, NULL);
  CHECK_INT(ARROWIO_TIMED_OUT, status);
  FAILS(ARROWIO_TIMED_OUT, arrowio_file_close(file, &error));
  CHECK_INT(1, arrowio_file_is_closed(file));
  arrowio_file_release(file);
  arrowio_cancellation_release(cancellation);
  close(other);
  CHECK_INT(before, open_descriptors());
}

/* What runs in a cancellation heeds it: the opening of FIFOs without another end. */
static struct {
  arrowio_mode mode;
  arrowio_os_file_options options;
  arrowio_status status;
  arrowio_file *file;
  int calls;
} opened;

static void open_it(void *path) {
  opened.calls++;
  opened.status = arrowio_os_file_open(path, opened.mode, &opened.options, &opened.file, NULL);
}

static void *open_other_end(void *unused) {
  (void)unused;
  usleep(20000);
  return (void *)(intptr_t)open(here("lonely"), (opened.mode == ARROWIO_MODE_READ ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
}

static void check_opening(char *path) {
  char byte = 'x';
  int64_t got;
  void *fd;
  pthread_t thread;
  arrowio_cancellation *cancellation = new_cancellation();
  opened.calls = 0;
  OK(arrowio_cancellation_set_timeout(cancellation, scaled(20, 200) * MILLISECONDS, &error));
  OK(arrowio_cancellation_run(cancellation, open_it, path, &error));
  CHECK_INT(ARROWIO_TIMED_OUT, opened.status);
  FAILS(ARROWIO_TIMED_OUT, arrowio_cancellation_run(cancellation, open_it, path, &error));
  CHECK_INT(1, opened.calls);
  OK(arrowio_cancellation_set_timeout(cancellation, -1, &error));
  CHECK_INT(0, pthread_create(&thread, NULL, open_other_end, NULL));
  OK(arrowio_cancellation_run(cancellation, open_it, path, &error));
  CHECK_INT(ARROWIO_OK, opened.status);
  pthread_join(thread, &fd);
  int other = (int)(intptr_t)fd;
  CHECK(other >= 0);
  if (opened.mode == ARROWIO_MODE_READ) {
    /* It is open though nothing was written yet, and nothing is lost. */
    CHECK_INT(1, write(other, &byte, 1));
    OK(arrowio_file_read(opened.file, &byte, 1, &got, &error));
    CHECK_INT(1, got);
  } else {
    OK(arrowio_file_write(opened.file, &byte, 1, &error));
    CHECK_INT(1, read(other, &byte, 1));
  }
  /* Its transfers wait as ever: the flag not to wait is gone. */
  int fd_of_file = -1;
  OK(arrowio_file_descriptor(opened.file, &fd_of_file, &error));
  CHECK_INT(0, fcntl(fd_of_file, F_GETFL) & O_NONBLOCK);
  CHECK_INT(0, close(other));
  close_file(opened.file);
  arrowio_cancellation_cancel(cancellation);
  FAILS(ARROWIO_CANCELLED, arrowio_cancellation_run(cancellation, open_it, path, &error));
  arrowio_cancellation_release(cancellation);
}

static void check_openings(void) {
  const arrowio_mode modes[] = {ARROWIO_MODE_READ, ARROWIO_MODE_WRITE, ARROWIO_MODE_APPEND};
  const uint32_t flags[] = {0, ARROWIO_OPEN_NO_FOLLOW, ARROWIO_OPEN_BENEATH, ARROWIO_OPEN_BENEATH | ARROWIO_OPEN_NO_FOLLOW};
  char direct[] = "lonely", linked[] = "leads-to-lonely";
  int root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), before = open_descriptors();
  for (int i = 0; i < 12; i++) {
    opened.mode = modes[i % 3];
    opened.options = (arrowio_os_file_options){
        .struct_size = sizeof opened.options, .flags = ARROWIO_OPEN_AT | flags[i / 3], .directory_fd = root};
    check_opening(direct);
    if (!(flags[i / 3] & ARROWIO_OPEN_NO_FOLLOW)) check_opening(linked);
  }
  CHECK_INT(before, open_descriptors());
  close(root);
}

static void check_openings_by_walking(void) {
  if (refuse(SYS_openat2, ENOSYS)) check_openings();
}

TEST(opening_a_fifo) {
  unlink(here("lonely"));
  unlink(here("leads-to-lonely"));
  CHECK_INT(0, mkfifo(here("lonely"), 0600));
  CHECK_INT(0, symlink("./lonely", here("leads-to-lonely")));
  check_openings();
  in_child(check_openings_by_walking);
}

/* A FIFO that is there already is no new file, and is not waited for. */
TEST(opening_a_fifo_that_must_be_new) {
  char name[4096];
  snprintf(name, sizeof name, "%s", here("lonely"));
  arrowio_cancellation *cancellation = new_cancellation();
  OK(arrowio_cancellation_set_timeout(cancellation, 10000 * MILLISECONDS, &error));
  opened.mode = ARROWIO_MODE_WRITE;
  opened.options = (arrowio_os_file_options){.struct_size = sizeof opened.options, .flags = ARROWIO_OPEN_EXCLUSIVE};
  OK(arrowio_cancellation_run(cancellation, open_it, name, &error));
  CHECK_INT(ARROWIO_ALREADY_EXISTS, opened.status);
  arrowio_cancellation_release(cancellation);
}

/* Cancellations within each other count all; there may be more than one wait watches. */
static struct { arrowio_cancellation *list[40]; int next; arrowio_file *file; arrowio_status status; } nest;

static void go_deeper(void *unused) {
  char byte;
  int64_t got;
  if (nest.next < 40) {
    arrowio_cancellation_run(nest.list[nest.next++], go_deeper, unused, NULL);
  } else {
    nest.status = arrowio_file_read(nest.file, &byte, 1, &got, NULL);
  }
}

TEST(nested) {
  int other;
  nest.file = file_at(PIPE, ARROWIO_MODE_READ, &other);
  for (int chosen = 0; chosen < 40; chosen += 13) {
    for (int i = 0; i < 40; i++) nest.list[i] = new_cancellation();
    pthread_t thread = cancel_from_another_thread(nest.list[chosen]);
    nest.next = 0;
    go_deeper(NULL);
    CHECK_INT(ARROWIO_CANCELLED, nest.status);
    pthread_join(thread, NULL);
    for (int i = 0; i < 40; i++) arrowio_cancellation_release(nest.list[i]);
  }
  close(other);
  close_file(nest.file);
}

/* A child's cancellation leaves its parent's alone. */
static arrowio_cancellation *inherited;
static arrowio_file *inherited_file;

static void cancel_in_child(void) {
  char byte;
  int64_t got;
  arrowio_cancellation_cancel(inherited);
  CHECK_INT(1, arrowio_cancellation_is_cancelled(inherited));
  FAILS(ARROWIO_CANCELLED, arrowio_file_read(inherited_file, &byte, 1, &got, &error));
}

TEST(fork_of_a_process) {
  char byte;
  int64_t got;
  int other;
  inherited_file = file_at(PIPE, ARROWIO_MODE_READ, &other);
  inherited = new_cancellation();
  OK(arrowio_file_set_cancellation(inherited_file, inherited, &error));
  OK(arrowio_cancellation_set_timeout(inherited, 20 * MILLISECONDS, &error));
  FAILS(ARROWIO_TIMED_OUT, arrowio_file_read(inherited_file, &byte, 1, &got, &error));
  OK(arrowio_cancellation_set_timeout(inherited, -1, &error));
  in_child(cancel_in_child);
  CHECK_INT(0, arrowio_cancellation_is_cancelled(inherited));
  CHECK_INT(1, write(other, "x", 1));
  OK(arrowio_file_read(inherited_file, &byte, 1, &got, &error));
  close(other);
  close_file(inherited_file);
  arrowio_cancellation_release(inherited);
}

/* Where the process has no descriptor left, a wait ends all the same. */
TEST(no_descriptor_left) {
  char byte;
  int64_t got;
  int other, taken[64], count = 0;
  struct rlimit former, few;
  arrowio_file *file = file_at(PIPE, ARROWIO_MODE_READ, &other);
  arrowio_cancellation *cancellation = new_cancellation();
  OK(arrowio_file_set_cancellation(file, cancellation, &error));
  getrlimit(RLIMIT_NOFILE, &former);
  few = former;
  few.rlim_cur = 20;
  setrlimit(RLIMIT_NOFILE, &few);
  while (count < 64 && (taken[count] = dup(other)) >= 0) count++;
  pthread_t thread = cancel_from_another_thread(cancellation);
  FAILS(ARROWIO_CANCELLED, arrowio_file_read(file, &byte, 1, &got, &error));
  pthread_join(thread, NULL);
  while (count > 0) close(taken[--count]);
  setrlimit(RLIMIT_NOFILE, &former);
  close(other);
  close_file(file);
  arrowio_cancellation_release(cancellation);
}

int main(int argc, char **argv) {
  start(argc, argv);
  RUN(says_what_it_is);
  RUN(reads_end);
  RUN(writes_end);
  RUN(rivals_for_the_bytes);
  RUN(layers);
  RUN(regular_files);
  RUN(waiting_for_a_turn);
  RUN(closing_after_its_turn);
  RUN(deadline_brought_forward);
  RUN(close_of_a_full_pipe);
  RUN(opening_a_fifo);
  RUN(opening_a_fifo_that_must_be_new);
  RUN(nested);
  RUN(fork_of_a_process);
  RUN(no_descriptor_left);
  return finish_files();
}

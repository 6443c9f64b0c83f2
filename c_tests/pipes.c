/* Pipes, FIFOs and sockets: slow ones, signals in between, descriptors that do not block, and the other end gone. */
#include "files.h"
#include <pthread.h>
#include <sys/socket.h>

static arrowio_file *open_fd(int fd, arrowio_mode mode) {
  arrowio_file *file = NULL;
  OK(arrowio_os_file_open_fd(fd, mode, NULL, &file, &error));
  return file;
}

/* The other end of a pipe that takes its time, and disturbs with signals. */
static struct {
  pthread_t reader;
  int fd, signals;
  const char *fifo;
  struct bytes got;
} slow_end;

static void count_signal(int signal) {
  (void)signal;
  slow_end.signals++;
}

static void disturb(int times) {
  for (int i = 0; i < times; i++) {
    usleep(1000);
    pthread_kill(slow_end.reader, SIGUSR1);
  }
}

static void *write_slowly(void *unused) {
  disturb(20);
  if (slow_end.fifo != NULL) slow_end.fd = open(slow_end.fifo, O_WRONLY | O_CLOEXEC);
  for (int i = 0; i < 20; i++) {
    disturb(2);
    if (write(slow_end.fd, "0123456789", 10) != 10) break;
  }
  close(slow_end.fd);
  return unused;
}

static void *read_slowly(void *unused) {
  static char block[65536];
  disturb(20);
  for (ssize_t got; (got = read(slow_end.fd, block, sizeof block)) != 0;) {
    if (got > 0) append(&slow_end.got, block, got);
    disturb(1);
  }
  close(slow_end.fd);
  return unused;
}

static pthread_t start_slow_end(void *(*run)(void *), int fd) {
  struct sigaction action = {.sa_handler = count_signal};
  pthread_t thread;
  sigaction(SIGUSR1, &action, NULL);
  slow_end.reader = pthread_self();
  slow_end.fd = fd;
  slow_end.signals = 0;
  CHECK_INT(0, pthread_create(&thread, NULL, run, NULL));
  return thread;
}

static void check_slow_input(arrowio_file *file, pthread_t thread) {
  char bytes[300];
  int64_t got = 0;
  OK(arrowio_file_read_some(file, bytes, 300, &got, &error));
  CHECK(got > 0 && got <= 200);
  for (int64_t at = got, rest = 200 - got; rest > 0; rest = 0) {
    OK(arrowio_file_read(file, bytes + at, 300 - at, &got, &error));
    CHECK_INT(rest, got);
  }
  for (int i = 0; i < 200; i++) CHECK_INT('0' + i % 10, bytes[i]);
  CHECK_INT(200, tell(file));
  pthread_join(thread, NULL);
  CHECK(slow_end.signals > 0);
  close_file(file);
}

/* Signals interrupt no read, and a descriptor that does not block is waited for all the same. */
TEST(reads_wait) {
  for (int flags = 0; flags <= O_NONBLOCK; flags += O_NONBLOCK) {
    int ends[2];
    CHECK_INT(0, pipe2(ends, O_CLOEXEC | flags));
    pthread_t thread = start_slow_end(write_slowly, ends[1]);
    check_slow_input(open_fd(ends[0], ARROWIO_MODE_READ), thread);
  }
}

TEST(opening_a_fifo_waits) {
  arrowio_file *file = NULL;
  unlink(here("fifo"));
  CHECK_INT(0, mkfifo(here("fifo"), 0600));
  slow_end.fifo = here("fifo");
  pthread_t thread = start_slow_end(write_slowly, -1);
  OK(arrowio_os_file_open(here("fifo"), ARROWIO_MODE_READ, NULL, &file, &error));
  check_slow_input(file, thread);
  slow_end.fifo = NULL;
}

static void ask_for_nothing(void) {
  arrowio_file *file = NULL;
  arrowio_buffer *buffer = NULL;
  const uint8_t *data;
  int64_t got;
  alarm(3);
  int writer = open(here("silent"), O_RDWR | O_CLOEXEC);
  OK(arrowio_input_stream_open(here("silent"), NULL, &file, &error));
  OK(arrowio_file_peek(file, 0, &data, &got, &error));
  OK(arrowio_file_advance(file, 0, &error));
  OK(arrowio_file_read(file, NULL, 0, &got, &error));
  OK(arrowio_file_read_buffer(file, 0, &buffer, &error));
  OK(arrowio_file_read_some(file, NULL, 0, &got, &error));
  CHECK_INT(0, got);
  arrowio_buffer_release(buffer);
  close_file(file);
  close(writer);
}

/* Whoever asks for nothing does not wait for anything. */
TEST(nothing_asked_for) {
  unlink(here("silent"));
  CHECK_INT(0, mkfifo(here("silent"), 0600));
  in_child(ask_for_nothing);
}

TEST(writes_wait) {
  static uint8_t noise[1 << 20];
  fill(noise, sizeof noise);
  for (int flags = 0; flags <= O_NONBLOCK; flags += O_NONBLOCK) {
    int ends[2];
    CHECK_INT(0, pipe2(ends, O_CLOEXEC));
    CHECK_INT(0, fcntl(ends[1], F_SETFL, flags));
    pthread_t thread = start_slow_end(read_slowly, ends[0]);
    arrowio_file *file = open_fd(ends[1], ARROWIO_MODE_WRITE);
    OK(arrowio_file_write(file, noise, sizeof noise, &error));
    CHECK_INT(sizeof noise, tell(file));
    close_file(file);
    pthread_join(thread, NULL);
    CHECK(slow_end.signals > 0);
    CHECK(slow_end.got.size == sizeof noise && same(slow_end.got.data, noise, sizeof noise));
    drop(&slow_end.got);
  }
}

TEST(broken_pipe) {
  int ends[2];
  CHECK_INT(0, pipe2(ends, O_CLOEXEC));
  arrowio_file *file = open_fd(ends[1], ARROWIO_MODE_WRITE);
  close(ends[0]);
  FAILS_WITH(EPIPE, arrowio_file_write(file, "x", 1, &error));
  close_file(file);
}

/* A conversation: what was read ahead does not keep from answering, and is read on afterwards. */
TEST(socket) {
  int ends[2];
  const uint8_t *line;
  int64_t size;
  char answer[10] = "";
  CHECK_INT(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
  arrowio_file *file = open_fd(ends[0], ARROWIO_MODE_READ_WRITE);
  CHECK_INT(12, write(ends[1], "hello\nagain\n", 12));
  OK(arrowio_file_read_line(file, &line, &size, &error));
  CHECK(size == 6 && same(line, "hello\n", 6));
  OK(arrowio_file_write(file, "yes?\n", 5, &error));
  CHECK_INT(5, read(ends[1], answer, 10));
  OK(arrowio_file_read_line(file, &line, &size, &error));
  CHECK(size == 6 && same(line, "again\n", 6));
  OK(arrowio_file_flush(file, &error));
  OK(arrowio_file_sync(file, &error));
  close(ends[1]);
  close_file(file);
}

int main(int argc, char **argv) {
  start(argc, argv);
  RUN(reads_wait);
  RUN(opening_a_fifo_waits);
  RUN(nothing_asked_for);
  RUN(writes_wait);
  RUN(broken_pipe);
  RUN(socket);
  return finish_files();
}

/* Sockets, standard streams, and files and pipes whose other end has gone: an error, and no signal that anybody hears of. */
#include "codecs.h"
#include <pthread.h>
#include <sys/socket.h>

static arrowio_file *open_fd(int fd, arrowio_mode mode) {
  arrowio_file *file = NULL;
  OK(arrowio_os_file_open_fd(fd, mode, NULL, &file, &error));
  return file;
}

static void check_read(arrowio_file *file, const char *expected) {
  char bytes[1000];
  int64_t got = -1, size = (int64_t)strlen(expected);
  OK(arrowio_file_read(file, bytes, size, &got, &error));
  CHECK_INT(size, got);
  CHECK(same(bytes, expected, size));
}

static void check_end(arrowio_file *file) {
  uint8_t byte;
  int64_t got = -1;
  OK(arrowio_file_read(file, &byte, 1, &got, &error));
  CHECK_INT(0, got);
}

/* ---- Nobody reads any more ---- */

enum gone { PIPE, FIFO, STREAM_SOCKET, PACKET_SOCKET, KINDS };

/* A descriptor to write to whose other end is closed. */
static int open_gone(enum gone kind) {
  int ends[2];
  switch (kind) {
    case PIPE: CHECK_INT(0, pipe2(ends, O_CLOEXEC)); break;
    case FIFO:
      unlink(here("gone"));
      CHECK_INT(0, mkfifo(here("gone"), 0600));
      ends[0] = open(here("gone"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
      ends[1] = open(here("gone"), O_WRONLY | O_CLOEXEC);
      break;
    default: CHECK_INT(0, socketpair(AF_UNIX, kind == PACKET_SOCKET ? SOCK_SEQPACKET : SOCK_STREAM, 0, ends));
  }
  CHECK(ends[0] >= 0 && ends[1] >= 0);
  close(ends[0]);
  return ends[1];
}

/* Writes until the failure shows, at the latest by flush, and closes. */
static void write_to_gone(arrowio_file *file) {
  static uint8_t noise[200000];
  fill(noise, sizeof noise);
  arrowio_status status = arrowio_file_write(file, noise, sizeof noise, &error);
  if (status == ARROWIO_OK) status = arrowio_file_flush(file, &error);
  FAILS_WITH(EPIPE, status);
  (void)!arrowio_file_close(file, NULL);
  arrowio_file_release(file);
}

static void write_through_layers(enum gone kind) {
  write_to_gone(open_fd(open_gone(kind), ARROWIO_MODE_WRITE));
  EACH_CODEC(codec) {
    arrowio_file *raw = open_fd(open_gone(kind), ARROWIO_MODE_WRITE), *file = NULL;
    OK(arrowio_compressed_output_stream_new(raw, codec->id, NULL, &file, &error));
    arrowio_file_release(raw);
    write_to_gone(file);
  }
  /* By path, with and without a buffer between. */
  for (int64_t buffer_size = -1; buffer_size <= 1; buffer_size++) {
    arrowio_stream_options options = {.struct_size = sizeof options, .buffer_size = buffer_size * 1000};
    arrowio_file *file = NULL;
    char path[50];
    if (kind > FIFO) return;
    int gone = open_gone(kind);
    snprintf(path, sizeof path, "/dev/fd/%d", gone);
    int reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    OK(arrowio_output_stream_open(path, &options, &file, &error));
    close(reader);
    close(gone);
    write_to_gone(file);
  }
}

/* The same by the kernel alone. */
static void copy_to_gone(enum gone kind) {
  static uint8_t noise[200000];
  int64_t copied;
  save(here("copied"), noise, sizeof noise);
  arrowio_file *from = open_here("copied", ARROWIO_MODE_READ), *to = open_fd(open_gone(kind), ARROWIO_MODE_WRITE);
  FAILS_WITH(EPIPE, arrowio_file_copy(from, to, -1, NULL, &copied, &error));
  close_file(from);
  close_file(to);
}

static enum gone gone_kind;
static int heard;

static void hear(int signal) {
  (void)signal;
  heard++;
}

static int is_pending(void) {
  sigset_t pending;
  sigpending(&pending);
  return sigismember(&pending, SIGPIPE);
}

/* SIG_BLOCK or SIG_UNBLOCK. */
static void mask_sigpipe(int how) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  CHECK_INT(0, pthread_sigmask(how, &set, NULL));
}

static int is_blocked(void) {
  sigset_t mask;
  CHECK_INT(0, pthread_sigmask(SIG_BLOCK, NULL, &mask));
  return sigismember(&mask, SIGPIPE);
}

static void (*disposition(void))(int) {
  struct sigaction action;
  CHECK_INT(0, sigaction(SIGPIPE, NULL, &action));
  return action.sa_handler;
}

static void with_the_default(void) {
  signal(SIGPIPE, SIG_DFL);
  write_through_layers(gone_kind);
  copy_to_gone(gone_kind);
  CHECK(disposition() == SIG_DFL);
  CHECK(!is_blocked() && !is_pending());
  /* Only the library's own writes are safe: the signal is what it was for everybody else. */
  int gone = open_gone(PIPE);
  signal(SIGPIPE, hear);
  CHECK_INT(-1, write(gone, "x", 1));
  CHECK_INT(1, heard);
}

static void with_a_handler(void) {
  signal(SIGPIPE, hear);
  write_through_layers(gone_kind);
  copy_to_gone(gone_kind);
  CHECK(disposition() == hear);
  CHECK_INT(0, heard);
}

static void with_sigpipe_blocked(void) {
  signal(SIGPIPE, hear);
  mask_sigpipe(SIG_BLOCK);
  write_through_layers(gone_kind);
  copy_to_gone(gone_kind);
  CHECK(is_blocked() && !is_pending());
  mask_sigpipe(SIG_UNBLOCK);
  CHECK_INT(0, heard);
}

static void with_sigpipe_pending(void) {
  signal(SIGPIPE, hear);
  mask_sigpipe(SIG_BLOCK);
  pthread_kill(pthread_self(), SIGPIPE);
  write_through_layers(gone_kind);
  copy_to_gone(gone_kind);
  CHECK(is_blocked() && is_pending());
  mask_sigpipe(SIG_UNBLOCK);
  CHECK_INT(1, heard);
}

TEST(no_signal) {
  for (gone_kind = 0; gone_kind < KINDS; gone_kind++) {
    in_child(with_the_default);
    in_child(with_a_handler);
    in_child(with_sigpipe_blocked);
    in_child(with_sigpipe_pending);
  }
}

static void *read_a_little(void *argument) {
  static uint8_t block[100000];
  int fd = *(int *)argument;
  for (int64_t left = 100000; left > 0;) left -= read(fd, block, (size_t)left);
  usleep(20000);
  close(fd);
  return NULL;
}

/* The reader goes in the midst of a write, which has then got a part through: that raises the signal without a failure. */
static void part_of_a_write(void) {
  static uint8_t noise[1000000];
  signal(SIGPIPE, SIG_DFL);
  for (int kind = 0; kind < 3; kind++) {
    int ends[2];
    pthread_t reader;
    CHECK_INT(0, kind < 2 ? pipe2(ends, O_CLOEXEC) : socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
    if (kind == 1) CHECK_INT(0, fcntl(ends[1], F_SETFL, O_NONBLOCK));
    arrowio_file *file = open_fd(ends[1], ARROWIO_MODE_WRITE);
    CHECK_INT(0, pthread_create(&reader, NULL, read_a_little, &ends[0]));
    SAYS(ARROWIO_IO_ERROR, "of 1000000 bytes", arrowio_file_write(file, noise, sizeof noise, &error));
    CHECK(arrowio_error_os_error(failure) == EPIPE || (kind == 2 && arrowio_error_os_error(failure) == ECONNRESET));
    CHECK(tell(file) >= 100000 && tell(file) < 1000000);
    CHECK(!is_pending() && !is_blocked());
    pthread_join(reader, NULL);
    close_file(file);
  }
}

TEST(the_reader_goes_meanwhile) {
  in_child(part_of_a_write);
}

/* A warning to a standard error that nobody reads. */
static void warn_nobody(void) {
  arrowio_stream_options options = {.struct_size = sizeof options};
  arrowio_file *file = NULL;
  signal(SIGPIPE, SIG_DFL);
  arrowio_set_warning_handler(NULL, NULL, NULL, NULL);
  int before = dup(2), gone = open_gone(PIPE);
  dup2(gone, 2);
  OK(arrowio_output_stream_open("/dev/full", &options, &file, &error));
  OK(arrowio_file_write(file, "x", 1, &error));
  arrowio_file_release(file);
  dup2(before, 2);
  CHECK(!is_pending() && disposition() == SIG_DFL);
}

TEST(warnings_that_nobody_reads) {
  in_child(warn_nobody);
}

/* ---- Sockets ---- */

static void open_pair(int kind, arrowio_file **one, arrowio_file **other) {
  int ends[2];
  CHECK_INT(0, socketpair(AF_UNIX, kind | SOCK_CLOEXEC, 0, ends));
  *one = open_fd(ends[0], ARROWIO_MODE_READ_WRITE);
  *other = open_fd(ends[1], ARROWIO_MODE_READ_WRITE);
}

TEST(both_directions) {
  arrowio_file *one, *other;
  open_pair(SOCK_STREAM, &one, &other);
  CHECK_INT(ARROWIO_CAPABILITY_READ | ARROWIO_CAPABILITY_WRITE, arrowio_file_capabilities(one));
  for (int i = 0; i < 3; i++) {
    OK(arrowio_file_write(one, "question", 8, &error));
    check_read(other, "question");
    OK(arrowio_file_write(other, "answer", 6, &error));
    check_read(one, "answer");
  }
  OK(arrowio_file_close(one, &error));
  check_end(other);
  FAILS_WITH(EPIPE, arrowio_file_write(other, "x", 1, &error));
  arrowio_file_release(one);
  close_file(other);
}

/* One direction ends, the other goes on. */
TEST(half_closed) {
  int ends[2];
  CHECK_INT(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
  arrowio_file *file = open_fd(ends[0], ARROWIO_MODE_READ_WRITE);
  CHECK_INT(4, write(ends[1], "last", 4));
  CHECK_INT(0, shutdown(ends[1], SHUT_WR));
  check_read(file, "last");
  check_end(file);
  check_end(file);
  OK(arrowio_file_write(file, "still here", 10, &error));
  char bytes[10];
  CHECK_INT(10, read(ends[1], bytes, 10));

  CHECK_INT(0, shutdown(ends[1], SHUT_RD));
  FAILS_WITH(EPIPE, arrowio_file_write(file, "no more", 7, &error));
  close(ends[1]);
  close_file(file);
}

/* Each write is a packet and read_some gives one; an empty one looks like the end, as it does to read(2). */
TEST(packets) {
  arrowio_file *one, *other;
  char bytes[100];
  int64_t got;
  open_pair(SOCK_SEQPACKET, &one, &other);
  OK(arrowio_file_write(one, "first", 5, &error));
  OK(arrowio_file_write(one, "second one", 10, &error));
  OK(arrowio_file_read_some(other, bytes, sizeof bytes, &got, &error));
  CHECK(got == 5 && same(bytes, "first", 5));
  OK(arrowio_file_read_some(other, bytes, sizeof bytes, &got, &error));
  CHECK(got == 10 && same(bytes, "second one", 10));
  close_file(one);
  close_file(other);
}

static uint8_t noise[3000000];

static void *send_all(void *file) {
  arrowio_status status = arrowio_file_write(file, noise, sizeof noise, NULL);
  if (status == ARROWIO_OK) status = arrowio_file_close(file, NULL);
  return status == ARROWIO_OK ? NULL : file;
}

/* Compressed data through a socket that does not block. */
TEST(layers_over_a_socket) {
  fill(noise, sizeof noise);
  for (int nonblocking = 0; nonblocking < 2; nonblocking++) {
    int ends[2];
    arrowio_file *sender = NULL, *receiver = NULL;
    arrowio_buffer *buffer = NULL;
    pthread_t thread;
    void *failed;
    CHECK_INT(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (nonblocking ? SOCK_NONBLOCK : 0), 0, ends));
    arrowio_file *one = open_fd(ends[0], ARROWIO_MODE_WRITE), *other = open_fd(ends[1], ARROWIO_MODE_READ);
    OK(arrowio_compressed_output_stream_new(one, ARROWIO_CODEC_ZSTD, NULL, &sender, &error));
    OK(arrowio_compressed_input_stream_new(other, ARROWIO_CODEC_ZSTD, NULL, &receiver, &error));
    CHECK_INT(0, pthread_create(&thread, NULL, send_all, sender));
    OK(arrowio_file_read_all(receiver, &buffer, &error));
    pthread_join(thread, &failed);
    CHECK(failed == NULL);
    CHECK(arrowio_buffer_size(buffer) == sizeof noise && same(arrowio_buffer_data(buffer), noise, sizeof noise));
    arrowio_buffer_release(buffer);
    arrowio_file_release(one);
    arrowio_file_release(sender);
    arrowio_file_release(other);
    close_file(receiver);
  }
}

TEST(a_socket_that_is_not_connected) {
  arrowio_file *file = open_fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), ARROWIO_MODE_READ_WRITE);
  FAILS_WITH(ENOTCONN, arrowio_file_write(file, "x", 1, &error));
  close_file(file);
}

/* ---- Standard streams ---- */

static arrowio_file *open_standard(arrowio_standard_stream stream) {
  arrowio_file *file = NULL;
  OK(arrowio_standard_stream_open(stream, NULL, &file, &error));
  return file;
}

static void use_standard_streams(void) {
  int input[2];
  const uint8_t *line;
  int64_t size;
  CHECK_INT(0, pipe(input));
  CHECK_INT(9, write(input[1], "one\ntwo\n\n", 9));
  close(input[1]);
  dup2(input[0], 0);
  int output = open(here("output"), O_RDWR | O_CREAT | O_TRUNC, 0600), saved = dup(2);
  CHECK_INT(7, write(output, "before ", 7));
  dup2(output, 1);
  dup2(output, 2);

  arrowio_file *in = open_standard(ARROWIO_STANDARD_INPUT);
  arrowio_file *out = open_standard(ARROWIO_STANDARD_OUTPUT), *err = open_standard(ARROWIO_STANDARD_ERROR);
  CHECK_INT(ARROWIO_CAPABILITY_READ, arrowio_file_capabilities(in));
  OK(arrowio_file_read_line(in, &line, &size, &error));
  CHECK(size == 4 && same(line, "one\n", 4));
  CHECK_INT(7, tell(out));
  OK(arrowio_file_write(out, "out ", 4, &error));
  OK(arrowio_file_write(err, "err ", 4, &error));
  OK(arrowio_file_write(out, "more", 4, &error));
  SAYS(ARROWIO_INVALID, "standard input", arrowio_file_write(in, "x", 1, &error));
  SAYS(ARROWIO_INVALID, "standard output", arrowio_file_read(out, NULL, 0, &size, &error));
  SAYS(ARROWIO_INVALID, "standard error", arrowio_file_read(err, NULL, 0, &size, &error));
  close_file(in);
  close_file(out);
  arrowio_file_release(err);
  for (int fd = 0; fd < 3; fd++) CHECK(fcntl(fd, F_GETFD) >= 0);
  dup2(saved, 2);
  CHECK(file_holds(here("output"), "before out err more", 19));
}

TEST(standard_streams) {
  in_child(use_standard_streams);
}

static void use_what_is_not_there(void) {
  arrowio_file *file = NULL;
  for (arrowio_standard_stream stream = 0; stream < 2; stream++) {
    const char *name = stream == ARROWIO_STANDARD_INPUT ? "standard input" : "standard output";
    int wrong = open("/dev/null", stream == ARROWIO_STANDARD_INPUT ? O_WRONLY : O_RDONLY);
    dup2(wrong, (int)stream);
    SAYS(ARROWIO_INVALID, name, arrowio_standard_stream_open(stream, NULL, &file, &error));
    close((int)stream);
    SAYS(ARROWIO_IO_ERROR, name, arrowio_standard_stream_open(stream, NULL, &file, &error));
    CHECK_INT(EBADF, arrowio_error_os_error(failure));
    CHECK(file == NULL);
  }
  for (arrowio_standard_stream stream = 3; stream != 1; stream = stream == 3 ? UINT32_MAX : 1) {
    FAILS(ARROWIO_INVALID, arrowio_standard_stream_open(stream, NULL, &file, &error));
  }
}

TEST(standard_streams_that_are_not_there) {
  in_child(use_what_is_not_there);
}

/* A filter, as programs are: standard input through gzip to standard output, whose reader goes. */
static void write_compressed_to_gone_output(void) {
  signal(SIGPIPE, SIG_DFL);
  dup2(open_gone(PIPE), 1);
  arrowio_file *out = open_standard(ARROWIO_STANDARD_OUTPUT), *file = NULL;
  OK(arrowio_compressed_output_stream_new(out, ARROWIO_CODEC_GZIP, NULL, &file, &error));
  arrowio_file_release(out);
  SAYS(ARROWIO_OK, "", arrowio_file_write(file, "a line\n", 7, &error));
  SAYS(ARROWIO_IO_ERROR, "standard output", arrowio_file_close(file, &error));
  CHECK_INT(EPIPE, arrowio_error_os_error(failure));
  arrowio_file_release(file);
}

TEST(output_that_nobody_reads) {
  in_child(write_compressed_to_gone_output);
}

/* ---- Files that grow ---- */

static void grow(const char *text) {
  int fd = open(here("growing"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  CHECK_INT(strlen(text), write(fd, text, strlen(text)));
  close(fd);
}

static void check_line(arrowio_file *file, const char *expected) {
  const uint8_t *line;
  int64_t size;
  OK(arrowio_file_read_line(file, &line, &size, &error));
  CHECK(size == (int64_t)strlen(expected) && same(line, expected, size));
}

static void check_all(arrowio_file *file, const char *expected) {
  arrowio_buffer *buffer = NULL;
  OK(arrowio_file_read_all(file, &buffer, &error));
  struct bytes bytes = take_buffer(buffer);
  CHECK(bytes.size == (int64_t)strlen(expected) && same(bytes.data, expected, bytes.size));
  drop(&bytes);
}

/* After the end more may come, for every way of reading, also where small reads are gathered. */
TEST(growing_file) {
  for (int way = 0; way < 3; way++) {
    arrowio_stream_options options = {.struct_size = sizeof options, .buffer_size = way == 1 ? -1 : 0};
    arrowio_file *file = NULL;
    const uint8_t *data;
    int64_t size = -1;
    unlink(here("growing"));
    grow("one\ntw");
    if (way == 0) {
      OK(arrowio_os_file_open(here("growing"), ARROWIO_MODE_READ, NULL, &file, &error));
    } else {
      OK(arrowio_input_stream_open(here("growing"), &options, &file, &error));
    }
    check_line(file, "one\n");
    check_line(file, "tw");
    check_line(file, "");
    grow("o\nthree");
    check_line(file, "o\n");
    OK(arrowio_file_size(file, &size, &error));
    CHECK_INT(13, size);
    OK(arrowio_file_peek(file, 100, &data, &size, &error));
    CHECK(size == 5 && same(data, "three", 5));
    grow(", four");
    OK(arrowio_file_peek(file, 100, &data, &size, &error));
    CHECK(size == 11 && same(data, "three, four", 11));
    check_all(file, "three, four");
    check_all(file, "");
    check_end(file);
    grow("five");
    check_all(file, "five");
    grow("six");
    check_read(file, "six");
    check_end(file);
    OK(arrowio_file_size(file, &size, &error));
    CHECK_INT(size, tell(file));
    close_file(file);
  }
}

int main(int argc, char **argv) {
  start(argc, argv);
  RUN(no_signal);
  RUN(the_reader_goes_meanwhile);
  RUN(warnings_that_nobody_reads);
  RUN(both_directions);
  RUN(half_closed);
  RUN(packets);
  RUN(layers_over_a_socket);
  RUN(a_socket_that_is_not_connected);
  RUN(standard_streams);
  RUN(standard_streams_that_are_not_there);
  RUN(output_that_nobody_reads);
  RUN(growing_file);
  return finish_files();
}

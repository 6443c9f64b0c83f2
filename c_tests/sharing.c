/* Buffers that another process is given: sealed, at their place, and read there without a copy. */
#include "files.h"
#include <sys/socket.h>

static const char *program;

static uint8_t pattern(int64_t at) {
  return (uint8_t)(at * 31 + at / 251);
}

static arrowio_buffer *allocate(int64_t size) {
  arrowio_buffer *buffer = NULL;
  OK(arrowio_buffer_allocate_shared(size, &buffer, &error));
  uint8_t *data = arrowio_buffer_mutable_data(buffer);
  for (int64_t i = 0; i < size; i++) data[i] = pattern(i);
  return buffer;
}

static void check_pattern(const uint8_t *data, int64_t size) {
  for (int64_t i = 0; i < size; i++) CHECK(data[i] == pattern(i));
}

static int share(arrowio_buffer *buffer) {
  int fd = -1;
  OK(arrowio_buffer_share(buffer, &fd, &error));
  CHECK(fd > 2);
  CHECK_INT(FD_CLOEXEC, fcntl(fd, F_GETFD));
  return fd;
}

static const int64_t sizes[] = {0, 1, 63, 64, 4095, 4096, 4097, 1000000};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

/* ---- In one process ---- */

TEST(stays_where_it_is) {
  for (int i = 0; i < SIZES; i++) {
    int before = open_descriptors();
    arrowio_buffer *buffer = allocate(sizes[i]);
    const uint8_t *data = arrowio_buffer_data(buffer);
    CHECK(data != NULL && (uintptr_t)data % 64 == 0);
    CHECK_INT(sizes[i], arrowio_buffer_size(buffer));
    CHECK_INT((sizes[i] + 63) / 64 * 64, arrowio_buffer_capacity(buffer));
    arrowio_buffer_zero_padding(buffer);
    int fd = share(buffer);
    CHECK(arrowio_buffer_data(buffer) == data);
    CHECK_INT(0, arrowio_buffer_is_mutable(buffer));
    CHECK(arrowio_buffer_mutable_data(buffer) == NULL);
    check_pattern(data, sizes[i]);
    struct stat facts;
    CHECK_INT(0, fstat(fd, &facts));
    CHECK_INT(sizes[i], facts.st_size);
    CHECK_INT(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE, fcntl(fd, F_GET_SEALS));
    /* Every call gives one more. */
    int again = share(buffer);
    CHECK(again != fd);
    close(again);
    close(fd);
    arrowio_buffer_release(buffer);
    CHECK_INT(before, open_descriptors());
  }
}

TEST(new_memory_is_zero) {
  arrowio_buffer *buffer = NULL;
  OK(arrowio_buffer_allocate_shared(100000, &buffer, &error));
  for (int i = 0; i < 100000; i++) CHECK(arrowio_buffer_data(buffer)[i] == 0);
  CHECK_INT(1, arrowio_buffer_is_mutable(buffer));
  FAILS(ARROWIO_INVALID, arrowio_buffer_resize(buffer, 10, 0, &error));
  arrowio_buffer_release(buffer);
  FAILS(ARROWIO_INVALID, arrowio_buffer_allocate_shared(-1, &buffer, &error));
  FAILS(ARROWIO_OUT_OF_MEMORY, arrowio_buffer_allocate_shared(INT64_C(1) << 60, &buffer, &error));
  CHECK(buffer == NULL);
}

static void check_still_mutable(arrowio_buffer *buffer) {
  CHECK_INT(1, arrowio_buffer_is_mutable(buffer));
  arrowio_buffer_mutable_data(buffer)[0]++;
  arrowio_buffer_mutable_data(buffer)[0]--;
}

/* While anybody else may write to it, it is not shared. */
TEST(refused_while_in_use) {
  int fd = -7;
  arrowio_buffer *buffer = allocate(1000), *slice = NULL;
  arrowio_file *file = NULL;
  OK(arrowio_buffer_slice_mutable(buffer, 10, 20, &slice, &error));
  FAILS(ARROWIO_INVALID, arrowio_buffer_share(buffer, &fd, &error));
  FAILS(ARROWIO_INVALID, arrowio_buffer_share(slice, &fd, &error));
  arrowio_buffer_release(slice);
  OK(arrowio_buffer_slice(buffer, 10, 20, &slice, &error));
  SAYS(ARROWIO_INVALID, "references", arrowio_buffer_share(buffer, &fd, &error));
  arrowio_buffer_release(slice);
  OK(arrowio_fixed_size_buffer_writer_new(buffer, &file, &error));
  FAILS(ARROWIO_INVALID, arrowio_buffer_share(buffer, &fd, &error));
  close_file(file);
  arrowio_buffer_retain(buffer);
  FAILS(ARROWIO_INVALID, arrowio_buffer_share(buffer, &fd, &error));
  CHECK_INT(-7, fd);
  check_still_mutable(buffer);
  arrowio_buffer_release(buffer);
  fd = share(buffer);
  close(fd);
  /* Once it is immutable others may have it. */
  FAILS(ARROWIO_INVALID, arrowio_buffer_slice_mutable(buffer, 10, 20, &slice, &error));
  OK(arrowio_buffer_slice(buffer, 10, 20, &slice, &error));
  close(share(buffer));
  arrowio_buffer_release(buffer);
  CHECK(arrowio_buffer_data(slice)[0] == pattern(10));
  arrowio_buffer_release(slice);
}

TEST(other_buffers) {
  int fd;
  arrowio_buffer *buffer = buffer_of("abc", 3);
  SAYS(ARROWIO_INVALID, "kind", arrowio_buffer_share(buffer, &fd, &error));
  arrowio_buffer_release(buffer);
}

/* Who still has the memory mapped for writing, be it a forked child, keeps it from being sealed. */
TEST(refused_while_a_child_may_write) {
  arrowio_buffer *buffer = allocate(5000);
  int go[2], fd;
  char byte;
  CHECK_INT(0, pipe2(go, O_CLOEXEC));
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    close(go[1]);
    _exit((int)read(go[0], &byte, 1));
  }
  SAYS(ARROWIO_INVALID, "another process", arrowio_buffer_share(buffer, &fd, &error));
  check_still_mutable(buffer);
  check_pattern(arrowio_buffer_data(buffer), 5000);
  close(go[1]);
  CHECK_INT(child, waitpid(child, NULL, 0));
  close(go[0]);
  fd = share(buffer);
  close(fd);
  arrowio_buffer_release(buffer);
}

static arrowio_buffer *written_after_sharing;

static void write_after_sharing(void) {
  close(share(written_after_sharing));
  ((uint8_t *)(uintptr_t)arrowio_buffer_data(written_after_sharing))[0] = 1;
}

/* An address that was kept is no way around it. */
TEST(writing_afterwards_is_a_fault) {
  for (volatile int shared = 0; shared < 2; shared++) {
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
      signal(SIGSEGV, SIG_DFL);
      if (setjmp(case_end) != 0) _exit(1);
      written_after_sharing = allocate(10);
      if (shared) write_after_sharing();
      arrowio_buffer_mutable_data(written_after_sharing)[0] = 1;
      _exit(0);
    }
    int status;
    CHECK_INT(child, waitpid(child, &status, 0));
    if (shared) CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    if (!shared) CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
}

/* ---- What is received ---- */

TEST(received) {
  for (int i = 0; i < SIZES; i++) {
    arrowio_buffer *buffer = allocate(sizes[i]), *received = NULL;
    int fd = share(buffer), before = open_descriptors();
    OK(arrowio_buffer_map_shared(fd, &received, &error));
    CHECK_INT(before, open_descriptors());
    close(fd);
    /* Without the sender as well. */
    arrowio_buffer_release(buffer);
    CHECK_INT(sizes[i], arrowio_buffer_size(received));
    CHECK_INT(0, arrowio_buffer_is_mutable(received));
    check_pattern(arrowio_buffer_data(received), sizes[i]);
    SAYS(ARROWIO_INVALID, "received", arrowio_buffer_share(received, &fd, &error));
    arrowio_buffer_release(received);
    CHECK_INT(before - 2, open_descriptors());
  }
}

/* Nothing is mapped that could change or go away. */
TEST(unsealed) {
  const struct { int seals; const char *missing; } rows[] = {
      {0, "F_SEAL_WRITE"},
      {F_SEAL_GROW | F_SEAL_SHRINK, "F_SEAL_WRITE"},
      {F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL, "F_SEAL_SHRINK"},
      {F_SEAL_SHRINK | F_SEAL_WRITE, NULL}};
  arrowio_buffer *buffer = NULL;
  for (int i = 0; i < 4; i++) {
    int fd = memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    CHECK_INT(3, write(fd, "abc", 3));
    CHECK_INT(0, fcntl(fd, F_ADD_SEALS, rows[i].seals));
    if (rows[i].missing != NULL) {
      SAYS(ARROWIO_INVALID, rows[i].missing, arrowio_buffer_map_shared(fd, &buffer, &error));
      CHECK(buffer == NULL);
    } else {
      OK(arrowio_buffer_map_shared(fd, &buffer, &error));
      CHECK(arrowio_buffer_size(buffer) == 3 && same(arrowio_buffer_data(buffer), "abc", 3));
      arrowio_buffer_release(buffer);
    }
    close(fd);
  }
  save(here("file"), "abc", 3);
  int fd = open(here("file"), O_RDWR | O_CLOEXEC), pipes[2];
  FAILS(ARROWIO_INVALID, arrowio_buffer_map_shared(fd, &buffer, &error));
  close(fd);
  CHECK_INT(0, pipe2(pipes, O_CLOEXEC));
  FAILS(ARROWIO_INVALID, arrowio_buffer_map_shared(pipes[0], &buffer, &error));
  close(pipes[0]);
  close(pipes[1]);
  FAILS_WITH(EBADF, arrowio_buffer_map_shared(-1, &buffer, &error));
  FAILS_WITH(EBADF, arrowio_buffer_map_shared(pipes[0], &buffer, &error));
}

static void run_out_of_descriptors(void) {
  arrowio_buffer *buffer = allocate(100), *more = NULL;
  int fd = -1;
  while ((fd = dup(0)) >= 0) {}
  FAILS_WITH(EMFILE, arrowio_buffer_allocate_shared(100, &more, &error));
  FAILS_WITH(EMFILE, arrowio_buffer_share(buffer, &fd, &error));
  close(10);
  fd = share(buffer);
  check_pattern(arrowio_buffer_data(buffer), 100);
  arrowio_buffer_release(buffer);
}

TEST(no_descriptors_left) {
  in_child(run_out_of_descriptors);
}

/* ---- To another program ---- */

static void send_descriptor(int socket, int fd) {
  char byte = 'd', room[CMSG_SPACE(sizeof fd)] = {0};
  struct iovec bytes = {&byte, 1};
  struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
  struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(head), &fd, sizeof fd);
  CHECK_INT(1, sendmsg(socket, &message, 0));
}

static int receive_descriptor(int socket) {
  char byte, room[CMSG_SPACE(sizeof(int))];
  struct iovec bytes = {&byte, 1};
  struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
  int fd = -1;
  CHECK_INT(1, recvmsg(socket, &message, MSG_CMSG_CLOEXEC));
  CHECK(CMSG_FIRSTHDR(&message) != NULL);
  memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
  return fd;
}

/* What the other program does with what it was given. */
static void check_received(int socket, int64_t size) {
  arrowio_buffer *buffer = NULL, *part = NULL;
  arrowio_file *file = NULL;
  int fd = receive_descriptor(socket), before = open_descriptors();
  OK(arrowio_buffer_map_shared(fd, &buffer, &error));
  CHECK_INT(before, open_descriptors());
  CHECK_INT(size, arrowio_buffer_size(buffer));
  check_pattern(arrowio_buffer_data(buffer), size);

  /* It cannot be changed from here. */
  CHECK(arrowio_buffer_mutable_data(buffer) == NULL);
  CHECK_INT(-1, pwrite(fd, "x", 1, 0));
  CHECK_INT(EPERM, errno);
  CHECK_INT(-1, ftruncate(fd, 0));
  CHECK_INT(EPERM, errno);
  CHECK_INT(-1, ftruncate(fd, size + 1));
  CHECK_INT(EPERM, errno);
  CHECK(mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
  close(fd);

  /* And read by a file, without a copy. */
  OK(arrowio_buffer_reader_new(buffer, &file, &error));
  OK(arrowio_file_read_at_buffer(file, 100, 1000, &part, &error));
  CHECK(arrowio_buffer_data(part) == arrowio_buffer_data(buffer) + 100);
  close_file(file);
  arrowio_buffer_release(buffer);
  CHECK(arrowio_buffer_data(part)[999] == pattern(1099));
  CHECK_INT(1, write(socket, "k", 1));

  /* The sender has gone. */
  char byte;
  CHECK_INT(0, read(socket, &byte, 1));
  CHECK(arrowio_buffer_data(part)[0] == pattern(100));
  arrowio_buffer_release(part);
}

static int be_receiver(const char *socket) {
  if (setjmp(case_end) != 0) return 1;
  check_received(atoi(socket), 100000);
  return 0;
}

/* By exec, so that nothing is shared but what was handed over. */
TEST(another_program) {
  int ends[2], status;
  char byte = 0, number[20];
  CHECK_INT(0, socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
  CHECK_INT(0, fcntl(ends[0], F_SETFD, FD_CLOEXEC));
  snprintf(number, sizeof number, "%d", ends[1]);
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    execl(program, program, folder, number, (char *)NULL);
    _exit(127);
  }
  close(ends[1]);
  arrowio_buffer *buffer = NULL;
  OK(arrowio_buffer_allocate_shared(100000, &buffer, &error));
  for (int i = 0; i < 100000; i++) arrowio_buffer_mutable_data(buffer)[i] = pattern(i);
  int fd = share(buffer);
  send_descriptor(ends[0], fd);
  close(fd);
  CHECK_INT(1, read(ends[0], &byte, 1));
  CHECK_INT('k', byte);
  arrowio_buffer_release(buffer);
  close(ends[0]);
  CHECK_INT(child, waitpid(child, &status, 0));
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(int argc, char **argv) {
  program = argv[0];
  start(argc, argv);
  if (argc > 2) return be_receiver(argv[2]);
  RUN(stays_where_it_is);
  RUN(new_memory_is_zero);
  RUN(refused_while_in_use);
  RUN(other_buffers);
  RUN(refused_while_a_child_may_write);
  RUN(writing_afterwards_is_a_fault);
  RUN(received);
  RUN(unsealed);
  RUN(no_descriptors_left);
  RUN(another_program);
  return finish_files();
}

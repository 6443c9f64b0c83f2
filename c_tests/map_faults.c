/* Files that change under a map: cut by another process, on a full disk. Calls on the map fail, and nobody gets a signal,
 * with a fault guard and without; and with one the host's own SIGBUS handlers work as if there were none. */
#include "threads.h"
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum { PAGE = 4096, SIZE = 10 * PAGE, LEFT = 3 * PAGE + 100, LEFT_PAGES = 4 * PAGE };
static uint8_t content[SIZE], into[SIZE];
static const arrowio_mode modes[] = {ARROWIO_MODE_READ, ARROWIO_MODE_READ_WRITE, ARROWIO_MODE_PRIVATE};

static arrowio_fault_guard *guard;

static void guard_off(void) {
  arrowio_fault_guard_release(guard);
  guard = NULL;
}

/* Not twice, where a case that failed left one on. */
static void guard_on(void) {
  guard_off();
  OK(arrowio_fault_guard_new(&guard, &error));
}

static arrowio_file *map(const char *path, arrowio_mode mode) {
  arrowio_file *file = NULL;
  OK(arrowio_memory_map_open(path, mode, 0, -1, &file, &error));
  return file;
}

/* Another process cuts or extends the file. It ends without a search for leaks in what it has of this one. */
static void cut(const char *path, int64_t size) {
  pid_t child = fork();
  if (child == 0) {
    if (truncate(path, size) != 0) perror(path);
    kill(getpid(), SIGKILL);
  }
  CHECK_INT(child, waitpid(child, NULL, 0));
  CHECK_INT(size, file_size(path));
}

static arrowio_file *map_and_cut(const char *path, arrowio_mode mode) {
  save(path, content, SIZE);
  arrowio_file *file = map(path, mode);
  cut(path, LEFT);
  return file;
}

#define GONE(call) SAYS(ARROWIO_IO_ERROR, "cut to 12388 bytes", call)

static int64_t read_at(arrowio_file *file, int64_t offset, int64_t size) {
  int64_t got = -1;
  memset(into, 0xAA, SIZE);
  OK(arrowio_file_read_at(file, offset, into, size, &got, &error));
  return got;
}

static void go_to(arrowio_file *file, int64_t offset) {
  OK(arrowio_file_seek(file, offset, ARROWIO_SEEK_START, NULL, &error));
}

static void reads_at(arrowio_file *file) {
  const int64_t sizes[] = {1, 7, 8, 15, 16, 17, 100, 511, 513, 5000};
  int64_t got = -1;
  for (int i = 0; i < 10; i++) {
    int64_t size = sizes[i];
    CHECK_INT(size, read_at(file, 3, size));
    CHECK(same(into, content + 3, size) && into[size] == 0xAA);
    CHECK_INT(size, read_at(file, LEFT - size, size));
    CHECK(same(into, content + LEFT - size, size));
    GONE(arrowio_file_read_at(file, LEFT_PAGES, into, size, &got, &error));
    CHECK(strstr(arrowio_error_message(failure), "offset 16384") != NULL);
    GONE(arrowio_file_read_at(file, SIZE - size, into, size, &got, &error));
    if (size > 1) GONE(arrowio_file_read_at(file, LEFT_PAGES - 1, into, size, &got, &error));
  }
  GONE(arrowio_file_read_at(file, 0, into, SIZE, &got, &error));
  CHECK_INT(-1, got);
  CHECK_INT(0, read_at(file, SIZE, 10));
}

static void reads(arrowio_file *file) {
  int64_t got = -1;
  go_to(file, 100);
  GONE(arrowio_file_read(file, into, SIZE, &got, &error));
  CHECK(got == -1 && tell(file) == 100);
  OK(arrowio_file_read(file, into, LEFT - 100, &got, &error));
  CHECK(got == LEFT - 100 && same(into, content + 100, LEFT - 100));
  go_to(file, LEFT_PAGES - 5);
  GONE(arrowio_file_read(file, into, 10, &got, &error));
  CHECK_INT(LEFT_PAGES - 5, tell(file));

  /* What is left comes first. */
  go_to(file, LEFT - 100);
  OK(arrowio_file_read_some(file, into, SIZE, &got, &error));
  CHECK(got >= 100 && got <= 100 + LEFT_PAGES - LEFT && same(into, content + LEFT - 100, 100));
  go_to(file, LEFT_PAGES);
  GONE(arrowio_file_read_some(file, into, 10, &got, &error));
  CHECK_INT(LEFT_PAGES, tell(file));
}

/* Which touch nothing. */
static void zero_copy_reads(arrowio_file *file) {
  arrowio_buffer *all = NULL, *far = NULL;
  const uint8_t *data;
  int64_t size, got = -1;
  go_to(file, 0);
  OK(arrowio_file_peek(file, SIZE, &data, &size, &error));
  CHECK_INT(SIZE, size);
  OK(arrowio_file_read_all(file, &all, &error));
  CHECK(arrowio_buffer_size(all) == SIZE && arrowio_buffer_data(all) == data && same(data, content, LEFT));
  OK(arrowio_file_read_at_buffer(file, SIZE - 10, 10, &far, &error));

  OK(arrowio_buffer_read(all, 5, into, LEFT - 5, &got, &error));
  CHECK(got == LEFT - 5 && same(into, content + 5, LEFT - 5));
  SAYS(ARROWIO_IO_ERROR, "gone from offset 16384 on", arrowio_buffer_read(all, 5, into, SIZE, &got, &error));
  SAYS(ARROWIO_IO_ERROR, "gone from offset 3 on", arrowio_buffer_read(far, 3, into, 1, &got, &error));
  OK(arrowio_buffer_read(far, 10, into, 1, &got, &error));
  CHECK_INT(0, got);
  arrowio_buffer_release(all);
  arrowio_buffer_release(far);
}

static void writes(arrowio_file *file, const char *path, arrowio_mode mode) {
  if (mode == ARROWIO_MODE_READ) return;
  OK(arrowio_file_write_at(file, 10, content, 100, &error));
  CHECK(read_at(file, 10, 100) == 100 && same(into, content, 100));
  GONE(arrowio_file_write_at(file, LEFT_PAGES, "x", 1, &error));
  CHECK(strstr(arrowio_error_message(failure), "0 of 1 bytes were written") != NULL);
  GONE(arrowio_file_write_at(file, PAGE, content, SIZE - PAGE, &error));
  CHECK(strstr(arrowio_error_message(failure), "bytes were written") != NULL);
  go_to(file, LEFT_PAGES - 2);
  GONE(arrowio_file_write(file, content, 12, &error));
  CHECK_INT(LEFT_PAGES - 2, tell(file));
  CHECK_INT(LEFT, file_size(path));
}

static void all_calls(void) {
  const char *path = here("cut");
  for (int i = 0; i < 3; i++) {
    arrowio_file *file = map_and_cut(path, modes[i]);
    reads_at(file);
    reads(file);
    zero_copy_reads(file);
    writes(file, path, modes[i]);
    cut(path, SIZE);
    CHECK_INT(SIZE, read_at(file, 0, SIZE));
    close_file(file);
  }
}

TEST(unguarded_calls) {
  all_calls();
}

TEST(guarded_calls) {
  guard_on();
  all_calls();
  guard_off();
}

/* Not by a page: what is written behind the end would get lost in silence. */
TEST(writes_behind_the_end_in_its_page) {
  const char *path = here("tail");
  arrowio_file *file = map_and_cut(path, ARROWIO_MODE_READ_WRITE);
  int64_t got;
  GONE(arrowio_file_write_at(file, LEFT, "x", 1, &error));
  GONE(arrowio_file_read_at(file, LEFT, into, 1, &got, &error));
  GONE(arrowio_file_read_at(file, LEFT - 1, into, 2, &got, &error));
  OK(arrowio_file_write_at(file, LEFT - 1, "x", 1, &error));
  OK(arrowio_file_write_at(file, LEFT, "", 0, &error));
  close_file(file);
}

static void decompress_cut_data(void) {
  struct bytes plain = {0}, packed;
  uint8_t block[1000];
  for (int i = 0; i < 20; i++) append(&plain, content, SIZE);
  for (uint8_t *at = plain.data; at < plain.data + plain.size; at++) *at = (uint8_t)random_below(256);
  packed = compressed(ARROWIO_CODEC_GZIP, plain.data, plain.size);
  for (int i = 0; i < 3; i++) {
    arrowio_file *file = NULL;
    arrowio_status status = ARROWIO_OK;
    int64_t got = 0, all = 0, left = packed.size / 2 / PAGE * PAGE;
    save(here("cut.gz"), packed.data, packed.size);
    arrowio_file *raw = map(here("cut.gz"), modes[i]);
    OK(arrowio_compressed_input_stream_new(raw, ARROWIO_CODEC_GZIP, NULL, &file, &error));
    OK(arrowio_file_read(file, block, sizeof block, &got, &error));
    CHECK(same(block, plain.data, got));
    cut(here("cut.gz"), left);
    for (all = got; status == ARROWIO_OK; all += status == ARROWIO_OK ? got : 0) {
      arrowio_error_release(error);
      status = arrowio_file_read_some(file, block, sizeof block, &got, &error);
      if (status == ARROWIO_OK) CHECK(got > 0 && same(block, plain.data + all, got));
    }
    SAYS(ARROWIO_IO_ERROR, "was cut to", status);
    CHECK(all > left * 9 / 10);
    CHECK_INT(left, tell(raw));
    close_file(file);
    arrowio_file_release(raw);
  }
  drop(&plain);
  drop(&packed);
}

TEST(decompression) {
  decompress_cut_data();
  guard_on();
  decompress_cut_data();
  guard_off();
}

/* What is written to a map while it is decompressed is seen. */
TEST(decompression_sees_writes) {
  struct bytes packed = compressed(ARROWIO_CODEC_GZIP, content, 1000), other = compressed(ARROWIO_CODEC_GZIP, "new", 3);
  arrowio_file *file = NULL;
  int64_t got, size = packed.size;
  append(&packed, other.data, other.size);
  save(here("written.gz"), packed.data, packed.size);
  memset(packed.data + size, 0, (size_t)other.size);
  arrowio_file *raw = map(here("written.gz"), ARROWIO_MODE_READ_WRITE);
  OK(arrowio_file_write_at(raw, 0, packed.data, packed.size, &error));
  OK(arrowio_compressed_input_stream_new(raw, ARROWIO_CODEC_GZIP, NULL, &file, &error));
  OK(arrowio_file_read(file, into, 1000, &got, &error));
  CHECK(got == 1000 && same(into, content, 1000));
  go_to(raw, size);
  OK(arrowio_file_write_at(raw, size, other.data, other.size, &error));
  OK(arrowio_file_read(file, into, 1000, &got, &error));
  CHECK(got == 3 && same(into, "new", 3));
  close_file(file);
  arrowio_file_release(raw);
  drop(&packed);
  drop(&other);
}

/* Bytes of the map written to the map, and bytes of one that are gone. */
static void write_mapped_bytes(void) {
  const int64_t moves[][3] = {{0, 100, 5000}, {100, 0, 5000}, {0, 1, SIZE - 1}, {1, 0, SIZE - 1}, {0, 9000, 9000}, {7, 7, 100}};
  static uint8_t expected[SIZE];
  for (int i = 0; i < 12; i++) {
    const int64_t *move = moves[i / 2];
    arrowio_buffer *all = NULL;
    save(here("moved"), content, SIZE);
    arrowio_file *file = map(here("moved"), modes[1 + i % 2]);
    OK(arrowio_file_read_at_buffer(file, 0, SIZE, &all, &error));
    OK(arrowio_file_write_at(file, move[1], arrowio_buffer_data(all) + move[0], move[2], &error));
    memcpy(expected, content, SIZE);
    memmove(expected + move[1], expected + move[0], (size_t)move[2]);
    CHECK(same(arrowio_buffer_data(all), expected, SIZE));
    arrowio_file *gone = map_and_cut(here("source"), ARROWIO_MODE_READ);
    const uint8_t *data;
    int64_t size;
    OK(arrowio_file_peek(gone, SIZE, &data, &size, &error));
    SAYS(ARROWIO_IO_ERROR, "bytes to be written", arrowio_file_write_at(file, 0, data, SIZE, &error));
    close_file(gone);
    cut(here("moved"), 2 * PAGE);
    SAYS(ARROWIO_IO_ERROR, "cut", arrowio_file_write_at(file, PAGE, arrowio_buffer_data(all), 3 * PAGE, &error));
    SAYS(ARROWIO_IO_ERROR, "", arrowio_file_write_at(file, 0, arrowio_buffer_data(all) + PAGE, 3 * PAGE, &error));
    arrowio_buffer_release(all);
    close_file(file);
  }
}

TEST(mapped_bytes_are_written) {
  write_mapped_bytes();
  guard_on();
  write_mapped_bytes();
  guard_off();
}

static void every_size(void) {
  save(here("sizes"), content, SIZE);
  arrowio_file *file = map(here("sizes"), ARROWIO_MODE_READ_WRITE);
  for (int64_t size = 0; size < 1100; size++) {
    int64_t offset = random_below(SIZE - size), written = random_below(SIZE - size);
    CHECK(read_at(file, offset, size) == size && same(into, content + offset, size) && into[size] == 0xAA);
    OK(arrowio_file_write_at(file, written, content + written, size, &error));
  }
  close_file(file);
  CHECK(file_holds(here("sizes"), content, SIZE));
}

TEST(sizes) {
  every_size();
  guard_on();
  every_size();
  guard_off();
}

/* ---- Disks ---- */

static void fill_a_disk(void) {
  arrowio_file *file = NULL;
  arrowio_status status = ARROWIO_OK;
  int64_t done = 0, got;
  if (!mount_small_disk()) return;
  int fd = open(here("disk/sparse"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  CHECK_INT(0, ftruncate(fd, 4 * MIB));
  file = map(here("disk/sparse"), ARROWIO_MODE_READ_WRITE);
  while (status == ARROWIO_OK) {
    arrowio_error_release(error);
    status = arrowio_file_write(file, content, SIZE, &error);
    if (status == ARROWIO_OK) done += SIZE;
  }
  SAYS(ARROWIO_IO_ERROR, "bytes were written", status);
  CHECK_INT(ENOSPC, arrowio_error_os_error(failure));
  CHECK(done > MIB / 2 && done < MIB && tell(file) == done);
  CHECK_INT(4 * MIB, file_size(here("disk/sparse")));
  FAILS_WITH(ENOSPC, arrowio_file_write_at(file, 3 * MIB, "x", 1, &error));
  OK(arrowio_file_write_at(file, 0, content, SIZE, &error));
  OK(arrowio_file_read_at(file, done - SIZE, into, SIZE, &got, &error));
  CHECK(got == SIZE && same(into, content, SIZE));
  close_file(file);
  close(fd);
}

static void fill_a_disk_guarded(void) {
  guard_on();
  fill_a_disk();
  guard_off();
}

TEST(full_disk) {
  in_child(fill_a_disk);
  in_child(fill_a_disk_guarded);
}

/* In the library's place of the C library's: as on a file system that takes what room there is before it says no. */
static int half_full;

int posix_fallocate(int fd, off_t offset, off_t size) {
  if (!half_full) return (int)-syscall(SYS_fallocate, fd, 0, offset, size);
  return ftruncate(fd, offset + size - 1) == 0 ? ENOSPC : EIO;
}

TEST(failed_growth_leaves_the_size) {
  save(here("grown"), content, SIZE);
  arrowio_file *file = map(here("grown"), ARROWIO_MODE_READ_WRITE), *created = NULL;
  half_full = 1;
  FAILS_WITH(ENOSPC, arrowio_file_resize(file, 3 * SIZE, &error));
  CHECK(file_holds(here("grown"), content, SIZE));
  cut(here("grown"), LEFT);
  FAILS_WITH(ENOSPC, arrowio_file_resize(file, 3 * SIZE, &error));
  CHECK(file_holds(here("grown"), content, LEFT));
  FAILS_WITH(ENOSPC, arrowio_memory_map_create(here("grown too"), SIZE, &created, &error));
  CHECK_INT(0, file_size(here("grown too")));
  half_full = 0;
  OK(arrowio_file_resize(file, 3 * SIZE, &error));
  CHECK_INT(3 * SIZE, file_size(here("grown")));
  close_file(file);
}

/* ---- Systems that allow no copy between processes, as some containers ---- */

static void forbid(int32_t os_error) {
  struct sock_filter rules[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_readv, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_writev, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)os_error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof rules / sizeof rules[0], rules};
  CHECK_INT(0, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  CHECK_INT(0, prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

static void live_with(int32_t os_error) {
  int64_t got;
  arrowio_file *shared = map_and_cut(here("shared"), ARROWIO_MODE_READ_WRITE);
  arrowio_file *private = map_and_cut(here("private"), ARROWIO_MODE_PRIVATE);
  forbid(os_error);
  CHECK(read_at(shared, 0, 100) == 100 && same(into, content, 100));
  SAYS(ARROWIO_IO_ERROR, "with a fault guard", arrowio_file_write_at(shared, 0, "x", 1, &error));
  CHECK_INT(os_error, arrowio_error_os_error(failure));
  SAYS(ARROWIO_IO_ERROR, "with a fault guard", arrowio_file_read_at(private, 0, into, 1, &got, &error));
  CHECK_INT(os_error, arrowio_error_os_error(failure));
  guard_on();
  OK(arrowio_file_write_at(shared, 0, "x", 1, &error));
  OK(arrowio_file_write_at(private, 0, "y", 1, &error));
  CHECK(read_at(private, 0, 100) == 100 && into[0] == 'y' && same(into + 1, content + 1, 99));
  GONE(arrowio_file_write_at(shared, LEFT_PAGES, "x", 1, &error));
  GONE(arrowio_file_read_at(private, LEFT_PAGES, into, 1, &got, &error));
  guard_off();
  close_file(shared);
  close_file(private);
}

static void no_permission(void) {
  live_with(EPERM);
}

static void no_such_call(void) {
  live_with(ENOSYS);
}

TEST(copies_forbidden) {
  in_child(no_permission);
  in_child(no_such_call);
}

/* ---- The host's handlers ---- */

static volatile sig_atomic_t handled, code, blocked, on_own_stack;
static void *volatile address;
static const volatile uint8_t *gone_byte;
static uint8_t own_stack[256 * 1024];

/* Puts memory where there is none, so that the instruction that is run again goes on. */
static void mend(void) {
  sigset_t mask;
  handled = handled + 1;
  sigprocmask(SIG_BLOCK, NULL, &mask);
  blocked = sigismember(&mask, SIGBUS) | sigismember(&mask, SIGUSR1) << 1 | sigismember(&mask, SIGUSR2) << 2;
  on_own_stack = (uint8_t *)&mask >= own_stack && (uint8_t *)&mask < own_stack + sizeof own_stack;
  uintptr_t page = (uintptr_t)gone_byte & ~(uintptr_t)(PAGE - 1);
  mmap((void *)page, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void simple(int number) {
  if (number == SIGBUS) mend();
}

static void informed(int number, siginfo_t *info, void *context) {
  code = info->si_code;
  address = info->si_addr;
  if (number == SIGBUS && context != NULL) mend();
}

static struct sigaction handler(int flags) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  if (flags & SA_SIGINFO) action.sa_sigaction = informed;
  else action.sa_handler = simple;
  action.sa_flags = flags;
  sigemptyset(&action.sa_mask);
  sigaddset(&action.sa_mask, SIGUSR2);
  return action;
}

static struct sigaction set_to(void (*disposition)(int)) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = disposition;
  CHECK_INT(0, sigaction(SIGBUS, &action, NULL));
  return action;
}

static void set_handler(int flags) {
  struct sigaction action = handler(flags);
  CHECK_INT(0, sigaction(SIGBUS, &action, NULL));
}

static int is_set(const struct sigaction *expected) {
  struct sigaction now;
  sigaction(SIGBUS, NULL, &now);
  return now.sa_handler == expected->sa_handler && (now.sa_flags & 0x7fffffff & ~0x04000000) == expected->sa_flags &&
         sigismember(&now.sa_mask, SIGUSR2) == sigismember(&expected->sa_mask, SIGUSR2);
}

/* A map of which a page is gone, and its byte. */
static arrowio_file *map_gone(void) {
  const uint8_t *data;
  int64_t size;
  arrowio_file *file = map_and_cut(here("touched"), ARROWIO_MODE_READ);
  OK(arrowio_file_peek(file, SIZE, &data, &size, &error));
  gone_byte = data + LEFT_PAGES;
  handled = 0;
  return file;
}

static void library_fails_well(arrowio_file *file) {
  int64_t got;
  int before = handled;
  GONE(arrowio_file_read_at(file, LEFT_PAGES + PAGE, into, 8, &got, &error));
  GONE(arrowio_file_read_at(file, LEFT_PAGES + PAGE, into, 3000, &got, &error));
  CHECK_INT(before, handled);
}

static const int handler_flags[] = {
    0, SA_SIGINFO, SA_SIGINFO | SA_NODEFER, SA_NODEFER, SA_SIGINFO | SA_ONSTACK, SA_SIGINFO | SA_RESTART};

/* The same as without a guard. */
static void check_handled(int flags) {
  handled = code = blocked = 0;
  CHECK_INT(0, *gone_byte);
  CHECK_INT(1, handled);
  CHECK_INT((flags & SA_NODEFER) == 0, blocked & 1);
  CHECK_INT(4, blocked & 6);
  if (flags & SA_SIGINFO) CHECK(code == BUS_ADRERR && address == (void *)gone_byte);
  CHECK_INT(0, raise(SIGBUS));
  CHECK_INT(2, handled);
  if (flags & SA_SIGINFO) CHECK_INT(SI_TKILL, code);
}

static void handlers_before_ours(void) {
  for (int i = 0; i < 6; i++) {
    arrowio_file *file = map_gone();
    struct sigaction action = handler(handler_flags[i]);
    set_handler(handler_flags[i]);
    guard_on();
    CHECK(!is_set(&action));
    library_fails_well(file);
    check_handled(handler_flags[i]);
    library_fails_well(file);
    guard_off();
    CHECK(is_set(&action));
    close_file(file);
  }
}

TEST(handlers_that_were_there) {
  in_child(handlers_before_ours);
}

static void one_time_handler(void) {
  arrowio_file *file = map_gone();
  struct sigaction action = handler(SA_SIGINFO), none;
  action.sa_flags |= SA_RESETHAND;
  CHECK_INT(0, sigaction(SIGBUS, &action, NULL));
  guard_on();
  CHECK_INT(0, *gone_byte);
  CHECK_INT(1, handled);
  library_fails_well(file);
  guard_off();
  sigaction(SIGBUS, NULL, &none);
  CHECK(none.sa_handler == SIG_DFL);
  close_file(file);
}

TEST(handler_for_one_time) {
  in_child(one_time_handler);
}

static struct sigaction beneath;
static volatile sig_atomic_t passed_on;

/* As well-behaved handlers do: what is not its own goes to what was there before. */
static void passes_on(int number, siginfo_t *info, void *context) {
  passed_on = passed_on + 1;
  if (beneath.sa_flags & SA_SIGINFO) beneath.sa_sigaction(number, info, context);
  else if (beneath.sa_handler != SIG_DFL && beneath.sa_handler != SIG_IGN) beneath.sa_handler(number);
}

static void handlers_after_ours(void) {
  struct sigaction action = handler(SA_SIGINFO), over;
  arrowio_file *file = map_gone();
  set_handler(SA_SIGINFO);
  guard_on();
  memset(&over, 0, sizeof over);
  over.sa_sigaction = passes_on;
  over.sa_flags = SA_SIGINFO;
  CHECK_INT(0, sigaction(SIGBUS, &over, &beneath));
  library_fails_well(file);
  CHECK(passed_on > 0);
  passed_on = 0;
  CHECK_INT(0, *gone_byte);
  CHECK(handled == 1 && passed_on == 1);
  /* Ours stays beneath theirs, for everything but copies. */
  guard_off();
  CHECK(is_set(&over));
  arrowio_file *another = map_gone();
  CHECK_INT(0, *gone_byte);
  CHECK(handled == 1 && passed_on == 2);
  guard_on();
  CHECK(is_set(&over));
  library_fails_well(another);
  CHECK(passed_on > 2);
  passed_on = 0;
  guard_off();
  /* Theirs goes first, then ours. */
  CHECK_INT(0, sigaction(SIGBUS, &beneath, NULL));
  guard_on();
  library_fails_well(another);
  CHECK_INT(0, raise(SIGBUS));
  CHECK(handled == 2 && passed_on == 0);
  guard_off();
  CHECK(is_set(&action));
  close_file(file);
  close_file(another);
}

TEST(handlers_that_come_later) {
  in_child(handlers_after_ours);
}

static void default_over_ours(void) {
  arrowio_file *file = map_gone();
  set_handler(0);
  guard_on();
  struct sigaction none = set_to(SIG_DFL);
  guard_off();
  CHECK(is_set(&none));
  guard_on();
  library_fails_well(file);
  guard_off();
  CHECK(is_set(&none));
  close_file(file);
}

TEST(default_that_comes_later) {
  in_child(default_over_ours);
}

/* ---- Deaths ---- */

static void touch(void) {
  arrowio_file *file = map_gone();
  _exit(*gone_byte + (file == NULL));
}

static void send(void) {
  raise(SIGBUS);
}

static void (*disposition)(int);
static void (*doing)(void);

static void meet(void) {
  struct sigaction before = set_to(disposition);
  arrowio_file *file = map_gone();
  if (guard != NULL) {
    guard_off();
    guard_on();
    library_fails_well(file);
  }
  CHECK(guard != NULL || is_set(&before));
  close_file(file);
  doing();
}

/* How the child ends: by this signal, or by itself if 0. */
static void ends_by(int number, void (*signal_disposition)(int), void (*what)(void)) {
  for (int guarded = 0; guarded < 2; guarded++) {
    int status;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
      alarm(20);
      prctl(PR_SET_DUMPABLE, 0);
      disposition = signal_disposition;
      doing = what;
      if (guarded) guard_on();
      if (setjmp(case_end) != 0) _exit(2);
      meet();
      _exit(0);
    }
    CHECK_INT(child, waitpid(child, &status, 0));
    if (number == 0) CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    else CHECK(WIFSIGNALED(status) && WTERMSIG(status) == number);
  }
}

TEST(deaths) {
  ends_by(SIGBUS, SIG_DFL, touch);
  ends_by(SIGBUS, SIG_DFL, send);
  ends_by(SIGBUS, SIG_IGN, touch);
  ends_by(0, SIG_IGN, send);
}

static void ignored_again(void) {
  struct sigaction ignored = set_to(SIG_IGN);
  guard_on();
  raise(SIGBUS);
  guard_off();
  CHECK(is_set(&ignored));
}

TEST(ignored) {
  in_child(ignored_again);
}

/* ---- Threads ---- */

static void come_and_go(int index, void *shared) {
  arrowio_file *file = shared;
  arrowio_fault_guard *mine = NULL;
  uint8_t bytes[100];
  int64_t got;
  for (int i = 0; i < 200; i++) {
    THREAD_CHECK(arrowio_fault_guard_new(&mine, NULL) == ARROWIO_OK);
    THREAD_CHECK(arrowio_fault_guard_retain(mine) == mine);
    arrowio_fault_guard_release(mine);
    THREAD_CHECK(arrowio_file_read_at(file, LEFT_PAGES + index, bytes, 1 + i % 100, &got, NULL) == ARROWIO_IO_ERROR);
    THREAD_CHECK(arrowio_file_read_at(file, index, bytes, 100, &got, NULL) == ARROWIO_OK && got == 100);
    THREAD_CHECK(memcmp(bytes, content + index, 100) == 0);
    arrowio_fault_guard_release(mine);
  }
}

static void guards_on_threads(void) {
  struct sigaction action = handler(SA_SIGINFO);
  arrowio_file *file = map_gone();
  set_handler(SA_SIGINFO);
  /* The last guard may not go while others copy. */
  guard_on();
  run_threads(8, come_and_go, file);
  CHECK_INT(0, handled);
  guard_off();
  CHECK(is_set(&action));
  close_file(file);
}

TEST(guards_of_many_threads) {
  in_child(guards_on_threads);
}

static void with_own_stack(void) {
  stack_t stack = {.ss_sp = own_stack, .ss_size = sizeof own_stack};
  arrowio_file *file = map_gone();
  CHECK_INT(0, sigaltstack(&stack, NULL));
  set_handler(SA_SIGINFO | SA_ONSTACK);
  guard_on();
  library_fails_well(file);
  CHECK_INT(0, *gone_byte);
  CHECK(handled == 1 && on_own_stack);
  guard_off();
  close_file(file);
}

TEST(signal_stack) {
  in_child(with_own_stack);
}

static struct {
  arrowio_file *files[3];
  atomic_int ends, fine, failed;
} race;

static void read_on(int index, void *shared) {
  static _Thread_local uint8_t bytes[3 * PAGE];
  uint32_t state = (uint32_t)index;
  (void)shared;
  while (!atomic_load(&race.ends)) {
    arrowio_file *file = race.files[next_random(&state) % 3];
    int64_t got = -1, offset = next_random(&state) % (7 * PAGE), size = 1 + next_random(&state) % sizeof bytes;
    arrowio_status status = arrowio_file_read_at(file, offset, bytes, size, &got, NULL);
    if (status == ARROWIO_OK) THREAD_CHECK(got == size);
    else THREAD_CHECK(status == ARROWIO_IO_ERROR && got == -1);
    atomic_fetch_add(status == ARROWIO_OK ? &race.fine : &race.failed, 1);
    for (int64_t i = 0; i < got; i++) {
      if (bytes[i] != 0 && bytes[i] != content[offset + i]) THREAD_CHECK(!"a byte that was never there");
    }
  }
}

static void *cut_and_grow(void *path) {
  int status;
  pid_t child = fork();
  if (child == 0) {
    int fd = open(path, O_RDWR | O_CLOEXEC);
    for (int i = 0; i < (is_slow() ? 200 : 2000); i++) {
      if (ftruncate(fd, i % 7 * PAGE) != 0) _exit(1);
      usleep(20);
      if (pwrite(fd, content, SIZE, 0) != SIZE) _exit(1);
      usleep(20);
    }
    _exit(0);
  }
  THREAD_CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
  atomic_store(&race.ends, 1);
  return NULL;
}

static void read_while_it_changes(void) {
  pthread_t changer;
  static char path[4096];
  snprintf(path, sizeof path, "%s", here("racing"));
  save(path, content, SIZE);
  for (int i = 0; i < 3; i++) race.files[i] = map(path, modes[i]);
  atomic_store(&race.ends, 0);
  atomic_store(&race.fine, 0);
  atomic_store(&race.failed, 0);
  CHECK_INT(0, pthread_create(&changer, NULL, cut_and_grow, path));
  run_threads(8, read_on, NULL);
  pthread_join(changer, NULL);
  CHECK(atomic_load(&race.fine) > 0 && atomic_load(&race.failed) > 0);
  for (int i = 0; i < 3; i++) close_file(race.files[i]);
}

TEST(many_threads_while_it_changes) {
  read_while_it_changes();
  guard_on();
  read_while_it_changes();
  guard_off();
}

/* Which has signals, stacks and turns of threads of its own. */
static int under_valgrind(void) {
  const char *preloaded = getenv("LD_PRELOAD");
  return preloaded != NULL && strstr(preloaded, "vgpreload") != NULL;
}

int main(int argc, char **argv) {
  start(argc, argv);
  fill(content, SIZE);
  RUN(unguarded_calls);
  RUN(guarded_calls);
  RUN(writes_behind_the_end_in_its_page);
  RUN(decompression);
  RUN(decompression_sees_writes);
  RUN(mapped_bytes_are_written);
  RUN(sizes);
  RUN(full_disk);
  RUN(failed_growth_leaves_the_size);
  RUN(copies_forbidden);
  RUN(default_that_comes_later);
  RUN(ignored);
  RUN(guards_of_many_threads);
  if (!under_valgrind()) {
    RUN(handlers_that_were_there);
    RUN(handler_for_one_time);
    RUN(handlers_that_come_later);
    RUN(deaths);
    RUN(signal_stack);
    RUN(many_threads_while_it_changes);
  }
  return finish_files();
}

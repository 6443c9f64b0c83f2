/* What the tests of files share: a folder, bytes, random numbers, and what the system says of a process. */
#ifndef ARROWIO_TEST_FILES_H
#define ARROWIO_TEST_FILES_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "test.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define KIB INT64_C(1024)
#define MIB (KIB * 1024)
#define GIB (MIB * 1024)

static const char *folder;
static int warnings;
static char last_warning[1000];

static void count_warning(void *user_data, const char *message) {
  (void)user_data;
  warnings++;
  snprintf(last_warning, sizeof last_warning, "%s", message);
}

/* For main: the folder, no death by a closed pipe, an end to a hang, warnings counted. */
static inline void start(int argc, char **argv) {
  folder = argc > 1 ? argv[1] : ".";
  signal(SIGPIPE, SIG_IGN);
  alarm(540);
  arrowio_set_warning_handler(count_warning, NULL, NULL, NULL);
}

/* Whether something watches every instruction, so that large amounts take too long. */
static inline int is_slow(void) {
  return getenv("ARROWIO_TEST_SLOW") != NULL;
}

static inline int64_t scaled(int64_t amount, int64_t when_slow) {
  return is_slow() ? when_slow : amount;
}

/* What a case lacks here; where everything is required that is a failure. */
static inline void skip(const char *lacks) {
  const char *required = getenv("ARROWIO_REQUIRE");
  printf("skipped: %s\n", lacks);
  CHECK(required == NULL || strcmp(required, "all") != 0);
}

/* A path in the folder, good until the eighth next call. */
static inline const char *here(const char *name) {
  static char paths[8][4096];
  static int next;
  char *path = paths[next++ % 8];
  snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

/* The same numbers in every run. */
static uint64_t random_state = 20240229;

static inline int64_t random_below(int64_t limit) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return (int64_t)(random_state >> 1) % limit;
}

/* Stretches of noise, of one byte, and of text in lines. */
static inline void fill(uint8_t *data, int64_t size) {
  for (int64_t done = 0; done < size;) {
    int64_t stretch = 1 + random_below(2000), kind = random_below(3), byte = random_below(256);
    for (int64_t i = 0; i < stretch && done < size; i++, done++) {
      int64_t text = random_below(60);
      data[done] = (uint8_t)(kind == 0 ? random_below(256) : kind == 1 ? byte : text == 0 ? '\n' : 'a' + text % 26);
    }
  }
}

struct bytes {
  uint8_t *data;
  int64_t size;
};

static inline void append(struct bytes *bytes, const void *data, int64_t size) {
  bytes->data = realloc(bytes->data, (size_t)(bytes->size + size + 1));
  if (size > 0) memcpy(bytes->data + bytes->size, data, (size_t)size);
  bytes->size += size;
}

static inline struct bytes copy_of(const void *data, int64_t size) {
  struct bytes copy = {0};
  append(&copy, data, size);
  return copy;
}

static inline void drop(struct bytes *bytes) {
  free(bytes->data);
  *bytes = (struct bytes){0};
}

static inline int same(const void *a, const void *b, int64_t size) {
  return size == 0 || memcmp(a, b, (size_t)size) == 0;
}

/* The bytes of a library's buffer. */
static inline struct bytes take_buffer(arrowio_buffer *buffer) {
  struct bytes copy = copy_of(arrowio_buffer_data(buffer), arrowio_buffer_size(buffer));
  arrowio_buffer_release(buffer);
  return copy;
}

static inline arrowio_buffer *buffer_of(const void *data, int64_t size) {
  arrowio_buffer *buffer = NULL;
  OK(arrowio_buffer_copy_bytes(NULL, data, size, &buffer, &error));
  return buffer;
}

/* Writes and reads files without the library. */
static inline void save(const char *path, const void *data, int64_t size) {
  FILE *file = fopen(path, "we");
  CHECK(file != NULL);
  CHECK_INT(size, fwrite(data, 1, (size_t)size, file));
  CHECK_INT(0, fclose(file));
}

static inline struct bytes load(const char *path) {
  static char block[65536];
  struct bytes whole = {0};
  FILE *file = fopen(path, "re");
  CHECK(file != NULL);
  append(&whole, "", 0);
  for (size_t got; (got = fread(block, 1, sizeof block, file)) > 0;) append(&whole, block, (int64_t)got);
  fclose(file);
  return whole;
}

static inline int file_holds(const char *path, const void *data, int64_t size) {
  struct bytes whole = load(path);
  int holds = whole.size == size && same(whole.data, data, size);
  drop(&whole);
  return holds;
}

static inline int64_t file_size(const char *path) {
  struct stat facts;
  return stat(path, &facts) == 0 ? (int64_t)facts.st_size : -1;
}

/* Addresses for any number of bytes, with the same 16 MiB of memory behind them again and again. */
#define LAP (16 * MIB)

static inline uint8_t *wide(int64_t size) {
  int fd = memfd_create("lap", MFD_CLOEXEC);
  CHECK_INT(0, ftruncate(fd, LAP));
  uint8_t *all = mmap(NULL, (size_t)size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  CHECK(all != MAP_FAILED);
  for (int64_t done = 0; done < size; done += LAP) {
    size_t lap = (size_t)(size - done < LAP ? size - done : LAP);
    CHECK(mmap(all + done, lap, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_POPULATE, fd, 0) == all + done);
  }
  close(fd);
  return all;
}

/* Compressed by the library, as the content of a file. */
static inline struct bytes compressed(arrowio_codec codec, const void *data, int64_t size) {
  arrowio_file *raw = NULL, *file = NULL;
  arrowio_buffer *buffer = NULL;
  OK(arrowio_buffer_output_stream_new(NULL, 0, &raw, &error));
  OK(arrowio_compressed_output_stream_new(raw, codec, NULL, &file, &error));
  OK(arrowio_file_write(file, data, size, &error));
  OK(arrowio_file_close(file, &error));
  OK(arrowio_buffer_output_stream_finish(raw, &buffer, &error));
  arrowio_file_release(file);
  arrowio_file_release(raw);
  return take_buffer(buffer);
}

/* Runs checks in a process of their own, for what would change this one. */
static inline void in_child(void (*checks)(void)) {
  int status;
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    if (setjmp(case_end) == 0) {
      checks();
      fflush(NULL);
      _exit(0);
    }
    _exit(1);
  }
  CHECK(child > 0);
  CHECK_INT(child, waitpid(child, &status, 0));
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* Whether there is now a disk of 1 MiB at the path `disk`, for this process, which is a child's. */
static inline int mount_small_disk(void) {
  mkdir(here("disk"), 0700);
  if (unshare(CLONE_NEWNS | (geteuid() == 0 ? 0 : CLONE_NEWUSER)) == 0 &&
      mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0 &&
      mount("none", here("disk"), "tmpfs", 0, "size=1m") == 0) return 1;
  skip("a full disk needs the right to mount one");
  return 0;
}

/* Runs a line of shell in the folder. */
static inline int shell(const char *line) {
  char command[8192];
  snprintf(command, sizeof command, "cd '%s' && { %s; }", folder, line);
  return system(command);
}

/* The last failure of `call` as it is said, checked for its status; released by the next one. */
static arrowio_error *failure;

#define SAYS(status, text, call)                                                                 \
  do {                                                                                           \
    arrowio_error_release(failure);                                                              \
    failure = NULL;                                                                              \
    arrowio_status said_status = (call);                                                         \
    failure = error;                                                                             \
    error = NULL;                                                                                \
    if (said_status != (status) || strstr(arrowio_error_message(failure), (text)) == NULL) {     \
      fprintf(stderr, "%s:%d: %s gave %s: %s; not %s with \"%s\"\n", __FILE__, __LINE__, #call,  \
              arrowio_status_name(said_status), arrowio_error_message(failure),                  \
              arrowio_status_name(status), (text));                                              \
      longjmp(case_end, 1);                                                                      \
    }                                                                                            \
  } while (0)

/* IO_ERROR with this errno behind it. */
#define FAILS_WITH(os_error, call)                                        \
  do {                                                                    \
    SAYS(ARROWIO_IO_ERROR, "", call);                                     \
    CHECK_INT((os_error), arrowio_error_os_error(failure));               \
  } while (0)

static inline int finish_files(void) {
  arrowio_error_release(failure);
  return finish();
}

/* ---- Files ---- */

/* The file of this name in the folder. */
static inline arrowio_file *open_here(const char *name, arrowio_mode mode) {
  arrowio_file *file = NULL;
  OK(arrowio_os_file_open(here(name), mode, NULL, &file, &error));
  return file;
}

static inline void close_file(arrowio_file *file) {
  OK(arrowio_file_close(file, &error));
  arrowio_file_release(file);
}

static inline int64_t tell(arrowio_file *file) {
  int64_t position = -1;
  OK(arrowio_file_tell(file, &position, &error));
  return position;
}

#endif

/* Preloaded, stands between the library and the system and lets calls misbehave, as faults.h says.
 *
 * A program that knows of it finds its object by name; for any other ARROWIO_FAULTS_MOST and ARROWIO_FAULTS_INTERRUPTS
 * say what to do, and what was done stands at the end in the file that ARROWIO_FAULTS_REPORT names.
 * ARROWIO_FAULTS_FOLDER is the folder of the test.
 */
#define _GNU_SOURCE
#include "faults.h"
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

struct faults arrowio_test_faults = {.room = -1};

static const char *folder;
/* Where the library's code is. */
static struct { uintptr_t begin, end; } library;

static int find_library(struct dl_phdr_info *object, size_t size, void *unused) {
  (void)size, (void)unused;
  if (strstr(object->dlpi_name, "libarrowio") == NULL) return 0;
  library.begin = UINTPTR_MAX;
  for (int i = 0; i < object->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &object->dlpi_phdr[i];
    uintptr_t begin = object->dlpi_addr + part->p_vaddr;
    if (part->p_type != PT_LOAD) continue;
    if (begin < library.begin) library.begin = begin;
    if (begin + part->p_memsz > library.end) library.end = begin + part->p_memsz;
  }
  return 1;
}

__attribute__((constructor)) static void start(void) {
  const char *most = getenv("ARROWIO_FAULTS_MOST"), *interrupts = getenv("ARROWIO_FAULTS_INTERRUPTS");
  folder = getenv("ARROWIO_FAULTS_FOLDER");
  if (most != NULL) arrowio_test_faults.most = atoll(most);
  if (interrupts != NULL) arrowio_test_faults.interrupts = atoll(interrupts);
  dl_iterate_phdr(find_library, NULL);
}

__attribute__((destructor)) static void report(void) {
  const struct faults *did = &arrowio_test_faults;
  const char *path = getenv("ARROWIO_FAULTS_REPORT");
  FILE *file = path != NULL ? fopen(path, "we") : NULL;
  if (file == NULL) return;
  fprintf(file, "%lld calls\n%lld shortened\n%lld interrupted\n", (long long)did->calls, (long long)did->shortened,
          (long long)did->interrupted);
  fclose(file);
}

static int is_library(const void *caller) {
  return (uintptr_t)caller >= library.begin && (uintptr_t)caller < library.end;
}

static int is_in_folder(const char *path) {
  return folder != NULL && strncmp(path, folder, strlen(folder)) == 0;
}

/* Pipes and what lies in the folder; no sockets, which keep packets apart that would be lost by cutting. */
static int is_watched(int fd) {
  char link[40], path[4096];
  if (fd <= STDERR_FILENO) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t size = readlink(link, path, sizeof path - 1);
  if (size < 0) return 0;
  path[size] = 0;
  return strncmp(path, "pipe:", 5) == 0 || is_in_folder(path);
}

enum kind { OTHER, READS, WRITES, INTERRUPTIBLE };

static int64_t count(int64_t *counter) {
  return __atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

static int fail(const char *name, int error, int64_t *counter) {
  count(counter);
  arrowio_test_faults.name = name;
  errno = error;
  return 1;
}

/* Whether a watched call is to fail, with errno set; else how many bytes it may transfer. */
static int misbehaves(const char *name, enum kind kind, size_t *size) {
  struct faults *asked = &arrowio_test_faults;
  int is_counted = asked->only == NULL || strcmp(name, asked->only) == 0;
  int64_t call = is_counted ? count(&asked->calls) : 0;
  if (asked->interrupts && kind != OTHER && call % 2) return fail(name, EINTR, &asked->interrupted);
  if (is_counted && asked->from > 0 && call >= asked->from && call < asked->from + asked->count) {
    return fail(name, asked->error, &asked->failed);
  }
  if (size == NULL || *size == 0) return 0;
  size_t all = *size;
  if (asked->most > 0 && all > (size_t)asked->most) *size = (size_t)asked->most;
  if (kind == WRITES && asked->room >= 0) {
    if (asked->room == 0) return fail(name, ENOSPC, &asked->refused);
    if (*size > (size_t)asked->room) *size = (size_t)asked->room;
    asked->room -= (int64_t)*size;
  }
  if (*size < all) count(&asked->shortened);
  return 0;
}

static int refuses(const char *name, enum kind kind, int fd, size_t *size, const void *caller) {
  int before = errno;
  if (arrowio_test_faults.paused || !is_library(caller)) return 0;
  int watched = is_watched(fd);
  errno = before;
  return watched && misbehaves(name, kind, size);
}

#define REFUSED(kind, fd, size) refuses(__func__, kind, fd, size, __builtin_return_address(0))

/* The other name of a call, whose offsets have 64 bits as they have anyway. */
#define ALSO(type, name64, parameters, name) type name64 parameters __attribute__((alias(#name)))

ssize_t read(int fd, void *data, size_t size) {
  return REFUSED(READS, fd, &size) ? -1 : syscall(SYS_read, fd, data, size);
}

ssize_t pread(int fd, void *data, size_t size, off_t offset) {
  return REFUSED(READS, fd, &size) ? -1 : syscall(SYS_pread64, fd, data, size, offset);
}
ALSO(ssize_t, pread64, (int, void *, size_t, off_t), pread);

ssize_t write(int fd, const void *data, size_t size) {
  return REFUSED(WRITES, fd, &size) ? -1 : syscall(SYS_write, fd, data, size);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
  return REFUSED(WRITES, fd, &size) ? -1 : syscall(SYS_pwrite64, fd, data, size, offset);
}
ALSO(ssize_t, pwrite64, (int, const void *, size_t, off_t), pwrite);

/* Of several pieces only the first is transferred, as far as it may be. */
static size_t first_piece(const struct iovec *pieces, int count, struct iovec *first) {
  size_t whole = 0;
  for (int i = 0; i < count; i++) whole += pieces[i].iov_len;
  for (int i = 0; i < count && first->iov_len == 0; i++) *first = pieces[i];
  return whole;
}

#define VECTOR(name, kind, plain, offset_parameter, offset_argument)                                       \
  ssize_t name(int fd, const struct iovec *pieces, int count offset_parameter) {                           \
    struct iovec first = {0};                                                                              \
    size_t whole = first_piece(pieces, count, &first), size = whole;                                       \
    if (REFUSED(kind, fd, &size)) return -1;                                                               \
    if (size == whole) return syscall(SYS_##name, fd, pieces, count offset_argument);                      \
    return syscall(plain, fd, first.iov_base, size < first.iov_len ? size : first.iov_len offset_argument); \
  }
#define NOTHING
#define COMMA_OFFSET , off_t offset
#define COMMA_GIVEN , offset

VECTOR(readv, READS, SYS_read, NOTHING, NOTHING)
VECTOR(writev, WRITES, SYS_write, NOTHING, NOTHING)
VECTOR(preadv, READS, SYS_pread64, COMMA_OFFSET, COMMA_GIVEN)
VECTOR(pwritev, WRITES, SYS_pwrite64, COMMA_OFFSET, COMMA_GIVEN)
ALSO(ssize_t, preadv64, (int, const struct iovec *, int, off_t), preadv);
ALSO(ssize_t, pwritev64, (int, const struct iovec *, int, off_t), pwritev);

/* Their offset is two arguments of the system call, of which the second is nothing here. */
#define VECTOR_WITH_FLAGS(name, kind)                                                                      \
  ssize_t name(int fd, const struct iovec *pieces, int count, off_t offset, int flags) {                   \
    struct iovec first = {0};                                                                              \
    size_t whole = first_piece(pieces, count, &first), size = whole;                                       \
    if (REFUSED(kind, fd, &size)) return -1;                                                               \
    if (size < first.iov_len) first.iov_len = size;                                                        \
    if (size < whole) return syscall(SYS_##name, fd, &first, 1, offset, 0, flags);                         \
    return syscall(SYS_##name, fd, pieces, count, offset, 0, flags);                                       \
  }

VECTOR_WITH_FLAGS(preadv2, READS)
VECTOR_WITH_FLAGS(pwritev2, WRITES)
ALSO(ssize_t, preadv64v2, (int, const struct iovec *, int, off_t, int), preadv2);
ALSO(ssize_t, pwritev64v2, (int, const struct iovec *, int, off_t, int), pwritev2);

/* From one descriptor to another: what is written counts. */
ssize_t copy_file_range(int from, off_t *at, int to, off_t *to_at, size_t size, unsigned flags) {
  return REFUSED(WRITES, to, &size) ? -1 : syscall(SYS_copy_file_range, from, at, to, to_at, size, flags);
}

ssize_t splice(int from, off_t *at, int to, off_t *to_at, size_t size, unsigned flags) {
  return REFUSED(WRITES, to, &size) ? -1 : syscall(SYS_splice, from, at, to, to_at, size, flags);
}

ssize_t sendfile(int to, int from, off_t *at, size_t size) {
  return REFUSED(WRITES, to, &size) ? -1 : syscall(SYS_sendfile, to, from, at, size);
}
ALSO(ssize_t, sendfile64, (int, int, off_t *, size_t), sendfile);

int fsync(int fd) { return REFUSED(INTERRUPTIBLE, fd, NULL) ? -1 : (int)syscall(SYS_fsync, fd); }

int fdatasync(int fd) { return REFUSED(INTERRUPTIBLE, fd, NULL) ? -1 : (int)syscall(SYS_fdatasync, fd); }

int ftruncate(int fd, off_t size) {
  return REFUSED(INTERRUPTIBLE, fd, NULL) ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}
ALSO(int, ftruncate64, (int, off_t), ftruncate);

/* Gives the error back and not by errno. */
int posix_fallocate(int fd, off_t offset, off_t size) {
  int before = errno;
  int failed = REFUSED(INTERRUPTIBLE, fd, NULL) || syscall(SYS_fallocate, fd, 0, offset, size) != 0;
  int error = failed ? errno : 0;
  errno = before;
  return error;
}
ALSO(int, posix_fallocate64, (int, off_t, off_t), posix_fallocate);

off_t lseek(int fd, off_t offset, int whence) {
  return REFUSED(OTHER, fd, NULL) ? -1 : syscall(SYS_lseek, fd, offset, whence);
}
ALSO(off_t, lseek64, (int, off_t, int), lseek);

int fstat(int fd, struct stat *facts) { return REFUSED(OTHER, fd, NULL) ? -1 : fstatat(fd, "", facts, AT_EMPTY_PATH); }

int fstat64(int fd, struct stat64 *facts) {
  return REFUSED(OTHER, fd, NULL) ? -1 : fstatat64(fd, "", facts, AT_EMPTY_PATH);
}

void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset) {
  if (fd >= 0 && REFUSED(OTHER, fd, NULL)) return MAP_FAILED;
  return (void *)syscall(SYS_mmap, address, size, protection, flags, fd, offset);
}
ALSO(void *, mmap64, (void *, size_t, int, int, int, off_t), mmap);

/* The descriptor is gone whatever is said. */
int close(int fd) {
  int refused = REFUSED(INTERRUPTIBLE, fd, NULL), error = errno;
  int result = (int)syscall(SYS_close, fd);
  if (refused) errno = error;
  return refused ? -1 : result;
}

int renameat2(int from, const char *old_name, int to, const char *new_name, unsigned flags) {
  return REFUSED(OTHER, to, NULL) ? -1 : (int)syscall(SYS_renameat2, from, old_name, to, new_name, flags);
}

static int open_in(int directory, const char *path, int flags, mode_t mode, const void *caller, const char *name) {
  int watched = !arrowio_test_faults.paused && is_library(caller) && is_in_folder(path);
  if (watched && misbehaves(name, INTERRUPTIBLE, NULL)) return -1;
  return (int)syscall(SYS_openat, directory, path, flags, mode);
}

static mode_t given_mode(int flags, va_list rest) {
  return flags & (O_CREAT | O_TMPFILE) ? (mode_t)va_arg(rest, unsigned) : 0;
}

#define OPEN(name, directory_parameter, directory)                                        \
  int name(directory_parameter const char *path, int flags, ...) {                        \
    va_list rest;                                                                         \
    va_start(rest, flags);                                                                \
    mode_t mode = given_mode(flags, rest);                                                \
    va_end(rest);                                                                         \
    return open_in(directory, path, flags, mode, __builtin_return_address(0), __func__);  \
  }
#define DIRECTORY_COMMA int directory,

OPEN(open, NOTHING, AT_FDCWD)
OPEN(open64, NOTHING, AT_FDCWD)
OPEN(openat, DIRECTORY_COMMA, directory)
OPEN(openat64, DIRECTORY_COMMA, directory)

/* The library only asks by it; the flags of a descriptor have no way to fail. */
int fcntl(int fd, int command, ...) {
  va_list rest;
  va_start(rest, command);
  long argument = va_arg(rest, long);
  va_end(rest);
  return REFUSED(OTHER, fd, NULL) ? -1 : (int)syscall(SYS_fcntl, fd, command, argument);
}
ALSO(int, fcntl64, (int, int, ...), fcntl);

/* A file of the host's functions over a descriptor, which moves fewer bytes than it could. */
#ifndef ARROWIO_TEST_HOST_FILE_H
#define ARROWIO_TEST_HOST_FILE_H

#include "files.h"

static arrowio_status host_failed(const char *what, arrowio_error **out_error) {
  arrowio_status status = errno == EINVAL ? ARROWIO_INVALID : ARROWIO_IO_ERROR;
  return arrowio_error_new(status, errno, what, out_error);
}

/* Whatever a call of the system gave. */
static arrowio_status host_moved(int64_t moved, int64_t *out, const char *what, arrowio_error **out_error) {
  if (moved < 0) return host_failed(what, out_error);
  *out = moved;
  return ARROWIO_OK;
}

static size_t host_piece(int64_t size) {
  return (size_t)(size > 3000 ? size - size / 3 : size);
}

static int host_fd(void *user_data) {
  return *(int *)user_data;
}

static arrowio_status host_read(void *user_data, void *dst, int64_t size, int64_t *out, arrowio_error **out_error) {
  return host_moved(read(host_fd(user_data), dst, host_piece(size)), out, "read", out_error);
}

static arrowio_status host_read_at(void *user_data, int64_t offset, void *dst, int64_t size, int64_t *out,
                                   arrowio_error **out_error) {
  return host_moved(pread(host_fd(user_data), dst, host_piece(size), offset), out, "pread", out_error);
}

static arrowio_status host_write(void *user_data, const void *data, int64_t size, int64_t *out,
                                 arrowio_error **out_error) {
  return host_moved(write(host_fd(user_data), data, host_piece(size)), out, "write", out_error);
}

static arrowio_status host_write_at(void *user_data, int64_t offset, const void *data, int64_t size, int64_t *out,
                                    arrowio_error **out_error) {
  return host_moved(pwrite(host_fd(user_data), data, host_piece(size), offset), out, "pwrite", out_error);
}

static arrowio_status host_seek(void *user_data, int64_t offset, arrowio_whence whence, int64_t *out,
                                arrowio_error **out_error) {
  /* Further than the system goes there is nothing either. */
  const int64_t furthest = INT64_C(1) << 42;
  if (whence == ARROWIO_SEEK_END) return host_moved(lseek(host_fd(user_data), offset, SEEK_END), out, "lseek", out_error);
  if (lseek(host_fd(user_data), offset < furthest ? offset : furthest, SEEK_SET) < 0) return host_failed("lseek", out_error);
  *out = offset;
  return ARROWIO_OK;
}

static arrowio_status host_tell(void *user_data, int64_t *out, arrowio_error **out_error) {
  return host_moved(lseek(host_fd(user_data), 0, SEEK_CUR), out, "lseek", out_error);
}

static arrowio_status host_size(void *user_data, int64_t *out, arrowio_error **out_error) {
  struct stat facts;
  if (fstat(host_fd(user_data), &facts) != 0) return host_failed("fstat", out_error);
  *out = facts.st_size;
  return ARROWIO_OK;
}

static arrowio_status host_resize(void *user_data, int64_t size, arrowio_error **out_error) {
  return ftruncate(host_fd(user_data), size) == 0 ? ARROWIO_OK : host_failed("ftruncate", out_error);
}

static arrowio_status host_sync(void *user_data, arrowio_error **out_error) {
  return fsync(host_fd(user_data)) == 0 ? ARROWIO_OK : host_failed("fsync", out_error);
}

static arrowio_status host_close(void *user_data, arrowio_error **out_error) {
  int fd = host_fd(user_data);
  *(int *)user_data = -1;
  return close(fd) == 0 ? ARROWIO_OK : host_failed("close", out_error);
}

/* A file over the descriptor; `sparse`: with no more functions than it needs. */
static inline arrowio_file *host_file(int descriptor, const char *name, uint32_t can, int sparse) {
  arrowio_file_callbacks callbacks = {.struct_size = sizeof callbacks, .name = name, .close = host_close, .free_fn = free};
  arrowio_file *file = NULL;
  int *fd = malloc(sizeof *fd);
  *fd = descriptor;
  if (can & ARROWIO_CAPABILITY_READ) callbacks.read = host_read;
  if (can & ARROWIO_CAPABILITY_WRITE) callbacks.write = host_write;
  if (can & ARROWIO_CAPABILITY_WRITE_AT) callbacks.write_at = host_write_at;
  if (can & ARROWIO_CAPABILITY_RESIZE) callbacks.resize = host_resize;
  if (can & ARROWIO_CAPABILITY_SEEK) callbacks.seek = host_seek;
  if (!sparse) {
    if (can & ARROWIO_CAPABILITY_READ_AT) callbacks.read_at = host_read_at;
    if (can & ARROWIO_CAPABILITY_SIZE) callbacks.size = host_size;
    if (can & ARROWIO_CAPABILITY_SEEK) callbacks.tell = host_tell;
    callbacks.sync = host_sync;
  }
  OK(arrowio_callback_file_new(&callbacks, fd, &file, &error));
  return file;
}

#endif

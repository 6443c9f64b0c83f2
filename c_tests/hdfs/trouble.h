/* What programs share that have trouble with the cluster that they run beside, where calls may end one way or another. */
#ifndef ARROWIO_HDFS_TROUBLE_H
#define ARROWIO_HDFS_TROUBLE_H

#include "cluster.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#define MIB 1048576

static inline double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static inline void pause_for(double seconds) {
  struct timespec time = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
  nanosleep(&time, NULL);
}

/* That of the cluster, whose calls wait so long for an answer. */
static inline arrowio_filesystem *open_within(double seconds) {
  arrowio_filesystem_options options = {.struct_size = sizeof options, .timeout_ns = (int64_t)(seconds * 1e9)};
  arrowio_filesystem *files = NULL;
  OK(arrowio_filesystem_open(getenv("ARROWIO_HDFS_URI"), &options, &files, &error));
  return files;
}

static inline arrowio_file *open_input(arrowio_filesystem *files, const char *path) {
  arrowio_file *file = NULL;
  OK(arrowio_filesystem_open_input_file(files, path, &file, &error));
  return file;
}

/* A new file with so many replicas, in blocks of 1 MiB if `small`, or of 64 MiB. */
static inline arrowio_file *open_output(arrowio_filesystem *files, const char *path, int replication, int small) {
  arrowio_output_options options = {
      .struct_size = sizeof options, .block_size = small ? MIB : 64 * MIB, .replication = replication};
  arrowio_file *file = NULL;
  OK(arrowio_filesystem_open_output_stream(files, path, &options, &file, &error));
  return file;
}

/* The errno of the error, whose status and message are checked; it is released. */
static inline int errno_of(arrowio_status expected, arrowio_status actual) {
  int os_error = arrowio_error_os_error(error);
  FAILS(expected, actual);
  return os_error;
}

/* The status of a call that may end one way or another. */
static inline arrowio_status either(arrowio_status status) {
  CHECK_INT(status, arrowio_error_status(error));
  arrowio_error_release(error);
  error = NULL;
  return status;
}

/* Reads on to `end`, which has to succeed, each read within so many seconds. */
static inline void read_on(arrowio_file *file, int64_t end, uint64_t seed, double limit) {
  static uint8_t bytes[MIB];
  int64_t at = 0, count = 0;
  OK(arrowio_file_tell(file, &at, &error));
  while (at < end) {
    double begin = now();
    OK(arrowio_file_read(file, bytes, end - at < MIB ? end - at : MIB, &count, &error));
    if (now() - begin > limit) {
      fprintf(stderr, "the read at %lld took %.1f s\n", (long long)at, now() - begin);
      CHECK(!"in time");
    }
    CHECK(count > 0);
    CHECK(is_pattern(bytes, at, count, seed));
    at += count;
  }
}

/* Writes on to `end`; OK, or how it failed. */
static inline arrowio_status write_on(arrowio_file *file, int64_t *at, int64_t end, uint64_t seed) {
  static uint8_t bytes[MIB];
  while (*at < end) {
    int64_t size = end - *at < MIB ? end - *at : MIB;
    cluster_pattern(bytes, *at, (size_t)size, seed);
    arrowio_status status = either(arrowio_file_write(file, bytes, size, &error));
    if (status != ARROWIO_OK) {
      return status;
    }
    *at += size;
  }
  return ARROWIO_OK;
}

/* No file is being written any more, at the latest after so many seconds. */
static inline void no_open_files(double limit) {
  double begin = now();
  const char *open = "";
  while (now() - begin < limit) {
    open = CLUSTER("open-files");
    if (strcmp(open, "0") == 0) {
      return;
    }
    pause_for(0.2);
  }
  fprintf(stderr, "open files: %s\n", open);
  CHECK(!"all are closed");
}

/* What is there of a file is the pattern's beginning; how much. */
static inline int64_t written_size(const char *path, uint64_t seed) {
  long long size = -1;
  const char *found = strstr(CLUSTER("stat %s", path), "size=");
  CHECK(found != NULL && sscanf(found, "size=%lld", &size) == 1);
  CLUSTER("check %s %lld %llu", path, size, (unsigned long long)seed);
  return size;
}

#endif

/* What the programs share that use the file system of a cluster: the file system, and files with the cluster's pattern. */
#ifndef ARROWIO_TEST_FILESYSTEM_H
#define ARROWIO_TEST_FILESYSTEM_H

#include "../files.h"
#include "cluster.h"

static arrowio_filesystem *files;

/* A file system that is opened as the environment says, but for these options. */
static inline arrowio_filesystem *open_filesystem(const arrowio_filesystem_options *options) {
  arrowio_filesystem *opened = NULL;
  OK(arrowio_filesystem_open(getenv("ARROWIO_HDFS_URI"), options, &opened, &error));
  return opened;
}

static inline arrowio_file *open_to_read(const char *path) {
  arrowio_file *file = NULL;
  OK(arrowio_filesystem_open_input_file(files, path, &file, &error));
  return file;
}

static inline arrowio_file *open_to_write(const char *path, arrowio_output_options options) {
  arrowio_file *file = NULL;
  options.struct_size = sizeof options;
  OK(arrowio_filesystem_open_output_stream(files, path, &options, &file, &error));
  return file;
}

static inline arrowio_status fail_to_write(const char *path, arrowio_output_options options) {
  arrowio_file *file = NULL;
  options.struct_size = sizeof options;
  arrowio_status status = arrowio_filesystem_open_output_stream(files, path, &options, &file, &error);
  CHECK(status == ARROWIO_OK || file == NULL);
  arrowio_file_release(file);
  return status;
}

/* Writes what the pattern has there, in pieces of this size. */
static inline void write_pattern(arrowio_file *file, int64_t offset, int64_t size, int64_t piece, uint64_t seed) {
  uint8_t *bytes = malloc((size_t)piece);
  for (int64_t done = 0; done < size; done += piece) {
    int64_t count = piece < size - done ? piece : size - done;
    cluster_pattern(bytes, offset + done, (size_t)count, seed);
    OK(arrowio_file_write(file, bytes, count, &error));
  }
  free(bytes);
}

/* Reads to the end, in pieces of this size, and compares. */
static inline void check_pattern(arrowio_file *file, int64_t offset, int64_t size, int64_t piece, uint64_t seed) {
  uint8_t *bytes = malloc((size_t)piece);
  int64_t done = 0, count = -1;
  while (count != 0) {
    OK(arrowio_file_read(file, bytes, piece, &count, &error));
    CHECK_INT(done + piece < size ? piece : size - done, count);
    CHECK(is_pattern(bytes, offset + done, count, seed));
    done += count;
  }
  free(bytes);
}

#endif

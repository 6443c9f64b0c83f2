/* What the tests of executors share. */
#ifndef ARROWIO_TEST_EXECUTORS_H
#define ARROWIO_TEST_EXECUTORS_H

#include "files.h"

static inline arrowio_executor *new_executor(int threads) {
  arrowio_executor *executor = NULL;
  OK(arrowio_executor_new(threads, &executor, &error));
  return executor;
}

/* Stops it and waits, so that none of its threads is left. */
static inline void end(arrowio_executor *executor) {
  OK(arrowio_executor_stop(executor, -1, &error));
  arrowio_executor_release(executor);
}

/* A file that reads a pipe, to which `other` writes. */
static inline arrowio_file *pipe_reader(int *other) {
  int ends[2];
  arrowio_file *file = NULL;
  CHECK_INT(0, pipe2(ends, O_CLOEXEC));
  OK(arrowio_os_file_open_fd(ends[0], ARROWIO_MODE_READ, NULL, &file, &error));
  *other = ends[1];
  return file;
}

#endif

/* One file closed by many threads at once. */
#ifndef ARROWIO_TEST_CLOSING_H
#define ARROWIO_TEST_CLOSING_H

#include "threads.h"

enum { MOST_CLOSING = 16 };

struct closing {
  arrowio_file *file;
  arrowio_status status[MOST_CLOSING];
  arrowio_error *error[MOST_CLOSING];
};

static inline void close_shared(int index, void *shared) {
  struct closing *all = shared;
  all->status[index] = arrowio_file_close(all->file, &all->error[index]);
}

/* All threads get the one outcome, which this gives; its error is in `error`. */
static inline arrowio_status close_on_threads(arrowio_file *file, int threads) {
  struct closing all = {.file = file};
  run_threads(threads, close_shared, &all);
  int right = 1;
  for (int i = 0; i < threads; i++) {
    right &= all.status[i] == all.status[0] && arrowio_error_status(all.error[i]) == all.status[0];
    right &= strcmp(arrowio_error_message(all.error[i]), arrowio_error_message(all.error[0])) == 0;
    if (i > 0) arrowio_error_release(all.error[i]);
  }
  error = all.error[0];
  CHECK(right);
  CHECK_INT(1, arrowio_file_is_closed(file));
  return all.status[0];
}

#endif

/* Files that one thread closes, or several at once, while others use them: over all rows of classes.h. */
#include "classes.h"
#include "closing.h"

enum { SIZE = 50000 };
static uint8_t content[SIZE];

TEST(closed_by_many) {
  for (int64_t i = 0; i < scaled(6, 2); i++) {
    int before = open_descriptors();
    arrowio_file *file = open_any(content, SIZE);
    if (row->can & CAN_WRITE) OK(arrowio_file_write(file, content, SIZE, &error));
    OK(close_on_threads(file, i % 2 ? 16 : 2));
    if (row->can & CAN_WRITE) CHECK(holds(content, SIZE));
    done();
    CHECK_INT(before, open_descriptors());
    arrowio_file_release(file);
  }
}

/* What a call may give on a file that somebody closes: what it is for, or that it is closed. */
static int still_open(arrowio_status status) {
  THREAD_CHECK(status == ARROWIO_OK || status == ARROWIO_CLOSED);
  return status == ARROWIO_OK;
}

static int use_once(arrowio_file *file, int turn) {
  uint8_t bytes[100];
  const uint8_t *data;
  int64_t got = 0;
  arrowio_buffer *buffer = NULL;
  int open = 1, reads = row->can & CAN_READ;
  if (turn % 4 == 0) open &= still_open(arrowio_file_tell(file, &got, NULL));
  if (turn % 4 == 1) open &= still_open(arrowio_file_flush(file, NULL));
  if (turn % 4 == 2 && (row->can & CAN_SIZE)) open &= still_open(arrowio_file_size(file, &got, NULL));
  if (turn % 4 == 3 && (row->can & CAN_SEEK)) {
    open &= still_open(arrowio_file_seek(file, turn % 100, ARROWIO_SEEK_START, NULL, NULL));
  }
  if (reads && turn % 5 == 0) open &= still_open(arrowio_file_read(file, bytes, 7, &got, NULL));
  if (reads && turn % 5 == 1) open &= still_open(arrowio_file_read_line(file, &data, &got, NULL));
  if (reads && turn % 5 == 2) open &= still_open(arrowio_file_peek(file, 100, &data, &got, NULL));
  if (reads && turn % 5 == 3) open &= still_open(arrowio_file_advance(file, 10, NULL));
  if (reads && turn % 5 == 4) {
    open &= still_open(arrowio_file_read_buffer(file, 100, &buffer, NULL));
    arrowio_buffer_release(buffer);
  }
  if (!reads && !row->fixed) open &= still_open(arrowio_file_write(file, content, 10, NULL));
  return open;
}

static void use_or_close(int index, void *file) {
  if (index == 0) {
    usleep(300);
    THREAD_CHECK(arrowio_file_close(file, NULL) == ARROWIO_OK);
    return;
  }
  for (int turn = index; use_once(file, turn); turn++) continue;
}

TEST(closed_while_others_use_it) {
  for (int64_t i = 0; i < scaled(4, 2); i++) {
    int before = open_descriptors();
    arrowio_file *file = open_any(content, SIZE);
    run_threads(5, use_or_close, file);
    done();
    CHECK_INT(before, open_descriptors());
    arrowio_file_release(file);
  }
}

/* Closing and giving up at once: whoever comes first decides, and both know of nothing wrong. */
static void close_or_abort(int index, void *shared) {
  arrowio_status status = index % 2 ? arrowio_file_abort(shared, NULL) : arrowio_file_close(shared, NULL);
  THREAD_CHECK(status == ARROWIO_OK);
}

TEST(closed_and_aborted) {
  for (int64_t i = 0; i < scaled(4, 2); i++) {
    int before = open_descriptors();
    arrowio_file *file = open_any(content, SIZE);
    if (row->can & CAN_WRITE) OK(arrowio_file_write(file, content, SIZE, &error));
    run_threads(4, close_or_abort, file);
    done();
    CHECK_INT(before, open_descriptors());
    arrowio_file_release(file);
  }
}

int main(int argc, char **argv) {
  start(argc, argv);
  fill(content, SIZE);
  make_rows();
  EACH(0, closed_by_many);
  EACH(0, closed_while_others_use_it);
  EACH(0, closed_and_aborted);
  return finish_files();
}

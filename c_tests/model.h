/* A file as an array of bytes, a position and an end: random calls on a file of `row`, each checked against that. */
#ifndef ARROWIO_TEST_MODEL_H
#define ARROWIO_TEST_MODEL_H

#include "classes.h"

/* More than two of the pieces that are read at once. */
enum { LIMIT = 140000 };
static uint8_t content[LIMIT + 1];

/* The bytes as they should be, and what is done to the file and to them alike. */
static struct {
  uint8_t bytes[LIMIT + 1];
  int64_t end, position;
} model;

static int64_t some_size(void) {
  int64_t kind = random_below(32);
  return random_below(kind == 0 ? LIMIT : kind < 3 ? 70000 : kind < 9 ? 5000 : 100);
}

static int64_t at_most_left(int64_t offset, int64_t size) {
  int64_t left = offset < model.end ? model.end - offset : 0;
  return size < left ? size : left;
}

/* What was read from an offset, of which `asked` was asked for. */
static void is_read(int64_t offset, const uint8_t *data, int64_t size, int64_t asked) {
  CHECK_INT(at_most_left(offset, asked), size);
  CHECK(same(data, model.bytes + offset, size));
}

static void random_read(arrowio_file *file) {
  static uint8_t bytes[LIMIT];
  int64_t size = some_size(), got = -1, at = model.position;
  const uint8_t *data;
  arrowio_buffer *buffer = NULL;
  switch (random_below(6)) {
    case 0:
      OK(arrowio_file_read(file, bytes, size, &got, &error));
      is_read(at, bytes, got, size);
      break;
    case 1:
      OK(arrowio_file_read_some(file, bytes, size, &got, &error));
      CHECK(got <= size && (got > 0) == (at_most_left(at, size) > 0));
      is_read(at, bytes, got, got);
      break;
    case 2:
      OK(arrowio_file_read_buffer(file, size, &buffer, &error));
      is_read(at, arrowio_buffer_data(buffer), got = arrowio_buffer_size(buffer), size);
      arrowio_buffer_release(buffer);
      break;
    case 3:
      OK(arrowio_file_peek(file, size, &data, &got, &error));
      is_read(at, data, got, size);
      got = 0;
      break;
    case 4:
      OK(arrowio_file_advance(file, size, &error));
      got = at_most_left(at, size);
      break;
    default:
      OK(arrowio_file_read_line(file, &data, &got, &error));
      const uint8_t *newline = memchr(model.bytes + at, '\n', (size_t)at_most_left(at, LIMIT));
      is_read(at, data, got, newline == NULL ? LIMIT : newline + 1 - (model.bytes + at));
  }
  model.position += got;
}

static void random_read_at(arrowio_file *file) {
  static uint8_t bytes[LIMIT];
  int64_t offset = random_below(model.end + 100), size = some_size(), got = -1;
  arrowio_buffer *buffer = NULL;
  OK(arrowio_file_read_at(file, offset, bytes, size, &got, &error));
  is_read(offset, bytes, got, size);
  OK(arrowio_file_read_at_buffer(file, offset, size, &buffer, &error));
  is_read(offset, arrowio_buffer_data(buffer), arrowio_buffer_size(buffer), size);
  arrowio_buffer_release(buffer);
}

/* Writes to the file and to the model; what does not fit changes neither. Gives how much was written. */
static int64_t random_write_to(arrowio_file *file, int64_t offset, int placed) {
  int64_t size = some_size();
  const uint8_t *data = content + random_below(LIMIT - size);
  int fits = offset + size <= (is_fixed() ? model.end : LIMIT);
  if (!fits && !is_fixed()) return 0;
  if (!fits) {
    FAILS_WITH(ENOSPC, placed ? arrowio_file_write_at(file, offset, data, size, &error)
                              : arrowio_file_write(file, data, size, &error));
    return 0;
  }
  if (placed) OK(arrowio_file_write_at(file, offset, data, size, &error));
  if (!placed) OK(arrowio_file_write(file, data, size, &error));
  if (size == 0) return 0;
  memcpy(model.bytes + offset, data, (size_t)size);
  if (offset + size > model.end) model.end = offset + size;
  return size;
}

static void random_write(arrowio_file *file) {
  int64_t at = row->can & CAN_SEEK ? model.position : model.end;
  int64_t written = random_write_to(file, at, 0);
  if (written > 0) model.position = at + written;
}

static void random_seek(arrowio_file *file) {
  arrowio_whence whence = (arrowio_whence)random_below(3);
  int64_t bases[] = {0, model.position, model.end}, position = -1;
  int64_t target = random_below(model.end + 100) - 50;
  if (target < 0) {
    FAILS(ARROWIO_INVALID, arrowio_file_seek(file, target - bases[whence], whence, &position, &error));
    return;
  }
  OK(arrowio_file_seek(file, target - bases[whence], whence, &position, &error));
  CHECK_INT(target, position);
  model.position = target;
}

static void random_resize(arrowio_file *file) {
  int64_t size = random_below(LIMIT);
  OK(arrowio_file_resize(file, size, &error));
  if (size < model.end) memset(model.bytes + size, 0, (size_t)(model.end - size));
  model.end = size;
  if ((row->can & CAN_ZERO_COPY) && model.position > size) model.position = size;
}

static void random_step(arrowio_file *file) {
  int64_t size;
  switch (random_below(12)) {
    case 0: if (row->can & CAN_SEEK) random_seek(file); break;
    case 1: if (row->can & CAN_READ_AT) random_read_at(file); break;
    case 2: if (row->can & CAN_WRITE_AT) random_write_to(file, random_below(model.end + 100), 1); break;
    case 3: if ((row->can & CAN_RESIZE) && random_below(10) == 0) random_resize(file); break;
    case 4: OK(arrowio_file_flush(file, &error)); break;
    case 5:
      if (!(row->can & CAN_SIZE)) break;
      OK(arrowio_file_size(file, &size, &error));
      CHECK_INT(model.end, size);
      break;
    case 6: case 7: case 8: if (row->can & CAN_WRITE) { random_write(file); break; } /* fall through */
    default: if (row->can & CAN_READ) random_read(file);
  }
  CHECK_INT(model.position, tell(file));
}

#endif

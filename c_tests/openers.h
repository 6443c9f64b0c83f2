/* Every way to open a path. */
#ifndef ARROWIO_TEST_OPENERS_H
#define ARROWIO_TEST_OPENERS_H

#include "files.h"

enum opening { OS_FILE, MAP, MAP_REGION, MAP_CREATED, INPUT, OUTPUT };

struct opener {
  const char *name;
  enum opening opening;
  arrowio_mode mode;
  arrowio_codec codec;
  /* Whether it writes to the file, and whether it makes one that is missing. */
  int writes, creates;
};

static const struct opener openers[] = {
    {"OS file, read", OS_FILE, ARROWIO_MODE_READ, 0, 0, 0},
    {"OS file, written", OS_FILE, ARROWIO_MODE_WRITE, 0, 1, 1},
    {"OS file, appended to", OS_FILE, ARROWIO_MODE_APPEND, 0, 1, 1},
    {"OS file, read and written", OS_FILE, ARROWIO_MODE_READ_WRITE, 0, 1, 1},
    {"map, read", MAP, ARROWIO_MODE_READ, 0, 0, 0},
    {"map, read and written", MAP, ARROWIO_MODE_READ_WRITE, 0, 1, 1},
    {"map, private", MAP, ARROWIO_MODE_PRIVATE, 0, 0, 0},
    {"map of a region, read", MAP_REGION, ARROWIO_MODE_READ, 0, 0, 0},
    {"map of a region, read and written", MAP_REGION, ARROWIO_MODE_READ_WRITE, 0, 1, 0},
    {"map that is created", MAP_CREATED, 0, 0, 1, 1},
    {"input stream", INPUT, 0, ARROWIO_CODEC_NONE, 0, 0},
    {"input stream, gzip", INPUT, 0, ARROWIO_CODEC_GZIP, 0, 0},
    {"input stream, zstd", INPUT, 0, ARROWIO_CODEC_ZSTD, 0, 0},
    {"output stream", OUTPUT, 0, ARROWIO_CODEC_NONE, 1, 1},
    {"output stream, gzip", OUTPUT, 0, ARROWIO_CODEC_GZIP, 1, 1},
    {"output stream, zstd", OUTPUT, 0, ARROWIO_CODEC_ZSTD, 1, 1},
};

static const struct opener *opener;

/* For each of them. */
#define EACH_OPENER for (opener = openers; opener < openers + sizeof openers / sizeof openers[0]; opener++)

static arrowio_status open_path_by(const char *path, arrowio_file **file) {
  arrowio_stream_options options = {.struct_size = sizeof options, .codec = opener->codec};
  switch (opener->opening) {
    case OS_FILE: return arrowio_os_file_open(path, opener->mode, NULL, file, &error);
    case MAP: return arrowio_memory_map_open(path, opener->mode, 0, -1, file, &error);
    case MAP_REGION: return arrowio_memory_map_open(path, opener->mode, 1, 2, file, &error);
    case MAP_CREATED: return arrowio_memory_map_create(path, 10, file, &error);
    case INPUT: return arrowio_input_stream_open(path, &options, file, &error);
    default: return arrowio_output_stream_open(path, &options, file, &error);
  }
}

#endif

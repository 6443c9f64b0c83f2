/* The codecs, one row each. A new codec gets its row here, and with it the tests of all codecs.
 *
 *   EACH_CODEC(codec) { ... codec->name ... }   for each of them
 */
#ifndef ARROWIO_TEST_CODECS_H
#define ARROWIO_TEST_CODECS_H

#include "files.h"

struct codec {
  arrowio_codec id;
  /* As messages call it. */
  const char *name;
  /* The first of the suffixes that stand for it; "": none does. */
  const char *suffix;
  /* The levels that it has; all 0: none. */
  int32_t least, usual, greatest;
  /* One that compresses well: the greatest, unless that takes a GiB of memory. 1: no level always compresses better than
   * that; bzip2's are sizes of blocks. */
  int32_t strong;
  /* Bytes of a window that a decoder takes only as there is something in it; 0: it takes it at once. */
  int64_t window;
  /* The format has a checksum: whatever is flipped, nobody gets wrong bytes without an error. */
  int is_checked;
  /* The format marks its end: nobody takes the beginning of a file for the whole. */
  int is_ended;
  /* Several frames, one behind the other, are one content. */
  int frames_follow;
  /* It is laid over every class of files and gets the full amounts; another one a few classes, and a share. */
  int is_thorough;
};

static const struct codec codecs[] = {
    {ARROWIO_CODEC_GZIP, "gzip", ".gz", 0, 6, 9, 9,
     .is_checked = 1, .is_ended = 1, .frames_follow = 1, .is_thorough = 1},
    {ARROWIO_CODEC_ZSTD, "zstd", ".zst", -131072, 3, 22, 19,
     .is_checked = 1, .is_ended = 1, .frames_follow = 1, .is_thorough = 1},
    {ARROWIO_CODEC_ZLIB, "zlib", ".zz", 0, 6, 9, 9, .is_checked = 1, .is_ended = 1, .frames_follow = 1},
    {ARROWIO_CODEC_DEFLATE, "deflate", ".deflate", 0, 6, 9, 9, .is_ended = 1, .frames_follow = 1},
    {ARROWIO_CODEC_LZ4, "lz4", ".lz4", 1, 1, 12, 12, .is_checked = 1, .is_ended = 1, .frames_follow = 1},
    {ARROWIO_CODEC_LZ4_HADOOP, "lz4_hadoop", "", 0, 0, 0, 0, .frames_follow = 1},
    {ARROWIO_CODEC_BZIP2, "bz2", ".bz2", 1, 9, 9, 1, .is_checked = 1, .is_ended = 1, .frames_follow = 1},
    {ARROWIO_CODEC_BROTLI, "brotli", ".br", 0, 8, 11, 11, .window = 8 << 20, .is_ended = 1, .frames_follow = 1},
    {ARROWIO_CODEC_SNAPPY_FRAMED, "snappy_framed", ".sz", 0, 0, 0, 0, .frames_follow = 1},
    {ARROWIO_CODEC_SNAPPY_HADOOP, "snappy_hadoop", ".snappy", 0, 0, 0, 0, .frames_follow = 1},
    {ARROWIO_CODEC_XZ, "xz", ".xz", 0, 6, 9, 9, .is_checked = 1, .is_ended = 1, .frames_follow = 1},
};

enum { CODECS = sizeof codecs / sizeof codecs[0] };

/* A number that no codec has or will have. */
#define NO_CODEC 9999

#define EACH_CODEC(codec) for (const struct codec *codec = codecs; codec < codecs + CODECS; codec++)

/* Where it is in the table. */
static inline int codec_index(arrowio_codec id) {
  int index = 0;
  while (index < CODECS && codecs[index].id != id) index++;
  CHECK(index < CODECS);
  return index;
}

/* A level at which it is fast. */
static inline int32_t fast_level(const struct codec *codec) {
  return codec->greatest > 0 ? 1 : 0;
}

/* What it gets of an amount. */
static inline int64_t share(const struct codec *codec, int64_t amount) {
  return codec->is_thorough ? amount : amount / 16;
}

#endif

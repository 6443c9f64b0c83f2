/* Buffers: sizes and padding, slices, resizing, memory of the host's, copies. */
#include "pools.h"
#include <sys/resource.h>

static arrowio_buffer *allocated(int64_t size) {
  arrowio_buffer *buffer = NULL;
  OK(arrowio_buffer_allocate(NULL, size, &buffer, &error));
  return buffer;
}

static arrowio_buffer *resizable(int64_t size) {
  arrowio_buffer *buffer = NULL;
  OK(arrowio_buffer_allocate_resizable(NULL, size, &buffer, &error));
  return buffer;
}

static arrowio_buffer *slice_of(arrowio_buffer *buffer, int64_t offset, int64_t size) {
  arrowio_buffer *slice = NULL;
  OK(arrowio_buffer_slice(buffer, offset, size, &slice, &error));
  return slice;
}

static arrowio_buffer *text(const char *bytes) { return buffer_of(bytes, (int64_t)strlen(bytes)); }

static int holds(const arrowio_buffer *buffer, const char *bytes) {
  int64_t size = (int64_t)strlen(bytes);
  return arrowio_buffer_size(buffer) == size && same(arrowio_buffer_data(buffer), bytes, size);
}

/* Where nothing of the library may be written. */
static arrowio_buffer *const POISON = (arrowio_buffer *)&thread_failures;

/* ---- Allocation ---- */

/* The figures of Arrow's documentation of memory pools. */
TEST(accounting_as_in_arrow) {
  int64_t before = arrowio_total_allocated_bytes();
  arrowio_buffer *buffer = resizable(1024);
  CHECK_INT(1024, arrowio_total_allocated_bytes() - before);
  OK(arrowio_buffer_resize(buffer, 2048, 0, &error));
  CHECK_INT(2048, arrowio_total_allocated_bytes() - before);
  arrowio_buffer_release(buffer);
  CHECK_INT(0, arrowio_total_allocated_bytes() - before);
}

TEST(alignment_capacity_and_padding) {
  const int64_t sizes[] = {0, 1, 63, 64, 65, 100, 1000, 4096, LARGE - 1, LARGE, LARGE + 1, 5 * MIB};
  for (int i = 0; i < 2 * COUNT(sizes); i++) {
    int64_t size = sizes[i / 2], padded = (size + 63) / 64 * 64, before = arrowio_total_allocated_bytes();
    arrowio_buffer *buffer = i % 2 == 0 ? allocated(size) : resizable(size);
    uint8_t *data = arrowio_buffer_mutable_data(buffer);
    CHECK(data != NULL && data == arrowio_buffer_data(buffer));
    CHECK_INT(0, (uintptr_t)data % 64);
    CHECK_INT(size, arrowio_buffer_size(buffer));
    CHECK_INT(padded, arrowio_buffer_capacity(buffer));
    CHECK_INT(padded, arrowio_total_allocated_bytes() - before);
    CHECK_INT(1, arrowio_buffer_is_mutable(buffer));
    CHECK(arrowio_buffer_parent(buffer) == NULL);
    for (int64_t at = size; at < padded; at++) CHECK_INT(0, data[at]);
    if (size > 0) memset(data, 0xff, (size_t)size);
    arrowio_buffer_release(buffer);
    CHECK_INT(before, arrowio_total_allocated_bytes());
  }
}

/* In memory that was used before. */
TEST(padding_is_zero_after_any_resize) {
  arrowio_buffer *buffer = resizable(1000);
  uint32_t random = 7;
  for (int i = 0; i < 500; i++) {
    memset(arrowio_buffer_mutable_data(buffer), 0xff, (size_t)arrowio_buffer_size(buffer));
    int64_t size = next_random(&random) % 3000;
    OK(arrowio_buffer_resize(buffer, size, i % 3 == 0, &error));
    for (int64_t at = size; at < (size + 63) / 64 * 64; at++) CHECK_INT(0, arrowio_buffer_data(buffer)[at]);
  }
  arrowio_buffer_release(buffer);
}

TEST(zero_padding) {
  arrowio_buffer *buffer = allocated(100), *slice = slice_of(buffer, 0, 50);
  uint8_t *data = arrowio_buffer_mutable_data(buffer);
  memset(data, 0xff, 128);
  arrowio_buffer_zero_padding(slice);
  CHECK(data[50] == 0xff && data[127] == 0xff);
  arrowio_buffer_zero_padding(buffer);
  CHECK(data[99] == 0xff && data[100] == 0 && data[127] == 0);
  arrowio_buffer_zero_padding(NULL);
  arrowio_buffer_release(buffer);
  arrowio_buffer_release(slice);
}

TEST(impossible_sizes) {
  const int64_t sizes[] = {INT64_MAX, INT64_MAX - 63, INT64_MAX - 64, INT64_MAX / 2, (int64_t)1 << 47};
  int64_t before = arrowio_total_allocated_bytes();
  arrowio_buffer *buffer = POISON, *small = resizable(10);
  memcpy(arrowio_buffer_mutable_data(small), "0123456789", 10);
  for (int i = 0; i < COUNT(sizes); i++) {
    FAILS(ARROWIO_OUT_OF_MEMORY, arrowio_buffer_allocate(NULL, sizes[i], &buffer, &error));
    CHECK(buffer == NULL);
    FAILS(ARROWIO_OUT_OF_MEMORY, arrowio_buffer_allocate_resizable(NULL, sizes[i], &buffer, &error));
    FAILS(ARROWIO_OUT_OF_MEMORY, arrowio_buffer_resize(small, sizes[i], 0, &error));
    FAILS(ARROWIO_OUT_OF_MEMORY, arrowio_buffer_reserve(small, sizes[i], &error));
  }
  FAILS(ARROWIO_INVALID, arrowio_buffer_allocate(NULL, -1, &buffer, &error));
  FAILS(ARROWIO_INVALID, arrowio_buffer_allocate_resizable(NULL, INT64_MIN, &buffer, &error));
  FAILS(ARROWIO_INVALID, arrowio_buffer_resize(small, -1, 0, &error));
  FAILS(ARROWIO_INVALID, arrowio_buffer_reserve(small, -1, &error));
  CHECK(holds(small, "0123456789") && arrowio_buffer_capacity(small) == 64);
  arrowio_buffer_release(small);
  CHECK_INT(before, arrowio_total_allocated_bytes());
}

/* ---- Slices ---- */

TEST(slices_are_checked) {
  const struct {
    int64_t offset, size;
    arrowio_status status;
  } cases[] = {
      {0, 100, ARROWIO_OK},
      {100, 0, ARROWIO_OK},
      {0, 0, ARROWIO_OK},
      {99, 1, ARROWIO_OK},
      {0, 101, ARROWIO_INDEX_ERROR},
      {101, 0, ARROWIO_INDEX_ERROR},
      {100, 1, ARROWIO_INDEX_ERROR},
      {1, INT64_MAX, ARROWIO_INDEX_ERROR},
      {INT64_MAX, 1, ARROWIO_INDEX_ERROR},
      {INT64_MAX, INT64_MAX, ARROWIO_INDEX_ERROR},
      {-1, 1, ARROWIO_INVALID},
      {0, -1, ARROWIO_INVALID},
      {-1, -1, ARROWIO_INVALID},
      {INT64_MIN, 0, ARROWIO_INVALID},
      {0, INT64_MIN, ARROWIO_INVALID},
  };
  arrowio_buffer *buffer = allocated(100), *slice = NULL;
  for (int i = 0; i < COUNT(cases); i++) {
    slice = POISON;
    FAILS(cases[i].status, arrowio_buffer_slice(buffer, cases[i].offset, cases[i].size, &slice, &error));
    CHECK((slice != NULL) == (cases[i].status == ARROWIO_OK));
    if (slice != NULL) CHECK_INT(cases[i].size, arrowio_buffer_size(slice));
    arrowio_buffer_release(slice);
    slice = POISON;
    FAILS(cases[i].status, arrowio_buffer_slice_mutable(buffer, cases[i].offset, cases[i].size, &slice, &error));
    CHECK((slice != NULL) == (cases[i].status == ARROWIO_OK));
    arrowio_buffer_release(slice);
    slice = POISON;
    FAILS(cases[i].status, arrowio_buffer_copy(buffer, cases[i].offset, cases[i].size, NULL, &slice, &error));
    CHECK((slice != NULL) == (cases[i].status == ARROWIO_OK));
    arrowio_buffer_release(slice);
  }
  SAYS(ARROWIO_INDEX_ERROR, "40 bytes at offset 70", arrowio_buffer_slice(buffer, 70, 40, &slice, &error));
  CHECK(strstr(arrowio_error_message(failure), "100 bytes") != NULL);
  arrowio_buffer_release(buffer);
}

TEST(slices_show_the_buffers_bytes) {
  int64_t before = arrowio_total_allocated_bytes();
  arrowio_buffer *buffer = text("abcdefghij"), *slice = slice_of(buffer, 2, 6), *inner = slice_of(slice, 1, 3);
  CHECK(holds(slice, "cdefgh") && holds(inner, "def"));
  CHECK(arrowio_buffer_data(slice) == arrowio_buffer_data(buffer) + 2);
  CHECK(arrowio_buffer_data(inner) == arrowio_buffer_data(buffer) + 3);
  CHECK_INT(6, arrowio_buffer_capacity(slice));
  CHECK_INT(64, arrowio_total_allocated_bytes() - before);
  FAILS(ARROWIO_INDEX_ERROR, arrowio_buffer_slice(slice, 0, 7, &(arrowio_buffer *){NULL}, &error));
  FAILS(ARROWIO_INDEX_ERROR, arrowio_buffer_slice(inner, 4, 0, &(arrowio_buffer *){NULL}, &error));
  arrowio_buffer_mutable_data(buffer)[3] = 'X';
  CHECK(holds(inner, "Xef"));
  arrowio_buffer_release(slice);
  arrowio_buffer_release(inner);
  arrowio_buffer_release(buffer);
  CHECK_INT(before, arrowio_total_allocated_bytes());
}

TEST(slices_keep_the_root) {
  int64_t before = arrowio_total_allocated_bytes();
  arrowio_buffer *buffer = text("abcdefghij"), *slice = slice_of(buffer, 2, 6), *inner = slice_of(slice, 1, 3);
  CHECK(arrowio_buffer_parent(buffer) == NULL);
  CHECK(arrowio_buffer_parent(slice) == buffer && arrowio_buffer_parent(inner) == buffer);
  arrowio_buffer_release(slice);
  arrowio_buffer_release(buffer);
  CHECK(holds(inner, "def"));
  CHECK_INT(10, arrowio_buffer_size(arrowio_buffer_parent(inner)));
  CHECK_INT(64, arrowio_total_allocated_bytes() - before);
  arrowio_buffer *empty = slice_of(inner, 3, 0);
  arrowio_buffer_release(inner);
  CHECK(arrowio_buffer_size(empty) == 0 && arrowio_buffer_data(empty) != NULL);
  CHECK_INT(64, arrowio_total_allocated_bytes() - before);
  arrowio_buffer_release(empty);
  CHECK_INT(before, arrowio_total_allocated_bytes());
}

TEST(who_may_write) {
  arrowio_buffer *buffer = text("abcdef"), *slice = slice_of(buffer, 0, 3), *fixed = NULL, *writable = NULL;
  arrowio_buffer *none = POISON;
  CHECK(!arrowio_buffer_is_mutable(slice) && arrowio_buffer_mutable_data(slice) == NULL);
  FAILS(ARROWIO_INVALID, arrowio_buffer_slice_mutable(slice, 0, 1, &none, &error));
  CHECK(none == NULL);
  OK(arrowio_buffer_slice_mutable(buffer, 1, 4, &writable, &error));
  CHECK(arrowio_buffer_is_mutable(writable) && arrowio_buffer_parent(writable) == buffer);
  arrowio_buffer_mutable_data(writable)[0] = 'X';
  CHECK(holds(buffer, "aXcdef") && holds(slice, "aXc"));
  arrowio_buffer_release(slice);
  OK(arrowio_buffer_slice_mutable(writable, 1, 2, &slice, &error));
  arrowio_buffer_mutable_data(slice)[0] = 'Y';
  CHECK(holds(buffer, "aXYdef"));
  OK(arrowio_buffer_wrap("abc", 3, NULL, NULL, &fixed, &error));
  CHECK(!arrowio_buffer_is_mutable(fixed) && arrowio_buffer_mutable_data(fixed) == NULL);
  FAILS(ARROWIO_INVALID, arrowio_buffer_slice_mutable(fixed, 0, 1, &none, &error));
  arrowio_buffer_release(fixed);
  arrowio_buffer_release(slice);
  arrowio_buffer_release(writable);
  arrowio_buffer_release(buffer);
}

static atomic_int frees;

static void count_free(void *user_data) {
  CHECK(user_data == (void *)&frees);
  atomic_fetch_add(&frees, 1);
}

/* 100,000 slices at once, of slices of each other, of a resizable and of a wrapped buffer. */
struct slicing {
  arrowio_buffer *roots[2];
  int count;
};

static void slice_on_thread(int index, void *shared) {
  struct slicing *all = shared;
  arrowio_buffer **slices = calloc((size_t)all->count, sizeof *slices);
  for (int i = 0; i < all->count; i++) {
    arrowio_buffer *from = i % 100 == 0 ? all->roots[i / 100 % 2] : slices[i - 1];
    THREAD_CHECK(arrowio_buffer_slice(from, 1, arrowio_buffer_size(from) - 1, &slices[i], NULL) == ARROWIO_OK);
    THREAD_CHECK(arrowio_buffer_parent(slices[i]) == all->roots[i / 100 % 2]);
    THREAD_CHECK(arrowio_buffer_data(slices[i])[0] == i % 100 + 1);
  }
  /* In another order; 7 is prime to the count. */
  for (int i = 0; i < all->count; i++) arrowio_buffer_release(slices[(i * 7 + index) % all->count]);
  free(slices);
}

TEST(slices_on_many_threads) {
  static uint8_t bytes[200];
  int64_t before = arrowio_total_allocated_bytes();
  struct slicing all = {{resizable(200)}, (int)scaled(6250, 625)};
  for (int i = 0; i < 200; i++) arrowio_buffer_mutable_data(all.roots[0])[i] = bytes[i] = (uint8_t)i;
  frees = 0;
  OK(arrowio_buffer_wrap(bytes, sizeof bytes, (void *)&frees, count_free, &all.roots[1], &error));
  run_threads(16, slice_on_thread, &all);
  CHECK_INT(0, frees);
  OK(arrowio_buffer_resize(all.roots[0], 100, 1, &error));
  arrowio_buffer_release(all.roots[0]);
  arrowio_buffer_release(all.roots[1]);
  CHECK_INT(1, frees);
  CHECK_INT(before, arrowio_total_allocated_bytes());
}

/* ---- Resizing ---- */

TEST(resize) {
  int64_t before = arrowio_total_allocated_bytes();
  arrowio_buffer *buffer = resizable(0);
  const struct {
    int64_t size;
    int32_t shrink;
    int64_t capacity;
  } steps[] = {
      {100, 0, 128}, {128, 0, 128},         {1000, 0, 1024},    {10, 0, 1024},
      {10, 1, 64},   {3 * MIB, 0, 3 * MIB}, {100, 0, 3 * MIB},  {2 * MIB + 1, 1, 2 * MIB + 64},
      {500, 1, 512}, {0, 0, 512},           {0, 1, 0},          {64, 1, 64},
  };
  int64_t kept = 0;
  for (int i = 0; i < COUNT(steps); i++) {
    int64_t size = steps[i].size;
    OK(arrowio_buffer_resize(buffer, size, steps[i].shrink, &error));
    CHECK_INT(size, arrowio_buffer_size(buffer));
    CHECK_INT(steps[i].capacity, arrowio_buffer_capacity(buffer));
    CHECK_INT(steps[i].capacity, arrowio_total_allocated_bytes() - before);
    CHECK(arrowio_buffer_data(buffer) != NULL);
    kept = kept < size ? kept : size;
    CHECK_INT(kept, marked(arrowio_buffer_data(buffer), kept));
    mark(arrowio_buffer_mutable_data(buffer), kept, size);
    kept = size;
  }
  arrowio_buffer_release(buffer);
  CHECK_INT(before, arrowio_total_allocated_bytes());
}

TEST(reserve) {
  arrowio_buffer *buffer = resizable(10);
  memcpy(arrowio_buffer_mutable_data(buffer), "0123456789", 10);
  OK(arrowio_buffer_reserve(buffer, 5000, &error));
  CHECK(holds(buffer, "0123456789"));
  CHECK_INT(5056, arrowio_buffer_capacity(buffer));
  const uint8_t *data = arrowio_buffer_data(buffer);
  OK(arrowio_buffer_reserve(buffer, 100, &error));
  CHECK_INT(5056, arrowio_buffer_capacity(buffer));
  OK(arrowio_buffer_resize(buffer, 5000, 0, &error));
  CHECK(arrowio_buffer_data(buffer) == data && memcmp(data, "0123456789", 10) == 0);
  OK(arrowio_buffer_resize(buffer, 10, 1, &error));
  CHECK(holds(buffer, "0123456789"));
  CHECK_INT(64, arrowio_buffer_capacity(buffer));
  arrowio_buffer_release(buffer);
}

TEST(no_resize_while_slices_live) {
  arrowio_buffer *buffer = resizable(10), *slice = NULL, *inner = NULL;
  memcpy(arrowio_buffer_mutable_data(buffer), "0123456789", 10);
  slice = slice_of(buffer, 0, 5);
  inner = slice_of(slice, 0, 0);
  for (int live = 2; live > 0; live--) {
    FAILS(ARROWIO_INVALID, arrowio_buffer_resize(buffer, 5, 0, &error));
    FAILS(ARROWIO_INVALID, arrowio_buffer_resize(buffer, 10, 0, &error));
    FAILS(ARROWIO_INVALID, arrowio_buffer_resize(buffer, 1000, 1, &error));
    FAILS(ARROWIO_INVALID, arrowio_buffer_reserve(buffer, 1000, &error));
    CHECK(holds(buffer, "0123456789") && arrowio_buffer_capacity(buffer) == 64);
    arrowio_buffer_release(live == 2 ? slice : inner);
  }
  OK(arrowio_buffer_resize(buffer, 1000, 0, &error));
  CHECK_INT(0, memcmp(arrowio_buffer_data(buffer), "0123456789", 10));

  arrowio_file *reader = NULL;
  OK(arrowio_buffer_reader_new(buffer, &reader, &error));
  FAILS(ARROWIO_INVALID, arrowio_buffer_resize(buffer, 10, 0, &error));
  arrowio_file_release(reader);
  OK(arrowio_buffer_resize(buffer, 10, 0, &error));
  CHECK(holds(buffer, "0123456789"));
  arrowio_buffer_release(buffer);
}

static void slice_or_resize(int index, void *shared) {
  arrowio_buffer *buffer = shared, *slice = NULL;
  for (int i = 0; i < scaled(20000, 500); i++) {
    arrowio_status status = index == 0 ? arrowio_buffer_resize(buffer, i % 2 == 0 ? 64 : 100 * KIB, 1, NULL)
                                       : arrowio_buffer_slice(buffer, 0, 64, &slice, NULL);
    THREAD_CHECK(status == ARROWIO_OK || status == ARROWIO_INVALID);
    if (slice != NULL) THREAD_CHECK(arrowio_buffer_data(slice)[63] == 'x');
    arrowio_buffer_release(slice);
    slice = NULL;
  }
}

/* Whichever comes first, the other is refused: no slice loses its memory. */
TEST(resize_and_slices_at_once) {
  arrowio_buffer *buffer = resizable(64);
  memset(arrowio_buffer_mutable_data(buffer), 'x', 64);
  run_threads(3, slice_or_resize, buffer);
  OK(arrowio_buffer_resize(buffer, 10, 1, &error));
  CHECK(holds(buffer, "xxxxxxxxxx"));
  arrowio_buffer_release(buffer);
}

TEST(what_cannot_be_resized) {
  arrowio_buffer *buffers[] = {allocated(10), text("abc"), NULL, NULL, slice_of(resizable(100), 0, 10)};
  char bytes[10];
  OK(arrowio_buffer_wrap(bytes, 10, NULL, NULL, &buffers[2], &error));
  OK(arrowio_buffer_wrap_mutable(bytes, 10, NULL, NULL, &buffers[3], &error));
  for (int i = 0; i < COUNT(buffers); i++) {
    int64_t size = arrowio_buffer_size(buffers[i]);
    FAILS(ARROWIO_INVALID, arrowio_buffer_resize(buffers[i], size, 0, &error));
    FAILS(ARROWIO_INVALID, arrowio_buffer_resize(buffers[i], 1, 0, &error));
    FAILS(ARROWIO_INVALID, arrowio_buffer_reserve(buffers[i], 1000, &error));
    CHECK_INT(size, arrowio_buffer_size(buffers[i]));
  }
  arrowio_buffer_release(arrowio_buffer_parent(buffers[4]));
  for (int i = 0; i < COUNT(buffers); i++) arrowio_buffer_release(buffers[i]);
}

static int64_t most_resident(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * KIB;
}

/* At its place: never are there two copies of it, neither in the pool's figures nor in the process's memory. */
TEST(growth_to_256_mib) {
  const int64_t most = scaled(256, 4) * MIB;
  int64_t before = most_resident(), size = 0;
  arrowio_pool *pool = proxy_over(is_slow() ? "system" : "mimalloc");
  arrowio_buffer *buffer = NULL;
  OK(arrowio_buffer_allocate_resizable(pool, 0, &buffer, &error));
  for (int64_t next = 64 * KIB; next <= most; next += next / 4 / 64 * 64 + MIB) {
    OK(arrowio_buffer_resize(buffer, next, 0, &error));
    for (int64_t at = size; at < next; at += 512) arrowio_buffer_mutable_data(buffer)[at] = byte_at(at / 512);
    size = (next + 511) / 512 * 512;
  }
  OK(arrowio_buffer_resize(buffer, most, 0, &error));
  for (int64_t at = 0; at < size && at < most; at += 512) CHECK_INT(byte_at(at / 512), arrowio_buffer_data(buffer)[at]);
  CHECK_INT(most, arrowio_pool_max_memory(pool));
  CHECK(is_slow() || most_resident() - before < most * 5 / 4);
  arrowio_buffer_release(buffer);
  arrowio_pool_release_unused(pool);
  arrowio_pool_release(pool);
}

/* ---- Memory of the host's ---- */

TEST(wrapped_memory) {
  char bytes[] = "abcdef";
  arrowio_buffer *buffer = NULL, *slice = NULL, *inner = NULL;
  int64_t before = arrowio_total_allocated_bytes();
  frees = 0;
  OK(arrowio_buffer_wrap_mutable(bytes, 6, (void *)&frees, count_free, &buffer, &error));
  CHECK(arrowio_buffer_data(buffer) == (uint8_t *)bytes && arrowio_buffer_mutable_data(buffer) == (uint8_t *)bytes);
  CHECK(arrowio_buffer_size(buffer) == 6 && arrowio_buffer_capacity(buffer) == 6);
  CHECK_INT(before, arrowio_total_allocated_bytes());
  arrowio_buffer_zero_padding(buffer);
  slice = slice_of(buffer, 1, 3);
  inner = slice_of(slice, 1, 1);
  CHECK(arrowio_buffer_retain(buffer) == buffer);
  arrowio_buffer_release(buffer);
  arrowio_buffer_release(buffer);
  arrowio_buffer_release(slice);
  CHECK(frees == 0 && holds(inner, "c"));
  arrowio_buffer_release(inner);
  CHECK_INT(1, frees);
}

TEST(wrapped_nothing) {
  arrowio_buffer *buffer = NULL, *slice = NULL, *copy = NULL;
  frees = 0;
  OK(arrowio_buffer_wrap(NULL, 0, (void *)&frees, count_free, &buffer, &error));
  CHECK_INT(0, arrowio_buffer_size(buffer));
  CHECK(arrowio_buffer_data(buffer) != NULL);
  slice = slice_of(buffer, 0, 0);
  OK(arrowio_buffer_copy(slice, 0, 0, NULL, &copy, &error));
  CHECK(arrowio_buffer_equals(copy, buffer));
  arrowio_buffer_release(copy);
  arrowio_buffer_release(buffer);
  CHECK_INT(0, frees);
  arrowio_buffer_release(slice);
  CHECK_INT(1, frees);
  OK(arrowio_buffer_wrap_mutable(NULL, 0, NULL, NULL, &buffer, &error));
  arrowio_buffer_release(buffer);
  OK(arrowio_buffer_copy_bytes(NULL, NULL, 0, &buffer, &error));
  CHECK(arrowio_buffer_size(buffer) == 0 && arrowio_buffer_data(buffer) != NULL);
  arrowio_buffer_release(buffer);
}

TEST(a_failed_wrap_frees_nothing) {
  arrowio_buffer *buffer = POISON;
  frees = 0;
  FAILS(ARROWIO_INVALID, arrowio_buffer_wrap(NULL, 5, (void *)&frees, count_free, &buffer, &error));
  CHECK(buffer == NULL);
  FAILS(ARROWIO_INVALID, arrowio_buffer_wrap("", -1, (void *)&frees, count_free, &buffer, &error));
  FAILS(ARROWIO_INVALID, arrowio_buffer_wrap("", 0, (void *)&frees, count_free, NULL, &error));
  FAILS(ARROWIO_INVALID, arrowio_buffer_wrap_mutable(NULL, 5, (void *)&frees, count_free, &buffer, &error));
  FAILS(ARROWIO_INVALID, arrowio_buffer_wrap_mutable(&frees, -1, (void *)&frees, count_free, &buffer, &error));
  CHECK_INT(0, frees);
}

static void free_thread(void *user_data) { *(pthread_t *)user_data = pthread_self(); }

static void release_one(int index, void *shared) { arrowio_buffer_release(((arrowio_buffer **)shared)[index]); }

/* Three references, three threads: one of them frees, whichever comes last. */
TEST(wrapped_memory_released_on_other_threads) {
  for (int i = 0; i < scaled(200, 20); i++) {
    pthread_t freed_by = pthread_self();
    arrowio_buffer *references[3];
    OK(arrowio_buffer_wrap("abc", 3, &freed_by, free_thread, &references[0], &error));
    references[1] = slice_of(references[0], 0, 1);
    references[2] = slice_of(references[0], 1, 1);
    run_threads(3, release_one, references);
    CHECK(!pthread_equal(freed_by, pthread_self()));
  }
}

/* ---- Copies ---- */

TEST(copies) {
  arrowio_pool *pool = proxy_over("system");
  char bytes[] = "abcdef";
  arrowio_buffer *buffer = NULL, *copy = NULL;
  OK(arrowio_buffer_copy_bytes(pool, bytes, 6, &buffer, &error));
  bytes[0] = 'X';
  CHECK(holds(buffer, "abcdef") && arrowio_buffer_is_mutable(buffer));
  OK(arrowio_buffer_copy(buffer, 2, 3, pool, &copy, &error));
  arrowio_buffer_mutable_data(buffer)[2] = 'Y';
  CHECK(holds(copy, "cde") && arrowio_buffer_is_mutable(copy) && arrowio_buffer_parent(copy) == NULL);
  CHECK_INT(0, arrowio_buffer_data(copy)[3]);
  CHECK_INT(128, arrowio_pool_bytes_allocated(pool));
  arrowio_buffer_release(buffer);
  arrowio_buffer_release(copy);
  CHECK_INT(0, arrowio_pool_bytes_allocated(pool));
  FAILS(ARROWIO_INVALID, arrowio_buffer_copy_bytes(pool, NULL, 1, &buffer, &error));
  FAILS(ARROWIO_INVALID, arrowio_buffer_copy_bytes(pool, bytes, -1, &buffer, &error));
  arrowio_pool_release(pool);
}

TEST(concatenation) {
  arrowio_buffer *abc = text("abc"), *empty = text(""), *slice = slice_of(abc, 1, 1), *whole = NULL;
  const struct {
    arrowio_buffer *parts[5];
    int64_t count;
    const char *whole;
  } cases[] = {
      {{NULL}, 0, ""},
      {{abc}, 1, "abc"},
      {{empty, empty}, 2, ""},
      {{empty, abc, empty, slice, abc}, 5, "abcbabc"},
      {{abc, abc, NULL}, 2, "abcabc"},
  };
  for (int i = 0; i < COUNT(cases); i++) {
    OK(arrowio_buffer_concatenate(cases[i].parts, cases[i].count, NULL, &whole, &error));
    CHECK(holds(whole, cases[i].whole) && arrowio_buffer_is_mutable(whole));
    arrowio_buffer_release(whole);
  }
  OK(arrowio_buffer_concatenate(NULL, 0, NULL, &whole, &error));
  CHECK_INT(0, arrowio_buffer_size(whole));
  arrowio_buffer_release(whole);

  whole = POISON;
  SAYS(ARROWIO_INVALID, "buffers[2] is NULL", arrowio_buffer_concatenate(cases[4].parts, 3, NULL, &whole, &error));
  CHECK(whole == NULL);
  FAILS(ARROWIO_INVALID, arrowio_buffer_concatenate(NULL, 1, NULL, &whole, &error));
  FAILS(ARROWIO_INVALID, arrowio_buffer_concatenate(cases[1].parts, -1, NULL, &whole, &error));
  arrowio_buffer_release(abc);
  arrowio_buffer_release(empty);
  arrowio_buffer_release(slice);
}

/* Lengths that together are none. The bytes are never looked at. */
TEST(concatenation_too_long) {
  arrowio_buffer *parts[3], *whole = POISON;
  OK(arrowio_buffer_wrap("", INT64_MAX, NULL, NULL, &parts[0], &error));
  parts[1] = parts[2] = parts[0];
  FAILS(ARROWIO_CAPACITY_ERROR, arrowio_buffer_concatenate(parts, 3, NULL, &whole, &error));
  FAILS(ARROWIO_CAPACITY_ERROR, arrowio_buffer_concatenate(parts, 2, NULL, &whole, &error));
  CHECK(whole == NULL);
  arrowio_buffer_release(parts[0]);
}

TEST(equality) {
  arrowio_buffer *buffer = text("abcabc"), *other = text("abcabc"), *shorter = text("abcab"), *empty = text("");
  arrowio_buffer *first = slice_of(buffer, 0, 3), *second = slice_of(buffer, 3, 3), *none = slice_of(buffer, 6, 0);
  CHECK(arrowio_buffer_equals(buffer, buffer) && arrowio_buffer_equals(buffer, other));
  CHECK(arrowio_buffer_equals(first, second) && arrowio_buffer_equals(none, empty));
  CHECK(!arrowio_buffer_equals(buffer, shorter) && !arrowio_buffer_equals(buffer, first));
  CHECK(!arrowio_buffer_equals(buffer, empty));
  CHECK(!arrowio_buffer_equals(buffer, NULL) && !arrowio_buffer_equals(NULL, empty));
  CHECK(arrowio_buffer_equals(NULL, NULL));
  arrowio_buffer_mutable_data(other)[5] = 'X';
  CHECK(!arrowio_buffer_equals(buffer, other));
  arrowio_buffer *all[] = {buffer, other, shorter, empty, first, second, none};
  for (int i = 0; i < COUNT(all); i++) arrowio_buffer_release(all[i]);
}

int main(int argc, char **argv) {
  start(argc, argv);
  RUN(growth_to_256_mib); /* First, while the most that was ever resident is little. */
  RUN(accounting_as_in_arrow);
  RUN(alignment_capacity_and_padding);
  RUN(padding_is_zero_after_any_resize);
  RUN(zero_padding);
  RUN(impossible_sizes);
  RUN(slices_are_checked);
  RUN(slices_show_the_buffers_bytes);
  RUN(slices_keep_the_root);
  RUN(who_may_write);
  RUN(slices_on_many_threads);
  RUN(resize);
  RUN(reserve);
  RUN(no_resize_while_slices_live);
  RUN(resize_and_slices_at_once);
  RUN(what_cannot_be_resized);
  RUN(wrapped_memory);
  RUN(wrapped_nothing);
  RUN(a_failed_wrap_frees_nothing);
  RUN(wrapped_memory_released_on_other_threads);
  RUN(copies);
  RUN(concatenation);
  RUN(concatenation_too_long);
  RUN(equality);
  return finish_files();
}

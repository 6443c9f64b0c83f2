/* What the tests of pools share: an allocator of the host's, figures, bytes that tell where they are. */
#ifndef ARROWIO_TEST_POOLS_H
#define ARROWIO_TEST_POOLS_H

#include "threads.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

#ifdef __SANITIZE_ADDRESS__
/* Too large a block is no memory, as with malloc, and not the end. */
const char *__asan_default_options(void) { return "allocator_may_return_null=1"; }
#endif

/* Blocks from this size on are whole pages of their own. */
#define LARGE MIB

/* An allocator of the host's. It keeps its own count of everything, and fails on demand. */
struct host_memory {
  atomic_llong live, peak, attempts, odd_sizes;
  atomic_int freed, released_unused;
  /* The attempt that fails, counted from 1; 0: none. */
  long long fail_at;
  /* So do all behind it. */
  int fail_on;
};

static inline int host_fails(struct host_memory *host) {
  long long attempt = atomic_fetch_add(&host->attempts, 1) + 1;
  return host->fail_at != 0 && (attempt == host->fail_at || (host->fail_on && attempt > host->fail_at));
}

/* From now on no memory, or memory again. */
static inline void host_runs_out(struct host_memory *host, int out) {
  host->attempts = 0;
  host->fail_at = host->fail_on = out;
}

static inline void host_count(struct host_memory *host, int64_t size) {
  long long live = atomic_fetch_add(&host->live, size) + size, peak = atomic_load(&host->peak);
  while (live > peak && !atomic_compare_exchange_weak(&host->peak, &peak, live)) continue;
}

static inline uint8_t *host_block(struct host_memory *host, int64_t size, int64_t alignment) {
  void *data = NULL;
  if (size <= 0) atomic_fetch_add(&host->odd_sizes, 1);
  if (host_fails(host)) return NULL;
  return posix_memalign(&data, alignment < 16 ? 16 : (size_t)alignment, (size_t)size) == 0 ? data : NULL;
}

static inline uint8_t *host_allocate(void *user_data, int64_t size, int64_t alignment) {
  uint8_t *data = host_block(user_data, size, alignment);
  if (data != NULL) host_count(user_data, size);
  return data;
}

/* Counts as an allocator does that resizes a block at its place. */
static inline uint8_t *host_reallocate(void *user_data, uint8_t *data, int64_t old_size, int64_t new_size,
                                       int64_t alignment) {
  uint8_t *moved = host_block(user_data, new_size, alignment);
  if (moved == NULL) return NULL;
  memcpy(moved, data, (size_t)(old_size < new_size ? old_size : new_size));
  free(data);
  host_count(user_data, new_size - old_size);
  return moved;
}

static inline void host_free(void *user_data, uint8_t *data, int64_t size, int64_t alignment) {
  (void)alignment;
  free(data);
  atomic_fetch_sub(&((struct host_memory *)user_data)->live, size);
}

static inline void host_release_unused(void *user_data) {
  atomic_fetch_add(&((struct host_memory *)user_data)->released_unused, 1);
}

static inline void host_freed(void *user_data) { atomic_fetch_add(&((struct host_memory *)user_data)->freed, 1); }

static const arrowio_pool_callbacks HOST_CALLBACKS = {
    sizeof(arrowio_pool_callbacks), host_allocate, host_reallocate, host_free, host_release_unused, host_freed};

static inline arrowio_pool *host_pool(struct host_memory *host) {
  arrowio_pool *pool = NULL;
  OK(arrowio_pool_new_callbacks(&HOST_CALLBACKS, host, &pool, &error));
  return pool;
}

static inline arrowio_pool *opened(const char *back_end) {
  arrowio_pool *pool = NULL;
  OK(arrowio_pool_open(back_end, &pool, &error));
  return pool;
}

/* A pool over a back end whose figures begin at 0. */
static inline arrowio_pool *proxy_over(const char *back_end) {
  arrowio_pool *parent = opened(back_end), *pool = NULL;
  OK(arrowio_pool_new_proxy(parent, &pool, &error));
  arrowio_pool_release(parent);
  return pool;
}

#define CHECK_FIGURES(pool, live, most, total, count)                 \
  do {                                                                \
    CHECK_INT(live, arrowio_pool_bytes_allocated(pool));              \
    CHECK_INT(most, arrowio_pool_max_memory(pool));                   \
    CHECK_INT(total, arrowio_pool_total_bytes_allocated(pool));       \
    CHECK_INT(count, arrowio_pool_num_allocations(pool));             \
  } while (0)

/* Bytes that tell where they are. */
static inline uint8_t byte_at(int64_t at) { return (uint8_t)(at * 31 + (at >> 12)); }

static inline void mark(uint8_t *data, int64_t from, int64_t to) {
  for (int64_t at = from; at < to; at++) data[at] = byte_at(at);
}

/* How many bytes from the first on are as marked. */
static inline int64_t marked(const uint8_t *data, int64_t size) {
  for (int64_t at = 0; at < size; at++) {
    if (data[at] != byte_at(at)) return at;
  }
  return size;
}

#endif

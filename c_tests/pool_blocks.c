/* Blocks of memory, the same tests for every kind of pool: alignment, size 0, reallocation, figures, threads. */
#include "pools.h"

static arrowio_pool *make_mimalloc(void) { return proxy_over("mimalloc"); }

static arrowio_pool *make_jemalloc(void) { return proxy_over("jemalloc"); }

static arrowio_pool *make_system(void) { return proxy_over("system"); }

static arrowio_pool *make_capped(void) {
  arrowio_pool *pool = NULL;
  OK(arrowio_pool_new_capped(NULL, INT64_MAX, &pool, &error));
  return pool;
}

static void ignore_event(void *user_data, const arrowio_pool_event *event) { (void)user_data, (void)event; }

static arrowio_pool *make_logging(void) {
  arrowio_pool *pool = NULL;
  OK(arrowio_pool_new_logging(NULL, ignore_event, NULL, NULL, &pool, &error));
  return pool;
}

static arrowio_pool *make_callbacks(void) {
  static struct host_memory host;
  return host_pool(&host);
}

/* The kinds of pool; `make` gives one with nothing in use. */
static const struct {
  const char *name, *back_end;
  arrowio_pool *(*make)(void);
} KINDS[] = {
    {"mimalloc", "mimalloc", make_mimalloc},
    {"jemalloc", "jemalloc", make_jemalloc},
    {"system", "system", make_system},
    {"capped", NULL, make_capped},
    {"logging", NULL, make_logging},
    {"callbacks", "callbacks", make_callbacks},
};
static int kind;

/* Not every build has every back end. */
static int is_there(void) {
  arrowio_pool *pool = NULL;
  int there = arrowio_pool_open(KINDS[kind].name, &pool, NULL) != ARROWIO_NOT_IMPLEMENTED;
  arrowio_pool_release(pool);
  return there;
}

#define RUN_FOR_EACH_KIND(test)                                                                  \
  for (kind = 0; kind < COUNT(KINDS); kind++) {                                                  \
    int failed_before = cases_failed;                                                            \
    if (!is_there()) continue;                                                                   \
    RUN(test);                                                                                   \
    if (cases_failed > failed_before) fprintf(stderr, "  by a %s pool\n", KINDS[kind].name);     \
  }

TEST(back_end_name) {
  arrowio_pool *pool = KINDS[kind].make();
  const char *name = KINDS[kind].back_end != NULL ? KINDS[kind].back_end : arrowio_pool_backend_name(NULL);
  CHECK(strcmp(arrowio_pool_backend_name(pool), name) == 0);
  arrowio_pool_release(pool);
}

TEST(alignment) {
  const int64_t sizes[] = {1, 63, 64, 4097, LARGE - 1, LARGE, LARGE + 1, 3 * MIB};
  arrowio_pool *pool = KINDS[kind].make();
  for (int64_t alignment = 1; alignment <= 2 * MIB; alignment *= 2) {
    for (int i = 0; i < COUNT(sizes); i++) {
      uint8_t *data = NULL;
      OK(arrowio_pool_allocate(pool, sizes[i], alignment, &data, &error));
      CHECK_INT(0, (uintptr_t)data % (uintptr_t)alignment);
      data[0] = data[sizes[i] - 1] = 1;
      CHECK_INT(sizes[i], arrowio_pool_bytes_allocated(pool));
      arrowio_pool_free(pool, data, sizes[i], alignment);
    }
  }
  CHECK_INT(0, arrowio_pool_bytes_allocated(pool));
  arrowio_pool_release(pool);
}

/* Wider than anybody needs: as asked for, or no memory. Valgrind itself gives up beyond 16 MiB. */
TEST(absurd_alignment) {
  arrowio_pool *pool = KINDS[kind].make();
  for (int64_t alignment = 4 * MIB; alignment <= scaled(INT64_MAX / 2, 16 * MIB); alignment *= 2) {
    uint8_t *data = NULL;
    arrowio_status status = arrowio_pool_allocate(pool, 100, alignment, &data, NULL);
    if (status != ARROWIO_OK) {
      CHECK_INT(ARROWIO_OUT_OF_MEMORY, status);
      continue;
    }
    CHECK_INT(0, (uintptr_t)data % (uintptr_t)alignment);
    arrowio_pool_free(pool, data, 100, alignment);
  }
  CHECK_INT(0, arrowio_pool_bytes_allocated(pool));
  arrowio_pool_release(pool);
}

TEST(wrong_arguments) {
  const int64_t alignments[] = {0, -1, 3, 48, 65, -64, INT64_MIN, INT64_MAX};
  arrowio_pool *pool = KINDS[kind].make();
  uint8_t *block = NULL, *untouched = NULL;
  OK(arrowio_pool_allocate(pool, 100, 64, &block, &error));
  uint8_t *before = block;
  for (int i = 0; i < COUNT(alignments); i++) {
    FAILS(ARROWIO_INVALID, arrowio_pool_allocate(pool, 100, alignments[i], &untouched, &error));
    FAILS(ARROWIO_INVALID, arrowio_pool_allocate(pool, 0, alignments[i], &untouched, &error));
    FAILS(ARROWIO_INVALID, arrowio_pool_reallocate(pool, 100, 200, alignments[i], &block, &error));
  }
  FAILS(ARROWIO_INVALID, arrowio_pool_allocate(pool, -1, 64, &untouched, &error));
  FAILS(ARROWIO_INVALID, arrowio_pool_allocate(pool, 100, 64, NULL, &error));
  FAILS(ARROWIO_INVALID, arrowio_pool_reallocate(pool, 100, -1, 64, &block, &error));
  FAILS(ARROWIO_INVALID, arrowio_pool_reallocate(pool, -1, 100, 64, &block, &error));
  FAILS(ARROWIO_INVALID, arrowio_pool_reallocate(pool, 100, 200, 64, NULL, &error));
  FAILS(ARROWIO_INVALID, arrowio_pool_reallocate(pool, 100, 200, 64, &untouched, &error));
  FAILS(ARROWIO_OUT_OF_MEMORY, arrowio_pool_allocate(pool, INT64_MAX, 64, &untouched, &error));
  FAILS(ARROWIO_OUT_OF_MEMORY, arrowio_pool_allocate(pool, INT64_MAX / 2, 64, &untouched, &error));
  FAILS(ARROWIO_OUT_OF_MEMORY, arrowio_pool_reallocate(pool, 100, INT64_MAX - 64, 64, &block, &error));
  CHECK(block == before && untouched == NULL);
  CHECK_FIGURES(pool, 100, 100, 100, 1);
  arrowio_pool_free(pool, NULL, 100, 64);
  arrowio_pool_free(pool, block, 100, 64);
  CHECK_INT(0, arrowio_pool_bytes_allocated(pool));
  arrowio_pool_release(pool);
}

TEST(size_zero) {
  arrowio_pool *pool = KINDS[kind].make();
  for (int64_t alignment = 1; alignment <= 2 * MIB; alignment *= 2) {
    uint8_t *data = NULL;
    OK(arrowio_pool_allocate(pool, 0, alignment, &data, &error));
    CHECK(data != NULL && (uintptr_t)data % (uintptr_t)alignment == 0);
    OK(arrowio_pool_reallocate(pool, 0, 0, alignment, &data, &error));
    CHECK(data != NULL && (uintptr_t)data % (uintptr_t)alignment == 0);
    arrowio_pool_free(pool, data, 0, alignment);
  }
  CHECK_FIGURES(pool, 0, 0, 0, 0);

  uint8_t *data = NULL;
  OK(arrowio_pool_allocate(pool, 0, 64, &data, &error));
  OK(arrowio_pool_reallocate(pool, 0, 100, 64, &data, &error));
  data[99] = 1;
  CHECK_FIGURES(pool, 100, 100, 100, 1);
  OK(arrowio_pool_reallocate(pool, 100, 0, 64, &data, &error));
  CHECK(data != NULL);
  CHECK_FIGURES(pool, 0, 100, 100, 1);
  arrowio_pool_free(pool, data, 0, 64);
  arrowio_pool_release(pool);
}

/* Every size to every other: within and across the line between small and large blocks, and across the sizes at which
 * large blocks are copied, moved or grown at their place. */
TEST(reallocation_keeps_contents) {
  const int64_t sizes[] = {0, 1, 100, 5000, LARGE - 1, LARGE, LARGE + 1, 9 * MIB, 20 * MIB};
  const int64_t alignments[] = {1, 64, 4096, 2 * MIB};
  int count = (int)scaled(COUNT(sizes), 7);
  arrowio_pool *pool = KINDS[kind].make();
  for (int from = 0; from < count; from++) {
    for (int to = 0; to < count; to++) {
      int64_t alignment = alignments[(from + to) % COUNT(alignments)];
      int64_t old_size = sizes[from], new_size = sizes[to], kept = old_size < new_size ? old_size : new_size;
      uint8_t *data = NULL;
      OK(arrowio_pool_allocate(pool, old_size, alignment, &data, &error));
      mark(data, 0, old_size);
      OK(arrowio_pool_reallocate(pool, old_size, new_size, alignment, &data, &error));
      CHECK_INT(0, (uintptr_t)data % (uintptr_t)alignment);
      CHECK_INT(kept, marked(data, kept));
      if (new_size > 0) data[new_size - 1] = 1;
      CHECK_INT(new_size, arrowio_pool_bytes_allocated(pool));
      arrowio_pool_free(pool, data, new_size, alignment);
    }
  }
  CHECK_INT(0, arrowio_pool_bytes_allocated(pool));
  arrowio_pool_release(pool);
}

/* One block up and down, so that it passes through all that growing at its place can do. */
TEST(a_block_that_grows_and_shrinks) {
  arrowio_pool *pool = KINDS[kind].make();
  uint8_t *data = NULL;
  int64_t size = 1000, most = scaled(80, 6) * MIB;
  OK(arrowio_pool_allocate(pool, size, 64, &data, &error));
  mark(data, 0, size);
  for (int64_t next = 3000; next < most; next = next * 3 / 2) {
    OK(arrowio_pool_reallocate(pool, size, next, 64, &data, &error));
    mark(data, size, next);
    size = next;
  }
  CHECK_INT(size, marked(data, size));
  while (size > 100) {
    OK(arrowio_pool_reallocate(pool, size, size / 3, 64, &data, &error));
    size /= 3;
    CHECK_INT(size, marked(data, size));
  }
  arrowio_pool_free(pool, data, size, 64);
  CHECK_INT(0, arrowio_pool_bytes_allocated(pool));
  arrowio_pool_release(pool);
}

TEST(figures) {
  arrowio_pool *pool = KINDS[kind].make();
  uint8_t *one = NULL, *two = NULL;
  CHECK_FIGURES(pool, 0, 0, 0, 0);
  OK(arrowio_pool_allocate(pool, 100, 64, &one, &error));
  OK(arrowio_pool_allocate(pool, 200, 64, &two, &error));
  CHECK_FIGURES(pool, 300, 300, 300, 2);
  OK(arrowio_pool_reallocate(pool, 100, 150, 64, &one, &error));
  CHECK_FIGURES(pool, 350, 350, 350, 3);
  OK(arrowio_pool_reallocate(pool, 200, 50, 64, &two, &error));
  CHECK_FIGURES(pool, 200, 350, 350, 3);
  OK(arrowio_pool_reallocate(pool, 50, 50, 64, &two, &error));
  CHECK_INT(200, arrowio_pool_bytes_allocated(pool));
  CHECK_INT(350, arrowio_pool_total_bytes_allocated(pool));
  OK(arrowio_pool_reallocate(pool, 150, 2 * MIB, 64, &one, &error));
  CHECK_INT(2 * MIB + 50, arrowio_pool_bytes_allocated(pool));
  arrowio_pool_free(pool, one, 2 * MIB, 64);
  arrowio_pool_free(pool, two, 50, 64);
  CHECK_INT(0, arrowio_pool_bytes_allocated(pool));
  CHECK_INT(2 * MIB + 50, arrowio_pool_max_memory(pool));
  CHECK_INT(200 + 2 * MIB, arrowio_pool_total_bytes_allocated(pool));
  arrowio_pool_release_unused(pool);
  CHECK_INT(2 * MIB + 50, arrowio_pool_max_memory(pool));
  arrowio_pool_release(pool);
}

struct counting {
  arrowio_pool *pool;
  pthread_barrier_t all_hold, all_may_free;
  atomic_llong total, count;
  int rounds;
};

/* Each thread works, then holds a block while the others hold theirs. */
static void count_on_thread(int index, void *shared) {
  struct counting *all = shared;
  uint32_t random = (uint32_t)index + 1;
  uint8_t *data = NULL;
  for (int i = 0; i < all->rounds; i++) {
    int64_t size = 1 + next_random(&random) % 3000, grown = size + next_random(&random) % 3000;
    THREAD_CHECK(arrowio_pool_allocate(all->pool, size, 64, &data, NULL) == ARROWIO_OK);
    THREAD_CHECK(arrowio_pool_reallocate(all->pool, size, grown, 64, &data, NULL) == ARROWIO_OK);
    arrowio_pool_free(all->pool, data, grown, 64);
    atomic_fetch_add(&all->total, grown);
    atomic_fetch_add(&all->count, grown > size ? 2 : 1);
  }
  THREAD_CHECK(arrowio_pool_allocate(all->pool, MIB + index, 64, &data, NULL) == ARROWIO_OK);
  atomic_fetch_add(&all->total, MIB + index);
  atomic_fetch_add(&all->count, 1);
  pthread_barrier_wait(&all->all_hold);
  pthread_barrier_wait(&all->all_may_free);
  arrowio_pool_free(all->pool, data, MIB + index, 64);
}

TEST(figures_under_threads) {
  for (int threads = 8; threads <= (int)scaled(64, 8); threads *= 8) {
    struct counting all = {.pool = KINDS[kind].make(), .rounds = (int)scaled(2000, 50)};
    pthread_barrier_init(&all.all_hold, NULL, (unsigned)threads);
    pthread_barrier_init(&all.all_may_free, NULL, (unsigned)threads);
    run_threads(threads, count_on_thread, &all);
    /* The most was in use while all threads held their last block. */
    CHECK_FIGURES(all.pool, 0, threads * MIB + threads * (threads - 1) / 2, all.total, all.count);
    pthread_barrier_destroy(&all.all_hold);
    pthread_barrier_destroy(&all.all_may_free);
    arrowio_pool_release(all.pool);
  }
}

/* Blocks of all sizes go from the thread that made them to one that frees them, while unused memory is released. */
struct exchange {
  arrowio_pool *pool;
  _Atomic(uint8_t *) slots[64];
  int rounds;
};

static int64_t slot_size(int slot) { return slot % 16 == 0 ? MIB + slot * 100 * KIB : 100 + slot * 500; }

static void exchange_on_thread(int index, void *shared) {
  struct exchange *all = shared;
  uint32_t random = (uint32_t)index + 1;
  for (int i = 0; i < all->rounds; i++) {
    int slot = (int)(next_random(&random) % 64);
    int64_t size = slot_size(slot);
    uint8_t *data = NULL;
    THREAD_CHECK(arrowio_pool_allocate(all->pool, size, 64, &data, NULL) == ARROWIO_OK);
    data[0] = data[size - 1] = (uint8_t)slot;
    uint8_t *other = atomic_exchange(&all->slots[slot], data);
    if (other != NULL) {
      THREAD_CHECK(other[0] == slot && other[size - 1] == slot);
      arrowio_pool_free(all->pool, other, size, 64);
    }
    if (i % 100 == 0) arrowio_pool_release_unused(all->pool);
  }
}

TEST(blocks_freed_on_other_threads) {
  struct exchange all = {.pool = KINDS[kind].make(), .rounds = (int)scaled(2000, 100)};
  run_threads(8, exchange_on_thread, &all);
  for (int slot = 0; slot < 64; slot++) {
    int64_t size = slot_size(slot);
    arrowio_pool_free(all.pool, all.slots[slot], size, 64);
  }
  CHECK_INT(0, arrowio_pool_bytes_allocated(all.pool));
  arrowio_pool_release(all.pool);
}

TEST(a_pool_lives_as_long_as_its_buffers) {
  arrowio_pool *pool = KINDS[kind].make();
  arrowio_buffer *buffer = NULL, *slice = NULL;
  OK(arrowio_buffer_allocate_resizable(pool, 100, &buffer, &error));
  CHECK(arrowio_pool_retain(pool) == pool);
  arrowio_pool_release(pool);
  arrowio_pool_release(pool);
  OK(arrowio_buffer_resize(buffer, 3 * MIB, 0, &error));
  memset(arrowio_buffer_mutable_data(buffer), 1, 3 * MIB);
  OK(arrowio_buffer_slice(buffer, MIB, 10, &slice, &error));
  arrowio_buffer_release(buffer);
  CHECK_INT(1, arrowio_buffer_data(slice)[9]);
  arrowio_buffer_release(slice);
}

int main(int argc, char **argv) {
  start(argc, argv);
  RUN_FOR_EACH_KIND(back_end_name);
  RUN_FOR_EACH_KIND(alignment);
  RUN_FOR_EACH_KIND(absurd_alignment);
  RUN_FOR_EACH_KIND(wrong_arguments);
  RUN_FOR_EACH_KIND(size_zero);
  RUN_FOR_EACH_KIND(reallocation_keeps_contents);
  RUN_FOR_EACH_KIND(a_block_that_grows_and_shrinks);
  RUN_FOR_EACH_KIND(figures);
  RUN_FOR_EACH_KIND(figures_under_threads);
  RUN_FOR_EACH_KIND(blocks_freed_on_other_threads);
  RUN_FOR_EACH_KIND(a_pool_lives_as_long_as_its_buffers);
  return finish_files();
}

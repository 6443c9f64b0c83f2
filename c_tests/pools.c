/* Memory pools: back ends by name, the default, alignment, reallocation, exact figures under threads, and the pools that
 * wrap others.
 */
#include "threads.h"
#include <fcntl.h>
#include <unistd.h>

#define KIB ((int64_t)1 << 10)
#define MIB ((int64_t)1 << 20)
#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* The size from which blocks are whole pages of their own. */
#define LARGE MIB

static const char *program, *folder;

/* An allocator of the host's that keeps its own count of everything. */
typedef struct {
  atomic_llong live, peak, allocations, odd_sizes;
  atomic_int freed, released_unused;
  int fail;
} host_memory;

static void host_count(host_memory *host, int64_t size) {
  long long live = atomic_fetch_add(&host->live, size) + size, peak = atomic_load(&host->peak);
  while (live > peak && !atomic_compare_exchange_weak(&host->peak, &peak, live)) continue;
}

static uint8_t *host_allocate(void *user_data, int64_t size, int64_t alignment) {
  host_memory *host = user_data;
  void *data = NULL;
  if (size <= 0) atomic_fetch_add(&host->odd_sizes, 1);
  if (host->fail || posix_memalign(&data, alignment < 16 ? 16 : (size_t)alignment, (size_t)size) != 0) return NULL;
  host_count(host, size);
  atomic_fetch_add(&host->allocations, 1);
  return data;
}

static void host_free(void *user_data, uint8_t *data, int64_t size, int64_t alignment) {
  (void)alignment;
  free(data);
  atomic_fetch_sub(&((host_memory *)user_data)->live, size);
}

/* Counts as an allocator that resizes at the block's place would. */
static uint8_t *host_reallocate(void *user_data, uint8_t *data, int64_t old_size, int64_t new_size, int64_t alignment) {
  host_memory *host = user_data;
  void *moved = NULL;
  if (old_size <= 0 || new_size <= 0) atomic_fetch_add(&host->odd_sizes, 1);
  if (host->fail || posix_memalign(&moved, alignment < 16 ? 16 : (size_t)alignment, (size_t)new_size) != 0) return NULL;
  memcpy(moved, data, (size_t)(old_size < new_size ? old_size : new_size));
  free(data);
  host_count(host, new_size - old_size);
  return moved;
}

static void host_release_unused(void *user_data) { atomic_fetch_add(&((host_memory *)user_data)->released_unused, 1); }

static void host_freed(void *user_data) { atomic_fetch_add(&((host_memory *)user_data)->freed, 1); }

static const arrowio_pool_callbacks HOST_CALLBACKS = {
    sizeof(arrowio_pool_callbacks), host_allocate, host_reallocate, host_free, host_release_unused, host_freed};

static arrowio_pool *host_pool(host_memory *host) {
  arrowio_pool *pool = NULL;
  OK(arrowio_pool_new_callbacks(&HOST_CALLBACKS, host, &pool, &error));
  return pool;
}

static arrowio_pool *opened(const char *name) {
  arrowio_pool *pool = NULL;
  OK(arrowio_pool_open(name, &pool, &error));
  return pool;
}

static void no_log(void *user_data, const arrowio_pool_event *event) { (void)user_data, (void)event; }

/* Every kind of pool; `make` gives one with nothing in use. The process-wide ones come as a proxy over them. */
static arrowio_pool *proxy_over(const char *back_end) {
  arrowio_pool *parent = opened(back_end), *pool = NULL;
  OK(arrowio_pool_new_proxy(parent, &pool, &error));
  arrowio_pool_release(parent);
  return pool;
}

static arrowio_pool *make_mimalloc(void) { return proxy_over("mimalloc"); }

static arrowio_pool *make_system(void) { return proxy_over("system"); }

static arrowio_pool *make_capped(void) {
  arrowio_pool *pool = NULL;
  OK(arrowio_pool_new_capped(NULL, INT64_MAX, &pool, &error));
  return pool;
}

static arrowio_pool *make_logging(void) {
  arrowio_pool *pool = NULL;
  OK(arrowio_pool_new_logging(NULL, no_log, NULL, NULL, &pool, &error));
  return pool;
}

static arrowio_pool *make_callbacks(void) {
  static host_memory host;
  return host_pool(&host);
}

static const struct {
  const char *name, *back_end;
  arrowio_pool *(*make)(void);
} KINDS[] = {
    {"mimalloc", "mimalloc", make_mimalloc}, {"system", "system", make_system},           {"capped", NULL, make_capped},
    {"logging", NULL, make_logging},         {"callbacks", "callbacks", make_callbacks},
};
static int kind;

#define RUN_FOR_EACH_KIND(test)                                                                  \
  for (kind = 0; kind < COUNT(KINDS); kind++) {                                                  \
    int failed_before = cases_failed;                                                            \
    RUN(test);                                                                                   \
    if (cases_failed > failed_before) fprintf(stderr, "  by a %s pool\n", KINDS[kind].name);     \
  }

#define CHECK_FIGURES(pool, live, most, total, count)                 \
  do {                                                                \
    CHECK_INT(live, arrowio_pool_bytes_allocated(pool));              \
    CHECK_INT(most, arrowio_pool_max_memory(pool));                   \
    CHECK_INT(total, arrowio_pool_total_bytes_allocated(pool));       \
    CHECK_INT(count, arrowio_pool_num_allocations(pool));             \
  } while (0)

/* ---- Names and the default ---- */

TEST(back_ends_by_name) {
  int found = 0;
  for (int64_t i = 0; arrowio_pool_supported_backend(i) != NULL; i++) {
    const char *name = arrowio_pool_supported_backend(i);
    arrowio_pool *pool = NULL;
    arrowio_status status = arrowio_pool_open(name, &pool, &error);
    if (strcmp(name, "jemalloc") == 0 && status == ARROWIO_NOT_IMPLEMENTED) {
      CHECK(pool == NULL && strstr(arrowio_error_message(error), "jemalloc") != NULL);
      arrowio_error_release(error);
    } else {
      CHECK_INT(ARROWIO_OK, status);
      CHECK(strcmp(arrowio_pool_backend_name(pool), name) == 0);
    }
    arrowio_pool_release(pool);
    found += strcmp(name, "mimalloc") == 0 || strcmp(name, "system") == 0 || strcmp(name, "jemalloc") == 0;
  }
  CHECK_INT(3, found);
  CHECK(arrowio_pool_supported_backend(-1) == NULL);
  CHECK(arrowio_pool_supported_backend(INT64_MIN) == NULL && arrowio_pool_supported_backend(INT64_MAX) == NULL);
}

TEST(unknown_back_end) {
  const char *names[] = {"", "no-such-allocator", "Mimalloc", "mimalloc ", "system\n"};
  for (int i = 0; i < COUNT(names); i++) {
    arrowio_pool *pool = (arrowio_pool *)&pool;
    FAILS(ARROWIO_INVALID, arrowio_pool_open(names[i], &pool, &error));
    CHECK(pool == NULL);
  }
  CHECK_INT(ARROWIO_INVALID, arrowio_pool_open("no-such-allocator", &(arrowio_pool *){NULL}, &error));
  CHECK(strstr(arrowio_error_message(error), "no-such-allocator") != NULL);
  arrowio_error_release(error);
  FAILS(ARROWIO_INVALID, arrowio_pool_open(NULL, &(arrowio_pool *){NULL}, &error));
  FAILS(ARROWIO_INVALID, arrowio_pool_open("system", NULL, &error));
}

TEST(a_pool_opened_twice_shares_its_figures) {
  arrowio_pool *one = opened("system"), *other = opened("system"), *different = opened("mimalloc");
  uint8_t *data = NULL;
  int64_t before = arrowio_pool_bytes_allocated(one), elsewhere = arrowio_pool_bytes_allocated(different);
  OK(arrowio_pool_allocate(one, 1000, 64, &data, &error));
  CHECK_INT(before + 1000, arrowio_pool_bytes_allocated(other));
  CHECK_INT(elsewhere, arrowio_pool_bytes_allocated(different));
  arrowio_pool_release(one);
  arrowio_pool_free(other, data, 1000, 64);
  CHECK_INT(before, arrowio_pool_bytes_allocated(other));
  arrowio_pool_release(other);
  arrowio_pool_release(different);
}

TEST(set_default) {
  arrowio_pool *before = arrowio_pool_default(), *mine = make_system();
  arrowio_buffer *buffer = NULL;
  int64_t elsewhere = arrowio_pool_bytes_allocated(before);
  FAILS(ARROWIO_INVALID, arrowio_pool_set_default(NULL, &error));
  CHECK(arrowio_pool_default() == before);

  OK(arrowio_pool_set_default(mine, &error));
  CHECK(arrowio_pool_default() == mine);
  OK(arrowio_buffer_allocate(NULL, 1000, &buffer, &error));
  CHECK_INT(1024, arrowio_pool_bytes_allocated(mine));
  CHECK_INT(1024, arrowio_pool_bytes_allocated(NULL));
  CHECK_INT(1024, arrowio_total_allocated_bytes());
  CHECK_INT(elsewhere, arrowio_pool_bytes_allocated(before));

  OK(arrowio_pool_set_default(before, &error));
  CHECK(arrowio_pool_default() == before);
  CHECK_INT(1024, arrowio_pool_bytes_allocated(mine));
  arrowio_buffer_release(buffer);
  CHECK_INT(0, arrowio_pool_bytes_allocated(mine));
  for (int i = 0; i < 100; i++) OK(arrowio_pool_set_default(i % 2 == 0 ? mine : before, &error));
  CHECK(arrowio_pool_default() == before);
  arrowio_pool_release(mine);
  /* A default lives on without the host's reference. */
  CHECK_INT(0, arrowio_pool_bytes_allocated(mine));
}

/* ---- The default as the environment says, each in a process of its own ---- */

static void print_warning(void *user_data, const char *message) {
  printf("%s: %s\n", (const char *)user_data, message);
}

/* What such a process does: prints the default pool's name, twice. */
static int print_default(int with_handler) {
  if (with_handler) arrowio_set_warning_handler(print_warning, (void *)"handled", NULL, NULL);
  for (int i = 0; i < 2; i++) printf("%s\n", arrowio_pool_backend_name(arrowio_pool_default()));
  return arrowio_total_allocated_bytes() == 0 ? 0 : 1;
}

static void check_default(const char *setting, const char *action, const char *expected_output, int expected_warnings) {
  char command[8192], output[4096], warnings[4096];
  snprintf(command, sizeof command, "%s '%s' %s 2>'%s/warnings'", setting, program, action, folder);
  FILE *child = popen(command, "r");
  CHECK(child != NULL);
  output[fread(output, 1, sizeof output - 1, child)] = '\0';
  CHECK_INT(0, pclose(child));
  snprintf(command, sizeof command, "%s/warnings", folder);
  FILE *file = fopen(command, "r");
  CHECK(file != NULL);
  warnings[fread(warnings, 1, sizeof warnings - 1, file)] = '\0';
  fclose(file);
  int lines = 0;
  for (const char *c = warnings; *c != '\0'; c++) lines += *c == '\n';
  CHECK_INT(expected_warnings, lines);
  if (lines > 0) CHECK(strstr(warnings, "no-such") != NULL && strstr(warnings, "ARROWIO_DEFAULT_MEMORY_POOL") != NULL);
  if (strcmp(output, expected_output) != 0) fprintf(stderr, "%s: %s%s", setting, output, warnings);
  CHECK(strcmp(output, expected_output) == 0);
}

TEST(default_from_the_environment) {
  check_default("env -u ARROWIO_DEFAULT_MEMORY_POOL", "print-default", "mimalloc\nmimalloc\n", 0);
  check_default("ARROWIO_DEFAULT_MEMORY_POOL=", "print-default", "mimalloc\nmimalloc\n", 0);
  check_default("ARROWIO_DEFAULT_MEMORY_POOL=mimalloc", "print-default", "mimalloc\nmimalloc\n", 0);
  check_default("ARROWIO_DEFAULT_MEMORY_POOL=system", "print-default", "system\nsystem\n", 0);
  check_default("ARROWIO_DEFAULT_MEMORY_POOL=no-such", "print-default", "mimalloc\nmimalloc\n", 1);
}

TEST(unknown_default_through_a_warning_handler) {
  char output[256];
  const char *setting = "ARROWIO_DEFAULT_MEMORY_POOL=no-such";
  snprintf(output, sizeof output, "%s '%s' print-handled 2>/dev/null", setting, program);
  FILE *child = popen(output, "r");
  CHECK(child != NULL);
  output[fread(output, 1, sizeof output - 1, child)] = '\0';
  CHECK_INT(0, pclose(child));
  CHECK(strncmp(output, "handled: ", 9) == 0 && strstr(output, "no-such") != NULL);
  CHECK(strcmp(strchr(output, '\n'), "\nmimalloc\nmimalloc\n") == 0);
}

/* ---- Blocks, by every kind of pool ---- */

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

/* Wider than anybody needs: as asked for, or no memory. */
TEST(absurd_alignment) {
  arrowio_pool *pool = KINDS[kind].make();
  for (int64_t alignment = 4 * MIB; alignment > 0; alignment *= 2) {
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

static void count_warning(void *user_data, const char *message) {
  (void)message;
  ++*(int *)user_data;
}

TEST(wrong_free_warns_and_frees_nothing) {
  arrowio_pool *pool = make_system();
  uint8_t *data = NULL;
  int warnings = 0;
  OK(arrowio_pool_allocate(pool, 100, 64, &data, &error));
  OK(arrowio_set_warning_handler(count_warning, &warnings, NULL, &error));
  arrowio_pool_free(pool, data, -1, 64);
  arrowio_pool_free(pool, data, 100, 3);
  arrowio_pool_free(pool, data, 100, -64);
  OK(arrowio_set_warning_handler(NULL, NULL, NULL, &error));
  CHECK_INT(100, arrowio_pool_bytes_allocated(pool));
  arrowio_pool_free(pool, data, 100, 64);
  arrowio_pool_release(pool);
  CHECK_INT(3, warnings);
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

static uint8_t pattern(int64_t at) { return (uint8_t)(at * 31 + (at >> 12)); }

static void fill(uint8_t *data, int64_t from, int64_t to) {
  for (int64_t at = from; at < to; at++) data[at] = pattern(at);
}

static int64_t first_difference(const uint8_t *data, int64_t size) {
  for (int64_t at = 0; at < size; at++) {
    if (data[at] != pattern(at)) return at;
  }
  return size;
}

/* Every size to every other: within and across the line between small and large blocks, and across the sizes at which
 * large blocks are copied, moved or grown at their place. */
TEST(reallocation_keeps_contents) {
  const int64_t sizes[] = {0, 1, 100, 5000, LARGE - 1, LARGE, LARGE + 1, 9 * MIB, 20 * MIB};
  const int64_t alignments[] = {1, 64, 4096, 2 * MIB};
  int count = scaled(COUNT(sizes), 7);
  arrowio_pool *pool = KINDS[kind].make();
  for (int from = 0; from < count; from++) {
    for (int to = 0; to < count; to++) {
      int64_t alignment = alignments[(from + to) % COUNT(alignments)];
      int64_t old_size = sizes[from], new_size = sizes[to], kept = old_size < new_size ? old_size : new_size;
      uint8_t *data = NULL;
      OK(arrowio_pool_allocate(pool, old_size, alignment, &data, &error));
      fill(data, 0, old_size);
      OK(arrowio_pool_reallocate(pool, old_size, new_size, alignment, &data, &error));
      CHECK_INT(0, (uintptr_t)data % (uintptr_t)alignment);
      CHECK_INT(kept, first_difference(data, kept));
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
  fill(data, 0, size);
  for (int64_t next = 3000; next < most; next = next * 3 / 2) {
    OK(arrowio_pool_reallocate(pool, size, next, 64, &data, &error));
    fill(data, size, next);
    size = next;
  }
  CHECK_INT(size, first_difference(data, size));
  while (size > 100) {
    OK(arrowio_pool_reallocate(pool, size, size / 3, 64, &data, &error));
    size /= 3;
    CHECK_INT(size, first_difference(data, size));
  }
  arrowio_pool_free(pool, data, size, 64);
  CHECK_INT(0, arrowio_pool_bytes_allocated(pool));
  arrowio_pool_release(pool);
}

/* ---- Figures ---- */

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

typedef struct {
  arrowio_pool *pool;
  pthread_barrier_t all_hold, all_may_free;
  atomic_llong total, count;
  int rounds;
} counting;

/* Each thread works, then holds a block while the others hold theirs. */
static void count_on_thread(int index, void *shared) {
  counting *all = shared;
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
  for (int threads = 8; threads <= scaled(64, 8); threads *= 8) {
    counting all = {.pool = KINDS[kind].make(), .rounds = scaled(2000, 50)};
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
typedef struct {
  arrowio_pool *pool;
  _Atomic(uint8_t *) slots[64];
  int rounds;
} exchange;

static void exchange_on_thread(int index, void *shared) {
  exchange *all = shared;
  uint32_t random = (uint32_t)index + 1;
  for (int i = 0; i < all->rounds; i++) {
    int slot = (int)(next_random(&random) % 64);
    int64_t size = slot % 16 == 0 ? MIB + slot * 100 * KIB : 100 + slot * 500;
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
  exchange all = {.pool = KINDS[kind].make(), .rounds = scaled(2000, 100)};
  run_threads(8, exchange_on_thread, &all);
  for (int slot = 0; slot < 64; slot++) {
    int64_t size = slot % 16 == 0 ? MIB + slot * 100 * KIB : 100 + slot * 500;
    arrowio_pool_free(all.pool, all.slots[slot], size, 64);
  }
  CHECK_INT(0, arrowio_pool_bytes_allocated(all.pool));
  arrowio_pool_release(all.pool);
}

/* ---- Lifetime ---- */

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

/* ---- Proxy ---- */

TEST(proxies_count_their_own_share) {
  arrowio_pool *parent = make_system(), *one = NULL, *two = NULL;
  uint8_t *a = NULL, *b = NULL, *c = NULL;
  OK(arrowio_pool_new_proxy(parent, &one, &error));
  OK(arrowio_pool_new_proxy(one, &two, &error));
  OK(arrowio_pool_allocate(parent, 1000, 64, &a, &error));
  OK(arrowio_pool_allocate(one, 200, 64, &b, &error));
  OK(arrowio_pool_allocate(two, 30, 64, &c, &error));
  CHECK_FIGURES(parent, 1230, 1230, 1230, 3);
  CHECK_FIGURES(one, 230, 230, 230, 2);
  CHECK_FIGURES(two, 30, 30, 30, 1);
  arrowio_pool_free(two, c, 30, 64);
  arrowio_pool_free(parent, a, 1000, 64);
  CHECK_FIGURES(parent, 200, 1230, 1230, 3);
  CHECK_FIGURES(one, 200, 230, 230, 2);
  arrowio_pool_free(one, b, 200, 64);
  arrowio_pool_release(parent);
  arrowio_pool_release(one);
  arrowio_pool_release(two);
}

/* ---- Capped ---- */

#define LIMIT MIB

typedef struct {
  arrowio_pool *pool;
  host_memory host;
  atomic_llong succeeded, failed;
  int rounds;
} capped;

static void strain_cap(int index, void *shared) {
  capped *all = shared;
  uint32_t random = (uint32_t)index + 1;
  for (int i = 0; i < all->rounds; i++) {
    int64_t size = 1 + next_random(&random) % (96 * KIB), other_size = 1 + next_random(&random) % (96 * KIB);
    uint8_t *data = NULL;
    arrowio_status status = arrowio_pool_allocate(all->pool, size, 64, &data, NULL);
    THREAD_CHECK(arrowio_pool_bytes_allocated(all->pool) <= LIMIT);
    atomic_fetch_add(status == ARROWIO_OK ? &all->succeeded : &all->failed, 1);
    if (status != ARROWIO_OK) {
      THREAD_CHECK(status == ARROWIO_OUT_OF_MEMORY && data == NULL);
      continue;
    }
    data[0] = data[size - 1] = (uint8_t)index;
    uint8_t *before = data;
    status = arrowio_pool_reallocate(all->pool, size, other_size, 64, &data, NULL);
    THREAD_CHECK(arrowio_pool_bytes_allocated(all->pool) <= LIMIT);
    THREAD_CHECK(status == ARROWIO_OK || (status == ARROWIO_OUT_OF_MEMORY && data == before && data[size - 1] == (uint8_t)index));
    THREAD_CHECK(data[0] == (uint8_t)index);
    arrowio_pool_free(all->pool, data, status == ARROWIO_OK ? other_size : size, 64);
  }
}

TEST(a_cap_holds_at_every_instant) {
  capped all = {.rounds = scaled(1000, 30)};
  arrowio_pool *parent = host_pool(&all.host);
  OK(arrowio_pool_new_capped(parent, LIMIT, &all.pool, &error));
  run_threads(64, strain_cap, &all);
  CHECK(all.host.peak <= LIMIT);
  CHECK(arrowio_pool_max_memory(all.pool) <= LIMIT);
  CHECK(all.succeeded > 0 && (all.failed > 0 || is_slow()));
  CHECK_INT(0, arrowio_pool_bytes_allocated(all.pool));
  CHECK_INT(0, all.host.live);
  uint8_t *data = NULL;
  OK(arrowio_pool_allocate(all.pool, LIMIT, 64, &data, &error));
  arrowio_pool_free(all.pool, data, LIMIT, 64);
  arrowio_pool_release(all.pool);
  arrowio_pool_release(parent);
  CHECK_INT(1, all.host.freed);
}

TEST(a_cap_counts_only_its_own_bytes) {
  arrowio_pool *parent = make_system(), *pool = NULL;
  uint8_t *elsewhere = NULL, *data = NULL, *more = NULL;
  OK(arrowio_pool_allocate(parent, 5000, 64, &elsewhere, &error));
  OK(arrowio_pool_new_capped(parent, 1000, &pool, &error));
  CHECK_FIGURES(pool, 0, 0, 0, 0);
  OK(arrowio_pool_allocate(pool, 600, 64, &data, &error));
  OK(arrowio_pool_allocate(pool, 400, 64, &more, &error));
  CHECK_FIGURES(pool, 1000, 1000, 1000, 2);
  CHECK_INT(6000, arrowio_pool_bytes_allocated(parent));
  FAILS(ARROWIO_OUT_OF_MEMORY, arrowio_pool_allocate(pool, 1, 64, &(uint8_t *){NULL}, &error));
  arrowio_pool_free(pool, more, 400, 64);
  arrowio_pool_free(parent, elsewhere, 5000, 64);
  OK(arrowio_pool_reallocate(pool, 600, 1000, 64, &data, &error));
  CHECK_FIGURES(pool, 1000, 1000, 1400, 3);
  arrowio_pool_free(pool, data, 1000, 64);
  arrowio_pool_release(pool);
  arrowio_pool_release(parent);
}

TEST(a_refused_reallocation_changes_nothing) {
  arrowio_pool *pool = NULL;
  uint8_t *data = NULL;
  OK(arrowio_pool_new_capped(NULL, 1000, &pool, &error));
  OK(arrowio_pool_allocate(pool, 700, 64, &data, &error));
  fill(data, 0, 700);
  uint8_t *before = data;
  for (int i = 0; i < 3; i++) {
    CHECK_INT(ARROWIO_OUT_OF_MEMORY, arrowio_pool_reallocate(pool, 700, 1234, 64, &data, &error));
    const char *message = arrowio_error_message(error);
    CHECK(strstr(message, "534") != NULL && strstr(message, "1000") != NULL && strstr(message, "700") != NULL);
    arrowio_error_release(error);
    CHECK(data == before && first_difference(data, 700) == 700);
    CHECK_FIGURES(pool, 700, 700, 700, 1);
  }
  OK(arrowio_pool_reallocate(pool, 700, 300, 64, &data, &error));
  OK(arrowio_pool_reallocate(pool, 300, 1000, 64, &data, &error));
  CHECK_INT(300, first_difference(data, 300));
  arrowio_pool_free(pool, data, 1000, 64);
  CHECK_INT(0, arrowio_pool_bytes_allocated(pool));
  arrowio_pool_release(pool);
}

TEST(limits) {
  arrowio_pool *pool = (arrowio_pool *)&pool;
  uint8_t *data = NULL;
  FAILS(ARROWIO_INVALID, arrowio_pool_new_capped(NULL, -1, &pool, &error));
  CHECK(pool == NULL);
  OK(arrowio_pool_new_capped(NULL, 0, &pool, &error));
  OK(arrowio_pool_allocate(pool, 0, 64, &data, &error));
  FAILS(ARROWIO_OUT_OF_MEMORY, arrowio_pool_allocate(pool, 1, 64, &data, &error));
  FAILS(ARROWIO_OUT_OF_MEMORY, arrowio_pool_reallocate(pool, 0, 1, 64, &data, &error));
  arrowio_pool_release(pool);

  arrowio_buffer *buffer = NULL;
  OK(arrowio_pool_new_capped(NULL, 1024, &pool, &error));
  OK(arrowio_buffer_allocate_resizable(pool, 1000, &buffer, &error));
  FAILS(ARROWIO_OUT_OF_MEMORY, arrowio_buffer_resize(buffer, 1025, 0, &error));
  CHECK_INT(1000, arrowio_buffer_size(buffer));
  OK(arrowio_buffer_resize(buffer, 1024, 0, &error));
  CHECK_INT(1024, arrowio_pool_bytes_allocated(pool));
  arrowio_buffer_release(buffer);
  CHECK_INT(0, arrowio_pool_bytes_allocated(pool));
  arrowio_pool_release(pool);
}

/* What a failing parent did not give is not held against the limit. */
TEST(a_cap_over_a_parent_that_fails) {
  host_memory host = {.fail = 1};
  arrowio_pool *parent = host_pool(&host), *pool = NULL;
  uint8_t *data = NULL;
  OK(arrowio_pool_new_capped(parent, 1000, &pool, &error));
  for (int i = 0; i < 5; i++) FAILS(ARROWIO_OUT_OF_MEMORY, arrowio_pool_allocate(pool, 900, 64, &data, &error));
  host.fail = 0;
  OK(arrowio_pool_allocate(pool, 500, 64, &data, &error));
  host.fail = 1;
  for (int i = 0; i < 5; i++) FAILS(ARROWIO_OUT_OF_MEMORY, arrowio_pool_reallocate(pool, 500, 900, 64, &data, &error));
  host.fail = 0;
  OK(arrowio_pool_reallocate(pool, 500, 1000, 64, &data, &error));
  CHECK_FIGURES(pool, 1000, 1000, 1000, 2);
  arrowio_pool_free(pool, data, 1000, 64);
  arrowio_pool_release(pool);
  arrowio_pool_release(parent);
  CHECK_INT(1, host.freed);
}

/* ---- Logging ---- */

typedef struct {
  arrowio_pool_event events[64];
  int count, freed;
  atomic_llong balance, total;
} event_log;

static void log_event(void *user_data, const arrowio_pool_event *event) {
  event_log *log = user_data;
  if (log->count < COUNT(log->events)) log->events[log->count] = *event;
  log->count++;
}

static void log_freed(void *user_data) { ((event_log *)user_data)->freed++; }

TEST(a_log_tells_of_every_call) {
  event_log log = {.count = 0};
  arrowio_pool *parent = NULL, *pool = NULL;
  uint8_t *data = NULL;
  OK(arrowio_pool_new_capped(NULL, 1000, &parent, &error));
  OK(arrowio_pool_new_logging(parent, log_event, &log, log_freed, &pool, &error));
  OK(arrowio_pool_allocate(pool, 100, 128, &data, &error));
  uint8_t *first = data;
  OK(arrowio_pool_reallocate(pool, 100, 900, 128, &data, &error));
  FAILS(ARROWIO_OUT_OF_MEMORY, arrowio_pool_reallocate(pool, 900, 1900, 128, &data, &error));
  FAILS(ARROWIO_OUT_OF_MEMORY, arrowio_pool_allocate(pool, 500, 64, &(uint8_t *){NULL}, &error));
  arrowio_pool_free(pool, data, 900, 128);
  const arrowio_pool_event expected[] = {
      {sizeof(arrowio_pool_event), ARROWIO_POOL_EVENT_ALLOCATE, 1, first, 100, NULL, 0, 128},
      {sizeof(arrowio_pool_event), ARROWIO_POOL_EVENT_REALLOCATE, 1, data, 900, first, 100, 128},
      {sizeof(arrowio_pool_event), ARROWIO_POOL_EVENT_REALLOCATE, 0, NULL, 1900, data, 900, 128},
      {sizeof(arrowio_pool_event), ARROWIO_POOL_EVENT_ALLOCATE, 0, NULL, 500, NULL, 0, 64},
      {sizeof(arrowio_pool_event), ARROWIO_POOL_EVENT_FREE, 1, data, 900, NULL, 0, 128},
  };
  CHECK_INT(COUNT(expected), log.count);
  for (int i = 0; i < COUNT(expected); i++) {
    const arrowio_pool_event *event = &log.events[i], *other = &expected[i];
    CHECK_INT(other->struct_size, event->struct_size);
    CHECK_INT(other->kind, event->kind);
    CHECK_INT(other->succeeded, event->succeeded);
    CHECK(other->data == event->data && other->old_data == event->old_data);
    CHECK_INT(other->size, event->size);
    CHECK_INT(other->old_size, event->old_size);
    CHECK_INT(other->alignment, event->alignment);
  }
  CHECK_INT(0, log.freed);
  arrowio_pool_release(pool);
  CHECK_INT(1, log.freed);
  arrowio_pool_release(parent);
}

static void add_up(void *user_data, const arrowio_pool_event *event) {
  event_log *log = user_data;
  if (!event->succeeded) return;
  int64_t growth = event->kind == ARROWIO_POOL_EVENT_FREE ? -event->size : event->size - event->old_size;
  atomic_fetch_add(&log->balance, growth);
  if (growth > 0) atomic_fetch_add(&log->total, growth);
}

typedef struct {
  arrowio_pool *pool;
  int rounds;
} work;

static void use_buffers(int index, void *shared) {
  work *all = shared;
  for (int i = 0; i < all->rounds; i++) {
    arrowio_buffer *buffer = NULL, *all_written = NULL;
    arrowio_file *stream = NULL;
    THREAD_CHECK(arrowio_buffer_allocate_resizable(all->pool, index * 100 + i, &buffer, NULL) == ARROWIO_OK);
    THREAD_CHECK(arrowio_buffer_resize(buffer, i * 100, i % 2, NULL) == ARROWIO_OK);
    THREAD_CHECK(arrowio_buffer_output_stream_new(all->pool, 0, &stream, NULL) == ARROWIO_OK);
    THREAD_CHECK(arrowio_file_write_buffer(stream, buffer, NULL) == ARROWIO_OK);
    THREAD_CHECK(arrowio_buffer_output_stream_finish(stream, &all_written, NULL) == ARROWIO_OK);
    arrowio_buffer_release(buffer);
    arrowio_buffer_release(all_written);
    arrowio_file_release(stream);
  }
}

TEST(a_log_adds_up_under_threads) {
  event_log log = {.count = 0};
  work all = {.rounds = scaled(500, 20)};
  OK(arrowio_pool_new_logging(NULL, add_up, &log, log_freed, &all.pool, &error));
  run_threads(8, use_buffers, &all);
  CHECK_INT(0, log.balance);
  CHECK_INT(log.total, arrowio_pool_total_bytes_allocated(all.pool));
  CHECK_INT(0, arrowio_pool_bytes_allocated(all.pool));
  arrowio_pool_release(all.pool);
  CHECK_INT(1, log.freed);
  FAILS(ARROWIO_INVALID, arrowio_pool_new_logging(NULL, NULL, &log, log_freed, &all.pool, &error));
  CHECK(log.freed == 1 && all.pool == NULL);
}

/* ---- Callbacks ---- */

/* Buffers, what streams grow, what files read: the host's allocator sees all of it, and gets all of it back. */
TEST(callbacks_see_every_byte) {
  char path[4096];
  host_memory host = {.fail = 0};
  arrowio_pool *pool = host_pool(&host);
  arrowio_buffer *buffer = NULL, *read = NULL;
  arrowio_file *stream = NULL, *file = NULL;
  OK(arrowio_buffer_allocate_resizable(pool, 100, &buffer, &error));
  CHECK_INT(128, host.live);
  OK(arrowio_buffer_resize(buffer, 2 * MIB, 0, &error));
  CHECK_INT(2 * MIB, host.live);
  memset(arrowio_buffer_mutable_data(buffer), 'x', 2 * MIB);
  OK(arrowio_buffer_output_stream_new(pool, 0, &stream, &error));
  OK(arrowio_file_write(stream, "12345", 5, &error));
  CHECK_INT(host.live, arrowio_pool_bytes_allocated(pool));
  CHECK(host.live > 2 * MIB);
  arrowio_file_release(stream);
  CHECK_INT(2 * MIB, host.live);

  snprintf(path, sizeof path, "%s/data", folder);
  OK(arrowio_os_file_open(path, ARROWIO_MODE_WRITE, NULL, &file, &error));
  OK(arrowio_file_write_buffer(file, buffer, &error));
  arrowio_file_release(file);
  arrowio_os_file_options options = {.struct_size = sizeof options, .pool = pool};
  OK(arrowio_os_file_open(path, ARROWIO_MODE_READ, &options, &file, &error));
  OK(arrowio_file_read_buffer(file, 10000, &read, &error));
  CHECK_INT(10000, arrowio_buffer_size(read));
  CHECK(host.live >= 2 * MIB + 10000);
  CHECK_INT(host.live, arrowio_pool_bytes_allocated(pool));

  arrowio_pool_release(pool);
  arrowio_file_release(file);
  arrowio_buffer_release(buffer);
  CHECK_INT(0, host.freed);
  arrowio_buffer_release(read);
  CHECK_INT(1, host.freed);
  CHECK_INT(0, host.live);
  CHECK_INT(0, host.odd_sizes);
}

TEST(callbacks_that_are_optional) {
  host_memory host = {.fail = 0};
  arrowio_pool_callbacks callbacks = {sizeof callbacks, host_allocate, NULL, host_free, NULL, NULL};
  arrowio_pool *pool = NULL;
  uint8_t *data = NULL;
  OK(arrowio_pool_new_callbacks(&callbacks, &host, &pool, &error));
  memset(&callbacks, 0, sizeof callbacks); /* It was copied. */
  OK(arrowio_pool_allocate(pool, 1000, 256, &data, &error));
  fill(data, 0, 1000);
  OK(arrowio_pool_reallocate(pool, 1000, 5000, 256, &data, &error));
  CHECK(first_difference(data, 1000) == 1000 && (uintptr_t)data % 256 == 0);
  CHECK_INT(5000, host.live);
  host.fail = 1;
  FAILS(ARROWIO_OUT_OF_MEMORY, arrowio_pool_reallocate(pool, 5000, 9000, 256, &data, &error));
  CHECK_FIGURES(pool, 5000, 5000, 5000, 2);
  CHECK_INT(1000, first_difference(data, 1000));
  arrowio_pool_release_unused(pool);
  arrowio_pool_free(pool, data, 5000, 256);
  arrowio_pool_release(pool);
  CHECK_INT(0, host.live);

  pool = host_pool(&host);
  arrowio_pool_release_unused(pool);
  CHECK_INT(1, host.released_unused);
  arrowio_pool_release(pool);
  CHECK_INT(1, host.freed);
}

TEST(callbacks_that_are_missing) {
  host_memory host = {.fail = 0};
  arrowio_pool *pool = (arrowio_pool *)&pool;
  arrowio_pool_callbacks callbacks = HOST_CALLBACKS;
  callbacks.allocate = NULL;
  FAILS(ARROWIO_INVALID, arrowio_pool_new_callbacks(&callbacks, &host, &pool, &error));
  CHECK(pool == NULL);
  callbacks = HOST_CALLBACKS;
  callbacks.free = NULL;
  FAILS(ARROWIO_INVALID, arrowio_pool_new_callbacks(&callbacks, &host, &pool, &error));
  FAILS(ARROWIO_INVALID, arrowio_pool_new_callbacks(NULL, &host, &pool, &error));
  FAILS(ARROWIO_INVALID, arrowio_pool_new_callbacks(&HOST_CALLBACKS, &host, NULL, &error));
  CHECK_INT(0, host.freed);
}

/* A host built against an older header gives less, one built against a newer one gives more, which must be zero. */
TEST(struct_size) {
  struct {
    arrowio_pool_callbacks known;
    char newer[32];
  } larger;
  host_memory host = {.fail = 0};
  arrowio_pool *pool = NULL;
  memset(&larger, 0, sizeof larger);
  larger.known = HOST_CALLBACKS;

  larger.known.struct_size = offsetof(arrowio_pool_callbacks, release_unused);
  OK(arrowio_pool_new_callbacks(&larger.known, &host, &pool, &error));
  arrowio_pool_release_unused(pool);
  arrowio_pool_release(pool);
  CHECK(host.released_unused == 0 && host.freed == 0);

  larger.known.struct_size = sizeof larger;
  OK(arrowio_pool_new_callbacks(&larger.known, &host, &pool, &error));
  arrowio_pool_release(pool);
  CHECK_INT(1, host.freed);

  larger.newer[31] = 1;
  FAILS(ARROWIO_INVALID, arrowio_pool_new_callbacks(&larger.known, &host, &pool, &error));
  larger.known.struct_size = 0;
  FAILS(ARROWIO_INVALID, arrowio_pool_new_callbacks(&larger.known, &host, &pool, &error));
  larger.known.struct_size = sizeof(size_t);
  FAILS(ARROWIO_INVALID, arrowio_pool_new_callbacks(&larger.known, &host, &pool, &error));
  CHECK_INT(1, host.freed);
}

/* ---- Large blocks ---- */

static int64_t resident_bytes(void) {
  long pages = 0, resident = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (file == NULL || fscanf(file, "%ld %ld", &pages, &resident) != 2) resident = -1;
  if (file != NULL) fclose(file);
  return resident * sysconf(_SC_PAGESIZE);
}

static uint8_t *allocate_and_touch(arrowio_pool *pool, int64_t size) {
  uint8_t *data = NULL;
  OK(arrowio_pool_allocate(pool, size, 64, &data, &error));
  for (int64_t at = 0; at < size; at += 4096) data[at] = 1;
  return data;
}

/* A freed large block is used again, and given back to the system on demand. */
TEST(large_blocks_are_kept_and_released) {
  const int64_t size = 64 * MIB;
  arrowio_pool *pool = KINDS[kind].make();
  arrowio_pool_release_unused(pool);
  int64_t before = resident_bytes(), kept = 0;
  for (int i = 0; i < 50; i++) {
    uint8_t *data = allocate_and_touch(pool, size);
    CHECK(resident_bytes() - before > size - 4 * MIB);
    arrowio_pool_free(pool, data, size, 64);
    if (i == 0) kept = resident_bytes();
    CHECK(resident_bytes() - kept < 4 * MIB);
  }
  CHECK(kept - before > size / 2);
  arrowio_pool_release_unused(pool);
  CHECK(resident_bytes() - before < 4 * MIB);
  CHECK_INT(size, arrowio_pool_max_memory(pool));
  arrowio_pool_release(pool);
}

/* What is kept stays within what was once in use, whatever comes and goes. */
TEST(large_blocks_kept_are_bounded) {
  arrowio_pool *pool = KINDS[kind].make();
  uint8_t *blocks[16];
  uint32_t random = 1;
  arrowio_pool_release_unused(pool);
  int64_t before = resident_bytes();
  for (int round = 0; round < 20; round++) {
    int64_t sizes[COUNT(blocks)];
    for (int i = 0; i < COUNT(blocks); i++) {
      sizes[i] = MIB + next_random(&random) % (6 * MIB);
      blocks[i] = allocate_and_touch(pool, sizes[i]);
    }
    for (int i = 0; i < COUNT(blocks); i++) arrowio_pool_free(pool, blocks[i], sizes[i], 64);
    CHECK(resident_bytes() - before < 2 * arrowio_pool_max_memory(pool) + 2 * MIB * COUNT(blocks));
  }
  arrowio_pool_release_unused(pool);
  CHECK(resident_bytes() - before < 4 * MIB);
  arrowio_pool_release(pool);
}

int main(int argc, char **argv) {
  program = argv[0];
  folder = argc > 1 ? argv[1] : ".";
  if (argc > 1 && strcmp(argv[1], "print-default") == 0) return print_default(0);
  if (argc > 1 && strcmp(argv[1], "print-handled") == 0) return print_default(1);

  RUN(back_ends_by_name);
  RUN(unknown_back_end);
  RUN(a_pool_opened_twice_shares_its_figures);
  RUN(set_default);
  RUN(default_from_the_environment);
  RUN(unknown_default_through_a_warning_handler);
  RUN_FOR_EACH_KIND(back_end_name);
  RUN_FOR_EACH_KIND(alignment);
  RUN_FOR_EACH_KIND(absurd_alignment);
  RUN_FOR_EACH_KIND(wrong_arguments);
  RUN(wrong_free_warns_and_frees_nothing);
  RUN_FOR_EACH_KIND(size_zero);
  RUN_FOR_EACH_KIND(reallocation_keeps_contents);
  RUN_FOR_EACH_KIND(a_block_that_grows_and_shrinks);
  RUN_FOR_EACH_KIND(figures);
  RUN_FOR_EACH_KIND(figures_under_threads);
  RUN_FOR_EACH_KIND(blocks_freed_on_other_threads);
  RUN_FOR_EACH_KIND(a_pool_lives_as_long_as_its_buffers);
  RUN(proxies_count_their_own_share);
  RUN(a_cap_holds_at_every_instant);
  RUN(a_cap_counts_only_its_own_bytes);
  RUN(a_refused_reallocation_changes_nothing);
  RUN(limits);
  RUN(a_cap_over_a_parent_that_fails);
  RUN(a_log_tells_of_every_call);
  RUN(a_log_adds_up_under_threads);
  RUN(callbacks_see_every_byte);
  RUN(callbacks_that_are_optional);
  RUN(callbacks_that_are_missing);
  RUN(struct_size);
  if (is_slow()) {
    printf("resident memory is not the program's own under valgrind and sanitizers: not measured\n");
  } else {
    kind = 0;
    RUN(large_blocks_are_kept_and_released);
    RUN(large_blocks_kept_are_bounded);
    kind = 1;
    RUN(large_blocks_are_kept_and_released);
    RUN(large_blocks_kept_are_bounded);
  }
  return finish();
}

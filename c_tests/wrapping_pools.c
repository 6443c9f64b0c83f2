/* Pools over other pools, and over an allocator of the host's. */
#include "pools.h"

TEST(proxies_count_their_own_share) {
  arrowio_pool *parent = proxy_over("system"), *one = NULL, *two = NULL;
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

#define LIMIT MIB

struct strain {
  arrowio_pool *pool;
  struct host_memory host;
  pthread_barrier_t all_hold;
  atomic_llong succeeded, failed;
  int rounds;
};

/* Holds a few blocks, and replaces and resizes them at random. */
static void strain_cap(int index, void *shared) {
  struct strain *all = shared;
  uint32_t random = (uint32_t)index + 1;
  struct bytes held[4] = {{0}};
  for (int i = 0; i < all->rounds; i++) {
    struct bytes *block = &held[next_random(&random) % 4], before = *block;
    int64_t size = 1 + next_random(&random) % (96 * KIB);
    int resize = block->data != NULL && i % 2 == 0;
    if (block->data != NULL) THREAD_CHECK(block->data[block->size - 1] == index);
    if (!resize) arrowio_pool_free(all->pool, block->data, block->size, 64);
    if (!resize) *block = (struct bytes){0};
    arrowio_status status = resize ? arrowio_pool_reallocate(all->pool, block->size, size, 64, &block->data, NULL)
                                   : arrowio_pool_allocate(all->pool, size, 64, &block->data, NULL);
    THREAD_CHECK(arrowio_pool_bytes_allocated(all->pool) <= LIMIT);
    atomic_fetch_add(status == ARROWIO_OK ? &all->succeeded : &all->failed, 1);
    if (status == ARROWIO_OK) {
      block->size = size;
      block->data[size - 1] = (uint8_t)index;
    } else {
      THREAD_CHECK(status == ARROWIO_OUT_OF_MEMORY && block->data == (resize ? before.data : NULL));
    }
  }
  pthread_barrier_wait(&all->all_hold);
  for (int i = 0; i < 4; i++) arrowio_pool_free(all->pool, held[i].data, held[i].size, 64);
}

/* Seen by the allocator beneath, which counts for itself, and by the pool's own figure at any time. */
TEST(a_cap_holds_at_every_instant) {
  struct strain all = {.rounds = (int)scaled(2000, 100)};
  arrowio_pool *parent = host_pool(&all.host);
  OK(arrowio_pool_new_capped(parent, LIMIT, &all.pool, &error));
  pthread_barrier_init(&all.all_hold, NULL, 64);
  run_threads(64, strain_cap, &all);
  pthread_barrier_destroy(&all.all_hold);
  CHECK(all.host.peak <= LIMIT);
  CHECK(arrowio_pool_max_memory(all.pool) <= LIMIT);
  CHECK(all.succeeded > 0 && all.failed > 0);
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
  arrowio_pool *parent = proxy_over("system"), *pool = NULL;
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
  mark(data, 0, 700);
  uint8_t *before = data;
  for (int i = 0; i < 3; i++) {
    SAYS(ARROWIO_OUT_OF_MEMORY, "limit 1000, in use 700, free 300",
         arrowio_pool_reallocate(pool, 700, 1234, 64, &data, &error));
    CHECK(strstr(arrowio_error_message(failure), "534 more bytes") != NULL);
    CHECK(data == before && marked(data, 700) == 700);
    CHECK_FIGURES(pool, 700, 700, 700, 1);
  }
  OK(arrowio_pool_reallocate(pool, 700, 300, 64, &data, &error));
  OK(arrowio_pool_reallocate(pool, 300, 1000, 64, &data, &error));
  CHECK_INT(300, marked(data, 300));
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
  struct host_memory host = {0};
  arrowio_pool *parent = host_pool(&host), *pool = NULL;
  uint8_t *data = NULL;
  OK(arrowio_pool_new_capped(parent, 1000, &pool, &error));
  host_runs_out(&host, 1);
  for (int i = 0; i < 5; i++) FAILS(ARROWIO_OUT_OF_MEMORY, arrowio_pool_allocate(pool, 900, 64, &data, &error));
  host_runs_out(&host, 0);
  OK(arrowio_pool_allocate(pool, 500, 64, &data, &error));
  host_runs_out(&host, 1);
  for (int i = 0; i < 5; i++) FAILS(ARROWIO_OUT_OF_MEMORY, arrowio_pool_reallocate(pool, 500, 900, 64, &data, &error));
  host_runs_out(&host, 0);
  OK(arrowio_pool_reallocate(pool, 500, 1000, 64, &data, &error));
  CHECK_FIGURES(pool, 1000, 1000, 1000, 2);
  arrowio_pool_free(pool, data, 1000, 64);
  arrowio_pool_release(pool);
  arrowio_pool_release(parent);
  CHECK_INT(1, host.freed);
}

struct event_log {
  arrowio_pool_event events[64];
  int count, freed;
  atomic_llong balance, total;
};

static void log_event(void *user_data, const arrowio_pool_event *event) {
  struct event_log *log = user_data;
  if (log->count < COUNT(log->events)) log->events[log->count] = *event;
  log->count++;
}

static void log_freed(void *user_data) { ((struct event_log *)user_data)->freed++; }

TEST(a_log_tells_of_every_call) {
  struct event_log log = {.count = 0};
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
  struct event_log *log = user_data;
  if (!event->succeeded) return;
  int64_t growth = event->kind == ARROWIO_POOL_EVENT_FREE ? -event->size : event->size - event->old_size;
  atomic_fetch_add(&log->balance, growth);
  if (growth > 0) atomic_fetch_add(&log->total, growth);
}

static void use_buffers(int index, void *shared) {
  arrowio_pool *pool = shared;
  for (int i = 0; i < scaled(500, 20); i++) {
    arrowio_buffer *buffer = NULL, *all_written = NULL;
    arrowio_file *stream = NULL;
    THREAD_CHECK(arrowio_buffer_allocate_resizable(pool, index * 100 + i, &buffer, NULL) == ARROWIO_OK);
    THREAD_CHECK(arrowio_buffer_resize(buffer, i * 100, i % 2, NULL) == ARROWIO_OK);
    THREAD_CHECK(arrowio_buffer_output_stream_new(pool, 0, &stream, NULL) == ARROWIO_OK);
    THREAD_CHECK(arrowio_file_write_buffer(stream, buffer, NULL) == ARROWIO_OK);
    THREAD_CHECK(arrowio_buffer_output_stream_finish(stream, &all_written, NULL) == ARROWIO_OK);
    arrowio_buffer_release(buffer);
    arrowio_buffer_release(all_written);
    arrowio_file_release(stream);
  }
}

TEST(a_log_adds_up_under_threads) {
  struct event_log log = {.count = 0};
  arrowio_pool *pool = NULL;
  OK(arrowio_pool_new_logging(NULL, add_up, &log, log_freed, &pool, &error));
  run_threads(8, use_buffers, pool);
  CHECK_INT(0, log.balance);
  CHECK_INT(log.total, arrowio_pool_total_bytes_allocated(pool));
  CHECK_INT(0, arrowio_pool_bytes_allocated(pool));
  arrowio_pool_release(pool);
  CHECK_INT(1, log.freed);
  FAILS(ARROWIO_INVALID, arrowio_pool_new_logging(NULL, NULL, &log, log_freed, &pool, &error));
  CHECK(log.freed == 1 && pool == NULL);
}

/* Buffers, what streams grow, what files read: the host's allocator sees all of it, and gets all of it back. */
TEST(callbacks_see_every_byte) {
  struct host_memory host = {0};
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

  const char *path = here("data");
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
  struct host_memory host = {0};
  arrowio_pool_callbacks callbacks = {sizeof callbacks, host_allocate, NULL, host_free, NULL, NULL};
  arrowio_pool *pool = NULL;
  uint8_t *data = NULL;
  OK(arrowio_pool_new_callbacks(&callbacks, &host, &pool, &error));
  memset(&callbacks, 0, sizeof callbacks); /* It was copied. */
  OK(arrowio_pool_allocate(pool, 1000, 256, &data, &error));
  mark(data, 0, 1000);
  OK(arrowio_pool_reallocate(pool, 1000, 5000, 256, &data, &error));
  CHECK(marked(data, 1000) == 1000 && (uintptr_t)data % 256 == 0);
  CHECK_INT(5000, host.live);
  host_runs_out(&host, 1);
  FAILS(ARROWIO_OUT_OF_MEMORY, arrowio_pool_reallocate(pool, 5000, 9000, 256, &data, &error));
  CHECK_FIGURES(pool, 5000, 5000, 5000, 2);
  CHECK_INT(1000, marked(data, 1000));
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
  struct host_memory host = {0};
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
  struct host_memory host = {0};
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

int main(int argc, char **argv) {
  start(argc, argv);
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
  return finish_files();
}

/* The library in the life of a process: loaded late, on threads that end, several times, by a host that has functions
 * of the names of its own; forked; left with everything open; and its objects used by many threads at once.
 */
#include "pools.h"
#include <dlfcn.h>

/* ---- A host that has functions of the names of libraries inside this one ---- */

static atomic_int host_called;

/* Weak: where the library is linked statically its own take their place. */
#define HOST_FUNCTION(name) __attribute__((weak)) long name(void) { return ++host_called; }

HOST_FUNCTION(ZSTD_versionNumber)
HOST_FUNCTION(ZSTD_createCCtx)
HOST_FUNCTION(ZSTD_createDCtx)
HOST_FUNCTION(ZSTD_compressStream2)
HOST_FUNCTION(ZSTD_decompressStream)
HOST_FUNCTION(ZSTD_isError)
HOST_FUNCTION(inflate)
HOST_FUNCTION(inflateInit2_)
HOST_FUNCTION(deflate)
HOST_FUNCTION(deflateInit2_)
HOST_FUNCTION(crc32)
HOST_FUNCTION(mi_malloc)
HOST_FUNCTION(mi_malloc_aligned)
HOST_FUNCTION(mi_free)

/* ---- A copy of the library, by the addresses of what is used of it ---- */

#define USED(X)                                                                                                     \
  X(arrowio_pool_open) X(arrowio_pool_release) X(arrowio_pool_bytes_allocated) X(arrowio_pool_release_unused)       \
  X(arrowio_buffer_allocate_resizable) X(arrowio_buffer_resize) X(arrowio_buffer_mutable_data)                      \
  X(arrowio_buffer_slice) X(arrowio_buffer_data) X(arrowio_buffer_size) X(arrowio_buffer_release)                   \
  X(arrowio_output_stream_open) X(arrowio_input_stream_open) X(arrowio_file_write) X(arrowio_file_read_all)         \
  X(arrowio_file_close) X(arrowio_file_release) X(arrowio_error_message) X(arrowio_error_release)                   \
  X(arrowio_executor_new) X(arrowio_executor_stop) X(arrowio_executor_release) X(arrowio_file_read_async)           \
  X(arrowio_operation_wait) X(arrowio_operation_release)

#define FIELD(name) __typeof__(name) *name;
#define LINKED(name) name,
#define LOOKED_UP(name) *(void **)&copy->api.name = dlsym(copy->library, #name);

struct api {
  USED(FIELD)
};

static const struct api LINKED_API = {USED(LINKED)};

struct copy {
  char path[4096];
  void *library;
  struct api api;
};

/* Another file, so that the loader takes it for another library. */
static void make_copy(struct copy *copy, const char *name) {
  char original[4096];
  snprintf(original, sizeof original, "%s/../../../lib/libarrowio.so", folder);
  snprintf(copy->path, sizeof copy->path, "%s", here(name));
  struct bytes library = load(original);
  save(copy->path, library.data, library.size);
  drop(&library);
}

static void load_copy(struct copy *copy) {
  copy->library = dlopen(copy->path, RTLD_NOW | RTLD_LOCAL);
  THREAD_CHECK(copy->library != NULL);
  if (copy->library == NULL) abort();
  USED(LOOKED_UP)
}

/* A bit of everything: both back ends, small and large blocks, slices, files by both codecs,
 * an error, a thread. Valgrind does
 * without mimalloc, for it would search all of the gibibyte that each copy reserves.
 */
static void use(const struct api *api, int index) {
  static const char *const BACK_ENDS[] = {"system", "mimalloc"}, *const SUFFIXES[] = {"gz", "zst"};
  for (int i = 0; i < scaled(2, 1); i++) {
    char path[4096];
    arrowio_pool *pool = NULL;
    arrowio_buffer *buffer = NULL, *slice = NULL, *whole = NULL;
    arrowio_file *file = NULL, *none = NULL;
    arrowio_error *problem = NULL;
    arrowio_executor *executor = NULL;
    arrowio_operation *operation = NULL;
    THREAD_CHECK(api->arrowio_pool_open(BACK_ENDS[i], &pool, NULL) == ARROWIO_OK);
    THREAD_CHECK(api->arrowio_buffer_allocate_resizable(pool, 1000, &buffer, NULL) == ARROWIO_OK);
    THREAD_CHECK(api->arrowio_buffer_resize(buffer, 2 * MIB, 0, NULL) == ARROWIO_OK);
    memset(api->arrowio_buffer_mutable_data(buffer), 'a' + index % 26, 2 * MIB);
    THREAD_CHECK(api->arrowio_buffer_slice(buffer, MIB, 5000, &slice, NULL) == ARROWIO_OK);
    snprintf(path, sizeof path, "%s/%d-%d.%s", folder, (int)getpid(), index, SUFFIXES[i]);
    THREAD_CHECK(api->arrowio_output_stream_open(path, NULL, &file, NULL) == ARROWIO_OK);
    THREAD_CHECK(api->arrowio_file_write(file, api->arrowio_buffer_data(slice), 5000, NULL) == ARROWIO_OK);
    THREAD_CHECK(api->arrowio_file_close(file, NULL) == ARROWIO_OK);
    api->arrowio_file_release(file);
    THREAD_CHECK(api->arrowio_input_stream_open(path, NULL, &file, NULL) == ARROWIO_OK);
    THREAD_CHECK(api->arrowio_file_read_all(file, &whole, NULL) == ARROWIO_OK);
    THREAD_CHECK(api->arrowio_buffer_size(whole) == 5000);
    THREAD_CHECK(memcmp(api->arrowio_buffer_data(whole), api->arrowio_buffer_data(slice), 5000) == 0);
    THREAD_CHECK(api->arrowio_input_stream_open("/nonexistent/x", NULL, &none, &problem) == ARROWIO_IO_ERROR);
    THREAD_CHECK(strstr(api->arrowio_error_message(problem), "No such file") != NULL);
    THREAD_CHECK(api->arrowio_executor_new(1, &executor, NULL) == ARROWIO_OK);
    THREAD_CHECK(api->arrowio_file_read_async(file, executor, 1000, NULL, &operation, NULL) == ARROWIO_OK);
    THREAD_CHECK(api->arrowio_operation_wait(operation, -1, NULL) == ARROWIO_OK);
    THREAD_CHECK(api->arrowio_executor_stop(executor, -1, NULL) == ARROWIO_OK);
    api->arrowio_operation_release(operation);
    api->arrowio_executor_release(executor);
    api->arrowio_error_release(problem);
    api->arrowio_file_release(file);
    api->arrowio_buffer_release(whole);
    api->arrowio_buffer_release(slice);
    api->arrowio_buffer_release(buffer);
    api->arrowio_pool_release_unused(pool);
    api->arrowio_pool_release(pool);
    unlink(path);
  }
}

static void use_copy(int index, void *shared) { use(&((struct copy *)shared)->api, index); }

static void load_and_use(int index, void *shared) {
  load_copy(shared);
  use_copy(index, shared);
}

static void load_use_and_close(int index, void *shared) {
  load_and_use(index, shared);
  THREAD_CHECK(dlclose(((struct copy *)shared)->library) == 0);
}

TEST(loaded_on_a_thread_that_ends) {
  struct copy copy;
  make_copy(&copy, "late.so");
  run_threads(1, load_and_use, &copy);
  run_threads((int)scaled(100, 20), use_copy, &copy);
  use_copy(0, &copy);
  dlclose(copy.library);
}

/* Threads that end after the library was closed, one after the other and together. */
TEST(closed_before_its_threads_end) {
  struct copy copy;
  make_copy(&copy, "closed.so");
  for (int i = 0; i < 10; i++) run_threads(1, load_use_and_close, &copy);
  load_copy(&copy);
  void *library = copy.library;
  run_threads((int)scaled(20, 5), use_copy, &copy);
  CHECK_INT(0, dlclose(library));
}

static void use_either(int index, void *shared) { use(((const struct api **)shared)[index % 3], index); }

/* Copies know nothing of each other. */
TEST(several_copies) {
  struct copy one, two;
  arrowio_pool *pools[2];
  arrowio_buffer *buffer = NULL;
  make_copy(&one, "one.so");
  make_copy(&two, "two.so");
  load_copy(&one);
  load_copy(&two);
  CHECK(one.api.arrowio_pool_open != two.api.arrowio_pool_open && one.api.arrowio_pool_open != arrowio_pool_open);
  OK(one.api.arrowio_pool_open("system", &pools[0], &error));
  OK(two.api.arrowio_pool_open("system", &pools[1], &error));
  OK(one.api.arrowio_buffer_allocate_resizable(pools[0], 1000, &buffer, &error));
  CHECK_INT(1024, one.api.arrowio_pool_bytes_allocated(pools[0]));
  CHECK_INT(0, two.api.arrowio_pool_bytes_allocated(pools[1]));
  one.api.arrowio_buffer_release(buffer);
  const struct api *all[] = {&one.api, &two.api, &LINKED_API};
  run_threads((int)scaled(12, 6), use_either, all);
  dlclose(one.library);
  dlclose(two.library);
}

TEST(functions_of_the_host) {
  long (*mine)(void) = ZSTD_versionNumber;
  void *first = dlsym(RTLD_DEFAULT, "ZSTD_versionNumber");
  host_called = 0;
  mine();
  if (host_called == 0) {
    printf("linked statically: functions of these names are the library's\n");
    return;
  }
  CHECK(memcmp(&first, &mine, sizeof first) == 0);
  host_called = 0;
  use(&LINKED_API, 0);
  CHECK_INT(0, host_called);
}

/* ---- Fork ---- */

/* How a child has ended that called `run`. It ends as another program, for at a plain exit valgrind would take for lost
 * what belongs to threads that the child does not have.
 */
static int fork_and(void (*run)(void)) {
  int ended = -1;
  pid_t child = fork();
  if (child == 0) {
    alarm((unsigned)scaled(10, 60)); /* A child that hangs ends, and not well. */
    run();
    if (atomic_load(&thread_failures) == 0) execlp("true", "true", NULL);
    _exit(1);
  }
  return child > 0 && waitpid(child, &ended, 0) == child ? ended : -1;
}

/* AddressSanitizer's malloc does not open its locks in a child: one that another thread held at the fork hangs it (seen in
 * __asan::Allocator::Allocate). Where other threads allocate it is not forked.
 */
static int others_may_allocate(void) {
#ifdef __SANITIZE_ADDRESS__
  printf("the sanitizer's malloc may hang in a child: not forked while other threads run\n");
  return 0;
#else
  return 1;
#endif
}

static void use_linked(void) { use(&LINKED_API, 7); }

static void fork_on_thread(int index, void *shared) {
  (void)shared;
  use(&LINKED_API, index);
  THREAD_CHECK(fork_and(use_linked) == 0);
  use(&LINKED_API, index);
}

TEST(fork_on_a_thread) {
  CHECK_INT(0, fork_and(use_linked));
  run_threads(1, fork_on_thread, NULL);
  if (others_may_allocate()) run_threads(4, fork_on_thread, NULL);
}

static atomic_int forks_left;

/* Takes and gives blocks without a pause, the locks that this needs included. */
static void allocate_until_done(const char *back_end) {
  arrowio_pool *pool = NULL;
  THREAD_CHECK(arrowio_pool_open(back_end, &pool, NULL) == ARROWIO_OK);
  for (int i = 0; forks_left > 0; i++) {
    uint8_t *data = NULL;
    int64_t size = i % 2 == 0 ? 3 * MIB : 1000;
    THREAD_CHECK(arrowio_pool_allocate(pool, size, 64, &data, NULL) == ARROWIO_OK);
    data[0] = 1;
    arrowio_pool_free(pool, data, size, 64);
    if (is_slow()) usleep(1000); /* Valgrind runs one thread at a time, and is not fair. */
  }
}

static void fork_or_allocate(int index, void *shared) {
  (void)shared;
  if (index > 0) {
    allocate_until_done(index % 2 == 0 || is_slow() ? "system" : "mimalloc");
    return;
  }
  for (; forks_left > 0; forks_left--) {
    int ended = fork_and(use_linked);
    THREAD_CHECK(ended == 0);
    if (ended != 0) forks_left = 1;
  }
}

/* No child finds a lock that a thread held which it does not have. */
TEST(fork_while_others_allocate) {
  if (!others_may_allocate()) return;
  forks_left = (int)scaled(50, 5);
  run_threads(5, fork_or_allocate, NULL);
}

/* ---- The end of the process ---- */

static void *left_behind[8];

static void *use_forever(void *index) {
  for (;;) use(&LINKED_API, (int)(intptr_t)index);
  return NULL;
}

/* Everything open, in static variables, threads in the middle of it all, and a normal exit. */
static void leave(void) {
  arrowio_file *writer = NULL;
  pthread_t thread;
  OK(arrowio_set_warning_handler(NULL, NULL, NULL, &error));
  OK(arrowio_pool_new_proxy(NULL, (arrowio_pool **)&left_behind[0], &error));
  OK(arrowio_buffer_allocate(left_behind[0], 5000, (arrowio_buffer **)&left_behind[1], &error));
  OK(arrowio_buffer_slice(left_behind[1], 0, 100, (arrowio_buffer **)&left_behind[2], &error));
  OK(arrowio_output_stream_open(here("left.zst"), NULL, (arrowio_file **)&left_behind[3], &error));
  writer = left_behind[3];
  OK(arrowio_file_write(writer, "abc", 3, &error));
  OK(arrowio_memory_map_create(here("left.map"), 10000, (arrowio_file **)&left_behind[4], &error));
  CHECK_INT(ARROWIO_INVALID, arrowio_file_close(NULL, (arrowio_error **)&left_behind[5]));
  for (intptr_t i = 0; i < (is_slow() ? 0 : 3); i++) {
    CHECK_INT(0, pthread_create(&thread, NULL, use_forever, (void *)(i + 20)));
    pthread_detach(thread);
  }
  usleep(2000);
  exit(0);
}

TEST(exit_with_everything_open) {
  for (int i = 0; i < scaled(20, 3); i++) {
    fflush(NULL);
    CHECK_INT(0, fork_and(leave));
  }
}

/* ---- One object, many threads ---- */

struct closing {
  arrowio_file *file;
  atomic_int ok, failed, other;
};

static void close_shared(int index, void *shared) {
  struct closing *all = shared;
  char byte;
  int64_t size;
  arrowio_status status =
      index < 2 ? arrowio_file_close(all->file, NULL) : arrowio_file_read_at(all->file, 0, &byte, 1, &size, NULL);
  if (index < 2) {
    atomic_fetch_add(status == ARROWIO_OK ? &all->ok : status == ARROWIO_IO_ERROR ? &all->failed : &all->other, 1);
  } else {
    THREAD_CHECK(status == ARROWIO_OK || status == ARROWIO_CLOSED || status == ARROWIO_INVALID);
  }
}

/* Both get the same answer, the descriptor is closed once, and reads meanwhile give bytes or CLOSED. */
TEST(one_file_closed_on_two_threads) {
  save(here("content"), "abc", 3);
  for (int i = 0; i < scaled(600, 60); i++) {
    struct closing all = {0};
    int kind = i % 4, descriptors = open_descriptors();
    if (kind == 0) OK(arrowio_os_file_open(here("content"), ARROWIO_MODE_READ, NULL, &all.file, &error));
    if (kind == 1) OK(arrowio_memory_map_open(here("content"), ARROWIO_MODE_READ, 0, -1, &all.file, &error));
    if (kind > 1) OK(arrowio_output_stream_open(kind == 2 ? here("out.gz") : "/dev/full", NULL, &all.file, &error));
    if (kind > 1) OK(arrowio_file_write(all.file, "abc", 3, &error));
    run_threads(4, close_shared, &all);
    CHECK_INT(2, kind == 3 ? all.failed : all.ok);
    arrowio_file_release(all.file);
    CHECK_INT(descriptors, open_descriptors());
  }
}

struct objects {
  arrowio_pool *pool;
  arrowio_buffer *buffer;
  arrowio_file *file;
  arrowio_error *error;
};

static void retain_and_release(int index, void *shared) {
  struct objects *all = shared;
  uint32_t random = (uint32_t)index;
  int held = 0;
  for (int i = 0; i < scaled(20000, 500); i++) {
    if (held > 0 && (next_random(&random) % 2 == 0 || held == 50)) {
      arrowio_pool_release(all->pool);
      arrowio_buffer_release(all->buffer);
      arrowio_file_release(all->file);
      arrowio_error_release(all->error);
      held--;
    } else {
      THREAD_CHECK(arrowio_pool_retain(all->pool) == all->pool);
      THREAD_CHECK(arrowio_buffer_retain(all->buffer) == all->buffer);
      THREAD_CHECK(arrowio_file_retain(all->file) == all->file);
      THREAD_CHECK(arrowio_error_retain(all->error) == all->error);
      held++;
    }
  }
  /* Each thread gives back one reference more than it took: its own. */
  for (; held >= 0; held--) {
    arrowio_pool_release(all->pool);
    arrowio_buffer_release(all->buffer);
    arrowio_file_release(all->file);
    arrowio_error_release(all->error);
  }
}

TEST(references_on_many_threads) {
  struct host_memory host = {0};
  struct objects all = {host_pool(&host), NULL, NULL, NULL};
  int threads = (int)scaled(16, 8), descriptors = open_descriptors();
  save(here("content"), "abc", 3);
  OK(arrowio_buffer_allocate(all.pool, 100, &all.buffer, &error));
  OK(arrowio_os_file_open(here("content"), ARROWIO_MODE_READ, NULL, &all.file, &error));
  CHECK_INT(ARROWIO_INVALID, arrowio_file_close(NULL, &all.error));
  for (int i = 1; i < threads; i++) {
    arrowio_pool_retain(all.pool);
    arrowio_buffer_retain(all.buffer);
    arrowio_file_retain(all.file);
    arrowio_error_retain(all.error);
  }
  run_threads(threads, retain_and_release, &all);
  CHECK_INT(1, host.freed);
  CHECK_INT(0, host.live);
  CHECK_INT(descriptors, open_descriptors());
}

int main(int argc, char **argv) {
  start(argc, argv);
  RUN(loaded_on_a_thread_that_ends);
  RUN(closed_before_its_threads_end);
  RUN(several_copies);
  RUN(functions_of_the_host);
  RUN(fork_on_a_thread);
  RUN(fork_while_others_allocate);
  RUN(exit_with_everything_open);
  RUN(one_file_closed_on_two_threads);
  RUN(references_on_many_threads);
  return finish_files();
}

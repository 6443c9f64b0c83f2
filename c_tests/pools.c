/* Memory pools: back ends by name, the default pool, and what large blocks do to the process's memory. */
#include "pools.h"

static char *program;

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
  SAYS(ARROWIO_INVALID, "no-such-allocator", arrowio_pool_open("no-such-allocator", &(arrowio_pool *){NULL}, &error));
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
  static struct host_memory host;
  arrowio_pool *before = arrowio_pool_default(), *mine = host_pool(&host);
  arrowio_buffer *buffer = NULL;
  int64_t elsewhere = arrowio_pool_bytes_allocated(before);
  FAILS(ARROWIO_INVALID, arrowio_pool_set_default(NULL, &error));
  CHECK(arrowio_pool_default() == before);

  OK(arrowio_pool_set_default(mine, &error));
  CHECK(arrowio_pool_default() == mine);
  OK(arrowio_buffer_allocate(NULL, 1000, &buffer, &error));
  CHECK_INT(1024, host.live);
  CHECK_INT(1024, arrowio_pool_bytes_allocated(NULL));
  CHECK_INT(1024, arrowio_total_allocated_bytes());
  CHECK_INT(elsewhere, arrowio_pool_bytes_allocated(before));

  OK(arrowio_pool_set_default(before, &error));
  CHECK(arrowio_pool_default() == before);
  CHECK_INT(1024, arrowio_pool_bytes_allocated(mine));
  arrowio_buffer_release(buffer);
  CHECK_INT(0, host.live);
  for (int i = 0; i < 100; i++) OK(arrowio_pool_set_default(i % 2 == 0 ? mine : before, &error));
  CHECK(arrowio_pool_default() == before);
  /* What was a default once lives on without the host's reference. */
  arrowio_pool_release(mine);
  CHECK_INT(0, arrowio_pool_bytes_allocated(mine));
  CHECK_INT(0, host.freed);
}

/* ---- The default as the environment says, each time in a process of its own ---- */

static void print_warning(void *user_data, const char *message) {
  printf("%s: %s\n", (const char *)user_data, message);
}

/* What such a process does: prints the default pool's name, twice. */
static int print_default(int with_handler) {
  if (with_handler) arrowio_set_warning_handler(print_warning, (void *)"handled", NULL, NULL);
  for (int i = 0; i < 2; i++) printf("%s\n", arrowio_pool_backend_name(arrowio_pool_default()));
  return arrowio_total_allocated_bytes() == 0 ? 0 : 1;
}

/* What it printed, with standard error in front. */
static struct bytes output_of(const char *setting, const char *action) {
  char command[4096];
  snprintf(command, sizeof command, "%s '%s' %s >out 2>err && cat err out >both", setting, program, action);
  CHECK_INT(0, shell(command));
  struct bytes output = load(here("both"));
  append(&output, "", 1);
  return output;
}

TEST(default_from_the_environment) {
  const struct {
    const char *setting, *warning, *name;
  } cases[] = {
      {"env -u ARROWIO_DEFAULT_MEMORY_POOL", NULL, "mimalloc"},
      {"ARROWIO_DEFAULT_MEMORY_POOL=", NULL, "mimalloc"},
      {"ARROWIO_DEFAULT_MEMORY_POOL=mimalloc", NULL, "mimalloc"},
      {"ARROWIO_DEFAULT_MEMORY_POOL=system", NULL, "system"},
      {"ARROWIO_DEFAULT_MEMORY_POOL=no-such", "no memory pool is called 'no-such'", "mimalloc"},
      {"ARROWIO_DEFAULT_MEMORY_POOL=jemalloc", "'jemalloc' is not part of this build", "mimalloc"},
  };
  int has_jemalloc = arrowio_pool_open("jemalloc", &(arrowio_pool *){NULL}, NULL) == ARROWIO_OK;
  for (int i = 0; i < COUNT(cases) - has_jemalloc; i++) {
    char names[100];
    struct bytes output = output_of(cases[i].setting, "print-default");
    const char *rest = (const char *)output.data;
    if (cases[i].warning != NULL) {
      CHECK(strncmp(rest, "arrowio: ARROWIO_DEFAULT_MEMORY_POOL: ", 38) == 0 && strstr(rest, cases[i].warning) != NULL);
      rest = strchr(rest, '\n') + 1;
    }
    snprintf(names, sizeof names, "%s\n%s\n", cases[i].name, cases[i].name);
    CHECK(strcmp(rest, names) == 0);
    drop(&output);
  }
}

TEST(unknown_default_through_a_warning_handler) {
  struct bytes output = output_of("ARROWIO_DEFAULT_MEMORY_POOL=no-such", "print-handled");
  const char *text = (const char *)output.data;
  CHECK(strncmp(text, "handled: arrowio: ", 18) == 0 && strstr(text, "'no-such'") != NULL);
  CHECK(strcmp(strchr(text, '\n'), "\nmimalloc\nmimalloc\n") == 0);
  drop(&output);
}

TEST(wrong_free_warns_and_frees_nothing) {
  arrowio_pool *pool = proxy_over("system");
  uint8_t *data = NULL;
  OK(arrowio_pool_allocate(pool, 100, 64, &data, &error));
  warnings = 0;
  arrowio_pool_free(pool, data, -1, 64);
  arrowio_pool_free(pool, data, 100, 3);
  arrowio_pool_free(pool, data, 100, -64);
  CHECK_INT(100, arrowio_pool_bytes_allocated(pool));
  arrowio_pool_free(pool, data, 100, 64);
  arrowio_pool_release(pool);
  CHECK_INT(3, warnings);
}

static const char *back_end;

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
  arrowio_pool *pool = proxy_over(back_end);
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
  arrowio_pool *pool = proxy_over(back_end);
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

/* What a block no longer has is not held back by what is left of it. */
TEST(a_shrunk_block_gives_memory_back) {
  arrowio_pool *pool = proxy_over(back_end);
  arrowio_pool_release_unused(pool);
  int64_t before = resident_bytes();
  uint8_t *data = allocate_and_touch(pool, 128 * MIB);
  OK(arrowio_pool_reallocate(pool, 128 * MIB, 2 * MIB, 64, &data, &error));
  arrowio_pool_release_unused(pool);
  CHECK(resident_bytes() - before < 8 * MIB);
  arrowio_pool_free(pool, data, 2 * MIB, 64);
  arrowio_pool_release(pool);
}

/* Nor does a block that grows a little take over all that a former one left. */
TEST(a_small_block_holds_little_memory) {
  arrowio_pool *pool = proxy_over(back_end);
  uint8_t *data = allocate_and_touch(pool, 2 * MIB);
  arrowio_pool_release_unused(pool);
  int64_t before = resident_bytes();
  OK(arrowio_pool_reallocate(pool, 2 * MIB, 128 * MIB, 64, &data, &error));
  memset(data, 1, 128 * MIB);
  arrowio_pool_free(pool, data, 128 * MIB, 64);
  data = allocate_and_touch(pool, 2 * MIB);
  OK(arrowio_pool_reallocate(pool, 2 * MIB, 5 * MIB, 64, &data, &error));
  arrowio_pool_release_unused(pool);
  CHECK(resident_bytes() - before < 8 * MIB);
  arrowio_pool_free(pool, data, 5 * MIB, 64);
  arrowio_pool_release(pool);
}

static void run_large_blocks(const char *name) {
  back_end = name;
  RUN(large_blocks_are_kept_and_released);
  RUN(large_blocks_kept_are_bounded);
  RUN(a_shrunk_block_gives_memory_back);
  RUN(a_small_block_holds_little_memory);
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "print-default") == 0) return print_default(0);
  if (argc > 1 && strcmp(argv[1], "print-handled") == 0) return print_default(1);
  start(argc, argv);
  program = realpath(argv[0], NULL);
  RUN(back_ends_by_name);
  RUN(unknown_back_end);
  RUN(a_pool_opened_twice_shares_its_figures);
  RUN(set_default);
  RUN(default_from_the_environment);
  RUN(unknown_default_through_a_warning_handler);
  RUN(wrong_free_warns_and_frees_nothing);
  if (is_slow()) {
    printf("under valgrind and sanitizers a process's memory is not its own: large blocks are not looked at\n");
  } else {
    run_large_blocks("mimalloc");
    run_large_blocks("system");
  }
  free(program);
  return finish_files();
}

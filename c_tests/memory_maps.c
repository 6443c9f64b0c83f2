/* Memory maps: what part of what file is mapped, how maps are made and resized, and who sees what is written. */
#include "files.h"

enum { SIZE = 10000 };
static uint8_t content[SIZE];

static arrowio_file *map(const char *name, arrowio_mode mode) {
  arrowio_file *file = NULL;
  OK(arrowio_memory_map_open(here(name), mode, 0, -1, &file, &error));
  return file;
}

static arrowio_file *map_content(const char *name, arrowio_mode mode) {
  save(here(name), content, SIZE);
  return map(name, mode);
}

static int64_t size_of(arrowio_file *file) {
  int64_t size = -1;
  OK(arrowio_file_size(file, &size, &error));
  return size;
}

static arrowio_buffer *slice(arrowio_file *file, int64_t offset, int64_t size) {
  arrowio_buffer *buffer = NULL;
  OK(arrowio_file_read_at_buffer(file, offset, size, &buffer, &error));
  return buffer;
}

static int map_holds(arrowio_file *file, const void *data, int64_t size) {
  arrowio_buffer *all = slice(file, 0, INT64_MAX);
  int holds = arrowio_buffer_size(all) == size && same(arrowio_buffer_data(all), data, size);
  arrowio_buffer_release(all);
  return holds && size_of(file) == size;
}

TEST(regions) {
  const int64_t offsets[] = {0, 1, 4095, 4096, 4097, 8192, SIZE - 1, SIZE}, sizes[] = {0, 1, 100, 4096, SIZE, -1};
  const arrowio_mode modes[] = {ARROWIO_MODE_READ, ARROWIO_MODE_READ_WRITE, ARROWIO_MODE_PRIVATE};
  save(here("regions"), content, SIZE);
  for (int i = 0; i < 8 * 6 * 3; i++) {
    int64_t offset = offsets[i % 8], size = sizes[i / 8 % 6], left = SIZE - offset;
    arrowio_file *file = NULL;
    arrowio_status status = arrowio_memory_map_open(here("regions"), modes[i / 48], offset, size, &file, &error);
    if (size > left) {
      FAILS(ARROWIO_INVALID, status);
      CHECK(file == NULL);
      continue;
    }
    OK(status);
    CHECK_INT(0, tell(file));
    CHECK(map_holds(file, content + offset, size < 0 ? left : size));
    close_file(file);
  }
}

TEST(regions_outside) {
  const int64_t outside[][2] = {
      {0, SIZE + 1}, {1, SIZE},      {SIZE, 1},       {SIZE + 1, 0},          {SIZE + 1, -1},
      {-1, 1},       {-1, -1},       {-5, 0},         {0, -2},                {0, INT64_MAX},
      {0, INT64_MIN}, {INT64_MIN, 1}, {INT64_MAX, -1}, {INT64_MAX, INT64_MAX}};
  const char *path = here("outside");
  arrowio_file *file = NULL;
  save(path, content, SIZE);
  for (int i = 0; i < 14; i++) {
    FAILS(ARROWIO_INVALID,
          arrowio_memory_map_open(path, ARROWIO_MODE_READ, outside[i][0], outside[i][1], &file, &error));
    CHECK(file == NULL);
  }
  SAYS(ARROWIO_INVALID, "10000", arrowio_memory_map_open(path, ARROWIO_MODE_READ, 9999, 2, &file, &error));
  CHECK(strstr(arrowio_error_message(failure), "outside") && strstr(arrowio_error_message(failure), "9999"));
}

TEST(modes) {
  const arrowio_mode modes[] = {0, ARROWIO_MODE_WRITE, ARROWIO_MODE_APPEND, 6};
  arrowio_file *file = NULL;
  unlink(here("modes"));
  for (int i = 0; i < 4; i++) {
    FAILS(ARROWIO_INVALID, arrowio_memory_map_open(here("modes"), modes[i], 0, -1, &file, &error));
  }
  FAILS_WITH(ENOENT, arrowio_memory_map_open(here("modes"), ARROWIO_MODE_READ, 0, -1, &file, &error));
  FAILS_WITH(ENOENT, arrowio_memory_map_open(here("modes"), ARROWIO_MODE_PRIVATE, 0, -1, &file, &error));
  CHECK_INT(-1, file_size(here("modes")));
  close_file(map("modes", ARROWIO_MODE_READ_WRITE));
  CHECK_INT(0, file_size(here("modes")));
}

TEST(empty_file) {
  const arrowio_mode modes[] = {ARROWIO_MODE_READ, ARROWIO_MODE_READ_WRITE, ARROWIO_MODE_PRIVATE};
  for (int i = 0; i < 3; i++) {
    save(here("empty"), "", 0);
    arrowio_file *file = map("empty", modes[i]);
    arrowio_buffer *all = NULL;
    OK(arrowio_file_read_all(file, &all, &error));
    CHECK_INT(0, arrowio_buffer_size(all));
    CHECK(arrowio_buffer_data(all) != NULL);
    arrowio_buffer_release(all);
    if (i > 0) FAILS_WITH(ENOSPC, arrowio_file_write(file, "x", 1, &error));
    if (i > 0) OK(arrowio_file_write(file, NULL, 0, &error));
    if (i == 1) OK(arrowio_file_resize(file, 3, &error));
    if (i == 1) OK(arrowio_file_write(file, "abc", 3, &error));
    close_file(file);
    CHECK(file_holds(here("empty"), "abc", i == 1 ? 3 : 0));
  }
}

TEST(create) {
  static const uint8_t zeros[SIZE];
  arrowio_file *file = NULL;
  struct stat facts;
  for (int i = 0; i < 2; i++) {
    if (i == 1) save(here("created"), content, SIZE);
    OK(arrowio_memory_map_create(here("created"), SIZE, &file, &error));
    CHECK(map_holds(file, zeros, SIZE));
    CHECK_INT(0, stat(here("created"), &facts));
    CHECK(facts.st_size == SIZE && facts.st_blocks * 512 >= SIZE);
    OK(arrowio_file_write(file, content, SIZE, &error));
    FAILS_WITH(ENOSPC, arrowio_file_write(file, content, 1, &error));
    OK(arrowio_file_sync(file, &error));
    CHECK(file_holds(here("created"), content, SIZE));
    close_file(file);
  }
  OK(arrowio_memory_map_create(here("created"), 0, &file, &error));
  CHECK_INT(0, size_of(file));
  OK(arrowio_file_resize(file, SIZE, &error));
  close_file(file);
  CHECK(file_holds(here("created"), zeros, SIZE));

  save(here("created"), content, SIZE);
  FAILS(ARROWIO_INVALID, arrowio_memory_map_create(here("created"), -1, &file, &error));
  CHECK(file_holds(here("created"), content, SIZE));
  FAILS_WITH(ENOENT, arrowio_memory_map_create(here("no-folder/created"), 10, &file, &error));
  CHECK(file == NULL);
  for (int i = 0; i < 2; i++) {
    SAYS(ARROWIO_IO_ERROR, "created", arrowio_memory_map_create(here("created"), INT64_MAX - i * 4095, &file, &error));
    CHECK(file == NULL && file_size(here("created")) == 0);
  }
}

TEST(resize) {
  arrowio_file *file = map_content("resized", ARROWIO_MODE_READ_WRITE);
  static uint8_t expected[3 * SIZE];
  memcpy(expected, content, SIZE);
  OK(arrowio_file_seek(file, 5000, ARROWIO_SEEK_START, NULL, &error));
  OK(arrowio_file_resize(file, 3 * SIZE, &error));
  CHECK_INT(5000, tell(file));
  CHECK(map_holds(file, expected, 3 * SIZE));
  OK(arrowio_file_write_at(file, 3 * SIZE - 1, "z", 1, &error));
  OK(arrowio_file_resize(file, 3000, &error));
  CHECK_INT(3000, tell(file));
  CHECK(map_holds(file, content, 3000));
  CHECK_INT(3000, file_size(here("resized")));
  /* What was cut off comes back as zeros, not as it was. */
  memset(expected + 3000, 0, sizeof expected - 3000);
  OK(arrowio_file_resize(file, 3 * SIZE, &error));
  CHECK(map_holds(file, expected, 3 * SIZE));
  OK(arrowio_file_resize(file, 3 * SIZE, &error));
  OK(arrowio_file_resize(file, 0, &error));
  CHECK(map_holds(file, "", 0));
  OK(arrowio_file_resize(file, 10, &error));
  OK(arrowio_file_write(file, content, 10, &error));
  CHECK(map_holds(file, content, 10));
  FAILS(ARROWIO_INVALID, arrowio_file_resize(file, -1, &error));
  close_file(file);
  CHECK(file_holds(here("resized"), content, 10));
}

TEST(resize_while_slices_live) {
  arrowio_file *file = map_content("sliced", ARROWIO_MODE_READ_WRITE);
  arrowio_buffer *first = slice(file, 0, 100), *second = NULL;
  OK(arrowio_buffer_slice(first, 10, 20, &second, &error));
  arrowio_buffer_release(first);
  for (int64_t size = 0; size <= 2 * SIZE; size += SIZE / 2) {
    SAYS(ARROWIO_INVALID, "sliced", arrowio_file_resize(file, size, &error));
    CHECK(map_holds(file, content, SIZE));
    CHECK(file_holds(here("sliced"), content, SIZE));
    CHECK(same(arrowio_buffer_data(second), content + 10, 20));
  }
  arrowio_buffer_release(second);
  OK(arrowio_file_resize(file, 100, &error));
  CHECK(map_holds(file, content, 100));
  close_file(file);
}

/* An empty slice is one too. */
TEST(resize_while_an_empty_slice_lives) {
  save(here("empty-slice"), "", 0);
  arrowio_file *file = map("empty-slice", ARROWIO_MODE_READ_WRITE);
  arrowio_buffer *nothing = slice(file, 0, 10);
  FAILS(ARROWIO_INVALID, arrowio_file_resize(file, 10, &error));
  arrowio_buffer_release(nothing);
  OK(arrowio_file_resize(file, 10, &error));
  close_file(file);
}

TEST(only_whole_maps_are_resized) {
  arrowio_file *file = NULL;
  save(here("whole"), content, SIZE);
  const struct { arrowio_mode mode; int64_t offset, size; } others[] = {
      {ARROWIO_MODE_READ, 0, -1},
      {ARROWIO_MODE_PRIVATE, 0, -1},
      {ARROWIO_MODE_READ_WRITE, 1, -1},
      {ARROWIO_MODE_READ_WRITE, 0, SIZE - 1}};
  for (int i = 0; i < 4; i++) {
    OK(arrowio_memory_map_open(here("whole"), others[i].mode, others[i].offset, others[i].size, &file, &error));
    CHECK_INT(0, arrowio_file_capabilities(file) & ARROWIO_CAPABILITY_RESIZE);
    FAILS(ARROWIO_INVALID, arrowio_file_resize(file, 5, &error));
    close_file(file);
    CHECK(file_holds(here("whole"), content, SIZE));
  }
}

static void fill_the_disk(void) {
  arrowio_file *file = NULL;
  if (!mount_small_disk()) return;
  FAILS_WITH(ENOSPC, arrowio_memory_map_create(here("disk/large"), 2 * MIB, &file, &error));
  CHECK(file == NULL && file_size(here("disk/large")) <= 0);
  OK(arrowio_memory_map_create(here("disk/small"), MIB / 2, &file, &error));
  OK(arrowio_file_write(file, content, SIZE, &error));
  SAYS(ARROWIO_IO_ERROR, "disk/small", arrowio_file_resize(file, 2 * MIB, &error));
  CHECK_INT(ENOSPC, arrowio_error_os_error(failure));
  CHECK_INT(MIB / 2, size_of(file));
  CHECK_INT(MIB / 2, file_size(here("disk/small")));
  CHECK_INT(SIZE, tell(file));
  OK(arrowio_file_write(file, content, SIZE, &error));
  OK(arrowio_file_resize(file, 2 * SIZE, &error));
  OK(arrowio_file_resize(file, MIB - 4096, &error));
  OK(arrowio_file_resize(file, 2 * SIZE, &error));
  close_file(file);
  struct bytes all = load(here("disk/small"));
  CHECK(all.size == 2 * SIZE && same(all.data, content, SIZE) && same(all.data + SIZE, content, SIZE));
  drop(&all);
}

/* A full disk is found when the room is taken, not by a SIGBUS when it is written to. */
TEST(full_disk) {
  in_child(fill_the_disk);
}

TEST(private) {
  arrowio_file *file = map_content("private", ARROWIO_MODE_PRIVATE);
  arrowio_buffer *head = slice(file, 0, 5);
  OK(arrowio_file_write(file, "mine!", 5, &error));
  OK(arrowio_file_write_at(file, SIZE - 1, "!", 1, &error));
  OK(arrowio_file_flush(file, &error));
  OK(arrowio_file_sync(file, &error));
  CHECK(same(arrowio_buffer_data(head), "mine!", 5));
  close_file(file);
  CHECK(same(arrowio_buffer_data(head), "mine!", 5));
  arrowio_buffer_release(head);
  CHECK(file_holds(here("private"), content, SIZE));

  /* Not even the right to write to the file is asked for. */
  CHECK_INT(0, chmod(here("private"), 0400));
  file = map("private", ARROWIO_MODE_PRIVATE);
  OK(arrowio_file_write(file, "x", 1, &error));
  close_file(file);
}

TEST(maps_of_one_file) {
  arrowio_file *one = map_content("common", ARROWIO_MODE_READ_WRITE), *two = map("common", ARROWIO_MODE_READ);
  arrowio_file *part = NULL;
  OK(arrowio_memory_map_open(here("common"), ARROWIO_MODE_READ_WRITE, 5000, 100, &part, &error));
  arrowio_buffer *seen = slice(two, 4999, 10);
  OK(arrowio_file_write_at(part, 0, "abc", 3, &error));
  CHECK(same(arrowio_buffer_data(seen) + 1, "abc", 3));
  OK(arrowio_file_write_at(one, 5001, "B", 1, &error));
  CHECK(same(arrowio_buffer_data(seen) + 1, "aBc", 3));
  close_file(one);
  close_file(two);
  close_file(part);
  CHECK(same(arrowio_buffer_data(seen) + 1, "aBc", 3));
  arrowio_buffer_release(seen);
  struct bytes all = load(here("common"));
  CHECK(same(all.data + 5000, "aBc", 3));
  drop(&all);
}

/* One reference to a slice is all that keeps the memory mapped; with the last it is unmapped. */
TEST(slices_keep_the_map) {
  arrowio_file *file = map_content("kept", ARROWIO_MODE_READ);
  arrowio_buffer *part = slice(file, 4090, 10), *inner = NULL;
  unsigned char resident;
  OK(arrowio_buffer_slice(part, 3, 5, &inner, &error));
  arrowio_file_release(file);
  arrowio_buffer_release(part);
  CHECK_INT(0, unlink(here("kept")));
  CHECK(same(arrowio_buffer_data(inner), content + 4093, 5));
  void *page = (void *)((uintptr_t)arrowio_buffer_data(inner) & ~(uintptr_t)4095);
  CHECK_INT(0, mincore(page, 1, &resident));
  arrowio_buffer_release(inner);
  CHECK(mincore(page, 1, &resident) == -1 && errno == ENOMEM);
}

static void map_a_fifo(void) {
  arrowio_file *file = NULL;
  alarm(3);
  FAILS_WITH(ENODEV, arrowio_memory_map_open(here("fifo"), ARROWIO_MODE_READ, 0, -1, &file, &error));
  FAILS_WITH(ENODEV, arrowio_memory_map_open(here("fifo"), ARROWIO_MODE_PRIVATE, 0, -1, &file, &error));
  FAILS_WITH(ENODEV, arrowio_memory_map_open(here("fifo"), ARROWIO_MODE_READ_WRITE, 0, -1, &file, &error));
}

/* Not even by waiting for a writer that never comes. */
TEST(fifo) {
  unlink(here("fifo"));
  CHECK_INT(0, mkfifo(here("fifo"), 0600));
  in_child(map_a_fifo);
}

/* What was opened otherwise; the descriptor stays the caller's, also where nothing is mapped. */
TEST(of_a_descriptor) {
  arrowio_file *file = NULL, *temporary = NULL;
  int before = open_descriptors(), fd = memfd_create("memory", MFD_CLOEXEC), own = -1;
  CHECK_INT(SIZE, write(fd, content, SIZE));
  OK(arrowio_memory_map_open_fd(fd, ARROWIO_MODE_READ_WRITE, 0, -1, &file, &error));
  CHECK(arrowio_file_path(file) == NULL);
  OK(arrowio_file_descriptor(file, &own, &error));
  CHECK(own != fd && (fcntl(own, F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(map_holds(file, content, SIZE));
  OK(arrowio_file_write_at(file, 5, "mapped", 6, &error));
  char bytes[6];
  CHECK_INT(6, pread(fd, bytes, 6, 5));
  CHECK(same(bytes, "mapped", 6));
  close_file(file);
  OK(arrowio_memory_map_open_fd(fd, ARROWIO_MODE_PRIVATE, 5, 6, &file, &error));
  CHECK(map_holds(file, "mapped", 6));
  CHECK_INT(0, close(fd));
  CHECK(map_holds(file, "mapped", 6));
  close_file(file);

  OK(arrowio_temporary_file_open(folder, NULL, NULL, &temporary, &error));
  OK(arrowio_file_write(temporary, content, SIZE, &error));
  OK(arrowio_file_descriptor(temporary, &fd, &error));
  OK(arrowio_memory_map_open_fd(fd, ARROWIO_MODE_READ, 0, -1, &file, &error));
  CHECK_INT(0, unlink(arrowio_file_path(temporary)));
  close_file(temporary);
  CHECK(map_holds(file, content, SIZE));
  close_file(file);
  CHECK_INT(before, open_descriptors());
}

TEST(of_a_wrong_descriptor) {
  arrowio_file *file = NULL;
  char said[40];
  save(here("regular"), content, SIZE);
  const struct { const char *path; int flags; arrowio_mode mode; arrowio_status status; int os_error; } wrong[] = {
      {here("regular"), O_RDONLY, ARROWIO_MODE_READ_WRITE, ARROWIO_INVALID, 0},
      {here("regular"), O_WRONLY, ARROWIO_MODE_READ, ARROWIO_INVALID, 0},
      {here("regular"), O_WRONLY, ARROWIO_MODE_PRIVATE, ARROWIO_INVALID, 0},
      {here("regular"), O_PATH, ARROWIO_MODE_READ, ARROWIO_INVALID, 0},
      {here("regular"), O_RDWR, ARROWIO_MODE_WRITE, ARROWIO_INVALID, 0},
      {folder, O_RDONLY, ARROWIO_MODE_READ, ARROWIO_IO_ERROR, EISDIR},
      {"/dev/null", O_RDWR, ARROWIO_MODE_READ, ARROWIO_IO_ERROR, ENODEV},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    int fd = open(wrong[i].path, wrong[i].flags | O_CLOEXEC), before = open_descriptors();
    CHECK(fd >= 0);
    snprintf(said, sizeof said, "memory map of descriptor %d", fd);
    if (wrong[i].mode == ARROWIO_MODE_WRITE) snprintf(said, sizeof said, "mode is 2");
    SAYS(wrong[i].status, said, arrowio_memory_map_open_fd(fd, wrong[i].mode, 0, -1, &file, &error));
    CHECK_INT(wrong[i].os_error, arrowio_error_os_error(failure));
    CHECK(file == NULL);
    CHECK_INT(before, open_descriptors());
    CHECK_INT(0, close(fd));
  }
  FAILS_WITH(EBADF, arrowio_memory_map_open_fd(-1, ARROWIO_MODE_READ, 0, -1, &file, &error));
  int fd = open(here("regular"), O_RDONLY | O_CLOEXEC);
  FAILS(ARROWIO_INVALID, arrowio_memory_map_open_fd(fd, ARROWIO_MODE_READ, -1, -1, &file, &error));
  FAILS(ARROWIO_INVALID, arrowio_memory_map_open_fd(fd, ARROWIO_MODE_READ, 0, -2, &file, &error));
  FAILS(ARROWIO_INVALID, arrowio_memory_map_open_fd(fd, ARROWIO_MODE_READ, 1, SIZE, &file, &error));
  CHECK_INT(0, close(fd));
}

TEST(not_mappable) {
  arrowio_file *file = NULL;
  FAILS_WITH(ENODEV, arrowio_memory_map_open("/dev/null", ARROWIO_MODE_READ, 0, -1, &file, &error));
  FAILS_WITH(ENODEV, arrowio_memory_map_open("/proc/self/status", ARROWIO_MODE_READ, 0, -1, &file, &error));
  FAILS_WITH(ENODEV, arrowio_memory_map_open("/proc/self/maps", ARROWIO_MODE_PRIVATE, 0, -1, &file, &error));
  CHECK(strstr(arrowio_error_message(failure), "/proc/self/maps") != NULL);
  CHECK(file == NULL);
}

TEST(beyond_4_gib) {
  save(here("large"), "", 0);
  CHECK_INT(0, truncate(here("large"), 5 * GIB));
  arrowio_file *file = map("large", ARROWIO_MODE_READ_WRITE), *far = NULL;
  arrowio_buffer *all = NULL, *marked;
  int64_t allocated = arrowio_pool_bytes_allocated(NULL);
  OK(arrowio_file_write_at(file, 4 * GIB + 5, "mark", 4, &error));
  OK(arrowio_file_read_buffer(file, 4 * GIB + 100, &all, &error));
  CHECK_INT(4 * GIB + 100, arrowio_buffer_size(all));
  CHECK_INT(4 * GIB + 100, tell(file));
  CHECK(same(arrowio_buffer_data(all) + 4 * GIB + 5, "mark", 4));
  CHECK_INT(allocated, arrowio_pool_bytes_allocated(NULL));
  OK(arrowio_memory_map_open(here("large"), ARROWIO_MODE_READ, 4 * GIB + 3, -1, &far, &error));
  marked = slice(far, 2, 4);
  CHECK(same(arrowio_buffer_data(marked), "mark", 4));
  CHECK_INT(GIB - 3, size_of(far));
  arrowio_buffer_release(all);
  arrowio_buffer_release(marked);
  close_file(file);
  close_file(far);
  unlink(here("large"));
}

int main(int argc, char **argv) {
  start(argc, argv);
  fill(content, SIZE);
  RUN(regions);
  RUN(regions_outside);
  RUN(modes);
  RUN(empty_file);
  RUN(create);
  RUN(resize);
  RUN(resize_while_slices_live);
  RUN(resize_while_an_empty_slice_lives);
  RUN(only_whole_maps_are_resized);
  RUN(full_disk);
  RUN(private);
  RUN(maps_of_one_file);
  RUN(slices_keep_the_map);
  RUN(fifo);
  RUN(of_a_descriptor);
  RUN(of_a_wrong_descriptor);
  RUN(not_mappable);
  RUN(beyond_4_gib);
  return finish_files();
}

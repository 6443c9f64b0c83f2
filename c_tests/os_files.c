/* Files of the operating system: how they are opened, what kinds there are, and what the system does to them. */
#include "codecs.h"

static arrowio_file *open_file(const char *path, arrowio_mode mode) {
  arrowio_file *file = NULL;
  OK(arrowio_os_file_open(path, mode, NULL, &file, &error));
  return file;
}

static arrowio_file *open_fd(int fd, arrowio_mode mode, int borrow) {
  arrowio_os_file_options options = {.struct_size = sizeof options, .borrow_descriptor = borrow};
  arrowio_file *file = NULL;
  OK(arrowio_os_file_open_fd(fd, mode, &options, &file, &error));
  return file;
}

static void check_read(arrowio_file *file, const char *expected) {
  char bytes[1000];
  int64_t got = -1, size = (int64_t)strlen(expected);
  OK(arrowio_file_read(file, bytes, size, &got, &error));
  CHECK_INT(size, got);
  CHECK(same(bytes, expected, size));
}

static void write_text(arrowio_file *file, const char *text) {
  OK(arrowio_file_write(file, text, (int64_t)strlen(text), &error));
}

static struct bytes read_all(arrowio_file *file) {
  arrowio_buffer *buffer = NULL;
  OK(arrowio_file_read_all(file, &buffer, &error));
  return take_buffer(buffer);
}

TEST(modes) {
  const char *path = here("modes");
  arrowio_file *file;
  unlink(path);
  FAILS_WITH(ENOENT, arrowio_os_file_open(path, ARROWIO_MODE_READ, NULL, &file, &error));

  write_text(file = open_file(path, ARROWIO_MODE_WRITE), "0123456789");
  close_file(file);
  CHECK(file_holds(path, "0123456789", 10));

  file = open_file(path, ARROWIO_MODE_APPEND);
  CHECK_INT(10, tell(file));
  write_text(file, "abc");
  CHECK_INT(13, tell(file));
  close_file(file);
  CHECK(file_holds(path, "0123456789abc", 13));

  file = open_file(path, ARROWIO_MODE_READ_WRITE);
  CHECK_INT(0, tell(file));
  write_text(file, "xy");
  check_read(file, "234");
  close_file(file);
  CHECK(file_holds(path, "xy23456789abc", 13));

  close_file(open_file(path, ARROWIO_MODE_WRITE));
  CHECK(file_holds(path, "", 0));
  for (int i = 0; i < 2; i++) {
    unlink(path);
    close_file(open_file(path, i ? ARROWIO_MODE_APPEND : ARROWIO_MODE_READ_WRITE));
    CHECK(file_holds(path, "", 0));
  }
}

TEST(unknown_modes) {
  const arrowio_mode modes[] = {0, ARROWIO_MODE_PRIVATE, 6, UINT32_MAX};
  arrowio_file *file = NULL;
  unlink(here("unknown"));
  for (int i = 0; i < 4; i++) {
    FAILS(ARROWIO_INVALID, arrowio_os_file_open(here("unknown"), modes[i], NULL, &file, &error));
  }
  CHECK_INT(-1, file_size(here("unknown")));
}

static mode_t permissions_of(const char *path) {
  struct stat facts;
  CHECK_INT(0, stat(path, &facts));
  return facts.st_mode & 07777;
}

TEST(permissions) {
  arrowio_os_file_options options = {.struct_size = sizeof options};
  const struct { uint32_t asked; mode_t mask, expected; } rows[] = {
      {0, 022, 0644}, {0, 0, 0666}, {0, 077, 0600}, {0600, 0, 0600}, {0755, 027, 0750}};
  arrowio_file *file = NULL;
  const char *path = here("permissions");
  for (int i = 0; i < 5; i++) {
    mode_t before = umask(rows[i].mask);
    unlink(path);
    options.permissions = rows[i].asked;
    OK(arrowio_os_file_open(path, ARROWIO_MODE_WRITE, &options, &file, &error));
    umask(before);
    close_file(file);
    CHECK_INT(rows[i].expected, permissions_of(path));
  }
  unlink(path);
  options.permissions = 010000;
  FAILS(ARROWIO_INVALID, arrowio_os_file_open(path, ARROWIO_MODE_WRITE, &options, &file, &error));
  CHECK_INT(-1, file_size(path));
}

/* What another program sees of this one's files: those of the library not. */
TEST(not_inherited) {
  arrowio_file *files[5] = {NULL};
  save(here("closed-on-exec"), "x", 1);
  files[0] = open_file(here("closed-on-exec"), ARROWIO_MODE_READ);
  OK(arrowio_memory_map_open(here("closed-on-exec"), ARROWIO_MODE_READ_WRITE, 0, -1, &files[1], &error));
  OK(arrowio_input_stream_open(here("closed-on-exec"), NULL, &files[2], &error));
  OK(arrowio_output_stream_open(here("closed-on-exec.gz"), NULL, &files[3], &error));
  OK(arrowio_memory_map_create(here("closed-on-exec.map"), 10, &files[4], &error));
  int seen = open(here("seen"), O_RDWR | O_CREAT, 0600);
  CHECK_INT(0, shell("ls -l /proc/self/fd > all; grep -q /seen all && ! grep -q closed-on-exec all"));
  close(seen);
  for (int i = 0; i < 5; i++) close_file(files[i]);
}

TEST(names_in_messages) {
  arrowio_file *file = NULL;
  SAYS(ARROWIO_IO_ERROR, "missing", arrowio_os_file_open(here("missing"), ARROWIO_MODE_READ, NULL, &file, &error));
  CHECK_INT(ENOENT, arrowio_error_os_error(failure));
  CHECK(strstr(arrowio_error_message(failure), "reading") != NULL);
  CHECK(strstr(arrowio_error_message(failure), strerror(ENOENT)) != NULL);
  const char *odd = here("odd\n\xff'\t"), *accented = here("caf\xc3\xa9");
  SAYS(ARROWIO_IO_ERROR, "odd\\n\\xff\\'\\t", arrowio_os_file_open(odd, ARROWIO_MODE_READ, NULL, &file, &error));
  CHECK(strpbrk(arrowio_error_message(failure), "\n\t\xff") == NULL);
  SAYS(ARROWIO_IO_ERROR, "caf\xc3\xa9", arrowio_os_file_open(accented, ARROWIO_MODE_READ, NULL, &file, &error));
  FAILS_WITH(ENOENT, arrowio_os_file_open("", ARROWIO_MODE_READ, NULL, &file, &error));
  save(here("plain"), "", 0);
  FAILS_WITH(ENOTDIR, arrowio_os_file_open(here("plain/beneath"), ARROWIO_MODE_WRITE, NULL, &file, &error));

  char long_name[5000];
  memset(long_name, 'n', sizeof long_name - 1);
  long_name[sizeof long_name - 1] = 0;
  FAILS_WITH(ENAMETOOLONG, arrowio_os_file_open(long_name, ARROWIO_MODE_READ, NULL, &file, &error));
}

static void open_without_rights(void) {
  arrowio_file *file = NULL;
  if (geteuid() == 0) CHECK_INT(0, seteuid(65534));
  FAILS_WITH(EACCES, arrowio_os_file_open(here("unreadable"), ARROWIO_MODE_READ, NULL, &file, &error));
  FAILS_WITH(EACCES, arrowio_os_file_open(here("unreadable"), ARROWIO_MODE_WRITE, NULL, &file, &error));
}

TEST(unreadable) {
  save(here("unreadable"), "secret", 6);
  CHECK_INT(0, chmod(here("unreadable"), 0));
  in_child(open_without_rights);
}

TEST(links) {
  arrowio_file *file = NULL;
  unlink(here("target")), unlink(here("link")), unlink(here("loop"));
  CHECK_INT(0, symlink("target", here("link")));
  CHECK_INT(0, symlink("loop", here("loop")));
  FAILS_WITH(ENOENT, arrowio_os_file_open(here("link"), ARROWIO_MODE_READ, NULL, &file, &error));
  FAILS_WITH(ELOOP, arrowio_os_file_open(here("loop"), ARROWIO_MODE_READ, NULL, &file, &error));
  write_text(file = open_file(here("link"), ARROWIO_MODE_WRITE), "through");
  close_file(file);
  CHECK(file_holds(here("target"), "through", 7));
}

TEST(bad_descriptors) {
  arrowio_file *file = NULL;
  const int none[] = {-1, 1000000, INT32_MIN};
  for (int i = 0; i < 3; i++) {
    FAILS_WITH(EBADF, arrowio_os_file_open_fd(none[i], ARROWIO_MODE_READ, NULL, &file, &error));
  }
  save(here("descriptor"), "abc", 3);
  const struct { int flags; arrowio_mode mode; } wrong[] = {
      {O_RDONLY, ARROWIO_MODE_WRITE}, {O_RDONLY, ARROWIO_MODE_APPEND},     {O_RDONLY, ARROWIO_MODE_READ_WRITE},
      {O_WRONLY, ARROWIO_MODE_READ},  {O_WRONLY, ARROWIO_MODE_READ_WRITE}, {O_RDWR, 9}};
  for (int i = 0; i < 6; i++) {
    int fd = open(here("descriptor"), wrong[i].flags | O_CLOEXEC);
    FAILS(ARROWIO_INVALID, arrowio_os_file_open_fd(fd, wrong[i].mode, NULL, &file, &error));
    CHECK(file == NULL);
    /* On failure it stays open and the caller's. */
    CHECK_INT(0, close(fd));
  }
}

/* A borrowed descriptor goes on where the file stopped, whatever was read ahead, and stays open however that ended. */
TEST(borrowed) {
  save(here("borrowed"), "first line\nsecond line\nthird", 28);
  for (int way = 0; way < 3; way++) {
    const uint8_t *data;
    int64_t size;
    int fd = open(here("borrowed"), O_RDONLY | O_CLOEXEC);
    lseek(fd, 2, SEEK_SET);
    arrowio_file *file = open_fd(fd, ARROWIO_MODE_READ, 1);
    CHECK_INT(2, tell(file));
    OK(arrowio_file_read_line(file, &data, &size, &error));
    CHECK_INT(9, size);
    OK(arrowio_file_peek(file, 1000, &data, &size, &error));
    CHECK_INT(17, size);
    if (way == 0) OK(arrowio_file_close(file, &error));
    if (way == 1) OK(arrowio_file_abort(file, &error));
    arrowio_file_release(file);
    CHECK_INT(11, lseek(fd, 0, SEEK_CUR));
    CHECK_INT(0, close(fd));
  }
}

TEST(owned_is_closed) {
  save(here("owned"), "x", 1);
  for (int way = 0; way < 3; way++) {
    int fd = open(here("owned"), O_RDONLY | O_CLOEXEC);
    arrowio_file *file = open_fd(fd, ARROWIO_MODE_READ, 0);
    if (way == 0) OK(arrowio_file_close(file, &error));
    if (way == 1) OK(arrowio_file_abort(file, &error));
    if (way == 2) arrowio_file_release(file);
    CHECK_INT(-1, fcntl(fd, F_GETFD));
    if (way < 2) arrowio_file_release(file);
  }
}

TEST(append) {
  save(here("append"), "begin ", 6);
  int fd = open(here("append"), O_RDWR | O_CLOEXEC);
  arrowio_file *file = open_fd(fd, ARROWIO_MODE_APPEND, 0);
  CHECK_INT(6, tell(file));
  write_text(file, "more ");
  close_file(file);

  /* Two that append write behind each other, never over each other. */
  arrowio_file *one = open_file(here("append"), ARROWIO_MODE_APPEND);
  arrowio_file *two = open_file(here("append"), ARROWIO_MODE_APPEND);
  write_text(one, "1");
  write_text(two, "2");
  write_text(one, "3");
  CHECK_INT(14, tell(one));
  close_file(one);
  close_file(two);
  CHECK(file_holds(here("append"), "begin more 123", 14));
}

/* The system sends every write of such a descriptor to the end; a write at an offset must not end up there unseen. */
TEST(write_at_to_an_appending_descriptor) {
  save(here("append-at"), "0123456789", 10);
  arrowio_file *file = open_fd(open(here("append-at"), O_WRONLY | O_APPEND | O_CLOEXEC), ARROWIO_MODE_WRITE, 0);
  if (arrowio_file_capabilities(file) & ARROWIO_CAPABILITY_WRITE_AT) {
    OK(arrowio_file_write_at(file, 2, "ab", 2, &error));
    CHECK(file_holds(here("append-at"), "01ab456789", 10));
  }
  close_file(file);
}

TEST(proc) {
  arrowio_file *file = open_file("/proc/self/status", ARROWIO_MODE_READ);
  const uint8_t *line;
  int64_t size = -1, lines = 0;
  OK(arrowio_file_size(file, &size, &error));
  CHECK_INT(0, size);
  struct bytes all = read_all(file);
  CHECK(all.size > 100 && same(all.data, "Name:\t", 6));
  CHECK_INT(all.size, tell(file));
  drop(&all);
  OK(arrowio_file_seek(file, 0, ARROWIO_SEEK_START, NULL, &error));
  check_read(file, "Name:\t");
  OK(arrowio_file_advance(file, 10, &error));
  CHECK_INT(16, tell(file));
  do {
    OK(arrowio_file_read_line(file, &line, &size, &error));
    lines++;
  } while (size > 0);
  CHECK(lines > 10);
  close_file(file);

  OK(arrowio_input_stream_open("/proc/self/maps", NULL, &file, &error));
  all = read_all(file);
  CHECK(all.size > 1000 && all.data[all.size - 1] == '\n');
  drop(&all);
  close_file(file);
}

TEST(devices) {
  arrowio_file *file = open_file("/dev/zero", ARROWIO_MODE_READ);
  CHECK_INT(ARROWIO_CAPABILITY_READ, arrowio_file_capabilities(file));
  arrowio_buffer *buffer = NULL;
  OK(arrowio_file_advance(file, 3 * MIB, &error));
  OK(arrowio_file_read_buffer(file, 100000, &buffer, &error));
  CHECK_INT(100000, arrowio_buffer_size(buffer));
  for (int i = 0; i < 100000; i++) CHECK(arrowio_buffer_data(buffer)[i] == 0);
  arrowio_buffer_release(buffer);
  CHECK_INT(3 * MIB + 100000, tell(file));
  close_file(file);

  file = open_file("/dev/null", ARROWIO_MODE_READ_WRITE);
  write_text(file, "gone");
  struct bytes all = read_all(file);
  CHECK_INT(0, all.size);
  drop(&all);
  OK(arrowio_file_sync(file, &error));
  close_file(file);
}

static arrowio_file *full_stream(arrowio_codec codec, int64_t buffer_size) {
  arrowio_stream_options options = {.struct_size = sizeof options, .codec = codec, .buffer_size = buffer_size};
  arrowio_file *file = NULL;
  OK(arrowio_output_stream_open("/dev/full", &options, &file, &error));
  return file;
}

static arrowio_file *compress_over(arrowio_file *raw, arrowio_codec codec) {
  arrowio_file *file = NULL;
  OK(arrowio_compressed_output_stream_new(raw, codec, NULL, &file, &error));
  arrowio_file_release(raw);
  return file;
}

/* Layers over a device that is always full. */
enum { FULL_LAYERS = 5 + 2 * CODECS };

static arrowio_file *open_full(int layer) {
  switch (layer) {
    case 0: return open_file("/dev/full", ARROWIO_MODE_WRITE);
    case 1: return open_fd(open("/dev/full", O_WRONLY | O_CLOEXEC), ARROWIO_MODE_WRITE, 0);
    case 2: return full_stream(ARROWIO_CODEC_NONE, -1);
    case 3: return full_stream(ARROWIO_CODEC_NONE, 0);
    case 4:
      return compress_over(compress_over(full_stream(ARROWIO_CODEC_NONE, 0), ARROWIO_CODEC_ZSTD), ARROWIO_CODEC_GZIP);
  }
  arrowio_codec codec = codecs[(layer - 5) / 2].id;
  return layer % 2 ? full_stream(codec, 0) : compress_over(open_file("/dev/full", ARROWIO_MODE_WRITE), codec);
}

/* Whether the call failed for lack of room; succeeding is the only other way. */
static int found_full(arrowio_status status) {
  int found = status == ARROWIO_IO_ERROR && arrowio_error_os_error(error) == ENOSPC &&
              strstr(arrowio_error_message(error), strerror(ENOSPC)) != NULL;
  CHECK(found || status == ARROWIO_OK);
  arrowio_error_release(error);
  error = NULL;
  return found;
}

static void close_twice(arrowio_file *file, int expected, int before) {
  arrowio_error *again = NULL;
  arrowio_status first = arrowio_file_close(file, &error), second = arrowio_file_close(file, &again);
  CHECK_INT(first, second);
  CHECK(strcmp(arrowio_error_message(error), arrowio_error_message(again)) == 0);
  arrowio_error_release(again);
  CHECK_INT(expected, found_full(first));
  CHECK_INT(1, arrowio_file_is_closed(file));
  CHECK_INT(before, open_descriptors());
  OK(arrowio_file_abort(file, &error));
  arrowio_file_release(file);
}

/* Other noise than before, which no window knows. */
static void fill_anew(uint8_t *bytes, size_t size) {
  static uint64_t state = 1;
  for (size_t i = 0; i < size; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    bytes[i] = (uint8_t)(state >> 56);
  }
}

TEST(full_device) {
  static uint8_t noise[300000];
  fill(noise, sizeof noise);
  for (int layer = 0; layer < FULL_LAYERS; layer++) {
    int before = open_descriptors();
    arrowio_file *file = open_full(layer);
    /* Little: it is found by the write, or at the latest by close. */
    int by_write = found_full(arrowio_file_write(file, noise, 100, &error));
    CHECK_INT(layer < 3, by_write);
    close_twice(file, !by_write, before);

    /* Much: sooner or later by the write, and by all that follow. */
    file = open_full(layer);
    by_write = 0;
    for (int i = 0; i < 20 && !by_write; i++) {
      fill_anew(noise, sizeof noise);
      by_write = found_full(arrowio_file_write(file, noise, sizeof noise, &error));
    }
    CHECK(by_write && found_full(arrowio_file_write(file, noise, sizeof noise, &error)));
    OK(arrowio_file_abort(file, &error));
    CHECK_INT(before, open_descriptors());
    arrowio_file_release(file);

    /* And by flush and sync. */
    file = open_full(layer);
    found_full(arrowio_file_write(file, noise, 100, &error));
    CHECK_INT(layer >= 3, found_full(arrowio_file_flush(file, &error)));
    CHECK_INT(layer >= 3, found_full(arrowio_file_sync(file, &error)));
    close_twice(file, layer >= 3, before);
  }
  CHECK_INT(0, warnings);
}

TEST(full_device_and_no_close) {
  for (int layer = 0; layer < FULL_LAYERS; layer++) {
    int before = open_descriptors();
    arrowio_file *file = open_full(layer);
    warnings = 0;
    found_full(arrowio_file_write(file, "x", 1, &error));
    arrowio_file_release(file);
    CHECK_INT(layer >= 3, warnings);
    if (warnings > 0) CHECK(strstr(last_warning, "/dev/full") && strstr(last_warning, strerror(ENOSPC)));
    CHECK_INT(before, open_descriptors());
  }
  warnings = 0;
}

static void fill_the_disk(void) {
  static uint8_t noise[3 << 20];
  if (!mount_small_disk()) return;
  fill(noise, sizeof noise);
  arrowio_file *file = open_file(here("disk/plain"), ARROWIO_MODE_WRITE);
  SAYS(ARROWIO_IO_ERROR, "3145728 bytes", arrowio_file_write(file, noise, sizeof noise, &error));
  CHECK_INT(ENOSPC, arrowio_error_os_error(failure));
  /* What there was room for is there, and the position behind it. */
  CHECK_INT(file_size(here("disk/plain")), tell(file));
  CHECK(tell(file) > 0 && tell(file) <= MIB);
  CHECK(file_holds(here("disk/plain"), noise, tell(file)));
  OK(arrowio_file_resize(file, 0, &error));
  close_file(file);

  /* What was held back for lack of room is written once there is some, and once only. */
  arrowio_stream_options options = {.struct_size = sizeof options, .buffer_size = 2 * MIB};
  OK(arrowio_output_stream_open(here("disk/held-back"), &options, &file, &error));
  save(here("disk/ballast"), noise, 500000);
  OK(arrowio_file_write(file, noise, 900000, &error));
  FAILS_WITH(ENOSPC, arrowio_file_flush(file, &error));
  CHECK_INT(900000, tell(file));
  unlink(here("disk/ballast"));
  OK(arrowio_file_flush(file, &error));
  CHECK_INT(900000, tell(file));
  close_file(file);
  CHECK(file_holds(here("disk/held-back"), noise, 900000));
}

TEST(full_disk) {
  in_child(fill_the_disk);
}

TEST(grows_while_read) {
  char bytes[10];
  int64_t got, size;
  const uint8_t *data;
  save(here("grows"), "12345", 5);
  arrowio_file *file = open_file(here("grows"), ARROWIO_MODE_READ);
  check_read(file, "12345");
  OK(arrowio_file_read(file, bytes, 10, &got, &error));
  CHECK_INT(0, got);
  CHECK_INT(0, shell("printf 678 >> grows"));
  OK(arrowio_file_size(file, &size, &error));
  CHECK_INT(8, size);
  OK(arrowio_file_peek(file, 2, &data, &got, &error));
  CHECK(got == 2 && same(data, "67", 2));
  CHECK_INT(0, shell("printf 9ab >> grows"));
  OK(arrowio_file_peek(file, 10, &data, &got, &error));
  CHECK(got == 6 && same(data, "6789ab", 6));
  struct bytes all = read_all(file);
  CHECK(all.size == 6 && same(all.data, "6789ab", 6));
  drop(&all);
  OK(arrowio_file_read_at(file, 9, bytes, 10, &got, &error));
  CHECK(got == 2 && same(bytes, "ab", 2));
  CHECK_INT(0, shell("printf '' > grows"));
  OK(arrowio_file_read(file, bytes, 10, &got, &error));
  CHECK_INT(0, got);
  close_file(file);
}

/* A file with holes. */
static arrowio_file *open_sparse(int64_t size) {
  const char *path = here("sparse");
  save(path, "", 0);
  CHECK_INT(0, truncate(path, size));
  arrowio_file *file = open_file(path, ARROWIO_MODE_READ_WRITE);
  unlink(path);
  return file;
}

TEST(beyond_4_gib) {
  arrowio_file *file = open_sparse(5 * GIB);
  char bytes[10];
  int64_t got, position;
  OK(arrowio_file_write_at(file, 4 * GIB + 3, "far", 3, &error));
  OK(arrowio_file_read_at(file, 4 * GIB + 2, bytes, 5, &got, &error));
  CHECK(got == 5 && same(bytes, "\0far", 5));
  OK(arrowio_file_advance(file, 4 * GIB + 3, &error));
  check_read(file, "far");
  CHECK_INT(4 * GIB + 6, tell(file));
  OK(arrowio_file_seek(file, -2, ARROWIO_SEEK_END, &position, &error));
  CHECK_INT(5 * GIB - 2, position);
  write_text(file, "end");
  OK(arrowio_file_size(file, &position, &error));
  CHECK_INT(5 * GIB + 1, position);
  OK(arrowio_file_resize(file, 6 * GIB, &error));
  OK(arrowio_file_read_at(file, 5 * GIB - 2, bytes, 10, &got, &error));
  CHECK(got == 10 && same(bytes, "end\0\0\0\0\0\0", 10));
  close_file(file);
}

/* As far as a system goes: a position beyond which there is none. */
TEST(at_the_last_position) {
  char bytes[10];
  const uint8_t *data;
  int64_t got = -1, position = -1;
  arrowio_file *file = open_fd(memfd_create("small", MFD_CLOEXEC), ARROWIO_MODE_READ_WRITE, 0);
  write_text(file, "0123456789");
  OK(arrowio_file_seek(file, INT64_MAX - 3, ARROWIO_SEEK_START, &position, &error));
  CHECK_INT(INT64_MAX - 3, position);
  OK(arrowio_file_read(file, bytes, 10, &got, &error));
  CHECK_INT(0, got);
  OK(arrowio_file_peek(file, 10, &data, &got, &error));
  CHECK_INT(0, got);
  OK(arrowio_file_read_at(file, INT64_MAX, bytes, 10, &got, &error));
  CHECK_INT(0, got);
  OK(arrowio_file_advance(file, INT64_MAX, &error));
  FAILS(ARROWIO_IO_ERROR, arrowio_file_write_at(file, INT64_MAX - 3, "0123456789", 10, &error));
  FAILS(ARROWIO_IO_ERROR, arrowio_file_write_at(file, INT64_MAX, "x", 1, &error));
  CHECK_INT(INT64_MAX - 3, tell(file));
  close_file(file);
}

/* The source takes no memory for its holes, the target little; what is told apart is the last lap. */
TEST(one_read_of_more_than_4_gib) {
  const int64_t size = 4 * GIB + MIB, places[] = {4 * GIB - 12 * MIB, 4 * GIB - 2, size - 5};
  int64_t got = -1;
  int fd = memfd_create("holes", MFD_CLOEXEC);
  CHECK_INT(0, ftruncate(fd, 5 * GIB));
  arrowio_file *file = open_fd(fd, ARROWIO_MODE_READ_WRITE, 0);
  for (int i = 0; i < 3; i++) OK(arrowio_file_write_at(file, places[i], "mark", 4, &error));
  uint8_t *bytes = wide(size);
  OK(arrowio_file_read(file, bytes, size, &got, &error));
  CHECK_INT(size, got);
  CHECK_INT(size, tell(file));
  for (int i = 0; i < 3; i++) CHECK(same(bytes + places[i], "mark", 5));
  OK(arrowio_file_read_at(file, 1, bytes, size, &got, &error));
  CHECK_INT(size, got);
  for (int i = 0; i < 3; i++) CHECK(same(bytes + places[i] - 1, "mark", 5));
  munmap(bytes, (size_t)size);
  close_file(file);
}

TEST(one_write_of_more_than_4_gib) {
  const int64_t size = 4 * GIB + 7;
  uint8_t *bytes = wide(size);
  arrowio_file *file = open_file("/dev/null", ARROWIO_MODE_WRITE);
  OK(arrowio_file_write(file, bytes, size, &error));
  CHECK_INT(size, tell(file));
  munmap(bytes, (size_t)size);
  close_file(file);
}

/* What a size promises is not what memory there is: the read fails, and the file goes on where it was. */
TEST(more_than_memory) {
  arrowio_pool *pool = NULL;
  arrowio_file *file = NULL;
  arrowio_buffer *buffer = NULL;
  save(here("huge"), "start", 5);
  CHECK_INT(0, truncate(here("huge"), 4096 * GIB));
  OK(arrowio_pool_new_capped(NULL, MIB, &pool, &error));
  arrowio_os_file_options options = {.struct_size = sizeof options, .pool = pool};
  OK(arrowio_os_file_open(here("huge"), ARROWIO_MODE_READ, &options, &file, &error));
  unlink(here("huge"));
  FAILS(ARROWIO_OUT_OF_MEMORY, arrowio_file_read_all(file, &buffer, &error));
  FAILS(ARROWIO_OUT_OF_MEMORY, arrowio_file_read_buffer(file, INT64_MAX, &buffer, &error));
  FAILS(ARROWIO_OUT_OF_MEMORY, arrowio_file_read_at_buffer(file, 5, 2 * MIB, &buffer, &error));
  const uint8_t *data;
  int64_t size;
  FAILS(ARROWIO_OUT_OF_MEMORY, arrowio_file_peek(file, INT64_MAX, &data, &size, &error));
  FAILS(ARROWIO_OUT_OF_MEMORY, arrowio_file_read_line(file, &data, &size, &error));
  CHECK_INT(0, tell(file));
  check_read(file, "start");
  close_file(file);
  CHECK_INT(0, arrowio_pool_bytes_allocated(pool));
  arrowio_pool_release(pool);
}

/* Buffers come from the pool that was given, which outlives its handle. */
TEST(pool) {
  arrowio_pool *pool = NULL;
  arrowio_file *file = NULL;
  arrowio_buffer *buffer = NULL, *placed = NULL;
  save(here("pool"), "0123456789", 10);
  OK(arrowio_pool_new_proxy(NULL, &pool, &error));
  arrowio_os_file_options options = {.struct_size = sizeof options, .pool = pool};
  OK(arrowio_os_file_open(here("pool"), ARROWIO_MODE_READ, &options, &file, &error));
  OK(arrowio_file_read_buffer(file, 10, &buffer, &error));
  OK(arrowio_file_read_at_buffer(file, 0, 10, &placed, &error));
  CHECK_INT(128, arrowio_pool_bytes_allocated(pool));
  close_file(file);
  arrowio_buffer_release(placed);
  CHECK_INT(64, arrowio_pool_bytes_allocated(pool));
  arrowio_pool_release(pool);
  CHECK(same(arrowio_buffer_data(buffer), "0123456789", 10));
  arrowio_buffer_release(buffer);
}

/* A host that calls the file it is called by: it is told so, and nothing waits for itself. */
static struct {
  arrowio_file *file;
  int calls;
  arrowio_status tell, close, read_at;
} inner;

static void call_the_same_file(void *user_data, const arrowio_pool_event *event) {
  int64_t number;
  char byte = 0;
  (void)user_data;
  if (event->kind == ARROWIO_POOL_EVENT_FREE) return;
  inner.calls++;
  inner.tell = arrowio_file_tell(inner.file, &number, NULL);
  inner.close = arrowio_file_close(inner.file, NULL);
  inner.read_at = arrowio_file_read_at(inner.file, 4, &byte, 1, &number, NULL);
  if (byte != '4') inner.read_at = ARROWIO_INTERNAL;
}

TEST(called_from_within) {
  arrowio_pool *pool = NULL;
  arrowio_buffer *buffer = NULL;
  save(here("within"), "0123456789", 10);
  OK(arrowio_pool_new_logging(NULL, call_the_same_file, NULL, NULL, &pool, &error));
  arrowio_os_file_options options = {.struct_size = sizeof options, .pool = pool};
  OK(arrowio_os_file_open(here("within"), ARROWIO_MODE_READ, &options, &inner.file, &error));
  OK(arrowio_file_read_buffer(inner.file, 10, &buffer, &error));
  CHECK(inner.calls > 0);
  CHECK_INT(ARROWIO_INVALID, inner.tell);
  CHECK_INT(ARROWIO_INVALID, inner.close);
  CHECK_INT(ARROWIO_OK, inner.read_at);
  CHECK(same(arrowio_buffer_data(buffer), "0123456789", 10));
  arrowio_buffer_release(buffer);
  CHECK_INT(10, tell(inner.file));
  close_file(inner.file);
  arrowio_pool_release(pool);
}

static arrowio_file *before_fork;

static void use_in_child(void) {
  char bytes[5];
  int64_t got;
  OK(arrowio_file_read_at(before_fork, 2, bytes, 3, &got, &error));
  CHECK(got == 3 && same(bytes, "234", 3));
  arrowio_file *file = open_file(here("child"), ARROWIO_MODE_WRITE);
  write_text(file, "written");
  close_file(file);
}

TEST(fork) {
  save(here("fork"), "0123456789", 10);
  before_fork = open_file(here("fork"), ARROWIO_MODE_READ);
  check_read(before_fork, "01");
  in_child(use_in_child);
  check_read(before_fork, "23");
  close_file(before_fork);
  CHECK(file_holds(here("child"), "written", 7));
}

int main(int argc, char **argv) {
  start(argc, argv);
  RUN(modes);
  RUN(unknown_modes);
  RUN(permissions);
  RUN(not_inherited);
  RUN(names_in_messages);
  RUN(unreadable);
  RUN(links);
  RUN(bad_descriptors);
  RUN(borrowed);
  RUN(owned_is_closed);
  RUN(append);
  RUN(write_at_to_an_appending_descriptor);
  RUN(proc);
  RUN(devices);
  RUN(full_device);
  RUN(full_device_and_no_close);
  RUN(full_disk);
  RUN(grows_while_read);
  RUN(beyond_4_gib);
  RUN(at_the_last_position);
  if (!is_slow()) RUN(one_read_of_more_than_4_gib);
  if (!is_slow()) RUN(one_write_of_more_than_4_gib);
  RUN(more_than_memory);
  RUN(pool);
  RUN(called_from_within);
  RUN(fork);
  return finish_files();
}

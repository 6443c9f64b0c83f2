/* Files that are replaced all at once when they are closed, or stay as they were. */
#include "codecs.h"
#include "refuse.h"

static const char old_text[] = "the old content";
static uint8_t fresh[300000];
/* How much of it is written, less where time is short. */
static int64_t all;

static arrowio_os_file_options atomic_options(void) {
  arrowio_os_file_options options = {.struct_size = sizeof options, .flags = ARROWIO_OPEN_ATOMIC};
  return options;
}

enum layer { RAW, STREAM_RAW, BUFFERED, GZIP, ZSTD, ZSTD_BY_HAND, GZIP_OVER_BUFFERED, LAYERS };

/* Opens `path` for writing through a layer. */
static arrowio_status open_layer(enum layer layer, const char *path, arrowio_os_file_options *options, arrowio_file **out) {
  arrowio_codec of_layer[] = {1, 1, 1, ARROWIO_CODEC_GZIP, ARROWIO_CODEC_ZSTD, 1, 1};
  arrowio_stream_options stream = {
      .struct_size = sizeof stream, .codec = of_layer[layer], .buffer_size = layer == STREAM_RAW ? -1 : 0};
  arrowio_file *raw = NULL;
  arrowio_status status;
  stream.file_options = options;
  if (layer == RAW) return arrowio_os_file_open(path, ARROWIO_MODE_WRITE, options, out, &error);
  if (layer < ZSTD_BY_HAND) return arrowio_output_stream_open(path, &stream, out, &error);
  status = layer == ZSTD_BY_HAND ? arrowio_os_file_open(path, ARROWIO_MODE_WRITE, options, &raw, &error)
                                 : arrowio_output_stream_open(path, &stream, &raw, &error);
  if (status != ARROWIO_OK) return status;
  arrowio_codec codec = layer == ZSTD_BY_HAND ? ARROWIO_CODEC_ZSTD : ARROWIO_CODEC_GZIP;
  status = arrowio_compressed_output_stream_new(raw, codec, NULL, out, &error);
  arrowio_file_release(raw);
  return status;
}

static arrowio_file *open_for(enum layer layer, const char *path) {
  arrowio_os_file_options options = atomic_options();
  arrowio_file *file = NULL;
  OK(open_layer(layer, path, &options, &file));
  return file;
}

/* What is in the file, decompressed if need be, is all of the new content. */
static int holds_fresh(enum layer layer, const char *path, int64_t size) {
  arrowio_codec codec = layer < GZIP ? ARROWIO_CODEC_NONE : layer == GZIP || layer == GZIP_OVER_BUFFERED ? ARROWIO_CODEC_GZIP
                                                                                                        : ARROWIO_CODEC_ZSTD;
  arrowio_stream_options options = {.struct_size = sizeof options, .codec = codec};
  arrowio_file *file = NULL;
  arrowio_buffer *buffer = NULL;
  OK(arrowio_input_stream_open(path, &options, &file, &error));
  OK(arrowio_file_read_all(file, &buffer, &error));
  struct bytes bytes = take_buffer(buffer);
  int holds = bytes.size == size && same(bytes.data, fresh, size);
  drop(&bytes);
  close_file(file);
  return holds;
}

/* Temporaries, and whatever else, in the folder's folder `in`. */
static int names_in(const char *name) {
  return entries_in(here(name)) - 2;
}

static const char *target(void) {
  return here("in/target");
}

static void start_over(int with_old) {
  CHECK_INT(0, shell("rm -rf in; mkdir in"));
  if (with_old) save(target(), old_text, sizeof old_text);
}

/* The target is as it was, and there is nothing beside it. */
static void check_unchanged(int with_old) {
  CHECK_INT(with_old, names_in("in"));
  if (with_old) CHECK(file_holds(target(), old_text, sizeof old_text));
}

static void write_fresh(arrowio_file *file, int64_t size) {
  OK(arrowio_file_write(file, fresh, size, &error));
}

TEST(replaced_on_close) {
  for (enum layer layer = 0; layer < LAYERS; layer++) {
    for (int with_old = 0; with_old < 2; with_old++) {
      start_over(with_old);
      int before = open_descriptors();
      arrowio_file *file = open_for(layer, target());
      CHECK(strcmp(arrowio_file_path(file), target()) == 0);
      CHECK_INT(with_old + 1, names_in("in"));
      write_fresh(file, all / 3);
      OK(arrowio_file_flush(file, &error));
      OK(arrowio_file_sync(file, &error));
      OK(arrowio_file_write(file, fresh + all / 3, all - all / 3, &error));
      if (with_old) CHECK(file_holds(target(), old_text, sizeof old_text));
      if (!with_old) CHECK_INT(-1, file_size(target()));
      OK(arrowio_file_close(file, &error));
      CHECK(holds_fresh(layer, target(), all));
      OK(arrowio_file_close(file, &error));
      OK(arrowio_file_abort(file, &error));
      arrowio_file_release(file);
      CHECK(holds_fresh(layer, target(), all));
      CHECK_INT(1, names_in("in"));
      CHECK_INT(before, open_descriptors());
    }
  }
  CHECK_INT(0, warnings);
}

TEST(nothing_written) {
  start_over(1);
  close_file(open_for(RAW, target()));
  CHECK(file_holds(target(), "", 0));
}

TEST(abort_keeps_the_old) {
  for (enum layer layer = 0; layer < LAYERS; layer++) {
    for (int with_old = 0; with_old < 2; with_old++) {
      start_over(with_old);
      int before = open_descriptors();
      arrowio_file *file = open_for(layer, target());
      write_fresh(file, all);
      OK(arrowio_file_sync(file, &error));
      OK(arrowio_file_abort(file, &error));
      check_unchanged(with_old);
      OK(arrowio_file_close(file, &error));
      arrowio_file_release(file);
      check_unchanged(with_old);
      CHECK_INT(before, open_descriptors());
    }
  }
  CHECK_INT(0, warnings);
}

/* As it happens on the way out of a failure: what is there may be half of it. */
TEST(release_keeps_the_old_and_warns) {
  for (enum layer layer = 0; layer < LAYERS; layer++) {
    start_over(1);
    int before = open_descriptors();
    warnings = 0;
    arrowio_file *file = open_for(layer, target());
    write_fresh(file, all);
    arrowio_file_release(file);
    check_unchanged(1);
    CHECK_INT(1, warnings);
    CHECK(strstr(last_warning, target()) != NULL && strstr(last_warning, "discarded") != NULL);
    CHECK_INT(before, open_descriptors());
  }
  warnings = 0;
}

/* Whatever the position and the way of writing. */
TEST(random_access) {
  start_over(1);
  arrowio_file *file = open_for(RAW, target());
  write_fresh(file, 100);
  OK(arrowio_file_seek(file, 10, ARROWIO_SEEK_START, NULL, &error));
  OK(arrowio_file_write(file, "xyz", 3, &error));
  OK(arrowio_file_write_at(file, 50, "uvw", 3, &error));
  OK(arrowio_file_resize(file, 60, &error));
  close_file(file);
  uint8_t expected[60];
  memcpy(expected, fresh, 60);
  memcpy(expected + 10, "xyz", 3);
  memcpy(expected + 50, "uvw", 3);
  CHECK(file_holds(target(), expected, 60));
}

/* ---- Failures ---- */

static void fill_disk(void) {
  uint8_t old[1000] = "old";
  if (!mount_small_disk()) return;
  for (enum layer layer = 0; layer < LAYERS; layer++) {
    for (int way = 0; way < (is_slow() ? 1 : 3); way++) {
      int found = 0, before = open_descriptors();
      save(here("disk/target"), old, sizeof old);
      arrowio_file *file = open_for(layer, here("disk/target"));
      for (int i = 0; i < 100 && !found; i++) {
        /* Other bytes each time, which nothing compresses. */
        for (int64_t at = 0; at < all; at++) fresh[at] += 97;
        arrowio_status status = arrowio_file_write(file, fresh, all, NULL);
        found = status == ARROWIO_IO_ERROR;
        CHECK(found || status == ARROWIO_OK);
      }
      CHECK(found);
      /* Also where what comes afterwards fits again. */
      if (way == 1 && layer == RAW) {
        OK(arrowio_file_seek(file, 0, ARROWIO_SEEK_START, NULL, &error));
        OK(arrowio_file_write(file, "fits", 4, &error));
        OK(arrowio_file_resize(file, 4, &error));
      }
      if (way < 2) FAILS_WITH(ENOSPC, arrowio_file_close(file, &error));
      if (way == 2) OK(arrowio_file_abort(file, &error));
      if (layer == RAW && way == 0) SAYS(ARROWIO_IO_ERROR, "not everything was written", arrowio_file_close(file, &error));
      arrowio_file_release(file);
      CHECK(file_holds(here("disk/target"), old, sizeof old));
      CHECK_INT(1, names_in("disk"));
      CHECK_INT(before, open_descriptors());
    }
  }
  CHECK_INT(0, warnings);
}

TEST(full_disk) {
  in_child(fill_disk);
}

/* What is still gathered when the file is closed meets the full disk then. */
static void fill_disk_on_close(void) {
  uint8_t old[1000] = "old";
  if (!mount_small_disk()) return;
  save(here("disk/target"), old, sizeof old);
  for (enum layer layer = BUFFERED; layer < LAYERS; layer++) {
    arrowio_file *file = open_for(layer, here("disk/target"));
    write_fresh(file, 20000);
    int filler = open(here("disk/filler"), O_WRONLY | O_CREAT, 0600);
    while (write(filler, fresh, (size_t)all) > 0) {}
    close(filler);
    FAILS_WITH(ENOSPC, arrowio_file_close(file, &error));
    arrowio_file_release(file);
    CHECK(file_holds(here("disk/target"), old, sizeof old));
    CHECK_INT(2, names_in("disk"));
    unlink(here("disk/filler"));
  }
}

TEST(full_disk_on_close) {
  in_child(fill_disk_on_close);
}

enum { ENOUGH_TO_OPEN = 1 << 30 };

/* A layer that, once it is open, has no memory for `size` bytes, nor for its end. */
static void leave_unfinished(arrowio_codec codec, int64_t size, arrowio_pool *pool) {
  arrowio_buffer *rest = NULL;
  arrowio_os_file_options options = atomic_options();
  arrowio_stream_options stream = {
      .struct_size = sizeof stream, .codec = codec, .file_options = &options, .pool = pool};
  arrowio_file *file = NULL;
  start_over(1);
  OK(arrowio_output_stream_open(target(), &stream, &file, &error));
  OK(arrowio_buffer_allocate(pool, (ENOUGH_TO_OPEN - arrowio_pool_bytes_allocated(pool)) / 64 * 64, &rest, &error));
  if (size > 0) FAILS(ARROWIO_OUT_OF_MEMORY, arrowio_file_write(file, fresh, size, &error));
  FAILS(ARROWIO_OUT_OF_MEMORY, arrowio_file_close(file, &error));
  arrowio_file_release(file);
  arrowio_buffer_release(rest);
  check_unchanged(1);
}

/* What a layer cannot finish the file beneath does not either, though nothing of its own has failed. */
TEST(unfinished_layer) {
  arrowio_pool *pool = NULL;
  OK(arrowio_pool_new_capped(NULL, ENOUGH_TO_OPEN, &pool, &error));
  leave_unfinished(ARROWIO_CODEC_NONE, 5000, pool);
  EACH_CODEC(codec) {
    leave_unfinished(codec->id, 5000, pool);
    leave_unfinished(codec->id, 0, pool);
  }
  arrowio_pool_release(pool);
}

static void break_sync(void) {
  if (!refuse(SYS_fsync, EIO)) return;
  for (enum layer layer = 0; layer < LAYERS; layer++) {
    for (int way = 0; way < 2; way++) {
      start_over(1);
      arrowio_file *file = open_for(layer, target());
      write_fresh(file, 100);
      if (way == 1) FAILS_WITH(EIO, arrowio_file_sync(file, &error));
      FAILS_WITH(EIO, arrowio_file_close(file, &error));
      arrowio_file_release(file);
      check_unchanged(1);
    }
    /* As for files that are not replaced. */
    arrowio_os_file_options options = {.struct_size = sizeof options};
    arrowio_file *file = NULL;
    OK(open_layer(layer, target(), &options, &file));
    write_fresh(file, 100);
    FAILS_WITH(EIO, arrowio_file_sync(file, &error));
    close_file(file);
    CHECK(holds_fresh(layer, target(), 100));
  }
}

/* What is not on the disk takes nobody's place. Every layer passes a sync on. */
TEST(failed_sync) {
  in_child(break_sync);
}

static void break_rename(void) {
  if (!refuse(SYS_renameat2, EIO)) return;
#ifdef SYS_renameat
  if (!refuse(SYS_renameat, EIO)) return;
#endif
  for (enum layer layer = 0; layer < LAYERS; layer++) {
    start_over(1);
    arrowio_file *file = open_for(layer, target());
    write_fresh(file, 100);
    FAILS_WITH(EIO, arrowio_file_close(file, &error));
    arrowio_file_release(file);
    check_unchanged(1);
  }
}

TEST(failed_rename) {
  in_child(break_rename);
}

/* Closing fails where the directory has gone, or where what stands there now cannot be replaced. */
TEST(failed_replacement) {
  start_over(1);
  arrowio_file *file = open_for(RAW, target());
  write_fresh(file, 100);
  CHECK_INT(0, unlink(target()));
  CHECK_INT(0, mkdir(target(), 0700));
  FAILS_WITH(EISDIR, arrowio_file_close(file, &error));
  arrowio_file_release(file);
  CHECK_INT(1, names_in("in"));

  start_over(0);
  file = open_for(GZIP, target());
  write_fresh(file, 100);
  CHECK_INT(0, shell("rm -rf in"));
  FAILS_WITH(ENOENT, arrowio_file_close(file, &error));
  arrowio_file_release(file);
}

/* Opening that fails leaves nothing behind. */
TEST(failed_opening) {
  arrowio_os_file_options options = atomic_options();
  arrowio_compression_options compression = {.struct_size = sizeof compression, .compression_level = 77};
  arrowio_stream_options stream = {
      .struct_size = sizeof stream, .codec = ARROWIO_CODEC_GZIP, .compression = &compression};
  arrowio_file *file = NULL;
  stream.file_options = &options;
  start_over(1);
  FAILS(ARROWIO_INVALID, arrowio_output_stream_open(target(), &stream, &file, &error));
  check_unchanged(1);
  FAILS_WITH(ENOENT, open_layer(RAW, here("in/missing/target"), &options, &file));
  FAILS_WITH(ENOTDIR, open_layer(RAW, here("in/target/x"), &options, &file));
  FAILS_WITH(EISDIR, open_layer(RAW, here("in"), &options, &file));
  FAILS_WITH(EISDIR, open_layer(RAW, here("in/"), &options, &file));
  FAILS_WITH(EISDIR, open_layer(RAW, here("in/."), &options, &file));
  FAILS_WITH(EISDIR, open_layer(RAW, "/", &options, &file));
  FAILS_WITH(ENOENT, open_layer(RAW, "", &options, &file));
  FAILS(ARROWIO_INVALID, open_layer(RAW, "/dev/null", &options, &file));
  CHECK_INT(0, mkfifo(here("in/fifo"), 0600));
  SAYS(ARROWIO_INVALID, "regular", open_layer(RAW, here("in/fifo"), &options, &file));
  CHECK_INT(2, names_in("in"));
  char name[300];
  memset(name, 'n', 256);
  snprintf(name + 256, 1, "%s", "");
  char *path = strdup(here("in/"));
  path = realloc(path, strlen(path) + 300);
  strcat(path, name);
  FAILS_WITH(ENAMETOOLONG, open_layer(RAW, path, &options, &file));
  /* The longest name leaves room for a temporary one. */
  path[strlen(path) - 1] = 0;
  OK(open_layer(RAW, path, &options, &file));
  close_file(file);
  CHECK_INT(0, file_size(path));
  free(path);
  CHECK_INT(3, names_in("in"));
  CHECK_INT(0, warnings);
}

/* ---- The end of the process ---- */

static int step;

/* Writes, and ends in the midst of it without any farewell. */
static void end_at_step(void) {
  arrowio_file *file = open_for(step % 2 ? GZIP : BUFFERED, target());
  if (step / 2 == 0) _exit(0);
  write_fresh(file, 1000);
  if (step / 2 == 1) _exit(0);
  write_fresh(file, all);
  OK(arrowio_file_flush(file, &error));
  if (step / 2 == 2) _exit(0);
  OK(arrowio_file_sync(file, &error));
  if (step / 2 == 3) kill(getpid(), SIGKILL);
  OK(arrowio_file_close(file, &error));
  _exit(0);
}

TEST(end_of_the_process) {
  for (step = 0; step < 10; step++) {
    start_over(1);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
      if (setjmp(case_end) == 0) end_at_step();
      _exit(1);
    }
    int status;
    CHECK_INT(child, waitpid(child, &status, 0));
    CHECK(WIFEXITED(status) ? WEXITSTATUS(status) == 0 : step / 2 == 3 && WTERMSIG(status) == SIGKILL);
    if (step / 2 < 4) CHECK(file_holds(target(), old_text, sizeof old_text));
    if (step / 2 == 4) CHECK(file_size(target()) != sizeof old_text);
    CHECK_INT(step / 2 < 4 ? 2 : 1, names_in("in"));
  }
}

/* A child of fork has copies of its parent's files; what it does with them takes nothing from the parent. */
static arrowio_file *of_parent;

static void release_in_child(void) {
  arrowio_file_release(of_parent);
}

static void abort_in_child(void) {
  OK(arrowio_file_abort(of_parent, &error));
  arrowio_file_release(of_parent);
}

TEST(fork_of_the_process) {
  for (int i = 0; i < 2 * LAYERS; i++) {
    start_over(1);
    of_parent = open_for(i / 2, target());
    write_fresh(of_parent, all / 2);
    in_child(i % 2 ? release_in_child : abort_in_child);
    CHECK_INT(2, names_in("in"));
    OK(arrowio_file_write(of_parent, fresh + all / 2, all - all / 2, &error));
    close_file(of_parent);
    CHECK(holds_fresh(i / 2, target(), all));
    CHECK_INT(1, names_in("in"));
  }
}

/* Who reads all the time sees the old or the new, never a part. */
TEST(readers_see_all_or_nothing) {
  start_over(0);
  uint8_t block[70000];
  memset(block, 'a', sizeof block);
  save(target(), block, sizeof block);
  pid_t child = fork();
  if (child == 0) {
    for (int i = 0; setjmp(case_end) == 0 && i < 1; i++) {
      for (int turn = 1; turn < scaled(200, 20); turn++) {
        memset(block, 'a' + turn % 2, sizeof block);
        arrowio_file *file = open_for(BUFFERED, target());
        OK(arrowio_file_write(file, block, sizeof block, &error));
        close_file(file);
      }
      _exit(0);
    }
    _exit(1);
  }
  int status, turns = 0;
  for (; waitpid(child, &status, WNOHANG) == 0; usleep(100)) {
    struct bytes seen = load(target());
    CHECK_INT(sizeof block, seen.size);
    CHECK(seen.data[0] == seen.data[sizeof block - 1]);
    drop(&seen);
    turns++;
  }
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  CHECK(turns > 0);
  CHECK_INT(1, names_in("in"));
}

/* ---- What is kept ---- */

/* What was refused, or told to stop, and done again loses nothing. */
TEST(passing_failures) {
  arrowio_file *raw = NULL, *file = NULL;
  arrowio_cancellation *cancellation = NULL;
  arrowio_os_file_options options = atomic_options();
  arrowio_buffered_stream_options buffered = {.struct_size = sizeof buffered, .buffer_size = 4};
  start_over(1);
  OK(arrowio_os_file_open(target(), ARROWIO_MODE_WRITE, &options, &raw, &error));
  OK(arrowio_buffered_output_stream_new(raw, &buffered, &file, &error));
  OK(arrowio_cancellation_new(&cancellation, &error));
  arrowio_cancellation_cancel(cancellation);
  OK(arrowio_file_set_cancellation(raw, cancellation, &error));
  FAILS(ARROWIO_CANCELLED, arrowio_file_write(file, "12345", 5, &error));
  OK(arrowio_file_set_cancellation(raw, NULL, &error));
  FAILS(ARROWIO_INVALID, arrowio_file_write(file, "x", -1, &error));
  FAILS(ARROWIO_IO_ERROR, arrowio_file_resize(raw, INT64_MAX, &error));
  OK(arrowio_file_write(file, "12345", 5, &error));
  close_file(file);
  arrowio_file_release(raw);
  arrowio_cancellation_release(cancellation);
  CHECK(file_holds(target(), "12345", 5));
}

static mode_t permissions_of(const char *path) {
  struct stat facts;
  CHECK_INT(0, stat(path, &facts));
  return facts.st_mode & 07777;
}

TEST(permissions) {
  const struct { mode_t old, mask; uint32_t asked; mode_t expected; } rows[] = {
      {0, 022, 0, 0644},     {0, 077, 0, 0600},      {0, 0, 0640, 0640},  {0600, 022, 0, 0600}, {0664, 022, 0, 0664},
      {0755, 077, 0, 0755},  {0444, 022, 0, 0444},   {0604, 0, 0640, 0640}, {0666, 022, 0666, 0644}, {04755, 0, 0, 04755}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    arrowio_os_file_options options = atomic_options();
    arrowio_file *file = NULL;
    start_over(rows[i].old != 0);
    if (rows[i].old != 0) CHECK_INT(0, chmod(target(), rows[i].old));
    options.permissions = rows[i].asked;
    mode_t before = umask(rows[i].mask);
    OK(open_layer(RAW, target(), &options, &file));
    write_fresh(file, 10);
    close_file(file);
    umask(before);
    CHECK_INT(rows[i].expected, permissions_of(target()));
  }
}

/* Only root can give a file to somebody else, and keeps the owner so; else no set-user bit goes along. */
static void replace_of_another(void) {
  struct stat facts;
  CHECK_INT(0, chown(target(), 65534, 65534));
  CHECK_INT(0, chmod(target(), 04755));
  close_file(open_for(RAW, target()));
  CHECK_INT(0, stat(target(), &facts));
  CHECK(facts.st_uid == 65534 && facts.st_gid == 65534 && (facts.st_mode & 07777) == 04755);
  CHECK_INT(0, chmod(here("in"), 0777));
  CHECK_INT(0, chmod(folder, 0777));
  CHECK_INT(0, setegid(12345));
  CHECK_INT(0, seteuid(12345));
  if (file_size(target()) < 0) {
    skip("another owner's file needs a folder that others may enter");
    return;
  }
  close_file(open_for(RAW, target()));
  CHECK_INT(0, stat(target(), &facts));
  CHECK(facts.st_uid == 12345 && (facts.st_mode & 07777) == 0755);
}

TEST(owner) {
  start_over(1);
  if (geteuid() != 0) {
    skip("a file of another owner needs root");
    return;
  }
  in_child(replace_of_another);
}

/* ---- Where the target is ---- */

TEST(links) {
  arrowio_os_file_options options = atomic_options();
  arrowio_file *file = NULL;
  start_over(1);
  CHECK_INT(0, shell("cd in; mkdir sub; ln -s ../link2 sub/link1; ln -s ./target link2; ln -s new dangling; ln -s loop loop"));
  CHECK_INT(0, symlink(target(), here("in/sub/absolute")));
  const char *ways[] = {"in/sub/link1", "in/link2", "in/sub/absolute"};
  for (int i = 0; i < 3; i++) {
    save(target(), old_text, sizeof old_text);
    file = open_for(RAW, here(ways[i]));
    write_fresh(file, 100);
    CHECK(file_holds(target(), old_text, sizeof old_text));
    close_file(file);
    struct stat facts;
    CHECK_INT(0, lstat(here(ways[i]), &facts));
    CHECK(S_ISLNK(facts.st_mode));
    CHECK_INT(0, lstat(target(), &facts));
    CHECK(S_ISREG(facts.st_mode));
    CHECK(file_holds(target(), fresh, 100));
  }
  close_file(open_for(RAW, here("in/dangling")));
  CHECK_INT(0, file_size(here("in/new")));
  FAILS_WITH(ELOOP, open_layer(RAW, here("in/loop"), &options, &file));
  options.flags |= ARROWIO_OPEN_NO_FOLLOW;
  FAILS_WITH(ELOOP, open_layer(RAW, here("in/link2"), &options, &file));
  CHECK_INT(6, names_in("in"));
}

TEST(from_a_directory) {
  arrowio_os_file_options options = atomic_options();
  arrowio_file *file = NULL;
  start_over(1);
  CHECK_INT(0, shell("mkdir -p in/root/sub; cp in/target in/root/own; ln -s ../target in/root/out; ln -s ../own in/root/sub/up;"
                     "ln -s sub in/root/directory; ln -s / in/root/top"));
  options.directory_fd = open(here("in/root"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  options.flags |= ARROWIO_OPEN_AT;
  OK(open_layer(RAW, "../target", &options, &file));
  write_fresh(file, 50);
  close_file(file);
  CHECK(file_holds(target(), fresh, 50));
  options.flags |= ARROWIO_OPEN_BENEATH;
  const char *refused[] = {"../target", "out", "/etc/passwd", "sub/../../target", "top/tmp/x", "../x"};
  for (int i = 0; i < 6; i++) FAILS_WITH(EXDEV, open_layer(RAW, refused[i], &options, &file));
  const char *taken[] = {"own", "sub/up", "directory/up", "directory/../own"};
  for (int i = 0; i < 4; i++) {
    save(here("in/root/own"), old_text, sizeof old_text);
    OK(open_layer(GZIP, taken[i], &options, &file));
    write_fresh(file, 100 + i);
    close_file(file);
    CHECK(holds_fresh(GZIP, here("in/root/own"), 100 + i));
  }
  /* The directory may be closed, and moved, meanwhile. */
  OK(open_layer(RAW, "sub/fresh", &options, &file));
  close(options.directory_fd);
  CHECK_INT(0, rename(here("in/root/sub"), here("in/moved")));
  write_fresh(file, 10);
  close_file(file);
  CHECK(file_holds(here("in/moved/fresh"), fresh, 10));
  CHECK_INT(4, names_in("in/root"));
}

TEST(exclusive) {
  arrowio_os_file_options options = atomic_options();
  arrowio_file *file = NULL;
  options.flags |= ARROWIO_OPEN_EXCLUSIVE;
  start_over(1);
  FAILS(ARROWIO_ALREADY_EXISTS, open_layer(RAW, target(), &options, &file));
  check_unchanged(1);
  start_over(0);
  OK(open_layer(RAW, target(), &options, &file));
  write_fresh(file, 10);
  close_file(file);
  CHECK(file_holds(target(), fresh, 10));
  /* A symbolic link is there, be it one that leads nowhere. */
  start_over(0);
  CHECK_INT(0, symlink("nowhere", target()));
  for (uint32_t more = 0; more <= ARROWIO_OPEN_NO_FOLLOW; more += ARROWIO_OPEN_NO_FOLLOW) {
    options.flags = ARROWIO_OPEN_ATOMIC | ARROWIO_OPEN_EXCLUSIVE | more;
    FAILS(ARROWIO_ALREADY_EXISTS, open_layer(RAW, target(), &options, &file));
  }
  CHECK_INT(1, names_in("in"));
  options.flags = ARROWIO_OPEN_ATOMIC | ARROWIO_OPEN_EXCLUSIVE;
  /* Somebody else was faster. */
  start_over(0);
  OK(open_layer(RAW, target(), &options, &file));
  save(target(), old_text, sizeof old_text);
  FAILS(ARROWIO_ALREADY_EXISTS, arrowio_file_close(file, &error));
  arrowio_file_release(file);
  check_unchanged(1);
}

int main(int argc, char **argv) {
  start(argc, argv);
  all = scaled(sizeof fresh, 90000);
  fill(fresh, sizeof fresh);
  RUN(replaced_on_close);
  RUN(nothing_written);
  RUN(abort_keeps_the_old);
  RUN(release_keeps_the_old_and_warns);
  RUN(random_access);
  RUN(full_disk);
  RUN(full_disk_on_close);
  RUN(unfinished_layer);
  RUN(failed_sync);
  RUN(failed_rename);
  RUN(failed_replacement);
  RUN(failed_opening);
  RUN(end_of_the_process);
  RUN(fork_of_the_process);
  RUN(readers_see_all_or_nothing);
  RUN(passing_failures);
  RUN(permissions);
  RUN(owner);
  RUN(links);
  RUN(from_a_directory);
  RUN(exclusive);
  return finish_files();
}

/* Opening safely: from a directory, confined to it, without links, files that must be new, and temporary ones. */
#include "refuse.h"
#include <pthread.h>

static arrowio_os_file_options options_of(uint32_t flags, int directory) {
  arrowio_os_file_options options = {.struct_size = sizeof options, .flags = flags, .directory_fd = directory};
  return options;
}

static int open_directory(const char *name) {
  int fd = open(here(name), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  CHECK(fd >= 0);
  return fd;
}

static int exists(const char *name) {
  struct stat facts;
  return lstat(here(name), &facts) == 0;
}

/* ---- Confined ---- */

static const struct { const char *link, *text; } links[] = {
    {"root/good", "sub/deep"},       {"root/good1", "good2"},
    {"root/good2", "./sub/good3"},   {"root/sub/good3", "../sub/../good"},
    {"root/sub/up", "../inside"},    {"root/directory", "sub"},
    {"root/slashes", "sub///deep"},  {"root/loop", "loop"},
    {"root/out", "../outside"},      {"root/far", "sub/../../outside"},
    {"root/outer", ".."},            {"root/sub/outer", "../.."},
    {"root/bad1", "sub/bad2"},       {"root/sub/bad2", "../bad3"},
    {"root/bad3", "./../outside"},   {"root/dangling", "nowhere"},
    {"root/round", "../root/inside"},
};

static void make_tree(void) {
  char text[5000];
  CHECK_INT(0, shell("rm -rf root elsewhere; mkdir -p root/sub/inner elsewhere"));
  save(here("root/inside"), "inside", 6);
  save(here("root/sub/deep"), "deep", 4);
  save(here("outside"), "outside", 7);
  for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) CHECK_INT(0, symlink(links[i].text, here(links[i].link)));
  snprintf(text, sizeof text, "%s/outside", folder);
  CHECK_INT(0, symlink(text, here("root/absolute")));
  snprintf(text, sizeof text, "%s/root/inside", folder);
  CHECK_INT(0, symlink(text, here("root/absolute-inside")));
  char name[20], next[20];
  for (int i = 0; i < 50; i++) {
    snprintf(name, sizeof name, "root/chain%d", i);
    snprintf(next, sizeof next, i < 49 ? "chain%d" : "inside", i + 1);
    CHECK_INT(0, symlink(next, here(name)));
  }
}

/* What reading a path beneath root gives: its content, or an errno; the other errno may come in its place. */
static const struct { const char *path, *content; int os_error; } reads[] = {
    {"inside", "inside", 0},
    {"./inside", "inside", 0},
    {".///./inside", "inside", 0},
    {"sub//deep", "deep", 0},
    {"sub/../inside", "inside", 0},
    {"sub/inner/../../sub/deep", "deep", 0},
    {"good", "deep", 0},
    {"good1", "deep", 0},
    {"sub/up", "inside", 0},
    {"directory/deep", "deep", 0},
    {"directory/../inside", "inside", 0},
    {"directory/inner/../up", "inside", 0},
    {"slashes", "deep", 0},
    {"chain20", "inside", 0},
    {"chain11", "inside", 0},
    {"chain0", NULL, ELOOP},
    {"loop", NULL, ELOOP},
    {"loop/x", NULL, ELOOP},
    {"", NULL, ENOENT},
    {"missing", NULL, ENOENT},
    {"missing/x", NULL, ENOENT},
    {"missing/../inside", NULL, ENOENT},
    {"dangling", NULL, ENOENT},
    {"inside/x", NULL, ENOTDIR},
    {"inside/", NULL, ENOTDIR},
    {"inside/..", NULL, ENOTDIR},
    {"inside/../inside", NULL, ENOTDIR},
    {".", NULL, EISDIR},
    {"sub", NULL, EISDIR},
    {"sub/", NULL, EISDIR},
    {"sub/..", NULL, EISDIR},
    {"directory/", NULL, EISDIR},
    {"..", NULL, EXDEV},
    {"../", NULL, EXDEV},
    {"../outside", NULL, EXDEV},
    {"../root/inside", NULL, EXDEV},
    {"sub/../../outside", NULL, EXDEV},
    {"sub/../../root/inside", NULL, EXDEV},
    {"directory/../../outside", NULL, EXDEV},
    {"/", NULL, EXDEV},
    {"//", NULL, EXDEV},
    {"/etc/passwd", NULL, EXDEV},
    {"/proc/self/exe", NULL, EXDEV},
    {"out", NULL, EXDEV},
    {"far", NULL, EXDEV},
    {"outer", NULL, EXDEV},
    {"outer/outside", NULL, EXDEV},
    {"outer/root/inside", NULL, EXDEV},
    {"sub/outer/outside", NULL, EXDEV},
    {"bad1", NULL, EXDEV},
    {"round", NULL, EXDEV},
    {"absolute", NULL, EXDEV},
    {"absolute-inside", NULL, EXDEV},
};

static void check_read(const char *path, const arrowio_os_file_options *options, const char *content, int os_error) {
  arrowio_file *file = NULL;
  arrowio_buffer *buffer = NULL;
  arrowio_status status = arrowio_os_file_open(path, ARROWIO_MODE_READ, options, &file, &error);
  if (os_error != 0) {
    if (arrowio_error_os_error(error) != os_error) fprintf(stderr, "read of %s\n", path);
    FAILS_WITH(os_error, status);
    return;
  }
  if (status != ARROWIO_OK) fprintf(stderr, "read of %s\n", path);
  OK(status);
  OK(arrowio_file_read_all(file, &buffer, &error));
  struct bytes bytes = take_buffer(buffer);
  CHECK(bytes.size == (int64_t)strlen(content) && same(bytes.data, content, bytes.size));
  drop(&bytes);
  close_file(file);
}

static void check_reads(void) {
  int root = open_directory("root"), before = open_descriptors();
  arrowio_os_file_options options = options_of(ARROWIO_OPEN_AT | ARROWIO_OPEN_BENEATH, root);
  for (size_t i = 0; i < sizeof reads / sizeof reads[0]; i++) {
    check_read(reads[i].path, &options, reads[i].content, reads[i].os_error);
  }
  char path[5000] = "";
  memset(path, 'n', 300);
  check_read(path, &options, NULL, ENAMETOOLONG);
  SAYS(ARROWIO_IO_ERROR, "confined", arrowio_os_file_open("../x", ARROWIO_MODE_READ, &options, &(arrowio_file *){NULL}, &error));
  CHECK_INT(before, open_descriptors());

  /* The same from the current directory. */
  int former = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  CHECK_INT(0, fchdir(root));
  options = options_of(ARROWIO_OPEN_BENEATH, 0);
  for (size_t i = 0; i < sizeof reads / sizeof reads[0]; i++) {
    check_read(reads[i].path, &options, reads[i].content, reads[i].os_error);
  }

  /* And of a directory that is none, or of no descriptor. */
  int file = open("inside", O_RDONLY | O_CLOEXEC);
  options = options_of(ARROWIO_OPEN_AT | ARROWIO_OPEN_BENEATH, file);
  check_read("inside", &options, NULL, ENOTDIR);
  options.directory_fd = -1;
  check_read("inside", &options, NULL, EBADF);
  CHECK_INT(0, fchdir(former));
  close(former);
  close(file);
  close(root);
}

/* Files that are created stay inside, and nothing outside is touched. */
static void check_writes(void) {
  int root = open_directory("root");
  arrowio_os_file_options options = options_of(ARROWIO_OPEN_AT | ARROWIO_OPEN_BENEATH, root);
  const struct { const char *path, *made; int os_error; } writes[] = {
      {"new", "root/new", 0},          {"sub/new", "root/sub/new", 0}, {"directory/new2", "root/sub/new2", 0},
      {"dangling", "root/nowhere", 0}, {"good", "root/sub/deep", 0},   {"../new", "new", EXDEV},
      {"outer/new", "new", EXDEV},     {"out", "outside", EXDEV},      {"absolute", "outside", EXDEV},
      {"far", "outside", EXDEV},       {"sub", "root/sub", EISDIR},    {"missing/new", "root/missing", ENOENT},
  };
  const arrowio_mode modes[] = {ARROWIO_MODE_WRITE, ARROWIO_MODE_APPEND, ARROWIO_MODE_READ_WRITE};
  for (int mode = 0; mode < 3; mode++) {
    make_tree();
    close(root);
    options.directory_fd = root = open_directory("root");
    for (size_t i = 0; i < sizeof writes / sizeof writes[0]; i++) {
      arrowio_file *file = NULL;
      arrowio_status status = arrowio_os_file_open(writes[i].path, modes[mode], &options, &file, &error);
      if (writes[i].os_error != 0) {
        FAILS_WITH(writes[i].os_error, status);
        continue;
      }
      OK(status);
      CHECK(exists(writes[i].made));
      OK(arrowio_file_write(file, "written", 7, &error));
      close_file(file);
    }
    CHECK(file_holds(here("outside"), "outside", 7));
    CHECK(!exists("new") && !exists("root/missing"));
  }
  close(root);
}

/* The links of /proc that stand for open files lead anywhere, whatever their text says. */
static void check_magic_links(void) {
  int process = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  arrowio_os_file_options options = options_of(ARROWIO_OPEN_AT | ARROWIO_OPEN_BENEATH, process);
  const char *paths[] = {"exe", "cwd/outside", "root/etc/passwd", "fd/0", "task/../exe"};
  char through[40];
  arrowio_file *file = NULL;
  snprintf(through, sizeof through, "fd/%d/status", process);
  for (int i = 0; i < 6; i++) {
    const char *path = i < 5 ? paths[i] : through;
    CHECK_INT(ARROWIO_IO_ERROR, arrowio_os_file_open(path, ARROWIO_MODE_READ, &options, &file, NULL));
    CHECK(file == NULL);
  }
  OK(arrowio_os_file_open("task/../status", ARROWIO_MODE_READ, &options, &file, &error));
  close_file(file);
  close(process);
}

static struct { int stop; int exchange; } mover;

/* Exchanges a directory with a link that leads out, or moves one out and in, all the time. */
static void *move_about(void *unused) {
  int root = open(here("root"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int elsewhere = open(here("elsewhere"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  while (!__atomic_load_n(&mover.stop, __ATOMIC_RELAXED)) {
    if (mover.exchange) {
      renameat2(root, "swapped", root, "leads-out", RENAME_EXCHANGE);
    } else if (renameat(root, "sub/inner", elsewhere, "inner") != 0) {
      renameat(elsewhere, "inner", root, "sub/inner");
    }
    usleep(1);
  }
  close(root);
  close(elsewhere);
  return unused;
}

static void check_races(void) {
  const char *paths[] = {"sub/inner/../../secret", "swapped/secret"};
  for (mover.exchange = 0; mover.exchange < 2; mover.exchange++) {
    pthread_t thread;
    int64_t inside = 0, refused = 0, enough = scaled(1000, 20);
    make_tree();
    CHECK_INT(0, shell("mkdir root/swapped; ln -s ../elsewhere root/leads-out"));
    save(here("root/secret"), "inside", 6);
    save(here("root/swapped/secret"), "inside", 6);
    save(here("secret"), "outside", 7);
    save(here("elsewhere/secret"), "outside", 7);
    int root = open_directory("root"), before = open_descriptors();
    arrowio_os_file_options options = options_of(ARROWIO_OPEN_AT | ARROWIO_OPEN_BENEATH, root);
    mover.stop = 0;
    CHECK_INT(0, pthread_create(&thread, NULL, move_about, NULL));
    while (inside < enough || refused < enough) {
      arrowio_file *file = NULL;
      char content[10];
      int64_t got;
      if (arrowio_os_file_open(paths[mover.exchange], ARROWIO_MODE_READ, &options, &file, NULL) != ARROWIO_OK) {
        refused++;
        continue;
      }
      OK(arrowio_file_read(file, content, 10, &got, &error));
      CHECK(got == 6 && same(content, "inside", 6));
      inside++;
      close_file(file);
    }
    __atomic_store_n(&mover.stop, 1, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    CHECK_INT(before, open_descriptors());
    close(root);
  }
}

static void check_beneath(void) {
  make_tree();
  check_reads();
  check_writes();
  check_magic_links();
  check_races();
}

static int openat2_errno;

/* As on an old kernel, or in a sandbox that does not know the call. */
static void check_beneath_without_openat2(void) {
  if (!refuse(SYS_openat2, (unsigned)openat2_errno)) return;
  CHECK_INT(-1, syscall(SYS_openat2, -1, NULL, NULL, 0));
  /* valgrind does not know it either. */
  CHECK(errno == openat2_errno || errno == ENOSYS);
  check_beneath();
}

TEST(beneath) {
  const int refusals[] = {ENOSYS, EPERM};
  in_child(check_beneath);
  for (int i = 0; i < 2; i++) {
    openat2_errno = refusals[i];
    in_child(check_beneath_without_openat2);
  }
}

/* ---- From a directory ---- */

TEST(from_a_directory) {
  arrowio_file *file = NULL;
  make_tree();
  int sub = open_directory("root/sub");
  arrowio_os_file_options options = options_of(ARROWIO_OPEN_AT, sub);
  check_read("deep", &options, "deep", 0);
  /* Not confined: it may lead anywhere. */
  check_read("../inside", &options, "inside", 0);
  check_read("../out", &options, "outside", 0);
  check_read(here("outside"), &options, "outside", 0);
  /* The directory, not its name. */
  CHECK_INT(0, rename(here("root/sub"), here("root/moved")));
  check_read("deep", &options, "deep", 0);
  OK(arrowio_os_file_open("made", ARROWIO_MODE_WRITE, &options, &file, &error));
  close(sub);
  close_file(file);
  CHECK(exists("root/moved/made"));
  FAILS_WITH(EBADF, arrowio_os_file_open("deep", ARROWIO_MODE_READ, &options, &file, &error));
}

/* A directory without the flag, or a flag without a meaning, is a mistake that is told. */
TEST(flags) {
  arrowio_file *file = NULL;
  make_tree();
  int fd = open(here("root/inside"), O_RDWR | O_CLOEXEC), root = open_directory("root");
  const uint32_t unknown[] = {32, UINT32_MAX, 1u << 31};
  arrowio_os_file_options options;
  for (int i = 0; i < 3; i++) {
    options = options_of(unknown[i], 0);
    FAILS(ARROWIO_INVALID, arrowio_os_file_open(here("outside"), ARROWIO_MODE_READ, &options, &file, &error));
  }
  options = options_of(0, root);
  SAYS(ARROWIO_INVALID, "ARROWIO_OPEN_AT", arrowio_os_file_open("inside", ARROWIO_MODE_READ, &options, &file, &error));
  const uint32_t flags[] = {ARROWIO_OPEN_AT, ARROWIO_OPEN_BENEATH, ARROWIO_OPEN_NO_FOLLOW, ARROWIO_OPEN_EXCLUSIVE,
                            ARROWIO_OPEN_ATOMIC, ARROWIO_OPEN_REGULAR};
  for (int i = 0; i < 6; i++) {
    options = options_of(flags[i], 0);
    FAILS(ARROWIO_INVALID, arrowio_os_file_open_fd(fd, ARROWIO_MODE_READ_WRITE, &options, &file, &error));
    FAILS(ARROWIO_INVALID, arrowio_standard_stream_open(ARROWIO_STANDARD_INPUT, &options, &file, &error));
  }
  options = options_of(ARROWIO_OPEN_EXCLUSIVE, 0);
  FAILS(ARROWIO_INVALID, arrowio_os_file_open(here("none"), ARROWIO_MODE_READ, &options, &file, &error));
  options = options_of(ARROWIO_OPEN_ATOMIC, 0);
  for (arrowio_mode mode = ARROWIO_MODE_READ; mode <= ARROWIO_MODE_READ_WRITE; mode++) {
    if (mode == ARROWIO_MODE_WRITE) continue;
    FAILS(ARROWIO_INVALID, arrowio_os_file_open(here("outside"), mode, &options, &file, &error));
  }
  close(root);
  close(fd);
}

/* Options of an older program, which end before the flags. */
TEST(shorter_options) {
  struct { size_t struct_size; arrowio_pool *pool; uint32_t permissions; int32_t borrow; uint32_t noise[2]; } old = {
      .struct_size = 24, .permissions = 0640, .noise = {UINT32_MAX, UINT32_MAX}};
  arrowio_file *file = NULL;
  CHECK_INT(24, offsetof(arrowio_os_file_options, flags));
  OK(arrowio_os_file_open(here("by-old"), ARROWIO_MODE_WRITE, (arrowio_os_file_options *)&old, &file, &error));
  close_file(file);
}

static void check_says(const char *text) {
  if (strstr(arrowio_error_message(failure), text) == NULL) fprintf(stderr, "%s\n", arrowio_error_message(failure));
  CHECK(strstr(arrowio_error_message(failure), text) != NULL);
}

/* A directory that is none is named by its number, not by the path that would begin there. */
TEST(no_directory) {
  arrowio_file *file = NULL;
  char said[60];
  make_tree();
  int none = open(here("root/inside"), O_RDONLY | O_CLOEXEC);
  for (uint32_t more = 0; more <= ARROWIO_OPEN_BENEATH; more += ARROWIO_OPEN_BENEATH) {
    arrowio_os_file_options options = options_of(ARROWIO_OPEN_AT | more, 987654);
    FAILS_WITH(EBADF, arrowio_os_file_open("inside", ARROWIO_MODE_READ, &options, &file, &error));
    check_says("directory_fd 987654");
    options.directory_fd = none;
    FAILS_WITH(ENOTDIR, arrowio_os_file_open("inside", ARROWIO_MODE_READ, &options, &file, &error));
    snprintf(said, sizeof said, "directory_fd %d is no directory", none);
    check_says(said);
  }
  close(none);
}

TEST(no_follow) {
  make_tree();
  int root = open_directory("root");
  for (int beneath = 0; beneath < 2; beneath++) {
    uint32_t flags = ARROWIO_OPEN_AT | ARROWIO_OPEN_NO_FOLLOW | (beneath ? ARROWIO_OPEN_BENEATH : 0);
    arrowio_os_file_options options = options_of(flags, root);
    arrowio_file *file = NULL;
    check_read("inside", &options, "inside", 0);
    check_read("directory/deep", &options, "deep", 0);
    check_read("good", &options, NULL, ELOOP);
    check_read("dangling", &options, NULL, ELOOP);
    check_read("directory/up", &options, NULL, ELOOP);
    FAILS_WITH(ELOOP, arrowio_os_file_open("dangling", ARROWIO_MODE_WRITE, &options, &file, &error));
    CHECK(!exists("root/nowhere"));
    check_says("it is a symbolic link");
    FAILS_WITH(ENOTDIR, arrowio_temporary_file_open("directory", "t", &options, &file, &error));
    check_says("it is a symbolic link");
    FAILS_WITH(ELOOP, arrowio_os_file_open("loop/x", ARROWIO_MODE_READ, &options, &file, &error));
    CHECK(strstr(arrowio_error_message(failure), "it is a symbolic link") == NULL);
    options.flags |= ARROWIO_OPEN_ATOMIC;
    FAILS_WITH(ELOOP, arrowio_os_file_open("good", ARROWIO_MODE_WRITE, &options, &file, &error));
    check_says("it is a symbolic link");
  }
  close(root);
}

TEST(exclusive) {
  const arrowio_mode modes[] = {ARROWIO_MODE_WRITE, ARROWIO_MODE_APPEND, ARROWIO_MODE_READ_WRITE};
  make_tree();
  int root = open_directory("root");
  for (int i = 0; i < 6; i++) {
    arrowio_os_file_options options =
        options_of(ARROWIO_OPEN_AT | ARROWIO_OPEN_EXCLUSIVE | (i < 3 ? 0 : ARROWIO_OPEN_BENEATH), root);
    arrowio_file *file = NULL;
    const char *taken[] = {"inside", "good", "dangling", "sub", "fresh"};
    unlink(here("root/fresh"));
    OK(arrowio_os_file_open("fresh", modes[i % 3], &options, &file, &error));
    close_file(file);
    for (int j = 0; j < 5; j++) {
      SAYS(ARROWIO_ALREADY_EXISTS, taken[j], arrowio_os_file_open(taken[j], modes[i % 3], &options, &file, &error));
      CHECK_INT(EEXIST, arrowio_error_os_error(failure));
    }
    CHECK(file_holds(here("root/inside"), "inside", 6));
    CHECK(!exists("root/nowhere"));
  }
  close(root);
}

/* ---- Regular files only ---- */

static const struct { const char *name, *said; } irregular[] = {
    {"fifo", "it is a FIFO"},
    {"leads-to-fifo", "it is a FIFO"},
    {"socket", "it is a socket"},
    {"sub", "directory"},
};

static void check_regular_only(uint32_t flags) {
  make_tree();
  CHECK_INT(0, mkfifo(here("root/fifo"), 0600));
  CHECK_INT(0, mknod(here("root/socket"), S_IFSOCK | 0600, 0));
  CHECK_INT(0, symlink("fifo", here("root/leads-to-fifo")));
  int root = open_directory("root"), before = open_descriptors();
  arrowio_os_file_options options = options_of(ARROWIO_OPEN_AT | ARROWIO_OPEN_REGULAR | flags, root);
  arrowio_file *file = NULL;
  for (arrowio_mode mode = ARROWIO_MODE_READ; mode <= ARROWIO_MODE_READ_WRITE; mode++) {
    for (int i = 0; i < 4; i++) {
      SAYS(ARROWIO_IO_ERROR, irregular[i].said, arrowio_os_file_open(irregular[i].name, mode, &options, &file, &error));
    }
    OK(arrowio_os_file_open("inside", mode, &options, &file, &error));
    int fd = -1;
    OK(arrowio_file_descriptor(file, &fd, &error));
    CHECK_INT(mode == ARROWIO_MODE_APPEND ? O_APPEND : 0, fcntl(fd, F_GETFL) & (O_NONBLOCK | O_APPEND));
    close_file(file);
  }
  OK(arrowio_os_file_open("fresh", ARROWIO_MODE_WRITE, &options, &file, &error));
  close_file(file);
  check_read("missing", &options, NULL, ENOENT);
  options.flags |= ARROWIO_OPEN_NO_FOLLOW;
  check_read("leads-to-fifo", &options, NULL, ELOOP);
  options.flags |= ARROWIO_OPEN_EXCLUSIVE;
  FAILS(ARROWIO_ALREADY_EXISTS, arrowio_os_file_open("fifo", ARROWIO_MODE_WRITE, &options, &file, &error));
  CHECK_INT(before, open_descriptors());
  close(root);
}

/* A file and a FIFO exchange their names all the time: what is open is the file, and nothing waits. */
static void check_regular_in_races(uint32_t flags) {
  const arrowio_mode modes[] = {ARROWIO_MODE_READ, ARROWIO_MODE_APPEND};
  int64_t opened = 0, refused = 0, enough = scaled(1000, 20);
  pthread_t thread;
  make_tree();
  save(here("root/swapped"), "inside", 6);
  CHECK_INT(0, mkfifo(here("root/leads-out"), 0600));
  int root = open_directory("root");
  arrowio_os_file_options options = options_of(ARROWIO_OPEN_AT | ARROWIO_OPEN_REGULAR | flags, root);
  mover.stop = 0;
  mover.exchange = 1;
  CHECK_INT(0, pthread_create(&thread, NULL, move_about, NULL));
  for (int turn = 0; opened < enough || refused < enough; turn++) {
    arrowio_file *file = NULL;
    arrowio_metadata facts = {.struct_size = sizeof facts};
    if (arrowio_os_file_open("swapped", modes[turn % 2], &options, &file, NULL) != ARROWIO_OK) {
      refused++;
      continue;
    }
    opened++;
    OK(arrowio_file_metadata(file, &facts, &error));
    CHECK_INT(ARROWIO_KIND_REGULAR, facts.kind);
    close_file(file);
  }
  __atomic_store_n(&mover.stop, 1, __ATOMIC_RELAXED);
  pthread_join(thread, NULL);
  close(root);
}

static void check_regular_by_walking(void) {
  if (!refuse(SYS_openat2, ENOSYS)) return;
  check_regular_only(ARROWIO_OPEN_BENEATH);
  check_regular_in_races(ARROWIO_OPEN_BENEATH);
}

TEST(regular) {
  arrowio_os_file_options options = options_of(ARROWIO_OPEN_REGULAR, 0);
  arrowio_file *file = NULL;
  for (uint32_t flags = 0; flags <= ARROWIO_OPEN_BENEATH; flags += ARROWIO_OPEN_BENEATH) {
    check_regular_only(flags);
    check_regular_in_races(flags);
  }
  in_child(check_regular_by_walking);
  SAYS(ARROWIO_IO_ERROR, "device", arrowio_os_file_open("/dev/null", ARROWIO_MODE_WRITE, &options, &file, &error));
}

/* ---- Through the high-level streams ---- */

TEST(streams) {
  make_tree();
  int root = open_directory("root");
  arrowio_os_file_options options = options_of(ARROWIO_OPEN_AT | ARROWIO_OPEN_BENEATH, root);
  arrowio_stream_options stream = {.struct_size = sizeof stream, .file_options = &options};
  arrowio_file *file = NULL;
  arrowio_buffer *buffer = NULL;
  options.permissions = 0600;
  OK(arrowio_output_stream_open("sub/text.gz", &stream, &file, &error));
  OK(arrowio_file_write(file, "hello", 5, &error));
  close_file(file);
  struct stat facts;
  CHECK_INT(0, stat(here("root/sub/text.gz"), &facts));
  CHECK_INT(0600, facts.st_mode & 07777);
  OK(arrowio_input_stream_open("directory/text.gz", &stream, &file, &error));
  OK(arrowio_file_read_all(file, &buffer, &error));
  CHECK(arrowio_buffer_size(buffer) == 5 && same(arrowio_buffer_data(buffer), "hello", 5));
  arrowio_buffer_release(buffer);
  close_file(file);
  FAILS_WITH(EXDEV, arrowio_input_stream_open("out", &stream, &file, &error));
  FAILS_WITH(EXDEV, arrowio_output_stream_open("../new", &stream, &file, &error));
  options.flags |= ARROWIO_OPEN_EXCLUSIVE;
  FAILS(ARROWIO_ALREADY_EXISTS, arrowio_output_stream_open("inside", &stream, &file, &error));
  FAILS(ARROWIO_INVALID, arrowio_input_stream_open("inside", &stream, &file, &error));
  options.struct_size = 1;
  FAILS(ARROWIO_INVALID, arrowio_output_stream_open("fresh", &stream, &file, &error));
  close(root);
}

/* ---- Temporary files ---- */

static arrowio_file *open_temporary(const char *directory, const char *prefix, const arrowio_os_file_options *options) {
  arrowio_file *file = NULL;
  OK(arrowio_temporary_file_open(directory, prefix, options, &file, &error));
  return file;
}

TEST(temporary_files) {
  char names[50][4096], bytes[10];
  int64_t got;
  struct stat facts;
  size_t directory = strlen(folder);
  for (int i = 0; i < 50; i++) {
    arrowio_file *file = open_temporary(folder, "pre-", NULL);
    const char *path = arrowio_file_path(file);
    snprintf(names[i], sizeof names[i], "%s", path);
    CHECK(strncmp(path, folder, directory) == 0 && strncmp(path + directory, "/pre-", 5) == 0);
    CHECK_INT(directory + 5 + 16, strlen(path));
    CHECK_INT(0, stat(path, &facts));
    CHECK_INT(S_IFREG | 0600, facts.st_mode);
    OK(arrowio_file_write(file, "mine", 4, &error));
    OK(arrowio_file_read_at(file, 0, bytes, 10, &got, &error));
    CHECK(got == 4 && same(bytes, "mine", 4));
    for (int j = 0; j < i; j++) CHECK(strcmp(names[i], names[j]) != 0);
    close_file(file);
    CHECK(file_holds(names[i], "mine", 4));
  }
  for (int i = 0; i < 50; i++) CHECK_INT(0, unlink(names[i]));
}

static void use_default_directory(void) {
  arrowio_file *file;
  setenv("TMPDIR", folder, 1);
  file = open_temporary(NULL, NULL, NULL);
  char start[4200];
  snprintf(start, sizeof start, "%s/arrowio-", folder);
  CHECK(strncmp(arrowio_file_path(file), start, strlen(start)) == 0);
  CHECK_INT(0, unlink(arrowio_file_path(file)));
  close_file(file);
  for (int i = 0; i < 2; i++) {
    if (i == 0) setenv("TMPDIR", "", 1);
    if (i == 1) unsetenv("TMPDIR");
    file = open_temporary(NULL, "", NULL);
    CHECK(strncmp(arrowio_file_path(file), "/tmp/", 5) == 0);
    CHECK_INT(0, unlink(arrowio_file_path(file)));
    close_file(file);
  }
}

TEST(temporary_files_as_asked) {
  arrowio_file *file = NULL;
  struct stat facts;
  in_child(use_default_directory);
  make_tree();
  int root = open_directory("root");
  arrowio_os_file_options options = options_of(ARROWIO_OPEN_AT | ARROWIO_OPEN_BENEATH, root);
  options.permissions = 0644;
  mode_t mask = umask(022);
  file = open_temporary("directory", "t", &options);
  umask(mask);
  CHECK_INT(0, fstatat(root, arrowio_file_path(file), &facts, 0));
  CHECK_INT(0644, facts.st_mode & 07777);
  CHECK_INT(0, unlinkat(root, arrowio_file_path(file), 0));
  close_file(file);
  FAILS_WITH(EXDEV, arrowio_temporary_file_open("outer", "t", &options, &file, &error));
  FAILS_WITH(ENOENT, arrowio_temporary_file_open("missing", "t", &options, &file, &error));
  FAILS_WITH(ENOTDIR, arrowio_temporary_file_open("inside", "t", &options, &file, &error));
  FAILS(ARROWIO_INVALID, arrowio_temporary_file_open("sub", "../t", &options, &file, &error));
  options.flags |= ARROWIO_OPEN_ATOMIC;
  FAILS(ARROWIO_INVALID, arrowio_temporary_file_open("sub", "t", &options, &file, &error));
  close(root);
  CHECK_INT(0, shell("! ls root root/sub | grep '^t'"));
}

int main(int argc, char **argv) {
  start(argc, argv);
  RUN(beneath);
  RUN(from_a_directory);
  RUN(flags);
  RUN(shorter_options);
  RUN(no_directory);
  RUN(no_follow);
  RUN(exclusive);
  RUN(regular);
  RUN(streams);
  RUN(temporary_files);
  RUN(temporary_files_as_asked);
  return finish_files();
}

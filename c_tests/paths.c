/* Opening paths, in every way: names that lead nowhere or look odd, files without rights, no descriptors left. */
#include "openers.h"
#include <sys/resource.h>

/* A file to open, with something in it. */
static void make_file(const char *path) {
  unlink(path);
  save(path, "0123456789", 10);
}

static void opens(const char *path) {
  arrowio_file *file = NULL;
  OK(open_path_by(path, &file));
  CHECK(file != NULL);
  OK(arrowio_file_close(file, &error));
  arrowio_file_release(file);
}

/* Opening fails with this errno, says so with the name as it is quoted, and leaves nothing behind. */
static void does_not_open(const char *path, const char *quoted, int error_number) {
  int before = open_descriptors();
  int64_t memory = arrowio_pool_bytes_allocated(NULL);
  arrowio_file *file = (arrowio_file *)&before;
  arrowio_status status = open_path_by(path, &file);
  const char *message = arrowio_error_message(error);
  int right = status == ARROWIO_IO_ERROR && arrowio_error_os_error(error) == error_number &&
              strstr(message, quoted) && strstr(message, strerror(error_number));
  if (!right) {
    fprintf(stderr, "%s: %.100s gave %s: %.300s; not %s\n", opener->name, path, arrowio_status_name(status),
            arrowio_error_message(error), strerror(error_number));
  }
  arrowio_error_release(error);
  error = NULL;
  CHECK(right);
  CHECK(file == NULL);
  CHECK_INT(before, open_descriptors());
  CHECK_INT(memory, arrowio_pool_bytes_allocated(NULL));
}

/* A name of so many bytes in the folder. */
static const char *long_name(int size) {
  char name[300];
  memset(name, 'n', (size_t)size);
  name[size] = 0;
  return here(name);
}

TEST(names_that_lead_nowhere) {
  save(here("plain"), "", 0);
  unlink(here("loop"));
  CHECK_INT(0, symlink("loop", here("loop")));
  EACH_OPENER {
    does_not_open("", "''", ENOENT);
    does_not_open(here("no-folder/file"), "no-folder/file'", ENOENT);
    does_not_open(here("plain/beneath"), "plain/beneath'", ENOTDIR);
    does_not_open(here("plain/"), "plain/'", opener->writes ? EISDIR : ENOTDIR);
    does_not_open(here("loop"), "loop'", ELOOP);
    does_not_open(long_name(256), "nnnnnnnn'", ENAMETOOLONG);
  }
}

TEST(missing_files) {
  EACH_OPENER {
    unlink(here("missing"));
    if (opener->creates) opens(here("missing"));
    if (!opener->creates && opener->writes) continue;
    if (!opener->creates) does_not_open(here("missing"), "missing'", ENOENT);
    CHECK_INT(!opener->creates, file_size(here("missing")) < 0);
  }
}

TEST(dangling_links) {
  unlink(here("dangling"));
  CHECK_INT(0, symlink("target", here("dangling")));
  EACH_OPENER {
    unlink(here("target"));
    if (opener->creates) opens(here("dangling"));
    if (!opener->creates && opener->writes) continue;
    if (!opener->creates) does_not_open(here("dangling"), "dangling'", ENOENT);
    CHECK_INT(!opener->creates, file_size(here("target")) < 0);
  }
}

/* What the system takes for a name is one: of any bytes, and as long as names can be. */
TEST(odd_names) {
  const char *names[] = {here("two\nlines 'quoted' \"twice\" \\"), here("\xff\xfe\x80 not UTF-8"), here(" "),
                         long_name(255)};
  EACH_OPENER {
    for (int i = 0; i < 4; i++) {
      make_file(names[i]);
      opens(names[i]);
      CHECK_INT(0, unlink(names[i]));
    }
  }
}

/* Names in messages stay on their line and tell every byte. */
TEST(odd_names_in_messages) {
  EACH_OPENER {
    does_not_open(here("no/a\n'\"\x01\x7f\xff\xc3\xa9/b"), "no/a\\n\\'\"\\u{1}\\u{7f}\\xff\xc3\xa9/b'", ENOENT);
  }
}

/* One that holds a backslash and an n is told apart from one with a newline. */
TEST(backslashes_in_messages) {
  EACH_OPENER does_not_open(here("no/a\\n"), "no/a\\\\n'", ENOENT);
}

static void open_without_rights(void) {
  if (geteuid() == 0) CHECK_INT(0, setuid(65534));
  EACH_OPENER {
    does_not_open(here("closed/file"), "closed/file'", EACCES);
    does_not_open(here("secret"), "secret'", EACCES);
    if (opener->writes) does_not_open(here("read-only"), "read-only'", EACCES);
    if (!opener->writes) opens(here("read-only"));
  }
  CHECK_INT(10, file_size(here("read-only")));
}

TEST(without_rights) {
  make_file(here("secret"));
  make_file(here("read-only"));
  CHECK_INT(0, chmod(here("secret"), 0));
  CHECK_INT(0, chmod(here("read-only"), 0444));
  CHECK(mkdir(here("closed"), 0) == 0 || errno == EEXIST);
  in_child(open_without_rights);
}

/* A program that runs is not written to. */
TEST(a_running_program) {
  EACH_OPENER {
    if (opener->writes) does_not_open("/proc/self/exe", "/proc/self/exe'", ETXTBSY);
  }
}

static void allow_descriptors(rlim_t count) {
  struct rlimit limit;
  CHECK_INT(0, getrlimit(RLIMIT_NOFILE, &limit));
  limit.rlim_cur = count;
  CHECK_INT(0, setrlimit(RLIMIT_NOFILE, &limit));
}

/* With no descriptor left nothing opens, and the file stays as it is; with one everything does. */
static void run_out_of_descriptors(void) {
  int last = dup(0);
  EACH_OPENER {
    arrowio_file *file = (arrowio_file *)&last;
    make_file(here("file"));
    allow_descriptors((rlim_t)last + 1);
    arrowio_status status = open_path_by(here("file"), &file);
    allow_descriptors(1000);
    FAILS_WITH(EMFILE, status);
    CHECK(file == NULL && strstr(arrowio_error_message(failure), here("file")) != NULL);
    /* Valgrind has its own limit and finds the descriptor too many when it has it. */
    if (!is_slow()) CHECK(file_holds(here("file"), "0123456789", 10));
    CHECK_INT(0, close(last));
    allow_descriptors((rlim_t)last + 1);
    opens(here("file"));
    CHECK_INT(last, dup(0));
    allow_descriptors(1000);
  }
}

TEST(no_descriptors_left) {
  in_child(run_out_of_descriptors);
}

/* What is open already needs none: descriptors that are handed over, buffers, streams over them. */
static void use_what_is_open(void) {
  arrowio_file *files[4] = {NULL};
  make_file(here("file"));
  int fd = open(here("file"), O_RDWR | O_CLOEXEC);
  arrowio_buffer *buffer = buffer_of("0123456789", 10), *slice = NULL;
  allow_descriptors(0);
  OK(arrowio_os_file_open_fd(fd, ARROWIO_MODE_READ_WRITE, NULL, &files[0], &error));
  OK(arrowio_buffer_reader_new(buffer, &files[1], &error));
  OK(arrowio_compressed_input_stream_new(files[0], ARROWIO_CODEC_GZIP, NULL, &files[2], &error));
  OK(arrowio_buffer_output_stream_new(NULL, 0, &files[3], &error));
  OK(arrowio_file_write(files[0], "xyz", 3, &error));
  OK(arrowio_file_read_buffer(files[0], 7, &slice, &error));
  CHECK(arrowio_buffer_size(slice) == 7 && same(arrowio_buffer_data(slice), "3456789", 7));
  arrowio_buffer_release(slice);
  for (int i = 3; i >= 0; i--) close_file(files[i]);
  arrowio_buffer_release(buffer);
  CHECK_INT(-1, fcntl(fd, F_GETFD));
  CHECK(file_size(here("file")) == 10);
}

TEST(no_descriptors_needed) {
  in_child(use_what_is_open);
}

int main(int argc, char **argv) {
  start(argc, argv);
  RUN(names_that_lead_nowhere);
  RUN(missing_files);
  RUN(dangling_links);
  RUN(odd_names);
  RUN(odd_names_in_messages);
  RUN(backslashes_in_messages);
  RUN(without_rights);
  /* Under valgrind that is valgrind. */
  if (!is_slow()) RUN(a_running_program);
  RUN(no_descriptors_left);
  RUN(no_descriptors_needed);
  return finish_files();
}

/* What fails in a cluster, and what stands still, while files are read and written. */
#include "silence.h"
#include <pwd.h>
#include <sys/wait.h>

/* How long a call waits for an answer here. */
#define PATIENCE 4.0
/* A call may have to wait for several, and two cores do a cluster's work besides. */
#define LIMIT (3 * PATIENCE + 4)

static int first_location(const char *path) { return atoi(CLUSTER("locations %s", path)); }

/* ---- reading ---- */

TEST(data_node_dies_while_it_is_read) {
  CLUSTER("restore");
  CLUSTER("write /tmp/dies %d 1 %d 3", 40 * MIB, 20 * MIB);
  arrowio_filesystem *files = open_within(PATIENCE);
  arrowio_file *file = open_input(files, "/tmp/dies");
  read_on(file, 2 * MIB, 1, LIMIT);
  CLUSTER("stop-datanode %d", first_location("/tmp/dies"));
  read_on(file, 40 * MIB, 1, LIMIT);
  /* Who opens it now hears of that node as well. */
  arrowio_file *again = open_input(files, "/tmp/dies");
  read_on(again, 40 * MIB, 1, LIMIT);
  OK(arrowio_file_close(again, &error));
  arrowio_file_release(again);
  arrowio_file_release(file);
  arrowio_filesystem_release(files);
}

TEST(data_node_stands_still_while_it_is_read) {
  CLUSTER("restore");
  CLUSTER("write /tmp/still %d 2 %d 3", 40 * MIB, 20 * MIB);
  arrowio_filesystem *files = open_within(PATIENCE);
  arrowio_file *file = open_input(files, "/tmp/still");
  read_on(file, 2 * MIB, 2, LIMIT);
  int frozen = first_location("/tmp/still");
  CLUSTER("freeze %d", frozen);
  read_on(file, 30 * MIB, 2, LIMIT);
  CLUSTER("freeze %d", (frozen + 1) % 3);
  read_on(file, 40 * MIB, 2, LIMIT);
  arrowio_file_release(file);
  arrowio_filesystem_release(files);
}

struct random_reads {
  arrowio_file *file;
  unsigned seed;
  double until;
  int done;
  int wrong;
  char message[300];
};

static void *read_at_random(void *given) {
  struct random_reads *reads = given;
  static _Thread_local uint8_t bytes[200000];
  while (now() < reads->until) {
    int64_t offset = (int64_t)(rand_r(&reads->seed) % (24u * MIB));
    int64_t size = 1 + (int64_t)(rand_r(&reads->seed) % sizeof bytes), count = -1;
    int64_t there = 24 * MIB - offset < size ? 24 * MIB - offset : size;
    arrowio_error *failure = NULL;
    if (arrowio_file_read_at(reads->file, offset, bytes, size, &count, &failure) != ARROWIO_OK || count != there ||
        !is_pattern(bytes, offset, count, 3)) {
      snprintf(reads->message, sizeof reads->message, "%lld of %lld at %lld: %s", (long long)count, (long long)size,
               (long long)offset, arrowio_error_message(failure));
      arrowio_error_release(failure);
      reads->wrong = 1;
      return NULL;
    }
    reads->done++;
  }
  return NULL;
}

TEST(data_nodes_fail_while_threads_read) {
  CLUSTER("restore");
  CLUSTER("write /tmp/threads %d 3 %d 3", 24 * MIB, 4 * MIB);
  arrowio_filesystem *files = open_within(PATIENCE);
  arrowio_file *file = open_input(files, "/tmp/threads");
  pthread_t threads[4];
  struct random_reads reads[4];
  for (unsigned number = 0; number < 4; number++) {
    reads[number] = (struct random_reads){.file = file, .seed = number, .until = now() + 9};
    CHECK_INT(0, pthread_create(&threads[number], NULL, read_at_random, &reads[number]));
  }
  pause_for(0.5);
  CLUSTER("freeze 0");
  pause_for(4);
  CLUSTER("thaw 0");
  CLUSTER("stop-datanode 1");
  int wrong = 0;
  for (unsigned number = 0; number < 4; number++) {
    pthread_join(threads[number], NULL);
    wrong |= reads[number].wrong || reads[number].done < 10;
    if (reads[number].wrong || reads[number].done < 10) {
      fprintf(stderr, "thread %u did %d reads: %s\n", number, reads[number].done, reads[number].message);
    }
  }
  CHECK(!wrong);
  arrowio_file_release(file);
  arrowio_filesystem_release(files);
}

/* Reads until it fails, at the latest at the end, which must be in time. */
static arrowio_status read_until_it_fails(arrowio_file *file, int64_t end, uint64_t seed, int64_t *at) {
  static uint8_t bytes[MIB];
  int64_t count = 0;
  OK(arrowio_file_tell(file, at, &error));
  while (*at < end) {
    double begin = now();
    arrowio_status status = arrowio_file_read(file, bytes, MIB, &count, &error);
    either(status);
    CHECK(now() - begin < LIMIT);
    if (status != ARROWIO_OK) {
      return status;
    }
    CHECK(is_pattern(bytes, *at, count, seed));
    *at += count;
  }
  return ARROWIO_OK;
}

TEST(no_replica_is_left) {
  CLUSTER("restore");
  CLUSTER("write /tmp/gone %d 4 %d 1", 48 * MIB, 64 * MIB);
  arrowio_filesystem *files = open_within(PATIENCE);
  arrowio_file *file = open_input(files, "/tmp/gone");
  read_on(file, MIB, 4, LIMIT);
  int only = first_location("/tmp/gone");
  CLUSTER("stop-datanode %d", only);
  int64_t reached = 0, position = -1, count = 0;
  CHECK_INT(ARROWIO_IO_ERROR, read_until_it_fails(file, 48 * MIB, 4, &reached));
  OK(arrowio_file_tell(file, &position, &error));
  CHECK_INT(reached, position);
  uint8_t bytes[100];
  double begin = now();
  FAILS(ARROWIO_IO_ERROR, arrowio_file_read_at(file, 40 * MIB, bytes, sizeof bytes, &count, &error));
  CHECK(now() - begin < LIMIT);
  CLUSTER("start-datanode %d", only);
  read_on(file, 48 * MIB, 4, LIMIT);

  OK(arrowio_file_seek(file, MIB, ARROWIO_SEEK_START, &position, &error));
  read_on(file, 2 * MIB, 4, LIMIT);
  CLUSTER("freeze %d", only);
  arrowio_status status = read_until_it_fails(file, 48 * MIB, 4, &reached);
  CHECK(status == ARROWIO_IO_ERROR || status == ARROWIO_TIMED_OUT);
  OK(arrowio_file_tell(file, &position, &error));
  CHECK_INT(reached, position);
  CLUSTER("thaw %d", only);
  read_on(file, 48 * MIB, 4, LIMIT);
  arrowio_file_release(file);
  arrowio_filesystem_release(files);
}

/* ---- writing ---- */

static int warnings;
static void count_warning(void *user_data, const char *message) {
  (void)user_data, (void)message;
  warnings++;
}

/* Writes 24 MiB while a DataNode of the pipeline stops or freezes: all of it is there, or it failed and says so. */
static void write_through(const char *path, int replication, int small, const char *command, int which, int after_flush) {
  CLUSTER("restore");
  arrowio_filesystem *files = open_within(PATIENCE);
  arrowio_file *file = open_output(files, path, replication, small);
  int64_t at = 0, flushed = 0;
  CHECK_INT(ARROWIO_OK, write_on(file, &at, 3 * MIB / 2, 5));
  if (after_flush) {
    OK(arrowio_file_flush(file, &error));
    flushed = at;
  } else {
    pause_for(0.3);
  }
  int nodes[3] = {0, 0, 0};
  CHECK(sscanf(CLUSTER("locations %s", path), "%d %d %d", &nodes[0], &nodes[1], &nodes[2]) >= 1);
  CLUSTER("%s %d", command, nodes[which]);
  double begin = now();
  arrowio_status status = write_on(file, &at, 24 * MIB, 5);
  double wrote = now() - begin;
  begin = now();
  arrowio_status closed = arrowio_file_close(file, &error);
  fprintf(stderr, "%s %s, %d replicas: write %s after %lld bytes, %.1f s, close %s after %.1f s: %s\n", path, command, replication,
          arrowio_status_name(status), (long long)at, wrote, arrowio_status_name(closed), now() - begin,
          arrowio_error_message(error));
  either(closed);
  CHECK(now() - begin < LIMIT);
  CHECK_INT(closed, either(arrowio_file_close(file, &error)));
  CHECK(status == ARROWIO_OK || closed != ARROWIO_OK);
  CLUSTER("restore");
  no_open_files(60);
  if (closed == ARROWIO_OK) {
    CLUSTER("check %s %d 5", path, 24 * MIB);
  } else {
    int64_t size = written_size(path, 5);
    CHECK(size >= flushed && size <= at + MIB);
  }
  arrowio_file_release(file);
  arrowio_filesystem_release(files);
}

TEST(data_node_dies_while_it_is_written) {
  write_through("/tmp/write-first", 3, 0, "stop-datanode", 0, 1);
  write_through("/tmp/write-last", 3, 0, "stop-datanode", 2, 0);
  write_through("/tmp/write-middle", 3, 1, "stop-datanode", 1, 1);
  write_through("/tmp/write-only", 1, 0, "stop-datanode", 0, 1);
}

TEST(data_node_stands_still_while_it_is_written) {
  write_through("/tmp/still-first", 3, 0, "freeze", 0, 1);
  write_through("/tmp/still-last", 3, 0, "freeze", 2, 1);
  write_through("/tmp/still-only", 1, 0, "freeze", 0, 1);
}

TEST(release_in_place_of_close) {
  CLUSTER("restore");
  arrowio_filesystem *files = open_within(PATIENCE);
  OK(arrowio_set_warning_handler(count_warning, NULL, NULL, &error));
  warnings = 0;
  int64_t at = 0;
  arrowio_file *file = open_output(files, "/tmp/released", 1, 0);
  CHECK_INT(ARROWIO_OK, write_on(file, &at, 1000, 6));
  arrowio_file_release(file);
  CHECK_INT(0, warnings);
  CLUSTER("check /tmp/released 1000 6");

  file = open_output(files, "/tmp/released", 1, 0);
  at = 0;
  CHECK_INT(ARROWIO_OK, write_on(file, &at, 1000, 6));
  OK(arrowio_file_flush(file, &error));
  CLUSTER("stop-datanode %d", first_location("/tmp/released"));
  arrowio_file_release(file);
  CHECK_INT(1, warnings);
  OK(arrowio_set_warning_handler(NULL, NULL, NULL, &error));
  CLUSTER("restore");
  no_open_files(60);
  arrowio_filesystem_release(files);
}

TEST(abort_leaves_nothing_open) {
  CLUSTER("restore");
  arrowio_filesystem *files = open_within(PATIENCE);
  arrowio_file *file = open_output(files, "/tmp/aborted", 3, 0);
  int64_t at = 0;
  CHECK_INT(ARROWIO_OK, write_on(file, &at, 5 * MIB, 7));
  OK(arrowio_file_abort(file, &error));
  no_open_files(20);
  CHECK(written_size("/tmp/aborted", 7) <= 5 * MIB);
  arrowio_file_release(file);
  arrowio_filesystem_release(files);
}

/* ---- what the NameNode refuses ---- */

TEST(refusals) {
  CLUSTER("restore");
  arrowio_filesystem *files = open_within(PATIENCE);
  arrowio_file *file = NULL;

  CLUSTER("safemode on");
  CHECK_INT(EROFS, errno_of(ARROWIO_IO_ERROR, arrowio_filesystem_open_output_stream(files, "/tmp/in-safe-mode", NULL, &file, &error)));
  CHECK_INT(EROFS, errno_of(ARROWIO_IO_ERROR, arrowio_filesystem_make_directory(files, "/tmp/in-safe-mode", 0, &error)));
  CLUSTER("safemode off");

  CLUSTER("mkdir /full 777");
  CLUSTER("quota /full %d", 3 * MIB + MIB / 2);
  file = open_output(files, "/full/file", 1, 1);
  int64_t at = 0;
  static uint8_t bytes[8 * MIB];
  cluster_pattern(bytes, 0, sizeof bytes, 8);
  CHECK_INT(EDQUOT, errno_of(ARROWIO_IO_ERROR, arrowio_file_write(file, bytes, sizeof bytes, &error)));
  CHECK_INT(EDQUOT, errno_of(ARROWIO_IO_ERROR, arrowio_file_write(file, bytes, 1, &error)));
  CHECK_INT(EDQUOT, errno_of(ARROWIO_IO_ERROR, arrowio_file_close(file, &error)));
  CHECK_INT(EDQUOT, errno_of(ARROWIO_IO_ERROR, arrowio_file_close(file, &error)));
  arrowio_file_release(file);
  no_open_files(20);
  CHECK(written_size("/full/file", 8) <= 3 * MIB);
  CLUSTER("quota /full clear");

  /* Another one removes what is being written. */
  file = open_output(files, "/tmp/removed", 1, 1);
  CHECK_INT(ARROWIO_OK, write_on(file, &at, MIB / 2, 9));
  CLUSTER("remove /tmp/removed");
  CHECK(write_on(file, &at, 4 * MIB, 9) != ARROWIO_OK);
  int os_error = errno_of(ARROWIO_IO_ERROR, arrowio_file_close(file, &error));
  CHECK(os_error == ENOENT || os_error == ESTALE);
  arrowio_file_release(file);

  /* Another one takes its place, and keeps it. */
  arrowio_filesystem *next = open_within(PATIENCE);
  int64_t next_at = 0;
  at = 0;
  file = open_output(files, "/tmp/taken", 1, 1);
  CHECK_INT(ARROWIO_OK, write_on(file, &at, MIB / 2, 9));
  arrowio_file *taker = open_output(next, "/tmp/taken", 1, 1);
  CHECK_INT(ARROWIO_OK, write_on(taker, &next_at, MIB / 2, 10));
  CHECK(write_on(file, &at, 4 * MIB, 9) != ARROWIO_OK);
  os_error = errno_of(ARROWIO_IO_ERROR, arrowio_file_close(file, &error));
  CHECK(os_error == ENOENT || os_error == ESTALE);
  arrowio_file_release(file);
  CHECK_INT(ARROWIO_OK, write_on(taker, &next_at, 3 * MIB, 10));
  OK(arrowio_file_close(taker, &error));
  arrowio_file_release(taker);
  CLUSTER("check /tmp/taken %d 10", 3 * MIB);
  arrowio_filesystem_release(next);

  arrowio_filesystem_options options = {.struct_size = sizeof options, .user = "mallory"};
  arrowio_filesystem *other = NULL;
  OK(arrowio_filesystem_open(getenv("ARROWIO_HDFS_URI"), &options, &other, &error));
  CLUSTER("mkdir /private 700");
  CLUSTER("write /private/file 10 1");
  arrowio_file_info *info = NULL;
  arrowio_listing *listing = NULL;
  CHECK_INT(EACCES, errno_of(ARROWIO_IO_ERROR, arrowio_filesystem_info(other, "/private/file", &info, &error)));
  CHECK_INT(EACCES, errno_of(ARROWIO_IO_ERROR, arrowio_filesystem_open_input_file(other, "/private/file", &file, &error)));
  CHECK_INT(EACCES, errno_of(ARROWIO_IO_ERROR, arrowio_filesystem_open_output_stream(other, "/private/new", NULL, &file, &error)));
  CHECK_INT(EACCES, errno_of(ARROWIO_IO_ERROR, arrowio_filesystem_make_directory(other, "/private/new", 1, &error)));
  CHECK_INT(EACCES, errno_of(ARROWIO_IO_ERROR, arrowio_filesystem_remove(other, "/private", 1, &error)));
  CHECK_INT(EACCES, errno_of(ARROWIO_IO_ERROR, arrowio_filesystem_set_permissions(other, "/private", 0777, &error)));
  CHECK_INT(EACCES, errno_of(ARROWIO_IO_ERROR, arrowio_filesystem_list(other, "/private", 0, &listing, &error)));
  arrowio_filesystem_release(other);
  arrowio_filesystem_release(files);
}

/* ---- deadlines and the word to stop ---- */

static arrowio_filesystem *open_at(const char *uri, double seconds) {
  arrowio_filesystem_options options = {.struct_size = sizeof options, .timeout_ns = (int64_t)(seconds * 1e9)};
  arrowio_filesystem *files = NULL;
  OK(arrowio_filesystem_open(uri, &options, &files, &error));
  return files;
}

/* A connection to a machine that is not there waits: so does one to a socket that takes no more of them. */
static void silence(int most, int taken) {
  char uri[100];
  int port, others[4];
  int listener = listen_somewhere(&port, most);
  struct sockaddr_in address = at_port(port);
  snprintf(uri, sizeof uri, "hdfs://127.0.0.1:%d/", port);
  for (int i = 0; i < taken; i++) {
    others[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    CHECK(connect(others[i], (struct sockaddr *)&address, sizeof address) == 0 || errno == EINPROGRESS);
  }
  int before = open_descriptors();
  arrowio_filesystem *files = open_at(uri, 0.3);
  int opened = open_descriptors();
  everything_ends(files, 2.5, 1);
  /* After ten questions without an answer few connections are kept; those not made yet the system gives up. */
  if (taken == 0) CHECK(open_descriptors() <= opened + 8);
  arrowio_filesystem_release(files);
  EVENTUALLY(open_descriptors() == before);
  for (int i = 0; i < taken; i++) close(others[i]);
  close(listener);
}

TEST(name_node_does_not_answer) {
  silence(50, 0);
  silence(0, 4);
}

/* It is tried until the deadline, and then the error says why. */
TEST(name_node_is_not_there) {
  arrowio_filesystem *files = open_at("hdfs://127.0.0.1:1", 0.3);
  everything_ends(files, 2.5, 1);
  arrowio_file_info *info = NULL;
  arrowio_status status = arrowio_filesystem_info(files, "/", &info, &error);
  CHECK(strstr(arrowio_error_message(error), "no answer came within 0.3 s; the last attempt failed") != NULL);
  CHECK(strstr(arrowio_error_message(error), "Connection refused") != NULL);
  CHECK_INT(ARROWIO_TIMED_OUT, either(status));
  arrowio_filesystem_release(files);
}

TEST(word_to_stop) {
  CLUSTER("restore");
  char uri[100];
  int port;
  int listener = listen_somewhere(&port, 50);
  snprintf(uri, sizeof uri, "hdfs://127.0.0.1:%d/", port);
  arrowio_filesystem *files = open_at(uri, 60);
  stops_when_told(files);
  arrowio_filesystem_release(files);
  close(listener);

  /* Reading and writing go on afterwards, without a gap. */
  CLUSTER("write /tmp/stopped %d 10 %d 1", 40 * MIB, 64 * MIB);
  files = open_within(60);
  struct later later = {NULL, 2};
  pthread_t thread;
  arrowio_file *input = open_input(files, "/tmp/stopped");
  arrowio_file *output = open_output(files, "/tmp/stopped-write", 1, 0);
  read_on(input, MIB, 10, LIMIT);
  int64_t written = 0, at = 0, position = -1;
  CHECK_INT(ARROWIO_OK, write_on(output, &written, MIB, 11));
  for (int node = 0; node < 3; node++) {
    CLUSTER("freeze %d", node);
  }
  OK(arrowio_cancellation_new(&later.cancellation, &error));
  OK(arrowio_file_set_cancellation(input, later.cancellation, &error));
  OK(arrowio_file_set_cancellation(output, later.cancellation, &error));
  CHECK_INT(0, pthread_create(&thread, NULL, cancel_later, &later));
  double begin = now();
  CHECK_INT(ARROWIO_CANCELLED, read_until_it_fails(input, 40 * MIB, 10, &at));
  CHECK(now() - begin < 4);
  pthread_join(thread, NULL);
  arrowio_cancellation_release(later.cancellation);
  OK(arrowio_file_tell(input, &position, &error));
  CHECK_INT(at, position);

  OK(arrowio_cancellation_new(&later.cancellation, &error));
  OK(arrowio_file_set_cancellation(output, later.cancellation, &error));
  CHECK_INT(0, pthread_create(&thread, NULL, cancel_later, &later));
  begin = now();
  CHECK_INT(ARROWIO_CANCELLED, write_on(output, &written, 60 * MIB, 11));
  CHECK(now() - begin < 4);
  pthread_join(thread, NULL);
  OK(arrowio_file_set_cancellation(input, NULL, &error));
  OK(arrowio_file_set_cancellation(output, NULL, &error));
  arrowio_cancellation_release(later.cancellation);
  for (int node = 0; node < 3; node++) {
    CLUSTER("thaw %d", node);
  }
  read_on(input, 40 * MIB, 10, LIMIT);
  OK(arrowio_file_tell(output, &written, &error));
  CHECK(written % MIB == 0 && written < 60 * MIB);
  CHECK_INT(ARROWIO_OK, write_on(output, &written, 61 * MIB, 11));
  OK(arrowio_file_close(output, &error));
  CLUSTER("check /tmp/stopped-write %d 11", 61 * MIB);
  arrowio_file_release(input);
  arrowio_file_release(output);
  arrowio_filesystem_release(files);
}

/* ---- processes and threads ---- */

/* Waits for a child, which has 20 s; its exit status, or -1. */
static int end_of(pid_t child) {
  int status = -1;
  for (double begin = now(); now() - begin < 20; pause_for(0.01)) {
    if (waitpid(child, &status, WNOHANG) == child) {
      return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
  }
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  return -1;
}

/* As long as the parent has only asked the NameNode, a child can have a file system of its own. */
TEST(child_has_its_own) {
  arrowio_filesystem *files = open_within(PATIENCE);
  arrowio_file_info *info = NULL;
  OK(arrowio_filesystem_info(files, "/tmp", &info, &error));
  arrowio_file_info_release(info);
  pid_t child = fork();
  if (child == 0) {
    arrowio_filesystem *own = NULL;
    arrowio_status status = arrowio_filesystem_open(getenv("ARROWIO_HDFS_URI"), NULL, &own, NULL);
    status = status == ARROWIO_OK ? arrowio_filesystem_info(own, "/tmp", &info, NULL) : status;
    arrowio_file_info_release(info);
    arrowio_filesystem_release(own);
    arrowio_filesystem_release(files);
    exit(status);
  }
  CHECK_INT(0, end_of(child));
  OK(arrowio_filesystem_info(files, "/tmp", &info, &error));
  arrowio_file_info_release(info);
  arrowio_filesystem_release(files);
}

struct open_things {
  arrowio_filesystem *files;
  arrowio_file *input;
  arrowio_file *output;
  arrowio_listing *listing;
};

/* What a child calls is refused at once; the number of the first call that is not, or 0. */
static int child_calls(struct open_things things) {
  static uint8_t bytes[MIB];
  int64_t count = 0;
  arrowio_file *file = NULL;
  arrowio_file_info *info = NULL;
  arrowio_listing *listing = NULL;
  arrowio_filesystem *files = NULL;
  double begin = now();
  const arrowio_status results[] = {
      arrowio_filesystem_info(things.files, "/tmp", &info, NULL),
      arrowio_filesystem_list(things.files, "/tmp", 0, &listing, NULL),
      arrowio_filesystem_open_input_file(things.files, "/tmp/forked", &file, NULL),
      arrowio_filesystem_open_output_stream(things.files, "/tmp/child", NULL, &file, NULL),
      arrowio_filesystem_remove(things.files, "/tmp/forked", 0, NULL),
      arrowio_listing_next(things.listing, &info, NULL),
      arrowio_file_read(things.input, bytes, MIB, &count, NULL),
      arrowio_file_read_at(things.input, 5 * MIB, bytes, MIB, &count, NULL),
      arrowio_file_write(things.output, bytes, MIB, NULL),
      arrowio_file_flush(things.output, NULL),
      arrowio_file_close(things.input, NULL),
      arrowio_file_close(things.output, NULL),
      arrowio_filesystem_open(getenv("ARROWIO_HDFS_URI"), NULL, &files, NULL),
  };
  for (int call = 0; call < (int)(sizeof results / sizeof *results); call++) {
    if (results[call] != ARROWIO_INVALID) {
      fprintf(stderr, "call %d in the child: %s\n", call, arrowio_status_name(results[call]));
      return call + 1;
    }
  }
  arrowio_listing_release(things.listing);
  arrowio_file_release(things.input);
  arrowio_file_release(things.output);
  arrowio_filesystem_release(things.files);
  return now() - begin < 1 ? 0 : 100;
}

TEST(fork_in_the_midst) {
  CLUSTER("restore");
  CLUSTER("write /tmp/forked %d 13 %d 1", 24 * MIB, 8 * MIB);
  CLUSTER("mkdir /tmp/many");
  for (int number = 0; number < 5; number++) {
    CLUSTER("mkdir /tmp/many/%d", number);
  }
  struct open_things things = {.files = open_within(PATIENCE)};
  things.input = open_input(things.files, "/tmp/forked");
  things.output = open_output(things.files, "/tmp/forked-write", 3, 0);
  OK(arrowio_filesystem_list(things.files, "/tmp/many", 0, &things.listing, &error));
  int64_t written = 0;
  for (int round = 0; round < 6; round++) {
    read_on(things.input, (3 * round + 1) * MIB + round, 13, LIMIT);
    CHECK_INT(ARROWIO_OK, write_on(things.output, &written, (2 * round + 2) * MIB, 14));
    pid_t child = fork();
    if (child == 0) {
      alarm(15);
      int failed = child_calls(things);
      if (round % 2 == 0) {
        exit(failed);
      }
      _exit(failed);
    }
    CHECK_INT(ARROWIO_OK, write_on(things.output, &written, (2 * round + 3) * MIB, 14));
    read_on(things.input, (3 * round + 2) * MIB, 13, LIMIT);
    CHECK_INT(0, end_of(child));
    if (round < 5) {
      arrowio_file_info *info = NULL;
      OK(arrowio_listing_next(things.listing, &info, &error));
      CHECK(info != NULL);
      arrowio_file_info_release(info);
    }
  }
  double begin = now();
  read_on(things.input, 24 * MIB, 13, LIMIT);
  OK(arrowio_file_close(things.output, &error));
  CHECK(now() - begin < PATIENCE);
  CLUSTER("check /tmp/forked-write %lld 14", (long long)written);
  arrowio_listing_release(things.listing);
  arrowio_file_release(things.input);
  arrowio_file_release(things.output);
  arrowio_filesystem_release(things.files);
}

/* How many threads there are; each other one than this keeps clear of the host's signals. */
static int threads_here(void) {
  DIR *folder = opendir("/proc/self/task");
  CHECK(folder != NULL);
  int count = 0, open_to_signals = 0;
  for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
    if (entry->d_name[0] == '.') {
      continue;
    }
    count++;
    char path[300], line[200];
    snprintf(path, sizeof path, "/proc/self/task/%s/status", entry->d_name);
    FILE *status = atoi(entry->d_name) == getpid() ? NULL : fopen(path, "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
      unsigned long long blocked = 0;
      const unsigned long long hosts = 1ull << (SIGTERM - 1) | 1ull << (SIGINT - 1) | 1ull << (SIGUSR1 - 1) | 1ull << (SIGCHLD - 1);
      if (sscanf(line, "SigBlk: %llx", &blocked) == 1) {
        open_to_signals += (blocked & hosts) != hosts;
      }
    }
    if (status != NULL) {
      fclose(status);
    }
  }
  closedir(folder);
  CHECK_INT(0, open_to_signals);
  return count;
}

TEST(threads) {
  CLUSTER("restore");
  CLUSTER("write /tmp/counted %d 15 %d 1", 3 * MIB, MIB);
  int before = threads_here();
  arrowio_filesystem_options options = {.struct_size = sizeof options, .threads = 3};
  arrowio_filesystem *files = NULL;
  OK(arrowio_filesystem_open(getenv("ARROWIO_HDFS_URI"), &options, &files, &error));
  /* The system shows a thread that has ended for a moment longer. */
  EVENTUALLY(threads_here() == before + 3);
  arrowio_file *input = open_input(files, "/tmp/counted");
  arrowio_file *output = open_output(files, "/tmp/counted-too", 1, 1);
  arrowio_filesystem_release(files);
  int64_t written = 0;
  read_on(input, 2 * MIB, 15, LIMIT);
  CHECK_INT(ARROWIO_OK, write_on(output, &written, 3 * MIB, 16));
  CHECK(threads_here() >= before + 3);
  OK(arrowio_file_close(output, &error));
  arrowio_file_release(output);
  CHECK(threads_here() >= before + 3);
  arrowio_file_release(input);
  EVENTUALLY(threads_here() == before);
}

/* The client shares connections to DataNodes among all file systems, also those of one that is gone. */
TEST(file_systems_beside_each_other) {
  CLUSTER("restore");
  CLUSTER("write /tmp/shared %d 17 %d 1", 6 * MIB, MIB);
  arrowio_filesystem *former = NULL;
  for (int round = 0; round < 6; round++) {
    arrowio_filesystem_options options = {
        .struct_size = sizeof options, .user = round % 2 == 0 ? "alice" : "bob", .timeout_ns = (int64_t)(PATIENCE * 1e9)};
    arrowio_filesystem *files = NULL;
    OK(arrowio_filesystem_open(getenv("ARROWIO_HDFS_URI"), &options, &files, &error));
    double begin = now();
    arrowio_file *file = open_input(files, "/tmp/shared");
    read_on(file, 3 * MIB, 17, LIMIT);
    if (former != NULL) {
      arrowio_file *other = open_input(former, "/tmp/shared");
      read_on(other, 4 * MIB, 17, LIMIT);
      arrowio_file_release(other);
      arrowio_filesystem_release(former);
    }
    read_on(file, 6 * MIB, 17, LIMIT);
    arrowio_file_release(file);
    char path[100];
    snprintf(path, sizeof path, "/tmp/of-%d", round);
    int64_t written = 0;
    file = open_output(files, path, 1, 1);
    CHECK_INT(ARROWIO_OK, write_on(file, &written, 2 * MIB, 18));
    OK(arrowio_file_close(file, &error));
    arrowio_file_release(file);
    CHECK(strstr(CLUSTER("stat %s", path), round % 2 == 0 ? "owner=alice" : "owner=bob") != NULL);
    CLUSTER("check %s %d 18", path, 2 * MIB);
    CHECK(now() - begin < PATIENCE);
    former = files;
  }
  arrowio_filesystem_release(former);
}

/* ---- who asks ---- */

/* The one of the moment when it was opened, whatever becomes of the environment. */
TEST(users_of_the_environment) {
  CLUSTER("restore");
  CLUSTER("mkdir /tmp/everybody 777");
  const char *users[] = {"alice", "bob", ""};
  arrowio_filesystem *files[3];
  char path[40];
  for (int i = 0; i < 3; i++) {
    CHECK_INT(0, setenv("HADOOP_USER_NAME", users[i], 1));
    files[i] = open_within(PATIENCE);
  }
  CHECK_INT(0, setenv("HADOOP_USER_NAME", "mallory", 1));
  for (int i = 0; i < 3; i++) {
    snprintf(path, sizeof path, "/tmp/everybody/%d", i);
    arrowio_file *file = open_output(files[i], path, 1, 1);
    OK(arrowio_file_close(file, &error));
    arrowio_file_release(file);
    arrowio_file_info *info = NULL;
    OK(arrowio_filesystem_info(files[i], path, &info, &error));
    /* Who has no name there is whose process it is, as the cluster's is. */
    CHECK(strcmp(*users[i] ? users[i] : getpwuid(geteuid())->pw_name, arrowio_file_info_owner(info)) == 0);
    arrowio_file_info_release(info);
    arrowio_filesystem_release(files[i]);
  }
  CHECK_INT(0, unsetenv("HADOOP_USER_NAME"));
}

/* ---- odd arguments ---- */

/* The errno of the last call's failure, 0 or -1: as the table below has them. */
static int outcome_of(arrowio_status status) {
  int outcome = status == ARROWIO_OK ? 0 : status == ARROWIO_INVALID ? -1 : arrowio_error_os_error(error);
  either(status);
  return outcome;
}

TEST(odd_arguments) {
  CLUSTER("restore");
  CLUSTER("write /tmp/odd 1000 12");
  arrowio_filesystem *files = open_within(PATIENCE);
  arrowio_file *file = open_input(files, "/tmp/odd");
  static uint8_t bytes[2000];
  int64_t count = -1, position = -1;
  const int64_t offsets[] = {1000, 1001, INT32_MAX, INT64_MAX - 1, INT64_MAX};
  for (size_t which = 0; which < sizeof offsets / sizeof *offsets; which++) {
    OK(arrowio_file_read_at(file, offsets[which], bytes, sizeof bytes, &count, &error));
    CHECK_INT(0, count);
    OK(arrowio_file_seek(file, offsets[which], ARROWIO_SEEK_START, &position, &error));
    OK(arrowio_file_read(file, bytes, sizeof bytes, &count, &error));
    CHECK_INT(0, count);
  }
  OK(arrowio_file_read_at(file, 999, bytes, sizeof bytes, &count, &error));
  CHECK_INT(1, count);
  arrowio_file_release(file);

  static char longest[20000];
  memset(longest, 'n', sizeof longest - 1);
  longest[0] = '/';
  /* What looking at it and making it a directory fail with; 0: they do not, and -1: it is no path there. */
  const struct {
    const char *name;
    int looked_at, made;
  } names[] = {
      {"", -1, -1},
      {"/tmp/\xff\xfe", -1, -1},
      {"//", 0, EEXIST},
      {"/tmp/../odd", ENOENT, 0},
      {"/tmp//odd/", 0, EEXIST},
      {"/tmp/odd/below", ENOENT, ENOTDIR},
      {"missing/relative", ENOENT, ENOENT},
      {"/a:b", ENOENT, EINVAL},
      {"/tmp/\n", ENOENT, 0},
      {"/.reserved", 0, EEXIST},
      {longest, ENAMETOOLONG, ENAMETOOLONG},
      {"/tmp/%zz", ENOENT, 0},
      {"/tmp/?x#y", ENOENT, 0},
  };
  for (size_t which = 0; which < sizeof names / sizeof *names; which++) {
    const char *name = names[which].name;
    fprintf(stderr, "%.20s\n", name);
    arrowio_file_info *info = NULL;
    arrowio_status status = arrowio_filesystem_info(files, name, &info, &error);
    CHECK_INT(names[which].looked_at, outcome_of(status));
    arrowio_file_info_release(info);
    CHECK_INT(names[which].made, outcome_of(arrowio_filesystem_make_directory(files, name, 0, &error)));
    if (names[which].made == 0) OK(arrowio_filesystem_remove(files, name, 0, &error));
  }
  arrowio_filesystem_release(files);
}

int main(void) {
  RUN(child_has_its_own);
  RUN(users_of_the_environment);
  RUN(odd_arguments);
  RUN(name_node_does_not_answer);
  RUN(name_node_is_not_there);
  RUN(refusals);
  RUN(data_node_dies_while_it_is_read);
  RUN(data_node_stands_still_while_it_is_read);
  RUN(data_nodes_fail_while_threads_read);
  RUN(no_replica_is_left);
  RUN(data_node_dies_while_it_is_written);
  RUN(data_node_stands_still_while_it_is_written);
  RUN(release_in_place_of_close);
  RUN(abort_leaves_nothing_open);
  RUN(word_to_stop);
  RUN(fork_in_the_midst);
  RUN(threads);
  RUN(file_systems_beside_each_other);
  return finish();
}

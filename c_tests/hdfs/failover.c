/* A pair of NameNodes of which the other one takes over, while files are read and written, or both of which are gone. */
#include "trouble.h"

/* Long enough for what the cluster takes to change over. */
#define PATIENCE 20.0
#define LIMIT (2 * PATIENCE)

static void fail_over(int abrupt) {
  if (abrupt) {
    CLUSTER("failover abrupt");
  } else {
    CLUSTER("failover");
  }
}

static void read_through(int abrupt) {
  CLUSTER("restore");
  CLUSTER("write /tmp/read-on %d 1 %d 2", 24 * MIB, MIB);
  arrowio_filesystem *files = open_within(PATIENCE);
  arrowio_file *file = open_input(files, "/tmp/read-on");
  read_on(file, 2 * MIB, 1, LIMIT);
  fail_over(abrupt);
  read_on(file, 24 * MIB, 1, LIMIT);
  /* What asks the NameNode finds the other one. */
  arrowio_file_info *info = NULL;
  OK(arrowio_filesystem_info(files, "/tmp/read-on", &info, &error));
  arrowio_file_info_release(info);
  arrowio_file *again = open_input(files, "/tmp/read-on");
  read_on(again, 24 * MIB, 1, LIMIT);
  arrowio_file_release(again);
  arrowio_file_release(file);
  arrowio_filesystem_release(files);
}

TEST(fail_over_while_reading) {
  read_through(0);
  read_through(1);
}

/* Every MiB is a block, for each of which the NameNode is asked twice. */
static void write_through(const char *path, int abrupt) {
  CLUSTER("restore");
  arrowio_filesystem *files = open_within(PATIENCE);
  arrowio_file *file = open_output(files, path, 2, 1);
  int64_t at = 0;
  CHECK_INT(ARROWIO_OK, write_on(file, &at, 5 * MIB / 2, 2));
  fail_over(abrupt);
  arrowio_status status = write_on(file, &at, 12 * MIB, 2);
  double begin = now();
  arrowio_status closed = arrowio_file_close(file, &error);
  fprintf(stderr, "%s: write %s, close %s: %s\n", path, arrowio_status_name(status), arrowio_status_name(closed),
          arrowio_error_message(error));
  either(closed);
  CHECK(now() - begin < LIMIT);
  /* Nothing is sent while it changes over, so that nothing can be lost. */
  CHECK_INT(ARROWIO_OK, status);
  CHECK_INT(ARROWIO_OK, closed);
  CLUSTER("check %s %d 2", path, 12 * MIB);
  no_open_files(30);
  arrowio_file_release(file);

  file = open_output(files, path, 2, 1);
  at = 0;
  CHECK_INT(ARROWIO_OK, write_on(file, &at, 3 * MIB, 3));
  OK(arrowio_file_close(file, &error));
  CLUSTER("check %s %d 3", path, 3 * MIB);
  arrowio_file_release(file);
  arrowio_filesystem_release(files);
}

TEST(fail_over_while_writing) {
  write_through("/tmp/write-graceful", 0);
  write_through("/tmp/write-abrupt", 1);
}

struct writing {
  arrowio_file *file;
  int64_t end;
  arrowio_status written;
  arrowio_status closed;
  int64_t at;
};

static void *write_slowly(void *given) {
  struct writing *writing = given;
  static uint8_t bytes[65536];
  arrowio_status status = ARROWIO_OK;
  while (writing->at < writing->end && status == ARROWIO_OK) {
    cluster_pattern(bytes, writing->at, sizeof bytes, 4);
    status = arrowio_file_write(writing->file, bytes, sizeof bytes, NULL);
    writing->at += status == ARROWIO_OK ? (int64_t)sizeof bytes : 0;
    pause_for(0.005);
  }
  writing->written = status;
  writing->closed = arrowio_file_close(writing->file, NULL);
  return NULL;
}

/* A request may be under way when it happens: it ends well, or with an error, and what close reported is there. */
TEST(fail_over_at_any_moment) {
  for (int round = 0; round < 4; round++) {
    CLUSTER("restore");
    arrowio_filesystem *files = open_within(PATIENCE);
    char path[100];
    snprintf(path, sizeof path, "/tmp/moment-%d", round);
    struct writing writing = {.file = open_output(files, path, 2, 1), .end = 16 * MIB};
    pthread_t thread;
    CHECK_INT(0, pthread_create(&thread, NULL, write_slowly, &writing));
    pause_for(0.3 + 0.1 * round);
    fail_over(round % 2);
    pthread_join(thread, NULL);
    fprintf(stderr, "%s: write %s, close %s\n", path, arrowio_status_name(writing.written), arrowio_status_name(writing.closed));
    no_open_files(60);
    if (writing.closed == ARROWIO_OK) {
      CHECK_INT(ARROWIO_OK, writing.written);
      CLUSTER("check %s %d 4", path, 16 * MIB);
    } else {
      CHECK(written_size(path, 4) <= writing.at + 65536);
    }
    arrowio_file_release(writing.file);
    arrowio_filesystem_release(files);
  }
}

TEST(both_are_gone) {
  CLUSTER("restore");
  CLUSTER("write /tmp/alone %d 5 %d 2", 4 * MIB, MIB);
  const double patience = 3;
  arrowio_filesystem *files = open_within(patience);
  arrowio_file *input = open_input(files, "/tmp/alone");
  arrowio_file *output = open_output(files, "/tmp/alone-write", 2, 1);
  int64_t at = 0;
  CHECK_INT(ARROWIO_OK, write_on(output, &at, MIB / 2, 5));
  CLUSTER("failover abrupt");
  CLUSTER("stop-namenode");
  arrowio_file_info *info = NULL;
  double begin = now();
  arrowio_status status = either(arrowio_filesystem_info(files, "/tmp/alone", &info, &error));
  CHECK(status == ARROWIO_IO_ERROR || status == ARROWIO_TIMED_OUT);
  CHECK(now() - begin < 2 * patience);
  /* The DataNodes are asked without it. */
  read_on(input, 4 * MIB, 5, LIMIT);
  begin = now();
  status = write_on(output, &at, 3 * MIB, 5);
  CHECK(status == ARROWIO_IO_ERROR || status == ARROWIO_TIMED_OUT);
  CHECK(now() - begin < 4 * patience);
  begin = now();
  CHECK_INT(status, either(arrowio_file_close(output, &error)));
  CHECK_INT(status, either(arrowio_file_close(output, &error)));
  CHECK(now() - begin < 2 * patience);
  arrowio_file_release(output);
  arrowio_file_release(input);
  CLUSTER("start-namenode");
  OK(arrowio_filesystem_info(files, "/tmp/alone", &info, &error));
  arrowio_file_info_release(info);
  /* Nobody could tell the NameNode that the file is given up; it is no hindrance. */
  output = open_output(files, "/tmp/alone-write", 2, 1);
  at = 0;
  CHECK_INT(ARROWIO_OK, write_on(output, &at, 2 * MIB, 6));
  OK(arrowio_file_close(output, &error));
  arrowio_file_release(output);
  CLUSTER("check /tmp/alone-write %d 6", 2 * MIB);
  no_open_files(5);
  arrowio_filesystem_release(files);
}

int main(void) {
  RUN(fail_over_while_reading);
  RUN(fail_over_while_writing);
  RUN(fail_over_at_any_moment);
  RUN(both_are_gone);
  return finish();
}

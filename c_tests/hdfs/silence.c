/* A NameNode of a pair that says nothing any more and keeps its connections, as a machine does that has lost its power: what is
 * asked goes to the other one, which has taken over.
 */
#include "silence.h"
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* How long a call waits for an answer. */
#define PATIENCE 6.0

/* ---- What stands between: a process that passes on what comes, until it is stopped ---- */

enum { MOST_ENDS = 400 };

static int pass_on(int from, int to) {
  char bytes[65536];
  ssize_t count = read(from, bytes, sizeof bytes);
  for (ssize_t done = 0; done < count;) {
    ssize_t written = write(to, bytes + done, (size_t)(count - done));
    if (written <= 0) return 0;
    done += written;
  }
  return count > 0;
}

/* Ends follow the listener in pairs. */
static void pass_on_for_ever(int listener, int target) {
  struct pollfd ends[1 + MOST_ENDS] = {{.fd = listener, .events = POLLIN}};
  nfds_t count = 1;
  while (poll(ends, count, -1) >= 0) {
    if (ends[0].revents != 0 && count + 2 <= 1 + MOST_ENDS) {
      struct sockaddr_in address = at_port(target);
      int near = accept(listener, NULL, NULL), far = socket(AF_INET, SOCK_STREAM, 0);
      /* Where nobody is there the other end notices. */
      if (connect(far, (struct sockaddr *)&address, sizeof address) != 0) shutdown(near, SHUT_RDWR);
      ends[count++] = (struct pollfd){.fd = near, .events = POLLIN};
      ends[count++] = (struct pollfd){.fd = far, .events = POLLIN};
    }
    for (nfds_t i = 1; i < count; i++) {
      nfds_t other = i % 2 == 1 ? i + 1 : i - 1;
      if (ends[i].fd < 0 || ends[i].revents == 0 || pass_on(ends[i].fd, ends[other].fd)) continue;
      close(ends[i].fd);
      close(ends[other].fd);
      ends[i].fd = ends[other].fd = -1;
      ends[other].revents = 0;
    }
  }
}

static struct {
  pid_t process;
  int port;
} between[2];

static void stand_between(int which, int target) {
  int listener = listen_somewhere(&between[which].port, 100);
  between[which].process = fork();
  CHECK(between[which].process >= 0);
  if (between[which].process == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    pass_on_for_ever(listener, target);
    _exit(1);
  }
  close(listener);
}

static void go_away(void) {
  for (int i = 0; i < 2; i++) {
    if (between[i].process == 0) continue;
    kill(between[i].process, SIGKILL);
    waitpid(between[i].process, NULL, 0);
    between[i].process = 0;
  }
}

/* The pair, the active one first, by what stands between; before there is anything else in this process. */
static arrowio_filesystem *open_pair(const char *uri) {
  static char hosts[2][40];
  int ports[2];
  go_away();
  CLUSTER("restore");
  CHECK_INT(2, sscanf(getenv("ARROWIO_HDFS_NAMENODES"), "hdfs://localhost:%d,hdfs://localhost:%d", &ports[0], &ports[1]));
  int active = atoi(CLUSTER("active"));
  for (int i = 0; i < 2; i++) {
    stand_between(i, ports[i == 0 ? active : 1 - active]);
    snprintf(hosts[i], sizeof hosts[i], "127.0.0.1:%d", between[i].port);
  }
  const char *configuration[] = {"dfs.ha.namenodes.half", "a, b", /* with the space that Hadoop allows */
                                 "dfs.namenode.rpc-address.half.a", hosts[0],
                                 "dfs.namenode.rpc-address.half.b", hosts[1],
                                 "fs.defaultFS", "hdfs://half",
                                 "fs.viewfs.mounttable.v.linkFallback", "hdfs://half/"};
  const arrowio_filesystem_options options = {.struct_size = sizeof options, .timeout_ns = (int64_t)(PATIENCE * 1e9),
                                              .configuration = configuration, .configuration_count = 5};
  arrowio_filesystem *files = NULL;
  OK(arrowio_filesystem_open(uri, &options, &files, &error));
  return files;
}

static void fall_silent(void) {
  kill(between[0].process, SIGSTOP);
  CLUSTER("failover");
}

/* ---- What goes on ---- */

static void ask(arrowio_filesystem *files) {
  arrowio_file_info *info = NULL;
  OK(arrowio_filesystem_info(files, "/tmp", &info, &error));
  arrowio_file_info_release(info);
}

TEST(questions) {
  const char *uris[] = {"hdfs://half", "hdfs:///", "viewfs://v/"};
  for (int i = 0; i < 3; i++) {
    fprintf(stderr, "%s\n", uris[i]);
    arrowio_filesystem *files = open_pair(uris[i]);
    ask(files);
    fall_silent();
    ask(files);
    double begin = now();
    ask(files);
    CHECK(now() - begin < PATIENCE / 3);
    arrowio_filesystem_release(files);
  }
  go_away();
}

/* Its blocks are known, and yet the client asks once more before it reads the first. */
TEST(file_that_was_not_read_yet) {
  arrowio_filesystem *files = open_pair("hdfs://half");
  CLUSTER("write /tmp/opened %d 7 %d 2", 4 * MIB, MIB);
  arrowio_file *file = open_input(files, "/tmp/opened");
  fall_silent();
  ask(files);
  static uint8_t bytes[1000];
  int64_t count = 0;
  CHECK_INT(ARROWIO_TIMED_OUT, either(arrowio_file_read_at(file, MIB, bytes, sizeof bytes, &count, &error)));
  OK(arrowio_file_read_at(file, MIB, bytes, sizeof bytes, &count, &error));
  CHECK(count == sizeof bytes && is_pattern(bytes, MIB, count, 7));
  arrowio_file_release(file);
  arrowio_filesystem_release(files);
  go_away();
}

/* More than a NameNode sends at once. */
enum { ENTRIES = 1100, SENT_AT_ONCE = 1000 };

static arrowio_listing *list_many(arrowio_filesystem *files) {
  char path[60];
  for (int i = 0; i < ENTRIES; i++) {
    snprintf(path, sizeof path, "/tmp/listed/%04d", i);
    OK(arrowio_filesystem_make_directory(files, path, 1, &error));
  }
  arrowio_listing *listing = NULL;
  OK(arrowio_filesystem_list(files, "/tmp/listed", 0, &listing, &error));
  return listing;
}

/* Gives the entries from the first on, as many as there are, but `count` at most. */
static int list_on(arrowio_listing *listing, int count) {
  char path[60];
  for (int i = 0; i < count; i++) {
    arrowio_file_info *info = NULL;
    OK(arrowio_listing_next(listing, &info, &error));
    if (info == NULL) return i;
    snprintf(path, sizeof path, "/tmp/listed/%04d", i);
    CHECK(strcmp(path, arrowio_file_info_path(info)) == 0);
    arrowio_file_info_release(info);
  }
  return count;
}

/* Each entry once, in all. */
TEST(listing) {
  arrowio_filesystem *files = open_pair("hdfs://half");
  arrowio_listing *listing = list_many(files);
  fall_silent();
  CHECK_INT(ENTRIES, list_on(listing, 2 * ENTRIES));
  arrowio_listing_release(listing);
  arrowio_filesystem_release(files);
  go_away();
}

/* There is no entry any more behind which the other NameNode could go on: the end comes as an error, and soon. */
TEST(listing_of_what_is_removed) {
  static const char *const GONE[] = {"/tmp/listed", "/tmp/listed/0999"};
  for (int i = 0; i < 2; i++) {
    arrowio_filesystem *files = open_pair("hdfs://half");
    arrowio_listing *listing = list_many(files);
    arrowio_file_info *info = NULL;
    fall_silent();
    CLUSTER("remove %s", GONE[i]);
    CHECK_INT(SENT_AT_ONCE, list_on(listing, SENT_AT_ONCE));
    double begin = now();
    CHECK_INT(ESTALE, errno_of(ARROWIO_IO_ERROR, arrowio_listing_next(listing, &info, &error)));
    CHECK(now() - begin < PATIENCE);
    arrowio_listing_release(listing);
    arrowio_filesystem_release(files);
  }
  go_away();
}

/* It fails, for nobody knows what was done; the other NameNode is told that nobody writes it any more. */
TEST(writing) {
  arrowio_filesystem *files = open_pair("hdfs://half");
  arrowio_file *file = open_output(files, "/tmp/half-written", 2, 1);
  int64_t at = 0;
  CHECK_INT(ARROWIO_OK, write_on(file, &at, 3 * MIB / 2, 4));
  fall_silent();
  arrowio_status status = write_on(file, &at, 4 * MIB, 4);
  arrowio_status closed = either(arrowio_file_close(file, &error));
  CHECK(status != ARROWIO_OK && closed != ARROWIO_OK);
  arrowio_file_release(file);
  /* It is left once, for the other one. */
  double begin = now();
  ask(files);
  CHECK(now() - begin < PATIENCE / 3);
  no_open_files(30);
  CHECK(written_size("/tmp/half-written", 4) <= 4 * MIB);
  arrowio_filesystem_release(files);
  go_away();
}

/* Whether all of it is there nobody knows; the NameNode is left once, for the other one. */
TEST(closing) {
  arrowio_filesystem *files = open_pair("hdfs://half");
  arrowio_file *file = open_output(files, "/tmp/half-closed", 2, 1);
  int64_t at = 0;
  CHECK_INT(ARROWIO_OK, write_on(file, &at, MIB / 2, 4));
  OK(arrowio_file_flush(file, &error));
  fall_silent();
  CHECK_INT(ARROWIO_TIMED_OUT, either(arrowio_file_close(file, &error)));
  arrowio_file_release(file);
  double begin = now();
  ask(files);
  CHECK(now() - begin < PATIENCE / 3);
  no_open_files(30);
  CHECK_INT(MIB / 2, written_size("/tmp/half-closed", 4));
  arrowio_filesystem_release(files);
  go_away();
}

/* The first of three has been silent from the start. */
TEST(silent_from_the_start) {
  CLUSTER("restore");
  CLUSTER("write /tmp/heard %d 7 %d 2", 2 * MIB, MIB);
  int port;
  int listener = listen_somewhere(&port, 100);
  char silent[40], first[200], second[200];
  snprintf(silent, sizeof silent, "127.0.0.1:%d", port);
  CHECK_INT(2, sscanf(getenv("ARROWIO_HDFS_NAMENODES"), "hdfs://%199[^,],hdfs://%199s", first, second));
  const char *configuration[] = {"dfs.ha.namenodes.half", "a,b,c",
                                 "dfs.namenode.rpc-address.half.a", silent,
                                 "dfs.namenode.rpc-address.half.b", first,
                                 "dfs.namenode.rpc-address.half.c", second};
  const arrowio_filesystem_options options = {.struct_size = sizeof options, .timeout_ns = (int64_t)(PATIENCE * 1e9),
                                              .configuration = configuration, .configuration_count = 4};
  arrowio_filesystem *files = NULL;
  OK(arrowio_filesystem_open("hdfs://half", &options, &files, &error));
  /* What is not answered is not done again, for it may have been done. */
  double begin = now();
  CHECK_INT(ARROWIO_TIMED_OUT, either(arrowio_filesystem_set_permissions(files, "/tmp/heard", 0600, &error)));
  CHECK(now() - begin < 2 * PATIENCE);
  ask(files);
  begin = now();
  arrowio_file *file = open_output(files, "/tmp/heard-write", 2, 1);
  int64_t at = 0;
  CHECK_INT(ARROWIO_OK, write_on(file, &at, 2 * MIB, 8));
  OK(arrowio_file_close(file, &error));
  arrowio_file_release(file);
  read_on(file = open_input(files, "/tmp/heard-write"), 2 * MIB, 8, PATIENCE);
  arrowio_file_release(file);
  CHECK(now() - begin < PATIENCE);
  arrowio_filesystem_release(files);
  close(listener);
}

int main(void) {
  signal(SIGPIPE, SIG_IGN);
  RUN(questions);
  RUN(file_that_was_not_read_yet);
  RUN(listing);
  RUN(listing_of_what_is_removed);
  RUN(writing);
  RUN(closing);
  RUN(silent_from_the_start);
  return finish();
}

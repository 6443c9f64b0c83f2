/* Who one is by Kerberos: by tickets, by keys, or not at all. */
#include "silence.h"

#define PATIENCE 10.0

static char tickets[1000];
static const char *folder;

static arrowio_filesystem_options options_of(const char *principal, const char *keytab, const char *cache) {
  arrowio_filesystem_options options = {.struct_size = sizeof options,
                                        .timeout_ns = (int64_t)(PATIENCE * 1e9),
                                        .kerberos_principal = principal,
                                        .keytab = keytab,
                                        .ticket_cache = cache};
  return options;
}

static arrowio_filesystem *open_as(const char *principal, const char *keytab, const char *cache) {
  arrowio_filesystem_options options = options_of(principal, keytab, cache);
  arrowio_filesystem *files = NULL;
  OK(arrowio_filesystem_open(getenv("ARROWIO_HDFS_URI"), &options, &files, &error));
  return files;
}

/* A file there and back, which is that user's. */
static void is_user(arrowio_filesystem *files, const char *user) {
  char path[100];
  static int number;
  snprintf(path, sizeof path, "/tmp/by-%s-%d", user, number++);
  arrowio_file *file = open_output(files, path, 3, 1);
  int64_t at = 0;
  CHECK_INT(ARROWIO_OK, write_on(file, &at, 5 * MIB / 2, 1));
  OK(arrowio_file_flush(file, &error));
  CHECK_INT(ARROWIO_OK, write_on(file, &at, 3 * MIB + 100, 1));
  OK(arrowio_file_close(file, &error));
  arrowio_file_release(file);
  CLUSTER("check %s %d 1", path, 3 * MIB + 100);
  char owner[100];
  snprintf(owner, sizeof owner, "owner=%s ", user);
  const char *stat = CLUSTER("stat %s", path);
  if (strstr(stat, owner) == NULL) {
    fprintf(stderr, "%s: %s\n", path, stat);
    CHECK(!"that user's");
  }
  file = open_input(files, path);
  read_on(file, 3 * MIB + 100, 1, PATIENCE);
  uint8_t bytes[1000];
  int64_t count = 0;
  OK(arrowio_file_read_at(file, 2 * MIB - 500, bytes, sizeof bytes, &count, &error));
  CHECK(count == sizeof bytes && is_pattern(bytes, 2 * MIB - 500, count, 1));
  arrowio_file_release(file);
}

/* It is refused, in time and by name. */
static void is_nobody(const char *principal, const char *keytab, const char *cache) {
  arrowio_filesystem_options options = options_of(principal, keytab, cache);
  arrowio_filesystem *files = NULL;
  arrowio_file_info *info = NULL;
  double begin = now();
  arrowio_status status = arrowio_filesystem_open(getenv("ARROWIO_HDFS_URI"), &options, &files, &error);
  if (status == ARROWIO_OK) {
    status = arrowio_filesystem_info(files, "/tmp", &info, &error);
  }
  CHECK_INT(EACCES, errno_of(ARROWIO_IO_ERROR, status));
  CHECK(now() - begin < PATIENCE);
  arrowio_filesystem_release(files);
}

TEST(tickets_of_the_environment) {
  arrowio_filesystem *files = open_as(NULL, NULL, NULL);
  is_user(files, "client");
  arrowio_filesystem_release(files);
}

TEST(tickets_of_the_options) {
  setenv("KRB5CCNAME", "FILE:/nowhere/tickets", 1);
  arrowio_filesystem *files = open_as("client@EXAMPLE.COM", NULL, tickets);
  is_user(files, "client");
  arrowio_filesystem_release(files);
  setenv("KRB5CCNAME", tickets, 1);
}

TEST(keys) {
  const char *keytab = getenv("ARROWIO_HDFS_KEYTAB");
  CHECK(keytab != NULL);
  char cache[1100];
  snprintf(cache, sizeof cache, "FILE:%s/new-tickets", folder);
  arrowio_filesystem *stranger = open_as("stranger@EXAMPLE.COM", keytab, cache);
  is_user(stranger, "stranger");
  /* At once, each is who it is. */
  arrowio_filesystem *client = open_as(NULL, NULL, NULL);
  is_user(client, "client");
  is_user(stranger, "stranger");
  arrowio_filesystem_release(stranger);
  arrowio_filesystem_release(client);

  /* Nobody's tickets are replaced by those that the keys bring. */
  stranger = open_as("stranger@EXAMPLE.COM", keytab, NULL);
  is_user(stranger, "stranger");
  arrowio_filesystem_release(stranger);
  client = open_as(NULL, NULL, NULL);
  is_user(client, "client");
  arrowio_filesystem_release(client);
}

TEST(nobody) {
  setenv("KRB5CCNAME", "FILE:/nowhere/tickets", 1);
  is_nobody(NULL, NULL, NULL);
  is_nobody("client@EXAMPLE.COM", NULL, NULL);
  setenv("KRB5CCNAME", tickets, 1);
  is_nobody("stranger@EXAMPLE.COM", NULL, NULL);
  is_nobody("client@EXAMPLE.COM", NULL, "FILE:/nowhere/tickets");
  is_nobody("stranger@EXAMPLE.COM", "/nowhere/keys", NULL);
  is_nobody("unknown@EXAMPLE.COM", getenv("ARROWIO_HDFS_KEYTAB"), NULL);
}

/* Tickets of another time, or for another cluster, are refused by the NameNode. */
TEST(tickets_that_are_no_good) {
  char damaged[1100], bytes[65536];
  snprintf(damaged, sizeof damaged, "%s/damaged", folder);
  FILE *file = fopen(strchr(tickets, ':') + 1, "rb");
  CHECK(file != NULL);
  size_t size = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  file = fopen(damaged, "wb");
  CHECK(file != NULL && size > 100);
  /* The last thing in it is the encrypted ticket for the centre. */
  bytes[size - 50] ^= 1;
  fwrite(bytes, 1, size, file);
  fclose(file);
  char cache[1200];
  snprintf(cache, sizeof cache, "FILE:%s", damaged);
  is_nobody("client@EXAMPLE.COM", NULL, cache);
}

/* Whose tickets or keys they are has to be said. */
TEST(no_principal) {
  arrowio_filesystem_options options = options_of(NULL, NULL, tickets);
  arrowio_filesystem *files = NULL;
  FAILS(ARROWIO_INVALID, arrowio_filesystem_open(getenv("ARROWIO_HDFS_URI"), &options, &files, &error));
  options = options_of(NULL, getenv("ARROWIO_HDFS_KEYTAB"), NULL);
  FAILS(ARROWIO_INVALID, arrowio_filesystem_open(getenv("ARROWIO_HDFS_URI"), &options, &files, &error));
}

/* Others' files are closed to who is known. */
TEST(permissions) {
  CLUSTER("mkdir /private 700");
  CLUSTER("write /private/file 10 1");
  arrowio_filesystem *files = open_as(NULL, NULL, NULL);
  arrowio_file *file = NULL;
  CHECK_INT(EACCES, errno_of(ARROWIO_IO_ERROR, arrowio_filesystem_open_input_file(files, "/private/file", &file, &error)));
  arrowio_filesystem_release(files);
}

/* The settings of Kerberos, but for the port of the centre, as a file in the folder. */
static void write_settings(const char *path, int port) {
  char line[200];
  FILE *from = fopen(getenv("KRB5_CONFIG"), "r"), *to = fopen(path, "w");
  CHECK(from != NULL && to != NULL);
  int found = 0;
  while (fgets(line, sizeof line, from) != NULL) {
    if (strstr(line, " kdc = ") != NULL) {
      snprintf(line, sizeof line, "    kdc = localhost:%d\n", port);
      found++;
    }
    fputs(line, to);
  }
  CHECK_INT(1, found);
  fclose(from);
  fclose(to);
}

/* The system's library waits for a centre that takes connections and says nothing. Who called it here does not. */
TEST(silent_centre) {
  char former[1000], silent[1100];
  int port;
  int listener = listen_somewhere(&port, 200);
  snprintf(former, sizeof former, "%s", getenv("KRB5_CONFIG"));
  snprintf(silent, sizeof silent, "%s/silent-krb5.conf", folder);
  write_settings(silent, port);
  setenv("KRB5_CONFIG", silent, 1);

  arrowio_filesystem_options options = options_of("client@EXAMPLE.COM", getenv("ARROWIO_HDFS_KEYTAB"), NULL);
  options.threads = 1;
  arrowio_filesystem *hasty = NULL, *patient = NULL;
  OK(arrowio_filesystem_open(getenv("ARROWIO_HDFS_URI"), &options, &patient, &error));
  options.timeout_ns = 300000000;
  OK(arrowio_filesystem_open(getenv("ARROWIO_HDFS_URI"), &options, &hasty, &error));
  everything_ends(hasty, 2.5, 1);
  stops_when_told(patient);
  double begin = now();
  arrowio_filesystem_release(hasty);
  arrowio_filesystem_release(patient);
  CHECK(now() - begin < 4);

  setenv("KRB5_CONFIG", former, 1);
  arrowio_filesystem *files = open_as("client@EXAMPLE.COM", getenv("ARROWIO_HDFS_KEYTAB"), NULL);
  is_user(files, "client");
  arrowio_filesystem_release(files);
  close(listener);
  /* Its threads end with that; were one still in the library when the process ends, the library would end it by an assertion. */
  EVENTUALLY(running_threads() == 1);
}

int main(int argc, char **argv) {
  folder = argc > 1 ? argv[1] : "/tmp";
  snprintf(tickets, sizeof tickets, "%s", getenv("KRB5CCNAME"));
  RUN(tickets_of_the_environment);
  RUN(tickets_of_the_options);
  RUN(nobody);
  RUN(keys);
  RUN(tickets_that_are_no_good);
  RUN(no_principal);
  RUN(permissions);
  RUN(silent_centre);
  return finish();
}

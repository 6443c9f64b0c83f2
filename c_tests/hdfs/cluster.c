/* Programs reach the cluster that they run beside. */
#include "cluster.h"

TEST(environment) {
  CHECK(getenv("ARROWIO_HDFS_URI") != NULL);
  char path[4096];
  snprintf(path, sizeof path, "%s/core-site.xml", getenv("HADOOP_CONF_DIR"));
  CHECK(access(path, R_OK) == 0);
}

TEST(commands) {
  CLUSTER("write /tmp/from-c 100000 %d", 5);
  CHECK(strstr(CLUSTER("stat /tmp/from-c"), "type=file size=100000 ") != NULL);
  CHECK(strncmp(cluster_command("stat /tmp/missing"), "error ", 6) == 0);
  CLUSTER("remove /tmp/from-c");
}

/* Both sides make the same bytes. */
TEST(pattern) {
  uint8_t bytes[10];
  char digits[2 * sizeof bytes + 1];
  cluster_pattern(bytes, 501, sizeof bytes, 42);
  for (size_t at = 0; at < sizeof bytes; at++) {
    snprintf(digits + 2 * at, 3, "%02x", bytes[at]);
  }
  CLUSTER("write /tmp/pattern 1000 42");
  const char *written = CLUSTER("bytes /tmp/pattern 501 10");
  if (strcmp(digits, written) != 0) {
    fprintf(stderr, "%s here, %s there\n", digits, written);
    CHECK(!"the same");
  }
}

int main(void) {
  RUN(environment);
  RUN(commands);
  RUN(pattern);
  return finish();
}

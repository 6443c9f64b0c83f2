/* For programs that run beside a Hadoop cluster: commands to it, which cluster/src/main/java/Commands.java lists, and the
 * bytes that it writes. Standard input is a socket to the cluster. What else they need is in the environment:
 * ARROWIO_HDFS_URI, ARROWIO_HDFS_NAMENODES, HADOOP_CONF_DIR, and with Kerberos ARROWIO_HDFS_KEYTAB, KRB5_CONFIG, KRB5CCNAME.
 */
#ifndef ARROWIO_CLUSTER_H
#define ARROWIO_CLUSTER_H

#include "../test.h"
#include <stdarg.h>
#include <stdint.h>
#include <unistd.h>

/* A program that hangs has failed. */
__attribute__((constructor)) static void end_some_time(void) { alarm(540); }

/* The answer to a command: "ok ..." or "error ...", until the next one. */
__attribute__((format(printf, 1, 2))) static inline const char *cluster_command(const char *format, ...) {
  static char line[65536];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line - 1, format, arguments);
  va_end(arguments);
  if (length < 0 || (size_t)length >= sizeof line - 1) {
    return "error too long";
  }
  line[length] = '\n';
  if (write(STDIN_FILENO, line, (size_t)length + 1) != length + 1) {
    return "error the cluster does not listen";
  }
  size_t count = 0;
  while (count < sizeof line && read(STDIN_FILENO, line + count, 1) == 1) {
    if (line[count] == '\n') {
      line[count] = 0;
      return line;
    }
    count++;
  }
  return "error the cluster does not answer";
}

/* What a command that has to succeed answers after "ok". */
#define CLUSTER(...) cluster_ok(__FILE__, __LINE__, cluster_command(__VA_ARGS__))

static inline const char *cluster_ok(const char *file, int line, const char *answer) {
  if (strncmp(answer, "ok", 2) != 0) {
    fprintf(stderr, "%s:%d: the cluster: %s\n", file, line, answer);
    longjmp(case_end, 1);
  }
  return answer[2] == ' ' ? answer + 3 : answer + 2;
}

/* What the cluster's client reads of a file from an offset on, 32000 bytes at most; gives how much that is. */
static inline size_t cluster_bytes(const char *path, int64_t offset, uint8_t *bytes, size_t size) {
  const char *digits = CLUSTER("bytes %s %lld %zu", path, (long long)offset, size);
  size_t count = strlen(digits) / 2;
  for (size_t at = 0; at < count; at++) {
    int high = digits[2 * at], low = digits[2 * at + 1];
    bytes[at] = (uint8_t)((high % 32 + 9) % 25 << 4 | (low % 32 + 9) % 25);
  }
  return count;
}

/* What a file that the cluster wrote has from an offset on; Pattern.java has the same. */
static inline void cluster_pattern(uint8_t *bytes, int64_t offset, size_t size, uint64_t seed) {
  for (size_t done = 0; done < size;) {
    uint64_t position = (uint64_t)offset + done;
    uint64_t word = seed + (position / 8 + 1) * UINT64_C(0x9E3779B97F4A7C15);
    word = (word ^ (word >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    word = (word ^ (word >> 27)) * UINT64_C(0x94D049BB133111EB);
    word ^= word >> 31;
    for (unsigned at = position % 8; at < 8 && done < size; at++) {
      bytes[done++] = (uint8_t)(word >> (8 * at));
    }
  }
}

/* Whether the bytes are those of the pattern. */
static inline int is_pattern(const void *bytes, int64_t offset, int64_t size, uint64_t seed) {
  static _Thread_local uint8_t expected[65536];
  for (int64_t done = 0; done < size;) {
    size_t piece = size - done < 65536 ? (size_t)(size - done) : 65536;
    cluster_pattern(expected, offset + done, piece, seed);
    if (memcmp((const uint8_t *)bytes + done, expected, piece) != 0) return 0;
    done += (int64_t)piece;
  }
  return 1;
}

#endif

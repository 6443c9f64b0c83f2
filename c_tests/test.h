/* A test program in C or C++: cases that check, and a line at the end that counts them.
 *
 *   TEST(name) { CHECK(condition); OK(arrowio_call(..., &error)); FAILS(ARROWIO_INVALID, arrowio_call(..., &error)); }
 *   int main(int argc, char **argv) { RUN(name); return finish(); }
 *
 * A failed check names its place and ends its case; `error` is released by OK and FAILS. argv[1] is a folder for files.
 */
#ifndef ARROWIO_TEST_H
#define ARROWIO_TEST_H

#include <arrowio.h>
#include <dirent.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int cases_passed, cases_failed;
static jmp_buf case_end;
static arrowio_error *error;

#define TEST(name) static void test_##name(void)

#define RUN(name)                           \
  do {                                      \
    if (setjmp(case_end) == 0) {            \
      test_##name();                        \
      cases_passed++;                       \
    } else {                                \
      fprintf(stderr, "FAILED: %s\n", #name); \
      cases_failed++;                       \
    }                                       \
  } while (0)

#define CHECK(condition)                                                          \
  do {                                                                            \
    if (!(condition)) {                                                           \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);     \
      longjmp(case_end, 1);                                                       \
    }                                                                             \
  } while (0)

#define CHECK_INT(expected, actual)                                                                                 \
  do {                                                                                                              \
    long long expected_value = (long long)(expected), actual_value = (long long)(actual);                           \
    if (expected_value != actual_value) {                                                                           \
      fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #actual, actual_value, expected_value);  \
      longjmp(case_end, 1);                                                                                         \
    }                                                                                                               \
  } while (0)

/* Waits for what another thread does. */
#define EVENTUALLY(condition)                                              \
  do {                                                                     \
    for (int tries = 0; !(condition) && tries < 20000; tries++) usleep(1000); \
    CHECK(condition);                                                      \
  } while (0)

static inline int has_status(arrowio_status expected, arrowio_status actual, const char *call, const char *file, int line) {
  int right = expected == actual && arrowio_error_status(error) == actual;
  if (!right) {
    fprintf(stderr, "%s:%d: %s gave %s (error: %s %s), not %s\n", file, line, call, arrowio_status_name(actual),
            arrowio_status_name(arrowio_error_status(error)), arrowio_error_message(error), arrowio_status_name(expected));
  }
  arrowio_error_release(error);
  error = NULL;
  return right;
}

/* The call, whose last argument is &error, gives the status, and an error of the same status (for ARROWIO_OK: none). */
#define FAILS(status, call)                                                  \
  do {                                                                       \
    if (!has_status((status), (call), #call, __FILE__, __LINE__)) {          \
      longjmp(case_end, 1);                                                  \
    }                                                                        \
  } while (0)

#define OK(call) FAILS(ARROWIO_OK, call)

/* With the two that every folder has. */
static inline int entries_in(const char *folder) {
  DIR *listing = opendir(folder);
  int count = 0;
  CHECK(listing != NULL);
  while (readdir(listing) != NULL) count++;
  closedir(listing);
  return count;
}

/* How many descriptors this process has, by which one knows whether one was left. */
static inline int open_descriptors(void) {
  return entries_in("/proc/self/fd");
}

static inline int running_threads(void) {
  return entries_in("/proc/self/task") - 2;
}

static inline int finish(void) {
  printf("%d passed, %d failed\n", cases_passed, cases_failed);
  return cases_failed == 0 && cases_passed > 0 ? 0 : 1;
}

#endif

/* Between a test and the shim that makes the system misbehave: what is asked of it, and what it has done. */
#ifndef ARROWIO_TEST_FAULTS_H
#define ARROWIO_TEST_FAULTS_H

#include <stdint.h>

/* Only calls that the library makes are touched, and only on pipes and on files in the test's folder. */
struct faults {
  /* The most bytes that one call transfers. 0: any number. */
  int64_t most;
  /* Not 0: a signal interrupts every other call that it can. */
  int64_t interrupts;
  /* The first call that fails, from 1 on, how many fail in a row from there, and with which errno. 0: none does. */
  int64_t from, count;
  int error;
  /* Not 0: the calls pass as if there were no shim, and are not counted. */
  int paused;
  /* NULL, or the name of the one call that is counted and fails. */
  const char *only;
  /* How many bytes can still be written before the disk is full. Negative: any number. */
  int64_t room;
  /* What has happened: calls, and of them those cut short, interrupted, failed, and refused for want of room. */
  int64_t calls, shortened, interrupted, failed, refused;
  /* What failed last. */
  const char *name;
};

/* The shim's one object, which programs find by dlsym. */
#define FAULTS_SYMBOL "arrowio_test_faults"

#endif

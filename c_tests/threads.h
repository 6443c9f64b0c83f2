/* A function on several threads at once, and checks that may be made there. */
#ifndef ARROWIO_TEST_THREADS_H
#define ARROWIO_TEST_THREADS_H

#include "files.h"
#include <pthread.h>
#include <stdatomic.h>

#define MOST_THREADS 128

static atomic_int thread_failures;

static inline void thread_failed(const char *condition, const char *file, int line) {
  fprintf(stderr, "%s:%d: not so on a thread: %s\n", file, line, condition);
  atomic_fetch_add(&thread_failures, 1);
}

/* As CHECK, for any thread: the function goes on, the case fails when all threads are done. */
#define THREAD_CHECK(condition) ((condition) ? (void)0 : thread_failed(#condition, __FILE__, __LINE__))

typedef void (*thread_fn)(int index, void *shared);

struct thread_task {
  thread_fn run;
  void *shared;
  int index;
  pthread_barrier_t *start;
};

static inline void *thread_main(void *argument) {
  struct thread_task *task = argument;
  pthread_barrier_wait(task->start);
  task->run(task->index, task->shared);
  return NULL;
}

/* Calls `run` on `count` threads, which begin together, and waits for all of them. */
static inline void run_threads(int count, thread_fn run, void *shared) {
  pthread_t threads[MOST_THREADS];
  struct thread_task tasks[MOST_THREADS];
  pthread_barrier_t start;
  CHECK(count <= MOST_THREADS);
  pthread_barrier_init(&start, NULL, (unsigned)count);
  for (int i = 0; i < count; i++) {
    tasks[i] = (struct thread_task){run, shared, i, &start};
    if (pthread_create(&threads[i], NULL, thread_main, &tasks[i]) != 0) {
      fprintf(stderr, "thread %d of %d could not be started\n", i, count);
      abort();
    }
  }
  for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
  pthread_barrier_destroy(&start);
  CHECK_INT(0, atomic_exchange(&thread_failures, 0));
}

/* Numbers that look random, are the same in every run, and are a thread's own. */
static inline uint32_t next_random(uint32_t *state) {
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

#endif

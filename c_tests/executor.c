/* Threads that work for the host, and the reads that they do: each is completed once, can be stopped, and leaves nothing. */
#include "executors.h"
#include "threads.h"
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>

#define MILLISECONDS INT64_C(1000000)

static arrowio_file *reader_of(const void *data, int64_t size) {
  arrowio_buffer *buffer = buffer_of(data, size);
  arrowio_file *file = NULL;
  OK(arrowio_buffer_reader_new(buffer, &file, &error));
  arrowio_buffer_release(buffer);
  return file;
}

/* What callbacks of an operation do. */
static struct told {
  atomic_int calls, frees, status;
  pthread_t thread;
} told;

static void tell_done(void *user_data, arrowio_operation *operation) {
  struct told *of = user_data;
  of->thread = pthread_self();
  if (arrowio_operation_is_done(operation) != 1) abort();
  atomic_store(&of->status, arrowio_operation_result(operation, NULL));
  atomic_fetch_add(&of->calls, 1);
}

static void tell_free(void *user_data) {
  struct told *of = user_data;
  atomic_fetch_add(&of->frees, 1);
}

static arrowio_operation_options telling(int64_t timeout) {
  memset(&told, 0, sizeof told);
  return (arrowio_operation_options){sizeof(arrowio_operation_options), tell_done, &told, tell_free, timeout};
}

static arrowio_operation *start_read(arrowio_file *file, arrowio_executor *executor, int64_t size,
                                     const arrowio_operation_options *options) {
  arrowio_operation *operation = NULL;
  OK(arrowio_file_read_async(file, executor, size, options, &operation, &error));
  return operation;
}

/* Waits until a read of more than one byte of the pipe has taken the first. */
static void begins(int other) {
  int unread;
  CHECK_INT(1, write(other, "x", 1));
  EVENTUALLY(ioctl(other, FIONREAD, &unread) == 0 && unread == 0);
}

/* No thread before there is work, and none that is not needed. */
TEST(threads_when_needed) {
  int before = running_threads();
  int64_t threads = 0;
  arrowio_executor *executor = new_executor(100);
  CHECK(arrowio_executor_retain(executor) == executor);
  arrowio_executor_release(executor);
  OK(arrowio_executor_threads(executor, &threads, &error));
  CHECK_INT(100, threads);
  CHECK_INT(before, running_threads());
  arrowio_file *file = reader_of("0123456789", 10);
  for (int i = 0; i < 50; i++) {
    arrowio_operation *operation = start_read(file, executor, 1, NULL);
    OK(arrowio_operation_wait(operation, -1, &error));
    arrowio_operation_release(operation);
    usleep(100);
  }
  CHECK(running_threads() > before && running_threads() < before + 50);
  close_file(file);
  end(executor);
  CHECK_INT(before, running_threads());
  FAILS(ARROWIO_INVALID, arrowio_executor_new(0, &executor, &error));
  CHECK(executor == NULL);
}

TEST(results) {
  arrowio_executor *executor = new_executor(2);
  arrowio_file *file = reader_of("0123456789", 10);
  arrowio_operation *operation = start_read(file, executor, 4, NULL), *second = NULL;
  arrowio_buffer *buffers[2] = {NULL, NULL};
  OK(arrowio_operation_wait(operation, -1, &error));
  OK(arrowio_operation_wait(operation, 0, &error));
  OK(arrowio_operation_result(operation, &error));
  CHECK_INT(1, arrowio_operation_is_done(operation));
  CHECK_INT(1, arrowio_operation_buffer_count(operation));
  SAYS(ARROWIO_INVALID, "has 1 buffers", arrowio_operation_take_buffers(operation, buffers, 2, &error));
  OK(arrowio_operation_take_buffers(operation, buffers, 1, &error));
  CHECK(arrowio_buffer_size(buffers[0]) == 4 && same(arrowio_buffer_data(buffers[0]), "0123", 4));
  arrowio_buffer_release(buffers[0]);
  SAYS(ARROWIO_INVALID, "taken before", arrowio_operation_take_buffers(operation, buffers, 1, &error));
  CHECK(buffers[0] == NULL);
  CHECK_INT(0, arrowio_operation_buffer_count(operation));
  arrowio_operation_cancel(operation);
  OK(arrowio_operation_result(operation, &error));
  arrowio_operation_release(operation);

  OK(arrowio_file_read_at_async(file, executor, 8, 100, NULL, &second, &error));
  OK(arrowio_operation_wait(second, -1, &error));
  OK(arrowio_operation_take_buffers(second, buffers, 1, &error));
  CHECK(arrowio_buffer_size(buffers[0]) == 2 && same(arrowio_buffer_data(buffers[0]), "89", 2));
  arrowio_buffer_release(buffers[0]);
  arrowio_operation_release(second);

  const arrowio_range ranges[] = {{9, 5}, {0, 2}};
  OK(arrowio_file_read_many_async(file, executor, ranges, 2, NULL, NULL, &second, &error));
  OK(arrowio_operation_wait(second, -1, &error));
  OK(arrowio_operation_take_buffers(second, buffers, 2, &error));
  CHECK(arrowio_buffer_size(buffers[0]) == 1 && same(arrowio_buffer_data(buffers[0]), "9", 1));
  CHECK(arrowio_buffer_size(buffers[1]) == 2 && same(arrowio_buffer_data(buffers[1]), "01", 2));
  arrowio_buffer_release(buffers[0]);
  arrowio_buffer_release(buffers[1]);
  arrowio_operation_release(second);

  /* What is left untaken is let go of. */
  arrowio_operation_release(start_read(file, executor, 2, NULL));
  OK(arrowio_file_close(file, &error));
  operation = start_read(file, executor, 2, NULL);
  OK(arrowio_operation_wait(operation, -1, &error));
  SAYS(ARROWIO_CLOSED, "closed", arrowio_operation_result(operation, &error));
  FAILS(ARROWIO_CLOSED, arrowio_operation_take_buffers(operation, buffers, 1, &error));
  arrowio_operation_release(operation);
  arrowio_file_release(file);
  end(executor);
}

/* One thread: in the order in which they came. */
TEST(order) {
  enum { COUNT = 500 };
  static uint8_t bytes[COUNT];
  arrowio_operation *operations[COUNT];
  fill(bytes, COUNT);
  arrowio_executor *executor = new_executor(1);
  arrowio_file *file = reader_of(bytes, COUNT);
  for (int i = 0; i < COUNT; i++) operations[i] = start_read(file, executor, 1, NULL);
  for (int i = COUNT - 1; i >= 0; i--) {
    arrowio_buffer *buffer = NULL;
    OK(arrowio_operation_wait(operations[i], -1, &error));
    OK(arrowio_operation_take_buffers(operations[i], &buffer, 1, &error));
    CHECK_INT(bytes[i], arrowio_buffer_data(buffer)[0]);
    arrowio_buffer_release(buffer);
    arrowio_operation_release(operations[i]);
  }
  arrowio_file_release(file);
  end(executor);
}

TEST(callback) {
  arrowio_executor *executor = new_executor(1);
  arrowio_file *file = reader_of("0123", 4);
  arrowio_operation_options options = telling(0);
  arrowio_operation *operation = start_read(file, executor, 4, &options);
  EVENTUALLY(told.frees == 1);
  CHECK_INT(1, told.calls);
  CHECK_INT(ARROWIO_OK, told.status);
  CHECK(!pthread_equal(told.thread, pthread_self()));
  arrowio_operation_release(operation);
  /* Nothing is taken over where the start fails. */
  options = telling(-1);
  FAILS(ARROWIO_INVALID, arrowio_file_read_async(file, executor, 4, &options, &operation, &error));
  options = telling(0);
  OK(arrowio_executor_stop(executor, -1, &error));
  SAYS(ARROWIO_CANCELLED, "stopped", arrowio_file_read_async(file, executor, 4, &options, &operation, &error));
  CHECK(operation == NULL);
  CHECK(told.calls == 0 && told.frees == 0);
  arrowio_file_release(file);
  end(executor);
}

TEST(descriptor) {
  int other, fd = -1, again = -1;
  arrowio_executor *executor = new_executor(1);
  arrowio_file *file = pipe_reader(&other);
  arrowio_operation *operation = start_read(file, executor, 4, NULL), *second;
  OK(arrowio_operation_descriptor(operation, &fd, &error));
  OK(arrowio_operation_descriptor(operation, &again, &error));
  CHECK_INT(fd, again);
  struct pollfd entry = {.fd = fd, .events = POLLIN};
  CHECK_INT(0, poll(&entry, 1, 10));
  CHECK_INT(0, arrowio_operation_is_done(operation));
  FAILS(ARROWIO_INVALID, arrowio_operation_result(operation, &error));
  CHECK_INT(4, write(other, "0123", 4));
  CHECK_INT(1, poll(&entry, 1, 60000));
  CHECK_INT(1, arrowio_operation_is_done(operation));
  CHECK_INT(1, poll(&entry, 1, 0));
  close(other);
  second = start_read(file, executor, 4, NULL);
  OK(arrowio_operation_wait(second, -1, &error));
  OK(arrowio_operation_descriptor(second, &entry.fd, &error));
  CHECK_INT(1, poll(&entry, 1, 0));
  arrowio_operation_release(operation);
  arrowio_operation_release(second);
  CHECK_INT(-1, fcntl(fd, F_GETFD));
  arrowio_file_release(file);
  end(executor);
}

/* The descriptor tells of an end that comes where everything is to stop. */
static arrowio_operation *to_be_cancelled;

static void cancel_both(void *cancellation) {
  arrowio_cancellation_cancel(cancellation);
  arrowio_operation_cancel(to_be_cancelled);
}

TEST(descriptor_tells_all_the_same) {
  int other;
  struct pollfd entry = {.events = POLLIN};
  arrowio_cancellation *cancellation = NULL;
  arrowio_executor *executor = new_executor(1);
  arrowio_file *file = pipe_reader(&other);
  arrowio_operation *blocks = start_read(file, executor, 1, NULL);
  to_be_cancelled = start_read(file, executor, 1, NULL);
  OK(arrowio_operation_descriptor(to_be_cancelled, &entry.fd, &error));
  OK(arrowio_cancellation_new(&cancellation, &error));
  OK(arrowio_cancellation_run(cancellation, cancel_both, cancellation, &error));
  CHECK_INT(1, poll(&entry, 1, 60000));
  close(other);
  OK(arrowio_operation_wait(blocks, -1, &error));
  arrowio_operation_release(blocks);
  arrowio_operation_release(to_be_cancelled);
  arrowio_cancellation_release(cancellation);
  close_file(file);
  end(executor);
}

/* The time of an operation that no thread comes to is over all the same: a host that polls learns of it, asks, and it ends. */
static void check_deadline_while_waiting(int way) {
  arrowio_executor *executor = new_executor(1);
  arrowio_operation *blocks = NULL, *waits = NULL;
  int other;
  arrowio_file *file = pipe_reader(&other);
  struct pollfd entry = {.events = POLLIN};
  struct told of = {.status = -1};
  const arrowio_operation_options options = {
      .struct_size = sizeof options, .callback = tell_done, .user_data = &of, .timeout_ns = 50 * MILLISECONDS};
  OK(arrowio_file_read_async(file, executor, 1, NULL, &blocks, &error));
  OK(arrowio_file_read_async(file, executor, 1, &options, &waits, &error));
  OK(arrowio_operation_descriptor(waits, &entry.fd, &error));
  CHECK_INT(1, poll(&entry, 1, 60000));
  if (way == 0) CHECK_INT(1, arrowio_operation_is_done(waits));
  if (way == 1) OK(arrowio_operation_wait(waits, 0, &error));
  FAILS(ARROWIO_TIMED_OUT, arrowio_operation_result(waits, &error));
  CHECK(of.calls == 1 && of.status == ARROWIO_TIMED_OUT);
  CHECK_INT(1, arrowio_operation_is_done(waits));
  CHECK_INT(1, poll(&entry, 1, 0));
  CHECK_INT(0, arrowio_operation_is_done(blocks));
  close(other);
  OK(arrowio_operation_wait(blocks, -1, &error));
  arrowio_operation_release(blocks);
  arrowio_operation_release(waits);
  close_file(file);
  end(executor);
}

TEST(deadline_while_waiting) {
  for (int way = 0; way < 3; way++) check_deadline_while_waiting(way);
}

/* A read of a pipe to which nobody writes ends, by word and by its deadline, and nothing that came is lost. */
TEST(running_reads_end) {
  int other;
  char bytes[10];
  int64_t got;
  arrowio_executor *executor = new_executor(1);
  arrowio_file *file = pipe_reader(&other);
  arrowio_operation_options options = telling(0);
  arrowio_operation *operation = start_read(file, executor, 10, &options);
  begins(other);
  CHECK_INT(2, write(other, "bc", 2));
  FAILS(ARROWIO_TIMED_OUT, arrowio_operation_wait(operation, 20 * MILLISECONDS, &error));
  arrowio_operation_cancel(operation);
  OK(arrowio_operation_wait(operation, -1, &error));
  FAILS(ARROWIO_CANCELLED, arrowio_operation_result(operation, &error));
  EVENTUALLY(told.frees == 1);
  CHECK(told.calls == 1 && told.status == ARROWIO_CANCELLED && !pthread_equal(told.thread, pthread_self()));
  arrowio_operation_release(operation);
  options = telling(20 * MILLISECONDS);
  operation = start_read(file, executor, 10, &options);
  OK(arrowio_operation_wait(operation, -1, &error));
  FAILS(ARROWIO_TIMED_OUT, arrowio_operation_result(operation, &error));
  arrowio_operation_release(operation);
  close(other);
  OK(arrowio_file_read(file, bytes, 10, &got, &error));
  CHECK(got == 3 && same(bytes, "xbc", 3));
  close_file(file);
  end(executor);
}

/* What no thread has come to ends where it is cancelled, and by its deadline for whoever waits. */
TEST(waiting_reads_end) {
  int other;
  arrowio_executor *executor = new_executor(1);
  arrowio_file *file = pipe_reader(&other), *free_one = reader_of("0123", 4);
  arrowio_operation *blocks = start_read(file, executor, 1, NULL);
  arrowio_operation_options options = telling(0);
  arrowio_operation *operation = start_read(free_one, executor, 1, &options);
  FAILS(ARROWIO_TIMED_OUT, arrowio_operation_wait(operation, 0, &error));
  arrowio_operation_cancel(operation);
  CHECK_INT(1, arrowio_operation_is_done(operation));
  CHECK(told.calls == 1 && told.status == ARROWIO_CANCELLED && pthread_equal(told.thread, pthread_self()));
  CHECK_INT(1, told.frees);
  arrowio_operation_release(operation);
  options = telling(20 * MILLISECONDS);
  operation = start_read(free_one, executor, 1, &options);
  OK(arrowio_operation_wait(operation, -1, &error));
  CHECK(told.calls == 1 && told.status == ARROWIO_TIMED_OUT);
  arrowio_operation_release(operation);
  /* Nobody has read from it. */
  CHECK_INT(0, tell(free_one));
  arrowio_operation_cancel(blocks);
  arrowio_operation_release(blocks);
  end(executor);
  arrowio_file_release(free_one);
  close(other);
  close_file(file);
}

/* Stopping ends what waits and lets finish what runs. */
TEST(stop) {
  int other;
  arrowio_executor *executor = new_executor(1);
  arrowio_file *file = pipe_reader(&other);
  arrowio_operation *runs = start_read(file, executor, 2, NULL);
  arrowio_operation_options options = telling(0);
  begins(other);
  arrowio_operation *waits = start_read(file, executor, 1, &options);
  OK(arrowio_executor_stop(executor, 0, &error));
  CHECK(told.calls == 1 && told.status == ARROWIO_CANCELLED && told.frees == 1);
  SAYS(ARROWIO_CANCELLED, "stopped", arrowio_operation_result(waits, &error));
  CHECK_INT(0, arrowio_operation_is_done(runs));
  FAILS(ARROWIO_TIMED_OUT, arrowio_executor_stop(executor, 20 * MILLISECONDS, &error));
  CHECK_INT(1, write(other, "x", 1));
  OK(arrowio_executor_stop(executor, -1, &error));
  OK(arrowio_operation_result(runs, &error));
  arrowio_operation_release(runs);
  arrowio_operation_release(waits);
  close(other);
  close_file(file);
  end(executor);
}

/* The last release waits for nobody; the operation that runs ends all the same, with its file. */
TEST(release_does_not_wait) {
  int other, before = open_descriptors();
  arrowio_executor *executor = new_executor(1);
  arrowio_file *file = pipe_reader(&other);
  arrowio_operation_options options = telling(0);
  arrowio_operation *runs = start_read(file, executor, 2, &options);
  begins(other);
  arrowio_file_release(file);
  arrowio_executor_release(executor);
  CHECK_INT(0, arrowio_operation_is_done(runs));
  CHECK_INT(1, write(other, "x", 1));
  close(other);
  OK(arrowio_operation_wait(runs, -1, &error));
  OK(arrowio_operation_result(runs, &error));
  /* The operation was the last to have the file. */
  EVENTUALLY(told.frees == 1);
  CHECK_INT(before, open_descriptors());
  arrowio_operation_release(runs);
}

/* A host with a lock of its own, as languages have that run one thread at a time. */
static pthread_mutex_t host_lock = PTHREAD_MUTEX_INITIALIZER;

static void lock_and_tell(void *user_data, arrowio_operation *operation) {
  pthread_mutex_lock(&host_lock);
  tell_done(user_data, operation);
  pthread_mutex_unlock(&host_lock);
}

TEST(under_a_lock_of_the_host) {
  arrowio_executor *executor = new_executor(1);
  arrowio_file *file = reader_of("0123", 4);
  arrowio_operation_options options = telling(0);
  options.callback = lock_and_tell;
  pthread_mutex_lock(&host_lock);
  arrowio_operation *operation = start_read(file, executor, 1, &options);
  OK(arrowio_operation_wait(operation, -1, &error));
  arrowio_operation_release(operation);
  OK(arrowio_executor_stop(executor, 0, &error));
  arrowio_executor_release(executor);
  CHECK_INT(0, told.calls);
  pthread_mutex_unlock(&host_lock);
  EVENTUALLY(told.frees == 1);
  CHECK_INT(1, told.calls);
  arrowio_file_release(file);
}

/* Those that wait take no descriptors. */
TEST(many_that_wait) {
  int count = (int)scaled(20000, 500), other;
  arrowio_operation **operations = malloc(sizeof(*operations) * (size_t)count);
  arrowio_executor *executor = new_executor(1);
  arrowio_file *file = pipe_reader(&other);
  arrowio_operation *blocks = start_read(file, executor, 1, NULL);
  usleep(10000);
  int before = open_descriptors();
  for (int i = 0; i < count; i++) operations[i] = start_read(file, executor, 1, NULL);
  CHECK_INT(before, open_descriptors());
  for (int i = 0; i < count; i += 2) arrowio_operation_cancel(operations[i]);
  close(other);
  for (int i = 0; i < count; i++) {
    OK(arrowio_operation_wait(operations[i], -1, &error));
    FAILS(i % 2 ? ARROWIO_OK : ARROWIO_CANCELLED, arrowio_operation_result(operations[i], &error));
    arrowio_operation_release(operations[i]);
  }
  arrowio_operation_release(blocks);
  free(operations);
  close_file(file);
  end(executor);
}

/* On a thread of the executor itself. */
static arrowio_executor *own;
static atomic_int own_status, submitted_status;
static arrowio_file *own_file;

static void stop_own(void *unused, arrowio_operation *operation) {
  arrowio_operation *next = NULL;
  (void)unused, (void)operation;
  atomic_store(&submitted_status, arrowio_file_read_async(own_file, own, 1, NULL, &next, NULL));
  atomic_store(&own_status, arrowio_executor_stop(own, -1, NULL));
  arrowio_operation_release(next);
}

TEST(from_its_own_thread) {
  own = new_executor(1);
  own_file = reader_of("0123", 4);
  own_status = submitted_status = -1;
  arrowio_operation_options options = {sizeof options, stop_own, NULL, NULL, 0};
  arrowio_operation *operation = start_read(own_file, own, 1, &options);
  EVENTUALLY(own_status != -1);
  CHECK_INT(ARROWIO_OK, submitted_status);
  CHECK_INT(ARROWIO_INVALID, own_status);
  arrowio_operation_release(operation);
  arrowio_file_release(own_file);
  end(own);
}

TEST(resize) {
  enum { COUNT = 6 };
  int others[COUNT];
  arrowio_file *files[COUNT];
  arrowio_operation *operations[COUNT];
  int before = running_threads();
  arrowio_executor *executor = new_executor(1);
  for (int i = 0; i < COUNT; i++) {
    files[i] = pipe_reader(&others[i]);
    operations[i] = start_read(files[i], executor, 1, NULL);
  }
  CHECK_INT(before + 1, running_threads());
  CHECK_INT(1, write(others[5], "x", 1));
  FAILS(ARROWIO_TIMED_OUT, arrowio_operation_wait(operations[5], 20 * MILLISECONDS, &error));
  OK(arrowio_executor_resize(executor, COUNT, &error));
  OK(arrowio_operation_wait(operations[5], -1, &error));
  CHECK_INT(before + COUNT, running_threads());
  OK(arrowio_executor_resize(executor, 1, &error));
  EVENTUALLY(running_threads() == before + COUNT - 1);
  for (int i = 0; i < COUNT - 1; i++) CHECK_INT(1, write(others[i], "x", 1));
  EVENTUALLY(running_threads() == before + 1);
  for (int i = 0; i < COUNT; i++) {
    OK(arrowio_operation_wait(operations[i], -1, &error));
    OK(arrowio_operation_result(operations[i], &error));
    arrowio_operation_release(operations[i]);
    close(others[i]);
    close_file(files[i]);
  }
  FAILS(ARROWIO_INVALID, arrowio_executor_resize(executor, 0, &error));
  end(executor);
  CHECK_INT(before, running_threads());
}

/* No signal of the host reaches the threads. */
static pthread_t signalled;

static void note_thread(int number) {
  (void)number;
  signalled = pthread_self();
}

TEST(signals_are_the_hosts) {
  int other;
  struct sigaction former, note = {.sa_handler = note_thread};
  sigset_t blocked, before;
  arrowio_executor *executor = new_executor(1);
  arrowio_file *file = pipe_reader(&other);
  sigaction(SIGUSR1, &note, &former);
  arrowio_operation *operation = start_read(file, executor, 1, NULL);
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  kill(getpid(), SIGUSR1);
  usleep(20000);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  CHECK(pthread_equal(signalled, pthread_self()));
  sigaction(SIGUSR1, &former, NULL);
  close(other);
  OK(arrowio_operation_wait(operation, -1, &error));
  arrowio_operation_release(operation);
  close_file(file);
  end(executor);
}

/* A child has no threads and is told so; what was done before it can still take. */
static struct { arrowio_executor *executor; arrowio_operation *done, *waits; arrowio_file *file; } parents;

static void check_child(void) {
  int64_t number;
  char pid[40];
  arrowio_buffer *buffer = NULL;
  arrowio_operation *operation = NULL;
  snprintf(pid, sizeof pid, "%d was forked", (int)getpid());
  SAYS(ARROWIO_INVALID, pid, arrowio_file_read_async(parents.file, parents.executor, 1, NULL, &operation, &error));
  SAYS(ARROWIO_INVALID, pid, arrowio_executor_resize(parents.executor, 3, &error));
  SAYS(ARROWIO_INVALID, pid, arrowio_executor_threads(parents.executor, &number, &error));
  SAYS(ARROWIO_INVALID, pid, arrowio_executor_stop(parents.executor, -1, &error));
  SAYS(ARROWIO_INVALID, pid, arrowio_operation_wait(parents.waits, -1, &error));
  arrowio_operation_cancel(parents.waits);
  CHECK_INT(0, arrowio_operation_is_done(parents.waits));
  OK(arrowio_operation_wait(parents.done, -1, &error));
  OK(arrowio_operation_take_buffers(parents.done, &buffer, 1, &error));
  CHECK(same(arrowio_buffer_data(buffer), "0", 1));
  arrowio_buffer_release(buffer);
  arrowio_operation_release(parents.done);
  arrowio_operation_release(parents.waits);
  arrowio_executor_release(parents.executor);
  /* Its own ones work. */
  arrowio_executor *executor = new_executor(2);
  operation = start_read(parents.file, executor, 1, NULL);
  OK(arrowio_operation_wait(operation, -1, &error));
  OK(arrowio_operation_result(operation, &error));
  arrowio_operation_release(operation);
  end(executor);
}

TEST(fork_of_a_process) {
  int other;
  parents.executor = new_executor(1);
  parents.file = reader_of("0123", 4);
  parents.done = start_read(parents.file, parents.executor, 1, NULL);
  OK(arrowio_operation_wait(parents.done, -1, &error));
  arrowio_file *file = pipe_reader(&other);
  parents.waits = start_read(file, parents.executor, 2, NULL);
  begins(other);
  for (int i = 0; i < scaled(20, 3); i++) in_child(check_child);
  CHECK_INT(1, write(other, "x", 1));
  OK(arrowio_operation_wait(parents.waits, -1, &error));
  arrowio_operation_release(parents.waits);
  arrowio_operation_release(parents.done);
  close(other);
  arrowio_file_release(parents.file);
  close_file(file);
  end(parents.executor);
}

/* Where the system gives no thread the start fails, unless there is another one. */
static void check_without_threads(void) {
  struct rlimit none = {0, 0};
  arrowio_operation *operation = NULL;
  arrowio_executor *executor = new_executor(2), *busy = new_executor(2);
  arrowio_file *file = reader_of("0123", 4);
  arrowio_operation_options options = telling(0);
  int other;
  arrowio_file *waiting = pipe_reader(&other);
  arrowio_operation *blocks = start_read(waiting, busy, 2, NULL);
  begins(other);
  if (geteuid() == 0 && setuid(65534) != 0) return;
  setrlimit(RLIMIT_NPROC, &none);
  arrowio_status status = arrowio_file_read_async(file, executor, 1, &options, &operation, &error);
  if (status == ARROWIO_OK) return;
  FAILS_WITH(EAGAIN, status);
  CHECK(operation == NULL && told.frees == 0 && told.calls == 0);
  operation = start_read(file, busy, 1, &options);
  CHECK_INT(1, write(other, "x", 1));
  OK(arrowio_operation_wait(operation, -1, &error));
  OK(arrowio_operation_wait(blocks, -1, &error));
  arrowio_operation_release(operation);
  arrowio_operation_release(blocks);
  end(executor);
  end(busy);
}

TEST(no_thread_left) {
  if (!is_slow()) in_child(check_without_threads);
}

/* The process ends while threads of an executor are at work. */
static void exit_at_work(void) {
  int other;
  arrowio_executor *executor = new_executor(2);
  arrowio_file *file = pipe_reader(&other), *free_one = reader_of("0123", 4);
  start_read(file, executor, 1, NULL);
  for (int i = 0; i < 1000; i++) start_read(free_one, executor, 1, NULL);
  exit(0);
}

TEST(exit_of_the_process) {
  for (int i = 0; i < 20; i++) in_child(exit_at_work);
}

/* Over and over, with and without waiting: nothing is left and nothing is done twice. */
static atomic_int all_calls, all_frees;

static void count_call(void *unused, arrowio_operation *operation) {
  (void)unused, (void)operation;
  atomic_fetch_add(&all_calls, 1);
}

static void count_free(void *unused) {
  (void)unused;
  atomic_fetch_add(&all_frees, 1);
}

TEST(again_and_again) {
  int runs = (int)scaled(1000, 50), before = open_descriptors();
  int threads_before = running_threads();
  arrowio_file *file = reader_of("0123", 4);
  all_calls = all_frees = 0;
  for (int i = 0; i < runs; i++) {
    arrowio_executor *executor = new_executor(1 + i % 3);
    arrowio_operation_options options = {sizeof options, count_call, &all_calls, count_free, 0};
    for (int n = 0; n < 4; n++) {
      arrowio_operation *operation = NULL;
      OK(arrowio_file_read_at_async(file, executor, 0, 4, &options, &operation, &error));
      if (n % 2) arrowio_operation_cancel(operation);
      arrowio_operation_release(operation);
    }
    if (i % 2) OK(arrowio_executor_stop(executor, i % 4 == 1 ? -1 : 0, &error));
    arrowio_executor_release(executor);
  }
  EVENTUALLY(all_frees == runs * 4);
  CHECK_INT(runs * 4, all_calls);
  EVENTUALLY(running_threads() == threads_before);
  CHECK_INT(before, open_descriptors());
  arrowio_file_release(file);
}

/* From many threads at once. */
static struct { arrowio_executor *executor; arrowio_file *file; } crowd;

static void submit_many(int index, void *unused) {
  (void)unused;
  for (int i = 0; i < scaled(300, 20); i++) {
    arrowio_operation *operation = NULL;
    arrowio_buffer *buffer = NULL;
    arrowio_operation_options options = {sizeof options, count_call, &all_calls, count_free, 0};
    THREAD_CHECK(arrowio_file_read_at_async(crowd.file, crowd.executor, i % 4, 1, &options, &operation, NULL) == ARROWIO_OK);
    if ((i + index) % 3 == 0) arrowio_operation_cancel(operation);
    if ((i + index) % 5 == 0) arrowio_executor_resize(crowd.executor, 1 + (i + index) % 4, NULL);
    THREAD_CHECK(arrowio_operation_wait(operation, -1, NULL) == ARROWIO_OK);
    arrowio_status status = arrowio_operation_take_buffers(operation, &buffer, 1, NULL);
    THREAD_CHECK(status == ARROWIO_OK || status == ARROWIO_CANCELLED);
    THREAD_CHECK(status != ARROWIO_OK || arrowio_buffer_data(buffer)[0] == '0' + i % 4);
    arrowio_buffer_release(buffer);
    arrowio_operation_release(operation);
  }
}

TEST(from_many_threads) {
  crowd.executor = new_executor(3);
  crowd.file = reader_of("0123", 4);
  all_calls = all_frees = 0;
  run_threads(4, submit_many, NULL);
  end(crowd.executor);
  CHECK_INT(4 * scaled(300, 20), all_calls);
  EVENTUALLY(all_frees == all_calls);
  arrowio_file_release(crowd.file);
}

int main(int argc, char **argv) {
  start(argc, argv);
  RUN(threads_when_needed);
  RUN(results);
  RUN(order);
  RUN(callback);
  RUN(descriptor);
  RUN(descriptor_tells_all_the_same);
  RUN(deadline_while_waiting);
  RUN(running_reads_end);
  RUN(waiting_reads_end);
  RUN(stop);
  RUN(release_does_not_wait);
  RUN(under_a_lock_of_the_host);
  RUN(many_that_wait);
  RUN(from_its_own_thread);
  RUN(resize);
  RUN(signals_are_the_hosts);
  /* What the threads of the parent had is lost in a child; whoever watches memory calls that a leak. */
  if (!is_slow()) RUN(fork_of_a_process);
  RUN(no_thread_left);
  /* What is in use when a process ends is a leak for those who watch memory. */
  if (!is_slow()) RUN(exit_of_the_process);
  RUN(again_and_again);
  RUN(from_many_threads);
  return finish_files();
}

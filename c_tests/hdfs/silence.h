/* What programs share that ask where nobody answers. */
#ifndef ARROWIO_HDFS_SILENCE_H
#define ARROWIO_HDFS_SILENCE_H

#include "trouble.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

static inline struct sockaddr_in at_port(int port) {
  return (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
}

/* A socket that takes `most` and one connections, by the system, and says nothing. */
static inline int listen_somewhere(int *port, int most) {
  struct sockaddr_in address = at_port(0);
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, most) == 0);
  CHECK(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
  *port = ntohs(address.sin_port);
  return listener;
}

/* Every call on this file system ends in time, and fails. */
static inline void everything_ends(arrowio_filesystem *files, double limit, int must_time_out) {
  arrowio_file *file = NULL;
  arrowio_file_info *info = NULL;
  arrowio_listing *listing = NULL;
  int32_t exists = 0;
  for (int call = 0; call < 10; call++) {
    double begin = now();
    arrowio_status status = ARROWIO_OK;
    switch (call) {
      case 0: status = arrowio_filesystem_info(files, "/tmp", &info, &error); break;
      case 1: status = arrowio_filesystem_list(files, "/tmp", 1, &listing, &error); break;
      case 2: status = arrowio_filesystem_open_input_file(files, "/tmp/x", &file, &error); break;
      case 3: status = arrowio_filesystem_open_output_stream(files, "/tmp/x", NULL, &file, &error); break;
      case 4: status = arrowio_filesystem_make_directory(files, "/tmp/x", 1, &error); break;
      case 5: status = arrowio_filesystem_remove(files, "/tmp/x", 1, &error); break;
      case 6: status = arrowio_filesystem_rename(files, "/tmp/x", "/tmp/y", 1, &error); break;
      case 7: status = arrowio_filesystem_set_permissions(files, "/tmp/x", 0700, &error); break;
      case 8: status = arrowio_filesystem_exists(files, "/tmp/x", &exists, &error); break;
      default: status = arrowio_filesystem_make_directory(files, "/tmp/x", 0, &error); break;
    }
    double took = now() - begin;
    if (took > limit || status == ARROWIO_OK || (must_time_out && status != ARROWIO_TIMED_OUT)) {
      fprintf(stderr, "call %d: %s after %.1f s: %s\n", call, arrowio_status_name(status), took, arrowio_error_message(error));
      CHECK(!"ends in time");
    }
    either(status);
  }
  CHECK(listing == NULL);
}

/* ---- The host's word to stop ---- */

struct later {
  arrowio_cancellation *cancellation;
  double seconds;
};

static inline void *cancel_later(void *given) {
  struct later *later = given;
  pause_for(later->seconds);
  arrowio_cancellation_cancel(later->cancellation);
  return NULL;
}

struct info_call {
  arrowio_filesystem *files;
  arrowio_status status;
};

static inline void call_info(void *given) {
  struct info_call *call = given;
  arrowio_file_info *info = NULL;
  call->status = arrowio_filesystem_info(call->files, "/tmp", &info, NULL);
}

/* A question that nobody answers ends when the host says so. */
static inline void stops_when_told(arrowio_filesystem *files) {
  struct info_call call = {files, ARROWIO_OK};
  struct later later = {NULL, 0.3};
  pthread_t thread;
  OK(arrowio_cancellation_new(&later.cancellation, &error));
  CHECK_INT(0, pthread_create(&thread, NULL, cancel_later, &later));
  double begin = now();
  OK(arrowio_cancellation_run(later.cancellation, call_info, &call, &error));
  CHECK_INT(ARROWIO_CANCELLED, call.status);
  CHECK(now() - begin < 1.5);
  pthread_join(thread, NULL);
  arrowio_cancellation_release(later.cancellation);
}

#endif

#include "test.h"

TEST(version) {
  CHECK_INT(ARROWIO_VERSION_NUMBER, arrowio_version_number());
  CHECK(strcmp(arrowio_version_string(), "0.1.0") == 0);
}

TEST(accounting_as_in_arrow_documentation) {
  arrowio_buffer *buffer = NULL;
  int64_t before = arrowio_total_allocated_bytes();
  OK(arrowio_buffer_allocate_resizable(NULL, 1024, &buffer, &error));
  CHECK_INT(1024, arrowio_total_allocated_bytes() - before);
  OK(arrowio_buffer_resize(buffer, 2048, 0, &error));
  CHECK_INT(2048, arrowio_total_allocated_bytes() - before);
  arrowio_buffer_release(buffer);
  CHECK_INT(before, arrowio_total_allocated_bytes());
}

TEST(streams) {
  arrowio_file *out = NULL, *in = NULL;
  arrowio_buffer *all = NULL;
  OK(arrowio_output_stream_open("/tmp/smoke.csv.gz", NULL, &out, &error));
  for (int i = 0; i < 1000; i++) OK(arrowio_file_write(out, "hello, world\n", 13, &error));
  OK(arrowio_file_close(out, &error));
  arrowio_file_release(out);
  OK(arrowio_input_stream_open("/tmp/smoke.csv.gz", NULL, &in, &error));
  const uint8_t *line; int64_t size, lines = 0;
  for (;;) { OK(arrowio_file_read_line(in, &line, &size, &error)); if (size == 0) break; CHECK_INT(13, size); lines++; }
  CHECK_INT(1000, lines);
  arrowio_file_release(in);
  OK(arrowio_input_stream_open("/tmp/smoke.csv.gz", NULL, &in, &error));
  OK(arrowio_file_read_all(in, &all, &error));
  CHECK_INT(13000, arrowio_buffer_size(all));
  arrowio_buffer_release(all);
  arrowio_file_release(in);
  FAILS(ARROWIO_IO_ERROR, arrowio_input_stream_open("/nonexistent/x.gz", NULL, &in, &error));
}

int main(void) {
  RUN(version);
  RUN(accounting_as_in_arrow_documentation);
  RUN(streams);
  return finish();
}

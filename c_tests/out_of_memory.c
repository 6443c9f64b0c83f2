/* Memory that runs out, at every single allocation that the library makes: each call then gives OUT_OF_MEMORY, nothing
 * is lost, nothing leaks, and the process lives on.
 *
 * The program has its own malloc and mmap, and a pool over functions of its own, which fail on demand. A scenario runs
 * with the first, the second, the third allocation failing, and so on until it runs through; once with only that one
 * failing, once with all behind it. Valgrind and AddressSanitizer have their own malloc: there only the pool fails.
 */
#include "codecs.h"
#include "pools.h"
#include <sys/syscall.h>

/* ---- An allocator that can fail ---- */

static struct {
  long long attempts, fail_at, failures, live;
  int armed, fail_on;
} memory;

#ifndef __SANITIZE_ADDRESS__

static int fails(void) {
  if (!memory.armed) return 0;
  long long attempt = __atomic_add_fetch(&memory.attempts, 1, __ATOMIC_RELAXED);
  int failing = attempt == memory.fail_at || (memory.fail_on && attempt > memory.fail_at);
  __atomic_add_fetch(&memory.failures, failing, __ATOMIC_RELAXED);
  if (failing) errno = ENOMEM;
  return failing;
}

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t), __libc_free(void *);

/* Executors have threads, which allocate as well. */
static void count_live(int more) { __atomic_add_fetch(&memory.live, more, __ATOMIC_RELAXED); }

static void *counted(void *data) {
  count_live(data != NULL);
  return data;
}

void *malloc(size_t size) { return fails() ? NULL : counted(__libc_malloc(size)); }

void *calloc(size_t count, size_t size) { return fails() ? NULL : counted(__libc_calloc(count, size)); }

void *realloc(void *data, size_t size) {
  if (fails()) return NULL;
  void *moved = __libc_realloc(data, size);
  count_live((data == NULL && moved != NULL) - (data != NULL && size == 0));
  return moved;
}

void *memalign(size_t alignment, size_t size) { return fails() ? NULL : counted(__libc_memalign(alignment, size)); }

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **data, size_t alignment, size_t size) {
  void *block = memalign(alignment, size);
  if (block == NULL) return ENOMEM;
  *data = block;
  return 0;
}

void free(void *data) {
  count_live(-(data != NULL));
  __libc_free(data);
}

void *mmap64(void *address, size_t size, int protection, int flags, int fd, off64_t offset) {
  if (fails()) return MAP_FAILED;
  return (void *)syscall(SYS_mmap, address, size, protection, flags, fd, offset);
}

#undef mmap
void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset) {
  return mmap64(address, size, protection, flags, fd, offset);
}

int mprotect(void *address, size_t size, int protection) {
  return fails() ? -1 : (int)syscall(SYS_mprotect, address, size, protection);
}

#endif

/* ---- What is there before memory runs out ---- */

#define TEXT_SIZE (300 * KIB)

static arrowio_pool *pool;
static struct host_memory host;
static uint8_t lines[TEXT_SIZE];
static arrowio_buffer *text, *packed[CODECS];
static arrowio_file *closed;
static int frees;

static void count_free(void *user_data) { ++*(int *)user_data; }

static void ignore_event(void *user_data, const arrowio_pool_event *event) { (void)user_data, (void)event; }

/* The codec of the scenario that runs. */
static const struct codec *its_codec;

static arrowio_buffer *compressed_twice(arrowio_codec codec) {
  struct bytes once = compressed(codec, lines, TEXT_SIZE / 2);
  struct bytes rest = compressed(codec, lines + TEXT_SIZE / 2, TEXT_SIZE / 2);
  append(&once, rest.data, rest.size);
  arrowio_buffer *whole = buffer_of(once.data, once.size);
  drop(&once);
  drop(&rest);
  return whole;
}

static void prepare(void) {
  for (int64_t i = 0; i < TEXT_SIZE; i++) lines[i] = (uint8_t)(i % 100 == 99 ? '\n' : 'a' + random_below(26));
  text = buffer_of(lines, TEXT_SIZE);
  for (int i = 0; i < CODECS; i++) {
    packed[i] = compressed_twice(codecs[i].id);
    save(here(codecs[i].name), arrowio_buffer_data(packed[i]), arrowio_buffer_size(packed[i]));
  }
  OK(arrowio_buffer_reader_new(text, &closed, &error));
  OK(arrowio_file_close(closed, &error));
  save(here("text"), lines, TEXT_SIZE);
}

static void clean_up(void) {
  arrowio_file_release(closed);
  arrowio_buffer_release(text);
  for (int i = 0; i < CODECS; i++) arrowio_buffer_release(packed[i]);
}

/* ---- Scenarios: they end at the first call that fails, and give its status ---- */

static arrowio_status status;
static int wrong;

#define RIGHT(condition)                                                           \
  do {                                                                             \
    if (!(condition)) {                                                            \
      memory.armed = 0;                                                            \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);      \
      wrong = 1;                                                                   \
      goto done;                                                                   \
    }                                                                              \
  } while (0)

/* A failure has a message, even when there is no memory for one. */
static int has_failed(const char *call, int line, arrowio_status expected) {
  int right = status == expected && arrowio_error_status(error) == status && strlen(arrowio_error_message(error)) > 5;
  if (!right) {
    memory.armed = 0;
    fprintf(stderr, "%s:%d: %s gave %s: %s\n", __FILE__, line, call, arrowio_status_name(status),
            arrowio_error_message(error));
    wrong = 1;
  }
  arrowio_error_release(error);
  error = NULL;
  return 1;
}

#define TRY(call)                                                                                           \
  do {                                                                                                      \
    if ((status = (call)) != ARROWIO_OK && has_failed(#call, __LINE__, ARROWIO_OUT_OF_MEMORY)) goto done;   \
  } while (0)

/* For calls that have changed nothing when they fail: once more, and the rest must come out right. */
#define TRY_TWICE(call)                                                                    \
  do {                                                                                     \
    if ((status = (call)) == ARROWIO_OUT_OF_MEMORY) {                                      \
      has_failed(#call, __LINE__, ARROWIO_OUT_OF_MEMORY);                                  \
      TRY(call);                                                                           \
    } else if (status != ARROWIO_OK) {                                                     \
      has_failed(#call, __LINE__, ARROWIO_OUT_OF_MEMORY);                                  \
      goto done;                                                                           \
    }                                                                                      \
  } while (0)

/* A failure of another kind keeps its status, also when there is no memory to tell of it. */
#define EXPECT(expected, call)                                            \
  do {                                                                    \
    status = (call);                                                      \
    has_failed(#call, __LINE__, expected);                                \
  } while (0)

static void use_buffers(void) {
  arrowio_buffer *fixed = NULL, *resizable = NULL, *slice = NULL, *inner = NULL;
  arrowio_buffer *writable = NULL, *copy = NULL, *whole = NULL;
  TRY(arrowio_buffer_allocate(pool, 1000, &fixed, &error));
  TRY(arrowio_buffer_allocate_resizable(pool, 100, &resizable, &error));
  memcpy(arrowio_buffer_mutable_data(resizable), lines, 100);
  TRY(arrowio_buffer_slice(resizable, 10, 80, &slice, &error));
  TRY(arrowio_buffer_slice(slice, 10, 60, &inner, &error));
  TRY(arrowio_buffer_slice_mutable(resizable, 1, 2, &writable, &error));
  TRY(arrowio_buffer_copy(inner, 1, 2, pool, &copy, &error));
  arrowio_buffer *parts[] = {fixed, resizable, slice, inner};
  TRY(arrowio_buffer_concatenate(parts, 4, pool, &whole, &error));
  RIGHT(arrowio_buffer_size(whole) == 1240 && same(arrowio_buffer_data(whole) + 1000, lines, 100));
done:
  arrowio_buffer_release(fixed);
  arrowio_buffer_release(slice);
  arrowio_buffer_release(writable);
  arrowio_buffer_release(copy);
  arrowio_buffer_release(whole);
  arrowio_buffer_release(resizable);
  arrowio_buffer_release(inner);
}

static void resize_buffers(void) {
  static const int64_t SIZES[] = {1000, 100 * KIB, LARGE, 3 * MIB, 20 * MIB, 100};
  arrowio_buffer *buffer = NULL;
  TRY(arrowio_buffer_allocate_resizable(pool, 100, &buffer, &error));
  memcpy(arrowio_buffer_mutable_data(buffer), lines, 100);
  for (int i = 0; i < COUNT(SIZES); i++) {
    TRY_TWICE(arrowio_buffer_reserve(buffer, SIZES[i] / 2, &error));
    TRY_TWICE(arrowio_buffer_resize(buffer, SIZES[i], 1, &error));
  }
done:
  if (buffer != NULL && !same(arrowio_buffer_data(buffer), lines, 100)) wrong = 1;
  arrowio_buffer_release(buffer);
}

/* Memory of the host's is freed exactly once, and not at all if it was not wrapped. */
static void wrap_memory(void) {
  arrowio_buffer *buffer = NULL, *slice = NULL;
  int wrapped = 0;
  frees = 0;
  TRY(arrowio_buffer_wrap(lines, 100, &frees, count_free, &buffer, &error));
  wrapped = 1;
  TRY(arrowio_buffer_slice(buffer, 10, 10, &slice, &error));
  arrowio_buffer_release(buffer);
  buffer = NULL;
  TRY(arrowio_buffer_wrap_mutable(lines, 100, &frees, count_free, &buffer, &error));
  wrapped = 2;
done:
  arrowio_buffer_release(buffer);
  arrowio_buffer_release(slice);
  if (frees != wrapped) wrong = 1;
}

static void use_blocks(void) {
  static const int64_t SIZES[] = {100, 5000, LARGE - 1, LARGE, 9 * MIB, 30 * MIB, 200};
  uint8_t *data = NULL;
  int64_t size = 0;
  TRY(arrowio_pool_allocate(pool, 0, 64, &data, &error));
  for (int i = 0; i < COUNT(SIZES); i++) {
    TRY_TWICE(arrowio_pool_reallocate(pool, size, SIZES[i], 64, &data, &error));
    if (size == 0) mark(data, 0, 100);
    size = SIZES[i];
    RIGHT(marked(data, 100) == 100);
  }
done:
  arrowio_pool_free(pool, data, size, 64);
}

static void wrap_pools(void) {
  static struct host_memory other;
  arrowio_pool *proxy = NULL, *capped = NULL, *logging = NULL, *callbacks = NULL, *used[2];
  arrowio_buffer *buffers[2] = {NULL, NULL};
  int opened = 0;
  frees = 0;
  other.freed = 0;
  TRY(arrowio_pool_new_proxy(pool, &proxy, &error));
  TRY(arrowio_pool_new_capped(proxy, MIB, &capped, &error));
  TRY(arrowio_pool_new_logging(capped, ignore_event, &frees, count_free, &logging, &error));
  opened = 1;
  TRY(arrowio_pool_new_callbacks(&HOST_CALLBACKS, &other, &callbacks, &error));
  opened = 2;
  used[0] = logging;
  used[1] = callbacks;
  for (int i = 0; i < 2; i++) {
    TRY(arrowio_buffer_allocate_resizable(used[i], 100, &buffers[i], &error));
    TRY(arrowio_buffer_resize(buffers[i], 100 * KIB, 0, &error));
  }
done:
  arrowio_pool_release(callbacks);
  arrowio_pool_release(logging);
  for (int i = 0; i < 2; i++) arrowio_buffer_release(buffers[i]);
  if (arrowio_pool_bytes_allocated(capped != NULL ? capped : proxy) != 0 && proxy != NULL) wrong = 1;
  arrowio_pool_release(capped);
  arrowio_pool_release(proxy);
  if (frees != (opened > 0) || other.freed != (opened > 1) || other.live != 0) wrong = 1;
}

static void change_default(void) {
  arrowio_pool *mine = NULL, *before = arrowio_pool_default();
  TRY(arrowio_pool_new_proxy(pool, &mine, &error));
  status = arrowio_pool_set_default(mine, &error);
  if (status != ARROWIO_OK && arrowio_pool_default() != before) wrong = 1;
  TRY(status);
  TRY(arrowio_pool_set_default(before, &error));
done:
  arrowio_pool_release(mine);
}

/* Everything that can be asked of a reader whose content is the lines. */
static void read_lines(arrowio_file *file) {
  static uint8_t block[70000];
  const uint8_t *data;
  int64_t size, position = 0;
  arrowio_buffer *buffer = NULL;
  TRY_TWICE(arrowio_file_peek(file, 10, &data, &size, &error));
  RIGHT(size == 10 && same(data, lines, 10));
  for (int i = 0; i < 3; i++, position += size) {
    TRY_TWICE(arrowio_file_read_line(file, &data, &size, &error));
    RIGHT(size == 100 && same(data, lines + position, 100));
  }
  TRY_TWICE(arrowio_file_read(file, block, sizeof block, &size, &error));
  RIGHT(size == sizeof block && same(block, lines + position, size));
  position += size;
  TRY_TWICE(arrowio_file_advance(file, 1000, &error));
  position += 1000;
  TRY_TWICE(arrowio_file_peek(file, 90000, &data, &size, &error));
  RIGHT(size == 90000 && same(data, lines + position, size));
  TRY_TWICE(arrowio_file_read_buffer(file, 80000, &buffer, &error));
  RIGHT(arrowio_buffer_size(buffer) == 80000 && same(arrowio_buffer_data(buffer), lines + position, 80000));
  position += 80000;
  arrowio_buffer_release(buffer);
  buffer = NULL;
  TRY_TWICE(arrowio_file_tell(file, &size, &error));
  RIGHT(size == position);
  TRY_TWICE(arrowio_file_read_all(file, &buffer, &error));
  size = TEXT_SIZE - position;
  RIGHT(arrowio_buffer_size(buffer) == size && same(arrowio_buffer_data(buffer), lines + position, size));
done:
  arrowio_buffer_release(buffer);
}

/* What the positionless reads give. */
static void read_at_offsets(arrowio_file *file) {
  uint8_t block[100];
  int64_t size;
  arrowio_buffer *buffer = NULL;
  TRY_TWICE(arrowio_file_read_at(file, 500, block, sizeof block, &size, &error));
  RIGHT(size == sizeof block && same(block, lines + 500, size));
  TRY_TWICE(arrowio_file_read_at_buffer(file, 1000, TEXT_SIZE, &buffer, &error));
  RIGHT(arrowio_buffer_size(buffer) == TEXT_SIZE - 1000);
  RIGHT(same(arrowio_buffer_data(buffer), lines + 1000, TEXT_SIZE - 1000));
done:
  arrowio_buffer_release(buffer);
}

static void read_buffer(void) {
  arrowio_file *file = NULL;
  TRY(arrowio_buffer_reader_new(text, &file, &error));
  read_at_offsets(file);
  if (status == ARROWIO_OK) read_lines(file);
done:
  arrowio_file_release(file);
}

static void write_buffer(void) {
  static const int64_t SIZES[] = {1, 100, 5000, TEXT_SIZE, TEXT_SIZE, TEXT_SIZE, TEXT_SIZE};
  arrowio_file *file = NULL;
  arrowio_buffer *buffer = NULL;
  int64_t total = 0;
  TRY(arrowio_buffer_output_stream_new(pool, 10, &file, &error));
  for (int i = 0; i < COUNT(SIZES); i++) {
    TRY_TWICE(arrowio_file_write(file, lines, SIZES[i], &error));
    total += SIZES[i];
  }
  TRY_TWICE(arrowio_buffer_output_stream_finish(file, &buffer, &error));
  RIGHT(arrowio_buffer_size(buffer) == total);
  for (int i = COUNT(SIZES) - 1; i >= 0; i--) {
    total -= SIZES[i];
    RIGHT(same(arrowio_buffer_data(buffer) + total, lines, SIZES[i]));
  }
  RIGHT(total == 0);
done:
  arrowio_buffer_release(buffer);
  arrowio_file_release(file);
}

static void write_fixed_size(void) {
  arrowio_buffer *buffer = NULL;
  arrowio_file *file = NULL;
  TRY(arrowio_buffer_allocate(pool, 200, &buffer, &error));
  TRY(arrowio_fixed_size_buffer_writer_new(buffer, &file, &error));
  TRY_TWICE(arrowio_file_write(file, lines, 100, &error));
  TRY_TWICE(arrowio_file_write_at(file, 100, lines + 100, 100, &error));
  RIGHT(same(arrowio_buffer_data(buffer), lines, 200));
  EXPECT(ARROWIO_IO_ERROR, arrowio_file_write(file, lines, 101, &error));
  TRY(arrowio_file_close(file, &error));
done:
  arrowio_file_release(file);
  arrowio_buffer_release(buffer);
}

static void read_os_file(void) {
  arrowio_os_file_options options = {.struct_size = sizeof options, .pool = pool};
  arrowio_file *file = NULL;
  TRY(arrowio_os_file_open(here("text"), ARROWIO_MODE_READ, &options, &file, &error));
  read_at_offsets(file);
  if (status == ARROWIO_OK) read_lines(file);
  if (status == ARROWIO_OK) TRY(arrowio_file_close(file, &error));
done:
  arrowio_file_release(file);
}

static void write_os_file(void) {
  arrowio_os_file_options options = {.struct_size = sizeof options, .pool = pool};
  arrowio_file *file = NULL;
  TRY(arrowio_os_file_open(here("written"), ARROWIO_MODE_WRITE, &options, &file, &error));
  TRY_TWICE(arrowio_file_write(file, lines, 1000, &error));
  TRY_TWICE(arrowio_file_write_buffer(file, text, &error));
  TRY_TWICE(arrowio_file_write_at(file, 5000, lines, 1000, &error));
  TRY_TWICE(arrowio_file_resize(file, 3000, &error));
  TRY_TWICE(arrowio_file_seek(file, 0, ARROWIO_SEEK_END, NULL, &error));
  TRY(arrowio_file_close(file, &error));
done:
  arrowio_file_release(file);
}

/* A descriptor is taken over only by a file that could be made. */
static void use_descriptor(void) {
  arrowio_file *file = NULL;
  int fd = open(here("text"), O_RDONLY | O_CLOEXEC);
  status = arrowio_os_file_open_fd(fd, ARROWIO_MODE_READ, NULL, &file, &error);
  if (status != ARROWIO_OK && close(fd) != 0) wrong = 1;
  TRY(status);
done:
  arrowio_file_release(file);
  if (fcntl(fd, F_GETFD) != -1) wrong = 1;
}

static void read_map(void) {
  arrowio_file *file = NULL;
  TRY(arrowio_memory_map_open(here("text"), ARROWIO_MODE_READ, 0, -1, &file, &error));
  read_at_offsets(file);
  if (status == ARROWIO_OK) read_lines(file);
done:
  arrowio_file_release(file);
}

static void write_map(void) {
  arrowio_file *file = NULL, *second = NULL;
  int fd = -1;
  arrowio_buffer *buffer = NULL;
  TRY(arrowio_memory_map_create(here("map"), 10000, &file, &error));
  TRY_TWICE(arrowio_file_write(file, lines, 10000, &error));
  TRY_TWICE(arrowio_file_resize(file, 20000, &error));
  TRY_TWICE(arrowio_file_write(file, lines + 10000, 10000, &error));
  TRY_TWICE(arrowio_file_read_at_buffer(file, 0, 20000, &buffer, &error));
  RIGHT(same(arrowio_buffer_data(buffer), lines, 20000));
  EXPECT(ARROWIO_INVALID, arrowio_file_resize(file, 100, &error));
  TRY(arrowio_file_close(file, &error));
  arrowio_file_release(file);
  file = NULL;
  TRY(arrowio_memory_map_open(here("map"), ARROWIO_MODE_PRIVATE, 5000, 1000, &file, &error));
  TRY(arrowio_file_descriptor(file, &fd, &error));
  TRY(arrowio_memory_map_open_fd(fd, ARROWIO_MODE_READ, 5000, 1000, &second, &error));
done:
  arrowio_file_release(second);
  arrowio_buffer_release(buffer);
  arrowio_file_release(file);
}

static void read_stream(const char *path, arrowio_codec codec) {
  arrowio_stream_options options = {.struct_size = sizeof options, .pool = pool, .codec = codec};
  arrowio_file *file = NULL;
  TRY(arrowio_input_stream_open(path, &options, &file, &error));
  read_lines(file);
  if (status == ARROWIO_OK) TRY(arrowio_file_close(file, &error));
done:
  arrowio_file_release(file);
}

static void read_plain_stream(void) { read_stream(here("text"), ARROWIO_CODEC_NONE); }

static void read_packed_stream(void) { read_stream(here(its_codec->name), its_codec->id); }

/* Encoders of many MiB would only take time. */
static arrowio_compression_options light(void) {
  int32_t level = its_codec->is_thorough ? 0 : fast_level(its_codec);
  return (arrowio_compression_options){
      .struct_size = sizeof(arrowio_compression_options), .pool = pool, .compression_level = level};
}

static void write_stream(arrowio_codec codec) {
  arrowio_compression_options compression = light();
  arrowio_stream_options options = {
      .struct_size = sizeof options, .pool = pool, .codec = codec, .compression = &compression};
  arrowio_file *file = NULL;
  TRY(arrowio_output_stream_open(here("out"), &options, &file, &error));
  for (int i = 0; i < 20; i++) TRY(arrowio_file_write(file, lines + i * 100, 100, &error));
  TRY(arrowio_file_flush(file, &error));
  TRY(arrowio_file_write(file, lines + 2000, TEXT_SIZE - 2000, &error));
  TRY(arrowio_file_close(file, &error));
done:
  /* What was not written when the file is let go may be warned of. */
  arrowio_file_release(file);
}

static void check_stream(arrowio_codec codec) {
  arrowio_stream_options options = {.struct_size = sizeof options, .codec = codec};
  arrowio_file *file = NULL;
  arrowio_buffer *whole = NULL;
  OK(arrowio_input_stream_open(here("out"), &options, &file, &error));
  OK(arrowio_file_read_all(file, &whole, &error));
  CHECK(arrowio_buffer_equals(whole, text));
  arrowio_buffer_release(whole);
  arrowio_file_release(file);
}

static void write_plain_stream(void) { write_stream(ARROWIO_CODEC_NONE); }

static void write_packed_stream(void) { write_stream(its_codec->id); }

static void check_plain(void) { check_stream(ARROWIO_CODEC_NONE); }

static void check_packed(void) { check_stream(its_codec->id); }

static void compress_in_memory(void) {
  arrowio_stream_options options = {.struct_size = sizeof options, .pool = pool, .codec = its_codec->id};
  arrowio_compression_options compression = light();
  arrowio_file *raw = NULL, *file = NULL, *input = NULL;
  arrowio_buffer *buffer = NULL;
  TRY(arrowio_buffer_output_stream_new(pool, 0, &raw, &error));
  TRY(arrowio_compressed_output_stream_new(raw, its_codec->id, &compression, &file, &error));
  TRY(arrowio_file_write(file, lines, scaled(TEXT_SIZE, 20 * KIB), &error));
  TRY(arrowio_file_close(file, &error));
  TRY_TWICE(arrowio_buffer_output_stream_finish(raw, &buffer, &error));
  TRY(arrowio_input_stream_from_buffer(packed[its_codec - codecs], &options, &input, &error));
  read_lines(input);
done:
  arrowio_file_release(file);
  arrowio_file_release(raw);
  arrowio_file_release(input);
  arrowio_buffer_release(buffer);
}

static void make_errors(void) {
  static const uint8_t NOT_GZIP[100] = {1, 2, 3};
  arrowio_stream_options options = {.struct_size = sizeof options, .pool = pool, .codec = ARROWIO_CODEC_GZIP};
  arrowio_buffer *none = NULL, *damaged = NULL;
  arrowio_file *file = NULL;
  uint8_t byte;
  int64_t size;
  EXPECT(ARROWIO_INVALID, arrowio_pool_open("none", &(arrowio_pool *){NULL}, &error));
  EXPECT(ARROWIO_INVALID, arrowio_buffer_slice(NULL, 0, 0, &none, &error));
  EXPECT(ARROWIO_INDEX_ERROR, arrowio_buffer_slice(text, TEXT_SIZE, 1, &none, &error));
  EXPECT(ARROWIO_IO_ERROR, arrowio_os_file_open("/nonexistent/x", ARROWIO_MODE_READ, NULL, &file, &error));
  EXPECT(ARROWIO_IO_ERROR, arrowio_input_stream_open("/nonexistent/x.gz", NULL, &file, &error));
  EXPECT(ARROWIO_CLOSED, arrowio_file_read(closed, &byte, 1, &size, &error));
  EXPECT(ARROWIO_INVALID, arrowio_file_write(closed, &byte, -1, &error));
  TRY(arrowio_buffer_wrap(NOT_GZIP, sizeof NOT_GZIP, NULL, NULL, &damaged, &error));
  TRY(arrowio_input_stream_from_buffer(damaged, &options, &file, &error));
  status = arrowio_file_read(file, &byte, 1, &size, &error);
  has_failed("a read of damaged data", __LINE__, status == ARROWIO_OUT_OF_MEMORY ? status : ARROWIO_IO_ERROR);
  status = ARROWIO_OK;
done:
  arrowio_file_release(file);
  arrowio_buffer_release(damaged);
}

/* The handler that is there stays until another one has taken over. */
static void change_warning_handler(void) {
  frees = 0;
  TRY(arrowio_set_warning_handler(count_warning, &frees, count_free, &error));
done:
  if (frees != 0) wrong = 1;
}

static void restore_warning_handler(void) {
  int expected = status == ARROWIO_OK;
  OK(arrowio_set_warning_handler(count_warning, NULL, NULL, &error));
  CHECK_INT(expected, frees);
}

/* A warning gets through, if only as a few words. */
static void warn(void) {
  arrowio_file *file = NULL;
  int written = 0;
  warnings = 0;
  TRY(arrowio_output_stream_open("/dev/full", NULL, &file, &error));
  TRY(arrowio_file_write(file, lines, 100, &error));
  written = 1;
done:
  arrowio_file_release(file);
  if (warnings != written) wrong = 1;
}

/* A read that waits, with a deadline. */
static void cancel(void) {
  arrowio_cancellation *cancellation = NULL;
  arrowio_file *file = NULL;
  int64_t got;
  char byte;
  int ends[2] = {-1, -1};
  RIGHT(pipe2(ends, O_CLOEXEC) == 0);
  TRY(arrowio_cancellation_new(&cancellation, &error));
  TRY(arrowio_os_file_open_fd(ends[0], ARROWIO_MODE_READ, NULL, &file, &error));
  ends[0] = -1;
  TRY(arrowio_file_set_cancellation(file, cancellation, &error));
  RIGHT(write(ends[1], "x", 1) == 1);
  TRY_TWICE(arrowio_file_read(file, &byte, 1, &got, &error));
  RIGHT(got == 1 && byte == 'x');
  TRY(arrowio_cancellation_set_timeout(cancellation, 1000, &error));
  if ((status = arrowio_file_read(file, &byte, 1, &got, &error)) == ARROWIO_OUT_OF_MEMORY) {
    has_failed("read", __LINE__, ARROWIO_OUT_OF_MEMORY);
  } else {
    has_failed("read", __LINE__, ARROWIO_TIMED_OUT);
  }
  TRY(arrowio_file_set_cancellation(file, NULL, &error));
done:
  if (ends[0] >= 0) close(ends[0]);
  close(ends[1]);
  arrowio_file_release(file);
  arrowio_cancellation_release(cancellation);
}

static void read_many(void) {
  enum { RANGES = 40 };
  arrowio_file *file = NULL;
  arrowio_executor *executor = NULL;
  arrowio_buffer *buffers[RANGES];
  arrowio_range ranges[RANGES];
  arrowio_os_file_options options = {.struct_size = sizeof options, .pool = pool};
  for (int i = 0; i < RANGES; i++) ranges[i] = (arrowio_range){i % 7 * 20000 + i, 100};
  memset(buffers, 0, sizeof buffers);
  TRY(arrowio_executor_new(1, &executor, &error));
  TRY(arrowio_os_file_open(here("text"), ARROWIO_MODE_READ, &options, &file, &error));
  for (int turn = 0; turn < 2; turn++) {
    arrowio_read_many_options how = {sizeof how, turn ? executor : NULL, -1, -1};
    TRY_TWICE(arrowio_file_read_many(file, ranges, RANGES, &how, buffers, &error));
    for (int i = 0; i < RANGES; i++) {
      RIGHT(arrowio_buffer_size(buffers[i]) == 100 && same(arrowio_buffer_data(buffers[i]), lines + ranges[i].offset, 100));
      arrowio_buffer_release(buffers[i]);
      buffers[i] = NULL;
    }
  }
done:
  for (int i = 0; i < RANGES; i++) arrowio_buffer_release(buffers[i]);
  arrowio_file_release(file);
  arrowio_executor_stop(executor, -1, NULL);
  arrowio_executor_release(executor);
}

/* A listing that failed stays so; all else can be done again. */
static void use_filesystem(void) {
  static const char *const PAIRS[] = {"a.key", "a value", "another.key", "another value"};
  arrowio_filesystem_options options = {.struct_size = sizeof options, .pool = pool, .user = "somebody",
                                        .configuration = PAIRS, .configuration_count = 2};
  arrowio_output_options parents = {.struct_size = sizeof parents, .flags = ARROWIO_OUTPUT_PARENTS};
  static char uri[4200];
  arrowio_filesystem *filesystem = NULL;
  arrowio_file *file = NULL;
  arrowio_file_info *info = NULL;
  arrowio_listing *listing = NULL;
  int32_t there = 0;
  int count = 0;
  snprintf(uri, sizeof uri, "file://%s", here("tree/a%20b/file"));
  TRY(arrowio_filesystem_open("file:///", &options, &filesystem, &error));
  TRY_TWICE(arrowio_filesystem_make_directory(filesystem, here("tree/a b/c/d"), 1, &error));
  TRY_TWICE(arrowio_filesystem_open_output_stream(filesystem, uri, &parents, &file, &error));
  TRY_TWICE(arrowio_file_write(file, lines, TEXT_SIZE, &error));
  TRY(arrowio_file_close(file, &error));
  arrowio_file_release(file);
  file = NULL;
  TRY_TWICE(arrowio_filesystem_exists(filesystem, uri, &there, &error));
  TRY_TWICE(arrowio_filesystem_set_permissions(filesystem, uri, 0600, &error));
  TRY_TWICE(arrowio_filesystem_info(filesystem, uri, &info, &error));
  RIGHT(there && arrowio_file_info_size(info) == TEXT_SIZE && arrowio_file_info_permissions(info) == 0600);
  TRY(arrowio_filesystem_list(filesystem, here("tree"), 1, &listing, &error));
  do {
    arrowio_file_info_release(info);
    info = NULL;
    TRY(arrowio_listing_next(listing, &info, &error));
    count++;
  } while (info != NULL);
  RIGHT(count >= 5);
  TRY_TWICE(arrowio_filesystem_rename(filesystem, here("tree/a b/file"), here("tree/file"), 1, &error));
  TRY_TWICE(arrowio_filesystem_open_input_file(filesystem, here("tree/file"), &file, &error));
  read_at_offsets(file);
  if (status == ARROWIO_OK) TRY_TWICE(arrowio_filesystem_remove(filesystem, here("tree"), 1, &error));
done:
  arrowio_file_info_release(info);
  arrowio_listing_release(listing);
  arrowio_file_release(file);
  arrowio_filesystem_release(filesystem);
}

/* What stays of the runs that end before it removes what it made. */
static void remove_tree(void) { CHECK_INT(0, shell("rm -rf tree")); }

/* ---- Layers over a file ---- */

typedef arrowio_status (*lay_fn)(arrowio_file *raw, arrowio_file **out_file);

static void read_over(lay_fn lay) {
  arrowio_os_file_options options = {.struct_size = sizeof options, .pool = pool};
  arrowio_file *raw = NULL, *file = NULL;
  TRY(arrowio_os_file_open(here("text"), ARROWIO_MODE_READ, &options, &raw, &error));
  TRY(lay(raw, &file));
  if (arrowio_file_capabilities(file) & ARROWIO_CAPABILITY_READ_AT) read_at_offsets(file);
  if (status == ARROWIO_OK) read_lines(file);
  if (status == ARROWIO_OK) TRY(arrowio_file_close(file, &error));
done:
  arrowio_file_release(file);
  arrowio_file_release(raw);
}

static arrowio_status lay_segment(arrowio_file *raw, arrowio_file **file) {
  return arrowio_segment_new(raw, 0, TEXT_SIZE, file, &error);
}

static arrowio_status lay_transcoding(arrowio_file *raw, arrowio_file **file) {
  arrowio_transcoding_options options = {.struct_size = sizeof options, .pool = pool};
  return arrowio_transcoding_input_stream_new(raw, "latin-1", &options, file, &error);
}

static arrowio_status lay_checked_text(arrowio_file *raw, arrowio_file **file) {
  arrowio_transcoding_options options = {.struct_size = sizeof options, .pool = pool};
  return arrowio_transcoding_input_stream_new(raw, "utf-8-sig", &options, file, &error);
}

static arrowio_status lay_checksum(arrowio_file *raw, arrowio_file **file) {
  return arrowio_checksum_input_stream_new(raw, ARROWIO_CHECKSUM_XXH3_64, pool, file, &error);
}

static arrowio_status lay_slow(arrowio_file *raw, arrowio_file **file) {
  return arrowio_slow_input_new(raw, NULL, file, &error);
}

static arrowio_status same_chunk(void *user_data, arrowio_buffer *chunk, arrowio_buffer **out, arrowio_error **out_error) {
  (void)user_data, (void)out_error;
  *out = arrowio_buffer_retain(chunk);
  return ARROWIO_OK;
}

/* What is given for a file that was made is freed once, and else not at all. */
static arrowio_status lay_transform(arrowio_file *raw, arrowio_file **file) {
  frees = 0;
  return arrowio_transform_input_stream_new(raw, same_chunk, &frees, count_free, pool, file, &error);
}

static void read_segment(void) { read_over(lay_segment); }

static void read_transcoded(void) { read_over(lay_transcoding); }

static void read_checked_text(void) { read_over(lay_checked_text); }

static void read_with_checksum(void) { read_over(lay_checksum); }

static void read_slowly(void) { read_over(lay_slow); }

static void read_transformed(void) { read_over(lay_transform); }

static void read_buffered(void) {
  arrowio_buffered_stream_options options = {.struct_size = sizeof options, .pool = pool, .buffer_size = 1000};
  arrowio_file *raw = NULL, *file = NULL, *detached = NULL;
  arrowio_buffer *ahead = NULL;
  uint8_t bytes[100];
  int64_t got;
  TRY(arrowio_buffer_reader_new(text, &raw, &error));
  TRY(arrowio_buffered_input_stream_new(raw, &options, &file, &error));
  TRY_TWICE(arrowio_file_read(file, bytes, 100, &got, &error));
  RIGHT(got == 100 && same(bytes, lines, 100));
  TRY_TWICE(arrowio_buffered_stream_set_buffer_size(file, 5000, &error));
  TRY_TWICE(arrowio_buffered_stream_detach(file, &detached, &ahead, &error));
  RIGHT(arrowio_buffer_size(ahead) == 900 && same(arrowio_buffer_data(ahead), lines + 100, 900));
done:
  arrowio_buffer_release(ahead);
  arrowio_file_release(detached);
  arrowio_file_release(file);
  arrowio_file_release(raw);
}

static void write_over(lay_fn lay) {
  arrowio_file *raw = NULL, *file = NULL;
  arrowio_buffer *written = NULL;
  TRY(arrowio_buffer_output_stream_new(pool, 0, &raw, &error));
  TRY(lay(raw, &file));
  for (int i = 0; i < 30; i++) TRY_TWICE(arrowio_file_write(file, lines + i * 100, 100, &error));
  TRY_TWICE(arrowio_file_write(file, lines + 3000, TEXT_SIZE - 3000, &error));
  TRY(arrowio_file_close(file, &error));
  TRY(arrowio_buffer_output_stream_finish(raw, &written, &error));
  RIGHT(arrowio_buffer_size(written) == TEXT_SIZE && same(arrowio_buffer_data(written), lines, TEXT_SIZE));
done:
  arrowio_buffer_release(written);
  if (status != ARROWIO_OK) arrowio_file_abort(file, NULL);
  arrowio_file_release(file);
  arrowio_file_release(raw);
}

static arrowio_status lay_buffered_output(arrowio_file *raw, arrowio_file **file) {
  arrowio_buffered_stream_options options = {.struct_size = sizeof options, .pool = pool, .buffer_size = 1000};
  return arrowio_buffered_output_stream_new(raw, &options, file, &error);
}

static arrowio_status lay_checksum_output(arrowio_file *raw, arrowio_file **file) {
  return arrowio_checksum_output_stream_new(raw, ARROWIO_CHECKSUM_CRC32C, file, &error);
}

static void write_buffered(void) { write_over(lay_buffered_output); }

static void write_with_checksum(void) { write_over(lay_checksum_output); }

/* Where a write fails nothing is written after it. */
static void write_tee(void) {
  arrowio_file *first = NULL, *second = NULL, *file = NULL;
  TRY(arrowio_buffer_output_stream_new(pool, 0, &first, &error));
  TRY(arrowio_mock_output_stream_new(&second, &error));
  TRY(arrowio_tee_output_stream_new(first, second, &file, &error));
  for (int i = 0; i < 30; i++) TRY(arrowio_file_write(file, lines, 1000, &error));
  TRY(arrowio_file_close(file, &error));
done:
  if (status != ARROWIO_OK) arrowio_file_abort(file, NULL);
  arrowio_file_release(file);
  arrowio_file_release(first);
  arrowio_file_release(second);
}

/* ---- Files of functions ---- */

static int64_t host_position;

static arrowio_status host_read(void *user_data, void *dst, int64_t size, int64_t *out, arrowio_error **out_error) {
  (void)user_data, (void)out_error;
  *out = size < TEXT_SIZE - host_position ? size : TEXT_SIZE - host_position;
  memcpy(dst, lines + host_position, (size_t)*out);
  host_position += *out;
  return ARROWIO_OK;
}

static arrowio_status host_seek(void *user_data, int64_t offset, arrowio_whence whence, int64_t *out,
                                arrowio_error **out_error) {
  (void)user_data, (void)out_error;
  *out = host_position = whence == ARROWIO_SEEK_END ? TEXT_SIZE + offset : offset;
  return ARROWIO_OK;
}

static arrowio_status flush_fails(void *user_data, arrowio_error **out_error) {
  (void)user_data;
  return arrowio_error_new(ARROWIO_IO_ERROR, EIO, "will not", out_error);
}

static void use_callbacks(void) {
  arrowio_file_callbacks callbacks = {.struct_size = sizeof callbacks, .name = "lines", .read = host_read,
                                      .seek = host_seek, .flush = flush_fails, .free_fn = count_free};
  arrowio_file *file = NULL;
  int opened = 0;
  frees = 0;
  host_position = 0;
  TRY(arrowio_callback_file_new(&callbacks, &frees, &file, &error));
  opened = 1;
  read_at_offsets(file);
  if (status == ARROWIO_OK) read_lines(file);
  /* A failure of the host's keeps its status, also where there is no memory to tell of it. */
  if (status == ARROWIO_OK) EXPECT(ARROWIO_IO_ERROR, arrowio_file_flush(file, &error));
  TRY(arrowio_file_close(file, &error));
done:
  arrowio_file_release(file);
  if (frees != opened) wrong = 1;
}

/* What was begun is completed, whatever it lacks; what was not begun is the host's. */
static void read_asynchronously(void) {
  arrowio_file *file = NULL;
  arrowio_executor *executor = NULL;
  arrowio_operation *operation = NULL;
  arrowio_buffer *buffer = NULL;
  int started = 0, descriptor;
  frees = 0;
  arrowio_operation_options options = {sizeof options, NULL, &frees, count_free, 0};
  arrowio_os_file_options file_options = {.struct_size = sizeof file_options, .pool = pool};
  TRY(arrowio_executor_new(1, &executor, &error));
  TRY(arrowio_os_file_open(here("text"), ARROWIO_MODE_READ, &file_options, &file, &error));
  for (int i = 0; i < 3; i++) {
    TRY_TWICE(arrowio_file_read_at_async(file, executor, i * 1000, 90 * KIB, &options, &operation, &error));
    started++;
    TRY(arrowio_operation_descriptor(operation, &descriptor, &error));
    TRY(arrowio_operation_wait(operation, -1, &error));
    TRY(arrowio_operation_take_buffers(operation, &buffer, 1, &error));
    RIGHT(same(arrowio_buffer_data(buffer), lines + i * 1000, 90 * KIB));
    arrowio_buffer_release(buffer);
    arrowio_operation_release(operation);
    buffer = NULL;
    operation = NULL;
  }
done:
  arrowio_buffer_release(buffer);
  arrowio_operation_release(operation);
  arrowio_executor_stop(executor, -1, NULL);
  arrowio_executor_release(executor);
  arrowio_file_release(file);
  if (frees != started) wrong = 1;
}

static void cache_ranges(void) {
  arrowio_file *raw = NULL, *file = NULL;
  arrowio_executor *executor = NULL;
  uint8_t bytes[200];
  int64_t got;
  const arrowio_range ranges[] = {{0, 200}, {50000, 200}, {100000, 200}};
  TRY(arrowio_executor_new(1, &executor, &error));
  for (int turn = 0; turn < 3; turn++) {
    arrowio_range_cache_options options = {.struct_size = sizeof options, .pool = pool};
    options.executor = turn == 1 ? executor : NULL;
    options.lazy = turn == 2;
    TRY(arrowio_os_file_open(here("text"), ARROWIO_MODE_READ, NULL, &raw, &error));
    TRY(arrowio_range_cache_new(raw, &options, &file, &error));
    TRY_TWICE(arrowio_file_will_need(file, ranges, 3, &error));
    /* For these there is memory, or none is needed. */
    for (int i = 0; i < 3; i++) {
      TRY(arrowio_file_read_at(file, ranges[i].offset, bytes, 200, &got, &error));
      RIGHT(got == 200 && same(bytes, lines + ranges[i].offset, 200));
    }
    TRY(arrowio_file_close(file, &error));
    arrowio_file_release(file);
    arrowio_file_release(raw);
    raw = file = NULL;
  }
done:
  arrowio_file_release(file);
  arrowio_file_release(raw);
  arrowio_executor_stop(executor, -1, NULL);
  arrowio_executor_release(executor);
}

/* A read that fails for lack of memory loses nothing. */
static void read_ahead(void) {
  arrowio_file *raw = NULL, *file = NULL;
  arrowio_executor *executor = NULL;
  static uint8_t bytes[TEXT_SIZE];
  int64_t got;
  arrowio_read_ahead_options options = {sizeof options, pool, 10000, 2};
  TRY(arrowio_executor_new(1, &executor, &error));
  TRY(arrowio_os_file_open(here("text"), ARROWIO_MODE_READ, NULL, &raw, &error));
  TRY(arrowio_read_ahead_input_stream_new(raw, executor, &options, &file, &error));
  TRY_TWICE(arrowio_file_read(file, bytes, TEXT_SIZE, &got, &error));
  RIGHT(got == TEXT_SIZE && same(bytes, lines, TEXT_SIZE));
  TRY(arrowio_file_close(file, &error));
done:
  arrowio_file_release(file);
  arrowio_file_release(raw);
  arrowio_executor_stop(executor, -1, NULL);
  arrowio_executor_release(executor);
}

/* ---- The runs ---- */

static const struct scenario {
  const char *name;
  void (*run)(void);
  /* Looks at what a run without a failure has made, or cleans up behind any run. */
  void (*check)(void);
  /* A part of what it makes stays until the process ends. */
  int keeps;
  /* It is run with each codec. */
  int has_codec;
} SCENARIOS[] = {
    {"buffers", use_buffers, NULL, 0, 0},
    {"resizing", resize_buffers, NULL, 0, 0},
    {"wrapping", wrap_memory, NULL, 0, 0},
    {"blocks", use_blocks, NULL, 0, 0},
    {"pools", wrap_pools, NULL, 0, 0},
    {"default pool", change_default, NULL, 1, 0},
    {"buffer reader", read_buffer, NULL, 0, 0},
    {"buffer output stream", write_buffer, NULL, 0, 0},
    {"fixed size buffer writer", write_fixed_size, NULL, 0, 0},
    {"reading a file", read_os_file, NULL, 0, 0},
    {"writing a file", write_os_file, NULL, 0, 0},
    {"descriptor", use_descriptor, NULL, 0, 0},
    {"reading a map", read_map, NULL, 0, 0},
    {"writing a map", write_map, NULL, 0, 0},
    {"plain input stream", read_plain_stream, NULL, 0, 0},
    {"compressed input stream", read_packed_stream, NULL, 0, 1},
    {"plain output stream", write_plain_stream, check_plain, 0, 0},
    {"compressed output stream", write_packed_stream, check_packed, 0, 1},
    {"compressed in memory", compress_in_memory, NULL, 0, 1},
    {"errors", make_errors, NULL, 0, 0},
    {"segment", read_segment, NULL, 0, 0},
    {"transcoding", read_transcoded, NULL, 0, 0},
    {"transcoding by a decoder", read_checked_text, NULL, 0, 0},
    {"transform", read_transformed, NULL, 0, 0},
    {"slow input", read_slowly, NULL, 0, 0},
    {"checksum of what is read", read_with_checksum, NULL, 0, 0},
    {"checksum of what is written", write_with_checksum, NULL, 0, 0},
    /* libc keeps what it has looked for names of users in. */
    {"file system", use_filesystem, remove_tree, 1, 0},
    {"buffered input", read_buffered, NULL, 0, 0},
    {"buffered output", write_buffered, NULL, 0, 0},
    {"tee", write_tee, NULL, 0, 0},
    {"callbacks", use_callbacks, NULL, 0, 0},
    {"cancellation", cancel, NULL, 0, 0},
    {"many ranges", read_many, NULL, 0, 0},
    {"operations", read_asynchronously, NULL, 0, 0},
    {"range cache", cache_ranges, NULL, 0, 0},
    {"read-ahead", read_ahead, NULL, 0, 0},
    {"warning handler", change_warning_handler, restore_warning_handler, 0, 0},
    {"warning", warn, NULL, 0, 0},
};
static const struct scenario *scenario;

/* Which memory runs out. */
static enum { BY_MALLOC, BY_POOL } source;
static const char *pool_name;
static long long fail_at;
static int fail_on;
/* The first run of a scenario: the buffers that it uses may keep memory for the next. */
static int is_first;

static void say_where(void) {
  fprintf(stderr, "  in \"%s\"%s%s with the %s pool, allocation %lld of %s%s\n", scenario->name,
          scenario->has_codec ? " by " : "", scenario->has_codec ? its_codec->name : "", pool_name, fail_at,
          source == BY_MALLOC ? "malloc and mmap" : "the pool", fail_on ? " and all behind it" : "");
}

static void die(int signal) {
  memory.armed = 0;
  fprintf(stderr, "died of signal %d\n", signal);
  say_where();
  _exit(1);
}

#define REQUIRE(condition)                                                         \
  do {                                                                             \
    if (!(condition)) {                                                            \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);      \
      say_where();                                                                 \
      longjmp(case_end, 1);                                                        \
    }                                                                              \
  } while (0)

/* Runs a scenario once and gives how many allocations have failed. */
static long long run_once(void) {
  arrowio_pool_release_unused(pool);
  int64_t in_use = arrowio_pool_bytes_allocated(pool);
  int descriptors = open_descriptors();
  long long live = memory.live;
  wrong = 0;
  memory.attempts = memory.failures = 0;
  host.attempts = 0;
  memory.fail_at = host.fail_at = fail_at;
  memory.fail_on = host.fail_on = fail_on;
  if (source == BY_POOL) memory.fail_at = memory.fail_on = 0; else host.fail_at = host.fail_on = 0;
  memory.armed = 1;
  scenario->run();
  memory.armed = 0;
  host.fail_at = host.fail_on = 0;
  long long failures = source == BY_MALLOC ? memory.failures : fail_at == 0 ? 0 : host.attempts >= fail_at;
  if (scenario->check != NULL && (failures == 0 || scenario->run == change_warning_handler)) scenario->check();
  REQUIRE(!wrong);
  REQUIRE(failures > 0 || status == ARROWIO_OK || scenario->run == make_errors);
  REQUIRE(in_use == arrowio_pool_bytes_allocated(pool));
  REQUIRE(descriptors == open_descriptors());
  REQUIRE(scenario->keeps || is_first || live == memory.live);
  return failures;
}

static int uses_snap(void) {
  return scenario->has_codec &&
         (its_codec->id == ARROWIO_CODEC_SNAPPY_FRAMED || its_codec->id == ARROWIO_CODEC_SNAPPY_HADOOP);
}

static void run_out(void) {
  signal(SIGABRT, die);
  signal(SIGSEGV, die);
  fail_at = fail_on = 0;
  is_first = 1;
  run_once();
  is_first = 0;
  run_once();
  /* A limit that README names: the crate of Snappy ends the process where malloc has nothing for its table. */
  int variants = source == BY_MALLOC && uses_snap() ? 0 : 2;
  for (fail_on = 0; fail_on < variants; fail_on++) {
    for (fail_at = 1; run_once() > 0; fail_at++) continue;
  }
}

/* In a process of its own, so that a scenario that dies does not take the others along. */
TEST(survives) { in_child(run_out); }

static void run_scenarios(void) {
  for (scenario = SCENARIOS; scenario < SCENARIOS + COUNT(SCENARIOS); scenario++) {
    for (its_codec = codecs; its_codec < codecs + (scenario->has_codec ? CODECS : 1); its_codec++) RUN(survives);
  }
  arrowio_pool_release(pool);
}

int main(int argc, char **argv) {
  start(argc, argv);
  prepare();
  source = BY_POOL;
  pool_name = "callbacks";
  pool = host_pool(&host);
  run_scenarios();
  if (is_slow()) {
    printf("valgrind and sanitizers have a malloc of their own: it does not run out here\n");
  } else {
    const char *names[] = {"mimalloc", "system"};
    source = BY_MALLOC;
    for (int i = 0; i < 2; i++) {
      pool_name = names[i];
      pool = opened(pool_name);
      run_scenarios();
    }
  }
  clean_up();
  return finish_files();
}

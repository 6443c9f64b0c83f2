/* What the system knows of a file: its path, its descriptor, whether it is a terminal, its metadata. */
#include "files.h"
#include <stddef.h>
#include <sys/socket.h>

static arrowio_metadata metadata_of(arrowio_file *file) {
  arrowio_metadata metadata = {.struct_size = sizeof metadata};
  OK(arrowio_file_metadata(file, &metadata, &error));
  CHECK_INT(sizeof metadata, metadata.struct_size);
  return metadata;
}

static int descriptor_of(arrowio_file *file) {
  int fd = -1;
  OK(arrowio_file_descriptor(file, &fd, &error));
  return fd;
}

/* ---- Files and layers over them ---- */

enum how {
  BY_PATH, WRITTEN, INPUT, INPUT_UNBUFFERED, INPUT_GZIP, OUTPUT, OUTPUT_UNBUFFERED, OUTPUT_ZSTD, BY_HAND, TWICE, BUFFERED,
  MAP_READ, MAP_WRITTEN, MAP_OF_ONES_OWN, ATOMIC, WAYS
};

static arrowio_file *over(arrowio_file *raw, arrowio_codec codec) {
  arrowio_file *file = NULL;
  OK(arrowio_compressed_output_stream_new(raw, codec, NULL, &file, &error));
  arrowio_file_release(raw);
  return file;
}

static arrowio_file *open_way(enum how way, const char *path) {
  arrowio_os_file_options atomic = {.struct_size = sizeof atomic, .flags = ARROWIO_OPEN_ATOMIC};
  arrowio_stream_options stream = {.struct_size = sizeof stream, .codec = ARROWIO_CODEC_NONE};
  arrowio_file *file = NULL, *raw = NULL;
  switch (way) {
    case BY_PATH: OK(arrowio_os_file_open(path, ARROWIO_MODE_READ, NULL, &file, &error)); break;
    case WRITTEN: OK(arrowio_os_file_open(path, ARROWIO_MODE_WRITE, NULL, &file, &error)); break;
    case ATOMIC: OK(arrowio_os_file_open(path, ARROWIO_MODE_WRITE, &atomic, &file, &error)); break;
    case MAP_READ: OK(arrowio_memory_map_open(path, ARROWIO_MODE_READ, 0, -1, &file, &error)); break;
    case MAP_WRITTEN: OK(arrowio_memory_map_open(path, ARROWIO_MODE_READ_WRITE, 0, -1, &file, &error)); break;
    case MAP_OF_ONES_OWN: OK(arrowio_memory_map_open(path, ARROWIO_MODE_PRIVATE, 0, -1, &file, &error)); break;
    case INPUT: case INPUT_UNBUFFERED: case INPUT_GZIP:
      stream.buffer_size = way == INPUT_UNBUFFERED ? -1 : 0;
      if (way == INPUT_GZIP) stream.codec = ARROWIO_CODEC_GZIP;
      OK(arrowio_input_stream_open(path, &stream, &file, &error));
      break;
    case OUTPUT: case OUTPUT_UNBUFFERED: case OUTPUT_ZSTD: case BUFFERED:
      stream.buffer_size = way == OUTPUT_UNBUFFERED ? -1 : 0;
      if (way == OUTPUT_ZSTD) stream.codec = ARROWIO_CODEC_ZSTD;
      OK(arrowio_output_stream_open(path, &stream, &file, &error));
      break;
    default:
      OK(arrowio_os_file_open(path, ARROWIO_MODE_WRITE, NULL, &raw, &error));
      file = over(raw, ARROWIO_CODEC_GZIP);
      if (way == TWICE) file = over(file, ARROWIO_CODEC_ZSTD);
  }
  return file;
}

static void check_closed(arrowio_file *file, const char *path) {
  arrowio_metadata metadata = {.struct_size = sizeof metadata};
  int fd = -7;
  SAYS(ARROWIO_CLOSED, path, arrowio_file_descriptor(file, &fd, &error));
  SAYS(ARROWIO_CLOSED, path, arrowio_file_metadata(file, &metadata, &error));
  CHECK_INT(0, arrowio_file_is_terminal(file));
  CHECK_INT(-7, fd);
  CHECK_INT(0, metadata.kind);
}

TEST(files_and_layers) {
  const char *path = here("some\nfile");
  for (enum how way = 0; way < WAYS; way++) {
    struct stat facts;
    int before = open_descriptors();
    save(path, "0123456789", 10);
    arrowio_file *file = open_way(way, path);
    CHECK(arrowio_file_path(file) != path && strcmp(arrowio_file_path(file), path) == 0);
    CHECK_INT(0, arrowio_file_is_terminal(file));
    int fd = descriptor_of(file);
    CHECK_INT(fd, descriptor_of(file));
    CHECK_INT(0, fstat(fd, &facts));
    arrowio_metadata metadata = metadata_of(file);
    CHECK_INT(facts.st_ino, metadata.inode);
    if (way != ATOMIC) {
      CHECK_INT(0, stat(path, &facts));
      CHECK_INT(facts.st_ino, metadata.inode);
    }
    CHECK_INT(ARROWIO_KIND_REGULAR, metadata.kind);
    OK(arrowio_file_close(file, &error));
    CHECK(strcmp(arrowio_file_path(file), path) == 0);
    check_closed(file, "some\\nfile");
    arrowio_file_release(file);
    CHECK_INT(before, open_descriptors());
  }
}

/* As it was given, be it relative to something. */
TEST(paths) {
  arrowio_os_file_options options = {.struct_size = sizeof options, .flags = ARROWIO_OPEN_AT};
  arrowio_file *file = NULL;
  save(here("named"), "", 0);
  options.directory_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  OK(arrowio_os_file_open("./named", ARROWIO_MODE_READ, &options, &file, &error));
  CHECK(strcmp(arrowio_file_path(file), "./named") == 0);
  close_file(file);
  close(options.directory_fd);
}

/* ---- Metadata ---- */

static void check_facts(arrowio_file *file, const struct stat *facts) {
  arrowio_metadata metadata = metadata_of(file);
  CHECK_INT(facts->st_size, metadata.size);
  CHECK_INT(facts->st_mode & 07777, metadata.permissions);
  CHECK_INT(facts->st_uid, metadata.uid);
  CHECK_INT(facts->st_gid, metadata.gid);
  CHECK_INT(facts->st_nlink, metadata.links);
  CHECK_INT(facts->st_ino, metadata.inode);
  CHECK_INT(facts->st_dev, metadata.device);
  CHECK_INT(facts->st_atim.tv_sec * 1000000000LL + facts->st_atim.tv_nsec, metadata.accessed_ns);
  CHECK_INT(facts->st_mtim.tv_sec * 1000000000LL + facts->st_mtim.tv_nsec, metadata.modified_ns);
  CHECK_INT(facts->st_ctim.tv_sec * 1000000000LL + facts->st_ctim.tv_nsec, metadata.changed_ns);
}

TEST(metadata) {
  const struct timespec times[][2] = {{{1234567890, 987654321}, {1, 1}}, {{-5, 250000000}, {-1000000000, 0}}};
  struct stat facts;
  unlink(here("facts")), unlink(here("facts-too"));
  save(here("facts"), "0123456789", 10);
  CHECK_INT(0, chmod(here("facts"), 0640));
  CHECK_INT(0, link(here("facts"), here("facts-too")));
  arrowio_file *file = open_way(BY_PATH, here("facts"));
  for (int i = 0; i < 2; i++) {
    CHECK_INT(0, utimensat(AT_FDCWD, here("facts"), times[i], 0));
    CHECK_INT(0, stat(here("facts"), &facts));
    check_facts(file, &facts);
  }
  CHECK_INT(2, metadata_of(file).links);
  /* As it is now. */
  CHECK_INT(0, truncate(here("facts"), 5));
  CHECK_INT(0, unlink(here("facts")));
  CHECK_INT(5, metadata_of(file).size);
  CHECK_INT(1, metadata_of(file).links);
  CHECK_INT(0, unlink(here("facts-too")));
  CHECK_INT(0, metadata_of(file).links);
  close_file(file);
}

/* A caller who knows less gets less, one who knows more gets zeros. */
TEST(sizes_of_the_struct) {
  struct { arrowio_metadata metadata; uint64_t more[4]; } large;
  arrowio_file *file = open_way(BY_PATH, "/proc/self/status");
  memset(&large, 0xee, sizeof large);
  large.metadata.struct_size = sizeof large;
  OK(arrowio_file_metadata(file, &large.metadata, &error));
  CHECK_INT(sizeof large, large.metadata.struct_size);
  for (int i = 0; i < 4; i++) CHECK_INT(0, large.more[i]);

  memset(&large, 0xee, sizeof large);
  large.metadata.struct_size = offsetof(arrowio_metadata, permissions);
  OK(arrowio_file_metadata(file, &large.metadata, &error));
  CHECK_INT(ARROWIO_KIND_REGULAR, large.metadata.kind);
  CHECK_INT(0xeeeeeeee, large.metadata.permissions);

  large.metadata.struct_size = 0;
  FAILS(ARROWIO_INVALID, arrowio_file_metadata(file, &large.metadata, &error));
  close_file(file);
}

/* ---- Kinds ---- */

static arrowio_file *open_fd(int fd, arrowio_mode mode) {
  arrowio_file *file = NULL;
  CHECK(fd >= 0);
  OK(arrowio_os_file_open_fd(fd, mode, NULL, &file, &error));
  CHECK_INT(fd, descriptor_of(file));
  CHECK(arrowio_file_path(file) == NULL);
  return file;
}

TEST(kinds) {
  int ends[2], sockets[2];
  CHECK_INT(0, pipe2(ends, O_CLOEXEC));
  CHECK_INT(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets));
  const struct { int fd; uint32_t kind; } rows[] = {
      {ends[0], ARROWIO_KIND_PIPE},
      {sockets[0], ARROWIO_KIND_SOCKET},
      {open("/dev/null", O_RDONLY | O_CLOEXEC), ARROWIO_KIND_CHARACTER_DEVICE},
      {open("/proc/self/maps", O_RDONLY | O_CLOEXEC), ARROWIO_KIND_REGULAR},
      {memfd_create("memory", MFD_CLOEXEC), ARROWIO_KIND_REGULAR},
  };
  for (int i = 0; i < 5; i++) {
    arrowio_file *file = open_fd(rows[i].fd, ARROWIO_MODE_READ);
    CHECK_INT(rows[i].kind, metadata_of(file).kind);
    CHECK_INT(0, arrowio_file_is_terminal(file));
    close_file(file);
  }
  close(ends[1]);
  close(sockets[1]);
}

TEST(terminals) {
  int controller = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (controller < 0 || grantpt(controller) != 0 || unlockpt(controller) != 0) {
    skip("terminals need /dev/ptmx");
    return;
  }
  arrowio_file *file = open_fd(open(ptsname(controller), O_RDWR | O_NOCTTY | O_CLOEXEC), ARROWIO_MODE_WRITE);
  CHECK_INT(1, arrowio_file_is_terminal(file));
  CHECK_INT(ARROWIO_KIND_CHARACTER_DEVICE, metadata_of(file).kind);
  file = over(file, ARROWIO_CODEC_GZIP);
  CHECK_INT(1, arrowio_file_is_terminal(file));
  OK(arrowio_file_abort(file, &error));
  CHECK_INT(0, arrowio_file_is_terminal(file));
  arrowio_file_release(file);
  close(controller);
}

/* ---- What is no file of the system ---- */

static void check_no_file(arrowio_file *file) {
  arrowio_metadata metadata = {.struct_size = sizeof metadata};
  int fd = -7;
  CHECK(arrowio_file_path(file) == NULL);
  CHECK_INT(0, arrowio_file_is_terminal(file));
  SAYS(ARROWIO_INVALID, "buffer", arrowio_file_descriptor(file, &fd, &error));
  SAYS(ARROWIO_INVALID, "buffer", arrowio_file_metadata(file, &metadata, &error));
  CHECK_INT(-7, fd);
  OK(arrowio_file_close(file, &error));
  FAILS(ARROWIO_CLOSED, arrowio_file_descriptor(file, &fd, &error));
  arrowio_file_release(file);
}

TEST(memory) {
  arrowio_buffer *buffer = buffer_of("abc", 3);
  arrowio_file *file = NULL;
  OK(arrowio_buffer_reader_new(buffer, &file, &error));
  check_no_file(file);
  OK(arrowio_fixed_size_buffer_writer_new(buffer, &file, &error));
  check_no_file(file);
  OK(arrowio_buffer_output_stream_new(NULL, 0, &file, &error));
  check_no_file(file);
  OK(arrowio_buffer_output_stream_new(NULL, 0, &file, &error));
  check_no_file(over(file, ARROWIO_CODEC_ZSTD));
  arrowio_buffer_release(buffer);
}

int main(int argc, char **argv) {
  start(argc, argv);
  RUN(files_and_layers);
  RUN(paths);
  RUN(metadata);
  RUN(sizes_of_the_struct);
  RUN(kinds);
  RUN(terminals);
  RUN(memory);
  return finish_files();
}

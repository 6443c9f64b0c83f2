/* File systems, by that of this machine; and what is said of URIs that lead to none. What clusters do is in hdfs/. */
#include "codecs.h"
#include "pools.h"
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/wait.h>

static arrowio_filesystem *filesystem;

/* The URI of a name in the folder, good until the eighth next call. */
static const char *uri_of(const char *name) {
  static char uris[8][4200];
  static int next;
  char *uri = uris[next++ % 8];
  snprintf(uri, sizeof uris[0], "file://%s", here(name));
  return uri;
}

static void clean(const char *name) {
  char line[300];
  snprintf(line, sizeof line, "rm -rf '%s'", name);
  CHECK_INT(0, shell(line));
}

static void make(const char *name) {
  clean(name);
  CHECK_INT(0, mkdir(here(name), 0777));
}

static void write_file(const char *path, const arrowio_output_options *options, const char *text) {
  arrowio_file *file = NULL;
  OK(arrowio_filesystem_open_output_stream(filesystem, path, options, &file, &error));
  OK(arrowio_file_write(file, text, (int64_t)strlen(text), &error));
  close_file(file);
}

static struct bytes read_file(const char *path) {
  arrowio_file *file = NULL;
  arrowio_buffer *buffer = NULL;
  OK(arrowio_filesystem_open_input_file(filesystem, path, &file, &error));
  OK(arrowio_file_read_all(file, &buffer, &error));
  close_file(file);
  return take_buffer(buffer);
}

static int exists(const char *path) {
  int32_t there = -1;
  OK(arrowio_filesystem_exists(filesystem, path, &there, &error));
  return there;
}

static arrowio_file_info *info_of(const char *path) {
  arrowio_file_info *info = NULL;
  OK(arrowio_filesystem_info(filesystem, path, &info, &error));
  return info;
}

/* The failure has this errno and names the path. */
#define FAILS_AT(os_error, path, call)                                           \
  do {                                                                           \
    FAILS_WITH(os_error, call);                                                  \
    CHECK(strstr(arrowio_error_message(failure), (path)) != NULL);               \
    CHECK(strstr(arrowio_error_message(failure), strerror(os_error)) != NULL);   \
  } while (0)

/* ---- The handle ---- */

TEST(opens_by_any_uri_of_this_machine) {
  static const char *const URIS[] = {"file:///", "file://", "file:/", "FILE:///no/such/path", "file://localhost/a",
                                     "file://LOCALHOST"};
  for (int i = 0; i < COUNT(URIS); i++) {
    arrowio_filesystem *opened = NULL;
    OK(arrowio_filesystem_open(URIS[i], NULL, &opened, &error));
    CHECK(arrowio_filesystem_retain(opened) == opened);
    arrowio_filesystem_release(opened);
    arrowio_file_info *info = NULL;
    OK(arrowio_filesystem_info(opened, folder, &info, &error));
    arrowio_file_info_release(info);
    arrowio_filesystem_release(opened);
  }
}

static void does_not_open(arrowio_status status, const char *uri, const arrowio_filesystem_options *options,
                          const char *says) {
  arrowio_filesystem *opened = filesystem;
  SAYS(status, says, arrowio_filesystem_open(uri, options, &opened, &error));
  CHECK(opened == NULL);
  CHECK(strstr(arrowio_error_message(failure), uri) != NULL || options != NULL);
}

TEST(wrong_uris_open_nothing) {
  does_not_open(ARROWIO_INVALID, "", NULL, "no URI of a file system");
  does_not_open(ARROWIO_INVALID, "/tmp", NULL, "no URI of a file system");
  does_not_open(ARROWIO_INVALID, "file", NULL, "no URI of a file system");
  does_not_open(ARROWIO_INVALID, "file:relative", NULL, "no URI of a file system");
  does_not_open(ARROWIO_INVALID, "s3://bucket/key", NULL, "no kind of file system");
  does_not_open(ARROWIO_INVALID, "hdfs:a", NULL, "no URI of a file system");
  does_not_open(ARROWIO_INVALID, "hdfs://me@host:8020/a", NULL, "names a user");
  does_not_open(ARROWIO_INVALID, "file://elsewhere/a", NULL, "on another machine, elsewhere");
  does_not_open(ARROWIO_INVALID, "file:///a%00b", NULL, "has a NUL in it");
}

#define REFUSES(field, value, says)                                                                 \
  do {                                                                                              \
    arrowio_filesystem_options wrong = {.struct_size = sizeof wrong};                               \
    wrong.field = value;                                                                            \
    does_not_open(ARROWIO_INVALID, "file:///", &wrong, says);                                       \
  } while (0)

TEST(wrong_options_open_nothing) {
  static const char *const PAIRS[] = {"a.key", "a value", "another", NULL};
  REFUSES(struct_size, 0, "struct_size");
  REFUSES(struct_size, sizeof(size_t) - 1, "struct_size");
  REFUSES(struct_size, offsetof(arrowio_filesystem_options, user) + 4, "struct_size is 20");
  REFUSES(timeout_ns, -2, "timeout_ns is -2");
  REFUSES(buffer_size, -2, "buffer_size is -2");
  REFUSES(buffer_size, GIB + 1, "buffer_size is 1073741825");
  REFUSES(block_size, -1, "block_size is -1");
  REFUSES(replication, -1, "replication is -1");
  REFUSES(replication, 32768, "replication is 32768, it must be at most 32767");
  REFUSES(threads, -1, "threads is -1");
  REFUSES(threads, 257, "threads is 257");
  REFUSES(configuration_count, -1, "configuration_count is -1");
  REFUSES(configuration_count, 1, "configuration is NULL");
  REFUSES(user, "\xff", "user is not UTF-8");
  arrowio_filesystem_options options = {.struct_size = sizeof options, .configuration = PAIRS, .configuration_count = 2};
  does_not_open(ARROWIO_INVALID, "file:///", &options, "a string of configuration is NULL");
  options.configuration_count = INT64_MAX;
  options.configuration = NULL;
  does_not_open(ARROWIO_INVALID, "file:///", &options, "configuration is NULL");

  struct {
    arrowio_filesystem_options known;
    uint8_t unknown[16];
  } longer = {.known = {.struct_size = sizeof longer}};
  arrowio_filesystem *opened = NULL;
  OK(arrowio_filesystem_open("file:///", &longer.known, &opened, &error));
  arrowio_filesystem_release(opened);
  longer.unknown[15] = 1;
  does_not_open(ARROWIO_INVALID, "file:///", &longer.known, "does not know");
}

/* What only a cluster needs means nothing here. */
TEST(options_of_clusters_are_allowed) {
  static const char *const PAIRS[] = {"a.key", "a value"};
  arrowio_filesystem_options options = {
      .struct_size = sizeof options, .pool = arrowio_pool_default(), .user = "somebody",
      .configuration_directory = "/no/such/folder", .configuration = PAIRS, .configuration_count = 1,
      .kerberos_principal = "me@EXAMPLE.ORG", .keytab = "/no/keytab", .ticket_cache = "/no/cache", .timeout_ns = -1,
      .buffer_size = -1, .block_size = MIB, .replication = 3, .threads = 256};
  arrowio_filesystem *opened = NULL;
  OK(arrowio_filesystem_open("file:///", &options, &opened, &error));
  arrowio_file *file = NULL;
  save(here("plain"), "0123456789", 10);
  OK(arrowio_filesystem_open_input_file(opened, here("plain"), &file, &error));
  arrowio_filesystem_release(opened);
  uint8_t bytes[10];
  int64_t got;
  OK(arrowio_file_read(file, bytes, 10, &got, &error));
  CHECK(got == 10 && same(bytes, "0123456789", 10));
  close_file(file);
}

TEST(files_and_listings_keep_it) {
  make("kept");
  save(here("kept/a"), "abc", 3);
  arrowio_filesystem *opened = NULL;
  arrowio_file *file = NULL;
  arrowio_listing *listing = NULL;
  arrowio_file_info *info = NULL, *end = NULL;
  OK(arrowio_filesystem_open("file:///", NULL, &opened, &error));
  OK(arrowio_filesystem_open_input_file(opened, here("kept/a"), &file, &error));
  OK(arrowio_filesystem_list(opened, here("kept"), 0, &listing, &error));
  arrowio_filesystem_release(opened);
  CHECK(arrowio_listing_retain(listing) == listing);
  arrowio_listing_release(listing);
  OK(arrowio_listing_next(listing, &info, &error));
  OK(arrowio_listing_next(listing, &end, &error));
  CHECK(end == NULL);
  OK(arrowio_listing_next(listing, &end, &error));
  CHECK(end == NULL);
  arrowio_listing_release(listing);
  CHECK(arrowio_file_info_retain(info) == info);
  arrowio_file_info_release(info);
  CHECK(strcmp(here("kept/a"), arrowio_file_info_path(info)) == 0);
  arrowio_file_info_release(info);
  close_file(file);
}

TEST(null_is_nothing) {
  CHECK(arrowio_filesystem_retain(NULL) == NULL && arrowio_listing_retain(NULL) == NULL);
  CHECK(arrowio_file_info_retain(NULL) == NULL && arrowio_file_info_path(NULL) == NULL);
  arrowio_filesystem_release(NULL);
  arrowio_listing_release(NULL);
  arrowio_file_info_release(NULL);
  arrowio_file *file = NULL;
  SAYS(ARROWIO_INVALID, "path is NULL", arrowio_filesystem_open_input_file(filesystem, NULL, &file, &error));
  SAYS(ARROWIO_INVALID, "path is NULL", arrowio_filesystem_open_output_stream(filesystem, NULL, NULL, &file, &error));
  SAYS(ARROWIO_INVALID, "out_file is NULL", arrowio_filesystem_open_input_file(filesystem, "/", NULL, &error));
  SAYS(ARROWIO_INVALID, "path is NULL", arrowio_filesystem_remove(filesystem, NULL, 0, &error));
  SAYS(ARROWIO_INVALID, "to is NULL", arrowio_filesystem_rename(filesystem, "/a", NULL, 0, &error));
  SAYS(ARROWIO_INVALID, "filesystem is NULL", arrowio_filesystem_make_directory(NULL, here("no"), 1, &error));
  CHECK(!exists(here("no")));
  CHECK_INT(ARROWIO_INVALID, arrowio_filesystem_info(filesystem, NULL, NULL, NULL));
}

/* ---- Paths ---- */

TEST(paths_and_uris_name_the_same) {
  save(here("a b%c"), "abc", 3);
  static const char *const ENCODED[] = {"a b%c", "a%20b%25c", "%61%20b%25%63", "a b%25c"};
  for (int i = 0; i < COUNT(ENCODED); i++) {
    struct bytes content = read_file(uri_of(ENCODED[i]));
    CHECK(content.size == 3 && same(content.data, "abc", 3));
    drop(&content);
  }
  /* In a path a percent sign stands for itself. */
  FAILS_AT(ENOENT, "a%20b", arrowio_filesystem_open_input_file(filesystem, here("a%20b%25c"), &(arrowio_file *){NULL}, &error));
  arrowio_file_info *info = info_of(uri_of("a%20b%25c"));
  CHECK(strcmp(here("a b%c"), arrowio_file_info_path(info)) == 0);
  arrowio_file_info_release(info);
}

TEST(paths_elsewhere_are_refused) {
  arrowio_file_info *info = NULL;
  SAYS(ARROWIO_INVALID, "'hdfs://nn/a' is not on file system 'file://'",
       arrowio_filesystem_info(filesystem, "hdfs://nn/a", &info, &error));
  SAYS(ARROWIO_INVALID, "on another machine, elsewhere", arrowio_filesystem_info(filesystem, "file://elsewhere/a", &info, &error));
  SAYS(ARROWIO_INVALID, "viewfs://t/b", arrowio_filesystem_rename(filesystem, here("a"), "viewfs://t/b", 0, &error));
  SAYS(ARROWIO_INVALID, "the path is empty", arrowio_filesystem_info(filesystem, "", &info, &error));
  /* A scheme that is not known is no path; a name that looks so is one. */
  SAYS(ARROWIO_INVALID, "no kind of file system", arrowio_filesystem_info(filesystem, "s3://a/b", &info, &error));
  FAILS_AT(ENOENT, "./s3://a/b", arrowio_filesystem_info(filesystem, "./s3://a/b", &info, &error));
}

static void use_relative_paths(void) {
  CHECK_INT(0, chdir(folder));
  make("relative");
  write_file("relative/a", NULL, "abc");
  CHECK(exists("relative/a") && file_holds(here("relative/a"), "abc", 3));
  OK(arrowio_filesystem_make_directory(filesystem, "relative/x/y", 1, &error));
  OK(arrowio_filesystem_rename(filesystem, "relative", "renamed", 0, &error));
  OK(arrowio_filesystem_remove(filesystem, "renamed", 1, &error));
  CHECK(!exists("renamed"));
}

TEST(relative_paths) { in_child(use_relative_paths); }

/* ---- Reading and writing ---- */

TEST(reads_at_any_place) {
  save(here("digits"), "0123456789", 10);
  arrowio_file *file = NULL;
  uint8_t bytes[20];
  int64_t got;
  OK(arrowio_filesystem_open_input_file(filesystem, here("digits"), &file, &error));
  uint32_t needed = ARROWIO_CAPABILITY_READ | ARROWIO_CAPABILITY_SEEK | ARROWIO_CAPABILITY_READ_AT;
  CHECK_INT(needed, arrowio_file_capabilities(file) & needed);
  OK(arrowio_file_read_at(file, 7, bytes, 20, &got, &error));
  CHECK(got == 3 && same(bytes, "789", 3));
  OK(arrowio_file_read_at(file, 11, bytes, 20, &got, &error));
  CHECK_INT(0, got);
  close_file(file);
}

TEST(writing_replaces) {
  save(here("out"), "what was there", 14);
  write_file(here("out"), NULL, "new");
  CHECK(file_holds(here("out"), "new", 3));
  arrowio_output_options none = {.struct_size = sizeof none};
  write_file(uri_of("out"), &none, "newer");
  CHECK(file_holds(here("out"), "newer", 5));
}

TEST(appending) {
  arrowio_output_options append = {.struct_size = sizeof append, .flags = ARROWIO_OUTPUT_APPEND};
  arrowio_file *file = NULL;
  clean("log");
  FAILS_AT(ENOENT, here("log"), arrowio_filesystem_open_output_stream(filesystem, here("log"), &append, &file, &error));
  CHECK(!exists(here("log")));
  append.flags |= ARROWIO_OUTPUT_PARENTS;
  clean("none");
  FAILS_AT(ENOENT, here("none/log"), arrowio_filesystem_open_output_stream(filesystem, here("none/log"), &append, &file, &error));
  CHECK(!exists(here("none")));
  save(here("log"), "abc", 3);
  write_file(here("log"), &append, "def");
  CHECK(file_holds(here("log"), "abcdef", 6));
  append.flags |= ARROWIO_OUTPUT_EXCLUSIVE;
  SAYS(ARROWIO_INVALID, "cannot be exclusive",
       arrowio_filesystem_open_output_stream(filesystem, here("log"), &append, &file, &error));
}

TEST(exclusive_files) {
  arrowio_output_options exclusive = {.struct_size = sizeof exclusive, .flags = ARROWIO_OUTPUT_EXCLUSIVE};
  arrowio_file *file = NULL;
  clean("new");
  write_file(here("new"), &exclusive, "first");
  SAYS(ARROWIO_ALREADY_EXISTS, here("new"),
       arrowio_filesystem_open_output_stream(filesystem, here("new"), &exclusive, &file, &error));
  CHECK_INT(EEXIST, arrowio_error_os_error(failure));
  CHECK(file_holds(here("new"), "first", 5));
}

TEST(parents_on_request) {
  arrowio_output_options parents = {.struct_size = sizeof parents, .flags = ARROWIO_OUTPUT_PARENTS};
  arrowio_file *file = NULL;
  clean("p");
  FAILS_AT(ENOENT, here("p/q/r"), arrowio_filesystem_open_output_stream(filesystem, here("p/q/r"), NULL, &file, &error));
  write_file(here("p//q/r"), &parents, "deep");
  CHECK(file_holds(here("p/q/r"), "deep", 4));
  write_file(here("p/q/r"), &parents, "again");
  CHECK(file_holds(here("p/q/r"), "again", 5));
  FAILS_AT(ENOTDIR, here("p/q/r/s"), arrowio_filesystem_open_output_stream(filesystem, here("p/q/r/s"), &parents, &file, &error));
}

TEST(permissions_of_new_files) {
  arrowio_output_options options = {.struct_size = sizeof options, .permissions = 0640};
  clean("private");
  mode_t before = umask(022);
  write_file(here("private"), &options, "x");
  umask(before);
  arrowio_file_info *info = info_of(here("private"));
  CHECK_INT(0640, arrowio_file_info_permissions(info));
  arrowio_file_info_release(info);
}

static void refuses_output(uint32_t flags, uint32_t permissions, int64_t block_size, int32_t replication, const char *says) {
  arrowio_output_options wrong = {.struct_size = sizeof wrong, .flags = flags, .permissions = permissions,
                                  .block_size = block_size, .replication = replication};
  arrowio_file *file = (arrowio_file *)&wrong;
  SAYS(ARROWIO_INVALID, says, arrowio_filesystem_open_output_stream(filesystem, here("refused"), &wrong, &file, &error));
  CHECK(file == NULL && !exists(here("refused")));
}

TEST(wrong_output_options) {
  refuses_output(8, 0, 0, 0, "flags are 0x8");
  refuses_output(UINT32_MAX, 0, 0, 0, "flags are 0xffffffff");
  refuses_output(0, 010000, 0, 0, "permissions are 010000");
  refuses_output(0, 0, -1, 0, "block_size is -1");
  refuses_output(0, 0, 0, -1, "replication is -1");
  arrowio_output_options options = {.struct_size = sizeof options, .reserved = 1};
  arrowio_file *file = NULL;
  SAYS(ARROWIO_INVALID, "reserved is 1", arrowio_filesystem_open_output_stream(filesystem, here("refused"), &options, &file, &error));
  options = (arrowio_output_options){0};
  SAYS(ARROWIO_INVALID, "struct_size", arrowio_filesystem_open_output_stream(filesystem, here("refused"), &options, &file, &error));
}

TEST(directories_are_no_files) {
  arrowio_file *file = NULL;
  FAILS_AT(EISDIR, folder, arrowio_filesystem_open_input_file(filesystem, folder, &file, &error));
  FAILS_AT(EISDIR, folder, arrowio_filesystem_open_output_stream(filesystem, folder, NULL, &file, &error));
}

/* ---- What is known ---- */

TEST(info_of_a_file) {
  save(here("known"), "0123456789", 10);
  CHECK_INT(0, chmod(here("known"), 04751));
  struct timespec times[] = {{1000000000, 123456789}, {1500000000, 987654321}};
  CHECK_INT(0, utimensat(AT_FDCWD, here("known"), times, 0));
  arrowio_file_info *info = info_of(here("known"));
  CHECK(strcmp(here("known"), arrowio_file_info_path(info)) == 0);
  CHECK_INT(ARROWIO_KIND_REGULAR, arrowio_file_info_kind(info));
  CHECK_INT(10, arrowio_file_info_size(info));
  CHECK_INT(04751, arrowio_file_info_permissions(info));
  CHECK_INT(INT64_C(1000000000123456789), arrowio_file_info_accessed_ns(info));
  CHECK_INT(INT64_C(1500000000987654321), arrowio_file_info_modified_ns(info));
  CHECK_INT(1, arrowio_file_info_replication(info));
  CHECK_INT(0, arrowio_file_info_block_size(info));
  struct passwd *user = getpwuid(getuid());
  struct group *group = getgrgid(getgid());
  if (user != NULL) CHECK(strcmp(user->pw_name, arrowio_file_info_owner(info)) == 0);
  if (group != NULL) CHECK(strcmp(group->gr_name, arrowio_file_info_group(info)) == 0);
  arrowio_file_info_release(info);
}

TEST(owners_without_a_name_are_numbers) {
  save(here("nobodys"), "", 0);
  if (chown(here("nobodys"), 3999999999u, 3999999998u) != 0) {
    skip("to give a file away needs the right to");
    return;
  }
  arrowio_file_info *info = info_of(here("nobodys"));
  CHECK(strcmp("3999999999", arrowio_file_info_owner(info)) == 0);
  CHECK(strcmp("3999999998", arrowio_file_info_group(info)) == 0);
  arrowio_file_info_release(info);
}

TEST(info_follows_links) {
  save(here("target"), "abc", 3);
  clean("link");
  CHECK_INT(0, symlink("target", here("link")));
  arrowio_file_info *info = info_of(here("link"));
  CHECK(arrowio_file_info_kind(info) == ARROWIO_KIND_REGULAR && arrowio_file_info_size(info) == 3);
  arrowio_file_info_release(info);
  info = info_of(folder);
  CHECK_INT(ARROWIO_KIND_DIRECTORY, arrowio_file_info_kind(info));
  arrowio_file_info_release(info);
  info = info_of("/dev/null");
  CHECK_INT(ARROWIO_KIND_CHARACTER_DEVICE, arrowio_file_info_kind(info));
  arrowio_file_info_release(info);
}

TEST(what_exists) {
  save(here("there"), "", 0);
  clean("dangling");
  clean("loop");
  CHECK_INT(0, symlink("nowhere", here("dangling")));
  CHECK_INT(0, symlink("loop", here("loop")));
  CHECK(exists(here("there")) && exists(folder) && exists(uri_of("there")));
  CHECK(!exists(here("missing")) && !exists(here("missing/deeper")) && !exists(here("there/deeper")) && !exists(here("dangling")));
  int32_t there = -1;
  FAILS_AT(ELOOP, here("loop"), arrowio_filesystem_exists(filesystem, here("loop"), &there, &error));
  CHECK_INT(-1, there);
  FAILS_AT(ENOENT, here("missing"), arrowio_filesystem_info(filesystem, here("missing"), &(arrowio_file_info *){NULL}, &error));
}

/* ---- Listing ---- */

/* The names in a listing beneath `top`, sorted, as "a b/c "; the entries of directories end with a slash. */
static const char *listed(const char *top, int recursive) {
  static char text[20000];
  static char names[500][200];
  arrowio_listing *listing = NULL;
  int count = 0;
  OK(arrowio_filesystem_list(filesystem, top, recursive, &listing, &error));
  for (arrowio_file_info *info = NULL;; arrowio_file_info_release(info)) {
    OK(arrowio_listing_next(listing, &info, &error));
    if (info == NULL) break;
    CHECK(strncmp(top, arrowio_file_info_path(info), strlen(top)) == 0);
    snprintf(names[count++], sizeof names[0], "%s%s ", arrowio_file_info_path(info) + strlen(top) + 1,
             arrowio_file_info_kind(info) == ARROWIO_KIND_DIRECTORY ? "/" : "");
  }
  arrowio_listing_release(listing);
  qsort(names, (size_t)count, sizeof names[0], (int (*)(const void *, const void *))strcmp);
  text[0] = 0;
  for (int i = 0; i < count; i++) strcat(text, names[i]);
  return text;
}

#define LISTS(expected, name, recursive)                                                  \
  do {                                                                                    \
    const char *found = listed(here(name), recursive);                                    \
    if (strcmp((expected), found) != 0) fprintf(stderr, "listed: %s\n", found);           \
    CHECK(strcmp((expected), found) == 0);                                                \
  } while (0)

TEST(lists_a_directory) {
  make("empty");
  LISTS("", "empty", 0);
  LISTS("", "empty", 1);
  make("tree");
  CHECK_INT(0, shell("cd tree && mkdir -p a/b/c d && touch f .hidden 'with space' a/g a/b/h a/b/c/i"));
  LISTS(".hidden a/ d/ f with space ", "tree", 0);
  LISTS(".hidden a/ a/b/ a/b/c/ a/b/c/i a/b/h a/g d/ f with space ", "tree", 1);
}

TEST(listing_follows_no_links) {
  make("tree");
  make("outside");
  save(here("outside/secret"), "", 0);
  CHECK_INT(0, shell("cd tree && mkdir a && ln -s ../../outside a/link && ln -s . a/self && ln -s nowhere dangling"));
  LISTS("a/ a/link a/self dangling ", "tree", 1);
  arrowio_listing *listing = NULL;
  arrowio_file_info *info = NULL;
  OK(arrowio_filesystem_list(filesystem, here("tree/a"), 1, &listing, &error));
  for (int i = 0; i < 2; i++) {
    OK(arrowio_listing_next(listing, &info, &error));
    CHECK_INT(ARROWIO_KIND_LINK, arrowio_file_info_kind(info));
    arrowio_file_info_release(info);
  }
  arrowio_listing_release(listing);
  /* The one that is asked for is followed. */
  CHECK_INT(0, symlink("outside", here("tree/../to")));
  LISTS("secret ", "to", 1);
  clean("to");
}

TEST(each_directory_comes_before_what_is_in_it) {
  make("tree");
  CHECK_INT(0, shell("cd tree && mkdir -p a/b/c d/e && touch a/1 a/b/2 d/e/3"));
  static char seen[100][4096];
  int count = 0;
  arrowio_listing *listing = NULL;
  OK(arrowio_filesystem_list(filesystem, here("tree"), 1, &listing, &error));
  for (arrowio_file_info *info = NULL;; arrowio_file_info_release(info)) {
    OK(arrowio_listing_next(listing, &info, &error));
    if (info == NULL) break;
    snprintf(seen[count], sizeof seen[0], "%s", arrowio_file_info_path(info));
    *strrchr(seen[count], '/') = 0;
    int found = strcmp(seen[count], here("tree")) == 0;
    for (int i = 0; i < count; i++) found |= strcmp(seen[i], seen[count]) == 0;
    CHECK(found);
    snprintf(seen[count++], sizeof seen[0], "%s", arrowio_file_info_path(info));
  }
  CHECK_INT(8, count);
  arrowio_listing_release(listing);
}

TEST(a_listing_while_things_change) {
  make("tree");
  CHECK_INT(0, shell("cd tree && mkdir a b c && touch a/1 b/1 c/1"));
  arrowio_listing *listing = NULL;
  arrowio_file_info *info = NULL;
  OK(arrowio_filesystem_list(filesystem, here("tree"), 1, &listing, &error));
  OK(arrowio_listing_next(listing, &info, &error));
  arrowio_file_info_release(info);
  /* Its directories are removed, or are links now. */
  CHECK_INT(0, shell("cd tree && rm -r a b c && ln -s / a && touch b"));
  for (info = NULL;; arrowio_file_info_release(info)) {
    OK(arrowio_listing_next(listing, &info, &error));
    if (info == NULL) break;
    CHECK(strncmp(here("tree/"), arrowio_file_info_path(info), strlen(here("tree/"))) == 0);
    CHECK(strchr(arrowio_file_info_path(info) + strlen(here("tree/")), '/') == NULL);
  }
  arrowio_listing_release(listing);
}

TEST(what_cannot_be_listed) {
  arrowio_listing *listing = (arrowio_listing *)&filesystem;
  save(here("plain"), "", 0);
  FAILS_AT(ENOTDIR, here("plain"), arrowio_filesystem_list(filesystem, here("plain"), 0, &listing, &error));
  CHECK(listing == NULL);
  FAILS_AT(ENOENT, here("missing"), arrowio_filesystem_list(filesystem, here("missing"), 1, &listing, &error));
}

/* What is forbidden in a tree ends its listing with an error that stays. */
static void list_what_is_forbidden(void) {
  CHECK(geteuid() != 0 || seteuid(65534) == 0);
  arrowio_listing *listing = NULL;
  arrowio_file_info *info = NULL;
  OK(arrowio_filesystem_list(filesystem, here("tree"), 1, &listing, &error));
  OK(arrowio_listing_next(listing, &info, &error));
  arrowio_file_info_release(info);
  for (int i = 0; i < 2; i++) {
    FAILS_AT(EACCES, here("tree/closed"), arrowio_listing_next(listing, &info, &error));
    CHECK(info == NULL);
  }
  arrowio_listing_release(listing);
}

TEST(a_forbidden_directory_in_a_tree) {
  make("tree");
  CHECK_INT(0, chmod(folder, 0755));
  CHECK_INT(0, shell("mkdir tree/closed && chmod 0 tree/closed"));
  in_child(list_what_is_forbidden);
  CHECK_INT(0, shell("chmod 700 tree/closed"));
}

/* ---- Changing the tree ---- */

TEST(makes_directories) {
  clean("made");
  FAILS_AT(ENOENT, here("made/a"), arrowio_filesystem_make_directory(filesystem, here("made/a"), 0, &error));
  OK(arrowio_filesystem_make_directory(filesystem, here("made"), 0, &error));
  SAYS(ARROWIO_ALREADY_EXISTS, here("made"), arrowio_filesystem_make_directory(filesystem, here("made"), 0, &error));
  OK(arrowio_filesystem_make_directory(filesystem, here("made"), 1, &error));
  OK(arrowio_filesystem_make_directory(filesystem, uri_of("made//a/./b%20c/"), 1, &error));
  CHECK(exists(here("made/a/b c")));
  save(here("made/file"), "", 0);
  SAYS(ARROWIO_ALREADY_EXISTS, here("made/file"), arrowio_filesystem_make_directory(filesystem, here("made/file"), 1, &error));
  FAILS_AT(ENOTDIR, here("made/file/x"), arrowio_filesystem_make_directory(filesystem, here("made/file/x"), 1, &error));
  OK(arrowio_filesystem_make_directory(filesystem, "/", 1, &error));
  CHECK_INT(0, symlink("made", here("made/to")));
  CHECK_INT(0, symlink("nowhere", here("made/dangling")));
  SAYS(ARROWIO_ALREADY_EXISTS, "dangling", arrowio_filesystem_make_directory(filesystem, here("made/dangling"), 1, &error));
}

static arrowio_status removes(const char *name, int recursive) {
  return arrowio_filesystem_remove(filesystem, here(name), recursive, &error);
}

TEST(removes) {
  make("gone");
  save(here("gone/file"), "", 0);
  CHECK_INT(0, symlink("nowhere", here("gone/dangling")));
  FAILS_AT(ENOENT, here("gone/missing"), removes("gone/missing", 0));
  FAILS_AT(ENOENT, here("gone/missing"), removes("gone/missing", 1));
  FAILS_AT(ENOTEMPTY, here("gone"), removes("gone", 0));
  OK(removes("gone/file", 0));
  OK(removes("gone/dangling", 1));
  OK(removes("gone", 0));
  CHECK(!exists(here("gone")));
}

TEST(removes_trees_and_no_more) {
  make("tree");
  make("outside");
  save(here("outside/stays"), "abc", 3);
  CHECK_INT(0, shell("cd tree && mkdir -p a/b/c d/e/f && touch 1 a/2 a/b/3 a/b/c/4 d/5 && ln -s ../../outside a/link && mkfifo d/fifo"));
  CHECK_INT(0, symlink("tree", here("tree-link")));
  OK(removes("tree-link", 1));
  CHECK(exists(here("tree/a/b/c/4")));
  OK(removes("tree", 1));
  CHECK(!exists(here("tree")) && file_holds(here("outside/stays"), "abc", 3));
}

static void remove_from_within(void) {
  CHECK_INT(0, chdir(here("kept/deep")));
  const char *const names[] = {".", "./", "..", "../", "../deep/..", "here/.", "../../to/."};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    FAILS_AT(EINVAL, names[i], arrowio_filesystem_remove(filesystem, names[i], 1, &error));
  }
  FAILS_AT(EBUSY, "/", arrowio_filesystem_remove(filesystem, "/", 0, &error));
}

/* What cannot be removed keeps all that is in it, and what a link leads to stays however its name ends. */
TEST(removes_nothing_of_what_stays) {
  make("kept");
  CHECK_INT(0, shell("mkdir -p kept/deep/here && touch kept/file kept/deep/file kept/deep/here/file && ln -s kept/deep to"));
  in_child(remove_from_within);
  FAILS_AT(ENOTDIR, here("to/"), removes("to/", 1));
  FAILS_AT(ENOTDIR, here("to//"), removes("to//", 0));
  LISTS("deep/ deep/file deep/here/ deep/here/file file ", "kept", 1);
  OK(removes("to", 1));
  OK(removes("kept/", 1));
  CHECK(!exists(here("kept")) && !exists(here("to")));
}

/* Far deeper than a path can be long or a process may have descriptors. */
static void make_deep_tree(void) {
  CHECK_INT(0, chdir(here("deep")));
  for (int i = 0; i < 3000; i++) {
    CHECK_INT(0, mkdir("directory", 0777));
    CHECK_INT(0, chdir("directory"));
  }
  save("file", "", 0);
}
TEST(deep_trees) {
  make("deep");
  in_child(make_deep_tree);
  int descriptors = open_descriptors();
  arrowio_listing *listing = NULL;
  arrowio_file_info *info = NULL;
  OK(arrowio_filesystem_list(filesystem, here("deep"), 1, &listing, &error));
  int depth = 0;
  arrowio_status status;
  while ((status = arrowio_listing_next(listing, &info, NULL)) == ARROWIO_OK && info != NULL) {
    CHECK(open_descriptors() <= descriptors + 1);
    arrowio_file_info_release(info);
    depth++;
  }
  CHECK(depth > 300);
  FAILS_WITH(ENAMETOOLONG, arrowio_listing_next(listing, &info, &error));
  arrowio_listing_release(listing);
  OK(removes("deep", 1));
  CHECK(!exists(here("deep")));
  CHECK_INT(descriptors, open_descriptors());
}

static void remove_what_is_forbidden(void) {
  CHECK(geteuid() != 0 || seteuid(65534) == 0);
  FAILS_AT(EACCES, here("tree"), removes("tree", 1));
  FAILS_AT(EACCES, here("tree/file"), removes("tree/file", 0));
  FAILS_AT(EACCES, here("tree/new"), arrowio_filesystem_make_directory(filesystem, here("tree/new"), 1, &error));
  FAILS_AT(EACCES, here("tree/file"), arrowio_filesystem_rename(filesystem, here("tree/file"), here("tree/other"), 0, &error));
  FAILS_WITH(EPERM, arrowio_filesystem_set_permissions(filesystem, "/dev/null", 0777, &error));
  arrowio_file *file = NULL;
  FAILS_AT(EACCES, here("tree/new"), arrowio_filesystem_open_output_stream(filesystem, here("tree/new"), NULL, &file, &error));
}

TEST(what_is_forbidden_stays) {
  make("tree");
  save(here("tree/file"), "", 0);
  CHECK_INT(0, chmod(here("tree"), 0555));
  in_child(remove_what_is_forbidden);
  CHECK(exists(here("tree/file")));
  CHECK_INT(0, chmod(here("tree"), 0755));
}

static arrowio_status renames(const char *from, const char *to, int replace) {
  return arrowio_filesystem_rename(filesystem, here(from), here(to), replace, &error);
}

TEST(renames) {
  make("r");
  CHECK_INT(0, shell("cd r && mkdir full empty other && touch full/x && echo a >a && echo b >b"));
  SAYS(ARROWIO_ALREADY_EXISTS, here("r/a"), renames("r/a", "r/b", 0));
  CHECK(strstr(arrowio_error_message(failure), here("r/b")) != NULL);
  CHECK_INT(EEXIST, arrowio_error_os_error(failure));
  CHECK(file_holds(here("r/a"), "a\n", 2) && file_holds(here("r/b"), "b\n", 2));
  OK(renames("r/a", "r/c", 0));
  CHECK(!exists(here("r/a")) && file_holds(here("r/c"), "a\n", 2));
  OK(renames("r/c", "r/b", 1));
  CHECK(!exists(here("r/c")) && file_holds(here("r/b"), "a\n", 2));
  FAILS_AT(ENOENT, here("r/c"), renames("r/c", "r/d", 1));
  FAILS_AT(ENOENT, here("r/no/d"), renames("r/b", "r/no/d", 0));
  FAILS_AT(EISDIR, here("r/b"), renames("r/b", "r/empty", 1));
  FAILS_AT(ENOTDIR, here("r/empty"), renames("r/empty", "r/b", 1));
  SAYS(ARROWIO_ALREADY_EXISTS, here("r/empty"), renames("r/full", "r/empty", 0));
  OK(renames("r/full", "r/empty", 1));
  CHECK(exists(here("r/empty/x")) && !exists(here("r/full")));
  arrowio_status status = renames("r/other", "r/empty", 1);
  CHECK(status != ARROWIO_OK && arrowio_error_os_error(error) == ENOTEMPTY);
  arrowio_error_release(error);
  error = NULL;
  FAILS_WITH(EINVAL, renames("r/empty", "r/empty/deeper", 0));
}

TEST(sets_permissions) {
  save(here("mode"), "", 0);
  static const uint32_t BITS[] = {0, 0644, 01777, 07777, 0600};
  for (int i = 0; i < COUNT(BITS); i++) {
    OK(arrowio_filesystem_set_permissions(filesystem, here("mode"), BITS[i], &error));
    arrowio_file_info *info = info_of(here("mode"));
    CHECK_INT(BITS[i], arrowio_file_info_permissions(info));
    arrowio_file_info_release(info);
  }
  SAYS(ARROWIO_INVALID, "permissions are 010000", arrowio_filesystem_set_permissions(filesystem, here("mode"), 010000, &error));
  FAILS_AT(ENOENT, here("missing"), arrowio_filesystem_set_permissions(filesystem, here("missing"), 0600, &error));
}

/* ---- Streams by URI ---- */

static void round_trip(const char *uri, const char *path, int is_compressed) {
  static uint8_t data[100000];
  arrowio_file *file = NULL;
  arrowio_buffer *whole = NULL;
  fill(data, sizeof data);
  OK(arrowio_output_stream_open(uri, NULL, &file, &error));
  OK(arrowio_file_write(file, data, sizeof data, &error));
  close_file(file);
  CHECK_INT(is_compressed, file_size(path) != sizeof data);
  OK(arrowio_input_stream_open(uri, NULL, &file, &error));
  OK(arrowio_file_read_all(file, &whole, &error));
  CHECK(arrowio_buffer_size(whole) == sizeof data && same(arrowio_buffer_data(whole), data, sizeof data));
  arrowio_buffer_release(whole);
  close_file(file);
}

TEST(streams_by_uri) {
  round_trip(uri_of("a%20plain"), here("a plain"), 0);
  round_trip(uri_of("some%20data.gz"), here("some data.gz"), 1);
  round_trip(uri_of("data.zst"), here("data.zst"), 1);
  arrowio_file *file = NULL;
  SAYS(ARROWIO_INVALID, "another machine", arrowio_input_stream_open("file://elsewhere/a.gz", NULL, &file, &error));
  FAILS_AT(ENOENT, "nowhere", arrowio_input_stream_open(uri_of("nowhere"), NULL, &file, &error));
}

/* What confines an opening to this machine's directories is not got around by a URI. */
TEST(streams_of_clusters_are_not_confined) {
  arrowio_os_file_options how = {.struct_size = sizeof how, .flags = ARROWIO_OPEN_BENEATH};
  arrowio_stream_options options = {.struct_size = sizeof options, .file_options = &how};
  arrowio_file *file = NULL;
  SAYS(ARROWIO_INVALID, "on a cluster", arrowio_input_stream_open("hdfs://127.0.0.1:1/a", &options, &file, &error));
  how.flags = ARROWIO_OPEN_ATOMIC;
  SAYS(ARROWIO_INVALID, "on a cluster", arrowio_output_stream_open("hdfs://127.0.0.1:1/a", &options, &file, &error));
}

/* ---- Clusters that are not there ---- */

static arrowio_status info_on(const char *uri, const arrowio_filesystem_options *options) {
  arrowio_filesystem *cluster = NULL;
  arrowio_file_info *info = NULL;
  arrowio_status status = arrowio_filesystem_open(uri, options, &cluster, &error);
  if (status == ARROWIO_OK) status = arrowio_filesystem_info(cluster, "/path", &info, &error);
  CHECK(info == NULL);
  arrowio_filesystem_release(cluster);
  return status;
}

/* A library that was built without HDFS has the same functions, and says so. */
static int has_hdfs(void) {
  arrowio_filesystem *cluster = NULL;
  arrowio_status status = arrowio_filesystem_open("hdfs://127.0.0.1:1", NULL, &cluster, NULL);
  arrowio_filesystem_release(cluster);
  return status != ARROWIO_NOT_IMPLEMENTED;
}

TEST(a_build_without_hdfs_says_so) {
  CHECK_INT(getenv("ARROWIO_TEST_WITHOUT_HDFS") == NULL, has_hdfs());
  if (has_hdfs()) return;
  arrowio_file *file = NULL;
  does_not_open(ARROWIO_NOT_IMPLEMENTED, "hdfs://127.0.0.1:1/path", NULL, "no HDFS");
  does_not_open(ARROWIO_NOT_IMPLEMENTED, "viewfs://table/path", NULL, "no HDFS");
  SAYS(ARROWIO_NOT_IMPLEMENTED, "no HDFS", arrowio_input_stream_open("hdfs://127.0.0.1:1/a.gz", NULL, &file, &error));
  SAYS(ARROWIO_NOT_IMPLEMENTED, "no HDFS", arrowio_output_stream_open("hdfs://127.0.0.1:1/a", NULL, &file, &error));
}

TEST(wrong_clusters) {
  if (!has_hdfs()) return;
  unsetenv("HADOOP_CONF_DIR");
  unsetenv("HADOOP_HOME");
  arrowio_filesystem_options quick = {.struct_size = sizeof quick, .timeout_ns = INT64_C(3000000000), .user = "somebody"};
  static const char *const WRONG[] = {"hdfs:///path", "hdfs://",
                                      "hdfs://a b/c", "hdfs://:8020/a", "viewfs://no-such-table/a", "viewfs:///a"};
  for (int i = 0; i < COUNT(WRONG); i++) {
    SAYS(ARROWIO_INVALID, "", info_on(WRONG[i], &quick));
    CHECK(strstr(arrowio_error_message(failure), WRONG[i]) != NULL);
  }
  SAYS(ARROWIO_INVALID, "no dfs.ha.namenodes.host", info_on("hdfs://host/a", &quick));
  SAYS(ARROWIO_INVALID, "no dfs.ha.namenodes.[::1]", info_on("hdfs://[::1]/a", &quick));
  static const char *const PORTS[] = {"0", "65536", "port", "", "-1"};
  for (int i = 0; i < COUNT(PORTS); i++) {
    char uri[40];
    snprintf(uri, sizeof uri, "hdfs://host:%s/a", PORTS[i]);
    SAYS(ARROWIO_INVALID, "is no number from 1 to 65535", info_on(uri, &quick));
  }
  quick.keytab = here("keytab");
  SAYS(ARROWIO_INVALID, "without kerberos_principal", info_on("hdfs://host:8020/a", &quick));
  quick.keytab = NULL;
  /* A cluster may be about to start: it is tried again as long as there is time, or as often as is said. */
  SAYS(ARROWIO_TIMED_OUT, "'hdfs://127.0.0.1:1/path'", info_on("hdfs://127.0.0.1:1", &quick));
  static const char *const ONCE[] = {"dfs.client.failover.max.attempts", "0"};
  quick.configuration = ONCE;
  quick.configuration_count = 1;
  FAILS_AT(ECONNREFUSED, "'hdfs://127.0.0.1:1/path'", info_on("hdfs://127.0.0.1:1", &quick));
  SAYS(ARROWIO_IO_ERROR, "'hdfs://no-such-host.invalid:8020/path'", info_on("hdfs://no-such-host.invalid:8020", &quick));
}

/* What cannot be read might have said what the name is. */
TEST(configuration_that_is_damaged) {
  if (!has_hdfs()) return;
  static const char *const SAYS_NOTHING[] = {"<configuration>", "\xff\xfe", "<a><b></a>"};
  arrowio_filesystem_options options = {.struct_size = sizeof options, .timeout_ns = INT64_C(3000000000),
                                        .user = "somebody", .configuration_directory = here("damaged")};
  arrowio_filesystem *cluster = NULL;
  make("damaged");
  for (int i = 0; i < COUNT(SAYS_NOTHING); i++) {
    save(here("damaged/hdfs-site.xml"), SAYS_NOTHING[i], (int)strlen(SAYS_NOTHING[i]));
    arrowio_status status = arrowio_filesystem_open("hdfs://service/", &options, &cluster, &error);
    CHECK(status != ARROWIO_OK && cluster == NULL);
    CHECK(strstr(arrowio_error_message(error), "dfs.ha.namenodes") == NULL);
    CHECK(strstr(arrowio_error_message(error), here("damaged")) != NULL);
    arrowio_error_release(error);
    error = NULL;
  }
}

static void *open_by_a_pipe(void *status) {
  arrowio_filesystem_options options = {.struct_size = sizeof options, .timeout_ns = INT64_C(300000000),
                                        .user = "somebody", .configuration_directory = here("piped")};
  arrowio_filesystem *cluster = NULL;
  *(arrowio_status *)status = arrowio_filesystem_open("hdfs://127.0.0.1:1", &options, &cluster, NULL);
  return cluster;
}

/* Whoever writes it may never come. */
TEST(configuration_by_a_pipe) {
  if (!has_hdfs()) return;
  arrowio_status status = ARROWIO_OK;
  pthread_t thread;
  void *cluster = NULL;
  make("piped");
  CHECK_INT(0, mkfifo(here("piped/core-site.xml"), 0600));
  CHECK_INT(0, pthread_create(&thread, NULL, open_by_a_pipe, &status));
  CHECK_INT(0, pthread_join(thread, &cluster));
  CHECK(cluster == NULL);
  CHECK_INT(ARROWIO_TIMED_OUT, status);
  /* The client, if it has come to it, goes on reading it until somebody has come. */
  int writer = open(here("piped/core-site.xml"), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  CHECK(writer >= 0 || errno == ENXIO);
  if (writer >= 0) close(writer);
}

static void opens(const char *uri) {
  arrowio_filesystem *cluster = NULL;
  const arrowio_filesystem_options options = {.struct_size = sizeof options, .user = "somebody"};
  OK(arrowio_filesystem_open(uri, &options, &cluster, &error));
  arrowio_filesystem_release(cluster);
}

static void save_tokens(const char *bytes, size_t size) {
  arrowio_file *file = NULL;
  OK(arrowio_filesystem_open_output_stream(filesystem, here("tokens"), NULL, &file, &error));
  OK(arrowio_file_write(file, bytes, (int64_t)size, &error));
  close_file(file);
  setenv("HADOOP_TOKEN_FILE_LOCATION", here("tokens"), 1);
}

/* The client would make room for what they say, or panic. */
TEST(damaged_tokens) {
  if (!has_hdfs()) return;
#define DELEGATED "\x15HDFS_DELEGATION_TOKEN"
#define BYTES(text) text, sizeof(text) - 1
#define TOKEN(alias, service) "\x01" alias "\0\0\x01k" service
  static const struct { const char *bytes; size_t size; const char *says; } DAMAGED[] = {
      {BYTES("HDTS\0\x8a\x01\0\0\0\0\0"), "of 12 bytes, is damaged: token 1 of 1099511627776 is not whole"},
      {BYTES("HDTS\0\x88\x7f\xff\xff\xff\xff\xff\xff\xff"), "token 1 of 9223372036854775807 is not whole"},
      {BYTES("HDTS\0\xff"), "how many tokens"},
      {BYTES("HDTS\0"), "how many tokens"},
      {BYTES("HDTS\x02"), "does not begin"},
      {BYTES("HDT"), "does not begin"},
      {BYTES(""), "does not begin"},
      {BYTES("tokens"), "does not begin"},
      {BYTES("HDTS\0\x02" TOKEN("a", "\x01s") TOKEN("b", "\x02s")), "token 2 of 2"},
      {BYTES("HDTS\0\x01" TOKEN("\xff", "\x01s")), "token 1 of 1"},
      {BYTES("HDTS\0\x01\x01" "a\x8a\x7f\0\0\0\0\0\0\x01k\x01s"), "token 1 of 1"},
      {BYTES("HDTS\0\x01\x01" "a\0\0" DELEGATED "\x01s"), "token 1 of 1"},
      {BYTES("HDTS\0\x01\x01" "a\x08\x01\0\0\0\0\0\0\0\0" DELEGATED "\x01s"), "token 1 of 1"},
      {BYTES("HDTS\0\x01\x01" "a\x07\0\0\0\0\0\0\0\0" DELEGATED "\x01s"), "token 1 of 1"}};
  for (int i = 0; i < COUNT(DAMAGED); i++) {
    save_tokens(DAMAGED[i].bytes, DAMAGED[i].size);
    does_not_open(ARROWIO_INVALID, "hdfs://127.0.0.1:1", NULL, DAMAGED[i].says);
  }
  static const struct { const char *bytes; size_t size; } WHOLE[] = {
      {BYTES("HDTS\0\0")},
      {BYTES("HDTS\x01\0")},
      {BYTES("HDTS\0\x02" TOKEN("a", "\x01s") TOKEN("b", "\x02st"))},
      {BYTES("HDTS\0\x01\x01" "a\x08\0\0\0\0\0\0\0\0\0" DELEGATED "\x01s" "more")}};
  for (int i = 0; i < COUNT(WHOLE); i++) {
    save_tokens(WHOLE[i].bytes, WHOLE[i].size);
    opens("hdfs://127.0.0.1:1");
  }
  setenv("HADOOP_TOKEN_FILE_LOCATION", here("no-tokens"), 1);
  opens("hdfs://127.0.0.1:1");
  unsetenv("HADOOP_TOKEN_FILE_LOCATION");
}

/* In a process of its own, of a user of its own; 0: all was as it should be. */
static int ends_with(void (*run)(void)) {
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    if (getuid() == 0 && setuid((uid_t)(54000 + getpid() % 1000)) != 0) _exit(100);
    run();
    _exit(0);
  }
  int ended = -1;
  for (int tenths = 0; waitpid(child, &ended, WNOHANG) == 0; tenths++) {
    if (tenths == 300) kill(child, SIGKILL);
    usleep(100000);
  }
  return ended;
}

static void allow_threads(rlim_t most) {
  const struct rlimit limit = {most, most};
  if (setrlimit(RLIMIT_NPROC, &limit) != 0) _exit(101);
}

static void is_refused(arrowio_status status, arrowio_error **refused) {
  if (status != ARROWIO_IO_ERROR) _exit(102);
  if (arrowio_error_os_error(*refused) != EAGAIN) _exit(103);
  arrowio_error_release(*refused);
}

static void ask_without_a_thread(void) {
  arrowio_filesystem_options options = {.struct_size = sizeof options, .user = "somebody"};
  arrowio_filesystem *cluster = NULL;
  arrowio_error *refused = NULL;
  if (arrowio_filesystem_open("hdfs://127.0.0.1:1", &options, &cluster, NULL) != ARROWIO_OK) _exit(1);
  allow_threads(0);
  is_refused(arrowio_filesystem_remove(cluster, "/a", 1, &refused), &refused);
  arrowio_filesystem_release(cluster);
}

/* Some of the four that it would have, and none. With all four it would be chance: those that have ended count for a moment. */
static void open_without_threads(void) {
  arrowio_filesystem_options options = {.struct_size = sizeof options, .user = "somebody", .threads = 4};
  for (int more = 3; more >= 0; more--) {
    arrowio_filesystem *cluster = NULL;
    arrowio_error *refused = NULL;
    allow_threads((rlim_t)(1 + more));
    is_refused(arrowio_filesystem_open("hdfs://127.0.0.1:1", &options, &cluster, &refused), &refused);
    if (cluster != NULL) _exit(2);
  }
}

TEST(threads_that_cannot_start) {
  if (!has_hdfs()) return;
  CHECK_INT(0, ends_with(ask_without_a_thread));
  /* Only root can be a user that has no other process. */
  if (getuid() == 0) CHECK_INT(0, ends_with(open_without_threads));
}

int main(int argc, char **argv) {
  start(argc, argv);
  if (arrowio_filesystem_open("file:///", NULL, &filesystem, &error) != ARROWIO_OK) return 1;
  RUN(opens_by_any_uri_of_this_machine);
  RUN(wrong_uris_open_nothing);
  RUN(wrong_options_open_nothing);
  RUN(options_of_clusters_are_allowed);
  RUN(files_and_listings_keep_it);
  RUN(null_is_nothing);
  RUN(paths_and_uris_name_the_same);
  RUN(paths_elsewhere_are_refused);
  RUN(relative_paths);
  RUN(reads_at_any_place);
  RUN(writing_replaces);
  RUN(appending);
  RUN(exclusive_files);
  RUN(parents_on_request);
  RUN(permissions_of_new_files);
  RUN(wrong_output_options);
  RUN(directories_are_no_files);
  RUN(info_of_a_file);
  RUN(owners_without_a_name_are_numbers);
  RUN(info_follows_links);
  RUN(what_exists);
  RUN(lists_a_directory);
  RUN(listing_follows_no_links);
  RUN(each_directory_comes_before_what_is_in_it);
  RUN(a_listing_while_things_change);
  RUN(what_cannot_be_listed);
  RUN(a_forbidden_directory_in_a_tree);
  RUN(makes_directories);
  RUN(removes);
  RUN(removes_trees_and_no_more);
  RUN(removes_nothing_of_what_stays);
  RUN(deep_trees);
  RUN(what_is_forbidden_stays);
  RUN(renames);
  RUN(sets_permissions);
  RUN(streams_by_uri);
  RUN(streams_of_clusters_are_not_confined);
  RUN(a_build_without_hdfs_says_so);
  RUN(wrong_clusters);
  RUN(configuration_that_is_damaged);
  RUN(configuration_by_a_pipe);
  RUN(damaged_tokens);
  RUN(threads_that_cannot_start);
  arrowio_filesystem_release(filesystem);
  return finish_files();
}

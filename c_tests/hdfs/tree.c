/* Directories and what is in them: one table of file systems, the cluster's and this machine's, which agree in all of it. */
#include "filesystem.h"
#include <time.h>

/* A file system and a directory on it, in which the cases work. */
struct place {
  const char *name, *uri;
  char root[4096];
  arrowio_filesystem *filesystem;
  /* Another path of the same directory for the cluster's commands; "": it is not on the cluster. */
  const char *known_as;
};

static struct place places[] = {
    {.name = "this machine", .uri = "file:///"},
    {.name = "HDFS", .root = "/tmp/tree", .known_as = "/tmp/tree"},
    {.name = "a mounted directory", .uri = "viewfs://view", .root = "/mounted/tree", .known_as = "/behind/tree"},
    {.name = "what is behind mounts", .uri = "viewfs://view/", .root = "/tree", .known_as = "/fallback/tree"},
};

static const struct place *place;

/* A path in the place, good until the eighth next call. */
static const char *at(const char *name) {
  static char paths[8][4096];
  static int next;
  char *path = paths[next++ % 8];
  CHECK(snprintf(path, sizeof paths[0], "%s%s%s", place->root, *name ? "/" : "", name) < (int)sizeof paths[0]);
  return path;
}

static void make_file(const char *path, const char *text) {
  arrowio_file *file = NULL;
  OK(arrowio_filesystem_open_output_stream(files, path, NULL, &file, &error));
  OK(arrowio_file_write(file, text, (int64_t)strlen(text), &error));
  close_file(file);
}

static void make_directory(const char *path) {
  OK(arrowio_filesystem_make_directory(files, path, 0, &error));
}

static int holds(const char *path, const char *text) {
  arrowio_file *file = NULL;
  arrowio_buffer *buffer = NULL;
  OK(arrowio_filesystem_open_input_file(files, path, &file, &error));
  OK(arrowio_file_read_all(file, &buffer, &error));
  close_file(file);
  struct bytes bytes = take_buffer(buffer);
  int right = bytes.size == (int64_t)strlen(text) && same(bytes.data, text, bytes.size);
  drop(&bytes);
  return right;
}

static int exists(const char *path) {
  int32_t there = -1;
  OK(arrowio_filesystem_exists(files, path, &there, &error));
  CHECK(there == 0 || there == 1);
  return there;
}

static arrowio_file_info *info_of(const char *path) {
  arrowio_file_info *info = NULL;
  OK(arrowio_filesystem_info(files, path, &info, &error));
  return info;
}

static arrowio_kind kind_of(const char *path) {
  arrowio_file_info *info = info_of(path);
  arrowio_kind kind = arrowio_file_info_kind(info);
  arrowio_file_info_release(info);
  return kind;
}

static uint32_t permissions_of(const char *path) {
  arrowio_file_info *info = info_of(path);
  uint32_t permissions = arrowio_file_info_permissions(info);
  arrowio_file_info_release(info);
  return permissions;
}

/* The failure names the path and has the status that belongs to its errno. */
#define FAILS_AT(path, os_error, call)                                                                        \
  do {                                                                                                        \
    SAYS((os_error) == EEXIST ? ARROWIO_ALREADY_EXISTS : ARROWIO_IO_ERROR, (path), call);                      \
    if (arrowio_error_os_error(failure) != (os_error)) fprintf(stderr, "%s\n", arrowio_error_message(failure)); \
    CHECK_INT((os_error), arrowio_error_os_error(failure));                                                   \
  } while (0)

/* ---- What is known ---- */

TEST(info_of_a_file) {
  int64_t now = (int64_t)time(NULL) * 1000000000;
  make_file(at("file"), "content");
  arrowio_file_info *info = info_of(at("file"));
  CHECK_INT(ARROWIO_KIND_REGULAR, arrowio_file_info_kind(info));
  CHECK_INT(7, arrowio_file_info_size(info));
  CHECK_INT(0644, arrowio_file_info_permissions(info));
  CHECK(strcmp(at("file"), arrowio_file_info_path(info)) == 0);
  CHECK(*arrowio_file_info_owner(info) != 0 && *arrowio_file_info_group(info) != 0);
  CHECK(llabs(arrowio_file_info_modified_ns(info) - now) < INT64_C(60000000000));
  CHECK(llabs(arrowio_file_info_accessed_ns(info) - now) < INT64_C(60000000000));
  CHECK_INT(place->known_as != NULL ? 3 : 1, arrowio_file_info_replication(info));
  CHECK_INT(place->known_as != NULL ? 128 * MIB : 0, arrowio_file_info_block_size(info));
  CHECK(arrowio_file_info_retain(info) == info);
  arrowio_file_info_release(info);
  arrowio_file_info_release(info);
}

/* The same as Hadoop's own client says. */
TEST(info_as_the_cluster_says) {
  char text[1000];
  if (place->known_as == NULL) return;
  CLUSTER("mkdir %s/stat 1755", place->known_as);
  CLUSTER("write %s/stat/file 123456 1 65536 2", place->known_as);
  CLUSTER("chmod %s/stat/file 640", place->known_as);
  CLUSTER("chown %s/stat/file alice", place->known_as);
  const char *names[] = {"stat", "stat/file"};
  for (int i = 0; i < 2; i++) {
    arrowio_file_info *info = info_of(at(names[i]));
    snprintf(text, sizeof text, "type=%s size=%lld replication=%d blocksize=%lld permission=%o owner=%s group=%s mtime=%lld",
             arrowio_file_info_kind(info) == ARROWIO_KIND_DIRECTORY ? "directory" : "file",
             (long long)arrowio_file_info_size(info), arrowio_file_info_replication(info),
             (long long)arrowio_file_info_block_size(info), arrowio_file_info_permissions(info),
             arrowio_file_info_owner(info), arrowio_file_info_group(info),
             (long long)arrowio_file_info_modified_ns(info) / 1000000);
    const char *said = CLUSTER("stat %s/%s", place->known_as, names[i]);
    if (strcmp(text, said) != 0) fprintf(stderr, "%s\n%s there\n", text, said);
    CHECK(strcmp(text, said) == 0);
    arrowio_file_info_release(info);
  }
}

TEST(info_of_a_directory) {
  make_directory(at("directory"));
  arrowio_file_info *info = info_of(at("directory"));
  CHECK_INT(ARROWIO_KIND_DIRECTORY, arrowio_file_info_kind(info));
  CHECK_INT(0755, arrowio_file_info_permissions(info));
  arrowio_file_info_release(info);
  CHECK_INT(ARROWIO_KIND_DIRECTORY, kind_of("/"));
  CHECK_INT(ARROWIO_KIND_DIRECTORY, kind_of(at("directory/")));
}

TEST(what_is_not_there) {
  arrowio_file_info *info = NULL;
  make_file(at("file"), "");
  FAILS_AT(at("missing"), ENOENT, arrowio_filesystem_info(files, at("missing"), &info, &error));
  FAILS_AT(at("missing/file"), ENOENT, arrowio_filesystem_info(files, at("missing/file"), &info, &error));
  /* A name node knows no more of what is behind a file than that it is not there. */
  int below = place->known_as == NULL ? ENOTDIR : ENOENT;
  FAILS_AT(at("file/below"), below, arrowio_filesystem_info(files, at("file/below"), &info, &error));
  CHECK(info == NULL);
  CHECK(exists(at("file")) && exists(at("")) && exists("/"));
  CHECK(!exists(at("missing")) && !exists(at("missing/file")) && !exists(at("file/below")));
}

TEST(permissions) {
  make_file(at("file"), "");
  make_directory(at("directory"));
  const uint32_t bits[] = {0600, 0777, 0, 0444};
  for (int i = 0; i < 4; i++) {
    OK(arrowio_filesystem_set_permissions(files, at("file"), bits[i], &error));
    CHECK_INT(bits[i], permissions_of(at("file")));
  }
  OK(arrowio_filesystem_set_permissions(files, at("directory"), 01777, &error));
  CHECK_INT(01777, permissions_of(at("directory")));
  FAILS_AT(at("missing"), ENOENT, arrowio_filesystem_set_permissions(files, at("missing"), 0644, &error));
  FAILS(ARROWIO_INVALID, arrowio_filesystem_set_permissions(files, at("file"), 010000, &error));
  CHECK_INT(0444, permissions_of(at("file")));
}

/* ---- Listings ---- */

static int compare(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static arrowio_listing *list(const char *path, int recursive) {
  arrowio_listing *listing = NULL;
  OK(arrowio_filesystem_list(files, path, recursive, &listing, &error));
  return listing;
}

static arrowio_file_info *next_of(arrowio_listing *listing) {
  arrowio_file_info *info = NULL;
  OK(arrowio_listing_next(listing, &info, &error));
  return info;
}

/* The names that are listed, behind the path and a slash, sorted, with spaces between them. */
static const char *listed(const char *path, int recursive) {
  static char text[100000];
  static char *names[2000];
  size_t count = 0, length = strlen(path);
  arrowio_listing *listing = list(path, recursive);
  for (arrowio_file_info *info; (info = next_of(listing)) != NULL; arrowio_file_info_release(info)) {
    const char *found = arrowio_file_info_path(info);
    CHECK(strncmp(found, path, length) == 0 && found[length] == '/' && count < 2000);
    names[count++] = strdup(found + length + 1);
  }
  CHECK(next_of(listing) == NULL);
  arrowio_listing_release(listing);
  qsort(names, count, sizeof names[0], compare);
  *text = 0;
  for (size_t i = 0, end = 0; i < count; i++) {
    end += (size_t)snprintf(text + end, sizeof text - end, "%s%s", i ? " " : "", names[i]);
    free(names[i]);
  }
  return text;
}

TEST(listing) {
  make_directory(at("tree"));
  CHECK(strcmp("", listed(at("tree"), 0)) == 0);
  CHECK(strcmp("", listed(at("tree"), 1)) == 0);
  make_directory(at("tree/b"));
  make_directory(at("tree/b/c"));
  make_directory(at("tree/empty"));
  make_file(at("tree/a"), "1");
  make_file(at("tree/b/d"), "22");
  make_file(at("tree/b/c/e"), "333");
  CHECK(strcmp("a b empty", listed(at("tree"), 0)) == 0);
  CHECK(strcmp("a b b/c b/c/e b/d empty", listed(at("tree"), 1)) == 0);
}

/* What is removed before the listing comes to it is left out, or was known already; nothing comes twice. */
TEST(removed_while_listed) {
  char name[20];
  for (int i = 0; i < 5; i++) {
    snprintf(name, sizeof name, "d%d", i);
    make_directory(at(name));
  }
  arrowio_listing *listing = list(at(""), 1);
  arrowio_file_info *info = next_of(listing);
  int seen[5] = {0};
  for (int i = 0; i < 5; i++) {
    snprintf(name, sizeof name, "d%d", i);
    if (strcmp(arrowio_file_info_path(info), at(name)) == 0) {
      seen[i]++;
    } else {
      OK(arrowio_filesystem_remove(files, at(name), 0, &error));
    }
  }
  CHECK_INT(1, seen[0] + seen[1] + seen[2] + seen[3] + seen[4]);
  arrowio_file_info_release(info);
  while ((info = next_of(listing)) != NULL) {
    const char *path = arrowio_file_info_path(info);
    int which = path[strlen(path) - 1] - '0';
    CHECK(which >= 0 && which < 5 && seen[which]++ == 0);
    arrowio_file_info_release(info);
  }
  arrowio_listing_release(listing);
}

/* All that is known of each; a directory comes before what is in it. */
TEST(entries) {
  make_directory(at("a"));
  make_file(at("a/file"), "12345");
  OK(arrowio_filesystem_set_permissions(files, at("a/file"), 0640, &error));
  arrowio_listing *listing = list(at(""), 1);
  arrowio_file_info *first = next_of(listing), *second = next_of(listing);
  CHECK(strcmp(at("a"), arrowio_file_info_path(first)) == 0);
  CHECK_INT(ARROWIO_KIND_DIRECTORY, arrowio_file_info_kind(first));
  CHECK(strcmp(at("a/file"), arrowio_file_info_path(second)) == 0);
  CHECK_INT(ARROWIO_KIND_REGULAR, arrowio_file_info_kind(second));
  CHECK_INT(5, arrowio_file_info_size(second));
  CHECK_INT(0640, arrowio_file_info_permissions(second));
  arrowio_file_info *asked = info_of(at("a/file"));
  CHECK_INT(arrowio_file_info_modified_ns(asked), arrowio_file_info_modified_ns(second));
  CHECK(strcmp(arrowio_file_info_owner(asked), arrowio_file_info_owner(second)) == 0);
  CHECK_INT(arrowio_file_info_replication(asked), arrowio_file_info_replication(second));
  arrowio_file_info_release(asked);
  arrowio_file_info_release(first);
  arrowio_file_info_release(second);
  CHECK(next_of(listing) == NULL);
  arrowio_listing_release(listing);
}

static void listing_fails(const char *path, int os_error) {
  arrowio_listing *listing = NULL;
  FAILS_AT(path, os_error, arrowio_filesystem_list(files, path, 0, &listing, &error));
  CHECK(listing == NULL);
}

TEST(listings_that_fail) {
  make_file(at("file"), "x");
  listing_fails(at("missing"), ENOENT);
  listing_fails(at("missing/directory"), ENOENT);
  listing_fails(at("file"), ENOTDIR);
  listing_fails(at("file/below"), ENOTDIR);
}

/* More than a name node sends at once. */
TEST(large_directory) {
  enum { COUNT = 1050 };
  char name[100];
  make_directory(at("large"));
  for (int i = 0; i < COUNT; i++) {
    snprintf(name, sizeof name, "large/%d", i);
    make_directory(at(name));
  }
  make_file(at("large/500/in it"), "");
  for (int recursive = 0; recursive < 2; recursive++) {
    int count = 0, seen[COUNT] = {0};
    arrowio_listing *listing = list(at("large"), recursive);
    for (arrowio_file_info *info; (info = next_of(listing)) != NULL; arrowio_file_info_release(info), count++) {
      const char *last = strrchr(arrowio_file_info_path(info), '/') + 1;
      if (strcmp(last, "in it") != 0) CHECK_INT(1, ++seen[atoi(last)]);
    }
    arrowio_listing_release(listing);
    CHECK_INT(COUNT + recursive, count);
  }
}

/* A listing that is left before its end, and one that outlives the file system. */
TEST(listing_keeps_the_file_system) {
  arrowio_filesystem *own = NULL;
  arrowio_listing *listing = NULL;
  make_file(at("a"), "");
  make_file(at("b"), "");
  OK(arrowio_filesystem_open(place->uri, NULL, &own, &error));
  OK(arrowio_filesystem_list(own, at(""), 0, &listing, &error));
  CHECK(arrowio_listing_retain(listing) == listing);
  arrowio_listing_release(listing);
  arrowio_filesystem_release(own);
  arrowio_file_info *info = next_of(listing);
  CHECK(info != NULL);
  arrowio_listing_release(listing);
  CHECK_INT(0, arrowio_file_info_size(info));
  arrowio_file_info_release(info);
}

/* ---- Names ---- */

TEST(names) {
  const char *names[] = {"with spaces ", "100%", "%20", "a+b", "#hash", "que?ry", "caf\xc3\xa9 \xf0\x9f\x8c\xb3", "[a-z]*", "{x}",
                         "back\\slash", "quote'\"", "-dash", "...", "tab\there", "&amp;", ";semi"};
  char renamed[200];
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    make_directory(at("names"));
    snprintf(renamed, sizeof renamed, "names/%s", names[i]);
    make_file(at(renamed), names[i]);
    CHECK(strcmp(names[i], listed(at("names"), 0)) == 0);
    CHECK(holds(at(renamed), names[i]));
    CHECK_INT(ARROWIO_KIND_REGULAR, kind_of(at(renamed)));
    OK(arrowio_filesystem_rename(files, at(renamed), at("names/other"), 0, &error));
    CHECK(strcmp("other", listed(at("names"), 0)) == 0);
    OK(arrowio_filesystem_rename(files, at("names/other"), at(renamed), 0, &error));
    OK(arrowio_filesystem_remove(files, at("names"), 1, &error));
  }
}

/* A path and its URI are the same file; with file: percent signs stand for bytes, elsewhere for themselves. */
TEST(uris) {
  char uri[5000];
  make_file(at("a file"), "by path");
  const char *encoded = place->known_as == NULL ? "a%20file" : "a file";
  const char *authority = strstr(place->uri, "//") + 2;
  int root = (int)(authority - place->uri + strcspn(authority, "/"));
  snprintf(uri, sizeof uri, "%.*s%s", root, place->uri, at(encoded));
  CHECK(holds(uri, "by path"));
  CHECK(exists(uri));
  OK(arrowio_filesystem_rename(files, uri, at("b"), 0, &error));
  CHECK(holds(at("b"), "by path"));

  const char *others[] = {"hdfs://elsewhere:8020/tmp", "viewfs://other/tmp", "file:///tmp", "hdfs://view/tmp"};
  int here = 0;
  for (int i = 0; i < 4; i++) {
    arrowio_file_info *info = NULL;
    if (strncmp(others[i], place->uri, strcspn(place->uri, ":")) == 0 && strncmp(others[i], "file", 4) == 0) {
      here++;
      continue;
    }
    SAYS(ARROWIO_INVALID, others[i], arrowio_filesystem_info(files, others[i], &info, &error));
    SAYS(ARROWIO_INVALID, others[i], arrowio_filesystem_rename(files, at("b"), others[i], 0, &error));
  }
  CHECK_INT(place->known_as == NULL, here);
  CHECK(exists(at("b")));
}

/* From this process's directory, or on a cluster from the user's own. */
TEST(relative_paths) {
  CHECK_INT(0, chdir(folder));
  OK(arrowio_filesystem_make_directory(files, ".", 1, &error));
  make_file("relative", "here");
  FAILS_AT("missing", ENOENT, arrowio_filesystem_remove(files, "missing", 0, &error));
  CHECK(holds("relative", "here"));
  CHECK(holds("./relative", "here"));
  arrowio_file_info *info = info_of("relative");
  CHECK(strcmp("relative", arrowio_file_info_path(info)) == 0);
  arrowio_file_info_release(info);
  if (place->known_as != NULL) CHECK(holds("made/.././relative", "here"));
  OK(arrowio_filesystem_rename(files, "relative", "renamed", 0, &error));
  OK(arrowio_filesystem_make_directory(files, "made/deep", 1, &error));
  CHECK(strcmp("deep", listed("made", 0)) == 0);
  CHECK(!exists("relative") && exists("renamed"));
  OK(arrowio_filesystem_remove(files, "renamed", 0, &error));
  OK(arrowio_filesystem_remove(files, "made", 1, &error));
}

/* Nothing that is named by "." or ".." goes, nor does the root, with all that is in them. The root of this machine is not tried. */
TEST(what_cannot_be_removed) {
  char here_now[4096];
  CHECK(getcwd(here_now, sizeof here_now) != NULL);
  CHECK_INT(0, chdir(folder));
  OK(arrowio_filesystem_make_directory(files, ".", 1, &error));
  make_file("kept", "here");
  OK(arrowio_filesystem_make_directory(files, at("kept.d/below"), 1, &error));
  make_file(at("kept.d/file"), "there");
  const char *relative[] = {".", "./", "kept/..", "kept/../."};
  const char *absolute[] = {"kept.d/.", "kept.d/./", "kept.d/below/..", "kept.d/below/..///", "kept.d/below/.//.."};
  for (size_t i = 0; i < 9; i++) {
    const char *path = i < 4 ? relative[i] : at(absolute[i - 4]);
    FAILS_AT("", EINVAL, arrowio_filesystem_remove(files, path, 1, &error));
    FAILS_AT("", EINVAL, arrowio_filesystem_rename(files, path, at("moved"), 1, &error));
    FAILS_AT("", EINVAL, arrowio_filesystem_rename(files, at("kept.d/file"), path, 1, &error));
    CHECK(holds("kept", "here") && holds(at("kept.d/file"), "there") && exists(at("kept.d/below")));
  }
  if (place->known_as != NULL) {
    FAILS_AT("/", EBUSY, arrowio_filesystem_remove(files, "/", 1, &error));
    FAILS_AT("/", EBUSY, arrowio_filesystem_remove(files, "//", 1, &error));
    FAILS_AT("/", EINVAL, arrowio_filesystem_remove(files, "//a/..", 1, &error));
    FAILS_AT("/", EBUSY, arrowio_filesystem_rename(files, "/", at("moved"), 1, &error));
    CHECK(exists(at("")));
  }
  OK(arrowio_filesystem_remove(files, at("kept.d"), 1, &error));
  OK(arrowio_filesystem_remove(files, "kept", 0, &error));
  CHECK_INT(0, chdir(here_now));
}

TEST(wrong_arguments) {
  arrowio_file_info *info = NULL;
  arrowio_listing *listing = NULL;
  int32_t there = 7;
  SAYS(ARROWIO_INVALID, "path", arrowio_filesystem_info(files, NULL, &info, &error));
  SAYS(ARROWIO_INVALID, "filesystem", arrowio_filesystem_info(NULL, "/", &info, &error));
  SAYS(ARROWIO_INVALID, "out_info", arrowio_filesystem_info(files, "/", NULL, &error));
  SAYS(ARROWIO_INVALID, "empty", arrowio_filesystem_info(files, "", &info, &error));
  SAYS(ARROWIO_INVALID, "empty", arrowio_filesystem_exists(files, "", &there, &error));
  SAYS(ARROWIO_INVALID, "empty", arrowio_filesystem_remove(files, "", 1, &error));
  SAYS(ARROWIO_INVALID, "empty", arrowio_filesystem_list(files, "", 1, &listing, &error));
  SAYS(ARROWIO_INVALID, "empty", arrowio_filesystem_rename(files, at("a"), "", 1, &error));
  SAYS(ARROWIO_INVALID, "NUL", arrowio_filesystem_info(files, "file:///a%00b", &info, &error));
  CHECK(info == NULL && listing == NULL && there == 7);
}

/* ---- Changes ---- */

TEST(directories_are_made) {
  make_directory(at("new"));
  make_file(at("file"), "");
  FAILS_AT(at("new"), EEXIST, arrowio_filesystem_make_directory(files, at("new"), 0, &error));
  FAILS_AT(at("file"), EEXIST, arrowio_filesystem_make_directory(files, at("file"), 0, &error));
  FAILS_AT(at("file"), EEXIST, arrowio_filesystem_make_directory(files, at("file"), 1, &error));
  FAILS_AT(at("missing/new"), ENOENT, arrowio_filesystem_make_directory(files, at("missing/new"), 0, &error));
  FAILS_AT(at("file/new"), ENOTDIR, arrowio_filesystem_make_directory(files, at("file/new"), 0, &error));
  FAILS_AT(at("file/new"), ENOTDIR, arrowio_filesystem_make_directory(files, at("file/new"), 1, &error));
  FAILS_AT(at("file/new/deep"), ENOTDIR, arrowio_filesystem_make_directory(files, at("file/new/deep"), 1, &error));
  CHECK(!exists(at("missing")));
  OK(arrowio_filesystem_make_directory(files, at("new"), 1, &error));
  for (int i = 0; i < 2; i++) OK(arrowio_filesystem_make_directory(files, at("new/a/b/c"), 1, &error));
  CHECK_INT(ARROWIO_KIND_DIRECTORY, kind_of(at("new/a/b/c")));
}

TEST(removing) {
  make_file(at("file"), "x");
  make_directory(at("empty"));
  make_directory(at("full"));
  make_directory(at("full/deep"));
  make_file(at("full/deep/file"), "x");
  FAILS_AT(at("missing"), ENOENT, arrowio_filesystem_remove(files, at("missing"), 0, &error));
  FAILS_AT(at("missing"), ENOENT, arrowio_filesystem_remove(files, at("missing"), 1, &error));
  FAILS_AT(at("full"), ENOTEMPTY, arrowio_filesystem_remove(files, at("full"), 0, &error));
  FAILS_AT(at("file/below"), ENOTDIR, arrowio_filesystem_remove(files, at("file/below"), 0, &error));
  CHECK(exists(at("full/deep/file")));
  OK(arrowio_filesystem_remove(files, at("file"), 0, &error));
  OK(arrowio_filesystem_remove(files, at("empty"), 0, &error));
  OK(arrowio_filesystem_remove(files, at("full/deep/file"), 1, &error));
  OK(arrowio_filesystem_remove(files, at("full"), 1, &error));
  CHECK(strcmp("", listed(at(""), 0)) == 0);
}

TEST(renaming) {
  make_file(at("a"), "1");
  make_directory(at("d"));
  OK(arrowio_filesystem_rename(files, at("a"), at("b"), 0, &error));
  OK(arrowio_filesystem_rename(files, at("b"), at("d/c"), 0, &error));
  CHECK(holds(at("d/c"), "1"));
  OK(arrowio_filesystem_rename(files, at("d"), at("e"), 1, &error));
  CHECK(strcmp("e e/c", listed(at(""), 1)) == 0);
  FAILS_AT(at("missing"), ENOENT, arrowio_filesystem_rename(files, at("missing"), at("new"), 0, &error));
  FAILS_AT(at("missing"), ENOENT, arrowio_filesystem_rename(files, at("missing"), at("new"), 1, &error));
  FAILS_AT(at("missing/new"), ENOENT, arrowio_filesystem_rename(files, at("e"), at("missing/new"), 0, &error));
  FAILS_AT(at("e/c/new"), ENOTDIR, arrowio_filesystem_rename(files, at("e"), at("e/c/new"), 0, &error));
  CHECK(strcmp("e e/c", listed(at(""), 1)) == 0);
}

TEST(renaming_onto_something) {
  make_file(at("file"), "file");
  make_file(at("other"), "other");
  make_directory(at("empty"));
  make_directory(at("hollow"));
  make_directory(at("full"));
  make_file(at("full/file"), "x");
  const char *names[] = {"other", "empty", "full", "file"};
  for (int i = 0; i < 4; i++) {
    FAILS_AT(at(names[i]), EEXIST, arrowio_filesystem_rename(files, at("file"), at(names[i]), 0, &error));
  }
  FAILS_AT(at("full"), EEXIST, arrowio_filesystem_rename(files, at("empty"), at("full"), 0, &error));
  FAILS_AT(at("empty"), EISDIR, arrowio_filesystem_rename(files, at("file"), at("empty"), 1, &error));
  FAILS_AT(at("full"), EISDIR, arrowio_filesystem_rename(files, at("file"), at("full"), 1, &error));
  FAILS_AT(at("file"), ENOTDIR, arrowio_filesystem_rename(files, at("empty"), at("file"), 1, &error));
  FAILS_AT(at("full"), ENOTEMPTY, arrowio_filesystem_rename(files, at("empty"), at("full"), 1, &error));
  FAILS_AT(at("empty"), EINVAL, arrowio_filesystem_rename(files, at("empty"), at("empty/in-itself"), 1, &error));
  CHECK(strcmp("empty file full full/file hollow other", listed(at(""), 1)) == 0);
  OK(arrowio_filesystem_rename(files, at("file"), at("file"), 1, &error));
  OK(arrowio_filesystem_rename(files, at("file"), at("other"), 1, &error));
  CHECK(holds(at("other"), "file"));
  OK(arrowio_filesystem_rename(files, at("full"), at("empty"), 1, &error));
  CHECK(strcmp("empty empty/file hollow other", listed(at(""), 1)) == 0);
}

/* ---- Only on one of them ---- */

/* What the view calls a path is there by its own name, and the reverse; nothing moves from one mount to another. */
TEST(views) {
  struct place *direct = &places[1], *mounted = &places[2];
  arrowio_filesystem *view = mounted->filesystem;
  files = direct->filesystem;
  cluster_command("remove /behind/seen");
  make_file("/behind/seen", "by view");
  files = view;
  CHECK(holds("/mounted/seen", "by view"));
  CHECK(holds("viewfs://view/mounted/seen", "by view"));
  FAILS_AT("/mounted/seen", EXDEV, arrowio_filesystem_rename(files, "/mounted/seen", "/moved", 0, &error));
  CHECK(holds("/mounted/seen", "by view"));
  OK(arrowio_filesystem_remove(files, "/mounted/seen", 0, &error));
  CHECK(strncmp("error ", cluster_command("stat /behind/seen"), 6) == 0);
}

/* What is behind a mount goes by its own name only. */
TEST(mounts_stay) {
  const struct place *view = &places[2], *behind = &places[1];
  arrowio_file *file = NULL;
  int32_t there = 0;
  const arrowio_output_options parents = {.struct_size = sizeof parents, .flags = ARROWIO_OUTPUT_PARENTS};
  OK(arrowio_filesystem_open_output_stream(view->filesystem, "/mounted/kept/file", &parents, &file, &error));
  close_file(file);
  for (int recursive = 0; recursive < 2; recursive++) {
    FAILS_AT("/mounted", EBUSY, arrowio_filesystem_remove(view->filesystem, "/mounted", recursive, &error));
  }
  FAILS_AT("/mounted", EXDEV, arrowio_filesystem_rename(view->filesystem, "/mounted", "/moved", 0, &error));
  OK(arrowio_filesystem_exists(behind->filesystem, "/behind/kept/file", &there, &error));
  CHECK_INT(1, there);
  OK(arrowio_filesystem_remove(view->filesystem, "/mounted/kept", 1, &error));
  OK(arrowio_filesystem_exists(behind->filesystem, "/behind/kept", &there, &error));
  CHECK_INT(0, there);
}

TEST(names_that_a_cluster_has_not) {
  arrowio_file_info *info = NULL;
  files = places[1].filesystem;
  SAYS(ARROWIO_INVALID, "UTF-8", arrowio_filesystem_info(files, "/tmp/\xff", &info, &error));
  FAILS_WITH(EINVAL, arrowio_filesystem_make_directory(files, "/tmp/a:b", 0, &error));
}

TEST(opening) {
  arrowio_filesystem *opened = NULL;
  const char *wrong[] = {"", "/tmp", "http://a/b", "hdfs:a", "viewfs://unknown/", "hdfs://unknown-service", "file://elsewhere/"};
  for (int i = 0; i < 7; i++) {
    FAILS(ARROWIO_INVALID, arrowio_filesystem_open(wrong[i], NULL, &opened, &error));
    CHECK(opened == NULL);
  }
  SAYS(ARROWIO_INVALID, "the user's name is empty",
       arrowio_filesystem_open("hdfs:///", &(arrowio_filesystem_options){.struct_size = sizeof(arrowio_filesystem_options), .user = ""},
                               &opened, &error));
  OK(arrowio_filesystem_open("hdfs:/tmp", NULL, &opened, &error));
  int32_t there = -1;
  OK(arrowio_filesystem_exists(opened, "/tmp", &there, &error));
  CHECK_INT(1, there);
  CHECK(arrowio_filesystem_retain(opened) == opened);
  arrowio_filesystem_release(opened);
  arrowio_filesystem_release(opened);
}

TEST(begin) {
  places[1].uri = getenv("ARROWIO_HDFS_URI");
  snprintf(places[0].root, sizeof places[0].root, "%s/tree", folder);
  for (int i = 0; i < 4; i++) OK(arrowio_filesystem_open(places[i].uri, NULL, &places[i].filesystem, &error));
  umask(022);
}

TEST(end) {
  for (int i = 0; i < 4; i++) arrowio_filesystem_release(places[i].filesystem);
}

/* One case in an empty directory of each place. */
static void run_everywhere(const char *name, void (*test)(void)) {
  for (place = places; place < places + 4; place++) {
    files = place->filesystem;
    if (setjmp(case_end) == 0) {
      if (exists(place->root)) OK(arrowio_filesystem_remove(files, place->root, 1, &error));
      make_directory(place->root);
      test();
      cases_passed++;
    } else {
      fprintf(stderr, "FAILED: %s, %s\n", name, place->name);
      cases_failed++;
    }
  }
}

#define EVERYWHERE(name) run_everywhere(#name, test_##name)

int main(int argc, char **argv) {
  start(argc, argv);
  RUN(begin);
  EVERYWHERE(info_of_a_file);
  EVERYWHERE(info_as_the_cluster_says);
  EVERYWHERE(info_of_a_directory);
  EVERYWHERE(what_is_not_there);
  EVERYWHERE(permissions);
  EVERYWHERE(listing);
  EVERYWHERE(removed_while_listed);
  EVERYWHERE(entries);
  EVERYWHERE(listings_that_fail);
  EVERYWHERE(large_directory);
  EVERYWHERE(listing_keeps_the_file_system);
  EVERYWHERE(names);
  EVERYWHERE(uris);
  EVERYWHERE(relative_paths);
  EVERYWHERE(what_cannot_be_removed);
  EVERYWHERE(wrong_arguments);
  EVERYWHERE(directories_are_made);
  EVERYWHERE(removing);
  EVERYWHERE(renaming);
  EVERYWHERE(renaming_onto_something);
  RUN(views);
  RUN(mounts_stay);
  RUN(names_that_a_cluster_has_not);
  RUN(opening);
  RUN(end);
  return finish_files();
}

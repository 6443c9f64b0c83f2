/*
 * Copies a file from one file system to another: copy FROM TO
 *
 * Each is a path or a URI: file:///path, hdfs://nameservice/path, hdfs://host:port/path, viewfs://table/path. Directories
 * on the way to TO are made. What is copied is called TO.copying until all of it has arrived, so under the name TO there
 * is the whole file or what was there before. However large it is, it takes a few MiB of memory.
 *
 *   cc copy.c -o copy $(pkg-config --cflags --libs arrowio)
 *   HADOOP_CONF_DIR=/etc/hadoop/conf ./copy data.parquet hdfs://warehouse/tables/data.parquet
 */
#include <arrowio.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct place {
    const char *path; /* or URI */
    arrowio_filesystem *filesystem;
};

/* A path that names no file system is one of this machine. */
static bool find(const char *path, struct place *place, arrowio_error **error)
{
    static const char *const schemes[] = {"file:/", "hdfs:/", "viewfs:/"};
    const char *uri = "file:///";
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (strncasecmp(path, schemes[i], strlen(schemes[i])) == 0) uri = path;
    }
    place->path = path;
    return arrowio_filesystem_open(uri, NULL, &place->filesystem, error) == ARROWIO_OK;
}

/* Only closing tells whether everything has arrived. */
static bool copy_to(const struct place *from, const struct place *to, const char *unfinished, int64_t *size,
                    arrowio_error **error)
{
    arrowio_output_options options = {.struct_size = sizeof options, .flags = ARROWIO_OUTPUT_PARENTS};
    arrowio_file *in = NULL, *out = NULL;
    bool done = arrowio_filesystem_open_input_file(from->filesystem, from->path, &in, error) == ARROWIO_OK
             && arrowio_filesystem_open_output_stream(to->filesystem, unfinished, &options, &out, error) == ARROWIO_OK
             && arrowio_file_copy(in, out, -1, NULL, size, error) == ARROWIO_OK
             && arrowio_file_close(out, error) == ARROWIO_OK;
    if (!done && out != NULL) {
        arrowio_file_abort(out, NULL);
        arrowio_filesystem_remove(to->filesystem, unfinished, 0, NULL);
    }
    arrowio_file_release(out);
    arrowio_file_release(in);
    return done;
}

static bool copy(const char *from_path, const char *to_path, int64_t *size, arrowio_error **error)
{
    static const char suffix[] = ".copying";
    struct place from = {NULL, NULL}, to = {NULL, NULL};
    char *unfinished = malloc(strlen(to_path) + sizeof suffix);
    bool done = false;
    if (unfinished != NULL) {
        strcat(strcpy(unfinished, to_path), suffix);
        done = find(from_path, &from, error) && find(to_path, &to, error)
            && copy_to(&from, &to, unfinished, size, error);
        if (done && arrowio_filesystem_rename(to.filesystem, unfinished, to_path, 1, error) != ARROWIO_OK) {
            arrowio_filesystem_remove(to.filesystem, unfinished, 0, NULL);
            done = false;
        }
    }
    arrowio_filesystem_release(to.filesystem);
    arrowio_filesystem_release(from.filesystem);
    free(unfinished);
    return done;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: copy FROM TO\n");
        return 2;
    }
    arrowio_error *error = NULL;
    int64_t size = 0;
    bool done = copy(argv[1], argv[2], &size, &error);
    if (done) {
        printf("%lld bytes, with %lld bytes of memory at most\n", (long long)size,
               (long long)arrowio_pool_max_memory(NULL));
    } else {
        fprintf(stderr, "copy: %s\n", error != NULL ? arrowio_error_message(error) : "out of memory");
    }
    arrowio_error_release(error);
    return done ? 0 : 1;
}

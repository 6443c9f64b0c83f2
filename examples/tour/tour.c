/*
 * A tour of libarrowio: tour FROM COMPRESSED PLAIN
 *
 * Reads the file FROM line by line, decompressing it as its suffix (.gz, .zst) says, and writes the lines to
 * COMPRESSED, as its suffix says, and to PLAIN. Then maps PLAIN into memory and takes a slice of it.
 *
 * How it deals with errors: a call that fails leaves its handle NULL and says why in *error, && leaves out what would
 * come next, and to release NULL does nothing. So every function ends with the same releases, whether it succeeded or
 * not.
 */
#include <arrowio.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static long long size_on_disk(const char *path)
{
    struct stat file;
    return stat(path, &file) == 0 ? (long long)file.st_size : 0;
}

/* Only closing tells whether everything has arrived. Where something failed before, the file is given up unfinished. */
static bool finish(arrowio_file *out, bool done, arrowio_error **error)
{
    if (done) {
        done = arrowio_file_close(out, error) == ARROWIO_OK;
    } else {
        arrowio_file_abort(out, NULL);
    }
    arrowio_file_release(out);
    return done;
}

static bool copy_lines(const char *from, const char *compressed, const char *plain, arrowio_error **error)
{
    double start = seconds();
    arrowio_file *in = NULL, *out[2] = {NULL, NULL};
    const uint8_t *line; /* the stream's own memory, good until the next call on the stream */
    int64_t size = -1, bytes = 0, lines = 0;

    bool done = arrowio_input_stream_open(from, NULL, &in, error) == ARROWIO_OK
             && arrowio_output_stream_open(compressed, NULL, &out[0], error) == ARROWIO_OK
             && arrowio_output_stream_open(plain, NULL, &out[1], error) == ARROWIO_OK;
    while (done && size != 0) {
        done = arrowio_file_read_line(in, &line, &size, error) == ARROWIO_OK
            && arrowio_file_write(out[0], line, size, error) == ARROWIO_OK
            && arrowio_file_write(out[1], line, size, error) == ARROWIO_OK;
        if (done && size > 0) {
            bytes += size;
            lines += 1;
        }
    }
    arrowio_file_release(in);
    done = finish(out[0], done, error);
    done = finish(out[1], done, error);
    if (done) {
        double rate = (double)bytes / 1e6 / (seconds() - start);
        printf("read    %lld lines: %lld bytes, %lld on disk\n", (long long)lines, (long long)bytes,
               size_on_disk(from));
        printf("wrote   %lld bytes compressed and %lld plain: with the reading %.0f MB/s\n", size_on_disk(compressed),
               size_on_disk(plain), rate);
    }
    return done;
}

static long long count_lines(const char *text, int64_t size)
{
    const char *end = text + size;
    long long lines = 0;
    for (; text < end; lines++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        text = newline != NULL ? newline + 1 : end;
    }
    return lines;
}

/* What is read from a map is the map itself, not a copy; the last slice keeps it when the file is long released. */
static bool map_and_slice(const char *plain, arrowio_error **error)
{
    double start = seconds();
    arrowio_file *map = NULL;
    arrowio_buffer *all = NULL, *slice = NULL;

    bool done = arrowio_memory_map_open(plain, ARROWIO_MODE_READ, 0, -1, &map, error) == ARROWIO_OK
             && arrowio_file_read_all(map, &all, error) == ARROWIO_OK;
    arrowio_file_release(map);
    if (done) {
        const char *text = (const char *)arrowio_buffer_data(all);
        int64_t size = arrowio_buffer_size(all);
        long long lines = count_lines(text, size);
        printf("mapped  %lld lines: counted in place, %.0f MB/s\n", lines, (double)size / 1e6 / (seconds() - start));

        int64_t begin = size / 2, end = size / 2; /* of the line in the middle */
        while (begin > 0 && text[begin - 1] != '\n') begin--;
        while (end < size && text[end] != '\n') end++;
        done = arrowio_buffer_slice(all, begin, end - begin, &slice, error) == ARROWIO_OK;
    }
    arrowio_buffer_release(all);
    if (done) {
        int64_t size = arrowio_buffer_size(slice);
        int shown = size < 80 ? (int)size : 80;
        printf("sliced  the line in the middle: %.*s\n", shown, (const char *)arrowio_buffer_data(slice));
    }
    arrowio_buffer_release(slice);
    return done;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: tour FROM COMPRESSED PLAIN\n");
        return 2;
    }
    arrowio_error *error = NULL;
    bool done = copy_lines(argv[1], argv[2], argv[3], &error) && map_and_slice(argv[3], &error);
    if (!done) {
        fprintf(stderr, "tour: %s\n", arrowio_error_message(error));
    }
    arrowio_error_release(error);
    printf("memory  %lld bytes allocated now, %lld at most (libarrowio %s, pool %s)\n",
           (long long)arrowio_pool_bytes_allocated(NULL), (long long)arrowio_pool_max_memory(NULL),
           arrowio_version_string(), arrowio_pool_backend_name(NULL));
    return done ? 0 : 1;
}

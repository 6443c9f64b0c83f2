/*
 * A program with a zstd, a zlib and a mimalloc of its own, as databases have them, and with their names exported to
 * every library it loads. They must not clash with those inside libarrowio when it is linked, and the library must
 * not take them for its own when it compresses and allocates; nor may the program get the library's.
 *
 * usage: host DIRECTORY (where it may write)
 */
#include <arrowio.h>

#include <stdio.h>
#include <string.h>

static int own_calls;

#define OWN_FUNCTIONS(X)                                                                                              \
    X(ZSTD_versionNumber) X(ZSTD_isError) X(ZSTD_createCCtx) X(ZSTD_createDCtx) X(ZSTD_createCStream)                 \
    X(ZSTD_createDStream) X(ZSTD_freeCCtx) X(ZSTD_freeDCtx) X(ZSTD_compressStream) X(ZSTD_compressStream2)            \
    X(ZSTD_decompressStream) X(ZSTD_CCtx_setParameter) X(HUF_isError) X(FSE_isError) X(ZSTD_XXH64)              \
    X(deflate) X(inflate) X(crc32) X(mi_malloc) X(mi_malloc_aligned) X(mi_zalloc) X(mi_realloc_aligned) X(mi_free)    \
    X(mi_heap_malloc_aligned) X(rust_eh_personality)

#define DEFINE(name)                                                                                                  \
    int name(void);                                                                                                   \
    int name(void)                                                                                                    \
    {                                                                                                                 \
        return ++own_calls;                                                                                           \
    }
OWN_FUNCTIONS(DEFINE)

#define ADDRESS(name) name,
static int (*const own_functions[])(void) = {OWN_FUNCTIONS(ADDRESS)};

/* Writes `buffer` compressed, reads it back, compares. */
static arrowio_status round_trip(arrowio_buffer *buffer, const char *path, arrowio_codec codec,
                                 arrowio_error **out_error)
{
    arrowio_stream_options options = {0};
    arrowio_file *file = NULL;
    arrowio_buffer *copy = NULL;
    arrowio_status status;

    options.struct_size = sizeof options;
    options.codec = codec;
    status = arrowio_output_stream_open(path, &options, &file, out_error);
    if (status == ARROWIO_OK) {
        status = arrowio_file_write_buffer(file, buffer, out_error);
    }
    if (status == ARROWIO_OK) {
        status = arrowio_file_close(file, out_error);
    }
    arrowio_file_release(file);
    file = NULL;
    if (status == ARROWIO_OK) {
        status = arrowio_input_stream_open(path, &options, &file, out_error);
    }
    if (status == ARROWIO_OK) {
        status = arrowio_file_read_all(file, &copy, out_error);
    }
    if (status == ARROWIO_OK && !arrowio_buffer_equals(buffer, copy)) {
        fprintf(stderr, "%s: other bytes came back\n", path);
        status = ARROWIO_IO_ERROR;
    }
    arrowio_buffer_release(copy);
    arrowio_file_release(file);
    return status;
}

static arrowio_status use_library(const char *directory, arrowio_error **out_error)
{
    char path[4096];
    arrowio_pool *pool = NULL;
    arrowio_buffer *buffer = NULL;
    arrowio_status status = arrowio_pool_open("mimalloc", &pool, out_error);

    if (status == ARROWIO_OK) {
        status = arrowio_buffer_allocate(pool, 300000, &buffer, out_error);
    }
    if (status == ARROWIO_OK) {
        memset(arrowio_buffer_mutable_data(buffer), 'x', 300000);
        snprintf(path, sizeof path, "%s/host.zst", directory);
        status = round_trip(buffer, path, ARROWIO_CODEC_ZSTD, out_error);
    }
    if (status == ARROWIO_OK) {
        snprintf(path, sizeof path, "%s/host.gz", directory);
        status = round_trip(buffer, path, ARROWIO_CODEC_GZIP, out_error);
    }
    arrowio_buffer_release(buffer);
    arrowio_pool_release(pool);
    return status;
}

int main(int argc, char **argv)
{
    const int count = (int)(sizeof own_functions / sizeof own_functions[0]);
    arrowio_error *error = NULL;
    int i;

    if (argc != 2) {
        fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
        return 2;
    }
    if (use_library(argv[1], &error) != ARROWIO_OK) {
        fprintf(stderr, "%s\n", error != NULL ? arrowio_error_message(error) : "failed without an error");
        return 1;
    }
    if (own_calls != 0) {
        fprintf(stderr, "the library called functions of the program, %d times\n", own_calls);
        return 1;
    }
    for (i = 0; i < count; i++) {
        own_functions[i]();
    }
    if (own_calls != count) {
        fprintf(stderr, "%d of %d functions of the program are the library's\n", count - own_calls, count);
        return 1;
    }
    printf("%s\n", arrowio_version_string());
    return 0;
}

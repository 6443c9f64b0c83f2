/*
 * A program as anybody writes it against the installed library: fills a buffer, reads it back through a slice and
 * prints the library's version.
 */
#include <arrowio.h>

#include <stdio.h>
#include <string.h>

int main(void)
{
    static const char text[] = "a buffer of the installed library";
    arrowio_buffer *buffer = NULL;
    arrowio_buffer *slice = NULL;
    arrowio_error *error = NULL;
    int failed = 1;

    if (arrowio_buffer_allocate(NULL, sizeof text, &buffer, &error) == ARROWIO_OK) {
        memcpy(arrowio_buffer_mutable_data(buffer), text, sizeof text);
        if (arrowio_buffer_slice(buffer, 2, 6, &slice, &error) == ARROWIO_OK) {
            failed = memcmp(arrowio_buffer_data(slice), "buffer", 6) != 0;
        }
    }
    if (error != NULL) {
        fprintf(stderr, "%s\n", arrowio_error_message(error));
    }
    printf("%s\n", arrowio_version_string());

    arrowio_error_release(error);
    arrowio_buffer_release(slice);
    arrowio_buffer_release(buffer);
    return failed;
}

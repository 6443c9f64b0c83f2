// Loads a shared library and calls one of its functions: load LIBRARY FUNCTION. Prints the nanoseconds of processor
// time that both took. A program of its own, so that the library and all it needs are not loaded yet, and in C, as a
// host of a C library is.
#include <dlfcn.h>
#include <stdio.h>
#include <time.h>

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    struct timespec begin, end;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    void *(*function)(void) = NULL;
    if (library != NULL) *(void **)&function = dlsym(library, argv[2]);
    if (function == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    void *result = function();
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    printf("%.0f\n", (end.tv_sec - begin.tv_sec) * 1e9 + (end.tv_nsec - begin.tv_nsec));
    return result == NULL;
}
